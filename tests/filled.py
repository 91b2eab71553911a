"""Workbooks as an editor changes them: cells by their sheet, heading and row."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl

TITLES = "Title [en] *"


def book_of(content: bytes) -> Any:
    """Open a workbook as an editor does."""
    return openpyxl.load_workbook(io.BytesIO(content))


def headings(sheet: Any) -> dict[str, int]:
    """Return the headings of a sheet with the numbers of their columns."""
    return {cell.value: cell.column for cell in sheet[2]}


def row_of(sheet: Any, *first: str) -> int:
    """Return the number of the row that begins with these cells."""
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        if row[: len(first)] == first:
            return number
    raise AssertionError(first)


def cell(book: Any, sheet: str, heading: str, *first: str) -> Any:
    """Return a cell by its sheet, heading and row."""
    row = row_of(book[sheet], *first) if first else book[sheet].max_row + 1
    return book[sheet].cell(row, headings(book[sheet])[heading])


def edited(content: bytes, tmp_path: Path, edit: Callable[[Any], None], name: str = "edited.xlsx") -> Path:
    """Return a copy of a workbook with edits."""
    book = book_of(content)
    edit(book)
    book.save(tmp_path / name)
    return tmp_path / name


def spoil(book: Any) -> None:
    """Write what is wrong in seven ways into a workbook."""
    cell(book, "Intervention", "Stage", "youthreach").value = "Pilott"
    cell(book, "Intervention", "Start year", "youthreach").value = "1,988"
    cell(book, "Intervention", "End year", "youthreach").value = "=A1+1"
    cell(book, "Intervention", "Kind", "youthreach").value = "Tool (good-practice)"
    cell(book, "Participation", "Participant *", "youthreach", "participation-1").value = "Nobody at all"
    book["Success factor or barrier"].append(["youthreech", None, "success factor"])
    book["Agent"].append(["Bad Key", "Some body"])
