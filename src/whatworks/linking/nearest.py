"""Finds for each row the rows whose product with it is greatest, exactly, without all pairs in memory.

For a block of rows the products with all rows are worked out roughly: what many rows have by a product of dense
matrices in single precision, the rest by adding up the entries of each column. What may be among the best then, an
error of rounding allowed for, is worked out exactly. Rows that are the same are compared once.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from whatworks.linking.records import Floats, Whole, ranges
from whatworks.linking.vectors import Vectors

# A column that more than this part of all rows have is multiplied densely.
_DENSE = 0.05
_BLOCK = 1 << 22  # products in memory at a time
_LEAST_ROWS = 32  # but rows enough for a product of matrices to be worth it
_LANES = 64  # the greatest of so many neighbouring products is found before the best are sought
# More than single precision can be wrong by in a sum of some hundred terms below 1.
ROUNDING = 1e-4
LEAST = 2 * ROUNDING  # a product of no more is none
# Pairs worked out exactly at a time.
_AT_ONCE = 1 << 15


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

    def taken(self, at: Whole) -> "Pairs":
        """Return some of the pairs, in this order; one may come more than once."""
        lengths = np.diff(self.starts)[at]
        entries = ranges(self.starts[at], lengths)
        starts = np.concatenate([[0], np.cumsum(lengths)])
        return Pairs(self.one[at], self.other[at], self.score[at], starts, self.cols[entries], self.parts[entries])


class Block(NamedTuple):
    """The best pairs of some rows.

    Attributes:
        pairs: The pairs.
        end: Where to start for those that come next.
    """

    pairs: Pairs
    end: int


def nearest(vectors: Vectors, top: int, minimum: float, tell: Callable[[int], None], start: int = 0) -> Iterator[Block]:
    """Yield, block by block, the best pairs of all rows, best first, then by the number of the other.

    Rows that are the same come together.

    Args:
        vectors: The rows.
        top: So many for each row.
        minimum: Only products of at least this, and above 0.
        tell: Is told after each block how many rows are done.
        start: Where to start: 0, or the end of a block.
    """
    same = alike(vectors)
    single = len(same) == len(vectors)
    firsts = np.array([group[0] for group in same], dtype=np.int64)
    lone = np.array([len(group) == 1 for group in same], dtype=np.bool_)
    index = Index(vectors if single else part(vectors, firsts))
    size = index.block
    done = np.cumsum([0, *map(len, same)])
    for first in range(start, len(firsts), size):
        block = np.arange(first, min(first + size, len(firsts)))
        # A group that is its own neighbour takes one place more: its first row is not the neighbour of itself.
        found = index.best(block, top if single else top + 1, minimum, lone)
        yield Block(found if single else _spread(found, same, top), first + len(block))
        tell(int(done[first + len(block)]))


class Index:
    """Rows, made ready to be compared.

    Attributes:
        vectors: The rows.
        block: How many rows are compared with all at a time.
    """

    def __init__(self, vectors: Vectors) -> None:
        self.vectors = vectors
        self._count = count = len(vectors)
        rows = np.repeat(np.arange(count), np.diff(vectors.starts))
        having = np.bincount(vectors.cols, minlength=vectors.width)
        frequent = np.flatnonzero(having > max(_DENSE * count, _LANES))
        self._place = np.full(vectors.width, -1, dtype=np.int64)
        self._place[frequent] = np.arange(len(frequent))
        self._padded = -(-max(count, 1) // _LANES) * _LANES
        self.block = max(_LEAST_ROWS, _BLOCK // self._padded)
        is_dense = self._place[vectors.cols] >= 0
        self._dense = np.zeros((len(frequent), self._padded), dtype=np.float32)
        self._dense[self._place[vectors.cols[is_dense]], rows[is_dense]] = vectors.values[is_dense]
        # The other entries, column by column.
        at = np.flatnonzero(~is_dense)
        at = at[np.argsort(vectors.cols[at], kind="stable")]
        self._rows, self._values = rows[at], vectors.values[at]
        counts = np.bincount(vectors.cols[at], minlength=vectors.width)
        self._starts: list[int] = np.concatenate([[0], np.cumsum(counts)]).tolist()

    def products(self, cols: Whole, values: Floats) -> Floats:
        """Return the products of one row, given by its entries, with all rows, roughly."""
        places = self._place[cols]
        is_dense = places >= 0
        found = self._rare(cols[~is_dense], values[~is_dense])
        dense = values[is_dense].astype(np.float32) @ self._dense[places[is_dense]]
        found += dense[: self._count]
        return found

    def _rare(self, cols: Whole, values: Floats) -> Floats:
        if not len(cols):
            return np.zeros(self._count)
        starts = self._starts
        spans = [(starts[col], starts[col + 1]) for col in cols.tolist()]
        lengths = [end - start for start, end in spans]
        rows = np.concatenate([self._rows[start:end] for start, end in spans])
        listed = np.concatenate([self._values[start:end] for start, end in spans])
        listed *= np.repeat(values, lengths)
        return _added(rows, listed, self._count)

    def best(self, block: Whole, top: int, minimum: float, lone: "np.typing.NDArray[np.bool_]") -> Pairs:
        """Return the best pairs of the rows of a block.

        Args:
            block: The rows, one after the other.
            top: So many for each row.
            minimum: Only products of at least this, and above 0.
            lone: Whether a row makes no pair with itself.
        """
        rough = self._rough(block)
        own = np.flatnonzero(lone[block])
        rough[own, block[own]] = -1.0
        lanes = rough.reshape(len(block), -1, _LANES).max(axis=2)
        wanted = min(top, lanes.shape[1])
        least = np.partition(lanes, lanes.shape[1] - wanted, axis=1)[:, lanes.shape[1] - wanted]
        if wanted < top and self._count > wanted:  # fewer lanes than rows are wanted
            ordered = np.partition(rough, max(rough.shape[1] - top, 0), axis=1)
            least = ordered[:, max(rough.shape[1] - top, 0)]
        least = np.maximum(least, max(minimum, LEAST)) - ROUNDING
        one, other = np.nonzero(rough[:, : self._count] >= least[:, None])
        return self._exact(block, one, other, top, minimum)

    def _rough(self, block: Whole) -> "np.typing.NDArray[np.float32]":
        vectors, first = self.vectors, int(block[0])
        left = np.zeros((len(block), len(self._dense)), dtype=np.float32)
        rough: np.typing.NDArray[np.float32]
        spans = vectors.starts[first : first + len(block) + 1].tolist()
        places = self._place[vectors.cols[spans[0] : spans[-1]]]
        rows = np.repeat(np.arange(len(block)), np.diff(spans))
        is_dense = places >= 0
        left[rows[is_dense], places[is_dense]] = vectors.values[spans[0] : spans[-1]][is_dense]
        rough = left @ self._dense if len(self._dense) else np.zeros((len(block), self._padded), dtype=np.float32)
        rare = ~is_dense
        for place, (start, end) in enumerate(pairwise(spans)):
            at = slice(start, end)
            of_row = rare[start - spans[0] : end - spans[0]]
            rough[place, : self._count] += self._rare(vectors.cols[at][of_row], vectors.values[at][of_row])
        rough[:, self._count :] = -1.0
        return rough

    def _exact(self, block: Whole, one: Whole, other: Whole, top: int, minimum: float) -> Pairs:
        """Return the best of the candidates, worked out exactly; `one` is a place in the block."""
        found = []
        bounds = np.searchsorted(one, np.arange(len(block) + 1))
        start = 0
        while start < len(block):  # whole rows, some pairs at a time
            end = max(start + 1, int(np.searchsorted(bounds, bounds[start] + _AT_ONCE, side="right")) - 1)
            at = slice(bounds[start], bounds[end])
            pairs = multiply(self.vectors, block[one[at]], other[at])
            found.append(_first(pairs, top, minimum))
            start = end
        return joined(found)


def multiply(vectors: Vectors, one: Whole, other: Whole) -> Pairs:
    """Return pairs of rows with what makes their products, in double precision, always added up in the same order."""
    firsts, places = np.unique(one, return_inverse=True)
    scratch = np.zeros((len(firsts), vectors.width))
    lengths = np.diff(vectors.starts)
    entries = ranges(vectors.starts[firsts], lengths[firsts])
    scratch[np.repeat(np.arange(len(firsts)), lengths[firsts]), vectors.cols[entries]] = vectors.values[entries]
    entries = ranges(vectors.starts[other], lengths[other])
    pair = np.repeat(np.arange(len(one)), lengths[other])
    cols = vectors.cols[entries]
    parts = scratch[places[pair], cols] * vectors.values[entries]
    shared = parts > 0
    pair, cols, parts = pair[shared], cols[shared], parts[shared]
    score = _added(pair, parts, len(one))
    starts = np.concatenate([[0], np.cumsum(np.bincount(pair, minlength=len(one)))])
    return Pairs(one, other, score, starts, cols, parts)


def part(vectors: Vectors, rows: Whole) -> Vectors:
    """Return some of the rows."""
    lengths = np.diff(vectors.starts)[rows]
    entries = ranges(vectors.starts[rows], lengths)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return Vectors(starts, vectors.cols[entries], vectors.values[entries], vectors.raw[entries], vectors.width)


def joined(pairs: list[Pairs]) -> Pairs:
    """Return pairs one after the other."""
    if len(pairs) == 1:
        return pairs[0]
    offsets = np.cumsum([0, *(len(each.cols) for each in pairs)])
    starts = [each.starts[:-1] + offset for each, offset in zip(pairs, offsets.tolist(), strict=False)]
    return Pairs(
        np.concatenate([each.one for each in pairs]),
        np.concatenate([each.other for each in pairs]),
        np.concatenate([each.score for each in pairs]),
        np.concatenate([*starts, offsets[-1:]]),
        np.concatenate([each.cols for each in pairs]),
        np.concatenate([each.parts for each in pairs]),
    )


def in_order(pairs: Pairs) -> Pairs:
    """Return pairs in the order of their rows; those of one row stay as they are."""
    return pairs if np.all(np.diff(pairs.one) >= 0) else pairs.taken(np.argsort(pairs.one, kind="stable"))


def _first(pairs: Pairs, top: int, minimum: float) -> Pairs:
    """Return the best pairs of each row, best first, then by the number of the other."""
    ordered = np.lexsort((pairs.other, -pairs.score, pairs.one))
    of_row = pairs.one[ordered]
    rank = np.arange(len(ordered)) - np.searchsorted(of_row, of_row, side="left")
    score = pairs.score[ordered]
    return pairs.taken(ordered[(rank < top) & (score >= minimum) & (score > LEAST)])


def _spread(pairs: Pairs, same: list[Whole], top: int) -> Pairs:
    """Return the pairs of all rows from those of the first of each group of rows that are the same."""
    at: list[int] = []
    one: list[int] = []
    other: list[int] = []
    bounds = [*np.flatnonzero(np.diff(pairs.one, prepend=-1)).tolist(), len(pairs)]
    for start, end in pairwise(bounds):
        found = [
            (-float(pairs.score[place]), int(member), place)
            for place in range(start, end)
            for member in same[pairs.other[place]][: top + 1]
        ]
        found.sort()
        for row in same[pairs.one[start]].tolist():
            chosen = [(member, place) for _, member, place in found[: top + 1] if member != row][:top]
            one += [row] * len(chosen)
            other += [member for member, _ in chosen]
            at += [place for _, place in chosen]
    taken = pairs.taken(np.array(at, dtype=np.int64))
    rows = (np.array(one, dtype=np.int64), np.array(other, dtype=np.int64))
    return Pairs(*rows, taken.score, taken.starts, taken.cols, taken.parts)


def alike(vectors: Vectors) -> list[Whole]:
    """Return groups of rows that are the same, each in order, by their first."""
    groups: dict[bytes, list[int]] = defaultdict(list)
    bounds = vectors.starts.tolist()
    for row, (start, end) in enumerate(pairwise(bounds)):
        groups[vectors.cols[start:end].tobytes() + vectors.values[start:end].tobytes()].append(row)
    return [np.array(group, dtype=np.int64) for group in groups.values()]


def _added(places: Whole, values: Floats, count: int) -> Floats:
    """Return the sums of the values of each place, added up in their order."""
    return np.bincount(places, values, minlength=count).astype(np.float64, copy=False)
