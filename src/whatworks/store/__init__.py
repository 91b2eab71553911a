"""Stores of triples behind one protocol, and the reading and writing of RDF syntaxes.

pyoxigraph is known here only: `embedded` for the store, `disk` for stores on disk, `syntax` for files.
"""

from whatworks.store.caret import pointed
from whatworks.store.disk import canonical_nquads, open_store, write_store
from whatworks.store.embedded import EmbeddedStore
from whatworks.store.protocol import Limits, Store
from whatworks.store.syntax import decoded, parse, serialize

__all__ = [
    "EmbeddedStore",
    "Limits",
    "Store",
    "canonical_nquads",
    "decoded",
    "open_store",
    "parse",
    "pointed",
    "serialize",
    "write_store",
]
