"""GROUP BY: puts rows together and counts them."""

import re

import numpy as np

from whatworks.columns.algebra import Aggregate, Call, Expression, NotCovered, Select, Var, aggregates
from whatworks.columns.arrays import Ids, Whole, count_distinct, distinct, grouped, in_order, is_among
from whatworks.columns.expressions import Expressions
from whatworks.columns.ordering import order_keys
from whatworks.columns.rows import UNBOUND, Rows, Terms
from whatworks.columns.values import Fault, concatenated
from whatworks.terms import XSD_INTEGER, Literal

_SMALL = re.compile(r"-?[0-9]{1,9}")


def summarised(select: Select, rows: Rows, expressions: Expressions) -> Rows:
    """Return one row for each group, with the columns of a SELECT that groups."""
    terms = expressions.terms
    keys = [variable.name for variable in select.group_by]
    columns = {name: terms.settled(rows.column(name)) for name in keys}
    places, first = grouped(list(columns.values()), rows.number)
    if not keys:
        places, first = np.zeros(rows.number, np.int64), np.zeros(1, np.int64)
    number = len(first)
    result = Rows(number, {name: column[first] for name, column in columns.items()})
    wanted = [column.expression for column in select.columns if column.expression is not None]
    names: dict[Aggregate, Var] = {}
    for expression in (*wanted, *select.having):
        for aggregate in aggregates(expression):
            if aggregate not in names:
                names[aggregate] = Var(f" aggregate {len(names)}")
                found = _Aggregation(rows, places, number, expressions).column(aggregate)
                result.columns[names[aggregate].name] = found
    for condition in select.having:
        result = result.kept(expressions.truth(_replaced(condition, names), result) == 1)
    for column in select.columns:
        if column.expression is not None:
            result.columns[column.variable.name] = expressions.ids(_replaced(column.expression, names), result)
    return result


def _replaced(expression: Expression, names: dict[Aggregate, Var]) -> Expression:
    if isinstance(expression, Aggregate):
        return names[expression]
    if isinstance(expression, Call):
        return Call(expression.name, tuple(_replaced(argument, names) for argument in expression.arguments))
    return expression


def numbers(counts: Whole, terms: Terms) -> Ids:
    """Return whole numbers as terms."""
    found, places = distinct(counts)
    return np.array([terms.made(Literal.integer(int(count))) for count in found], np.int32)[places]


def _is_small(term: Literal) -> bool:
    """Say whether a number is a whole one, of which billions can be added up."""
    return term.datatype == XSD_INTEGER and _SMALL.fullmatch(term.value) is not None


class _Aggregation:
    """Computes aggregates of groups."""

    def __init__(self, rows: Rows, places: Whole, number: int, expressions: Expressions) -> None:
        self.rows, self.places, self.number = rows, places, number
        self.terms, self._expressions = expressions.terms, expressions

    def column(self, aggregate: Aggregate) -> Ids:
        """Return what an aggregate gives for each group."""
        if aggregate.name == "COUNT":
            return numbers(self.count(aggregate), self.terms)
        if aggregate.name == "SUM" and aggregate.argument is not None:
            return numbers(self.sum(aggregate, self._expressions.ids(aggregate.argument, self.rows)), self.terms)
        if not isinstance(aggregate.argument, Var):
            raise NotCovered(f"{aggregate.name} of an expression")
        values = self.rows.column(aggregate.argument.name)
        if aggregate.name == "GROUP_CONCAT":
            return self.texts(values, aggregate.separator)
        return self.extreme(values, aggregate.name == "MAX")

    def count(self, aggregate: Aggregate) -> Whole:
        if aggregate.argument is None:
            if aggregate.distinct:
                raise NotCovered("COUNT(DISTINCT *)")
            return np.bincount(self.places, minlength=self.number)
        if not isinstance(aggregate.argument, Var):
            raise NotCovered("COUNT of an expression")
        values = self.terms.settled(self.rows.column(aggregate.argument.name))
        bound = values != UNBOUND
        if not bound.all():
            values, places = values[bound], self.places[bound]
        else:
            places = self.places
        if aggregate.distinct:
            return count_distinct(places, self.number, values)
        return np.bincount(places, minlength=self.number)

    def sum(self, aggregate: Aggregate, values: Ids) -> Whole:
        """Return the sums of whole numbers; others, and what is unbound, are left to the engine."""
        values, places = distinct(values)
        found = [self.terms.term(number) for number in values.tolist() if number != UNBOUND]
        small = [int(term.value) for term in found if isinstance(term, Literal) and _is_small(term)]
        if aggregate.distinct or len(small) < len(values):
            raise NotCovered("SUM of what may be no whole number")
        sums, whole = np.zeros(self.number, np.int64), np.array(small, np.int64)
        np.add.at(sums, self.places, whole[places])
        return sums

    def extreme(self, values: Ids, highest: bool) -> Ids:
        """Return the least or greatest value of each group; a group in which none is bound has none."""
        places, bound = self.places, values != UNBOUND
        if not bound.all():
            if is_among(places[bound], places[~bound]).any():
                raise NotCovered("MIN or MAX of what is bound in some rows only")
            places, values = places[bound], values[bound]
        found = np.full(self.number, UNBOUND, np.int32)
        found[places] = values  # which is right where a group has one value
        several = np.bincount(places, minlength=self.number)[places] > 1
        if not several.any():
            return found
        places, values = places[several], values[several]
        keys = order_keys(values, self.terms)
        best = np.full(self.number, -1 if highest else np.iinfo(np.int64).max)
        (np.maximum if highest else np.minimum).at(best, places, keys)
        chosen = np.flatnonzero(keys == best[places])
        groups, terms = places[chosen], values[chosen]
        found[groups] = terms
        if (found[groups] != terms).any():
            raise NotCovered("MIN or MAX of equal values that are written differently")
        return found

    def texts(self, values: Ids, separator: str) -> Ids:
        """Return the texts of each group put together, in the order of the rows."""
        order = in_order(self.places)
        ends = np.cumsum(np.bincount(self.places, minlength=self.number)).tolist()
        column, found, start = values[order].tolist(), np.empty(self.number, np.int32), 0
        for group, end in enumerate(ends):
            found[group] = self.text(column[start:end], separator)
            start = end
        return found

    def text(self, numbers: list[int], separator: str) -> int:
        """Return the text of one group; a group in which one has none has none."""
        try:
            if UNBOUND in numbers:
                return UNBOUND
            terms = [self.terms.term(number) for number in numbers]
            text = concatenated(terms, separator)
            return numbers[0] if len(terms) == 1 else self.terms.made(text)
        except Fault:
            return UNBOUND
