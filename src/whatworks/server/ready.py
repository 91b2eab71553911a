"""Answers as they were sent, head and body, by the request as it came: sent again without asking the application.

Only what has a strong tag is kept, so only what stays the same as long as the release does, and only what depends on
nothing of the request but its address, its host, and the headers Accept and Accept-Encoding.
"""

import re
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from starlette.types import Message, Scope, Send

from whatworks.server.cache import Cache

Key: TypeAlias = tuple[Any, ...]
Headers: TypeAlias = list[tuple[bytes, bytes]]

_MOST = 64 << 20
_SHARE = 16  # an answer larger than this part of it all is not kept
_DEPENDS = {b"accept", b"accept-encoding"}
# Headers by which an answer is another one, of which no two requests are alike, or which would have to be kept secret.
_APART = {b"range", b"if-range", b"if-match", b"if-modified-since", b"if-unmodified-since", b"authorization", b"cookie"}
_APART |= {b"transfer-encoding"}
_STATUS = {200: b"HTTP/1.1 200 OK\r\n", 304: b"HTTP/1.1 304 Not Modified\r\n"}
_SCHEME = b"x-forwarded-proto"
_NO_GZIP = re.compile(rb"(?i)\bgzip\s*;\s*q=0(?:\.0*)?\s*(?:,|$)")
_ABOUT_BODY = (b"content-type", b"content-encoding")
OWN = (b"etag", b"content-length")  # headers that differ from answer to answer of one kind


class Given(NamedTuple):
    """What is read of the headers of a request.

    Attributes:
        key: What an answer depends on; None where none is kept.
        tags: The header If-None-Match.
        name: The header X-Request-ID.
        length: The header Content-Length.
        accept: The header Accept.
        packs: Whether the client takes what is packed.
        hosts: How many headers Host there are.
        has_body: Whether a body comes with it.
    """

    key: Key | None
    tags: bytes
    name: bytes
    length: bytes
    accept: bytes
    packs: bool
    hosts: int
    has_body: bool


def given(scope: Scope) -> Given:
    """Read the headers of a request."""
    found: dict[bytes, bytes] = {}
    hosts, apart = 0, scope["method"] not in ("GET", "HEAD")
    for name, value in scope["headers"]:
        if name in found or name in _APART:
            apart = True
        found[name] = value
        hosts += name == b"host"
    key, get = None, found.get
    accept, encodings = get(b"accept", b""), get(b"accept-encoding", b"")
    packs = b"gzip" in encodings and not _NO_GZIP.search(encodings)
    if hosts and not apart and get(b"content-length", b"0") == b"0":
        # Whether a proxy is believed depends on who it is.
        proxy = (found[_SCHEME], (scope.get("client") or ("",))[0]) if _SCHEME in found else scope["scheme"]
        key = (scope["raw_path"], scope["query_string"], accept, packs, get(b"host", b""), proxy)
    name, length = get(b"x-request-id", b""), get(b"content-length", b"")
    has_body = length not in (b"", b"0") or b"transfer-encoding" in found
    return Given(key, get(b"if-none-match", b""), name, length, accept, packs, hosts, has_body)


class Alike(NamedTuple):
    """The headers that answers of one kind have in common, and the same as HTTP has them."""

    headers: Headers
    lines: bytes

    @classmethod
    def of(cls, headers: Headers) -> "Alike":
        """Return headers without those that belong to one answer."""
        found = [header for header in headers if header[0] not in OWN]
        return cls(found, _lines(found))


class Made(NamedTuple):
    """An answer that was made without the application.

    Attributes:
        route: The route that would have made it.
        alike: The headers that others of its kind have as well, as the route gives them.
        tag: Its entity tag.
        body: Its bytes.
    """

    route: str
    alike: tuple[tuple[bytes, bytes], ...]
    tag: bytes
    body: bytes


class Reply:
    """An answer as it was sent.

    Attributes:
        route: The route that made it.
        tag: Its entity tag.
        body: Its bytes.
    """

    def __init__(self, route: str, alike: Alike, tag: bytes, body: bytes) -> None:
        self.route, self.tag, self.body, self._alike = route, tag, body, alike
        self._head = b"%b%bcontent-length: %d\r\netag: %b\r\n" % (_STATUS[200], alike.lines, len(body), tag)

    @cached_property
    def _unchanged(self) -> Headers:
        """The headers of what a client has already."""
        return [*(each for each in self._alike.headers if each[0] not in _ABOUT_BODY), (b"etag", self.tag)]

    def status(self, tags: bytes) -> int:
        """Return 304 if the tag is one of those of the header If-None-Match, which the client has, else 200."""
        return 304 if tags and is_among(self.tag, tags) else 200

    async def send(self, send: Send, status: int, own: tuple[bytes, bytes]) -> None:
        """Send it, with a header that belongs to this request alone."""
        length = (b"content-length", b"%d" % len(self.body))
        headers = [*self._alike.headers, length, (b"etag", self.tag)] if status == 200 else self._unchanged
        await send({"type": "http.response.start", "status": status, "headers": [*headers, own]})
        await send({"type": "http.response.body", "body": self.body if status == 200 else b""})

    def written(self, status: int, own: bytes, *, only_head: bool) -> bytes:
        """Return it as HTTP/1.1 has it, with header lines that belong to this request alone."""
        body = b"" if only_head or status != 200 else self.body
        head = self._head if status == 200 else _STATUS[304] + _lines(self._unchanged)
        return b"%b%b\r\n%b" % (head, own, body)


class Coming:
    """An answer that is put together while it is sent."""

    def __init__(self, route: str, headers: Headers) -> None:
        self._route, self._headers, self._parts, self._size = route, headers, list[bytes](), 0

    def add(self, part: bytes) -> bool:
        """Take a part of the body; say whether the answer is still small enough to be kept."""
        self._parts.append(part)
        self._size += len(part)
        return self._size <= _MOST // _SHARE

    def whole(self) -> Reply:
        """Return what is sent again, whose length is known, although it may not have been when it was sent."""
        return Reply(self._route, Alike.of(self._headers), dict(self._headers)[b"etag"], b"".join(self._parts))


def _lines(headers: Headers) -> bytes:
    return b"".join([b"%b: %b\r\n" % header for header in headers])


def is_among(tag: bytes, tags: bytes) -> bool:
    """Say whether a tag is one of those of the header If-None-Match."""
    return tags.strip() == b"*" or tag in [each.strip().removeprefix(b"W/") for each in tags.split(b",")]


def can_be_kept(message: Message) -> bool:
    """Say whether an answer, of which this is the head, can be kept."""
    if message["status"] != 200:
        return False
    headers = dict(message["headers"])
    varies = {each.strip().lower() for each in headers.get(b"vary", b"").split(b",")} - {b""}
    return headers.get(b"etag", b"").startswith(b'"') and varies <= _DEPENDS and b"set-cookie" not in headers


class Ready(Cache[Key, Reply]):
    """The answers that are kept."""

    def __init__(self, most: int = _MOST) -> None:
        super().__init__(most, _SHARE)
