"""Two dumps compared: which lines only one of them has, what they are about, and what people call that."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from whatworks.about import Names, Reader
from whatworks.collection import Collection
from whatworks.differences.answer import KINDS, Changed, Count, Differences, Named
from whatworks.differences.fields import Comparer, Difference, State
from whatworks.differences.lines import Unshared
from whatworks.errors import DamagedRelease, Place
from whatworks.namespaces import DEPRECATED, LINK_FROM, LINK_TO, MODEL, REPLACED, TOPIC
from whatworks.store import parse
from whatworks.terms import RDF_TYPE, BlankNode, Iri, Literal, Node, Quad
from whatworks.trig import natural

# A blank node as subject, as value, or as graph of a line; and its name.
_UNNAMED = re.compile(rb"_:|<[^>]*> <[^>]*> _:|.* _:[^ \"<>]+ \.\n\Z")
_NAME = re.compile(rb"_:c14n[0-9]+")
_TRUE = ("true", "1")
_CONTACTS = ("mailto:", "tel:")
_PARTS = re.compile(r"/id/(?P<kind>[^/]+)/")


@dataclass(frozen=True)
class Side:
    """One of two states.

    Attributes:
        name: What it is called.
        dump: Its statements, as sorted N-Quads.
        collection: Looks up what is said of things, and what they are called.
        sha256: The checksum that the dump must have; empty where none is known.
        is_inferred: Whether it holds what rules conclude.
    """

    name: str
    dump: Path
    collection: Collection
    sha256: str = ""
    is_inferred: bool = True

    @cached_property
    def _names(self) -> Names:
        return Names(self.collection.store)

    def state(self, other: Reader | None = None) -> State:
        """Return what it knows of nodes; what it has no name for is named by another."""
        store, reader = self.collection.store, self.reader()

        def has(node: Node) -> bool:
            return any(not self.collection.is_inferred(quad.graph) for quad in store.match(node))

        def named(thing: Iri) -> str | None:
            found = reader.named(thing) or (other.named(thing) if other is not None else None)
            return found[0] if found else None

        def topic(node: Node) -> Node | None:
            found = (quad.object for quad in store.match(node, TOPIC))
            return next((value for value in found if isinstance(value, Iri)), None)

        return State(cache(has), cache(named), cache(topic))

    def reader(self) -> Reader:
        """Return what reads names, in the languages that the project prefers."""
        return Reader(self._names, self.collection.settings.languages)


# What is said where a dump is damaged.
OTHER = "Compare with another release (whatworks releases), or take this one from a backup."


@dataclass
class _Found:
    """The lines that only one side has, by what is done with them."""

    lines: list[bytes] = field(default_factory=list)
    unnamed: Counter[bytes] = field(default_factory=Counter)
    inferred: int = 0
    computed: int = 0


def compare(
    before: Side, after: Side, names: Callable[[], Mapping[Iri, str]] = dict, beside: Reader | None = None
) -> Differences:
    """Say what differs between two states.

    What rules conclude, computed links, proposed mappings and nodes without an IRI are counted only: the first three
    follow from the rest, and the last have no names by which one could tell them again.

    Args:
        before: The state that was.
        after: The state that is.
        names: Returns what the shapes call properties that have no name of their own.
        beside: Names what neither of the states has a name for.

    Raises:
        DamagedRelease: A dump is not as its release says, or cannot be read.
    """
    less, more = _found(before, after)
    gone, come = _quads(less.lines, before), _quads(more.lines, after)
    inferred = Count(more.inferred, less.inferred) if before.is_inferred and after.is_inferred else Count(0, 0)
    told = _Teller(before, after, names, beside)
    left, came = less.unnamed - more.unnamed, more.unnamed - less.unnamed
    moved = len({quad.triple for quad in gone} & {quad.triple for quad in come})
    return Differences(
        before.name,
        after.name,
        tuple(told.things(gone, come)),
        inferred,
        Count(more.computed, less.computed),
        Count(came.total(), left.total()),
        moved,
    )


def _found(before: Side, after: Side) -> tuple[_Found, _Found]:
    """Return the lines that only one side has."""
    walk, found = Unshared(before.dump, after.dump), (_Found(), _Found())
    collection = after.collection
    inferred = f"<{collection.space.graph('inferred/')}".encode()
    computed = tuple(f"<{graph}>".encode() for graph in (collection.computed, collection.proposed))
    try:
        for pair in walk:
            for lines, here in zip(pair, found, strict=True):
                for line in lines:
                    graph = line[line.rfind(b" <") + 1 : -3]
                    if graph.startswith(inferred):
                        here.inferred += 1
                    elif graph in computed:
                        here.computed += 1
                    elif b"_:" in line and _UNNAMED.match(line):
                        here.unnamed[_NAME.sub(b"_:", line)] += 1
                    else:
                        here.lines.append(line)
    except OSError as error:
        broken = next((side.dump for side in (before, after) if str(side.dump) == str(error.filename)), None)
        where = Place(f"{broken.parent.name}/{broken.name}") if broken is not None else None
        raise DamagedRelease(f"The dump cannot be read: {error.strerror}.", hint=OTHER, where=where) from error
    for side, checksum in zip((before, after), walk.sums, strict=True):
        if side.sha256 and side.sha256 != checksum:
            where = Place(f"{side.dump.parent.name}/{side.dump.name}")
            raise DamagedRelease("The dump is not as it was written.", hint=OTHER, where=where)
    return found


def _quads(lines: list[bytes], side: Side) -> list[Quad]:
    """Return the statements of lines, without ways to reach people, which are told nowhere."""
    found = parse(b"".join(sorted(lines)), "nquads", name=side.dump.name, base=side.collection.settings.base)
    return [quad for quad in found if not str(quad.object).startswith(_CONTACTS)]


class _Teller:
    """Says what became of things."""

    def __init__(
        self, before: Side, after: Side, names: Callable[[], Mapping[Iri, str]], beside: Reader | None
    ) -> None:
        self._before, self._after = before, after
        self._old, self._new = before.state(beside), after.state(beside)
        settings, prefixes = after.collection.settings, after.collection.prefixes
        self._comparer = Comparer(self._old, self._new, prefixes, settings.base, names)

    def things(self, gone: list[Quad], come: list[Quad]) -> list[Changed]:
        """Return the things that are not as they were, in the order in which they are told."""
        in_model = {
            quad.subject
            for side, quads in ((self._before, gone), (self._after, come))
            for quad in quads
            if side.collection.is_model(quad.graph) or str(quad.subject).startswith(f"{MODEL}ont#")
        }
        by_thing: dict[Node, list[Difference]] = defaultdict(list)
        for thing, difference in self._comparer.of(gone, come, in_model):
            by_thing[thing].append(difference)
        found = [self._changed(thing, tuple(each), thing in in_model) for thing, each in by_thing.items()]
        return sorted(found, key=lambda each: (each.of_model, KINDS.index(each.kind), *_order(each)))

    def _changed(self, thing: Node, differences: tuple[Difference, ...], of_model: bool) -> Changed:
        was, is_ = self._old.has(thing), self._new.has(thing)
        kind = "changed" if was == is_ else "added" if is_ else "removed"
        side = self._after if is_ else self._before
        successors = self._successors(thing)
        if was and is_ and _is_retired(self._after, thing) and not _is_retired(self._before, thing):
            kind = "retired"
        stated = [
            quad for quad in side.collection.store.match(thing, RDF_TYPE) if not side.collection.is_inferred(quad.graph)
        ]
        named = sorted(self._comparer.label(each.object, is_new=is_) for each in stated if isinstance(each.object, Iri))
        key = thing.code if isinstance(thing, Iri) else f"_:{thing.name}"
        # A name of a vocabulary, such as dcat:Dataset, is written as it is.
        of_class = (named[0] if ":" in named[0] else named[0].lower()) if named else ""
        label = self._label(thing, side, is_new=is_)
        return Changed(kind, str(thing), key, label or key, of_class, of_model, successors, differences)

    def _label(self, thing: Node, side: Side, *, is_new: bool) -> str:
        """Return the name of a thing; a link is called by its ends."""
        if isinstance(thing, BlankNode):
            return ""
        if named := (self._new if is_new else self._old).named(thing):
            return named
        ends = [
            [quad.object for quad in side.collection.store.match(thing, predicate)]
            for predicate in (LINK_FROM, LINK_TO)
        ]
        if all(ends):
            first, second = (self._comparer.label(each[0], is_new=is_new) for each in ends if isinstance(each[0], Iri))
            return f"{first} – {second}"
        return ""

    def _successors(self, thing: Node) -> tuple[Named, ...]:
        if not _is_retired(self._after, thing):
            return ()
        found = (quad.object for quad in self._after.collection.store.match(thing, REPLACED))
        named = [Named(str(each), self._comparer.label(each)) for each in found if isinstance(each, Iri)]
        return tuple(sorted(named, key=lambda each: each.iri))


def _is_retired(side: Side, thing: Node) -> bool:
    marks = side.collection.store.match(thing, DEPRECATED)
    return any(isinstance(mark.object, Literal) and mark.object.value in _TRUE for mark in marks)


def _order(each: Changed) -> tuple[object, ...]:
    """Order interventions before all else, and then by class and label."""
    kind = _PARTS.search(each.iri)
    return kind is None or kind["kind"] != "intervention", each.of_class, natural(each.label), each.iri
