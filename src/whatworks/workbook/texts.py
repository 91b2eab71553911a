"""What all workbooks share: cells whose texts are texts, and bytes that do not depend on the hour."""

import datetime
import io
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from whatworks.native import Native

MOST_ROWS = 1_048_576
LONGEST = 32_767  # characters of a cell
EPOCH = datetime.datetime(1980, 1, 1)
# Control characters, halves of characters, and an underscore that would begin such an escape.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")
_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_DAY_ZERO = datetime.date(1899, 12, 30)
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")


def escaped(text: str) -> str:
    """Write what XML has no place for as the format does it (ECMA-376 22.9.2.19), so that nothing is lost."""
    return _UNWRITABLE.sub(lambda found: f"_x{ord(found.group()[0]):04X}_" + found.group()[1:], text)


def unescaped(text: str) -> str:
    """Return the text that `escaped` wrote."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def new_book() -> Workbook:
    """Return a workbook that is written row by row."""
    book = Workbook(write_only=True)
    book.properties.creator = "whatworks"
    book.properties.created = book.properties.modified = EPOCH
    return book


def text_cell(sheet: Any, value: Native) -> Any:
    """Return a cell; every text is written as a text, so that one which looks like a formula is none.

    A text that is too long for a cell is cut.
    """
    cell = WriteOnlyCell(sheet)
    if isinstance(value, str):
        text = escaped(value)
        cell.value = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
        cell.data_type = "s"  # or a text that begins with = would be a formula
    else:
        cell.value = value
    return cell


def reproducible(save: Callable[[IO[bytes]], None], file: IO[bytes], rows: Mapping[str, bytes] | None = None) -> None:
    """Write to a file what is saved, with the time of 1980 on every part of the zip file.

    Args:
        save: Saves a workbook.
        file: The file, in which places can be looked for.
        rows: Further rows by the part of the zip file that they belong to, as `row_text` writes them.
    """
    with TemporaryFile() as saved:
        save(saved)
        with zipfile.ZipFile(saved) as given, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as taken:
            for name in sorted(given.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
                part = zipfile.ZipInfo(name, EPOCH.timetuple()[:6])
                part.compress_type = zipfile.ZIP_DEFLATED
                part.file_size = given.getinfo(name).file_size  # beyond 2 GiB, it is written in another way
                with given.open(name) as source, taken.open(part, "w") as target:
                    if name == "docProps/core.xml":  # the library notes the hour at which it saves
                        target.write(_MODIFIED.sub(rb"\g<1>1980-01-01T00:00:00Z", source.read()))
                    elif rows and name in rows:
                        content = source.read().replace(b"<sheetData/>", b"<sheetData></sheetData>", 1)
                        target.write(content.replace(b"</sheetData>", rows[name] + b"</sheetData>", 1))
                    else:
                        copyfileobj(source, target)


def in_memory(write: Callable[[IO[bytes]], None]) -> bytes:
    """Return what is written to a file."""
    written = io.BytesIO()
    write(written)
    return written.getvalue()


def row_text(number: int, letters: Sequence[str], values: Sequence[Native], styles: Sequence[int]) -> str:
    """Return a row as the format writes it: a library's cells take ten times as long, and there may be a million."""
    cells = []
    for letter, value, style in zip(letters, values, styles, strict=True):
        if value is None:
            continue
        start = f'<c r="{letter}{number}" s="{style}"'
        if isinstance(value, bool):
            cells.append(f'{start} t="b"><v>{value:d}</v></c>')
        elif isinstance(value, str):
            text = escaped(value).translate(_XML)
            cells.append(f'{start} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>')
        elif isinstance(value, datetime.date):
            cells.append(f"{start}><v>{(value - _DAY_ZERO).days}</v></c>")
        else:
            cells.append(f"{start}><v>{value!r}</v></c>")
    return f'<row r="{number}">{"".join(cells)}</row>'
