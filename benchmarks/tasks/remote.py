"""A SPARQL endpoint on loopback, Oxigraph's own server, asked by the remote store and by bare HTTP clients."""

import json
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.endpoints import Server, oxigraph

from benchmarks.measure import Bench, Figure, Measure, cpu, task
from whatworks import KnowledgeGraph
from whatworks.results import Table
from whatworks.terms import LANG_STRING, XSD_STRING, BlankNode, Iri, Literal, Term

_ALL = "SELECT ?s ?p ?o WHERE {{ ?s ?p ?o }} LIMIT {}"
_MANY = 100_000
# The most memory since the program began; what the system counts for a child begins with what its parent had.
_PEAK = """
import re, sys
from whatworks.cli import main
main(sys.argv[1:], standalone_mode=False)
sys.stderr.write(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1])
"""


class _Bare:
    """A client of the standard library that keeps its connection and knows nothing but one endpoint."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._path = parts.path
        self._connection = HTTPConnection(parts.hostname or "", parts.port)

    def close(self) -> None:
        """Give up the connection."""
        self._connection.close()

    def body(self, text: str) -> bytes:
        """Return the bytes of an answer."""
        asked = urlencode({"query": text, "union-default-graph": ""})
        kind = "application/sparql-results+json"
        if len(asked) < 2000:
            self._connection.request("GET", f"{self._path}?{asked}", headers={"Accept": kind})
        else:
            form = {"Accept": kind, "Content-Type": "application/x-www-form-urlencoded"}
            self._connection.request("POST", self._path, asked, form)
        return self._connection.getresponse().read()

    def rows(self, text: str) -> list[tuple[Term | None, ...]]:
        """Return the rows of an answer as the same terms that the store gives."""
        document = json.loads(self.body(text))
        columns = document["head"]["vars"]
        return [tuple(_term(row.get(name)) for name in columns) for row in document["results"]["bindings"]]


def _term(found: dict[str, str] | None) -> Term | None:
    if found is None:
        return None
    value, kind = found["value"], found["type"]
    if kind != "literal":
        return Iri(value) if kind == "uri" else BlankNode(value)
    if language := found.get("xml:lang"):
        return Literal(value, language, LANG_STRING)
    return Literal(value, "", Iri(found.get("datatype", XSD_STRING)))


@contextmanager
def _server(dump: Path) -> Iterator[Server]:
    server = oxigraph().wait()
    try:
        server.load(dump.read_bytes())
        yield server
    finally:
        server.stop()


def _clock(call: Callable[[], object]) -> Measure:
    """Measure the time of a call from start to end: the least of five, as what other processes do counts as well."""

    def measure() -> float:
        found = []
        for _ in range(5):
            start = time.perf_counter()
            call()
            found.append(time.perf_counter() - start)
        return min(found)

    return measure


@task("remote")
def _remote(bench: Bench) -> Iterator[Figure]:
    with _server(bench.dump) as server, closing(_Bare(server.query)) as bare:
        kg = KnowledgeGraph(bench.kg.assets, bench.kg.settings, store=server.query)
        texts = {
            "one row": _ALL.format(1),
            "stored query interventions": _text(kg, "interventions", country=["BE"]),
            "stored query gap-map": _text(kg, "gap-map"),
            "1,000 rows": _ALL.format(1000),
            f"{_MANY:,} rows or all": _ALL.format(_MANY),
        }
        for what, text in texts.items():

            def ours(text: str = text) -> object:
                answer = kg.collection.store.query(text, standalone=True)
                assert isinstance(answer, Table)
                return deque(answer.rows, 0)

            def terms(text: str = text) -> object:
                return bare.rows(text)

            def body(text: str = text) -> object:
                return bare.body(text)

            assert list(bare.rows(text)) == list(_rows(kg, text))
            bare_terms, bare_bytes = "http.client and json, the same terms", "http.client, bytes read only"
            runs = bench.compare(_clock(ours), _clock(terms))
            yield Figure(f"{what}, as terms: time", bare_terms, "ms", runs, "ratio ≤ 1.2")
            yield Figure(f"{what}, as terms: time", bare_bytes, "ms", bench.compare(_clock(ours), _clock(body)))
            yield Figure(f"{what}, as terms: CPU of the client", bare_terms, "ms", bench.compare(cpu(ours), cpu(terms)))
        yield from _commands(bench, server)


def _rows(kg: KnowledgeGraph, text: str) -> Any:
    answer = kg.collection.store.query(text, standalone=True)
    assert isinstance(answer, Table)
    return answer.rows


def _text(kg: KnowledgeGraph, name: str, **values: list[str]) -> str:
    return kg.sparql_of(kg.catalogue.get(name), values)


def _commands(bench: Bench, server: Server) -> Iterator[Figure]:
    """The most memory that the command has for a long answer, against a short one."""

    def most(number: int) -> float:
        words = ["--project", str(bench.folder), "--store", server.query, "sparql", _ALL.format(number), "-f", "csv"]
        command = [sys.executable, "-c", _PEAK, *words]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
        return float(done.stderr) * 1024

    runs = [(most(_MANY), most(100)) for _ in range(3)]
    yield Figure(f"whatworks sparql, {_MANY:,} rows or all as CSV: memory", "100 rows", "MiB", runs, "the same")
