"""What `/openapi.json` describes is asked with values that fit it, and with others: no answer is a fault of ours."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from httpx2 import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from starlette.testclient import TestClient

from tests.servers import asked
from whatworks import KnowledgeGraph
from whatworks.store import Limits

pytestmark = pytest.mark.slow

_ODD = [
    "",
    " ",
    "0",
    "-1",
    "1e400",
    "null",
    "true",
    "\x00",
    "é",
    "𝔘",
    "a" * 5000,
    "<x>",
    '"',
    "\\",
    "{}",
    "[1]",
    "%",
    "'",
]
_ODD += ["../../etc/passwd", "http://[::1", "https://example.org/x y", "2014-13-45", "stage:mainstreamed", "\u202e"]
# Queries, and pieces of which some are put together to queries and most are not.
_ASKED = [
    "ASK { ?s ?p ?o }",
    "SELECT ?title { <https://w3id.org/whatworks/id/intervention/expairs-project> dcterms:title ?title }",
    "CONSTRUCT { ?s ?p ?o } { VALUES ?s { intervention:expairs-project } ?s ?p ?o }",
    "DESCRIBE <https://w3id.org/whatworks/id/intervention/expairs-project>",
    "SELECT (COUNT(*) AS ?n) { ?s a ww:Practice }",
    "INSERT DATA { <a:b> <a:b> <a:b> }",
]
_PIECES = """SELECT * ?x { } <urn:x> ww:stage ?y . ; OPTIONAL VALUES "a"@en
ASK CONSTRUCT DESCRIBE WHERE LIMIT 1 FILTER (
) a _:b [ PREFIX a: SERVICE FROM""".split()  # noqa: SIM905 - a list of literals would not be easier to read


@pytest.fixture(scope="module")
def client(kg: KnowledgeGraph) -> Iterator[TestClient]:
    """A server of the shipped collection."""
    with asked(kg, Limits(seconds=20, rows=1000, megabytes=512, bytes=1 << 20)) as client:
        yield client


@pytest.fixture(scope="module")
def described(client: TestClient) -> dict[str, Any]:
    """What the server says of itself."""
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def _resolved(schema: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        found: Any = described
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def _fitting(schema: dict[str, Any], described: dict[str, Any]) -> SearchStrategy[str]:
    """Return values that a schema allows, as they are written in an address."""
    schema = _resolved(schema, described)
    if "enum" in schema:
        return st.sampled_from([str(each) for each in schema["enum"]])
    if consts := [each["const"] for each in schema.get("anyOf", ()) if "const" in each]:
        return st.sampled_from(consts)
    kind = schema.get("type")
    if kind == "array":
        return _fitting(schema["items"], described)
    if kind == "boolean":
        return st.sampled_from(["true", "false"])
    if kind in ("integer", "number"):
        return st.integers(schema.get("minimum", -1000), schema.get("maximum", 100_000)).map(str)
    return st.text(max_size=30)


def _requests(described: dict[str, Any]) -> SearchStrategy[tuple[str, dict[str, Any], str]]:
    """Return addresses of operations with values for some of their parameters, the operation, and a header Accept."""
    operations = [(path, methods["get"]) for path, methods in sorted(described["paths"].items()) if "get" in methods]

    @st.composite
    def request(draw: st.DrawFn) -> tuple[str, dict[str, Any], str]:
        path, operation = draw(st.sampled_from(operations))
        pairs = []
        for each in (_resolved(each, described) for each in operation.get("parameters", ())):
            is_path = each["in"] == "path"
            if each["in"] not in ("query", "path") or not (is_path or each.get("required") or draw(st.booleans())):
                continue
            example = each.get("example", each["schema"].get("default", "x"))
            examples = [str(one) for one in (example if isinstance(example, list) else [example])]
            fitting = _fitting(each["schema"], described)
            value = draw(st.one_of(st.sampled_from(examples), fitting, st.sampled_from(_ODD), st.text(max_size=50)))
            written = quote(value.encode(errors="surrogatepass"), safe="")
            if is_path:
                path = path.replace(f"{{{each['name']}}}", written or "x")
            else:
                pairs.append(f"{each['name']}={written}")
        if draw(st.integers(0, 9)) == 0:
            pairs.append(draw(st.sampled_from(["nothing=1", "limit=1&limit=2", "page=abc", "format=none", "%ff=%ff"])))
        accept = draw(
            st.sampled_from(["*/*", "application/json", "text/html", "text/csv;q=0.5, */*;q=0.1", "x", "a/b"])
        )
        return f"{path}?{'&'.join(pairs)}", operation, accept

    return request()


def _bodies(described: dict[str, Any]) -> SearchStrategy[tuple[str, str, bytes, str]]:
    """Return what can be posted: the path, a media type, a body that fits it or does not, and a header Accept."""
    operations = [
        (path, content)
        for path, methods in sorted(described["paths"].items())
        for content in [methods.get("post", {}).get("requestBody", {}).get("content", {})]
        if content
    ]
    pieces = st.lists(st.sampled_from(_PIECES), max_size=12).map(" ".join)
    query = st.one_of(st.sampled_from([*_ASKED, *_ODD]), pieces, st.text(max_size=60))

    @st.composite
    def posted(draw: st.DrawFn) -> tuple[str, str, bytes, str]:
        path, content = draw(st.sampled_from(operations))
        kind = draw(st.sampled_from([*content, *content, "text/plain", "application/sparql-update", ""]))
        schema = _resolved(next(iter(content.values())).get("schema", {}), described)
        names = [*schema.get("properties", {}), "query", "default-graph-uri", "update", "nothing"]
        if kind in content and draw(st.integers(0, 4)) == 0:
            body = draw(st.binary(max_size=60))
        elif "form" in kind:
            fields = draw(st.lists(st.tuples(st.sampled_from(names), query), max_size=3))
            body = "&".join(f"{name}={quote(value.encode(errors='surrogatepass'))}" for name, value in fields).encode()
        else:
            body = draw(query).encode(errors="surrogatepass")
        accept = draw(st.sampled_from(["*/*", "application/json", "text/turtle", "text/csv", "a/b"]))
        return path, kind, body, accept

    assert operations
    return posted()


def _holds(found: Response, operation: dict[str, Any], accept: str, asked: object) -> None:
    """Check that an answer is one that was described, and that an error has the one shape."""
    assert found.status_code < 500, (asked, found.text)
    kind = found.headers.get("content-type", "").partition(";")[0]
    if found.status_code >= 400:
        if kind == "text/html":  # for who asks for pages
            assert "text/html" in accept
            return
        assert kind == "application/problem+json"
        problem = found.json()
        assert {"type", "title", "status", "detail"} <= set(problem)
        assert problem["status"] == found.status_code
        return
    said = operation["responses"].get(str(found.status_code))
    assert said is not None, (asked, found.status_code)
    if content := said.get("content"):
        assert kind in content or kind == accept, asked  # who asks for JSON gets JSON-LD under that name
    if re.search(r"\bjson$", kind):
        json.loads(found.content)


def test_the_description_holds(client: TestClient, described: dict[str, Any]) -> None:
    """Statuses and media types are those described, errors have the one shape, and none is 500."""

    @given(_requests(described))
    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    def ask(request: tuple[str, dict[str, Any], str]) -> None:
        address, operation, accept = request
        found = client.get(address, headers={"Accept": accept})
        _holds(found, operation, accept, address)

    ask()


def test_what_is_posted_is_answered(client: TestClient, described: dict[str, Any]) -> None:
    """The same of bodies, of the media types that are described and of others: queries, pieces of them, and bytes."""
    statuses = set()

    @given(_bodies(described))
    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    def post(posted: tuple[str, str, bytes, str]) -> None:
        path, kind, body, accept = posted
        headers = {"Accept": accept, **({"Content-Type": kind} if kind else {})}
        found = client.post(path, content=body, headers=headers)
        _holds(found, described["paths"][path]["post"], accept, posted)
        statuses.add(found.status_code)

    post()
    assert {200, 400, 415} <= statuses


def test_every_operation_answers_its_examples(client: TestClient, described: dict[str, Any]) -> None:
    """The examples of the parameters are good ones."""
    for path, methods in described["paths"].items():
        operation = methods.get("get")
        if operation is None or "{" in path:
            continue
        given: list[tuple[str, Any]] = []
        for each in (_resolved(each, described) for each in operation.get("parameters", ())):
            if "example" in each and each["in"] == "query":
                values = each["example"] if isinstance(each["example"], list) else [each["example"]]
                given += [(each["name"], str(value).lower() if value is True else value) for value in values]
        found = client.get(path, params=given)
        assert found.status_code == 200, (path, found.text)
