"""A release is loaded into engines that nobody here wrote: whole, again, after a break, and what went wrong is told."""

import hashlib
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyoxigraph as ox
import pytest

from tests.endpoints import Server, Unavailable, Virtuoso, oxigraph
from tests.stored import MAIN, folder_of, opened
from whatworks import KnowledgeGraph, loading
from whatworks.collection import Collection
from whatworks.errors import EndpointRefused, EndpointUnreachable, ImportRefused, StoreAddress
from whatworks.loading import Loaded, Loader, Target
from whatworks.release import Release
from whatworks.results import Table
from whatworks.store import EmbeddedStore, canonical_nquads, graph_parts
from whatworks.store.address import PASSWORD, TOKEN, USER, Address, Login
from whatworks.store.digest import Digest
from whatworks.store.graphs import GraphStore
from whatworks.terms import Iri, Literal

AGENTS = "https://w3id.org/whatworks/graph/agents"


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A release of the collection of the cases."""
    return KnowledgeGraph.open(folder_of(MAIN)).build(tmp_path_factory.mktemp("releases"), checked=False)


@pytest.fixture
def server() -> Iterator[Server]:
    """An empty Oxigraph server."""
    running = oxigraph().wait()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no one be known."""
    for name in (TOKEN, USER, PASSWORD):
        monkeypatch.delenv(name, raising=False)


def load(release: Release, url: str, graphs: str | None = None, *, remove: bool = False) -> Loaded:
    """Load a release into an engine."""
    kg = opened(MAIN)
    described = Collection.described(kg.assets, kg.settings)
    return Loader(release, described, kg.catalogue, Target(url, graphs, 60)).load(remove=remove)


def dump(server: Server) -> bytes:
    """Return all that an Oxigraph server has, as canonical N-Quads."""
    request = urllib.request.Request(server.graphs, headers={"Accept": "application/n-quads"})  # noqa: S310 - loopback
    store = EmbeddedStore()
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
        store.engine.load(answer.read(), format=ox.RdfFormat.N_QUADS)
    return canonical_nquads(store)


def test_a_release_is_loaded_whole_and_once(release: Release, server: Server) -> None:
    """The engine has the statements of the release, blank nodes included; a second load finds nothing to send."""
    first = load(release, server.query)
    assert first.is_whole
    assert (first.graphs, release.manifest["statements"]) == (first.sent, first.statements)
    assert (release.folder / "dump.nq").read_bytes() == dump(server)
    again = load(release, server.query)
    assert again.is_whole
    assert 0 == again.sent


def test_large_graphs_are_sent_in_parts(release: Release, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A graph may come in several requests; its blank nodes stay what they are."""
    monkeypatch.setattr(loading, "_PART", 5000)
    assert load(release, server.query).is_whole
    assert (release.folder / "dump.nq").read_bytes() == dump(server)


@pytest.mark.slow
def test_virtuoso_takes_a_release(
    release: Release, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Virtuoso wants a digest of the password, and computes the same checksums, however it keeps numbers and texts."""
    try:
        server = Virtuoso(tmp_path_factory.mktemp("virtuoso"))
        server.wait()
    except Unavailable as reason:
        pytest.skip(str(reason))
    try:
        with pytest.raises(EndpointRefused, match="lets in only whom it knows"):
            load(release, server.query)
        monkeypatch.setenv(USER, "dba")
        monkeypatch.setenv(PASSWORD, "s3cret")
        with pytest.raises(EndpointRefused, match="does not let in WHATWORKS_STORE_USER") as caught:
            load(release, server.query)
        assert "s3cret" not in str(caught.value)
        monkeypatch.setenv(PASSWORD, "dba")
        first = load(release, server.query)
        assert first.is_whole
        assert first.sent == first.graphs
        assert 0 == load(release, server.query).sent
        remote = KnowledgeGraph.open(folder_of(MAIN), store=server.query)
        here, there = opened(MAIN).query("interventions"), remote.query("interventions")
        assert isinstance(here, Table)
        assert isinstance(there, Table)
        assert list(here) == list(there)
        server.do(f"SPARQL DELETE DATA {{ GRAPH <{AGENTS}> {{ {_some_statement(release)} }} }};")
        assert 1 == load(release, server.query).sent
        long = _with_long_decimals(tmp_path_factory.mktemp("long"))
        done = load(long, server.query)
        assert ([], 2, 15) == (done.different, done.shortened, done.places)
        remote = KnowledgeGraph.open(folder_of(MAIN), store=server.query)
        values = remote.sparql("SELECT ?value { ?x ww:pValue ?value FILTER (STRSTARTS(STR(?x), 'https://e.org/')) }")
        assert isinstance(values, Table)
        kept = ["0", "0.123456789012345", "0.123456789012346", "0.5"]
        assert kept == sorted(row[0].value for row in values if isinstance(row[0], Literal))
    finally:
        server.stop()


def _with_long_decimals(folder: Path) -> Release:
    """A release with decimals of fifteen digits after the point, of more, and of more that are zeros."""
    (folder / "data").mkdir()
    (folder / "whatworks.toml").touch()
    numbers = ("0.123456789012345", "0.1234567890123456", "0.00000000000000000001", "0.50000000000000000000")
    lines = [f'<https://e.org/{place}> ww:pValue "{each}"^^xsd:decimal .' for place, each in enumerate(numbers)]
    text = (
        "PREFIX ww: <https://w3id.org/whatworks/ont#>\nPREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"
        f"<https://w3id.org/whatworks/graph/long> {{ {' '.join(lines)} }}\n"
    )
    (folder / "data" / "long.trig").write_text(text, encoding="utf-8")
    return KnowledgeGraph.open(folder).build(folder / "releases", checked=False)


def _some_statement(release: Release) -> str:
    line = next(
        line
        for line in (release.folder / "dump.nq").read_text(encoding="utf-8").splitlines()
        if f"<{AGENTS}>" in line and line.isascii()
    )
    return line.removesuffix(f" <{AGENTS}> .")


# ---- what is there already ----


@pytest.mark.slow
def test_only_what_differs_is_sent(release: Release, server: Server) -> None:
    """A graph in which one statement is missing, or one letter differs, is sent again, and no other."""
    load(release, server.query)
    store = GraphStore(server.graphs, timeout=20)
    kept = next(graph_parts(EmbeddedStore(engine=_engine(release)), Iri(AGENTS), 1 << 20))
    changes = (kept.partition(b"\n")[2], kept.replace(b'"@', b'!"@', 1), kept.replace(b'"@en', b'"@fr', 1))
    assert len({kept, *changes}) == 4
    for changed in changes:
        store.put(Iri(AGENTS), changed)
        assert 1 == load(release, server.query).sent
        assert (release.folder / "dump.nq").read_bytes() == dump(server)


def _engine(release: Release) -> ox.Store:
    store = ox.Store()
    store.bulk_load(path=str(release.folder / "dump.nq"), format=ox.RdfFormat.N_QUADS)
    return store


@pytest.mark.slow
def test_graphs_beyond_the_release_are_told_and_removed_if_asked(release: Release, server: Server) -> None:
    """Graphs of the collection that the release does not have are named; those of others are left alone."""
    load(release, server.query)
    old, foreign = Iri("https://w3id.org/whatworks/graph/record/test/old"), Iri("https://example.org/g")
    store = GraphStore(server.graphs, timeout=20)
    for graph in (old, foreign):
        store.put(graph, b"<https://example.org/a> <https://example.org/b> <https://example.org/c> .\n")
    told = load(release, server.query)
    assert ([old], False) == (told.beyond, told.is_whole)
    done = run(release, server.query)
    assert (1, f"{old} is not in the release") == (done.returncode, done.stdout.splitlines()[0])
    removed = load(release, server.query, remove=True)
    assert ([], 1, True) == (removed.beyond, removed.removed, removed.is_whole)
    assert foreign.encode() in dump(server)


def test_a_node_that_graphs_share_is_refused(server: Server, tmp_path: Path) -> None:
    """A node without an IRI that two graphs speak of would become two."""
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "whatworks.toml").touch()
    text = '<https://example.org/{0}> {{ _:x <http://purl.org/dc/terms/title> "X"@en }}\n'
    (folder / "data" / "d.trig").write_text(text.format("a") + text.format("b"), encoding="utf-8")
    kg = KnowledgeGraph.open(folder)
    release = kg.build(tmp_path / "releases", checked=False)
    with pytest.raises(ImportRefused, match="share the node _:"):
        load(release, server.query)


# ---- on the way ----


class _Between(BaseHTTPRequestHandler):
    """Passes requests on to a graph store until the test has it fail."""

    server: "_Proxy"

    def do_GET(self) -> None:
        """Pass a request on, or fail."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        owner = self.server
        if self.command == "PUT" and owner.left == 0:
            owner.fail(self)
            return
        owner.left -= self.command == "PUT"
        url = owner.target + (f"?{self.path.partition('?')[2]}" if "?" in self.path else "")
        headers = {name: self.headers[name] for name in ("Accept", "Content-Type") if name in self.headers}
        request = urllib.request.Request(url, body or None, headers, method=self.command)  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
                self.reply(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            self.reply(error.code)

    do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815 - the server's names

    def reply(self, status: int, text: bytes = b"") -> None:
        """Send an answer."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, target: str, left: int, status: int | None) -> None:
        super().__init__(("127.0.0.1", 0), _Between)
        self.target, self.left, self._status = target, left, status
        self.url = f"http://127.0.0.1:{self.server_port}/store"

    def fail(self, to: _Between) -> None:
        """Hang up, or answer with a status and do nothing."""
        if self._status is None:
            to.close_connection = True
            to.connection.close()
        else:
            to.reply(self._status, b"no room left")

    def handle_error(self, *_: object) -> None:
        """Let a connection go that was closed."""


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (None, EndpointUnreachable, "breaks off before it answers"),
        (503, EndpointRefused, "is busy or out of order"),
        (507, EndpointRefused, "no room left"),
        (405, EndpointRefused, "status 405"),
    ],
)
def test_a_load_goes_on_where_it_was_stopped(
    status: int | None, error: type[Exception], said: str, release: Release, server: Server
) -> None:
    """An engine that fails in the middle keeps what it has; then the same command sends the rest, and nothing twice."""
    proxy = _Proxy(server.graphs, 10, status)
    threading.Thread(target=proxy.serve_forever, args=(0.02,), daemon=True).start()
    try:
        with pytest.raises(error, match=said) as caught:
            load(release, server.query, proxy.url)
    finally:
        proxy.shutdown()
        proxy.server_close()
    assert "the same command goes on from there" in str(caught.value)
    rest = load(release, server.query)
    assert rest.graphs - 10 == rest.sent
    assert rest.is_whole


def test_a_write_that_is_not_kept_is_found(release: Release, server: Server) -> None:
    """A service that says it has taken graphs and has not is found by the comparison in the end."""
    proxy = _Proxy(server.graphs, 10, 204)
    threading.Thread(target=proxy.serve_forever, args=(0.02,), daemon=True).start()
    try:
        done = run(release, server.query, "--graphs", proxy.url)
    finally:
        proxy.shutdown()
        proxy.server_close()
    assert 1 == done.returncode
    assert "is not there as it should be" in done.stdout
    assert "The endpoint does not have the same." in done.stdout


# ---- the command ----


def run(release: Release, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run the command."""
    command = [sys.executable, "-m", "whatworks", "--project", str(folder_of(MAIN)), "--store", str(release.folder)]
    return subprocess.run([*command, "load", *words], capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.slow
def test_the_command_says_what_it_did(release: Release, server: Server) -> None:
    """The result is one line; a wrong address is told without anything being sent."""
    done = run(release, server.query)
    assert 0 == done.returncode
    assert re.fullmatch(
        r"Release [0-9a-f]{16}: \d+ graphs, [\d,]+ statements; \d+ sent. The endpoint has the same.\n", done.stdout
    )
    for words, status, code in (
        (["http://127.0.0.1:9/elsewhere"], 2, "store-address"),
        (["ftp://127.0.0.1/query"], 2, "store-address"),
        (["http://127.0.0.1:9/query"], 3, "endpoint-unreachable"),
        ([server.query, "--graphs", server.query], 3, "endpoint-refused"),
    ):
        done = run(release, *words)
        assert (status, f"Error [{code}]") == (done.returncode, done.stderr.partition(":")[0])


def test_without_a_release_there_is_nothing_to_load(server: Server) -> None:
    """Files are not loaded: what is at an endpoint should have a name."""
    command = [sys.executable, "-m", "whatworks", "--project", str(folder_of(MAIN)), "load", server.query]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert 2 == done.returncode
    assert "There is no release to load." in done.stderr


@pytest.mark.parametrize(
    ("query", "graphs"),
    [
        ("http://localhost:7878/query", "http://localhost:7878/store"),
        ("https://example.org/sparql", "https://example.org/sparql-graph-crud-auth"),
    ],
)
def test_graph_stores_are_known_by_the_address_of_queries(query: str, graphs: str) -> None:
    """Of Oxigraph and Virtuoso the other address is known; of others it must be said."""
    assert graphs == str(GraphStore.beside(Address.parse(query), timeout=1).address)
    with pytest.raises(StoreAddress, match="takes graphs is not known"):
        GraphStore.beside(Address.parse("https://example.org/repositories/x"), timeout=1)


# ---- who asks ----

_ANN = Login("", "a\"n", "p\u00e4ss")  # fmt: skip


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256", None])
def test_a_digest_is_as_the_standard_says(algorithm: str | None) -> None:
    """Each request has its own digest, of the password, what the service said, a number and what is asked for."""
    named = f", algorithm={algorithm}" if algorithm else ""
    digest = Digest.from_header(f'Digest realm="r, s", nonce="n1", opaque="o", qop="auth,auth-int"{named}', _ANN)
    assert digest is not None
    hashed = hashlib.sha256 if algorithm == "SHA-256" else hashlib.md5
    for number in (1, 2):
        header = digest.header("PUT", "/store?graph=x")
        parts = dict(re.findall(r'(\w+)="?((?:[^",\\]|\\.)*(?:, s)?)"?', header))
        assert (f"{number:08x}", "auth", "o", 'a\\"n') == tuple(parts[k] for k in ("nc", "qop", "opaque", "username"))
        who = hashed('a"n:r, s:päss'.encode()).hexdigest()
        what = hashed(b"PUT:/store?graph=x").hexdigest()
        expected = hashed(f"{who}:n1:{parts['nc']}:{parts['cnonce']}:auth:{what}".encode()).hexdigest()
        assert expected == parts["response"]


@pytest.mark.parametrize(
    "header",
    ["", 'Basic realm="r"', 'Digest realm="r"', 'Digest realm="r", nonce="n", algorithm=NEW',
     'Digest realm="r", nonce="n", qop="auth-int"', "Digest"],
)  # fmt: skip
def test_what_is_no_digest_is_left_alone(header: str) -> None:
    """Of what is not understood, nothing is sent; nor is anything if nobody is known."""
    assert Digest.from_header(header, _ANN) is None
    assert Digest.from_header('Digest realm="r", nonce="n"', Login("t0ken")) is None


# ---- then ----


def test_a_search_uses_the_index_of_the_own_release(release: Release, server: Server, tmp_path: Path) -> None:
    """A remote store is searched with the index of the project's release; nothing is read from there for it."""
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "whatworks.toml").touch()
    (folder / "data" / "c.trig").write_bytes((folder_of(MAIN) / "data" / "collection.trig").read_bytes())
    KnowledgeGraph.open(folder).build(checked=False)
    load(release, server.query)
    near = KnowledgeGraph.open(folder, store=server.query)
    far = KnowledgeGraph.open(folder_of(MAIN), store=server.query)
    found = [list(_table(kg.query("interventions", search="bridges"))) for kg in (near, far)]
    assert found[0]
    assert found[0] == found[1]
    nowhere = KnowledgeGraph.open(folder, store="http://127.0.0.1:9/query")
    assert [hit.thing for hit in far.search("alpha").hits] == [hit.thing for hit in nowhere.search("alpha").hits]


def _table(answer: object) -> Table:
    assert isinstance(answer, Table)
    return answer
