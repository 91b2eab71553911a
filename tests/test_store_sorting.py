"""Statements are written in order in bounded memory: the same bytes as in memory."""

import io

import pytest

from whatworks.store import pour_ordered, sorting, write_ordered
from whatworks.terms import XSD, BlankNode, Iri, Literal, Node, Quad, Term

A, B = Iri("https://a.example/"), Iri("https://a.example/b")
NODES: list[Node] = [A, Iri(A + "1"), Iri(A + "1#part"), Iri(A + "10"), Iri(A + "é"), BlankNode("n"), BlankNode("n1")]
TEXTS = [">", 'a\tb\nc\r"\\', "\0\x01\x7f", "\u2028 é 😀", "", " .", "<x> <y> _:z ."]
VALUES: list[Term] = [*NODES, *map(Literal, TEXTS), *(Literal.text(text, "fr") for text in TEXTS), Literal.integer(7)]
TABLE = {"a": A, "part": Iri(A + "1#"), "none": Iri(A + "2"), "xsd": Iri(XSD)}
GRAPHS = [None, A, Iri(A + "-1"), Iri("https://a.example")]
QUADS = [Quad(node, B, value, graph) for graph in GRAPHS for value in VALUES for node in NODES]


@pytest.mark.parametrize("few", [5, 10_000])
@pytest.mark.parametrize("format", ["turtle", "trig", "ntriples", "nquads", "rdfxml"])
def test_what_is_poured_is_what_is_sorted_in_memory(format: str, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Odd texts, nodes without IRIs and graphs are in the same order, each once, however little is sorted at a time."""
    monkeypatch.setattr(sorting, "_FEW", few)
    monkeypatch.setattr(sorting, "_RUN", 3000)
    monkeypatch.setattr(sorting, "_LINES", 7)
    given = [quad for quad in QUADS if "\0" not in str(quad.object)] if format == "rdfxml" else QUADS
    poured = io.BytesIO()
    assert 2 * len(given) == pour_ordered((*given, *reversed(given)), format, TABLE, poured)
    assert write_ordered(given, format, TABLE) == poured.getvalue()


def test_nothing_is_written_as_nothing() -> None:
    """Without statements there is what the format has for none."""
    poured = io.BytesIO()
    assert 0 == pour_ordered((), "ntriples", {}, poured)
    assert b"" == poured.getvalue()
