"""A site of files: what is in it, that it is what the server sends, and that no fault costs the site before."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from tests.conftest import BASE
from tests.servers import asked
from tests.sites import dead_links, file_of
from tests.test_publish import DATA
from whatworks import KnowledgeGraph
from whatworks.cli import main
from whatworks.errors import InvalidValue, NotRemote
from whatworks.pages import things
from whatworks.pages.listing import choices
from whatworks.pages.shelf import Shelf
from whatworks.pages.view import View
from whatworks.reads import number_of
from whatworks.release import unsealed
from whatworks.static import finder
from whatworks.static.contents import Contents, Job
from whatworks.static.folder import LIST, opened
from whatworks.static.writing import Done, Wish, write
from whatworks.store import Store
from whatworks.terms import Iri, Node, Term

HOME = "http://testserver/"
MORE = """
<https://w3id.org/whatworks/id/intervention/old> <http://www.w3.org/2002/07/owl#deprecated> true ;
    dcterms:title "Old"@en ; dcterms:isReplacedBy <https://w3id.org/whatworks/id/intervention/two> .
<https://w3id.org/whatworks/id/intervention/été> a ww:Practice ; dcterms:title "Été"@fr ; dcterms:identifier "été" .
"""
# What is told otherwise of a site that nobody answers at, beside what is in the store.
SERVICES = ("sparql", "api/queries", "openapi.json", "catalog#api", "catalog#sparql", "dataset/small#sparql")
_FILES = re.compile(rb'<link rel="item".*?>|"distribution": \[.*?\n \]', re.DOTALL)


def published(folder: Path, into: Path, *, home: str = HOME, forms: tuple[str, ...] = ("ntriples",)) -> Done:
    """Write the site of a project."""
    wish = Wish(partial(KnowledgeGraph.open, folder), home, search=False, forms=forms)
    return write(KnowledgeGraph.open(folder), into, wish, lambda _: None)


def content(site: Path) -> dict[str, bytes]:
    """Return the files of a site by their paths."""
    return {each.relative_to(site).as_posix(): each.read_bytes() for each in site.rglob("*") if each.is_file()}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a release."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "whatworks.toml").touch()
    (folder / "data").mkdir()
    (folder / "data" / "all.ttl").write_text(DATA.replace("VERSION", "1.0") + MORE, encoding="utf-8")
    KnowledgeGraph.open(folder).build(checked=False)
    return folder


@pytest.fixture(scope="module")
def site(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its site."""
    into = tmp_path_factory.mktemp("sites") / "site"
    published(project, into)
    return into


@pytest.fixture(scope="module")
def client(project: Path) -> Iterator[TestClient]:
    """A server of the same release."""
    with asked(KnowledgeGraph.open(project)) as client:
        yield client


# ---- the same as the server ----


def served(path: str) -> bool:
    """Say whether a file of a site is a document, or a file for all pages, which the server sends as it is."""
    if path.endswith("/index.html"):  # a page once more, in the folder of its address
        return False
    return path.startswith(("doc/", "voc/", "graph/", "ont", "shapes", "dataset/", "context/", "static/", "CITATION"))


def is_named(line: bytes) -> bool:
    """Say whether a line of N-Triples tells where queries are asked."""
    return any(f"<{start}{name}".encode() in line for start in (HOME, BASE) for name in SERVICES)


def unpacked(text: bytes) -> Iterator[bytes]:
    """Yield the lines of N-Triples that do not tell of files that lie packed in a site."""
    yield from (line for line in text.splitlines() if b"data.nq" not in line and b"application/gzip" not in line)


def compare(client: TestClient, site: Path, paths: list[str]) -> None:
    """Compare files with what the server sends for their addresses."""
    for path in paths:
        accept = "text/html" if path.endswith(".html") else "*/*"
        answer = client.get(f"/{quote(path)}", headers={"Accept-Encoding": "identity", "Accept": accept})
        assert answer.status_code in (200, 410), path
        sent, written = answer.content, (site / path).read_bytes()
        if path.startswith("doc/query/"):  # a query as data names the places to ask it; its page leads there
            if path.endswith(".nt"):
                assert {*sent.splitlines()} - {*written.splitlines()} == {*filter(is_named, sent.splitlines())}
            continue
        if path.startswith("doc/release/"):  # files lie packed, as is tested with them
            if path.endswith(".nt"):
                assert [*unpacked(sent)] == [*unpacked(written)]
            continue
        if path.startswith("dataset/") and path.endswith(".html"):  # it names the files to take home
            sent, written = (_FILES.sub(b"", page) for page in (sent, written))
        assert sent == written, path


def test_documents_are_what_the_server_sends(client: TestClient, site: Path) -> None:
    """One document of each kind in all its forms, and all files beside, have the bytes that the server sends."""
    kinds: dict[tuple[str, str], str] = {}
    for path in sorted(filter(served, content(site))):
        above = path.rpartition("/")[0]
        kinds.setdefault(("doc" if above.startswith("voc") else above, path.partition(".")[2]), path)
    compare(client, site, [*kinds.values(), "doc/intervention/old.html", "doc/intervention/été.html", "voc/stage.ttl"])
    assert len(kinds) > 50


def some(paths: list[str]) -> list[str]:
    """Return all pages, and of the data beside them one form each, in turn; that all forms agree is tested above."""
    return [path for at, path in enumerate(paths) if path.endswith(".html") or at % 7 == 0]


@pytest.mark.long
@pytest.mark.slow  # everything that the shipped collection has, from both doors
def test_the_shipped_site_is_what_the_server_sends(kg: KnowledgeGraph, tmp_path: Path) -> None:
    """All documents of the shipped collection are the server's; no link is dead, and each page is well-formed."""
    done = write(kg, tmp_path / "site", Wish(KnowledgeGraph.open, HOME, 1, search=False), lambda _: None)
    site = tmp_path / "site"
    with asked(kg) as client:
        compare(client, site, some(sorted(filter(served, content(site)))))
    assert list(dead_links(site, HOME, sorted(site.rglob("*.html")))) == []
    assert done.files > 5_000


def test_what_is_said_of_services_is_left_out(client: TestClient, site: Path) -> None:
    """The catalogue and the description of the data set say the same but for where queries are asked, and for dumps."""
    for address, path in (("/catalog.nt", "catalog.nt"), ("/.well-known/void?format=ntriples", ".well-known/void.nt")):
        texts = client.get(address).content, (site / path).read_bytes()
        sent, written = ([*unpacked(text)] for text in texts)
        more = set(sent) - set(written)
        assert {line for line in set(written) - set(sent) if b"The data set and its releases." not in line} == set()
        assert all(is_named(line) or b"sparql11-protocol" in line or b"the services that" in line for line in more)
        assert more
    assert b"sparql" not in (site / "catalog.ttl").read_bytes()
    assert b"sparqlEndpoint" not in (site / ".well-known/void").read_bytes()
    assert b"format=json" not in (site / "opensearch.xml").read_bytes()


# ---- pages ----


def test_no_link_is_dead_and_pages_are_well_formed(site: Path) -> None:
    """Every address on a page is a file of the site; only what the site does not show asks a server."""
    pages = sorted(each for each in site.rglob("*.html") if "voc" not in each.parts)
    assert list(dead_links(site, HOME, pages)) == []
    assert len(pages) > 100
    assert b'.live:not([href$=".nt"]) { display: none' in (site / "style.css").read_bytes()
    assert unsealed((site / LIST).read_bytes())["files"].keys() == content(site).keys() - {LIST}
    assert "This copy of the collection has no search." in (site / "search.html").read_text()


def test_a_graph_lists_what_nobody_explains_in_short(
    site: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Things without a definition stand in a list; all definitions are read once for all graphs."""
    pages = sorted(site.glob("graph/**/*.html"))
    texts = [page.read_text(encoding="utf-8") for page in pages]
    assert all("<dd></dd>" not in text for text in texts)
    assert any('<ul class="columns">\n<li><a href="/doc/' in text for text in texts)
    assert not any(re.search(r">https?://[^<]*#[^<]*</a>", text) for text in texts)
    asked = list[Store]()
    read = things.definitions

    def definitions(store: Store) -> dict[Node, list[Term]]:
        asked.append(store)
        return read(store)

    monkeypatch.setattr(things, "definitions", definitions)
    contents = Contents(KnowledgeGraph.open(project), HOME)
    for path in ("graph/ontology", "graph/shapes"):
        assert list(contents.made(Job("document", path)))
    assert len(asked) == 1


def test_a_name_that_is_kept_counts_as_read(project: Path) -> None:
    """Who names a thing depends on it, though another page asked the store for the name."""
    contents = Contents(KnowledgeGraph.open(project), HOME)
    thing = Iri(f"{BASE}id/intervention/one")
    reads = contents.kg.collection.local.reads  # type: ignore[attr-defined] # it notes what is read
    looks = []
    for _ in range(2):
        before = reads.begin()
        View(contents.edition, HOME).name(thing)
        looks.append(reads.end(before)[0])
    assert number_of("s", thing) in looks[0]
    assert looks[0] == looks[1]


def test_what_only_programs_read_has_no_blanks(site: Path) -> None:
    """The list of files is on one line."""
    text = (site / LIST).read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), separators=(",", ":")) + "\n"


@pytest.mark.skipif(not finder.is_there(), reason="the extra `site` is not installed")
def test_the_search_brings_its_engine_for_the_languages_that_are_there(site: Path) -> None:
    """Of the engines for each language, those lie there that the index names."""
    with finder.indexing(site) as index:
        found = {path: written for path, written in index() if not path.startswith("pagefind/fragment/")}
    named = {each["wasm"] for each in json.loads(found["pagefind/pagefind-entry.json"])["languages"].values()}
    assert {path for path in found if path.startswith("pagefind/wasm.")} == {
        f"pagefind/wasm.{each}.pagefind" for each in named
    }


def test_a_dead_link_is_found(site: Path, tmp_path: Path) -> None:
    """The test of links sees what is not there, what asks, and what does not end."""
    page = tmp_path / "a.html"
    page.write_text('<!doctype html>\n<html lang="en"><p><a href="/nope">x</a> <a href="/?a=b">y</a><i></p></html>')
    (tmp_path / "index.html").touch()
    found = " ".join(dead_links(tmp_path, HOME, [page]))
    assert "/nope is not there" in found
    assert "/?a=b asks" in found
    assert "</p> ends" in found


def test_answers_lie_as_files(client: TestClient, site: Path) -> None:
    """The answer to each query in which nothing must be given is a file in some formats, as the server sends it."""
    for name in ("interventions", "success-factor-themes", "gap-map"):
        assert (site / f"api/queries/{name}.csv").read_bytes() == client.get(f"/api/queries/{name}?format=csv").content
        text = (site / f"queries/{name}.html").read_text()
        assert f'href="/api/queries/{name}.csv"' in text
        assert "<form method" not in text.partition("<main")[2]
    assert not (site / "api/queries/related.csv").exists()
    assert "whatworks query related --intervention" in (site / "queries/related.html").read_text()


def test_what_a_browser_chooses_from_is_what_the_facets_count(kg: KnowledgeGraph) -> None:
    """By the prepared list, each value of each facet has as many interventions as the list of the server counts."""
    contents = Contents(kg, HOME)
    things = json.loads(dict(contents.made(Job("page", "carried")))["interventions.json"])
    view = View(contents.edition, HOME)
    counts = Shelf(contents.edition).counts({})
    found = 0
    for facet in choices(view):
        listed = Counter(code for thing in things for code in thing["in"].get(facet.name, ()))
        assert listed == {iri.code: number for iri, number in counts.get(facet.property, {}).items()}, facet.name
        found += len(listed)
    assert found > 100
    assert json.loads(dict(contents.made(Job("document", "id/intervention/youthreach")))["compare/youthreach.json"])[
        "rows"
    ]


def test_what_hosts_need(site: Path, project: Path) -> None:
    """Lists for robots, files by which hosts know types, dumps with their sums, and pages where a server would be."""
    release = KnowledgeGraph.open(project).release
    assert release is not None
    sitemap = (site / "sitemap.xml").read_text()
    assert f"<loc>{HOME}doc/intervention/one</loc>" in sitemap
    assert f"<loc>{HOME}sparql</loc>" not in sitemap
    for address in sitemap.split("<loc>")[1:]:
        assert file_of(site, address.partition("<")[0].removeprefix(HOME[:-1])) is not None
    for name in ("sparql.html", "api.html", "compare.html", "network.html", "404.html", ".nojekyll", "robots.txt"):
        assert (site / name).exists(), name
    assert "was retired" in (site / "doc/intervention/old.html").read_text()
    assert 'href="/doc/intervention/two"' in (site / "doc/intervention/old.html").read_text()
    assert not (site / "doc/intervention/old.ttl").exists()


def test_a_site_below_a_path_and_at_the_base_of_the_iris(project: Path, tmp_path: Path) -> None:
    """Addresses begin with the path of the site; where the IRIs lead to it, they have pages that lead on."""
    kg = KnowledgeGraph.open(project)
    contents = Contents(kg, BASE)
    made = {path: written for job in _few(contents) for path, written in contents.made(job)}
    page = made["doc/intervention/one.html"].decode()
    assert 'href="/whatworks/style.css?' in page
    assert 'href="/style.css' not in page
    assert 'action="/whatworks/search"' in page
    assert b"url=/whatworks/doc/intervention/one" in made["id/intervention/one.html"]
    assert b"/whatworks/id/* /whatworks/doc/:splat 303" in made["_redirects"]
    other = Contents(kg, "http://localhost:8080/a/b/")
    start = dict(other.made(Job("page", "start")))["index.html"]
    assert b'href="/a/b/interventions"' in start


def _few(contents: Contents) -> list[Job]:
    return [Job("site"), Job("document", "id/intervention/one")]


# ---- what changes ----


@pytest.mark.slow  # starts the command, which writes all of it again
def test_it_is_the_same_again(project: Path, site: Path, tmp_path: Path) -> None:
    """Written anew by several processes, with another order of sets, files are those of before, with their times."""
    other = tmp_path / "site"
    shutil.copytree(site, other)
    times = {path: (other / path).stat().st_mtime_ns for path in content(other)}
    words = ["--project", str(project), "publish", str(other), "--address", HOME, "--processes", "2", "--no-search"]
    words += ["--forms", "ntriples"]
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    command = [sys.executable, "-m", "whatworks", *words]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert f"bytes for {HOME} in" in done.stdout
    assert content(other) == content(site)
    assert {path for path in times if (other / path).stat().st_mtime_ns != times[path]} == {LIST}
    assert [each.name for each in tmp_path.iterdir()] == ["site"]


@pytest.mark.slow  # writes all of it again
def test_a_change_rewrites_what_it_touches(project: Path, site: Path, tmp_path: Path) -> None:
    """After one record changed, only files that show it are new; what is gone is removed."""
    folder, other = tmp_path / "project", tmp_path / "site"
    shutil.copytree(project, folder)
    shutil.copytree(site, other)
    data = folder / "data" / "all.ttl"
    data.write_text(data.read_text(encoding="utf-8").replace('"Two"@en', '"Zwei"@en'), encoding="utf-8")
    KnowledgeGraph.open(folder).build(checked=False)
    before = {path: (other / path).stat().st_ino for path in content(other)}
    done = published(folder, other)
    new = {path for path in content(other) if (other / path).stat().st_ino != before.get(path)}
    assert done.kept > 0.9 * done.files
    assert "doc/intervention/two.html" in new
    # Nodes without IRIs are named by their place in the release, so that lists in the model have other names in it.
    assert not [path for path in new if path.startswith(("doc/agent/", "doc/intervention/one", "voc/place"))]
    assert not [
        path for path in new if path.startswith(("voc/", "shapes")) and path.endswith(".html") and "/order" not in path
    ]
    assert b"Zwei" in (other / "doc/record/two.html").read_bytes()


# ---- faults ----


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a process are those of Linux")
def test_a_full_disk(project: Path, tmp_path: Path) -> None:
    """Where there is no more space, the old site stays and the message says what is the matter."""
    site = tmp_path / "site"
    with opened(site) as writing:
        writing.finish({}, [writing.place("index.html", b"old")])
    limited = "import resource,sys; resource.setrlimit(resource.RLIMIT_FSIZE,(20000,20000)); sys.argv[0]='whatworks'; "
    limited += "from whatworks.__main__ import run; run()"
    words = ["--cache", "", "--project", str(project), "publish", str(site), "--no-search", "--processes", "1"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}  # else Python cuts off what it keeps of a module
    command = [sys.executable, "-c", limited, *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "Error [unwritable]" in done.stderr) == (3, True), done.stderr
    assert "File too large" in done.stderr
    assert (site / "index.html").read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize(
    "home",
    [
        *("data.example/", "ftp://data.example/", "https://data.example", "https://u@data.example/", "https://x/?a/"),
        *("https://x:99999/", "https://x:0/", "https://x:a/", "https://x/a/../b/", "https://x//a/"),
    ],
)
def test_what_is_no_address_of_a_site(project: Path, tmp_path: Path, home: str) -> None:
    """An address that is none is refused before anything is written."""
    with pytest.raises(InvalidValue):
        published(project, tmp_path / "site", home=home)
    assert list(tmp_path.iterdir()) == []


def test_the_command_refuses(project: Path, tmp_path: Path) -> None:
    """`publish` into somebody else's folder is a fault; of an endpoint there is no site."""
    (tmp_path / "own.txt").touch()
    words = ["--project", str(project), "publish", str(tmp_path), "--address", HOME]
    done = CliRunner().invoke(main, words)
    assert (done.exit_code, "[foreign-files]" in done.output) == (3, True)
    with pytest.raises(NotRemote):
        Contents(KnowledgeGraph.open(store="http://127.0.0.1:9/sparql"), HOME)
