"""Pages of what has no page of its own kind: each field with its values, where they lead, and who says so."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from whatworks.describe import Description
from whatworks.namespaces import DCTERMS, MODEL, OWL, POSITION, RDFS, SH, SKOS, TOPIC
from whatworks.pages.facts import Facts, shown
from whatworks.pages.view import Shown, View, by_letters, sentence
from whatworks.pages.wording import N_
from whatworks.store import Store
from whatworks.terms import RDF_TYPE, Iri, Node, Term

_LEADS = (DCTERMS + "description", SKOS + "definition")
_DEFINITION = Iri(SKOS + "definition")
# What explains a shape: there are no definitions of shapes.
_EXPLAINED = (Iri(SH + "description"), Iri(RDFS + "comment"))
_FIELD = Iri(SH + "name")
_MODEL = Iri(MODEL + "ont")
_TIES = {
    Iri(RDFS + "subClassOf"): N_("a kind of"),
    Iri(RDFS + "subPropertyOf"): N_("a case of"),
    Iri(RDFS + "domain"): N_("of"),
    Iri(RDFS + "range"): N_("leads to"),
}
_SCHEME = Iri(SKOS + "ConceptScheme")
# What a page of a list of terms draws as a tree, and need not say again as fields.
_OF_SCHEME = (SKOS + "hasTopConcept", SKOS + "prefLabel", RDFS + "label")


# What the sorts of terms of an ontology are called, in the order in which one reads them.
_SORTS = {
    Iri(OWL + "Class"): N_("Classes"),
    Iri(OWL + "ObjectProperty"): N_("Properties that lead to things"),
    Iri(OWL + "DatatypeProperty"): N_("Properties with a text, a number or a date"),
    Iri(OWL + "AnnotationProperty"): N_("Properties for notes"),
    Iri(SH + "NodeShape"): N_("Shapes of things"),
    Iri(SH + "PropertyShape"): N_("Shapes of properties"),
    Iri(SH + "PropertyGroup"): N_("Groups of properties"),
    Iri(SKOS + "Concept"): N_("Terms"),
    Iri(SKOS + "OrderedCollection"): N_("Terms in order"),
    Iri(SKOS + "Collection"): N_("Groups of terms"),
}


def values(view: View, described: Description) -> dict[str, Any]:
    """Return what the page of a thing shows."""
    facts = Facts(view, described)
    lead = facts.best(_LEADS[0]) or facts.best(_LEADS[1])
    name = _titled(view, described.iri)
    is_scheme = _SCHEME in {quad.object for quad in view.edition.kg.collection.store.match(described.iri, RDF_TYPE)}
    return {
        "iri": described.iri,
        "name": name,
        "classes": [of_class(name) for name in described.classes],
        "lead": lead,
        "sections": _sections(view, described, {str(POSITION), *_LEADS, *(_OF_SCHEME if is_scheme else ())}),
        "record": _sections(view, described.record, set()) if described.record is not None else [],
        "mentions": [
            {
                "name": view.field(each.name, marked=each.assigned),
                "assigned": each.assigned,
                "values": [shown(view, value) for value in each.values],
            }
            for each in described.mentions
        ],
    }


def _titled(view: View, iri: Iri) -> Shown:
    """Return what a page about a thing is called: by its name, a record by that of its topic, others by their code."""
    name = view.name(iri)
    if name.text not in (str(iri), view.edition.kg.prefixes.shorten(iri)):
        return name
    topic = next((quad.object for quad in view.edition.kg.collection.store.match(iri, TOPIC)), None)
    return view.name(topic) if isinstance(topic, Iri) else Shown(iri.code or str(iri))


def _sections(view: View, described: Description, used: set[str]) -> list[tuple[Shown, list[dict[str, Any]]]]:
    found = []
    facts = Facts(view, described)
    for section in described.sections:
        names = dict.fromkeys(str(field.property) for field in section.fields if str(field.property) not in used)
        if names:
            title = Shown(view.words("More")) if section.name == "More" else view.field(section.name)
            found.append((title, facts.rows(*names)))
    return found


class Within(NamedTuple):
    """What a graph says, whatever the language of the page.

    Attributes:
        said: The values of each thing in the graph, by property.
        definitions: The definitions of things, in whatever graph they stand.
    """

    said: Mapping[Iri, Mapping[Iri, list[Term]]]
    definitions: Mapping[Node, list[Term]]


def definitions(store: Store) -> dict[Node, list[Term]]:
    """Return the definitions of all things, in whatever graph they stand."""
    found: dict[Node, list[Term]] = {}
    for quad in store.match(predicate=_DEFINITION):
        found.setdefault(quad.subject, []).append(quad.object)
    return found


def within(store: Store, graph: Iri, definitions: Mapping[Node, list[Term]]) -> Within:
    """Return what a graph says; the definitions are those of all things, which many graphs share."""
    said: dict[Iri, dict[Iri, list[Term]]] = {}
    for quad in store.match(graph=graph):
        if isinstance(quad.subject, Iri):
            said.setdefault(quad.subject, {}).setdefault(quad.predicate, []).append(quad.object)
    return Within(said, definitions)


def held(view: View, found: Within, iri: Iri) -> dict[str, Any]:
    """Return the things that a graph holds, with their definitions, by their classes; those of others stand apart."""
    groups, reused, count = dict[str, list[dict[str, Any]]](), list[Shown](), 0
    for subject in sorted(each for each in found.said if each != iri):
        definition = view.best(found.definitions.get(subject, ()))
        if definition is None and view.links.of(subject) == str(subject):
            reused.append(view.name(subject))
            continue
        count += 1
        said = found.said[subject]
        explained = (term for each in _EXPLAINED for term in said.get(each, ()))
        term: dict[str, Any] = {
            "label": _called(view, subject, said),
            "fragment": subject[len(iri) + 1 :] if subject.startswith(f"{iri}#") else "",
            "definition": definition or view.best(explained),
            "more": _tied(view, said),
        }
        term["bare"] = not (term["definition"] or term["more"] or term["fragment"])
        groups.setdefault(_group(view, said), []).append(term)
    order = [view.words(each) for each in _SORTS.values()]
    listed = sorted(groups.items(), key=lambda pair: (order.index(pair[0]) if pair[0] in order else 99, pair[0]))
    for _, several in listed:
        several.sort(key=lambda term: by_letters(term["label"].text))
    return {"count": count, "groups": listed, "reused": reused, "picture": iri == _MODEL}


def _called(view: View, iri: Iri, said: Mapping[Iri, list[Term]]) -> Shown:
    """Return a thing by its name, a shape also by that of its field.

    A part of another thing that has none is called by the short IRI of that and its own end.
    """
    found = view.name(iri)
    if (field := view.best(said.get(_FIELD, ()))) is not None:
        return found._replace(text=field.text, language=field.language)
    whole, _, part = iri.partition("#")
    short = view.edition.kg.prefixes.shorten(Iri(whole)) if part and found.text == iri else None
    return found._replace(text=f"{short}#{part}") if short else found


def _group(view: View, said: Mapping[Iri, list[Term]]) -> str:
    """Return under which heading a thing stands."""
    classes = said.get(RDF_TYPE, ())
    sort = next((sort for sort in _SORTS if sort in classes), None)
    if sort is not None:
        return view.words(_SORTS[sort])
    return next(iter(sorted(of_class(view.name(each).text) for each in classes if isinstance(each, Iri))), "")


def _tied(view: View, said: Mapping[Iri, list[Term]]) -> list[tuple[str, list[Shown]]]:
    """Return how a term of an ontology hangs together with others: of what it is a kind, and what it joins."""
    tied = (
        (words, sorted({each for each in said.get(tie, ()) if isinstance(each, Iri)})) for tie, words in _TIES.items()
    )
    return [(view.words(words), [view.name(each) for each in others]) for words, others in tied if others]


def of_class(name: str) -> str:
    """Return what a class is called; of one without a label, its name in its vocabulary."""
    return sentence(name.partition(":")[2] if " " not in name and ":" in name else name)
