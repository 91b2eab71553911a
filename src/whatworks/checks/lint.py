"""Lints shapes: what a validator passes over in silence would let wrong data pass."""

from collections.abc import Iterator
from contextlib import suppress

from rdflib import Graph, URIRef
from rdflib.collection import Collection as RdfList
from rdflib.namespace import DCAT, DCTERMS, FOAF, ORG, OWL, PROV, RDF, RDFS, SDO, SH, SKOS, VANN, VOID, DefinedNamespace
from rdflib.term import Node as RdflibNode

from whatworks.checks.graphs import short
from whatworks.checks.reads import LISTED, NESTED
from whatworks.errors import ShapeFault
from whatworks.namespaces import WW, Prefixes

_SHACL = str(SH)
CLOSED: dict[str, type[DefinedNamespace]] = {
    str(space): space for space in (DCAT, DCTERMS, FOAF, ORG, OWL, PROV, RDF, RDFS, SDO, SH, SKOS, VANN, VOID)
}
_TARGETS = (SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf)
_NOT_APPLIED = (SH.rule, SH.expression, SH.js)


def lint_shapes(shapes: Graph, data: Graph, prefixes: Prefixes) -> None:
    """Refuse shapes whose mistakes a validator passes over.

    Raises:
        ShapeFault: A term of the SHACL namespace does not exist, or a target names nothing that the model declares,
            the data uses, or the vocabulary it comes from defines; a shape refers to itself, or uses what is not
            applied here.
    """
    wrong: list[str] = []
    for triple in shapes:
        for term in triple[1:]:
            if isinstance(term, URIRef) and term.startswith(_SHACL) and not _is_defined(term):
                wrong.append(f"{short(triple[0], prefixes)} uses {short(term, prefixes)}, which is no SHACL term")
    for predicate in _TARGETS:
        for shape, target in shapes.subject_objects(predicate):
            if not _is_known(target, data) and not _is_defined(target):
                wrong.append(
                    f"{short(shape, prefixes)} has the target {short(target, prefixes)}, which matches nothing"
                )
    for shape, target in shapes.subject_objects(SH.targetNode):
        if (target, None, None) not in data:
            wrong.append(f"{short(shape, prefixes)} has the target {short(target, prefixes)}, which matches nothing")
    for predicate in _NOT_APPLIED:
        for shape in shapes.subjects(predicate):
            wrong.append(f"{short(shape, prefixes)} uses {short(predicate, prefixes)}, which a check does not apply")
    wrong += [
        f"{short(circle[0], prefixes)} leads back to itself ({' → '.join(short(each, prefixes) for each in circle)}); "
        "what that means is not defined"
        for circle in _circles(shapes)
    ]
    if wrong:
        raise ShapeFault(
            "The shapes have mistakes that would let wrong data pass:\n  " + "\n  ".join(sorted(wrong)),
            hint="Look for a slip in the spelling, or for a shape within itself.",
        )


def _is_known(term: RdflibNode, data: Graph) -> bool:
    return (None, term, None) in data or (None, RDF.type, term) in data or (term, RDF.type, None) in data


def _circles(shapes: Graph) -> Iterator[list[RdflibNode]]:
    """Yield the named shapes on each way from a shape to itself, each circle once."""
    within = {shape: set(_within(shapes, shape)) for shape in shapes.subjects(unique=True)}
    done: set[RdflibNode] = set()

    def search(shape: RdflibNode, way: list[RdflibNode]) -> Iterator[list[RdflibNode]]:
        if shape in way:
            circle = [each for each in way[way.index(shape) :] if isinstance(each, URIRef)]
            yield [*circle, circle[0]] if circle else [shape, shape]
        elif shape not in done:
            for inner in sorted(within.get(shape, ()), key=str):
                yield from search(inner, [*way, shape])
            done.add(shape)

    for shape in sorted(within, key=lambda each: (not isinstance(each, URIRef), str(each))):
        yield from search(shape, [])


def _within(shapes: Graph, shape: RdflibNode) -> Iterator[RdflibNode]:
    for predicate in NESTED:
        yield from shapes.objects(shape, predicate)
    for predicate in LISTED:
        for listed in shapes.objects(shape, predicate):
            with suppress(ValueError):  # a list that does not end; the validator refuses it
                yield from RdfList(shapes, listed)


def _is_defined(term: RdflibNode) -> bool:
    """Say whether a term is defined by its vocabulary; of vocabularies that are not known here, every term counts."""
    text = str(term)
    if text.startswith(WW):
        return False
    for namespace, closed in CLOSED.items():
        if text.startswith(namespace):
            return text in closed
    return True
