"""Tables as workbooks (xlsx), with the codebook on a sheet of its own; the same table gives the same bytes."""

import datetime
import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font

from whatworks.codebook import Codebook
from whatworks.errors import UnknownFormat
from whatworks.native import Native, Values

MOST_ROWS = 1_048_576
_LONGEST = 32_767  # characters of a cell
# Control characters, halves of characters, and an underscore that would begin such an escape.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_EPOCH = datetime.datetime(1980, 1, 1)


def write(values: Values, codebook: Codebook) -> bytes:
    """Return a workbook.

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
    book = Workbook(write_only=True)
    book.properties.creator = "whatworks"
    book.properties.created = book.properties.modified = _EPOCH
    sheet = book.create_sheet("Table")
    sheet.freeze_panes = "A2"
    sheet.append([_cell(sheet, name, bold=True) for name in values.columns])
    cut = 0
    for row in values.rows:
        cut += sum(isinstance(value, str) and len(_escaped(value)) > _LONGEST for value in row)
        sheet.append([_cell(sheet, value) for value in row])
    notes = book.create_sheet("Codebook")
    for column, width in zip("ABCD", (24, 60, 60, 20), strict=True):
        notes.column_dimensions[column].width = width
    for line in codebook.rows():
        notes.append([_cell(notes, text, bold=index == 0) for index, text in enumerate(line)])
    if cut:
        said = f"{cut} texts are longer than {_LONGEST} characters and were cut here; csv and parquet hold them whole."
        notes.append([_cell(notes, "Note", bold=True), _cell(notes, said)])
    return _reproducible(book.save)


def _escaped(text: str) -> str:
    """Write what XML has no place for as the format does it (ECMA-376 22.9.2.19), so that nothing is lost."""
    return _UNWRITABLE.sub(lambda found: f"_x{ord(found.group()[0]):04X}_" + found.group()[1:], text)


def _cell(sheet: Any, value: Native, *, bold: bool = False) -> Any:
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        value = value.isoformat()
    cell = WriteOnlyCell(sheet)
    if isinstance(value, str):
        text = _escaped(value)
        cell.value = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
        cell.data_type = "s"  # or a text that begins with = would be a formula
        if "\n" in value:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    else:
        cell.value = value
    if bold:
        cell.font = Font(bold=True)
    return cell


def _reproducible(save: Callable[[io.BytesIO], None]) -> bytes:
    """Return what is saved with the time of 1980 on every part of the zip file."""
    saved, again = io.BytesIO(), io.BytesIO()
    save(saved)
    with zipfile.ZipFile(saved) as given, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as taken:
        for name in sorted(given.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            part = zipfile.ZipInfo(name, _EPOCH.timetuple()[:6])
            part.compress_type = zipfile.ZIP_DEFLATED
            taken.writestr(part, given.read(name))
    return again.getvalue()
