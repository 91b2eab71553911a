"""Columns give the answers of the store, to every stored query and to questions drawn at random, or none at all."""

import io
import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from benchmarks.generate import write_project

from tests.conftest import BASE, CASES
from tests.graphs import EX, PROLOGUE, Questions, graph
from whatworks import KnowledgeGraph
from whatworks.catalogue import Query
from whatworks.columns import Columns, small, write_columns
from whatworks.columns.algebra import NotCovered
from whatworks.columns.scope import check
from whatworks.columns.syntax import read
from whatworks.columns.words import given
from whatworks.errors import DamagedRelease, QueryRefused, QuerySyntax
from whatworks.results import Table
from whatworks.store import EmbeddedStore
from whatworks.terms import LANG_STRING, XSD_INTEGER, BlankNode, Iri, Literal, Quad, Term
from whatworks.yamltext import read_yaml

FOLDER = CASES / "queries"
Rows = list[tuple[Term | None, ...]]


def _store(trig: str) -> EmbeddedStore:
    store = EmbeddedStore({})
    store.load(trig.encode(), "trig", graph=Iri(f"{EX}g0"), base=EX)
    return store


def _columns(store: EmbeddedStore) -> Columns:
    return Columns.made(io.BytesIO(store.nquads()))


def _rows(store: EmbeddedStore, text: str) -> tuple[tuple[str, ...], Rows]:
    answer = store.query(text, standalone=True)
    assert isinstance(answer, Table)
    return answer.columns, list(answer)


# ---- questions drawn at random ----


@pytest.mark.parametrize("seed", range(24))
def test_random_questions(seed: int) -> None:
    """Whatever is asked of a small graph, the answer is the store's, in its order where all columns are sorted."""
    rng = random.Random(seed)  # noqa: S311 - the same questions in every run
    store = _store(graph(rng))
    columns, questions = _columns(store), Questions(rng)
    for _ in range(40):
        text = PROLOGUE + questions.select()
        found = columns.query(text)
        if found is None:
            continue  # in particular where the engine's own order is no order, at which it may end the process
        names, expected = _rows(store, text)
        rows, again = list(found), columns.query(text)
        assert again is not None
        assert rows == list(again), text  # from what is kept
        assert names == found.columns, text
        assert Counter(expected) == Counter(rows), text
        if "ORDER BY" in text.rpartition("}")[2]:
            assert expected == rows, text


def test_random_questions_are_answered() -> None:
    """Of what is drawn, columns answer a good part, and many answers have rows: the test above compares something."""
    answered = filled = asked = 0
    for seed in range(24):
        rng = random.Random(seed)  # noqa: S311 - the same questions in every run
        columns, questions = _columns(_store(graph(rng))), Questions(rng)
        for _ in range(40):
            found = columns.query(PROLOGUE + questions.select())
            asked += 1
            answered += found is not None
            filled += bool(found is not None and list(found))
    assert answered > asked / 2
    assert filled > asked / 8


# ---- counts by facet ----


@pytest.mark.parametrize("seed", range(12))
def test_random_counts(seed: int) -> None:
    """Whatever is picked and by whatever it is counted, an index counts as the store does, and is made once."""
    rng = random.Random(seed)  # noqa: S311 - the same questions in every run
    store = _store(graph(rng) + graph(rng).removeprefix(PROLOGUE))
    columns, questions, answered = _columns(store), Questions(rng), 0
    for _ in range(40):
        text = PROLOGUE + questions.counted()
        found = columns.query(text)
        if found is not None:
            names, expected = _rows(store, text)
            assert (names, Counter(expected)) == (found.columns, Counter(found)), text
            answered += bool(expected)
    assert answered
    assert 0 < len(columns.data.facets) < 12


@pytest.mark.parametrize("number", [1, 63, 64, 65, 700])
def test_counts_of_common_and_rare_groups(number: int, tmp_path: Path) -> None:
    """Groups with many things, kept as bits, and those with few count alike, in memory and from a file."""
    lines = [f"ex:n{each} ex:p0 ex:all , ex:m{each % 3} , ex:r{each % 101} ; ex:num {each} ." for each in range(number)]
    store = _store(PROLOGUE + "\n".join(lines))
    query = """SELECT ?b (COUNT(DISTINCT ?a) AS ?n) WHERE {
      { SELECT DISTINCT ?a WHERE { ?a ex:num ?m FILTER (?m >= 10) } } ?a ex:p0 ?b } GROUP BY ?b"""
    write_columns(io.BytesIO(store.nquads()), tmp_path / "columns", [PROLOGUE + query.replace("10", "0")])
    opened, made = Columns.open(tmp_path / "columns"), _columns(store)
    assert len(opened.data.facets) == 1
    for least in (0, 3, 64, 650, 800):
        text = PROLOGUE + query.replace("10", str(least))
        for columns in (opened, made):
            found = columns.query(text)
            assert found is not None
            assert Counter(_rows(store, text)[1]) == Counter(found)
    assert opened.data.facets.keys() == made.data.facets.keys()


def test_counts_of_what_is_joined_within() -> None:
    """A SELECT that only says what to join first changes no count and needs no other index, unless it hides a name."""
    lines = [
        f"ex:n{each} ex:num {each} ; ex:p0 ex:g{each % 3} . ex:g{each} ex:p1 ex:h{each % 2} ." for each in range(9)
    ]
    store = _store(PROLOGUE + "\n".join(lines))
    columns, picked = _columns(store), "{ SELECT DISTINCT ?a WHERE { ?a ex:num ?m FILTER (?m >= 4) } }"
    joined = f"{picked} ?a ex:p0 ?g . ?g ex:p1 ?b"
    for within, rest in (
        (joined, ""),
        (f"{{ SELECT ?a ?b WHERE {{ {joined} }} }}", ""),
        (f"{{ SELECT DISTINCT ?a ?b WHERE {{ {joined} }} }}", ""),
        (f"{{ SELECT ?a ?b WHERE {{ {joined} }} }}", "?g ex:p1 ex:h0"),  # another ?g
    ):
        text = f"{PROLOGUE} SELECT ?b (COUNT(DISTINCT ?a) AS ?n) WHERE {{ {within} {rest} }} GROUP BY ?b"
        found = columns.query(text)
        assert found is not None
        assert Counter(_rows(store, text)[1]) == Counter(found), text
        assert len(columns.data.facets) == 1


def test_numbers_are_calculated_as_the_engine_does() -> None:
    """Products, quotients, rounding and decimals of numbers of any sign and length are the engine's, or left to it."""
    rng, numbers = random.Random(1), []  # noqa: S311 - the same numbers in every run
    for _ in range(150):
        digits = str(rng.randrange(10 ** rng.randint(1, 18)))
        place = rng.randint(0, len(digits))
        numbers.append(
            f"{rng.choice(('', '-'))}{digits[:place] or '0'}{rng.choice(('', '.' + (digits[place:] or '0')))}"
        )
    numbers += ["0", "0.0", "0.5", "-0.5", "2.5", "-2.5", "-3.5", "1000", "1000.0", "3", "7"]
    columns, store = _columns(_store("")), _store("")
    answered = 0
    for one in numbers:
        other = rng.choice(numbers)
        for expression in (f"{one} * {other}", f"{one} / {other}", f"ROUND({one})", f"xsd:decimal({one})"):
            text = f"{PROLOGUE}SELECT (({expression}) AS ?n) WHERE {{ }}"
            found = columns.query(text)
            if found is not None:
                answered += 1
                assert _rows(store, text)[1] == list(found), expression
    assert answered > 2 * len(numbers)


def test_what_is_looked_for_within_a_choice() -> None:
    """EXISTS in a branch of IF or COALESCE knows the variables of the row, also those that nothing else names."""
    store = _store(PROLOGUE + "ex:n1 ex:p0 ex:n2 . ex:n2 ex:p1 ex:n3 . ex:n4 ex:p0 ex:n5 . ex:n6 ex:p1 ex:n7 .")
    columns, pattern = _columns(store), "?a ex:p0 ?b"
    for expression in (
        "IF(EXISTS { ?b ex:p1 ?c }, 1, 0)",
        "IF(?a = ex:n4, false, EXISTS { ?b ex:p1 ?c })",
        "COALESCE(?nowhere, EXISTS { ?b ex:p1 ?c })",
    ):
        text = f"{PROLOGUE}SELECT ?a ?x WHERE {{ {pattern} BIND ({expression} AS ?x) }} ORDER BY ?a"
        found = columns.query(text)
        assert found is not None, expression
        assert _rows(store, text)[1] == list(found), expression


def test_literals_are_sorted_as_the_engine_does() -> None:
    """Texts of any language and datatype, IRIs and what is not bound are in the engine's order, as is the least."""
    words = ['"a"', '"b"', '"a"@en', '"a"@fr', '"b"@de', '"a"^^ex:t', '"b"^^ex:s', '"é"', '""@en', "ex:z", "ex:a"]
    lines = [f"ex:n{place} ex:q0 {word} ; ex:num {place % 3} ." for place, word in enumerate(words)]
    store = _store(PROLOGUE + "\n".join(lines) + "\nex:n90 ex:num 1 .")
    columns = _columns(store)
    for text in (
        "SELECT ?n ?l WHERE { ?a ex:num ?n OPTIONAL { ?a ex:q0 ?l } } ORDER BY ?l",
        "SELECT ?n ?l WHERE { ?a ex:num ?n OPTIONAL { ?a ex:q0 ?l } } ORDER BY ?n DESC(?l)",
        "SELECT ?n (MIN(?l) AS ?x) (MAX(?l) AS ?y) WHERE { ?a ex:num ?n ; ex:q0 ?l } GROUP BY ?n ORDER BY ?n",
        "SELECT ?a (MIN(?l) AS ?x) WHERE { ?a ex:num ?n OPTIONAL { ?a ex:q0 ?l } } GROUP BY ?a ORDER BY ?a",
    ):
        found = columns.query(PROLOGUE + text)
        assert found is not None, text
        assert _rows(store, PROLOGUE + text)[1] == list(found), text


def test_other_counts_need_no_index() -> None:
    """What counts otherwise is answered without an index, in the engine's way."""
    store = _store(PROLOGUE + "ex:n1 ex:p0 ex:n2 , ex:n3 . ex:n4 ex:p0 ex:n2 .")
    columns, picked = _columns(store), "{ SELECT DISTINCT ?a WHERE { ?a ex:p0 ?c } }"
    for text in (
        f"SELECT ?b (COUNT(?a) AS ?n) WHERE {{ {picked} ?a ex:p0 ?b }} GROUP BY ?b",
        f"SELECT ?b (COUNT(DISTINCT ?a) AS ?n) WHERE {{ {picked} ?a ex:p0 ?b FILTER (?b != ex:n3) }} GROUP BY ?b",
        f"SELECT ?b (COUNT(DISTINCT ?a) AS ?n) WHERE {{ {picked} ?a ex:p0 ?b }} GROUP BY ?b HAVING (COUNT(*) > 1)",
        f"SELECT ?b (COUNT(DISTINCT ?a) AS ?n) WHERE {{ {picked} OPTIONAL {{ ?a ex:p1 ?b }} }} GROUP BY ?b",
        f"SELECT (COUNT(DISTINCT ?a) AS ?n) WHERE {{ {picked} ?a ex:p0 ?b }}",
    ):
        found = columns.query(PROLOGUE + text)
        assert found is not None
        assert Counter(_rows(store, PROLOGUE + text)[1]) == Counter(found)
    assert not columns.data.facets


def test_facets_count_what_lists_list(kg: KnowledgeGraph) -> None:
    """For every value of a facet by which one can choose, `facets` counts as many as `interventions` lists with it."""
    parameters = {
        "appliesApproach": "approach", "spatial": "country", "kind": "kind", "targetGroup": "target_group",
        "stage": "stage", "scope": "scope", "educationLevel": "education_level", "aimType": "aim_type",
        "learningSetting": "learning_setting",
    }  # fmt: skip
    answer = kg.query("facets")
    assert isinstance(answer, Table)
    seen: Counter[str] = Counter()
    for facet, _, value, _, count in answer:
        assert isinstance(facet, Iri)
        assert isinstance(count, Literal)
        if name := parameters.get(facet.code):
            listed = kg.query("interventions", **{name: str(value)})
            assert isinstance(listed, Table)
            assert len(list(listed)) == int(count.value), (facet, value)
            seen[name] += 1
    assert set(parameters.values()) == set(seen)


# ---- every stored query ----


# What columns leave to the engine in a case, and why.
_LEFT_TO_THE_ENGINE = {
    **dict.fromkeys(
        (
            "system/checksums",
            "system/engine",
            "system/graph-names",
            "system/graphs",
            "system/size",
            "system/statements",
        ),
        "asks for the graphs",
    ),
    "publish/partitions": "asks for all properties",
    "system/link-reviewed": "asks in which graph a decision stands",
    "related": "two links of the highest score, which is written as 1 and as 1.0",
}


def _cases() -> list[tuple[str, dict[str, object]]]:
    found = []
    for file in sorted(FOLDER.rglob("case.yaml")):
        name = str(file.parent.relative_to(FOLDER))
        found += [(name, case) for case in read_yaml(file.read_text(encoding="utf-8"))]
    return found


def _odd(quads: list[Quad], seed: int) -> list[Quad]:
    """Return statements with some left out, some in a second graph, and some values in odd forms beside the usual."""
    rng = random.Random(seed)  # noqa: S311 - the same graph in every run
    texts = ("", 'with "quotes", commas,\nlines\tand \\', "été 😀", "same")
    found = []
    for quad in quads:
        data = "/id/" in quad.subject if isinstance(quad.subject, Iri) else False
        drawn = rng.random() if data else 1.0
        if drawn < 0.06:
            continue
        found.append(quad)
        if drawn < 0.12:
            found.append(quad._replace(graph=Iri(f"{BASE}graph/second")))
        elif drawn < 0.2 and isinstance(quad.object, Literal) and quad.object.datatype == LANG_STRING:
            for language in rng.sample(("en", "fr", "de", "pt-br"), 2):
                found.append(quad._replace(object=Literal.text(rng.choice(texts), language)))
        elif drawn < 0.23 and isinstance(quad.object, Literal) and quad.object.value.isdecimal():
            found.append(quad._replace(object=Literal(f"0{quad.object.value}", "", quad.object.datatype)))
    return found


def _settings(kg: KnowledgeGraph, query: Query) -> Iterator[dict[str, list[str]]]:
    """Yield values: only what is required, each parameter alone, two values at once, all together."""
    examples = {"intervention": "expairs-project", "agent": "european-social-fund"}

    def example(name: str) -> list[str]:
        parameter = query.parameter(name)
        return [examples.get(parameter.type, parameter.example)]

    required = {parameter.name: example(parameter.name) for parameter in query.parameters if parameter.required}
    yield required
    others = [parameter for parameter in query.parameters if not parameter.required]
    for parameter in others:
        yield {**required, parameter.name: example(parameter.name)}
        if parameter.many and parameter.type == "concept":
            found = sorted(iri.code for iri in kg.lookup.concepts(parameter.scheme).known)
            yield {**required, parameter.name: [found[0], found[-1]]}
        if parameter.type == "choice":
            for word in parameter.choices:
                yield {**required, parameter.name: [word]}
    yield {**required, **{parameter.name: example(parameter.name) for parameter in others}}


@pytest.fixture(scope="module", params=["as shipped", "odd 1", "odd 2", "odd 3", "made 4"])
def both(
    request: pytest.FixtureRequest, kg: KnowledgeGraph, tmp_path_factory: pytest.TempPathFactory
) -> tuple[EmbeddedStore, Columns]:
    """The shipped graph, or this or a made one with gaps, repeats, languages and odd literals; store and columns."""
    opened = kg
    if request.param.startswith("made"):
        folder = tmp_path_factory.mktemp("made")
        write_project(folder, 40, seed=int(request.param[-1]))
        opened = KnowledgeGraph.open(folder)
    quads = list(opened.collection.store.match())
    if request.param != "as shipped":
        quads = _odd(quads, int(request.param[-1]))
    store = EmbeddedStore({})
    store.add(quads)
    return store, _columns(store)


@pytest.mark.slow
def test_stored_queries_on_the_shipped_graph(both: tuple[EmbeddedStore, Columns], kg: KnowledgeGraph) -> None:
    """Every stored query gives the same rows in the same order, whatever its parameters, and is answered by columns."""
    store, columns = both
    unanswered: set[str] = set()
    for query in kg.catalogue.all():
        if query.form != "SELECT":
            continue
        for values in _settings(kg, query):
            text = kg.sparql_of(query, values)
            found = columns.query(text)
            if found is None:
                unanswered.add(query.name)
                continue
            names, expected = _rows(store, text)
            assert (query.name, values, names, expected) == (query.name, values, found.columns, list(found))
    assert set() == unanswered - set(_LEFT_TO_THE_ENGINE)


@pytest.mark.slow
def test_what_is_kept_is_the_answer(
    both: tuple[EmbeddedStore, Columns], kg: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked again, by several threads at once, and where nothing may be kept, every stored query answers the same."""
    _, columns = both
    bounded = Columns(columns.data)
    texts = [kg.sparql_of(query, values) for query in kg.catalogue.all() for values in _settings(kg, query)]
    first = {text: list(found) for text in texts if (found := columns.query(text)) is not None}

    def ask(text: str) -> Rows:
        found = columns.query(text)
        assert found is not None
        return list(found)

    with ThreadPoolExecutor(8) as threads:
        assert list(first.values()) == list(threads.map(ask, first))
    assert any(view.rows is not None for view in columns._terms.views.values())
    monkeypatch.setattr("whatworks.columns.rows._MOST_MADE", -1)
    monkeypatch.setattr("whatworks.columns.views._MOST", -1)
    monkeypatch.setattr("whatworks.columns.dataset._MOST", -1)
    for text, rows in first.items():
        found = bounded.query(text)
        assert found is not None
        assert rows == list(found), text
    assert all(view.rows is None for view in bounded._terms.views.values())


def test_a_select_within_is_kept_when_it_was_asked_for_enough() -> None:
    """It is answered for the rows at hand first, then for all; the answers are the store's before and after."""
    lines = [f"ex:n{each} ex:num {each} ; ex:p0 ex:a{each % 7} , ex:b{each % 5} ." for each in range(40)]
    store = _store(PROLOGUE + "\n".join(lines))
    columns, kept = _columns(store), []
    for least in range(39, 0, -3):
        text = f"""{PROLOGUE}SELECT ?a ?m ?n WHERE {{ ?a ex:num ?m FILTER (?m >= {least})
          OPTIONAL {{ SELECT ?a (COUNT(?b) AS ?n) WHERE {{ ?a ex:p0 ?b }} GROUP BY ?a }} }} ORDER BY ?a"""
        found = columns.query(text)
        assert found is not None
        assert (found.columns, list(found)) == _rows(store, text)
        (view,) = columns._terms.views.values()
        kept.append(view.rows is not None)
    assert kept == sorted(kept)
    assert {True, False} == set(kept)


def test_answers_are_the_same_bytes(both: tuple[EmbeddedStore, Columns], kg: KnowledgeGraph) -> None:
    """In every row format the answer of columns is, byte for byte, that of the store."""
    store, columns = both
    for name in ("interventions", "gap-map", "findings", "success-factors"):
        text = kg.sparql_of(kg.catalogue.get(name), {})
        for format in ("csv", "tsv", "json", "xml", "table", "md"):
            ours, theirs = columns.query(text), store.query(text, standalone=True)
            assert ours is not None
            assert isinstance(theirs, Table)
            assert theirs.write(format) == ours.write(format), (name, format)


@pytest.mark.parametrize(("name", "case"), _cases())
def test_stored_queries_on_their_cases(name: str, case: dict[str, object], tmp_path: Path) -> None:
    """The cases of every stored query, the tool's own included, are answered alike by columns and by the store."""
    (tmp_path / "data").mkdir()
    (tmp_path / "whatworks.toml").touch()
    collection = str(case.get("collection", "collection.trig"))
    (tmp_path / "data" / "collection.trig").write_bytes((FOLDER / collection).read_bytes())
    opened = _opened(tmp_path, collection)
    query = opened.catalogue.get(name)
    params = case.get("params", {})
    assert isinstance(params, dict)
    words = {
        key: [str(item) for item in (value if isinstance(value, list) else [value])] for key, value in params.items()
    }
    text = opened.sparql_of(
        query, {key: [w.lower() if w in ("True", "False") else w for w in v] for key, v in words.items()}
    )
    found = _case_columns(collection).query(text)
    if found is None:
        assert query.form != "SELECT" or name in _LEFT_TO_THE_ENGINE
        return
    names, expected = _rows(opened.collection.local, text)
    rows = list(found)
    assert names == found.columns
    assert Counter(expected) == Counter(rows)
    if "ORDER BY" in text.rpartition("}")[2]:  # the search reads what it needs in any order
        assert expected == rows


_OPENED: dict[str, KnowledgeGraph] = {}
_MADE: dict[str, Columns] = {}


def _opened(folder: Path, collection: str) -> KnowledgeGraph:
    if collection not in _OPENED:
        _OPENED[collection] = KnowledgeGraph.open(folder)
        assert len(_OPENED[collection].collection.store)
    return _OPENED[collection]


def _case_columns(collection: str) -> Columns:
    if collection not in _MADE:
        _MADE[collection] = _columns(_OPENED[collection].collection.local)
    return _MADE[collection]


# ---- what is not answered ----

_PATTERN = "SELECT ?a WHERE { ?a ex:p0 ?b "
REFUSED = [
    "ASK { ?a ?p ?b }",
    "CONSTRUCT { ?a ?p ?b } WHERE { ?a ?p ?b }",
    "DESCRIBE ex:n1",
    "SELECT * WHERE { ?a ex:p0 ?b }",
    "SELECT REDUCED ?a WHERE { ?a ex:p0 ?b }",
    f"{_PATTERN} }} VALUES ?a {{ ex:n1 }}",
    f"{_PATTERN} GRAPH ?g {{ ?a ex:p1 ?c }} }}",
    f"{_PATTERN} ; ex:q0 [] }}",
    f"{_PATTERN} FILTER (REGEX(STR(?b), 'x')) }}",
    f"{_PATTERN} FILTER (?b = 01) }}",
    f"{_PATTERN} FILTER (?b = 1e0) }}",
    f"{_PATTERN} FILTER (?b = 'x'@EN) }}",
    f"{_PATTERN} . ?a ex:p1? ?c }}",
    f"{_PATTERN} . ?a !ex:p1 ?c }}",
    f"{_PATTERN} OPTIONAL {{ ?a ex:p1 ?c }} ?c ex:p2 ?d }}",
    f"{_PATTERN} OPTIONAL {{ ?a ex:p1 ?c }} OPTIONAL {{ ?c ex:p2 ?d }} }}",
    f"{_PATTERN} {{ ?c ex:p1 ?d FILTER (?a = ?c) }} }}",
    f"{_PATTERN} BIND (STR(?b) AS ?c) ?d ex:q0 ?c }}",
    f"{_PATTERN} OPTIONAL {{ ?x ex:p1 ?y OPTIONAL {{ ?y ex:p2 ?a }} }} }}",
    "SELECT ?a (COUNT(?b) AS ?n) WHERE { ?a ex:p0 ?b }",
    "SELECT (AVG(?b) AS ?n) WHERE { ?a ex:num ?b }",
    "SELECT (SUM(DISTINCT ?b) AS ?n) WHERE { ?a ex:num ?b }",
    "SELECT (SUM(?b) AS ?n) WHERE { ?a ex:p0 ?b }",
    "SELECT (SUM(?b + ?c) AS ?n) WHERE { ?a ex:num ?b }",
    "SELECT ?a (?b + SUM(?b) AS ?n) WHERE { ?a ex:num ?b } GROUP BY ?a",
    "SELECT (COUNT(STR(?b)) AS ?n) WHERE { ?a ex:p0 ?b }",
    f"{_PATTERN} FILTER (xsd:integer(?b) = 1) }}",
    f"{_PATTERN} FILTER (xsd:decimal(STR(?b)) = 1) }}",
    "SELECT (1.5 / 0.12345678901 AS ?n) WHERE { ?a ex:p0 ?b }",
    "SELECT (1000000000000 * 1000000000000 AS ?n) WHERE { ?a ex:p0 ?b }",
    "SELECT (GROUP_CONCAT(?b) AS ?n) WHERE { ?a ex:label ?b }",
    f"{_PATTERN} }} LIMIT 1",
]


@pytest.mark.parametrize("text", REFUSED)
def test_other_questions_are_left_to_the_engine(text: str) -> None:
    """What is not done in exactly the engine's way is not answered."""
    assert _columns(_store(PROLOGUE + "ex:n1 ex:p0 ex:n2 .")).query(PROLOGUE + text) is None


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?a WHERE { ?a ex:p0 }",
        "SELECT ?a WHERE { ?a ex:p0 ?b ?c ?d ?e }",
        "SELECT ?a WHERE { ?a ex:p0 ?b",
        "SELECT ?a WHERE { ?a nowhere:p0 ?b }",
        "SELECT ?a WHERE { ?a ex:p0 ?b BIND (1 AS ?a) }",
        "SELECT ?a WHERE { ?a ex:p0 ?b } GROUP BY ?b",
        "SELECT ?a WHERE { ?a ex:p0 ?b FILTER (COUNT(?a) > 1) }",
        "SELECT ?a WHERE { ?a ex:p0 ?b } ORDER",
        "SELECT WHERE { ?a ex:p0 ?b }",
        "SELECT ?a WHERE { . ?a ex:p0 ?b }",
    ],
)
def test_what_is_no_query_is_not_answered(text: str) -> None:
    """A text that the engine refuses is not answered by columns either."""
    store = _store(PROLOGUE + "ex:n1 ex:p0 ex:n2 .")
    with pytest.raises((QueryRefused, QuerySyntax)):
        store.query(PROLOGUE + text, standalone=True)
    assert _columns(store).query(PROLOGUE + text) is None


def test_blank_nodes_are_left_to_the_engine() -> None:
    """A blank node in the answer has the engine's name; counting them is no matter of names."""
    columns = _columns(_store(PROLOGUE + "ex:n1 ex:p0 _:x , _:y ."))
    assert columns.query(PROLOGUE + "SELECT ?b WHERE { ?a ex:p0 ?b }") is None
    counted = columns.query(PROLOGUE + "SELECT (COUNT(?b) AS ?n) WHERE { ?a ex:p0 ?b }")
    assert counted is not None
    assert [(Literal.integer(2),)] == list(counted)


@pytest.mark.parametrize("odd", ['"1"^^xsd:double', '"abc"^^xsd:integer', '"2012-01-01+02:00"^^xsd:date'])
def test_values_that_engines_compare_in_their_own_way_are_left_to_them(odd: str) -> None:
    """A value of an unclear kind is returned as it is, but neither compared nor sorted."""
    columns = _columns(_store(PROLOGUE + f"ex:n1 ex:q0 {odd} , 2 ."))
    assert columns.query(PROLOGUE + "SELECT ?l WHERE { ?a ex:q0 ?l }") is not None
    assert columns.query(PROLOGUE + "SELECT ?l WHERE { ?a ex:q0 ?l FILTER (?l < 5) }") is None
    assert columns.query(PROLOGUE + "SELECT ?l WHERE { ?a ex:q0 ?l } ORDER BY ?l") is None


def test_joins_that_would_not_end_are_left_to_the_engine() -> None:
    """A product of everything with everything is not made at once."""
    lines = "\n".join(f"ex:n{number} ex:p0 ex:n{number % 7} ." for number in range(400))
    columns = _columns(_store(PROLOGUE + lines))
    assert columns.query(PROLOGUE + "SELECT ?a WHERE { ?a ex:p0 ?b . ?c ex:p0 ?d . ?e ex:p0 ?f . ?g ex:p0 ?h }") is None


# ---- the file ----

_TERMS: list[Term] = [
    Iri(f"{EX}a#b"), Literal(""), Literal("a\n\t\"\\u0041\\"), Literal("😀é"), Literal.text("x", "pt-br"),
    Literal.integer(7), Literal('a <b> "c" .'), Literal("x", "", Iri(f"{EX}t")), Literal("a <b>"),
]  # fmt: skip


@pytest.mark.parametrize("named", [True, False])
def test_terms_come_back(tmp_path: Path, named: bool) -> None:
    """Every term that N-Quads can write is read back as it was, in a named graph or in none."""
    store = EmbeddedStore({})
    graph = Iri(f"{EX}g") if named else None
    store.add(Quad(Iri(f"{EX}s{place}"), Iri(f"{EX}p"), term, graph) for place, term in enumerate(_TERMS))
    write_columns(io.BytesIO(store.nquads()), tmp_path / "columns")
    columns = Columns.open(tmp_path / "columns")
    found = columns.query(PROLOGUE + "SELECT ?s ?o WHERE { ?s ex:p ?o } ORDER BY ?s")
    assert found is not None
    assert [(Iri(f"{EX}s{place}"), term) for place, term in enumerate(_TERMS)] == list(found)
    for term in _TERMS:
        number = columns.data.find(term)
        assert number is not None
        assert term == columns.data.term(number)
    assert columns.data.find(Literal("nowhere")) is None
    assert columns.data.find(BlankNode("nowhere")) is None


def test_empty_graph() -> None:
    """A graph without statements gives no rows, and counts none."""
    columns = _columns(EmbeddedStore({}))
    found = columns.query(PROLOGUE + "SELECT ?a WHERE { ?a ex:p ?b }")
    assert found is not None
    assert list(found) == []
    counted = columns.query(PROLOGUE + "SELECT (COUNT(?a) AS ?n) WHERE { ?a ex:p ?b }")
    assert counted is not None
    assert [(Literal.integer(0),)] == list(counted)


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b"x" + b, lambda b: b[:40], lambda _: b""])
def test_damaged_file_is_told(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """A file that is cut off or is none is refused, with a hint."""
    file = tmp_path / "columns"
    write_columns(io.BytesIO(b"<a:s> <a:p> <a:o> .\n"), file)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(DamagedRelease, match="columns"):
        Columns.open(file)


def test_plans_cover_the_catalogue(kg: KnowledgeGraph) -> None:
    """Every stored SELECT query, as its file stands, is one that columns can answer, but for those listed."""
    for query in kg.catalogue.all():
        if query.form == "SELECT" and query.name not in _LEFT_TO_THE_ENGINE:
            try:
                check(read(query.text))
            except NotCovered as reason:
                pytest.fail(f"{query.name}: {reason}")


def test_a_long_line_of_values_is_read_once(kg: KnowledgeGraph) -> None:
    """What a search found comes with several queries; each is answered as the engine answers it."""
    things = [thing for thing in kg.things(of_class="Intervention") if "<" not in thing]
    rows = " ".join(f'(<{thing}> "{rank}"^^<{XSD_INTEGER}>)' for rank, thing in enumerate(things, 1))
    values = f"  VALUES (?thing ?rank) {{ {rows} }}"
    assert len(values) > 2000
    columns = _columns(kg.collection.local)
    head = "PREFIX ww: <https://w3id.org/whatworks/ont#>\nSELECT ?thing ?rank WHERE {\n"
    before = given.cache_info().misses
    for pattern in ("?thing ww:stage ?stage", "?thing ww:country ?country FILTER (STR(?country) != 'VALUES')"):
        text = f"{head}{values}\n  {pattern}\n}} ORDER BY ?rank"
        found = columns.query(text)
        assert found is not None
        assert list(kg.collection.local.query(text)) == list(found)  # type: ignore[arg-type] # it is a SELECT query
    assert given.cache_info().misses == before + 1


@pytest.mark.parametrize("sign", ['"""', "'''"])
def test_a_line_within_a_text_is_no_values(kg: KnowledgeGraph, sign: str) -> None:
    """In a text over several lines one may begin as VALUES does; it stays a text."""
    line = "VALUES ?x { " + "<http://e.org/x> " * 200 + "}"
    text = f"SELECT ?x WHERE {{ VALUES ?x {{ {sign}a\n{line}\nb{sign} }} }}"
    columns = _columns(kg.collection.local)
    assert list(kg.collection.local.query(text)) == list(columns.query(text) or [])  # type: ignore[arg-type] # as above


@pytest.mark.parametrize("more", ["FILTER (?x != 1)", "} {", "?x ?y ?z"])
def test_more_on_a_long_line_of_values_is_left_to_the_engine(kg: KnowledgeGraph, more: str) -> None:
    """Only a line that is nothing but VALUES is read apart."""
    line = "VALUES ?x { " + "<http://e.org/x> " * 200 + "} " + more
    columns = _columns(kg.collection.local)
    assert columns.query(f"SELECT ?x WHERE {{\n{line}\n}}") is None


@pytest.mark.parametrize(
    ("text", "is_small"),
    [
        ("SELECT (COUNT(*) AS ?n) { ?a e:p ?b }", True),
        ("SELECT ?b (COUNT(?a) AS ?n) { ?a e:p ?b } GROUP BY ?b ORDER BY DESC(?n) LIMIT 3", False),
        ("SELECT ?b (COUNT(DISTINCT ?a) AS ?n) { ?a e:p ?b } GROUP BY ?b ORDER BY DESC(?n)", True),
        ("SELECT (COUNT(?a) AS ?n) { ?a e:p 1 }", True),
        ("SELECT (COUNT(*) AS ?n) { ?a ?p ?b }", False),
        ("SELECT (COUNT(*) AS ?n) { ?a e:p/e:q ?b }", False),
        ("SELECT (COUNT(*) AS ?n) { ?a e:p* ?b }", False),
        ("SELECT (COUNT(*) AS ?n) { ?a e:p ?b . ?b e:p ?c }", False),
        ("SELECT (COUNT(*) AS ?n) { ?a e:p ?b OPTIONAL { ?b e:q ?c } }", False),
        ("SELECT (COUNT(*) AS ?n) { ?a e:p ?b FILTER (?b > 1) }", False),
        ("SELECT (COUNT(*) AS ?n) { { SELECT ?a { ?a e:p ?b . ?c e:p ?d } } }", False),
        ("SELECT ?b (GROUP_CONCAT(?a) AS ?n) { ?a e:p ?b } GROUP BY ?b", False),
        ("SELECT ?b (MAX(?a) AS ?n) { ?a e:p ?b } GROUP BY ?b", False),
        ("SELECT ?a ?b { ?a e:p ?b }", False),
    ],
)
def test_what_is_a_small_count(text: str, is_small: bool) -> None:
    """One pattern with a named property, counted, and nothing that could be more work."""
    store = _store(f"@prefix e: <{EX}> . e:a e:p 1, 2 . e:b e:p 1 ; e:q e:a .")
    columns = _columns(store)
    found = columns.count(f"PREFIX e: <{EX}> {text}")
    assert (found is not None) == is_small
    if found is not None:
        assert sorted(map(repr, found)) == sorted(map(repr, store.query(f"PREFIX e: <{EX}> {text}")))  # type: ignore[arg-type] # it is a SELECT query


@pytest.mark.parametrize(("name", "most"), [("_STATEMENTS", 2), ("ROWS", 1)])
def test_counts_that_are_not_small_are_left_to_a_process(monkeypatch: pytest.MonkeyPatch, name: str, most: int) -> None:
    """Neither more statements than can be counted at once, nor more rows."""
    columns = _columns(_store(f"@prefix e: <{EX}> . e:a e:p 1, 2 . e:b e:p 1 ."))
    text = f"SELECT ?b (COUNT(*) AS ?n) {{ ?a <{EX}p> ?b }} GROUP BY ?b"
    assert columns.count(text) is not None
    monkeypatch.setattr(small, name, most)
    monkeypatch.setattr("whatworks.columns." + name, most, raising=False)
    assert columns.count(text) is None
