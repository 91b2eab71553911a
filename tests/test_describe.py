"""A description says everything about a thing, in the order of the shapes, and marks what no source states."""

from collections.abc import Callable, Iterable

import pytest

from whatworks import KnowledgeGraph
from whatworks.cli.text import write_text
from whatworks.describe import Description, Field
from whatworks.errors import UnknownThing
from whatworks.results import Table
from whatworks.terms import BlankNode, Iri, Literal

ID = "https://w3id.org/whatworks/id/"
VOC = "https://w3id.org/whatworks/voc/"
WW = "https://w3id.org/whatworks/ont#"


@pytest.fixture(scope="module")
def expairs(kg: KnowledgeGraph) -> Description:
    """A shipped intervention."""
    return kg.show("expairs-project")


def _fields(description: Description) -> dict[str, Field]:
    return {each.name: each for section in description.sections for each in section.fields}


def _texts(field: Field) -> list[str]:
    return [value.text for value in field.values]


def _names(fields: Iterable[Field]) -> list[str]:
    return [field.name for field in fields]


# ---- one thing ----


def test_head(expairs: Description) -> None:
    """A description has the IRI, the title and the names of the classes."""
    assert (ID + "intervention/expairs-project", "EXPAIRS project", ("practice",)) == (
        expairs.iri,
        expairs.title,
        expairs.classes,
    )


def test_sections_and_fields_stand_in_the_order_of_the_shapes(kg: KnowledgeGraph, expairs: Description) -> None:
    """Sections stand as the groups of the shapes, fields in them by their place."""
    assert [section.name for section in expairs.sections] == [
        "What it is",
        "For whom",
        "Where and when",
        "What it consists of",
        "Who takes part and what it rests on",
        "What helped and what hindered",
        "How it was evaluated",
    ]
    answer = kg.collection.store.query(kg.catalogue.get("system/fields").bind({}))
    assert isinstance(answer, Table)
    rows = [row for row in answer if row[0] == WW + "Practice"]
    order = [(row[1], row[2].value) for row in rows if isinstance(row[2], Literal)]
    for section in expairs.sections:
        places = [order.index((field.property, field.name)) for field in section.fields]
        assert (section.name, places) == (section.name, sorted(places))


def test_values_are_labels(expairs: Description) -> None:
    """A concept, a place or an agent is shown by its label."""
    fields = _fields(expairs)
    assert _texts(fields["Stage"]) == ["Mainstreamed"]
    assert _texts(fields["Place"]) == ["Belgium", "French Community of Belgium"]
    assert fields["Stage"].values[0].term == VOC + "stage/mainstreamed"


def test_parts_stand_in_the_thing_by_position(expairs: Description) -> None:
    """Parts are described inside the thing, by position, with their own parts by reference."""
    phases = _fields(expairs)["Phase"].values
    assert ["Pilot", "Taken into regular provision"] == [value.text for value in phases]
    parts = [value.part for value in phases if value.part is not None]
    assert ["2012", "2014"] == [_texts(_fields(part)["Start year"])[0] for part in parts]
    assert ["Circular 4816"] == _texts(_fields(parts[1])["Legal act"])


def test_what_no_source_states_is_marked(expairs: Description) -> None:
    """What was assigned here and what was computed is marked as such, and nothing else is."""
    fields = _fields(expairs)
    assert {name for name, field in fields.items() if field.assigned} == {
        "Approach assigned here",
        "Activity type assigned here",
    }
    assert {name for name, field in fields.items() if field.inferred} == set()
    factor = fields["Success factor"].values[0].part
    assert factor is not None
    assert {name for name, field in _fields(factor).items() if field.inferred} == {"Evidence type"}


def test_shortcuts_of_the_rules_are_not_repeated(expairs: Description) -> None:
    """What a rule infers only as a shortcut is shown where it comes from."""
    shown = {field.property for section in expairs.sections for field in section.fields}
    shortcuts = {WW + name for name in ("targetGroup", "hasTheme", "hasActor", "country", "appliesApproach")}
    assert shown & shortcuts == set()


def test_rules_of_a_project_may_be_shortcuts(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """What a rule infers is shown, unless the head of the rule has the tag shortcut."""
    rule = (
        "CONSTRUCT {{ ?x <https://example.org/{0}> true }} WHERE {{ ?x a <https://w3id.org/whatworks/ont#Practice> }}"
    )
    opened = project(
        {
            "data/a.ttl": TITLES,
            "ontology/rules/shown.rq": rule.format("shown"),
            "ontology/rules/hidden.rq": f"#+ summary: A way.\n#+ tags: [shortcut]\n{rule.format('hidden')}",
        }
    )
    fields = _fields(opened.show("a"))
    assert fields["https://example.org/shown"].inferred
    assert "https://example.org/hidden" not in fields


def test_record(expairs: Description) -> None:
    """What a description rests on stands with it."""
    assert expairs.record is not None
    assert _texts(_fields(expairs.record)["Completeness"]) == ["Full"]


@pytest.mark.parametrize(
    ("name", "property", "mentioned"),
    [
        ("agent:university-of-mons", "http://data.europa.eu/m8g/hasParticipant", "EXPAIRS project"),
        ("theme:leadership", WW + "factorTheme", "EXPAIRS project"),
        ("stage:mainstreamed", WW + "stage", "EXPAIRS project"),
        ("approach:guidance-supporting-youth-careers", WW + "assignedApproach", "EXPAIRS project"),
    ],
)
def test_who_points_to_a_thing(kg: KnowledgeGraph, name: str, property: str, mentioned: str) -> None:
    """Who points to an agent or concept is listed by property, once, and parts speak for their thing."""
    found = {field.property: field for field in kg.show(name).mentions}
    texts = _texts(found[Iri(property)])
    assert mentioned in texts
    assert texts == sorted(set(texts), key=texts.index)
    assert found[Iri(property)].assigned == ("assigned" in property)


def test_model_and_rules_do_not_point(kg: KnowledgeGraph) -> None:
    """Statements of the model and of rules, and the thing's own record, are no mentions."""
    properties = {field.property for field in kg.show("stage:pilot").mentions}
    assert properties == {Iri(WW + "stage")}
    assert all(field.property != "http://xmlns.com/foaf/0.1/primaryTopic" for field in kg.show("youthreach").mentions)


# ---- languages ----


def test_labels_in_a_language(kg: KnowledgeGraph) -> None:
    """With a language, labels are in it where there are some; others say in which language they are."""
    place = _fields(kg.show("expairs-project", "fr"))["Place"].values[0]
    assert ("Belgique", "") == (place.text, place.language)
    stage = _fields(kg.show("expairs-project", "fr"))["Stage"].values[0]
    assert ("Généralisée", "") == (stage.text, stage.language)
    stage = _fields(kg.show("expairs-project", "pl"))["Stage"].values[0]
    assert ("Mainstreamed", "en") == (stage.text, stage.language)
    assert kg.show("country:BEL", "de").title == "Belgien"
    assert kg.show("country:BEL", "zz").title == "Belgium"


def test_labels_fall_back_to_english(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """Where a label is in no preferred language, the English one stands."""
    opened = project({"whatworks.toml": 'languages = ["pl"]'})
    assert opened.show("approach:second-chance-measures").classes == ("concept", "intervention approach")
    opened = project({"whatworks.toml": 'languages = ["de"]'})
    assert opened.show("approach:second-chance-measures").classes == ("Begriff", "Ansatz")
    assert opened.show("country:BEL").title == "Belgien"


TITLES = """
@prefix ww: <https://w3id.org/whatworks/ont#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix i: <https://w3id.org/whatworks/id/intervention/> .
i:a a ww:Practice ; dcterms:title "Zwei"@de , "Dva"@cs .
i:b a ww:Practice ; dcterms:title "Tri"@cs , "Plain" .
i:c a ww:Practice ; ww:hasComponent [ dcterms:title "Blank"@en ] , i:c , <https://example.org/own> ;
    <https://example.org/strange> "x"@en , "10" , "9" ;
    ww:unknown true .
i:d a <https://example.org/Odd> , ww:Practice .
i:e a ww:Practice ; dcterms:title "Cinco"@es , "Pět"@cs ; <https://example.org/x> "1" ; <https://example.org/y> "2" .
<https://example.org/x> <http://www.w3.org/2000/01/rdf-schema#label> "Odd"@en .
<https://example.org/y> <http://www.w3.org/2000/01/rdf-schema#label> "Odd"@en .
"""


@pytest.fixture
def titles(project: Callable[[dict[str, str]], KnowledgeGraph]) -> KnowledgeGraph:
    """Things with odd titles."""
    return project({"data/a.ttl": TITLES})


@pytest.mark.parametrize(("key", "title"), [("a", "Zwei"), ("b", "Plain"), ("c", "c"), ("d", "d"), ("e", "Pět")])
def test_title_falls_back(titles: KnowledgeGraph, key: str, title: str) -> None:
    """A title is in a preferred language, else without one, else in the first by tag; else the key stands for it."""
    assert titles.show(key).title == title


def test_fields_without_a_shape(titles: KnowledgeGraph) -> None:
    """What no shape knows stands at the end, under the short IRI, its values in natural order."""
    section = titles.show("c").sections[-1]
    assert ("More", ["https://example.org/strange", "ww:unknown"]) == (section.name, _names(section.fields))
    assert _texts(section.fields[0]) == ["9", "10", "x"]


def test_values_without_a_name(titles: KnowledgeGraph) -> None:
    """A node without an IRI is shown by a name of its own, an unknown IRI by itself, the thing by its short IRI."""
    texts = _texts(_fields(titles.show("c"))["Component"])
    assert {"https://example.org/own", "intervention:c"} < set(texts)
    assert sum(text.startswith("_:") for text in texts) == 1


def test_class_without_a_label(titles: KnowledgeGraph) -> None:
    """A class without a label is shown by its IRI."""
    assert titles.show("d").classes == ("https://example.org/Odd", "practice")


def test_label_of_any_term(kg: KnowledgeGraph) -> None:
    """A literal is its own label; a node without an IRI has a name within the document."""
    assert kg.describer.label(Literal.text("Titre", "fr"), ()) == ("Titre", "fr")
    assert kg.describer.label(BlankNode("b"), ()) == ("_:b", "")
    assert kg.describer.label(Iri("https://example.org/x"), ()) == ("https://example.org/x", "")


def test_part_of_a_part_that_points_back(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """Parts that point to each other are described once."""
    opened = project(
        {
            "data/a.ttl": """
            @prefix ww: <https://w3id.org/whatworks/ont#> .
            @prefix : <https://w3id.org/whatworks/id/intervention/a#> .
            <https://w3id.org/whatworks/id/intervention/a> a ww:Practice ; ww:hasComponent :x .
            :x ww:hasComponent :y ; ww:position "first" . :y ww:hasComponent :x .
            """
        }
    )
    part = _fields(opened.show("a"))["Component"].values[0].part
    assert part is not None
    inner = part.sections[0].fields[0].values[0].part
    assert inner is not None
    assert inner.sections[0].fields[0].values[0].part is None
    assert len(opened.statements([Iri(ID + "intervention/a")])) == 5


# ---- members and tables ----


@pytest.mark.parametrize("name", ["Tool", "tool", "ww:Tool", WW + "Tool"])
def test_members_by_any_name_of_the_class(kg: KnowledgeGraph, name: str) -> None:
    """A class is known by its name in any case, its CURIE and its IRI."""
    tools = kg.things(of_class=name)
    assert len(tools) == 22
    assert tools == sorted(tools)


def test_members_of_subclasses(kg: KnowledgeGraph) -> None:
    """A class has the members of its subclasses."""
    of_class = {name: set(kg.things(of_class=name)) for name in ("Intervention", "Practice", "Tool", "Resource")}
    assert of_class["Practice"] | of_class["Tool"] == of_class["Intervention"]
    assert set(kg.things()) == of_class["Intervention"] | of_class["Resource"]


def test_members_named(kg: KnowledgeGraph) -> None:
    """Things that are named come once, in the order in which they are named."""
    named = kg.things(["youthreach", "expairs-project", "youthreach"])
    assert ["youthreach", "expairs-project"] == [thing.code for thing in named]


def test_unknown_class(kg: KnowledgeGraph) -> None:
    """An unknown class is refused with the names of those there are."""
    with pytest.raises(UnknownThing, match="There is no class 'Practise'") as caught:
        kg.things(of_class="Practise")
    assert "Practice" in caught.value.hint


def test_table(kg: KnowledgeGraph) -> None:
    """A table has a row for each thing, IRI, key and label first, and what was assigned is marked in the head."""
    things = kg.things(["expairs-project", "youthreach"])
    table = kg.table(["expairs-project", "youthreach"])
    assert isinstance(table, Table)
    assert table.columns[:3] == ("iri", "key", "label")
    assert len(table.columns) == len(set(table.columns))
    assert "Approach assigned here (assigned)" in table.columns
    rows = [dict(zip(table.columns, row, strict=True)) for row in table]
    assert things == [row["iri"] for row in rows]
    assert rows[0]["Place"] == Literal("Belgium; French Community of Belgium")
    assert rows[0]["label"] == Literal("EXPAIRS project")


def test_fields_of_one_name_stand_in_columns_of_their_own(titles: KnowledgeGraph) -> None:
    """Two properties that have one name have two columns, and each says which it is."""
    table, _ = titles.describer.table([Iri(ID + "intervention/e")])
    (row,) = [dict(zip(table.columns, row, strict=True)) for row in table]
    assert (Literal("1"), Literal("2")) == (row["Odd (https://example.org/x)"], row["Odd (https://example.org/y)"])


def test_table_of_nothing(kg: KnowledgeGraph) -> None:
    """Without things there are three columns and no row."""
    table, _ = kg.describer.table([])
    assert (("iri", "key", "label"), []) == (table.columns, list(table))


def test_statements(kg: KnowledgeGraph) -> None:
    """The statements of a thing are those of its parts, record and links and the names they use; nothing inferred."""
    thing = Iri(ID + "intervention/expairs-project")
    quads = kg.statements([thing])
    assert len(quads) == len(set(quads))
    subjects = {quad.subject for quad in quads}
    assert {thing, Iri(f"{thing}#phase-2"), Iri(ID + "record/expairs-project")} < subjects
    assert Iri(VOC + "stage/mainstreamed") in subjects
    assert not any(kg.collection.is_inferred(quad.graph) for quad in quads)


# ---- as text ----


def test_text(expairs: Description) -> None:
    """As text, sections, fields, parts and the record stand below each other, with marks that are explained."""
    text = write_text(expairs)
    assert text.startswith(f"EXPAIRS project  (practice)\n{expairs.iri}\n\nWhat it is\n")
    for line in (
        "  Approach assigned here*: Guidance: supporting youth to manage their careers",
        "        Evidence type (computed): Testimony",
        "    - Participant: University of Mons\n      Role: Coordinator",
        "What this rests on\n  Topic: EXPAIRS project",
        "\n* assigned here; no source states it\n",
    ):
        assert line in text


def test_text_of_a_mentioned_thing(kg: KnowledgeGraph) -> None:
    """As text, who points to a thing is listed with its key."""
    text = write_text(kg.show("agent:university-of-mons"))
    assert "Who points here\n  Participant:\n    - EXPAIRS project (expairs-project)\n" in text
    assert "* assigned here" not in text


def test_text_names_other_languages(kg: KnowledgeGraph) -> None:
    """As text, a label in another language than asked for says so."""
    text = write_text(kg.show("expairs-project", "fr"))
    assert "  Stage: Généralisée\n" in text
    assert "  Title: EXPAIRS project [en]\n" in text


def test_text_is_safe_for_a_terminal(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """Untrusted text cannot steer the terminal."""
    title = "A\\u001B[31mB\\u202E"
    data = f'<{ID}intervention/a> a <{WW}Practice> ; <http://purl.org/dc/terms/title> "{title}"@en .'
    text = write_text(project({"data/a.ttl": data}).show("a"))
    assert text.startswith("A\\u001b[31mB\\u202e  (practice)\n")


def test_every_shipped_thing_can_be_shown(kg: KnowledgeGraph) -> None:
    """Every thing with a record has a title, sections, a record, and a text without empty lines of fields."""
    for thing in kg.things():
        described = kg.describer.describe(thing)
        assert described.title
        assert described.sections
        assert described.record is not None
        assert not [line for line in write_text(described).splitlines() if line.strip() == "-" or line.isspace()]
