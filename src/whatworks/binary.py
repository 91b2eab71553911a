"""Files of rows that are no text: workbooks and Parquet."""

from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO

from whatworks.codebook import Codebook
from whatworks.native import Seen, Spooled, Values

_BLOCK = 1 << 16


def write(name: str, values: Values, codebook: Codebook) -> bytes:
    """Return a table as `xlsx` or `parquet`.

    Raises:
        MissingExtra: A library that is needed is not installed.
        UnknownFormat: There are more rows than a sheet can hold.
    """
    written = BytesIO()
    _writer(name)(values, codebook, written)
    return written.getvalue()


def pour(name: str, seen: Seen, codebook: Callable[[], Codebook], write: Callable[[bytes], object]) -> None:
    """Write rows as they come as `xlsx` or `parquet`, when all have passed; until then they wait on the disk.

    The kind of a column is known only then.

    Args:
        name: The format.
        seen: The rows.
        codebook: Gives the codebook of rows that have passed.
        write: Takes the blocks.

    Raises:
        MissingExtra, UnknownFormat: As `write` has it.
    """
    writer = _writer(name)
    with closing(Spooled(seen)) as rows, TemporaryFile() as made:
        rows.fill()
        writer(Values(seen.columns, seen.kinds, rows), codebook(), made)
        made.seek(0)
        while block := made.read(_BLOCK):
            write(block)


def _writer(name: str) -> Callable[[Values, Codebook, IO[bytes]], None]:
    """Return what writes a file, or say at once that it cannot be written."""
    if name == "parquet":
        from whatworks import frames  # noqa: PLC0415 - an extra

        return frames.parquet_writer()
    from whatworks import workbook  # noqa: PLC0415 - takes half a second to import

    return workbook.pour
