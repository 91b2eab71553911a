"""Two facets against each other: where there are interventions and where there are none, and what works for whom."""

from collections.abc import Iterator
from typing import Any

from whatworks.catalogue import Query
from whatworks.namespaces import WW
from whatworks.pages.listing import choices
from whatworks.pages.shelf import Shelf
from whatworks.pages.view import Shown, View, by_letters
from whatworks.terms import Iri, Literal

_SHADES = (1, 2, 4, 8)  # from so many on, a cell is darker
_GROUP, _SETTING = Iri(WW + "targetGroup"), Iri(WW + "learningSetting")
_FILES = (("CSV", "csv"), ("Excel", "xlsx"))
COLUMNS = ("target-group", "learning-setting")


def asked(view: View, query: Query) -> tuple[dict[str, list[str]], list[str]]:
    """Return the values of the gap map that the address asks for, and what was left out."""
    values: dict[str, list[str]] = {}
    notices = []
    for name, value in view.fields:
        if name in ("rows", "columns"):
            if value in query.parameter(name).choices:
                values[name] = [value]
            elif value:
                reason = f"{name}: {value[:80]}"
                notices.append(view.words("This was left out: {reason}", reason=reason))
        elif name == "assigned" and value == "false":
            values[name] = ["false"]
    return values, notices


def gaps(view: View, shelf: Shelf) -> dict[str, Any]:
    """Return what the page of the gap map shows."""
    query = shelf.kg.catalogue.get("gap-map")
    given, notices = asked(view, query)
    counts: dict[tuple[Iri, Iri], int] = {}
    for row, column, number in shelf.rows("gap-map", given):
        if isinstance(row, Iri) and isinstance(column, Iri) and isinstance(number, Literal):
            counts[row, column] = int(number.value)
    facets = [given.get(name, [query.parameter(name).default or ""])[0] for name in ("rows", "columns")]
    titles = {facet.name: facet.title for facet in choices(view)}
    rows, columns = _axis(view, shelf, [row for row, _ in counts]), _axis(view, shelf, [column for _, column in counts])
    assigned = [("assigned", "false")] if "assigned" in given else []
    body = []
    for row, name in rows:
        cells = [_counted(view, facets, (row, column), counts[row, column], assigned) for column, _ in columns]
        body.append({"name": name, "cells": cells, "total": sum(cell["count"] > 0 for cell in cells)})
    said = [(name, each) for name, several in given.items() for each in several]
    return {
        "facets": facets,
        "titles": [titles[facet] for facet in facets],
        "choices": [(name, titles[name]) for name in query.parameter("rows").choices],
        "stated": bool(assigned),
        "columns": [name for _, name in columns],
        "body": body,
        "empty": sum(not number for number in counts.values()),
        "filled": sum(bool(number) for number in counts.values()),
        "files": [(title, view.file("gap-map", format, said)) for title, format in _FILES],
        "fields": said,
        "notices": notices,
        "here": "gap-map",
    }


def _axis(view: View, shelf: Shelf, concepts: list[Iri]) -> list[tuple[Iri, Shown]]:
    """Return the concepts of an axis, each below its wider one."""
    known = list(dict.fromkeys(concepts))
    below: dict[Iri | None, list[Iri]] = {}
    for each in known:
        parent = shelf.broader(each)
        below.setdefault(parent if parent in known and parent != each else None, []).append(each)

    def walk(parent: Iri | None) -> Iterator[tuple[Iri, Shown]]:
        named = [(each, view.name(each)) for each in below.pop(parent, [])]
        for each, name in sorted(named, key=lambda pair: by_letters(pair[1].text)):
            yield each, name
            yield from walk(each)

    return list(walk(None))


def _counted(
    view: View, facets: list[str], pair: tuple[Iri, Iri], count: int, more: list[tuple[str, str]]
) -> dict[str, Any]:
    fields = [(facet, iri.code) for facet, iri in zip(facets, pair, strict=True)]
    href = view.to("/interventions", [*fields, *more]) if count else ""
    return {"count": count, "shade": sum(count >= least for least in _SHADES), "href": href}


# ---- what works for whom ----


def works(view: View, shelf: Shelf) -> dict[str, Any]:
    """Return what the page `what works for whom` shows: themes against groups or settings, with kinds of evidence."""
    wanted = next((value for name, value in view.fields if name == "columns"), "")
    columns_by = wanted if wanted in COLUMNS else COLUMNS[0]
    property_ = _GROUP if columns_by == "target-group" else _SETTING
    groups = _values(shelf, property_)
    cells: dict[tuple[Iri, Iri], dict[Iri, set[str]]] = {}
    kinds: set[Iri] = set()
    for key, _, _, theme, _, kind in shelf.rows("success-factors"):
        if isinstance(key, Literal) and isinstance(theme, Iri) and isinstance(kind, Iri):
            kinds.add(kind)
            for group in groups.get(key.value, ()):
                cells.setdefault((theme, group), {}).setdefault(kind, set()).add(key.value)
    rows = _axis(view, shelf, [theme for theme, _ in cells])
    columns = _axis(view, shelf, [group for _, group in cells])
    names = {kind: view.name(kind) for kind in sorted(kinds)}
    body = [
        {
            "name": name,
            "cells": [
                _evidence(view, columns_by, (theme, group), cells.get((theme, group), {}), names)
                for group, _ in columns
            ],
        }
        for theme, name in rows
    ]
    return {
        "columns": [name for _, name in columns],
        "columns_by": columns_by,
        "choices": [(facet.name, facet.title) for facet in choices(view) if facet.name in COLUMNS],
        "body": body,
        "kinds": list(names.values()),
        "outcomes": _outcomes(view, shelf),
        "notices": [view.words("This was left out: {reason}", reason=f"columns: {wanted[:80]}")]
        if wanted and wanted not in COLUMNS
        else [],
        "here": "what-works",
    }  # fmt: skip


def _values(shelf: Shelf, property_: Iri) -> dict[str, list[Iri]]:
    """Return the values of a property by the keys of the interventions."""

    def made() -> dict[str, list[Iri]]:
        found: dict[str, list[Iri]] = {}
        for quad in shelf.kg.collection.store.match(predicate=property_):
            if isinstance(quad.subject, Iri) and isinstance(quad.object, Iri):
                values = found.setdefault(quad.subject.code, [])
                if quad.object not in values:
                    values.append(quad.object)
        return found

    return shelf.once(("values", property_), made)


def _evidence(
    view: View, facet: str, pair: tuple[Iri, Iri], kinds: dict[Iri, set[str]], names: dict[Iri, Shown]
) -> list[dict[str, Any]]:
    """Return a line for each kind of evidence: never one number for several kinds."""
    theme, group = pair
    return [
        {
            "kind": names[kind],
            "count": len(kinds[kind]),
            "href": view.to(
                "/interventions", [("theme", theme.code), (facet, group.code), ("evidence-type", kind.code)]
            ),
        }
        for kind in names
        if kind in kinds
    ]


def _outcomes(view: View, shelf: Shelf) -> list[dict[str, Any]]:
    """Return for each outcome how many findings point which way, by the kind of evidence."""
    found: dict[tuple[Iri, Iri | None], dict[Iri | None, int]] = {}
    for row in shelf.rows("system/finding-directions"):
        outcome, kind, direction, number = row
        if isinstance(outcome, Iri) and isinstance(number, Literal):
            key = (outcome, kind if isinstance(kind, Iri) else None)
            found.setdefault(key, {})[direction if isinstance(direction, Iri) else None] = int(number.value)
    known = {way for ways in found.values() for way in ways}
    ways = [*sorted(way for way in known if way is not None), *([None] if None in known else [])]
    lines = [
        {
            "outcome": view.name(outcome),
            "kind": view.name(kind) if kind is not None else None,
            "ways": [numbers.get(way, 0) for way in ways],
            "href": view.to("/queries/finding-figures", [("outcome", outcome.code)]),
        }
        for (outcome, kind), numbers in sorted(found.items(), key=lambda pair: str(pair[0]))
    ]
    names = [view.name(way) if way is not None else Shown(view.words("not stated")) for way in ways]
    return [{"ways": names, "lines": lines}] if lines else []
