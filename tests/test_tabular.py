"""What columns mean: of stored queries and of things in rows."""

from whatworks import KnowledgeGraph
from whatworks.results import Table


def test_every_stored_query_has_a_meaning_for_every_column(kg: KnowledgeGraph) -> None:
    """No column of a stored query is left without a meaning."""
    for query in kg.catalogue.all():
        if query.form == "SELECT" and not any(parameter.required for parameter in query.parameters):
            answer = kg.ask(query, {})
            assert isinstance(answer, Table)
            found = answer.cut(3).codebook()
            assert all(column.meaning for column in found.columns), query.name
            assert found.licences, query.name


def test_things_in_rows_have_a_codebook(kg: KnowledgeGraph) -> None:
    """A column of an export names its property and what the model says of it."""
    found = {column.name: column.meaning for column in kg.table(of_class="Tool").codebook().columns}
    assert "(ww:stage)" in found["Stage"]
    assert found["iri"] == "The thing."
