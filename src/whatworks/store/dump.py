"""Canonical N-Quads (RDFC-1.0) of a store: the same statements give the same bytes, in memory that does not grow.

Only statements with blank nodes need canonical labels, and their labels depend on no other statement, so the
algorithm runs on these alone, which are held in memory; the rest is sorted, in runs that go to files where there are
many.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import pyoxigraph as ox

from whatworks.errors import DamagedRelease, Place
from whatworks.store.embedded import EmbeddedStore
from whatworks.store.sorting import Sorter
from whatworks.terms import Iri

# A blank node as subject, as value, or as graph (or value without a graph) of a line.
_BLANK = re.compile(rb'_:|<[^>]*> <[^>]*> _:|.* _:[^ "<>]+ \.\n\Z')
_BLANK_TRIPLE = re.compile(rb"_:|<[^>]*> <[^>]*> _:")
_SIGN = re.compile(rb"_:")  # in much text, found in less time than by `in`
_NODES = re.compile(rb"(?:\A|<[^>]*> <[^>]*> )(_:[^ ]+)")
_RUN = 256 << 20  # bytes that are sorted in memory; with what Python adds, a third more
_BATCH = 5000  # lines that are written at a time
_BLOCKS = 16  # so many of the engine's blocks, of some 8 KiB, are cut into lines at a time


class Written(NamedTuple):
    """What was written: its SHA-256 and its size in bytes, how many statements, and the lines with blank nodes."""

    sha256: str
    size: int
    statements: int
    blank: list[bytes]


class _Lines:
    """Takes the engine's N-Quads in blocks and passes them on as lines; those with blank nodes are set aside."""

    def __init__(self, take: Callable[[list[bytes]], None]) -> None:
        self._take = take
        self._blocks: list[bytes] = []
        self._blank: list[bytes] = []

    def write(self, block: bytes) -> int:
        """Take in a block, as a file does."""
        self._blocks.append(block)
        if len(self._blocks) == _BLOCKS:
            self.flush()
        return len(block)

    def flush(self) -> None:
        """Pass on the lines that are whole."""
        data = b"".join(self._blocks)
        end = data.rfind(b"\n") + 1
        self._blocks = [data[end:]]
        lines = data[:end].splitlines(keepends=True)
        if _SIGN.search(data):
            self._blank += [line for line in lines if b"_:" in line and _BLANK.match(line)]
            lines = [line for line in lines if not (b"_:" in line and _BLANK.match(line))]
        self._take(lines)

    def labelled(self) -> list[bytes]:
        """Return the lines with blank nodes, canonically labelled."""
        dataset = ox.Dataset(ox.parse(b"".join(self._blank), format=ox.RdfFormat.N_QUADS))
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        return (ox.serialize(dataset, format=ox.RdfFormat.N_QUADS) or b"").splitlines(keepends=True)


def canonical_nquads(store: EmbeddedStore) -> bytes:
    """Return all statements of a store as canonical N-Quads."""
    with _in_order(store) as (lines, _):
        return b"".join(lines)


def write_dump(store: EmbeddedStore, file: Path, run: int = _RUN) -> Written:
    """Write all statements of a store as canonical N-Quads.

    Args:
        store: The store.
        file: The file to write; where there is much to sort, its folder holds parts of it for a while.
        run: So many bytes are sorted at a time.

    Raises:
        OSError: The file cannot be written.
    """
    from hashlib import sha256  # noqa: PLC0415 - needed for writing only

    digest, size, count = sha256(), 0, 0
    with _in_order(store, file.parent, run) as (lines, blank), file.open("wb") as target:
        while batch := list(islice(lines, _BATCH)):
            block = b"".join(batch)
            digest.update(block)
            target.write(block)
            size += len(block)
            count += len(batch)
    return Written(digest.hexdigest(), size, count, blank)


def write_triples(dump: Path, file: Path, prefixes: Mapping[str, str]) -> None:
    """Write the statements of a canonical dump as one graph in Turtle, each once; nothing of it is held in memory.

    Raises:
        OSError: The dump cannot be read, or the file cannot be written.
    """

    def triples() -> Iterator[ox.Triple]:
        before = None
        # In a sorted dump the same triple of several graphs stands on lines that follow each other.
        for quad in ox.parse(path=str(dump), format=ox.RdfFormat.N_QUADS):
            if (triple := quad.triple) != before:
                yield triple
            before = triple

    ox.serialize(triples(), str(file), format=ox.RdfFormat.TURTLE, prefixes=dict(prefixes))


@contextmanager
def _in_order(
    store: EmbeddedStore, folder: Path | None = None, run: int = _RUN
) -> Iterator[tuple[Iterator[bytes], list[bytes]]]:
    sorter = Sorter(folder, run)
    try:
        blank = _each_line(store, sorter.take)
        yield sorter.lines(), blank
    finally:
        sorter.close()


def _each_line(store: EmbeddedStore, take: Callable[[list[bytes]], None]) -> list[bytes]:
    """Hand over each statement as a canonical line; return the lines with blank nodes."""
    lines = _Lines(take)
    # The engine asks no more of a file than what `_Lines` can do.
    store.engine.dump(cast("BinaryIO", lines), format=ox.RdfFormat.N_QUADS)
    lines.flush()
    blank = lines.labelled()
    take(blank)
    return blank


def graph_parts(store: EmbeddedStore, graph: Iri, most: int) -> Iterator[bytes]:
    """Yield the statements of a named graph as N-Triples, in parts of about so many bytes.

    All statements with blank nodes are in the first part, as their names count within one part only.
    """
    from tempfile import SpooledTemporaryFile  # noqa: PLC0415 - costs 10 ms and is needed here only

    with SpooledTemporaryFile(_RUN) as file:
        store.engine.dump(cast("BinaryIO", file), format=ox.RdfFormat.N_TRIPLES, from_graph=ox.NamedNode(graph))
        file.seek(0)
        part = [line for line in file if _BLANK_TRIPLE.match(line)]
        size, is_first = sum(map(len, part)), True
        file.seek(0)
        for line in file:
            if _BLANK_TRIPLE.match(line):
                continue
            if part and size + len(line) > most:
                yield b"".join(part)
                part, size, is_first = [], 0, False
            part.append(line)
            size += len(line)
        if part or is_first:
            yield b"".join(part)


def shared_blank_node(dump: Path) -> str | None:
    """Return the name of a blank node that two graphs of a canonical dump share, if there is one."""
    graphs: dict[bytes, bytes] = {}
    with dump.open("rb") as file:
        for line in file:
            if b"_:" in line and _BLANK.match(line):
                graph = line[line.rindex(b"<") :]
                for node in _NODES.findall(line):
                    if graphs.setdefault(node, graph) != graph:
                        return str(node, "ascii")
    return None


class _Sum:
    """Adds up the hashes of lines, which does not depend on their order."""

    def __init__(self) -> None:
        self.found = (0, 0)

    def take(self, lines: list[bytes]) -> None:
        """Take in lines."""
        count, total = self.found
        self.found = (count + len(lines), total + sum(map(hash, lines)))


def has_statements(store: EmbeddedStore, dump: Path) -> bool:
    """Say whether a store has exactly the statements of a canonical dump; both are read to their ends.

    They are compared by the sums of the hashes of their lines, of 64 bits with a key that differs from process to
    process, so that nothing has to be sorted: different statements are taken for equal once in 10^19 times.

    Raises:
        DamagedRelease: The store cannot be read to its end.
        OSError: The dump cannot be read.
    """
    stored, written = _Sum(), _Sum()
    try:
        _each_line(store, stored.take)
    except (OSError, ValueError) as error:
        raise DamagedRelease(f"The store cannot be read: {error}.", where=Place("store")) from error
    with dump.open("rb") as file:
        while batch := list(islice(file, _BATCH)):
            written.take(batch)
    return stored.found == written.found
