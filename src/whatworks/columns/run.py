"""Answers a query step by step over columns."""

from collections.abc import Sequence

import numpy as np

from whatworks.columns.algebra import (
    Bind,
    Call,
    Exists,
    Expression,
    Filter,
    Group,
    Minus,
    NotCovered,
    Optional,
    Order,
    Part,
    Pattern,
    Select,
    Union,
    Values,
    Var,
    aggregates,
)
from whatworks.columns.arrays import Ids, Mask, Whole, after, distinct, in_order, is_among, ties, unique_rows
from whatworks.columns.expressions import Expressions
from whatworks.columns.facets import Faceted, FacetIndex
from whatworks.columns.mentions import Mentions
from whatworks.columns.ordering import order_keys
from whatworks.columns.patterns import Patterns, Wanted
from whatworks.columns.rows import UNBOUND, Rows, Terms, codes, joined, one_row, stacked
from whatworks.columns.scope import Names
from whatworks.columns.summary import numbers, summarised
from whatworks.columns.views import Views

# From so many rows on, a product is made in parts.
_MANY = 50_000
# So many indexes of facets are kept.
_INDEXES = 20


class Run:
    """One query being answered.

    `loose` says that it does not matter how often a row is there, as under DISTINCT and EXISTS.
    """

    def __init__(self, terms: Terms, mentions: Mentions) -> None:
        self.terms = terms
        self._expressions = Expressions(self.terms, self._exists)
        self._patterns = Patterns(self.terms)
        self._mentions = mentions
        self._views = Views(terms, mentions, self._patterns, self.select)
        self._marks = 0

    def select(self, select: Select, begin: Rows | None = None, *, loose: bool = False) -> Rows:
        """Return the rows of a SELECT, its columns in order.

        Args:
            select: The query.
            begin: The values of one of its variables outside of which no row is needed.
            loose: See above.
        """
        counting = self._mentions.faceted(select)
        if counting is not None:
            return self._counted(select, counting)
        expressions = [column.expression or column.variable for column in select.columns]
        expressions += [*(each.expression for each in select.order_by), *select.group_by, *select.having]
        needed = frozenset().union(*map(self._mentions.of_expression, expressions))
        rows = self.group(select.where, begin or one_row(), needed, loose=_is_loose(select, loose))
        if select.grouped:
            rows = summarised(select, rows, self._expressions)
        else:
            made = [(c.variable.name, c.expression) for c in select.columns if c.expression is not None]
            rows.columns.update({name: self._expressions.ids(expression, rows) for name, expression in made})
        order, tied = self._order(select.order_by, rows) if select.order_by else (None, None)
        names = [column.variable.name for column in select.columns]
        rows = Rows(rows.number, {name: rows.column(name) for name in names})
        if order is not None:
            rows = rows.taken(order)
        if select.distinct:
            # Rows that are equal are equal in all that they are ordered by, if that is no more than what they show.
            tells = all(self._mentions.of_expression(each.expression) <= set(names) for each in select.order_by)
            rows = self._distinct(rows, tied if tells else None)
        return self._cut(select, rows)

    def _counted(self, select: Select, counting: Faceted) -> Rows:
        """Count picked things by group, from the index of all things."""
        index = self.facets(counting)
        counts = index.counts(self.select(counting.picked, loose=True).columns[counting.thing])
        some = np.flatnonzero(counts)
        found = {name: index.key(place)[some] for place, name in enumerate(counting.keys)}
        return Rows(
            len(some),
            {
                column.variable.name: found[column.variable.name]
                if column.expression is None
                else numbers(counts[some], self.terms)
                for column in select.columns
            },
        )

    def facets(self, counting: Faceted) -> FacetIndex:
        """Return the index of what is counted; it is made where it is not there."""
        kept = self.terms.data.facets
        if counting.name not in kept:
            made = FacetIndex.made(self.select(counting.view), counting)
            if len(kept) >= _INDEXES:
                kept.clear()
            kept[counting.name] = made
        found: FacetIndex = kept[counting.name]
        return found

    def _cut(self, select: Select, rows: Rows) -> Rows:
        if select.limit is None and not select.offset:
            return rows
        names = [each.expression.name for each in select.order_by if isinstance(each.expression, Var)]
        if not set(rows.columns) <= set(names):
            raise NotCovered("LIMIT where rows may change places")
        end = rows.number if select.limit is None else select.offset + select.limit
        return rows.taken(np.arange(min(select.offset, rows.number), min(end, rows.number)))

    def _distinct(self, rows: Rows, places: Whole | None) -> Rows:
        """Return each row once, given the places of those that may not be the only ones of their kind, if known."""
        columns = list(rows.columns.values())
        if places is None:  # the terms of those are settled only that are equal in all else
            mixed = [column for column in columns if self.terms.mixes(column)]
            places = (
                ties([column for column in columns if not self.terms.mixes(column)], rows.number) if mixed else None
            )
        if places is None:
            first = unique_rows([self.terms.settled(column) for column in columns], rows.number)
            return rows if first is None else rows.taken(first)
        first = unique_rows([self.terms.settled(column[places]) for column in columns], len(places))
        if first is None:
            return rows
        mask = np.ones(rows.number, np.bool_)
        mask[places] = False
        mask[places[first]] = True
        return rows.kept(mask)

    def _order(self, conditions: Sequence[Order], rows: Rows) -> tuple[Whole, Whole]:
        """Return the places of rows in order, and which rows, in that order, are equal in all conditions to others.

        A condition is looked at for rows only that those before it leave equal.
        """
        order, tied = np.arange(rows.number), np.arange(rows.number)
        fresh = np.arange(rows.number) == 0  # whether a row differs from that before it
        for number, condition in enumerate(conditions):
            if len(tied) < 2:
                break
            needed = rows.only(self._mentions.of_expression(condition.expression))
            keys = self._key(condition, needed if number == 0 else needed.taken(order[tied]))
            codes = keys if number == 0 else after(np.cumsum(fresh)[tied], keys)
            within = in_order(codes)
            order[tied] = order[tied[within]]
            fresh[tied[1:]] |= np.diff(codes[within]) > 0
            alone = fresh.copy()
            alone[:-1] &= fresh[1:]
            tied = np.flatnonzero(~alone)
        return order, tied

    def _key(self, condition: Order, rows: Rows) -> Whole:
        key = self._expressions.codes(condition.expression, rows)
        if key is None:
            key = order_keys(self._expressions.ids(condition.expression, rows), self.terms)
        return -key if condition.descending else key

    # ---- groups ----

    def group(self, group: Group, rows: Rows, keep: Names, *, loose: bool) -> Rows:
        """Join the rows with a group; of the columns, those in `keep` stay."""
        conditions = [each for part in group.parts if isinstance(part, Filter) for each in _conditions(part.expression)]
        parts: list[Part] = [part for part in group.parts if not isinstance(part, Filter)]
        while True:
            rows = self._filtered(conditions, parts, rows)
            needed = keep.union(self._mentions.of(*parts), *map(self._mentions.of_expression, conditions))
            rows = rows.only(needed)
            if not parts:
                return rows
            if not rows.number:
                own = self._mentions.bound_by(group).union(rows.columns)
                return Rows(0, {name: np.zeros(0, np.int32) for name in keep & own})
            part = self._chosen(parts, rows)
            later = keep | self._mentions.of(*parts)
            if isinstance(part, Pattern):
                rows = self._patterns.joined(part, rows, self._wanted(part, later, rows, conditions, loose=loose))
                continue
            needed = later.union(*map(self._mentions.of_expression, conditions))
            if isinstance(part, Minus):
                rows = self._minus(part, rows, self._mentions.taken(part, group))
            elif isinstance(part, Values):
                rows = self._values(part, rows, parts, conditions)
            else:
                rows = self._with(part, rows, needed, loose=loose)

    def _chosen(self, parts: list[Part], rows: Rows) -> Part:
        """Take the part to join next: of those up to the first OPTIONAL, MINUS or BIND the one that gives least."""
        free = 0
        while free < len(parts) and not isinstance(parts[free], Optional | Minus | Bind):
            free += 1
        if free < 2:
            return parts.pop(0)
        bound = frozenset(rows.columns)
        best = min(range(free), key=lambda place: (self._patterns.estimate(parts[place], bound), place))
        return parts.pop(best)

    def _filtered(self, conditions: list[Expression], parts: list[Part], rows: Rows) -> Rows:
        """Apply the conditions whose variables no part still to come can bind; they leave the list."""
        if conditions:
            coming = self._mentions.of(*parts)
            for condition in list(conditions):
                if not self._mentions.of_expression(condition) & coming:
                    conditions.remove(condition)
                    rows = rows.kept(self._expressions.truth(condition, rows) == 1)
        return rows

    def _wanted(self, part: Pattern, later: Names, rows: Rows, conditions: list[Expression], *, loose: bool) -> Wanted:
        """Say what is wanted of a pattern; conditions on its predicate alone are applied here and leave the list."""
        predicate, allowed = part.predicate, None
        if isinstance(predicate, Var) and predicate.name not in rows.columns:
            numbers = self._patterns.predicates()
            for condition in [each for each in conditions if self._mentions.of_expression(each) == {predicate.name}]:
                conditions.remove(condition)
                given = Rows(len(numbers), {predicate.name: numbers})
                numbers = numbers[self._expressions.truth(condition, given) == 1]
            allowed = numbers.tolist()
        needed = later.union(*map(self._mentions.of_expression, conditions))
        return Wanted(needed, loose, allowed)

    def _with(self, part: Part, rows: Rows, keep: Names, *, loose: bool) -> Rows:
        match part:
            case Select():
                return self._views.joined(part, rows, self._begin(part, rows), loose=loose)
            case Group():
                return self.group(part, rows, keep.union(rows.columns), loose=loose)
            case Union():
                inner = keep.union(rows.columns)
                return stacked([self.group(branch, rows, inner, loose=loose) for branch in part.branches])
            case Optional():
                return self._optional(part, rows, keep, loose=loose)
            case Bind():
                made = self._expressions.ids(part.expression, rows)
                return Rows(rows.number, {**rows.columns, part.variable.name: made})
        raise NotCovered("a part of another kind")

    def _begin(self, part: Select, rows: Rows) -> Rows | None:
        """Return the values that a SELECT within must give rows for, where it helps to know them."""
        shared = [column.variable.name for column in part.columns if column.variable.name in rows.columns]
        if len(shared) != 1 or not self._mentions.can_begin(part, shared[0]):
            return None
        found = distinct(rows.columns[shared[0]])[0].astype(np.int32)
        return Rows(len(found), {shared[0]: found})

    def _values(self, part: Values, rows: Rows, parts: list[Part], conditions: list[Expression]) -> Rows:
        """Join with given rows; where each of many rows would meet each of them, conditions are applied in between."""
        columns = dict(zip((variable.name for variable in part.variables), self.terms.table(part), strict=True))
        given = Rows(len(part.rows), columns)
        if rows.number * given.number < _MANY or columns.keys() & rows.columns.keys():
            return joined(rows, given)
        each = (joined(rows, given.taken(np.array([place]))) for place in range(given.number))
        return stacked([self._filtered(list(conditions), parts, one) for one in each])

    def _marked(self, rows: Rows, names: Names) -> tuple[str, Rows]:
        """Return the rows with these columns and one that holds their places."""
        self._marks += 1
        mark = f" row {self._marks}"
        found = rows.only(names)
        found.columns[mark] = np.arange(rows.number, dtype=np.int32)
        return mark, found

    def _optional(self, part: Optional, rows: Rows, keep: Names, *, loose: bool) -> Rows:
        names = self._mentions.of(*part.group.parts)
        mark, marked = self._marked(rows, names)
        found = self.group(part.group, marked, (keep & names) | {mark}, loose=loose)
        places = found.columns.pop(mark)
        alone = np.ones(rows.number, np.bool_)
        alone[places] = False
        if len(places) + np.count_nonzero(alone) == rows.number:  # no row is there more than once
            return Rows(rows.number, {**_spread(found, places, rows.number), **rows.columns})
        result = rows.taken(places.astype(np.int64))
        result.columns.update({name: column for name, column in found.columns.items() if name not in rows.columns})
        if not alone.any():
            return result
        return stacked([result, rows.taken(np.flatnonzero(alone))])

    def _minus(self, part: Minus, rows: Rows, shared: Names) -> Rows:
        if not shared:
            return rows
        names = sorted(shared)
        found = self._views.kept(part, lambda: self.group(part.group, one_row(), shared, loose=True))
        left, right = [rows.columns[name] for name in names], [found.columns[name] for name in names]
        if len(names) == 1:
            return rows.kept(~is_among(left[0], right[0]))
        return rows.kept(~is_among(*codes(left, right)))

    def _exists(self, exists: Exists, rows: Rows) -> Mask:
        mark, marked = self._marked(rows, self._mentions.of(*exists.group.parts))
        found = self.group(exists.group, marked, frozenset((mark,)), loose=True)
        mask = np.zeros(rows.number, np.bool_)
        mask[found.columns[mark]] = True
        return mask


def _spread(rows: Rows, places: Ids, number: int) -> dict[str, Ids]:
    """Return the columns of rows that stand at some places of so many, with nothing at the others."""
    columns = {name: np.full(number, UNBOUND, np.int32) for name in rows.columns}
    for name, column in columns.items():
        column[places] = rows.columns[name]
    return columns


def _is_loose(select: Select, loose: bool) -> bool:
    """Say whether it matters how often the rows of a SELECT's pattern are there."""
    if not select.grouped:
        return select.distinct or (loose and select.limit is None and not select.offset)
    expressions = [column.expression for column in select.columns if column.expression is not None]
    found = [each for expression in (*expressions, *select.having) for each in aggregates(expression)]
    return all(each.distinct or each.name in ("MIN", "MAX") for each in found)


def _conditions(expression: Expression) -> list[Expression]:
    """Return the conditions that must all hold."""
    if isinstance(expression, Call) and expression.name == "&&":
        return [each for argument in expression.arguments for each in _conditions(argument)]
    return [expression]
