"""Counts, lists and facets, which columns answer; and the columns themselves."""

import re
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator

import pyoxigraph as ox

from benchmarks.measure import Bench, Figure, cpu, engine, task
from whatworks.catalogue import Query
from whatworks.columns import write_columns
from whatworks.results import Table

# Three conditions of which the shipped collection meets each often.
_CONDITIONS = {"country": ["BE"], "kind": ["good practice"], "stage": ["mainstreamed"]}
_WARM = 4  # so many questions come before columns are measured: from the third on they answer
_SMALL = 10_000  # up to so many interventions the peer takes turns with ours
_CAP = 10  # above, it is asked once, for so many seconds of CPU at most

_COUNTING = re.compile(r"\b(?:COUNT|SUM|MIN|MAX|GROUP_CONCAT)\(")

# The peer apart: it answers one query from a store on disk, and says how long it took.
_PEER = """
import collections, resource, sys, time, pyoxigraph
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[2]), int(sys.argv[2])))
store, text, start = pyoxigraph.Store.read_only(sys.argv[1]), sys.stdin.read(), time.process_time()
collections.deque(store.query(text, use_default_graph_as_union=True), 0)
print(time.process_time() - start)
"""


def _answers(bench: Bench, query: str, values: dict[str, list[str]], what: str, aim: str) -> Figure:
    """Compare an answer, each of its rows read, with the engine's to the same text."""
    kg, store = bench.released, engine(bench.released.collection)
    text = kg.sparql_of(kg.catalogue.get(query), values)
    given = {name.replace("-", "_"): value for name, value in values.items()}
    rows = 0

    def ours() -> None:
        nonlocal rows
        answer = kg.query(query, **given)
        assert isinstance(answer, Table)
        rows = len(deque(answer))

    def peer() -> None:
        answer = store.query(text, use_default_graph_as_union=True)
        assert isinstance(answer, ox.QuerySolutions)
        deque(answer, 0)

    for _ in range(_WARM):
        ours()
    what, name = f"{what}, {rows:,} rows", "pyoxigraph, same query"
    if bench.size <= _SMALL:
        return Figure(what, name, "ms", bench.compare(cpu(ours), cpu(peer)), aim)
    taken = _apart(bench, text)
    name += ", once" if taken is not None else f", stopped after {_CAP} s"
    runs = bench.compare(cpu(ours), lambda: float(_CAP) if taken is None else taken)
    return Figure(what, name, "ms", runs, aim)


def _apart(bench: Bench, text: str) -> float | None:
    """Return how long the peer takes in a process of its own, None if that is too long."""
    store = bench.released.collection.local.folder
    command = [sys.executable, "-c", _PEER, str(store), str(_CAP)]
    done = subprocess.run(command, input=text.encode(), stdout=subprocess.PIPE, check=False)
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return None
    done.check_returncode()
    return float(done.stdout)


def _free(bench: Bench) -> Iterator[Query]:
    """Yield the stored queries that need no parameter and answer with rows."""
    for query in bench.released.catalogue.all():
        needy = any(parameter.required for parameter in query.parameters)
        audit = "publication" in query.tags  # looks at every statement of a release
        if query.form == "SELECT" and query.name != "facets" and not needy and not audit:
            yield query


@task("counts")
def _counts(bench: Bench) -> Iterator[Figure]:
    most = 5 if bench.size <= _SMALL else 50
    for query in _free(bench):
        if _COUNTING.search(query.text):
            yield _answers(bench, query.name, {}, f"stored query {query.name}", f"≤ {most} ms")
            if any(parameter.name == "country" for parameter in query.parameters):
                what = f"stored query {query.name} of Belgium"
                yield _answers(bench, query.name, {"country": ["BE"]}, what, f"≤ {most} ms")


@task("lists")
def _lists(bench: Bench) -> Iterator[Figure]:
    for query in _free(bench):
        if not _COUNTING.search(query.text):
            yield _answers(bench, query.name, {}, f"stored query {query.name}", "")


@task("facets")
def _facets(bench: Bench) -> Iterator[Figure]:
    for count in range(len(_CONDITIONS) + 1):
        values = dict(list(_CONDITIONS.items())[:count])
        said = f"{count} conditions"
        yield _answers(bench, "facets", values, f"counts of all facets, {said}", "≤ 5 ms")
        if count:
            yield _answers(bench, "interventions", values, f"list, {said}", "≤ 5 ms")


@task("columns")
def _columns(bench: Bench) -> Iterator[Figure]:
    texts = [query.text for query in bench.released.catalogue.all()]

    def write() -> None:
        with bench.dump.open("rb") as lines:
            write_columns(lines, bench.scratch / "columns")

    def index() -> None:
        with bench.dump.open("rb") as lines:
            write_columns(lines, bench.scratch / "columns", texts)

    def load() -> None:
        store = ox.Store(tempfile.mkdtemp(dir=bench.scratch))
        store.bulk_load(path=str(bench.dump), format=ox.RdfFormat.N_QUADS)
        store.optimize()

    peer = "pyoxigraph: bulk load of the dump, optimize"
    yield Figure("columns written", peer, "s", bench.compare(cpu(write), cpu(load)))
    yield Figure("the same with the index of facets", peer, "s", bench.compare(cpu(index), cpu(load)))
