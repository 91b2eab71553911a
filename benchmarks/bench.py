"""Times the tasks of the tool, each against a peer or a floor that is timed in the same run.

    python benchmarks/bench.py [TASK]... [--size N]... [--runs K] [--project FOLDER]

README.md says what each figure means.
"""

import argparse
import datetime
import gc
import itertools
import os
import platform
import re
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import pyoxigraph as ox
import pyshacl
import rdflib

ROOT = Path(__file__).parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from benchmarks.generate import BASE, SEED, write_project  # noqa: E402 - found from the root only
from benchmarks.search.quality import SETS, questions  # noqa: E402
from whatworks import KnowledgeGraph  # noqa: E402
from whatworks.assets import Assets  # noqa: E402
from whatworks.collection import Collection  # noqa: E402
from whatworks.columns import write_columns  # noqa: E402
from whatworks.lookup import Lookup  # noqa: E402
from whatworks.namespaces import LABELS, LINK_FROM, LINK_TO, NOTATION, TOPIC  # noqa: E402
from whatworks.results import Table, Triples  # noqa: E402
from whatworks.search import Index, Search, build  # noqa: E402
from whatworks.settings import Settings  # noqa: E402
from whatworks.store import read_lines  # noqa: E402
from whatworks.store.convert import quad_to_engine  # noqa: E402
from whatworks.terms import RDF_TYPE  # noqa: E402
from whatworks.trees import Trees  # noqa: E402

RESULTS = Path(__file__).parent / "results"
COMMAND = str(Path(sys.executable).with_name("whatworks"))
PACKAGES = ("whatworks", "pyoxigraph", "click", "PyLD", "pyshacl", "rdflib")
COLUMNS = ("task", "measured", "unit", "min / median / max", "against", "min / median / max", "ratio", "runs", "aim")
UNITS = {"s": 1.0, "ms": 1e3, "µs": 1e6, "MiB": 2.0**-20}
SAMPLE = 20  # so many interventions, spread over the collection, are looked up, described and exported
LEAST = 0.02  # a call is repeated until it took so many seconds of CPU
SETTLED = 2.1  # so many seconds after a file was written, a store is prepared from it
ENOUGH = 60.0  # after so many seconds no further run of a figure is started

# The floor of a command: what click and pyoxigraph alone need for the same files and the same query.
FLOOR = """
import sys, click, pyoxigraph
from pathlib import Path
store = pyoxigraph.Store()
for folder in sys.argv[2:]:
    for file in sorted(Path(folder).rglob("*.*")):
        if file.suffix in (".ttl", ".trig", ".nt", ".nq"):
            store.load(path=str(file), base_iri="https://w3id.org/whatworks/")
found = store.query(sys.argv[1], use_default_graph_as_union=True)
sys.stdout.buffer.write(found.serialize(format=pyoxigraph.QueryResultsFormat.CSV))
"""

# The floor of a build: the engine's own load of the same statements into a store on disk.
LOAD = """
import sys, pyoxigraph
store = pyoxigraph.Store(sys.argv[2])
store.bulk_load(path=sys.argv[1], format=pyoxigraph.RdfFormat.N_QUADS)
store.optimize()
"""

# The floor of a command that reads a store on disk.
FLOOR_OF_A_STORE = """
import sys, click, pyoxigraph
found = pyoxigraph.Store.read_only(sys.argv[2]).query(sys.argv[1], use_default_graph_as_union=True)
sys.stdout.buffer.write(found.serialize(format=pyoxigraph.QueryResultsFormat.CSV))
"""

Measure = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the result: seconds of CPU, or bytes, of what is measured and of its peer, run by run."""

    what: str
    peer: str
    unit: str
    runs: list[tuple[float, float]]
    aim: str = ""

    @property
    def ratio(self) -> float:
        """How many times the peer's median ours is."""
        return median(ours for ours, _ in self.runs) / median(peer for _, peer in self.runs)

    def cells(self, task: str) -> list[str]:
        """Return the cells of the result table."""
        ours, peer = [ours for ours, _ in self.runs], [peer for _, peer in self.runs]
        figures = [self.what, self.unit, self._three(ours), self.peer, self._three(peer), f"{self.ratio:.2f}"]
        return [task, *figures, str(len(self.runs)), self.aim]

    def _three(self, seconds: list[float]) -> str:
        scaled = [value * UNITS[self.unit] for value in (min(seconds), median(seconds), max(seconds))]
        return " / ".join(f"{value:,.0f}" if value >= 100 else f"{value:.3g}" for value in scaled)


class Bench:
    """The shipped collection, and a made project of a size that is opened once for all tasks."""

    def __init__(self, size: int, runs: int, folder: Path, project: Path | None = None) -> None:
        self.size, self.runs, self.folder = size, runs, project or folder
        self.statements = write_project(folder, size, SEED) if project is None else None
        self.shipped = KnowledgeGraph(Assets.find(), Settings())
        self.scratch = folder / "scratch"
        self.scratch.mkdir()
        folder = self.folder
        self.kg = KnowledgeGraph.open(folder)

    @cached_property
    def keys(self) -> list[str]:
        """Keys of interventions spread over the made project."""
        found = [iri.code for iri in self.kg.things(of_class="Intervention")]
        return found[:: max(1, len(found) // SAMPLE)][:SAMPLE]

    @cached_property
    def released(self) -> KnowledgeGraph:
        """The made project as a release on disk, made without the check; of a given project, the release in use."""
        if self.statements is None:
            return self.kg
        release = self.kg.build(self.scratch / "made", checked=False)
        return KnowledgeGraph(self.kg.assets, self.kg.settings, store=release.folder)

    @property
    def dump(self) -> Path:
        """All statements of the release, in N-Quads."""
        assert self.released.release is not None
        return self.released.release.folder / "dump.nq"

    @cached_property
    def plain(self) -> Collection:
        """The made project with the model, without what rules infer."""
        return Collection.open(self.kg.assets, self.kg.settings, infer=False)

    def compare(self, ours: Measure, peer: Measure) -> list[tuple[float, float]]:
        """Run both in turns, after one run that only warms up, unless that one was long enough to count."""
        begun = time.perf_counter()
        runs = [(ours(), peer())]
        if sum(runs[0]) < 1:
            runs = []
        while len(runs) < self.runs and not (runs and time.perf_counter() - begun > ENOUGH):
            runs.append((ours(), peer()))
        return runs


def engine(collection: Collection) -> ox.Store:
    """Return the engine's own store behind a collection."""
    return collection.local.engine


def cpu(call: Callable[[], object], share: int = 1) -> Measure:
    """Measure the CPU time of this process for a call, divided by the number of things it deals with."""
    number = 0

    def spent(times: int) -> float:
        start = time.process_time()
        for _ in range(times):
            result = call()
        end = time.process_time()
        del result
        return end - start

    def measure() -> float:
        nonlocal number
        gc.collect()
        if not number:
            first = spent(1)
            number = max(1, int(LEAST / max(first, 1e-6)))
            if number == 1:
                return first / share
        return spent(number) / number / share

    return measure


def cpu_once(call: Callable[[], object]) -> float:
    """Return the CPU time of one call."""
    gc.collect()
    start = time.process_time()
    call()
    return time.process_time() - start


def child(*command: str, cache: Path | None = None) -> Measure:
    """Measure user and system time of a command; without a cache folder it prepares no store."""

    def measure() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=environment(cache))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return measure


def spent(*command: str) -> tuple[float, float]:
    """Return user and system time of a command, and the most memory that it had, in bytes."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=ROOT, env=environment(None)) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024.0


def environment(cache: Path | None) -> dict[str, str]:
    """Return the environment of a command: the user's cache is left alone, and bytecode is kept."""
    found = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**found, "WHATWORKS_CACHE": str(cache or "")}


# ---- the tasks ----

Task = Callable[[Bench], Iterator[Figure]]
TASKS: dict[str, Task] = {}
ON_SHIPPED = ("help", "query-cli")  # do not depend on the size: done once


def task(name: str) -> Callable[[Task], Task]:
    """Enter a task in the list of tasks."""

    def enter(function: Task) -> Task:
        TASKS[name] = function
        return function

    return enter


@task("help")
def _help(bench: Bench) -> Iterator[Figure]:
    ours, peer = child(COMMAND, "--help"), child(sys.executable, "-c", "import click")
    yield Figure("whatworks --help", "python -c 'import click'", "ms", bench.compare(ours, peer), "ratio ≤ 1.4")


_FILES = "click + pyoxigraph: same files and query, no rules"
_STORE = "click + pyoxigraph: same store and query"


class Question:
    """The command `query interventions --country BE`, from each place where the graph may come from."""

    def __init__(self, bench: Bench, kg: KnowledgeGraph, options: Sequence[str]) -> None:
        self._bench = bench
        self._text = kg.sparql_of(kg.catalogue.get("interventions"), {"country": ["BE"]})
        self._options = options

    def prepared(self) -> list[tuple[float, float]]:
        """Measure it with a prepared store, which a first command writes."""
        time.sleep(SETTLED)
        cache = Path(tempfile.mkdtemp(dir=self._bench.scratch))
        self._ours(cache)()
        (store,) = cache.glob("prepared/*/store")
        return self._bench.compare(self._ours(cache), self._from_store(store))

    def first(self, *folders: Path) -> list[tuple[float, float]]:
        """Measure it with an empty cache folder: it reads the files, answers, and prepares a store."""
        time.sleep(SETTLED)

        def ours() -> float:
            return self._ours(Path(tempfile.mkdtemp(dir=self._bench.scratch)))()

        return self._bench.compare(ours, child(sys.executable, "-c", FLOOR, self._text, *map(str, folders)))

    def released(self, release: Path) -> list[tuple[float, float]]:
        """Measure it with a release."""
        return self._bench.compare(self._ours(None, "--store", str(release)), self._from_store(release / "store"))

    def _ours(self, cache: Path | None, *options: str) -> Measure:
        words = ("query", "interventions", "--country", "BE", "--format", "csv")
        return child(COMMAND, *self._options, *options, *words, cache=cache)

    def _from_store(self, store: Path) -> Measure:
        return child(sys.executable, "-c", FLOOR_OF_A_STORE, self._text, str(store))


@task("query-cli")
def _query_cli(bench: Bench) -> Iterator[Figure]:
    asked = Question(bench, bench.shipped, [])
    what, aim = "whatworks query interventions --country BE, shipped data", "≤ 150 ms"
    yield Figure(f"{what}, prepared", _STORE, "ms", asked.prepared(), aim)
    release = bench.shipped.build(bench.scratch / "shipped", checked=False)
    yield Figure(f"{what}, from a release", _STORE, "ms", asked.released(release.folder), aim)
    yield Figure(f"{what}, the first time", _FILES, "ms", asked.first(ROOT / "ontology", ROOT / "data"))


@task("query-made")
def _query_made(bench: Bench) -> Iterator[Figure]:
    asked = Question(bench, bench.kg, ["--project", str(bench.folder)])
    what, aim = "whatworks query interventions --country BE", "ours less peer's: < 160 ms"
    yield Figure(f"{what}, prepared", _STORE, "ms", asked.prepared(), aim)
    assert bench.released.release is not None
    yield Figure(f"{what}, from a release", _STORE, "ms", asked.released(bench.released.release.folder), aim)
    yield Figure(f"{what}, the first time", _FILES, "ms", asked.first(ROOT / "ontology", bench.folder / "data"))


@task("lookup")
def _lookup(bench: Bench) -> Iterator[Figure]:
    kg, keys, store = bench.released, bench.keys, engine(bench.released.collection)
    things = {key: ox.NamedNode(kg.lookup.intervention(key)) for key in keys}
    prefixes = dict(kg.prefixes.table)
    aim = "ratio ≤ 1.15"

    def texts(query: str) -> dict[str, str]:
        return {key: kg.sparql_of(kg.catalogue.get(query), {"intervention": [key]}) for key in keys}

    whole, factors = texts("intervention"), texts("success-factors")

    def ask(text: str) -> Any:
        return store.query(text, use_default_graph_as_union=True)

    def against(ours: Callable[[str], object], peer: Callable[[str], object]) -> list[tuple[float, float]]:
        def each(call: Callable[[str], object]) -> Measure:
            return cpu(lambda: [call(key) for key in keys], len(keys))

        return bench.compare(each(ours), each(peer))

    def triples(key: str) -> Triples:
        found = kg.query("intervention", intervention=key)
        assert isinstance(found, Triples)
        return found

    def table(key: str) -> Table:
        found = kg.query("success-factors", intervention=key)
        assert isinstance(found, Table)
        return found

    same = "pyoxigraph, same query"
    runs = against(lambda key: list(triples(key)), lambda key: list(ask(whole[key])))
    yield Figure("query intervention, as terms", same, "ms", runs, aim)

    def turtle(key: str) -> object:
        found = sorted(ask(whole[key]), key=str)
        return ox.serialize(found, format=ox.RdfFormat.TURTLE, prefixes=prefixes)

    runs = against(lambda key: kg.exporter.triples(triples(key), "turtle"), turtle)
    yield Figure("query intervention, as Turtle", f"{same}, sorted", "ms", runs, aim)
    runs = against(lambda key: list(table(key)), lambda key: [tuple(row) for row in ask(factors[key])])
    yield Figure("query success-factors, as terms", same, "ms", runs, aim)
    json = ox.QueryResultsFormat.JSON
    runs = against(lambda key: table(key).write("json"), lambda key: ask(factors[key]).serialize(format=json))
    yield Figure("query success-factors, as JSON", same, "ms", runs, aim)

    peer = "pyoxigraph alone reading the same statements"
    runs = against(kg.show, lambda key: _told(store, things[key], all_names=False))
    yield Figure("describe (show)", peer, "ms", runs, aim)
    runs = against(kg.show, lambda key: list(ask(whole[key])))
    yield Figure("describe (show)", "pyoxigraph, query intervention", "ms", runs, aim)

    def written(key: str) -> bytes:
        found = sorted({quad.triple for quad in _told(store, things[key], all_names=True)}, key=str)
        return ox.serialize(found, format=ox.RdfFormat.TURTLE, prefixes=prefixes) or b""

    for key in keys:  # the peer does the same job
        assert _read(written(key)) == _read(kg.export("turtle", [key])), key
    runs = against(lambda key: kg.export("turtle", [key]), written)
    yield Figure("export as Turtle", f"{peer}, sorted, in Turtle", "ms", runs, aim)
    runs = against(lambda key: kg.export("turtle", [key]), turtle)
    yield Figure("export as Turtle", "pyoxigraph, query intervention, sorted, in Turtle", "ms", runs, aim)

    named = f'SELECT ?i {{ ?i <http://purl.org/dc/terms/identifier> "{keys[0]}" }}'
    ours = cpu(lambda: Lookup(kg.collection, kg.catalogue).intervention(keys[0]))
    runs = bench.compare(ours, cpu(lambda: list(ask(named))))
    yield Figure("first intervention found by key", "pyoxigraph, by identifier", "ms", runs, aim)


def _told(store: ox.Store, thing: ox.NamedNode, *, all_names: bool) -> list[ox.Quad]:
    """Return what is told of a thing, as the engine gives it: of it, its parts, records and links, and the names.

    Args:
        store: The release.
        thing: The thing.
        all_names: As an export has them: only what files state, and every name; else what a description needs.
    """
    inferred, own = f"<{BASE}graph/inferred/", dict[object, list[ox.Quad]]()
    waiting: list[Any] = [thing]
    pointing = (TOPIC, LINK_FROM, LINK_TO) if all_names else (TOPIC,)
    for predicate in pointing:
        waiting += [quad.subject for quad in store.quads_for_pattern(None, ox.NamedNode(predicate), thing, None)]
    while waiting:
        node = waiting.pop()
        found = list(store.quads_for_pattern(node, None, None, None))
        own[node] = [quad for quad in found if not (all_names and str(quad.graph_name).startswith(inferred))]
        for quad in own[node]:
            value = quad.object
            if isinstance(value, ox.NamedNode) and value.value.startswith(f"{thing.value}#") and value not in own:
                waiting.append(value)
    statements = [quad for quads in own.values() for quad in quads]
    named = {quad.object for quad in statements if quad.predicate.value != RDF_TYPE} - own.keys()
    for iri in named:
        if isinstance(iri, ox.NamedNode):
            for predicate in (*LABELS, NOTATION) if all_names else LABELS:
                names = list(store.quads_for_pattern(iri, ox.NamedNode(predicate), None, None))
                statements += names
                if names and not all_names:
                    break
    return statements


def _read(turtle: bytes) -> set[ox.Triple]:
    return {quad.triple for quad in ox.parse(turtle, format=ox.RdfFormat.TURTLE)}


# Three conditions of which the shipped collection meets each often.
_CONDITIONS = {"country": ["BE"], "kind": ["good practice"], "stage": ["mainstreamed"]}
_WARM = 4  # so many questions come before columns are measured: from the third on they answer


def _answers(bench: Bench, query: str, values: dict[str, list[str]]) -> list[tuple[float, float]]:
    """Compare an answer, each of its rows read, with the engine's to the same text."""
    kg, store = bench.released, engine(bench.released.collection)
    text = kg.sparql_of(kg.catalogue.get(query), values)
    given = {name.replace("-", "_"): value for name, value in values.items()}

    def ours() -> None:
        answer = kg.query(query, **given)
        assert isinstance(answer, Table)
        deque(answer, 0)

    def peer() -> None:
        answer = store.query(text, use_default_graph_as_union=True)
        assert isinstance(answer, ox.QuerySolutions)
        deque(answer, 0)

    for _ in range(_WARM):
        ours()
    return bench.compare(cpu(ours), cpu(peer))


@task("counts")
def _counts(bench: Bench) -> Iterator[Figure]:
    most = 5 if bench.size <= 10_000 else 50
    for query in bench.released.catalogue.all():
        needy = any(parameter.required for parameter in query.parameters)
        audit = "publication" in query.tags  # looks at every statement of a release
        if "COUNT(" in query.text and query.name != "facets" and not needy and not audit:
            runs = _answers(bench, query.name, {})
            yield Figure(f"stored query {query.name}", "pyoxigraph, same query", "ms", runs, f"≤ {most} ms")


@task("facets")
def _facets(bench: Bench) -> Iterator[Figure]:
    peer = "pyoxigraph, same query"
    for count in range(len(_CONDITIONS) + 1):
        values = dict(list(_CONDITIONS.items())[:count])
        said = f"{count} conditions"
        yield Figure(f"counts of all facets, {said}", peer, "ms", _answers(bench, "facets", values), "≤ 5 ms")
        if count:
            yield Figure(f"list, {said}", peer, "ms", _answers(bench, "interventions", values), "≤ 5 ms")


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


@task("load")
def _load(bench: Bench) -> Iterator[Figure]:
    kg = bench.kg
    statements = engine(bench.plain).dump(format=ox.RdfFormat.N_QUADS)

    def bulk() -> ox.Store:
        store = ox.Store()
        store.bulk_load(statements, format=ox.RdfFormat.N_QUADS)
        return store

    for what, infer in (("open, without rules", False), ("open, with rules", True)):

        def opened(infer: bool = infer) -> Collection:
            return Collection.open(kg.assets, kg.settings, infer=infer)

        yield Figure(what, "pyoxigraph bulk load of the same statements", "ms", bench.compare(cpu(opened), cpu(bulk)))


@task("rules")
def _rules(bench: Bench) -> Iterator[Figure]:
    kg, store = bench.kg, engine(bench.plain)
    texts = [rule.text for rule in bench.plain.rules()]

    def apply() -> float:
        fresh = Collection.open(kg.assets, kg.settings, infer=False)
        return cpu_once(fresh.apply_rules)

    def once() -> None:
        for text in texts:
            found = store.query(text, use_default_graph_as_union=True)
            assert isinstance(found, ox.QueryTriples)
            deque(found, 0)

    runs = bench.compare(apply, cpu(once))
    yield Figure("rules to their end", "pyoxigraph, each rule asked once, nothing stored", "ms", runs)


@task("build")
def _build(bench: Bench) -> Iterator[Figure]:
    places = (tempfile.mkdtemp(dir=bench.folder) for _ in itertools.count())
    command = (COMMAND, "--project", str(bench.folder))
    peaks: list[tuple[float, float]] = []
    made = Path()

    def build() -> float:
        nonlocal made
        made = Path(next(places))
        time, peak = spent(*command, "build", "--no-check", "--output", str(made))
        peaks.append((peak, 0.0))
        return time

    def load() -> float:
        (dump,) = made.glob("*/dump.nq")
        time, peak = spent(sys.executable, "-c", LOAD, str(dump), next(places))
        peaks[-1] = (peaks[-1][0], peak)
        return time

    def verify() -> float:
        time, peak = spent(*command, "verify", "--output", str(made))
        peaks.append((peak, 0.0))
        return time

    name = "pyoxigraph: bulk load of the dump, optimize"
    yield Figure("build without the check", name, "s", bench.compare(build, load), "ratio ≤ 2 at 10,000")
    yield Figure("its memory at most", name, "MiB", peaks, "≤ 4,096 MiB at 100,000")
    peaks = []
    yield Figure("verify", name, "s", bench.compare(verify, load))
    yield Figure("its memory at most", name, "MiB", peaks, "≤ 4,096 MiB at 100,000")


@task("jsonld")
def _jsonld(bench: Bench) -> Iterator[Figure]:
    kg, keys = bench.released, bench.keys
    things = kg.things(of_class="Intervention")
    everything = engine(bench.plain)
    dump = cpu(lambda: everything.dump(format=ox.RdfFormat.JSON_LD), len(things))
    what, peer = "JSON-LD of all interventions", "pyoxigraph JSON-LD dump of all that files state, from memory"
    ours = cpu(lambda: kg.export("jsonld", of_class="Intervention"), len(things))
    yield Figure(what, peer, "µs", bench.compare(ours, dump), "≤ 150 µs")

    def lines() -> Iterator[bytes]:
        return read_lines(bench.dump)

    def read() -> Trees:
        return kg.documents.read(lines(), (*LABELS, NOTATION), lambda graph: "" if "/inferred/" in graph else "all")

    yield Figure("of which reading the dump", "the same", "µs", bench.compare(cpu(read, len(things)), dump))
    trees = read()
    ours = cpu(lambda: [trees.text(thing) for thing in things], len(things))
    yield Figure("of which the trees", "the same", "µs", bench.compare(ours, dump))

    store = ox.Store()
    store.extend(quad_to_engine(quad) for quad in kg.statements(kg.things(keys)))
    dump = cpu(lambda: store.dump(format=ox.RdfFormat.JSON_LD), len(keys))
    runs = bench.compare(cpu(lambda: [kg.export("jsonld", [key]) for key in keys], len(keys)), dump)
    yield Figure("JSON-LD of one intervention", "pyoxigraph JSON-LD dump of its statements, from memory", "µs", runs)


@task("search")
def _search(bench: Bench) -> Iterator[Figure]:
    kg, file = bench.kg, bench.folder / "search.db"
    texts = [question["text"] for name in SETS for question in questions(name)]

    def built() -> float:
        file.unlink(missing_ok=True)
        return cpu_once(lambda: build(kg.collection, kg.catalogue, file).close())

    built()
    index = Index.open(file)
    things = range(index.count)
    plain = sqlite3.connect(bench.folder / "plain.db")

    def fts() -> float:
        rows = ((thing, "\n".join(text.text for text in index.texts(thing))) for thing in things)
        listed = list(rows)
        plain.executescript("DROP TABLE IF EXISTS texts; CREATE VIRTUAL TABLE texts USING fts5 (text)")
        return cpu_once(lambda: plain.executemany("INSERT INTO texts (rowid, text) VALUES (?, ?)", listed))

    fts()
    yield Figure(
        "index built", "SQLite FTS5 filled with the same texts", "s", bench.compare(built, fts), "15 s at 100,000"
    )
    search = Search(index)

    def best(text: str) -> object:
        words = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", text))
        found = plain.execute("SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT 10", (words,))
        return found.fetchall()

    def each(call: Callable[[str], object]) -> Measure:
        return cpu(lambda: [call(text) for text in texts], len(texts))

    name = "FTS5, any of the words, best ten by bm25"
    yield Figure(
        "ten hits with reasons, mean of 40 questions", name, "ms", bench.compare(each(search), each(best)), "≤ 10 ms"
    )
    slowest = max(texts, key=lambda text: cpu_once(lambda: search(text)))
    runs = bench.compare(cpu(lambda: search(slowest)), cpu(lambda: best(slowest)))
    yield Figure("the slowest of them", name, "ms", runs, "≤ 10 ms")


@task("check")
def _check(bench: Bench) -> Iterator[Figure]:
    key = bench.keys[0]
    files = sorted((ROOT / "ontology").rglob("*.ttl"))
    shapes = _graph(file for file in files if file.parent.name == "shapes" and file.stem != "publication")
    model = [file for file in files if file.parent.name != "shapes"]
    data = _graph(model)
    data += _graph(file for file in sorted((bench.folder / "data").rglob("*.*")))
    yield Figure("all records, core", "pyshacl alone", "s", _shacl(bench, data, shapes), "ratio ≤ 0.1")
    yield from _check_command(bench)

    about = (f"<https://w3id.org/whatworks/id/{kind}/{key}{end}" for kind in ("intervention", "record") for end in "#>")
    starts = tuple(about)
    edited = bench.folder / "edited.nq"
    with edited.open("wb") as file:
        ox.serialize(
            (quad for quad in engine(bench.plain) if str(quad.subject).startswith(starts)), file, ox.RdfFormat.N_QUADS
        )
    one = _graph([*model, edited])
    yield Figure(
        "one edited record, core",
        "pyshacl on it and the vocabularies",
        "ms",
        _shacl(bench, one, shapes, edited),
        "≤ 10 ms",
    )


def _check_command(bench: Bench) -> Iterator[Figure]:
    """Yield what the whole command takes, and the most memory that its largest process has."""
    peaks: list[tuple[float, float]] = []

    def check() -> float:
        time, peak = spent(COMMAND, "--project", str(bench.folder), "check", "--profile", "core")
        peaks.append((peak, 0.0))
        return time

    def imported() -> float:
        time, peak = spent(sys.executable, "-c", "import click, pyoxigraph, rdflib, pyshacl")
        peaks[-1] = (peaks[-1][0], peak)
        return time

    name = "a Python that imports click, pyoxigraph, rdflib and pyshacl"
    yield Figure("whatworks check --profile core, all its processes", name, "s", bench.compare(check, imported))
    yield Figure("the memory of its largest process at most", name, "MiB", peaks, "≤ 4,096 MiB at 30,000")


def _shacl(bench: Bench, data: rdflib.Graph, shapes: rdflib.Graph, *files: Path) -> list[tuple[float, float]]:
    peer = cpu(lambda: pyshacl.validate(data, shacl_graph=shapes, inference="none", advanced=False))
    return bench.compare(cpu(lambda: bench.kg.check(files, "core")), peer)


def _graph(files: Iterable[Path]) -> rdflib.Graph:
    store = ox.Store()
    for file in files:
        if file.suffix in (".ttl", ".trig", ".nt", ".nq"):
            store.load(path=str(file), base_iri="https://w3id.org/whatworks/")
    text = ox.serialize((quad.triple for quad in store), format=ox.RdfFormat.N_TRIPLES)
    return rdflib.Graph().parse(data=text, format="nt11")


# ---- the result ----


def machine() -> str:
    """Return the model of the processor."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def head() -> str:
    """Return the machine and the versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()}, {platform.python_implementation()} {platform.python_version()}"
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"# Measured on {datetime.datetime.now(datetime.UTC):%Y-%m-%d}\n\n"
        f"Machine: {machine()}, {os.cpu_count()} cores, {memory:.0f} GiB; {system}.\n"
        f"Versions: {versions}.\n"
        "CPU time; the ratio is that of the medians. What each figure means: [README](../README.md).\n"
    )


def run(names: Sequence[str], size: int, runs: int, project: Path | None = None) -> str:
    """Do tasks at a size, or on a project of that size; print each figure when it is there; return the section."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(size, runs, Path(folder), project)
        lines = [f"| {' | '.join(COLUMNS)} |", "|---|---|---|--:|---|--:|--:|--:|---|"]
        for name in names:
            for figure in TASKS[name](bench):
                cells = figure.cells(name)
                print("  ".join(cells), flush=True)
                lines.append(f"| {' | '.join(cells)} |")
        load = f"load average {os.getloadavg()[0]:.1f} at the end"
        statements = f"{bench.statements:,} statements" if bench.statements else "made and released before"
        about = f"{size:,} interventions, {statements}, seed {SEED}, {load}"
    return f"\n## {about}\n\n" + "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Do tasks, print their figures and add them to the result file of the day and the machine."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"of: {', '.join(TASKS)}; without any, all")
    parser.add_argument("--size", type=int, action="append", help="how many interventions; 1000; may be repeated")
    parser.add_argument("--runs", type=int, default=5, help="how often each is measured; 5")
    parser.add_argument(
        "--project", type=Path, help="made by generate.py in this size and released, instead of a new one"
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder of the result file")
    given = parser.parse_args(arguments)
    if unknown := set(given.tasks) - set(TASKS):
        parser.error(f"no task: {', '.join(sorted(unknown))}")
    name = re.sub(r"[^a-z0-9]+", "-", f"{machine()} {os.cpu_count()} cores".lower()).strip("-")
    file = given.results / f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}-{name}.md"
    text = file.read_text(encoding="utf-8") if file.exists() else head()
    names = given.tasks or list(TASKS)
    for index, size in enumerate(given.size or [1000]):
        text += run([each for each in names if not index or each not in ON_SHIPPED], size, given.runs, given.project)
    given.results.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
