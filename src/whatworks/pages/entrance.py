"""The page that one begins with, and what a search finds."""

from collections.abc import Iterator
from typing import Any

from whatworks.namespaces import DCTERMS, FOAF, IN_SCHEME, SKOS, VOC
from whatworks.pages import atlas, listing
from whatworks.pages.known import known
from whatworks.pages.shelf import Shelf
from whatworks.pages.view import Shown, View, by_letters, cut, heading, sentence
from whatworks.publish import schemaorg
from whatworks.results import safe
from whatworks.search.hits import Found, Hit
from whatworks.terms import RDF_TYPE, Iri

_SCHEME, _CONCEPT = Iri(SKOS + "ConceptScheme"), Iri(SKOS + "Concept")
_DESCRIPTION = Iri(DCTERMS + "description")
# A place such as several countries that are not named is no country of its own.
_NO_COUNTRY, _MEMBER = Iri(VOC + "place/no-single-country"), Iri(SKOS + "member")
_AGENT = Iri(FOAF + "Agent")
_WAYS = ("approach", "target-group", "country", "theme")
_MOST = 8  # values of a facet on the first page
_QUESTIONS = 7
# Queries that are worth asking first: those about interventions, not about the data.
_TOPICS = ("overview", "success-factors", "evidence")


def values(view: View, shelf: Shelf) -> dict[str, Any]:
    """Return what the first page shows."""
    edition = view.edition
    counts = shelf.counts({})
    return {
        "lead": view.stated("dcterms:description"),
        "numbers": list(_numbers(view, shelf)),
        "ways": [
            _way(view, shelf, facet, counts.get(facet.property, {}))
            for facet in listing.choices(view)
            if facet.name in _WAYS and counts.get(facet.property)
        ],
        "map": atlas.drawn(
            view, next((counts.get(each.property, {}) for each in listing.choices(view) if each.name == "country"), {})
        ),
        "questions": _questions(view),
        "schemes": _schemes(view),
        "dataset": view.href(edition.dataset) if edition.stated else "",
        "block": schemaorg.block(schemaorg.dataset(edition, view.home)) if edition.stated else "",
        "here": "start",
    }


def _numbers(view: View, shelf: Shelf) -> Iterator[tuple[int, str, str]]:
    """Yield the five numbers: how many, of what, and where to look further."""
    words, counts = view.words, shelf.counts({})
    countries = next(facet for facet in listing.choices(view) if facet.name == "country")
    yield len(shelf.things("Intervention")), words("interventions"), view.to("/interventions")
    several = {quad.object for quad in view.edition.kg.collection.store.match(_NO_COUNTRY, _MEMBER)}
    yield len(counts.get(countries.property, {}).keys() - several), words("countries"), view.to("/queries/countries")
    yield len(shelf.things("SuccessFactor")), words("success factors"), view.to("/what-works")
    yield len(shelf.things("Finding")), words("measured findings"), view.to("/queries/findings")
    yield len(shelf.things("Link")), words("explained links"), view.to("/queries/related")


def _way(view: View, shelf: Shelf, facet: listing.Facet, counts: dict[Iri, int]) -> dict[str, Any]:
    entries = []
    if facet.name == "theme":  # its wider terms only say on which level something helped
        wide = {shelf.broader(value) for value in counts}
        counts = {value: number for value, number in counts.items() if value not in wide}
    for iri, number in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST]:
        shown = view.name(iri)
        address = view.to("/interventions", [(facet.name, iri.code)])
        entries.append({"text": shown.text, "language": shown.language, "href": address, "count": number})
    titles = {
        "approach": (view.words("By approach"), view.words("Where there are gaps"), view.to("/gap-map")),
        "target-group": (view.words("By target group"), view.words("What works for whom"), view.to("/what-works")),
        "country": (view.words("By country"), view.words("All countries"), view.to("/queries/countries")),
        "theme": (view.words("By what helped"), view.words("All themes"), view.to("/queries/success-factor-themes")),
    }
    title, all_, more = titles[facet.name]
    note = view.words("stated by the source, or assigned here") if facet.name == "approach" else ""
    return {"title": title, "note": sentence(note), "entries": entries, "all": all_, "more": more}


def _questions(view: View) -> list[Shown]:
    found = [query for query in view.edition.kg.catalogue.all() if query.topic in _TOPICS and query.form == "SELECT"]
    asked = [query for query in found if not any(parameter.required for parameter in query.parameters)]
    asked.sort(key=lambda query: _TOPICS.index(query.topic))
    said = [(view.of_query(query.summary), view.to(f"/queries/{query.name}")) for query in asked[:_QUESTIONS]]
    return [Shown(heading(each.text), each.language, address) for each, address in said]


def _schemes(view: View) -> list[tuple[str, str]]:
    store = view.edition.kg.collection.store
    schemes = {quad.subject for quad in store.match(predicate=RDF_TYPE, value=_SCHEME)}
    named = [view.name(each) for each in schemes if isinstance(each, Iri)]
    return sorted(((each.text, each.href) for each in named if each.href), key=lambda pair: by_letters(pair[0]))


def _sort(view: View, hit: Hit) -> Shown:
    """Return what sort of thing was found: of a concept, its scheme."""
    if hit.of_class == _CONCEPT:
        schemes = sorted(str(quad.object) for quad in view.edition.kg.collection.store.match(hit.thing, IN_SCHEME))
        if schemes:
            return view.name(Iri(schemes[0]))
    if hit.of_class == _AGENT:  # a class of others, without a name here
        return Shown(view.words("Actor"))
    name = view.name(hit.of_class)
    return name._replace(text=sentence(name.text))


def _known(view: View, shelf: Shelf, hit: Hit) -> dict[str, Any] | None:
    """Return what is known of an intervention that has no summary."""
    if not shelf.is_intervention(hit.thing):
        return None
    if next(view.edition.kg.collection.store.match(hit.thing, _DESCRIPTION), None) is not None:
        return None
    return known(view, shelf, hit.thing.code)


def search(view: View, shelf: Shelf, text: str, found: Found | None) -> dict[str, Any]:
    """Return what the page of a search shows."""
    hits = [
        {
            "href": view.href(hit.thing),
            "pieces": [(safe(piece), marked) for piece, marked in hit.title.pieces()],
            "class": _sort(view, hit),
            "fragment": listing.fragment(view, hit),
            "language": hit.language if hit.language != view.language else "",
            "via": [view.name(each) for each in hit.via],
            "known": _known(view, shelf, hit),
        }
        for hit in (found.hits if found is not None else ())
    ]
    return {"text": cut(safe(text)), "hits": hits, "found": found}
