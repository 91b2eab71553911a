"""A site of files, written as a whole command: the first time, and again where nothing changed."""

import itertools
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import COMMAND, Bench, Figure, child, task

_COPY = "import shutil, sys; shutil.copytree(sys.argv[1], sys.argv[2])"
_FLOOR = "Python copying the same files"


@task("publish")
def _publish(bench: Bench) -> Iterator[Figure]:
    assert bench.released.release is not None
    made = bench.released.release.folder
    shipped = bench.shipped.build(bench.scratch / "shipped-site", checked=False).folder
    aims = {"shipped": ("10 s", "40 MB"), "made": ("120 s of two cores at 5,000", "")}
    for name, release in (("shipped", shipped), ("made", made)):
        seconds, size = aims[name]
        places = itertools.count()
        folder = Path(tempfile.mkdtemp(dir=bench.scratch))
        command = (COMMAND, "--store", str(release), "publish", "--address", "https://data.example/")

        def write(folder: Path = folder, command: tuple[str, ...] = command) -> float:
            shutil.rmtree(folder / "site", ignore_errors=True)
            return child(*command, str(folder / "site"))()

        def again(folder: Path = folder, command: tuple[str, ...] = command) -> float:
            return child(*command, str(folder / "site"))()

        def copy(folder: Path = folder, places: Iterator[int] = places) -> float:
            return child(sys.executable, "-c", _COPY, str(folder / "site"), str(folder / f"copy{next(places)}"))()

        yield Figure(f"{name} collection, the first time", _FLOOR, "s", bench.compare(write, copy), seconds)
        yield Figure(f"{name} collection, again", _FLOOR, "s", bench.compare(again, copy), "3 s after one change")
        files = [each.stat().st_size for each in (folder / "site").rglob("*") if each.is_file()]
        sizes = [(float(sum(files)), float((release / "dump.nq").stat().st_size))]
        yield Figure(f"{name} collection, {len(files):,} files", "the dump of the release", "MiB", sizes, size)
