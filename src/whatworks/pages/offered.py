"""What completes a field in which a thing is named: all things of a kind, or of many those that fit what is typed."""

from typing import Any

from whatworks.pages.shelf import Shelf
from whatworks.pages.view import Shown, View, by_letters

CLASSES = {"intervention": "Intervention", "agent": "Agent"}
_MOST = 2000  # so many things stand in a page; of more the server is asked while one types
_FITTING = 20  # so many are offered for what is typed

Offered = list[tuple[str, Shown]]


def completed(view: View, shelf: Shelf, kind: str) -> dict[str, Any]:
    """Return what a field needs that is completed with things of a kind.

    Returns:
        The keys and names of all (`options`), or the address that offers some (`asked`); in a site of files with many
        things there is neither.
    """

    def named() -> Offered:
        things = shelf.things(CLASSES[kind])
        if len(things) > _MOST:
            return []
        return sorted(((iri.code, view.name(iri)) for iri in things), key=lambda pair: by_letters(pair[1].text))

    options = shelf.once(("offered", kind, view.language), named)
    asked = f"/offered/{kind}?lang={view.language}" if view.answers and not options else ""
    return {"options": options, "asked": asked}


def fitting(view: View, kind: str, text: str) -> Offered:
    """Return the keys and names of the things of a kind that fit what was typed, best first.

    Raises:
        KeyError: There is no such kind.
        InvalidValue: The text is too long.
    """
    of_class = CLASSES[kind]
    if not text.strip():
        return []
    found, _ = view.edition.kg.search.best(text, of_class, _FITTING)
    return [(iri.code, view.name(iri)) for iri in found]
