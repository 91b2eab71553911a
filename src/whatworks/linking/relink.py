"""Keeps the best pairs of all interventions up to date while single ones change, with the result of a full run.

How rare features are stays as it was when all were compared; a full run with the same rarity gives the same pairs, the
next one with a rarity of its own gives slightly other scores. Of each row a few more than wanted are kept, so that one
that leaves seldom makes it necessary to compare the row with all others.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from whatworks.linking.linker import Linker
from whatworks.linking.nearest import LEAST, ROUNDING, Index, Rough, promising
from whatworks.linking.records import Floats, Records, Whole
from whatworks.linking.vectors import Rarity, Vectors
from whatworks.terms import Iri

_SPARE = 10  # so many more than wanted are kept of each row
_NONE = -1.0  # stands for the score where there is none


class _Best(NamedTuple):
    """The best others of some rows, best first, then by their number.

    Attributes:
        score, other: So many as are kept for each row; where there are fewer, no score, and the number of all rows.
        last_score, last_other: What ranks behind this is not kept; no score where all that count are kept.
    """

    score: Floats
    other: Whole
    last_score: Floats
    last_other: Whole

    def taken(self, at: Whole) -> "_Best":
        """Return those of some of the rows."""
        return _Best(self.score[at], self.other[at], self.last_score[at], self.last_other[at])


class Relinker:
    """The best pairs of all interventions, kept up to date.

    Args:
        linker: All interventions as they were compared.
        top: So many for each.
    """

    def __init__(self, linker: Linker, top: int) -> None:
        self._records = linker.records
        self._rarity: Rarity = linker.rarity
        self._top = top
        self._kept = top + _SPARE
        self._index = Index(linker.vectors)
        self._index.exact.loosen()
        self._places = {column: place for place, column in enumerate(linker.records.columns)}
        self._rows = {thing: row for row, thing in enumerate(linker.records.things)}
        self._count = count = len(linker.vectors)
        pairs = linker.nearest(self._kept, 0.0)
        rank = np.arange(len(pairs.one)) - np.searchsorted(pairs.one, pairs.one)
        score, other = np.full((count, self._kept), _NONE), np.full((count, self._kept), count, dtype=np.int64)
        score[pairs.one, rank], other[pairs.one, rank] = pairs.score, pairs.other
        self._best = _Best(score, other, score[:, -1].copy(), other[:, -1].copy())
        # From what rough product on another may come into the list of each row.
        self._floor = (np.maximum(self._best.last_score, LEAST) - ROUNDING).astype(np.float32)

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
        for row, (scores, others) in enumerate(zip(self._best.score, self._best.other, strict=True)):
            for score, other in zip(scores[: self._top].tolist(), others[: self._top].tolist(), strict=True):
                if score > 0:
                    yield things[row], things[other], score

    def _update(self, row: int, cols: Whole, values: Floats) -> set[int]:
        """Put another row in the place of one; return the rows whose best are others now."""
        self._index.put(row, cols, values)
        rough = self._index.products(row)
        near = np.flatnonzero(rough[: self._count] >= self._floor)
        near = np.union1d(near, np.flatnonzero(self._best.other.reshape(-1) == row) // self._kept)
        before, score = self._best.taken(near), self._exact(row, near)
        is_first = (score > before.last_score) | ((score == before.last_score) & (row <= before.last_other))
        # What is kept without the row, and the row where it belongs to it.
        there = before.other == row
        scores = np.column_stack([np.where(there, _NONE, before.score), np.where(is_first, score, _NONE)])
        scores[scores <= LEAST] = _NONE
        others = np.where(scores > 0, np.column_stack([before.other, np.full(len(near), row)]), self._count)
        order = np.lexsort((others, -scores), axis=1)
        scores, others = np.take_along_axis(scores, order, axis=1), np.take_along_axis(others, order, axis=1)
        is_over = scores[:, self._kept] > 0
        now = _Best(
            scores[:, : self._kept],
            others[:, : self._kept],
            np.where(is_over, scores[:, self._kept - 1], before.last_score),
            np.where(is_over, others[:, self._kept - 1], before.last_other),
        )
        lacks = (now.last_score > 0) & (scores[:, self._top - 1] < 0)
        kept = np.flatnonzero(~lacks)
        touched = self._replace(near[kept], now.taken(kept)) | self._replace(np.array([row]), self._of_row(row, rough))
        for each in near[lacks].tolist():
            touched |= self._replace(np.array([each]), self._of_row(each, self._index.products(each)))
        return touched

    def _replace(self, rows: Whole, now: _Best) -> set[int]:
        """Keep other best rows; return the rows of which those that are wanted are others now."""
        before, top = self._best.taken(rows), self._top
        is_other = (before.score != now.score)[:, :top] | (before.other != now.other)[:, :top]
        for mine, theirs in zip(self._best, now, strict=True):
            mine[rows] = theirs
        self._floor[rows] = np.maximum(now.last_score, LEAST) - ROUNDING
        return set(rows[is_other.any(axis=1)].tolist())

    def _exact(self, row: int, others: Whole) -> Floats:
        """Return the products of a row with others, added up in the order in which a full run does."""
        return self._index.exact.scores(np.full(len(others), row), others)

    def _of_row(self, row: int, rough: Rough) -> _Best:
        """Return the best of all for a row, whose products are known roughly."""
        _, near = promising(rough[None], self._kept, 0.0)
        scores = self._exact(row, near)
        order = np.lexsort((near, -scores))
        order = order[scores[order] > LEAST][: self._kept]
        score, other = np.full((1, self._kept), _NONE), np.full((1, self._kept), self._count)
        score[0, : len(order)], other[0, : len(order)] = scores[order], near[order]
        return _Best(score, other, score[:, -1], other[:, -1])
