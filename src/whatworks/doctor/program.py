"""The program: Python, the libraries that it needs, and what can be added."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata

from whatworks.doctor.lines import OK, PROBLEM, WARNING, Line
from whatworks.version import __version__

# What the extras are for.
_EXTRAS = {
    "serve": "the server, and pages",
    "columns": "quick counts and lists of large collections",
    "link": "links between interventions, worked out",
    "fast": "quick checks of what was edited",
    "charts": "charts as PNG",
    "site": "a site of files with a search",
    "pandas": "answers as pandas data frames",
    "polars": "answers as Polars data frames",
    "arrow": "answers as Arrow tables, and Parquet",
    "spark": "links worked out on many machines; needs Java 17",
    "owl": "reasoning in the tests, with the OWL API; needs Java 17",
}
_PROGRAMS = {"git": "check --changed", "java": "the extras spark and owl"}
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_BOUND = re.compile(r"(>=|<)\s*([0-9.]+)")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([a-z0-9-]+)['"]""")


def program() -> Iterator[Line]:
    """Look at Python and the libraries that are needed."""
    version = ".".join(map(str, sys.version_info[:3]))
    bits = "64" if sys.maxsize > 1 << 32 else "32"
    is_fit = sys.version_info >= (3, 11) and bits == "64"
    fix = "" if is_fit else "Install Python 3.11 or newer, of 64 bits."
    yield Line("program", "Python", OK if is_fit else PROBLEM, f"{version}, {bits} bits", fix)
    yield Line("program", "whatworks", OK, __version__)
    try:
        required = metadata.requires("whatworks") or []
    except metadata.PackageNotFoundError:
        fix = "Install it: python -m pip install whatworks"
        yield Line("program", "libraries", WARNING, "whatworks is not installed, so they are not known", fix)
        return
    needed = [each for each in required if not _EXTRA.search(each)]
    wrong = {each: said for each in needed if (said := unfit(each))}
    for each, said in wrong.items():
        fix = f"Install it: python -m pip install '{each.partition(';')[0].strip()}'"
        yield Line("program", _name(each), PROBLEM, said, fix)
    if not wrong:
        said = ", ".join(f"{_name(each)} {metadata.version(_name(each))}" for each in needed)
        yield Line("program", "libraries", OK, said)


def extras() -> Iterator[Line]:
    """Look at what can be installed in addition."""
    with suppress(metadata.PackageNotFoundError):
        required = metadata.requires("whatworks") or []
        for extra, purpose in _EXTRAS.items():
            of_extra = [each for each in required if (match := _EXTRA.search(each)) and match[1] == extra]
            asked = [each for each in of_extra if sys.platform != "win32" or "win32" not in each]
            missing = [_name(each) for each in asked if not _version(_name(each))]
            wrong = [f"{_name(each)} {said}" for each in asked if _name(each) not in missing and (said := unfit(each))]
            install = f"python -m pip install 'whatworks[{extra}]'"
            if wrong:
                yield Line("extras", extra, WARNING, f"{purpose}: {', '.join(wrong)}", f"Renew it: {install}")
            elif missing:
                yield Line("extras", extra, OK, f"{purpose}: not installed", f"If you need it: {install}")
            else:
                yield Line("extras", extra, OK, f"{purpose}: installed")


def programs() -> Iterator[Line]:
    """Look at other programs that some commands use."""
    for name, purpose in _PROGRAMS.items():
        is_there = bool(shutil.which(name)) or (name == "java" and bool(os.environ.get("JAVA_HOME")))
        said = "there" if is_there else "not there"
        yield Line("extras", name, OK, f"a program for {purpose}: {said}")


def _name(requirement: str) -> str:
    found = _NAME.match(requirement)
    return found[0] if found else requirement


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def unfit(requirement: str) -> str:
    """Return why a library does not fit what is asked of it; empty if it does."""
    version = _version(_name(requirement))
    if not version:
        return "not installed"
    for sign, bound in _BOUND.findall(requirement.partition(";")[0]):
        if (_numbers(version) < _numbers(bound)) == (sign == ">="):
            return f"{version}, but {requirement.partition(';')[0].strip()} is needed"
    return ""


def _numbers(version: str) -> list[int]:
    found = [int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:3]]
    return found + [0] * (3 - len(found))
