"""The context says how each value is written; what it does not say is left to framing."""

import json
from typing import Any

import pytest

from whatworks import KnowledgeGraph
from whatworks.context import Form, NotDirect, list_key
from whatworks.jsonld import CONTEXT
from whatworks.trees import Trees

BASE = "https://w3id.org/whatworks/id/intervention/"
THING = f"<{BASE}a>"
TITLE = "<http://purl.org/dc/terms/title>"
KEY = "<http://purl.org/dc/terms/identifier>"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
WW = "https://w3id.org/whatworks/ont#"
POSITION, SIGNIFICANT, STAGE = (f"<{WW}{name}>" for name in ("position", "significant", "stage"))
GRADE, EFFECT = (f"<{WW}{name}>" for name in ("grade", "effectSize"))
INTEGER, BOOLEAN, DECIMAL = (f"<http://www.w3.org/2001/XMLSchema#{name}>" for name in ("integer", "boolean", "decimal"))


@pytest.fixture(scope="module")
def context(kg: KnowledgeGraph) -> dict[str, Any]:
    """The model's context."""
    found: dict[str, Any] = kg.documents.contexts[CONTEXT]
    return found


def _text(context: dict[str, Any], *statements: str) -> bytes:
    trees = Trees(Form(context, ("http://www.w3.org/2004/02/skos/core#prefLabel",)))
    trees.read([f"{THING} {statement} <urn:g> .\n".encode() for statement in statements], lambda _: "all")
    return trees.text(f"{BASE}a")


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([f'{TITLE} "A \\"quoted\\" \\n title"@en'], {"title": {"en": 'A "quoted" \n title'}}),
        ([f'{TITLE} "\\U0001F600 \\u00e9 \\u001F"@fr'], {"title": {"fr": "😀 é \x1f"}}),
        ([f'{TITLE} "\\\\u0041 \\\\"@fr'], {"title": {"fr": "\\u0041 \\"}}),
        ([f'{TITLE} "a\\"@b"@pt-br'], {"title": {"pt-br": 'a"@b'}}),
        ([f'{TITLE} "z"@fr', f'{TITLE} "b"@en', f'{TITLE} "a"@en'], {"title": {"en": ["a", "b"], "fr": "z"}}),
        ([f'{TITLE} "\\"10"@en', f'{TITLE} "\\"9"@en'], {"title": {"en": ['"9', '"10']}}),
        ([f'{KEY} "b@en"'], {"key": "b@en"}),
        ([f'{GRADE} "10"', f'{GRADE} "9"', f'{GRADE} "09"'], {"grade": ["09", "9", "10"]}),
        ([f'{GRADE} "10"'], {"grade": ["10"]}),
        ([f'{POSITION} "7"^^{INTEGER}'], {"position": 7}),
        ([f'{POSITION} "-12"^^{INTEGER}'], {"position": -12}),
        ([f'{POSITION} "12"^^{INTEGER}', f'{POSITION} "3"^^{INTEGER}'], {"position": [3, 12]}),
        ([f'{POSITION} "{"9" * 15}"^^{INTEGER}'], {"position": 10**15 - 1}),
        ([f'{SIGNIFICANT} "false"^^{BOOLEAN}'], {"significant": False}),
        ([f'{EFFECT} "0.50"^^{DECIMAL}'], {"effectSize": "0.50"}),
        ([f"{STAGE} <urn:stage>"], {"stage": "urn:stage"}),
        ([f"{TYPE} <{WW}Tool>", f"{TYPE} <{WW}Practice>"], {"type": ["Practice", "Tool"]}),
    ],
)
def test_value_is_written_as_the_context_says(
    context: dict[str, Any], statements: list[str], expected: dict[str, Any]
) -> None:
    """Texts stand by language, whole numbers and truth values as JSON has them, other things by their IRI."""
    whole = {"id": f"{BASE}a", **expected}
    assert json.dumps(whole, ensure_ascii=False) == _text(context, *statements).decode()


def test_one_statement_in_two_graphs_counts_once(context: dict[str, Any]) -> None:
    """What stands twice is written once."""
    twice = [f'{TITLE} "A"@en', f'{TITLE} "B"@en', f'{TITLE} "A"@en', f'{TITLE} "B"@en']
    assert {"en": ["A", "B"]} == json.loads(_text(context, *twice))["title"]


@pytest.mark.parametrize(
    "statement",
    [
        "<urn:unknown> <urn:x>",
        f'{TITLE} "no language"',
        f'{TITLE} "no language\\"@x"',
        f"{TITLE} <urn:thing>",
        f'{POSITION} "007"^^{INTEGER}',
        f'{POSITION} "-0"^^{INTEGER}',
        f'{POSITION} "seven"^^{INTEGER}',
        f'{POSITION} "1234567890123456"^^{INTEGER}',
        f'{POSITION} "seven"',
        f'{SIGNIFICANT} "1"^^{BOOLEAN}',
        f"{SIGNIFICANT} <urn:true>",
        f'{KEY} "a"@en',
        f'{STAGE} "text"',
        f"{STAGE} _:node",
        f"{STAGE} <{WW}Practice>",
        f"{TYPE} <urn:class>",
    ],
)
def test_odd_statement_is_left_to_framing(context: dict[str, Any], statement: str) -> None:
    """A value that does not fit the one term of its property is not guessed, alone or beside another."""
    with pytest.raises(NotDirect):
        _text(context, statement)
    with pytest.raises(NotDirect):
        _text(context, statement, f'{statement.partition(" ")[0]} "other"@en')


def test_lists_are_ordered_by_position_then_id() -> None:
    """Items with positions come first, in order; then those with ids, naturally; then texts."""
    items = ["b", {"id": "x-10"}, {"id": "x-2"}, {"id": "z", "position": 2}, {"id": "y", "position": 1}, "a", "a01"]
    items += [{"id": "x-02"}, "a1"]
    ids = [{"id": "y", "position": 1}, {"id": "z", "position": 2}, {"id": "x-02"}, {"id": "x-2"}, {"id": "x-10"}]
    assert [*ids, "a", "a01", "a1", "b"] == sorted(items, key=list_key)
