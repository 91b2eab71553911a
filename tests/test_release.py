"""A release is named by its content, whole or not there, found damaged where it is damaged, and never half in use."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from whatworks import KnowledgeGraph
from whatworks.errors import (
    CheckFailed,
    DamagedRelease,
    Locked,
    NewerRelease,
    SourcesChanged,
    UnknownThing,
    Unwritable,
)
from whatworks.release import Release, Releases, source_state
from whatworks.results import Table

RECORD = """\
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix graph: <https://w3id.org/whatworks/graph/> .
@prefix intervention: <https://w3id.org/whatworks/id/intervention/> .
@prefix ww: <https://w3id.org/whatworks/ont#> .

graph:mine {
    intervention:KEY a ww:Practice ;
        dcterms:identifier "KEY" ;
        dcterms:title "TITLE"@en .
}
"""
Make = Callable[[dict[str, str]], KnowledgeGraph]


def _record(key: str, title: str = "A measure") -> str:
    return RECORD.replace("KEY", key).replace("TITLE", title)


@pytest.fixture
def small(project: Make) -> KnowledgeGraph:
    """A project with one record."""
    return project({"data/interventions/a.trig": _record("a")})


def _again(kg: KnowledgeGraph, **options: object) -> KnowledgeGraph:
    assert kg.assets.project is not None
    return KnowledgeGraph.open(kg.assets.project, **options)  # type: ignore[arg-type]  # passed on as they are


def _folder(kg: KnowledgeGraph) -> Path:
    assert kg.releases is not None
    return kg.releases.folder


def _keys(kg: KnowledgeGraph) -> list[str]:
    answer = kg.query("interventions")
    assert isinstance(answer, Table)
    return [str(row[0]).rsplit("/", 1)[1] for row in answer]


def test_release_is_read_once_it_is_there(small: KnowledgeGraph) -> None:
    """After a build the release answers, with the same statements as the files."""
    release = small.build(checked=False)
    opened = _again(small)
    assert opened.release is not None
    assert release.name == opened.release.name
    assert ["a"] == _keys(opened)
    assert len(small.sources.store) == len(opened.collection.store)
    assert small.sources.store.graphs() == opened.collection.store.graphs()


def test_same_files_give_the_same_release(project: Make, tmp_path: Path) -> None:
    """The name and all described files are the same for the same statements, whatever files they lie in."""
    first = project({"data/interventions/a.trig": _record("a"), "data/interventions/b.trig": _record("b")})
    one = first.build(tmp_path / "one", checked=False)
    assert first.assets.project is not None
    shutil.move(first.assets.project / "data/interventions/b.trig", first.assets.project / "data/interventions/0.trig")
    two = _again(first).build(tmp_path / "two", checked=False)
    assert one.name == two.name
    for file in ("dump.nq", "void.ttl", "manifest.json"):
        assert (one.folder / file).read_bytes() == (two.folder / file).read_bytes()


@pytest.mark.slow
def test_bytes_do_not_depend_on_seed_or_time_zone(small: KnowledgeGraph, tmp_path: Path) -> None:
    """Hash seeds, time zones and locales make no difference."""
    seen = set()
    for seed, zone in (("0", "UTC"), ("1", "Asia/Kathmandu"), ("2", "America/St_Johns")):
        folder = tmp_path / seed
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"}
        _whatworks(small, "build", "--no-check", "--output", str(folder), env=environment)
        name = (folder / "current").read_text().strip()
        files = ("dump.nq", "void.ttl", "manifest.json")
        seen.add((name, *((folder / name / file).read_bytes() for file in files)))
    assert 1 == len(seen)


def test_building_twice_writes_once(small: KnowledgeGraph) -> None:
    """The same content is one release."""
    first = small.build(checked=False)
    stamp = (first.folder / "dump.nq").stat().st_mtime_ns
    second = _again(small).build(checked=False)
    assert first.name == second.name
    assert stamp == (second.folder / "dump.nq").stat().st_mtime_ns


def test_manifest_says_what_is_in_it(small: KnowledgeGraph) -> None:
    """Counts, versions, licences and checksums are there, and nothing that changes from build to build."""
    manifest = small.build(checked=False).manifest
    assert 1 == manifest["classes"]["https://w3id.org/whatworks/ont#Practice"]
    assert {"dump.nq", "void.ttl"} == set(manifest["files"])
    assert "https://w3id.org/whatworks/ont" in manifest["versions"]
    assert "https://w3id.org/whatworks/ont" in manifest["licences"]


def test_violations_stop_a_release(project: Make) -> None:
    """Data with violations makes no release."""
    wrong = project({"data/interventions/a.trig": _record("a").replace('"A measure"@en', '"A measure"')})
    with pytest.raises(CheckFailed, match="violations"):
        wrong.build()
    assert not _folder(wrong).exists()


def test_newer_files_are_noticed(small: KnowledgeGraph) -> None:
    """When a file changed since the build, a person is told; when it was only touched, not."""
    small.build(checked=False)
    told: list[str] = []
    assert _again(small, notify=told.append).release is not None
    assert [] == told
    file = _folder(small).parent / "data/interventions/a.trig"
    os.utime(file, ns=(1, 1))
    assert _again(small, notify=told.append).release is not None
    assert [] == told
    file.write_text(_record("a", "Another title"), encoding="utf-8")
    assert _again(small, notify=told.append).release is not None
    assert 1 == len(told)
    assert "whatworks build" in told[0]


def test_old_releases_are_listed_and_pruned(small: KnowledgeGraph) -> None:
    """Old releases stay until they are pruned; the one in use always stays."""
    names = []
    for title in ("One", "Two", "Three"):
        (_folder(small).parent / "data/interventions/a.trig").write_text(_record("a", title), encoding="utf-8")
        names.append(_again(small).build(checked=False).name)
    releases = Releases(_folder(small))
    assert names == [release.name for release in releases.all()]
    assert names[:1] == releases.prune(1)
    assert names[1:] == [release.name for release in releases.all()]
    assert names[1:2] == releases.prune(0)
    current = releases.current()
    assert current is not None
    assert names[2] == current.name


def test_running_reader_is_not_disturbed(small: KnowledgeGraph) -> None:
    """A reader that opened a release answers from it after a new build."""
    small.build(checked=False)
    reader = _again(small)
    assert ["a"] == _keys(reader)
    (_folder(small).parent / "data/interventions/b.trig").write_text(_record("b"), encoding="utf-8")
    _again(small).build(checked=False)
    assert ["a"] == _keys(reader)
    assert ["a", "b"] == _keys(_again(small))


def test_second_writer_is_told(small: KnowledgeGraph) -> None:
    """While one process builds, another is refused at once."""
    releases = Releases(_folder(small))
    with releases._locked(), pytest.raises(Locked, match="Another process"):
        _again(small).build(checked=False)


def test_sources_that_change_meanwhile_are_refused(small: KnowledgeGraph) -> None:
    """A file that changed after it was read makes no release in use."""
    state = source_state(small.assets)
    (_folder(small).parent / "data/interventions/b.trig").write_text(_record("b"), encoding="utf-8")
    with pytest.raises(SourcesChanged):
        Releases(_folder(small)).build(small.sources, small.catalogue, state)
    assert not (_folder(small) / "current").exists()


def _damages(folder: Path) -> list[tuple[str, Callable[[Path], None]]]:
    def truncate(path: Path) -> None:
        with path.open("r+b") as file:
            file.truncate(max(0, path.stat().st_size // 2))

    def flip(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content)

    ways = (truncate, flip, Path.unlink)
    files = [
        path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "LOCK" and path.stat().st_size
    ]
    return [(str(file.relative_to(folder)), way) for file in files for way in ways]


def test_every_damage_is_found(small: KnowledgeGraph, tmp_path: Path) -> None:
    """Each file of a release, cut, changed or removed, is noticed by `verify` or when the release is opened."""
    whole = small.build(checked=False)
    assert [] == whole.verify()
    damages = _damages(whole.folder)
    assert len(damages) > 20
    for number, (name, damage) in enumerate(damages):
        copy = tmp_path / str(number) / whole.name
        shutil.copytree(whole.folder, copy)
        damage(copy / name)
        try:
            wrong = Release.open(copy).verify()
        except DamagedRelease:
            continue
        assert wrong, f"{damage.__name__} {name}"


def test_release_of_a_newer_version_is_refused(small: KnowledgeGraph) -> None:
    """A release with a format that this version does not know is not read as if it were known."""
    release = small.build(checked=False)
    manifest = {**release.manifest, "format": 99}
    (release.folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(NewerRelease, match="format 99"):
        _ = _again(small).collection


@pytest.mark.parametrize("name", ["../../etc", "", "x" * 16, "0123456789abcdef"])
def test_current_that_names_no_release_is_refused(small: KnowledgeGraph, name: str) -> None:
    """A damaged `current`, a path out of the folder and a missing release are told, not followed."""
    small.build(checked=False)
    (_folder(small) / "current").write_text(name, encoding="utf-8")
    with pytest.raises(DamagedRelease):
        _ = _again(small).collection


def test_unknown_release_is_told(small: KnowledgeGraph) -> None:
    """Asking for a release that is not there names the list."""
    with pytest.raises(UnknownThing, match="no release"):
        Releases(_folder(small)).get("../secret")


def test_folder_that_cannot_be_made_is_told(small: KnowledgeGraph, tmp_path: Path) -> None:
    """Where the folder of releases cannot be, the build says so."""
    (tmp_path / "file").touch()
    with pytest.raises(Unwritable):
        small.build(tmp_path / "file" / "releases", checked=False)


def _whatworks(kg: KnowledgeGraph, *words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "whatworks", "--project", str(kg.assets.project), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=ROOT)


def test_commands_build_list_verify_prune(small: KnowledgeGraph) -> None:
    """The four commands work together, and a damaged release gives exit status 1 with the file named."""
    built = _whatworks(small, "build", "--no-check")
    name = (_folder(small) / "current").read_text().strip()
    assert (0, True) == (built.returncode, name in built.stdout)
    assert f"{name} " in _whatworks(small, "releases").stdout
    assert "whole" in _whatworks(small, "verify").stdout
    assert "0 removed" in _whatworks(small, "prune").stdout
    with (_folder(small) / name / "dump.nq").open("a") as file:
        file.write("x")
    damaged = _whatworks(small, "verify")
    assert (1, True) == (damaged.returncode, "dump.nq" in damaged.stdout)


@pytest.mark.slow
def test_full_disk_leaves_the_release_in_use(small: KnowledgeGraph, tmp_path: Path) -> None:
    """On a disk with no room the build fails with a message and the release before stays in use."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "none", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs rights that are not there")
    try:
        first = _whatworks(small, "build", "--no-check", "--output", str(place / "releases"))
        filler = place / "filler"
        if first.returncode == 0:
            name = (place / "releases/current").read_text()
            filler.write_bytes(b"x" * max(0, shutil.disk_usage(place).free - 200_000))
            (_folder(small).parent / "data/interventions/b.trig").write_text(_record("b"), encoding="utf-8")
            second = _whatworks(small, "build", "--no-check", "--output", str(place / "releases"))
            assert (3, "Error [unwritable]") == (second.returncode, second.stderr[:18])
            assert name == (place / "releases/current").read_text()
            assert [] == Release.open(place / "releases" / name.strip()).verify()
        else:
            assert "Error [unwritable]" in first.stderr
        assert [] == list((place / "releases").glob(".building-*"))
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.slow
def test_hundred_kills_leave_a_readable_release(small: KnowledgeGraph) -> None:
    """A build killed at any of 100 random moments leaves the release before in use, whole and readable."""
    small.build(checked=False)
    chance = random.Random(7)  # noqa: S311 - moments to kill at, no secrets
    file = _folder(small).parent / "data/interventions/a.trig"
    command = [sys.executable, "-m", "whatworks", "--project", str(small.assets.project), "build", "--no-check"]
    started = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    takes = time.monotonic() - started
    for number in range(100):
        file.write_text(_record("a", f"Title {number}"), encoding="utf-8")
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.random() * takes * 1.1)
        process.send_signal(signal.SIGKILL)
        process.wait()
        current = Releases(_folder(small)).current()
        assert current is not None
        assert [] == current.verify()
        assert ["a"] == _keys(_again(small, store=current.folder))
    _again(small).build(checked=False)
    assert [] == list(_folder(small).glob(".building-*"))
