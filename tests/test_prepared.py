"""Prepared stores: the same answers as from the files, never out of date, and never in the way."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

import pytest

from tests.conftest import ROOT
from tests.test_assets import ordinary_user
from whatworks import KnowledgeGraph, prepared
from whatworks.assets import Assets
from whatworks.catalogue import Query
from whatworks.errors import Unwritable
from whatworks.prepared import VARIABLE, Prepared, cache_folder
from whatworks.results import Boolean, Table
from whatworks.settings import Settings
from whatworks.store import canonical_nquads

Make = Callable[[dict[str, str]], KnowledgeGraph]
A = '<https://x.org/a> <https://x.org/p> "1" .\n'


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """An empty cache folder."""
    return tmp_path / "cache"


@pytest.fixture
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files need not have a certain age; the test waits for a tick of the clock where one is needed."""
    monkeypatch.setattr(prepared, "_SETTLED", 0)


def _prepared(opened: KnowledgeGraph, cache: Path) -> Prepared:
    return Prepared(cache, opened.assets, opened.settings)


def _entries(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "prepared").iterdir()) if (cache / "prepared").exists() else []


def _write(opened: KnowledgeGraph, cache: Path) -> Path:
    """Prepare a store as a command does, and return its folder."""
    before = set(_entries(cache))
    making = _prepared(opened, cache)
    making.collection()
    assert making.write()
    (name,) = set(_entries(cache)) - before
    return cache / "prepared" / name


# ---- the same answers ----


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[KnowledgeGraph, KnowledgeGraph]:
    """The shipped collection made from the files, and read from a prepared store."""
    cache = tmp_path_factory.mktemp("both")
    made = KnowledgeGraph.open(ROOT, cache=cache)
    assert made.prepared is not None
    assert len(made.collection.store) > 0
    assert made.prepared.write()
    read = KnowledgeGraph.open(ROOT, cache=cache)
    assert read.prepared is not None
    assert read.prepared.open() is not None
    return made, read


def test_statements_are_the_same(both: tuple[KnowledgeGraph, KnowledgeGraph]) -> None:
    """A prepared store holds exactly the statements of the files and of the rules, in the same graphs."""
    made, read = both
    assert canonical_nquads(made.collection.local) == canonical_nquads(read.collection.local)
    assert made.collection.store.graphs() == read.collection.store.graphs()


def _answer(opened: KnowledgeGraph, query: Query) -> object:
    examples = {"intervention": "assistierte-ausbildung-asa", "agent": "European Social Fund"}
    values = {
        parameter.name: [examples.get(parameter.name, parameter.example)]
        for parameter in query.parameters
        if parameter.required
    }
    answer = opened.ask(query, values)
    if isinstance(answer, Boolean):
        return answer
    if isinstance(answer, Table):
        return answer.columns, list(answer)
    return set(answer)


@pytest.mark.slow
def test_stored_queries_answer_the_same(both: tuple[KnowledgeGraph, KnowledgeGraph]) -> None:
    """Every stored query answers the same rows in the same order, or the same statements."""
    made, read = both
    queries = made.catalogue.all()
    assert sum(isinstance(_answer(made, query), tuple) for query in queries) > 10
    for query in queries:
        assert (query.name, _answer(made, query)) == (query.name, _answer(read, query))


def test_values_are_found_in_the_same_way(both: tuple[KnowledgeGraph, KnowledgeGraph]) -> None:
    """What people type means the same, wherever the graph is read from."""
    for value in ("BE", "Belgium", "belgien", "country:BEL"):
        rows = [opened.query("interventions", country=value) for opened in both]
        first, second = (list(each) for each in rows if isinstance(each, Table))
        assert first == second != []


@pytest.mark.slow
def test_descriptions_and_exports_are_the_same(both: tuple[KnowledgeGraph, KnowledgeGraph]) -> None:
    """Descriptions, exports, counts and origins are the same."""
    made, read = both
    for name in ("expairs-project", "country:BEL", "stage:pilot", "https://w3id.org/whatworks/ont#Intervention"):
        assert made.show(name) == read.show(name)
    for format in ("turtle", "nquads", "jsonld"):
        assert made.export(format, ["expairs-project"]) == read.export(format, ["expairs-project"])
        assert made.export(format) == read.export(format)
    assert list(made.statistics()) == list(read.statistics())
    assert made.why("expairs-project") == read.why("expairs-project")


# ---- never out of date ----


def _add_rule(folder: Path) -> None:
    (folder / "ontology/rules").mkdir(parents=True)
    (folder / "ontology/rules/own.rq").write_text(
        "CONSTRUCT { ?s <https://x.org/q> ?o } WHERE { ?s <https://x.org/p> ?o }"
    )


def _swap(folder: Path) -> None:
    """Change a file so that neither its size nor the time of its content differs."""
    file = folder / "data/a.nt"
    before = file.stat()
    file.write_text(A.replace("1", "2"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def _replace(folder: Path) -> None:
    """Put another file of the same size and time in the place of one."""
    other = folder / "other"
    other.write_text(A.replace("1", "2"))
    before = (folder / "data/a.nt").stat()
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.rename(folder / "data/a.nt")


CHANGES: dict[str, Callable[[Path], object]] = {
    "other content": lambda folder: (folder / "data/a.nt").write_text(A * 2 + A.replace("1", "3")),
    "other content, same size": lambda folder: (folder / "data/a.nt").write_text(A.replace("1", "2")),
    "same size and time": _swap,
    "another file": _replace,
    "new file": lambda folder: (folder / "data/b.nt").write_text(A.replace("1", "2")),
    "removed file": lambda folder: (folder / "data/a.nt").unlink(),
    "renamed file": lambda folder: (folder / "data/a.nt").rename(folder / "data/b.nt"),
    "new base": lambda folder: (folder / "whatworks.toml").write_text('base = "https://y.org/"'),
    "new rule": _add_rule,
    "file that is refused": lambda folder: (folder / "data/a.rdf").touch(),
}


@pytest.mark.usefixtures("_settled")
@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(project: Make, tmp_path: Path, cache: Path, change: str) -> None:
    """After any change of what the graph is made from, the prepared store is not used."""
    opened = project({"data/a.nt": A})
    _write(opened, cache)
    assert _prepared(opened, cache).open() is not None
    time.sleep(0.02)  # more than a tick of the clock of a disk
    CHANGES[change](tmp_path)
    assert _prepared(KnowledgeGraph.open(tmp_path), cache).open() is None


@pytest.mark.usefixtures("_settled")
def test_what_does_not_count_may_change(project: Make, tmp_path: Path, cache: Path) -> None:
    """Sources of imports and stored queries are not part of the graph."""
    opened = project({"data/a.nt": A, "data/sources/a.jsonl": "{}"})
    _write(opened, cache)
    (tmp_path / "data/sources/a.jsonl").write_text("{ }")
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries/own.rq").touch()
    assert _prepared(KnowledgeGraph.open(tmp_path), cache).open() is not None


@pytest.mark.usefixtures("_settled")
def test_other_versions_make_their_own(project: Make, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of the tool, of the engine or of the format, and another program, read no store of this one."""
    opened = project({"data/a.nt": A})
    _write(opened, cache)
    for name, value in (("__version__", "0"), ("ENGINE", "0"), ("_FORMAT", 0)):
        with monkeypatch.context() as patch:
            patch.setattr(prepared, name, value)
            assert _prepared(opened, cache).open() is None
    assert _prepared(opened, cache).open() is not None
    marks = [asset.name for asset in Assets.program()]
    assert {"program/collection.py", "program/store/embedded.py"} < set(marks)
    assert all(name.endswith(".py") for name in marks)


def test_young_files_are_not_prepared(project: Make, cache: Path) -> None:
    """A file of which a second change within the same tick of the clock would not be seen is not relied on."""
    making = _prepared(project({"data/a.nt": A}), cache)
    making.collection()
    assert making.write() is False
    assert _entries(cache) == []


@pytest.mark.usefixtures("_settled")
def test_files_that_change_meanwhile_are_not_prepared(project: Make, tmp_path: Path, cache: Path) -> None:
    """Where a file changed after it was read, nothing is kept."""
    making = _prepared(project({"data/a.nt": A}), cache)
    making.collection()
    (tmp_path / "data/a.nt").write_text(A * 2)
    assert making.write() is False
    assert _entries(cache) == []


def test_files_in_an_archive_are_not_prepared(cache: Path) -> None:
    """Files without times of their own are never relied on."""
    import zipfile  # noqa: PLC0415 - one test needs it

    cache.mkdir()
    with zipfile.ZipFile(cache / "a.zip", "w") as archive:
        archive.writestr("ontology/prefixes.ttl", "")
        archive.writestr("data/a.nt", A)
    making = Prepared(cache, Assets(zipfile.Path(cache / "a.zip")), Settings())
    assert len(making.collection().store) == 1
    assert making.write() is False


# ---- never in the way ----


def _cut(store: Path) -> None:
    file = max(store.glob("*.sst"), key=lambda path: path.stat().st_size)
    file.write_bytes(file.read_bytes()[:-1])


def _flip(store: Path) -> None:
    """Change one bit in the middle of the statements."""
    file = max(store.glob("*.sst"), key=lambda path: path.stat().st_size)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut file": _cut,
    "missing file": lambda store: max(store.glob("*.sst")).unlink(),
    "flipped bit": _flip,
    "further file": lambda store: (store / "000099.sst").touch(),
    "missing store": rmtree,
    "unreadable mark": lambda store: (store.parent / "made-from").write_bytes(b"\xff"),
    "missing mark": lambda store: (store.parent / "made-from").unlink(),
}


@pytest.mark.usefixtures("_settled")
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_store_is_made_anew(project: Make, cache: Path, damage: str) -> None:
    """What is cut, garbled or gone is not used, and the next one takes its place."""
    opened = project({"data/a.nt": A})
    folder = _write(opened, cache)
    DAMAGES[damage](folder / "store")
    again = _prepared(opened, cache)
    assert again.open() is None
    assert len(again.collection().store) > 0
    assert again.write()
    assert _prepared(opened, cache).open() is not None
    assert _entries(cache) == [folder.name]


@pytest.mark.usefixtures("_settled")
def test_a_folder_that_cannot_be_written_is_told(project: Make, cache: Path) -> None:
    """Where no folder can be made, writing says so."""
    cache.touch()
    making = _prepared(project({"data/a.nt": A}), cache)
    assert len(making.collection().store) > 0
    with pytest.raises(Unwritable):
        making.write()


@pytest.mark.skipif(sys.platform == "win32", reason="rights of folders work otherwise there")
@pytest.mark.usefixtures("_settled")
def test_a_store_that_can_only_be_read_is_used() -> None:
    """A cache folder without the right to write serves as well, as long as what it holds fits."""
    with TemporaryDirectory() as name:
        folder, cache = Path(name), Path(name) / "cache"
        folder.chmod(0o755)
        (folder / "project/data").mkdir(parents=True)
        (folder / "project/data/a.nt").write_text(A)
        opened = KnowledgeGraph.open(folder / "project")
        _write(opened, cache)
        for path in (cache, *cache.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        with ordinary_user():
            assert len(_prepared(opened, cache).collection().store) > 0
            assert _prepared(opened, cache).open() is not None
        (folder / "project/data/a.nt").write_text(A * 2)
        making = _prepared(opened, cache)
        making.collection()
        with ordinary_user(), pytest.raises(Unwritable, match="Permission denied"):
            making.write()


@pytest.mark.usefixtures("_settled")
def test_few_are_kept(project: Make, tmp_path: Path, cache: Path) -> None:
    """The four used last stay; what a killed process left behind goes after an hour."""
    opened = project({"data/a.nt": A})
    first = _write(opened, cache)
    for number in range(3):
        (tmp_path / "data/a.nt").write_text(A * (number + 2))
        _write(opened, cache)
    assert len(_entries(cache)) == 4
    (tmp_path / "data/a.nt").write_text(A)
    young, old = first.with_name(".making-young"), first.with_name(".making-old")
    young.mkdir()
    old.mkdir()
    os.utime(old, (time.time() - 4000,) * 2)
    made_from = [(path / "made-from") for path in (cache / "prepared").iterdir() if (path / "made-from").exists()]
    for age, file in enumerate(sorted(made_from, key=lambda file: file.parent != first)):
        os.utime(file, (time.time() - 100 - age,) * 2)
    (tmp_path / "data/a.nt").write_text(A * 7)
    last = _write(opened, cache)
    kept = _entries(cache)
    assert len(kept) == 5
    assert {first.name, last.name, ".making-young"} < set(kept)
    assert ".making-old" not in kept


# ---- the commands ----


def _start(*words: str, **options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "whatworks", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env={**os.environ, **options})


BELGIAN = ("query", "interventions", "--country", "BE")


@pytest.mark.slow
def test_a_command_prepares_for_the_next(cache: Path) -> None:
    """The first question prepares a store, the next one reads it; neither says so, and both answer the same."""
    first = _start(*BELGIAN, WHATWORKS_CACHE=str(cache))
    (name,) = _entries(cache)
    mark = cache / "prepared" / name / "made-from"
    os.utime(mark, (1, 1))
    second = _start(*BELGIAN, WHATWORKS_CACHE=str(cache))
    assert mark.stat().st_mtime > 1, "the second command has read it"
    assert first.stdout == second.stdout != ""
    assert (first.stderr, second.stderr) == ("", "")


@pytest.mark.slow
def test_a_command_can_be_told_to_prepare_nothing(cache: Path) -> None:
    """An empty variable or an empty option leaves the disk alone; the option counts more than the variable."""
    user = {"HOME": str(cache), "XDG_CACHE_HOME": str(cache), "LOCALAPPDATA": str(cache)}
    cache.mkdir()
    plain = _start(*BELGIAN, WHATWORKS_CACHE="", **user)
    option = _start("--cache", "", *BELGIAN, WHATWORKS_CACHE=str(cache / "other"), **user)
    assert plain.stdout == option.stdout != ""
    assert list(cache.iterdir()) == []
    _start("--cache", str(cache / "one"), *BELGIAN, WHATWORKS_CACHE=str(cache / "other"), **user)
    assert [path.name for path in cache.iterdir()] == ["one"]


@pytest.mark.slow
def test_a_command_answers_where_nothing_can_be_written(cache: Path) -> None:
    """Where the cache folder cannot be made, the command answers as before and says nothing of it."""
    cache.touch()
    found = _start(*BELGIAN, WHATWORKS_CACHE=str(cache))
    assert found.stderr == ""
    assert len(found.stdout.splitlines()) > 3


@pytest.mark.slow
def test_several_commands_at_once(cache: Path) -> None:
    """Commands that prepare the same store at the same time all answer, and one store is there afterwards."""
    command = [sys.executable, "-m", "whatworks", *BELGIAN]
    environment = {**os.environ, VARIABLE: str(cache)}
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=environment) for _ in range(4)]
    answers = {process.communicate(timeout=120)[0] for process in running}
    assert [process.returncode for process in running] == [0] * 4
    assert len(answers) == 1
    assert len(_entries(cache)) == 1
    assert len(answers.pop().splitlines()) > 3


# ---- the folder ----


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/x/whatworks"),
        ("linux", {"XDG_CACHE_HOME": "", "HOME": "/h"}, "/h/.cache/whatworks"),
        ("linux", {"XDG_CACHE_HOME": "x", "HOME": "/h"}, "/h/.cache/whatworks"),
        ("linux", {"HOME": "/h"}, "/h/.cache/whatworks"),
        ("darwin", {"HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/h/Library/Caches/whatworks"),
        ("win32", {"LOCALAPPDATA": "/l"}, "/l/whatworks/Cache"),
        ("win32", {}, None),
        ("linux", {"WHATWORKS_CACHE": "", "HOME": "/h"}, None),
        ("linux", {"WHATWORKS_CACHE": "/w", "HOME": "/h"}, "/w"),
    ],
)
def test_cache_folder(
    monkeypatch: pytest.MonkeyPatch, platform: str, environment: dict[str, str], expected: str | None
) -> None:
    """The cache is the folder that is named, else the one that the system has for it."""
    for name in (VARIABLE, "XDG_CACHE_HOME", "HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert cache_folder() == (Path(expected) if expected is not None else None)


def test_cache_folder_that_is_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder that is given counts more than the environment; its name may be relative, and none if it is empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, "/w")
    assert cache_folder("x") == tmp_path / "x"
    assert cache_folder("") is None
