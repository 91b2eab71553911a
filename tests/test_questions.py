"""The forty competency questions: each has a stored query with cases, and the cases notice when data goes missing.

The mutation score drops all statements of one property at a time from the made-up collections. Somebody must notice: a
case of a stored query, the stored JSON-LD document of a thing that carries the property, or a shape. Properties that
nobody notices stand in `cases/questions/unnoticed.yaml`, each with a reason.

With WHATWORKS_UPDATE_DOCS=1 the stored documents are written anew instead of compared.
"""

import csv
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyshacl
import pytest
from rdflib import Graph
from rdflib.namespace import RDF, SH

from tests.conftest import CASES
from tests.stored import ALL, words
from tests.test_queries import _compare_rows, _compare_triples, _plain
from whatworks import KnowledgeGraph
from whatworks.checks.profile import Profile
from whatworks.collection import Collection, owner_of
from whatworks.nodes import graph_of
from whatworks.results import Answer, Boolean, Table
from whatworks.terms import RDF_TYPE, Iri, Quad, Term, Triple
from whatworks.yamltext import read_yaml

QUERIES = CASES / "queries"
FOLDER = CASES / "questions"
EXPECTED_QUESTIONS = [f"CQ{number:02}" for number in range(1, 41)]
DOCUMENTS = {path.stem: path for path in sorted(FOLDER.glob("*.jsonld"))}
_DOCUMENTED = "questions.trig"
_SHARE_OF_QUERIES = 0.7
_NAME = re.compile(r"(?<![\w:])(?:[a-z][\w-]*):[\w-]+|(?<=\s)a(?=\s)")
# A variable in the place of a property: after a subject or a semicolon, before an object.
_OPEN = re.compile(r"(?:\?\w+|[\w-]+:[\w-]+|;)\s+\?\w+\s+(?:\?\w|[\w-]+:[\w-])")
_NO_PATTERN = re.compile(
    r'"[^"\n]*"|<[^>\s]*>|(?:^|\s)#[^\n]*|SELECT[^{]*|(?:GROUP|ORDER) BY[^\n]*|VALUES[^{]*\{[^}]*\}'
)


def _header(text: str) -> dict[str, Any]:
    lines = [line[2:].removeprefix(" ") for line in text.splitlines() if line.startswith("#+")]
    header = read_yaml("\n".join(lines))
    assert isinstance(header, dict)
    return header


@pytest.fixture(scope="module")
def answered(kg: KnowledgeGraph) -> dict[str, list[str]]:
    """The questions that each stored query names."""
    headers = {query.name: _header(query.text) for query in kg.catalogue.all()}
    return {name: header["question"] for name, header in headers.items() if "question" in header}


def test_every_question_has_a_query(answered: dict[str, list[str]]) -> None:
    """Each of the forty competency questions is named by a stored query, and no other is."""
    assert EXPECTED_QUESTIONS == sorted({question for questions in answered.values() for question in questions})


def _says_something(name: str, case: dict[str, Any]) -> bool:
    if "expect" in case:
        file = QUERIES / name / case["expect"]
        return file.suffix != ".csv" or len(list(csv.reader(file.read_text(encoding="utf-8").splitlines()))) > 1
    return any(case.get(key) for key in ("rows", "nonzero", "count", "contains", "answer"))


def _says_nothing(case: dict[str, Any]) -> bool:
    no_row = case.get("rows") == [] or case.get("nonzero") == [] or case.get("count") == 0
    return no_row or case.get("answer") is False


def test_every_question_has_cases(answered: dict[str, list[str]]) -> None:
    """Each query that answers a question has a case with an answer and one on a collection that gives it none."""
    for name in answered:
        cases = [case for of, _, case in ALL if of == name]
        assert any(_says_something(name, case) for case in cases), f"{name} has no case with an answer"
        assert any(_says_nothing(case) for case in cases), f"{name} has no case that must answer nothing"


# ---- the made-up collections, and what is noticed when a property is gone ----


def _open(collection: str, folder: Path) -> KnowledgeGraph:
    (folder / "data").mkdir(parents=True)
    (folder / "whatworks.toml").touch()
    (folder / "data" / "collection.trig").write_bytes((QUERIES / collection).read_bytes())
    return KnowledgeGraph.open(folder)


@dataclass(slots=True)
class _Case:
    """A case with its SPARQL text, what the text names, and the answer from the whole collection."""

    name: str
    case: dict[str, Any]
    text: str
    names: set[str]
    is_open: bool
    answer: Any

    def may_notice(self, properties: set[str]) -> bool:
        """Say whether the text speaks of one of the properties, or of any property at all."""
        return self.is_open or bool(self.names & properties)


@dataclass(slots=True)
class _Fixture:
    """A made-up collection that can lose a property for a while."""

    kg: KnowledgeGraph
    asserted: list[Quad]
    inferred: list[Quad]
    cases: list[_Case] = field(default_factory=list)

    @classmethod
    def open(cls, collection: str, folder: Path) -> "_Fixture":
        """Load a collection with its cases."""
        kg = _open(collection, folder)
        whole = kg.collection
        fixture = cls(kg, list(whole.asserted()), list(_inferred(whole)))
        for name, _, case in ALL:
            # The tool's own queries count and list what is there; that they notice would prove little.
            if case.get("collection", "collection.trig") == collection and not name.startswith("system/"):
                query = kg.catalogue.get(name)
                text = kg.sparql_of(query, {key: words(value) for key, value in case.get("params", {}).items()})
                names = {str(kg.prefixes.expand(found) or RDF_TYPE) for found in _NAME.findall(text)}
                is_open = _OPEN.search(_NO_PATTERN.sub(" ", text)) is not None
                fixture.cases.append(_Case(name, case, text, names, is_open, _read(whole.store.query(text))))
        return fixture

    @contextmanager
    def without(self, gone: Sequence[Quad]) -> Iterator[set[str]]:
        """Take statements out, infer anew, and put everything back in the end; gives the properties that changed."""
        store = self.kg.collection.local
        self._remove([*self.inferred, *gone])
        try:
            self.kg.collection.apply_rules()
            now = set(_inferred(self.kg.collection))
            yield {str(quad.predicate) for quad in [*gone, *(now ^ set(self.inferred))]}
            self._remove(now)
        finally:
            store.add([*self.inferred, *gone])

    def _remove(self, quads: Iterable[Quad]) -> None:
        from whatworks.store.convert import quad_to_engine  # noqa: PLC0415 - only tests take statements out of a store

        for quad in quads:
            self.kg.collection.local.engine.remove(quad_to_engine(quad))

    def noticing(self, changed: set[str]) -> str | None:
        """Return the first query with a case that fails now."""
        for case in self.cases:
            if case.may_notice(changed):
                now = _read(self.kg.collection.store.query(case.text))
                if now != case.answer and not _passes(case, now, self.kg):
                    return case.name
        return None


def _inferred(collection: Collection) -> Iterator[Quad]:
    for graph in collection.store.graphs():
        if collection.is_inferred(graph):
            yield from collection.store.match(graph=graph)


def _read(answer: Answer) -> bool | list[tuple[Term | None, ...]] | set[Triple]:
    if isinstance(answer, Boolean):
        return answer.value
    return list(answer) if isinstance(answer, Table) else set(answer)


def _passes(case: _Case, answer: Any, kg: KnowledgeGraph) -> bool:
    try:
        if isinstance(answer, bool):
            assert case.case["answer"] == answer
        elif isinstance(answer, list):
            rows = [tuple(_plain(term) for term in row) for row in answer]
            _compare_rows(case.case, rows, QUERIES / case.name, kg)
        else:
            _compare_triples(case.case, answer, QUERIES / case.name)
    except AssertionError:
        return False
    return True


@pytest.fixture(scope="module")
def fixtures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, _Fixture]:
    """The collections that cases ask, each opened once for these tests alone."""
    names = sorted({case.get("collection", "collection.trig") for _, _, case in ALL} - {"empty.trig"})
    folder = tmp_path_factory.mktemp("collections")
    opened = {name: _Fixture.open(name, folder / name) for name in names}
    return dict(sorted(opened.items(), key=lambda item: -len(item[1].cases)))


def test_cases_pass_on_the_whole_collections(fixtures: dict[str, _Fixture]) -> None:
    """Each case passes as long as nothing is missing; else the score would mean nothing."""
    for fixture in fixtures.values():
        for case in fixture.cases:
            assert (case.name, True) == (case.name, _passes(case, case.answer, fixture.kg))


def test_what_is_taken_out_is_put_back(fixtures: dict[str, _Fixture]) -> None:
    """A collection is the same before and after it lost a property."""
    fixture = fixtures[_DOCUMENTED]
    before = set(fixture.kg.collection.store.match())
    with fixture.without([quad for quad in fixture.asserted if quad.predicate == RDF_TYPE]):
        assert before != set(fixture.kg.collection.store.match())
    assert before == set(fixture.kg.collection.store.match())


def _document(kg: KnowledgeGraph, key: str) -> str:
    return kg.export("jsonld", [key]).decode()


def test_documents_are_as_stored(fixtures: dict[str, _Fixture]) -> None:
    """The JSON-LD documents of the things that carry everything are the stored ones."""
    kg = fixtures[_DOCUMENTED].kg
    assert {"full", "report"} <= DOCUMENTS.keys()
    for key, path in DOCUMENTS.items():
        if os.environ.get("WHATWORKS_UPDATE_DOCS"):
            path.write_text(_document(kg, key), encoding="utf-8")
        assert path.read_text(encoding="utf-8") == _document(kg, key)


def _carriers(fixtures: dict[str, _Fixture], gone: Iri) -> Iterator[list[Quad]]:
    """Yield, for each collection, what it says of one thing that carries the property, and of the thing's parts."""
    for fixture in fixtures.values():
        owners = sorted({str(owner_of(quad.subject)) for quad in fixture.asserted if quad.predicate == gone})
        if owners:
            yield [quad for quad in fixture.asserted if str(owner_of(quad.subject)) == owners[0]]


def _noticed_by_shapes(fixtures: dict[str, _Fixture], properties: Iterable[Iri]) -> set[Iri]:
    """Return the properties whose loss gives a new finding: all things are checked at once, each whole and without."""
    one = next(iter(fixtures.values())).kg
    shapes = Profile("publication", one.assets, one.settings, one.prefixes).graph
    data = graph_of(
        quad
        for quad in one.collection.store.match()
        if one.collection.is_model(quad.graph) and not str(quad.graph).endswith("/shapes")
    )
    copies: dict[str, tuple[Iri, bool]] = {}
    for gone in properties:
        for quads in _carriers(fixtures, gone):
            for is_whole in (True, False):
                mark = f"https://example.org/copy-{len(copies)}/"
                copies[mark] = (gone, is_whole)
                kept = (quad for quad in quads if is_whole or quad.predicate != gone)
                data += graph_of(_renamed(quad, mark) for quad in kept)
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inplace=True)
    assert isinstance(report, Graph)
    found: dict[tuple[Iri, bool], set[tuple[str, str]]] = defaultdict(set)
    for node in report.objects(report.value(None, RDF.type, SH.ValidationReport), SH.result):
        focus = str(report.value(node, SH.focusNode))
        for mark, copy in copies.items():
            if focus.startswith(mark):
                found[copy].add((focus.removeprefix(mark), str(report.value(node, SH.sourceShape))))
    return {gone for gone in properties if found[gone, False] - found[gone, True]}


def _renamed(quad: Quad, mark: str) -> Quad:
    def name(term: Any) -> Any:
        inside = isinstance(term, Iri) and term.startswith("https://w3id.org/whatworks/id/")
        return Iri(mark + term.removeprefix("https://w3id.org/whatworks/id/")) if inside else term

    return Quad(name(quad.subject), quad.predicate, name(quad.object), None)


def _notice(fixtures: dict[str, _Fixture], gone: Iri) -> str | None:
    """Return the query, else the stored document, that notices the loss of a property."""
    seen: str | None = None
    for name, fixture in fixtures.items():
        if dropped := [quad for quad in fixture.asserted if quad.predicate == gone]:
            with fixture.without(dropped) as changed:
                if query := fixture.noticing(changed):
                    return f"query {query}"
                if name == _DOCUMENTED:
                    seen = _changed_document(fixture.kg, dropped)
    return seen


def _changed_document(kg: KnowledgeGraph, dropped: Iterable[Quad]) -> str | None:
    subjects = {str(quad.subject).partition("#")[0].rpartition("/")[2] for quad in dropped}
    for key, path in DOCUMENTS.items():
        if key in subjects and path.read_text(encoding="utf-8") != _document(kg, key):
            return f"document {key}"
    return None


def test_nobody_notices_when_nothing_is_gone(fixtures: dict[str, _Fixture]) -> None:
    """Taking nothing out and inferring anew changes no answer and no document."""
    fixture = fixtures[_DOCUMENTED]
    with fixture.without([]) as changed:
        assert changed == set()
        assert all(_read(fixture.kg.collection.store.query(case.text)) == case.answer for case in fixture.cases)
        assert all(path.read_text(encoding="utf-8") == _document(fixture.kg, key) for key, path in DOCUMENTS.items())


@pytest.mark.slow
def test_shapes_notice_what_must_be_there(fixtures: dict[str, _Fixture]) -> None:
    """The shapes miss a type of resource and a title, and do not miss a budget."""
    names = ("ww:resourceType", "dcterms:title", "ww:budget")
    properties = [fixtures[_DOCUMENTED].kg.prefixes.expand(name) for name in names]
    noticed = _noticed_by_shapes(fixtures, [iri for iri in properties if iri is not None])
    assert set(properties[:2]) == noticed


@pytest.mark.slow
def test_a_lost_property_is_noticed(fixtures: dict[str, _Fixture]) -> None:
    """Whichever property loses all its statements, a query, a stored document or a shape says so, or it is listed."""
    prefixes = fixtures[_DOCUMENTED].kg.prefixes
    properties = sorted({quad.predicate for fixture in fixtures.values() for quad in fixture.asserted})
    assert len(properties) > 100
    noticed = {gone: _notice(fixtures, gone) for gone in properties}
    left = [gone for gone, by in noticed.items() if by is None]
    unnoticed = set(left) - (_noticed_by_shapes(fixtures, left) if left else set())
    listed = read_yaml((FOLDER / "unnoticed.yaml").read_text(encoding="utf-8"))
    assert all(isinstance(reason, str) and reason for reason in listed.values())
    assert set(listed) == {prefixes.shorten(gone) or str(gone) for gone in unnoticed}
    by_queries = sum(by is not None and by.startswith("query ") for by in noticed.values())
    assert by_queries >= _SHARE_OF_QUERIES * len(properties), f"queries notice {by_queries} of {len(properties)}"
