"""A site written again after a change: what is made anew, and that it is what a run from nothing writes."""

import os
import random
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.test_publish import DATA
from tests.test_static import HOME, MORE, content
from whatworks import KnowledgeGraph
from whatworks.namespaces import DEPRECATED, REPLACED
from whatworks.static.writing import Done, Wish, write
from whatworks.store import parse, serialize
from whatworks.terms import XSD_BOOLEAN, Iri, Literal, Quad

_EDITS = 3  # before all is compared; each run of the long test has so many

Edit = Callable[[random.Random, list[Quad]], list[Quad]]


def _texts(chance: random.Random, quads: list[Quad]) -> list[Quad]:
    """Change the text of a value."""
    found = [quad for quad in quads if isinstance(quad.object, Literal) and quad.object.language]
    at = chance.choice(found)
    assert isinstance(at.object, Literal)
    new = at._replace(object=at.object._replace(value=f"{at.object.value} <{chance.randrange(99)}> & more"))
    return [new if quad == at else quad for quad in quads]


def _values(chance: random.Random, quads: list[Quad]) -> list[Quad]:
    """Let a field have the value that another thing has."""
    at = chance.choice([quad for quad in quads if isinstance(quad.object, Iri)])
    others = sorted({quad.object for quad in quads if quad.predicate == at.predicate}, key=str)
    return [quad._replace(object=chance.choice(others)) if quad == at else quad for quad in quads]


def _fewer(chance: random.Random, quads: list[Quad]) -> list[Quad]:
    """Take away a statement."""
    at = chance.choice(quads)
    return [quad for quad in quads if quad != at]


def _gone(chance: random.Random, quads: list[Quad]) -> list[Quad]:
    """Take away all that is said of a thing and of its parts."""
    at = str(chance.choice([quad.subject for quad in quads])).partition("#")[0]
    return [quad for quad in quads if str(quad.subject).partition("#")[0] != at]


def _more(chance: random.Random, quads: list[Quad]) -> list[Quad]:
    """Say of a new thing what is said of another one."""
    at = str(chance.choice([quad.subject for quad in quads if "/id/" in str(quad.subject)])).partition("#")[0]
    new = f"{at}-{chance.randrange(99)}"
    same = [quad for quad in quads if str(quad.subject).partition("#")[0] == at]
    return [*quads, *(quad._replace(subject=Iri(new + str(quad.subject)[len(at) :])) for quad in same)]


def _retired(chance: random.Random, quads: list[Quad]) -> list[Quad]:
    """Retire a thing for another one."""
    one, other = chance.sample(sorted({quad.subject for quad in quads if "#" not in str(quad.subject)}, key=str), 2)
    graph = next(quad.graph for quad in quads if quad.subject == one)
    return [*quads, Quad(one, DEPRECATED, Literal("true", "", XSD_BOOLEAN), graph), Quad(one, REPLACED, other, graph)]


_WAYS: tuple[Edit, ...] = (_texts, _texts, _values, _fewer, _gone, _more, _retired)


def _written(project: Path, into: Path, cache: Path | None = None) -> Done:
    open_ = partial(KnowledgeGraph.open, project)
    return write(open_(), into, Wish(open_, HOME, search=False, cache=cache), lambda _: None)


def _edited(project: Path, chance: random.Random) -> None:
    """Change something in the data, and make a release of it."""
    file = project / "data" / "all.nq"
    quads = parse(file.read_bytes(), "nquads", name="all.nq", base=HOME)
    edited = chance.choice(_WAYS)(chance, quads)
    file.write_bytes(serialize(edited, "nquads"))
    KnowledgeGraph.open(project).build(checked=False)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a release, whose data is in one file of lines."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "whatworks.toml").touch()
    (folder / "data").mkdir()
    graph = Iri("https://w3id.org/whatworks/graph/all")
    quads = parse((DATA.replace("VERSION", "1.0") + MORE).encode(), "turtle", name="all.ttl", base=HOME, graph=graph)
    (folder / "data" / "all.nq").write_bytes(serialize(quads, "nquads"))
    KnowledgeGraph.open(folder).build(checked=False)
    return folder


def _same(one: Path, other: Path) -> list[str]:
    """Return the files in which two sites differ."""
    left, right = content(one), content(other)
    return sorted(path for path in left.keys() | right.keys() if left.get(path) != right.get(path))


@pytest.mark.slow  # writes three sites
def test_a_site_written_again_is_that_of_a_run_from_nothing(project: Path, tmp_path: Path) -> None:
    """After random changes one by one, each written over the site before, the site is that of a whole run."""
    folder, site, cache = tmp_path / "project", tmp_path / "site", tmp_path / "cache"
    shutil.copytree(project, folder)
    first = _written(folder, site, cache)
    chance = random.Random(7)  # noqa: S311 - for a test
    for _ in range(_EDITS):
        _edited(folder, chance)
        done = _written(folder, site, cache)
    assert done.kept > 0.8 * first.files
    _written(folder, tmp_path / "anew")
    assert _same(site, tmp_path / "anew") == []


@pytest.mark.long
@pytest.mark.slow  # writes two sites for each change
def test_each_of_many_changes_gives_the_site_of_a_run_from_nothing(project: Path, tmp_path: Path) -> None:
    """The same after each change."""
    folder, site, cache = tmp_path / "project", tmp_path / "site", tmp_path / "cache"
    shutil.copytree(project, folder)
    _written(folder, site, cache)
    chance = random.Random(int(os.environ.get("WHATWORKS_SEED", "1")))  # noqa: S311 - for a test
    for number in range(12):
        _edited(folder, chance)
        _written(folder, site, cache)
        shutil.rmtree(tmp_path / "anew", ignore_errors=True)
        _written(folder, tmp_path / "anew")
        assert _same(site, tmp_path / "anew") == [], number


@pytest.mark.slow  # writes a site
def test_only_what_a_change_touches_is_made_again(project: Path, tmp_path: Path) -> None:
    """Of a changed text the pages that show it are made, those of others are not; without its memory all are."""
    folder, site, cache = tmp_path / "project", tmp_path / "site", tmp_path / "cache"
    shutil.copytree(project, folder)
    _written(folder, site, cache)
    said: list[str] = []

    def again() -> int:
        open_ = partial(KnowledgeGraph.open, folder)
        write(open_(), site, Wish(open_, HOME, search=False, cache=cache), said.append)
        return int(next(line for line in said[::-1] if line.startswith("Writing ")).split()[1].replace(",", ""))

    nothing = again()
    file = folder / "data" / "all.nq"
    file.write_text(file.read_text(encoding="utf-8").replace('"Two"@en', '"Zwei"@en'), encoding="utf-8")
    KnowledgeGraph.open(folder).build(checked=False)
    some = again()
    few = again()
    (site / "doc/intervention/one.html").write_bytes(b"rotten")
    assert again() == few + 1  # what is not as the list says is made again
    memory = next((cache / "sites").iterdir())
    memory.write_bytes(memory.read_bytes()[:-3])
    everything = again()
    assert nothing <= few < some < everything / 3
