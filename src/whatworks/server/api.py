"""The stored queries over HTTP: the catalogue, and an answer for each query with values as people say them."""

import base64
import binascii
import json
import time
from functools import cache, partial
from importlib.util import find_spec
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from anyio.to_thread import run_sync
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from whatworks.catalogue import Query
from whatworks.errors import Error, InvalidValue, UnknownQuery, UsageError
from whatworks.publish.offers import Offer, offers
from whatworks.results import Boolean, Table
from whatworks.server.negotiation import choose
from whatworks.server.openapi import description
from whatworks.server.protocol import fields
from whatworks.server.ready import OWN, Made
from whatworks.server.replies import answer, note, view_of
from whatworks.server.served import Kept, Served

USUAL, MOST = 10_000, 100_000
_MANY = 1000  # fewer rows are read one by one, so that no more are computed than are sent
_JSON = "application/json"
_ROWS = ("json", "csv", "tsv", "xml", "md", "table", "xlsx", "parquet")
_WORDS = offers("json", "csv", "tsv", "xml", "table")
_GRAPHS = offers("turtle", "jsonld", "ntriples", "rdfxml", "trig", "nquads")


class Asked(NamedTuple):
    """What a request asks of a stored query.

    Attributes:
        values: The values of the parameters, as they were written.
        limit: How many rows at most.
        token: Where they begin.
        format: The name of the format, if it is asked for by name.
    """

    values: dict[str, list[str]]
    limit: int
    token: str
    format: str = ""


class Given(NamedTuple):
    """A stored query with all that its answer depends on.

    Attributes:
        served: What is served.
        query: The query.
        asked: What is asked of it.
        text: The query with the values bound.
        start: How many rows are left out before the first.
    """

    served: Served
    query: Query
    asked: Asked
    text: str
    start: int


@cache
def _row_formats() -> tuple[Offer, ...]:
    return offers(*(name for name in _ROWS if name != "parquet" or find_spec("pyarrow") is not None))


def formats(query: Query) -> tuple[Offer, ...]:
    """Return the formats that an answer can have."""
    if query.form == "ASK":
        return _WORDS
    if query.form != "SELECT":
        return _GRAPHS
    return _row_formats()


def queries(request: Request) -> Response:
    """Send the catalogue."""
    served: Served = request.app.state.site.current

    def make() -> bytes:
        known = [{**each.for_machines(), "href": f"/api/queries/{each.name}"} for each in served.kg.catalogue.all()]
        return json.dumps(known, ensure_ascii=False, indent=2).encode()

    return answer(request, served, _JSON, ("queries",), make)


def openapi(request: Request) -> Response:
    """Send the description of all this for programs."""
    served: Served = request.app.state.site.current
    return answer(request, served, _JSON, ("openapi",), partial(description, served.kg, formats))


def explained(request: Request) -> Response:
    """Send the page that explains this to people."""
    served: Served = request.app.state.site.current
    offer, view = choose(request, offers("html")), view_of(request)

    def make() -> bytes:
        written: bytes = request.app.state.pages.api(view, json.loads(description(served.kg, formats)))
        return written

    return answer(request, served, offer.media_type, ("api", *view.key), make)


async def query(request: Request) -> Response:
    """Answer a stored query: at once where it looks up one thing and took no time lately, else beside the others."""
    served: Served = request.app.state.site.current
    name, asked = request.path_params["name"], _asked(fields(request.scope["query_string"]))
    kind = " ".join((name, *sorted(asked.values)))
    if not served.is_quick(kind):
        return await run_sync(_answered, request, served, asked, kind)
    return _answered(request, served, asked, kind)


def straight(served: Served, name: str, address: bytes, accept: str) -> Made | None:
    """Return the answer to a stored query that looks up one thing and took no time lately; None for any other.

    Whatever is wrong with a request is told on the ordinary way.
    """
    try:
        asked = _asked(fields(address))
        kind = " ".join((name, *sorted(asked.values)))
        if served.is_elsewhere or not served.is_quick(kind) or not served.is_constant(served.kg.catalogue.get(name)):
            return None
        said: Scope = {"type": "http", "method": "GET", "query_string": address, "path_params": {"name": name}}
        request = Request({**said, "headers": [(b"accept", accept.encode("latin-1"))] if accept else []})
        found = _answered(request, served, asked, kind)
    except (Error, HTTPException):
        return None
    alike = tuple([header for header in found.raw_headers if header[0] not in OWN])
    return Made("/api/queries/{name}", alike, dict(found.raw_headers)[b"etag"], bytes(found.body))


def _answered(request: Request, served: Served, asked: Asked, kind: str) -> Response:
    kg, name, begun = served.kg, request.path_params["name"], time.thread_time()
    try:
        found = kg.catalogue.get(name)
    except UnknownQuery as error:
        error.hint = error.hint.replace("List them with: whatworks queries", "They are listed at /api/queries.")
        raise
    offer = choose(request, formats(found))
    try:
        text = kg.sparql_of(found, asked.values)
    except UsageError as error:  # the command line's names of parameters begin with hyphens
        error.message, error.hint = (each.replace("--", "", 1) for each in (error.message, error.hint))
        raise
    start = _start(served, text, asked.token)
    key = ("query", name, text, str(start), str(asked.limit), asked.format)
    given = Given(served, found, asked, text, start)
    if not served.is_constant(found):
        made = _written(given, offer)
        return Response(made.content, headers={**made.headers, "Vary": "Accept"}, media_type=offer.media_type)
    reply = answer(request, served, offer.media_type, key, partial(_written, given, offer))
    is_look_up = any(found.parameter(each).type in ("intervention", "agent") for each in asked.values)
    served.took(kind, time.thread_time() - begun, is_look_up=is_look_up)
    return reply


def _asked(given: list[tuple[str, str]]) -> Asked:
    """Return what is asked.

    Raises:
        InvalidValue: The limit is no number, or what may be given once is given twice.
    """
    values: dict[str, list[str]] = {}
    for name, value in given:
        values.setdefault(name, []).append(value)
    single = {name: values.pop(name, []) for name in ("format", "limit", "page")}
    for name, each in single.items():
        if len(each) > 1:
            raise InvalidValue(f"{name} may be given only once.")
    limit = single["limit"][0] if single["limit"] else str(USUAL)
    if not (limit.isascii() and limit.isdigit() and len(limit) < 9 and 1 <= int(limit) <= MOST):
        raise InvalidValue(f"limit: {limit[:40]!r} is no whole number from 1 to {MOST}.")
    token, format = ("".join(single[name]) for name in ("page", "format"))
    return Asked(values, int(limit), token, format)


def _written(given: Given, offer: Offer) -> Kept:
    served, found, asked, start = given.served, given.query, given.asked, given.start
    kg = served.kg
    table = kg.ask(found, asked.values)
    if isinstance(table, Boolean):
        return Kept(table.write(offer.name))
    if not isinstance(table, Table):
        return Kept(kg.exporter.triples(table, offer.name))
    if not start and offer.name == "json" and asked.limit >= _MANY and table.engine_bytes is not None:
        content, said = table.write("json"), table.note
        if content.count(b"},{") < asked.limit:  # rows are put apart by these signs, which may stand in texts as well
            return Kept(content, note(said))
        table = kg.ask(found, asked.values)
        assert isinstance(table, Table)  # noqa: S101 - as before
    rows = list(islice(table.rows, start, start + asked.limit + 1))
    more = len(rows) > asked.limit
    page = Table(table.columns, rows[: asked.limit], about=table.about)
    notes, headers = [table.noted()], {}
    if more or start:
        notes.append(f"Rows {start + 1} to {start + len(page.kept())}{', and there are more' if more else ''}.")
        links = [(_link(given, 0), "first")]
        if start:
            links.append((_link(given, max(0, start - asked.limit)), "prev"))
        if more:
            links.append((_link(given, start + asked.limit), "next"))
        headers["Link"] = ", ".join(f'<{address}>; rel="{relation}"' for address, relation in links)
    page.note = " ".join(filter(None, notes))
    content = page.write(offer.name, short=lambda iri: kg.prefixes.shorten(iri) or str(iri))
    return Kept(content, {**headers, **note(page.note)})


# ---- pages ----


def _link(given: Given, start: int) -> str:
    """Return the address of a page, in the format in which this one was asked for by its address."""
    said: list[tuple[str, Any]] = [(name, value) for name, each in given.asked.values.items() for value in each]
    if given.asked.format:
        said.append(("format", given.asked.format))
    said.append(("limit", given.asked.limit))
    if start:
        said.append(("page", _token(given.served, given.text, start)))
    return f"/api/queries/{quote(given.query.name)}?{urlencode(said)}"


def _token(served: Served, text: str, start: int) -> str:
    """Return the token of a page: where it begins, and in which answer of which release."""
    said = f"{start} {served.name} {served.tag('page', text, str(start))[1:17]}"
    return base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")


def _start(served: Served, text: str, token: str) -> int:
    """Return where a page begins.

    Raises:
        InvalidValue: The token is not one of this answer.
        HTTPException: It is one of another release, whose rows may be others.
    """
    if not token:
        return 0
    fault = InvalidValue("page: the token is none of this answer.", hint="Follow the links of the first page.")
    try:
        start, release, _ = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().split(" ")
        number = int(start)
    except (binascii.Error, ValueError) as error:
        raise fault from error
    if release != served.name:
        raise HTTPException(410, "The page is one of another release. Begin with the first page.")
    if token != _token(served, text, number):
        raise fault
    return number
