"""RDF terms as the values that spreadsheets and data frames know: numbers, dates, yes and no, texts."""

import datetime
import marshal
import re
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from whatworks.terms import XSD, XSD_BOOLEAN, XSD_DATE, XSD_DATETIME, XSD_DECIMAL, XSD_INTEGER, Iri, Literal, Term

Native = str | int | float | bool | datetime.date | datetime.datetime | None

_WHOLE = {
    XSD_INTEGER,
    *(Iri(XSD + name) for name in ("gYear", "int", "long", "short", "nonNegativeInteger", "positiveInteger")),
}
_BROKEN = {XSD_DECIMAL, Iri(XSD + "double"), Iri(XSD + "float")}
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PORTION = 1000  # so many rows are written to a file at a time
_EXACT = 2**53  # beyond it a spreadsheet or a float changes digits


class Lines(Protocol):
    """Rows of values, as often as they are asked for."""

    def __len__(self) -> int:
        """Return how many there are."""

    def __iter__(self) -> Iterator[Sequence[Native]]:
        """Return them one after the other."""


@dataclass(frozen=True, slots=True)
class Values:
    """The rows of a table as values.

    Attributes:
        columns: The headings.
        kinds: What all values of a column are: integer, number, boolean, date, datetime, iri or text.
        rows: The rows.
    """

    columns: Sequence[str]
    kinds: Sequence[str]
    rows: "Lines"

    def column(self, index: int) -> list[Native]:
        """Return the values of a column."""
        return [row[index] for row in self.rows]


def values(columns: Sequence[str], rows: Sequence[tuple[Term | None, ...]]) -> Values:
    """Return the rows as values of the kinds of their columns."""
    found = kinds(columns, rows)
    return Values(columns, found, [[value(term, kind) for term, kind in zip(row, found, strict=True)] for row in rows])


def kinds(columns: Sequence[str], rows: Iterable[tuple[Term | None, ...]]) -> list[str]:
    """Return for each column what all its values are: integer, number, boolean, date, datetime, iri or text.

    A column without values is text; whole and broken numbers together are numbers.
    """
    seen = Seen(columns, rows)
    deque(seen, 0)
    return seen.kinds


class Seen:
    """Rows that pass, and what was seen of them; how much of it is kept does not grow with the rows.

    Args:
        columns: The headings.
        rows: The rows.
        names: IRIs of which is to be known in which columns they stand.

    Attributes:
        number: How many have passed.
        named: For each column those of the names that stand in it.
    """

    def __init__(
        self, columns: Sequence[str], rows: Iterable[tuple[Term | None, ...]], names: Container[Term] = ()
    ) -> None:
        self.columns, self.number = columns, 0
        self.named: list[set[Term]] = [set() for _ in columns]
        self._rows, self._names = rows, names
        self._kinds: list[set[str]] = [set() for _ in columns]

    def __iter__(self) -> Iterator[tuple[Term | None, ...]]:
        for row in self._rows:
            self.number += 1
            for found, named, term in zip(self._kinds, self.named, row, strict=True):
                if term is not None:
                    found.add(kind := _kind(term))
                    if kind == "iri" and term in self._names:
                        named.add(term)
            yield row

    @property
    def kinds(self) -> list[str]:
        """What all values of each column are, as `kinds` says it."""
        return [_common(set(each)) for each in self._kinds]


class Spooled:
    """Rows that pass once, kept as texts in a file without a name until the kinds of their columns are known.

    Args:
        seen: The rows.
    """

    def __init__(self, seen: Seen) -> None:
        from tempfile import TemporaryFile  # noqa: PLC0415 - costs 10 ms and is needed here only

        self._seen, self._file = seen, TemporaryFile()  # noqa: SIM115 - it is closed when the rows are

    def fill(self) -> None:
        """Let the rows pass."""
        rows = iter(self._seen)
        while texts := [[None if term is None else _text(term) for term in row] for row in islice(rows, _PORTION)]:
            marshal.dump(texts, self._file)

    def __len__(self) -> int:
        return self._seen.number

    def __iter__(self) -> Iterator[list[Native]]:
        readers = [_READERS.get(kind, str) for kind in self._seen.kinds]
        self._file.seek(0)
        for _ in range(0, len(self), _PORTION):
            for texts in marshal.load(self._file):  # noqa: S302 - nobody else can write there
                yield [None if text is None else read(text) for text, read in zip(texts, readers, strict=True)]

    def close(self) -> None:
        """Remove the file."""
        self._file.close()


def value(term: Term | None, kind: str) -> Native:
    """Return a term as a value of the kind of its column."""
    if term is None:
        return None
    return _READERS[kind](_text(term)) if kind in _READERS else _text(term)


def _text(term: Term) -> str:
    return term.value if isinstance(term, Literal) else str(term) if isinstance(term, Iri) else f"_:{term.name}"


def _common(found: set[str]) -> str:
    if found == {"integer", "number"}:
        return "number"
    return found.pop() if len(found) == 1 else "text"


def _kind(term: Term) -> str:
    if not isinstance(term, Literal):
        return "iri" if isinstance(term, Iri) else "text"
    try:
        kind = _literal_kind(term)
        _READERS[kind](term.value)
    except (ValueError, ArithmeticError, KeyError):
        return "text"
    return kind


def _literal_kind(term: Literal) -> str:
    if term.datatype in _WHOLE:
        return "integer" if len(term.value) <= 20 and abs(int(term.value)) <= _EXACT else "text"
    if term.datatype in _BROKEN:
        return "number"
    if term.datatype == XSD_BOOLEAN:
        return "boolean"
    if term.datatype == XSD_DATE and _DAY.fullmatch(term.value):
        return "date"
    return "datetime" if term.datatype == XSD_DATETIME else "text"


def _boolean(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[text]


def _number(text: str) -> float:
    found = float(text)
    if found != found or found in (float("inf"), float("-inf")):  # noqa: PLR0124 - only NaN is not itself
        raise ValueError(text)
    from decimal import Decimal  # noqa: PLC0415 - slow to import, and few answers hold such numbers

    # A number with more digits than a float keeps stays a text, or the file would say something else.
    if "e" not in text.lower() and Decimal(text) != Decimal(repr(found)):
        raise ValueError(text)
    return found


_READERS: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "number": _number,
    "boolean": _boolean,
    "date": datetime.date.fromisoformat,
    "datetime": datetime.datetime.fromisoformat,
}
