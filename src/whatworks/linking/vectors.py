"""Interventions as sparse rows of numbers whose products are scores.

The score of two interventions is the product of their rows, so it is the sum of what each shared feature gives. Rows
are made so that the score lies between 0 and 1 and does not reach 1:

* a feature counts as much as it is rare: `log(N / n) / log(N)` for `n` of `N` interventions that have it;
* within a family the features of an intervention share the weight of the family; a family of which an intervention has
  only what nearly all have counts little (`_COMMON`);
* the families that an intervention lacks leave part of their weight to those that it has (`_LACKING`).

How rare features are is fixed by `Rarity.of`; with the same rarity the row of an intervention depends on nothing else.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from whatworks.linking.records import Floats, Records, Whole

_COMMON = 0.6
_LACKING = 0.5
# Of each intervention so many words count, those that tell most of it.
_WORDS = 50
# A word that more than this part of all interventions use tells nothing.
_EVERYWHERE = 0.25
_FEW = 20  # of so few interventions nothing can be said to be everywhere


@dataclass(frozen=True, slots=True)
class Rarity:
    """How rare each column is, from 0 (all have it) to 1, and which count.

    Attributes:
        idf: The rarity of each column.
        family: The family of each column.
        weights: The weight of each family.
        alone: Whether it is a word of one intervention: it cannot be shared, but what is shared weighs less beside it.
    """

    idf: Floats
    family: Whole
    weights: Floats
    alone: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, records: Records) -> "Rarity":
        """Count how many interventions have each feature."""
        total = len(records.things)
        family = np.array([number for number, _ in records.columns], dtype=np.int64)
        having = np.bincount(np.asarray(records.cols, dtype=np.int64), minlength=len(family))
        idf = np.log((total + 1) / np.maximum(having, 1)) / np.log(max(total + 1, 2))
        words = family == len(records.families) - 1
        if total > _FEW:
            idf[words & (having > _EVERYWHERE * total)] = 0.0
        return cls(idf, family, np.array([each.weight for each in records.families]), words & (having < 2))


@dataclass(frozen=True, slots=True)
class Vectors:
    """The rows: those of entries `starts[i]:starts[i + 1]` belong to intervention `i`, in the order of columns.

    Attributes:
        starts: Where each row starts, and the end.
        cols: The column of each entry.
        values: Its value.
        raw: How strongly the intervention has the feature: 1 for what it has itself.
        width: The number of columns.
    """

    starts: Whole
    cols: Whole
    values: Floats
    raw: Floats
    width: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    @classmethod
    def of(cls, records: Records, rarity: Rarity) -> "Vectors":
        """Make the rows of all interventions."""
        rows = np.asarray(records.rows, dtype=np.int64)
        cols = np.asarray(records.cols, dtype=np.int64)
        return cls.made(rows, cols, np.asarray(records.raw), len(records.things), rarity)

    @classmethod
    def made(cls, rows: Whole, cols: Whole, raw: Floats, count: int, rarity: Rarity) -> "Vectors":
        """Make rows from entries in the order of rows and columns; the row of one needs no other."""
        families = len(rarity.weights)
        words = rarity.family[cols] == families - 1
        values = np.where(words, 1 + np.log(np.maximum(raw, 1e-9)).clip(0), raw) * rarity.idf[cols]
        kept = values > 0
        rows, cols, raw, values, words = rows[kept], cols[kept], raw[kept], values[kept], words[kept]
        # The length of each family of each row.
        places = rows * families + rarity.family[cols]
        squares = np.bincount(places, values**2, minlength=count * families)
        has = (squares > 0).reshape(count, families) @ rarity.weights
        whole = _LACKING * rarity.weights.sum() + (1 - _LACKING) * has
        values *= np.sqrt(rarity.weights[rarity.family[cols]] / (squares[places] + _COMMON**2) / whole[rows])
        kept = ~rarity.alone[cols]
        kept[kept] = _most_telling(rows[kept], values[kept], words[kept])
        rows, cols, raw, values = rows[kept], cols[kept], raw[kept], values[kept]
        starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=count))])
        return cls(starts.astype(np.int64), cols, values, raw, len(rarity.family))


def _most_telling(rows: Whole, values: Floats, words: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Say which entries count: of the words of each row only the most telling, the first by name where equal."""
    kept = ~words
    at = np.flatnonzero(words)
    ordered = at[np.lexsort((at, -values[at], rows[at]))]
    of_row = rows[ordered]
    first = np.searchsorted(of_row, of_row, side="left")
    kept[ordered[np.arange(len(ordered)) - first < _WORDS]] = True
    return kept
