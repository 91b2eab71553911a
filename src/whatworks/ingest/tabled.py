"""Tables that were not made from our sheets: each row becomes a record for a declared mapping."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

from whatworks.errors import Place
from whatworks.ingest.mapping import RecordMapping
from whatworks.ingest.values import text_of
from whatworks.sheets import check_sheet, clean, decode, delimiter_of, number_text, read_rows
from whatworks.tally import Problem, Tally
from whatworks.workbook import Odd, Opened, cell_name, open_book

_YES, _NO = ("1", "1.0", "1.00", "true", "yes"), ("0", "0.0", "0.00", "false", "no")
_YES_OR_NO = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}
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


def read_table(
    data: bytes, name: str, mapping: RecordMapping, tally: Tally, encoding: str, notes: list[str]
) -> Iterator[Row]:
    """Yield the rows of a workbook or of a table as text.

    A heading is the path of a field (`findings.id`), its last name where only one path ends so (`id`), or what the
    mapping says under `columns`. What is none of these is a field that the mapping does not know.

    Args:
        data: What the file holds.
        name: Its name.
        mapping: What becomes of its fields.
        tally: Takes the problems.
        encoding: How a table as text is encoded; empty where that is to be seen.
        notes: Takes what a person should know of how it was read.

    Raises:
        EncodingFault, WorkbookFault: It cannot be read at all.
    """
    paths = _Paths(mapping)
    sheet, rows = _sheet(data, name, paths, encoding, notes)
    title = sheet.name if sheet is not None else ""
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
    if sheet is not None:
        check_sheet(sheet, name, tally, head[at][0])
    headings = [clean(cell) if isinstance(cell, str) else "" for cell in head[at][1]]
    for number, row in (*head[at + 1 :], *left):
        where = Place(name, number, sheet=title)
        if _is_meant(headings, row, mapping, where, tally):
            places = [Place(name, number, at + 1, cell_name(number, at), title) for at in range(len(headings))]
            yield _row(list(zip(headings, row, places, strict=False)), where, paths, tally)


def _is_meant(headings: Sequence[str], row: Sequence[Any], mapping: RecordMapping, where: Place, tally: Tally) -> bool:
    """Say whether a row has the values that the mapping wants; count it otherwise."""
    filled = {heading for heading, value in zip(headings, row, strict=False) if not _is_blank(value)}
    for heading in mapping.needs:
        if heading not in filled and filled:
            tally.read[where.file, heading] += 1
            tally.leave_out(where.file, heading, "the mapping needs a value there")
            return False
    for heading, value in zip(headings, row, strict=False):
        wanted = mapping.only.get(heading)
        if wanted is not None and (clean(value) if isinstance(value, str) else text_of(value)) not in wanted:
            tally.read[where.file, heading] += 1
            tally.leave_out(where.file, heading, "the mapping wants rows with other values")
            return False
    return True


class _Paths:
    """The paths of the fields that a mapping knows."""

    def __init__(self, mapping: RecordMapping) -> None:
        self._columns = {heading.casefold(): column for heading, column in mapping.columns.items()}
        self._ranks = {heading: rank for rank, heading in enumerate(self._columns)}
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
        if (column := self._columns.get(text.casefold())) is not None:
            return column.fills
        return text if text in self.known else self._lasts.get(text, "")

    def rank(self, heading: str) -> int:
        """Return where a heading stands among the columns of the mapping: of two for one field the first counts."""
        return self._ranks.get(heading.casefold(), len(self._ranks))

    def stands_for(self, heading: str) -> str:
        """Return the value that a yes below a heading stands for; empty where it stands for itself."""
        column = self._columns.get(heading.casefold())
        return column.stands_for if column is not None else ""

    def sets(self, heading: str) -> Mapping[str, str]:
        """Return what other fields are where there is a value below a heading."""
        column = self._columns.get(heading.casefold())
        return column.sets if column is not None else {}


def _sheet(
    data: bytes, name: str, paths: _Paths, encoding: str, notes: list[str]
) -> tuple[Opened | None, Iterator[tuple[int, Sequence[Any]]]]:
    """Return the sheet that has most headings which are known, and its rows; no sheet of a table as text."""
    if not name.lower().endswith((".xlsx", ".xlsm")):
        text, note = decode(data, name, encoding)
        notes += [note] if note else []
        delimiter = delimiter_of(text, lambda row: sum(paths.path(cell) != "" for cell in row))
        return None, read_rows(text, name, delimiter)
    best: tuple[tuple[int, bool], Opened | None] = ((-1, False), None)
    for sheet in open_book(data, name):
        fits = [
            sum(paths.path(cell) != "" for cell in row if isinstance(cell, str))
            for _, row in islice(sheet.rows(), _HEAD)
        ]
        if (rank := (max(fits, default=0), not sheet.hidden)) > best[0]:
            best = (rank, sheet)
    return best[1], best[1].rows() if best[1] is not None else iter(())


def _row(cells: Sequence[tuple[str, Any, Place]], where: Place, paths: _Paths, tally: Tally) -> Row:
    """Return a row as a record; of two columns for one field the first that holds something counts."""
    record: dict[str, Any] = {}
    items: dict[str, dict[str, Any]] = {}
    places: dict[str, Place] = {}

    def add(path: str, text: str, place: Place) -> None:
        outer, _, inner = path.partition(".")
        fields, name = (items.setdefault(outer, {}), inner) if inner and path in paths.known else (record, path)
        fields.setdefault(name, []).append(text)
        places.setdefault(path, place)

    def put(path: str, value: Any, place: Place) -> bool:
        outer, _, inner = path.partition(".")
        fields, name = (items.setdefault(outer, {}), inner) if inner and path in paths.known else (record, path)
        if name in fields:
            return False
        fields[name], places[path] = value, place
        return True

    for heading, value, place in sorted(cells, key=lambda cell: paths.rank(cell[0])):
        path = paths.path(heading) or heading
        if isinstance(value, Odd):
            hint = "Copy the cell, and paste its value alone."
            message = "is a formula, or the error of one."
            tally.problems.append(Problem(place, "the row", heading, value.text, message, hint, "formula"))
        elif not heading or _is_blank(value):
            continue
        elif meant := paths.stands_for(heading):
            is_yes = _YES_OR_NO.get(text_of(value).casefold())
            if is_yes is None:
                hint = "Write 1 for yes or 0 for no."
                tally.problems.append(
                    Problem(
                        place, "the row", heading, text_of(value), "is neither yes nor no.", hint, "yes or no", "1 or 0"
                    )
                )
            elif is_yes:
                add(path, meant, place)
            if not is_yes:
                tally.read[where.file, heading] += 1
            if is_yes is False:
                tally.leave_out(where.file, heading, "it says no")
        elif put(path, _value(value, paths, path), place):
            for other, text in paths.sets(heading).items():
                put(other, text, place)
        else:
            tally.read[where.file, heading] += 1
            tally.leave_out(where.file, heading, f"another column says {path}")
    return Row(record | {outer: [item] for outer, item in items.items()}, where, places)


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not clean(value))


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
