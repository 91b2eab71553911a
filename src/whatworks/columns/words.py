"""Reads the words and terms of a query, one token after the other.

Only literals that an engine would write as they stand are read: the engine keeps `01` and `1` as one number, so a text
that is written in another way than the data is left to it.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from whatworks.columns.algebra import NotCovered, Values, Var
from whatworks.gate import Token, tokens
from whatworks.terms import XSD, XSD_BOOLEAN, XSD_DECIMAL, XSD_INTEGER, XSD_STRING, Iri, Literal, Term, is_iri

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")
_DECIMAL = re.compile(r"-?[0-9]{1,15}\.[0-9]{1,15}")
_FORMS = {
    "integer": _INTEGER,
    "date": re.compile(r"[12][0-9]{3}-[01][0-9]-[0-3][0-9]"),
    "gYear": re.compile(r"[12][0-9]{3}"),
    "boolean": re.compile(r"true|false"),
}
_ESCAPES = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_END = Token("end", "", 0)
_LONG = 2000  # letters of a line of VALUES that is read once for several queries
GIVEN = "given"  # the kind of the token that such a line is


def cut(text: str) -> list[Token]:
    """Cut a text into tokens; a long line of VALUES, such as what a search found, is one."""
    if len(text) < _LONG or "'''" in text or '"""' in text:  # in such strings a line may begin with anything
        return tokens(text)
    found, lines = list[Token](), list[str]()
    for line in text.split("\n"):
        if len(line) < _LONG or not line.lstrip().startswith("VALUES"):
            lines.append(line)
            continue
        found += [*tokens("\n".join(lines)), Token(GIVEN, line, 0)]
        lines = []
    return [*found, *tokens("\n".join(lines))]


@lru_cache(16)
def given(line: str) -> Values:
    """Read such a line; several queries come with the same.

    Raises:
        NotCovered: It holds more than that.
    """
    reader = Words(tokens(line))
    reader.expect("VALUES")
    found = reader.values()
    if not reader.at_end:
        raise NotCovered("more on a long line of VALUES")
    return found


class Words:
    """Reads tokens one after the other."""

    def __init__(self, found: list[Token]) -> None:
        self._tokens = [*found, _END]
        self._at = 0
        self._prefixes: dict[str, str] = {}

    @property
    def token(self) -> Token:
        """The token that stands here."""
        return self._tokens[self._at]

    @property
    def word(self) -> str:
        """The keyword that stands here in capitals, nothing where there is none."""
        return self._tokens[self._at].word

    def next(self) -> Token:
        """Take the token and go on."""
        token = self._tokens[self._at]
        if token is _END:
            raise NotCovered("the query ends early")
        self._at += 1
        return token

    def takes(self, text: str) -> bool:
        """Go on if this sign or word stands here."""
        token = self.token
        if (token.kind == "operator" and token.text == text) or (token.word and token.word == text):
            self._at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        """Take this sign or word, which must stand here."""
        if not self.takes(text):
            raise NotCovered(f"{self.token.text!r} where {text} is expected")

    @property
    def at_end(self) -> bool:
        """Whether all tokens are taken."""
        return self.token is _END

    def prologue(self, known: Mapping[str, str]) -> None:
        """Take the prefixes; some are known before."""
        self._prefixes.update(known)
        while self.takes("PREFIX"):
            name, iri = self.next(), self.next()
            if name.kind != "name" or not name.text.endswith(":") or iri.kind != "iri" or "\\" in iri.text:
                raise NotCovered("PREFIX")
            self._prefixes[name.text[:-1]] = iri.text[1:-1]

    def variable(self) -> Var:
        """Take a variable."""
        token = self.next()
        if token.kind != "variable":
            raise NotCovered(f"{token.text!r} where a variable is expected")
        return Var(token.text[1:])

    def values(self) -> Values:
        """Take what stands after VALUES."""
        several = self.takes("(")
        variables = [self.variable()]
        while several and not self.takes(")"):
            variables.append(self.variable())
        self.expect("{")
        rows = []
        while not self.takes("}"):
            if several:
                self.expect("(")
            rows.append(tuple(self.term() for _ in variables))
            if several:
                self.expect(")")
        return Values(tuple(variables), tuple(rows))

    def iri(self) -> Iri:
        """Take an IRI or a prefixed name."""
        token = self.next()
        if token.kind == "iri":
            found = token.text[1:-1]
        elif token.kind == "name":
            prefix, _, local = token.text.partition(":")
            if prefix not in self._prefixes or "\\" in local:
                raise NotCovered(f"the name {token.text}")
            found = self._prefixes[prefix] + local
        else:
            raise NotCovered(f"{token.text!r} where an IRI is expected")
        if not is_iri(found):
            raise NotCovered("a relative IRI")
        return Iri(found)

    def term(self) -> Term:
        """Take an IRI or a literal."""
        token = self.token
        if token.kind == "string":
            return self.literal()
        if token.kind == "number" or token.text == "-":
            sign = "-" if self.takes("-") else ""
            return _number(sign + self.next().text)
        if token.word in ("TRUE", "FALSE"):
            return Literal(self.next().text.lower(), "", XSD_BOOLEAN)
        return self.iri()

    def literal(self) -> Literal:
        """Take a literal in quotes."""
        value = unquoted(self.next())
        if self.token.kind == "tag":
            language = self.next().text[1:]
            if language != language.lower() or "--" in language:
                raise NotCovered("a language tag in capitals")
            return Literal.text(value, language)
        if self.takes("^^"):
            return _typed(value, self.iri())
        return Literal(value)


def unquoted(token: Token) -> str:
    """Return the text of a string in quotes."""
    if token.kind != "string":
        raise NotCovered(f"{token.text!r} where a text is expected")
    size = 3 if token.text[:3] in ('"""', "'''") and len(token.text) >= 6 else 1
    return _ESCAPE.sub(_character, token.text[size:-size])


def _character(match: re.Match[str]) -> str:
    if match[3] is None:
        code = int(match[1] or match[2], 16)
        if code > 0x10FFFF or 0xD800 <= code < 0xE000:
            raise NotCovered("half a character")
        return chr(code)
    if match[3] not in _ESCAPES:
        raise NotCovered("an escape")
    return _ESCAPES[match[3]]


def _number(text: str) -> Literal:
    if _INTEGER.fullmatch(text):
        return Literal(text, "", XSD_INTEGER)
    if _DECIMAL.fullmatch(text):
        return Literal(written_decimal(Decimal(text)), "", XSD_DECIMAL)
    raise NotCovered(f"the number {text}")


def written_decimal(value: Decimal) -> str:
    """Return a decimal as the engine writes it: without zeros that say nothing."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def _typed(value: str, datatype: Iri) -> Literal:
    """Return a literal that is written as the engine would write it."""
    if datatype == XSD_STRING:
        return Literal(value)
    if datatype.startswith(XSD):
        form = _FORMS.get(datatype.removeprefix(XSD))
        if datatype == XSD_DECIMAL and _DECIMAL.fullmatch(value):
            return _number(value)
        if form is None or not form.fullmatch(value):
            raise NotCovered(f"a literal of {datatype}")
    elif datatype.startswith(("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://www.opengis.net/")):
        raise NotCovered(f"a literal of {datatype}")
    return Literal(value, "", datatype)
