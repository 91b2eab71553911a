"""The lint queries find nothing in the shipped model, and each finds what was planted for it."""

import re
from pathlib import Path

import pytest

from tests.conftest import BASE, CASES, ROOT
from whatworks import KnowledgeGraph
from whatworks.catalogue import Query
from whatworks.collection import Collection
from whatworks.namespaces import Prefixes
from whatworks.results import Table
from whatworks.store import EmbeddedStore, parse
from whatworks.terms import Iri, Quad, Term

FOLDER = CASES / "lint"
NAMES = sorted(path.stem for path in (ROOT / "queries" / "lint").glob("*.rq"))
ORIGINS = {"foops", "oops", "robot", "owl"}
GRAPH = Iri(f"{BASE}graph/ontology")


def _findings(query: Query, store: EmbeddedStore) -> list[tuple[Term | None, ...]]:
    answer = store.query(query.text)
    assert isinstance(answer, Table)
    assert tuple(query.returns) == answer.columns
    return list(answer)


def _planted(file: Path) -> list[Quad]:
    return list(parse(file.read_bytes(), "turtle", name=file.name, base=BASE, graph=GRAPH))


def _store(quads: list[Quad]) -> EmbeddedStore:
    store = EmbeddedStore()
    store.add(quads)
    return store


def _subjects(query: Query, file: Path) -> list[str]:
    return sorted({str(row[0]) for row in _findings(query, _store(_planted(file)))})


def _expected(file: Path, prefixes: Prefixes) -> list[str]:
    first = file.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# expect: ")
    words = first.removeprefix("# expect: ").split()
    found = [word[1:-1] if word.startswith("<") else prefixes.expand(word) for word in words]
    assert None not in found
    return sorted(str(iri) for iri in found)


def _names_in(quads: list[Quad]) -> set[str]:
    return {str(term) for quad in quads for term in (quad.subject, quad.predicate, quad.object)}


@pytest.fixture(scope="module")
def model(collection: Collection) -> EmbeddedStore:
    """The ontology, its alignments and the vocabularies, without shapes, data and what rules infer."""
    wanted = (GRAPH, f"{BASE}graph/alignments")
    quads = [
        quad
        for quad in collection.store.match()
        if quad.graph is not None and (quad.graph in wanted or quad.graph.startswith(f"{BASE}graph/voc/"))
    ]
    assert set(wanted) < {quad.graph for quad in quads}
    return _store(quads)


@pytest.mark.parametrize("name", NAMES)
def test_model_has_no_finding(name: str, kg: KnowledgeGraph, model: EmbeddedStore) -> None:
    """The lint query finds nothing in the shipped model."""
    assert [] == _findings(kg.catalogue.get(f"lint/{name}"), model)


@pytest.mark.parametrize("name", NAMES)
def test_lint_query_fires(name: str, kg: KnowledgeGraph) -> None:
    """The lint query finds the subjects that were planted for it, and no other."""
    file = FOLDER / name / "fires.ttl"
    assert _expected(file, kg.prefixes) == _subjects(kg.catalogue.get(f"lint/{name}"), file)


@pytest.mark.parametrize("name", NAMES)
def test_lint_query_is_quiet(name: str, kg: KnowledgeGraph) -> None:
    """The lint query finds nothing where the planted subjects are mended."""
    file = FOLDER / name / "quiet.ttl"
    assert [] == _subjects(kg.catalogue.get(f"lint/{name}"), file)
    assert set(_expected(file.with_name("fires.ttl"), kg.prefixes)) - _names_in(_planted(file)) == set()


def test_every_case_belongs_to_a_query() -> None:
    """The folders of cases are those of the lint queries."""
    assert sorted(path.name for path in FOLDER.iterdir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_lint_query_says_what_it_is(name: str, kg: KnowledgeGraph) -> None:
    """The header says why and how to mend it, where the check comes from and how grave it is; the subject is first."""
    query = kg.catalogue.get(f"lint/{name}")
    assert query.description
    assert not query.parameters
    assert next(iter(query.returns)) == "subject"
    first, *origins, severity = query.tags
    assert first == "lint"
    assert origins
    assert set(origins) <= ORIGINS
    assert severity in ("error", "warning")


def test_lint_queries_are_no_questions_of_people(kg: KnowledgeGraph) -> None:
    """The list of stored queries does not show them."""
    assert [name for name in kg.catalogue.names() if name.startswith("lint/") or name in NAMES] == []


def test_readme_lists_every_lint_query(kg: KnowledgeGraph) -> None:
    """The page beside the queries names each of them, in the table of each list that it comes from."""
    text = (ROOT / "queries" / "lint" / "README.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (\w+).*?\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    for origin in sorted(ORIGINS):
        listed = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", sections[origin.upper()]))
        assert {name for name in NAMES if origin in kg.catalogue.get(f"lint/{name}").tags} == listed
