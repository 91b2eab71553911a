"""A reader gives what a store says of a thing, in the languages preferred, and reads it once."""

import pytest

from whatworks.about import Names, Reader
from whatworks.namespaces import LABELS, POSITION
from whatworks.store import EmbeddedStore
from whatworks.terms import Iri, Literal, Quad

A, B, G = Iri("https://example.org/a"), Iri("https://example.org/b"), Iri("https://example.org/g")
QUADS = [
    Quad(A, LABELS[0], Literal.text("Wald", "de"), G),
    Quad(A, LABELS[0], Literal.text("forest", "en"), G),
    Quad(A, LABELS[1], Literal.text("forêt", "fr"), G),
    Quad(A, POSITION, Literal("first"), G),
    Quad(A, POSITION, Literal.integer(3), G),
    Quad(B, LABELS[0], A, G),
]


@pytest.fixture
def store() -> EmbeddedStore:
    """A thing with names and a place, and one without."""
    found = EmbeddedStore()
    found.add(QUADS)
    return found


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(("languages", "name"), [(("de",), ("Wald", "de")), (("fr", "it"), ("forest", "en"))])
def test_name_is_the_best_of_the_first_property(
    store: EmbeddedStore, languages: tuple[str, ...], name: tuple[str, str], whole: bool
) -> None:
    """A name in the language wanted counts within the first property that names the thing, read alone or with all."""
    reader = Reader(Names(store), languages)
    if whole:
        assert {quad for quad in QUADS if quad.subject == A} == set(reader.quads(A))
    assert (name, 3) == (reader.named(A), reader.position(A))


def test_thing_without_name_or_place(store: EmbeddedStore) -> None:
    """What is no text names nothing, and what has no number has the place 0."""
    reader = Reader(Names(store))
    assert (None, 0) == (reader.named(B), reader.position(B))
    assert reader.position(Literal.integer(7)) == 0
    assert reader.quads(G) == []


def test_everything_is_read_once(store: EmbeddedStore) -> None:
    """What was read stays as it was read, whatever becomes of the store."""
    reader = Reader(Names(store))
    before = (reader.quads(A), reader.named(A), reader.named(B))
    store.add([Quad(B, LABELS[0], Literal("b"), G), Quad(A, LABELS[0], Literal("a"), G)])
    assert before == (reader.quads(A), reader.named(A), reader.named(B))
    assert Reader(Names(store)).named(B) == ("b", "")
