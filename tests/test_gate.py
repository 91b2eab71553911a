"""The gate: what it refuses and where, what it lets through, and that it cannot be slowed down or led astray."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

import pyoxigraph as ox
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from whatworks import gate
from whatworks.errors import Place, QueryRefused, QuerySyntax
from whatworks.gate import Limits, check, tokens
from whatworks.terms import Literal, write_term

# A port that the engine refuses to connect to: no test leaves the machine even if the gate fails.
OUTSIDE = "<http://127.0.0.1:9/>"
CALL = f"SERVICE {OUTSIDE} {{ ?a ?b ?c }}"


def refused_at(query: str, **options: object) -> tuple[str, Place | None]:
    """Return the message and the place of a refusal."""
    with pytest.raises((QueryRefused, QuerySyntax)) as caught:
        check(query, **options)  # type: ignore[arg-type]
    return caught.value.message, caught.value.where


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("SELECT * { ?s ?p ?o }", "SELECT"),
        ("ask{}", "ASK"),
        ("PREFIX a: <https://x.org/load/from#>\nCONSTRUCT WHERE { ?s a:service ?o }", "CONSTRUCT"),
        ("# SELECT\nBASE <https://x.org/insert>\nDESCRIBE <a>", "DESCRIBE"),
        ("PREFIX select: <https://x.org/>\nASK { ?s select:a ?select }", "ASK"),
    ],
)
def test_check_returns_the_form(query: str, form: str) -> None:
    """The form of a query is its first keyword that is one, in capitals."""
    assert check(query) == form


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("select * { ?s ?p ?o }", "SELECT"),
        ("# ASK\n\nPREFIX ww: <https://a.example/SELECT#>\nPREFIX : <b>CONSTRUCT { ?s ?p ?o } WHERE { }", "CONSTRUCT"),
        ("PREFIX # ASK\n a: <x#> DESCRIBE a:SELECT", "DESCRIBE"),
        ("BASE <https://a.example/> ASK { ?select ?p ?o }", "ASK"),
        ("PREFIX select: <x> PREFIX b:<ASK> select(1 AS ?a) {}", "SELECT"),
        ("INSERT DATA { }", ""),
        ("", ""),
        ("# SELECT", ""),
    ],
)
def test_the_form_is_found_at_once(query: str, form: str) -> None:
    """The form of a query is known without reading all of it, whatever stands before it."""
    assert form == gate.head(query)[0]
    assert form == query[: gate.head(query)[1]][-len(form) :].upper()


@pytest.mark.parametrize(
    ("query", "said", "line", "column"),
    [
        ("", "holds no query", 1, 1),
        ("# only a remark", "holds no query", 1, 1),
        ("\n PREFIX a: <https://x.org/>", "holds no query", 2, 2),
        ("hello world", "holds no query", 1, 1),
        ("INSERT DATA { <a:a> <a:b> 1 }", "INSERT would change data", 1, 1),
        ("PREFIX a: <a:>\nDELETE WHERE { ?s ?p ?o }", "DELETE would change data", 2, 1),
        ("ASK {} ;\n DROP ALL", "DROP would change data", 2, 2),
        ("LOAD <http://x.org/>", "LOAD would reach", 1, 1),
        (f"SELECT * {{\n  {CALL}\n}}", "SERVICE would reach", 2, 3),
        ("ASK { service silent ?x {} }", "SERVICE would reach", 1, 7),
        ("SELECT * FROM <file:///etc/passwd> {}", "FROM names something", 1, 10),
        ("SELECT *\nFROM NAMED <http://x.org/> {}", "FROM names something", 2, 1),
        ("SELECT * FROM graph:a {}", "FROM names something", 1, 10),
        ("ASK FROM", "FROM names something", 1, 5),
        ("ASK { ?s ?p foo }", "'foo' is no word of SPARQL", 1, 13),
        ("ASK { ?s ?p 'a }", "quote is not closed", 1, 13),
        ('ASK {\n?s ?p """a }', "quote is not closed", 2, 9),
        ("ASK { ?s \\u003fp ?o }", "backslash stands alone", 1, 10),
        ("ASK { ?s ?p 'a\\qb' }", "begins no escape", 1, 15),
        ("ASK { ?s ?p '\\uD800' }", "begins no escape", 1, 14),
        ("ASK { ?s ?p '\\UFFFFFFFF' }", "begins no escape", 1, 14),
    ],
)
def test_check_refuses_and_says_where(query: str, said: str, line: int, column: int) -> None:
    """Each refusal has a reason and a place."""
    message, where = refused_at(query)
    assert said in message
    assert where == Place("query", line, column)


def test_check_refuses_long_texts() -> None:
    """A text over the limit is refused at the first character too many."""
    query = "ASK {}\n" + "#" * 20
    assert check(query, limits=Limits(characters=27)) == "ASK"
    message, where = refused_at(query, limits=Limits(characters=26))
    assert message == "The query has 27 characters; at most 26 are allowed."
    assert where == Place("query", 2, 20)


def test_check_lets_from_name_the_graphs_of_the_store() -> None:
    """FROM and FROM NAMED may name a graph that is there."""
    graphs = {"https://x.org/g"}
    assert check("SELECT * FROM <https://x.org/g> FROM NAMED <https://x.org/g> {}", graphs=graphs) == "SELECT"
    _, where = refused_at("SELECT *\nFROM <https://x.org/g>\nFROM <https://x.org/h> {}", graphs=graphs)
    assert where == Place("query", 3, 1)


@pytest.mark.parametrize(("opening", "closing"), ["()", "{}", "[]"])
def test_check_refuses_the_hundred_and_first_bracket(opening: str, closing: str) -> None:
    """A hundred open brackets pass, one more does not, whatever the kind and however they are mixed."""
    for before in ("", "{", "{(["):
        number = 100 - len(before)
        assert check(f"ASK {before}{opening * number}{closing * number}", limits=Limits(patterns=999)) == "ASK"
        message, where = refused_at(f"ASK {before}{opening * 20_000}", limits=Limits(patterns=999))
        assert message == "The query is nested more than 100 deep."
        assert where == Place("query", 1, 105)


def test_check_counts_brackets_in_what_may_be_no_iri() -> None:
    """The engine takes `1<((1))&&2>1` for comparisons; brackets there count as well."""
    assert check("ASK { FILTER(1<((((1))))&&2>1) }") == "ASK"
    for hidden in ("1<" + "(" * 20_000 + "1" + ")" * 20_000 + "&&2>1", "1<(1>0&&" * 300 + "1" + ")" * 300):
        message, _ = refused_at(f"ASK {{ FILTER({hidden}) }}", limits=Limits(patterns=999, operators=999))
        assert message == "The query is nested more than 100 deep."


FLAT = {
    "statements": ("ASK {", "?a ?b ?c.", "}"),
    "properties": ("ASK { ?s <a:b> 1", "; <a:b> ?o", "}"),
    "values": ("ASK { ?s <a:b> 1", ", ?o", "}"),
    "groups": ("ASK {", "{?a ?b ?c}", "}"),
    "graphs": ("ASK {", "GRAPH ?g{}", "}"),
    "optional": ("ASK {", "OPTIONAL{}", "}"),
    "union": ("ASK {{}", "UNION{}", "}"),
    "filters": ("ASK {", "FILTER(1)", "}"),
    "filters by name": ("PREFIX a: <a:> ASK {", "FILTERa:b(1)", "}"),
    "filters with words": ("ASK {", "FILTER EXISTS{}", "}"),
    "values blocks": ("ASK {", "VALUES ?x {1}", "}"),
    "binds": ("ASK {", "BIND(1 AS ?x)", "}"),
    "members of a list": ("ASK { ?s ?p (", "1 ", ") }"),
    "negative members of a list": ("ASK { ?s ?p (", "-1 ", ") }"),
    "lists in a list": ("ASK { ?s ?p (", "()", ") }"),
    "blank nodes": ("ASK { ?s ?p (", "[]", ") }"),
    "having": ("SELECT (1 AS ?x) {} HAVING ", "(1)", ""),
    "expressions": ("SELECT ", "(1 AS ?x)", "{}"),
    "things to describe": ("DESCRIBE ", "<a:b>", ""),
    "things to describe by name": ("PREFIX a: <a:> DESCRIBE ", "a:b ", ""),
    "additions": ("ASK { FILTER(1", "+1", ") }"),
    "alternatives": ("ASK { FILTER(1", "||1", ") }"),
    "negations": ("ASK { FILTER(", "!", "1) }"),
    "arguments": ("ASK { FILTER(1 IN (1", ",1", ")) }"),
    "steps of a path": ("ASK { ?s <a:b>", "/<a:b>", " ?o }"),
    "divisions that look like an IRI": ("ASK { FILTER(1<a:b", "/1", "&&2>1) }"),
    "negations that look like an IRI": ("ASK { FILTER(1<", "!", "1&&2>1) }"),
}


# These make a query deep; the others make it long.
DEEP = ("alternatives", "negations", "arguments", "steps of a path", *(name for name in FLAT if "look like" in name))


@pytest.mark.parametrize("name", FLAT)
def test_check_refuses_flat_texts_that_overflow_the_engine(name: str) -> None:
    """Thirty of anything pass; many thousands, of which each kind here kills the engine or never ends, do not."""
    head, unit, tail = FLAT[name]
    assert check(head + unit * 30 + tail) in head
    message, where = refused_at(head + unit * 15_000 + tail)
    many = "400 operators" if name in DEEP else "100 patterns"
    assert message == f"The query has more than {many}."
    assert where is not None
    assert where.line == 1


# Texts by number of units, the highest number that passes, and what is said of one more.
BOUNDED: dict[str, tuple[Callable[[int], str], int, str]] = {
    "sorted by calls": (lambda n: "SELECT ?s {?s ?p ?o} ORDER BY " + "RAND() " * n, 50, "sorts by more than 50"),
    "sorted by variables": (lambda n: "SELECT ?s {?s ?p ?o} ORDER BY " + "?o " * n, 50, "sorts by more than 50"),
    "sorted inside": (lambda n: "ASK {{SELECT * {} ORDER BY " + "DESC(1) " * n + "}}", 50, "sorts by more than 50"),
    "grouped": (lambda n: "SELECT (1 AS ?n) {?s ?p ?o} GROUP BY " + "STR(?o) " * n, 50, "groups or sorts by"),
    "grouped by name": (lambda n: "SELECT * {} GROUP BYa:f(1) " + "a:f(1) " * n, 48, "more than 100 patterns"),
    "selects": (
        lambda n: "SELECT * {" + "{SELECT (COUNT(*) AS ?n) {" * n + "?s ?p ?o" + "}}" * n + "}",
        9,
        "SELECT within SELECT more than 10 deep",
    ),
    "repeated groups": (
        lambda n: "ASK { ?s " + "(" * n + "<a:a> " + "|<a:b>)*" * n + " ?o }",
        10,
        "repeats groups of a path more than 10 deep",
    ),
    "groups repeated once": (
        lambda n: "ASK { ?s " + "(" * n + "<a:a>" + "|^<a:b>)+" * n + " ?o }",
        10,
        "repeats groups of a path",
    ),
    "groups left out": (
        lambda n: "ASK { ?s " + "((" * n + "<a:a>" + "/<a:b>)?)" * n + " ?o }",
        10,
        "repeats groups of a path",
    ),
    "words": (lambda n: "SELECT" + " ?a" * n + " {}", 1997, "has more than 2000 words, terms and signs"),
    "declarations": (lambda n: "PREFIX a: <a:> " * n + "ASK {}", 665, "has more than 2000 words"),
}


@pytest.mark.parametrize("name", BOUNDED)
def test_check_bounds_what_the_engine_does_not(name: str) -> None:
    """So many pass, one more does not, and thousands do not either."""
    made, most, said = BOUNDED[name]
    assert check(made(most)) in made(most)
    for number in (most + 1, 8000):
        message, where = refused_at(made(number))
        assert said in message or (number == 8000 and message.startswith("The query "))
        assert where is not None


def test_check_counts_items_where_they_are() -> None:
    """Variables of triples, of SELECT, and of several clauses are no items of one clause."""
    triples = "?a ?b ?c . " * 60
    assert check(f"SELECT {'?a ' * 60} {{ {triples} }}") == "SELECT"
    assert check(
        f"ASK {{ {'{SELECT * {} GROUP BY ' + '?a ' * 30 + '}'} {'{SELECT * {} ORDER BY ' + '?a ' * 30 + '}'} }}"
    )


@pytest.mark.parametrize(
    ("query", "sign", "column"),
    [
        ("ASK {?s ?p ?o ~}", "~", 15),
        ("ASK {?s ?p ?o " + "~" * 20_000 + "}", "~", 15),
        ("ASK {<a:a> <a:b> <a:c> " + "~ <a:r> " * 6000 + "}", "~", 24),
        ("ASK {?s ?p ?o {| ?p ?o |}}", "{|", 16),
        ("ASK {?s ?p ?o {||}}", "{|", 16),
        ("ASK {<< ?s ?p ?o >> ?p ?o}", "<<", 7),
        ("ASK {<<a:b> ?p ?o>> ?p ?o}", "<<", 7),
        ("ASK {?s ?p <<( ?s ?p ?o )>>}", "<<", 13),
        ("ASK { VALUES ?x { <<( <a:a> <a:b> 1 )>> } }", "<<", 20),
    ],
)
def test_check_refuses_what_is_not_sparql_1_1(query: str, sign: str, column: int) -> None:
    """Quoted triples, reifiers and annotations are refused; the engine reads them without a bound."""
    assert refused_at(query) == (f"{sign} is no sign of SPARQL 1.1.", Place("query", 1, column))


@pytest.mark.parametrize(
    "query",
    [
        "ASK { FILTER(1<2)" + "?a?b?c." * 5000 + "FILTER(2>1)}",
        "ASK { FILTER(1<2)?a?b?c" + "~?r" * 300 + "FILTER(2>1)}",
        "SELECT * {} ORDER BY (1<2)" + "RAND()" * 3000 + "(2>1)",
        "SELECT * {} ORDER BY (1<(2)&&2>1)(1<2)" + "RAND()" * 3000 + "(2>1)",
    ],
)
def test_check_refuses_a_bracket_closed_in_what_may_be_no_iri(query: str) -> None:
    """What leaves the parentheses in which `<` may be a comparison could hide anything."""
    message, _ = refused_at(query)
    assert message == "What may be an IRI or a comparison closes a bracket."
    assert check("SELECT * { VALUES (?x) { (<https://x.org/a)b>) } ?x <https://x.org/:)> ?y }") == "SELECT"


PLAN = """
import sys, time
import pyoxigraph
from contextlib import suppress
store = pyoxigraph.Store()
with suppress(SyntaxError, RuntimeError):
    store.query("ASK {}")
    started = time.process_time()
    answer = store.query(sys.stdin.read(), prefixes={"a": "a:"}, use_default_graph_as_union=True)
    list(answer) if hasattr(answer, "__iter__") else None
    sys.exit(time.process_time() - started > 10)
"""


def longest(made: Callable[[int], str]) -> str:
    """Return the longest text of a family that passes."""
    low, high = 1, 16_000
    while high - low > 1:
        middle = (low + high) // 2
        with suppress(QueryRefused, QuerySyntax):
            check(made(middle))
            low = middle
            continue
        high = middle
    return made(low)


def flat(name: str) -> Callable[[int], str]:
    """Return the family of a flat text."""
    head, unit, tail = FLAT[name]
    return lambda number: head + unit * number + tail


FAMILIES: dict[str, Callable[[int], str]] = {
    **{name: flat(name) for name in FLAT},
    **{name: made for name, (made, _, _) in BOUNDED.items()},
    "pairs": lambda n: "ASK { ?s a ?k " + "".join(f"; a ?k{number}" for number in range(n)) + "}",
    "optional steps": lambda n: "ASK { ?s <a:b>?" + "/<a:b>?" * n + " ?o }",
    "optional groups": lambda n: "ASK {" + "".join(f"OPTIONAL {{?s a ?k{number}}}" for number in range(n)) + "}",
    "groups in groups": lambda n: "ASK {" + "OPTIONAL {?s ?p ?o " * n + "}" * (n + 1),
    "nodes in nodes": lambda n: "ASK {?s ?p " + "[ ?p " * n + "1" + "]" * n + "}",
    "calls in calls": lambda n: "ASK {FILTER(" + "STR(" * n + "1" + ")" * n + "='1')}",
    "full selects": lambda n: "ASK {" + ("{SELECT (COUNT(*) AS ?n) {" + "?s a ?k ." * n) * 9 + "}}" * 9 + "}",
    "full repeated groups": lambda n: "ASK { ?s " + "(" * 10 + "<a:a>" + ("|<a:b>" * n + ")*") * 10 + " ?o }",
    "values": lambda n: "SELECT * { VALUES ?x {" + "1 " * (10 * n) + "} }",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_what_passes_is_planned(name: str) -> None:
    """The longest text of each family that passes neither ends the engine nor is planned for more than ten seconds."""
    query = longest(FAMILIES[name])
    ended = subprocess.run([sys.executable, "-c", PLAN], input=query.encode(), timeout=120, check=False)
    assert ended.returncode == 0


def test_check_counts_nothing_in_the_data_of_values() -> None:
    """A list of values may be long; what follows it counts again."""
    data = " ".join(f"('x-{number}.' <https://x.org/a-b/c.d;e> -1)" for number in range(2000))
    query = f"SELECT * {{ VALUES (?a ?b ?c) {{ {data} }} ?a ?b ?c . %s }}"
    assert check(query % "") == "SELECT"
    assert refused_at(query % ("?a ?b ?c . " * 101))[0] == "The query has more than 100 patterns."


HARMLESS = [
    "'SERVICE'", '"LOAD <x> FROM"', "'''INSERT ' SERVICE '' {'''", '"""\n" SERVICE "" {{{"""', "'\\' SERVICE {'",
    '"\\\\"', "<https://x.org/SERVICE/(a)/LOAD>", "<https://x.org/\\u0053ERVICE#from>", "from:load", "service:from",
    "<https://x.org/a#SERVICE>", "from:SERVICE\\-LOAD", "'a' # SERVICE {{{{\n", "?SERVICE", "$LOAD", "_:SERVICE",
    "'a'@service", "from:a%20b.c", "'\\u0022'", "'\\\\u0022'", "'caf\u00e9'@fr", "é:日本", "1.5e-3", "true",
]  # fmt: skip


@pytest.mark.parametrize("term", HARMLESS)
def test_check_does_not_refuse_harmless_text(term: str) -> None:
    """Keywords in strings, IRIs, remarks, names, variables and tags are not keywords, and the engine agrees."""
    query = (
        "PREFIX from: <https://x.org/> PREFIX service: <https://x.org/> PREFIX é: <https://x.org/>\n"
        f"SELECT * {{ ?s ?p {term} . ?s service:load ?load . GRAPH service:from {{ ?s ?p ?service }} }}"
    )
    assert check(query) == "SELECT"
    ox.Store().query(query)


def test_check_reads_sparql_with_all_its_words() -> None:
    """A query with most features of SPARQL passes."""
    query = """
    PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
    SELECT DISTINCT ?s (COUNT(DISTINCT ?o) AS ?n) (GROUP_CONCAT(?l; SEPARATOR=", ") AS ?ls) WHERE {
      { ?s a ?c ; <a:p>+/^<a:q>|!<a:r> ?o } UNION { ?s <a:p>* [ <a:q> "x"@en-GB, 'y'^^xsd:string, -1.5e3 ] }
      OPTIONAL { ?s <a:l> ?l FILTER(LANGMATCHES(LANG(?l), "en") && STRLEN(STR(?l)) >= 3 || !BOUND(?l)) }
      MINUS { ?s <a:x> true } FILTER NOT EXISTS { GRAPH ?g { ?s ?p ?o } }
      BIND(IF(ISIRI(?s), ENCODE_FOR_URI(STR(?s)), COALESCE(?l, "")) AS ?e)
      VALUES (?c ?x) { (<a:C> UNDEF) (xsd:a 1) }
      { SELECT ?s { ?s ?p ?o } ORDER BY DESC(?o) ASC(?p) LIMIT 5 OFFSET 1 }
    } GROUP BY ?s HAVING (SUM(?n) > 1 && MAX(?n) NOT IN (1, 2)) ORDER BY ?s
    """
    assert check(query) == "SELECT"


HIDDEN = {
    "in two words written together": f"ASK {{ ?s ?p true{CALL} }}",
    "before its own option": f"ASK {{ SERVICESILENT{OUTSIDE}{{}} }}",
    "before a name": "PREFIX a: <http://127.0.0.1:9/> ASK { SERVICEa:b{ ?a ?b ?c } }",
    "before a name, after a word": "PREFIX a: <http://127.0.0.1:9/> ASK { ?s ?p trueSERVICEa:b{ ?a ?b ?c } }",
    "after a number": f"ASK {{ ?s ?p 1{CALL} }}",
    "after a language with a direction": f'ASK {{ ?s ?p "a"@en--ltr {CALL} }}',
    "after an escaped quote": f"PREFIX a: <a:> ASK {{ ?s ?p a:b\u00b7\\' . {CALL} ?s ?p a:b\\' }}",
    "after an escaped quote and a mark": f"PREFIX a: <a:> ASK {{ ?s ?p a:b\u0301\\' . {CALL} ?s ?p a:b\\' }}",
    "behind an IRI with an escape": f'ASK {{ ?s ?p "\\u0022" . ?s ?p <a:\\u0041#> . {CALL}\n ?s ?p "\\u0022" }}',
    "in what is no long string": f"ASK {{ ?s ?p ('''a') {CALL} # \\q '''\n }}",
    "in what is no long string either": f'ASK {{ ?s ?p ("""a") {CALL} # \\uD800 """\n }}',
    "after a comparison": f"ASK {{ FILTER(1<2){CALL} FILTER(2>1) }}",
    "after a remark": f"ASK {{ # remark\r{CALL} }}",
    "after an escape that ends a string": f'ASK {{ FILTER("\\u0022) {CALL} #"="") }}',
}


@pytest.mark.parametrize("name", HIDDEN)
def test_check_finds_hidden_calls(name: str) -> None:
    """A call that the engine would make is refused, however it is written."""
    message, where = refused_at(HIDDEN[name])
    assert message.startswith(("SERVICE would", "The query is not valid SPARQL. The backslash begins no escape"))
    assert where is not None


def test_check_says_where_an_escape_hides_a_call() -> None:
    """The place of a refusal is the place in the text as it was written, after escapes of both lengths."""
    query = 'ASK { ?s ?p "\\U00000042\\u0041", "\\u0022 .\nSERVICE <http://127.0.0.1:9/> {} #" }'
    assert refused_at(query.replace("\n", " "))[1] == Place("query", 1, query.index("SERVICE") + 1)


def test_check_accepts_every_escaped_text() -> None:
    """A text with escapes that would not be SPARQL if they were replaced first is still a text."""
    for text in ("\\u0022", "\\\\u0022", "'", '"""', "\\u005C"):
        assert check(f"SELECT ({write_term(Literal(text))} AS ?x) {{}}") == "SELECT"


PIECES = st.sampled_from(
    ["'", '"', "'''", '"""', "\\", "<", ">", "#", "\n", "\r", " ", "a", "SERVICE", "SELECT", "{", "}", "(", ")", "[",
     ":",
     "a:b", ".", "-", "é", "·", "²", "😀", "?", "$x", "@en", "1", "1.5", "e", "\\'", "\\u0022", "\\u0041", "%41", "_",
     "&&", "^^", "|", "\x00", "\u2028", "\ud800", "/",
     "*"]
)  # fmt: skip


@given(st.lists(PIECES.filter(str.isascii), max_size=25).map("".join) | st.text(st.characters(codec="ascii")))
@settings(max_examples=400, deadline=None)
def test_texts_in_ascii_are_cut_like_others(query: str) -> None:
    """A text without other letters has a pattern of its own, which cuts it in the same way."""
    remark = "# \u00e9\n"
    assert tokens(remark + query) == [token._replace(start=token.start + len(remark)) for token in tokens(query)]


@example(["'", "\\"])
@given(st.lists(PIECES, max_size=25))
@settings(max_examples=400, deadline=None)
def test_tokens_cover_the_text(pieces: list[str]) -> None:
    """Between the tokens there are only remarks and white space, and each token is what stands at its place."""
    query = "".join(pieces)
    end = 0
    for token in [*tokens(query), gate.Token("", "", len(query))]:
        between = query[end : token.start]
        lines = between.replace("\r", "\n").split("\n")
        assert [line for line in lines if line.strip() and not line.strip().startswith("#")] == []
        assert query[token.start : token.start + len(token.text)] == token.text
        assert end <= token.start
        end = token.start + len(token.text)


@given(st.lists(PIECES, max_size=25))
@settings(max_examples=400, deadline=None)
def test_check_ends_in_a_form_or_a_refusal_with_a_place(pieces: list[str]) -> None:
    """Whatever the text, there is a form, or a refusal with a place inside the text."""
    query = "ASK { ?s ?p " + "".join(pieces)
    try:
        assert check(query) == "ASK"
    except (QueryRefused, QuerySyntax) as refusal:
        place = refusal.where
        assert place is not None
        assert place.line in range(1, query.count("\n") + 2)


@given(st.lists(PIECES, max_size=12))
@settings(max_examples=600, deadline=None)
def test_check_lets_no_call_through(pieces: list[str]) -> None:
    """No text around a call makes the gate accept what the engine would run."""
    query = f"PREFIX a: <a:> ASK {{ ?s ?p {''.join(pieces)} SERVICE<http://127.0.0.1:9/>{{ ?a ?b ?c }} }}"
    try:
        check(query)
    except (QueryRefused, QuerySyntax):
        return
    # It was accepted, so for the engine the call is no call: with the name of another keyword it is the same.
    assert engine_reads(query) == engine_reads(query.replace(" SERVICE<", " SERVIZE<"))


def engine_reads(query: str) -> bool:
    """Say whether the engine takes a text for SPARQL."""
    try:
        ox.Store().query(query)
    except (SyntaxError, UnicodeEncodeError):
        return False
    except (OSError, RuntimeError):
        return True
    return True


SLOW = [
    "'", '"', "'''", '"""', "\\'", '\\"', "'\\", "'''x'\\", "''' ", "\\'''", '"\\\n', "<", "<a", "< ", "<a>",
    "<\\u0041", "a.", "a-", "a.b-", "a:", "a:.", "a:b.", "a:b.\\-", ":%41", "%4", "1.", "1e", "1.5e", "@a-", "@a--",
    "?", "?a", "_", "_:", ".", "(", "((", ")", "{", "#", "#\n", "^", "|", "&", "!", "\\u0041", "\\u0027", "é", "é.",
    "😀", " ", "\n", "a", "aSERVICE", "PREFIX a:<a:>", "<(", "<))", "'a'", "'a'@en ", "VALUES ?x{", "}", "--",
    "SELECT ",
]  # fmt: skip


def seconds(query: str, limits: Limits | None = None) -> float:
    """Return how long the gate takes for a text, whatever it says."""
    started = time.process_time()
    with suppress(QueryRefused, QuerySyntax):
        check(query, limits=limits)
    return time.process_time() - started


@pytest.mark.slow
@pytest.mark.parametrize("unit", SLOW)
def test_check_is_fast_on_hostile_texts(unit: str) -> None:
    """A text of 24 KB made of one unit is judged in a time that only a linear reading reaches."""
    assert seconds("ASK { " + unit * (24_000 // len(unit))) < 1


@pytest.mark.parametrize("unit", ["'", "\\'", "<", "a.", "<("])
def test_check_is_fast_on_the_longest_texts(unit: str) -> None:
    """A text of 256 KB takes seconds at most, also where no limit ends the counting early."""
    unlimited = Limits(nesting=10**9, patterns=10**9, operators=10**9)
    assert seconds("ASK { " + unit * (262_000 // len(unit)), unlimited) < 10
