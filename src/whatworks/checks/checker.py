"""Checks a project by the shapes of a profile: all of it, or what files or changes concern."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any, TypeVar

from rdflib import BNode, Graph, Literal
from rdflib.namespace import RDF, SH
from rdflib.term import Node as RdflibNode

from whatworks.checks.affected import Affected
from whatworks.checks.clerks import judged
from whatworks.checks.findings import SEVERITIES, Finding
from whatworks.checks.found import Found
from whatworks.checks.graphs import short, view
from whatworks.checks.lint import lint_shapes
from whatworks.checks.opened import Opened
from whatworks.checks.phrases import Phrases
from whatworks.checks.places import Places
from whatworks.checks.profile import Profile
from whatworks.checks.reads import nodes_at
from whatworks.checks.report import Report
from whatworks.checks.strays import Declared, Watch
from whatworks.checks.teller import Teller
from whatworks.checks.words import Words
from whatworks.namespaces import SUBCLASS, Prefixes
from whatworks.nodes import node_of
from whatworks.store import Cut, Ground, Routes, Walker
from whatworks.terms import BlankNode, Iri, Node, Term, Triple
from whatworks.terms import Literal as TextLiteral
from whatworks.trig import natural

# So many nodes are cut out and judged at once.
_AT_ONCE = 2000
# From so many nodes on, a further process pays, which takes a second to start.
_PAYS = 12_000

Progress = Callable[[int, int], None]
_Item = TypeVar("_Item")


class Checker:
    """Checks by the shapes of a profile.

    Args:
        opened: The statements.
        profile: The shapes.
        base: The base IRI of the project.

    Raises:
        ShapeFault: The shapes are broken.
    """

    def __init__(self, opened: Opened, profile: Profile, base: str) -> None:
        self._opened = opened
        self._profile = profile
        self._declared = Declared(opened.model, profile.graph)
        lint_shapes(profile.graph, view(opened.ground, profile.prefixes), profile.prefixes)
        self._judge = profile.judge(Watch(self._declared, base, profile.name == "publication"))
        self._ways = self._ways_over(opened.ground)

    def all(self, places: Places, processes: int, progress: Progress) -> Report:
        """Check everything.

        Args:
            places: Finds files and lines.
            processes: How many processes may judge.
            progress: Is told how many nodes of how many are done.
        """
        ground = self._opened.ground
        names, size = ground.subjects()
        nodes = chain(map(node_of_name, names), self._ways.beside(ground))
        cuts = (self._ways.walker.cut(ground, some) for some in _portions(nodes))
        found: list[Found] = []
        for number, results in enumerate(self._judged(cuts, min(processes, 1 + len(names) // _PAYS))):
            found += results
            progress(min((number + 1) * _AT_ONCE, len(names)), len(names))
        found += self._whole(ground, self._ways, None)
        return self._report(found, ground, places, size)

    def some(
        self,
        nodes: Iterable[Node],
        changed: Sequence[Triple],
        ground: Ground,
        places: Places,
        progress: Progress = lambda _, __: None,
    ) -> Report:
        """Check nodes, and what changed statements concern besides.

        Args:
            nodes: What is looked at by all shapes.
            changed: Statements that came or went; who reads them is looked at by the shapes that do.
            ground: The statements after the change.
            places: Finds files and lines.
            progress: Is told how many nodes of how many are done.
        """
        is_same = not any(triple.predicate == SUBCLASS for triple in changed) and not self._ways.asked
        ways = self._ways if is_same else self._ways_over(ground)
        home = dict.fromkeys(nodes)
        outside = {node: roots for node, roots in ways.affected.by(changed, ground).items() if node not in home}
        found: list[Found] = []
        size = 0

        def cuts() -> Iterator[Cut]:
            nonlocal size
            for some in _portions(home):
                yield ways.walker.cut(ground, some)
            for beside in _portions(outside):
                yield ways.walker.cut(ground, (), {node: outside[node] for node in beside})

        every = len(home) + len(outside)
        for number, cut in enumerate(cuts()):
            size += cut.size
            with self._profile.refusals():
                found += self._judge.findings(cut)
            progress(min((number + 1) * _AT_ONCE, every), every)
        found += self._whole(ground, ways, home)
        return self._report(found, ground, places, size)

    def _ways_over(self, ground: Ground) -> "_Ways":
        reads = self._profile.reads
        data = view(ground, self._profile.prefixes)
        shapes = {shape for root in reads.roots for shape in root.targets.asked}
        with self._profile.faults():
            asked = {shape: self._profile.shapes.asked(shape, data) for shape in shapes}
        routes = reads.routes(ground, asked)
        return _Ways(asked, routes, Walker(routes), Affected(reads, routes))

    def _judged(self, cuts: Iterable[Cut], processes: int) -> Iterator[list[Found]]:
        with self._profile.refusals():
            yield from judged(self._judge, cuts, processes)

    def _whole(self, ground: Ground, ways: "_Ways", only: Collection[Term] | None) -> list[Found]:
        """Return what the roots find that read the whole graph; over single nodes only where they are given."""
        found: list[Found] = []
        for number, root in enumerate(self._profile.reads.roots):
            if root.whole:
                nodes = nodes_at(root.targets, ground, ways.asked)
                asked = [node_of(node) for node in nodes if only is None or node in only]
                with self._profile.refusals():
                    found += self._judge.judge(view(ground, self._profile.prefixes), {number: asked} if asked else {})
        return found

    def _report(self, found: Iterable[Found], ground: Ground, places: Places, size: int) -> Report:
        profile = self._profile
        every = {(each.result, each.severity, each.messages): each for each in found}
        kept = [each for each in every.values() if profile.reports(each.severity_name)]
        data = view(ground, profile.prefixes)
        notes = [
            f"{short(root.shape, profile.prefixes)} is asked over the whole graph: {root.whole}."
            for root in profile.reads.roots
            if root.whole
        ]

        def told(language: str) -> Report:
            say = Phrases(language)
            teller = Teller(Words(data, profile.graph, profile.prefixes, self._declared, say), places)
            findings = sorted(teller.findings(kept), key=_rank)
            report = Report(profile.name, findings, size, lambda: _standard_report(kept, profile.prefixes), notes)
            return replace(report, say=say, rules=teller.rules, told=told)

        return told("en")


@dataclass(frozen=True, slots=True)
class _Ways:
    """The ways of shapes over a ground: forth, back, and the targets that queries found."""

    asked: Mapping[RdflibNode, Collection[RdflibNode]]
    routes: Routes
    walker: Walker
    affected: Affected

    def beside(self, ground: Ground) -> Iterator[Term]:
        """Yield the nodes at which shapes begin though nothing is said of them."""
        values = (triple.object for predicate in self.routes.of_values for triple in ground.match(None, predicate))
        for node in dict.fromkeys([*self.routes.of_nodes, *values]):
            if isinstance(node, TextLiteral) or not ground.has(node):
                yield node


def node_of_name(name: str) -> Node:
    """Return the node that N-Triples writes so."""
    return BlankNode(name[2:]) if name.startswith("_:") else Iri(name[1:-1])


def _portions(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    left = iter(items)
    while some := list(islice(left, _AT_ONCE)):
        yield some


def _rank(found: Finding) -> tuple[Any, ...]:
    place = (natural(found.record), found.line or 0, found.field, found.rule, found.part, found.found)
    return (-SEVERITIES.index(found.severity), *place)


def _standard_report(results: Iterable[Found], prefixes: Prefixes) -> bytes:
    """Write the report as SHACL defines it, with the results that are told."""
    report = Graph()
    for prefix, namespace in prefixes.table.items():
        report.bind(prefix, namespace, replace=True)
    top = BNode()
    report.add((top, RDF.type, SH.ValidationReport))
    conforms = True
    for found in results:
        conforms = False
        triples = list(found.triples())
        report.add((top, SH.result, triples[0][0]))
        for triple in triples:
            report.add(triple)
    report.add((top, SH.conforms, Literal(conforms)))
    return report.serialize(format="longturtle", encoding="utf-8")
