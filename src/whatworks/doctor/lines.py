"""What a look at something says: a line for each thing, as text and for programs."""

import json
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from whatworks.errors import Error
from whatworks.results import safe
from whatworks.version import __version__

OK, WARNING, PROBLEM = "ok", "warning", "problem"


class Line(NamedTuple):
    """What was looked at.

    Attributes:
        about: program, extras, project, release or machine.
        name: What it is.
        state: ok, warning or problem.
        said: How it is.
        fix: What to do; empty where nothing need be done.
    """

    about: str
    name: str
    state: str
    said: str
    fix: str = ""


class Report(NamedTuple):
    """All that was looked at."""

    lines: tuple[Line, ...]

    def count(self, state: str) -> int:
        """Return how many lines are in a state."""
        return sum(line.state == state for line in self.lines)

    def write(self, format: str) -> bytes:
        """Return it as text or json."""
        if format == "json":
            body = {
                "version": __version__,
                "problems": self.count(PROBLEM),
                "warnings": self.count(WARNING),
                "lines": [line._asdict() for line in self.lines],
            }
            return (json.dumps(body, ensure_ascii=False, indent=2) + "\n").encode()
        wide, written = max(len(line.name) for line in self.lines), list[str]()
        for place, line in enumerate(self.lines):
            if place == 0 or self.lines[place - 1].about != line.about:
                written += [*([""] if written else []), line.about.capitalize()]
            written.append(f"  {line.state:<7}  {line.name:<{wide}}  {safe(line.said)}".rstrip())
            if line.fix:
                written.append(f"  {'':<7}  {'':<{wide}}  → {safe(line.fix)}")
        problems, warnings = self.count(PROBLEM), self.count(WARNING)
        written += ["", f"{many(problems, 'problem')}, {many(warnings, 'warning')}."]
        return ("\n".join(written) + "\n").encode(errors="replace")


def shown(path: Path) -> str:
    """Return a path without the name of the user."""
    with suppress(ValueError, RuntimeError, OSError):
        return str(Path("~") / path.absolute().relative_to(Path.home()))
    return str(path.absolute())


def of_error(about: str, name: str, error: Error) -> Line:
    """Return an error as a problem."""
    where = f"{error.where}: " if error.where else ""
    said, fix = f"{where}{error.message}", error.hint or f"whatworks explain {error.code}"
    home = ""
    with suppress(RuntimeError):
        home = str(Path.home())
    if len(home) > 1:
        said, fix = (text.replace(home, "~") for text in (said, fix))
    return Line(about, name, PROBLEM, said, fix)


def many(number: int, word: str) -> str:
    """Return a number with its word."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def size_of(size: int) -> str:
    """Return a number of bytes as people read it."""
    return f"{size / (1 << 30):,.1f} GB" if size >= 1 << 30 else f"{size / (1 << 20):,.1f} MB"
