"""Answers of SELECTs within queries, kept for the next query.

A SELECT within says the same whatever surrounds it, and often says what no condition of the query touches: the names of
those who made an evaluation, the best title. It is answered for the rows at hand only, until these were together as
many as all may be; then it is answered for all, and kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from whatworks.columns.algebra import Minus, NotCovered, Select
from whatworks.columns.arrays import Index, Whole, expanded, in_order, unique_rows
from whatworks.columns.mentions import Mentions
from whatworks.columns.patterns import Patterns
from whatworks.columns.rows import Rows, Terms, check_size, joined

# So many numbers are kept in all views together.
_MOST = 20_000_000


class _Answers(Protocol):
    def __call__(self, select: Select, begin: Rows | None = None, *, loose: bool = False) -> Rows: ...


@dataclass(slots=True)
class View:
    """All rows of a SELECT, or before they are worth to be found, for how many rows it was answered so far."""

    answered: int = 0
    rows: Rows | None = None
    _by: tuple[str, Index, Whole] | None = None

    def by(self, rows: Rows, name: str) -> tuple[Index, Whole]:
        """Return an index of the values of a variable, and the places of the rows that its places stand for."""
        found = self._by
        if found is None or found[0] != name:
            order = in_order(rows.columns[name])
            found = self._by = name, Index(rows.columns[name][order]), order
        return found[1:]


class Views:
    """Joins rows with SELECTs within a query."""

    def __init__(self, terms: Terms, mentions: Mentions, patterns: Patterns, answer: _Answers) -> None:
        self._terms, self._mentions, self._patterns, self._answer = terms, mentions, patterns, answer

    def joined(self, select: Select, rows: Rows, begin: Rows | None, *, loose: bool) -> Rows:
        """Join rows with what a SELECT gives.

        Args:
            select: The SELECT.
            rows: The rows.
            begin: The values of one of its variables outside of which no row is needed.
            loose: Whether it does not matter how often a row is there.
        """
        view = self._view(select, loose)
        kept = view.rows
        if kept is None:
            if begin is not None:
                (name,) = begin.columns
                view.answered += begin.number
                if view.answered < self._patterns.most(select, name):
                    return joined(rows, self._answer(select, begin, loose=loose))
            try:
                kept = self._answer(select, loose=loose)
            except NotCovered:
                if begin is None:
                    raise
                return joined(rows, self._answer(select, begin, loose=loose))
            self._keep(view, kept)
        return self._with(view, kept, rows)

    def kept(self, minus: Minus, answer: Callable[[], Rows]) -> Rows:
        """Return what MINUS takes away, which is the same for all rows."""
        view = self._view(minus, loose=True)
        if view.rows is None:
            found = answer()
            first = unique_rows(list(found.columns.values()), found.number)
            found = found if first is None else found.taken(first)
            self._keep(view, found)
            return found
        return view.rows

    def _view(self, part: Select | Minus, loose: bool) -> View:
        key = (self._mentions.text_of(part), loose)
        found: View = self._terms.views.setdefault(key, View())
        return found

    def _keep(self, view: View, rows: Rows) -> None:
        size = sum(each.rows.number * len(each.rows.columns) for each in self._terms.views.values() if each.rows)
        if size + rows.number * len(rows.columns) <= _MOST:
            view.rows = rows

    def _with(self, view: View, kept: Rows, rows: Rows) -> Rows:
        shared = [name for name in rows.columns if name in kept.columns]
        if len(shared) != 1:
            return joined(rows, kept)
        index, order = view.by(kept, shared[0])
        starts, counts = index.ranges(rows.columns[shared[0]])
        check_size(int(counts.sum()))
        places, at = expanded(starts, counts)
        found = rows.taken(places)
        at = order[at]
        found.columns.update({name: each[at] for name, each in kept.columns.items() if name not in found.columns})
        return found
