"""What an import would change, in words: per record and field, what was there and what comes instead."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from whatworks.about import Names, Reader
from whatworks.collection import Collection, owner_of
from whatworks.formats import by_file
from whatworks.ingest.batch import Batch, Change
from whatworks.namespaces import LABELS, TOPIC
from whatworks.settings import preference
from whatworks.sheets import Layout
from whatworks.store import parse
from whatworks.terms import RDF_TYPE, BlankNode, Iri, Literal, Node, Quad, Term
from whatworks.trig import natural

_LONGEST = 100  # characters of a text


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that changes.

    Attributes:
        kind: added, changed or removed.
        record: The key of the thing.
        part: The part of it, such as factor-3; `record` for the record about it; empty for the thing itself.
        field: The field.
        before, after: The values that go, and those that come, in words.
    """

    kind: str
    record: str
    part: str
    field: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    def __str__(self) -> str:
        name = f"{self.part} › {self.field}" if self.part else self.field
        before, after = "; ".join(self.before), "; ".join(self.after)
        if self.before and self.after:
            return f"{name}: {before} → {after}"
        return f"{name}: {after}" if self.after else f"{name}: {before} (removed)"


class Differences:
    """Compares files as they are with what an import would write.

    Args:
        collection: What the files say.
        batch: The import.
        folder: The data folder.
    """

    def __init__(self, collection: Collection, batch: Batch, folder: Path) -> None:
        self._collection = collection
        self._batch = batch
        self._folder = folder
        self._reader = Reader(Names(collection.store), collection.settings.languages)
        self._fields = {column.path: column.name for sheet in Layout(collection).sheets for column in sheet.columns}
        self._new: dict[Iri, list[Literal]] = defaultdict(list)
        self._shown: dict[Term, str] = {}

    def of(self, changes: Sequence[Change]) -> dict[str, list[Difference]]:
        """Return what changes in each file that does, by the file's name."""
        found = {}
        pairs = {}
        for change in changes:
            if change.kind != "unchanged":
                path = self._folder / change.name
                before = self._parsed(change.name, path.read_bytes()) if path.is_file() else set()
                after = self._parsed(change.name, self._batch.contents[change.name])
                pairs[change.name] = (before, after)
                for quad in after:
                    if quad.predicate in LABELS and isinstance(quad.subject, Iri) and isinstance(quad.object, Literal):
                        self._new[quad.subject].append(quad.object)
        for name, (before, after) in pairs.items():
            found[name] = list(self._compared(before, after))
        return found

    def _parsed(self, name: str, data: bytes) -> set[Quad]:
        base = self._collection.settings.base
        return set(parse(data, by_file(name).name, name=name, base=base))

    def _compared(self, before: set[Quad], after: set[Quad]) -> Iterator[Difference]:
        old, new = _by_field(before), _by_field(after)
        topics = {quad.subject: quad.object for quad in before | after if quad.predicate == TOPIC}
        there = {quad.subject for quad in before}
        comes = {quad.subject for quad in after}
        for node, path in sorted({*old, *new}, key=lambda key: (*_rank(key[0], topics), key[1] != RDF_TYPE, key[1])):
            gone, come = old.get((node, path), set()) - new.get((node, path), set()), set[Term]()
            come = new.get((node, path), set()) - old.get((node, path), set())
            if gone or come:
                thing = topics.get(node) or owner_of(node) or node
                part = str(node).partition("#")[2] if node not in topics else "record"
                kind = "added" if node not in there else "removed" if node not in comes else "changed"
                yield Difference(kind, _code(thing), part, self._name(path), self._said(gone), self._said(come))

    def _name(self, path: Iri) -> str:
        if path == RDF_TYPE:
            return "type"
        named = self._reader.named(path)
        return named[0] if named else self._fields.get(path) or self._collection.prefixes.shorten(path) or str(path)

    def _said(self, terms: set[Term]) -> tuple[str, ...]:
        return tuple(sorted((self._text(term) for term in terms), key=natural))

    def _text(self, term: Term) -> str:
        if isinstance(term, Literal):
            text = " ".join(term.value.split())
            text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
            return f"{text} [{term.language}]" if term.language else text
        if term not in self._shown:
            self._shown[term] = self._label(term)
        return self._shown[term]

    def _label(self, node: Node) -> str:
        if isinstance(node, BlankNode):
            return f"_:{node.name}"
        if "#" in node and owner_of(node) != node and node.startswith(self._collection.space.base):
            return node.partition("#")[2]
        if node in self._new:
            return min(self._new[node], key=lambda text: preference(text, self._reader.languages)).value
        named = self._reader.named(node)
        return named[0] if named is not None else self._collection.prefixes.shorten(node) or str(node)


def _by_field(quads: set[Quad]) -> dict[tuple[Node, Iri], set[Term]]:
    found: dict[tuple[Node, Iri], set[Term]] = defaultdict(set)
    for quad in quads:
        found[quad.subject, quad.predicate].add(quad.object)
    return found


def _rank(node: Node, topics: Mapping[Node, Term]) -> tuple[object, ...]:
    """Order things before their parts, and records after both."""
    thing = topics.get(node) or owner_of(node) or node
    return natural(str(thing)), node in topics, natural(str(node))


def _code(node: Term) -> str:
    return node.code if isinstance(node, Iri) else str(node)
