"""The look of a project: settings, styles, pictures and templates of its own, and nothing that they could harm."""

from collections.abc import Callable
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from starlette.testclient import TestClient

from tests.servers import asked
from whatworks import KnowledgeGraph
from whatworks.errors import Error, LinkRefused, SettingsFault
from whatworks.pages.brand import brand_of
from whatworks.pages.writer import Writer
from whatworks.settings import Look, Settings

BROWSER = {"Accept": "text/html,*/*;q=0.8"}
SETTINGS = """base = "https://measures.org/"
[pages]
name = "Jobs & <people>"
footer = "Kept by the Office."
logo = "logo.svg"
accent = "#7a1f5c"
accent-dark = "#f0a0d8"
"""
LAYOUT = """{% extends "whatworks/layout.html" %}
{% block foot %}<p>{% include "own-imprint.html" %}</p>{{ super() }}{% endblock %}
"""
RECORD = "<https://measures.org/id/intervention/a> a <https://w3id.org/whatworks/ont#Practice> ."
Make = Callable[[dict[str, str]], KnowledgeGraph]


@pytest.fixture
def files() -> dict[str, str]:
    """The files of a project with a look of its own."""
    return {
        "whatworks.toml": SETTINGS,
        "data/a.ttl": RECORD,
        "pages/logo.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>',
        "pages/style.css": "h1 { letter-spacing: 0.1em; }",
        "pages/templates/layout.html": LAYOUT,
        "pages/templates/own-imprint.html": "Imprint of {{ brand.name }}, {{ view.words.number(1000) }}",
    }


def _page(client: TestClient, path: str = "/catalog") -> str:
    found = client.get(path, headers=BROWSER)
    assert found.status_code == 200, found.text
    return found.text


def test_pages_look_as_the_project_says(project: Make, files: dict[str, str]) -> None:
    """Name, logo, colours, style, footer and template count on every page; what they name is served."""
    with asked(project(files)) as client:
        for path in ("/", "/interventions", "/catalog"):
            page = _page(client, path)
            assert "· Jobs &amp; &lt;people&gt;</title>" in page
            assert "<p>Kept by the Office.</p>" in page
            assert "<p>Imprint of Jobs &amp; &lt;people&gt;, 1,000</p>" in page
        names = ("logo.svg", "colours.css", "style.css")
        addresses = {name: page.partition(f"/static/own/{name}?v=")[2][:12] for name in names}
        kinds = [client.get(f"/static/own/{name}?v={addresses[name]}").headers["content-type"] for name in addresses]
        assert [kind.partition(";")[0] for kind in kinds] == ["image/svg+xml", "text/css", "text/css"]
        colours = client.get("/static/own/colours.css").text
        assert "--pico-primary: #7a1f5c;" in colours
        assert "prefers-color-scheme: dark" in colours
        assert "<ShortName>Jobs &amp; &lt;people&gt;</ShortName>" in client.get("/opensearch.xml").text
        for path in ("/static/own/nope.css", "/static/own/../whatworks.toml", "/static/own/templates/layout.html"):
            assert client.get(path).status_code == 404


def test_without_a_look_nothing_changes(project: Make) -> None:
    """There is no style and no tag of its own."""
    kg = project({"data/a.ttl": RECORD})
    assert brand_of(kg.assets, kg.settings).mark == ""
    with asked(kg) as client:
        assert "/static/own/" not in _page(client)
        assert "· whatworks</title>" in _page(client)


def test_another_look_has_another_tag(project: Make, files: dict[str, str]) -> None:
    """A page of the same release with another look is another page, for every cache."""
    tags = []
    for footer in ("One.", "Two."):
        kg = project({**files, "whatworks.toml": SETTINGS.replace("Kept by the Office.", footer)})
        with asked(kg) as client:
            tags.append(client.get("/catalog", headers=BROWSER).headers["etag"])
    assert tags[0] != tags[1]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("pages/templates/layuot.html", "x", "replaces no template"),
        ("pages/templates/layout.html", "{% if %}", "not well formed"),
        ("pages/templates/layout.html", "{{ site|nofilter }}", "No filter named"),
        ("pages/templates/layout.html", '{% include "own-nope.html" %}', "no template 'own-nope.html'"),
        ("pages/templates/layout.html", "{% include '/etc/hostname' %}", "no template '/etc/hostname'"),
        ("pages/templates/layout.html", '{% extends "layout.html" %}', "extends itself"),
        ("pages/templates/layout.html", '{% extends "start.html" %}', "extends itself"),
        ("pages/script.js", "x", "no file for pages"),
        ("pages/colours.css", "x", "no file for pages"),
        ("whatworks.toml", '[pages]\nlogo = "nope.svg"', "no picture"),
        ("whatworks.toml", '[pages]\nlogo = "style.css"', "no picture"),
        ("whatworks.toml", '[pages]\naccent = "#ffff00"', "stands out"),
        ("whatworks.toml", '[pages]\naccent-dark = "#13171f"', "stands out"),
        ("whatworks.toml", '[pages]\naccent = "#777777"', "by 4.47 to 1; 4.5 is needed"),
        ("whatworks.toml", '[pages]\naccent = "red"', "no colour"),
        ("whatworks.toml", '[pages]\nacent = "#000000"', "no setting"),
        ("whatworks.toml", "[pages]\nname = 1", "no text"),
        ("whatworks.toml", "pages = 1", "no table"),
    ],
)
def test_slips_are_told_before_anybody_reads(
    project: Make, files: dict[str, str], name: str, text: str, said: str
) -> None:
    """Each is an error with its place, when the server starts."""
    with pytest.raises(Error, match=said) as caught, asked(project({**files, name: text})):
        pass
    assert isinstance(caught.value, SettingsFault)
    assert caught.value.where is not None


def test_links_out_of_the_project_are_refused(project: Make, files: dict[str, str], tmp_path: Path) -> None:
    """A picture that is a link to a file elsewhere is not served."""
    kg = project(files)
    (tmp_path / "pages/x.svg").symlink_to("/etc/hostname")
    with pytest.raises(LinkRefused):
        brand_of(kg.assets, kg.settings)


@pytest.mark.parametrize(
    "text",
    [
        "{{ view.edition.kg.assets.project }}",
        "{{ one.folder }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ view.words.__init__.__globals__ }}",
        "{% include '/etc/host' ~ 'name' %}",
    ],
)
def test_templates_see_what_is_shown_only(project: Make, files: dict[str, str], text: str) -> None:
    """Neither the collection nor the disk behind it: the page fails, and says nothing."""
    kg = project({**files, "pages/templates/own-imprint.html": f"[{text}]"})
    with asked(kg) as client:
        found = client.get("/catalog", headers=BROWSER)
        assert found.status_code == 500
        assert str(kg.assets.project) not in found.text


def test_a_fault_while_a_page_is_written_names_the_template(project: Make, files: dict[str, str]) -> None:
    """What only the page of a reader shows is told in the log with the file; a part that may be missing may be."""
    text = "{% include 'own-no.html' ignore missing %}{{ nope }}"
    kg = project({**files, "pages/templates/own-imprint.html": text})
    with pytest.raises(UndefinedError) as caught:
        Writer(brand_of(kg.assets, kg.settings)).alone("own-imprint.html", {})
    assert "pages/templates/own-imprint.html" in {str(each.path) for each in caught.traceback}


def test_settings_have_a_look() -> None:
    """What is not set is empty, and the defaults of settings stay."""
    assert Settings().pages == Look()
