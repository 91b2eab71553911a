"""Links are exact, say why, follow what people decide, and are the same for the same data."""

import itertools
import json
import math
import re
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import BASE, ROOT
from whatworks import KnowledgeGraph, linking
from whatworks.cli import link as link_module
from whatworks.cli import main
from whatworks.errors import InvalidValue, QueryHeader, Unwritable
from whatworks.linking import nearest as nearest_module
from whatworks.linking import relink as relink_module
from whatworks.linking import unfinished as unfinished_module
from whatworks.linking.link import COMPARING, EXPLAINING, MILLION, OPENING, READING, WRITING, Link, Options
from whatworks.linking.linker import Linker
from whatworks.linking.nearest import LEAST, Index, Near, in_order, joined, nearest
from whatworks.linking.products import Products
from whatworks.linking.reasons import rounded
from whatworks.linking.records import Family, Records
from whatworks.linking.relink import Relinker
from whatworks.linking.run import make
from whatworks.linking.terms import FILE_ORDER
from whatworks.linking.unfinished import Unfinished
from whatworks.linking.vectors import Vectors
from whatworks.linking.writing import contents
from whatworks.results import Answer, Boolean, Table, plain
from whatworks.store import parse
from whatworks.terms import Iri
from whatworks.trig import write_trig

Project = Callable[[dict[str, str]], KnowledgeGraph]
NOW = datetime(2026, 11, 22, tzinfo=UTC)
FAMILIES = (
    Family("approach", 3.0, "approach", "apply {}"),
    Family("group", 2.0, "group", "are for {}"),
    Family("place", 0.5, "place", "are in {=}"),
    Family("words", 4.0, "", "use the words {}"),
)
PREFIXES = f"""
@prefix agent: <{BASE}id/agent/> .
@prefix approach: <{BASE}voc/approach/> .
@prefix country: <http://publications.europa.eu/resource/authority/country/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix i: <{BASE}id/intervention/> .
@prefix link: <{BASE}id/link/> .
@prefix link-type: <{BASE}voc/link-type/> .
@prefix review-status: <{BASE}voc/review-status/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix target-group: <{BASE}voc/target-group/> .
@prefix theme: <{BASE}voc/theme/> .
@prefix ww: <{BASE}ont#> .
"""
# What one intervention has: family, feature, and how strongly.
Has = Mapping[tuple[int, str], float]


def records_of(interventions: Sequence[Has], tools: Sequence[int] = ()) -> Records:
    """Make records without a graph."""
    columns = sorted({column for has in interventions for column in has})
    places = {column: place for place, column in enumerate(columns)}
    entries = [(row, places[column], raw) for row, has in enumerate(interventions) for column, raw in has.items()]
    entries.sort()
    things = [Iri(f"{BASE}id/intervention/i{number:05}") for number in range(len(interventions))]
    rows, cols = (np.array([entry[place] for entry in entries], dtype=np.int64) for place in (0, 1))
    raw = np.array([strength for _, _, strength in entries], dtype=np.float64)
    surfaces = {name: name for family, name in columns if family == len(FAMILIES) - 1}
    return Records(things, set(tools), FAMILIES, columns, rows, cols, raw, surfaces)


def rows(answer: Answer) -> list[tuple[str, ...]]:
    """Return the rows of a table as texts."""
    assert isinstance(answer, Table)
    return [tuple(plain(term) for term in row) for row in answer]


def products(vectors: Vectors) -> np.ndarray:
    """Return all scores, worked out with every pair in memory."""
    dense = np.zeros((len(vectors), vectors.width))
    dense[np.repeat(np.arange(len(vectors)), np.diff(vectors.starts)), vectors.cols] = vectors.values
    found: np.ndarray = dense @ dense.T
    return found


def best(vectors: Vectors, top: int, minimum: float = 0.0) -> Near:
    """Return the best pairs of all rows."""
    return in_order(joined([block.pairs for block in nearest(vectors, top, minimum, lambda _: None)]))


def interventions(names: str, largest: int) -> st.SearchStrategy[list[dict[tuple[int, str], float]]]:
    """Draw what some interventions have."""
    features = st.tuples(st.integers(0, 2), st.sampled_from(names))
    own = st.dictionaries(features, st.sampled_from([1.0, 1.0, 0.5, 0.25]), max_size=6)
    words = st.dictionaries(st.tuples(st.just(3), st.sampled_from(names)), st.floats(0.5, 20), max_size=8)
    return st.lists(st.builds(lambda one, two: {**one, **two}, own, words), min_size=1, max_size=largest)


# ---- the best, exactly ----


@given(interventions("abcdefgh", 40), st.integers(1, 12), st.sampled_from([0.0, 0.05, 0.3]))
@settings(max_examples=150, deadline=None)
def test_the_best_are_those_of_all_pairs(having: list[Has], top: int, minimum: float) -> None:
    """For every intervention the best are exactly those that comparing all pairs gives, equal ones by their order."""
    vectors = Linker.of(records_of(having)).vectors
    ends = [(one, other) for one in range(len(having)) for other in range(len(having)) if one != other]
    one, other = np.array(ends, dtype=np.int64).reshape(-1, 2).T
    every = Products(vectors).scores(one, other)
    assert np.allclose(every, products(vectors)[one, other])
    expected: dict[int, list[tuple[float, int]]] = {row: [] for row in range(len(having))}
    for (row, at), score in zip(ends, every.tolist(), strict=True):
        if score >= minimum and score > LEAST:
            expected[row].append((-score, at))
    found = best(vectors, top, minimum)
    actual: dict[int, list[tuple[float, int]]] = {row: [] for row in range(len(having))}
    for row, at, score in zip(found.one.tolist(), found.other.tolist(), found.score.tolist(), strict=True):
        actual[row].append((-score, at))
    assert {row: sorted(pairs)[:top] for row, pairs in expected.items()} == actual


@given(interventions("abcdefgh", 30))
@settings(max_examples=60, deadline=None)
def test_blocks_make_no_difference(having: list[Has]) -> None:
    """Working in small blocks, with dense columns or without, gives the same pairs and scores."""
    vectors = Linker.of(records_of(having)).vectors
    whole = best(vectors, 5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nearest_module, "_BLOCK", 1)
        patch.setattr(nearest_module, "_LEAST_ROWS", 1)
        patch.setattr(nearest_module, "_AT_ONCE", 1)
        patch.setattr(nearest_module, "_LANES", 4)
        patch.setattr(nearest_module, "_DENSE", 0.3)
        parted = best(vectors, 5)
    for name in ("one", "other", "score"):
        assert np.array_equal(getattr(whole, name), getattr(parted, name)), name


@given(interventions("abcdefgh", 20))
@settings(max_examples=60, deadline=None)
def test_one_row_is_compared_like_all(having: list[Has]) -> None:
    """The products of one row with all are those of all pairs."""
    vectors = Linker.of(records_of(having)).vectors
    index, every = Index(vectors), products(vectors)
    for row in range(len(vectors)):
        others = np.flatnonzero(np.arange(len(vectors)) != row)
        assert np.allclose(every[row, others], index.products(row)[others], atol=1e-5)


def test_many_alike() -> None:
    """Two thousand interventions with the same features are linked at once, each with the first others, and told of."""
    having: list[Has] = [{(0, "a"): 1.0} for _ in range(2000)]
    having += [{(0, f"x{number // 2}"): 1.0} for number in range(4000)]
    linker = Linker.of(records_of(having))
    found = linker.nearest(4, 0.0)
    assert [0, 1, 2, 4] == found.other[found.one == 3].tolist()
    assert [1, 2, 3, 4] == found.other[found.one == 0].tolist()
    assert [2001] == found.other[found.one == 2000].tolist()
    (note,) = linker.notes()
    assert "2000 interventions have exactly the same features (i00000, i00001, i00002, …)" in note


def test_ten_thousand_alike_take_no_more_memory() -> None:
    """Ten thousand of twelve thousand are the same: links come at once, and no product of all pairs is made."""
    having: list[Has] = [{(0, "a"): 1.0, (1, "b"): 1.0, (3, "w"): 2.0} for _ in range(10_000)]
    having += [{(0, f"x{number // 2}"): 1.0} for number in range(2_000)]
    linker = Linker.of(records_of(having))
    tracemalloc.start()
    numbers = linker.best(10, 0.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20  # ten thousand times ten thousand bytes would be more
    ends = np.array(np.divmod(numbers, 12_000))
    assert np.array_equal(ends[1][ends[0] == 0][:10], np.arange(1, 11))
    of_last = sorted({*ends[0][ends[1] == 9_999].tolist(), *ends[1][ends[0] == 9_999].tolist()})
    assert list(range(10)) == of_last


def test_what_all_have_links_nobody() -> None:
    """Where all have the same and nothing else, there is nothing that tells who belongs together."""
    having: list[Has] = [{(0, "a"): 1.0, (3, "w"): 2.0}] * 3000
    linker = Linker.of(records_of(having))
    assert len(linker.nearest(4, 0.0).one) == 0
    assert len(linker.notes()) == 1


# ---- scores ----


@given(interventions("abcdefgh", 15))
@settings(max_examples=100, deadline=None)
def test_scores_lie_between_0_and_1_and_are_symmetric(having: list[Has]) -> None:
    """No score reaches 1, none is negative, and it does not matter which of the two comes first."""
    pairs = best(Linker.of(records_of(having)).vectors, 20)
    assert all(0 < score < 1 for score in pairs.score.tolist())
    both = {(one, other): score for one, other, score in zip(pairs.one, pairs.other, pairs.score, strict=True)}
    assert all(both[other, one] == score for (one, other), score in both.items())


@given(interventions("abcdefgh", 15))
@settings(max_examples=100, deadline=None)
def test_parts_add_up_to_the_score(having: list[Has]) -> None:
    """The parts of each link add up to its score, written as decimals exactly."""
    linker = Linker.of(records_of(having))
    for link in linker.links(linker.best(5, 0.01), lambda _: {}):
        assert sum(Decimal(f"{part.value:.6f}") for part in link.parts) == Decimal(f"{link.score:.6f}")
        assert [part.value for part in link.parts] == sorted((part.value for part in link.parts), reverse=True)


@given(st.lists(st.lists(st.floats(0, 0.2), max_size=12), max_size=5))
def test_shares_are_rounded_together(parts: list[list[float]]) -> None:
    """Parts rounded to millionths add up to their rounded wholes, and none moves by a millionth or more."""
    pair = np.repeat(np.arange(len(parts)), [len(each) for each in parts])
    flat = np.array([part for each in parts for part in each], dtype=np.float64)
    whole, found = rounded(np.array([math.fsum(each) for each in parts], dtype=np.float64), pair, flat)
    assert np.array_equal(whole, np.bincount(pair, found, minlength=len(parts)).astype(np.int64))
    assert np.all(np.abs(flat * MILLION - found) <= 1.0001)


def test_rare_counts_more_than_common_and_shared_more_than_broader() -> None:
    """Sharing what few have makes a higher score; sharing only a broader concept a lower one."""
    having: list[Has] = [{(0, "rare"): 1.0}, {(0, "rare"): 1.0}]
    having += [{(0, "common"): 1.0}] * 8
    having += [
        {(0, "child1"): 1.0, (0, "top"): 0.5},
        {(0, "child2"): 1.0, (0, "top"): 0.5},
        {(0, "child1"): 1.0, (0, "top"): 0.5},
    ]
    every = products(Linker.of(records_of(having)).vectors)
    assert every[0, 1] > every[2, 3] > 0
    assert every[10, 12] > every[10, 11] > 0


def test_weights_can_be_set(kg: KnowledgeGraph) -> None:
    """A family of weight 0 has no part in any link."""
    found = linking.links(kg, top=3, weights={"words": 0})
    assert found
    assert "words" not in {part.family for link in found for part in link.parts}
    assert {"approach", "target group", "place"} <= {part.family for link in found for part in link.parts}


# ---- stopped and continued ----


def unfinished(folder: Path | None, linker: Linker, options: Options) -> Unfinished:
    """Return what keeps a run, and writes after each block."""
    begun = Unfinished.of(folder, linker.vectors, options)
    begun._clock = itertools.count(begun._written + 100, 100).__next__
    return begun


@given(interventions("abcdefgh", 40), st.integers(1, 30), st.integers(0, 3))
@settings(max_examples=40, deadline=None)
def test_a_stopped_run_goes_on(having: list[Has], stop: int, damaged: int) -> None:
    """What was compared before a stop is not compared again, damaged files are; the links are the same."""
    linker, options = Linker.of(records_of(having)), Options(3, 0.0)
    whole = linker.best(3, 0.0)
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as place:
        patch.setattr(nearest_module, "_BLOCK", 1)
        patch.setattr(nearest_module, "_LEAST_ROWS", 1)
        folder = Path(place, "links")
        told: list[int] = []

        def tell(done: int) -> None:
            told.append(done)
            if len(told) == stop:
                raise KeyboardInterrupt

        with suppress(KeyboardInterrupt):
            linker.best(3, 0.0, tell, unfinished(folder, linker, options))
        kept = sorted(folder.rglob("*.npy"))
        assert len(kept) == len(told)
        for file in kept[max(len(kept) - damaged, 0) :]:
            file.write_bytes(file.read_bytes()[:-1])
        before = [file.stem for file in sorted(folder.rglob("*.npy"))]
        again = unfinished(folder, linker, options)
        assert np.array_equal(whole, linker.best(3, 0.0, told.append, again))
        assert again.is_continued == (len(before) > damaged)
        assert {*before} <= {file.stem for file in folder.rglob("*.npy")}
        again.close()
        assert not folder.exists()


def test_what_others_left_is_removed(tmp_path: Path) -> None:
    """What a run with other input kept is stale: it is not used, and goes."""
    linker = Linker.of(records_of([{(0, "a"): 1.0}, {(0, "a"): 1.0}, {(0, "b"): 1.0}, {(0, "b"): 1.0}]))
    linker.best(3, 0.0, begun=unfinished(tmp_path, linker, Options(3, 0.0)))
    (stale,) = tmp_path.iterdir()
    other = unfinished(tmp_path, linker, Options(2, 0.0))
    assert (0, []) == other.read()
    assert not stale.exists()
    assert (0, []) == Unfinished(None).read()


def test_no_place_to_keep_is_no_obstacle(tmp_path: Path) -> None:
    """Where nothing can be kept, a run is only not continued."""
    file = tmp_path / "file"
    file.write_bytes(b"")
    linker = Linker.of(records_of([{(0, "a"): 1.0}, {(0, "a"): 1.0}, {(0, "b"): 1.0}]))
    begun = unfinished(file, linker, Options(3, 0.0))
    assert np.array_equal(linker.best(3, 0.0), linker.best(3, 0.0, begun=begun))
    assert b"" == file.read_bytes()


def test_a_stopped_command_is_continued(schools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache keeps what is done until the run is done, and the command says that it went on."""
    monkeypatch.setenv("WHATWORKS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(unfinished_module, "_PAUSE", 0.0)
    monkeypatch.setattr(nearest_module, "_BLOCK", 1)
    monkeypatch.setattr(nearest_module, "_LEAST_ROWS", 1)
    kg = KnowledgeGraph.open(schools)

    def stop(step: str, done: int, _: int) -> None:
        if step == COMPARING and done > 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kg.linking.compute(ALL, stop)
    assert kg.linking.is_begun()
    status, said, error = run(schools, "link", "--minimum", "0")
    assert (0, True) == (status, "15 links (15 new, 0 gone)" in said)
    assert "an earlier run with the same input had compared was taken up" in error
    assert not kg.linking.is_begun()
    assert "taken up" not in run(schools, "link", "--minimum", "0")[2]


def test_a_command_stopped_while_it_writes(schools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From opening to writing it is said how far it is; Ctrl-C leaves the links as they were, and nothing beside."""
    steps: list[str] = []

    def stop(_: object, step: str, done: int, of: int) -> None:
        assert 0 <= done <= of
        if step not in steps:
            steps.append(step)
        if step == WRITING:
            raise KeyboardInterrupt

    run(schools, "link", "--top", "1")
    before = {file.name: file.read_bytes() for file in (schools / "data/links").iterdir()}
    monkeypatch.setattr(link_module._Progress, "__call__", stop)
    status, said, error = run(schools, "link", "--minimum", "0")
    assert (130, "") == (status, said)
    assert "Stopped; nothing half-written is left." in error
    assert [OPENING, READING, COMPARING, EXPLAINING, WRITING] == steps
    assert before == {file.name: file.read_bytes() for file in (schools / "data/links").iterdir()}


def test_progress_is_said_now_and_then(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What is done is said when it is new, in a line of its own where nobody looks on."""
    monkeypatch.setattr(link_module, "_PAUSE", 0.001)
    with link_module._Progress() as tell:
        for done in (1200, 1300):
            tell(READING, done, 1300)
            until = time.monotonic() + 20
            while f"Read {done:,} " not in tell._said and time.monotonic() < until:
                time.sleep(0.005)
    assert "Read 1,200 of 1,300 properties …\nRead 1,300 of 1,300 properties …\n" == capsys.readouterr().err


# ---- one change at a time ----


@pytest.mark.slow
@given(interventions("abcdef", 25), interventions("abcdef", 12), st.data())
@settings(max_examples=50, deadline=None)
def test_a_change_gives_what_a_full_run_gives(having: list[Has], changes: list[Has], data: st.DataObject) -> None:
    """After each change the best of all are those of a full run with the same rarity, and who changed is told."""
    linker = Linker.of(records_of(having))
    top = data.draw(st.integers(1, 4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(relink_module, "_SPARE", data.draw(st.integers(0, 3)))
        relinker = Relinker(linker, top)
        now = [dict(has) for has in having]
        before = full(linker, now, top)
        assert before == list(relinker.pairs())
        for change in changes:
            row = data.draw(st.integers(0, len(having) - 1))
            now[row] = dict(change)
            given = records_of([change])
            given.things = [linker.records.things[row]]
            touched = relinker.change(given)
            after = full(linker, now, top)
            assert after == list(relinker.pairs())
            different = {thing for thing in linker.records.things if of_one(before, thing) != of_one(after, thing)}
            assert different == touched
            before = after


Found = list[tuple[Iri, Iri, float]]


def full(linker: Linker, now: Sequence[Has], top: int) -> Found:
    """Return the best pairs of all, compared anew with the rarity that a linker has."""
    known = set(linker.records.columns)
    kept = [{column: raw for column, raw in has.items() if column in known} for has in now]
    records = records_of(kept)
    places = {column: place for place, column in enumerate(linker.records.columns)}
    cols = np.array([places[records.columns[col]] for col in records.cols], dtype=np.int64)
    rows = np.asarray(records.rows, dtype=np.int64)
    vectors = Vectors.made(rows, cols, np.asarray(records.raw), len(now), linker.rarity)
    pairs = best(vectors, top)
    things = linker.records.things
    return [
        (things[one], things[other], score)
        for one, other, score in zip(pairs.one.tolist(), pairs.other.tolist(), pairs.score.tolist(), strict=True)
    ]


def of_one(pairs: Found, thing: Iri) -> list[tuple[Iri, float]]:
    """Return the pairs of one intervention."""
    return [(other, score) for one, other, score in pairs if one == thing]


def test_unknown_interventions_and_features_wait_for_a_full_run() -> None:
    """What was not there when all were compared changes nothing."""
    linker = Linker.of(records_of([{(0, "a"): 1.0}, {(0, "a"): 1.0}, {(0, "b"): 1.0}, {(0, "b"): 1.0}]))
    relinker = Relinker(linker, 2)
    given = records_of([{(0, "new"): 1.0, (0, "a"): 1.0}])
    assert relinker.change(given) == set()
    given.things = [Iri("http://example.org/other")]
    assert relinker.change(given) == set()


# ---- the shipped collection ----


def test_shipped_links_are_those_that_the_data_makes(kg: KnowledgeGraph) -> None:
    """data/links/computed.ttl is what `whatworks link` writes now."""
    computed = kg.linking.compute()
    assert computed.content == (ROOT / "data/links/computed.ttl").read_bytes()
    assert (0, 0) == (computed.added, computed.gone)


def test_links_are_written_as_other_data_is(kg: KnowledgeGraph) -> None:
    """The text that is made straight is what the writer of all data files makes of the same statements."""
    text = kg.linking.compute(Options(3, 0.1)).content.decode()
    head, *blocks = re.split(r"\n\n(?=link:)", text)
    prefixes = "\n".join(line for line in head.splitlines() if line.startswith("@prefix"))
    written = []
    for block in blocks:
        quads = parse(f"{prefixes}\n{block}".encode(), "turtle", name="", base=BASE)
        written.append(write_trig(quads, kg.sources.prefixes, order=FILE_ORDER).partition("\n\n")[2].rstrip("\n"))
    assert written == [block.rstrip("\n") for block in blocks]
    assert len(blocks) > 100
    used = set(
        re.findall(r"(?:^|[ (])([a-z-]+):[\w]", "\n".join(line for line in text.splitlines() if '"' not in line))
    )
    assert used - {"https", "http"} <= set(re.findall(r"@prefix ([\w-]+):", prefixes))


def test_names_of_words_are_those_that_people_read(project: Project) -> None:
    """A word that mostly stands in one compound is read as that, another by itself."""
    text = PREFIXES + "".join(
        f"""i:p{number} a ww:Practice ; dcterms:title "Drop-outs and setting"@en ;
        dcterms:description "goal-setting, a setting"@en .\n"""
        for number in range(2)
    )
    text += "".join(f'i:q{number} a ww:Practice ; dcterms:title "Other{number}"@en .\n' for number in range(8))
    (link,) = linking.links(project({"data/interventions/all.ttl": text}))
    assert {"drop-outs", "setting", "goal-setting"} == set(link.parts[0].name.split(", "))


def test_same_input_same_bytes(kg: KnowledgeGraph) -> None:
    """Two runs give the same bytes; another number of links gives another run."""
    made = [make(kg.sources, kg.catalogue, Options(3, 0.2)) for _ in range(2)]
    one, two = (b"".join(contents(run, kg.sources, Options(3, 0.2), NOW)) for run in made)
    assert one == two
    assert b"2026-11-22T00:00:00Z" in one


def test_public_links(kg: KnowledgeGraph) -> None:
    """Each link has two different ends in order, a score of at least what is asked, parts, and a sentence."""
    found = linking.links(kg, top=4, minimum=0.1)
    assert found
    for link in found:
        assert link.source != link.target
        assert 0.1 <= link.score < 1
        assert link.parts
        assert link.explanation.startswith("Both ")
        assert link.explanation.endswith(".")
    assert {"similar", "same-approach-elsewhere", "supports", "complementary"} == {link.type for link in found}


def test_tools_come_first_in_what_they_support(kg: KnowledgeGraph) -> None:
    """A tool supports a practice, never the other way round."""
    tools = {row[0] for row in rows(kg.sparql("SELECT ?t WHERE { ?t a ww:Tool }"))}
    ends = [
        (str(link.source) in tools, str(link.target) in tools) for link in linking.links(kg) if link.type == "supports"
    ]
    assert set(ends) == {(True, False)}


# ---- types and sentences ----

TYPES = (
    PREFIXES
    + """
i:a a ww:Practice ; dcterms:identifier "a" ; dcterms:title "Alpha"@en ; ww:appliesApproach approach:one ;
  ww:targetPopulation <https://w3id.org/whatworks/id/intervention/a#p> ; dcterms:spatial country:BEL .
<https://w3id.org/whatworks/id/intervention/a#p> ww:group target-group:apprentices .
i:b a ww:Practice ; dcterms:identifier "b" ; dcterms:title "Beta"@en ; ww:appliesApproach approach:one ;
  dcterms:spatial country:FRA .
i:c a ww:Practice ; dcterms:identifier "c" ; dcterms:title "Gamma"@en ; ww:appliesApproach approach:two ;
  ww:targetPopulation <https://w3id.org/whatworks/id/intervention/c#p> .
<https://w3id.org/whatworks/id/intervention/c#p> ww:group target-group:apprentices .
i:d a ww:Tool ; dcterms:identifier "d" ; dcterms:title "Delta"@en ; ww:appliesApproach approach:two .
i:e a ww:Practice ; dcterms:identifier "e" ; dcterms:title "Epsilon"@en ;
  ww:targetPopulation <https://w3id.org/whatworks/id/intervention/e#p> .
<https://w3id.org/whatworks/id/intervention/e#p> ww:group target-group:vet-learners .
approach:one a ww:Approach ; skos:prefLabel "Open doors"@en .
approach:two a ww:Approach ; skos:prefLabel "VET at home"@en .
"""
)


def by_ends(found: Iterable[Link]) -> dict[str, Link]:
    """Return links by the last letters of their ends."""
    return {f"{link.source.code}{link.target.code}": link for link in found}


def test_types_are_told_apart(project: Project) -> None:
    """Same approach elsewhere, same group with another approach, a tool for a practice, and merely similar."""
    found = by_ends(linking.links(project({"data/interventions/all.ttl": TYPES})))
    types = {ends: link.type for ends, link in found.items()}
    assert types == {
        "ab": "same-approach-elsewhere",
        "ac": "complementary",
        "dc": "supports",
        "ae": "similar",
        "ce": "similar",
    }


def test_sentences_name_what_is_shared(project: Project) -> None:
    """A sentence names what is shared: its words begin small, and broader concepts stand in where nothing is nearer."""
    found = by_ends(linking.links(project({"data/interventions/all.ttl": TYPES})))
    assert found["ab"].explanation == "Both rely on open doors."
    assert found["dc"].explanation == "Both rely on VET at home."
    assert found["ac"].explanation == "Both are for apprentices."
    assert found["ae"].explanation == "Both are for VET learners."


def sentences(having: list[Has], families: Sequence[Family], names: Mapping[str, str]) -> list[str]:
    """Return the sentences of the links between some interventions, whose families are given."""
    records = records_of(having)
    records.families = tuple(families)
    linker = Linker.of(records)
    links = linker.links(linker.best(5, 0.0), lambda features: {each: names.get(each, "") for each in features})
    return [link.explanation for link in links]


SAID = (
    Family("approach", 3.0, "approach", "rely on {}"),
    Family("group", 2.0, "group", "are for {}"),
    Family("theme", 2.0, "", "name {“} as {a success factor|success factors}"),
    Family("words", 0.1, "", "use the {word|words} {“}"),
)
SOME: list[Has] = [{(1, f"other{number}"): 1.0} for number in range(20)]


@pytest.mark.parametrize(
    ("shared", "says"),
    [
        ({(0, "a"): 1.0}, "Both rely on open doors."),
        ({(0, "g"): 1.0, (1, "v"): 1.0}, "Both rely on guidance (supporting youth) and are for VET learners."),
        ({(0, "a"): 1.0, (1, "t"): 1.0}, "Both rely on open doors, and are for parents and families."),
        ({(1, "t"): 1.0, (1, "v"): 1.0}, "Both are for parents and families as well as VET learners."),
        (
            {(2, "c"): 1.0, (1, "v"): 1.0},
            "Both are for VET learners and name “committed coordinator” as a success factor.",
        ),
        ({(2, "c"): 1.0, (2, "e"): 1.0}, "Both name “committed coordinator” and “easy to fit in” as success factors."),
        ({(3, "truancy"): 1.0, (0, "a"): 1.0}, "Both rely on open doors and use the word “truancy”."),
        (
            {(3, "truancy"): 1.0, (3, "home"): 1.0, (0, "a"): 1.0, (1, "v"): 1.0, (1, "z"): 0.5},
            "Both rely on open doors, are for VET learners, and use the words “home” and “truancy”.",
        ),
        ({(0, "a"): 0.5, (0, "z"): 0.25}, "Both rely on open doors."),
        (
            {(3, "gives"): 1.0, (3, "truancy"): 1.0, (0, "a"): 1.0},
            "Both rely on open doors and use the word “truancy”.",
        ),
        ({(3, "gives"): 1.0, (3, "five"): 1.0, (0, "a"): 1.0}, "Both rely on open doors."),
        ({(3, "gives"): 1.0, (3, "five"): 1.0}, "Both use the words “five” and “gives”."),
    ],
)
def test_sentences_read_well(shared: Has, says: str) -> None:
    """Clauses come in the order of families, what is a list is not joined with "and", broader concepts stand alone.

    Words that say nothing of what texts are about are quoted only where there is nothing else.
    """
    names = {
        **{"a": "Open doors", "g": "Guidance: supporting youth", "v": "VET learners", "t": "Parents and families"},
        **{"c": "Committed coordinator", "e": "Easy to fit in", "z": "Anybody"},
    }
    assert sentences([shared, shared, *SOME], SAID, names) == [says]


def test_a_sentence_has_three_clauses() -> None:
    """The three families that count most are named, two features of each; of more words three are quoted."""
    words = {(3, word): 1.0 for word in ("truancy", "school", "trust", "home")}
    shared = {(0, "a"): 1.0, (0, "b"): 1.0, (0, "c"): 1.0, (1, "d"): 1.0, (2, "e"): 1.0, **words}
    (said,) = sentences([shared, shared, *SOME], SAID, {})
    assert said == "Both rely on a and b, are for d, and name “e” as a success factor."
    (said,) = sentences([words, words, *SOME], SAID, {})
    assert said == "Both use the words “home”, “school” and “truancy”."


# ---- bad input ----


def test_nothing_to_link_by_is_told(project: Project) -> None:
    """Interventions with nothing, with empty texts or with every feature are no obstacle; who has nothing is named."""
    groups = " , ".join(f"target-group:g{number}" for number in range(300))
    text = (
        PREFIXES
        + f"""
i:bare a ww:Practice .
i:blank a ww:Practice ; dcterms:title ""@en ; dcterms:description " \\n "@fr .
i:one a ww:Practice ; ww:appliesApproach approach:x ; ww:targetGroup target-group:g1 .
i:two a ww:Practice ; ww:appliesApproach approach:x .
i:all a ww:Practice ; ww:appliesApproach approach:x ; ww:targetGroup {groups} .
"""
    )
    kg = project({"data/interventions/all.ttl": text})
    computed = kg.linking.compute(Options(5, 0.0))
    assert ["2 interventions have nothing to be linked by: bare, blank."] == computed.run.notes
    assert {"allone", "alltwo", "onetwo"} == set(by_ends(computed.run.links))


def test_concepts_above_themselves_are_told(project: Project) -> None:
    """A circle of broader concepts is named, and what is below it is linked."""
    text = (
        PREFIXES
        + """
approach:x skos:broader approach:y . approach:y skos:broader approach:z . approach:z skos:broader approach:x .
approach:s skos:broader approach:s .
i:one a ww:Practice ; ww:appliesApproach approach:x .
i:two a ww:Practice ; ww:appliesApproach approach:y .
i:three a ww:Practice ; ww:appliesApproach approach:s .
"""
    )
    computed = project({"data/interventions/all.ttl": text}).linking.compute(Options(5, 0.0))
    (note,) = computed.run.notes
    assert "skos:broader leads in a circle" in note
    assert all(f"approach/{name}" in note for name in "sxyz")
    assert ["onetwo"] == list(by_ends(computed.run.links))


def test_nothing_at_all(project: Project) -> None:
    """An empty collection has no links and no notes."""
    computed = project({}).linking.compute(ALL)
    assert (0, []) == (len(computed.run.links), computed.run.notes)
    assert b"ww:Link" not in computed.content


def test_weights_that_are_none_are_refused(project: Project) -> None:
    """A project's own weights must be numbers from 0 up; the query is named."""
    query = (
        (ROOT / "queries/system/link-features.rq")
        .read_text(encoding="utf-8")
        .replace('"approach" 3.0', '"approach" -3.0')
    )
    kg = project({"queries/system/link-features.rq": query})
    with pytest.raises(QueryHeader, match="is no number from 0 up") as caught:
        linking.links(kg)
    assert "link-features.rq" in str(caught.value)


# ---- what people decide ----

ALL = Options(5, 0.0)
SCHOOLS = PREFIXES + "".join(
    f"""
i:s{number} a ww:Practice ; dcterms:identifier "s{number}" ; dcterms:title "School {number}"@en ;
  ww:appliesApproach approach:x{number % 2} , approach:all .
"""
    for number in range(6)
)


def faults(kg: KnowledgeGraph) -> list[str]:
    """Return the shapes of links that the collection breaks."""
    rules = [finding.rule for finding in kg.check(profile="core").findings]
    return [rule for rule in rules if rule.startswith(("shape:Link", "shape:Computed", "shape:Contribution"))]


def decided(text: str) -> dict[str, str]:
    """Return the files of a collection with decisions."""
    return {"data/interventions/all.ttl": SCHOOLS, "data/links/reviewed.ttl": PREFIXES + text}


def test_rejected_is_never_proposed_again(project: Project) -> None:
    """A rejected pair is in no later run, whichever end it names first; the graph calls it rejected and not similar."""
    kg = project({"data/interventions/all.ttl": SCHOOLS})
    first = kg.linking.compute(ALL)
    link = next(iter(first.waiting()))
    kg.linking.write(first)
    kg.linking.decide(link, "rejected", by=" Ada ", note="Only the name.", on=date(2026, 11, 22))
    again = kg.linking.compute(ALL)
    assert {(link.source, link.target)} == {(each.source, each.target) for each in first.run.links} - {
        (each.source, each.target) for each in again.run.links
    }
    assert 1 == again.gone
    kg.linking.write(again)
    opened = KnowledgeGraph.open(kg.assets.project)
    assert link.target not in [each.other for each in opened.related(link.source.code)]
    similar = opened.sparql(f"ASK {{ <{link.source}> ww:similarTo <{link.target}> }}")
    assert similar == Boolean(False)
    assert rows(opened.query("rejected-again")) == []
    signed = 'ww:reviewedBy "Ada" ; ww:reviewedOn "2026-11-22"^^xsd:date ; ww:reviewNote "Only the name."@en'
    assert opened.sparql(f"ASK {{ ?link {signed} }}") == Boolean(True)
    assert faults(opened) == []


def test_accepted_survives_though_it_is_no_longer_among_the_best(project: Project) -> None:
    """An accepted link stays with its reasons when a run with fewer links would leave it out, and waits no more."""
    kg = project({"data/interventions/all.ttl": SCHOOLS})
    (link,) = kg.linking.between([(Iri(f"{BASE}id/intervention/s0"), Iri(f"{BASE}id/intervention/s5"))])
    kg.linking.decide(link, "accepted", by="Ada")
    computed = kg.linking.compute(Options(1, 0.9))
    assert [(link.source, link.target)] == [(each.source, each.target) for each in computed.run.links]
    assert 0 == len(computed.waiting())
    kg.linking.write(computed)
    (relation,) = KnowledgeGraph.open(kg.assets.project).related("s0")
    assert (["accepted"], "School 5") == (relation.status, relation.title)
    assert relation.review.startswith("Ada on ")
    assert relation.reasons
    assert abs(sum(reason.share for reason in relation.reasons) - relation.score) < 1e-6


def test_a_new_decision_replaces_the_old_one(project: Project) -> None:
    """Who changes their mind leaves one decision, under the same name."""
    kg = project({"data/interventions/all.ttl": SCHOOLS})
    link = next(iter(kg.linking.compute(ALL).waiting()))
    kg.linking.decide(link, "rejected", by="Ada")
    file = kg.linking.decide(link, "accepted", by="Ben")
    text = file.read_text(encoding="utf-8")
    assert (0, 1) == (text.count("review-status:rejected"), text.count("review-status:accepted"))
    assert (1, 0) == (text.count('"Ben"'), text.count('"Ada"'))


def test_decisions_that_cannot_be_followed_are_told(project: Project) -> None:
    """Unknown, missing, equal or too many ends, no IRI, a pair both accepted and rejected: the rest is linked."""
    text = """
link:l1 a ww:Link ; ww:linkFrom i:s0 ; ww:linkTo i:gone ; ww:reviewStatus review-status:rejected .
link:l2 a ww:Link ; ww:linkFrom i:s0 ; ww:reviewStatus review-status:accepted .
link:l3 a ww:Link ; ww:linkFrom i:s1 ; ww:linkTo i:s1 ; ww:reviewStatus review-status:accepted .
link:l4 a ww:Link ; ww:linkFrom i:s2 ; ww:linkTo i:s4 ; ww:reviewStatus review-status:accepted .
link:l5 a ww:Link ; ww:linkFrom i:s4 ; ww:linkTo i:s2 ; ww:reviewStatus review-status:rejected .
link:l6 a ww:Link ; ww:linkFrom i:s0 , i:s1 ; ww:linkTo i:s5 ; ww:reviewStatus review-status:rejected .
[] a ww:Link ; ww:linkFrom i:s0 ; ww:linkTo i:s2 ; ww:reviewStatus review-status:rejected .
"""
    run = project(decided(text)).linking.compute(ALL).run
    assert [
        "The decision l6 names more than two ends; passed over.",
        "A decision about s0 and s2 has no IRI; give it one, such as link:our-decision. Passed over.",
        "The decision l1 names gone, no intervention here; passed over.",
        "The decision l2 does not name two ends (ww:linkFrom, ww:linkTo); passed over.",
        "The decision l3 joins s1 with itself; passed over.",
        "s2 and s4 are both accepted and rejected (link l4, l5); they are not linked until one of the two is "
        "taken out.",
    ] == run.notes
    assert "s2s4" not in by_ends(run.links)
    assert {"s0s2", "s1s3"} <= set(by_ends(run.links))


def test_a_decision_written_by_hand_keeps_its_name(project: Project) -> None:
    """A decision without a type and a sentence gets them from the run, under the name and with the ends that it has."""
    text = "link:mine a ww:Link ; ww:linkFrom i:s4 ; ww:linkTo i:s2 ; ww:reviewStatus review-status:accepted .\n"
    kg = project(decided(text))
    kg.linking.write(kg.linking.compute(ALL))
    opened = KnowledgeGraph.open(kg.assets.project)
    assert faults(opened) == []
    said = opened.sparql("SELECT ?end ?why WHERE { link:mine ww:linkFrom ?end ; ww:explanation ?why ; ww:score ?s }")
    assert {(f"{BASE}id/intervention/s4", "Both rely on x0 and all, and use forms of the word “school”.")} == set(
        rows(said)
    )


def test_stated_links_outrank_computed_ones(project: Project) -> None:
    """A stated pair is not computed, comes first, and relations stated by properties of records are links as well."""
    text = SCHOOLS + "i:s3 ww:precededBy i:s1 . i:s5 ww:usesTool i:s1 .\n"
    curated = (
        PREFIXES
        + """
link:a a ww:Link ; ww:linkFrom i:s1 ; ww:linkTo i:s0 ;
  ww:linkType link-type:stated ; ww:reviewStatus review-status:accepted ;
  ww:explanation "The record of School 1 names School 0."@en .
"""
    )
    kg = project({"data/interventions/all.ttl": text, "data/links/curated.ttl": curated})
    computed = kg.linking.compute(ALL)
    assert {"s0s1", "s1s3", "s1s5"}.isdisjoint(by_ends(computed.run.links))
    kg.linking.write(computed)
    found = KnowledgeGraph.open(kg.assets.project).related("s1")
    assert [("s0", 1.0), ("s3", 1.0), ("s5", 1.0)] == [(each.other.code, each.score) for each in found[:3]]
    assert ["School 3 continues or replaces School 1."] == found[1].explanation
    assert all(each.score < 1 for each in found[3:])
    assert found[3:]


def test_a_decision_needs_a_name_and_two_interventions(project: Project) -> None:
    """Nobody decides namelessly, about a thing and itself, or something else than accepted and rejected."""
    kg = project({"data/interventions/all.ttl": SCHOOLS})
    link = next(iter(kg.linking.compute(ALL).waiting()))
    with pytest.raises(InvalidValue, match="name"):
        kg.linking.decide(link, "accepted", by="  ")
    with pytest.raises(InvalidValue, match="is no decision"):
        kg.linking.decide(link, "maybe", by="Ada")
    with pytest.raises(InvalidValue, match="itself"):
        kg.linking.between([(link.source, link.source)])


def test_the_collection_of_a_package_is_not_changed(kg: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links of an installed collection can be computed and not written."""
    monkeypatch.setattr(type(kg.assets), "data_folder", lambda _: None)
    with pytest.raises(Unwritable, match="cannot be changed"):
        kg.linking.write(kg.linking.compute(Options(1, 0.4)))


# ---- the commands ----


def run(folder: Path, *words: str, typed: str = "") -> tuple[int, str, str]:
    """Run a command on a project; return its exit status, output and errors."""
    done = CliRunner().invoke(main, ["--project", str(folder), *words], input=typed)
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def schools(project: Project) -> Path:
    """A project of six schools."""
    folder = project({"data/interventions/all.ttl": SCHOOLS}).assets.project
    assert folder is not None
    return folder


def test_link_command_writes_and_says_what_changed(schools: Path) -> None:
    """The first run finds all links, the second none that are new, and nothing is written twice."""
    status, said, _ = run(schools, "link", "--dry-run", "--minimum", "0")
    assert (0, True) == (status, "Nothing was written." in said)
    assert not (schools / "data/links/computed.ttl").exists()
    status, said, _ = run(schools, "link", "--minimum", "0")
    assert (0, True) == (status, "15 links (15 new, 0 gone) between 6 of 6 interventions" in said)
    before = (schools / "data/links/computed.ttl").read_bytes()
    status, said, _ = run(schools, "link", "--minimum", "0")
    assert (0, True) == (status, "15 links (0 new, 0 gone)" in said)
    assert before == (schools / "data/links/computed.ttl").read_bytes()


def test_review_asks_and_keeps_the_answers(schools: Path) -> None:
    """Accepted, rejected and skipped links; the rest waits for another day."""
    run(schools, "link", "--minimum", "0")
    status, said, _ = run(schools, "link", "--review", "--by", "Ada", "--minimum", "0", typed="a\n\nr\nNo.\ns\nq\n")
    assert 0 == status
    every = 15 + len(KnowledgeGraph.open(schools).mappings.compute().waiting)
    assert f"1 of {every}" in said
    assert f"4 of {every}" in said
    assert f"5 of {every}" not in said
    assert "13 wait for review, 1 are accepted, 1 rejected" in said
    text = (schools / "data/links/reviewed.ttl").read_text(encoding="utf-8")
    assert 'ww:reviewNote "No."@en' in text


def test_mappings_come_after_links_in_the_same_queue(schools: Path) -> None:
    """What corresponds outside is asked about when the links are done; what was accepted is written as SKOS."""
    run(schools, "link", "--minimum", "0")
    waiting = len(KnowledgeGraph.open(schools).mappings.compute().waiting)
    typed = "s\n" * 15 + "a\n\nq\n"
    status, said, _ = run(schools, "link", "--review", "--by", "Ada", "--minimum", "0", typed=typed)
    assert (0, True) == (status, f"16 of {15 + waiting}  exactMatch, 1.000" in said)
    assert f"{waiting - 1} mappings to authorities wait for review." in said
    assert 1 == (schools / "data/links/outside.ttl").read_text(encoding="utf-8").count(" skos:exactMatch nuts:")
    assert not (schools / "data/links/reviewed.ttl").exists()


def test_decisions_by_key(schools: Path) -> None:
    """Pairs are accepted and rejected by key; a decision without a name is wrong usage."""
    status, _, error = run(schools, "link", "--accept", "s0", "s1")
    assert (2, True) == (status, "--by NAME" in error)
    status, _, error = run(schools, "link", "--dry-run", "--review", "--by", "Ada")
    assert (2, True) == (status, "--dry-run decides nothing" in error)
    status, said, _ = run(schools, "link", "--accept", "s0", "s1", "--reject", "s2", "s4", "--by", "Ada")
    assert (0, True) == (status, "1 are accepted, 1 rejected" in said)
    assert 2 == run(schools, "link", "--accept", "s0", "nowhere", "--by", "Ada")[0]
    before = (schools / "data/links/reviewed.ttl").read_bytes()
    status, _, error = run(schools, "link", "--accept", "s0", "s3", "--reject", "s3", "s0", "--by", "Ada")
    assert (2, True) == (status, "s3 and " in error and "both accepted and rejected" in error)
    assert before == (schools / "data/links/reviewed.ttl").read_bytes()


def test_related_command(schools: Path) -> None:
    """As text with reasons whose shares add up, as rows, and status 1 where nothing is related."""
    assert 1 == run(schools, "related", "s0", "--format", "text")[0]
    run(schools, "link", "--minimum", "0")
    status, said, _ = run(schools, "related", "s0", "--why", "--limit", "2")
    assert 0 == status
    assert "1. School 2  (s2)" in said
    assert "computed by: Links by shared features, version 2" in said
    assert "2 of 5; see more with --limit." in said
    status, said, _ = run(schools, "related", "s0", "--why", "--format", "json")
    rows = json.loads(said)["results"]["bindings"]
    scores = {row["other"]["value"]: Decimal(row["score"]["value"]) for row in rows}
    assert 5 == len(scores)
    for other, score in scores.items():
        assert score == sum(Decimal(row["share"]["value"]) for row in rows if row["other"]["value"] == other)
    status, said, _ = run(schools, "related", "s0", "--format", "csv", "--minimum-score", "0.99")
    assert (0, 1) == (status, len(said.splitlines()))


_WITHOUT = "import sys; sys.modules['numpy'] = None; from whatworks.cli import main; main(sys.argv[1:])"


@pytest.mark.slow
def test_without_numpy(schools: Path) -> None:
    """Without numpy linking says what to install; what is related is shown all the same."""
    run(schools, "link", "--minimum", "0")
    done = [
        subprocess.run(
            [sys.executable, "-c", _WITHOUT, "--project", str(schools), *words],
            capture_output=True,
            text=True,
            check=False,
        )
        for words in (["link"], ["related", "s0", "--why"])
    ]
    assert (3, True) == (done[0].returncode, "whatworks[link]" in done[0].stderr)
    assert (0, True) == (done[1].returncode, "School 2" in done[1].stdout)
