"""What is answered from the reader of HTTP, without the application: look-ups, and requests that came before."""

import gzip
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

import pytest

from tests.conftest import BASE
from tests.servers import started

pytestmark = pytest.mark.slow

THING = f"{BASE}id/intervention/expairs-project"
LOOK_UP = f"SELECT ?title {{ <{THING}> dcterms:title ?title }}"
LONG = f"DESCRIBE <{THING}>"
OWN = {"date", "x-request-id"}  # headers that belong to one request


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A server of the shipped collection."""
    with started() as (address, _):
        yield urlsplit(address).netloc


def _asked(
    connection: HTTPConnection, query: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    body = None
    path = "/sparql?query=" + quote(query)
    if method == "POST":
        path, body, said["Content-Type"] = "/sparql", query, "application/sparql-query"
    connection.request(method, path, body, said)
    found = connection.getresponse()
    return found.status, {name.lower(): value for name, value in found.getheaders()}, found.read()


@pytest.fixture
def connection(address: str) -> Iterator[HTTPConnection]:
    """A connection to it."""
    with closing(HTTPConnection(address, timeout=20)) as found:
        yield found


@pytest.mark.parametrize("query", [LOOK_UP, LONG, f"ASK {{ <{THING}> a ww:Practice }} # {'x' * 9000}"])
@pytest.mark.parametrize("packed", [False, True])
def test_answers_are_those_of_the_application(connection: HTTPConnection, query: str, packed: bool) -> None:
    """The first, the second and the third answer, of three ways, are those that a posted query gets."""
    encoding = {"Accept_Encoding": "gzip"} if packed else {}
    query += f" # packed {packed}"
    all_of_it = [_asked(connection, query, **encoding) for _ in range(4)]
    posted = _asked(connection, query, "POST", **encoding)
    plain = {name: value for name, value in posted[1].items() if name not in OWN}
    for status, headers, body in all_of_it:
        assert (status, body) == (posted[0], posted[2])
        assert {name: value for name, value in headers.items() if name not in OWN} == plain
    assert len({headers["x-request-id"] for _, headers, _ in all_of_it}) == 4
    if posted[1].get("content-encoding") == "gzip":
        assert packed
        assert gzip.decompress(posted[2])


def test_what_a_request_says_for_itself_counts(connection: HTTPConnection) -> None:
    """A name, a tag and HEAD are answered as such, also where the same was asked without them."""
    query = LOOK_UP + " # says"
    for _ in range(3):
        status, headers, body = _asked(connection, query)
        assert (status, len(body)) == (200, int(headers["content-length"]))
        found = _asked(connection, query, If_None_Match=headers["etag"])
        assert (found[0], found[2]) == (304, b"")
        assert _asked(connection, query, X_Request_ID="mine")[1]["x-request-id"] == "mine"
        status, only, nothing = _asked(connection, query, "HEAD")
        assert (status, nothing, only["content-length"]) == (200, b"", headers["content-length"])
        other = _asked(connection, query, Accept="text/csv")
        assert other[1]["content-type"].startswith("text/csv")


def test_known_bytes_within_others_are_read(address: str) -> None:
    """Requests that come together, in pieces, or after a body, get each its own answer."""
    host, _, port = address.partition(":")
    known = f"GET /sparql?query={quote(LOOK_UP)} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode()
    with socket.create_connection((host, int(port)), timeout=20) as sock:

        def answers(number: int) -> list[bytes]:
            got = b""
            while got.count(b"HTTP/1.1 200 OK") < number or not got.endswith(b"}"):
                part = sock.recv(1 << 16)
                assert part
                got += part
            return got.split(b"HTTP/1.1 200 OK")[1:]

        for _ in range(3):
            sock.sendall(known)
            (one,) = answers(1)
        body = one.partition(b"\r\n\r\n")[2]
        for _ in range(2):
            sock.sendall(known * 3)
            assert [each.partition(b"\r\n\r\n")[2] for each in answers(3)] == [body] * 3
        sock.sendall(known[:40])
        sock.sendall(known[40:])
        assert len(answers(1)) == 1
        # The same bytes as the body of a query are no request.
        head = f"POST /sparql HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/sparql-query\r\n"
        sock.sendall(f"{head}Content-Length: {len(known)}\r\n\r\n".encode())
        sock.sendall(known)
        assert b"400 Bad Request" in sock.recv(1 << 16)
        sock.sendall(known)
        assert answers(1)[0].partition(b"\r\n\r\n")[2] == body


def test_faults_are_told_by_the_application(connection: HTTPConnection) -> None:
    """What looks like a look-up and is none is answered as before."""
    for query, status in ((LOOK_UP + "}", 400), (LOOK_UP.replace("dcterms", "unknown"), 400)):
        assert _asked(connection, query)[0] == status
    assert _asked(connection, LOOK_UP, Accept="image/png")[0] == 406


@pytest.mark.parametrize("format", ["json", "csv", "none"])
def test_stored_queries_are_answered_alike(connection: HTTPConnection, format: str) -> None:
    """The first answer comes from a thread, the next from the event loop, then it is kept; other values ask anew."""
    found = []
    for limit in (7, 7, 8, 9, 9):
        connection.request(
            "GET", f"/api/queries/success-factors?intervention=expairs-project&limit={limit}&format={format}"
        )
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders() if name.lower() not in OWN | {"etag"}}
        found.append((answer.status, headers, answer.read()))
    assert found[0][0] == (400 if format == "none" else 200) or found[0][0] == 406
    assert found[0] == found[1]
    assert [each[:2] for each in found] == [found[0][:2]] * 5


COUNT = "SELECT ?stage (COUNT(?thing) AS ?n) { ?thing ww:stage ?stage } GROUP BY ?stage ORDER BY DESC(?n) ?stage"


@pytest.fixture
def counting(connection: HTTPConnection) -> HTTPConnection:
    """The connection, once the server has loaded the columns that count."""
    for turn in range(150):
        query = f"{COUNT} # loaded {turn}"
        if _asked(connection, query)[1]["etag"] != _asked(connection, query, "POST")[1]["etag"]:
            return connection
        time.sleep(0.1)
    raise AssertionError("no columns were loaded")


@pytest.mark.parametrize(
    "query",
    [
        COUNT,
        "SELECT (COUNT(*) AS ?n) { ?thing ww:stage ?stage }",
        "SELECT (COUNT(*) AS ?n) { ?thing ww:nothing ?stage }",
        "SELECT ?stage (COUNT(DISTINCT ?thing) AS ?n) { ?thing ww:stage ?stage } GROUP BY ?stage ORDER BY ?stage",
    ],
)
@pytest.mark.parametrize("accept", ["application/sparql-results+json", "text/csv", "text/tab-separated-values"])
def test_counts_are_those_of_a_process_apart(counting: HTTPConnection, query: str, accept: str) -> None:
    """Counted here or there, the bytes are the same."""
    found, posted = (_asked(counting, query, method, Accept=accept) for method in ("GET", "POST"))
    assert (found[0], found[2]) == (posted[0], posted[2]) == (200, posted[2])
    assert found[1]["content-type"] == posted[1]["content-type"]
    assert _asked(counting, query, Accept=accept, If_None_Match=found[1]["etag"])[0] == 304


def test_counts_do_not_wait_behind_queries_without_end(counting: HTTPConnection, address: str) -> None:
    """Who has as many queries running as one may have is still told how many there are."""
    bomb = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    with ExitStack() as stack:
        for number in range(30):
            other = stack.enter_context(closing(HTTPConnection(address, timeout=60)))
            other.request("GET", "/sparql?query=" + quote(f"{bomb} # aside {number}"))
        assert [200] * 40 == [_asked(counting, f"{COUNT} # while others run {number}")[0] for number in range(40)]
