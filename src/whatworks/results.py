"""Answers: a table of rows, a yes or no, or triples, and how each is written.

Where the engine can write the bytes itself (`Table.engine_bytes`), nothing is converted in Python; else `rows` writes
the SPARQL 1.1 result formats, so that an answer is the same text whichever store gave it.
"""

import re
import unicodedata
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Protocol, TypeAlias

from whatworks.circles import without_circles
from whatworks.errors import Error
from whatworks.rows import RESULTS, ROW_FORMATS, First, row_blocks, write_rows
from whatworks.terms import XSD_DECIMAL, XSD_INTEGER, BlankNode, Iri, Literal, Term, Triple

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow
    import rdflib

    from whatworks.codebook import Codebook
    from whatworks.native import Seen, Values

# The engine leaves an IRI with a comma unquoted in CSV, which would move the columns after it.
_BY_ENGINE = ("json", "xml", "tsv")
_FILES = ("xlsx", "parquet")

Row: TypeAlias = tuple[Term | None, ...]
Short: TypeAlias = Callable[[Iri], str]

# Characters that would move the cursor, hide text, turn its direction round or cannot be written.
_UNSAFE = (
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e0fff]"
)
# Characters that take no place of their own: marks that stand on the letter before, and formats.
_NO_WIDTH = ("Mn", "Me", "Cf")


class About(Protocol):
    """What makes the codebook of an answer."""

    @property
    def names(self) -> Container[Term]:
        """The IRIs of which the codebook says what they are called."""

    def codebook(self, seen: "Seen", note: str) -> "Codebook":
        """Return the codebook of rows that have passed."""


def _noted(note: str, items: object, what: str) -> str:
    """Return a note with what was cut of rows or statements that were read to their end."""
    if isinstance(items, First) and items.is_cut:
        return f"{note} Only the first {items.limit} {what} are shown; there are more.".strip()
    return note


@dataclass(slots=True)
class Table:
    """Rows of terms under named columns.

    Going through it keeps the rows, so that it can be read again; `write` lets them pass, and can be called once.

    Attributes:
        columns: The variables, in the order of the query.
        rows: The rows as they come; None where a variable is not bound.
        engine_bytes: Writes the whole answer in a SPARQL format without passing through Python, if the store can.
        note: What a reader must know of the answer, such as that rows were cut; complete when the rows were read.
        about: Gives what makes the codebook.
    """

    columns: tuple[str, ...]
    rows: Iterable[Row]
    engine_bytes: Callable[[str], bytes] | None = None
    note: str = ""
    about: Callable[[], About] | None = None

    def __iter__(self) -> Iterator[Row]:
        return iter(self.kept())

    def kept(self) -> list[Row]:
        """Return all rows, read once and kept."""
        rows = self.rows
        if isinstance(rows, list):
            return rows
        if isinstance(rows, Sized):  # rows whose number is known are not waited for
            with without_circles():
                found = list(rows)
        else:
            found = list(rows)
        self._passed(found)
        return found

    def _passed(self, rows: Iterable[Row]) -> None:
        """Note what was cut of the rows, which have been read, and let others stand in their place."""
        if isinstance(self.rows, First):
            self.note = self.noted()
        self.rows, self.engine_bytes = rows, None

    def noted(self) -> str:
        """Return the note with what was cut of the rows that were read so far."""
        return _noted(self.note, self.rows, "rows")

    def codebook(self) -> "Codebook":
        """Return what the columns mean and where the rows come from."""
        about = self.about() if self.about is not None else _Plain()
        seen = self._seen(self.kept(), about)
        deque(seen, 0)
        return about.codebook(seen, self.note)

    def _seen(self, rows: Iterable[Row], about: About | None) -> "Seen":
        from whatworks.native import Seen  # noqa: PLC0415 - for answers that are written only

        return Seen(self.columns, rows, about.names if about is not None else ())

    def to_pandas(self) -> "pandas.DataFrame":
        """Return a pandas data frame (extra `pandas`)."""
        from whatworks import frames  # noqa: PLC0415 - an extra

        return frames.to_pandas(self.native())

    def to_polars(self) -> "polars.DataFrame":
        """Return a Polars data frame (extra `polars`)."""
        from whatworks import frames  # noqa: PLC0415 - an extra

        return frames.to_polars(self.native())

    def to_arrow(self) -> "pyarrow.Table":
        """Return an Arrow table with the codebook in its metadata (extra `arrow`)."""
        from whatworks import frames  # noqa: PLC0415 - an extra

        return frames.to_arrow(self.native(), self.codebook())

    def native(self) -> "Values":
        """Return the rows as values that spreadsheets and data frames know."""
        from whatworks.native import values  # noqa: PLC0415 - for files and data frames only

        return values(self.columns, self.kept())

    def _repr_html_(self) -> str:
        """Return the table as a notebook shows it; what the rows hold is text."""
        from html import escape  # noqa: PLC0415 - for notebooks only

        head = "".join(f"<th>{escape(column)}</th>" for column in self.columns)
        rows = ("".join(f"<td>{escape(plain(term))}</td>" for term in row) for row in self.kept())
        note = f"<p>{escape(self.note)}</p>" if self.note else ""
        return f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>{note}"

    def cut(self, limit: int | None) -> "Table":
        """Return at most `limit` rows, with a note if there were more."""
        if limit is None:
            return self
        return Table(self.columns, First(self.rows, limit), note=self.note, about=self.about)

    def streams(self, name: str) -> bool:
        """Say whether the rows can be written in a format as they come: neither kept nor written by the engine."""
        by_engine = self.engine_bytes is not None and name in _BY_ENGINE
        return name in (*ROW_FORMATS, *_FILES) and not by_engine and not isinstance(self.rows, list)

    def pour(
        self, name: str, write: Callable[[bytes], object], *, codebook: bool = False
    ) -> "tuple[int, Codebook | None]":
        """Write the table block by block as the rows come; a workbook or Parquet file when all have passed.

        Args:
            name: The format.
            write: Takes the blocks.
            codebook: Whether what the columns mean is wanted as well.

        Returns:
            How many rows came, and the codebook if it is wanted.
        """
        about = (self.about() if self.about is not None else _Plain()) if codebook or name in _FILES else None
        seen = self._seen(self.rows, about)
        if name in _FILES and about is not None:
            from whatworks import binary  # noqa: PLC0415 - for files only

            binary.pour(name, seen, lambda: about.codebook(seen, self.noted()), write)
        else:
            for block in row_blocks(name, self.columns, seen):
                write(block)
        self._passed(_read_already())
        return seen.number, about.codebook(seen, self.note) if about is not None else None

    def is_empty(self, name: str, written: bytes) -> bool:
        """Say whether what was written in a row format holds no row; rows that pass are not kept to be counted."""
        if isinstance(self.rows, list):
            return not self.rows
        if name in ("json", "xml"):
            return written.endswith((b'"bindings":[]}}', b"<results></results></sparql>", b"<results/></sparql>"))
        return written.count(b"\n") == (1 if name in ("csv", "tsv") else 2)

    def write(self, name: str, *, short: Short = str, width: int | None = None) -> bytes:
        """Return the table in a row format; `short` shortens IRIs for people, `width` is the terminal's."""
        if self.engine_bytes is not None and name in _BY_ENGINE:
            written = self.engine_bytes(name)  # all rows, so that there is nothing to note of them
            if not isinstance(self.rows, list):
                self.rows, self.engine_bytes = _read_already(), None
            return written
        if name == "table":
            written = write_table(self.columns, self.rows, short, width).encode()
        elif name == "md":
            written = _write_markdown(self.columns, self.rows, short).encode()
        elif name in _FILES:
            from whatworks import binary  # noqa: PLC0415 - for files only

            written = binary.write(name, self.native(), self.codebook())
        else:
            written = write_rows(name, self.columns, self.rows)
        if not isinstance(self.rows, list):
            self._passed(_read_already())
        return written


class _Plain:
    """Makes the codebook of a query of one's own."""

    names = frozenset[Term]()

    @staticmethod
    def codebook(seen: "Seen", note: str) -> "Codebook":
        """Return the columns and what their values are."""
        from whatworks.codebook import plain_codebook  # noqa: PLC0415 - for files and data frames only

        return plain_codebook(seen.columns, seen.kinds, note)


def _read_already() -> Iterator[Row]:
    raise Error("The rows of this answer have been written already.", hint="Ask again, or go through the rows first.")
    yield ()


@dataclass(frozen=True, slots=True)
class Boolean:
    """The answer to an ASK query."""

    value: bool

    def write(self, name: str) -> bytes:
        """Return the answer in a row format; as text it is yes or no."""
        word = "true" if self.value else "false"
        if name == "json":
            import json  # noqa: PLC0415 - needed for one format

            return json.dumps({"head": {}, "boolean": self.value}, separators=(",", ":")).encode()
        if name == "xml":
            return f'<?xml version="1.0"?><sparql {RESULTS}><head></head><boolean>{word}</boolean></sparql>'.encode()
        if name in ("csv", "tsv"):
            return word.encode()
        return (("yes" if self.value else "no") + "\n").encode()


@dataclass(slots=True)
class Triples:
    """The statements of a CONSTRUCT or DESCRIBE query; can be read or written once.

    Attributes:
        triples: The statements.
        engine_bytes: Writes them in an RDF format with these prefixes, sorted and each once, without passing through
            Python, if the store can.
        note: What a reader must know of the answer, such as that statements were cut; complete when they were read.
    """

    triples: Iterable[Triple] = field(default_factory=tuple)
    engine_bytes: Callable[[str, Mapping[str, str]], bytes] | None = None
    note: str = ""

    def __iter__(self) -> Iterator[Triple]:
        yield from self.triples
        self.note = _noted(self.note, self.triples, "statements")
        self.triples, self.engine_bytes = (
            (),
            None,
        )  # the engine gives them to one thread only

    def cut(self, limit: int | None) -> "Triples":
        """Return at most `limit` statements, with a note if there were more."""
        return self if limit is None else Triples(First(self.triples, limit), note=self.note)

    def to_graph(self) -> "rdflib.Graph":
        """Return the statements as an rdflib graph."""
        from whatworks.nodes import graph_of  # noqa: PLC0415 - rdflib is slow to import

        return graph_of(self)


Answer: TypeAlias = Table | Boolean | Triples


def plain(term: Term | None, short: Short = str) -> str:
    """Return a term as a person reads it, on one line and free of control characters."""
    match term:
        case None:
            return ""
        case Iri():
            return safe(short(term))
        case Literal():
            return safe(term.value)
        case BlankNode():
            return safe(f"_:{term.name}")


@cache
def _unsafe() -> re.Pattern[str]:
    return re.compile(_UNSAFE)


def safe(text: str) -> str:
    """Return untrusted text so that it can neither steer a terminal nor hide anything in it."""
    return _unsafe().sub(lambda match: " " if match.group() in "\n\t\r" else f"\\u{ord(match.group()):04x}", text)


def write_table(columns: Sequence[str], rows: Iterable[Row], short: Short = str, width: int | None = None) -> str:
    """Return aligned columns; with a width, wide columns are cut with an ellipsis until a row fits.

    The column `key` is cut last, as keys are what people type next, and IRIs beside it are cut first.
    """
    numeric = (XSD_INTEGER, XSD_DECIMAL)
    cells, right, iris = [], [True] * len(columns), [True] * len(columns)
    for row in rows:
        cells.append([plain(term, short) for term in row])
        for index, term in enumerate(row):
            right[index] &= term is None or (isinstance(term, Literal) and term.datatype in numeric)
            iris[index] &= term is None or isinstance(term, Iri)
    widths = [
        max([display_width(column), *(display_width(row[index]) for row in cells)])
        for index, column in enumerate(columns)
    ]
    if width is not None:
        if "key" in columns:
            others = [index for index, column in enumerate(columns) if column != "key"]
            names = [index for index in others if iris[index]]
            for at, least in ((names, 12), (others, 12), (others, 4)):
                widths = _fitted(widths, max(width, 20), at, least)
        widths = _fitted(widths, max(width, 20), range(len(columns)), 4)
    right = [flag and bool(cells) for flag in right]
    lines = [_line(list(columns), widths, right), "  ".join("─" * size for size in widths)]
    lines += [_line(row, widths, right) for row in cells]
    return "\n".join(lines) + "\n"


def display_width(text: str) -> int:
    """Return how many places a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(char) in _NO_WIDTH else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def _fitted(widths: list[int], total: int, at: Sequence[int], least: int) -> list[int]:
    """Make some columns narrower, the widest first, until a row fits or none of them is wider than `least`."""
    excess = sum(widths) - total + 2 * (len(widths) - 1)
    fitted = list(widths)
    while excess > 0 and (widest := max((fitted[index] for index in at), default=0)) > least:
        at_widest = [index for index in at if fitted[index] == widest]
        following = max((fitted[index] for index in at if fitted[index] < widest), default=least)
        step = max(1, min(widest - max(following, least), -(-excess // len(at_widest))))
        for index in at_widest:
            cut = min(step, excess)
            fitted[index] -= cut
            excess -= cut
    return fitted


def _cut(text: str, size: int) -> str:
    if display_width(text) <= size:
        return text
    kept, used = "", 0
    for char in text:
        used += display_width(char)
        if used > size - 1:
            break
        kept += char
    return kept + "…"


def _line(cells: list[str], widths: list[int], right: list[bool]) -> str:
    padded = []
    for cell, size, flush in zip(cells, widths, right, strict=True):
        text = _cut(cell, size)
        space = " " * (size - display_width(text))
        padded.append(space + text if flush else text + space)
    return "  ".join(padded).rstrip()


def _write_markdown(columns: Sequence[str], rows: Iterable[Row], short: Short) -> str:
    def cell(term: Term | None) -> str:
        return re.sub(r"([\\|<>`*_~&\[\]])", r"\\\1", plain(term, short))

    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    lines += [f"| {' | '.join(cell(term) for term in row)} |" for row in rows]
    return "\n".join(lines) + "\n"
