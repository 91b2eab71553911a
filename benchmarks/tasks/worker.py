"""Queries in a process apart, which can be stopped."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from benchmarks.measure import Bench, Figure, Measure, task
from whatworks.errors import QueryStopped
from whatworks.results import Table
from whatworks.store import EmbeddedStore, Limits
from whatworks.store.forks import Starts
from whatworks.store.worker import Worker

_ONE = "SELECT * { ?s ?p ?o } LIMIT 1"
_BOMB = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
_TIMES = 200  # so often a small query is asked within one run


def _asked(ask: Callable[[str], object], text: str = _ONE) -> None:
    answer = ask(text)
    assert isinstance(answer, Table)
    deque(answer, 0)


def _waiting(call: Callable[[], None], times: int = 1) -> Measure:
    """Measure the least time from start to end that a call takes: what other processes do is time, too."""

    def measure() -> float:
        found = []
        for _ in range(times):
            begun = time.perf_counter()
            call()
            found.append(time.perf_counter() - begun)
        return min(found)

    return measure


@task("worker")
def _worker(bench: Bench) -> Iterator[Figure]:
    stores = {"on disk": bench.released.collection.local}
    if bench.statements is not None:  # a project that was made before may be too large to be read into memory
        stores["in memory"] = bench.kg.collection.local
    for place, store in stores.items():
        yield from _of(bench, place, store)


def _of(bench: Bench, place: str, store: EmbeddedStore) -> Iterator[Figure]:
    with ExitStack() as opened:
        worker = opened.enter_context(Worker(store, Limits()))
        ours = _waiting(lambda: _asked(worker.query), _TIMES)
        peer = _waiting(lambda: _asked(store.query), _TIMES)
        runs = bench.compare(ours, peer)
        yield Figure(f"one row through a worker, store {place}", "the same in process", "ms", runs, "0.3 ms more")

    def next_answer(worker: Worker) -> Measure:
        call = _waiting(lambda: _asked(worker.query))

        def measure() -> float:
            try:
                worker.query(_BOMB)
            except QueryStopped:
                return call()
            raise AssertionError("the query ended in time")

        return measure

    limits = Limits(seconds=0.3)
    with ExitStack() as opened:
        workers = [opened.enter_context(Worker(store, limits, each)) for each in (None, Starts(store, None))]
        for each in (*workers, workers[0]):
            _asked(each.query)
        runs = bench.compare(*map(next_answer, workers))
        name = "a process started anew, which reads the graph"
        yield Figure(f"from a kill to the next answer, store {place}", name, "ms", runs, "≤ 200 ms")
