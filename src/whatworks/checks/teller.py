"""Tells validation results as findings: about which record, in which field, on which line."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from rdflib import BNode, Graph, URIRef
from rdflib.namespace import FOAF, RDF, SH
from rdflib.term import Node as RdflibNode

from whatworks.checks.graphs import short
from whatworks.checks.report import SEVERITIES, Finding
from whatworks.checks.sources import Sources
from whatworks.checks.words import Result, Words

# A value of the wrong kind breaks further rules of its field; the first of these says what is wrong with it.
_WRONG_KIND = ("NodeKind", "Datatype", "Class", "Node", "In")
_FOLLOWING = ("MinInclusive", "MaxInclusive", "MinExclusive", "MaxExclusive", "LessThan", "LessThanOrEquals")


def results_of(report: Graph) -> list[RdflibNode]:
    """Return the results of the report itself, without those that only follow from others; nested ones are left out."""
    top = next(report.subjects(RDF.type, SH.ValidationReport))
    results = {node: Result.from_report(report, node) for node in report.objects(top, SH.result)}
    kinds: dict[Result, set[str]] = defaultdict(set)
    for result in results.values():
        kinds[replace(result, kind="")].add(result.kind)
    return [node for node, result in results.items() if not _follows(result.kind, kinds[replace(result, kind="")])]


def _follows(kind: str, kinds: set[str]) -> bool:
    wrong = [each for each in _WRONG_KIND if each in kinds]
    return bool(wrong) and kind in (*_WRONG_KIND, *_FOLLOWING) and kind != wrong[0]


class Teller:
    """Tells a validation result as a finding."""

    def __init__(self, words: Words, sources: Sources) -> None:
        self.words = words
        self.data = words.data
        self.sources = sources

    def is_given(self, report: Graph, node: RdflibNode) -> bool:
        """Say whether a result is about what the given files speak of."""
        focus = report.value(node, SH.focusNode)
        owners = {str(each).partition("#")[0] for each in (focus, self._named(focus)[0])}
        topics = {str(topic) for owner in owners for topic in self.data.objects(URIRef(owner), FOAF.primaryTopic)}
        return bool((owners | topics) & self.sources.owners)

    def finding(self, report: Graph, node: RdflibNode) -> Finding:
        """Return a result as a finding."""
        result = Result.from_report(report, node)
        severity = str(report.value(node, SH.resultSeverity)).rsplit("#", 1)[-1].lower()
        named, above = self._named(result.focus)
        owner, _, part = str(named).partition("#")
        topic = self.data.value(URIRef(owner), FOAF.primaryTopic)
        if topic is not None:
            owner, part = str(topic), "record"
        if above is not None:
            part = f"{part} › {self.words.label(above)}" if part else self.words.label(above)
        messages = sorted(
            report.objects(node, SH.resultMessage),
            key=lambda text: (getattr(text, "language", "") != "en", str(text)),
        )
        said = self._said(result.path, result.value) if above is None else self._said(above, None)
        file, line = self.sources.place(named, *said)
        return Finding(
            severity=severity if severity in SEVERITIES else "violation",
            record="" if isinstance(named, BNode) else owner,
            title=self.words.label(named if isinstance(named, BNode) else URIRef(owner)),
            part=part,
            field=self.words.field(result.shape, result.path),
            found=self.words.found(result),
            expected=self.words.expected(result),
            advice=str(messages[0]) if messages else "",
            rule=self._rule(result),
            file=file,
            line=line,
        )

    def _rule(self, result: Result) -> str:
        if result.shape is None:
            return f"model {re.sub('(?<!^)(?=[A-Z])', '-', result.kind).lower()}"
        return f"{short(result.shape, self.words.prefixes)} {result.kind}"

    def _named(self, focus: RdflibNode | None) -> tuple[RdflibNode | None, RdflibNode | None]:
        """Return the nearest thing with an IRI that a node belongs to, and the property that leads from it."""
        above: RdflibNode | None = None
        seen: set[RdflibNode | None] = set()
        while isinstance(focus, BNode) and focus not in seen:
            seen.add(focus)
            found = next(self.data.subject_predicates(focus), None)
            if found is None:
                break
            focus, above = found
        return focus, above

    @staticmethod
    def _said(path: RdflibNode | None, value: RdflibNode | None) -> Iterator[str]:
        """Yield predicate and value as far as they are said in the file itself."""
        if isinstance(path, URIRef):
            yield str(path)
            if value is not None and not isinstance(value, BNode):
                yield str(value)
