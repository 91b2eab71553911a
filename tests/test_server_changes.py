"""What releases changed: the pages, the same for programs, and the feed."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from tests.servers import asked
from tests.test_publish import DATA
from whatworks import KnowledgeGraph
from whatworks.publish.edition import Edition
from whatworks.publish.feed import feed
from whatworks.publish.history import History

ATOM = "{http://www.w3.org/2005/Atom}"
BROWSER = {"Accept": "text/html,*/*;q=0.8"}
RETIRED = """
<https://w3id.org/whatworks/id/intervention/two> <http://www.w3.org/2002/07/owl#deprecated> true ;
    dcterms:isReplacedBy <https://w3id.org/whatworks/id/intervention/one> .
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with three releases: a title changes, then something is retired."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "whatworks.toml").touch()
    (folder / "data").mkdir()
    data = DATA.replace("VERSION", "1")
    for text in (data, data.replace('"Two"', '"Two & <more> \\uFFFF"'), data + RETIRED):
        (folder / "data" / "all.ttl").write_text(text, encoding="utf-8")
        KnowledgeGraph.open(folder).build(checked=False)
    return folder


@pytest.fixture(scope="module")
def names(folder: Path) -> list[str]:
    """The names of the releases, the oldest first."""
    releases = KnowledgeGraph.open(folder).releases
    assert releases is not None
    return [release.name for release in releases.all()]


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    """A server of it."""
    with asked(KnowledgeGraph.open(folder)) as client:
        yield client


def test_each_release_has_its_page(client: TestClient, names: list[str]) -> None:
    """What changed is told field by field, safely; the oldest release has nothing to be compared with."""
    page = client.get(f"/changes/{names[1]}/", headers=BROWSER)
    assert (page.status_code, page.headers["content-type"].partition(";")[0]) == (200, "text/html")
    assert "<del><bdi>Two [en]</bdi></del>" in page.text
    assert "Two &amp; &lt;more&gt;" in page.text
    assert f'href="/changes/{names[0]}/"' in page.text
    assert "is not kept here" in client.get(f"/changes/{names[0]}/", headers=BROWSER).text
    french = client.get(f"/changes/{names[1]}/?lang=fr", headers=BROWSER).text
    assert "1 chose modifiée" in french
    again = client.get(f"/changes/{names[1]}/", headers={**BROWSER, "If-None-Match": page.headers["etag"]})
    assert again.status_code == 304


def test_what_is_retired_leads_to_its_successor(client: TestClient, names: list[str]) -> None:
    """The page names what stands in its place, as the IRI itself does, which is gone."""
    page = client.get(f"/changes/{names[2]}/", headers=BROWSER).text
    retired = page.partition("<h2>Retired</h2>")[2].partition("</section>")[0]
    assert retired.index('href="/doc/intervention/two"') < retired.index('href="/doc/intervention/one"')
    gone = client.get("/id/intervention/two", headers=BROWSER)
    assert gone.status_code == 410
    assert "/doc/intervention/one" in gone.text


def test_programs_get_the_same(client: TestClient, folder: Path, names: list[str]) -> None:
    """JSON has the bytes that the command writes."""
    found = client.get(f"/changes/{names[2]}/", headers={"Accept": "application/json"})
    assert found.content == KnowledgeGraph.open(folder).diff().write("json")
    first = client.get(f"/changes/{names[0]}/?format=json")
    assert json.loads(first.content) == {"after": f"release {names[0]}", "before": None, "fault": ""}


def test_the_list_leads_to_all(client: TestClient, names: list[str]) -> None:
    """The newest stands first; the lists of releases and files lead there; without a slash one is led to it."""
    page = client.get("/changes/", headers=BROWSER)
    places = [page.text.index(f'href="/changes/{name}/"') for name in reversed(names)]
    assert places == sorted(places)
    assert 'href="/changes.atom"' in page.headers["link"].replace("<", 'href="').replace(">", '"')
    for path in ("/dumps/", f"/dumps/{names[1]}/"):
        assert f'href="/changes/{names[1]}/"' in client.get(path, headers=BROWSER).text
    assert 'href="/changes/"' in client.get("/catalog", headers=BROWSER).text
    for path in ("/changes", f"/changes/{names[1]}"):
        found = client.get(path)
        assert (found.status_code, found.headers["location"]) == (308, f"{path}/")
    for path in (f"/changes/{'0' * 16}/", "/changes/nope", "/changes/..%2f/"):
        assert client.get(path).status_code == 404


def _texts(parent: ElementTree.Element, name: str) -> list[str]:
    return [each.text or "" for each in parent.findall(f"{ATOM}{name}")]


def test_the_feed_is_valid(client: TestClient, names: list[str]) -> None:
    """It has what RFC 4287 asks for: one id, title and time for the feed and each entry, and an author."""
    found = client.get("/changes.atom")
    assert found.headers["content-type"].partition(";")[0] == "application/atom+xml"
    root = ElementTree.fromstring(found.content)
    assert root.tag == f"{ATOM}feed"
    entries = root.findall(f"{ATOM}entry")
    assert [title.split(":")[0] for each in entries for title in _texts(each, "title")] == [
        f"Release {name}" for name in reversed(names)
    ]
    for each in (root, *entries):
        assert [len(_texts(each, name)) for name in ("id", "title", "updated")] == [1, 1, 1]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", _texts(each, "updated")[0])
        assert re.match("https://", _texts(each, "id")[0])
        links = [(link.get("rel"), link.get("type")) for link in each.findall(f"{ATOM}link")]
        assert len(links) == len(set(links))
        assert all(link.get("href", "").startswith(("http://", "https://")) for link in each.findall(f"{ATOM}link"))
    # Which elements may stand where (RFC 4287, 4.1.1 and 4.1.2), and that times and texts are of their kinds.
    of_feed = {"id", "title", "updated", "author", "link", "generator", "entry"}
    assert {each.tag for each in root} <= {f"{ATOM}{name}" for name in of_feed}
    assert {part.tag for each in entries for part in each} <= {
        f"{ATOM}{name}" for name in ("id", "title", "updated", "link", "summary")
    }
    assert [each.tag for each in root][-len(entries) :] == [f"{ATOM}entry"] * len(entries)
    assert [link.get("href") for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"] == [str(found.url)]
    for link in root.iter(f"{ATOM}link"):
        assert set(link.attrib) <= {"rel", "type", "href"}
        assert (list(link), link.text) == ([], None)
    for each in root.iter():
        assert len(each) == 0 or not (each.text or "").strip()
        assert each.get("type", "text") in ("text", "text/html", "application/atom+xml")
    assert len(set(_texts(root, "id") + [_texts(each, "id")[0] for each in entries])) == 4
    assert [_texts(each, "name") for each in root.findall(f"{ATOM}author")] == [["The Office {of} 100% & more_"]]
    assert _texts(root, "updated")[0] == max(_texts(each, "updated")[0] for each in entries)
    assert "retired: Two (two), intervention approach → One" in _texts(entries[0], "summary")[0]
    assert not root.findall(f".//{ATOM}email")


def test_the_feed_is_found_from_pages(client: TestClient) -> None:
    """Readers of feeds find it in the head of a page."""
    for path in ("/", "/dumps/", "/changes/"):
        page = client.get(path, headers=BROWSER).text
        assert '<link rel="alternate" type="application/atom+xml" title="What changed" href="/changes.atom">' in page


def test_the_feed_stays_the_same(folder: Path) -> None:
    """It depends on the releases and the address alone, so that files and server give the same bytes."""
    one, two = (feed(History(Edition(KnowledgeGraph.open(folder), "x")), "https://data.example/") for _ in range(2))
    assert one == two


def test_without_a_release_the_feed_is_empty(folder: Path, tmp_path: Path) -> None:
    """It has no entry, and the day on which the data set was issued."""
    shutil.copytree(folder / "data", tmp_path / "data")
    (tmp_path / "whatworks.toml").touch()
    with asked(KnowledgeGraph.open(tmp_path)) as client:
        root = ElementTree.fromstring(client.get("/changes.atom").content)
        assert root.find(f"{ATOM}entry") is None
        assert _texts(root, "updated") == ["2026-03-01T00:00:00Z"]
        assert "There is no release" in client.get("/changes/", headers=BROWSER).text


def test_a_damaged_release_hides_no_other(folder: Path, tmp_path: Path, names: list[str]) -> None:
    """What cannot be told is said; the rest is told."""
    shutil.copytree(folder, tmp_path / "copy")
    dump = tmp_path / "copy/releases" / names[0] / "dump.nq"
    dump.write_bytes(dump.read_bytes()[:-100])
    with asked(KnowledgeGraph.open(tmp_path / "copy")) as client:
        root = ElementTree.fromstring(client.get("/changes.atom").content)
        summaries = [_texts(each, "summary")[0] for each in root.findall(f"{ATOM}entry")]
        assert "cannot be told" in summaries[1]
        assert "1 retired" in summaries[0]
        assert "cannot be told" in client.get(f"/changes/{names[1]}/", headers=BROWSER).text
        assert "cannot be told" in client.get("/changes/", headers=BROWSER).text
        assert client.get(f"/changes/{names[1]}/?format=json").json()["fault"]
