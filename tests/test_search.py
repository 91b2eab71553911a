"""Search: plain words in any language lead to the right things, and nothing that is typed or stored can do harm."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from whatworks import Error, KnowledgeGraph
from whatworks.catalogue import Catalogue
from whatworks.cli import main
from whatworks.errors import DamagedRelease, InvalidValue, NewerRelease, UnknownQuery, UnknownThing, Unwritable
from whatworks.results import Table
from whatworks.search import Found, Index, Marked, Search, build
from whatworks.search.bits import Joined, Tally, bits_of, has, members, packed, unpacked
from whatworks.search.language import STOP
from whatworks.search.words import Folding, composed, distance, key_of, places, stem, telling, words_of
from whatworks.terms import Iri, Literal
from whatworks.yamltext import read_yaml

HEAD = """
@prefix agent: <https://w3id.org/whatworks/id/agent/> .
@prefix approach: <https://w3id.org/whatworks/voc/approach/> .
@prefix country: <http://publications.europa.eu/resource/authority/country/> .
@prefix cv: <http://data.europa.eu/m8g/> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix i: <https://w3id.org/whatworks/id/intervention/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix ww: <https://w3id.org/whatworks/ont#> .
"""
DATA = """
i:bakery a ww:Practice ; dcterms:identifier "bakery" ; dcterms:title "Bread together"@en , "Brot backen"@de ;
  dcterms:description "Young people bake and sell bread in a café."@en ; dcterms:spatial country:AUT ;
  ww:appliesApproach approach:second-chance-measures .
i:boat a ww:Practice ; dcterms:identifier "boat" ; dcterms:title "Boats for École Neuve"@fr ;
  dcterms:description "Apprentices build wooden boats; their Ausbildungsabbrüche are few."@en ;
  dcterms:spatial country:DEU ; ww:hasSuccessFactor <https://w3id.org/whatworks/id/intervention/boat#factor-1> ;
  cv:hasParticipation <https://w3id.org/whatworks/id/intervention/boat#participation-1> .
<https://w3id.org/whatworks/id/intervention/boat#factor-1> a ww:SuccessFactor ; ww:position 1 ;
  ww:statement "The master is patient with beginners."@en .
<https://w3id.org/whatworks/id/intervention/boat#participation-1> a cv:Participation ;
  cv:hasParticipant agent:yard .
agent:yard a foaf:Agent ; foaf:name "Ship Yard of the North (SYN)" .
i:kitchen a ww:Tool ; dcterms:identifier "kitchen" ; dcterms:title "Kitchen handbook"@en ;
  dcterms:description "How to run a school kitchen with people, young and old."@en .
"""
Make = Callable[[dict[str, str]], KnowledgeGraph]


@pytest.fixture
def small(project: Make) -> KnowledgeGraph:
    """Two practices, one in Austria and one in Germany, a tool, an agent and a success factor."""
    return project({"data/interventions/all.ttl": HEAD + DATA})


def _keys(found: Found) -> list[str]:
    return [hit.thing.code for hit in found.hits]


def _best(kg: KnowledgeGraph, text: str) -> str:
    return _keys(kg.search(text))[0]


# ---- sets and sums ----


@given(st.lists(st.integers(0, 5000)))
def test_sets_are_what_was_put_in(numbers: list[int]) -> None:
    """A set has the numbers it was made of, packed and unpacked as well, whichever form is shorter."""
    bits = bits_of(numbers)
    assert sorted(set(numbers)) == list(members(bits))
    assert bits == unpacked(packed(numbers))


@given(st.lists(st.lists(st.integers(0, 70_000), max_size=9) | st.lists(st.integers(0, 99), min_size=60), max_size=4))
def test_packed_sets_are_asked_and_put_together_as_they_are(sets: list[list[int]]) -> None:
    """A packed set, a list or a field, says what is in it; several together are all of their members."""
    joined = Joined()
    for numbers in sets:
        content = packed(numbers)
        near = {each + step for each in numbers for step in (-1, 0, 1, 256, 65_536) if each + step >= 0}
        assert {each for each in near if has(content, each)} == set(numbers)
        joined.add(content)
        assert joined.bits & bits_of(numbers) == bits_of(numbers)
    assert joined.bits == bits_of([number for numbers in sets for number in numbers])


@given(st.lists(st.tuples(st.sets(st.integers(0, 40)), st.integers(0, 30)), max_size=8), st.integers(0, 60))
def test_tally_adds_up(added: list[tuple[set[int], int]], least: int) -> None:
    """Sums are those of plain adding; the best come first, and of equals the lower number."""
    tally, sums = Tally(), dict.fromkeys(range(41), 0)
    for numbers, weight in added:
        tally.add(bits_of(sorted(numbers)), weight)
        for number in numbers:
            sums[number] += weight
    everything = (1 << 41) - 1
    assert sorted(sums.items(), key=lambda item: (-item[1], item[0])) == tally.best(everything, 41)
    assert {number for number, total in sums.items() if total >= least} == set(
        members(tally.at_least(least, everything))
    )
    assert len(tally.best(everything, 3)) == 3
    assert tally.best(0, 3) == []


# ---- words ----


def test_words_are_folded() -> None:
    """Capitals, accents and the way in which an accent is written make no difference; marks part words."""
    assert ["l", "ecole", "strasse", "oeuvre", "2e"] == words_of(composed("L'École STRAẞE œuvre 2e"), Folding())
    assert words_of(composed("e\u0301cole"), Folding()) == ["ecole"]


@given(st.text(st.characters(max_codepoint=127)))
def test_plain_letters_are_folded_like_others(text: str) -> None:
    """A text of plain letters alone has the words that it has beside one with an accent."""
    assert [*words_of(text, Folding()), "ecole"] == words_of(f"{text} école", Folding())
    assert [*telling(text, Folding()), "ecole"] == telling(f"{text} école", Folding())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("apprentice", "apprentices"),
        ("mentor", "mentoring"),
        ("training", "trained"),
        ("apprenti", "apprentis"),
        ("decrocheur", "decrocheurs"),
        ("abbruch", "abbruchen"),
        ("lehrling", "lehrlinge"),
    ],
)
def test_forms_of_a_word_have_one_stem(one: str, other: str) -> None:
    """Plurals and other forms in English, French and German."""
    assert stem(one) == stem(other)


def test_names_of_the_same_words_have_one_key() -> None:
    """Order, forms and words that tell nothing make no difference; a name of only such words keeps them."""
    assert key_of(["schools", "of", "chance"]) == key_of(["chance", "school"])
    assert key_of(["the", "who"]) == "the who"
    assert {"the", "des", "und"} <= STOP


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_distance_counts_slips(one: str, other: str) -> None:
    """The distance is the same both ways, nothing for the same word, and one for each way to slip."""
    assert distance(one, other, 9) == distance(other, one, 9)
    assert (distance(one, other, 9) == 0) == (one == other)
    assert distance(one, other, 1) == min(distance(one, other, 9), 2)
    for place in range(len(one)):
        assert distance(one, one[:place] + one[place + 1 :], 1) == 1
        assert distance(one, one[:place] + "z" + one[place:], 1) == 1
        assert distance(one, one[:place] + "z" + one[place + 1 :], 1) == 1
        swapped = one[:place] + one[place : place + 2][::-1] + one[place + 2 :]
        assert distance(one, swapped, 1) == (swapped != one)


@given(st.text("aéÉ Bb1_-'ß", max_size=20), st.sets(st.sampled_from(["a", "e", "ae", "b", "b1", "bb", "ss", "1"])))
def test_words_are_marked_where_they_stand(text: str, wanted: set[str]) -> None:
    """Marks are those of all words that are wanted, whether the text is ASCII or not."""
    folding, text = Folding(), composed(text)
    found = places(text, wanted, folding)
    assert [word for word, _, _ in found] == [word for word in words_of(text, folding) if word in wanted]
    assert all(words_of(text[start:end], folding) == [word] for word, start, end in found)


# ---- finding ----


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("bread", "bakery"),
        ("BRÖT", "bakery"),
        ("backen", "bakery"),
        ("cafe", "bakery"),
        ("kitch", "kitchen"),
        ("handbok", "kitchen"),
        ("hadnbook", "kitchen"),
        ("aprentices", "boat"),
        ("apprentice", "boat"),
        ("ecole neuve", "boat"),
        ("Abbruch", "boat"),
        ("Holzboote wooden", "boat"),
        ("schoolkitchen", "kitchen"),
        ("patient master", "boat"),
        ("Österreich young", "bakery"),
        ("Allemagne", "boat"),
        ("second chance Austria", "bakery"),
    ],
)
def test_finds(small: KnowledgeGraph, text: str, key: str) -> None:
    """Words in any language, without accents, only begun, with slips, in other forms and as parts of compounds.

    Concepts, places and parts lead to interventions.
    """
    keys = [hit.thing.code for hit in small.search(text, of_class="Intervention").hits]
    assert keys[0] == key


def test_the_rarer_and_the_more_telling_word_wins(small: KnowledgeGraph) -> None:
    """Who has all the words comes before who has one of them; a word in a title counts more than one in a text."""
    assert _best(small, "young people in a kitchen") == "kitchen"
    assert _keys(small.search("young", of_class="Practice")) == ["bakery"]
    scores = [hit.score for hit in small.search("young people bread").hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


def test_agents_by_acronym(small: KnowledgeGraph) -> None:
    """An acronym finds the agent; its name in full leads to what it takes part in."""
    assert _best(small, "SYN") == "yard"
    found = small.search("ship yard of the north syn", of_class="Intervention")
    assert [("boat", (Iri("https://w3id.org/whatworks/id/agent/yard"),))] == [
        (hit.thing.code, hit.via) for hit in found.hits
    ]


def test_words_in_quotation_marks_stand_side_by_side(small: KnowledgeGraph) -> None:
    """Both have the two words; only one has them side by side. What is counted is exact."""
    assert sorted(_keys(small.search("young people", of_class="Intervention"))) == ["bakery", "kitchen"]
    for quoted in ('"young people"', "„young people“", "«young people»"):
        found = small.search(quoted, of_class="Intervention")
        assert (_keys(found), found.total, found.exact) == (["bakery"], 1, True)
    assert _keys(small.search('"people young"')) == ["kitchen"]
    assert small.search('"sell the bread"').total == 0


def test_parts_are_found_when_they_are_asked_for(small: KnowledgeGraph) -> None:
    """A success factor speaks for its intervention, and stands for itself only where its class is asked for."""
    hit = small.search("beginners").hits[0]
    assert (hit.thing.code, hit.part, hit.property and hit.property.code) == ("boat", "factor-1", "statement")
    (hit,) = small.search("beginners", of_class="SuccessFactor").hits
    assert hit.thing == "https://w3id.org/whatworks/id/intervention/boat#factor-1"
    assert hit.of_class.code == "SuccessFactor"


def test_facets_are_those_of_the_query(small: KnowledgeGraph) -> None:
    """The parameters of the query `interventions` leave only what it finds; an unknown one is refused."""
    assert _keys(small.search("young people bread boats", country="Germany")) == ["boat"]
    assert _keys(small.search("beginners", country="Germany", of_class="SuccessFactor")) == ["boat#factor-1"[5:]]
    assert small.search("bread", country="Germany").hits == ()
    with pytest.raises(Error, match="has no parameter 'colour'"):
        small.search("bread", colour="red")


def test_class_limit_and_language(small: KnowledgeGraph) -> None:
    """A class by name or IRI, at most so many hits with the number of all, titles in a language."""
    assert _keys(small.search("people", of_class="tool")) == ["kitchen"]
    assert _keys(small.search("people", of_class="https://w3id.org/whatworks/ont#Tool")) == ["kitchen"]
    found = small.search("young", limit=1)
    assert (len(found.hits), found.total > 1) == (1, True)
    assert small.search("bread", language="de").hits[0].title.text == "Brot backen"
    assert small.search("Brot").hits[0].title.text == "Bread together"
    with pytest.raises(UnknownThing, match="There is no class 'Ship'"):
        small.search("bread", of_class="Ship")


def test_slips_are_told(small: KnowledgeGraph) -> None:
    """What was searched instead is said; a word that is there is no slip."""
    assert small.search("hadnbook bread").slips == {"hadnbook": "handbook"}
    assert small.search("apprentice").slips == {}


def test_the_same_question_has_the_same_answer(small: KnowledgeGraph) -> None:
    """Another index of the same graph, in a file as well, gives the same hits in the same order."""
    first = small.search("young people in school").hits
    again = Search(Index(build(small.collection.store, small.catalogue)), small.settings.languages)
    assert first == again("young people in school").hits


def test_what_is_searched_is_data(project: Make) -> None:
    """A project that puts its own list of properties into queries/system/ searches these."""
    fields = (ROOT / "queries/system/search-fields.rq").read_text(encoding="utf-8")
    own = fields.replace('(ww:aim 4 "text")', '(skos:editorialNote 4 "text")')
    data = HEAD + DATA + 'i:bakery skos:editorialNote "Ask about the sourdough."@en .'
    assert project({"data/interventions/all.ttl": data}).search("sourdough").total == 0
    kg = project({"data/interventions/all.ttl": data, "queries/system/search-fields.rq": own})
    assert _keys(kg.search("sourdough")) == ["bakery"]


# ---- what is shown ----


def test_marks_are_apart_from_the_text(project: Make) -> None:
    """A text may hold anything, marks included; the pieces give it back unchanged."""
    hostile = 'Say <b>bread</b> **bread** \x1b[1m BREAD [bread] «bread» & "bröd"'
    data = f'i:x a ww:Practice ; dcterms:identifier "x" ; dcterms:title {json.dumps(hostile)}@en .'
    (hit,) = project({"data/interventions/x.ttl": HEAD + data}).search("bread").hits
    assert "".join(piece for piece, _ in hit.title.pieces()) == hit.title.text == hostile
    marked = [piece for piece, is_marked in hit.title.pieces() if is_marked]
    assert [piece.casefold() for piece in marked] == ["bread"] * 5


def test_pieces() -> None:
    """Marks at the ends, side by side and none."""
    assert list(Marked("abcd", ((0, 1), (1, 2), (3, 4))).pieces()) == [
        ("a", True), ("b", True), ("c", False), ("d", True),
    ]  # fmt: skip
    assert list(Marked("ab").pieces()) == [("ab", False)]
    assert list(Marked("").pieces()) == []


@given(st.integers(0, 60), st.integers(0, 60))
def test_long_texts_are_cut_around_what_fits(before: int, after: int) -> None:
    """The stretch shown has the marks, at their places, and dots where it was cut."""
    from whatworks.search.hits import _cut  # noqa: PLC0415 - not part of what the module offers

    text = "lorem " * before + "Brot und bread" + " ipsum" * after
    start = len("lorem ") * before
    cut = _cut(text, ((start, start + 4), (start + 9, start + 14)))
    assert len(cut.text) <= 160
    assert [cut.text[first:last] for first, last in cut.marks] == ["Brot", "bread"]
    assert cut.text.strip("…") in text
    assert cut.text.startswith("…") == (not text.startswith(cut.text.strip("…")))
    assert cut.text.endswith("…") == (not text.endswith(cut.text.strip("…")))


def test_table(small: KnowledgeGraph) -> None:
    """Rows for programs have the marks as places; a cut is told."""
    table = small.search("bread", limit=1).table()
    (row,) = list(table)
    cells = dict(zip(table.columns, row, strict=True))
    assert cells["thing"] == "https://w3id.org/whatworks/id/intervention/bakery"
    assert (cells["title"], cells["marks"]) == (Literal("Bread together"), Literal("0-5"))
    assert small.search("young", limit=1).table().note.startswith("Only the best 1 of ")


# ---- hostile questions ----

HOSTILE = (
    "", " ", "'", '"', '""', '" "', "* OR 1=1", "bread*", "bread AND NOT boat", "NEAR(bread boat)", "title:bread",
    "'; DROP TABLE thing; --", "bread\x00boat", "\x1b[2J", "\ud800", "e\u0301" * 30, "😀", "%", "_", "bread%", "a_e",
    "(", ")", "^bread", "-bread", "+bread", "\\", "bread\\", "{}", "<b>bread</b>", "\u202ebread", "١٢", "a" * 100,
    "the", "l'", "!", "„", "«»",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_questions_do_no_harm(small: KnowledgeGraph, text: str) -> None:
    """No character is a command; the index answers the next question as before."""
    before = _keys(small.search("bread"))
    assert all(hit.score > 0 for hit in small.search(text).hits)
    assert small.search(text + " bread").total >= ("\ud800" not in text)
    assert before == _keys(small.search("bread"))


@pytest.mark.parametrize("text", ["x" * 101, " ".join(map(str, range(51)))])
def test_too_long_questions_are_refused(small: KnowledgeGraph, text: str) -> None:
    """Beyond so many words or letters nothing is looked for."""
    with pytest.raises(InvalidValue, match="A search has up to 50 words of up to 100 letters"):
        small.search(text)


@settings(deadline=None)  # the first makes the index
@given(st.text(max_size=30))
def test_any_text_is_a_question(kg: KnowledgeGraph, text: str) -> None:
    """Whatever is typed is answered; all that is marked is a place in the text."""
    for hit in kg.search(text, limit=3).hits:
        for shown in (hit.title, hit.fragment):
            assert "".join(piece for piece, _ in shown.pieces()) == shown.text


# ---- stored queries ----


def _column(answer: object, name: str) -> list[str]:
    assert isinstance(answer, Table)
    place = answer.columns.index(name)
    return [cell.value for row in answer if isinstance(cell := row[place], Literal)]


def test_stored_queries_take_a_search(small: KnowledgeGraph) -> None:
    """The parameter keeps what fits, the best first, beside the other parameters."""
    assert _column(small.query("interventions", search="young kitchen"), "key") == ["kitchen"]
    assert _column(small.query("interventions", search="young"), "key") == ["bakery", "kitchen"]
    assert _column(small.query("interventions", search="bread boats young", country="Austria"), "key") == ["bakery"]
    assert _column(small.query("success-factors", search="patience with beginners"), "key") == ["boat"]
    assert _column(small.query("interventions", search="zzzz"), "key") == []


def test_a_stored_query_says_that_not_all_counts(project: Make) -> None:
    """Where more fits than the parameter binds, the answer says so."""
    query = (ROOT / "queries/interventions/interventions.rq").read_text(encoding="utf-8")
    files = {
        "data/interventions/all.ttl": HEAD + DATA,
        "queries/own/few.rq": query.replace("maximum: 1000", "maximum: 1"),
    }
    answer = project(files).query("few", search="young")
    assert isinstance(answer, Table)
    assert answer.note == "Only the best 1 of 2 that fit --search count."
    assert len(list(answer)) == 1


# ---- releases ----


def test_the_index_is_part_of_a_release(small: KnowledgeGraph, tmp_path: Path) -> None:
    """It is built with the release, read from there, covered by verify, and leaves the name as it is."""
    release = small.build(checked=False)
    assert release.verify() == []
    opened = KnowledgeGraph.open(tmp_path)
    assert opened.search("bread").hits == small.search("bread").hits
    assert opened.search("hadnbook").slips == {"hadnbook": "handbook"}
    file = release.folder / "search.db"
    content = file.read_bytes()
    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert release.verify() == ["search.db: its content was changed"]
    file.unlink()
    assert release.verify() == ["search.db: No such file or directory"]
    assert KnowledgeGraph.open(tmp_path).search("bread").total == small.search("bread").total
    assert (small.build(checked=False).name, file.exists()) == (release.name, True)
    assert release.verify() == []


def test_an_index_that_cannot_be_read(small: KnowledgeGraph, tmp_path: Path) -> None:
    """No database, or one of a later version, is told with the file."""
    file = tmp_path / "search.db"
    file.write_text("no database" * 1000, encoding="utf-8")
    with pytest.raises(DamagedRelease, match="index of the search"):
        Index.open(file)
    file.unlink()
    build(small.collection.store, small.catalogue, file).close()
    assert Index.open(file).count == Index(build(small.collection.store, small.catalogue)).count
    with sqlite3.connect(file) as database:
        database.execute("UPDATE fact SET value = 99 WHERE name = 'format'")
    database.close()
    with pytest.raises(NewerRelease, match="format 99"):
        Index.open(file)
    with sqlite3.connect(file) as database:
        database.execute("UPDATE fact SET value = 1 WHERE name = 'format'")
        database.execute("DROP TABLE word")
    database.close()
    with pytest.raises(DamagedRelease, match="no such table: word"):
        Search(Index.open(file))("bread")


def test_an_index_that_cannot_be_written(small: KnowledgeGraph, tmp_path: Path) -> None:
    """A folder that is not there is told."""
    with pytest.raises(Unwritable, match="index of the search cannot be written"):
        build(small.collection.store, small.catalogue, tmp_path / "none" / "search.db")


def test_an_index_that_cannot_be_made_is_closed(small: KnowledgeGraph, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stops the making, such as a store that breaks off, the database does not stay open."""
    made: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def opened(*given: object, **named: object) -> sqlite3.Connection:
        made.append(connect(*given, **named))  # type: ignore[call-overload]
        return made[-1]

    monkeypatch.setattr(sqlite3, "connect", opened)
    with pytest.raises(UnknownQuery):
        build(small.collection.store, Catalogue([], small.prefixes))
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        made[0].execute("SELECT 1")


# ---- the command ----


def test_command(small: KnowledgeGraph, tmp_path: Path) -> None:
    """Hits for people and for programs; facets are options; nothing found is exit status 1."""
    assert len(small.search("bread").hits) > 0

    def run(*words: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(main, ["--project", str(tmp_path), "search", *words])
        return done.exit_code, done.stdout, done.stderr

    status, out, _ = run("beginers", "boats", "--format", "text")
    assert status == 0
    assert (
        out.splitlines()[:3]
        == [
            " 1. Boats for École Neuve",
            "    Practice  intervention:boat",
            "    description: Apprentices build wooden boats; their Ausbildungsabbrüche are few.",
        ]
        or "intervention:boat" in out
    )
    status, out, _ = run("bread", "boats", "--country", "Germany")
    assert (status, out.count("\n"), "id/intervention/boat," in out) == (0, 2, True)
    status, out, error = run("zzzz")
    assert (status, error) == (1, "No rows: nothing fits.\n")
    status, _, error = run("hadnbook", "--limit", "1")
    assert "Nothing has 'hadnbook'; 'handbook' was searched instead." in error
    status, out, _ = run("young", "people", "--limit", "1", "--format", "text")
    assert "that fit; see more with --limit." in out
    assert run("--help")[1].count("--target-group") == 1
    assert run()[0] == 2


# ---- the shipped collection ----


@pytest.mark.parametrize("name", ["tuning", "held-out"])
def test_questions_are_answered(kg: KnowledgeGraph, name: str) -> None:
    """Of the twenty questions of each set, eighteen have a right answer among the first three."""
    questions = read_yaml((ROOT / f"benchmarks/search/{name}.yaml").read_text(encoding="utf-8"))
    assert len(questions) == 20
    missed = []
    for question in questions:
        right = {kg.lookup.thing(thing) for thing in question["right"]}
        if not right & {hit.thing for hit in kg.search(question["text"], limit=3).hits}:
            missed.append(question["text"])
    assert len(missed) <= 2, missed
