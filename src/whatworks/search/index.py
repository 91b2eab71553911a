"""The index, opened: words by spelling, things by word, texts by thing."""

import sqlite3
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import and_
from pathlib import Path
from typing import Any

from whatworks.errors import DamagedRelease, NewerRelease, Place
from whatworks.search.bits import Joined, Tally, bits_of, has, members, packed, unpacked
from whatworks.search.builder import FIRST, FORMAT, WHOLE
from whatworks.search.words import distance, grams
from whatworks.terms import Iri

_AT_ONCE = 500
_MAPPED = 1 << 30  # bytes


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a thing or of one of its parts: where it stands, its language, and what it says."""

    part: str
    property: Iri
    weight: int
    naming: str
    language: str
    text: str


class Index:
    """Reads an index."""

    def __init__(self, database: sqlite3.Connection, name: str = "index") -> None:
        self._database = database
        self._name = name
        weakref.finalize(self, database.close)  # Python 3.13 warns of one that is left open

    @classmethod
    def open(cls, file: Path) -> "Index":
        """Open an index to read it.

        Raises:
            DamagedRelease, NewerRelease: It cannot be read.
        """
        name = f"{file.parent.name}/{file.name}"
        try:
            address = f"{file.resolve().as_uri()}?mode=ro&immutable=1"
            index = cls(sqlite3.connect(address, uri=True, check_same_thread=False), name)
            # What is read comes out of the system's memory, with no copy in that of each process.
            index._rows(f"PRAGMA mmap_size = {_MAPPED}")
        except sqlite3.Error as error:
            raise _damaged(name, error) from error
        ((made,),) = index._rows("SELECT value FROM fact WHERE name = 'format'") or [(None,)]
        if made != FORMAT:
            raise NewerRelease(
                f"The index of the search has format {made}; this version reads {FORMAT}.",
                hint="Build anew with: whatworks build",
                where=Place(name),
            )
        return index

    def _rows(self, text: str, *values: str | int) -> list[tuple[Any, ...]]:
        """Answer a question to the database.

        Raises:
            DamagedRelease: It is damaged.
        """
        try:
            return self._database.execute(text, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise _damaged(self._name, error) from error

    def _each(self, text: str, values: Iterable[str | int]) -> list[tuple[Any, ...]]:
        """Answer a question about some values, as many at a time as every version of SQLite takes."""
        listed = list(values)
        portions = (listed[start : start + _AT_ONCE] for start in range(0, len(listed), _AT_ONCE))
        return [row for some in portions for row in self._rows(text.format(",".join("?" * len(some))), *some)]

    @cached_property
    def count(self) -> int:
        """How many things there are."""
        return int(self._rows("SELECT value FROM fact WHERE name = 'things'")[0][0])

    @cached_property
    def _sets(self) -> dict[str, int]:
        return {name: unpacked(things) for name, things in self._rows("SELECT name, things FROM members")}

    @cached_property
    def _stated(self) -> list[tuple[Iri, bytes]]:
        """What is stated to be of each class, those with the fewest members first."""
        rows = self._rows("SELECT name, stated FROM members")
        found = [(Iri(name), stated) for name, stated in rows if name not in (WHOLE, FIRST)]
        return sorted(found, key=lambda each: (self._sets[each[0]].bit_count(), each[0]))

    def members(self, name: str) -> int:
        """Return the things of a class, or of a set of the index itself; none if there is no such set."""
        return self._sets.get(name, 0)

    @cached_property
    def classes(self) -> list[Iri]:
        """The classes of the things, sorted."""
        return sorted(name for name, _ in self._stated)

    def class_of(self, thing: int) -> Iri:
        """Return the class that a thing is stated to be of; of several, that with the fewest members."""
        return next(name for name, stated in self._stated if has(stated, thing))

    def things(self, iris: Iterable[str]) -> int:
        """Return the set of the things with these IRIs and of their parts; what the index does not know is left out."""
        find = "SELECT number FROM thing WHERE iri = ?1 OR iri >= ?1 || '#' AND iri < ?1 || '$'"
        return bits_of([number for iri in iris for (number,) in self._rows(find, iri)])

    def iri(self, thing: int) -> Iri:
        """Return the IRI of a thing."""
        return Iri(self._rows("SELECT iri FROM thing WHERE number = ?", thing)[0][0])

    def texts(self, thing: int) -> list[Text]:
        """Return the texts of a thing and its parts, the weightiest first."""
        fields = self._fields
        rows = self._rows("SELECT part, field, language, text FROM text WHERE thing = ?", thing)
        found = [Text(part, *fields[field], language, text) for part, field, language, text in rows]
        found.sort(key=lambda each: (each.part != "", -each.weight, each.property, each.part, each.language, each.text))
        return found

    @cached_property
    def _fields(self) -> dict[int, tuple[Iri, int, str]]:
        rows = self._rows("SELECT number, property, weight, naming FROM field")
        return {number: (Iri(name), weight, naming) for number, name, weight, naming in rows}

    def users(self, thing: int) -> bytes:
        """Return the things that a concept or agent leads to, packed."""
        rows = self._rows("SELECT things FROM use WHERE thing = ?", thing)
        return rows[0][0] if rows else packed(())

    def labelled(self, keys: Iterable[str]) -> list[tuple[str, int]]:
        """Return those of some keys that concepts and agents have a name of, each with the concept or agent."""
        return self._each("SELECT key, thing FROM label WHERE key IN ({})", keys)

    def levels(self, words: Iterable[int]) -> list[tuple[int, int, bytes]]:
        """Return the things that have some words, packed, each set with its word and level."""
        return self._each("SELECT word, level, things FROM level WHERE word IN ({})", words)

    def having(self, word: str) -> int:
        """Return the things that have exactly this word."""
        number, found = self.word(word), Joined()
        for _, _, things in self.levels([number]) if number is not None else ():
            found.add(things)
        return found.bits

    # ---- words ----

    def word(self, word: str) -> int | None:
        """Return the number of a word, None where no text has it."""
        rows = self._rows("SELECT number FROM word WHERE word = ?", word)
        return rows[0][0] if rows else None

    def starting(self, start: str) -> list[tuple[int, str]]:
        """Return the words that start so."""
        rows = self._rows(
            "SELECT number, word FROM word WHERE word >= ? AND word < ? ORDER BY word", start, start + "\U0010ffff"
        )
        return [(number, word) for number, word in rows]

    def containing(self, part: str) -> list[tuple[int, str]]:
        """Return the words that have these letters in a row anywhere."""
        inner = {part[place : place + 2] for place in range(len(part) - 1)}
        grams = self._grams(inner)
        if not grams or len(grams) < len(inner):
            return []
        return [each for each in self._spelled(members(reduce(and_, grams))) if part in each[1]]

    def near(self, word: str, most: int) -> list[tuple[int, str]]:
        """Return the words that are at most so many slips away."""
        tally, every = Tally(), 0
        wanted = grams(word)
        for words in self._grams(wanted):
            tally.add(words)
            every |= words
        # A slip touches two pairs of letters, and letters that are swapped three; of two slips, one may be a swap.
        alike = tally.at_least(max(2, len(wanted) - 2 * most - 1), every)
        return [each for each in self._spelled(members(alike)) if distance(word, each[1], most) <= most]

    def _grams(self, grams: Iterable[str]) -> list[int]:
        """Return the words that have each of some pairs of letters; none for a pair that no word has."""
        return [unpacked(words) for (words,) in self._each("SELECT words FROM gram WHERE gram IN ({})", grams)]

    def _spelled(self, words: Iterable[int]) -> list[tuple[int, str]]:
        return self._each("SELECT number, word FROM word WHERE number IN ({}) ORDER BY number", words)


def _damaged(name: str, error: sqlite3.Error) -> DamagedRelease:
    said = f"The index of the search cannot be read: {error}."
    return DamagedRelease(said, hint="Build anew with: whatworks build", where=Place(name))
