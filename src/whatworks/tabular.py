"""What the columns of an answer mean: the codebook of a stored query, and of things in rows."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from whatworks.catalogue import Catalogue, Query
from whatworks.codebook import Codebook, Column
from whatworks.collection import Collection
from whatworks.describe import Describer
from whatworks.namespaces import IN_SCHEME
from whatworks.native import Seen
from whatworks.terms import Iri, Literal, Term


class Tabular:
    """Makes codebooks.

    Args:
        collection: The graph that answers.
        catalogue: Its queries.
        describer: Gives what names the concepts that stand in the rows.
        source: Says which release answers, or that files do.
    """

    def __init__(
        self,
        collection: Collection,
        catalogue: Catalogue,
        describer: Callable[[Iterable[Iri]], Describer],
        source: str,
    ) -> None:
        self._collection = collection
        self._catalogue = catalogue
        self._describer = describer
        self.source = source

    def of_query(self, query: Query, values: Mapping[str, Sequence[str]]) -> "Explained":
        """Return what makes the codebook of a stored query's answer.

        Args:
            query: The query.
            values: What was asked for, as people typed it.
        """
        asked = {parameter.name: values[parameter.name] for parameter in query.parameters if parameter.name in values}
        return Explained(self, query.summary, f"whatworks query {query.name}", asked, query.returns)

    def of_things(self, title: str, meanings: Mapping[str, str]) -> "Explained":
        """Return what makes the codebook of things in rows."""
        return Explained(self, title, "whatworks export", {}, meanings)

    @cached_property
    def concepts(self) -> Container[Term]:
        """The concepts of all schemes; things of the collection are none."""
        things = self._collection.space.thing("", "")[:-1]
        found = {quad.subject for quad in self._collection.store.match(predicate=IN_SCHEME)}
        return frozenset(iri for iri in found if isinstance(iri, Iri) and not iri.startswith(things))

    def labels(self, concepts: Iterable[Iri]) -> dict[str, str]:
        """Return what concepts are called, by IRI."""
        languages, describer = self._collection.settings.languages, self._describer(concepts)
        return {str(iri): describer.label(iri, languages)[0] for iri in sorted(concepts)}

    @cached_property
    def licences(self) -> list[str]:
        """Under which terms the data may be used."""
        return sorted(
            {
                value.value if isinstance(value, Literal) else str(value)
                for _, prop, value in self._catalogue.rows(self._collection.store, "system/facts")
                if isinstance(prop, Iri) and prop.code == "license"
            }
        )


@dataclass(frozen=True, slots=True)
class Explained:
    """What makes the codebook of one answer.

    Attributes:
        tabular: Knows the collection.
        title: What the table holds, in a sentence.
        query: How it came about.
        asked: What was asked for, by parameter.
        meanings: What each column means.
    """

    tabular: Tabular
    title: str
    query: str
    asked: Mapping[str, Sequence[str]]
    meanings: Mapping[str, str]

    @property
    def names(self) -> Container[Term]:
        """The IRIs of which the codebook says what they are called."""
        return self.tabular.concepts

    def codebook(self, seen: Seen, note: str) -> Codebook:
        """Return the codebook of rows that have passed."""
        known = self.tabular.labels({term for named in seen.named for term in named if isinstance(term, Iri)})
        columns = []
        for name, kind, named in zip(seen.columns, seen.kinds, seen.named, strict=True):
            labels = {iri: label for iri, label in known.items() if kind == "iri" and iri in named}
            columns.append(Column(name, self.meanings.get(name, ""), kind, labels))
        about = self.tabular
        return Codebook(self.title, self.query, self.asked, about.source, about.licences, columns, note)
