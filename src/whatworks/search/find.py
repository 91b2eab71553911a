"""Answers a question: reads it, ranks what fits, and says why."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from whatworks.errors import UnknownThing
from whatworks.results import Answer, Table
from whatworks.search.ask import Question, rank, read
from whatworks.search.builder import FIRST, WHOLE
from whatworks.search.hits import Found, Hit, Shower
from whatworks.search.index import Index
from whatworks.search.language import STOP
from whatworks.search.words import Folding, words_of
from whatworks.terms import Iri

# Things are looked through for words side by side in steps of so many; with no more, all are counted.
_COUNTED = 500
# So many folded words of texts are kept for the next question.
_FOLDED = 200_000
# So many of the things that a list shows are looked at for where they fit.
SHOWN = 100


# Answers rows whose first cell is an intervention, from values of facets.
Facets: TypeAlias = Callable[[Mapping[str, Any]], Answer]


class Search:
    """Answers questions with one index.

    Args:
        index: The index.
        languages: The languages of titles, in order of preference.
        facets: Finds the interventions that have values of facets.
    """

    def __init__(self, index: Index, languages: tuple[str, ...] = ("en",), facets: Facets | None = None) -> None:
        self.index = index
        self.languages = languages
        self._facets = facets
        self._folding = Folding()

    def __call__(
        self, text: str, *, of_class: str | None = None, limit: int = 10, language: str | None = None, **facets: Any
    ) -> Found:
        """Return the things that fit a text best.

        Args:
            text: Words in any language; words between quotation marks must stand side by side.
            of_class: Only things of this class, by name, such as `Intervention` or `SuccessFactor`. Without it, parts
                of other things are not shown on their own.
            limit: At most so many hits.
            language: The language of titles, where they have one in it.
            facets: Parameters of the stored query `interventions`: only what it finds, and the parts of that.

        Raises:
            UnknownThing: There is no such class.
            InvalidValue: The text is too long.
            UnknownParameter, UnknownValue: A facet or its value is not known.
        """
        question = read(self.index, text)
        ranked, fitting, exact = self._best(question, self._within(of_class, facets), limit)
        return Found(self._shown(question, ranked, language), fitting, exact, question.slips)

    def among(self, text: str, things: Iterable[Iri], language: str | None = None) -> Found:
        """Return which of some things fit a text, and where: for a page of a list that was found before."""
        question = read(self.index, text)
        ranked, fitting, exact = self._best(question, self._within(None, {}) & self.index.things(things), SHOWN)
        return Found(self._shown(question, ranked, language), fitting, exact, question.slips)

    def _shown(self, question: Question, ranked: list[tuple[int, float]], language: str | None) -> tuple[Hit, ...]:
        if len(self._folding) > _FOLDED:
            self._folding = Folding()
        languages = (*([language] if language else []), *self.languages)
        shower = Shower(self.index, question, languages, self._folding)
        return tuple(shower.hit(thing, score) for thing, score in ranked)

    def best(self, text: str, of_class: str, limit: int) -> tuple[list[Iri], int]:
        """Return the things of a class that fit a text, best first, and how many fit.

        Raises:
            UnknownThing: There is no such class.
        """
        ranked, total, _ = self._best(read(self.index, text), self._within(of_class, {}), limit)
        return [self.index.iri(thing) for thing, _ in ranked], total

    def _within(self, of_class: str | None, facets: Mapping[str, Any]) -> int:
        allowed = self.index.members(WHOLE if of_class is None else self._class(of_class))
        if facets and self._facets is not None:
            answer = self._facets(facets)
            rows = answer if isinstance(answer, Table) else ()
            allowed &= self.index.things(row[0] for row in rows if isinstance(row[0], Iri))
        return allowed

    def _class(self, name: str) -> Iri:
        for iri in self.index.classes:
            if name in (iri, iri.code) or name.casefold() == iri.code.casefold():
                return iri
        names = ", ".join(sorted(iri.code for iri in self.index.classes))
        raise UnknownThing(f"There is no class {name[:80]!r} to search in.", hint=f"There are: {names}.")

    def _best(self, question: Question, within: int, limit: int) -> tuple[list[tuple[int, float]], int, bool]:
        """Return the best things, how many fit, and whether these were counted to the end."""
        index, first = self.index, self.index.members(FIRST)
        if not question.phrases:
            ranked, fitting = rank(question, within, first, limit)
            return ranked, fitting.bit_count(), True
        for word in {word for phrase in question.phrases for word in phrase} - STOP:
            within &= index.having(word)
        _, fitting = rank(question, within, first, 0)
        found: list[tuple[int, float]] = []
        total, folding = fitting.bit_count(), Folding()
        while fitting and (len(found) < limit or total <= _COUNTED):
            ranked, _ = rank(question, fitting, first, _COUNTED)
            for thing, score in ranked:
                fitting ^= 1 << thing
                if self._says(thing, question.phrases, folding):
                    found.append((thing, score))
        return found[:limit], len(found) + fitting.bit_count(), not fitting

    def _says(self, thing: int, phrases: list[list[str]], folding: Folding) -> bool:
        """Say whether texts of a thing have the words of each phrase side by side."""
        texts = [f" {' '.join(words_of(text.text, folding))} " for text in self.index.texts(thing)]
        return all(any(f" {' '.join(phrase)} " in text for text in texts) for phrase in phrases)
