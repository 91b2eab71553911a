"""Stores on disk: written once from a canonical dump, then only read."""

from collections.abc import Mapping
from pathlib import Path

import pyoxigraph as ox

from whatworks.errors import DamagedRelease, Place, Unwritable
from whatworks.store.embedded import EmbeddedStore


def canonical_nquads(store: EmbeddedStore) -> bytes:
    """Return all statements of a store as canonical N-Quads (RDFC-1.0): the same graph gives the same bytes.

    Only statements with blank nodes need canonical labels, and their labels depend on no other statement, so the
    algorithm runs on these alone; the rest is sorted.
    """
    named: list[ox.Quad] = []
    blank: list[ox.Quad] = []
    for quad in store.engine:
        has_blank = isinstance(quad.subject, ox.BlankNode) or isinstance(quad.object, ox.BlankNode)
        (blank if has_blank else named).append(quad)
    labelled = ox.Dataset(blank)
    labelled.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    lines = (ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b"" for quads in (named, labelled))
    return b"".join(sorted(b"".join(lines).splitlines(keepends=True)))


def write_store(folder: Path, nquads: bytes) -> None:
    """Write a new store from N-Quads, compacted and flushed.

    Raises:
        Unwritable: The folder cannot be written or the disk is full.
    """
    try:
        store = ox.Store(str(folder))
        store.bulk_load(nquads, format=ox.RdfFormat.N_QUADS)
        store.optimize()
        store.flush()
    except OSError as error:
        raise Unwritable(
            f"The store {folder.name} cannot be written: {error}.", hint="Check the space on the disk."
        ) from error


def open_store(folder: Path, prefixes: Mapping[str, str]) -> EmbeddedStore:
    """Open a store on disk for reading only.

    Raises:
        DamagedRelease: The engine refuses the folder.
    """
    try:
        return EmbeddedStore(dict(prefixes), engine=ox.Store.read_only(str(folder)), folder=folder)
    except (OSError, ValueError) as error:
        raise DamagedRelease(
            f"The store cannot be opened: {error}.",
            hint="See what is damaged with: whatworks verify. Build anew with: whatworks build.",
            where=Place(folder.name),
        ) from error
