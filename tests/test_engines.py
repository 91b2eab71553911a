"""Columns are used where they pay, and only there; with and without them the answers are the same."""

import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import CASES
from whatworks import KnowledgeGraph, engines
from whatworks.columns.run import Run
from whatworks.engines import Engines
from whatworks.errors import DamagedRelease
from whatworks.reads import Question, Watched, checksum
from whatworks.results import Table

FOLDER = CASES / "queries"


def _table(answer: object) -> Table:
    assert isinstance(answer, Table)
    return answer


def _used(opened: KnowledgeGraph) -> bool:
    return vars(opened.engines).get("columns") is not None


@pytest.mark.slow
def test_columns_are_made_when_several_questions_came(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a release they are made at the third question over all; look-ups do not count."""
    monkeypatch.setattr(engines, "LARGE", 0)
    opened = KnowledgeGraph.open()
    expected = list(_table(opened.query("countries")))
    for _ in range(5):
        opened.query("success-factors", intervention="expairs-project")
    assert not _used(opened)
    opened.query("countries")
    assert not _used(opened)
    assert expected == list(_table(opened.query("countries")))
    assert _used(opened)
    assert len(list(_table(opened.query("success-factors", intervention="expairs-project")))) == 5


def test_small_graphs_need_no_columns() -> None:
    """The shipped collection is answered by the store, however many questions come."""
    opened = KnowledgeGraph.open()
    for _ in range(5):
        opened.query("countries")
    assert not _used(opened)


@pytest.fixture
def released(project: Callable[[dict[str, str]], KnowledgeGraph], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a release of the size at which columns are used at once."""
    opened = project({"data/c.trig": (FOLDER / "collection.trig").read_text(encoding="utf-8")})
    opened.build(checked=False)
    monkeypatch.setattr(engines, "LARGE", 0)
    monkeypatch.setattr(engines, "_VERY_LARGE", 0)
    folder = opened.assets.data_folder()
    assert folder is not None
    return folder.parent


@pytest.mark.slow
def test_release_brings_columns(released: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a release columns answer the first question; without numpy the store does, alike."""
    opened = KnowledgeGraph.open(released)
    expected = list(_table(opened.query("countries")))
    assert _used(opened)
    assert expected
    monkeypatch.setattr(engines, "find_spec", lambda _: None)
    without = KnowledgeGraph.open(released)
    assert expected == list(_table(without.query("countries")))
    assert not _used(without)


@pytest.mark.slow
def test_damaged_columns_are_told(released: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes changed at random give no mistake of the program: an answer, or the word that the file is damaged.

    What fails with a file that is whole stays as it is.
    """
    opened = KnowledgeGraph.open(released)
    release = opened.release
    assert release is not None
    assert release.columns is not None
    whole = release.columns.read_bytes()
    texts = [
        opened.sparql_of(query, {})
        for query in opened.catalogue.all()
        if query.form == "SELECT" and not any(each.required for each in query.parameters)
    ]
    chance = random.Random(3)  # noqa: S311 - places to change, no secrets
    said: Counter[str] = Counter()
    for _ in range(20):
        content = bytearray(whole)
        for _ in range(50):
            content[chance.randrange(len(content) // 4, len(content))] = chance.randrange(256)
        release.columns.write_bytes(content)
        engine = KnowledgeGraph.open(released).engines
        assert engine is not None
        for text in texts:
            try:
                said["rows"] += len(list(engine.rows(text) or ()))
            except DamagedRelease as error:
                said[error.message] += 1
    assert said["The columns are damaged."] > 20, said
    assert said["rows"] > 20, said
    release.columns.write_bytes(whole)
    monkeypatch.setattr(Run, "select", lambda *_: [][len(whole)])
    with pytest.raises(IndexError):
        KnowledgeGraph.open(released).query("interventions")


@pytest.mark.slow
def test_release_brings_the_index_of_facets(released: Path) -> None:
    """Counts of facets come from the index in the release, and are those of the store."""
    opened = KnowledgeGraph.open(released)
    for values in ({}, {"country": "BE", "kind": "good practice", "started_from": 2013}, {"search": "Alpha"}):
        counts = list(_table(opened.query("facets", **values)))
        text = opened.sparql_of(
            opened.catalogue.get("facets"), {name.replace("_", "-"): [str(each)] for name, each in values.items()}
        )
        assert counts == list(_table(opened.collection.store.query(text, standalone=True)))
        assert counts
    assert opened.engines is not None
    columns = opened.engines.columns
    assert columns is not None
    (index,) = columns.data.facets.values()
    assert not index.bits.flags.writeable, "it was made anew instead of read from the file"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("_MOST", 10, "more than 10 statements"), ("has_numpy", lambda: False, "numpy is not installed")],
)
def test_release_says_that_it_leaves_columns_out(
    project: Callable[[dict[str, str]], KnowledgeGraph],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: object,
    said: str,
) -> None:
    """Where columns cannot be made, building says so, and the store answers."""
    monkeypatch.setattr(f"whatworks.release.making.{name}", value)
    monkeypatch.setattr(engines, "LARGE", 0)
    opened = project({"data/c.trig": (FOLDER / "collection.trig").read_text(encoding="utf-8")})
    told: list[str] = []
    assert opened.build(checked=False, tell=told.append).columns is None
    assert said in " ".join(told)
    folder = opened.assets.data_folder()
    assert folder is not None
    again = KnowledgeGraph.open(folder.parent)
    for _ in range(4):
        assert list(_table(again.query("facets", kind="tool")))
    assert not _used(again)


@pytest.mark.slow
def test_release_without_columns(released: Path) -> None:
    """A release that was made without numpy is answered by its store; it is whole, and keeps its name."""
    opened = KnowledgeGraph.open(released)
    release = opened.release
    assert release is not None
    assert release.columns is not None
    expected = list(_table(opened.query("countries")))
    copy = released / "releases" / "copy" / release.name
    shutil.copytree(release.folder, copy)
    (copy / release.columns.name).unlink()
    without = KnowledgeGraph.open(released, store=copy)
    assert expected == list(_table(without.query("countries")))
    assert not _used(without)


@pytest.mark.slow
def test_damaged_columns_are_found(released: Path) -> None:
    """`verify` reads the columns as it reads the store; a release's name does not depend on them."""
    release = KnowledgeGraph.open(released).release
    assert release is not None
    assert release.columns is not None
    assert release.verify() == []
    content = bytearray(release.columns.read_bytes())
    content[-1] ^= 1
    release.columns.write_bytes(content)
    assert [f"{release.columns.name}: its content was changed"] == release.verify()


def test_what_columns_refuse_the_store_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """ASK and CONSTRUCT queries never go to columns, and what they refuse is answered all the same."""
    monkeypatch.setattr(engines, "LARGE", 0)
    monkeypatch.setattr(engines, "_SEVERAL", 0)
    opened = KnowledgeGraph.open()
    opened.query("personal-data")
    assert not _used(opened)
    expected = list(_table(opened.query("countries")))
    assert _used(opened)
    monkeypatch.setattr("whatworks.columns.Columns.query", lambda *_: None)
    assert expected == list(_table(opened.query("countries")))


def test_who_stays_asks_columns_whatever_the_size() -> None:
    """Once they are there, lists of a small collection come from them, in the same order; look-ups do not."""
    opened = KnowledgeGraph.open()
    expected = list(_table(opened.query("identifiers")))
    assert expected
    assert opened.engines is not None
    columns = opened.engines.columns
    assert columns is not None
    asked: list[str] = []
    known = columns.query
    columns.query = lambda text: (asked.append(text), known(text))[1]  # type: ignore[func-returns-value, method-assign]
    assert expected == list(_table(opened.query("identifiers")))
    assert len(asked) == 1
    assert list(_table(opened.query("success-factors", intervention="expairs-project")))
    assert len(asked) == 1


def test_a_watched_store_notes_what_columns_answer() -> None:
    """A page of a site is made again when what columns said of it is no longer so."""
    opened = KnowledgeGraph.open()
    watched = Watched(opened.collection.local)
    asked = Engines.of(watched, None)
    query = opened.catalogue.get("countries")
    text = opened.sparql_of(query, {})
    assert asked.columns is not None
    rows = list(_table(asked.answer(query, {}, text)))
    assert rows
    assert {Question(text): checksum(rows)} == watched.reads.answers
    assert {Question(text)} == watched.reads.asked
