"""What is published: a collection as one release or as its files, and what its data set says of itself."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from whatworks.kg import KnowledgeGraph
from whatworks.namespaces import DCAT, PROV
from whatworks.publish.statements import term
from whatworks.release.counted import dataset_of
from whatworks.settings import preference
from whatworks.terms import Iri, Literal, Node, Quad, Term

if TYPE_CHECKING:
    from whatworks.release import Release

# What leads to ways of reaching somebody, which are not published.
_CONTACTS = tuple(
    map(
        Iri,
        (
            DCAT + "contactPoint",
            "http://data.europa.eu/m8g/contactPoint",
            *("http://xmlns.com/foaf/0.1/mbox", "http://xmlns.com/foaf/0.1/phone"),
            *(f"http://www.w3.org/2006/vcard/ns#{name}" for name in ("hasEmail", "hasTelephone", "email", "tel")),
        ),
    )
)
_PERSONS = tuple(map(Iri, ("http://xmlns.com/foaf/0.1/Person", PROV + "Person")))
_ORGANISATIONS = tuple(
    map(Iri, ("http://xmlns.com/foaf/0.1/Organization", "http://www.w3.org/ns/org#Organization", PROV + "Organization"))
)


@dataclass(frozen=True, slots=True)
class Agent:
    """Who made or publishes something.

    Attributes:
        iri: The agent.
        name: Its name; empty where none is stated.
        kind: Person or Organization, where the data says which; else empty.
    """

    iri: Iri
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a data set says of itself; what it does not say is empty.

    Attributes:
        iri: The data set.
        title, description: In the language that is preferred.
        language: Of the title.
        version, issued, identifier: As stated.
        licence: Under which it may be used.
        creators, publishers: Who made and who publishes it.
        sources: From which pages and data it was compiled.
        keywords: As stated.
    """

    iri: Iri
    title: str
    language: str
    description: str
    version: str
    issued: str
    identifier: str
    licence: str
    creators: tuple[Agent, ...]
    publishers: tuple[Agent, ...]
    sources: tuple[Iri, ...]
    keywords: tuple[str, ...]


class Edition:
    """A collection as it is published.

    Attributes:
        kg: The collection.
        name: The name of the release, or a mark of the files.
        packed: The files of releases that are offered packed, as `RELEASE/NAME`: checksum and size of what is offered.
    """

    def __init__(self, kg: KnowledgeGraph, name: str) -> None:
        self.kg = kg
        self.name = name
        self.packed: dict[str, tuple[str, int]] = {}

    @classmethod
    def of(cls, kg: KnowledgeGraph) -> "Edition":
        """Return a collection as it is published: named as its release, its endpoint, or by a checksum of its files."""
        return cls(kg, kg.remote.name if kg.remote else kg.release.name if kg.release is not None else _mark(kg))

    @property
    def base(self) -> str:
        """The IRI under which the collection mints its own."""
        return self.kg.settings.base

    @cached_property
    def dataset(self) -> Iri:
        """The data set that the collection says it is."""
        return dataset_of(self.kg.collection)

    @cached_property
    def facts(self) -> Facts:
        """What the data set says of itself."""
        iri = self.dataset
        title = self._best(iri, "dcterms:title")
        return Facts(
            iri,
            title.value if title else f"Collection {self.base}",
            title.language if title else "en",
            self._text(iri, "dcterms:description"),
            self._text(iri, "dcat:version"),
            self._text(iri, "dcterms:issued"),
            self._text(iri, "dcterms:identifier"),
            next((str(value) for value in self.values(iri, "dcterms:license")), ""),
            tuple(self.agents(iri, "dcterms:creator")),
            tuple(self.agents(iri, "dcterms:publisher")),
            tuple(value for value in self.values(iri, "dcterms:source") if isinstance(value, Iri)),
            tuple(value.value for value in self.values(iri, "dcat:keyword") if isinstance(value, Literal)),
        )

    @cached_property
    def stated(self) -> list[Quad]:
        """What the data says of the data set, without ways to reach people."""
        return [
            quad._replace(graph=None)
            for quad in self.kg.collection.store.match(self.dataset)
            if quad.predicate not in _CONTACTS and not str(quad.object).startswith(("mailto:", "tel:"))
        ]

    @cached_property
    def release(self) -> "Release | None":
        """The release that is published, if one is."""
        return self.kg.release

    def releases(self) -> "list[Release]":
        """Return the releases that lie beside the one that is published, it among them, oldest first."""
        if self.release is None:
            return []
        beside = self.kg.releases
        if beside is not None and beside.folder.resolve() == self.release.folder.resolve().parent:
            found = beside.all()
            if any(each.name == self.release.name for each in found):
                return found
        return [self.release]

    @property
    def mark(self) -> str:
        """What differs when there is another release beside this one, or other dumps of one."""
        if self.release is None:
            return ""
        lists = self.release.folder.parent.glob("*/dumps/manifest.json")
        folders = (path.name for path in self.release.folder.parent.iterdir() if path.is_dir())
        return " ".join([*sorted(folders), *sorted(f"{path}{path.stat().st_mtime_ns}" for path in lists)])

    def values(self, subject: Node, name: str) -> list[Term]:
        """Return the values of a property, named as `dcterms:title`, each once and in a fixed order."""
        found = {quad.object for quad in self.kg.collection.store.match(subject, term(name))}
        return sorted(found, key=lambda value: (str(value), isinstance(value, Literal)))

    def agents(self, subject: Node, name: str) -> Iterator[Agent]:
        """Yield the agents to whom a property leads."""
        for value in self.values(subject, name):
            if isinstance(value, Iri):
                kinds = set(self.values(value, "a"))
                kind = (
                    "Organization"
                    if kinds.intersection(_ORGANISATIONS)
                    else "Person"
                    if kinds.intersection(_PERSONS)
                    else ""
                )
                yield Agent(value, self._text(value, "foaf:name"), kind)

    def _best(self, subject: Node, name: str) -> Literal | None:
        found = [value for value in self.values(subject, name) if isinstance(value, Literal)]
        return min(found, key=lambda value: preference(value, self.kg.settings.languages), default=None)

    def _text(self, subject: Node, name: str) -> str:
        best = self._best(subject, name)
        return best.value if best else ""


def _mark(kg: KnowledgeGraph) -> str:
    """Return a name for files: a checksum of what they hold."""
    found = hashlib.sha256()
    for asset in (*kg.assets.sources(), *kg.assets.queries()):
        found.update(f"{asset.name}\0{asset.size}\0".encode() + asset.read())
    return found.hexdigest()[:16]
