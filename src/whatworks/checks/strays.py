"""Finds what no shape looks at: properties, classes and things that the model does not know, and texts beside it.

SHACL passes over a misspelt property or class in silence, because no shape has it as a target. Here one pass over the
statements finds them, and each becomes a result of the validation report with a constraint component of its own.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import RDF, SH
from rdflib.term import Node as RdflibNode

from whatworks.checks.graphs import node_of, pattern_of
from whatworks.checks.lint import CLOSED
from whatworks.namespaces import MODEL, WW
from whatworks.terms import RDF_TYPE, XSD, Iri, Node, Quad, Term
from whatworks.terms import Literal as Text

SHAPES = MODEL + "shapes#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_LABEL = Iri(_RDFS + "label")
_LANGUAGES = (str(RDF), _RDFS, "http://www.w3.org/2002/07/owl#")
_THING = "id/(?:intervention|resource|agent|record|link|collection)/."
_FIGURES = tuple(XSD + name for name in ("decimal", "double", "float", "date", "dateTime", "time"))
_ONLY_FIGURES = re.compile(r"[-+0-9.:TZeE]*")
_CONTACT_IRI = re.compile("mailto:|tel:", re.IGNORECASE)
_LOOKS_LIKE = SHAPES + "Looks-like-"

_ADVICE = {
    "UnknownProperty": "Correct the spelling, or declare the property with a label in a file in ontology/.",
    "UnknownClass": "Correct the spelling, or declare the class with a label in a file in ontology/.",
    "NoClass": "Say of which class the thing is, so that the shapes of the class check it.",
    "ContactData": "Take the e-mail address or telephone number out of the text.",
}


@dataclass(frozen=True, slots=True)
class Stray:
    """Something that no shape looks at: of which thing, with which property and value, and the shape that says why."""

    kind: str
    focus: Node
    path: Iri
    value: Term | None = None
    shape: RdflibNode | None = None


class Declared:
    """The properties and classes that the model declares, and the namespaces that are its own.

    A namespace is own when every term declared in it has a label; terms of other vocabularies are only declared.
    """

    def __init__(self, model: Iterable[Quad]) -> None:
        self.properties: set[Iri] = set()
        self.classes: set[Iri] = set()
        labelled: set[Node] = set()
        for subject, predicate, value, _ in model:
            if predicate == RDF_TYPE and isinstance(subject, Iri) and str(value).startswith(_LANGUAGES):
                if str(value).endswith("Property"):
                    self.properties.add(subject)
                elif str(value).endswith("Class"):
                    self.classes.add(subject)
            elif predicate == _LABEL:
                labelled.add(subject)
        terms = self.properties | self.classes
        borrowed = {_namespace(term) for term in terms - labelled} | set(CLOSED)
        self.own = ({_namespace(term) for term in terms & labelled} - borrowed) | {WW}

    def is_own(self, term: Iri) -> bool:
        """Say whether a term stands in a namespace of the model's own."""
        return _namespace(term) in self.own

    def by_kind(self) -> Mapping[str, list[RdflibNode]]:
        """Return the properties and the classes as rdflib has them, sorted."""
        kinds = {"properties": self.properties, "classes": self.classes}
        return {kind: [node_of(term) for term in sorted(terms)] for kind, terms in kinds.items()}


def strays(quads: Iterable[Quad], declared: Declared, shapes: Graph, base: str, profile: str) -> list[Stray]:
    """Return what no shape of the profile looks at, each once."""
    is_contact = _contact_finder(shapes) if profile == "publication" else None
    is_thing = cache(re.compile(re.escape(base) + _THING).match)
    is_unknown = cache(lambda prop: declared.is_own(prop) and prop not in declared.properties)
    found: dict[Stray, None] = {}
    things: dict[Iri, set[Term]] = defaultdict(set)
    for subject, predicate, value, _ in quads:
        if isinstance(subject, Iri) and is_thing(subject):
            things[subject].update([value] if predicate == RDF_TYPE else ())
        if is_unknown(predicate):
            found.setdefault(Stray("UnknownProperty", subject, predicate))
        if predicate == RDF_TYPE and isinstance(value, Iri) and _is_stray_class(value, declared):
            found.setdefault(Stray("UnknownClass", subject, predicate, value))
        if is_contact is not None and (shape := is_contact(predicate, value)) is not None:
            found.setdefault(Stray("ContactData", subject, predicate, value, shape))
    known = declared.classes | {Iri(target) for target in shapes.objects(None, SH.targetClass)}
    for thing, classes in things.items():
        if not any(each in known or _is_stray_class(each, declared) for each in classes):
            found.setdefault(Stray("NoClass", thing, RDF_TYPE))
    return list(found)


def _is_stray_class(term: Term, declared: Declared) -> bool:
    return isinstance(term, Iri) and declared.is_own(term) and term not in declared.classes


def _contact_finder(shapes: Graph) -> Callable[[Iri, Term], RdflibNode | None]:
    """Return a function that says which shape of what may not be published a value looks like.

    Properties that a shape of their own forbids, or whose texts it looks through, are left to that shape.
    """
    looks = {
        shape: pattern
        for shape in shapes.subjects(SH.pattern)
        if str(shape).startswith(_LOOKS_LIKE) and (pattern := pattern_of(shapes, shape)) is not None
    }
    covered = set(_covered(shapes, looks))

    def find(predicate: Iri, value: Term) -> RdflibNode | None:
        if str(predicate) in covered:
            return None
        if isinstance(value, Iri) and _CONTACT_IRI.match(value):
            return next(iter(looks), None)
        if not isinstance(value, Text) or (value.datatype in _FIGURES and _ONLY_FIGURES.fullmatch(value.value)):
            return None
        return next((shape for shape, pattern in looks.items() if pattern.search(value.value)), None)

    return find


def _covered(shapes: Graph, looks: Iterable[RdflibNode]) -> Iterator[str]:
    for look in looks:
        for shape in shapes.subjects(SH["not"], look):
            yield str(shapes.value(shape, SH.path))
    for shape, path in shapes.subject_objects(SH.targetSubjectsOf):
        if (shape, SH.path, path) in shapes and shapes.value(shape, SH.maxCount) == Literal(0):
            yield str(path)


def add_results(report: Graph, found: Iterable[Stray]) -> None:
    """Add what was found to a validation report, as violations."""
    top = next(report.subjects(RDF.type, SH.ValidationReport))
    for stray in found:
        node = BNode()
        report.add((top, SH.result, node))
        report.add((node, RDF.type, SH.ValidationResult))
        report.add((node, SH.resultSeverity, SH.Violation))
        report.add((node, SH.sourceConstraintComponent, URIRef(f"{SHAPES}{stray.kind}ConstraintComponent")))
        report.add((node, SH.focusNode, node_of(stray.focus)))
        report.add((node, SH.resultPath, node_of(stray.path)))
        report.add((node, SH.resultMessage, Literal(_ADVICE[stray.kind], lang="en")))
        if stray.value is not None:
            report.add((node, SH.value, node_of(stray.value)))
        if stray.shape is not None:
            report.add((node, SH.sourceShape, stray.shape))


def _namespace(term: Iri) -> str:
    return term[: max(term.rfind("#"), term.rfind("/")) + 1]
