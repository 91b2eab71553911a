"""Writes things of a collection, and the answers to graph queries, in RDF formats."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any

from whatworks.circles import without_circles
from whatworks.collection import Collection
from whatworks.describe import Describer
from whatworks.errors import QueryRefused
from whatworks.formats import by_name
from whatworks.jsonld import Documents
from whatworks.namespaces import LABELS, NOTATION
from whatworks.results import Triples
from whatworks.store import ordered, pour_ordered, read_lines, serialize, write_forms, write_ordered
from whatworks.terms import Iri, Quad, Triple

# From so many things on, reading all statements once is quicker than asking for each.
_FEW = 20
# Of so many statements of an answer JSON-LD is made: a thousand things take a second, and a kilobyte each.
_FRAMED = 200_000


class Exporter:
    """Writes the things of one collection.

    Args:
        collection: The collection.
        describer: Says what is asserted of a thing.
        documents: Writes JSON-LD.
        dump: A file with all statements in N-Quads, which is quicker to read than the store, if there is one.
    """

    def __init__(
        self, collection: Collection, describer: Describer, documents: Documents, dump: Path | None = None
    ) -> None:
        self._collection = collection
        self._describer = describer
        self._documents = documents
        self._dump = dump

    def things(self, format: str, things: Sequence[Iri] | None, *, single: bool) -> bytes:
        """Write things in an RDF format.

        Args:
            format: The name of the format.
            things: Which; None for everything that the data files hold.
            single: Whether one thing was asked for, which in JSON-LD is a document of its own.

        Raises:
            UnknownFormat: There is no such format.
        """
        by_name(format, rows=False)
        if format == "jsonld":
            return self._documents.document(self.trees(things), single=single)
        return write_ordered(self.quads(things), format, self._collection.prefixes.table)

    def forms(self, formats: Sequence[str], thing: Iri) -> dict[str, bytes]:
        """Return what `things` returns of one thing in several formats, its statements looked up once."""
        quads = self._describer.statements([thing])
        found = write_forms(quads, [each for each in formats if each != "jsonld"], self._collection.prefixes.table)
        if "jsonld" in formats:
            trees = self._documents.read(self._near(quads), (*LABELS, NOTATION), self._counts)
            written = self._documents.written(trees, [thing], self._framed)
            found["jsonld"] = self._documents.document(written, single=True)
        return found

    def _near(self, quads: Iterable[Quad]) -> list[bytes]:
        """Return statements that all count, one a line, sorted: values stand in a tree in their order."""
        graph = self._collection.space.graph("any")
        return sorted(serialize((quad._replace(graph=graph) for quad in quads), "nquads").split(b"\n")[:-1])

    def quads(self, things: Sequence[Iri] | None) -> Iterable[Quad]:
        """Return the statements about things, or everything that the data files hold, as they come."""
        return self._collection.asserted() if things is None else self._describer.statements(things)

    def pour(self, format: str, things: Sequence[Iri] | None, file: IO[bytes], *, single: bool) -> None:
        """Write to a file what `things` returns, in memory that does not grow with it.

        For JSON-LD what is said is held, as a tree takes from all of it; trees are not.
        """
        if format == "jsonld" and not single:
            with without_circles():
                file.writelines(self._documents.pieces(self.trees(things)))
        elif format == "jsonld":
            file.write(self.things(format, things, single=single))
        else:
            pour_ordered(self.quads(things), format, self._collection.prefixes.table, file)

    def pour_triples(self, triples: Iterable[Triple], format: str, file: IO[bytes]) -> int:
        """Write to a file what `triples` returns, as `pour` does, and return how many statements came.

        Raises:
            QueryRefused: As `triples` says.
        """
        if format != "jsonld":
            quads = (Quad(*triple) for triple in triples)
            return pour_ordered(quads, format, self._collection.prefixes.table, file)
        found = _few(triples)
        file.write(self.triples(found, format))
        return len(found)

    def triples(self, triples: Iterable[Triple], format: str) -> bytes:
        """Write the triples of an answer; as JSON-LD, what belongs to one thing becomes one tree.

        Raises:
            QueryRefused: They are more than can be made into trees.
        """
        prefixes = self._collection.prefixes.table
        if format != "jsonld" and isinstance(triples, Triples) and triples.engine_bytes is not None:
            return triples.engine_bytes(format, prefixes)
        if format != "jsonld":
            return write_ordered((Quad(*triple) for triple in triples), format, prefixes)
        quads = ordered(Quad(*triple) for triple in _few(triples))
        return self._documents.document(self._documents.trees(quads), single=True)

    def trees(self, things: Sequence[Iri] | None) -> Iterator[bytes]:
        """Yield the JSON-LD trees of things, or of everything that the data files hold, as JSON, one a line."""
        keep: Callable[[str], str] = self._counts
        if things is not None and len(things) <= _FEW:
            lines: Iterable[bytes] = self._near(self._describer.statements(things))
        else:
            lines = self._nquads()
            keep = self._collection.counts_for_documents if things is None else keep
        trees = self._documents.read(lines, (*LABELS, NOTATION), keep)
        found = self._roots(trees.subjects()) if things is None else things
        return self._documents.written(trees, found, self._framed)

    def _counts(self, token: str) -> str:
        """Say what of a graph counts where things are given: all that is not inferred."""
        return "" if self._collection.is_inferred(Iri(token[1:-1])) else "all"

    def _nquads(self) -> Iterable[bytes]:
        """Return all statements, one a line, sorted as in a dump, in whatever order the store has them."""
        if self._dump is not None:
            return read_lines(self._dump)
        return sorted(self._collection.store.nquads().split(b"\n")[:-1])

    def _roots(self, subjects: Iterable[str]) -> list[Iri]:
        """Return what the trees of all statements grow from; records and links stand with the things they are about."""
        space = self._collection.space
        inside = (space.thing("record", ""), space.thing("link", ""))
        owners = {subject.partition("#")[0] for subject in subjects}
        return [Iri(thing) for thing in sorted(owners) if not thing.startswith(inside)]

    def _framed(self, thing: Iri) -> dict[str, Any]:
        quads = sorted(self._describer.statements([thing]), key=lambda quad: serialize([quad], "nquads"))
        return self._documents.tree(quads, thing)


def _few(triples: Iterable[Triple]) -> list[Triple]:
    """Return the statements of an answer, of which trees are made in memory, so many at most."""
    found = list(islice(triples, _FRAMED + 1))
    if len(found) > _FRAMED:
        raise QueryRefused(
            f"The answer has more than {_FRAMED:,} statements, of which JSON-LD is made in memory.",
            hint="Ask for a format that is written as it comes, such as turtle or ntriples, or for less.",
        )
    return found
