"""The wheel holds what git tracks, is the same both ways it can be built, and works where it is installed."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow
FOLDERS = ("ontology", "queries", "data")


def _tracked() -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *FOLDERS, "src/whatworks"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return {name for name in listed.split("\0") if name and (ROOT / name).exists()}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheel built directly, and the wheel built through the sdist."""
    found = {}
    for way, options in (("direct", ["--wheel"]), ("through the sdist", [])):
        folder = tmp_path_factory.mktemp("dist")
        subprocess.run(
            [sys.executable, "-m", "build", *options, "--outdir", str(folder), str(ROOT)],
            check=True,
            capture_output=True,
        )
        found[way] = next(folder.glob("*.whl"))
    return found


def test_wheel_holds_what_git_tracks(wheels: dict[str, Path]) -> None:
    """Ontology, queries, data and code of the wheel are the files that git tracks, no more and no less."""
    expected = {
        f"whatworks/_assets/{name}" if name.startswith(FOLDERS) else name.removeprefix("src/") for name in _tracked()
    }
    with zipfile.ZipFile(wheels["direct"]) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert expected == names


def test_both_wheels_are_the_same(wheels: dict[str, Path]) -> None:
    """The wheel built through the sdist has the same files with the same content."""

    def content(path: Path) -> dict[str, bytes]:
        with zipfile.ZipFile(path) as wheel:
            return {name: wheel.read(name) for name in wheel.namelist()}

    assert content(wheels["direct"]) == content(wheels["through the sdist"])


def test_installed_tool_works_elsewhere(wheels: dict[str, Path], tmp_path: Path) -> None:
    """An installed whatworks answers from an empty folder, and refuses to change its own collection."""
    # The dependencies come from the environment of the tests; the package itself from the wheel.
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False, system_site_packages=False)
    site = next((environment / "lib").glob("python*")) / "site-packages"
    with zipfile.ZipFile(wheels["direct"]) as wheel:
        wheel.extractall(site)
    dependencies = [path for path in sys.path if path.endswith("site-packages")]
    (site / "dependencies.pth").write_text("\n".join(dependencies) + "\n", encoding="utf-8")
    empty = tmp_path / "empty"
    empty.mkdir()

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [str(environment / "bin" / "python"), "-m", "whatworks", *words]
        return subprocess.run(command, cwd=empty, capture_output=True, text=True, check=False)

    where = subprocess.run(
        [str(environment / "bin" / "python"), "-c", "import whatworks; print(whatworks.__file__)"],
        cwd=empty, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert str(site) in where
    assert len(run("query", "interventions", "--format", "csv").stdout.splitlines()) == 133
    assert "0 violations" in run("check", "--profile", "publication").stdout
    record = empty / "records.jsonl"
    record.write_text("{}\n", encoding="utf-8")
    refused = run("import", str(record))
    assert refused.returncode == 3
    assert "[unwritable]" in refused.stderr
    assert [record] == list(empty.iterdir())
