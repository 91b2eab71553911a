"""What is checked: the statements that files assert, opened once and asked by every check until a file changes."""

from collections import defaultdict
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from whatworks.collection import Collection
from whatworks.namespaces import MODEL, SKOS, Space
from whatworks.store import Ground
from whatworks.terms import BlankNode, Iri, Node, Term, Triple

_SHAPES = Space(MODEL).graph("shapes")
_BROADER = Iri(SKOS + "broader")


class Opened:
    """The statements of a collection as a check sees them: without shapes, and without what rules inferred.

    Args:
        collection: The model and the data.
    """

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self.prefixes = collection.prefixes
        self.ground = Ground(collection.local, self._kind_of)

    def _kind_of(self, graph: Iri | None) -> str:
        if graph == _SHAPES or self._collection.is_by_rule(graph):
            return ""
        return "model" if self._collection.is_model(graph) else "data"

    def holds(self, name: str) -> bool:
        """Say whether a file, by its logical name, is one of those that are checked."""
        graph = self._collection.graph_of(name)
        return graph is not None and graph != _SHAPES

    def home_of(self, name: str) -> str:
        """Return the file of a node without an IRI; empty where its graph is not that of a file."""
        files = {self._collection.graph_of(asset.name): asset.name for asset in self._collection.assets.data()}
        return next((files[graph] for graph in self.ground.graphs(BlankNode(name)) if graph in files), "")

    @cached_property
    def circle(self) -> str:
        """A sentence on concepts that lie below themselves, which SHACL has no simple words for; empty if none do."""
        above: dict[Node, list[Term]] = defaultdict(list)
        for quad in self._collection.store.match(predicate=_BROADER):
            above[quad.subject].append(quad.object)
        try:
            TopologicalSorter(above).prepare()
        except CycleError as error:
            shown = " > ".join(self.prefixes.shorten(node) or str(node) for node in error.args[1])
            return (
                f"skos:broader leads in a circle: {shown}. Answers count each once; take one of these statements away."
            )
        return ""

    @cached_property
    def model(self) -> list[Triple]:
        """The statements of the model."""
        store = self._collection.store
        graphs = [graph for graph in store.graphs() if self._kind_of(graph) == "model"]
        return [quad.triple for graph in graphs for quad in store.match(graph=graph)]
