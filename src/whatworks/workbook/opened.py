"""Reads workbooks that people filled in; what could harm is refused before anything is read.

No formula is worked out, no macro run, no link followed.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from whatworks.errors import Place, WorkbookFault
from whatworks.native import Native
from whatworks.workbook.texts import unescaped

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # what old workbooks, and encrypted ones, begin with
_MOST_BYTES = 1 << 30  # unpacked
_SUSPECT, _RATIO = 64 << 20, 200  # a part of more bytes that was packed to so small a share is no table
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell ref="([A-Z]+[0-9]+:[A-Z]+[0-9]+)"')
_CHUNK = 1 << 20
_SHEETS, _LONG = "xl/worksheets/", 8 << 20  # parts of more bytes are looked through for empty rows
_EMPTY_CELL = re.compile(rb'<c r="[A-Z]+[0-9]+"(?: s="[0-9]+")?(?:/>|></c>)')
_EMPTY_ROW = re.compile(rb'<row r="[0-9]+"[^>]*(?:/>|></row>)')
_TRUTH = {"=TRUE()": True, "=FALSE()": False}  # as LibreOffice writes what is true or false


@dataclass(frozen=True, slots=True)
class Odd:
    """What stands in a cell and is no value: a formula, or an error of one."""

    kind: str
    text: str


@dataclass(slots=True)
class Opened:
    """A sheet of a workbook.

    Attributes:
        name: Its name.
        hidden: Whether people do not see it.
        merged: The cells that were made one, such as A1:B2.
    """

    name: str
    hidden: bool
    merged: list[str]
    _sheet: Any

    def rows(self) -> Iterator[tuple[int, list[Native | Odd]]]:
        """Yield the rows that hold something, with their numbers; values stand at their places, counted from zero."""
        for number, row in enumerate(self._sheet.iter_rows(), 1):
            if any(cell.value is not None for cell in row):
                yield number, [_value(cell) for cell in row]


def open_book(data: bytes, name: str) -> list[Opened]:
    """Return the sheets of a workbook.

    Args:
        data: Its content.
        name: The file's name, for messages.

    Raises:
        WorkbookFault: It is none, is locked, or holds macros, links to other workbooks, or more than it seems.
    """
    parts = _checked(data, name)
    try:
        book = load_workbook(io.BytesIO(_lean(data)), read_only=True, keep_links=False)
        found = []
        for sheet in book.worksheets:
            sheet.reset_dimensions()
            part = sheet._worksheet_path  # only the raw part says which cells were merged
            found.append(Opened(sheet.title, sheet.sheet_state != "visible", parts.get(part, []), sheet))
    except (KeyError, ValueError, TypeError, AttributeError, SyntaxError, OSError, InvalidFileException) as error:
        raise _broken(name, error) from error
    return found


def has_sheet(data: bytes, sheet: str) -> bool:
    """Say whether a workbook seems to have a sheet of this name, without opening it; False where it is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            info = archive.getinfo("xl/workbook.xml")
            return info.file_size <= _CHUNK and f'name="{sheet}"'.encode() in archive.read(info)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, OSError, EOFError):
        return False


def cell_name(row: int, column: int) -> str:
    """Return the name of a cell; the row counts from one, the column from zero."""
    return f"{get_column_letter(column + 1)}{row}"


def _value(cell: Any) -> Native | Odd:
    value = cell.value
    if isinstance(value, str):
        if cell.data_type == "f":
            return _TRUTH.get(value.upper(), Odd("formula", value))
        return Odd("error", value) if cell.data_type == "e" else unescaped(value)
    if cell.data_type == "f":  # a formula of several cells
        return Odd("formula", str(getattr(value, "text", "") or "="))
    return (
        value if value is None or isinstance(value, bool | int | float) or hasattr(value, "isoformat") else str(value)
    )


def _checked(data: bytes, name: str) -> dict[str, list[str]]:
    """Look at the parts of the file; return which cells are merged, by part."""
    where = Place(name)
    if data.startswith(_COMPOUND):
        raise WorkbookFault(
            "The workbook is locked with a password, or is an old one (.xls).",
            hint="Open it, take the password away, and save it as .xlsx.",
            where=where,
        )
    merged = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            _check_sizes(infos, where)
            for info in infos:
                _check_part(info.filename, where)
                if info.filename.endswith((".xml", ".rels")):
                    merged[info.filename] = _scanned(archive, info, where)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise _broken(name, error) from error
    return merged


def _check_sizes(infos: list[zipfile.ZipInfo], where: Place) -> None:
    total = sum(info.file_size for info in infos)
    bomb = any(info.file_size > _SUSPECT and info.file_size > _RATIO * max(1, info.compress_size) for info in infos)
    if total > _MOST_BYTES or bomb:
        raise WorkbookFault(
            f"The workbook unpacks to {total} bytes, which no table of this size does.",
            hint="Copy the cells that you need into a new workbook.",
            where=where,
        )


def _check_part(part: str, where: Place) -> None:
    if part.lower().endswith("vbaproject.bin"):
        raise WorkbookFault(
            f"The workbook holds macros ({part}).", hint="Save it as .xlsx, without macros.", where=where
        )
    if "/externallinks/" in part.lower() and part.endswith(".xml"):
        raise WorkbookFault(
            f"The workbook takes values from other workbooks ({part}).",
            hint="Break the links (Data, Edit links), so that the values themselves stand in the cells.",
            where=where,
        )


def _scanned(archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: Place) -> list[str]:
    """Return which cells of a part are merged; refuse declarations by which XML explodes or reaches outside."""
    found: list[str] = []
    with archive.open(info) as part:
        before = b""
        while chunk := part.read(_CHUNK):
            if not before and b"<!DOCTYPE" in chunk:
                raise WorkbookFault(
                    f"The workbook declares entities ({info.filename}).", hint="Save it anew as .xlsx.", where=where
                )
            text = before[-64:] + chunk
            found += [match[1].decode() for match in _MERGED.finditer(text)]
            before = chunk
    return list(dict.fromkeys(found))


def _lean(data: bytes) -> bytes:
    """Return the workbook without the cells and rows of long sheets in which nothing stands but a format.

    A program writes up to a million of them for a column that was coloured once, and each takes as long as a full one.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
        long = {each.filename for each in infos if each.filename.startswith(_SHEETS) and each.file_size > _LONG}
        if not long:
            return data
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as lean:
            for info in infos:
                part = archive.read(info)
                if info.filename in long and b"<![CDATA[" not in part:
                    part = _EMPTY_ROW.sub(b"", _EMPTY_CELL.sub(b"", part))
                lean.writestr(info.filename, part)
    return out.getvalue()


def _broken(name: str, error: Exception) -> WorkbookFault:
    return WorkbookFault(
        f"The workbook cannot be read: {str(error)[:200] or type(error).__name__}.",
        hint="Open it and save it anew as .xlsx.",
        where=Place(name),
    )
