"""Links: the best of all with their reasons, and one intervention that was edited, against brute force with numpy."""

import pickle
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pyoxigraph as ox

from benchmarks.measure import ROOT, Bench, Figure, cpu, engine, task
from whatworks import KnowledgeGraph
from whatworks.linking.decisions import Decisions
from whatworks.linking.link import Options
from whatworks.linking.linker import Linker
from whatworks.linking.records import WORDS, Records, read_records
from whatworks.linking.relink import Relinker
from whatworks.linking.run import Run, titles
from whatworks.linking.vectors import Vectors
from whatworks.linking.writing import contents
from whatworks.results import Table
from whatworks.terms import Iri

TOP = 10
_SAMPLE = 100  # so many rows are compared by brute force, and the time is taken for all
_AT_ONCE = 5000  # rows that are dense at a time
_BRUTE = "numpy: {} against all, dense, single precision"
TSV = ox.QueryResultsFormat.TSV
# What reads the same from the store without making rows of it.
_VALUES = "SELECT ?node ?value WHERE {{ ?node <{}> ?value }}"


def dense(vectors: Vectors, start: int, end: int) -> np.ndarray:
    """Return some rows with all their zeros."""
    found = np.zeros((end - start, vectors.width), dtype=np.float32)
    at = slice(vectors.starts[start], vectors.starts[end])
    rows = np.repeat(np.arange(end - start), np.diff(vectors.starts[start : end + 1]))
    found[rows, vectors.cols[at]] = vectors.values[at]
    return found


def brute(vectors: Vectors, rows: np.ndarray) -> np.ndarray:
    """Return the products of some rows with all, and -1 with themselves."""
    some = np.concatenate([dense(vectors, row, row + 1) for row in rows.tolist()])
    blocks = [
        some @ dense(vectors, start, min(start + _AT_ONCE, len(vectors))).T
        for start in range(0, len(vectors), _AT_ONCE)
    ]
    found: np.ndarray = np.concatenate(blocks, axis=1)
    found[np.arange(len(rows)), rows] = -1.0
    return found


def recall(linker: Linker, rows: np.ndarray) -> float:
    """Return the part of the best of some rows by brute force that is found; equal scores stand for one another."""
    pairs = linker.nearest(TOP, 0.0)
    found, wanted = 0, 0
    for row, products in zip(rows.tolist(), brute(linker.vectors, rows), strict=True):
        ours = np.sort(pairs.score[pairs.one == row])[::-1]
        best = np.sort(products)[::-1][:TOP]
        best = best[best > 1e-3]
        wanted += len(best)
        found += int(np.isclose(ours[: len(best)], best[: len(ours)], atol=1e-5).sum())
    return found / max(wanted, 1)


def _properties(kg: KnowledgeGraph) -> Iterator[str]:
    for name in ("system/link-features", "system/link-texts"):
        answer = kg.collection.store.query(kg.catalogue.get(name).bind({}), standalone=True)
        assert isinstance(answer, Table)
        yield from (str(row[0]) for row in answer)


def _edited(records: Records, row: int) -> Records:
    """Return what one intervention has, without its first feature and with one of the next intervention."""
    starts = np.searchsorted(records.rows, [row, row + 1]).tolist()
    cols = sorted({*records.cols[starts[0] + 1 : starts[1]].tolist(), int(records.cols[starts[1] % len(records.cols)])})
    columns = [records.columns[col] for col in cols]
    ones = np.ones(len(cols))
    return Records(
        [records.things[row]], set(), records.families, columns, np.zeros(len(cols), dtype=np.int64),
        np.arange(len(cols)), ones, records.surfaces,
    )  # fmt: skip


def _peak(*command: str) -> float:
    """Return the bytes that a command prints as kilobytes."""
    return float(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout) * 1024


def _memory(bench: Bench, records: Records) -> Figure:
    """Return the most memory that a process has that links all and writes the text, without the graph."""
    features = {Iri(name) for family, name in records.columns if records.families[family].name != WORDS}
    names = titles(bench.kg.sources, bench.kg.catalogue, features)
    file = bench.scratch / "records.pickle"
    file.write_bytes(pickle.dumps((records, {each: names.get(each, each.code) for each in features})))
    command = (sys.executable, str(ROOT / "benchmarks/linking/whole.py"), str(file))
    memory = [(_peak(*command, str(TOP)), _peak(*command))]
    file.unlink()
    return Figure("the most memory for that, in a process of its own, without the graph",
                  "the same process, when it has read what all have", "MiB", memory, "1 GiB at 100,000")  # fmt: skip


@task("link")
def _link(bench: Bench) -> Iterator[Figure]:
    collection, catalogue = bench.kg.sources, bench.kg.catalogue
    store = collection.local
    properties = list(_properties(bench.kg))

    def values() -> None:
        for each in properties:
            found = engine(collection).query(_VALUES.format(each), use_default_graph_as_union=True)
            found.serialize(format=TSV)

    read = bench.compare(cpu(lambda: read_records(store, catalogue)), cpu(values))
    yield Figure("what all have, read from the graph", "pyoxigraph: the same values, as TSV", "s", read)

    records = read_records(store, catalogue)
    linker = Linker.of(records)
    rows = np.unique(np.linspace(0, len(records.things) - 1, _SAMPLE).astype(np.int64))
    assert recall(linker, rows) == 1.0, "not the best of all"
    scale = len(rows) / len(records.things)
    all_rows = cpu(lambda: np.argpartition(-brute(linker.vectors, rows), min(TOP, len(records.things) - 1)), 1)

    def every() -> float:
        return all_rows() / scale

    peer = _BRUTE.format(f"{len(rows)} rows")
    best = bench.compare(cpu(lambda: linker.best(TOP, 0.0)), every)
    yield Figure(f"the {TOP} best of all", f"{peer}, taken for all", "s", best)

    def reasons() -> int:
        links = linker.links(linker.best(TOP, 0.0), lambda features: titles(collection, catalogue, features))
        run = Run(links, [], Decisions(), len(records.things), [])
        return sum(map(len, contents(run, collection, Options(TOP, 0.0))))

    aim = "3 s at 10,000, 240 s at 100,000"
    yield Figure(f"the {TOP} best of all, with shares, types and sentences, as text", f"{peer}, taken for all", "s",
                 bench.compare(cpu(reasons), every), aim)  # fmt: skip

    yield _memory(bench, records)

    relinker = Relinker(linker, TOP)
    edits = [_edited(records, row) for row in rows.tolist()]

    def change() -> None:
        for edit in edits:
            relinker.change(edit)

    one = cpu(lambda: brute(linker.vectors, rows[:1]))
    yield Figure("one intervention that was edited", _BRUTE.format("one row"), "ms",
                 bench.compare(cpu(change, len(edits)), one), "10 ms at 100,000")  # fmt: skip
