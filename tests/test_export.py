"""Things are written alike, whether few or many, from the store or from a dump; answers are written as they are."""

import json
import time
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from whatworks import KnowledgeGraph, export
from whatworks.errors import DamagedRelease, QueryRefused
from whatworks.export import Exporter
from whatworks.namespaces import DCTERMS, PROV
from whatworks.results import Triples
from whatworks.terms import Iri, Literal, Quad

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


class _Widest(BytesIO):
    """A file that knows the most that was written to it at once."""

    most = 0

    def write(self, content: Any) -> int:
        """Take some bytes."""
        self.most = max(self.most, len(content))
        return super().write(content)

    def writelines(self, parts: Iterable[Any]) -> None:
        """Take several."""
        for part in parts:
            self.write(part)


def test_many_trees_are_written_one_by_one(kg: KnowledgeGraph) -> None:
    """A document of many things goes to a file tree by tree, and is the same as in memory."""
    for things in (None, kg.things(of_class="Agent"), []):
        file = _Widest()
        kg.exporter.pour("jsonld", things, file, single=False)
        assert kg.exporter.things("jsonld", things, single=False) == file.getvalue()
        assert file.most < 100_000


def test_an_answer_that_is_too_long_for_trees_is_refused(kg: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trees of an answer are made in memory, so there is a limit, which is told; other formats have none."""
    text = "CONSTRUCT { ?s skos:notation ?n } { SELECT DISTINCT ?s ?n { ?s skos:notation ?n } ORDER BY ?s ?n LIMIT 5 }"
    monkeypatch.setattr(export, "_FRAMED", 5)
    assert 5 == _poured(kg, text, "jsonld")
    monkeypatch.setattr(export, "_FRAMED", 4)
    assert 5 == _poured(kg, text, "ntriples")
    with pytest.raises(QueryRefused, match="has more than 4 statements, of which JSON-LD is made in memory") as caught:
        _poured(kg, text, "jsonld")
    assert "turtle" in caught.value.hint


def _poured(kg: KnowledgeGraph, text: str, format: str) -> int:
    answer = kg.sparql(text)
    assert isinstance(answer, Triples)
    return kg.exporter.pour_triples(answer, format, BytesIO())


def test_trees_of_many_things_take_no_longer_each(kg: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    """What leads back to a thing is found without looking at all statements for each thing."""
    monkeypatch.setattr(kg.documents, "tree", lambda _, thing: {"id": str(thing)})
    title = Iri(f"{DCTERMS}title")
    quads = [Quad(Iri(f"{ID}x/{number}"), title, Literal.text("A title", "en")) for number in range(20_000)]
    begun = time.process_time()
    assert 20_000 == len(kg.documents.trees(quads))
    assert time.process_time() - begun < 5


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
