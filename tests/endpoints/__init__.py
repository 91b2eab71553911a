"""SPARQL servers that nobody here wrote, on loopback: Oxigraph, Virtuoso 7 and Comunica.

`python -m tests.endpoints` puts Virtuoso and Comunica into build/servers, where the tests find them; Oxigraph's
server is a package of the environment. What cannot be had on a machine is left out, and the tests of it are skipped
with the reason. Nothing is installed into the system: the Debian package is only unpacked.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
HERE = Path(__file__).parent
BUILD = ROOT / "build" / "servers"
COMUNICA = BUILD / "comunica"
VIRTUOSO = BUILD / "virtuoso"
_PATIENCE = 180  # seconds, for a machine that does much else


class Unavailable(Exception):
    """A server cannot be had on this machine; says why."""


# ---- where they are ----


def comunica_entry(folder: Path) -> Path | None:
    """Return the program of Comunica's server, if it is in a folder."""
    file = folder / "node_modules" / "@comunica" / "query-sparql-file" / "bin" / "http.js"
    return file if file.is_file() else None


def virtuoso_program() -> str | None:
    """Return the server's program, if it can be run."""
    for program in (shutil.which("virtuoso-t"), str(VIRTUOSO / "usr" / "bin" / "virtuoso-t")):
        if program and Path(program).is_file():
            tried = subprocess.run([program, "-?"], capture_output=True, text=True, check=False, env=_environment())
            if "Virtuoso" in tried.stdout + tried.stderr:
                return program
    return None


def _environment() -> dict[str, str]:
    """Return the environment of servers: libraries that were unpacked are found, and Node keeps within bounds."""
    libraries = sorted(str(folder) for folder in VIRTUOSO.glob("usr/lib/*-linux-gnu*"))
    libraries += sorted(str(folder) for folder in VIRTUOSO.glob("lib/*-linux-gnu*"))
    path = os.pathsep.join(filter(None, (*libraries, os.environ.get("LD_LIBRARY_PATH"))))
    own = {"LD_LIBRARY_PATH": path} if libraries else {}
    return {**os.environ, "NODE_OPTIONS": "--max-old-space-size=1500", **own}


# ---- to run them ----


def free_port() -> int:
    """Return a port on loopback that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class Server:
    """A running server.

    Attributes:
        query: The address that queries are sent to.
        graphs: The address of the SPARQL Graph Store Protocol; empty if there is none.
    """

    def __init__(
        self,
        command: list[str],
        query: str,
        graphs: str = "",
        folder: Path | None = None,
        env: dict[str, str] | None = None,
    ) -> None:
        self.query, self.graphs = query, graphs
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=env if env is not None else _environment(),
        )

    def wait(self) -> "Server":
        """Wait until it listens."""
        parts = urllib.parse.urlsplit(self.query)
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", parts.port or 80), 1).close()
            except OSError:
                if self._process.poll() is not None:
                    raise Unavailable(f"it ended with status {self._process.returncode}") from None
                time.sleep(0.1)
            else:
                return self
        raise TimeoutError(self.query)

    def load(self, nquads: bytes, graph: str = "") -> None:
        """Put statements in: of all graphs, or of one, replacing what it held."""
        address = f"{self.graphs}?{urllib.parse.urlencode({'graph': graph})}" if graph else self.graphs
        request = urllib.request.Request(  # noqa: S310 - an address on loopback that we made
            address, data=nquads, method="PUT" if graph else "POST", headers={"Content-Type": "application/n-quads"}
        )
        urllib.request.urlopen(request).close()  # noqa: S310 - as above

    def stop(self) -> None:
        """End it, and what it started."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def oxigraph(*options: str) -> Server:
    """Start an empty Oxigraph server."""
    port = free_port()
    program = str(Path(sys.executable).with_name("oxigraph"))
    address = f"http://127.0.0.1:{port}"
    return Server([program, "serve", "--bind", f"127.0.0.1:{port}", *options], f"{address}/query", f"{address}/store")


def comunica(file: Path) -> Server:
    """Start a Comunica server of a file.

    Raises:
        Unavailable: It is not there.
    """
    entry = comunica_entry(COMUNICA)
    if entry is None:
        raise Unavailable("Comunica is not in build/servers; run: make servers")
    port = free_port()
    options = ["--unionDefaultGraph", "-p", str(port), "-t", "60", "-l", "error"]
    return Server(["node", str(entry), str(file), *options], f"http://127.0.0.1:{port}/sparql")


class Virtuoso(Server):
    """A Virtuoso server with its database in a folder; its SQL door loads and empties it."""

    def __init__(self, folder: Path, *, rows: int = 10000) -> None:
        program = virtuoso_program()
        if program is None:
            raise Unavailable("Virtuoso is not in build/servers; run: make servers")
        self._isql = str(Path(program).with_name("isql-vt"))
        self._sql, http = free_port(), free_port()
        self._folder = folder
        text = (HERE / "virtuoso.ini").read_text(encoding="utf-8").format(sql=self._sql, http=http, rows=rows)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "virtuoso.ini").write_text(text, encoding="utf-8")
        address = f"http://127.0.0.1:{http}"
        super().__init__(
            [program, "+configfile", "virtuoso.ini", "+foreground"],
            f"{address}/sparql",
            f"{address}/sparql-graph-crud-auth",
            folder,
        )

    def do(self, statement: str) -> None:
        """Run a statement of SQL as its administrator."""
        command = [self._isql, f"127.0.0.1:{self._sql}", "dba", "dba", f"exec={statement}"]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=_environment(), timeout=_PATIENCE
        )
        if done.returncode or "*** Error" in done.stdout + done.stderr:
            raise Unavailable(f"isql: {(done.stdout + done.stderr)[-300:]}")

    def load(self, nquads: bytes, graph: str = "") -> None:
        """Put statements in, of all graphs or of one."""
        (self._folder / "data.nq").write_bytes(nquads)
        self.do(f"DB.DBA.TTLP_MT(file_to_string_output('data.nq'), '', '{graph or 'urn:none'}', 512);")

    def clear(self, start: str) -> None:
        """Empty the graphs whose names start like this; row by row, so that no query that still runs is waited for."""
        self.do(f"log_enable(3, 1); DELETE FROM DB.DBA.RDF_QUAD WHERE id_to_iri(G) LIKE '{start}%';")  # noqa: S608 - a name of the tests
