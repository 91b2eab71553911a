"""What a knowledge graph can be asked about its checks, and about its quality."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whatworks.assets import Assets
from whatworks.catalogue import Catalogue, Query
from whatworks.collection import Collection
from whatworks.errors import UnknownQuery, UnknownThing
from whatworks.prepared import Prepared
from whatworks.results import Answer, Table
from whatworks.settings import Settings
from whatworks.terms import Literal

if TYPE_CHECKING:
    from whatworks.checks import Checks, Report
    from whatworks.jsonld import Documents
    from whatworks.release import Releases


class Checking(ABC):
    """The part of a knowledge graph that holds data against the shapes, and measures how good it is."""

    assets: Assets
    settings: Settings
    prepared: Prepared | None

    @property
    @abstractmethod
    def documents(self) -> "Documents":
        """Writes JSON-LD."""

    @property
    @abstractmethod
    def catalogue(self) -> Catalogue:
        """The stored queries."""

    @property
    @abstractmethod
    def collection(self) -> Collection:
        """The graph."""

    @abstractmethod
    def ask(self, query: Query, values: Mapping[str, Sequence[str]]) -> Answer:
        """Answer a stored query."""

    @property
    @abstractmethod
    def releases(self) -> "Releases | None":
        """The releases of the project, where it has a place for them."""

    def check(
        self, files: Sequence[Path] = (), profile: str = "curation", *, read: Collection | None = None, **how: Any
    ) -> "Report":
        """Check the collection with the shapes, or files; further arguments are those of `checks.Checks.check`.

        Args:
            files: The files; none for the collection.
            profile: What is checked.
            read: The collection without inferences, where it has been read.
            how: The further arguments.

        Raises:
            UnknownThing, GitFault, InputError: As they say; files cannot be read, or the shapes are broken.
        """
        with self._checks.reading(read) if read is not None else nullcontext():
            return self._checks.check(files, profile, **how)

    def since_release(self, report: "Report", progress: Callable[[int, int], None] = lambda _, __: None) -> "Report":
        """Return the report of a check of everything with what the shapes of now find in the release in use.

        Raises:
            UnknownThing: There is no release.
        """
        release = self.releases.current() if self.releases is not None else None
        if release is None:
            raise UnknownThing("There is no release to compare with.", hint="Make one with: whatworks build")
        collection = release.collection(Collection.described(self.assets, self.settings))
        return replace(report, earlier=self._checks.earlier(collection, release.name, report.profile, progress))

    def measure(self, name: str) -> Table:
        """Answer a measure of quality: a stored query with the tag quality, without parameters.

        Raises:
            UnknownQuery: There is no such measure.
        """
        query = next((query for query in self.measures if query.name == name), None)
        if query is None:
            known = ", ".join(query.name for query in self.measures)
            raise UnknownQuery(f"There is no measure {name!r}.", hint=f"There are: {known}.")
        answer = self.ask(query, {})
        assert isinstance(answer, Table)  # noqa: S101 - `measures` has no others
        return answer

    @property
    def measures(self) -> list[Query]:
        """The stored queries that measure quality: those with the tag that ask for rows and need no parameter."""
        return [
            query
            for query in self.catalogue.all()
            if "quality" in query.tags
            and query.form == "SELECT"
            and not any(each.required for each in query.parameters)
        ]

    def quality(self) -> Table:
        """Return each measure of quality with how many rows it has."""
        rows = [
            (Literal(query.name), Literal.integer(len(list(self.measure(query.name)))), Literal(query.summary))
            for query in self.measures
        ]
        return Table(("measure", "rows", "meaning"), rows)

    def dead_links(self, progress: Callable[[int, int], None] = lambda _, __: None) -> Table:
        """Ask the addresses outside that the data names, and return those that do not answer; nothing else asks them.

        Args:
            progress: Is told how many addresses of how many were asked.
        """
        from whatworks.deadlinks import dead, outside  # noqa: PLC0415 - needed by one command only

        return dead(outside(self.collection), progress=progress)

    @cached_property
    def _checks(self) -> "Checks":
        from whatworks.checks import Checks  # noqa: PLC0415 - pyshacl costs half a second to import

        return Checks(self.assets, self.settings, self.documents.contexts, self.prepared)
