"""Writes a site: in this process, or in several where there is much to make."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from whatworks.circles import without_circles
from whatworks.errors import Error, InvalidValue, SourcesChanged
from whatworks.kg import KnowledgeGraph
from whatworks.publish.dumps import PACKED, all_files_of
from whatworks.publish.edition import Edition
from whatworks.static import finder
from whatworks.static.contents import Contents, Job
from whatworks.static.folder import Placed, Site, opened
from whatworks.static.memory import Memory, Trace, mark
from whatworks.static.names import check, check_all
from whatworks.terms import is_iri
from whatworks.version import __version__

_CHANGED = "Files of the collection changed while the site was written."
_CHUNK = 25  # jobs that a process is given at once
_FOUND = ("document", "query")  # jobs whose pages are in the index of the search
_ALONE = 200  # fewer jobs are done sooner than other processes have started


class Wish(NamedTuple):
    """What is to be written.

    Attributes:
        open: Opens the collection; other processes call it as well, so it can be pickled.
        home: The address where the site will be, with a slash at its end; empty for the base of the IRIs.
        processes: How many processes make it.
        search: Whether it gets a search in the browser.
        forms: The names of further RDF formats of each document.
        cache: A folder for what was read for each page, so that the next run makes only what changed.
    """

    open: Callable[[], KnowledgeGraph]
    home: str = ""
    processes: int = 1
    search: bool = True
    forms: tuple[str, ...] = ()
    cache: Path | None = None


class Done(NamedTuple):
    """What was written.

    Attributes:
        release: The name of the release, or the mark of the files.
        home: The address for which it was written.
        files, bytes: How many files, and their size.
        kept: How many of them are those of the site before.
        removed: How many of the site before are no longer there.
        search: Whether it has a search in the browser.
    """

    release: str
    home: str
    files: int
    bytes: int
    kept: int
    removed: int
    search: bool


def write(kg: KnowledgeGraph, folder: Path, wish: Wish, tell: Callable[[str], None]) -> Done:
    """Write the site of a collection into a folder.

    Args:
        kg: The collection.
        folder: A new or empty folder, or one with a site.
        wish: How.
        tell: Is told each step.

    Raises:
        InvalidValue: The address is none.
        ForeignFiles: The folder holds what is not of a site.
        UnusableName: Two addresses are one file on some disks, or one is no name of a file.
        Unwritable: It cannot be written.
    """
    # Of a folder that is changed for another one, a path from within it would lead nowhere.
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - a link is not followed
    wish = wish._replace(home=_home(wish.home or kg.settings.base), search=wish.search and finder.is_there())
    contents = Contents(kg, wish.home, search=wish.search, forms=wish.forms)
    memory = Memory(wish.cache, folder, mark(kg, wish.home, wish.search, wish.forms))
    with opened(folder) as site:
        tell("Listing what the site holds")
        jobs = contents.jobs()
        placed = _dumps(contents, site)
        known = memory.untouched(contents.edition) if site.before else {}
        again = []
        for job in jobs:
            same = site.keep(known.get(str(job), ())) if contents.follows(job) else []
            placed += same
            if not same:
                again.append(job)
        tell(f"Writing {len(again):,} of {len(jobs):,} pages and documents")
        traces = _filled(contents, site, again, wish, placed, tell)
        placed += _doubled(site, placed)
        check_all(each.path for each in placed)
        traces |= memory.kept({str(job) for job in jobs} - set(traces))
        said = {"made-by": f"whatworks {__version__}", "release": contents.edition.name, "home": wish.home}
        if wish.search:
            said["index"] = finder.mark()
        site.finish(said, placed)
        removed = set(site.before.get("files", {})) - {each.path for each in placed}
    memory.write(contents.edition, traces)
    size, kept = sum(each.bytes for each in placed), sum(each.kept for each in placed)
    return Done(contents.edition.name, wish.home, len(placed), size, kept, len(removed), wish.search)


def _filled(
    contents: Contents, site: Site, jobs: list[Job], wish: Wish, placed: list[Placed], tell: Callable[[str], None]
) -> dict[str, Trace]:
    """Make jobs and the index of the search, and add their files to those that are placed; return what was read."""
    # Where this process makes all pages, the index is made beside those that are not in it.
    rest = [job for job in jobs if job.kind not in _FOUND] if len(jobs) < _ALONE else []
    found = [job for job in jobs if job.kind in _FOUND] if rest else jobs
    made, traces = _made(contents, site, found, wish)
    placed += made
    if not wish.search:
        indexing: Any = nullcontext(tuple)
    elif same := _index_of_before(site, placed):
        placed += same
        indexing = nullcontext(tuple)
    else:
        tell("Making the index of the search")
        indexing = finder.indexing(site.building)
    with indexing as index:
        made, others = _made(contents, site, rest, wish)
        placed += made
        placed += [site.place(path, content) for path, content in index()]
    return traces | others


def _index_of_before(site: Site, placed: list[Placed]) -> list[Placed]:
    """Return the index of the search of the old site, if it was made alike of the very pages that are there now."""
    before = site.before.get("files", {})
    pages = {path for path in before if finder.is_indexed(path) and _above(path) not in before}
    now = [each for each in placed if finder.is_indexed(each.path)]
    if site.before.get("index") != finder.mark() or not all(each.kept for each in now):
        return []
    if pages != {each.path for each in now}:
        return []
    return site.keep([path for path in before if path.startswith("pagefind/")])


def _above(path: str) -> str:
    """Return the path of the page that lies in its folder once more as this one."""
    return f"{path.removesuffix('/index.html')}.html" if path.endswith("/index.html") else ""


def _home(home: str) -> str:
    """Return the address of a site.

    Raises:
        InvalidValue: It is none.
    """
    parts = urlsplit(home)
    if not is_iri(home) or parts.scheme not in ("http", "https") or not parts.hostname or not home.endswith("/"):
        raise InvalidValue(
            f"{home[:200]!r} is no address of a site.", hint="Write it with http:// or https:// and a slash at its end."
        )
    plain = {"", ".", ".."}.isdisjoint(parts.path.split("/")[1:-1]) and _has_port(parts)
    if parts.query or parts.fragment or parts.username is not None or not plain:
        raise InvalidValue(
            f"{home[:200]!r} is no address of a site.",
            hint="It has a host, if need be a port up to 65535, and a path with a name between any two slashes.",
        )
    return home


def _has_port(parts: SplitResult) -> bool:
    """Say whether the port of an address is one, or there is none."""
    try:
        return parts.port != 0
    except ValueError:
        return False


def _dumps(contents: Contents, site: Site) -> list[Placed]:
    """Place the files of releases, those that hold everything packed, and let the edition know which these are."""
    placed = []
    for release in contents.edition.releases():
        for file in all_files_of(release):
            path = f"dumps/{release.name}/{file.name}"
            check(path)
            if not file.holds_all:
                placed.append(site.copy(path, file.path(release), (file.sha256, file.bytes)))
                continue
            one = site.pack(path + PACKED, file.path(release), file.sha256)
            contents.edition.packed[f"{release.name}/{file.name}"] = (one.sha256, one.bytes)
            placed.append(one)
    return placed


def _doubled(site: Site, placed: list[Placed]) -> list[Placed]:
    """Write pages at whose address there is a folder as well once more, into that: some hosts look there only."""
    folders = {each.path.rpartition("/")[0] for each in placed}
    both = [each.path for each in placed if each.path.removesuffix(".html") in folders and each.path.endswith(".html")]
    return [
        site.place(f"{path.removesuffix('.html')}/index.html", (site.building / path).read_bytes()) for path in both
    ]


def _made(contents: Contents, site: Site, jobs: list[Job], wish: Wish) -> tuple[list[Placed], dict[str, Trace]]:
    """Make jobs; return the files, and of the jobs that follow from what they read, what that was."""
    if wish.processes == 1 or len(jobs) < _ALONE:
        done = [each for several in _chunks(jobs) for each in _several(contents, site, several)]
    else:
        done = [each for several in _shared(site, jobs, wish, contents.edition) for each in several]
    return [each for placed, _ in done for each in placed], {trace.job: trace for _, trace in done}


def _chunks(jobs: list[Job]) -> list[list[Job]]:
    return [jobs[at : at + _CHUNK] for at in range(0, len(jobs), _CHUNK)]


def _several(contents: Contents, site: Site, jobs: list[Job]) -> list[tuple[list[Placed], Trace]]:
    """Make some jobs. What they leave behind in circles is looked for between two calls, not within."""
    with without_circles():
        return [contents.traced(job, site.place) for job in jobs]


def _shared(site: Site, jobs: list[Job], wish: Wish, edition: Edition) -> Iterator[list[tuple[list[Placed], Trace]]]:
    """Yield what processes wrote; one that is done with its jobs gets the next."""
    context = multiprocessing.get_context("spawn")  # a copy of this one would lack the threads of the store
    waiting = _chunks(jobs)[::-1]
    workers: dict[Connection, Any] = {}
    try:
        for _ in range(min(wish.processes, len(waiting))):
            here, there = context.Pipe()
            worker = context.Process(target=_work, args=(there, wish, site, edition.name, edition.packed), daemon=True)
            worker.start()
            there.close()
            workers[here] = worker
            here.send(waiting.pop())
        busy = set(workers)
        while busy:
            for each in wait(list(busy)):
                assert isinstance(each, Connection)  # noqa: S101 - only such are waited for
                try:
                    answer = each.recv()
                except EOFError as error:
                    raise ChildProcessError(0, "a process that writes the site ended") from error
                if isinstance(answer, Exception):
                    raise answer
                if waiting:
                    each.send(waiting.pop())
                else:
                    busy.remove(each)
                yield answer
    finally:
        for connection, worker in workers.items():
            connection.close()
            worker.join(5)
            worker.kill()


def _work(connection: Connection, wish: Wish, site: Site, release: str, packed: dict[str, tuple[str, int]]) -> None:
    """Write jobs as they come; end when nobody sends any more."""
    contents = Contents(wish.open(), wish.home, search=wish.search, forms=wish.forms)
    contents.edition.packed = packed
    fault = None if contents.edition.name == release else SourcesChanged(_CHANGED, hint="Run whatworks publish again.")
    while True:
        try:
            jobs = connection.recv()
        except (EOFError, OSError):
            return
        try:
            if fault is not None:
                raise fault
            answer: Any = _several(contents, site, jobs)
        except (Error, OSError) as error:
            answer = error
        try:
            connection.send(answer)
        except OSError:  # another one failed, and nobody waits for this
            return
