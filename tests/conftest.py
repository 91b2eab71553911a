"""What all tests share: the shipped collection, and ways to make a small one."""

import gc
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copy

import click
import pytest

from whatworks import KnowledgeGraph
from whatworks.cli import main
from whatworks.collection import Collection
from whatworks.lookup import Lookup
from whatworks.prepared import VARIABLE

pytest.register_assert_rewrite("tests.alike")

ROOT = Path(__file__).parent.parent
CASES = Path(__file__).parent / "cases"
BASE = "https://w3id.org/whatworks/"


def pytest_configure() -> None:
    """Refuse to run beside a release of the checkout: that would be read, and not the files, which the tests judge.

    Who starts tests in the background may have Ctrl-C ignored, in what they start as well; some send it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if (ROOT / "releases/current").exists():
        raise pytest.UsageError(
            f"{ROOT / 'releases'} holds a release, which would be judged instead of the files. "
            "Move it away; `whatworks build --output FOLDER` makes it elsewhere."
        )


def commands() -> dict[str, click.Command]:
    """Return the commands by their names."""
    context = click.Context(main)
    found = {name: main.get_command(context, name) for name in main.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The tests, and the processes that they start, leave the user's cache folder alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module", autouse=True)
def _without_old_circles() -> None:
    """Python need not look for circles again and again in what the tests before have opened and keep."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def kg() -> KnowledgeGraph:
    """The shipped collection, opened once; tests only read it."""
    opened = KnowledgeGraph.open()
    assert len(opened.collection.store) > 0
    return opened


@pytest.fixture(scope="session")
def collection(kg: KnowledgeGraph) -> Collection:
    """The shipped graph with its files."""
    return kg.collection


@pytest.fixture(scope="session")
def lookup(kg: KnowledgeGraph) -> Lookup:
    """Finds the things of the shipped collection."""
    return kg.lookup


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with three of the shipped records; tests that write copy it."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "whatworks.toml").touch()
    (folder / "data/interventions").mkdir(parents=True)
    for name in ("agents.ttl", "collections.ttl"):
        copy(ROOT / "data" / name, folder / "data" / name)
    for key in ("youthreach", "expairs-project", "job-corps"):
        copy(ROOT / f"data/interventions/{key}.trig", folder / "data/interventions")
    return folder


@pytest.fixture(scope="session")
def content(small: Path) -> bytes:
    """The workbook of the small project with its records."""
    return KnowledgeGraph.open(small).template([]).content


@pytest.fixture
def project(tmp_path: Path) -> Callable[[dict[str, str]], KnowledgeGraph]:
    """Make a project out of files by name, and open it: `project({"data/interventions/a.trig": "…"})`."""

    def make(files: dict[str, str]) -> KnowledgeGraph:
        (tmp_path / "whatworks.toml").touch()
        (tmp_path / "data").mkdir(exist_ok=True)
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return KnowledgeGraph.open(tmp_path)

    return make
