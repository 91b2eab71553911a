"""A process apart that answers queries, so that a query can be stopped: the engine has no way to cancel one.

Both sides speak in frames on the child's standard input and output: four bytes of length, then as many bytes. A request
is JSON; an answer is a frame of JSON, then frames of rows (SPARQL TSV) or statements (N-Triples) until an empty frame.
"""

import io
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import pyoxigraph as ox

from whatworks import errors
from whatworks.errors import Error, Place, QueryStopped
from whatworks.results import Answer, Boolean, Row, Table, Triples
from whatworks.rows import ROW_WRITERS
from whatworks.store.convert import RESULT_FORMATS, from_engine, triple_from_engine
from whatworks.store.disk import open_store
from whatworks.store.embedded import EmbeddedStore, told
from whatworks.store.protocol import Dataset, Limits, Written
from whatworks.store.syntax import engine_format
from whatworks.terms import Iri, Triple

_CHUNK = 1 << 16


# ---- the side that asks ----


class Worker:
    """Answers queries in a process of its own, which is started when it is first needed and again after it was stopped.

    One thread asks it at a time.

    Args:
        store: The store that is asked: its folder is opened there, or its statements are handed over.
        limits: What a query may cost.
    """

    def __init__(self, store: EmbeddedStore, limits: Limits) -> None:
        self._store = store
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._frames: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def query(self, text: str, *, standalone: bool = False) -> Answer:
        """Answer a query within the limits.

        Raises:
            QueryStopped: It took too long or too much memory; the next query is answered as usual.
            QuerySyntax, QueryRefused: As the store says.
        """
        return _answer(*self._asked({"text": text, "standalone": standalone}))

    def write(self, text: str, format: str, dataset: Dataset | None = None) -> Written:
        """Answer a query within the limits, in a format, which is written in the process as well.

        Args:
            text: The query.
            format: For rows json, xml, csv or tsv; for statements turtle, ntriples, rdfxml, trig or jsonld.
            dataset: The graphs that it sees, instead of those that it names.

        Raises:
            QueryStopped, QuerySyntax, QueryRefused: As those of `query`.
        """
        head, body = self._asked({"text": text, "format": format, "dataset": dataset})
        return Written(Boolean(head["value"]).write(format) if head["form"] == "ASK" else body, head["note"])

    def start(self) -> None:
        """Start the process now, if there is none."""
        if not self.is_running:
            self._start()

    @property
    def is_running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None and self._process.poll() is None

    def _asked(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        self.start()
        limits = self._limits
        deadline = time.monotonic() + limits.seconds if limits.seconds is not None else None
        self._send(json.dumps({**request, "rows": limits.rows, "bytes": limits.bytes}).encode())
        head = json.loads(self._frame(deadline))
        body = b"".join(iter(lambda: self._frame(deadline), b""))
        if "error" in head:
            kind = getattr(errors, head["error"])
            raise kind(head["message"], hint=head["hint"], where=Place(*head["where"]) if head["where"] else None)
        return head, body

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):  # what could not be written any more
                        pipe.close()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> None:
        self.close()
        command = [sys.executable, "-I", "-c", "from whatworks.store.worker import serve; serve()"]
        pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nowhere)  # noqa: S603 - ourselves
        self._frames = queue.SimpleQueue()
        threading.Thread(target=_receive, args=(self._process.stdout, self._frames), daemon=True).start()
        folder = self._store.folder
        opened = {
            "folder": str(folder.absolute()) if folder is not None else None,
            "prefixes": self._store.prefixes,
            "megabytes": self._limits.megabytes,
        }
        self._send(json.dumps(opened).encode())
        if folder is None:
            self._send(self._store.nquads())
        self._frame(None)

    def _send(self, content: bytes) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(BrokenPipeError):  # it ended; the frame that does not come says so
                _write(self._process.stdin, content)

    def _frame(self, deadline: float | None) -> bytes:
        try:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            frame = self._frames.get(timeout=left)
        except queue.Empty:
            self.close()
            raise QueryStopped(
                f"The query was stopped after {self._limits.seconds:g} seconds.",
                hint="Ask for less, or give it more time with --timeout.",
            ) from None
        if frame is None:
            self.close()
            raise QueryStopped(
                "The process that answers ended, most likely because the query took too much memory.",
                hint="Ask for less, or allow more memory with --memory.",
            )
        return frame


def _receive(pipe: IO[bytes], frames: "queue.SimpleQueue[bytes | None]") -> None:
    """Put the frames of a pipe into a queue, and None when it ends."""
    with suppress(OSError, ValueError):  # closed while it was read
        for frame in _read(pipe):
            frames.put(frame)
    frames.put(None)


def _answer(head: dict[str, Any], body: bytes) -> Answer:
    if head["form"] == "ASK":
        return Boolean(head["value"])
    note = head["note"]
    if head["form"] == "SELECT":
        found = ox.parse_query_results(body, format=ox.QueryResultsFormat.TSV)
        assert isinstance(found, ox.QuerySolutions)  # noqa: S101 - TSV holds nothing else
        return Table(tuple(each.value for each in found.variables), _rows(found), note=note)
    return Triples(_triples(body), note=note)


def _rows(found: ox.QuerySolutions) -> Iterator[Row]:
    for solution in found:
        yield tuple(None if term is None else from_engine(term) for term in solution)


def _triples(body: bytes) -> Iterator[Triple]:
    for quad in ox.parse(body, format=ox.RdfFormat.N_TRIPLES):
        yield triple_from_engine(quad.triple)


# ---- the side that answers ----


def serve() -> None:
    """Answer what comes on standard input until it ends; then end at once, even in the middle of a query."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_take, args=(requests,), daemon=True).start()
    opened = json.loads(requests.get())
    if opened["megabytes"] is not None:
        _limit_memory(opened["megabytes"])
    if opened["folder"] is not None:
        store = open_store(Path(opened["folder"]), opened["prefixes"])
    else:
        store = EmbeddedStore(opened["prefixes"])
        store.engine.load(requests.get(), format=ox.RdfFormat.N_QUADS)
    _write(answers, b"{}")
    while True:
        request = json.loads(requests.get())
        try:
            graphs = request.get("dataset")
            dataset = Dataset(*(tuple(map(Iri, each)) for each in graphs)) if graphs is not None else None
            found = store.raw(request["text"], standalone=request.get("standalone", False), dataset=dataset)
            _respond(found, request, opened["prefixes"], answers)
        except Error as error:
            told = {"error": type(error).__name__, "message": error.message, "hint": error.hint, "where": error.where}
            _write(answers, json.dumps(told).encode())
            _write(answers, b"")


def _take(requests: "queue.SimpleQueue[bytes]") -> None:
    for frame in _read(sys.stdin.buffer):
        requests.put(frame)
    os._exit(0)


def _limit_memory(megabytes: int) -> None:
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - is not there on Windows

        resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20, megabytes << 20))


class _Enough(Exception):
    """So many lines were asked for."""


class _Lines(io.BytesIO):
    """Takes the lines of an answer; one more than the limit, or too many bytes, end the writing."""

    def __init__(self, limit: int | None, most: int | None) -> None:
        super().__init__()
        self._left, self._most = limit, most
        self.cut = False

    def write(self, content: Any) -> int:
        """Take some lines."""
        taken = bytes(content)
        if self.cut:  # the engine hands over once more what it could not write
            return len(taken)
        if self._left is not None:
            count = taken.count(b"\n")
            if count > self._left:
                super().write(b"".join(taken.splitlines(keepends=True)[: self._left]))
                self.cut = True
                raise _Enough
            self._left -= count
        if self._most is not None and self.tell() + len(taken) > self._most:
            super().write(taken[: self._most - self.tell()])
            self.cut = True
            raise _Enough
        return super().write(taken)

    def whole(self) -> bytes:
        """Return the lines that are whole."""
        content = self.getvalue()
        return content[: content.rfind(b"\n") + 1] if self.cut else content


def _respond(
    found: ox.QuerySolutions | ox.QueryTriples | ox.QueryBoolean,
    request: dict[str, Any],
    prefixes: dict[str, str] | None,
    answers: IO[bytes],
) -> None:
    head: dict[str, Any] = {"note": ""}
    content = b""
    if isinstance(found, ox.QueryBoolean):
        head |= {"form": "ASK", "value": bool(found)}
    else:
        solutions = isinstance(found, ox.QuerySolutions)
        limit = request["rows"]
        lines = _Lines(None if limit is None else limit + solutions, request.get("bytes"))
        with suppress(_Enough), told():
            if isinstance(found, ox.QuerySolutions):
                found.serialize(lines, format=ox.QueryResultsFormat.TSV)
            else:
                found.serialize(lines, format=ox.RdfFormat.N_TRIPLES)
        content = lines.whole()
        if lines.cut:
            count = content.count(b"\n") - solutions
            head["note"] = f"Only the first {count} {'rows' if solutions else 'statements'} are given; there are more."
        if "format" in request:
            write = _written_rows if solutions else _written_triples
            content = write(content, request["format"], prefixes or {})
        head["form"] = "SELECT" if solutions else "CONSTRUCT"
    _write(answers, json.dumps(head).encode())
    for start in range(0, len(content), _CHUNK):
        _write(answers, content[start : start + _CHUNK])
    _write(answers, b"")


def _written_rows(lines: bytes, format: str, _: dict[str, str]) -> bytes:
    if format == "tsv":
        return lines
    found = ox.parse_query_results(lines, format=ox.QueryResultsFormat.TSV)
    assert isinstance(found, ox.QuerySolutions)  # noqa: S101 - TSV holds nothing else
    if format == "csv":  # the engine leaves an IRI with a comma unquoted
        return ROW_WRITERS[format](tuple(each.value for each in found.variables), _rows(found))
    return found.serialize(format=RESULT_FORMATS[format]) or b""


def _written_triples(lines: bytes, format: str, prefixes: dict[str, str]) -> bytes:
    if format == "ntriples":
        return lines
    triples = (quad.triple for quad in ox.parse(lines, format=ox.RdfFormat.N_TRIPLES))
    return ox.serialize(triples, format=engine_format(format), prefixes=prefixes) or b""


# ---- both ----


def _read(pipe: IO[bytes]) -> Iterator[bytes]:
    """Yield the frames that come; one that is not whole ends it."""
    while len(size := pipe.read(4)) == 4:
        length = int.from_bytes(size, "big")
        content = pipe.read(length)
        if len(content) < length:
            return
        yield content


def _write(pipe: IO[bytes], content: bytes) -> None:
    pipe.write(len(content).to_bytes(4, "big") + content)
    pipe.flush()
