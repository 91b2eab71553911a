"""Terms and statements as rdflib has them."""

from collections import Counter

import pytest
import rdflib
from hypothesis import given
from rdflib.namespace import DCTERMS, SKOS
from rdflib.term import Node

from tests.strategies import IRIS, LITERALS
from whatworks import KnowledgeGraph
from whatworks.nodes import dataset_of, graph_of, node_of, term_of
from whatworks.results import Triples
from whatworks.terms import Iri, Literal, Quad, Term

A, B, G = Iri("https://example.org/a"), Iri("https://example.org/b"), Iri("https://example.org/g")


@given(IRIS | LITERALS)
def test_terms_come_back(term: Term) -> None:
    """A term is the same after it was a node."""
    assert term == term_of(node_of(term))


def test_what_is_no_term() -> None:
    """A variable of rdflib is no term."""
    assert term_of(rdflib.Variable("a")) is None
    assert term_of(None) is None


@pytest.mark.filterwarnings("ignore:Dataset:DeprecationWarning")  # rdflib itself asks for what it deprecates
def test_graph_and_dataset() -> None:
    """A graph forgets in which graphs statements stand; a data set keeps them, and asked plainly is the union."""
    quads = [Quad(A, B, Literal("01"), G), Quad(A, B, Literal("01")), Quad(A, B, Literal("1", "", Iri(rdflib.XSD.int)))]
    assert len(graph_of(quads)) == 2
    dataset = dataset_of(quads, {"ex": "https://example.org/"})
    names = Counter(str(quad[3]) for quad in dataset.quads())
    assert names == {str(G): 1, "urn:x-rdflib:default": 2}
    assert len(list(dataset.query("SELECT * { ?s ex:b ?o }"))) == 2
    named = dataset.query("SELECT ?g { GRAPH ?g { ?s ex:b '01' } }").bindings
    assert [str(row[rdflib.Variable("g")]) for row in named] == [str(G)]


def test_part_of_a_collection(kg: KnowledgeGraph) -> None:
    """One thing, a class or everything becomes a graph or a data set with the statements of an export."""
    one = kg.graph(["expairs-project"])
    exported = rdflib.Graph().parse(data=kg.export("ntriples", ["expairs-project"]), format="nt")
    # The parser of rdflib writes times in its own way; here texts stay as they are.
    assert set(map(_valued, one)) == set(map(_valued, exported))
    assert (None, DCTERMS.identifier, rdflib.Literal("expairs-project")) in one
    assert "EXPAIRS" in str(one.value(rdflib.URIRef(kg.lookup.thing("expairs-project")), DCTERMS.title))
    assert bool(one.query('ASK { ?x dcterms:identifier "expairs-project" }'))  # with our prefixes
    concepts = kg.graph(of_class="Concept")
    assert len(set(concepts.subjects(SKOS.prefLabel))) > 300
    everything = kg.dataset()
    named = {str(graph) for *_, graph in everything.quads()}
    assert {str(quad.graph) for quad in kg.collection.asserted()} == named
    assert len(everything) == len({quad.triple for quad in kg.collection.asserted()})


def test_answer_as_a_graph(kg: KnowledgeGraph) -> None:
    """The answer to a CONSTRUCT query becomes a graph."""
    answer = kg.query("intervention", intervention="expairs-project")
    assert isinstance(answer, Triples)
    graph = answer.to_graph()
    assert len(graph) > 50


def _valued(triple: tuple[Node, Node, Node]) -> tuple[object, ...]:
    """Return a statement with the value of its literal."""
    return tuple(getattr(node, "value", node) for node in triple)
