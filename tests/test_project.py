"""Projects: what `whatworks new` writes works at once, and another sector needs nothing of the tool."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CASES, ROOT
from whatworks import KnowledgeGraph, errors
from whatworks.project import new_project
from whatworks.results import Table, Triples
from whatworks.terms import Literal

OURS = "https://jobs.example/"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new project."""
    target = tmp_path_factory.mktemp("new") / "jobs"
    new_project(target, OURS)
    return target


@pytest.fixture(scope="module")
def health(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    """A collection of health programmes, imported from its table."""
    target = tmp_path_factory.mktemp("health") / "project"
    shutil.copytree(CASES / "health", target)
    kg = KnowledgeGraph.open(target)
    batch = kg.read([target / "data" / "sources" / "programmes.jsonl"])
    batch.check()
    for name, content in batch.contents.items():
        (target / "data" / name).parent.mkdir(exist_ok=True)
        (target / "data" / name).write_bytes(content)
    return KnowledgeGraph.open(target)


def _keys(kg: KnowledgeGraph, query: str, **values: object) -> list[str]:
    answer = kg.query(query, **values)
    assert isinstance(answer, Table)
    column = answer.columns.index("key")
    return [term.value for row in answer if isinstance(term := row[column], Literal)]


@pytest.mark.slow
def test_new_project_is_checked_asked_and_built(folder: Path) -> None:
    """Nothing is wrong or wanted but a kind, both kinds of queries answer, and a release is made."""
    kg = KnowledgeGraph.open(folder)
    assert {finding.severity for finding in kg.check(profile="publication").findings} == {"info"}
    assert _keys(kg, "job-guarantees", within=9) == ["magma-marienthal"]
    assert _keys(kg, "interventions", country="France") == ["zero-long-term-unemployment-territories"]
    assert _keys(kg, "interventions", target_group="Langzeitarbeitslose") == _keys(kg, "job-guarantees")
    assert kg.build(checked=False).verify() == []


def test_new_project_has_its_base_everywhere(folder: Path) -> None:
    """No file names the placeholder, and the importer would write the same records again."""
    assert not [path for path in folder.rglob("*.*") if path.is_file() and b"project.example" in path.read_bytes()]
    kg = KnowledgeGraph.open(folder)
    batch = kg.read([folder / "data" / "sources" / "interventions.jsonl"])
    assert {change.kind for change in batch.changes(folder / "data")} == {"unchanged"}


def test_fields_of_an_own_class_stand_under_their_headings(folder: Path) -> None:
    """A class below a shipped one has its fields, with those that the project adds."""
    described = KnowledgeGraph.open(folder).show("magma-marienthal")
    fields = {section.name: [field.name for field in section.fields] for section in described.sections}
    assert fields["For whom"] == ["Target population", "Months without work"]
    assert "Stage" in fields["Where and when"]


def test_own_shape_fires(folder: Path, tmp_path: Path) -> None:
    """The shape of the project finds a job guarantee without its months."""
    target = tmp_path / "jobs"
    shutil.copytree(folder, target, ignore=shutil.ignore_patterns("releases"))
    record = target / "data" / "interventions" / "magma-marienthal.trig"
    text = record.read_text(encoding="utf-8")
    record.write_text(re.sub(r" *own:monthsWithoutWork 9 ;\n", "", text), encoding="utf-8")
    found = KnowledgeGraph.open(target).check(profile="core").findings
    assert [(finding.field, finding.severity) for finding in found] == [("Months without work", "violation")]


@pytest.mark.slow
def test_new_project_passes_its_own_test(folder: Path) -> None:
    """The test that comes with a project passes in it."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout.decode()


def test_new_project_fills_an_empty_folder(tmp_path: Path) -> None:
    """A folder that is there and empty is filled."""
    (tmp_path / "jobs").mkdir()
    assert "whatworks.toml" in new_project(tmp_path / "jobs")


@pytest.mark.parametrize("kind", ["file", "full", "link"])
def test_what_is_there_is_never_touched(tmp_path: Path, kind: str) -> None:
    """A file, a folder that holds something and a link that leads nowhere are refused and stay."""
    target = tmp_path / "jobs"
    if kind == "file":
        target.write_text("mine")
    elif kind == "full":
        target.mkdir()
        (target / "mine").touch()
    else:
        target.symlink_to(tmp_path / "nowhere")
    with pytest.raises(errors.Unwritable):
        new_project(target)
    assert [path.name for path in tmp_path.iterdir()] == ["jobs"]
    assert kind != "full" or [path.name for path in target.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    "base", ["", "jobs", "https://jobs.example", "file:///jobs/", "https://jobs.example/ a/", 'x">/']
)
def test_base_must_be_an_address(tmp_path: Path, base: str) -> None:
    """What is no IRI with a slash at its end is refused and nothing is written."""
    with pytest.raises(errors.InvalidValue, match="base"):
        new_project(tmp_path / "jobs", base)
    assert list(tmp_path.iterdir()) == []


# ---- another sector ----


def test_health_programmes_are_valid(health: KnowledgeGraph) -> None:
    """The shapes find nothing wrong with a collection that has its own class, approaches, groups and outcomes."""
    assert not health.check(profile="curation").fails("warning")


def test_health_programmes_are_found_by_their_own_words(health: KnowledgeGraph) -> None:
    """Values of the project are values like any other."""
    assert _keys(health, "interventions", approach="Housing first", country="Canada") == ["at-home-chez-soi"]
    assert _keys(health, "interventions", target_group="first-time mothers") == ["nurse-family-partnership"]
    assert _keys(health, "findings", outcome="substance use") == ["nurse-family-partnership"]
    assert _keys(health, "actors", role="funder") == ["at-home-chez-soi"]


def test_every_stored_query_answers_for_health(health: KnowledgeGraph) -> None:
    """No stored query needs the shipped records; the required parameters are given from this collection."""
    given = {"intervention": "at-home-chez-soi", "agent": "Health Canada", "approach": "housing first"}
    answered = {}
    for query in health.catalogue.all():
        values = {each.name: [given[each.name]] for each in query.parameters if each.required and each.name in given}
        if {each.name for each in query.parameters if each.required} <= values.keys():
            answer = health.ask(query, values)
            answered[query.name] = sum(1 for _ in answer) if isinstance(answer, Table | Triples) else 1
    assert len(answered) >= 40
    rows = {"interventions": 2, "findings": 3, "evaluations": 2, "places": 2, "countries": 1, "actor-partners": 1}
    assert rows.items() <= answered.items()


def test_health_programmes_round_trip(health: KnowledgeGraph) -> None:
    """What is exported as JSON-LD names the class of the project and holds its findings."""
    text = health.export("jsonld", ["nurse-family-partnership"]).decode()
    assert "HealthProgramme" in text
    assert "59.58" in text


def test_the_tool_knows_no_sector() -> None:
    """No module speaks of schools or learners: what is known of a sector stands in the model and the data."""
    words = re.compile(r"\b(school|education|learner|teacher|apprentice|pupil|dropout|vet)s?\b", re.IGNORECASE)
    found = {path.name: words.findall(path.read_text(encoding="utf-8")) for path in (ROOT / "src").rglob("*.py")}
    assert {name: said for name, said in found.items() if said} == {}
