"""A site of files, written as a whole command: the first time, again where nothing changed, and after one change."""

import itertools
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import COMMAND, Bench, Figure, child, task
from whatworks import KnowledgeGraph
from whatworks.release import Release

_COPY = "import shutil, sys; shutil.copytree(sys.argv[1], sys.argv[2])"
_FLOOR = "Python copying the same files"
_START = re.compile(r'(startYear>?\s+"?)(\d{4})')


@task("publish")
def _publish(bench: Bench) -> Iterator[Figure]:
    assert bench.released.release is not None
    shipped = _project(bench.scratch / "shipped-site", bench.shipped)
    made = bench.scratch / "made-site"
    shutil.copytree(bench.folder / "data", made / "data")
    (made / "whatworks.toml").touch()
    aims = {"shipped": ("10 s", "40 MB"), "made": ("120 s of two cores at 5,000", "")}
    for name, project in (("shipped", shipped), ("made", made)):
        seconds, size = aims[name]
        before, after = _two(project)
        folder, copies = Path(tempfile.mkdtemp(dir=bench.scratch)), itertools.count()
        site, turns = folder / "site", itertools.cycle((after, before))
        keep = folder / "cache"

        def write(release: Release, site: Path = site, keep: Path = keep) -> float:
            command = (COMMAND, "--store", str(release.folder), "publish", "--address", "https://data.example/")
            return child(*command, str(site), cache=keep)()

        def anew(release: Release = before, site: Path = site, keep: Path = keep) -> float:
            shutil.rmtree(site, ignore_errors=True)
            return write(release, site, keep)

        def copy(folder: Path = folder, site: Path = site, copies: Iterator[int] = copies) -> float:
            return child(sys.executable, "-c", _COPY, str(site), str(folder / f"copy{next(copies)}"))()

        yield Figure(f"{name} collection, the first time", _FLOOR, "s", bench.compare(anew, copy), seconds)
        files = [each.stat().st_size for each in site.rglob("*") if each.is_file()]
        again = bench.compare(lambda before=before, write=write: write(before), copy)  # type: ignore[misc]
        yield Figure(f"{name} collection, again", _FLOOR, "s", again)
        change = bench.compare(lambda turns=turns, write=write: write(next(turns)), copy)  # type: ignore[misc]
        yield Figure(f"{name} collection, after one change", _FLOOR, "s", change, "3 s")
        sizes = [(float(sum(files)), float((before.folder / "dump.nq").stat().st_size))]
        yield Figure(f"{name} collection, {len(files):,} files", "the dump of the release", "MiB", sizes, size)


def _project(folder: Path, kg: KnowledgeGraph) -> Path:
    """Return a project with the shipped data."""
    for asset in kg.assets.data():
        path = folder / asset.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(asset.read())
    (folder / "whatworks.toml").touch()
    return folder


def _two(project: Path) -> tuple[Release, Release]:
    """Make two releases of a project, of which one intervention began in another year in the second."""
    before = KnowledgeGraph.open(project).build(checked=False)
    files = (each for each in sorted((project / "data").rglob("*")) if each.suffix in (".trig", ".nq"))
    file = next(each for each in files if _START.search(each.read_text(encoding="utf-8")))
    file.write_text(_START.sub(r"\g<1>1999", file.read_text(encoding="utf-8"), count=1), encoding="utf-8")
    return before, KnowledgeGraph.open(project).build(checked=False)
