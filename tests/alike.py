"""One suite: every stored query answers alike from the embedded store and from a server that nobody here wrote.

Each engine has a file that runs it, so that they run side by side: test_servers.py (Oxigraph),
test_servers_virtuoso.py and test_servers_comunica.py. The servers are started on loopback and stopped in the end. What
the embedded store answers
is held against what the cases expect in test_queries.py; here each server is held against the embedded store: terms,
columns and order.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.conftest import BASE
from tests.endpoints import Server, Unavailable, Virtuoso, comunica, oxigraph
from tests.stored import ALL, MAIN, folder_of, opened, words
from whatworks import KnowledgeGraph
from whatworks.results import Answer, Boolean, Table
from whatworks.terms import BlankNode, Iri

_EVERY = sorted({case.get("collection", MAIN) for _, _, case in ALL})
# Comunica takes tenths of a second for a query and seconds for a collection, so it is asked two cases of each query.
_COLLECTIONS = {
    "oxigraph": _EVERY,
    "oxigraph-union": [MAIN],
    "virtuoso": _EVERY,
    "comunica": [MAIN, "questions.trig"],
}
_FEW = 2
LOOKS: dict[str, Callable[[KnowledgeGraph], Any]] = {
    "show": lambda kg: [kg.show(key) for key in ("a", "e", "university", "theme:leadership")],
    "show-fr": lambda kg: [kg.show(key, "fr") for key in ("Beta path", "https://w3id.org/whatworks/id/record/a")],
    "export": lambda kg: [
        set(kg.statements(kg.things(["a", "guide"]))),
        _sorted(json.loads(kg.export("jsonld", ["a"]))),
    ],
    "table": lambda kg: read(kg.table([], "Intervention")),
    "codebook": lambda kg: _codebook(kg.query("interventions")),
    "why": lambda kg: [(each.quad, each.kind, each.how, each.pages, each.by) for each in kg.why("a")],
    "stats": lambda kg: [read(kg.statistics()), read(kg.statistics(graphs=True))],
    "graphs": lambda kg: [kg.collection.store.graphs(), len(kg.collection.store)],
}


class Engines:
    """The servers of some engines, each started when first asked for; Comunica's begin at once, as they take long."""

    def __init__(self, folder: Path, engines: tuple[str, ...]) -> None:
        self._folder = folder
        self._running: dict[tuple[str, str], Server] = {}
        self._out: dict[tuple[str, str], str] = {}
        self._remote: dict[tuple[str, str], KnowledgeGraph] = {}
        self._loaded = ""
        for collection in _COLLECTIONS["comunica"] if "comunica" in engines else ():
            self._start("comunica", collection)

    def remote(self, engine: str, collection: str) -> KnowledgeGraph:
        """Return a collection of the cases at a server."""
        server, key = self.server(engine, collection), (engine, collection)
        if key not in self._remote:
            self._remote[key] = KnowledgeGraph.open(folder_of(collection), store=server.query)
        return self._remote[key]

    def server(self, engine: str, collection: str) -> Server:
        """Return the server that holds a collection."""
        key = (engine, "" if engine == "virtuoso" else collection)
        if key not in self._running and key not in self._out:
            self._start(engine, collection)
        if key in self._out:
            pytest.skip(self._out[key])
        server = self._running[key].wait()
        if isinstance(server, Virtuoso) and self._loaded != collection:
            if self._loaded:
                server.clear(BASE)
            server.load(opened(collection).collection.store.nquads())
            self._loaded = collection
        return server

    def _start(self, engine: str, collection: str) -> None:
        nquads = opened(collection).collection.store.nquads()
        key = (engine, "" if engine == "virtuoso" else collection)
        try:
            if engine == "virtuoso":
                self._running[key] = Virtuoso(self._folder / "virtuoso").wait()
            elif engine == "comunica":
                file = self._folder / f"{collection}.nq"
                file.write_bytes(nquads)
                self._running[key] = comunica(file)
            else:
                options = ("--union-default-graph",) if engine == "oxigraph-union" else ()
                server = self._running[key] = oxigraph(*options).wait()
                server.load(nquads)
        except Unavailable as reason:
            self._out[key] = str(reason)

    def stop(self) -> None:
        """End all servers."""
        self._remote.clear()
        for server in self._running.values():
            server.stop()


def read(answer: Answer) -> Any:
    """Return what an answer holds; triples without their order, which means nothing."""
    if isinstance(answer, Boolean):
        return answer.value
    return (answer.columns, list(answer)) if isinstance(answer, Table) else set(answer)


def _codebook(answer: Answer) -> Any:
    """Return what the codebook of rows says of its columns, and under which terms they may be used."""
    assert isinstance(answer, Table)
    found = answer.codebook()
    return found.licences, [(each.name, each.kind, each.values) for each in found.columns]


def _sorted(document: Any) -> Any:
    """Return a document with its lists in one order."""
    if isinstance(document, list):
        return sorted(map(_sorted, document), key=json.dumps)
    return {key: _sorted(value) for key, value in document.items()} if isinstance(document, dict) else document


def _cases(engines: tuple[str, ...]) -> list[Any]:
    """Return engine, query and case: those of one server and collection one after the other."""
    found = []
    for engine in engines:
        for collection in _COLLECTIONS[engine]:
            asked: dict[str, int] = {}
            for name, number, case in ALL:
                asked[name] = asked.get(name, 0) + (case.get("collection", MAIN) == collection)
                is_wanted = engine not in ("comunica", "oxigraph-union") or asked[name] <= _FEW
                if case.get("collection", MAIN) == collection and is_wanted:
                    found.append(pytest.param(engine, name, case, id=f"{engine}-{name}-{number}"))
    return found


class Alike:
    """What every engine is asked.

    Attributes:
        ENGINES: The engine, first as it is by itself, then set up in other ways.
    """

    ENGINES: ClassVar[tuple[str, ...]]

    @pytest.fixture(scope="class")
    @classmethod
    def engines(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
        """The servers."""
        running = Engines(tmp_path_factory.mktemp("servers"), cls.ENGINES)
        yield running
        running.stop()

    @pytest.fixture
    def remote(self, engines: Engines) -> KnowledgeGraph:
        """The main collection at the engine."""
        return engines.remote(self.ENGINES[0], MAIN)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Give each engine its cases."""
        if "case" in metafunc.fixturenames:
            metafunc.parametrize(("engine", "name", "case"), _cases(self.ENGINES))

    def test_stored_queries_answer_alike(self, engine: str, name: str, case: dict[str, Any], engines: Engines) -> None:
        """A stored query gives the same terms, columns and order from a server as from the embedded store."""
        if name == "system/engine":
            return  # asks what the engine does in its own way
        collection = case.get("collection", MAIN)
        here, there = opened(collection), engines.remote(engine, collection)
        query = here.catalogue.get(name)
        values = {key: words(value) for key, value in case.get("params", {}).items()}
        expected, found = read(here.ask(query, values)), read(there.ask(query, values))
        if isinstance(expected, tuple) and "ORDER BY" not in query.text:
            expected, found = ((columns, sorted(map(str, rows))) for columns, rows in (expected, found))
        assert expected == found

    @pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
    def test_things_look_alike(self, look: Callable[[KnowledgeGraph], Any], remote: KnowledgeGraph) -> None:
        """What is shown, exported, explained and counted from a server is what the embedded store gives."""
        assert look(opened(MAIN)) == look(remote)

    def test_own_queries_answer_alike(self, remote: KnowledgeGraph) -> None:
        """An own query need not declare prefixes, may name graphs, and gives blank nodes."""
        rows = read(
            remote.sparql("SELECT ?key { GRAPH graph:agents { ?a foaf:name ?n } ?x dcterms:identifier ?key } LIMIT 1")
        )
        assert ("key",) == rows[0]
        assert [(Iri("https://w3id.org/whatworks/voc/kind/tool"),)] == read(
            remote.sparql("SELECT DISTINCT ?kind { intervention:c ww:kind ?kind }")
        )[1]
        lists = read(remote.sparql("SELECT DISTINCT ?list { ?shape sh:in ?list } LIMIT 3"))[1]
        assert 3 == len(lists)
        assert all(isinstance(row[0], BlankNode) for row in lists)
        assert not read(remote.sparql("ASK { intervention:c ww:kind kind:good-practice }"))
        text = "SELECT ?kind FROM <https://w3id.org/whatworks/graph/record/test/c> { intervention:c ww:kind ?kind }"
        assert 1 == len(read(remote.sparql(text))[1])
