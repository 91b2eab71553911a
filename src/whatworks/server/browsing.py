"""Pages that are no documents: the list of interventions, and what pages need."""

from functools import partial
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from whatworks.errors import InvalidValue, UsageError
from whatworks.pages import Pages, View
from whatworks.pages.listing import FORMATS, State, read
from whatworks.pages.offered import CLASSES
from whatworks.publish import citations
from whatworks.publish.offers import offers
from whatworks.server import api
from whatworks.server.negotiation import choose
from whatworks.server.replies import answer, view_of
from whatworks.server.served import Served

_OWN = "own/"
_LIST = offers("html", *FORMATS)


def interventions(request: Request) -> Response:
    """Send the interventions that are asked for: as a page, or all of them in a format to take home."""
    served: Served = request.app.state.site.current
    offer = choose(request, _LIST)
    view, pages = view_of(request, asked=True), _pages(request)
    state = read(view, view.fields)
    if offer.name == "html":
        return answer(
            request, served, offer.media_type, ("interventions", *view.key), partial(pages.interventions, view, state)
        )
    if state.notices:
        raise InvalidValue(state.notices[0])
    headers = {"Content-Disposition": f'attachment; filename="interventions{offer.ending}"'}
    make = partial(_taken, served, pages, view, state, offer.name)
    return answer(request, served, offer.media_type, ("interventions", *view.key), make, headers)


def _taken(served: Served, pages: Pages, view: View, state: State, format: str) -> bytes:
    kg, things = served.kg, pages.listed(view, state)
    if format == "jsonld":
        return kg.near(things).exporter.things(format, things, single=False)
    if format in ("csv", "xlsx"):
        return kg.table(things).write(format) if things else kg.table([], "Intervention").cut(0).write(format)
    return citations.listed(served.edition, things, format)


def queries(request: Request) -> Response:
    """Send the list of the stored queries."""
    served: Served = request.app.state.site.current
    offer, view = choose(request, offers("html")), view_of(request)
    return answer(request, served, offer.media_type, ("ask", *view.key), partial(_pages(request).queries, view))


def query(request: Request) -> Response:
    """Send the form of a stored query, and its answer where all is given that must be."""
    served: Served = request.app.state.site.current
    found = served.kg.catalogue.get(request.path_params["name"])
    offer, view = choose(request, offers("html")), view_of(request, asked=True)
    names = [each.name for each in api.formats(found)]
    make = partial(_pages(request).form, view, found, names)
    try:
        if not served.is_constant(found):
            return Response(make(), headers={"Vary": "Accept"}, media_type=offer.media_type)
        return answer(request, served, offer.media_type, ("ask", found.name, view.home, *view.key), make)
    except UsageError as error:
        reason = f"{error.message} {error.hint or ''}".replace("--", "").strip()
        page = _pages(request).refused(view, found, reason)
        return Response(page, 400, {"Vary": "Accept"}, offer.media_type)


def compare(request: Request) -> Response:
    """Send interventions side by side."""
    return _whole(request, "compared")


def offered(request: Request) -> Response:
    """Send what completes a field of a page: options of a list, for the words in its first field."""
    served: Served = request.app.state.site.current
    offer, view = choose(request, offers("html")), view_of(request, asked=True)
    kind = request.path_params["kind"]
    if kind not in CLASSES:
        raise HTTPException(404)
    make = partial(_pages(request).offered, view, kind, next((text for _, text in view.fields), ""))
    return answer(request, served, offer.media_type, ("offered", kind, *view.key), make)


def gaps(request: Request) -> Response:
    """Send the map of gaps."""
    return _whole(request, "gaps")


def network(request: Request) -> Response:
    """Send what stands around one thing."""
    return _whole(request, "network")


def works(request: Request) -> Response:
    """Send what works for whom."""
    return _whole(request, "works")


def _whole(request: Request, kind: str) -> Response:
    served: Served = request.app.state.site.current
    offer, view = choose(request, offers("html")), view_of(request, asked=True)
    return answer(request, served, offer.media_type, (kind, *view.key), partial(getattr(_pages(request), kind), view))


def static(request: Request) -> Response:
    """Send a file that pages need."""
    served: Served = request.app.state.site.current
    name = request.path_params.get("name", "style.css")
    try:
        if name.startswith(_OWN):
            content, media_type = served.brand.files[name.removeprefix(_OWN)]
            return answer(request, served, media_type, ("static", name), lambda: content)
        _, media_type = _pages(request).file(name)
    except KeyError as error:
        raise HTTPException(404) from error
    return answer(request, served, media_type, ("static", name), lambda: _pages(request).file(name)[0])


def _pages(request: Request) -> Any:
    return request.app.state.pages
