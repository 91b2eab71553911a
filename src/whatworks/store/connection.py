"""HTTP connections whose waits all count towards one limit, and answers that are read as they arrive."""

import io
import select
import socket
import ssl
import time
from collections.abc import Callable
from functools import lru_cache
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import IPv6Address, ip_address
from typing import Any

from whatworks.errors import EndpointAnswer, EndpointTimeout

_CONNECTING = 10.0  # so many seconds may pass until a connection stands
_RESTS = 30.0  # so many seconds a connection may rest until it is used again
_BUFFER = 1 << 16
_NEARLY = 1.02  # a limit that is so much too long is left


class Patience:
    """The seconds that may be spent waiting for a service. What the reader of an answer takes does not count."""

    def __init__(self, seconds: float) -> None:
        self.seconds = self.left = seconds

    def waiting(self, sock: socket.socket | None = None, most: float | None = None) -> "_Wait":
        """Count the time of a wait; `most` is the limit of this one.

        Raises:
            TimeoutError: Nothing is left.
        """
        if self.left <= 0:
            raise TimeoutError
        limit = self.left if most is None else min(self.left, most)
        if sock is not None and not limit <= (sock.gettimeout() or 0) <= _NEARLY * limit:
            sock.settimeout(limit)  # each time a call to the system
        return _Wait(self, limit)


class _Wait:
    """A wait of a patience; gives its limit."""

    def __init__(self, patience: Patience, limit: float) -> None:
        self._patience, self._limit = patience, limit

    def __enter__(self) -> float:
        self._begun = time.monotonic()
        return self._limit

    def __exit__(self, *_: object) -> None:
        self._patience.left -= time.monotonic() - self._begun


class _Arrivals(io.RawIOBase):
    """What arrives at a socket."""

    def __init__(self, sock: socket.socket, connection: "_Patient") -> None:
        self._sock, self._connection = sock, connection
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        with self._connection.patience.waiting(self._sock):
            return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Socket:
    """A socket as http.client needs it, whose waits count."""

    def __init__(self, sock: socket.socket, connection: "_Patient") -> None:
        self._sock, self._connection = sock, connection

    def makefile(self, *_: Any) -> io.BufferedReader:
        return io.BufferedReader(_Arrivals(self._sock, self._connection), _BUFFER)

    def sendall(self, data: Any) -> None:
        with self._connection.patience.waiting(self._sock):
            self._sock.sendall(data)

    def fileno(self) -> int:
        return self._sock.fileno()

    def close(self) -> None:
        self._sock.close()


class _Patient(HTTPConnection):
    """A connection that asks its patience before each wait."""

    patience: Patience
    peer = ""
    rests_since = 0.0

    def connect(self) -> None:
        with self.patience.waiting(most=_CONNECTING) as limit:
            self.timeout = limit
            super().connect()
        self.peer = self.sock.getpeername()[0]
        self.sock = _Socket(self.sock, self)

    def can_go_on(self) -> bool:
        """Say whether a connection that rested can be used: nothing came in the meantime, not even its end."""
        if time.monotonic() - self.rests_since > _RESTS or self.sock is None:
            return False
        return not select.select([self.sock], [], [], 0)[0]

    @property
    def is_inward(self) -> bool:
        """Whether the other end is this machine or one of a private network."""
        return _is_inward(self.peer)


@lru_cache(maxsize=64)
def _is_inward(peer: str) -> bool:
    found = ip_address(peer.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return not found.is_global


class _PatientTls(_Patient, HTTPSConnection):
    """The same with TLS."""


Connection = _Patient


def connection(scheme: str, host: str, port: int) -> Connection:
    """Return a connection that is made when it is first used; no proxy is asked."""
    if scheme == "https":
        return _PatientTls(host, port, context=ssl.create_default_context())
    return _Patient(host, port)


class Reply:
    """The answer of a service: status, headers, and a body that is read as it arrives.

    Args:
        response: The response, of which the head was read.
        patience: What is left of the time.
        name: What the service is called in messages.
        largest: So many bytes may be read.
        done: Is told at the end whether the connection can be used again.
    """

    def __init__(
        self, response: HTTPResponse, patience: Patience, name: str, largest: int, done: Callable[[bool], None]
    ) -> None:
        self.status = response.status
        self.received = 0
        self._response, self._patience, self._name, self._largest, self._done = response, patience, name, largest, done
        self._open = True

    def header(self, name: str) -> str:
        """Return a header; empty if it is not there."""
        return self._response.getheader(name) or ""

    @property
    def media_type(self) -> str:
        """What the body says that it is, in small letters and without parameters."""
        return self.header("Content-Type").partition(";")[0].strip().lower()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, at most `size`; none at the end.

        Raises:
            EndpointTimeout: The rest does not arrive in time.
            EndpointAnswer: The service breaks off, or sends too much.
        """
        if not self._open:
            return b""
        try:
            block = self._response.read(size if size >= 0 else None)
            missing = self._response.length if not block else None
        except TimeoutError:
            self.close()
            raise too_slow(self._name, self._patience, "to send all of its answer") from None
        except (HTTPException, OSError, ValueError) as error:
            self.received += len(getattr(error, "partial", b""))
            self.close()
            raise broken_off(self._name, self.received) from None
        self.received += len(block)
        if missing:
            self.close()
            raise broken_off(self._name, self.received)
        if self.received > self._largest:
            self.close()
            raise EndpointAnswer(
                f"{self._name} sends more than {self._largest:,} bytes.", hint="Ask for less, in several queries."
            )
        if not block and size:
            self._end(whole=True)
        return block

    def close(self) -> None:
        """Give the connection up, unless the answer was read to its end."""
        self._end(whole=False)

    def _end(self, *, whole: bool) -> None:
        if self._open:
            self._open = False
            reusable = whole and not self._response.will_close
            self._response.close()
            self._done(reusable)


def too_slow(name: str, patience: Patience, doing: str) -> EndpointTimeout:
    """Say that a service takes too long."""
    return EndpointTimeout(
        f"{name} takes more than {patience.seconds:g} seconds {doing}.",
        hint="Wait longer (query and sparql have --timeout SECONDS), or ask for less.",
    )


def broken_off(name: str, received: int) -> EndpointAnswer:
    """Say that a service breaks off."""
    return EndpointAnswer(
        f"{name} breaks off in the middle of its answer, after {received:,} bytes.",
        hint="Ask again; if it stays so, the service stops long answers: ask for less, in several queries.",
    )
