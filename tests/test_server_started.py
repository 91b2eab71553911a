"""A server that is started: kills, a new release, slow and large requests, figures, and its end."""

import gzip
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import pytest

from tests.conftest import BASE, ROOT
from tests.servers import asked, started
from whatworks import KnowledgeGraph

pytestmark = pytest.mark.slow

BOMB = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
THING = "/doc/intervention/afya-austria.ttl"


class Got(NamedTuple):
    """An answer."""

    status: int
    headers: dict[str, str]
    body: bytes


def get(address: str, path: str, timeout: float = 20) -> Got:
    """Ask a server."""
    connection = HTTPConnection(urlsplit(address).netloc, timeout=timeout)
    try:
        connection.request("GET", path)
        found = connection.getresponse()
        return Got(found.status, {name.lower(): value for name, value in found.getheaders()}, found.read())
    finally:
        connection.close()


def sparql(address: str, query: str) -> Got:
    """Ask a server a query."""
    return get(address, "/sparql?query=" + quote(query))


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(each) for task in tasks for each in (task / "children").read_text().split()]
    except FileNotFoundError:
        return []


def workers(pid: int) -> list[int]:
    """Return the processes of a server that answer queries, which another one has forked."""
    return [each for source in children(pid) for each in children(source) if is_running(each)]


def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    """Wait until something holds, or fail."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    """Say whether there is such a process that is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, int]]:
    """A server of the shipped collection that stops queries after two seconds."""
    with started("--timeout", "2", "--queries", "1", "--waiting", "1") as found:
        until(lambda: len(workers(found[1])) == 2)
        yield found


on_linux = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks at processes as Linux shows them")


@on_linux
def test_a_bomb_is_ended_and_its_process_replaced(server: tuple[str, int]) -> None:
    """A query over its time is 503 within two seconds more; the next one is answered at once, and no process stays."""
    address, pid = server
    before = set(workers(pid))
    begun = time.monotonic()
    found = sparql(address, BOMB)
    assert time.monotonic() - begun < 4
    assert (found.status, json.loads(found.body)["code"], found.headers["retry-after"]) == (503, "query-stopped", "5")
    begun = time.monotonic()
    assert sparql(address, "ASK { ?s ?p ?o } # after a bomb").status == 200
    assert time.monotonic() - begun < 2
    until(lambda: len(workers(pid)) == 2)
    assert len(before & set(workers(pid))) == 1


@on_linux
def test_killed_workers_cost_one_request_at_most(server: tuple[str, int]) -> None:
    """Whoever kills the processes that answer, the server goes on and starts others."""
    address, pid = server
    for worker in workers(pid):
        os.kill(worker, signal.SIGKILL)
    found = [sparql(address, f"ASK {{ ?s ?p ?o }} # after a kill {number}").status for number in range(5)]
    assert found.count(200) >= 4
    until(lambda: len(workers(pid)) == 2)
    assert json.loads(get(address, "/health").body)["status"] == "ok"


@on_linux
def test_a_killed_server_leaves_no_process_and_starts_again_on_the_same() -> None:
    """`kill -9` ends the workers as well; the next server has the same answers under the same tags."""

    def ask() -> None:
        with pytest.raises((OSError, HTTPException)):
            sparql(address, BOMB)

    with started() as (address, pid):
        until(lambda: len(workers(pid)) == 3)
        started_by_it, tag = [*children(pid), *workers(pid)], get(address, THING).headers["etag"]
        thread = threading.Thread(target=ask)
        thread.start()
        time.sleep(0.5)
        os.kill(pid, signal.SIGKILL)
        thread.join(10)
        until(lambda: not any(map(is_running, started_by_it)))
    with started() as (address, _):
        assert get(address, THING).headers["etag"] == tag


def test_figures(server: tuple[str, int]) -> None:
    """Requests are counted by the pattern of their path and their status."""
    address, _ = server
    get(address, THING)
    get(address, "/id/intervention/nope")
    said = get(address, "/metrics")
    assert said.headers["content-type"].startswith("text/plain; version=0.0.4")
    text = said.body.decode()
    assert 'whatworks_requests_total{route="/{path:path}",status="200"}' in text
    assert 'whatworks_requests_total{route="/id/{path:path}",status="404"}' in text
    assert "whatworks_queries_stopped" in text
    assert "nope" not in text


def test_a_request_that_does_not_come_is_not_waited_for(server: tuple[str, int]) -> None:
    """Connections that send nothing, or a byte now and then, do not keep others from being answered, and are ended."""
    address, _ = server
    host, port = urlsplit(address).hostname, urlsplit(address).port
    slow = [socket.create_connection((host, port or 0)) for _ in range(100)]
    try:
        for each in slow[:50]:
            each.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        begun = time.monotonic()
        assert get(address, THING).status == 200
        assert time.monotonic() - begun < 2
        time.sleep(10)
        for each in slow[:50]:
            each.sendall(b"a")
        for each in slow:
            each.settimeout(10)
            assert each.recv(1000) == b""
        assert time.monotonic() - begun < 20
    finally:
        for each in slow:
            each.close()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", b"413"),
        (b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000, b"400"),
        (b"NONSENSE\r\n\r\n", b"400"),
    ],
)
def test_what_is_too_large_or_no_http_is_refused(server: tuple[str, int], head: bytes, status: bytes) -> None:
    """The refusal comes at once, without the rest being read."""
    address, _ = server
    with socket.create_connection((urlsplit(address).hostname, urlsplit(address).port or 0), timeout=5) as connection:
        connection.sendall(head)
        assert connection.recv(1000).split(b" ")[1] == status


def test_what_was_read_is_kept_for_the_next_start(tmp_path: Path) -> None:
    """A server of files keeps the graph and the heads of queries, so that one that is killed is soon there again."""
    cache = tmp_path / "cache"
    with started(before=["--cache", str(cache)]) as (address, _):
        first = get(address, THING)
        until(lambda: any(cache.glob("queries/*.head")))
        assert len(list(cache.glob("prepared/*/made-from"))) == 1
    with started(before=["--cache", str(cache)]) as (address, _):
        again = get(address, THING)
        assert (again.headers["etag"], again.body) == (first.headers["etag"], first.body)
        assert get(address, "/interventions").status == 200
        assert sparql(address, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o } # kept").status == 200


# ---- a new release ----


def _with_title(folder: Path, title: str) -> str:
    """Write a project with one thing, put a release of it to use, and return the release's name."""
    (folder / "whatworks.toml").touch()
    (folder / "data").mkdir(exist_ok=True)
    statement = f'<{BASE}id/intervention/x> <http://purl.org/dc/terms/title> "{title}" .'
    (folder / "data/x.ttl").write_text(statement)
    return KnowledgeGraph.open(folder).build(checked=False).name


def test_a_new_release_is_taken_up_without_a_lost_request(tmp_path: Path) -> None:
    """Requests come without a pause, the release changes, and none fails; one that cannot be read is not taken up."""
    first = _with_title(tmp_path, "One")
    with started("--queries", "1", folder=tmp_path) as (address, pid):
        seen: list[tuple[int, str]] = []
        ended = threading.Event()

        def ask() -> None:
            number = 0
            while not ended.is_set():
                number += 1
                found = get(address, "/doc/intervention/x.nt")
                seen.append((found.status, "One" if b'"One"' in found.body else "Two"))
                query = f"SELECT ?o {{ ?s dcterms:title ?o }} # {number}"
                seen.append((sparql(address, query).status, seen[-1][1]))

        thread = threading.Thread(target=ask)
        thread.start()
        until(lambda: len(seen) > 10)
        second = _with_title(tmp_path, "Two")
        until(lambda: json.loads(get(address, "/health").body)["release"] == second)
        after = len(seen)
        until(lambda: len(seen) > after + 10)
        ended.set()
        thread.join()
        assert {status for status, _ in seen} == {200}
        assert [seen[0][1], seen[-1][1]] == ["One", "Two"]
        assert first != second
        if Path("/proc/self/task").is_dir():
            until(lambda: len(workers(pid)) == 2)
        (tmp_path / "releases/current").write_text("0123456789abcdef\n")
        until(lambda: json.loads(get(address, "/health").body)["status"] == "degraded")
        assert b'"Two"' in get(address, "/doc/intervention/x.nt").body
        (tmp_path / "releases/current").write_text(f"{first}\n")
        until(lambda: json.loads(get(address, "/health").body)["release"] == first)
        assert json.loads(get(address, "/health").body)["status"] == "ok"


def test_a_named_release_stays(tmp_path: Path) -> None:
    """`--store` serves one release, whichever is in use."""
    first = _with_title(tmp_path, "One")
    with started(folder=tmp_path, before=["--store", f"releases/{first}"]) as (address, _):
        _with_title(tmp_path, "Two")
        time.sleep(2.5)
        assert b'"One"' in get(address, "/doc/intervention/x.nt").body


def test_open_requests_are_answered_before_the_end() -> None:
    """SIGTERM ends the server with status 0 when a query that is being answered has its answer."""
    with started("--timeout", "3") as (address, pid):
        got: list[Got] = []
        thread = threading.Thread(target=lambda: got.append(sparql(address, BOMB)))
        thread.start()
        time.sleep(1)
        os.kill(pid, signal.SIGTERM)
        thread.join(15)
        assert [found.status for found in got] == [503]


def test_an_address_that_is_taken_is_told(server: tuple[str, int]) -> None:
    """Whoever listens there already is not disturbed, and the error has its code and status."""
    port = urlsplit(server[0]).port
    command = [sys.executable, "-m", "whatworks", "serve", "--port", str(port)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert found.returncode == 3
    assert f"Error [address]: The server cannot listen at 127.0.0.1 port {port}: " in found.stderr
    assert get(server[0], THING).status == 200


def test_health_says_what_is_served(kg: KnowledgeGraph) -> None:
    """Within the process as well; what changes is not kept."""
    with asked(kg) as client:
        found = client.get("/health")
        assert found.json()["status"] == "ok"
        assert client.get("/health/live").json() == {"status": "live"}
        assert client.get("/health/ready").json() == {"status": "ready", "release": found.json()["release"]}
        assert found.headers["cache-control"] == "no-store"


def _raw(address: str, sent: bytes, seconds: float = 3) -> bytes:
    """Send bytes and return what comes until the connection ends or nothing more comes."""
    with socket.create_connection((urlsplit(address).hostname, urlsplit(address).port or 0), timeout=seconds) as one:
        one.sendall(sent)
        got = b""
        try:
            while part := one.recv(1 << 16):
                got += part
        except TimeoutError:
            pass
        return got


def test_kept_answers_are_sent_as_they_were(server: tuple[str, int]) -> None:
    """Again, as 304, head only, several at once on one connection, and by old ways of HTTP: the same head and body."""
    address, _ = server
    line = f"GET {THING}?kept HTTP/1.1\r\nHost: x\r\n".encode()
    last = line + b"Connection: close\r\n\r\n"
    first = _raw(address, last)
    head, _, body = first.partition(b"\r\n\r\n")
    tag = next(each for each in head.split(b"\r\n") if each.lower().startswith(b"etag: "))[6:]
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert b"<https://w3id.org/whatworks/id/intervention/afya-austria>" in body or b"afya-austria" in body

    several = _raw(address, (line + b"X-Request-ID: mine\r\n\r\n") * 50 + last)
    assert several.count(b"HTTP/1.1 200 OK") == 51
    assert several.count(body) == 51
    assert several.count(b"x-request-id: mine\r\n") == 50
    kept = several.partition(b"\r\n\r\n")[0].lower().split(b"\r\n")
    own = (b"date:", b"x-request-id:", b"connection:")
    assert sorted(each for each in kept if not each.startswith(own)) == sorted(
        each for each in head.lower().split(b"\r\n") if not each.startswith(own)
    )
    unchanged = _raw(address, line + b"If-None-Match: " + tag + b"\r\n\r\n" + last)
    assert unchanged.startswith(b"HTTP/1.1 304 ")
    assert b"content-length" not in unchanged.partition(b"\r\n\r\n")[0].lower()
    assert unchanged.count(body) == 1
    only_head = _raw(address, line.replace(b"GET", b"HEAD") + b"\r\n" + last)
    assert f"content-length: {len(body)}".encode() in only_head.partition(b"\r\n\r\n")[0].lower()
    assert only_head.count(body) == 1
    assert _raw(address, f"GET {THING}?kept HTTP/1.0\r\nHost: x\r\n\r\n".encode()).endswith(body)
    packed = _raw(address, line + b"Accept-Encoding: gzip\r\n\r\n" + last)
    assert tag[:-1] + b'-gzip"' in packed
    assert packed.count(body) == 1


def test_a_file_that_was_packed_while_it_was_sent_has_a_length(tmp_path: Path) -> None:
    """The second time it is sent as it was kept; without a length, a client would wait for more until it is cut off."""
    name = _with_title(tmp_path, "One " * 50_000)
    with started(folder=tmp_path) as (address, _):
        line = f"GET /dumps/{name}/data.nq HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n".encode()
        first, second = (_raw(address, line + b"\r\n").partition(b"\r\n\r\n") for _ in range(2))
        assert b"transfer-encoding: chunked" in first[0].lower()
        assert f"content-length: {len(second[2])}".encode() in second[0].lower()
        assert b"One One" in gzip.decompress(second[2])


def test_a_body_that_nobody_waits_for_ends_the_connection(server: tuple[str, int]) -> None:
    """What is answered before its body has come is not kept open for the rest."""
    address, _ = server
    sent = f"GET {THING} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc".encode()
    begun = time.monotonic()
    assert _raw(address, sent, 10).startswith(b"HTTP/1.1 200 OK")
    assert time.monotonic() - begun < 8


@on_linux
def test_who_takes_nothing_is_not_waited_for() -> None:
    """A large answer goes out while the client reads it, and takes no memory of the server meanwhile."""
    query = "SELECT ?s ?p ?o ?x { ?s ?p ?o VALUES ?x { 1 2 } }"
    sent = f"GET /sparql?format=tsv&query={quote(query)} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    with started("--timeout", "30") as (address, pid):
        assert get(address, THING).status == 200
        assert get(address, f"/sparql?format=tsv&query={quote(query.replace(' 2 ', ' '))}").status == 200
        before = _settled(pid)
        with socket.create_connection((urlsplit(address).hostname, urlsplit(address).port or 0), timeout=20) as slow:
            slow.sendall(sent)
            head = slow.recv(4000)
            assert b"200 OK" in head
            assert get(address, THING).status == 200
            size = int(re.search(rb"(?i)content-length: (\d+)", head)[1])  # type: ignore[index]
            assert size > 5_000_000
            assert _memory(pid) - before < size / 2
            got = len(head.partition(b"\r\n\r\n")[2])
            while got < size:
                got += len(slow.recv(1 << 20))
            assert got == size


def _settled(pid: int) -> int:
    """Return the memory of a server when it has made what it makes while nobody asks."""
    found, number = -1, 0
    while found != (now := _memory(pid)):
        found, number = now, number + 1
        assert number < 30, "the memory does not settle"
        time.sleep(2)
    return found


def _memory(pid: int) -> int:
    """Return how many bytes of memory a process has."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024
