"""Opening a project, its rules, and a release made and verified."""

import itertools
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox

from benchmarks.measure import COMMAND, Bench, Figure, cpu, cpu_once, engine, spent, task
from whatworks.collection import Collection

# The floor of a build: the engine's own load of the same statements into a store on disk.
LOAD = """
import sys, pyoxigraph
store = pyoxigraph.Store(sys.argv[2])
store.bulk_load(path=sys.argv[1], format=pyoxigraph.RdfFormat.N_QUADS)
store.optimize()
"""


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
