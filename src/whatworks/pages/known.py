"""What is known of interventions that nobody has summed up, as ratings and findings say it; and what was retired."""

from collections.abc import Mapping
from typing import Any

from whatworks.namespaces import DEPRECATED, REPLACED
from whatworks.pages.shelf import Shelf
from whatworks.pages.view import Shown, View
from whatworks.publish.edition import Edition
from whatworks.results import Row, safe
from whatworks.terms import Iri, Literal, Term

# The columns of the stored query `ratings`.
_OUTCOME, _LEVEL, _BY = 1, 2, 7


def known(view: View, shelf: Shelf, key: str) -> dict[str, Any] | None:
    """Return the ratings of an intervention by who made them, and on what findings there are; None without either.

    Args:
        view: What the page needs.
        shelf: The answers about its edition.
        key: The key of the intervention.
    """
    bodies: dict[str, list[tuple[Shown, Shown]]] = {}
    for row in _of("ratings", shelf).get(key, ()):
        outcome, level, by = row[_OUTCOME], row[_LEVEL], row[_BY]
        if isinstance(outcome, Iri) and isinstance(level, Iri):
            name = safe(by.value) if isinstance(by, Literal) else ""
            bodies.setdefault(name, []).append((view.name(outcome), view.name(level)))
    findings = _of("finding-figures", shelf).get(key, ())
    outcomes: dict[Term, None] = {row[2]: None for row in findings if isinstance(row[2], Iri)}
    if not bodies and not findings:
        return None
    return {
        "ratings": list(bodies.items()),
        "findings": len(findings),
        "outcomes": [view.name(each) for each in outcomes],
    }


def _of(name: str, shelf: Shelf) -> Mapping[str, list[Row]]:
    """Return the rows of a stored query by the key that they begin with."""

    def made() -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in shelf.asked(name, {}):
            if isinstance(row[0], Literal):
                found.setdefault(row[0].value, []).append(row)
        return found

    return shelf.once(("by key", name), made)


def successors(edition: Edition, iri: Iri) -> list[str] | None:
    """Return what stands instead of what was retired; None for what was not."""
    store = edition.kg.collection.store
    marks = store.match(iri, DEPRECATED)
    if not any(isinstance(mark.object, Literal) and mark.object.value in ("true", "1") for mark in marks):
        return None
    named = [quad.object for quad in store.match(iri, REPLACED)]
    return [str(each) for each in named if isinstance(each, Iri) and each != iri]
