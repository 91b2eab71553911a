"""The stored queries over HTTP: the same answers as everywhere, in every format, in pages, and described."""

import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.conftest import BASE
from tests.servers import asked
from whatworks import KnowledgeGraph
from whatworks.results import Boolean, Table, Triples
from whatworks.store import parse


@pytest.fixture(scope="module")
def client(kg: KnowledgeGraph) -> Iterator[TestClient]:
    """A server of the shipped collection."""
    with asked(kg) as client:
        yield client


@pytest.fixture(scope="module")
def openapi(client: TestClient) -> dict[str, Any]:
    """The description."""
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


# ---- answers ----


def test_every_query_answers_with_its_examples(client: TestClient, kg: KnowledgeGraph) -> None:
    """Each query, with the examples of its head, has the rows that it has in Python."""
    for query in kg.catalogue.all():
        values = {each.name: [each.example] for each in query.parameters if each.required or each.type == "place"}
        found = client.get(f"/api/queries/{query.name}", params={name: each[0] for name, each in values.items()})
        assert (query.name, found.status_code) == (query.name, 200)
        expected = kg.ask(query, values)
        if isinstance(expected, Table):
            assert found.json() == json.loads(expected.write("json"))
        elif isinstance(expected, Boolean):
            assert found.json()["boolean"] is expected.value
        else:
            quads = parse(found.content, "turtle", name="answer", base=BASE)
            assert {(quad.subject, quad.predicate, quad.object) for quad in quads} == set(map(tuple, expected))


@pytest.mark.parametrize(
    ("address", "same"),
    [
        ("country=Belgium", "country=BE"),
        ("approach=second%20chance", "approach=second-chance-measures"),
        ("country=Belgium&country=France", "country=FR&country=BE"),
    ],
)
def test_values_are_as_people_say_them(client: TestClient, address: str, same: str) -> None:
    """A label does as well as a code, and several values count as any of them."""
    one, other = (client.get(f"/api/queries/interventions?{each}") for each in (address, same))
    assert one.status_code == other.status_code == 200
    assert one.json() == other.json()
    assert one.json()["results"]["bindings"]


@pytest.mark.parametrize("name", ["json", "csv", "tsv", "xml", "md", "table", "parquet"])
def test_rows_in_every_format(client: TestClient, kg: KnowledgeGraph, name: str) -> None:
    """Each format has the bytes that the command line writes."""
    found = client.get(f"/api/queries/countries?format={name}")
    expected = kg.query("countries")
    assert isinstance(expected, Table)
    written = expected.write(name, short=lambda iri: kg.prefixes.shorten(iri) or iri)
    assert found.status_code == 200
    if name == "json":
        assert found.json() == json.loads(written)
    elif name not in ("xml", "parquet"):
        assert found.content == written
    else:
        assert len(found.content) > 500


def test_a_workbook(client: TestClient) -> None:
    """A workbook has the rows and the codebook."""
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    found = client.get("/api/queries/countries", headers={"Accept": sheet})
    book = openpyxl.load_workbook(io.BytesIO(found.content))
    assert found.headers["content-type"] == sheet
    assert len(book.sheetnames) == 2


@pytest.mark.parametrize("name", ["turtle", "jsonld", "ntriples", "rdfxml", "trig", "nquads"])
def test_graphs_in_every_format(client: TestClient, kg: KnowledgeGraph, name: str) -> None:
    """A CONSTRUCT query has the same statements in each format."""
    found = client.get(f"/api/queries/intervention?intervention=expairs-project&format={name}")
    expected = kg.query("intervention", intervention="expairs-project")
    assert isinstance(expected, Triples)
    contexts = kg.documents.contexts
    quads = parse(found.content, name, name="answer", base=BASE, contexts=contexts)
    assert {(quad.subject, quad.predicate, quad.object) for quad in quads} == set(map(tuple, expected))


def test_not_modified(client: TestClient) -> None:
    """The tag is that of what was asked, however it was said."""
    first = client.get("/api/queries/interventions?country=Belgium")
    again = client.get("/api/queries/interventions?country=BE", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/api/queries/interventions?country=FR").headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize(
    ("encodings", "packed"),
    [("gzip", True), ("gzip;q=0.1, br", True), ("gzip;q=0", False), ("br, gzip; q=0.000", False), ("br", False)],
)
def test_only_who_takes_it_packed_gets_it_so(client: TestClient, encodings: str, packed: bool) -> None:
    """A quality of 0 refuses; what is kept for others is not sent to who refuses."""
    for _ in range(2):
        found = client.get("/api/queries", headers={"Accept-Encoding": encodings})
        assert (found.headers.get("content-encoding") == "gzip") is packed
        assert found.headers["etag"].endswith('-gzip"') is packed
        assert len(found.json()) > 30


# ---- pages ----


def test_pages_hold_each_row_once(client: TestClient) -> None:
    """Who follows the links gets all rows in their order."""
    whole = client.get("/api/queries/interventions?country=Germany").json()["results"]["bindings"]
    assert len(whole) > 10
    rows, address, pages = [], "/api/queries/interventions?country=Germany&limit=4", 0
    while address:
        found = client.get(address)
        rows += found.json()["results"]["bindings"]
        pages += 1
        link = re.search(r'<([^>]*)>; rel="next"', found.headers.get("link", ""))
        address = link[1] if link else ""
        assert link is None or "there are more" in found.headers["x-note"]
        assert pages == 1 or 'rel="prev"' in found.headers["link"]
    assert rows == whole
    assert pages == -(-len(whole) // 4)
    assert "link" not in client.get("/api/queries/interventions?country=Germany").headers


@pytest.mark.parametrize("named", [True, False])
def test_pages_stay_in_their_format(client: TestClient, named: bool) -> None:
    """Who asked for a table gets the next pages as tables, whether the address or the header said so."""
    accept = {} if named else {"Accept": "text/csv"}
    address, rows = f"/api/queries/interventions?limit=50{'&format=csv' if named else ''}", list[str]()
    while address:
        found = client.get(address, headers=accept)
        assert found.headers["content-type"].startswith("text/csv")
        rows += found.text.splitlines()[1:]
        links = dict(re.findall(r'<([^>]*)>; rel="(next|prev)"', found.headers["link"]))
        assert all(("format=csv" in link) is named for link in links)
        address = next((link for link, relation in links.items() if relation == "next"), "")
    assert rows == client.get("/api/queries/interventions?format=csv").text.splitlines()[1:]
    assert len(rows) > 100


def test_tokens_are_checked(client: TestClient, project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """A token counts for its own answer of its own release only."""
    link = client.get("/api/queries/interventions?limit=4").headers["link"]
    token = re.search(r"page=([^&>]*)>", link)
    assert token is not None
    for address in (
        f"interventions?country=BE&page={token[1]}",
        f"interventions?limit=4&page={token[1][:-3]}AAA",
        "interventions?page=nope",
        "interventions?page=%C3%A9",
    ):
        found = client.get(f"/api/queries/{address}")
        assert (address, found.status_code) == (address, 400)
    with asked(project({"data/x.ttl": f"<{BASE}id/intervention/x> a <{BASE}ont#Practice> ."})) as other:
        assert other.get(f"/api/queries/interventions?limit=4&page={token[1]}").status_code == 410


# ---- what is refused ----


@pytest.mark.parametrize(
    ("address", "status", "code", "said"),
    [
        ("nope", 404, "unknown-query", "listed at /api/queries"),
        ("intervention-s", 404, "unknown-query", "interventions"),
        ("system/labels", 404, "unknown-thing", ""),
        ("interventions?contry=Belgium", 400, "unknown-parameter", "It has: approach"),
        ("interventions?country=Belgum", 400, "unknown-value", "Did you mean: Belgium (BEL)"),
        ("interventions?started-from=soon", 400, "invalid-value", "started-from: "),
        ("intervention", 400, "missing-parameter", ""),
        ("interventions?started-from=2000&started-from=2001", 400, "invalid-value", "only once"),
        ("interventions?limit=0", 400, "invalid-value", "1 to"),
        ("interventions?limit=-1", 400, "invalid-value", "1 to"),
        ("interventions?limit=1000000", 400, "invalid-value", "1 to"),
        ("interventions?format=turtle", 406, "unknown-format", "csv"),
        ("intervention?intervention=expairs-project&format=csv", 406, "unknown-format", "turtle"),
        ("interventions?country=%ff", 400, "invalid-value", "UTF-8"),
    ],
)
def test_what_is_wrong_is_told(client: TestClient, address: str, status: int, code: str, said: str) -> None:
    """Slips are told in the one shape, with what may be meant."""
    found = client.get(f"/api/queries/{address}")
    problem = found.json()
    assert (found.status_code, problem["code"]) == (status, code)
    assert said in problem["detail"] + problem.get("hint", "")
    assert "--" not in problem["detail"]


# ---- the description ----


def test_the_catalogue_lists_every_query(client: TestClient, kg: KnowledgeGraph) -> None:
    """Each query is listed with its parameters and its address."""
    listed = client.get("/api/queries").json()
    assert [each["name"] for each in listed] == kg.catalogue.names()
    for each in listed:
        assert client.get(each["href"]).status_code in (200, 400)


def test_the_description_is_whole(openapi: dict[str, Any], kg: KnowledgeGraph) -> None:
    """Every query is an operation with its parameters, every reference leads somewhere."""
    assert openapi["openapi"] == "3.1.0"
    names = [operation["get"]["operationId"] for operation in openapi["paths"].values()]
    assert len(set(names)) == len(names)
    for query in kg.catalogue.all():
        operation = openapi["paths"][f"/api/queries/{query.name}"]["get"]
        named = [each["name"] for each in operation["parameters"]]
        assert named[: len(query.parameters)] == [each.name for each in query.parameters]
        assert len(set(named)) == len(named)
        assert operation["responses"]["200"]["content"]
    for reference in re.findall(r'"\$ref": "#/([^"]*)"', json.dumps(openapi)):
        found: Any = openapi
        for part in reference.split("/"):
            found = found[part]
        assert found


def test_the_examples_are_answered(openapi: dict[str, Any], client: TestClient) -> None:
    """Each operation that has an example of an address answers it."""
    examples = [each["get"]["x-example"] for each in openapi["paths"].values() if "x-example" in each["get"]]
    assert len(examples) > 40
    for address in examples:
        assert (address, client.get(address).status_code) == (address, 200)


def test_answers_have_the_columns_that_are_described(openapi: dict[str, Any], client: TestClient) -> None:
    """The description says which columns an answer in JSON has."""
    operation = openapi["paths"]["/api/queries/approaches"]["get"]
    schema = operation["responses"]["200"]["content"]["application/sparql-results+json"]["schema"]
    (columns,) = (each["properties"]["head"]["properties"]["vars"] for each in schema["allOf"] if "properties" in each)
    assert columns == {"const": client.get("/api/queries/approaches").json()["head"]["vars"]}


def test_enumerations_come_from_the_graph(openapi: dict[str, Any], client: TestClient, kg: KnowledgeGraph) -> None:
    """Each concept of a scheme is listed with its label, and is a value that is taken."""
    stages = openapi["components"]["schemas"]["stage"]["anyOf"]
    codes = [each["const"] for each in stages if "const" in each]
    assert codes == sorted(iri.code for iri in kg.lookup.concepts("stage").known)
    assert all("title" in each for each in stages)
    for code in codes:
        assert client.get("/api/queries/interventions", params={"stage": code}).status_code == 200


_VALUES = st.one_of(st.text(max_size=20), st.integers().map(str), st.sampled_from(["Belgium", "true", "2014", "", "'"]))


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_asked_the_answer_is_one_that_is_described(
    client: TestClient, openapi: dict[str, Any], data: st.DataObject
) -> None:
    """Any values for the parameters that are described give an answer or tell what is wrong."""
    path = data.draw(st.sampled_from(sorted(path for path in openapi["paths"] if path.startswith("/api/queries/"))))
    operation = openapi["paths"][path]["get"]
    names = [each["name"] for each in operation["parameters"]]
    chosen = data.draw(st.lists(st.tuples(st.sampled_from(names), _VALUES), max_size=3))
    found = client.get(path, params=[(name, value.encode("utf-8", "replace").decode()) for name, value in chosen])
    assert found.status_code in (200, 400, 404, 406)
    if found.status_code == 200:
        assert found.headers["content-type"].partition(";")[0] in operation["responses"]["200"]["content"]
    else:
        assert found.headers["content-type"] == "application/problem+json"
