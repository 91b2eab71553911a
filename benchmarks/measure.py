"""What every task measures with: the collections, the clocks, a figure with its peer, and the register of tasks."""

import gc
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median

import pyoxigraph as ox

from benchmarks.generate import SEED, write_project
from whatworks import KnowledgeGraph
from whatworks.assets import Assets
from whatworks.collection import Collection
from whatworks.settings import Settings

ROOT = Path(__file__).parent.parent
COMMAND = str(Path(sys.executable).with_name("whatworks"))
COLUMNS = ("task", "measured", "unit", "min / median / max", "against", "min / median / max", "ratio", "runs", "aim")
UNITS = {"s": 1.0, "ms": 1e3, "µs": 1e6, "MiB": 2.0**-20}
SAMPLE = 20  # so many interventions, spread over the collection, are looked up, described and exported
LEAST = 0.02  # a call is repeated until it took so many seconds of CPU
ENOUGH = 60.0  # after so many seconds no further run of a figure is started

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


def child(*command: str, cache: Path | None = None, variables: Mapping[str, str] | None = None) -> Measure:
    """Measure user and system time of a command; without a cache folder it prepares no store."""
    around = {**environment(cache), **(variables or {})}

    def measure() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env=around)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return measure


_BETWEEN = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""


def spent(*command: str) -> tuple[float, float]:
    """Return user and system time of a command, and the most memory that it had, in bytes."""
    # A process that is started takes over the most memory of who starts it, so a small one stands between.
    between = [sys.executable, "-S", "-c", _BETWEEN, *command]
    with subprocess.Popen(between, stdout=subprocess.PIPE, cwd=ROOT, env=environment(None)) as process:
        said = process.communicate()[0].split()
    if process.returncode or int(said[0]):
        raise subprocess.CalledProcessError(process.returncode or int(said[0]), command)
    return float(said[1]), float(said[2]) * 1024


def environment(cache: Path | None) -> dict[str, str]:
    """Return the environment of a command: the user's cache is left alone, and bytecode is kept."""
    found = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**found, "WHATWORKS_CACHE": str(cache or "")}


# ---- the register of tasks ----

Task = Callable[[Bench], Iterator[Figure]]
TASKS: dict[str, Task] = {}


def task(name: str) -> Callable[[Task], Task]:
    """Enter a task in the list of tasks."""

    def enter(function: Task) -> Task:
        TASKS[name] = function
        return function

    return enter
