"""Words as a search compares them: without capitals and accents, told apart from mere endings and slips of the hand."""

import re
import unicodedata
from collections.abc import Container, Iterable
from functools import lru_cache
from operator import itemgetter
from os.path import commonprefix

from whatworks.namespaces import LETTERS
from whatworks.search.language import ENDINGS, STOP

_WORD = re.compile(r"[^\W_]+")
# What letters of ASCII become: small ones, digits as they are, a gap for all else.
_PLAIN = bytes(
    byte + 32 if 65 <= byte <= 90 else byte if chr(byte).isalnum() and byte < 128 else 32 for byte in range(256)
)
_STEM = 4  # a stem has at least so many letters
_STEMS = 200_000  # so many stems are kept
_LENGTHS = tuple(sorted({len(ending) for ending in ENDINGS}, reverse=True))


class Folding(dict[str, str]):
    """Words and their folded form, each worked out once.

    Attributes:
        telling: The same, with nothing for a word that tells nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.telling = Telling(self)

    def __missing__(self, word: str) -> str:
        plain = unicodedata.normalize("NFKD", word.casefold().translate(LETTERS))
        folded = "".join(letter for letter in plain if not unicodedata.combining(letter))
        self[word] = folded
        return folded


class Telling(dict[str, str]):
    """Words and their folded form; nothing for one that tells nothing."""

    def __init__(self, folding: Folding) -> None:
        super().__init__()
        self._folding = folding

    def __missing__(self, word: str) -> str:
        folded = self._folding[word]
        self[word] = "" if folded in STOP else folded
        return self[word]


def composed(text: str) -> str:
    """Return a text in which a letter and its accents are one character, so that words are found whole."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def words_of(text: str, folding: Folding) -> list[str]:
    """Return the folded words of a composed text, in order."""
    if text.isascii():
        return text.encode().translate(_PLAIN).decode().split()
    return list(map(folding.__getitem__, _WORD.findall(text)))


def telling(text: str, folding: Folding) -> list[str]:
    """Return the folded words of a composed text that tell something, in order."""
    if text.isascii():
        return [word for word in text.encode().translate(_PLAIN).decode().split() if word not in STOP]
    return list(filter(None, map(folding.telling.__getitem__, _WORD.findall(text))))


def places(text: str, wanted: Container[str], folding: Folding) -> list[tuple[str, int, int]]:
    """Return those words of a composed text whose folded form is wanted, with where they start and end, in order."""
    if not text.isascii():
        found = ((folding[match.group()], *match.span()) for match in _WORD.finditer(text))
        return [each for each in found if each[0] in wanted]
    # Folding leaves the letters of ASCII where they are.
    plain = f" {text.encode().translate(_PLAIN).decode()} "
    marks = []
    for word in set(plain.split()):
        if word in wanted:
            start = plain.find(f" {word} ")
            while start >= 0:
                marks.append((word, start, start + len(word)))
                start = plain.find(f" {word} ", start + 1)
    return sorted(marks, key=itemgetter(1))


@lru_cache(maxsize=_STEMS)
def stem(word: str) -> str:
    """Return a word without its endings, roughly: forms of one word shall have one stem."""
    size = len(word)
    while size > _STEM and (ending := next((each for each in _LENGTHS if word[size - each : size] in ENDINGS), 0)):
        if size - ending < _STEM:
            break
        size -= ending
    return word[:size]


def key_of(words: Iterable[str]) -> str:
    """Return what names of the same words in other forms and another order have in common."""
    return " ".join(sorted({stem(word) for word in words if word not in STOP} or set(words)))


def distance(one: str, other: str, most: int) -> int:
    """Return how many letters were left out, added, changed or swapped with the next; `most + 1` if more than that."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    start = len(commonprefix((one, other)))  # noqa: RUF071 - these are words, whose letters are compared
    one, other = one[start:], other[start:]
    end = len(commonprefix((one[::-1], other[::-1])))  # noqa: RUF071 - as above
    one, other = one[: len(one) - end], other[: len(other) - end]
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        line = [row]
        for column, against in enumerate(other, 1):
            cost = min(last[column] + 1, line[-1] + 1, last[column - 1] + (letter != against))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == against:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        if min(line) > most and min(last) >= most:
            return most + 1
        before, last = last, line
    return min(last[-1], most + 1)


def grams(word: str) -> set[str]:
    """Return the pairs of neighbouring letters of a word, and its first and last letter as pairs with the edge."""
    edged = f"^{word}$"
    return {edged[place : place + 2] for place in range(len(edged) - 1)}
