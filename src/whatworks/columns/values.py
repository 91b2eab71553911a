"""What functions and operators give for single terms, exactly as the engine has it.

`Fault` is SPARQL's own error: the expression has no value there. `NotCovered` is raised where the engine's answer
depends on what is not done here, such as comparing times in two time zones.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from decimal import ROUND_DOWN, ROUND_FLOOR, Decimal, localcontext
from operator import ge, gt, le, lt

from whatworks.columns.algebra import NotCovered
from whatworks.columns.words import written_decimal
from whatworks.terms import (
    XSD,
    XSD_BOOLEAN,
    XSD_DECIMAL,
    XSD_INTEGER,
    XSD_STRING,
    BlankNode,
    Iri,
    Literal,
    Term,
    is_iri,
)

Number = int | Decimal
# So many digits are calculated with. The engine has 18 places behind the point and about as many before it.
_DIGITS, _LARGE, _SMALLEST = 80, Decimal(10) ** 18, Decimal(10) ** -18
# What is divided is below this, and what it is divided by has no more places behind the point.
_LONG = Decimal(10) ** 10
TRUE, FALSE = Literal("true", "", XSD_BOOLEAN), Literal("false", "", XSD_BOOLEAN)
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_DECIMAL = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?")
# Times that are written alike are ordered as their texts are.
_ALIKE = {
    Iri(XSD + "date"): re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]"),
    Iri(XSD + "gYear"): re.compile(r"[0-9]{4}"),
    Iri(XSD + "dateTime"): re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z"),
}
_UNCLEAR = {
    Iri(XSD + name)
    for name in (
        "duration", "yearMonthDuration", "dayTimeDuration", "time", "gYearMonth", "gMonthDay", "gDay", "gMonth",
        "float", "double", "byte", "short", "int", "long", "unsignedByte", "unsignedShort", "unsignedInt",
        "unsignedLong", "positiveInteger", "negativeInteger", "nonPositiveInteger", "nonNegativeInteger",
    )
} | {Iri("http://www.opengis.net/ont/geosparql#wktLiteral")}  # fmt: skip


class Fault(Exception):
    """An expression has no value."""


def sort_of(term: Term) -> str:  # noqa: PLR0911 - one for each kind
    """Return what kind of value a term is: node, text, lang, number, boolean, time or other.

    Raises:
        NotCovered: The engine treats it in a way of its own.
    """
    if not isinstance(term, Literal):
        return "node"
    if term.language:
        return "lang"
    datatype = term.datatype
    if datatype == XSD_STRING:
        return "text"
    if datatype in (XSD_INTEGER, XSD_DECIMAL):
        form = _INTEGER if datatype == XSD_INTEGER else _DECIMAL
        if form.fullmatch(term.value):
            return "number"
        raise NotCovered("a number that is none, or too long")
    if datatype == XSD_BOOLEAN and term.value in ("true", "false"):
        return "boolean"
    if datatype in _ALIKE:
        if _ALIKE[datatype].fullmatch(term.value):
            return "time"
        raise NotCovered("a time that is written in another way")
    if datatype in _UNCLEAR or datatype == XSD_BOOLEAN:
        raise NotCovered(f"a value of {datatype}")
    return "other"


def is_ordered_by_text(datatype: Iri) -> bool:
    """Say whether literals of a datatype are texts, or others that have no value for the engine, whatever they say."""
    return (
        datatype not in (XSD_INTEGER, XSD_DECIMAL, XSD_BOOLEAN) and datatype not in _ALIKE and datatype not in _UNCLEAR
    )


def number_of(term: Term) -> Number | None:
    """Return the number that a term is, None if it is no number.

    Raises:
        NotCovered: It may be one for the engine.
    """
    if sort_of(term) != "number":
        return None
    assert isinstance(term, Literal)  # noqa: S101 - what is a number is a literal
    return int(term.value) if term.datatype == XSD_INTEGER else Decimal(term.value)


def equals(one: Term, other: Term) -> bool:
    """Say whether two terms are the same value.

    Raises:
        Fault: SPARQL cannot say.
    """
    first, second = sort_of(one), sort_of(other)
    if one == other:
        return True
    if first in ("node", "lang"):
        return False
    if first == "other":
        if second in ("node", "lang"):
            return False
        raise Fault
    if second == "other":
        raise Fault
    if first != second:
        return False
    if first == "number":
        return number_of(one) == number_of(other)
    return False


def order(one: Term, other: Term) -> int:
    """Return -1, 0 or 1 as one is less than, equal to or greater than the other.

    Raises:
        Fault: They have no order.
    """
    first, second = sort_of(one), sort_of(other)
    if one == other:
        return 0
    if first != second or first in ("node", "boolean", "other"):
        raise Fault
    assert isinstance(one, Literal)  # noqa: S101 - nodes have no order
    assert isinstance(other, Literal)  # noqa: S101 - as above
    if first == "number":
        left, right = number_of(one), number_of(other)
        assert left is not None  # noqa: S101 - both are numbers
        assert right is not None  # noqa: S101 - as above
        return (left > right) - (left < right)
    if one.language != other.language or one.datatype != other.datatype:
        raise Fault
    return (one.value > other.value) - (one.value < other.value)


def truth(term: Term) -> bool:
    """Return the effective boolean value.

    Raises:
        Fault: It has none.
    """
    sort = sort_of(term)
    if sort == "boolean":
        return term == TRUE
    if sort == "text" and isinstance(term, Literal):
        return bool(term.value)
    if sort == "number":
        return number_of(term) != 0
    raise Fault


def boolean(value: bool) -> Literal:
    """Return true or false as a term."""
    return TRUE if value else FALSE


# ---- functions ----


def _text(term: Term) -> Literal:
    if isinstance(term, Literal) and (term.language or term.datatype == XSD_STRING):
        return term
    raise Fault


def _iri(term: Term) -> Iri:
    """Return the IRI of a plain text."""
    if isinstance(term, Iri):
        return term
    if isinstance(term, Literal) and term.datatype == XSD_STRING:
        if not is_iri(term.value):
            raise NotCovered("the IRI of a text that is none")
        return Iri(term.value)
    raise Fault


def _str(term: Term) -> Literal:
    if isinstance(term, BlankNode):
        raise Fault
    return Literal(term.value if isinstance(term, Literal) else str(term))


def _lang(term: Term) -> Literal:
    if not isinstance(term, Literal):
        raise Fault
    return Literal(term.language)


def lower(text: str) -> str:
    """Return a text in small letters; letters that are newer than Python's tables are left to the engine."""
    if not text.isascii() and any(unicodedata.category(char) == "Cn" for char in text):
        raise NotCovered("letters that are newer than this Python")
    return text.lower()


def _lcase(term: Term) -> Literal:
    found = _text(term)
    return Literal(lower(found.value), found.language, found.datatype)


def concatenated(terms: Sequence[Term], separator: str = "") -> Literal:
    """Return texts put together; they keep a language that all of them have."""
    found = [_text(term) for term in terms]
    languages = {each.language for each in found}
    value = separator.join(each.value for each in found)
    language = languages.pop() if len(languages) == 1 else ""
    return Literal.text(value, language) if language else Literal(value)


def _compatible(one: Term, other: Term) -> tuple[str, str]:
    first, second = _text(one), _text(other)
    if second.language and second.language != first.language:
        raise Fault
    return first.value, second.value


def _contains(one: Term, other: Term) -> Literal:
    text, part = _compatible(one, other)
    return boolean(part in text)


def _starts(one: Term, other: Term) -> Literal:
    text, part = _compatible(one, other)
    return boolean(text.startswith(part))


def _sum(one: Term, other: Term, sign: int) -> Literal:
    first, second = _numbers(one, other)
    if isinstance(first, int) and isinstance(second, int):
        return Literal(str(first + sign * second), "", XSD_INTEGER)
    with localcontext(prec=_DIGITS):
        return _decimal(Decimal(first) + sign * Decimal(second))


def _product(one: Term, other: Term) -> Literal:
    first, second = _numbers(one, other)
    with localcontext(prec=_DIGITS):
        found = Decimal(first) * Decimal(second)
        if abs(found) >= _LARGE or found != found.quantize(_SMALLEST) or not (found or _are_whole(first, second)):
            raise NotCovered("a product with too many digits, or of nothing and a fraction")
    if isinstance(first, int) and isinstance(second, int):
        return Literal(str(first * second), "", XSD_INTEGER)
    return _decimal(found)


def _quotient(one: Term, other: Term) -> Literal:
    """Divide as the engine does, which cuts behind the eighteenth place."""
    first, second = (Decimal(each) for each in _numbers(one, other))
    if not second:
        raise Fault
    with localcontext(prec=_DIGITS, rounding=ROUND_DOWN):
        if abs(first) >= _LONG or second != second.quantize(1 / _LONG) or abs(first / second) >= _LARGE:
            raise NotCovered("a division of numbers with too many digits")
        if not first and not _are_whole(second):
            raise NotCovered("a division of nothing by a fraction")
        return _decimal((first / second).quantize(_SMALLEST))


def _round(term: Term) -> Literal:
    """Return the next whole number, of two that are as near the greater one."""
    number = _calculable(term)
    if isinstance(number, int):
        return Literal(str(number), "", XSD_INTEGER)
    with localcontext(prec=_DIGITS):
        return _decimal((number + Decimal("0.5")).to_integral_value(ROUND_FLOOR))


def _as_decimal(term: Term) -> Literal:
    if sort_of(term) != "number":
        raise NotCovered("a decimal of what is no number")
    return _decimal(Decimal(_calculable(term)))


def _are_whole(*numbers: int | Decimal) -> bool:
    return all(number == int(number) for number in numbers)


def _numbers(one: Term, other: Term) -> tuple[int | Decimal, int | Decimal]:
    return _calculable(one), _calculable(other)


def _calculable(term: Term) -> int | Decimal:
    """Return the number that a term is.

    Raises:
        Fault: It is none.
    """
    if sort_of(term) == "time":
        raise NotCovered("calculating with times")
    found = number_of(term)
    if found is None:
        raise Fault
    return found


def _decimal(value: Decimal) -> Literal:
    return Literal(written_decimal(value), "", XSD_DECIMAL)


def _ordered(compare: Callable[[int, int], bool]) -> Callable[[Term, Term], Literal]:
    return lambda one, other: boolean(compare(order(one, other), 0))


# Functions that have no value where one of their arguments has none.
STRICT: dict[str, Callable[..., Term]] = {
    "=": lambda one, other: boolean(equals(one, other)),
    "!=": lambda one, other: boolean(not equals(one, other)),
    "<": _ordered(lt),
    ">": _ordered(gt),
    "<=": _ordered(le),
    ">=": _ordered(ge),
    "!": lambda term: boolean(not truth(term)),
    "+": lambda one, other: _sum(one, other, 1),
    "-": lambda one, other: _sum(one, other, -1),
    "*": _product,
    "/": _quotient,
    "CONCAT": lambda *terms: concatenated(terms),
    "CONTAINS": _contains,
    "DECIMAL": _as_decimal,
    "IRI": _iri,
    "ISIRI": lambda term: boolean(isinstance(term, Iri)),
    "ISLITERAL": lambda term: boolean(isinstance(term, Literal)),
    "LANG": _lang,
    "LCASE": _lcase,
    "ROUND": _round,
    "STR": _str,
    "STRSTARTS": _starts,
}


def applied(name: str, terms: Sequence[Term]) -> Term:
    """Return what a function gives.

    Raises:
        Fault: It has no value for these terms.
    """
    return STRICT[name](*terms)
