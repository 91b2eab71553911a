"""Proposes a mapping for a table: from its headings, and from what its values name."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import islice
from typing import Any

from whatworks.collection import Collection
from whatworks.errors import Place, WorkbookFault
from whatworks.lookup import Lookup
from whatworks.namespaces import FOAF, TITLE, is_key, key_of
from whatworks.sheets import Cells, Column, Known, Layout, Sheet, clean, decode, delimiter_of, number_text, read_rows
from whatworks.terms import Iri
from whatworks.workbook import open_book

_HEAD, _ROWS = 20, 500  # headings stand in one of so many rows; so many below are looked at
_DISTINCT = 60
_SEPARATORS = ("", ";", "|")
_NAMED, _FITS = 0.72, 0.8  # from here on a heading, or the values below it, are enough alike
_KINDS = {kind: kind for kind in ("words", "text", "integer", "decimal", "boolean", "concept", "iri", "thing")}
_KEYS = ("id", "key", "identifier", "code", "no", "number")


@dataclass(frozen=True, slots=True)
class _Field:
    heading: str
    sheet: Sheet
    column: Column
    score: float
    values: dict[str, str]


def suggest_mapping(data: bytes, name: str, collection: Collection, lookup: Lookup, encoding: str = "") -> str:
    """Return a mapping as YAML, with remarks on what a person should look at.

    Raises:
        EncodingFault, WorkbookFault: The table cannot be read, or is empty.
    """
    return _Suggester(collection, lookup).suggest(_columns(data, name, encoding), key_of(name.rpartition(".")[0]))


def _columns(data: bytes, name: str, encoding: str) -> dict[str, list[str]]:
    """Return the headings with the values below them."""
    if name.lower().endswith((".xlsx", ".xlsm")):
        sheet = next((sheet for sheet in open_book(data, name) if not sheet.hidden), None)
        rows: Iterator[tuple[int, Sequence[Any]]] = iter(sheet.rows()) if sheet is not None else iter(())
    else:
        text, _ = decode(data, name, encoding)
        rows = read_rows(text, name, delimiter_of(text, lambda row: sum(map(bool, row))))
    first = list(islice(rows, _HEAD))
    filled = [sum(isinstance(cell, str) and clean(cell) != "" for cell in row) for _, row in first]
    if not any(filled):
        raise WorkbookFault("The table is empty.", hint="Give it a row of headings.", where=Place(name))
    at = filled.index(max(filled))  # above it stand titles and remarks
    headings = [clean(_text(cell)) if cell is not None else "" for cell in first[at][1]]
    found: dict[str, list[str]] = {heading: [] for heading in headings if heading}
    for _, row in (*first[at + 1 :], *islice(rows, _ROWS)):
        for heading, value in zip(headings, row, strict=False):
            if heading and value is not None and clean(_text(value)):
                found[heading].append(clean(_text(value)))
    return found


def _text(value: Any) -> str:
    return number_text(value) if isinstance(value, float) else str(value)


class _Suggester:
    def __init__(self, collection: Collection, lookup: Lookup) -> None:
        self._layout = Layout(collection)
        self._cells = Cells(Known(self._layout, lookup, []))
        self._shorten = collection.prefixes.shorten
        self._main = self._layout.sheets[0]

    def suggest(self, columns: dict[str, list[str]], source: str) -> str:
        """Return the mapping of a table."""
        best = max((self._fields(columns, separator) for separator in _SEPARATORS), key=lambda found: found[0])
        _, separator, fields = best
        title = next((field.heading for field in fields if field.column.path == TITLE and not field.sheet.ways), "")
        key = next((heading for heading in columns if _is_keyed(heading, columns[heading])), "")
        return "\n".join(self._lines(columns, source, separator, fields, key, title)) + "\n"

    def _fields(self, columns: dict[str, list[str]], separator: str) -> tuple[float, str, list[_Field]]:
        """Return the fields that fit best where values are separated so, and how well they do together."""
        sheets = [self._main, *(sheet for sheet in self._layout.sheets if self._is_single(sheet))]
        found = [
            _Field(heading, sheet, column, *self._score(heading, values, column, separator))
            for heading, values in columns.items()
            for sheet in sheets
            for column in sheet.columns
            if column.kind in _KINDS
        ]
        chosen: dict[str, _Field] = {}
        taken: set[tuple[str, Iri]] = set()
        for field in sorted(found, key=lambda field: -field.score):
            place = (field.sheet.name, field.column.path)
            if field.score >= _NAMED and field.heading not in chosen and place not in taken:
                chosen[field.heading] = field
                taken.add(place)
        return sum(field.score for field in chosen.values()), separator, list(chosen.values())

    def _is_single(self, sheet: Sheet) -> bool:
        """Say whether a sheet is of parts of which a thing has one, which have no order."""
        starts = {start.name for start, _, _ in sheet.ways}
        return starts == {self._main.name} and not any(column.name == "Position" for column in sheet.columns)

    def _score(self, heading: str, values: list[str], column: Column, separator: str) -> tuple[float, dict[str, str]]:
        """Say how well a heading and its values fit a column, and what values that do not fit may mean."""
        names = {key_of(name.rpartition(":")[2]) for name in column.names if "//" not in name}
        wanted = key_of(heading)
        alike = max((SequenceMatcher(None, wanted, name).ratio() for name in names), default=0.0)
        if column.path == TITLE and wanted.rpartition("-")[2] in ("name", "title"):
            alike = max(alike, 0.95)
        if column.kind in ("words", "text"):
            return alike, {}
        pieces = dict.fromkeys(
            piece for value in values for part in (value.split(separator) if separator else [value])
            if (piece := clean(part))
        )  # fmt: skip
        if not pieces:
            return alike * 0.9, {}
        some = list(pieces)[:_DISTINCT]
        wrong = {}
        for piece in some:
            _, misfits = self._cells.read(column, piece, "", Iri(""))
            if misfits:
                wrong[piece] = misfits[0].hint.partition("Did you mean: ")[2].partition(";")[0].removesuffix("?")
        fits = 1 - len(wrong) / len(some)
        if column.kind == "thing":  # of others' tables few are here already
            return (alike if alike >= _NAMED else 0.0), {}
        by_value = fits if column.kind == "concept" and fits >= _FITS and len(some) > 1 else 0.0
        nearly = 1 - sum(0.5 if near else 1.0 for near in wrong.values()) / len(some)  # misspelt, it is meant so
        by_name = alike * (0.4 + 0.6 * nearly) if alike >= _NAMED and nearly else 0.0
        return max(by_value * (0.75 + alike / 4), by_name), wrong

    # ---- what is written ----

    def _lines(
        self, columns: dict[str, list[str]], source: str, separator: str, fields: list[_Field], key: str, title: str
    ) -> Iterator[str]:
        leaf = next((cls for cls in sorted(self._main.classes) if cls != self._main.target), self._main.target)
        yield "# Proposed from headings and values. Look at each line before you import."
        yield f"source: {source or 'table'}"
        yield f"thing: {self._main.kind}"
        yield f"key: {_quoted(key)}" if key else f"key: {{from-title: {_quoted(title or next(iter(columns)))}}}"
        yield f"class: {{default: {self._shorten(leaf)}}}"
        if separator:
            yield f"separator: {_quoted(separator)}"
        parts = {field.sheet.name: field.sheet for field in fields if field.sheet.ways}
        if parts:
            yield "parts:"
        for sheet in parts.values():
            _, path, cls = sheet.ways[0]
            yield f"  {key_of(sheet.name)}: {{property: {self._shorten(path)}, class: {self._shorten(cls)}}}"
        yield "fields:"
        by_heading = {field.heading: field for field in fields}
        for heading, values in columns.items():
            if (field := by_heading.get(heading)) is not None:
                yield self._line(field)
                for value, near in field.values.items():
                    yield (
                        f"  # {_quoted(value)} is none of the scheme. Did you mean {near}?"
                        if near
                        else (f"  # {_quoted(value)} fits nothing; map it with values, or leave it out with leave-out.")
                    )
            elif heading == key:
                yield f"  {_quoted(heading)}: {{used-by: key}}"
            else:
                some = "; ".join(dict.fromkeys(" ".join(value.split())[:40] for value in values[:3]))
                yield f"  # {_quoted(heading)} is like no field; it holds: {some}"

    def _line(self, field: _Field) -> str:
        column = field.column
        kind = column.kind
        if kind == "thing":
            kind = "agent" if any(cls == FOAF + "Agent" for cls in column.classes) else "thing"
        words = [f"property: {self._shorten(column.path)}", f"as: {kind}"]
        if kind == "concept":
            words.append(f"scheme: {column.schemes[0]}")
        if field.sheet.ways:
            words.append(f"in: {key_of(field.sheet.name)}")
        return f"  {_quoted(field.heading)}: {{{', '.join(words)}}}"


def _is_keyed(heading: str, values: list[str]) -> bool:
    is_named = any(part in _KEYS for part in key_of(heading).split("-"))
    return is_named and bool(values) and len(set(values)) == len(values) and all(map(is_key, values))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
