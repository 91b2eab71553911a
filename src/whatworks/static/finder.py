"""The search in the browser, by pagefind: an index in pieces, of which a browser fetches those that it needs."""

import gzip
import json
import os
import subprocess
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from subprocess import PIPE
from tempfile import TemporaryDirectory

from whatworks.errors import Unwritable

_INDEXED = "{doc/intervention,doc/agent,doc/resource,voc,queries}/**/*.html"
# What is on many pages, or only leads elsewhere.
_LEFT_OUT = ".take,.crumbs,.noprint,.live"
# Of the script and the parts that others build pages with, ours needs these.
_GZIP = (".pf_", ".pagefind")  # how the names of packed files end
_NEEDED = ("fragment/", "index/", "pagefind-entry.json", "pagefind-worker.js", "pagefind.")


def is_there() -> bool:
    """Say whether what makes the index is installed."""
    return find_spec("pagefind_bin") is not None


def is_indexed(path: str) -> bool:
    """Say whether a file is one of those that the index is made of."""
    return path.endswith(".html") and path.startswith(
        ("doc/intervention/", "doc/agent/", "doc/resource/", "voc/", "queries/")
    )


def mark() -> str:
    """Return a mark of what an index is made with; another one gives another index of the same pages."""
    return f"pagefind {version('pagefind-bin')} {_INDEXED} without {_LEFT_OUT}"


@contextmanager
def indexing(site: Path) -> Iterator[Callable[[], Iterator[tuple[str, bytes]]]]:
    """Make the index of a site that lies in a folder, in a process beside this one, which may write other pages.

    What is handed back waits until the index is there, and yields its files.

    Raises:
        Unwritable: The index cannot be made.
    """
    from pagefind_bin import get_executable  # noqa: PLC0415 - need not be installed

    with TemporaryDirectory(prefix="whatworks-") as empty:
        command = [str(get_executable()), "--site", str(site), "--output-path", f"{empty}/pagefind"]
        command += ["--glob", _INDEXED, "--root-selector", "#content", "--exclude-selectors", _LEFT_OUT]
        # Settings of others, in its variables or beside a project, are none of ours.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PAGEFIND_")}
        with subprocess.Popen(command, cwd=empty, env=environment, stdout=PIPE, stderr=PIPE) as process:  # noqa: S603 - no shell, no word of a user
            try:
                yield lambda: _made(process, Path(empty, "pagefind"))
            finally:
                process.kill()  # ends one that nobody waits for any more; the others have ended


def _unmade(why: str) -> Unwritable:
    return Unwritable(
        f"The index of the search cannot be made: {why}.",
        hint="Leave it out with --no-search, or check the space for temporary files.",
    )


def _is_whole(path: Path) -> bool:
    """Say whether a file of an index was written to its end: those that are packed tell by their checksum."""
    content = path.read_bytes()
    if not path.suffix.startswith(_GZIP):
        return bool(content)
    try:
        return bool(gzip.decompress(content))
    except (OSError, EOFError, zlib.error):
        return False


def _made(process: "subprocess.Popen[bytes]", made: Path) -> Iterator[tuple[str, bytes]]:
    """Wait until an index is there, and yield the files that are needed."""
    out, errors = process.communicate()
    said = (errors or out).decode(errors="replace").strip().splitlines()
    if process.returncode:
        raise _unmade(said[-1][:300] if said else str(process.returncode))
    # It says nothing of a full disk, and leaves files empty or cut.
    damaged = [path.name for path in sorted(made.rglob("*")) if path.is_file() and not _is_whole(path)]
    if damaged:
        raise _unmade(f"{len(damaged)} of its files are not whole, among them {damaged[0]}")
    languages = json.loads((made / "pagefind-entry.json").read_bytes())["languages"].values()
    engines = tuple(f"wasm.{each['wasm'] or 'unknown'}." for each in languages)  # others are for no language here
    for path in sorted(made.rglob("*")):
        name = path.relative_to(made).as_posix()
        if path.is_file() and name.startswith((*_NEEDED, *engines)):
            yield f"pagefind/{name}", path.read_bytes()
