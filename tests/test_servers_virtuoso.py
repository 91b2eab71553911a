"""Virtuoso answers as the embedded store does; see alike.py."""

from pathlib import Path

import pytest

from tests.alike import LOOKS, Alike, read
from tests.endpoints import Unavailable, Virtuoso
from tests.stored import MAIN, folder_of, opened
from whatworks import KnowledgeGraph
from whatworks.errors import EndpointAnswer
from whatworks.results import Table
from whatworks.store.remote import RemoteStore

pytestmark = pytest.mark.slow


class TestVirtuoso(Alike):
    """Virtuoso 7."""

    ENGINES = ("virtuoso",)


_LABELS = "SELECT ?x ?name { ?x skos:prefLabel ?name }"
_CUT = (
    "CONSTRUCT WHERE { ?x skos:prefLabel ?name }",  # of statements nothing says that they were cut
    f"{_LABELS} ORDER BY STRLEN(?name)",
    f"{_LABELS} ORDER BY ?name ?x LIMIT 200",
)
_WHOLE = (
    "SELECT ?x { ?x a ww:Practice }",
    "CONSTRUCT { ?x a ww:Practice } { ?x a ww:Practice }",
    f"{_LABELS} # the end",
    f"{_LABELS} ORDER BY DESC(STR(?name)) ?x LANG(?name)",
    "SELECT DISTINCT ?name ?none { ?x skos:prefLabel ?name OPTIONAL { ?x ww:none ?none } }",
)


def test_answers_that_virtuoso_cuts(tmp_path: Path) -> None:
    """Virtuoso stops after so many rows or statements; rows are asked for in parts, and else that is an error."""
    try:
        server = Virtuoso(tmp_path / "virtuoso", rows=100).wait()
    except Unavailable as reason:
        pytest.skip(str(reason))
    try:
        here = opened(MAIN)
        server.load(here.collection.store.nquads())
        kg = KnowledgeGraph.open(folder_of(MAIN), store=server.query)
        assert isinstance(kg.collection.store, RemoteStore)
        for text in _WHOLE:
            expected, found = read(here.sparql(text)), read(kg.sparql(text))
            if isinstance(expected, tuple) and "ORDER BY" not in text:
                assert len(expected[1]) == len(found[1])
                expected, found = ((columns, sorted(map(str, rows))) for columns, rows in (expected, found))
            assert expected == found
        for text in _CUT:
            with pytest.raises(EndpointAnswer, match="cuts answers after 100 rows"):
                read(kg.sparql(text))
        some = kg.sparql(_LABELS)
        assert isinstance(some, Table)
        assert 120 == len(list(some.cut(120)))
        for look in ("codebook", "show", "export", "why", "stats", "graphs"):
            assert LOOKS[look](here) == LOOKS[look](kg)
        for format in ("nquads", "turtle", "jsonld"):
            assert here.export(format) == kg.export(format), format
    finally:
        server.stop()
