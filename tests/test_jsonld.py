"""JSON-LD documents hold what the statements hold, in a form that people and programs like to read."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Graph
from rdflib.compare import to_canonical_graph

from whatworks import KnowledgeGraph
from whatworks.assets import Assets
from whatworks.errors import MissingFile, RemoteContext
from whatworks.jsonld import CONTEXT, Documents, on_a_line
from whatworks.namespaces import LABELS, NOTATION, WW
from whatworks.nodes import graph_of
from whatworks.results import Triples
from whatworks.store import parse
from whatworks.terms import RDF_TYPE, XSD, BlankNode, Iri, Literal, Quad, Triple

DCTERMS = "http://purl.org/dc/terms/"
ID = "https://w3id.org/whatworks/id/"
THING = Iri(ID + "intervention/x")


@pytest.fixture(scope="module")
def documents(kg: KnowledgeGraph) -> Documents:
    """Frames with the shipped context."""
    return kg.documents


def _read(document: bytes, documents: Documents) -> set[Triple]:
    quads = parse(document, "jsonld", name="x.jsonld", base="https://example.org/", contexts=documents.contexts)
    return {quad.triple for quad in quads}


def _tree(documents: Documents, triples: Iterable[Triple]) -> dict[str, Any]:
    return documents.tree((Quad(*triple) for triple in triples), THING)


def canonical(triples: Iterable[Triple]) -> Graph:
    """Return a graph that equals another if both say the same, however they name what has no IRI."""
    return to_canonical_graph(graph_of(Quad(*triple) for triple in triples))


def _said(predicate: str, *values: Iri | Literal, of: Iri = THING) -> list[Triple]:
    return [Triple(of, Iri(predicate), value) for value in values]


def _is_practice() -> list[Triple]:
    return _said(RDF_TYPE, Iri(WW + "Practice"))


# ---- nothing is lost ----


@pytest.mark.slow
@pytest.mark.parametrize("of_class", [None, "Agent", "Record", "Link", "Collection", "Concept", "Dataset"])
def test_every_shipped_thing_reads_back(of_class: str | None, kg: KnowledgeGraph) -> None:
    """The document of every thing has the very triples that files assert of it."""
    things = kg.things(of_class=of_class)
    assert things
    for thing in things:
        stated = {quad.triple for quad in kg.statements([thing])}
        document = kg.documents.document([on_a_line(kg.documents.tree(kg.statements([thing]), thing))], single=True)
        assert (thing, stated) == (thing, _read(document, kg.documents))


@pytest.mark.slow
def test_query_answer_reads_back(kg: KnowledgeGraph) -> None:
    """The document of a graph answer has the very triples of the answer, for every intervention."""
    for thing in kg.things(of_class="Intervention"):
        answer = kg.query("intervention", intervention=thing)
        assert isinstance(answer, Triples)
        triples = list(answer)
        assert (thing, set(triples)) == (thing, _read(kg.exporter.triples(triples, "jsonld"), kg.documents))


@pytest.mark.parametrize(
    "query",
    [
        "CONSTRUCT { ?a ?p ?b } WHERE { ?a a foaf:Agent ; ?p ?b } ORDER BY ?a LIMIT 50",
        "CONSTRUCT { ?a skos:broader ?b } WHERE { ?a skos:broader ?b }",
        "CONSTRUCT { ?a ww:one ?b . ?b ww:other ?a } WHERE { ?a skos:broader ?b }",
        "CONSTRUCT { [] ww:one ?b } WHERE { ?b a ww:Tool }",
        "CONSTRUCT { _:x ww:one _:y . _:y ww:other _:x ; rdfs:label 'y' } WHERE { ?b a ww:Tool } LIMIT 3",
        "CONSTRUCT { ?b ww:one _:x . ?a ww:one _:x } WHERE { ?a skos:broader ?b }",
        "DESCRIBE stage:pilot",
        "CONSTRUCT { ?a ww:none ?b } WHERE { ?a ww:none ?b }",
    ],
)
def test_any_graph_answer_reads_back(query: str, kg: KnowledgeGraph) -> None:
    """Statements that form no thing with a record, circles and nodes without IRIs included, are all in the document."""
    answer = kg.sparql(query)
    assert isinstance(answer, Triples)
    triples = list(answer)
    back = _read(kg.exporter.triples(triples, "jsonld"), kg.documents)
    assert set(canonical(triples)) == set(canonical(back))


_TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=12)
_TAGS = st.sampled_from(["en", "fr", "de", "pt-br", "zh-hant", "und"])
_NUMBERS = st.one_of(
    st.integers(),
    st.integers(min_value=10**14, max_value=10**40),
    st.sampled_from(["007", "-0", "+5", "00", "1e3", "", " 1", "abc"]),
).map(str)
_DECIMALS = st.sampled_from(["0.50", "58.0", "-0.0", ".5", "5.", "1", "00.10", "123456789012345678901.123456789", "x"])
_BOOLEANS = st.sampled_from(["true", "false", "1", "0", "TRUE", "yes"])


def _typed(values: st.SearchStrategy[str], *names: str) -> st.SearchStrategy[Literal]:
    return st.builds(lambda text, name: Literal(text, "", Iri(XSD + name)), values, st.sampled_from(names))


_LITERALS = st.one_of(
    _TEXTS.map(Literal),
    st.builds(Literal.text, _TEXTS, _TAGS),
    _typed(_NUMBERS, "integer", "decimal", "double", "gYear", "string", "long"),
    _typed(_DECIMALS, "decimal", "double", "integer", "float"),
    _typed(_BOOLEANS, "boolean"),
    _typed(_TEXTS, "dateTime", "date", "anyURI"),
    st.builds(lambda text: Literal(text, "", Iri("https://example.org/type")), _TEXTS),
)
_PREDICATES = st.sampled_from(
    [
        *(WW + name for name in ("startYear", "ageFrom", "score", "significant", "aim", "stage", "grade", "position")),
        *(WW + name for name in ("hasComponent", "kind", "protocolVersion", "unknownProperty")),
        *(DCTERMS + name for name in ("title", "description", "identifier", "source", "spatial", "abstract")),
        "https://example.org/strange",
        "urn:x:strange",
        RDF_TYPE,
    ]
).map(Iri)
_IRIS = st.sampled_from(
    [
        THING,
        *(Iri(THING + part) for part in ("#component-1", "#component-2")),
        *(Iri(WW + name) for name in ("Practice", "unknown")),
        *(Iri(text) for text in ("https://example.org/a", "urn:a:b", "mailto:x@example.org", "https://example.org/é")),
    ]
)


@pytest.mark.slow
@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.builds(Triple, st.sampled_from([THING, Iri(THING + "#component-1")]), _PREDICATES, _IRIS | _LITERALS),
        max_size=8,
    )
)
def test_odd_records_read_back(documents: Documents, triples: list[Triple]) -> None:
    """Whatever a record holds is in its document, and nothing else."""
    whole = [*_is_practice(), *_said(WW + "hasComponent", Iri(THING + "#component-1")), *triples]
    assert set(whole) == _read(documents.document([on_a_line(_tree(documents, whole))], single=True), documents)


# ---- the form ----


@pytest.mark.parametrize(
    ("predicate", "literal", "key", "value"),
    [
        (WW + "startYear", Literal("2012", "", Iri(XSD + "integer")), "startYear", 2012),
        (WW + "startYear", Literal("-3", "", Iri(XSD + "integer")), "startYear", -3),
        (WW + "startYear", Literal("007", "", Iri(XSD + "integer")), "startYear", "007"),
        (WW + "startYear", Literal("9" * 15, "", Iri(XSD + "integer")), "startYear", 10**15 - 1),
        (WW + "startYear", Literal("9" * 16, "", Iri(XSD + "integer")), "startYear", "9" * 16),
        (WW + "significant", Literal("true", "", Iri(XSD + "boolean")), "significant", True),
        (WW + "significant", Literal("1", "", Iri(XSD + "boolean")), "significant", "1"),
        (WW + "effectSize", Literal("0.50", "", Iri(XSD + "decimal")), "effectSize", "0.50"),
        (DCTERMS + "title", Literal.text("Titre", "fr"), "title", {"fr": "Titre"}),
        (DCTERMS + "title", Literal("Title"), "title", {"@none": "Title"}),
        (DCTERMS + "identifier", Literal("x"), "key", "x"),
    ],
)
def test_values(documents: Documents, predicate: str, literal: Literal, key: str, value: Any) -> None:
    """Whole numbers and truth values are JSON's, decimals keep their digits as text, texts stand by language."""
    tree = _tree(documents, [*_is_practice(), *_said(predicate, literal)])
    assert {"id": str(THING), "type": "Practice", key: value} == tree
    assert type(value) is type(tree[key])


def test_several_texts_in_a_language(documents: Documents) -> None:
    """Several texts in one language form a list, texts in other languages stand beside it, tags in order."""
    texts = [Literal.text("Ziel", "de"), Literal.text("b", "en"), Literal.text("a", "en")]
    tree = _tree(documents, [*_is_practice(), *_said(WW + "aim", *texts)])
    assert [("de", "Ziel"), ("en", ["a", "b"])] == list(tree["aim"].items())


def test_keys_stand_in_the_order_of_the_context(kg: KnowledgeGraph) -> None:
    """In every tree, at every depth, keys stand as the context lists them."""
    rank = {term: index for index, term in enumerate(kg.documents.contexts[CONTEXT])}

    def check(value: Any) -> int:
        if isinstance(value, list):
            return sum(check(item) for item in value)
        if not isinstance(value, dict):
            return 0
        known = [rank[key] for key in value if key in rank]
        assert known == sorted(known), list(value)
        return 1 + sum(check(item) for item in value.values())

    assert check(json.loads(kg.export("jsonld", ["expairs-project"]))) > 50


def test_parts_stand_by_position(documents: Documents) -> None:
    """Parts stand by position, those without one behind, by the number in their IRI and not by its digits."""
    triples = _is_practice()
    for name, position in (("f-10", "2"), ("f-9", "10"), ("f-1", ""), ("f-11", ""), ("f-2", "")):
        part = Iri(f"{THING}#{name}")
        triples += _said(WW + "hasSuccessFactor", part)
        triples += _said(WW + "statement", Literal.text(name, "en"), of=part)
        if position:
            triples += _said(WW + "position", Literal(position, "", Iri(XSD + "integer")), of=part)
    parts = _tree(documents, triples)["successFactor"]
    assert ["f-10", "f-9", "f-1", "f-2", "f-11"] == [part["statement"]["en"] for part in parts]


def test_concepts_stand_with_label_and_code(kg: KnowledgeGraph) -> None:
    """A concept that a thing points to is shown with its labels and its code; the record stands in the thing."""
    tree = json.loads(kg.export("jsonld", ["expairs-project"]))
    concept = "https://w3id.org/whatworks/voc/stage/mainstreamed"
    assert tree["stage"]["id"] == concept
    assert (tree["stage"]["label"]["en"], tree["stage"]["code"]) == ("Mainstreamed", "mainstreamed")
    (record,) = tree["record"]
    assert (record["type"], record["id"]) == ("Record", ID + "record/expairs-project")
    assert [1, 2] == [phase["position"] for phase in tree["phase"]]


def test_an_assigned_facet_stays_marked(kg: KnowledgeGraph) -> None:
    """What was assigned here stands under its own name, and what was inferred is not in the document."""
    tree = json.loads(kg.export("jsonld", ["expairs-project"]))
    assert "assignedApproach" in tree
    assert {"approach", "country", "actor", "hasTheme", "ww:hasTheme"} & set(tree) == set()


# ---- whole documents ----


def test_one_thing_is_the_document(kg: KnowledgeGraph) -> None:
    """One thing asked for by name is the document itself, below the name of the context."""
    body = json.loads(kg.export("jsonld", ["expairs-project"]))
    assert ["@context", "id", "type"] == list(body)[:3]
    assert body["@context"] == CONTEXT


def test_several_things_form_a_list(kg: KnowledgeGraph) -> None:
    """Several things stand under @graph in the order in which they were asked for."""
    names = ["youthreach", "expairs-project"]
    body = json.loads(kg.export("jsonld", names))
    assert ["@context", "@graph"] == list(body)
    assert [ID + "intervention/" + name for name in names] == [tree["id"] for tree in body["@graph"]]


def test_document_of_a_class(kg: KnowledgeGraph) -> None:
    """A class is a list of its members, even of one, and reads back."""
    document = kg.export("jsonld", of_class="Tool")
    tools = kg.things(of_class="Tool")
    assert [str(tool) for tool in tools] == [tree["id"] for tree in json.loads(document)["@graph"]]
    assert {quad.triple for quad in kg.statements(tools)} == _read(document, kg.documents)
    assert "@graph" in json.loads(kg.export("jsonld", of_class="Collection"))


def test_document_of_the_collection(kg: KnowledgeGraph) -> None:
    """The whole collection is a list of everything that the data files hold, and reads back."""
    document = kg.export("jsonld")
    ids = [tree["id"] for tree in json.loads(document)["@graph"]]
    assert len(ids) == len(set(ids))
    assert {str(thing) for thing in kg.things()} <= set(ids)
    asserted, read = {quad.triple for quad in kg.collection.asserted()}, _read(document, kg.documents)
    assert asserted <= read
    assert {triple.predicate for triple in read - asserted} <= {*LABELS, NOTATION}


def test_document_of_a_query(kg: KnowledgeGraph) -> None:
    """The answer of the query `intervention` is one tree, rooted at the intervention, computed facts included."""
    answer = kg.query("intervention", intervention="expairs-project")
    assert isinstance(answer, Triples)
    body = json.loads(kg.exporter.triples(answer, "jsonld"))
    assert (CONTEXT, ID + "intervention/expairs-project", "Practice") == (body["@context"], body["id"], body["type"])
    assert len(body["successFactor"]) == 5
    assert {"evidenceType", "statement", "theme"} <= set(body["successFactor"][0])


def test_answer_without_triples(kg: KnowledgeGraph) -> None:
    """An empty answer is an empty list."""
    assert {"@context": CONTEXT, "@graph": []} == json.loads(kg.exporter.triples([], "jsonld"))


def test_document_is_utf8_and_ends_with_a_line_end(documents: Documents) -> None:
    """Letters of all languages stand as they are."""
    document = documents.document([on_a_line({"id": "é", "title": {"el": "Ελλάδα"}})], single=True)
    assert "Ελλάδα".encode() in document
    assert document.endswith(b"}\n")


_PRINT = """
import sys
from whatworks import KnowledgeGraph
kg = KnowledgeGraph.open()
sys.stdout.buffer.write(kg.export("jsonld", ["expairs-project", "career-academies"]))
sys.stdout.buffer.write(kg.exporter.triples(kg.query("intervention", intervention="career-academies"), "jsonld"))
"""


@pytest.mark.slow
def test_document_does_not_depend_on_the_hash_seed() -> None:
    """Two processes with different hash seeds write the same bytes."""
    written = [
        subprocess.run(
            [sys.executable, "-c", _PRINT], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True, timeout=60
        ).stdout
        for seed in ("0", "1")
    ]
    assert len(written[0]) > 10_000
    assert written[0] == written[1]


# ---- contexts ----


def test_no_context_is_fetched(documents: Documents) -> None:
    """The loader gives the bundled context and refuses every other name."""
    assert documents._load_context(CONTEXT, {})["document"]["@context"]["title"]["@id"] == "dcterms:title"
    with pytest.raises(RemoteContext, match=r"'https://schema\.org/' is not bundled"):
        documents._load_context("https://schema.org/", {})


def test_model_without_context(tmp_path: Path) -> None:
    """Without its file the context is missing, and that is said."""
    (tmp_path / "ontology").mkdir()
    with pytest.raises(MissingFile, match=r"ontology/context\.jsonld"):
        _ = Documents(Assets(tmp_path)).contexts


def test_node_without_an_iri(documents: Documents) -> None:
    """A part without an IRI stands in its thing, without a made-up name."""
    part = BlankNode("b")
    triples = [
        *_is_practice(),
        Triple(THING, Iri(WW + "hasComponent"), part),
        Triple(part, Iri(DCTERMS + "title"), Literal.text("Part", "en")),
    ]
    tree = documents.tree((Quad(*triple) for triple in triples), THING)
    assert [{"title": {"en": "Part"}}] == tree["component"]
