"""SPARQL over HTTP: the protocol, its formats, what is refused, and what stops nobody."""

import csv
import io
import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.conftest import BASE
from tests.servers import asked
from whatworks import KnowledgeGraph
from whatworks.errors import InvalidValue
from whatworks.results import Table, Triples
from whatworks.server.protocol import fields
from whatworks.store import Limits, parse

ROWS = "SELECT ?i ?title { ?i ww:stage stage:mainstreamed ; dcterms:title ?title } ORDER BY ?i ?title LIMIT 3"
ASK = "ASK { ?s ww:stage stage:mainstreamed }"
CONSTRUCT = "CONSTRUCT WHERE { ?i ww:stage ?stage }"
BOMB = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
DIRECT = {"Content-Type": "application/sparql-query"}
GRAPH = BASE + "graph/record/vet-toolkit/expairs-project"


@pytest.fixture(scope="module")
def client(kg: KnowledgeGraph) -> Iterator[TestClient]:
    """A server of the shipped collection."""
    with asked(kg) as client:
        yield client


def _titles(kg: KnowledgeGraph) -> list[str]:
    found = kg.sparql(ROWS)
    assert isinstance(found, Table)
    return [getattr(row[1], "value", "") for row in found]


# ---- ways to ask ----


def test_the_three_ways_give_the_same_answer(client: TestClient, kg: KnowledgeGraph) -> None:
    """GET, a form, and the query as the body."""
    answers = [
        client.get("/sparql", params={"query": ROWS}),
        client.post("/sparql", data={"query": ROWS}),
        client.post("/sparql", content=ROWS, headers=DIRECT),
        client.post("/sparql", content=ROWS, headers={"Content-Type": "application/sparql-query; charset=utf-8"}),
    ]
    for found in answers:
        assert (found.status_code, found.headers["content-type"]) == (200, "application/sparql-results+json")
        assert [row["title"]["value"] for row in found.json()["results"]["bindings"]] == _titles(kg)


def test_a_form_names_its_format(client: TestClient) -> None:
    """As a field of the form, which counts as `?format=` does; a name that is none is told."""
    form = {"query": ROWS, "format": "csv"}
    found = client.post("/sparql", data=form, headers={"Accept": "application/sparql-results+json"})
    assert (found.status_code, found.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert found.content == client.get("/sparql", params=form).content
    assert client.post("/sparql", data={**form, "format": "turtle"}).status_code == 406
    assert client.post("/sparql?format=xml", data={"query": ROWS}).headers["content-type"].endswith("+xml")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "application/sparql-results+json"),
        ("*/*", "application/sparql-results+json"),
        ("application/json", "application/json"),
        ("application/sparql-results+xml", "application/sparql-results+xml"),
        ("text/csv", "text/csv"),
        ("text/csv;q=0.5, text/tab-separated-values", "text/tab-separated-values"),
        ("text/turtle, application/sparql-results+xml;q=0.1", "application/sparql-results+xml"),
    ],
)
def test_rows_in_the_format_that_is_asked_for(
    client: TestClient, kg: KnowledgeGraph, accept: str | None, media_type: str
) -> None:
    """Each format holds the same titles."""
    found = client.get("/sparql", params={"query": ROWS}, headers={} if accept is None else {"Accept": accept})
    assert found.headers["content-type"].partition(";")[0] == media_type
    if "json" in media_type:
        titles = [row["title"]["value"] for row in found.json()["results"]["bindings"]]
    elif "xml" in media_type:
        name = "{http://www.w3.org/2005/sparql-results#}"
        titles = [each.text or "" for each in ET.fromstring(found.content).iter(f"{name}literal")]
    elif "csv" in media_type:
        titles = [row[1] for row in list(csv.reader(io.StringIO(found.text)))[1:]]
    else:
        titles = [line.split("\t")[1].split('"')[1] for line in found.text.splitlines()[1:]]
    assert titles == _titles(kg)


@pytest.mark.parametrize("name", ["turtle", "ntriples", "jsonld", "rdfxml", "trig"])
def test_graphs_in_the_format_that_is_asked_for(client: TestClient, kg: KnowledgeGraph, name: str) -> None:
    """Each format holds the statements that the engine gives."""
    found = client.get("/sparql", params={"query": CONSTRUCT, "format": name})
    expected = kg.sparql(CONSTRUCT)
    assert isinstance(expected, Triples)
    quads = parse(found.content, name, name="answer", base=BASE)
    assert {(quad.subject, quad.predicate, quad.object) for quad in quads} == {tuple(triple) for triple in expected}


@pytest.mark.parametrize("query", [CONSTRUCT, f"DESCRIBE <{BASE}id/intervention/expairs-project>"])
def test_an_answer_declares_the_prefixes_that_it_uses(client: TestClient, query: str) -> None:
    """A short one would else consist of prefixes for the most part."""
    text = client.get("/sparql", params={"query": query}).text
    lines = client.get("/sparql", params={"query": query, "format": "ntriples"}).text
    declared = re.findall(r"@prefix [\w-]*: <(.*?)>", text)
    assert declared
    assert [iri for iri in declared if f"<{iri}" not in lines] == []


def test_ask_and_describe(client: TestClient) -> None:
    """ASK answers true or false in the formats of rows, DESCRIBE with statements."""
    assert client.get("/sparql", params={"query": ASK}).json() == {"head": {}, "boolean": True}
    assert client.get("/sparql", params={"query": ASK, "format": "csv"}).text == "true"
    thing = client.get("/sparql", params={"query": f"DESCRIBE <{BASE}id/intervention/expairs-project>"})
    assert thing.headers["content-type"].startswith("text/turtle")
    assert "expairs-project" in thing.text


def test_the_data_set_of_the_request_counts(client: TestClient, kg: KnowledgeGraph) -> None:
    """`default-graph-uri` and `named-graph-uri` say what is seen, whatever FROM says."""
    count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    held = sum(1 for _ in kg.collection.store.match(graph=next(g for g in kg.collection.store.graphs() if g == GRAPH)))

    def counted(**params: str) -> int:
        found = client.get("/sparql", params=params)
        return int(found.json()["results"]["bindings"][0]["n"]["value"])

    assert 0 < held < counted(query=count)
    assert counted(query=count, **{"default-graph-uri": GRAPH}) == held
    one, other = (count.replace("{", f"FROM <{graph}> {{") for graph in (GRAPH, BASE + "graph/agents"))
    assert counted(query=one) == held
    assert counted(query=other, **{"default-graph-uri": GRAPH}) == held
    assert counted(query=count, **{"named-graph-uri": GRAPH}) == 0
    named = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
    assert counted(query=named, **{"named-graph-uri": GRAPH}) == held
    posted = client.post(f"/sparql?default-graph-uri={quote(GRAPH)}", content=count, headers=DIRECT)
    assert int(posted.json()["results"]["bindings"][0]["n"]["value"]) == held


def test_the_service_says_what_it_is(client: TestClient) -> None:
    """Without a query there is a description, which names this endpoint, and the data set's VoID."""
    for accept, name in (("text/turtle", "turtle"), ("application/rdf+xml", "rdfxml"), ("*/*", "turtle")):
        found = client.get("/sparql", headers={"Accept": accept})
        quads = parse(found.content, name, name="description", base=BASE)
        said = {(quad.predicate.rpartition("#")[2], str(quad.object)) for quad in quads}
        assert ("endpoint", "http://testserver/sparql") in said
        assert ("supportedLanguage", "http://www.w3.org/ns/sparql-service-description#SPARQL11Query") in said
        assert ("name", GRAPH) in said
    void = client.get("/.well-known/void")
    assert "void:classPartition" in void.text
    assert "void:sparqlEndpoint <http://testserver/sparql>" in void.text
    page = client.get("/sparql", headers={"Accept": "text/html"}).text
    assert '<form method="get" action="/sparql">' in page


def test_not_modified(client: TestClient) -> None:
    """The same query of the same release has the same tag; what uses the time has none."""
    first = client.get("/sparql", params={"query": ROWS})
    again = client.get("/sparql", params={"query": ROWS}, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get("/sparql", params={"query": ROWS, "format": "xml"})
    assert other.headers["etag"] != first.headers["etag"]
    for query in ("SELECT (NOW() AS ?now) {}", "SELECT (rand() AS ?x) {}", "CONSTRUCT { [] ?p ?o } { ?s ?p ?o }"):
        assert "etag" not in client.get("/sparql", params={"query": query}).headers


# ---- what is refused ----


@pytest.mark.parametrize(
    ("update", "headers"),
    [
        ("DELETE WHERE { ?s ?p ?o }", {"Content-Type": "application/sparql-update"}),
        ("update=" + quote("DELETE WHERE { ?s ?p ?o }"), FORM),
        ("query=" + quote("DELETE WHERE { ?s ?p ?o }"), FORM),
        ("PREFIX x: <a:> # SELECT\nINSERT DATA { x:a x:b x:c }", DIRECT),
        ("CLEAR ALL", DIRECT),
        ("LOAD <http://example.org/>", DIRECT),
    ],
)
def test_updates_are_forbidden(client: TestClient, update: str, headers: dict[str, str]) -> None:
    """Nothing can be changed, however it is asked for."""
    found = client.post("/sparql", content=update, headers=headers)
    assert (found.status_code, found.json()["code"]) == (403, "update-refused")
    assert client.get("/sparql", params={"update": "CLEAR ALL"}).status_code == 403


@pytest.mark.parametrize(
    ("query", "code", "where"),
    [
        ("SELECT * {\n ?s ?p", "query-syntax", 2),
        ("SELECT * { ?s nope:x ?o }", "query-syntax", 1),
        ("SELECT * FROM <https://example.org/> { ?s ?p ?o }", "query-refused", 1),
        ("SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", "query-refused", 1),
        ("ASK " + "{" * 5000 + "}" * 5000, "query-refused", 1),
        ("", "query-refused", None),
    ],
)
def test_bad_queries_are_told_with_their_place(client: TestClient, query: str, code: str, where: int | None) -> None:
    """400 says where, in the one shape."""
    found = client.get("/sparql", params={"query": query}) if len(query) < 1000 else None
    found = found or client.post("/sparql", content=query, headers=DIRECT)
    assert (found.status_code, found.json()["code"]) == (400, code)
    assert where is None or found.json()["where"]["line"] == where


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"query=%ff%fe", FORM, 400),
        (b"\xff\xfe", DIRECT, 400),
        (b"query=ASK{}&query=ASK{}", FORM, 400),
        (b"nothing=1", FORM, 400),
        (b"&".join([b"a=1"] * 1000), FORM, 400),
        (b"query=ASK{}&default-graph-uri=nope", FORM, 400),
        (b"query=ASK{}&default-graph-uri=file:///etc/passwd", FORM, 400),
        (b"{}", {"Content-Type": "application/json"}, 415),
        (b"ASK {}", {}, 415),
        (b"\x1f\x8b", {**DIRECT, "Content-Encoding": "gzip"}, 415),
        (b"#" * (4 * 1024 * 1024 + 1), DIRECT, 413),
        (b"#" * (300 * 1024), DIRECT, 400),
    ],
)
def test_bad_requests_are_told(client: TestClient, content: bytes, headers: dict[str, str], status: int) -> None:
    """What is badly put, of another type, or too large, is said in the one shape."""
    found = client.post("/sparql", content=content, headers=headers)
    assert (found.status_code, found.headers["content-type"]) == (status, "application/problem+json")


def test_a_body_of_unknown_length_is_bounded(client: TestClient) -> None:
    """A body that does not say how long it is, is read only so far."""
    found = client.post("/sparql", content=(b"#" * 65536 for _ in range(100)), headers=DIRECT)
    assert (found.status_code, found.json()["code"]) == (413, "too-large")


def test_formats_that_do_not_fit_the_form_are_refused(client: TestClient) -> None:
    """Rows cannot be sent as Turtle, nor statements as CSV."""
    for query, accept in ((ROWS, "text/turtle"), (CONSTRUCT, "text/csv")):
        found = client.get("/sparql", params={"query": query}, headers={"Accept": accept})
        assert (found.status_code, found.json()["code"]) == (406, "unknown-format")


def test_options_and_other_methods(client: TestClient) -> None:
    """POST is possible here, and PUT is not."""
    assert client.options("/sparql").headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert client.put("/sparql").headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert client.put("/sparql").status_code == 405


# ---- nobody is stopped ----


def test_what_is_cut_is_said(kg: KnowledgeGraph) -> None:
    """More rows than may be given are cut, and a header says it."""
    with asked(kg, Limits(seconds=10, rows=5)) as client:
        found = client.get("/sparql", params={"query": "SELECT ?s { ?s ?p ?o }"})
        assert len(found.json()["results"]["bindings"]) == 5
        assert found.headers["x-note"] == "Only the first 5 rows are given; there are more."
        assert "x-note" not in client.get("/sparql", params={"query": ROWS}).headers


@pytest.mark.slow
def test_a_bomb_is_ended_and_others_do_not_notice(kg: KnowledgeGraph) -> None:
    """A query that takes too long is 503 with Retry-After in time; documents and other queries go on meanwhile."""
    with asked(kg, Limits(seconds=2, rows=100, megabytes=1024)) as client, ThreadPoolExecutor(4) as threads:
        client.get("/sparql", params={"query": ASK})
        started = time.monotonic()
        bombs = [threads.submit(client.get, "/sparql", params={"query": f"{BOMB} # {n}"}) for n in range(2)]
        waits = threads.submit(client.get, "/sparql", params={"query": ASK + " # another"})
        while not all(each.done() for each in bombs):
            begun = time.monotonic()
            assert client.get("/doc/intervention/afya-austria.ttl").status_code == 200
            assert time.monotonic() - begun < 1.5
        assert time.monotonic() - started < 6
        for bomb in bombs:
            found = bomb.result()
            assert (found.status_code, found.json()["code"]) == (503, "query-stopped")
            assert found.headers["retry-after"] == "5"
        assert waits.result().status_code in (200, 503)
        assert client.get("/sparql", params={"query": ASK + " # again"}).json()["boolean"] is True


@pytest.mark.slow
def test_too_many_at_once_are_told(kg: KnowledgeGraph) -> None:
    """Who asks what takes long when as many of these wait as may is told so soon; short queries are answered."""
    with asked(kg, Limits(seconds=4), workers=1, waiting=1) as client, ThreadPoolExecutor(4) as threads:
        client.get("/sparql", params={"query": ASK})
        bombs = [threads.submit(client.get, "/sparql", params={"query": f"{BOMB} # {n}"}) for n in range(2)]
        time.sleep(1)
        started = time.monotonic()
        found = client.get("/sparql", params={"query": f"{BOMB} # late"})
        assert time.monotonic() - started < 2
        assert (found.status_code, found.json()["code"], found.headers["retry-after"]) == (503, "busy", "5")
        assert client.get("/sparql", params={"query": ASK + " # late"}).json()["boolean"] is True
        assert {bomb.result().status_code for bomb in bombs} == {503}


def test_no_format_reaches_outside(client: TestClient, tmp_path: Path) -> None:
    """A query has no way to a file."""
    secret = tmp_path / "secret.ttl"
    secret.write_text("<a:a> <a:b> 'secret' .")
    for query in (f"ASK FROM <file://{secret}> {{ ?s ?p ?o }}", f"ASK {{ SERVICE <file://{secret}> {{}} }}"):
        found = client.get("/sparql", params={"query": query})
        assert found.status_code == 400
    inside = client.get("/sparql", params={"query": f"ASK {{ GRAPH <file://{secret}> {{ ?s ?p ?o }} }}"})
    assert inside.json()["boolean"] is False


_FIELDS = [b"%41", b"%3d", b"%3D", b"%", b"%4", b"%zz", b"=", b"==", b"=41", b"=\r\n", b"+", b" ", b"_", b".", b"a"]
_FIELDS += [b"\n", b"\t", b"%0A", b"%20", b"%C3%A9", b"\xc3\xa9", b"%2B", b"%25", b"%00"]


@given(st.lists(st.sampled_from(_FIELDS), max_size=9).map(b"".join))
def test_fields_are_read_as_everybody_reads_them(field: bytes) -> None:
    """Escapes, plus signs and what is neither give what the standard library makes of them; all else is refused."""
    try:
        expected = unquote_to_bytes(field.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        with pytest.raises(InvalidValue):
            fields(b"f=" + field)
    else:
        assert fields(b"f=" + field) == [("f", expected)]
