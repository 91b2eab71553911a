"""Which thing of the collection a name from a spreadsheet means: candidates with a score, and the reasons for it.

Candidates are what has the name, and what the search finds for its words. The score, from 0 to 100, is how alike the
name and the nearest name of the candidate are; properties that are given as well count for a third of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache

from whatworks.errors import UsageError
from whatworks.kg import KnowledgeGraph
from whatworks.namespaces import IDENTIFIER, IN_SCHEME, LABELS, NOTATION, RDFS, SKOS, VOC, folded
from whatworks.terms import RDF_TYPE, Iri, Literal, Quad, Term

_ALT_LABEL = Iri(SKOS + "altLabel")
_SUBCLASS = Iri(RDFS + "subClassOf")
_CLASSES = ("Intervention", "Agent", "Concept")
_NAMING = (*LABELS, _ALT_LABEL)
_CODES = (NOTATION, IDENTIFIER)
_SEARCHED = 25  # so many of what the search finds are looked at
_LONGEST = 500  # letters of a name that are compared
_CERTAIN = 95.0  # a name so alike is the same, if no other is
_SHARE = 1 / 3  # of the score, what properties count for


@dataclass(frozen=True, slots=True)
class Kind:
    """A type that entities can have.

    Attributes:
        iri: The class, or the scheme of concepts.
        name: What people call it.
        searched: The class to search in.
    """

    iri: Iri
    name: str
    searched: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A property that is given beside a name.

    Attributes:
        predicate: The property.
        values: What it may be: labels, codes, IRIs or numbers, as written.
        required: Whether a candidate must have one of them.
    """

    predicate: Iri
    values: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Candidate:
    """A thing that may be meant.

    Attributes:
        iri: The thing.
        name: Its label.
        score: From 0 to 100.
        kinds: Its types.
        reason: Why it is one, in words.
        features: The parts of the score by name, from 0 to 100.
        match: Whether it is the one beyond doubt.
    """

    iri: Iri
    name: str
    score: float
    kinds: tuple[Kind, ...]
    reason: str
    features: dict[str, float] = field(default_factory=dict)
    match: bool = False


class Matcher:
    """Finds what names mean in one collection."""

    def __init__(self, kg: KnowledgeGraph) -> None:
        self._kg, self._store = kg, kg.collection.store
        self._languages = kg.settings.languages
        kinds = [Kind(iri, iri.code, iri.code) for iri in kg.search.index.classes if iri.code in _CLASSES]
        for quad in sorted(self._store.match(predicate=RDF_TYPE, value=Iri(SKOS + "ConceptScheme"))):
            if isinstance(quad.subject, Iri) and quad.subject.startswith(VOC):
                kinds.append(Kind(quad.subject, self.label(quad.subject), "Concept"))
        self.kinds = {kind.iri: kind for kind in kinds}

    def label(self, term: Term) -> str:
        """Return what a thing is called."""
        return self._kg.describer.label(term, self._languages)[0]

    def kind(self, name: str) -> Kind | None:
        """Return the type with an IRI or the last part of one."""
        return next((kind for kind in self.kinds.values() if name in (kind.iri, kind.iri.code)), None)

    def kinds_of(self, thing: Iri) -> tuple[Kind, ...]:
        """Return the types of a thing: of a concept its schemes first, else its class."""
        schemes = [quad.object for quad in self._store.match(thing, IN_SCHEME)]
        types = [quad.object for quad in self._store.match(thing, RDF_TYPE)]
        found = [*schemes, *types, *(above for each in types if isinstance(each, Iri) for above in self._above(each))]
        return tuple(dict.fromkeys(self.kinds[iri] for iri in found if isinstance(iri, Iri) and iri in self.kinds))

    def _above(self, of_class: Iri) -> list[Term]:
        return [quad.object for quad in self._store.match(of_class, _SUBCLASS)]

    def candidates(
        self, name: str, kind: Kind | None, conditions: Sequence[Condition] = (), limit: int = 10
    ) -> list[Candidate]:
        """Return the things that a name may mean, best first.

        Args:
            name: The name, code or key.
            kind: Only things of this type.
            conditions: Properties that are given as well.
            limit: At most so many.
        """
        found = []
        for thing in dict.fromkeys(self._things(name, kind)):
            kinds = self.kinds_of(thing)
            if not kinds or (kind is not None and kind not in kinds):
                continue
            weighed = self._weighed(thing, name, kinds, conditions)
            if weighed is not None:
                found.append(weighed)
        found.sort(key=lambda each: (-each.score, each.iri))
        sure = [each for each in found if each.features["name"] >= _CERTAIN and each.score >= _CERTAIN * (1 - _SHARE)]
        if len(sure) == 1 or (len(sure) > 1 and sure[0].score > sure[1].score):
            position = found.index(sure[0])
            if position == 0 and _is_whole(sure[0], conditions):
                found[0] = _certain(found[0])
        return found[:limit]

    def _things(self, name: str, kind: Kind | None) -> Iterator[Iri]:
        """Yield what has the name, and what the search finds for its words."""
        lookup = self._kg.lookup
        ways = [lookup.thing]
        if kind is not None and kind.iri.startswith(VOC):
            ways = [lambda value: lookup.concept(kind.iri.code, value)]
        elif kind is not None and kind.name in ("Intervention", "Agent"):
            ways = [lookup.intervention if kind.name == "Intervention" else lookup.agent]
        for way in ways:
            try:
                yield way(name)
            except UsageError:  # nothing has it, or several things have; the search tells which
                continue
        try:
            searched = self._kg.search(name, of_class=kind.searched if kind is not None else None, limit=_SEARCHED)
        except UsageError:  # too long to be searched
            return
        yield from (hit.thing for hit in searched.hits)

    def _weighed(
        self, thing: Iri, name: str, kinds: tuple[Kind, ...], conditions: Sequence[Condition]
    ) -> Candidate | None:
        alike, called = self._nearest(thing, name)
        features = {"name": alike}
        held = []
        for condition in conditions:
            fits = self._has(thing, condition)
            if condition.required and not fits:
                return None
            features[str(condition.predicate)] = 100.0 if fits else 0.0
            held.append(fits)
        score = alike if not held else alike * (1 - _SHARE) + 100 * _SHARE * sum(held) / len(held)
        label = self.label(thing)
        said = "has this name" if alike == 100 else f"is called {called!r}, which is {alike:.0f} % alike"
        told = [said, f"{kinds[0].name}"]
        if held:
            told.append(f"{sum(held)} of {len(held)} properties fit")
        return Candidate(thing, label, round(score, 2), kinds, "; ".join(told), features)

    def _nearest(self, thing: Iri, name: str) -> tuple[float, str]:
        """Return how alike a name and the nearest of a thing's names are, from 0 to 100, and that name."""
        wanted, best = folded(name[:_LONGEST]), (0.0, "")
        if wanted in (folded(thing), folded(thing.code)):
            return 100.0, name
        for called in self.names(thing):
            alike = _alike(wanted, folded(called[:_LONGEST]))
            if alike > best[0]:
                best = alike, called
        return best

    def names(self, thing: Iri) -> list[str]:
        """Return the labels, alternative labels, notations and codes of a thing."""
        quads = [quad for quad in self._store.match(thing) if quad.predicate in (*_NAMING, *_CODES)]
        return [quad.object.value for quad in quads if isinstance(quad.object, Literal)]

    def _has(self, thing: Iri, condition: Condition) -> bool:
        wanted = {folded(value) for value in condition.values}
        return any(wanted & set(self._said(quad)) for quad in self._store.match(thing, condition.predicate))

    def _said(self, quad: Quad) -> list[str]:
        if isinstance(quad.object, Literal):
            return [folded(quad.object.value)]
        if not isinstance(quad.object, Iri):
            return []
        return [folded(each) for each in (quad.object, quad.object.code, *self.names(quad.object))]


def _is_whole(candidate: Candidate, conditions: Sequence[Condition]) -> bool:
    """Say whether all properties that were given fit."""
    return all(candidate.features[str(condition.predicate)] for condition in conditions)


def _certain(candidate: Candidate) -> Candidate:
    return Candidate(
        candidate.iri,
        candidate.name,
        candidate.score,
        candidate.kinds,
        candidate.reason,
        candidate.features,
        match=True,
    )


@lru_cache(10_000)
def _alike(one: str, other: str) -> float:
    """Return how alike two folded names are, from 0 to 100: letter by letter, or with their words sorted."""
    if one == other:
        return 100.0
    plain = SequenceMatcher(None, one, other, autojunk=False).ratio()
    ordered = SequenceMatcher(None, " ".join(sorted(one.split())), " ".join(sorted(other.split())), autojunk=False)
    return min(99.9, round(100 * max(plain, ordered.ratio() * 0.98), 2))
