"""The embedded store: pyoxigraph, in memory."""

import re
from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from whatworks.errors import Place, QuerySyntax
from whatworks.results import Answer, Boolean, Row, Table, Triples
from whatworks.store.convert import (
    from_engine,
    node_to_engine,
    quad_from_engine,
    quad_to_engine,
    to_engine,
    triple_from_engine,
)
from whatworks.store.syntax import engine_format
from whatworks.terms import Iri, Node, Quad, Term

_RESULT_FORMATS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
_AT = re.compile(r"^error at (\d+):(\d+): (.*)$", re.DOTALL)


class EmbeddedStore:
    """A store in the memory of this process."""

    def __init__(self, prefixes: dict[str, str] | None = None) -> None:
        self._store = ox.Store()
        self._prefixes = prefixes

    def query(self, text: str) -> Answer:
        """Answer a SPARQL query over the union of all named graphs."""
        try:
            found = self._store.query(text, prefixes=self._prefixes, use_default_graph_as_union=True)
        except SyntaxError as error:
            raise _syntax_fault(text, str(error)) from error
        if isinstance(found, ox.QuerySolutions):
            return _table(found)
        if isinstance(found, ox.QueryTriples):
            return Triples(triple_from_engine(triple) for triple in found)
        return Boolean(bool(found))

    def load(self, data: bytes, format: str, *, graph: Iri, base: str) -> None:
        """Read RDF into the store without passing through Python; graphs named in the data are kept.

        Raises:
            SyntaxError: As the engine says it; `syntax.parse` is the door for files of people.
        """
        self._store.load(data, format=engine_format(format), base_iri=base, to_graph=ox.NamedNode(graph))

    def add(self, quads: Iterable[Quad]) -> None:
        """Add statements; what is there already is not added again."""
        self._store.extend(quad_to_engine(quad) for quad in quads)

    def graphs(self) -> list[Iri]:
        """Return the IRIs of the named graphs, sorted."""
        return sorted(Iri(graph.value) for graph in self._store.named_graphs())

    def match(
        self,
        subject: Node | None = None,
        predicate: Iri | None = None,
        value: Term | None = None,
        graph: Iri | None = None,
    ) -> Iterator[Quad]:
        """Yield the statements that have these parts; None stands for any."""
        found = self._store.quads_for_pattern(
            None if subject is None else node_to_engine(subject),
            None if predicate is None else ox.NamedNode(predicate),
            None if value is None else to_engine(value),
            None if graph is None else ox.NamedNode(graph),
        )
        return (quad_from_engine(quad) for quad in found)

    def __len__(self) -> int:
        return len(self._store)


def _table(found: ox.QuerySolutions) -> Table:
    columns = tuple(variable.value for variable in found.variables)

    def rows() -> Iterator[Row]:
        for solution in found:
            yield tuple(None if term is None else from_engine(term) for term in solution)

    def engine_bytes(name: str) -> bytes:
        written = found.serialize(format=_RESULT_FORMATS[name])
        return written or b""

    return Table(columns, rows(), engine_bytes)


def _syntax_fault(text: str, message: str) -> QuerySyntax:
    match = _AT.match(message)
    if match is None:
        return QuerySyntax(f"The query is not valid SPARQL: {message}.")
    line, column = int(match[1]), int(match[2])
    lines = text.splitlines() or [""]
    shown = lines[line - 1] if line <= len(lines) else ""
    reason = match[3]
    if "Prefix not found" in reason:
        said = "A prefix is used that is not declared"
    elif len(reason) > 120 or "expected one of" in reason:
        said = "Something else is expected here"
    else:
        said = reason
    return QuerySyntax(
        f"The query is not valid SPARQL. {said}:\n  {shown}\n  {' ' * (column - 1)}^",
        hint="Check the brackets, dots and quotes just before the caret.",
        where=Place("query", line, column),
    )
