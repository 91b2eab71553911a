"""Sorts what may be more than fits into memory: lines, and statements that are written in order."""

import io
from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from itertools import chain, groupby, islice
from pathlib import Path
from typing import IO, Any, BinaryIO

import pyoxigraph as ox

from whatworks.store.convert import quad_to_engine
from whatworks.store.syntax import engine_format, in_order, needed
from whatworks.terms import Quad

_FEW = 20_000  # so many statements are sorted as they are
_RUN = 32 << 20  # bytes of further ones that are sorted in memory
_LINES = 1000  # so many are handed to the sorter at a time
_BLOCK = 1 << 16


class Sorter:
    """Sorts lines; what is more than a run goes to a file without a name.

    Args:
        folder: Where such files are; None if all is sorted in memory.
        run: So many bytes are sorted at a time.
    """

    def __init__(self, folder: Path | None, run: int) -> None:
        self._folder, self._run = folder, run
        self._lines: list[bytes] = []
        self._size = 0
        self._files: list[BinaryIO] = []

    def take(self, lines: list[bytes]) -> None:
        """Take in lines."""
        self._lines += lines
        self._size += sum(map(len, lines))
        if self._folder is not None and self._size >= self._run:
            from tempfile import TemporaryFile  # noqa: PLC0415 - costs 10 ms and is needed here only

            self._lines.sort()
            file = TemporaryFile(dir=self._folder)  # noqa: SIM115 - it is closed when the sorter is
            self._files.append(file)
            file.writelines(self._lines)
            self._lines, self._size = [], 0

    def lines(self) -> Iterator[bytes]:
        """Return all lines in order."""
        self._lines.sort()
        for file in self._files:
            file.seek(0)
        return merge(*self._files, self._lines) if self._files else iter(self._lines)

    def close(self) -> None:
        """Remove the files."""
        for file in self._files:
            file.close()


def pour_ordered(quads: Iterable[Quad], format: str, prefixes: Mapping[str, str], file: IO[bytes]) -> int:
    """Write statements in an RDF format, sorted and each once, in memory that does not grow with them.

    What is written is what `syntax.write_ordered` returns.

    Returns:
        How many statements came.

    Raises:
        OSError: There is no place for what is sorted.
    """
    engine = engine_format(format)
    whole = map(quad_to_engine, quads)
    items: Iterator[Any] = whole if engine.supports_datasets else (quad.triple for quad in whole)
    first = list(islice(items, _FEW))
    if len(first) < _FEW:
        file.write(in_order(first, format, prefixes))
        return len(first)
    from tempfile import gettempdir  # noqa: PLC0415 - costs 10 ms and is needed here only

    sorter, count = Sorter(Path(gettempdir()), _RUN), 0
    used: dict[str, str] = {}
    try:
        lines = (_line(item) for item in chain(first, items))
        while batch := list(islice(lines, _LINES)):
            count += len(batch)
            text = b"".join(batch).decode()
            used |= needed(text, prefixes)
            sorter.take(batch)
        found = _Statements(line for line, _ in groupby(sorter.lines()))
        read = ox.parse(io.BufferedReader(found, _BLOCK), format=ox.RdfFormat.N_QUADS)
        written: Iterator[Any] = read if engine.supports_datasets else (quad.triple for quad in read)
        ox.serialize(
            written, file, format=engine, prefixes={name: iri for name, iri in prefixes.items() if name in used}
        )
    finally:
        sorter.close()
    return count


def _line(item: "ox.Quad | ox.Triple") -> bytes:
    """Return a statement as a line whose place among others is that which `syntax.in_order` gives it.

    No sign of a statement is NUL, as those that steer are escaped; a graph has no space in it.
    """
    if isinstance(item, ox.Triple):
        return f" {item}\n".replace(">", "\0").encode()
    graph = "" if isinstance(item.graph_name, ox.DefaultGraph) else str(item.graph_name)
    return graph.encode() + f" {item.triple}\n".replace(">", "\0").encode()


class _Statements(io.RawIOBase):
    """Such lines, read as N-Quads."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        super().__init__()
        self._lines, self._rest = iter(lines), b""

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Give the next bytes."""
        if not self._rest:
            self._rest = b"".join(map(_quad, islice(self._lines, _LINES)))
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _quad(line: bytes) -> bytes:
    graph, _, triple = line[:-1].partition(b" ")
    return triple.replace(b"\0", b">") + b" " + graph + b" .\n"
