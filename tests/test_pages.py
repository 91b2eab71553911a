"""Pages as text: what stands in them, where they lead, and that nothing in the data breaks them."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from starlette.testclient import TestClient

from tests.conftest import BASE, ROOT
from tests.servers import asked
from whatworks import KnowledgeGraph
from whatworks.pages import atlas
from whatworks.results import Table

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
VENDORED = ROOT / "src/whatworks/pages/static/vendor"
EVIL = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
_VOID = {"meta", "link", "input", "img", "br"}
_WW, _DCT, _CV = f"{BASE}ont#", "http://purl.org/dc/terms/", "http://data.europa.eu/m8g/"


def _bad() -> str:
    """Interventions that are hard to show: markup, long titles, from right to left, nameless, empty, 500 factors."""
    evil = EVIL.replace('"', '\\"')
    factors = "".join(
        f'<#factor-{number}> a ww:SuccessFactor ; ww:position {number} ; dcterms:title "Factor {number} {evil}"@en ; '
        f'ww:statement "Said {number}"@en .\n'
        for number in range(1, 501)
    )
    return f"""@prefix ww: <{_WW}> . @prefix dcterms: <{_DCT}> . @prefix cv: <{_CV}> .
      @base <{BASE}id/intervention/evil> .
      <> a ww:Practice ; dcterms:identifier "evil" ; dcterms:title "{evil}"@en ; dcterms:description "{evil}"@en ;
        dcterms:source <javascript:alert(1)> , <https://other.example/?a=%22%3E> ; ww:aim "{evil}"@xx ;
        ww:hasSuccessFactor {", ".join(f"<#factor-{number}>" for number in range(1, 501))} .
      {factors}
      <long> a ww:Tool ; dcterms:identifier "long" ; dcterms:title "{"A very long title " * 600}"@en .
      <rtl> a ww:Practice ; dcterms:identifier "rtl" ; dcterms:title "מניעת נשירה \\u202e abc"@he ;
        dcterms:description "يبقى الشباب في المدرسة"@ar .
      <nameless> a ww:Practice ; dcterms:identifier "nameless" ; ww:stage <{BASE}voc/stage/no-such-stage> .
      <{BASE}id/intervention/bare> a ww:Practice .
      <old> <http://www.w3.org/2002/07/owl#deprecated> true ;
        <http://purl.org/dc/terms/isReplacedBy> <{BASE}id/intervention/long> .
      <gone> <http://www.w3.org/2002/07/owl#deprecated> true ; dcterms:title "Gone & <b>away</b>"@en ;
        dcterms:isReplacedBy <gone> .
    """


@pytest.fixture(scope="module")
def client(kg: KnowledgeGraph) -> Iterator[TestClient]:
    """A server of the shipped collection."""
    with asked(kg) as client:
        yield client


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server of a collection that is hard to show."""
    folder = tmp_path_factory.mktemp("hard")
    (folder / "whatworks.toml").touch()
    (folder / "data").mkdir()
    (folder / "data" / "hard.ttl").write_text(_bad(), encoding="utf-8")
    with asked(KnowledgeGraph.open(folder)) as client:
        yield client


def page(client: TestClient, path: str, status: int = 200) -> str:
    """Return a page, which is whole."""
    found = client.get(path, headers={"Accept": BROWSER})
    assert (path, found.status_code, found.headers["content-type"][:9]) == (path, status, "text/html")
    check = Outline()
    check.feed(found.text)
    assert check.open == [], path
    assert check.headings.count("h1") == 1, path
    assert " style=" not in found.text
    assert " onclick=" not in found.text
    assert len(check.ids) == len(set(check.ids)), sorted(each for each in check.ids if check.ids.count(each) > 1)
    for name, value in check.addresses:
        assert urlsplit(value).scheme in ("", "http", "https"), (path, value)
        assert name != "src" or value.startswith("/"), (path, value)
    return found.text


class Outline(HTMLParser):
    """Reads which elements are open, the headings, the ids and the addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[str] = []
        self.ids: list[str] = []
        self.addresses: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        if tag not in _VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(tag)
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            if name in ("href", "src", "action") and value is not None:
                self.addresses.append((name, value))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element without content."""
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Close an element, which must be the last that was opened."""
        assert self.open.pop() == tag


# ---- the list of interventions ----


def test_the_first_page_has_figures_and_ways_in(client: TestClient) -> None:
    """One finds how much there is, a search box, and lists that lead into the collection."""
    text = page(client, "/")
    assert text.count('<ul class="figures">') == 1
    assert re.findall(r"<strong>(\d+)</strong> <span>interventions", text) == ["132"]
    for path in ("/interventions?approach=second-chance-measures", "/interventions?country=DEU", "/queries/countries"):
        assert f'href="{path}"' in text


@pytest.mark.slow  # asks for fifty lists
def test_facets_count_what_they_would_show(client: TestClient) -> None:
    """The number beside a value is how many interventions one gets by choosing it, whatever else is chosen."""
    for chosen in ("", "country=DEU&", "country=DEU&country=FRA&kind=good-practice&"):
        text = page(client, f"/interventions?{chosen}")
        found = re.findall(r'name="([a-z-]+)" value="([\w-]+)" id="[^"]+"> .*?<span class="count">(\d+)', text)
        others = [each for each in found if each[0] not in dict(parse_qsl(chosen))]
        assert len({name for name, _, _ in others}) > 8
        for name, value, count in [*others[::23], *[each for each in others if each[0].startswith("ev")][:3]]:
            total = page(client, f"/interventions?{chosen}{name}={value}")
            assert re.findall(r"<strong>(\d+) interventions?<", total) == [count], (chosen, name, value)


def test_several_values_of_a_facet_add_up(client: TestClient) -> None:
    """Within a facet either value is enough; the counts of the facet stay those that another value would add."""
    both = page(client, "/interventions?country=BEL&country=FRA&stage=mainstreamed")
    assert both.count('class="chip"') == 3
    assert both.count(" checked") == 3
    alone = page(client, "/interventions?stage=mainstreamed")
    count = re.compile(r'value="DEU" id="f-country-DEU"> .*?<span class="count">(\d+)')
    assert count.findall(both) == count.findall(alone) != []


def test_a_chip_takes_its_choice_away(client: TestClient) -> None:
    """Each choice can be removed by a link that keeps the others."""
    text = page(client, "/interventions?q=school&country=BEL&kind=good-practice&started-from=2010")
    links = [link.replace("&amp;", "&") for link in re.findall(r'<a href="([^"]+)" class="chip"', text)]
    assert "/interventions?country=BEL&kind=good-practice&started-from=2010" in links
    assert "/interventions?q=school&kind=good-practice&started-from=2010" in links
    assert "/interventions?q=school&country=BEL&kind=good-practice" in links


def test_words_are_marked_and_slips_are_told(client: TestClient) -> None:
    """A search shows where it fits, the best first; another word that was searched instead is said."""
    assert "<mark>Coaching</mark>" in page(client, "/interventions?q=coaching")
    assert "was searched instead" in page(client, "/interventions?q=coachingg")
    text = page(client, "/interventions?q=xyzzyqqq")
    assert "Nothing fits all of this." in text


def test_pages_of_the_list_hold_everything_once(client: TestClient) -> None:
    """Going from page to page one sees each intervention once; a page beyond the last is the last."""
    seen = []
    for number in range(1, 8):
        seen += re.findall(r'name="key" value="([\w-]+)"', page(client, f"/interventions?page={number}&sort=newest"))
    assert len(seen) == len(set(seen)) == 132
    assert page(client, "/interventions?page=99999").count('name="key"') == 12


def test_orders(client: TestClient) -> None:
    """Interventions are put in order by title or by the year in which they started."""
    years = re.findall(r"since (\d{4})", page(client, "/interventions?sort=newest"))
    assert years == sorted(years, reverse=True)
    years = re.findall(r"since (\d{4})", page(client, "/interventions?sort=oldest"))
    assert years == sorted(years)


@pytest.mark.parametrize(
    "asked_for",
    ["country=Atlantis", "stage=%3Cscript%3E", "started-from=soon", "q=" + "a" * 2000, "kind=", "x=y", "page=-1"],
)
def test_what_is_not_understood_is_left_out_and_said(client: TestClient, asked_for: str) -> None:
    """A page with an unknown value is whole, says what was left out, and shows the rest."""
    text = page(client, f"/interventions?{asked_for}&country=BEL")
    name = asked_for.partition("=")[0]
    assert ("This was left out:" in text) == (name in ("country", "stage", "started-from", "q"))
    assert "<strong>6 interventions</strong>" in text
    assert "<script>" not in text.partition("<main")[2]


@pytest.mark.parametrize(
    ("format", "start"),
    [("csv", "iri,key,label"), ("jsonld", "{"), ("bibtex", "@misc{"), ("ris", "TY  - ELEC"), ("xlsx", "PK")],
)
def test_the_list_is_taken_home(client: TestClient, format: str, start: str) -> None:
    """The whole list comes in each format, not only the page that is seen; what is not understood is an error."""
    found = client.get(f"/interventions?stage=mainstreamed&format={format}")
    assert (found.status_code, found.text[: len(start)]) == (200, start)
    assert found.headers["content-disposition"].startswith('attachment; filename="interventions.')
    number = {"bibtex": "@misc{", "ris": "TY  - ", "csv": f"\n{BASE}id/intervention/"}
    if format in number:
        shown = re.findall(r"<strong>(\d+) interventions", page(client, "/interventions?stage=mainstreamed"))
        assert [str(found.text.count(number[format]))] == shown
    assert client.get(f"/interventions?stage=nope&format={format}").status_code == 400
    none = client.get(f"/interventions?stage=mainstreamed&q=xyzzyqqq&format={format}")
    assert none.status_code == 200


# ---- an intervention ----


def test_an_intervention_is_told_from_the_summary_down(client: TestClient) -> None:
    """First the summary and key facts, then the parts; what is assigned or computed is marked."""
    text = page(client, "/doc/intervention/expairs-project")
    order = [text.index(f'id="{each}"') for each in ("aims", "whom", "where", "what", "who", "factors", "evidence")]
    order += [text.index(f'id="{each}"') for each in ("related", "sources", "cite")]
    assert order == sorted(order)
    assert text.index('class="lead"') < text.index('class="grid-facts"') < order[0]
    assert re.search(r"Approach <span class=\"assigned\"[^>]*>assigned here", text)
    assert re.search(r"Testimony</a>\s*<span class=\"computed\"", text)
    assert "Both work with Ministry of Education" in text
    assert "2012–2014" in text
    assert "started in 2014" in text
    assert text.count('class="factor"') == 5


def test_numbers_and_ratings_are_told_by_source(client: TestClient) -> None:
    """A finding has its figures; ratings stand under the body that made them, with its words."""
    text = page(client, "/doc/intervention/check-and-connect")
    assert "−0.39" in text
    assert "Nobody has written a summary" in text
    ratings = text.partition('id="ratings"')[2]
    assert ratings.index("What Works Clearinghouse") < ratings.index("No discernible effects")
    assert "This description has nothing on:" in text


# ---- bad input ----


@pytest.mark.parametrize("key", ["evil", "long", "rtl", "nameless", "bare"])
def test_what_is_hard_to_show_is_shown_whole(hard: TestClient, key: str) -> None:
    """Markup is text, long is long, and what has almost nothing still has a page that says so."""
    text = page(hard, f"/doc/intervention/{key}")
    assert "<script>" not in text
    assert "<img" not in text
    assert "javascript:" not in "".join(re.findall(r'href="[^"]*"', text))
    assert "\u202e" not in text
    if key == "evil":
        assert text.count('class="factor"') == 500
        assert 'href="https://other.example/?a=%22%3E"' in text
    if key == "rtl":
        assert 'lang="he"' in text
        assert "<bdi>يبقى" in text
    if key in ("nameless", "bare"):
        assert "This record has no title" in text
    assert ("This record states no key" in text) == (key == "bare")
    assert (f'href="/doc/intervention/{key}"' in page(hard, "/interventions")) == (key != "bare")


def test_lists_of_what_is_hard_to_show(hard: TestClient) -> None:
    """The list, the search and the first page show them as well."""
    for path in ("/", "/interventions", "/interventions?q=script", "/search?q=script", "/interventions?q=%3Cb%3E"):
        text = page(hard, path)
        assert "<script>" not in text
        assert "<img" not in text


def test_what_was_retired_says_so_to_people(hard: TestClient) -> None:
    """A browser gets a page with the status 410 that leads to what stands instead; a program gets its JSON."""
    text = page(hard, "/doc/intervention/old", status=410)
    assert 'href="/doc/intervention/long"' in text
    assert '<p class="lead">intervention:old</p>' in text
    assert hard.get("/doc/intervention/old").json()["status"] == 410
    assert hard.get("/doc/intervention/old").json().keys() >= {"detail", "instead"}
    text = page(hard, "/doc/intervention/gone?lang=fr", status=410)
    assert '<p class="lead"><span lang="en">Gone &amp; &lt;b&gt;away&lt;/b&gt;</span></p>' in text
    assert 'href="/doc/intervention/gone' not in text  # nothing stands in its own place


def test_a_related_intervention_stands_once(client: TestClient) -> None:
    """Two that name each other are related once, with both sentences; the links are not mixed."""
    related = page(client, "/doc/intervention/youthreach").partition('<ul class="kin">')[2].partition("</section>")[0]
    titles = re.findall(r"<h3>.*?</h3>", related)
    assert len(titles) == len(set(titles))
    assert "The record of Leaving Certificate Applied (LCA) names Youthreach as related." in related
    assert "The record of Youthreach names Leaving Certificate Applied (LCA) as related." in related


def test_what_was_retired_is_not_compared(hard: TestClient) -> None:
    """A comparison says what was left out, and calls what has no title by its key; many statements are folded up."""
    text = page(hard, "/compare?key=old&key=nameless&key=evil")
    assert "This was left out: old was retired." in text
    assert ">nameless</a>" in text
    assert "<summary>480 more</summary>" in text


def test_errors_are_pages_for_people(client: TestClient) -> None:
    """What is not there is said in a page with a way on; programs get the same as JSON."""
    for path in ("/doc/intervention/nope", "/nope", "/voc/stage/nope.html"):
        assert 'href="/interventions"' in page(client, path, status=404)
        assert client.get(path, headers={"Accept": "application/json"}).json()["status"] == 404
    assert "&lt;b&gt;" in page(client, "/search?q=a&limit=%3Cb%3E&format=html", status=400)


# ---- parts that others made ----


def test_vendored_files_are_what_their_list_says() -> None:
    """Each file that others made has its version, licence and checksum in a list, and is the one that was published."""
    from hashlib import sha256  # noqa: PLC0415 - for this test only

    lines = (VENDORED / "VENDORED.md").read_text(encoding="utf-8").splitlines()
    listed = {line.split("|")[1].strip(): line.split("|")[-2].strip(" `") for line in lines if line.startswith("| ")}
    files = {path.name for path in VENDORED.iterdir()} - {"VENDORED.md"}
    assert files == {name for name in listed if name not in ("file", "---")}
    for name in files:
        assert sha256(Path(VENDORED / name).read_bytes()).hexdigest() == listed[name], name


def test_scripts_are_loaded_only_where_they_are_needed(client: TestClient) -> None:
    """Only the list, of which parts change, and the editor load scripts; they are ours, and none stands in a page."""
    assert page(client, "/interventions").count("<script src=") == 1
    assert page(client, "/sparql").count("<script src=") == 2
    for path in ("/doc/intervention/expairs-project", "/search?q=a", "/catalog"):
        assert "<script src=" not in page(client, path)
    policy = client.get("/interventions", headers={"Accept": BROWSER}).headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


# ---- the map ----


def test_the_map_has_every_country_of_the_union() -> None:
    """The shapes that lie in the package have all members of the European Union, small islands too."""
    paths = atlas.shapes()["paths"]
    union = (
        "AUT BEL BGR CYP CZE DEU DNK ESP EST FIN FRA GRC HRV HUN IRL ITA LTU LUX LVA MLT NLD POL PRT ROU SVK SVN SWE"
    )
    assert [code for code in union.split() if not re.fullmatch(r"(M[\d. L-]+Z)+", paths.get(code, ""))] == []


def test_the_map_counts_what_the_list_has(client: TestClient, kg: KnowledgeGraph) -> None:
    """A country on the map has its number and leads to its interventions; what is not on it is counted beside it."""
    text = page(client, "/")
    drawn = {
        code: int(number) for code, number in re.findall(r'country=([A-Z]{3})" tabindex.*?<title>[^<]*: (\d+)<', text)
    }
    answer = kg.query("countries")
    assert isinstance(answer, Table)
    counts = {str(row[0]).rpartition("/")[2]: int(str(getattr(row[2], "value", 0))) for row in answer}
    assert drawn == {code: counts[code] for code in drawn}
    assert len(drawn) > 20
    beside = text.partition("Not on this map:")[2].partition("</p>")[0]
    others = {
        code: int(number) for code, number in re.findall(r"country=(\w+)\"><bdi>[^<]*</bdi></a> \((\d+)\)", beside)
    }
    assert {**drawn, **others} == counts


def test_a_collection_elsewhere_has_no_map(hard: TestClient) -> None:
    """Where no country is on the map there is none."""
    assert "<svg" not in page(hard, "/")
