"""A site of files on real hosts: Apache with the rules in it, nginx with those of the how-to, and a browser."""

import gzip
import json
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.client import HTTPConnection
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copytree
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.conftest import ROOT
from tests.endpoints import Unavailable
from tests.endpoints.browser import chromium_program, environment
from tests.endpoints.web import WebServer, apache, nginx
from tests.sites import file_of
from whatworks import KnowledgeGraph
from whatworks.static.writing import Wish, write

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow  # starts servers and a browser


@pytest.fixture(scope="module")
def site(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of a release of some of the shipped records, with its search."""
    folder, into = tmp_path_factory.mktemp("project") / "small", tmp_path_factory.mktemp("sites") / "site"
    copytree(small, folder)
    KnowledgeGraph.open(folder).build(checked=False)
    open_ = partial(KnowledgeGraph.open, folder)
    assert write(open_(), into, Wish(open_, "http://127.0.0.1/", 1), lambda _: None).search
    return into


@pytest.fixture(params=["apache", "nginx"])
def host(request: pytest.FixtureRequest, site: Path, tmp_path: Path) -> Iterator[WebServer]:
    """A host that serves it."""
    copytree(site, tmp_path / "root")
    try:
        if request.param == "apache":
            server = apache(tmp_path, "", (site / ".htaccess").read_text())
        else:
            page = (ROOT / "docs/how-to/static-site.md").read_text(encoding="utf-8")
            rules = page.partition("```nginx\n")[2].partition("```")[0]
            server = nginx(tmp_path, rules.replace("root /srv/site;", f"root {tmp_path}/root;"))
    except Unavailable as reason:
        pytest.skip(str(reason))
    try:
        server.wait()
        yield server
    finally:
        server.stop()


def got(server: WebServer, path: str) -> tuple[int, str, str, bytes]:
    """Ask for a path; return status, type, where it leads, and the content."""
    connection = HTTPConnection(server.query.removeprefix("http://"), timeout=20)
    connection.request("GET", path)
    found = connection.getresponse()
    content = found.read()
    connection.close()
    kind = found.headers.get("Content-Type", "").partition(";")[0]
    return found.status, kind, urlsplit(found.headers.get("Location", "")).path, content


def test_hosts_send_what_the_addresses_mean(host: WebServer, site: Path) -> None:
    """Addresses without an ending are pages, those with one have its type, and what is not there says so."""
    for path, kind in (
        ("/", "text/html"),
        ("/doc/intervention/youthreach", "text/html"),
        ("/doc/intervention/youthreach.html", "text/html"),
        ("/doc/intervention/youthreach.ttl", "text/turtle"),
        ("/doc/intervention/youthreach.jsonld", "application/ld+json"),
        ("/graph/agents.ttl", "text/turtle"),
        ("/voc/stage/pilot", "text/html"),
        ("/queries/interventions", "text/html"),
        ("/api/queries/interventions.csv", "text/csv"),
        ("/context/v1.jsonld", "application/ld+json"),
        ("/.well-known/void", "text/turtle"),
        ("/dumps/", "text/html"),
    ):
        file = file_of(site, path)
        assert file is not None, path
        assert got(host, path) == (200, kind, "", file.read_bytes()), path
    status, _, leads, content = got(host, "/voc/stage")  # a page and a folder
    content = got(host, leads)[3] if status == 301 else content
    assert content == (site / "voc/stage.html").read_bytes()
    status, _, leads, _ = got(host, "/id/intervention/youthreach")
    assert (status in (302, 303), leads) == (True, "/doc/intervention/youthreach")
    (packed,) = (site / "dumps").glob("*/data.nq.gz")
    address = f"/{packed.relative_to(site).as_posix()}"
    assert got(host, address) == (200, "application/gzip", "", packed.read_bytes())
    status, _, leads, _ = got(host, address.removesuffix(".gz"))
    assert (status, leads) == (302, address)
    status, _, _, content = got(host, "/nowhere")
    assert (status, content) == (404, (site / "404.html").read_bytes())


class _Files(SimpleHTTPRequestHandler):
    """Sends `x.html` for `/x`, as hosts of pages do."""

    def translate_path(self, path: str) -> str:
        """Return the file of an address."""
        found = file_of(Path(self.directory), urlsplit(path).path)
        return str(found) if found is not None else super().translate_path("/nothing")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def page(site: Path) -> Iterator["Page"]:
    """A page of a browser that notes what goes wrong in it, and what it asks of other hosts."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not there")
    program = chromium_program()
    if program is None:
        pytest.skip("Chromium is not in build/servers; run: make servers")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(site)))
    address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    wrong: list[str] = []
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"], env=environment()
        )
        opened = browser.new_page(base_url=address)
        opened.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.on("request", lambda asked: None if asked.url.startswith(address) else wrong.append(asked.url))
        yield opened
        browser.close()
    server.shutdown()
    server.server_close()
    assert [each for each in wrong if not each.startswith("data:")] == []


def test_the_search_in_the_browser(page: "Page") -> None:
    """Words typed on any page find things by what their pages say, marked; hits lead to the pages."""
    page.goto("/doc/intervention/youthreach")
    assert not page.get_by_role("link", name="Français").is_visible()
    page.get_by_role("searchbox").fill("dropout prevention")
    page.get_by_role("button", name="Search").click()
    page.wait_for_selector("#found .entry")
    assert re.match(r"Found: [1-9]", page.locator("#found [role=status]").inner_text())
    assert page.locator("#found mark").count() > 0
    page.goto("/search?q=youthreach")
    page.wait_for_selector("#found .entry")
    link = page.locator("#found .entry a").first
    assert "Youthreach" in link.inner_text()
    link.click()
    assert urlsplit(page.url).path == "/doc/intervention/youthreach"


def test_each_page_is_found_once(site: Path) -> None:
    """A page that lies in its folder as well is in the index under its one address; all that is told of it is there."""
    found = [gzip.decompress(each.read_bytes()) for each in (site / "pagefind/fragment").iterdir()]
    pages = {json.loads(each[each.index(b"{") :])["url"] for each in found}
    assert (site / "voc/stage/index.html").exists()
    assert "/voc/stage.html" in pages
    assert not [page for page in pages if page.endswith("/")]
    assert len(pages) == len(found)


def test_the_search_of_what_is_not_there(page: "Page") -> None:
    """Words that nothing has find nothing, and signs of HTML in them are no HTML."""
    page.goto("/search?q=%3Cb%3Exyzzyqqq%3C/b%3E")
    page.locator("#found [role=status]", has_text="Found: 0").wait_for()
    assert page.get_by_role("searchbox").input_value() == "<b>xyzzyqqq</b>"


def test_the_list_is_narrowed_down_in_the_browser(page: "Page") -> None:
    """Without a choice the list has all; with one it has what the query finds, at an address that can be kept."""
    page.goto("/interventions")
    page.wait_for_selector("#choose:visible")
    assert page.locator("#listing .entry").count() == 3
    assert not page.locator("#terms").is_visible()
    page.locator("#choose input[name=country][value=BEL]").check()
    page.locator("#listing .entry h2", has_text="EXPAIRS").wait_for()
    assert page.locator("#listing .entry").count() == 1
    assert urlsplit(page.url).query == "country=BEL"
    assert page.locator("label", has=page.locator("[name=country][value=IRL]")).locator(".count").inner_text() == "1"
    counts = page.locator("label", has=page.locator("[name=approach]")).locator(".count").all_text_contents()
    assert {"0", "1"} == {*counts}
    page.goto("/interventions?country=BEL&country=USA")
    page.wait_for_selector("#listing .chip, #listing [role=status] a")
    assert page.locator("#listing .entry").count() == 2
    page.goto("/interventions?started-from=2990")
    page.locator("#listing .empty").wait_for()


def test_interventions_are_compared_in_the_browser(page: "Page") -> None:
    """Those ticked in the list stand side by side; a key that nothing has is told, as text."""
    page.goto("/interventions")
    page.wait_for_selector("#choose:visible")
    for key in ("youthreach", "expairs-project"):
        page.locator(f"#listing input[name=key][value={key}]").check()
    page.get_by_role("button", name="Compare the ones I ticked").click()
    page.wait_for_selector("#compared table")
    assert page.locator("#compared thead th").all_inner_texts()[0].startswith(("Youthreach", "EXPAIRS"))
    assert page.locator("#compared tr.different").count() > 3
    page.get_by_role("link", name="Take away").first.click()
    page.wait_for_selector("#compared table")
    assert page.locator("#compared thead th").count() == 1
