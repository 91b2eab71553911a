"""Virtuoso answers as the embedded store does; see alike.py."""

from pathlib import Path

import pytest

from tests.alike import Alike, read
from tests.endpoints import Unavailable, Virtuoso
from tests.stored import MAIN, folder_of, opened
from whatworks import KnowledgeGraph
from whatworks.errors import EndpointAnswer
from whatworks.store.remote import RemoteStore

pytestmark = pytest.mark.slow


class TestVirtuoso(Alike):
    """Virtuoso 7."""

    ENGINES = ("virtuoso",)


def test_answers_that_virtuoso_cuts_are_refused(tmp_path: Path) -> None:
    """Virtuoso stops after so many rows or statements; that is an error and not an answer."""
    try:
        server = Virtuoso(tmp_path / "virtuoso", rows=300).wait()
    except Unavailable as reason:
        pytest.skip(str(reason))
    try:
        server.load(opened(MAIN).collection.store.nquads())
        kg = KnowledgeGraph.open(folder_of(MAIN), store=server.query)
        assert isinstance(kg.collection.store, RemoteStore)
        for text in ("SELECT ?x { ?x a ww:Practice }", "CONSTRUCT { ?x a ww:Practice } { ?x a ww:Practice }"):
            assert read(kg.sparql(text))
        for text in ("SELECT ?x ?name { ?x skos:prefLabel ?name }", "CONSTRUCT WHERE { ?x skos:prefLabel ?name }"):
            with pytest.raises(EndpointAnswer, match="cuts answers after 300 rows"):
                read(kg.sparql(text))
    finally:
        server.stop()
