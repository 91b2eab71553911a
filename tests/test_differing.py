"""`diff` and `KnowledgeGraph.diff`: releases, files, and words that name them."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.conftest import commands
from tests.test_release import _record as record
from whatworks import KnowledgeGraph
from whatworks.cli import main
from whatworks.errors import DamagedRelease, MissingFile, NewerRelease, NotRemote, UnknownFileType, UnknownThing
from whatworks.release import Releases
from whatworks.release.files import sealed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two releases, and files that are newer than both."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "whatworks.toml").touch()
    (folder / "data/interventions").mkdir(parents=True)
    for title in ("First", "Second"):
        _write(folder, title)
        KnowledgeGraph.open(folder).build(checked=False)
    _write(folder, "Third")
    return folder


def _write(folder: Path, title: str) -> None:
    (folder / "data/interventions/a.trig").write_text(record("a", title), encoding="utf-8")


@pytest.fixture(scope="module")
def opened(folder: Path) -> KnowledgeGraph:
    """The project."""
    return KnowledgeGraph.open(folder)


@pytest.fixture(scope="module")
def names(opened: KnowledgeGraph) -> list[str]:
    """The names of its releases, the older one first."""
    assert opened.releases is not None
    return [release.name for release in opened.releases.all()]


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    """A copy of the project, to be damaged."""
    shutil.copytree(folder, tmp_path / "copy")
    return tmp_path / "copy"


def _run(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--project", str(folder), "diff", *words])


def _said(found: Result) -> list[str]:
    return [line.strip() for line in found.stdout.splitlines() if "→" in line]


def test_words_name_releases_and_files(folder: Path, opened: KnowledgeGraph, names: list[str]) -> None:
    """Without words, from the release before to the one in use; by name, its beginning, folder, dump, and the files."""
    first = ["Title: First [en] → Second [en]"]
    dump = folder / "releases" / names[0] / "dump.nq"
    for words in ((), ("previous",), (names[0],), (names[0][:4], names[1][:6]), (str(dump.parent),), (str(dump),)):
        found = _run(folder, *words)
        assert (found.exit_code, _said(found)) == (0, first), (words, found.output)
    assert _said(_run(folder, "latest", "files")) == ["Title: Second [en] → Third [en]"]
    assert _said(_run(folder, "files", "previous")) == ["Title: Third [en] → First [en]"]
    told = opened.diff()
    assert (told.before, told.after) == (f"release {names[0]}", f"release {names[1]}")


def test_forms(folder: Path, tmp_path: Path) -> None:
    """Text, JSON and a page that needs nothing else say the same; the status tells on demand if anything changed."""
    body = json.loads(_run(folder, "--format", "json").stdout)
    assert body["counts"] == {"changed": 1}
    page = _run(folder, "--format", "html").stdout
    assert "<del><bdi>First [en]</bdi></del>" in page
    assert not re.search(r"<(?:script|link|img)\b", page)
    assert _run(folder, "--fail").exit_code == 1
    same = _run(folder, "latest", "latest", "--fail")
    assert (same.exit_code, same.stdout.splitlines()[1]) == (0, "Nothing changed.")
    _run(folder, "--output", str(tmp_path / "changes.txt"))
    assert (tmp_path / "changes.txt").read_text().startswith("From release ")


def test_words_are_completed(folder: Path, names: list[str]) -> None:
    """A shell offers the words, the releases, and else files."""

    def offered(incomplete: str) -> list[tuple[str, str]]:
        with main.make_context("whatworks", ["--project", str(folder)], resilient_parsing=True) as context:
            parameter = next(each for each in commands()["diff"].params if each.name == "before")
            sub = commands()["diff"].context_class(commands()["diff"], parent=context)
            return [(item.value, item.type) for item in parameter.shell_complete(sub, incomplete)]

    assert {word for word, _ in offered("")} == {"files", "latest", "previous", *names}
    assert offered("la") == [("latest", "plain")]
    assert offered(names[0][:6]) == [(names[0], "plain")]
    assert offered("./old") == [("./old", "file")]


@pytest.mark.slow
def test_a_page_needs_an_extra(folder: Path) -> None:
    """Where the library for pages is not installed, it is said how to install it; text needs none."""
    code = "import sys; sys.modules['jinja2'] = None\nfrom whatworks.cli import main\nmain(sys.argv[1:])"
    for format_, status in (("html", 3), ("text", 0)):
        command = [sys.executable, "-c", code, "--project", str(folder), "diff", "--format", format_]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == status, done.stderr
    command[-1] = "html"
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "Error [missing-extra]" in done.stderr
    assert "whatworks[serve]" in done.stderr


def test_what_is_not_there(folder: Path, opened: KnowledgeGraph, tmp_path: Path) -> None:
    """A release, file or folder that is not there, or of no kind, and a store elsewhere."""
    for word in ("0" * 16, "nope", ""):
        with pytest.raises(UnknownThing, match="There is no release"):
            opened.diff(word)
    with pytest.raises(MissingFile):
        opened.diff(str(tmp_path / "nope.nq"))
    (tmp_path / "x.docx").write_bytes(b"")
    with pytest.raises(UnknownFileType):
        opened.diff(str(tmp_path / "x.docx"))
    with pytest.raises(NotRemote):
        KnowledgeGraph.open(folder, store="http://127.0.0.1:9/sparql").diff()
    (tmp_path / "whatworks.toml").touch()
    with pytest.raises(UnknownThing, match="no release in use"):
        KnowledgeGraph.open(tmp_path).diff()


def test_the_first_release_has_none_before(copied: Path, names: list[str]) -> None:
    """Of one release alone it cannot be told what it changed; two that begin alike are told apart."""
    shutil.copytree(copied / "releases" / names[1], copied / "releases" / f"{names[1][:8]}{'0' * 8}")
    with pytest.raises(UnknownThing, match="2 releases"):
        KnowledgeGraph.open(copied).diff(names[1][:6])
    for name in {path.name for path in (copied / "releases").iterdir() if path.is_dir()} - {names[1]}:
        shutil.rmtree(copied / "releases" / name)
    with pytest.raises(UnknownThing, match="no release before"):
        KnowledgeGraph.open(copied).diff()


def test_damaged_and_newer_releases(copied: Path, names: list[str]) -> None:
    """A changed dump, a changed manifest and a format of later are errors; a backup without its store will do."""
    release = copied / "releases" / names[0]
    shutil.rmtree(release / "store")
    assert _said(_run(copied)) == ["Title: First [en] → Second [en]"]
    dump = (release / "dump.nq").read_bytes()
    (release / "dump.nq").write_bytes(dump.replace(b"First", b"Worst"))
    with pytest.raises(DamagedRelease, match="not as it was written") as caught:
        KnowledgeGraph.open(copied).diff()
    assert "whatworks verify" not in caught.value.hint  # which looks at the one in use
    (release / "dump.nq").unlink()
    with pytest.raises(DamagedRelease, match=f"{names[0]}/dump.nq: The dump cannot be read"):
        KnowledgeGraph.open(copied).diff()
    manifest = json.loads((release / "manifest.json").read_bytes())
    (release / "manifest.json").write_bytes(sealed({**manifest, "format": 99}))
    with pytest.raises(NewerRelease):
        KnowledgeGraph.open(copied).diff(names[0])
    (release / "manifest.json").write_bytes(b"{}")
    assert _run(copied, names[0]).exit_code == 3
    with pytest.raises(UnknownThing, match=f"cannot be read: .*{names[0]}"):
        KnowledgeGraph.open(copied).diff()


def test_releases_know_when_they_were_made(copied: Path, names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is that of the build or the stated one; built again it stays, and moves when an old one comes back."""
    found = Releases(copied / "releases")
    made = [release.made for release in found.all()]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", each) for each in made)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    _write(copied, "Second")
    KnowledgeGraph.open(copied).build(checked=False)
    assert [release.made for release in found.all()] == made
    _write(copied, "First")
    KnowledgeGraph.open(copied).build(checked=False)
    assert [(release.name, release.made) for release in found.all()][-1] == (names[0], "1970-01-01T00:00:00Z")
    (copied / "releases" / names[1] / "local.json").unlink()
    assert re.fullmatch(r"\d{4}-.*Z", found.get(names[1]).made)
