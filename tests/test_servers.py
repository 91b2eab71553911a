"""Every stored query answers alike from the embedded store and from servers that nobody here wrote.

The servers are started on loopback and stopped in the end. The embedded store is held against what the cases expect in
test_queries.py; here each server is held against the embedded store: terms, columns and order.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import BASE
from tests.endpoints import Server, Unavailable, Virtuoso, comunica, oxigraph
from tests.stored import ALL, MAIN, folder_of, opened, words
from whatworks import KnowledgeGraph
from whatworks.errors import EndpointAnswer
from whatworks.results import Answer, Boolean, Table
from whatworks.store.remote import RemoteStore
from whatworks.terms import BlankNode, Iri

# Comunica takes tenths of a second for a query and seconds for a collection, so it is asked two cases of each query.
_COLLECTIONS = {
    "oxigraph": sorted({case.get("collection", MAIN) for _, _, case in ALL}),
    "oxigraph-union": [MAIN],
    "virtuoso": sorted({case.get("collection", MAIN) for _, _, case in ALL}),
    "comunica": [MAIN, "questions.trig"],
}
_FEW = 2


class Engines:
    """The servers, each started when it is first asked for; Comunica's begin at once, as they take longest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[tuple[str, str], Server] = {}
        self._out: dict[tuple[str, str], str] = {}
        self._remote: dict[tuple[str, str], KnowledgeGraph] = {}
        self._loaded = ""
        for collection in _COLLECTIONS["comunica"]:
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


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """The servers."""
    running = Engines(tmp_path_factory.mktemp("servers"))
    yield running
    running.stop()


def _chosen() -> list[Any]:
    """Return engine, query and case: those of one server and collection one after the other."""
    found = []
    for engine, collections in _COLLECTIONS.items():
        for collection in collections:
            asked: dict[str, int] = {}
            for name, number, case in ALL:
                asked[name] = asked.get(name, 0) + (case.get("collection", MAIN) == collection)
                is_wanted = engine not in ("comunica", "oxigraph-union") or asked[name] <= _FEW
                if case.get("collection", MAIN) == collection and is_wanted:
                    found.append(pytest.param(engine, name, case, id=f"{engine}-{name}-{number}"))
    return found


def _read(answer: Answer) -> Any:
    """Return what an answer holds; triples without their order, which means nothing."""
    if isinstance(answer, Boolean):
        return answer.value
    return (answer.columns, list(answer)) if isinstance(answer, Table) else set(answer)


def _sorted(document: Any) -> Any:
    """Return a document with its lists in one order."""
    if isinstance(document, list):
        return sorted(map(_sorted, document), key=json.dumps)
    return {key: _sorted(value) for key, value in document.items()} if isinstance(document, dict) else document


@pytest.mark.parametrize(("engine", "name", "case"), _chosen())
def test_stored_queries_answer_alike(engine: str, name: str, case: dict[str, Any], engines: Engines) -> None:
    """A stored query gives the same terms, columns and order from a server as from the embedded store."""
    collection = case.get("collection", MAIN)
    here, there = opened(collection), engines.remote(engine, collection)
    query = here.catalogue.get(name)
    if name == "system/engine":
        return  # asks what the engine does in its own way
    values = {key: words(value) for key, value in case.get("params", {}).items()}
    expected, found = _read(here.ask(query, values)), _read(there.ask(query, values))
    if isinstance(expected, tuple) and "ORDER BY" not in query.text:
        expected, found = ((columns, sorted(map(str, rows))) for columns, rows in (expected, found))
    assert expected == found


@pytest.mark.parametrize("engine", ["oxigraph", "virtuoso", "comunica"])
@pytest.mark.parametrize(
    "look",
    [
        lambda kg: [kg.show(key) for key in ("a", "e", "university", "theme:leadership")],
        lambda kg: [kg.show(key, "fr") for key in ("Beta path", "https://w3id.org/whatworks/id/record/a")],
        lambda kg: [set(kg.statements(kg.things(["a", "guide"]))), _sorted(json.loads(kg.export("jsonld", ["a"])))],
        lambda kg: _read(kg.table([], "Intervention")),
        lambda kg: [(each.quad, each.kind, each.how, each.pages, each.by) for each in kg.why("a")],
        lambda kg: [_read(kg.statistics()), _read(kg.statistics(graphs=True))],
        lambda kg: [kg.collection.store.graphs(), len(kg.collection.store)],
    ],
    ids=["show", "show-fr", "export", "table", "why", "stats", "graphs"],
)
def test_things_look_alike(engine: str, look: Callable[[KnowledgeGraph], Any], engines: Engines) -> None:
    """What is shown, exported, explained and counted from a server is what the embedded store gives."""
    assert look(opened(MAIN)) == look(engines.remote(engine, MAIN))


@pytest.mark.parametrize("engine", ["oxigraph", "virtuoso", "comunica"])
def test_own_queries_answer_alike(engine: str, engines: Engines) -> None:
    """An own query need not declare prefixes, may name graphs, and gives blank nodes."""
    kg = engines.remote(engine, MAIN)
    rows = _read(kg.sparql("SELECT ?key { GRAPH graph:agents { ?a foaf:name ?n } ?x dcterms:identifier ?key } LIMIT 1"))
    assert ("key",) == rows[0]
    assert [(Iri("https://w3id.org/whatworks/voc/kind/tool"),)] == _read(
        kg.sparql("SELECT DISTINCT ?kind { intervention:c ww:kind ?kind }")
    )[1]
    lists = _read(kg.sparql("SELECT DISTINCT ?list { ?shape sh:in ?list } LIMIT 3"))[1]
    assert 3 == len(lists)
    assert all(isinstance(row[0], BlankNode) for row in lists)
    assert not _read(kg.sparql("ASK { intervention:c ww:kind kind:good-practice }"))
    text = "SELECT ?kind FROM <https://w3id.org/whatworks/graph/record/test/c> { intervention:c ww:kind ?kind }"
    assert 1 == len(_read(kg.sparql(text))[1])


def test_graphs_are_named_where_they_must_be(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an engine cannot be told to show the union of all graphs, each query names them all."""
    monkeypatch.setattr("whatworks.store.remote.UNIONS", ((),))
    here = opened(MAIN)
    there = KnowledgeGraph.open(folder_of(MAIN), store=engines.server("oxigraph", MAIN).query)
    for name in ("interventions", "gap-map", "system/graphs"):
        query = here.catalogue.get(name)
        assert _read(here.ask(query, {})) == _read(there.ask(query, {}))


def test_a_store_without_graphs_is_read_as_one(engines: Engines, tmp_path: Path) -> None:
    """Statements that are in no named graph are found by queries."""
    server = oxigraph().wait()
    try:
        text = b'<https://example.org/x> <http://purl.org/dc/terms/title> "X" .\n'
        server.load(text)
        kg = KnowledgeGraph.open(folder_of(MAIN), store=server.query)
        assert 1 == len(_read(kg.sparql("SELECT ?x { ?x dcterms:title ?title }"))[1])
        assert [] == kg.collection.store.graphs()
    finally:
        server.stop()


def test_answers_that_virtuoso_cuts_are_refused(tmp_path: Path) -> None:
    """Virtuoso stops after so many rows or statements; that is an error and not an answer."""
    try:
        server = Virtuoso(tmp_path / "virtuoso", rows=300).wait()
    except Unavailable as reason:
        pytest.skip(str(reason))
    try:
        server.load(opened(MAIN).collection.store.nquads())
        kg = KnowledgeGraph.open(folder_of(MAIN), store=server.query)
        assert isinstance(kg.collection.store, RemoteStore)
        for text in ("SELECT ?x { ?x a ww:Practice }", "CONSTRUCT { ?x a ww:Practice } { ?x a ww:Practice }"):
            assert _read(kg.sparql(text))
        for text in ("SELECT ?x ?name { ?x skos:prefLabel ?name }", "CONSTRUCT WHERE { ?x skos:prefLabel ?name }"):
            with pytest.raises(EndpointAnswer, match="cuts answers after 300 rows"):
                _read(kg.sparql(text))
    finally:
        server.stop()
