"""Statements laid out in data files: one for each record, and those that things of a kind share."""

from collections.abc import Iterable

from whatworks.collection import Collection
from whatworks.ingest.mapping import FOLDERS
from whatworks.ingest.rdf import SHARED
from whatworks.terms import Iri, Quad
from whatworks.trig import Order, write_trig

# What an RDF file says besides of things that share a file, and how their IRIs go on after the base.
DESCRIBED = {"dataset": "dataset/", "graph": "graph/", "review": "id/review/"}


class Files:
    """The data files that an import would write.

    Args:
        collection: What there is.
        order: The order of the properties.

    Attributes:
        contents: By their names below the data folder.
    """

    def __init__(self, collection: Collection, order: Order) -> None:
        self._collection = collection
        self._order = order
        self.contents: dict[str, bytes] = {}

    def record(self, thing: Iri, quads: Iterable[Quad]) -> None:
        """Lay a record out in a file of its own."""
        prefixes = self._collection.prefixes.with_prefixes({"": f"{thing}#"})
        name = f"{FOLDERS[thing.split('/')[-2]]}/{thing.code}.trig"
        self.contents[name] = write_trig(quads, prefixes, order=self._order).encode()

    def shared(self, name: str, graph: Iri, quads: Iterable[Quad]) -> None:
        """Lay out what stands in one graph, if anything does or did."""
        bare = {quad._replace(graph=None) for quad in quads}
        if bare or next(self._collection.store.match(graph=graph), None) is not None:
            self.contents[f"{name}.ttl"] = write_trig(bare, self._collection.prefixes, order=self._order).encode()

    def described(self, kind: str, given: set[Quad]) -> None:
        """Lay out what an RDF file says of data sets, graphs or reviews, if it is new."""
        name, space = SHARED[kind], self._collection.space
        start = f"{space.base}{DESCRIBED[kind]}"
        held = self._collection.store.match(graph=space.graph(name))
        own = {quad for quad in held if isinstance(quad.subject, Iri) and quad.subject.startswith(start)}
        if given - own:
            self.shared(name, space.graph(name), own | given)
