"""What differs between two states is found line by line, and told thing by thing in words."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatworks import KnowledgeGraph
from whatworks.differences import Difference, Differences, Side, compare
from whatworks.differences.answer import Changed, Count
from whatworks.differences.lines import Unshared
from whatworks.errors import DamagedRelease, SyntaxFault

Make = Callable[[dict[str, str]], KnowledgeGraph]
PREFIXES = """\
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix graph: <https://w3id.org/whatworks/graph/> .
@prefix i: <https://w3id.org/whatworks/id/intervention/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix r: <https://w3id.org/whatworks/id/record/> .
@prefix stage: <https://w3id.org/whatworks/voc/stage/> .
@prefix ww: <https://w3id.org/whatworks/ont#> .
"""
BEFORE = """graph:mine {
i:one a ww:Practice ; dcterms:title "One"@en ; ww:stage stage:pilot ; ww:hasPhase <x/../i> .
i:old a ww:Practice ; dcterms:title "Old"@en .
i:gone a ww:Practice ; dcterms:title "Gone"@en .
r:one foaf:primaryTopic i:one ; ww:sourceNote "A page"@en .
}
"""
AFTER = """graph:mine {
i:one a ww:Practice ; dcterms:title "One"@en ; ww:stage stage:mainstreamed ; ww:hasPhase i:one\\#phase-1 .
i:one\\#phase-1 a ww:Phase ; ww:stage stage:pilot .
i:old a ww:Practice ; dcterms:title "Old"@en ; owl:deprecated true ; dcterms:isReplacedBy i:one .
i:new a ww:Practice ; dcterms:title "New \\u001b[31m<b>"@en .
r:one foaf:primaryTopic i:one ; ww:sourceNote "Another page"@en .
}
"""


def _told(kg: KnowledgeGraph, folder: Path, before: str, after: str) -> Differences:
    """Compare two texts in TriG."""
    for name, text in (("before.trig", before), ("after.trig", after)):
        (folder / name).write_text(PREFIXES + text, encoding="utf-8")
    return kg.diff(str(folder / "before.trig"), str(folder / "after.trig"))


@pytest.fixture(scope="module")
def told(kg: KnowledgeGraph, tmp_path_factory: pytest.TempPathFactory) -> Differences:
    """What differs between the two states above."""
    return _told(
        kg, tmp_path_factory.mktemp("told"), BEFORE.replace("ww:hasPhase <x/../i>", "ww:startYear 2001"), AFTER
    )


# ---- lines ----


def _lines(words: set[int]) -> list[bytes]:
    return sorted(f"<{word:03}> {'x' * (word % 7)}\n".encode() for word in words)


@given(
    before=st.sets(st.integers(0, 400), max_size=120),
    after=st.sets(st.integers(0, 400), max_size=120),
    block=st.sampled_from([1, 7, 64, 1000]),
)
def test_unshared_lines_are_those_of_sets(
    before: set[int], after: set[int], block: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever lies in blocks of whatever size: the lines that only one file has, and the checksums of both."""
    folder = tmp_path_factory.mktemp("lines")
    for name, words in (("a", before), ("b", after)):
        (folder / name).write_bytes(b"".join(_lines(words)))
    walk = Unshared(folder / "a", folder / "b", block)
    gone, come = set[bytes](), set[bytes]()
    for less, more in walk:
        gone |= less
        come |= more
    assert gone == set(_lines(before - after))
    assert come == set(_lines(after - before))
    assert all(len(each) == 64 for each in walk.sums)


def test_large_files_are_read_in_blocks(tmp_path: Path) -> None:
    """Of two large files that differ in three lines, these three come."""
    words = set(range(200_000))
    random.seed(7)
    changed = set(random.sample(sorted(words), 3))
    lines = {word: f"<{word:06}> something that is said of a thing\n".encode() for word in words}
    (tmp_path / "a").write_bytes(b"".join(lines[word] for word in sorted(words)))
    (tmp_path / "b").write_bytes(b"".join(lines[word] for word in sorted(words - changed)))
    pairs = list(Unshared(tmp_path / "a", tmp_path / "b"))
    assert set().union(*(gone for gone, _ in pairs)) == {lines[word] for word in changed}
    assert not any(come for _, come in pairs)


# ---- what is told ----


def test_things_are_told_by_what_became_of_them(told: Differences) -> None:
    """Changed, added, retired with what stands in its place, removed; interventions by their titles."""
    assert told.counts == {"changed": 1, "added": 1, "retired": 1, "removed": 1}
    named = {each.kind: (each.key, each.of_class, [to.label for to in each.successors]) for each in told.things}
    assert named == {
        "changed": ("one", "practice", []),
        "added": ("new", "practice", []),
        "retired": ("old", "practice", ["One"]),
        "removed": ("gone", "practice", []),
    }
    assert told.summary == "1 changed, 1 added, 1 retired, 1 removed."
    assert bool(told)


def test_fields_are_told_with_labels(told: Differences) -> None:
    """Concepts by their labels, parts by their places, records as such."""
    (one,) = [each for each in told.things if each.kind == "changed"]
    assert [str(each) for each in one.differences] == [
        "has phase: phase-1",
        "stage: Pilot → Mainstreamed",
        "start year: 2001 (removed)",
        "phase-1 › type: phase",
        "phase-1 › stage: Pilot",
        "record › source note: A page [en] → Another page [en]",
    ]
    assert [each.kind for each in one.differences] == ["changed"] * 3 + ["added"] * 2 + ["changed"]


def test_text_cannot_steer_a_terminal(told: Differences) -> None:
    """Labels are untrusted; what is retired leads to what stands in its place."""
    text = told.write("text").decode()
    assert text.startswith("From before.trig to after.trig:\n1 changed, 1 added, 1 retired, 1 removed.\n")
    assert "\x1b" not in text
    assert "  Old (old), practice → One (one)" in text
    assert "    stage: Pilot → Mainstreamed" in text


def test_programs_get_all_of_it(told: Differences) -> None:
    """JSON has the same things with their IRIs and properties."""
    body = json.loads(told.write("json"))
    assert [each["kind"] for each in body["things"]] == ["changed", "added", "retired", "removed"]
    (stage,) = [each for each in body["things"][0]["differences"] if each["before"] == ["Pilot"]]
    assert (stage["path"], stage["after"]) == ("https://w3id.org/whatworks/ont#stage", ["Mainstreamed"])
    assert body["things"][2]["successors"] == [
        {"iri": "https://w3id.org/whatworks/id/intervention/one", "label": "One"}
    ]
    assert body["counts"] == told.counts


def test_equal_states(kg: KnowledgeGraph, tmp_path: Path) -> None:
    """The same statements in another order and form: nothing changed."""
    again = "graph:mine { i:a ww:stage stage:pilot ; dcterms:title 'A'@en . }"
    found = _told(kg, tmp_path, "graph:mine { i:a dcterms:title 'A'@en ; ww:stage stage:pilot }", again)
    assert not found
    assert found.write("text").decode().splitlines()[1:] == ["Nothing changed."]


def test_what_follows_is_counted_only(kg: KnowledgeGraph, tmp_path: Path) -> None:
    """Computed links, nodes without an IRI, and statements that moved to another graph make no thing a changed one."""
    before = "graph:mine { i:a dcterms:title 'A'@en . i:b dcterms:relation [ dcterms:title 'x'@en ] }"
    after = """graph:other { i:a dcterms:title 'A'@en } graph:mine { i:b dcterms:relation [ dcterms:title 'y'@en ] }
    <https://w3id.org/whatworks/graph/links/computed> { <https://w3id.org/whatworks/id/link/x> ww:linkFrom i:a }"""
    found = _told(kg, tmp_path, before, after)
    assert found.things == ()
    assert (found.computed, found.unnamed, found.moved) == (Count(1, 0), Count(1, 1), 1)
    assert found.summary == "Nothing changed but what is worked out from the data."
    assert len(found.beside) == 3


def test_ways_to_reach_people_are_not_told(kg: KnowledgeGraph, tmp_path: Path) -> None:
    """Addresses of mail and numbers of telephones stand in no account of changes."""
    after = "graph:mine { i:a foaf:mbox <mailto:ada@example.org> ; foaf:phone <tel:+1234> ; dcterms:title 'A'@en }"
    found = _told(kg, tmp_path, "graph:mine { i:b dcterms:title 'B'@en }", after)
    assert "example.org" not in found.write("json").decode()
    assert [each.key for each in found.things] == ["a", "b"]


def test_terms_of_the_model_stand_apart(kg: KnowledgeGraph, tmp_path: Path) -> None:
    """A concept in a graph of the model is told after the data, under its own name."""
    concept = """<https://w3id.org/whatworks/graph/voc/stage> {
    stage:pilot <http://www.w3.org/2004/02/skos/core#prefLabel> "LABEL"@en }"""
    found = _told(kg, tmp_path, concept.replace("LABEL", "Pilot"), concept.replace("LABEL", "Trial"))
    (one,) = found.things
    assert (one.label, one.of_model, str(one.differences[0])) == (
        "Trial",
        True,
        "Label: Pilot [en] → Trial [en]",
    )
    assert "Changed in the model" in found.write("text").decode()


def test_own_classes_are_called_by_their_labels(project: Make, tmp_path: Path) -> None:
    """A class of a project has an IRI with a number sign, as parts have, and is no part."""
    label = "<https://jobs.org/ont#JobGuarantee> <http://www.w3.org/2000/01/rdf-schema#label> 'job guarantee'@en ."
    kg = project({"whatworks.toml": 'base = "https://jobs.org/"', "ontology/own.ttl": label})
    (tmp_path / "empty.ttl").touch()
    (tmp_path / "one.ttl").write_text("<https://jobs.org/id/intervention/a> a <https://jobs.org/ont#JobGuarantee> .")
    (one,) = kg.diff(str(tmp_path / "empty.ttl"), str(tmp_path / "one.ttl")).things
    assert one.of_class == "job guarantee"
    (tmp_path / "two.ttl").write_text("<https://jobs.org/id/x> a <http://www.w3.org/ns/dcat#DatasetSeries> .")
    (two,) = kg.diff(str(tmp_path / "empty.ttl"), str(tmp_path / "two.ttl")).things
    assert two.of_class == "dcat:DatasetSeries"


def test_links_are_called_by_their_ends(kg: KnowledgeGraph, tmp_path: Path) -> None:
    """A link that a person made has no name of its own."""
    link = "graph:mine { <https://w3id.org/whatworks/id/link/x> a ww:Link ; ww:linkFrom i:youthreach ; ww:linkTo i:nn }"
    found = _told(kg, tmp_path, "", link)
    assert [each.label for each in found.things] == ["Youthreach – intervention:nn"]


def test_long_texts_are_cut_to_where_they_differ() -> None:
    """Both are shown from a little before the first difference on."""
    start = "word " * 40
    found = Difference("changed", "a", "", "Summary", (f"{start}old end",), (f"{start}new end",), "p")
    assert str(found) == "Summary: …word word word word word word old end → …word word word word word word new end"
    assert len(str(Difference("added", "a", "", "f", (), ("x" * 300,), "p"))) < 110


def test_a_damaged_dump_is_an_error(kg: KnowledgeGraph, tmp_path: Path) -> None:
    """A dump that is not the one of its checksum, or not there, is told as such; so is a file that is no RDF."""
    dump = tmp_path / "dump.nq"
    dump.write_bytes(b"")
    side = Side("one", dump, kg.collection)
    with pytest.raises(DamagedRelease, match="not as it was written"):
        compare(side, Side("two", dump, kg.collection, "0" * 64))
    with pytest.raises(DamagedRelease, match="cannot be read"):
        compare(side, Side("two", tmp_path / "nope.nq", kg.collection))
    (tmp_path / "x.ttl").write_text("no turtle")
    with pytest.raises(SyntaxFault):
        kg.diff(str(tmp_path / "x.ttl"), str(tmp_path / "x.ttl"))


def test_names_say_key_and_class() -> None:
    """A key that is the label is not said twice."""
    assert Changed("added", "x:a", "a", "a", "", False, (), ()).name == "a"
    assert Changed("added", "x:a", "a", "A thing", "tool", False, (), ()).name == "A thing (a), tool"
