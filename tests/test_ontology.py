"""The model is complete and sound: terms, schemes, mappings, prefixes and the JSON-LD context."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations
from typing import Any

import pytest

from whatworks import KnowledgeGraph
from whatworks.collection import Collection
from whatworks.namespaces import Prefixes
from whatworks.terms import RDF_TYPE, BlankNode, Iri, Literal, Node, Quad, Term

from .conftest import BASE, ROOT

ONTOLOGY = ROOT / "ontology"
WW = BASE + "ont#"
VOC = BASE + "voc/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
OWL = "http://www.w3.org/2002/07/owl#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
SH = "http://www.w3.org/ns/shacl#"
VANN = "http://purl.org/vocab/vann/"
MATCHES = ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch")
# Namespaces of RDF itself: their terms need no declaration.
BUILT_IN = (RDF, RDFS, OWL, "http://www.w3.org/2001/XMLSchema#")
# What concepts and terms may be mapped to.
AUTHORITIES = (
    "http://publications.europa.eu/resource/authority/",
    "http://data.europa.eu/esco/occupation/",
    "http://data.europa.eu/nuts/code/",
    "http://data.europa.eu/snb/",
    "http://eurovoc.europa.eu/",
    "http://purl.obolibrary.org/obo/",
    "http://purl.org/dcx/lrmi-vocabs/educationalAudienceRole/",
    "http://vocabularies.unesco.org/thesaurus/",
    "https://w3id.org/kim/isced-2011/",
    "http://humanbehaviourchange.org/ontology/",
    "http://data.cochrane.org/ontologies/pico/",
    "http://purl.org/vocab/cpsv#",
    "https://ontology.commonapproach.org/cids#",
    "https://schema.org/",
)
# The description of the data set as a whole and of the graphs of assigned statements follows DCAT and PROV. It is no
# form that people fill in, so it has no shapes for forms.
ABOUT_THE_DATA_SET = {"http://www.w3.org/ns/dcat#Dataset", "http://www.w3.org/ns/prov#Bundle"}

About = dict[Node, dict[str, list[Term]]]


def about(quads: Iterable[Quad]) -> About:
    """Return what statements say, by subject and predicate."""
    found: About = defaultdict(lambda: defaultdict(list))
    for quad in quads:
        found[quad.subject][quad.predicate].append(quad.object)
    return found


def texts(terms: Iterable[Term], language: str = "en") -> list[str]:
    """Return the texts in a language."""
    return [term.value for term in terms if isinstance(term, Literal) and term.language == language]


def iris(terms: Iterable[Term]) -> set[str]:
    """Return the IRIs among terms."""
    return {str(term) for term in terms if isinstance(term, Iri)}


def closure(start: str, step: dict[str, set[str]]) -> set[str]:
    """Return what can be reached, the start not included unless it comes back to itself."""
    found: set[str] = set()
    waiting = set(step.get(start, ()))
    while waiting:
        found |= waiting
        waiting = {upper for each in waiting for upper in step.get(each, ())} - found
    return found


@pytest.fixture(scope="module")
def said(collection: Collection) -> About:
    """What the model and the data say, without what rules infer."""
    return about(quad for quad in collection.store.match() if not collection.is_inferred(quad.graph))


@pytest.fixture(scope="module")
def ontology(collection: Collection) -> About:
    """What the ontology says."""
    return about(collection.store.match(graph=Iri(BASE + "graph/ontology")))


@pytest.fixture(scope="module")
def own(ontology: About) -> dict[str, dict[str, list[Term]]]:
    """The terms of the ontology."""
    return {str(node): found for node, found in ontology.items() if isinstance(node, Iri) and node.startswith(WW)}


@pytest.fixture(scope="module")
def data(collection: Collection) -> list[Quad]:
    """What the data says."""
    return list(collection.asserted())


@pytest.fixture(scope="module")
def schemes(said: About) -> set[str]:
    """The schemes."""
    return {str(node) for node, found in said.items() if SKOS + "ConceptScheme" in iris(found[RDF_TYPE])}


@pytest.fixture(scope="module")
def members(said: About) -> dict[str, set[str]]:
    """The concepts of each scheme."""
    found: dict[str, set[str]] = defaultdict(set)
    for node, each in said.items():
        for scheme in iris(each[SKOS + "inScheme"]):
            found[scheme].add(str(node))
    return found


@pytest.fixture(scope="module")
def broader(said: About) -> dict[str, set[str]]:
    """What is directly above each concept."""
    return {str(node): iris(found[SKOS + "broader"]) for node, found in said.items() if found[SKOS + "broader"]}


@pytest.fixture(scope="module")
def context() -> dict[str, Any]:
    """The JSON-LD context."""
    document: dict[str, Any] = json.loads((ONTOLOGY / "context.jsonld").read_text(encoding="utf-8"))
    found: dict[str, Any] = document["@context"]
    return found


@pytest.fixture(scope="module")
def short_names(context: dict[str, Any]) -> dict[str, str]:
    """The IRI of each short name of the context."""
    table = {name: each["@id"] for name, each in context.items() if isinstance(each, dict) and "@prefix" in each}
    found = {}
    for name, each in context.items():
        if name not in table and name not in ("@version", "id", "type"):
            curie = each if isinstance(each, str) else each.get("@id", each.get("@reverse"))
            prefix, _, local = curie.partition(":")
            found[name] = table[prefix] + local
    return found


# ---- terms ----


def test_the_ontology_says_what_it_is(ontology: About) -> None:
    """The ontology has a title, a description, a version, a licence, a creator and its preferred prefix."""
    header = ontology[Iri(BASE + "ont")]
    needed = [
        OWL + "versionIRI",
        OWL + "versionInfo",
        VANN + "preferredNamespacePrefix",
        VANN + "preferredNamespaceUri",
    ]
    needed += [f"http://purl.org/dc/terms/{name}" for name in ("title", "description", "license", "creator", "issued")]
    assert [name for name in needed if not header[name]] == []


def test_every_own_term_is_labelled_and_defined(own: dict[str, dict[str, list[Term]]]) -> None:
    """Each term has one English label, one English definition that is a sentence, a type, and says who defines it."""
    wrong = []
    for term, found in own.items():
        definitions = texts(found[SKOS + "definition"])
        if (
            len(texts(found[RDFS + "label"])) != 1
            or len(definitions) != 1
            or not re.fullmatch(r"[A-Z].{15,}\.", definitions[0])
            or iris(found[RDFS + "isDefinedBy"]) != {BASE + "ont"}
            or not found[RDF_TYPE]
        ):
            wrong.append(term)
    assert wrong == []


def test_definitions_say_more_than_the_label(own: dict[str, dict[str, list[Term]]]) -> None:
    """A definition neither starts with the label, with or without an article, nor only repeats its words."""
    wrong = []
    for term, found in own.items():
        for label in texts(found[RDFS + "label"]):
            for definition in texts(found[SKOS + "definition"]):
                start = re.match(rf"(?:(?:an?|the) )?{re.escape(label)}\b", definition, re.IGNORECASE)
                words = set(re.findall(r"[a-z]+", definition.lower())) - {"a", "an", "the", "of", "to", "is", "points"}
                if start or words <= set(re.findall(r"[a-z]+", label.lower())):
                    wrong.append(term)
    assert wrong == []


def test_no_two_terms_share_a_label(own: dict[str, dict[str, list[Term]]]) -> None:
    """A label names one term in a language."""
    named = defaultdict(set)
    for term, found in own.items():
        for label in found[RDFS + "label"]:
            if isinstance(label, Literal):
                named[label.value.casefold(), label.language].add(term)
    assert {label: terms for label, terms in named.items() if len(terms) > 1} == {}


def test_every_own_term_is_used(
    own: dict[str, dict[str, list[Term]]], collection: Collection, data: list[Quad]
) -> None:
    """Each term is used by data, by a shape, by a rule or by a stored query."""
    used = {str(quad.predicate) for quad in data} | {str(quad.object) for quad in data}
    used |= {str(quad.object) for quad in collection.store.match(graph=Iri(BASE + "graph/shapes"))}
    texts_of_queries = [
        path.read_text(encoding="utf-8")
        for folder in ("queries", "ontology/rules")
        for path in (ROOT / folder).rglob("*.rq")
    ]
    used |= {WW + name for text in texts_of_queries for name in re.findall(r"\bww:(\w+)", text)}
    assert sorted(set(own) - used) == []


def test_names_follow_the_kind_of_term(own: dict[str, dict[str, list[Term]]]) -> None:
    """Classes begin with a capital letter, properties with a small one."""
    wrong = [
        term
        for term, found in own.items()
        if term.removeprefix(WW)[0].isupper() != (OWL + "Class" in iris(found[RDF_TYPE]))
    ]
    assert wrong == []


def test_every_property_has_at_most_one_domain_and_range(own: dict[str, dict[str, list[Term]]]) -> None:
    """Several domains or ranges would all hold at once, which is never meant."""
    wrong = [term for term, found in own.items() if max(len(found[RDFS + name]) for name in ("domain", "range")) > 1]
    assert wrong == []


def test_terms_of_other_vocabularies_are_declared(ontology: About, own: dict[str, dict[str, list[Term]]]) -> None:
    """Each foreign term that an axiom or annotation uses is declared, so that the file stands alone."""
    used = {str(name) for found in ontology.values() for name in found}
    used |= {
        iri
        for found in ontology.values()
        for name in ("domain", "range", "subClassOf", "subPropertyOf")
        for iri in iris(found[RDFS + name])
    }
    used |= {iri for found in own.values() for name in ("inverseOf", "disjointWith") for iri in iris(found[OWL + name])}
    foreign = {iri for iri in used if not iri.startswith((BASE, *BUILT_IN))}
    declared = {str(node) for node, found in ontology.items() if found[RDF_TYPE]}
    assert sorted(foreign - declared) == []


def test_declared_foreign_terms_are_used(ontology: About, said: About) -> None:
    """No foreign term is declared that neither the ontology nor the data uses."""
    declared = {
        str(node)
        for node, found in ontology.items()
        if isinstance(node, Iri) and not node.startswith(BASE) and found[RDF_TYPE]
    }
    used = {str(name) for found in said.values() for name in found}
    used |= {
        iri for found in said.values() for terms in found.values() for iri in iris(terms) if not iri.startswith(OWL)
    }
    assert sorted(declared - used) == []


def test_terms_used_of_this_ontology_exist(said: About, own: dict[str, dict[str, list[Term]]]) -> None:
    """Every IRI below the ontology's namespace is a term of it."""
    used = {str(name) for found in said.values() for name in found}
    used |= {iri for found in said.values() for terms in found.values() for iri in iris(terms)}
    assert sorted(iri for iri in used if iri.startswith(WW) and iri not in own) == []


# ---- what OWL 2 would object to ----


def test_no_property_is_of_two_kinds(ontology: About, data: list[Quad]) -> None:
    """A property is an object, a datatype or an annotation property, and its values are of that kind."""
    kinds = (OWL + "ObjectProperty", OWL + "DatatypeProperty", OWL + "AnnotationProperty")
    declared = {
        str(node): [kind for kind in kinds if kind in iris(found[RDF_TYPE])] for node, found in ontology.items()
    }
    assert {term: found for term, found in declared.items() if len(found) > 1} == {}
    literals = {str(quad.predicate) for quad in data if isinstance(quad.object, Literal)}
    things = {str(quad.predicate) for quad in data if isinstance(quad.object, Iri)}
    assert literals & things == set()
    assert sorted(term for term in literals if kinds[0] in declared.get(term, [])) == []
    assert sorted(term for term in things if kinds[1] in declared.get(term, [])) == []


def test_ranges_fit_the_kind_of_property(own: dict[str, dict[str, list[Term]]]) -> None:
    """Datatype properties range over datatypes, object properties over classes."""
    wrong = [
        term
        for term, found in own.items()
        for each in iris(found[RDFS + "range"])
        if each.startswith(BUILT_IN[3]) != (OWL + "DatatypeProperty" in iris(found[RDF_TYPE]))
    ]
    assert wrong == []


def test_ranges_are_datatypes_of_owl_2(own: dict[str, dict[str, list[Term]]]) -> None:
    """Values are of types that OWL 2 knows, which has no xsd:date and no xsd:gYear."""
    known = {"boolean", "decimal", "integer", "string", "anyURI", "dateTime", "double"}
    ranges = {each for found in own.values() for each in iris(found[RDFS + "range"]) if each.startswith(BUILT_IN[3])}
    assert ranges
    assert {each.removeprefix(BUILT_IN[3]) for each in ranges} - known == set()


def test_sub_properties_are_of_one_kind(ontology: About) -> None:
    """A property and the wider ones above it are of one kind, and no property is above itself."""
    step = {str(node): iris(found[RDFS + "subPropertyOf"]) for node, found in ontology.items()}
    kinds = {str(node): iris(found[RDF_TYPE]) for node, found in ontology.items()}
    shared = {OWL + "ObjectProperty", OWL + "DatatypeProperty"}
    wrong = [
        (term, wide) for term, each in step.items() for wide in each if kinds[term] & shared != kinds[wide] & shared
    ]
    assert wrong == []
    assert [term for term in step if term in closure(term, step)] == []


def test_classes_are_not_below_themselves(ontology: About) -> None:
    """The hierarchy of classes has no cycle."""
    step = {str(node): iris(found[RDFS + "subClassOf"]) for node, found in ontology.items()}
    assert [term for term in step if term in closure(term, step)] == []


def test_inverses_are_pairs(ontology: About) -> None:
    """A property has one inverse, which has no other, and their domains and ranges are each other's."""
    inverse = defaultdict(set)
    for node, found in ontology.items():
        for other in iris(found[OWL + "inverseOf"]):
            inverse[str(node)].add(other)
            inverse[other].add(str(node))
    assert {term: others for term, others in inverse.items() if len(others) != 1} == {}
    wrong = [
        term
        for term, others in inverse.items()
        for other in others
        if iris(ontology[Iri(term)][RDFS + "domain"]) != iris(ontology[Iri(other)][RDFS + "range"])
    ]
    assert wrong == []


def classes_of(data: list[Quad], ontology: About) -> dict[str, set[str]]:
    """Return the classes of each thing in the data, those above them included."""
    step = {str(node): iris(found[RDFS + "subClassOf"]) for node, found in ontology.items()}
    found: dict[str, set[str]] = defaultdict(set)
    for quad in data:
        if quad.predicate == RDF_TYPE:
            found[str(quad.subject)] |= {str(quad.object)} | closure(str(quad.object), step)
    return found


def test_disjoint_classes_share_no_member(ontology: About, data: list[Quad]) -> None:
    """Nothing in the data is of two classes that exclude each other."""
    disjoint = [(str(node), other) for node, found in ontology.items() for other in iris(found[OWL + "disjointWith"])]
    assert disjoint
    of = classes_of(data, ontology)
    assert [thing for thing, found in of.items() for one, other in disjoint if {one, other} <= found] == []


def test_domains_and_ranges_hold_in_the_data(ontology: About, data: list[Quad], said: About) -> None:
    """What stands before and after a property is stated to be of its domain and its range."""
    of = classes_of(data, ontology)
    step = {str(node): iris(found[RDFS + "subClassOf"]) for node, found in ontology.items()}
    for node, found in said.items():
        for each in iris(found[RDF_TYPE]):
            of[str(node)] |= {each} | closure(each, step)
    wrong = set()
    for quad in data:
        axioms = ontology.get(quad.predicate, {})
        for domain in iris(axioms.get(RDFS + "domain", ())):
            wrong |= {quad} if domain not in of[str(quad.subject)] else set()
        for wanted in iris(axioms.get(RDFS + "range", ())):
            given = {quad.object.datatype} if isinstance(quad.object, Literal) else of[str(quad.object)]
            wrong |= {quad} if wanted not in given else set()
    assert wrong == set()


def test_functional_and_irreflexive_properties(ontology: About, collection: Collection) -> None:
    """Functional properties have one value each, and nothing is related to itself where that is excluded."""
    wrong = []
    for node, found in ontology.items():
        if isinstance(node, Iri):
            quads = list(collection.store.match(predicate=node))
            kinds = iris(found[RDF_TYPE])
            if OWL + "FunctionalProperty" in kinds:
                wrong += [
                    one
                    for one, other in combinations(quads, 2)
                    if one.subject == other.subject and one.object != other.object
                ]
            if OWL + "IrreflexiveProperty" in kinds:
                wrong += [quad for quad in quads if quad.subject == quad.object]
    assert wrong == []


# ---- schemes ----


def test_every_scheme_says_what_it_is(schemes: set[str], said: About) -> None:
    """Each scheme has a title, a definition and a preferred prefix, and its file is named as it is."""
    wrong = []
    for scheme in schemes:
        found = said[Iri(scheme)]
        titles, definitions = texts(found[SKOS + "prefLabel"]), texts(found[SKOS + "definition"])
        prefix = [term.value for term in found[VANN + "preferredNamespacePrefix"] if isinstance(term, Literal)]
        file = ONTOLOGY / "vocabularies" / f"{scheme.removeprefix(VOC)}.ttl"
        if len(titles) != 1 or len(definitions) != 1 or prefix != [scheme.removeprefix(VOC)] or not file.is_file():
            wrong.append(scheme)
    assert wrong == []
    assert len(schemes) == len(list((ONTOLOGY / "vocabularies").glob("*.ttl")))


def test_every_concept_is_complete(schemes: set[str], members: dict[str, set[str]], said: About) -> None:
    """Each concept is in one scheme and has one English label, a notation and one definition that is a sentence."""
    concepts = {str(node) for node, found in said.items() if SKOS + "Concept" in iris(found[RDF_TYPE])}
    assert concepts == set().union(*members.values())
    assert set(members) == schemes
    wrong = []
    for concept in sorted(concepts):
        found = said[Iri(concept)]
        definitions = texts(found[SKOS + "definition"])
        if (
            len(found[SKOS + "inScheme"]) != 1
            or len(texts(found[SKOS + "prefLabel"])) != 1
            or len(definitions) != 1
            or not re.fullmatch(r"[A-Z].*\.", definitions[0])
            or not found[SKOS + "notation"]
        ):
            wrong.append(concept)
    assert wrong == []


def test_labels_of_a_concept_are_one_for_each_language(members: dict[str, set[str]], said: About) -> None:
    """A concept has at most one preferred label in a language, and no alternative label that repeats it."""
    wrong = []
    for concept in sorted(set().union(*members.values())):
        found = said[Iri(concept)]
        labels = [term for term in found[SKOS + "prefLabel"] if isinstance(term, Literal)]
        if len({label.language for label in labels}) != len(labels) or set(labels) & set(found[SKOS + "altLabel"]):
            wrong.append(concept)
    assert wrong == []


def test_names_are_unique_in_a_scheme(members: dict[str, set[str]], said: About) -> None:
    """No two concepts of a scheme share a notation or a preferred label."""
    wrong = []
    for scheme, concepts in members.items():
        named = defaultdict(set)
        for concept in concepts:
            for name in ("notation", "prefLabel"):
                for term in said[Iri(concept)][SKOS + name]:
                    named[name, term].add(concept)
        wrong += [(scheme, name) for name, found in named.items() if len(found) > 1]
    assert wrong == []


def test_definitions_of_concepts_differ_from_their_labels(members: dict[str, set[str]], said: About) -> None:
    """The definition of a concept is more than its label, and no two concepts share one."""
    seen: dict[str, str] = {}
    wrong = []
    for concept in sorted(set().union(*members.values())):
        found = said[Iri(concept)]
        for definition in texts(found[SKOS + "definition"]):
            label = texts(found[SKOS + "prefLabel"])[0]
            if definition.rstrip(".").casefold() == label.casefold() or definition in seen:
                wrong.append(concept)
            seen[definition] = concept
    assert wrong == []


def test_top_concepts_are_those_without_a_broader_one(
    schemes: set[str], members: dict[str, set[str]], said: About, broader: dict[str, set[str]]
) -> None:
    """Each scheme lists its top concepts; they are exactly those with nothing above them, and they say so."""
    wrong = []
    for scheme in schemes:
        top = {concept for concept in members[scheme] if concept not in broader}
        told = {concept for concept in members[scheme] if scheme in iris(said[Iri(concept)][SKOS + "topConceptOf"])}
        if not top == told == iris(said[Iri(scheme)][SKOS + "hasTopConcept"]):
            wrong.append(scheme)
    assert wrong == []


def test_broader_stays_in_the_scheme_and_ends(members: dict[str, set[str]], broader: dict[str, set[str]]) -> None:
    """What is broader is in the same scheme, and no concept is above itself."""
    scheme_of = {concept: scheme for scheme, concepts in members.items() for concept in concepts}
    assert [(one, up) for one, above in broader.items() for up in above if scheme_of[one] != scheme_of.get(up)] == []
    assert [concept for concept in broader if concept in closure(concept, broader)] == []


ORDERED = {"scope", "stage", "rating-level", "evidence-tier", "evidence-type"}


def listed(said: About, node: Term) -> list[str]:
    """Return the members of an RDF list."""
    found = []
    while isinstance(node, Iri | BlankNode) and node != RDF + "nil":
        found.append(str(said[node][RDF + "first"][0]))
        node = said[node][RDF + "rest"][0]
    return found


def test_ordered_schemes_order_all_their_concepts(said: About, members: dict[str, set[str]]) -> None:
    """Each ordered scheme has one collection that lists every concept once."""
    collections = {str(node): found for node, found in said.items() if found[SKOS + "memberList"]}
    assert {VOC + name + "/order" for name in ORDERED} == set(collections)
    for name in ORDERED:
        order = listed(said, collections[VOC + name + "/order"][SKOS + "memberList"][0])
        assert sorted(order) == sorted(members[VOC + name])


@pytest.mark.parametrize("scheme", ["place", "language"])
def test_no_place_or_language_without_use(
    scheme: str, members: dict[str, set[str]], data: list[Quad], broader: dict[str, set[str]]
) -> None:
    """Places and languages are those that the data names, and what lies above them."""
    used = {str(quad.object) for quad in data}
    needed = used | {upper for each in used for upper in closure(each, broader)}
    assert sorted(members[VOC + scheme] - needed) == []


# ---- mappings ----


def test_mappings_lead_to_known_authorities(said: About) -> None:
    """What concepts and terms are mapped to are absolute IRIs of authorities that are known here, and no own ones."""
    targets = {str(term) for found in said.values() for match in MATCHES for term in found[SKOS + match]}
    assert targets
    assert sorted(target for target in targets if not target.startswith(AUTHORITIES)) == []


def test_an_exact_match_is_one_to_one(members: dict[str, set[str]], said: About) -> None:
    """No two concepts of a scheme are exactly the same foreign concept, and no concept is exactly two of one list."""
    wrong = []
    for concepts in members.values():
        matched = defaultdict(set)
        for concept in concepts:
            targets = iris(said[Iri(concept)][SKOS + "exactMatch"])
            for target in targets:
                matched[target].add(concept)
            lists = [re.sub(r"[^/#_]*$", "", target) for target in targets]
            wrong += [concept] if len(lists) != len(set(lists)) else []
        wrong += [target for target, found in matched.items() if len(found) > 1]
    assert wrong == []


def test_a_target_is_mapped_in_one_way(said: About) -> None:
    """A concept or term is mapped to a target by one relation only."""
    wrong = []
    for node, found in said.items():
        targets = [str(term) for match in MATCHES for term in found[SKOS + match]]
        wrong += [str(node)] if len(targets) != len(set(targets)) else []
    assert wrong == []


# ---- prefixes ----


def test_prefixes_cover_every_namespace(collection: Collection) -> None:
    """Every property, class and concept can be written with a prefix."""
    terms = {quad.predicate for quad in collection.store.match()}
    for quad in collection.store.match():
        if quad.predicate in (RDF_TYPE, SKOS + "inScheme") and isinstance(quad.object, Iri):
            terms |= {quad.object} | ({quad.subject} if isinstance(quad.subject, Iri) else set())
    terms = {term for term in terms if "#" not in term or not term.startswith(BASE + "id/")}
    # Things that stand for themselves, and members of schemes whose codes have two parts.
    whole = (BASE + "ont", BASE + "shapes", BASE + "graph/", BASE + "dataset/", VOC)
    assert (
        sorted(term for term in terms if collection.prefixes.shorten(term) is None and not term.startswith(whole)) == []
    )


def test_prefixes_are_one_to_one(collection: Collection) -> None:
    """No two prefixes stand for one namespace, and each namespace ends where a name can begin."""
    table = collection.prefixes.table
    assert len(set(table.values())) == len(table)
    assert [prefix for prefix, namespace in table.items() if namespace[-1] not in "/#_"] == []


def test_every_scheme_has_its_prefix(collection: Collection, schemes: set[str], members: dict[str, set[str]]) -> None:
    """The prefix named as the scheme stands for the namespace of its concepts."""
    table = collection.prefixes.table
    wrong = []
    for scheme in schemes:
        name = scheme.removeprefix(VOC)
        if name == "language":
            fits = all(concept.startswith(table[name]) for concept in members[scheme])
        else:
            fits = table.get(name) == scheme + "/"
        wrong += [] if fits else [name]
    assert wrong == []


def test_files_use_the_prefixes_of_the_table(collection: Collection) -> None:
    """What files of the model and queries declare agrees with the one table, and is used in them."""
    table = collection.prefixes.table
    wrong = []
    for path in [*ONTOLOGY.rglob("*.ttl"), *ONTOLOGY.rglob("*.rq"), *(ROOT / "queries").rglob("*.rq")]:
        text = path.read_text(encoding="utf-8")
        declared = dict(re.findall(r"^(?:@prefix|PREFIX) ([\w-]*): <([^>]*)>", text, re.MULTILINE))
        wrong += [(path.name, prefix) for prefix, iri in declared.items() if table.get(prefix) != iri]
        if path.name != "prefixes.ttl":
            body = re.sub(r"^(@prefix|PREFIX|#).*$", "", text, flags=re.MULTILINE)
            wrong += [(path.name, prefix) for prefix in declared if not re.search(rf"(?<![\w-]){prefix}:", body)]
    assert wrong == []


def test_prefixes_without_use_are_right(collection: Collection) -> None:
    """The prefixes that no statement needs, offered for queries and for data to come, are the usual ones."""
    used = set()
    for quad in collection.store.match():
        for term in (*quad.triple, quad.graph):
            iri = term.datatype if isinstance(term, Literal) else term
            if isinstance(iri, Iri) and (curie := collection.prefixes.shorten(iri)):
                used.add(curie.partition(":")[0])
    assert {prefix: iri for prefix, iri in collection.prefixes.table.items() if prefix not in used} == {
        "review": "https://w3id.org/whatworks/id/review/",
        "org": "http://www.w3.org/ns/org#",
        "snb": "http://data.europa.eu/snb/",
        "void": "http://rdfs.org/ns/void#",
    }


# ---- the JSON-LD context ----


@pytest.fixture(scope="module")
def used(kg: KnowledgeGraph) -> set[str]:
    """The properties and classes that data, model or rules use."""
    quads = kg.collection.store.match()
    return {str(quad.object) if quad.predicate == RDF_TYPE else str(quad.predicate) for quad in quads}


def test_context_terms_exist(
    short_names: dict[str, str], own: dict[str, dict[str, list[Term]]], used: set[str]
) -> None:
    """Each short name stands for a term of the ontology or for one of another vocabulary that is used."""
    assert sorted(name for name, iri in short_names.items() if iri not in own and iri not in used) == []


def test_context_prefixes_are_those_of_the_table(context: dict[str, Any], collection: Collection) -> None:
    """The prefixes of the context are those of the table."""
    given = {name: each["@id"] for name, each in context.items() if isinstance(each, dict) and "@prefix" in each}
    assert given == {name: collection.prefixes.table[name] for name in given}


WITHOUT_SHORT_NAMES = {
    SH: "shapes are for validators, which read them as RDF",
    OWL: "axioms are for reasoners, which read them as RDF",
    RDF: "the links of a list, which only such axioms and shapes and the order of a collection have",
}


def test_every_term_has_a_short_name(
    short_names: dict[str, str], own: dict[str, dict[str, list[Term]]], used: set[str]
) -> None:
    """Every term of ours, and every property and class that is used, has a short name in the context."""
    missing = sorted((used | set(own)) - set(short_names.values()) - {RDF_TYPE})
    assert [iri for iri in missing if not iri.startswith(tuple(WITHOUT_SHORT_NAMES))] == []
    assert [
        namespace for namespace in WITHOUT_SHORT_NAMES if not any(iri.startswith(namespace) for iri in missing)
    ] == []


def test_documents_have_short_names_only(kg: KnowledgeGraph) -> None:
    """A thing of each class that data and schemes have is written without a CURIE or IRI as a key, at every depth."""

    def keys(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(keys, value))
        return set(value).union(*map(keys, value.values())) if isinstance(value, dict) else set()

    first: dict[Term, Iri] = {}
    for quad in kg.collection.store.match(predicate=RDF_TYPE):
        if isinstance(quad.subject, Iri) and not str(quad.object).startswith((SH, OWL)):
            first[quad.object] = min(quad.subject, first.get(quad.object, quad.subject))
    assert {*ABOUT_THE_DATA_SET, SKOS + "ConceptScheme", WW + "Practice"} < set(map(str, first))
    odd = {
        thing: [key for key in keys([json.loads(tree) for tree in kg.exporter.trees([thing])]) if ":" in key]
        for thing in first.values()
    }
    assert {thing: found for thing, found in odd.items() if found} == {}


def test_short_names_are_unique(context: dict[str, Any], short_names: dict[str, str]) -> None:
    """No term has two short names in one direction."""
    forward = [iri for name, iri in short_names.items() if "@reverse" not in context[name]]
    assert len(forward) == len(set(forward))


def test_context_types_fit_the_ontology(
    context: dict[str, Any],
    short_names: dict[str, str],
    own: dict[str, dict[str, list[Term]]],
    data: list[Quad],
    collection: Collection,
) -> None:
    """A short name of an object property holds IRIs, one of values has the datatype of its range.

    Where OWL 2 does not know the datatype, the shape has it.
    """
    shaped = {
        str(quad.object): str(each.object)
        for quad in collection.store.match(predicate=Iri(SH + "path"))
        for each in collection.store.match(quad.subject, Iri(SH + "datatype"))
    }
    wrong = []
    for name, iri in short_names.items():
        each = context[name]
        kind = each.get("@type", "") if isinstance(each, dict) else ""
        if iri not in own or "@reverse" in each or OWL + "Class" in iris(own[iri][RDF_TYPE]):
            continue
        ranges = [each.rpartition("#")[2] for each in iris(own[iri][RDFS + "range"]) or [shaped.get(iri, "")]]
        if OWL + "ObjectProperty" in iris(own[iri][RDF_TYPE]):
            expected = "@id"
        else:
            expected = f"xsd:{ranges[0]}" if ranges[0] not in ("", "string", "langString") else ""
        wrong += [] if kind == expected else [name]
    assert wrong == []
    many = {
        name for name, each in context.items() if isinstance(each, dict) and "@language" in each.get("@container", "")
    }
    tagged = {str(quad.predicate) for quad in data if isinstance(quad.object, Literal) and quad.object.language}
    bare = {str(quad.predicate) for quad in data if isinstance(quad.object, Literal) and not quad.object.language}
    assert sorted(name for name in many if short_names[name] in bare) == []
    assert sorted(iri for iri in tagged if iri not in {short_names[name] for name in many} and iri.startswith(WW)) == []


# ---- the shapes ----


def test_every_property_of_the_data_has_a_shape(said: About, data: list[Quad], ontology: About) -> None:
    """Each property of each class in the data has a shape of that class or of one above it."""
    shaped: dict[str, set[str]] = defaultdict(set)
    for found in said.values():
        for target in iris(found[SH + "targetClass"]):
            for part in found[SH + "property"]:
                assert isinstance(part, Iri)
                shaped[target] |= iris(said[part][SH + "path"])
    of = classes_of(data, ontology)
    wrong = {
        (min(of[str(quad.subject)], default=""), str(quad.predicate))
        for quad in data
        if quad.predicate != RDF_TYPE
        and not of[str(quad.subject)] & ABOUT_THE_DATA_SET
        and not any(quad.predicate in shaped[each] for each in of[str(quad.subject)])
    }
    assert sorted(wrong) == []


def test_everything_in_the_data_has_a_class(data: list[Quad], ontology: About) -> None:
    """Whatever the data speaks of is stated to be of a class."""
    of = classes_of(data, ontology)
    assert sorted({str(quad.subject) for quad in data if not of[str(quad.subject)]}) == []


def test_from_turtle_reads_the_whole_table(collection: Collection) -> None:
    """The table of prefixes is what the file declares, line by line."""
    text = (ONTOLOGY / "prefixes.ttl").read_text(encoding="utf-8")
    assert len(collection.prefixes.table) == text.count("\n@prefix ") + text.startswith("@prefix ")
    assert Prefixes.from_turtle(text).table == collection.prefixes.table
