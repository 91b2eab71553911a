"""Prepared stores: the graph of the files, inferences included, kept on disk so that the next question reads no file.

A prepared store stands in a cache folder and can be thrown away at any time. It is written beside, renamed into place,
and from then on only read. What it was made from is written down in full, so that it counts only as long as nothing of
that has changed.

    prepared/
      7be04d55/          a checksum of `made-from`, which only makes a name
        made-from        versions and settings; size, times and number of each source; checksums of the store's files
        store/
"""

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from zlib import crc32

from whatworks.assets import Asset, Assets
from whatworks.collection import Collection
from whatworks.errors import DamagedRelease, Unwritable
from whatworks.settings import Settings
from whatworks.store import ENGINE, open_store, write_store
from whatworks.version import __version__

VARIABLE = "WHATWORKS_CACHE"
_FORMAT = 1
_KEPT = 4
# Files younger than this are not prepared: the clock of a disk may be so coarse that a second change is not seen.
_SETTLED = 2_000_000_000
# What was being written for so many seconds belongs to a process that is gone.
_ABANDONED = 3600
_BLOCK = 1 << 20


def cache_folder(given: str | None = None) -> Path | None:
    """Return the folder given, else that of the environment, else the user's; None if the name is empty or unknown."""
    given = given if given is not None else os.environ.get(VARIABLE)
    if given is not None:
        return Path(given).absolute() if given else None
    try:
        if sys.platform == "win32":
            return Path(os.environ["LOCALAPPDATA"], "whatworks", "Cache")
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "whatworks"
        user = Path(os.environ.get("XDG_CACHE_HOME", ""))
        return (user if user.is_absolute() else Path.home() / ".cache") / "whatworks"
    except (KeyError, RuntimeError):  # the environment says of no folder that it is the user's
        return None


class Prepared:
    """The prepared store of some files, read if there is one, written if there is none."""

    def __init__(self, cache: Path, assets: Assets, settings: Settings) -> None:
        self._folder = cache / "prepared"
        self._assets = assets
        self._settings = settings
        self._state: _State | None = None
        self._made: Collection | None = None

    def open(self) -> Collection | None:
        """Return the collection of the prepared store, or None where none fits the files as they are."""
        self._state = _State(self._assets, self._settings)
        folder = self._folder / self._state.name
        try:
            fits = (folder / "made-from").read_text(encoding="utf-8") == self._state.text + _files(folder / "store")
        except (OSError, UnicodeDecodeError):
            return None
        if not fits:
            return None
        described = Collection.described(self._assets, self._settings)
        try:
            described.store = open_store(folder / "store", described.prefixes.table)
        except DamagedRelease:
            return None
        with suppress(OSError):
            os.utime(folder / "made-from")
        return described

    def collection(self) -> Collection:
        """Return the collection of the prepared store, else that of the files, which `write` then writes.

        Raises:
            InputError: A file cannot be read.
        """
        found = self.open()
        if found is None:
            found = self._made = Collection.open(self._assets, self._settings)
        return found

    def write(self) -> bool:
        """Write the collection that was made from the files, if one was; say whether a new prepared store is there.

        It is left alone where it may be out of date as soon as it is written: where a file is younger than two seconds
        or has changed since it was read.

        Raises:
            Unwritable: The folder cannot be written, or the disk is full.
        """
        made, state = self._made, self._state
        self._made = None
        if made is None or state is None or not state.is_settled():
            return False
        from shutil import rmtree  # noqa: PLC0415 - needed for writing only
        from tempfile import mkdtemp  # noqa: PLC0415 - needed for writing only

        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            making = Path(mkdtemp(prefix=".making-", dir=self._folder))
            try:
                write_store(making / "store", made.store.nquads())
                text = state.text + _files(making / "store")
                (making / "made-from").write_text(text, encoding="utf-8")
                if _State(self._assets, self._settings).text != state.text:
                    return False
                _put(making, self._folder / state.name)
            finally:
                rmtree(making, ignore_errors=True)
        except OSError as error:
            raise Unwritable(f"{self._folder} cannot be written: {error.strerror}.") from error
        self._sweep()
        return True

    def _sweep(self) -> None:
        """Remove what was used long ago, and what processes left behind that are gone."""
        used: list[tuple[float, Path]] = []
        for folder in self._folder.iterdir():
            with suppress(OSError):
                if not folder.name.startswith("."):
                    used.append(((folder / "made-from").stat().st_mtime, folder))
                elif folder.stat().st_mtime < time.time() - _ABANDONED:
                    _remove(folder)
        for _, folder in sorted(used)[:-_KEPT]:
            _remove(folder)


class _State:
    """All that a graph is made from, as it is now: versions, settings, and a line for each file.

    A file counts as the same while its size, the times of its content and of its entry, and its number on the disk are.
    The time of the entry cannot be set by programs, so a file with another content has another one, unless both were
    written within one tick of the disk's clock; `is_settled` rules that out.
    """

    def __init__(self, assets: Assets, settings: Settings) -> None:
        self._taken = time.time_ns()
        self._newest = 0
        self.text = "\n".join(
            [
                f"format {_FORMAT}, whatworks {__version__}, {ENGINE}",
                f"{settings}",
                *map(self._mark, assets.program()),
                *map(self._mark, assets.sources()),
                "",
            ]
        )

    @property
    def name(self) -> str:
        """A name for it; two states may have the same."""
        return f"{crc32(self.text.encode()):08x}"

    def is_settled(self) -> bool:
        """Say whether each file is old enough that a change after this would be seen."""
        return self._newest < self._taken - _SETTLED

    def _mark(self, asset: Asset) -> str:
        if not isinstance(asset.source, Path):  # a file in an archive has no times of its own
            self._newest = sys.maxsize
            return asset.name
        found = asset.source.stat()
        self._newest = max(self._newest, found.st_mtime_ns, found.st_ctime_ns)
        return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino} {asset.name!a}"


def _files(folder: Path) -> str:
    """Return names and checksums of a store's files; from a damaged one the engine may answer wrongly or endlessly."""
    return "".join(f"{_checksum(path):08x} {path.name}\n" for path in sorted(folder.iterdir()))


def _checksum(path: Path) -> int:
    found = 0
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            found = crc32(block, found)
    return found


def _put(made: Path, target: Path) -> None:
    """Rename a new folder into place, unless another process did so meanwhile."""
    _remove(target)
    try:
        made.rename(target)
    except OSError:
        if not target.exists():
            raise


def _remove(folder: Path) -> None:
    """Remove a folder that others may be opening: it is renamed first, so that nobody sees half of it."""
    from shutil import rmtree  # noqa: PLC0415 - needed for writing only
    from tempfile import mkdtemp  # noqa: PLC0415 - needed for writing only

    with suppress(OSError):
        if not folder.exists():
            return
        gone = mkdtemp(prefix=".gone-", dir=folder.parent)
        try:
            folder.rename(Path(gone, folder.name))
        finally:
            rmtree(gone, ignore_errors=True)
