"""Look-ups: what is taken for one, that it would pass the gate, and that its answer is that of a process apart."""

import asyncio
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whatworks import gate
from whatworks.errors import Error
from whatworks.results import Table
from whatworks.store import EmbeddedStore, Limits
from whatworks.store.bounded import Counts, answered, look_up
from whatworks.store.pool import Pool
from whatworks.store.reading import pieces
from whatworks.terms import Iri

LIMITS = Limits(seconds=60, rows=100_000, megabytes=512, bytes=64 << 20)
PREFIXES = {"ex": "http://example.org/"}
HUB, MANY = 3000, 40
DATA = f"""
<http://example.org/a> <http://example.org/p> "plain", "tagged"@en, 5, 5.50, 1e3, true, "a,b\\n\\"c\\"", "é 𝔘" .
<http://example.org/a> <http://example.org/q> <http://example.org/b>, <http://example.org/c,d>, _:blank .
<http://example.org/b> <http://example.org/p> "of b" .
{"".join(f'<http://example.org/many> <http://example.org/p> "{n}" .' for n in range(MANY))}
{"".join(f'<http://example.org/hub> <http://example.org/p> "{n} {"x" * 40}" .' for n in range(HUB))}
"""
LOOK_UPS = [
    "SELECT ?o { <http://example.org/a> <http://example.org/p> ?o }",
    "SELECT * WHERE { ex:a ex:p ?o . OPTIONAL { ex:a ex:none ?n } }",
    "PREFIX e: <http://example.org/> SELECT DISTINCT ?o { e:a e:q ?o ; e:p 5 . } LIMIT 9 # a comment",
    "select ?s ?o { values ?s { ex:a ex:b ex:nothing } ?s ex:p ?o . optional { ?s ex:q ?q } }",
    "SELECT ?s { ?s ex:q ex:b }",
    "SELECT ?p { ex:a ?p 'tagged'@en }",
    'SELECT ?p { ex:a ?p "5"^^<http://www.w3.org/2001/XMLSchema#integer>, true }',
    "SELECT ?c { ex:a a ?c }",
    "SELECT ?x { ex:a ?x ?x }",
    "ASK { ex:a ex:q ex:b }",
    "ASK WHERE { ex:a ex:q ex:a }",
    "CONSTRUCT { ?s ?p ?o } { VALUES ?s { ex:a } ?s ?p ?o }",
    "CONSTRUCT WHERE { ex:b ?p ?o }",
    "DESCRIBE ex:b",
]
OTHERS = [
    "SELECT ?o { ?s ex:p ?o }",
    "SELECT * { ex:a ex:q ?x . ?x ex:p ?o }",
    "SELECT * { ex:a ex:p ?o FILTER (?o = 5) }",
    "SELECT (COUNT(*) AS ?n) { ex:a ex:p ?o }",
    "SELECT * { ex:a ex:p* ?o }",
    "SELECT * { ex:a ex:p ?o } ORDER BY ?o",
    "SELECT * { GRAPH ex:g { ex:a ex:p ?o } }",
    "SELECT * FROM ex:g { ex:a ex:p ?o }",
    "SELECT * { SERVICE ex:s { ex:a ex:p ?o } }",
    "SELECT * { { ex:a ex:p ?o } UNION { ex:b ex:p ?o } }",
    "SELECT * { ex:a ex:p ?o MINUS { ex:a ex:q ?o } }",
    "SELECT * { OPTIONAL { VALUES ?s { ex:a } } ?s ex:p ?o }",
    "SELECT * { _:b ex:p ?o }",
    "SELECT * { [ ex:p ?o ] ex:q ex:b }",
    "PREFIX _: <http://example.org/> SELECT * { _:a ?p ?o }",
    "PREFIX ex:a <http://example.org/> SELECT * { ex:a ?p ?o }",
    "CONSTRUCT { [] ex:p ?o } { ex:a ex:p ?o }",
    "SELECT * { ex:\\u0061 ex:p ?o }",
    "BASE <http://example.org/> SELECT * { <a> ?p ?o }",
    "SELECT * { <a> ?p ?o }",
    "SELECT * { unknown:a ?p ?o }",
    "SELECT * { ex:a ex:p ?o",
    "SELECT * { ex:a ex:p }",
    "INSERT DATA { ex:a ex:p ex:b }",
    "SELECT",
    "",
    # More steps than a look-up has, though each pattern names its subject.
    "SELECT * { ex:many ex:p ?a . ex:many ex:p ?b . ex:many ex:p ?c }",
    "SELECT DISTINCT ?o { ex:hub ?p ?o }",
    "SELECT * { ex:hub ex:p ?o . ex:a ex:none ?n }",
    "SELECT * { VALUES ?a { ex:a ex:b ex:c } VALUES ?b { ex:a ex:b ex:c } " + "?a ex:p ?b ; ex:q ?b . " * 12 + "}",
    "SELECT * { " + "ex:a ex:p ?o . " * 200 + "}",
    "SELECT * { VALUES ?s { " + "ex:a " * 20 + "} ?s ex:p ?o }",
]


@pytest.fixture(scope="module")
def store() -> EmbeddedStore:
    """A store with a thing of many values, and one of far more."""
    found = EmbeddedStore(PREFIXES)
    found.load(DATA.encode(), "turtle", graph=Iri("http://example.org/g"), base="http://example.org/")
    return found


def _apart(store: EmbeddedStore, asked: list[tuple[str, str]]) -> list[bytes | None]:
    """Return what a process apart answers."""

    async def ask() -> list[bytes | None]:
        pool = Pool(store, LIMITS, size=1, waiting=100)
        try:
            return [(await pool.ask(*each).answer).content for each in asked]
        finally:
            pool.close()

    return asyncio.run(ask())


def test_answers_are_those_of_a_process_apart(store: EmbeddedStore) -> None:
    """The same bytes in each format, but for the order of rows: each store in memory has its own."""
    asked, found = [], []
    for text in LOOK_UPS:
        one = look_up(store, text)
        assert one is not None, text
        assert one.form == gate.check(text) == gate.head(text)[0]
        graph = one.form in ("CONSTRUCT", "DESCRIBE")
        for format in ("turtle", "ntriples", "jsonld", "rdfxml", "trig") if graph else ("json", "xml", "csv", "tsv"):
            asked.append((text, format))
            found.append(answered(store, one, format, LIMITS))
    for each, ours, theirs in zip(asked, found, _apart(store, asked), strict=True):
        assert ours is not None
        assert theirs is not None
        # Blank nodes are called otherwise there.
        if not any(sign in theirs for sign in (b"_:", b'"bnode"', b"<bnode>", b"nodeID")):
            assert sorted(ours) == sorted(theirs), each


@pytest.mark.parametrize("text", OTHERS)
def test_other_queries_are_none(store: EmbeddedStore, text: str) -> None:
    """What could take long, and what is no SPARQL, is left to the gate and to a process apart."""
    assert look_up(store, text) is None


def test_what_is_known_of_a_store_is_not_counted_again(store: EmbeddedStore) -> None:
    """Numbers of statements are kept by what they are of; a text that is too much stays so."""
    counts: Counts = {}
    for text in (*LOOK_UPS, *OTHERS) * 2:
        assert look_up(store, text, counts) == look_up(store, text)
    assert 0 < len(counts) < 40
    assert set(counts.values()) > {0, 1, MANY}


def test_long_answers_are_given_up(store: EmbeddedStore) -> None:
    """One pattern may match any number of statements; the writing ends with the first byte too many."""
    one = look_up(store, "SELECT ?o { ex:hub ex:p ?o }")
    assert one is not None
    for format in ("json", "csv"):
        assert answered(store, one, format, LIMITS) is None


@pytest.mark.parametrize("limits", [Limits(rows=5), Limits(bytes=1000)])
def test_low_limits_are_held_by_a_process_apart(store: EmbeddedStore, limits: Limits) -> None:
    """It says that rows were cut."""
    one = look_up(store, LOOK_UPS[0])
    assert one is not None
    assert answered(store, one, "json", limits) is None


def test_the_engine_begins_with_the_names_of_values() -> None:
    """It does not go through all statements for them: that is what one pattern with VALUES rests on."""
    large = EmbeddedStore(PREFIXES)
    lines = (f'<http://example.org/t{n}> <http://example.org/p> "{n}" .' for n in range(30_000))
    large.load("\n".join(lines).encode(), "ntriples", graph=Iri("http://example.org/g"), base="http://example.org/")

    def least(text: str) -> float:
        taken = []
        for _ in range(3):
            begun = time.thread_time()
            found = large.query(text)
            assert isinstance(found, Table)
            found.kept()
            taken.append(time.thread_time() - begun)
        return min(taken)

    everything = least("SELECT (COUNT(*) AS ?n) { ?s ?p ?o FILTER (?o != 1) }")
    for pattern in ("?s ?p ?o", "?s ex:p ?o", "OPTIONAL { ?s ?p ?o }", "ex:t5 ?p ?s"):
        text = f"SELECT * {{ VALUES ?s {{ ex:t1 ex:t2 }} {pattern} }}"
        assert look_up(large, text) is not None
        assert least(text) < everything / 5


_PIECES = [
    *"{}.;,*[]()<>/|^",
    "SELECT",
    "ASK",
    "CONSTRUCT",
    "DESCRIBE",
    "WHERE",
    "OPTIONAL",
    "VALUES",
    "LIMIT",
    "DISTINCT",
]
_PIECES += ["?x", "?y", "ex:a", "ex:p", "ex:b", "a", '"l"', "'m'@en", "^^", "5", "<http://example.org/a>", "PREFIX e:"]
_PIECES += ["_:b", "SERVICE", "LOAD", "FROM", "GRAPH", "UNION", "FILTER", "\n", "# c\n", "true", "ex:p*", "BIND"]
_PIECES += ['"', "'l", '"' * 3 + "l" + '"' * 3, "'" * 3, "<", "<=", "a-b", "\u00b2", "?", "@en", "_", ":", "5.5", "1e3"]
_PIECES += ["ex:a.", "\u00e9:x", "di\u017ftinct"]
_BODIES = [
    "{ ex:a ex:p ?x }",
    "{ ex:a ex:p ?x . ex:b ?y ?x }",
    "{ VALUES ?x { ex:a } ?x ex:p ?y }",
    "{ ex:a ?x ?y ; a ?z }",
]


@given(st.lists(st.sampled_from([*_PIECES, "\\", " "]), max_size=20), st.sampled_from(["", " "]))
@settings(max_examples=400, deadline=None)
def test_a_text_is_cut_where_the_gate_cuts_it(parts: list[str], between: str) -> None:
    """The pieces are the texts of the tokens, but for runs of letters, which the gate cuts further."""
    text, tokens = between.join(parts), [token.text for token in gate.tokens(between.join(parts))]
    for piece in pieces(text):
        whole = ""
        while len(whole) < len(piece):
            whole += tokens.pop(0)
        assert whole == piece
    assert not tokens


@given(
    st.lists(st.sampled_from(_PIECES), max_size=14),
    st.sampled_from(["", "SELECT *", "ASK", "CONSTRUCT { ?x ex:p ?y }", "SELECT DISTINCT ?x"]),
    st.sampled_from(["", *_BODIES]),
    st.integers(0, 20),
)
@settings(max_examples=400, deadline=None)
def test_every_look_up_passes_the_gate(parts: list[str], begin: str, body: str, at: int) -> None:
    """Whatever is taken for a look-up is a query that the gate lets through, and of the same form."""
    words = body.split(" ") if body else []
    text = " ".join([begin, *words[:at], *parts, *words[at:]])
    small = EmbeddedStore(PREFIXES)
    one = look_up(small, text)
    if one is not None:
        assert gate.check(text) == one.form
        try:
            small.raw(text)
        except Error:
            assert answered(small, one, "json" if one.form in ("SELECT", "ASK") else "turtle", LIMITS) is None
