"""The release that a person names by its folder."""

from pathlib import Path

from whatworks.errors import MissingFile, UsageError
from whatworks.release.one import Release
from whatworks.release.releases import Releases


def open_given(folder: Path) -> Release:
    """Open the release in a folder.

    Raises:
        MissingFile: There is no such folder.
        UsageError: It is a folder of releases, or a project that has some.
        DamagedRelease, NewerRelease: The release cannot be read.
    """
    if not folder.is_dir():
        raise MissingFile(f"There is no folder {folder}.", hint="Name the folder of a release.")
    if not (folder / "manifest.json").exists():
        for holder in (folder, folder / "releases"):
            releases = Releases(holder)
            if (current := releases.current()) is not None:
                what = "a folder of releases" if holder == folder else "a project"
                raise UsageError(f"{folder} is {what}, not a release.", hint=f"Name the one in use: {current.folder}")
            if found := releases.all():
                raise UsageError(f"{folder} holds releases, and none is in use.", hint=f"Name one: {found[-1].folder}")
    return Release.open(folder)
