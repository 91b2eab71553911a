"""What a knowledge graph can be asked about what changed: between releases, files of RDF, and its own files."""

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING

from whatworks.assets import Assets
from whatworks.collection import Collection
from whatworks.settings import Settings

if TYPE_CHECKING:
    from whatworks.differences import Differences
    from whatworks.differing.states import States
    from whatworks.release import Release, Releases
    from whatworks.remote import Remote

LATEST, PREVIOUS = "latest", "previous"


class Differing(ABC):
    """The part of a knowledge graph that says what changed."""

    assets: Assets
    settings: Settings

    @property
    @abstractmethod
    def collection(self) -> Collection:
        """The graph that is read."""

    @property
    @abstractmethod
    def written(self) -> Collection:
        """What the files say, without what follows from it."""

    @property
    @abstractmethod
    def releases(self) -> "Releases | None":
        """The releases of the project."""

    @property
    @abstractmethod
    def remote(self) -> "Remote | None":
        """The collection at an endpoint, if one is read."""

    def diff(self, before: str = PREVIOUS, after: str = LATEST) -> "Differences":
        """Say what changed, thing by thing and field by field.

        Args:
            before: The name of a release or its beginning, `latest` for the one in use, `previous` for the one that
                was built before that, `files` for the files of the project, the folder of a release, or a file of RDF.
            after: The same.

        Raises:
            UnknownThing: There is no such release or file.
            DamagedRelease, NewerRelease: A release cannot be read.
            InputError: A file cannot be read.
        """
        return self._states.diff(before, after)

    def diff_releases(self, before: "Release", after: "Release") -> "Differences":
        """Say what changed between two releases.

        Raises:
            DamagedRelease: One cannot be read.
        """
        return self._states.diff_releases(before, after)

    @cached_property
    def _states(self) -> "States":
        from whatworks.differing.states import States  # noqa: PLC0415 - needed by one command only

        return States(self)
