"""A project's files become one graph, and the rules add what follows from them, in graphs of their own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from whatworks import KnowledgeGraph
from whatworks.assets import Assets
from whatworks.collection import Collection, owner_of, read_prefixes
from whatworks.errors import EncodingFault, QueryRefused, QuerySyntax, SyntaxFault, UnknownFileType
from whatworks.results import Triples
from whatworks.settings import Settings
from whatworks.store import parse
from whatworks.terms import BlankNode, Iri, Literal, Quad, Triple

from .conftest import BASE, CASES, ROOT

Project = Callable[[dict[str, str]], KnowledgeGraph]
INFERRED = BASE + "graph/inferred/"
RULES = sorted(path.stem for path in (ROOT / "ontology" / "rules").glob("*.rq"))
RULE_CASES = sorted((CASES / "rules").glob("*/*.trig"))
EXAMPLE = "<http://example.org/a> <http://example.org/b> <http://example.org/c> ."
STATEMENT = Triple(*(Iri(f"http://example.org/{name}") for name in "abc"))


def inferred(collection: Collection) -> dict[str, set[Triple]]:
    """Return what each rule inferred."""
    found: dict[str, set[Triple]] = {}
    for quad in collection.store.match():
        if quad.graph is not None and collection.is_by_rule(quad.graph):
            found.setdefault(quad.graph.removeprefix(INFERRED), set()).add(quad.triple)
    return found


# ---- rules ----


def with_rules_applied(given: list[Quad]) -> Collection:
    """Return a collection of the statements and of those parts of the model that rules rest on."""
    made = Collection.described(Assets(ROOT, CASES), Settings())
    for name in ("ontology/whatworks.ttl", "ontology/vocabularies/place.ttl"):
        graph = made.graph_of(name)
        assert graph is not None
        made.local.load((ROOT / name).read_bytes(), "turtle", graph=graph, base=BASE)
    made.local.add(given)
    made.apply_rules()
    return made


@pytest.fixture(scope="module")
def of_the_model() -> dict[str, set[Triple]]:
    """What rules infer from the model alone."""
    return inferred(with_rules_applied([]))


@pytest.mark.parametrize("path", RULE_CASES, ids=[f"{path.parent.name}/{path.stem}" for path in RULE_CASES])
def test_a_rule_infers_what_its_case_says(path: Path, of_the_model: dict[str, set[Triple]]) -> None:
    """From the statements given, all rules together put exactly the expected ones into the graph of the case's rule."""
    rule = path.parent.name
    quads = parse(path.read_bytes(), "trig", name=path.name, base=BASE)
    expected = {quad.triple for quad in quads if quad.graph == INFERRED + rule}
    given = [quad for quad in quads if quad.graph == BASE + "graph/given"]
    assert len(given) + len(expected) == len(quads)
    assert path.stem.partition("-")[0] == ("fires" if expected else "rests")
    found = inferred(with_rules_applied(given)).get(rule, set())
    assert found - of_the_model.get(rule, set()) == expected


def test_every_rule_has_cases() -> None:
    """Each rule has a case in which it fires and one in which it does not, and no case is for a rule that is gone."""
    found = {(path.parent.name, path.stem.partition("-")[0]) for path in RULE_CASES}
    assert found == {(rule, kind) for rule in RULES for kind in ("fires", "rests")}


def test_rules_are_read_by_name(collection: Collection) -> None:
    """Each rule is a file, goes to the graph of its name, and says where it stands."""
    found = collection.rules()
    assert [rule.name for rule in found] == RULES
    assert [rule.graph for rule in found] == [INFERRED + rule for rule in RULES]
    assert [rule.file for rule in found] == [f"ontology/rules/{rule}.rq" for rule in RULES]


def test_rules_have_come_to_an_end(collection: Collection) -> None:
    """Asked again, no rule gives a statement that is not there, and applying all of them adds nothing."""
    for rule in collection.rules():
        answer = collection.store.query(rule.text)
        assert isinstance(answer, Triples)
        missing = [triple for triple in answer if next(collection.store.match(*triple), None) is None]
        assert (rule.name, missing) == (rule.name, [])
    assert collection.apply_rules() == 0


def test_what_is_inferred_is_not_asserted(collection: Collection) -> None:
    """A statement stands in one place: what a file says is not inferred as well, nor by two rules."""
    asserted = {quad.triple for quad in collection.store.match() if not collection.is_inferred(quad.graph)}
    by_rule = [triple for triples in inferred(collection).values() for triple in triples]
    assert asserted & set(by_rule) == set()
    assert len(by_rule) == len(set(by_rule))
    assert set(inferred(collection)) <= set(RULES)


def test_rules_run_in_rounds(project: Project) -> None:
    """What one rule infers feeds the others, whatever their names, until nothing new appears."""
    head = "PREFIX e: <http://example.org/>\n"
    rules = {name: f"{head}CONSTRUCT {{ ?a e:p{i + 1} ?b }} WHERE {{ ?a e:p{i} ?b }}" for i, name in enumerate("zyx")}
    files = {f"ontology/rules/{name}.rq": text for name, text in rules.items()}
    made = project(files | {"data/x.ttl": "@prefix e: <http://example.org/> .\ne:a e:p0 e:b ."}).collection
    names = {name: {triple.predicate for triple in inferred(made)[name]} for name in "xyz"}
    assert names == {name: {Iri(f"http://example.org/p{i}")} for name, i in (("z", 1), ("y", 2), ("x", 3))}


def test_without_inference_nothing_is_inferred(project: Project) -> None:
    """A collection can be opened with what files say and no more; the rules can be applied later."""
    assets = project({"data/x.trig": "<http://example.org/g> { " + EXAMPLE + " }"}).assets
    opened = Collection.open(assets, Settings(), infer=False)
    assert inferred(opened) == {}
    assert opened.apply_rules() == sum(len(triples) for triples in inferred(opened).values()) > 0


def test_an_endless_rule_is_refused(project: Project) -> None:
    """A rule that makes a new node each time never comes to an end, which is said instead of waiting for it."""
    rule = "CONSTRUCT { <http://example.org/a> <http://example.org/b> [] } WHERE {}"
    with pytest.raises(QueryRefused, match="do not come to an end after 20 rounds"):
        _ = project({"ontology/rules/endless.rq": rule}).collection


@pytest.mark.parametrize(
    ("rule", "error", "place"),
    [
        ("CONSTRUCT { ?a ?b ?c }\nWHERE { ?a ?b }", QuerySyntax, "ontology/rules/own.rq:2:16"),
        ("SELECT * WHERE { ?a ?b ?c }", QueryRefused, "ontology/rules/own.rq"),
        ("# no query", QueryRefused, "ontology/rules/own.rq:1:1"),
        (
            "CONSTRUCT { ?a ?b ?c }\nWHERE { SERVICE <http://example.org/> { ?a ?b ?c } }",
            QueryRefused,
            "ontology/rules/own.rq:2:9",
        ),
    ],
    ids=["no SPARQL", "no CONSTRUCT", "no query", "reaches outside"],
)
def test_a_faulty_rule_is_named(rule: str, error: type[QueryRefused], place: str, project: Project) -> None:
    """A rule that cannot be used is refused with its file and the place in it."""
    with pytest.raises(error) as caught:
        _ = project({"ontology/rules/own.rq": rule}).collection
    assert str(caught.value.where) == place


# ---- files and their graphs ----


@pytest.mark.parametrize(
    ("name", "graph"),
    [
        ("ontology/whatworks.ttl", "ontology"),
        ("ontology/alignments.ttl", "alignments"),
        ("ontology/shapes/link.ttl", "shapes"),
        ("ontology/vocabularies/stage.ttl", "voc/stage"),
        ("ontology/own.ttl", "own"),
        ("ontology/prefixes.ttl", None),
        ("ontology/context.jsonld", None),
        ("ontology/frames/thing.jsonld", None),
        ("ontology/rules/actor.rq", None),
        ("data/agents.ttl", "agents"),
        ("data/catalog.ttl", "catalog"),
        ("data/interventions/expairs-project.trig", "interventions/expairs-project"),
        ("data/links/curated.ttl", "links/curated"),
        ("data/links/machine.nt", "links/machine"),
        ("data/a/b/c.nq", "a/b/c"),
        ("data/with.dots.ttl", "with.dots"),
        ("data/sources/interventions.jsonl", None),
        ("data/sources/notes.ttl", None),
        ("data/readme.md", None),
    ],
)
def test_graph_of_a_file(name: str, graph: str | None, collection: Collection) -> None:
    """Each kind of file has its graph, or none."""
    assert collection.graph_of(name) == (None if graph is None else f"{BASE}graph/{graph}")


def test_graphs_of_a_project_with_its_own_base(project: Project) -> None:
    """Data goes to graphs below the project's base; the graphs of the model are the same everywhere."""
    made = project({"whatworks.toml": 'base = "https://example.org/kg/"', "data/agents.ttl": EXAMPLE}).collection
    assert made.graph_of("data/agents.ttl") == "https://example.org/kg/graph/agents"
    assert made.graph_of("ontology/whatworks.ttl") == BASE + "graph/ontology"
    assert [quad.graph for quad in made.store.match(*STATEMENT)] == ["https://example.org/kg/graph/agents"]
    assert {rule.graph for rule in made.rules()} == {f"https://example.org/kg/graph/inferred/{rule}" for rule in RULES}


@pytest.mark.parametrize(
    ("name", "text", "graph"),
    [
        ("data/x.ttl", EXAMPLE, BASE + "graph/x"),
        ("data/x.nt", EXAMPLE, BASE + "graph/x"),
        ("data/x.trig", EXAMPLE, BASE + "graph/x"),
        ("data/x.trig", f"<http://example.org/g> {{ {EXAMPLE} }}", "http://example.org/g"),
        ("data/x.nq", EXAMPLE.replace(" .", " <http://example.org/g> ."), "http://example.org/g"),
        ("data/x.ttl", "\ufeff" + EXAMPLE, BASE + "graph/x"),
        ("data/x.ttl", EXAMPLE + " # << is only a comment", BASE + "graph/x"),
    ],
    ids=["turtle", "ntriples", "trig without a graph", "trig", "nquads", "byte order mark", "looks like RDF 1.2"],
)
def test_data_is_read(name: str, text: str, graph: str, project: Project) -> None:
    """Data of each format is read into the graph that it names, or that its file stands for."""
    assert [quad.graph for quad in project({name: text}).collection.store.match(*STATEMENT)] == [graph]


def test_blank_nodes_of_two_files_are_two(project: Project) -> None:
    """A label of a blank node counts within its file only."""
    files = {f"data/{name}.ttl": f'_:x <http://example.org/b> "{name}" .' for name in ("one", "two")}
    subjects = {quad.subject for quad in project(files).collection.store.match(predicate=STATEMENT.predicate)}
    assert len(subjects) == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("data/x.ttl", "<http://example.org/a> <http://example.org/b> _:x ."),
        ("data/x.ttl", "<http://example.org/a> <http://example.org/b> [] ."),
        ("data/x.ttl", "<http://example.org/a> <http://example.org/b> ( 1 ) ."),
        ("data/x.nt", "<http://example.org/a> <http://example.org/b> _:x ."),
        ("data/x.trig", "<http://example.org/g> { <http://example.org/a> <http://example.org/b> [] }"),
        ("data/x.nq", "<http://example.org/a> <http://example.org/b> _:x <http://example.org/g> ."),
    ],
    ids=["label", "brackets", "list", "ntriples", "trig", "nquads"],
)
def test_blank_nodes_have_canonical_names(name: str, text: str, project: Project) -> None:
    """However a blank node is written, its name is not that which the engine gives at random."""
    (value,) = (quad.object for quad in project({name: text}).collection.store.match(*STATEMENT[:2]))
    assert isinstance(value, BlankNode)
    assert value.name.startswith("c14n")


@pytest.mark.parametrize(
    ("text", "error", "place"),
    [
        (f"{EXAMPLE}\n<http://example.org/a> ; .", SyntaxFault, "data/x.ttl:2:24"),
        (f"{EXAMPLE}\n<no iri> <http://example.org/b> 1 .", SyntaxFault, "data/x.ttl:2:1"),
        ("<http://example.org/a> <http://example.org/b> << <a> <b> <c> >> .", SyntaxFault, "data/x.ttl"),
        ('<http://example.org/a> <http://example.org/b> "c"@ar--rtl .', SyntaxFault, "data/x.ttl"),
    ],
    ids=["syntax", "no IRI", "statement about a statement", "direction of a text"],
)
def test_a_faulty_data_file_is_named(text: str, error: type[SyntaxFault], place: str, project: Project) -> None:
    """A file that cannot be read is refused with its name and the place in it."""
    with pytest.raises(error) as caught:
        _ = project({"data/x.ttl": text}).collection
    assert str(caught.value.where) == place


@pytest.mark.parametrize("name", ["data/x.ttl", "ontology/own.ttl", "ontology/rules/own.rq", "ontology/prefixes.ttl"])
def test_a_file_in_another_encoding_is_named(name: str, project: Project, tmp_path: Path) -> None:
    """A file that is not UTF-8 is refused with its name and the place of the byte."""
    kg = project({name: ""})
    (tmp_path / name).write_bytes('# ok\n<a> <b> "caf\xe9" .'.encode("latin-1"))
    with pytest.raises(EncodingFault) as caught:
        _ = kg.collection
    assert str(caught.value.where) == f"{name}:2:13"


def test_described_reads_nothing(project: Project) -> None:
    """A collection can be described without reading its files into the store."""
    kg = project({"data/x.ttl": "broken"})
    described = Collection.described(kg.assets, kg.settings)
    assert (len(described.store), described.prefixes.table["ww"]) == (0, BASE + "ont#")


# ---- what a project adds ----


def test_a_project_has_its_own_data_only(project: Project, collection: Collection) -> None:
    """A project has the model and its own data, and nothing of the shipped collection."""
    made = project({"data/x.ttl": EXAMPLE}).collection
    assert [quad.triple for quad in made.asserted()] == [STATEMENT]
    graphs = [graph for graph in collection.store.graphs() if collection.is_model(graph)]
    assert [graph for graph in made.store.graphs() if made.is_model(graph)] == graphs
    counts = [[len(list(each.store.match(graph=graph))) for graph in graphs] for each in (made, collection)]
    assert counts[0] == counts[1]


def test_a_project_adds_to_the_model(project: Project) -> None:
    """Terms, vocabularies, prefixes and rules of a project count like those of the model, and are no data."""
    made = project(
        {
            "ontology/prefixes.ttl": "@prefix mine: <https://example.org/mine#> .",
            "ontology/own.ttl": "@prefix mine: <https://example.org/mine#> .\nmine:a mine:b mine:c .",
            "ontology/vocabularies/colour.ttl": "@prefix mine: <https://example.org/mine#> .\nmine:d mine:b mine:e .",
            "ontology/rules/own.rq": "PREFIX mine: <https://example.org/mine#>\n"
            "CONSTRUCT { ?c mine:turned ?a } WHERE { ?a mine:b ?c }",
        }
    ).collection
    own = {quad.graph for quad in made.store.match(predicate=Iri("https://example.org/mine#b"))}
    assert own == {BASE + "graph/own", BASE + "graph/voc/colour"}
    assert all(made.is_model(graph) for graph in own)
    assert not list(made.asserted())
    assert len(inferred(made)["own"]) == 2
    assert made.prefixes.shorten("https://example.org/mine#a") == "mine:a"
    assert made.prefixes.table["ww"] == BASE + "ont#"


def test_prefixes_of_a_project_win(project: Project) -> None:
    """A prefix that a project declares anew has the project's meaning."""
    kg = project({"ontology/prefixes.ttl": "@prefix role: <https://example.org/role/> ."})
    table = read_prefixes(kg.assets).table
    assert (table["role"], table["stage"]) == ("https://example.org/role/", BASE + "voc/stage/")


def test_graphs_are_of_one_sort(collection: Collection) -> None:
    """Every graph of the shipped collection is the model's, inferred, or data's, and data is what is asserted."""
    kinds: dict[str, set[str]] = {"model": set(), "inferred": set(), "data": set()}
    for graph in collection.store.graphs():
        kind = "model" if collection.is_model(graph) else "inferred" if collection.is_inferred(graph) else "data"
        kinds[kind].add(graph)
    assert {quad.graph for quad in collection.asserted()} == kinds["data"]
    below = {name: {graph.removeprefix(BASE + "graph/").partition("/")[0] for graph in kinds[name]} for name in kinds}
    assert below == {
        "model": {"ontology", "alignments", "shapes", "voc"},
        "inferred": {"inferred", "links"},
        "data": {"agents", "assigned", "catalog", "collections", "links", "provenance", "record"},
    }
    assert not collection.is_inferred(None)
    assert not collection.is_model(None)


def test_asserted_leaves_out_what_is_inferred(project: Project) -> None:
    """What follows from the data is in the store and is not asserted."""
    text = (
        "@prefix ww: <https://w3id.org/whatworks/ont#> .\n<http://example.org/a> ww:relatedTo <http://example.org/c> ."
    )
    made = project({"data/x.ttl": text}).collection
    related = Iri(BASE + "ont#relatedTo")
    back = Quad(Iri("http://example.org/c"), related, Iri("http://example.org/a"), Iri(INFERRED + "symmetric"))
    assert [quad for quad in made.store.match(predicate=related) if quad not in made.asserted()] == [back]


@pytest.mark.parametrize(
    ("node", "owner"),
    [
        (Iri("http://example.org/x"), "http://example.org/x"),
        (Iri("http://example.org/x#factor-1"), "http://example.org/x"),
        (Iri(BASE + "ont#stage"), BASE + "ont"),
        (BlankNode("b"), None),
    ],
)
def test_owner_of(node: Iri | BlankNode, owner: str | None) -> None:
    """A part belongs to the thing before the number sign, a thing to itself, a blank node to nothing."""
    assert owner_of(node) == owner


def test_texts_of_the_rules_are_plain(collection: Collection) -> None:
    """What rules infer are IRIs and numbers; no text is made up by a rule."""
    made = {triple.object for triples in inferred(collection).values() for triple in triples}
    assert {value.datatype for value in made if isinstance(value, Literal)} == {
        Iri("http://www.w3.org/2001/XMLSchema#integer")
    }


@pytest.mark.parametrize("name", ["data/more.jsonld", "data/interventions/a.rdf"])
def test_file_that_is_not_collected_is_told(project: Callable[[dict[str, str]], KnowledgeGraph], name: str) -> None:
    """A JSON-LD or RDF/XML file among the data is an error with its name, not passed over."""
    with pytest.raises(UnknownFileType, match="is made of") as caught:
        _ = project({name: "{}"}).collection
    assert name == str(caught.value.where)


def test_sources_are_not_part_of_the_data(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """Files in data/sources/ are what records are imported from, whatever they hold."""
    assert len(project({"data/sources/x.jsonld": "{}"}).collection.store) > 0
