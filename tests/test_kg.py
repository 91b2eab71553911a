"""The public door: a collection is opened once and answers everything about it."""

import doctest
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import whatworks
from tests.conftest import BASE, ROOT
from whatworks import Error, KnowledgeGraph
from whatworks.assets import write_files
from whatworks.errors import MissingFile, SettingsFault, UnknownFormat
from whatworks.results import Boolean, Table, Triples
from whatworks.store import parse
from whatworks.terms import Iri, Literal, Quad, Triple

ID = "https://w3id.org/whatworks/id/"


def _keys(answer: object) -> list[str]:
    assert isinstance(answer, Table)
    place = answer.columns.index("key")
    return [cell.value for row in answer if isinstance(cell := row[place], Literal)]


# ---- the package ----


def test_public_names() -> None:
    """The package promises three names, and has no others."""
    assert whatworks.__all__ == ["Error", "KnowledgeGraph", "__version__"]
    assert all(getattr(whatworks, name) is not None for name in whatworks.__all__)
    with pytest.raises(AttributeError, match="module 'whatworks' has no attribute 'Graph'"):
        _ = whatworks.Graph


def test_example_of_the_docstring(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of the module runs as it stands."""
    import whatworks.kg  # noqa: PLC0415 - the module, not the class

    monkeypatch.chdir(ROOT)
    found = doctest.testmod(whatworks.kg)
    assert found.attempted >= 3
    assert found.failed == 0


# ---- opening ----


def test_open_shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a project above the current folder, the shipped collection is opened."""
    monkeypatch.chdir(tmp_path)
    opened = KnowledgeGraph.open()
    assert opened.assets.project is None
    assert len(opened.things()) > 150


def test_open_nearest_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest folder above with whatworks.toml is the project."""
    (tmp_path / "whatworks.toml").write_text('languages = ["el"]', encoding="utf-8")
    (tmp_path / "deep/er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep/er")
    opened = KnowledgeGraph.open()
    assert (tmp_path, ("el",)) == (opened.assets.project, opened.settings.languages)
    assert opened.things() == []


def test_open_folder_without_settings(tmp_path: Path) -> None:
    """A folder that is named needs no settings."""
    assert KnowledgeGraph.open(str(tmp_path)).settings.languages == ("en", "fr", "de")


@pytest.mark.skipif(sys.platform == "win32", reason="the current folder cannot be removed")
def test_open_in_a_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a current folder no project can be looked for; one that is named is opened."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(MissingFile, match="The current folder cannot be read: No such file or directory") as caught:
        KnowledgeGraph.open()
    assert "KnowledgeGraph.open(DIR)" in caught.value.hint
    assert KnowledgeGraph.open(tmp_path).things() == []


def test_open_refuses(tmp_path: Path) -> None:
    """A folder that does not exist and settings that are broken are refused."""
    with pytest.raises(MissingFile, match="There is no project folder"):
        KnowledgeGraph.open(tmp_path / "none")
    (tmp_path / "whatworks.toml").write_text("color = 1", encoding="utf-8")
    with pytest.raises(SettingsFault, match="There is no setting 'color'"):
        KnowledgeGraph.open(tmp_path)


# ---- asking ----


def test_query_with_values(kg: KnowledgeGraph) -> None:
    """Parameters are keywords, with underscores for hyphens; lists give several values, numbers and booleans count."""
    assert "expairs-project" in _keys(kg.query("interventions", country="Belgium", stage="mainstreamed"))
    assert "expairs-project" in _keys(kg.query("interventions", target_group="learners-at-risk", started_to=2012))
    both = set(_keys(kg.query("interventions", country=["Belgium", "France"])))
    one = set(_keys(kg.query("interventions", country="Belgium")))
    assert one < both
    approach = "guidance-supporting-youth-careers"
    stated = set(_keys(kg.query("interventions", approach=approach, assigned=False)))
    assert "expairs-project" not in stated
    assert "expairs-project" in _keys(kg.query("interventions", approach=approach, assigned=True))


@pytest.mark.parametrize(
    ("name", "values", "code"),
    [
        ("intervention", {}, "missing-parameter"),
        ("interventoins", {}, "unknown-query"),
        ("interventions", {"colour": "red"}, "unknown-parameter"),
        ("interventions", {"stage": "red"}, "unknown-value"),
        ("interventions", {"started_from": "red"}, "invalid-value"),
        ("actor-partners", {"agent": "educational institutions"}, "ambiguous-value"),
    ],
)
def test_query_refuses(kg: KnowledgeGraph, name: str, values: dict[str, str], code: str) -> None:
    """What does not fit is refused with the code of its error."""
    with pytest.raises(Error) as caught:
        kg.query(name, **values)
    assert (code, 2) == (caught.value.code, caught.value.exit_status)


def test_sparql(kg: KnowledgeGraph) -> None:
    """An own query answers with rows, a truth value or statements, without PREFIX lines of the model."""
    rows = kg.sparql("SELECT ?title { intervention:expairs-project dcterms:title ?title }")
    assert isinstance(rows, Table)
    assert [(Literal.text("EXPAIRS project", "en"),)] == list(rows)
    assert kg.sparql("ASK { intervention:expairs-project ww:stage stage:mainstreamed }") == Boolean(True)
    assert isinstance(kg.sparql("DESCRIBE stage:pilot"), Triples)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT * { SERVICE <https://example.org/> { ?s ?p ?o } }", "query-refused"),
        ("LOAD <https://example.org/>", "update-refused"),
        ("INSERT DATA { <a:a> <a:b> <a:c> }", "update-refused"),
        ("DROP ALL", "update-refused"),
        ("SELECT * FROM <https://example.org/> { ?s ?p ?o }", "query-refused"),
        ("SELECT * { " + "{" * 200 + "?s ?p ?o" + "}" * 200 + " }", "query-refused"),
        ("nothing", "query-refused"),
        ("SELECT * { ?s ?p }", "query-syntax"),
    ],
)
def test_sparql_refuses(kg: KnowledgeGraph, text: str, code: str) -> None:
    """What changes data, reaches outside or stops the engine is refused."""
    with pytest.raises(Error) as caught:
        kg.sparql(text)
    assert (code, 3) == (caught.value.code, caught.value.exit_status)
    assert caught.value.message.endswith("^")


def test_sparql_from_a_graph_of_the_store(kg: KnowledgeGraph) -> None:
    """FROM may name a graph that there is."""
    graph = kg.collection.store.graphs()[0]
    assert kg.sparql(f"ASK FROM <{graph}> {{ ?s ?p ?o }}") == Boolean(True)


# ---- taking home ----


@pytest.mark.parametrize("format", ["turtle", "trig", "ntriples", "nquads", "rdfxml", "jsonld"])
def test_export_reads_back(kg: KnowledgeGraph, format: str) -> None:
    """Every format reads back as the statements of the thing; those with graphs keep the graphs."""
    stated = set(kg.statements(kg.things(["expairs-project"])))
    back = parse(
        kg.export(format, ["expairs-project"]),
        format,
        name="x",
        base="https://example.org/",
        contexts=kg.documents.contexts,
    )
    if format in ("trig", "nquads"):
        assert set(back) == stated
    else:
        assert {quad.triple for quad in back} == {quad.triple for quad in stated}
    # In JSON-LD a concept stands with its label wherever it is used.
    assert len(back) == len(set(back)) or format == "jsonld"


def test_export_everything(kg: KnowledgeGraph) -> None:
    """Without names the export is what the data files hold, sorted, and the same every time."""
    written = kg.export("nquads")
    quads = parse(written, "nquads", name="x", base="https://example.org/")
    assert set(quads) == set(kg.collection.asserted())
    assert written == kg.export("nquads")


def test_export_names_the_formats_that_there_are(kg: KnowledgeGraph) -> None:
    """A format that is none, or one of rows, is an error that lists those of graphs."""
    for format in ("nope", "xlsx", ""):
        with pytest.raises(UnknownFormat, match=r"cannot carry a graph[\s\S]*jsonld"):
            kg.export(format, ["expairs-project"])


def test_export_of_a_class(kg: KnowledgeGraph) -> None:
    """A class is exported with what its members need."""
    quads = parse(kg.export("ntriples", of_class="Tool"), "ntriples", name="x", base="https://example.org/")
    assert {quad.triple for quad in quads} == {quad.triple for quad in kg.statements(kg.things(of_class="Tool"))}


def test_write_triples(kg: KnowledgeGraph) -> None:
    """Statements of an answer are written once each."""
    triple = Triple(Iri("https://example.org/a"), Iri("https://example.org/b"), Literal("c"))
    assert b'<https://example.org/a> <https://example.org/b> "c" .\n' == kg.exporter.triples(
        [triple, triple], "ntriples"
    )


# ---- bringing in, counting ----


def test_read_writes_nothing(project: Callable[[dict[str, str]], KnowledgeGraph], tmp_path: Path) -> None:
    """Reading records gives a batch and leaves the folder as it is."""
    opened = project({})
    file = tmp_path / "a.ttl"
    file.write_text(
        "@prefix ww: <https://w3id.org/whatworks/ont#> .\n"
        f"<{ID}intervention/a> a ww:Practice ; <http://purl.org/dc/terms/title> 'A'@en .\n",
        encoding="utf-8",
    )
    before = sorted(tmp_path.rglob("*"))
    batch = opened.read([file])
    batch.check()
    assert batch.contents
    assert before == sorted(tmp_path.rglob("*"))


def test_statistics(kg: KnowledgeGraph) -> None:
    """The counts of the classes are those of their members."""
    counts = {str(row[-2]): int(row[-1].value) for row in kg.statistics() if isinstance(row[-1], Literal) and row[-2]}
    assert len(kg.things(of_class="Tool")) in counts.values()
    assert len(kg.things(of_class="Agent")) in counts.values()


def test_statements_of_several_things_come_once(kg: KnowledgeGraph) -> None:
    """Names that several things need come once."""
    things = kg.things(["expairs-project", "youthreach"])
    quads = kg.statements(things)
    assert len(quads) == len(set(quads))
    assert set(quads) == {quad for thing in things for quad in kg.statements([thing])}
    assert all(isinstance(quad, Quad) for quad in quads)


@pytest.mark.parametrize("format", ["jsonld", "trig", "nquads", "turtle", "ntriples", "rdfxml"])
def test_export_of_all_holds_everything(kg: KnowledgeGraph, format: str) -> None:
    """Everything that the files assert is in every format of an export of all."""
    data = kg.export(format)
    found = parse(data, format, name="all", base=BASE, contexts=kg.documents.contexts)
    assert {quad.triple for quad in kg.collection.asserted()} <= {quad.triple for quad in found}


@pytest.mark.slow
@pytest.mark.parametrize("format", ["jsonld", "trig"])
def test_export_of_all_is_imported_again(
    kg: KnowledgeGraph, project: Callable[[dict[str, str]], KnowledgeGraph], tmp_path: Path, format: str
) -> None:
    """An export of everything, imported into an empty project, makes the same statements."""
    ending = {"jsonld": "jsonld", "trig": "trig"}[format]
    file = tmp_path / f"all.{ending}"
    file.write_bytes(kg.export(format))
    empty = project({})
    batch = empty.read([file])
    batch.check()
    write_files({tmp_path / "data" / name: content for name, content in batch.contents.items()})
    again = KnowledgeGraph.open(tmp_path)
    assert {quad.triple for quad in kg.collection.asserted()} == {quad.triple for quad in again.collection.asserted()}
