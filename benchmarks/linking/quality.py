"""How good links are: the tool, each of its features alone, and TF-IDF, on planted families and on judged pairs.

    python benchmarks/linking/quality.py                    # both, as a table in Markdown
    python benchmarks/linking/quality.py --output FILE      # added to a file as well

The judged set is in two parts by intervention: weights were chosen on `tuning`, `held-out` was only reported.
Families are planted from seeds of their own; the seeds 101 and 102 were looked at while weights were chosen, and are
not reported.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from benchmarks.linking import families as planting  # noqa: E402
from benchmarks.linking import judged as judging  # noqa: E402
from benchmarks.linking.measures import NAMES, RELEVANT, Grades, Interval, interval, kappa, measured  # noqa: E402
from benchmarks.linking.methods import OURS, Scores, everything, opened, ranked  # noqa: E402
from whatworks import KnowledgeGraph  # noqa: E402
from whatworks.terms import Iri  # noqa: E402

SEEDS = (11, 12, 13)
# How noisy, beside the shipped records, and how many are written in another language altogether.
LEVELS = ((0.5, 0.0), (1.0, 0.0), (1.0, 0.2), (1.5, 0.0))
Figures = dict[str, list[tuple[float, float, float]]]  # of each method, one for each intervention


def figures(things: Sequence[Iri], methods: Mapping[str, Scores], grades: Mapping[str, Grades], seed: int) -> Figures:
    """Return the figures of each method for each intervention that has something relevant."""
    keys = [thing.code for thing in things]
    places = {key: place for place, key in enumerate(keys)}
    asked = [key for key, of in grades.items() if max(of.values(), default=0) >= RELEVANT]
    return {
        name: [measured([keys[row] for row in ranked(scores, places[key], seed)], grades[key]) for key in asked]
        for name, scores in methods.items()
    }


def on_judged(kg: KnowledgeGraph, judged: judging.Judged) -> dict[str, Figures]:
    """Return the figures for each part of the judged set."""
    things, methods = everything(kg)
    return {
        part: figures(things, methods, {key: judged.grades[key] for key in judged.part(part)}, 1)
        for part in (judging.TUNING, judging.HELD_OUT)
    }


def on_planted(kg: KnowledgeGraph, noise: float, foreign: float, seeds: Sequence[int] = SEEDS) -> Figures:
    """Return the figures for planted families, of several seeds together."""
    shipped = planting.Shipped(kg)
    planting.calibrated(shipped)
    found: Figures = {}
    for seed in seeds:
        planted = planting.Maker(shipped, noise, seed, foreign).plant(*planting.SIZES)
        with tempfile.TemporaryDirectory() as folder:
            planting.write_project(Path(folder), planted, list(shipped.features))
            things, methods = everything(opened(Path(folder)))
        grades = {key: dict.fromkeys(set(family) - {key}, 3) for family in planted.families for key in family}
        for name, of in figures(things, methods, grades, seed).items():
            found.setdefault(name, []).extend(of)
    return found


def intervals(of: Figures) -> dict[str, list[Interval]]:
    """Return mean and interval of each figure of each method."""
    return {name: [interval([each[place] for each in values]) for place in range(3)] for name, values in of.items()}


def table(title: str, of: Figures) -> Iterator[str]:
    """Yield the lines of a table: each method, the best first; and how much the tool is ahead, with its interval."""
    count = len(next(iter(of.values())))
    yield f"\n{title}, {count} interventions asked:\n"
    yield f"| method | {' | '.join(NAMES)} | {' | '.join(f'whatworks ahead in {name}' for name in NAMES)} |"
    yield f"|---|{'--:|' * 2 * len(NAMES)}"
    found = intervals(of)
    for name in sorted(found, key=lambda name: -found[name][2].mean):
        ahead = [
            interval([own[place] - its[place] for own, its in zip(of[OURS], of[name], strict=True)])
            for place in range(len(NAMES))
        ]
        shown = ["" if name == OURS else f"{each.mean:+.2f} ({each.low:+.2f} to {each.high:+.2f})" for each in ahead]
        yield f"| {name} | {' | '.join(map(str, found[name]))} | {' | '.join(shown)} |"


def agreements(one: Sequence[int], other: Sequence[int]) -> tuple[list[bool], list[bool]]:
    """Say of each pair whether two readings give the same grade, and whether they agree in what is right."""
    pairs = list(zip(one, other, strict=True))
    return [a == b for a, b in pairs], [(a >= RELEVANT) == (b >= RELEVANT) for a, b in pairs]


def report(kg: KnowledgeGraph) -> Iterator[str]:
    """Yield all tables as lines of Markdown."""
    judged = judging.read()
    *_, last = judged.passes
    yield f"{len(judged.passes[last])} pairs of {len(judged.grades)} interventions are judged; the middle grade counts."
    yield "\n| passes | pairs of both | same grade | quadratically weighted kappa | both right (2 or 3), or both not |"
    yield "|---|--:|--:|--:|--:|"
    for names in combinations(judged.passes, 2):
        one, other = judged.together(*names)
        same, right = (sum(each) / len(one) for each in agreements(one, other))
        yield f"| {' and '.join(names)} | {len(one)} | {same:.0%} | {kappa(one, other):.2f} | {right:.0%} |"
    for part, of in on_judged(kg, judged).items():
        yield from table(f"Judged pairs, part {part}", of)
    for part, of in on_judged(kg, judged.alone(last)).items():
        yield from table(f"Judged pairs, part {part}, by {last} alone", of)
    for noise, foreign in LEVELS:
        title = f"Planted families, {noise} times the noise of the shipped records"
        title += f", {foreign:.0%} in another language" if foreign else ""
        yield from table(title, on_planted(kg, noise, foreign))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--output", type=Path, help="a file to add the tables to")
    given = parser.parse_args()
    lines = []
    for line in report(opened()):
        print(line, flush=True)
        lines.append(line)
    if given.output:
        with given.output.open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
