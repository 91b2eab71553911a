"""Links and what they say of themselves: the share of each feature in the score, the type, and one sentence.

Scores and shares are whole millionths, rounded so that the shares of a link add up to its score exactly.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from whatworks.linking.records import WORDS, Family
from whatworks.terms import Iri

MILLION = 1_000_000
# A sentence names so many families, and of each so many features.
_CLAUSES = 3
_NAMES = 2
_SPOKEN = 5  # words that are kept
_QUOTED = 3  # words that the sentence quotes


# What a run is asked for where nobody says otherwise.
TOP, MINIMUM = 5, 0.07


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is asked for.

    Attributes:
        top: So many links for each intervention.
        minimum: Only scores of at least this.
        weights: Weights of families of features, by name, instead of the usual ones.
    """

    top: int = TOP
    minimum: float = MINIMUM
    weights: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What a shared feature, or all shared words together, gives to the score.

    Attributes:
        family: The sort of feature, such as `approach`; `words` for words.
        feature: The concept or agent that both have; None for words.
        name: What people call it; the words that count most.
        value: Its share of the score.
    """

    family: str
    feature: Iri | None
    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Link:
    """Two interventions worth looking at together, and why.

    Attributes:
        source, target: The two; of a tool and a practice the tool is the source, else they stand in the order of IRIs.
        score: From 0 to 1; the shares of the parts add up to it.
        parts: What makes the score, the greatest first.
        type: The code of the type of link.
        explanation: The reasons in one sentence, in English.
    """

    source: Iri
    target: Iri
    score: float
    parts: tuple[Part, ...]
    type: str
    explanation: str


def shares(score: float, parts: Sequence[float]) -> tuple[int, list[int]]:
    """Return a score and its parts as whole millionths; those of the parts add up to that of the score.

    >>> shares(0.5000004, [0.25, 0.2500004])
    (500000, [250000, 250000])
    """
    whole = round(score * MILLION)
    exact = [part * MILLION for part in parts]
    found = [int(part) for part in exact]
    missing = whole - sum(found)
    # Those that lost most by rounding down get what is missing; the first where equal.
    for place in sorted(range(len(parts)), key=lambda at: (found[at] - exact[at], at))[:missing]:
        found[place] += 1
    return whole, found


class Teller:
    """Says in words what two interventions share.

    Args:
        families: The sorts of features.
        names: What people call features.
    """

    def __init__(self, families: Sequence[Family], names: Mapping[Iri, str]) -> None:
        self._says = {family.name: family.says for family in families}
        self._names = names

    def name(self, feature: Iri) -> str:
        """Return what people call a feature; what has no name stands for itself."""
        return self._names.get(feature) or feature.code

    def sentence(self, parts: Iterable[Part], direct: Iterable[bool]) -> str:
        """Return one sentence that names what counts most.

        Args:
            parts: What is shared, the greatest first.
            direct: Of each part, whether both have it themselves; else one has something below it.
        """
        total: dict[str, float] = defaultdict(float)
        own: dict[str, list[str]] = defaultdict(list)
        broader: dict[str, list[str]] = defaultdict(list)
        for part, is_direct in zip(parts, direct, strict=True):
            total[part.family] += part.value
            (own if is_direct else broader)[part.family].append(part.name)
        clauses = [
            self._clause(family, own.get(family) or broader[family][:1])
            for family in sorted(total, key=lambda family: (-total[family], family))[:_CLAUSES]
        ]
        return f"Both {_listed(clauses)}." if clauses else ""

    def _clause(self, family: str, names: Sequence[str]) -> str:
        says = self._says[family]
        named = [name if "{=}" in says else _lowered(name) for name in names[:_NAMES]]
        if family == WORDS:
            named = [f"\u201c{word}\u201d" for word in names[0].split(", ")[:_QUOTED]]
        return says.replace("{=}", "{}").replace("{}", _listed(named))


def spoken(words: Iterable[tuple[float, str]]) -> str:
    """Return the words that count most, the greatest first."""
    ordered = sorted(words, key=lambda each: (-each[0], each[1]))
    return ", ".join(word for _, word in ordered[:_SPOKEN])


def _listed(names: Sequence[str]) -> str:
    if any(" and " in name or "," in name for name in names) and len(names) > 1:
        return f"{', '.join(names[:-1])}, and {names[-1]}"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _lowered(name: str) -> str:
    """Return a name as it stands within a sentence: `Learners at risk` begins small, `VET learners` does not."""
    return name[:1].lower() + name[1:] if name[1:2].islower() or name[1:2] in (" ", "-") else name


def type_of(*, tools: int, approach: bool, apart: bool, group: bool, elsewhere: bool) -> str:
    """Return the code of the type of a link.

    Args:
        tools: How many of the two are tools.
        approach: Whether they share an approach.
        apart: Whether both have approaches, and none is shared.
        group: Whether they share a target group.
        elsewhere: Whether both have places, and none is shared.
    """
    if tools == 1 and approach:
        return "supports"
    if approach and elsewhere:
        return "same-approach-elsewhere"
    if group and apart:
        return "complementary"
    return "similar"
