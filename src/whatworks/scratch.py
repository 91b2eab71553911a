"""Folders for what does not fit into memory, in the system's place for what is temporary."""

import os
import time
from contextlib import suppress
from pathlib import Path
from shutil import rmtree
from tempfile import gettempdir, mkdtemp

_PREFIX = "whatworks-"
_ABANDONED = 2 * 24 * 3600  # seconds after which the process of a folder is taken to be gone


def scratch_folder() -> Path:
    """Return a new folder; those that killed processes left behind long ago are removed."""
    long_ago = time.time() - _ABANDONED
    for folder in Path(gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # gone meanwhile, or somebody else's
            if folder.stat().st_mtime < long_ago:
                rmtree(folder)
    return Path(mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))


def abandon() -> None:
    """Remove the folders of this process, while another of its threads may still use them."""
    for folder in Path(gettempdir()).glob(f"{_PREFIX}{os.getpid()}-*"):
        rmtree(folder, ignore_errors=True)
