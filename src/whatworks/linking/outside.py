"""Proposes which entries of authorities outside concepts, places and agents correspond to, and says why.

Names are compared as sets of words in their basic forms. A word counts as much as it is rare among all names; what
two names share, as a part of what both have, is the score, and each shared word has its share of it. Only the best
entries of a list are proposed for a thing, and nothing of what is mapped already.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from whatworks.linking.authorities import Entry
from whatworks.search.words import Folding, composed, stem, telling, words_of
from whatworks.terms import Iri

EXACT, CLOSE = "exactMatch", "closeMatch"
MINIMUM = 0.7
_OTHER_NAME = 0.9  # what a match counts where it is another name of the thing, not the usual one
_PLACES = 6
Pair = tuple[Iri, Iri]


@dataclass(frozen=True, slots=True)
class Name:
    """A name of a thing.

    Attributes:
        thing: The concept, place or agent.
        kind: Which of the three.
        text: The name.
        usual: Whether it is the usual one; else another name.
    """

    thing: Iri
    kind: str
    text: str
    usual: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """A thing that may correspond to an entry outside.

    Attributes:
        thing: The concept, place or agent.
        target: The entry.
        name: The name of the thing that fits.
        scheme: The list that the entry stands in.
        label: The name of the entry that fits.
        relation: `exactMatch` or `closeMatch`, of SKOS.
        score: From 0 to 1; the shares of the words add up to it.
        words: What each shared word gives, the greatest first.
        reason: Why, in one sentence.
    """

    thing: Iri
    target: Iri
    name: str
    scheme: str
    label: str
    relation: str
    score: float
    words: tuple[tuple[str, float], ...]
    reason: str


class _Words:
    """Turns names into sets of words in their basic forms, and knows how rare each is."""

    def __init__(self) -> None:
        self._folding = Folding()
        self._having: Counter[str] = Counter()
        self._count = 0
        self._sets: dict[str, dict[str, str]] = {}

    def __call__(self, text: str) -> dict[str, str]:
        """Return the basic forms of the words of a name, each with the word as it stands there."""
        if (found := self._sets.get(text)) is None:
            words = telling(composed(text), self._folding) or words_of(composed(text), self._folding)
            found = self._sets[text] = {stem(word): word for word in words}
            self._having.update(found.keys())
            self._count += 1
        return found

    def rarity(self, word: str) -> float:
        """Return how rare a word is among the names that were seen, above 0."""
        return math.log((self._count + 1) / self._having[word])


def propose(
    names: Iterable[Name],
    entries: Iterable[Entry],
    without: Collection[Pair],
    minimum: float = MINIMUM,
) -> list[Proposal]:
    """Return what may correspond, the strongest first.

    Args:
        names: The names of all things.
        entries: What authorities know.
        without: Pairs of thing and entry that are not to be proposed: mapped or rejected.
        minimum: Only scores of at least this.
    """
    words, listed = _Words(), list(names)
    index: dict[str, list[tuple[Entry, str]]] = defaultdict(list)
    for entry in entries:
        for text in entry.names:
            for word in words(text):
                index[word].append((entry, text))
    for name in listed:
        words(name.text)
    best: dict[tuple[Iri, str], dict[Iri, Proposal]] = defaultdict(dict)
    for name in listed:
        for entry, text in dict.fromkeys(found for word in words(name.text) for found in index.get(word, ())):
            if entry.kind != name.kind or entry.iri == name.thing or (name.thing, entry.iri) in without:
                continue
            found = _compared(name, entry, text, words)
            kept = best[name.thing, entry.scheme].get(entry.iri)
            if found.score >= minimum and (kept is None or found.score > kept.score):
                best[name.thing, entry.scheme][entry.iri] = found
    chosen = [proposal for of_list in best.values() for proposal in _greatest(of_list.values())]
    return sorted(chosen, key=lambda each: (-each.score, each.thing, each.target))


def _compared(name: Name, entry: Entry, text: str, words: _Words) -> Proposal:
    one, other = words(name.text), words(text)
    shared = sorted(one.keys() & other.keys())
    weight = {word: words.rarity(word) for word in one.keys() | other.keys()}
    whole = sum(weight[word] for word in one) + sum(weight[word] for word in other)
    counts = 1.0 if name.usual else _OTHER_NAME
    shares = [(one[word], round(counts * 2 * weight[word] / whole, _PLACES)) for word in shared]
    parts = tuple(sorted(shares, key=lambda each: (-each[1], each[0])))
    is_same = one.keys() == other.keys()
    # Basic forms join more than plurals: “schooling” is near to “school”, and not the same.
    is_exact = name.usual and sorted(map(_single, one.values())) == sorted(map(_single, other.values()))
    relation = EXACT if is_exact else CLOSE
    # Rounded shares of a whole may add up to a millionth more.
    score = min(round(sum(share for _, share in parts), _PLACES), 1.0)
    return Proposal(
        name.thing,
        entry.iri,
        name.text,
        entry.scheme,
        text,
        relation,
        score,
        parts,
        _reason(name, text, parts, is_same),
    )


def _single(word: str) -> str:
    return word.removesuffix("s")


def _reason(name: Name, text: str, parts: Iterable[tuple[str, float]], is_same: bool) -> str:
    called = "the name" if name.usual else "another name"
    if is_same:
        alike = "" if name.text.casefold() == text.casefold() else f", as “{text}” but for the forms of its words"
        return f"“{name.text}” is {called} here, and the entry is called the same{alike}."
    said = " and ".join(f"“{word}”" for word, _ in parts)
    return f"“{name.text}”, {called} here, and “{text}” share {said}."


def _greatest(found: Collection[Proposal]) -> Iterator[Proposal]:
    """Yield the strongest proposals of one thing and list; where several are the same, none is exact."""
    top = max((each.score for each in found), default=0.0)
    first = [each for each in found if each.score == top]
    for each in first:
        if len(first) == 1:
            yield each
        else:
            reason = f"{each.reason[:-1]}; {len(first)} entries of {each.scheme} fit as well."
            yield replace(each, relation=CLOSE, reason=reason)
