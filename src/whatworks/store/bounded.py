"""Look-ups: queries whose work is small whatever the engine does, so that no process stands apart to be stopped.

What is taken for one is read by a grammar of its own, far smaller than that of SPARQL: no filter, function, path,
order or group, and each pattern has its subject or its object named, or listed by VALUES. All else is none.

Two things bound it. Where one pattern is asked for, each step of the engine gives a row, and the writing ends with the
first byte too many. Where there are several, no order of joining them has more partial answers than the product of how
many statements each one matches, so these are counted first, up to that bound.
"""

import io
from collections.abc import Mapping, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple, TypeAlias

import pyoxigraph as ox

from whatworks import gate
from whatworks.errors import Error
from whatworks.gate import Token
from whatworks.results import Boolean
from whatworks.store.answering import formatted
from whatworks.store.convert import RESULT_FORMATS
from whatworks.store.embedded import EmbeddedStore, told
from whatworks.store.protocol import Limits

_CHARACTERS, _TOKENS = 4096, 120
_STEPS = 2000  # so many at most where there are several patterns: one for each partial answer of each pattern
_BYTES = 1 << 16  # a longer answer to one pattern is given up, and left to a process apart
_VALUES = 16
_AT_ONCE = ("json", "xml", "tsv")  # the engine's own writing of rows is what is sent
# Limits that are lower than this could cut a look-up, which is then said by the process that cuts.
_LEAST_ROWS, _LEAST_BYTES = _BYTES // 8, _BYTES * 16

_Part: TypeAlias = "ox.NamedNode | str"  # a name, a variable by its sign and name, or nothing for a literal


class _Pattern(NamedTuple):
    subject: _Part
    predicate: _Part
    object: _Part


class _Other(Exception):
    """It is no look-up."""


class _Enough(Exception):
    """The answer is too long."""


class LookUp(NamedTuple):
    """A query that is a look-up.

    Attributes:
        text: The query.
        form: SELECT, ASK, CONSTRUCT or DESCRIBE.
        is_counted: Whether it is known how many rows it can have; else what is written has to be watched.
        standalone: Whether it declares all its prefixes.
    """

    text: str
    form: str
    is_counted: bool
    standalone: bool


def look_up(store: EmbeddedStore, text: str) -> LookUp | None:
    """Return a query as a look-up; None if it is none.

    Args:
        store: What it is asked of.
        text: The query. It need not have passed the gate: a look-up would pass.
    """
    if len(text) > _CHARACTERS or "(" in text or "\\" in text:
        return None
    found = gate.tokens(text)
    if len(found) > _TOKENS:
        return None
    reading = _Reading(found, store.prefixes or {})
    try:
        form = reading.query()
        counted = not reading.is_simple
        if counted and _steps(reading, store.engine) > _STEPS:
            return None
        return LookUp(text, form, is_counted=counted, standalone=reading.standalone)
    except (_Other, ValueError):  # the engine says of some names that they are none
        return None


def answered(store: EmbeddedStore, asked: LookUp, format: str, limits: Limits) -> bytes | None:
    """Return the answer to a look-up, the same bytes as a process apart gives; None where one is to be asked.

    Args:
        store: The store.
        asked: The look-up.
        format: For rows json, xml, csv or tsv; for statements turtle, ntriples, rdfxml, trig or jsonld.
        limits: What a query may cost.
    """
    if (limits.rows or _LEAST_ROWS) < _LEAST_ROWS or (limits.bytes or _LEAST_BYTES) < _LEAST_BYTES:
        return None
    short = None if asked.is_counted else _Short()
    try:
        found = store.raw(asked.text, standalone=asked.standalone)
        if isinstance(found, ox.QueryBoolean):
            return Boolean(bool(found)).write(format)
        rows = isinstance(found, ox.QuerySolutions)
        with told:
            if isinstance(found, ox.QuerySolutions):
                syntax = RESULT_FORMATS[format if format in _AT_ONCE else "tsv"]
                content = found.serialize(short, format=syntax)
            else:
                content = found.serialize(short, format=ox.RdfFormat.N_TRIPLES)
    except (_Enough, Error):  # a process apart says what is wrong
        return None
    content = (content or b"") if short is None else short.getvalue()
    return content if format in _AT_ONCE else formatted(content, format, store.prefixes, rows=rows)


class _Short(io.BytesIO):
    """Takes an answer that is not long."""

    def write(self, content: Any) -> int:
        """Take some bytes."""
        if self.tell() + len(content) > _BYTES:
            raise _Enough
        return super().write(content)


def _steps(reading: "_Reading", engine: ox.Store) -> int:
    """Return how many steps the engine takes at most; once there are too many, it is not counted on."""
    partial = 1
    for names in reading.values.values():
        partial *= max(1, len(names))
    for pattern in reading.patterns:
        if (steps := partial * len(reading.patterns)) > _STEPS:
            return steps
        partial *= max(1, _statements(pattern, reading.values, engine))
    return partial * len(reading.patterns)


def _statements(pattern: _Pattern, values: Mapping[str, Sequence[ox.NamedNode]], engine: ox.Store) -> int:
    """Return how many statements a pattern matches, of each value that its subject or object may have."""
    predicate = pattern.predicate if isinstance(pattern.predicate, ox.NamedNode) else None
    subjects, objects = _named(pattern.subject, values), _named(pattern.object, values)
    if subjects:
        found = (engine.quads_for_pattern(each, predicate, None, None) for each in subjects)
    elif objects:
        found = (engine.quads_for_pattern(None, predicate, each, None) for each in objects)
    else:
        raise _Other
    return len(list(islice(chain.from_iterable(found), _STEPS + 1)))


def _named(part: _Part, values: Mapping[str, Sequence[ox.NamedNode]]) -> Sequence[ox.NamedNode]:
    return [part] if isinstance(part, ox.NamedNode) else values.get(part, ())


class _Reading:
    """Reads a query, token by token, by the grammar of look-ups.

    Attributes:
        patterns: Its patterns.
        values: The names that a variable is limited to.
        standalone: Whether it has used no prefix that it does not declare.
    """

    def __init__(self, found: list[Token], prefixes: Mapping[str, str]) -> None:
        self._tokens, self._at = [*found, _END], 0
        self._signs = [token.text.upper() if token.kind == "word" else token.text for token in self._tokens]
        self._prefixes, self._given, self.standalone = dict[str, str](), prefixes, True
        self.patterns: list[_Pattern] = []
        self.values: dict[str, list[ox.NamedNode]] = {}
        self._is_distinct = False

    @property
    def is_simple(self) -> bool:
        """Whether each step of the engine gives a row: one pattern without a variable that is in it twice."""
        if self._is_distinct or len(self.patterns) > 1 or len(self.values) > 1:
            return False
        variables = [part for pattern in self.patterns for part in pattern if isinstance(part, str) and part]
        for pattern in self.patterns:
            if not (_named(pattern.subject, self.values) or _named(pattern.object, self.values)):
                raise _Other
        return len(variables) == len(set(variables))

    def query(self) -> str:
        """Read the whole; return its form."""
        while self._has("PREFIX"):
            name, _, local = self._taken("name").partition(":")
            self._prefixes[name] = self._taken("iri")[1:-1]
            if local:
                raise _Other
        form = self._signs[self._at]
        self._at += 1
        match form:
            case "SELECT":
                self._is_distinct = self._has("DISTINCT")
                self._columns()
            case "CONSTRUCT":
                if self._peek().text == "{":
                    self._template()
            case "DESCRIBE":
                self._name(self._next())
                while self._peek().kind in ("iri", "name"):
                    self._name(self._next())
            case "ASK":
                pass
            case _:
                raise _Other
        if form != "DESCRIBE":
            self._has("WHERE")
            self._group(0)
        if self._has("LIMIT"):
            self._taken("number")
        if self._peek().kind != "end":
            raise _Other
        return form

    # ---- parts of a query ----

    def _columns(self) -> None:
        if not self._has("*"):
            self._taken("variable")
            while self._peek().kind == "variable":
                self._at += 1

    def _template(self) -> None:
        """Read a template; its patterns ask for nothing."""
        asked = len(self.patterns)
        self._expect("{")
        while not self._has("}"):
            self._pattern()
        del self.patterns[asked:]

    def _group(self, depth: int) -> None:
        self._expect("{")
        while not self._has("}"):
            if self._has("OPTIONAL"):
                if depth > 3:
                    raise _Other
                self._group(depth + 1)
                self._has(".")
            elif self._has("VALUES"):
                if depth:  # it would limit what is in this group alone
                    raise _Other
                self._listed()
                self._has(".")
            else:
                self._pattern()

    def _listed(self) -> None:
        """Read the names that a variable is limited to."""
        variable = "?" + self._taken("variable")[1:]
        if variable in self.values:
            raise _Other
        found = self.values[variable] = list[ox.NamedNode]()
        self._expect("{")
        while not self._has("}"):
            found.append(self._name(self._next()))
            if len(found) > _VALUES:
                raise _Other

    def _pattern(self) -> None:
        """Read patterns of one subject, with the dot after them where there is one."""
        subject, signs = self._part(self._next()), self._signs
        while True:
            predicate: _Part = _A if self._has("A") else self._part(self._next())
            self.patterns.append(_Pattern(subject, predicate, self._object()))
            while self._has(","):
                self.patterns.append(_Pattern(subject, predicate, self._object()))
            if not self._has(";") or signs[self._at] in ("}", "."):
                break
        if not self._has(".") and signs[self._at] not in ("}", "OPTIONAL", "VALUES"):
            raise _Other

    def _object(self) -> _Part:
        token = self._next()
        if token.kind == "string":
            if token.text[:3] in ('"""', "'''"):
                raise _Other
            if self._peek().kind == "tag":
                self._at += 1
            elif self._has("^^"):
                self._name(self._next())
            return ""
        return "" if token.kind == "number" or self._signs[self._at - 1] in ("TRUE", "FALSE") else self._part(token)

    # ---- tokens ----

    def _part(self, token: Token) -> _Part:
        return "?" + token.text[1:] if token.kind == "variable" else self._name(token)

    def _name(self, token: Token) -> ox.NamedNode:
        if token.kind == "iri":
            return ox.NamedNode(token.text[1:-1])
        if token.kind == "name":
            prefix, _, local = token.text.partition(":")
            start = self._prefixes.get(prefix)
            if start is None:
                start, self.standalone = self._given.get(prefix), False
            if start is not None and prefix != "_" and "%" not in local:
                return ox.NamedNode(start + local)
        raise _Other

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        """Take the next token; whoever takes the end of all finds that it is nothing that may stand there."""
        self._at += 1
        return self._tokens[self._at - 1]

    def _taken(self, kind: str) -> str:
        token = self._next()
        if token.kind != kind:
            raise _Other
        return token.text

    def _expect(self, sign: str) -> None:
        if not self._has(sign):
            raise _Other

    def _has(self, sign: str) -> bool:
        """Take a sign, or a word in upper case, if it comes next."""
        if self._signs[self._at] != sign:
            return False
        self._at += 1
        return True


_END = Token("end", "", 0)
_A = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
