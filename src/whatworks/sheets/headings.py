"""The headings of a sheet: what identifies a row, then the columns, words once for each language."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeAlias

from whatworks.namespaces import IDENTIFIER
from whatworks.sheets.cells import clean, spaced
from whatworks.sheets.layout import Column, Sheet
from whatworks.terms import Iri, Literal, Term, is_iri, is_language

KEY, OWNER, PART, INNER, TYPE = "Key", "Belongs to", "Part", "Of part", "Type"
_NOTES = {
    KEY: "The last part of the IRI: lower-case letters, digits and single hyphens. It must never change. "
    "Left empty, a new one is made of the name.",
    OWNER: "The key of the thing that this is a part of.",
    PART: "The name of the part, such as factor-1. Left empty, a new part is numbered.",
    INNER: "The part that this belongs to, such as study-1.",
    TYPE: "What it is.",
}
_LANGUAGE = re.compile(r"(.*\S)\s*\[\s*([A-Za-z0-9-]+)\s*\]")


Expand: TypeAlias = Callable[[str], Iri | None]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: one of those that identify rows, or a column in a language.

    Attributes:
        name: The name without language and mark.
        column: The column; None for what identifies a row.
        language: The language of the words below it.
        required: Whether it must be filled in.
    """

    name: str
    column: Column | None = None
    language: str = ""
    required: bool = False

    @property
    def text(self) -> str:
        """What stands in the cell."""
        language = f" [{self.language}]" if self.language else ""
        return f"{self.name}{language}{' *' if self.required else ''}"

    @property
    def note(self) -> str:
        """What a person should know before filling it in."""
        return _NOTES[self.name] if self.column is None else self.column.note


def slot(column: Column, term: Term, languages: Sequence[str]) -> str:
    """Return the language of the heading below which a value of a column stands."""
    if column.kind in ("words", "text") and isinstance(term, Literal) and term.language:
        return term.language
    return languages[0] if column.kind == "words" else ""


def identifying(sheet: Sheet, *, typed: bool) -> list[Heading]:
    """Return the headings that identify rows.

    Args:
        sheet: The sheet.
        typed: Whether the class of each row must be said.
    """
    found = [Heading(KEY, required=True)] if sheet.kind else [Heading(OWNER, required=True), Heading(PART)]
    if sheet.inner:
        found.append(Heading(INNER, required=True))
    return [*found, Heading(TYPE, required=True)] if typed else found


def headings_of(column: Column, languages: Sequence[str], seen: Iterable[str] = ()) -> list[Heading]:
    """Return the headings of a column: the first language, and those in which there are words.

    Args:
        column: The column.
        languages: The languages of the project, in order.
        seen: The languages that values have.
    """
    order = [*languages, *sorted(set(seen) - set(languages))]
    first = languages[0] if column.kind == "words" else ""
    wanted = {first, *seen}
    tags = [tag for tag in dict.fromkeys((first, *order)) if tag in wanted]
    return [Heading(column.name, column, tag, column.required and tag == first) for tag in tags]


@dataclass(slots=True)
class Matched:
    """What the headings of a table are.

    Attributes:
        headings: By their places, counted from zero.
        own: The places and texts of columns that are the curator's own.
        near: For an own column, the heading that it is spelled like.
        twice: The places and texts of headings that stand there already.
    """

    headings: dict[int, Heading]
    own: dict[int, str]
    near: dict[int, str]
    twice: dict[int, str]


def match(sheet: Sheet, cells: Sequence[str], languages: Sequence[str], expand: Expand) -> Matched:
    """Return what a row of headings says; their order is free, and names count in all languages of the model.

    Args:
        sheet: The sheet.
        cells: The cells of the row.
        languages: The languages of the project, in order.
        expand: Returns the IRI of a CURIE; a property that the shapes do not list has one as its heading.
    """
    found = Matched({}, {}, {}, {})
    taken: set[tuple[str, str]] = set()
    for place, cell in enumerate(cells):
        text = spaced(clean(cell)).rstrip(" *")
        if not text:
            continue
        heading = _heading(sheet, text, languages) or _further(text, expand)
        if heading is None:
            found.own[place] = text
            names = {name for column in sheet.columns for name in column.names}
            if near := get_close_matches(text.casefold()[:100], sorted(names), n=1, cutoff=0.85):
                found.near[place] = next(column.name for column in sheet.columns if near[0] in column.names)
        elif (heading.name, heading.language) in taken:
            found.twice[place] = text
        else:
            taken.add((heading.name, heading.language))
            found.headings[place] = heading
    return found


def _heading(sheet: Sheet, text: str, languages: Sequence[str]) -> Heading | None:
    matched = _LANGUAGE.fullmatch(text)
    name, tag = (matched[1], matched[2]) if matched and is_language(matched[2]) else (text, "")
    known = {KEY, TYPE} if sheet.kind else {OWNER, PART, INNER, TYPE}
    special = next((each for each in known if each.casefold() == name.casefold()), None)
    if special or (sheet.kind and name.casefold() in (IDENTIFIER.casefold(), "dcterms:identifier")):
        return Heading(special or KEY)
    folded = name.casefold()
    columns = [column for column in sheet.columns if column.name.casefold() == folded]
    columns = columns or [column for column in sheet.columns if folded in column.names]
    if len(columns) != 1 or (tag and columns[0].kind not in ("words", "text")):
        return None
    column = columns[0]
    return Heading(column.name, column, tag or (languages[0] if column.kind == "words" else ""))


def _further(text: str, expand: Expand) -> Heading | None:
    """Return the heading of a property that the shapes do not list."""
    path = None if " " in text else Iri(text) if text.startswith(("http://", "https://")) else expand(text)
    return Heading(text, further(path, text)) if path is not None and is_iri(path) else None


def further(path: Iri, curie: str) -> Column:
    """Return the column of a property that the shapes do not list."""
    return Column(path, curie, {curie.casefold(), str(path).casefold()}, group="Further properties")
