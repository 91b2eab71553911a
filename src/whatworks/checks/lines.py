"""On which line of a file something is said of a thing.

A parser forgets places, so the text is cut into tokens a second time, only when a finding asks. The file has been
parsed before, so nothing is checked here; what cannot be told has no line.
"""

import re
from bisect import bisect_left
from collections.abc import Container, Iterator
from typing import TypeAlias
from urllib.parse import urljoin

from whatworks.gate import Token, tokens
from whatworks.terms import RDF_TYPE

Spoken: TypeAlias = tuple[str, int]
Statement: TypeAlias = tuple[Spoken, ...]

_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ABSOLUTE = re.compile("[A-Za-z][A-Za-z0-9+.-]*:")
_SHORT = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_LINE = re.compile(
    r'^[ \t]*<([^>]*)>[ \t]*<([^>]*)>[ \t]*(?:<([^>]*)>|"((?:[^"\\]|\\.)*)"|_:)', re.MULTILINE | re.DOTALL
)
_NAMED_NODE = r'(?:"@?id"\s*:\s*|rdf:about\s*=\s*)"{}"'


class Lines:
    """Where a text says what, by subject, predicate and value.

    Args:
        text: The text of a file.
        format: The name of its format.
        base: The IRI that relative IRIs are resolved against.
        subjects: The only subjects that will be asked for; without them every subject may be.
    """

    def __init__(self, text: str, format: str, base: str, subjects: Container[str] | None = None) -> None:
        self._text = text
        self._ends = [match.start() for match in re.finditer("\n", text)]
        self._starts: dict[tuple[str, ...], int] = {}
        self._is_turtle = format in ("turtle", "trig", "ntriples", "nquads")
        if self._is_turtle:
            by_line = format in ("ntriples", "nquads")
            for statement in _statements_by_line(text) if by_line else _Reader(text, base).statements():
                if subjects is not None and statement[0][0] not in subjects:
                    continue
                for length in range(1, len(statement) + 1):
                    names = tuple(name for name, _ in statement[:length])
                    self._starts.setdefault(names, statement[length - 1][1])

    def find(self, *statement: str) -> int | None:
        """Return the line of a subject, of its predicate, or of a value of it; None where the text has no such."""
        if not self._is_turtle:
            match = re.search(_NAMED_NODE.format(re.escape(statement[0])), self._text) if len(statement) == 1 else None
            return self._line(match.start()) if match else None
        start = self._starts.get(statement)
        return None if start is None else self._line(start)

    def _line(self, start: int) -> int:
        return bisect_left(self._ends, start) + 1


def _statements_by_line(text: str) -> Iterator[Statement]:
    """Yield the statements of N-Triples or N-Quads, whose subject has an IRI."""
    for match in _LINE.finditer(text):
        value = match[3] if match[4] is None else match[4]
        yield (
            (plain(match[1]), match.start(1)),
            (plain(match[2]), match.start(2)),
            (plain(value or ""), match.start(2) if value is None else match.start(3 if match[4] is None else 4)),
        )


class _Reader:
    """Follows the statements of a Turtle or TriG text."""

    def __init__(self, text: str, base: str) -> None:
        self._tokens = iter(tokens(text))
        self._base = base
        self._prefixes: dict[str, str] = {}

    def statements(self) -> Iterator[Statement]:
        """Yield subject, predicate and value with where each starts; a value without a name is empty."""
        spoken: list[Spoken] = []
        outer: list[list[Spoken]] = []
        before = Token("", "", -1)
        for token in self._tokens:
            text, adjacent = token.text, before.start + len(before.text) == token.start
            before, last = token, before
            if token.kind == "operator" and text in "[(":
                outer.append(spoken)
                spoken = [("", token.start)]
            elif token.kind == "operator" and text in "])":
                spoken = [*(outer.pop() if outer else []), ("", token.start)][:3]
                yield from _named(spoken)
            elif token.kind == "operator" and text in ".{};,":
                spoken = spoken[: {";": 1, ",": 2}.get(text, 0)]
            elif self._is_directive(token) or last.text == "^^" or token.kind in ("tag", "operator"):
                continue
            elif text not in ("_", "GRAPH") and len(spoken) < 3:
                blank = adjacent and last.text == "_"
                sign = "-" if adjacent and last.text == "-" else ""
                spoken = [*spoken, ("" if blank else sign + self._term(token), token.start)]
                yield from _named(spoken)

    def _is_directive(self, token: Token) -> bool:
        word = token.text.removeprefix("@").lower() if token.kind in ("tag", "word") else ""
        if word == "prefix":
            prefix = next(self._tokens).text.removesuffix(":")
            self._prefixes[prefix] = self._term(next(self._tokens))
        elif word == "base":
            self._base = self._term(next(self._tokens))
        return word in ("prefix", "base")

    def _term(self, token: Token) -> str:
        match token.kind:
            case "iri":
                iri = plain(token.text[1:-1])
                return iri if _ABSOLUTE.match(iri) else urljoin(self._base, iri)
            case "name":
                prefix, _, local = token.text.partition(":")
                return self._prefixes.get(prefix, "") + re.sub(r"\\(.)", r"\1", local)
            case "string":
                quotes = 3 if token.text[:3] in ('"""', "'''") and len(token.text) > 5 else 1
                return plain(token.text[quotes:-quotes])
        return str(RDF_TYPE) if token.text == "a" else token.text


def _named(spoken: list[Spoken]) -> Iterator[Statement]:
    if len(spoken) == 3 and all(name for name, _ in spoken[:2]):
        yield tuple(spoken)


def plain(text: str) -> str:
    """Return a text as it stands between quotes without its escapes."""
    if "\\" not in text:
        return text

    def unescaped(match: re.Match[str]) -> str:
        if code := match[1] or match[2]:
            return chr(int(code, 16))
        return _SHORT.get(match[3], match[3])

    return _ESCAPE.sub(unescaped, text)
