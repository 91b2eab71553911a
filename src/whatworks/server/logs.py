"""The log: a line of JSON for each request and each fault, on standard error. Nothing says who asked, or what for.

Of an address only its route is told, of a query nothing: both may name people.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any


class Log(logging.Formatter):
    """Writes lines; also what uvicorn and Python have to say."""

    def request(self, name: str, release: str, method: str, route: str, status: int, seconds: float) -> None:
        """Tell a request that was answered."""
        told = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 3)}
        self._write({"event": "request", **told, "release": release, "request": name})

    def event(self, event: str, **told: Any) -> None:
        """Tell something else."""
        self._write({"event": event, **told})

    def warning(self, text: str) -> None:
        """Tell what a person should know, in words."""
        self.event("message", level="warning", message=text)

    def format(self, record: logging.LogRecord) -> str:
        """Return what a library says, as a line."""
        told: dict[str, Any] = {"event": "message", "level": record.levelname.lower(), "message": record.getMessage()}
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return self._line(told)

    def _write(self, told: dict[str, Any]) -> None:
        sys.stderr.write(self._line(told) + "\n")

    @staticmethod
    def _line(told: dict[str, Any]) -> str:
        return json.dumps({"time": datetime.now(UTC).isoformat(timespec="milliseconds"), **told}, ensure_ascii=False)


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": Log}},
    "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["lines"], "level": "WARNING"},
}
