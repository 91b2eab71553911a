"""Tells a validation result in words: what was found, what was expected, and what to do."""

from collections.abc import Callable

from rdflib import Graph, URIRef
from rdflib import Literal as RdflibLiteral
from rdflib.namespace import DCTERMS, FOAF, RDF, RDFS, SH, SKOS
from rdflib.term import Node as RdflibNode

from whatworks.checks.graphs import short
from whatworks.checks.report import SEVERITIES, Finding
from whatworks.checks.sources import Sources
from whatworks.namespaces import Prefixes

_TITLES = (DCTERMS.title, SKOS.prefLabel, FOAF.name, RDFS.label)


def results_of(report: Graph) -> list[RdflibNode]:
    """Return the results of the report itself; nested results stand below them."""
    top = next(report.subjects(RDF.type, SH.ValidationReport))
    return list(report.objects(top, SH.result))


class Teller:
    """Tells a validation result in words."""

    def __init__(self, data: Graph, shapes: Graph, prefixes: Prefixes, sources: Sources) -> None:
        self.data = data
        self.shapes = shapes
        self.prefixes = prefixes
        self.sources = sources

    def finding(self, report: Graph, node: RdflibNode) -> Finding:
        """Return a result as a finding."""
        focus = report.value(node, SH.focusNode)
        path = report.value(node, SH.resultPath)
        shape = report.value(node, SH.sourceShape)
        component = report.value(node, SH.sourceConstraintComponent)
        value = report.value(node, SH.value)
        severity = str(report.value(node, SH.resultSeverity)).rsplit("#", 1)[-1].lower()
        owner, _, part = str(focus).partition("#")
        topic = self.data.value(URIRef(owner), FOAF.primaryTopic)
        if topic is not None:
            owner, part = str(topic), "record"
        name = self.shapes.value(shape, SH.name) or self.shapes.value(shape, RDFS.label)
        messages = sorted(
            report.objects(node, SH.resultMessage),
            key=lambda text: (getattr(text, "language", "") != "en", str(text)),
        )
        kind = str(component).rsplit("#", 1)[-1].removesuffix("ConstraintComponent")
        file, line = (
            self.sources.place(focus, str(path) if isinstance(path, URIRef) else None)
            if focus is not None
            else ("", None)
        )
        return Finding(
            severity=severity if severity in SEVERITIES else "violation",
            record=owner,
            title=self.label(URIRef(owner)),
            part=part,
            field=str(name or (self.label(path) if path is not None else "the thing itself")),
            found=self.found(focus, path, value, kind),
            expected=self.expected(shape, kind),
            advice=str(messages[0]) if messages else "",
            rule=f"{short(shape, self.prefixes)} {kind}",
            file=file,
            line=line,
        )

    def label(self, term: RdflibNode | None) -> str:
        """Return an English label, another one, or the short IRI."""
        for predicate in _TITLES:
            found = [text for text in self.data.objects(term, predicate) if isinstance(text, RdflibLiteral)]
            if found:
                return str(min(found, key=lambda text: (text.language != "en", str(text))))
        return short(term, self.prefixes)

    def found(self, focus: RdflibNode | None, path: RdflibNode | None, value: RdflibNode | None, kind: str) -> str:
        """Say what is there."""
        if kind in ("MinCount", "MaxCount", "QualifiedMinCount", "QualifiedMaxCount") and isinstance(path, URIRef):
            values = sorted(
                self.label(item) if isinstance(item, URIRef) else repr(str(item))
                for item in self.data.objects(focus, path)
            )
            return (
                "nothing"
                if not values
                else f"{len(values)} values ({', '.join(values[:5])}{', …' if len(values) > 5 else ''})"
            )
        if kind == "MinCount":
            return "nothing"
        if value is None:
            return "values that do not fit together"
        if isinstance(value, RdflibLiteral):
            tag = f"@{value.language}" if value.language else ""
            return f"{str(value)[:120]!r}{tag}"
        label = self.label(value)
        return f"{label} ({short(value, self.prefixes)})" if label != short(value, self.prefixes) else label

    def expected(self, shape: RdflibNode | None, kind: str) -> str:
        """Say what the constraint asks for."""

        def given(name: str) -> str:
            value = self.shapes.value(shape, SH[name])
            return self.label(value) if isinstance(value, URIRef) else str(value)

        words: dict[str, Callable[[], str]] = {
            "MinCount": lambda: f"at least {given('minCount')}",
            "MaxCount": lambda: f"at most {given('maxCount')}",
            "Datatype": lambda: f"a value of the type {given('datatype').rsplit(':', 1)[-1]}",
            "NodeKind": lambda: {"sh:IRI": "an IRI", "sh:Literal": "a text or number"}.get(
                given("nodeKind"), "another kind of node"
            ),
            "Class": lambda: f"a thing of the class {given('class')}",
            "Pattern": lambda: f"a text of the form {given('pattern')}",
            "MinLength": lambda: f"at least {given('minLength')} characters",
            "MaxLength": lambda: f"at most {given('maxLength')} characters",
            "MinInclusive": lambda: f"{given('minInclusive')} or more",
            "MaxInclusive": lambda: f"{given('maxInclusive')} or less",
            "MinExclusive": lambda: f"more than {given('minExclusive')}",
            "MaxExclusive": lambda: f"less than {given('maxExclusive')}",
            "UniqueLang": lambda: "one text for each language",
            "LanguageIn": lambda: "another language",
            "HasValue": lambda: given("hasValue"),
            "In": lambda: "one of the listed values",
            "LessThanOrEquals": lambda: f"no more than {given('lessThanOrEquals')}",
            "LessThan": lambda: f"less than {given('lessThan')}",
            "Disjoint": lambda: f"something else than {given('disjoint')}",
            "Node": lambda: given("node")[:1].lower() + given("node")[1:],
            "Not": lambda: "something else",
            "Or": lambda: "one of several ways to be right",
        }
        return words.get(kind, lambda: f"what the rule {kind} asks for")()
