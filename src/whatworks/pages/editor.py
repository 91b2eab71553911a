"""The page on which an own query is written: what it begins with, and the terms that an editor completes."""

from typing import Any

from whatworks.errors import UsageError
from whatworks.namespaces import IN_SCHEME, MODEL, OWL, SH
from whatworks.pages.forms import asked
from whatworks.pages.shelf import Shelf
from whatworks.pages.view import View, cut
from whatworks.results import safe
from whatworks.terms import RDF_TYPE, Iri

_EXAMPLE = """SELECT ?intervention ?title
WHERE { ?intervention ww:stage stage:mainstreamed ; dcterms:title ?title }
LIMIT 10
"""
_MOST_TERMS = 5000  # of more, a page would be heavy; classes and properties come first
_LONGEST = 60  # letters of a name beside a term
# Where terms stand, in the order in which they are offered: classes and properties of the model, those that the shapes
# ask for, and concepts. The object of a match counts where the third is true, else the subject.
_PLACES = (
    (RDF_TYPE, Iri(OWL + "Class"), False, "class"),
    (Iri(SH + "targetClass"), None, True, "class"),
    (RDF_TYPE, Iri(OWL + "ObjectProperty"), False, "property"),
    (RDF_TYPE, Iri(OWL + "DatatypeProperty"), False, "property"),
    (Iri(SH + "path"), None, True, "property"),
    (IN_SCHEME, None, False, "constant"),
)


def values(view: View, shelf: Shelf) -> dict[str, Any]:
    """Return what the page begins with: an example, or a stored query with its values."""
    kg = view.edition.kg
    name = next((value for key, value in view.fields if key == "from"), "")
    known = {query.name: query for query in kg.catalogue.all() if query.form in ("SELECT", "ASK", "CONSTRUCT")}
    text, chosen = _EXAMPLE, known.get(name)
    if chosen is not None:
        try:
            text = kg.sparql_of(chosen, asked(chosen, view.fields))
        except UsageError:  # what must be given is not, or is no value: the file runs as it stands
            text = chosen.text
    prefixes = sorted(kg.prefixes.table.items())
    return {
        "text": text.strip(),
        "chosen": name,
        "stored": list(known.values()),
        "prefixes": prefixes,
        "known": {
            "prefixes": sorted(prefixes, key=lambda pair: -len(pair[1])),
            "terms": shelf.once(("terms", view.language), lambda: _terms(view)),
            "texts": _texts(view),
            "base": kg.settings.base,
            "model": MODEL,
        },
    }


def _terms(view: View) -> list[tuple[str, str, str]]:
    """Return terms as they are written in a query, with their names, and of which sort each is."""
    kg, found = view.edition.kg, dict[str, tuple[str, str, str]]()
    for property_, value, is_object, sort in _PLACES:
        quads = kg.collection.store.match(predicate=property_, value=value)
        terms = {quad.object if is_object else quad.subject for quad in quads}
        for term in sorted(each for each in terms if isinstance(each, Iri)):
            if len(found) >= _MOST_TERMS:
                return list(found.values())
            written = kg.prefixes.shorten(term)
            if written is not None and written not in found:
                name = safe(kg.describer.label(term, view.languages)[0])
                found[written] = (written, cut(name, _LONGEST) if name != written else "", sort)
    return list(found.values())


def _texts(view: View) -> dict[str, str]:
    """Return the texts that the script of the page shows."""
    words = view.words
    return {
        "answer": words("Answer"),
        "asking": words("Asking …"),
        "completions": words("Terms that fit"),
        "first": words("{rows} rows, of which the first {most} are shown ({n} s)"),
        "lost": words("The server did not answer. Try again later."),
        "no": words("No"),
        "refused": words("The query was not answered."),
        "rows": words("{rows} rows ({n} s)"),
        "seconds": words("Answered in {n} s"),
        "yes": words("Yes"),
    }
