"""What a knowledge graph can be asked about links."""

from abc import ABC, abstractmethod
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from whatworks.assets import Assets, write_files
from whatworks.catalogue import Catalogue
from whatworks.collection import Collection
from whatworks.results import Answer, Table, plain
from whatworks.settings import Settings
from whatworks.terms import Iri, is_iri

if TYPE_CHECKING:
    from whatworks.linking.assigned import Assignments
    from whatworks.linking.decisions import Pair
    from whatworks.linking.keeper import Linking
    from whatworks.linking.mappings import Mappings
    from whatworks.linking.related import Relation
    from whatworks.linking.sheet import Verdict, Waiting
    from whatworks.tally import Problem


class Door(ABC):
    """The part of a knowledge graph that leads to links."""

    assets: Assets
    settings: Settings

    @property
    @abstractmethod
    def collection(self) -> Collection:
        """The graph."""

    @property
    @abstractmethod
    def catalogue(self) -> Catalogue:
        """The stored queries."""

    @abstractmethod
    def query(self, name: str, **values: Any) -> Answer:
        """Answer a stored query."""

    def related(self, name: str, *, minimum_score: float | None = None, limit: int | None = None) -> "list[Relation]":
        """Return what is related to an intervention, the strongest first, each with its reasons.

        Args:
            name: The intervention, by key, title, IRI or CURIE.
            minimum_score: Only links at least so strong, from 0 to 1.
            limit: At most so many.

        Raises:
            UnknownValue, AmbiguousValue: The name names none, or several.
        """
        from whatworks.linking.related import relations  # noqa: PLC0415 - not every command needs it

        return relations(self.query("related-reasons", intervention=name, minimum_score=minimum_score))[:limit]

    @cached_property
    def linking(self) -> "Linking":
        """Works out links anew from the files, and notes what people decide about them."""
        from whatworks.linking.keeper import Linking  # noqa: PLC0415 - not every command needs it

        return Linking(self.assets, self.settings, self.catalogue)

    @cached_property
    def mappings(self) -> "Mappings":
        """Proposes what concepts, places and agents correspond to outside, and notes what people decide about it."""
        from whatworks.linking.mappings import Mappings  # noqa: PLC0415 - not every command needs it

        return Mappings(self.assets, self.settings, self.catalogue)

    @cached_property
    def assignments(self) -> "Assignments":
        """Knows which approaches were assigned and wait for review, and notes what people decide about them."""
        from whatworks.linking.assigned import Assignments  # noqa: PLC0415 - not every command needs it

        return Assignments(self.assets, self.settings, self.catalogue)

    def review_sheet(self) -> "tuple[bytes, dict[str, int]]":
        """Return a workbook of what waits for review, and how much of each sort there is."""
        from whatworks.linking.sheet import Waiting, write_review  # noqa: PLC0415 - openpyxl takes half a second

        links, written = list(self._waiting().values()), self.collection.prefixes.shorten
        mappings = [
            Waiting(
                each.thing,
                each.target,
                (written(each.thing) or each.thing, written(each.target) or each.target),
                (each.name, f"{each.label} ({each.scheme})"),
                each.score,
                each.reason,
                f"{each.relation}: {'; '.join(word for word, _ in each.words)}",
            )
            for each in self.mappings.compute().waiting
        ]
        assigned = self.assignments.waiting()
        counts = {"links": len(links), "mappings": len(mappings), "assigned approaches": len(assigned)}
        return write_review([*links, *mappings], assigned), counts

    def review(
        self, data: bytes, name: str, *, by: str = "", write: bool = True
    ) -> "tuple[list[Verdict], list[Problem]]":
        """Read what a person decided in such a workbook, and note it unless something cannot be followed.

        Args:
            data: The workbook.
            name: Its name.
            by: Who decided.
            write: Whether it is noted.

        Returns:
            What was decided, and what cannot be followed.

        Raises:
            WorkbookFault: It cannot be read.
            MissingExtra: numpy is not installed.
            InvalidValue: Nobody is named.
            Unwritable: The collection came with the package, or the file cannot be written.
        """
        from whatworks.linking.assigned import Judged  # noqa: PLC0415 - needed by one command only
        from whatworks.linking.decisions import Decision  # noqa: PLC0415 - needed by one command only
        from whatworks.linking.sheet import read_review  # noqa: PLC0415 - the same

        things, expand = self._by_key(), self.collection.prefixes.expand
        mappings = {
            (min(each.thing, each.target), max(each.thing, each.target)): each
            for each in self.mappings.compute().waiting
        }

        def find(name: str) -> Iri | None:
            return things[name][0] if name in things else expand(name) or (Iri(name) if is_iri(name) else None)

        assigned = {
            (min(each.thing, each.concept), max(each.thing, each.concept)): each for each in self.assignments.waiting()
        }
        verdicts, problems = read_review(data, name, find, {**self._waiting(), **mappings, **assigned})
        if write and not problems:
            judged = [Judged(assigned[each.pair], each.status, each.note) for each in verdicts if each.pair in assigned]
            files = self.assignments.decide(judged, by=by) if judged else {}
            mapped = [(mappings[each.pair], each.status, each.note) for each in verdicts if each.pair in mappings]
            linked = [each for each in verdicts if each.pair not in mappings and each.pair not in assigned]
            links = self.linking.between([each.pair for each in linked]) if linked else []
            if mapped:
                self.mappings.decide_all(mapped, by=by)
            pairs, today = zip(links, linked, strict=True), date.today()
            self.linking.decide_all([Decision(link, each.status, by.strip(), today, each.note) for link, each in pairs])
            write_files(files)
        return verdicts, problems

    def _by_key(self) -> dict[str, tuple[Iri, str]]:
        """Return interventions with their titles, by key."""
        table = self.query("interventions")
        assert isinstance(table, Table)  # noqa: S101 - a SELECT query of the tool, tested as such
        at = {name: place for place, name in enumerate(table.columns)}
        return {plain(row[at["key"]]): (Iri(plain(row[at["intervention"]])), plain(row[at["title"]])) for row in table}

    def _waiting(self) -> "dict[Pair, Waiting]":
        """Return the links that wait for review, the strongest first, by the two in the order of IRIs."""
        from whatworks.linking.sheet import Waiting  # noqa: PLC0415 - openpyxl takes half a second to import

        things, table = self._by_key(), self.query("review-queue")
        assert isinstance(table, Table)  # noqa: S101 - a SELECT query of the tool, tested as such
        found: dict[Pair, Waiting] = {}
        for row in table:
            _, one, other, score, why, shared, _ = (plain(cell) for cell in row)
            if one not in things:  # a mapping, which is worked out anew
                continue
            (start, title), (end, other_title) = things[one], things[other]
            titles = (title, other_title)
            waits = Waiting(start, end, (one, other), titles, float(score), why, shared)
            found.setdefault((min(start, end), max(start, end)), waits)
        return found
