"""Starts the server: uvicorn on one address, until a signal ends it."""

import asyncio
import signal
import socket
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from whatworks.errors import AddressFault
from whatworks.server.app import make_app
from whatworks.server.served import Site

_GRACE = 10  # seconds that open requests have when the server ends
_HEAD_SECONDS = 15  # so long may a client take to send the head of a request


class Patient(H11Protocol):
    """Speaks HTTP, and ends a connection on which the head of a request does not come in time."""

    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take bytes; with a head that is whole the waiting is over."""
        if self._timer is None and self._is_idle:
            self._wait()
        super().data_received(data)
        if not self._is_idle:
            self._done()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the waiting."""
        self._done()
        super().connection_lost(exc)

    @property
    def _is_idle(self) -> bool:
        cycle: Any = self.cycle  # None before the first request, whatever its annotation says
        return cycle is None or bool(cycle.response_complete)

    def _wait(self) -> None:
        self._timer = self.loop.call_later(_HEAD_SECONDS, self._end)

    def _done(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self) -> None:
        if self._is_idle and not self.transport.is_closing():
            self.transport.close()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address.

    Raises:
        AddressFault: It is taken, or none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise AddressFault(
            f"The server cannot listen at {host} port {port}: {error.strerror}.",
            hint="Choose another port with --port, or an address of this machine with --host.",
        ) from error


def run(site: Site, listening: socket.socket) -> None:
    """Serve a site until SIGINT or SIGTERM; open requests are answered first."""
    site.current.warm()
    config = uvicorn.Config(
        make_app(site),
        http=Patient,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=_GRACE,
        limit_concurrency=512,
        lifespan="on",
    )

    def ended(*_: Any) -> None:
        """Do nothing: the server raises the signal again when all is done, and has ended well."""

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, ended)
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        listening.close()
        site.close()
