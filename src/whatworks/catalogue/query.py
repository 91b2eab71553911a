"""Stored queries: `.rq` files with a typed header, and how parameters are bound to them.

The head of a file is YAML in `#+ ` lines (the words of grlc, and a typed `params:` block); the body is SPARQL that
runs as it stands, with the example values. A parameter has a line `VALUES ?name { … }` inside a group; binding replaces
what is between the braces by RDF terms that `terms.write_term` has written. Lines between `#if NAME` and `#end` count
only when the parameter is given. Nothing else of a query is ever made from values.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from whatworks.errors import MissingParameter, UnknownParameter
from whatworks.terms import Iri, Literal, Term, write_term

TYPES = (
    "concept",
    "place",
    "language",
    "intervention",
    "agent",
    "text",
    "integer",
    "decimal",
    "year",
    "date",
    "boolean",
    "choice",
    "iri",
    "search",
)
RESERVED = ("format", "output", "limit", "page", "show", "help")

Rows: TypeAlias = Sequence[tuple[Term, ...]]
_NONE: Mapping[str, tuple[Term, ...]] = MappingProxyType({})


class Parameter(NamedTuple):
    """One typed parameter of a stored query.

    Attributes:
        name: As people type it, in kebab-case.
        type: One of `TYPES`.
        summary: What it does, in one sentence.
        scheme: For a concept, the code of its scheme.
        of_class: For a search, the class of the things that it finds.
        required: Whether it must be given.
        default: The value, as a person would type it, that stands where none is given.
        many: Whether several values may be given; any of them then counts.
        narrower: Whether a concept or place stands also for everything narrower.
        minimum, maximum: Bounds of a number; for a search, the most things that count.
        choices: For a choice, the terms that each name stands for.
        variables: The variables that are bound.
        example: A value, as a person would type it.
    """

    name: str
    type: str
    summary: str
    variables: tuple[str, ...]
    scheme: str = ""
    of_class: str = ""
    required: bool = False
    default: str | None = None
    many: bool = False
    narrower: bool = True
    minimum: int | None = None
    maximum: int | None = None
    choices: Mapping[str, tuple[Term, ...]] = _NONE
    example: str = ""


class Bound(NamedTuple):
    """The value of a parameter.

    Attributes:
        rows: The rows for its VALUES line.
        word: The word that `#if` compares.
        note: What a reader of the answer must know, such as that not all that fits could be bound.
        written: The rows as they stand between the braces, if they were written before.
    """

    rows: Rows = ()
    word: str = ""
    note: str = ""
    written: str = ""


class Text(NamedTuple):
    """Lines of the body that stay as they are."""

    text: str


class Values(NamedTuple):
    """A VALUES line, up to its brace."""

    parameter: str
    before: str


class Block(NamedTuple):
    """Lines that count only under a condition."""

    parameter: str
    value: str
    negated: bool
    parts: "tuple[Part, ...]"


Part: TypeAlias = Text | Values | Block


# How an answer may be drawn, and the columns that each way needs.
CHARTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "bar": ("label", "value"),
        "map": ("label", "value"),
        "grid": ("row", "column", "value"),
        "span": ("label", "from", "to"),
    }
)


class Chart(NamedTuple):
    """How pages draw an answer.

    Attributes:
        kind: One of `CHARTS`.
        columns: The column of the answer that plays each part.
    """

    kind: str
    columns: Mapping[str, str]


class Query(NamedTuple):
    """A stored query.

    Attributes:
        name: Its name in the catalogue: the file's name without ending.
        topic: The folder it lies in.
        summary, description, tags: From the header.
        parameters: In the order of the header.
        returns: What each column means, in order; empty for a CONSTRUCT query.
        form: SELECT, ASK, CONSTRUCT or DESCRIBE.
        text: The file as it is.
        file: Its logical name, for messages.
        parts: The body, cut for binding.
        chart: How pages draw the answer; None where a table says more.
    """

    name: str
    topic: str
    summary: str
    description: str
    tags: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    returns: Mapping[str, str]
    form: str
    text: str
    file: str
    parts: tuple[Part, ...]
    chart: Chart | None = None

    def parameter(self, name: str) -> Parameter:
        """Return the parameter of this name.

        Raises:
            UnknownParameter: There is none; the message lists those there are.
        """
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        names = [parameter.name for parameter in self.parameters]
        raise UnknownParameter(
            f"The query {self.name!r} has no parameter {name!r}.",
            hint=f"It has: {', '.join(names)}." if names else "It has none.",
        )

    def for_machines(self) -> dict[str, Any]:
        """Return what a program has to know of the query, as JSON has it."""
        return {
            "name": self.name,
            "topic": self.topic,
            "summary": self.summary,
            "description": self.description,
            "tags": list(self.tags),
            "form": self.form,
            "parameters": [
                {
                    "name": parameter.name,
                    "type": parameter.type,
                    "scheme": parameter.scheme or None,
                    "summary": parameter.summary,
                    "required": parameter.required,
                    "default": parameter.default,
                    "many": parameter.many,
                    "choices": list(parameter.choices) or None,
                    "example": parameter.example,
                }
                for parameter in self.parameters
            ],
            "returns": dict(self.returns),
        }

    def lines(self) -> Iterator[str]:
        """Yield the text of all lines but those of values, also of those that count under a condition only."""
        waiting = list(self.parts)
        while waiting:
            match waiting.pop():
                case Text(text):
                    yield text
                case Block(parts=parts):
                    waiting += parts

    def bind(self, values: Mapping[str, Bound]) -> str:
        """Return the SPARQL text with the values bound as terms.

        Raises:
            UnknownParameter, MissingParameter: The values do not fit the parameters.
            InvalidTerm: A value cannot be written as a term.
        """
        for name in values:
            self.parameter(name)
        for parameter in self.parameters:
            if parameter.required and parameter.name not in values:
                raise MissingParameter(
                    f"The query {self.name!r} needs --{parameter.name}: {parameter.summary}",
                    hint=f"For example: --{parameter.name} {quoted(parameter.example)}",
                )
        lines: list[str] = []
        _write(
            self.parts, values, {name: bound.written or written(bound.rows) for name, bound in values.items()}, lines
        )
        return "\n".join(lines) + "\n"


def quoted(value: str) -> str:
    """Return a value as it is typed in a shell."""
    return f'"{value}"' if " " in value else value


def variable_of(name: str) -> str:
    """Return the SPARQL variable of a parameter: `target-group` is bound as `?targetGroup`."""
    first, *others = name.split("-")
    return first + "".join(part.capitalize() for part in others)


def written(rows: Rows) -> str:
    """Return rows as they stand between the braces of VALUES."""
    if all(len(row) == 1 for row in rows):
        return " ".join(write_term(row[0]) for row in rows)
    return " ".join(f"({' '.join(write_term(term) for term in row)})" for row in rows)


def _write(parts: Iterable[Part], values: Mapping[str, Bound], rows: Mapping[str, str], lines: list[str]) -> None:
    for part in parts:
        match part:
            case Text():
                lines.append(part.text)
            case Values():
                lines.append(f"{part.before} {rows[part.parameter]} }}")
            case Block():
                given = part.parameter in values and (not part.value or values[part.parameter].word == part.value)
                if given != part.negated:
                    _write(part.parts, values, rows, lines)


def ranked(iris: Iterable[Iri], note: str) -> Bound:
    """Return things in their order, each with its place from one on, as the value of a parameter that comes again."""
    rows = [(iri, Literal.integer(rank)) for rank, iri in enumerate(iris, 1)]
    return Bound(rows, note=note, written=written(rows))


def iri_rows(iris: Iterable[Iri]) -> Rows:
    """Return rows of one IRI each, sorted, for a VALUES line."""
    return [(iri,) for iri in sorted(iris)]
