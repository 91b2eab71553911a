"""What the columns of an answer mean: the codebook of a stored query, and of things in rows."""

from collections.abc import Callable, Mapping, Sequence

from whatworks.catalogue import Catalogue, Query
from whatworks.codebook import Codebook, Column
from whatworks.collection import Collection
from whatworks.describe import Describer
from whatworks.results import Table
from whatworks.terms import Iri, Literal

_IN_SCHEME = Iri("http://www.w3.org/2004/02/skos/core#inScheme")

About = Callable[[Table, Sequence[str]], Codebook]


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

    def of_query(self, query: Query, values: Mapping[str, Sequence[str]]) -> About:
        """Return what makes the codebook of a stored query's answer."""
        asked = {parameter.name: values[parameter.name] for parameter in query.parameters if parameter.name in values}

        def about(table: Table, kinds: Sequence[str]) -> Codebook:
            return self._codebook(query.summary, f"whatworks query {query.name}", asked, query.returns, table, kinds)

        return about

    def of_things(self, title: str, meanings: Mapping[str, str]) -> About:
        """Return what makes the codebook of things in rows."""

        def about(table: Table, kinds: Sequence[str]) -> Codebook:
            return self._codebook(title, "whatworks export", {}, meanings, table, kinds)

        return about

    def _codebook(
        self,
        title: str,
        query: str,
        asked: Mapping[str, Sequence[str]],
        meanings: Mapping[str, str],
        table: Table,
        kinds: Sequence[str],
    ) -> Codebook:
        columns = [
            Column(name, meanings.get(name, ""), kind, self._concepts(table, index) if kind == "iri" else {})
            for index, (name, kind) in enumerate(zip(table.columns, kinds, strict=True))
        ]
        return Codebook(title, query, asked, self._source, self._licences(), columns, table.note)

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
