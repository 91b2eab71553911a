"""Workbooks and Parquet files of rows that pass once."""

import io
from collections.abc import Iterator

import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook

from whatworks.errors import Error
from whatworks.results import Row, Table
from whatworks.terms import XSD, XSD_INTEGER, BlankNode, Iri, Literal

ROWS: list[Row] = [
    (
        Iri("https://example.org/a"),
        Literal("1", "", XSD_INTEGER),
        Literal("=1+1"),
        Literal("x", "", Iri(XSD + "gYear")),
    ),
    (Iri("https://example.org/b"), None, Literal("two\nlines", "fr"), Literal("2014", "", Iri(XSD + "gYear"))),
    (BlankNode("c"), Literal("3", "", XSD_INTEGER), Literal("\x00\ud800_x0041_"), None),
]
COLUMNS = ("thing", "number", "text", "year")


def _passing(rows: list[Row]) -> Iterator[Row]:
    yield from rows


def _poured(name: str, rows: list[Row]) -> bytes:
    written = io.BytesIO()
    table = Table(COLUMNS, _passing(rows))
    assert table.streams(name)
    assert table.pour(name, written.write)[0] == len(rows)
    return written.getvalue()


@pytest.mark.parametrize("rows", [[], ROWS[:2], ROWS[:2] * 1500])
@pytest.mark.parametrize("name", ["xlsx", "parquet"])
def test_rows_that_pass_make_the_same_bytes_as_rows_that_are_kept(name: str, rows: list[Row]) -> None:
    """A file does not depend on whether its rows were kept in memory."""
    assert _poured(name, rows) == Table(COLUMNS, rows).write(name)


def test_kinds_are_those_of_all_rows() -> None:
    """A column has the kind of all its values, the last one included."""
    number = ROWS[0][1]
    found = pq.read_table(io.BytesIO(_poured("parquet", [(each, number, number, None) for each, *_ in ROWS])))
    assert found.column("number").to_pylist() == [1, 1, 1]
    assert found.column("thing").to_pylist() == ["https://example.org/a", "https://example.org/b", "_:c"]
    mixed = pq.read_table(io.BytesIO(_poured("parquet", ROWS[:2] * 1500)))
    assert (mixed.num_rows, mixed.column("year").to_pylist()[:2]) == (3000, ["x", "2014"])


def test_texts_are_texts_in_a_workbook() -> None:
    """What looks like a formula is a text, and numbers are numbers."""
    book = load_workbook(io.BytesIO(_poured("xlsx", ROWS)))
    cells = [[(cell.value, cell.data_type) for cell in row] for row in book["Table"].iter_rows(min_row=2)]
    assert cells[0][2] == ("=1+1", "s")
    assert [row[1] for row in cells] == [(1, "n"), (None, "n"), (3, "n")]
    assert book["Codebook"]["A1"].value == "Table"


def test_rows_pass_once() -> None:
    """Rows that have passed are not read as none."""
    table = Table(COLUMNS, _passing(ROWS[:2]))
    table.pour("xlsx", io.BytesIO().write)
    with pytest.raises(Error, match="written already"):
        list(table)


def test_what_breaks_off_writes_nothing() -> None:
    """Nothing is written before all rows have come."""

    def rows() -> Iterator[Row]:
        yield ROWS[0]
        raise Error("The store is gone.")

    written = io.BytesIO()
    with pytest.raises(Error, match="gone"):
        Table(COLUMNS, rows()).pour("parquet", written.write)
    assert not written.getvalue()


def test_cut_rows_are_noted_in_the_codebook() -> None:
    """The codebook says that rows were cut, which is known when they have passed."""
    written = io.BytesIO()
    table = Table(COLUMNS, _passing(ROWS[:2])).cut(1)
    assert table.pour("xlsx", written.write)[0] == 1
    notes = [[cell.value for cell in row] for row in load_workbook(written)["Codebook"].iter_rows()]
    assert ["Note", "Only the first 1 rows are shown; there are more.", None, None] in notes
