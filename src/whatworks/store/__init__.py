"""Stores of triples behind one protocol, and the reading and writing of RDF syntaxes.

pyoxigraph is known here only: `embedded` for the store, `syntax` for files.
"""

from whatworks.store.embedded import EmbeddedStore
from whatworks.store.protocol import Store
from whatworks.store.syntax import decoded, parse, serialize

__all__ = ["EmbeddedStore", "Store", "decoded", "parse", "serialize"]
