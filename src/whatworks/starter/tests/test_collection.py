"""Tests of this collection: python -m pytest."""

from pathlib import Path

from whatworks import KnowledgeGraph

COLLECTION = KnowledgeGraph.open(Path(__file__).parent.parent)


def test_nothing_is_wrong() -> None:
    """The records keep the rules of the model and those of this collection."""
    assert COLLECTION.check(profile="core").findings == []


def test_job_guarantees() -> None:
    """One job guarantee is open to people who have been without work for nine months."""
    keys = [row[0].value for row in COLLECTION.query("job-guarantees", within=9)]
    assert keys == ["magma-marienthal"]
