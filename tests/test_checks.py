"""The shapes find what is wrong and nothing else, and the report says where it is and how to mend it."""

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pyshacl
import pytest
from rdflib import RDF, RDFS, BNode, Graph, Literal, URIRef
from rdflib.collection import Collection as RdfList
from rdflib.namespace import SH, XSD

from tests.conftest import CASES, ROOT
from whatworks import Error, KnowledgeGraph
from whatworks.checks import SEVERITIES, Finding, Report, lint_shapes
from whatworks.checks.found import Result
from whatworks.checks.lines import Lines
from whatworks.checks.opened import Opened
from whatworks.checks.profile import Profile
from whatworks.checks.words import Words
from whatworks.errors import ShapeFault
from whatworks.formats import by_name
from whatworks.nodes import graph_of
from whatworks.store import parse, serialize

SHAPE = "https://w3id.org/whatworks/shapes#"
FIXTURES = sorted((CASES / "shapes").glob("*/*.ttl"))
RECORD = "data/interventions/expairs-project.trig"
EXPAIRS = "https://w3id.org/whatworks/id/intervention/expairs-project"
Outcome = set[tuple[str, str, str]]

# What of a property shape is no constraint, and so needs no invalid fixture.
_DESCRIPTIVE = {
    SH.path,
    SH.name,
    SH.description,
    SH.group,
    SH.order,
    SH.severity,
    SH.message,
    SH.flags,
    SH.property,
    SH.targetClass,
    SH.targetNode,
    SH.targetSubjectsOf,
    SH.qualifiedValueShape,
}


# ---- the shapes ----


@pytest.fixture(scope="module")
def core(kg: KnowledgeGraph) -> Graph:
    """All shapes but those of publication."""
    return Profile("core", kg.assets, kg.settings, kg.prefixes).graph


@pytest.fixture(scope="module")
def shapes(kg: KnowledgeGraph) -> Graph:
    """All shapes."""
    return Profile("publication", kg.assets, kg.settings, kg.prefixes).graph


@pytest.fixture(scope="module")
def model(kg: KnowledgeGraph) -> Graph:
    """Ontology and vocabularies."""
    quads = (quad for quad in kg.collection.store.match() if kg.collection.is_model(quad.graph))
    return graph_of(quad for quad in quads if quad.graph is not None and not quad.graph.endswith("/shapes"))


def _expected(fixture: Path) -> Outcome:
    lines = fixture.read_text(encoding="utf-8").splitlines()
    marked = [line.split(": ", 1)[1].split() for line in lines if line.startswith(("# expect: ", "# also: "))]
    return {(shape, kind, severity) for shape, kind, severity in marked}


def _outcomes(fixtures: list[Path], model: Graph, shapes: Graph) -> dict[Path, Outcome]:
    """Validate fixtures together; their IRIs are their own, so a result belongs to the file of its focus."""
    data = Graph()
    data += model
    files: dict[object, list[Path]] = defaultdict(list)
    for fixture in fixtures:
        said = graph_of(parse(fixture.read_bytes(), "turtle", name=fixture.name, base="https://example.org/"))
        for subject in set(said.subjects()):
            files[subject].append(fixture)
        data += said
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inplace=True)
    assert isinstance(report, Graph)
    found: dict[Path, Outcome] = {fixture: set() for fixture in fixtures}
    top = report.value(None, RDF.type, SH.ValidationReport)
    for node in report.objects(top, SH.result):
        kind = str(report.value(node, SH.sourceConstraintComponent)).removeprefix(str(SH))
        severity = str(report.value(node, SH.resultSeverity)).removeprefix(str(SH))
        shape = str(report.value(node, SH.sourceShape)).replace(SHAPE, "shape:")
        (fixture,) = files[report.value(node, SH.focusNode)]
        found[fixture].add((shape, kind.removesuffix("ConstraintComponent"), severity))
    return found


@pytest.fixture(scope="module")
def outcomes(model: Graph, core: Graph, shapes: Graph) -> dict[Path, Outcome]:
    """What the shapes find in each fixture."""
    of_publication = [fixture for fixture in FIXTURES if fixture.parent.name == "publication"]
    others = [fixture for fixture in FIXTURES if fixture.parent.name != "publication"]
    return {**_outcomes(others, model, core), **_outcomes(of_publication, model, shapes)}


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_fixture(fixture: Path, outcomes: dict[Path, Outcome]) -> None:
    """The shapes find in a fixture what its first lines say, and nothing in a valid one."""
    expected = _expected(fixture)
    assert bool(expected) == fixture.name.startswith("invalid-")
    assert expected == outcomes[fixture]


def _nested(shapes: Graph) -> set[object]:
    """Return the shapes that only other shapes use; those are tried through them."""
    named = {node for part in (SH.node, SH["not"], SH.qualifiedValueShape) for node in shapes.objects(None, part)}
    named |= {node for listed in shapes.objects(None, SH["or"]) for node in RdfList(shapes, listed)}
    return named | {rule for node in named for rule in shapes.objects(node, SH.property)}


def test_every_constraint_has_an_invalid_fixture(shapes: Graph) -> None:
    """Every constraint of every shape is broken by a fixture that expects just that first."""
    firsts = {
        tuple(fixture.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# expect: ").split()[:2])
        for fixture in FIXTURES
        if fixture.name.startswith("invalid-")
    }
    used = {
        (str(shape).replace(SHAPE, "shape:"), name[:1].upper() + name[1:])
        for kind in (SH.PropertyShape, SH.NodeShape)
        for shape in set(shapes.subjects(RDF.type, kind)) - _nested(shapes)
        for predicate in set(shapes.predicates(shape)) - _DESCRIPTIVE
        if (name := str(predicate)).startswith(str(SH)) and (name := name.removeprefix(str(SH)))
    }
    assert len(used) > 500
    assert used - firsts == set()


def test_every_property_shape_is_described(shapes: Graph) -> None:
    """Every property shape has a name, description, group, order, severity and message, in English."""
    rules = set(shapes.subjects(RDF.type, SH.PropertyShape))
    assert len(rules) > 300
    for rule in rules:
        assert isinstance(rule, URIRef)
        for part in (SH.path, SH.name, SH.description, SH.group, SH.order, SH.severity, SH.message):
            values = [each for each in shapes.objects(rule, part) if getattr(each, "language", None) in (None, "en")]
            assert (rule, part, len(values)) == (rule, part, 1)
        assert (shapes.value(rule, SH.group), RDF.type, SH.PropertyGroup) in shapes
        for part in (SH.name, SH.description, SH.message):
            text = next(str(text) for text in shapes.objects(rule, part) if getattr(text, "language", None) == "en")
            assert (rule, part, part == SH.name or text.endswith(".")) == (rule, part, True)


def test_no_two_fields_have_one_place(shapes: Graph) -> None:
    """No two property shapes of a shape have the same place under the same heading."""
    for shape in shapes.subjects(RDF.type, SH.NodeShape):
        rules = list(shapes.objects(shape, SH.property))
        places = {(shapes.value(rule, SH.group), shapes.value(rule, SH.order)) for rule in rules}
        assert (shape, len(places)) == (shape, len(rules))


@pytest.mark.slow
def test_shapes_conform_to_shacl_shacl(shapes: Graph) -> None:
    """The shapes are valid shapes."""
    conforms, _, text = pyshacl.validate(Graph(), shacl_graph=shapes, meta_shacl=True)
    assert conforms, text


# ---- the lint ----


def test_lint_accepts_our_shapes(kg: KnowledgeGraph, shapes: Graph, model: Graph) -> None:
    """The lint finds nothing in our shapes, even over the model alone."""
    lint_shapes(shapes, model, kg.prefixes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("shape:X sh:property [ sh:path ww:stage ; sh:minCuont 1 ] .", "sh:minCuont, which is no SHACL term"),
        ("shape:X sh:severity sh:Violatoin .", "shape:X uses sh:Violatoin, which is no SHACL term"),
        ("shape:X sh:targetClass ww:Practise .", "shape:X has the target ww:Practise, which matches nothing"),
        ("shape:X sh:targetSubjectsOf dcterms:tilte .", "shape:X has the target dcterms:tilte, which matches nothing"),
        ("shape:X sh:targetObjectsOf ww:hasFactr .", "shape:X has the target ww:hasFactr, which matches nothing"),
        ("shape:X sh:targetNode ww:Nothing .", "shape:X has the target ww:Nothing, which matches nothing"),
    ],
)
def test_lint_refuses(text: str, said: str, kg: KnowledgeGraph, model: Graph) -> None:
    """A slip in a SHACL term or a target is refused, with the shape that has it."""
    head = "".join(f"@prefix {name}: <{kg.prefixes.table[name]}> .\n" for name in ("sh", "ww", "shape", "dcterms"))
    broken = graph_of(parse((head + text).encode(), "turtle", name="x.ttl", base="https://example.org/"))
    with pytest.raises(ShapeFault, match=r"mistakes that would let wrong data pass") as caught:
        lint_shapes(broken, model, kg.prefixes)
    assert said in caught.value.message


def test_lint_accepts_vocabularies_it_does_not_know(kg: KnowledgeGraph, model: Graph) -> None:
    """A target of a vocabulary that is not known here is no mistake."""
    graph = Graph()
    graph.add((URIRef(SHAPE + "X"), SH.targetClass, URIRef("https://example.org/Thing")))
    lint_shapes(graph, model, kg.prefixes)


def test_check_refuses_broken_shapes_of_a_project(tmp_path: Path) -> None:
    """A project whose own shapes have a slip is told so before anything is checked."""
    (tmp_path / "ontology/shapes").mkdir(parents=True)
    (tmp_path / "ontology/shapes/own.ttl").write_text(
        "<https://example.org/S> <http://www.w3.org/ns/shacl#targetClass> <https://w3id.org/whatworks/ont#Practise> .",
        encoding="utf-8",
    )
    with pytest.raises(ShapeFault, match="Practise"):
        KnowledgeGraph.open(tmp_path).check()


# ---- the shipped data ----


@pytest.fixture(scope="module")
def shipped(kg: KnowledgeGraph) -> Report:
    """The report on the shipped collection, in the strictest profile."""
    return kg.check(profile="publication")


def test_shipped_data_has_no_violation(shipped: Report) -> None:
    """Nothing in the shipped collection is wrong, and nothing personal is in it."""
    assert [finding for finding in shipped.findings if finding.severity == "violation"] == []
    assert not shipped.fails("violation")


def test_every_finding_of_the_shipped_data_is_whole(shipped: Report) -> None:
    """Every finding names its thing, field, what is found and expected, what to do, and a line that speaks of it."""
    assert shipped.findings
    for finding in shipped.findings:
        assert all((finding.record, finding.title, finding.field, finding.found, finding.advice, finding.rule)), finding
        assert finding.expected
        assert "shape:" not in finding.expected
        assert finding.line is not None
        line = (ROOT / finding.file).read_text(encoding="utf-8").splitlines()[finding.line - 1]
        subject = finding.part if finding.part != "record" else f"record:{finding.record.rsplit('/', 1)[-1]}"
        assert (subject or finding.record.rsplit("/", 1)[-1]) in line


def test_findings_are_sorted_worst_first(shipped: Report) -> None:
    """Warnings come before notes."""
    ranks = [SEVERITIES.index(finding.severity) for finding in shipped.findings]
    assert ranks == sorted(ranks, reverse=True)
    assert ranks[0] > ranks[-1]


# ---- a file with mistakes ----


class Mistake(NamedTuple):
    """A change of the shipped record, and the finding that it must lead to."""

    before: str
    after: str
    part: str
    field: str
    found: str
    expected: str
    severity: str = "violation"


CONTACT = "Ministry backing and legal provisions let schools try alternative teaching and change timetables."
MISTAKES = [
    Mistake(
        '        dcterms:title "EXPAIRS project"@en ;\n',
        "",
        "",
        "Title",
        "nothing",
        "at least one value",
    ),
    Mistake(
        "ww:kind kind:good-practice",
        "ww:kind kind:good-practice , kind:quick-win",
        "",
        "Kind",
        "2 values (Good practice, Quick win)",
        "at most one value",
    ),
    Mistake(
        "        ww:startYear 2012 ;\n        ww:endYear 2014 ;\n        ww:hasPhase",
        '        ww:startYear "about 2012" ;\n        ww:endYear 2014 ;\n        ww:hasPhase',
        "",
        "Start year",
        "'about 2012', a text",
        "a whole number",
    ),
    Mistake(
        "        ww:stage stage:mainstreamed ;\n        ww:stageNote",
        "        ww:stage stage:mainstreemed ;\n        ww:stageNote",
        "",
        "Stage",
        "stage:mainstreemed, which is not described",
        "a concept of the scheme stage; nearest is Mainstreamed (stage:mainstreamed)",
    ),
    Mistake(
        "dcterms:language language:FRA",
        'dcterms:language "French"',
        "",
        "Language",
        "'French'",
        "a concept of the scheme language; nearest is French (language:FRA)",
    ),
    Mistake(
        "ww:learningSetting setting:school-based",
        "ww:learningSetting stage:pilot",
        "",
        "Learning setting",
        "Pilot (stage:pilot)",
        "a concept of the scheme setting: setting:adult-training, setting:apprenticeship, setting:pre-vocational, "
        "setting:school-based",
    ),
    Mistake(
        'dcterms:identifier "expairs-project"',
        'dcterms:identifier "EXPAIRS"',
        "",
        "Key",
        "'EXPAIRS'",
        "a text of another form (pattern ^[a-z0-9]+(-[a-z0-9]+)*$)",
    ),
    Mistake(
        'ww:placeNote "French-speaking Belgium"@en',
        'ww:placeNote "Here"@en , "There"@en , "Ici"@fr',
        "",
        "Place note",
        "2 texts in en ('Here'@en, 'There'@en)",
        "one text for each language",
    ),
    Mistake(
        "ww:ageFrom 14",
        "ww:ageFrom 24",
        "population",
        "Lowest age",
        "24",
        "no more than the highest age (15)",
    ),
    Mistake(
        CONTACT,
        f"{CONTACT} Ask anna.example@school.example.org about it, for she has been there from the start.",
        "factor-2",
        "No contact data in ww:statement",
        "'… and change timetables. Ask anna.example@school.example.org about it, for she has been …'",
        "nothing that looks like contact data",
    ),
    Mistake(
        "cv:hasParticipant agent:university-of-mons",
        "cv:hasParticipant agent:university-of-mon",
        "participation-1",
        "Participant",
        "agent:university-of-mon, which is not described",
        "a thing of the class foaf:Agent; nearest is University of Mons (agent:university-of-mons)",
    ),
    Mistake(
        'dcterms:title "Circular 4816"@en',
        'dcterms:title "Circular 4816"',
        "law-1",
        "Title",
        "'Circular 4816', a text without a language tag",
        "a text with a language tag, such as @en",
    ),
    Mistake(
        "ww:completeness completeness:full ;",
        "ww:completeness completeness:ful ;",
        "record",
        "Completeness",
        "completeness:ful, which is not described",
        "a concept of the scheme completeness; nearest is Full (completeness:full)",
    ),
    Mistake(
        '"2026-11-21T00:00:00Z"^^xsd:dateTime',
        '"yesterday"^^xsd:dateTime',
        "record",
        "Compiled at",
        "'yesterday', which is marked as a date and time and is none",
        "a date and time, such as 2026-01-31T12:00:00Z",
    ),
]


OTHER = """
@prefix ww: <https://w3id.org/whatworks/ont#> .
<https://w3id.org/whatworks/id/intervention/other> a ww:Practice .
"""
AGENTS = """
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix agent: <https://w3id.org/whatworks/id/agent/> .
agent:university-of-mons a foaf:Agent ; foaf:name "University of Mons" .
agent:academic-coordination-team-university-of-mons a foaf:Agent ; foaf:name "Academic coordination team" .
agent:ministry-of-education-french-community-of-belgium a foaf:Agent ; foaf:name "Ministry of education" .
agent:whatworks-contributors a foaf:Agent ; foaf:name "Contributors" .
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeGraph:
    """A project with one good record and one that has mistakes."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "whatworks.toml").touch()
    (folder / "data/interventions").mkdir(parents=True)
    (folder / RECORD).write_bytes((ROOT / RECORD).read_bytes())
    (folder / "data/agents.ttl").write_text(AGENTS, encoding="utf-8")
    (folder / "data/interventions/other.trig").write_text(OTHER, encoding="utf-8")
    return KnowledgeGraph.open(folder)


def _with_mistakes() -> str:
    text = (ROOT / RECORD).read_text(encoding="utf-8")
    for mistake in MISTAKES:
        assert text.count(mistake.before) == 1, mistake.before
        text = text.replace(mistake.before, mistake.after)
    return text


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A changed copy of a shipped record."""
    file = tmp_path_factory.mktemp("given") / "expairs.trig"
    file.write_text(_with_mistakes(), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def broken(small: KnowledgeGraph, given: Path) -> Report:
    """The report on the changed copy."""
    return small.check([given], "publication")


def _one(report: Report, part: str, field: str) -> Finding:
    (finding,) = (each for each in report.findings if (each.part, each.field) == (part, field))
    return finding


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: f"{mistake.part} {mistake.field}".strip())
def test_mistake_is_told(mistake: Mistake, broken: Report, given: Path) -> None:
    """A mistake is told once, with what is found, what is expected, and the file and line where it stands."""
    finding = _one(broken, mistake.part, mistake.field)
    assert (mistake.found, mistake.expected, mistake.severity) == (finding.found, finding.expected, finding.severity)
    text = _with_mistakes()
    line = text.count("\n", 0, text.index(mistake.after or "intervention:expairs-project a ww:Practice")) + 1
    assert (str(given), line) == (finding.file, finding.line)


def test_only_the_record_of_the_file_is_reported(broken: Report) -> None:
    """Other records of the project, wrong as they may be, are not reported, but an agent that nothing names now."""
    agent = "https://w3id.org/whatworks/id/agent/university-of-mons"
    others = [(finding.record, finding.field) for finding in broken.findings if finding.record != EXPAIRS]
    assert others == [(agent, "Named by")]
    fields = {(finding.part, finding.field) for finding in broken.findings if finding.record == EXPAIRS}
    assert {(mistake.part, mistake.field) for mistake in MISTAKES} <= fields
    # The kind is missing nowhere, so a second kind brings no other finding; a title is wanted in English, too.
    assert fields - {(mistake.part, mistake.field) for mistake in MISTAKES} == {("", "English title")}


def test_the_project_itself_reports_the_other_record(small: KnowledgeGraph) -> None:
    """Without a file everything is checked, and the shipped record is as good as it was."""
    report = small.check(profile="core")
    assert {finding.record for finding in report.findings} == {EXPAIRS.replace("expairs-project", "other")}
    assert {"data/interventions/other.trig"} == {finding.file for finding in report.findings}
    assert {3} == {finding.line for finding in report.findings}


def test_statements_of_the_file_stand_instead(small: KnowledgeGraph, tmp_path: Path) -> None:
    """What the project says of the file's thing does not count, so a copy with less has less."""
    file = tmp_path / "thing.ttl"
    file.write_text(f"<{EXPAIRS}> a <https://w3id.org/whatworks/ont#Practice> .\n", encoding="utf-8")
    report = small.check([file], "core")
    assert {("Title", "nothing"), ("Key", "nothing")} == {(each.field, each.found) for each in report.findings}


def test_what_a_file_no_longer_says_is_missed_elsewhere(
    project: Callable[[dict[str, str]], KnowledgeGraph], tmp_path: Path
) -> None:
    """What only names a thing, and does so no more, breaks that thing, which the file says nothing of."""
    agent = "https://w3id.org/whatworks/id/agent/a"
    named = f"<{EXPAIRS}#participation-1> <http://data.europa.eu/m8g/hasParticipant> <{agent}> .\n"
    part = f"<{EXPAIRS}> <http://data.europa.eu/m8g/hasParticipation> <{EXPAIRS}#participation-1> .\n"
    said = f'<{agent}> a <http://xmlns.com/foaf/0.1/Agent> ; <http://xmlns.com/foaf/0.1/name> "An agent" .\n'
    kg = project({"data/agents.ttl": said, "data/interventions/expairs-project.ttl": part + named})
    (file := tmp_path / "given.ttl").write_text(part, encoding="utf-8")
    found = [(each.record, each.rule) for each in kg.check([file], "publication").findings if each.record == agent]
    assert [(agent, "shape:Agent-named MinCount")] == found
    file.write_text(part + named, encoding="utf-8")
    assert agent not in {each.record for each in kg.check([file], "publication").findings}


@pytest.mark.parametrize("format", ["turtle", "nquads", "jsonld"])
def test_export_of_one_thing_can_be_checked(format: str, kg: KnowledgeGraph, tmp_path: Path) -> None:
    """What a file only names, such as the agents in an export, is described by the project; new things are not."""
    suffix = {"turtle": "ttl", "nquads": "nq", "jsonld": "jsonld"}[format]
    (file := tmp_path / f"one.{suffix}").write_bytes(kg.export(format, ["expairs-project"]))
    assert not [finding for finding in kg.check(files=[file]).findings if finding.severity == "violation"]
    (named := tmp_path / "new.nt").write_text(
        '<https://w3id.org/whatworks/id/agent/new> <http://xmlns.com/foaf/0.1/name> "New" .'
    )
    assert [finding.severity for finding in kg.check(files=[named]).findings] == ["violation"]


def test_file_with_a_record_only(small: KnowledgeGraph, tmp_path: Path) -> None:
    """A file that holds a record without its thing is reported, under the thing."""
    file = tmp_path / "record.ttl"
    file.write_text(
        "@prefix ww: <https://w3id.org/whatworks/ont#> .\n"
        "<https://w3id.org/whatworks/id/record/expairs-project> a ww:Record ;\n"
        f"    <http://xmlns.com/foaf/0.1/primaryTopic> <{EXPAIRS}> ;\n"
        "    ww:completeness ww:Record .\n",
        encoding="utf-8",
    )
    finding = _one(small.check([file], "core"), "record", "Completeness")
    assert (EXPAIRS, 4) == (finding.record, finding.line)


def test_part_without_an_iri_is_reported(small: KnowledgeGraph, tmp_path: Path) -> None:
    """A part without an IRI is told under the thing that it belongs to, on the line where that says so."""
    text = (ROOT / RECORD).read_text(encoding="utf-8")
    file = tmp_path / "blank.trig"
    file.write_text(
        text.replace("            :component-1 ,", '            [ a ww:Component ; dcterms:title "A"@en ] ,')
    )
    findings = [each for each in small.check([file], "core").findings if each.field == "Component"]
    assert [("has component", "a thing without an IRI", "an IRI")] == [
        (finding.part, finding.found, finding.expected) for finding in findings
    ]
    assert "ww:hasComponent" in file.read_text(encoding="utf-8").splitlines()[(findings[0].line or 0) - 1]


def test_thing_without_an_iri_is_reported(small: KnowledgeGraph, tmp_path: Path) -> None:
    """A thing of the file that has no IRI at all is reported, too."""
    file = tmp_path / "blank.ttl"
    file.write_text("[] a <http://xmlns.com/foaf/0.1/Agent> .\n", encoding="utf-8")
    report = small.check([file], "core")
    assert {("", "a thing")} == {(finding.record, finding.title) for finding in report.findings}
    assert b"a thing (without an IRI)" in report.write("text")


@pytest.mark.parametrize("format", ["jsonld", "rdfxml"])
def test_every_syntax_can_be_checked(format: str, small: KnowledgeGraph, given: Path, tmp_path: Path) -> None:
    """A file in another syntax gets the same findings."""
    quads = parse(given.read_bytes(), "trig", name="x", base="https://example.org/")
    file = tmp_path / f"thing{by_name(format, rows=False).endings[0]}"
    file.write_bytes(serialize(quads, format))
    fields = sorted((finding.part, finding.field) for finding in small.check([file], "core").findings)
    assert sorted((mistake.part, mistake.field) for mistake in MISTAKES if "contact" not in mistake.field) == fields


def test_exported_json_ld_is_checked_with_its_context(small: KnowledgeGraph, tmp_path: Path) -> None:
    """A document that the tool wrote names the bundled context and can be checked; lines are those of the things."""
    file = tmp_path / "expairs.jsonld"
    text = small.export("jsonld", ["expairs-project"]).decode().replace('"ageFrom": 14', '"ageFrom": -1')
    file.write_text(text, encoding="utf-8")
    finding = _one(small.check([file], "core"), "population", "Lowest age")
    assert f'"{EXPAIRS}#population"' in text.splitlines()[(finding.line or 0) - 1]


def test_missing_file_is_refused(small: KnowledgeGraph, tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(Error, match=r"nothing\.ttl cannot be read: No such file") as caught:
        small.check([tmp_path / "nothing.ttl"])
    assert caught.value.code == "missing-file"


# ---- profiles, and the report as text, JSON, CSV and Turtle ----


def _report(*severities: str) -> Report:
    findings = [
        Finding(severity, "https://example.org/id/x", "X", "", "F", "a", "b", "Do c.", "shape:S Kind", "x.ttl", None)
        for severity in severities
    ]
    return Report("core", findings, 1)


@pytest.mark.parametrize(
    ("severities", "fails"),
    [
        ((), (False, False, False)),
        (("info",), (False, False, True)),
        (("warning",), (False, True, True)),
        (("violation", "info"), (True, True, True)),
    ],
)
def test_fails(severities: tuple[str, ...], fails: tuple[bool, bool, bool]) -> None:
    """A report fails on a severity when a finding is of this severity or worse."""
    report = _report(*severities)
    assert fails == tuple(report.fails(severity) for severity in ("violation", "warning", "info"))


def test_profiles(small: KnowledgeGraph, given: Path, broken: Report) -> None:
    """Core reports violations only, curation also the rest, publication also contact data."""
    by_profile = {"publication": broken.findings}
    by_profile |= {profile: small.check([given], profile).findings for profile in ("core", "curation")}
    severities = {profile: {finding.severity for finding in found} for profile, found in by_profile.items()}
    assert severities == {
        "core": {"violation"},
        "curation": {"violation", "warning", "info"},
        "publication": {"violation", "warning", "info"},
    }
    contact = {profile: sum("contact" in finding.field for finding in found) for profile, found in by_profile.items()}
    assert contact == {"core": 0, "curation": 0, "publication": 1}


def test_unknown_profile(kg: KnowledgeGraph) -> None:
    """A profile that does not exist is refused with those that do."""
    with pytest.raises(Error, match="no profile 'strict'") as caught:
        kg.check(profile="strict")
    assert "core, curation, publication" in caught.value.hint


def test_text_groups_by_record(shipped: Report) -> None:
    """In the text every record is headed once, with its title, key and file, and the last line counts."""
    text = shipped.write("text").decode()
    heads = [line for line in text.splitlines()[:-1] if line and not line.startswith(" ")]
    assert len(heads) == len({finding.record for finding in shipped.findings})
    assert len(heads) == len(set(heads))
    counts = [shipped.count(severity) for severity in ("violation", "warning", "info")]
    assert text.endswith(
        f"Profile publication: {counts[0]} violations, {counts[1]} warnings, {counts[2]} notes "
        f"in {shipped.triples} statements.\n"
    )


def test_text_says_where_and_what_to_do(broken: Report, given: Path) -> None:
    """The text names file, part, field, line, what is found, expected and advised, and the rule."""
    text = broken.write("text").decode()
    line = _one(broken, "population", "Lowest age").line
    assert text.startswith(f"intervention:expairs-project (expairs-project)  {given}\n")
    assert (
        f"  violation  population › Lowest age (line {line}): found 24; expected no more than the highest age (15).\n"
        "             Give the lowest age once, as a whole number from 0 to 120, not above the highest age.  "
        "[shape:Target-population-age-from LessThanOrEquals]\n"
    ) in text


def test_text_is_safe_for_a_terminal() -> None:
    """Untrusted text cannot steer the terminal."""
    finding = Finding("info", "https://x/y", "A\x1b[2J", "", "F", "\x1b[31m", "\x07", "\u202e", "r", "f", 1)
    text = Report("core", [finding], 1).write("text").decode()
    assert not {"\x1b", "\x07", "\u202e"} & set(text)


def test_one_is_not_many() -> None:
    """One violation, one warning and one note are counted in the singular."""
    text = _report(*SEVERITIES).write("text").decode()
    assert text.endswith("Profile core: 1 violation, 1 warning, 1 note in 1 statements.\n")


def test_json(broken: Report) -> None:
    """JSON holds profile, number of statements, and every finding with all its parts."""
    body = json.loads(broken.write("json"))
    assert (body["profile"], body["triples"]) == ("publication", broken.triples)
    assert [Finding(**finding) for finding in body["findings"]] == broken.findings


def test_workbook(broken: Report) -> None:
    """As a workbook there is a row for each finding, and a codebook that says what the columns mean."""
    book = openpyxl.load_workbook(io.BytesIO(broken.write("xlsx")))
    rows = list(book["Table"].iter_rows(values_only=True))
    assert rows[0][:4] == ("severity", "title", "part", "field")
    assert [row[0] for row in rows[1:]] == [finding.severity for finding in broken.findings]
    said = {row[0]: row[1] for row in book["Codebook"].iter_rows(values_only=True)}
    assert said["advice"] == "What to do."


def test_csv(broken: Report) -> None:
    """CSV has a row for each finding, with the same values."""
    rows = list(csv.DictReader(io.StringIO(broken.write("csv").decode(), newline="")))
    assert [{**row, "line": int(row["line"])} for row in rows] == json.loads(broken.write("json"))["findings"]


@pytest.mark.parametrize("name", ["broken", "shipped"])
def test_turtle(name: str, request: pytest.FixtureRequest) -> None:
    """Turtle is the report as SHACL defines it, with as many results as there are findings."""
    report: Report = request.getfixturevalue(name)
    graph = Graph().parse(data=report.write("turtle"), format="turtle")
    top = graph.value(None, RDF.type, SH.ValidationReport)
    results = list(graph.objects(top, SH.result))
    assert len(results) == len(report.findings)
    assert graph.value(top, SH.conforms) == Literal(not report.findings)
    severities: dict[str, int] = defaultdict(int)
    for result in results:
        assert (result, RDF.type, SH.ValidationResult) in graph
        for part in (SH.focusNode, SH.sourceShape, SH.sourceConstraintComponent, SH.resultMessage):
            assert (result, part, None) in graph
        severities[str(graph.value(result, SH.resultSeverity)).rsplit("#", 1)[-1].lower()] += 1
    assert severities == {severity: report.count(severity) for severity in SEVERITIES if report.count(severity)}


def test_turtle_without_findings(small: KnowledgeGraph, tmp_path: Path) -> None:
    """A file without mistakes conforms."""
    file = tmp_path / "expairs.trig"
    file.write_bytes((ROOT / RECORD).read_bytes())
    report = small.check([file], "publication")
    assert report.findings == []
    graph = Graph().parse(data=report.write("turtle"), format="turtle")
    assert list(graph.objects(None, SH.conforms)) == [Literal(True)]


# ---- what no shape looks at ----

HEAD = """@prefix ww: <https://w3id.org/whatworks/ont#> .
@prefix own: <https://measures.example/ont#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix i: <https://w3id.org/whatworks/id/intervention/> .
@prefix agent: <https://w3id.org/whatworks/id/agent/> .
i:a a ww:Practice ; dcterms:title "Alpha"@en ; dcterms:identifier "a" .
"""
OWN = """
@prefix own: <https://measures.example/ont#> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
own:cost a owl:DatatypeProperty ; rdfs:label "cost"@en .
own:Club a owl:Class ; rdfs:label "club"@en .
vcard:fn a owl:DatatypeProperty .
"""


def _strays(report: Report) -> list[tuple[str, str, str, str, str]]:
    own = [each for each in report.findings if each.rule.startswith("model ") or each.rule.endswith(" ContactData")]
    assert {each.severity for each in own} <= {"violation"}
    return [(each.part, each.field, each.found, each.expected, each.rule) for each in own]


@pytest.mark.parametrize(
    ("text", "stray"),
    [
        (
            "i:a ww:startYeer 2010 .",
            (
                "",
                "ww:startYeer",
                "ww:startYeer, which is no property of the model",
                "a property of the model; nearest is start year (ww:startYear)",
                "model unknown-property",
            ),
        ),
        (
            "i:a ww:zzzz 1 , 2 .",
            (
                "",
                "ww:zzzz",
                "ww:zzzz, which is no property of the model",
                "a property of the model",
                "model unknown-property",
            ),
        ),
        (
            "i:a own:cots 7 ; own:cost 7 .",
            (
                "",
                "https://measures.example/ont#cots",
                "https://measures.example/ont#cots, which is no property of the model",
                "a property of the model; nearest is cost (https://measures.example/ont#cost)",
                "model unknown-property",
            ),
        ),
        (
            "i:a ww:hasSuccessFactor <https://w3id.org/whatworks/id/intervention/a#factor-1> .\n"
            "<https://w3id.org/whatworks/id/intervention/a#factor-1> a ww:SuccessFactor , ww:SucessFactor ; "
            'ww:statement "It helped."@en ; ww:position 1 .',
            (
                "factor-1",
                "Class",
                "ww:SucessFactor, which is no class of the model",
                "a class of the model; nearest is success factor (ww:SuccessFactor)",
                "model unknown-class",
            ),
        ),
        (
            'agent:x foaf:name "X" .',
            ("", "Class", "nothing", "a class of the model, such as ww:Practice", "model no-class"),
        ),
        (
            'agent:x a vcard:Group ; foaf:name "X" .',
            ("", "Class", "one value (vcard:Group)", "a class of the model, such as ww:Practice", "model no-class"),
        ),
    ],
)
def test_what_the_model_does_not_know(
    text: str, stray: tuple[str, str, str, str, str], project: Callable[[dict[str, str]], KnowledgeGraph]
) -> None:
    """A property, class or thing that the model does not know is a violation in every profile, told once."""
    report = project({"data/a.ttl": HEAD + text, "ontology/own.ttl": OWN}).check(profile="core")
    assert [stray] == _strays(report)
    (finding,) = [each for each in report.findings if each.rule == stray[-1]]
    assert finding.file == "data/a.ttl"
    assert (finding.line or 0) > HEAD.count("\n")
    assert finding.advice


@pytest.mark.parametrize(
    "text",
    [
        "i:a own:cost 7 ; a own:Club .",
        # Of other vocabularies not every term is declared, so what is not may be right.
        "i:a dcterms:tableOfContents ww:Practice ; vcard:nickname 7 .",
        "<https://example.org/a> ww:stage <https://w3id.org/whatworks/voc/stage/pilot> .",
    ],
)
def test_what_is_known_or_of_others_is_no_stray(text: str, project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """Declared terms, terms of other vocabularies, and things with IRIs of others are left alone."""
    assert _strays(project({"data/a.ttl": HEAD + text, "ontology/own.ttl": OWN}).check(profile="publication")) == []


def test_a_misspelt_class_is_told_once(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """A thing whose only class is misspelt is not also said to have none; of given files only their things count."""
    opened = project({"data/b.ttl": HEAD + "i:b ww:odd 1 ."})
    (opened.assets.project or Path()).joinpath("given.ttl").write_text(HEAD + "i:m a ww:Practise .", encoding="utf-8")
    report = opened.check([(opened.assets.project or Path()) / "given.ttl"], "core")
    assert ["model unknown-class"] == [each.rule for each in report.findings]


def test_strays_stand_in_every_report(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """Text, JSON, CSV and Turtle hold the same findings; in Turtle each has a constraint component of its own."""
    text = 'i:a ww:odd "Write to anna@school.example.org"@en ; a ww:Odd . i:b dcterms:title "B, too"@en .'
    report = project({"data/a.ttl": HEAD + text}).check(profile="publication")
    rules = [each.rule for each in report.findings]
    kinds = ("model unknown-property", "model unknown-class", "model no-class")
    assert [rules.count(kind) for kind in (*kinds, "shape:Looks-like-contact-data ContactData")] == [1, 1, 1, 1]
    assert len(json.loads(report.write("json"))["findings"]) == len(rules)
    assert len(list(csv.DictReader(io.StringIO(report.write("csv").decode(), newline="")))) == len(rules)
    assert all(f"[{rule}]" in report.write("text").decode() for rule in rules)
    graph = Graph().parse(data=report.write("turtle"), format="turtle")
    components = [str(each).removeprefix(SHAPE) for each in graph.objects(None, SH.sourceConstraintComponent)]
    assert len(components) == len(rules)
    for kind in ("UnknownProperty", "UnknownClass", "NoClass", "ContactData"):
        assert components.count(f"{kind}ConstraintComponent") == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('i:a ww:summary "Ask anna@school.example.org" .', "'Ask anna@school.example.org'"),
        ('i:a dcterms:abstract "Call +32 475 12 34 56"@en .', "'Call +32 475 12 34 56'@en"),
        ('i:a ww:startYear "tel. 0475 12 34 56"^^xsd:decimal .', "'tel. 0475 12 34 56'"),
        ("i:a dcterms:relation <mailto:anna@school.example.org> .", "mailto:anna@school.example.org"),
        ('[] dcterms:abstract "anna@school.example.org" .', "'anna@school.example.org'"),
    ],
)
def test_contact_data_under_any_property(
    text: str, found: str, project: Callable[[dict[str, str]], KnowledgeGraph]
) -> None:
    """In the profile publication, contact data is found whatever its property; in others it is not looked for."""
    opened = project({"data/a.ttl": HEAD + text})
    said = [(each[2], each[3]) for each in _strays(opened.check(profile="publication")) if "ContactData" in each[4]]
    assert [(found, "nothing that looks like contact data")] == said
    assert not [each for each in _strays(opened.check(profile="curation")) if "ContactData" in each[4]]


def test_contact_data_with_a_shape_of_its_own_is_told_once(
    project: Callable[[dict[str, str]], KnowledgeGraph],
) -> None:
    """Texts that a shape looks through, forbidden properties, and figures are not looked at again."""
    text = (
        'i:a ww:aim "anna@school.example.org"@en ; foaf:mbox <mailto:anna@school.example.org> ; '
        'dcterms:modified "0.0012345678"^^xsd:decimal , "2026-01-31T00:00:00.0012345678Z"^^xsd:dateTime .'
    )
    report = project({"data/a.ttl": HEAD + text}).check(profile="publication")
    assert _strays(report) == []
    assert {"No contact data in ww:aim", "No foaf:mbox"} <= {each.field for each in report.findings}


# ---- what the validator says besides ----


def test_literals_that_do_not_fit_are_told_and_not_logged(
    project: Callable[[dict[str, str]], KnowledgeGraph], caplog: pytest.LogCaptureFixture
) -> None:
    """A value that does not fit its datatype is a finding; rdflib logs nothing of it during a check, and does again."""
    report = project({"data/a.ttl": HEAD + 'i:a ww:startYear "abc"^^xsd:integer .'}).check(profile="core")
    assert report.write("turtle")
    assert _one(report, "", "Start year").found == "'abc', which is marked as a whole number and is none"
    assert caplog.records == []
    Literal("abc", datatype=XSD.integer)
    assert [record.name for record in caplog.records] == ["rdflib.term"]


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ('sh:property [ sh:path ww:budget ; sh:minCount "a" ]', "S cannot be used: MinCountConstraintComponent sh:min"),
        ('sh:property own:P . own:P sh:path ww:budget ; sh:minCount "a"', "P cannot be used: MinCountConstraint"),
        ('sh:property [ sh:path dcterms:title ; sh:pattern "(" ]', "S cannot be used: missing ), unterminated"),
        ("sh:property [ sh:path dcterms:title ; sh:maxInclusive own:X ]", "S cannot be used: one of its values does"),
        ('sh:property [ sh:path "x" ; sh:minCount 1 ]', "S cannot be used: Values of a property path cannot be"),
        ("sh:property [ a sh:PropertyShape ]", "S cannot be used: A shape defined as a PropertyShape must include"),
        ("sh:deactivated own:X", "S cannot be used: The value of sh:deactivated"),
        ('sh:sparql [ sh:select "SELECT $this { VALUES ?x { 1 } }" ]', "S cannot be used: "),
        ("sh:or own:X", "S cannot be used: A Shape-Expecting & List-Expecting predicate should get"),
    ],
)
def test_shape_that_cannot_be_used(
    shape: str, said: str, project: Callable[[dict[str, str]], KnowledgeGraph], caplog: pytest.LogCaptureFixture
) -> None:
    """A shape with a value of the wrong kind is refused with its name, its file and its line."""
    head = HEAD.replace(".\n@prefix own", ".\n@prefix sh: <http://www.w3.org/ns/shacl#> .\n@prefix own")
    text = head.partition("i:a a")[0] + f"own:S a sh:NodeShape ; sh:targetClass ww:Practice ;\n{shape} ."
    with pytest.raises(ShapeFault) as caught:
        project({"data/a.ttl": HEAD, "ontology/shapes/own.ttl": text}).check()
    assert caught.value.message.startswith(f"The shape https://measures.example/ont#{said}")
    assert caught.value.where is not None
    assert caught.value.where.file == "ontology/shapes/own.ttl"
    assert "own:" in text.splitlines()[(caught.value.where.line or 0) - 1]
    assert caplog.records == []


# ---- words for what our own shapes do not use ----

_WORDS = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix : <https://example.org/> .
:s sh:name "F"@en ; sh:maxLength 3 ; sh:minExclusive 0 ; sh:maxExclusive 9 ; sh:lessThan :p ; sh:languageIn ( "en" ) ;
    sh:datatype xsd:gYear ; sh:nodeKind sh:BlankNode ; sh:class :C ; sh:node :N ; sh:in ( 1 :c ) .
:x :p 1 , 2 , 3 , 4 , 5 , 6 .
:c rdfs:label "Sea"@de , "Ocean"@en .
"""


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("MaxLength", "at most 3 characters"),
        ("MinExclusive", "more than 0"),
        ("MaxExclusive", "less than 9"),
        ("LessThan", "less than the https://example.org/p (1, 2, 3, 4, 5, 6)"),
        ("LanguageIn", "a text in another language"),
        ("Datatype", "a value of the type xsd:gYear"),
        ("NodeKind", "another kind of value"),
        ("Class", "a thing of the class https://example.org/C"),
        ("Node", "https://example.org/N"),
        ("In", "1 or Ocean (https://example.org/c)"),
        ("HasValue", "another value"),
        ("Closed", "what the rule Closed asks for"),
    ],
)
def test_words_for_other_constraints(kind: str, expected: str, kg: KnowledgeGraph) -> None:
    """A project's own shapes may use any constraint of SHACL, and get words for it."""
    graph = Graph().parse(data=_WORDS, format="turtle")
    shape, thing = URIRef("https://example.org/s"), URIRef("https://example.org/x")
    words = Words(graph, graph, kg.prefixes)
    assert expected == words.expected(Result(thing, None, Literal(1), shape, kind))


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        ("MaxCount", None, "6 values (1, 2, 3, 4, 5, …)"),
        ("Pattern", None, "6 values (1, 2, 3, 4, 5, …)"),
        ("MinLength", Literal("x" * 200), f"'{'x' * 119}…'"),
        ("Datatype", Literal("2014", datatype=URIRef("https://example.org/T")), "'2014', a value of the type https://example.org/T"),
        ("NodeKind", BNode("part"), "a thing without an IRI"),
        ("Or", URIRef("https://example.org/x"), "values of https://example.org/x that do not fit together"),
    ],
)  # fmt: skip
def test_words_for_what_is_found(kind: str, value: Literal | None, found: str, kg: KnowledgeGraph) -> None:
    """What is found is shown in short: at most five values, at most 120 characters."""
    graph = Graph().parse(data=_WORDS, format="turtle")
    shape, thing = URIRef("https://example.org/s"), URIRef("https://example.org/x")
    words = Words(graph, graph, kg.prefixes)
    assert found == words.found(Result(thing, URIRef("https://example.org/p"), value, shape, kind))


def test_words_without_values(kg: KnowledgeGraph) -> None:
    """A result of a path that is no property says that values do not fit together."""
    words = Words(Graph(), Graph(), kg.prefixes)
    assert words.found(Result(None, BNode("part"), None, None, "Xone")) == "values that do not fit together"


def test_unnamed_shape_has_a_field(kg: KnowledgeGraph) -> None:
    """A shape without a name speaks of its property, or of the thing itself."""
    words = Words(Graph(), Graph(), kg.prefixes)
    assert words.field(BNode("part"), RDFS.label) == "rdfs:label"
    assert words.field(BNode("part"), None) == "the thing itself"


# ---- lines ----

_TEXT = '''@prefix : <https://example.org/#> .
PREFIX ex: <https://example.org/>
@base <https://example.org/deep/> .
# <https://example.org/a> :says "nothing" .
ex:graph {
  <../a> a :Thing ;
    :says """two
lines.""" , -5 ,
      "x"@en-GB , "5"^^:number ;
    :has [ a :Part ;
      :says "inside" ] , ( "in" "list" ) ;
    :says "last" , true .
  [] :says "blank" .
  [ :says "bracket" ] .
  _:b :says :b\\,c .
  <#frag> :says "\\u00e9\\t" .
}
GRAPH ex:other { ex:a :says "again" ; ex:odd _:b ; ex:more "here" . }
'''


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        (("a",), 6),
        (("a", "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"), 6),
        (("a", "#says"), 7),
        (("a", "#says", "two\nlines."), 7),
        (("a", "#says", "-5"), 8),
        (("a", "#says", "x"), 9),
        (("a", "#says", "5"), 9),
        (("a", "#has"), 10),
        (("a", "#says", "inside"), None),
        (("a", "#says", "last"), 12),
        (("a", "#says", "true"), 12),
        (("", "#says"), None),
        (("deep/#frag",), 16),
        (("deep/#frag", "#says", "é\t"), 16),
        (("a", "#says", "again"), 18),
        (("a", "odd"), 18),
        (("a", "more", "here"), 18),
        (("a", "#says", "nothing"), None),
    ],
)
def test_line_of_a_statement(statement: tuple[str, ...], line: int | None) -> None:
    """The line of a subject, predicate and value is where the text says it, however it is written."""
    base = "https://example.org/"
    absolute = [
        part if part.startswith("http") or index == 2 or not part else base + part
        for index, part in enumerate(statement)
    ]
    assert line == Lines(_TEXT, "trig", base).find(*absolute)


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("jsonld", '{\n  "id": "https://example.org/a",\n  "about": "https://example.org/b" }'),
        ("rdfxml", '<rdf:RDF>\n  <x rdf:about="https://example.org/a">\n</rdf:RDF>'),
    ],
)
def test_line_of_a_thing(format: str, text: str) -> None:
    """In JSON-LD and RDF/XML the line of a thing is known, that of its fields is not."""
    lines = Lines(text, format, "https://example.org/")
    assert lines.find("https://example.org/a") == 2
    assert lines.find("https://example.org/b") is None
    assert lines.find("https://example.org/a", "https://example.org/p") is None


def test_what_cannot_be_compared_is_told(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """A thing without an IRI where a number should be less than another is told, and what else is wrong as well."""
    text = (
        "i:a ww:startYear 2012 , [] , 2013 ; ww:endYear [] . i:b a ww:Practice ; ww:startYear 9999 ; ww:endYear 2014 ."
    )
    found = [
        each for each in project({"data/a.ttl": HEAD + text}).check(profile="core").findings if "ear" in each.field
    ]
    rules = {(each.record.rsplit("/", 1)[-1], each.rule.removeprefix("shape:Intervention-")) for each in found}
    assert {("a", "start-year MaxCount"), ("a", "start-year LessThanOrEquals"), ("a", "end-year Datatype")} <= rules
    assert ("b", "start-year LessThanOrEquals") in rules


@pytest.mark.parametrize(
    ("text", "found", "expected", "severity"),
    [
        (
            'i:a dcterms:tilte "A"@en .',
            "dcterms:tilte, which is no property of its vocabulary",
            "a property of its vocabulary; nearest is dcterms:title",
            "violation",
        ),
        (
            "agent:x a foaf:Agnet .",
            "foaf:Agnet, which is no class of its vocabulary",
            "a class of its vocabulary; nearest is foaf:Agent",
            "violation",
        ),
        (
            "i:a <http://data.europa.eu/m8g/hasParticipaton> agent:x .",
            "cv:hasParticipaton, which is no property of the model",
            "a property of the model; nearest is cv:hasParticipation",
            "warning",
        ),
    ],
)
def test_misspelt_terms_of_other_vocabularies(
    text: str, found: str, expected: str, severity: str, project: Callable[[dict[str, str]], KnowledgeGraph]
) -> None:
    """A term that its vocabulary does not have is wrong; what is nearly one that the model uses may be."""
    report = project({"data/a.ttl": HEAD + text}).check(profile="curation")
    (finding,) = [each for each in report.findings if each.rule.startswith("model unknown-")]
    assert (found, severity) == (finding.found, finding.severity)
    assert re.sub(r"nearest is [^(]*\((.*)\)$", r"nearest is \1", finding.expected) == expected
    assert (finding.file, finding.line) == ("data/a.ttl", HEAD.count("\n") + 1)


@pytest.mark.parametrize(
    "text",
    [
        "i:a dcterms:tableOfContents 1 ; <http://www.w3.org/ns/dcat#version> 1 ; <https://schema.org/keywords> 1 .",
        "i:a <http://www.w3.org/1999/02/22-rdf-syntax-ns#_12> 1 ; vcard:nickname 1 .",
    ],
)
def test_right_terms_of_other_vocabularies(text: str, project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """Terms that a vocabulary has, or may have, are left alone."""
    report = project({"data/a.ttl": HEAD + text}).check(profile="curation")
    assert [each for each in report.findings if each.rule.startswith("model ")] == []


OWN_SHAPES = """@prefix own: <https://measures.example/ont#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix ww: <https://w3id.org/whatworks/ont#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
"""


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        (
            "own:S sh:targetClass ww:Practice ; sh:property [ sh:path ww:a ; sh:node own:T ] .\n"
            "own:T sh:or ( [ sh:not own:S ] own:U ) . own:U a sh:NodeShape .",
            "own:S leads back to itself (own:S → own:T → own:S)",
        ),
        ("own:S a sh:NodeShape ; sh:node own:S .", "own:S leads back to itself (own:S → own:S)"),
        ("own:S a sh:NodeShape ; sh:rule [ sh:order 1 ] .", "own:S uses sh:rule, which a check does not apply"),
    ],
)
def test_shapes_that_a_validator_passes_over(
    shapes: str, said: str, project: Callable[[dict[str, str]], KnowledgeGraph], recwarn: pytest.WarningsRecorder
) -> None:
    """Shapes within themselves, and rules that are not applied, are errors; nothing is printed beside."""
    with pytest.raises(ShapeFault, match="mistakes that would let wrong data pass") as caught:
        project({"data/a.ttl": HEAD, "ontology/shapes/own.ttl": OWN_SHAPES + shapes}).check()
    assert said in caught.value.message.replace("https://measures.example/ont#", "own:")
    assert list(recwarn) == []


UNIQUE = "$this dcterms:identifier ?value . ?other dcterms:identifier ?value . FILTER (?other != $this)"
PATTERNS = 'sh:sparql [ sh:select """PREFIX dcterms: <http://purl.org/dc/terms/> SELECT $this ?value { %s }""" ] .'
TWICE = 'i:b a ww:Practice ; dcterms:title "B"@en ; dcterms:identifier "a" .'


@pytest.mark.slow
@pytest.mark.parametrize("extra", ["", " ?x ?y ?z ."])
def test_keys_are_unique_across_the_graph(extra: str, project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """A SPARQL constraint over several things is found in parts; one that is not connected is asked over the whole."""
    shapes = OWN_SHAPES + "own:S a sh:NodeShape ; sh:targetClass ww:Practice ; " + PATTERNS % (UNIQUE + extra)
    kg = project(
        {"data/a.ttl": HEAD, "data/b.ttl": HEAD.partition("i:a a")[0] + TWICE, "ontology/shapes/own.ttl": shapes}
    )

    def twice(report: Report) -> set[str]:
        return {each.record[-1] for each in report.findings if each.rule.endswith("SPARQL")}

    report = kg.check(profile="core")
    assert twice(report) == {"a", "b"}
    assert [note.rpartition("#")[2] for note in report.notes] == (
        ["S is asked over the whole graph: a pattern of its query is not connected with $this."] if extra else []
    )
    # Of a file, what it concerns elsewhere is told as well where that can be derived.
    given = (kg.assets.project or Path()) / "data/b.ttl"
    assert twice(kg.check([given], "core")) == ({"b"} if extra else {"a", "b"})


def test_targets_that_a_query_finds(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """`sh:target` with a query is followed."""
    query = 'sh:target [ sh:select """SELECT ?this { ?this <http://purl.org/dc/terms/identifier> "a" }""" ] ;'
    shapes = OWN_SHAPES + f"own:S a sh:NodeShape ; {query} sh:property [ sh:path ww:budget ; sh:minCount 1 ] ."
    report = project({"data/a.ttl": HEAD + TWICE.replace('"a"', '"b"'), "ontology/shapes/own.ttl": shapes}).check()
    assert [
        each.record[-1] for each in report.findings if each.rule.endswith("MinCount") and "shape:" not in each.rule
    ] == ["a"]


def test_concepts_below_themselves_are_told(
    kg: KnowledgeGraph, project: Callable[[dict[str, str]], KnowledgeGraph]
) -> None:
    """A circle of broader concepts is noted with its concepts; where there is none, nothing is."""
    one, other = "neets-outreach", "second-chance-measures"
    prefixes = "".join(f"PREFIX {name}: <{kg.prefixes.table[name]}>\n" for name in ("approach", "skos"))
    text = f"{prefixes}approach:{one} skos:broader approach:{other} . approach:{other} skos:broader approach:{one} ."
    (note,) = project({"data/circle.ttl": text}).check(profile="core").notes
    assert "skos:broader leads in a circle: approach:" in note
    assert all(f"approach:{name}" in note for name in (one, other))
    assert "" == Opened(kg.collection).circle
