"""Agents and collections, found or made by name: one name (and, for an agent, one country) is one thing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from hashlib import sha256

from whatworks.collection import Collection
from whatworks.namespaces import DCTERMS, FOAF, NAME, TITLE, WW, folded, key_of
from whatworks.terms import RDF_TYPE, Iri, Literal, Quad

AGENT = Iri(FOAF + "Agent")
SPATIAL = Iri(DCTERMS + "spatial")
COLLECTION = Iri(WW + "Collection")


class Register:
    """The things of one kind, by name; new ones get a key that stays theirs."""

    def __init__(self, collection: Collection, kind: str, of_class: Iri, name: Iri) -> None:
        self._space = collection.space
        self._kind = kind
        self._class = of_class
        self._name = name
        self._by_name: dict[str, list[Iri]] = defaultdict(list)
        self._countries: dict[Iri, Iri | None] = {}
        self.graph = collection.space.graph(f"{kind}s")
        self.quads: set[Quad] = set()
        self.take(collection.store.match(graph=self.graph))

    def take(self, quads: Iterable[Quad]) -> None:
        """Take over statements about such things, so that their names are known."""
        new = set(quads) - self.quads
        self.quads |= new
        for quad in sorted(new, key=str):
            if quad.predicate == self._name and isinstance(quad.subject, Iri) and isinstance(quad.object, Literal):
                same = self._by_name[folded(quad.object.value)]
                same += [quad.subject] if quad.subject not in same else []
                self._countries.setdefault(quad.subject, None)
            if quad.predicate == SPATIAL and isinstance(quad.subject, Iri) and isinstance(quad.object, Iri):
                self._countries[quad.subject] = quad.object

    def replace(self, things: Mapping[Iri, Iterable[Quad]]) -> None:
        """Let statements stand instead of those about things."""
        if not things:
            return
        kept = {quad for quad in self.quads if quad.subject not in things}
        self.quads = set()
        self._by_name.clear()
        self._countries.clear()
        self.take([*kept, *(quad for quads in things.values() for quad in quads)])

    @classmethod
    def of_agents(cls, collection: Collection) -> "Register":
        """Return the register of agents."""
        return cls(collection, "agent", AGENT, NAME)

    @classmethod
    def of_collections(cls, collection: Collection) -> "Register":
        """Return the register of collections."""
        return cls(collection, "collection", COLLECTION, TITLE)

    def get(self, name: str, country: Iri | None = None) -> Iri:
        """Return the thing of this name, made if there is none.

        Capitals and spaces make no difference. A name without a country is the one thing that has the name; a name
        with a country is the thing that has both, or the only thing of the name that has no country yet.
        """
        same = self._by_name[folded(name)]
        for iri in same:
            if self._countries[iri] == country:
                return iri
        if len(same) == 1 and country is None:
            return same[0]
        if len(same) == 1 and self._countries[same[0]] is None:
            self._place(same[0], country)
            return same[0]
        return self._made(name, country)

    def _made(self, name: str, country: Iri | None) -> Iri:
        key = key_of(name)[:100].rstrip("-") or f"{self._kind}-{sha256(name.encode()).hexdigest()[:8]}"
        iri = self._space.thing(self._kind, key)
        if iri in self._countries and country is not None:
            iri = self._space.thing(self._kind, f"{key}-{country.code.lower()}")
        number = 2
        while iri in self._countries:
            iri, number = self._space.thing(self._kind, f"{key}-{number}"), number + 1
        self._by_name[folded(name)].append(iri)
        self._countries[iri] = None
        value = Literal(name) if self._name == NAME else Literal.text(name, "en")
        self.quads |= {Quad(iri, RDF_TYPE, self._class, self.graph), Quad(iri, self._name, value, self.graph)}
        self._place(iri, country)
        return iri

    def _place(self, iri: Iri, country: Iri | None) -> None:
        if country is not None:
            self._countries[iri] = country
            self.quads.add(Quad(iri, SPATIAL, country, self.graph))
