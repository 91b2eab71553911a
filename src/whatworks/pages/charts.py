"""Answers as drawings: bars, spans of years, grids of cells and the map; the table with all values stands below."""

import re
from collections.abc import Sequence
from typing import Any

from whatworks.catalogue import Chart
from whatworks.namespaces import Space, is_key
from whatworks.pages import atlas
from whatworks.pages.facts import decimal
from whatworks.pages.view import Shown, View, cut, sentence
from whatworks.results import Row, plain
from whatworks.terms import XSD_DECIMAL, XSD_INTEGER, Iri, Literal, Term

MOST_ROWS = 5000  # of an answer with more rows nothing is drawn
_MOST_BARS = 30
_MOST_CELLS = 60, 40  # rows and columns of a grid
_SHADES = (1, 2, 4, 7)  # from so many on, a cell is darker
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NUMBERS = (XSD_INTEGER, XSD_DECIMAL)


def drawn(view: View, chart: Chart, columns: Sequence[str], rows: Sequence[Row]) -> dict[str, Any] | None:
    """Return what a drawing of an answer shows; None where there is nothing to draw.

    Args:
        view: What the page needs.
        chart: How the answer is drawn.
        columns: The names of the columns.
        rows: All rows of the answer.
    """
    if not rows:
        return None
    if len(rows) > MOST_ROWS:
        return _too_many(view, chart)
    parts = {part: columns.index(name) for part, name in chart.columns.items()}
    make = {"bar": _bars, "span": _spans, "grid": _grid, "map": _map}[chart.kind]
    made = make(view, parts, rows)
    if made is None:
        return None
    return {"kind": chart.kind, "note": "", "corner": corner(view, chart), **made}


def title(name: str) -> str:
    """Return the name of a column as people write it: startYear is Start year."""
    words = ["intervention"] if name == "key" else _WORD.sub(" ", name).split(" ")
    return sentence(" ".join(word if len(word) == 1 else word.lower() for word in words))


def corner(view: View, chart: Chart) -> Shown:
    """Return what stands in the corner of a grid: what its rows and its columns are."""
    parts = [view.of_query(title(chart.columns[part])) for part in ("row", "column") if part in chart.columns]
    return Shown(" ↓ ".join(each.text for each in parts) + " →", parts[0].language) if parts else Shown("")


def _too_many(view: View, chart: Chart) -> dict[str, Any]:
    return {"kind": "none", "wanted": chart.kind, "note": view.words("These are too many to draw; choose fewer.")}


def _bars(view: View, parts: dict[str, int], rows: Sequence[Row]) -> dict[str, Any] | None:
    found = [(_name(view, row[parts["label"]]), row[parts["value"]], _number(row[parts["value"]])) for row in rows]
    largest = max((number for _, _, number in found if number is not None), default=0.0)
    if largest <= 0 or len(found) < 2:
        return None
    bars = [
        {"name": name, "text": decimal(view, Shown(term.value)), "width": round(100 * max(number, 0) / largest, 1)}
        for name, term, number in found
        if number is not None and isinstance(term, Literal)
    ]
    note = ""
    if len(bars) > _MOST_BARS:
        note = view.words("The first {most} of {n} are drawn.", most=_MOST_BARS, n=view.words.number(len(bars)))
    return {"bars": bars[:_MOST_BARS], "note": note}


def _spans(view: View, parts: dict[str, int], rows: Sequence[Row]) -> dict[str, Any] | None:
    found = [(_name(view, row[parts["label"]]), _number(row[parts["from"]]), _number(row[parts["to"]])) for row in rows]
    known = [(name, int(start), int(end)) for name, start, end in found if start is not None and end is not None]
    if not known:
        return None
    first, last = min(start for _, start, _ in known), max(end for _, _, end in known)
    size = max(1, last - first)
    bars = [
        {
            "name": name,
            "text": f"{start}–{end}",
            "x": round(100 * (start - first) / size, 1),
            "width": max(1.0, round(100 * (end - start) / size, 1)),
        }
        for name, start, end in known
    ]
    note = ""
    if len(bars) > _MOST_BARS:
        note = view.words("The first {most} of {n} are drawn.", most=_MOST_BARS, n=view.words.number(len(bars)))
    return {"bars": bars[:_MOST_BARS], "first": first, "last": last, "note": note}


def _grid(view: View, parts: dict[str, int], rows: Sequence[Row]) -> dict[str, Any] | None:
    down, across = (list(dict.fromkeys(row[parts[part]] for row in rows)) for part in ("row", "column"))
    if len(down) > _MOST_CELLS[0] or len(across) > _MOST_CELLS[1]:
        return {"kind": "none", "wanted": "grid", "note": view.words("These are too many to draw; choose fewer.")}
    cells = {(row[parts["row"]], row[parts["column"]]): _number(row[parts["value"]]) or 0 for row in rows}
    lines = [
        (
            _name(view, one),
            [
                (view.words.number(int(cells.get((one, other), 0))), _shade(cells.get((one, other), 0)))
                for other in across
            ],
        )
        for one in down
    ]
    return {"across": [_name(view, each) for each in across], "lines": lines}


def _map(view: View, parts: dict[str, int], rows: Sequence[Row]) -> dict[str, Any] | None:
    counts = {
        row[parts["label"]]: int(number)
        for row in rows
        if isinstance(row[parts["label"]], Iri) and (number := _number(row[parts["value"]])) is not None
    }
    found = atlas.drawn(view, {iri: number for iri, number in counts.items() if isinstance(iri, Iri)})
    return {"map": found} if found is not None else None


def _shade(number: float) -> int:
    return sum(number >= least for least in _SHADES)


def _name(view: View, term: Term | None) -> Shown:
    """Return what a term is called; a key of an answer by the title of the thing."""
    if isinstance(term, Iri):
        return view.name(term)
    if isinstance(term, Literal):
        iri = keyed(view, term.value)
        return view.name(iri) if iri is not None else Shown(cut(plain(term)))
    return Shown(view.words("not stated"))


def _number(term: Term | None) -> float | None:
    return float(term.value) if isinstance(term, Literal) and term.datatype in _NUMBERS else None


def keyed(view: View, key: str) -> Iri | None:
    """Return the thing that a key of an answer stands for."""
    space: Space = view.edition.kg.collection.space
    named = (space.thing(kind, key) for kind in ("intervention", "resource")) if is_key(key) else ()
    store = view.edition.kg.collection.store
    return next((iri for iri in named if next(store.match(iri), None) is not None), None)
