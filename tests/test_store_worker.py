"""Queries in a process apart: the same answers, and an end to those that take too much."""

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.strategies import CELLS
from whatworks import KnowledgeGraph, errors
from whatworks.cli import main
from whatworks.collection import Collection
from whatworks.results import Answer, Boolean, Row, Table, Triples
from whatworks.store import EmbeddedStore, Limits, open_store
from whatworks.store.disk import write_store
from whatworks.store.forks import Forks, Processes, Starts, processes
from whatworks.store.worker import Worker
from whatworks.terms import write_term

BOMB = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
_TEN = ",".join(["?x"] * 10)
SWELLING = f"""SELECT (STRLEN(?e) AS ?n) {{ BIND("{"a" * 100}" AS ?x0) BIND(CONCAT({_TEN.replace("?x", "?x0")}) AS ?a)
BIND(CONCAT({_TEN.replace("?x", "?a")}) AS ?b) BIND(CONCAT({_TEN.replace("?x", "?b")}) AS ?c)
BIND(CONCAT({_TEN.replace("?x", "?c")}) AS ?d) BIND(CONCAT({_TEN.replace("?x", "?d")}) AS ?d2)
BIND(CONCAT({_TEN.replace("?x", "?d2")}) AS ?d3) BIND(CONCAT({_TEN.replace("?x", "?d3")}) AS ?e) }}"""
ONE = "SELECT ?s { ?s ?p ?o } LIMIT 1"


HOW = [pytest.param(processes, id="as the system has it"), pytest.param(Starts, id="started anew")]
Starting = Callable[[EmbeddedStore, int | None], Processes]


@pytest.fixture(scope="module", params=HOW)
def starting(request: pytest.FixtureRequest) -> Starting:
    """Both ways in which a process comes to be."""
    found: Starting = request.param
    return found


@pytest.fixture(scope="module")
def worker(collection: Collection, starting: Starting) -> Iterator[Worker]:
    """Asks the shipped graph, without limits."""
    assert isinstance(collection.store, EmbeddedStore)
    with _closed(starting(collection.store, None)) as shared, Worker(collection.store, Limits(), shared) as opened:
        yield opened


@contextmanager
def _closed(shared: Processes) -> Iterator[Processes]:
    yield shared
    shared.close()


def _said(answer: Answer) -> object:
    if isinstance(answer, Table):
        return (answer.columns, list(answer))
    return answer.value if isinstance(answer, Boolean) else sorted(map(str, answer))


@contextmanager
def _limited(collection: Collection, starting: Starting = processes, **limits: float) -> Iterator[Worker]:
    store, given = collection.store, Limits(**limits)  # type: ignore[arg-type]
    assert isinstance(store, EmbeddedStore)
    with _closed(starting(store, given.megabytes)) as shared, Worker(store, given, shared) as worker:
        yield worker


def test_stored_queries_are_answered_as_without_it(kg: KnowledgeGraph, worker: Worker) -> None:
    """Every stored query that needs no parameter has the same rows or statements."""
    asked = 0
    for query in kg.catalogue.all():
        if not any(parameter.required for parameter in query.parameters):
            text = kg.sparql_of(query, {})
            direct = kg.collection.store.query(text, standalone=True)
            assert _said(worker.query(text, standalone=True)) == _said(direct), query.name
            asked += 1
    assert asked > 30


@given(st.lists(st.tuples(CELLS, CELLS), max_size=4))
@settings(max_examples=60, deadline=None)
def test_every_term_comes_through(worker: Worker, collection: Collection, rows: list[Row]) -> None:
    """Odd literals, empty texts and unbound variables are the same on both ways."""
    lines = (" ".join("UNDEF" if term is None else write_term(term) for term in row) for row in rows)
    data = "\n".join(f"({line})" for line in lines)
    text = f"SELECT ?a ?b {{ VALUES (?a ?b) {{ {data} }} }}"
    assert _said(worker.query(text)) == _said(collection.store.query(text))


@pytest.mark.parametrize(
    "text",
    ["ASK {}", "ASK { ?s ?s ?s }", "CONSTRUCT { ?s ?p ?o } WHERE { ?s a ?c ; ?p ?o FILTER (ISIRI(?o) && ISIRI(?s)) }"],
)
def test_other_forms(worker: Worker, collection: Collection, text: str) -> None:
    """Yes or no, and statements."""
    assert _said(worker.query(text)) == _said(collection.store.query(text))


@pytest.mark.parametrize("text", ["SELECT * { ?a ?b", "SELECT * { ?a nowhere:b ?c }", 'SELECT * { ?a ?b "\ud800" }'])
def test_faults_are_told_as_without_it(worker: Worker, collection: Collection, text: str) -> None:
    """A fault of the text has the same class, place and words, and the next query is answered."""
    with pytest.raises(errors.Error) as direct:
        collection.store.query(text)
    with pytest.raises(type(direct.value)) as apart:
        worker.query(text)
    assert str(apart.value) == str(direct.value)
    assert len(list(_table(worker.query(ONE)))) == 1


def _table(answer: Answer) -> Table:
    assert isinstance(answer, Table)
    return answer


def test_time_is_limited(collection: Collection, starting: Starting) -> None:
    """A query that would run for hours is stopped, and the next one is answered."""
    with _limited(collection, starting, seconds=0.5) as worker:
        assert len(list(_table(worker.query(ONE)))) == 1
        with pytest.raises(errors.QueryStopped, match=r"after 0\.5 seconds"):
            worker.query(BOMB)
        assert len(list(_table(worker.query(ONE)))) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="the system does not limit memory")
def test_memory_is_limited(collection: Collection, starting: Starting) -> None:
    """A query that swells is ended before it takes the machine's memory, and the next one is answered."""
    with _limited(collection, starting, megabytes=400, seconds=60) as worker:
        with pytest.raises(errors.QueryStopped, match="memory"):
            worker.query(SWELLING)
        assert len(list(_table(worker.query(ONE)))) == 1


@pytest.mark.parametrize(("limit", "rows", "cut"), [(0, 0, True), (3, 3, True), (5, 5, False), (9, 5, False)])
def test_rows_are_limited(collection: Collection, limit: int, rows: int, cut: bool) -> None:
    """Rows and statements beyond the limit are cut, and it is said; just as many are not."""
    with _limited(collection, rows=limit) as worker:
        table = _table(worker.query("SELECT ?s { ?s ?p ?o } LIMIT 5"))
        assert (len(list(table)), bool(table.note)) == (rows, cut)
        triples = worker.query("CONSTRUCT { ?s ?p ?o } { SELECT DISTINCT ?s ?p ?o { ?s ?p ?o } LIMIT 5 }")
        assert isinstance(triples, Triples)
        assert (len(list(triples)), bool(triples.note)) == (rows, cut)


def test_many_rows_are_cut_while_they_are_written(collection: Collection) -> None:
    """The limit holds for answers larger than what is written at once."""
    with _limited(collection, rows=7) as worker:
        assert len(list(_table(worker.query("SELECT * { ?s ?p ?o }")))) == 7


def test_a_release_is_opened_by_its_folder(tmp_path: Path) -> None:
    """A store on disk is opened there, not handed over."""
    write_store(tmp_path / "store", b'<https://e.org/s> <https://e.org/p> "x" <https://e.org/g> .\n')
    with Worker(open_store(tmp_path / "store", {}), Limits()) as worker:
        assert [str(row[0]) for row in _table(worker.query(ONE))] == ["https://e.org/s"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_a_killed_process_is_replaced(collection: Collection, starting: Starting) -> None:
    """Somebody else's kill costs nothing that was not under way."""
    with _limited(collection, starting) as worker:
        worker.query(ONE)
        assert worker._process is not None
        os.kill(worker._process.pid, signal.SIGKILL)
        while worker._process.is_running:
            time.sleep(0.01)
        assert len(list(_table(worker.query(ONE)))) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_who_holds_the_graph_is_replaced(collection: Collection) -> None:
    """When the process that forks is gone, those that it forked go on, and the next is forked from a new one."""
    assert isinstance(collection.store, EmbeddedStore)
    forks = Forks(collection.store, None)
    with Worker(collection.store, Limits(), forks) as worker, Worker(collection.store, Limits(), forks) as other:
        worker.start()
        assert forks._process is not None
        forks._process.kill()
        forks._process.wait()
        assert len(list(_table(worker.query(ONE)))) == 1
        assert len(list(_table(other.query(ONE)))) == 1
    forks.close()


def test_one_stands_ready(collection: Collection) -> None:
    """From the second query on the process for the next one is there; two kills in a row do no harm."""
    assert isinstance(collection.store, EmbeddedStore)
    with Worker(collection.store, Limits(seconds=0.5)) as worker:
        worker.query(ONE)
        assert worker._spare is None
        worker.query(ONE)
        spare = worker._spare
        assert spare is not None
        for _ in range(2):
            with pytest.raises(errors.QueryStopped):
                worker.query(BOMB)
            assert worker._process is None
        assert len(list(_table(worker.query(ONE)))) == 1
        assert worker._process is not spare
        assert worker._spare is not None


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_no_process_stays_behind(collection: Collection) -> None:
    """A closed worker takes the process that answers and the one that holds the graph with it."""
    assert isinstance(collection.store, EmbeddedStore)
    worker = Worker(collection.store, Limits())
    worker.query(ONE)
    worker.query(ONE)
    assert worker._process is not None
    assert worker._spare is not None
    assert isinstance(worker._processes, Forks)
    assert worker._processes._process is not None
    pids = worker._process.pid, worker._processes._process.pid
    worker.close()
    assert all(map(_gone, pids))


def _gone(pid: int) -> bool:
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_no_process_outlives_the_one_that_asks() -> None:
    """A process that is killed in the middle of a query leaves none behind."""
    code = (
        "import threading, sys\nfrom whatworks.store import EmbeddedStore, Limits\n"
        "from whatworks.store.worker import Worker\nstore = EmbeddedStore()\n"
        "store.engine.load(''.join(f'<a:{n}> <a:p> <a:{n}> .\\n' for n in range(3000)).encode(), "
        "format=__import__('pyoxigraph').RdfFormat.N_TRIPLES)\n"
        "worker = Worker(store, Limits())\nworker.query('ASK {}')\nprint(worker._process.pid, flush=True)\n"
        f"worker.query({BOMB!r})"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT) as asking:
        assert asking.stdout is not None
        pid = int(asking.stdout.readline())
        time.sleep(0.2)
        asking.kill()
    assert _gone(pid)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_knowledge_graph_takes_its_process_with_it() -> None:
    """When nobody holds the graph any more, its process ends."""
    kg = KnowledgeGraph.open(limits=Limits(seconds=30))
    assert len(list(_table(kg.query("countries")))) > 10
    process = kg._worker._process
    assert process is not None
    del kg
    gc.collect()
    assert _gone(process.pid)


def test_the_command_line_stops_a_query(tmp_path: Path) -> None:
    """The message says why, the status is 3, and no file is left."""
    file = tmp_path / "found.csv"
    done = CliRunner().invoke(main, ["sparql", BOMB, "--timeout", "0.3", "--output", str(file)])
    assert (done.exit_code, list(tmp_path.iterdir())) == (3, [])
    assert "query-stopped" in done.stderr
    done = CliRunner().invoke(main, ["query", "countries", "--timeout", "60", "--limit", "2", "--format", "csv"])
    assert (done.exit_code, len(done.stdout.splitlines())) == (0, 3)
    assert "there are more" in done.stderr
