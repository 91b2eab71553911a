"""Checks a graph against the shapes and says, for people, what is wrong and how to mend it.

pyshacl does the validation over an rdflib graph of what files assert (never of what rules inferred). Its report is
kept as it is for machines and told by record, field and place for people. The shapes themselves are linted first:
a misspelt SHACL term or target would otherwise pass in silence.

Profiles: `core` reports violations, `curation` also warnings and notes, `publication` adds the shapes of
`shapes/publication.ttl`, which keep personal contact data out of what is published.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyshacl
from rdflib import Graph

from whatworks.assets import Assets
from whatworks.checks.graphs import graph_of
from whatworks.checks.lint import lint_shapes
from whatworks.checks.report import FORMATS, SEVERITIES, Finding, Report
from whatworks.checks.sources import Sources
from whatworks.checks.teller import Teller, results_of
from whatworks.collection import read_prefixes
from whatworks.errors import ShapeFault
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
    prefixes = read_prefixes(assets)
    sources = Sources(assets, settings, contexts)
    for path in files:
        sources.add_file(path)
    shapes = sources.shapes(profile)
    data = graph_of(sources.statements())
    lint_shapes(shapes, data, prefixes)
    _, results, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none", advanced=False)
    if not isinstance(results, Graph):
        raise ShapeFault(f"The shapes cannot be used: {results}.")
    told = Teller(data, shapes, prefixes, sources)
    severities = SEVERITIES if profile != "core" else ("violation",)
    every = [told.finding(results, node) for node in results_of(results)]
    findings = [
        found for found in every if found.severity in severities and (not files or found.record in sources.owners)
    ]
    findings.sort(
        key=lambda found: (
            -SEVERITIES.index(found.severity),
            natural(found.record),
            found.line or 0,
            found.field,
            found.rule,
        )
    )
    return Report(profile, findings, len(data), lambda: _standard_report(results, prefixes))


def _standard_report(results: Graph, prefixes: Prefixes) -> bytes:
    for prefix, namespace in prefixes.table.items():
        results.bind(prefix, namespace, replace=True)
    return results.serialize(format="longturtle", encoding="utf-8")
