"""Statements as rdflib has them; rdflib and pyshacl are known to the checks only."""

import re
from collections.abc import Iterable

from rdflib import BNode, Graph, URIRef
from rdflib import Literal as RdflibLiteral
from rdflib.namespace import SH
from rdflib.term import Node as RdflibNode

from whatworks.namespaces import Prefixes
from whatworks.terms import BlankNode, Iri, Literal, Quad, Term


def graph_of(quads: Iterable[Quad]) -> Graph:
    """Return statements, whatever their graphs, as one rdflib graph; texts of literals stay as they are."""
    graph = Graph()
    nodes: dict[Term, RdflibNode] = {}

    def node(term: Term) -> RdflibNode:
        if term not in nodes:
            nodes[term] = node_of(term)
        return nodes[term]

    for quad in quads:
        graph.add((node(quad.subject), node(quad.predicate), node(quad.object)))
    return graph


def node_of(term: Term) -> RdflibNode:
    """Return a term as rdflib has it; the text of a literal stays as it is."""
    match term:
        case Iri():
            return URIRef(term)
        case BlankNode():
            return BNode(term.name)
        case Literal():
            datatype = None if term.language else URIRef(term.datatype)
            return RdflibLiteral(term.value, lang=term.language or None, datatype=datatype, normalize=False)


def pattern_of(shapes: Graph, shape: RdflibNode | None) -> re.Pattern[str] | None:
    """Return the pattern that a shape asks for, if it asks for one."""
    pattern, flags = shapes.value(shape, SH.pattern), shapes.value(shape, SH.flags)
    return None if pattern is None else re.compile(str(pattern), re.IGNORECASE if "i" in str(flags) else 0)


def short(term: RdflibNode | None, prefixes: Prefixes) -> str:
    """Return an IRI as a CURIE where that is possible."""
    if isinstance(term, URIRef):
        return prefixes.shorten(str(term)) or str(term)
    return str(term)
