"""The stored queries as RDF (`sh:SPARQLExecutable` of SHACL), as editors of the field look for them.

The form is that of the SIB's collection of examples: comment, query, keywords, and the endpoint that it is for. A query
stands as it is answered without a value for what may be left out; what must be given has the example of its header.
"""

from whatworks.catalogue import Query
from whatworks.errors import Error
from whatworks.publish.edition import Edition
from whatworks.publish.statements import Statements, term
from whatworks.terms import XSD, Iri, Literal, Quad

PATH = ".well-known/sparql-examples"
_CLASSES = {
    "SELECT": "sh:SPARQLSelectExecutable",
    "ASK": "sh:SPARQLAskExecutable",
    "CONSTRUCT": "sh:SPARQLConstructExecutable",
}


def examples(edition: Edition, home: str, *, answers: bool = True) -> list[Quad]:
    """Return all stored queries, and the prefixes that they may be written with.

    Args:
        edition: What is published.
        home: The address of the site, with a slash at its end.
        answers: Whether they are answered there.
    """
    found = _prefixes(edition)
    for query in edition.kg.catalogue.all():
        found += example(edition, home, query, answers=answers)
    return found


def example(edition: Edition, home: str, query: Query, *, answers: bool = True) -> list[Quad]:
    """Return one stored query; where queries are answered, with the places to ask it."""
    found, here = Statements(), iri_of(edition, query)
    found.say(here, "a", term("sh:SPARQLExecutable"))
    if query.form in _CLASSES:
        found.say(here, "a", term(_CLASSES[query.form]))
    found.say(here, "rdfs:label", Literal.text(query.name, "en"))
    found.say(here, "rdfs:comment", Literal.text(query.summary, "en"))
    if query.description:
        found.say(here, "dcterms:description", Literal.text(query.description, "en"))
    found.say(here, f"sh:{query.form.lower()}", Literal(_text(edition, query)))
    found.say(here, "sh:prefixes", Iri(f"{edition.base}{PATH}#prefixes"))
    found.say(here, "schema:keywords", *(Literal(tag) for tag in query.tags))
    if answers:
        found.say(here, "schema:target", Iri(f"{home}sparql"))
        found.say(here, "rdfs:seeAlso", Iri(f"{home}api/queries/{query.name}"))
    return found.quads


def iri_of(edition: Edition, query: Query) -> Iri:
    """Return the IRI of a stored query."""
    return edition.kg.collection.space.thing("query", query.name)


def _text(edition: Edition, query: Query) -> str:
    given = {each.name: [each.example] for each in query.parameters if each.required}
    try:
        return edition.kg.sparql_of(query, given)
    except Error:  # the example is not of this collection: the file runs as it stands, with an example of its own
        return query.text


def _prefixes(edition: Edition) -> list[Quad]:
    found, table = Statements(), Iri(f"{edition.base}{PATH}#prefixes")
    found.say(table, "a", term("owl:Ontology"))
    for prefix, namespace in sorted(edition.kg.prefixes.table.items()):
        declared = Iri(f"{edition.base}{PATH}#prefix-{prefix}")
        found.say(table, "sh:declare", declared)
        found.say(declared, "sh:prefix", Literal(prefix))
        found.say(declared, "sh:namespace", Literal(namespace, "", Iri(f"{XSD}anyURI")))
    return found.quads
