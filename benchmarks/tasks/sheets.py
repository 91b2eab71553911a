"""The workbook for curators: made, and read again."""

import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl

from benchmarks.measure import Bench, Figure, cpu, cpu_once, spent, task
from whatworks import KnowledgeGraph

BRING = """
import sys
from pathlib import Path
from whatworks import KnowledgeGraph
kg, folder = KnowledgeGraph.open(sys.argv[1]), Path(sys.argv[1]) / "data"
batch = kg.read([Path(sys.argv[2])])
kg.check_batch(batch, folder)
"""


@task("sheets")
def _sheets(bench: Bench) -> Iterator[Figure]:
    content = bench.kg.template([]).content
    file = bench.folder / "all.xlsx"
    file.write_bytes(content)
    rows = _rows(content)

    def write() -> None:
        book = openpyxl.Workbook(write_only=True)
        for name, lines in rows.items():
            sheet = book.create_sheet(name)
            for line in lines:
                sheet.append(line)
        book.save(io.BytesIO())

    def template() -> float:
        kg = KnowledgeGraph.open(bench.folder)
        return cpu_once(lambda: kg.template([]))

    name = "openpyxl, the same values written row by row"
    yield Figure("the workbook with all records", name, "s", bench.compare(template, cpu(write)), "≤ 30 s at 5,000")

    def read() -> float:
        with tempfile.TemporaryDirectory() as folder:
            kg = _empty(Path(folder))
            return cpu_once(lambda: kg.read([file]))

    name = "openpyxl, the same workbook read row by row"
    yield Figure("reading it into an empty project", name, "s", bench.compare(read, cpu(lambda: _rows(content))))
    yield from _import(bench, file)


def _import(bench: Bench, file: Path) -> Iterator[Figure]:
    """Yield what a process takes that reads, compares and checks all, and the most memory that it has."""
    peaks: list[tuple[float, float]] = []

    def bring() -> float:
        with tempfile.TemporaryDirectory() as folder:
            _empty(Path(folder))
            time, peak = spent(sys.executable, "-c", BRING, folder, str(file))
        peaks.append((peak, 0.0))
        return time

    def imported() -> float:
        time, peak = spent(sys.executable, "-c", "import click, openpyxl, pyoxigraph, rdflib, pyshacl")
        peaks[-1] = (peaks[-1][0], peak)
        return time

    name = "a Python that imports click, openpyxl, pyoxigraph, rdflib and pyshacl"
    yield Figure("import of it, with the check of all", name, "s", bench.compare(bring, imported), "≤ 60 s at 5,000")
    yield Figure("its memory at most", name, "MiB", peaks, "≤ 1,024 MiB at 5,000")


def _empty(folder: Path) -> KnowledgeGraph:
    (folder / "whatworks.toml").touch()
    (folder / "data").mkdir()
    return KnowledgeGraph.open(folder)


def _rows(content: bytes) -> dict[str, list[tuple[object, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}
