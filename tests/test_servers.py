"""Oxigraph's own server answers as the embedded store does; see alike.py."""

import pytest

from tests.alike import Alike, Engines, read
from tests.endpoints import oxigraph
from tests.stored import MAIN, folder_of, opened
from whatworks import KnowledgeGraph


class TestOxigraph(Alike):
    """Oxigraph, and Oxigraph set up to show the union of all graphs."""

    ENGINES = ("oxigraph", "oxigraph-union")

    def test_graphs_are_named_where_they_must_be(self, engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where an engine cannot be told to show the union of all graphs, each query names them all."""
        monkeypatch.setattr("whatworks.store.remote.UNIONS", ((),))
        here = opened(MAIN)
        there = KnowledgeGraph.open(folder_of(MAIN), store=engines.server("oxigraph", MAIN).query)
        for name in ("interventions", "gap-map", "system/graphs"):
            query = here.catalogue.get(name)
            assert read(here.ask(query, {})) == read(there.ask(query, {}))

    def test_a_store_without_graphs_is_read_as_one(self) -> None:
        """Statements that are in no named graph are found by queries."""
        server = oxigraph().wait()
        try:
            text = b'<https://example.org/x> <http://purl.org/dc/terms/title> "X" .\n'
            server.load(text)
            kg = KnowledgeGraph.open(folder_of(MAIN), store=server.query)
            assert 1 == len(read(kg.sparql("SELECT ?x { ?x dcterms:title ?title }"))[1])
            assert [] == kg.collection.store.graphs()
        finally:
            server.stop()
