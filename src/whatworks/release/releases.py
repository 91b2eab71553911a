"""The releases of a project: listed, made, removed, and one of them in use."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from whatworks.assets import Assets, write_files
from whatworks.errors import (
    DamagedRelease,
    LinkRefused,
    Locked,
    MissingFile,
    NewerRelease,
    Place,
    UnknownThing,
    Unwritable,
)
from whatworks.locks import lock
from whatworks.release.files import sync, sync_names
from whatworks.release.one import DUMPS, Release
from whatworks.release.sources import Sources, is_same

if TYPE_CHECKING:
    from whatworks.catalogue import Catalogue
    from whatworks.release.making import Read, Tell

_NAME = re.compile(r"[0-9a-f]{16}")


class Releases:
    """The releases of a project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def current(self) -> Release | None:
        """Return the release in use, or None where there is none.

        Raises:
            DamagedRelease: `current` names something that is no release.
        """
        name = self.used()
        return Release.open(self.folder / name) if name else None

    def used(self) -> str:
        """Return the name of the release in use; empty where there is none."""
        try:
            name = (self.folder / "current").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            said = error.strerror if isinstance(error, OSError) else "It is not UTF-8"
            hint = "Remove it, then build anew with: whatworks build"
            if isinstance(error, PermissionError):
                hint = f"Check the rights of {self.folder} and what is in it."
            elif isinstance(error, NotADirectoryError):
                hint = f"Remove {self.folder}, which is no folder, then build anew with: whatworks build"
            raise DamagedRelease(
                f"The file current cannot be read: {said}.",
                hint=hint,
                where=Place("releases/current"),
            ) from error
        if not _NAME.fullmatch(name):
            raise DamagedRelease(
                f"{name[:80]!r} is no name of a release.",
                hint="Build anew with: whatworks build",
                where=Place("releases/current"),
            )
        return name

    def get(self, name: str) -> Release:
        """Return the release of this name.

        Raises:
            UnknownThing: There is none.
        """
        if not _NAME.fullmatch(name) or not (self.folder / name).is_dir():
            raise UnknownThing(f"There is no release {name[:80]!r}.", hint="List them with: whatworks releases")
        return Release.open(self.folder / name)

    def all(self) -> list[Release]:
        """Return the releases that can be read, in the order in which they were last built; no clock counts."""
        found, _ = self._sorted()
        return found

    def names(self) -> list[str]:
        """Return the names of all releases, those that cannot be read among them, sorted."""
        return sorted(path.name for path in self._folders())

    def before(self, release: Release) -> Release | None:
        """Return the release that was built before one, or None."""
        found = self.all()
        place = next((place for place, each in enumerate(found) if each.name == release.name), 0)
        return found[place - 1] if place else None

    def unreadable(self) -> dict[str, DamagedRelease | NewerRelease]:
        """Return the names of the releases that cannot be read, damaged or of a newer version, and why."""
        _, wrong = self._sorted()
        return wrong

    def _sorted(self) -> tuple[list[Release], dict[str, DamagedRelease | NewerRelease]]:
        found: list[Release] = []
        wrong: dict[str, DamagedRelease | NewerRelease] = {}
        for folder in sorted(self._folders()):
            try:
                found.append(Release.open(folder))
            except (DamagedRelease, NewerRelease) as error:
                wrong[folder.name] = error
        return sorted(found, key=lambda release: (release.number, release.name)), wrong

    def _folders(self) -> list[Path]:
        found = (path for path in self.folder.glob("*") if _NAME.fullmatch(path.name))
        return [path for path in found if path.is_dir()]

    def build(self, read: "Read", catalogue: "Catalogue", sources: Sources, tell: "Tell | None" = None) -> Release:
        """Write a release of a collection and put it to use; the same content is not written twice.

        Args:
            read: Makes the graph of the files; is given a folder for what it cannot hold in memory.
            catalogue: The tool's own queries.
            sources: The files, from before they were read.
            tell: Is told each step.

        Raises:
            Locked: Somebody else is building.
            SourcesChanged: A source changed while it was read.
            Unwritable: The folder cannot be written, or the disk is full.
        """
        from whatworks.release.making import make  # noqa: PLC0415 - needed for building only

        current = self.folder / "current"
        with self._locked():
            if current.is_symlink():
                raise Unwritable("The file current is a link, which is not followed.", hint=f"Remove {current}.")
            self._sweep()
            number = max((Release(path, {}).number for path in self._folders()), default=0) + 1
            release = make(self.folder, number, read, catalogue, sources, tell or (lambda _: None))
            write_files({current: f"{release.name}\n".encode()})
            return release

    def complete(self, release: Release, write: Callable[[Path], None]) -> None:
        """Put the dumps of a release in place of those that it has: written beside, then renamed.

        Args:
            release: One of this folder.
            write: Writes them into an empty folder.

        Raises:
            Locked: Somebody else writes a release.
            Unwritable: The folder cannot be written, or the disk is full.
        """
        from tempfile import mkdtemp  # noqa: PLC0415 - costs 10 ms and is needed here only

        with self._locked():
            self._sweep()
            building = Path(mkdtemp(prefix=f".building-{os.getpid()}-", dir=self.folder))
            target, gone = release.folder / DUMPS, building.with_name(f".gone-{release.name}-{DUMPS}")
            try:
                write(building)
                sync(building)
                building.chmod(0o755)
                if target.exists():
                    target.rename(gone)
                building.rename(target)
                sync_names(release.folder)
            except OSError as error:
                raise Unwritable(
                    f"The dumps cannot be written: {error.strerror or error}.", hint="Check rights and space."
                ) from error
            finally:
                shutil.rmtree(building, ignore_errors=True)
                shutil.rmtree(gone, ignore_errors=True)

    def prune(self, keep: int) -> list[str]:
        """Remove damaged releases, and old ones but the `keep` newest and the one in use; return the names removed.

        What a newer version made stays.
        """
        if not self.folder.exists():
            return []
        with self._locked():
            self._sweep()
            used = self.used()
            found, wrong = self._sorted()
            damaged = [name for name, error in wrong.items() if isinstance(error, DamagedRelease)]
            old = [release.name for release in found if release.name != used]
            doomed = [name for name in (*damaged, *old[: max(0, len(old) - keep)]) if name != used]
            doomed = [name for name in doomed if not (self.folder / name).is_symlink()]
            for name in doomed:
                # Renamed first, so that a half-removed folder is never taken for a release.
                gone = self.folder / f".gone-{name}"
                (self.folder / name).rename(gone)
                shutil.rmtree(gone)
            return doomed

    def read(self, assets: Assets, notify: Callable[[str], None]) -> Release | None:
        """Return the release in use, and tell if it was made from other files than those that are there now.

        Files that cannot be read, such as links in a circle, are told as well; they are no reason not to read it.
        """
        release = self.current()
        if release is not None and not release.local():
            notify(
                f"Release {release.name} is damaged: local.json cannot be read, so nobody knows whether the files are "
                "newer. Renew it: whatworks build"
            )
        elif release is not None:
            try:
                if self.stale(assets):
                    notify(f"The files are newer than release {release.name}, which is read. Renew it: whatworks build")
            except (MissingFile, LinkRefused) as error:
                notify(f"Nobody knows whether the files are newer than release {release.name}, which is read. {error}")
        return release

    def stale(self, assets: Assets) -> bool:
        """Say whether the sources are no longer those that the release in use was made from."""
        release = self.current()
        if release is None:
            return False
        local = release.local()
        return not is_same(assets, local.get("stamp"), local.get("sources"))

    def abandon(self) -> None:
        """Remove what this process has begun to build, while another of its threads may still write."""
        for building in self.folder.glob(f".building-{os.getpid()}-*"):
            gone = building.with_name(f".gone-{building.name}")
            with suppress(FileNotFoundError):  # it ended meanwhile
                building.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove what killed builds left behind; only the holder of the lock does."""
        for path in (*self.folder.glob(".building-*"), *self.folder.glob(".gone-*")):
            shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock; it ends with the process that holds it, however that ends."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
        except OSError as error:
            raise Unwritable(
                f"{self.folder} cannot be written: {error.strerror}.", hint="Choose another folder with --output."
            ) from error
        try:
            if not lock(handle):
                raise Locked("Another process is writing a release.", hint="Wait until it ends, then try again.")
            yield
        finally:
            os.close(handle)
