"""Keeps imports from assigning again what a person has rejected."""

from collections.abc import Iterator, Mapping

from whatworks.collection import Collection
from whatworks.namespaces import ASSIGNED_FACET, REVIEW_OF, REVIEWED_CONCEPT, SUBPROPERTY, VOC, WW
from whatworks.terms import Iri, Literal, Node, Quad, Term

_STATUS, _BY, _ON = Iri(WW + "reviewStatus"), Iri(WW + "reviewedBy"), Iri(WW + "reviewedOn")
_REJECTED = Iri(VOC + "review-status/rejected")


def without_rejected(contents: Mapping[Iri, set[Quad]], collection: Collection) -> Iterator[str]:
    """Take out of what things become what was assigned to them and somebody has rejected, and yield a note for each."""
    store = collection.store
    assigning = {quad.subject for quad in store.match(predicate=SUBPROPERTY, value=ASSIGNED_FACET)}
    rejected: dict[tuple[Node, Term], Node] = {}
    for quad in store.match(predicate=_STATUS, value=_REJECTED):
        things = [each.object for each in store.match(quad.subject, REVIEW_OF)]
        concepts = [each.object for each in store.match(quad.subject, REVIEWED_CONCEPT)]
        rejected |= {
            (thing, concept): quad.subject for thing in things if isinstance(thing, Iri) for concept in concepts
        }
    if not rejected:
        return
    for quads in contents.values():
        for quad in sorted((quad for quad in quads if quad.predicate in assigning), key=str):
            if (review := rejected.get((quad.subject, quad.object))) is not None:
                quads.discard(quad)
                yield _note(collection, quad, review)


def _note(collection: Collection, quad: Quad, review: Node) -> str:
    by, on = (
        next(
            (each.object.value for each in collection.store.match(review, prop) if isinstance(each.object, Literal)),
            "",
        )
        for prop in (_BY, _ON)
    )
    thing, concept = (collection.prefixes.shorten(str(term)) or str(term) for term in (quad.subject, quad.object))
    who = f"{by or 'somebody'}{f' on {on}' if on else ''}"
    return f"{concept} was assigned to {thing} and rejected by {who}; it is left out."
