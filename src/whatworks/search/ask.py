"""From what a person types to the things that fit it best.

Each word of a question stands for the words of the collection that may be meant: itself, its other forms, words that
start with it or hold it, the parts of a compound, and, where there is none of these, words that are a slip away. What
has one of them gets points: more for a rare word, for a word that names the thing, and for a close fit.
"""

import math
import re
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise, product

from whatworks.errors import InvalidValue
from whatworks.search.bits import Joined, Tally
from whatworks.search.index import Index
from whatworks.search.language import STOP
from whatworks.search.words import Folding, composed, stem, words_of

# How well a word of the collection fits one that was typed.
SAME, FORM, START, INSIDE, PART, SLIP, SLIPS = 1.0, 0.9, 0.7, 0.4, 0.6, 0.75, 0.55
# The points of a word on each level of the index, from the lowest up.
_POINTS = (6, 7, 9, 11, 13, 14, 15, 16)
# The points for having a concept or agent that the question names.
_LED = 9
# What fits less than this share of the best is no answer.
_SHARE = 0.5

_QUOTED = re.compile(r'["“”„«»]([^"“”„«»]+)["“”„«»]')
_PREFIX = 4  # so many letters may stand for a word that starts with them; two where the word is still being typed
_INNER = 5  # so many may stand for a word that holds them
_COMPOUND = 9  # a word that may be a compound has so many
_JOINTS = ("", "s", "n", "en", "es")
_WORDS, _LETTERS = 50, 100  # of a question
_LABEL = 5  # names of concepts are looked for in up to so many words


@dataclass(slots=True)
class Wanted:
    """A word of the question, and what the collection has for it.

    Attributes:
        word: The word as it was typed, folded.
        forms: The words that may be meant, each with its number and how well it fits, up to 1.
        points: The things that have them, by points.
        weight: How much the word tells: the rarer, the more.
    """

    word: str
    forms: dict[str, tuple[int, float]] = field(default_factory=dict)
    points: dict[int, Joined] = field(default_factory=lambda: defaultdict(Joined))
    weight: int = 0

    def add(self, number: int, word: str, quality: float) -> None:
        """Note a word that may be meant."""
        if word not in self.forms or self.forms[word][1] < quality:
            self.forms[word] = (number, quality)

    def score(self, things: bytes, points: float) -> None:
        """Note that things, packed, have the word."""
        self.points[max(1, round(points))].add(things)

    @property
    def things(self) -> int:
        """All things that have the word."""
        found = 0
        for things in self.points.values():
            found |= things.bits
        return found

    def stems(self, most: int) -> list[tuple[str, float]]:
        """Return the stems of the words that fit best, and how well they fit."""
        found: dict[str, float] = {}
        for word, (_, quality) in sorted(self.forms.items(), key=lambda item: -item[1][1]):
            if quality >= PART:
                found.setdefault(stem(word), quality)
        return list(found.items())[:most]


@dataclass(frozen=True, slots=True)
class Lead:
    """A concept or agent that the question names: who has it, packed, and the words that name it with their fit."""

    thing: int
    things: bytes
    words: dict[int, float]


@dataclass(slots=True)
class Question:
    """A question, read.

    Attributes:
        words: Its words, without those that tell nothing.
        phrases: What stood in quotation marks.
        leads: The concepts and agents that it names.
    """

    words: list[Wanted]
    phrases: list[list[str]]
    leads: list[Lead] = field(default_factory=list)

    @property
    def slips(self) -> dict[str, str]:
        """What was typed and no text has, and the nearest word that a text has."""
        best = {
            wanted.word: max(wanted.forms.items(), key=lambda item: item[1][1]) for wanted in self.words if wanted.forms
        }
        return {word: form for word, (form, (_, quality)) in best.items() if quality in (SLIP, SLIPS)}


def read(index: Index, text: str) -> Question:
    """Read a question, and find what the collection has for each of its words.

    Raises:
        InvalidValue: It is too long.
    """
    folding, text = Folding(), composed(text)
    phrases = [words_of(quoted, folding) for quoted in _QUOTED.findall(text)]
    typed = list(dict.fromkeys(words_of(text, folding)))
    if len(typed) > _WORDS or any(len(word) > _LETTERS for word in typed):
        raise InvalidValue(
            f"A search has up to {_WORDS} words of up to {_LETTERS} letters.", hint="Leave out what tells the least."
        )
    telling = [word for word in typed if word not in STOP and (len(word) > 1 or word.isdigit())] or typed
    unfinished = typed[-1] if typed and text[-1].isalnum() else ""
    question = Question(
        [_wanted(index, word, word == unfinished) for word in telling], [each for each in phrases if each]
    )
    for wanted in question.words:
        qualities = dict(wanted.forms.values())
        for number, level, things in index.levels(qualities):
            wanted.score(things, qualities[number] * _POINTS[level])
    _lead(index, question)
    for wanted in question.words:
        if having := wanted.things.bit_count():
            wanted.weight = max(1, round(2 * math.log(1 + (index.count - having + 0.5) / (having + 0.5))))
    return question


def rank(question: Question, within: int, first: int, count: int) -> tuple[list[tuple[int, float]], int]:
    """Return the best things of a set with their score, up to 1, best first, and the set of all that fit."""
    points, presence, every, most = Tally(), Tally(), 0, 0
    for wanted in question.words:
        having = 0
        for step, lower in pairwise([*sorted(wanted.points, reverse=True), 0]):
            having |= wanted.points[step].bits
            points.add(having, wanted.weight * (step - lower))
        presence.add(having, wanted.weight)
        every |= having
        most += wanted.weight * _POINTS[-1]
    top = presence.best(within & every, 1)
    if not top:
        return [], 0
    bonus = most // _POINTS[-1]
    points.add(first & every, bonus)
    fitting = presence.at_least(math.ceil(top[0][1] * _SHARE), within & every)
    return [(thing, total / (most + bonus)) for thing, total in points.best(fitting, count)], fitting


def _wanted(index: Index, word: str, unfinished: bool) -> Wanted:
    """Find the words of the collection that may be meant by one that was typed."""
    wanted, root = Wanted(word), stem(word)
    if (number := index.word(word)) is not None:
        wanted.add(number, word, SAME)
    for number, other in index.starting(root):
        if stem(other) == root:
            wanted.add(number, other, FORM)
    if len(word) >= (2 if unfinished else _PREFIX):
        for number, other in index.starting(word):
            wanted.add(number, other, START)
    if len(root) >= _INNER:
        for number, other in index.containing(root):
            wanted.add(number, other, START if other.startswith(root) else INSIDE)
    if not word.isdigit() and not any(quality >= FORM for _, quality in wanted.forms.values()):
        _compound(index, wanted)
        if len(word) >= _PREFIX:
            _misspelt(index, wanted)
    return wanted


def _compound(index: Index, wanted: Wanted) -> None:
    """Take a word apart: where the collection has both parts, either may be meant."""
    word = wanted.word
    if len(word) < _COMPOUND:
        return
    for cut in range(len(word) - _PREFIX, _PREFIX - 1, -1):
        tail = index.word(word[cut:])
        for joint in _JOINTS if tail is not None else ():
            first = word[:cut].removesuffix(joint)
            head = index.word(first) if word[:cut].endswith(joint) and len(first) >= _PREFIX else None
            if head is not None and tail is not None:
                wanted.add(head, first, PART)
                wanted.add(tail, word[cut:], PART)
                return


def _misspelt(index: Index, wanted: Wanted) -> None:
    """Find words that are one slip away, for a longer word also two if there are none."""
    for most, quality in ((1, SLIP), (2, SLIPS))[: 1 + (len(wanted.word) >= 7)]:
        found = [(number, other) for number, other in index.near(wanted.word, most) if not other.isdigit()]
        for number, other in found:
            # The first letter is seldom wrong.
            wanted.add(number, other, quality if other[0] == wanted.word[0] else SLIPS)
        if found:
            return


def _lead(index: Index, question: Question) -> None:
    """Where words of the question name a concept or agent in full, give points to what has it."""
    words, leads = question.words, defaultdict[int, dict[int, float]](dict)
    choices: dict[str, list[dict[int, float]]] = defaultdict(list)
    for start in range(len(words)):
        for end in range(start + 1, min(len(words), start + _LABEL) + 1):
            several = 3 if end - start <= 2 else 1
            for choice in product(*(wanted.stems(several) for wanted in words[start:end])):
                key = " ".join(sorted({root for root, _ in choice}))
                choices[key].append({at: quality for at, (_, quality) in enumerate(choice, start)})
    for key, thing in index.labelled(choices):
        for named in choices[key]:
            for at, quality in named.items():
                leads[thing][at] = max(quality, leads[thing].get(at, 0.0))
    for thing, named in leads.items():
        things = index.users(thing)
        question.leads.append(Lead(thing, things, named))
        for at, quality in named.items():
            words[at].score(things, quality * _LED)
