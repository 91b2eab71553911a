"""How the server answers: whole, not at all because nothing changed, or with an error in the one shape of RFC 9457."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from whatworks.errors import Busy, Error, QueryStopped, TooMany
from whatworks.pages import View
from whatworks.pages.wording import LANGUAGES
from whatworks.server.served import Kept, Served
from whatworks.terms import is_iri

PROBLEM = "application/problem+json"
# Without it, proxies may keep a 404 or 410 as long as they like; the next release may have what this one has not.
_FLEETING = {"Vary": "Accept", "Cache-Control": "no-cache"}
_LONGEST_LINK = 500  # signs; proxies refuse headers of some thousand
_TURN = threading.Semaphore()
_LONGEST_TURN = 0.25  # seconds


def answer(
    request: Request,
    served: Served,
    media_type: str,
    key: tuple[str, ...],
    make: Callable[[], bytes | Kept],
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer a request for something that stays the same as long as the release does.

    Args:
        request: The request.
        served: What is served.
        media_type: Of the answer.
        key: What the answer depends on besides the release and the media type.
        make: Makes the answer; not called where it is kept or the client has it.
        headers: Further headers.
    """
    tag = served.tag(media_type, *key)
    sent = {"Cache-Control": "no-cache", "Vary": "Accept", **({"ETag": tag} if tag else {}), **(headers or {})}
    if media_type == "text/html":
        sent["Link"] = ", ".join(filter(None, [sent.get("Link"), *_languages(request)]))
    if tag and has_it(request, tag):
        return Response(status_code=304, headers=sent)
    if media_type == "text/html" and not served.is_elsewhere:
        make = partial(_in_turn, make)
    found = served.answers.get(tag, make)
    return Response(found.content, headers={**sent, **found.headers}, media_type=media_type)


def _in_turn(make: Callable[[], bytes | Kept]) -> bytes | Kept:
    """Make a page when no other thread makes one, or when that takes long.

    They could not compute at the same time, and to change between them costs a third more.
    """
    is_ours = _TURN.acquire(timeout=_LONGEST_TURN)
    try:
        return make()
    finally:
        if is_ours:
            _TURN.release()


def _languages(request: Request) -> Iterator[str]:
    """Yield the other languages of a page as links, which are no part of it: a copy as files has one language."""
    others = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    asked = urlencode([*others, ("lang", "")])
    if len(asked) <= _LONGEST_LINK:
        now = request.query_params.get("lang", "")
        yield from (f'<?{asked}{code}>; rel="alternate"; hreflang="{code}"' for code in LANGUAGES if code != now)


def home_of(request: Request) -> str:
    """Return the address of the site as the client knows it, with a slash at its end.

    Raises:
        HTTPException: The header Host is no name of a host; what is made of it would be no address.
    """
    home = str(request.base_url)
    if not is_iri(home) or urlsplit(home).username is not None:
        raise HTTPException(400, "The header Host is no name of a host.")
    return home


def served_of(request: Request) -> Served:
    """Return what is served now."""
    served: Served = request.app.state.site.current
    return served


def view_of(request: Request, *, asked: bool = False) -> View:
    """Return what a page of this request needs.

    Args:
        request: The request.
        asked: Whether the page depends on the fields of its address, and not on their language alone.
    """
    said = request.query_params.multi_items() if request.scope["query_string"] else []
    language = next((value for name, value in said if name == "lang"), "")
    kept = [(name, value) for name, value in said if name not in ("lang", "format")] if asked else []
    return View(served_of(request).edition, home_of(request), language, kept)


def note(text: str) -> dict[str, str]:
    """Return the header by which a reader is told what is to be known of an answer."""
    return {"X-Note": " ".join(text.split()).encode("ascii", "backslashreplace").decode()} if text else {}


def has_it(request: Request, tag: str) -> bool:
    """Say whether the client has the answer with this tag already."""
    given = request.headers.get("if-none-match")
    if given is None or request.method not in ("GET", "HEAD"):
        return False
    return given.strip() == "*" or tag in (each.strip().removeprefix("W/") for each in given.split(","))


def problem(
    status: int, detail: str, *, code: str = "", headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """Return an error: a JSON object with type, title, status and detail, and what else is known."""
    body = {
        "type": f"/errors/{code}" if code else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **({"code": code} if code else {}),
        **more,
    }
    content = json.dumps(body, ensure_ascii=False).encode(errors="replace")
    return Response(content, status, {**_FLEETING, **(headers or {})}, PROBLEM)


def told(request: Request, status: int, detail: str, *, code: str = "", **more: Any) -> Response:
    """Return an error: a page for who reads pages, and for others what `problem` makes."""
    headers, about = more.pop("headers", None), more.pop("about", None)
    if "text/html" in request.headers.get("accept", "") and request.method in ("GET", "HEAD"):
        with suppress(HTTPException):  # a request that names no host gets no page
            said = {"status": status, "title": HTTPStatus(status).phrase, "detail": detail, "code": code, **more}
            page = request.app.state.pages.problem(view_of(request), said, about)
            return Response(page, status, {**_FLEETING, **(headers or {})}, "text/html")
    return problem(status, detail, code=code, headers=headers, **more)


def fault(request: Request, error: Exception) -> Response:
    """Return an error of ours."""
    assert isinstance(error, Error)  # noqa: S101 - registered for errors of ours
    more: dict[str, Any] = {"hint": error.hint} if error.hint else {}
    if error.where is not None:
        found = {"in": error.where.file, "line": error.where.line, "column": error.where.column}
        more["where"] = {name: value for name, value in found.items() if value is not None}
    retry = {"Retry-After": "5"} if isinstance(error, Busy | QueryStopped | TooMany) else {}
    return told(request, error.http_status, error.message, code=error.code, headers=retry, **more)


def refused(request: Request, error: Exception) -> Response:
    """Return what starlette refuses, such as a method, or nothing being there."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for these
    detail, headers = error.detail, error.headers
    if error.status_code == 404:
        detail = f"Nothing is at {request.url.path[:200]!r}."
    elif error.status_code == 405:
        detail = f"{request.method[:20]} is not possible here."
        headers = {"Allow": ", ".join(sorted({*(error.headers or {}).get("Allow", "").split(", "), "OPTIONS"} - {""}))}
    return told(request, error.status_code, detail, headers=headers)


def broken(request: Request, _: Exception) -> Response:
    """Return what nobody foresaw; the log has more."""
    return problem(500, "The server made a mistake.", code="internal")
