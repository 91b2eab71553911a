"""Commands from start to end."""

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.measure import COMMAND, ROOT, Bench, Figure, Measure, child, task
from whatworks import KnowledgeGraph
from whatworks.cli.completion import VARIABLE

SETTLED = 2.1  # so many seconds after a file was written, a store is prepared from it

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

# The floor of a command that reads a store on disk.
FLOOR_OF_A_STORE = """
import sys, click, pyoxigraph
found = pyoxigraph.Store.read_only(sys.argv[2]).query(sys.argv[1], use_default_graph_as_union=True)
sys.stdout.buffer.write(found.serialize(format=pyoxigraph.QueryResultsFormat.CSV))
"""


@task("help")
def _help(bench: Bench) -> Iterator[Figure]:
    ours, peer = child(COMMAND, "--help"), child(sys.executable, "-c", "import click")
    yield Figure("whatworks --help", "python -c 'import click'", "ms", bench.compare(ours, peer), "ratio ≤ 1.4")


@task("completion")
def _completion(bench: Bench) -> Iterator[Figure]:
    peer = child(sys.executable, "-c", "import click, pyoxigraph")
    for line in ("query inter", "query interventions --country B", "show e", 'sparql "SELECT ?i { ?i ww:st'):
        words = {"COMP_WORDS": f"whatworks {line}", "COMP_CWORD": str(len(line.split(" ", 1 if '"' in line else -1)))}
        cache = Path(tempfile.mkdtemp(dir=bench.scratch))
        ours = child(COMMAND, cache=cache, variables={**words, VARIABLE: "bash_complete"})
        ours()
        yield Figure(f"Tab after: {line}", "click and pyoxigraph imported", "ms", bench.compare(ours, peer), "≤ 500 ms")


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
        """Measure it with a release; a first command keeps what it read of the query files."""
        ours = self._ours(Path(tempfile.mkdtemp(dir=self._bench.scratch)), "--store", str(release))
        ours()
        return self._bench.compare(ours, self._from_store(release / "store"))

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
