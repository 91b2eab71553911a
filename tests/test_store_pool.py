"""A pool of workers: queries beside each other, a spare, and a bound on those that wait."""

import asyncio
import csv
import io
import json
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from whatworks.errors import Busy, QueryStopped, QuerySyntax, TooMany
from whatworks.store import Dataset, EmbeddedStore, Limits, parse
from whatworks.store import pool as pool_module
from whatworks.store.forks import Forks, Starts, processes
from whatworks.store.pool import Pool, Query, Written
from whatworks.terms import Iri, Literal, Quad

A, B, G, H = (Iri(f"https://x.org/{name}") for name in "abgh")
BOMB = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n1 ?o }"
ASK = "ASK { ?s ?p ?o }"
ROWS = "SELECT ?o { ?s ?p ?o }"


@pytest.fixture(scope="module")
def store() -> EmbeddedStore:
    """Two hundred statements in one graph, one in another."""
    made = EmbeddedStore({"x": "https://x.org/"})
    made.add(Quad(A, B, Literal.integer(number), G) for number in range(200))
    made.add([Quad(A, B, Literal('a "quoted", text\n'), H)])
    return made


@asynccontextmanager
async def opened(store: EmbeddedStore, limits: Limits, size: int = 1, waiting: int = 4) -> AsyncIterator[Pool]:
    """Make a pool, wait until its workers stand ready, and end it."""
    pool = Pool(store, limits, size=size, waiting=waiting)
    pool.attend()
    try:
        await until(lambda: stand(pool) == size + 1)
        yield pool
    finally:
        pool.close()


def stand(pool: Pool) -> int:
    """Return how many workers stand ready."""
    return len(pool._ready)


def is_alive(pid: int) -> bool:
    """Say whether there is such a process that is not a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or ") Z " not in Path(f"/proc/{pid}/stat").read_text("utf-8")


async def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    """Wait until something holds, or fail."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


def run(store: EmbeddedStore, limits: Limits, does: Callable[[Pool], Awaitable[None]], **how: int) -> None:
    """Do something with a pool."""

    async def main() -> None:
        async with opened(store, limits, **how) as pool:
            await does(pool)

    asyncio.run(main())


async def content(asked: Query) -> bytes:
    """Return an answer."""
    return b"".join((await asked.answer).parts())


@pytest.mark.parametrize("way", [processes, Starts])
def test_a_system_without_fork(store: EmbeddedStore, way: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where processes are not forked but started, a thread for each waits for what they say; all else is the same."""
    monkeypatch.setattr(pool_module, "processes", way)

    async def does(pool: Pool) -> None:
        assert await content(pool.ask(ASK, "csv")) == b"true"
        asked = pool.ask(BOMB, "csv")
        await asyncio.sleep(0.2)
        pool.leave(asked)
        with pytest.raises(QueryStopped):
            await asked.answer
        assert await content(pool.ask(ASK, "json")) == b'{"head":{},"boolean":true}'
        await until(lambda: stand(pool) == 2)

    run(store, Limits(seconds=30), does)


def test_rows_in_every_format(store: EmbeddedStore) -> None:
    """The answer comes written; a text with quotes, commas and line ends stays as it is."""
    query = "SELECT ?o { GRAPH x:h { ?s ?p ?o } }"
    text = 'a "quoted", text\n'

    async def does(pool: Pool) -> None:
        assert json.loads(await content(pool.ask(query, "json")))["results"]["bindings"][0]["o"]["value"] == text
        rows = csv.reader(io.StringIO((await content(pool.ask(query, "csv"))).decode(), newline=""))
        assert list(rows)[1] == [text]
        assert b'"a \\"quoted\\", text\\n"' in await content(pool.ask(query, "tsv"))
        assert b"a &quot;quoted&quot;, text" in await content(pool.ask(query, "xml"))
        assert json.loads(await content(pool.ask(ASK, "json")))["boolean"] is True

    run(store, Limits(seconds=30), does)


@pytest.mark.parametrize("format", ["turtle", "ntriples", "rdfxml", "trig", "jsonld"])
def test_statements_in_every_format(store: EmbeddedStore, format: str) -> None:
    """The answer to a CONSTRUCT query comes written."""

    async def does(pool: Pool) -> None:
        written = await content(pool.ask("CONSTRUCT { ?s ?p ?o } { GRAPH x:g { ?s ?p ?o } }", format))
        assert len(parse(written, format, name="answer", base="https://x.org/")) == 200

    run(store, Limits(seconds=30), does)


@pytest.mark.parametrize(
    ("limits", "query", "format", "count", "note"),
    [
        (Limits(seconds=30, rows=7), ROWS, "tsv", 8, "Only the first 7 rows are given; there are more."),
        (Limits(seconds=30, rows=201), ROWS, "tsv", 202, ""),
        (
            Limits(seconds=30, bytes=2000),
            "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }",
            "ntriples",
            None,
            "statements are given; there are more.",
        ),
    ],
)
def test_what_is_cut_is_said(
    store: EmbeddedStore, limits: Limits, query: str, format: str, count: int | None, note: str
) -> None:
    """At most so many rows or bytes are given, whole rows, and the note says it."""

    async def does(pool: Pool) -> None:
        written = await pool.ask(query, format).answer
        assert written.content is not None
        assert note in written.note
        assert bool(note) == bool(written.note)
        if count is None:
            assert 0 < written.size <= 2000
            assert written.content.endswith(b" .\n")
        else:
            assert written.content.count(b"\n") == count

    run(store, limits, does)


def test_a_data_set_is_handed_over(store: EmbeddedStore) -> None:
    """The query sees the graphs that are given."""

    async def does(pool: Pool) -> None:
        found = json.loads(await content(pool.ask(ROWS, "json", Dataset((H,)))))
        assert len(found["results"]["bindings"]) == 1

    run(store, Limits(seconds=30), does)


def test_a_large_answer_lies_on_disk(store: EmbeddedStore) -> None:
    """What is larger than a megabyte is not held in memory, and comes in parts, byte for byte as it was."""
    query = "SELECT ?s ?p ?o { { ?s ?p ?o } { ?a ?b ?c } }"

    async def does(pool: Pool) -> None:
        written = await pool.ask(query, "tsv").answer
        assert written.content is None
        parts = list(written.parts())
        assert len(parts) > 1
        whole = b"".join(parts)
        assert len(whole) == written.size
        assert whole.count(b"\n") == 201 * 201 + 1
        assert whole == b"".join(written.parts())

    run(store, Limits(seconds=60), does)


def test_a_stopped_query_costs_nobody_else(store: EmbeddedStore) -> None:
    """The spare answers at once after a query was stopped, and another one takes its place."""

    async def does(pool: Pool) -> None:
        started = time.monotonic()
        with pytest.raises(QueryStopped):
            await pool.ask(BOMB, "json").answer
        assert time.monotonic() - started < 3.5
        started = time.monotonic()
        assert await content(pool.ask(ASK, "csv")) == b"true"
        assert time.monotonic() - started < 0.5
        assert pool.stopped == 1
        await until(lambda: stand(pool) == 2)

    run(store, Limits(seconds=1.5), does)


def test_a_killed_worker_costs_one_query(store: EmbeddedStore) -> None:
    """A process that is killed while it answers fails that query; one that is killed while it waits fails none."""

    async def does(pool: Pool) -> None:
        assert await content(pool.ask(ASK, "csv")) == b"true"
        asked = pool.ask(BOMB, "json")
        await until(lambda: asked.line is not None)
        await asyncio.sleep(0.3)  # until it has the query
        assert asked.line is not None
        os.kill(asked.line.process.pid, signal.SIGKILL)
        with pytest.raises(QueryStopped):
            await asked.answer
        await until(lambda: stand(pool) == 2)
        assert await content(pool.ask(ASK, "csv")) == b"true"
        os.kill(pool._ready[0].process.pid, signal.SIGKILL)
        assert await content(pool.ask(ASK, "csv")) == b"true"
        await until(lambda: pool.stopped == 2)
        await until(lambda: stand(pool) == 2)

    run(store, Limits(seconds=30), does)


@pytest.mark.slow
def test_only_so_many_wait(store: EmbeddedStore) -> None:
    """Who comes when as many wait as may wait is told so at once; who waited too long, too."""

    async def does(pool: Pool) -> None:
        asked = [pool.ask(BOMB, "json", client=str(number)) for number in range(2)]
        assert pool.load == (0, 1)
        with pytest.raises(Busy, match="1 queries wait already"):
            pool.ask(ASK, "json")
        said = await asyncio.gather(*(each.answer for each in asked), return_exceptions=True)
        assert {type(each) for each in said} <= {Busy, QueryStopped}
        assert isinstance(said[0], QueryStopped)
        assert pool.load == (1, 0)

    run(store, Limits(seconds=1), does, waiting=1)


def test_who_asks_much_does_not_keep_others_waiting(store: EmbeddedStore) -> None:
    """Half of those that wait may be of one client, and clients are answered in turns."""

    async def does(pool: Pool) -> None:
        first = pool.ask(BOMB, "json", client="much")
        much = [pool.ask(ASK, "csv", client="much") for _ in range(3)]
        with pytest.raises(TooMany, match="3 queries from the same address"):
            pool.ask(ASK, "csv", client="much")
        others = [pool.ask(ASK, "csv", client=name) for name in ("one", "two")]
        order: list[Query] = []

        def noted(each: Query, _: object) -> None:
            order.append(each)

        for each in (*much, *others):
            each.answer.add_done_callback(partial(noted, each))
        pool.leave(first)
        with pytest.raises(QueryStopped):
            await first.answer
        await asyncio.gather(*(each.answer for each in (*much, *others)))
        await asyncio.sleep(0)
        assert order == [much[0], *others, *much[1:]]

    run(store, Limits(seconds=30), does, waiting=6)


@pytest.mark.slow
def test_a_long_query_keeps_nobody_from_their_turn(store: EmbeddedStore) -> None:
    """Others are answered while it runs, and while one more that takes long waits to be begun anew."""

    async def does(pool: Pool) -> None:
        first, second = pool.ask(BOMB, "json"), pool.ask(BOMB, "json")
        for number in range(20):
            assert await content(pool.ask(f"{ASK} # {number}", "csv")) == b"true"
            await asyncio.sleep(0.05)
        await until(lambda: pool.load == (1, 1))
        assert not first.answer.done()
        assert not second.answer.done()
        pool.leave(first)
        await until(first.answer.done)
        await until(lambda: pool.load == (1, 0))  # the second runs
        assert not second.answer.done()
        pool.leave(second)
        await until(lambda: second.answer.done() and stand(pool) == 2)

    run(store, Limits(seconds=60), does)


def test_waiting_and_running_end_together(store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever had to wait has less time then, and is told so; a query that had all of its time is told that."""
    monkeypatch.setattr(pool_module, "_MORE", 0.3, raising=False)

    async def does(pool: Pool) -> None:
        begun = time.monotonic()
        asked = [pool.ask(f"{BOMB} # {number}", "json", client=str(number)) for number in range(4)]
        told = await asyncio.gather(*(each.answer for each in asked), return_exceptions=True)
        assert time.monotonic() - begun < 2.1
        assert isinstance(told[0], QueryStopped)
        assert [type(each) for each in told[1:]] == [Busy] * 3
        assert "had to wait" in str(told[1])
        await until(lambda: stand(pool) == 2)

    run(store, Limits(seconds=1.5), does)


def test_nobody_waits_for_who_has_gone(store: EmbeddedStore) -> None:
    """A query whose asker has gone is ended soon, and one that waits is not begun."""

    async def does(pool: Pool) -> None:
        running, waiting = pool.ask(BOMB, "json"), pool.ask(BOMB, "json")
        await until(lambda: running.line is not None)
        pool.leave(waiting)
        with pytest.raises(Busy):
            await waiting.answer
        pool.leave(running)
        started = time.monotonic()
        with pytest.raises(QueryStopped):
            await running.answer
        assert time.monotonic() - started < 5
        assert pool.load == (1, 0)
        pool.leave(running)  # there is nothing to leave any more
        assert await content(pool.ask(ASK, "csv")) == b"true"

    run(store, Limits(seconds=60), does)


def test_faults_are_told(store: EmbeddedStore) -> None:
    """What is no query is said, and the worker lives on."""

    async def does(pool: Pool) -> None:
        with pytest.raises(QuerySyntax):
            await pool.ask("SELECT", "json").answer
        assert await content(pool.ask(ASK, "csv")) == b"true"
        assert pool.stopped == 0

    run(store, Limits(seconds=30), does)


def test_a_long_query_arrives(store: EmbeddedStore) -> None:
    """A text that does not fit into a pipe at once is sent in parts."""

    async def does(pool: Pool) -> None:
        values = " ".join(f'"{number:08}"' for number in range(20_000))
        found = json.loads(await content(pool.ask(f"SELECT (COUNT(*) AS ?n) {{ VALUES ?v {{ {values} }} }}", "json")))
        assert found["results"]["bindings"][0]["n"]["value"] == "20000"

    run(store, Limits(seconds=30), does)


def test_a_closed_pool_ends_its_processes_and_still_answers(store: EmbeddedStore) -> None:
    """Who still holds a pool that was replaced gets an answer; no process stays."""

    async def does(pool: Pool) -> None:
        assert await content(pool.ask(ASK, "csv")) == b"true"
        pids = [line.process.pid for line in pool._ready]
        asked = pool.ask("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", "csv")
        assert asked.line is not None
        pids.append(asked.line.process.pid)
        pool.close()
        assert (await content(asked)).startswith(b"n")
        assert await content(pool.ask(ASK, "csv")) == b"true"
        await until(lambda: not any(map(is_alive, pids)))

    run(store, Limits(seconds=60), does)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here")
@pytest.mark.parametrize("is_attended", [False, True])
def test_a_worker_that_starts_late_is_ended_with_its_pool(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch, is_attended: bool
) -> None:
    """What starts workers is not left over where the last of them comes when the pool is closed."""
    late, start = threading.Event(), Forks.start
    monkeypatch.setattr(Forks, "start", lambda self: late.wait(15) and start(self))

    async def closed() -> Pool:
        pool = Pool(store, Limits(), size=1, waiting=1)
        if is_attended:
            pool.attend()
            await asyncio.sleep(0)
        pool.close()
        return pool

    source = asyncio.run(closed())._processes
    assert isinstance(source, Forks)
    late.set()
    deadline = time.monotonic() + 15
    while [each for each in threading.enumerate() if each.name.startswith("ThreadPoolExecutor")]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    while source._process is not None:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_is_written_is_kept_small() -> None:
    """Parts are held in memory until they are too many."""
    written = Written("said")
    written.add(b"a" * 1000)
    assert (written.content, written.note, list(written.parts())) == (b"a" * 1000, "said", [b"a" * 1000])
    for _ in range(1100):
        written.add(b"b" * 1000)
    assert written.content is None
    assert b"".join(written.parts()) == b"a" * 1000 + b"b" * 1_100_000
