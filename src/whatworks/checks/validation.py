"""Runs the validator over parts of a graph.

pyshacl judges every constraint; here it is handed the nodes. By itself it asks a shape for one node after the other and
reads the shape anew each time. So a root is asked for all its nodes at once, a nested shape is not asked again for a
node that it has passed, and what only describes shapes to people is kept from it.
"""

import logging
import re
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from traceback import walk_tb
from typing import Any

from pyshacl.constraints.core.property_pair_constraints import (
    LessThanConstraintComponent,
    LessThanOrEqualsConstraintComponent,
)
from pyshacl.errors import ReportableRuntimeError, ShapeRecursionWarning
from pyshacl.pytypes import SHACLExecutor
from pyshacl.shape import Shape
from pyshacl.shapes_graph import ShapesGraph
from pyshacl.target import apply_target_types, gather_target_types
from pyshacl.validator import Validator
from rdflib import BNode, Graph, URIRef
from rdflib.namespace import RDFS, SH
from rdflib.term import IdentifiedNode, Literal
from rdflib.term import Node as RdflibNode

from whatworks.checks.found import Found, results_of
from whatworks.checks.graphs import Light, RdflibTriple
from whatworks.checks.reads import CONSTRAINTS, Root
from whatworks.namespaces import Prefixes

# What the validator raises where a shape has a wrong value; its own errors are RuntimeErrors.
FAULTS = (
    RuntimeError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    AssertionError,
    re.error,
    ShapeRecursionWarning,
)
_ORDERS = (LessThanConstraintComponent, LessThanOrEqualsConstraintComponent)
_LOGGER = logging.getLogger("pyshacl-validate")
_DESCRIPTIVE = (SH.name, SH.description, SH.group, SH.order, RDFS.label, RDFS.comment)


class _Nested(Shape):
    """A shape that remembers what it has passed, for the slice in hand."""

    __slots__ = ("passed",)

    passed: set[Any]

    def validate(
        self, executor: SHACLExecutor, target_graph: Graph, focus: Any = None, _evaluation_path: Any = None
    ) -> Any:
        """Judge nodes; a single one that has passed is not judged again."""
        is_single = isinstance(focus, IdentifiedNode | Literal)
        if is_single and focus in self.passed:
            return True, []
        conforms, results = super().validate(executor, target_graph, focus, _evaluation_path)
        if is_single and conforms and not results:
            self.passed.add(focus)
        return conforms, results


class Shapes(ShapesGraph):
    """The shapes as the validator reads them, without what only describes them.

    Args:
        graph: The statements of the shapes.
        prefixes: The prefixes that messages are written with.
    """

    def __init__(self, graph: Iterable[RdflibTriple], prefixes: Prefixes) -> None:
        every = list(graph)
        has_parameters = any(predicate == SH.parameter for _, predicate, _ in every)
        kept = (triple for triple in every if has_parameters or triple[1] not in _DESCRIPTIVE)
        super().__init__(Light(kept, prefixes), False, _LOGGER)
        self.prefixes = prefixes
        self._nested: dict[RdflibNode, _Nested] = {}
        self._said: dict[RdflibNode, list[tuple[RdflibNode, RdflibNode]]] = {}
        len(self.shapes)  # reads them all

    def lookup_shape_from_node(self, node: RdflibNode) -> Shape:
        """Return a shape that remembers."""
        if node not in self._nested:
            shape = super().lookup_shape_from_node(node)
            nested = self._nested[node] = _Nested(self, *_form(shape))
            nested.passed = set()
        return self._nested[node]

    def predicate_objects(self, s: RdflibNode) -> list[tuple[RdflibNode, RdflibNode]]:
        """Return the constraints of a shape, which the validator looks for among all that is said of it."""
        if s not in self._said:
            self._said[s] = [pair for pair in self.graph.predicate_objects(s) if pair[0] in CONSTRAINTS]
        return self._said[s]

    def forget(self) -> None:
        """Forget which nodes have passed."""
        for nested in self._nested.values():
            nested.passed.clear()

    def asked(self, node: RdflibNode, data: Graph) -> Collection[RdflibNode]:
        """Return the nodes that the queries of a shape find as its targets (`sh:target`)."""
        shape = self.lookup_shape_from_node(node)
        apply_target_types(gather_target_types(self))
        shape.set_advanced(True)
        try:
            found: Collection[RdflibNode] = shape.focus_nodes(data)
        finally:
            shape.set_advanced(False)
        return found


class _Less(ShapesGraph):
    """Shapes without some of their constraints, which are judged apart; the shapes within them are whole.

    Args:
        shapes: The shapes.
        apart: Pairs of a shape and a constraint.
    """

    def __init__(self, shapes: Shapes, apart: Collection[tuple[RdflibNode, RdflibNode]]) -> None:
        kept = (triple for triple in shapes.graph if triple[:2] not in apart)
        super().__init__(Light(kept, shapes.prefixes), False, _LOGGER)
        self._whole = shapes
        self._apart = frozenset(apart)

    def predicate_objects(self, s: RdflibNode) -> list[tuple[RdflibNode, RdflibNode]]:
        """Return the constraints of a shape that are not judged apart."""
        return [pair for pair in self._whole.predicate_objects(s) if (s, pair[0]) not in self._apart]

    def lookup_shape_from_node(self, node: RdflibNode) -> Shape:
        """Return a shape within."""
        return self._whole.lookup_shape_from_node(node)


def _form(shape: Shape) -> tuple[Any, bool, Any, logging.Logger]:
    return shape.node, shape.is_property_shape, shape.path(), _LOGGER


class Engine:
    """Judges nodes of a graph by the roots of shapes."""

    def __init__(self, shapes: Shapes, roots: Sequence[Root]) -> None:
        self._shapes = shapes
        bare = _Less(shapes, {(root.shape, SH.property) for root in roots if root.is_bare})
        self._asked: list[Shape] = []
        for root in roots:
            shape = shapes.lookup_shape_from_node(root.shape)
            self._asked.append(Shape(bare, *_form(shape)) if root.is_bare else shape)

    def judge(self, data: Graph, nodes: Mapping[int, Collection[RdflibNode]]) -> list[Found]:
        """Return what is found at nodes, given by the number of the root that is asked.

        Raises:
            Exception: One of `FAULTS`, where a shape cannot be used.
        """
        executor = SHACLExecutor()
        results: list[Any] = []
        focus: Any
        with warnings.catch_warnings():
            warnings.simplefilter("error", ShapeRecursionWarning)
            try:
                for number, focus in nodes.items():
                    results += self._ask(self._asked[number], executor, data, list(focus))
            finally:
                self._shapes.forget()
        if not results:
            return []
        report, _ = Validator.create_validation_report(self._shapes, False, results)
        return results_of(report)

    def try_all(self, nothing: Graph) -> None:
        """Ask every shape, also those within others, at a node of which nothing is said.

        Raises:
            Exception: One of `FAULTS`, where a shape cannot be used.
        """
        try:
            for shape in self._shapes.shapes:
                shape.validate(SHACLExecutor(), nothing, focus=[URIRef("urn:x-whatworks:nothing")])
        finally:
            self._shapes.forget()

    def _ask(self, shape: Shape, executor: SHACLExecutor, data: Graph, focus: list[Any]) -> list[Any]:
        try:
            return list(shape.validate(executor, data, focus=focus)[1])
        except ReportableRuntimeError:
            pairs = [
                component for component in _ORDERS if next(shape.objects(component.constraint_parameters()[0]), None)
            ]
            if not pairs:
                raise
            # The validator gives up where it is to compare a node without an IRI.
            apart = {(shape.node, component.constraint_parameters()[0]) for component in pairs}
            results = list(Shape(_Less(self._shapes, apart), *_form(shape)).validate(executor, data, focus=focus)[1])
            for component in pairs:
                results += self._compare(component(shape), executor, data, shape.value_nodes(data, focus))
            return results

    @staticmethod
    def _compare(pair: Any, executor: SHACLExecutor, data: Graph, values: Mapping[Any, Collection[Any]]) -> list[Any]:
        """Judge a pair of properties, of which one has to be less; what cannot be compared is not."""
        results: list[Any] = []
        for node, own in values.items():
            others = [value for prop in pair.property_compare_set for value in data.objects(node, prop)]
            if any(isinstance(value, BNode) for value in (*own, *others)):
                results += [pair.make_v_result(data, node, value_node=value) for value in own if others]
            else:
                results += pair.evaluate(executor, data, {node: own}, [])[1]
        return results


def fault_of(error: Exception, shapes: Graph) -> tuple[URIRef | None, str]:
    """Return the shape that the validator could not use, if it can be told, and what it said of it."""
    said = str(getattr(error, "message", error)).strip().rstrip(".") or "one of its values does not fit"
    return _named(_shape_of(error, shapes), shapes), said


def _shape_of(error: Exception, shapes: Graph) -> RdflibNode | None:
    """Return the shape that the validator had in hand when it failed: its errors do not say, its frames do."""
    found: RdflibNode | None = None
    for frame, _ in walk_tb(error.__traceback__):
        for name in ("self", "shape", "s", "lst"):
            value = frame.f_locals.get(name)
            if isinstance(value, Shape):
                found = value.node
            elif name == "s" and isinstance(value, URIRef | BNode):
                found = value
            elif name == "lst":
                lists = (shapes.subjects(predicate, value) for predicate in (SH["and"], SH["or"], SH.xone))
                found = next(chain.from_iterable(lists), found) if value is not None else found
    return found


def _named(node: RdflibNode | None, shapes: Graph) -> URIRef | None:
    """Return the nearest shape with an IRI that a node of the shapes belongs to."""
    seen: set[RdflibNode] = set()
    while isinstance(node, BNode) and node not in seen:
        seen.add(node)
        node = next(shapes.subjects(None, node), None)
    return node if isinstance(node, URIRef) else None


@contextmanager
def quiet() -> Iterator[None]:
    """Keep rdflib from logging literals that do not fit their datatype, and the validator its errors: both are told."""
    loggers = [logging.getLogger("rdflib.term"), _LOGGER]

    def silent(_: logging.LogRecord) -> bool:
        return False

    for logger in loggers:
        logger.addFilter(silent)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(silent)
