"""Tells validation results as findings: about which record, in which field, on which line."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from rdflib import BNode, URIRef
from rdflib.namespace import FOAF, SH
from rdflib.term import Node as RdflibNode

from whatworks.checks.findings import SEVERITIES, Finding, Rule
from whatworks.checks.found import Found, Result
from whatworks.checks.graphs import short
from whatworks.checks.phrases import TEXTS
from whatworks.checks.places import Asked, Places
from whatworks.checks.words import Words


@dataclass(slots=True)
class Teller:
    """Tells validation results as findings.

    Attributes:
        words: Says in words what is found and expected.
        places: Finds files and lines.
        rules: What is to be known of the rules of the findings that were told.
    """

    words: Words
    places: Places
    rules: dict[str, Rule] = field(default_factory=dict)

    def findings(self, results: Iterable[Found]) -> list[Finding]:
        """Return results as findings, in their order."""
        told = [self._told(found) for found in results]
        places = self.places.find({asked for _, asked in told})
        findings = []
        for finding, asked in told:
            file, line = places[asked]
            findings.append(replace(finding, file=file, line=line))
        return findings

    def _told(self, found: Found) -> tuple[Finding, Asked]:
        """Return a result as a finding without its place, and what to look for in the files."""
        result, data = found.result, self.words.data
        named, above = self._named(result.focus)
        owner, _, part = str(named).partition("#")
        topics = data.objects(URIRef(owner), FOAF.primaryTopic) if isinstance(named, URIRef) else ()
        topic = min((each for each in topics if isinstance(each, URIRef)), default=None)
        if topic is not None:
            owner, part = str(topic), "record"
        if above is not None:
            part = f"{part} › {self.words.label(above)}" if part else self.words.label(above)
        said = self._said(result.path, result.value) if above is None else self._said(above, None)
        finding = Finding(
            severity=found.severity_name if found.severity_name in SEVERITIES else "violation",
            record="" if isinstance(named, BNode) else owner,
            title=self.words.label(named if isinstance(named, BNode) else URIRef(owner)),
            part=part,
            field=self.words.field(result.shape, result.path),
            found=self.words.found(result),
            expected=self.words.expected(result),
            advice=self._advice(found),
            rule=self._rule(result),
            file="",
            line=None,
        )
        return finding, (str(named), *said)

    def _advice(self, found: Found) -> str:
        """Return what to do: the shape's words, or those of a check beside the shapes."""
        text, say = self.words.say.pick(found.messages), self.words.say
        return say(text) if text in TEXTS else text

    def _rule(self, result: Result) -> str:
        shape, say = result.shape, self.words.say
        if shape is None:
            return f"model {re.sub('(?<!^)(?=[A-Z])', '-', result.kind).lower()}"
        name = f"{short(shape, self.words.prefixes)} {result.kind}"
        if name not in self.rules:
            description = say.text(self.words.shapes, shape, SH.description)
            self.rules[name] = Rule(str(shape) if isinstance(shape, URIRef) else "", description)
        return name

    def _named(self, focus: RdflibNode | None) -> tuple[RdflibNode | None, RdflibNode | None]:
        """Return the nearest thing with an IRI that a node belongs to, and the property that leads from it."""
        above: RdflibNode | None = None
        seen: set[RdflibNode | None] = set()
        while isinstance(focus, BNode) and focus not in seen:
            seen.add(focus)
            found = next(self.words.data.subject_predicates(focus), None)
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
