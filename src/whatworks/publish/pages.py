"""Plain pages for people: one thing, or what a graph holds; all text is escaped, and nothing is fetched elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined

from whatworks.catalogue import Query
from whatworks.describe import Description, Value
from whatworks.namespaces import MODEL, SKOS
from whatworks.publish import citations, dcat, examples, schemaorg
from whatworks.publish.dumps import shown_of
from whatworks.publish.edition import Edition
from whatworks.publish.offers import CITATION, DOCUMENT
from whatworks.publish.signposts import links
from whatworks.release import Release
from whatworks.results import safe
from whatworks.search.hits import Found
from whatworks.terms import RDF_TYPE, Iri, Literal, Node

_SCHEME = Iri(SKOS + "ConceptScheme")
_DEFINITION = Iri(SKOS + "definition")
STYLE = "style.css"


class Pages:
    """Writes pages."""

    @cached_property
    def _environment(self) -> Environment:
        folder = files("whatworks.publish") / "templates"
        names = [each.name for each in folder.iterdir() if each.name.endswith(".html")]
        return Environment(
            loader=DictLoader({name: self.file(name).decode() for name in names}),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    @staticmethod
    def file(name: str) -> bytes:
        """Return a file of the pages."""
        return (files("whatworks.publish") / "templates" / name).read_bytes()

    def page(self, edition: Edition, iri: Iri, graph: Iri | None, where: str, home: str) -> bytes:
        """Return the page about a thing, or about a graph and what it holds.

        Args:
            edition: What is published.
            iri: The thing.
            graph: The graph whose things are listed.
            where: The path of the document, for the links to its other forms.
            home: The address of the site.
        """
        described = edition.kg.near([iri]).describer.describe(iri)
        citation = citations.cited(edition, iri)
        values: dict[str, Any] = {
            "thing": self._with_hrefs(described, Links(edition)),
            "terms": self._terms(edition, graph, iri) if graph is not None else [],
            "tags": citations.tags(citation) if citation is not None else [],
            "citation": safe(citations.sentence(citation)) if citation is not None else "",
            "block": schemaorg.block(schemaorg.dataset(edition, home)) if iri == edition.dataset else "",
        }
        return self._written("thing.html" if graph is None else "graph.html", edition, values, iri, where)

    def start(self, edition: Edition, home: str) -> bytes:
        """Return the page that one begins with: what there is."""
        kg, href = edition.kg, Links(edition)
        languages = kg.settings.languages
        schemes = {quad.subject for quad in kg.collection.store.match(predicate=RDF_TYPE, value=_SCHEME)}
        things = kg.describer.members(None)

        def listed(found: Iterable[Node]) -> list[tuple[str, str]]:
            iris = (each for each in found if isinstance(each, Iri))
            named = ((safe(kg.describer.label(each, languages)[0]), href.of(each)) for each in iris)
            return sorted((label, address) for label, address in named if address)

        values = {
            "statements": len(kg.collection.store),
            "schemes": listed(schemes),
            "things": listed(things),
            "dataset": href.of(edition.dataset) if edition.stated else None,
            "block": schemaorg.block(schemaorg.dataset(edition, home)) if edition.stated else "",
        }
        return self._written("start.html", edition, values)

    def query(self, edition: Edition, formats: Sequence[str]) -> bytes:
        """Return the page on which an own query is written."""
        return self._written("sparql.html", edition, {"formats": formats})

    def catalogue(self, edition: Edition, where: str, home: str) -> bytes:
        """Return the page of the catalogue."""
        values = {
            "facts": edition.facts,
            "dataset": Links(edition).of(edition.dataset),
            "releases": edition.releases(),
            "citation": safe(citations.sentence(citations.of_dataset(edition))),
            "block": schemaorg.block(schemaorg.dataset(edition, home)),
        }
        return self._written("catalog.html", edition, values, Iri(f"{edition.base}catalog"), where)

    def dumps(self, edition: Edition) -> bytes:
        """Return the list of the releases, the newest first, and their files."""
        found = [(release, shown_of(release)) for release in reversed(edition.releases())]
        return self._written("dumps.html", edition, {"releases": found})

    def release(self, edition: Edition, release: Release, where: str) -> bytes:
        """Return the page of a release and its files."""
        iri = dcat.iri_of(edition, release.name)
        values = {"one": release, "files": shown_of(release), "iri": iri}
        return self._written("release.html", edition, values, iri, where)

    def queries(self, edition: Edition) -> bytes:
        """Return the list of the stored queries."""
        return self._written("queries.html", edition, {"queries": edition.kg.catalogue.all()})

    def stored(self, edition: Edition, query: Query, where: str) -> bytes:
        """Return the page of a stored query: what it answers, with what, and its text."""
        iri = examples.iri_of(edition, query)
        return self._written("query.html", edition, {"query": query, "iri": iri}, iri, where)

    def preview(self, edition: Edition, values: Mapping[str, Any]) -> bytes:
        """Return a small page about a thing, to be shown within another one."""
        return self._written("preview.html", edition, dict(values))

    def api(self, edition: Edition, description: Mapping[str, Any]) -> bytes:
        """Return the page that explains what programs can ask, from its description in OpenAPI."""
        return self._written("api.html", edition, {"api": description})

    def search(self, edition: Edition, text: str, found: Found | None) -> bytes:
        """Return what was found, or the page on which one begins to search."""
        href, languages = Links(edition), edition.kg.settings.languages
        hits = [
            {
                "title": safe(hit.title.text),
                "href": href.of(hit.thing),
                "fragment": safe(hit.fragment.text),
                "class": safe(edition.kg.describer.label(hit.of_class, languages)[0]),
            }
            for hit in (found.hits if found is not None else ())
        ]
        return self._written("search.html", edition, {"text": safe(text), "hits": hits, "found": found})

    def _written(
        self, template: str, edition: Edition, values: dict[str, Any], iri: Iri | None = None, where: str = ""
    ) -> bytes:
        """Return a page; one that is about something names that and its other forms."""
        html = next(offer for offer in DOCUMENT if offer.name == "html")
        offered = (*DOCUMENT, *CITATION) if values.get("tags") else DOCUMENT
        common = {
            "release": edition.name,
            "language": edition.kg.settings.languages[0],
            "links": links(edition, iri, where, html, offered) if iri is not None else [],
            "twins": [(offer.ending[1:], where + offer.ending) for offer in DOCUMENT if offer != html] if where else [],
            "citable": [(offer.name, where + offer.ending) for offer in CITATION] if offered != DOCUMENT else [],
            "tags": [],
            "block": "",
        }
        return self._environment.get_template(template).render({**common, **values}).encode(errors="replace")

    def _with_hrefs(self, described: Description, href: "Links") -> dict[str, Any]:
        return {
            "iri": described.iri,
            "title": safe(described.title or described.iri),
            "classes": described.classes,
            "fragment": described.iri.partition("#")[2],
            "sections": [
                (
                    section.name,
                    [
                        {
                            "name": each.name,
                            "assigned": each.assigned,
                            "inferred": each.inferred,
                            "values": [self._value(value, href) for value in each.values],
                        }
                        for each in section.fields
                    ],
                )
                for section in described.sections
            ],
            "record": self._with_hrefs(described.record, href) if described.record is not None else None,
            "mentions": [
                {"name": each.name, "values": [self._value(value, href) for value in each.values]}
                for each in described.mentions
            ],
        }

    def _value(self, value: Value, href: "Links") -> dict[str, Any]:
        return {
            "text": safe(value.text),
            "language": value.language,
            "href": href.of(value.term) if isinstance(value.term, Iri) else None,
            "part": self._with_hrefs(value.part, href) if value.part is not None else None,
        }

    @staticmethod
    def _terms(edition: Edition, graph: Iri, iri: Iri) -> list[dict[str, str]]:
        """Return the things that a graph holds, with their definitions."""
        languages = edition.kg.settings.languages
        found = []
        href = Links(edition)
        subjects = {quad.subject for quad in edition.kg.collection.store.match(graph=graph)}
        for subject in sorted(each for each in subjects if isinstance(each, Iri) and each != iri):
            definitions = [quad.object for quad in edition.kg.collection.store.match(subject, _DEFINITION)]
            texts = [each for each in definitions if isinstance(each, Literal) and each.language in (*languages, "")]
            texts.sort(key=lambda each: languages.index(each.language) if each.language in languages else 99)
            found.append(
                {
                    "label": safe(edition.kg.describer.label(subject, languages)[0]),
                    "href": href.of(subject) or "",
                    "fragment": subject.partition("#")[2],
                    "definition": texts[0].value if texts else "",
                }
            )
        return found


class Links:
    """Where the IRIs of pages lead: those of the release to this server, others to where they say."""

    def __init__(self, edition: Edition) -> None:
        self._bases = (edition.kg.settings.base, MODEL)

    def of(self, iri: Iri) -> str | None:
        """Return the address of an IRI; None for one that a browser must not follow."""
        for base in self._bases:
            if iri.startswith(base):
                return f"/{iri[len(base) :]}"
        return str(iri) if iri.startswith(("https://", "http://")) else None
