"""Answers as workbooks, with the codebook on a sheet of its own; the same table gives the same bytes."""

import datetime
from typing import IO, Any

from openpyxl.styles import Alignment, Font

from whatworks.codebook import Codebook
from whatworks.errors import UnknownFormat
from whatworks.native import Native, Values
from whatworks.workbook.texts import LONGEST, MOST_ROWS, escaped, in_memory, new_book, reproducible, text_cell


def write(values: Values, codebook: Codebook) -> bytes:
    """Return a workbook, as `pour` writes it."""
    return in_memory(lambda file: pour(values, codebook, file))


def pour(values: Values, codebook: Codebook, file: IO[bytes]) -> None:
    """Write a workbook into a file, row by row.

    Every text is written as a text, so that one which looks like a formula is none. A text that is too long for a cell
    is cut, and the codebook says so.

    Raises:
        UnknownFormat: There are more rows than a sheet can hold.
    """
    if len(values.rows) >= MOST_ROWS:
        raise UnknownFormat(
            f"A sheet holds at most {MOST_ROWS - 1} rows; the answer has {len(values.rows)}.",
            hint="Choose csv or parquet.",
        )
    book = new_book()
    sheet = book.create_sheet("Table")
    sheet.freeze_panes = "A2"
    sheet.append([_cell(sheet, name, bold=True) for name in values.columns])
    cut = 0
    for row in values.rows:
        cut += sum(isinstance(value, str) and len(escaped(value)) > LONGEST for value in row)
        sheet.append([_cell(sheet, value) for value in row])
    notes = book.create_sheet("Codebook")
    for column, width in zip("ABCD", (24, 60, 60, 20), strict=True):
        notes.column_dimensions[column].width = width
    for line in codebook.rows():
        notes.append([_cell(notes, text, bold=index == 0) for index, text in enumerate(line)])
    if cut:
        said = f"{cut} texts are longer than {LONGEST} characters and were cut here; csv and parquet hold them whole."
        notes.append([_cell(notes, "Note", bold=True), _cell(notes, said)])
    reproducible(book.save, file)


def _cell(sheet: Any, value: Native, *, bold: bool = False) -> Any:
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        value = value.isoformat()
    cell = text_cell(sheet, value)
    if isinstance(value, str) and "\n" in value:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    if bold:
        cell.font = Font(bold=True)
    return cell
