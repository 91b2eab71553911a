"""How good a ranking is, how sure one can be of it, and how far two readers agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Grades = Mapping[str, float]
NAMES = ("precision@5", "recall@10", "nDCG@10")
RELEVANT = 2
DRAWS = 2000
SEED = 7


def precision(ranked: Sequence[str], grades: Grades, first: int = 5) -> float:
    """Return how many of the first are relevant, as a share."""
    return sum(grades.get(each, 0) >= RELEVANT for each in ranked[:first]) / first


def recall(ranked: Sequence[str], grades: Grades, first: int = 10) -> float:
    """Return how many of the relevant ones are among the first, as a share of those that could be; one has some."""
    relevant = {each for each, grade in grades.items() if grade >= RELEVANT}
    return len(relevant & set(ranked[:first])) / min(len(relevant), first)


def gain(ranked: Sequence[str], grades: Grades, first: int = 10) -> float:
    """Return the discounted gain of the first, 2^grade - 1 for each, as a share of the best that there could be."""
    weights = 1 / np.log2(np.arange(2, first + 2))

    def added(of: Sequence[float]) -> float:
        gains = np.array([2.0**grade - 1 for grade in of[:first]])
        return float(gains @ weights[: len(gains)])

    return added([grades.get(each, 0) for each in ranked]) / added(sorted(grades.values(), reverse=True))


def measured(ranked: Sequence[str], grades: Grades) -> tuple[float, float, float]:
    """Return the three figures of `NAMES` for one ranking; something relevant must be among the grades."""
    return precision(ranked, grades), recall(ranked, grades), gain(ranked, grades)


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with the interval in which 95 of 100 samples of interventions have it."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.2f} ({self.low:.2f}–{self.high:.2f})"


def interval(values: Sequence[float]) -> Interval:
    """Return the mean of figures of several interventions, and its interval from samples drawn with replacement."""
    array: npt.NDArray[np.float64] = np.asarray(values, dtype=np.float64)
    drawn = np.random.default_rng(SEED).integers(0, len(array), (DRAWS, len(array)))
    low, high = np.quantile(array[drawn].mean(axis=1), [0.025, 0.975])
    return Interval(float(array.mean()), float(low), float(high))


def kappa(one: Sequence[int], other: Sequence[int], highest: int = 3) -> float:
    """Return Cohen's kappa with quadratic weights of two readings, from 0 (as by chance) to 1 (the same).

    Source: J. Cohen, Weighted kappa, Psychological Bulletin 70 (1968).
    """
    count = highest + 1
    table = np.zeros((count, count))
    np.add.at(table, (np.asarray(one), np.asarray(other)), 1)
    table /= table.sum()
    apart = (np.subtract.outer(np.arange(count), np.arange(count)) / highest) ** 2
    chance = np.outer(table.sum(axis=1), table.sum(axis=0))
    return float(1 - (apart * table).sum() / (apart * chance).sum())
