"""A pool of workers: queries beside each other, a spare, and a bound on those that wait."""

import csv
import io
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from whatworks.errors import Busy, QueryStopped, QuerySyntax
from whatworks.store import Dataset, EmbeddedStore, Limits, parse
from whatworks.store.pool import Pool
from whatworks.terms import Iri, Literal, Quad

A, B, G, H = (Iri(f"https://x.org/{name}") for name in "abgh")
BOMB = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n1 ?o }"
ASK = "ASK { ?s ?p ?o }"


@pytest.fixture(scope="module")
def store() -> EmbeddedStore:
    """Two hundred statements in one graph, one in another."""
    made = EmbeddedStore({"x": "https://x.org/"})
    made.add(Quad(A, B, Literal.integer(number), G) for number in range(200))
    made.add([Quad(A, B, Literal('a "quoted", text\n'), H)])
    return made


@pytest.fixture
def pool(store: EmbeddedStore) -> Iterator[Callable[..., Pool]]:
    """Make pools and end them."""
    made = []

    def make(limits: Limits, size: int = 1, waiting: int = 4) -> Pool:
        made.append(Pool(store, limits, size=size, waiting=waiting))
        return made[-1]

    yield make
    for each in made:
        each.close()


def until(condition: Callable[[], bool]) -> None:
    """Wait until something holds, or fail."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or ") Z " not in Path(f"/proc/{pid}/stat").read_text("utf-8")


def test_rows_in_every_format(pool: Callable[..., Pool]) -> None:
    """The answer comes written; a text with quotes, commas and line ends stays as it is."""
    asked = pool(Limits(seconds=30))
    query = "SELECT ?o { GRAPH x:h { ?s ?p ?o } }"
    text = 'a "quoted", text\n'
    assert json.loads(asked.write(query, "json").content)["results"]["bindings"][0]["o"]["value"] == text
    assert list(csv.reader(io.StringIO(asked.write(query, "csv").content.decode(), newline="")))[1] == [text]
    assert b'"a \\"quoted\\", text\\n"' in asked.write(query, "tsv").content
    assert b"a &quot;quoted&quot;, text" in asked.write(query, "xml").content
    assert json.loads(asked.write(ASK, "json").content)["boolean"] is True


@pytest.mark.parametrize("format", ["turtle", "ntriples", "rdfxml", "trig", "jsonld"])
def test_statements_in_every_format(pool: Callable[..., Pool], format: str) -> None:
    """The answer to a CONSTRUCT query comes written."""
    written = pool(Limits(seconds=30)).write("CONSTRUCT { ?s ?p ?o } { GRAPH x:g { ?s ?p ?o } }", format)
    assert len(parse(written.content, format, name="answer", base="https://x.org/")) == 200


def test_what_is_cut_is_said(pool: Callable[..., Pool]) -> None:
    """At most so many rows or bytes are given, whole rows, and the note says it."""
    by_rows = pool(Limits(seconds=30, rows=7)).write("SELECT ?o { ?s ?p ?o }", "json")
    assert len(json.loads(by_rows.content)["results"]["bindings"]) == 7
    assert by_rows.note == "Only the first 7 rows are given; there are more."
    by_bytes = pool(Limits(seconds=30, bytes=2000)).write("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }", "ntriples")
    assert 0 < len(by_bytes.content) <= 2000
    assert by_bytes.content.endswith(b" .\n")
    assert "statements are given; there are more." in by_bytes.note
    assert pool(Limits(seconds=30, rows=201)).write("SELECT ?o { ?s ?p ?o }", "tsv").note == ""


def test_a_data_set_is_handed_over(pool: Callable[..., Pool]) -> None:
    """The query sees the graphs that are given."""
    found = pool(Limits(seconds=30)).write("SELECT ?o { ?s ?p ?o }", "json", Dataset((H,)))
    assert len(json.loads(found.content)["results"]["bindings"]) == 1


def test_a_stopped_query_costs_nobody_else(pool: Callable[..., Pool]) -> None:
    """The spare answers at once after a query was stopped, and another one takes its place."""
    asked = pool(Limits(seconds=1.5))
    until(lambda: len(asked._ready) == 2)
    started = time.monotonic()
    with pytest.raises(QueryStopped):
        asked.write(BOMB, "json")
    assert time.monotonic() - started < 3.5
    started = time.monotonic()
    assert asked.write(ASK, "csv").content == b"true"
    assert time.monotonic() - started < 0.5
    assert asked.stopped == 1
    until(lambda: len(asked._ready) == 2)


def test_a_killed_worker_costs_one_query(pool: Callable[..., Pool]) -> None:
    """A process that is killed while it answers fails that query; one that is killed while it waits fails none."""
    asked = pool(Limits(seconds=30))
    until(lambda: len(asked._ready) == 2)
    failed: list[Exception] = []

    def ask() -> None:
        try:
            asked.write(BOMB, "json")
        except QueryStopped as error:
            failed.append(error)

    waiting = asked._ready[-1]._process
    idle = asked._ready[0]._process
    assert waiting is not None
    assert idle is not None
    thread = threading.Thread(target=ask)
    thread.start()
    until(lambda: len(asked._ready) == 1)
    time.sleep(0.5)  # until it has the query
    os.kill(waiting.pid, signal.SIGTERM)
    thread.join(10)
    assert len(failed) == 1
    os.kill(idle.pid, signal.SIGTERM)
    until(lambda: not idle.is_running)
    assert asked.write(ASK, "csv").content == b"true"


def test_only_so_many_wait(pool: Callable[..., Pool]) -> None:
    """Who comes when as many wait as may wait is told so at once; who waited too long, too."""
    asked = pool(Limits(seconds=2), waiting=1)
    until(lambda: len(asked._ready) == 2)
    said: list[str] = []

    def ask() -> None:
        try:
            asked.write(BOMB, "json")
        except (Busy, QueryStopped) as error:
            said.append(type(error).__name__)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    until(lambda: asked.load == (0, 1))
    started = time.monotonic()
    with pytest.raises(Busy, match="1 queries wait already"):
        asked.write(ASK, "json")
    assert time.monotonic() - started < 0.5
    for thread in threads:
        thread.join(20)
    assert len(said) == 2
    assert "QueryStopped" in said


def test_faults_are_told(pool: Callable[..., Pool]) -> None:
    """What is no query is said, and the worker lives on."""
    asked = pool(Limits(seconds=30))
    with pytest.raises(QuerySyntax):
        asked.write("SELECT", "json")
    assert asked.write(ASK, "csv").content == b"true"
    assert asked.stopped == 0


def test_no_more_stand_ready_than_may(pool: Callable[..., Pool]) -> None:
    """Who asks before a worker is ready gets one of its own; there are never more than answer at once, and a spare."""
    asked = pool(Limits(seconds=30))
    assert asked.write(ASK, "csv").content == b"true"
    asked._starter.submit(lambda: None).result()
    assert len(asked._ready) == 2


def test_a_closed_pool_ends_its_processes_and_still_answers(pool: Callable[..., Pool]) -> None:
    """Who still holds a pool that was replaced gets an answer; no process stays."""
    asked = pool(Limits(seconds=30))
    until(lambda: len(asked._ready) == 2)
    pids = [worker._process.pid for worker in asked._ready if worker._process is not None]
    asked.close()
    until(lambda: not any(map(_is_alive, pids)))
    assert asked.write(ASK, "csv").content == b"true"
    assert asked._ready == []
