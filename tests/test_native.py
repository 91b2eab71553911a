"""Terms as values of spreadsheets and data frames: what keeps its meaning becomes a value, all else stays a text."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatworks.native import kinds, value, values
from whatworks.terms import (
    XSD,
    XSD_BOOLEAN,
    XSD_DATE,
    XSD_DATETIME,
    XSD_DECIMAL,
    XSD_INTEGER,
    BlankNode,
    Iri,
    Literal,
    Term,
)

A = Iri("https://example.org/a")


def _kind(*terms: Term | None) -> str:
    return kinds(("x",), [(term,) for term in terms])[0]


@pytest.mark.parametrize(
    ("term", "kind", "python"),
    [
        (Literal("12", "", XSD_INTEGER), "integer", 12),
        (Literal("2012", "", Iri(XSD + "gYear")), "integer", 2012),
        (Literal("0.49", "", XSD_DECIMAL), "number", 0.49),
        (Literal("1e3", "", Iri(XSD + "double")), "number", 1000.0),
        (Literal("true", "", XSD_BOOLEAN), "boolean", True),
        (Literal("0", "", XSD_BOOLEAN), "boolean", False),
        (Literal("2026-11-21", "", XSD_DATE), "date", datetime.date(2026, 11, 21)),
        (Literal.text("Bonjour", "fr"), "text", "Bonjour"),
        (A, "iri", str(A)),
        (BlankNode("b"), "text", "_:b"),
        (None, "text", None),
        # What would change its meaning stays a text.
        (Literal("9007199254740993", "", XSD_INTEGER), "text", "9007199254740993"),
        (Literal("9" * 5000, "", XSD_INTEGER), "text", "9" * 5000),
        (Literal("0.1234567890123456789", "", XSD_DECIMAL), "text", "0.1234567890123456789"),
        (Literal("NaN", "", Iri(XSD + "double")), "text", "NaN"),
        (Literal("INF", "", Iri(XSD + "double")), "text", "INF"),
        (Literal("twelve", "", XSD_INTEGER), "text", "twelve"),
        (Literal("2026-02-30", "", XSD_DATE), "text", "2026-02-30"),
        (Literal("2026-11-21Z", "", XSD_DATE), "text", "2026-11-21Z"),
        (Literal("perhaps", "", XSD_BOOLEAN), "text", "perhaps"),
    ],
)
def test_a_term_is_a_value_of_its_kind(term: Term | None, kind: str, python: object) -> None:
    """Each term has the kind and the value that people expect."""
    assert (kind, python) == (_kind(term), value(term, _kind(term)))


def test_a_moment_keeps_its_zone() -> None:
    """A date and time with a zone is one."""
    term = Literal("2026-11-21T10:00:00Z", "", XSD_DATETIME)
    assert value(term, _kind(term)) == datetime.datetime(2026, 11, 21, 10, tzinfo=datetime.UTC)


def test_a_column_has_one_kind() -> None:
    """Whole and broken numbers are numbers; other mixtures are texts; what is missing does not count."""
    whole, broken = Literal("1", "", XSD_INTEGER), Literal("0.5", "", XSD_DECIMAL)
    assert [_kind(whole, None, broken), _kind(whole, A), _kind(None, whole)] == ["number", "text", "integer"]
    found = values(("x",), [(whole,), (A,)])
    assert (found.kinds, found.column(0)) == (["text"], ["1", str(A)])


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_no_digit_of_a_decimal_changes(number: Decimal) -> None:
    """A decimal becomes a number only when the number says the same."""
    term = Literal(f"{number:f}", "", XSD_DECIMAL)
    found = value(term, _kind(term))
    assert isinstance(found, str) or Decimal(repr(found)) == number
