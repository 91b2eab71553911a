"""Concepts, places and agents are mapped to authorities outside by people only, from proposals that say why."""

import csv
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import BASE, ROOT
from whatworks import KnowledgeGraph
from whatworks.cli import main
from whatworks.errors import ImportRefused, InvalidValue, Unwritable
from whatworks.linking.authorities import Entry, read_authorities
from whatworks.linking.mappings import COLUMNS, DECIDED_FILE, PROPOSED_FILE, STATED_FILE, TABLE_FILE
from whatworks.linking.outside import Name, propose
from whatworks.results import Table, plain
from whatworks.terms import Iri, Quad

SKOS = "http://www.w3.org/2004/02/skos/core#"
APPRENTICES, OUTSIDE = Iri(f"{BASE}voc/target-group/apprentices"), Iri("http://eurovoc.europa.eu/2276")
EXACT = Iri(SKOS + "exactMatch")
TABLE = (
    "scheme,kind,label_en,label_de,iri\n"
    "list,concept,Apprentice,Lehrling,http://example.org/list/1\n"
    "list,concept,Sea voyages,,http://example.org/list/2\n"
    "bodies,agent,Ministry of Sailing,,http://example.org/bodies/1\n"
)
AGENTS = f"""
@prefix agent: <{BASE}id/agent/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
agent:sailing a foaf:Agent ; foaf:name "Ministry of Sailing" .
agent:ships a foaf:Agent ; foaf:name "Ships for all" ; skos:altLabel "Ministry of sailing"@en .
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two agents and a table of authorities of its own."""
    (tmp_path / "whatworks.toml").write_text("")
    for name, content in (("agents.ttl", AGENTS), (TABLE_FILE, TABLE)):
        file = tmp_path / "data" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return tmp_path


def run(project: Path, *words: str, typed: str = "") -> Result:
    """Run a command in a project."""
    return CliRunner().invoke(main, ["--project", str(project), *words], input=typed)


def decisions(project: Path) -> list[dict[str, str]]:
    """Return the rows of the table of decisions."""
    with (project / "data" / DECIDED_FILE).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def stated(project: Path) -> set[tuple[str, str, str]]:
    """Return the mappings that the graph of the project states to examples."""
    store = KnowledgeGraph.open(project).collection.store
    return {
        (str(quad.subject), quad.predicate, str(quad.object))
        for quad in store.match()
        if str(quad.object).startswith("http://example.org/") and quad.predicate.startswith(SKOS)
    }


# ---- proposals ----


def names(*texts: str, kind: str = "concept", usual: bool = True) -> list[Name]:
    """Return names of things, each of one of its own."""
    return [Name(Iri(f"x:{number}"), kind, text, usual) for number, text in enumerate(texts)]


def entries(*texts: str, kind: str = "concept", scheme: str = "list") -> list[Entry]:
    """Return entries of a list."""
    return [Entry(Iri(f"y:{number}"), scheme, kind, (text,)) for number, text in enumerate(texts)]


def test_the_same_name_is_exact_and_another_name_close() -> None:
    """In whatever form the words stand; what both share is said."""
    found = propose(names("Apprentices", "Sea voyage"), entries("apprentice", "Voyages at sea"), ())
    assert [("x:0", "y:0", "exactMatch", 1.0), ("x:1", "y:1", "exactMatch", 1.0)] == [
        (each.thing, each.target, each.relation, each.score) for each in found
    ]
    assert "“Apprentices” is the name here, and the entry is called the same, as “apprentice”" in found[0].reason
    (other,) = propose(names("Apprentices", usual=False), entries("apprentice"), ())
    assert (other.relation, other.score) == ("closeMatch", 0.9)
    assert "another name here" in other.reason


def test_other_forms_than_a_plural_are_close() -> None:
    """A school is no schooling."""
    (found,) = propose(names("School"), entries("schooling"), ())
    assert (found.relation, found.score) == ("closeMatch", 1.0)


def test_a_part_of_the_words_is_close_and_rare_words_count_more() -> None:
    """The greater share comes from the word that few names have."""
    listed = entries("School mentoring", "School buildings", "School meals", "Schools")
    (found,) = propose(names("School mentoring centre"), listed, (), 0.5)
    assert found.target == "y:0"
    assert found.relation == "closeMatch"
    assert ["mentoring", "school"] == [word for word, _ in found.words]
    assert "share “mentoring” and “school”" in found.reason


def test_nothing_is_proposed_across_kinds_or_twice() -> None:
    """A place is no agent; what is mapped or decided is left out; a thing is not mapped to itself."""
    assert propose(names("Hamburg", kind="place"), entries("Hamburg", kind="agent"), ()) == []
    assert propose(names("Hamburg"), entries("Hamburg"), {(Iri("x:0"), Iri("y:0"))}) == []
    assert propose([Name(Iri("y:0"), "concept", "Hamburg", True)], entries("Hamburg"), ()) == []


def test_several_entries_of_one_name_are_not_exact() -> None:
    """A person has to choose; each is proposed and says so."""
    found = propose(names("Luxembourg"), entries("Luxembourg", "Luxembourg"), ())
    assert ["closeMatch"] * 2 == [each.relation for each in found]
    assert all("2 entries of list fit as well" in each.reason for each in found)


@given(
    st.lists(st.text("abcd ", min_size=1, max_size=12).filter(str.strip), min_size=1, max_size=6),
    st.lists(st.text("abcd ", min_size=1, max_size=12).filter(str.strip), min_size=1, max_size=6),
)
def test_shares_add_up_and_the_order_of_names_does_not_matter(own: list[str], other: list[str]) -> None:
    """The score is the sum of what each word gives, at most 1; the same names give the same proposals."""
    found = propose(names(*own), entries(*other), (), 0.01)
    for each in found:
        assert 0 < each.score <= 1
        assert each.score == pytest.approx(sum(share for _, share in each.words), abs=1e-5)
    assert found == sorted(propose(names(*own)[::-1], entries(*other)[::-1], (), 0.01), key=found.index)


# ---- tables of authorities ----


def test_the_shipped_table_is_whole(kg: KnowledgeGraph) -> None:
    """Every line can be used, and the collection finds something in it that is not mapped yet."""
    content = next(asset for asset in kg.assets.data() if asset.name == f"data/{TABLE_FILE}").read()
    found = read_authorities(content, TABLE_FILE)
    assert found.notes == []
    assert {"eurovoc", "unesco-thesaurus", "esco-occupation", "nuts2", "atu", "wikidata"} <= {
        entry.scheme for entry in found.entries
    }
    outside = kg.mappings.compute()
    assert {"eurovoc", "unesco-thesaurus", "atu", "wikidata"} <= {each.scheme for each in outside.waiting}
    mapped = {(quad.subject, quad.object) for quad in kg.collection.store.match() if quad.predicate.startswith(SKOS)}
    assert not {(each.thing, each.target) for each in outside.waiting} & mapped


def test_bad_lines_are_told_and_passed_over() -> None:
    """No name, no IRI, an unknown kind; the rest is used. Without a column nothing is."""
    text = TABLE + "list,concept,,,http://example.org/3\nlist,concept,A,,no iri\nlist,thing,A,,http://example.org/4\n"
    found = read_authorities(b"\xef\xbb\xbf" + text.encode(), "t.csv")
    assert len(found.entries) == 3
    assert ("Apprentice", "Lehrling") == found.entries[0].names
    assert "3 lines of t.csv were passed over: line 5 has no name; line 6 has 'no iri'" in found.notes[0]
    with pytest.raises(ImportRefused, match="no column kind, label_en"):
        read_authorities(b"scheme,iri\n", "t.csv")


# ---- decisions ----


def test_only_what_was_accepted_is_stated(project: Path) -> None:
    """As SKOS says it; what waits states nothing; what was rejected is never proposed again."""
    first = run(project, "link", "--outside")
    assert first.exit_code == 0, first.output
    assert (
        "exactMatch, 1.000\n  Ministry of Sailing  (agent:sailing)\n"
        "  Ministry of Sailing  (http://example.org/bodies/1), bodies\n" in first.output
    )
    assert not (project / "data" / DECIDED_FILE).exists()
    assert stated(project) == set()
    said = run(
        project,
        *("link", "--outside", "--by", "Ada L.", "--note", "Seen."),
        *("--accept", "target-group:apprentices", "http://example.org/list/1"),
        *("--reject", "agent:ships", "http://example.org/bodies/1"),
    )
    assert said.exit_code == 0, said.output
    assert "accepted: 1, rejected: 1" in said.output
    assert stated(project) == {(APPRENTICES, EXACT, "http://example.org/list/1")}
    by_target = {row["object_id"]: row for row in decisions(project)}
    assert by_target["http://example.org/bodies/1"]["predicate_modifier"] == "Not"
    assert {"Ada L."} == {row["reviewer_label"] for row in by_target.values()}
    assert {"Seen."} == {row["comment"] for row in by_target.values()}
    waiting = KnowledgeGraph.open(project).mappings.compute().waiting
    assert [(f"{BASE}id/agent/sailing", "http://example.org/bodies/1")] == [
        (each.thing, each.target) for each in waiting
    ]


def _rows(project: Path, query: str) -> list[list[str]]:
    answer = KnowledgeGraph.open(project).query(query)
    assert isinstance(answer, Table)
    return [[plain(term) for term in row] for row in answer]


def test_what_waits_stands_in_the_graph(project: Path) -> None:
    """The review queue answers with score, reason, words and relation; nothing of it counts as asserted or is wrong."""
    assert run(project, "link", "--outside", "--dry-run").output.endswith("Nothing was written.\n")
    assert _rows(project, "review-queue") == []
    assert run(project, "link", "--outside").exit_code == 0
    file = project / "data" / PROPOSED_FILE
    before = file.read_bytes()
    waiting = KnowledgeGraph.open(project).mappings.compute().waiting
    assert [[each.thing, each.target, f"{each.score:g}", each.reason, SKOS + each.relation] for each in waiting] == [
        [*row[1:3], f"{float(row[3]):g}", row[4], row[6]] for row in _rows(project, "review-queue")
    ]
    assert "ministry; sailing" in {row[5] for row in _rows(project, "review-queue")}
    assert run(project, "link", "--outside").exit_code == 0
    assert before == file.read_bytes()
    kg = KnowledgeGraph.open(project)
    assert stated(project) == set()
    proposed = kg.collection.space.graph("links/outside-proposed")
    assert not {quad for quad in kg.collection.asserted() if quad.graph == proposed}
    assert not [each for each in kg.check().findings if "mapping" in str(each)]


def test_what_was_decided_stands_in_the_graph(project: Path) -> None:
    """Who, when and why; it waits no more, and what proposes it all the same is told as rejected and proposed again."""
    assert run(project, "link", "--outside").exit_code == 0
    before = (project / "data" / PROPOSED_FILE).read_bytes()
    pair = ("agent:ships", "http://example.org/bodies/1")
    said = run(project, "link", "--outside", "--reject", *pair, "--by", "Ada L.", "--note", "Others.")
    assert said.exit_code == 0, said.output
    assert [pair[1]] * 1 == [row[2] for row in _rows(project, "review-queue") if "agent" in row[1]]
    asked = KnowledgeGraph.open(project).sparql(
        "SELECT ?by ?why ?on WHERE { ?m ww:mappingFrom agent:ships ; ww:reviewStatus review-status:rejected ;"
        " ww:reviewedBy ?by ; ww:reviewNote ?why ; ww:reviewedOn ?on }"
    )
    assert isinstance(asked, Table)
    assert [["Ada L.", "Others.", date.today().isoformat()]] == [[plain(each) for each in row] for row in asked]
    assert not [each for each in KnowledgeGraph.open(project).check().findings if "mapping" in str(each)]
    assert _rows(project, "rejected-again") == []
    (project / "data" / PROPOSED_FILE).write_bytes(before)
    ships = f"{BASE}id/agent/ships"
    assert [ships] == [row[1] for row in _rows(project, "rejected-again")]
    assert ships not in {row[1] for row in _rows(project, "review-queue")}


def test_shipped_proposals_are_those_that_the_data_makes(kg: KnowledgeGraph) -> None:
    """data/links/outside-proposed.ttl is what `whatworks link --outside` writes now."""
    assert kg.mappings.text(kg.mappings.compute()) == (ROOT / "data" / PROPOSED_FILE).read_bytes()


def test_a_decision_can_be_changed(project: Path) -> None:
    """The later one replaces the earlier, and the statement goes."""
    pair = ("target-group:apprentices", "http://example.org/list/1")
    for option in ("--accept", "--reject"):
        assert run(project, "link", "--outside", option, *pair, "--by", "Ada").exit_code == 0
    assert stated(project) == set()
    assert ["Not"] == [row["predicate_modifier"] for row in decisions(project)]


def test_review_asks_about_each(project: Path) -> None:
    """Accept, reject with a reason, skip; then nothing of what was decided waits."""
    found = run(project, "link", "--outside", "--review", "--by", "Ada", typed="a\n\nr\nAnother ministry.\ns\n")
    assert found.exit_code == 0, found.output
    assert "1 mappings wait for review; accepted: 1, rejected: 1" in found.output
    assert "Another ministry." in {row["comment"] for row in decisions(project)}
    again = run(project, "link", "--outside", "--review", "--by", "Ada", typed="q\n")
    assert "1 of 1  " in again.output


def test_the_table_of_decisions_can_be_edited(project: Path) -> None:
    """What a person writes into it is followed; what cannot be is told, and the rest counts."""
    head = "\t".join(COLUMNS)
    lines = [
        {"subject_id": APPRENTICES, "predicate_id": "skos:broadMatch", "object_id": "http://example.org/list/2",
         "reviewer_label": "Bo"},
        {"subject_id": "no iri", "predicate_id": "skos:exactMatch", "object_id": "http://example.org/1",
         "reviewer_label": "Bo"},
        {"subject_id": APPRENTICES, "predicate_id": "skos:like", "object_id": "http://example.org/3",
         "reviewer_label": "Bo"},
        {"subject_id": APPRENTICES, "predicate_id": "skos:exactMatch", "object_id": "http://example.org/4"},
        {"subject_id": APPRENTICES, "predicate_id": "skos:exactMatch", "object_id": "http://example.org/list/1",
         "reviewer_label": "Bo"},
        {"subject_id": APPRENTICES, "predicate_id": "skos:exactMatch", "object_id": "http://example.org/list/1",
         "predicate_modifier": "Not", "reviewer_label": "Cy"},
        {"subject_id": f"{BASE}id/agent/gone", "predicate_id": "skos:exactMatch", "object_id": "http://example.org/5",
         "reviewer_label": "Bo"},
        {"subject_id": APPRENTICES, "predicate_id": "skos:exactMatch", "object_id": "http://example.org/6",
         "reviewer_label": "Bo", "mapping_date": "30.11.2026"},
    ]  # fmt: skip
    table = [head, *("\t".join(line.get(column, "") for column in COLUMNS) for line in lines)]
    file = project / "data" / DECIDED_FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(table) + "\n")
    found = run(project, "link", "--outside")
    assert found.exit_code == 0, found.output
    for told in (
        "Line 3 of data/links/outside.sssom.tsv does not name two IRIs",
        "Line 4 of data/links/outside.sssom.tsv has 'skos:like' between the two",
        "Line 5 of data/links/outside.sssom.tsv does not say who decided",
        "Line 7 of data/links/outside.sssom.tsv rejects what a line before it accepts",
        "Line 9 of data/links/outside.sssom.tsv has the day '30.11.2026', which is not written like 2026-11-30",
        "is of nothing that is here; it is kept",
    ):
        assert told in found.output
    assert stated(project) == {
        (APPRENTICES, SKOS + "broadMatch", "http://example.org/list/2"),
        (f"{BASE}id/agent/gone", EXACT, "http://example.org/5"),
    }


def test_what_cannot_be_followed_stays_in_the_table(project: Path) -> None:
    """A further decision loses neither a line with a mistake nor a column of another tool."""
    file = project / "data" / DECIDED_FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {"subject_id": APPRENTICES, "predicate_id": "skos:like", "object_id": "http://example.org/3",
         "author_id": "x:1"},
        {"subject_id": APPRENTICES, "predicate_id": "skos:closeMatch", "object_id": "http://example.org/list/2",
         "reviewer_label": "Bo", "author_id": "x:2"},
    ]  # fmt: skip
    columns = [*COLUMNS, "author_id"]
    lines = [columns, *([row.get(column, "") for column in columns] for row in rows)]
    file.write_text("".join("\t".join(line) + "\n" for line in lines))
    pair = ("agent:ships", "http://example.org/bodies/1")
    assert run(project, "link", "--outside", "--reject", *pair, "--by", "Ada").exit_code == 0
    assert {("http://example.org/3", "skos:like", "x:1"), ("http://example.org/list/2", SKOS + "closeMatch", "x:2")} < {
        (row["object_id"], row["predicate_id"], row["author_id"]) for row in decisions(project)
    }


def test_bad_wishes_are_told(project: Path, kg: KnowledgeGraph, tmp_path: Path) -> None:
    """An entry that is none, no name, no status, a table that is none; nothing is written."""
    mappings = KnowledgeGraph.open(project).mappings
    with pytest.raises(InvalidValue, match="is no entry"):
        mappings.between(APPRENTICES, "http://example.org/none")
    with pytest.raises(InvalidValue, match="no concept, place or agent"):
        mappings.between(Iri("x:none"), "http://example.org/list/1")
    apart = mappings.between(APPRENTICES, "http://example.org/list/2")
    assert (apart.score, apart.words) == (0.0, ())
    with pytest.raises(InvalidValue, match="needs the name"):
        mappings.decide(apart, "accepted", by=" ")
    with pytest.raises(InvalidValue, match="no decision"):
        mappings.decide(apart, "perhaps", by="Ada")
    with pytest.raises(ImportRefused, match="cannot be read"):
        mappings.compute(tmp_path)
    assert not (project / "data" / STATED_FILE).exists()
    (project / "data" / DECIDED_FILE).parent.mkdir(parents=True, exist_ok=True)
    (project / "data" / DECIDED_FILE).write_text("subject_id\n")
    with pytest.raises(ImportRefused, match="no column predicate_modifier"):
        mappings.compute()
    assert run(project, "link", "--authorities", str(project / "data" / TABLE_FILE)).exit_code == 2
    assert run(project, "link", "--outside", "--review").exit_code == 2


def test_the_collection_of_the_package_stays(kg: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package is not written to."""
    monkeypatch.setattr("whatworks.assets.Assets.data_folder", lambda _: None)
    (proposal, *_) = kg.mappings.compute().waiting
    with pytest.raises(Unwritable):
        kg.mappings.decide(proposal, "accepted", by="Ada", on=date(2026, 11, 30))


def test_another_table_can_be_named(project: Path, tmp_path: Path) -> None:
    """Its entries are compared instead."""
    table = tmp_path / "own.csv"
    table.write_text("scheme,kind,iri,label_fr\nown,agent,http://example.org/own/1,Ministry of Sailing\n")
    found = run(project, "link", "--outside", "--dry-run", "--authorities", str(table))
    assert "http://example.org/own/1" in found.output
    assert "bodies" not in found.output


def test_statements_are_where_other_links_are(project: Path) -> None:
    """Accepted mappings stand in a graph of their own, as data that a person stated."""
    run(
        project, "link", "--outside", "--accept", "target-group:apprentices", "http://example.org/list/1", "--by", "Ada"
    )
    collection = KnowledgeGraph.open(project).collection
    graphs = {quad.graph for quad in collection.store.match(APPRENTICES, EXACT, Iri("http://example.org/list/1"))}
    assert graphs == {collection.space.graph("links/outside")}
    assert Quad(APPRENTICES, EXACT, Iri("http://example.org/list/1"), *graphs) in collection.asserted()
