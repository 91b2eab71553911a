"""Reads a query file: the typed header, and the body cut into lines, VALUES lines and conditional blocks.

Every fault names the file and a line: a slip in a header must not become an empty parameter or a query that answers
too much.
"""

import re
from collections.abc import Sequence
from typing import Any, NoReturn

from whatworks import gate
from whatworks.assets import Asset
from whatworks.catalogue.query import RESERVED, TYPES, Block, Line, Parameter, Part, Query, Values, variable_of
from whatworks.errors import Error, Place, QueryHeader
from whatworks.namespaces import Prefixes
from whatworks.terms import Literal, Term
from whatworks.yamltext import YamlFault, read_yaml

# Folders of queries that the tool asks for itself; the catalogue for people leaves them out.
OWN_FOLDERS = ("system", "lint", "publish")
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


def name_of(asset: Asset) -> str:
    """Return the name of a query: its file's; the tool's own queries keep their folder, as in `system/labels`."""
    parts = asset.name.removesuffix(".rq").split("/")
    return "/".join(parts[-2:]) if parts[-2] in OWN_FOLDERS else parts[-1]


def read_query(asset: Asset, prefixes: Prefixes) -> Query:
    """Read a query file.

    Raises:
        QueryHeader: The header is broken, or header and body disagree; with file and line.
    """
    try:
        text = asset.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise QueryHeader("The file is not UTF-8.", hint="Save it as UTF-8.", where=Place(asset.name)) from error
    lines = text.splitlines()
    head = [line[2:].removeprefix(" ") for line in lines if line.startswith("#+")]
    if not head:
        raise QueryHeader("The file has no header.", hint="Start it with: #+ summary: …", where=Place(asset.name, 1))
    try:
        header = read_yaml("\n".join(head))
    except YamlFault as error:
        raise QueryHeader(f"The header is not YAML: {error.problem}.", where=Place(asset.name, error.line)) from error
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
        name=name_of(asset),
        topic=topic,
        summary=header["summary"].strip(),
        description=str(header.get("description", "")).strip(),
        tags=tuple(header.get("tags", ())),
        parameters=parameters,
        returns=dict(header.get("returns") or {}),
        form=form,
        text=text,
        file=asset.name,
        parts=parts,
    )


class _HeaderReader:
    """Checks a header and makes the parameters; every fault names the file and a line."""

    def __init__(self, file: str, lines: list[str], prefixes: Prefixes) -> None:
        self.file = file
        self.lines = lines
        self.prefixes = prefixes

    def fail(self, message: str, hint: str = "", *, near: str = "") -> NoReturn:
        line = next(
            (number for number, line in enumerate(self.lines, 1) if near and line.startswith("#+") and near in line),
            1,
        )
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
        if name in RESERVED:
            self.fail(f"{name!r} is an option of every query and cannot be a parameter.", near=near)
        for key in item:
            if key not in _PARAMETER_KEYS:
                self.fail(
                    f"parameter {name!r} has the unknown key {key!r}.",
                    f"Known: {', '.join(sorted(_PARAMETER_KEYS))}.",
                    near=near,
                )
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
            choices={
                _word(key): self.terms(name, value, len(variables)) for key, value in item.get("choices", {}).items()
            },
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

    def read(self) -> tuple[Part, ...]:
        parts = self.block(0, frozenset())
        for name in self.names:
            if name not in self.used:
                raise QueryHeader(
                    f"The parameter {name!r} is declared and not used.",
                    hint=f"Bind it with a line VALUES ?{variable_of(name)} {{ … }}, or ask for it with #if {name}.",
                    where=Place(self.file),
                )
        return parts

    def block(self, depth: int, given: frozenset[str]) -> tuple[Part, ...]:
        parts: list[Part] = []
        while self.position < len(self.lines):
            line = self.lines[self.position]
            self.position += 1
            if match := _IF.match(line):
                name = self.known(match["name"])
                inside = given if match["negated"] else given | {name}
                inner = self.block(depth + 1, inside)
                parts.append(Block(name, match["value"] or "", bool(match["negated"]), inner))
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
                parts.append(Values(parameter.name, match["before"]))
            else:
                parts.append(Line(line))
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
