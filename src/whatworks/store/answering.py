"""The side that answers queries in a process apart; `worker` has the side that asks, and says how both speak."""

import io
import json
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import pyoxigraph as ox

from whatworks.errors import Error
from whatworks.results import Row
from whatworks.rows import write_rows
from whatworks.store.convert import RESULT_FORMATS, row_from_engine
from whatworks.store.disk import open_store
from whatworks.store.embedded import EmbeddedStore, told
from whatworks.store.protocol import Dataset
from whatworks.store.syntax import engine_format
from whatworks.terms import Iri

_CHUNK = 1 << 16


def serve() -> None:
    """Answer what comes on standard input until it ends; then end at once, even in the middle of a query."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_take, args=(requests,), daemon=True).start()
    answer(json.loads(requests.get()), None, requests.get, answers)


def _take(requests: "queue.SimpleQueue[bytes]") -> None:
    for frame in read_frames(sys.stdin.buffer):
        requests.put(frame)
    os._exit(0)


def opened_store(opened: dict[str, Any], next_frame: Callable[[], bytes]) -> EmbeddedStore:
    """Return the store that is asked for: the one in a folder, or one in memory, whose statements come as a frame."""
    if opened["folder"] is not None:
        return open_store(Path(opened["folder"]), opened["prefixes"])
    store = EmbeddedStore(opened["prefixes"])
    store.engine.load(next_frame(), format=ox.RdfFormat.N_QUADS)
    return store


def answer(
    opened: dict[str, Any], store: EmbeddedStore | None, next_frame: Callable[[], bytes], answers: IO[bytes]
) -> None:
    """Answer one request after the other; the number of this process comes first.

    Args:
        opened: What was said at the start.
        store: The store, if it was opened before.
        next_frame: Waits for the next request.
        answers: Where answers go.
    """
    if opened["megabytes"] is not None:
        _limit_memory(opened["megabytes"])
    store = opened_store(opened, next_frame) if store is None else store
    write_frame(answers, json.dumps({"pid": os.getpid()}).encode())
    answers.flush()
    while True:
        request = json.loads(next_frame())
        try:
            graphs = request.get("dataset")
            dataset = Dataset(*(tuple(map(Iri, each)) for each in graphs)) if graphs is not None else None
            found = store.raw(request["text"], standalone=request.get("standalone", False), dataset=dataset)
            _respond(found, request, opened["prefixes"], answers)
        except Error as error:
            said = {"error": type(error).__name__, "message": error.message, "hint": error.hint, "where": error.where}
            write_frame(answers, json.dumps(said).encode())
            write_frame(answers, b"")
        answers.flush()


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
        with suppress(_Enough), told:
            if isinstance(found, ox.QuerySolutions):
                found.serialize(lines, format=ox.QueryResultsFormat.TSV)
            else:
                found.serialize(lines, format=ox.RdfFormat.N_TRIPLES)
        content = lines.whole()
        if lines.cut:
            count = content.count(b"\n") - solutions
            head["note"] = f"Only the first {count} {'rows' if solutions else 'statements'} are given; there are more."
        if "format" in request:
            content = formatted(content, request["format"], prefixes, rows=solutions)
        head["form"] = "SELECT" if solutions else "CONSTRUCT"
    write_frame(answers, json.dumps(head).encode())
    for start in range(0, len(content), _CHUNK):
        write_frame(answers, content[start : start + _CHUNK])
    write_frame(answers, b"")


def formatted(lines: bytes, format: str, prefixes: Mapping[str, str] | None, *, rows: bool) -> bytes:
    """Return an answer in a format.

    Args:
        lines: Its rows in SPARQL TSV, or its statements in N-Triples.
        format: The name of the format.
        prefixes: What may be used in the format.
        rows: Whether these are rows.
    """
    return _written_rows(lines, format) if rows else _written_triples(lines, format, dict(prefixes or {}))


def _written_rows(lines: bytes, format: str) -> bytes:
    if format == "tsv":
        return lines
    found = ox.parse_query_results(lines, format=ox.QueryResultsFormat.TSV)
    assert isinstance(found, ox.QuerySolutions)  # noqa: S101 - TSV holds nothing else
    if format == "csv":  # the engine leaves an IRI with a comma unquoted
        return write_rows(format, tuple(each.value for each in found.variables), rows_of(found))
    return found.serialize(format=RESULT_FORMATS[format]) or b""


def _written_triples(lines: bytes, format: str, prefixes: dict[str, str]) -> bytes:
    if format == "ntriples":
        return lines
    if len(lines) < _CHUNK:  # in a short answer few occur, and all of them may be longer than it
        prefixes = {name: iri for name, iri in prefixes.items() if f"<{iri}".encode() in lines}
    triples = (quad.triple for quad in ox.parse(lines, format=ox.RdfFormat.N_TRIPLES))
    return ox.serialize(triples, format=engine_format(format), prefixes=prefixes) or b""


def rows_of(found: ox.QuerySolutions) -> Iterator[Row]:
    """Return the rows of an answer of the engine."""
    return map(row_from_engine, found)


# ---- frames, for both sides ----


def read_frames(pipe: IO[bytes]) -> Iterator[bytes]:
    """Yield the frames that come; one that is not whole ends it."""
    while len(size := pipe.read(4)) == 4:
        length = int.from_bytes(size, "big")
        content = pipe.read(length)
        if len(content) < length:
            return
        yield content


def write_frame(pipe: IO[bytes], content: bytes) -> None:
    """Write a frame; nothing is flushed."""
    pipe.write(len(content).to_bytes(4, "big") + content)
