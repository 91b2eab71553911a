"""Draws the rows of an answer as bars: a picture (SVG, PNG), or a description that other programs draw (Vega-Lite).

What is drawn follows from the columns. Where the last one holds numbers, they are the bars; otherwise rows are counted.
The columns before it that hold no numbers say what a bar is of; of `kind` and `kindLabel` the name alone is taken.
A second one of them divides each bar into groups.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from xml.sax.saxutils import escape, quoteattr

from whatworks.errors import MissingExtra
from whatworks.results import Table
from whatworks.terms import Iri, Literal, Term

FORMATS = ("vega-lite", "svg", "png")

_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
_COLOURS = ("#2a5d8f", "#c46a1b", "#3d7f4b", "#8a4f9e", "#a33b3b", "#5f6b73")
_NUMERIC = ("integer", "decimal", "double", "float")
# Sizes in a drawing.
_BAR, _GAP, _LEFT, _WIDTH, _RIGHT, _TOP = 14, 10, 260, 420, 90, 44
_LONGEST = 40
_SHARP = 2  # dots of a picture for each of the drawing, across


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: what it is of, its group, which may be empty, and how long it is."""

    label: str
    group: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn.

    Attributes:
        title: What it shows.
        label: The name of the column that bars are of.
        group: The name of the column of groups; empty where there are none.
        value: The name of the column of numbers.
        bars: The bars, in the order of the rows.
    """

    title: str
    label: str
    group: str
    value: str
    bars: Sequence[Bar]

    def write(self, format: str) -> bytes:
        """Return the chart in one of `FORMATS`.

        Raises:
            MissingExtra: A picture of dots is asked for, and vl-convert is not installed.
        """
        return {"vega-lite": _vega_lite, "svg": _svg, "png": _png}[format](self)


def chart(table: Table, title: str, short: Callable[[Iri], str]) -> Chart:
    """Return the rows of an answer as bars.

    Args:
        table: The answer.
        title: What it shows.
        short: Returns the short form of an IRI.
    """
    rows, columns = list(table), table.columns
    numbers = [_is_number_column([row[place] for row in rows]) for place in range(len(columns))]
    has_values = bool(rows) and numbers[-1]
    named = {name for name in columns if f"{name}Label" in columns}
    texts = [place for place, name in enumerate(columns) if not numbers[place] and name not in named]
    texts = texts[:2] if has_values else texts[:1]

    def text(row: Sequence[Term | None], place: int) -> str:
        """Return the cell, or that which it is the name of where it has none."""
        term = row[place]
        if term is None and columns[place].endswith("Label"):
            term = row[columns.index(columns[place].removesuffix("Label"))]
        if term is None:
            return "–"
        return short(term) if isinstance(term, Iri) else term.value if isinstance(term, Literal) else str(term)

    bars: dict[tuple[str, str], Decimal] = {}
    for row in rows:
        names = [text(row, place) for place in texts] + [""] * (2 - len(texts))
        key = (names[0], names[1])
        bars[key] = bars.get(key, Decimal(0)) + (_number(row[-1]) or Decimal(0) if has_values else 1)
    label, group = ([columns[place] for place in texts] + ["", ""])[:2]
    found = [Bar(*key, value) for key, value in bars.items()]
    return Chart(title, label, group, columns[-1] if has_values else "rows", found)


def _number(term: Term | None) -> Decimal | None:
    if not isinstance(term, Literal) or not term.datatype.endswith(_NUMERIC):
        return None
    try:
        found = Decimal(term.value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _is_number_column(terms: Sequence[Term | None]) -> bool:
    return bool(terms) and all(term is None or _number(term) is not None for term in terms) and any(terms)


def _vega_lite(chart: Chart) -> bytes:
    """Return the chart as a specification with its data in it."""
    value = {"field": chart.value, "type": "quantitative", "title": chart.value}
    encoding = {"y": {"field": chart.label, "type": "nominal", "sort": None}, "x": value}
    if chart.group:
        encoding |= {
            "yOffset": {"field": chart.group, "sort": None},
            "color": {"field": chart.group, "type": "nominal", "sort": None},
        }
    values = [
        {chart.label: bar.label, **({chart.group: bar.group} if chart.group else {}), chart.value: float(bar.value)}
        for bar in chart.bars
    ]
    body = {"$schema": _SCHEMA, "title": chart.title, "data": {"values": values}, "mark": "bar", "encoding": encoding}
    return (json.dumps(body, ensure_ascii=False, indent=2) + "\n").encode()


def _svg(chart: Chart) -> bytes:
    """Return the chart as a picture: bars side by side, with their numbers, and what colours mean."""
    groups = list(dict.fromkeys(bar.group for bar in chart.bars))
    labels: dict[str, list[Bar]] = {}
    for bar in chart.bars:
        labels.setdefault(bar.label, []).append(bar)
    largest = max((abs(bar.value) for bar in chart.bars), default=Decimal(0)) or Decimal(1)
    parts: list[str] = []
    top = _TOP
    if chart.group:
        for number, group in enumerate(groups):
            parts.append(f'<rect x="10" y="{top}" width="12" height="12" fill="{_colour(number)}"/>')
            parts.append(f'<text x="28" y="{top + 11}">{_text(group)}</text>')
            top += _BAR + 4
        top += _GAP
    for label, bars in labels.items():
        middle = top + len(bars) * _BAR / 2 + 4
        parts.append(f'<text x="{_LEFT - 8}" y="{middle:g}" text-anchor="end">{_text(label)}</text>')
        for bar in bars:
            width = float(abs(bar.value) / largest) * _WIDTH
            colour = _colour(groups.index(bar.group))
            parts.append(f'<rect x="{_LEFT}" y="{top}" width="{width:.1f}" height="{_BAR - 2}" fill="{colour}"/>')
            parts.append(f'<text x="{_LEFT + width + 6:.1f}" y="{top + _BAR - 4}">{_figure(bar.value)}</text>')
            top += _BAR
        top += _GAP
    width, height = _LEFT + _WIDTH + _RIGHT, top
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label={quoteattr(_clean(chart.title))}'
        f' viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="sans-serif" font-size="12">'
    )
    title = f'<text x="10" y="22" font-size="15" font-weight="bold">{escape(_clean(chart.title))}</text>'
    back = f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
    said = f"<title>{escape(_clean(chart.title))}</title>"
    return "\n".join([head, said, back, title, *parts, "</svg>", ""]).encode()


def _png(chart: Chart) -> bytes:
    """Return the drawing as a picture of dots; the letters of Latin, Greek and Cyrillic need no font of the machine."""
    try:
        import vl_convert  # noqa: PLC0415 - an extra, of 84 MB
    except ImportError:
        raise MissingExtra(
            "vl-convert is not installed.",
            hint="Install it with: python -m pip install 'whatworks[charts]', or choose svg.",
        ) from None
    return bytes(vl_convert.svg_to_png(_svg(chart).decode(), scale=_SHARP))


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _figure(value: Decimal) -> str:
    return f"{value:,}" if value == value.to_integral_value() else f"{value:.2f}"


def _text(text: str) -> str:
    clean = _clean(text)
    return escape(clean if len(clean) <= _LONGEST else clean[: _LONGEST - 1] + "…")


def _clean(text: str) -> str:
    """Return a text without signs that XML does not know."""
    return "".join(sign for sign in text if sign.isprintable())
