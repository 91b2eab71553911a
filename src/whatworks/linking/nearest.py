"""Finds for each row the rows whose product with it is greatest, exactly, without all pairs in memory.

For a block of rows the products with all rows are worked out roughly, in single precision: what many rows have by a
product of dense matrices, the rest by adding up the entries of each column. What may be among the best then, an error
of rounding allowed for, is worked out exactly. Rows that are the same are compared once.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from whatworks.linking.products import Products
from whatworks.linking.records import Floats, Whole, ranges
from whatworks.linking.vectors import Vectors

# A column that more than this part of all rows have is multiplied densely.
_DENSE = 0.08
_BLOCK = 1 << 22  # products in memory at a time
_LEAST_ROWS = 128  # but rows enough for a product of matrices to be worth it
_LANES = 64  # the greatest of so many products is found before the best are sought
# More than single precision can be wrong by in a sum of some hundred terms below 1.
ROUNDING = 1e-4
LEAST = 2 * ROUNDING  # a product of no more is none
# Pairs worked out exactly at a time.
_AT_ONCE = 1 << 9

Rough = npt.NDArray[np.float32]


class Near(NamedTuple):
    """Pairs of rows and their products.

    Attributes:
        one, other: The rows of each pair.
        score: The product of the two, from 0 to 1.
    """

    one: Whole
    other: Whole
    score: Floats

    def taken(self, at: Whole) -> "Near":
        """Return some of the pairs, in this order."""
        return Near(self.one[at], self.other[at], self.score[at])


class Block(NamedTuple):
    """The best pairs of some rows.

    Attributes:
        pairs: The pairs.
        end: Where to start for those that come next.
    """

    pairs: Near
    end: int


class Alike(NamedTuple):
    """Groups of rows that are the same, in the order of their first rows.

    Attributes:
        rows: The rows of all groups, one group after the other, each in order.
        starts: Where each group starts, and the end.
    """

    rows: Whole
    starts: Whole

    @property
    def firsts(self) -> Whole:
        """The first row of each group."""
        return self.rows[self.starts[:-1]]

    @property
    def sizes(self) -> Whole:
        """How many rows each group has."""
        return np.diff(self.starts)


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
    single = len(same.firsts) == len(vectors)
    lone = same.sizes == 1
    index = Index(vectors if single else part(vectors, same.firsts))
    count, size = len(same.firsts), index.block
    for first in range(start, count, size):
        block = np.arange(first, min(first + size, count))
        # A group that is its own neighbour takes one place more: its first row is not the neighbour of itself.
        found = index.best(block, top if single else top + 1, minimum, lone)
        yield Block(found if single else spread(found, same, top), first + len(block))
        tell(int(same.starts[first + len(block)]))


class Index:
    """Rows, made ready to be compared.

    Attributes:
        vectors: The rows.
        exact: Works out products exactly.
        block: How many rows are compared with all at a time.
    """

    def __init__(self, vectors: Vectors) -> None:
        self.vectors = vectors
        self.exact = Products(vectors)
        self._count = count = len(vectors)
        rows = np.repeat(np.arange(count), np.diff(vectors.starts))
        having = np.bincount(vectors.cols, minlength=vectors.width)
        frequent = np.flatnonzero(having > max(_DENSE * count, _LANES))
        self._place = np.full(vectors.width, -1, dtype=np.int64)
        self._place[frequent] = np.arange(len(frequent))
        self._padded = -(-max(count, 1) // _LANES) * _LANES
        self.block = max(_LEAST_ROWS, _BLOCK // self._padded)
        self._space = np.empty((0, self._padded), dtype=np.float32)
        is_dense = self._place[vectors.cols] >= 0
        self._dense = np.zeros((len(frequent), self._padded), dtype=np.float32)
        self._dense[self._place[vectors.cols[is_dense]], rows[is_dense]] = vectors.values[is_dense]
        # The other entries, column by column.
        at = np.flatnonzero(~is_dense)
        at = at[np.argsort(vectors.cols[at], kind="stable")]
        self._lengths = np.bincount(vectors.cols[at], minlength=vectors.width)
        bounds = np.cumsum(self._lengths)[:-1]
        self._rows = np.split(rows[at], bounds)
        self._values = np.split(vectors.values[at].astype(np.float32), bounds)

    def put(self, row: int, cols: Whole, values: Floats) -> None:
        """Put another row in the place of one, after `exact.loosen`."""
        places = self._place[cols]
        is_dense = places >= 0
        self._dense[:, row] = 0.0
        self._dense[places[is_dense], row] = values[is_dense]
        old = self.exact.row(row)[0]
        now = dict.fromkeys(old[self._place[old] < 0].tolist(), 0.0)
        now.update(zip(cols[~is_dense].tolist(), values[~is_dense].tolist(), strict=True))
        for col, value in now.items():
            rows, at = self._rows[col], int(np.searchsorted(self._rows[col], row))
            if at < len(rows) and rows[at] == row:
                self._values[col][at] = value
            else:
                self._rows[col] = np.insert(rows, at, row)
                self._values[col] = np.insert(self._values[col], at, value)
                self._lengths[col] += 1
        self.exact.put(row, cols, values)

    def products(self, row: int) -> Rough:
        """Return the products of a row with all others, roughly; with itself, and with none, it is -1."""
        cols, values = self.exact.row(row)
        places, small = self._place[cols], values.astype(np.float32)
        is_dense = places >= 0
        found, part = np.zeros((2, self._padded), dtype=np.float32)
        for place, value in zip(places[is_dense].tolist(), small[is_dense], strict=True):
            found += np.multiply(self._dense[place], value, out=part)
        self._add(found, cols[~is_dense], small[~is_dense])
        found[row] = found[self._count :] = -1.0
        return found

    def _add(self, products: Rough, cols: Whole, values: Rough) -> None:
        """Add to the products of one row with all what its entries in columns give that are not dense."""
        listed = cols.tolist()
        if listed:
            rows = np.concatenate([self._rows[col] for col in listed])
            parts = np.concatenate([self._values[col] for col in listed])
            parts *= np.repeat(values, self._lengths[cols])
            np.add.at(products, rows, parts)

    def best(self, block: Whole, top: int, minimum: float, lone: "npt.NDArray[np.bool_]") -> Near:
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
        return self._exact(block, *promising(rough, top, minimum), top, minimum)

    def _rough(self, block: Whole) -> Rough:
        vectors, first = self.vectors, int(block[0])
        if len(self._space) < len(block):
            self._space = np.empty((len(block), self._padded), dtype=np.float32)
        left = np.zeros((len(block), len(self._dense)), dtype=np.float32)
        starts = vectors.starts[first : first + len(block) + 1]
        entries = slice(int(starts[0]), int(starts[-1]))
        cols, values = vectors.cols[entries], vectors.values[entries].astype(np.float32)
        places = self._place[cols]
        rows = np.repeat(np.arange(len(block)), np.diff(starts))
        is_dense = places >= 0
        left[rows[is_dense], places[is_dense]] = values[is_dense]
        rough = np.matmul(left, self._dense, out=self._space[: len(block)])
        rows, cols, values = rows[~is_dense], cols[~is_dense], values[~is_dense]
        bounds = np.searchsorted(rows, np.arange(len(block) + 1)).tolist()
        for place, (start, end) in enumerate(pairwise(bounds)):
            self._add(rough[place], cols[start:end], values[start:end])
        rough[:, self._count :] = -1.0
        return rough

    def _exact(self, block: Whole, one: Whole, other: Whole, top: int, minimum: float) -> Near:
        """Return the best of the candidates, worked out exactly; `one` is a place in the block, in order."""
        found = []
        bounds = np.searchsorted(one, np.arange(len(block) + 1))
        start = 0
        while start < len(block):  # whole rows, some pairs at a time
            end = max(start + 1, int(np.searchsorted(bounds, bounds[start] + _AT_ONCE, side="right")) - 1)
            at = slice(bounds[start], bounds[end])
            ends = block[one[at]], other[at]
            found.append(_first(Near(*ends, self.exact.scores(*ends)), top, minimum))
            start = end
        return joined(found)


def promising(rough: Rough, top: int, minimum: float) -> tuple[Whole, Whole]:
    """Return the places of rough products that may be among the greatest of each row, row by row.

    Products stand in lanes side by side; where a lane has none of the greatest, none of it is looked at.
    """
    steps = rough.reshape(len(rough), _LANES, -1)
    lanes = steps.max(axis=1)
    wanted = min(top, rough.shape[1])
    least = _greatest(lanes if wanted <= lanes.shape[1] else rough, wanted)
    least = np.maximum(least, np.float32(max(minimum, LEAST))) - np.float32(ROUNDING)
    row, lane = np.nonzero(lanes >= least[:, None])
    at, step = np.nonzero(steps[row, :, lane] >= least[row][:, None])
    return row[at], step * lanes.shape[1] + lane[at]


def part(vectors: Vectors, rows: Whole) -> Vectors:
    """Return some of the rows."""
    lengths = np.diff(vectors.starts)[rows]
    entries = ranges(vectors.starts[rows], lengths)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return Vectors(starts, vectors.cols[entries], vectors.values[entries], vectors.raw[entries], vectors.width)


def joined(pairs: Sequence[Near]) -> Near:
    """Return pairs one after the other."""
    none = np.zeros(0, dtype=np.int64)
    return Near(*map(np.concatenate, zip(Near(none, none, np.zeros(0)), *pairs, strict=True)))


def in_order(pairs: Near) -> Near:
    """Return pairs in the order of their rows; those of one row stay as they are."""
    return pairs if np.all(np.diff(pairs.one) >= 0) else pairs.taken(np.argsort(pairs.one, kind="stable"))


def _greatest(products: Rough, number: int) -> Rough:
    """Return the product of each row that has this place among the greatest."""
    place = products.shape[1] - number
    return np.partition(products, place, axis=1)[:, place]


def _first(pairs: Near, top: int, minimum: float) -> Near:
    """Return the best pairs of each row, best first, then by the number of the other."""
    ordered = pairs.taken(np.lexsort((pairs.other, -pairs.score, pairs.one)))
    kept = (_rank(ordered.one) < top) & (ordered.score >= minimum) & (ordered.score > LEAST)
    return ordered.taken(np.flatnonzero(kept))


def _rank(groups: Whole) -> Whole:
    """Return for each place how many before it are of the same group, where groups stand together in order."""
    rank: Whole = np.arange(len(groups)) - np.searchsorted(groups, groups)
    return rank


def spread(pairs: Near, same: Alike, top: int) -> Near:
    """Return the best pairs of all rows from those of the first rows of groups that are the same.

    Args:
        pairs: Pairs of numbers of groups; those of each first group stand together, in order.
        same: The groups.
        top: So many for each row.
    """
    # Of each group the rows of its best groups, no more than can be wanted.
    sizes = np.minimum(same.sizes, top + 1)[pairs.other]
    at = np.repeat(np.arange(len(pairs.one)), sizes)
    wide = Near(pairs.one[at], same.rows[ranges(same.starts[pairs.other], sizes)], pairs.score[at])
    wide = wide.taken(np.lexsort((wide.other, -wide.score, wide.one)))
    wide = wide.taken(np.flatnonzero(_rank(wide.one) <= top))
    # What a group has every row of it has, but for itself.
    groups, counts = np.unique(wide.one, return_counts=True)
    before = np.cumsum(counts) - counts
    rows, of_group = same.rows[ranges(same.starts[groups], same.sizes[groups])], same.sizes[groups]
    counts = np.repeat(counts, of_group)
    at = ranges(np.repeat(before, of_group), counts)
    whole = Near(np.repeat(rows, counts), wide.other[at], wide.score[at])
    whole = whole.taken(np.flatnonzero(whole.one != whole.other))
    begins = np.flatnonzero(np.diff(whole.one, prepend=-1))
    rank = np.arange(len(whole.one)) - np.repeat(begins, np.diff(begins, append=len(whole.one)))
    return whole.taken(np.flatnonzero(rank < top))


def alike(vectors: Vectors) -> Alike:
    """Return groups of rows that are the same."""
    groups: dict[bytes, list[int]] = defaultdict(list)
    bounds = vectors.starts.tolist()
    for row, (start, end) in enumerate(pairwise(bounds)):
        groups[vectors.cols[start:end].tobytes() + vectors.values[start:end].tobytes()].append(row)
    rows = np.array([row for group in groups.values() for row in group], dtype=np.int64)
    return Alike(rows, np.cumsum([0, *map(len, groups.values())]))
