"""Answers, and how each is written."""

import re
import unicodedata
import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import CELLS
from whatworks.results import Boolean, Row, Table, Triples, plain, safe, write_table
from whatworks.store import EmbeddedStore
from whatworks.terms import (
    XSD_DECIMAL,
    BlankNode,
    Iri,
    Literal,
    Term,
    Triple,
)

SPARQL_FORMATS = ("json", "xml", "csv", "tsv")


@pytest.mark.parametrize("query", ["ASK {}", "ASK { ?s ?p ?o }"])
@pytest.mark.parametrize("name", SPARQL_FORMATS)
def test_boolean_is_written_as_sparql_writes_it(query: str, name: str) -> None:
    """A yes or no is true or false in the SPARQL formats."""
    answer = EmbeddedStore().query(query)
    assert isinstance(answer, Boolean)
    word = "false" if "?" in query else "true"
    assert (
        answer.write(name).decode()
        == {
            "json": f'{{"head":{{}},"boolean":{word}}}',
            "xml": '<?xml version="1.0"?><sparql xmlns="http://www.w3.org/2005/sparql-results#"><head></head>'
            f"<boolean>{word}</boolean></sparql>",
            "csv": word,
            "tsv": word,
        }[name]
    )


@pytest.mark.parametrize(("value", "text"), [(True, b"yes\n"), (False, b"no\n")])
def test_boolean_is_a_word_for_people(value: bool, text: bytes) -> None:
    """On a terminal and in a page the answer is yes or no."""
    assert [Boolean(value).write(name) for name in ("table", "md")] == [text, text]


def test_write_takes_the_engine_s_bytes() -> None:
    """JSON, XML and TSV of a store's answer do not pass through Python."""
    table = Table(("x",), [], engine_bytes=lambda name: name.encode())
    assert [table.write(name) for name in ("json", "xml", "tsv")] == [b"json", b"xml", b"tsv"]
    assert table.write("table") == b"x\n\xe2\x94\x80\n"


def test_cut_keeps_the_first_rows_and_says_so() -> None:
    """A limit cuts the rows with a note; where all rows fit there is none."""
    rows: list[Row] = [(Literal.integer(number),) for number in range(3)]
    cut = Table(("n",), iter(rows)).cut(2)
    assert (list(cut), cut.note) == (rows[:2], "Only the first 2 rows are shown; there are more.")
    whole = Table(("n",), iter(rows), note="x").cut(3)
    assert (list(whole), whole.note) == (rows, "x")
    assert list(Table(("n",), iter(rows)).cut(0)) == []
    table = Table(("n",), rows)
    assert table.cut(None) is table


def test_triples_yield_their_statements() -> None:
    """The statements of a graph are iterated."""
    triple = Triple(Iri("a:a"), Iri("a:b"), Literal("c"))
    assert list(Triples([triple])) == [triple]
    assert list(Triples()) == []


def test_statements_that_were_read_are_let_go() -> None:
    """What the engine holds for an answer ends with the reading, in the thread that reads, and not with the answer."""
    store = EmbeddedStore()
    store.load(b"<a:a> <a:b> <a:c> .", "ntriples", graph=Iri("a:g"), base="a:")
    answer = store.query("CONSTRUCT WHERE { ?s ?p ?o }", standalone=True)
    assert isinstance(answer, Triples)
    held = weakref.ref(answer.engine_bytes)
    assert [Triple(Iri("a:a"), Iri("a:b"), Iri("a:c"))] == list(answer)
    assert held() is None


def shown_width(line: str) -> int:
    """Return how many columns of a terminal a line takes."""
    wide = [
        2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line if unicodedata.category(char)[0] != "M"
    ]
    return sum(wide)


CELL_TEXTS = st.text(st.sampled_from("abc 日本é\u0301\u0e31😀\n\x1b\u202e"), max_size=40).map(Literal)


@given(st.integers(1, 6).flatmap(lambda size: st.lists(st.tuples(*[CELL_TEXTS] * size), min_size=1, max_size=3)),
       st.integers(20, 90))  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_a_table_fits_the_width(rows: list[Row], width: int) -> None:
    """No line is wider than the terminal, as long as each column can have four places; all columns stay aligned."""
    size = len(rows[0])
    lines = write_table([f"c{index}" for index in range(size)], rows, width=width).splitlines()
    assert len(lines) == len(rows) + 2
    assert max(map(shown_width, lines)) <= max(width, 6 * size - 2)
    assert max(map(shown_width, lines)) == shown_width(lines[1])


def test_a_table_gives_the_room_to_the_widest() -> None:
    """Columns that fit stay whole; the widest is cut with an ellipsis."""
    rows: list[Row] = [(Literal("short"), Literal("x" * 50)), (Literal("a"), Literal("y"))]
    assert write_table(["a", "long"], rows, width=20) == (
        "a      long\n─────  ─────────────\nshort  xxxxxxxxxxxx…\na      y\n"
    )


def test_a_table_keeps_keys_whole() -> None:
    """The column key is cut after all others, and IRIs beside it before them; without one the widest is cut."""
    row: Row = (Iri("a:" + "i" * 28), Literal("k" * 24), Literal("t" * 20))
    assert (
        cut_to(["iri", "key", "title"], row, 64) == "a:iiiiiiiiiiiii…  kkkkkkkkkkkkkkkkkkkkkkkk  tttttttttttttttttttt"
    )
    assert cut_to(["iri", "key", "title"], row, 56) == "a:iiiiiiiii…  kkkkkkkkkkkkkkkkkkkkkkkk  ttttttttttttttt…"
    assert cut_to(["iri", "key", "title"], row, 40) == "a:iii…  kkkkkkkkkkkkkkkkkkkkkkkk  ttttt…"
    assert cut_to(["iri", "key", "title"], row, 30) == "a:i…  kkkkkkkkkkkkkkkkk…  ttt…"
    assert (
        cut_to(["iri", "name", "title"], row, 64) == "a:iiiiiiiiiiiiiiiii…  kkkkkkkkkkkkkkkkkkk…  tttttttttttttttttttt"
    )


def cut_to(columns: list[str], row: Row, width: int) -> str:
    """Return the line of a row in a table of this width."""
    return write_table(columns, [row], width=width).splitlines()[2]


def test_a_table_aligns_wide_and_combining_characters() -> None:
    """A wide character takes two places and a mark none; numbers stand at the right."""
    rows: list[Row] = [
        (Literal("日本"), Literal.integer(5)),
        (Literal("e\u0301"), Literal("12.50", "", XSD_DECIMAL)),
        (Literal("ab"), None),
    ]
    assert write_table(["name", "n"], rows) == ("name      n\n────  ─────\n日本      5\ne\u0301     12.50\nab\n")


def test_a_table_cuts_a_wide_character_whole() -> None:
    """Where half a wide character would fit, none of it is shown."""
    rows: list[Row] = [(Literal("日本日本日本日本日本日本"),)]
    assert write_table(["x"], rows, width=20).splitlines()[2] == "日本日本日本日本日…"


def test_a_table_without_rows_has_its_head() -> None:
    """No rows leave the names of the columns, and no columns leave nothing to align."""
    assert write_table(["a", "bc"], []) == "a  bc\n─  ──\n"
    assert write_table([], [()]) == "\n\n\n"
    assert write_table([], [()], width=20) == "\n\n\n"


@given(st.text(max_size=20))
@settings(max_examples=300, deadline=None)
def test_safe_leaves_nothing_that_steers_or_hides(text: str) -> None:
    """What is left can be encoded, is one line, and holds no control, bidi, invisible or tag character."""
    shown = safe(text + "\u202e\x1b[2J\n\U000e0041\u2066\xad\ud800")
    assert shown.encode().decode() == shown
    assert [char for char in shown if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")] == []
    assert [
        char
        for char in shown
        if unicodedata.bidirectional(char) in ("RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI", "FSI", "PDI")
    ] == []
    assert [char for char in shown if 0xE0000 <= ord(char) < 0xE1000 or char in "\xad\u200b\u2060\ufeff"] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\r\nc", "a b  c"),
        ("\x1b]0;title\x07", "\\u001b]0;title\\u0007"),
        ("user\u202egnp.exe", "user\\u202egnp.exe"),
        ("a\u200bb\xadc", "a\\u200bb\\u00adc"),
        ("métiers 日本 😀", "métiers 日本 😀"),
    ],
)
def test_safe_shows_what_was_hidden(text: str, shown: str) -> None:
    """Line ends become spaces, other dangerous characters their numbers; letters stay."""
    assert safe(text) == shown


@pytest.mark.parametrize(
    ("term", "shown"),
    [
        (None, ""),
        (Iri("https://x.org/a"), "a"),
        (Literal.text("Ä\x07", "de"), "Ä\\u0007"),
        (BlankNode("b\x1b"), "_:b\\u001b"),
    ],
)
def test_plain_shows_a_term(term: Term | None, shown: str) -> None:
    """A person sees the text of a literal, a short IRI, the name of a node, and nothing where nothing is bound."""
    assert plain(term, lambda iri: iri.code) == shown


def test_markdown_escapes_what_markdown_reads() -> None:
    """Bars, marks, links, entities and tags of a value are shown and not obeyed."""
    hostile = "a|b\\|<img src=x onerror=alert(1)> **b** _i_ `c` ~~d~~ [l](javascript:x) &lt;\nnext"
    lines = Table(("x", "y"), [(Literal(hostile), Iri("https://x.org/a_b"))]).write("md").decode().split("\n")
    assert lines == [
        "| x | y |",
        "| --- | --- |",
        "| a\\|b\\\\\\|\\<img src=x onerror=alert(1)\\> \\*\\*b\\*\\* \\_i\\_ \\`c\\`"
        " \\~\\~d\\~\\~ \\[l\\](javascript:x) \\&lt; next "
        "| https://x.org/a\\_b |",
        "",
    ]


@given(st.lists(st.tuples(CELLS, CELLS), max_size=3))
@settings(max_examples=100, deadline=None)
def test_markdown_has_one_line_a_row(rows: list[Row]) -> None:
    """Whatever the values, each row is one line with as many bars as there are columns."""
    lines = Table(("x", "y"), rows).write("md").decode().splitlines()
    assert [len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in lines] == [3] * (len(rows) + 2)
