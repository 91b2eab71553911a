"""What is read of a store is noted, and after a change it is known who read what is now otherwise."""

from whatworks import KnowledgeGraph
from whatworks.reads import Doubt, Question, Reads, Watched, changed, checksum, grouped
from whatworks.store import EmbeddedStore
from whatworks.terms import Iri, Literal, Quad


def test_reads_of_what_is_kept_count_for_each_who_takes_it() -> None:
    """What was read within counts without as well, and once more for who gets what was kept."""
    reads = Reads()
    outer = reads.begin()
    before = reads.begin()
    reads.note("s", "a")
    inner = reads.end(before)
    reads.note("s", "b")
    found = reads.end(outer)
    assert inner[0] < found[0]
    empty = reads.begin()
    reads.again(inner)
    assert reads.end(empty) == inner


def test_a_change_is_found_by_every_way_to_look() -> None:
    """A statement that came is found by whoever looked for its subject, its value, its property or its graph."""
    one, p, two, graph = (Iri(f"http://e/{name}") for name in ("one", "p", "two", "g"))
    looks = [{"subject": one}, {"value": two}, {"predicate": p, "value": two}, {"predicate": p}, {"graph": graph}, {}]
    for parts in looks:
        store = Watched(EmbeddedStore())
        list(store.match(**parts))
        assert store.reads.keys & changed([Quad(one, p, two, graph)]), parts
        assert not store.reads.keys & (changed([Quad(two, two, one, one)]) - changed([])) or parts == {}, parts


def test_only_questions_in_doubt_are_asked_again(kg: KnowledgeGraph) -> None:
    """A query that names none of the properties is not asked; one that reads any property, or a named one, is."""
    store = kg.collection.local
    title = Iri("http://purl.org/dc/terms/title")
    doubt = Doubt(store, {title}, kg.prefixes)
    assert not doubt.concerns("SELECT ?a ?b ?c WHERE { ?a ww:country ?b } ORDER BY ?a ?b ?c")
    for text in (
        "ASK { ?a dcterms:title ?b }",
        f"ASK {{ ?a <{title}> ?b }}",
        "ASK { ?a ?b ?c }",
        "ASK { ?a a ?b ; ?c ?d }",
    ):
        assert doubt.concerns(text), text
    assert doubt.answers(Question("ASK { ?a ww:country ?b }"), "whatever it was")
    assert doubt.answers(Question("ASK { ?a dcterms:title ?b }"), checksum([True]))
    assert not doubt.answers(Question("ASK { ?a dcterms:title ?b }"), checksum([False]))


def test_rows_about_one_thing_are_asked_for_by_what_stands_in_a_column(kg: KnowledgeGraph) -> None:
    """A question of which the rows about one thing counted is answered as before where these are as they were."""
    text = "SELECT ?key ?title { ?i dcterms:identifier ?key ; dcterms:title ?title } ORDER BY ?key ?title"
    answer = kg.collection.local.query(text)
    rows = grouped(answer, 0)["expairs-project"]  # type: ignore[arg-type] # it is a SELECT query
    assert rows[0][0] == Literal("expairs-project")
    doubt = Doubt(kg.collection.local, {Iri("http://purl.org/dc/terms/title")}, kg.prefixes)
    assert doubt.answers(Question(text, 0, "expairs-project"), checksum(rows))
    assert not doubt.answers(Question(text, 0, "expairs-project"), checksum(rows[1:]))
    assert doubt.answers(Question(text, 0, "nothing"), checksum(()))
