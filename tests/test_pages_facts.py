"""What pages say of the shipped interventions is what the data holds: nothing lost, nothing added, marked right."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from starlette.testclient import TestClient

from tests.conftest import BASE
from tests.servers import asked
from tests.test_pages import page
from whatworks import KnowledgeGraph
from whatworks.describe import Description
from whatworks.pages.facts import decimal, lasted
from whatworks.pages.shelf import Shelf
from whatworks.pages.view import Shown, View
from whatworks.publish.edition import Edition
from whatworks.results import Table
from whatworks.terms import XSD_DECIMAL, XSD_INTEGER, Iri, Literal

WW = BASE + "ont#"
_SAID = {"true": "yes", "false": "no"}  # of what the source calls significant


@pytest.fixture(scope="module")
def client(kg: KnowledgeGraph) -> Iterator[TestClient]:
    """A server of the shipped collection."""
    with asked(kg) as client:
        yield client


def text_of(html: str) -> str:
    """Return what a reader sees of a page, without its head and foot."""
    return " ".join(unescape(re.sub("<[^>]+>", " ", html.partition("<main")[2].partition("</main>")[0])).split())


def rows(kg: KnowledgeGraph, name: str, **values: object) -> list[dict[str, str]]:
    """Return the rows of a stored query as texts."""
    found = kg.query(name, **values)
    assert isinstance(found, Table)
    return [
        {column: "" if term is None else term.value if isinstance(term, Literal) else str(term)
         for column, term in zip(found.columns, row, strict=True)}
        for row in found
    ]  # fmt: skip


def listed(client: TestClient) -> dict[str, str]:
    """Return what the list says of each intervention, by its key."""
    found = {}
    for number in range(1, 8):
        for entry in page(client, f"/interventions?page={number}").split('<li class="entry">')[1:]:
            key = re.findall(r'href="/doc/intervention/([\w-]+)"', entry)[0]
            found[key] = text_of(f"<main>{entry}</main>")
    return found


def said(description: Description) -> Iterator[tuple[str, Literal | Iri, str]]:
    """Yield the property, the value and its text of everything that is said of a thing and its parts."""
    for section in description.sections:
        for field in section.fields:
            for value in field.values:
                if value.part is not None:
                    yield from said(value.part)
                elif isinstance(value.term, Literal | Iri):
                    yield str(field.property), value.term, value.text


@pytest.mark.slow  # reads each page of an intervention
def test_nothing_is_lost(client: TestClient, kg: KnowledgeGraph) -> None:
    """Each value of an intervention and of its parts stands on its page; figures are rounded, order unsaid."""
    view = View(Edition.of(kg))
    lost = []
    for iri in kg.describer.members("Intervention"):
        text = text_of(page(client, f"/doc/intervention/{iri.code}"))
        for name, term, shown in said(kg.describer.describe(iri, "en")):
            if name.endswith(("ont#position", "terms/identifier")) and shown not in text:
                continue
            forms = {" ".join(shown.split())}
            if isinstance(term, Literal) and term.datatype in (XSD_DECIMAL, XSD_INTEGER):
                forms |= {decimal(view, Shown(shown)), shown}
            if name == WW + "significant":
                forms = {_SAID[shown]}
            if not any(form in text for form in forms):
                lost.append((iri.code, name, shown))
    assert lost == []


def test_every_value_that_no_source_states_is_marked(client: TestClient, kg: KnowledgeGraph) -> None:
    """Among the key facts, an approach is marked just where it was assigned here, also beside one that is stated."""
    stated = {row["key"] for row in rows(kg, "interventions") if _approaches(kg, row["key"], stated=True)}
    assert stated
    for key in stated:
        text = page(client, f"/doc/intervention/{key}").partition('class="grid-facts"')[2].partition("</dl>")[0]
        approach = text.partition(">Approach")[2].partition("</div>")[0]
        for assigned in (False, True):
            for label in _approaches(kg, key, stated=not assigned):
                after = approach.partition(f">{label}<")[2]
                assert after, (key, label)
                assert bool(re.match(r"/(a|span)>\s*<span class=\"assigned\"", after)) == assigned, (key, label)
    text = page(client, "/compare?key=risk-neet-indicator-tool-roni&key=expairs-project")
    assert re.search(r"Identification of learners[^<]*</a>(</strong>)? *<span class=\"assigned\"", text)
    assert not re.search(r">Outreach</a>(</strong>)? *<span class=\"assigned\"", text)


def _approaches(kg: KnowledgeGraph, key: str, *, stated: bool) -> list[str]:
    iri = kg.collection.space.thing("intervention", key)
    name = "appliesApproach" if stated else "assignedApproach"
    found = list(kg.collection.store.match(iri, Iri(WW + name)))
    found = [quad for quad in found if not kg.collection.is_inferred(quad.graph)]
    return [kg.describer.label(quad.object, ("en",))[0] for quad in found]


def test_what_is_computed_of_findings_is_marked(client: TestClient, kg: KnowledgeGraph) -> None:
    """Direction, sample and kind of evidence of a finding are computed, in the table and among the key facts."""
    text = page(client, "/doc/intervention/check-and-connect")
    table = text.partition('id="evidence"')[2].partition('id="ratings"')[0]
    assert table.count('class="computed"') == 3 * table.count('<tr id="finding-')
    assert re.search(r">Kind of evidence <span class=\"computed\"", text)


def test_nothing_is_said_to_go_on_that_ended(client: TestClient, kg: KnowledgeGraph) -> None:
    """A list gives the end of what ended; where no end is known, it says when something started and no more."""
    view = View(Edition.of(kg))
    ends = {}
    for quad in kg.collection.store.match(predicate=Iri(WW + "endYear")):
        if isinstance(quad.subject, Iri) and "#" not in quad.subject and isinstance(quad.object, Literal):
            ends[quad.subject.code] = quad.object.value
    assert len(ends) > 10
    entries = listed(client)
    for row in rows(kg, "interventions"):
        when = lasted(view, row["startYear"], ends.get(row["key"], ""))
        assert when in entries[row["key"]], row["key"]
    assert lasted(view, "", "2011") == "until 2011"
    assert lasted(view, "2013", "2013") == "2013"
    phases = text_of(page(client, "/doc/intervention/activity-agreements-scotland"))
    assert "until 2011 Pilots" in phases
    assert "No year" not in phases


def test_what_is_known_stands_where_a_summary_is_wanting(client: TestClient, kg: KnowledgeGraph) -> None:
    """Of what has no summary, lists say how and by whom each outcome was rated, and what was measured."""
    view = View(Edition.of(kg))
    ratings, findings = rows(kg, "ratings"), rows(kg, "finding-figures")
    bare = {row["key"] for row in rows(kg, "missing") if row["missing"] == "summary"}
    assert bare
    entries = listed(client)
    assert bare <= entries.keys()
    for key, text in entries.items():
        own = [row for row in ratings if row["key"] == key]
        for row in own if key in bare else ():
            assert f"Rated by {row['by']}:" in text
            assert f"{view.name(Iri(row['outcome'])).text} : {view.name(Iri(row['level'])).text}" in text
        count = sum(row["key"] == key for row in findings)
        assert (f"{count} measured finding" in text) == (key in bare and count > 0), key
        assert ("No summary yet." in text) == (key in bare and not own and not count), key
    text = text_of(page(client, "/search?q=check+connect"))
    assert "Rated by What Works Clearinghouse: Completing school : No discernible effects" in text
    text = page(client, "/interventions?q=check+connect&lang=de")
    assert "Bewertet von What Works Clearinghouse:" in text
    assert "Évalué par What Works Clearinghouse :" in page(client, "/interventions?q=check+connect&lang=fr")


def test_the_first_page_counts_countries_only(client: TestClient, kg: KnowledgeGraph) -> None:
    """Several countries that are not named are none of the countries that the first page counts."""
    named = [row for row in rows(kg, "countries") if not row["country"].endswith("/voc/place/EU")]
    assert len(named) == len(rows(kg, "countries")) - 1
    assert f"<strong>{len(named)}</strong> <span>countries" in page(client, "/")


def test_a_gap_is_none_where_a_narrower_group_has_one(client: TestClient, kg: KnowledgeGraph) -> None:
    """No target group stands among the gaps of an approach for whose list interventions are found."""
    approaches = {row["approach"] for row in rows(kg, "approaches") if row["interventions"] != "0"}
    looked = 0
    for approach in sorted(approaches)[:6]:
        text = page(client, "/voc/approach/" + approach.rpartition("/")[2])
        gaps = text.partition("Where nothing is known")[2].partition("</section>")[0]
        for group in re.findall(r"/voc/target-group/([\w-]+)", gaps):
            assert rows(kg, "interventions", approach=approach, target_group=group) == [], (approach, group)
            looked += 1
    assert looked > 20


@pytest.mark.parametrize(("number", "written"), [("-0.003", ">−0.01"), ("0.003", "<0.01"), ("-0.3857", "−0.39")])
def test_small_numbers_are_not_made_larger(kg: KnowledgeGraph, number: str, written: str) -> None:
    """A figure near zero says that it is nearer than can be shown."""
    assert decimal(View(Edition.of(kg)), Shown(number)) == written


def test_pages_of_approaches_say_who_chose_them(client: TestClient, kg: KnowledgeGraph) -> None:
    """The page of an approach says of how many of its interventions a source states it."""
    for row in rows(kg, "approaches", assigned=False):
        code, stated = row["approach"].rpartition("/")[2], int(row["interventions"])
        total = len(rows(kg, "interventions", approach=code))
        text = text_of(page(client, f"/voc/approach/{code}"))
        assert (f"Of {stated} a source states the approach" in text) == (0 < stated < total), code
        assert ("No source states the approach" in text) == (stated == 0 < total), code


def test_the_first_page_does_not_wait_for_columns(kg: KnowledgeGraph) -> None:
    """The store answers the first that is asked, columns what comes later, and both the same."""
    asked, waited = (Shelf(Edition.of(KnowledgeGraph(kg.assets, kg.settings))) for _ in range(2))
    waited.prepare()
    for values in ({}, {"country": ["DEU"]}):
        assert asked.asked("facets", values) == waited.asked("facets", values)
    assert asked.kg.engines is not None
    assert not asked.kg.engines.are_loaded  # of the first two
    assert waited.kg.engines is not None
    assert waited.kg.engines.are_loaded


def test_a_concept_of_another_list_has_the_name_of_the_list(client: TestClient) -> None:
    """Where the data have no name for what is elsewhere, a code stands with the list that it is a code of."""
    for path, shown in (
        ("/voc/approach/second-chance-measures", '<a href="http://eurovoc.europa.eu/3177">EuroVoc 3177</a>'),
        ("/voc/place/BEL", '<a href="http://data.europa.eu/nuts/code/BE">NUTS BE</a>'),
        ("/voc/activity-type/career-guidance?lang=fr", ">Thésaurus de l’UNESCO concept4675</a>"),
        ("/voc/activity-type/career-guidance?lang=de", ">ESCO 5d0cc30d-068a-424c-8463-f42872a7149e</a>"),
    ):
        assert shown in page(client, path), path
