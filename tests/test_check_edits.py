"""Checks of real descriptions by parts, in several processes, of one file, and of what has changed.

Each is compared with the whole: one run of the validator over everything, or a check of everything before and after.
"""

import os
import random
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pyshacl
import pytest
from benchmarks.generate import write_project
from rdflib import Graph
from rdflib.namespace import SH

from tests.conftest import CASES
from tests.test_check_parts import EXAMPLES, told
from whatworks import KnowledgeGraph
from whatworks.checks import Finding, checker, clerks
from whatworks.checks.found import results_of
from whatworks.checks.profile import Profile
from whatworks.checks.validation import quiet
from whatworks.errors import GitFault
from whatworks.nodes import graph_of
from whatworks.store import parse, serialize
from whatworks.terms import RDF_TYPE, BlankNode, Iri, Literal, Quad, Term

pytestmark = [pytest.mark.slow, pytest.mark.long]

FIXTURES = sorted((CASES / "shapes").glob("*/*.ttl"))
EDITS = EXAMPLES // 4
SEED = int(os.environ.get("WHATWORKS_SEED", "1"))  # other edits
BASE = "https://w3id.org/whatworks/"


def _whole(kg: KnowledgeGraph, profile: str) -> set[tuple[str, ...]]:
    """Return the results of one run over everything that files assert."""
    asserted = (
        quad
        for quad in kg.collection.store.match()
        if not kg.collection.is_inferred(quad.graph) and not str(quad.graph).endswith("graph/shapes")
    )
    shapes = Profile(profile, kg.assets, kg.settings, kg.prefixes).graph
    with quiet():
        _, report, _ = pyshacl.validate(graph_of(asserted), shacl_graph=shapes, inference="none")
    assert isinstance(report, Graph)
    return _written(report.serialize(format="longturtle", encoding="utf-8"))


def _written(report: bytes) -> set[tuple[str, ...]]:
    """Return the results of a report as it was written: some values lose their form, such as 12.0."""
    return told(results_of(graph_of(parse(report, "turtle", name="report", base=BASE))))


def _parts(kg: KnowledgeGraph, profile: str, processes: int = 1) -> set[tuple[str, ...]]:
    """Return the results of a check, without what no shape looks at."""
    report = kg.check(profile=profile, processes=processes).write("turtle")
    return {result for result in _written(report) if "/shapes#" in result[3] and "ContactData" not in result[4]}


def test_fixtures_by_parts(
    project: Callable[[dict[str, str]], KnowledgeGraph], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All fixtures of all shapes, wrong ones among them, give the same results in parts of odd size as as a whole."""
    texts = {path: path.read_text(encoding="utf-8") for path in FIXTURES}
    kg = project({f"data/fixtures/{path.parent.name}-{path.stem}.ttl": text for path, text in texts.items()})
    monkeypatch.setattr(checker, "_AT_ONCE", 173)
    whole = _whole(kg, "publication")
    assert len(whole) > 500
    assert _parts(kg, "publication") == whole


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made project."""
    folder = tmp_path_factory.mktemp("made")
    write_project(folder, 16, 3)
    return folder


class Spoiler:
    """Makes faults in descriptions."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - nothing secret
        self.files = sorted((folder / "data/interventions").glob("*.trig"))
        self.read = {file: parse(file.read_bytes(), "trig", name=file.name, base=BASE) for file in self.files}
        every = [quad for quads in self.read.values() for quad in quads]
        kg = KnowledgeGraph.open(folder)
        shapes = Profile("core", kg.assets, kg.settings, kg.prefixes).graph
        pairs = [pair for order in (SH.lessThan, SH.lessThanOrEquals) for pair in shapes.subject_objects(order)]
        self.compared = {str(each) for shape, other in pairs for each in (other, shapes.value(shape, SH.path))}
        self.predicates = sorted({quad.predicate for quad in every})
        self.values: list[Term] = sorted({quad.object for quad in every}, key=str)
        self.nodes = sorted({quad.subject for quad in every if isinstance(quad.subject, Iri)})

    def spoiled(self, file: Path, faults: int) -> list[Quad]:
        """Return the statements of a file with so many faults."""
        quads = list(self.read[file])
        for _ in range(faults):
            self._spoil(quads)
        return quads

    def _spoil(self, quads: list[Quad]) -> None:
        rng = self.rng
        place = rng.randrange(len(quads))
        quad = quads[place]
        value: Term = rng.choice(self.values)
        if isinstance(quad.object, Literal) and rng.random() < 0.5:
            value = rng.choice(
                [Literal("x"), quad.object._replace(language="xx") if quad.object.language else Literal("")]
            )
        changes = [
            None,
            quad._replace(object=value),
            quad._replace(object=rng.choice(self.nodes)),
            quad._replace(object=Iri(f"{BASE}id/agent/nobody")),
            quad._replace(predicate=rng.choice(self.predicates)),
            quad._replace(object=BlankNode(f"b{rng.randrange(9)}")),
            quad._replace(
                predicate=RDF_TYPE, object=Iri(f"{BASE}ont#{rng.choice(['Practice', 'Tool', 'Phase', 'Odd'])}")
            ),
        ]
        change = rng.choice(changes)
        if change is not None and isinstance(change.object, BlankNode) and change.predicate in self.compared:
            return  # the validator by itself gives up there
        if change is None or rng.random() < 0.5:
            del quads[place]
        if change is not None:
            quads.append(change)


@pytest.mark.parametrize("seed", range(3))
def test_spoiled_descriptions_by_parts(seed: int, made: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Descriptions full of faults give the same results in parts as in the whole, in one process and in two."""
    spoiler = Spoiler(made, seed)
    (tmp_path / "whatworks.toml").touch()
    (tmp_path / "data").mkdir()
    for file in spoiler.files:
        (tmp_path / f"data/{file.stem}.nq").write_bytes(serialize(spoiler.spoiled(file, 12), "nquads"))
    for name in ("agents.nt", "links/curated.nt"):
        (tmp_path / "data" / Path(name).name).write_bytes((made / "data" / name).read_bytes())
    kg = KnowledgeGraph.open(tmp_path)
    monkeypatch.setattr(checker, "_AT_ONCE", 61 + seed)
    whole = _whole(kg, "publication")
    assert len(whole) > 150
    assert _parts(kg, "publication") == whole
    if seed == 0:
        monkeypatch.setattr(checker, "_PAYS", 100)
        assert _parts(kg, "publication", processes=2) == whole


def _findings(kg: KnowledgeGraph, files: Sequence[Path] = (), since: str | None = None) -> set[Finding]:
    """Return findings without their places."""
    return {replace(each, file="", line=None) for each in kg.check(files, "publication", since=since).findings}


def _edits(folder: Path, seed: int) -> Iterator[tuple[Path, bytes]]:
    """Yield files of a project with other content."""
    spoiler = Spoiler(folder, seed)
    while True:
        file = spoiler.rng.choice(spoiler.files)
        yield file, serialize(spoiler.spoiled(file, spoiler.rng.randint(1, 4)), "nquads")


def _of(file: Path, findings: set[Finding]) -> set[Finding]:
    return {each for each in findings if each.record.endswith(f"/{file.stem}")}


@pytest.fixture
def copied(made: Path, tmp_path: Path) -> KnowledgeGraph:
    """A copy of the made project, in a repository of its own."""
    (tmp_path / "whatworks.toml").touch()
    for file in (file for file in (made / "data").rglob("*") if file.is_file()):
        copy = tmp_path / file.relative_to(made)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "As made"]):
        _git(tmp_path, *words)
    return KnowledgeGraph.open(tmp_path)


def _git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True, timeout=60)


def test_edits(copied: KnowledgeGraph, tmp_path: Path) -> None:
    """A check of a file finds what a check of everything finds on its things, and what it breaks elsewhere."""
    before = _findings(copied)
    given = tmp_path / "given.nq"
    elsewhere = 0
    for file, content in islice(_edits(tmp_path, SEED), EDITS):
        given.write_bytes(content)
        found = _findings(copied, [given])
        was = file.read_bytes()
        file.unlink()
        (beside := file.with_suffix(".nq")).write_bytes(content)
        after = _findings(copied)
        beside.unlink()
        file.write_bytes(was)
        assert found <= after
        assert _of(file, after) <= found
        assert after - before <= found
        elsewhere += len(found - _of(file, found))
    assert elsewhere or EDITS < 37  # a few may all stay with their own things


def test_changed(copied: KnowledgeGraph, tmp_path: Path) -> None:
    """A check of what has changed finds what a check of everything finds more, and nothing that is not so."""
    before = _findings(copied)
    for file, content in islice(_edits(tmp_path, SEED + 1), max(3, EDITS // 5)):
        quads = parse(content, "nquads", name="x", base=BASE)
        file.write_bytes(serialize(quads, "trig"))
        after, found = _findings(copied), _findings(copied, since="HEAD")
        assert found <= after
        assert after - before <= found
        _git(tmp_path, "checkout", "-q", "--", ".")
    assert copied.check(since="HEAD").triples == 0


@pytest.mark.parametrize(
    ("since", "said"), [("nope", "git knows no revision 'nope'"), ("--output=x", "git knows no revision '--output=x'")]
)
def test_unknown_revision(since: str, said: str, copied: KnowledgeGraph) -> None:
    """A revision that git does not know is refused, whatever it looks like."""
    with pytest.raises(GitFault, match=said):
        copied.check(since=since)


def test_no_repository_and_no_git(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside of a repository, and without git, the error says so."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(made.parent))
    with pytest.raises(GitFault, match="is in no git repository"):
        KnowledgeGraph.open(made).check(since="HEAD")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitFault, match="not installed here"):
        KnowledgeGraph.open(made).check(since="HEAD")


def test_changed_model_concerns_everything(copied: KnowledgeGraph, tmp_path: Path) -> None:
    """Where shapes have changed, everything is checked, and the report says why; a removed agent concerns its users."""
    (shapes := tmp_path / "ontology/shapes/own.ttl").parent.mkdir(parents=True)
    shapes.write_text("# nothing yet\n", encoding="utf-8")
    report = copied.check(since="HEAD")
    assert report.notes == ["ontology/shapes/own.ttl has changed, so everything was checked."]
    assert report.triples > 4000
    shapes.unlink()
    before = _findings(copied)
    agents = tmp_path / "data/agents.nt"
    named = next(
        quad.object
        for quads in Spoiler(tmp_path, 1).read.values()
        for quad in quads
        if "/id/agent/" in str(quad.object)
    )
    lines = agents.read_text(encoding="utf-8").splitlines(keepends=True)
    agents.write_text("".join(line for line in lines if not line.startswith(f"<{named}>")), encoding="utf-8")
    found = _findings(copied, since="HEAD")
    assert _findings(copied) - before <= found
    assert any(each.record.startswith(f"{BASE}id/intervention/") for each in found)


def test_process_that_ends_is_told(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another process comes to its end, the check says so, and leaves no process behind."""
    monkeypatch.setattr(checker, "_PAYS", 100)
    monkeypatch.setattr(clerks, "_CHILD", "import sys; sys.exit(7)")
    with pytest.raises(ChildProcessError, match="status 7"):
        KnowledgeGraph.open(made).check(processes=2)
