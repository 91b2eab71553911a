"""Makes links: from rows of numbers to pairs, from pairs to what people read."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from whatworks.linking.link import MILLION, TYPES, Link, Part, Tell, untold
from whatworks.linking.nearest import Near, alike, in_order, joined, nearest
from whatworks.linking.reasons import ALL_WORDS, NO_WORD, Reasoner, Reasons
from whatworks.linking.records import WORDS, Records, Whole
from whatworks.linking.sentences import Teller
from whatworks.linking.unfinished import Unfinished
from whatworks.linking.vectors import Rarity, Vectors
from whatworks.terms import Iri

Pair = tuple[Iri, Iri]
_MANY = 20  # so many alike are told of
Names = Callable[[Collection[Iri]], Mapping[Iri, str]]
_AT_ONCE = 1 << 11  # links


@dataclass(slots=True)
class Linker:
    """All interventions, ready to be linked.

    Attributes:
        records: What they have.
        rarity: How rare each feature is.
        vectors: Their rows.
    """

    records: Records
    rarity: Rarity
    vectors: Vectors

    @classmethod
    def of(cls, records: Records) -> "Linker":
        """Count how rare features are, and make the rows."""
        rarity = Rarity.of(records)
        return cls(records, rarity, Vectors.of(records, rarity))

    def notes(self) -> list[str]:
        """Return what a person should know of the records, one sentence for each sort of thing."""
        lengths = np.diff(self.vectors.starts)
        silent = [self.records.things[row].code for row in np.flatnonzero(lengths == 0).tolist()]
        found = list(self.records.notes)
        if silent:
            shown = ", ".join(silent[:5]) + (", …" if len(silent) > 5 else "")
            found.append(f"{len(silent)} interventions have nothing to be linked by: {shown}.")
        same = alike(self.vectors)
        at = int(same.sizes.argmax()) if len(same.sizes) else 0
        largest = same.rows[same.starts[at] : same.starts[at + 1]] if len(same.sizes) else same.rows
        if len(largest) >= _MANY and lengths[largest[0]]:
            shown = ", ".join(self.records.things[row].code for row in largest[:3].tolist())
            found.append(
                f"{len(largest)} interventions have exactly the same features ({shown}, …): what they share says "
                "little, and of links among them those with the first names are kept."
            )
        return found

    def nearest(self, top: int, minimum: float, tell: Callable[[int], None] = lambda _: None) -> Near:
        """Return the best pairs of each intervention, by their rows, with their scores.

        Args:
            top: So many for each.
            minimum: Only scores of at least this.
            tell: Is told now and then how many interventions are done.
        """
        return in_order(joined([block.pairs for block in nearest(self.vectors, top, minimum, tell)]))

    def best(
        self, top: int, minimum: float, tell: Callable[[int], None] = lambda _: None, begun: Unfinished | None = None
    ) -> Whole:
        """Return the numbers of the best pairs of all interventions, each once, in order.

        Args:
            top: So many for each; a pair may be among the best of either.
            minimum: Only scores of at least this.
            tell: Is told now and then how many interventions are done.
            begun: Keeps what is done, and has what an earlier run did.
        """
        begun = begun or Unfinished(None)
        start, found = begun.read()
        keys = [self._keys(one, other) for one, other in found]
        for block in nearest(self.vectors, top, minimum, tell, start):
            keys.append(self._keys(block.pairs.one, block.pairs.other))
            begun.add(block.end, block.pairs.one, block.pairs.other)
        return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *keys]))

    def numbers(self, pairs: Iterable[Pair]) -> Whole:
        """Return the numbers of pairs of interventions, each once, in order."""
        rows = {thing: row for row, thing in enumerate(self.records.things)}
        ends = np.array([[rows[one], rows[other]] for one, other in pairs], dtype=np.int64).reshape(-1, 2)
        return np.unique(self._keys(ends[:, 0], ends[:, 1]))

    def numbers_of(self, pairs: Near) -> Whole:
        """Return the numbers of pairs of rows, each once, in order."""
        return np.unique(self._keys(pairs.one, pairs.other))

    def _keys(self, one: Whole, other: Whole) -> Whole:
        return np.minimum(one, other) * len(self.vectors) + np.maximum(one, other)

    def links(self, numbers: Whole, names: Names, tell: Tell = untold) -> "Links":
        """Return the links of pairs, with type, parts and sentence.

        Args:
            numbers: The pairs, by their numbers.
            names: Returns what people call features.
            tell: Is told how many links are explained.
        """
        one, other = np.divmod(numbers, max(len(self.vectors), 1))
        reasons = Reasoner(self.records, self.vectors, self.rarity.family).reasons(one, other, tell)
        used = np.unique(reasons.cols)
        columns = self.records.columns
        features = {col: Iri(columns[col][1]) for col in used.tolist() if col != ALL_WORDS}
        called = names(list(features.values()))
        labels = {col: called.get(feature) or feature.code for col, feature in features.items()}
        return Links(self.records, reasons, features, labels)


class Told(NamedTuple):
    """Some links as numbers, and what is said of them.

    Attributes:
        reasons: The reasons.
        source, target: The rows of the two of each; of a tool and a practice the tool is the source.
        spoken: The words that count most.
        sentences: The reasons of each in one sentence.
    """

    reasons: Reasons
    source: list[int]
    target: list[int]
    spoken: list[str]
    sentences: list[str]


@dataclass(frozen=True, slots=True)
class Links:
    """Links, made one by one when they are read, in the order of their ends.

    Attributes:
        records: What interventions have.
        reasons: Why pairs are linked.
        features: The feature of each column that is shared.
        labels: What people call it; what has no name stands for itself.
    """

    records: Records
    reasons: Reasons
    features: Mapping[int, Iri]
    labels: Mapping[int, str]

    def __len__(self) -> int:
        return len(self.reasons)

    def __iter__(self) -> Iterator[Link]:
        things, columns, labels, features = self.records.things, self.records.columns, self.labels, self.features
        families = [family.name for family in self.records.families]
        for told in self.told():
            some = told.reasons
            cols, shares, starts = some.cols.tolist(), (some.shares / MILLION).tolist(), some.starts.tolist()
            of_pair = zip(told.source, told.target, (some.score / MILLION).tolist(), some.type.tolist(), strict=True)
            for place, (source, target, score, kind) in enumerate(of_pair):
                at = slice(starts[place], starts[place + 1])
                parts = tuple(
                    Part(WORDS, None, told.spoken[place], share)
                    if col == ALL_WORDS
                    else Part(families[columns[col][0]], features[col], labels[col], share)
                    for col, share in zip(cols[at], shares[at], strict=True)
                )
                yield Link(things[source], things[target], score, parts, TYPES[kind], told.sentences[place])

    def told(self) -> Iterator[Told]:
        """Yield the links with what is said of them, many at a time."""
        columns = self.records.columns
        teller = Teller(self.records.families, np.array([family for family, _ in columns], dtype=np.int64), self.labels)
        words = [self.records.surfaces.get(name, "") for _, name in columns]
        is_tool = np.zeros(len(self.records.things), dtype=np.bool_)
        is_tool[list(self.records.tools)] = True
        for begin in range(0, len(self), _AT_ONCE):
            some = self.reasons.taken(np.arange(begin, min(begin + _AT_ONCE, len(self))))
            heard = [
                list(dict.fromkeys([words[col] for col in cols if col != NO_WORD])) for cols in some.words.tolist()
            ]
            is_turned = (some.type == TYPES.index("supports")) & is_tool[some.other]
            source, target = np.where(is_turned, (some.other, some.one), (some.one, some.other)).tolist()
            yield Told(some, source, target, [", ".join(each) for each in heard], teller.sentences(some, heard))

    def pairs(self) -> Iterator[Pair]:
        """Yield the two interventions of each link, in the order of IRIs."""
        things = self.records.things
        for one, other in zip(self.reasons.one.tolist(), self.reasons.other.tolist(), strict=True):
            yield things[one], things[other]

    def strongest(self, without: Collection[Pair] = ()) -> "Links":
        """Return the links but for some pairs, the strongest first."""
        kept = np.array([pair not in without for pair in self.pairs()], dtype=np.bool_)
        ordered = np.argsort(-self.reasons.score.astype(np.int64), kind="stable")
        return Links(self.records, self.reasons.taken(ordered[kept[ordered]]), self.features, self.labels)
