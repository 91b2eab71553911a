"""Bound queries are kept, and stay what binding anew gives."""

from typing import Any

import pytest

from whatworks import KnowledgeGraph
from whatworks import asking as module
from whatworks.asking import Asking
from whatworks.errors import InvalidValue, UnknownValue
from whatworks.lookup import Lookup

VALUES: list[tuple[str, dict[str, list[str]]]] = [
    ("interventions", {}),
    ("interventions", {"country": ["BE", "FR"]}),
    ("interventions", {"country": ["BE"], "kind": ["FR"]}),
    ("interventions", {"country": ["BE"]}),
    ("interventions", {"started-from": ["2010"]}),
    ("interventions", {"started-to": ["2010"]}),
    ("success-factors", {"country": ["BE"]}),
    ("success-factors", {"intervention": ["expairs-project"]}),
]


def _said(call: Any) -> object:
    try:
        return call()
    except UnknownValue as error:
        return str(error)


def test_what_is_kept_is_what_binding_gives(kg: KnowledgeGraph) -> None:
    """Each question has its own text, whatever was asked before it."""
    asking, lookup = Asking(kg.collection, kg.catalogue), Lookup(kg.collection, kg.catalogue)
    texts = set()
    for _ in range(2):
        for name, values in VALUES:
            query = kg.catalogue.get(name)
            text = _said(lambda query=query, values=values: query.bind(lookup.bind(query, values)))
            assert text == _said(lambda query=query, values=values: asking.asked(query, values).text)
            texts.add(text)
    assert len(texts) == len(VALUES)


def test_a_question_is_bound_once(kg: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same object comes back until too many are kept; a question with a day is bound each time."""
    monkeypatch.setattr(module, "_KEPT", 2)
    asking = Asking(kg.collection, kg.catalogue)
    query = kg.catalogue.get("interventions")
    first = asking.asked(query, {"country": ["BE"]})
    assert asking.asked(query, {"country": ["BE"]}) is first
    assert asking.asked(query, {"country": ["FR"]}) is not first
    asking.asked(query, {"country": ["DE"]})
    assert asking.asked(query, {"country": ["BE"]}) is not first
    dated = next(each for each in kg.catalogue.all() if any(known.type == "date" for known in each.parameters))
    given = {known.name: [known.example] for known in dated.parameters if known.required}
    assert asking.asked(dated, given) == asking.asked(dated, given)
    assert asking.asked(dated, given) is not asking.asked(dated, given)


def test_a_fault_is_not_kept(kg: KnowledgeGraph) -> None:
    """A value that does not fit is refused each time."""
    asking, query = Asking(kg.collection, kg.catalogue), kg.catalogue.get("interventions")
    for _ in range(2):
        with pytest.raises(InvalidValue, match="--started-from"):
            asking.asked(query, {"started-from": ["soon"]})


def test_notes_stay(kg: KnowledgeGraph) -> None:
    """What a reader must know is said of the second answer as well."""
    asking, query = Asking(kg.collection, kg.catalogue, lambda: kg.search), kg.catalogue.get("success-factors")
    first = asking.asked(query, {"search": ["project young people school"]})
    assert asking.asked(query, {"search": ["project young people school"]}) is first
    bound = Lookup(kg.collection, kg.catalogue, lambda: kg.search).bind(
        query, {"search": ["project young people school"]}
    )
    assert first.note == " ".join(filter(None, (each.note for each in bound.values())))
