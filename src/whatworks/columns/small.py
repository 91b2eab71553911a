"""Counts whose work is small whatever is counted, so that no process stands apart to be stopped.

What is taken for one has a single pattern with a named property and nothing around it, counts, and gives few rows: each
statement with the property is looked at once, and how many there are is known before.
"""

from whatworks.columns.algebra import Aggregate, Pattern, Select, Var
from whatworks.columns.dataset import Dataset
from whatworks.columns.rows import Terms
from whatworks.terms import Iri

_STATEMENTS = 100_000  # so many are counted in some milliseconds
ROWS = 1000


def is_small(select: Select, terms: Terms) -> bool:
    """Say whether a query is such a count, but for how many rows it gives."""
    if len(select.where.parts) != 1 or select.having or not select.grouped:
        return False
    (pattern,) = select.where.parts
    if not isinstance(pattern, Pattern) or not isinstance(pattern.predicate, Iri):
        return False
    expressions = [column.expression for column in select.columns] + [each.expression for each in select.order_by]
    return all(map(_is_plain, expressions)) and _statements(terms.data, terms.given(pattern.predicate)) <= _STATEMENTS


def _is_plain(expression: object) -> bool:
    if isinstance(expression, Aggregate):
        return expression.name == "COUNT" and (expression.argument is None or isinstance(expression.argument, Var))
    return expression is None or isinstance(expression, Var)


def _statements(data: Dataset, predicate: int) -> int:
    pairs = data.predicates.get(predicate)
    return 0 if pairs is None else len(pairs)
