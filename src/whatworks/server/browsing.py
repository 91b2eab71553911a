"""Pages that are no documents: the list of interventions, and what pages need."""

from functools import partial
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from whatworks.errors import InvalidValue
from whatworks.pages import Pages, View
from whatworks.pages.listing import FORMATS, State, read
from whatworks.publish import citations
from whatworks.publish.offers import offers
from whatworks.server.negotiation import choose
from whatworks.server.replies import answer, view_of
from whatworks.server.served import Served

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


def static(request: Request) -> Response:
    """Send a file that pages need."""
    served: Served = request.app.state.site.current
    name = request.path_params.get("name", "style.css")
    try:
        _, media_type = _pages(request).file(name)
    except KeyError as error:
        raise HTTPException(404) from error
    return answer(request, served, media_type, ("static", name), lambda: _pages(request).file(name)[0])


def _pages(request: Request) -> Any:
    return request.app.state.pages
