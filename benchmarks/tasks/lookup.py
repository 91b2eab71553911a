"""One thing looked up, described and exported; JSON-LD of all."""

from collections.abc import Callable, Iterator
from typing import Any

import pyoxigraph as ox

from benchmarks.generate import BASE
from benchmarks.measure import Bench, Figure, Measure, cpu, engine, task
from whatworks.lookup import Lookup
from whatworks.namespaces import LABELS, LINK_FROM, LINK_TO, NOTATION, TOPIC
from whatworks.results import Table, Triples
from whatworks.store import read_lines
from whatworks.store.convert import quad_to_engine
from whatworks.terms import RDF_TYPE
from whatworks.trees import Trees

DESIGNED = 48  # so many statements had an intervention on which the aim for JSON-LD was set


@task("lookup")
def _lookup(bench: Bench) -> Iterator[Figure]:
    kg, keys, store = bench.released, bench.keys, engine(bench.released.collection)
    things = {key: ox.NamedNode(kg.lookup.intervention(key)) for key in keys}
    prefixes = dict(kg.prefixes.table)
    aim = "ratio ≤ 1.15"

    def texts(query: str) -> dict[str, str]:
        return {key: kg.sparql_of(kg.catalogue.get(query), {"intervention": [key]}) for key in keys}

    whole, factors = texts("intervention"), texts("success-factors")

    def ask(text: str) -> Any:
        return store.query(text, use_default_graph_as_union=True)

    def against(ours: Callable[[str], object], peer: Callable[[str], object]) -> list[tuple[float, float]]:
        def each(call: Callable[[str], object]) -> Measure:
            return cpu(lambda: [call(key) for key in keys], len(keys))

        return bench.compare(each(ours), each(peer))

    def triples(key: str) -> Triples:
        found = kg.query("intervention", intervention=key)
        assert isinstance(found, Triples)
        return found

    def table(key: str) -> Table:
        found = kg.query("success-factors", intervention=key)
        assert isinstance(found, Table)
        return found

    same = "pyoxigraph, same query"
    runs = against(lambda key: list(triples(key)), lambda key: [tuple(triple) for triple in ask(whole[key])])
    yield Figure("query intervention, as terms", same, "ms", runs, aim)

    def turtle(key: str) -> bytes:
        found = sorted(set(ask(whole[key])), key=str)
        return ox.serialize(found, format=ox.RdfFormat.TURTLE, prefixes=prefixes) or b""

    for key in keys:  # the peer does the same job
        assert _read(turtle(key)) == _read(kg.exporter.triples(triples(key), "turtle")), key
    runs = against(lambda key: kg.exporter.triples(triples(key), "turtle"), turtle)
    yield Figure("query intervention, as Turtle", f"{same}, sorted, each statement once", "ms", runs, aim)
    runs = against(lambda key: list(table(key)), lambda key: [tuple(row) for row in ask(factors[key])])
    yield Figure("query success-factors, as terms", same, "ms", runs, aim)
    json = ox.QueryResultsFormat.JSON
    runs = against(lambda key: table(key).write("json"), lambda key: ask(factors[key]).serialize(format=json))
    yield Figure("query success-factors, as JSON", same, "ms", runs, aim)

    peer = "pyoxigraph alone reading the same statements"
    runs = against(kg.show, lambda key: _told(store, things[key], all_names=False))
    yield Figure("describe (show)", peer, "ms", runs, aim)
    runs = against(kg.show, lambda key: list(ask(whole[key])))
    yield Figure("describe (show)", "pyoxigraph, query intervention", "ms", runs, aim)

    def written(key: str) -> bytes:
        found = sorted({quad.triple for quad in _told(store, things[key], all_names=True)}, key=str)
        return ox.serialize(found, format=ox.RdfFormat.TURTLE, prefixes=prefixes) or b""

    for key in keys:  # the peer does the same job
        assert _read(written(key)) == _read(kg.export("turtle", [key])), key
    runs = against(lambda key: kg.export("turtle", [key]), written)
    yield Figure("export as Turtle", f"{peer}, sorted, in Turtle", "ms", runs, aim)
    runs = against(lambda key: kg.export("turtle", [key]), turtle)
    yield Figure("export as Turtle", "pyoxigraph, query intervention, sorted, each once, in Turtle", "ms", runs, aim)

    named = f'SELECT ?i {{ ?i <http://purl.org/dc/terms/identifier> "{keys[0]}" }}'
    ours = cpu(lambda: Lookup(kg.collection, kg.catalogue).intervention(keys[0]))
    runs = bench.compare(ours, cpu(lambda: list(ask(named))))
    yield Figure("first intervention found by key", "pyoxigraph, by identifier", "ms", runs, aim)


def _told(store: ox.Store, thing: ox.NamedNode, *, all_names: bool) -> list[ox.Quad]:
    """Return what is told of a thing, as the engine gives it: of it, its parts, records and links, and the names.

    Args:
        store: The release.
        thing: The thing.
        all_names: As an export has them: only what files state, and every name; else what a description needs.
    """
    inferred, own = f"<{BASE}graph/inferred/", dict[object, list[ox.Quad]]()
    waiting: list[Any] = [thing]
    pointing = (TOPIC, LINK_FROM, LINK_TO) if all_names else (TOPIC,)
    for predicate in pointing:
        waiting += [quad.subject for quad in store.quads_for_pattern(None, ox.NamedNode(predicate), thing, None)]
    while waiting:
        node = waiting.pop()
        found = list(store.quads_for_pattern(node, None, None, None))
        own[node] = [quad for quad in found if not (all_names and str(quad.graph_name).startswith(inferred))]
        for quad in own[node]:
            value = quad.object
            if isinstance(value, ox.NamedNode) and value.value.startswith(f"{thing.value}#") and value not in own:
                waiting.append(value)
    statements = [quad for quads in own.values() for quad in quads]
    named = {quad.object for quad in statements if quad.predicate.value != RDF_TYPE} - own.keys()
    for iri in named:
        if isinstance(iri, ox.NamedNode):
            for predicate in (*LABELS, NOTATION) if all_names else LABELS:
                names = list(store.quads_for_pattern(iri, ox.NamedNode(predicate), None, None))
                statements += names
                if names and not all_names:
                    break
    return statements


def _read(turtle: bytes) -> set[ox.Triple]:
    return {quad.triple for quad in ox.parse(turtle, format=ox.RdfFormat.TURTLE)}


@task("jsonld")
def _jsonld(bench: Bench) -> Iterator[Figure]:
    kg, keys = bench.released, bench.keys
    things = kg.things(of_class="Intervention")
    everything = engine(bench.plain)
    dump = cpu(lambda: everything.dump(format=ox.RdfFormat.JSON_LD), len(things))
    what, peer = "JSON-LD of all interventions", "pyoxigraph JSON-LD dump of all that files state, from memory"
    ours = cpu(lambda: kg.export("jsonld", of_class="Intervention"), len(things))
    runs = bench.compare(ours, dump)
    yield Figure(what, peer, "µs", runs)
    # The aim was set on a graph with so many statements an intervention; this one has more, all counted.
    share = DESIGNED * len(things) / len(everything)
    runs = [(ours * share, peer * share) for ours, peer in runs]
    yield Figure(f"the same, for each {DESIGNED} statements", f"{peer}, likewise", "µs", runs, "≤ 150 µs")

    def lines() -> Iterator[bytes]:
        return read_lines(bench.dump)

    def read() -> Trees:
        return kg.documents.read(lines(), (*LABELS, NOTATION), lambda graph: "" if "/inferred/" in graph else "all")

    yield Figure("of which reading the dump", "the same", "µs", bench.compare(cpu(read, len(things)), dump))
    trees = read()
    ours = cpu(lambda: [trees.text(thing) for thing in things], len(things))
    yield Figure("of which the trees", "the same", "µs", bench.compare(ours, dump))

    store = ox.Store()
    store.extend(quad_to_engine(quad) for quad in kg.statements(kg.things(keys)))
    dump = cpu(lambda: store.dump(format=ox.RdfFormat.JSON_LD), len(keys))
    runs = bench.compare(cpu(lambda: [kg.export("jsonld", [key]) for key in keys], len(keys)), dump)
    yield Figure("JSON-LD of one intervention", "pyoxigraph JSON-LD dump of its statements, from memory", "µs", runs)
