"""The files that a release is made from, and whether they are still the same."""

import time
from pathlib import Path

from whatworks.assets import Assets
from whatworks.release.files import digest, digest_of

# A file changed again within this time may keep size and times: clocks of file systems tick as slowly as that.
_SETTLED = 2 * 10**9


class Sources:
    """The files of a project in the state in which they are now.

    Attributes:
        assets: The files.
        stamp: Their mark, taken when this was made, before they were read.
        state: Their checksums.
    """

    def __init__(self, assets: Assets) -> None:
        self.assets = assets
        self.stamp = source_stamp(assets)
        self.state = source_state(assets)

    def changed(self) -> list[str]:
        """Return the files that came, went or have another content since."""
        if is_same(self.assets, self.stamp, self.state):
            return []
        now = source_state(self.assets)
        return sorted(name for name in now.keys() | self.state.keys() if now.get(name) != self.state.get(name))


def is_same(assets: Assets, stamp: object, state: object) -> bool:
    """Say whether the files have this mark, or at least these checksums."""
    found = source_stamp(assets)
    return bool(found and found == stamp) or source_state(assets) == state


def source_state(assets: Assets) -> dict[str, str]:
    """Return the checksum of every source file by its logical name."""
    found = {}
    for asset in assets.sources():
        with asset.open() as file:
            found[asset.name] = digest_of(file)[0]
    return found


def source_stamp(assets: Assets) -> str:
    """Return a quick mark of the sources: their names, sizes, times and numbers on the disk, as git keeps them.

    It differs when a file was touched or replaced. It is empty while a file is so new that a further change could go
    unnoticed, and where the clock went back behind a file.
    """
    marks = []
    newest = 0
    for asset in assets.sources():
        if isinstance(asset.source, Path):
            stat = asset.source.stat()
            marks.append((asset.name, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino))
            newest = max(newest, stat.st_mtime_ns, stat.st_ctime_ns)
        else:
            marks.append((asset.name, 0, 0, 0, 0))
    return digest(repr(marks).encode()) if newest < time.time_ns() - _SETTLED else ""
