"""A rule is asked again only when something came that it can read; what all rules infer is the same as without that."""

from collections import Counter
from collections.abc import Callable

import pytest

from whatworks import KnowledgeGraph
from whatworks.collection import Collection
from whatworks.namespaces import Prefixes
from whatworks.results import Triples
from whatworks.rules import Rule, apply_rules, reads
from whatworks.store import EmbeddedStore, canonical_nquads
from whatworks.terms import RDF_TYPE, Iri

Project = Callable[[dict[str, str]], KnowledgeGraph]
E = "http://example.org/"
HEAD = f"PREFIX e: <{E}>\nPREFIX : <{E}own/>\n"
NOTHING = Prefixes({})
ALL = None


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("?a e:p ?b", "p"),
        ("?a e:p ?b . ?b e:q ?c", "p q"),
        ("?a e:p ?b ; e:q ?c , ?d ; .", "p q"),
        ("?a :p ?b", "own/p"),
        (f"?a <{E}p> ?b", "p"),
        ("?a a ?b", "type"),
        ("?a a e:C", "type C"),
        ("?a e:p/e:q ?b", "p q"),
        ("?a (e:p|^e:q)+ ?b", "p q"),
        ("?a e:p|e:q ?b", "p q"),
        ("?a e:p ?b . ?b e:q* ?c", "p q"),
        ("?b e:q* ?c . ?a e:p ?b", "p q"),
        ("?a e:q? e:c", "q c"),
        ("?a e:p ?b OPTIONAL { ?b e:q ?c }", "p q"),
        ("{ ?a e:p ?b } UNION { ?a e:q ?b } FILTER (?b > 3) ?b e:r ?c", "p q r"),
        ("?a e:p ?b FILTER NOT EXISTS { ?b e:q ?c }", "p"),
        ("?a e:p ?b FILTER NOT EXISTS { ?b ?q ?c FILTER (?c != ?a) } ?b e:r ?c", "p r"),
        ("FILTER NOT EXISTS { ?b e:q ?c } ?b e:p ?c FILTER NOT EXISTS { ?b e:r ?c }", "p"),
        ("?a e:p ?b FILTER NOT EXISTS { ?b e:q ?c FILTER NOT EXISTS { ?c e:r ?d } }", "p q r"),
        ("?a e:p ?b FILTER NOT EXISTS { ?b e:q ?c MINUS { ?c ?r ?d } }", ALL),
        ("?a e:p ?b FILTER NOT EXISTS { ?b e:q ?c } ?b ?p ?d", ALL),
        ("?a e:p ?b FILTER EXISTS { ?b e:q ?c }", "p q"),
        ("?a e:p ?b FILTER (NOT EXISTS { ?b e:q ?c })", ALL),
        ("?a e:p ?b MINUS { ?b e:q 'x'@en }", "p q"),
        ("?a e:p 1.5 . ?b e:q true . ?c e:r 'x'^^e:t", "p q r t"),
        ("VALUES ?p { e:a e:b } ?a e:p ?b BIND (STR(?b) AS ?c) ?a e:q ?c", "a b p q"),
        ("VALUES (?a ?b) { (e:a e:b) (e:c e:d) } ?a e:p ?b", "a b c d p"),
        ("FILTER (!STRSTARTS(STR(?a), 'x')) ?a e:p ?b", "p"),
        ("{ SELECT ?a WHERE { ?a e:p ?b } } ?a e:q ?c", "p q"),
        ("# ?a ?p ?b\n?a e:p ?b", "p"),
        ("?a ?p ?b", ALL),
        ("?a $p ?b", ALL),
        ("?a e:p ?b ; ?q ?c", ALL),
        ("?a e:p ?b , ?c . ?c ?q ?d", ALL),
        ("?a e:p ?b FILTER (?b > 3) ?b ?q ?c", ALL),
        ("?a e:p ?b FILTER regex(?b, 'x') ?b ?q ?c", ALL),
        ("?a e:p ?b BIND (1 AS ?x) ?b ?q ?c", ALL),
        ("?a e:p ?b FILTER (EXISTS { ?b ?q ?c })", ALL),
        ("?a e:p ?b OPTIONAL { ?b ?q ?c }", ALL),
        ("?a !e:p ?b", ALL),
        ("?a (!e:p|e:q) ?b", ALL),
        ("?a e:p [ ?q ?c ]", ALL),
        ("?a e:p* ?b", ALL),
        ("?a (e:p|e:q)? ?b", ALL),
        ("?a (e:p?) ?b", ALL),
        ("?a e:p* ?b OPTIONAL { ?a e:q ?c }", ALL),
        ("GRAPH ?g { ?a e:p ?b }", ALL),
        ("{ SELECT ?a WHERE { ?a e:p ?b } LIMIT 3 }", ALL),
        ("?a e:p ?b BIND (RAND() AS ?c)", ALL),
        ("?a e:p ?b . ?b e:p\\,q ?c", ALL),
    ],
)
def test_what_a_rule_reads(where: str, expected: str | None) -> None:
    """The properties of its patterns, or all statements where a property is open or the text is not understood."""
    found = reads(f"{HEAD}CONSTRUCT {{ ?a e:made ?b }} WHERE {{ {where} }}", NOTHING)
    if expected is ALL:
        assert found is None
    else:
        names = [RDF_TYPE if name == "type" else Iri(E + name) for name in expected.split()]
        assert frozenset(names) == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CONSTRUCT WHERE { ?a e:p ?b }", {"p"}),
        ("CONSTRUCT { ?a ?b ?c } { ?a e:p ?c . ?a e:q ?b }", {"p", "q"}),
        ("CONSTRUCT { ?a e:made [] } WHERE { ?a e:p ?b }", ALL),
        ("CONSTRUCT { ?a e:made _:x } WHERE { ?a e:p ?b }", ALL),
        ("CONSTRUCT { ?a e:made ?b } WHERE { ?a e:p 'open }", ALL),
    ],
)
def test_templates(text: str, expected: set[str] | None) -> None:
    """What a template makes is not read; one that makes new nodes is always asked again."""
    found = reads(HEAD + text, NOTHING)
    assert found == (None if expected is ALL else {Iri(E + name) for name in expected})


def test_prefixes_of_the_project_count() -> None:
    """A rule may use the prefixes of the model; its own go before them."""
    text = "PREFIX one: <http://own/> CONSTRUCT { ?a one:x ?b } WHERE { ?a one:p ?b ; two:q ?c }"
    found = reads(text, Prefixes({"one": "http://other/", "two": "http://two/"}))
    assert frozenset([Iri("http://own/p"), Iri("http://two/q")]) == found


def test_a_rule_reads_what_it_is_said_to_read(collection: Collection) -> None:
    """Over the statements with these properties alone, each shipped rule gives the same answer as over all.

    One that asks what does not exist may give more.
    """
    known = 0
    for rule in collection.rules():
        read = reads(rule.text, collection.prefixes)
        if read is None:
            continue
        known += 1
        part = EmbeddedStore(dict(collection.prefixes.table))
        part.add(quad for predicate in sorted(read) for quad in collection.store.match(predicate=predicate))
        whole, restricted = collection.store.query(rule.text), part.query(rule.text)
        assert isinstance(whole, Triples)
        assert isinstance(restricted, Triples)
        assert set(whole) <= set(restricted), rule.name
        assert set(whole) == set(restricted) or "NOT EXISTS" in rule.text, rule.name
    assert known > 9


def test_leaving_out_rules_changes_nothing(collection: Collection) -> None:
    """All rules asked in every round infer the same into the same graphs."""
    opened = Collection.open(collection.assets, collection.settings, infer=False)
    rules = opened.rules()
    while sum(len(opened.local.infer(rule.text, rule.graph) or ()) for rule in rules):
        pass
    assert canonical_nquads(collection.local) == canonical_nquads(opened.local)


class _Counted(EmbeddedStore):
    """A store that counts how often each rule is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def infer(self, text: str, graph: Iri) -> Counter[Iri] | None:
        """Count and infer."""
        self.asked.append(graph)
        return super().infer(text, graph)


def test_a_rule_is_asked_again_only_for_news() -> None:
    """A chain written against the order of names needs rounds, in which only its next rule is asked."""
    store = _Counted()
    store.load(f"<{E}a> <{E}p0> <{E}b> .".encode(), "ntriples", graph=Iri(E), base=E)
    rules = [
        Rule(name, f"{HEAD}CONSTRUCT {{ ?a e:p{i + 1} ?b }} WHERE {{ ?a e:p{i} ?b }}", Iri(E + name), name)
        for name, i in (("x", 2), ("y", 1), ("z", 0))
    ]
    assert 3 == apply_rules(rules, store, NOTHING)
    assert ["x", "y", "z", "y", "x"] == [graph.removeprefix(E) for graph in store.asked]


def test_large_answers_are_added_in_parts() -> None:
    """More statements than are held at a time are all added, each once."""
    store = EmbeddedStore()
    lines = "".join(f"<{E}{i}> <{E}p> <{E}o{i % 7}> .\n" for i in range(12_000))
    store.load(lines.encode(), "ntriples", graph=Iri(E), base=E)
    text = f"{HEAD}CONSTRUCT {{ ?a e:q ?b . ?b e:r e:x }} WHERE {{ ?a e:p ?b }}"
    assert 12_007 == apply_rules([Rule("r", text, Iri(E + "inferred"), "r")], store, NOTHING)
    assert 24_007 == len(store)
