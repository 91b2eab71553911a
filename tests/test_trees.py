"""Trees made straight from statements are, byte for byte, those that framing makes; what is odd is left to framing."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whatworks import KnowledgeGraph
from whatworks.collection import Collection
from whatworks.context import NotDirect
from whatworks.describe import Describer
from whatworks.jsonld import on_a_line
from whatworks.namespaces import DCTERMS, LABELS, LINK_FROM, LINK_TO, MODEL, NOTATION, POSITION, TOPIC, VOC, WW
from whatworks.terms import RDF_TYPE, XSD_BOOLEAN, Iri, Literal, Quad

ID = MODEL + "id/"
THING, OTHER = Iri(ID + "intervention/x"), Iri(ID + "intervention/x-2")
PARTS = [Iri(f"{THING}#{name}") for name in ("component-1", "component-2", "component-02", "component-10", "deep")]
DATA, MORE, VOCABULARY, INFERRED = (
    Iri(MODEL + "graph/" + name) for name in ("data", "more", "voc/stage", "inferred/x")
)


# ---- the shipped collection ----


@pytest.mark.slow
def test_every_record_is_as_framing_makes_it(kg: KnowledgeGraph) -> None:
    """For every shipped record, the text of the direct tree equals the text of the framed one, keys in one order."""
    things = kg.things()
    direct = list(kg.exporter.trees(things))
    assert len(things) > 150
    for thing, tree in zip(things, direct, strict=True):
        framed = kg.documents.tree(kg.statements([thing]), thing)
        assert on_a_line(framed) == tree, thing


def test_trees_of_few_things_are_those_of_many(kg: KnowledgeGraph) -> None:
    """Whether all statements are read at once or those of each thing alone makes no difference."""
    things = kg.things()[:40]
    assert list(kg.exporter.trees(things)) == [tree for thing in things for tree in kg.exporter.trees([thing])]


def test_no_shipped_record_needs_framing(kg: KnowledgeGraph) -> None:
    """Nothing in the shipped data is so odd that the direct way leaves it out."""

    def never(thing: Iri) -> dict[str, Any]:
        raise AssertionError(thing)

    things = kg.things()
    lines = kg.collection.store.nquads().splitlines()
    trees = kg.documents.read(lines, (*LABELS, NOTATION), kg.collection.counts_for_documents)
    assert len(things) == len(list(kg.documents.written(trees, things, never)))


# ---- made records ----

Both = Callable[[list[Quad]], tuple[bytes, bytes | None]]


@pytest.fixture(scope="module")
def both(kg: KnowledgeGraph) -> Both:
    """Makes the tree of THING in both ways: framed, and straight or None where that is not covered."""

    def make(quads: list[Quad]) -> tuple[bytes, bytes | None]:
        collection = Collection.described(kg.assets, kg.settings)
        collection.local.add([Quad(THING, RDF_TYPE, Iri(WW + "Practice"), DATA), *quads])
        stated = Describer(collection, kg.catalogue).statements([THING])
        framed = on_a_line(kg.documents.tree(stated, THING))
        lines = collection.store.nquads().splitlines()
        try:
            trees = kg.documents.read(lines, (*LABELS, NOTATION), lambda graph: "" if "/inferred/" in graph else "all")
            return framed, trees.text(THING)
        except NotDirect:
            return framed, None

    return make


_TEXTS = st.sampled_from(
    ["a", "b", "a1", "a01", "a10", "a9", "é", '😀 "q"', "tab\tnl\n", "back\\", "\\u0041", "\x1f\x7f\b\f", '"@en', ""]
)
_TAGGED = st.builds(Literal.text, _TEXTS, st.sampled_from(["en", "fr", "pt-br", "zh-hant"]))
_PLAIN = _TEXTS.map(Literal)
_NUMBERS = st.integers(-3, 12).map(Literal.integer)
_CONCEPTS = [Iri(VOC + "stage/" + name) for name in ("pilot", "a10", "a9")]
_NAMED = [*_CONCEPTS, OTHER, Iri("https://example.org/é"), Iri("urn:a:b"), Iri(ID + "agent/y")]
_GRAPHS = st.sampled_from([DATA, DATA, DATA, MORE, INFERRED])


def _quads(
    subjects: st.SearchStrategy[Iri], predicates: list[str], values: st.SearchStrategy[Iri | Literal]
) -> st.SearchStrategy[Quad]:
    return st.builds(Quad, subjects, st.sampled_from(predicates).map(Iri), values, _GRAPHS)


_OWN = st.sampled_from([THING, THING, *PARTS])
_STATED = st.one_of(
    _quads(_OWN, [DCTERMS + "title", WW + "aim", WW + "statement"], _TAGGED),
    _quads(_OWN, [DCTERMS + "identifier", WW + "grade", NOTATION], _PLAIN),
    _quads(_OWN, [POSITION, POSITION, WW + "startYear"], _NUMBERS),
    _quads(
        _OWN, [WW + "significant"], st.sampled_from(["true", "false"]).map(lambda word: Literal(word, "", XSD_BOOLEAN))
    ),
    _quads(_OWN, [WW + "hasComponent", WW + "stage", DCTERMS + "spatial"], st.sampled_from([*_NAMED, *PARTS])),
    _quads(_OWN, [RDF_TYPE], st.sampled_from([Iri(WW + "Tool"), Iri(WW + "Component")])),
    _quads(st.just(THING), [WW + "hasComponent", WW + "hasPhase"], st.sampled_from(PARTS)),
)
_NAMES = st.one_of(
    st.builds(
        Quad, st.sampled_from([*_NAMED, *PARTS]), st.just(LABELS[0]), _TAGGED, st.sampled_from([DATA, VOCABULARY])
    ),
    st.builds(Quad, st.sampled_from(_NAMED), st.just(NOTATION), _PLAIN, st.sampled_from([DATA, VOCABULARY])),
)
_RECORDS = [Iri(ID + "record/x"), Iri(ID + "record/2"), Iri(ID + "record/10")]
_LINKS = [Iri(ID + "link/1"), Iri(ID + "link/2"), Iri(ID + "link/10")]
_BEHIND = st.one_of(
    _quads(st.sampled_from(_RECORDS), [TOPIC], st.just(THING)),
    _quads(st.sampled_from(_RECORDS), [DCTERMS + "source"], st.sampled_from([*_NAMED, THING])),
    _quads(st.sampled_from(_LINKS), [LINK_FROM, LINK_TO], st.sampled_from([THING, OTHER])),
    _quads(st.sampled_from(_LINKS), [WW + "explanation"], _TAGGED),
)
_ODD = st.one_of(
    _quads(_OWN, [DCTERMS + "title", POSITION, WW + "stage", WW + "unknown"], _PLAIN | _TAGGED | _NUMBERS),
    _quads(_OWN, [WW + "stage", WW + "hasComponent"], st.sampled_from([THING, *PARTS, Iri(WW + "Practice")])),
    _quads(_OWN, [WW + "usesTool"], st.sampled_from([*_RECORDS, *_LINKS])),
    _quads(st.sampled_from([*_RECORDS, *_LINKS]), [DCTERMS + "source"], st.sampled_from([*PARTS, *_RECORDS, *_LINKS])),
    _quads(_OWN, [RDF_TYPE], st.sampled_from([Iri("urn:a:class"), Literal("class")])),
)


@pytest.mark.slow
@settings(deadline=None, max_examples=200)
@given(st.lists(_STATED, max_size=14), st.lists(_NAMES, max_size=6), st.lists(_BEHIND, max_size=6))
def test_made_record_is_as_framing_makes_it(
    both: Both, stated: list[Quad], names: list[Quad], behind: list[Quad]
) -> None:
    """Several languages, types and graphs, escapes, positions, parts of parts, names, records and links."""
    framed, direct = both([*stated, *names, *behind])
    if direct is not None or not _points_at_itself(stated):
        assert framed == direct


@pytest.mark.slow
@settings(deadline=None, max_examples=150)
@given(st.lists(_STATED | _NAMES, max_size=8), st.lists(_BEHIND, max_size=5), st.lists(_ODD, min_size=1, max_size=3))
def test_odd_record_is_as_framing_makes_it_or_left_to_it(
    both: Both, stated: list[Quad], behind: list[Quad], odd: list[Quad]
) -> None:
    """What does not fit the context is never written in another way than framing writes it."""
    framed, direct = both([*stated, *behind, *odd])
    assert direct in (framed, None)


def _points_at_itself(quads: list[Quad]) -> bool:
    return any(quad.subject == quad.object for quad in quads)


@pytest.mark.parametrize(
    "quads",
    [
        [Quad(THING, Iri(WW + "stage"), THING, DATA)],
        [Quad(THING, Iri(WW + "hasComponent"), PARTS[0], DATA), Quad(PARTS[0], Iri(WW + "stage"), PARTS[0], DATA)],
        [Quad(_RECORDS[0], TOPIC, THING, DATA), Quad(_RECORDS[0], Iri(DCTERMS + "source"), PARTS[0], DATA)],
        [Quad(_RECORDS[0], TOPIC, OTHER, DATA), Quad(THING, Iri(WW + "usesTool"), _RECORDS[0], DATA)],
        [Quad(_RECORDS[0], TOPIC, THING, INFERRED), Quad(THING, Iri(WW + "usesTool"), _RECORDS[0], DATA)],
    ],
)
def test_what_framing_has_a_form_for_is_left_to_it(both: Both, quads: list[Quad]) -> None:
    """What points at itself, a record that points at a part, and what points at a record are framed."""
    assert both(quads)[1] is None
