"""RDF terms as plain values, and the one strict writer of them.

`Iri`, `Literal`, `BlankNode`, `Triple` and `Quad` carry data between the modules; `write_term` writes one term so that
no value can end it early, in N-Triples, Turtle and SPARQL alike.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from whatworks.errors import InvalidTerm

XSD = "http://www.w3.org/2001/XMLSchema#"


class Iri(str):
    """An absolute IRI."""

    __slots__ = ()

    @property
    def code(self) -> str:
        """The last part of the IRI, by which people name the thing: `.../stage/pilot` is `pilot`."""
        return re.split(r"[/#]", self.rstrip("/#"))[-1]


XSD_STRING = Iri(XSD + "string")
XSD_INTEGER = Iri(XSD + "integer")
XSD_DECIMAL = Iri(XSD + "decimal")
XSD_BOOLEAN = Iri(XSD + "boolean")
XSD_DATETIME = Iri(XSD + "dateTime")
LANG_STRING = Iri("http://www.w3.org/1999/02/22-rdf-syntax-ns#langString")
RDF_TYPE = Iri("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")


@dataclass(frozen=True, slots=True, order=True)
class Literal:
    """A literal: its text, its language tag (empty if none) and its datatype."""

    value: str
    language: str = ""
    datatype: Iri = XSD_STRING

    @classmethod
    def text(cls, value: str, language: str) -> "Literal":
        """Return a text in a language."""
        return cls(value, language, LANG_STRING)

    @classmethod
    def integer(cls, value: int) -> "Literal":
        """Return a whole number."""
        return cls(str(value), "", XSD_INTEGER)


@dataclass(frozen=True, slots=True, order=True)
class BlankNode:
    """A node without an IRI, named within one document only."""

    name: str


Node: TypeAlias = Iri | BlankNode
Term: TypeAlias = Iri | Literal | BlankNode


class Triple(NamedTuple):
    """A statement."""

    subject: Node
    predicate: Iri
    object: Term


class Quad(NamedTuple):
    """A statement and the named graph that holds it (None: the default graph)."""

    subject: Node
    predicate: Iri
    object: Term
    graph: Iri | None = None

    @property
    def triple(self) -> Triple:
        """The statement without its graph."""
        return Triple(self.subject, self.predicate, self.object)


# RFC 3987 as far as parsers hold people to it: brackets only around an IPv6 host, one `#`, whole percent escapes.
_CHAR = r"(?:[^\x00-\x20<>\"{}|^`\\\[\]%#\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufff0-\uffff]|%[0-9A-Fa-f]{2})"
_IRI = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.-]*:(?://(?:[^/?#\[\]]*@)?\[[0-9A-Fa-f:.]+\](?=[:/?#]|$))?{_CHAR}*(?:#{_CHAR}*)?"
)
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_FORBIDDEN = re.compile(r"[\x00\ud800-\udfff\ufffe\uffff]")
# Engines differ on whether \uXXXX is replaced before or after a text is cut into tokens. Neither a raw control
# character nor a backslash followed by a raw `u` is ever written, so both readings give the same text.
_ESCAPED = re.compile(r'\\[uU]|[\\"\x01-\x1f\x7f-\x9f]')
_SHORT = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escape(match: re.Match[str]) -> str:
    found = match.group()
    if len(found) == 2:
        return "\\\\" + f"\\u{ord(found[1]):04X}"
    return _SHORT.get(found) or f"\\u{ord(found):04X}"


def is_iri(text: str) -> bool:
    """Say whether the text is an absolute IRI that every parser accepts."""
    return _IRI.fullmatch(text) is not None


def write_literal_text(value: str) -> str:
    """Write the text of a literal between double quotes.

    Raises:
        InvalidTerm: The text holds NUL, a lone surrogate or a non-character.
    """
    if bad := _FORBIDDEN.search(value):
        raise InvalidTerm(
            f"The character U+{ord(bad.group()):04X} cannot stand in a text.",
            hint="Remove it; it is not printable and usually comes from a damaged file.",
        )
    return f'"{_ESCAPED.sub(_escape, value)}"'


def write_term(term: Term) -> str:
    """Write one term in the form that N-Triples, Turtle and SPARQL share.

    Raises:
        InvalidTerm: The IRI, language tag or text cannot be written.
    """
    match term:
        case Iri():
            if not is_iri(term):
                raise InvalidTerm(
                    f"{term!r} is not an absolute IRI.",
                    hint="Write it without spaces, quotes or angle brackets.",
                )
            return f"<{term}>"
        case Literal():
            text = write_literal_text(term.value)
            if term.language:
                if not _LANGUAGE.fullmatch(term.language):
                    raise InvalidTerm(
                        f"{term.language!r} is not a language tag.", hint="Use a tag such as en or pt-BR."
                    )
                return f"{text}@{term.language}"
            return text if term.datatype == XSD_STRING else f"{text}^^{write_term(term.datatype)}"
        case BlankNode():
            return f"_:{term.name}"
