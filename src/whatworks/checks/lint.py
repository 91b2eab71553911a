"""Lints shapes: what a validator passes over in silence would let wrong data pass."""

from rdflib import Graph, URIRef
from rdflib.namespace import DCAT, DCTERMS, FOAF, ORG, OWL, PROV, RDF, RDFS, SDO, SH, SKOS, VANN, VOID, DefinedNamespace
from rdflib.term import Node as RdflibNode

from whatworks.checks.graphs import short
from whatworks.errors import ShapeFault
from whatworks.namespaces import WW, Prefixes

_SHACL = str(SH)
CLOSED: dict[str, type[DefinedNamespace]] = {
    str(space): space for space in (DCAT, DCTERMS, FOAF, ORG, OWL, PROV, RDF, RDFS, SDO, SH, SKOS, VANN, VOID)
}
_TARGETS = (SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf)


def lint_shapes(shapes: Graph, data: Graph, prefixes: Prefixes) -> None:
    """Refuse shapes whose mistakes a validator passes over.

    Raises:
        ShapeFault: A term of the SHACL namespace does not exist, or a target names nothing that the model declares,
            the data uses, or the vocabulary it comes from defines.
    """
    wrong: list[str] = []
    for triple in shapes:
        for term in triple[1:]:
            if isinstance(term, URIRef) and term.startswith(_SHACL) and not _is_defined(term):
                wrong.append(f"{short(triple[0], prefixes)} uses {short(term, prefixes)}, which is no SHACL term")
    known = set(data.predicates()) | set(data.objects(None, RDF.type)) | set(data.subjects(RDF.type))
    for predicate in _TARGETS:
        for shape, target in shapes.subject_objects(predicate):
            if target not in known and not _is_defined(target):
                wrong.append(
                    f"{short(shape, prefixes)} has the target {short(target, prefixes)}, which matches nothing"
                )
    for shape, target in shapes.subject_objects(SH.targetNode):
        if (target, None, None) not in data:
            wrong.append(f"{short(shape, prefixes)} has the target {short(target, prefixes)}, which matches nothing")
    if wrong:
        raise ShapeFault(
            "The shapes have mistakes that would let wrong data pass:\n  " + "\n  ".join(sorted(wrong)),
            hint="Look for a slip in the spelling.",
        )


def _is_defined(term: RdflibNode) -> bool:
    """Say whether a term is defined by its vocabulary; of vocabularies that are not known here, every term counts."""
    text = str(term)
    if text.startswith(WW):
        return False
    for namespace, closed in CLOSED.items():
        if text.startswith(namespace):
            return text in closed
    return True
