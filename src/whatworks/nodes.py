"""Terms and statements as rdflib has them, and back."""

from collections.abc import Iterable, Mapping

from rdflib import BNode, Dataset, Graph, URIRef
from rdflib import Literal as RdflibLiteral
from rdflib.graph import DATASET_DEFAULT_GRAPH_ID
from rdflib.term import Node as RdflibNode

from whatworks.terms import LANG_STRING, XSD_STRING, BlankNode, Iri, Literal, Quad, Term, Triple


class _Nodes(dict[Term, RdflibNode]):
    """The nodes of terms, each made once."""

    def __missing__(self, term: Term) -> RdflibNode:
        self[term] = node_of(term)
        return self[term]


def graph_of(statements: Iterable[Quad | Triple], prefixes: Mapping[str, str] | None = None) -> Graph:
    """Return statements, whatever their graphs, as one rdflib graph; texts of literals stay as they are.

    Args:
        statements: Quads or triples.
        prefixes: Names of namespaces, for those who write the graph.
    """
    graph, nodes = Graph(), _Nodes()
    _bind(graph, prefixes)
    for statement in statements:
        graph.add((nodes[statement[0]], nodes[statement[1]], nodes[statement[2]]))
    return graph


def dataset_of(quads: Iterable[Quad], prefixes: Mapping[str, str] | None = None) -> Dataset:
    """Return statements as an rdflib data set, each in its named graph; asked without GRAPH, it is the union of all."""
    dataset, nodes = Dataset(default_union=True), _Nodes()
    _bind(dataset, prefixes)
    graphs: dict[Iri | None, Graph] = {}
    for quad in quads:
        if quad.graph not in graphs:
            name = URIRef(quad.graph) if quad.graph is not None else DATASET_DEFAULT_GRAPH_ID
            graphs[quad.graph] = dataset.graph(name)
        graphs[quad.graph].add((nodes[quad.subject], nodes[quad.predicate], nodes[quad.object]))
    return dataset


def _bind(graph: Graph, prefixes: Mapping[str, str] | None) -> None:
    for prefix, namespace in (prefixes or {}).items():
        graph.bind(prefix, namespace, replace=True)


def node_of(term: Term) -> RdflibNode:
    """Return a term as rdflib has it; the text of a literal stays as it is."""
    match term:
        case Iri():
            return URIRef(term)
        case BlankNode():
            return BNode(term.name)
        case Literal():
            # To rdflib "a" and "a"^^xsd:string are two; parsers and queries give the first.
            datatype = None if term.language or term.datatype == XSD_STRING else URIRef(term.datatype)
            return RdflibLiteral(term.value, lang=term.language or None, datatype=datatype, normalize=False)


def term_of(node: RdflibNode | None) -> Term | None:
    """Return a term of rdflib as ours; None for what is none, such as a variable."""
    match node:
        case URIRef():
            return Iri(node)
        case BNode():
            return BlankNode(str(node))
        case RdflibLiteral():
            if node.language:
                return Literal(str(node), node.language.lower(), LANG_STRING)
            return Literal(str(node), "", Iri(node.datatype) if node.datatype is not None else XSD_STRING)
    return None
