"""What a SPARQL constraint reads: the steps that lead from `$this` to everything that its query can match.

A query matches the same in a part of a graph as in the whole when each of its patterns is connected with `$this`,
within its own group, by variables that surely have a value there. Where that cannot be shown, `Unbounded` says why.
"""

from collections.abc import Iterator
from typing import Any

from rdflib import Literal, URIRef, Variable
from rdflib.paths import Path
from rdflib.plugins.sparql.algebra import translateGroupGraphPattern, translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Node as RdflibNode

from whatworks.checks.network import Network

_THIS = Variable("this")
_THROUGH = ("SelectQuery", "Project", "Distinct", "Reduced", "OrderBy", "Slice", "AggregateJoin", "Group")
_EXISTS = ("Builtin_EXISTS", "Builtin_NOTEXISTS")
Known = frozenset[RdflibNode]


class Unbounded(Exception):
    """A query reads more than can be reached from `$this`; the text says what."""


class Unreadable(Exception):
    """A query is not SPARQL."""


class Patterns:
    """The patterns of queries that begin at one node.

    Args:
        network: Gets a state for each variable.
        state: The state of `$this`.
    """

    def __init__(self, network: Network, state: int) -> None:
        self._network = network
        self._start = state
        self._states: dict[RdflibNode, int] = {}

    def add(self, query: str) -> None:
        """Add what a query reads.

        Raises:
            Unreadable: It is not SPARQL.
            Unbounded: What it reads cannot be told, or has no bounds.
        """
        try:
            algebra = translateQuery(parseQuery(query)).algebra
        except Exception as error:  # rdflib raises just this
            raise Unreadable(str(error)) from error
        self._states = {_THIS: self._start}
        try:
            self._group(algebra, frozenset({_THIS}))
        except ValueError as error:
            raise Unreadable(str(error)) from error

    def _group(self, part: CompValue, known: Known) -> Known:  # noqa: PLR0911 - one for each kind of group
        """Take in a part of the algebra; return the variables that surely have a value after it."""
        match part.name:
            case "BGP":
                return self._connect(list(part.triples), known)
            case "GroupGraphPatternSub":
                return self._group(translateGroupGraphPattern(part), known)
            case "Join":
                return self._join([*_joined(part)], known)
            case "LeftJoin":
                before = self._group(part.p1, known)
                self._test(part.expr, self._group(part.p2, before))
                return before
            case "Union":
                return self._group(part.p1, known) & self._group(part.p2, known)
            case "Minus":
                before = self._group(part.p1, known)
                self._group(part.p2, before)
                return before
            case "Filter" | "Extend":
                after = self._group(part.p, known) if part.p is not None else known
                self._test(part.expr, after)
                return after
            case "ToMultiSet":
                return self._inner(part.p, known)
            case name if name in _THROUGH:
                return self._group(part.p, known)
        raise Unbounded(f"its query uses {part.name}")

    def _inner(self, part: CompValue, known: Known) -> Known:
        selected = _selected(part)
        # Variables of an inner query that it does not select are others than those outside.
        outside, self._states = self._states, {_THIS: self._start}
        inner = self._group(part, frozenset({_THIS}))
        for variable in inner & selected:
            if variable in outside:
                self._network.link(self._states[variable], outside[variable])
            else:
                outside[variable] = self._states[variable]
        self._states = outside
        return known | (inner & selected)

    def _join(self, parts: list[CompValue], known: Known) -> Known:
        """Take in parts that are joined, each when it is connected."""
        waiting = parts
        while waiting:
            left: list[CompValue] = []
            reason: Unbounded | None = None
            for part in waiting:
                try:
                    known = known | self._group(part, known)
                except Unbounded as error:
                    left, reason = [*left, part], error
            if reason is not None and len(left) == len(waiting):
                raise reason
            waiting = left
        return known

    def _connect(self, triples: list[tuple[Any, Any, Any]], known: Known) -> Known:
        waiting = triples
        while waiting:
            left = [triple for triple in waiting if not self._follow(triple, known)]
            if len(left) == len(waiting):
                raise Unbounded("a pattern of its query is not connected with $this")
            done = [triple for triple in waiting if triple not in left]
            known = known | {node for subject, _, value in done for node in (subject, value) if _is_variable(node)}
            waiting = left
        return known

    def _follow(self, triple: tuple[Any, Any, Any], known: Known) -> bool:
        """Add the steps of a pattern from an end that is known; say whether one is."""
        subject, predicate, value = triple
        path = predicate if isinstance(predicate, URIRef | Path) else None
        if subject in known:
            self._lead(self._along(subject, path, inverse=False), value)
        elif value in known:
            self._lead(self._along(value, path, inverse=True), subject)
        else:
            return False
        return True

    def _along(self, node: RdflibNode, path: URIRef | Path | None, *, inverse: bool) -> int:
        state = self._states[node]
        if path is None:
            return self._network.step(state, None, inverse=inverse)
        return self._network.path(state, path, inverse=inverse)

    def _lead(self, state: int, node: RdflibNode) -> None:
        if _is_variable(node):
            if node not in self._states:
                self._states[node] = self._network.state()
            self._network.link(state, self._states[node])

    def _test(self, expression: Any, known: Known) -> None:
        """Take in the patterns that a condition asks for."""
        if isinstance(expression, CompValue):
            if expression.name in _EXISTS:
                self._group(expression.graph, known)
                return
            for value in expression.values():
                self._test(value, known)
        elif isinstance(expression, list | tuple):
            for value in expression:
                self._test(value, known)


def _selected(part: CompValue) -> Known:
    while part.name in _THROUGH and part.name != "Project":
        part = part.p
    return frozenset(part.PV or ())


def _is_variable(node: object) -> bool:
    return not isinstance(node, URIRef | Literal)


def _joined(part: CompValue) -> Iterator[CompValue]:
    if part.name == "Join":
        yield from _joined(part.p1)
        yield from _joined(part.p2)
    else:
        yield part
