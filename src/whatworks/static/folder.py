"""The folder of a site: written beside the old one and changed for it, so that one of the two is always whole.

A list of all files with their checksums tells a site from a folder of somebody else. What did not change is not
written: the new folder gets the same file, with its time, so that what passes the site on sends what changed only.
"""

import ctypes
import os
import shutil
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from errno import ENOSPC
from gzip import GzipFile
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

from whatworks.errors import ForeignFiles, Locked, Unwritable
from whatworks.locks import lock
from whatworks.release import digest_of, sealed, unsealed

LIST = "site-manifest.json"
_SHOWN = 3  # files that are named in a message
_LEVEL, _BLOCK = 6, 1 << 20  # the most that packs well in little time; how much is packed at once


class Placed(NamedTuple):
    """A file of the new site: where it is, its checksum and size, and whether the old site had the same."""

    path: str
    sha256: str
    bytes: int
    kept: bool


class Site:
    """A site that is being written.

    Attributes:
        folder: Where it will be.
        building: Where it is written.
        before: What the list of the old site says; empty where there is none.
    """

    def __init__(self, folder: Path, building: Path, before: dict[str, Any]) -> None:
        self.folder, self.building, self.before = folder, building, before
        self._folders: set[str] = set()  # those that are made
        self._packed: dict[str, str] = {}  # the files that are packed, with the checksum of what is in them

    def place(self, path: str, content: bytes) -> Placed:
        """Write a file, or take the one of the old site where that is the same."""
        size, mark = len(content), sha256(content).hexdigest()
        old, new = self.folder / path, self.building / path
        self._above(path)
        said = self.before.get("files", {}).get(path)
        if said == [mark, size] and _has(old, content):
            _link(old, new)
            return Placed(path, mark, size, True)
        new.write_bytes(content)
        return Placed(path, mark, size, False)

    def keep(self, paths: Collection[str]) -> list[Placed]:
        """Take files of the old site that need not be made again; nothing where one is not as the list says."""
        found = []
        for path in paths:
            mark, size = self.before["files"].get(path, ("", 0))
            if _mark(f"{self.folder}/{path}") != mark:
                return []
            found.append(Placed(path, mark, size, True))
        for path in paths:
            self._above(path)
            _link(f"{self.folder}/{path}", f"{self.building}/{path}")
        return found

    def _above(self, path: str) -> None:
        """Make the folder of a file, once."""
        above = path.rpartition("/")[0]
        if above not in self._folders:
            (self.building / above).mkdir(parents=True, exist_ok=True)
            self._folders.add(above)

    def copy(self, path: str, source: Path, said: tuple[str, int]) -> Placed:
        """Take a file that lies elsewhere and never changes, of a known checksum and size."""
        old, new = self.folder / path, self.building / path
        self._above(path)
        known = self.before.get("files", {}).get(path) == [*said] and old.is_file() and not old.is_symlink()
        same = known and old.stat().st_size == said[1]
        if same:
            _link(old, new)
        else:
            shutil.copyfile(source, new)
        return Placed(path, *said, same)

    def pack(self, path: str, source: Path, mark: str) -> Placed:
        """Write a file that lies elsewhere, of a known checksum, packed; or take that of the old site of the same."""
        self._packed[path] = mark
        if self.before.get("packed", {}).get(path) == mark and (same := self.keep([path])):
            return same[0]
        new = self.building / path
        self._above(path)
        with (
            source.open("rb") as plain,
            new.open("wb") as target,
            # With neither name nor time, the same content gives the same bytes.
            GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=target, mtime=0) as packed,
        ):
            shutil.copyfileobj(plain, packed, _BLOCK)
        with new.open("rb") as file:
            return Placed(path, *digest_of(file), False)

    def finish(self, said: dict[str, Any], placed: list[Placed]) -> None:
        """Write the list of all files and put the new site in place of the old one."""
        files = {each.path: [each.sha256, each.bytes] for each in sorted(placed)}
        (self.building / LIST).write_bytes(sealed({**said, "packed": self._packed, "files": files}, packed=True))
        self.building.chmod(0o755)
        old = self.building.with_name(self.building.name.replace(".building-", ".old-"))
        if not self.folder.exists():
            self.building.rename(self.folder)
            return
        if _exchanged(self.building, self.folder):
            self.building.rename(old)
        else:
            self.folder.rename(old)
            try:
                self.building.rename(self.folder)
            except OSError:
                old.rename(self.folder)
                raise
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def opened(folder: Path) -> Iterator[Site]:
    """Open the folder of a site for writing.

    Raises:
        ForeignFiles: It holds files that are not of a site.
        Locked: Somebody else writes it.
        Unwritable: It cannot be written, or the disk is full.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - a link is not followed
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            _sweep(folder)
            before = _before(folder)
            building = Path(mkdtemp(prefix=f".{folder.name}.building-", dir=folder.parent))
            try:
                yield Site(folder, building, before)
            finally:
                shutil.rmtree(building, ignore_errors=True)
    except OSError as error:
        # Of a copy that found no space, the error names the file that was read.
        where = folder if error.errno == ENOSPC else error.filename or folder
        raise Unwritable(
            f"The site cannot be written: {where}: {error.strerror or error}.",
            hint="Check rights and space. The site that was there is as it was.",
        ) from error


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    path = folder.with_name(f".{folder.name}.lock")
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
        if not lock(handle):
            os.close(handle)
            raise Locked(f"Another process is writing {folder}.", hint="Wait until it ends.")
        with suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(handle)):
                break
        os.close(handle)  # the one before removed it meanwhile
    try:
        yield
    finally:
        if sys.platform != "win32":  # where an open file cannot be removed
            path.unlink(missing_ok=True)
        os.close(handle)


def _sweep(folder: Path) -> None:
    """Put back the old site if a run ended just between the two, and remove what such runs left behind."""
    for old in sorted(folder.parent.glob(f".{folder.name}.old-*")):
        if not folder.exists():
            old.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    for building in folder.parent.glob(f".{folder.name}.building-*"):
        shutil.rmtree(building, ignore_errors=True)


def _before(folder: Path) -> dict[str, Any]:
    """Return what the list of the old site says.

    Raises:
        ForeignFiles: There are files that are not in it.
        Unwritable: It cannot be changed for another one.
    """
    if os.path.ismount(folder):
        raise Unwritable(
            f"{folder} is where a disk is mounted, and cannot be changed for another folder.",
            hint="Name a folder in it.",
        )
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ForeignFiles(f"{folder} is no folder, or a link.", hint="Name a new folder, or one with a site.")
    try:
        before = unsealed((folder / LIST).read_bytes())
        known = {LIST, *before["files"]}
    except FileNotFoundError:
        before, known = {}, set()
    except (ValueError, KeyError, TypeError) as error:
        raise ForeignFiles(
            f"{folder / LIST} is not as it was written, so that nobody knows what is of the site.",
            hint="Remove the folder yourself if nothing in it is needed, or name another one.",
        ) from error
    foreign = [path for path in _files(folder) if path not in known]
    if foreign:
        more = f" and {len(foreign) - _SHOWN:,} more" if len(foreign) > _SHOWN else ""
        raise ForeignFiles(
            f"{folder} holds files that are not of a site: {', '.join(sorted(foreign)[:_SHOWN])}{more}.",
            hint="Nothing was written or removed. Name a new folder, or move them elsewhere.",
        )
    return before


def _files(folder: Path) -> Iterator[str]:
    """Yield the paths of all that is no folder, below one."""
    start = len(str(folder)) + 1
    for above, folders, files in os.walk(folder):
        for name in (*files, *(each for each in folders if Path(above, each).is_symlink())):
            yield os.path.join(above, name)[start:].replace(os.sep, "/")  # noqa: PTH118 - there are very many


def _has(path: Path, content: bytes) -> bool:
    try:
        return not path.is_symlink() and path.read_bytes() == content
    except OSError:
        return False


def _mark(path: str) -> str:
    """Return the checksum of a file; nothing where there is none, or a link. Of strings, as there are very many."""
    try:
        if os.path.islink(path):  # noqa: PTH114 - see above
            return ""
        with open(path, "rb") as file:  # noqa: PTH123 - see above
            return sha256(file.read()).hexdigest()
    except OSError:
        return ""


def _link(old: Path | str, new: Path | str) -> None:
    """Take a file over with its time: the same one, or where the disk knows no second names, a copy."""
    try:
        os.link(old, new, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(old, new, follow_symlinks=False)


def _exchanged(one: Path, other: Path) -> bool:
    """Let two folders change their names in one step, where the system can (Linux); say whether it did."""
    if not sys.platform.startswith("linux"):
        return False
    with suppress(OSError, AttributeError):
        call = ctypes.CDLL(None, use_errno=True).renameat2
        here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
        return int(call(here, os.fsencode(one), here, os.fsencode(other), exchange)) == 0
    return False
