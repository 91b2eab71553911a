"""Connections to a server that is started: what is no request, what comes half, what comes too much or too many."""

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.servers import started
from tests.test_server_started import THING, get, until

pytestmark = pytest.mark.slow

HALF = b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\nContent-Length: 99\r\n\r\nASK"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server of the shipped collection."""
    with started() as (address, _):
        yield address


def _connected(address: str) -> socket.socket:
    found = urlsplit(address)
    return socket.create_connection((found.hostname, found.port or 0), timeout=20)


def _sent(address: str, sent: bytes) -> tuple[bytes, dict[str, str], bytes]:
    """Send bytes, and nothing after them; return status line, headers and body of what comes until the end."""
    with _connected(address) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        got = b""
        while part := connection.recv(1 << 16):
            got += part
    head, _, body = got.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return first.encode(), headers, body


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (b"NONSENSE\r\n\r\n", "HTTP"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "HTTP"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP"),
        (b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
         b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nxx", "HTTP"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000, "65536"),
        (b"GET / HTTP/1.1\r\n\r\n", "Host"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "Host"),
    ],
)  # fmt: skip
def test_what_is_no_request_is_told_as_every_fault(server: str, sent: bytes, says: str) -> None:
    """400 as an object of RFC 9457, with a request id, for pages of other sites as well, and counted."""
    first, headers, body = _sent(server, sent)
    assert first == b"HTTP/1.1 400 Bad Request"
    assert headers["content-type"] == "application/problem+json"
    assert re.fullmatch("[0-9a-f]{16}", headers["x-request-id"])
    assert (headers["access-control-allow-origin"], headers["x-content-type-options"]) == ("*", "nosniff")
    told = json.loads(body[: int(headers["content-length"])])
    assert (told["status"], told["title"], says in told["detail"]) == (400, "Bad Request", True)
    assert 'route="none",status="400"' in get(server, "/metrics").body.decode()


def test_nonsense_after_a_request_is_no_part_of_its_answer(server: str) -> None:
    """The answer before is whole, or cut off, and never holds another one."""
    length = int(get(server, "/shapes.ttl").headers["content-length"])
    first, headers, body = _sent(server, b"GET /shapes.ttl?new HTTP/1.1\r\nHost: x\r\n\r\nNONSENSE\r\n\r\n")
    if first == b"HTTP/1.1 200 OK":
        assert int(headers["content-length"]) == length
        assert b"problem+json" not in body[:length]
    else:
        assert (first, json.loads(body)["status"]) == (b"HTTP/1.1 400 Bad Request", 400)


@pytest.mark.parametrize(("path", "status"), [("/sparql", 413), ("/nope", 413), ("/reconcile/1.0/match", 413)])
def test_who_sends_too_much_reads_why(server: str, path: str, status: int) -> None:
    """Also a client that sends all of it before it reads: it is not cut off meanwhile."""
    connection = HTTPConnection(urlsplit(server).netloc, timeout=20)
    connection.request("POST", path, b"a" * 6_000_000, {"Content-Type": "application/sparql-query"})
    found = connection.getresponse()
    assert (found.status, json.loads(found.read())["status"]) == (status, status)
    assert found.getheader("connection") == "close"
    connection.close()


def test_a_body_that_is_refused_unread_is_no_bar(server: str) -> None:
    """What is not possible is told to who sends a body within the bounds, too."""
    connection = HTTPConnection(urlsplit(server).netloc, timeout=20)
    for size in (3_000_000, 30, 3_000_000):
        connection.request("PUT", "/sparql", b"a" * size)
        found = connection.getresponse()
        assert (found.status, json.loads(found.read())["status"]) == (405, 405)
    connection.close()


def test_who_goes_amid_a_request_is_no_fault_of_the_server(server: str) -> None:
    """Half a body is no mistake that the server made: nothing is counted as one."""
    for _ in range(5):
        with _connected(server) as connection:
            connection.sendall(HALF)
    until(lambda: b'route="/sparql",status="400"' in get(server, "/metrics").body)
    assert b'status="500"' not in get(server, "/metrics").body


def test_another_protocol_is_left_aside(server: str) -> None:
    """A client that would also speak HTTP/2, or through a socket of its own, is answered as HTTP/1.1 has it."""
    for named in ("h2c", "websocket"):
        asks = f"GET {THING}?{named} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: {named}\r\n\r\n"
        with _connected(server) as connection:
            connection.sendall(asks.encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 200 OK")


def test_who_asks_nothing_takes_no_place_from_who_asks(server: str) -> None:
    """More connections than may be open send half a head, or are kept after an answer: others are answered."""
    with ExitStack() as open_:
        for number in range(700):
            one = open_.enter_context(_connected(server))
            one.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n" + (b"X-Slow: " if number % 2 else b"\r\n"))
            if number % 100 == 99:
                time.sleep(0.3)
                assert get(server, THING).status == 200
        time.sleep(0.3)
        begun = time.monotonic()
        assert get(server, f"{THING}?one-more").status == 200
        assert time.monotonic() - begun < 5


def test_more_requests_at_once_than_may_be_are_told_so(server: str) -> None:
    """503 in the shape of every fault, with when to come again; afterwards all is as before.

    What is kept is sent even then.
    """
    assert [get(server, THING).status for _ in range(2)] == [200, 200]
    with ExitStack() as open_:
        for _ in range(530):
            open_.enter_context(_connected(server)).sendall(HALF)
        until(lambda: get(server, "/health").status == 503)
        found = get(server, "/health")
        told = json.loads(found.body)
        assert (found.status, told["status"], told["code"]) == (503, 503, "busy")
        assert (found.headers["retry-after"], found.headers["content-type"]) == ("5", "application/problem+json")
        assert len(found.headers["x-request-id"]) == 16
        assert get(server, THING).status == 200
    until(lambda: get(server, "/health").status == 200)
