"""Loads a release into a SPARQL engine, graph by graph, and compares in the end.

What is at the endpoint already, by the number of statements and a checksum that the engine computes, is not sent. So
a load that was stopped goes on where it stopped, a load of a newer release sends what has changed, and nothing needs
to be remembered here.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from whatworks.catalogue import Catalogue, iri_rows
from whatworks.collection import Collection
from whatworks.errors import EndpointAnswer, Error, ImportRefused
from whatworks.namespaces import MODEL, Space
from whatworks.release import Release
from whatworks.results import Row
from whatworks.store import graph_parts, shared_blank_node
from whatworks.store.graphs import GraphStore
from whatworks.store.remote import RemoteStore
from whatworks.terms import XSD_DECIMAL, Iri, Literal

_AT_ONCE = 200  # so many graphs are asked for in one query, if they have no more statements than
_STATEMENTS = 50_000
_PART = 8 << 20  # bytes that are sent at a time

Sum: TypeAlias = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did.

    Attributes:
        graphs: How many graphs the release has.
        statements: How many statements they have.
        sent: How many graphs were sent; the others were there.
        different: The graphs that are not at the endpoint as they are in the release.
        beyond: Graphs of the collection at the endpoint that the release does not have.
        removed: How many of those were removed.
        shortened: How many statements have a decimal with more digits after the point than the engine keeps.
        places: How many it keeps.
    """

    graphs: int
    statements: int
    sent: int
    different: list[Iri] = field(default_factory=list)
    beyond: list[Iri] = field(default_factory=list)
    removed: int = 0
    shortened: int = 0
    places: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the endpoint has the graphs of the release, but for digits of decimals that it does not keep."""
        return not self.different and not self.beyond


@dataclass(frozen=True, slots=True)
class Target:
    """Where a release is loaded.

    Attributes:
        url: The address at which the engine answers queries.
        graphs: The address of its Graph Store Protocol; without it the usual one beside that of queries.
        timeout: So many seconds may be spent waiting for each answer.
    """

    url: str
    graphs: str | None = None
    timeout: float = 600


class Loader:
    """Loads one release into one endpoint.

    Args:
        release: The release.
        described: The collection without data, for its prefixes and base.
        catalogue: The tool's own queries.
        target: Where.
        tell: Is told each step.

    Raises:
        StoreAddress: An address cannot be asked, or that of the graph store must be given.
    """

    def __init__(
        self,
        release: Release,
        described: Collection,
        catalogue: Catalogue,
        target: Target,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._release, self._catalogue, self._tell = release, catalogue, tell
        self._here = release.collection(described).local
        self._space = described.space
        self._there = RemoteStore(target.url, described.prefixes.table, catalogue.text, timeout=target.timeout)
        if target.graphs:
            self._graphs = GraphStore(target.graphs, timeout=target.timeout)
        else:
            self._graphs = GraphStore.beside(self._there.address, timeout=target.timeout)

    def load(self, *, remove: bool = False) -> Loaded:
        """Send what is not there, and compare.

        Args:
            remove: Whether graphs of the collection that the release does not have are removed.

        Raises:
            ImportRefused: The release cannot be sent graph by graph.
            EndpointUnreachable, EndpointTimeout, EndpointRedirect, EndpointRefused, EndpointAnswer: As they say; what
                was sent until then stays there.
        """
        self._tell("Adding up what the release says")
        if (node := shared_blank_node(self._release.folder / "dump.nq")) is not None:
            raise ImportRefused(
                f"Two graphs of the release share the node {node}, which has no IRI; sent one by one they would not.",
                hint="Give the node an IRI in the data, and build anew.",
            )
        here = dict(_sums(self._catalogue.rows(self._here, "system/checksums")))
        self._graphs.knock(min(here))
        self._tell(f"Asking {self._there.address} what is there")
        there = self._there.graphs()
        same = self._same(here, [graph for graph in there if graph in here])
        missing = [graph for graph in here if graph not in same]
        try:
            self._send(missing, here)
            beyond = [graph for graph in there if graph not in here and self._is_ours(graph)]
            for graph in beyond if remove else ():
                self._graphs.remove(graph)
        except Error as error:
            error.hint = f"{error.hint} What was sent stays; the same command goes on from there.".strip()
            raise
        self._tell("Comparing")
        found = self._same(here, list(here)) if missing else same
        different = [graph for graph in here if graph not in found]
        statements = sum(number for number, _ in here.values())
        kept, gone = ([], len(beyond)) if remove else (beyond, 0)
        places = self._there.places
        shortened = 0 if places is None else self._longer(places)
        return Loaded(len(here), statements, len(missing), different, kept, gone, shortened, places)

    def _longer(self, places: int) -> int:
        """Return how many statements of the release have a decimal with more digits after the point."""
        decimal = re.compile(rb'\.[0-9]{%d}[0-9]*[1-9]0*"\^\^<%s>' % (places, XSD_DECIMAL.encode()))
        with (self._release.folder / "dump.nq").open("rb") as lines:
            return sum(decimal.search(line) is not None for line in lines)

    def _send(self, graphs: Sequence[Iri], here: Mapping[Iri, Sum]) -> None:
        total, sent, said = sum(here[graph][0] for graph in graphs), 0, -1
        for number, graph in enumerate(graphs, 1):
            if (tenth := 10 * sent // max(total, 1)) > said:
                self._tell(f"Sending graph {number:,} of {len(graphs):,}, {sent:,} of {total:,} statements sent")
                said = tenth
            for place, part in enumerate(graph_parts(self._here, graph, _PART)):
                (self._graphs.add if place else self._graphs.put)(graph, part)
            sent += here[graph][0]

    def _same(self, here: Mapping[Iri, Sum], graphs: Sequence[Iri]) -> set[Iri]:
        """Return the graphs that are at the endpoint as they are here."""
        found: dict[Iri, Sum] = {}
        # Other engines read all graphs to find some.
        portions = _portions(graphs, here) if self._there.looks_graphs_up else [[]] if graphs else []
        for some in portions:
            values = {"graph": iri_rows(some)} if some else {}
            found.update(_sums(self._catalogue.rows(self._there, "system/checksums", values)))
        return {graph for graph in graphs if found.get(graph) == here[graph]}

    def _is_ours(self, graph: Iri) -> bool:
        return graph.startswith((self._space.graph(""), Space(MODEL).graph("")))


def _portions(graphs: Sequence[Iri], here: Mapping[Iri, Sum]) -> Iterator[list[Iri]]:
    """Cut graphs into lists that can be asked for at once."""
    some: list[Iri] = []
    statements = 0
    for graph in graphs:
        if some and (len(some) == _AT_ONCE or statements + here[graph][0] > _STATEMENTS):
            yield some
            some, statements = [], 0
        some.append(graph)
        statements += here[graph][0]
    if some:
        yield some


def _sums(rows: Iterable[Row]) -> Iterator[tuple[Iri, Sum]]:
    for graph, number, checksum in rows:
        if not isinstance(graph, Iri) or not isinstance(number, Literal):
            raise EndpointAnswer("The endpoint counts no statements.")
        yield graph, (int(number.value), checksum.value.partition(".")[0] if isinstance(checksum, Literal) else "")
