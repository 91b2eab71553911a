"""What stands around one thing: its neighbours by the sort of tie, as a picture and as a list."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from whatworks.describe import Description, Field
from whatworks.errors import UsageError
from whatworks.namespaces import DCTERMS, IN_SCHEME, LINK_FROM, LINK_TO, SKOS, WW
from whatworks.pages.profile import related
from whatworks.pages.shelf import Shelf
from whatworks.pages.view import Shown, View, cut
from whatworks.results import safe
from whatworks.terms import Iri

MOST = 150  # neighbours that are drawn
_WIDTH, _EDGE, _ROW = 1000, 350, 21  # of the picture; of the names beside it; and between two of them
_NAME = 44  # letters of a name in the picture
_KINDS = 8  # sorts of ties that have a colour of their own

# What nearly everything has, and what says nothing of who stands beside whom.
_PLAIN = {
    Iri(WW + name)
    for name in (
        *(
            "kind",
            "scope",
            "scopeLevel",
            "stage",
            "aimType",
            "educationLevel",
            "learningSetting",
            "delivery",
            "outcome",
        ),
        *(
            "providerType",
            "urbanicity",
            "evidenceType",
            "evaluationStatus",
            "direction",
            "effectSizeBasis",
            "valueType",
        ),
        *("unitOfAnalysis", "reachUnit", "ratingLevel", "activityType", "assignedActivityType"),
    )
} | {
    Iri("http://data.europa.eu/m8g/role"),
    Iri(DCTERMS + "language"),
    IN_SCHEME,
    Iri(SKOS + "topConceptOf"),
}


class Tie(NamedTuple):
    """A neighbour, and by what it is one."""

    kind: str
    iri: Iri
    name: Shown


def values(view: View, shelf: Shelf) -> dict[str, Any]:
    """Return what the page of a network shows."""
    wanted = next((value for name, value in view.fields if name == "of" and value.strip()), "")
    made: dict[str, Any] = {"wanted": wanted, "here": "", "notice": "", "name": None, "groups": [], "picture": None}
    if not wanted:
        return made
    try:
        thing = view.edition.kg.lookup.thing(wanted)
    except UsageError as error:
        return {**made, "notice": safe(cut(f"{error.message} {error.hint or ''}".strip(), 400))}
    described = view.edition.kg.near([thing]).describer.describe(thing, view.language)
    ties = list(dict.fromkeys(_ties(view, shelf, described)))
    groups: dict[str, list[Tie]] = {}
    for tie in ties[:MOST]:
        groups.setdefault(tie.kind, []).append(tie)
    listed = [
        {"title": kind, "colour": min(number, _KINDS - 1), "ties": several}
        for number, (kind, several) in enumerate(groups.items())
    ]
    return {
        **made,
        "name": view.name(thing),
        "groups": listed,
        "total": len(ties),
        "most": MOST,
        "picture": _picture(view.name(thing), listed) if ties else None,
    }


def _ties(view: View, shelf: Shelf, described: Description) -> Iterator[Tie]:
    """Yield the neighbours of a thing: related ones, those that it or its parts name, and those that name it."""
    if shelf.is_intervention(described.iri):
        for each in related(view, shelf, described.iri):
            yield Tie(view.words("Related"), each["iri"], each["other"])
    yield from _named(view, described, described.iri)
    for field in described.mentions:
        if field.property not in (LINK_FROM, LINK_TO):
            yield from _of(view, field, described.iri)


def _named(view: View, described: Description, centre: Iri) -> Iterator[Tie]:
    for section in described.sections:
        for field in section.fields:
            if field.property not in _PLAIN:
                yield from _of(view, field, centre)
            for value in field.values:
                if value.part is not None:
                    yield from _named(view, value.part, centre)


def _of(view: View, field: Field, centre: Iri) -> Iterator[Tie]:
    for value in field.values:
        if isinstance(value.term, Iri) and value.part is None and value.term != centre:
            name = view.name(value.term)
            if name.href.startswith("/"):
                yield Tie(view.field(field.name, marked=field.assigned).text, value.term, name)


def _picture(name: Shown, groups: list[dict[str, Any]]) -> dict[str, Any]:
    """Return where all stands: names in two columns, the sorts one below the other, each tied to the middle."""
    total = sum(len(group["ties"]) for group in groups)
    sides: tuple[list[tuple[int, Tie]], list[tuple[int, Tie]]] = ([], [])
    for group in groups:
        for tie in group["ties"]:
            side = 0 if len(sides[0]) < math.ceil(total / 2) else 1
            sides[side].append((group["colour"], tie))
    height = max(120, _ROW * (max(map(len, sides)) + 1))
    nodes = []
    for side, several in enumerate(sides):
        x, anchor = (_EDGE, "end") if side == 0 else (_WIDTH - _EDGE, "start")
        top = (height - _ROW * (len(several) - 1)) / 2 if several else 0
        for number, (colour, tie) in enumerate(several):
            y = round(top + number * _ROW, 1)
            bow = _EDGE + 90 if side == 0 else _WIDTH - _EDGE - 90
            middle = height / 2
            nodes.append(
                {
                    "x": x,
                    "y": y,
                    "text_x": x - 10 if side == 0 else x + 10,
                    "anchor": anchor,
                    "colour": colour,
                    "name": tie.name,
                    "text": cut(tie.name.text, _NAME),
                    "line": f"M{x} {y}C{bow} {y} {bow} {middle} {_WIDTH / 2} {middle}",
                }
            )
    return {"width": _WIDTH, "height": round(height), "nodes": nodes, "name": cut(name.text, 34), "middle": height / 2}
