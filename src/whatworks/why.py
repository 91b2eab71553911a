"""For any statement: which record, source and page it comes from, or which rule or method made it.

The graph of a statement says it: a record's graph leads to the record and the pages it was read from, a graph of
assigned statements describes its method, and the graph of a rule is named after the rule.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from whatworks.collection import Collection, owner_of
from whatworks.errors import UnknownThing
from whatworks.namespaces import (
    ATTRIBUTED_TO,
    DCAT,
    DCTERMS,
    DERIVED_FROM,
    GENERATED_AT,
    IN_GRAPH,
    NAME,
    PROV,
    SUBPROPERTY,
    TITLE,
    TOPIC,
)
from whatworks.terms import Iri, Literal, Node, Quad, Term, is_iri

_DESCRIPTION = Iri(DCTERMS + "description")
_MADE_BY, _USED, _VERSION = Iri(PROV + "wasGeneratedBy"), Iri(PROV + "used"), Iri(DCAT + "version")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one statement comes from.

    Attributes:
        quad: The statement and its graph.
        kind: `stated` by a source, `assigned` here, `inferred` by a rule, `computed` by a method, `curated` (agents,
            links, provenance), or `model`.
        how: The rule, the method, or the file of the model, in words.
        pages: The pages that the record was made from.
        record: The record of what a source states.
        by: Who compiled or assigned it.
        when: When, as the record says it.
    """

    quad: Quad
    kind: str
    how: str
    pages: tuple[str, ...] = ()
    record: Iri | None = None
    by: tuple[str, ...] = ()
    when: str = ""


def asked(collection: Collection, thing: Iri, name: str, predicate: str | None) -> list[Origin]:
    """Return where the statements about a thing come from, with one property if its IRI or CURIE is given.

    Raises:
        UnknownThing: Nothing is said of it.
    """
    prop = collection.prefixes.expand(predicate) or Iri(predicate) if predicate else None
    found = origins(collection, thing, prop if prop is None or is_iri(prop) else None)
    if not found or (prop is not None and not is_iri(prop)):
        raise UnknownThing(f"Nothing is said of {name!r} with {predicate!r}.", hint="Write a property like ww:stage.")
    return found


def origins(collection: Collection, subject: Iri, predicate: Iri | None = None) -> list[Origin]:
    """Return where the statements about a thing, or about one property of it, come from.

    A thing stands for its parts too. A statement that is in two graphs has two origins.
    """
    found: list[Origin] = []
    for node in _nodes(collection, subject):
        for quad in collection.store.match(node, predicate):
            found.append(_origin(collection, quad))
            if found[-1].kind == "inferred":
                found += [_origin(collection, premise) for premise in _premises(collection, quad)]
    return sorted(
        found,
        key=lambda origin: (str(origin.quad.subject), origin.quad.predicate, str(origin.quad.object), origin.kind),
    )


def _premises(collection: Collection, quad: Quad) -> Iterator[Quad]:
    """Yield the statements with a narrower property that an inferred one was made from."""
    for narrower in collection.store.match(predicate=SUBPROPERTY, value=quad.predicate):
        if isinstance(narrower.subject, Iri):
            yield from collection.store.match(quad.subject, narrower.subject, quad.object)


def _nodes(collection: Collection, thing: Iri) -> list[Iri]:
    nodes = [thing]
    for node in nodes:
        for quad in collection.store.match(node):
            value = quad.object
            if isinstance(value, Iri) and value not in nodes and owner_of(value) == thing:
                nodes.append(value)
    return nodes


def _origin(collection: Collection, quad: Quad) -> Origin:
    graph = quad.graph
    if graph is None or collection.is_model(graph):
        return Origin(quad, "model", f"the model, graph {graph.code if graph else 'default'}")
    if collection.is_inferred(graph):
        is_computed = graph == collection.computed
        how = _method(collection, quad.subject) if is_computed else _rule(collection, graph)
        return Origin(quad, "computed" if is_computed else "inferred", how)
    store = collection.store
    record = next((each.subject for each in store.match(predicate=IN_GRAPH, value=graph)), None)
    if isinstance(record, Iri):
        return _described(collection, quad, "stated", f"the record {record.code}", record)
    if graph.startswith(collection.space.graph("assigned/")):
        method = next(_texts(collection, graph, _DESCRIPTION), "no method is described")
        return _described(collection, quad, "assigned", method, graph)
    about = next((each.subject for each in store.match(quad.subject, TOPIC)), None)
    if isinstance(about, Iri):
        return _described(collection, quad, "curated", f"the record {about.code}", about)
    return Origin(quad, "curated", f"the graph {graph.code}")


def _described(collection: Collection, quad: Quad, kind: str, how: str, node: Iri) -> Origin:
    pages = sorted(str(each.object) for each in collection.store.match(node, DERIVED_FROM))
    by = [
        name for each in collection.store.match(node, ATTRIBUTED_TO) for name in _texts(collection, each.object, NAME)
    ]
    when = next(_texts(collection, node, GENERATED_AT), "")
    return Origin(quad, kind, how, tuple(pages), node if kind == "stated" else None, tuple(sorted(by)), when)


def _method(collection: Collection, node: Node) -> str:
    """Return how a computed link was made: what the method of its run is called, and its version."""
    runs = [quad.object for quad in collection.store.match(owner_of(node), _MADE_BY) if isinstance(quad.object, Iri)]
    used = [quad.object for run in runs for quad in collection.store.match(run, _USED)]
    named = [(*_texts(collection, method, TITLE), *_texts(collection, method, _VERSION)) for method in used]
    return f"whatworks link: {', version '.join(named[0])}" if named else "whatworks link"


def _rule(collection: Collection, graph: Iri) -> str:
    name = graph.code
    for rule in collection.rules():
        if rule.name == name:
            head = next((line for line in rule.text.splitlines() if line.startswith("#+ summary:")), "")
            said = head.removeprefix("#+ summary:").strip()
            return f"the rule {name} (ontology/rules/{name}.rq): {said}" if said else f"the rule {name}"
    return f"a rule {name} that is no longer there"


def _texts(collection: Collection, node: Node | Term, predicate: Iri) -> Iterator[str]:
    if isinstance(node, Iri):
        for quad in collection.store.match(node, predicate):
            if isinstance(quad.object, Literal):
                yield quad.object.value
