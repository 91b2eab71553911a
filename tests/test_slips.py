"""What in an own query is probably a slip is told, with its place; the query is answered all the same."""

from collections.abc import Callable

import pytest

from tests.conftest import ROOT
from whatworks import KnowledgeGraph
from whatworks.results import Table
from whatworks.slips import slips
from whatworks.terms import Iri

ONT = "https://w3id.org/whatworks/ont#"
LIST = "List the graphs with: whatworks stats --graphs"


def told(kg: KnowledgeGraph, query: str) -> list[str]:
    """Return what is told of a query that the collection answers."""
    kg.sparql(query)
    return [slip.removeprefix("Warning: query:") for slip in slips(query, kg.collection, kg.catalogue)]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("ASK { ?i ww:targetgroup ?t }", "1:10: the model has no ww:targetgroup; did you mean ww:targetGroup?"),
        ("ASK { ?i a ww:practise }", "1:12: the model has no ww:practise; did you mean ww:Practice?"),
        ("ASK {\n ?i ww:stage ww:Pilot }", "2:14: the model has no ww:Pilot; did you mean stage:pilot?"),
        ("ASK { ?i ww:stage stage:piloted }", "1:19: the model has no stage:piloted; did you mean stage:pilot?"),
        ("ASK { ?i dcterms:spatial country:BELG }", "1:26: the model has no country:BELG; did you mean country:BEL?"),
        ("ASK { ?c skos:inScheme voc:stages }", "1:24: the model has no voc:stages; did you mean voc:stage?"),
        ("ASK { ?i ww:qqqqq ?t }", "1:10: the model has no ww:qqqqq."),
        ("ASK { ?i ^ww:hasFase/ww:stage ?t }", "1:11: the model has no ww:hasFase; did you mean ww:hasPhase?"),
        (f"ASK {{ ?i <{ONT}Stage> ?t }}", f"1:10: the model has no <{ONT}Stage>; did you mean ww:stage?"),
        (f"PREFIX x: <{ONT}> ASK {{ ?i x:Stage ?t }}", "1:54: the model has no x:Stage; did you mean ww:stage?"),
        (f"PREFIX : <{ONT}>ASK{{?i :Stage ?t}}", "1:50: the model has no :Stage; did you mean ww:stage?"),
        ("ASK { ?i ww:st\\-age ?t }", "1:10: the model has no ww:st\\-age; did you mean ww:stage?"),
        ("DESCRIBE intervention:expairs-projekt", "1:10: nothing is known of intervention:expairs-projekt."),
        ("ASK { GRAPH graph:agent { ?s ?p ?o } }", f"1:13: no graph is named graph:agent. {LIST}"),
        ("ASK { GRAPH\n<urn:x> { ?s ?p ?o } }", f"2:1: no graph is named <urn:x>. {LIST}"),
    ],
)
def test_slip_is_told(kg: KnowledgeGraph, query: str, said: str) -> None:
    """A graph, term, concept or thing that is not there is told with its place, and with what may be meant."""
    assert [said] == told(kg, query)


@pytest.mark.parametrize(
    "query",
    [
        "ASK { GRAPH graph:agents { ?s ?p ?o } }",
        "ASK { GRAPH ?g { ?s ww:stage stage:pilot } }",
        "SELECT * FROM <https://w3id.org/whatworks/graph/agents> { ?s a foaf:Agent }",
        "SELECT * FROM NAMED <https://w3id.org/whatworks/graph/agents> { GRAPH ?g { ?s a foaf:Agent } }",
        "CONSTRUCT { ?s <https://example.org/is> schema:Thing } WHERE { ?s a ww:Practice }",
        'ASK { ?s dcterms:titel "ww:targetgroup" } # ww:targetgroup',
        "PREFIX ww: <https://example.org/> ASK { ?s ww:targetgroup ?o }",
        "BASE <https://w3id.org/whatworks/ont#targetgroup> ASK { ?s <targetgroup> ?o }",
        "ASK { _:ww ?ww _:targetgroup }",
        "ASK { VALUES ?x { stage:pilot country:BEL nuts:ITC11 intervention:expairs-project } ?s ?p ?x }",
        "DESCRIBE <https://w3id.org/whatworks/ont>",
        "ASK { ?s ?p ?o FILTER(STRSTARTS(STR(?p), STR(ww:))) }",
    ],
)
def test_nothing_is_told(kg: KnowledgeGraph, query: str) -> None:
    """What is there, what other vocabularies define, texts, remarks, variables and blank nodes are no slips."""
    assert [] == told(kg, query)


def test_each_name_is_told_once_in_order(kg: KnowledgeGraph) -> None:
    """Several slips stand in the order of the text, each where it comes first."""
    query = "ASK { ?i ww:Stage ?b . GRAPH graph:a { ?i ww:Scope ?a } ?i ww:Stage ?a }"
    assert ["1:10", "1:30", "1:43"] == [slip.split(": ")[0] for slip in told(kg, query)]


def test_stored_queries_and_rules_have_no_slips(kg: KnowledgeGraph) -> None:
    """What comes with the tool names only what is there, but for the slip that one query has as its example."""
    files = [*(ROOT / "queries").rglob("*.rq"), *(ROOT / "ontology/rules").rglob("*.rq")]
    found = {file.stem: slips(file.read_text(encoding="utf-8"), kg.collection, kg.catalogue) for file in files}
    assert {"nowhere"} == {name for name, said in found.items() if said}


def test_terms_of_a_project(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """A project's own concepts count, and so do its things."""
    kg = project(
        {
            "whatworks.toml": 'base = "https://measures.example/"\n',
            "ontology/prefixes.ttl": "@prefix own: <https://measures.example/voc/theme/> .\n",
            "ontology/vocabularies/own.ttl": """
            @prefix own: <https://measures.example/voc/theme/> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
            own:warm-meal a skos:Concept ; skos:inScheme <https://w3id.org/whatworks/voc/theme> .
            """,
        }
    )
    query = "ASK { VALUES ?x { own:warm-meals <https://measures.example/id/intervention/a> intervention:a } ?s ?p ?x }"
    assert [
        "1:19: the model has no own:warm-meals; did you mean own:warm-meal?",
        "1:34: nothing is known of <https://measures.example/id/intervention/a>.",
    ] == told(kg, query)


def test_slips_are_told_to_who_opened_the_graph() -> None:
    """`KnowledgeGraph.sparql` tells slips after the engine took the query, and answers."""
    said: list[str] = []
    kg = KnowledgeGraph.open(notify=said.append)
    answer = kg.sparql("SELECT ?i { ?i a ww:Practise }")
    assert isinstance(answer, Table)
    assert [] == list(answer)
    assert ["Warning: query:1:18: the model has no ww:Practise; did you mean ww:Practice?"] == said


def test_namespace() -> None:
    """The namespace of a term ends with its last slash or number sign."""
    assert ONT == Iri(f"{ONT}stage").namespace
    assert "https://w3id.org/whatworks/voc/stage/" == Iri("https://w3id.org/whatworks/voc/stage/pilot").namespace
