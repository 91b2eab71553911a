"""What robots and browsers ask a site for: the list of its pages, what robots may read, and how it is searched.

Sources: sitemaps.org 0.9 (at most 50,000 addresses a file), RFC 9309 (robots.txt), OpenSearch 1.1.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import quote
from xml.sax.saxutils import escape

from whatworks.namespaces import GENERATED_AT, SKOS, TOPIC
from whatworks.publish.edition import Edition
from whatworks.terms import RDF_TYPE, Iri, Literal

_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_MOST = 50_000
_FIRST = (
    "", "interventions", "what-works", "gap-map", "queries",
    "catalog", "dumps/", "changes/", "api", "sparql", "ont", "shapes",
)  # fmt: skip
_ASKED = ("api", "sparql")  # of these, what is there only where queries are answered
_CLASSES = (Iri(SKOS + "ConceptScheme"), Iri(SKOS + "Concept"), Iri("http://xmlns.com/foaf/0.1/Agent"))


class Page(NamedTuple):
    """A page of the site: its path below the site, and the day on which what it shows was written, if that is known."""

    path: str
    day: str = ""


def pages(edition: Edition, *, answers: bool = True) -> list[Page]:
    """Return the pages that a search engine should know: what has a record, agents, concepts and schemes, queries.

    Args:
        edition: What is published.
        answers: Whether queries are answered there; then the pages for that count as well.
    """
    kg = edition.kg
    store, base = kg.collection.store, edition.base
    records = {quad.subject: quad.object for quad in store.match(predicate=TOPIC)}
    days: dict[str, str] = {str(topic): "" for topic in records.values()}
    for quad in store.match(predicate=GENERATED_AT):
        if (topic := records.get(quad.subject)) is not None and isinstance(quad.object, Literal):
            days[str(topic)] = max(days[str(topic)], quad.object.value[:10])
    named = {str(quad.subject) for each in _CLASSES for quad in store.match(predicate=RDF_TYPE, value=each)}
    days |= dict.fromkeys(named - days.keys(), "")
    days |= {str(kg.collection.space.thing("query", query.name)): "" for query in kg.catalogue.all()}
    own = {iri.removeprefix(base): day for iri, day in days.items() if iri.startswith(base) and "#" not in iri}
    found = [Page(path.replace("id/", "doc/", 1) if path.startswith("id/") else path, day) for path, day in own.items()]
    asked = [Page(f"queries/{query.name}") for query in kg.catalogue.all()]
    return [*(Page(path) for path in _FIRST if answers or path not in _ASKED), *asked, *sorted(found)]


def sitemap(found: Sequence[Page], home: str, number: int | None = None) -> bytes | None:
    """Return the list of pages, or where they are too many the list of lists.

    Args:
        found: The pages.
        home: The address of the site, with a slash at its end.
        number: Which of the lists, from 1; None for the one that robots begin with.

    Returns:
        The document; None where there is no list of this number.
    """
    if number is None and len(found) > _MOST:
        lists = range(1, -(-len(found) // _MOST) + 1)
        body = "".join(f"<sitemap><loc>{escape(home)}sitemap-{each}.xml</loc></sitemap>\n" for each in lists)
        return f'{_XML}<sitemapindex xmlns="{_SITEMAP}">\n{body}</sitemapindex>\n'.encode()
    part = found if number is None else found[(number - 1) * _MOST : number * _MOST]
    if not part or (number is not None and number < 1):
        return None
    return f'{_XML}<urlset xmlns="{_SITEMAP}">\n{"".join(_entries(part, home))}</urlset>\n'.encode()


def _entries(part: Iterable[Page], home: str) -> Iterable[str]:
    for page in part:
        day = f"<lastmod>{escape(page.day)}</lastmod>" if page.day else ""
        yield f"<url><loc>{escape(home + quote(page.path))}</loc>{day}</url>\n"


def robots(home: str) -> bytes:
    """Return what robots may read: pages and data, not answers that are worked out for each address."""
    lines = ("User-agent: *", "Disallow: /sparql?", "Disallow: /api/queries/", "Disallow: /search?", "Allow: /", "")
    return "\n".join([*lines, f"Sitemap: {home}sitemap.xml", ""]).encode()


def opensearch(edition: Edition, home: str, *, answers: bool = True) -> bytes:
    """Return the description by which a browser searches the site; programs search where queries are answered."""
    title, search = edition.facts.title, f"{escape(home)}search?q={{searchTerms}}"
    programs = f'<Url type="application/json" method="get" template="{search}&amp;format=json"/>\n' if answers else ""
    return (
        f'{_XML}<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">\n'
        f"<ShortName>{escape((edition.kg.settings.pages.name or 'whatworks')[:16])}</ShortName>\n"
        f"<LongName>{escape(title[:48])}</LongName>\n"
        f"<Description>{escape(title[:1024])}</Description>\n"
        "<InputEncoding>UTF-8</InputEncoding>\n"
        f'<Url type="text/html" method="get" template="{search}"/>\n'
        f"{programs}"
        f'<Url type="application/opensearchdescription+xml" rel="self" template="{escape(home)}opensearch.xml"/>\n'
        "</OpenSearchDescription>\n"
    ).encode()
