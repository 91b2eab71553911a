"""What engines do in their own way is mended, whatever the pieces in which it arrives."""

import io
import json
from typing import cast

import pyoxigraph as ox
import pytest

from whatworks import gate
from whatworks.namespaces import WW
from whatworks.store.connection import Reply
from whatworks.store.dialect import Dialect, Document, columns_of, in_parts
from whatworks.terms import XSD_BOOLEAN, XSD_DECIMAL, Iri, Literal, Term

ROWS = ",\n".join(f'{{"x":{{"type":"literal","value":"row {number}"}}}}' for number in range(60))
TRICKY = r"a }, \"metadata\": { \"httpRequests\": 0 }}"


@pytest.fixture(autouse=True, params=[300, 1500, 1 << 19])
def at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take answers for short, and so at once, up to some size."""
    monkeypatch.setattr("whatworks.store.dialect._SHORT", request.param)


def document(body: str, pieces: int) -> bytes:
    """Return what a document becomes that arrives in pieces of some bytes."""
    file = io.BytesIO(body.encode())

    class Pieces:
        def read(self, _: int) -> bytes:
            return file.read(pieces)

    found = Document(cast(Reply, Pieces()))
    whole = found.whole()
    return b"".join(iter(lambda: found.read(4096), b"")) if whole is None else whole


@pytest.mark.parametrize("pieces", [1, 7, 100, 100_000])
@pytest.mark.parametrize("rows", [ROWS, "", f'{{"x":{{"type":"literal","value":"{TRICKY}"}}}}'])
def test_what_comunica_adds_is_left_out(pieces: int, rows: str) -> None:
    """The member after the rows is left out, and a text that looks like it stays."""
    head = '{"head": {"vars":["x"]},\n"results": { "bindings": [\n'
    found = document(head + rows + ']},\n"metadata": { "httpRequests": 0 }}\n', pieces)
    assert json.loads(head + rows + "]}}") == json.loads(found)
    assert isinstance(ox.parse_query_results(found, format=ox.QueryResultsFormat.JSON), ox.QuerySolutions)


@pytest.mark.parametrize("pieces", [1, 7, 100_000])
def test_a_head_without_columns_gets_some(pieces: int) -> None:
    """Without rows Comunica names no columns, which the standard asks for."""
    found = document('{"head": {},\n"results": { "bindings": [\n\n]},\n"metadata": { "httpRequests": 0 }}', pieces)
    assert {"head": {"vars": []}, "results": {"bindings": []}} == json.loads(found)


@pytest.mark.parametrize("body", ['{"head":{},"boolean":true}', '{ "head": {"link": []}, "boolean": false}'])
def test_yes_and_no_stay(body: str) -> None:
    """Answers of yes or no are as they should be."""
    assert body.encode() == document(body, 5)


@pytest.mark.parametrize("pieces", [1, 50, 5000])
def test_blank_nodes_of_virtuoso_get_names(pieces: int) -> None:
    """The names of Virtuoso's blank nodes hold signs that no name may hold; texts stay as they are."""
    row = '{"x":{"type":"bnode","value":"nodeID://b10"},"y":{"type":"literal","value":"nodeID://b10"}}'
    rows = ",".join([row] * 40)
    found = json.loads(document(f'{{"head":{{"vars":["x","y"]}},"results":{{"bindings":[{rows}]}}}}', pieces))
    assert {("b10", "nodeID://b10")} == {
        (each["x"]["value"], each["y"]["value"]) for each in found["results"]["bindings"]
    }


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        (Literal("1", "", XSD_BOOLEAN), Literal("true", "", XSD_BOOLEAN)),
        (Literal("0", "", XSD_BOOLEAN), Literal("false", "", XSD_BOOLEAN)),
        (Literal("true", "", XSD_BOOLEAN), Literal("true", "", XSD_BOOLEAN)),
        (Literal("1.0", "", XSD_DECIMAL), Literal("1", "", XSD_DECIMAL)),
        (Literal("0.250", "", XSD_DECIMAL), Literal("0.25", "", XSD_DECIMAL)),
        (Literal("100", "", XSD_DECIMAL), Literal("100", "", XSD_DECIMAL)),
        (Literal("1.0"), Literal("1.0")),
        (Iri("https://x.org/1.0"), Iri("https://x.org/1.0")),
        (None, None),
    ],
)
def test_terms_are_written_in_one_way(term: Term | None, expected: Term | None) -> None:
    """Truth values and decimals are written as the embedded store writes them."""
    assert expected == Dialect(is_virtuoso=True).term(term)


def test_signs_are_read() -> None:
    """The answer of the first question says what the engine is like."""

    def rows(*signs: tuple[str, int]) -> list[tuple[Literal, Literal]]:
        return [(Literal(sign), Literal.integer(number)) for sign, number in signs]

    sorted_, unsorted = [("order", 1), ("order", 2)], [("order", 2), ("order", 1)]
    assert (Dialect(), True) == Dialect.from_signs(rows(*sorted_, ("union", 0)), ())
    assert (Dialect(sorts=False), False) == Dialect.from_signs(rows(*unsorted), ())
    assert (Dialect(is_virtuoso=True), True) == Dialect.from_signs(rows(("union", 0), ("virtuoso", 0)), ())
    assert Dialect().is_exact
    assert not Dialect(sorts=False).is_exact


def test_virtuoso_is_asked_in_its_own_way() -> None:
    """Virtuoso is told to keep the order, and, of what is not of the model, to leave out its own graphs."""
    own, other = Iri("http://www.openlinksw.com/schemas/virtrdf#"), Iri("https://x.org/graph/a")
    dialect = Dialect(is_virtuoso=True).with_own([own, Iri("http://localhost:8890/sparql"), other])
    assert (own, Iri("http://localhost:8890/sparql")) == dialect.own
    assert f"graph-exclude <{own}>" in dialect.written("ASK { ?s ?p ?o }")
    assert str(other) not in dialect.written("ASK { ?s ?p ?o }")
    assert "exclude" not in dialect.written(f"ASK {{ ?s a <{WW}Practice> }}")
    assert "ASK {}" == Dialect().written("ASK {}")


def test_rows_are_asked_for_in_parts() -> None:
    """A query is put into one that sorts by its columns, which stand there as they are; FROM cannot stand within."""
    found = in_parts("PREFIX a: <select#>\nSELECT ?x { ?x a a:b } # the end", ["x"])
    assert found is not None
    assert found.startswith(
        "PREFIX a: <select#>\nSELECT ?x WHERE { { SELECT ?x WHERE { {\nSELECT ?x { ?x a a:b } # the end\n}"
    )
    assert found.endswith("ORDER BY ?x } }")
    assert "SELECT" == gate.check(f"{found} LIMIT 10 OFFSET 20")
    many = in_parts("SELECT * { ?a ?b ?c }", [f"c{number}" for number in range(30)])
    assert many is not None
    assert many.endswith("?c15 } }")
    for text in ("SELECT ?x FROM <a> { ?x ?y ?z }", "ASK { }"):
        assert in_parts(text, ["x"]) is None
    assert in_parts("SELECT * { }", []) is None


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("SELECT ?a $b\nWHERE { ?a ?c $b }", ("a", "b")),
        ("SELECT DISTINCT ?a (COUNT(DISTINCT ?x) AS ?n) (IF(?x = 1, (?y + 1), ?z) AS ?m) WHERE { }", ("a", "n", "m")),
        ("PREFIX a: <b>\nSELECT (STR(?x) AS ?x1) ?a # ?no\n?b FROM <c> { }", ("x1", "a", "b")),
        ("SELECT ?a ?a { }", ("a",)),
        ("SELECT * { ?x ?y ?z }", None),
        ("ASK { ?x ?y ?z }", None),
        ("", None),
    ],
)
def test_columns_are_read(query: str, columns: tuple[str, ...] | None) -> None:
    """The columns that a query names are known before it is asked."""
    assert columns == columns_of(query)
