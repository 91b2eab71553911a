"""Statements that go and statements that come, as what people call them: fields of things with their values."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from whatworks.collection import owner_of
from whatworks.namespaces import Prefixes
from whatworks.terms import RDF_TYPE, BlankNode, Iri, Literal, Node, Quad, Term
from whatworks.trig import natural

_LONGEST = 100  # characters of a text
_BEFORE = 30  # characters that are shown before the first one that differs


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that changes.

    Attributes:
        kind: added, changed or removed.
        record: The key of the thing.
        part: The part of it, such as factor-3; `record` for the record about it; empty for the thing itself.
        field: The field.
        before, after: The values that go, and those that come, in words.
        path: The property that the field stands for.
    """

    kind: str
    record: str
    part: str
    field: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    path: str

    @property
    def name(self) -> str:
        """The field, and the part that it belongs to."""
        return f"{self.part} › {self.field}" if self.part else self.field

    @property
    def shown(self) -> tuple[str, str]:
        """The values that go and those that come, long ones cut to where they differ."""
        start = _first_difference(self.before, self.after)
        before, after = ("; ".join(_cut(each, start) for each in values) for values in (self.before, self.after))
        return before, after

    def __str__(self) -> str:
        before, after = self.shown
        if before and after:
            return f"{self.name}: {before} → {after}"
        return f"{self.name}: {after}" if after else f"{self.name}: {before} (removed)"


class State(NamedTuple):
    """What one of two states of a graph knows of nodes.

    Attributes:
        has: Says whether it says anything of a node.
        named: Returns what a thing is called, or None.
        topic: Returns what a node is the record of, or None.
    """

    has: Callable[[Node], bool]
    named: Callable[[Iri], str | None]
    topic: Callable[[Node], Node | None]


class Comparer:
    """Says in words what differs between two states.

    Args:
        before, after: The states.
        prefixes: By which things without a name are shortened.
        base: Where the IRIs of the collection begin.
        names: What the shapes call properties that have no name of their own.
    """

    def __init__(
        self, before: State, after: State, prefixes: Prefixes, base: str, names: Callable[[], Mapping[Iri, str]]
    ) -> None:
        self._before, self._after = before, after
        self._prefixes, self._things, self._names = prefixes, f"{base}id/", names
        self._shown: dict[tuple[Term, bool], str] = {}
        self._fields: dict[Iri, str] = {}

    def of(
        self, gone: Iterable[Quad], come: Iterable[Quad], whole: Collection[Node] = ()
    ) -> Iterator[tuple[Node, Difference]]:
        """Yield what differs, with the thing that it is about; things before their parts, records after both.

        Args:
            gone: Statements that are no longer there, perhaps among others that are.
            come: Statements that are there now, perhaps among others that were.
            whole: Nodes that are things of their own, whatever their IRIs look like.
        """
        old, new = by_field(gone), by_field(come)
        ranked = {node: self._rank(node, whole) for node, _ in {*old, *new}}
        for node, path in sorted({*old, *new}, key=lambda key: (ranked[key[0]], key[1] != RDF_TYPE, key[1])):
            less, more = old.get((node, path), set[Term]()), new.get((node, path), set[Term]())
            if less != more:
                thing = self.thing(node, whole)
                was, is_ = self._before.has(node), self._after.has(node)
                kind = "changed" if was and is_ else "added" if is_ else "removed"
                part = "" if thing == node else "record" if self.topic(node) else str(node).partition("#")[2]
                left, came = self._said(less - more, is_new=False), self._said(more - less, is_new=True)
                yield thing, Difference(kind, _code(thing), part, self._name(path), left, came, str(path))

    def topic(self, node: Node) -> Node | None:
        """Return what a node is the record of, or None."""
        return self._after.topic(node) or self._before.topic(node)

    def thing(self, node: Node, whole: Collection[Node] = ()) -> Node:
        """Return the thing that a node belongs to: as its part, or as the record about it."""
        return node if node in whole else self.topic(node) or owner_of(node) or node

    def label(self, node: Node, *, is_new: bool = True) -> str:
        """Return what a thing is called: its name, the name of a part within its thing, else its short IRI."""
        if isinstance(node, BlankNode):
            return f"_:{node.name}"
        first, second = (self._after, self._before) if is_new else (self._before, self._after)
        # A part is called by its place in the thing: its name is what is being told.
        if "#" in node and node.startswith(self._things):
            return node.partition("#")[2]
        return first.named(node) or second.named(node) or self._prefixes.shorten(node) or str(node)

    def _name(self, path: Iri) -> str:
        if path == RDF_TYPE:
            return "type"
        if path not in self._fields:
            named = self._after.named(path) or self._before.named(path) or self._names().get(path)
            self._fields[path] = named or self._prefixes.shorten(path) or str(path)
        return self._fields[path]

    def _said(self, terms: set[Term], *, is_new: bool) -> tuple[str, ...]:
        return tuple(sorted((self._text(term, is_new) for term in terms), key=natural))

    def _text(self, term: Term, is_new: bool) -> str:
        if isinstance(term, Literal):
            text = " ".join(term.value.split())
            return f"{text} [{term.language}]" if term.language else text
        if (term, is_new) not in self._shown:
            self._shown[term, is_new] = self.label(term, is_new=is_new)
        return self._shown[term, is_new]

    def _rank(self, node: Node, whole: Collection[Node]) -> tuple[object, ...]:
        return natural(str(self.thing(node, whole))), self.topic(node) is not None, natural(str(node))


def by_field(quads: Iterable[Quad]) -> dict[tuple[Node, Iri], set[Term]]:
    """Return the values of each property of each node, whatever graph says so."""
    found: dict[tuple[Node, Iri], set[Term]] = defaultdict(set)
    for quad in quads:
        found[quad.subject, quad.predicate].add(quad.object)
    return found


def _code(node: Node) -> str:
    return node.code if isinstance(node, Iri) else f"_:{node.name}"


def _first_difference(before: tuple[str, ...], after: tuple[str, ...]) -> int:
    """Return where two single texts begin to differ, a little before that; 0 for anything else."""
    if len(before) != 1 or len(after) != 1 or max(len(before[0]), len(after[0])) <= _LONGEST:
        return 0
    pairs = zip(before[0], after[0], strict=False)
    first = next((place for place, (old, new) in enumerate(pairs) if old != new), 0)
    return max(0, before[0].rfind(" ", 0, first - _BEFORE)) + 1 if first > _BEFORE else 0


def _cut(text: str, start: int) -> str:
    """Return a long text from a place on, with dots for what is left out."""
    shown = f"…{text[start:]}" if start else text
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
