"""`doctor` looks at everything, goes on where other commands stop, and says what to do."""

import json
import os
import resource
import shutil
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.test_release import _record as record
from whatworks import KnowledgeGraph
from whatworks.cli import main
from whatworks.doctor import OK, PROBLEM, WARNING, Line, Report, examine
from whatworks.doctor.lines import shown
from whatworks.doctor.machine import enough, place
from whatworks.doctor.program import unfit
from whatworks.release.files import sealed

Make = Callable[[dict[str, str]], KnowledgeGraph]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a release."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "whatworks.toml").write_text('base = "https://measures.org/"')
    (folder / "data/interventions").mkdir(parents=True)
    (folder / "data/interventions/a.trig").write_text(record("a"))
    KnowledgeGraph.open(folder).build(checked=False)
    return folder


@pytest.fixture
def folder(built: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged; its files keep their times."""
    return Path(shutil.copytree(built, tmp_path / "copy"))


def _lines(report: Report, state: str) -> dict[str, str]:
    return {line.name: f"{line.said} → {line.fix}" for line in report.lines if line.state == state}


def _wrong(folder: Path, *, thorough: bool = False) -> tuple[dict[str, str], dict[str, str]]:
    report = examine(str(folder), thorough=thorough)
    return _lines(report, PROBLEM), _lines(report, WARNING)


def _release(folder: Path) -> Path:
    return folder / "releases" / (folder / "releases/current").read_text().strip()


def test_all_is_well(built: Path) -> None:
    """A whole release of files that did not change has no problem and no warning, at a glance and byte by byte."""
    for thorough in (False, True):
        assert _wrong(built, thorough=thorough) == ({}, {})
    names = {(line.about, line.name) for line in examine(str(built)).lines}
    assert {
        ("program", "Python"),
        ("extras", "serve"),
        ("project", "settings"),
        ("release", "whole"),
        ("machine", "memory"),
        ("machine", "open files"),
        ("machine", "cache"),
    } < names


def test_the_shipped_collection_is_well() -> None:
    """Without a project there is nothing to mend."""
    report = examine(cache="")
    assert (_lines(report, PROBLEM), _lines(report, WARNING)) == ({}, {})
    assert "reads the files anew" in _lines(report, OK)["cache"]


def test_newer_files_are_a_warning(folder: Path) -> None:
    """A release of other files is still whole."""
    (folder / "data/interventions/a.trig").write_text(record("a", "Another"))
    wrong, warned = _wrong(folder)
    assert wrong == {}
    assert warned == {"files": "newer than the release → Renew it: whatworks build"}


def test_damage_is_told_with_its_place(folder: Path) -> None:
    """A file that is missing or cut off is seen at a glance, a changed byte by reading all."""
    release = _release(folder)
    dump = (release / "dump.nq").read_bytes()
    (release / "dump.nq").write_bytes(dump.replace(b"measure", b"MEASURE"))
    assert _wrong(folder)[0] == {}
    assert _wrong(folder, thorough=True)[0] == {
        "whole": "dump.nq: its content was changed → Build anew: whatworks build"
    }
    (release / "dump.nq").write_bytes(dump[:-1])
    assert "has" in _wrong(folder)[0]["whole"]
    (release / "dump.nq").unlink()
    (release / "search.db").write_bytes(b"none")
    (release / "local.json").write_bytes(b"{}")
    wrong, _ = _wrong(folder)
    assert set(wrong) == {"whole", "search"}


@pytest.mark.parametrize(
    ("damage", "name", "said"),
    [
        (lambda folder: (folder / "whatworks.toml").write_text("base ="), "settings", "not valid TOML"),
        (lambda folder: (_release(folder) / "manifest.json").write_text("{}"), "in use", "no manifest"),
        (lambda folder: (folder / "releases/current").write_text("nope"), "in use", "no name of a release"),
        (lambda folder: (folder / "data/x.ttl").symlink_to("/etc/hostname"), "files", "leads out of the project"),
        (lambda folder: (folder / "pages").mkdir() or (folder / "pages/x.exe").touch(), "pages", "no file for pages"),
        (shutil.rmtree, "folder", "no project folder"),
    ],
)
def test_what_stops_other_commands(folder: Path, damage: Callable[[Path], object], name: str, said: str) -> None:
    """Each is a problem of its own, and everything else is still looked at."""
    damage(folder)
    report = examine(str(folder))
    assert said in _lines(report, PROBLEM)[name]
    names = [line.name for line in report.lines]
    assert "memory" in names
    assert name != "settings" or "pages" not in names  # nobody knows how they are to look


def test_newer_and_unused_releases(folder: Path) -> None:
    """A release of a newer version is a problem where it is in use; a damaged one beside it is a warning."""
    shutil.copytree(_release(folder), folder / "releases" / ("0" * 16))
    assert "0" * 16 in _wrong(folder)[1]
    manifest = json.loads((_release(folder) / "manifest.json").read_bytes())
    (_release(folder) / "manifest.json").write_bytes(sealed({**manifest, "format": 99}))
    assert "format 99" in _wrong(folder)[0]["in use"]


def test_a_placeholder_is_a_warning(project: Make) -> None:
    """A base that nobody can own is told, and so is a project without data."""
    kg = project({"whatworks.toml": 'base = "https://project.example/"'})
    assert kg.assets.project is not None
    wrong, warned = _wrong(kg.assets.project)
    assert (wrong, set(warned)) == ({}, {"settings", "files"})


def test_stores(built: Path, tmp_path: Path) -> None:
    """The release of a folder is looked at; a folder that is none is a problem."""
    assert _lines(examine(store=str(_release(built))), PROBLEM) == {}
    assert "store" in _lines(examine(store=str(tmp_path / "nope")), PROBLEM)


@pytest.mark.slow
def test_an_endpoint_is_asked() -> None:
    """One that does not answer is a problem; it is asked several times, which takes its time."""
    assert "endpoint" in _lines(examine(store="http://127.0.0.1:9/sparql"), PROBLEM)


def test_libraries_that_do_not_fit() -> None:
    """A library that is not there, too old or too new is told, with what is asked for."""
    assert unfit("nope-nope>=1") == "not installed"
    version = metadata.version("click")
    assert unfit("click>=999,<1000") == f"{version}, but click>=999,<1000 is needed"
    assert unfit("click<1; extra == 'x'") == f"{version}, but click<1 is needed"
    assert unfit("click>=8.1.8") == ""


def test_places_without_rights_or_space(tmp_path: Path) -> None:
    """Little space is a warning, hardly any a problem; a folder that cannot be written is told."""
    assert [enough(free) for free in (5 << 30, 500 << 20, 1 << 20)] == [OK, WARNING, PROBLEM]
    (tmp_path / "locked").mkdir(mode=0o500)
    if os.geteuid():
        assert place("x", tmp_path / "locked", writes="checks").state == WARNING
    assert place("x", tmp_path / "new" / "newer", writes="checks").said.startswith(str(tmp_path / "new" / "newer"))


def test_few_open_files_are_a_warning() -> None:
    """The limit of this process is looked at."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
    try:
        assert "ulimit -n 1024" in _lines(examine(), WARNING)["open files"]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_the_user_is_not_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Folders of the user begin with a tilde."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert shown(tmp_path / "x") == str(Path("~/x"))
    (line,) = [each for each in examine(str(tmp_path / "nope")).lines if each.state == PROBLEM]
    assert line.said == f"There is no project folder {Path('~/nope')}."
    assert shown(Path("/srv")) == str(Path("/srv").absolute())


def test_command(built: Path, folder: Path) -> None:
    """Text and JSON say the same; with a problem the status is 1."""
    done = CliRunner().invoke(main, ["--project", str(built), "doctor"])
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "0 problems, 0 warnings.")
    (_release(folder) / "dump.nq").unlink()
    done = CliRunner().invoke(main, ["--project", str(folder), "doctor", "--format", "json"])
    body = json.loads(done.stdout)
    assert (done.exit_code, body["problems"]) == (1, 1)
    assert [line["name"] for line in body["lines"] if line["state"] == "problem"] == ["whole"]


def test_text_cannot_steer_a_terminal() -> None:
    """What files say is untrusted."""
    text = Report((Line("project", "x", WARNING, "a\x1b[31m", "b\x07"),)).write("text").decode()
    assert not {"\x1b", "\x07"} & set(text)
    assert text.endswith("0 problems, 1 warning.\n")
