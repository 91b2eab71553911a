"""A server within the process, and one that is started, for the tests of the server."""

import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from starlette.testclient import TestClient

from tests.conftest import ROOT
from whatworks import KnowledgeGraph
from whatworks.server.app import make_app
from whatworks.server.served import Site
from whatworks.store import Limits

LIMITS = Limits(seconds=10, rows=1000, megabytes=512, bytes=1 << 20)


@contextmanager
def asked(kg: KnowledgeGraph, limits: Limits = LIMITS, *, workers: int = 2, waiting: int = 16) -> Iterator[TestClient]:
    """Serve a collection within the process."""
    site = Site(lambda: kg, limits, workers=workers, waiting=waiting, follows=False)
    with TestClient(make_app(site), follow_redirects=False, raise_server_exceptions=False) as client:
        client.headers.pop("accept")
        yield client


@contextmanager
def started(*options: str, folder: Path = ROOT, before: Sequence[str] = ()) -> Iterator[tuple[str, int]]:
    """Start a server on a free port; yield its address and its process, and end it with SIGTERM, which must go well.

    It has a session of its own, as a service has: in that of busy tests, processes of low priority would hardly run.
    """
    command = [sys.executable, "-m", "whatworks", *before, "serve", "--port", "0", *options]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stderr is not None
    said = []
    reader = threading.Thread(target=process.stderr.read, daemon=True)
    try:
        for line in process.stderr:
            said.append(line)
            if match := re.search(r"^Serving \S+ at (http://\S+)/$", line):
                address = match[1]
                break
        else:
            raise AssertionError("".join(said))
        reader.start()
        yield address, process.pid
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        if reader.ident is not None:
            reader.join()
        process.stderr.close()
