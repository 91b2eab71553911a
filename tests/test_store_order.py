"""Rows are sorted as ORDER BY says, as the embedded store sorts them."""

import pytest

from whatworks.results import Row, Table
from whatworks.store import EmbeddedStore
from whatworks.store.order import Key, keys_of, sort_rows
from whatworks.terms import Iri, Literal

VALUES = """
  ("b" 2) ("a" 10) ("B" 1) ("a" 9) ("é" 1) ("c"@fr 10) ("d"@en 10) (<https://x.org/b> 1.5) (<https://x.org/a> UNDEF)
  (UNDEF 2) (UNDEF 1) ("z" 1e1) ("Z" -3) ("ab" 2.0)
"""


@pytest.mark.parametrize(
    ("order", "keys"),
    [
        ("?a ?b", [Key("a"), Key("b")]),
        ("DESC(?b) ?a", [Key("b", "", True), Key("a")]),
        ("STR(?a) DESC(?b)", [Key("a", "STR"), Key("b", "", True)]),
        ("LANG(?a) STR(?a) ASC(?b)", [Key("a", "LANG"), Key("a", "STR"), Key("b")]),
        ("DESC(STR(?a)) ?b", [Key("a", "STR", True), Key("b")]),
        ('COALESCE(STR(?a), "") ?b', [Key("a", "STR", empty=True), Key("b")]),
        ('CONTAINS(?a, "b") ?b ?a', [Key("a", "CONTAINS", part="b"), Key("b"), Key("a")]),
    ],
)
def test_rows_are_sorted_as_the_engine_sorts(order: str, keys: list[Key]) -> None:
    """The items of ORDER BY are read, and lead to the order of the embedded store."""
    text = f"SELECT ?a ?b {{ {{ SELECT * {{ VALUES (?a ?b) {{ {VALUES} }} }} ORDER BY ?b }} }} ORDER BY {order}"
    assert keys == keys_of(text)
    answer = EmbeddedStore().query(text)
    assert isinstance(answer, Table)
    rows = list(answer)
    assert rows == sort_rows(sorted(rows, key=str), answer.columns, keys)


@pytest.mark.parametrize(
    "end",
    [
        "ORDER BY ?a LIMIT 3",
        "ORDER BY (?a + 1)",
        "ORDER BY STRLEN(?a)",
        "ORDER BY STR(LANG(?a))",
        "ORDER BY STR(?a",
        'ORDER BY COALESCE(?a, "x")',
        "ORDER BY COALESCE(?a, ?b)",
        "ORDER BY CONTAINS(?a, ?b)",
        'ORDER BY CONTAINS(STR(?a), "b")',
        'ORDER BY CONTAINS(?a, "\\"")',
        'ORDER BY CONTAINS(?a, "b"',
    ],
)
def test_what_cannot_be_sorted_here_is_known(end: str) -> None:
    """Of a part of the rows, or by what must be computed, no order can be made afterwards."""
    assert keys_of(f"SELECT ?a {{ ?a ?b ?c }} {end}") is None


def test_a_query_without_order_has_none() -> None:
    """An ORDER BY of a part is not that of the whole."""
    assert [] == keys_of("SELECT ?a { { SELECT ?a { ?a ?b ?c } ORDER BY ?a } }")
    rows: list[Row] = [(Literal("b"),), (Iri("https://x.org/a"),)]
    assert rows == sort_rows(rows, ["a"], [])
