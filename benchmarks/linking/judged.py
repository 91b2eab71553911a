"""The judged set: pairs of shipped interventions with the grades of two passes.

`pass-1.csv` and `pass-2.csv` have the grades, `guideline.md` says what they mean, `pool.csv` which pairs were to be
judged.
"""

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
PASSES = ("pass-1", "pass-2")
HELD_OUT, TUNING = "held-out", "tuning"


@dataclass(frozen=True, slots=True)
class Judged:
    """Grades by intervention and other.

    Attributes:
        grades: The lower half of both passes together: 2 and 3 make 2.
        passes: The grades of each pass, in the order of the pairs.
    """

    grades: dict[str, dict[str, int]]
    passes: list[list[int]]

    def part(self, name: str) -> list[str]:
        """Return the interventions of a part: every other one of those asked, in the order of their keys."""
        return sorted(self.grades)[name == HELD_OUT :: 2]


def read(folder: Path = FOLDER) -> Judged:
    """Return the judged set."""
    found = []
    for name in PASSES:
        with (folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            found.append({(row["intervention"], row["other"]): int(row["grade"]) for row in csv.DictReader(file)})
    one, other = found
    if one.keys() != other.keys():
        raise ValueError("The passes have judged different pairs.")
    grades: dict[str, dict[str, int]] = defaultdict(dict)
    for (intervention, with_other), grade in one.items():
        grades[intervention][with_other] = (grade + other[intervention, with_other]) // 2
    return Judged(dict(grades), [list(one.values()), [other[pair] for pair in one]])
