"""The documents of a site: what is at each path, and its bytes in each form. Server and static site send the same.

The path of an IRI below the base is its path here. What is no document (`/id/…`) has its document at `/doc/…`; the
model, its schemes and terms, the shapes and the named graphs are documents themselves. The catalogue, releases and
stored queries are no things of the store: what is said of them is made by `publish`.
"""

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from whatworks.errors import UnknownThing
from whatworks.namespaces import MODEL, OWL, SKOS
from whatworks.pages.site import Pages
from whatworks.pages.view import View
from whatworks.publish import citations, dcat, examples, void
from whatworks.publish.edition import Edition
from whatworks.publish.offers import CITATION, DOCUMENT, Offer
from whatworks.store import write_forms, write_ordered
from whatworks.terms import RDF_TYPE, Iri, Quad, is_iri

ENDINGS = tuple(offer.ending for offer in (*DOCUMENT, *CITATION))
_VERSION = Iri(OWL + "versionIRI")
_WHOLE = (Iri(OWL + "Ontology"), Iri(SKOS + "ConceptScheme"))


@dataclass(frozen=True, slots=True)
class Document:
    """A document that can be had in every RDF format, and what it is about.

    Attributes:
        iri: What it is about.
        path: Where it is, without ending; of a thing, the path of its IRI.
        graph: The named graph whose statements it holds; None for what is asserted of the thing.
        made: Makes its statements and its page, for what is not in the store.
    """

    iri: Iri
    path: str
    graph: Iri | None = None
    made: "Made | None" = None

    @property
    def where(self) -> str:
        """Where it is on the site, without ending: what is said of a thing at /id/… is at /doc/…."""
        return "/" + quote(f"doc/{self.path[3:]}" if self.path.startswith("id/") else self.path)


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


def find(edition: Edition, path: str, home: str, *, answers: bool = True) -> tuple[Document, str]:
    """Return the document of a path, and the ending that was cut off it.

    Args:
        edition: What is published.
        path: The path, of a thing that of its IRI.
        home: The address of the site, with a slash at its end.
        answers: Whether queries are answered there.

    Raises:
        UnknownThing: The release says nothing of it.
    """
    ending = next((each for each in ENDINGS if path.endswith(each)), "")
    for shorter, cut in ((path, ""), (path.removesuffix(ending), ending)) if ending else ((path, ""),):
        for base in dict.fromkeys((edition.base, MODEL)):
            iri = Iri(base + shorter)
            if is_iri(iri) and (found := _document(edition, iri, shorter)) is not None:
                return found, cut
        if (taken := _taken_up(edition, shorter)) is not None:
            return Document(taken, shorter), cut
        made = _made(edition, shorter, home, answers)
        if made is not None:
            return Document(Iri(edition.base + shorter), shorter, made=made), cut
    raise UnknownThing(
        f"The release says nothing of /{path[:200]}.",
        hint="Search with the stored queries at /api/queries, or with /sparql.",
    )


def _taken_up(edition: Edition, path: str) -> Iri | None:
    """Return the concept of another publisher that stands in one of our schemes under its code: /voc/place/BEL."""
    scheme, _, code = path.removeprefix("voc/").rpartition("/")
    lookup = edition.kg.lookup
    if not path.startswith("voc/") or not scheme or not is_iri(lookup.scheme(scheme)):
        return None
    known = lookup.concepts(scheme).tiers["code"].get(code.casefold(), set())
    return next((iri for iri in sorted(known) if iri.code == code and not iri.startswith(MODEL)), None)


def _document(edition: Edition, iri: Iri, path: str) -> Document | None:
    """Return the document of an IRI: a graph, an ontology or scheme with all that its graph holds, or one thing."""
    collection = edition.kg.collection
    store = collection.store
    if iri in store.graph_names:
        return Document(iri, path, iri)
    first = next(store.match(iri), None)
    if first is None:  # the model as it is in one version is the model
        versions = store.match(predicate=_VERSION, value=iri)
        return next(
            (Document(quad.subject, path, quad.graph) for quad in versions if isinstance(quad.subject, Iri)), None
        )
    for of_class in _WHOLE:
        for quad in store.match(iri, RDF_TYPE, of_class):
            if collection.is_model(quad.graph):
                return Document(iri, path, quad.graph)
    return Document(iri, path)


def _made(edition: Edition, path: str, home: str, answers: bool) -> Made | None:
    """Return what is said of the catalogue, a release or a stored query; None where a path is none of them."""
    if path == "catalog":
        return Made(partial(dcat.catalogue, edition, home, answers=answers), Pages.catalogue, (home, edition.mark))
    if path == examples.PATH:
        return Made(
            partial(examples.examples, edition, home, answers=answers),
            lambda pages, view, _: pages.queries(view),
            (home,),
        )
    kind, _, name = path.removeprefix("id/").partition("/")
    if not path.startswith("id/") or not name:
        return None
    if kind == "query" and name in edition.kg.catalogue.names():
        query = edition.kg.catalogue.get(name)
        return Made(
            partial(examples.example, edition, home, query, answers=answers),
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


def forms(edition: Edition, document: Document) -> tuple[Offer, ...]:
    """Return the forms in which a document can be had, the usual one first."""
    cited = document.made is None and citations.is_cited(edition, document.iri)
    return (*DOCUMENT, *CITATION) if cited else DOCUMENT


def content(pages: Pages, view: View, document: Document, form: Offer, where: str) -> bytes:
    """Return a document in a form.

    Args:
        pages: Write the page.
        view: What the page needs.
        document: The document.
        form: One of its forms.
        where: Its path on the site, without ending.
    """
    edition = view.edition
    if form in CITATION:
        citation = citations.cited(edition, document.iri)
        assert citation is not None  # noqa: S101 - else it is not offered
        return citations.written(citation, form.name)
    if form.name != "html":
        return written(edition, document, form.name)
    if document.made is not None:
        return document.made.page(pages, view, where)
    return pages.page(view, document.iri, document.graph, where)


def written(edition: Edition, document: Document, format: str) -> bytes:
    """Return a document in an RDF format."""
    kg = edition.kg
    if document.made is not None:
        return void.written(edition, document.made.quads(), format)
    if document.graph is None:
        return kg.near([document.iri]).exporter.things(format, [document.iri], single=True)
    return write_ordered(_held(edition, document), format, kg.prefixes.table)


def contents(pages: Pages, view: View, document: Document, wanted: Container[Offer]) -> Iterator[tuple[Offer, bytes]]:
    """Yield a document in the wanted of its forms, as `content` returns each; what they have in common is made once."""
    edition = view.edition
    offered = [offer for offer in forms(edition, document) if offer in wanted]
    kg = edition.kg
    names = [offer.name for offer in offered if offer.name != "html" and offer not in CITATION]
    if document.made is not None:
        quads = document.made.quads()
        made = {name: void.written(edition, quads, name) for name in names}
    elif document.graph is None:
        made = kg.near([document.iri]).exporter.forms(names, document.iri)
    else:
        made = write_forms(_held(edition, document), names, kg.prefixes.table)
    for offer in offered:
        yield offer, made[offer.name] if offer.name in made else content(pages, view, document, offer, document.where)


def _held(edition: Edition, document: Document) -> list[Quad]:
    """Return the statements of a graph, and if it is what the document is about, what is said of it."""
    store = edition.kg.collection.store
    about = store.match(document.iri) if document.graph == document.iri else ()
    return [*store.match(graph=document.graph), *about]


def gone(iri: Iri) -> str:
    """Return what is said of what was retired."""
    return f"<{iri}> was retired."
