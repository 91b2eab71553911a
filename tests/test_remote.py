"""A remote store is asked with care: bad servers, networks and addresses are clear errors, and secrets stay secret.

The servers here are real ones on loopback that do one thing wrong each. What good servers answer: alike.py.
"""

import gzip
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.endpoints import free_port
from whatworks import KnowledgeGraph
from whatworks.errors import (
    EndpointAnswer,
    EndpointRedirect,
    EndpointRefused,
    EndpointTimeout,
    EndpointUnreachable,
    Error,
    NotRemote,
    QuerySyntax,
    StoreAddress,
)
from whatworks.results import Table, Triples
from whatworks.store import Limits, connection, endpoint, sorting
from whatworks.store.address import PASSWORD, TOKEN, USER, Address, Login, is_address
from whatworks.store.dialect import columns_of
from whatworks.store.endpoint import Endpoint, Request
from whatworks.store.remote import RemoteStore
from whatworks.terms import Literal

JSON = "application/sparql-results+json"
ROW = {"x": {"type": "uri", "value": "https://example.org/x"}}
# What the first question to an endpoint is answered with: the union of all graphs, and a sort that holds.
SIGNS = [{"sign": {"type": "literal", "value": "union"}, "number": {"type": "literal", "value": "0"}}]
ASKED = "SELECT ?x { ?x a ?y }"
CONSTRUCTED = "CONSTRUCT { ?x a ?y } { ?x a ?y }"


class Handler(BaseHTTPRequestHandler):
    """Answers the first question as a good server does, every other as the test says."""

    protocol_version = "HTTP/1.1"
    server: "Bad"

    def do_GET(self) -> None:
        """Answer a question in the address."""
        self.answer(urlsplit(self.path).query)

    def do_POST(self) -> None:
        """Answer a question in the body."""
        self.answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def answer(self, encoded: str) -> None:
        """Note the request, and answer it."""
        values = {key: found[0] for key, found in parse_qs(encoded, keep_blank_values=True).items()}
        self.server.seen.append((self.command, self.path, dict(self.headers), values))
        if "virtrdf" in values.get("query", ""):
            self.send(document(SIGNS, ["sign", "number"]))
        else:
            self.server.behave(self)

    def send(self, body: bytes, kind: str = JSON, status: int = 200, **headers: str) -> None:
        """Send a whole answer."""
        self.head(status, **{"Content-Type": kind, "Content-Length": str(len(body)), **headers})
        self.wfile.write(body)

    def head(self, status: int, **headers: str) -> None:
        """Send the head of an answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


class Bad(ThreadingHTTPServer):
    """A server whose behaviour a test sets."""

    daemon_threads = True

    def __init__(self, behave: Callable[[Handler], None], host: str = "127.0.0.1") -> None:
        super().__init__((host, 0), Handler)
        self.behave = behave
        self.seen: list[tuple[str, str, dict[str, str], dict[str, str]]] = []
        self.url = f"http://{host}:{self.server_port}/sparql"

    def handle_error(self, *_: object) -> None:
        """Let a client go that went away."""


Serve = Callable[..., Bad]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server that behaves in a way."""
    running: list[Bad] = []

    def start(behave: Callable[[Handler], None], host: str = "127.0.0.1") -> Bad:
        server = Bad(behave, host)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less between tries, and let no one be known."""
    monkeypatch.setattr(endpoint, "_PAUSES", (0.01, 0.02, 0.03))
    for name in (TOKEN, USER, PASSWORD):
        monkeypatch.delenv(name, raising=False)


def document(rows: list[dict[str, dict[str, str]]], columns: list[str]) -> bytes:
    """Return an answer as SPARQL JSON."""
    return json.dumps({"head": {"vars": columns}, "results": {"bindings": rows}}).encode()


GOOD = document([ROW], ["x"])


def ask(url: str, text: str = ASKED, seconds: float = 20) -> list[object]:
    """Ask a store and read all rows."""
    store = RemoteStore(url, {}, _texts, timeout=seconds)
    answer = store.query(text)
    assert isinstance(answer, Table)
    return list(answer)


def _texts(name: str, _: object) -> str:
    return (Path(__file__).parent.parent / "queries" / f"{name}.rq").read_text(encoding="utf-8")


def asked(server: Bad) -> list[tuple[str, str, dict[str, str], dict[str, str]]]:
    """Return the requests after the first question."""
    return [each for each in server.seen if "virtrdf" not in each[3].get("query", "")]


# ---- answers that are none ----

BODIES: dict[str, tuple[Callable[[Handler], None], type[Error], str]] = {
    "page": (lambda to: to.send(b"<html>Log in</html>", "text/html"), EndpointAnswer, "answers with a web page"),
    "nothing": (lambda to: to.send(b""), EndpointAnswer, "answers nothing"),
    "204": (lambda to: to.head(204), EndpointAnswer, "answers nothing"),
    "part": (lambda to: to.send(GOOD, status=206), EndpointAnswer, "sends a part"),
    "late": (lambda to: to.send(GOOD, X_SQL_State="S1TAT"), EndpointAnswer, "sends a part"),
    "text": (lambda to: to.send(b"x", "text/plain"), EndpointAnswer, "answers with text/plain"),
    "untyped": (lambda to: to.send(GOOD, ""), EndpointAnswer, "answers with something without a type"),
    "packed": (lambda to: to.send(gzip.compress(GOOD), Content_Encoding="gzip"), EndpointAnswer, "the coding 'gzip'"),
    "cut JSON": (lambda to: to.send(GOOD[:-9]), EndpointAnswer, "answers what cannot be read"),
    "other JSON": (lambda to: to.send(b'["a"]'), EndpointAnswer, "answers what cannot be read"),
    "not JSON": (lambda to: to.send(b"sorry"), EndpointAnswer, "answers what cannot be read"),
    "bad IRI": (lambda to: to.send(GOOD.replace(b"https://example", b"a b")), EndpointAnswer, "cannot be read"),
    "RDF 1.2": (lambda to: to.send(GOOD.replace(b'"uri"', b'"literal","its:dir":"ltr","xml:lang":"en"')),
                EndpointAnswer, "cannot be read"),
    "400": (lambda to: to.send(b"bad\nquery \x1b[31m", "text/plain", 400), EndpointRefused, r"400: bad query \\u001b"),
    "404": (lambda to: to.send(b"", "text/plain", 404), EndpointRefused, "answers with status 404"),
    "500": (lambda to: to.send(b"<b>Out of</b> memory", "text/html", 500), EndpointRefused, "500: Out of memory"),
    "401": (lambda to: to.send(b"", "text/plain", 401), EndpointRefused, "lets in only whom it knows"),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_what_is_no_answer_is_refused(name: str, serve: Serve) -> None:
    """Whatever comes instead of an answer is an error that names the endpoint and says what came."""
    behave, kind, said = BODIES[name]
    server = serve(behave)
    with pytest.raises(kind, match=said) as caught:
        ask(server.url)
    assert caught.value.message.startswith(server.url)
    assert "\x1b" not in str(caught.value)


def _dies(to: Handler) -> None:
    """Promise more than comes."""
    to.head(200, Content_Type=JSON, Content_Length="1000")
    to.wfile.write(GOOD[:-20])
    to.close_connection = True


def _dies_in_pieces(to: Handler) -> None:
    """End between two pieces."""
    to.head(200, Content_Type=JSON, Transfer_Encoding="chunked")
    to.wfile.write(b"%x\r\n%s\r\n" % (len(GOOD[:-20]), GOOD[:-20]))
    to.close_connection = True


def _statements_die(to: Handler) -> None:
    """End after a whole statement, where nothing but the announced length tells that more was meant."""
    to.head(200, Content_Type="application/n-triples", Content_Length="1000")
    to.wfile.write(b"<https://a.example/> <https://b.example/> <https://c.example/> .\n")
    to.close_connection = True


@pytest.mark.parametrize("behave", [_dies, _dies_in_pieces])
def test_an_answer_that_breaks_off_is_refused(behave: Callable[[Handler], None], serve: Serve) -> None:
    """A service that dies in the middle of its answer has not answered."""
    with pytest.raises(EndpointAnswer, match="breaks off in the middle"):
        ask(serve(behave).url)


@pytest.mark.parametrize(("behave", "text", "name"), [
    (_dies, ASKED, "rows.csv"),
    (_dies_in_pieces, ASKED, "rows.json"),
    (_statements_die, CONSTRUCTED, "graph.nt"),
])  # fmt: skip
def test_no_part_of_a_file_is_left(
    behave: Callable[[Handler], None], text: str, name: str, serve: Serve, tmp_path: Path
) -> None:
    """When an answer breaks off, the command ends with 3, says it, and leaves the file before it as it was."""
    (tmp_path / name).write_text("before", encoding="utf-8")
    server = serve(behave)
    done = run("--store", server.url, "sparql", text, "--output", str(tmp_path / name))
    assert (3, "endpoint-answer") == (done.returncode, done.stderr.partition("[")[2].partition("]")[0])
    assert server.url in done.stderr
    assert "before" == (tmp_path / name).read_text(encoding="utf-8")
    assert [name] == [path.name for path in tmp_path.iterdir()]


def _pieces(number: int, columns: tuple[str, ...] = ("x",)) -> Iterator[bytes]:
    """Yield an answer of many rows in pieces, without its end; the first column has values."""
    yield b'{"head":{"vars":%s},"results":{"bindings":[' % json.dumps(columns).encode()
    for start in range(0, number, 100):
        each = range(start, start + 100)
        piece = ",".join(f'{{"{columns[0]}":{{"type":"literal","value":"row {row:06}"}}}}' for row in each)
        yield (("," if start else "") + piece).encode()


def _sends(to: Handler, pieces: Iterator[bytes], kind: str = JSON) -> None:
    to.head(200, Content_Type=kind, Transfer_Encoding="chunked")
    for piece in pieces:
        to.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))


@pytest.mark.parametrize("format", ["csv", "tsv", "json", "xml"])
def test_rows_are_written_as_they_come(format: str, serve: Serve) -> None:
    """The first rows are read from the command while the service still has some to send; then it breaks off."""
    was_read = threading.Event()

    def behave(to: Handler) -> None:
        _sends(to, _pieces(20_000))
        assert was_read.wait(30)
        to.close_connection = True

    words = ["--store", serve(behave).url, "sparql", ASKED, "--format", format]
    with started(*words) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        assert b"row 000000" in command.stdout.read(1000)
        was_read.set()
        rest, said = command.stdout.read(), command.stderr.read()
        assert b"row 010000" in rest
        assert b"breaks off in the middle" in said
        assert 3 == command.wait()


@contextmanager
def started(*words: str) -> "Iterator[subprocess.Popen[bytes]]":
    """Start the command line, and end it if it has not ended."""
    program = str(Path(sys.executable).with_name("whatworks"))
    with subprocess.Popen([program, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as command:
        try:
            yield command
        finally:
            command.kill()


def _many(number: int) -> Callable[[Handler], None]:
    """Answer with so many rows, or statements; of what else the tool asks there is nothing."""

    def behave(to: Handler) -> None:
        query = to.server.seen[-1][3]["query"]
        if "CONSTRUCT" in query:
            line = b'<https://a.example/%d> <https://b.example/> "row %d" .\n'
            lines = (line % (row % 100, row % 12_000) for row in range(number))
            _sends(to, iter(lambda: b"".join(islice(lines, 1000)), b""), "application/n-triples")
            to.wfile.write(b"0\r\n\r\n")
        elif "?property" in query:
            to.send(document([], list(columns_of(query) or ())))
        else:
            _sends(to, _pieces(number, columns_of(query) or ("x",)))
            to.wfile.write(b"3\r\n]}}\r\n0\r\n\r\n")

    return behave


def _rows(kg: KnowledgeGraph) -> int:
    return _table(kg.sparql(ASKED)).pour("csv", len)[0]


def _rows_with_codebook(kg: KnowledgeGraph) -> int:
    number, codebook = _table(kg.query("interventions")).pour("csv", len, codebook=True)
    assert codebook is not None
    assert ("intervention", "text") == (codebook.columns[0].name, codebook.columns[0].kind)
    return number


def _limited_rows(kg: KnowledgeGraph) -> int:
    return _table(kg.query("interventions")).cut(1_000_000).pour("json", len, codebook=True)[0]


def _statements(kg: KnowledgeGraph) -> int:
    with TemporaryFile() as file:
        found = kg.sparql(CONSTRUCTED)
        assert isinstance(found, Triples)
        number = kg.exporter.pour_triples(found.cut(1_000_000), "ntriples", file)
        file.seek(0)
        assert min(number, 12_000) == sum(1 for _ in file)
        return number


def _table(answer: object) -> Table:
    assert isinstance(answer, Table)
    return answer


@pytest.mark.slow
@pytest.mark.parametrize("way", [_rows, _rows_with_codebook, _limited_rows, _statements])
def test_an_answer_of_any_size_takes_the_same_memory(
    way: Callable[[KnowledgeGraph], int], serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three times the rows or statements need no more memory while they are written."""
    monkeypatch.setattr(sorting, "_FEW", 500)
    monkeypatch.setattr(sorting, "_RUN", 100_000)

    def most(number: int) -> int:
        kg = KnowledgeGraph.open(store=serve(_many(number)).url)
        assert 0 == len(kg.collection.store)  # what is loaded once is there
        tracemalloc.start()
        try:
            assert number == way(kg)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    most(1000)
    assert most(15_000) < most(5000) + 500_000


def run(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the command line."""
    program = str(Path(sys.executable).with_name("whatworks"))
    clean = {key: value for key, value in os.environ.items() if not key.startswith("WHATWORKS")}
    return subprocess.run(
        [program, *words], capture_output=True, text=True, check=False, timeout=60, env={**clean, **environment}
    )


@pytest.mark.parametrize("body", [GOOD, b'{"head":{},"boolean":true}'])
def test_what_was_not_asked_is_told(body: bytes, serve: Serve) -> None:
    """A service that answers every question with the same rows, or with yes, answers none."""
    server = serve(lambda to: to.send(body))
    store = RemoteStore(server.url, {}, _texts)
    with pytest.raises(EndpointAnswer, match="answers something else than was asked") as caught:
        list(store.match())
    assert caught.value.message.startswith(server.url)
    kg = KnowledgeGraph.open(store=serve(lambda to: to.send(body)).url)
    for call in (kg.statistics, lambda: kg.query("interventions", country="Belgium"), lambda: kg.search("x")):
        with pytest.raises(EndpointAnswer):
            call()


def test_a_value_of_any_size_is_read_or_refused(serve: Serve) -> None:
    """A text of some megabytes comes as it is; one that the engine's parser cannot hold is told."""
    row = {"x": {"type": "literal", "value": "a" * 3_000_000}}
    assert [(Literal(row["x"]["value"]),)] == ask(serve(lambda to: to.send(document([row], ["x"]))).url)
    row = {"x": {"type": "literal", "value": "a" * 20_000_000}}
    with pytest.raises(EndpointAnswer, match="answers what cannot be read: Reached the buffer maximal size"):
        ask(serve(lambda to: to.send(document([row], ["x"]))).url)


def test_too_much_is_refused(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer without end is given up."""
    monkeypatch.setattr(endpoint, "LARGEST", 20_000)

    def behave(to: Handler) -> None:
        to.head(200, Content_Type=JSON)
        to.close_connection = True
        to.wfile.write(b'{"head":{"vars":["x"]},"results":{"bindings":[')
        while True:
            to.wfile.write(b'{"x":{"type":"literal","value":"again"}},' * 100)

    with pytest.raises(EndpointAnswer, match="sends more than 20,000 bytes"):
        ask(serve(behave).url)


# ---- time ----


def test_silence_is_given_up(serve: Serve) -> None:
    """A service that never answers is waited for as long as was said."""
    begun = time.monotonic()
    with pytest.raises(EndpointTimeout, match=r"takes more than 0\.5 seconds to answer"):
        ask(serve(lambda _: time.sleep(3)).url, seconds=0.5)
    assert time.monotonic() - begun < 2.5


def test_a_trickle_is_given_up(serve: Serve) -> None:
    """Bytes that come one by one do not put the limit off, in the head and in the body."""

    def body(to: Handler) -> None:
        to.head(200, Content_Type=JSON, Content_Length="1000")
        _trickle(to)

    def head(to: Handler) -> None:
        to.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: ")
        _trickle(to)

    for behave in (body, head):
        begun = time.monotonic()
        with pytest.raises(EndpointTimeout):
            ask(serve(behave).url, seconds=0.6)
        assert time.monotonic() - begun < 2.5


def _trickle(to: Handler) -> None:
    to.close_connection = True
    for _ in range(40):
        to.wfile.write(b" ")
        to.wfile.flush()
        time.sleep(0.1)


def test_a_slow_reader_is_waited_for(serve: Serve) -> None:
    """The time that the reader takes is not the service's."""
    store = RemoteStore(serve(lambda to: to.send(GOOD)).url, {}, _texts, timeout=0.4)
    answer = store.query(ASKED)
    time.sleep(0.6)
    assert isinstance(answer, Table)
    assert 1 == len(list(answer))


def test_limits_of_time_are_those_of_the_command(serve: Serve) -> None:
    """`--timeout` says how long an answer of a remote store is waited for."""
    server = serve(lambda _: time.sleep(5))
    done = run("--store", server.url, "sparql", ASKED, "--timeout", "0.5")
    assert 3 == done.returncode
    assert "[endpoint-timeout]" in done.stderr
    kg = KnowledgeGraph.open(store=server.url, limits=Limits(seconds=0.2))
    with pytest.raises(EndpointTimeout, match=r"more than 0\.2 seconds"):
        kg.sparql(ASKED)


# ---- again ----


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("text", [ASKED, ASKED + " # " + "long " * 500], ids=["GET", "POST"])
def test_a_busy_service_is_asked_again(status: int, text: str, serve: Serve) -> None:
    """A service that is busy for a moment is asked again, whether by GET or by POST."""
    left = [status, status]

    def behave(to: Handler) -> None:
        if left:
            to.send(b"later", "text/plain", left.pop(), Retry_After="0")
        else:
            to.send(GOOD)

    server = serve(behave)
    assert 1 == len(ask(server.url, text))
    assert ["GET" if len(text) < 100 else "POST"] * 3 == [method for method, *_ in asked(server)]


def test_a_busy_service_is_given_up(serve: Serve) -> None:
    """After four tries a service is given up; one that asks for more time than there is, at once."""
    server = serve(lambda to: to.send(b"", "text/plain", 503))
    with pytest.raises(EndpointRefused, match="is busy or out of order"):
        ask(server.url)
    assert 4 == len(asked(server))
    for header in ("3600", "Wed, 21 Oct 2099 07:28:00 GMT"):
        server = serve(lambda to, header=header: to.send(b"", "text/plain", 503, Retry_After=header))
        with pytest.raises(EndpointRefused) as caught:
            ask(server.url)
        assert 1 == len(asked(server))
        assert ("wait 3600 seconds" in str(caught.value)) == (header == "3600")


def test_other_failures_are_not_asked_again(serve: Serve) -> None:
    """What will not change by asking again is asked once."""
    server = serve(lambda to: to.send(b"no", "text/plain", 500))
    with pytest.raises(EndpointRefused):
        ask(server.url)
    assert 1 == len(asked(server))


def test_nothing_that_changes_is_sent_again(serve: Serve) -> None:
    """A request that may not be sent twice is sent once, even to a busy service."""
    server = serve(lambda to: to.send(b"", "text/plain", 503))
    service = Endpoint(Address.parse(server.url), login=Login(), timeout=5)
    reply = service.send(Request("POST", server.url, {"Content-Length": "0"}), again=False)
    assert (503, 1) == (reply.status, len(server.seen))
    reply.close()


def test_a_connection_is_kept_and_made_anew(serve: Serve) -> None:
    """One connection serves many questions; when the service closed it or sent something in between, a new one does."""
    ports: list[int] = []

    def behave(to: Handler) -> None:
        ports.append(to.client_address[1])
        to.send(GOOD)
        if len(ports) == 2:  # what nobody asked for, as a server sends whose patience with a resting client ends
            to.wfile.write(b"HTTP/1.1 500 Resource temporarily unavailable\r\nContent-Length: 0\r\n\r\n")
            to.close_connection = True

    store = RemoteStore(serve(behave).url, {}, _texts)
    for _ in range(3):
        answer = store.query(ASKED)
        assert isinstance(answer, Table)
        assert 1 == len(list(answer))
        time.sleep(0.1)
    assert ports[0] == ports[1] != ports[2]


def test_an_answer_that_nobody_reads_is_given_up(serve: Serve) -> None:
    """A few rows of a large answer are taken, and the next question is answered."""
    large = document([ROW] * 50_000, ["x"])
    store = RemoteStore(serve(lambda to: to.send(large)).url, {}, _texts)
    for _ in range(2):
        answer = store.query(ASKED)
        assert isinstance(answer, Table)
        assert 2 == len(list(answer.cut(2)))


# ---- where it leads ----


def _to(target: str, status: int = 302) -> Callable[[Handler], None]:
    return lambda to: to.head(status, Location=target, Content_Length="0")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("/sparql", "leads on more than 5 times"),
        ("file:///etc/passwd", "no web address"),
        ("ftp://127.0.0.1/x", "no web address"),
        ("https://user:secret@example.org/", "no web address"),
        ("gopher:x", "no web address"),
        ("http://[::1", "no web address"),
        ("", "does not say where"),
    ],
)
def test_bad_redirects_are_not_followed(target: str, said: str, serve: Serve) -> None:
    """Only http and https are followed, and not for ever."""
    with pytest.raises(EndpointRedirect, match=said) as caught:
        ask(serve(_to(target)).url)
    assert "secret" not in str(caught.value)
    assert 3 == caught.value.exit_status


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("text", [ASKED, ASKED + " # " + "long " * 500], ids=["GET", "POST"])
def test_redirects_are_followed(status: int, text: str, serve: Serve) -> None:
    """A service that has moved is asked where it is now; the question goes along."""
    there = serve(lambda to: to.send(GOOD))

    def behave(to: Handler) -> None:
        query = urlsplit(to.path).query
        _to(there.url + (f"?{query}" if query else ""), status)(to)

    if status == 303 and text != ASKED:
        ask_303 = serve(behave)
        ask(ask_303.url, text)
        assert "GET" == asked(there)[0][0]
        return
    assert 1 == len(ask(serve(behave).url, text))
    assert text == asked(there)[0][3]["query"]


def test_a_redirect_is_escaped(serve: Serve) -> None:
    """An address with letters and spaces that no address has is asked as browsers do."""
    there = serve(lambda to: to.send(GOOD))
    assert 1 == len(ask(serve(_to(f"{there.url}?x=\u00c3\u00a9 y")).url))
    assert "/sparql?x=%C3%A9%20y" == there.seen[-1][1]


HEADS = {
    "not HTTP": b"220 mail.example ESMTP\r\n",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "no header": b"HTTP/1.1 200 OK\r\nnothing\r\n\r\n",
    "folded": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
    "many headers": b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 200 + b"\r\n",
    "long header": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    "long status": b"HTTP/1.1 200 " + b"a" * 100_000 + b"\r\n\r\n",
    "many heads": b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_heads_that_are_none(head: bytes, serve: Serve) -> None:
    """What does not begin as HTTP says, or never gets to its answer, is told as such."""

    def behave(to: Handler) -> None:
        to.wfile.write(head)
        to.close_connection = True

    with pytest.raises(EndpointUnreachable, match="does not speak HTTP as it should"):
        ask(serve(behave).url)


def test_what_stands_behind_an_answer_has_an_end(serve: Serve) -> None:
    """Headers after an answer in pieces are read over, and not for ever."""

    def behave(to: Handler) -> None:
        _sends(to, iter([GOOD]))
        to.wfile.write(b"0\r\n" + b"X: a\r\n" * (3 if len(to.server.seen) < 3 else 1_000_000) + b"\r\n")

    server = serve(behave)
    assert 1 == len(ask(server.url))
    with pytest.raises(EndpointAnswer, match="breaks off in the middle"):
        ask(server.url)


def test_a_head_may_be_announced(serve: Serve) -> None:
    """A few heads may come before that of the answer, in any spelling; an older version ends with the connection."""

    def behave(to: Handler) -> None:
        to.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.0 200\r\ncontent-TYPE:" + JSON.encode())
        to.wfile.write(b"\r\n\r\n" + GOOD)
        to.close_connection = True

    assert 1 == len(ask(serve(behave).url))


@pytest.mark.skipif(sys.platform != "linux", reason="only there this machine has further addresses on loopback")
@pytest.mark.parametrize("is_public", [True, False])
def test_no_service_leads_to_another_inside(is_public: bool, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """No redirect to another machine of this network is followed, from wherever and whatever it is called."""
    inside = serve(lambda to: to.send(GOOD), "127.0.0.2")
    outside = serve(_to(inside.url))
    if is_public:
        monkeypatch.setattr(connection.Connection, "is_inward", property(lambda self: self.peer != "127.0.0.1"))
    with pytest.raises(EndpointRedirect, match="which is inside of this network"):
        ask(outside.url)
    assert [] == inside.seen
    assert 1 == len(ask(inside.url))


@pytest.mark.parametrize(
    ("peer", "inward"),
    [
        ("127.0.0.1", True), ("10.1.2.3", True), ("192.168.0.9", True), ("169.254.169.254", True), ("::1", True),
        ("fe80::1%eth0", True), ("fd00::1", True), ("::ffff:10.0.0.1", True), ("100.64.0.1", True), ("0.0.0.1", True),
        ("93.184.215.14", False), ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", False), ("::ffff:93.184.215.14", False),
    ],
)  # fmt: skip
def test_addresses_inside_are_known(peer: str, inward: bool) -> None:
    """Addresses of this machine, of private networks and of links count as inside."""
    found = connection.Connection(Address.parse("http://example.org/"))
    found.peer = peer
    assert inward == found.is_inward


# ---- TLS ----


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1 that nobody vouches for, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not there")
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -keyout key.pem -out cert.pem"
    name = ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command.split(), *name], cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    return both


@contextmanager
def _in_tls(server: Bad, certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.url.replace("http:", "https:")
    finally:
        server.shutdown()
        server.server_close()


def test_tls_is_checked(certificate: Path, monkeypatch: pytest.MonkeyPatch, serve: Serve) -> None:
    """A certificate must be vouched for; one's own counts when it is named; https is never left for http."""
    plain = serve(lambda to: to.send(GOOD))
    with _in_tls(Bad(lambda to: to.send(GOOD)), certificate) as url, pytest.raises(EndpointUnreachable) as caught:
        ask(url)
    assert "cannot prove who it is: self-signed certificate" in caught.value.message.replace(
        "self signed", "self-signed"
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with _in_tls(Bad(lambda to: to.send(GOOD)), certificate) as url:
        assert 1 == len(ask(url))
    with _in_tls(Bad(_to(plain.url)), certificate) as url, pytest.raises(EndpointRedirect, match="leads from https"):
        ask(url)
    assert [] == plain.seen


@pytest.mark.parametrize(
    ("name", "days", "said"),
    [("IP:127.0.0.2", "2", "is not valid for '127.0.0.1'."), ("IP:127.0.0.1", "-1", "certificate has expired.")],
    ids=["of another", "expired"],
)  # fmt: skip
def test_certificates_of_others_and_of_before(
    name: str, days: str, said: str, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate that is vouched for must be that of the service, and hold today."""
    for command in (
        f"openssl req -new -key {certificate} -subj /CN=127.0.0.1 -addext subjectAltName={name} -out ask.csr",
        f"openssl x509 -req -in ask.csr -signkey {certificate} -days {days} -copy_extensions copy -out cert.pem",
    ):
        subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    both = tmp_path / "both.pem"
    key = certificate.read_text(encoding="utf-8").partition("-----BEGIN CERTIFICATE")[0]
    both.write_text(key + (tmp_path / "cert.pem").read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(both))
    with _in_tls(Bad(lambda to: to.send(GOOD)), both) as url, pytest.raises(EndpointUnreachable) as caught:
        ask(url)
    assert caught.value.message.startswith(f"{url} cannot prove who it is: ")
    assert caught.value.message.endswith(said)


def test_tls_where_none_is_spoken(serve: Serve) -> None:
    """An https address of a service that speaks http is told as such."""
    with pytest.raises(EndpointUnreachable, match="cannot be talked to in TLS"):
        ask(serve(lambda to: to.send(GOOD)).url.replace("http:", "https:"))


# ---- nobody there ----


def test_nobody_answers() -> None:
    """A machine without a name, a port without a service and a service that hangs up are told apart."""
    with pytest.raises(EndpointUnreachable, match="no machine of this name"):
        ask("http://nowhere.invalid/sparql")
    with pytest.raises(EndpointUnreachable, match="refuses connections"):
        ask(f"http://127.0.0.1:{free_port()}/sparql")
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        threading.Thread(target=_hang_up, args=(door, 4), daemon=True).start()
        with pytest.raises(EndpointUnreachable, match="breaks off before it answers"):
            ask(f"http://127.0.0.1:{door.getsockname()[1]}/sparql")


def _hang_up(door: socket.socket, times: int) -> None:
    for _ in range(times):
        client, _ = door.accept()
        client.recv(10)
        client.close()


def test_no_proxy_is_asked(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that name a proxy change nothing."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert 1 == len(ask(serve(lambda to: to.send(GOOD)).url))


# ---- addresses and who asks ----


@pytest.mark.parametrize(
    "url",
    [
        "http://user:secret@example.org/sparql", "http://secret@example.org/", "ftp://example.org/secret",
        "file:///secret", "http:///secret", "http://exa mple.org/secret", "http://example.org:secret/", "http://[secret/",
        "http://\x00secret/",
    ],
)  # fmt: skip
def test_bad_addresses_are_refused(url: str) -> None:
    """An address with a password, of another kind or broken is refused, and not repeated."""
    with pytest.raises(StoreAddress) as caught:
        Address.parse(url)
    assert "secret" not in str(caught.value)
    assert 2 == caught.value.exit_status


def test_addresses_are_told_from_folders() -> None:
    """What begins like an address is one; everything else is a folder."""
    assert all(map(is_address, ("http://a", "https://a/b", "ftp://a", "file:///a")))
    assert not any(map(is_address, ("releases/abc", "/srv/x", "C:\\x", "", "http:a")))


def test_parameters_of_an_address_are_sent_and_not_shown(serve: Serve) -> None:
    """What stands behind the question mark goes with each request, and into no message."""
    server = serve(lambda to: to.send(b"no", "text/plain", 500))
    with pytest.raises(EndpointRefused) as caught:
        ask(f"{server.url}?apikey=s3cret&soft-limit=")
    assert all(("s3cret", "") == (values["apikey"], values["soft-limit"]) for *_, values in server.seen)
    assert "s3cret" not in str(caught.value)
    assert str(caught.value).startswith(server.url)


@pytest.mark.parametrize(
    ("environment", "header"),
    [
        ({TOKEN: "t0ken"}, "Bearer t0ken"),
        ({USER: "ann", PASSWORD: "pass wörd"}, "Basic YW5uOnBhc3Mgd8O2cmQ="),
    ],
)
def test_who_asks_is_told_to_the_service_only(
    environment: dict[str, str], header: str, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token or a user goes to the service that was named, and not to another one that it leads to."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    there = serve(lambda to: to.send(GOOD))
    server = serve(_to(there.url))
    assert 1 == len(ask(server.url))
    assert {header} == {headers.get("Authorization") for _, _, headers, _ in server.seen}
    assert {None} == {headers.get("Authorization") for _, _, headers, _ in there.seen}


@pytest.mark.parametrize(
    "environment",
    [
        {TOKEN: "s3cret", USER: "ann"}, {TOKEN: "s3c\nret"}, {TOKEN: "s3c ret"}, {USER: "s3cret:x"},
        {USER: "ann", PASSWORD: "s3c\nret"},
    ],
)  # fmt: skip
def test_what_cannot_be_sent_is_not_shown(environment: dict[str, str]) -> None:
    """A token or password that cannot be sent is refused by the name of its variable."""
    with pytest.raises(StoreAddress) as caught:
        Login.from_environment(environment)
    assert "s3c" not in str(caught.value)


def test_secrets_are_in_no_message(serve: Serve) -> None:
    """Neither messages nor traces hold a token or password, whatever fails."""
    server = serve(lambda to: to.send(b"no", "text/plain", 401))
    words = ("--debug", "--store", f"{server.url}?key=s3cret", "stats")
    for environment in ({TOKEN: "s3cret"}, {USER: "ann", PASSWORD: "s3cret"}, {TOKEN: "s3cret\nx"}):
        done = run(*words, **environment)
        assert done.returncode in (2, 3)
        assert "Traceback" in done.stderr
        assert "s3cret" not in done.stderr + done.stdout
    assert "s3cret" not in repr(Login("s3cret", "u", "s3cret")) + repr(Address.parse("http://a/?key=s3cret"))


@pytest.mark.parametrize(
    "environment", [{TOKEN: "t0k+en/x"}, {USER: "ann", PASSWORD: "s3cret wörd"}, {}], ids=["token", "password", "key"]
)
@pytest.mark.parametrize("kind", ["text/plain", "", JSON])
def test_what_a_service_says_again_is_hidden(
    environment: dict[str, str], kind: str, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that shows the request in its error shows neither who asks nor a key of the address."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def behave(to: Handler) -> None:
        heard = to.headers.get("Authorization", "")
        plain = " ".join([*environment.values(), "a key"])
        to.send(
            f"No: {heard} {to.path} {plain}".encode(), kind or heard or "text/x-a+key", 200 if kind == JSON else 500
        )

    server = serve(behave)
    with pytest.raises(Error) as caught:
        ask(f"{server.url}?apikey=a%20key%20of%20mine")
    said = str(caught.value)
    assert said.startswith(server.url)
    for secret in ("t0k", "s3cret", "w%C3%B6rd", "czNjcmV0", "key%20of", "key+of"):
        assert secret not in said


def test_passwords_are_not_sent_in_the_open(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over http, who asks is told to this machine and network only."""
    server = serve(lambda to: to.send(GOOD))
    monkeypatch.setenv(TOKEN, "s3cret")
    monkeypatch.setattr(connection.Connection, "is_inward", property(lambda _: False))
    with pytest.raises(EndpointRefused, match="a password without encryption"):
        ask(server.url)
    assert [] == server.seen


# ---- queries ----


def test_a_syntax_error_has_its_place(serve: Serve) -> None:
    """When an endpoint refuses a query that is no SPARQL, it is said where."""
    server = serve(lambda to: to.send(b"Parse error", "text/plain", 400))
    with pytest.raises(QuerySyntax) as caught:
        ask(server.url, "SELECT ?x\nWHERE { ?x a }")
    assert caught.value.where is not None
    assert 2 == caught.value.where.line


def test_a_store_of_something_else_is_told(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing of the model is, counting says so."""
    classes = [{"class": {"type": "uri", "value": "http://xmlns.com/foaf/0.1/Person"},
                "count": {"type": "literal", "value": "3"}}]  # fmt: skip
    said: list[str] = []
    server = serve(lambda to: to.send(document(classes, ["class", "count"])))
    kg = KnowledgeGraph.open(store=server.url, notify=said.append)
    assert 1 == len(list(kg.statistics()))
    assert [f"{server.url} holds nothing that this model describes: stored queries will find nothing there."] == said


@pytest.mark.slow
def test_what_needs_files_works_on_files(serve: Serve, tmp_path: Path) -> None:
    """Building and checking work on files, whatever store is read; a remote store is left alone."""
    server = serve(lambda to: to.send(GOOD))
    kg = KnowledgeGraph.open(store=server.url)
    assert not kg.check([], profile="core").fails("violation")
    assert kg.build(tmp_path, checked=False).manifest["statements"] > 10_000
    with pytest.raises(NotRemote):
        kg.collection.local  # noqa: B018 - asked for its error
    assert [] == server.seen
    assert kg.release is None
