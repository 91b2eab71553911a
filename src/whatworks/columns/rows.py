"""Rows of a query in the making: a column of numbers for each variable."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatworks.columns.algebra import NotCovered, Values
from whatworks.columns.arrays import Ids, Mask, Whole, combined, distinct, expanded, in_order
from whatworks.columns.dataset import Dataset
from whatworks.terms import Term

UNBOUND = -1
# A step that would give more rows is left to the engine, which gives them one after the other.
MOST = 20_000_000
# Given rows of more than so many are numbered once, and so many such tables are kept.
_MANY_ROWS, _TABLES = 100, 16
# So many terms that queries made are kept.
_MOST_MADE = 500_000


class Rows:
    """Rows of numbers: terms of the data below `Dataset.size`, terms made by the query from there on, -1 for none."""

    __slots__ = ("columns", "number")

    def __init__(self, number: int, columns: Mapping[str, Ids]) -> None:
        self.number = number
        self.columns = dict(columns)

    def only(self, names: Collection[str]) -> "Rows":
        """Return the rows with these columns only."""
        return Rows(self.number, {name: column for name, column in self.columns.items() if name in names})

    def taken(self, places: Whole) -> "Rows":
        """Return the rows at these places."""
        return Rows(len(places), {name: column[places] for name, column in self.columns.items()})

    def kept(self, mask: Mask) -> "Rows":
        """Return the rows where the mask is set."""
        if mask.all():
            return self
        return self.taken(np.flatnonzero(mask))

    def column(self, name: str) -> Ids:
        """Return a column; of a variable that is nowhere, one without values."""
        found = self.columns.get(name)
        return np.full(self.number, UNBOUND, np.int32) if found is None else found


def one_row() -> Rows:
    """Return the one row without columns that every query begins with."""
    return Rows(1, {})


def stacked(parts: list[Rows]) -> Rows:
    """Return the rows of several parts, one below the other."""
    if len(parts) == 1:
        return parts[0]
    names = dict.fromkeys(name for part in parts for name in part.columns)
    columns = {name: np.concatenate([part.column(name) for part in parts]) for name in names}
    return Rows(sum(part.number for part in parts), columns)


def joined(one: Rows, other: Rows) -> Rows:
    """Join two sets of rows on the variables that both have, all of which must be bound."""
    if one.number == 1 and not one.columns:
        return other.only(other.columns)
    shared = [name for name in one.columns if name in other.columns]
    if not shared:
        check_size(one.number * other.number)
        rows = np.repeat(np.arange(one.number), other.number)
        places = np.tile(np.arange(other.number), one.number)
    else:
        left: Ids | Whole = one.columns[shared[0]]
        right: Ids | Whole = other.columns[shared[0]]
        if len(shared) > 1:
            left, right = codes([one.columns[name] for name in shared], [other.columns[name] for name in shared])
        order = in_order(right)
        ascending = right[order]
        starts = np.searchsorted(ascending, left, "left")
        counts = np.searchsorted(ascending, left, "right") - starts
        check_size(int(counts.sum()))
        rows, places = expanded(starts, counts)
        places = order[places]
    found = one.taken(rows)
    for name, column in other.columns.items():
        if name not in found.columns:
            found.columns[name] = column[places]
    return found


def codes(one: list[Ids], other: list[Ids]) -> tuple[Whole, Whole]:
    """Return codes of the rows of two sets of columns that are equal where the rows are."""
    size = len(one[0])
    together = [np.concatenate(pair) for pair in zip(one, other, strict=True)]
    found, _ = combined(together, size + len(other[0]))
    return found[:size], found[size:]


def check_size(number: int) -> None:
    """Leave a step to the engine that would give too many rows.

    Raises:
        NotCovered: It would.
    """
    if number > MOST:
        raise NotCovered(f"{number} rows at once")


class Terms:
    """The terms that queries make or name, numbered behind those of the data, and what else they leave to later ones.

    Any number of threads may use it.

    Attributes:
        data: The columns.
        applied: What functions gave, by function and arguments.
        order: What terms are ordered by, as far as they were ordered.
        views: Answers of SELECTs within queries, which are the same whatever surrounds them; see `views`.
    """

    def __init__(self, data: Dataset) -> None:
        self.data = data
        self.applied: dict[str, dict[tuple[int, ...], int]] = defaultdict(dict)
        self.order: dict[int, Any] = {}
        self.views: dict[tuple[str, bool], Any] = {}
        self._lock = Lock()
        self._made: NDArray[np.object_] = np.empty(1024, object)
        self._number = 0
        self._numbers: dict[Term, int] = {}
        self._in_data: dict[int, int] = {}
        self._tables: dict[Values, list[Ids]] = {}

    @property
    def is_full(self) -> bool:
        """Whether so many terms are kept that it is better to begin anew."""
        return max(self._number, len(self.order)) > _MOST_MADE

    def given(self, term: Term) -> int:
        """Return the number of a term that the query names."""
        found = self.data.find(term)
        return self.made(term) if found is None else found

    def table(self, part: Values) -> list[Ids]:
        """Return the numbers of the terms of given rows, column by column; many, which come again, are kept."""
        found = self._tables.get(part)
        if found is None:
            columns = range(len(part.variables))
            found = [np.array([self.given(row[place]) for row in part.rows], np.int32) for place in columns]
            if len(part.rows) > _MANY_ROWS:
                if len(self._tables) >= _TABLES:
                    self._tables.clear()
                self._tables[part] = found
        return found

    def made(self, term: Term) -> int:
        """Return a number for a term that the query made; the data may have the same term under another."""
        found = self._numbers.get(term)
        if found is None:
            with self._lock:
                found = self._numbers.get(term)
                if found is None:
                    if self._number == len(self._made):  # whoever reads the old table finds there all it looks for
                        self._made = np.concatenate((self._made, np.empty(self._number, object)))
                    found = self.data.size + self._number
                    self._made[self._number] = term
                    self._number += 1
                    self._numbers[term] = found
        return found

    def term(self, number: int) -> Term:
        """Return the term of a number."""
        size = self.data.size
        if number < size:
            return self.data.term(number)
        found: Term = self._made[number - size]
        return found

    def decoded(self, column: Ids) -> list[Term | None]:
        """Return the terms of a column, None where there is none."""
        size = self.data.size
        made = column >= size
        if not made.any():
            terms = self.data.terms(column)
        elif made.all():
            terms = self._made[column - size]
        else:
            terms = self.data.terms(np.where(made, UNBOUND, column))
            terms[made] = self._made[column[made] - size]
        found: list[Term | None] = terms.tolist()
        return found

    def mixes(self, column: Ids) -> bool:
        """Say whether terms of the data and made ones come together, so that one term may have two numbers."""
        made = column >= self.data.size
        return bool(made.any()) and not bool((made | (column == UNBOUND)).all())

    def settled(self, column: Ids) -> Ids:
        """Return the column with one number for each term."""
        if not self.mixes(column):
            return column
        found, places = distinct(column)
        settled: NDArray[np.signedinteger] = found.copy()
        for place in np.flatnonzero(found >= self.data.size).tolist():
            settled[place] = self._settled(int(found[place]))
        return settled[places].astype(np.int32)

    def _settled(self, number: int) -> int:
        found = self._in_data.get(number)
        if found is None:
            known = self.data.find(self.term(number))
            found = self._in_data[number] = number if known is None else known
        return found
