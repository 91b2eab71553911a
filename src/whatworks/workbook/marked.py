"""A copy of a workbook in which cells are coloured and have notes that say what is wrong with them."""

import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.cell import coordinate_from_string

from whatworks.workbook.texts import EPOCH, in_memory, new_book, reproducible, text_cell

LIST = "Problems"
_HEAD = ("Sheet", "Cell", "What is wrong")
_RED = PatternFill("solid", fgColor="FFC7CE")
# Larger files are copied cell by cell: kept whole in memory, they would take fifty times their size.
_WHOLE = 3 << 20


class Mark(NamedTuple):
    """What is said of a cell; without a cell, of a sheet or of the whole."""

    sheet: str
    cell: str
    text: str


def mark(data: bytes, marks: Sequence[Mark]) -> bytes:
    """Return a copy with the marks, and a first sheet that lists all of them; those of an earlier copy are taken away.

    A large workbook keeps its values, and loses formats and drop-downs.
    """
    by_sheet: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for each in marks:
        by_sheet[each.sheet][each.cell or "A1"].append(each.text)
    if len(data) > _WHOLE:
        return in_memory(partial(reproducible, _copied(data, by_sheet, marks).save))
    book = load_workbook(io.BytesIO(data), keep_links=False)
    _unmark(book)
    for name, cells in by_sheet.items():
        sheet = book[name] if name in book.sheetnames else None
        for cell, texts in cells.items() if sheet is not None else ():
            _mark(sheet[_corner(sheet, cell)] if sheet is not None else None, texts)
    listed = book.create_sheet(LIST, 0)
    for line in _lines(marks):
        listed.append(line)
    for letter, width in zip("ABC", (28, 10, 100), strict=True):
        listed.column_dimensions[letter].width = width
    book.active = 0
    book.properties.modified = EPOCH
    return in_memory(partial(reproducible, book.save))


def _corner(sheet: Any, cell: str) -> str:
    """Return the cell itself, or the first one of those that it is merged with."""
    found = next((merged for merged in sheet.merged_cells.ranges if cell in merged), None)
    return cell if found is None else f"{get_column_letter(found.min_col)}{found.min_row}"


def _mark(cell: Any, texts: Sequence[str]) -> None:
    cell.fill = _RED
    before = [cell.comment.text] if cell.comment is not None else []
    cell.comment = Comment("\n".join([*texts, *before]), "whatworks", height=160, width=360)


def _unmark(book: Workbook) -> None:
    """Take the marks of an earlier copy away, so that what was mended since is red no more."""
    rows = list(book[LIST].iter_rows(max_col=len(_HEAD), values_only=True)) if LIST in book.sheetnames else []
    if rows[:1] != [_HEAD]:
        return
    del book[LIST]
    told: dict[str, set[str]] = defaultdict(set)
    for sheet, _, text in rows[1:]:
        told[str(sheet)].add(str(text))
    for name in told.keys() & {*book.sheetnames}:
        texts = sorted(told[name], key=len, reverse=True)  # one may hold another
        for cell in (cell for row in book[name].iter_rows() for cell in row if cell.comment is not None):
            left = cell.comment.text
            for text in texts:
                left = left.replace(text, "", 1)
            if left != cell.comment.text:
                cell.fill = PatternFill()
                left = left.strip()
                cell.comment = Comment(left, "whatworks", height=160, width=360) if left else None


def _lines(marks: Sequence[Mark]) -> list[list[str]]:
    return [[*_HEAD], *([each.sheet, each.cell, each.text] for each in marks)]


def _copied(data: bytes, by_sheet: Mapping[str, Mapping[str, list[str]]], marks: Sequence[Mark]) -> Workbook:
    given = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
    book = new_book()
    listed = book.create_sheet(LIST)
    for line in _lines(marks):
        listed.append([text_cell(listed, text) for text in line])
    for sheet in given.worksheets:
        sheet.reset_dimensions()
        copy = book.create_sheet(sheet.title)
        copy.sheet_state = sheet.sheet_state
        of_row: dict[int, dict[int, list[str]]] = defaultdict(dict)
        for cell, texts in by_sheet.get(sheet.title, {}).items():
            letters, row = coordinate_from_string(cell)
            of_row[row][column_index_from_string(letters) - 1] = texts
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
            if number not in of_row:
                copy.append([_value(copy, value) for value in row])
                continue
            cells = [*row, *([None] * (max(of_row[number]) + 1 - len(row)))]
            copy.append([_marked(copy, value, of_row[number].get(at)) for at, value in enumerate(cells)])
    return book


def _value(sheet: Any, value: Any) -> Any:
    return text_cell(sheet, value) if isinstance(value, str) else value


def _marked(sheet: Any, value: Any, texts: Sequence[str] | None) -> Any:
    if texts is None:
        return _value(sheet, value)
    cell = text_cell(sheet, value) if isinstance(value, str) else WriteOnlyCell(sheet, value)
    _mark(cell, texts)
    return cell
