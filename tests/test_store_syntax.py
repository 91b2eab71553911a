"""The safe reading and writing of RDF files."""

import random
import time
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whatworks.errors import (
    EncodingFault,
    Error,
    Place,
    RemoteContext,
    SyntaxFault,
    XmlEntities,
)
from whatworks.formats import FORMATS
from whatworks.store import decoded, ordered, parse, serialize, write_ordered
from whatworks.terms import RDF_TYPE, XSD, XSD_INTEGER, BlankNode, Iri, Literal, Quad

BASE = "https://base.org/"
A, B, C, G, H = (Iri(f"https://x.org/{name}") for name in "abcgh")
READABLE = [format.name for format in FORMATS if format.readable]
NAMED = [format.name for format in FORMATS if format.readable and format.carries == "quads"]


def read(data: str | bytes, format: str = "turtle", **options: Any) -> list[Quad]:
    """Read a file named a.file."""
    content = data.encode() if isinstance(data, str) else data
    return parse(content, format, name="a.file", base=BASE, **options)


def fault_of(data: str | bytes, format: str = "turtle", **options: Any) -> Error:
    """Return the error of a file that cannot be read."""
    with pytest.raises(Error) as caught:
        read(data, format, **options)
    return caught.value


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufffe\uffff"), max_size=8)
XML_TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=8)


@pytest.mark.parametrize("format", READABLE)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_parse_undoes_serialize(format: str, data: st.DataObject) -> None:
    """What is written in a format is read back as the same statements; formats of one graph lose its name only."""
    texts = XML_TEXTS if format == "rdfxml" else TEXTS
    values = (
        st.sampled_from([A, Literal("1", "", XSD_INTEGER)])
        | texts.map(Literal)
        | st.builds(Literal.text, texts, st.just("en"))
    )
    graphs = st.sampled_from([None, G, H]) if format in NAMED else st.none()
    quads = data.draw(st.lists(st.builds(Quad, st.sampled_from([A, C]), st.just(B), values, graphs), max_size=6))
    written = serialize(quads, format, prefixes={"x": "https://x.org/"})
    assert set(read(written, format)) == set(quads)
    assert {quad.graph for quad in read(written, format, graph=B)} <= {B, G, H}


def test_serialize_drops_graphs_where_the_format_has_none() -> None:
    """Turtle holds the statements of all graphs."""
    assert read(serialize([Quad(A, B, C, G)], "turtle")) == [Quad(A, B, C)]


def test_written_and_ordered_statements_are_sorted_and_merged() -> None:
    """Statements come in one order, whatever that of the store: a thing before its parts, what has no graph first."""
    a, b, g, h = (Iri(f"https://x.org/{name}") for name in ("a", "a#b", "g", "h"))
    one, other = Literal("1"), Literal("2")
    quads = [Quad(a, b, one), Quad(a, b, one, g), Quad(b, a, one, g), Quad(b, a, other, g), Quad(a, b, one, h)]
    text = b"".join(serialize([quad], "nquads") for quad in quads)
    triples = b"".join(serialize([quad], "ntriples") for quad in quads[1:4])
    for order in permutations(quads):
        assert write_ordered((*order, quads[0]), "nquads", {}) == text
        assert write_ordered(order, "ntriples", {}) == triples
        assert ordered(order) == [quad._replace(graph=None) for quad in quads[1:4]]


def test_parse_resolves_against_the_base_and_renames_blank_nodes() -> None:
    """Relative IRIs never become paths of the machine, and blank nodes of two files stay apart."""
    first, second = (read("<a> <b> _:same .")[0] for _ in range(2))
    assert (first.subject, first.predicate) == (BASE + "a", BASE + "b")
    assert isinstance(first.object, BlankNode)
    assert first.object != second.object


@pytest.mark.parametrize("format", READABLE)
def test_parse_drops_a_byte_order_mark(format: str) -> None:
    """A file as Windows editors save it is read."""
    written = serialize([Quad(A, B, Literal("é"))], format)
    assert read(b"\xef\xbb\xbf" + written, format) == [Quad(A, B, Literal("é"))]


RDF = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e.org/">\n'
ABOUT = '<rdf:Description rdf:about="http://e.org/a">'


@pytest.mark.parametrize(
    ("format", "text", "line", "column"),
    [
        ("turtle", '<a> <b> "é" .\n<a> <b> "é" "x" .\n', 2, 13),
        ("turtle", '<a> <b> "open\n', 1, 9),
        ("turtle", "<a> <b> <c d> .", 1, 9),
        ("turtle", "\n\n<a> no:b <c> .", 3, 5),
        ("turtle", '<a> <b> "x"@en-a .', 1, 13),
        ("turtle", "<a> <b> " + "( " * 20_000, 1, 40_009),
        ("turtle", "<a> <b> <c> .\n\x00", 2, 1),
        ("trig", "<g> {\n<a> <b> }", 2, 9),
        ("ntriples", "<http://a> <http://b> <http://c> .\nx", 2, 1),
        ("ntriples", '<http://a> <http://b> "\\uD800" .', 1, 24),
        ("ntriples", "<a> <http://b> <http://c> .", 1, 1),
        ("nquads", '<http://a> <http://b> "x"\n', 2, 1),
        ("jsonld", '{\n "@id": "a",,\n}', 2, 13),
        ("jsonld", "", 1, 1),
        ("rdfxml", RDF + ABOUT + "<e:p>\nx</e:q>\n", 3, 4),
        ("rdfxml", RDF + "<a", 2, 1),
        ("rdfxml", "", 1, 1),
        ("rdfxml", RDF + ABOUT + "<e:p>&nbsp;</e:p></rdf:Description></rdf:RDF>", 2, 50),
        ("rdfxml", RDF + "\n" + ABOUT + '\n<e:p rdf:ID="1 2">x</e:p>\n</rdf:Description>\n</rdf:RDF>\n', 4, None),
        ("rdfxml", RDF + '<rdf:Description rdf:about="http://[x"/></rdf:RDF>', 2, None),
    ],
)
def test_parse_says_where_a_file_is_malformed(format: str, text: str, line: int, column: int | None) -> None:
    """Each syntax says the file, the line, and where it can the column."""
    fault = fault_of(text, format)
    assert isinstance(fault, SyntaxFault)
    assert fault.where == Place("a.file", line, column)
    assert "Parser error" not in fault.message


@pytest.mark.parametrize(
    ("format", "text", "said"),
    [
        ("jsonld", '{"@id": "http://e.org/a", "http://e.org/p": {"@value": [1]}}', "@value"),
        ("jsonld", '{"@context": 7}', "@context"),
        ("jsonld", '{"http://e.org/p": NaN}', "NaN"),
        ("jsonld", '{"http://e.org/p": ' + "1" * 5000 + "}", "digits"),
        ("jsonld", '{"@id": "http://e.org/a", "@id": "http://e.org/b"}', "'@id' stands 2 times"),
        ("jsonld", '{"http://e.org/p": "\\ud800"}', "half a character, U\\+D800"),
        ("jsonld", '{"@graph": ' + "[" * 101 + "]" * 101 + "}", "more than 100 deep"),
        ("jsonld", '{"@context": ' + "[" * 500 + "]" * 500 + "}", "more than 100 deep"),
        ("jsonld", '{"a":' * 500 + "1" + "}" * 500, "more than 100 deep"),
        ("jsonld", "[" * 100_000, "too deep"),
        ("rdfxml", RDF + (ABOUT + "<e:p>") * 20_000, "more than 1000 deep"),
        ("turtle", "<a> <b> '" + "x" * (17 * 1024 * 1024) + "' .", "buffer"),
        ("turtle", "<a> <b> <<( <c> <d> <e> )>> .", "triple terms"),
        ("turtle", "<< <a> <b> <c> >> <d> <e> .", "triple terms"),
        ("turtle", "<a> <b> <c> {| <d> <e> |} .", "triple terms"),
        ("turtle", '<a> <b> "x"@ar--rtl .', "direction"),
        ("ntriples", "<http://a> <http://b> <<( <http://a> <http://b> <http://c> )>> .", "triple terms"),
    ],
)  # fmt: skip
def test_parse_refuses_what_cannot_be_held(format: str, text: str, said: str) -> None:
    """Deep nesting, huge texts, terms of RDF 1.2 and faults of JSON-LD are told with the file."""
    fault = fault_of(text, format)
    assert isinstance(fault, SyntaxFault)
    assert fault.where is not None
    assert fault.where.file == "a.file"
    assert said.replace("\\", "") in fault.message


def test_parse_reads_all_or_nothing() -> None:
    """A fault in the last line leaves nothing read."""
    lines = [f"<a> <b> {number} ." for number in range(500)]
    assert len(read("\n".join(lines))) == 500
    assert fault_of("\n".join([*lines, "<a> <b>"])).where == Place("a.file", 501, 8)


@pytest.mark.parametrize(
    ("data", "line", "column", "byte"),
    [
        (b"<a> <b> 'caf\xe9' .", 1, 13, "0xe9"),
        (b"# ok\n<a> <b> '\x93x\x94' .", 2, 10, "0x93"),
        ("<a> <b> 'x' .".encode("utf-16"), 1, 1, "0xff"),
        ("é\n'éé".encode() + b"\xe9'", 2, 4, "0xe9"),
        (b"\xef\xbb\xbf# ok\n\xff", 2, 1, "0xff"),
        (b"\xed\xa0\x80", 1, 1, "0xed"),
    ],
)
def test_decoded_says_where_a_file_is_not_utf_8(data: bytes, line: int, column: int, byte: str) -> None:
    """A file in another encoding is refused at its first wrong byte."""
    fault = fault_of(data)
    assert isinstance(fault, EncodingFault)
    assert fault.where == Place("a.file", line, column)
    assert byte in fault.message


def test_decoded_reads_utf_8() -> None:
    """UTF-8 is read, without a byte order mark at the start and with one elsewhere."""
    assert decoded(b"\xef\xbb\xbfa\xef\xbb\xbf\xc3\xa9", "a") == "a\ufeffé"


# JSON-LD contexts

CONTEXT = "https://w3id.org/whatworks/context/v1.jsonld"
CONTEXTS = {CONTEXT: {"p": "https://x.org/b", "id": "@id"}}


@pytest.mark.parametrize(
    "context",
    [f'"{CONTEXT}"', f'["{CONTEXT}"]', f'[{{"q": "https://x.org/q"}}, "{CONTEXT}", null, "{CONTEXT}"]'],
)
def test_parse_takes_the_bundled_context(context: str) -> None:
    """A bundled context may be named as a text and in lists."""
    text = f'{{"@context": {context}, "id": "https://x.org/a", "p": "x"}}'
    assert read(text, "jsonld", contexts=CONTEXTS) == [Quad(A, B, Literal("x"))]


def test_parse_takes_the_bundled_context_inside() -> None:
    """A bundled context may be named inside a document and scoped to a term."""
    scoped = f'{{"@context": {{"q": {{"@id": "https://x.org/b", "@context": "{CONTEXT}"}}}},'
    text = f'{scoped} "@id": "https://x.org/a", "q": {{"id": "https://x.org/c"}}}}'
    assert read(text, "jsonld", contexts=CONTEXTS) == [Quad(A, B, C)]


REMOTE = "http://127.0.0.1:9/c.jsonld"


@pytest.mark.parametrize(
    "text",
    [
        f'{{"@context": "{REMOTE}"}}',
        f'{{"@context": ["{CONTEXT}", "{REMOTE}"]}}',
        f'{{"@context": [["{REMOTE}"]]}}',
        f'{{"@context": {{"@import": "{REMOTE}"}}}}',
        f'{{"@context": [{{"@import": "{CONTEXT}"}}]}}',
        f'{{"@context": {{"a": {{"@id": "a:a", "@context": "{REMOTE}"}}}}}}',
        f'{{"@context": {{"T": {{"@id": "a:T", "@context": {{"@import": "{REMOTE}"}}}}}}, "@type": "T"}}',
        f'{{"@graph": [{{"a:a": {{"@context": "{REMOTE}"}}}}]}}',
        f'{{"\\u0040context": "{REMOTE}"}}',
        '{"@context": "file:///etc/passwd"}',
        '{"@context": "/etc/passwd"}',
        '{"@context": "c.jsonld"}',
        '{"@context": ""}',
    ],
)
def test_parse_refuses_contexts_that_would_be_fetched(text: str) -> None:
    """A context that is not bundled is refused wherever it is named: text, list, nested, scoped, imported, a file."""
    fault = fault_of(text, "jsonld", contexts=CONTEXTS)
    assert isinstance(fault, RemoteContext)
    assert fault.where == Place("a.file")


# RDF/XML entities


def document(doctype: str, value: str = "x") -> str:
    """Return an RDF/XML document with one text."""
    return f"{doctype}\n{RDF}{ABOUT}<e:p>{value}</e:p></rdf:Description>\n</rdf:RDF>"


@pytest.mark.parametrize(
    ("doctype", "value", "text"),
    [
        ("", "&lt;&#233;&amp;", "<é&"),
        ("<!DOCTYPE rdf:RDF>", "a", "a"),
        (
            '<!DOCTYPE rdf:RDF [<!ENTITY e "http://e.org/"> <!ENTITY f "&e;f">]>',
            "&e;&f;",
            "http://e.org/http://e.org/f",
        ),
        ('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE r [\n<!ENTITY é "x">]>', "&é;" * 1000, "x" * 1000),
    ],
)
def test_parse_takes_harmless_entities(doctype: str, value: str, text: str) -> None:
    """Entities that the file declares itself, as ontology editors write them, are read."""
    assert [quad.object for quad in read(document(doctype, value), "rdfxml")] == [Literal(text)]


LAUGHS = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">\n' for level in range(1, 10))


@pytest.mark.parametrize(
    ("doctype", "value", "line"),
    [
        ('<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]>', "&e;", 1),
        ('<!DOCTYPE r [\n<!ENTITY e PUBLIC "x" "http://127.0.0.1:9/">]>', "&e;", 2),
        ('<!DOCTYPE r [\n\n<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;]>', "x", 3),
        ('<!DOCTYPE r [<!ENTITY % p "&#60;!ENTITY e SYSTEM \'file:///etc/passwd\'>"> %p;]>', "&e;", 1),
        ('<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd">', "x", 1),
        ('\n<!DOCTYPE r\nSYSTEM "x.dtd" [<!ENTITY e "x">]>', "&e;", 2),
        ('<!DOCTYPE r PUBLIC "-//x" "http://127.0.0.1:9/x.dtd">', "x", 1),
        ('<!doctype r system "http://127.0.0.1:9/x.dtd">', "x", 1),
        (f'<!DOCTYPE r [<!ENTITY l0 "ha">\n{LAUGHS}]>', "&l9;", 7),
        (f'<!DOCTYPE r [<!ENTITY l·0 "ha">\n{LAUGHS.replace("&l0;", "&l·0;")}]>', "&l9;", 7),
        (f'<!DOCTYPE r [<!ENTITY a "{"x" * 50_000}">]>', "&a;" * 50_000, None),
        (f'<!DOCTYPE r [<!ENTITY a "{"x" * 50_000}"><!ENTITY a "">]>', "&a;" * 50_000, None),
        (f'<!DOCTYPE r [<!ENTITY a "{"x" * 1_000_001}">]>', "&a;", 1),
        ("<!DOCTYPE r [<!ENTITY a'x'>]>", "&a;", 1),
        ('<!DOCTYPE r [<!entity a&b "x">]>', "x", 1),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_parse_refuses_entities_that_reach_or_explode(doctype: str, value: str, line: int | None) -> None:
    """External entities and types, parameters, laughs and quadratic growth are refused at once, unexpanded."""
    started = time.process_time()
    fault = fault_of(document(doctype, value), "rdfxml")
    assert isinstance(fault, XmlEntities)
    assert fault.where == Place("a.file", line)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "unit",
    ["<!DOCTYPE ", "<!ENTITY ", '<!ENTITY a "', "<!ENTITY a '", "&", "&a", "<!ENTITY" + " " * 50, "<", "<a>", "]>"],
)
def test_parse_is_fast_on_hostile_xml(unit: str) -> None:
    """Half a megabyte of one unit is refused in a time that only a linear reading reaches."""
    started = time.process_time()
    assert isinstance(fault_of(unit * (500_000 // len(unit)), "rdfxml"), (SyntaxFault, XmlEntities))
    assert time.process_time() - started < 3


@pytest.mark.parametrize("format", READABLE)
def test_parse_fails_in_one_way(format: str) -> None:
    """A damaged file is read, or refused with the place in it: nothing else comes out."""
    rng = random.Random(4)  # noqa: S311 - the same damages each time
    whole = serialize([Quad(A, B, Literal('a\n"é\\')), Quad(A, B, Literal.text("x", "en")), Quad(C, B, A)], format)
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 3)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        del damaged[rng.randrange(len(damaged)) : len(damaged) if rng.random() < 0.3 else 0]
        try:
            read(bytes(damaged), format)
        except (SyntaxFault, EncodingFault, RemoteContext, XmlEntities) as fault:
            assert fault.where is not None  # noqa: PT017 - both ends are right
            assert fault.where.file == "a.file"  # noqa: PT017


def test_only_prefixes_that_are_written_stand_at_the_beginning() -> None:
    """A prefix that begins another one, or whose terms Turtle writes without it, is named only where it is used."""
    table = {"x": "https://x.org/", "deep": "https://x.org/deep/", "rdf": RDF_TYPE[: -len("type")], "xsd": XSD}
    deep = Iri("https://x.org/deep/a")

    def named(*quads: Quad) -> set[str]:
        written = write_ordered(quads, "turtle", table).decode()
        assert set(read(written)) == set(quads)
        return {line.split()[1][:-1] for line in written.splitlines() if line.startswith("@prefix")}

    assert named(Quad(deep, deep, deep)) == {"deep"}
    assert named(Quad(deep, RDF_TYPE, deep), Quad(deep, deep, Literal("1", "", XSD_INTEGER))) == {"deep"}
    assert named(Quad(deep, deep, A)) == {"deep", "x"}
    assert named(Quad(deep, deep, Literal("1", "", Iri(XSD + "decimal")))) == {"deep", "xsd"}
    assert named(Quad(deep, RDF_TYPE, Iri(RDF_TYPE[: -len("type")] + "List"))) == {"deep", "rdf"}
