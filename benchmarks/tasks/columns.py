"""Counts, lists and facets, which columns answer; and the columns themselves."""

import tempfile
from collections import deque
from collections.abc import Iterator

import pyoxigraph as ox

from benchmarks.measure import Bench, Figure, cpu, engine, task
from whatworks.columns import write_columns
from whatworks.results import Table

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
