"""Things are written alike, whether few or many, from the store or from a dump; answers are written as they are."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from whatworks import KnowledgeGraph
from whatworks.errors import DamagedRelease
from whatworks.export import Exporter
from whatworks.namespaces import PROV

ID = "https://w3id.org/whatworks/id/"


@pytest.mark.parametrize("of_class", ["Intervention", "Concept", "Agent", "Record", "Collection"])
def test_many_things_are_written_as_each_alone(kg: KnowledgeGraph, of_class: str) -> None:
    """Whether all statements are read at once or those of each thing makes no difference, nor does the model."""
    things = kg.things(of_class=of_class)
    some = things[:: max(1, len(things) // 40)]
    assert [tree for thing in some for tree in kg.exporter.trees([thing])] == list(kg.exporter.trees(some))


def test_class_of_the_model_is_whole(kg: KnowledgeGraph) -> None:
    """A class of which the model holds the things is not written as a list of names."""
    trees = json.loads(kg.export("jsonld", of_class="Concept"))["@graph"]
    assert len(trees) == len(kg.things(of_class="Concept"))
    assert all("label" in tree for tree in trees)


@pytest.fixture
def dump(kg: KnowledgeGraph, tmp_path: Path) -> Path:
    """All statements of the shipped collection in a file, in another order than the store gives them."""
    file = tmp_path / "dump.nq"
    file.write_bytes(b"".join(sorted(kg.collection.store.nquads().splitlines(keepends=True))))
    return file


@pytest.fixture
def from_dump(kg: KnowledgeGraph, dump: Path) -> Exporter:
    """Writes from the file."""
    return Exporter(kg.collection, kg.describer, kg.documents, dump)


def test_dump_gives_what_the_store_gives(kg: KnowledgeGraph, from_dump: Exporter) -> None:
    """A document of everything is the same bytes."""
    assert kg.export("jsonld") == from_dump.things("jsonld", None, single=False)
    things = kg.things(of_class="Intervention")
    assert list(kg.exporter.trees(things)) == list(from_dump.trees(things))


def test_dump_of_any_length_is_read_to_its_end(
    kg: KnowledgeGraph, from_dump: Exporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where blocks end makes no difference."""
    expected = list(kg.exporter.trees(None))
    for size in (1, 1000, 4096):
        monkeypatch.setattr("whatworks.store.lines._BLOCK", size)
        assert expected == list(from_dump.trees(None))


def test_missing_dump_is_told(kg: KnowledgeGraph, from_dump: Exporter, dump: Path) -> None:
    """A dump that is gone is an error that says what to do."""
    dump.unlink()
    with pytest.raises(DamagedRelease, match="The dump cannot be read: No such file") as caught:
        list(from_dump.trees(None))
    assert "whatworks build" in caught.value.hint


def test_document_of_everything_starts_from_things(
    project: Callable[[dict[str, str]], KnowledgeGraph],
) -> None:
    """Records and links stand with the things that they are about."""
    opened = project(
        {
            "data/a.ttl": f"""
            @prefix ww: <https://w3id.org/whatworks/ont#> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
            <{ID}intervention/a> a ww:Practice ; ww:hasPhase <{ID}intervention/a#phase-1> .
            <{ID}intervention/a#phase-1> a ww:Phase .
            <{ID}record/a> a ww:Record ; foaf:primaryTopic <{ID}intervention/a> ;
                <{PROV}wasAttributedTo> <{ID}agent/b> .
            <{ID}agent/b> a foaf:Agent ; foaf:name "B" .
            <{ID}link/a> ww:linkFrom <{ID}intervention/a> ; ww:linkTo <{ID}intervention/c> .
            """
        }
    )
    agent, thing = json.loads(opened.export("jsonld"))["@graph"]
    assert (ID + "agent/b", ID + "intervention/a") == (agent["id"], thing["id"])
    assert [ID + "intervention/a#phase-1"] == [each["id"] for each in thing["phase"]]
    assert ([ID + "record/a"], [ID + "link/a"]) == ([thing["record"][0]["id"]], [thing["link"][0]["id"]])
