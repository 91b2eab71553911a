"""Ways to say how strongly interventions are related, each as a matrix of scores of all pairs.

`whatworks` is the method of the tool; beside it stand each of its families of features alone, and plain TF-IDF over the
texts of the same fields, as one has it without the tool.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from whatworks import KnowledgeGraph
from whatworks.linking.linker import Linker
from whatworks.linking.records import Records, read_records
from whatworks.linking.vectors import Vectors
from whatworks.terms import Iri

Scores = npt.NDArray[np.float64]
OURS, PLAIN, ALONE = "whatworks", "TF-IDF", "only "
_WORD = re.compile(r"[^\W_]{2,}")


def ours(kg: KnowledgeGraph, weights: Mapping[str, float] | None = None) -> tuple[list[Iri], Scores]:
    """Return the interventions, and the scores that the tool gives their pairs.

    Args:
        kg: The graph.
        weights: Weights of families by name, instead of the usual ones.
    """
    records = read_records(kg.collection.local, kg.catalogue, weights)
    return records.things, products(Linker.of(records).vectors)


def families(records: Records) -> dict[str, float]:
    """Return the families of features that have any, with their weights."""
    used = {number for number, _ in records.columns}
    return {family.name: family.weight for number, family in enumerate(records.families) if number in used}


def products(vectors: Vectors) -> Scores:
    """Return the products of all rows with all."""
    dense = np.zeros((len(vectors), vectors.width))
    dense[np.repeat(np.arange(len(vectors)), np.diff(vectors.starts)), vectors.cols] = vectors.values
    found: Scores = dense @ dense.T
    return found


def texts(kg: KnowledgeGraph, things: Sequence[Iri]) -> list[str]:
    """Return title, summary, aims, components, success factors and target groups in words of interventions."""
    names = ("title", "description", "aim", "statement", "alternative", "prefLabel")
    found: dict[Iri, list[str]] = {thing: [] for thing in things}
    for quad in kg.collection.local.match():
        subject = str(quad.subject).partition("#")[0]
        value = getattr(quad.object, "value", None)
        if re.split("[/#]", quad.predicate)[-1] in names and value and Iri(subject) in found:
            found[Iri(subject)].append(value)
    return [" ".join(dict.fromkeys(sorted(each))) for each in found.values()]


def plain(documents: Iterable[str]) -> Scores:
    """Return the cosines of documents as sets of words, weighted by TF-IDF as textbooks have it."""
    counts = [Counter(_WORD.findall(document.lower())) for document in documents]
    having = Counter(word for count in counts for word in count)
    places = {word: place for place, word in enumerate(having)}
    dense = np.zeros((len(counts), len(places)))
    for row, count in enumerate(counts):
        for word, often in count.items():
            dense[row, places[word]] = (1 + math.log(often)) * math.log(len(counts) / having[word])
    lengths = np.sqrt((dense**2).sum(axis=1, keepdims=True))
    dense /= np.where(lengths > 0, lengths, 1)
    found: Scores = dense @ dense.T
    return found


def ranked(scores: Scores, row: int, seed: int) -> list[int]:
    """Return all other rows, those with the greatest scores first; equal ones in an order that the seed gives."""
    rng = np.random.default_rng([seed, row])
    order = rng.permutation(len(scores))
    rounded = np.round(scores[row, order], 9)
    return [int(order[place]) for place in np.argsort(-rounded, kind="stable") if order[place] != row]


def everything(kg: KnowledgeGraph, weights: Mapping[str, float] | None = None) -> tuple[list[Iri], dict[str, Scores]]:
    """Return the interventions, and the scores of every method by name."""
    things, own = ours(kg, weights)
    found = {OURS: own, PLAIN: plain(texts(kg, things))}
    named = families(read_records(kg.collection.local, kg.catalogue))
    for name in named:
        found[ALONE + name] = ours(kg, {each: float(each == name) for each in named})[1]
    return things, found


def opened(folder: Path | None = None) -> KnowledgeGraph:
    """Return the shipped collection, or that of a project."""
    return KnowledgeGraph.open(folder) if folder else KnowledgeGraph.open()
