"""Reads a query file: the typed header, and the body cut into lines, VALUES lines and conditional blocks.

Every fault names the file and a line: a slip in a header must not become an empty parameter or a query that answers
too much.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from whatworks import gate
from whatworks.assets import Asset
from whatworks.catalogue.kept import Head, Kept
from whatworks.catalogue.query import (
    CHARTS,
    RESERVED,
    TYPES,
    Block,
    Chart,
    Parameter,
    Part,
    Query,
    Text,
    Values,
    variable_of,
)
from whatworks.errors import Error, Place, QueryHeader
from whatworks.namespaces import Prefixes
from whatworks.terms import Literal, Term

# Folders of queries that the tool asks for itself; the catalogue for people leaves them out.
OWN_FOLDERS = ("system", "lint", "publish")
_HEADER_KEYS = {"summary", "description", "tags", "params", "returns", "chart", "question"}
_PARAMETER_KEYS = {
    "name", "type", "scheme", "class", "summary", "required", "default", "many", "narrower", "minimum", "maximum",
    "choices", "variables", "example",
}  # fmt: skip
_KINDS = {
    "summary": str, "scheme": str, "class": str, "required": bool, "many": bool, "narrower": bool,
    "minimum": int, "maximum": int, "choices": dict, "variables": list,
}  # fmt: skip
_WORDS = {str: "a text", bool: "true or false", int: "a whole number", dict: "a table", list: "a list"}
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_VALUES = re.compile(r"^(?P<before>\s*VALUES\s+(?:\?(?P<one>\w+)|\((?P<several>[?\w\s]+)\))\s*\{)(?P<example>.*)\}\s*$")
_IF = re.compile(r"^\s*#if\s+(?P<negated>not\s+)?(?P<name>[\w-]+)(?:\s*=\s*(?P<value>[\w-]+))?\s*$")
_END = re.compile(r"^\s*#end\s*$")
_PREFIX = re.compile(r"^\s*PREFIX\s+([A-Za-z][\w.-]*|):\s*<([^<>\s]*)>", re.IGNORECASE | re.MULTILINE)
_BRACKETS = {"(": ")", "{": "}", "[": "]"}


def name_of(asset: Asset) -> str:
    """Return the name of a query: its file's; the tool's own queries keep their folder, as in `system/labels`."""
    parts = asset.name.removesuffix(".rq").split("/")
    return "/".join(parts[-2:]) if parts[-2] in OWN_FOLDERS else parts[-1]


def read_query(asset: Asset, prefixes: Prefixes, kept: Kept | None = None) -> Query:
    """Read a query file.

    Args:
        asset: The file.
        prefixes: The prefixes of the model and the project.
        kept: Heads that were read before, which need not be read and checked again.

    Raises:
        QueryHeader: The header is broken, or header and body disagree; with file and line.
    """
    content = asset.read()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = Place(asset.name, content.count(b"\n", 0, error.start) + 1)
        raise QueryHeader("The file is not UTF-8.", hint="Save it as UTF-8.", where=where) from error
    lines = text.splitlines()
    reader = _HeaderReader(asset.name, lines, prefixes, prefixes.with_prefixes(dict(_PREFIX.findall(text))))
    known = kept.get(asset, text) if kept is not None else None
    header = known.header if known is not None else reader.read()
    parameters = reader.header(header)
    body = next((index for index, line in enumerate(lines) if not line.startswith("#")), len(lines))
    parts = _BodyReader(asset.name, lines, body, parameters).read()
    if known is None:
        known = Head(header, _check_body(asset.name, "\n".join(lines[body:]), body))
        if known.form == "SELECT":
            reader.check_columns(header.get("returns") or {}, projected("\n".join(lines[body:])))
        if kept is not None:
            kept.add(asset, text, known)
    topic = asset.name.split("/")[-2]
    return Query(
        name=name_of(asset),
        topic=topic,
        summary=header["summary"].strip(),
        description=(header.get("description") or "").strip(),
        tags=tuple(header.get("tags") or ()),
        parameters=parameters,
        returns=dict(header.get("returns") or {}),
        form=known.form,
        text=text,
        file=asset.name,
        parts=parts,
        chart=reader.chart(header),
    )


def projected(query: str) -> list[str] | None:
    """Return the columns that a SELECT query names, those under every condition; None where it takes all."""
    names: list[str] = []
    depth, selecting, before = 0, False, ""
    for token in gate.tokens(query):
        if not selecting:
            selecting = token.word == "SELECT"
        elif depth == 0 and (token.text == "{" or token.word in ("WHERE", "FROM")):
            break
        elif depth == 0 and token.text == "*":
            return None
        elif token.kind == "variable" and (depth == 0 or (depth == 1 and before == "AS")):
            names.append(token.text[1:])
        elif token.kind == "operator":
            depth += (token.text == "(") - (token.text == ")")
        before = token.word
    return list(dict.fromkeys(names))


def _check_body(file: str, query: str, above: int) -> str:
    """Return the form of the query below so many lines of header, if the gate lets it pass and its brackets match."""

    def line(start: int) -> int:
        return above + query.count("\n", 0, start) + 1

    try:
        form = gate.check(query)
    except Error as error:
        at = above + (error.where.line or 1) if error.where else above
        where = Place(file, max(1, min(at, line(len(query)))))
        raise QueryHeader(f"The query below the header is refused: {error.message}", where=where) from error
    found = gate.tokens(query)
    if any(token.kind == "iri" and token.text.count("(") != token.text.count(")") for token in found):
        return form  # it may be a comparison
    opened: list[gate.Token] = []
    for token in found:
        if token.kind == "operator" and token.text in _BRACKETS:
            opened.append(token)
        elif token.kind == "operator" and token.text in _BRACKETS.values():
            if not opened:
                raise QueryHeader(f"The bracket {token.text} closes none.", where=Place(file, line(token.start)))
            if _BRACKETS[opened[-1].text] != token.text:
                break
            opened.pop()
    if opened:
        said = f"The bracket {opened[-1].text} is not closed."
        raise QueryHeader(said, hint="Add the other bracket.", where=Place(file, line(opened[-1].start)))
    return form


def _line_of(lines: Sequence[str], near: str) -> int:
    """Return the first line of the header that holds a pattern, as a word; 1 if none does."""
    pattern = re.compile(rf"#\+.*(?<![\w-]){near}(?![\w-])")
    return next((number for number, line in enumerate(lines, 1) if near and pattern.match(line)), 1)


class _HeaderReader:
    """Checks a header and makes the parameters; every fault names the file and a line."""

    def __init__(self, file: str, lines: list[str], model: Prefixes, prefixes: Prefixes) -> None:
        self.file = file
        self.lines = lines
        self.model = model
        self.prefixes = prefixes

    def read(self) -> Any:
        """Return what the lines of the header hold."""
        from whatworks.yamltext import YamlFault, read_yaml  # noqa: PLC0415 - slow to import; heads may be kept

        head = {number: line[2:].removeprefix(" ") for number, line in enumerate(self.lines, 1) if line[:2] == "#+"}
        if not head:
            where = Place(self.file, 1)
            raise QueryHeader("The file has no header.", hint="Start it with: #+ summary: …", where=where)
        try:
            return read_yaml("\n".join(head.values()))
        except YamlFault as error:
            where = Place(self.file, list(head)[min(error.line, len(head)) - 1])
            raise QueryHeader(f"The header is not YAML: {error.problem}.", where=where) from error

    def fail(self, message: str, hint: str = "", *, near: str = "") -> NoReturn:
        """Report a fault at the line that holds a pattern."""
        where = Place(self.file, _line_of(self.lines, near))
        raise QueryHeader(f"Broken header: {message}", hint=hint, where=where)

    def check_columns(self, returns: Mapping[str, str], columns: Sequence[str] | None) -> None:
        """Refuse a header that explains other columns than the query has."""
        if not returns:
            self.fail("returns is missing.", "Say what each column means.")
        if columns is None:
            return
        for name in returns:
            if name not in columns:
                self.fail(f"returns explains {name!r}, which is no column of the query.", near=re.escape(f"{name}:"))
        for name in columns:
            if name not in returns:
                self.fail(f"returns does not explain the column {name!r}.", near="returns:")

    def header(self, header: Any) -> tuple[Parameter, ...]:
        if not isinstance(header, dict):
            self.fail("it holds no keys.", "Write it as `key: value` lines.")
        for key in header:
            if key not in _HEADER_KEYS:
                self.fail(
                    f"unknown key {key!r}.",
                    f"Known keys: {', '.join(sorted(_HEADER_KEYS))}.",
                    near=re.escape(f"{key}:"),
                )
        if not isinstance(header.get("summary"), str) or not header["summary"].strip():
            self.fail("summary is missing.", "Say in one sentence what the query answers.")
        self.check_forms(header)
        found = [self.parameter(item) for item in header.get("params") or []]
        names = [parameter.name for parameter in found]
        for name in names:
            if names.count(name) > 1:
                self.fail(f"parameter {name!r} is declared twice.", near=rf"name\W+{name}")
        return tuple(found)

    def chart(self, header: Mapping[str, Any]) -> Chart | None:
        """Return how the answer is drawn; its parts must be columns of the answer."""
        said = header.get("chart")
        if said is None:
            return None
        if not isinstance(said, dict) or said.get("kind") not in CHARTS:
            self.fail("chart names no kind.", f"Known kinds: {', '.join(CHARTS)}.", near="chart:")
        parts = CHARTS[said["kind"]]
        if set(said) != {"kind", *parts}:
            self.fail(f"a chart of the kind {said['kind']} has these keys: kind, {', '.join(parts)}.", near="chart:")
        for part in parts:
            if said[part] not in (header.get("returns") or {}):
                self.fail(f"chart draws {said[part]!r}, which is no column of the query.", near=f"{part}:")
        return Chart(said["kind"], {part: said[part] for part in parts})

    def check_forms(self, header: Mapping[str, Any]) -> None:
        """Refuse a key of the wrong kind."""
        for key, kind in (("tags", list), ("params", list), ("returns", dict)):
            if not isinstance(header.get(key) or kind(), kind):
                self.fail(f"{key} has the wrong form.", f"It is {_WORDS[kind]}.", near=f"{key}:")
        if not isinstance(header.get("description") or "", str):
            self.fail("description has the wrong form.", f"It is {_WORDS[str]}.", near="description:")
        for tag in header.get("tags") or []:
            if not isinstance(tag, str):
                self.fail(f"the tag {tag!r} is no text.", "Write it in quotes.", near="tags:")
        for column, meaning in (header.get("returns") or {}).items():
            if not isinstance(column, str) or not isinstance(meaning, str):
                self.fail(
                    f"returns explains {column!r} by {meaning!r}; both are texts.", "Use quotes.", near="returns:"
                )

    def parameter(self, item: Any) -> Parameter:
        name = item.get("name") if isinstance(item, dict) else None
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            self.fail(f"a parameter has no name in kebab-case: {item!r}.", near="params")
        near = rf"name\W+{name}"
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
        self.check_values(name, item, near)
        if (item["type"] == "concept") != ("scheme" in item):
            self.fail(f"parameter {name!r}: a concept, and only a concept, names its scheme.", near=near)
        if (item["type"] == "choice") != ("choices" in item):
            self.fail(f"parameter {name!r}: a choice, and only a choice, lists its choices.", near=near)
        if (item["type"] == "search") != ("class" in item):
            self.fail(f"parameter {name!r}: a search, and only a search, names the class that it finds.", near=near)
        if item["type"] == "search" and len(item.get("variables") or ()) != 2:
            self.fail(f"parameter {name!r}: a search binds two variables, the thing and its rank.", near=near)
        if "scheme" in item and item["scheme"] not in self.model.table:
            self.fail(f"parameter {name!r} names the scheme {item['scheme']!r}, which is not there.", near=near)
        variables = tuple(item.get("variables") or (variable_of(name),))
        default = item.get("default")
        return Parameter(
            name=name,
            type=item["type"],
            summary=item["summary"].strip(),
            variables=variables,
            scheme=item.get("scheme", ""),
            of_class=item.get("class", ""),
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

    def check_values(self, name: str, item: Mapping[str, Any], near: str) -> None:
        """Refuse a value of the wrong kind, which would count as something else."""
        for key, value in item.items():
            kind = _KINDS.get(key)
            if kind is not None and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
                self.fail(f"parameter {name!r}: {key} is {value!r}.", f"It is {_WORDS[kind]}.", near=near)
            if key in ("default", "example") and isinstance(value, list | dict):
                self.fail(f"parameter {name!r}: {key} is {value!r}.", "It is one value.", near=near)
        for variable in item.get("variables", ()):
            if not isinstance(variable, str) or not re.fullmatch(r"\w+", variable):
                self.fail(f"parameter {name!r}: {variable!r} is no name of a variable.", near=near)
        for word, value in item.get("choices", {}).items():
            if any(isinstance(term, list | dict) for term in (value if isinstance(value, list) else [value])):
                self.fail(f"parameter {name!r}: the choice {word!r} is no list of terms.", near=near)

    def terms(self, name: str, value: Any, count: int) -> tuple[Term, ...]:
        found: list[Term] = []
        for item in value if isinstance(value, list) else [value]:
            iri = self.prefixes.expand(item) if isinstance(item, str) else None
            found.append(iri if iri is not None else Literal(_word(item)))
        if len(found) != count:
            self.fail(f"a choice of {name!r} has {len(found)} terms for {count} variables.", near=rf"name\W+{name}")
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
                    where=Place(self.file, _line_of(self.lines, rf"name\W+{name}")),
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
            elif parts and isinstance(parts[-1], Text):
                parts[-1] = Text(f"{parts[-1].text}\n{line}")
            else:
                parts.append(Text(line))
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
