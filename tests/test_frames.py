"""Answers as data frames: the same rows in Arrow, pandas, Polars and Parquet, with their types."""

import datetime
import io
import json
import subprocess
import sys

import pandas
import polars
import pyarrow
import pyarrow.parquet
import pytest

from whatworks import KnowledgeGraph, errors, frames
from whatworks.results import Table
from whatworks.terms import XSD_BOOLEAN, XSD_DATE, XSD_DATETIME, XSD_DECIMAL, XSD_INTEGER, Iri, Literal

A = Iri("https://example.org/a")


def _table() -> Table:
    rows = [
        (
            A,
            Literal("3", "", XSD_INTEGER),
            Literal("0.5", "", XSD_DECIMAL),
            Literal("true", "", XSD_BOOLEAN),
            Literal("2026-11-21", "", XSD_DATE),
            Literal("2026-11-21T10:00:00Z", "", XSD_DATETIME),
            Literal.text("Été", "fr"),
        ),
        (None,) * 7,
    ]
    return Table(("thing", "whole", "broken", "yes", "day", "moment", "text"), rows)


MOMENT = datetime.datetime(2026, 11, 21, 10, tzinfo=datetime.UTC)
ROW = [str(A), 3, 0.5, True, datetime.date(2026, 11, 21), MOMENT, "Été"]


def test_arrow() -> None:
    """Arrow has the types, and null where nothing is."""
    table = _table().to_arrow()
    assert [list(each.values()) for each in table.to_pylist()] == [ROW, [None] * 7]
    assert table.schema.field("whole").type == pyarrow.int64()


def test_pandas() -> None:
    """Pandas has the types; whole numbers stay whole beside what is missing."""
    frame = _table().to_pandas()
    assert [str(each) for each in frame.dtypes][1:4] == ["Int64", "Float64", "boolean"]
    assert frame.iloc[0].tolist()[:4] == ROW[:4]
    assert frame["moment"][0] == pandas.Timestamp(MOMENT)
    assert frame.iloc[1].isna().all()


def test_polars() -> None:
    """Polars has the types, and null where nothing is."""
    frame = _table().to_polars()
    assert frame.rows() == [tuple(ROW), (None,) * 7]
    assert frame.schema["day"] == polars.Date


def test_tables_without_rows_keep_their_columns() -> None:
    """An empty answer is an empty frame with its columns."""
    for frame in (Table(("a", "b"), []).to_pandas(), Table(("a", "b"), []).to_polars()):
        assert (list(frame.columns), len(frame)) == (["a", "b"], 0)
    assert Table(("a", "b"), []).to_arrow().column_names == ["a", "b"]


def test_parquet_carries_its_codebook(kg: KnowledgeGraph) -> None:
    """What the columns mean stands in the file."""
    answer = kg.query("countries")
    assert isinstance(answer, Table)
    count = len(answer.kept())
    table = pyarrow.parquet.read_table(io.BytesIO(answer.write("parquet")))
    assert table.num_rows == count
    assert table.schema.field("interventions").type == pyarrow.int64()
    assert table.schema.field("country").metadata[b"description"]
    assert json.loads(table.schema.metadata[b"csvw"])["dc:provenance"] == "whatworks query countries"


def test_an_answer_can_be_read_twice(kg: KnowledgeGraph) -> None:
    """After a frame was made of it, the answer still has its rows, in every format."""
    answer = kg.query("countries")
    assert isinstance(answer, Table)
    count = len(answer.to_pandas())
    assert count == len(list(answer)) == len(json.loads(answer.write("json"))["results"]["bindings"]) > 10
    assert answer._repr_html_().count("<tr>") == count + 1


def test_an_answer_that_was_written_is_not_read_as_empty(kg: KnowledgeGraph) -> None:
    """Rows that have passed are an error, not an empty table."""
    answer = kg.query("countries")
    assert isinstance(answer, Table)
    answer.write("json")
    with pytest.raises(errors.Error, match="written already"):
        list(answer)


def test_html_is_text() -> None:
    """Markup in a value is shown, not obeyed."""
    shown = Table(("<b>",), [(Literal("<script>alert(1)</script>"),)], note="<i>")._repr_html_()
    assert "<script>" not in shown
    assert "<b>" not in shown
    assert "<i>" not in shown


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_library_that_is_not_there_is_said(library: str) -> None:
    """The message says how to install it."""
    method = {"pandas": "to_pandas", "polars": "to_polars", "pyarrow": "to_arrow"}[library]
    code = (
        f"import sys; sys.modules[{library!r}] = None\n"
        "from whatworks.errors import MissingExtra\nfrom whatworks.results import Table\n"
        f"try: Table(('a',), []).{method}()\nexcept MissingExtra as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert f"{library} is not installed" in said
    assert "pip install 'whatworks[" in said


def test_the_libraries_are_not_imported_before_they_are_asked_for() -> None:
    """The module itself costs nothing."""
    assert {"pandas", "polars", "pyarrow"}.isdisjoint(vars(frames))
