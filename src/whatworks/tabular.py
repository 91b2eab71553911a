"""What the columns of an answer mean: the codebook of a stored query, and of things in rows."""

from collections.abc import Mapping, Sequence

from whatworks.catalogue import Catalogue, Query
from whatworks.codebook import Codebook, Column
from whatworks.collection import Collection
from whatworks.describe import Describer
from whatworks.namespaces import SKOS
from whatworks.results import Table
from whatworks.terms import Iri, Literal

_IN_SCHEME = Iri(SKOS + "inScheme")


class Tabular:
    """Makes codebooks.

    Args:
        collection: The graph that answers.
        catalogue: Its queries.
        describer: Names what stands in the rows.
        source: Says which release answers, or that files do.
    """

    def __init__(self, collection: Collection, catalogue: Catalogue, describer: Describer, source: str) -> None:
        self._collection = collection
        self._catalogue = catalogue
        self._describer = describer
        self._source = source

    def of_query(
        self, query: Query, values: Mapping[str, Sequence[str]], table: Table, kinds: Sequence[str]
    ) -> Codebook:
        """Return the codebook of a stored query's answer.

        Args:
            query: The query.
            values: What was asked for, as people typed it.
            table: The answer.
            kinds: What the values of its columns are.
        """
        asked = {parameter.name: values[parameter.name] for parameter in query.parameters if parameter.name in values}
        columns = self._columns(query.returns, table, kinds)
        name = f"whatworks query {query.name}"
        return Codebook(query.summary, name, asked, self._source, self._licences(), columns, table.note)

    def of_things(self, title: str, meanings: Mapping[str, str], table: Table, kinds: Sequence[str]) -> Codebook:
        """Return the codebook of things in rows."""
        columns = self._columns(meanings, table, kinds)
        return Codebook(title, "whatworks export", {}, self._source, self._licences(), columns, table.note)

    def _columns(self, meanings: Mapping[str, str], table: Table, kinds: Sequence[str]) -> list[Column]:
        return [
            Column(name, meanings.get(name, ""), kind, self._concepts(table, index) if kind == "iri" else {})
            for index, (name, kind) in enumerate(zip(table.columns, kinds, strict=True))
        ]

    def _concepts(self, table: Table, index: int) -> dict[str, str]:
        """Return the concepts that stand in a column, with their labels; things of the collection are none."""
        languages = self._collection.settings.languages
        things = self._collection.space.thing("", "")[:-1]
        found = {row[index] for row in table.kept()}
        concepts = sorted(
            iri
            for iri in found
            if isinstance(iri, Iri)
            and not iri.startswith(things)
            and next(self._collection.store.match(iri, _IN_SCHEME), None) is not None
        )
        return {str(iri): self._describer.label(iri, languages)[0] for iri in concepts}

    def _licences(self) -> list[str]:
        answer = self._collection.store.query(self._catalogue.get("system/facts").bind({}))
        rows = answer if isinstance(answer, Table) else ()
        return sorted(
            {
                value.value if isinstance(value, Literal) else str(value)
                for _, prop, value in rows
                if isinstance(prop, Iri) and prop.code == "license"
            }
        )
