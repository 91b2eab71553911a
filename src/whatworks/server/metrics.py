"""Counts what happens, as Prometheus reads it."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


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
        self._release = Gauge("whatworks_release", "The release that is served.", ["release"], registry=registry)
        self._waiting = Gauge("whatworks_queries_waiting", "Own queries that wait for a process.", registry=registry)
        self._stopped = Gauge(
            "whatworks_queries_stopped",
            "Processes that were stopped or died since the release is served.",
            registry=registry,
        )

    def count(self, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        found = self._known.get((route, status))
        if found is None:
            found = self._known[route, status] = self._requests.labels(route, status), self._seconds.labels(route)
        found[0].inc()
        found[1].observe(seconds)

    def written(self, release: str, waiting: int, stopped: int) -> bytes:
        """Return the figures."""
        self._release.clear()
        self._release.labels(release).set(1)
        self._waiting.set(waiting)
        self._stopped.set(stopped)
        return generate_latest(self._registry)
