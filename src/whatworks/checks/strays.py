"""Finds what no shape looks at: properties, classes and things that nobody knows, and texts beside the shapes.

SHACL passes over a misspelt property or class in silence, because no shape has it as a target. Here the statements of
the data are looked through, and what is found becomes a result with a constraint component of its own.

Terms of the model's own namespaces must be declared. Of a vocabulary whose terms are all listed here (`lint.CLOSED`),
another term is a mistake too. Of vocabularies that have more terms than the model knows, or that grow, only what is
nearly a term that is known is told, as a warning.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCAT, OWL, RDF, RDFS, SDO, SH, XSD
from rdflib.term import Node as RdflibNode

from whatworks.checks.found import Found, Result
from whatworks.checks.graphs import RdflibTriple, pattern_of
from whatworks.checks.lint import CLOSED
from whatworks.namespaces import MODEL, WW
from whatworks.nodes import node_of
from whatworks.terms import Triple

SHAPES = MODEL + "shapes#"
_LANGUAGES = (str(RDF), str(RDFS), str(OWL))
_THING = "id/(?:intervention|resource|agent|record|link|collection)/."
_FIGURES = (XSD.decimal, XSD.double, XSD.float, XSD.date, XSD.dateTime, XSD.time)
_ONLY_FIGURES = re.compile(r"[-+0-9.:TZeE]*")
_CONTACT_IRI = re.compile("mailto:|tel:", re.IGNORECASE)
_LOOKS_LIKE = SHAPES + "Looks-like-"
# Vocabularies that get new terms more often than the list of them is renewed.
_GROWING = (str(SDO), str(DCAT))
_NEAR = 0.84
_NUMBERED = re.compile(re.escape(str(RDF)) + "_[1-9][0-9]*")

_ADVICE = {
    "UnknownProperty": "Correct the spelling, or declare the property with a label in a file in ontology/.",
    "UnknownClass": "Correct the spelling, or declare the class with a label in a file in ontology/.",
    "NoClass": "Say of which class the thing is, so that the shapes of the class check it.",
    "ContactData": "Take the e-mail address or telephone number out of the text.",
}


class Declared:
    """The properties and classes that the model declares or uses, and the namespaces that are its own.

    A namespace is own when every term declared in it has a label; terms of other vocabularies are only declared.

    Args:
        model: The statements of the model without the shapes.
        shapes: The shapes, whose paths and classes are used as well.
    """

    def __init__(self, model: Iterable[Triple], shapes: Graph) -> None:
        self.properties: set[URIRef] = set()
        self.classes: set[URIRef] = set()
        labelled: set[RdflibNode] = set()
        for subject, predicate, value in model:
            if str(predicate) == str(RDF.type) and str(value).startswith(_LANGUAGES):
                if str(value).endswith("Property"):
                    self.properties.add(URIRef(str(subject)))
                elif str(value).endswith("Class"):
                    self.classes.add(URIRef(str(subject)))
            elif str(predicate) == str(RDFS.label):
                labelled.add(node_of(subject))
        terms = self.properties | self.classes
        borrowed = {_namespace(term) for term in terms - labelled} | set(CLOSED)
        self.own = ({_namespace(term) for term in terms & labelled} - borrowed) | {WW}
        targets = (SH.targetSubjectsOf, SH.targetObjectsOf)
        used = {each for predicate in (SH.path, *targets) for each in shapes.objects(None, predicate)}
        self._used = {
            "properties": self.properties | {each for each in used if isinstance(each, URIRef)},
            "classes": self.classes
            | {each for each in shapes.objects(None, SH.targetClass) if isinstance(each, URIRef)},
        }

    def is_known(self, term: URIRef, kind: str) -> bool:
        """Say whether a term is among the properties or classes that the model declares or uses."""
        return term in self._used[kind]

    def doubt(self, term: URIRef, kind: str) -> RdflibNode | None:
        """Return the severity with which a property or class is told as unknown; None where it may be right."""
        if term in (self.properties if kind == "properties" else self.classes):
            return None
        namespace = _namespace(term)
        if namespace in self.own:
            return SH.Violation
        if self.is_known(term, kind):
            return None
        if term in self._listed(namespace) or _NUMBERED.fullmatch(term):
            return None
        if self.is_listed(term):
            return SH.Violation
        names = [each[len(namespace) :] for each in self.like(term, kind) if each.startswith(namespace)]
        return SH.Warning if get_close_matches(term[len(namespace) :], names, n=1, cutoff=_NEAR) else None

    def is_listed(self, term: URIRef) -> bool:
        """Say whether all terms of the vocabulary of a term are listed here."""
        namespace = _namespace(term)
        return namespace in CLOSED and namespace not in _GROWING

    def like(self, term: URIRef, kind: str) -> list[URIRef]:
        """Return the properties or classes that may be meant by a term: the model's, then those of its vocabulary."""
        return [*sorted(self._used[kind]), *sorted(self._listed(_namespace(term)))]

    @staticmethod
    def _listed(namespace: str) -> set[URIRef]:
        listed = CLOSED.get(namespace)
        return {URIRef(namespace + name) for name in listed.__annotations__} if listed is not None else set()


@dataclass(frozen=True, slots=True)
class Watch:
    """What strays are looked for by.

    Attributes:
        declared: The terms of the model.
        base: The base IRI of the project.
        is_public: Whether contact data is looked for.
    """

    declared: Declared
    base: str
    is_public: bool


class Strays:
    """Looks for strays.

    Args:
        watch: What to look for them by.
        shapes: The shapes of the profile.
    """

    def __init__(self, watch: Watch, shapes: Graph) -> None:
        declared = watch.declared
        self._contact = _contact_finder(shapes) if watch.is_public else None
        self._is_thing = re.compile(re.escape(watch.base) + _THING).match
        self._of_property = cache(lambda term: declared.doubt(term, "properties"))
        self._of_class = cache(lambda term: declared.doubt(term, "classes"))
        self._classes = declared.classes | set(shapes.objects(None, SH.targetClass))

    def find(self, triples: Iterable[RdflibTriple]) -> list[Found]:
        """Return what no shape looks at, each once; all statements of a thing must be among those given."""
        found: dict[Found, None] = {}
        things: dict[RdflibNode, set[RdflibNode]] = {}
        of_class = RDF.type  # is looked up anew each time that it is named
        last: RdflibNode | None = None
        doubts: dict[RdflibNode, tuple[bool, RdflibNode | None]] = {}  # one object is found quicker than its equal
        for subject, predicate, value in triples:
            if subject is not last:
                last = subject
                if subject not in things and isinstance(subject, URIRef) and self._is_thing(subject):
                    things[subject] = set()
            if (doubt := doubts.get(predicate)) is None:
                is_class = predicate == of_class
                doubt = doubts[predicate] = is_class, None if is_class else self._of_property(predicate)
            is_class, severity = doubt
            if is_class:
                if subject in things:
                    things[subject].add(value)
                if isinstance(value, URIRef) and (severity := self._of_class(value)) is not None:
                    found.setdefault(_stray("UnknownClass", severity, subject, predicate, value))
            elif severity is not None:
                found.setdefault(_stray("UnknownProperty", severity, subject, predicate))
            if self._contact is not None and (shape := self._contact(predicate, value)) is not None:
                found.setdefault(_stray("ContactData", SH.Violation, subject, predicate, value, shape))
        for thing, classes in things.items():
            if not any(each in self._classes or self._is_stray(each) for each in classes):
                found.setdefault(_stray("NoClass", SH.Violation, thing, of_class))
        return list(found)

    def _is_stray(self, node: RdflibNode) -> bool:
        return isinstance(node, URIRef) and self._of_class(node) is not None


def _stray(
    kind: str,
    severity: RdflibNode,
    focus: RdflibNode,
    path: RdflibNode,
    value: RdflibNode | None = None,
    shape: RdflibNode | None = None,
) -> Found:
    return Found(
        Result(focus, path, value, shape, kind),
        URIRef(f"{SHAPES}{kind}ConstraintComponent"),
        severity,
        (Literal(_ADVICE[kind], lang="en"),),
    )


def _contact_finder(shapes: Graph) -> Callable[[RdflibNode, RdflibNode], RdflibNode | None]:
    """Return a function that says which shape of what may not be published a value looks like.

    Properties that a shape of their own forbids, or whose texts it looks through, are left to that shape.
    """
    looks = {
        shape: pattern
        for shape in shapes.subjects(SH.pattern)
        if str(shape).startswith(_LOOKS_LIKE) and (pattern := pattern_of(shapes, shape)) is not None
    }
    covered = set(_covered(shapes, looks))

    def find(predicate: RdflibNode, value: RdflibNode) -> RdflibNode | None:
        if predicate in covered:
            return None
        if isinstance(value, URIRef) and _CONTACT_IRI.match(value):
            return next(iter(looks), None)
        if not isinstance(value, Literal) or (value.datatype in _FIGURES and _ONLY_FIGURES.fullmatch(value)):
            return None
        return next((shape for shape, pattern in looks.items() if pattern.search(value)), None)

    return find


def _covered(shapes: Graph, looks: Collection[RdflibNode]) -> Iterator[RdflibNode]:
    for look in looks:
        for shape in shapes.subjects(SH["not"], look):
            if (path := shapes.value(shape, SH.path)) is not None:
                yield path
    for shape, path in shapes.subject_objects(SH.targetSubjectsOf):
        if (shape, SH.path, path) in shapes and shapes.value(shape, SH.maxCount) == Literal(0):
            yield path


def _namespace(term: str) -> str:
    return term[: max(term.rfind("#"), term.rfind("/")) + 1]
