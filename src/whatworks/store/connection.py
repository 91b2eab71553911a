"""HTTP connections whose waits all count towards one limit, and answers that are read as they arrive."""

import io
import re
import select
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from http.client import BadStatusLine, HTTPException, HTTPMessage, HTTPResponse, RemoteDisconnected
from ipaddress import IPv6Address, ip_address
from typing import IO, Any, cast

from whatworks.errors import EndpointAnswer, EndpointTimeout
from whatworks.store.address import Address

_CONNECTING = 10.0  # so many seconds may pass until a connection stands
_RESTS = 30.0  # so many seconds a connection may rest until it is used again
_BUFFER = 1 << 16
_NEARLY = 1.02  # a limit that is so much too long is left
_LINE, _LINES = 1 << 16, 100  # so long may a line of a head be, and so many lines may it have
_HEADS = 10  # so many heads may come before that of the answer
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: ([^\r\n]*))?\r?\n")


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

    def __init__(self, sock: socket.socket, patience: Patience) -> None:
        self._sock, self._patience = sock, patience

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._patience.waiting(self._sock):
            return self._sock.recv_into(buffer)


class Response(HTTPResponse):
    """A response whose head is read line by line: http.client parses it as mail, which takes longer than all else."""

    def begin(self) -> None:
        """Read the status and the headers.

        Raises:
            HTTPException: They are none.
        """
        status, number = 100, 0
        while 100 <= status < 200:  # such a head announces another one
            if (number := number + 1) > _HEADS:
                raise HTTPException("no end of heads that announce another one")
            version, status, self.reason = _status(self.fp)
            found = _headers(self.fp)
        self.code, self.status, self.version = status, status, version
        self.headers = self.msg = found
        self.chunked, self.chunk_left = found.get("Transfer-Encoding", "").lower() == "chunked", None
        length = found.get("Content-Length", "")
        self.length = int(length) if length.isdecimal() and not self.chunked else None
        if status in (204, 304):
            self.length = 0
        kept = found.get("Connection", "keep-alive" if version == 11 else "").lower()
        self.will_close = "keep-alive" not in kept if version == 10 else "close" in kept
        self.will_close |= self.length is None and not self.chunked

    def _read_and_discard_trailer(self) -> None:
        """Read what may stand behind an answer in pieces; http.client would do so without an end."""
        _headers(self.fp)


def _status(lines: IO[bytes]) -> tuple[int, int, str]:
    """Return the version (11 for 1.1), the status and its words."""
    line = lines.readline(_LINE)
    if not line:
        raise RemoteDisconnected("nothing")
    found = _STATUS.fullmatch(line)
    if found is None:
        raise BadStatusLine(repr(line[:80]))
    return 10 + int(found[1]), int(found[2]), (found[3] or b"").decode("iso-8859-1")


def _headers(lines: IO[bytes]) -> HTTPMessage:
    found, number = HTTPMessage(), 0
    while (line := lines.readline(_LINE)) not in (b"\r\n", b"\n", b""):
        name, colon, value = line.decode("iso-8859-1").partition(":")
        if (number := number + 1) > _LINES or not colon or name != name.strip() or line[-1:] != b"\n":
            raise HTTPException("what is no header, or too many")
        found[name] = value.strip()
    return found


def _head(method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    """Return the head of a request; what a service said before may stand in it, and must not end a line."""
    lines = [f"{method} {target} HTTP/1.1", *[f"{name}: {value}" for name, value in headers.items()]]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    if " " in target or not "".join(lines).isprintable():
        raise HTTPException("what cannot be sent")
    return "\r\n".join([*lines, "Accept-Encoding: identity", "", ""]).encode("iso-8859-1", "replace")


class Connection:
    """A connection whose waits count towards the patience of the request that it serves.

    Attributes:
        patience: That of the request.
        peer: The network address at the other end; empty before the connection stands.
        rests_since: Since when it rests.
    """

    patience: Patience

    def __init__(self, address: Address) -> None:
        self._address = address
        self._sock: socket.socket | None = None
        self.peer, self.rests_since = "", 0.0

    def connect(self) -> None:
        """Make the connection; no proxy is asked.

        Raises:
            OSError: It cannot be made.
        """
        to = self._address
        with self.patience.waiting(most=_CONNECTING) as limit:
            self._sock = socket.create_connection((to.host, to.port), limit)
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if to.scheme == "https":
                self._sock = ssl.create_default_context().wrap_socket(self._sock, server_hostname=to.host)
        self.peer = self._sock.getpeername()[0]

    def exchange(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        """Send a request and read the head of the answer.

        Raises:
            OSError, HTTPException: That cannot be done.
        """
        assert self._sock is not None  # noqa: S101 - it was connected before
        sent = _head(method, target, {"Host": self._address.netloc, **headers}, body) + (body or b"")
        with self.patience.waiting(self._sock):
            self._sock.sendall(sent)
        response = Response(cast(socket.socket, self))
        response.begin()
        return response

    def makefile(self, _: str) -> IO[bytes]:
        """Return what arrives, as a response asks for it."""
        assert self._sock is not None  # noqa: S101 - as above
        return io.BufferedReader(_Arrivals(self._sock, self.patience), _BUFFER)

    def can_go_on(self) -> bool:
        """Say whether a connection that rested can be used: nothing came in the meantime, not even its end."""
        if time.monotonic() - self.rests_since > _RESTS or self._sock is None:
            return False
        return not select.select([self._sock], [], [], 0)[0]

    @property
    def is_inward(self) -> bool:
        """Whether the other end is this machine or one of a private network."""
        return is_inward(self.peer)

    def close(self) -> None:
        """Give it up."""
        if self._sock is not None:
            self._sock.close()


@lru_cache(maxsize=64)
def is_inward(peer: str) -> bool:
    """Say whether an address is of this machine or of a private network."""
    found = ip_address(peer.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return not found.is_global


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
        return self._response.headers.get(name, "")

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
