"""A store at a SPARQL endpoint, asked through SPARQLWrapper.

SPARQLWrapper makes the requests; `endpoint` sends them, as SPARQLWrapper's own way of sending has no deadline, follows
redirects anywhere and keeps a whole answer in memory. Answers are read as they arrive. What differs from engine to
engine is in `dialect`.
"""

import string
from collections.abc import Callable, Container, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from threading import local
from typing import IO, Any, TypeAlias, cast
from urllib.parse import urlencode

import pyoxigraph as ox
from SPARQLWrapper import GET, POST, SELECT, SPARQLWrapper
from SPARQLWrapper import __version__ as wrapper_version

from whatworks import gate
from whatworks.errors import EndpointAnswer, EndpointRefused
from whatworks.results import Answer, Boolean, Row, Table, Triples
from whatworks.store import order
from whatworks.store.address import Address, Login
from whatworks.store.connection import Reply
from whatworks.store.convert import row_from_engine, triple_from_engine
from whatworks.store.dialect import UNIONS, YES_OR_NO, Dialect, Document, Parameters, columns_of, in_parts
from whatworks.store.embedded import EmbeddedStore
from whatworks.store.endpoint import NO_ENDPOINT, Endpoint, Request, nothing
from whatworks.store.syntax import serialize
from whatworks.terms import BlankNode, Iri, Literal, Node, Quad, Term, Triple
from whatworks.version import __version__

# Gives the text of one of the tool's own queries, by its name, with rows of terms bound to its parameters.
Texts: TypeAlias = Callable[[str, Mapping[str, Sequence[tuple[Term, ...]]]], str]

TIMEOUT = 60.0
_LONGEST_URL = 2000  # longer ones are cut or refused by servers and proxies on the way; then POST is used
_MOST_GRAPHS = 2000  # so many are named with each query where the default graph is not their union
_UNESCAPED = (string.ascii_letters + string.digits + "_.-~/ ").encode()  # of others three signs are made in an address
_BLOCK = 1 << 16
_ROWS = ("application/sparql-results+json", "application/json")
_GRAPH = ("application/n-triples", "text/turtle", "text/plain")


class RemoteStore:
    """A store at a SPARQL endpoint, which is only read.

    Args:
        url: The address of the endpoint.
        prefixes: Those that a query need not declare.
        texts: Gives the tool's own queries.
        timeout: So many seconds may be spent waiting for the answer to a query.

    Raises:
        StoreAddress: The address cannot be asked, or who asks cannot be told.
    """

    def __init__(self, url: str, prefixes: Mapping[str, str], texts: Texts, *, timeout: float = TIMEOUT) -> None:
        self.address = Address.parse(url)
        self._endpoint = Endpoint(self.address, login=Login.from_environment(), timeout=timeout)
        self._prefixes = dict(prefixes)
        self._texts = texts
        self._wrappers = _Wrappers()

    def query(self, text: str, *, standalone: bool = False) -> Answer:
        """Answer a SPARQL query.

        Raises:
            QuerySyntax: The text is not well formed.
            EndpointUnreachable, EndpointTimeout, EndpointRedirect, EndpointRefused, EndpointAnswer: As they say; those
                of an answer that breaks off come while it is read.
        """
        try:
            return self._answer(text if standalone else self._declared(text), self._dialect.union)
        except EndpointRefused:
            # An endpoint says in its own way, or not at all, where a text is no SPARQL.
            EmbeddedStore(self._prefixes).query(text)
            raise

    def _declared(self, text: str) -> str:
        """Return a query with the prefixes that it uses and does not declare."""
        found = gate.tokens(text)
        declared = {after.text[:-1] for before, after in pairwise(found) if before.word == "PREFIX"}
        used = {token.text.partition(":")[0] for token in found if token.kind == "name"} - declared
        head = [f"PREFIX {name}: <{self._prefixes[name]}>\n" for name in sorted(used & self._prefixes.keys())]
        return "".join(head) + text

    def _answer(self, text: str, parameters: Parameters, dialect: Dialect | None = None) -> Answer:
        dialect = dialect or self._dialect
        is_graph = gate.head(text)[0] in ("CONSTRUCT", "DESCRIBE")
        reply = self._reply(dialect.written(text), parameters, _GRAPH if is_graph else _ROWS)
        if is_graph:
            return self._triples(reply, dialect)
        found, columns = self._rows(reply, text, parameters, dialect), columns_of(text)
        if columns is not None and (not isinstance(found, Table) or found.columns != columns):
            reply.close()
            raise EndpointAnswer(f"{self.address} answers something else than was asked.", hint=NO_ENDPOINT)
        return found

    def _reply(self, text: str, parameters: Parameters, accepted: tuple[str, ...]) -> Reply:
        wrappers = self._wrappers.of
        wrapper = wrappers.get((accepted, parameters))
        if wrapper is None:
            wrapper = _Wrapper(self._endpoint, accepted, (*self.address.parameters, *parameters))
            wrappers[accepted, parameters] = wrapper
        wrapper.setQuery(text)
        reply = cast(Reply, wrapper.query().response)
        if reply.header("X-SQL-State"):  # Virtuoso, when its time is over
            reply.close()
            raise EndpointAnswer(f"{self.address} sends a part of its answer only.", hint="Ask for less.")
        return reply

    # ---- answers ----

    def _rows(self, reply: Reply, text: str, parameters: Parameters, dialect: Dialect) -> Table | Boolean:
        document, most = Document(reply), _most_rows(reply)
        with _Reading(self._endpoint, reply, whole=False):
            short = document.whole()
            found = ox.parse_query_results(
                cast(IO[bytes], document) if short is None else short, format=ox.QueryResultsFormat.JSON
            )
        if isinstance(found, ox.QueryBoolean):
            with _Reading(self._endpoint, reply):
                return Boolean(bool(found))
        columns = tuple([variable.value for variable in found.variables])
        # The engine's answer may end in its own thread only, so that no trace of an error may keep it.
        kept = [found]
        del found
        if short is not None and most is None and columns != YES_OR_NO:
            return self._mended(Table(columns, self._at_once(kept, reply)), text, dialect)
        rows = self._come(kept, reply, most)
        if columns == YES_OR_NO:
            return Boolean(any(row != (Literal.integer(0),) for row in rows))
        if most is None:
            return self._mended(Table(columns, rows), text, dialect)
        keys, parts = order.keys_of(text), in_parts(text, columns)
        if parts is None or keys is None or any(key.column not in columns for key in keys):
            return self._mended(Table(columns, rows), text, dialect)  # which ends with an error
        reply.close()
        rows = self._in_parts(parts, most, parameters, dialect)
        return self._mended(Table(columns, rows), text, replace(dialect, sorts=False))

    def _in_parts(self, text: str, size: int, parameters: Parameters, dialect: Dialect) -> Generator[Row, None, None]:
        """Yield the rows of an answer that is longer than what an engine gives at once."""
        start, count = 0, size
        while count == size:
            count = 0
            reply = self._reply(dialect.written(f"{text} LIMIT {size} OFFSET {start}"), parameters, _ROWS)
            document = Document(reply)
            with _Reading(self._endpoint, reply, whole=False):
                part = ox.parse_query_results(cast(IO[bytes], document), format=ox.QueryResultsFormat.JSON)
                kept = [cast(ox.QuerySolutions, part)]
                del part
            for count, row in enumerate(self._come(kept, reply, None), 1):  # noqa: B007 - counted for what follows
                yield row
            start += count

    def _at_once(self, kept: list[ox.QuerySolutions], reply: Reply) -> list[Row]:
        """Return the rows of an engine's answer, which is let go of."""
        with _Reading(self._endpoint, reply):
            return list(map(row_from_engine, kept.pop()))

    def _come(self, kept: list[ox.QuerySolutions], reply: Reply, most: int | None) -> Generator[Row, None, None]:
        """Yield the rows of an engine's answer, which is let go of in the end."""
        number = 0
        try:
            with _Reading(self._endpoint, reply):
                for number, solution in enumerate(kept[0], 1):  # noqa: B007 - counted for what follows
                    yield row_from_engine(solution)
        finally:
            kept.clear()
        self._check_whole(number, most)

    def _mended(self, table: Table, text: str, dialect: Dialect) -> Table:
        """Return the rows of an engine with its own ways as the embedded store gives them."""
        if dialect.is_exact and table.columns:
            return table
        if not table.columns:  # nothing was found, and the engine does not say of what
            empty = EmbeddedStore(self._prefixes).query(text)
            return Table(empty.columns if isinstance(empty, Table) else (), table.rows)
        rows: Iterator[Row] = (tuple(dialect.term(term) for term in row) for row in table.rows)
        keys = [] if dialect.sorts else order.keys_of(text)
        if keys is None or any(key.column not in table.columns for key in keys):
            return Table(table.columns, rows, note=f"{self.address} does not sort as it should.")
        if keys:
            return Table(table.columns, _Later(lambda: order.sort_rows(list(rows), table.columns, keys)))
        return Table(table.columns, rows)

    def _triples(self, reply: Reply, dialect: Dialect) -> Triples:
        format = ox.RdfFormat.TURTLE if reply.media_type == "text/turtle" else ox.RdfFormat.N_TRIPLES

        def triples() -> Iterator[Triple]:
            number = 0
            with _Reading(self._endpoint, reply):
                found = ox.parse(cast(IO[bytes], reply), format=format, rename_blank_nodes=True)
                for number, quad in enumerate(found, 1):  # noqa: B007 - counted for what follows
                    yield triple_from_engine(quad.triple)
            if dialect.is_virtuoso and number:
                self._check_whole(number, self._most_rows)

        return Triples(triples())

    @cached_property
    def _most_rows(self) -> int | None:
        """After how many rows or statements Virtuoso cuts; of statements it does not say that it did."""
        reply = self._reply(self._texts("system/statements", {}), (), _ROWS)
        reply.close()
        return _most_rows(reply)

    def _check_whole(self, number: int, most: int | None) -> None:
        if most is not None and number >= most:
            raise EndpointAnswer(
                f"{self.address} cuts answers after {most} rows.",
                hint="Ask for less, in several queries; its owner can set ResultSetMaxRows higher.",
            )

    # ---- the tool's own queries ----

    def _own(
        self, name: str, values: Mapping[str, Sequence[Term]] | None = None, dialect: Dialect | None = None
    ) -> Iterator[Row]:
        """Ask one of the tool's own queries; those name the graphs themselves."""
        rows = {key: [(term,) for term in terms] for key, terms in (values or {}).items()}
        text = self._texts(f"system/{name}", rows)
        answer = self._answer(text, dialect.union if dialect else (), dialect)
        return iter(answer.rows) if isinstance(answer, Table) else iter(())

    @cached_property
    def _dialect(self) -> Dialect:
        """What the engine does in its own way."""
        for union in UNIONS:
            dialect, is_union = Dialect.from_signs(self._own("engine", dialect=Dialect(union)), union)
            if is_union:
                return dialect.with_own(self._graphs()) if dialect.is_virtuoso else dialect
        graphs = self._graphs()
        if len(graphs) > _MOST_GRAPHS:
            raise EndpointAnswer(
                f"{self.address} does not show its {len(graphs):,} named graphs to a query that names none.",
                hint="Its owner can set it up so; the setting is often called union default graph.",
            )
        named = [(name, str(graph)) for name in ("default-graph-uri", "named-graph-uri") for graph in graphs]
        return replace(dialect, union=tuple(named))

    @property
    def looks_graphs_up(self) -> bool:
        """Whether the engine finds the graphs that VALUES names without reading all others."""
        return self._dialect.is_virtuoso

    @property
    def places(self) -> int | None:
        """How many digits after the point of a decimal the engine keeps; None for all."""
        return 15 if self._dialect.is_virtuoso else None

    def _graphs(self) -> list[Iri]:
        return sorted(row[0] for row in self._own("graph-names", dialect=Dialect()) if isinstance(row[0], Iri))

    def graphs(self) -> list[Iri]:
        """Return the IRIs of the named graphs, sorted."""
        return [graph for graph in self._graphs() if graph not in self._dialect.own]

    @property
    def graph_names(self) -> Container[str]:
        """The IRIs of the named graphs, to be asked for one; the endpoint is asked for them only then."""
        return _GraphNames(self)

    def match(
        self,
        subject: Node | None = None,
        predicate: Iri | None = None,
        value: Term | None = None,
        graph: Iri | None = None,
    ) -> Iterator[Quad]:
        """Yield the statements that have these parts; None stands for any."""
        parts = {"subject": subject, "property": predicate, "value": value, "graph": graph}
        return self.statements({name: [term] for name, term in parts.items() if term is not None})

    def statements(self, parts: Mapping[str, Sequence[Term]]) -> Iterator[Quad]:
        """Yield the statements whose `subject`, `property`, `value` or `graph` is one of those given.

        A blank node has no name outside of one answer, so that it cannot be asked for.
        """
        if any(isinstance(term, BlankNode) for terms in parts.values() for term in terms):
            return
        for subject, prop, value, graph in self._own("statements", parts):
            if isinstance(subject, Literal) or not isinstance(prop, Iri) or subject is None or value is None:
                continue
            if graph not in self._dialect.own:
                yield Quad(subject, prop, value, graph if isinstance(graph, Iri) else None)

    def nquads(self) -> bytes:
        """Return all statements as N-Quads."""
        return serialize(self.match(), "nquads")

    def __len__(self) -> int:
        first = next(self._own("size"), None)
        return int(first[0].value) if first and isinstance(first[0], Literal) else 0


class _Reading:
    """Says what is wrong with an answer that cannot be read; if `whole`, it is at its end afterwards."""

    def __init__(self, endpoint: Endpoint, reply: Reply, *, whole: bool = True) -> None:
        self._endpoint, self._reply, self._whole = endpoint, reply, whole

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        reply, is_left = self._reply, True
        try:
            if error is None:
                while self._whole and reply.read(_BLOCK):
                    pass
                is_left = False
        finally:
            if self._whole or is_left:
                reply.close()
        # The engine's memory for one term is bounded.
        if not isinstance(error, SyntaxError | ValueError | TypeError | MemoryError):
            return
        if not reply.received:
            raise nothing(self._endpoint.address) from None
        raise EndpointAnswer(
            f"{self._endpoint.address} answers what cannot be read: {self._endpoint.said(str(error))}.",
            hint="It may have stopped in the middle, or uses more than RDF 1.1 and SPARQL 1.1.",
        ) from None


def _most_rows(reply: Reply) -> int | None:
    """Return after how many rows an answer was cut, if Virtuoso says that it was."""
    most = reply.header("X-SPARQL-MaxRows")
    return int(most) if most.isdecimal() else None


class _GraphNames:
    """The names of a store's graphs, read when they are first needed."""

    def __init__(self, store: RemoteStore) -> None:
        self._store = store

    @cached_property
    def _names(self) -> set[str]:
        return set(self._store.graphs())

    def __contains__(self, iri: object) -> bool:
        return iri in self._names


class _Later:
    """Rows that are made when they are first asked for."""

    def __init__(self, make: Callable[[], list[Row]]) -> None:
        self._make = make

    def __iter__(self) -> Iterator[Row]:
        return iter(self._make())


class _Wrapper(SPARQLWrapper):
    """SPARQLWrapper makes the request, the endpoint sends it."""

    def __init__(self, endpoint: Endpoint, accepted: tuple[str, ...], parameters: Parameters) -> None:
        super().__init__(str(endpoint.address), agent=f"whatworks/{__version__} (SPARQLWrapper {wrapper_version})")
        self._service, self._accepted = endpoint, accepted
        self._accept = ", ".join([accepted[0], *(f"{kind};q=0.5" for kind in accepted[1:])])
        self.setOnlyConneg(True)
        for name, value in parameters:
            self.addParameter(name, value)
        self._around = len(f"{endpoint.address}?query=&{urlencode(parameters)}")  # of an address, beside the query

    def _parseQueryType(self, _: str) -> str:  # noqa: N802 - its name there
        """Say that a text reads. Which form it has would be found by patterns, and tell what is said above."""
        return SELECT

    def _getAcceptHeader(self) -> str:  # noqa: N802 - as above
        """Return what can be read. By itself it also asks for what Comunica understands as a list of its own."""
        return self._accept

    def _query(self) -> tuple[Any, str]:
        text = self.queryString.encode()
        escaped = len(text) + 2 * len(text.translate(None, _UNESCAPED))
        self.setMethod(GET if self._around + escaped <= _LONGEST_URL else POST)
        request = self._createRequest()
        sent = Request(self.method, request.full_url, request.headers, cast(bytes | None, request.data))
        return self._service.ask(sent, self._accepted), self.returnFormat


class _Wrappers(local):
    """Those of a thread, by what they accept and their parameters; to make one takes longer than to use it."""

    def __init__(self) -> None:
        self.of: dict[tuple[tuple[str, ...], Parameters], _Wrapper] = {}
