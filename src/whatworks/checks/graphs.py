"""Statements as rdflib has them, for the checks: quick graphs, and graphs that stay where they are.

`Light` is a quick graph for parts of a ground, and `view` lets rdflib ask a ground that stays where it is.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, TypeAlias

from rdflib import BNode, Graph, URIRef
from rdflib import Literal as RdflibLiteral
from rdflib.namespace import SH, NamespaceManager
from rdflib.store import Store as RdflibStore
from rdflib.term import Node as RdflibNode

from whatworks.checks.lines import plain
from whatworks.namespaces import Prefixes
from whatworks.nodes import node_of, term_of
from whatworks.store import Ground
from whatworks.terms import Iri, Literal

RdflibTriple: TypeAlias = tuple[RdflibNode, RdflibNode, RdflibNode]
Pattern: TypeAlias = tuple[RdflibNode | None, RdflibNode | None, RdflibNode | None]

_TYPE_MARK = '"^^<'


class Names(dict[str, RdflibNode]):
    """The terms that N-Triples tokens stand for, each made once."""

    def __missing__(self, token: str) -> RdflibNode:
        if token[0] == "<":
            node: RdflibNode = URIRef(token[1:-1])
        elif token[0] == "_":
            node = BNode(token[2:])
        elif token[-1] == ">":
            text, _, datatype = token[1:-1].rpartition(_TYPE_MARK)
            node = RdflibLiteral(plain(text), datatype=URIRef(datatype), normalize=False)
        elif token[-1] == '"':
            node = RdflibLiteral(plain(token[1:-1]))
        else:
            text, _, language = token[1:].rpartition('"@')
            node = RdflibLiteral(plain(text), lang=language, normalize=False)
        self[token] = node
        return node


def read_triples(ntriples: bytes, names: Names) -> Iterator[RdflibTriple]:
    """Yield the statements of N-Triples as our stores write them, one on a line with single spaces between."""
    for line in ntriples.decode().split("\n")[:-1]:
        subject, predicate, value = line[:-2].split(" ", 2)
        yield names[subject], names[predicate], names[value]


class _Asked(RdflibStore):
    """What the stores here have in common: they are asked, and know no namespaces."""

    def namespace(self, prefix: str) -> None:
        """Return no namespace."""

    def prefix(self, namespace: URIRef) -> None:
        """Return no prefix."""

    def namespaces(self) -> Iterator[tuple[str, URIRef]]:
        """Yield nothing."""
        yield from ()


class _Statements(_Asked):
    """Statements by subject and predicate; by value only where somebody asks."""

    def __init__(self, triples: Iterable[RdflibTriple]) -> None:
        super().__init__()
        self._said: dict[RdflibNode, dict[RdflibNode, dict[RdflibNode, None]]] = {}
        self._behind: dict[RdflibNode, dict[RdflibNode, list[RdflibNode]]] = {}
        self._size: int | None = None
        self._put(triples)

    def _put(self, triples: Iterable[RdflibTriple]) -> None:
        every, last, said = self._said, None, dict[RdflibNode, dict[RdflibNode, None]]()
        for subject, predicate, value in triples:
            if subject is not last:  # statements about a node come one after the other
                last = subject
                said = every.setdefault(subject, {})
            if (values := said.get(predicate)) is None:
                said[predicate] = {value: None}
            else:
                values[value] = None

    def add(self, triple: Any, context: Graph, quoted: bool = False) -> None:
        """Add a statement."""
        self._behind.clear()
        self._size = None
        self._put([triple])

    def __len__(self, context: Graph | None = None) -> int:
        if self._size is None:  # is asked for with every result
            self._size = sum(len(values) for said in self._said.values() for values in said.values())
        return self._size

    def values(self, subject: RdflibNode, predicate: RdflibNode) -> Iterable[RdflibNode]:
        """Return what is said of a node with a predicate."""
        return self._said.get(subject, {}).get(predicate, ())

    def subjects(self, predicate: RdflibNode, value: RdflibNode) -> Iterable[RdflibNode]:
        """Return of what a value is said with a predicate."""
        if predicate not in self._behind:
            behind = self._behind[predicate] = {}
            for subject, said in self._said.items():
                for each in said.get(predicate, ()):
                    behind.setdefault(each, []).append(subject)
        return self._behind[predicate].get(value, ())

    def triples(self, triple_pattern: Pattern, context: Graph | None = None) -> Iterator[Any]:
        """Yield the statements that have these parts."""
        subject, predicate, value = triple_pattern
        if subject is not None:
            said = self._said.get(subject, {})
            values_of = said.items() if predicate is None else [(predicate, said.get(predicate, {}))]
            for prop, values in values_of:
                if value is None:
                    for each in values:
                        yield (subject, prop, each), None
                elif value in values:
                    yield (subject, prop, value), None
        elif predicate is not None and value is not None:
            for each in self.subjects(predicate, value):
                yield (each, predicate, value), None
        else:
            for each, said in self._said.items():
                for prop, values in said.items():
                    if predicate is None or prop == predicate:
                        yield from (((each, prop, found), None) for found in values if value is None or found == value)


class _Written(NamespaceManager):
    """Writes IRIs in messages of the validator with the prefixes of a project."""

    def __init__(self, graph: Graph, prefixes: Prefixes) -> None:
        super().__init__(graph, bind_namespaces="none")
        self._written = cache(lambda iri: prefixes.shorten(iri) or f"<{iri}>")

    def bind(self, *_: Any, **__: Any) -> None:
        """Bind nothing."""

    def normalizeUri(self, rdfTerm: str) -> str:  # noqa: N802, N803 - the name that rdflib asks for
        """Return an IRI as it is written."""
        return self._written(str(rdfTerm))


class Light(Graph):
    """A graph that answers what the validator asks most without detours.

    Args:
        triples: The statements; some can be added later.
        prefixes: The prefixes that messages are written with.
    """

    def __init__(self, triples: Iterable[RdflibTriple], prefixes: Prefixes) -> None:
        self._statements = _Statements(triples)
        super().__init__(store=self._statements, bind_namespaces="none")
        self.namespace_manager = _Written(self, prefixes)

    def objects(self, subject: Any = None, predicate: Any = None, unique: bool = False) -> Any:
        """Yield the values of a predicate of a node."""
        if subject is None or type(predicate) is not URIRef:
            return super().objects(subject, predicate, unique)
        return iter(self._statements.values(subject, predicate))

    def subjects(self, predicate: Any = None, object: Any = None, unique: bool = False) -> Any:
        """Yield the nodes that have a value."""
        if object is None or type(predicate) is not URIRef:
            return super().subjects(predicate, object, unique)
        return iter(self._statements.subjects(predicate, object))


class _View(_Asked):
    """A ground, asked by rdflib."""

    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self._ground = ground

    def __len__(self, context: Graph | None = None) -> int:
        return 1  # is asked only whether there is anything; counting would read all

    def triples(self, triple_pattern: Pattern, context: Graph | None = None) -> Iterator[Any]:
        """Yield the statements that have these parts."""
        subject, predicate, value = (term_of(node) for node in triple_pattern)
        if isinstance(subject, Literal) or not (predicate is None or isinstance(predicate, Iri)):
            return
        for triple in self._ground.match(subject, predicate, value):
            yield (node_of(triple.subject), node_of(triple.predicate), node_of(triple.object)), None


def view(ground: Ground, prefixes: Prefixes) -> Graph:
    """Return a ground as a graph that can only be asked."""
    graph = Graph(store=_View(ground), bind_namespaces="none")
    graph.namespace_manager = _Written(graph, prefixes)
    return graph


def pattern_of(shapes: Graph, shape: RdflibNode | None) -> re.Pattern[str] | None:
    """Return the pattern that a shape asks for, if it asks for one."""
    pattern, flags = shapes.value(shape, SH.pattern), shapes.value(shape, SH.flags)
    return None if pattern is None else re.compile(str(pattern), re.IGNORECASE if "i" in str(flags) else 0)


def short(term: RdflibNode | None, prefixes: Prefixes) -> str:
    """Return an IRI as a CURIE where that is possible."""
    if isinstance(term, URIRef):
        return prefixes.shorten(str(term)) or str(term)
    return str(term)
