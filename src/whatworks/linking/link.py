"""Links and what they say of themselves: the share of each feature in the score, the type, and one sentence.

Scores and shares are whole millionths, rounded so that the shares of a link add up to its score exactly.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from whatworks.terms import Iri

MILLION = 1_000_000
SPOKEN = 5  # words that are kept
TYPES = ("similar", "complementary", "same-approach-elsewhere", "supports")
# Is told now and then what a run is at, how much of that is done, and of how much.
Tell: TypeAlias = Callable[[str, int, int], None]
OPENING = "Opening the collection"
READING = "Read {} of {} properties"
COMPARING = "Compared {} of {} interventions"
EXPLAINING = "Explained {} of {} links"
WRITING = "Wrote {} of {} links"
# What a run is asked for where nobody says otherwise.
TOP, MINIMUM = 5, 0.07


def untold(_: str, __: int, ___: int) -> None:
    """Tell nobody."""


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


class Part(NamedTuple):
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


class Link(NamedTuple):
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
