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
        self._vectors = vectors
        self._lengths = np.diff(vectors.starts)
        self._dense = np.zeros((0, vectors.width))  # rows with all their zeros; it is all zeros between two calls

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
        vectors, lengths = self._vectors, self._lengths
        begins = np.flatnonzero(np.diff(one, prepend=-1))
        firsts = one[begins]
        if len(self._dense) < len(firsts):
            self._dense = np.zeros((len(firsts), vectors.width))
        dense = self._dense.reshape(-1)
        entries = ranges(vectors.starts[firsts], lengths[firsts])
        places = np.repeat(np.arange(len(firsts)) * vectors.width, lengths[firsts]) + vectors.cols[entries]
        dense[places] = vectors.values[entries]
        entries = ranges(vectors.starts[other], lengths[other])
        pair = np.repeat(np.arange(len(one)), lengths[other])
        cols = vectors.cols[entries]
        run = np.repeat(np.arange(len(firsts)) * vectors.width, np.diff(begins, append=len(one)))
        parts = dense[run[pair] + cols] * vectors.values[entries]
        dense[places] = 0.0
        return _Terms(pair, cols, parts)


def added(places: Whole, values: Floats, count: int) -> Floats:
    """Return the sums of the values of each place, added up in their order."""
    return np.bincount(places, values, minlength=count).astype(np.float64, copy=False)
