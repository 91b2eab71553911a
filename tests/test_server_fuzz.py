"""What `/openapi.json` describes is asked with values that fit it, and with others: no answer is a fault of ours."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
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


def test_the_description_holds(client: TestClient, described: dict[str, Any]) -> None:
    """Statuses and media types are those described, errors have the one shape, and none is 500."""

    @given(_requests(described))
    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    def ask(request: tuple[str, dict[str, Any], str]) -> None:
        address, operation, accept = request
        found = client.get(address, headers={"Accept": accept})
        assert found.status_code < 500, (address, found.text)
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
        assert said is not None, (address, found.status_code)
        if content := said.get("content"):
            assert kind in content or kind == accept, address  # who asks for JSON gets JSON-LD under that name
        if re.search(r"\bjson$", kind):
            json.loads(found.content)

    ask()


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
