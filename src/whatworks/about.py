"""Reads from a store what is said of things, each thing once."""

from collections.abc import Callable

from whatworks.namespaces import LABELS, POSITION
from whatworks.settings import preference
from whatworks.store import Store
from whatworks.terms import Iri, Literal, Quad, Term

# So many answers to what things are called are kept.
_KNOWN = 50_000


class Names:
    """What things are called in a store, kept: the same concepts and agents are named again and again.

    A store that was opened does not change.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        # A store that notes what is read is told as well of what need not be read again.
        self._saw: Callable[[Iri], None] | None = getattr(store, "saw", None)
        self._said: dict[tuple[Iri, Iri], list[Quad]] = {}

    def said(self, thing: Iri, predicate: Iri) -> list[Quad]:
        """Return the statements about a thing with a property by which it is named or placed."""
        key = (thing, predicate)
        found = self._said.get(key)
        if found is None:
            if len(self._said) >= _KNOWN:
                self._said.clear()
            found = self._said[key] = list(self.store.match(thing, predicate))
        elif self._saw is not None:
            self._saw(thing)
        return found


class Reader:
    """What one answer needs of a store, in the languages that a person prefers."""

    def __init__(self, names: Names, languages: tuple[str, ...] = ()) -> None:
        self.languages = languages
        self._kept = names
        self._store = names.store
        self._quads: dict[Iri, list[Quad]] = {}
        self._names: dict[Iri, tuple[str, str] | None] = {}

    def quads(self, thing: Iri) -> list[Quad]:
        """Return all statements about a thing."""
        found = self._quads.get(thing)
        if found is None:
            found = self._quads[thing] = list(self._store.match(thing))
        return found

    def named(self, thing: Iri) -> tuple[str, str] | None:
        """Return the best name of a thing and its language, or None where it has no name."""
        if thing not in self._names:
            self._names[thing] = self._best(thing)
        return self._names[thing]

    def _best(self, thing: Iri) -> tuple[str, str] | None:
        for predicate in LABELS:
            names = [value for value in self._values(thing, predicate) if isinstance(value, Literal)]
            if names:
                best = min(names, key=lambda name: preference(name, self.languages))
                return best.value, best.language
        return None

    def position(self, term: Term) -> int:
        """Return the place that a thing says it has among others, or 0."""
        for value in self._values(term, POSITION) if isinstance(term, Iri) else ():
            if isinstance(value, Literal) and value.value.isdigit():
                return int(value.value)
        return 0

    def _values(self, thing: Iri, predicate: Iri) -> list[Term]:
        known = self._quads.get(thing)
        if known is None:
            return [quad.object for quad in self._kept.said(thing, predicate)]
        return [quad.object for quad in known if quad.predicate == predicate]
