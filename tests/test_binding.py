"""No value changes a query: hostile values through every parameter of every stored query, and 100,000 random ones.

A bound query is cut into tokens: outside the braces of its VALUES lines they are those of a harmless value, and what
stands between the braces is read by engines as exactly the terms that were meant.
"""

import random
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery

from whatworks import KnowledgeGraph, gate
from whatworks.catalogue import Bound, Parameter, Query
from whatworks.catalogue.header import name_of
from whatworks.errors import InvalidTerm, InvalidValue, UsageError
from whatworks.results import Boolean, Triples
from whatworks.terms import XSD_DATE, XSD_DECIMAL, XSD_INTEGER, BlankNode, Iri, Literal, Term, is_iri, write_term

SECOND = "BIND (1 AS ?hostile)"
HOSTILE = (
    '"', "'", '"""', "'''", "`", "«»“”‘’", '\\"', "\\'", "\\", "\\\\", '\\\\"', "a\\",
    ">", "<", "<>", "}", "{", "} }", ") }", "]", "#", "# comment", "x # }", "\n#", "}\n#",
    "\\u0022", "\\U00000022", "\\u0027", "\\u003E", "\\u007D", "\\u005C\\u0022", "\\\\u0022", "\\u000A", "\\uD800",
    "\n", "\r", "\r\n", "\t", "\x0b", "\x0c", "\x1b[2J", "\x7f", "\x85", "\u2028", "\u2029", "\n\\\"", "x\n}\n",
    "\x00", "a\x00b", "\ud800", "\udfff", "a\ud83d", "\ufffe", "\uffff", "\ufeff", "\u200b", "\u202e", "\u2066x\u2069",
    "e\u0301" * 50, "😀", "\U000e0041", "\U0010ffff", "x" * 1_000_000, '"' * 1_000_000, "\\" * 100_001,
    f'" }} {SECOND} VALUES ?x {{ "', f"' }} {SECOND} #", f"> }} {SECOND} #", f'""" }} {SECOND} #', f"}} {SECOND} {{",
    f'\\u0022 }} {SECOND} #', '" } UNION { ?s ?p ?o } #', '"@en "x', '"^^<a:a> "x', '" . <a:a> <a:b> <a:c> . #',
    "SERVICE <http://127.0.0.1:9/> { ?s ?p ?o }", '"} ; DROP ALL #', "1 2", "1) (2", "?s", "$s", "UNDEF", "_:b", "[]",
    "true false", "(1 2)", "<<?s ?p ?o>>", "^<a:a>", "a|!b", "#if country", "#end", "{{country}}", "{country}", "${x}",
    "{% raw %}", "%s", "%(name)s", "%", "%zz", "%22%3E%7D", "\\N{DIGIT ONE}", "$(id)", "`id`", "-- x", "=1+1", "@en",
    "https://example.org/a b", 'https://example.org/"', "https://example.org/>", "https://example.org/\\u003E",
    f"<https://example.org/> {SECOND} #>", "https://example.org/{x}", "https://example.org/|^`", "https://example.org/'",
    "https://example.org/%", "https://example.org/%22", "https://example.org/#a#b", "https://example.org/)(;,",
    "https://example.org/\n", "https://[::1]:9/", "https://[example", "file:///etc/passwd", "javascript:alert(1)",
    "//x", "urn:x:\u202e", "https://example.org/\ue000", "", " ", "a:", ":", "country:BEL }", "country:B\\u0045L",
    "country:%42EL", "country:BEL\\,x", "ww:stage|ww:scope", "country:BEL country:FRA", "voc:../../x",
    "\\country:BEL", "9" * 19, "9" * 5000, "-" + "9" * 19, "1e400", "1e5", "NaN", "INF", "-0", "+1", "0x10", "1_000",
    "١", "½", "--1", "1.", ".5", "1,5", "0.0000000000000000001", "2147483648", "-1", "99999", "0", "1.5",
    "2026-02-30", "2026-13", "0000", "0001", "9999-12-31", "2026-1-5", "20260115", "2026-01-15Z",
    "2026-01-15T00:00:00Z", '2026-01-15" }', "2026-01-15 2026-01-16", "2026-01-1\\u0035", "２０２６", "yesterday",
)  # fmt: skip


def _stored() -> list[Query]:
    kg = KnowledgeGraph.open()
    names = [name_of(asset) for asset in kg.assets.queries() if asset.name.endswith(".rq")]
    return [query for query in map(kg.catalogue.get, sorted(names)) if query.parameters]


STORED = _stored()
PARAMETERS = [(query, parameter) for query in STORED for parameter in query.parameters]


def _given(query: Query, parameter: Parameter, values: Sequence[str]) -> dict[str, Sequence[str]]:
    """Return the values for a query: these for the parameter, and what else it needs."""
    needed = {each.name: [each.example] for each in query.parameters if each.required}
    return {**needed, parameter.name: values}


def _cut(text: str, variables: Sequence[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the tokens outside the VALUES braces of these variables, and what stands between each pair of braces."""
    names = [f"?{variable}" for variable in variables]
    opened = [[*names, "{"], ["(", *names, ")", "{"]]
    found = gate.tokens(text)
    outside, inside, index = [], [], 0
    while index < len(found):
        outside.append((found[index].kind, found[index].text))
        index += 1
        if found[index - 1].word != "VALUES":
            continue
        for head in opened:
            brace = index + len(head) - 1
            if [token.text for token in found[index : brace + 1]] == head:
                outside += [(token.kind, token.text) for token in found[index : brace + 1]]
                index = next(at for at in range(brace, len(found)) if found[at].text == "}")
                inside.append(text[found[brace].start + 1 : found[index].start])
    return outside, inside


def _engine_terms(inside: str, width: int = 1) -> list[tuple[ox.NamedNode | ox.Literal, ...]]:
    """Return the terms that the engine reads between braces, row by row."""
    names = " ".join(f"?v{number}" for number in range(width))
    head = names if width == 1 else f"({names})"
    found = ox.Store().query(f"SELECT {names} WHERE {{ VALUES {head} {{ {inside} }} }}")
    assert isinstance(found, ox.QuerySolutions)
    rows = [tuple(solution) for solution in found]
    assert all(isinstance(term, ox.NamedNode | ox.Literal) for row in rows for term in row)
    return rows


def _to_engine(term: Term) -> ox.NamedNode | ox.Literal:
    """Return the engine's own term; nothing is written and read again."""
    assert not isinstance(term, BlankNode)
    if isinstance(term, Iri):
        return ox.NamedNode(term)
    if term.language:
        return ox.Literal(term.value, language=term.language)
    return ox.Literal(term.value, datatype=ox.NamedNode(term.datatype))


def _answer(kg: KnowledgeGraph, text: str) -> object:
    answer = kg.collection.store.query(text)
    if isinstance(answer, Triples):  # they come in any order
        return sorted(map(repr, answer))
    return answer.value if isinstance(answer, Boolean) else list(answer)


def _meant(kg: KnowledgeGraph, parameter: Parameter, value: str, bound: Bound) -> list[Term]:
    """Return the terms that a value means, found without the code under test where the type allows it."""
    match parameter.type:
        case "text":
            return [Literal(value)]
        case "iri":
            return [Iri(value)]
        case "integer" | "year":
            return [Literal(str(int(value)), "", XSD_INTEGER)]
        case "date":
            return [Literal(value.strip() + "-01" * (2 - value.count("-")), "", XSD_DATE)]
        case "decimal":
            return [Literal(f"{(Decimal(value) + 0).normalize():f}", "", XSD_DECIMAL)]
    found = [term for row in bound.rows for term in row]
    assert all(next(kg.collection.store.match(term), None) for term in found if isinstance(term, Iri))
    return found


# ---- hostile values ----


def test_there_is_something_to_bind() -> None:
    """The queries of people and of the tool are among those below, and the values are many."""
    assert {"interventions", "reach", "gap-map", "system/labels"} <= {query.name for query in STORED}
    assert len(PARAMETERS) > 80
    assert len(set(HOSTILE)) == len(HOSTILE) > 130


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "parameter"), PARAMETERS, ids=[f"{query.name}-{parameter.name}" for query, parameter in PARAMETERS]
)
def test_hostile_value(kg: KnowledgeGraph, query: Query, parameter: Parameter) -> None:
    """A hostile value is refused by the name of the parameter, or stands in the query as one term and nothing else."""
    _holds(kg, query, parameter, HOSTILE)


def _holds(kg: KnowledgeGraph, query: Query, parameter: Parameter, values: Iterable[str]) -> None:
    harmless, _ = _cut(kg.sparql_of(query, _given(query, parameter, [parameter.example])), parameter.variables)
    for value in values:
        given = _given(query, parameter, [value])
        refusal, bound = None, Bound()
        try:
            bound = kg.lookup.bind(query, given)[parameter.name]
        except UsageError as error:
            refusal = error
        if refusal is not None:
            assert refusal.message.startswith(f"--{parameter.name}: ")
            assert refusal.message.isprintable()
            assert len(str(refusal)) < 1000
            continue
        text = kg.sparql_of(query, given)
        if parameter.type == "boolean":
            assert text == kg.sparql_of(query, _given(query, parameter, [bound.word]))
            continue
        outside, inside = _cut(text, parameter.variables)
        width = len(parameter.variables)
        terms = [_to_engine(term) for term in _meant(kg, parameter, value, bound)]
        expected = [tuple(terms[at : at + width]) for at in range(0, len(terms), width)]
        assert harmless == outside
        assert inside
        assert all(expected == _engine_terms(each, width) for each in inside)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("query", "parameter"),
    [pair for pair in PARAMETERS if pair[1].type in ("text", "iri")],
    ids=lambda each: each.name,
)
def test_hostile_value_is_answered_like_any_other(kg: KnowledgeGraph, query: Query, parameter: Parameter) -> None:
    """The answer is that of the same query with the term written by the engine; where it is looked up, that of a miss.

    The IRI of a data set stands in the statements about it; what is nowhere is answered by itself.
    """
    miss = "nothing-of-this-name" if parameter.type == "text" else "https://example.org/nothing-of-this-name"
    missed = _answer(kg, kg.sparql_of(query, _given(query, parameter, [miss])))
    common = {"", " ", "a", "-", "'", "<", "e", "s", "0", "%"}  # a text that holds these is no miss
    for value in HOSTILE:
        try:
            text = kg.sparql_of(query, _given(query, parameter, [value]))
        except InvalidValue:
            continue
        term = ox.Literal(value) if parameter.type == "text" else ox.NamedNode(value)
        answer = _answer(kg, text)
        written = text
        for each in dict.fromkeys(_cut(text, parameter.variables)[1]):
            written = written.replace(f"{{{each}}}", f"{{ {term} }}")
        assert answer == _answer(kg, written)
        if query.name == "system/nowhere":
            assert [(Iri(value),)] == answer
        elif value not in common:
            assert missed == answer


@pytest.mark.parametrize(
    ("query", "parameter"),
    [pair for pair in PARAMETERS if pair[1].many and pair[1].type in ("text", "iri")],
    ids=lambda each: each.name,
)
def test_two_hostile_values_stay_two(kg: KnowledgeGraph, query: Query, parameter: Parameter) -> None:
    """Values in one list do not run together, whatever the first of them ends with."""
    for value in HOSTILE:
        if not is_iri(value):
            continue
        text = kg.sparql_of(query, _given(query, parameter, [value, parameter.example, value]))
        terms = sorted([value, parameter.example, value])
        for inside in _cut(text, parameter.variables)[1]:
            assert terms == sorted(row[0].value for row in _engine_terms(inside))


# ---- canonical forms ----


@pytest.mark.parametrize("type", ["integer", "year", "date", "decimal", "boolean", "choice"])
def test_only_canonical_forms_reach_the_query(kg: KnowledgeGraph, type: str) -> None:
    """However a number, date, boolean or choice is written, the query gets the one form of it, or it is refused."""
    ways = {
        "integer": {"7": ["7", "07", " 7 ", "0007"], "0": ["0", "00", "-0"]},
        "year": {"2014": ["2014", "02014", " 2014\n"]},
        "date": {"2014-03-01": ["2014-03-01", "2014-03", " 2014-03-01\n"], "2014-01-01": ["2014", "2014-01"]},
        "decimal": {"0.5": ["0.5", "00.50", " 0.500 "], "0": ["0", "-0", "0.0", "-0.00"], "1": ["1", "1.0", "01.000"]},
        "boolean": {"true": ["true", "TRUE", "Yes", "1", " true "], "false": ["false", "No", "0"]},
    }
    for query, parameter in PARAMETERS:
        if parameter.type != type:
            continue
        for form, written in (ways[type] if type != "choice" else {word: [word] for word in parameter.choices}).items():
            try:
                texts = {kg.sparql_of(query, _given(query, parameter, [each])) for each in written}
            except InvalidValue:
                assert parameter.minimum is not None
                assert float(form) < parameter.minimum
                continue
            assert len(texts) == 1
            _, inside = _cut(texts.pop(), parameter.variables)
            if type == "boolean":
                assert inside == []
            elif type == "choice":
                meant = [tuple(_to_engine(term) for term in parameter.choices[form])]
                assert all(meant == _engine_terms(each, len(parameter.variables)) for each in inside)
            else:
                datatype = {"decimal": XSD_DECIMAL, "date": XSD_DATE}.get(type, XSD_INTEGER)
                assert {f'"{form}"^^<{datatype}>'} == {each.strip() for each in inside}
        for refused in (
            "7 8",
            "7.",
            "+7",
            "7e0",
            "0x7",
            "seven",
            "7#",
            "７",
            "Stage",
            "STAGE",
            "stage ",
            "tru",
            "2",
            "",
        ):
            if (type, refused) in (("integer", "2"), ("decimal", "2")) and parameter.maximum is None:
                continue
            with pytest.raises(UsageError, match=f"^--{parameter.name}: "):
                kg.sparql_of(query, _given(query, parameter, [refused]))


@pytest.mark.parametrize(
    ("value", "said"), [("1.000000000000000001", "not between"), ("-0.1", "not between"), ("9" * 18, "not between")]
)
def test_decimal_out_of_bounds(kg: KnowledgeGraph, value: str, said: str) -> None:
    """A decimal number outside the bounds of its parameter is refused, by however little."""
    with pytest.raises(InvalidValue, match=f"--minimum-score: {value} is {said} 0 and 1"):
        kg.query("related", minimum_score=value)


def _date_of(kg: KnowledgeGraph, value: str) -> str:
    """Return the date that `records-since` is bound to, as the engine reads it; nothing else of the query differs."""
    query = kg.catalogue.get("records-since")
    harmless, _ = _cut(kg.sparql_of(query, {"date": ["2026-01-15"]}), ["date"])
    outside, inside = _cut(kg.sparql_of(query, {"date": [value]}), ["date"])
    assert harmless == outside
    ((term,),) = _engine_terms(inside[0])
    assert isinstance(term, ox.Literal)
    assert XSD_DATE == term.datatype.value
    return term.value


@pytest.mark.slow
@given(st.dates())
@settings(max_examples=300, deadline=None)
def test_every_day_is_bound(kg: KnowledgeGraph, day: date) -> None:
    """Every day of the calendar is bound as it is; its month and its year are bound as their first day."""
    assert day.isoformat() == _date_of(kg, day.isoformat())
    assert day.replace(day=1).isoformat() == _date_of(kg, day.isoformat()[:7])
    assert day.replace(month=1, day=1).isoformat() == _date_of(kg, day.isoformat()[:4])


def test_today_is_bound(kg: KnowledgeGraph) -> None:
    """Today is the day in UTC, as the times of records are."""
    before = datetime.now(UTC).date().isoformat()
    found = _date_of(kg, "Today")
    assert found in (before, datetime.now(UTC).date().isoformat())


@pytest.mark.slow
@given(st.from_regex(r'[0-9]{0,5}-?[0-9]{0,3}-?[0-9]{0,3}[ Z"]?') | st.text(max_size=12))
@example("2026-02-29")
@example("2024-02-29")
@example("２０２６-01-15")
@settings(max_examples=500, deadline=None)
def test_any_text_is_a_date_or_refused(kg: KnowledgeGraph, value: str) -> None:
    """What is no day, month or year of the calendar is refused by the name of the parameter and with an example."""
    parts = value.strip().split("-")
    lengths = [len(part) for part in parts]
    expected = None
    if lengths == [4, 2, 2][: len(lengths)] and all(part.isascii() and part.isdigit() for part in parts):
        with suppress(ValueError):
            expected = date(*[int(part) for part in [*parts, "1", "1"][:3]]).isoformat()
    elif value.strip().casefold() == "today":
        return
    if expected is not None:
        assert expected == _date_of(kg, value)
        return
    with pytest.raises(
        InvalidValue, match=r"^--date: .* (is no date such as 2026-01-15|is not in the calendar)\."
    ) as told:
        _date_of(kg, value)
    assert "(2026-01-15)" in told.value.hint


# ---- random strings ----

PIECES = [piece for piece in HOSTILE if len(piece) < 40]
PLAIN = list("abcunUTFE0019- _.:/@^,;=?$&|*+()[]~")
FORBIDDEN = frozenset("\x00\ufffe\uffff")


def _random(seed: int, count: int) -> list[str]:
    """Return random strings: pieces of hostile values, letters, and characters of all planes."""
    rng = random.Random(seed)  # noqa: S311 - the same strings in every run
    anywhere = [chr(rng.randrange(0x110000)) for _ in range(200)] + [chr(rng.randrange(0x800)) for _ in range(200)]
    pieces = [*PIECES * 2, *PLAIN * 6, *anywhere]
    return ["".join(rng.choices(pieces, k=rng.randrange(9))) for _ in range(count)]


def _is_writable(text: str) -> bool:
    return not FORBIDDEN.intersection(text) and not any("\ud800" <= char <= "\udfff" for char in text)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "query", "parameter"),
    [(number, *pair) for number, pair in enumerate(PARAMETERS)],
    ids=[f"{query.name}-{parameter.name}" for query, parameter in PARAMETERS],
)
def test_random_values(kg: KnowledgeGraph, number: int, query: Query, parameter: Parameter) -> None:
    """100,000 strings, as many through each parameter: refused by its name, or one term and nothing else."""
    _holds(kg, query, parameter, _random(1000 + number, 100_000 // len(PARAMETERS) + 1))


@pytest.mark.slow
@pytest.mark.parametrize("part", range(2))
def test_random_texts(kg: KnowledgeGraph, part: int) -> None:
    """10,000 strings more through a parameter of type text: each comes back exactly, and nothing around it changes."""
    query = kg.catalogue.get("reach")
    parameter = next(each for each in query.parameters if each.type == "text")
    harmless, _ = _cut(kg.sparql_of(query, _given(query, parameter, [parameter.example])), parameter.variables)
    bound = 0
    for text in _random(part, 5000):
        try:
            written = kg.sparql_of(query, {parameter.name: [text]})
        except InvalidValue:
            assert not _is_writable(text)
            continue
        outside, inside = _cut(written, parameter.variables)
        assert harmless == outside
        assert [[(ox.Literal(text),)]] == [_engine_terms(each) for each in inside]
        bound += 1
    assert bound > 4000


@pytest.mark.slow
@pytest.mark.parametrize("part", range(2))
def test_random_literals(part: int) -> None:
    """10,000 strings through the writer, with languages and datatypes, five in a list: five come back."""
    around = [("word", "SELECT"), ("variable", "?x"), ("operator", "{"), ("word", "VALUES"), ("variable", "?x")]
    datatypes = (Iri("http://www.w3.org/2001/XMLSchema#token"), Iri("urn:a:b"))  # the engine rewrites numbers only
    texts = [text for text in _random(100 + part, 6500) if _is_writable(text)][:5000]
    assert len(texts) == 5000
    for start in range(0, len(texts), 5):
        plain, english, brazilian, *typed = texts[start : start + 5]
        terms = [Literal(plain), Literal.text(english, "en"), Literal.text(brazilian, "pt-BR")]
        terms += [Literal(text, "", datatype) for text, datatype in zip(typed, datatypes, strict=True)]
        written = " ".join(write_term(term) for term in terms)
        outside, _ = _cut(f"SELECT ?x {{ VALUES ?x {{ {written} }} }}", ["x"])
        assert [*around, *(("operator", sign) for sign in "{}}")] == outside
        assert [(_to_engine(term),) for term in terms] == _engine_terms(written)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(2))
def test_random_iris(kg: KnowledgeGraph, part: int) -> None:
    """10,000 strings more through a parameter of type iri: refused, or one IRI that comes back exactly."""
    query = kg.catalogue.get("unused-concepts")
    parameter = query.parameter("scheme")
    harmless, _ = _cut(kg.sparql_of(query, _given(query, parameter, [parameter.example])), parameter.variables)
    rng = random.Random(part)  # noqa: S311 - the same strings in every run
    bound = 0
    for number, tail in enumerate(_random(200 + part, 5000)):
        kept = "".join(char for char in tail if number % 4 or char not in ' <>"{}|\\^`%\n\r\t#[]')
        text = rng.choice(("", "https://example.org/", "urn:a:", "HTTP://é.example:80/?", "a:")) + kept
        try:
            written = kg.sparql_of(query, {parameter.name: [text]})
        except InvalidValue:
            with pytest.raises(InvalidTerm):
                write_term(Iri(text))
            continue
        outside, inside = _cut(written, parameter.variables)
        assert harmless == outside
        assert [[(ox.NamedNode(text),)]] == [_engine_terms(each) for each in inside]
        bound += 1
    assert 500 < bound < 4500


@pytest.mark.slow
def test_random_terms_in_rdflib() -> None:
    """2,000 terms come back from rdflib, too, which reads \\uXXXX before it cuts a text into tokens."""
    texts = [text for text in _random(300, 2400) if _is_writable(text)]
    terms: list[Term] = [Iri(f"urn:a:{text}") if is_iri(f"urn:a:{text}") else Literal(text) for text in texts[:2000]]
    assert len(terms) == 2000
    graph = rdflib.Graph()
    for start in range(0, len(terms), 4):
        four = terms[start : start + 4]
        written = " ".join(write_term(term) for term in four)
        expected = [rdflib.URIRef(term) if isinstance(term, Iri) else rdflib.Literal(_text(term)) for term in four]
        rows = graph.query(f"SELECT ?x WHERE {{ VALUES ?x {{ {written} }} }}")
        assert expected == [row[0] for row in rows]  # type: ignore[index]  # a SELECT query has rows


def _text(term: Term) -> str:
    assert isinstance(term, Literal)
    return term.value


@pytest.mark.slow
def test_algebra_in_rdflib(kg: KnowledgeGraph) -> None:
    """The algebra that rdflib makes of a bound query is that of a harmless value, but for the value."""
    query = kg.catalogue.get("reach")
    parameter = next(each for each in query.parameters if each.type == "text")

    def algebra(value: str) -> str:
        text = kg.sparql_of(query, {parameter.name: [value]})
        return repr(translateQuery(parseQuery(text)).algebra).replace(repr(rdflib.Literal(value)), "VALUE")

    harmless = algebra("harmless")
    assert "VALUE" in harmless
    for value in [text for text in HOSTILE if 0 < len(text) < 1000 and _is_writable(text)][::8]:
        assert harmless == algebra(value)
