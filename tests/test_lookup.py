"""What people type is understood, or refused with what they may have meant; it never changes a query."""

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from whatworks import KnowledgeGraph
from whatworks.errors import AmbiguousValue, InvalidValue, UnknownThing, UnknownValue, UsageError
from whatworks.lookup import Lookup
from whatworks.results import Table
from whatworks.terms import Iri, Literal

VOC = "https://w3id.org/whatworks/voc/"
ID = "https://w3id.org/whatworks/id/"
COUNTRY = "http://publications.europa.eu/resource/authority/country/"


# ---- names ----


@pytest.mark.parametrize(
    ("scheme", "value", "found"),
    [
        ("stage", "pilot", VOC + "stage/pilot"),
        ("stage", "Pilot", VOC + "stage/pilot"),
        ("stage", "  PILOT  PROJECT ", VOC + "stage/pilot"),
        ("stage", "pilot\tproject", VOC + "stage/pilot"),
        ("stage", "stage:pilot", VOC + "stage/pilot"),
        ("stage", VOC + "stage/pilot", VOC + "stage/pilot"),
        ("stage", f"<{VOC}stage/pilot>", VOC + "stage/pilot"),
        ("approach", "second chance", VOC + "approach/second-chance-measures"),
        ("education-level", "ISCED-35", VOC + "education-level/ISCED-35"),
        ("education-level", "isced-35", VOC + "education-level/ISCED-35"),
        ("place", "Belgium", COUNTRY + "BEL"),
        ("place", "Belgique", COUNTRY + "BEL"),
        ("place", "Belgien", COUNTRY + "BEL"),
        ("place", "BEL", COUNTRY + "BEL"),
        ("place", "BE", COUNTRY + "BEL"),
        ("place", "country:BEL", COUNTRY + "BEL"),
        ("place", "België", COUNTRY + "BEL"),
        ("place", "ελλάδα", COUNTRY + "GRC"),
        ("place", "Magyarország", COUNTRY + "HUN"),
        ("place", "Torino", "http://data.europa.eu/nuts/code/ITC11"),
        ("language", "French", "http://publications.europa.eu/resource/authority/language/FRA"),
    ],
)
def test_concept(lookup: Lookup, scheme: str, value: str, found: str) -> None:
    """A concept is found by code, notation, label or alternative label in any language, IRI and CURIE."""
    assert lookup.concept(scheme, value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("expairs-project", "expairs-project"),
        ("EXPAIRS Project", "expairs-project"),
        ("intervention:expairs-project", "expairs-project"),
        (ID + "intervention/expairs-project", "expairs-project"),
    ],
)
def test_intervention(lookup: Lookup, value: str, found: str) -> None:
    """An intervention is found by key, title, CURIE and IRI."""
    assert lookup.intervention(value) == ID + "intervention/" + found
    assert lookup.thing(value) == ID + "intervention/" + found


@pytest.mark.parametrize("value", ["university-of-mons", "University of Mons", "agent:university-of-mons"])
def test_agent(lookup: Lookup, value: str) -> None:
    """An agent is found by key, name and CURIE."""
    assert lookup.agent(value) == ID + "agent/university-of-mons"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("university-of-mons", ID + "agent/university-of-mons"),
        ("stage:pilot", VOC + "stage/pilot"),
        ("record:expairs-project", ID + "record/expairs-project"),
        ("ww:Practice", "https://w3id.org/whatworks/ont#Practice"),
        (f"  <{VOC}stage>", VOC + "stage"),
        ("university of mons", ID + "agent/university-of-mons"),
        ("Belgium", COUNTRY + "BEL"),
        ("BE", COUNTRY + "BEL"),
        ("second chance", VOC + "approach/second-chance-measures"),
        ("second-chance-measures", VOC + "approach/second-chance-measures"),
        ("<stage:pilot>", VOC + "stage/pilot"),
    ],
)
def test_thing(lookup: Lookup, value: str, found: str) -> None:
    """Anything that something is said of is found by key, IRI and CURIE; agents and concepts by name as well."""
    assert lookup.thing(value) == found


def test_every_shipped_concept_is_found_by_its_names(kg: KnowledgeGraph) -> None:
    """Every label of every concept leads to the concept."""
    answer = kg.sparql(
        "SELECT ?scheme ?concept ?label { ?concept skos:inScheme ?scheme ; skos:prefLabel|skos:notation ?label }"
    )
    count = 0
    assert isinstance(answer, Table)
    for scheme, concept, label in answer:
        assert isinstance(scheme, Iri)
        assert isinstance(label, Literal)
        assert concept in kg.lookup.concepts(scheme.code).find(label.value)
        count += 1
    assert count > 500


def test_no_two_places_have_one_name(kg: KnowledgeGraph) -> None:
    """Every name of a place leads to one place, and no other label repeats a label of its language."""
    index = kg.lookup.concepts("place")
    shared = {name: iris for names in index.tiers.values() for name, iris in names.items() if len(iris) > 1}
    assert shared == {}
    twice = kg.sparql("SELECT ?place { ?place skos:inScheme voc:place ; skos:prefLabel ?name ; skos:altLabel ?name }")
    assert isinstance(twice, Table)
    assert list(twice) == []


# ---- misses ----


@pytest.mark.parametrize(
    ("scheme", "value", "hint"),
    [
        ("place", "Belgum", "Did you mean: Belgium (BEL)?"),
        ("place", "Frankreych", "Did you mean: France (FRA)?"),
        ("stage", "mainstreemed", "Did you mean: Mainstreamed (mainstreamed)?"),
        ("approach", "second", "Did you mean: Second chance measures (second-chance-measures)?"),
        ("stage", "zzzzzz", "Nothing is spelled like it."),
        ("stage", "", "Nothing is spelled like it."),
        ("stage", "scope:regional", "Did you mean"),
    ],
)
def test_unknown_concept(lookup: Lookup, scheme: str, value: str, hint: str) -> None:
    """A value that names nothing is refused with the nearest names, in the project's first language."""
    with pytest.raises(UnknownValue, match=f"'{value}' is no {scheme}") as caught:
        lookup.concept(scheme, value)
    assert caught.value.hint.startswith(hint) or hint == "Did you mean"


def test_label_of_another_first_language(tmp_path: Path) -> None:
    """Suggestions are in the language that the project prefers."""
    (tmp_path / "whatworks.toml").write_text('languages = ["fr", "en"]', encoding="utf-8")
    with pytest.raises(UnknownValue) as caught:
        KnowledgeGraph.open(tmp_path).lookup.concept("place", "Belgum")
    assert caught.value.hint == "Did you mean: Belgique (BEL)?"


def test_ambiguous_name(lookup: Lookup) -> None:
    """A name of two things is refused, and both are named with their codes."""
    with pytest.raises(AmbiguousValue, match="names more than one thing") as caught:
        lookup.agent("educational institutions")
    assert "(educational-institutions)" in caught.value.hint
    assert "(educational-institutions-nld)" in caught.value.hint
    assert lookup.agent("educational-institutions").code == "educational-institutions"


def test_a_code_beats_a_label(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """A code beats a notation, a notation a label, and a label another name."""
    opened = project(
        {
            "ontology/vocabularies/mood.ttl": """
            @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
            @prefix m: <https://w3id.org/whatworks/voc/mood/> .
            @prefix voc: <https://w3id.org/whatworks/voc/> .
            m:a skos:inScheme voc:mood ; skos:altLabel "d" , "c" , "b" .
            m:b skos:inScheme voc:mood ; skos:prefLabel "c" , "d" .
            m:c skos:inScheme voc:mood ; skos:notation "d" .
            """
        }
    )
    assert ["b", "c", "c"] == [opened.lookup.concept("mood", value).code for value in ("b", "c", "d")]
    with pytest.raises(UnknownValue, match="is no mood") as caught:
        opened.lookup.concept("mood", "dd")
    assert caught.value.hint == "Did you mean: c?"


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("expairs-projekt", "Did you mean: EXPAIRS project (expairs-project)"),
        ("Universty of Mons", "Did you mean: University of Mons (university-of-mons)"),
        ("Belgum", "Did you mean: Belgium (BEL)"),
        ("qqqqqqqq", "List keys with: whatworks query interventions"),
        ("https://example.org/nothing", "List keys with"),
        ("no iri at all <>", "List keys with"),
        ("x" * 1_000_000, "List keys with"),
    ],
)
def test_unknown_thing(lookup: Lookup, value: str, hint: str) -> None:
    """What is no key, IRI or name of anything is refused in a short message, with the nearest names of any sort."""
    with pytest.raises(UnknownThing, match="Nothing has the key, IRI or name") as caught:
        lookup.thing(value)
    assert caught.value.hint.startswith(hint)
    assert len(str(caught.value)) < 500


SAME = """
@prefix ww: <https://w3id.org/whatworks/ont#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix : <https://w3id.org/whatworks/id/> .
<https://w3id.org/whatworks/id/intervention/a> a ww:Practice ; dcterms:identifier "a" ; dcterms:title "Same"@en .
<https://w3id.org/whatworks/id/intervention/b> a ww:Tool ; dcterms:identifier "b" ; dcterms:title "Same"@en .
<https://w3id.org/whatworks/id/agent/b> a foaf:Agent ; foaf:name "same" .
<https://w3id.org/whatworks/id/resource/r> a ww:Resource ; dcterms:title "Guide"@en .
<https://w3id.org/whatworks/id/resource/pilot> a ww:Resource ; dcterms:title "Belgium"@en .
"""


def test_a_name_of_several_things_is_refused(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """A name of several things is refused with the CURIE, label and sort of each; a key goes by the sort of thing."""
    lookup = project({"data/a.ttl": SAME}).lookup
    with pytest.raises(AmbiguousValue, match="'SAME' names more than one thing") as caught:
        lookup.thing("SAME")
    assert caught.value.hint == (
        "Say which: agent:b (same, agent); intervention:a (Same, intervention); intervention:b (Same, intervention)."
    )
    with pytest.raises(AmbiguousValue) as caught:
        lookup.thing("Belgium")
    assert caught.value.hint == "Say which: country:BEL (Belgium, concept); resource:pilot (Belgium, resource)."
    assert [lookup.thing(value) for value in ("b", "guide", "pilot", "PILOT PROJECT")] == [
        ID + "intervention/b",
        ID + "resource/r",
        ID + "resource/pilot",
        VOC + "stage/pilot",
    ]


FOREIGN = """
@prefix dcterms: <http://purl.org/dc/terms/> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix ww: <https://w3id.org/whatworks/ont#> . @prefix : <https://example.org/id/> .
<https://example.org/id/intervention/a> a ww:Practice ; dcterms:title "Same"@en .
<https://example.org/id/intervention/b> a ww:Practice ; dcterms:title "Same"@en .
<https://example.org/id/agent/b> a foaf:Agent ; foaf:name "Same" .
"""


def test_choices_can_be_pasted_back(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """Where no CURIE is known, a thing is named by its key, or by its IRI if the key leads to another thing."""
    lookup = project({"whatworks.toml": 'base = "https://example.org/"', "data/a.ttl": FOREIGN}).lookup
    with pytest.raises(AmbiguousValue) as caught:
        lookup.thing("same")
    choices = caught.value.hint.removeprefix("Say which: ").removesuffix(".").split("; ")
    assert choices == [
        "https://example.org/id/agent/b (Same, agent)",
        "a (Same, intervention)",
        "b (Same, intervention)",
    ]
    base = "https://example.org/id/"
    pasted = [lookup.thing(choice.partition(" ")[0]) for choice in choices]
    assert pasted == [base + "agent/b", base + "intervention/a", base + "intervention/b"]


# ---- everything narrower ----


def _keys(kg: KnowledgeGraph, **values: object) -> set[str]:
    answer = kg.query("interventions", **values)
    assert isinstance(answer, Table)
    return {row[1].value for row in answer if isinstance(row[1], Literal)}


def test_target_group_stands_for_narrower_ones(kg: KnowledgeGraph) -> None:
    """A group stands for itself and every narrower group."""
    wide, narrow = _keys(kg, target_group="vet-learners"), _keys(kg, target_group="vet-learners-school-based")
    assert "expairs-project" in narrow
    assert narrow < wide


def test_country_stands_for_places_in_it(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """An intervention that is placed in a city only is found by the city, its region and its country."""
    opened = project(
        {
            "data/interventions/a.ttl": """
            @prefix ww: <https://w3id.org/whatworks/ont#> .
            @prefix dcterms: <http://purl.org/dc/terms/> .
            <https://w3id.org/whatworks/id/intervention/a> a ww:Practice ; dcterms:identifier "a" ;
                dcterms:title "A"@en ; dcterms:spatial <http://data.europa.eu/nuts/code/ITC11> .
            """
        }
    )
    for place in ("Torino", "Piedmont", "Italy", "IT"):
        assert (place, {"a"}) == (place, _keys(opened, country=place))
    assert _keys(opened, country="France") == set()
    assert _keys(opened, country=["France", "Turin"]) == {"a"}


# ---- the types of parameters ----

ECHO = """#+ summary: Says what it was given.
#+ params:
#+   - {name: number, type: integer, summary: A number., example: 3, minimum: -5, maximum: 5}
#+   - {name: least, type: integer, summary: A number., example: 3, minimum: 1}
#+   - {name: any, type: integer, summary: A number., example: 3}
#+   - {name: year, type: year, summary: A year., example: 2014}
#+   - {name: day, type: date, summary: A day., example: 2026-01-15}
#+   - {name: share, type: decimal, summary: A share., example: 0.5}
#+   - {name: flag, type: boolean, summary: A flag., example: true}
#+   - {name: facet, type: choice, summary: A facet., example: stage, choices: {stage: "ww:stage", scope: "ww:scope"}}
#+   - {name: word, type: text, summary: A word., example: hello, many: true}
#+   - {name: thing, type: iri, summary: An IRI., example: "https://example.org/a"}
#+ returns: {value: What was given.}
PREFIX ww: <https://w3id.org/whatworks/ont#>
SELECT ?value WHERE {
  BIND ("nothing" AS ?default)
#if number
  VALUES ?number { 3 }
#end
#if least
  VALUES ?least { 3 }
#end
#if any
  VALUES ?any { 3 }
#end
#if year
  VALUES ?year { 2014 }
#end
#if day
  VALUES ?day { "2026-01-15" }
#end
#if share
  VALUES ?share { 0.5 }
#end
#if facet
  VALUES ?facet { ww:stage }
#end
#if word
  VALUES ?word { "hello" }
#end
#if thing
  VALUES ?thing { <https://example.org/a> }
#end
#if flag = true
  BIND ("yes" AS ?flagged)
#end
#if flag = false
  BIND ("no" AS ?flagged)
#end
  BIND (COALESCE(?number, ?least, ?any, ?year, ?day, ?share, ?facet, ?word, ?thing, ?flagged, ?default) AS ?value)
}
"""


@pytest.fixture(scope="module")
def echo(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    """A project with a query that says what it was given, and no data."""
    folder = tmp_path_factory.mktemp("echo")
    (folder / "queries/own").mkdir(parents=True)
    (folder / "queries/own/echo.rq").write_text(ECHO, encoding="utf-8")
    (folder / "whatworks.toml").touch()
    return KnowledgeGraph.open(folder)


def _said(kg: KnowledgeGraph, **values: object) -> list[str]:
    answer = kg.query("echo", **values)
    assert isinstance(answer, Table)
    return [row[0].value if isinstance(row[0], Literal) else str(row[0]) for row in answer]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("number", "3", "3"),
        ("number", " -5 ", "-5"),
        ("number", 5, "5"),
        ("number", "05", "5"),
        ("least", "1", "1"),
        ("any", "-999999999999999", "-999999999999999"),
        ("year", "1000", "1000"),
        ("year", "2999", "2999"),
        ("day", "2026-01-15", "2026-01-15"),
        ("day", date(2026, 1, 15), "2026-01-15"),
        ("day", " 2024-02 ", "2024-02-01"),
        ("day", 2024, "2024-01-01"),
        ("share", "0.25", "0.25"),
        ("share", " -3 ", "-3"),
        ("flag", "true", "yes"),
        ("flag", "Yes", "yes"),
        ("flag", "1", "yes"),
        ("flag", True, "yes"),
        ("flag", "FALSE", "no"),
        ("flag", "no", "no"),
        ("flag", 0, "no"),
        ("facet", "scope", "https://w3id.org/whatworks/ont#scope"),
        ("word", '"} UNION { ?s ?p ?o } #', '"} UNION { ?s ?p ?o } #'),
        ("thing", "https://example.org/é#a", "https://example.org/é#a"),
    ],
)
def test_value_is_bound(echo: KnowledgeGraph, name: str, value: object, said: str) -> None:
    """A value of the parameter's type reaches the query as a term."""
    assert [said] == _said(echo, **{name: value})


def test_none_is_not_given(echo: KnowledgeGraph) -> None:
    """A parameter that is None counts as not given."""
    assert ["nothing"] == _said(echo, number=None)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("number", "6", "6 is not between -5 and 5."),
        ("number", "-6", "-6 is not between -5 and 5."),
        ("number", "2.5", "'2.5' is not a whole number."),
        ("number", "--3", "'--3' is not a whole number."),
        ("number", "٣", "'٣' is not a whole number."),
        ("number", "", "'' is not a whole number."),
        ("number", "1e3", "'1e3' is not a whole number."),
        ("any", "9" * 19, f"'{'9' * 19}' is not a whole number."),
        ("least", "0", "0 is below 1."),
        ("year", "999", "999 is not between 1000 and 2999."),
        ("year", "3000", "3000 is not between 1000 and 2999."),
        ("year", "20x4", "'20x4' is not a year such as 2014."),
        ("day", "15.1.2026", "'15.1.2026' is no date such as 2026-01-15."),
        ("day", "2026-02-30", "'2026-02-30' is not in the calendar."),
        ("share", "half", "'half' is no decimal number such as 0.5."),
        ("share", "1,5", "'1,5' is no decimal number such as 0.5."),
        ("share", ".5", "'.5' is no decimal number such as 0.5."),
        ("share", "1e9", "'1e9' is no decimal number such as 0.5."),
        ("share", "9" * 19, f"'{'9' * 19}' is no decimal number such as 0.5."),
        ("flag", "maybe", "'maybe' is neither true nor false."),
        ("word", "a\x00b", "The character U+0000 cannot stand in a text."),
        ("word", "\ud800", "The character U+D800 cannot stand in a text."),
        ("thing", "no iri", "'no iri' is no absolute IRI."),
        ("thing", "https://example.org/> ?p", "'https://example.org/> ?p' is no absolute IRI."),
    ],
)
def test_value_is_refused(echo: KnowledgeGraph, name: str, value: str, message: str) -> None:
    """A value that is not of the parameter's type, or out of bounds, is refused; the message names the parameter."""
    with pytest.raises(InvalidValue) as caught:
        _said(echo, **{name: value})
    assert f"--{name}: {message}" == caught.value.message


def test_unknown_choice(echo: KnowledgeGraph) -> None:
    """An unknown choice is refused with the nearest, and all there are."""
    with pytest.raises(UnknownValue) as caught:
        _said(echo, facet="stagge")
    assert ("--facet: 'stagge' is no choice.", "Did you mean stage? Choose one of: stage, scope.") == (
        caught.value.message,
        caught.value.hint,
    )
    with pytest.raises(UnknownValue) as caught:
        _said(echo, facet="x")
    assert caught.value.hint == "Choose one of: stage, scope."


def test_several_values(echo: KnowledgeGraph) -> None:
    """Several values are bound where the parameter takes many, and refused where it does not."""
    assert ["a", "b"] == sorted(_said(echo, word=["a", "b"]))
    with pytest.raises(InvalidValue, match="--number may be given only once") as caught:
        _said(echo, number=(1, 2))
    assert caught.value.hint == "Given: 1, 2."


@pytest.mark.parametrize(
    "value",
    [
        "x" * 1_000_000,
        '"',
        "'''",
        '"""',
        ">",
        "<",
        "}",
        "{ SERVICE <https://example.org/> { ?s ?p ?o } }",
        "\\",
        "\\u0022",
        "\x00",
        "\ud800",
        "\u202eevil",
        "\n\r\t",
        "# comment",
        "?x",
        "country:BEL }",
        "BEL\u200b",
    ],
)
@pytest.mark.parametrize("name", ["country", "approach", "started_from", "assigned"])
def test_hostile_values(kg: KnowledgeGraph, name: str, value: str) -> None:
    """A hostile value is refused in a short and printable message that names the parameter."""
    with pytest.raises(UsageError) as caught:
        kg.query("interventions", **{name: value})
    assert f"--{name.replace('_', '-')}: " in caught.value.message
    assert len(str(caught.value)) < 600
    assert caught.value.message.isprintable()


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=40))
@example("\\u0022")
@example('"""')
@example("\\")
@example("\ud800")
def test_any_text_comes_back_as_it_is(echo: KnowledgeGraph, value: str) -> None:
    """A text comes back from the query as it went in, or is refused; it is never read as SPARQL."""
    if any(char in "\x00\ufffe\uffff" or "\ud800" <= char <= "\udfff" for char in value):
        with pytest.raises(InvalidValue, match="--word: "):
            _said(echo, word=value)
    else:
        assert [value] == _said(echo, word=value)


@pytest.mark.parametrize("sign", ["A", '"', "\u0301", "http://a.example/"])
def test_a_value_without_end_is_refused_at_once(kg: KnowledgeGraph, sign: str) -> None:
    """A value of a megabyte is told in a line; it is not asked for in all spellings and languages."""
    begun = time.process_time()
    for ask in (kg.show, lambda value: kg.query("related", intervention=value)):
        with pytest.raises(UsageError) as caught:
            ask(sign * (1_000_000 // len(sign)))
        assert len(str(caught.value)) < 1000
    assert time.process_time() - begun < 5


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=20))
def test_any_name_is_found_or_refused(lookup: Lookup, value: str) -> None:
    """Any text is the name of one known concept, or refused."""
    known = lookup.concepts("place")
    found = known.find(value) | ({Iri(value)} & known.known)
    if len(found) == 1:
        assert found == {lookup.concept("place", value)}
    else:
        with pytest.raises((UnknownValue, AmbiguousValue)):
            lookup.concept("place", value)


# ---- the order of fields ----


def test_field_order(lookup: Lookup) -> None:
    """Properties stand in the order of the shapes: the title before the stage, and each once."""
    order = lookup.field_order()
    assert len(order) == len(set(order)) > 80
    terms = "http://purl.org/dc/terms/"
    assert order.index(terms + "title") < order.index("https://w3id.org/whatworks/ont#stage")
