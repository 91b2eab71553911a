"""What commands say: short, true, and with a way on. Each test is a message that once said less or something wrong."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from whatworks.cli import main


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without records; commands run in it."""
    (tmp_path / "small").mkdir()
    (tmp_path / "small/whatworks.toml").touch()
    monkeypatch.delenv("WHATWORKS_PROJECT", raising=False)
    monkeypatch.chdir(tmp_path / "small")
    return tmp_path / "small"


def run(*words: str | Path, status: int = 0) -> Result:
    """Run a command in this process and check its exit status."""
    result = CliRunner().invoke(main, [*map(str, words)])
    assert result.exit_code == status, result.output
    return result


def test_build_says_where_from_here(small: Path, tmp_path: Path) -> None:
    """The release is named as seen from the current folder; elsewhere by its whole path."""
    said = run("build", "--no-check").stdout
    name = said.split()[1].rstrip(":")
    assert said.endswith(f" statements in {Path('releases', name)}\n")
    assert (small / "releases" / name).is_dir()
    folder = tmp_path / "elsewhere"
    assert run("build", "--no-check", "-o", folder).stdout.endswith(f" in {folder / name}\n")
