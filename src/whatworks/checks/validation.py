"""Runs the validator: what it says of broken shapes becomes an error that names the shape and its file."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from traceback import walk_tb

import pyshacl
from pyshacl.shape import Shape
from rdflib import BNode, Graph, URIRef
from rdflib.namespace import SH
from rdflib.term import Node as RdflibNode

from whatworks.checks.graphs import short
from whatworks.checks.sources import Sources
from whatworks.errors import Place, ShapeFault
from whatworks.namespaces import Prefixes

# What the validator raises where a shape has a wrong value; its own errors are RuntimeErrors.
_FAULTS = (RuntimeError, ValueError, TypeError, AttributeError, LookupError, AssertionError, re.error)


def validate(data: Graph, shapes: Graph, prefixes: Prefixes, sources: Sources) -> Graph:
    """Return the validation report of the shapes over the data.

    Raises:
        ShapeFault: A shape cannot be used.
    """
    try:
        _, results, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none", advanced=False)
    except _FAULTS as error:
        raise _fault(error, shapes, prefixes, sources) from error
    if not isinstance(results, Graph):
        raise _fault(results, shapes, prefixes, sources)
    return results


def _fault(error: Exception, shapes: Graph, prefixes: Prefixes, sources: Sources) -> ShapeFault:
    said = str(getattr(error, "message", error)).strip().rstrip(".") or "one of its values does not fit"
    shape = _named(_shape_of(error, shapes), shapes)
    file, line = sources.place(shape) if shape is not None else ("", None)
    return ShapeFault(
        f"{f'The shape {short(shape, prefixes)}' if shape is not None else 'A shape'} cannot be used: {said}.",
        hint="Look for a value of the wrong kind in the shape.",
        where=Place(file, line) if file else None,
    )


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
    loggers = [logging.getLogger(name) for name in ("rdflib.term", "pyshacl-validate")]

    def silent(_: logging.LogRecord) -> bool:
        return False

    for logger in loggers:
        logger.addFilter(silent)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(silent)
