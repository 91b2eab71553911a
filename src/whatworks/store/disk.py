"""Stores on disk: written once and then only read, or worked on where memory would not hold them."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

import pyoxigraph as ox

from whatworks.errors import Unwritable
from whatworks.store.embedded import EmbeddedStore, damaged, is_blank
from whatworks.store.files import Source, statements

# A store on disk is only known to be readable by the version that wrote it.
ENGINE = f"pyoxigraph {ox.__version__}"


def write_store(folder: Path, nquads: bytes | Path, blank: Iterable[bytes] | None = None) -> None:
    """Write a new store from N-Quads that another store wrote, compacted and flushed.

    Args:
        folder: Where to.
        nquads: The statements, or the file that holds them.
        blank: The lines in which blank nodes stand; not given, they are looked for, for which a file is read whole.

    Raises:
        Unwritable: The folder cannot be written or the disk is full.
    """
    try:
        store = ox.Store(str(folder))
        data = {"path": str(nquads)} if isinstance(nquads, Path) else {"input": nquads}
        # What a store wrote need not be looked at for IRIs that are none.
        store.bulk_load(**data, format=ox.RdfFormat.N_QUADS, lenient=True)
        store.optimize()
        if blank is None:
            blank = _blank_lines(nquads.read_bytes() if isinstance(nquads, Path) else nquads)
        _name_as(store, b"".join(blank))  # before, all would be written again, which takes a fifth more
        store.flush()
    except OSError as error:
        raise _unwritable(folder, error) from error


def _blank_lines(nquads: bytes) -> Iterator[bytes]:
    """Yield the lines in which a blank node may stand; the others are not looked at one by one."""
    at = nquads.find(b"_:")
    while at >= 0:
        start, end = nquads.rfind(b"\n", 0, at) + 1, nquads.find(b"\n", at) + 1 or len(nquads)
        yield nquads[start:end]
        at = nquads.find(b"_:", end)


def _name_as(store: ox.Store, lines: bytes) -> None:
    """Give blank nodes the names that they had: the engine names them anew when it loads them."""
    named = [quad for quad in ox.parse(lines, format=ox.RdfFormat.N_QUADS, lenient=True) if is_blank(quad)]
    for graph in {quad.graph_name for quad in named}:
        for quad in [each for each in store.quads_for_pattern(None, None, None, graph) if is_blank(each)]:
            store.remove(quad)
    store.extend(named)


def open_store(folder: Path, prefixes: Mapping[str, str]) -> EmbeddedStore:
    """Open a store on disk for reading only.

    Raises:
        DamagedRelease: The engine refuses the folder.
    """
    try:
        return EmbeddedStore(dict(prefixes), engine=ox.Store.read_only(str(folder)), folder=folder)
    except (OSError, ValueError, RuntimeError) as error:
        raise damaged(error) from error


class WorkingStore(EmbeddedStore):
    """A new store on disk, for more statements than memory holds; what is added may be lost when the system fails."""

    def __init__(self, folder: Path, prefixes: Mapping[str, str]) -> None:
        try:
            super().__init__(dict(prefixes), engine=ox.Store(str(folder)))
        except OSError as error:
            raise _unwritable(folder, error) from error
        self._folder = folder

    def read(self, sources: Iterable[Source], base: str) -> None:
        """Read files into the store, all in one go: each go makes files of its own."""
        try:
            self.engine.bulk_extend(chain.from_iterable(statements(source, base) for source in sources))
            self.engine.optimize()
        except OSError as error:
            raise _unwritable(self._folder, error) from error


def _unwritable(folder: Path, error: OSError) -> Unwritable:
    return Unwritable(f"The store in {folder.parent} cannot be written: {error}.", hint="Check the space on the disk.")
