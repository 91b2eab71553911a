"""Reads a dump line by line, quicker than the store that was made from it gives its statements."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from whatworks.errors import DamagedRelease, Place

_BLOCK = 1 << 16  # larger ones would be got from the system and given back each time


def read_lines(dump: Path) -> Iterator[bytes]:
    """Return the lines of a dump in N-Quads, without line ends.

    Raises:
        DamagedRelease: The dump cannot be read.
    """
    return chain.from_iterable(_blocks(dump))


def _blocks(dump: Path) -> Iterator[list[bytes]]:
    try:
        with dump.open("rb") as file:
            while block := file.read(_BLOCK):
                yield (block + file.readline())[:-1].split(b"\n")
    except OSError as error:
        raise DamagedRelease(
            f"The dump cannot be read: {error.strerror}.",
            hint="Build anew with: whatworks build",
            where=Place(f"{dump.parent.name}/{dump.name}"),
        ) from error
