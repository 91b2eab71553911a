"""Every stored query answers as its cases say."""

import csv
import io
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import BASE, ROOT
from tests.stored import ALL, FOLDER, opened, words
from whatworks import KnowledgeGraph
from whatworks.results import Boolean, Table
from whatworks.store import parse
from whatworks.terms import Literal, Term, Triple
from whatworks.yamltext import read_yaml

Rows = list[tuple[str, ...]]


def _embedded(kg: KnowledgeGraph, text: str) -> Table | Boolean | list[Triple]:
    answer = kg.collection.store.query(text)
    return answer if isinstance(answer, Table | Boolean) else list(answer)


@pytest.mark.parametrize(("name", "number", "case"), ALL, ids=[f"{name}-{number}" for name, number, _ in ALL])
def test_query_answers(name: str, number: int, case: dict[str, Any]) -> None:
    """The query answers the case as expected."""
    collection = case.get("collection", "collection.trig")
    kg = opened(collection)
    query = kg.catalogue.get(name)
    text = kg.sparql_of(query, {key: words(value) for key, value in case.get("params", {}).items()})
    answer = _embedded(kg, text)
    if isinstance(answer, Boolean):
        assert case["answer"] == answer.value
    elif isinstance(answer, Table):
        assert tuple(query.returns) == answer.columns
        terms = list(answer)
        assert len(set(terms)) == len(terms), "rows are unique"
        rows = [tuple(_plain(term) for term in row) for row in terms]
        _compare_rows(case, rows, FOLDER / name, kg)
    else:
        _compare_triples(case, set(answer), FOLDER / name)


def _plain(term: Term | None) -> str:
    text = "" if term is None else term.value if isinstance(term, Literal) else str(term)
    return _number(text) if isinstance(term, Literal) else text


def _number(text: str) -> str:
    try:
        return format(Decimal(text).normalize(), "f")
    except InvalidOperation:
        return text


def _expanded(cells: list[Any], kg: KnowledgeGraph) -> tuple[str, ...]:
    return tuple(kg.prefixes.expand(cell) or _number(cell) for cell in (words(cell)[0] for cell in cells))


def _compare_rows(case: dict[str, Any], rows: Rows, folder: Path, kg: KnowledgeGraph) -> None:
    checked = False
    if "expect" in case:
        lines = list(csv.reader(io.StringIO((folder / case["expect"]).read_text(encoding="utf-8"))))
        assert [tuple(_number(cell) for cell in line) for line in lines[1:]] == rows
        checked = True
    if "rows" in case:
        assert [_expanded(row, kg) for row in case["rows"]] == rows
        checked = True
    if "nonzero" in case:
        assert [_expanded(row, kg) for row in case["nonzero"]] == [row for row in rows if row[-1] != "0"]
        checked = True
    if "count" in case:
        assert case["count"] == len(rows)
        checked = True
    for row in case.get("contains", ()):
        assert _expanded(row, kg) in rows
        checked = True
    for row in case.get("lacks", ()):
        start = _expanded(row, kg)
        assert start not in [found[: len(start)] for found in rows]
        checked = True
    assert checked, "the case compares something"


def _compare_triples(case: dict[str, Any], triples: set[Triple], folder: Path) -> None:
    def read(key: str) -> set[Triple]:
        if key not in case:
            return set()
        file = folder / case[key]
        return {quad.triple for quad in parse(file.read_bytes(), "turtle", name=file.name, base=BASE)}

    if "expect" in case:
        assert read("expect") == triples
    assert read("contains") <= triples
    assert not read("lacks") & triples
    assert {"expect", "contains", "lacks"} & case.keys(), "the case compares something"


def test_every_query_has_cases(kg: KnowledgeGraph) -> None:
    """Every stored query, the tool's own included, has a case with an answer and one with none (or all zeros)."""
    covered = {name for name, _, _ in ALL}
    system = {
        f"{folder}/{file.stem}" for folder in ("system", "publish") for file in (ROOT / "queries" / folder).glob("*.rq")
    }
    of_the_shapes = {"system/fields", "system/field-names"}  # which cases do not have; tests of the pages hold them
    assert set(kg.catalogue.names()) | system - of_the_shapes == covered
    for name in kg.catalogue.names():
        cases = [case for covered_name, _, case in ALL if covered_name == name]
        assert any(_is_empty(case) for case in cases), f"{name} has no case that must answer nothing"


def _is_empty(case: dict[str, Any]) -> bool:
    nothing = case.get("rows") == [] or case.get("nonzero") == [] or case.get("count") == 0
    return nothing or "lacks" in case or case.get("answer") is False


def test_every_query_runs_on_the_shipped_data(kg: KnowledgeGraph) -> None:
    """Every stored query answers something from the shipped collection, but for those that are listed as silent."""
    silent = read_yaml((FOLDER / "silent.yaml").read_text(encoding="utf-8"))
    examples = {"intervention": "assistierte-ausbildung-asa", "agent": "European Social Fund"}
    for query in kg.catalogue.all():
        values = {
            parameter.name: [examples.get(parameter.name, parameter.example)]
            for parameter in query.parameters
            if parameter.required
        }
        answer = kg.ask(query, values)
        said = answer.value if isinstance(answer, Boolean) else bool(list(answer))
        assert (query.name, query.name not in silent) == (query.name, said)


def test_examples_of_parameters_are_understood(kg: KnowledgeGraph) -> None:
    """Every parameter's example is a value that the parameter accepts on the shipped collection."""
    for query in kg.catalogue.all():
        for parameter in query.parameters:
            kg.lookup.bind(query, {parameter.name: [parameter.example]})


def test_query_files_run_as_they_stand(kg: KnowledgeGraph) -> None:
    """The file of every stored query and rule is valid SPARQL without our tool."""
    root = Path(__file__).parent.parent
    files = [*(root / "queries").rglob("*.rq"), *(root / "ontology" / "rules").glob("*.rq")]
    assert len(files) > 30
    for file in files:
        kg.collection.store.query(file.read_text(encoding="utf-8"), standalone=True)


@pytest.mark.parametrize(
    "form",
    [
        "Belgium",
        "BE",
        "BEL",
        "Belgique",
        "belgien",
        "country:BEL",
        "http://publications.europa.eu/resource/authority/country/BEL",
    ],
)
def test_country_by_any_name(kg: KnowledgeGraph, form: str) -> None:
    """A country is found by its label in any language, its codes, its CURIE and its IRI."""
    expected = {
        "certification-per-unit-cpu",
        "dido-dropping-in-the-dropouts",
        "expairs-project",
        "recognise-remedy-re-engage",
        "resl-eu-toolkit-identify-monitor",
        "services-accrochage-scolaire-sas",
    }
    answer = kg.query("interventions", country=form)
    assert isinstance(answer, Table)
    assert expected == {_plain(row[1]) for row in answer}


def test_counts_of_the_first_promise(kg: KnowledgeGraph) -> None:
    """There are 132 interventions, and the EXPAIRS project names five success factors."""

    def count(name: str, **values: str) -> int:
        answer = kg.query(name, **values)
        assert isinstance(answer, Table)
        return len(list(answer))

    assert count("interventions") == 132
    assert count("success-factors", intervention="expairs-project") == 5
