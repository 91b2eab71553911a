"""Two states of a graph, found by the words that name them, and compared."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from whatworks.about import Names, Reader
from whatworks.assets import Asset
from whatworks.collection import Collection
from whatworks.differences import OTHER, Differences, Side, compare
from whatworks.errors import DamagedRelease, MissingFile, NotRemote, Place, UnknownThing
from whatworks.formats import by_file
from whatworks.release import Release, open_given
from whatworks.scratch import Scratch
from whatworks.sheets import Layout
from whatworks.store import Source, write_dump
from whatworks.terms import Iri

if TYPE_CHECKING:
    from whatworks.differing import Differing

LATEST, PREVIOUS, FILES = "latest", "previous", "files"
_HINT = f"Name a release (whatworks releases), {LATEST}, {PREVIOUS}, {FILES}, a release's folder, or a file of RDF."
_SHORTEST = 4  # letters by which a release may be named


class States:
    """The states that a knowledge graph can compare."""

    def __init__(self, kg: "Differing") -> None:
        self._kg = kg

    def diff(self, before: str, after: str) -> Differences:
        """Say what changed between two states that words name.

        Raises:
            UnknownThing: There is no such release or file.
            DamagedRelease, NewerRelease: A release cannot be read.
            InputError: A file cannot be read.
        """
        if self._kg.remote is not None:
            raise NotRemote("What changed is told of releases and files.", hint="Leave --store out.")
        scratch = Scratch()
        try:
            sides = self._side(before, scratch.folder / "before"), self._side(after, scratch.folder / "after")
            return compare(*sides, lambda: self._field_names, self._beside())
        finally:
            scratch.close()

    def diff_releases(self, before: Release, after: Release) -> Differences:
        """Say what changed between two releases.

        Raises:
            DamagedRelease: One cannot be read.
        """
        return compare(self._side_of(before), self._side_of(after), lambda: self._field_names, self._beside())

    @cached_property
    def _field_names(self) -> dict[Iri, str]:
        return Layout(self._kg.collection).names

    def _beside(self) -> Reader:
        return Reader(Names(self._kg.collection.store), self._kg.settings.languages)

    def _side(self, name: str, scratch: Path) -> Side:
        if name == FILES:
            return self._side_in(self._kg.written, "the files", scratch)
        if (release := self._named(name)) is not None:
            return self._side_of(release)
        path = Path(name)
        if name and path.is_dir():
            return self._side_of(open_given(path))
        if name and path.exists():
            opened = Collection.described(self._kg.assets, self._kg.settings)
            # Other files than ours name no graph, or name theirs; what stands in none is all in one.
            source = Source(Asset(path.name, path), by_file(path.name).name, opened.space.graph("file"))
            opened.local.read([source], self._kg.settings.base)
            return self._side_in(opened, path.name, scratch)
        if "/" in name or path.suffix:
            raise MissingFile(f"There is no file or folder {name[:200]}.", hint=_HINT)
        raise UnknownThing(f"There is no release {name[:80]!r}.", hint=_HINT)

    def _named(self, name: str) -> Release | None:
        """Return the release that a word names; None where it may be a path."""
        found = self._kg.releases
        names = found.names() if found is not None else []
        if name in (LATEST, PREVIOUS):
            current = found.current() if found is not None else None
            if found is None or current is None:
                raise UnknownThing("There is no release in use.", hint="Make one with: whatworks build")
            if name == LATEST:
                return current
            if (before := found.before(current)) is None:
                left_out = ", ".join(found.unreadable())
                damaged = f" Not counted, as they cannot be read: {left_out}." if left_out else ""
                raise UnknownThing(f"There is no release before {current.name}, which is in use.{damaged}", hint=_HINT)
            return before
        fitting = [each for each in names if each.startswith(name) and len(name) >= _SHORTEST]
        if len(fitting) > 1:
            raise UnknownThing(f"{name} begins the names of {len(fitting)} releases.", hint=f"Name one: {fitting[0]}.")
        return found.get(fitting[0]) if fitting and found is not None else None

    def _side_of(self, release: Release) -> Side:
        described = Collection.described(self._kg.assets, self._kg.settings)
        dump = release.folder / "dump.nq"
        if (release.folder / "store").is_dir():
            opened = release.collection(described)
        else:  # what was backed up of it
            opened = described
            if not dump.is_file():
                where = Place(f"{release.name}/{dump.name}")
                raise DamagedRelease("The dump cannot be read: there is none.", hint=OTHER, where=where)
            opened.local.read([Source(Asset(dump.name, dump), "nquads", opened.space.graph("file"))], "")
        return Side(f"release {release.name}", dump, opened, release.manifest["files"]["dump.nq"]["sha256"])

    @staticmethod
    def _side_in(opened: Collection, name: str, folder: Path) -> Side:
        folder.mkdir()
        write_dump(opened.local, folder / "dump.nq")
        return Side(name, folder / "dump.nq", opened, is_inferred=False)
