"""The machine: memory, limits, and whether there is space where things are written."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile, gettempdir

from whatworks.assets import Assets
from whatworks.doctor.lines import OK, PROBLEM, WARNING, Line, many, shown, size_of

_FILES, _MEMORY, _SPACE = 1024, 1 << 30, 1 << 30  # below these, a warning
_LEAST_SPACE = 100 << 20


def machine(assets: Assets | None, cache: Path | None) -> Iterator[Line]:
    """Look at memory, limits and places."""
    about = "machine"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = _memory()
    if memory:
        fix = "" if memory >= _MEMORY else "Give it 1 GB or more; a check or a build may end for want of it."
        said = f"{size_of(memory)}, {many(cores, 'core')}"
        yield Line(about, "memory", OK if memory >= _MEMORY else WARNING, said, fix)
    if (files := _open_files()) is not None:
        fix = "" if files >= _FILES else f"Before `serve`: ulimit -n {_FILES}, or LimitNOFILE= in the unit of systemd."
        yield Line(about, "open files", OK if files >= _FILES else WARNING, f"{files:,} at most", fix)
    encoding = sys.getfilesystemencoding().lower()
    fix = "" if encoding == "utf-8" else "Set PYTHONUTF8=1, or names of files with accents are not found."
    yield Line(about, "names of files", OK if encoding == "utf-8" else WARNING, encoding, fix)
    yield from _places(assets, cache)


def _places(assets: Assets | None, cache: Path | None) -> Iterator[Line]:
    data = assets.data_folder() if assets is not None else None
    if data is not None:
        yield place("project", data.parent, writes="whatworks import and build")
    yield place("temporary files", Path(gettempdir()), writes="checks and large answers")
    if cache is None:
        yield Line("machine", "cache", OK, "none; each command reads the files anew")
    else:
        line = place("cache", cache, writes="the cache")
        yield line if line.state == OK else line._replace(state=WARNING, fix=f"{line.fix} Or go without: --cache ''")


def place(name: str, folder: Path, *, writes: str) -> Line:
    """Say whether a folder, or the nearest above that is there, can be written, and how much space there is."""
    there = next((each for each in (folder, *folder.parents) if each.is_dir()), folder)
    try:
        with TemporaryFile(dir=there):
            pass
        free = shutil.disk_usage(there).free
    except OSError as error:
        said = f"{shown(folder)} cannot be written: {error.strerror}"
        return Line("machine", name, WARNING, said, f"Give rights to {shown(there)}, for {writes}.")
    state = enough(free)
    fix = "" if state == OK else f"Make space for {writes}; old releases go with: whatworks prune"
    return Line("machine", name, state, f"{shown(folder)}, {size_of(free)} free", fix)


def enough(free: int) -> str:
    """Return how it is about so many free bytes."""
    return PROBLEM if free < _LEAST_SPACE else WARNING if free < _SPACE else OK


def _memory() -> int:
    """Return how many bytes of memory there are for this process; 0 where the system does not say."""
    found = []
    with suppress(OSError, ValueError, AttributeError):
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):
            found.append(int(Path(file).read_text(encoding="ascii")))
    return min(found, default=0)


def _open_files() -> int | None:
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ModuleNotFoundError:
        return None
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit
