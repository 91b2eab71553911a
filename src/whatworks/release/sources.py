"""The files that a release is made from, and whether they are still the same."""

from pathlib import Path

from whatworks.assets import Assets
from whatworks.release.files import digest, digest_of


class Sources:
    """The files of a project in the state in which they are now.

    Attributes:
        assets: The files.
        state: Their checksums, taken when this was made.
    """

    def __init__(self, assets: Assets) -> None:
        self.assets = assets
        self.state = source_state(assets)

    def changed(self) -> bool:
        """Say whether a file came, went or has another content since."""
        return source_state(self.assets) != self.state


def source_state(assets: Assets) -> dict[str, str]:
    """Return the checksum of every source file by its logical name."""
    found = {}
    for asset in assets.sources():
        with asset.open() as file:
            found[asset.name] = digest_of(file)[0]
    return found


def source_stamp(assets: Assets) -> str:
    """Return a quick mark of the sources: names, sizes and times; it differs when a file was touched."""
    marks = []
    for asset in assets.sources():
        stat = asset.source.stat() if isinstance(asset.source, Path) else None
        marks.append((asset.name, stat.st_size if stat else 0, stat.st_mtime_ns if stat else 0))
    return digest(repr(marks).encode())
