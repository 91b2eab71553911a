"""What a browser needs where no server answers: all interventions with their values, and one as for a comparison."""

from collections.abc import Iterable, Mapping
from typing import Any

from whatworks.namespaces import WW
from whatworks.pages import compare, listing
from whatworks.pages.shelf import Shelf
from whatworks.pages.view import Shown, View
from whatworks.terms import Iri, Literal

_ASSIGNED = Iri(WW + "assignedApproach")


def interventions(view: View, shelf: Shelf) -> list[dict[str, Any]]:
    """Return all interventions in the order of the list, with the codes of what they have of each facet."""
    facets = listing.choices(view)
    found = []
    rows = listing.found(view, shelf, listing.State())
    for row, entry in zip(rows, listing.entries(view, shelf, rows, None), strict=True):
        iri = row[0]
        assert isinstance(iri, Iri)  # noqa: S101 - else it has no entry
        places = ", ".join(each.text for each in entry["places"]) + (f" +{entry['more']}" if entry["more"] else "")
        kind, stage, year = entry["kind"], entry["stage"], row[5]
        values = {facet.name: _values(shelf, iri, facet.property) for facet in facets}
        found.append(
            {
                "key": entry["key"],
                "title": _said(entry["title"]),
                "href": view.root + entry["title"].href,
                "facts": [each for each in (kind and kind.text, places, entry["years"], stage and stage.text) if each],
                "text": _said(entry["text"]) if entry["text"] is not None else None,
                "known": _known(view, entry["known"]) if entry["known"] is not None else [],
                "tags": [(name.text, view.root + name.href, assigned) for name, assigned in entry["approaches"]],
                "year": int(year.value) if isinstance(year, Literal) and year.value.isdigit() else None,
                "in": {name: _codes(each) for name, each in values.items() if each},
                "stated": _codes(values["approach"] - _values(shelf, iri, _ASSIGNED)),
            }
        )
    return found


def _known(view: View, known: Mapping[str, Any]) -> list[str]:
    """Return in lines what is known where there is no summary, in the words of the server's list."""
    lines = []
    for body, several in known["ratings"]:
        begun = view.words("Rated by {body}:", body=body) if body else view.words("Rated:")
        lines.append(f"{begun} " + "; ".join(f"{outcome.text}: {level.text}" for outcome, level in several))
    if known["findings"]:
        counted = view.words.many("{n} measured finding", "{n} measured findings", known["findings"])
        outcomes = ", ".join(each.text for each in known["outcomes"])
        lines.append(f"{counted}: {outcomes}" if outcomes else counted)
    return lines


def _said(text: Shown) -> tuple[str, str]:
    return text.text, text.language


def _values(shelf: Shelf, iri: Iri, facet: Iri) -> set[Iri]:
    """Return the values of a facet, and all that are wider: who chooses one of these finds what has a narrower one."""
    own = {quad.object for quad in shelf.kg.collection.store.match(iri, facet)}
    own |= {value for of, value in shelf.evidence.get(iri, ()) if of == facet}
    found: set[Iri] = set()
    for value in own:
        wider = value if isinstance(value, Iri) else None
        while wider is not None and wider not in found:
            found.add(wider)
            wider = shelf.broader(wider)
    return found


def _codes(values: Iterable[Iri]) -> list[str]:
    return sorted({each.code for each in values})


def column(view: View, iri: Iri) -> dict[str, Any]:
    """Return one intervention as the page of a comparison has it."""
    made = compare.column(view, iri)
    return {
        "title": _said(made["name"]),
        "href": view.root + made["name"].href,
        "text": _said(made["summary"]) if made["summary"] is not None else None,
        "rows": [
            {
                "title": title,
                "mark": _mark(view, row["mark"]),
                "values": [
                    (each.text, each.language, each.href and view.root + each.href, _mark(view, row["marks"].get(each)))
                    for each in row["values"]
                ],
                "texts": _texts(row["texts"]),
            }
            for title, row in made["facts"].items()
        ],
    }


def _mark(view: View, mark: str | None) -> tuple[str, str] | None:
    """Return the text of a mark and its class in the style sheet."""
    texts = {"assigned": view.words("assigned here"), "computed": view.words("computed")}
    return (texts[mark], mark) if mark else None


def _texts(texts: Iterable[Shown]) -> list[tuple[str, str]]:
    return [_said(each) for each in texts]
