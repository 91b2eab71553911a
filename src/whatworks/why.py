"""For any statement: which record, source and page it comes from, or which rule or method made it.

The graph of a statement says it: a record's graph leads to the record and the pages it was read from, a graph of
assigned statements describes its method, and the graph of a rule is named after the rule.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from whatworks.collection import Collection, owner_of
from whatworks.errors import UnknownThing
from whatworks.namespaces import (
    ATTRIBUTED_TO,
    DCAT,
    DCTERMS,
    DERIVED_FROM,
    GENERATED_AT,
    IN_GRAPH,
    LABELS,
    NAME,
    PROV,
    REVIEW_OF,
    REVIEWED_CONCEPT,
    SH,
    SUBPROPERTY,
    TITLE,
    TOPIC,
    WW,
)
from whatworks.terms import Iri, Literal, Node, Quad, Term

_DESCRIPTION = Iri(DCTERMS + "description")
_MADE_BY, _USED, _VERSION = Iri(PROV + "wasGeneratedBy"), Iri(PROV + "used"), Iri(DCAT + "version")
_ENDED = Iri(PROV + "endedAtTime")
_STATUS, _BY, _ON = Iri(WW + "reviewStatus"), Iri(WW + "reviewedBy"), Iri(WW + "reviewedOn")
_PATH, _SHAPE_NAME = Iri(SH + "path"), Iri(SH + "name")


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
        when: When, as the record or the run says it.
        run: The run that computed it.
    """

    quad: Quad
    kind: str
    how: str
    pages: tuple[str, ...] = ()
    record: Iri | None = None
    by: tuple[str, ...] = ()
    when: str = ""
    run: Iri | None = None


def asked(collection: Collection, thing: Iri, name: str, predicate: str | None) -> list[Origin]:
    """Return where the statements about a thing come from.

    Args:
        collection: Where it is described.
        thing: The thing.
        name: What it was called by the one who asks.
        predicate: Only statements with this property, by its IRI, CURIE, name or label.

    Raises:
        UnknownThing: Nothing is said of it.
    """
    if predicate is None:
        return origins(collection, thing)
    found = [
        each for prop in _properties(collection, thing, name, predicate) for each in origins(collection, thing, prop)
    ]
    return sorted(dict.fromkeys(found), key=_rank)


def properties(collection: Collection, thing: Iri) -> dict[Iri, list[str]]:
    """Return the properties with which something is said of a thing or its parts, each with what it is called."""
    used = {quad.predicate for node in _nodes(collection, thing) for quad in collection.store.match(node)}
    return {prop: _names(collection, prop) for prop in sorted(used)}


def _names(collection: Collection, prop: Iri) -> list[str]:
    """Return what a property is called: its CURIE, its name, its labels, and what shapes call it."""
    store = collection.store
    shapes = [quad.subject for quad in store.match(predicate=_PATH, value=prop)]
    texts = [text for shape in shapes for text in _texts(collection, shape, _SHAPE_NAME)]
    labels = [text for label in LABELS for text in _texts(collection, prop, label)]
    return list(dict.fromkeys([collection.prefixes.shorten(prop) or str(prop), prop.code, *labels, *texts]))


def _properties(collection: Collection, thing: Iri, name: str, predicate: str) -> list[Iri]:
    """Return the properties of a thing that have this name; one that is named by its IRI or CURIE alone."""
    said = properties(collection, thing)
    if (exact := collection.prefixes.expand(predicate) or Iri(predicate)) in said:
        return [exact]
    by_name: dict[str, list[Iri]] = {}
    for prop, names in said.items():
        for each in names:
            by_name.setdefault(_plain(each), []).append(prop)
    if found := by_name.get(_plain(predicate)):
        return found
    near = get_close_matches(_plain(predicate)[:200], by_name, n=1, cutoff=0.75)
    hint = f"Did you mean {said[by_name[near[0]][0]][0]}?" if near else "Without a property, everything is listed."
    raise UnknownThing(f"Nothing is said of {name!r} with {predicate!r}.", hint=hint)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]", "", text).casefold()


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
    return sorted(found, key=_rank)


def _rank(origin: Origin) -> tuple[str, ...]:
    return (str(origin.quad.subject), origin.quad.predicate, str(origin.quad.object), origin.kind)


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
        is_by_rule = collection.is_by_rule(graph)
        return Origin(quad, "inferred", _rule(collection, graph)) if is_by_rule else _computed(collection, quad)
    store = collection.store
    record = next((each.subject for each in store.match(predicate=IN_GRAPH, value=graph)), None)
    if isinstance(record, Iri):
        return _described(collection, quad, "stated", f"the record {record.code}", record)
    if graph.startswith(collection.space.graph("assigned/")):
        method = next(_texts(collection, graph, _DESCRIPTION), "no method is described")
        return _described(collection, quad, "assigned", f"{method}{_reviewed(collection, quad)}", graph)
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


def _reviewed(collection: Collection, quad: Quad) -> str:
    """Return what a person decided about a concept that was assigned; nothing where nobody did."""
    store = collection.store
    for review in (each.subject for each in store.match(predicate=REVIEW_OF, value=quad.subject)):
        if next(store.match(review, REVIEWED_CONCEPT, quad.object), None) is not None:
            status = (each.object for each in store.match(review, _STATUS))
            word = next((each.code for each in status if isinstance(each, Iri)), "reviewed").capitalize()
            by, on = (next(_texts(collection, review, prop), "") for prop in (_BY, _ON))
            return f" {word} by {by} on {on}."
    return ""


def _computed(collection: Collection, quad: Quad) -> Origin:
    """Return how a link was made: what the method of its run is called, its version, which run it was, and when."""
    node, store = owner_of(quad.subject), collection.store
    made = [each.object for each in store.match(node, _MADE_BY)] if node else []
    # What is said of a run comes from that run.
    run = next((each for each in (*made, node) if isinstance(each, Iri) and next(store.match(each, _USED), None)), None)
    if run is None:
        return Origin(quad, "computed", "whatworks link")
    used = [each.object for each in store.match(run, _USED)]
    named = [(*_texts(collection, method, TITLE), *_texts(collection, method, _VERSION)) for method in used]
    how = f"whatworks link: {', version '.join(named[0])}" if named else "whatworks link"
    return Origin(quad, "computed", how, when=next(_texts(collection, run, _ENDED), ""), run=run)


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
