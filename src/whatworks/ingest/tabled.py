"""Tables that were not made from our sheets: each row becomes a record for a declared mapping."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from whatworks.errors import Place
from whatworks.ingest.mapping import RecordMapping
from whatworks.sheets import clean, decode, delimiter_of, number_text, read_rows
from whatworks.tally import Problem, Tally
from whatworks.workbook import Odd, cell_name, open_book

_HEAD = 20  # the headings stand in one of so many first rows


@dataclass(frozen=True, slots=True)
class Row:
    """A row as a record.

    Attributes:
        record: Its fields; those of a part, such as `findings.id`, are one item of a list.
        where: Its place.
        cells: The cell of each field, by the field's path.
    """

    record: dict[str, Any]
    where: Place
    cells: Mapping[str, Place]


def read_table(data: bytes, name: str, mapping: RecordMapping, tally: Tally, encoding: str = "") -> Iterator[Row]:
    """Yield the rows of a workbook or of a table as text.

    A heading is the path of a field (`findings.id`), its last name where only one path ends so (`id`), or what the
    mapping says under `columns`. What is none of these is a field that the mapping does not know.

    Raises:
        EncodingFault, WorkbookFault: It cannot be read at all.
    """
    paths = _Paths(mapping)
    title, rows = _sheet(data, name, paths, encoding)
    left = iter(rows)
    head = list(islice(left, _HEAD))
    known = [sum(paths.path(cell) != "" for cell in row if isinstance(cell, str)) for _, row in head]
    if not any(known):
        hint = (
            f"Headings are such as: {', '.join(list(paths.known)[:8])}. Others are named under columns in the mapping."
        )
        tally.problems.append(
            Problem(Place(name), "the table", "headings", name, "has no heading that is known.", hint)
        )
        return
    at = known.index(max(known))
    headings = [clean(cell) if isinstance(cell, str) else "" for cell in head[at][1]]
    for number, row in (*head[at + 1 :], *left):
        places = {
            paths.path(heading) or heading: Place(name, number, column + 1, cell_name(number, column), title)
            for column, heading in enumerate(headings)
        }
        yield Row(_record(headings, row, paths, places, tally), Place(name, number, sheet=title), places)


class _Paths:
    """The paths of the fields that a mapping knows."""

    def __init__(self, mapping: RecordMapping) -> None:
        self._columns = {heading.casefold(): path for heading, path in mapping.columns.items()}
        self.known = dict.fromkeys(filter(None, (mapping.key_field, mapping.class_field, mapping.row_field)), "text")
        self.separator = mapping.separator
        for name, field in mapping.fields.items():
            inner = {**(field.within.fields if field.within is not None else {}), **field.fields}
            self.known.update({f"{name}.{each}": found.kind for each, found in inner.items()} or {name: field.kind})
        lasts = [path.rpartition(".")[2] for path in self.known]
        self._lasts = {last: path for last, path in zip(lasts, self.known, strict=True) if lasts.count(last) == 1}

    def path(self, heading: str) -> str:
        """Return the path that a heading stands for; empty where it is not known."""
        text = clean(heading)
        if text.casefold() in self._columns:
            return self._columns[text.casefold()]
        return text if text in self.known else self._lasts.get(text, "")


def _sheet(data: bytes, name: str, paths: _Paths, encoding: str) -> tuple[str, Iterator[tuple[int, Sequence[Any]]]]:
    """Return the title and the rows of the sheet that has most headings which are known."""
    if not name.lower().endswith((".xlsx", ".xlsm")):
        text, _ = decode(data, name, encoding)
        delimiter = delimiter_of(text, lambda row: sum(paths.path(cell) != "" for cell in row))
        return "", read_rows(text, name, delimiter)
    best: tuple[int, int, str] = (-1, 0, "")
    sheets = [sheet for sheet in open_book(data, name) if not sheet.hidden]
    for number, sheet in enumerate(sheets):
        fits = [
            sum(paths.path(cell) != "" for cell in row if isinstance(cell, str))
            for _, row in islice(sheet.rows(), _HEAD)
        ]
        best = max(best, (max(fits, default=0), -number, sheet.name))
    return best[2], (row for sheet in sheets if sheet.name == best[2] for row in sheet.rows())


def _record(
    headings: Sequence[str], row: Sequence[Any], paths: _Paths, places: Mapping[str, Place], tally: Tally
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    items: dict[str, dict[str, Any]] = {}
    for heading, value in zip(headings, row, strict=False):
        path = paths.path(heading) or heading
        if isinstance(value, Odd):
            hint = "Copy the cell, and paste its value alone."
            message = "is a formula, or the error of one."
            tally.problems.append(Problem(places[path], "the row", heading, value.text, message, hint, "formula"))
            continue
        if not heading or value is None or (isinstance(value, str) and not clean(value)):
            continue
        outer, _, inner = path.partition(".")
        if inner and path in paths.known:
            items.setdefault(outer, {})[inner] = _value(value, paths, path)
        else:
            found[path] = _value(value, paths, path)
    return found | {outer: [item] for outer, item in items.items()}


def _value(value: Any, paths: _Paths, path: str) -> Any:
    """Return a value as one of a line of JSON."""
    if isinstance(value, str):
        text = clean(value)
        if paths.separator and paths.separator in text and paths.known.get(path) != "words":
            return [clean(piece) for piece in text.split(paths.separator) if clean(piece)]
        return text
    if isinstance(value, float):
        return Decimal(number_text(value))
    return value if isinstance(value, bool | int) else value.isoformat()
