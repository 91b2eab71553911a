"""Small operations on arrays of numbers that the steps of a query are made of."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ids: TypeAlias = NDArray[np.int32]
Whole: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]
Truth: TypeAlias = NDArray[np.int8]

# A table of flags or numbers is used instead of sorting while it has at most so many entries for each value.
_SPARSE = 8


def in_order(values: NDArray[np.signedinteger]) -> Whole:
    """Return the places of values in ascending order; those of equal values stay as they are."""
    size = len(values)
    if size == 0 or bool((values[1:] >= values[:-1]).all()):
        return np.arange(size)
    low, bits = int(values.min()), size.bit_length()
    if (int(values.max()) - low + 1).bit_length() + bits > 62:
        return np.argsort(values, kind="stable")
    # Numbers with their places behind them are sorted several times faster than places by their numbers.
    codes: Whole = ((values.astype(np.int64) - low) << bits) | np.arange(size)
    codes.sort()
    return codes & ((1 << bits) - 1)


def distinct(values: NDArray[np.signedinteger]) -> tuple[NDArray[np.signedinteger], Whole]:
    """Return the distinct values, ascending, and for each value its place among them."""
    if len(values) == 0:
        return values, np.zeros(0, np.int64)
    low = int(values.min())
    span = int(values.max()) - low + 1
    if span > _SPARSE * len(values) + 1024:
        order = in_order(values)
        ascending = values[order]
        fresh = np.ones(len(values), np.bool_)
        np.not_equal(ascending[1:], ascending[:-1], out=fresh[1:])
        places = np.empty(len(values), np.int64)
        places[order] = np.cumsum(fresh) - 1
        return ascending[fresh], places
    flags = np.zeros(span, np.bool_)
    shifted = values - low
    flags[shifted] = True
    found = np.flatnonzero(flags)
    places = np.empty(span, np.int64)
    places[found] = np.arange(len(found))
    return (found + low).astype(values.dtype), places[shifted]


def combined(columns: Sequence[NDArray[np.signedinteger]], size: int) -> tuple[Whole, int]:
    """Return one code for each row of several columns, and a bound of the codes; equal rows have equal codes."""
    codes, bound = np.zeros(size, np.int64), 1
    for column in columns:
        found, places = distinct(column)
        codes, bound = _appended(codes, bound, len(found), places)
    return codes, bound


def _appended(codes: Whole, bound: int, number: int, places: Whole) -> tuple[Whole, int]:
    """Return the codes of columns and one more, which has so many values, and a bound of them."""
    if bound == 1:
        return places, max(number, 1)
    if bound * number > 1 << 62:
        first, codes = distinct(codes)
        bound = len(first)
    return codes * max(number, 1) + places, bound * max(number, 1)


def after(groups: Whole, keys: Whole) -> Whole:
    """Return numbers in the order of groups, and within a group in that of keys."""
    if not len(keys):
        return keys
    low, high = int(keys.min()), int(keys.max())
    if (int(groups.max()) + 1) * (high - low + 1) > 1 << 62:
        return combined((groups, keys), len(keys))[0]
    return groups * (high - low + 1) + (keys - low)


def grouped(columns: Sequence[NDArray[np.signedinteger]], size: int) -> tuple[Whole, Whole]:
    """Return for each row the number of its group, and for each group the first row of it."""
    codes, _ = combined(columns, size)
    found, places = distinct(codes)
    return places, _firsts(found, places)


def _firsts(found: NDArray[np.signedinteger], places: Whole) -> Whole:
    """Return for each distinct value the first place of it."""
    first = np.empty(len(found), np.int64)
    first[places[::-1]] = np.arange(len(places) - 1, -1, -1)  # of several, the last one written stays
    return first


def unique_rows(columns: Sequence[NDArray[np.signedinteger]], size: int) -> Whole | None:
    """Return the first of each equal rows, in their order; None if no two are equal."""
    codes, bound = np.zeros(size, np.int64), 1
    for column in columns:
        found, places = distinct(column)
        if len(found) == size:
            return None
        codes, bound = _appended(codes, bound, len(found), places)
    first = _firsts(*distinct(codes))
    if len(first) == size:
        return None
    first.sort()
    return first


def ties(columns: Sequence[NDArray[np.signedinteger]], size: int) -> Whole | None:
    """Return the places of the rows that are not the only ones of their kind; None if that is most of them."""
    if not columns:
        return None
    codes, _ = combined(columns, size)
    found, places = distinct(codes)
    if len(found) == size:
        return np.zeros(0, np.int64)
    tied = np.bincount(places, minlength=len(found))[places] > 1
    return None if 2 * np.count_nonzero(tied) > size else np.flatnonzero(tied)


def count_distinct(groups: Whole, number: int, values: NDArray[np.signedinteger]) -> Whole:
    """Return how many distinct values each of so many groups has."""
    found, places = distinct(values)
    table = number * len(found)
    if table <= 16 * len(values) + 65536:
        flags = np.zeros(table, np.bool_)
        flags[groups * len(found) + places] = True
        return flags.reshape(number, len(found)).sum(axis=1) if table else np.zeros(number, np.int64)
    pairs = np.sort(groups * len(found) + places)
    fresh = np.ones(len(pairs), np.bool_)
    np.not_equal(pairs[1:], pairs[:-1], out=fresh[1:])
    return np.bincount(pairs[fresh] // len(found), minlength=number)


def expanded(starts: Whole, counts: Whole) -> tuple[Whole, Whole]:
    """Return for ranges the row each place comes from, and the places: starts 5, 9 of 2, 1 are rows 0 0 1, 5 6 9."""
    if len(counts) and counts.max() <= 1:
        rows = np.flatnonzero(counts)
        return rows, starts[rows]
    total = int(counts.sum())
    rows = np.repeat(np.arange(len(counts)), counts)
    ends = np.cumsum(counts)
    places = np.arange(total) - np.repeat(ends - counts - starts, counts)
    return rows, places


def is_among(values: NDArray[np.signedinteger], others: NDArray[np.signedinteger]) -> Mask:
    """Say of each value whether it is among the others."""
    if len(values) == 0 or len(others) == 0:
        return np.zeros(len(values), np.bool_)
    low, high = int(others.min()), int(others.max())
    if high - low > _SPARSE * (len(values) + len(others)) + 1024:
        return np.isin(values, others)
    flags: Mask = np.zeros(high - low + 3, np.bool_)
    flags[others - low + 1] = True
    found: Mask = flags[np.clip(values, low - 1, high + 1) - low + 1]
    return found


class Index:
    """Sorted keys, with the places of each."""

    def __init__(self, keys: Ids) -> None:
        self._keys = keys
        self._offsets: Whole | None = None
        self._low = int(keys[0]) if len(keys) else 0
        self._span = int(keys[-1]) - self._low + 1 if len(keys) else 0
        self._number: int | None = None

    @property
    def number(self) -> int:
        """How many distinct keys there are."""
        if self._number is None:
            self._number = int(np.count_nonzero(np.diff(self._keys))) + 1 if len(self._keys) else 0
        return self._number

    def ranges(self, wanted: NDArray[np.signedinteger]) -> tuple[Whole, Whole]:
        """Return for each wanted key where its places start, and how many there are."""
        if self._span > _SPARSE * len(self._keys) + 1024 or len(wanted) < 16:
            starts = np.searchsorted(self._keys, wanted, "left")
            return starts, np.searchsorted(self._keys, wanted, "right") - starts
        if self._offsets is None:
            counts = np.bincount(self._keys - self._low, minlength=self._span)
            self._offsets = np.zeros(self._span + 2, np.int64)
            np.cumsum(counts, out=self._offsets[1:-1])
            self._offsets[-1] = self._offsets[-2]
        place = wanted.astype(np.int64) - self._low
        place[(place < 0) | (place >= self._span)] = self._span
        starts = self._offsets[place]
        return starts, self._offsets[place + 1] - starts
