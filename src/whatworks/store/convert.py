"""Our terms to the engine's and back."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, NoReturn

import pyoxigraph as ox

from whatworks.terms import LANG_STRING, BlankNode, Iri, Literal, Node, Quad, Term, Triple

RESULT_FORMATS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}


def from_engine(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> Term:
    """Return an engine's term as ours."""
    return _FROM_ENGINE[type(term)](term)


# The same IRIs come back: properties, graphs, datatypes, and the concepts that things share.
_iri = lru_cache(maxsize=8192)(Iri)
# Nothing is derived from the engine's classes, so that the type itself may be asked for, which is quickest.
_NODE = ox.NamedNode
# What a NamedTuple does when it is called, without its detour through Python.
_of_parts: Callable[..., Any] = tuple.__new__
_literal_of: Callable[[tuple[str, str, Iri]], Literal] = partial(_of_parts, Literal)
_triple_of: Callable[[tuple[Any, Iri, Term]], Triple] = partial(_of_parts, Triple)
_quad_of: Callable[[tuple[Any, Iri, Term, Iri | None]], Quad] = partial(_of_parts, Quad)


def _literal(term: ox.Literal) -> Literal:
    if language := term.language:
        if term.direction is not None:
            raise TypeError("texts with a direction (RDF 1.2) are not used")
        return _literal_of((term.value, language, LANG_STRING))
    return _literal_of((term.value, "", _iri(term.datatype.value)))


def _triple(_: ox.Triple) -> NoReturn:
    raise TypeError("triple terms (RDF 1.2) are not used")


_FROM_ENGINE: dict[type, Callable[[Any], Term]] = {
    ox.NamedNode: lambda term: _iri(term.value),
    ox.Literal: _literal,
    ox.BlankNode: lambda term: BlankNode(term.value),
    ox.Triple: _triple,
}
_OF_CELL: dict[type, Callable[[Any], Term | None]] = {**_FROM_ENGINE, type(None): lambda _: None}


def to_engine(term: Term) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    """Return our term as the engine's."""
    match term:
        case Iri():
            return ox.NamedNode(term)
        case Literal():
            if term.language:
                return ox.Literal(term.value, language=term.language)
            return ox.Literal(term.value, datatype=ox.NamedNode(term.datatype))
        case BlankNode():
            return ox.BlankNode(term.name)


def node_to_engine(term: Node) -> ox.NamedNode | ox.BlankNode:
    """Return our subject as the engine's."""
    return ox.NamedNode(term) if isinstance(term, Iri) else ox.BlankNode(term.name)


def quad_from_engine(quad: ox.Quad, graph: Iri | None = None) -> Quad:
    """Return an engine's statement as ours; `graph` stands in where the statement names none."""
    subject, value, name = quad.subject, quad.object, quad.graph_name
    named = _iri(name.value) if type(name) is _NODE else graph
    return _quad_of(
        (
            _iri(subject.value) if type(subject) is _NODE else _FROM_ENGINE[type(subject)](subject),
            _iri(quad.predicate.value),
            _iri(value.value) if type(value) is _NODE else _FROM_ENGINE[type(value)](value),
            named,
        )
    )


def quad_to_engine(quad: Quad) -> ox.Quad:
    """Return our statement as the engine's."""
    graph = ox.NamedNode(quad.graph) if quad.graph else ox.DefaultGraph()
    return ox.Quad(node_to_engine(quad.subject), ox.NamedNode(quad.predicate), to_engine(quad.object), graph)


def triple_from_engine(triple: ox.Triple) -> Triple:
    """Return an engine's triple as ours."""
    subject, value = triple.subject, triple.object
    return _triple_of(
        (
            _iri(subject.value) if type(subject) is _NODE else _FROM_ENGINE[type(subject)](subject),
            _iri(triple.predicate.value),
            _iri(value.value) if type(value) is _NODE else _FROM_ENGINE[type(value)](value),
        )
    )


def row_from_engine(solution: ox.QuerySolution) -> tuple[Term | None, ...]:
    """Return an engine's solution as a row of ours."""
    of = _OF_CELL
    return tuple([_iri(term.value) if type(term) is _NODE else of[type(term)](term) for term in solution])
