"""Draws the interventions and pairs to be judged, from what every method finds, so that no method is favoured.

    python benchmarks/linking/pool.py [VECTORS.npy]...

It writes `pool.csv`, which is kept: what is judged stays, and what a later version of a method finds is added.
Interventions are drawn among those whose record says enough to be read (a summary, and aims or components); the 32
records from the What Works Clearinghouse have names, grades and effect findings only, so they are judged beside
others, and nothing is asked of them. Of each the pool has the first ten of the tool, of TF-IDF and of vectors of
sentences (one row for each intervention, in the order of keys, of length 1), the first five of each family of
features alone (where it scores above 0), and three drawn at random.
"""

import csv
import random
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from benchmarks.linking.methods import ALONE, everything, opened, ranked  # noqa: E402
from whatworks import KnowledgeGraph  # noqa: E402
from whatworks.terms import Iri  # noqa: E402

FOLDER = Path(__file__).parent
ASKED = 40
_DEEP, _SHALLOW, _DRAWN = 10, 5, 3
SEED = 20261130


def readable(kg: KnowledgeGraph, thing: Iri) -> bool:
    """Say whether a record says enough to be read."""
    names = {quad.predicate.rsplit("#", 1)[-1].rsplit("/", 1)[-1] for quad in kg.collection.local.match(thing)}
    return "description" in names and bool({"aim", "hasComponent"} & names)


def main() -> None:
    """Write the pool."""
    kg = opened()
    things, methods = everything(kg)
    for name in sys.argv[1:]:
        vectors = np.load(name)
        methods[name] = vectors @ vectors.T
    held: dict[str, list[str]] = defaultdict(list)
    if (FOLDER / "pool.csv").exists():
        with (FOLDER / "pool.csv").open(newline="", encoding="utf-8") as file:
            for line in csv.DictReader(file):
                held[line["intervention"]].append(line["other"])
    rows = {thing.code: row for row, thing in enumerate(things)}
    rng = random.Random(SEED)
    able = [row for row, thing in enumerate(things) if readable(kg, thing)]
    asked = sorted(rng.sample(able, ASKED))
    lines = []
    for row in asked:
        found: set[int] = set(rng.sample([other for other in range(len(things)) if other != row], _DRAWN))
        for name, scores in methods.items():
            deep = _SHALLOW if name.startswith(ALONE) else _DEEP
            found.update(other for other in ranked(scores, row, SEED)[:deep] if scores[row, other] > 1e-9)
        found.update(rows[other] for other in held[things[row].code])
        lines += [(things[row].code, things[other].code) for other in sorted(found)]
    with (FOLDER / "pool.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([("intervention", "other"), *lines])
    print(f"{len(able)} can be read, {len(asked)} are asked, {len(lines)} pairs")


if __name__ == "__main__":
    main()
