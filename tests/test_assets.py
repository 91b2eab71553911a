"""Finding files, and writing them whole or not at all."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory
from zipfile import Path as ZipPath
from zipfile import ZipFile

import pytest

from whatworks.assets import Asset, Assets, find_project, write_files
from whatworks.errors import LinkRefused, MissingFile, Place, Unwritable

SOURCE = Path(__file__).parent.parent / "src/whatworks"


def files_below(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, hidden ones included."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A package with a file of each kind, and files that editors leave."""
    root = tmp_path / "shipped"
    for name in (
        "ontology/b.ttl",
        "ontology/a/z.ttl",
        "ontology/.hidden",
        "ontology/~lock",
        "queries/q.rq",
        "data/d.ttl",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def test_find_finds_the_files_of_the_package() -> None:
    """The ontology, the queries and the data of the package are found without a project."""
    found = Assets.find()
    assert "ontology/prefixes.ttl" in [asset.name for asset in found.ontology()]
    assert all(asset.name.startswith("queries/") for asset in found.queries())
    assert found.data() != []


def test_find_says_that_the_package_is_not_whole(tmp_path: Path) -> None:
    """A package without its files says so, and how to mend it, at the first command."""
    (tmp_path / "src").mkdir()
    copytree(SOURCE, tmp_path / "src/whatworks", ignore=ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "whatworks", "queries"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert (3, "") == (done.returncode, done.stdout)
    assert "Error [missing-file]: The ontology, queries and data of whatworks are not where they were" in done.stderr


def test_find_refuses_a_project_that_is_not_there(tmp_path: Path) -> None:
    """A folder that does not exist is no project."""
    with pytest.raises(MissingFile, match="no project folder"):
        Assets.find(tmp_path / "nowhere")


def test_files_are_listed_by_name_without_hidden_ones(shipped: Path) -> None:
    """Files come in the order of their names; hidden and temporary ones are left out."""
    assert [asset.name for asset in Assets(shipped).ontology()] == ["ontology/a/z.ttl", "ontology/b.ttl"]


def test_a_project_adds_to_the_model_and_replaces_the_data(shipped: Path, tmp_path: Path) -> None:
    """The package's model comes first and the project's after it; the data is the project's alone."""
    project = tmp_path / "project"
    (project / "ontology").mkdir(parents=True)
    (project / "ontology" / "own.ttl").touch()
    assets = Assets(shipped, project)
    assert [asset.name for asset in assets.ontology()] == ["ontology/a/z.ttl", "ontology/b.ttl", "ontology/own.ttl"]
    assert [asset.name for asset in assets.queries()] == ["queries/q.rq"]
    assert assets.data() == []
    assert assets.data_folder() == project / "data"


def test_files_are_read_from_a_zip(shipped: Path, tmp_path: Path) -> None:
    """A package that is a zip file has the same files; nothing can be imported into it."""
    archive = tmp_path / "package.zip"
    with ZipFile(archive, "w") as written:
        for name, content in files_below(shipped).items():
            written.writestr(name, content)
    assets = Assets(ZipPath(archive))
    assert [(asset.name, asset.read()) for asset in assets.data()] == [("data/d.ttl", b"data/d.ttl")]
    assert [asset.name for asset in assets.ontology()] == ["ontology/a/z.ttl", "ontology/b.ttl"]
    assert assets.data_folder() is None


def test_data_folder_is_the_checkout_s(shipped: Path) -> None:
    """An import writes into a checkout, but not into an installed package."""
    assert Assets(shipped).data_folder() is None
    (shipped / "pyproject.toml").touch()
    assert Assets(shipped).data_folder() == shipped / "data"


def test_read_says_which_file_is_missing(tmp_path: Path) -> None:
    """A file that went away is told by its logical name."""
    with pytest.raises(MissingFile) as caught:
        Asset("data/gone.ttl", tmp_path / "gone.ttl").read()
    assert caught.value.where == Place("data/gone.ttl")


def test_find_project_looks_upwards(tmp_path: Path) -> None:
    """The nearest folder with settings is the project."""
    inner = tmp_path / "outer" / "project" / "data" / "x"
    inner.mkdir(parents=True)
    (tmp_path / "outer" / "whatworks.toml").touch()
    (tmp_path / "outer" / "project" / "whatworks.toml").touch()
    assert find_project(inner) == tmp_path / "outer" / "project"
    assert find_project(tmp_path / "outer") == tmp_path / "outer"


def test_find_project_finds_none(tmp_path: Path) -> None:
    """A settings folder is no settings file, and without settings there is no project."""
    (tmp_path / "whatworks.toml").mkdir()
    assert find_project(tmp_path) is None


def test_write_files_writes_all_and_leaves_nothing_else(tmp_path: Path) -> None:
    """New and old files get their content, folders are made, and no temporary file is left."""
    (tmp_path / "old.ttl").write_bytes(b"before")
    write_files({tmp_path / "old.ttl": b"after", tmp_path / "a" / "b" / "new.ttl": b"\x00new"})
    assert files_below(tmp_path) == {"old.ttl": b"after", "a/b/new.ttl": b"\x00new"}


def test_write_files_keeps_the_rights_of_a_file(tmp_path: Path) -> None:
    """A file keeps who may read it; a new one can be read by all."""
    (tmp_path / "old").touch(mode=0o600)
    write_files({tmp_path / "old": b"", tmp_path / "new": b""})
    assert [oct((tmp_path / name).stat().st_mode & 0o777) for name in ("old", "new")] == ["0o600", "0o644"]


@pytest.mark.parametrize("last", ["folder", "file/below.ttl", "n" * 300])
def test_write_files_changes_nothing_when_one_cannot_be_written(tmp_path: Path, last: str) -> None:
    """Where one file cannot be written, those before it are as they were, and no temporary file is left."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"file")
    (tmp_path / "old.ttl").write_bytes(b"before")
    contents = {tmp_path / "old.ttl": b"after", tmp_path / last: b"x"}
    with pytest.raises(Unwritable) as caught:
        write_files(contents)
    assert str(tmp_path / last) in caught.value.message
    assert files_below(tmp_path) == {"file": b"file", "old.ttl": b"before"}


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Be somebody who is not the administrator, to whom rights mean nothing."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(was)


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A folder that may be read and not written, seen by somebody who is not the administrator."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "old.ttl").write_bytes(b"before")
        folder.chmod(0o555)
        with ordinary_user():
            yield folder
        folder.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="rights of folders work otherwise there")
def test_write_files_says_that_a_folder_is_read_only(read_only: Path) -> None:
    """A folder without the right to write is told, and stays as it was."""
    with pytest.raises(Unwritable, match="Permission denied"):
        write_files({read_only / "old.ttl": b"after"})
    assert files_below(read_only) == {"old.ttl": b"before"}


def test_write_files_writes_what_a_link_leads_to(tmp_path: Path) -> None:
    """A link stays a link, and the file that it leads to has the content, be it there before or not."""
    (tmp_path / "far").mkdir()
    (tmp_path / "far/old").write_bytes(b"before")
    (tmp_path / "a").symlink_to("far/old")
    (tmp_path / "b").symlink_to("far/new")
    write_files({tmp_path / "a": b"1", tmp_path / "b": b"2"})
    assert [(tmp_path / name).readlink() for name in "ab"] == [Path("far/old"), Path("far/new")]
    assert files_below(tmp_path / "far") == {"old": b"1", "new": b"2"}
    (tmp_path / "c").symlink_to("c")
    with pytest.raises(Unwritable, match=r"/c cannot be written: Too many levels of symbolic links\."):
        write_files({tmp_path / "c": b""})


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such pipes")
def test_write_files_writes_into_a_pipe(tmp_path: Path) -> None:
    """A pipe, a device and a link to one are written to and stay what they are; others are written whole."""
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    (tmp_path / "null").symlink_to(os.devnull)
    write_files({tmp_path / "pipe": b"content", tmp_path / "null": b"x", tmp_path / "file": b"file"})
    assert os.read(reader, 100) == b"content"
    os.close(reader)
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "null").is_char_device()
    assert (tmp_path / "file").read_bytes() == b"file"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_write_files_leaves_no_folder_behind(tmp_path: Path) -> None:
    """Where a file cannot be written, it is named, and folders that were made for others are gone again."""
    (tmp_path / "kept").mkdir()
    contents = {tmp_path / "a/b/c.ttl": b"x", tmp_path / "kept/d/e.ttl": b"x", Path("/dev/full"): b"x"}
    with pytest.raises(Unwritable, match=r"^/dev/full cannot be written: No space left on device\."):
        write_files(contents)
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "kept"]


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder in which one folder may not be read and one not be entered, seen by an ordinary user."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data/hidden").mkdir(parents=True)
        (folder / "queries/inner").mkdir(parents=True)
        (folder / "data/hidden").chmod(0)
        (folder / "queries").chmod(0o444)
        folder.chmod(0o755)
        with ordinary_user():
            yield folder
        (folder / "data/hidden").chmod(0o755)
        (folder / "queries").chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="rights of folders work otherwise there")
def test_folder_that_may_not_be_read_is_told(closed: Path) -> None:
    """A folder without the right to read it, or to look at what it holds, is told by its logical name."""
    with pytest.raises(MissingFile, match="cannot be read: Permission denied") as caught:
        Assets(closed).data()
    assert caught.value.where == Place("data/hidden")
    with pytest.raises(MissingFile, match="cannot be read: Permission denied") as caught:
        Assets(closed).queries()
    assert caught.value.where == Place("queries/inner")


WRITE_AND_DIE = """
import os, sys
from pathlib import Path
from whatworks.assets import write_files
class Contents(dict):
    def items(self):
        yield Path(sys.argv[1]) / "a.ttl", b"after"
        os.kill(os.getpid(), 9)
write_files(Contents())
"""


@pytest.mark.slow
def test_write_files_killed_half_way_leaves_the_old_files(tmp_path: Path) -> None:
    """A process that is killed before the last step has changed no file."""
    (tmp_path / "a.ttl").write_bytes(b"before")
    ended = subprocess.run([sys.executable, "-c", WRITE_AND_DIE, str(tmp_path)], check=False)
    assert ended.returncode == -9
    assert (tmp_path / "a.ttl").read_bytes() == b"before"


# ---- links and other things among the files of a project ----


@pytest.fixture
def linked(tmp_path: Path, shipped: Path) -> Assets:
    """A project with a file, and a file beside the project."""
    (tmp_path / "mine/data/inner").mkdir(parents=True)
    (tmp_path / "mine/data/inner/a.ttl").write_text("a")
    (tmp_path / "mine/secret.ttl").write_text("not data")
    (tmp_path / "outside.ttl").write_text("outside")
    return Assets(shipped, tmp_path / "mine")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("..", "a folder"),
        (".", "a folder"),
        ("inner", "a folder"),
        ("../../outside.ttl", "out of the project"),
        ("../..", "out of the project"),
        ("/etc/hostname", "out of the project"),
        ("gone.ttl", "nowhere: No such file"),
        ("link.ttl", "nowhere: Too many levels"),
    ],
)
def test_link_among_the_data_is_refused(linked: Assets, target: str, said: str) -> None:
    """A link to a folder, such as the one it lies in, out of the project, or to nothing is told and not followed."""
    assert linked.project is not None
    (linked.project / "data/link.ttl").symlink_to(target)
    with pytest.raises(LinkRefused, match=said) as caught:
        linked.data()
    assert Place("data/link.ttl") == caught.value.where


def test_link_to_a_file_of_the_project_is_followed(linked: Assets) -> None:
    """Within a project a link to a file counts as the file, also where the project itself is reached by a link."""
    assert linked.project is not None
    (linked.project / "data/b.ttl").symlink_to("inner/a.ttl")
    (linked.project.parent / "also").symlink_to("mine")
    for assets in (linked, Assets(linked.shipped, linked.project.parent / "also")):
        assert {"data/b.ttl": b"a", "data/inner/a.ttl": b"a"} == {asset.name: asset.read() for asset in assets.data()}


def test_folders_of_a_project_are_no_links(linked: Assets) -> None:
    """The data as a whole cannot lie elsewhere, nor be missing behind a link."""
    assert linked.project is not None
    (linked.project / "ontology").symlink_to("gone")
    (linked.project / "queries").symlink_to("../shipped/queries")
    for read in (linked.ontology, linked.queries):
        with pytest.raises(LinkRefused):
            read()


def test_links_of_the_package_are_followed(shipped: Path) -> None:
    """An installation may be made of links."""
    (shipped / "real").mkdir()
    (shipped / "real/x.ttl").write_text("x")
    (shipped / "data/more").symlink_to("../real")
    assert ["data/d.ttl", "data/more/x.ttl"] == [asset.name for asset in Assets(shipped).data()]


def test_pipe_among_the_data_is_told(linked: Assets) -> None:
    """A pipe, which would be waited for, is no file."""
    assert linked.project is not None
    os.mkfifo(linked.project / "data/pipe.ttl")
    with pytest.raises(MissingFile, match="neither a file") as caught:
        linked.data()
    assert Place("data/pipe.ttl") == caught.value.where


def test_checkout_opened_as_a_project() -> None:
    """The checkout as a project is the shipped collection, and its model and queries are read once."""
    alone, project = Assets.find(), Assets.find(Path(__file__).parent.parent)
    assert [asset.name for asset in alone.ontology()] == [asset.name for asset in project.ontology()]
    assert [asset.name for asset in alone.queries()] == [asset.name for asset in project.queries()]
    assert [asset.name for asset in alone.sources()] == [asset.name for asset in project.sources()]
