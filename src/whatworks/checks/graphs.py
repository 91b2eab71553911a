"""Statements as rdflib has them; rdflib and pyshacl are known to the checks only."""

from collections.abc import Iterable

from rdflib import BNode, Graph, URIRef
from rdflib import Literal as RdflibLiteral
from rdflib.term import Node as RdflibNode

from whatworks.namespaces import Prefixes
from whatworks.terms import BlankNode, Iri, Literal, Quad, Term


def graph_of(quads: Iterable[Quad]) -> Graph:
    """Return statements, whatever their graphs, as one rdflib graph; texts of literals stay as they are."""
    graph = Graph()
    nodes: dict[Term, RdflibNode] = {}

    def node(term: Term) -> RdflibNode:
        if term not in nodes:
            match term:
                case Iri():
                    nodes[term] = URIRef(term)
                case BlankNode():
                    nodes[term] = BNode(term.name)
                case Literal():
                    datatype = None if term.language else URIRef(term.datatype)
                    nodes[term] = RdflibLiteral(
                        term.value, lang=term.language or None, datatype=datatype, normalize=False
                    )
        return nodes[term]

    for quad in quads:
        graph.add((node(quad.subject), node(quad.predicate), node(quad.object)))
    return graph


def short(term: RdflibNode | None, prefixes: Prefixes) -> str:
    """Return an IRI as a CURIE where that is possible."""
    if isinstance(term, URIRef):
        return prefixes.shorten(str(term)) or str(term)
    return str(term)
