"""Every statement of the collection has an origin: a record and its pages, a method, a rule, or the model."""

from collections.abc import Callable

import pytest

from whatworks import KnowledgeGraph
from whatworks.collection import owner_of
from whatworks.errors import UnknownThing
from whatworks.terms import BlankNode, Iri, Literal, Quad
from whatworks.why import _origin, origins

WW = "https://w3id.org/whatworks/ont#"
PAGE = "https://www.cedefop.europa.eu/en/tools/vet-toolkit-tackling-early-leaving/resources/expairs-project"


def test_stated_statement_leads_to_its_page(kg: KnowledgeGraph) -> None:
    """What a source states leads to the record, the page, who compiled it and when."""
    origin = next(each for each in kg.why("expairs-project", "ww:scope"))
    assert ("stated", (PAGE,), ("whatworks contributors",)) == (origin.kind, origin.pages, origin.by)
    assert "expairs-project" == (origin.record or Iri("")).code
    assert origin.when.startswith("2026-")


def test_parts_belong_to_the_thing(kg: KnowledgeGraph) -> None:
    """The statements of phases and other parts are among those of the thing."""
    subjects = {str(origin.quad.subject) for origin in kg.why("expairs-project", "ww:stage")}
    assert 3 == len(subjects)
    assert {"https://w3id.org/whatworks/id/intervention/expairs-project"} == {owner_of(Iri(each)) for each in subjects}


def test_assigned_statement_names_its_method(kg: KnowledgeGraph) -> None:
    """What was assigned names the method, and is not said to be stated."""
    found = kg.why("expairs-project", "ww:assignedApproach")
    assert ["assigned"] == [origin.kind for origin in found]
    assert "assigned from the aims and activities" in found[0].how
    assert found[0].record is None


def test_inferred_statement_names_its_rule_and_premise(kg: KnowledgeGraph) -> None:
    """What a rule made names the rule, and the assigned statement that it was made from."""
    found = kg.why("expairs-project", "ww:appliesApproach")
    assert {"assigned", "inferred"} == {origin.kind for origin in found}
    assert any("ontology/rules/sub-property.rq" in origin.how for origin in found)


def test_computed_statement_names_its_method_and_its_run(kg: KnowledgeGraph) -> None:
    """What was computed names the method with its version, the run and when it ended; so does what is said of that."""
    typed = kg.collection.store.match(predicate=Iri(WW + "linkType"))
    link = next(each for each in typed if each.graph == kg.collection.computed)
    assert isinstance(link.subject, Iri)
    found = kg.why(link.subject)
    assert {("computed", "whatworks link: Links by shared features, version 2")} == {
        (origin.kind, origin.how) for origin in found
    }
    (run,) = {origin.run for origin in found}
    assert run is not None
    assert run.code.startswith("shared-features-")
    (ended,) = {origin.when for origin in found}
    assert {(run, ended)} == {(origin.run, origin.when) for origin in kg.why(run)}
    assert [ended] == [origin.quad.object.value for origin in kg.why(run, "prov:endedAtTime")]  # type: ignore[union-attr]


def test_what_no_run_made_names_none(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """A node without an IRI, or of a link that names no run, is not said to come from the run of another."""
    kg = project({})
    space = kg.collection.space
    run, link = space.thing("run", "r"), space.thing("link", "l")
    made, used = Iri("http://www.w3.org/ns/prov#wasGeneratedBy"), Iri("http://www.w3.org/ns/prov#used")
    graph = kg.collection.computed
    quads = [
        Quad(space.thing("link", "other"), made, run, graph),
        Quad(run, used, space.thing("method", "m"), graph),
        Quad(BlankNode("b"), Iri(WW + "score"), Literal("1"), graph),
        Quad(link, Iri(WW + "score"), Literal("1"), graph),
    ]
    kg.collection.local.add(quads)
    assert [("whatworks link", None, "")] * 2 == [
        (each.how, each.run, each.when) for each in (_origin(kg.collection, quad) for quad in quads[2:])
    ]


def test_rule_that_is_gone_is_told(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """What is left of a rule that was removed is still inferred, and its origin says so."""
    kg = project({})
    thing, graph = kg.collection.space.thing("intervention", "a"), kg.collection.space.graph("inferred/old-rule")
    kg.collection.local.add([Quad(thing, Iri(WW + "hasTheme"), Iri("https://example.org/theme"), graph)])
    assert [("inferred", "a rule old-rule that is no longer there")] == [
        (origin.kind, origin.how) for origin in kg.why("a")
    ]


def test_values_of_any_kind_have_origins(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """A thing without a record is curated in its file's graph; only a text describes a method."""
    graph = "https://w3id.org/whatworks/graph"
    kg = project(
        {
            "data/a.trig": f"""
            PREFIX i: <https://w3id.org/whatworks/id/intervention/> PREFIX ww: <{WW}>
            PREFIX dcterms: <http://purl.org/dc/terms/> PREFIX prov: <http://www.w3.org/ns/prov#>
            <{graph}/own> {{ i:a ww:programme "A"@en }}
            <{graph}/assigned/approach> {{ i:a ww:assignedApproach <https://example.org/x> }}
            <{graph}/catalog> {{
                <{graph}/assigned/approach> dcterms:description <https://example.org/y> ; prov:wasAttributedTo [] .
            }}
            """
        }
    )
    assert {("curated", "the graph own"), ("assigned", "no method is described")} <= {
        (origin.kind, origin.how) for origin in kg.why("a")
    }


def test_concept_comes_from_the_model(kg: KnowledgeGraph) -> None:
    """A concept is part of the model."""
    assert {"model", "inferred"} >= {origin.kind for origin in kg.why("theme:leadership")}
    assert "model" in {origin.kind for origin in kg.why("theme:leadership", "skos:prefLabel")}


def test_record_and_agent_are_curated(kg: KnowledgeGraph) -> None:
    """What is said of a record comes from it; an agent comes from the graph of agents."""
    assert {"curated"} == {origin.kind for origin in kg.why("record:expairs-project")}
    assert {"the graph agents"} == {origin.how for origin in kg.why("agent:university-of-mons")}


@pytest.mark.parametrize(
    ("thing", "predicate"),
    [("no-such-thing", None), ("expairs-project", "ww:noSuch"), ("expairs-project", "not an iri")],
)
def test_what_is_not_said_is_told(kg: KnowledgeGraph, thing: str, predicate: str | None) -> None:
    """Asking for a thing or property of which nothing is said is an error."""
    with pytest.raises(UnknownThing):
        kg.why(thing, predicate)


@pytest.mark.slow
def test_every_asserted_statement_has_an_origin(kg: KnowledgeGraph) -> None:
    """Every statement of the data files about a thing with a record is stated with pages, assigned, or curated."""
    for thing in kg.things():
        for origin in origins(kg.collection, thing):
            if origin.kind == "stated":
                assert origin.pages, origin
            assert origin.how, origin
