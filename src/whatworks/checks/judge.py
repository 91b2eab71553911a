"""Judges cuts of a graph by shapes, and looks for strays in them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from rdflib import Graph, URIRef
from rdflib.term import Node as RdflibNode

from whatworks.checks.found import Found
from whatworks.checks.graphs import Light, Names, RdflibTriple, read_triples
from whatworks.checks.reads import Root
from whatworks.checks.sieve import SMALL, Sieve
from whatworks.checks.strays import Strays, Watch
from whatworks.checks.validation import FAULTS, Engine, Shapes, fault_of, quiet
from whatworks.namespaces import Prefixes
from whatworks.store import Cut


class Refused(Exception):
    """A shape cannot be used: which, if that can be told, and what the validator says of it."""

    def __init__(self, shape: URIRef | None, said: str) -> None:
        super().__init__(shape, said)
        self.shape = shape
        self.said = said


@dataclass(frozen=True, slots=True)
class Setup:
    """What a judge needs to know.

    Attributes:
        shapes: The shapes.
        roots: The roots, in the order of their numbers.
        watch: What strays are looked for by.
        prefixes: The prefixes that messages are written with.
    """

    shapes: tuple[RdflibTriple, ...]
    roots: tuple[Root, ...]
    watch: Watch
    prefixes: Mapping[str, str]


class Judge:
    """Judges cuts.

    Args:
        setup: What to judge by.
        shapes: The shapes, where they have been made of the same setup before.
    """

    def __init__(self, setup: Setup, shapes: Shapes | None = None) -> None:
        self.setup = setup
        self._prefixes = Prefixes(setup.prefixes)
        self._shapes = shapes if shapes is not None else Shapes(setup.shapes, self._prefixes)
        self._engine = Engine(self._shapes, setup.roots)
        self._strays = Strays(setup.watch, self._shapes.graph)

    @cached_property
    def sieve(self) -> Sieve | None:
        """Says what is left to judge in a small cut, where that can be said.

        pyshacl tries all shapes before: what it refuses when it comes to it, nothing else may pass.
        """
        try:
            self._engine.try_all(Light([], self._prefixes))
        except FAULTS:
            return None
        return Sieve.of(self._shapes.graph, self.setup.roots)

    def findings(self, cut: Cut) -> list[Found]:
        """Return what the shapes find at the nodes of a cut, and what strays are in what the data says of them.

        Raises:
            Refused: A shape cannot be used.
        """
        with quiet():
            names = Names()
            own = list(read_triples(cut.own, names))
            strays = self._strays.find(own)
            left = self.sieve.left(cut) if cut.size <= SMALL and self.sieve is not None else cut.nodes
            if not left:
                return strays
            data = Light([*own, *read_triples(cut.other, names)], self._prefixes)
            nodes = {number: [names[node] for node in listed] for number, listed in left.items()}
            return [*self.judge(data, nodes), *strays]

    def judge(self, data: Graph, nodes: Mapping[int, Collection[RdflibNode]]) -> list[Found]:
        """Return what roots find at nodes of a graph.

        Raises:
            Refused: A shape cannot be used.
        """
        try:
            return self._engine.judge(data, nodes)
        except FAULTS as error:
            raise Refused(*fault_of(error, self._shapes.graph)) from error
