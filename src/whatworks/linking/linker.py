"""Makes links: from rows of numbers to pairs, from pairs to what people read."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from whatworks.linking.link import MILLION, Link, Part, Teller, shares, spoken, type_of
from whatworks.linking.nearest import Pairs, alike, in_order, joined, multiply, nearest
from whatworks.linking.records import WORDS, Records
from whatworks.linking.vectors import Rarity, Vectors
from whatworks.terms import Iri

Pair = tuple[Iri, Iri]
_MANY = 20  # so many alike are told of
Names = Callable[[Collection[Iri]], Mapping[Iri, str]]


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
        largest = max(alike(self.vectors), key=len, default=lengths)
        if len(largest) >= _MANY and lengths[largest[0]]:
            shown = ", ".join(self.records.things[row].code for row in largest[:3].tolist())
            found.append(
                f"{len(largest)} interventions have exactly the same features ({shown}, …): what they share says "
                "little, and of links among them those with the first names are kept."
            )
        return found

    def nearest(self, top: int, minimum: float, tell: Callable[[int], None] = lambda _: None) -> Pairs:
        """Return the best pairs of each intervention, as rows and columns, with what makes their scores.

        Args:
            top: So many for each.
            minimum: Only scores of at least this.
            tell: Is told now and then how many interventions are done.
        """
        found = list(nearest(self.vectors, top, minimum, tell))
        return in_order(joined(found)) if found else self.none()

    def none(self) -> Pairs:
        """Return no pairs."""
        return multiply(self.vectors, *np.zeros((2, 0), dtype=np.int64))

    def undirected(self, pairs: Pairs, more: Sequence[Pair] = (), without: Collection[Pair] = ()) -> Pairs:
        """Return each pair once, the lower row first, in order.

        Args:
            pairs: Pairs, perhaps both ways.
            more: Further pairs, known by their things.
            without: Pairs to leave out.
        """
        numbers = {thing: row for row, thing in enumerate(self.records.things)}
        added = np.array([[numbers[one], numbers[other]] for one, other in more], dtype=np.int64).reshape(-1, 2)
        every = joined([pairs, multiply(self.vectors, added[:, 0], added[:, 1])])
        low, high = np.minimum(every.one, every.other), np.maximum(every.one, every.other)
        keys, first = np.unique(low * len(self.vectors) + high, return_index=True)
        left_out = [sorted((numbers[one], numbers[other])) for one, other in without]
        kept = ~np.isin(keys, [one * len(self.vectors) + other for one, other in left_out])
        found = every.taken(first[kept])
        return Pairs(low[first[kept]], high[first[kept]], found.score, found.starts, found.cols, found.parts)

    def links(self, pairs: Pairs, names: Names) -> Iterator[Link]:
        """Yield the links of pairs, with type, parts and sentence.

        Args:
            pairs: Each pair once.
            names: Returns what people call features.
        """
        records = self.records
        things, tools, columns, families = records.things, records.tools, records.columns, records.families
        words = len(families) - 1
        used = np.unique(pairs.cols)
        features = {int(col): Iri(columns[col][1]) for col in used if columns[col][0] != words}
        called = names(list(features.values()))
        teller = Teller(families, called)
        labels = {col: teller.name(feature) for col, feature in features.items()}
        types = self._types(pairs)
        direct = self._direct(pairs)
        starts, cols, parts = pairs.starts.tolist(), pairs.cols.tolist(), pairs.parts.tolist()
        for place, (low, high, score) in enumerate(
            zip(pairs.one.tolist(), pairs.other.tolist(), pairs.score.tolist(), strict=True)
        ):
            at = range(starts[place], starts[place + 1])
            own = [entry for entry in at if columns[cols[entry]][0] != words]
            said = [(parts[entry], records.surfaces[columns[cols[entry]][1]]) for entry in at[len(own) :]]
            values = [parts[entry] for entry in own] + ([sum(part for part, _ in said)] if said else [])
            whole, rounded = shares(score, values)
            found = [
                (rounded[index], Part(families[columns[cols[entry]][0]].name, features[cols[entry]],
                                      labels[cols[entry]], rounded[index] / MILLION), direct[entry])
                for index, entry in enumerate(own)
            ]  # fmt: skip
            if said:
                found.append((rounded[-1], Part(WORDS, None, spoken(said), rounded[-1] / MILLION), True))
            found = sorted((each for each in found if each[0]), key=lambda each: -each[0])
            is_turned = types[place] == "supports" and high in tools
            yield Link(
                things[high if is_turned else low],
                things[low if is_turned else high],
                whole / MILLION,
                tuple(part for _, part, _ in found),
                types[place],
                teller.sentence([part for _, part, _ in found], [is_own for _, _, is_own in found]),
            )

    def _direct(self, pairs: Pairs) -> list[bool]:
        """Say of each shared entry whether both have the feature themselves, not only something below it."""
        vectors = self.vectors
        rows = np.repeat(np.arange(len(vectors)), np.diff(vectors.starts))
        keys = rows * vectors.width + vectors.cols
        pair = np.repeat(np.arange(len(pairs)), np.diff(pairs.starts))
        found = np.ones(len(pair), dtype=np.bool_)
        for ends in (pairs.one, pairs.other):
            found &= vectors.raw[np.searchsorted(keys, ends[pair] * vectors.width + pairs.cols)] >= 1
        listed: list[bool] = found.tolist()
        return listed

    def _types(self, pairs: Pairs) -> list[str]:
        count, vectors = len(self.vectors), self.vectors
        rows = np.repeat(np.arange(count), np.diff(vectors.starts))
        pair = np.repeat(np.arange(len(pairs)), np.diff(pairs.starts))

        def known(role: str) -> "npt.NDArray[np.bool_]":
            numbers = [number for number, family in enumerate(self.records.families) if family.role == role]
            of_role: npt.NDArray[np.bool_] = np.isin(self.rarity.family, numbers)
            return of_role

        def having(role: str) -> tuple["npt.NDArray[np.bool_]", "npt.NDArray[np.bool_]"]:
            """Say of each pair whether both have features of a role, and whether they share one."""
            of_role = known(role)
            has = np.bincount(rows, of_role[vectors.cols], minlength=count) > 0
            shared = np.bincount(pair, of_role[pairs.cols], minlength=len(pairs)) > 0
            return has[pairs.one] & has[pairs.other], shared

        both_approach, approach = having("approach")
        both_place, place = having("place")
        _, group = having("group")
        is_tool = np.isin(np.arange(count), list(self.records.tools))
        tools = is_tool[pairs.one].astype(int) + is_tool[pairs.other]
        facts = zip(tools, approach, both_approach & ~approach, group, both_place & ~place, strict=True)
        return [
            type_of(tools=int(number), approach=bool(one), apart=bool(two), group=bool(three), elsewhere=bool(four))
            for number, one, two, three, four in facts
        ]
