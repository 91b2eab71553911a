"""Terms as hypothesis draws them: ordinary, hostile and odd ones."""

from hypothesis import strategies as st

from whatworks.terms import XSD, XSD_BOOLEAN, XSD_DECIMAL, XSD_INTEGER, Iri, Literal

HOSTILE = st.sampled_from("\"'\\\n\r\t\b\v\x01\x1f\x7f\x85\u2028 <>&,;=|]u0041é😀\u202e\u0301\xa0\u3000")
TEXTS = st.text(HOSTILE | st.characters(exclude_categories=["Cs"], exclude_characters="\x00\ufffe\uffff"), max_size=9)
NUMBERS = st.sampled_from(
    [
        "1",
        "-1",
        "+1",
        "01",
        "1.0",
        "-.5",
        "5.",
        ".",
        "+",
        "1e5",
        "1.5E-3",
        "INF",
        "true",
        "false",
        "1",
        "yes",
        "",
        " 1",
        "٣",
    ]
)
DATATYPES = st.sampled_from(
    [XSD_INTEGER, XSD_DECIMAL, XSD_BOOLEAN, Iri(XSD + "double"), Iri(XSD + "date"), Iri("a:&'")]
)
LITERALS = (
    (TEXTS | NUMBERS).map(Literal)
    | st.builds(Literal.text, TEXTS, st.sampled_from(["en", "pt-br"]))
    | st.builds(Literal, NUMBERS | TEXTS, st.just(""), DATATYPES)
)
IRIS = st.sampled_from(["https://x.org/a", "https://x.org/a'b&c;d=(e)", "urn:é", "https://x.org/#😀"]).map(Iri)
CELLS = st.none() | IRIS | LITERALS
