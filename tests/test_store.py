"""The embedded store, and terms to and from the engine."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whatworks.errors import (
    DamagedRelease,
    Place,
    QueryRefused,
    QuerySyntax,
)
from whatworks.results import Boolean, Table, Triples
from whatworks.store import Dataset, EmbeddedStore, Store, open_store, serialize, write_store
from whatworks.store.convert import from_engine, quad_from_engine, quad_to_engine, to_engine
from whatworks.terms import XSD_INTEGER, BlankNode, Iri, Literal, Node, Quad, Term, Triple

BASE = "https://base.org/"
A, B, C, G, H = (Iri(f"https://x.org/{name}") for name in "abcgh")


@pytest.fixture
def store() -> EmbeddedStore:
    """Two graphs that share a statement, and one statement in the default graph."""
    made = EmbeddedStore({"x": "https://x.org/"})
    made.add([Quad(A, B, C, G), Quad(A, B, C, H), Quad(A, B, Literal("only h"), H), Quad(C, B, Literal.integer(1))])
    return made


def rows_of(store: EmbeddedStore, query: str) -> list[tuple[Term | None, ...]]:
    """Return the rows of a query."""
    found = store.query(query)
    assert isinstance(found, Table)
    return list(found)


def test_store_has_the_protocol(store: EmbeddedStore) -> None:
    """The embedded store is a store."""
    as_store: Store = store
    assert len(as_store) == 4


def test_query_sees_the_union_of_all_graphs(store: EmbeddedStore) -> None:
    """Without GRAPH a query sees every graph as one; with it the named ones apart."""
    assert sorted(map(str, rows_of(store, "SELECT DISTINCT ?o { x:a x:b ?o }"))) == sorted(
        map(str, [(C,), (Literal("only h"),)])
    )
    assert rows_of(store, "SELECT ?o { x:c x:b ?o }") == [(Literal.integer(1),)]
    assert sorted(rows_of(store, "SELECT ?g { GRAPH ?g { x:a x:b x:c } }")) == [(G,), (H,)]
    assert rows_of(store, "SELECT ?o { GRAPH x:g { x:c x:b ?o } }") == []


def test_query_answers_each_form(store: EmbeddedStore) -> None:
    """A table for SELECT, a truth value for ASK, statements for CONSTRUCT and DESCRIBE."""
    table = store.query("SELECT ?z ?a { VALUES (?a ?z) { (UNDEF x:a) } }")
    assert isinstance(table, Table)
    assert (table.columns, list(table)) == (("z", "a"), [(A, None)])
    assert [store.query(f"ASK {{ x:a x:b {value} }}") for value in ("x:c", "x:a")] == [Boolean(True), Boolean(False)]
    for query in ("CONSTRUCT WHERE { x:c x:b ?o }", "DESCRIBE x:c"):
        found = store.query(query)
        assert isinstance(found, Triples)
        assert list(found) == [Triple(C, B, Literal.integer(1))]


def test_add_counts_a_statement_once_per_graph(store: EmbeddedStore) -> None:
    """What is there is not added again."""
    store.add([Quad(A, B, C, G), Quad(A, B, C, G)])
    assert len(store) == 4
    assert store.graphs() == [G, H]


def test_add_is_all_or_nothing(store: EmbeddedStore) -> None:
    """Where one statement cannot be made, none is added."""

    def statements() -> Iterator[Quad]:
        yield Quad(A, B, A, G)
        yield Quad(A, Iri("no iri"), A, G)

    with pytest.raises(ValueError, match="Invalid IRI"):
        store.add(statements())
    assert len(store) == 4


@pytest.mark.parametrize(
    ("pattern", "number"),
    [
        ((None, None, None, None), 4),
        ((A, None, None, None), 3),
        ((None, B, None, None), 4),
        ((None, None, C, None), 2),
        ((None, None, Literal.integer(1), None), 1),
        ((None, None, None, H), 2),
        ((A, B, C, G), 1),
        ((C, None, None, H), 0),
    ],
)
def test_match_takes_none_for_any(
    store: EmbeddedStore, pattern: tuple[Node | None, Iri | None, Term | None, Iri | None], number: int
) -> None:
    """Each part of a pattern narrows what is found."""
    assert len(list(store.match(*pattern))) == number


def test_load_keeps_graphs_and_puts_the_rest_into_the_one_given() -> None:
    """Statements outside a graph of the file are loaded into the graph that is named."""
    store = EmbeddedStore()
    store.load(b"<c> <b> 1 . <h> { <c> <b> 2 }", "trig", graph=G, base="https://x.org/")
    expected = [Quad(C, B, Literal.integer(1), G), Quad(C, B, Literal.integer(2), H)]
    assert sorted(store.match(), key=str) == sorted(expected, key=str)


@pytest.mark.parametrize(
    ("query", "said", "line", "column", "shown"),
    [
        ("SELECT ?x WHERE ?s", "Something else is expected", 1, 17, "  SELECT ?x WHERE ?s\n                  ^"),
        ("SELECT * {\n ?s\tno:a 1 }", "The prefix no: is not declared", 2, 5, "   ?s no:a 1 }\n      ^"),
        ("ASK { ?s é:a 1 }", "The prefix é: is not declared", 1, 10, "^"),
        ("ASK { ?s ?p '\x1b[2J', no:a }", "not declared", 1, 21, "'\\u001b[2J', no:a }\n" + " " * 27 + "^"),
        ("ASK {\r\n\u2028\x0c?s ?p :a }", "The prefix : is not declared", 2, 9, "^"),
        ("ASK { ?s ?p '\ud800' }", "Half a character", 1, 14, "  ASK { ?s ?p '\\ud800' }\n" + " " * 15 + "^"),
        ("ASK {", "The { of line 1, column 5, is not closed:", 1, 6, "  ASK {\n       ^"),
        ("ASK {\n FILTER (?y = )\n}", "Something is missing between = and ):", 2, 15, "= )\n" + " " * 16 + "^"),
        ("ASK {\n FILTER (1 IN (1,)) }", "Something is missing between , and ):", 2, 18, "^"),
        ("ASK { ?s ?p ?o . . }", "Something is missing between . and .:", 1, 18, "^"),
        ("ASK { ?s ?p ?o . ; ?q 1 }", "Something is missing between . and ;:", 1, 18, "^"),
        ("ASK { ?s ?p '日本e\u0301' , }", "Something is missing between , and }:", 1, 22, "\n" + " " * 24 + "^"),
        ("SELECT (?x - AS ?y) {}", "Something is missing between - and AS:", 1, 14, "^"),
        ("ASK {\n FILTER (?y = 1\n}", "The ( of line 2, column 9, is not closed before this }:", 3, 1, "  }\n  ^"),
        ("ASK { ?s ?p ?o } }", "This } closes nothing:", 1, 18, "^"),
        ("ASK { ?s ?p ')', ?o ] ?q (", "The { of line 1, column 5, is not closed before this ]:", 1, 21, "^"),
        ("ASK { ?s ?p '(' ; ?q ?r ?t . } ORDER ?x", "Something else is expected", 1, 33, "^"),
        ("", "Something else is expected", 1, 1, "  \n  ^"),
        ("SELECT * { ?s x:p ?o } GROUP BY ?s", "SELECT * is not authorized with GROUP BY:", 1, None, "^"),
        ("SELECT ?o { ?s x:p ?o } GROUP BY ?s", "The SELECT contains a variable that is unbound:", 1, None, "^"),
        ("SELECT (1 AS ?x) (2 AS ?x) {}", "Duplicated variable name in SELECT:", 1, None, "^"),
        ("ASK { ?s <http://[> ?o }", "IRI parsing failed:", 1, None, "^"),
    ],
)
def test_query_shows_the_line_and_a_caret(query: str, said: str, line: int, column: int | None, shown: str) -> None:
    """A query that is no SPARQL is shown with a caret under the place, free of control characters."""
    with pytest.raises(QuerySyntax) as caught:
        EmbeddedStore({"x": "https://x.org/"}).query(query)
    where = caught.value.where
    assert said in caught.value.message
    assert shown in caught.value.message
    assert where is not None
    assert where == Place("query", line, column if column is not None else where.column)
    assert [char for char in caught.value.message if ord(char) < 0x20 and char != "\n"] == []


@pytest.mark.parametrize(
    ("query", "hint"),
    [
        ("ASK { ?s dcterm:a 1 }", "Did you mean dcterms:? Else write PREFIX dcterm: <IRI> before the query."),
        ("PREFIX own: <a:> ASK { ?s won:a 1 }", "Did you mean own:? Else write PREFIX won: <IRI> before the query."),
        ("ASK { ?s zq:a 1 }", "Write PREFIX zq: <IRI> before the query."),
    ],
)
def test_a_prefix_that_is_not_declared_is_answered_with_the_nearest(query: str, hint: str) -> None:
    """What helps is a declaration, or the prefix that was meant."""
    with pytest.raises(QuerySyntax) as caught:
        EmbeddedStore({"dcterms": "https://x.org/"}).query(query)
    assert caught.value.hint == hint


def test_a_long_line_is_cut_around_the_place() -> None:
    """Of a long line, what stands around the place is shown."""
    with pytest.raises(QuerySyntax) as caught:
        EmbeddedStore().query("ASK {" + " ?s ?p 1 ." * 50 + "?s no:a 1 " + " ?s ?p 1 ." * 50 + "}")
    line, caret = caught.value.message.split("\n")[1:]
    assert (124, "no:a") == (len(line), line[caret.index("^") :][:4])
    assert line.strip().startswith("…")
    assert line.endswith("…")


@pytest.mark.parametrize("name", ["x:c", "other:c", "<https://x.org/c>"])
def test_query_is_given_the_prefixes_that_it_uses(name: str) -> None:
    """A prefix of the table needs no declaration, and no other of the table is in the way."""
    store = EmbeddedStore({"x": "https://x.org/", "other": "https://x.org/", "": "https://y.org/"})
    store.add([Quad(C, B, A, G)])
    found = store.query(f"SELECT ?o {{ {name} ?p ?o }}")
    assert isinstance(found, Table)
    assert [(A,)] == list(found)


def test_graph_names_are_asked_one_by_one(store: EmbeddedStore) -> None:
    """A graph that holds something is known; anything else, what is no IRI included, is not."""
    names = store.graph_names
    assert [graph for graph in (G, H, A, "", "no iri", "\ud800", 7) if graph in names] == [G, H]
    assert set(store.graphs()) == {G, H}


def test_query_knows_its_own_declarations() -> None:
    """Prefixes that the query declares, in any case of letters, and blank nodes are no unknown prefixes."""
    with pytest.raises(QuerySyntax) as caught:
        EmbeddedStore().query("prefix a: <a:> PREFIX : <b:> ASK { a:a :b _:c . no:d }")
    assert "The prefix no: is not declared" in caught.value.message


@pytest.mark.parametrize(
    "query",
    [
        "SELECT (TRIPLE(<a:a>, <a:b>, 1) AS ?x) {}",
        "SELECT (STRLANGDIR('a', 'en', 'rtl') AS ?x) {}",
        "CONSTRUCT { <a:a> <a:b> ?x } { BIND(TRIPLE(<a:a>, <a:b>, 1) AS ?x) }",
        "ASK { FILTER(<a:function>(1)) }",
    ],
)
def test_query_refuses_what_cannot_be_held(query: str) -> None:
    """Terms of RDF 1.2 and unknown functions are told, not thrown."""
    with pytest.raises(QueryRefused, match="The query cannot be answered"):
        list(EmbeddedStore().query(query))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_engine_bytes_are_the_answer(store: EmbeddedStore, name: str) -> None:
    """The engine writes the whole answer in a SPARQL format."""
    found = store.query("SELECT ?o { x:c x:b ?o }")
    assert isinstance(found, Table)
    assert found.engine_bytes is not None
    assert b"1" in found.engine_bytes(name)


# Terms to the engine and back

TERMS = st.sampled_from([A, Literal("a"), Literal.text("a", "en"), Literal("1", "", XSD_INTEGER), BlankNode("b0")])


@given(TERMS, st.none() | st.just(G))
@settings(max_examples=20, deadline=None)
def test_convert_is_undone(term: Term, graph: Iri | None) -> None:
    """Our terms and statements come back from the engine's as they were."""
    quad = Quad(BlankNode("s"), B, term, graph)
    assert from_engine(to_engine(term)) == term
    assert quad_from_engine(quad_to_engine(quad)) == quad
    assert quad_from_engine(quad_to_engine(quad), H).graph == (graph or H)


def test_convert_refuses_rdf_1_2() -> None:
    """Triple terms and texts with a direction have no form in RDF 1.1."""
    triple = ox.Triple(ox.NamedNode("a:a"), ox.NamedNode("a:b"), ox.NamedNode("a:c"))
    directed = ox.Literal("a", language="ar", direction=ox.BaseDirection.RTL)
    with pytest.raises(TypeError, match=r"triple terms \(RDF 1\.2\)"):
        from_engine(triple)
    with pytest.raises(TypeError, match=r"triple terms \(RDF 1\.2\)"):
        quad_from_engine(ox.Quad(ox.NamedNode("a:a"), ox.NamedNode("a:b"), triple))
    with pytest.raises(TypeError, match=r"direction \(RDF 1\.2\)"):
        from_engine(directed)


def test_a_damaged_store_on_disk_is_told(tmp_path: Path) -> None:
    """Damage within a file is told, whichever way the statements are read; so is a folder that is no store."""
    quads = (Quad(Iri(f"https://x.org/{number}"), B, Literal(f"{number:099}"), G) for number in range(2000))
    write_store(tmp_path / "store", serialize(quads, "nquads"))
    for file in (tmp_path / "store").glob("*.sst"):
        content = bytearray(file.read_bytes())
        if len(content) > 50_000:
            content[20_000:20_100] = bytes(100)
            file.write_bytes(content)
    found = open_store(tmp_path / "store", {})
    reads: list[Callable[[], object]] = [
        lambda: list(found.match()),
        found.nquads,
        lambda: rows_of(found, "SELECT * { ?s ?p ?o }"),
    ]
    for read in reads:
        with pytest.raises(DamagedRelease, match="checksum mismatch"):
            read()
    (tmp_path / "store/CURRENT").write_bytes(b"")
    with pytest.raises(DamagedRelease, match="cannot be read"):
        open_store(tmp_path / "store", {})


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("SELECT ?o FROM <https://x.org/h> { ?s ?p ?o }", {C, Literal("only h")}),
        ("SELECT ?o FROM <https://x.org/g> { ?s ?p ?o }", {C}),
        ("SELECT ?o FROM <https://x.org/g> FROM <https://x.org/h> { ?s ?p ?o }", {C, Literal("only h")}),
        ("SELECT ?o FROM NAMED <https://x.org/g> { GRAPH ?g { ?s ?p ?o } }", {C}),
        ("SELECT ?o FROM NAMED <https://x.org/g> { ?s ?p ?o }", set()),
        ('SELECT ?o { ?s ?p ?o FILTER(?o != " FROM ") }', {C, Literal("only h"), Literal.integer(1)}),
    ],
)
def test_from_says_what_a_query_sees(store: EmbeddedStore, query: str, found: set[Term]) -> None:
    """With FROM, a query sees the graphs that it names and no others; a word in a text is no FROM."""
    assert {row[0] for row in rows_of(store, query)} == found


@pytest.mark.parametrize(
    ("dataset", "query", "found"),
    [
        (Dataset((G,)), "SELECT ?o { ?s ?p ?o }", {C}),
        (Dataset((G,)), "SELECT ?o FROM <https://x.org/h> { ?s ?p ?o }", {C}),
        (Dataset((), (H,)), "SELECT ?o { ?s ?p ?o }", set()),
        (Dataset((G,), (H,)), "SELECT ?o { GRAPH ?g { ?s ?p ?o } }", {C, Literal("only h")}),
    ],
)
def test_a_data_set_stands_for_that_of_the_query(
    store: EmbeddedStore, dataset: Dataset, query: str, found: set[Term]
) -> None:
    """The graphs that are given count, not those that the query names."""
    answer = store.raw(query, dataset=dataset)
    assert isinstance(answer, ox.QuerySolutions)
    assert {from_engine(row[0]) for row in answer} == found
