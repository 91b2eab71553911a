"""The check, beside pyshacl."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyoxigraph as ox
import pyshacl
import rdflib

from benchmarks.measure import COMMAND, ROOT, Bench, Figure, cpu, engine, spent, task


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
