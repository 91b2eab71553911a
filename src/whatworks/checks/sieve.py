"""Lets a compiled validator say at which nodes there is nothing to find: shifty, where it is installed.

What it passes, pyshacl is not asked about; what it does not pass, pyshacl judges and tells. So a report is pyshacl's,
word for word, and whoever has no shifty reads the same. On a slice of a graph shifty takes a fifth of pyshacl's time,
which reads every shape anew; over thousands of nodes both take the same, as pyshacl is then asked a shape for all nodes
at once: docs/decisions/0023-fast-checks.md.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from rdflib import RDF, RDFS, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection as RdfList
from rdflib.namespace import SH
from rdflib.paths import InvPath, Path
from rdflib.term import Node as RdflibNode

from whatworks.checks.graphs import RdflibTriple
from whatworks.checks.network import path_of
from whatworks.checks.reads import LISTED, NESTED, Root
from whatworks.store import Cut

if TYPE_CHECKING:
    from shifty import PreparedValidator

# Up to so many statements it pays.
SMALL = 5_000
# What each node that a root is asked at is marked with, and a shape like a root without its property shapes.
_MARK, _BARE = "urn:x-whatworks:at:", "urn:x-whatworks:bare:"
_TARGETS = (SH.targetNode, SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf, SH.target)
# Queries may see the marks.
_UNSURE = frozenset({SH.sparql})
# Within another shape pyshacl gives up at a node without a name, also where there is nothing to compare it with.
_ORDERS = (SH.lessThan, SH.lessThanOrEquals)
# What pyshacl takes for true or false and shifty does not, such as "1".
_FLAGS = (SH.uniqueLang, SH.closed, SH.qualifiedValueShapesDisjoint, SH.deactivated)
_PLAIN = (Literal(True), Literal(False))


class Sieve:
    """Says which nodes are left to judge.

    Args:
        prepared: The shapes, each root at the nodes that have its mark.
        sure: The numbers of the roots that it can be asked about.
    """

    def __init__(self, prepared: "PreparedValidator", sure: Collection[int]) -> None:
        self._prepared = prepared
        self._sure = frozenset(sure)

    @classmethod
    def of(cls, shapes: Graph, roots: Sequence[Root]) -> "Sieve | None":
        """Return the sieve of shapes; None where shifty is not installed, or does not take all of them."""
        if find_spec("shifty") is None:
            return None
        import shifty  # noqa: PLC0415 - an extra

        triples = list(_marked(shapes, roots))
        try:
            prepared = shifty.PreparedValidator(_written(triples))
        except (ValueError, RuntimeError):
            return None  # pyshacl says what is wrong with them
        if prepared.diagnostics:
            return None
        return cls(prepared, [number for number, root in enumerate(roots) if _is_sure(shapes, root.shape)])

    def left(self, cut: Cut) -> Mapping[int, list[str]]:
        """Return the nodes of a cut that are to be judged, by the numbers of their roots."""
        asked = {number: nodes for number, nodes in cut.nodes.items() if number in self._sure}
        unsure = {number: nodes for number, nodes in cut.nodes.items() if number not in self._sure}
        marks = "".join(f"<{_MARK}> <{_MARK}{number}> {node} .\n" for number, nodes in asked.items() for node in nodes)
        data = b"".join((cut.own, cut.other, marks.encode()))
        try:
            run = self._prepared.validate_algebra(data, graph_mode="data", infer=False, sort_results=False)
        except (ValueError, RuntimeError):
            return cut.nodes  # such as a value that it cannot read
        suspects = {violation.focus_node for violation in run.violations}
        if not suspects:
            return unsure
        kept = {number: [node for node in nodes if node in suspects] for number, nodes in asked.items()}
        return unsure | {number: nodes for number, nodes in kept.items() if nodes}


def _marked(shapes: Graph, roots: Sequence[Root]) -> Iterator[RdflibTriple]:
    """Yield shapes that begin where their marks are, and nowhere else."""
    for subject, predicate, value in shapes:
        if predicate not in _TARGETS and not (predicate == RDF.type and value == RDFS.Class):
            yield subject, predicate, value
    for number, root in enumerate(roots):
        shape = root.shape
        if root.is_bare:
            shape = URIRef(f"{_BARE}{number}")
            for predicate, value in shapes.predicate_objects(root.shape):
                if predicate not in (*_TARGETS, SH.property) and value != RDFS.Class:
                    yield shape, predicate, value
        yield shape, SH.targetObjectsOf, URIRef(f"{_MARK}{number}")


def _written(triples: Iterable[RdflibTriple]) -> bytes:
    return "".join(" ".join(term.n3() for term in triple) + " .\n" for triple in triples).encode()


def _is_sure(shapes: Graph, root: RdflibNode) -> bool:
    """Say whether a shape and all shapes within it say what both engines judge alike; in a circle they do not."""
    return _is_sure_within(shapes, root, ())


def _is_sure_within(shapes: Graph, shape: RdflibNode, above: tuple[RdflibNode, ...]) -> bool:
    if shape in above or not _UNSURE.isdisjoint(shapes.predicates(shape)):
        return False
    if above and any((shape, order, None) in shapes for order in _ORDERS):
        return False
    if any(value not in _PLAIN for flag in _FLAGS for value in shapes.objects(shape, flag)):
        return False
    if _turns_back(path_of(shapes, shapes.value(shape, SH.path))):
        return False
    return all(_is_sure_within(shapes, each, (*above, shape)) for each in _within(shapes, shape))


def _turns_back(path: Path | URIRef | str | None) -> bool:
    """Say whether a path goes against more than one predicate: there pyshacl takes the parts in their order."""
    if isinstance(path, InvPath):
        return not isinstance(path.arg, URIRef)
    inner = getattr(path, "args", None) or [getattr(path, "path", None)]
    return isinstance(path, Path) and any(map(_turns_back, inner))


def _within(shapes: Graph, shape: RdflibNode) -> Iterator[RdflibNode]:
    for predicate in NESTED:
        yield from shapes.objects(shape, predicate)
    for predicate in LISTED:
        for listed in shapes.objects(shape, predicate):
            if isinstance(listed, BNode):
                yield from RdfList(shapes, listed)
