"""Folders for what does not fit into memory, in the system's place for what is temporary.

A folder holds a file that its process keeps locked, so that what a killed process left behind is told from what is in
use.
"""

import os
import time
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from tempfile import gettempdir, mkdtemp

from whatworks.locks import lock

_PREFIX, _LOCK, _GONE = "whatworks-", ".lock", ".gone"
_PATIENCE = 5.0  # seconds for threads that still write into a folder that is to go


class Scratch:
    """A folder that is this process's own; making one removes those that killed processes left behind."""

    def __init__(self) -> None:
        for folder in Path(gettempdir()).glob(f"{_PREFIX}*"):
            _sweep(folder)
        self.folder, self._handle = _made()
        while not lock(self._handle) or not self.folder.exists():  # another swept it before it was locked
            os.close(self._handle)
            self.folder, self._handle = _made()

    def close(self) -> None:
        """Remove it."""
        os.close(self._handle)
        rmtree(self.folder, ignore_errors=True)


def abandon() -> None:
    """Remove the folders of this process, while another of its threads may still use them."""
    until = time.monotonic() + _PATIENCE
    for folder in Path(gettempdir()).glob(f"{_PREFIX}{os.getpid()}-*"):
        gone = folder.with_name(folder.name + _GONE)
        with suppress(OSError):  # a system that does not rename what is open
            folder.rename(gone)
        while (gone.exists() or folder.exists()) and time.monotonic() < until:  # what was begun before is still written
            rmtree(gone, ignore_errors=True)
            rmtree(folder, ignore_errors=True)


def _made() -> tuple[Path, int]:
    folder = Path(mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    return folder, os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)


def _sweep(folder: Path) -> None:
    with suppress(OSError):  # gone meanwhile, or somebody else's
        handle = os.open(folder / _LOCK, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        try:
            is_dead = lock(handle)
        finally:
            os.close(handle)
        if is_dead:
            rmtree(folder, ignore_errors=True)
