"""Pages of what interventions have in common: approaches, themes, places and other concepts, actors, and links."""

from collections.abc import Sequence
from typing import Any

from whatworks.describe import Description
from whatworks.errors import UsageError
from whatworks.namespaces import (
    DCTERMS,
    FOAF,
    IN_SCHEME,
    LINK_FROM,
    LINK_TO,
    MAPPING_FROM,
    MAPPING_TO,
    PREF_LABEL,
    SKOS,
    TITLE,
    VOC,
    WW,
)
from whatworks.pages import listing
from whatworks.pages.facts import Facts, decimal, shown
from whatworks.pages.shelf import Shelf
from whatworks.pages.view import Shown, View
from whatworks.results import Row, safe
from whatworks.terms import Iri, Literal

# By which facet the interventions of a concept are found, where the scheme is not called as the facet.
_FACETS = {"place": "country", "setting": "learning-setting"}
_SHOWN = 30  # interventions that are listed on the page of a concept
_SAID = 40  # statements that are seen before the rest is unfolded
_ENDS = ((LINK_FROM, LINK_TO), (MAPPING_FROM, MAPPING_TO))
_MATCHES = tuple(SKOS + name for name in ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch"))


def is_concept(described: Description) -> bool:
    """Say whether a thing is a concept of a scheme."""
    return any(field.property == IN_SCHEME for section in described.sections for field in section.fields)


def is_agent(described: Description) -> bool:
    """Say whether a thing is somebody who can take part."""
    return any(field.property == FOAF + "name" for section in described.sections for field in section.fields)


def is_link(described: Description) -> bool:
    """Say whether a thing relates two others: a link between interventions, or a mapping to what stands outside."""
    held = {field.property for section in described.sections for field in section.fields}
    return any(held.issuperset(ends) for ends in _ENDS)


def link(view: View, described: Description) -> dict[str, Any]:
    """Return what the page of a link shows: what it relates, why, and how much each reason counts."""
    facts = Facts(view, described)
    ends = [end for properties in _ENDS for each in properties for end in facts.shown(each)]
    explanation = facts.best(WW + "explanation")
    reasons = [
        (part.first(WW + "feature") or part.first(WW + "sharedWords"), decimal(view, part.first(WW + "contribution")))
        for part in facts.parts(WW + "hasContribution")
    ]
    facts.used.update({WW + "explanation", WW + "sharedFeature"})
    rows = facts.rest()
    marks = {row["mark"] for row in rows}
    return {
        "name": Shown(" – ".join(end.text for end in ends)),
        "ends": ends,
        "explanation": explanation,
        "reasons": [(reason, share) for reason, share in reasons if reason is not None],
        "rows": rows,
        "who": marks.pop() if len(marks) == 1 else "",
    }


def values(view: View, shelf: Shelf, described: Description) -> dict[str, Any]:
    """Return what the page of a concept shows."""
    facts, iri = Facts(view, described), described.iri
    schemes = [value.term for value in facts.values(IN_SCHEME)]
    scheme = next((each for each in schemes if isinstance(each, Iri)), Iri(VOC))
    code = scheme.removeprefix(VOC)
    facet = next((each for each in listing.choices(view) if each.name == _FACETS.get(code, code)), None)
    facts.used.update({str(PREF_LABEL), SKOS + "topConceptOf", str(TITLE)})
    name = view.name(iri)
    labels = [value for value in facts.values(str(PREF_LABEL)) if value.text != name.text]
    rows = _rows(shelf, "interventions", {facet.name: [str(iri)]}) if facet is not None else []
    made = {
        **_common(view, facts, described, name),
        "scheme": view.name(scheme) if schemes else None,
        "others": [shown(view, value) for value in labels],
        "names": sorted(facts.shown(SKOS + "altLabel"), key=lambda each: each.language != ""),
        "definition": facts.best(SKOS + "definition"),
        "use": facts.best(SKOS + "scopeNote"),
        "above": facts.shown(SKOS + "broader"),
        "below": facts.shown(SKOS + "narrower"),
        "matches": facts.rows(*_MATCHES),
        "facet": facet.name if facet is not None else "",
        "code": iri.code,
        "total": len({row[0] for row in rows}),
        "stated": _stated(shelf, iri, len({row[0] for row in rows})) if code == "approach" and rows else None,
        "entries": list(listing.entries(view, shelf, _once(rows)[:_SHOWN], None)),
        "themes": _themes(view, shelf, iri) if code == "approach" else [],
        "gaps": _gaps(view, shelf, iri) if code == "approach" else [],
        "tips": facts.rows(WW + "hasTip"),
        "said": _said(view, shelf, iri) if code == "theme" else [],
        "first_said": _SAID,
        "profile": _profile(view, shelf, iri) if code == "place" else [],
    }
    used = (
        {facet.property, Iri(DCTERMS + "spatial"), Iri(WW + "assignedApproach"), Iri(WW + "group")} if facet else set()
    )
    used |= {Iri(WW + "factorTheme")} if code == "theme" else set()
    return {**made, **_rest(view, facts, described, used)}  # fmt: skip


def actor(view: View, shelf: Shelf, described: Description) -> dict[str, Any]:
    """Return what the page of an actor shows: in which interventions, in which role, and with whom."""
    facts, iri = Facts(view, described), described.iri
    name = view.name(iri)
    roles: dict[str, dict[str, Any]] = {}
    for _, _, role, key in shelf.about("actors", 0, str(iri)):
        if isinstance(key, Literal):
            thing = view.edition.kg.collection.space.thing("intervention", key.value)
            entry = roles.setdefault(key.value, {"what": view.name(thing), "roles": []})
            if role is not None and view.name(role) not in entry["roles"]:
                entry["roles"].append(view.name(role))
    partners = [
        (view.name(row[0]), _number(row[2])) for row in _rows(shelf, "actor-partners", {"agent": [str(iri)]}) if row[0]
    ]
    others = [each for each in facts.shown(FOAF + "name") if each.text != name.text]
    made = {**_common(view, facts, described, name), "others": others, "roles": list(roles.values())}
    used = {Iri("http://data.europa.eu/m8g/hasParticipant")}
    return {**made, "partners": partners, **_rest(view, facts, described, used)}


def _common(view: View, facts: Facts, described: Description, name: Shown) -> dict[str, Any]:
    return {"iri": described.iri, "name": name, "classes": described.classes, "key": described.iri.code}


def _rest(view: View, facts: Facts, described: Description, used: set[Iri]) -> dict[str, Any]:
    return {
        "more": facts.rest(),
        "mentions": [
            {
                "name": view.field(each.name, marked=each.assigned),
                "assigned": each.assigned,
                "values": [shown(view, value) for value in each.values],
            }
            for each in described.mentions
            if each.property not in used
        ],
    }


def _rows(shelf: Shelf, name: str, given: dict[str, list[str]]) -> list[Row]:
    """Return the rows of a stored query; none where a value cannot be asked for."""
    try:
        return shelf.rows(name, given)
    except UsageError:
        return []


def _once(rows: Sequence[Row]) -> list[Row]:
    return list({row[0]: row for row in reversed(rows)}.values())[::-1]


def _number(term: object) -> int:
    return int(term.value) if isinstance(term, Literal) and term.value.isdigit() else 0


def _stated(shelf: Shelf, iri: Iri, total: int) -> int | None:
    """Return of how many interventions a source states an approach; None where it does of all."""
    stated = len({row[0] for row in _rows(shelf, "interventions", {"approach": [str(iri)], "assigned": ["false"]})})
    return stated if stated < total else None


def _themes(view: View, shelf: Shelf, iri: Iri) -> list[tuple[Shown, int]]:
    """Return what helped in interventions of an approach, the most frequent first."""
    rows = _rows(shelf, "success-factor-themes", {"approach": [str(iri)]})
    return [(view.name(row[0]), _number(row[2])) for row in rows if isinstance(row[0], Iri)]


def _gaps(view: View, shelf: Shelf, iri: Iri) -> list[Shown]:
    """Return the target groups for which no intervention of an approach is known, nor for a narrower one."""
    counts = {row[1]: _number(row[2]) for row in shelf.rows("gap-map") if row[0] == iri and isinstance(row[1], Iri)}
    known: set[Iri | None] = set()
    for group in (each for each, number in counts.items() if number):
        wider: Iri | None = group
        while wider is not None and wider not in known:
            known.add(wider)
            wider = shelf.broader(wider)
    return [view.name(each) for each in counts if each not in known]


def _said(view: View, shelf: Shelf, iri: Iri) -> list[dict[str, Any]]:
    """Return what interventions say under a theme."""
    space = view.edition.kg.collection.space
    return [
        {
            "text": Shown(safe(row[2].value), row[2].language if row[2].language != view.language else ""),
            "what": view.name(space.thing("intervention", row[0].value)),
            "evidence": view.name(row[5]) if row[5] is not None else None,
        }
        for row in _rows(shelf, "success-factors", {"theme": [str(iri)]})
        if isinstance(row[0], Literal) and isinstance(row[2], Literal)
    ]


def _profile(view: View, shelf: Shelf, iri: Iri) -> list[dict[str, Any]]:
    """Return how many interventions of each kind and level a place has."""
    return [
        {
            "kind": view.name(row[0]) if row[0] is not None else None,
            "scope": view.name(row[2]) if row[2] is not None else None,
            "count": _number(row[4]),
        }
        for row in _rows(shelf, "country-profile", {"country": [str(iri)]})
    ]
