"""The pages of a started server, asked for the first time and again; how soon a server answers; lists of many."""

import itertools
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

from benchmarks.measure import COMMAND, ROOT, Bench, Figure, spent, task
from benchmarks.tasks.serve import Server, free_port, load
from whatworks import KnowledgeGraph
from whatworks.catalogue import Query

_HTML = "text/html"
_EACH = 24  # pages of a kind
_LANGUAGES = ("fr", "de")
_KINDS = (
    "an intervention",
    "its network",
    "three compared",
    "an approach",
    "a list",
    "a gap map",
    "the ontology",
    "a stored query",
    "others",
)


def _addresses(kg: KnowledgeGraph) -> dict[str, list[str]]:
    """Return addresses by the kind of page; the first of each only warms up."""
    keys = [iri.code for iri in kg.things(of_class="Intervention")]
    keys = keys[:: max(1, len(keys) // _EACH)][:_EACH]
    approaches = [iri.code for iri in kg.things(of_class="Approach")][:_EACH]
    countries = ("DEU", "AUT", "FRA", "BEL", "NLD", "ITA", "ESP", "SWE")
    asked = [f"country={code}&{other}" for code in countries for other in ("", "scope=national", "q=school")]
    alone = ("/", "/what-works", "/queries", "/sparql", "/catalog")
    return {
        "an intervention": [f"/doc/intervention/{key}" for key in keys],
        "its network": [f"/network?of={key}" for key in keys],
        "three compared": ["/compare?" + "&".join(f"key={keys[n - k]}" for k in range(3)) for n in range(len(keys))],
        "an approach": [f"/voc/approach/{code}" for code in approaches],
        "a list": [f"/interventions?{fields}".rstrip("&") for fields in asked],
        "a gap map": [f"/gap-map?rows={rows}&columns={columns}" for rows, columns in _pairs()],
        "the ontology": ["/ont", *(f"/ont?lang={language}" for language in _LANGUAGES)],
        "a stored query": [
            "/queries/countries",
            *(_asked(query) for query in kg.catalogue.all() if "/" not in query.name),
        ],
        "others": [*alone, *(f"{path}?lang={language}" for language in _LANGUAGES for path in alone)],
    }


def _asked(query: Query) -> str:
    """Return the page of a query with the values that it must have."""
    given = [(each.name, str(each.example)) for each in query.parameters if each.required]
    return f"/queries/{query.name}" + ("?" + urlencode(given) if given else "")


def _pairs() -> Iterator[tuple[str, str]]:
    return itertools.permutations(("approach", "target-group", "country", "stage", "scope"), 2)


@contextmanager
def _server(folder: Path, release: Path) -> Iterator[Server]:
    port = free_port()
    command = [COMMAND, "--project", str(folder), "--store", str(release), "serve", "--port", str(port)]
    server = Server(command, port, "")
    try:
        _settle(server)
        yield server
    finally:
        server.stop()


def _settle(server: Server) -> None:
    """Wait until a server does nothing any more: what it does while nobody waits is not the cost of a page."""
    before = -1.0
    while (now := server.cpu) - before > 0.05:
        before = now
        time.sleep(2)


@task("pages")
def _pages(bench: Bench) -> Iterator[Figure]:
    release = bench.shipped.build(bench.scratch / "shipped", checked=False).folder
    shipped = KnowledgeGraph(bench.shipped.assets, bench.shipped.settings, store=release)
    addresses = _addresses(shipped)
    first: dict[str, list[tuple[float, float]]] = {kind: [] for kind in _KINDS}
    again: dict[str, list[tuple[float, float]]] = {kind: [] for kind in _KINDS}
    for _ in range(bench.runs):
        with _server(ROOT, release) as server:
            load(server, [f"/queries?lang={language}" for language in _LANGUAGES], _HTML)  # words are read once
            for kind, paths in addresses.items():
                warm = len(paths) // 3 if kind == "others" else 1
                load(server, paths[:warm], _HTML)
                first[kind].append((_each(server, paths[warm:]), 0.015))
                again[kind].append((_each(server, paths), 0.001))
    for kind in _KINDS:
        yield Figure(f"page of {kind}, first", "15 ms", "ms", first[kind], "ratio ≤ 1")
        yield Figure(f"page of {kind}, again", "1 ms", "ms", again[kind], "ratio ≤ 1")
    yield from _lists(bench)


def _each(server: Server, paths: list[str]) -> float:
    found = load(server, paths, _HTML)
    if set(found.statuses) != {200}:
        raise RuntimeError(f"pages are answered {found.statuses}: {paths[0]}")
    return found.cpu / len(paths)


def _lists(bench: Bench) -> Iterator[Figure]:
    """Yield how long lists of the made project take, one client alone, by the clock: words and facets, and facets."""
    assert bench.released.release is not None
    chosen = ["country=DEU&scope=national", "target-group=learners-at-risk", "stage=mainstreamed&country=AUT"]
    words = ["school", "apprenticeship training", "dropout prevention", "mentoring", "counselling youth"]
    with _server(bench.folder, bench.released.release.folder) as server:
        for name, asked in (
            ("facets", [f"{each}&page={page}" for each in chosen for page in (1, 2, 3)]),
            ("words and facets", [f"q={quote(text)}&{each}" for text in words for each in chosen]),
        ):
            taken = [load(server, [f"/interventions?{fields}"], _HTML) for fields in ("sort=title", *asked)][1:]
            seconds = [(found.seconds[0], 0.15) for found in taken]
            yield Figure(f"list of the made project by {name}", "150 ms", "ms", seconds, "ratio ≤ 1 at 100,000")


@task("serve-start")
def _starts(bench: Bench) -> Iterator[Figure]:
    """Yield how soon the first page is there, by the clock: of the shipped data, and after the server was killed."""
    release = bench.shipped.build(bench.scratch / "started", checked=False).folder
    floor = (sys.executable, "-c", "import pyoxigraph, starlette.applications, uvicorn, jinja2")
    for name, options in (("the shipped files", []), ("a release of the shipped data", ["--store", str(release)])):
        first, again, work = list[tuple[float, float]](), list[tuple[float, float]](), list[tuple[float, float]]()
        port, cache = free_port(), bench.scratch / f"cache of {name}"
        _first_page(port, options, cache, keeps=True)
        for _ in range(bench.runs):
            first.append((_first_page(port, options, None)[0], 2.0))
            seconds, cpu = _first_page(port, options, cache)
            again.append((seconds, 1.0))
            work.append((cpu, spent(*floor)[0]))
        yield Figure(f"first page of {name}", "2 s", "s", first, "ratio ≤ 1")
        yield Figure(f"first page of {name}, after kill -9", "1 s", "s", again, "ratio ≤ 1")
        yield Figure("the same, CPU of all its processes", "to import the libraries", "s", work)


def _first_page(port: int, options: list[str], cache: Path | None, *, keeps: bool = False) -> tuple[float, float]:
    """Start a server, ask for its first page, and kill it; return the time and the CPU time that the page took.

    Args:
        port: Where it listens.
        options: What it serves.
        cache: The folder for what it keeps for the next start; None for none.
        keeps: Whether it is killed only when it has kept that.
    """
    begun = time.perf_counter()
    server = Server([COMMAND, "--project", str(ROOT), *options, "serve", "--port", str(port)], port, "", cache)
    try:
        load(server, ["/"], _HTML)
        found = time.perf_counter() - begun, server.cpu
        while keeps and cache is not None and not list(cache.glob("queries/*.head")):  # they are written last
            if time.perf_counter() - begun > 60:
                raise RuntimeError("The server keeps nothing for the next start.")
            time.sleep(0.1)
        return found
    finally:
        server.kill()
