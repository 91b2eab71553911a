"""The project and its release: whether settings and files can be read, and whether the release is whole and new."""

import re
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from whatworks.assets import SETTINGS_FILE, Assets
from whatworks.doctor.lines import OK, PROBLEM, WARNING, Line, many, of_error, shown, size_of
from whatworks.errors import DamagedRelease, Error, NewerRelease
from whatworks.release import Release, Releases, open_given
from whatworks.release.one import has_numpy
from whatworks.settings import Settings
from whatworks.store import is_address

_PLACEHOLDER = re.compile(r"https?://[^/]*\.example/")


def project(assets: Assets, folder: Path | None) -> Iterator[Line]:
    """Look at settings and files."""
    about = "project"
    if folder is None:
        fix = "For a collection of your own: whatworks new DIR"
        yield Line(about, "folder", OK, "none; the shipped collection is read", fix)
    else:
        yield Line(about, "folder", OK, shown(folder))
    try:
        file = folder / SETTINGS_FILE if folder is not None and (folder / SETTINGS_FILE).is_file() else None
        settings = Settings.load(file)
    except Error as error:
        yield of_error(about, "settings", error)
    else:
        said = f"base {settings.base}, languages {', '.join(settings.languages)}"
        is_own = not _PLACEHOLDER.match(settings.base)
        fix = "" if is_own else "Nobody can own this base. Write yours into all files before others cite it."
        yield Line(about, "settings", OK if is_own else WARNING, said, fix)
        yield from _pages(assets, settings)
    try:
        data = [asset for asset in assets.data() if not asset.name.startswith("data/sources/")]
        size = sum(asset.size for asset in assets.sources())
    except Error as error:
        yield of_error(about, "files", error)
    else:
        fix = "" if data else "Bring records in: whatworks import FILE"
        said = f"{many(len(data), 'data file')}; {size_of(size)} with the model"
        yield Line(about, "files", OK if data else WARNING, said, fix)


def _pages(assets: Assets, settings: Settings) -> Iterator[Line]:
    """Look at what the project brings to its pages, where pages can be made."""
    if find_spec("jinja2") is not None:
        from whatworks.pages.brand import brand_of  # noqa: PLC0415 - jinja2 need not be installed
        from whatworks.pages.writer import Writer  # noqa: PLC0415 - the same

        try:
            brand = brand_of(assets, settings)
            Writer(brand)
        except Error as error:
            yield of_error("project", "pages", error)
        else:
            said = "with a look of their own" if brand.mark else "as they come"
            yield Line("project", "pages", OK, said)


def released(assets: Assets | None, store: str | None, thorough: bool, tell: Callable[[str], None]) -> Iterator[Line]:
    """Look at the release in use, or at the store that was named."""
    about = "release"
    if store is not None and is_address(store):
        yield _asked(assets, store)
        return
    try:
        if store is not None:
            yield from _whole(open_given(Path(store)), thorough, tell)
            return
        folder = assets.releases_folder() if assets is not None else None
        if assets is None or folder is None or not folder.is_dir():
            yield Line(about, "in use", OK, "none; the files are read", "To make one: whatworks build")
            return
        releases = Releases(folder)
        current = releases.current()
        if current is None:
            yield Line(about, "in use", OK, "none; the files are read", "To make one: whatworks build")
        else:
            yield from _whole(current, thorough, tell)
            is_stale = releases.stale(assets)
            said = "newer than the release" if is_stale else "those that the release was made from"
            yield Line(
                about, "files", WARNING if is_stale else OK, said, "Renew it: whatworks build" if is_stale else ""
            )
        used = releases.used()
        for name, error in releases.unreadable().items():
            if name != used:
                yield Line(about, name, WARNING, error.message, "Remove damaged ones: whatworks prune")
    except (DamagedRelease, NewerRelease) as error:
        yield of_error(about, "in use", error)
    except Error as error:
        yield of_error(about, "store", error)


def _whole(release: Release, thorough: bool, tell: Callable[[str], None]) -> Iterator[Line]:
    made = (
        f"{release.name}: {release.manifest['statements']:,} statements, {release.manifest['made-by']}, {release.made}"
    )
    yield Line("release", "in use", OK, made)
    if thorough:
        tell(f"Reading release {release.name}")
    wrong = release.verify() if thorough else release.glance()
    for each in wrong:
        yield Line("release", "whole", PROBLEM, each, "Build anew: whatworks build")
    if not wrong:
        said = "every byte is as it was written" if thorough else "all files are there, with their sizes"
        yield Line("release", "whole", OK, said, "" if thorough else "To read every byte: whatworks doctor --thorough")
    try:
        has_index = release.index() is not None
        said, fix = ("there", "") if has_index else ("none, so each search makes one", "Build anew: whatworks build")
        yield Line("release", "search", OK if has_index else WARNING, said, fix)
    except Error as error:
        yield of_error("release", "search", error)
    if not has_numpy():
        said = "not read, as numpy is not installed; large collections are counted by the store"
        yield Line("release", "columns", OK, said, "If counts are slow: python -m pip install 'whatworks[columns]'")
    else:
        fix = "" if release.columns else "If counts are slow: whatworks build"
        yield Line("release", "columns", OK, "there" if release.columns else "none", fix)


def _asked(assets: Assets | None, store: str) -> Line:
    """Ask an endpoint whether it is there."""
    from whatworks.kg import KnowledgeGraph  # noqa: PLC0415 - for remote stores only

    if assets is None:
        return Line("release", "endpoint", WARNING, "not asked, as the project cannot be read")
    try:
        KnowledgeGraph(assets, Settings(), store=store).collection.store.query("ASK {}")
    except Error as error:
        return of_error("release", "endpoint", error)
    return Line("release", "endpoint", OK, "answers")
