"""Why pairs are linked, as numbers: type, score, and the share of each feature, for all pairs together.

Scores and shares are whole millionths, and the shares of a pair add up to its score. This is all that is kept of pairs
until somebody reads or writes them: some 60 bytes of each.
"""

from dataclasses import dataclass, fields
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from whatworks.linking.link import EXPLAINING, MILLION, SPOKEN, TYPES, Tell, untold
from whatworks.linking.products import Pairs, Products
from whatworks.linking.records import Floats, Records, Whole, ranges
from whatworks.linking.vectors import Vectors

Flags = npt.NDArray[np.bool_]
# The column of all shared words together, and the word where there is none.
ALL_WORDS = NO_WORD = -1
_AT_ONCE = 1 << 9  # pairs


@dataclass(frozen=True, slots=True)
class Reasons:
    """The reasons of pairs of rows, in the order of the pairs.

    Attributes:
        one, other: The rows of each pair, the lower first.
        score: The score in millionths.
        type: The number of the type among `link.TYPES`.
        starts: Where the reasons of each pair start, and the end; the greatest come first.
        cols: The column of each reason; `ALL_WORDS` for the words.
        shares: The share of each reason in millionths.
        direct: Whether both have the feature themselves; else one has something below it.
        words: Of each pair the columns of the words that count most, the greatest first, or `NO_WORD`.
    """

    one: Whole
    other: Whole
    score: Whole
    type: Whole
    starts: Whole
    cols: Whole
    shares: Whole
    direct: Flags
    words: Whole

    def __len__(self) -> int:
        return len(self.one)

    def taken(self, at: Whole) -> "Reasons":
        """Return those of some of the pairs, in this order."""
        lengths = np.diff(self.starts)[at]
        entries = ranges(self.starts[at], lengths)
        rest = {name: getattr(self, name)[at] for name in ("one", "other", "score", "type", "words")}
        of_entries = {name: getattr(self, name)[entries] for name in ("cols", "shares", "direct")}
        return Reasons(**rest, **of_entries, starts=np.concatenate([[0], np.cumsum(lengths)]))

    def digest(self) -> bytes:
        """Return a digest that is the same for the same reasons, on every machine."""
        found = sha256()
        for each in fields(self):
            found.update(np.ascontiguousarray(getattr(self, each.name), dtype="<i8").data)
        return found.digest()


class Reasoner:
    """Works out the reasons of pairs.

    Args:
        records: What interventions have.
        vectors: Their rows.
        family: The family of each column.
    """

    def __init__(self, records: Records, vectors: Vectors, family: Whole) -> None:
        self._records = records
        self._vectors = vectors
        self._products = Products(vectors)
        self._family = family
        self._count = count = len(vectors)
        self._is_word = family == len(records.families) - 1
        self._rows = np.repeat(np.arange(count), np.diff(vectors.starts))
        self._keys = self._rows * vectors.width + vectors.cols
        # Columns that somebody has only through something below; of the others it need not be asked.
        self._is_above = np.zeros(vectors.width, dtype=np.bool_)
        self._is_above[vectors.cols[vectors.raw < 1]] = True
        # Where each word comes in the alphabet.
        spelt = [records.surfaces.get(name, "") for _, name in records.columns]
        self._alphabet = np.empty(len(spelt), dtype=np.int64)
        self._alphabet[sorted(range(len(spelt)), key=spelt.__getitem__)] = np.arange(len(spelt))
        # Of each role the columns that are of it, and the rows that have one.
        self._roles = {role: self._having(role) for role in ("approach", "place", "group")}
        self._is_tool = np.zeros(count, dtype=np.bool_)
        self._is_tool[list(records.tools)] = True

    def reasons(self, one: Whole, other: Whole, tell: Tell = untold) -> Reasons:
        """Return the reasons of pairs of rows, each given once, the lower first, in order."""
        found = []
        for start in range(0, max(len(one), 1), _AT_ONCE):
            at = slice(start, start + _AT_ONCE)
            found.append(self._some(self._products.pairs(one[at], other[at])))
            tell(EXPLAINING, min(start + _AT_ONCE, len(one)), len(one))
        offsets = np.cumsum([0, *(len(each.cols) for each in found)]).tolist()
        starts = [each.starts[:-1] + offset for each, offset in zip(found, offsets, strict=False)]
        joined = {
            each.name: np.concatenate([getattr(some, each.name) for some in found])
            for each in fields(Reasons)
            if each.name != "starts"
        }
        return Reasons(**joined, starts=np.concatenate([*starts, offsets[-1:]]))

    def _some(self, pairs: Pairs) -> Reasons:
        count = len(pairs)
        pair = np.repeat(np.arange(count), np.diff(pairs.starts))
        is_word = self._is_word[pairs.cols]
        spoken = np.bincount(pair[is_word], pairs.parts[is_word], minlength=count).astype(np.float64, copy=False)
        speaks = np.flatnonzero(spoken > 0)
        # Of each pair its features in the order of columns, then its words.
        of_pair = np.concatenate([pair[~is_word], speaks])
        cols = np.concatenate([pairs.cols[~is_word], np.full(len(speaks), ALL_WORDS)])
        parts = np.concatenate([pairs.parts[~is_word], spoken[speaks]])
        ordered = np.argsort(of_pair, kind="stable")
        of_pair, cols, parts = of_pair[ordered], cols[ordered], parts[ordered]
        score, shares = rounded(pairs.score, of_pair, parts)
        ordered = np.lexsort((-shares, of_pair))
        ordered = ordered[shares[ordered] > 0]
        of_pair, cols, shares = of_pair[ordered], cols[ordered], shares[ordered]
        return Reasons(
            pairs.one.astype(np.int32),
            pairs.other.astype(np.int32),
            score.astype(np.int32),
            self._types(pairs, pair).astype(np.int8),
            np.searchsorted(of_pair, np.arange(count + 1)),
            cols.astype(np.int32),
            shares.astype(np.int32),
            self._direct(pairs.one[of_pair], pairs.other[of_pair], cols),
            self._most_telling(pair[is_word], pairs.cols[is_word], pairs.parts[is_word], count).astype(np.int32),
        )

    def _direct(self, one: Whole, other: Whole, cols: Whole) -> Flags:
        found = np.ones(len(cols), dtype=np.bool_)
        at = np.flatnonzero((cols != ALL_WORDS) & self._is_above[cols])
        for ends in (one, other):
            places = np.searchsorted(self._keys, ends[at] * self._vectors.width + cols[at])
            found[at] &= self._vectors.raw[places] >= 1
        return found

    def _most_telling(self, pair: Whole, cols: Whole, parts: Floats, count: int) -> Whole:
        found: Whole = np.full((count, SPOKEN), NO_WORD, dtype=np.int64)
        ordered = np.lexsort((self._alphabet[cols], -parts, pair))
        pair, cols = pair[ordered], cols[ordered]
        rank = np.arange(len(pair)) - np.searchsorted(pair, pair)
        kept = rank < SPOKEN
        found[pair[kept], rank[kept]] = cols[kept]
        return found

    def _types(self, pairs: Pairs, pair: Whole) -> Whole:
        """Return the number of the type of each pair."""
        both_approach, approach = self._in_common("approach", pairs, pair)
        both_place, place = self._in_common("place", pairs, pair)
        _, group = self._in_common("group", pairs, pair)
        one_tool = self._is_tool[pairs.one] != self._is_tool[pairs.other]
        number = TYPES.index
        return np.select(
            [one_tool & approach, approach & both_place & ~place, group & both_approach & ~approach],
            [number("supports"), number("same-approach-elsewhere"), number("complementary")],
            number("similar"),
        )

    def _having(self, role: str) -> tuple[Flags, Flags]:
        numbers = [number for number, family in enumerate(self._records.families) if family.role == role]
        of_role: Flags = np.isin(self._family, numbers)
        has = np.zeros(self._count, dtype=np.bool_)
        has[self._rows[of_role[self._vectors.cols]]] = True
        return of_role, has

    def _in_common(self, role: str, pairs: Pairs, pair: Whole) -> tuple[Flags, Flags]:
        """Say of each pair whether both have features of a role, and whether they share one."""
        of_role, has = self._roles[role]
        shared = np.zeros(len(pairs), dtype=np.bool_)
        shared[pair[of_role[pairs.cols]]] = True
        return has[pairs.one] & has[pairs.other], shared


def rounded(scores: Floats, pair: Whole, parts: Floats) -> tuple[Whole, Whole]:
    """Return scores and their parts as whole millionths; those of the parts of a score add up to it.

    Those that lose most by rounding down get what is missing; the first where equal.

    Args:
        scores: The scores.
        pair: The number of the score to which each part belongs, in order.
        parts: The parts.

    >>> score, shares = rounded(np.array([0.5000004]), np.array([0, 0]), np.array([0.25, 0.2500004]))
    >>> int(score[0]), shares.tolist()
    (500000, [250000, 250000])
    """
    whole = np.rint(scores * MILLION).astype(np.int64)
    exact = parts * MILLION
    found = exact.astype(np.int64)
    missing = whole - np.bincount(pair, found, minlength=len(scores)).astype(np.int64)
    ordered = np.lexsort((found - exact, pair))
    rank = np.arange(len(pair)) - np.searchsorted(pair, pair)
    found[ordered[rank < missing[pair]]] += 1
    return whole, found
