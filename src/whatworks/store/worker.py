"""A process apart that answers queries, so that a query can be stopped: the engine has no way to cancel one.

Both sides speak in frames: four bytes of length, then as many bytes. A request is JSON; an answer is a frame of JSON,
then frames of rows (SPARQL TSV) or statements (N-Triples) until an empty frame.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

import pyoxigraph as ox

from whatworks import errors
from whatworks.errors import Error, Place, QueryStopped
from whatworks.results import Answer, Boolean, Table, Triples
from whatworks.store.answering import rows_of
from whatworks.store.convert import triple_from_engine
from whatworks.store.embedded import EmbeddedStore
from whatworks.store.forks import Process, Processes, processes
from whatworks.store.protocol import Limits
from whatworks.terms import Triple


class Worker:
    """Answers queries in a process of its own, which is started when it is first needed.

    From the second query on another one stands ready, so that the query after one that was stopped need not wait.
    One thread asks it at a time.

    Args:
        store: The store that is asked.
        limits: What a query may cost.
        shared: Starts the process, and those of other workers; without it this worker keeps what starts its own, and
            one that stands ready.
    """

    def __init__(self, store: EmbeddedStore, limits: Limits, shared: Processes | None = None) -> None:
        self._limits = limits
        self._processes = processes(store, limits.megabytes) if shared is None else shared
        self._shares = shared is not None
        self._process: Process | None = None
        self._spare: Process | None = None
        self._ready, self._asks_again = False, False

    def query(self, text: str, *, standalone: bool = False) -> Answer:
        """Answer a query within the limits.

        Raises:
            QueryStopped: It took too long or too much memory; the next query is answered as usual.
            QuerySyntax, QueryRefused: As the store says.
        """
        return _answer(*self._asked({"text": text, "standalone": standalone}))

    def start(self) -> None:
        """Start the process now, if there is none, and wait until it is ready."""
        if not self.is_running:
            self.stop()
            spare, self._spare = self._spare, None
            self._process = spare if spare is not None and spare.is_running else self._processes.start()
        if self._process is not None and not self._ready:
            self._process.pid = json.loads(self._frame(self._process, None))["pid"]
            self._ready = True

    @property
    def is_running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None and self._process.is_running

    def _asked(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        self.start()
        process, limits = self._process, self._limits
        assert process is not None  # noqa: S101 - started just now
        deadline = time.monotonic() + limits.seconds if limits.seconds is not None else None
        process.send(json.dumps({**request, "rows": limits.rows, "bytes": limits.bytes}).encode())
        head = json.loads(self._frame(process, deadline))
        body = b"".join(iter(lambda: self._frame(process, deadline), b""))
        if self._asks_again and not self._shares and self._spare is None:
            self._spare = self._processes.start()
        self._asks_again = True
        if "error" in head:
            raise told(head)
        return head, body

    def stop(self) -> None:
        """End the process; the next query starts another."""
        process, self._process, self._ready = self._process, None, False
        if process is not None:
            process.end()

    def close(self) -> None:
        """End the process, the one that stands ready, and what was kept to start another."""
        self.stop()
        spare, self._spare = self._spare, None
        if spare is not None:
            spare.end()
        if not self._shares:
            self._processes.close()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _frame(self, process: Process, deadline: float | None) -> bytes:
        try:
            frame = process.frame(deadline)
        except TimeoutError:
            self.stop()
            raise overtime(self._limits) from None
        if frame is None:
            self.stop()
            raise died()
        return frame


def overtime(limits: Limits) -> QueryStopped:
    """Return the error of a query that took too long."""
    return QueryStopped(
        f"The query was stopped after {limits.seconds:g} seconds.",
        hint="Ask for less, or give it more time with --timeout.",
    )


def died() -> QueryStopped:
    """Return the error of a query whose process ended."""
    return QueryStopped(
        "The process that answers ended, most likely because the query took too much memory.",
        hint="Ask for less, or allow more memory with --memory.",
    )


def told(head: dict[str, Any]) -> Error:
    """Return the error that a process tells."""
    kind: type[Error] = getattr(errors, head["error"])
    return kind(head["message"], hint=head["hint"], where=Place(*head["where"]) if head["where"] else None)


def _answer(head: dict[str, Any], body: bytes) -> Answer:
    if head["form"] == "ASK":
        return Boolean(head["value"])
    note = head["note"]
    if head["form"] == "SELECT":
        found = ox.parse_query_results(body, format=ox.QueryResultsFormat.TSV)
        assert isinstance(found, ox.QuerySolutions)  # noqa: S101 - TSV holds nothing else
        return Table(tuple(each.value for each in found.variables), rows_of(found), note=note)
    return Triples(_triples(body), note=note)


def _triples(body: bytes) -> Iterator[Triple]:
    for quad in ox.parse(body, format=ox.RdfFormat.N_TRIPLES):
        yield triple_from_engine(quad.triple)
