"""Keeps what a long run has compared, so that the next one with the same input goes on where it was stopped.

The best pairs of finished rows stand in a folder that is named by a digest of all that decides about them. It is
removed when the run is done; folders of other input are stale, and removed when a run begins.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from shutil import rmtree

import numpy as np

from whatworks.assets import write_files
from whatworks.errors import Unwritable
from whatworks.linking.link import Options
from whatworks.linking.records import Whole
from whatworks.linking.terms import METHOD, VERSION
from whatworks.linking.vectors import Vectors

_PAUSE = 5.0  # seconds of work that may be lost


class Unfinished:
    """The finished part of a run.

    Args:
        folder: Where it is kept; None where nothing is.
        clock: Gives the time in seconds.

    Attributes:
        is_continued: Whether an earlier run left something that was read.
    """

    def __init__(self, folder: Path | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self.is_continued = False
        self._start = 0
        self._pending: list[tuple[Whole, Whole]] = []
        self._written = clock()

    @classmethod
    def of(cls, folder: Path | None, vectors: Vectors, options: Options) -> "Unfinished":
        """Return what an earlier run with the same input left in a folder of a project; what others left is removed."""
        if folder is None:
            return cls(None)
        digest = sha256(repr((METHOD, VERSION, options.top, options.minimum, vectors.width)).encode())
        for each in (vectors.starts, vectors.cols, vectors.values):
            digest.update(np.ascontiguousarray(each).data)
        own = folder / digest.hexdigest()[:32]
        for other in folder.iterdir() if folder.is_dir() else ():
            if other != own:
                rmtree(other, ignore_errors=True)
        return cls(own)

    def read(self) -> tuple[int, list[tuple[Whole, Whole]]]:
        """Return where to start, and the best pairs of all rows before; what is damaged is compared again."""
        found: list[tuple[Whole, Whole]] = []
        files = sorted(self._folder.glob("*.npy")) if self._folder is not None else []
        for place, file in enumerate(files):
            start, _, end = file.stem.partition("-")
            try:
                one, other = np.load(file, allow_pickle=False).astype(np.int64)
            except (OSError, ValueError):
                one = None
            if one is None or int(start) != self._start:
                for useless in files[place:]:
                    useless.unlink(missing_ok=True)
                break
            found.append((one, other))
            self._start = int(end)
        self.is_continued = bool(found)
        return self._start, found

    def add(self, end: int, one: Whole, other: Whole) -> None:
        """Keep the best pairs of the rows before the next start; written now and then."""
        if self._folder is None:
            return
        self._pending.append((one, other))
        if self._clock() - self._written < _PAUSE:
            return
        content = BytesIO()
        np.save(content, np.array([np.concatenate(each) for each in zip(*self._pending, strict=True)], dtype=np.int32))
        try:
            write_files({self._folder / f"{self._start:010}-{end:010}.npy": content.getvalue()})
        except Unwritable:  # nothing is lost but time, should the run be stopped
            self._folder = None
            return
        self._start, self._pending, self._written = end, [], self._clock()

    def close(self) -> None:
        """Remove what is kept: the run is done."""
        if self._folder is not None:
            rmtree(self._folder, ignore_errors=True)
            with suppress(OSError):
                self._folder.parent.rmdir()
