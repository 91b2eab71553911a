"""What every store can do."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from whatworks.results import Answer
from whatworks.terms import Iri, Node, Quad, Term


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query may cost.

    Attributes:
        seconds: How long it may run; None for as long as it takes.
        rows: How many rows or statements it may give; the others are cut, and it is said.
        megabytes: How much memory the process that answers may take; systems other than Unix do not hold it.
        bytes: How long the rows or statements may be, as SPARQL TSV or N-Triples; the others are cut, and it is said.
    """

    seconds: float | None = None
    rows: int | None = None
    megabytes: int | None = None
    bytes: int | None = None


class Dataset(NamedTuple):
    """The graphs that a query sees.

    Attributes:
        default: Those whose union is the default graph.
        named: Those that GRAPH finds.
    """

    default: tuple[Iri, ...] = ()
    named: tuple[Iri, ...] = ()


class Store(Protocol):
    """A set of named graphs that answers SPARQL 1.1 queries.

    Queries see the union of all named graphs as default graph. A triple that is in two graphs may be matched twice.
    """

    def query(self, text: str, *, standalone: bool = False) -> Answer:
        """Answer a SPARQL query.

        Args:
            text: The query.
            standalone: Whether it declares all its prefixes, as stored queries do.

        Raises:
            QuerySyntax: The text is not well formed.
        """

    def graphs(self) -> list[Iri]:
        """Return the IRIs of the named graphs, sorted."""

    @property
    def graph_names(self) -> Container[str]:
        """The IRIs of the named graphs, to be asked for one; nothing is read before that."""

    def match(
        self,
        subject: Node | None = None,
        predicate: Iri | None = None,
        value: Term | None = None,
        graph: Iri | None = None,
    ) -> Iterator[Quad]:
        """Yield the statements that have these parts; None stands for any."""

    def nquads(self) -> bytes:
        """Return all statements as N-Quads."""

    def __len__(self) -> int:
        """Return the number of statements, each counted once per graph."""
