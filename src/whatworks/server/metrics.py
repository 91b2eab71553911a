"""Counts what happens, as Prometheus reads it."""

import os
import tempfile

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


_FOLDER = "PROMETHEUS_MULTIPROC_DIR"  # prometheus-client adds up what the processes write there


def add_up() -> tempfile.TemporaryDirectory[str]:
    """Add up the figures of this process and those that it forks, from now on; return the folder where they are."""
    folder = tempfile.TemporaryDirectory(prefix="whatworks-metrics-")
    os.environ[_FOLDER] = folder.name
    values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call] # which it chose when it was imported
    return folder


def gone(pid: int) -> None:
    """Leave out what a process says of now, because it has ended; what it counted stays."""
    mark_process_dead(pid)  # type: ignore[no-untyped-call]


class Metrics:
    """The figures of one server; nothing in them says who asked."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "whatworks_requests", "Requests by route and status.", ["route", "status"], registry=registry
        )
        self._seconds = Histogram("whatworks_request_seconds", "How long requests took.", ["route"], registry=registry)
        self._known: dict[
            tuple[str, int], tuple[Counter, Histogram]
        ] = {}  # to find them anew takes longer than to count
        self._release = Gauge(
            "whatworks_release",
            "The release that is served, by so many processes.",
            ["release"],
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._waiting = Gauge(
            "whatworks_queries_waiting",
            "Own queries that wait for a process.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._stopped = Gauge(
            "whatworks_queries_stopped",
            "Processes that were stopped or died since the release is served.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._named = ""

    def count(self, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        found = self._known.get((route, status))
        if found is None:
            found = self._known[route, status] = self._requests.labels(route, status), self._seconds.labels(route)
        found[0].inc()
        found[1].observe(seconds)

    def note(self, release: str, waiting: int, stopped: int) -> None:
        """Note what holds now."""
        if self._named not in ("", release):
            self._release.labels(self._named).set(0)
        self._named = release
        self._release.labels(release).set(1)
        self._waiting.set(waiting)
        self._stopped.set(stopped)

    def written(self) -> bytes:
        """Return the figures: of this process, or of all that serve at the address."""
        registry = self._registry
        if _FOLDER in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
