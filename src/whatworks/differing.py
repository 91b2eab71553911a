"""What a knowledge graph can be asked about what changed: between releases, files of RDF, and its own files."""

from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from whatworks.about import Names, Reader
from whatworks.assets import Asset, Assets
from whatworks.collection import Collection
from whatworks.errors import MissingFile, NotRemote, UnknownThing
from whatworks.formats import by_file
from whatworks.scratch import Scratch
from whatworks.settings import Settings
from whatworks.sheets import Layout
from whatworks.store import Source, write_dump
from whatworks.terms import Iri

if TYPE_CHECKING:
    from whatworks.differences import Differences, Side
    from whatworks.release import Release, Releases
    from whatworks.remote import Remote

LATEST, PREVIOUS, FILES = "latest", "previous", "files"
_HINT = f"Name a release (whatworks releases), {LATEST}, {PREVIOUS}, {FILES}, a release's folder, or a file of RDF."
_SHORTEST = 4  # letters by which a release may be named


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
        from whatworks.differences import compare  # noqa: PLC0415 - needed by one command only

        if self.remote is not None:
            raise NotRemote("What changed is told of releases and files.", hint="Leave --store out.")
        scratch = Scratch()
        try:
            sides = self._side(before, scratch.folder / "before"), self._side(after, scratch.folder / "after")
            return compare(*sides, lambda: self._field_names, self._beside())
        finally:
            scratch.close()

    def diff_releases(self, before: "Release", after: "Release") -> "Differences":
        """Say what changed between two releases.

        Raises:
            DamagedRelease: One cannot be read.
        """
        from whatworks.differences import compare  # noqa: PLC0415 - as above

        return compare(self._side_of(before), self._side_of(after), lambda: self._field_names, self._beside())

    @cached_property
    def _field_names(self) -> dict[Iri, str]:
        return Layout(self.collection).names

    def _beside(self) -> Reader:
        return Reader(Names(self.collection.store), self.settings.languages)

    def _side(self, name: str, scratch: Path) -> "Side":
        from whatworks.release import open_given  # noqa: PLC0415 - as above

        if name == FILES:
            return self._side_in(self.written, "the files", scratch)
        if (release := self._named(name)) is not None:
            return self._side_of(release)
        path = Path(name)
        if name and path.is_dir():
            return self._side_of(open_given(path))
        if name and path.exists():
            opened = Collection.described(self.assets, self.settings)
            # Other files than ours name no graph, or name theirs; what stands in none is all in one.
            source = Source(Asset(path.name, path), by_file(path.name).name, opened.space.graph("file"))
            opened.local.read([source], self.settings.base)
            return self._side_in(opened, path.name, scratch)
        if "/" in name or path.suffix:
            raise MissingFile(f"There is no file or folder {name[:200]}.", hint=_HINT)
        raise UnknownThing(f"There is no release {name[:80]!r}.", hint=_HINT)

    def _named(self, name: str) -> "Release | None":
        """Return the release that a word names; None where it may be a path."""
        found = self.releases
        names = found.names() if found is not None else []
        if name in (LATEST, PREVIOUS):
            current = found.current() if found is not None else None
            if found is None or current is None:
                raise UnknownThing("There is no release in use.", hint="Make one with: whatworks build")
            if name == LATEST:
                return current
            if (before := found.before(current)) is None:
                raise UnknownThing(f"There is no release before {current.name}, which is in use.", hint=_HINT)
            return before
        fitting = [each for each in names if each.startswith(name) and len(name) >= _SHORTEST]
        if len(fitting) > 1:
            raise UnknownThing(f"{name} begins the names of {len(fitting)} releases.", hint=f"Name one: {fitting[0]}.")
        return found.get(fitting[0]) if fitting and found is not None else None

    def _side_of(self, release: "Release") -> "Side":
        from whatworks.differences import Side  # noqa: PLC0415 - as above

        described = Collection.described(self.assets, self.settings)
        dump = release.folder / "dump.nq"
        if (release.folder / "store").is_dir():
            opened = release.collection(described)
        else:  # what was backed up of it
            opened = described
            opened.local.read([Source(Asset(dump.name, dump), "nquads", opened.space.graph("file"))], "")
        return Side(f"release {release.name}", dump, opened, release.manifest["files"]["dump.nq"]["sha256"])

    @staticmethod
    def _side_in(opened: Collection, name: str, folder: Path) -> "Side":
        from whatworks.differences import Side  # noqa: PLC0415 - as above

        folder.mkdir()
        write_dump(opened.local, folder / "dump.nq")
        return Side(name, folder / "dump.nq", opened, is_inferred=False)
