"""Checks a graph against the shapes and says, for people, what is wrong and how to mend it.

pyshacl does the validation over an rdflib graph of what files assert (never of what rules inferred). What no shape
looks at, such as a misspelt property, is found beside it and added to its results. They are told by record, field and
place for people, and as SHACL has them for machines; where a value is of the wrong kind, the bounds that it then cannot
keep either are not told as well. The shapes themselves are linted first: a misspelt SHACL term or target would pass in
silence as well.

Profiles: `core` reports violations, `curation` also warnings and notes, `publication` adds the shapes of
`shapes/publication.ttl`, which keep personal contact data out of what is published.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rdflib import BNode, Graph, Literal
from rdflib.namespace import RDF, SH
from rdflib.term import Node as RdflibNode

from whatworks.assets import Assets
from whatworks.checks.graphs import graph_of
from whatworks.checks.lint import lint_shapes
from whatworks.checks.report import FORMATS, SEVERITIES, Finding, Report
from whatworks.checks.sources import Sources
from whatworks.checks.strays import Declared, add_results, strays
from whatworks.checks.teller import Teller, results_of
from whatworks.checks.validation import quiet, validate
from whatworks.checks.words import Words
from whatworks.collection import read_prefixes
from whatworks.namespaces import Prefixes
from whatworks.settings import Settings
from whatworks.trig import natural

__all__ = ["FORMATS", "PROFILES", "SEVERITIES", "Finding", "Report", "check_graph", "lint_shapes"]

PROFILES = ("core", "curation", "publication")


def check_graph(
    assets: Assets,
    settings: Settings,
    contexts: Mapping[str, Any],
    files: Sequence[Path] = (),
    profile: str = "curation",
) -> Report:
    """Check the project's data, or files as if they were part of it.

    Args:
        assets: Where model and data are.
        settings: The project's settings.
        contexts: JSON-LD contexts that files may name.
        files: RDF files; what they say of a thing stands instead of what the project says, and only their things
            are reported. Without files everything is.
        profile: One of `PROFILES`.

    Raises:
        InputError: A file cannot be read.
        ShapeFault: The shapes are broken.
    """
    sources = Sources(assets, settings, contexts)
    for path in files:
        sources.add_file(path)
    with quiet():
        return _report(sources, profile, is_partial=bool(files))


def _report(sources: Sources, profile: str, *, is_partial: bool) -> Report:
    prefixes = read_prefixes(sources.assets)
    shapes = sources.shapes(profile)
    data = graph_of(sources.statements())
    lint_shapes(shapes, data, prefixes)
    results = validate(data, shapes, prefixes, sources)
    declared = Declared(sources.model())
    add_results(results, strays(sources.data(), declared, shapes, sources.settings.base, profile))
    told = Teller(Words(data, shapes, prefixes, declared.by_kind()), sources)
    severities = SEVERITIES if profile != "core" else ("violation",)
    every = [(node, told.finding(results, node)) for node in results_of(results)]
    kept = [
        (node, found)
        for node, found in every
        if found.severity in severities and (not is_partial or told.is_given(results, node))
    ]
    findings = sorted((found for _, found in kept), key=_rank)
    nodes = [node for node, _ in kept]
    return Report(profile, findings, len(data), lambda: _standard_report(results, nodes, prefixes))


def _rank(found: Finding) -> tuple[Any, ...]:
    return (-SEVERITIES.index(found.severity), natural(found.record), found.line or 0, found.field, found.rule)


def _standard_report(results: Graph, nodes: Sequence[RdflibNode], prefixes: Prefixes) -> bytes:
    """Write the report as SHACL defines it, with the results that are told."""
    report = Graph()
    for prefix, namespace in prefixes.table.items():
        report.bind(prefix, namespace, replace=True)
    top = BNode()
    report.add((top, RDF.type, SH.ValidationReport))
    report.add((top, SH.conforms, Literal(not nodes)))
    for node in nodes:
        report.add((top, SH.result, node))
        results.cbd(node, target_graph=report)
    return report.serialize(format="longturtle", encoding="utf-8")
