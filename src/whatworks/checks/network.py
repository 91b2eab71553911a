"""States with steps between them, into which paths are turned: where shapes and queries go in a graph."""

from collections.abc import Iterable
from functools import reduce

from rdflib import Graph, URIRef
from rdflib.extras.shacl import SHACLPathError, parse_shacl_path
from rdflib.paths import AlternativePath, InvPath, MulPath, NegatedPath, Path, SequencePath
from rdflib.term import Node as RdflibNode

from whatworks.store import Step
from whatworks.terms import Iri


def path_of(shapes: Graph, node: RdflibNode | None) -> Path | URIRef | None:
    """Return a path as the shapes write it, or None where it is none; the validator then says so."""
    if node is None:
        return None
    try:
        return parse_shacl_path(shapes, node)
    except (SHACLPathError, TypeError, ValueError, RecursionError):
        return None


class Network:
    """States, the steps that lead on from each, and the states that each also stands for."""

    def __init__(self) -> None:
        self.steps: list[list[Step]] = []
        self.links: list[set[int]] = []

    def state(self) -> int:
        """Return a new state."""
        self.steps.append([])
        self.links.append(set())
        return len(self.steps) - 1

    def link(self, state: int, other: int) -> None:
        """Let who is in a state be in another one as well."""
        self.links[state].add(other)

    def step(self, state: int, predicate: RdflibNode | None, *, inverse: bool = False) -> int:
        """Add a step along a predicate, or against it (None: any), and return the state that it leads to."""
        end = self.state()
        self.steps[state].append(Step(None if predicate is None else Iri(str(predicate)), inverse, end))
        return end

    def path(self, state: int, path: Path | URIRef | str | None, *, inverse: bool = False) -> int:  # noqa: PLR0911 - one for each kind of path
        """Add the steps of a path and return the state of the nodes that it leads to."""
        match path:
            case URIRef():
                return self.step(state, path, inverse=inverse)
            case InvPath():
                return self.path(state, path.arg, inverse=not inverse)
            case SequencePath():
                return self._sequence(state, path.args, inverse=inverse)
            case AlternativePath():
                return self._joined(self.path(state, each, inverse=inverse) for each in path.args)
            case MulPath():
                return self._repeated(state, path, inverse=inverse)
            case NegatedPath():
                if not all(isinstance(each, URIRef) for each in path.args):
                    raise ValueError("an inverse path within !( ) cannot be followed")  # nor by rdflib
                return self.step(state, None, inverse=inverse)
        return self.state()

    def closed(self) -> list[list[Step]]:
        """Return the steps of each state together with those of all states that it stands for."""
        return [
            [step for each in sorted(self._reached(state)) for step in self.steps[each]]
            for state in range(len(self.steps))
        ]

    def _reached(self, state: int) -> set[int]:
        found, waiting = {state}, [state]
        while waiting:
            new = self.links[waiting.pop()] - found
            found |= new
            waiting += new
        return found

    def _sequence(self, state: int, parts: list[Path | URIRef], *, inverse: bool) -> int:
        def along(order: Iterable[Path | URIRef]) -> int:
            return reduce(lambda at, part: self.path(at, part, inverse=inverse), order, state)

        if not inverse:
            return along(parts)
        # SPARQL goes against a sequence from its end; pyshacl goes against each part in the order given.
        return self._joined((along(reversed(parts)), along(parts)))

    def _joined(self, ends: Iterable[int]) -> int:
        joined = self.state()
        for end in ends:
            self.link(end, joined)
        return joined

    def _repeated(self, state: int, path: MulPath, *, inverse: bool) -> int:
        start, end = self.state(), self.state()
        self.link(state, start)
        once = self.path(start, path.path, inverse=inverse)
        self.link(once, end)
        if path.zero:
            self.link(start, end)
        if path.more:
            self.link(once, start)
        return end
