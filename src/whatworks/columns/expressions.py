"""What conditions and expressions give for rows.

What an expression gives is computed for each distinct set of values of its variables, not for each row, by the
functions of `values`; what comes from one variable of the data is kept for the next query. Comparing texts needs no
texts where their ranks tell.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias

import numpy as np

from whatworks.columns import values
from whatworks.columns.algebra import Call, Exists, Expression, Var, exists_of, variables_of
from whatworks.columns.arrays import Ids, Mask, Truth, Whole, distinct, grouped
from whatworks.columns.ranking import Ranking, renamed
from whatworks.columns.rows import UNBOUND, Rows, Terms
from whatworks.columns.single import Bound, value_of
from whatworks.terms import XSD_STRING, BlankNode, Iri, Literal

Lookup: TypeAlias = Callable[[Exists, Rows], Mask]

_YES, _NO, _FAULT, _UNKNOWN = 1, 0, -1, 2
_COMPARED: dict[str, Callable[[Any, Any], Any]] = {
    "=": np.equal, "!=": np.not_equal, "<": np.less, ">": np.greater, "<=": np.less_equal, ">=": np.greater_equal,
}  # fmt: skip
_FEW = 64
_KEPT = 200


class Expressions:
    """Computes expressions over rows."""

    def __init__(self, terms: Terms, lookup: Lookup) -> None:
        self.terms, self.data = terms, terms.data
        self._lookup = lookup

    # ---- conditions ----

    def truth(self, expression: Expression, rows: Rows) -> Truth:
        """Return 1, 0 or -1 for each row: the condition holds, does not, or has no value."""
        match expression:
            case Call("&&", (one, other)):
                return _both(self.truth(one, rows), self.truth(other, rows))
            case Call("||", (one, other)):
                return _negated(_both(_negated(self.truth(one, rows)), _negated(self.truth(other, rows))))
            case Call("!", (one,)):
                return _negated(self.truth(one, rows))
            case Call("BOUND", (Var(name),)):
                return np.asarray(rows.column(name) != UNBOUND, np.int8)
            case Exists():
                return self._lookup(expression, rows).astype(np.int8)
        names = sorted(variables_of(expression) & rows.columns.keys())
        single = rows.columns[names[0]] if len(names) == 1 and not self._has_made(rows.columns[names[0]]) else None
        found = self._known_truth(expression, names[0], single, _FEW) if single is not None else None
        if found is None:
            found = self._truth_of_columns(expression, rows)
        if found is None and single is not None:
            found = self._known_truth(expression, names[0], single, self.data.size)
        return self._truth_of_values(expression, rows) if found is None else found

    def _truth_of_columns(self, expression: Expression, rows: Rows) -> Truth | None:
        """Return the truth where whole columns of numbers tell, None where they do not."""
        match expression:
            case Call(name, (one, other)) if name in _COMPARED:
                return self._compared(name, one, other, rows)
            case Call("STRSTARTS", (one, other)):
                return self._starting(one, other, rows)
            case Call("ISIRI", (Var(name),)) if not self._has_made(rows.column(name)):
                column = rows.column(name)
                return np.where(column == UNBOUND, _FAULT, self.data.are_iris(column)).astype(np.int8)
        return None

    def _truth_of_values(self, expression: Expression, rows: Rows) -> Truth:
        found, places = distinct(self.ids(expression, rows))
        truths = [_FAULT if number == UNBOUND else _truth_of(self.terms.term(number)) for number in found.tolist()]
        return np.array(truths, np.int8)[places]

    def _known_truth(self, expression: Expression, name: str, column: Ids, most: int) -> Truth | None:
        """Return the truth of a condition on one variable, kept for each term; None where too many are not known."""
        key = renamed(expression, name)
        known = self.data.truths.get(key)
        if known is None:
            if len(self.data.truths) >= _KEPT:
                self.data.truths.clear()
            # One place more, for a variable that is not bound; -1 leads there.
            known = self.data.truths[key] = np.full(self.data.size + 1, _UNKNOWN, np.int8)
        found = known[column]
        unknown = found == _UNKNOWN
        if unknown.any():
            numbers = distinct(column[unknown])[0]
            if len(numbers) > most:
                return None
            for number in numbers.tolist():
                term = None if number == UNBOUND else self.data.term(number)
                known[number] = _truth_of(expression, {name: term})
            found = known[column]
        return found

    def _compared(self, sign: str, one: Expression, other: Expression, rows: Rows) -> Truth | None:
        """Compare whole columns where numbers or ranks of terms tell; None where they do not."""
        if sign in ("=", "!=") and isinstance(one, Var) and isinstance(other, Var):
            left, right = rows.column(one.name), rows.column(other.name)
            if self.data.are_iris(left).all() and self.data.are_iris(right).all():
                return np.asarray(_COMPARED[sign](left, right), np.int8)
        left_codes, right_codes = self.codes(one, rows), self.codes(other, rows)
        if left_codes is None or right_codes is None:
            left_codes, right_codes = self._ranked(one, other, rows)
        if left_codes is None or right_codes is None or ((left_codes == right_codes) & (left_codes % 2 == 1)).any():
            return None
        found = np.asarray(_COMPARED[sign](left_codes, right_codes), np.int8)
        return np.where((left_codes == 0) | (right_codes == 0), np.int8(_FAULT), found)

    # ---- texts by their ranks ----

    def codes(self, expression: Expression, rows: Rows) -> Whole | None:  # noqa: PLR0911 - one for each kind
        """Return for each row a number that stands for a plain text, in the order of texts, 0 for none.

        The text of rank r has the number 2 r + 2; one that the query names and the data does not have lies between.
        None where the expression may be something else than a plain text of the data.
        """
        match expression:
            case Literal() if expression.datatype == XSD_STRING:
                return np.full(rows.number, self._code(expression.value), np.int64)
            case Call("STR", (Iri() | Literal() as term,)):
                text = term.value if isinstance(term, Literal) else str(term)
                return np.full(rows.number, self._code(text), np.int64)
            case Call("STR", (Var(name),)):
                column = rows.column(name)
                if self._has_made(column) or ((column >= 0) & (column < self.data.blanks)).any():
                    return None
                return np.where(column == UNBOUND, 0, 2 * self.data.ranks[column].astype(np.int64) + 2)
            case Var(name) if name in rows.columns:
                column = rows.columns[name]
                if self._has_made(column):
                    return self._codes_of_few(column)
                if (column < self.data.iris).any() or (self.data.tags[column] != self.data.plain).any():
                    return None
                return 2 * self.data.ranks[column].astype(np.int64) + 2
            case Call("COALESCE", (Call("STR", (Var(),)) as one, Literal() as other)):
                first, second = self.codes(one, rows), self.codes(other, rows)
                return None if first is None or second is None else np.where(first == 0, second, first)
        return None

    def _code(self, text: str) -> int:
        rank, known = self.data.rank_of(text.encode())
        return 2 * rank + 2 if known else 2 * rank + 1

    def _codes_of_few(self, column: Ids) -> Whole | None:
        """Return the codes of plain texts that the query names or made, if the data has them all."""
        found, places = distinct(column)
        terms = [self.terms.term(number) for number in found.tolist()[:_FEW] if number != UNBOUND]
        if len(terms) < len(found) or not all(isinstance(t, Literal) and t.datatype == XSD_STRING for t in terms):
            return None
        codes = np.array([self._code(term.value) for term in terms if isinstance(term, Literal)], np.int64)
        return None if (codes % 2 == 1).any() else codes[places]

    def _ranked(self, one: Expression, other: Expression, rows: Rows) -> tuple[Whole | None, Whole | None]:
        """Compare what the same expression gives for two variables, by an order that is kept."""
        left, right = sorted(variables_of(one)), sorted(variables_of(other))
        if len(left) != 1 or len(right) != 1 or not isinstance(one, Call):
            return None, None
        key = renamed(one, left[0])
        first, second = rows.columns.get(left[0]), rows.columns.get(right[0])
        if key != renamed(other, right[0]) or first is None or second is None:
            return None, None
        if self._has_made(first) or self._has_made(second):
            return None, None
        ranking = self.data.rankings.get(key)
        if ranking is None:
            ranking = self.data.rankings[key] = Ranking(self.data.size)
        apart = first != second
        if not all(ranking.learn(column[apart], key, self.data) for column in (first, second)):
            return None, None
        same = ranking.of_equal(first[~apart], key, self.data)
        if same is None:
            return None, None
        # Even numbers, as those of texts that the data has: equal ones are equal texts.
        found = [2 * ranking.ranks[column].astype(np.int64) for column in (first, second)]
        for codes in found:
            codes[~apart] = 2 * same
        return found[0], found[1]

    def _starting(self, one: Expression, other: Expression, rows: Rows) -> Truth | None:
        """Find texts that start in some way by the ranks between which they lie."""
        texts = self.codes(one, rows)
        begun = self.ids(other, rows) if isinstance(other, Var | Call) else None
        if texts is None or begun is None or isinstance(one, Literal):
            return None
        found, places = distinct(begun)
        if len(found) > _FEW or UNBOUND in found:
            return None
        limits = np.empty((len(found), 2), np.int64)
        for place, number in enumerate(found.tolist()):
            start = self.terms.term(number)
            if not isinstance(start, Literal) or start.datatype != XSD_STRING:
                return None
            text = start.value.encode()
            limits[place] = 2 * self.data.rank_of(text)[0] + 2, 2 * self.data.rank_of(text + b"\xff")[0] + 2
        inside = (texts >= limits[places, 0]) & (texts < limits[places, 1])
        # An odd number is that of a text which only the query has.
        if (texts % 2 == 1).any():
            return None
        return np.where(texts == 0, np.int8(_FAULT), inside.astype(np.int8))

    # ---- values ----

    def ids(self, expression: Expression, rows: Rows) -> Ids:  # noqa: PLR0911 - one for each kind
        """Return what an expression gives as numbers of terms."""
        match expression:
            case Var(name):
                return rows.column(name)
            case Iri() | Literal() | BlankNode():
                return np.full(rows.number, self.terms.given(expression), np.int32)
            case Call("COALESCE", arguments):
                found = self.ids(arguments[0], rows)
                for argument in arguments[1:]:
                    found = self._completed(found, found == UNBOUND, argument, rows)
                return found
            case Call("IF", (condition, one, other)):
                truth = self.truth(condition, rows)
                found = np.full(rows.number, UNBOUND, np.int32)
                return self._completed(self._completed(found, truth == _YES, one, rows), truth == _NO, other, rows)
            case Call("LANG", (Var(name),)) if not self._has_made(rows.column(name)):
                return self._languages(rows.column(name))
            case Call(name, arguments) if name in values.STRICT:
                return self._applied(name, [self.ids(argument, rows) for argument in arguments], rows.number)
        truth = self.truth(expression, rows)
        numbers = np.array([self.terms.given(values.FALSE), self.terms.given(values.TRUE), UNBOUND], np.int32)
        return numbers[truth]

    def _completed(self, found: Ids, mask: Mask, expression: Expression, rows: Rows) -> Ids:
        """Return numbers with those that an expression gives where a mask is set; it is computed there only."""
        if not mask.any():
            return found
        if mask.all():
            return self.ids(expression, rows)
        places = np.flatnonzero(mask)
        completed = found.copy()
        needed = rows if exists_of(expression) else rows.only(variables_of(expression))
        completed[places] = self.ids(expression, needed.taken(places))
        return completed

    def _languages(self, column: Ids) -> Ids:
        tags = np.where(column >= self.data.iris, self.data.tags[column], len(self.data.kinds))
        numbers = [self.terms.made(Literal(language)) for _, language in self.data.kinds]
        return np.array([*numbers, UNBOUND], np.int32)[tags]

    def _applied(self, name: str, arguments: list[Ids], size: int) -> Ids:
        """Apply a function to each distinct row of its arguments; without one of them it has no value."""
        places, first = grouped(arguments, size)
        known, found = self.terms.applied[name], []
        for row in zip(*(argument[first].tolist() for argument in arguments), strict=True):
            number = known.get(row)
            if number is None:
                number = known[row] = self._made(name, row)
            found.append(number)
        return np.array(found, np.int32)[places]

    def _made(self, name: str, row: tuple[int, ...]) -> int:
        if UNBOUND not in row:
            with suppress(values.Fault):
                return self.terms.made(values.applied(name, [self.terms.term(number) for number in row]))
        return UNBOUND

    def _has_made(self, column: Ids) -> bool:
        return bool(len(column) and column.max() >= self.data.size)


def _both(one: Truth, other: Truth) -> Truth:
    """Return for each row whether both hold; a condition that does not hold outweighs one without a value."""
    return np.where((one == _NO) | (other == _NO), np.int8(_NO), np.minimum(one, other))


def _negated(truth: Truth) -> Truth:
    return np.where(truth == _FAULT, np.int8(_FAULT), 1 - truth).astype(np.int8)


def _truth_of(expression: Expression, bound: Bound | None = None) -> int:
    try:
        return _YES if values.truth(value_of(expression, bound or {})) else _NO
    except values.Fault:
        return _FAULT
