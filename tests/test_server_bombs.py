"""Queries and bodies that would stop a server: each is answered 400 or 503 in time, and the server goes on."""

import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pytest

from tests.servers import started
from tests.test_server_started import THING, Got, children, get, is_running, until, workers

LIMIT = 3  # seconds; what comes with it is for a machine that does much else
LATE = 4

CROSS = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l"
BOMBS = {
    "cross product, counted": f"SELECT (COUNT(*) AS ?n) {{ {CROSS} }}",
    "cross product, distinct": f"SELECT (COUNT(DISTINCT *) AS ?n) {{ {CROSS} }}",
    "cross product, sorted": f"SELECT * {{ {CROSS} }} ORDER BY ?l ?c LIMIT 1",
    "cross product, grouped": f"SELECT ?a (COUNT(?l) AS ?n) {{ {CROSS} }} GROUP BY ?a",
    "cross product, filtered": f'SELECT * {{ {CROSS} FILTER(CONTAINS(CONCAT(STR(?c), STR(?l)), "no text has this")) }}',
    "cross product, built": f"CONSTRUCT {{ ?a ?b ?l }} {{ {CROSS} "
    "FILTER(CONTAINS(CONCAT(STR(?c), STR(?l)), 'no text has this')) }",
    "string doubled": "SELECT (STRLEN(?s30) AS ?n) { BIND(REPLACE(STR(NOW()), '.', 'aaaaaaaaaaaaaaaaaaaa') AS ?s0) "
    + " ".join(f"BIND(CONCAT(?s{n}, ?s{n}) AS ?s{n + 1})" for n in range(30))
    + " }",
    "strings joined": "SELECT (GROUP_CONCAT(?c; separator=' ') AS ?all) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "paths repeated": "SELECT (COUNT(*) AS ?n) { ?a (!<x:a>|^!<x:b>)* ?b . ?b (!<x:c>|^!<x:d>)* ?c }",
    "paths nested": "ASK { ?s " + "(" * 60 + "<x:p>" + "*)" * 60 + " ?o }",
    "groups nested": "ASK " + "{" * 5000 + "}" * 5000,
    "calls nested": "ASK { FILTER(" + "CONCAT(" * 3000 + '"a"' + ")" * 3000 + ") }",
    "optionals nested": "ASK { " + "OPTIONAL { ?s ?p ?o " * 800 + "}" * 800 + " }",
    "exists nested": "ASK { " + "FILTER EXISTS { ?s ?p ?o " * 800 + "}" * 800 + " }",
    "blank nodes nested": "ASK { ?s ?p " + "[ ?p " * 500 + "?o" + " ]" * 500 + " }",
    "lists nested": "ASK { ?s ?p " + "( " * 300 + "?o" + " )" * 300 + " }",
    "patterns by the thousand": "ASK { " + " ".join(f"?s{n} ?p{n} ?o{n} ." for n in range(3000)) + " }",
    "unions by the thousand": "ASK { " + " UNION ".join("{ ?s ?p ?o }" for _ in range(6000)) + " }",
    "terms added by the thousand": "ASK { FILTER(1" + " + 1" * 20_000 + " = 2) }",
    "values by the ten thousand": "SELECT (COUNT(*) AS ?n) { VALUES ?a { "
    + " ".join(map(str, range(20_000)))
    + " } VALUES ?b { "
    + " ".join(map(str, range(20_000)))
    + " } FILTER(?a * ?b = -1) }",
    "regular expression": 'SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(REGEX(CONCAT(STR(?c), "aaaa'
    'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"), "^(([a-z])+.)+[A-Z]([a-z])+$|(a|aa)+$|(.*)*x")) }',
    "a slow query within another": f"SELECT * {{ {{ SELECT (COUNT(*) AS ?n) {{ {CROSS} }} }} ?s ?p ?n }}",
    "text of a megabyte": "SELECT * { ?s ?p ?o } #" + "x" * 1_000_000,
}
DEEP_JSON = b'{"@graph":' + b'[{"a":' * 50_000 + b"1" + b"}]" * 50_000 + b"}"
DEEP_XML = b"<a>" * 50_000 + b"</a>" * 50_000
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a0 "ha">'
    + b"".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">'.encode() for n in range(10))
    + b"]><a>&a10;</a>"
)

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks at processes as Linux shows them")


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, int]]:
    """A server of the shipped collection that stops queries after three seconds."""
    with started("--timeout", str(LIMIT), "--queries", "2", "--memory", "512") as found:
        until(lambda: len(workers(found[1])) == 3)
        yield found


def post(address: str, path: str, body: bytes, kind: str) -> Got:
    """Send a body, as far as it is taken: one that is refused need not be read to its end."""
    connection = HTTPConnection(urlsplit(address).netloc, timeout=30)
    try:
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.request("POST", path, body, {"Content-Type": kind})
        found = connection.getresponse()
        return Got(found.status, {name.lower(): value for name, value in found.getheaders()}, found.read())
    finally:
        connection.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_every_bomb_is_answered_in_time(server: tuple[str, int], name: str) -> None:
    """400 before it is begun, or 503 when it is ended; others are answered meanwhile, and no process stays."""
    address, pid = server
    body = urlencode({"query": BOMBS[name]}).encode()
    begun = time.monotonic()
    with ThreadPoolExecutor(1) as threads:
        bomb = threads.submit(post, address, "/sparql", body, "application/x-www-form-urlencoded")
        number = 0
        while not bomb.done():
            number += 1
            assert get(address, THING).status == 200
            assert get(address, "/sparql?query=" + quote(f"ASK {{ ?s ?p ?o }} # {name} {number}")).status == 200
        found = bomb.result()
    assert time.monotonic() - begun < LIMIT + LATE
    assert found.status in (400, 503), found.body[:300]
    assert json.loads(found.body)["status"] == found.status
    until(lambda: len(workers(pid)) == 3)
    assert is_running(pid)


@pytest.mark.parametrize("path", ["/sparql", "/reconcile", "/reconcile/1.0/match", "/reconcile/1.0/extend", "/doc/x"])
@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (DEEP_JSON, "application/ld+json"),
        (DEEP_JSON, "application/json"),
        (DEEP_XML, "application/rdf+xml"),
        (LAUGHS, "application/xml"),
        (b"query=" + b"%7B" * 500_000, "application/x-www-form-urlencoded"),
        (b"&".join(b"a=b" for _ in range(100_000)), "application/x-www-form-urlencoded"),
        (DEEP_JSON, "application/sparql-query"),
        (b"\xff\xfe" * 1000, "application/sparql-query"),
    ],
)
def test_bodies_are_refused(server: tuple[str, int], path: str, body: bytes, kind: str) -> None:
    """Deep JSON-LD, deep XML, entities that grow, fields without end: an error of the 400s, soon."""
    begun = time.monotonic()
    found = post(server[0], path, body, kind)
    assert 400 <= found.status < 500, found.body[:300]
    assert time.monotonic() - begun < LIMIT + LATE
    assert get(server[0], THING).status == 200


@pytest.mark.slow
def test_a_crowd_of_bombs_keeps_nobody_else_waiting(server: tuple[str, int]) -> None:
    """Sixteen clients send bombs; documents, stored queries and short own queries are answered all the while."""
    address, pid = server

    def bomb(number: int) -> int:
        return get(address, "/sparql?query=" + quote(f"{BOMBS['cross product, counted']} # {number}"), 60).status

    with ThreadPoolExecutor(16) as threads:
        bombs = [threads.submit(bomb, number) for number in range(24)]
        asked = 0
        while not all(each.done() for each in bombs):
            asked += 1
            assert get(address, THING).status == 200
            assert get(address, f"/api/queries/success-factors?intervention=afya-austria&limit={asked}").status == 200
            assert get(address, "/sparql?query=" + quote(f"ASK {{ ?s ?p ?o }} # crowd {asked}")).status in (200, 429)
        assert {each.result() for each in bombs} <= {503, 429}
    until(lambda: len(workers(pid)) == 3)
    said = json.loads(get(address, "/health").body)["queries"]
    assert (said["free"], said["waiting"]) == (2, 0)


@pytest.mark.slow
def test_the_query_of_a_client_that_goes_is_ended(server: tuple[str, int]) -> None:
    """Nobody waits for its answer any more, so its place is free before its time is over."""
    address, pid = server
    connection = HTTPConnection(urlsplit(address).netloc, timeout=30)
    before = set(workers(pid))
    connection.request("GET", "/sparql?query=" + quote(BOMBS["cross product, counted"] + " # goes"))
    time.sleep(0.7)
    connection.close()
    until(lambda: len(before & set(workers(pid))) == 2)
    until(lambda: len(workers(pid)) == 3)


@pytest.mark.slow
def test_queries_reach_no_network(server: tuple[str, int]) -> None:
    """Where the system lets an ordinary user leave the network, the processes that answer have none."""
    address, pid = server
    ours, theirs = (Path(f"/proc/{each}/ns/net").readlink() for each in (pid, workers(pid)[0]))
    can_leave = os.system("unshare --user --net true 2>/dev/null") == 0  # noqa: S605 - asks whether one may
    assert (ours != theirs) == can_leave
    assert get(address, THING).status == 200
    assert len(children(pid)) == 1
