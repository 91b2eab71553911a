"""Prefixes, CURIEs, keys and the IRIs that a project mints.

`Prefixes` turns CURIEs into IRIs and back, `Space` mints the IRIs of a project's things, `key_of` makes a key from a
title. The vocabularies and terms that several modules speak of have their names here.
"""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from whatworks.terms import Iri

MODEL = "https://w3id.org/whatworks/"
WW = MODEL + "ont#"
VOC = MODEL + "voc/"

DCAT = "http://www.w3.org/ns/dcat#"
DCTERMS = "http://purl.org/dc/terms/"
FOAF = "http://xmlns.com/foaf/0.1/"
OWL = "http://www.w3.org/2002/07/owl#"
PROV = "http://www.w3.org/ns/prov#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SH = "http://www.w3.org/ns/shacl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
VOID = "http://rdfs.org/ns/void#"

IDENTIFIER = Iri(DCTERMS + "identifier")
TITLE = Iri(DCTERMS + "title")
NAME = Iri(FOAF + "name")
PREF_LABEL = Iri(SKOS + "prefLabel")
LABELS = (PREF_LABEL, TITLE, NAME, Iri(RDFS + "label"))
IN_SCHEME = Iri(SKOS + "inScheme")
NOTATION = Iri(SKOS + "notation")
TOPIC = Iri(FOAF + "primaryTopic")
DEPRECATED = Iri(OWL + "deprecated")
REPLACED = Iri(DCTERMS + "isReplacedBy")
SUBCLASS = Iri(RDFS + "subClassOf")
SUBPROPERTY = Iri(RDFS + "subPropertyOf")
IN_GRAPH = Iri(WW + "inGraph")
REVIEW_OF, REVIEWED_CONCEPT = Iri(WW + "reviewOf"), Iri(WW + "reviewedConcept")
LINK_FROM, LINK_TO = Iri(WW + "linkFrom"), Iri(WW + "linkTo")
MAPPING_FROM, MAPPING_TO = Iri(WW + "mappingFrom"), Iri(WW + "mappingTo")
SCORE = Iri(WW + "score")
POSITION = Iri(WW + "position")
ASSIGNED_FACET = Iri(WW + "assignedFacet")
DERIVED_FROM = Iri(PROV + "wasDerivedFrom")
ATTRIBUTED_TO = Iri(PROV + "wasAttributedTo")
GENERATED_AT = Iri(PROV + "generatedAtTime")

_DECLARATION = re.compile(r"^@prefix\s+([A-Za-z][\w.-]*|):\s*<([^<>\s]*)>\s*\.\s*$", re.MULTILINE)
_CURIE = re.compile(r"([A-Za-z][\w.-]*):(.*)", re.DOTALL)
_LOCAL = re.compile(r"[A-Za-z0-9_](?:[\w.-]*[\w-])?", re.ASCII)
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LETTERS = str.maketrans(
    {
        "ß": "ss",
        "ø": "o",
        "Ø": "o",
        "æ": "ae",
        "Æ": "ae",
        "œ": "oe",
        "Œ": "oe",
        "ł": "l",
        "Ł": "l",
        "đ": "d",
        "Đ": "d",
        "–": "-",
        "—": "-",
        "&": " and ",
    }
)


class Prefixes:
    """A table of prefixes, longest namespace first when it shortens."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self.table: Mapping[str, str] = MappingProxyType(dict(table))
        by_length = sorted(self.table.items(), key=lambda item: (-len(item[1]), item[0]))
        # A local name holds neither `/` nor `#`, so that a namespace that ends with one of them ends at the last.
        self._usual: dict[str, str] = {}
        self._odd: list[tuple[str, str]] = []
        for prefix, namespace in by_length:
            if namespace.endswith(("/", "#")):
                self._usual.setdefault(namespace, prefix)
            else:
                self._odd.append((prefix, namespace))

    @classmethod
    def from_turtle(cls, text: str) -> "Prefixes":
        """Read the `@prefix` lines of a Turtle text."""
        return cls({match[1]: match[2] for match in _DECLARATION.finditer(text)})

    def with_prefixes(self, more: Mapping[str, str]) -> "Prefixes":
        """Return a table that holds `more` as well; of two equal prefixes the new one wins."""
        return Prefixes({**self.table, **more})

    def expand(self, curie: str) -> Iri | None:
        """Return the IRI of a CURIE, or None where the text is none or its prefix is unknown."""
        match = _CURIE.fullmatch(curie)
        if match is None or match[1] not in self.table or match[2].startswith("//"):
            return None
        return Iri(self.table[match[1]] + match[2])

    def shorten(self, iri: str) -> str | None:
        """Return the CURIE of an IRI in a form that Turtle accepts, or None."""
        end = max(iri.rfind("#"), iri.rfind("/")) + 1
        for prefix, namespace in self._odd:
            if len(namespace) >= end and iri.startswith(namespace) and _LOCAL.fullmatch(iri, len(namespace)):
                return f"{prefix}:{iri[len(namespace) :]}"
        usual = self._usual.get(iri[:end])
        return f"{usual}:{iri[end:]}" if usual is not None and _LOCAL.fullmatch(iri, end) else None


class Space:
    """The IRIs below a project's base IRI."""

    def __init__(self, base: str) -> None:
        self.base = base

    def thing(self, kind: str, key: str) -> Iri:
        """Return the IRI of a thing: `thing("intervention", "expairs-project")`."""
        return Iri(f"{self.base}id/{kind}/{key}")

    def graph(self, name: str) -> Iri:
        """Return the IRI of a named graph: `graph("agents")`."""
        return Iri(f"{self.base}graph/{name}")


def assigned_graph(prop: str) -> str:
    """Return the name of the graph of what was assigned with a property: `assigned/activity-type`."""
    name = prop.rpartition("#")[2].removeprefix("assigned")
    return f"assigned/{re.sub('(?<=[a-z])(?=[A-Z])', '-', name).lower()}"


def is_key(text: str) -> bool:
    """Say whether the text is a key: lower-case letters, digits and single hyphens."""
    return _KEY.fullmatch(text) is not None


def folded(name: str) -> str:
    """Return a name as it is compared: capitals, spaces and the form of an apostrophe make no difference."""
    return " ".join(name.casefold().replace("\u2019", "'").split())


def key_of(title: str) -> str:
    """Make a key from a title; empty when the title holds no Latin letter and no digit.

    >>> key_of("Chambre des métiers & co.")
    'chambre-des-metiers-and-co'
    """
    plain = unicodedata.normalize("NFKD", title.translate(LETTERS)).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain.replace("'", "")))
