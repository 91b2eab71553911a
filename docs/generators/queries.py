"""The pages of the stored queries: one for each topic, and an overview."""

import re
import shlex
from collections import defaultdict
from itertools import islice
from pathlib import Path

from generators.model import Model, anchor, block, escaped, page, table
from whatworks.catalogue import Parameter, Query
from whatworks.results import Boolean, Table, plain
from whatworks.terms import Iri

_ROWS = 3
_LINES = 12
_QUESTIONS = Path(__file__).parent.parent / "reference" / "questions.md"
_TITLES = {
    "actors": "Actors",
    "evidence": "Evidence",
    "interventions": "Interventions",
    "links": "Links",
    "overview": "Overviews",
    "publication": "Publication",
    "quality": "Quality",
    "records": "Records",
    "success-factors": "Success factors",
}


def questions() -> dict[str, str]:
    """Return the competency questions by number, from their page."""
    return dict(
        re.findall(r"^\| (CQ\d\d) \| [^|]* \| ([^|]*) \|$", _QUESTIONS.read_text(encoding="utf-8"), re.MULTILINE)
    )


def topics(model: Model) -> dict[str, list[Query]]:
    """Return the stored queries by topic."""
    found = defaultdict(list)
    for query in model.kg.catalogue.all():
        found[query.topic].append(query)
    return dict(sorted(found.items()))


def overview(model: Model) -> str:
    """Return the page that lists all stored queries."""
    parts = [
        "A stored query answers a question with one command: `whatworks query NAME`.",
        "Its file runs in any SPARQL tool too; [Stored query files](query-files.md) says how to write one.",
        "```{toctree}\n:hidden:\n\n" + "\n".join(f"queries/{topic}" for topic in topics(model)) + "\n```",
    ]
    for topic, queries in topics(model).items():
        parts += [
            f"## {_title(topic)}",
            table(
                ("query", "what it answers", "questions"),
                (
                    (
                        f"[{query.name}](queries/{topic}.md#{anchor(query.name)})",
                        escaped(query.summary),
                        ", ".join(model.header(query).get("question", ())),
                    )
                    for query in queries
                ),
            ),
        ]
    return page("Stored queries", parts)


def topic_page(model: Model, topic: str) -> str:
    """Return the page of the stored queries of a topic."""
    parts = [f"Stored queries of the topic `{topic}`; [all of them](../queries.md)."]
    known = questions()
    for query in topics(model)[topic]:
        parts += _described(model, query, known)
    return page(f"Queries: {_title(topic).lower()}", parts)


def _title(topic: str) -> str:
    return _TITLES.get(topic, topic.replace("-", " ").capitalize())


def _described(model: Model, query: Query, known: dict[str, str]) -> list[str]:
    asked = [f"- {known[number]} ({number})" for number in model.header(query).get("question", ())]
    body = "\n".join(line for line in query.text.splitlines() if not line.startswith("#+"))
    columns = ((f"`{name}`", escaped(meaning)) for name, meaning in query.returns.items())
    return [
        f"## {query.name}",
        f"**{escaped(query.summary)}**",
        query.description,
        "It answers:\n\n" + "\n".join(asked) if asked else "",
        table(("parameter", "value", "what it does"), map(_row, query.parameters)) if query.parameters else "",
        table(("column", "what it holds"), columns) if query.returns else "",
        *_answered(model, query),
        f"<details><summary>The SPARQL text (<code>{query.file}</code>)</summary>",
        block("sparql", body.strip("\n")),
        "</details>",
    ]


def _row(parameter: Parameter) -> tuple[str, str, str]:
    value = parameter.type
    if parameter.scheme:
        value = f"concept of [{parameter.scheme}](../schemes.md#{parameter.scheme})"
    if parameter.choices:
        value = " or ".join(f"`{choice}`" for choice in parameter.choices)
    notes = [escaped(parameter.summary)]
    if parameter.required:
        notes.append("Required.")
    if parameter.many:
        notes.append("May be given several times.")
    if not parameter.narrower:
        notes.append("What is narrower does not count.")
    if parameter.default is not None:
        notes.append(f"Default: `{parameter.default}`.")
    notes.append(f"Example: `{parameter.example}`.")
    return f"`--{parameter.name}`", value, " ".join(notes)


def _answered(model: Model, query: Query) -> list[str]:
    """Return an example and the first rows of its answer: of the first example that has any."""
    needed = {each.name: each.example for each in query.parameters if each.required}
    first = {each.name: each.example for each in query.parameters[:1]}
    values, shown = needed, ""
    for values in (needed, first) if needed else (first, needed):
        shown = _rows(model, query, values)
        if shown:
            break
    words = ["whatworks", "query", query.name]
    for name, value in values.items():
        words += [f"--{name}", value]
    command = shlex.join([*words, "--limit", str(_ROWS)] if query.form == "SELECT" else words)
    return [block("shell-session", f"$ {command}"), shown or "The shipped collection holds nothing of the kind."]


def _rows(model: Model, query: Query, values: dict[str, str]) -> str:
    kg = model.kg
    answer = kg.ask(query, {name: (value,) for name, value in values.items()})
    if isinstance(answer, Boolean):
        return block("text", "yes" if answer.value else "no")
    if isinstance(answer, Table):

        def short(iri: Iri) -> str:
            return kg.prefixes.shorten(iri) or iri

        rows = [[escaped(plain(term, short)) for term in row] for row in islice(answer, _ROWS)]
        return table(answer.columns, rows) if rows else ""
    turtle = kg.exporter.triples(sorted(answer, key=lambda triple: [str(term) for term in triple]), "turtle").decode()
    lines = [line for line in turtle.splitlines() if not line.startswith("@prefix")]
    return block("turtle", "\n".join([*lines[:_LINES], *(["# …"] if len(lines) > _LINES else [])])) if lines else ""
