"""Whether the server lives and can answer, and its figures."""

import json

from starlette.requests import Request
from starlette.responses import Response

from whatworks.errors import EndpointUnreachable
from whatworks.server.metrics import MEDIA_TYPE, Metrics
from whatworks.server.replies import problem
from whatworks.server.served import Site
from whatworks.version import __version__

_FRESH = {"Cache-Control": "no-store"}


async def health(request: Request) -> Response:
    """Say that the server answers, what it serves, and what is wrong, if anything is."""
    site: Site = request.app.state.site
    served = site.current
    free, waiting = served.pool.load
    said = {
        "status": "degraded" if site.fault else "ok",
        "version": __version__,
        "release": served.name,
        "queries": {"free": free, "waiting": waiting, "stopped": served.pool.stopped},
        **({"fault": site.fault} if site.fault else {}),
    }
    return Response(json.dumps(said).encode(), headers=_FRESH, media_type="application/json")


async def live(_: Request) -> Response:
    """Say that the process answers; whoever gets no answer starts it again."""
    return Response(json.dumps({"status": "live"}).encode(), headers=_FRESH, media_type="application/json")


async def ready(request: Request) -> Response:
    """Say whether to send requests here; 503 while an endpoint that is served does not answer."""
    site: Site = request.app.state.site
    if not site.is_ready:
        return problem(503, site.fault, code=EndpointUnreachable.code, headers={**_FRESH, "Retry-After": "5"})
    said = {"status": "ready", "release": site.current.name}
    return Response(json.dumps(said).encode(), headers=_FRESH, media_type="application/json")


async def metrics(request: Request) -> Response:
    """Send the figures."""
    figures: Metrics = request.app.state.metrics
    figures.note(*request.app.state.site.figures)
    written = figures.written()
    return Response(written, headers={**_FRESH, "Content-Type": MEDIA_TYPE})
