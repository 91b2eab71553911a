"""Times the tasks of the tool, each against a peer or a floor that is timed in the same run.

    python benchmarks/bench.py [TASK]... [--size N]... [--runs K] [--project FOLDER]

README.md says what each figure means.
"""

import argparse
import datetime
import os
import platform
import re
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from pkgutil import iter_modules

# A thread of numpy that waits for the next product counts as CPU time; so there is one, for us and for the peer.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from benchmarks import tasks  # noqa: E402 - found from the root only
from benchmarks.generate import SEED  # noqa: E402
from benchmarks.measure import COLUMNS, TASKS, Bench  # noqa: E402

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("whatworks", "pyoxigraph", "click", "PyLD", "pyshacl", "rdflib")
ON_SHIPPED = ("help", "completion", "query-cli")  # do not depend on the size: done once

for module in iter_modules(tasks.__path__):
    import_module(f"benchmarks.tasks.{module.name}")


def machine() -> str:
    """Return the model of the processor."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        found = None
    return found[1] if found else platform.processor() or platform.machine()


def head() -> str:
    """Return the machine and the versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()}, {platform.python_implementation()} {platform.python_version()}"
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"# Measured on {datetime.datetime.now(datetime.UTC):%Y-%m-%d}\n\n"
        f"Machine: {machine()}, {os.cpu_count()} cores, {memory:.0f} GiB; {system}.\n"
        f"Versions: {versions}.\n"
        "CPU time; the ratio is that of the medians. What each figure means: [README](../README.md).\n"
    )


def run(names: Sequence[str], size: int, runs: int, project: Path | None = None) -> str:
    """Do tasks at a size, or on a project of that size; print each figure when it is there; return the section."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(size, runs, Path(folder), project)
        lines = [f"| {' | '.join(COLUMNS)} |", "|---|---|---|--:|---|--:|--:|--:|---|"]
        for name in names:
            for figure in TASKS[name](bench):
                cells = figure.cells(name)
                print("  ".join(cells), flush=True)
                lines.append(f"| {' | '.join(cells)} |")
        load = f"load average {os.getloadavg()[0]:.1f} at the end"
        statements = f"{bench.statements:,} statements" if bench.statements else "made and released before"
        about = f"{size:,} interventions, {statements}, seed {SEED}, {load}"
    return f"\n## {about}\n\n" + "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Do tasks, print their figures and add them to the result file of the day and the machine."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"of: {', '.join(TASKS)}; without any, all")
    parser.add_argument("--size", type=int, action="append", help="how many interventions; 1000; may be repeated")
    parser.add_argument("--runs", type=int, default=5, help="how often each is measured; 5")
    parser.add_argument(
        "--project", type=Path, help="made by generate.py in this size and released, instead of a new one"
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder of the result file")
    given = parser.parse_args(arguments)
    if unknown := set(given.tasks) - set(TASKS):
        parser.error(f"no task: {', '.join(sorted(unknown))}")
    name = re.sub(r"[^a-z0-9]+", "-", f"{machine()} {os.cpu_count()} cores".lower()).strip("-")
    file = given.results / f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}-{name}.md"
    text = file.read_text(encoding="utf-8") if file.exists() else head()
    names = given.tasks or list(TASKS)
    for index, size in enumerate(given.size or [1000]):
        text += run([each for each in names if not index or each not in ON_SHIPPED], size, given.runs, given.project)
    given.results.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
