"""RDF terms as plain values, and the one strict writer of them.

`Iri`, `Literal`, `BlankNode`, `Triple` and `Quad` carry data between the modules; `write_term` writes one term so that
no value can end it early, in N-Triples, Turtle and SPARQL alike.
"""

import re
from functools import cache
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

    @property
    def namespace(self) -> str:
        """The IRI up to its last slash or number sign: that of `.../stage/pilot` is `.../stage/`."""
        return self[: max(self.rfind("#"), self.rfind("/")) + 1]


XSD_STRING = Iri(XSD + "string")
XSD_INTEGER = Iri(XSD + "integer")
XSD_DECIMAL = Iri(XSD + "decimal")
XSD_BOOLEAN = Iri(XSD + "boolean")
XSD_DATE = Iri(XSD + "date")
XSD_DATETIME = Iri(XSD + "dateTime")
LANG_STRING = Iri("http://www.w3.org/1999/02/22-rdf-syntax-ns#langString")
RDF_TYPE = Iri("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")


class Literal(NamedTuple):
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


class BlankNode(NamedTuple):
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


# RFC 3987 as far as parsers hold people to it: brackets only around an IPv6 host, a port of digits, one `#`, whole
# percent escapes, no private characters and no non-characters.
_UCS = "\xa0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef" + "".join(
    f"{chr(plane * 0x10000 + (0x1000 if plane == 0xE else 0))}-{chr(plane * 0x10000 + 0xFFFD)}"
    for plane in range(1, 0xF)
)
# Nearly all IRIs are of this form, for which no larger pattern need be made.
_PLAIN_IRI = re.compile(r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*/[A-Za-z0-9._~/-]*(?:#[A-Za-z0-9._~/-]*)?")


@cache
def _iri_pattern(ascii: bool) -> re.Pattern[str]:
    """Return the pattern of an IRI; that of a text in ASCII is made in a tenth of the time."""
    other = "%[0-9A-Fa-f]{2}" if ascii else f"[{_UCS}]|%[0-9A-Fa-f]{{2}}"
    host = rf"(?:[A-Za-z0-9._~!$&'()*+,;=-]|{other})"
    char = rf"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|{other})"
    authority = rf"(?:(?:{host}|:)*@)?(?:\[([0-9A-Fa-f:.]+)\]|{host}*)(?::[0-9]*)?(?![^/?#])"
    return re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*:(?://{authority}|(?!//)){char}*(?:#{char}*)?")


# BCP 47, without the irregular tags of old.
_LANGUAGE = (
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(?:-[a-wy-z0-9](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?"
    r"|x(?:-[a-z0-9]{1,8})+"
)
_BLANK_NODE = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
_FORBIDDEN = re.compile(r"[\x00\ud800-\udfff\ufffe\uffff]")
# Engines differ on whether \uXXXX is replaced before or after a text is cut into tokens. Neither a raw control
# character nor a backslash followed by a raw `u` is ever written, so both readings give the same text. Escapes have
# eight digits, because some take \uXXXX and four more hexadecimal digits for one character.
_ESCAPED = re.compile(r'\\[uU]|[\\"\x01-\x1f\x7f-\x9f]')
_SHORT = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escape(match: re.Match[str]) -> str:
    found = match.group()
    if len(found) == 2:
        return "\\\\" + f"\\U{ord(found[1]):08X}"
    return _SHORT.get(found) or f"\\U{ord(found):08X}"


def is_part_name(text: str) -> bool:
    """Say whether the text can name a part of a thing, after the number sign of its IRI: `factor-1`."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._~-]*", text) is not None


def is_iri(text: str) -> bool:
    """Say whether the text is an absolute IRI that every parser accepts."""
    if ":" not in text:
        return False
    if _PLAIN_IRI.fullmatch(text):
        return True
    if (match := _iri_pattern(text.isascii()).fullmatch(text)) is None:
        return False
    return match[1] is None or _is_address(match[1])


def _is_address(text: str) -> bool:
    from ipaddress import AddressValueError, IPv6Address  # noqa: PLC0415 - hardly ever needed

    try:
        return bool(IPv6Address(text))
    except AddressValueError:
        return False


@cache
def _language_pattern() -> re.Pattern[str]:
    return re.compile(_LANGUAGE, re.IGNORECASE | re.ASCII)


def is_language(text: str) -> bool:
    """Say whether the text is a language tag."""
    return _language_pattern().fullmatch(text) is not None


def write_literal_text(value: str) -> str:
    """Write the text of a literal between double quotes.

    Raises:
        InvalidTerm: The text holds NUL, a lone surrogate or a non-character.
    """
    if value.isprintable() and '"' not in value and "\\" not in value:  # nearly all, and much quicker to see
        return f'"{value}"'
    if bad := _FORBIDDEN.search(value):
        raise InvalidTerm(
            f"The character U+{ord(bad.group()):04X} cannot stand in a text.",
            hint="Remove it; it is not printable and usually comes from a damaged file.",
        )
    return f'"{_ESCAPED.sub(_escape, value)}"'


def write_term(term: Term) -> str:
    """Write one term in the form that N-Triples, Turtle and SPARQL share.

    Raises:
        InvalidTerm: The IRI, language tag, text or name of a blank node cannot be written.
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
                if not is_language(term.language):
                    raise InvalidTerm(
                        f"{term.language!r} is not a language tag.", hint="Use a tag such as en or pt-BR."
                    )
                return f"{text}@{term.language}"
            return text if term.datatype == XSD_STRING else f"{text}^^{write_term(term.datatype)}"
        case BlankNode():
            if not _BLANK_NODE.fullmatch(term.name):
                raise InvalidTerm(f"{term.name!r} is no name of a blank node.", hint="Use letters, digits and hyphens.")
            return f"_:{term.name}"
