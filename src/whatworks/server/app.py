"""The application: its routes, and what happens when it starts and ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial

from anyio.to_thread import run_sync
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from whatworks.errors import Error, Unwritable
from whatworks.pages import Pages
from whatworks.publish.offers import offers
from whatworks.publish.signposts import Link, header
from whatworks.server import api, browsing, changes, health, protocol, publishing, reconcile, resources
from whatworks.server.guard import LEAST_PACKED, Guard
from whatworks.server.logs import Log
from whatworks.server.metrics import Metrics
from whatworks.server.negotiation import choose
from whatworks.server.ready import Made
from whatworks.server.replies import answer, broken, fault, refused, view_of
from whatworks.server.served import Served, Site, settle

_LOOKS = 1.0  # seconds between two looks for a new release
_STORED = b"/api/queries/"
_PACKING = 5  # packs text to a fifth at a third of the time of the highest level


def _routes() -> list[Route]:
    """Return what answers at which address; the first that fits counts."""
    return [
        Route("/", start),
        Route("/style.css", browsing.static),
        Route("/static/{name:path}", browsing.static),
        Route("/interventions", browsing.interventions),
        Route("/compare", browsing.compare),
        Route("/offered/{kind}", browsing.offered),
        Route("/gap-map", browsing.gaps),
        Route("/network", browsing.network),
        Route("/what-works", browsing.works),
        Route("/queries", browsing.queries),
        Route("/queries/{name}", browsing.query),
        Route("/sparql", protocol.sparql, methods=["GET", "POST"]),
        Route("/.well-known/void", publishing.described),
        Route("/dumps", publishing.dumps),
        Route("/dumps/", publishing.dumps),
        Route("/dumps/{release}", publishing.release),
        Route("/dumps/{release}/", publishing.release),
        Route("/dumps/{release}/{name}", publishing.file),
        Route("/changes", changes.history),
        Route("/changes/", changes.history),
        Route("/changes/{release}", changes.release),
        Route("/changes/{release}/", changes.release),
        Route("/changes.atom", changes.feed),
        Route("/search", publishing.search),
        Route("/CITATION.cff", publishing.cff),
        Route("/robots.txt", publishing.robots),
        Route("/sitemap.xml", publishing.pages),
        Route("/sitemap-{number:int}.xml", publishing.pages),
        Route("/opensearch.xml", publishing.opensearch),
        Route("/api", api.explained),
        Route("/api/queries", api.queries),
        Route("/api/queries/{name}", api.query),
        Route("/openapi.json", api.openapi),
        *reconcile.routes(),
        Route("/health", health.health),
        Route("/health/live", health.live),
        Route("/health/ready", health.ready),
        Route("/metrics", health.metrics),
        Route("/errors/{code}", explained),
        Route("/context/v1.jsonld", resources.context),
        Route("/id/{path:path}", resources.thing),
        Route("/{path:path}", resources.document),
    ]


def make_app(site: Site, log: Log | None = None) -> Guard:
    """Return the application that serves a site; a log is told each request."""
    routes, metrics, pages = _routes(), Metrics(), Pages()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        site.current.pool.attend()
        if site.watch is not None:
            site.watch.begin()
        looking = asyncio.create_task(_follow(site, pages, metrics))
        try:
            yield
        finally:
            looking.cancel()
            site.close()

    handlers = {Error: fault, HTTPException: refused, Exception: broken}
    app = Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan)
    app.router.redirect_slashes = False
    app.state.site, app.state.pages, app.state.metrics = site, pages, metrics
    packed = GZipMiddleware(app, LEAST_PACKED, _PACKING)
    return Guard(packed, site, routes, metrics, log, straight)


def straight(served: Served, path: bytes, address: bytes, accept: str) -> Made | None:
    """Return the answer to what is looked up at once; None for all that the application answers."""
    if path == b"/sparql":
        return protocol.straight(served, address, accept)
    if path.startswith(_STORED):
        return api.straight(served, path[len(_STORED) :].decode("ascii"), address, accept)
    return None


async def _follow(site: Site, pages: Pages, metrics: Metrics) -> None:
    """Take up each release that is put to use, and note how things are for who asks another process."""
    prepared: Served | None = None
    while True:
        metrics.note(*site.figures)
        await asyncio.sleep(_LOOKS)
        if site.current is not prepared:
            prepared = site.current
            await run_sync(_prepare, prepared, pages)
        if (before := await run_sync(site.refresh)) is not None:
            site.current.pool.attend()
            before.close()
            del before
            await run_sync(settle)


def _prepare(served: Served, pages: Pages) -> None:
    """Do what the first answers need not wait for: load what makes others quicker, and keep what the next start reads.

    What fails here is told to who asks for it.
    """
    with suppress(Error, OSError):
        pages.prepare(served.edition)
    with suppress(Unwritable, OSError):
        served.kg.keep()


def start(request: Request) -> Response:
    """Send the page that one begins with."""
    served: Served = request.app.state.site.current
    offer = choose(request, offers("html"))
    view = view_of(request)
    make = partial(request.app.state.pages.start, view)
    headers = {"Link": header([Link(view.edition.dataset, "describedby"), Link("/catalog", "describedby")])}
    key = ("start", view.home, view.edition.mark, *view.key)
    return answer(request, served, offer.media_type, key, make, headers)


def explained(request: Request) -> Response:
    """Send what an error means and what to do, as the manual says it."""
    served: Served = request.app.state.site.current
    page = served.kg.assets.errors().read().decode()
    code = request.path_params["code"]
    found = next((part for part in page.split("\n## ")[1:] if part.partition("\n")[0] == code), None)
    if found is None:
        raise HTTPException(404)
    accept = request.headers.get("accept", "")
    # Browsers show plain text, and would save Markdown as a file.
    kind = "text/markdown" if "text/markdown" in accept else "text/plain"
    return answer(request, served, kind, ("errors", code), f"# {found}".encode)
