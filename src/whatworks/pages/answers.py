"""The answer to a stored query on its page: a drawing where the query declares one, and a table of all values."""

from itertools import islice
from typing import Any

from whatworks.catalogue import Query
from whatworks.pages import charts
from whatworks.pages.facts import MIDNIGHT, decimal
from whatworks.pages.view import Shown, View, cut
from whatworks.results import Row, Table, plain, safe
from whatworks.terms import XSD_BOOLEAN, XSD_DECIMAL, XSD_INTEGER, Iri, Literal, Term, is_iri

ROWS = 100  # rows on a page
_LONG = 70  # letters from which on a cell needs room
_LONGER = 120  # and from which on the cells of a row stand one below the other on a phone
_EMPTY: dict[str, Any] = {"shown": Shown(""), "plain": True, "number": False, "bar": None, "long": False}
# Columns that say in other words which thing a row is about, where the page shows its name anyway.
_REPEATED = {"key": ("intervention",), "title": ("intervention", "key", "other"), "shared": ("explanation",)}
# Columns whose texts may be keys of things, or IRIs.
_KEYS = ("key", "one", "other")


def table(view: View, query: Query, answer: Table) -> dict[str, Any]:
    """Return a page of rows, and what is drawn of all of them."""
    page = next((value for name, value in view.fields if name == "page"), "1")
    number = int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 7 else 1
    start = (number - 1) * ROWS
    chart = None
    if query.chart is not None and number == 1:
        all_rows = list(islice(answer.kept(), charts.MOST_ROWS + 1))
        chart = charts.drawn(view, query.chart, answer.columns, all_rows)
    rows = list(islice(answer.rows, start, start + ROWS + 1))
    shown = [at for at, name in enumerate(answer.columns) if not is_repeated(name, answer.columns)]
    columns = [answer.columns[at] for at in shown]
    bars = _largest(columns, rows, shown) if chart is None or chart["kind"] != "bar" else {}
    others = [(name, value) for name, value in view.fields if name != "page"]
    lines = [
        [_cell(view, name, row[at], bars.get(name, 0)) for name, at in zip(columns, shown, strict=True)]
        for row in rows[:ROWS]
    ]
    numbers = [any(line[at]["number"] for line in lines) for at in range(len(columns))]
    return {
        "chart": chart,
        "columns": [
            (name, view.of_query(charts.title(name)), view.of_query(query.returns.get(name, "")), is_number)
            for name, is_number in zip(columns, numbers, strict=True)
        ],
        "left": [(name, view.of_query(query.returns.get(name, ""))) for name in answer.columns if name not in columns],
        "rows": lines,
        "stacked": any(len(cell["shown"].text) > _LONGER for line in lines for cell in line),
        "first": start + 1,
        "number": number,
        "more": len(rows) > ROWS,
        "before": [*others, ("page", str(number - 1))] if number > 1 else None,
        "after": [*others, ("page", str(number + 1))] if len(rows) > ROWS else None,
        "note": answer.note,
    }


def is_repeated(name: str, columns: tuple[str, ...]) -> bool:
    """Say whether a column only repeats another: the label of a concept, the key or title of a thing, its reasons."""
    if name.endswith("Label") and name.removesuffix("Label") in columns:
        return True
    return any(other in columns for other in _REPEATED.get(name, ()))


def _largest(columns: list[str], rows: list[Row], shown: list[int]) -> dict[str, float]:
    """Return the largest number of the column that counts, which is drawn beside the numbers."""
    # Of how many something is filled says more than how many there are.
    for name in ("filled", "interventions", "together", "actors"):
        if name not in columns:
            continue
        terms = [row[shown[columns.index(name)]] for row in rows]
        numbers = [float(term.value) for term in terms if isinstance(term, Literal) and term.datatype == XSD_INTEGER]
        if len(numbers) > 1 and max(numbers) > 0:
            return {name: max(numbers)}
    return {}


def _cell(view: View, column: str, term: Term | None, largest: float) -> dict[str, Any]:
    if term is None:
        return _EMPTY
    bar, is_number = None, False
    if isinstance(term, Iri):
        name = view.name(term)
        shown = name if name.href else Shown(cut(safe(term)))
        if (
            ":" in shown.text
            and shown.href.startswith("/")
            and shown.text in (str(term), view.edition.kg.prefixes.shorten(term))
        ):
            # It has a page, and no name.
            own = term.partition("#")[2] or term.code
            shown = shown._replace(text=view.words("Reasons") if column == "link" else own)
    elif isinstance(term, Literal) and term.datatype in (XSD_INTEGER, XSD_DECIMAL):
        is_number, is_year = True, "year" in column.casefold()
        shown = Shown(term.value if is_year else decimal(view, Shown(term.value)))
        bar = round(100 * float(term.value) / largest, 1) if largest and not is_year else None
    elif isinstance(term, Literal) and term.datatype == XSD_BOOLEAN:
        shown = Shown(view.words("yes") if term.value in ("true", "1") else view.words("no"))
    elif column in _KEYS and isinstance(term, Literal) and (iri := _thing(view, term.value)) is not None:
        shown = view.name(iri)
    else:
        language = term.language if isinstance(term, Literal) and term.language != view.language else ""
        shown = Shown(cut(plain(term).removesuffix(MIDNIGHT), 1000), language)
    is_long = len(shown.text) > (_LONG if " " in shown.text else _LONG // 2)
    # Most are no more than a text, for which the page need not look at each of what a name may have.
    is_plain = not (shown.href or shown.language or shown.is_turned)
    return {"shown": shown, "plain": is_plain, "number": is_number, "bar": bar, "long": is_long}


def _thing(view: View, text: str) -> Iri | None:
    """Return the thing that a text of an answer stands for: its key, or its IRI."""
    return Iri(text) if is_iri(text) and text.startswith(("https://", "http://")) else charts.keyed(view, text)
