"""Linked data: every IRI of the release resolves.

The path of an IRI below the base is its path here. What is no document (`/id/…`) leads to the document about it
(`/doc/…`); the model, its schemes and terms, the shapes and the named graphs are documents themselves.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from whatworks.errors import UnknownThing
from whatworks.jsonld import CONTEXT
from whatworks.namespaces import MODEL, OWL, SKOS
from whatworks.server.negotiation import Offer, choose, offers
from whatworks.server.pages import Pages
from whatworks.server.replies import answer, problem
from whatworks.server.served import Served
from whatworks.store import write_ordered
from whatworks.terms import RDF_TYPE, Iri, Literal, Quad, is_iri

FORMATS = offers("turtle", "html", "jsonld", "ntriples", "rdfxml", "trig", "nquads")
_ENDINGS = tuple(offer.ending for offer in FORMATS)
_WHOLE = (Iri(OWL + "Ontology"), Iri(SKOS + "ConceptScheme"))
_DEPRECATED, _REPLACED = Iri(OWL + "deprecated"), Iri("http://purl.org/dc/terms/isReplacedBy")


@dataclass(frozen=True, slots=True)
class Document:
    """A document that can be sent in every RDF format, and what it is about.

    Attributes:
        iri: What it is about.
        path: Where it is, without ending.
        graph: The named graph whose statements it holds; None for what is asserted of the thing.
    """

    iri: Iri
    path: str
    graph: Iri | None = None


def thing(request: Request) -> Response:
    """Lead from a thing to the document about it."""
    served: Served = request.app.state.site.current
    path = request.path_params["path"]
    document, _ = find(served, f"id/{path}")
    if (gone := retired(served, document.iri)) is not None:
        return gone
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/doc/{path}{query}", 303)


def document(request: Request) -> Response:
    """Send the document at a path in the format that is asked for."""
    served: Served = request.app.state.site.current
    path = request.path_params["path"]
    inside = path.startswith("doc/")
    found, ending = find(served, f"id/{path.removeprefix('doc/')}" if inside else path)
    if (gone := retired(served, found.iri)) is not None:
        return gone
    offer = choose(request, FORMATS, ending)
    where = "/" + quote(found.path.replace("id/", "doc/", 1) if inside else found.path)
    links = [f'<{found.iri}>; rel="{"describes" if offer.name != "html" else "cite-as"}"']
    links += [
        f'<{where}{other.ending}>; rel="{"describedby" if offer.name == "html" else "alternate"}"; '
        f'type="{other.media_type}"'
        for other in FORMATS
        if other.name != offer.name
    ]
    headers = {"Content-Location": where + offer.ending, "Link": ", ".join(links)}
    pages: Pages = request.app.state.pages
    make = partial(pages.page, served, found.iri, found.graph, where) if offer.name == "html" else None
    return answer(
        request, served, offer.media_type, (found.iri, where), make or partial(written, served, found, offer), headers
    )


def context(request: Request) -> Response:
    """Send the JSON-LD context."""
    served: Served = request.app.state.site.current
    for asset in served.kg.assets.ontology():
        if asset.name == "ontology/context.jsonld":
            offer = choose(request, offers("jsonld"))
            return answer(request, served, offer.media_type, (CONTEXT,), asset.read)
    raise UnknownThing("The model has no context.")


def find(served: Served, path: str) -> tuple[Document, str]:
    """Return the document of a path, and the ending that was cut off it.

    Raises:
        UnknownThing: The release says nothing of it.
    """
    ending = next((each for each in _ENDINGS if path.endswith(each)), "")
    for shorter, cut in ((path, ""), (path.removesuffix(ending), ending)) if ending else ((path, ""),):
        for base in dict.fromkeys((served.kg.settings.base, MODEL)):
            iri = Iri(base + shorter)
            if is_iri(iri) and (found := _document(served, iri, shorter)) is not None:
                return found, cut
    raise UnknownThing(
        f"The release says nothing of /{path[:200]}.",
        hint="Search with the stored queries at /api/queries, or with /sparql.",
    )


def _document(served: Served, iri: Iri, path: str) -> Document | None:
    """Return the document of an IRI: a graph, an ontology or scheme with all that its graph holds, or one thing."""
    store = served.store
    if iri in store.graph_names:
        return Document(iri, path, iri)
    first = next(store.match(iri), None)
    if first is None:
        return None
    for of_class in _WHOLE:
        for quad in store.match(iri, RDF_TYPE, of_class):
            if served.kg.collection.is_model(quad.graph):
                return Document(iri, path, quad.graph)
    return Document(iri, path)


def written(served: Served, found: Document, offer: Offer) -> bytes:
    """Return a document in an RDF format."""
    kg = served.kg
    if found.graph is None:
        return kg.exporter.things(offer.name, [found.iri], single=True)
    return _graph(served, found, offer.name)


def _graph(served: Served, found: Document, format: str) -> bytes:
    quads: Iterable[Quad] = list(served.store.match(graph=found.graph))
    if found.graph == found.iri:  # what is said of the graph belongs to it
        quads = [*quads, *served.store.match(found.iri)]
    return write_ordered(quads, format, served.kg.prefixes.table)


def retired(served: Served, iri: Iri) -> Response | None:
    """Return the answer for what was retired, with what stands instead; None for what was not."""
    marks = served.store.match(iri, _DEPRECATED)
    if not any(isinstance(mark.object, Literal) and mark.object.value in ("true", "1") for mark in marks):
        return None
    instead = [str(quad.object) for quad in served.store.match(iri, _REPLACED) if isinstance(quad.object, Iri)]
    links = {"Link": ", ".join(f'<{each}>; rel="successor-version"' for each in instead)} if instead else None
    return problem(410, f"<{iri}> was retired.", headers=links, instead=instead)
