"""Stored queries as forms: a field for each parameter, the answer as a table, and the same call from elsewhere."""

import shlex
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from whatworks.catalogue import Parameter, Query
from whatworks.errors import MissingParameter
from whatworks.namespaces import Space
from whatworks.pages.profile import decimal
from whatworks.pages.shelf import Shelf
from whatworks.pages.view import Shown, View, cut
from whatworks.pages.wording import N_
from whatworks.results import Boolean, Row, Table, plain, safe
from whatworks.terms import XSD_BOOLEAN, XSD_DECIMAL, XSD_INTEGER, Iri, Literal, Term

ROWS = 100  # rows on a page
_MOST_OFFERED = 2000  # so many things are offered for completion
_CHOSEN_FROM = ("concept", "place", "language")
_TOPICS = {
    "overview": N_("Overview"),
    "interventions": N_("Interventions"),
    "success-factors": N_("What helped and what hindered"),
    "evidence": N_("Evaluations, findings, ratings"),
    "actors": N_("Actors"),
    "links": N_("Links between interventions"),
    "records": N_("Records and sources"),
    "publication": N_("The data set"),
}
_NUMBERS = {"integer": "1", "year": "1", "decimal": "any"}


def listed(view: View) -> list[dict[str, Any]]:
    """Return the stored queries by topic."""
    found: dict[str, list[Query]] = {}
    for query in view.edition.kg.catalogue.all():
        found.setdefault(query.topic, []).append(query)
    order = [*_TOPICS, *(topic for topic in found if topic not in _TOPICS)]
    return [
        {"id": topic, "title": view.words(_TOPICS.get(topic, topic)), "queries": found[topic]}
        for topic in order
        if topic in found
    ]


def asked(query: Query, fields: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the values that the fields of an address give the parameters; empty ones count as not given."""
    names = {parameter.name for parameter in query.parameters}
    values: dict[str, list[str]] = {}
    for name, value in fields:
        if name in names and value.strip():
            values.setdefault(name, []).append(value)
    return values


def values(view: View, shelf: Shelf, query: Query, formats: Sequence[str]) -> dict[str, Any]:
    """Return what the page of a stored query shows: the form and, where all is given that must be, the answer.

    Raises:
        UsageError: A value does not fit.
    """
    given = asked(query, view.fields)
    made = form(view, shelf, query, given)
    try:
        text = view.edition.kg.sparql_of(query, given)
    except MissingParameter:
        return {**made, "answer": None, "formats": formats}
    answer = view.edition.kg.ask(query, given)
    said = [(name, value) for name, each in given.items() for value in each]
    made |= {"formats": formats, "sparql": text, "calls": list(_calls(view, query, said)), "given": said}
    made["api"] = f"/api/queries/{query.name}"
    if isinstance(answer, Boolean):
        return {**made, "answer": {"yes": answer.value}}
    if isinstance(answer, Table):
        return {**made, "answer": _table(view, query, answer)}
    written = view.edition.kg.exporter.triples(answer, "turtle").decode().splitlines()
    return {**made, "answer": {"lines": "\n".join(written[:200]), "cut": max(0, len(written) - 200)}}


def form(view: View, shelf: Shelf, query: Query, given: dict[str, list[str]]) -> dict[str, Any]:
    """Return the form of a stored query, with what was given."""
    fields = [_field(view, shelf, parameter, given.get(parameter.name, [])) for parameter in query.parameters]
    example = [(each.name, each.example) for each in query.parameters if each.required]
    return {"query": query, "inputs": fields, "answer": None, "notice": "", "example": example, "given": []}


def _field(view: View, shelf: Shelf, parameter: Parameter, given: list[str]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": parameter.name,
        "title": parameter.name.replace("-", " ").capitalize(),
        "summary": parameter.summary,
        "required": parameter.required,
        "example": parameter.example,
        "value": given[0] if given else "",
        "default": parameter.default,
        "options": [],
        "least": parameter.minimum,
        "most": parameter.maximum,
        "step": _NUMBERS.get(parameter.type, ""),
    }
    if parameter.type in _CHOSEN_FROM:
        scheme = parameter.scheme or parameter.type
        chosen = {_code(view, parameter, value) for value in given}
        options = [(iri.code, shown, iri.code in chosen) for iri, shown in _concepts(view, shelf, scheme)]
        return {**made, "kind": "many" if parameter.many else "one", "options": options}
    if parameter.type == "choice":
        value = made["value"] or parameter.default or ""
        options = [(name, Shown(name.replace("-", " ")), name == value) for name in parameter.choices]
        return {**made, "kind": "one", "options": options, "default": parameter.default}
    if parameter.type == "boolean":
        value = (made["value"] or parameter.default or "").casefold()
        words = (("true", view.words("yes")), ("false", view.words("no")))
        return {**made, "kind": "one", "options": [(name, Shown(text), name == value) for name, text in words]}
    if parameter.type in ("intervention", "agent"):
        return {**made, "kind": "thing", "options": _things(view, shelf, parameter.type)}
    kinds = {"date": "date", "search": "search", "iri": "url", **dict.fromkeys(_NUMBERS, "number")}
    return {**made, "kind": kinds.get(parameter.type, "text")}


def _code(view: View, parameter: Parameter, value: str) -> str:
    return view.edition.kg.lookup.concept(parameter.scheme or parameter.type, value).code


def _concepts(view: View, shelf: Shelf, scheme: str) -> list[tuple[Iri, Shown]]:
    """Return the concepts of a scheme by their names."""

    def made() -> list[tuple[Iri, Shown]]:
        found = [(iri, view.name(iri)) for iri in view.edition.kg.lookup.concepts(scheme).known]
        return sorted(found, key=lambda pair: pair[1].text.casefold())

    return shelf.once(("concepts", scheme, view.language), made)


def _things(view: View, shelf: Shelf, kind: str) -> list[tuple[str, Shown, bool]]:
    """Return the interventions or agents that a field completes; none where they are too many for a page."""

    def made() -> list[tuple[str, Shown, bool]]:
        things = shelf.things("Intervention") if kind == "intervention" else shelf.things("Agent")
        named = [(iri.code, view.name(iri), False) for iri in things[: _MOST_OFFERED + 1]]
        return sorted(named, key=lambda each: each[1].text.casefold()) if len(named) <= _MOST_OFFERED else []

    return shelf.once(("offered", kind, view.language), made)


def _table(view: View, query: Query, answer: Table) -> dict[str, Any]:
    """Return a page of rows; a column with labels is left out where the page shows the labels anyway."""
    page = next((value for name, value in view.fields if name == "page"), "1")
    number = int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 7 else 1
    start = (number - 1) * ROWS
    rows = list(islice(answer.rows, start, start + ROWS + 1))
    named = {f"{name}Label" for name in answer.columns}
    shown = [at for at, name in enumerate(answer.columns) if name not in named]
    columns = [answer.columns[at] for at in shown]
    bars = _largest(columns, rows, shown)
    others = [(name, value) for name, value in view.fields if name != "page"]
    return {
        "columns": [(name, query.returns.get(name, ""), name in bars) for name in columns],
        "rows": [
            [_cell(view, name, row[at], bars.get(name, 0)) for name, at in zip(columns, shown, strict=True)]
            for row in rows[:ROWS]
        ],
        "first": start + 1,
        "number": number,
        "more": len(rows) > ROWS,
        "before": [*others, ("page", str(number - 1))] if number > 1 else None,
        "after": [*others, ("page", str(number + 1))] if len(rows) > ROWS else None,
        "note": answer.note,
    }  # fmt: skip


def _largest(columns: list[str], rows: list[Row], shown: list[int]) -> dict[str, float]:
    """Return the largest number of the column that counts, which is drawn beside the numbers."""
    for name, at in zip(columns, shown, strict=True):
        terms = [row[at] for row in rows]
        numbers = [float(term.value) for term in terms if isinstance(term, Literal) and term.datatype == XSD_INTEGER]
        if name in ("interventions", "together", "actors") and len(numbers) > 1 and max(numbers) > 0:
            return {name: max(numbers)}
    return {}


def _cell(view: View, column: str, term: Term | None, largest: float) -> dict[str, Any]:
    if isinstance(term, Iri):
        shown = view.name(term)
        return {"shown": shown if shown.href else Shown(cut(safe(term))), "number": False, "bar": None}
    if isinstance(term, Literal) and term.datatype in (XSD_INTEGER, XSD_DECIMAL):
        is_year = "year" in column.casefold()
        text = term.value if is_year else decimal(view, Shown(term.value))
        bar = round(100 * float(term.value) / largest, 1) if largest and not is_year else None
        return {"shown": Shown(text), "number": True, "bar": bar}
    if isinstance(term, Literal) and term.datatype == XSD_BOOLEAN:
        text = view.words("yes") if term.value in ("true", "1") else view.words("no")
        return {"shown": Shown(text), "number": False, "bar": None}
    text = cut(plain(term), 1000)
    if column == "key" and isinstance(term, Literal):
        iri = _keyed(view, term.value)
        return {"shown": Shown(text, "", view.href(iri) if iri else ""), "number": False, "bar": None}
    language = term.language if isinstance(term, Literal) and term.language != view.language else ""
    return {"shown": Shown(text, language), "number": False, "bar": None}


def _keyed(view: View, key: str) -> Iri | None:
    """Return the thing that a key of an answer stands for."""
    space: Space = view.edition.kg.collection.space
    keyed = (space.thing(kind, key) for kind in ("intervention", "resource"))
    store = view.edition.kg.collection.store
    return next((iri for iri in keyed if next(store.match(iri), None) is not None), None)


def _calls(view: View, query: Query, given: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the same call for other doors: its name, and what is typed."""
    address = f"{view.home}api/queries/{query.name}"
    wanted = [*given, ("format", "csv" if query.form == "SELECT" else "json" if query.form == "ASK" else "turtle")]
    yield "curl", f"curl {shlex.quote(f'{address}?{urlencode(wanted)}')}"
    words = " ".join(f"--{name} {shlex.quote(value)}" for name, value in given)
    yield view.words("Command line"), f"whatworks query {query.name} {words}".strip()
    several: dict[str, list[str]] = {}
    for name, value in given:
        several.setdefault(name.replace("-", "_"), []).append(value)
    arguments = [f"{name}={(each[0] if len(each) == 1 else each)!r}" for name, each in several.items()]
    call = ", ".join([repr(query.name), *arguments])
    yield "Python", f"from whatworks import KnowledgeGraph\n\nkg = KnowledgeGraph.open()\nanswer = kg.query({call})"
