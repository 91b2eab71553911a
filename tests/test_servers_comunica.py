"""Comunica answers as the embedded store does; see alike.py."""

from pathlib import Path

import pytest

from tests.alike import Alike, read
from tests.endpoints import Unavailable, comunica
from whatworks import KnowledgeGraph

pytestmark = [pytest.mark.slow, pytest.mark.long]


class TestComunica(Alike):
    """Comunica 4."""

    ENGINES = ("comunica",)


def test_links_of_the_shipped_collection(kg: KnowledgeGraph, tmp_path: Path) -> None:
    """What is joined in texts comes in its order, and many reasons are answered, which small cases do not try."""
    file = tmp_path / "shipped.nq"
    file.write_bytes(kg.collection.store.nquads())
    try:
        server = comunica(file)
    except Unavailable as reason:
        pytest.skip(str(reason))
    try:
        remote = KnowledgeGraph.open(store=server.wait().query)
        for name in ("related", "related-reasons"):
            there = remote.query(name, intervention="youthreach")
            assert read(there) == read(kg.query(name, intervention="youthreach"))
        assert read(remote.query("review-queue")) == read(kg.query("review-queue"))
    finally:
        server.stop()
