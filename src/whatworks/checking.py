"""What a knowledge graph can be asked about its checks."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whatworks.assets import Assets
from whatworks.collection import Collection
from whatworks.errors import UnknownThing
from whatworks.prepared import Prepared
from whatworks.settings import Settings

if TYPE_CHECKING:
    from whatworks.checks import Checks, Report
    from whatworks.jsonld import Documents
    from whatworks.release import Releases


class Checking(ABC):
    """The part of a knowledge graph that holds data against the shapes."""

    assets: Assets
    settings: Settings
    prepared: Prepared | None

    @property
    @abstractmethod
    def documents(self) -> "Documents":
        """Writes JSON-LD."""

    @property
    @abstractmethod
    def releases(self) -> "Releases | None":
        """The releases of the project, where it has a place for them."""

    def check(self, files: Sequence[Path] = (), profile: str = "curation", **how: Any) -> "Report":
        """Check the collection with the shapes, or files; further arguments are those of `checks.Checks.check`.

        Raises:
            UnknownThing, GitFault, InputError: As they say; files cannot be read, or the shapes are broken.
        """
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

    @cached_property
    def _checks(self) -> "Checks":
        from whatworks.checks import Checks  # noqa: PLC0415 - pyshacl costs half a second to import

        return Checks(self.assets, self.settings, self.documents.contexts, self.prepared)
