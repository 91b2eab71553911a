"""Several processes at one address, and the log."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import ROOT
from tests.servers import started
from tests.test_server_started import THING, children, get, is_running, sparql, until
from whatworks import KnowledgeGraph

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks at processes as Linux shows them"),
]


def _requests(address: str, route: str) -> float:
    """Return how many requests of a route were counted."""
    text = get(address, "/metrics").body.decode()
    counted = (line for line in text.splitlines() if line.startswith(f'whatworks_requests_total{{route="{route}"'))
    return sum(float(line.rpartition(" ")[2]) for line in counted)


def test_several_processes_serve_at_one_address() -> None:
    """Their figures are added up, one that dies is replaced, and all end together."""
    with started("--workers", "2", "--queries", "1") as (address, pid):
        until(lambda: len(children(pid)) == 2)
        for number in range(20):
            assert get(address, f"{THING}?n={number}").status == 200
            assert sparql(address, f"ASK {{ ?s ?p ?o }} # {number}").status == 200
        assert _requests(address, "/{path:path}") == 20
        assert _requests(address, "/sparql") == 20
        assert _requests(address, "/metrics") >= 1
        first, second = children(pid)
        under_it = children(first)
        os.kill(first, signal.SIGKILL)
        until(lambda: len(children(pid)) == 2 and first not in children(pid))
        until(lambda: not any(map(is_running, under_it)))
        assert second in children(pid)
        until(lambda: get(address, THING).status == 200)
        assert _requests(address, "/sparql") == 20  # what the dead one counted stays
        processes = [*children(pid), *(each for parent in children(pid) for each in children(parent))]
    until(lambda: not any(map(is_running, processes)))


def test_connections_are_shared_out() -> None:
    """Of connections that come together no process gets all."""

    def held(pid: int) -> int:
        found = 0
        for each in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # it was closed meanwhile
                found += str(each.readlink()).startswith("socket:")
        return found

    with started("--workers", "2", "--queries", "1") as (address, pid):
        until(lambda: len(children(pid)) == 2 and all(len(children(each)) == 1 for each in children(pid)))
        place = (urlsplit(address).hostname, urlsplit(address).port or 0)
        until(lambda: get(address, THING).status == 200)
        time.sleep(2)
        for _ in range(8):
            before = [held(each) for each in children(pid)]
            with ExitStack() as stack:
                opened = [stack.enter_context(socket.create_connection(place)) for _ in range(8)]
                for each in opened:
                    each.sendall(f"GET {THING} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                assert all(each.recv(9) == b"HTTP/1.1 " for each in opened)
                got = [held(each) - number for each, number in zip(children(pid), before, strict=True)]
            assert (sum(got), min(got) > 0) == (8, True)
            until(lambda now=before: [held(each) for each in children(pid)] == now)  # type: ignore[misc]


def test_processes_end_with_the_one_that_started_them() -> None:
    """`kill -9` of that one leaves none."""
    with started("--workers", "2", "--queries", "1") as (address, pid):
        until(lambda: len(children(pid)) == 2)
        assert get(address, THING).status == 200
        processes = children(pid)
        os.kill(pid, signal.SIGKILL)
        until(lambda: not any(map(is_running, processes)))


def test_the_log_says_nothing_of_who_asked() -> None:
    """Each request is a line of JSON with route, status and time; no address, no query, no client."""
    command = [sys.executable, "-m", "whatworks", "serve", "--port", "0", "--log", "json"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        first = json.loads(process.stderr.readline())
        assert (first["event"], first["workers"]) == ("serving", 1)
        address = first["address"].rstrip("/")
        assert get(address, THING).status == 200
        assert sparql(address, 'ASK { ?s ?p "Jane Doe" }').status == 200
        assert get(address, "/id/intervention/jane-doe").status == 404
        process.send_signal(signal.SIGTERM)
        lines = process.stderr.read().splitlines()
    told = [json.loads(line) for line in lines]
    assert [(each["route"], each["status"]) for each in told if each["event"] == "request"] == [
        ("/{path:path}", 200),
        ("/sparql", 200),
        ("/id/{path:path}", 404),
    ]
    assert not any(word in line.lower() for line in lines for word in ("jane", "127.0.0.1", "afya"))
    assert process.returncode == 0


def test_every_line_of_the_log_is_json(tmp_path: Path) -> None:
    """Also what is told of a release that is older than the files, and of what is no request."""
    (tmp_path / "whatworks.toml").touch()
    (tmp_path / "data").mkdir()
    (tmp_path / "data/x.ttl").write_text(
        "<https://w3id.org/whatworks/id/agent/x> a <http://xmlns.com/foaf/0.1/Agent> ."
    )
    KnowledgeGraph.open(tmp_path).build(checked=False)
    (tmp_path / "data/x.ttl").write_text(
        "<https://w3id.org/whatworks/id/agent/y> a <http://xmlns.com/foaf/0.1/Agent> ."
    )
    command = [sys.executable, "-m", "whatworks", "serve", "--port", "0", "--log", "json"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        older, serving = (json.loads(process.stderr.readline()) for _ in range(2))
        assert (older["level"], "newer than release" in older["message"]) == ("warning", True)
        address = urlsplit(serving["address"])
        with socket.create_connection((address.hostname, address.port or 0)) as connection:
            connection.sendall(b"NONSENSE\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 400 ")
        process.send_signal(signal.SIGTERM)
        told = [json.loads(line) for line in process.stderr.read().splitlines()]
    assert [(each["route"], each["status"]) for each in told if each["event"] == "request"] == [("none", 400)]


def test_signals_amid_the_end_change_nothing() -> None:
    """Whoever asks again and again for the end gets it as who asks once: with status 0."""
    command = [sys.executable, "-m", "whatworks", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        address = process.stderr.readline().split()[-1].rstrip("/")
        assert get(address, THING).status == 200
        while process.poll() is None:
            process.send_signal(signal.SIGTERM)
            time.sleep(0.002)
        assert process.returncode == 0
