"""Plain pages for people: one thing, or what a graph holds; all text is escaped, and nothing is fetched elsewhere."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined

from whatworks.describe import Description, Value
from whatworks.namespaces import MODEL, SKOS
from whatworks.results import safe
from whatworks.server.served import Served
from whatworks.terms import RDF_TYPE, Iri, Literal, Node

_SCHEME = Iri(SKOS + "ConceptScheme")
_DEFINITION = Iri(SKOS + "definition")
STYLE = "style.css"


class Pages:
    """Writes pages."""

    @cached_property
    def _environment(self) -> Environment:
        names = ("layout.html", "thing.html", "graph.html", "parts.html", "start.html", "sparql.html", "preview.html")
        templates = {name: self.file(name).decode() for name in names}
        return Environment(
            loader=DictLoader(templates),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    @staticmethod
    def file(name: str) -> bytes:
        """Return a file of the pages."""
        return (files("whatworks.server") / "templates" / name).read_bytes()

    def page(self, served: Served, iri: Iri, graph: Iri | None, where: str) -> bytes:
        """Return the page about a thing, or about a graph and what it holds.

        Args:
            served: What is served.
            iri: The thing.
            graph: The graph whose things are listed.
            where: The path of the document, for the links to its other forms.
        """
        described = served.kg.describer.describe(iri)
        href = Links(served)
        shown = self._with_hrefs(described, href)
        twins = [(ending[1:], where + ending) for ending in (".ttl", ".jsonld", ".nt", ".rdf", ".trig", ".nq")]
        terms = self._terms(served, graph, iri) if graph is not None else []
        return self.render(
            "thing.html" if graph is None else "graph.html",
            {
                "thing": shown,
                "twins": twins,
                "terms": terms,
                "release": served.name,
                "language": served.kg.settings.languages[0],
            },
        )

    def start(self, served: Served) -> bytes:
        """Return the page that one begins with: what there is."""
        kg, href = served.kg, Links(served)
        languages = kg.settings.languages
        schemes = {quad.subject for quad in served.store.match(predicate=RDF_TYPE, value=_SCHEME)}
        things = kg.describer.members(None)

        def listed(found: Iterable[Node]) -> list[tuple[str, str]]:
            iris = (each for each in found if isinstance(each, Iri))
            named = ((safe(kg.describer.label(each, languages)[0]), href.of(each)) for each in iris)
            return sorted((label, address) for label, address in named if address)

        values = {
            "statements": len(served.store),
            "schemes": listed(schemes),
            "things": listed(things),
            "release": served.name,
            "language": languages[0],
        }
        return self.render("start.html", values)

    def query(self, served: Served, formats: Sequence[str]) -> bytes:
        """Return the page on which an own query is written."""
        language = served.kg.settings.languages[0]
        return self.render("sparql.html", {"release": served.name, "language": language, "formats": formats})

    def render(self, template: str, values: dict[str, Any]) -> bytes:
        """Return a page made of a template."""
        return self._environment.get_template(template).render(values).encode(errors="replace")

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
    def _terms(served: Served, graph: Iri, iri: Iri) -> list[dict[str, str]]:
        """Return the things that a graph holds, with their definitions."""
        languages = served.kg.settings.languages
        found = []
        href = Links(served)
        subjects = {quad.subject for quad in served.store.match(graph=graph)}
        for subject in sorted(each for each in subjects if isinstance(each, Iri) and each != iri):
            definitions = [quad.object for quad in served.store.match(subject, _DEFINITION)]
            texts = [each for each in definitions if isinstance(each, Literal) and each.language in (*languages, "")]
            texts.sort(key=lambda each: languages.index(each.language) if each.language in languages else 99)
            found.append(
                {
                    "label": safe(served.kg.describer.label(subject, languages)[0]),
                    "href": href.of(subject) or "",
                    "fragment": subject.partition("#")[2],
                    "definition": texts[0].value if texts else "",
                }
            )
        return found


class Links:
    """Where the IRIs of pages lead: those of the release to this server, others to where they say."""

    def __init__(self, served: Served) -> None:
        self._bases = (served.kg.settings.base, MODEL)

    def of(self, iri: Iri) -> str | None:
        """Return the address of an IRI; None for one that a browser must not follow."""
        for base in self._bases:
            if iri.startswith(base):
                return f"/{iri[len(base) :]}"
        return str(iri) if iri.startswith(("https://", "http://")) else None
