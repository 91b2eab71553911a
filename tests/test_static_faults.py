"""A site of files: no fault on the way costs the site before, and names are such as every disk takes."""

import json
import multiprocessing
import multiprocessing.synchronize
import os
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.test_publish import DATA
from tests.test_static import content
from whatworks import KnowledgeGraph
from whatworks.errors import ForeignFiles, Locked, UnusableName, Unwritable
from whatworks.static import finder
from whatworks.static import folder as folders
from whatworks.static.folder import LIST, opened
from whatworks.static.names import check, check_address, check_all
from whatworks.static.writing import Wish, write


def small(folder: Path, files: dict[str, bytes]) -> None:
    """Write a site of some files."""
    with opened(folder) as site:
        site.finish({"release": "x"}, [site.place(path, written) for path, written in files.items()])


def test_foreign_files_are_never_lost(tmp_path: Path) -> None:
    """A folder with something else, a file, a link, or a list that was changed is refused, and stays as it is."""
    foreign = tmp_path / "foreign"
    (foreign / "deep").mkdir(parents=True)
    (foreign / "deep" / "thesis.doc").write_text("years of work")
    with pytest.raises(ForeignFiles, match=r"deep/thesis\.doc"):
        small(foreign, {"index.html": b"x"})
    site = tmp_path / "site"
    small(site, {"index.html": b"x", "doc/a.html": b"a"})
    (site / "CNAME").write_text("data.example")
    with pytest.raises(ForeignFiles, match="CNAME"):
        small(site, {"index.html": b"y"})
    (site / "CNAME").unlink()
    (tmp_path / "link").symlink_to(site)
    for name in ("link", "file"):
        (tmp_path / "file").touch()
        with pytest.raises(ForeignFiles, match="is no folder"):
            small(tmp_path / name, {"index.html": b"y"})
    said = json.loads((site / LIST).read_bytes())
    (site / LIST).write_text(json.dumps({**said, "release": "y"}))
    with pytest.raises(ForeignFiles, match="not as it was written"):
        small(site, {"index.html": b"y"})
    assert (foreign / "deep" / "thesis.doc").read_text() == "years of work"
    assert (site / "index.html").read_bytes() == b"x"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "foreign", "link", "site"]


def test_a_fault_on_the_way_leaves_the_old_site(tmp_path: Path) -> None:
    """Whatever stops a run, the site before is whole and nothing lies beside it."""
    site = tmp_path / "site"
    small(site, {"index.html": b"old"})
    for files, fault, said in (
        ({"index.html": b"new", "index.html/x": b"no folder"}, Unwritable, r"index\.html"),
        ({"index.html": b"new", "other.html": None}, TypeError, "NoneType"),
    ):
        with pytest.raises(fault, match=said):
            small(site, files)  # type: ignore[arg-type]
    assert content(site).keys() == {"index.html", LIST}
    assert (site / "index.html").read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["site"]


def test_what_a_killed_run_left_is_put_right(tmp_path: Path) -> None:
    """A run that ended between taking the old site away and putting the new one there costs nothing."""
    site = tmp_path / "site"
    small(site, {"index.html": b"old"})
    (tmp_path / ".site.building-dead").mkdir()
    site.rename(tmp_path / ".site.old-dead")
    with opened(site):
        assert (site / "index.html").read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["site"]


def test_where_two_folders_cannot_change_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no such call, or disks know no second names, the new site is there all the same."""

    def refuses(*_: object, **__: object) -> None:
        raise OSError(1, "not here")

    site = tmp_path / "site"
    monkeypatch.setattr(folders, "_exchanged", lambda *_: False)
    monkeypatch.setattr("os.link", refuses)
    for written in (b"old", b"new"):
        small(site, {"index.html": written, "same.html": b"same"})
        assert (site / "index.html").read_bytes() == written
    assert [each.name for each in tmp_path.iterdir()] == ["site"]


def _holds(folder: Path, ready: "multiprocessing.synchronize.Event", end: "multiprocessing.synchronize.Event") -> None:
    with opened(folder):
        ready.set()
        end.wait(20)


def test_two_at_once(tmp_path: Path) -> None:
    """A second one that writes the same site is refused; when the first has ended, however, it may."""
    context = multiprocessing.get_context("spawn")
    ready, end = context.Event(), context.Event()
    first = context.Process(target=_holds, args=(tmp_path / "site", ready, end))
    first.start()
    try:
        assert ready.wait(20)
        with pytest.raises(Locked):
            small(tmp_path / "site", {"index.html": b"x"})
    finally:
        first.kill()
        first.join()
    small(tmp_path / "site", {"index.html": b"x"})
    assert [each.name for each in tmp_path.iterdir()] == ["site"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the user may write everywhere")
def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """A read-only place is said to be one."""
    tmp_path.chmod(0o500)
    with pytest.raises(Unwritable):
        small(tmp_path / "site", {"index.html": b"x"})


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("doc/x/a?b.html", "'?' cannot stand"),
        ("doc/x/a:b.html", "':' cannot stand"),
        ("doc/x/a\tb", "cannot stand"),
        ("doc/x/a%20b.html", "another sign"),
        ("doc/../x", "no name of a file"),
        ("doc//x", "no name of a file"),
        ("doc/x.", "Windows cuts off"),
        ("doc/CON.html", "device of Windows"),
        ("doc/" + "é" * 130, "more than 255 bytes"),
    ],
)
def test_names_that_not_every_disk_takes(path: str, why: str) -> None:
    """What some disk or host refuses is refused here, with the name and the reason."""
    with pytest.raises(UnusableName, match=why.replace("?", "[?]")):
        check(path)
    check("doc/intervention/été-2.html")


def test_where_a_disk_is_mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot change its name is refused before anything is written."""
    monkeypatch.setattr("os.path.ismount", lambda path: Path(path) == tmp_path / "disk")
    (tmp_path / "disk").mkdir()
    with pytest.raises(Unwritable, match="is where a disk is mounted"):
        small(tmp_path / "disk", {"index.html": b"x"})
    small(tmp_path / "disk" / "site", {"index.html": b"x"})
    assert (tmp_path / "disk" / "site" / "index.html").read_bytes() == b"x"


_PAGEFIND = """#!{python}
import gzip, pathlib, sys
made = pathlib.Path(sys.argv[sys.argv.index("--output-path") + 1])
(made / "fragment").mkdir(parents=True)
(made / "pagefind-entry.json").write_text('{{"languages": {{}}}}')
(made / "fragment" / "en_1.pf_fragment").write_bytes(gzip.compress(b"a page")[:{length}])
"""


@pytest.mark.skipif(not finder.is_there(), reason="the extra `site` is not installed")
@pytest.mark.parametrize(("length", "whole"), [(None, True), (12, False), (0, False)])
def test_an_index_that_is_cut_is_told(
    length: int | None, whole: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program that makes the index ends well on a full disk, with files that are cut or empty."""
    program = tmp_path / "pagefind"
    program.write_text(_PAGEFIND.format(python=sys.executable, length=length))
    program.chmod(0o755)
    monkeypatch.setattr("pagefind_bin.get_executable", lambda: program)
    with finder.indexing(tmp_path) as index:
        if whole:
            assert {path for path, _ in index()} == {
                "pagefind/pagefind-entry.json",
                "pagefind/fragment/en_1.pf_fragment",
            }
        else:
            with pytest.raises(Unwritable, match="not whole, among them en_1"):
                list(index())


@pytest.mark.parametrize("key", ["..", ".", "a/../b"])
def test_addresses_of_dots(key: str) -> None:
    """Who follows a link with dots comes elsewhere."""
    with pytest.raises(UnusableName, match="browsers make another address"):
        check_address(f"id/intervention/{key}")
    check_address("id/intervention/...")


def test_a_site_is_written_from_within(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path from the current folder, though that is changed for another one, is the same place until the end."""
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "whatworks.toml").touch()
    (folder / "data" / "all.ttl").write_text(DATA, encoding="utf-8")
    wish, site = Wish(partial(KnowledgeGraph.open, folder), search=False, cache=tmp_path / "cache"), tmp_path / "site"
    first = write(KnowledgeGraph.open(folder), site, wish, lambda _: None)
    monkeypatch.chdir(site)
    again = write(KnowledgeGraph.open(folder), Path(), wish, lambda _: None)
    assert (again.files, again.kept) == (first.files, first.files)
    assert (site / LIST).exists()


def test_names_that_are_one_on_some_disks() -> None:
    """Two names that differ in capitals, or in how a letter with a mark is written, clash; so do file and folder."""
    for one, other in (("doc/Abc.html", "doc/abc.html"), ("doc/\u00e9", "doc/e\u0301"), ("voc/a", "voc/a/b.html")):
        with pytest.raises(UnusableName, match=r"one file on disks|folder of"):
            check_all([one, other])
    with pytest.raises(UnusableName, match=r"^/voc/a/index.html would be two files"):  # of a concept, and of the list
        check_all(["voc/a.html", "voc/a/index.html", "voc/a/index.html"])
    check_all(["voc/a.html", "voc/a/b.html", "index.html"])
