"""Addresses outside are asked only when somebody wants to know, and what is gone is told apart from what is shut."""

import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from whatworks import KnowledgeGraph, deadlinks
from whatworks.cli import main
from whatworks.deadlinks import Manners, dead, outside
from whatworks.results import plain
from whatworks.terms import Iri

INSIDE = Manners(patience=0.5, pause=0, inward=True)
THING = Iri("https://w3id.org/whatworks/id/intervention/a")


class _Site(ThreadingHTTPServer):
    """A site on loopback that counts what it is asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.asked: Counter[tuple[str, str]] = Counter()
        self.hold = threading.Event()

    @property
    def home(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    server: _Site

    def _answer(self) -> None:
        path = self.path.partition("?")[0].strip("/")
        self.server.asked[self.command, path] += 1
        if path == "slow":
            self.server.hold.wait(5)
        word, _, rest = path.partition("-")
        status = int(word) if word.isdigit() else 200
        if self.command == "HEAD" and rest == "head":
            status = 405
        elif rest == "head":
            status = 200
        self.send_response(status)
        if status in (301, 302):
            self.send_header("Location", {"here": "/200", "gone": "/404"}.get(rest, f"/{path}"))
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET = _answer  # noqa: N815 - as the standard library calls them

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[_Site]:
    """A site on loopback."""
    with _Site() as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield found
        found.hold.set()
        found.shutdown()
        thread.join()


def _asked(site: _Site, *paths: str, manners: Manners = INSIDE) -> dict[str, tuple[str, str]]:
    table = dead({f"{site.home}/{path}": [THING] for path in paths}, manners)
    return {plain(row[0]).removeprefix(f"{site.home}/"): (plain(row[1]), plain(row[2])) for row in table}


def test_what_answers_is_not_told(site: _Site) -> None:
    """A page that is there, at once or after it leads on, is no dead link."""
    assert {} == _asked(site, "200", "301-here", "200?a=ü b#c")
    assert {("HEAD", "200"): 3, ("HEAD", "301-here"): 1} == dict(site.asked)


def test_what_is_gone_is_told_apart_from_what_is_shut(site: _Site) -> None:
    """404 and 410 are gone, also at the end of a way; 403 and 429 keep programs out, 503 fails."""
    assert {
        "404": ("gone", "404 Not Found"),
        "410": ("gone", "410 Gone"),
        "302-gone": ("gone", "404 Not Found"),
        "403": ("closed to programs", "403 Forbidden"),
        "429": ("closed to programs", "429 Too Many Requests"),
        "503": ("faulty", "503 Service Unavailable"),
        "301-round": ("faulty", "It leads on more than 5 times."),
    } == _asked(site, "404", "410", "302-gone", "403", "429", "503", "301-round")


def test_who_refuses_the_short_question_gets_the_usual_one(site: _Site) -> None:
    """Some sites answer rightly only to who wants the page."""
    assert {} == _asked(site, "405-head")
    assert {("HEAD", "405-head"): 1, ("GET", "405-head"): 1} == dict(site.asked)


def test_who_does_not_answer_is_not_waited_for(site: _Site) -> None:
    """Silence has an end, and a port at which nobody is is told."""
    assert {"slow": ("no answer", "It did not answer within 0.5 seconds.")} == _asked(site, "slow")
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    ((_, state, said, *_),) = dead({f"http://127.0.0.1:{port}/": [THING]}, INSIDE)
    assert ("no answer", True) == (plain(state), "refused" in plain(said))


def test_the_own_network_is_not_asked(site: _Site) -> None:
    """An address that leads inside is not asked, whatever the data says."""
    assert {"200": ("not asked", "It is inside of this network.")} == _asked(site, "200", manners=Manners())
    assert {} == dict(site.asked)


@pytest.mark.parametrize("address", ["http://", "http://[::1", "https://exa mple/", "http://127.0.0.1:99999/"])
def test_addresses_that_are_none(address: str) -> None:
    """What cannot be asked is told, and stops nothing."""
    ((_, state, _, _, thing),) = dead({address: [THING]}, INSIDE)
    assert ("no answer", THING) == (plain(state), thing)


PAGES = """@prefix dcterms: <http://purl.org/dc/terms/> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix prov: <http://www.w3.org/ns/prov#> . @prefix ww: <https://w3id.org/whatworks/ont#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<https://w3id.org/whatworks/id/intervention/a> a ww:Practice ; dcterms:source <{home}/404> ;
  dcterms:spatial <http://publications.europa.eu/resource/authority/country/BEL> ; foaf:page "{home}/410"^^xsd:anyURI .
<https://w3id.org/whatworks/id/record/a> prov:wasDerivedFrom <{home}/404> , <{home}/200> .
"""


def test_only_what_is_outside_is_asked(
    site: _Site, project: Callable[[dict[str, str]], KnowledgeGraph], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command asks what the data names and does not describe, and tells who names it, in every format."""
    kg = project({"data/interventions/a.ttl": PAGES.replace("{home}", site.home)})
    assert {f"{site.home}/200": 1, f"{site.home}/404": 2, f"{site.home}/410": 1} == {
        address: len(things) for address, things in outside(kg.collection).items()
    }
    monkeypatch.setattr(deadlinks, "USUAL", INSIDE)
    assert kg.assets.project is not None
    words = ["--project", str(kg.assets.project), "stats", "--links", "--format", "json"]
    done = CliRunner().invoke(main, words)
    assert 0 == done.exit_code, done.output
    rows = json.loads(done.stdout)["results"]["bindings"]
    assert [("404", "gone", "2"), ("410", "gone", "1")] == [
        (row["address"]["value"].rpartition("/")[2], row["state"]["value"], row["things"]["value"]) for row in rows
    ]
    assert "3 addresses at 1 host were asked; 1 answers." in done.stderr
    assert 2 == CliRunner().invoke(main, ["stats", "--links", "--graphs"]).exit_code


def test_nothing_is_asked_unless_somebody_wants_it(kg: KnowledgeGraph) -> None:
    """The shipped data name hundreds of pages; measures of quality ask none of them."""
    assert len(outside(kg.collection)) > 200
    assert "dead-links" not in {query.name for query in kg.measures}
