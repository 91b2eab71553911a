"""Statements that are made one after the other."""

from whatworks.namespaces import DCAT, DCTERMS, FOAF, OWL, PROV, RDFS, SH, VOID
from whatworks.terms import RDF_TYPE, Iri, Node, Quad, Term

SD = "http://www.w3.org/ns/sparql-service-description#"
SPDX = "http://spdx.org/rdf/terms#"
SCHEMA = "https://schema.org/"
# The vocabularies of what is published; the data itself need not use them.
PREFIXES = {
    "dcat": DCAT,
    "dcterms": DCTERMS,
    "foaf": FOAF,
    "owl": OWL,
    "prov": PROV,
    "rdfs": RDFS,
    "schema": SCHEMA,
    "sd": SD,
    "sh": SH,
    "spdx": SPDX,
    "void": VOID,
    "void-ext": "http://ldf.fi/void-ext#",
}


class Statements:
    """Statements of one graph, in the order in which they are made.

    Attributes:
        quads: The statements so far.
    """

    def __init__(self) -> None:
        self.quads: list[Quad] = []

    def say(self, subject: Node, name: str, *values: Term) -> None:
        """State a property, named as `dcat:version` or `a`, with each of the values."""
        self.quads += [Quad(subject, term(name), value) for value in values]


def term(name: str) -> Iri:
    """Return the IRI of a term such as `dcat:Dataset`; `a` is rdf:type."""
    if name == "a":
        return RDF_TYPE
    prefix, _, local = name.partition(":")
    return Iri(PREFIXES[prefix] + local)
