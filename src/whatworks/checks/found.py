"""A validation result, as it goes from the validator to those who tell it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from rdflib import BNode, Graph
from rdflib.namespace import RDF, SH
from rdflib.term import Node as RdflibNode

from whatworks.checks.graphs import RdflibTriple

# A value of the wrong kind breaks further rules of its field; the first of these says what is wrong with it.
_WRONG_KIND = ("NodeKind", "Datatype", "Class", "Node", "In")
_FOLLOWING = ("MinInclusive", "MaxInclusive", "MinExclusive", "MaxExclusive", "LessThan", "LessThanOrEquals")
_MESSAGE = SH.resultMessage
_STANDARD = {
    RDF.type,
    SH.focusNode,
    SH.resultPath,
    SH.value,
    SH.sourceShape,
    SH.sourceConstraintComponent,
    SH.resultSeverity,
    _MESSAGE,
}


@dataclass(frozen=True, slots=True)
class Result:
    """A validation result: the node and its property, the value if it is one, and the constraint of the shape."""

    focus: RdflibNode | None
    path: RdflibNode | None
    value: RdflibNode | None
    shape: RdflibNode | None
    kind: str


@dataclass(frozen=True, slots=True)
class Found:
    """A result with what it says to people and to machines.

    Attributes:
        result: The result.
        component: The constraint component.
        severity: The severity.
        messages: What to do, English first.
        more: Further statements of the report, on `node` and on nodes without a name.
        node: The result in these statements.
    """

    result: Result
    component: RdflibNode | None
    severity: RdflibNode | None
    messages: tuple[RdflibNode, ...]
    more: tuple[RdflibTriple, ...] = ()
    node: RdflibNode | None = None

    @property
    def severity_name(self) -> str:
        """The severity in lower case, without its namespace."""
        return str(self.severity).rsplit("#", 1)[-1].lower()

    def triples(self) -> Iterator[RdflibTriple]:
        """Yield the statements of the result in a report."""
        node, result = self.node or BNode(), self.result
        yield node, RDF.type, SH.ValidationResult
        for predicate, value in (
            (SH.sourceConstraintComponent, self.component),
            (SH.resultSeverity, self.severity),
            (SH.focusNode, result.focus),
            (SH.resultPath, result.path),
            (SH.value, result.value),
            (SH.sourceShape, result.shape),
            *((_MESSAGE, message) for message in self.messages),
        ):
            if value is not None:
                yield node, predicate, value
        yield from self.more


def results_of(report: Graph) -> list[Found]:
    """Return the results of a report, without those that only follow from others; nested ones are left out."""
    top = next(report.subjects(RDF.type, SH.ValidationReport))
    every = dict.fromkeys(_found(report, node) for node in report.objects(top, SH.result))
    kinds: dict[Result, set[str]] = defaultdict(set)
    for found in every:
        kinds[replace(found.result, kind="")].add(found.result.kind)
    return [found for found in every if not _follows(found.result.kind, kinds[replace(found.result, kind="")])]


def _found(report: Graph, node: RdflibNode) -> Found:
    component = report.value(node, SH.sourceConstraintComponent)
    result = Result(
        report.value(node, SH.focusNode),
        report.value(node, SH.resultPath),
        report.value(node, SH.value),
        report.value(node, SH.sourceShape),
        str(component).rsplit("#", 1)[-1].removesuffix("ConstraintComponent"),
    )
    messages = tuple(sorted(report.objects(node, _MESSAGE), key=_english_first))
    more = tuple(_more(report, node))
    return Found(result, component, report.value(node, SH.resultSeverity), messages, more, node if more else None)


def _more(report: Graph, node: RdflibNode) -> Iterator[RdflibTriple]:
    seen, waiting = {node}, [node]
    while waiting:
        subject = waiting.pop()
        for predicate, value in report.predicate_objects(subject):
            if subject != node or predicate not in _STANDARD:
                yield subject, predicate, value
            if isinstance(value, BNode) and value not in seen:
                seen.add(value)
                waiting.append(value)


def _english_first(text: RdflibNode) -> tuple[bool, str]:
    return getattr(text, "language", "") != "en", str(text)


def _follows(kind: str, kinds: Iterable[str]) -> bool:
    wrong = [each for each in _WRONG_KIND if each in kinds]
    return bool(wrong) and kind in (*_WRONG_KIND, *_FOLLOWING) and kind != wrong[0]
