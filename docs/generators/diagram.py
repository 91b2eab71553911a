"""The picture of the main classes, as SVG: where the boxes stand is said here, what joins them is read."""

from dataclasses import dataclass
from html import escape

from generators.model import Model

_WIDTH, _HEIGHT = 900, 700
_ACROSS, _DOWN = 190, 46
_STYLE = (
    "text{font-family:system-ui,sans-serif;fill:#1c2733}"
    ".name{font-size:16px;font-weight:600;text-anchor:middle}"
    ".note{font-size:13px;text-anchor:middle}"
    ".label{font-size:13px;fill:#3b4a5a}"
    ".middle{text-anchor:middle}"
    ".end{text-anchor:end}"
    ".box{fill:#fff;stroke:#2f5d8a;stroke-width:1.5}"
    ".main{fill:#e3eef9;stroke:#2f5d8a;stroke-width:2}"
    ".arrow{stroke:#5b6b7b;stroke-width:1.5;fill:none;marker-end:url(#tip)}"
)


@dataclass(frozen=True, slots=True)
class _Box:
    left: int
    top: int
    high: int = _DOWN
    note: str = ""


_LEFT, _MIDDLE, _RIGHT = 10, 355, 700
_BOXES = {
    "ww:Link": _Box(_MIDDLE, 20),
    "ww:Intervention": _Box(_MIDDLE, 130, 450, "a practice or a tool"),
    "skos:Concept": _Box(_MIDDLE, 640, _DOWN, "stage, approach and so on"),
    "ww:Collection": _Box(_LEFT, 20),
    "ww:Record": _Box(_LEFT, 130),
    "ww:TargetPopulation": _Box(_LEFT, 230),
    "ww:Component": _Box(_LEFT, 330),
    "ww:Phase": _Box(_LEFT, 430),
    "eli:LegalResource": _Box(_LEFT, 534),
    "foaf:Agent": _Box(_RIGHT, 20),
    "cv:Participation": _Box(_RIGHT, 130),
    "ww:Rating": _Box(_RIGHT, 230),
    "ww:SuccessFactor": _Box(_RIGHT, 330),
    "ww:Barrier": _Box(_RIGHT, 430),
    "ww:Evaluation": _Box(_RIGHT, 534),
    "ww:Finding": _Box(_RIGHT, 640),
}
# What is drawn of all that points from class to class.
DRAWN = (
    ("ww:Link", "ww:linkTo", "ww:Intervention"),
    ("ww:Record", "dcterms:isPartOf", "ww:Collection"),
    ("ww:Record", "foaf:primaryTopic", "ww:Intervention"),
    ("ww:Intervention", "ww:targetPopulation", "ww:TargetPopulation"),
    ("ww:Intervention", "ww:hasComponent", "ww:Component"),
    ("ww:Intervention", "ww:hasPhase", "ww:Phase"),
    ("ww:Intervention", "cv:hasLegalResource", "eli:LegalResource"),
    ("ww:Phase", "cv:hasLegalResource", "eli:LegalResource"),
    ("ww:Intervention", "cv:hasParticipation", "cv:Participation"),
    ("cv:Participation", "cv:hasParticipant", "foaf:Agent"),
    ("ww:Intervention", "ww:hasRating", "ww:Rating"),
    ("ww:Intervention", "ww:hasSuccessFactor", "ww:SuccessFactor"),
    ("ww:Intervention", "ww:hasBarrier", "ww:Barrier"),
    ("ww:Intervention", "ww:hasEvaluation", "ww:Evaluation"),
    ("ww:Evaluation", "ww:hasFinding", "ww:Finding"),
    ("ww:Intervention", "ww:facet", "skos:Concept"),
)
# The model says these without a class at the other end.
_OPEN = {"foaf:primaryTopic", "ww:facet"}


def described(model: Model) -> str:
    """Return the picture in words, for those who do not see it."""
    _compared(model)
    said = [f"{_local(start)} {_local(prop)} {_local(end)}" for start, prop, end in DRAWN]
    return f"The main classes and what joins them: {'; '.join(said)}."


def diagram(model: Model) -> str:
    """Return the picture."""
    _compared(model)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="t d">',
        '<title id="t">The main classes of the ontology</title>',
        f'<desc id="d">{escape(described(model))}</desc>',
        f"<style>{_STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
        'orient="auto-start-reverse"><path d="M0 0L10 5L0 10z" fill="#5b6b7b"/></marker></defs>',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="10" fill="#f7f9fb"/>',
        *(line for start, prop, end in DRAWN for line in _arrow(_BOXES[start], _BOXES[end], _local(prop))),
        *(line for name, box in _BOXES.items() for line in _drawn(name, box)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _compared(model: Model) -> None:
    """Stop where the picture shows what the model does not say."""
    for start, prop, end in DRAWN:
        row = tuple(model.kg.prefixes.expand(name) for name in (start, prop, end))
        if row not in model.relations and prop not in _OPEN:
            raise SystemExit(f"docs/generators/diagram.py draws {start} {prop} {end}; the model does not say it.")
    shown = {name for name in _BOXES if name.startswith("ww:")}
    if not shown <= {model.short(term) for term in model.classes}:
        raise SystemExit("docs/generators/diagram.py draws a class that is not there.")


def _local(curie: str) -> str:
    return curie.partition(":")[2]


def _drawn(name: str, box: _Box) -> list[str]:
    centre, middle = box.left + _ACROSS // 2, box.top + box.high // 2
    main = "main" if name == "ww:Intervention" else "box"
    up = 3 if box.note else -6
    lines = [
        f'<rect class="{main}" x="{box.left}" y="{box.top}" width="{_ACROSS}" height="{box.high}" rx="7"/>',
        f'<text class="name" x="{centre}" y="{middle - up}">{_local(name)}</text>',
    ]
    if box.note:
        lines.append(f'<text class="note" x="{centre}" y="{middle + 15}">{box.note}</text>')
    return lines


def _arrow(start: _Box, end: _Box, label: str) -> list[str]:
    """Return an arrow, straight up, down or across, and its label."""
    if start.left == end.left:
        down = end.top > start.top
        x = start.left + _ACROSS // 2
        side, kind = (-8, "label end") if start.left == _RIGHT else (8, "label")
        y, to = (start.top + start.high, end.top) if down else (start.top, end.top + end.high)
        return [
            f'<path class="arrow" d="M{x} {y}V{to}"/>',
            f'<text class="{kind}" x="{x + side}" y="{(y + to) // 2 + 5}">{label}</text>',
        ]
    small = start if start.high < end.high else end
    y = small.top + small.high // 2
    x, to = (start.left + _ACROSS, end.left) if start.left < end.left else (start.left, end.left + _ACROSS)
    return [
        f'<path class="arrow" d="M{x} {y}H{to}"/>',
        f'<text class="label middle" x="{(x + to) // 2}" y="{y - 7}">{label}</text>',
    ]
