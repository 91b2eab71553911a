"""Pages that answer: questions as forms, the map of gaps, what works for whom, comparisons, and pages of concepts."""

import re
import shlex
from collections.abc import Callable, Iterator
from html import unescape

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from tests.conftest import BASE
from tests.servers import asked
from tests.test_pages import BROWSER, page
from whatworks import KnowledgeGraph
from whatworks.catalogue import Chart
from whatworks.cli import main
from whatworks.namespaces import LINK_FROM, LINK_TO, WW
from whatworks.pages import View, answers, atlas, charts
from whatworks.publish.edition import Edition
from whatworks.results import Table
from whatworks.terms import RDF_TYPE, Iri, Literal


@pytest.fixture(scope="module")
def client(kg: KnowledgeGraph) -> Iterator[TestClient]:
    """A server of the shipped collection."""
    with asked(kg) as client:
        yield client


def rows_of(kg: KnowledgeGraph, name: str, **values: object) -> list[tuple[object, ...]]:
    """Return the rows of a stored query."""
    answer = kg.query(name, **values)
    assert isinstance(answer, Table)
    return [tuple(row) for row in answer]


# ---- questions ----


@pytest.mark.slow  # asks every stored query
def test_every_stored_query_has_its_page(client: TestClient, kg: KnowledgeGraph) -> None:
    """The list leads to a page for each query, whose form has a field for each parameter."""
    text = page(client, "/queries")
    for query in kg.catalogue.all():
        assert f'href="/queries/{query.name}"' in text
        form = page(client, f"/queries/{query.name}")
        for parameter in query.parameters:
            assert f'name="{parameter.name}"' in form, (query.name, parameter.name)
        needs = any(parameter.required for parameter in query.parameters)
        assert ('<section id="answer">' in form) != needs, query.name


def test_an_answer_has_its_rows_and_all_ways_to_it(client: TestClient, kg: KnowledgeGraph) -> None:
    """The table has the rows of the query; below it stand the files, the SPARQL, and the same call elsewhere."""
    text = page(client, "/queries/interventions?country=BEL&stage=mainstreamed&kind=")
    body = text.partition("<tbody>")[2].partition("</tbody>")[0]
    assert body.count("<tr>") == len(rows_of(kg, "interventions", country="BEL", stage="mainstreamed"))
    assert 'value="BEL" checked' in text
    assert "/api/queries/interventions?country=BEL&amp;stage=mainstreamed&amp;format=csv" in text
    assert "VALUES ?country" in unescape(text)
    assert "authority/country/BEL" in text.partition("The SPARQL that ran")[2]


@pytest.mark.slow  # opens the collection twice more
def test_the_calls_that_a_page_shows_work(client: TestClient) -> None:
    """The command line and the lines of Python that stand on a page give the same rows, quotes and all."""
    text = page(
        client, "/queries/interventions?search=mesures+de+l'école+de+la+deuxième+chance&country=BEL&country=FRA"
    )
    curl, command, python = (
        unescape(each) for each in re.findall(r"<h3>.*?</h3>\s*<pre[^>]*><code>(.*?)</code>", text, re.S)
    )
    address = shlex.split(curl)[1]
    lines = client.get(address).text.splitlines()
    words = shlex.split(command)
    assert words[:3] == ["whatworks", "query", "interventions"]
    said = CliRunner().invoke(main, [*words[1:], "--format", "csv"])
    assert said.stdout.splitlines() == lines
    names: dict[str, object] = {}
    exec(python, names)  # noqa: S102 - what the page shows to be typed
    answer = names["answer"]
    assert isinstance(answer, Table)
    assert len(answer.kept()) == len(lines) - 1 > 0


def test_a_value_that_does_not_fit_is_said_in_the_form(client: TestClient) -> None:
    """The page stays, with the reason and the status 400; markup in it is text."""
    for asked_for in ("interventions?country=Atlantis", "findings?minimum-sample=%3Cb%3E", "related?intervention=nope"):
        text = page(client, f"/queries/{asked_for}", status=400)
        assert 'role="alert"' in text
        assert "<b>" not in text
    page(client, "/queries/nope", status=404)


def test_long_answers_come_in_pages(client: TestClient, kg: KnowledgeGraph) -> None:
    """An answer of many rows has links to the next hundred and back; together they are all rows."""
    total, number = len(rows_of(kg, "actors")), 1
    seen = 0
    path = "/queries/actors"
    while path:
        text = page(client, path)
        seen += text.partition("<tbody>")[2].partition("</tbody>")[0].count("<tr>")
        following = re.search(r'rel="next" href="([^"]+)"', text)
        path, number = unescape(following[1]) if following else "", number + 1
    assert seen == total
    assert ('<a href="#take">Past the table</a>' in text) == (seen % 100 > 20)
    assert "Past the table" not in page(client, "/queries/success-factor-themes?country=BEL")
    assert '<a href="#take">Past the table</a>' in page(client, "/queries/review-queue")
    assert 'id="take"' in page(client, "/queries/review-queue")


def test_graphs_and_yes_or_no(client: TestClient) -> None:
    """A query that gives statements shows them as Turtle; one that asks says yes or no."""
    assert "@prefix" in unescape(page(client, "/queries/intervention?intervention=youthreach"))
    assert "<strong>No</strong>" in page(client, "/queries/personal-data")


# ---- the map of gaps ----


@pytest.mark.parametrize("asked_for", [{}, {"rows": "country", "columns": "stage"}, {"assigned": "false"}])
def test_the_gap_map_is_the_query(client: TestClient, kg: KnowledgeGraph, asked_for: dict[str, str]) -> None:
    """Each cell has the number of the query; each that is not empty leads to a list; the CSV is the query's."""
    address = "&".join(f"{name}={value}" for name, value in asked_for.items())
    text = page(client, f"/gap-map?{address}")
    rows = rows_of(kg, "gap-map", **asked_for)
    numbers = re.findall(r'<td class="shade-\d">(?:<a href="[^"]+">|<span>)(\d+)<', text)
    assert sorted(map(int, numbers)) == sorted(int(str(row[2].value)) for row in rows)  # type: ignore[attr-defined]
    links = [unescape(each) for each in re.findall(r'<td class="shade-[1-9]"><a href="([^"]+)"', text)]
    assert len(links) == sum(number != "0" for number in numbers)
    for link in links[:: max(1, len(links) // 4)]:
        assert "Nothing fits" not in page(client, link)
    csv = client.get(unescape(re.findall(r'href="(/api/queries/gap-map[^"]+csv)"', text)[0])).text
    assert len(csv.splitlines()) == len(rows) + 1


def test_an_unknown_axis_is_said(client: TestClient) -> None:
    """An axis that does not exist is left out, and the map is whole."""
    text = page(client, "/gap-map?rows=%3Cscript%3E&columns=stage")
    assert "This was left out:" in text
    assert "<script>" not in text


# ---- what works for whom ----


@pytest.mark.parametrize("columns", ["target-group", "learning-setting"])
def test_what_works_shows_the_kind_of_evidence(client: TestClient, columns: str) -> None:
    """A cell has a number for each kind of evidence, which is as many interventions as its link lists."""
    text = page(client, f"/what-works?columns={columns}")
    cells = re.findall(r'<a href="([^"]+)" title="([^"]+)"><span[^>]*>[^<]*</span>(\d+)<', text)
    assert cells
    for link, kind, number in cells[:: max(1, len(cells) // 5)]:
        assert kind == "Testimony"
        found = re.findall(r"<strong>(\d+) intervention", page(client, unescape(link)))
        assert int(found[0]) >= int(number) > 0
    assert "This was left out:" in page(client, "/what-works?columns=x")


def test_findings_are_counted_by_outcome(client: TestClient, kg: KnowledgeGraph) -> None:
    """Findings are counted by outcome, kind of evidence and direction, all of those of interventions."""
    text = page(client, "/what-works").partition('id="findings"')[2].partition("</table>")[0]
    numbers = list(map(int, re.findall(r'<td class="num">(\d+)</td>', text)))
    findings = rows_of(kg, "system/finding-directions")
    assert sum(numbers) == sum(int(str(getattr(row[3], "value", 0))) for row in findings)


# ---- comparisons ----


def test_interventions_side_by_side(client: TestClient) -> None:
    """Two are put side by side; what differs is marked; a name that is none is said; more than four are cut."""
    text = page(client, "/compare?key=youthreach&key=expairs-project&key=nope&lang=en")
    assert text.count('<th scope="col">') == 2
    assert "This was left out:" in text
    stage = text.partition('<th scope="row">Stage')[2].partition("</tr>")[0]
    assert "differs" not in stage
    assert stage.count("<strong>") == 2
    assert "differs" in text.partition('<th scope="row">Where')[2].partition("</tr>")[0]
    alike = page(client, "/compare?key=youthreach&key=Youthreach")
    assert alike.count('<th scope="col">') == 1
    keys = "&".join(
        f"key={key}" for key in ("youthreach", "afya-austria", "job-corps", "expairs-project", "epide-france")
    )
    assert page(client, f"/compare?{keys}").count('<th scope="col">') == 4
    assert "Choose two to four" in page(client, "/compare")


# ---- concepts, places, actors, terms ----


def test_an_approach_has_interventions_what_helped_and_gaps(client: TestClient) -> None:
    """The page of an approach has its definition, its interventions, themes that recur, and gaps."""
    text = page(client, "/voc/approach/second-chance-measures.html")
    assert "Early leavers come back" in text
    assert "<h2>19 interventions</h2>" in text
    assert "Practical relevance" in text
    assert "Where nothing is known" in text


def test_a_theme_has_what_is_said(client: TestClient, kg: KnowledgeGraph) -> None:
    """The page of a theme has each statement with its intervention and its kind of evidence."""
    text = page(client, "/voc/theme/leadership.html")
    assert text.count('class="factor"') == len(rows_of(kg, "success-factors", theme="leadership"))
    assert "Evidence:" in text


def test_a_place_of_another_publisher_has_a_page_here(client: TestClient) -> None:
    """Countries are concepts of the European Union's list; their pages stand under our scheme, in every form."""
    text = page(client, "/voc/place/BEL")
    assert "Belgium" in text
    assert "By kind and level" in text
    assert 'href="/voc/place/BEL"' in page(client, "/doc/intervention/expairs-project")
    turtle = client.get("/voc/place/BEL.ttl")
    assert turtle.text.partition("country:BEL")[1]
    for path in ("/voc/place/XXX", "/voc/place/", "/voc/nope/BEL", "/voc//BEL"):
        assert client.get(path, headers={"Accept": BROWSER}).status_code == 404


def test_an_actor_has_roles_and_partners(client: TestClient) -> None:
    """The page of an actor says where it takes part, as what, and with whom it works."""
    text = page(client, "/doc/agent/university-of-mons")
    assert "EXPAIRS project" in text
    assert "Coordinator" in text
    assert "Ministry of Education (French Community of Belgium)" in text


def test_the_ontology_has_every_term(client: TestClient, kg: KnowledgeGraph) -> None:
    """The page of the ontology has each of its terms under its fragment, with its definition."""
    text = page(client, "/ont.html")
    for term in ("Intervention", "hasFinding", "startYear"):
        assert f'id="{term}"' in text
    assert "Classes" in text
    (picture,) = re.findall(r'<img src="([^"]+)"', text)
    assert client.get(picture).headers["content-type"].startswith("image/svg+xml")
    assert "One result of an evaluation" in text


# ---- drawings ----


@pytest.mark.parametrize(
    ("path", "kind", "drawn"),
    [
        ("success-factor-themes", "bar", '<rect class="span" x="0%" width="100.0%"'),
        ("countries", "map", 'class="land step-4"'),
        ("gap-map", "grid", '<td class="shade-4"><span>'),
        ("pilots-mainstreamed", "span", "1990–2005"),
    ],
)
def test_an_answer_is_drawn_as_its_query_says(
    client: TestClient, kg: KnowledgeGraph, path: str, kind: str, drawn: str
) -> None:
    """The drawing stands above the table, which has the same values and names."""
    chart = kg.catalogue.get(path).chart
    assert chart is not None
    assert chart.kind == kind
    picture, _, table = page(client, f"/queries/{path}").partition('<table class="striped">')
    assert drawn in picture
    labels = re.findall(r'<span class="label">([^<]+)</span>', picture)
    assert all(label in table for label in labels)


def test_what_cannot_be_drawn_is_a_table_alone(client: TestClient) -> None:
    """One row is no drawing; of a long answer the later pages have none, and none has a picture of nothing."""
    assert 'class="chart"' not in page(client, "/queries/success-factor-themes?theme=leadership")
    assert 'class="grid-map"' not in page(client, "/queries/gap-map?page=2")
    assert "No rows" in page(client, "/queries/pilots-mainstreamed?country=Cyprus")


def test_too_much_to_draw_is_said(kg: KnowledgeGraph) -> None:
    """Of too many rows nothing is drawn; of too many bars the first are; both is said."""
    view, columns = View(Edition(kg, "test")), ("thing", "number")
    chart = Chart("bar", {"label": "thing", "value": "number"})
    rows = [(Literal(f"thing {number}"), Literal.integer(number)) for number in range(1, charts.MOST_ROWS + 2)]
    many = charts.drawn(view, chart, columns, rows)
    assert many is not None
    assert (many["kind"], many["note"]) == ("none", "These are too many to draw; choose fewer.")
    some = charts.drawn(view, chart, columns, rows[:50])
    assert some is not None
    assert (len(some["bars"]), some["note"]) == (30, "The first 30 of 50 are drawn.")
    assert charts.drawn(view, chart, columns, [(None, None)]) is None
    grid = Chart("grid", {"row": "thing", "column": "number", "value": "number"})
    wide = charts.drawn(view, grid, columns, rows[:100])
    assert wide is not None
    assert wide["note"] == many["note"]


def test_an_answer_names_things_and_not_keys(client: TestClient) -> None:
    """A key is shown as the title, with a link; columns that repeat one are only in the files, which is said."""
    text = page(client, "/queries/related?intervention=expairs-project")
    table = text.partition("<thead>")[2].partition("</table>")[0]
    assert re.findall(r"<th [^>]*>([^<]+)</th>", table) == ["Other", "Score", "Explanation"]
    assert "Only in the files below:" in text
    assert ">EXPAIRS project</a>" in page(client, "/queries/pilots-mainstreamed")


def test_curators_read_names_in_the_review_queue(client: TestClient) -> None:
    """What waits for review is called by its names, and leads to the reasons; on a phone cells say what they are."""
    table = page(client, "/queries/review-queue").partition("<thead>")[2].partition("</table>")[0]
    assert re.findall(r"<th [^>]*>([^<]+)</th>", table) == ["Link", "One", "Other", "Score", "Explanation", "Type"]
    assert table.count(">Reasons</a>") == table.count('data-of="Link"') == answers.ROWS
    assert "link:" not in table
    mappings = page(client, "/queries/review-queue?page=5").partition("<thead>")[2].partition("</table>")[0]
    assert ">nearly the same</a>" in mappings
    assert ">https://w3id.org" not in mappings
    first = re.findall(r'href="(/doc/mapping/[0-9a-f]+)"', mappings)[0]
    assert "skos:" not in page(client, first).partition("<main")[2]


def test_a_search_says_nothing_twice(client: TestClient) -> None:
    """What fits is marked in the summary; a title in another language and the name of a concept are not said again."""
    text = page(client, "/interventions?q=school&country=FRA&country=BEL")
    assert "lower secondary pupils rejecting <mark>school</mark>" in text
    assert text.count("lower secondary pupils rejecting") == 1
    found = page(client, "/search?q=coaching").partition("<ol")[2]
    assert "oder Mentoring" not in found
    assert found.count('<p class="fragment"') < found.count("<li")


def test_shapes_are_called_by_their_fields(client: TestClient) -> None:
    """The page of the shapes names each by its field, and says what it asks for."""
    text = page(client, "/shapes")
    assert ">shape:" not in text
    assert "What the organisation or group is called." in text


def test_a_world_map_for_a_collection_elsewhere(kg: KnowledgeGraph) -> None:
    """Where fewer than half of the countries are in Europe, the map is that of the world."""
    base = "http://publications.europa.eu/resource/authority/country/"
    view = View(Edition(kg, "test"))
    made = atlas.drawn(view, {Iri(f"{base}{code}"): 2 for code in ("KEN", "BRA", "DEU")})
    assert made is not None
    assert made["width"] > 2 * made["height"] - 100
    assert [each["title"][-1] for each in made["countries"] if each["href"]] == ["2", "2", "2"]
    near = atlas.drawn(view, {Iri(f"{base}{code}"): 2 for code in ("KEN", "FRA", "DEU")})
    assert near is not None
    assert [each["count"] for each in near["elsewhere"]] == [2]


# ---- networks ----


@pytest.mark.parametrize("thing", ["expairs-project", "second chance measures", "University of Mons"])
def test_a_network_is_drawn_and_listed(client: TestClient, thing: str) -> None:
    """Each neighbour stands in the picture and in the list, under the sort of tie; the page of a thing leads there."""
    text = page(client, f"/network?of={thing}")
    picture, _, listed = text.partition("</svg>")
    drawn = re.findall(r'<a href="([^"]+)" tabindex="-1"><circle', picture)
    assert len(drawn) > 1 or thing == "University of Mons"
    assert sorted(drawn) == sorted(re.findall(r'<li><a href="([^"]+)"', listed.partition("<footer")[0]))


def test_a_network_of_nothing_says_so(client: TestClient) -> None:
    """A name that is none is said; markup in it is text; without a name one is asked for."""
    text = page(client, "/network?of=%3Cscript%3E")
    assert 'role="status"' in text
    assert "<script>" not in text
    assert "Name an intervention" in page(client, "/network")
    assert 'href="/network?of=' in page(client, "/doc/intervention/expairs-project")


# ---- an own query ----


def test_an_own_query_begins_with_a_stored_one(client: TestClient) -> None:
    """The page of an answer leads to its SPARQL with the values in it, which can be changed; it runs as it stands."""
    answer = page(client, "/queries/interventions?country=BEL")
    (link,) = (unescape(each) for each in re.findall(r'href="(/sparql\?from=[^"]+)"', answer))
    text = page(client, link)
    query = unescape(text.partition('class="code">')[2].partition("</textarea>")[0])
    assert "authority/country/BEL" in query
    assert len(client.get("/sparql", params={"query": query, "format": "csv"}).text.splitlines()) == 7
    assert 'value="interventions" selected' in text
    assert "PREFIX ww:" in text
    assert "SELECT ?intervention ?title" in page(client, "/sparql?from=%3Cscript%3E")
    assert "VALUES ?intervention" in unescape(page(client, "/sparql?from=related"))


# ---- what completes fields ----


def test_what_is_typed_is_completed_where_there_are_many(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """A page holds the names of some thousand things; of more, the server offers those that fit what is typed."""
    start, title = f"{BASE}id/intervention/x", "<http://purl.org/dc/terms/title>"
    kind = f"<{RDF_TYPE}> <{WW}Intervention>"
    lines = [f'<{start}{n}> {kind} .\n<{start}{n}> {title} "Night school {n}"@en .' for n in range(2001)]
    many = project({"data/many.nt": "\n".join(lines)})
    with asked(many) as client:
        for address in ("/compare", "/queries/intervention"):
            text = page(client, address)
            assert 'hx-get="/offered/intervention?lang=en"' in text
            assert "<option" not in text
            assert "/static/vendor/htmx.min.js" in text
        found = client.get("/offered/intervention?key=1234", headers={"Accept": BROWSER}).text
        options = re.findall('<option value="([^"]+)">([^<]+)</option>', found)
        assert options[0] == ("x1234", "Night school 1234")
        assert len(options) <= 20
        assert "<option" not in client.get("/offered/intervention?key=", headers={"Accept": BROWSER}).text
        assert client.get("/offered/anything?key=a").status_code == 404
        assert client.get("/offered/agent", params={"key": "a" * 5000}).status_code == 400


def test_few_things_are_completed_by_the_page(client: TestClient) -> None:
    """Of some hundred things all stand in the page, and no script is needed."""
    for address in ("/compare", "/queries/intervention"):
        text = page(client, address)
        assert '<option value="expairs-project">EXPAIRS project</option>' in text
        assert "hx-get" not in text


def test_each_value_says_whose_it_is(client: TestClient) -> None:
    """On a phone values stand one below the other, each under the name of the intervention."""
    text = page(client, "/compare?key=expairs-project&key=activity-agreements-scotland")
    assert text.count('<span class="of-whom">EXPAIRS project</span>') == text.count('<th scope="row">')
    assert "of-whom" not in page(client, "/compare?key=expairs-project")


# ---- links ----


def test_a_link_says_what_it_relates_and_why(client: TestClient, kg: KnowledgeGraph) -> None:
    """The page has both ends as its title, the sentence, and each reason with its share; who says it stands once."""
    graph = kg.collection.computed
    link = next(quad.subject for quad in kg.collection.store.match(predicate=Iri(WW + "hasContribution"), graph=graph))
    assert isinstance(link, Iri)
    text = page(client, f"/doc/link/{link.code}")
    ends = [
        kg.show(str(quad.object)).title
        for quad in kg.collection.store.match(link)
        if quad.predicate in (LINK_FROM, LINK_TO)
    ]
    reasons = kg.collection.store.match(link, Iri(WW + "hasContribution"))
    heading = text.partition("<h1>")[2].partition("</h1>")[0]
    assert heading.count("<a ") == 2
    assert all(f">{end}</a>" in heading for end in ends)
    assert text.partition("Reason by reason")[2].partition("</ul>")[0].count("<li>") == len(list(reasons))
    assert text.count('class="computed"') == 1


def test_a_mapping_has_a_page_like_a_link(client: TestClient, kg: KnowledgeGraph) -> None:
    """Its title are the thing and what stands outside, and each word has its share."""
    mapping = next(each for each in kg.mappings.compute().waiting if len(each.words) > 1)
    store = kg.collection.store
    (iri,) = {
        quad.subject
        for quad in store.match(predicate=Iri(WW + "mappingTo"), value=mapping.target)
        if next(store.match(quad.subject, None, mapping.thing), None)
    }
    assert isinstance(iri, Iri)
    text = page(client, f"/doc/mapping/{iri.code}")
    heading = text.partition("<h1>")[2].partition("</h1>")[0]
    assert mapping.name in heading
    assert f'href="{mapping.target}"' in heading
    assert re.split("[/#]", mapping.target)[-1] in heading.rpartition('">')[2]
    assert mapping.words[0][0] in text.partition("Reason by reason")[2].partition("</ul>")[0]
