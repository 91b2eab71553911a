"""Before and after every request: bounds on what comes in, marks on what goes out, OPTIONS, counting, and the log.

What was answered before, to the same request and of the same release, is answered here.
"""

import asyncio
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeAlias

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from whatworks.errors import Busy, TooLarge
from whatworks.server.cache import Cache
from whatworks.server.logs import Log
from whatworks.server.metrics import Metrics
from whatworks.server.ready import Alike, Coming, Given, Key, Made, Reply, can_be_kept, given
from whatworks.server.replies import problem
from whatworks.server.served import Served, Site

LONGEST_ADDRESS = 32 * 1024
# A query of the greatest length that the gate takes, written as a form with each of its bytes as %XX.
LARGEST_BODY = 4 * 1024 * 1024
LEAST_PACKED = 1000  # what has fewer bytes is not packed
_BODY_SECONDS = 15
# So many bytes of headers are known again, and so many of all.
_LONGEST_KNOWN, _MOST_KNOWN = 8 * 1024, 1 << 20
_MOST_ALIKE = 100  # so many kinds of answers are known by their headers
_AFTER_ADDRESS = b" HTTP/1.1\r\n"
# A first line that all readers of HTTP read alike: a path, and the fields after it.
_PLAIN = re.compile(rb"GET (/(?:[!-\"$-.0->@-~][!-\"$->@-~]*)?)(?:\?([!-\"$-~]*))?")
Straight: TypeAlias = Callable[[Served, bytes, bytes, str], Made | None]
_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_GIVEN = "whatworks.given"  # where a request has what was read of it before the application is asked
_PACKED = b"-gzip"  # what is packed has other bytes, and so another strong tag
_SENT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Location, Content-Location, Retry-After, X-Request-ID, X-Note, "
    "Accept-Ranges, Content-Range",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_RAW = [(name.lower().encode(), value.encode()) for name, value in _SENT.items()]


class Sent(NamedTuple):
    """An answer as HTTP has it.

    Attributes:
        written: Its bytes.
        key: What it is kept under, if its status does not depend on the headers of the request.
    """

    written: bytes
    key: Key | None


class Guard:
    """Stands around the application.

    Args:
        app: The application.
        site: What is served.
        routes: The routes of the application.
        metrics: Counts requests.
        log: Is told each request.
        straight: What may answer a GET without the application, and without waiting for anything: of a release, a
            path, the fields of an address and the header Accept it makes an answer with a strong tag.
    """

    def __init__(
        self,
        app: ASGIApp,
        site: Site,
        routes: Iterable[BaseRoute],
        metrics: Metrics,
        log: Log | None = None,
        straight: Straight | None = None,
    ) -> None:
        self._way = straight
        self._alike: dict[tuple[tuple[bytes, bytes], ...], Alike] = {}
        self._known = Cache[tuple[bytes, str], Key](_MOST_KNOWN)
        self._app, self._site, self._metrics, self._log = app, site, metrics, log
        self._routes = [route for route in routes if isinstance(route, Route)]
        self._paths = {route.endpoint: route.path for route in self._routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, asked, served = time.perf_counter(), scope.get(_GIVEN) or given(scope), self._site.current
        name = _name(asked)
        reply = served.ready.find(asked.key) if asked.key is not None else None
        if reply is not None:
            status, route = reply.status(asked.tags), reply.route
            await reply.send(send, status, (b"x-request-id", name))
        else:
            status, route = await self._answered(scope, receive, send, asked, name)
        self._tell(scope["method"], served, name, route, status, time.perf_counter() - started)

    def at_once(self, scope: Scope, lines: bytes) -> Sent | None:
        """Return what is sent to a request that was answered before, as HTTP has it; None for any other.

        Args:
            scope: The request.
            lines: Headers that are to be sent as well.
        """
        started, served = time.perf_counter(), self._site.current
        asked = scope[_GIVEN] = given(scope)
        if asked.key is None:
            return None
        reply = served.ready.find(asked.key) or self._straight(served, asked.key)
        if reply is None:
            return None
        name, status, method = _name(asked), reply.status(asked.tags), scope["method"]
        own = b"%bx-request-id: %b\r\n" % (lines, name)
        written = reply.written(status, own, only_head=method == "HEAD")
        self._tell(method, served, name, reply.route, status, time.perf_counter() - started)
        return Sent(written, None if asked.tags or asked.name or method == "HEAD" else asked.key)

    async def full(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that comes while as many connections are busy as may be."""
        started, served, asked = time.perf_counter(), self._site.current, given(scope)
        said, name = "As many connections are busy as may be.", _name(asked)
        retry = {"Retry-After": "5"}
        refusal = _closing(problem(503, said, code=Busy.code, headers=retry, hint="Ask again in a while."))
        status, route = await self._answered(scope, receive, send, asked, name, refusal)
        self._tell(scope["method"], served, name, route, status, time.perf_counter() - started)

    def unreadable(self, detail: str, lines: bytes) -> bytes:
        """Return what is sent, as HTTP has it, to what is no request.

        Args:
            detail: What is wrong with it.
            lines: Headers that are to be sent as well.
        """
        name, refusal = _new_name(), _closing(problem(400, detail))
        headers = [*refusal.raw_headers, (b"x-request-id", name)]
        _mark({"status": 400, "headers": headers}, b"")
        sent = b"".join([b"%b: %b\r\n" % header for header in headers])
        self._tell("none", self._site.current, name, "none", 400, 0.0)
        return b"HTTP/1.1 400 Bad Request\r\n%b%b\r\n%b" % (lines, sent, bytes(refusal.body))

    def learn(self, data: bytes, client: str, key: Key) -> None:
        """Note the headers of a request: clients send the same ones again, with another first line.

        Args:
            data: The bytes of the request, and of no other.
            client: Who sent them, as one proxy is believed and another not.
            key: What the answer is kept under.
        """
        headers = data.partition(_AFTER_ADDRESS)[2]
        if len(headers) <= _LONGEST_KNOWN:
            self._known.keep((headers, client), key[2:], len(headers))

    def again(self, data: bytes, client: str, lines: bytes) -> bytes | None:
        """Return what is sent to a request of which the headers are known; None where it has to be read.

        Args:
            data: The bytes.
            client: Who sent them.
            lines: Headers that are to be sent as well.
        """
        started, served = time.perf_counter(), self._site.current
        first, _, headers = data.partition(_AFTER_ADDRESS)
        known = self._known.find((headers, client))
        if known is None or (asked := _PLAIN.fullmatch(first)) is None:
            return None
        key: Key = (asked[1], asked[2] or b"", *known)
        reply = served.ready.find(key) or self._straight(served, key)
        if reply is None:
            return None
        name = _new_name()
        written = reply.written(200, b"%bx-request-id: %b\r\n" % (lines, name), only_head=False)
        self._tell("GET", served, name, reply.route, 200, time.perf_counter() - started)
        return written

    def _straight(self, served: Served, key: Key) -> Reply | None:
        """Return the answer to a look-up, which needs neither routes nor tasks, as the application would give it."""
        path, address, accept, packs = key[:4]
        if self._way is None or len(path) + len(address) > LONGEST_ADDRESS:
            return None
        made = self._way(served, path, address, accept.decode("latin-1"))
        if made is None or (packs and len(made.body) >= LEAST_PACKED):
            return None
        alike = self._alike.get(made.alike) or self._marked(made.alike)
        reply = Reply(made.route, alike, made.tag, made.body)
        served.ready.keep(key, reply, len(made.body))
        return reply

    def _marked(self, headers: tuple[tuple[bytes, bytes], ...]) -> Alike:
        """Return headers as the application's are when they are sent."""
        if len(self._alike) >= _MOST_ALIKE:
            self._alike.clear()
        marked = [*headers, (b"etag", b'""')]
        _mark({"type": "http.response.start", "status": 200, "headers": marked}, b"")
        found = self._alike[headers] = Alike.of(marked)
        return found

    def _tell(self, method: str, served: Served, name: bytes, route: str, status: int, seconds: float) -> None:
        self._metrics.count(route, status, seconds)
        if self._log is not None:
            self._log.request(name.decode(), served.name, method, route, status, seconds)

    async def _answered(
        self, scope: Scope, receive: Receive, send: Send, asked: Given, name: bytes, refusal: Response | None = None
    ) -> tuple[int, str]:
        """Let the application answer, if nothing is refused; return the status and the route."""
        served, status = self._site.current, 500
        coming: Coming | None = None
        is_unread = asked.has_body
        if not asked.packs:  # which may be said by naming it, with the quality 0
            scope["headers"] = [each for each in scope["headers"] if each[0] != b"accept-encoding"]
        if asked.packs and _PACKED in asked.tags:
            tags = asked.tags.replace(_PACKED + b'"', b'"')
            scope["headers"] = [(key, tags if key == b"if-none-match" else value) for key, value in scope["headers"]]

        async def received() -> Message:
            nonlocal is_unread
            message = await receive()
            is_unread = is_unread and message.get("more_body", False)
            return message

        async def marked(message: Message) -> None:
            nonlocal status, coming
            if message["type"] == "http.response.start":
                status = message["status"]
                if is_unread:  # the rest of the body is no request
                    message["headers"].append((b"connection", b"close"))
                _mark(message, asked.tags)
                if asked.key is not None and scope["method"] == "GET" and can_be_kept(message):
                    coming = Coming(self._path(scope), list(message["headers"]))
                message["headers"].append((b"x-request-id", name))
            elif coming is not None and message["type"] == "http.response.body":
                coming = self._collected(coming, message, served, asked.key)
            await send(message)

        refusal = refusal or self._refusal(scope, asked)
        try:
            await (refusal or self._app)(scope, received if is_unread else receive, marked)
        finally:
            if status == 500:  # starlette raises what nobody foresaw once it is answered, for the log
                self._metrics.count(self._path(scope), status, 0.0)
        return status, self._path(scope)

    def _collected(self, coming: Coming, message: Message, served: Served, key: Key | None) -> Coming | None:
        """Add a part to an answer; keep it when it is whole, if the release that it is of is still served."""
        if not coming.add(message.get("body", b"")):
            return None
        if not message.get("more_body", False) and key is not None and self._site.current is served:
            reply = coming.whole()
            served.ready.keep(key, reply, len(reply.body))
        return coming

    def _refusal(self, scope: Scope, asked: Given) -> Response | None:
        """Return the answer to what needs no application: what is badly put, and the question what is possible."""
        if asked.hosts != 1 and scope["http_version"] == "1.1":
            return problem(400, f"There are {asked.hosts} headers Host.", hint="Send one, as HTTP/1.1 asks for.")
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST_ADDRESS:
            return _closing(
                problem(414, f"The address is longer than {LONGEST_ADDRESS} bytes.", hint="Send it by POST.")
            )
        if asked.length.isdigit() and int(asked.length) > LARGEST_BODY:
            return problem(413, f"The body is larger than {LARGEST_BODY} bytes.", code=TooLarge.code)
        if scope["method"] == "OPTIONS" and (methods := self._methods(scope)):
            listed = ", ".join(sorted({*methods, "OPTIONS"}))
            allowed = {
                "Allow": listed,
                "Access-Control-Allow-Methods": listed,
                "Access-Control-Allow-Headers": "Accept, Content-Type, If-None-Match, If-Range, Range, X-Request-ID",
                "Access-Control-Max-Age": "86400",
            }
            return Response(status_code=204, headers=allowed)
        return None

    def _methods(self, scope: Scope) -> set[str]:
        found = next(self._matching(scope), None)
        return set(found.methods or ()) if found is not None else set()

    def _path(self, scope: Scope) -> str:
        """Return the pattern of the path, of which there are few, for counting."""
        if (endpoint := scope.get("endpoint")) is not None:
            return self._paths.get(endpoint, "none")
        found = next(self._matching(scope), None)
        return found.path if found is not None else "none"

    def _matching(self, scope: Scope) -> Iterator[Route]:
        for route in self._routes:
            if route.matches(scope)[0] != Match.NONE:
                yield route


def _name(asked: Given) -> bytes:
    """Return the name of a request: the one that was sent, or a new one."""
    return asked.name if _ID.fullmatch(asked.name) else _new_name()


def _new_name() -> bytes:
    return secrets.token_hex(8).encode()


def _mark(message: Message, tags: bytes) -> None:
    """Add the headers that every answer has, and mark the tag of what is packed."""
    headers = message["headers"]
    own = {name for name, _ in headers}
    headers += [each for each in _RAW if each[0] not in own]
    marked = MutableHeaders(raw=headers)
    tag = marked.get("etag", "")
    if tag and ("content-encoding" in marked or (message["status"] == 304 and tag[:-1].encode() + _PACKED in tags)):
        marked["etag"] = f'{tag[:-1]}{_PACKED.decode()}"'
    if tag and "accept-encoding" not in marked.get("vary", "").lower():
        marked.add_vary_header("Accept-Encoding")


def _closing(response: Response) -> Response:
    """End the connection after this."""
    response.headers["Connection"] = "close"
    return response


async def body(request: Request, *types: str) -> bytes:
    """Return the body.

    Args:
        request: The request.
        types: The media types that it may have, if it names one; without any here it may have each.

    Raises:
        TooLarge: It is larger than it may be.
        HTTPException: It did not come in time, or not whole, or is packed, or of another type.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and types and kind not in types:
        said = f"What is sent cannot be of the type {kind[:80]!r}, but {', '.join(types)}."
        raise HTTPException(415, said, {"Accept-Post": ", ".join(types)})
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        takes = {"Accept-Encoding": "identity"}
        raise HTTPException(415, "What is sent may not be packed (the header Content-Encoding).", takes)
    found = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for chunk in request.stream():
                found += chunk
                if len(found) > LARGEST_BODY:
                    raise TooLarge(f"The body is larger than {LARGEST_BODY} bytes.")
    except TimeoutError as error:
        raise HTTPException(408, f"The body did not come within {_BODY_SECONDS} seconds.") from error
    except ClientDisconnect as error:
        raise HTTPException(400, "The connection ended before the body was whole.") from error
    return bytes(found)
