"""Which nodes a change concerns: those whose shapes read a statement that came or went.

The ways of the shapes are gone back, from each changed statement to the nodes at which shapes begin. A statement is
found whether it came or went: what leads to the first changed statement on a way is unchanged.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from rdflib.namespace import RDFS

from whatworks.checks.reads import Reads, subclasses
from whatworks.nodes import node_of
from whatworks.store import Ground, Routes
from whatworks.terms import RDF_TYPE, Iri, Literal, Term, Triple

_Back: TypeAlias = tuple[int, Iri | None, bool]
_SUBCLASS = Iri(RDFS.subClassOf)


class Affected:
    """Goes the ways of shapes back.

    Args:
        reads: What the shapes read.
        routes: The routes over the graph as it is after the change.
    """

    def __init__(self, reads: Reads, routes: Routes) -> None:
        self._routes = routes
        self._leading: dict[tuple[Iri | None, bool], list[int]] = defaultdict(list)
        self._before: dict[int, list[_Back]] = defaultdict(list)
        self._linked: dict[int, list[int]] = defaultdict(list)
        self._roots: dict[int, list[int]] = defaultdict(list)
        network = reads.network
        for state, steps in enumerate(network.steps):
            for step in steps:
                self._leading[step.predicate, step.inverse].append(state)
                self._before[step.to].append((state, step.predicate, step.inverse))
        for state, others in enumerate(network.links):
            for other in others:
                self._linked[other].append(state)
        for number, state in enumerate(routes.entries):
            self._roots[state].append(number)

    def by(self, changed: Iterable[Triple], ground: Ground) -> Mapping[Term, set[int]]:
        """Return the nodes that changed statements concern, each with the numbers of the roots that read them.

        Whether a root is at a node is not looked at.

        Args:
            changed: Statements that came or went.
            ground: The graph as it is after the change.
        """
        found: dict[Term, set[int]] = defaultdict(set)
        waiting: set[tuple[Term, int]] = set()
        for subject, predicate, value in changed:
            for each in (predicate, None):
                waiting.update((subject, state) for state in self._leading.get((each, False), ()))
                waiting.update((value, state) for state in self._leading.get((each, True), ()))
            found[value].update(self._routes.of_values.get(predicate, ()))
            if predicate == _SUBCLASS:
                self._reclass(subject, ground, found)
        seen = set(waiting)
        while waiting:
            node, state = waiting.pop()
            found[node].update(self._roots.get(state, ()))
            new = {each for each in self._back(node, state, ground) if each not in seen}
            seen |= new
            waiting |= new
        return {node: roots for node, roots in found.items() if roots}

    def _back(self, node: Term, state: int, ground: Ground) -> Iterable[tuple[Term, int]]:
        for before in self._linked.get(state, ()):
            yield node, before
        for before, predicate, is_inverse in self._before.get(state, ()):
            if not is_inverse:
                yield from ((triple.subject, before) for triple in ground.match(None, predicate, node))
            elif not isinstance(node, Literal):
                yield from ((triple.object, before) for triple in ground.match(node, predicate))

    def _reclass(self, name: Term, ground: Ground, found: Mapping[Term, set[int]]) -> None:
        """Enter the instances of a class that has another superclass now: shapes may begin at them."""
        of_classes = self._routes.of_statements.get(RDF_TYPE, {})
        for each in subclasses(ground, [node_of(name)]):
            for triple in ground.match(None, RDF_TYPE, each):
                found[triple.subject].update(of_classes.get(each, ()))
