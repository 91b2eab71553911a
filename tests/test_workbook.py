"""Workbooks: a sheet of rows and one of the codebook; no text is a formula, and nothing is cut in silence."""

import datetime
import io
import re
import time
import zipfile
from typing import Any

import openpyxl
import pytest

from whatworks import KnowledgeGraph, errors, workbook
from whatworks.codebook import Codebook, plain_codebook
from whatworks.native import Values
from whatworks.results import Table
from whatworks.terms import XSD_DECIMAL, Literal
from whatworks.workbook import answers, marked


def _book(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content))


def _about(columns: list[str], kinds: list[str]) -> Codebook:
    return plain_codebook(columns, kinds, "")


def _one(value: Any, kind: str = "text") -> Any:
    content = workbook.write(Values(["x"], [kind], [[value]]), _about(["x"], [kind]))
    return _book(content)["Table"]["A2"]


@pytest.mark.parametrize(
    "text", ["=1+1", '=HYPERLINK("http://example.org")', "+1", "-1", "@SUM(A1)", "\t=1", "'=1", "=cmd|' /C calc'!A0"]
)
def test_no_text_is_a_formula(text: str) -> None:
    """What looks like a formula is a text with the same characters."""
    cell = _one(text)
    assert (cell.data_type, cell.value) == ("s", text)


@pytest.mark.parametrize(
    "text", ["a\x00b", "a\x07b", "_x0041_", "_x005F_", "two\nlines", "Čeština 😀", " a ", "\ufffe"]
)
def test_every_character_is_kept(text: str) -> None:
    """Characters that XML has no place for are escaped as the format defines it."""
    shown = re.sub(r"_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), _one(text).value)
    assert shown == text


def test_values_have_their_types() -> None:
    """Numbers, yes and no and dates are no texts; a moment with a zone is written out."""
    moment = datetime.datetime(2026, 11, 21, 10, tzinfo=datetime.UTC)
    assert _one(12, "integer").value == 12
    assert _one(0.5, "number").value == 0.5
    assert _one(True, "boolean").value is True
    assert _one(datetime.date(2026, 11, 21), "date").value.date() == datetime.date(2026, 11, 21)
    assert _one(moment, "datetime").value == "2026-11-21T10:00:00+00:00"


def test_a_text_too_long_for_a_cell_is_cut_and_it_is_said() -> None:
    """The codebook says that a text was cut, and where it is whole."""
    book = _book(workbook.write(Values(["x"], ["text"], [["é" * 40_000]]), _about(["x"], ["text"])))
    assert len(book["Table"]["A2"].value) == 32_767
    assert "1 texts are longer" in str(list(book["Codebook"].iter_rows(values_only=True))[-1])


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """More rows than a sheet has are no workbook."""
    monkeypatch.setattr(answers, "MOST_ROWS", 3)
    rows = [[1], [2], [3]]
    with pytest.raises(errors.UnknownFormat, match="csv or parquet"):
        workbook.write(Values(["x"], ["integer"], rows), _about(["x"], ["integer"]))


def test_the_same_table_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the clock nor the zone is in the file."""
    first = workbook.write(Values(["x"], ["integer"], [[1]]), _about(["x"], ["integer"]))
    assert b"1980-01-01T00:00:00Z</dcterms:modified>" in zipfile.ZipFile(io.BytesIO(first)).read("docProps/core.xml")
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        assert workbook.write(Values(["x"], ["integer"], [[1]]), _about(["x"], ["integer"])) == first
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
    assert {part.date_time[0] for part in zipfile.ZipFile(io.BytesIO(first)).infolist()} == {1980}


def test_a_stored_query_as_workbook_says_what_it_is(kg: KnowledgeGraph) -> None:
    """The codebook names the query, the parameters, the licence, the columns and the concepts."""
    answer = kg.query("interventions", country="Belgium", stage="mainstreamed")
    assert isinstance(answer, Table)
    expected = [row[1] for row in answer]
    book = _book(answer.write("xlsx"))
    assert [Literal(row[1]) for row in book["Table"].iter_rows(min_row=2, values_only=True)] == expected
    notes = [tuple(cell or "" for cell in row) for row in book["Codebook"].iter_rows(values_only=True)]
    assert ("Query", "whatworks query interventions", "", "") in notes
    assert ("Parameter", "country", "Belgium", "") in notes
    assert ("Licence", "https://creativecommons.org/licenses/by/4.0/", "", "") in notes
    assert ("startYear", "The year in which it started.", "whole number", "") in notes
    assert ("", "Mainstreamed", "https://w3id.org/whatworks/voc/stage/mainstreamed", "") in notes


def test_decimals_are_numbers() -> None:
    """A column of decimals can be summed."""
    table = Table(("x",), [(Literal("0.5", "", XSD_DECIMAL),), (Literal("1.25", "", XSD_DECIMAL),)])
    assert [row[0] for row in _book(table.write("xlsx"))["Table"].iter_rows(min_row=2, values_only=True)] == [0.5, 1.25]


@pytest.mark.parametrize("whole", [True, False])
def test_cells_are_marked_in_a_copy(content: bytes, whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy has the same values, red cells with notes, and a list of them; a large one is copied cell by cell."""
    if not whole:
        monkeypatch.setattr(marked, "_WHOLE", 0)
    marks = [workbook.Mark("Intervention", "D4", "is wrong"), workbook.Mark("Agent", "Z9", "is missing")]
    given, copy = _book(content), _book(workbook.mark(content, marks))
    assert copy.sheetnames == ["Problems", *given.sheetnames]
    assert [row[2] for row in copy["Problems"].iter_rows(values_only=True)] == [
        "What is wrong",
        "is wrong",
        "is missing",
    ]
    for cell, text in ((copy["Intervention"]["D4"], "is wrong"), (copy["Agent"]["Z9"], "is missing")):
        assert cell.fill.fgColor.rgb.endswith("FFC7CE")
        assert cell.comment.text.startswith(text)
    for sheet in given.worksheets:
        assert _values(copy[sheet.title]) == _values(sheet)


def test_marks_of_an_earlier_copy_go(content: bytes) -> None:
    """What was mended is red no more when a marked copy is marked again; notes of others and their sheets stay."""
    first = workbook.mark(content, [workbook.Mark("Agent", "B9", "is wrong"), workbook.Mark("Agent", "A2", "is odd")])
    again = _book(workbook.mark(first, [workbook.Mark("Agent", "B8", "is wrong")]))
    assert again.sheetnames == ["Problems", *_book(content).sheetnames]
    assert [row[1] for row in again["Problems"].iter_rows(min_row=2, values_only=True)] == ["B8"]
    assert again["Agent"]["B9"].comment is None
    assert again["Agent"]["B9"].fill.fill_type is None
    assert again["Agent"]["B8"].comment.text == "is wrong"
    assert again["Agent"]["A2"].comment.text == _book(content)["Agent"]["A2"].comment.text
    own = _book(content)
    own.create_sheet("Problems").append(["of mine"])
    own.save(saved := io.BytesIO())
    assert _book(workbook.mark(saved.getvalue(), []))["Problems"]["A1"].value == "of mine"


def _values(sheet: Any) -> list[list[Any]]:
    rows = ([value for value in row if value not in (None, "")] for row in sheet.iter_rows(values_only=True))
    return [row for row in rows if row]
