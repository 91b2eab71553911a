"""A server in front of a SPARQL engine: the same documents and answers, read from there."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from tests.endpoints import Server, oxigraph
from tests.servers import asked, started
from tests.test_server_started import get, sparql, until
from whatworks import KnowledgeGraph
from whatworks.store import Limits

THING = "/doc/intervention/expairs-project"
BOMB = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


@pytest.fixture(scope="module")
def engine(kg: KnowledgeGraph) -> Iterator[Server]:
    """Oxigraph's own server with the shipped collection."""
    server = oxigraph().wait()
    try:
        server.load(kg.collection.store.nquads())
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def client(engine: Server) -> Iterator[TestClient]:
    """A server in front of it, within the process."""
    with _before(engine, Limits(seconds=30, rows=50)) as client:
        yield client


@contextmanager
def _before(engine: Server, limits: Limits) -> Iterator[TestClient]:
    with asked(KnowledgeGraph.open(store=engine.query), limits, workers=2, waiting=2) as client:
        yield client


@pytest.fixture(scope="module")
def here(kg: KnowledgeGraph) -> Iterator[TestClient]:
    """A server of the same files."""
    with asked(kg) as client:
        yield client


@pytest.mark.parametrize(
    "path",
    [
        f"{THING}.ttl",
        f"{THING}.jsonld",
        "/voc/stage/mainstreamed.nt",
        "/api/queries/interventions?country=Belgium&format=csv",
        "/api/queries/success-factors?intervention=expairs-project&format=tsv",
        "/api/queries",
    ],
)
def test_answers_are_the_same(client: TestClient, here: TestClient, path: str) -> None:
    """Documents and stored queries say the same as from files; what may change has no tag."""
    found, wanted = client.get(path), here.get(path)
    assert found.status_code == 200, found.text
    assert sorted(found.text.splitlines()) == sorted(wanted.text.splitlines())
    assert "etag" not in found.headers
    assert "etag" in wanted.headers


def test_pages_and_what_is_not_there(client: TestClient) -> None:
    """A page, a redirect, and a thing that the engine does not have."""
    assert "EXPAIRS project" in client.get(f"{THING}.html").text
    assert client.get("/id/intervention/expairs-project").status_code == 303
    assert client.get("/id/intervention/none").status_code == 404


@pytest.mark.parametrize("format", ["json", "csv", "tsv", "xml"])
def test_own_queries_are_handed_on(client: TestClient, here: TestClient, format: str) -> None:
    """Rows in each format, with the prefixes of the model."""
    query = "SELECT ?stage (COUNT(?i) AS ?n) { ?i ww:stage ?stage } GROUP BY ?stage ORDER BY ?stage"
    address = f"/sparql?format={format}&query={quote(query)}"
    assert client.get(address).status_code == 200
    if format == "json":
        assert client.get(address).json()["results"] == here.get(address).json()["results"]
    else:
        assert client.get(address).content == here.get(address).content


def test_bounds_hold(client: TestClient) -> None:
    """Rows and statements are cut and it is said; what would reach out or change data does not get there."""
    rows = client.get("/sparql", params={"query": "SELECT * { ?s ?p ?o }"})
    assert len(rows.json()["results"]["bindings"]) == 50
    assert "Only the first 50 rows" in rows.headers["x-note"]
    statements = client.get("/sparql", params={"query": "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }", "format": "ntriples"})
    assert statements.text.count(" .\n") == 50
    assert "Only the first 50 statements" in statements.headers["x-note"]
    assert (
        client.get("/sparql", params={"query": "ASK { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }"}).status_code == 400
    )
    assert client.post("/sparql", data={"update": "CLEAR ALL"}).status_code == 403
    graph = {"query": "ASK {}", "default-graph-uri": "https://w3id.org/whatworks/graph/ontology"}
    assert client.get("/sparql", params=graph).status_code == 400


def test_what_takes_too_long_is_told(engine: Server) -> None:
    """The engine is not waited for, with 504; others are answered meanwhile."""
    with _before(engine, Limits(seconds=1, rows=50)) as client:
        found = client.get("/sparql", params={"query": BOMB})
        assert (found.status_code, found.json()["code"]) == (504, "endpoint-timeout")
        assert client.get("/sparql", params={"query": "ASK { ?s ?p ?o }"}).json()["boolean"] is True


def test_a_started_server(engine: Server) -> None:
    """`whatworks --store URL serve` says what it serves."""
    with started(before=["--store", engine.query]) as (address, _):
        assert json.loads(get(address, "/health").body)["release"] == engine.query
        assert get(address, f"{THING}.ttl").status == 200
        assert json.loads(sparql(address, "ASK { ?s ?p ?o }").body)["boolean"] is True
        assert json.loads(get(address, "/health/ready").body)["status"] == "ready"


def test_an_engine_that_is_gone_is_told() -> None:
    """One that answers nothing, or is not there, makes the server unready, which lives, and is ready again with it."""

    def ready(address: str, status: int) -> bool:
        assert get(address, "/health/live").status == 200
        how = {200: "ok", 503: "degraded"}[status]
        return get(address, "/health/ready").status == status and f'"{how}"'.encode() in get(address, "/health").body

    with started() as (behind, pid), started(before=["--store", f"{behind}/sparql"]) as (address, _):
        assert get(address, f"{THING}.ttl").status == 200
        until(lambda: ready(address, 200))
        os.kill(pid, signal.SIGSTOP)
        until(lambda: ready(address, 503))
        assert "5 seconds" in json.loads(get(address, "/health/ready").body)["detail"]
        os.kill(pid, signal.SIGCONT)
        until(lambda: ready(address, 200))
        os.kill(pid, signal.SIGKILL)
        until(lambda: ready(address, 503))
        found = get(address, "/health/ready")
        assert (found.headers["retry-after"], found.headers["content-type"]) == ("5", "application/problem+json")
        assert get(address, f"{THING}.nt").status == 502
