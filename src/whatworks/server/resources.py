"""Linked data over HTTP: every IRI of the release resolves, to a document or to the one about it."""

from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from whatworks.errors import UnknownThing
from whatworks.jsonld import CONTEXT
from whatworks.pages.documents import content, find, forms, gone
from whatworks.pages.known import successors
from whatworks.publish.offers import CITATION, offers
from whatworks.publish.signposts import header, links, uri
from whatworks.server.negotiation import choose
from whatworks.server.replies import answer, home_of, told, view_of
from whatworks.server.served import Served
from whatworks.terms import Iri


def thing(request: Request) -> Response:
    """Lead from a thing to the document about it."""
    served: Served = request.app.state.site.current
    path = request.path_params["path"]
    document, _ = find(served.edition, f"id/{path}", home_of(request))
    if (answered := retired(request, served, document.iri)) is not None:
        return answered
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/doc/{path}{query}", 303)


def document(request: Request) -> Response:
    """Send the document at a path in the format that is asked for."""
    served: Served = request.app.state.site.current
    path, home = request.path_params["path"], home_of(request)
    inside = path.startswith("doc/")
    found, ending = find(served.edition, f"id/{path.removeprefix('doc/')}" if inside else path, home)
    if (answered := retired(request, served, found.iri)) is not None:
        return answered
    offered = forms(served.edition, found)
    if ending in {offer.ending for offer in CITATION} and not set(CITATION).issubset(offered):
        raise UnknownThing(f"{found.iri} is not cited by itself.", hint="What has a record is, and the data set.")
    offer, where = choose(request, offered, ending), found.where
    headers = {
        "Content-Location": where + offer.ending,
        "Link": header(links(served.edition, found.iri, where, offer, offered)),
    }
    key: tuple[str, ...] = (found.iri, where, *(found.made.mark if found.made is not None else ()))
    if found.iri == served.edition.dataset:
        key = (*key, home, served.edition.mark)
    view = view_of(request)
    if offer.name == "html":
        key = (*key, *view.key)
    make = partial(content, request.app.state.pages, view, found, offer, where)
    return answer(request, served, offer.media_type, key, make, headers)


def context(request: Request) -> Response:
    """Send the JSON-LD context."""
    served: Served = request.app.state.site.current
    for asset in served.kg.assets.ontology():
        if asset.name == "ontology/context.jsonld":
            offer = choose(request, offers("jsonld"))
            return answer(request, served, offer.media_type, (CONTEXT,), asset.read)
    raise UnknownThing("The model has no context.")


def retired(request: Request, served: Served, iri: Iri) -> Response | None:
    """Return the answer for what was retired, with what stands instead; None for what was not."""
    instead = successors(served.edition, iri)
    if instead is None:
        return None
    named = {"Link": ", ".join(f'<{uri(each)}>; rel="successor-version"' for each in instead)} if instead else None
    return told(request, 410, gone(iri), headers=named, about=iri, instead=instead)
