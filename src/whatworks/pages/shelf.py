"""What pages ask again and again of one edition, asked once: counts of facets, trees of concepts, what is missing."""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TypeVar, cast

from whatworks.namespaces import SKOS
from whatworks.publish.edition import Edition
from whatworks.reads import Gathered, Question, Watched, grouped
from whatworks.results import Answer, Row, Table
from whatworks.terms import RDF_TYPE, Iri, Literal

T = TypeVar("T")
_KEPT = 500  # so many answers are kept
_LONG, _LONG_ONES = 20_000, 2  # of answers with more rows, only so many: the next page shows more of the last one
# What counts interventions by group, or reads all shapes: columns take a quarter of the time of the store, or less. To
# load them takes as long as the store does for the first few.
_SCANS, _FEW = ("facets", "gap-map", "system/field-names"), 2
_BROADER = Iri(SKOS + "broader")

Values = Mapping[str, Sequence[str]]


class Shelf:
    """Answers about one edition, which does not change; of a collection at an endpoint nothing is kept.

    Args:
        edition: The edition.
    """

    def __init__(self, edition: Edition) -> None:
        self.kg = edition.kg
        self._keeps = edition.kg.remote is None
        self._kept: OrderedDict[tuple[object, ...], tuple[object, Gathered]] = OrderedDict()
        store = edition.kg.collection.store
        self._reads = store.reads if isinstance(store, Watched) else None
        self._scans = 0
        self._long: list[tuple[object, ...]] = []

    def prepare(self) -> None:
        """Load what will be quicker for the next who asks; while nobody waits, as it takes a while."""
        if self.kg.engines is not None:
            _ = self.kg.engines.columns  # which makes them

    def once(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """Return what was made under a key before, or make it."""
        if key in self._kept:
            self._kept.move_to_end(key)
            kept, read = self._kept[key]
            if self._reads is not None:
                self._reads.again(read)
            return cast(T, kept)
        before = self._reads.begin() if self._reads is not None else (set(), set())
        try:
            made = make()
        finally:
            read = self._reads.end(before) if self._reads is not None else before
        if self._keeps:
            self._kept[key] = (made, read)
            if isinstance(made, list) and len(made) > _LONG:
                self._long.append(key)
                if len(self._long) > _LONG_ONES:
                    self._kept.pop(self._long.pop(0), None)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return made

    def rows(self, name: str, values: Values | None = None) -> list[Row]:
        """Return the rows of a stored query."""
        given = {key: tuple(each) for key, each in (values or {}).items()}
        return self.once(("rows", name, *given.items()), lambda: self.asked(name, given))

    def asked(self, name: str, values: Values) -> list[Row]:
        """Return the rows of a stored query, which are not kept."""
        query = self.kg.catalogue.get(name)
        answer: Answer | None = None
        if self.kg.engines is not None and (name in _SCANS or (name == "interventions" and not values)):
            self._scans += 1
            if self._scans > _FEW or self._reads is not None or self.kg.engines.are_loaded:
                answer = self.kg.engines.rows(self.kg.lookup.asked(query, values).text)
        if answer is None:
            answer = self.kg.ask(query, values)
        assert isinstance(answer, Table)  # noqa: S101 - pages ask for rows
        return list(answer)

    def about(self, name: str, column: int, value: str) -> list[Row]:
        """Return the rows of a stored query, asked without values, whose column has a value: an IRI, or a text."""
        found = self._groups(name, column).get(value, [])
        if self._reads is not None:
            text = self.kg.sparql_of(self.kg.catalogue.get(name), {})
            self._reads.answered(Question(text, column, value), found)
        return found

    def _groups(self, name: str, column: int) -> dict[str, list[Row]]:
        """Return the rows of a stored query by the text of a column; which of them count is noted by who asks."""
        key = ("groups", name, column)
        if key not in self._kept:
            before = self._reads.begin() if self._reads is not None else (set(), set())
            made = grouped(self.asked(name, {}), column)
            if self._reads is not None:
                self._reads.keys, self._reads.asked = before
            if not self._keeps:
                return made
            self._kept[key] = (made, (set(), set()))
        return cast("dict[str, list[Row]]", self._kept[key][0])

    def is_intervention(self, iri: Iri) -> bool:
        """Say whether a thing is an intervention, by its own classes."""
        return any(quad.object in self._interventions for quad in self.kg.collection.store.match(iri, RDF_TYPE))

    @cached_property
    def _interventions(self) -> set[Iri]:
        """The classes of interventions."""
        return self.kg.describer.classes("Intervention")

    def counts(self, values: Values, facet: Iri | None = None) -> dict[Iri, dict[Iri, int]]:
        """Return how many interventions that meet conditions have each value of each facet, wider ones included.

        Args:
            values: The conditions.
            facet: The only facet that is needed; without it all are.
        """
        given = {key: tuple(each) for key, each in values.items()}
        if facet in self._evidenced:
            return self.once(("of parts", *given.items()), lambda: self._counts_of_parts(given))
        found = self.once(("counts", *given.items()), lambda: self._counts(given))
        if facet is not None:
            return found
        return {**found, **self.once(("of parts", *given.items()), lambda: self._counts_of_parts(given))}

    def _counts(self, values: Values) -> dict[Iri, dict[Iri, int]]:
        found: dict[Iri, dict[Iri, int]] = defaultdict(dict)
        for facet, _, value, _, number in self.asked("facets", values):
            if isinstance(facet, Iri) and isinstance(value, Iri) and isinstance(number, Literal):
                found[facet][value] = int(number.value)
        return dict(found)

    def _counts_of_parts(self, values: Values) -> dict[Iri, dict[Iri, int]]:
        found: dict[Iri, dict[Iri, int]] = defaultdict(dict)
        evidence = self.evidence
        for intervention in {row[0] for row in self.rows("interventions", values)}:
            for facet, value in evidence.get(intervention, ()):
                found[facet][value] = found[facet].get(value, 0) + 1
        return dict(found)

    @property
    def _evidenced(self) -> set[Iri]:
        """The facets that are counted of parts of interventions."""
        return self.once(("evidenced",), lambda: {facet for each in self.evidence.values() for facet, _ in each})

    @property
    def evidence(self) -> dict[object, list[tuple[Iri, Iri]]]:
        """Facets and values of what is stated of evaluations, factors and findings, by the intervention."""
        return self.once(("evidence",), self._evidence)

    def _evidence(self) -> dict[object, list[tuple[Iri, Iri]]]:
        found: dict[object, list[tuple[Iri, Iri]]] = defaultdict(list)
        for intervention, facet, value in self.asked("system/evidence", {}):
            if isinstance(facet, Iri) and isinstance(value, Iri):
                found[intervention].append((facet, value))
        return dict(found)

    def field_names(self, language: str) -> dict[str, str]:
        """Return what the shapes call fields and headings in a language, by their English names."""
        if language == "en":
            return {}
        pairs = [row for row in self.rows("system/field-names") if isinstance(row[1], Literal)]
        return self.once(
            ("field names", language),
            lambda: {
                english.value: name.value
                for english, name in pairs
                if isinstance(english, Literal) and isinstance(name, Literal) and name.language == language
            },
        )

    def broader(self, concept: Iri) -> Iri | None:
        """Return the next wider concept."""

        def first() -> Iri | None:
            found = sorted(str(quad.object) for quad in self.kg.collection.store.match(concept, _BROADER))
            return Iri(found[0]) if found else None

        return self.once(("broader", concept), first)

    def missing(self, key: str) -> list[str]:
        """Return what the description of an intervention lacks."""
        return [row[1].value for row in self.about("missing", 0, key) if isinstance(row[1], Literal)]

    def things(self, of_class: str) -> list[Iri]:
        """Return the things of a class."""
        return self.once(("things", of_class), lambda: self.kg.describer.members(of_class))
