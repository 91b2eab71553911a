"""Every stored query answers as its cases say, from the embedded store and from a real SPARQL server."""

import csv
import io
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from SPARQLWrapper import JSON, N3, POST, SPARQLWrapper

from tests.conftest import BASE, CASES, ROOT
from whatworks import KnowledgeGraph
from whatworks.catalogue import Query
from whatworks.results import Boolean, Table
from whatworks.store import parse, serialize
from whatworks.terms import Iri, Literal, Term, Triple
from whatworks.yamltext import read_yaml

FOLDER = CASES / "queries"
Rows = list[tuple[str, ...]]


def _cases() -> list[tuple[str, int, dict[str, Any]]]:
    found = []
    for file in sorted(FOLDER.rglob("case.yaml")):
        name = str(file.parent.relative_to(FOLDER))
        found += [(name, number, case) for number, case in enumerate(read_yaml(file.read_text(encoding="utf-8")), 1)]
    return found


ALL = _cases()


@cache
def _opened(collection: str) -> KnowledgeGraph:
    folder = Path(_KEEP.name) / collection
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "whatworks.toml").touch()
    (folder / "data" / "collection.trig").write_bytes((FOLDER / collection).read_bytes())
    return KnowledgeGraph.open(folder)


_KEEP = TemporaryDirectory()


class Server:
    """An Oxigraph server on loopback, one for each collection."""

    def __init__(self) -> None:
        self._running: dict[str, tuple[subprocess.Popen[bytes], str]] = {}

    def url(self, collection: str) -> str:
        """Return the address of the server that holds a collection; it is started when first asked for."""
        if collection not in self._running:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            command = [
                str(Path(sys.executable).with_name("oxigraph")),
                "serve",
                "--bind",
                f"127.0.0.1:{port}",
                "--union-default-graph",
            ]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            url = f"http://127.0.0.1:{port}"
            self._running[collection] = (process, url)
            _wait(url)
            data = serialize(list(_opened(collection).collection.store.match()), "nquads")
            request = urllib.request.Request(  # noqa: S310 - an address on loopback that we made
                f"{url}/store", data=data, method="POST", headers={"Content-Type": "application/n-quads"}
            )
            urllib.request.urlopen(request).close()  # noqa: S310 - as above
        return self._running[collection][1]

    def stop(self) -> None:
        """End all servers."""
        for process, _ in self._running.values():
            process.terminate()
            process.wait()


def _wait(url: str) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(url).close()  # noqa: S310 - an address on loopback that we made
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(url)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A SPARQL server that nobody here wrote."""
    running = Server()
    yield running
    running.stop()


def _embedded(kg: KnowledgeGraph, text: str) -> Table | Boolean | list[Triple]:
    answer = kg.collection.store.query(text)
    return answer if isinstance(answer, Table | Boolean) else list(answer)


def _remote(url: str, query: Query, text: str) -> Table | Boolean | list[Triple]:
    asked = SPARQLWrapper(f"{url}/query")
    asked.setMethod(POST)
    asked.setQuery(text)
    if query.form == "CONSTRUCT":
        asked.setReturnFormat(N3)
        turtle = asked.query().convert()
        assert isinstance(turtle, bytes)
        return [quad.triple for quad in parse(turtle, "turtle", name=url, base=BASE)]
    asked.setReturnFormat(JSON)
    found = asked.queryAndConvert()
    assert isinstance(found, dict)
    if query.form == "ASK":
        return Boolean(found["boolean"])
    columns = tuple(found["head"]["vars"])
    rows = [tuple(_term(row.get(column)) for column in columns) for row in found["results"]["bindings"]]
    return Table(columns, rows)


def _term(value: dict[str, str] | None) -> Term | None:
    if value is None:
        return None
    if value["type"] == "uri":
        return Iri(value["value"])
    return Literal(value["value"], value.get("xml:lang", ""), Iri(value.get("datatype", Literal("").datatype)))


@pytest.mark.parametrize(("name", "number", "case"), ALL, ids=[f"{name}-{number}" for name, number, _ in ALL])
@pytest.mark.parametrize("store", ["embedded", "endpoint"])
def test_query_answers(store: str, name: str, number: int, case: dict[str, Any], server: Server) -> None:
    """The query answers the case as expected."""
    collection = case.get("collection", "collection.trig")
    kg = _opened(collection)
    query = kg.catalogue.get(name)
    text = kg.sparql_of(query, {key: _words(value) for key, value in case.get("params", {}).items()})
    answer = _embedded(kg, text) if store == "embedded" else _remote(server.url(collection), query, text)
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


def _words(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in values]


def _plain(term: Term | None) -> str:
    text = "" if term is None else term.value if isinstance(term, Literal) else str(term)
    return _number(text) if isinstance(term, Literal) else text


def _number(text: str) -> str:
    try:
        return format(Decimal(text).normalize(), "f")
    except InvalidOperation:
        return text


def _expanded(cells: list[Any], kg: KnowledgeGraph) -> tuple[str, ...]:
    return tuple(kg.prefixes.expand(cell) or _number(cell) for cell in (_words(cell)[0] for cell in cells))


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
    assert set(kg.catalogue.names()) | system - {"system/fields"} == covered
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
