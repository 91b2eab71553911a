"""Stored queries: `.rq` files with a typed header, and how parameters are bound to them.

The head of a file is YAML in `#+ ` lines (the words of grlc, and a typed `params:` block); the body is SPARQL that
runs as it stands, with the example values. A parameter has a line `VALUES ?name { … }` inside a group; binding replaces
what is between the braces by RDF terms that `terms.write_term` has written. Lines between `#if NAME` and `#end` count
only when the parameter is given. Nothing else of a query is ever made from values.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeAlias

import yaml

from whatworks import gate
from whatworks.assets import Asset
from whatworks.errors import Error, MissingParameter, Place, QueryHeader, UnknownParameter, UnknownQuery
from whatworks.namespaces import Prefixes
from whatworks.terms import Iri, Literal, Term, write_term

TYPES = ("concept", "place", "language", "intervention", "agent", "text", "integer", "year", "boolean", "choice", "iri")
_HEADER_KEYS = {"summary", "description", "tags", "params", "returns", "chart", "question"}
_PARAMETER_KEYS = {
    "name", "type", "scheme", "summary", "required", "default", "many", "narrower", "minimum", "maximum", "choices",
    "variables", "example",
}  # fmt: skip
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_VALUES = re.compile(r"^(?P<before>\s*VALUES\s+(?:\?(?P<one>\w+)|\((?P<several>[?\w\s]+)\))\s*\{)(?P<example>.*)\}\s*$")
_IF = re.compile(r"^\s*#if\s+(?P<negated>not\s+)?(?P<name>[\w-]+)(?:\s*=\s*(?P<value>[\w-]+))?\s*$")
_END = re.compile(r"^\s*#end\s*$")
_PREFIX = re.compile(r"^\s*PREFIX\s+([A-Za-z][\w.-]*|):\s*<([^<>\s]*)>", re.IGNORECASE | re.MULTILINE)

Rows: TypeAlias = Sequence[tuple[Term, ...]]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One typed parameter of a stored query.

    Attributes:
        name: As people type it, in kebab-case.
        type: One of `TYPES`.
        summary: What it does, in one sentence.
        scheme: For a concept, the code of its scheme.
        required: Whether it must be given.
        default: The value, as a person would type it, that stands where none is given.
        many: Whether several values may be given; any of them then counts.
        narrower: Whether a concept or place stands also for everything narrower.
        minimum, maximum: Bounds of a number.
        choices: For a choice, the terms that each name stands for.
        variables: The variables that are bound.
        example: A value, as a person would type it.
    """

    name: str
    type: str
    summary: str
    variables: tuple[str, ...]
    scheme: str = ""
    required: bool = False
    default: str | None = None
    many: bool = False
    narrower: bool = True
    minimum: int | None = None
    maximum: int | None = None
    choices: Mapping[str, tuple[Term, ...]] = field(default_factory=dict)
    example: str = ""


@dataclass(frozen=True, slots=True)
class Bound:
    """The value of a parameter: the rows for its VALUES line, and the word that `#if` compares."""

    rows: Rows = ()
    word: str = ""


@dataclass(frozen=True, slots=True)
class _Text:
    line: str


@dataclass(frozen=True, slots=True)
class _Values:
    parameter: str
    before: str


@dataclass(frozen=True, slots=True)
class _Block:
    parameter: str
    value: str
    negated: bool
    parts: "tuple[_Part, ...]"


_Part: TypeAlias = _Text | _Values | _Block


@dataclass(frozen=True, slots=True)
class Query:
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
    _parts: tuple[_Part, ...]

    @classmethod
    def from_asset(cls, asset: Asset, prefixes: Prefixes) -> "Query":
        """Read a query file.

        Raises:
            QueryHeader: The header is broken, or the header and the body disagree; with file and line.
        """
        return _read(asset, prefixes)

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
                    hint=f"For example: --{parameter.name} {_quoted(parameter.example)}",
                )
        lines: list[str] = []
        _write(self._parts, values, lines)
        return "\n".join(lines) + "\n"


class Catalogue:
    """All stored queries of a project, each read when it is asked for."""

    def __init__(self, assets: Iterable[Asset], prefixes: Prefixes) -> None:
        self._prefixes = prefixes
        self._assets: dict[str, Asset] = {}
        for asset in assets:
            if asset.name.endswith(".rq"):
                self._assets[_name_of(asset)] = asset
        self._read: dict[str, Query] = {}

    def names(self) -> list[str]:
        """Return the names of the queries for people, sorted."""
        return sorted(name for name in self._assets if not name.startswith("system/"))

    def get(self, name: str) -> Query:
        """Return the query of this name; names of the tool's own queries start with `system/`.

        Raises:
            UnknownQuery: There is none; the message suggests the nearest.
            QueryHeader: Its file is broken.
        """
        if name not in self._assets:
            near = get_close_matches(name, self.names(), n=3, cutoff=0.5)
            raise UnknownQuery(
                f"There is no stored query {name!r}.",
                hint=f"Did you mean: {', '.join(near)}?" if near else "List them with: whatworks queries",
            )
        if name not in self._read:
            self._read[name] = Query.from_asset(self._assets[name], self._prefixes)
        return self._read[name]

    def all(self) -> list[Query]:
        """Return all queries for people, by name."""
        return [self.get(name) for name in self.names()]


def _name_of(asset: Asset) -> str:
    parts = asset.name.removesuffix(".rq").split("/")
    return "/".join(parts[-2:]) if parts[-2] == "system" else parts[-1]


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value


def variable_of(name: str) -> str:
    """Return the SPARQL variable of a parameter: `target-group` is bound as `?targetGroup`."""
    first, *others = name.split("-")
    return first + "".join(part.capitalize() for part in others)


def _write(parts: Iterable[_Part], values: Mapping[str, Bound], lines: list[str]) -> None:
    for part in parts:
        match part:
            case _Text():
                lines.append(part.line)
            case _Values():
                rows = values[part.parameter].rows
                written = [" ".join(write_term(term) for term in row) for row in rows]
                single = all(len(row) == 1 for row in rows)
                lines.append(f"{part.before} {' '.join(written if single else (f'({row})' for row in written))} }}")
            case _Block():
                given = part.parameter in values and (not part.value or values[part.parameter].word == part.value)
                if given != part.negated:
                    _write(part.parts, values, lines)


def _read(asset: Asset, prefixes: Prefixes) -> Query:
    try:
        text = asset.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise QueryHeader("The file is not UTF-8.", hint="Save it as UTF-8.", where=Place(asset.name)) from error
    lines = text.splitlines()
    head = [line[2:].removeprefix(" ") for line in lines if line.startswith("#+")]
    if not head:
        raise QueryHeader("The file has no header.", hint="Start it with: #+ summary: …", where=Place(asset.name, 1))
    try:
        header = yaml.load("\n".join(head), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark.line + 1) if error.problem_mark else 1
        raise QueryHeader(f"The header is not YAML: {error.problem}.", where=Place(asset.name, line)) from error
    reader = _HeaderReader(asset.name, lines, prefixes.with_prefixes(dict(_PREFIX.findall(text))))
    parameters = reader.header(header)
    body = next((index for index, line in enumerate(lines) if not line.startswith("#")), len(lines))
    parts = _BodyReader(asset.name, lines, body, parameters).read()
    try:
        form = gate.check("\n".join(lines[body:]))
    except Error as error:
        raise QueryHeader(f"The query below the header is refused: {error.message}", where=Place(asset.name)) from error
    if form == "SELECT" and not header.get("returns"):
        reader.fail("returns is missing.", "Say what each column means.")
    topic = asset.name.split("/")[-2]
    return Query(
        name=_name_of(asset),
        topic=topic,
        summary=header["summary"].strip(),
        description=str(header.get("description", "")).strip(),
        tags=tuple(header.get("tags", ())),
        parameters=parameters,
        returns=dict(header.get("returns") or {}),
        form=form,
        text=text,
        file=asset.name,
        _parts=parts,
    )


class _HeaderReader:
    """Checks a header and makes the parameters; every fault names the file and a line."""

    def __init__(self, file: str, lines: list[str], prefixes: Prefixes) -> None:
        self.file = file
        self.lines = lines
        self.prefixes = prefixes

    def fail(self, message: str, hint: str = "", *, near: str = "") -> None:
        line = next((number for number, line in enumerate(self.lines, 1) if near and line.startswith("#+") and near in line), 1)
        raise QueryHeader(f"Broken header: {message}", hint=hint, where=Place(self.file, line))

    def header(self, header: Any) -> tuple[Parameter, ...]:
        if not isinstance(header, dict):
            self.fail("it holds no keys.", "Write it as `key: value` lines.")
        for key in header:
            if key not in _HEADER_KEYS:
                self.fail(f"unknown key {key!r}.", f"Known keys: {', '.join(sorted(_HEADER_KEYS))}.", near=str(key))
        if not isinstance(header.get("summary"), str) or not header["summary"].strip():
            self.fail("summary is missing.", "Say in one sentence what the query answers.")
        for key, kind in (("tags", list), ("params", list), ("returns", dict)):
            if not isinstance(header.get(key) or kind(), kind):
                self.fail(f"{key} has the wrong form.", f"It is a {kind.__name__}.", near=key)
        found = [self.parameter(item) for item in header.get("params") or []]
        names = [parameter.name for parameter in found]
        for name in names:
            if names.count(name) > 1:
                self.fail(f"parameter {name!r} is declared twice.", near=name)
        return tuple(found)

    def parameter(self, item: Any) -> Parameter:
        name = item.get("name") if isinstance(item, dict) else None
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            self.fail(f"a parameter has no name in kebab-case: {item!r}.", near="params")
        near = f"name: {name}"
        for key in item:
            if key not in _PARAMETER_KEYS:
                self.fail(f"parameter {name!r} has the unknown key {key!r}.", f"Known: {', '.join(sorted(_PARAMETER_KEYS))}.", near=near)
        if item.get("type") not in TYPES:
            self.fail(f"parameter {name!r} has no type of: {', '.join(TYPES)}.", near=near)
        for key in ("summary", "example"):
            if item.get(key) in (None, ""):
                self.fail(f"parameter {name!r} has no {key}.", near=near)
        if (item["type"] == "concept") != ("scheme" in item):
            self.fail(f"parameter {name!r}: a concept, and only a concept, names its scheme.", near=near)
        if (item["type"] == "choice") != ("choices" in item):
            self.fail(f"parameter {name!r}: a choice, and only a choice, lists its choices.", near=near)
        variables = tuple(item.get("variables") or (variable_of(name),))
        default = item.get("default")
        return Parameter(
            name=name,
            type=item["type"],
            summary=item["summary"].strip(),
            variables=variables,
            scheme=item.get("scheme", ""),
            required=bool(item.get("required", False)),
            default=None if default is None else _word(default),
            many=bool(item.get("many", False)),
            narrower=bool(item.get("narrower", True)),
            minimum=item.get("minimum"),
            maximum=item.get("maximum"),
            choices={_word(key): self.terms(name, value, len(variables)) for key, value in item.get("choices", {}).items()},
            example=_word(item["example"]),
        )

    def terms(self, name: str, value: Any, count: int) -> tuple[Term, ...]:
        found: list[Term] = []
        for item in value if isinstance(value, list) else [value]:
            iri = self.prefixes.expand(item) if isinstance(item, str) else None
            found.append(iri if iri is not None else Literal(_word(item)))
        if len(found) != count:
            self.fail(f"a choice of {name!r} has {len(found)} terms for {count} variables.", near=f"name: {name}")
        return tuple(found)


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class _BodyReader:
    """Cuts the body into text, VALUES lines and conditional blocks, and checks it against the parameters."""

    def __init__(self, file: str, lines: list[str], start: int, parameters: Sequence[Parameter]) -> None:
        self.file = file
        self.lines = lines
        self.position = start
        self.by_variables = {parameter.variables: parameter for parameter in parameters}
        self.names = {parameter.name: parameter for parameter in parameters}
        self.used: set[str] = set()

    def read(self) -> tuple[_Part, ...]:
        parts = self.block(0, frozenset())
        for name in self.names:
            if name not in self.used:
                raise QueryHeader(
                    f"The parameter {name!r} is declared and not used.",
                    hint=f"Bind it with a line VALUES ?{variable_of(name)} {{ … }}, or ask for it with #if {name}.",
                    where=Place(self.file),
                )
        return parts

    def block(self, depth: int, given: frozenset[str]) -> tuple[_Part, ...]:
        parts: list[_Part] = []
        while self.position < len(self.lines):
            line = self.lines[self.position]
            self.position += 1
            if match := _IF.match(line):
                name = self.known(match["name"])
                inside = given if match["negated"] else given | {name}
                inner = self.block(depth + 1, inside)
                parts.append(_Block(name, match["value"] or "", bool(match["negated"]), inner))
            elif _END.match(line):
                if depth == 0:
                    raise QueryHeader("#end without #if.", where=Place(self.file, self.position))
                return tuple(parts)
            elif (match := _VALUES.match(line)) and (parameter := self.bound_by(match)) is not None:
                always = parameter.required or parameter.default is not None
                if not always and parameter.name not in given:
                    raise QueryHeader(
                        f"{parameter.name!r} may be left out, so its VALUES line must stand between "
                        f"#if {parameter.name} and #end.",
                        where=Place(self.file, self.position),
                    )
                self.used.add(parameter.name)
                parts.append(_Values(parameter.name, match["before"]))
            else:
                parts.append(_Text(line))
        if depth:
            raise QueryHeader("#if without #end.", where=Place(self.file, len(self.lines)))
        return tuple(parts)

    def known(self, name: str) -> str:
        if name not in self.names:
            raise QueryHeader(f"#if names {name!r}, which is no parameter.", where=Place(self.file, self.position))
        self.used.add(name)
        return name

    def bound_by(self, match: re.Match[str]) -> Parameter | None:
        variables = (match["one"],) if match["one"] else tuple(part.lstrip("?") for part in match["several"].split())
        return self.by_variables.get(variables)


def iri_rows(iris: Iterable[Iri]) -> Rows:
    """Return rows of one IRI each, sorted, for a VALUES line."""
    return [(iri,) for iri in sorted(iris)]
