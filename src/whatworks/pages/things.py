"""Pages of what has no page of its own kind: each field with its values, where they lead, and who says so."""

from typing import Any

from whatworks.describe import Description
from whatworks.namespaces import DCTERMS, MODEL, OWL, POSITION, SH, SKOS
from whatworks.pages.profile import Facts, english, shown
from whatworks.pages.view import Shown, View
from whatworks.pages.wording import N_
from whatworks.terms import RDF_TYPE, Iri

_LEADS = (DCTERMS + "description", SKOS + "definition")
_DEFINITION = Iri(SKOS + "definition")
_MODEL = Iri(MODEL + "ont")


# What the sorts of terms of an ontology are called, in the order in which one reads them.
_SORTS = {
    Iri(OWL + "Class"): N_("Classes"),
    Iri(OWL + "ObjectProperty"): N_("Properties that lead to things"),
    Iri(OWL + "DatatypeProperty"): N_("Properties with a text, a number or a date"),
    Iri(OWL + "AnnotationProperty"): N_("Properties for notes"),
    Iri(SH + "NodeShape"): N_("Shapes of things"),
    Iri(SH + "PropertyShape"): N_("Shapes of properties"),
    Iri(SH + "PropertyGroup"): N_("Groups of properties"),
}


def values(view: View, described: Description) -> dict[str, Any]:
    """Return what the page of a thing shows."""
    facts = Facts(view, described)
    lead = facts.best(_LEADS[0]) or facts.best(_LEADS[1])
    name = view.name(described.iri)
    return {
        "iri": described.iri,
        "name": name if described.title else Shown(described.iri.code or str(described.iri)),
        "classes": described.classes,
        "lead": lead,
        "sections": _sections(view, described, {str(POSITION), *_LEADS}),
        "record": _sections(view, described.record, set()) if described.record is not None else [],
        "mentions": [
            {
                "name": Shown(each.name, english(view)),
                "assigned": each.assigned,
                "values": [shown(view, value) for value in each.values],
            }
            for each in described.mentions
        ],
    }


def _sections(view: View, described: Description, used: set[str]) -> list[tuple[Shown, list[dict[str, Any]]]]:
    found = []
    facts = Facts(view, described)
    for section in described.sections:
        names = dict.fromkeys(str(field.property) for field in section.fields if str(field.property) not in used)
        if names:
            found.append((Shown(section.name, english(view)), facts.rows(*names)))
    return found


def held(view: View, graph: Iri, iri: Iri) -> dict[str, Any]:
    """Return the things that a graph holds, with their definitions, by their classes."""
    store = view.edition.kg.collection.store
    subjects = {quad.subject for quad in store.match(graph=graph)}
    terms, groups = [], dict[str, list[dict[str, Any]]]()
    for subject in sorted(each for each in subjects if isinstance(each, Iri) and each != iri):
        term = {
            "label": view.name(subject),
            "fragment": subject[len(iri) + 1 :] if subject.startswith(f"{iri}#") else "",
            "definition": view.best(quad.object for quad in store.match(subject, _DEFINITION)),
        }
        terms.append(term)
        classes = {quad.object for quad in store.match(subject, RDF_TYPE, graph=graph)}
        sort = next((sort for sort in _SORTS if sort in classes), None)
        others = sorted(view.name(each).text for each in classes if isinstance(each, Iri))
        name = view.words(_SORTS[sort]) if sort is not None else next(iter(others), "")
        groups.setdefault(name, []).append(term)
    order = [view.words(each) for each in _SORTS.values()]
    listed = sorted(groups.items(), key=lambda pair: (order.index(pair[0]) if pair[0] in order else 99, pair[0]))
    return {"terms": terms, "groups": listed, "picture": iri == _MODEL}
