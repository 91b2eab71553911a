"""Linked data: every IRI of the release resolves.

The path of an IRI below the base is its path here. What is no document (`/id/…`) leads to the document about it
(`/doc/…`); the model, its schemes and terms, the shapes and the named graphs are documents themselves. The catalogue,
releases and stored queries are no things of the store: what is said of them is made by `publish`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from whatworks.errors import UnknownThing
from whatworks.jsonld import CONTEXT
from whatworks.namespaces import DEPRECATED, MODEL, OWL, REPLACED, SKOS
from whatworks.pages import Pages, View
from whatworks.publish import citations, dcat, examples, void
from whatworks.publish.offers import CITATION, DOCUMENT, Offer, offers
from whatworks.publish.signposts import header, links
from whatworks.server.negotiation import choose
from whatworks.server.replies import answer, home_of, told, view_of
from whatworks.server.served import Served
from whatworks.store import write_ordered
from whatworks.terms import RDF_TYPE, Iri, Literal, Quad, is_iri

_ENDINGS = tuple(offer.ending for offer in (*DOCUMENT, *CITATION))
_WHOLE = (Iri(OWL + "Ontology"), Iri(SKOS + "ConceptScheme"))


@dataclass(frozen=True, slots=True)
class Document:
    """A document that can be sent in every RDF format, and what it is about.

    Attributes:
        iri: What it is about.
        path: Where it is, without ending.
        graph: The named graph whose statements it holds; None for what is asserted of the thing.
        made: Makes its statements and its page, for what is not in the store.
    """

    iri: Iri
    path: str
    graph: Iri | None = None
    made: "Made | None" = None


@dataclass(frozen=True, slots=True)
class Made:
    """What is said of what is not in the store.

    Attributes:
        quads: Makes the statements.
        page: Makes the page; is given the pages, what it needs, and where the document is.
        mark: What it depends on besides the release.
    """

    quads: Callable[[], list[Quad]]
    page: Callable[[Pages, View, str], bytes]
    mark: tuple[str, ...]


def thing(request: Request) -> Response:
    """Lead from a thing to the document about it."""
    served: Served = request.app.state.site.current
    path = request.path_params["path"]
    document, _ = find(served, f"id/{path}", home_of(request))
    if (gone := retired(request, served, document.iri)) is not None:
        return gone
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/doc/{path}{query}", 303)


def document(request: Request) -> Response:
    """Send the document at a path in the format that is asked for."""
    served: Served = request.app.state.site.current
    path, home = request.path_params["path"], home_of(request)
    inside = path.startswith("doc/")
    found, ending = find(served, f"id/{path.removeprefix('doc/')}" if inside else path, home)
    if (gone := retired(request, served, found.iri)) is not None:
        return gone
    offered = DOCUMENT
    if found.made is None and citations.is_cited(served.edition, found.iri):
        offered = (*DOCUMENT, *CITATION)
    elif ending in {offer.ending for offer in CITATION}:
        raise UnknownThing(f"{found.iri} is not cited by itself.", hint="What has a record is, and the data set.")
    offer = choose(request, offered, ending)
    where = "/" + quote(found.path.replace("id/", "doc/", 1) if inside else found.path)
    headers = {
        "Content-Location": where + offer.ending,
        "Link": header(links(served.edition, found.iri, where, offer, offered)),
    }
    key: tuple[str, ...] = (found.iri, where, *(found.made.mark if found.made is not None else ()))
    if found.iri == served.edition.dataset:
        key = (*key, home, served.edition.mark)
    if offer.name == "html":
        key = (*key, *view_of(request).key)
    make = partial(_content, request, served, found, offer, where)
    return answer(request, served, offer.media_type, key, make, headers)


def _content(request: Request, served: Served, found: Document, offer: Offer, where: str) -> bytes:
    pages: Pages = request.app.state.pages
    if offer in CITATION:
        citation = citations.cited(served.edition, found.iri)
        assert citation is not None  # noqa: S101 - else it is not offered
        return citations.written(citation, offer.name)
    if offer.name != "html":
        return written(served, found, offer)
    if found.made is not None:
        return found.made.page(pages, view_of(request), where)
    return pages.page(view_of(request), found.iri, found.graph, where)


def context(request: Request) -> Response:
    """Send the JSON-LD context."""
    served: Served = request.app.state.site.current
    for asset in served.kg.assets.ontology():
        if asset.name == "ontology/context.jsonld":
            offer = choose(request, offers("jsonld"))
            return answer(request, served, offer.media_type, (CONTEXT,), asset.read)
    raise UnknownThing("The model has no context.")


def find(served: Served, path: str, home: str) -> tuple[Document, str]:
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
        if (taken := _taken_up(served, shorter)) is not None:
            return Document(taken, shorter), cut
        made = _made(served, shorter, home)
        if made is not None:
            return Document(Iri(served.kg.settings.base + shorter), shorter, made=made), cut
    raise UnknownThing(
        f"The release says nothing of /{path[:200]}.",
        hint="Search with the stored queries at /api/queries, or with /sparql.",
    )


def _taken_up(served: Served, path: str) -> Iri | None:
    """Return the concept of another publisher that stands in one of our schemes under its code: /voc/place/BEL."""
    scheme, _, code = path.removeprefix("voc/").rpartition("/")
    if not path.startswith("voc/") or not scheme or not is_iri(served.kg.lookup.scheme(scheme)):
        return None
    known = served.kg.lookup.concepts(scheme).tiers["code"].get(code.casefold(), set())
    return next((iri for iri in sorted(known) if iri.code == code and not iri.startswith(MODEL)), None)


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


def _made(served: Served, path: str, home: str) -> Made | None:
    """Return what is said of the catalogue, a release or a stored query; None where a path is none of them."""
    edition = served.edition
    if path == "catalog":
        return Made(
            partial(dcat.catalogue, edition, home),
            Pages.catalogue,
            (home, edition.mark),
        )
    if path == examples.PATH:
        return Made(partial(examples.examples, edition, home), lambda pages, view, _: pages.queries(view), (home,))
    kind, _, name = path.removeprefix("id/").partition("/")
    if not path.startswith("id/") or not name:
        return None
    if kind == "query" and name in served.kg.catalogue.names():
        query = served.kg.catalogue.get(name)
        return Made(
            partial(examples.example, edition, home, query),
            lambda pages, view, where: pages.stored(view, query, where),
            (home,),
        )
    if kind == "release":
        release = next((each for each in edition.releases() if each.name == name), None)
        if release is not None:
            return Made(
                partial(dcat.release, edition, home, name),
                lambda pages, view, where: pages.release(view, release, where),
                (home, edition.mark),
            )
    return None


def written(served: Served, found: Document, offer: Offer) -> bytes:
    """Return a document in an RDF format."""
    kg = served.kg
    if found.made is not None:
        return void.written(served.edition, found.made.quads(), offer.name)
    if found.graph is None:
        return kg.near([found.iri]).exporter.things(offer.name, [found.iri], single=True)
    return _graph(served, found, offer.name)


def _graph(served: Served, found: Document, format: str) -> bytes:
    quads: Iterable[Quad] = list(served.store.match(graph=found.graph))
    if found.graph == found.iri:  # what is said of the graph belongs to it
        quads = [*quads, *served.store.match(found.iri)]
    return write_ordered(quads, format, served.kg.prefixes.table)


def retired(request: Request, served: Served, iri: Iri) -> Response | None:
    """Return the answer for what was retired, with what stands instead; None for what was not."""
    marks = served.store.match(iri, DEPRECATED)
    if not any(isinstance(mark.object, Literal) and mark.object.value in ("true", "1") for mark in marks):
        return None
    instead = [str(quad.object) for quad in served.store.match(iri, REPLACED) if isinstance(quad.object, Iri)]
    links = {"Link": ", ".join(f'<{each}>; rel="successor-version"' for each in instead)} if instead else None
    return told(request, 410, f"<{iri}> was retired.", headers=links, instead=instead)
