"""The map of countries: shapes that lie in the package, with how many interventions each has."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from whatworks.pages.view import View
from whatworks.terms import Iri

_SHADES = (1, 3, 6, 10)  # from so many on, a country is darker


@cache
def shapes(name: str = "europe") -> dict[str, Any]:
    """Return the size of a map, `europe` or `world`, and the shape of each country by its three letters."""
    file = files("whatworks.pages") / "static" / "vendor" / f"{name}.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def drawn(view: View, counts: Mapping[Iri, int]) -> dict[str, Any] | None:
    """Return the map of countries; None where no country of the collection is on it.

    It is that of Europe where at least half of the countries are on it, else that of the world.

    Args:
        view: What the page needs.
        counts: How many interventions each country has.
    """
    known, others = shapes(), {iri for iri in counts if iri.code not in shapes()["paths"]}
    if 2 * len(others) > len(counts):
        known = shapes("world")
    by_code = {iri.code: (iri, number) for iri, number in counts.items()}
    countries = []
    for code, path in known["paths"].items():
        iri, number = by_code.get(code, (None, 0))
        countries.append(
            {
                "path": path,
                "href": view.to("/interventions", [("country", code)]) if iri is not None else "",
                "title": f"{view.name(iri).text}: {view.words.number(number)}" if iri is not None else "",
                "shade": sum(number >= least for least in _SHADES),
            }
        )
    if not any(country["href"] for country in countries):
        return None
    countries.sort(key=lambda country: bool(country["href"]))
    steps = [f"{least}–{after - 1}" for least, after in pairwise(_SHADES)] + [f"{_SHADES[-1]}+"]
    away = sorted((-number, iri) for iri, number in counts.items() if iri.code not in known["paths"])
    elsewhere = [
        {**view.name(iri)._asdict(), "href": view.to("/interventions", [("country", iri.code)]), "count": -number}
        for number, iri in away
    ]
    size = {"width": known["width"], "height": known["height"]}
    return {**size, "countries": countries, "steps": steps, "elsewhere": elsewhere}
