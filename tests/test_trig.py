"""The canonical TriG."""

import random

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whatworks.namespaces import Prefixes
from whatworks.store import parse
from whatworks.terms import RDF_TYPE, XSD, XSD_BOOLEAN, XSD_DECIMAL, XSD_INTEGER, BlankNode, Iri, Literal, Quad
from whatworks.trig import Order, natural, write_trig

PREFIXES = Prefixes({"ex": "https://x.org/", "xsd": XSD, "": "https://x.org/own/"})
IRIS = st.sampled_from([
    "https://x.org/a", "https://x.org/a-1", "https://x.org/a-01", "https://x.org/a-10", "https://x.org/a-9", "urn:a",
    "https://x.org/a#part-2", "https://x.org/own/b.", "https://x.org/own/b.c", "https://x.org/é", "https://x.org/",
    "https://x.org/a/b", "https://x.org/(a)", "https://x.org/own/-", RDF_TYPE, "https://x.org/²",
]).map(Iri)  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufffe\uffff"), max_size=12)
VALUES = st.sampled_from(
    ["1", "01", "-1", "+1", "1.0", "true", "1e0", "²", "٣", "", "9" * 5000, '"', "\\u0041", "a\nb"]
)
LITERALS = (
    (TEXT | VALUES).map(Literal)
    | st.builds(Literal.text, TEXT, st.sampled_from(["en", "de", "pt-br"]))
    | st.builds(Literal, VALUES, st.just(""), st.sampled_from([XSD_INTEGER, XSD_BOOLEAN, XSD_DECIMAL, Iri("urn:t")]))
)
QUADS = st.lists(st.builds(Quad, IRIS, IRIS, IRIS | LITERALS, st.none() | IRIS), max_size=12)


def read(text: str) -> list[Quad]:
    """Read TriG."""
    return parse(text.encode(), "trig", name="a.trig", base="https://base.org/")


@pytest.mark.slow
@given(QUADS, st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_write_trig_is_read_back_and_is_canonical(quads: list[Quad], rng: random.Random) -> None:
    """What is written is read as the same statements; written again, or in another order, it is the same text."""
    text = write_trig(quads, PREFIXES)
    shuffled = quads * 2
    rng.shuffle(shuffled)
    assert set(read(text)) == set(quads)
    assert len(read(text)) == len(set(quads))
    assert write_trig(read(text), PREFIXES) == text
    assert write_trig(shuffled, PREFIXES) == text


@given(QUADS)
@settings(max_examples=100, deadline=None)
def test_write_trig_without_prefixes_is_the_same_data(quads: list[Quad]) -> None:
    """Prefixes shorten the text and change nothing else."""
    assert set(read(write_trig(quads, Prefixes({})))) == set(quads)


def test_write_trig_keeps_names_apart_that_count_alike() -> None:
    """`a-1` and `a-01` are the same number and two things: each stands once, in each graph, in one order."""
    names = [Iri("https://x.org/a-01"), Iri("https://x.org/a-1")]
    quads = [Quad(thing, verb, verb, graph) for thing in names for verb in names for graph in names]
    text = write_trig(quads, PREFIXES)
    assert [line.split()[0] for line in text.splitlines() if line.endswith(("{", ";"))] == [
        *("ex:a-01", "ex:a-01", "ex:a-1"),
        *("ex:a-1", "ex:a-01", "ex:a-1"),
    ]
    assert write_trig(quads[::-1], PREFIXES) == text


def test_write_trig_keeps_blank_nodes_together() -> None:
    """Statements with blank nodes are the same up to the names of these."""
    quads = [
        Quad(Iri("urn:a"), Iri("urn:p"), BlankNode("b2")),
        Quad(BlankNode("b2"), Iri("urn:p"), BlankNode("b10")),
        Quad(BlankNode("b10"), Iri("urn:p"), Literal("x")),
    ]
    expected = ox.Dataset(ox.parse("<urn:a> <urn:p> [ <urn:p> [ <urn:p> 'x' ] ] .", format=ox.RdfFormat.TURTLE))
    found = ox.Dataset(ox.parse(write_trig(quads, PREFIXES), format=ox.RdfFormat.TRIG))
    for dataset in (expected, found):
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    assert found == expected


def test_write_trig_writes_one_fact_a_line() -> None:
    """The layout: bare statements first, a thing before its parts, numbers bare, each value on its line."""
    thing, part = Iri("https://x.org/a"), Iri("https://x.org/a#part-2")
    graph = Iri("https://x.org/g")
    quads = [
        Quad(thing, Iri("https://x.org/title"), Literal.text("B", "fr"), graph),
        Quad(thing, Iri("https://x.org/title"), Literal.text("A", "en"), graph),
        Quad(Iri("https://x.org/a-10"), Iri("https://x.org/n"), Literal.integer(10), graph),
        Quad(Iri("https://x.org/a-9"), Iri("https://x.org/n"), Literal("1.50", "", XSD_DECIMAL), graph),
        Quad(part, Iri("https://x.org/n"), Literal("true", "", XSD_BOOLEAN), graph),
        Quad(thing, RDF_TYPE, Iri("https://x.org/T"), graph),
        Quad(thing, RDF_TYPE, Iri("https://x.org/S"), graph),
        Quad(thing, Iri("https://x.org/z"), Iri("https://y.org/"), None),
    ]
    order = Order(["https://x.org/title"])
    assert write_trig(quads, PREFIXES, order=order, comment="One\nTwo") == (
        "# One\n"
        "# Two\n"
        "@prefix ex: <https://x.org/> .\n"
        "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
        "\n"
        "ex:a ex:z <https://y.org/> .\n"
        "\n"
        "ex:g {\n"
        "    ex:a a ex:S , ex:T ;\n"
        "        ex:title\n"
        '            "A"@en ,\n'
        '            "B"@fr .\n'
        "\n"
        "    <https://x.org/a#part-2> ex:n true .\n"
        "\n"
        '    ex:a-9 ex:n "1.50"^^xsd:decimal .\n'
        "\n"
        "    ex:a-10 ex:n 10 .\n"
        "}\n"
    )


@pytest.mark.parametrize("line_end", ["\r", "\n", "\u2028", "\x85"])
def test_write_trig_keeps_a_comment_a_comment(line_end: str) -> None:
    """A remark of several lines, whatever ends them, adds no statement."""
    assert read(write_trig([], PREFIXES, comment=f"a{line_end}<urn:a> <urn:b> <urn:c> .")) == []


def test_order_puts_the_listed_first() -> None:
    """The class comes first, then listed predicates as listed, then the others by IRI."""
    order = Order(["urn:z", "urn:y"])
    given_iris = [Iri("urn:b"), Iri("urn:y"), Iri("urn:a"), RDF_TYPE, Iri("urn:z")]
    assert sorted(given_iris, key=order.key) == [RDF_TYPE, "urn:z", "urn:y", "urn:a", "urn:b"]


@pytest.mark.parametrize(
    "ordered",
    [
        ["x", "x-2", "x-2#a", "x-10", "x-10#a"],
        ["", "1", "2", "10", "a"],
        ["a1b2", "a1b10", "a2b1"],
        ["a", "a²", "a٣"],
        ["9" * 4999, "9" * 5000],
        ["#factor-2", "#factor-10", "#factor-100"],
    ],
)
def test_natural_counts(ordered: list[str]) -> None:
    """Numbers in texts are compared as numbers, however long; other digits are letters."""
    shuffled = random.Random(4).sample(ordered, len(ordered))  # noqa: S311 - the same order each time
    assert sorted(shuffled, key=natural) == ordered
