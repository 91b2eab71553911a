"""The judged set: pairs of shipped interventions with the grades of three passes.

`pass-1.csv` to `pass-3.csv` have the grades, `guideline.md` says what they mean, `pool.csv` which pairs were to be
judged. The pool has grown before the third pass, so a few pairs were judged by that alone.
"""

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
PASSES = ("pass-1", "pass-2", "pass-3")
HELD_OUT, TUNING = "held-out", "tuning"
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """Grades by intervention and other.

    Attributes:
        grades: The middle one of the grades that the passes give.
        passes: The grades of each pass, by its name.
    """

    grades: dict[str, dict[str, int]]
    passes: dict[str, dict[Pair, int]]

    def part(self, name: str) -> list[str]:
        """Return the interventions of a part: every other one of those asked, in the order of their keys."""
        return sorted(self.grades)[name == HELD_OUT :: 2]

    def alone(self, name: str) -> "Judged":
        """Return what one pass says."""
        return _judged({name: self.passes[name]})

    def together(self, one: str, other: str) -> tuple[list[int], list[int]]:
        """Return the grades of two passes for the pairs that both have judged."""
        pairs = [pair for pair in self.passes[one] if pair in self.passes[other]]
        return [self.passes[one][pair] for pair in pairs], [self.passes[other][pair] for pair in pairs]


def read(folder: Path = FOLDER) -> Judged:
    """Return the judged set.

    Raises:
        ValueError: A pass has not judged what the one before it has.
    """
    found: dict[str, dict[Pair, int]] = {}
    for name in PASSES:
        with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            read = {(row["intervention"], row["other"]): int(row["grade"]) for row in csv.DictReader(file)}
        if any(before.keys() - read.keys() for before in found.values()):
            raise ValueError(f"{name} has not judged all pairs of the pass before it.")
        found[name] = read
    return _judged(found)


def _judged(passes: dict[str, dict[Pair, int]]) -> Judged:
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    *_, last = passes.values()
    for intervention, other in last:
        given = sorted(each[intervention, other] for each in passes.values() if (intervention, other) in each)
        grades[intervention][other] = given[(len(given) - 1) // 2]
    return Judged(dict(grades), passes)
