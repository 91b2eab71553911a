"""The server, beside oxigraph's own and, where it is installed, rdflib-endpoint.

All are processes on loopback, asked by eight connections that are kept open. CPU time is that of all processes of a
server. Under load ours has as many processes as there are cores, as oxigraph's has threads; else it has one. Bombs are
cross products that end at the limit; each is another text.
"""

import importlib.util
import itertools
import os
import random
import re
import selectors
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from benchmarks.measure import COMMAND, Bench, Figure, environment, task

CLIENTS = 8
_LOOKED_UP = 400  # requests for one figure
_MIXED = 1500
_LIMIT = 2  # seconds that an own query may run
_HOST = "127.0.0.1"
_LOOK_UP = """
PREFIX ww: <https://w3id.org/whatworks/ont#>
SELECT ?title ?stage { <IRI> <http://purl.org/dc/terms/title> ?title . OPTIONAL { <IRI> ww:stage ?stage } }
"""
_CONSTRUCT = "CONSTRUCT { ?s ?p ?o } { VALUES ?s { <IRI> } ?s ?p ?o }"
_COUNTING = """
PREFIX ww: <https://w3id.org/whatworks/ont#>
SELECT ?stage (COUNT(?i) AS ?n) { ?i ww:stage ?stage } GROUP BY ?stage ORDER BY DESC(?n)
"""
_BOMB = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
_JSON = "application/sparql-results+json, application/n-triples;q=0.9"


class Server:
    """A server that was started.

    Attributes:
        port: Where it listens.
        path: The path of queries.
    """

    def __init__(self, command: Sequence[str], port: int, path: str, cache: Path | None = None) -> None:
        self.port, self.path = port, path
        null = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdout=null, stderr=null, env=environment(cache))
        begun = time.monotonic()
        while time.monotonic() - begun < 120:
            try:
                socket.create_connection((_HOST, port)).close()
            except OSError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"{command[0]} does not start")

    @property
    def tree(self) -> list[int]:
        """The process and all that it has started."""
        found = [self._process.pid]
        for pid in found:
            with suppress(ProcessLookupError, FileNotFoundError):  # it has ended
                for each in Path(f"/proc/{pid}/task").glob("*/children"):
                    found += map(int, each.read_text().split())
        return found

    @property
    def cpu(self) -> float:
        """Seconds of CPU of all its processes; what those had that have ended is left out."""
        found = 0
        for file in (file for pid in self.tree for file in Path(f"/proc/{pid}/task").glob("*/schedstat")):
            with suppress(ProcessLookupError, FileNotFoundError):  # it has ended
                found += int(file.read_text().split()[0])
        return found / 1e9

    @property
    def memory(self) -> float:
        """Bytes of its own that its processes hold, what several share counted in part for each."""
        found = 0
        for pid in self.tree:
            with suppress(ProcessLookupError, FileNotFoundError):  # it has ended
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
                found += sum(map(int, re.findall(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)))
        return found * 1024.0

    def stop(self) -> None:
        """End it."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def kill(self) -> None:
        """Kill it; those that it has started end by themselves."""
        self._process.kill()
        self._process.wait()


class Load(NamedTuple):
    """What came of requests.

    Attributes:
        seconds: How long each took that was no bomb.
        bombs: How long each bomb took.
        wall: How long all took but the bombs.
        cpu: The CPU time of the server.
        statuses: How often each status came.
    """

    seconds: list[float]
    bombs: list[float]
    wall: float
    cpu: float
    statuses: dict[int, int]

    @property
    def slow(self) -> float:
        """What 99 of 100 requests took at most."""
        return sorted(self.seconds)[int(len(self.seconds) * 0.99)]


class _Connection:
    def __init__(self, port: int, accept: str) -> None:
        self._accept = accept
        self.sock = socket.create_connection((_HOST, port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.got, self.sent, self.path = b"", 0.0, ""

    def send(self, path: str) -> None:
        self.got, self.sent, self.path = b"", time.perf_counter(), path
        self.sock.sendall(f"GET {path} HTTP/1.1\r\nHost: {_HOST}\r\nAccept: {self._accept}\r\n\r\n".encode())

    def status(self) -> int:
        """Return the status when the answer is whole, else 0."""
        self.got += self.sock.recv(1 << 20)
        head, found, body = self.got.partition(b"\r\n\r\n")
        if not found:
            return 0
        length = re.search(rb"(?i)^content-length: (\d+)", head, re.MULTILINE)
        whole = len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n")
        return int(head.split(b" ", 2)[1]) if whole else 0


def load(server: Server, paths: Sequence[str], accept: str = _JSON) -> Load:
    """Send requests over eight connections, each the next when it has its answer, and bombs aside.

    Nobody who sends bombs waits for them, and who does would send the less the longer they take.
    """
    waiting = iter(paths)
    seconds, bombs = list[float](), list[float]()
    statuses: dict[int, int] = {}
    connections = [_Connection(server.port, accept) for _ in range(min(CLIENTS, len(paths)))]
    before, begun, wall = server.cpu, time.perf_counter(), 0.0
    with selectors.DefaultSelector() as ready, ExitStack() as aside:

        def send(path: str, connection: _Connection) -> None:
            ready.register(connection.sock, selectors.EVENT_READ, connection)
            connection.send(path)

        def following(connection: _Connection) -> bool:
            """Send what comes next; say whether there was something."""
            for path in waiting:
                if not _is_bomb(path):
                    connection.send(path)
                    return True
                other = _Connection(server.port, accept)
                aside.callback(other.sock.close)
                send(path, other)
            return False

        for connection in connections:
            send(next(waiting), connection)
        busy = len(connections)
        while busy or len(bombs) < sum(map(_is_bomb, paths)):
            for key, _ in ready.select():
                connection = key.data
                if not (status := connection.status()):
                    continue
                statuses[status] = statuses.get(status, 0) + 1
                took = time.perf_counter() - connection.sent
                if _is_bomb(connection.path):
                    bombs.append(took)
                    ready.unregister(connection.sock)
                else:
                    seconds.append(took)
                    busy -= not following(connection)
            wall = wall if not busy and wall else time.perf_counter() - begun
        # Threads of connections that are closed would no longer be counted.
        found = Load(seconds, bombs, wall, server.cpu - before, statuses)
    for connection in connections:
        connection.sock.close()
    return found


def _is_bomb(path: str) -> bool:
    return quote(_BOMB) in path


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as free:
        free.bind((_HOST, 0))
        return int(free.getsockname()[1])


@contextmanager
def _servers(bench: Bench) -> Iterator[dict[str, Server]]:
    """Start the servers with the same statements: that of a release on disk, and what the peers are given."""
    assert bench.released.release is not None
    folder, ports = bench.released.release.folder, [free_port() for _ in range(4)]
    with ExitStack() as stack:

        def start(command: list[str], port: int, path: str) -> Server:
            server = Server(command, port, path)
            stack.callback(server.stop)
            return server

        ours = [COMMAND, "--project", str(bench.folder), "--store", str(folder), "serve", "--timeout", str(_LIMIT)]
        many = ["--workers", str(len(os.sched_getaffinity(0)))]
        found = {
            "whatworks": start([*ours, "--port", str(ports[0])], ports[0], "/sparql"),
            "as many as cores": start([*ours, *many, "--port", str(ports[3])], ports[3], "/sparql"),
        }
        store = [str(Path(sys.executable).with_name("oxigraph")), "serve", "--union-default-graph"]
        store += ["--location", str(bench.scratch / "oxigraph"), "--timeout-s", str(_LIMIT)]
        found["oxigraph"] = start([*store, "--bind", f"{_HOST}:{ports[1]}"], ports[1], "/query")
        request = urllib.request.Request(
            f"http://{_HOST}:{ports[1]}/store",
            data=bench.dump.read_bytes(),
            method="POST",
            headers={"Content-Type": "application/n-quads"},
        )
        urllib.request.urlopen(request).close()  # noqa: S310 - as above
        if importlib.util.find_spec("rdflib_endpoint") is not None:
            code = (
                "import sys, uvicorn, rdflib; from rdflib_endpoint import SparqlEndpoint\n"
                "graph = rdflib.Dataset(default_union=True); graph.parse(sys.argv[1], format='nquads')\n"
                "uvicorn.run(SparqlEndpoint(graph=graph), port=int(sys.argv[2]), log_level='critical')"
            )
            found["rdflib-endpoint"] = start(
                [sys.executable, "-c", code, str(bench.dump), str(ports[2])], ports[2], "/"
            )
        yield found


def _asking(server: Server, texts: Sequence[str]) -> list[str]:
    return [f"{server.path}?query={quote(text)}" for text in texts]


class _Texts:
    """Queries that nobody asked before, over interventions in turn."""

    def __init__(self, bench: Bench) -> None:
        self._iris = itertools.cycle([str(bench.kg.lookup.intervention(key)) for key in bench.keys])
        self._number = itertools.count()
        self._random = random.Random(7)

    def look_ups(self, count: int) -> list[str]:
        return [self._new(_LOOK_UP) for _ in range(count)]

    def mixed(self, count: int) -> list[str]:
        """Return nine look-ups in ten, descriptions, and one count in a hundred."""
        kinds = self._random.choices([_LOOK_UP, _CONSTRUCT, _COUNTING], [90, 9, 1], k=count)
        return [self._new(kind) for kind in kinds]

    def with_bombs(self, count: int) -> list[str]:
        """Return the same with a bomb for each hundred."""
        found, first = self.mixed(count), min(50, count // 2)
        found[first::100] = [self._new(_BOMB) for _ in found[first::100]]
        return found

    def _new(self, text: str) -> str:
        return f"{text.replace('IRI', next(self._iris))} # {next(self._number)}"


@task("serve")
def _serve(bench: Bench) -> Iterator[Figure]:
    if not Path("/proc/self/schedstat").exists():
        raise RuntimeError("The task `serve` reads CPU times as Linux shows them.")
    texts = _Texts(bench)
    with _servers(bench) as servers:
        yield from _looked_up(bench, servers, texts)
        yield from _under_load(bench, servers, texts)


def _looked_up(bench: Bench, servers: dict[str, Server], texts: _Texts) -> Iterator[Figure]:
    """Yield CPU times of look-ups."""
    ours, peer = servers["whatworks"], servers["oxigraph"]
    count = max(CLIENTS, min(_LOOKED_UP, bench.size))

    def each(server: Server, paths: Sequence[str]) -> float:
        found = load(server, paths)
        if set(found.statuses) != {200}:
            raise RuntimeError(f"{server.path} answers {found.statuses}")
        return found.cpu / len(paths)

    def new(server: Server) -> float:
        return each(server, _asking(server, texts.look_ups(count)))

    name = "oxigraph's server"
    yield Figure(
        "/sparql, a look-up asked first", name, "ms", bench.compare(lambda: new(ours), lambda: new(peer)), "ratio ≤ 2"
    )
    kept = texts.look_ups(count)
    again = bench.compare(lambda: each(ours, _asking(ours, kept)), lambda: each(peer, _asking(peer, kept)))
    yield Figure("/sparql, the same look-ups again", name, "ms", again, "ratio ≤ 0.2")
    if (other := servers.get("rdflib-endpoint")) is not None:
        yield Figure("rdflib-endpoint, a look-up", name, "ms", bench.compare(lambda: new(other), lambda: new(peer)))
    query, numbers = bench.kg.catalogue.get("success-factors"), itertools.count(1000)
    stored = [bench.kg.sparql_of(query, {"intervention": [key]}) for key in bench.keys] * (
        count // len(bench.keys) or 1
    )

    def stored_new() -> float:
        limit = next(numbers)
        paths = (f"/api/queries/success-factors?intervention={key}&limit=" for key in bench.keys)
        return each(
            ours, [f"{path}{limit + turn * 1000}" for path in paths for turn in range(len(stored) // len(bench.keys))]
        )

    runs = bench.compare(stored_new, lambda: each(peer, _asking(peer, stored)))
    yield Figure("stored query success-factors of one, asked first", f"{name}, its text", "ms", runs, "ratio ≤ 1.5")


def _under_load(bench: Bench, servers: dict[str, Server], texts: _Texts) -> Iterator[Figure]:
    """Yield how long a request takes when eight clients ask, without bombs and with them, and what stays in memory."""
    ours, peer = servers["as many as cores"], servers["oxigraph"]
    count = max(CLIENTS, min(_MIXED, bench.size * 2))

    work: dict[str, list[float]] = {ours.path: [], peer.path: []}

    def mean(server: Server, asked: Sequence[str]) -> float:
        found = load(server, _asking(server, asked))
        work[server.path].append(found.cpu / len(asked))
        return found.wall / len(asked)

    plain = bench.compare(lambda: mean(ours, texts.mixed(count)), lambda: mean(peer, texts.mixed(count)))
    yield Figure("8 clients, mixed, time for each request", "oxigraph's server", "ms", plain, "ratio ≤ 1.43")
    both = list(zip(work[ours.path], work[peer.path], strict=True))[-len(plain) :]
    yield Figure("the same, CPU for each request", "oxigraph's server", "ms", both)
    before = ours.memory
    bombed, slow, bombs = list[tuple[float, float]](), list[tuple[float, float]](), list[tuple[float, float]]()
    for mine, _ in plain:
        found = load(ours, _asking(ours, texts.with_bombs(count)))
        bombed.append((found.wall / count, mine))
        slow.append((found.slow, 0.25))
        bombs.append((max(found.bombs), _LIMIT + 2.0))
        # All come from one address, of which only so many may wait: 429 is what some of the bombs are told.
        if set(found.statuses) - {200, 429, 503}:
            raise RuntimeError(f"bombs are answered {found.statuses}")
    time.sleep(10)
    yield Figure("the same with 1 % of bombs", "ours without bombs", "ms", bombed, "ratio ≤ 1.67")
    yield Figure("99 % of the others take at most", "a quarter of a second", "ms", slow, "ratio ≤ 1")
    yield Figure("a bomb is answered after at most", "its limit and 2 s", "s", bombs, "ratio ≤ 1")
    yield Figure("memory ten seconds later", "memory before the bombs", "MiB", [(ours.memory, before)], "ratio ≤ 1.2")
