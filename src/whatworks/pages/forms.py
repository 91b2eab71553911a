"""Stored queries as forms: a field for each parameter, the answer as a table, and the same call from elsewhere."""

import shlex
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from whatworks.catalogue import Parameter, Query
from whatworks.errors import MissingParameter
from whatworks.pages import answers, offered
from whatworks.pages.shelf import Shelf
from whatworks.pages.view import Shown, View, by_letters
from whatworks.pages.wording import N_
from whatworks.results import Answer, Boolean, Table
from whatworks.terms import Iri

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
    "quality": N_("How good the data are"),
}
_ABSENT = {
    "api": N_("What programs can read"),
    "network": N_("What stands around it"),
    "sparql": N_("Own questions in SPARQL"),
}
_NUMBERS = {"integer": "1", "year": "1", "decimal": "any"}


def absent(view: View, name: str) -> str:
    """Return the title of a page that a site of files does not have."""
    return view.words(_ABSENT[name])


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


def title(name: str) -> str:
    """Return the name of a parameter, or of a choice, as people write it."""
    return name.replace("-", " ").capitalize()


def body(query: Query) -> str:
    """Return the text of a query without its header."""
    return "\n".join(line for line in query.text.splitlines() if not line.startswith("#+")).strip()


def asked(query: Query, fields: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the values that the fields of an address give the parameters; empty ones count as not given."""
    names = {parameter.name for parameter in query.parameters}
    values: dict[str, list[str]] = {}
    for name, value in fields:
        if name in names and value.strip():
            values.setdefault(name, []).append(value)
    return values


def values(
    view: View, shelf: Shelf, query: Query, formats: Sequence[str], answer: Answer | None = None
) -> dict[str, Any]:
    """Return what the page of a stored query shows: the form and, where all is given that must be, the answer.

    Raises:
        UsageError: A value does not fit.
    """
    given = asked(query, view.fields)
    made = form(view, shelf, query, given)
    try:
        text = view.edition.kg.sparql_of(query, given)
    except MissingParameter:
        return {**made, "answer": None, "formats": formats, "calls": list(_calls(view, query, made["example"]))}
    answer = view.edition.kg.ask(query, given) if answer is None else answer
    said = [(name, value) for name, each in given.items() for value in each]
    made |= {"formats": formats, "sparql": text, "calls": list(_calls(view, query, said)), "given": said}
    if isinstance(answer, Boolean):
        return {**made, "answer": {"yes": answer.value}}
    if isinstance(answer, Table):
        return {**made, "answer": answers.table(view, query, answer)}
    written = view.edition.kg.exporter.triples(answer, "turtle").decode().splitlines()
    return {**made, "answer": {"lines": "\n".join(written[:200]), "cut": max(0, len(written) - 200)}}


def form(view: View, shelf: Shelf, query: Query, given: dict[str, list[str]]) -> dict[str, Any]:
    """Return the form of a stored query, with what was given."""
    fields = [_field(view, shelf, parameter, given.get(parameter.name, [])) for parameter in query.parameters]
    example = [(each.name, each.example) for each in query.parameters if each.required]
    return {
        "query": query,
        "inputs": fields,
        "answer": None,
        "notice": "",
        "example": example,
        "calls": [],
        "given": [],
    }


def _field(view: View, shelf: Shelf, parameter: Parameter, given: list[str]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": parameter.name,
        "title": view.of_query(title(parameter.name)),
        "summary": view.of_query(parameter.summary),
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
        options = [(name, view.of_query(title(name)), name == value) for name in parameter.choices]
        return {**made, "kind": "one", "options": options, "default": parameter.default}
    if parameter.type == "boolean":
        value = (made["value"] or parameter.default or "").casefold()
        words = (("true", view.words("yes")), ("false", view.words("no")))
        return {**made, "kind": "one", "options": [(name, Shown(text), name == value) for name, text in words]}
    if parameter.type in offered.CLASSES:
        return {**made, "kind": "thing", **offered.completed(view, shelf, parameter.type)}
    kinds = {"date": "date", "search": "search", "iri": "url", **dict.fromkeys(_NUMBERS, "number")}
    return {**made, "kind": kinds.get(parameter.type, "text")}


def _code(view: View, parameter: Parameter, value: str) -> str:
    return view.edition.kg.lookup.concept(parameter.scheme or parameter.type, value).code


def _concepts(view: View, shelf: Shelf, scheme: str) -> list[tuple[Iri, Shown]]:
    """Return the concepts of a scheme by their names."""

    def made() -> list[tuple[Iri, Shown]]:
        found = [(iri, view.name(iri)) for iri in view.edition.kg.lookup.concepts(scheme).known]
        return sorted(found, key=lambda pair: by_letters(pair[1].text))

    return shelf.once(("concepts", scheme, view.language), made)


def _calls(view: View, query: Query, given: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the same call for other doors: its name, and what is typed."""
    address = f"{view.home}api/queries/{query.name}"
    wanted = [*given, ("format", "csv" if query.form == "SELECT" else "json" if query.form == "ASK" else "turtle")]
    if view.answers:
        yield "curl", f"curl {shlex.quote(f'{address}?{urlencode(wanted)}')}"
    words = " ".join(f"--{name} {shlex.quote(value)}" for name, value in given)
    yield view.words("Command line"), f"whatworks query {query.name} {words}".strip()
    several: dict[str, list[str]] = {}
    for name, value in given:
        several.setdefault(name.replace("-", "_"), []).append(value)
    arguments = [f"{name}={(each[0] if len(each) == 1 else each)!r}" for name, each in several.items()]
    call = ", ".join([repr(query.name), *arguments])
    yield "Python", f"from whatworks import KnowledgeGraph\n\nkg = KnowledgeGraph.open()\nanswer = kg.query({call})"
