"""What changed, as a page: of a release on the site, of all releases in a list, and of any two states as a file."""

from typing import Any

from whatworks.differences import Changed, Differences
from whatworks.pages.view import Shown, View, cut, sentence
from whatworks.pages.wording import N_, Wording
from whatworks.pages.writer import Writer
from whatworks.publish.history import Step
from whatworks.results import safe
from whatworks.terms import Iri

_MOST = 500  # things of a kind that a page lists
_TITLES = {
    (False, "changed"): N_("Changed"),
    (False, "added"): N_("Added"),
    (False, "retired"): N_("Retired"),
    (False, "removed"): N_("Removed"),
    (True, "changed"): N_("Changed in the model"),
    (True, "added"): N_("Added to the model"),
    (True, "retired"): N_("Retired from the model"),
    (True, "removed"): N_("Removed from the model"),
}


def page(found: Differences) -> bytes:
    """Return what changed as a page of its own, which needs no other file."""
    words = Wording("en")
    return Writer().alone("diff.html", {"_": words, "many": words.many, **told(found, words)})


def values(view: View, step: Step) -> dict[str, Any]:
    """Return what the page of the changes of a release shows."""
    shown = told(step.changes, view.words, view) if step.changes is not None else {}
    return {"step": step, "fault": safe(step.fault), **shown}


def summary(found: Differences, words: Wording) -> str:
    """Return how many things changed, in a sentence."""
    many, counts = words.many, found.counts
    said = {
        "changed": many("{n} thing changed", "{n} things changed", counts.get("changed", 0)),
        "added": many("{n} thing added", "{n} things added", counts.get("added", 0)),
        "retired": many("{n} thing retired", "{n} things retired", counts.get("retired", 0)),
        "removed": many("{n} thing removed", "{n} things removed", counts.get("removed", 0)),
    }
    if counts:
        return ", ".join(said[kind] for kind in counts)
    return words("Only what is worked out from the data changed.") if found else words("Nothing changed.")


def told(found: Differences, words: Wording, view: View | None = None) -> dict[str, Any]:
    """Return what is told of differences, with links to pages of the site where there is one."""
    groups = []
    for kind, of_model, things in found.groups():
        listed = [_thing(each, view) for each in things[:_MOST]]
        groups.append((words(_TITLES[of_model, kind]), kind, listed, max(0, len(things) - _MOST)))
    return {
        "before": found.before,
        "after": found.after,
        "summary": summary(found, words),
        "groups": groups,
        "beside": found.beside,
    }


def _thing(each: Changed, view: View | None) -> dict[str, Any]:
    is_there = each.kind != "removed"
    rows = [
        (
            sentence(safe(difference.name)),
            *(tuple(cut(safe(value), 2000) for value in said) for said in (difference.before, difference.after)),
        )
        for difference in each.differences
    ]
    return {
        "shown": _shown(each.iri, each.label, view, is_there=is_there),
        "key": safe(each.key) if each.key != each.label else "",
        "of_class": sentence(safe(each.of_class)),
        "successors": [_shown(named.iri, named.label, view) for named in each.successors],
        "rows": rows if each.kind == "changed" else [],
    }


def _shown(iri: str, label: str, view: View | None, *, is_there: bool = True) -> Shown:
    href = ""
    if is_there:
        href = view.href(Iri(iri)) if view is not None else iri if iri.startswith(("https://", "http://")) else ""
    return Shown(safe(label), "", href)
