"""What is near to some things of a remote store, read ahead in few requests.

To describe a thing, its statements are looked at one by one; over a network each look would be a request. What was not
read ahead is asked for when it is looked at, so that nothing is missed.
"""

from collections.abc import Collection, Container, Iterable, Iterator

from whatworks.namespaces import IN_SCHEME, LABELS, LINK_FROM, LINK_TO, NOTATION, POSITION, SH, SUBPROPERTY, TOPIC
from whatworks.results import Answer
from whatworks.store.embedded import EmbeddedStore
from whatworks.store.remote import RemoteStore
from whatworks.store.syntax import serialize
from whatworks.terms import Iri, Node, Quad, Term

_AT_ONCE = 200  # so many things are named in one request
_BEHIND = (TOPIC, LINK_FROM, LINK_TO)  # by these, records and links lead to a thing
_NAMING = (*LABELS, NOTATION, POSITION, IN_SCHEME)  # what is read of things that are only named
_EVERYWHERE = (SUBPROPERTY, Iri(SH + "targetClass"))  # properties of the model, read whole


class NearStore:
    """A remote store of which a part is here: some things, what belongs to them, and the names of what they lead to.

    Args:
        remote: The store.
        things: The things.
        named: Whether they are only to be named.
    """

    def __init__(self, remote: RemoteStore, things: Iterable[Iri], *, named: bool = False) -> None:
        self._remote = remote
        self._held = EmbeddedStore()
        self._whole: set[Node] = set()  # all statements about these are here
        self._pointed: set[Term] = set()  # all statements with these as value are here
        self._named: set[Node] = set()  # the names of these are here
        self._asked: dict[tuple[Term | None, ...], list[Quad]] = {}
        if named:
            self._name(set(things))
        else:
            self._read(set(things))

    def _read(self, things: set[Iri]) -> None:
        pointing = self._take("value", things)
        self._pointed |= things
        behind = {quad.subject for quad in pointing if quad.predicate in _BEHIND}
        waiting: set[Iri] = things | {node for node in behind if isinstance(node, Iri)}
        model = list(self._remote.statements({"property": _EVERYWHERE}))
        self._held.add(model)
        named = {quad.subject for quad in model if isinstance(quad.subject, Iri)}
        while waiting:
            about = self._take("subject", waiting)
            self._whole |= waiting
            values = {quad.object for quad in about if isinstance(quad.object, Iri)}
            named |= values | {quad.predicate for quad in about}
            owners = {_owner(node) for node in self._whole}
            waiting = {value for value in values if "#" in value and _owner(value) in owners} - self._whole
        named |= {_owner(quad.subject) for quad in pointing if isinstance(quad.subject, Iri)}
        named |= {quad.predicate for quad in pointing}
        self._name(named - self._whole)

    def _name(self, things: set[Iri]) -> None:
        """Read the names of things."""
        self._take("subject", things, _NAMING)
        self._named |= things

    def _take(self, part: str, terms: Collection[Iri], properties: Collection[Iri] = ()) -> list[Quad]:
        """Read the statements that have one of the terms as `subject` or `value`."""
        found: list[Quad] = []
        ordered = sorted(terms)
        for start in range(0, len(ordered), _AT_ONCE):
            parts = {part: ordered[start : start + _AT_ONCE]}
            found += self._remote.statements({**parts, "property": list(properties)} if properties else parts)
        self._held.add(found)
        return found

    def match(
        self,
        subject: Node | None = None,
        predicate: Iri | None = None,
        value: Term | None = None,
        graph: Iri | None = None,
    ) -> Iterator[Quad]:
        """Yield the statements that have these parts; None stands for any."""
        if isinstance(subject, Iri) and predicate in _NAMING and subject not in self._named | self._whole:
            self._take("subject", [subject], _NAMING)
            self._named.add(subject)
        here = (
            subject in self._whole
            or (subject in self._named and predicate in _NAMING)
            or (subject is None and value in self._pointed)
            or predicate in _EVERYWHERE
        )
        if here:
            return self._held.match(subject, predicate, value, graph)
        key = (subject, predicate, value, graph)
        if key not in self._asked:
            self._asked[key] = list(self._remote.match(*key))
        return iter(self._asked[key])

    def query(self, text: str, *, standalone: bool = False) -> Answer:
        """Answer a SPARQL query over the whole store."""
        return self._remote.query(text, standalone=standalone)

    def graphs(self) -> list[Iri]:
        """Return the IRIs of the named graphs of the whole store, sorted."""
        return self._remote.graphs()

    @property
    def graph_names(self) -> Container[str]:
        """The IRIs of the named graphs of the whole store, to be asked for one."""
        return self._remote.graph_names

    def nquads(self) -> bytes:
        """Return the statements that are here as N-Quads."""
        return serialize(self._held.match(), "nquads")

    def __len__(self) -> int:
        return len(self._remote)


def _owner(node: Node) -> Iri:
    """Return the thing that a node belongs to: a part `…/x#factor-1` belongs to `…/x`."""
    return Iri(str(node).partition("#")[0])
