"""Terms, and the writer of terms that no value can break."""

from collections.abc import Callable

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import example, given, settings
from hypothesis import strategies as st

from whatworks import terms
from whatworks.errors import InvalidTerm
from whatworks.terms import (
    XSD_INTEGER,
    XSD_STRING,
    BlankNode,
    Iri,
    Literal,
    Quad,
    Term,
    Triple,
    is_iri,
    write_literal_text,
    write_term,
)

# Characters that end or escape something somewhere come up as often as all others together.
HOSTILE = st.sampled_from(
    "\"'\\\n\r\t\b\f\v\x01\x1f\x7f\x85\u2028\u2029<>{}()[]#@^.;,?$|&%/uUn0041 \u0022é😀\ufeff\u202e"
)
TEXTS = st.text(HOSTILE | st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufffe\uffff"), max_size=30)
BREAKING = (
    '\\u0022 } SELECT', '" } UNION { ?s ?p ?o } #', "\n\\\"", "\\", "\\\\", '\\"', '"""', "'''\\", "\\u005C\\u0022",
    "\\U00000022", "\r\n", "a\\", "\\n", "\\\\u0022", "x\" . <a:a> <a:b> <a:c> . #",
)  # fmt: skip


def values_of(query: str) -> list[str]:
    """Return the texts that pyoxigraph answers for ?x."""
    found = ox.Store().query(query)
    assert isinstance(found, ox.QuerySolutions)
    return [solution["x"].value for solution in found]


def with_breaking(test: Callable[[str], None]) -> Callable[[str], None]:
    """Add the texts that are known to break other writers."""
    for text in BREAKING:
        test = example(text)(test)
    return test


@with_breaking
@given(TEXTS)
@settings(max_examples=2000, deadline=None)
def test_write_term_comes_back_from_sparql_and_turtle(text: str) -> None:
    """Any text written into a VALUES line, and into a Turtle statement, is read as exactly this text."""
    written = write_term(Literal(text))
    parsed = list(ox.parse(f"<a:a> <a:b> {written} .", format=ox.RdfFormat.TURTLE))
    assert values_of(f"SELECT ?x WHERE {{\n  VALUES ?x {{ {written} }}\n}}") == [text]
    assert [quad.object.value for quad in parsed] == [text]


@given(TEXTS, TEXTS)
@settings(max_examples=200, deadline=None)
def test_write_term_keeps_two_values_apart(first: str, second: str) -> None:
    """Two texts in one VALUES list stay two, whatever they hold; this broke the writer of rdflib."""
    written = " ".join(write_term(Literal.text(text, "en")) for text in (first, second))
    assert values_of(f"SELECT ?x WHERE {{ VALUES ?x {{ {written} }} }}") == [first, second]


@pytest.mark.parametrize("text", BREAKING)
def test_write_term_comes_back_from_rdflib(text: str) -> None:
    """The same holds for rdflib, which replaces \\uXXXX before it cuts the text into tokens."""
    query = f"SELECT ?x WHERE {{ VALUES ?x {{ {write_term(Literal(text))} 'end' }} }}"
    assert [str(row[0]) for row in rdflib.Graph().query(query)] == [text, "end"]  # type: ignore[index]


@given(TEXTS)
@settings(max_examples=50, deadline=None)
def test_write_term_never_leaves_the_string_in_rdflib(text: str) -> None:
    """In rdflib every text gives one row, which is the text."""
    query = f"SELECT ?x WHERE {{ VALUES ?x {{ {write_term(Literal(text))} }} }}"
    assert [str(row[0]) for row in rdflib.Graph().query(query)] == [text]  # type: ignore[index]


@given(TEXTS)
@settings(max_examples=200, deadline=None)
def test_write_literal_text_is_one_line_without_raw_escapes(text: str) -> None:
    """What is written has no control character and no backslash that stands before a raw u."""
    written = write_literal_text(text)
    assert [char for char in written if ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0] == []
    assert "\\u" not in written


@pytest.mark.parametrize("bad", ["\x00", "\ud800", "\ufffe", "\uffff"])
def test_write_term_refuses_characters_that_no_file_can_hold(bad: str) -> None:
    """NUL, lone surrogates and non-characters are refused by their code point."""
    with pytest.raises(InvalidTerm, match=f"U\\+{ord(bad):04X}"):
        write_term(Literal(f"a{bad}b"))


@pytest.mark.parametrize(
    ("term", "written"),
    [
        (Iri("https://example.org/a"), "<https://example.org/a>"),
        (Literal("a"), '"a"'),
        (Literal.text("Ausbildung", "de"), '"Ausbildung"@de'),
        (Literal.integer(-7), f'"-7"^^<{XSD_INTEGER}>'),
        (Literal("a\tb\r\n\\\"'"), '"a\\tb\\r\\n\\\\\\"\'"'),
        (Literal("\\u0041"), '"\\\\\\U000000750041"'),
        (Literal("\x07\x85"), '"\\U00000007\\U00000085"'),
        (BlankNode("b0"), "_:b0"),
    ],
)
def test_write_term_writes_the_short_common_form(term: Term, written: str) -> None:
    """Each kind of term has one written form."""
    assert write_term(term) == written


@pytest.mark.parametrize(
    "term",
    [
        Iri("no iri"),
        Iri("https://example.org/> <a:b> <c"),
        Literal("a", "en> <x"),
        Literal("a", "en-a"),
        Literal("a", "en\n"),
        Literal("a", "", Iri("x y")),
        BlankNode("b . <a:a> <a:b> <a:c>"),
        BlankNode("b."),
        BlankNode(""),
    ],
)
def test_write_term_refuses_what_would_end_early(term: Term) -> None:
    """An IRI, a tag, a datatype or a name that holds more than itself is refused."""
    with pytest.raises(InvalidTerm):
        write_term(term)


IRI_PARTS = st.lists(
    st.sampled_from(
        ["a", "b", ":", "//", "/", "@", "?", "#", "[", "]", "::1", "%41", "%", "%4", ".", "-", "é", " ", ">", "<", '"',
         "{", "\\", "\n", "1", "\ue000", "\ufdd0", "\U0001fffe", "\U000f0000", "\U000e0001", "日", "'", "(", "|", "^"]
    ),
    max_size=9,
)  # fmt: skip


@pytest.mark.slow
@example(["//", '"> } SELECT', "@", "[", "::1", "]"])
@example(["//", "[", ":::", "]"])
@example(["//", "a", ":", "b"])
@given(IRI_PARTS)
@settings(max_examples=2000, deadline=None)
def test_is_iri_accepts_only_what_parsers_accept(parts: list[str]) -> None:
    """What counts as an IRI is read unchanged by the strict parser."""
    text = "http:" + "".join(parts)
    if is_iri(text):
        (quad,) = ox.parse(f"<{text}> <a:b> <a:c> .", format=ox.RdfFormat.N_TRIPLES)
        assert isinstance(quad.subject, ox.NamedNode)
        assert quad.subject.value == text


@given(st.text(st.sampled_from("ab1:/?#[]@%4.-~! <\n")), st.sampled_from(["", "a:", "http://", "x://[::1]"]))
def test_iris_in_ascii_are_judged_like_others(text: str, start: str) -> None:
    """A text without other letters has a pattern of its own, which judges it in the same way."""
    found, expected = (terms._iri_pattern(ascii).fullmatch(start + text) for ascii in (True, False))
    assert (found is None, found and found.groups()) == (expected is None, expected and expected.groups())


@pytest.mark.parametrize(
    "text",
    [
        "https://w3id.org/whatworks/voc/stage/pilot",
        "urn:isbn:978",
        "mailto:a@example.org",
        "http://user:word@example.org:8080/a?b=c&d=(e)#f",
        "http://[2001:db8::1]:80/",
        "http://[::1]",
        "https://example.org/métiers/日本",
        "https://example.org/a%20b",
        "a:",
    ],
)
def test_is_iri_accepts_addresses(text: str) -> None:
    """The IRIs that occur in data are IRIs."""
    assert is_iri(text)


@pytest.mark.parametrize(
    "text",
    ["", "a", "//example.org", "1a:b", "https://example.org/a b", "https://x.org/%zz", "http://x/[a]", "http://x#a#b",
     "http://x/\n", "http://x\n", "http://[::1", "http://[1.2.3.4]/", "http://[:::]/", "http://x:port/",
     'a://"> } SELECT@[::1]/'],
)  # fmt: skip
def test_is_iri_refuses_what_is_none(text: str) -> None:
    """Relative references, spaces, broken escapes, hosts and ports are no absolute IRIs."""
    assert not is_iri(text)


TAGS = st.lists(st.sampled_from(["en", "de", "x", "a", "abc", "Latn", "AT", "1996", "u", "12345678", "i", "abcdefghi"]))


@given(TAGS)
@settings(max_examples=500, deadline=None)
def test_write_term_writes_only_tags_that_parsers_accept(tags: list[str]) -> None:
    """A language tag is either refused or read by the strict parser."""
    try:
        written = write_term(Literal("a", "-".join(tags) or "-"))
    except InvalidTerm:
        return
    (quad,) = ox.parse(f"<a:a> <a:b> {written} .", format=ox.RdfFormat.TURTLE)
    assert isinstance(quad.object, ox.Literal)
    assert quad.object.language == "-".join(tags).lower()


@pytest.mark.parametrize("tag", ["en", "pt-BR", "zh-Hant-TW", "de-1996", "sl-rozaj", "en-x-private", "x-own", "de-419"])
def test_write_term_accepts_tags(tag: str) -> None:
    """The tags that occur in data are written."""
    assert write_term(Literal.text("a", tag)) == f'"a"@{tag}'


@pytest.mark.parametrize(
    ("iri", "code"),
    [
        ("https://w3id.org/whatworks/voc/stage/pilot", "pilot"),
        ("https://w3id.org/whatworks/ont#Practice", "Practice"),
        ("https://example.org/a/", "a"),
        ("urn:a", "urn:a"),
    ],
)
def test_iri_code_is_the_last_part(iri: str, code: str) -> None:
    """The code of an IRI is what stands after its last slash or number sign."""
    assert Iri(iri).code == code


def test_quad_triple_drops_the_graph() -> None:
    """A statement without its graph is a triple."""
    quad = Quad(Iri("a:a"), Iri("a:b"), Literal("c", "", XSD_STRING), Iri("a:g"))
    assert quad.triple == Triple(Iri("a:a"), Iri("a:b"), Literal("c"))
