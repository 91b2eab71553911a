"""A single name leads to the thing that the index of all names would find, or to none."""

from collections.abc import Callable

import pytest

from whatworks import KnowledgeGraph
from whatworks.lookup import Index, Lookup
from whatworks.probes import Probes
from whatworks.terms import Iri

ID = "https://w3id.org/whatworks/id/"
KINDS = ("intervention", "resource", "agent")
PREFIXES = (
    "@prefix dcterms: <http://purl.org/dc/terms/> .\n@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n"
    "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n@prefix ww: <https://w3id.org/whatworks/ont#> .\n"
    f"@prefix i: <{ID}intervention/> .\n@prefix a: <{ID}agent/> .\n"
)


def _written(index: Index) -> list[str]:
    """Return every name of an index, in three spellings."""
    names = sorted({name for tier in index.tiers.values() for name in tier})
    return [spelling for name in names for spelling in (name, name.upper(), f" {name.capitalize()} ")]


def _agrees(index: Index, value: str, found: Iri | None) -> bool:
    """Say whether what a probe found is what the index finds; count on it where the index finds one thing."""
    return found is None or {found} == index.find(value)


def test_concepts_are_those_of_the_index(kg: KnowledgeGraph) -> None:
    """Codes and notations of every scheme lead to the concept of the index, in any spelling; a label is left to it."""
    probes, lookup = Probes(kg.collection), Lookup(kg.collection, kg.catalogue)
    for scheme in ("place", "language", "stage", "approach", "education-level", "target-group"):
        index = lookup.concepts(scheme)
        found = {value: probes.concept(lookup.scheme(scheme), value) for value in _written(index)}
        assert [value for value, iri in found.items() if not _agrees(index, value, iri)] == []
        coded = {name for tier in ("code", "notation") for name in index.tiers[tier] if len(index.find(name)) == 1}
        assert coded
        assert [name for name in coded if found[name] is None] == []


@pytest.mark.parametrize(
    ("group", "query", "kinds"),
    [
        ("intervention", "system/interventions-by-name", ("intervention",)),
        ("agent", "system/agents-by-name", ("agent",)),
        ("thing", "system/things-by-name", KINDS),
    ],
)
def test_things_are_those_of_the_index(kg: KnowledgeGraph, group: str, query: str, kinds: tuple[str, ...]) -> None:
    """Where a probe finds a thing, the index finds the same; and most names need no index."""
    probes, index = Probes(kg.collection), Lookup(kg.collection, kg.catalogue)._index(group, query)
    names = _written(index)[::7]
    found = {value: probes.thing(kinds, value) for value in names}
    assert [value for value, iri in found.items() if not _agrees(index, value, iri)] == []
    titles = [value for value in names if len(index.find(value)) == 1 and next(iter(index.find(value))).startswith(ID)]
    assert sum(found[value] is not None for value in titles) > len(titles) / 4


@pytest.fixture
def probes(project: Callable[[dict[str, str]], KnowledgeGraph]) -> Probes:
    """Interventions and agents that share names in several ways."""
    data = """
        i:one a ww:Practice ; dcterms:identifier "one" ; dcterms:title "First Steps"@en , "Erste Schritte"@de .
        i:two a ww:Practice ; dcterms:identifier "two" ; dcterms:title "first steps"@fr ; skos:altLabel "Two-Step"@en .
        i:three a ww:Practice ; dcterms:identifier "three" ; dcterms:title "Three"@en ; ww:successFactor <#f> .
        i:three#f a ww:SuccessFactor ; dcterms:title "Erste Schritte"@de .
        i:four a ww:Practice ; dcterms:identifier "four" ; dcterms:title "Pilot"@en .
        a:dk foaf:name "Municipalities" . a:nl foaf:name "municipalities" . a:three foaf:name "Third" .
    """
    return Probes(
        project({"data/a.ttl": PREFIXES + data.replace("i:three#f", f"<{ID}intervention/three#f>")}).collection
    )


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("erste schritte", "intervention/one"),
        ("Two-Step", "intervention/two"),
        ("TWO", "intervention/two"),
        ("  Third ", "agent/three"),
        ("DK", None),
        ("First Steps", None),
        ("Municipalities", None),
        ("three", None),
        ("Pilot", None),
        ("nothing", None),
        ("", None),
        ("\ud800", None),
        ("a b<c>", None),
    ],
)
def test_a_name_of_one_thing(probes: Probes, value: str, found: str | None) -> None:
    """A name is found in any usual spelling and language; parts do not count, and a name of two things finds none."""
    assert probes.thing(KINDS, value) == (Iri(ID + found) if found else None)


def test_kinds(probes: Probes) -> None:
    """A thing of another kind is not meant."""
    assert probes.thing(("agent",), "Third") == Iri(f"{ID}agent/three")
    assert probes.thing(("intervention",), "Third") is None
