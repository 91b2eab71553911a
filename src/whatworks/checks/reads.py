"""What shapes read of a graph, derived from the shapes: at which nodes they begin and which ways they go.

Each shape with a target is a `Root`. So is each of its property shapes, because the results of `sh:property` are the
results of the property shape at the same nodes. What a shape reads at a node is what its path, its constraints and
the shapes in it lead to, forward and inverse. Where that cannot be derived, the root reads the whole graph, and says
why.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pyshacl.constraints import ALL_CONSTRAINT_PARAMETERS
from pyshacl.helper import get_query_helper_cls
from pyshacl.shape import Shape
from pyshacl.shapes_graph import ShapesGraph
from rdflib import Literal as RdflibLiteral
from rdflib import URIRef
from rdflib.collection import Collection as RdfList
from rdflib.namespace import RDF, RDFS, SH
from rdflib.paths import InvPath
from rdflib.term import Node as RdflibNode

from whatworks.checks.network import Network, path_of
from whatworks.checks.patterns import Patterns, Unbounded
from whatworks.nodes import term_of
from whatworks.store import Ground, Routes
from whatworks.terms import RDF_TYPE, Iri, Term

CONSTRAINTS = frozenset(ALL_CONSTRAINT_PARAMETERS)
NESTED = (SH.property, SH.node, SH["not"], SH.qualifiedValueShape)
LISTED = (SH["and"], SH["or"], SH.xone)
_PAIRS = (SH.equals, SH.disjoint, SH.lessThan, SH.lessThanOrEquals)
# What is judged by the value nodes alone.
_ALONE = frozenset(
    SH[name]
    for name in """
        datatype nodeKind in hasValue pattern flags minLength maxLength languageIn uniqueLang minCount maxCount
        minInclusive maxInclusive minExclusive maxExclusive ignoredProperties qualifiedMinCount qualifiedMaxCount
        qualifiedValueShapesDisjoint
    """.split()  # noqa: SIM905 - a list would be a screen long
)
_SUBCLASS = Iri(RDFS.subClassOf)
_TRUE = RdflibLiteral(True)


@dataclass(frozen=True, slots=True)
class Targets:
    """Where a root begins: at nodes, instances, subjects and values, and at what is said to belong to a node.

    Attributes:
        nodes: Single nodes.
        classes: Classes whose instances are meant, those of their subclasses included.
        subjects_of: Properties whose subjects are meant.
        objects_of: Properties whose values are meant.
        members_of: Pairs of a property and a value: those are meant of which this is said.
        asked: Shapes with targets that a query finds (`sh:target`).
    """

    nodes: frozenset[RdflibNode] = frozenset()
    classes: frozenset[RdflibNode] = frozenset()
    subjects_of: frozenset[RdflibNode] = frozenset()
    objects_of: frozenset[RdflibNode] = frozenset()
    members_of: frozenset[tuple[RdflibNode, RdflibNode]] = frozenset()
    asked: frozenset[RdflibNode] = frozenset()

    def __or__(self, other: "Targets") -> "Targets":
        return Targets(*(getattr(self, name) | getattr(other, name) for name in self.__slots__))

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__slots__)


@dataclass(frozen=True, slots=True)
class Root:
    """A shape that is asked at nodes of its own.

    Attributes:
        shape: The shape.
        targets: Where it begins.
        is_bare: Whether its property shapes are roots of their own and are not asked through it.
        whole: Why it reads the whole graph; empty where it does not.
    """

    shape: RdflibNode
    targets: Targets
    is_bare: bool
    whole: str = ""


class Reads:
    """The roots of shapes, and the ways that each goes.

    Args:
        shapes: The shapes, as the validator has them.
        left_out: Severities that nobody asks for; what only gives results of these is no root.

    Raises:
        Unreadable: A query is not SPARQL.
    """

    def __init__(self, shapes: ShapesGraph, left_out: Collection[RdflibNode] = ()) -> None:
        self._shapes = shapes
        self._graph = shapes.graph
        self._left_out = left_out
        self._network = Network()
        self._states: dict[tuple[RdflibNode, bool], int] = {}
        self._within: dict[RdflibNode, set[RdflibNode]] = defaultdict(set)
        self._reasons: dict[RdflibNode, str] = {}
        self._targets: dict[tuple[RdflibNode, bool], Targets] = {}
        for shape in sorted(shapes.shapes, key=lambda shape: str(shape.node)):
            if targets := self._targets_of(shape):
                self._add(shape, targets)
        self.entries = [self._state(*key) for key in self._targets]
        self.roots = [
            Root(node, targets, is_bare, self._why_whole(node)) for (node, is_bare), targets in self._targets.items()
        ]

    @cached_property
    def network(self) -> Network:
        """The states and steps, for those who go back."""
        return self._network

    # ---- the roots ----

    def _targets_of(self, shape: Shape) -> Targets:
        nodes, classes, implicit, objects_of, subjects_of = shape.target()
        return Targets(
            nodes=frozenset(nodes),
            classes=frozenset({*classes, *implicit}),
            subjects_of=frozenset(subjects_of),
            objects_of=frozenset(objects_of),
            asked=frozenset({shape.node} if (shape.node, SH.target, None) in self._graph else ()),
        )

    def _add(self, shape: Shape, targets: Targets) -> None:
        if shape.deactivated:
            return
        inner = self._apart(shape, targets)
        constraints = (set(self._graph.predicates(shape.node)) & CONSTRAINTS) - ({SH.property} if inner else set())
        severities = {shape.severity} if constraints - {SH.property} else set()
        if SH.property in constraints:
            severities |= self._severities(shape.node)
        if self._custom(shape) or severities - set(self._left_out):
            key = (shape.node, bool(inner))
            self._targets[key] = self._targets.get(key, Targets()) | targets
        for each in inner:
            self._add(each, self._targets_within(shape, targets))

    def _apart(self, shape: Shape, targets: Targets) -> list[Shape]:
        """Return the property shapes of a shape that can be asked apart from it."""
        found = [shape.get_other_shape(node) for node in self._graph.objects(shape.node, SH.property)]
        if any(each is None or not each.is_property_shape for each in found):
            return []  # the validator refuses the shape
        if shape.is_property_shape:
            is_member = self._inverse_of(shape) is not None and targets == Targets(nodes=targets.nodes)
            is_alone = (shape.node, SH.qualifiedValueShapesDisjoint, None) not in self._graph
            return found if is_member and is_alone else []
        return found

    def _targets_within(self, shape: Shape, targets: Targets) -> Targets:
        """Return the nodes at which the property shapes in a shape begin."""
        if not shape.is_property_shape:
            return targets
        inverse = self._inverse_of(shape)
        return Targets(members_of=frozenset((inverse, node) for node in targets.nodes if inverse is not None))

    def _inverse_of(self, shape: Shape) -> URIRef | None:
        path = path_of(self._graph, shape.path())
        return path.arg if isinstance(path, InvPath) and isinstance(path.arg, URIRef) else None

    def _severities(self, node: RdflibNode) -> set[RdflibNode]:
        found: set[RdflibNode] = set()
        for inner in self._graph.objects(node, SH.property):
            found |= {self._graph.value(inner, SH.severity) or SH.Violation} | self._severities(inner)
        return found

    # ---- what they read ----

    def _state(self, node: RdflibNode, is_bare: bool = False) -> int:
        """Return the state of the nodes that a shape is asked at."""
        if (node, is_bare) in self._states:
            return self._states[node, is_bare]
        state = values = self._states[node, is_bare] = self._network.state()
        shape = self._found(node)
        if shape is None or shape.deactivated:
            return state
        if shape.is_property_shape:
            values = self._network.path(state, path_of(self._graph, shape.path()))
        for predicate, value in self._graph.predicate_objects(node):
            if predicate in CONSTRAINTS and not (is_bare and predicate == SH.property):
                self._constraint(shape, predicate, value, state, values)
        if self._custom(shape):
            self._reasons[node] = "it uses a constraint component of its own"
        return state

    def _constraint(self, shape: Shape, predicate: RdflibNode, value: RdflibNode, state: int, values: int) -> None:
        network = self._network
        if predicate in NESTED:
            self._nest(shape, [value], values)
            if predicate == SH.qualifiedValueShape:
                self._nest(shape, self._siblings(shape), values)
        elif predicate in LISTED:
            self._nest(shape, RdfList(self._graph, value), values)
        elif predicate == SH["class"]:
            of_class = network.step(values, RDF.type)
            network.link(network.step(of_class, RDFS.subClassOf), of_class)
        elif predicate in _PAIRS:
            network.step(state, value)
        elif predicate == SH.closed:
            network.step(values, None)
        elif predicate == SH.sparql:
            if (value, SH.select, None) not in self._graph:
                return  # the validator refuses it
            try:
                Patterns(network, state).add(self._query(shape, value))
            except Unbounded as error:
                self._reasons[shape.node] = str(error)
        elif predicate not in _ALONE:
            self._reasons[shape.node] = f"it uses {predicate}"

    def _nest(self, shape: Shape, nodes: Iterable[RdflibNode], values: int) -> None:
        for node in nodes:
            self._within[shape.node].add(node)
            self._network.link(values, self._state(node))

    def _siblings(self, shape: Shape) -> Iterator[RdflibNode]:
        if (shape.node, SH.qualifiedValueShapesDisjoint, _TRUE) in self._graph:
            for parent in self._graph.subjects(SH.property, shape.node):
                for beside in self._graph.objects(parent, SH.property):
                    yield from self._graph.objects(beside, SH.qualifiedValueShape)

    def _query(self, shape: Shape, constraint: RdflibNode) -> str:
        """Return the text of a constraint as the validator asks it."""
        helper = get_query_helper_cls()(shape, constraint, str(self._graph.value(constraint, SH.select)))
        helper.collect_prefixes()
        _, text = helper.pre_bind_variables(RDF.nil)
        return str(helper.apply_prefixes(text))

    def _found(self, node: RdflibNode) -> Shape | None:
        try:
            return self._shapes.lookup_shape_from_node(node)
        except KeyError:
            return None

    def _custom(self, shape: Shape) -> bool:
        return bool(shape.find_custom_constraints())

    def _why_whole(self, node: RdflibNode) -> str:
        seen, waiting = {node}, [node]
        while waiting:
            shape = waiting.pop()
            if shape in self._reasons:
                return self._reasons[shape]
            waiting += self._within[shape] - seen
            seen |= self._within[shape]
        return ""

    # ---- over a graph ----

    def routes(self, ground: Ground, asked: Mapping[RdflibNode, Collection[RdflibNode]]) -> Routes:
        """Return the routes of the roots over a graph; those that read the whole graph begin nowhere.

        Args:
            ground: The graph, for its subclasses.
            asked: The nodes that queries for targets found, by shape.
        """
        of_statements: dict[Iri, dict[Term | None, set[int]]] = defaultdict(lambda: defaultdict(set))
        of_values: dict[Iri, set[int]] = defaultdict(set)
        of_nodes: dict[Term, set[int]] = defaultdict(set)
        for number, root in enumerate(self.roots):
            if root.whole:
                continue
            targets = root.targets
            for name in subclasses(ground, targets.classes):
                of_statements[RDF_TYPE][name].add(number)
            for predicate in targets.subjects_of:
                of_statements[Iri(str(predicate))][None].add(number)
            for predicate, value in targets.members_of:
                of_statements[Iri(str(predicate))][term_of(value)].add(number)
            for predicate in targets.objects_of:
                of_values[Iri(str(predicate))].add(number)
            for node in {*targets.nodes, *(each for shape in targets.asked for each in asked[shape])}:
                if (term := term_of(node)) is not None:
                    of_nodes[term].add(number)
        return Routes(self._network.closed(), self.entries, of_statements, of_values, of_nodes)


def nodes_at(targets: Targets, ground: Ground, asked: Mapping[RdflibNode, Collection[RdflibNode]]) -> set[Term]:
    """Return all nodes at which a root begins."""
    found = {term for node in targets.nodes if (term := term_of(node)) is not None}
    found |= {term for shape in targets.asked for node in asked[shape] if (term := term_of(node)) is not None}
    for each in subclasses(ground, targets.classes):
        found |= {triple.subject for triple in ground.match(None, RDF_TYPE, each)}
    for predicate in targets.subjects_of:
        found |= {triple.subject for triple in ground.match(None, Iri(str(predicate)))}
    for predicate in targets.objects_of:
        found |= {triple.object for triple in ground.match(None, Iri(str(predicate)))}
    for predicate, value in targets.members_of:
        found |= {triple.subject for triple in ground.match(None, Iri(str(predicate)), term_of(value))}
    return found


def subclasses(ground: Ground, classes: Iterable[RdflibNode]) -> set[Term]:
    """Return classes with all their subclasses."""
    found = {term for each in classes if (term := term_of(each)) is not None}
    waiting = list(found)
    while waiting:
        below = {triple.subject for triple in ground.match(None, _SUBCLASS, waiting.pop())} - found
        found |= below
        waiting += below
    return found
