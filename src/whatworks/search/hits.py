"""What a search shows: the things found, why each was found, and which letters of the texts fit the question."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from whatworks.results import Row, Table
from whatworks.search.ask import Question
from whatworks.search.bits import has
from whatworks.search.index import Index, Text
from whatworks.search.words import Folding, places
from whatworks.settings import preference
from whatworks.terms import XSD_DECIMAL, Iri, Literal

_FRAGMENT = 160  # letters of a text that are shown
_BEFORE = 40  # of which so many may stand before the first mark


@dataclass(frozen=True, slots=True)
class Marked:
    """A text and the places in it that fit the question: pairs of where each starts and ends.

    The text comes from the data and may hold anything; the marks are numbers, so nothing in it can pass for one.
    """

    text: str
    marks: tuple[tuple[int, int], ...] = ()

    def pieces(self) -> Iterator[tuple[str, bool]]:
        """Yield the text in pieces, each with whether it is marked."""
        last = 0
        for start, end in self.marks:
            if start > last:
                yield self.text[last:start], False
            yield self.text[start:end], True
            last = end
        if last < len(self.text):
            yield self.text[last:], False


@dataclass(frozen=True, slots=True)
class Hit:
    """A thing that was found.

    Attributes:
        thing: Its IRI.
        of_class: Its class.
        title: Its title, name or label.
        score: How well it fits, from 0 to 1.
        property: The property whose text fits best; None where only a concept or agent that it has fits.
        part: The part of the thing that has the text, such as `factor-2`; empty for the thing itself.
        language: The language of that text.
        fragment: The part of the text that fits, or the name of the concept or agent.
        via: The concepts and agents that the question names and the thing has, where its own texts do not say it.
    """

    thing: Iri
    of_class: Iri
    title: Marked
    score: float
    property: Iri | None
    part: str
    language: str
    fragment: Marked
    via: tuple[Iri, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a search.

    Attributes:
        hits: The best things, best first.
        total: How many things fit.
        exact: Whether `total` was counted to the end; with words in quotation marks it may be the most there can be.
        slips: Words that no text has, and the word that was searched instead.
    """

    hits: tuple[Hit, ...]
    total: int
    exact: bool = True
    slips: dict[str, str] = field(default_factory=dict)

    def table(self) -> Table:
        """Return the hits as rows; the marks of a fragment are the places `start-end`, counted in letters from 0."""
        columns = ("thing", "key", "title", "class", "score", "property", "language", "fragment", "marks", "via")

        def row(hit: Hit) -> Row:
            return (
                hit.thing,
                Literal(hit.thing.code),
                Literal(hit.title.text),
                hit.of_class,
                Literal(f"{hit.score:.3f}", "", XSD_DECIMAL),
                hit.property,
                Literal(hit.language) if hit.language else None,
                Literal(hit.fragment.text),
                Literal(" ".join(f"{start}-{end}" for start, end in hit.fragment.marks)),
                Literal(" ".join(hit.via)) if hit.via else None,
            )

        note = f"Only the best {len(self.hits)} of {self.total} are shown." if self.total > len(self.hits) else ""
        return Table(columns, [row(hit) for hit in self.hits], note=note)


@dataclass(frozen=True, slots=True)
class _Fit:
    """A text, the words of the question that it has with what each is worth, and where they stand."""

    text: Text
    worth: dict[int, float]
    marks: tuple[tuple[int, int], ...]


class Shower:
    """Says why things fit a question, in the languages that are preferred.

    Args:
        index: The index.
        question: The question.
        languages: The languages of titles, in order of preference.
        folding: Folds the words of texts.
    """

    def __init__(self, index: Index, question: Question, languages: tuple[str, ...], folding: Folding) -> None:
        self._index = index
        self._question = question
        self._languages = languages
        self._folding = folding
        self._worth: dict[str, dict[int, float]] = defaultdict(dict)
        for at, wanted in enumerate(question.words):
            for word, (_, quality) in wanted.forms.items():
                self._worth[word][at] = quality * wanted.weight

    def hit(self, thing: int, score: float) -> Hit:
        """Say why a thing was found."""
        fits = [self._fit(text) for text in self._index.texts(thing)]
        title, iri = self._named(fits), self._index.iri(thing)
        best = max(fits, key=lambda fit: sum(fit.worth.values()), default=None)
        said = {at for fit in fits for at in fit.worth}
        leads = [lead for lead in self._question.leads if has(lead.things, thing) and not lead.words.keys() <= said]
        shown = best if best is not None and best.worth else None
        named = None
        if shown is None and leads:
            named = self._named([self._fit(text) for text in self._index.texts(leads[0].thing)], marked=True)
        why = shown or named
        return Hit(
            thing=iri,
            of_class=self._index.class_of(thing),
            title=Marked(title.text.text, title.marks) if title is not None else Marked(iri.code),
            score=score,
            property=shown.text.property if shown is not None else None,
            part=shown.text.part if shown is not None else "",
            language=why.text.language if why is not None else "",
            fragment=_cut(why.text.text, why.marks) if why is not None else Marked(""),
            via=tuple(self._index.iri(lead.thing) for lead in leads),
        )

    def _fit(self, text: Text) -> _Fit:
        marks, worth = places(text.text, self._worth, self._folding), dict[int, float]()
        for word, _, _ in marks:
            for at, value in self._worth[word].items():
                worth[at] = max(value, worth.get(at, 0.0))
        return _Fit(text, worth, tuple((start, end) for _, start, end in marks))

    def _named(self, fits: Iterable[_Fit], *, marked: bool = False) -> _Fit | None:
        """Return the best name of a thing, or the one that fits best."""

        def order(fit: _Fit) -> tuple[float, bool, tuple[int, str, str]]:
            worth = -sum(fit.worth.values()) if marked else 0.0
            name = Literal(fit.text.text, fit.text.language)
            return worth, fit.text.naming != "pref", preference(name, self._languages)

        names = [fit for fit in fits if fit.text.naming in ("pref", "alt") and not fit.text.part]
        return min(names, key=order, default=None)


def _cut(text: str, marks: tuple[tuple[int, int], ...]) -> Marked:
    """Return the stretch of a text with the most marks; dots stand where it was cut."""
    if len(text) <= _FRAGMENT or not marks:
        return Marked(text if len(text) <= _FRAGMENT else text[: _FRAGMENT - 1] + "…", marks)

    def held(start: int) -> int:
        return sum(start <= first and last <= start + _FRAGMENT - 2 for first, last in marks)

    start = max((max(0, first - _BEFORE) for first, _ in marks), key=held)
    start = (text.find(" ", start, start + _BEFORE) + 1 or start) if start else 0
    end = start + _FRAGMENT - 2
    if end < len(text):
        last = max((last for _, last in marks if last <= end), default=end)
        end = max(text.rfind(" ", start, end), last)
    before, after = "…" if start else "", "…" if end < len(text) else ""
    moved = len(before) - start
    inside = tuple((first + moved, last + moved) for first, last in marks if start <= first and last <= end)
    return Marked(before + text[start:end] + after, inside)
