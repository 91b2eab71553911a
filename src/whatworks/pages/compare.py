"""Interventions side by side, with what differs marked."""

from collections.abc import Sequence
from typing import Any

from whatworks.errors import UsageError
from whatworks.namespaces import DCTERMS, PROV, WW
from whatworks.pages import offered
from whatworks.pages.facts import Facts
from whatworks.pages.known import successors
from whatworks.pages.profile import factor_of, key_facts
from whatworks.pages.shelf import Shelf
from whatworks.pages.view import Shown, View, cut
from whatworks.pages.wording import N_
from whatworks.results import safe
from whatworks.terms import Iri

LEAST, MOST = 2, 4
_FIRST = 20  # statements of what helped that are seen before the rest is unfolded
_CV = "http://data.europa.eu/m8g/"
_FIELDS = (
    (N_("Components"), "hasComponent"),
    (N_("What helped"), "hasSuccessFactor"),
    (N_("What hindered"), "hasBarrier"),
)


def values(view: View, shelf: Shelf) -> dict[str, Any]:
    """Return what the page shows of the interventions that the address names."""
    notices: list[str] = []
    things: list[Iri] = []
    for name, value in view.fields:
        if name != "key" or not value.strip():
            continue
        try:
            found = view.edition.kg.lookup.intervention(value)
        except UsageError as error:
            reason = f"{error.message} {error.hint or ''}".strip()
            notices.append(view.words("This was left out: {reason}", reason=safe(cut(reason))))
            continue
        if successors(view.edition, found) is not None:
            reason = view.words("{name} was retired.", name=safe(found.code))
            notices.append(view.words("This was left out: {reason}", reason=reason))
        elif found not in things:
            things.append(found)
    if len(things) > MOST:
        notices.append(view.words.many("Only the first {n} are compared.", "Only the first {n} are compared.", MOST))
        things = things[:MOST]
    columns = [column(view, iri) for iri in things]
    titles = dict.fromkeys(title for column in columns for title in column["facts"])
    rows = []
    for title in titles:
        cells = [column["facts"].get(title) or _cell([]) for column in columns]
        sets = [frozenset(each.text for each in cell["values"]) for cell in cells]
        shared = frozenset.intersection(*sets) if sets else frozenset()
        rows.append({"title": title, "cells": cells, "differs": len(set(sets)) > 1, "shared": shared})
    return {
        "things": columns,
        "keys": [iri.code for iri in things],
        "rows": rows,
        "least": LEAST,
        "most": MOST,
        "first_texts": _FIRST,
        "fewer": [[("key", each.code) for each in things if each != iri] for iri in things],
        "completed": offered.completed(view, shelf, "intervention"),
        "notices": notices,
        "here": "interventions",
    }


def _cell(values: Sequence[Shown], texts: Sequence[Shown] = ()) -> dict[str, Any]:
    return {"values": values, "mark": "", "marks": {}, "texts": texts}


def column(view: View, iri: Iri) -> dict[str, Any]:
    """Return one intervention by the titles of the rows."""
    described = view.edition.kg.near([iri]).describer.describe(iri, view.language)
    facts = Facts(view, described)
    rows: dict[str, dict[str, Any]] = {}
    aims = facts.shown(WW + "aim")
    if aims:
        rows[view.words("Aims")] = _cell(aims)
    for fact in key_facts(view, facts):
        rows[fact["title"]] = {**fact, "texts": []}
    for title, name in _FIELDS:
        parts = facts.parts(WW + name)
        if name == "hasComponent":
            found = [part.described.title for part in parts if part.described.title]
            if found:
                rows[view.words(title)] = _cell([Shown(safe(each)) for each in found])
        elif parts:
            factors = [factor_of(part) for part in parts]
            themes = [theme for each in factors for theme in each["themes"]]
            texts = [each["name"] or each["text"] for each in factors if each["name"] or each["text"]]
            rows[view.words(title)] = _cell(list(dict.fromkeys(themes)), texts)
    actors = [who for part in facts.parts(_CV + "hasParticipation") for who in part.shown(_CV + "hasParticipant")]
    if actors:
        rows[view.words("Actors")] = _cell(actors)
    ratings = [
        Shown(f"{outcome.text}: {level.text} ({by.text})")
        for part in facts.parts(WW + "hasRating")
        for outcome in part.shown(WW + "outcome")
        for level in part.shown(WW + "ratingLevel")
        for by in part.shown(PROV + "wasAttributedTo")
    ]
    if ratings:
        rows[view.words("Ratings, each on its own scale")] = _cell(ratings)
    called = view.name(iri)
    if called.text == view.edition.kg.prefixes.shorten(iri):  # it has no title
        called = called._replace(text=iri.code)
    return {"name": called, "key": iri.code, "summary": facts.best(DCTERMS + "description"), "facts": rows}
