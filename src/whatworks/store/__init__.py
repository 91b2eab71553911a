"""Stores of triples behind one protocol, and the reading and writing of RDF syntaxes.

pyoxigraph is known here only: `embedded` for the store, `ground` for parts of it, `disk` for stores on disk, `dump` for
their canonical dumps, `files` for the files of a collection, `syntax` for any file. `remote` is imported
by who needs it, as SPARQLWrapper and what it brings take a tenth of a second.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from whatworks.store.caret import pointed
from whatworks.store.disk import ENGINE, WorkingStore, open_store, write_store
from whatworks.store.embedded import EmbeddedStore
from whatworks.store.files import Source
from whatworks.store.lines import read_lines
from whatworks.store.protocol import Dataset, Limits, Store
from whatworks.store.syntax import decoded, ordered, parse, serialize, write_forms, write_ordered

if TYPE_CHECKING:
    from whatworks.store.address import is_address
    from whatworks.store.dump import (
        Written,
        canonical_nquads,
        graph_parts,
        has_statements,
        shared_blank_node,
        write_dump,
        write_triples,
    )
    from whatworks.store.ground import Cut, Given, Ground, Routes, Step, Walker
    from whatworks.store.sorting import pour_ordered

__all__ = [
    "ENGINE",
    "Cut",
    "Dataset",
    "EmbeddedStore",
    "Given",
    "Ground",
    "Limits",
    "Routes",
    "Source",
    "Step",
    "Store",
    "Walker",
    "WorkingStore",
    "Written",
    "canonical_nquads",
    "decoded",
    "graph_parts",
    "has_statements",
    "is_address",
    "open_store",
    "ordered",
    "parse",
    "pointed",
    "pour_ordered",
    "read_lines",
    "serialize",
    "shared_blank_node",
    "write_dump",
    "write_forms",
    "write_ordered",
    "write_store",
    "write_triples",
]

# What a question does not need is imported when it is first used.
_LATER = {
    "address": ("is_address",),
    "dump": (
        "Written",
        "canonical_nquads",
        "graph_parts",
        "has_statements",
        "shared_blank_node",
        "write_dump",
        "write_triples",
    ),
    "ground": ("Cut", "Given", "Ground", "Routes", "Step", "Walker"),
    "sorting": ("pour_ordered",),
}


def __getattr__(name: str) -> Any:
    for module, names in _LATER.items():
        if name in names:
            return getattr(import_module(f"whatworks.store.{module}"), name)
    raise AttributeError(name)
