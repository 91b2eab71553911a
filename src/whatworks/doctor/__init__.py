"""Looks at what whatworks runs on: program, project, release, disk and limits; says what is wrong, and how to mend it.

It goes on where other commands stop, and says nothing of a person: folders of the user begin with `~`.
"""

from collections.abc import Callable
from pathlib import Path

from whatworks.assets import Assets, current_folder, find_project
from whatworks.doctor.lines import OK, PROBLEM, WARNING, Line, Report, of_error
from whatworks.doctor.machine import machine
from whatworks.doctor.program import extras, program, programs
from whatworks.doctor.project import project as look_at
from whatworks.doctor.project import released
from whatworks.errors import Error
from whatworks.prepared import cache_folder

__all__ = ["OK", "PROBLEM", "WARNING", "Line", "Report", "examine"]


def examine(
    project: str | None = None,
    store: str | None = None,
    cache: str | None = None,
    *,
    thorough: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Report:
    """Look at everything.

    Args:
        project: The folder of the project; without it the nearest above with settings, else the shipped collection.
        store: The folder of a release, or the address of an endpoint, that commands are to read.
        cache: The folder for prepared stores; without it the user's.
        thorough: Whether every byte of the release is read.
        tell: Is told each step that takes long.
    """
    found = [*program(), *extras(), *programs()]
    assets: Assets | None = None
    try:
        folder = Path(project) if project is not None else find_project(current_folder())
        assets = Assets.find(folder)
        found += look_at(assets, folder)
    except Error as error:
        found.append(of_error("project", "folder", error))
    found += released(assets, store, thorough, tell)
    found += machine(assets, cache_folder(cache))
    order = ("program", "extras", "project", "release", "machine")
    return Report(tuple(sorted(found, key=lambda line: order.index(line.about))))
