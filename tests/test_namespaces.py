"""Prefixes, CURIEs, keys and minted IRIs."""

import re

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whatworks.namespaces import Prefixes, Space, folded, is_key, key_of

PREFIXES = Prefixes({"": "https://x.org/", "voc": "https://x.org/voc/", "stage": "https://x.org/voc/stage/"})


def test_from_turtle_reads_declarations_only() -> None:
    """Lines that declare a prefix are read; comments and text that looks alike are not."""
    text = (
        '@prefix a: <https://a.org/> .\n# @prefix b: <https://b.org/> .\n@prefix : <https://c.org/#>  .\n"@prefix d:"'
    )
    assert dict(Prefixes.from_turtle(text).table) == {"a": "https://a.org/", "": "https://c.org/#"}


def test_with_prefixes_prefers_the_new_one() -> None:
    """A prefix that is given again has the new meaning, and the old table stays as it was."""
    changed = PREFIXES.with_prefixes({"voc": "https://y.org/", "b": "https://b.org/"})
    assert changed.expand("voc:a") == "https://y.org/a"
    assert changed.expand("b:a") == "https://b.org/a"
    assert PREFIXES.expand("voc:a") == "https://x.org/voc/a"


@pytest.mark.parametrize(
    ("curie", "iri"),
    [
        ("stage:pilot", "https://x.org/voc/stage/pilot"),
        ("voc:a/b", "https://x.org/voc/a/b"),
        ("voc:", "https://x.org/voc/"),
        ("other:pilot", None),
        ("pilot", None),
        ("voc://example.org", None),
        ("https://x.org/voc/stage/pilot", None),
        ("", None),
    ],
)
def test_expand_knows_its_prefixes(curie: str, iri: str | None) -> None:
    """A CURIE with a known prefix is expanded; IRIs and unknown prefixes are not."""
    assert PREFIXES.expand(curie) == iri


@pytest.mark.parametrize(
    ("iri", "curie"),
    [
        ("https://x.org/voc/stage/pilot", "stage:pilot"),
        ("https://x.org/voc/stage", "voc:stage"),
        ("https://x.org/voc/stage/a.b-c_1", "stage:a.b-c_1"),
        ("https://x.org/voc/a/b", None),
        ("https://x.org/voc/stage/a.", None),
        ("https://x.org/voc/stage/é", None),
        ("https://y.org/a", None),
    ],
)
def test_shorten_takes_the_longest_namespace(iri: str, curie: str | None) -> None:
    """The longest namespace wins; what Turtle would not take as a local name is left long."""
    assert PREFIXES.shorten(iri) == curie


@given(st.dictionaries(st.sampled_from("pqrs"), st.text("ab/#", max_size=4), max_size=4), st.text("ab/#-.", max_size=6))
def test_shorten_finds_what_going_through_the_table_finds(table: dict[str, str], iri: str) -> None:
    """Whatever namespaces end with, the longest counts whose rest is a local name; of equal ones the first prefix."""
    found = [
        (-len(namespace), prefix)
        for prefix, namespace in table.items()
        if iri.startswith(namespace) and re.fullmatch(r"\w([\w.-]*[\w-])?", iri[len(namespace) :], re.ASCII)
    ]
    expected = f"{min(found)[1]}:{iri[-min(found)[0] :]}" if found else None
    assert Prefixes(table).shorten(iri) == expected


def test_shorten_does_not_depend_on_the_order_of_the_table() -> None:
    """Where two namespaces would do, the longer one is taken, wherever it stands."""
    table = {"a": "https://x.org/", "b": "https://x.org/stage-", "c": "https://x.org/st"}
    for items in (list(table.items()), list(table.items())[::-1]):
        assert Prefixes(dict(items)).shorten("https://x.org/stage-1") == "b:1"


@given(st.text(max_size=12))
@settings(max_examples=300, deadline=None)
def test_shorten_is_undone_by_expand_and_by_turtle(local: str) -> None:
    """A shortened IRI is the same IRI again, for us and for a Turtle parser."""
    iri = "https://x.org/voc/stage/" + local
    if curie := PREFIXES.shorten(iri):
        head = "".join(f"@prefix {name}: <{space}> .\n" for name, space in PREFIXES.table.items())
        (quad,) = ox.parse(f"{head} {curie} <a:b> <a:c> .", format=ox.RdfFormat.TURTLE)
        assert isinstance(quad.subject, ox.NamedNode)
        assert (PREFIXES.expand(curie), quad.subject.value) == (iri, iri)


def test_space_mints_below_its_base() -> None:
    """Things and graphs get IRIs below the base of the project."""
    space = Space("https://x.org/")
    assert space.thing("intervention", "a-b") == "https://x.org/id/intervention/a-b"
    assert space.graph("agents") == "https://x.org/graph/agents"


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("Chambre des métiers & co.", "chambre-des-metiers-and-co"),
        ("Straße Łódź Øresund Œuvre", "strasse-lodz-oresund-oeuvre"),
        ("L'école", "lecole"),
        ("2010–2015", "2010-2015"),
        ("  --  ", ""),
        ("日本", ""),
    ],
)
def test_key_of_keeps_letters(title: str, key: str) -> None:
    """Letters with marks lose them, signs become one hyphen, and a title without Latin letters gives no key."""
    assert key_of(title) == key


@given(st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_key_of_gives_keys(title: str) -> None:
    """What a title gives is a key or nothing, and the key of a key is itself."""
    key = key_of(title)
    assert key == "" or is_key(key)
    assert key_of(key) == key


@pytest.mark.parametrize("text", ["", "-a", "a-", "a--b", "A", "a b", "a_b", "é", "a\n"])
def test_is_key_refuses(text: str) -> None:
    """Upper case, other signs, and hyphens that separate nothing make no key."""
    assert not is_key(text)


def test_folded() -> None:
    """Capitals and spaces make no difference between names."""
    assert folded("  Große\tStadt\n") == folded("GROSSE  stadt") == "grosse stadt"
