"""Renews the texts of the pages in each language: `python docs/words.py`.

Texts are gathered from the templates and modules of `pages` and from the headers of the stored queries, those that are
new are added to the catalogues (`.po`), and the catalogues are written as programs read them (`.mo`). With `--check`
nothing is written; what is not translated, or not in step, is named, and the exit status is 1.
"""

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from whatworks import KnowledgeGraph
from whatworks.catalogue import Query
from whatworks.pages import answers, charts, forms
from whatworks.pages.wording import QUERY

PAGES = Path(__file__).parent.parent / "src" / "whatworks" / "pages"
LOCALE = PAGES / "locale"
_DATE = datetime(2026, 11, 30, tzinfo=UTC)  # of all catalogues: the history of a file says when it changed
_PYTHON = {"N_": None, "words": None, "many": (1, 2)}
_TEMPLATES = {"_": None, "many": (1, 2)}


def texts() -> Iterator[tuple[str | tuple[str, str], str]]:
    """Yield each text, or the one for one and the one for more, and the file that has it."""
    for folder, pattern, method, keywords in (
        (PAGES, "*.py", "python", _PYTHON),
        (PAGES / "templates", "*.html", babel_extract, _TEMPLATES),
    ):
        for path in sorted(folder.glob(pattern)):
            with path.open("rb") as file:
                for found in extract(method, file, keywords, options={"encoding": "utf-8"}):  # type: ignore[arg-type]
                    text = found[1]
                    if text and text != "":
                        yield (text if isinstance(text, str) else (text[0], text[1])), path.name


def of_query(query: Query) -> Iterator[str]:
    """Yield what pages show of the header of a stored query, and what they make of its names."""
    yield from filter(None, (query.summary, query.description))
    for parameter in query.parameters:
        yield from (forms.title(parameter.name), parameter.summary, *map(forms.title, parameter.choices))
    for column, meaning in query.returns.items():
        yield meaning
        if not answers.is_repeated(column, tuple(query.returns)):
            yield charts.title(column)


def asked() -> dict[str, str]:
    """Return the texts of the stored queries, each with the file of the first that has it."""
    found = dict[str, str]()
    for query in KnowledgeGraph.open().catalogue.all():
        for text in of_query(query):
            found.setdefault(" ".join(text.split()), query.file)
    return found


def catalogue(language: str, known: Catalog | None) -> Catalog:
    """Return the catalogue of a language with all texts, translated as far as is known."""
    made = Catalog(
        language,
        header_comment="# The texts of the pages; new ones are added with: python docs/words.py",
        project="whatworks",
        version="pages",
        msgid_bugs_address="none",
        last_translator="whatworks contributors",
        language_team="whatworks contributors",
        creation_date=_DATE,
        revision_date=_DATE,
        charset="utf-8",
        fuzzy=False,
    )
    for text, file in texts():
        message = known.get(text) if known is not None else None
        made.add(text, message.string if message is not None else None, locations=[(file, 0)])
    for text, file in asked().items():
        message = known.get(text, QUERY) if known is not None else None
        made.add(text, message.string if message is not None else None, locations=[(file, 0)], context=QUERY)
    return made


def read(language: str) -> Catalog | None:
    """Return the catalogue that lies there."""
    file = LOCALE / f"{language}.po"
    return read_po(io.BytesIO(file.read_bytes()), language) if file.is_file() else None


def as_po(found: Catalog) -> bytes:
    """Return a catalogue as people edit it."""
    written = io.BytesIO()
    write_po(written, found, width=120, sort_output=True, include_lineno=False, omit_header=False)
    return written.getvalue()


def as_mo(found: Catalog) -> bytes:
    """Return a catalogue as programs read it."""
    written = io.BytesIO()
    write_mo(written, found)
    return written.getvalue()


def untranslated(found: Catalog) -> list[Message]:
    """Return the texts that have no translation."""
    strings = [(each, each.string if isinstance(each.string, tuple) else (each.string,)) for each in found if each.id]
    return [each for each, several in strings if not all(several)]


def main(languages: tuple[str, ...] = ("fr", "de")) -> int:
    """Write the catalogues, or compare them."""
    status = 0
    for language in languages:
        found = catalogue(language, read(language))
        if "--check" not in sys.argv[1:]:
            LOCALE.mkdir(exist_ok=True)
            (LOCALE / f"{language}.po").write_bytes(as_po(found))
            (LOCALE / f"{language}.mo").write_bytes(as_mo(found))
        elif (LOCALE / f"{language}.mo").read_bytes() != as_mo(found):
            sys.stderr.write(f"{language}.mo is not in step: python docs/words.py\n")
            status = 1
        for message in untranslated(found):
            sys.stderr.write(f"{language}: {message.id!r} is not translated.\n")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
