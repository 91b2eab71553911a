"""The benchmarks run, and the graphs that they make are valid and always the same. Nothing here depends on time."""

import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks import bench, measure
from benchmarks.generate import write_project

from whatworks import KnowledgeGraph


def _digest(folder: Path) -> dict[str, str]:
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@pytest.mark.slow
@pytest.mark.parametrize("one_file_each", [True, False])
def test_generator_is_deterministic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_file_each: bool) -> None:
    """The same size and seed give the same bytes; another seed does not."""
    if not one_file_each:
        monkeypatch.setattr("benchmarks.generate.RECORDS_A_FILE", 8)
    made = []
    for number, seed in enumerate((5, 5, 6)):
        write_project(tmp_path / str(number), 20, seed)
        made.append(_digest(tmp_path / str(number)))
    assert made[0] == made[1] != made[2]
    assert len([name for name in made[0] if name.startswith("data/interventions/")]) == (20 if one_file_each else 3)


@pytest.mark.slow
def test_generated_records_look_like_shipped_ones(tmp_path: Path, kg: KnowledgeGraph) -> None:
    """They are valid, as many as asked for, and about as long as shipped ones."""
    count = write_project(tmp_path, 100)
    made = KnowledgeGraph.open(tmp_path)
    assert made.check(profile="core").findings == []
    assert len(made.things(of_class="Intervention")) == 100
    assert count == len(list(made.collection.asserted()))
    shipped = len(list(kg.collection.asserted())) / len(kg.things(of_class="Intervention"))
    assert count / 100 == pytest.approx(shipped, rel=0.25)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[measure.Bench]:
    """A project of 20 interventions, each figure measured once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "LEAST", 0.0)
        yield measure.Bench(20, 1, tmp_path_factory.mktemp("made"))


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("name", measure.TASKS)
def test_task_runs(name: str, small: measure.Bench) -> None:
    """Every task yields figures, whatever they are, and each fills a row of the table."""
    figures = list(measure.TASKS[name](small))
    assert figures
    for figure in figures:
        assert figure.ratio > 0
        assert len(figure.cells(name)) == len(measure.COLUMNS)


@pytest.mark.slow
def test_results_are_added_to_the_file(tmp_path: Path) -> None:
    """One head, and a table for each run; a task that does not depend on the size is done once."""
    options = ["help", "rules", "--size", "3", "--size", "4", "--runs", "1", "--results", str(tmp_path)]
    bench.main(options)
    bench.main(options)
    (file,) = tmp_path.glob("*.md")
    text = file.read_text(encoding="utf-8")
    assert text.count("# Measured on") == 1
    assert re.findall(r"^## (\d+) interventions", text, re.MULTILINE) == ["3", "4"] * 2
    assert text.count("| help |") == 2


def test_unknown_task_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A task that does not exist is named."""
    with pytest.raises(SystemExit):
        bench.main(["flying"])
    assert "flying" in capsys.readouterr().err


def test_readme_names_every_task() -> None:
    """Every task has its line in the README."""
    readme = (Path(bench.__file__).parent / "README.md").read_text(encoding="utf-8")
    for name in measure.TASKS:
        assert f"| `{name}" in readme


def test_memory_is_that_of_the_command() -> None:
    """What the process holds that starts a command does not count."""
    held = b"x" * (200 << 20)
    time, peak = measure.spent(sys.executable, "-c", "pass")
    assert (True, True) == (0 < time < 10, 1 << 20 < peak < 100 << 20)
    assert len(held) == 200 << 20
    with pytest.raises(subprocess.CalledProcessError, match="status 3"):
        measure.spent(sys.executable, "-c", "raise SystemExit(3)")
