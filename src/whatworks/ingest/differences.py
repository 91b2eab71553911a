"""What an import would change, in words: per record and field, what was there and what comes instead."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from whatworks.about import Names, Reader
from whatworks.collection import Collection
from whatworks.differences import Comparer, Difference, State
from whatworks.formats import by_file
from whatworks.ingest.batch import Batch, Change
from whatworks.namespaces import LABELS, TOPIC
from whatworks.settings import preference
from whatworks.sheets import Layout
from whatworks.store import parse
from whatworks.terms import Iri, Literal, Node, Quad


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
        self._names = Layout(collection).names
        self._new: dict[Iri, list[Literal]] = defaultdict(list)

    def of(self, changes: Sequence[Change]) -> dict[str, list[Difference]]:
        """Return what changes in each file that does, by the file's name."""
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
        return {name: self._compared(before, after) for name, (before, after) in pairs.items()}

    def _parsed(self, name: str, data: bytes) -> set[Quad]:
        base = self._collection.settings.base
        return set(parse(data, by_file(name).name, name=name, base=base))

    def _compared(self, before: set[Quad], after: set[Quad]) -> list[Difference]:
        settings, prefixes = self._collection.settings, self._collection.prefixes
        states = (self._state(before, self._named_before), self._state(after, self._named_after))
        comparer = Comparer(*states, prefixes, settings.base, lambda: self._names)
        return [difference for _, difference in comparer.of(before, after)]

    @staticmethod
    def _state(quads: Iterable[Quad], named: Callable[[Iri], str | None]) -> State:
        subjects = {quad.subject for quad in quads}
        topics: dict[Node, Node] = {
            quad.subject: quad.object
            for quad in quads
            if quad.predicate == TOPIC and not isinstance(quad.object, Literal)
        }
        return State(subjects.__contains__, named, topics.get)

    def _named_before(self, thing: Iri) -> str | None:
        named = self._reader.named(thing)
        return named[0] if named is not None else None

    def _named_after(self, thing: Iri) -> str | None:
        if thing in self._new:
            return min(self._new[thing], key=lambda text: preference(text, self._reader.languages)).value
        return self._named_before(thing)
