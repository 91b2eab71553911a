"""RDF files into records: each statement goes to the thing that it is about, and to the graph where it belongs.

What an export holds can be read again: statements of records, agents, collections and links are taken over; those
about anything else, such as the names of concepts, are left out if the collection has them already. An export also
names the things that its things refer to: one of which a file says no class is not described there, so what is said of
it is added to what there is, and never stands instead.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from whatworks.collection import Collection, owner_of
from whatworks.errors import InvalidTerm, Place
from whatworks.formats import by_file
from whatworks.ingest.build import Built
from whatworks.ingest.mapping import FOLDERS
from whatworks.namespaces import ASSIGNED_FACET, IN_GRAPH, SUBPROPERTY, TOPIC, assigned_graph, is_key, key_of
from whatworks.store import parse
from whatworks.tally import Problem, Tally
from whatworks.terms import RDF_TYPE, BlankNode, Iri, Quad, write_term

# Things that have no file of their own, and the graph that holds all of them.
SHARED = {
    "agent": "agents",
    "collection": "collections",
    "link": "links/curated",
    "review": "reviews",
    "dataset": "catalog",
    "graph": "provenance",
}
_KNOWN = "the collection has the statement already"


@dataclass(slots=True)
class RdfRecords:
    """What an RDF file says: its records, and the statements of the things that share a file, by kind."""

    records: list[Built] = field(default_factory=list)
    shared: dict[str, list[Quad]] = field(default_factory=lambda: {kind: [] for kind in SHARED})


def read_rdf(data: bytes, name: str, collection: Collection, contexts: Mapping[str, Any], tally: Tally) -> RdfRecords:
    """Read an RDF file.

    Raises:
        InputError: It is not well formed or names a context that is not bundled.
    """
    base = collection.settings.base
    return _Router(name, collection, tally).route(
        parse(data, by_file(name).name, name=name, base=base, contexts=contexts)
    )


class _Router:
    def __init__(self, name: str, collection: Collection, tally: Tally) -> None:
        self.name = name
        self.collection = collection
        self.space = collection.space
        self.tally = tally
        self.found = RdfRecords()
        subproperties = collection.store.match(predicate=SUBPROPERTY, value=ASSIGNED_FACET)
        self.assigned = {quad.subject: self.space.graph(assigned_graph(str(quad.subject))) for quad in subproperties}

    def route(self, quads: list[Quad]) -> RdfRecords:
        topics = {quad.subject: quad.object for quad in quads if quad.predicate == TOPIC}
        graphs = {topics.get(quad.subject): quad.object for quad in quads if quad.predicate == IN_GRAPH}
        groups: dict[Iri, list[Quad]] = defaultdict(list)
        is_computed = self.collection.is_computed
        computed = sum(is_computed(quad.graph) for quad in quads)
        if computed:
            self.count("link", left_out=computed, reason="was computed; whatworks link makes it anew")
        for quad in (quad for quad in quads if not is_computed(quad.graph)):
            topic = topics.get(quad.subject)
            thing = topic if isinstance(topic, Iri) else owner_of(quad.subject)
            if thing is None or isinstance(quad.object, BlankNode):
                self.fault(quad.predicate, "holds a blank node; give the part an IRI such as …/key#part-1.")
            elif self.is_writable(quad):
                groups[thing].append(quad)
        for thing, of_thing in sorted(groups.items()):
            kind = self.kind_of(thing)
            if kind in FOLDERS:
                graph = graphs.get(thing)
                source = key_of(Path(self.name).stem) or "import"
                own = graph if isinstance(graph, Iri) else self.space.graph(f"record/{source}/{thing.code}")
                self.take_record(kind, thing, of_thing, own)
            elif kind in SHARED:
                self.count(kind, mapped=len(of_thing))
                graph = self.space.graph(SHARED[kind])
                self.found.shared[kind] += [quad._replace(graph=graph) for quad in of_thing]
            elif all(self.is_known(quad) for quad in of_thing):
                self.count("other", left_out=len(of_thing), reason=_KNOWN)
            else:
                self.fault(thing, f"belongs to no record below {self.space.base}id/.", thing.code)
        return self.found

    def take_record(self, kind: str, thing: Iri, quads: list[Quad], own: Iri) -> None:
        kept = [quad for quad in quads if not self.collection.is_inferred(quad.graph)]
        self.count(kind, left_out=len(quads) - len(kept), reason="was inferred")
        if not any(quad.subject == thing and quad.predicate == RDF_TYPE for quad in kept):
            self.take_more(kind, thing, kept, own)
            return
        self.count(kind, mapped=len(kept))
        placed = [quad._replace(graph=quad.graph or self.graph_for(quad, thing, own)) for quad in kept]
        self.found.records.append(Built(thing, own, Place(self.name), adds=False, quads=placed))

    def take_more(self, kind: str, thing: Iri, quads: list[Quad], own: Iri) -> None:
        """Add to a record what it does not say yet."""
        new = [quad for quad in quads if not self.is_known(quad)]
        self.count(kind, mapped=len(new), left_out=len(quads) - len(new), reason=_KNOWN)
        if new:
            record = self.space.thing("record", thing.code)
            graphs = [quad.object for quad in self.collection.store.match(record, IN_GRAPH)]
            own = min((graph for graph in graphs if isinstance(graph, Iri)), default=own)
            placed = [quad._replace(graph=quad.graph or self.graph_for(quad, thing, own)) for quad in new]
            self.found.records.append(Built(thing, own, Place(self.name), adds=True, quads=placed))

    def graph_for(self, quad: Quad, thing: Iri, own: Iri) -> Iri:
        """Return the graph of a statement for which the file names none."""
        if owner_of(quad.subject) != thing:
            return self.space.graph("provenance")
        return self.assigned.get(quad.predicate, own)

    def kind_of(self, thing: Iri) -> str:
        """Return what sort of thing an IRI names: the part before its key; empty where it is none of ours."""
        for kind in ("dataset", "graph"):
            if thing.startswith(f"{self.space.base}{kind}/"):
                return kind
        kind = thing.removeprefix(f"{self.space.base}id/").partition("/")[0]
        return kind if thing == self.space.thing(kind, thing.code) and is_key(thing.code.replace("--", "-")) else ""

    def is_known(self, quad: Quad) -> bool:
        return next(self.collection.store.match(quad.subject, quad.predicate, quad.object), None) is not None

    def is_writable(self, quad: Quad) -> bool:
        try:
            for term in quad.triple:
                write_term(term)
        except InvalidTerm as error:
            self.fault(quad.predicate, error.message)
            return False
        return True

    def count(self, kind: str, *, mapped: int = 0, left_out: int = 0, reason: str = "") -> None:
        self.tally.read[self.name, kind] += mapped + left_out
        self.tally.mapped[self.name, kind] += mapped
        if left_out:
            self.tally.leave_out(self.name, kind, reason, left_out)

    def fault(self, found: str, message: str, record: str = "the file") -> None:
        self.tally.read[self.name, "other"] += 1
        self.tally.problems.append(Problem(Place(self.name), record, "other", str(found), message))
