"""The grammar of look-ups, far smaller than that of SPARQL: `bounded` says why what it takes is small.

The text is cut where the gate cuts it, by the same pattern; nothing is put into objects that need not be.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple, TypeAlias

import pyoxigraph as ox

from whatworks import gate

_VALUES = 16
_A = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_END = ""  # stands after the last piece

Part: TypeAlias = "ox.NamedNode | str"  # a name, a variable by its sign and name, or nothing for a literal


class Pattern(NamedTuple):
    """A pattern of a query."""

    subject: Part
    predicate: Part
    object: Part


class Other(Exception):
    """It is no look-up."""


def pieces(query: str) -> list[str]:
    """Cut a query into the texts of its tokens, in a third of the time of `gate.tokens`.

    A run of letters is left whole, such as `a-b`, of which tokens are three.
    """
    return [piece for piece in _piece(query.isascii()).findall(query) if piece and piece[0] != "#"]


@cache
def _piece(ascii: bool) -> re.Pattern[str]:
    """Return the pattern of a token as one group, without its kind."""
    token = gate.patterns(ascii)[0]
    return re.compile(re.sub("[?]P<[a-z]+>", "?:", token.pattern).replace("(?:", "(", 1), token.flags)


class Reading:
    """Reads a query, piece by piece.

    Attributes:
        patterns: Its patterns.
        values: The names that a variable is limited to.
        standalone: Whether it has used no prefix that it does not declare.
    """

    def __init__(self, found: list[str], prefixes: Mapping[str, str]) -> None:
        self._pieces, self._at = [*found, _END], 0
        self._signs = [piece.upper() for piece in self._pieces]
        self._prefixes, self._given, self.standalone = dict[str, str](), prefixes, True
        self.patterns: list[Pattern] = []
        self.values: dict[str, list[ox.NamedNode]] = {}
        self._is_distinct = False

    @property
    def is_simple(self) -> bool:
        """Whether each step of the engine gives a row: one pattern without a variable that is in it twice."""
        if self._is_distinct or len(self.patterns) > 1 or len(self.values) > 1:
            return False
        variables = [part for pattern in self.patterns for part in pattern if isinstance(part, str) and part]
        for pattern in self.patterns:
            if not (self.named(pattern.subject) or self.named(pattern.object)):
                raise Other
        return len(variables) == len(set(variables))

    def named(self, part: Part) -> Sequence[ox.NamedNode]:
        """Return the names that a part can have; none where it can be anything."""
        return [part] if isinstance(part, ox.NamedNode) else self.values.get(part, ())

    def query(self) -> str:
        """Read the whole; return its form.

        Raises:
            Other: It is no look-up.
            ValueError: A name is none, as the engine says.
        """
        while self._has("PREFIX"):
            name, _, local = self._name_in(self._next()).partition(":")
            self._prefixes[name] = self._iri_in(self._next())
            if local:
                raise Other
        form = self._signs[self._at]
        self._at += 1
        match form:
            case "SELECT":
                self._is_distinct = self._has("DISTINCT")
                self._columns()
            case "CONSTRUCT":
                if self._pieces[self._at] == "{":
                    self._template()
            case "DESCRIBE":
                self._name(self._next())
                while self._pieces[self._at][:1] == "<" or ":" in self._pieces[self._at]:
                    self._name(self._next())
            case "ASK":
                pass
            case _:
                raise Other
        if form != "DESCRIBE":
            self._has("WHERE")
            self._group(0)
        if self._has("LIMIT") and not self._next()[:1].isdigit():
            raise Other
        if self._pieces[self._at] != _END:
            raise Other
        return form

    # ---- parts of a query ----

    def _columns(self) -> None:
        if not self._has("*"):
            self._variable(self._next())
            while self._pieces[self._at][:1] in ("?", "$"):
                self._variable(self._next())

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
                    raise Other
                self._group(depth + 1)
                self._has(".")
            elif self._has("VALUES"):
                if depth:  # it would limit what is in this group alone
                    raise Other
                self._listed()
                self._has(".")
            else:
                self._pattern()

    def _listed(self) -> None:
        """Read the names that a variable is limited to."""
        variable = self._variable(self._next())
        if variable in self.values:
            raise Other
        found = self.values[variable] = list[ox.NamedNode]()
        self._expect("{")
        while not self._has("}"):
            found.append(self._name(self._next()))
            if len(found) > _VALUES:
                raise Other

    def _pattern(self) -> None:
        """Read patterns of one subject, with the dot after them where there is one."""
        subject, signs = self._part(self._next()), self._signs
        while True:
            predicate: Part = _A if self._has("A") else self._part(self._next())
            self.patterns.append(Pattern(subject, predicate, self._object()))
            while self._has(","):
                self.patterns.append(Pattern(subject, predicate, self._object()))
            if not self._has(";") or signs[self._at] in ("}", "."):
                break
        if not self._has(".") and signs[self._at] not in ("}", "OPTIONAL", "VALUES"):
            raise Other

    def _object(self) -> Part:
        piece = self._next()
        first = piece[:1]
        if first in ("'", '"'):
            # A quote that is not closed on its line begins the rest of the text, whatever that ends with.
            if piece[:3] in ('"""', "'''") or piece[1:].find(first) != len(piece) - 2 or "\n" in piece or "\r" in piece:
                raise Other
            if self._pieces[self._at][:1] == "@":
                self._at += 1
            elif self._has("^^"):
                self._name(self._next())
            return ""
        return "" if first.isdigit() or self._signs[self._at - 1] in ("TRUE", "FALSE") else self._part(piece)

    # ---- pieces ----

    def _part(self, piece: str) -> Part:
        return self._variable(piece) if piece[:1] in ("?", "$") else self._name(piece)

    def _variable(self, piece: str) -> str:
        if piece[:1] not in ("?", "$") or len(piece) == 1:
            raise Other
        return "?" + piece[1:]

    def _name(self, piece: str) -> ox.NamedNode:
        if piece[:1] == "<":
            return ox.NamedNode(self._iri_in(piece))
        prefix, _, local = self._name_in(piece).partition(":")
        start = self._prefixes.get(prefix)
        if start is None:
            start, self.standalone = self._given.get(prefix), False
        if start is None or prefix == "_" or "%" in local:
            raise Other
        return ox.NamedNode(start + local)

    def _iri_in(self, piece: str) -> str:
        """Return what is within the brackets of an IRI; `<` may be a sign as well."""
        if piece[:1] != "<" or piece[-1] != ">":
            raise Other
        return piece[1:-1]

    def _name_in(self, piece: str) -> str:
        """Return a name with a prefix; all else that has a colon begins with a sign of its own."""
        if ":" not in piece or piece[0] in "<\"'":
            raise Other
        return piece

    def _next(self) -> str:
        """Take the next piece; whoever takes the end of all finds that it is nothing that may stand there."""
        self._at += 1
        return self._pieces[self._at - 1]

    def _expect(self, sign: str) -> None:
        if not self._has(sign):
            raise Other

    def _has(self, sign: str) -> bool:
        """Take a sign, or a word in upper case, if it comes next."""
        if self._signs[self._at] != sign:
            return False
        self._at += 1
        return True
