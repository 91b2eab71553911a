"""The SPARQL 1.1 result formats: byte by byte what the engine writes, and what ordinary readers read."""

import csv
import io
import json
import re
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.strategies import CELLS
from whatworks.results import Row, Table
from whatworks.store import EmbeddedStore
from whatworks.terms import BlankNode, Iri, Literal, write_term

SPARQL_FORMATS = ("json", "xml", "csv", "tsv")


def answered(columns: tuple[str, ...], rows: list[Row]) -> Table:
    """Return the engine's table of these rows."""
    lines = (" ".join("UNDEF" if term is None else write_term(term) for term in row) for row in rows)
    head = " ".join(f"?{column}" for column in columns)
    data = "\n".join(f"({line})" for line in lines)
    found = EmbeddedStore().query(f"SELECT {head} {{ VALUES ({head}) {{ {data} }} }}")
    assert isinstance(found, Table)
    return found


def engine_bytes(columns: tuple[str, ...], rows: list[Row], name: str) -> bytes:
    """Return what the engine writes for these rows."""
    found = answered(columns, rows)
    assert found.engine_bytes is not None
    return found.engine_bytes(name)


def check_same_bytes(columns: tuple[str, ...], rows: list[Row]) -> None:
    """Compare the engine's bytes with our own for the rows that the engine gave."""
    found = list(answered(columns, rows))
    assert [[term is None for term in row] for row in found] == [[term is None for term in row] for row in rows]
    for name in SPARQL_FORMATS:
        assert Table(columns, found).write(name) == engine_bytes(columns, rows, name), name


@example([])
@example([(None,), (Literal(""),), (Literal(" "),), (Literal("\n a \r"),), (Literal("\\u0022"),)])
@given(st.lists(st.tuples(CELLS), max_size=4))
@settings(max_examples=150, deadline=None)
def test_one_column_is_written_as_the_engine_writes_it(rows: list[Row]) -> None:
    """A table of one column, where an empty cell is an empty line, has the engine's bytes in each SPARQL format."""
    check_same_bytes(("x",), rows)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=4))
@settings(max_examples=250, deadline=None)
def test_several_columns_are_written_as_the_engine_writes_them(rows: list[Row]) -> None:
    """A table of several columns has the engine's bytes in each SPARQL format."""
    check_same_bytes(("a", "b_2", "é"), rows)


@pytest.mark.parametrize("query", ["SELECT * {}", "SELECT ?x { VALUES ?x {} }", "SELECT (BNODE() AS ?x) {}"])
@pytest.mark.parametrize("name", SPARQL_FORMATS)
def test_tables_without_columns_rows_or_names_are_written_as_the_engine_writes_them(query: str, name: str) -> None:
    """No columns, no rows, and blank nodes are the corners of the formats."""
    found = EmbeddedStore().query(query)
    assert isinstance(found, Table)
    rows = list(found)
    own = Table(found.columns, rows).write(name).decode()
    again = EmbeddedStore().query(query)
    assert isinstance(again, Table)
    assert again.engine_bytes is not None
    blank = re.compile(r"[0-9a-f]{20,}")
    assert blank.sub("", own) == blank.sub("", again.engine_bytes(name).decode())


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_csv_and_json_are_read_back(rows: list[Row]) -> None:
    """Ordinary readers of CSV and JSON get each value as it is."""
    expected = [
        ["" if term is None else term.value if isinstance(term, Literal) else str(term) for term in row] for row in rows
    ]
    text = Table(("a", "b"), rows).write("csv").decode()
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["a", "b"], *expected]
    document = json.loads(Table(("a", "b"), rows).write("json"))
    found = [[binding.get(name, {}).get("value", "") for name in "ab"] for binding in document["results"]["bindings"]]
    assert found == expected


def test_csv_quotes_an_iri_with_a_comma() -> None:
    """An IRI with a comma stays one cell, also where the engine could write the bytes."""
    table = answered(("x", "y"), [(Iri("https://x.org/a,b"), Literal.integer(1))])
    assert table.write("csv") == b'x,y\r\n"https://x.org/a,b",1\r\n'


def test_xml_is_xml() -> None:
    """White space at the ends of a text survives a reader of XML."""
    rows: list[Row] = [(Literal(" a\t"), Iri("urn:a&b"), BlankNode("b0"))]
    root = ElementTree.fromstring(Table(("a", "b", "c"), rows).write("xml"))
    assert [cell.text for cell in root.iter() if cell.text] == [" a\t", "urn:a&b", "b0"]
