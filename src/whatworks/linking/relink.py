"""Keeps the best pairs of all interventions up to date while single ones change, with the result of a full run.

How rare features are stays as it was when all were compared; a full run with the same rarity gives the same pairs, the
next one with a rarity of its own gives slightly other scores. Of each row a few more than wanted are kept, so that one
that leaves seldom makes it necessary to compare the row with all others.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from whatworks.linking.linker import Linker
from whatworks.linking.nearest import LEAST, ROUNDING, Index, Rough
from whatworks.linking.products import Products
from whatworks.linking.records import Floats, Records, Whole
from whatworks.linking.vectors import Rarity, Vectors
from whatworks.terms import Iri

_SPARE = 10  # so many more than wanted are kept of each row


@dataclass(slots=True)
class _Best:
    """The best others of a row, best first.

    Attributes:
        found: Score, negated, and row of each.
        bound: What ranks behind this is not kept; None where all that count are kept.
    """

    found: list[tuple[float, int]]
    bound: tuple[float, int] | None


class Relinker:
    """The best pairs of all interventions, kept up to date.

    Args:
        linker: All interventions as they were compared.
        top: So many for each.
    """

    def __init__(self, linker: Linker, top: int) -> None:
        self._records = linker.records
        self._rarity: Rarity = linker.rarity
        self._vectors = linker.vectors
        self._top = top
        self._kept = top + _SPARE
        self._index = Index(linker.vectors)
        self._changed: dict[int, tuple[Whole, Floats]] = {}
        self._places = {column: place for place, column in enumerate(linker.records.columns)}
        self._rows = {thing: row for row, thing in enumerate(linker.records.things)}
        count = len(linker.vectors)
        self._best = [_Best([], None) for _ in range(count)]
        pairs = linker.nearest(self._kept, 0.0)
        bounds = np.searchsorted(pairs.one, np.arange(count + 1)).tolist()
        keys = list(zip((-pairs.score).tolist(), pairs.other.tolist(), strict=True))
        for row, best in enumerate(self._best):
            best.found = keys[bounds[row] : bounds[row + 1]]
            best.bound = best.found[-1] if len(best.found) == self._kept else None
        # For each row those in whose lists it stands, and the least score that would bring another into its list.
        self._listed: list[set[int]] = [set() for _ in range(count)]
        self._floor = np.zeros(count)
        for row in range(count):
            self._note(row, [])

    def change(self, records: Records) -> set[Iri]:
        """Take in what some interventions have now; return those whose links are others than before.

        Args:
            records: What they have, all of it; features that nobody had before count from the next full run on.
        """
        touched: set[int] = set()
        starts = np.searchsorted(np.asarray(records.rows), np.arange(len(records.things) + 1)).tolist()
        for number, thing in enumerate(records.things):
            if (row := self._rows.get(thing)) is None:
                continue
            at = range(starts[number], starts[number + 1])
            entries = sorted(
                (self._places[column], records.raw[place])
                for place in at
                if (column := records.columns[records.cols[place]]) in self._places
            )
            cols = np.array([col for col, _ in entries], dtype=np.int64)
            raw = np.array([strength for _, strength in entries], dtype=np.float64)
            made = Vectors.made(np.zeros(len(cols), dtype=np.int64), cols, raw, 1, self._rarity)
            touched |= self._update(row, made.cols, made.values)
        return {self._records.things[row] for row in touched}

    def pairs(self) -> Iterator[tuple[Iri, Iri, float]]:
        """Yield the best pairs of each intervention, in the order of IRIs, best first."""
        things = self._records.things
        for row, best in enumerate(self._best):
            for score, other in best.found[: self._top]:
                yield things[row], things[other], -score

    def _update(self, row: int, cols: Whole, values: Floats) -> set[int]:
        """Put another row in the place of one; return the rows whose best are others now."""
        self._changed[row] = (cols, values)
        rough = self._rough(row)
        before = self._listed[row] - {row}
        near = np.flatnonzero(rough >= self._floor - ROUNDING)
        near = np.array(sorted({*near.tolist(), *before}), dtype=np.int64)
        scores = self._exact(row, near)
        touched = {row} if self._replace(row, self._of_row(row, rough)) else set()
        again = []
        for other, score in zip(near.tolist(), scores.tolist(), strict=True):
            best = self._best[other]
            found = [each for each in best.found if each[1] != row]
            key = (-score, row)
            if score > LEAST and (best.bound is None or key <= best.bound):
                found.append(key)
                found.sort()
            bound = best.bound
            if len(found) > self._kept:
                found.pop()
                bound = found[-1]
            if bound is not None and len(found) < self._top:
                again.append(other)
            elif self._replace(other, _Best(found, bound)):
                touched.add(other)
        touched |= {other for other in again if self._replace(other, self._of_row(other, self._rough(other)))}
        return touched

    def _replace(self, row: int, best: _Best) -> bool:
        """Keep other best rows; say whether those that are wanted are others now."""
        before = self._best[row].found
        self._best[row] = best
        self._note(row, before)
        return before[: self._top] != best.found[: self._top]

    def _note(self, row: int, before: list[tuple[float, int]]) -> None:
        best = self._best[row]
        now, old = {other for _, other in best.found}, {other for _, other in before}
        for other in old - now:
            self._listed[other].discard(row)
        for other in now - old:
            self._listed[other].add(row)
        self._floor[row] = LEAST if best.bound is None else max(-best.bound[0], LEAST)

    def _entries(self, row: int) -> tuple[Whole, Floats]:
        if row in self._changed:
            return self._changed[row]
        at = slice(*self._vectors.starts[row : row + 2].tolist())
        return self._vectors.cols[at], self._vectors.values[at]

    def _rough(self, row: int) -> Floats:
        """Return the products of a row with all, roughly; with itself it makes no pair."""
        cols, values = self._entries(row)
        rough = self._index.products(cols, values)
        others = np.array(sorted(self._changed), dtype=np.int64)
        rough[others] = self._exact(row, others)
        rough[row] = -1.0
        return rough

    def _exact(self, row: int, others: Whole) -> Floats:
        """Return the products of a row with others, added up in the order in which a full run does."""
        rows = [self._entries(each) for each in (row, *others.tolist())]
        starts = np.concatenate([[0], np.cumsum([len(cols) for cols, _ in rows])]).astype(np.int64)
        cols, values = (np.concatenate([each[part] for each in rows]) for part in (0, 1))
        few = Vectors(starts, cols.astype(np.int64), values, np.ones(len(cols)), self._vectors.width)
        return Products(few).scores(np.zeros(len(others), dtype=np.int64), np.arange(1, len(rows)))

    def _of_row(self, row: int, rough: Floats) -> _Best:
        """Return the best of all for a row."""
        wanted = min(self._kept, len(rough))
        least = max(float(np.partition(rough, len(rough) - wanted)[len(rough) - wanted]), LEAST) - ROUNDING
        near = np.flatnonzero(rough >= least)
        scores = self._exact(row, near)
        found = sorted(
            (-score, other) for score, other in zip(scores.tolist(), near.tolist(), strict=True) if score > LEAST
        )
        bound = found[self._kept - 1] if len(found) >= self._kept else None
        return _Best(found[: self._kept], bound)
