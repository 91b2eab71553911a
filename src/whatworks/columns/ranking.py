"""The order of the texts that one expression gives for many terms, such as the language and the text of a title."""

import numpy as np

from whatworks.columns import values
from whatworks.columns.algebra import Call, Expression, NotCovered, Var
from whatworks.columns.arrays import Ids, distinct
from whatworks.columns.dataset import Dataset
from whatworks.columns.single import value_of
from whatworks.terms import XSD_STRING, Literal

# The one variable of such an expression, whatever it is called in a query.
ANY = Var("")


class Ranking:
    """The order of the texts that an expression gives for terms, as far as they were asked for."""

    def __init__(self, size: int) -> None:
        # 0: gives no text; -1: not asked for yet. One place more, for a variable that is not bound.
        self.ranks = np.full(size + 1, -1, np.int32)
        self.ranks[-1] = 0
        self._texts: dict[int, str] = {}

    def learn(self, column: Ids, expression: Expression, data: Dataset) -> bool:
        """Make sure that the terms of a column are ranked; say whether they could be."""
        unknown = self.ranks[column] == -1
        if unknown.any():
            ranked = self.ranks.copy()
            try:
                for number, text in _texts(expression, distinct(column[unknown])[0].astype(np.int32), data):
                    if text is None:
                        ranked[number] = 0
                    else:
                        self._texts[number] = text
            except NotCovered:
                return False
            order = {text: rank for rank, text in enumerate(sorted(set(self._texts.values())), 1)}
            ranked[np.fromiter(self._texts, np.int64)] = [order[text] for text in self._texts.values()]
            self.ranks = ranked
        return True

    def of_equal(self, column: Ids, expression: Expression, data: Dataset) -> Ids | None:
        """Return 0 for the terms of a column for which the expression gives no text, another number for the others.

        They are ranked only where that must be known: terms that are compared with themselves need no order.
        """
        found = self.ranks[column]
        unknown = found == -1
        if unknown.any():
            sure = np.array(
                [_around(_spoken(expression, language)) is not None for _, language in data.kinds], np.bool_
            )
            open_ = unknown & ~((column >= data.iris) & sure[data.tags[column]])
            if not self.learn(column[open_], expression, data):
                return None
            found = np.where(unknown & ~open_, np.int32(1), self.ranks[column])
        return found


def renamed(expression: Expression, name: str) -> Expression:
    """Return the expression with its one variable under a common name."""
    if isinstance(expression, Var):
        return ANY if expression.name == name else expression
    if isinstance(expression, Call):
        return Call(expression.name, tuple(renamed(argument, name) for argument in expression.arguments))
    return expression


def _texts(expression: Expression, numbers: Ids, data: Dataset) -> list[tuple[int, str | None]]:
    """Return the plain texts that an expression gives for ascending numbers of terms, None where it gives none."""
    first = int(np.searchsorted(numbers, data.iris))
    found = [(number, _text(expression, number, data)) for number in numbers[:first].tolist()]
    literals = numbers[first:]
    tags = data.tags[literals]
    for tag in distinct(tags)[0].tolist():
        some = literals[tags == tag]
        around = _around(_spoken(expression, data.kinds[tag][1]))
        if around is None:
            found += [(number, _text(expression, number, data)) for number in some.tolist()]
        else:
            before, after = around
            found += zip(some.tolist(), [before + text + after for text in data.texts_of(some)], strict=True)
    return found


def _text(expression: Expression, number: int, data: Dataset) -> str | None:
    try:
        return _plain(value_of(expression, {ANY.name: data.term(number)}))
    except values.Fault:
        return None


def _plain(term: object) -> str:
    if not isinstance(term, Literal) or term.datatype != XSD_STRING:
        raise NotCovered("an order of what is no plain text")
    return term.value


def _spoken(expression: Expression, language: str) -> Expression:
    """Return what an expression says for literals of one language."""
    if isinstance(expression, Call):
        if expression == Call("LANG", (ANY,)):
            return Literal(language)
        return Call(expression.name, tuple(_spoken(argument, language) for argument in expression.arguments))
    return expression


def _around(expression: Expression) -> tuple[str, str] | None:
    """Return what an expression puts before and after the text of a literal; None where it does something else."""
    parts = expression.arguments if isinstance(expression, Call) and expression.name == "CONCAT" else (expression,)
    own = Call("STR", (ANY,))
    if parts.count(own) != 1:
        return None
    try:
        texts = ["" if part == own else _plain(value_of(part, {})) for part in parts]
    except (values.Fault, NotCovered):  # it may still have a value, or none, for each term
        return None
    place = parts.index(own)
    return "".join(texts[:place]), "".join(texts[place:])
