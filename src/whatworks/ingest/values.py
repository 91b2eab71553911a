"""One value of a record into one RDF term, by the kind that the mapping gives its field."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from whatworks.ingest.mapping import FieldMapping
from whatworks.lookup import Lookup
from whatworks.namespaces import is_key
from whatworks.terms import XSD_BOOLEAN, XSD_DECIMAL, Iri, Literal, Term, is_iri

_MAXIMUM_EXPONENT = 100  # beyond it a number stays as it was written, and is no decimal number
_UNWRITABLE = re.compile(r"[\x00\ud800-\udfff\ufffe\uffff]")


def text_of(value: Any) -> str:
    """Return a plain value as text, as a person would write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal) and abs(value.adjusted()) <= _MAXIMUM_EXPONENT:
        return format(value, "f")
    return str(value).strip()


def check_text(text: str) -> None:
    """Refuse what cannot be written.

    Raises:
        ValueError: As `term_of` does.
    """
    if _UNWRITABLE.search(text):
        raise ValueError("holds a character that cannot stand in a text.")


def term_of(mapping: FieldMapping, text: str, thing: Iri, lookup: Lookup) -> Term:
    """Return the term of a value.

    Args:
        mapping: What the field is.
        text: The value as text.
        thing: The thing that the record is about, for references to its parts.
        lookup: Finds concepts.

    Raises:
        ValueError: The text is not of the kind; the message completes the sentence "the value …".
        UnknownValue, AmbiguousValue: It names no concept of the scheme, or several.
    """
    check_text(text)
    if mapping.kind == "concept":
        return lookup.concept(mapping.scheme, text)
    if mapping.kind == "part":
        if not is_key(text):
            raise ValueError("is no name of a part, such as law-1.")
        return Iri(f"{thing}#{text}")
    return _MAKERS[mapping.kind](mapping, text)


def _integer(_: FieldMapping, text: str) -> Term:
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        raise ValueError("is no whole number of at most 18 digits.")
    return Literal.integer(int(text))


def _decimal(_: FieldMapping, text: str) -> Term:
    if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?[Ee][+-]?[0-9]{1,3}", text):  # as programs write 0.000009
        text = text_of(Decimal(text))
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        raise ValueError("is no decimal number.")
    return Literal(text, "", XSD_DECIMAL)


def _boolean(_: FieldMapping, text: str) -> Term:
    if text not in ("true", "false"):
        raise ValueError("is neither true nor false.")
    return Literal(text, "", XSD_BOOLEAN)


def _iri(_: FieldMapping, text: str) -> Term:
    # Browsers accept brackets in an address; in an IRI they must be escaped, which names the same page.
    address = text.replace("[", "%5B").replace("]", "%5D")
    if not is_iri(address):
        raise ValueError("is no absolute IRI.")
    return Iri(address)


_MAKERS: dict[str, Callable[[FieldMapping, str], Term]] = {
    "text": lambda _, text: Literal(text),
    "words": lambda mapping, text: Literal.text(mapping.prefix + text, mapping.language),
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "iri": _iri,
}
