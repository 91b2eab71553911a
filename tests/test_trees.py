"""Trees made straight from statements are, byte for byte, those that framing makes; what is odd is left to framing."""

import json
from typing import Any

import pytest

from whatworks import KnowledgeGraph
from whatworks.jsonld import CONTEXT
from whatworks.terms import Iri
from whatworks.trees import NotDirect, Trees, list_key

BASE = "https://w3id.org/whatworks/id/intervention/"
THING = f"<{BASE}a>"
TITLE = "<http://purl.org/dc/terms/title>"
POSITION = "<https://w3id.org/whatworks/ont#position>"
SIGNIFICANT = "<https://w3id.org/whatworks/ont#significant>"
STAGE = "<https://w3id.org/whatworks/ont#stage>"
INTEGER = "<http://www.w3.org/2001/XMLSchema#integer>"
BOOLEAN = "<http://www.w3.org/2001/XMLSchema#boolean>"


@pytest.fixture(scope="module")
def context(kg: KnowledgeGraph) -> dict[str, Any]:
    """The model's context."""
    found: dict[str, Any] = kg.documents.contexts[CONTEXT]
    return found


def _tree(context: dict[str, Any], *statements: str) -> dict[str, Any]:
    trees = Trees(context, ("http://www.w3.org/2004/02/skos/core#prefLabel",))
    trees.read("".join(f"{THING} {statement} <urn:g> .\n" for statement in statements), lambda _: "all")
    return trees.tree(f"{BASE}a")


def test_every_record_is_as_framing_makes_it(kg: KnowledgeGraph) -> None:
    """For every shipped record, the text of the direct tree equals the text of the framed one, keys in one order."""
    things = kg.things()
    direct = list(kg.trees(things))
    assert len(things) > 150
    for thing, tree in zip(things, direct, strict=True):
        framed = kg.documents.tree(kg.statements([thing]), thing)
        assert json.dumps(framed, ensure_ascii=False) == json.dumps(tree, ensure_ascii=False), thing


def test_no_shipped_record_needs_framing(kg: KnowledgeGraph) -> None:
    """Nothing in the shipped data is so odd that the direct way leaves it out."""

    def never(thing: Iri) -> dict[str, Any]:
        raise AssertionError(thing)

    store = kg.collection.store
    things = kg.things()
    keep = kg.collection.counts_for_documents
    assert len(things) == len(list(kg.documents.direct(store.nquads(), things, _labels(), keep, never)))


def _labels() -> tuple[Iri, ...]:
    from whatworks.namespaces import LABELS, NOTATION  # noqa: PLC0415 - used here only

    return (*LABELS, NOTATION)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (f'{TITLE} "A \\"quoted\\" \\n title"@en', {"title": {"en": 'A "quoted" \n title'}}),
        (f'{TITLE} "\\U0001F600 \\u00e9"@fr', {"title": {"fr": "😀 é"}}),
        (f'{POSITION} "7"^^{INTEGER}', {"position": 7}),
        (f'{SIGNIFICANT} "false"^^{BOOLEAN}', {"significant": False}),
        (f"{STAGE} <urn:stage>", {"stage": "urn:stage"}),
    ],
)
def test_value_is_written_as_the_context_says(
    context: dict[str, Any], statement: str, expected: dict[str, Any]
) -> None:
    """Texts stand by language, whole numbers and truth values as JSON has them, other things by their IRI."""
    assert {"id": f"{BASE}a", **expected} == _tree(context, statement)


def test_one_statement_in_two_graphs_counts_once(context: dict[str, Any]) -> None:
    """What stands twice is written once."""
    assert {"en": "A"} == _tree(context, f'{TITLE} "A"@en', f'{TITLE} "A"@en')["title"]


@pytest.mark.parametrize(
    "statement",
    [
        "<urn:unknown> <urn:x>",
        f'{TITLE} "no language"',
        f'{POSITION} "007"^^{INTEGER}',
        f'{POSITION} "1234567890123456789"^^{INTEGER}',
        f'{POSITION} "seven"',
        f'{SIGNIFICANT} "1"^^{BOOLEAN}',
        f'{STAGE} "text"',
        f"{STAGE} _:node",
        f"{STAGE} <https://w3id.org/whatworks/ont#Practice>",
        "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <urn:class>",
    ],
)
def test_odd_statement_is_left_to_framing(context: dict[str, Any], statement: str) -> None:
    """A value that does not fit the one term of its property is not guessed."""
    with pytest.raises(NotDirect):
        _tree(context, statement)


def test_lists_are_ordered_by_position_then_id() -> None:
    """Items with positions come first, in order; then those with ids, naturally; then texts."""
    items = ["b", {"id": "x-10"}, {"id": "x-2"}, {"id": "z", "position": 2}, {"id": "y", "position": 1}, "a"]
    expected = [{"id": "y", "position": 1}, {"id": "z", "position": 2}, {"id": "x-2"}, {"id": "x-10"}, "a", "b"]
    assert expected == sorted(items, key=list_key)
