"""Works out products of rows exactly, with the shared entries that make them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from whatworks.linking.records import Floats, Whole, ranges
from whatworks.linking.vectors import Vectors


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of rows with the entries that make their products.

    Attributes:
        one, other: The rows of each pair.
        score: The product of the two, from 0 to 1.
        starts: Where the shared entries of each pair start, and the end.
        cols, parts: Column and share of the product of each shared entry.
    """

    one: Whole
    other: Whole
    score: Floats
    starts: Whole
    cols: Whole
    parts: Floats

    def __len__(self) -> int:
        return len(self.one)


class _Terms(NamedTuple):
    """For each entry of the other row of each pair: the pair, the column, and what it gives."""

    pair: Whole
    cols: Whole
    parts: Floats


class Products:
    """Works out products in double precision, always added up in the same order.

    Args:
        vectors: The rows.
    """

    def __init__(self, vectors: Vectors) -> None:
        self._starts, self._lengths = vectors.starts[:-1], np.diff(vectors.starts)
        self._cols, self._values, self._used = vectors.cols, vectors.values, len(vectors.cols)
        self._width = vectors.width
        self._dense = np.zeros((0, vectors.width))  # rows with all their zeros; it is all zeros between two calls

    def row(self, row: int) -> tuple[Whole, Floats]:
        """Return columns and values of the entries of a row."""
        start = int(self._starts[row])
        at = slice(start, start + int(self._lengths[row]))
        return self._cols[at], self._values[at]

    def loosen(self) -> None:
        """Make room, so that rows can be replaced; the vectors that were given stay as they are."""
        spare = self._used // 4 + 1024
        self._starts, self._lengths = self._starts.copy(), self._lengths.copy()
        self._cols = np.concatenate([self._cols[: self._used], np.zeros(spare, dtype=np.int64)])
        self._values = np.concatenate([self._values[: self._used], np.zeros(spare)])

    def put(self, row: int, cols: Whole, values: Floats) -> None:
        """Put another row in the place of one, after `loosen`."""
        while self._used + len(cols) > len(self._cols):
            self.loosen()
        at = slice(self._used, self._used + len(cols))
        self._cols[at], self._values[at] = cols, values
        self._starts[row], self._lengths[row] = self._used, len(cols)
        self._used += len(cols)

    def scores(self, one: Whole, other: Whole) -> Floats:
        """Return the products of pairs of rows; it is quickest where pairs of the same first row stand together."""
        pair, _, parts = self._terms(one, other)
        return added(pair, parts, len(one))

    def pairs(self, one: Whole, other: Whole) -> Pairs:
        """Return the products of pairs of rows, and what makes them."""
        pair, cols, parts = self._terms(one, other)
        shared = parts > 0
        pair, cols, parts = pair[shared], cols[shared], parts[shared]
        starts = np.concatenate([[0], np.cumsum(np.bincount(pair, minlength=len(one)))])
        return Pairs(one, other, added(pair, parts, len(one)), starts, cols, parts)

    def _terms(self, one: Whole, other: Whole) -> _Terms:
        starts, lengths, width = self._starts, self._lengths, self._width
        begins = np.flatnonzero(np.diff(one, prepend=-1))
        firsts = one[begins]
        if len(self._dense) < len(firsts):
            self._dense = np.zeros((len(firsts), width))
        dense, begun = self._dense.reshape(-1), np.arange(len(firsts)) * width
        entries = ranges(starts[firsts], lengths[firsts])
        places = np.repeat(begun, lengths[firsts]) + self._cols[entries]
        dense[places] = self._values[entries]
        entries = ranges(starts[other], lengths[other])
        pair, cols = np.repeat(np.arange(len(one)), lengths[other]), self._cols[entries]
        of_pair = np.repeat(begun, np.diff(begins, append=len(one)))
        parts = dense[of_pair[pair] + cols] * self._values[entries]
        dense[places] = 0.0
        return _Terms(pair, cols, parts)


def added(places: Whole, values: Floats, count: int) -> Floats:
    """Return the sums of the values of each place, added up in their order."""
    return np.bincount(places, values, minlength=count).astype(np.float64, copy=False)
