"""What a source states, what was assigned here and what a rule computed are told apart in every output."""

import csv
import io
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.conftest import BASE
from whatworks import KnowledgeGraph
from whatworks.cli import main
from whatworks.store import parse
from whatworks.terms import Iri, Quad, Triple

WW = BASE + "ont#"
TOOL = Iri(BASE + "id/intervention/risk-neet-indicator-tool-roni")  # one approach is stated, another is assigned
TRIAL = Iri(BASE + "id/intervention/career-academies")  # the direction of its findings is computed
STATED, ASSIGNED = Iri(WW + "appliesApproach"), Iri(WW + "assignedApproach")
OUTREACH = Iri(BASE + "voc/approach/neets-outreach")
IDENTIFICATION = Iri(BASE + "voc/approach/identification-of-learners-at-risk")
GRAPHS = ("turtle", "trig", "ntriples", "nquads", "rdfxml", "jsonld")


def out(*words: str) -> str:
    """Return what a command prints."""
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == 0, result.output
    return result.stdout


def read(kg: KnowledgeGraph, text: str, format: str) -> set[Quad]:
    """Return the statements of a document."""
    contexts = kg.documents.contexts
    return set(parse(text.encode(), format, name=format, base=BASE, contexts=contexts))


def asserted(kg: KnowledgeGraph) -> set[Triple]:
    """Return the statements that files make, those of the model included."""
    return {quad.triple for quad in kg.collection.store.match() if not kg.collection.is_inferred(quad.graph)}


def test_the_examples_have_all_three(kg: KnowledgeGraph) -> None:
    """There is something to tell apart: the rules make the assigned approach one that is applied, and a direction."""
    match = kg.collection.store.match
    applied = {quad.object: kg.collection.is_inferred(quad.graph) for quad in match(TOOL, STATED)}
    assert {OUTREACH: False, IDENTIFICATION: True} == applied
    assert [IDENTIFICATION] == [quad.object for quad in match(TOOL, ASSIGNED)]
    directions = [quad for quad in match(predicate=Iri(WW + "direction")) if str(quad.subject).startswith(TRIAL)]
    assert directions
    assert all(kg.collection.is_inferred(quad.graph) for quad in directions)


@pytest.mark.parametrize("format", GRAPHS)
@pytest.mark.parametrize("command", ["show", "export"])
def test_documents(kg: KnowledgeGraph, command: str, format: str) -> None:
    """The assigned has its own property, the plain property holds what is stated only, and nothing is inferred."""
    found = read(kg, out(command, TOOL.code, "--format", format), format)
    assert {OUTREACH} == {quad.object for quad in found if quad.subject == TOOL and quad.predicate == STATED}
    assert {IDENTIFICATION} == {quad.object for quad in found if quad.subject == TOOL and quad.predicate == ASSIGNED}
    assert {quad.triple for quad in found} <= asserted(kg)
    trial = read(kg, out(command, TRIAL.code, "--format", format), format)
    assert {quad.triple for quad in trial} <= asserted(kg)
    assert not any(quad.predicate == WW + "direction" for quad in trial)


@pytest.mark.parametrize("format", ["trig", "nquads"])
def test_graphs(kg: KnowledgeGraph, format: str) -> None:
    """In a format with graphs the assigned stands in a graph of its own, and the stated in that of its record."""
    graphs = {quad.object: str(quad.graph) for quad in read(kg, out("export", TOOL.code, "-f", format), format)}
    assert BASE + "graph/assigned/approach" == graphs[IDENTIFICATION]
    assert graphs[OUTREACH].startswith(BASE + "graph/record/")


@pytest.mark.parametrize("format", GRAPHS)
def test_everything(kg: KnowledgeGraph, format: str, tmp_path: Path) -> None:
    """An export of everything holds what is assigned under its property, and nothing that a rule made."""
    out("export", "--all", "--format", format, "--output", str(tmp_path / "all"))
    found = {quad.triple for quad in read(kg, (tmp_path / "all").read_text(encoding="utf-8"), format)}
    assert {(TOOL, STATED, OUTREACH), (TOOL, ASSIGNED, IDENTIFICATION)} < found
    assert (TOOL, STATED, IDENTIFICATION) not in found
    assert found <= asserted(kg)


def test_text() -> None:
    """As text, the assigned has a star and the computed says so, each explained below; the stated has no mark."""
    tool = out("show", TOOL.code)
    assert "\n  Approach stated by the source: Outreach\n" in tool
    assert "\n  Approach assigned here*: Identification of learners at risk of early leaving\n" in tool
    assert tool.endswith("\n\n* assigned here; no source states it\n")
    trial = out("show", TRIAL.code)
    assert " Direction (computed): Positive\n" in trial
    assert trial.endswith("\n(computed) by a rule, from other statements; no source states it\n")
    assert "no source states it" not in out("show", "agent:university-of-mons")


def test_csv() -> None:
    """In a table, what is stated, assigned and computed have columns of their own."""

    def row(*words: str) -> dict[str, str]:
        return next(csv.DictReader(io.StringIO(out("export", *words, "--format", "csv"))))

    tool = row(TOOL.code)
    assert "Outreach" == tool["Approach stated by the source"]
    assert "Identification of learners at risk of early leaving" == tool["Approach assigned here (assigned)"]
    finding = row("--class", "Finding")
    assert finding["Direction (computed)"]
    assert "Direction" not in finding
    assert "Effect size" in finding


def test_why() -> None:
    """The origin of a statement names its sort."""
    said = out("why", TOOL.code, "ww:appliesApproach")
    assert ["assigned", "inferred", "stated"] == sorted(
        line.strip().split(":")[0] for line in said.splitlines() if line.startswith("    ") and ": " in line
    )
