"""The SPARQL 1.1 Protocol: queries by GET and POST, answered in processes apart; nothing can be changed."""

import asyncio
import re
import time
from binascii import a2b_qp
from collections.abc import AsyncIterator
from functools import lru_cache, partial
from ipaddress import ip_network
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from whatworks import gate
from whatworks.errors import Error, InvalidValue, QueryRefused, QueryStopped, UpdateRefused
from whatworks.publish import void
from whatworks.publish.offers import Offer, offers
from whatworks.server import guard
from whatworks.server.guard import LEAST_PACKED
from whatworks.server.negotiation import accepted, choose
from whatworks.server.ready import OWN, Made
from whatworks.server.replies import answer, has_it, home_of, note, problem, view_of
from whatworks.server.served import Kept, Served, is_constant
from whatworks.store import Dataset, decoded
from whatworks.store.bounded import LookUp, look_up
from whatworks.store.bounded import answered as looked_up
from whatworks.store.exchange import Answering, Query, Written
from whatworks.store.worker import overtime
from whatworks.terms import Iri

ROWS = offers("json", "xml", "csv", "tsv")
GRAPHS = offers("turtle", "ntriples", "jsonld", "rdfxml", "trig")
_FORM, _QUERY, _UPDATE = "application/x-www-form-urlencoded", "application/sparql-query", "application/sparql-update"
_MOST_FIELDS = 200
_REFUSED_SECONDS = 300  # a query that was stopped is not begun again for so long
_COUNTS = 4096  # letters of a query that is looked at whether it counts
_KINDS = 100  # so many kinds of answers are known by their headers
_NO_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})|[^!-~]")
_LOOKS = 0.25  # seconds between two looks whether a client is still there


class Asked(NamedTuple):
    """What a request asks.

    Attributes:
        query: The query; None where none is given.
        dataset: The graphs that it is to see, if the request names some.
        format: The format, where a form that was sent names one.
    """

    query: str | None
    dataset: Dataset | None
    format: str | None = None


async def sparql(request: Request) -> Response:
    """Answer a query, or say what the service is."""
    served: Served = request.app.state.site.current
    if request.method == "POST":
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == _UPDATE:
            raise _no_update()
        if kind not in (_FORM, _QUERY):
            accepts = f"{_FORM}, {_QUERY}"
            return problem(
                415, f"A query cannot be of the type {kind[:80]!r}.", headers={"Accept-Post": accepts}, accepts=accepts
            )
        asked = _asked(request.scope["query_string"], await guard.body(request), kind)
    else:
        asked = _asked(request.scope["query_string"])
    if asked.query is not None:
        return await _answered(request, served, asked.query, asked)
    if request.method == "POST":
        raise InvalidValue("There is no query.", hint="Send it as the field query.")
    return await run_sync(_described, request, served)


def _asked(address: bytes, body: bytes = b"", kind: str = "") -> Asked:
    """Return what a request asks.

    Raises:
        UpdateRefused: It would change data.
        InvalidValue: It is not well put.
    """
    given_fields = fields(body if kind == _FORM else address)
    given = [value for name, value in given_fields if name == "query"]
    if any(name == "update" for name, _ in given_fields):
        raise _no_update()
    if kind == _QUERY:
        given.append(decoded(body, "query"))
    if len(given) > 1:
        raise InvalidValue("There is more than one query.", hint="Send one.")
    default = tuple(Iri(value) for name, value in given_fields if name == "default-graph-uri")
    named = tuple(Iri(value) for name, value in given_fields if name == "named-graph-uri")
    format = next((value for name, value in given_fields if name == "format"), None) if kind == _FORM else None
    return Asked(given[0] if given else None, Dataset(default, named) if default or named else None, format)


def fields(content: bytes) -> list[tuple[str, str]]:
    """Return the fields of an address or of a form.

    Raises:
        InvalidValue: They are too many, or no UTF-8.
    """
    parts = [part.partition(b"=") for part in content.split(b"&") if part]
    if len(parts) > _MOST_FIELDS:
        raise InvalidValue(f"There are more than {_MOST_FIELDS} fields.")
    try:  # urllib's own reader takes three times as long, by way of texts
        return [(_unquoted(name), _unquoted(value)) for name, _, value in parts]
    except UnicodeDecodeError as error:
        raise InvalidValue("The fields cannot be read.", hint="Send them as UTF-8, each byte as %XX.") from error


def _unquoted(field: bytes) -> str:
    if _NO_ESCAPE.search(field):
        return unquote_to_bytes(field.replace(b"+", b" ")).decode()
    # The reader of quoted-printable text has the same escapes after another sign, and takes a quarter of the time.
    return a2b_qp(field.replace(b"+", b" ").replace(b"=", b"=3D").replace(b"%", b"=")).decode()


def _no_update() -> UpdateRefused:
    return UpdateRefused("Nothing can be changed here; only queries are answered.")


def straight(served: Served, address: bytes, accept: str) -> Made | None:
    """Return the answer to a look-up, or to a small count; None where the ordinary way is to be gone.

    Nothing is waited for. Whatever is wrong with a request is told on the ordinary way.

    Args:
        served: What is served.
        address: The fields of the address.
        accept: The header Accept.
    """
    if not address.startswith(b"query=") or b"&" in address or served.is_elsewhere:
        return None
    try:
        query = _unquoted(address[6:])
        found = look_up(served.local, query, served.counts)
        if found is None:
            return _counted(served, query, accept)
        offer = accepted(accept, _offers(found.form))
        tag = _tag(served, offer, query, None)
        kept = served.answers.find(tag) or _looked_up(served, found, offer, tag)
    except (Error, UnicodeDecodeError):
        return None
    if kept is None:
        return None
    return Made("/sparql", _alike(offer.media_type, tuple(kept.headers.items())), tag.encode(), kept.content)


def _counted(served: Served, query: str, accept: str) -> Made | None:
    """Return the answer to a query that counts, if that is little work; None for any other.

    Its rows may stand in another order than those of a process apart, where the query leaves it open, so its tag is
    another one.
    """
    if len(query) > _COUNTS or "COUNT" not in query.upper() or served.kg.engines is None:
        return None
    gate.check(query, graphs=())
    found = served.kg.engines.count(query)
    limits = served.limits
    if found is None or (limits.rows is not None and len(found.kept()) > limits.rows):
        return None
    offer = accepted(accept, ROWS)
    content = found.write(offer.name)
    if limits.bytes is not None and len(content) > limits.bytes:
        return None
    tag = served.tag(offer.media_type, "sparql", "count", query)
    return Made("/sparql", _alike(offer.media_type, ()), tag.encode(), content)


@lru_cache(_KINDS)
def _alike(media_type: str, more: tuple[tuple[str, str], ...]) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers that answers of a media type have in common."""
    sent = Response(headers={**_headers(""), **dict(more)}, media_type=media_type)
    return tuple(header for header in sent.raw_headers if header[0] not in OWN)


def _looked_up(served: Served, asked: LookUp, offer: Offer, tag: str) -> Kept | None:
    """Answer a look-up at once, and keep the answer; None where a process apart has to be asked."""
    content = looked_up(served.local, asked, offer.name, served.limits)
    if content is None:
        return None
    found = Kept(content)
    if (
        len(content) >= LEAST_PACKED
    ):  # to find what is shorter takes as long as to make it, and it is kept as it was sent
        served.answers.keep(tag, found, len(content))
    return found


def _offers(form: str) -> tuple[Offer, ...]:
    return ROWS if form in ("SELECT", "ASK") else GRAPHS


def _tag(served: Served, offer: Offer, query: str, dataset: Dataset | None) -> str:
    return served.tag(offer.media_type, "sparql", query, repr(dataset), served.limits_said)


def _headers(tag: str, kept: Kept | None = None) -> dict[str, str]:
    marked = {"Vary": "Accept", "Cache-Control": "no-cache", **({"ETag": tag} if tag else {})}
    return {**marked, **kept.headers} if kept is not None else marked


async def _answered(request: Request, served: Served, query: str, asked: Asked) -> Response:
    dataset = asked.dataset
    glance = look_up(served.local, query, served.counts) if dataset is None and not served.is_elsewhere else None
    form = glance.form if glance is not None else _checked(served, query, dataset)
    offer = choose(request, _offers(form), named=asked.format)
    tag = _tag(served, offer, query, dataset) if glance is not None or is_constant(query) else ""
    if tag and has_it(request, tag):
        return Response(status_code=304, headers=_headers(tag))
    found = served.answers.find(tag)
    if found is None and glance is not None:
        found = _looked_up(served, glance, offer, tag)
    if found is not None:
        return Response(found.content, headers=_headers(tag, found), media_type=offer.media_type)
    _refuse_again(served, tag)
    try:
        written = await _while_wanted(
            request, served.pool, served.pool.ask(query, offer.name, dataset, client=who(request))
        )
    except QueryStopped as error:
        if tag and error.message == overtime(served.limits).message:
            served.stopped.keep(tag, (error, time.monotonic()), len(error.message))
        raise
    headers = {**_headers(tag), **note(written.note)}
    content = written.content
    if content is None:
        size = {"Content-Length": str(written.size)}
        return StreamingResponse(_sent(written), headers={**headers, **size}, media_type=offer.media_type)
    if tag:
        served.answers.keep(tag, Kept(content, note(written.note)), written.size)
    return Response(content, headers=headers, media_type=offer.media_type)


def _checked(served: Served, query: str, dataset: Dataset | None) -> str:
    """Return the form of a query that the engine may see.

    Raises:
        QueryRefused, QuerySyntax: As the gate says, or the request names a graph that is not there.
    """
    graphs = served.store.graph_names
    form = gate.check(query, graphs=graphs)
    for graph in (*dataset.default, *dataset.named) if dataset is not None else ():
        if graph not in graphs:
            raise QueryRefused(f"There is no graph <{graph[:200]}> here.", hint="Ask for the graphs: GRAPH ?g { }.")
    return form


def _refuse_again(served: Served, tag: str) -> None:
    """Refuse a query that was stopped a while ago: of the same release it would be stopped again.

    Raises:
        QueryStopped: It was.
    """
    error, since = served.stopped.find(tag) or (None, 0.0)
    if error is not None and time.monotonic() - since < _REFUSED_SECONDS:
        raise QueryStopped(f"{error.message} That was lately, and it would be so again.", hint=error.hint)


async def _while_wanted(request: Request, pool: Answering, asked: Query) -> Written:
    """Return the answer to a query; a query is given up when its client has gone."""

    async def look() -> None:
        while not asked.answer.done():
            if await request.is_disconnected():
                pool.leave(asked)
                return
            await asyncio.sleep(_LOOKS)

    def begin() -> None:
        looking.append(loop.create_task(look()))

    loop, looking = asyncio.get_running_loop(), list[asyncio.Task[None]]()
    timer = loop.call_later(_LOOKS, begin)  # most queries are answered by then
    try:
        return await asked.answer
    finally:
        timer.cancel()
        for task in looking:
            task.cancel()


async def _sent(written: Written) -> AsyncIterator[bytes]:
    """Yield a large answer in parts; between two of them others are answered."""
    for part in written.parts():
        yield part
        await asyncio.sleep(0)


def who(request: Request) -> str:
    """Return what two requests of one client have in common: its address, of IPv6 the network it is in."""
    host = request.client.host if request.client is not None else ""
    if ":" not in host:
        return host
    try:
        return str(ip_network((host.partition("%")[0], 64), strict=False))
    except ValueError:
        return host


def _described(request: Request, served: Served) -> Response:
    offer = choose(request, (*GRAPHS, *offers("html")))
    if offer.name == "html":
        view = view_of(request, asked=True)
        page = partial(request.app.state.pages.query, view, [each.name for each in (*ROWS, *GRAPHS)])
        return answer(request, served, offer.media_type, ("sparql", *view.key), page)
    home = home_of(request)

    def make() -> bytes:
        return void.written(served.edition, void.service(served.edition, home), offer.name)

    return answer(request, served, offer.media_type, ("sparql", home, served.edition.mark), make)
