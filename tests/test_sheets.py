"""Spreadsheets as the editor: what the shapes say becomes a workbook, and what is filled in becomes records again."""

import csv
import datetime
import io
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import strategies
from tests.conftest import BASE
from tests.filled import TITLES, book_of, cell, edited, headings, row_of, spoil
from whatworks import KnowledgeGraph
from whatworks.errors import EncodingFault, ImportRefused, SourcesChanged, UnknownThing, WorkbookFault
from whatworks.ingest import Batch, reader
from whatworks.lookup import Lookup
from whatworks.namespaces import POSITION, WW
from whatworks.sheets import Layout
from whatworks.sheets.cells import KEEP, Cells
from whatworks.sheets.csvtext import decode, read_rows
from whatworks.sheets.drafts import Drafter
from whatworks.sheets.filled import Filler
from whatworks.sheets.headings import match
from whatworks.sheets.known import Known
from whatworks.sheets.layout import Column
from whatworks.sheets.merging import Merger
from whatworks.sheets.tables import Table, Tables
from whatworks.store import parse
from whatworks.tally import Tally
from whatworks.terms import RDF_TYPE, XSD, XSD_DATE, XSD_DECIMAL, Iri, Literal, Quad, Term
from whatworks.workbook import Form, FormColumn, Forms, open_book, write_forms


@pytest.fixture(scope="module")
def opened(small: Path) -> KnowledgeGraph:
    """The small project, opened once; tests only read it."""
    return KnowledgeGraph.open(small)


@pytest.fixture(scope="module")
def layout(opened: KnowledgeGraph) -> Layout:
    """Its sheets."""
    return Layout(opened.written)


def problems(batch: Batch) -> list[tuple[str, str]]:
    """Return the places and messages of problems."""
    return [(str(each.where).partition(", ")[2], each.message) for each in batch.tally.problems]


def files_of(batch: Batch, folder: Path) -> dict[str, str]:
    """Return what would become of the data files that change."""
    changes = batch.changes(folder / "data")
    return {change.name: change.kind for change in changes if change.kind != "unchanged"}


def statements(contents: dict[str, bytes]) -> set[Quad]:
    """Return what data files say."""
    found: set[Quad] = set()
    for name, content in contents.items():
        syntax = "trig" if name.endswith(".trig") else "turtle"
        found |= {quad._replace(graph=quad.graph or Iri(name)) for quad in parse(content, syntax, name=name, base=BASE)}
    return found


# ---- the template ----


def test_sheets_follow_the_shapes(layout: Layout) -> None:
    """There is a sheet for each class, parts after their things; what rules work out has no column."""
    names = [sheet.name for sheet in layout.sheets]
    assert names[0] == "Intervention"
    for name in ("Success factor or barrier", "Participation", "Evaluation", "Finding", "Agent", "Link", "Record"):
        assert name in names
    assert names.index("Evaluation") < names.index("Finding") < names.index("Resource")
    paths = {column.path for sheet in layout.sheets for column in sheet.columns}
    assert Iri(WW + "stage") in paths
    assert not paths & {Iri(WW + name) for name in ("hasTheme", "country", "hasFinding", "hasSuccessFactor")}


def test_columns_stand_in_the_order_of_the_shapes(layout: Layout) -> None:
    """Columns follow groups and their order; one property that several shapes speak of is one column."""
    sheet = layout.sheets[0]
    groups = list(dict.fromkeys(column.group for column in sheet.columns))
    assert groups[:3] == ["What it is", "For whom", "Where and when"]
    assert [column.name for column in sheet.columns[:3]] == ["Title", "Other name", "Summary"]
    assert len({column.path for column in sheet.columns}) == len(sheet.columns)


def test_a_shape_of_a_project_makes_a_column(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """A property that a project's own shape adds has a column, with its description as a note."""
    own = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix shape: <https://w3id.org/whatworks/shapes#> .
@prefix ww: <https://w3id.org/whatworks/ont#> .
@prefix own: <https://own.example/ont#> .
own:Shape a sh:NodeShape ; sh:targetClass ww:Intervention ; sh:property own:Cost-shape .
own:Cost-shape a sh:PropertyShape ; sh:path own:cost ; sh:name "Cost"@en ; sh:description "What it costs."@en ;
    sh:group shape:group-who ; sh:order 9 ; sh:datatype xsd:decimal ; sh:maxCount 1 ; sh:severity sh:Violation ;
    sh:message "Give the cost once, as a number."@en .
"""
    book = book_of(project({"ontology/shapes/own.ttl": own}).template().content)
    found = book["Intervention"].cell(2, headings(book["Intervention"])["Cost"])
    assert found.comment.text.startswith("What it costs.\nA number")


def test_headings_say_what_must_be_there(content: bytes) -> None:
    """What must be there is marked, and each heading has a note with its description."""
    book = book_of(content)
    sheet = book["Finding"]
    assert list(headings(sheet))[:3] == ["Belongs to *", "Part", "Of part *"]
    outcome = sheet.cell(2, headings(sheet)["Outcome *"])
    assert "Must be there." in outcome.comment.text
    assert outcome.font.color.rgb.endswith("C00000")
    assert all(found.comment for found in sheet[2])


def test_choices_are_lists(content: bytes) -> None:
    """A concept is chosen from a list with label and code; where one value may stand, others are warned of."""
    book = book_of(content)
    sheet = book["Intervention"]
    letter = sheet.cell(2, headings(sheet)["Stage"]).column_letter
    rule = next(rule for rule in sheet.data_validations.dataValidation if str(rule.sqref).startswith(f"{letter}4:"))
    assert rule.showErrorMessage
    reference = book.defined_names[rule.formula1].attr_text
    _, cells = reference.split("!")
    values = [found.value for (found,) in book["_lists"][cells.replace("$", "")]]
    assert "Pilot (pilot)" in values
    assert values == sorted(values, key=str.casefold)
    assert book["_lists"].sheet_state == "hidden"


def test_formats_keep_texts_texts(content: bytes) -> None:
    """Columns of texts have the format text, so that no program makes a date of 3-4; years are whole numbers."""
    book = book_of(content)
    sheet = book["Intervention"]
    of = {
        name: sheet.column_dimensions[sheet.cell(2, at).column_letter].number_format
        for name, at in headings(sheet).items()
    }
    assert of[TITLES] == "@"
    assert of["Start year"] == "0"
    link = book["Link"]
    assert (
        link.column_dimensions[link.cell(2, headings(link)["Reviewed on"]).column_letter].number_format == "yyyy-mm-dd"
    )


def test_the_guide_says_what_it_was_made_from(kg: KnowledgeGraph, content: bytes) -> None:
    """The first sheet explains the others and names the release, or says that there was none."""
    guide = book_of(content)["Instructions"]
    said = {row[0]: row[1] for row in guide.iter_rows(values_only=True)}
    assert said["Made from"] == "the files, without a release"
    assert said["Finding"] == "One result of an evaluation, about one outcome."


def test_an_example_row_is_left_out(opened: KnowledgeGraph, tmp_path: Path) -> None:
    """An empty template brings nothing in, though each sheet has an example."""
    book = opened.template().content
    assert book_of(book)["Intervention"]["A3"].value == "# example"
    (tmp_path / "empty.xlsx").write_bytes(book)
    batch = opened.read([tmp_path / "empty.xlsx"])
    assert (batch.records, problems(batch)) == (0, [])


def test_the_same_records_give_the_same_bytes(opened: KnowledgeGraph, content: bytes) -> None:
    """A workbook does not depend on the hour."""
    assert opened.template([]).content == content


def test_some_records_come_with_what_they_name(opened: KnowledgeGraph) -> None:
    """A template with named records has their parts, records and agents, and no others."""
    book = book_of(opened.template(["youthreach"]).content)
    keys = {row[0] for row in book["Intervention"].iter_rows(min_row=4, values_only=True)}
    assert keys == {"youthreach"}
    owners = {row[0] for row in book["Participation"].iter_rows(min_row=4, values_only=True)}
    assert owners == {"youthreach"}
    assert 0 < book["Agent"].max_row < 20
    with pytest.raises(UnknownThing, match="youthreech") as caught:
        opened.template(["youthreech"])
    assert "youthreach" in caught.value.hint


@pytest.mark.slow  # LibreOffice takes seconds to start; only another program shows that a workbook needs no repair
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_it(content: bytes, opened: KnowledgeGraph, tmp_path: Path) -> None:
    """LibreOffice reads the workbook and writes it anew; the copy brings in the same records, with its lists."""
    (tmp_path / "given.xlsx").write_bytes(content)
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(tmp_path / "out")]
    subprocess.run([*command, str(tmp_path / "given.xlsx")], check=True, capture_output=True, timeout=300)
    copy = tmp_path / "out/given.xlsx"
    book = openpyxl.load_workbook(copy)
    assert len(book["Intervention"].data_validations.dataValidation) > 10
    batch = opened.read([copy])
    assert problems(batch) == []
    folder = opened.assets.data_folder()
    assert folder is not None
    assert files_of(batch, folder.parent) == {}


# ---- there and back ----


@pytest.mark.slow  # all shipped records through a workbook, twice: the one test that nothing is lost of what there is
def test_shipped_records_come_back(kg: KnowledgeGraph, tmp_path: Path) -> None:
    """All shipped records: brought in where they are, no file changes; into an empty project, the same statements."""
    made = kg.template([])
    assert not made.left
    (tmp_path / "all.xlsx").write_bytes(made.content)
    folder = kg.assets.data_folder()
    assert folder is not None
    batch = kg.read([tmp_path / "all.xlsx"])
    assert problems(batch) == []
    assert files_of(batch, folder.parent) == {}
    (tmp_path / "whatworks.toml").touch()
    (tmp_path / "data").mkdir()
    empty = KnowledgeGraph.open(tmp_path).read([tmp_path / "all.xlsx"])
    assert problems(empty) == []
    assert statements(empty.contents) == statements(batch.contents)
    assert len(statements(empty.contents)) > 13_000


THING = Iri(f"{BASE}id/intervention/made")
_TERMS = strategies.LITERALS | strategies.IRIS
_PATHS = st.sampled_from(
    [Iri(WW + name) for name in ("aim", "stage", "startYear", "budget", "sourceIdentifier", "kind", "reachUnit")]
    + [Iri("http://purl.org/dc/terms/title"), Iri("http://purl.org/dc/terms/spatial"), Iri("https://x.org/own")]
)
_CONCEPTS = st.sampled_from([f"{BASE}voc/stage/pilot", f"{BASE}voc/kind/tool", f"{BASE}voc/theme/no-such"]).map(Iri)
_SAID = st.lists(st.tuples(st.sampled_from(["", "#factor-1", "#phase-1"]), _PATHS, _TERMS | _CONCEPTS), max_size=6)


@given(said=_SAID)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_made_records_come_back(said: list[tuple[str, Iri, Term]], opened: KnowledgeGraph, layout: Layout) -> None:
    """Whatever a record says, in hostile texts, odd numbers and wrong kinds of values, comes back to the letter."""
    graph = Iri(f"{BASE}graph/record/own/made")
    parts = {"#factor-1": ("hasSuccessFactor", "SuccessFactor"), "#phase-1": ("hasPhase", "Phase")}
    quads = {Quad(THING, RDF_TYPE, Iri(WW + "Tool"), graph)}
    quads.add(Quad(THING, Iri("http://purl.org/dc/terms/identifier"), Literal("made"), graph))
    for part, path, term in said:
        node = Iri(f"{THING}{part}")
        quads.add(Quad(node, path, term, graph))
        if part:
            prop, cls = parts[part]
            quads |= {Quad(THING, Iri(WW + prop), node, graph), Quad(node, RDF_TYPE, Iri(WW + cls), graph)}
    given, taken = Sheeted(opened, layout, quads), Sheeted(opened, layout, set())
    tables = given.tables()
    assert given.read(tables) == {quad.triple for quad in quads}
    assert taken.read(tables) == {quad.triple for quad in quads}


class Sheeted:
    """Statements as if they were all that a collection's files say."""

    def __init__(self, kg: KnowledgeGraph, layout: Layout, quads: set[Quad]) -> None:
        self.quads = quads
        self.layout = layout
        self.lookup = Lookup(kg.written, kg.catalogue)
        self.cells = Cells(Known(layout, self.lookup, quads))
        self.filler = Filler(layout, self.cells, quads)

    def tables(self) -> list[Table]:
        """Return them as filled-in sheets."""
        found = []
        for filled in self.filler.fill([THING]):
            texts = [heading.text for heading in filled.headings]
            matched = match(filled.sheet, texts, self.layout.languages, self.layout.collection.prefixes.expand)
            assert len(matched.headings) == len(texts)
            rows = [(number, list(row)) for number, row in enumerate(filled.rows, 4)]
            found.append(Table("made.xlsx", filled.sheet.name, filled.sheet, matched, rows))  # type: ignore[arg-type]
        return found

    def read(self, tables: list[Table]) -> set[Any]:
        """Return what sheets make of them, but for the record that a new thing gets."""
        tally = Tally()
        drafts = Drafter(self.layout, self.cells, self.filler, tally).read(tables)
        merger = Merger(self.layout, self.filler, self.quads, self.lookup, tally, "own")
        merged = merger.merge(drafts, [Tables(tables)])
        assert tally.problems == []
        return {quad.triple for _, quads in merged.values() for quad in quads if "/id/record/" not in quad.subject}


@given(values=st.lists(strategies.TEXTS | st.integers(-(2**53), 2**53) | st.booleans(), min_size=1, max_size=30))
@settings(max_examples=30, deadline=None)
def test_a_workbook_gives_the_values_that_were_written(values: list[Any]) -> None:
    """Hostile texts and numbers come out of the file as they went in; no text becomes a formula."""
    column = FormColumn("Value")
    content = write_forms(Forms([], [Form("Sheet", [column, column], ["x", "x"], [["#", value] for value in values])]))
    (rows,) = [list(sheet.rows()) for sheet in open_book(content, "x.xlsx") if sheet.name == "Sheet"]
    read = [row[1] if len(row) > 1 else None for _, row in rows[2:]]
    assert read == values


@given(term=_TERMS | _CONCEPTS, kind=st.sampled_from(["words", "text", "integer", "decimal", "date", "iri", "any"]))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_cell_gives_the_term_that_was_written(term: Term, kind: str, opened: KnowledgeGraph, layout: Layout) -> None:
    """A term of any kind, in a column of any kind, is read as it was, alone and beside another."""
    cells = Cells(Known(layout, Lookup(opened.written, opened.catalogue), []))
    for single in (True, False):
        column = Column(POSITION, "x", set(), kind, single=single)
        language = term.language if isinstance(term, Literal) and kind in ("words", "text") else ""
        language = language or ("en" if kind == "words" else "")
        for terms in ([term], [term, Literal("a | b")]):
            value = cells.write(column, terms, language, THING)
            read, misfits = cells.read(column, value, language, THING)
            assert (set(read), misfits) == (set(terms), [])


def test_one_cell_changes_one_place(content: bytes, opened: KnowledgeGraph, small: Path, tmp_path: Path) -> None:
    """A workbook edited in one cell changes one line of one file, which the account says in words."""

    def edit(book: Any) -> None:
        cell(book, "Intervention", "Stage", "youthreach").value = "pilot"

    batch = opened.read([edited(content, tmp_path, edit)])
    changes = batch.changes(small / "data")
    changed = [change for change in changes if change.kind != "unchanged"]
    assert [(change.name, change.gained, change.lost) for change in changed] == [
        ("interventions/youthreach.trig", 1, 1)
    ]
    said = opened.differences(batch, changes, small / "data")
    assert [str(each) for each in said["interventions/youthreach.trig"]] == ["stage: Mainstreamed → Pilot"]


# ---- what is brought in ----


def test_labels_in_any_language_count(content: bytes, opened: KnowledgeGraph, tmp_path: Path) -> None:
    """A concept is given by label, other label or code; several are separated."""

    def edit(book: Any) -> None:
        cell(book, "Intervention", "Place", "youthreach").value = "Irlande | DEU|France (FRA)"

    batch = opened.read([edited(content, tmp_path, edit)])
    assert problems(batch) == []
    text = batch.contents["interventions/youthreach.trig"].decode()
    assert all(f"country:{code}" in text for code in ("IRL", "DEU", "FRA"))


def test_order_of_columns_is_free_and_own_ones_are_told(
    content: bytes, opened: KnowledgeGraph, small: Path, tmp_path: Path
) -> None:
    """Columns may be moved, and others added: they are left out, counted, and asked about if they look like a slip."""

    def edit(book: Any) -> None:
        sheet = book["Intervention"]
        sheet.move_range(f"C2:C{sheet.max_row}", cols=sheet.max_column + 3)
        sheet.cell(2, 3).value = "My remark"
        sheet.cell(4, 3).value = "ask Anna"
        sheet.cell(2, sheet.max_column + 1).value = "Stagee"

    batch = opened.read([edited(content, tmp_path, edit)])
    assert problems(batch) == []
    assert files_of(batch, small) == {}
    assert batch.tally.left_out["edited.xlsx", "Intervention: My remark"] == {"a column of your own": 1}
    assert [note for note in batch.notes if "Stagee" in note and "did you mean Stage?" in note]


def test_new_things_and_parts_are_numbered(content: bytes, opened: KnowledgeGraph, tmp_path: Path) -> None:
    """A new thing gets a key of its name, a new part a name of its sort and a place after the others."""

    def edit(book: Any) -> None:
        agents, parts = book["Agent"], book["Participation"]
        agents.append([None, "New Trust"])
        parts.append(["youthreach", None, "New Trust", "funder"])
        new = book["Intervention"]
        new.cell(new.max_row + 1, headings(new)[TITLES]).value = "Morning club!"
        new.cell(new.max_row, 2).value = "practice"

    batch = opened.read([edited(content, tmp_path, edit)])
    assert problems(batch) == []
    assert b"agent:new-trust a foaf:Agent" in batch.contents["agents.ttl"]
    said = batch.contents["interventions/youthreach.trig"].decode()
    assert ":participation-6 a cv:Participation" in said
    assert "cv:hasParticipant agent:new-trust" in said
    new = batch.contents["interventions/morning-club.trig"].decode()
    assert "ww:reviewStatus review-status:proposed" in new
    assert "intervention:morning-club a ww:Practice" in new


def test_deleted_rows_take_parts_away(content: bytes, opened: KnowledgeGraph, tmp_path: Path) -> None:
    """A part whose row is gone goes with all that leads to it; a thing whose row is gone stays, with its parts."""

    def edit(book: Any) -> None:
        parts = book["Participation"]
        parts.delete_rows(row_of(parts, "youthreach", "participation-2"))
        for name in ("Intervention", "Participation"):
            sheet = book[name]
            for number in range(sheet.max_row, 3, -1):
                if sheet.cell(number, 1).value == "job-corps":
                    sheet.delete_rows(number)

    batch = opened.read([edited(content, tmp_path, edit)])
    assert problems(batch) == []
    said = batch.contents["interventions/youthreach.trig"].decode()
    assert "participation-2" not in said
    assert "participation-3" in said
    folder = opened.assets.data_folder()
    assert folder is not None
    assert batch.contents["interventions/job-corps.trig"] == (folder / "interventions/job-corps.trig").read_bytes()


def test_an_empty_template_takes_nothing_away(opened: KnowledgeGraph, small: Path, tmp_path: Path) -> None:
    """A row typed into an empty template changes what it has cells for, and leaves the parts of its thing alone."""

    def edit(book: Any) -> None:
        sheet = book["Intervention"]
        for number in range(sheet.max_column, 2, -1):
            if sheet.cell(2, number).value != "Stage":
                sheet.delete_cols(number)
        sheet.append(["youthreach", None, "pilot"])

    batch = opened.read([edited(opened.template().content, tmp_path, edit)])
    assert problems(batch) == []
    changed = [change for change in batch.changes(small / "data") if change.kind != "unchanged"]
    assert [(change.gained, change.lost) for change in changed] == [(1, 1)]


def test_newer_data_is_not_written_over(content: bytes, small: Path, tmp_path: Path) -> None:
    """What somebody else changed since the workbook was made is not lost; rows that change nothing do not matter."""
    shutil.copytree(small, tmp_path / "copy")
    path = tmp_path / "copy/data/interventions/youthreach.trig"
    path.write_text(path.read_text(encoding="utf-8").replace("stage:mainstreamed", "stage:pilot"), encoding="utf-8")
    kg = KnowledgeGraph.open(tmp_path / "copy")
    (tmp_path / "same.xlsx").write_bytes(content)
    batch = kg.read([tmp_path / "same.xlsx"])
    assert [message for _, message in problems(batch)] == ["has been changed in the data since the workbook was made."]


def test_what_another_file_says_is_not_changed(content: bytes, small: Path, tmp_path: Path) -> None:
    """A record that lies in a file of many cannot be changed by an import: the old value would count as well."""
    shutil.copytree(small, tmp_path / "copy")
    folder = tmp_path / "copy/data/interventions"
    (folder / "youthreach.trig").rename(folder / "many.trig")

    def edit(book: Any) -> None:
        cell(book, "Intervention", "Stage", "youthreach").value = "pilot"

    batch = KnowledgeGraph.open(tmp_path / "copy").read([edited(content, tmp_path, edit)])
    (problem,) = batch.tally.problems
    assert (problem.rule, problem.record) == ("file", "youthreach")


def test_too_long_values_stay(opened: KnowledgeGraph, layout: Layout) -> None:
    """A text that no cell can hold is marked as kept, and stays."""
    cells = Cells(Known(layout, Lookup(opened.written, opened.catalogue), []))
    column = next(column for column in layout.sheets[0].columns if column.name == "Summary")
    assert cells.write(column, [Literal.text("é" * 40_000, "en")], "en", THING) == KEEP


# ---- all that is wrong, at once ----


def test_all_problems_are_told_at_once(content: bytes, opened: KnowledgeGraph, tmp_path: Path) -> None:
    """Each has its cell, what was found and expected, the rule, and what to write instead."""
    batch = opened.read([edited(content, tmp_path, spoil)])
    found = {(each.where.sheet, each.field): each for each in batch.tally.problems}
    assert len(found) == 7
    stage = found["Intervention", "Stage"]
    row = row_of(book_of(content)["Intervention"], "youthreach")
    column = book_of(content)["Intervention"].cell(2, headings(book_of(content)["Intervention"])["Stage"]).column_letter
    assert (stage.where.cell, stage.found, stage.rule) == (f"{column}{row}", "Pilott", "scheme")
    assert (stage.hint, stage.expected) == ("Did you mean: Pilot (pilot)?", "a concept of the scheme stage")
    assert found["Intervention", "Start year"].hint == "Write 1988."
    assert found["Intervention", "End year"].rule == "formula"
    assert "the label of one concept and the code of another" in found["Intervention", "Kind"].message
    assert found["Participation", "Participant"].rule == "reference"
    assert "Youthreach (youthreach)" in found["Success factor or barrier", "Belongs to"].hint
    assert "bad-key" in found["Agent", "Key"].hint
    with pytest.raises(ImportRefused, match=r"\(7\); nothing was written"):
        batch.check()


# ---- tables as text ----


def _csv(encoding: str, delimiter: str = ",") -> bytes:
    lines = ["Key,Type,Title [en],Title [fr],Stage,Place", 'cafe,practice,"The, café",Café d’été,Pilot,Österreich']
    return "\r\n".join(line if delimiter == "," else "\t".join(_cells(line)) for line in lines).encode(encoding)


def _cells(line: str) -> list[str]:
    return next(csv.reader([line]))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_tables_as_text_are_read(encoding: str, delimiter: str, opened: KnowledgeGraph, tmp_path: Path) -> None:
    """Encoding and separator are seen; what is not UTF-8 is told."""
    file = tmp_path / "interventions.csv"
    file.write_bytes(_csv(encoding, delimiter))
    batch = opened.read([file])
    assert problems(batch) == []
    said = batch.contents["interventions/cafe.trig"].decode()
    assert '"Café d’été"@fr' in said
    assert "country:AUT" in said
    assert bool(batch.notes) == (encoding in ("cp1252", "utf-16"))
    assert all("Windows-1252" in note or "UTF-16" in note for note in batch.notes)


def test_semicolons_and_other_names(opened: KnowledgeGraph, tmp_path: Path) -> None:
    """Semicolons separate as well, and headings say which sheet it is where the name does not."""
    file = tmp_path / "export 7.csv"
    file.write_text("Key;Name;Place\nnew-trust;New; \n", encoding="utf-8")
    batch = opened.read([file])
    assert problems(batch) == []
    assert b'agent:new-trust a foaf:Agent ;\n    foaf:name "New"' in batch.contents["agents.ttl"]


def test_a_central_european_table_is_read_as_told(opened: KnowledgeGraph, tmp_path: Path) -> None:
    """An encoding that cannot be seen is named."""
    file = tmp_path / "agent.csv"
    file.write_bytes("Key,Name\nskola,Škola Žďár\n".encode("cp1250"))
    batch = opened.read([file], encoding="cp1250")
    assert "Škola Žďár" in batch.contents["agents.ttl"].decode()
    with pytest.raises(EncodingFault, match="no encoding"):
        opened.read([file], encoding="klingon")


def test_problems_of_a_table_have_their_cells(opened: KnowledgeGraph, tmp_path: Path) -> None:
    """A table as text has cells as well."""
    file = tmp_path / "intervention.csv"
    file.write_text("Key,Type,Stage\na,practice,Pilott\n", encoding="utf-8")
    batch = opened.read([file])
    (problem,) = batch.tally.problems
    assert str(problem.where) == "intervention.csv, C2"


# ---- bad input ----


def _refused(opened: KnowledgeGraph, file: Path) -> str:
    with pytest.raises(WorkbookFault) as caught:
        opened.read([file])
    assert caught.value.where is not None
    assert caught.value.hint
    return caught.value.message


def _with_part(content: bytes, name: str, text: bytes) -> bytes:
    again = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as taken:
        for info in given.infolist():
            taken.writestr(info.filename, given.read(info))
        taken.writestr(name, text)
    return again.getvalue()


@pytest.mark.parametrize(
    ("part", "text", "said"),
    [
        ("xl/vbaProject.bin", b"macro", "macros"),
        ("xl/externalLinks/externalLink1.xml", b"<externalLink/>", "other workbooks"),
        ("xl/worksheets/more.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "declares entities"),
        ("xl/worksheets/more.xml", b" " * (70 << 20), "unpacks to"),
    ],
)
def test_what_could_harm_is_refused(
    part: str, text: bytes, said: str, content: bytes, opened: KnowledgeGraph, tmp_path: Path
) -> None:
    """Macros, links to other files, entities, and parts that unpack to much more than they seem."""
    file = tmp_path / "bad.xlsx"
    file.write_bytes(_with_part(content, part, text))
    assert said in _refused(opened, file)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "password"),
        (b"no zip", "cannot be read"),
        (b"", "cannot be read"),
    ],
)
def test_what_is_no_workbook_is_refused(data: bytes, said: str, opened: KnowledgeGraph, tmp_path: Path) -> None:
    """A workbook with a password, and what is none."""
    file = tmp_path / "bad.xlsx"
    file.write_bytes(data)
    assert said in _refused(opened, file)


def test_a_broken_workbook_is_refused(content: bytes, opened: KnowledgeGraph, tmp_path: Path) -> None:
    """A file that was cut off."""
    file = tmp_path / "cut.xlsx"
    file.write_bytes(content[: len(content) // 2])
    _refused(opened, file)


def test_odd_cells_are_told(content: bytes, opened: KnowledgeGraph, tmp_path: Path) -> None:
    """Merged cells, hidden sheets, formulas and their errors, dates where texts stand: each with its place."""

    def edit(book: Any) -> None:
        sheet = book["Intervention"]
        sheet.merge_cells("D4:D5")
        book["Finding"].sheet_state = "hidden"
        cell(book, "Intervention", "Budget [en]", "youthreach").value = "#REF!"
        cell(book, "Intervention", "Budget [en]", "youthreach").data_type = "e"
        cell(book, "Intervention", "Programme [en]", "youthreach").value = datetime.date(2026, 4, 3)

    batch = opened.read([edited(content, tmp_path, edit)])
    rules = sorted(each.rule for each in batch.tally.problems)
    assert rules == ["formula error", "hidden sheet", "kind of value", "merged cells"]
    assert all(each.where.sheet for each in batch.tally.problems)


@pytest.mark.parametrize(
    ("kind", "value", "term"),
    [
        ("integer", " 2014\xa0", "2014"),
        ("integer", 2014.0, "2014"),
        ("decimal", "0.50", "0.50"),
        ("decimal", 0.5, "0.5"),
        ("boolean", "Ja", "true"),
        ("boolean", False, "false"),
        ("date", " 2026-01-15 ", "2026-01-15"),
        ("words", "\u200b a\xa0b \xa0", "a\xa0b"),
        ("text", 10, "10"),
    ],
)
def test_values_are_taken_as_they_are_meant(
    kind: str, value: Any, term: str, opened: KnowledgeGraph, layout: Layout
) -> None:
    """Spaces of any sort at the ends do not matter, nor whether a number is a text."""
    cells = Cells(Known(layout, Lookup(opened.written, opened.catalogue), []))
    (found,), misfits = cells.read(Column(POSITION, "x", set(), kind, single=True), value, "", THING)
    assert misfits == []
    assert isinstance(found, Literal)
    assert found.value == term


@pytest.mark.parametrize(
    ("kind", "value", "hint"),
    [
        ("integer", "1,988", "Write 1988."),
        ("integer", "“1988”", "Write 1988."),
        ("decimal", "0,5", "Write 0.5."),
        ("date", "15.1.2026", "Write 2026-01-15."),
        ("date", "3/4/2026", "Write 2026-03-04 or 2026-04-03."),
        ("any", "“a”@en", 'Write "a"@en.'),
        ("iri", "www.example.org", "Write https://www.example.org."),
        ("boolean", "perhaps", ""),
        ("dateTime", "yesterday", ""),
        ("dateTime", "15.01.2026", "Write 2026-01-15T00:00:00Z."),
    ],
)
def test_near_misses_are_told_what_to_write(
    kind: str, value: Any, hint: str, opened: KnowledgeGraph, layout: Layout
) -> None:
    """Dates typed as texts, numbers with commas, smart quotation marks: what was meant is suggested."""
    cells = Cells(Known(layout, Lookup(opened.written, opened.catalogue), []))
    terms, (misfit,) = cells.read(Column(POSITION, "x", set(), kind, single=True), value, "", THING)
    assert terms == []
    assert misfit.hint == hint


def test_a_million_empty_rows_do_not_matter(
    content: bytes, opened: KnowledgeGraph, small: Path, tmp_path: Path
) -> None:
    """A cell that was touched in the last row, and widths that lie, cost nothing."""

    def edit(book: Any) -> None:
        book["Intervention"].cell(1_048_576, 1).value = " "
        book["Intervention"].cell(1, 16_384).value = " "

    batch = opened.read([edited(content, tmp_path, edit)])
    assert problems(batch) == []
    assert files_of(batch, small) == {}


def test_rows_with_a_format_alone_are_not_read(
    content: bytes, opened: KnowledgeGraph, small: Path, tmp_path: Path
) -> None:
    """Hundreds of thousands of rows in which a colour stands and no value are passed over before they are parsed."""
    book = book_of(content)
    path = f"xl/worksheets/sheet{book.sheetnames.index('Intervention') + 1}.xml"
    rows = b"".join(b'<row r="%d"><c r="A%d" s="1"/></row>' % (row, row) for row in range(10_000, 210_000))
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(tmp_path / "long.xlsx", "w", 8) as after:
        for name in before.namelist():
            part = before.read(name)
            after.writestr(name, part.replace(b"</sheetData>", rows + b"</sheetData>") if name == path else part)
    sheet = next(each for each in open_book((tmp_path / "long.xlsx").read_bytes(), "x") if each.name == "Intervention")
    started = process_time()
    read = list(sheet.rows())
    assert process_time() - started < 1
    same = next(each for each in open_book(content, "x") if each.name == "Intervention")
    assert list(same.rows()) == read
    batch = opened.read([tmp_path / "long.xlsx"])
    assert problems(batch) == []
    assert files_of(batch, small) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Key,Name\na," + "," * 100_000 + "\n", "cells; at most"),
        ('Key,Name\na,"b\nc,d\n', "broken"),
        ('Key,Name\na,"b"c\n', "broken"),
        ("Key,Name\na,b\0\n", "NUL"),
        (f"Key,Name\na,{'x' * (1 << 21)}\n", "broken"),
    ],
)
def test_broken_tables_are_refused(text: str, said: str, opened: KnowledgeGraph, tmp_path: Path) -> None:
    """Rows without an end, open quotation marks, what is no text: each with its line."""
    file = tmp_path / "agent.csv"
    file.write_text(text, encoding="utf-8")
    assert said in _refused(opened, file)


def test_mixed_encodings_are_refused(opened: KnowledgeGraph, tmp_path: Path) -> None:
    """A file of two encodings is not guessed at."""
    file = tmp_path / "agent.csv"
    file.write_bytes("Key,Name\na,Café\n".encode() + "b,Café\n".encode("cp1252"))
    with pytest.raises(EncodingFault, match="Line 2 is written in UTF-8") as caught:
        opened.read([file])
    assert caught.value.where is not None
    assert caught.value.where.line == 3


def test_unknown_tables_are_told(opened: KnowledgeGraph, tmp_path: Path) -> None:
    """A table without a heading that is known, one that fits several sheets, twice the same row or column."""
    file = tmp_path / "some.csv"
    for text, said in (
        ("a,b\n1,2\n", "has no headings."),
        ("Belongs to,Part,Position\na,b,1\n", "fits several sheets"),
    ):
        file.write_text(text, encoding="utf-8")
        (problem,) = opened.read([file]).tally.problems
        assert said in problem.message
    agents = tmp_path / "agent.csv"
    agents.write_text("Key,Name,Name\na,b,c\na,d,e\n", encoding="utf-8")
    assert [each.message.partition(",")[0] for each in opened.read([agents]).tally.problems] == [
        "stands twice.",
        "stands twice",
    ]


def test_a_file_that_changes_while_it_is_read_is_refused(
    opened: KnowledgeGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that another program is writing is read when it has done so."""
    file = tmp_path / "agent.csv"
    file.write_text("Key,Name\na,b\n", encoding="utf-8")
    whole = Path.read_bytes

    def grows(path: Path) -> bytes:
        data = whole(path)
        if path == file:
            path.write_text("Key,Name\na,b\nc,d\n", encoding="utf-8")
        return data

    monkeypatch.setattr(Path, "read_bytes", grows)
    with pytest.raises(SourcesChanged, match=r"agent\.csv"):
        opened.read([file])
    assert reader.read_batch is not None


def test_rows_are_counted_by_the_line_where_they_begin() -> None:
    """A value of several lines does not shift the numbers of what follows."""
    rows = list(read_rows('a,b\n"x\ny",z\n\nlast,1\n', "t.csv", ","))
    assert rows == [(1, ["a", "b"]), (2, ["x\ny", "z"]), (5, ["last", "1"])]
    assert decode(b"a\x81\xe9", "t.csv")[1].startswith("t.csv is not UTF-8; it was read as Latin-1")


def test_terms_that_spreadsheets_change_are_texts(opened: KnowledgeGraph, layout: Layout) -> None:
    """A number that a spreadsheet would shorten stands as a text; one that it keeps is a number."""
    cells = Cells(Known(layout, Lookup(opened.written, opened.catalogue), []))
    column = Column(POSITION, "x", set(), "decimal", single=True)
    assert cells.write(column, [Literal("0.5", "", XSD_DECIMAL)], "", THING) == 0.5
    assert cells.write(column, [Literal("0.50", "", XSD_DECIMAL)], "", THING) == "0.50"
    assert (
        cells.write(column, [Literal("0.1234567890123456789", "", XSD_DECIMAL)], "", THING) == "0.1234567890123456789"
    )
    date = Column(POSITION, "x", set(), "date", single=True)
    assert str(cells.write(date, [Literal("2026-01-15", "", XSD_DATE)], "", THING)) == "2026-01-15"
    assert cells.write(date, [Literal("0001-01-15", "", XSD_DATE)], "", THING) == "0001-01-15"
    assert cells.write(date, [Literal("x", "", Iri(XSD + "gYear"))], "", THING) is not None


def test_the_sheets_of_a_workbook_are_looked_at(content: bytes) -> None:
    """Hidden sheets are told from others, and rows come with their numbers."""
    sheets = {sheet.name: sheet for sheet in open_book(content, "x.xlsx")}
    assert sheets["_origin"].hidden
    assert not sheets["Agent"].hidden
    numbers = [number for number, _ in sheets["Agent"].rows()]
    assert numbers == list(range(1, len(numbers) + 1))
