"""What the reference pages are made from: the shipped collection, read from its files, and words for its terms."""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from typing import Any

from whatworks import KnowledgeGraph
from whatworks.assets import Assets
from whatworks.catalogue import Query
from whatworks.namespaces import WW
from whatworks.settings import Settings
from whatworks.terms import RDF_TYPE, XSD, BlankNode, Iri, Literal, Node, Quad, Term
from whatworks.yamltext import read_yaml

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
SH = "http://www.w3.org/ns/shacl#"
# Which of the many statements of a property is shown as its example: one of the thing that the handbook explains.
_SHOWN = "intervention/expairs-project"


def open_model() -> "Model":
    """Return the shipped collection as its files say it, whatever folder or release is in use."""
    kg = KnowledgeGraph(Assets.find(None), Settings())
    kg.collection = kg.sources
    return Model(kg)


def escaped(text: str) -> str:
    """Return a text in which Markdown finds no signs of its own; fit for a cell of a table."""
    return re.sub(r"([\\|<>`*_~&\[\]])", r"\\\1", " ".join(text.split()))


def anchor(heading: str) -> str:
    """Return the anchor of a heading, made as GitHub and MyST make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table of cells that are Markdown already."""
    names = list(head)
    lines = [f"| {' | '.join(names)} |", f"|{' --- |' * len(names)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def block(language: str, text: str) -> str:
    """Return a block of code."""
    return f"```{language}\n{text.rstrip()}\n```"


def page(title: str, parts: Iterable[str]) -> str:
    """Return a page: the note that it is generated, its title, its parts, and nothing empty."""
    note = "<!-- Written by `python docs/generate.py`. Change what it describes, then run that. -->"
    return "\n\n".join([note, f"# {title}", *(part for part in parts if part)]) + "\n"


class Model:
    """The shipped collection with the questions that the pages ask of it."""

    def __init__(self, kg: KnowledgeGraph) -> None:
        self.kg = kg
        self.store = kg.collection.store

    # ---- terms ----

    def short(self, term: Term | Node) -> str:
        """Return a CURIE where there is one, else the IRI or the text."""
        if isinstance(term, Iri):
            return self.kg.prefixes.shorten(term) or f"<{term}>"
        return term.value if isinstance(term, Literal) else "…"

    def objects(self, subject: Node, predicate: str) -> list[Term]:
        """Return the values of a property, sorted."""
        return sorted({quad.object for quad in self.store.match(subject, Iri(predicate))}, key=str)

    def iris(self, subject: Node, predicate: str) -> list[Iri]:
        """Return those values that are IRIs."""
        return [value for value in self.objects(subject, predicate) if isinstance(value, Iri)]

    def one(self, subject: Node, predicate: str) -> Term | None:
        """Return the first value."""
        return next(iter(self.objects(subject, predicate)), None)

    def subjects(self, predicate: str, value: Term) -> list[Iri]:
        """Return what has this value, sorted."""
        found = {quad.subject for quad in self.store.match(predicate=Iri(predicate), value=value)}
        return sorted(subject for subject in found if isinstance(subject, Iri))

    def of_type(self, of_class: str) -> list[Iri]:
        """Return the instances of a class, sorted."""
        return self.subjects(RDF_TYPE, Iri(of_class))

    def text(self, subject: Node, predicate: str) -> str:
        """Return the English text of a property, or another one, or nothing."""
        found = [value for value in self.objects(subject, predicate) if isinstance(value, Literal)]
        return min(found, key=lambda text: (text.language != "en", text.value)).value if found else ""

    def english(self, subject: Node, predicate: str) -> str:
        """Return the English texts of a property."""
        return self.texts(subject, predicate, ("", "en"))

    def texts(self, subject: Node, predicate: str, languages: Collection[str] = ()) -> str:
        """Return all texts of a property, or those in some languages, with the languages that are not English."""
        values = [value for value in self.objects(subject, predicate) if isinstance(value, Literal)]
        found = [value for value in values if not languages or value.language in languages]
        found.sort(key=lambda text: (text.language != "en", text.language, text.value))
        return ", ".join(
            escaped(text.value) + (f" ({text.language})" if text.language not in ("", "en") else "") for text in found
        )

    def items(self, head: Term | None) -> Iterator[Term]:
        """Yield the members of an RDF list."""
        while isinstance(head, (Iri, BlankNode)) and head != RDF + "nil":
            first = self.one(head, RDF + "first")
            if first is None:
                return
            yield first
            head = self.one(head, RDF + "rest")

    def turtle(self, quad: Quad) -> str:
        """Return a statement on one line, as Turtle would write it."""
        value = quad.object
        if isinstance(value, Literal):
            quoted = '"' + value.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
            kind = f"@{value.language}" if value.language else f"^^{self.short(value.datatype)}"
            plain = value.datatype.code in ("integer", "decimal", "boolean")
            written = value.value if plain else quoted + ("" if value.datatype.code == "string" else kind)
        else:
            written = self.short(value)
        predicate = "a" if quad.predicate == RDF_TYPE else self.short(quad.predicate)
        return f"{self.short(quad.subject)} {predicate} {written} ."

    # ---- the ontology ----

    @cached_property
    def classes(self) -> list[Iri]:
        """The classes that the ontology defines."""
        return [iri for iri in self.of_type(OWL + "Class") if iri.startswith(WW)]

    @cached_property
    def properties(self) -> list[Iri]:
        """The properties that the ontology defines."""
        kinds = ("ObjectProperty", "DatatypeProperty", "AnnotationProperty")
        return sorted({iri for kind in kinds for iri in self.of_type(OWL + kind) if iri.startswith(WW)})

    def example(self, predicate: Iri | None = None, value: Iri | None = None) -> Quad | None:
        """Return a statement of the data as an example, else of a scheme: asserted, and of the thing explained here."""
        collection = self.kg.collection
        found = [
            quad
            for quad in self.store.match(predicate=predicate, value=value)
            if not collection.is_model(quad.graph) or "/graph/voc/" in str(quad.graph)
        ]

        def rank(quad: Quad) -> tuple[bool, bool, bool, int, str, str]:
            text = str(quad.object)
            return (
                collection.is_model(quad.graph),
                collection.is_inferred(quad.graph),
                _SHOWN not in str(quad.subject),
                len(text) // 200,
                str(quad.subject),
                text,
            )

        return min(found, key=rank, default=None)

    # ---- the shapes ----

    def targets(self, shape: Iri) -> list[Iri]:
        """Return the classes that a shape speaks of."""
        return self.iris(shape, SH + "targetClass")

    @cached_property
    def fields(self) -> list[tuple[Iri, Iri, Iri]]:
        """Every field: the shape of the class, the property shape, and the property, where it is a plain one."""
        found = []
        for shape in self.of_type(SH + "NodeShape"):
            for each in self.iris(shape, SH + "property"):
                path = self.one(each, SH + "path")
                if self.targets(shape) and isinstance(path, Iri):
                    found.append((shape, each, path))
        return found

    @cached_property
    def relations(self) -> list[tuple[Iri, Iri, Iri]]:
        """Which things point to which: class, property, class; from shapes, domains and ranges."""
        found = {
            (target, path, of_class)
            for shape, each, path in self.fields
            for target in self.targets(shape)
            for of_class in self.iris(each, SH + "class")
        }
        for prop in self.properties:
            ranges = [iri for iri in self.iris(prop, RDFS + "range") if not iri.startswith(XSD)]
            found |= {(domain, prop, of_class) for domain in self.iris(prop, RDFS + "domain") for of_class in ranges}
        return sorted(found)

    # ---- the catalogue ----

    def header(self, query: Query) -> dict[str, Any]:
        """Return the whole header of a stored query."""
        lines = [line[2:].removeprefix(" ") for line in query.text.splitlines() if line.startswith("#+")]
        header: dict[str, Any] = read_yaml("\n".join(lines))
        return header
