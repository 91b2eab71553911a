"""The stored queries over HTTP: the catalogue, and an answer for each query with values as people say them."""

import base64
import binascii
import json
from functools import partial
from importlib.util import find_spec
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from whatworks.catalogue import Query
from whatworks.errors import InvalidValue, UnknownQuery, UsageError
from whatworks.results import Boolean, Table
from whatworks.server.negotiation import Offer, choose, offers
from whatworks.server.openapi import description
from whatworks.server.protocol import fields
from whatworks.server.replies import answer, note
from whatworks.server.served import Kept, Served, is_constant

USUAL, MOST = 10_000, 100_000
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
    """

    values: dict[str, list[str]]
    limit: int
    token: str


def formats(query: Query) -> tuple[Offer, ...]:
    """Return the formats that an answer can have."""
    if query.form == "ASK":
        return _WORDS
    if query.form != "SELECT":
        return _GRAPHS
    return offers(*(name for name in _ROWS if name != "parquet" or find_spec("pyarrow") is not None))


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


def query(request: Request) -> Response:
    """Answer a stored query."""
    served: Served = request.app.state.site.current
    kg, name = served.kg, request.path_params["name"]
    try:
        found = kg.catalogue.get(name)
    except UnknownQuery as error:
        error.hint = error.hint.replace("List them with: whatworks queries", "They are listed at /api/queries.")
        raise
    offer = choose(request, formats(found))
    asked = _asked(fields(request.scope["query_string"]))
    try:
        text = kg.sparql_of(found, asked.values)
    except UsageError as error:  # the command line's names of parameters begin with hyphens
        error.message, error.hint = (each.replace("--", "", 1) for each in (error.message, error.hint))
        raise
    start = _start(served, text, asked.token)
    key = ("query", name, text if is_constant(text) else "", str(start), str(asked.limit))
    make = partial(_written, served, found, asked, start, text, offer)
    if not is_constant(text):
        made = make()
        return Response(made.content, headers={**made.headers, "Vary": "Accept"}, media_type=offer.media_type)
    return answer(request, served, offer.media_type, key, make)


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
    return Asked(values, int(limit), single["page"][0] if single["page"] else "")


def _written(served: Served, found: Query, asked: Asked, start: int, text: str, offer: Offer) -> Kept:
    kg = served.kg
    given = kg.ask(found, asked.values)
    if isinstance(given, Boolean):
        return Kept(given.write(offer.name))
    if not isinstance(given, Table):
        return Kept(kg.exporter.triples(given, offer.name))
    rows = list(islice(given.rows, start, start + asked.limit + 1))
    more = len(rows) > asked.limit
    page = Table(given.columns, rows[: asked.limit], about=given.about)
    said, headers = [given.note], {}
    if more or start:
        said.append(f"Rows {start + 1} to {start + len(page.kept())}{', and there are more' if more else ''}.")
        links = [(_link(served, found, asked, text, 0), "first")]
        if start:
            links.append((_link(served, found, asked, text, max(0, start - asked.limit)), "prev"))
        if more:
            links.append((_link(served, found, asked, text, start + asked.limit), "next"))
        headers["Link"] = ", ".join(f'<{address}>; rel="{relation}"' for address, relation in links)
    page.note = " ".join(filter(None, said))
    content = page.write(offer.name, short=lambda iri: kg.prefixes.shorten(iri) or str(iri))
    return Kept(content, {**headers, **note(page.note)})


# ---- pages ----


def _link(served: Served, found: Query, asked: Asked, text: str, start: int) -> str:
    """Return the address of a page."""
    given: list[tuple[str, Any]] = [(name, value) for name, each in asked.values.items() for value in each]
    given.append(("limit", asked.limit))
    if start:
        given.append(("page", _token(served, text, start)))
    return f"/api/queries/{quote(found.name)}?{urlencode(given)}"


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
