"""What git says has changed: files, and the statements that came or went with them."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from whatworks.errors import GitFault, InputError
from whatworks.results import safe
from whatworks.terms import Quad, Triple

_FOLDERS = ("data", "ontology")


class History:
    """The git repository that a project lies in.

    Args:
        folder: The project's folder.
        since: The revision that the files are compared with, such as HEAD or main.

    Raises:
        GitFault: There is no git, no repository, or no such revision.
    """

    def __init__(self, folder: Path, since: str) -> None:
        git = shutil.which("git")
        if git is None:
            raise GitFault(
                "What has changed is asked of git, which is not installed here.",
                hint="Install git, or name the files: whatworks check FILE...",
            )
        self._command = [git, "-c", "core.fsmonitor=false", "-C", str(folder)]
        inside = self._ask("rev-parse", "--is-inside-work-tree")
        if inside.stdout.strip() != b"true":
            raise GitFault(
                f"{folder} is in no git repository that can be read: {_first_line(inside.stderr)}.",
                hint="Make one with git init and git commit, or name the files: whatworks check FILE...",
            )
        found = self._ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{since}^{{commit}}")
        if found.returncode:
            raise GitFault(
                f"git knows no revision {since!r}.",
                hint="Name a commit, a branch or a tag; a repository without a commit has none yet.",
            )
        self._commit = found.stdout.strip().decode()

    def changed(self) -> list[str]:
        """Return the files of data and ontology that came, went or changed, by their names within the project."""
        tracked = self._said("diff", "--name-only", "--no-renames", "--no-ext-diff", "--relative", "-z", self._commit)
        new = self._said("ls-files", "--others", "--exclude-standard", "-z")
        return sorted({os.fsdecode(name) for name in (*tracked.split(b"\0"), *new.split(b"\0")) if name})

    def before(self, name: str) -> bytes | None:
        """Return what a file held; None where it was not there."""
        found = self._ask("cat-file", "blob", f"{self._commit}:./{name}")
        return None if found.returncode else found.stdout

    def _said(self, *words: str) -> bytes:
        found = self._ask(*words, "--", *_FOLDERS)
        if found.returncode:
            raise GitFault(f"git cannot say what has changed: {_first_line(found.stderr)}.")
        return found.stdout

    def _ask(self, *words: str) -> "subprocess.CompletedProcess[bytes]":
        # Only what is asked for: git itself, without locks, and no programs that a repository names.
        environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
        return subprocess.run(  # noqa: S603 - git, found on the path
            [*self._command, *words], capture_output=True, check=False, env=environment, stdin=subprocess.DEVNULL
        )


def difference(
    files: Iterable[tuple[str, bytes | None, bytes | None]], read: Callable[[str, bytes], list[Quad]]
) -> list[Triple]:
    """Return the statements that came or went in files; nodes without an IRI are others each time a file is read.

    Args:
        files: Names with what each held before and holds now; None where it was, or is, not there.
        read: Reads the statements of a file.

    Raises:
        InputError: A file cannot be read as it is now.
    """
    found: dict[Triple, None] = {}
    for name, before, now in files:
        old = _before(name, before, read)
        new = {quad.triple for quad in read(name, now)} if now is not None else set()
        found |= dict.fromkeys(old ^ new)
    return list(found)


def _before(name: str, content: bytes | None, read: Callable[[str, bytes], list[Quad]]) -> set[Triple]:
    if content is None:
        return set()
    try:
        return {quad.triple for quad in read(name, content)}
    except InputError:  # it was broken, and nothing was known of it
        return set()


def _first_line(said: bytes) -> str:
    return safe(said.decode(errors="replace").strip().partition("\n")[0].rstrip(".")) or "git does not say why"
