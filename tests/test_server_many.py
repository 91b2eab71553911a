"""Several processes at one address, and the log."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.servers import started
from tests.test_server_started import THING, children, get, is_running, sparql, until

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
