"""Before and after every request: bounds on what comes in, marks on what goes out, OPTIONS, and counting."""

import asyncio
import re
import secrets
import time
from collections.abc import Iterable, Iterator

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from whatworks.errors import TooLarge
from whatworks.server.metrics import Metrics
from whatworks.server.replies import problem

LONGEST_ADDRESS = 32 * 1024
# A query of the greatest length that the gate takes, written as a form with each of its bytes as %XX.
LARGEST_BODY = 4 * 1024 * 1024
_BODY_SECONDS = 15
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SENT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Location, Content-Location, Retry-After, X-Request-ID, X-Note",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Guard:
    """Stands around the application.

    Args:
        app: The application.
        routes: Its routes.
        metrics: Counts requests.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute], metrics: Metrics) -> None:
        self._app, self._routes, self._metrics = app, list(routes), metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500
        given = Headers(scope=scope).get("x-request-id", "")
        name = given if _ID.fullmatch(given) else secrets.token_hex(8)

        async def marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for header, value in {**_SENT, "X-Request-ID": name}.items():
                    headers[header] = value
            await send(message)

        try:
            refusal = self._refusal(scope)
            await (refusal or self._app)(scope, receive, marked)
        finally:
            self._metrics.count(self._route(scope), status, time.perf_counter() - started)

    def _refusal(self, scope: Scope) -> Response | None:
        """Return the answer to what needs no application: what is too long, and the question what is possible."""
        headers = Headers(scope=scope)
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST_ADDRESS:
            return _closing(
                problem(414, f"The address is longer than {LONGEST_ADDRESS} bytes.", hint="Send it by POST.")
            )
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > LARGEST_BODY:
            return _closing(problem(413, f"The body is larger than {LARGEST_BODY} bytes.", code="too-large"))
        if scope["method"] == "OPTIONS" and (methods := self._methods(scope)):
            listed = ", ".join(sorted({*methods, "OPTIONS"}))
            allowed = {
                "Allow": listed,
                "Access-Control-Allow-Methods": listed,
                "Access-Control-Allow-Headers": "Accept, Content-Type, If-None-Match, X-Request-ID",
                "Access-Control-Max-Age": "86400",
            }
            return Response(status_code=204, headers=allowed)
        return None

    def _methods(self, scope: Scope) -> set[str]:
        found = next(self._matching(scope), None)
        return set(found.methods or ()) if found is not None else set()

    def _route(self, scope: Scope) -> str:
        """Return the pattern of the path, of which there are few, for counting."""
        found = next(self._matching(scope), None)
        return found.path if found is not None else "none"

    def _matching(self, scope: Scope) -> Iterator[Route]:
        for route in self._routes:
            if isinstance(route, Route) and route.matches(scope)[0] != Match.NONE:
                yield route


def _closing(response: Response) -> Response:
    """End the connection: the rest of what is too long is not read."""
    response.headers["Connection"] = "close"
    return response


async def body(request: Request) -> bytes:
    """Return the body.

    Raises:
        TooLarge: It is larger than it may be.
        HTTPException: It did not come in time.
    """
    found = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for chunk in request.stream():
                found += chunk
                if len(found) > LARGEST_BODY:
                    raise TooLarge(f"The body is larger than {LARGEST_BODY} bytes.")
    except TimeoutError as error:
        raise HTTPException(408, f"The body did not come within {_BODY_SECONDS} seconds.") from error
    return bytes(found)
