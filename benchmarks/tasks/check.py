"""The check, beside pyshacl."""

import gc
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from unittest.mock import patch

import pyoxigraph as ox
import pyshacl
import rdflib
from rdflib.namespace import SH

from benchmarks.generate import BASE, WW
from benchmarks.measure import COMMAND, ROOT, Bench, Figure, cpu, engine, spent, task
from whatworks import KnowledgeGraph
from whatworks.checks.sieve import Sieve

# Statements that are wrong of an intervention; each fiftieth gets one.
FAULTS = (
    '<{WW}startYear> "soon" .',
    "<http://purl.org/dc/terms/spatial> <{BASE}voc/stage/pilot> .",
    '<http://purl.org/dc/terms/title> "A second title"@en , "A third title"@en .',
    "<{WW}hasPhase> <{BASE}id/agent/nobody> .",
    '<{WW}stage> "pilot" .',
)


@task("check")
def _check(bench: Bench) -> Iterator[Figure]:
    key = bench.keys[0]
    files = sorted((ROOT / "ontology").rglob("*.ttl"))
    shapes = _graph(file for file in files if file.parent.name == "shapes" and file.stem != "publication")
    model = [file for file in files if file.parent.name != "shapes"]
    with tempfile.TemporaryDirectory() as folder:
        yield _with_faults(bench, Path(folder) / "made", _graph(model), shapes)
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
        _shacl(bench.kg, bench, one, shapes, edited),
        "≤ 10 ms",
    )
    with patch.object(Sieve, "of", return_value=None):  # as where shifty is not installed
        kg = KnowledgeGraph.open(bench.folder)
        runs = _shacl(kg, bench, one, shapes, edited)
    yield Figure("the same without shifty", "pyshacl on it and the vocabularies", "ms", runs, "≤ 60 ms")


def _with_faults(bench: Bench, folder: Path, data: rdflib.Graph, shapes: rdflib.Graph) -> Figure:
    """Return what a check of all records takes, of which one in fifty is wrong; both must find the same."""
    shutil.copytree(bench.folder / "data", folder / "data")
    (folder / "whatworks.toml").touch()
    lines = [
        f"<{BASE}id/intervention/{key}> {FAULTS[number % len(FAULTS)].format(WW=WW, BASE=BASE)}\n"
        for number, key in enumerate(bench.keys[::50])
    ]
    (folder / "data/interventions/faults.ttl").write_text("".join(lines), encoding="utf-8")
    data += _graph(sorted((folder / "data").rglob("*.*")))
    kg = KnowledgeGraph.open(folder)
    kg.check([folder / "data/interventions/faults.ttl"], "core")  # opens the graph and reads the shapes
    found: dict[str, object] = {}

    def ours() -> None:
        found["ours"] = _results(rdflib.Graph().parse(kg.check((), "core", processes=1).write("turtle"), "turtle"))

    def peer() -> None:
        _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none", advanced=False)
        found["peer"] = _results(report)

    gc.collect()
    gc.freeze()  # or each search for circles goes through the peer's graph, and ours takes three times as long
    runs = bench.compare(cpu(ours), cpu(peer))
    gc.unfreeze()
    assert found["ours"] == found["peer"] != [], "both must find the same"
    return Figure("all records, core, one in fifty wrong", "pyshacl alone", "s", runs, "ratio ≤ 0.1")


def _results(report: rdflib.Graph) -> list[tuple[str, ...]]:
    """Return the violations of a report: node, path, and shape."""
    parts = (SH.focusNode, SH.resultPath, SH.sourceShape)
    violations = report.subjects(SH.resultSeverity, SH.Violation)
    return sorted({tuple(str(report.value(node, part)) for part in parts) for node in violations})


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


def _shacl(
    kg: KnowledgeGraph, bench: Bench, data: rdflib.Graph, shapes: rdflib.Graph, file: Path
) -> list[tuple[float, float]]:
    kg.check([file], "core")  # opens the graph and reads the shapes
    peer = cpu(lambda: pyshacl.validate(data, shacl_graph=shapes, inference="none", advanced=False))
    return bench.compare(cpu(lambda: kg.check([file], "core")), peer)


def _graph(files: Iterable[Path]) -> rdflib.Graph:
    store = ox.Store()
    for file in files:
        if file.suffix in (".ttl", ".trig", ".nt", ".nq"):
            store.load(path=str(file), base_iri="https://w3id.org/whatworks/")
    text = ox.serialize((quad.triple for quad in store), format=ox.RdfFormat.N_TRIPLES)
    return rdflib.Graph().parse(data=text, format="nt11")
