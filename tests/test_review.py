"""Links that wait for review, decided about in a spreadsheet."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from shutil import copytree
from typing import Any

import openpyxl
import pytest

from tests.conftest import ROOT
from tests.filled import book_of, edited, headings
from tests.test_linking import SCHOOLS, Project, run
from whatworks import KnowledgeGraph
from whatworks.results import Boolean
from whatworks.store import parse

_SIGNED = ("--by", "Ada L.")
LAST = 500  # a row below all others
BELGIUM = ("country:BEL", "atu:BEL")


@pytest.fixture
def schools(project: Project) -> Path:
    """A project of six schools whose links are worked out."""
    folder = project({"data/interventions/all.ttl": SCHOOLS}).assets.project
    assert folder is not None
    assert 0 == run(folder, "link", "--minimum", "0")[0]
    return folder


@pytest.fixture
def sheet(schools: Path) -> Path:
    """The workbook of their links."""
    file = schools / "links.xlsx"
    status, _, said = run(schools, "template", str(file), "--review")
    assert (0, True) == (status, said.startswith(f"Wrote {file}, with 15 links, ")), said
    return file


def _decide(row: int, decision: str, note: str = "") -> Callable[[Any], None]:
    def edit(book: Any) -> None:
        book["Links"].cell(row, 1).value = decision
        book["Links"].cell(row, 2).value = note

    return edit


def test_the_sheet_has_each_link_that_waits(sheet: Path) -> None:
    """A row has both ends with their titles, score and reasons, the strongest first, and a list to choose from."""
    links = book_of(sheet.read_bytes())["Links"]
    assert ["Decision", "Note", "One", "Title", "Other", "Other title", "Score", "Explanation", "In common"] == list(
        headings(links)
    )
    rows = list(links.iter_rows(min_row=4, values_only=True))
    mappings, rows = rows[15:], rows[:15]
    scores = [row[6] for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert all(row[2] and row[3] and row[4] and row[5] and row[7] for row in rows)
    assert ("country:BEL", "Belgium", "atu:BEL", "Belgium (atu)", 1) in [row[2:7] for row in mappings]
    assert any("A" in str(each.sqref) for each in links.data_validations.dataValidation)


def test_decisions_are_noted(schools: Path, sheet: Path, tmp_path: Path) -> None:
    """What was accepted and rejected stands in the file of decisions with who and why; the rest waits."""

    def edit(book: Any) -> None:
        _decide(4, "accept", "Both are farms.")(book)
        _decide(6, "\u00a0Reject ")(book)

    file = edited(sheet.read_bytes(), tmp_path, edit)
    status, said, _ = run(schools, "import", str(file), "--dry-run")
    assert (0, True) == (status, said.endswith("2 decisions. Nothing was written.\n"))
    assert not (schools / "data/links/reviewed.ttl").exists()
    status, said, _ = run(schools, "import", str(file), *_SIGNED)
    assert (0, True) == (status, "2 decisions. Take them up with: whatworks link" in said)
    text = (schools / "data/links/reviewed.ttl").read_text(encoding="utf-8")
    assert (1, 1) == (text.count("review-status:accepted"), text.count("review-status:rejected"))
    assert 'ww:reviewedBy "Ada L."' in text
    assert 'ww:reviewNote "Both are farms."@en' in text
    status, said, _ = run(schools, "link", "--minimum", "0")
    assert "13 wait for review, 1 are accepted, 1 rejected" in said


def test_mappings_are_decided_about_in_the_same_sheet(schools: Path, sheet: Path, tmp_path: Path) -> None:
    """A mapping to an authority is accepted beside a link that is rejected; each decision stands where it belongs."""

    def edit(book: Any) -> None:
        _decide(4, "reject")(book)
        (row,) = [
            cells[0].row for cells in book["Links"].iter_rows(min_row=4) if (cells[2].value, cells[4].value) == BELGIUM
        ]
        _decide(row, "accept", "The same country.")(book)

    status, said, error = run(schools, "import", str(edited(sheet.read_bytes(), tmp_path, edit)), *_SIGNED)
    assert (0, True) == (status, "accepted  country:BEL and atu:BEL\n2 decisions." in said), error
    assert "The same country." in (schools / "data/links/outside.sssom.tsv").read_text(encoding="utf-8")
    assert "country:BEL skos:exactMatch atu:BEL ." in (schools / "data/links/outside.ttl").read_text(encoding="utf-8")
    assert 1 == (schools / "data/links/reviewed.ttl").read_text(encoding="utf-8").count("review-status:rejected")


def test_a_decision_needs_a_name(schools: Path, sheet: Path, tmp_path: Path) -> None:
    """Nobody decides without a name."""
    file = edited(sheet.read_bytes(), tmp_path, _decide(4, "accept"))
    status, _, error = run(schools, "import", str(file))
    assert (2, True) == (status, "--by NAME" in error)


def test_nothing_decided(schools: Path, sheet: Path) -> None:
    """A workbook without decisions decides nothing; the example is none."""
    status, said, _ = run(schools, "import", str(sheet), *_SIGNED)
    assert (0, "0 decisions. Take them up with: whatworks link\n") == (status, said)
    assert not (schools / "data/links/reviewed.ttl").exists()
    status, _, error = run(schools, "import", str(sheet), str(sheet), *_SIGNED)
    assert (2, True) == (status, "holds decisions: import it alone." in error)


def test_what_cannot_be_followed(schools: Path, sheet: Path, tmp_path: Path) -> None:
    """All problems are told at once, each with its cell; nothing is noted; a copy has them marked."""

    def edit(book: Any) -> None:
        _decide(4, "accept")(book)
        _decide(5, "perhaps")(book)
        _decide(6, "reject")(book)
        book["Links"].cell(6, 3).value = "nowhere"
        _decide(7, "reject")(book)
        book["Links"].cell(7, 5).value = book["Links"].cell(7, 3).value
        book["Links"].cell(8, 1).value = True
        book["Links"].cell(9, 1).value = "=A4"
        _decide(LAST, "reject")(book)
        for column in (3, 5):
            book["Links"].cell(LAST, column).value = book["Links"].cell(4, column).value

    file, marked = edited(sheet.read_bytes(), tmp_path, edit), tmp_path / "marked.xlsx"
    status, _, error = run(schools, "import", str(file), *_SIGNED, "--marked", str(marked))
    assert 3 == status
    for said in (
        "edited.xlsx, Links!A5: ",
        "is no decision. Write accept or reject",
        "edited.xlsx, Links!C6: ",
        "'nowhere': names nothing that can be decided about.",
        "edited.xlsx, Links!A7: ",
        "does not wait for review",
        "edited.xlsx, Links!A8: ",
        "edited.xlsx, Links!A9: ",
        f"edited.xlsx, Links!A{LAST}: ",
        "is not what A4 says of the same two.",
    ):
        assert said in error, said
    assert not (schools / "data/links/reviewed.ttl").exists()
    assert "is no decision" in openpyxl.load_workbook(marked)["Links"]["A5"].comment.text


def test_a_link_that_was_decided_meanwhile(schools: Path, sheet: Path, tmp_path: Path) -> None:
    """A decision that somebody else made meanwhile is not written over."""
    file = edited(sheet.read_bytes(), tmp_path, _decide(4, "accept"))
    row = next(book_of(sheet.read_bytes())["Links"].iter_rows(min_row=4, max_row=4, values_only=True))
    run(schools, "link", "--reject", row[2], row[4], "--by", "Bob", "--minimum", "0")
    before = (schools / "data/links/reviewed.ttl").read_bytes()
    status, _, error = run(schools, "import", str(file), *_SIGNED)
    assert (3, True) == (status, "does not wait for review" in error)
    assert before == (schools / "data/links/reviewed.ttl").read_bytes()


def test_headings_that_are_gone(schools: Path, sheet: Path, tmp_path: Path) -> None:
    """A sheet without its headings is told as such."""

    def rename(book: Any) -> None:
        book["Links"].cell(2, 1).value = "Mine"

    file = edited(sheet.read_bytes(), tmp_path, rename)
    status, _, error = run(schools, "import", str(file), *_SIGNED)
    assert (3, True) == (status, "has not the headings Decision, One, Other." in error)


def test_links_alone_are_written(schools: Path) -> None:
    """A workbook of links holds no records."""
    status, _, error = run(schools, "template", str(schools / "x.xlsx"), "--review", "--with-data")
    assert (2, True) == (status, "--review writes only what waits" in error)


# ---- approaches that were assigned ----

YOUTHREACH, SECOND = "intervention:youthreach", "approach:second-chance-measures"


@pytest.fixture
def assigned(small: Path, tmp_path: Path) -> Path:
    """A copy of the small project."""
    copytree(small, tmp_path / "project")
    return tmp_path / "project"


def _approaches(folder: Path) -> Path:
    """Return the workbook to review in."""
    file = folder / "review.xlsx"
    status, _, said = run(folder, "template", str(file), "--review")
    assert 0 == status, said
    return file


def _judge(decisions: dict[str, tuple[str, str]]) -> Callable[[Any], None]:
    """Decide about the approaches of interventions, by their keys."""

    def edit(book: Any) -> None:
        sheet = book["Assigned approaches"]
        for key, said in decisions.items():
            (row,) = [cells[2].row for cells in sheet.iter_rows(min_row=4) if cells[2].value == key]
            for column, text in enumerate(said, 1):
                sheet.cell(row, column).value = text

    return edit


def test_assigned_approaches_stand_on_a_sheet_of_their_own(assigned: Path) -> None:
    """Each assignment has a row with what there is to judge by."""
    sheet = book_of(_approaches(assigned).read_bytes())["Assigned approaches"]
    assert ["Decision", "Note", "Intervention", "Title", "Approach", "Name", "Meaning", "Record"] == list(
        headings(sheet)
    )
    rows = {row[2]: row for row in sheet.iter_rows(min_row=4, values_only=True)}
    assert {"youthreach", "expairs-project"} == set(rows)
    assert (SECOND, "Second chance measures") == rows["youthreach"][4:6]
    assert all("\nAim: " in row[7] and "\nActivity: " in row[7] and row[6] for row in rows.values())


def test_decisions_about_approaches_are_kept(assigned: Path, tmp_path: Path) -> None:
    """What is accepted stays, only what is rejected leaves its record; who, when and why stand in a file."""
    before = {file: file.read_text(encoding="utf-8") for file in (assigned / "data/interventions").iterdir()}
    decided = {"youthreach": ("reject", "It keeps pupils in."), "expairs-project": ("accept", "")}
    file = edited(_approaches(assigned).read_bytes(), tmp_path, _judge(decided))
    status, said, _ = run(assigned, "import", str(file), "--dry-run")
    assert (0, True) == (status, f"rejected  youthreach and {SECOND}" in said)
    assert before == {name: name.read_text(encoding="utf-8") for name in before}
    assert 0 == run(assigned, "import", str(file), *_SIGNED)[0]
    text = (assigned / "data/reviews.ttl").read_text(encoding="utf-8")
    today = f'ww:reviewedOn "{date.today().isoformat()}"^^xsd:date'
    assert (1, 1, 2, 2) == tuple(
        text.count(each)
        for each in ("review-status:accepted", "review-status:rejected", 'ww:reviewedBy "Ada L."', today)
    )
    assert 'ww:reviewNote "It keeps pupils in."@en' in text
    changed = {
        name.stem: name.read_text(encoding="utf-8") for name in before if before[name] != name.read_text("utf-8")
    }
    assert {"youthreach"} == set(changed)
    gone = set(before[assigned / "data/interventions/youthreach.trig"].splitlines()) - set(
        changed["youthreach"].splitlines()
    )
    assert all("assigned/approach" in line or SECOND in line or "prefix approach" in line for line in gone), gone
    kg = KnowledgeGraph.open(assigned)
    assert [] == [each for each in kg.check(profile="core").findings if each.severity == "violation"]
    assert kg.sparql(f"ASK {{ {YOUTHREACH} ww:appliesApproach {SECOND} }}") == Boolean(False)
    assert kg.sparql("ASK { ?each ww:reviewOf intervention:expairs-project ; ww:reviewedBy 'Ada L.' }") == Boolean(True)
    assert [] == kg.assignments.waiting()
    (origin,) = (each for each in kg.why("expairs-project", "ww:assignedApproach") if each.kind == "assigned")
    assert origin.how.endswith(f" Accepted by Ada L. on {date.today().isoformat()}.")
    assert "Accepted" in str(kg.show(f"expairs-project--{str(origin.quad.object).rpartition('/')[2]}"))
    status, _, error = run(assigned, "import", str(file), *_SIGNED)
    assert (3, True) == (status, "Assigned approaches!A" in error and "does not wait for review" in error)


def test_what_was_rejected_is_not_assigned_again(assigned: Path, tmp_path: Path) -> None:
    """An import of the source or of an older workbook leaves out what was rejected, and says who rejected it."""
    old = KnowledgeGraph.open(assigned).template([]).content
    file = edited(_approaches(assigned).read_bytes(), tmp_path, _judge({"youthreach": ("reject", "")}))
    assert 0 == run(assigned, "import", str(file), *_SIGNED)[0]
    text = (assigned / "data/interventions/youthreach.trig").read_text(encoding="utf-8")
    sources = ROOT / "data/sources/interventions.jsonl"
    records = map(json.loads, sources.read_text(encoding="utf-8").splitlines())
    (record,) = (each for each in records if each["id"] == "youthreach")
    (tmp_path / "one.jsonl").write_text(json.dumps(record | {"related": []}), encoding="utf-8")
    mapping = ROOT / "data/sources/interventions.mapping.yaml"
    batch = KnowledgeGraph.open(assigned).read([tmp_path / "one.jsonl"], mapping)
    note = (
        f"{SECOND} was assigned to {YOUTHREACH} and rejected by Ada L. on {date.today().isoformat()}; it is left out."
    )
    assert note in batch.notes
    assert b"assignedApproach" not in batch.contents["interventions/youthreach.trig"]

    def blank(book: Any) -> None:
        del book["_origin"]

    batch = KnowledgeGraph.open(assigned).read([edited(old, tmp_path, blank)])
    assert note in batch.notes
    assert text.encode() == batch.contents["interventions/youthreach.trig"]


def test_an_assignment_in_another_file_is_told(assigned: Path, tmp_path: Path) -> None:
    """Where another file assigns the approach nothing is written at all."""
    path = assigned / "data/interventions/youthreach.trig"
    file = edited(_approaches(assigned).read_bytes(), tmp_path, _judge({"youthreach": ("reject", "")}))
    path.rename(path.with_name("other.trig"))
    status, _, error = run(assigned, "import", str(file), *_SIGNED)
    assert (3, True) == (status, "stands in another file than data/interventions/youthreach.trig" in error)
    assert not (assigned / "data/reviews.ttl").exists()


def test_reviews_go_there_and_back(assigned: Path, tmp_path: Path) -> None:
    """Decisions that are exported as RDF come back where they belong."""
    file = edited(_approaches(assigned).read_bytes(), tmp_path, _judge({"youthreach": ("accept", "")}))
    assert 0 == run(assigned, "import", str(file), *_SIGNED)[0]
    kg = KnowledgeGraph.open(assigned)
    (tmp_path / "all.trig").write_bytes(kg.export("trig"))
    (assigned / "data/reviews.ttl").rename(tmp_path / "kept.ttl")
    batch = KnowledgeGraph.open(assigned).read([tmp_path / "all.trig"])
    assert [] == batch.tally.problems
    kept, new = (tmp_path / "kept.ttl").read_bytes(), batch.contents["reviews.ttl"]
    assert set(parse(kept, "turtle", name="kept", base="a:b")) == set(parse(new, "turtle", name="new", base="a:b"))
