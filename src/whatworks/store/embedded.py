"""The embedded store: pyoxigraph, in memory."""

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice, pairwise
from pathlib import Path

import pyoxigraph as ox

from whatworks import gate
from whatworks.errors import DamagedRelease, Place, QueryRefused, QuerySyntax
from whatworks.results import Answer, Boolean, Row, Table, Triples, safe
from whatworks.store.caret import misplaced, place_of, pointed
from whatworks.store.convert import (
    RESULT_FORMATS,
    node_to_engine,
    quad_from_engine,
    quad_to_engine,
    row_from_engine,
    to_engine,
    triple_from_engine,
)
from whatworks.store.files import Source, load
from whatworks.store.protocol import Dataset
from whatworks.store.syntax import engine_format, in_order
from whatworks.terms import Iri, Node, Quad, Term, Triple

# What the engine raises where it cannot go on. A `with` around each look-up would be noticed.
_UNTOLD = (RuntimeError, TypeError, ValueError, OSError)
_BATCH = 10_000  # so many inferred statements are held as objects at a time
_AT = r"(?s)^error at (\d+):(\d+): (.*)$"
# Among the signs that the engine would have taken, it names what is wrong in words.
_REASON = r"(?:^expected (?:one of |(?!one of ))|, )((?:[A-Za-z*]+ ){2,}[A-Za-z*]+)(?=,|$)"


_BLANK = "SELECT ?s ?p ?o ?g { GRAPH ?g { ?s ?p ?o FILTER (isBlank(?s) || isBlank(?o)) } }"


class EmbeddedStore:
    """A store within this process: in memory, or one on disk that is only read.

    Attributes:
        engine: The engine's own store.
        prefixes: What a query may use without declaring it.
        folder: Where it lies on disk; None in memory.
    """

    def __init__(
        self, prefixes: dict[str, str] | None = None, *, engine: ox.Store | None = None, folder: Path | None = None
    ) -> None:
        self.engine = engine if engine is not None else ox.Store()
        self.prefixes = prefixes
        self.folder = folder
        self._may_be_blank: set[Iri | None] = set()  # graphs of files with blank nodes; None for graphs that they name

    def query(self, text: str, *, standalone: bool = False) -> Answer:
        """Answer a SPARQL query over the union of all graphs."""
        found = self.raw(text, standalone=standalone)
        if isinstance(found, ox.QuerySolutions):
            return _table(found)
        if isinstance(found, ox.QueryTriples):
            return _statements(found)
        return Boolean(bool(found))

    def noted(self, text: str, answer: Table) -> Table:
        """Take notice of rows that answer a query and came from elsewhere; here nobody wants to know."""
        return answer

    def raw(
        self, text: str, *, standalone: bool = False, dataset: Dataset | None = None, is_look_up: bool = False
    ) -> ox.QuerySolutions | ox.QueryTriples | ox.QueryBoolean:
        """Answer a query as the engine does.

        Args:
            text: The query.
            standalone: Whether it declares all its prefixes.
            dataset: The graphs that it sees, instead of those that it names.
            is_look_up: Whether it is known to name no graph.

        Raises:
            QuerySyntax, QueryRefused: As they say.
        """
        prefixes = None if standalone else self._prefixes_in(text)
        try:
            if dataset is None:
                union = is_look_up or not _names_graphs(text)
                return self.engine.query(text, prefixes=prefixes, use_default_graph_as_union=union)
            default: list[ox.NamedNode | ox.BlankNode | ox.DefaultGraph] = [ox.NamedNode(each) for each in dataset[0]]
            named: list[ox.NamedNode | ox.BlankNode] = [ox.NamedNode(each) for each in dataset[1]]
            return self.engine.query(text, prefixes=prefixes, default_graph=default, named_graphs=named)
        except SyntaxError as error:
            raise self._syntax_fault(text, str(error)) from error
        except UnicodeEncodeError as error:
            raise _fault_at(text, *place_of(text, error.start), "Half a character stands here") from error
        except _UNTOLD as error:
            raise _refused(error) from error

    def _prefixes_in(self, text: str) -> dict[str, str] | None:
        """Return the prefixes that a query may use; handing over the whole table takes as long as a look-up."""
        if self.prefixes is None:
            return None
        return {prefix: iri for prefix, iri in self.prefixes.items() if f"{prefix}:" in text}

    def _syntax_fault(self, text: str, message: str) -> QuerySyntax:
        """Say where a text is no SPARQL; an unknown prefix is found here, as the engine says it too late."""
        found = gate.tokens(text)
        declared = {after.text for before, after in pairwise(found) if before.word == "PREFIX"}
        declared |= {f"{prefix}:" for prefix in (*(self.prefixes or {}), "_")}
        for token in found:
            prefix = token.text[: token.text.find(":") + 1]
            if token.kind == "name" and prefix not in declared:
                said = f"The prefix {prefix} is not declared"
                return _fault_at(text, *place_of(text, token.start), said, _declaring(prefix, declared))
        match = re.match(_AT, message)
        if match is None:
            return QuerySyntax(f"The query is not valid SPARQL: {safe(message)}.", where=Place("query"))
        said = safe(match[3])
        if said.startswith("expected"):
            reason = re.search(_REASON, said)
            said = reason[1] if reason else "Something else is expected here or just before"
        line, column = int(match[1]), int(match[2])
        if (fault := misplaced(text, found)) is not None and place_of(text, fault[0]) <= (line, column):
            return _fault_at(text, *place_of(text, fault[0]), fault[1])
        return _fault_at(text, line, column, said)

    def load(self, data: bytes, format: str, *, graph: Iri, base: str) -> None:
        """Read RDF into the store without passing through Python; graphs named in the data are kept.

        Raises:
            SyntaxError: As the engine says it; `syntax.parse` is the door for files of people.
        """
        self.engine.load(data, format=engine_format(format), base_iri=base, to_graph=ox.NamedNode(graph))

    def read(self, sources: Iterable[Source], base: str) -> None:
        """Read files into the store; their names of blank nodes count within each file only.

        Args:
            sources: The files.
            base: The IRI that relative IRIs are resolved against.

        Raises:
            InputError: A file cannot be read.
        """
        for source in sources:
            if load(self.engine, source, base):
                self._may_be_blank.add(None if engine_format(source.format).supports_datasets else source.graph)

    def name_blank_nodes(self) -> None:
        """Give blank nodes that were read, which the engine names at random, canonical names (RDFC-1.0)."""
        if not self._may_be_blank:
            return
        graphs: list[ox.NamedNode | ox.BlankNode] = [ox.NamedNode(graph) for graph in self._may_be_blank if graph]
        rows = self.engine.query(_BLANK, named_graphs=None if None in self._may_be_blank else graphs)
        assert isinstance(rows, ox.QuerySolutions)  # noqa: S101 - it is a SELECT query
        found = [ox.Quad(*row) for row in rows]
        renamed = ox.Dataset(found)
        renamed.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        for quad in found:
            self.engine.remove(quad)
        self.engine.extend(renamed)

    def nquads(self) -> bytes:
        """Return all statements as N-Quads, without passing through Python."""
        with told:
            return self.engine.dump(format=ox.RdfFormat.N_QUADS) or b""

    def add(self, quads: Iterable[Quad]) -> None:
        """Add statements; what is there already is not added again."""
        self.engine.extend(quad_to_engine(quad) for quad in quads)

    def infer(self, text: str, graph: Iri) -> Counter[Iri] | None:
        """Add what a CONSTRUCT query makes and no graph holds yet to a graph.

        Returns:
            How many statements were added, by property; None for another form of query.

        Raises:
            QuerySyntax: The text is not well formed.
        """
        try:
            found = self.engine.query(text, prefixes=self.prefixes, use_default_graph_as_union=True)
        except SyntaxError as error:
            raise self._syntax_fault(text, str(error)) from error
        if not isinstance(found, ox.QueryTriples):
            return None
        added: Counter[str] = Counter()
        # The answer is that of the moment at which it was asked for, whatever is added meanwhile.
        while batch := list(islice(found, _BATCH)):
            new = self._unknown(batch, ox.NamedNode(graph))
            self.engine.extend(new)
            added.update(quad.predicate.value for quad in new)
        return Counter({Iri(predicate): count for predicate, count in added.items()})

    def _unknown(self, triples: list[ox.Triple], graph: ox.NamedNode) -> list[ox.Quad]:
        """Return the triples that no graph holds, each once, as statements of a graph."""
        matching = self.engine.quads_for_pattern
        return [
            ox.Quad(subject, predicate, value, graph)
            for subject, predicate, value in dict.fromkeys(triples)
            if next(matching(subject, predicate, value, None), None) is None
        ]

    def graphs(self) -> list[Iri]:
        """Return the IRIs of the named graphs, sorted."""
        return sorted(Iri(graph.value) for graph in self.engine.named_graphs())

    @property
    def graph_names(self) -> Container[str]:
        """The IRIs of the named graphs, to be asked for one; there may be as many as records."""
        return _GraphNames(self.engine)

    def match(
        self,
        subject: Node | None = None,
        predicate: Iri | None = None,
        value: Term | None = None,
        graph: Iri | None = None,
    ) -> Iterator[Quad]:
        """Yield the statements that have these parts; None stands for any."""
        found = self.engine.quads_for_pattern(
            None if subject is None else node_to_engine(subject),
            None if predicate is None else ox.NamedNode(predicate),
            None if value is None else to_engine(value),
            None if graph is None else ox.NamedNode(graph),
        )
        return _quads(found)

    def __len__(self) -> int:
        return len(self.engine)


def is_blank(quad: ox.Quad) -> bool:
    """Say whether a statement has a blank node."""
    return isinstance(quad.subject, ox.BlankNode) or isinstance(quad.object, ox.BlankNode)


class _GraphNames:
    def __init__(self, engine: ox.Store) -> None:
        self._engine = engine

    def __contains__(self, iri: object) -> bool:
        try:
            return isinstance(iri, str) and self._engine.contains_named_graph(ox.NamedNode(iri))
        except ValueError:  # it is no IRI
            return False


# To cut a text into tokens takes longer than a look-up, so it is done only where this may be FROM and a graph. A
# pattern that begins with letters, and does not leave their case open, is looked for at the speed of `in`.
_MAY_BE_FROM = re.compile(r"from(?<![\w:-]from)(?:\s|#[^\n\r]*)*(?:named\b|<|[^\s:]*:)")


@lru_cache(maxsize=128)
def _names_graphs(text: str) -> bool:
    """Say whether a query has FROM; the engine forgets it when the union of all graphs is asked for."""
    return bool(_MAY_BE_FROM.search(text.lower())) and any(token.word == "FROM" for token in gate.tokens(text))


def _table(found: ox.QuerySolutions) -> Table:
    columns = tuple([variable.value for variable in found.variables])

    def rows() -> Iterator[Row]:
        try:
            yield from map(row_from_engine, found)
        except _UNTOLD as error:
            raise _refused(error) from error

    def engine_bytes(name: str) -> bytes:
        with told:
            return found.serialize(format=RESULT_FORMATS[name]) or b""

    return Table(columns, rows(), engine_bytes)


def _statements(found: ox.QueryTriples) -> Triples:
    def triples() -> Iterator[Triple]:
        try:
            for triple in found:
                yield triple_from_engine(triple)
        except _UNTOLD as error:
            raise _refused(error) from error

    def engine_bytes(name: str, prefixes: Mapping[str, str]) -> bytes:
        with told:
            return in_order(found, name, prefixes)

    return Triples(triples(), engine_bytes)


def _quads(found: Iterator[ox.Quad]) -> Iterator[Quad]:
    try:
        for quad in found:
            yield quad_from_engine(quad)
    except (RuntimeError, OSError) as error:
        raise damaged(error) from error


def damaged(error: BaseException) -> DamagedRelease:
    """Return what the engine says of a store on disk as an error for people."""
    return DamagedRelease(
        f"The store cannot be read: {safe(str(error))}.",
        hint="See what is damaged with: whatworks verify. Build anew with: whatworks build.",
    )


class _Told:
    """Turns what the engine cannot evaluate, or gives and we do not hold, into an error for people."""

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Raise the error for people in place of the engine's."""
        if isinstance(error, _UNTOLD) and not isinstance(error, UnicodeEncodeError):
            raise _refused(error) from error


told = _Told()  # a function with `yield` would take four times as long, at each look-up


def _refused(error: BaseException) -> DamagedRelease | QueryRefused:
    """Return what the engine cannot evaluate, or gives and we do not hold, as an error for people."""
    if isinstance(error, OSError) or str(error).startswith("Corruption"):
        return damaged(error)
    return QueryRefused(
        f"The query cannot be answered: {safe(str(error))}.", hint="Ask with SPARQL 1.1 and its own functions."
    )


def _declaring(prefix: str, declared: Iterable[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only after a fault

    near = get_close_matches(prefix, sorted(declared), 1)
    meant = f"Did you mean {near[0]}? Else write" if near else "Write"
    return f"{meant} PREFIX {prefix} <IRI> before the query."


def _fault_at(text: str, line: int, column: int, said: str, hint: str = "") -> QuerySyntax:
    return QuerySyntax(
        f"The query is not valid SPARQL. {said}:{pointed(text, line, column)}",
        hint=hint or "Check the brackets, dots and quotes just before the caret.",
        where=Place("query", line, column),
    )
