"""What files assert, seen as one graph, and the part of it that walks from some nodes reach.

A `Ground` is a store without the graphs that do not count (what rules inferred, the shapes), in which a file's
statements may stand instead of what the store says of the same things. `Ground.cut` takes the statements out of it that
given routes reach; they never become Python values one by one, so that a cut costs little more than reading.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import pyoxigraph as ox

from whatworks.store.convert import node_to_engine, quad_to_engine, to_engine, triple_from_engine
from whatworks.store.embedded import EmbeddedStore
from whatworks.terms import Iri, Node, Quad, Term, Triple

_Resource: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Triple
_Thing: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
_Said: TypeAlias = list[tuple[ox.NamedNode, _Thing]]


@dataclass(frozen=True, slots=True)
class Step:
    """From one state to another: along a predicate (None: any), or against it."""

    predicate: Iri | None
    inverse: bool
    to: int


@dataclass(frozen=True, slots=True)
class Routes:
    """Where walks begin and where they go.

    A walk that begins at a node belongs to a root, such as a shape. The statements of a node say at which roots it is.

    Attributes:
        steps: The steps that lead on from each state.
        entries: The state in which each root begins.
        of_statements: The roots of the subject of a statement, by predicate and value; None stands for any value.
        of_values: The roots of what is the value of a predicate.
        of_nodes: The roots of single nodes.
    """

    steps: Sequence[Sequence[Step]]
    entries: Sequence[int]
    of_statements: Mapping[Iri, Mapping[Term | None, Collection[int]]]
    of_values: Mapping[Iri, Collection[int]]
    of_nodes: Mapping[Term, Collection[int]]


@dataclass(slots=True)
class Cut:
    """What walks from some nodes reach, as N-Triples.

    Attributes:
        own: What the data says of the nodes themselves.
        other: What was reached besides.
        nodes: The nodes at each root, as N-Triples writes them.
        size: How many statements these are.
    """

    own: bytes
    other: bytes
    nodes: Mapping[int, list[str]]
    size: int


class Given:
    """Statements that are given beside those of a store; they take as little room as there."""

    def __init__(self) -> None:
        self.engine = ox.Store()

    def add(self, quads: Iterable[Quad]) -> None:
        """Take statements in."""
        self.engine.extend(quad_to_engine(quad) for quad in quads)

    def __iter__(self) -> Iterator[Triple]:
        """Yield the statements."""
        return (triple_from_engine(quad.triple) for quad in self.engine)


class Ground:
    """The statements of a store that count.

    Args:
        store: The statements.
        kind_of: Says of a graph whether its statements are "data", belong to the "model", or do not count ("").
    """

    def __init__(self, store: EmbeddedStore, kind_of: Callable[[Iri | None], str]) -> None:
        self._engine = store.engine
        self._kind_of = kind_of
        self._kinds: dict[object, str] = {}
        self._replaced: Collection[str] = ()
        self._given: ox.Store | None = None

    def instead(self, given: Given, owners: Collection[str]) -> "Ground":
        """Return the same ground with other statements in place of what the data says of some things.

        Args:
            given: The statements.
            owners: The IRIs of the things and the names of blank nodes; parts (`…/x#factor-1`) go with their thing.
        """
        ground = Ground.__new__(Ground)
        ground._engine, ground._kind_of, ground._kinds = self._engine, self._kind_of, self._kinds
        ground._replaced = frozenset(owners)
        ground._given = given.engine
        return ground

    def match(
        self, subject: Node | None = None, predicate: Iri | None = None, value: Term | None = None
    ) -> list[Triple]:
        """Return the statements that have these parts, each once; None stands for any."""
        found = self.read(
            None if subject is None else node_to_engine(subject),
            None if predicate is None else ox.NamedNode(predicate),
            None if value is None else to_engine(value),
        )
        return [triple_from_engine(triple) for triple in dict.fromkeys(quad.triple for quad, _ in found)]

    def has(self, subject: Node | None = None, predicate: Iri | None = None, value: Term | None = None) -> bool:
        """Say whether there is a statement that has these parts; None stands for any."""
        found = self.read(
            None if subject is None else node_to_engine(subject),
            None if predicate is None else ox.NamedNode(predicate),
            None if value is None else to_engine(value),
        )
        return next(found, None) is not None

    def graphs(self, subject: Node) -> list[Iri]:
        """Return the graphs that say something of a node."""
        found = (quad.graph_name for quad, _ in self.read(node_to_engine(subject), None, None))
        return [Iri(graph.value) for graph in dict.fromkeys(found) if isinstance(graph, ox.NamedNode)]

    def subjects(self, *, blank: bool = False) -> tuple[list[str], int]:
        """Return what statements are about, and the number of statements.

        The nodes are as N-Triples writes them, sorted, so that a thing and its parts stand together.

        Args:
            blank: Whether only nodes without an IRI are meant.
        """
        names: set[str] = set()
        size = 0
        for quad, _ in self.read(None, None, None):
            if not blank or isinstance(quad.subject, ox.BlankNode):
                names.add(str(quad.subject))
            size += 1
        return sorted(names), size

    def read(
        self, subject: _Resource | None, predicate: ox.NamedNode | None, value: _Thing | None
    ) -> Iterator[tuple[ox.Quad, bool]]:
        """Yield statements as the engine has them, and whether they are data; None stands for any."""
        kinds, replaced = self._kinds, self._replaced
        for quad in self._engine.quads_for_pattern(subject, predicate, value):
            graph = quad.graph_name
            if (kind := kinds.get(graph)) is None:
                kind = kinds[graph] = self._kind_of(Iri(graph.value) if isinstance(graph, ox.NamedNode) else None)
            if kind and not (replaced and kind == "data" and _owner(quad.subject) in replaced):
                yield quad, kind == "data"
        if self._given is not None:
            for quad in self._given.quads_for_pattern(subject, predicate, value):
                yield quad, True


def _owner(node: _Resource) -> str:
    return node.value.partition("#")[0] if isinstance(node, ox.NamedNode) else str(node)[2:]


@dataclass(slots=True)
class _Ways:
    """Where a node's statements lead from the states that it is in: to which states that lead on."""

    forward: dict[ox.NamedNode, set[int]] = field(default_factory=dict)
    backward: dict[ox.NamedNode | None, set[int]] = field(default_factory=dict)
    everywhere: set[int] | None = None

    @classmethod
    def of(cls, steps: Iterable[Step], leads_on: Sequence[bool]) -> "_Ways":
        """Return the ways that steps make."""
        ways = cls()
        for step in steps:
            states = {step.to} if leads_on[step.to] else set()
            predicate = None if step.predicate is None else ox.NamedNode(step.predicate)
            if step.inverse:
                ways.backward.setdefault(predicate, set()).update(states)
            elif predicate is None:
                ways.everywhere = (ways.everywhere or set()) | states
            else:
                ways.forward.setdefault(predicate, set()).update(states)
        return ways


class Walker:
    """Walks by routes and cuts out what is reached."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes
        self._of_statements: dict[ox.NamedNode, Mapping[_Thing | None, Collection[int]]] = {
            ox.NamedNode(predicate): {None if value is None else to_engine(value): roots for value, roots in by.items()}
            for predicate, by in routes.of_statements.items()
        }
        self._of_values = [(ox.NamedNode(predicate), roots) for predicate, roots in routes.of_values.items()]
        self._of_nodes: dict[_Thing, Collection[int]] = {
            to_engine(node): roots for node, roots in routes.of_nodes.items()
        }
        self._leads_on = [bool(steps) for steps in routes.steps]
        self._of_state = [_Ways.of(steps, self._leads_on) for steps in routes.steps]
        self._of_roots: dict[frozenset[int], _Ways] = {}

    def cut(self, ground: Ground, nodes: Iterable[Term], outside: Mapping[Term, Collection[int]] | None = None) -> Cut:
        """Cut out what walks from nodes reach.

        Args:
            ground: Where to walk.
            nodes: Nodes that are looked at by every root that they are at.
            outside: Further nodes, each with the roots by which it is looked at, if it is at them.
        """
        own: list[ox.Triple] = []
        other: dict[ox.Triple, None] = {}
        at: dict[int, list[str]] = defaultdict(list)
        beside: list[ox.Triple] = []
        walk = _Walk(ground, self._of_state, other)
        for term in nodes:
            node = to_engine(term)
            self._begin(node, self._roots(node, walk, own), walk, at)
        for term, wanted in (outside or {}).items():
            node = to_engine(term)
            self._begin(node, self._roots(node, walk, beside).intersection(wanted), walk, at)
        walk.run()
        other |= dict.fromkeys(beside)
        return Cut(_written(own), _written(other), at, len(own) + len(other))

    def _roots(self, node: _Resource | ox.Literal, walk: "_Walk", data: list[ox.Triple]) -> set[int]:
        """Take in what is said of a node and return the roots that it is at."""
        roots = set(self._of_nodes.get(node, ()))
        if not isinstance(node, ox.Literal):
            said = walk.known[node] = list[tuple[ox.NamedNode, _Thing]]()
            of_statements = self._of_statements
            for quad, is_data in walk.ground.read(node, None, None):
                triple = quad.triple
                if is_data:
                    data.append(triple)
                else:
                    walk.found[triple] = None
                predicate, value = triple.predicate, triple.object
                said.append((predicate, value))
                if (by := of_statements.get(predicate)) is not None:
                    roots.update(by.get(None, ()))
                    roots.update(by.get(value, ()))
        for predicate, of_value in self._of_values:
            if next(walk.ground.read(None, predicate, node), None) is not None:
                roots.update(of_value)
        return roots

    def _begin(self, node: _Thing, roots: Collection[int], walk: "_Walk", at: dict[int, list[str]]) -> None:
        if roots:
            name = str(node)
            for root in roots:
                at[root].append(name)
            walk.go(node, self._ways(frozenset(roots)))

    def _ways(self, roots: frozenset[int]) -> _Ways:
        if roots not in self._of_roots:
            routes = self._routes
            steps = [step for root in roots for step in routes.steps[routes.entries[root]]]
            self._of_roots[roots] = _Ways.of(steps, self._leads_on)
        return self._of_roots[roots]


class _Walk:
    """One walk: where it has been, and what it found."""

    def __init__(self, ground: Ground, ways: Sequence[_Ways], found: dict[ox.Triple, None]) -> None:
        self.ground = ground
        self.found = found
        self.known: dict[_Thing, _Said] = {}
        self._ways = ways
        self._seen: set[tuple[_Thing, int]] = set()
        self._todo: list[tuple[_Thing, int]] = []
        self._blank: set[ox.BlankNode] = set()

    def run(self) -> None:
        """Walk on until nothing new is reached."""
        while self._todo:
            node, state = self._todo.pop()
            self.go(node, self._ways[state])

    def go(self, node: _Thing, ways: _Ways) -> None:
        """Make the first steps from a node."""
        if not isinstance(node, ox.Literal):
            if isinstance(node, ox.BlankNode):
                self._take_whole(node)
            self._forward(node, ways)
        for predicate, states in ways.backward.items():
            for quad, _ in self.ground.read(None, predicate, node):
                self.found[quad.triple] = None
                self._push(quad.subject, states)

    def _forward(self, node: _Resource, ways: _Ways) -> None:
        said = self.known.get(node)
        if said is None and ways.everywhere is not None:
            said = self.known[node] = self._take(node, None)
        if said is not None:
            for predicate, value in said:
                states = ways.forward.get(predicate)
                if states or (states is not None and isinstance(value, ox.BlankNode)):
                    self._push(value, states)
                if ways.everywhere is not None:
                    self._push(value, ways.everywhere)
            return
        for predicate, states in ways.forward.items():
            for _, value in self._take(node, predicate):
                self._push(value, states)

    def _take(self, node: _Resource, predicate: ox.NamedNode | None) -> _Said:
        said: _Said = []
        for quad, _ in self.ground.read(node, predicate, None):
            self.found[quad.triple] = None
            said.append((quad.predicate, quad.object))
        return said

    def _take_whole(self, node: ox.BlankNode) -> None:
        """Take all that is said of a node without a name: where it is told of, it is told in full."""
        waiting = [node]
        while waiting:
            blank = waiting.pop()
            if blank in self._blank:
                continue
            self._blank.add(blank)
            said = self.known[blank] = self.known[blank] if blank in self.known else self._take(blank, None)
            waiting += [value for _, value in said if isinstance(value, ox.BlankNode)]

    def _push(self, node: _Thing, states: Iterable[int]) -> None:
        if isinstance(node, ox.BlankNode):
            self._take_whole(node)
        for state in states:
            if (place := (node, state)) not in self._seen:
                self._seen.add(place)
                self._todo.append(place)


def _written(triples: Iterable[ox.Triple]) -> bytes:
    return ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
