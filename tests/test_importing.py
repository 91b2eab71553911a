"""The door by which records come in: a dry run in words, problems for people and programs, and all or nothing."""

import json
import random
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner

from tests.conftest import ROOT
from tests.filled import TITLES, book_of, cell, edited, spoil
from tests.test_check_parts import EXAMPLES
from whatworks import KnowledgeGraph
from whatworks.cli import main
from whatworks.errors import ImportRefused, Place, WorkbookFault
from whatworks.tally import Problem


def test_problems_are_written_for_people_and_programs(content: bytes, small: Path, tmp_path: Path) -> None:
    """The command tells problems as text, JSON and CSV, marks the cells in a copy, and writes no data."""
    file = edited(content, tmp_path, spoil)
    marked = tmp_path / "marked.xlsx"
    before = {path: path.read_bytes() for path in small.rglob("*.*")}
    args = ["--project", str(small), "import", str(file)]
    text = CliRunner().invoke(main, [*args, "--marked", str(marked)])
    assert text.exit_code == 3
    assert "Stage = 'Pilott': is no stage. Did you mean: Pilot (pilot)?" in text.output
    whole = file.read_bytes()
    over = CliRunner().invoke(main, [*args, "--marked", str(file)])
    assert (2, whole) == (over.exit_code, file.read_bytes())
    assert "give it another name" in over.stderr
    told = json.loads(CliRunner().invoke(main, [*args, "--format", "json"]).stdout)
    assert {"file", "sheet", "cell", "record", "field", "rule", "found", "expected", "suggestion"} < set(
        told["problems"][0]
    )
    table = CliRunner().invoke(main, [*args, "--format", "csv"]).stdout
    assert table.splitlines()[0].startswith("file,sheet,cell,line,record,field,rule,found,expected")
    assert {path: path.read_bytes() for path in small.rglob("*.*")} == before
    book = openpyxl.load_workbook(marked)
    bad = cell(book, "Intervention", "Stage", "youthreach")
    assert bad.fill.fgColor.rgb.endswith("FFC7CE")
    assert "is no stage" in bad.comment.text
    assert book.sheetnames[0] == "Problems"
    assert book["Problems"].max_row == 8


def test_findings_are_traced_to_cells(content: bytes, small: Path, tmp_path: Path) -> None:
    """What the shapes find in imported records stands in the account with its cell, and nothing is written."""

    def edit(book: Any) -> None:
        cell(book, "Intervention", "Start year", "youthreach").value = 2050
        cell(book, "Intervention", TITLES, "job-corps").value = None

    file = edited(content, tmp_path, edit)
    before = {path: path.read_bytes() for path in small.rglob("*.*")}
    done = CliRunner().invoke(main, ["--project", str(small), "import", str(file), "--format", "json"])
    found = {(each["record"], each["field"]): each for each in json.loads(done.stdout)["problems"]}
    assert found["job-corps", "Title [en]"]["cell"].startswith("C")
    assert found["job-corps", "Title [en]"]["rule"] == "shape:Intervention-title MinCount"
    assert found["job-corps", "Title [en]"]["suggestion"].startswith("Give a title")
    assert {path: path.read_bytes() for path in small.rglob("*.*")} == before


def test_the_command_writes_and_says_what(content: bytes, small: Path, tmp_path: Path) -> None:
    """A dry run says what would change in words; the import then writes it."""
    shutil.copytree(small, tmp_path / "copy")

    def edit(book: Any) -> None:
        cell(book, "Intervention", "Stage", "youthreach").value = "pilot"

    file = edited(content, tmp_path, edit)
    args = ["--project", str(tmp_path / "copy"), "import", str(file)]
    dry = CliRunner().invoke(main, [*args, "--dry-run"])
    assert "stage: Mainstreamed → Pilot" in dry.stdout
    assert "Nothing was written" in dry.stdout
    path = tmp_path / "copy/data/interventions/youthreach.trig"
    assert "stage:pilot" not in path.read_text(encoding="utf-8")
    done = CliRunner().invoke(main, args)
    assert done.exit_code == 0, done.output
    assert "stage:pilot" in path.read_text(encoding="utf-8")


def test_a_mapping_is_proposed_that_can_be_used(small: Path, tmp_path: Path) -> None:
    """A mapping is proposed by headings and by values; it reads the table, and names what fits nothing."""
    shutil.copytree(small, tmp_path / "copy")
    table = tmp_path / "survey.csv"
    table.write_text(
        "Id,Name,Where,Stage,Starting year,For whom,Shoe size\n"
        "one,First,Ireland;France,Pilot,2001,early-leavers,7\n"
        "two,Second,Germany,Ongoing,2002,learners-at-risk,8\n"
        "three,Third,Spain,Pilott,2003,early-leavers,9\n",
        encoding="utf-8",
    )
    args = ["--project", str(tmp_path / "copy"), "import", str(table)]
    made = CliRunner().invoke(main, [*args, "--suggest"])
    assert made.exit_code == 0, made.output
    assert '"Where": {property: dcterms:spatial, as: concept, scheme: place}' in made.stdout
    assert '"Stage": {property: ww:stage, as: concept, scheme: stage}' in made.stdout
    assert '"Starting year": {property: ww:startYear, as: integer}' in made.stdout
    assert "in: target-population}" in made.stdout
    assert '# "Pilott" is none of the scheme. Did you mean Pilot (pilot)?' in made.stdout
    assert '# "Shoe size" is like no field; it holds: 7; 8; 9' in made.stdout
    mapping = made.stdout.replace("scheme: stage}", "scheme: stage, values: {Pilott: pilot}}")
    (tmp_path / "survey.mapping.yaml").write_text(mapping, encoding="utf-8")
    done = CliRunner().invoke(main, args)
    assert done.exit_code == 0, done.output
    said = (tmp_path / "copy/data/interventions/one.trig").read_text(encoding="utf-8")
    assert "country:FRA ,\n            country:IRL" in said
    assert "ww:startYear 2001" in said
    refused = CliRunner().invoke(main, [*args, str(table), "--suggest"])
    assert refused.exit_code == 2


def test_a_heading_counts_where_values_are_misspelt(small: Path, tmp_path: Path) -> None:
    """A column called like a field is that field, though half of its values are slips; what is meant is told."""
    table = tmp_path / "survey.csv"
    table.write_text("Id,Name,Stage\none,First,Pilot\ntwo,Second,Pilott\n", encoding="utf-8")
    proposed = KnowledgeGraph.open(small).suggest(table)
    assert '"Stage": {property: ww:stage, as: concept, scheme: stage}' in proposed
    assert '# "Pilott" is none of the scheme. Did you mean Pilot (pilot)?' in proposed


def test_rdf_is_checked_before_it_is_written(small: Path, tmp_path: Path) -> None:
    """What the shapes find in RDF is told with the line of its thing, and nothing is written; without it, all is."""
    text = (
        "@prefix i: <https://w3id.org/whatworks/id/intervention/> .\n"
        "@prefix ww: <https://w3id.org/whatworks/ont#> .\n"
        "@prefix dcterms: <http://purl.org/dc/terms/> .\n\n"
        'i:one a ww:Practice ; dcterms:title "One"@en ; dcterms:identifier "one" ; ww:startYear {} .\n'
    )
    own = shutil.copytree(small, tmp_path / "own")
    file, written = tmp_path / "given.ttl", own / "data/interventions/one.trig"
    file.write_text(text.format('"twelve"'), encoding="utf-8")
    args = ["--project", str(own), "import", str(file)]
    refused = CliRunner().invoke(main, args)
    assert (3, True) == (refused.exit_code, "given.ttl:5: one, Start year" in refused.stderr)
    assert not written.exists()
    file.write_text(text.format("2012"), encoding="utf-8")
    assert 0 == CliRunner().invoke(main, args).exit_code
    assert written.exists()


def test_headings_below_a_title_are_found(small: Path, tmp_path: Path) -> None:
    """What stands above the headings of a table is no heading; a table without any text is told to be empty."""
    file = tmp_path / "survey.csv"
    file.write_text(
        "Survey of 2026,,\n,,\nName,Country,Mine\nMorning club,Belgium,x\nEvening club,FR,y\n", encoding="utf-8"
    )
    proposed = KnowledgeGraph.open(small).suggest(file)
    assert 'key: {from-title: "Name"}' in proposed
    assert '"Country": {property: dcterms:spatial, as: concept, scheme: place}' in proposed
    assert "Survey of 2026" not in proposed
    file.write_text("\n\n", encoding="utf-8")
    with pytest.raises(WorkbookFault, match="The table is empty"):
        KnowledgeGraph.open(small).suggest(file)


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("intervention.csv", "Key,Title [en],Stage\nnew,New,Pilott\n", "Mend them in the table"),
        ("intervention.jsonl", '{"id": "?"}', "Mend them in the source"),
    ],
)
def test_the_hint_says_where_to_mend(name: str, text: str, hint: str, small: Path, tmp_path: Path) -> None:
    """What is wrong in a table is mended there; only what a mapping reads is mended in the mapping."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    mapping = None if name.endswith("csv") else ROOT / "data/sources/interventions.mapping.yaml"
    with pytest.raises(ImportRefused) as caught:
        KnowledgeGraph.open(small).read([tmp_path / name], mapping).check()
    assert caught.value.hint.startswith(hint)


def _told(small: Path, file: Path, *more: str) -> set[tuple[str, str, str]]:
    """Return the cell or line, the field and the rule of what an import tells; no data file is changed."""
    before = {path: path.read_bytes() for path in small.rglob("*.*")}
    done = CliRunner().invoke(main, ["--project", str(small), "import", str(file), *more, "--format", "json"])
    assert done.exit_code == 3, done.output
    assert {path: path.read_bytes() for path in small.rglob("*.*")} == before
    problems = json.loads(done.stdout)["problems"]
    return {(each["record"].partition(" ")[0], each["field"], each["rule"].rpartition(" ")[2]) for each in problems}


def test_cells_and_shapes_are_told_at_once(content: bytes, small: Path, tmp_path: Path) -> None:
    """What the shapes find in what could be read is told with what could not be read, which is not missing as well."""

    def edit(book: Any) -> None:
        spoil(book)
        cell(book, "Intervention", TITLES, "job-corps").value = None
        cell(book, "Intervention", TITLES, "expairs-project").value = "=A1"
        cell(book, "Intervention", "End year", "expairs-project").value = 1700

    assert _told(small, edited(content, tmp_path, edit)) == {
        ("youthreach", "Stage", "scheme"),
        ("youthreach", "Start year", "number"),
        ("youthreach", "End year", "formula"),
        ("youthreach", "Kind", "scheme"),
        ("youthreach", "Participant", "reference"),
        ("youthreech", "Belongs to", "reference"),
        ("Bad", "Key", "key"),
        ("job-corps", "Title [en]", "MinCount"),
        ("expairs-project", "Title [en]", "formula"),
        ("expairs-project", "Start year", "LessThanOrEquals"),
        ("expairs-project", "End year", "MinInclusive"),
    }


def _rows(*rows: str) -> str:
    return "".join(f"{row}\n" for row in rows)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # A class that is none leaves the row without one; what is said of its values still holds.
        (
            _rows("Key,Type,Title [en],Start year", "one,practise,One,1700", "two,practice,,1700"),
            {("one", "Type", "class"), ("two", "Title [en]", "MinCount"), ("two", "Start year", "MinInclusive")},
        ),
        # One of two values is bad: the other is held against the shapes.
        (
            _rows("Key,Type,Title [en],Education level", "one,practice,One,nowhere", "two,practice,T,"),
            {("one", "Education level", "scheme"), ("two", "Title [en]", "MinLength")},
        ),
        # A heading that stands twice may hold what the first column lacks.
        (
            _rows("Key,Type,Title [en],Title [en],Start year", "one,practice,,One,1700"),
            {("the", "Title [en]", "heading"), ("one", "Start year", "MinInclusive")},
        ),
    ],
    ids=["class", "values", "heading"],
)
def test_what_follows_from_a_cell_is_not_told_again(
    text: str, told: set[tuple[str, str, str]], small: Path, tmp_path: Path
) -> None:
    """Only what would be wrong with the cell mended as well is told beside it."""
    file = tmp_path / "intervention.csv"
    file.write_text(text, encoding="utf-8")
    assert _told(small, file) == told


def test_a_merged_cell_lets_nothing_be_missing(content: bytes, small: Path, tmp_path: Path) -> None:
    """What a merged cell has swallowed is not told to be missing."""

    def edit(book: Any) -> None:
        at = cell(book, "Intervention", TITLES, "expairs-project")
        below = at.offset(row=1)
        book["Intervention"].merge_cells(f"{at.coordinate}:{below.coordinate}")
        cell(book, "Intervention", "Start year", "youthreach").value = 1700

    told = _told(small, edited(content, tmp_path, edit))
    assert told == {("the", "cells", "cells"), ("youthreach", "Start year", "MinInclusive")}


def test_a_thing_of_no_class_is_still_what_a_record_is_about(content: bytes, small: Path, tmp_path: Path) -> None:
    """Where the class of a thing could not be read, its record is not told to be about something else."""

    def edit(book: Any) -> None:
        for name, values in (("Intervention", ("club", "Praxis", "A club")), ("Record", ("club",))):
            sheet = book[name]
            below = sheet.max_row + 1
            for at, value in enumerate(values, 1):
                sheet.cell(below, at).value = value

    told = _told(small, edited(content, tmp_path, edit))
    assert told == {("club", "Type", "class")}


def test_what_is_no_column_has_a_name(content: bytes, small: Path, tmp_path: Path) -> None:
    """Parts, and what a record is about, are told by the names that the shapes have for them."""

    def edit(book: Any) -> None:
        sheet = book["Participation"]
        row = next(row for row in sheet.iter_rows(min_row=4) if row[0].value == "youthreach")
        sheet.delete_rows(row[0].row)

    file = edited(content, tmp_path, edit)
    done = CliRunner().invoke(main, ["--project", str(small), "import", str(file), "--dry-run"])
    assert "    Participation: participation-" in done.stdout
    assert "cv:hasParticipation" not in done.stdout


def _spoilt(content: bytes, seed: int, tmp_path: Path) -> tuple[Path, Path]:
    """Return a workbook in which shapes are broken, and one in which cells cannot be read as well."""
    rng = random.Random(seed)  # noqa: S311 - nothing secret
    book = book_of(content)
    sheets = [
        book[name] for name in ("Intervention", "Participation", "Success factor or barrier", "Evaluation", "Record")
    ]
    filled = [each for sheet in sheets for row in sheet.iter_rows(min_row=4) for each in row[1:] if each.value]
    for each in rng.sample(filled, 12):
        each.value = rng.choice([None, None, 1700, "x"])
    book.save(tmp_path / "broken.xlsx")
    for each in rng.sample(filled, 12):
        each.value = "=A1"
    book.save(tmp_path / "unread.xlsx")
    return tmp_path / "broken.xlsx", tmp_path / "unread.xlsx"


@pytest.mark.slow  # the whole way of an import, twice for each of some random workbooks
@pytest.mark.parametrize("seed", range(max(3, EXAMPLES // 15)))
def test_what_is_told_beside_cells_stays_so(seed: int, content: bytes, small: Path, tmp_path: Path) -> None:
    """What the shapes find beside cells that cannot be read, they find with these mended as well."""
    kg = KnowledgeGraph.open(small)
    told: list[set[tuple[str, str, str]]] = []
    cells = set()
    for file in _spoilt(content, seed, tmp_path):
        batch = kg.read([file])
        cells = {str(each.where).partition(", ")[2] for each in batch.tally.problems}
        before = len(batch.tally.problems)
        kg.check_batch(batch, small / "data")
        shapes = [each for each in batch.tally.problems if ":" in each.rule]
        assert len(batch.tally.problems) == before + len(shapes)
        told.append({(each.record, each.rule, each.found) for each in shapes})
    assert cells
    assert told[1] <= told[0]


def test_problems_of_rdf_and_shapes_are_told_at_once(small: Path, tmp_path: Path) -> None:
    """What an RDF file says and no record can take is not told to be missing; all else that the shapes find is."""
    file = tmp_path / "given.ttl"
    file.write_text(
        "@prefix i: <https://w3id.org/whatworks/id/intervention/> .\n"
        "@prefix ww: <https://w3id.org/whatworks/ont#> .\n"
        "@prefix dcterms: <http://purl.org/dc/terms/> .\n\n"
        'i:one a ww:Practice ; dcterms:title [] ; dcterms:identifier "one" ; ww:startYear 1700 .\n'
        'i:two a ww:Practice ; dcterms:title "Two"@en .\n',
        encoding="utf-8",
    )
    assert _told(small, file) == {
        ("the", "other", "value"),
        ("one", "Start year", "MinInclusive"),
        ("two", "Key", "MinCount"),
    }


def test_problems_of_a_mapped_table_and_shapes_are_told_at_once(small: Path, tmp_path: Path) -> None:
    """A row that could not be read as a whole lacks nothing for that; the others are held against the shapes."""
    (tmp_path / "survey.mapping.yaml").write_text(
        "source: survey\nthing: intervention\nkey: id\nclass: {default: ww:Practice}\n"
        "fields:\n  id: {property: dcterms:identifier, as: text}\n  title: {property: dcterms:title, as: words}\n"
        "  start: {property: ww:startYear, as: integer}\n  stage: {property: ww:stage, as: concept, scheme: stage}\n",
        encoding="utf-8",
    )
    file = tmp_path / "survey.csv"
    file.write_text("id,title,start,stage\none,,2001,Pilott\ntwo,,2001,\nthree,Three,1700,Pilott\n", encoding="utf-8")
    assert _told(small, file) == {
        ("one", "stage", "value"),
        ("two", "Title", "MinCount"),
        ("three", "stage", "value"),
        ("three", "Start year", "MinInclusive"),
    }


@pytest.mark.parametrize(
    ("found", "message", "sentence"),
    [
        ("Pilott", "is no stage.", "Title [en] = 'Pilott': is no stage. Expected is a text."),
        ("nothing", "Title: found nothing.", "Title: found nothing. Expected is a text."),
        ("", "There is no type.", "Title [en]: There is no type. Expected is a text."),
        ("", "is no key.", "Title [en] = '': is no key. Expected is a text."),
    ],
)
def test_what_was_found_is_told_once(found: str, message: str, sentence: str) -> None:
    """A value stands before what is wrong with it, where that does not name it, and there is one."""
    problem = Problem(Place("x.xlsx", sheet="S"), "one", "Title [en]", found, message, expected="a text")
    assert (sentence, str(problem).endswith(f"one, {sentence}")) == (problem.sentence, True)
