"""The lines that two sorted files do not share.

Where both are the same, whole blocks are compared at once and never cut into lines, so that a small difference in
large dumps costs little more than to read them. Of both files, a block is in memory.
"""

from bisect import bisect_right
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

BLOCK = 1 << 16


class _Lines:
    """The lines of a file that were not yet compared, a block of them at a time."""

    def __init__(self, file: BinaryIO, block: int) -> None:
        self._file, self._block = file, block
        self._sum = sha256()
        self._rest = b""
        self.lines = b""

    def fill(self) -> bool:
        """Read until there is a whole block, or all that is left; say whether there is anything."""
        while len(self.lines) < self._block:
            read = self._file.read(self._block)
            self._sum.update(read)
            if not read:
                self.lines += self._rest
                self._rest = b""
                break
            end = read.rfind(b"\n") + 1
            self.lines += self._rest + read[:end] if end else b""
            self._rest = read[end:] if end else self._rest + read
        return bool(self.lines)

    def take(self, size: int) -> bytes:
        """Take so many bytes away, which end with a line."""
        taken, self.lines = self.lines[:size], self.lines[size:]
        return taken

    def until(self, last: bytes) -> set[bytes]:
        """Take away the lines that are not after one of this text."""
        found = self.lines.splitlines(keepends=True)
        end = bisect_right(found, last)
        self.lines = b"".join(found[end:])
        return set(found[:end])

    def last(self) -> bytes:
        """Return the last line of the block."""
        return self.lines[self.lines.rfind(b"\n", 0, -1) + 1 :]

    def sum(self) -> str:
        """Return the SHA-256 of what was read."""
        return self._sum.hexdigest()


class Unshared:
    """Walks through two sorted files at once.

    Attributes:
        sums: The SHA-256 of each file, once all was walked through.
    """

    def __init__(self, before: Path, after: Path, block: int = BLOCK) -> None:
        self._paths, self._block = (before, after), block
        self.sums = ("", "")

    def __iter__(self) -> Iterator[tuple[set[bytes], set[bytes]]]:
        """Yield lines that the first file alone has, with those that the second alone has, in the order of the files.

        Raises:
            OSError: A file cannot be read.
        """
        with self._paths[0].open("rb") as first, self._paths[1].open("rb") as second:
            old, new = _Lines(first, self._block), _Lines(second, self._block)
            while True:
                is_old, is_new = old.fill(), new.fill()
                if not (is_old and is_new):
                    break
                if (same := _shared(old.lines, new.lines)) > 0:
                    old.take(same)
                    new.take(same)
                    continue
                last = min(old.last(), new.last())
                gone, come = old.until(last), new.until(last)
                if gone != come:
                    yield gone - come, come - gone
            while old.fill():
                yield set(old.take(len(old.lines)).splitlines(keepends=True)), set()
            while new.fill():
                yield set(), set(new.take(len(new.lines)).splitlines(keepends=True))
            self.sums = (old.sum(), new.sum())


def _shared(old: bytes, new: bytes) -> int:
    """Return of how many bytes, whole lines, both blocks begin with the same; 0 where only part of them is."""
    size = min(len(old), len(new))
    end = size if old[size - 1 : size] == new[size - 1 : size] == b"\n" else old.rfind(b"\n", 0, size) + 1
    return end if old[:end] == new[:end] else 0
