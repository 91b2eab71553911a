"""What was read of query files, kept on disk, so that the next command neither reads YAML nor cuts SPARQL into tokens.

A file of the cache folder holds the whole text of the query file that it was read from, and counts only for the same
text; before it stands its checksum. It can be thrown away at any time.

    queries/
      7be04d55.head      a checksum of where the query file lies, which only makes a name
"""

import json
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from whatworks.assets import Asset, write_files
from whatworks.version import __version__

_FORMAT = 2
_MOST = 1000  # so many files are kept: those written last
_YOUNG = 3600  # seconds in which what is being written is left alone


class Head(NamedTuple):
    """What a query file says before anything is asked of it: its header as YAML has it, and the form of the query."""

    header: Any
    form: str


class Kept:
    """The heads of query files that were read and found sound."""

    def __init__(self, cache: Path) -> None:
        self._folder = cache / "queries"
        self._new: dict[Path, bytes] = {}

    def get(self, asset: Asset, text: str) -> Head | None:
        """Return the head of a query file with this text, if it is known."""
        file = self._file(asset)
        try:
            if not file.is_file():  # a pipe would be waited for
                return None
            checksum, _, written = file.read_bytes().partition(b" ")
            if int(checksum, 16) != crc32(written):  # a damaged head may still be one, and answer something else
                return None
            found = json.loads(written)
            if found["text"] == text and found["made-by"] == _made_by():
                return Head(found["header"], found["form"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):  # none, or a damaged one
            return None
        return None

    def add(self, asset: Asset, text: str, head: Head) -> None:
        """Take in the head of a query file that is sound; `write` keeps it."""
        try:
            written = json.dumps({"made-by": _made_by(), "text": text, "header": head.header, "form": head.form})
        except (TypeError, ValueError):  # a header may hold a date, and a key that is no text
            return
        if json.loads(written)["header"] == head.header:
            self._new[self._file(asset)] = b"%08x %s" % (crc32(written.encode()), written.encode())

    def write(self) -> None:
        """Keep what came new.

        Raises:
            Unwritable: The folder cannot be written, or the disk is full.
        """
        new, self._new = self._new, {}
        if new:
            write_files(new)
            self._sweep()

    def _file(self, asset: Asset) -> Path:
        return self._folder / f"{crc32(str(asset.source).encode(errors='surrogateescape')):08x}.head"

    def _sweep(self) -> None:
        """Remove what was written long ago, and what processes left behind that are gone."""
        written: list[tuple[float, Path]] = []
        for file in self._folder.iterdir():
            with suppress(OSError):
                when = file.stat().st_mtime
                if not file.name.startswith("."):
                    written.append((when, file))
                elif when < time.time() - _YOUNG:
                    file.unlink()
        for _, file in sorted(written)[:-_MOST]:
            with suppress(OSError):
                file.unlink()


@cache
def _made_by() -> str:
    """Return which program reads: its version, and when the modules that check a head were changed."""
    package = Path(__file__).parents[1]
    changed = []
    with suppress(OSError):  # in an archive, which is of one version
        for name in ("catalogue/header.py", "gate.py", "yamltext.py"):
            changed.append((package / name).stat().st_mtime_ns)
    return f"format {_FORMAT}, whatworks {__version__}, {changed}"
