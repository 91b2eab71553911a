"""Checking by parts finds what checking the whole finds, and a change concerns what it changes.

The rule by which a graph is cut is derived from the shapes. Here shapes and graphs are made at random, and the results
of one run of the validator over the whole graph are compared with those over parts, and before and after a change.
"""

import os
from collections.abc import Iterable, Sequence
from typing import Any

import pyshacl
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from pyshacl.errors import ReportableRuntimeError
from rdflib import BNode, Graph

from whatworks.checks.affected import Affected
from whatworks.checks.found import Found, results_of
from whatworks.checks.graphs import view
from whatworks.checks.judge import Judge, Setup
from whatworks.checks.reads import Reads, nodes_at
from whatworks.checks.strays import Declared, Watch
from whatworks.checks.validation import Shapes, quiet
from whatworks.namespaces import Prefixes
from whatworks.nodes import graph_of, node_of
from whatworks.store import EmbeddedStore, Ground, Walker, parse
from whatworks.terms import Iri, Quad, Term, Triple

BASE = "https://example.org/"
HEAD = (
    "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix : <https://example.org/> .\n"
    "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
)
PREFIXES = Prefixes({"": BASE})
GRAPH = Iri(BASE + "graph")
# How many examples each test tries: fewer in the gate, which has little time; the longest run so far was of 10,000.
EXAMPLES = int(os.environ.get("WHATWORKS_EXAMPLES", "150"))
SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    report_multiple_bugs=False,
)
ASPECTS = ("focus", "path", "value", "shape", "kind")


class Checked:
    """A graph and shapes."""

    def __init__(self, quads: Iterable[Quad], shapes: Iterable[Quad]) -> None:
        self.quads = list(quads)
        self.shapes = graph_of(shapes)
        store = EmbeddedStore({})
        store.add(self.quads)
        self.ground = Ground(store, lambda _: "data")
        self.reads = Reads(Shapes(self.shapes, PREFIXES))
        self.routes = self.reads.routes(self.ground, {})
        self.walker = Walker(self.routes)
        watch = Watch(Declared([], self.shapes), BASE, is_public=False)
        self.judge = Judge(Setup(tuple(self.shapes), tuple(self.reads.roots), watch, PREFIXES.table))

    @classmethod
    def of(cls, data: str | list[Quad], shapes: str) -> "Checked":
        """Read a graph and shapes."""
        quads = _quads(data) if isinstance(data, str) else data
        return cls(quads, parse((HEAD + shapes).encode(), "turtle", name="shapes", base=BASE))

    def whole(self) -> list[Found]:
        """Return the results of one run over the whole graph; reject what the validator cannot judge."""
        with quiet():
            try:
                _, report, _ = pyshacl.validate(graph_of(self.quads), shacl_graph=self.shapes, inference="none")
            except ReportableRuntimeError:  # some values it does not compare
                reject()
        assert isinstance(report, Graph), report
        return results_of(report)

    def triples(self) -> list[Triple]:
        """Return the statements."""
        return [quad.triple for quad in self.quads]

    def nodes(self) -> list[Term]:
        """Return all nodes at which shapes may begin."""
        found = dict.fromkeys(term for quad in self.quads for term in (quad.subject, quad.object))
        return [*found, *(node for node in self.routes.of_nodes if node not in found)]

    def parts(self, size: int) -> list[Found]:
        """Return the results of runs over parts, and of those shapes that read the whole graph."""
        nodes, found = self.nodes(), list[Found]()
        for start in range(0, len(nodes), size):
            found += self._of_shapes(self.walker.cut(self.ground, nodes[start : start + size]))
        for number, root in enumerate(self.reads.roots):
            if root.whole:
                asked = [node_of(node) for node in nodes_at(root.targets, self.ground, {})]
                found += self.judge.judge(view(self.ground, PREFIXES), {number: asked})
        return found

    def concerned(self, changed: Sequence[Triple]) -> list[Found]:
        """Return what the shapes find at the nodes that a change concerns."""
        outside = Affected(self.reads, self.routes).by(changed, self.ground)
        return self._of_shapes(self.walker.cut(self.ground, list(dict.fromkeys(t.subject for t in changed)), outside))

    def _of_shapes(self, cut: Any) -> list[Found]:
        return [each for each in self.judge.findings(cut) if "shacl#" in str(each.component)]


def told(found: Iterable[Found]) -> set[tuple[str, ...]]:
    """Return results, without the names of nodes that have none, and without what the validator says of its own."""
    return {(*(_name(getattr(each.result, aspect)) for aspect in ASPECTS), _name(each.severity)) for each in found}


def _name(node: object) -> str:
    return "_" if isinstance(node, BNode) else repr(node)


# ---- random graphs and shapes ----

NODES = [f":n{number}" for number in range(7)]
CLASSES = [":A", ":B", ":C"]
PREDICATES = [":p", ":q", ":r"]
LITERALS = ["1", "2", '"a"', '"a"@en', '"b"@en', '"b"@fr']

node = st.sampled_from(NODES)
predicate = st.sampled_from(PREDICATES)
statement = st.one_of(
    st.builds("{} {} {} .".format, node, predicate, node),
    st.builds("{} {} {} .".format, node, predicate, st.sampled_from(LITERALS)),
    st.builds("{} a {} .".format, node, st.sampled_from(CLASSES)),
    st.builds("{} {} [ {} {} ] .".format, node, predicate, predicate, node),
    st.builds("{} rdfs:subClassOf {} .".format, st.sampled_from(CLASSES), st.sampled_from(CLASSES)),
    st.builds("{} {} ( {} {} ) .".format, node, predicate, node, node),
)
path = st.recursive(
    predicate,
    lambda inner: st.one_of(
        st.builds("[ sh:inversePath {} ]".format, inner),
        st.builds("( {} {} )".format, inner, inner),
        st.builds("[ sh:alternativePath ( {} {} ) ]".format, inner, inner),
        st.builds(
            "[ {} {} ]".format, st.sampled_from(["sh:zeroOrMorePath", "sh:oneOrMorePath", "sh:zeroOrOnePath"]), inner
        ),
    ),
    max_leaves=3,
)
simple = st.one_of(
    st.builds("sh:class {}".format, st.sampled_from(CLASSES)),
    st.builds("sh:nodeKind {}".format, st.sampled_from(["sh:IRI", "sh:Literal", "sh:BlankNodeOrIRI"])),
    st.builds("sh:in ( {} {} )".format, node, st.sampled_from(LITERALS)),
    st.builds("sh:hasValue {}".format, node),
    st.just("sh:datatype <http://www.w3.org/2001/XMLSchema#integer>"),
    st.just('sh:pattern "a"'),
)
of_property = st.one_of(
    simple,
    st.builds("sh:minCount {}".format, st.integers(0, 2)),
    st.builds("sh:maxCount {}".format, st.integers(0, 2)),
    st.builds("sh:{} {}".format, st.sampled_from(["equals", "disjoint", "lessThan", "lessThanOrEquals"]), predicate),
    st.just("sh:uniqueLang true"),
)


def _shape(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return the inside of a shape: a node shape, or a property shape."""
    nested = st.one_of(
        st.builds("sh:node [ {} ]".format, inner),
        st.builds("sh:not [ {} ]".format, inner),
        st.builds("sh:{} ( [ {} ] [ {} ] )".format, st.sampled_from(["and", "or", "xone"]), inner, inner),
        st.builds("sh:property [ sh:path {} ; {} ]".format, path, inner_of_property(inner)),
    )
    qualified = st.builds(
        "sh:qualifiedValueShape [ {} ] ; sh:qualifiedM{} 1 ; sh:qualifiedValueShapesDisjoint {}".format,
        inner,
        st.sampled_from(["in", "ax"]).map("{}Count".format),
        st.sampled_from(["true", "false"]),
    )
    return st.one_of(
        nested, st.builds("sh:property [ sh:path {} ; {} ]".format, path, qualified), st.just("sh:closed true")
    )


def inner_of_property(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return constraints of a property shape."""
    return st.one_of(of_property, inner)


constraint = st.recursive(simple, _shape, max_leaves=4)
query = st.sampled_from(
    [
        "SELECT $this ?value { $this :p ?value . ?other :p ?value . FILTER (?other != $this) }",
        "SELECT $this { $this :p/:q* ?x . ?x ^:r ?y . FILTER NOT EXISTS { ?y :q ?z . ?z a :A } }",
        "SELECT $this ?value { $this :p ?x . OPTIONAL { ?x :q ?value } FILTER EXISTS { ?x !(:p|:q) $this } }",
        "SELECT $this { { $this :p ?x } UNION { ?x :q $this } ?x ?y ?value }",
        "SELECT $this { { SELECT $this (COUNT(?x) AS ?n) { $this :p ?x . ?x :q ?y } GROUP BY $this } FILTER (?n > 1) }",
        "SELECT $this ?value { $this :p ?x . { SELECT $this ?value { $this :q ?value . ?x :r ?value } } }",
        "SELECT $this { $this :p ?x . ?y :q ?z }",
        "SELECT $this { OPTIONAL { $this :p ?x } ?x :q ?y }",
    ]
).map("""sh:sparql [ sh:select "PREFIX : <https://example.org/> {}" ]""".format)
target = st.one_of(
    st.builds("sh:targetClass {}".format, st.sampled_from(CLASSES)),
    st.builds("sh:targetNode {}".format, node),
    st.builds("sh:targetSubjectsOf {}".format, predicate),
    st.builds("sh:targetObjectsOf {}".format, predicate),
)
root = st.one_of(
    st.builds("{} ; {}".format, target, st.one_of(constraint, query)),
    st.builds("{} ; sh:path {} ; {}".format, target, path, inner_of_property(constraint)),
    st.builds("{} ; sh:property [ sh:path {} ; {} ]".format, target, path, inner_of_property(constraint)),
    st.builds(
        "sh:targetNode {} ; sh:property [ sh:path [ sh:inversePath {} ] ; sh:property [ sh:path {} ; {} ] ]".format,
        node,
        predicate,
        path,
        of_property,
    ),
)
graphs = st.lists(statement, min_size=3, max_size=14).map("\n".join)
shape_sets = st.lists(root, min_size=1, max_size=3).map(
    lambda roots: "\n".join(f":S{number} a sh:{_kind(text)} ; {text} ." for number, text in enumerate(roots))
)


def _kind(text: str) -> str:
    return "PropertyShape" if "; sh:path " in text.split("[", maxsplit=1)[0] else "NodeShape"


def _quads(text: str) -> list[Quad]:
    return [quad._replace(graph=GRAPH) for quad in parse((HEAD + text).encode(), "turtle", name="data", base=BASE)]


@pytest.mark.slow
@SETTINGS
@given(graphs, shape_sets, st.integers(1, 4))
def test_parts_are_as_the_whole(data: str, shapes: str, size: int) -> None:
    """Whatever shapes and graph are, parts of any size give the results of the whole."""
    checked = Checked.of(data, shapes)
    whole = told(checked.whole())
    assert told(checked.parts(size)) == whole


@pytest.mark.slow
@SETTINGS
@given(graphs, graphs, st.sets(st.integers(0, 20)), shape_sets)
def test_a_change_concerns_what_it_changes(data: str, more: str, kept: set[int], shapes: str) -> None:
    """What a change makes wrong is found at the nodes that it concerns, and nothing that is not so."""
    every = _quads(data + "\n" + more)
    before = Checked.of([quad for number, quad in enumerate(every) if number not in kept], shapes)
    after = Checked.of([quad for number, quad in enumerate(every) if number + 7 not in kept], shapes)
    if any(root.whole for root in after.reads.roots):
        reject()
    changed = list(set(before.triples()) ^ set(after.triples()))
    was_so, is_so = told(before.whole()), told(after.whole())
    found = told(after.concerned(changed))
    assert found <= is_so
    assert is_so - was_so <= found
    home = {repr(node_of(triple.subject)) for triple in changed}
    assert {result for result in is_so if result[0] in home} <= found
