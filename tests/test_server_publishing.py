"""The server: catalogue, releases, files, citations, and what robots and browsers ask for."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from tests.conftest import BASE
from tests.servers import asked, started
from tests.test_publish import DATA
from tests.test_server_started import until
from whatworks import KnowledgeGraph
from whatworks.publish.dumps import write_dumps
from whatworks.release import Release, sealed

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
HOME = "http://testserver/"
RECORD = "/doc/intervention/one"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two releases; the files of the second are written."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "whatworks.toml").touch()
    (folder / "data").mkdir()
    for version in ("1.0", "1.1"):
        (folder / "data" / "all.ttl").write_text(DATA.replace("VERSION", version), encoding="utf-8")
        KnowledgeGraph.open(folder).build(checked=False)
    complete(folder)
    return folder


def complete(folder: Path) -> None:
    """Write the files of the release in use."""
    kg = KnowledgeGraph.open(folder)
    assert kg.releases is not None
    assert kg.release is not None
    kg.releases.complete(kg.release, lambda into: write_dumps(kg, into, lambda _: None))


@pytest.fixture(scope="module")
def served(folder: Path) -> KnowledgeGraph:
    """The collection that is served."""
    return KnowledgeGraph.open(folder)


@pytest.fixture(scope="module")
def client(served: KnowledgeGraph) -> Iterator[TestClient]:
    """A server of it."""
    with asked(served) as client:
        yield client


@pytest.fixture(scope="module")
def release(served: KnowledgeGraph) -> Release:
    """The release that is served."""
    assert served.release is not None
    return served.release


# ---- files ----


def test_files_come_as_they_lie_on_the_disk(client: TestClient, release: Release) -> None:
    """Each file that the list names is sent with its type, size, checksum and tag; part of it on request."""
    listed = client.get(f"/dumps/{release.name}/SHA256SUMS")
    assert listed.headers["content-type"].startswith("text/plain")
    types = {"data.nq": "application/n-quads", "data.ttl": "text/turtle", "intervention.csv": "text/csv"}
    types["intervention.csv-metadata.json"] = "application/csvm+json"
    names = {}
    for line in listed.text.splitlines():
        checksum, name = line.split("  ")
        found = client.get(f"/dumps/{release.name}/{name}", headers={"Accept-Encoding": "identity"})
        assert hashlib.sha256(found.content).hexdigest() == checksum
        assert found.headers["etag"] == f'"{checksum}"'
        names[name] = found
    for name, media_type in types.items():
        assert names[name].headers["content-type"].partition(";")[0] == media_type
    path, whole = f"/dumps/{release.name}/data.ttl", names["data.ttl"].content
    part = client.get(path, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole[10:20])
    again = client.get(path, headers={"If-None-Match": names["data.ttl"].headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    packed = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert (packed.headers["content-encoding"], packed.content) == ("gzip", whole)
    head = client.head(path, headers={"Accept-Encoding": "identity"})
    assert (head.content, head.headers["content-length"]) == (b"", str(len(whole)))


@pytest.mark.parametrize(
    ("asked", "status", "whole"),
    [("bytes=999999999-", 416, True), ("bytes=9-5", 400, False), ("bytes", 400, False)],
)
def test_a_part_that_is_not_there_is_told(client: TestClient, asked: str, status: int, whole: bool) -> None:
    """As every fault is, and with the size of the file where the part is beyond it."""
    name = client.get("/health").json()["release"]
    path = f"/dumps/{name}/data.nq"
    found = client.get(path, headers={"Range": asked})
    assert (found.status_code, found.headers["content-type"]) == (status, "application/problem+json")
    assert (found.json()["status"], bool(found.json()["hint"])) == (status, True)
    size = client.head(path).headers["content-length"]
    assert found.headers.get("content-range") == (f"bytes */{size}" if whole else None)


@pytest.mark.parametrize("unit", ["lines=1-2", "rows=0-", "nonsense"])
def test_a_part_that_is_counted_in_something_else_is_not_asked_for(client: TestClient, unit: str) -> None:
    """HTTP has it that a unit which a server does not know counts as none: the file is sent whole."""
    path = f"/dumps/{client.get('/health').json()['release']}/data.nq"
    found = client.get(path, headers={"Range": unit})
    assert (found.status_code, len(found.content)) == (200, int(client.head(path).headers["content-length"]))


def test_a_packed_file_is_no_file_of_who_takes_none(client: TestClient) -> None:
    """The tag of what was packed is that of another answer, for who does not take it packed."""
    path = f"/dumps/{client.get('/health').json()['release']}/data.nq"
    tag = client.get(path, headers={"Accept-Encoding": "gzip"}).headers["etag"]
    for encodings, status in (("gzip", 304), ("identity", 200)):
        headers = {"Accept-Encoding": encodings, "If-None-Match": tag}
        assert (encodings, client.get(path, headers=headers).status_code) == (encodings, status)


@pytest.mark.parametrize(
    "name", ["manifest.json", "..%2Fmanifest.json", "%2e%2e%2flocal.json", "nope.ttl", "data.ttl%00"]
)
def test_only_listed_files_are_sent(client: TestClient, release: Release, name: str) -> None:
    """What is in the folder but not in the list, or elsewhere, is not there."""
    found = client.get(f"/dumps/{release.name}/{name}")
    assert found.status_code == 404
    assert found.headers["content-type"] == "application/problem+json"
    assert client.get(f"/dumps/{'0' * 16}/data.nq").status_code == 404
    assert client.get("/dumps/current").status_code == 404


def test_lists_of_files(client: TestClient, release: Release, served: KnowledgeGraph) -> None:
    """The page of all releases and that of one link each file; without a slash they lead to the one with it."""
    assert served.releases is not None
    other = next(each.name for each in served.releases.all() if each.name != release.name)
    page = client.get("/dumps/", headers={"Accept": BROWSER}).text
    for path in (
        f"/dumps/{release.name}/agent.csv-metadata.json",
        f"/dumps/{release.name}/agent.csv",
        f"/dumps/{other}/data.nq",
        f"/dumps/{release.name}/SHA256SUMS",
    ):
        assert f'href="{path}"' in page
    assert f"/dumps/{other}/data.ttl" not in page
    one = client.get(f"/dumps/{other}/", headers={"Accept": BROWSER}).text
    assert release.name not in one.partition("<main")[2].partition("</main>")[0]
    for path in ("/dumps", f"/dumps/{other}"):
        found = client.get(path)
        assert (found.status_code, found.headers["location"]) == (308, f"{path}/")


def test_new_files_are_seen_soon(folder: Path, served: KnowledgeGraph, release: Release) -> None:
    """The list has another tag when files were written again, and the old release may get some."""
    with asked(served) as client:
        tag = client.get("/dumps/").headers["etag"]
        catalogue = client.get("/catalog").headers["etag"]
        assert client.get("/dumps/", headers={"If-None-Match": tag}).status_code == 304
        complete(folder)
        until(lambda: client.get("/dumps/", headers={"If-None-Match": tag}).status_code == 200)
        assert client.get("/catalog").headers["etag"] != catalogue


def test_without_a_release_there_are_no_files(kg: KnowledgeGraph) -> None:
    """The shipped collection is served as files: the list says so."""
    with asked(kg) as client:
        assert "There is no release" in client.get("/dumps/").text
        assert client.get("/catalog").status_code == 200


@pytest.mark.slow
def test_a_large_file_is_never_held_in_memory(folder: Path, tmp_path: Path) -> None:
    """A file of 200 MB is sent whole while the server takes hardly more memory than before."""
    shutil.copytree(folder, tmp_path / "project")
    release = KnowledgeGraph.open(tmp_path / "project").release
    assert release is not None
    size = 200 << 20
    with (release.folder / "dumps" / "data.ttl").open("wb") as file:
        file.truncate(size)
    listed = {"data.ttl": {"sha256": "0" * 64, "bytes": size}}
    (release.folder / "dumps" / "manifest.json").write_bytes(sealed({"files": listed}))
    with started(folder=tmp_path / "project") as (address, pid):
        urlopen(f"{address}/dumps/{release.name}/data.nq").close()  # noqa: S310 - ours
        before = _most_memory(pid)
        received = 0
        with urlopen(f"{address}/dumps/{release.name}/data.ttl") as found:  # noqa: S310 - ours
            while block := found.read(1 << 20):
                received += len(block)
        assert received == size
        assert _most_memory(pid) - before < 32 << 20


def _most_memory(pid: int) -> int:
    """Return the most bytes that a process ever had in memory."""
    match = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert match is not None
    return int(match[1]) << 10


# ---- linked data of what is no thing of the store ----


def test_releases_and_queries_resolve(client: TestClient, release: Release) -> None:
    """The IRI of a release and of a stored query lead to documents in every form; others of their kind do not."""
    for path in (f"release/{release.name}", "query/interventions"):
        found = client.get(f"/id/{path}", headers={"Accept": "text/turtle"})
        assert (found.status_code, found.headers["location"]) == (303, f"/doc/{path}")
        turtle = client.get(f"/doc/{path}", headers={"Accept": "text/turtle"})
        assert f"{BASE}id/{path}" in turtle.text
        page = client.get(f"/doc/{path}.html")
        assert page.text.count("<h1>") == 1
    for path in ("release/0000000000000000", "query/nope", "query/system/labels", "query/"):
        assert client.get(f"/id/{path}").status_code == 404


def test_the_catalogue_is_negotiated(client: TestClient, release: Release) -> None:
    """/catalog is a document with a page and with data, whose addresses are those of the site."""
    assert f'"{HOME}dumps/{release.name}/data.ttl"'.encode() in client.get("/catalog.jsonld").content
    assert f"<{HOME}dumps/{release.name}/data.ttl>" in client.get("/catalog", headers={"Accept": "text/turtle"}).text
    page = client.get("/catalog", headers={"Accept": BROWSER})
    assert page.headers["content-location"] == "/catalog.html"
    assert f'href="/dumps/{release.name}/"' in page.text


def test_another_host_gets_its_own_addresses(client: TestClient) -> None:
    """What depends on the host is not given to another one."""
    first, other = (client.get("/catalog.nt", headers={"Host": host}) for host in ("one.example", "two.example"))
    assert "http://one.example/sparql" in first.text
    assert "one.example" not in other.text
    assert first.headers["etag"] != other.headers["etag"]


@pytest.mark.parametrize("host", ["a<b>", 'a"b', "a b", "a\\b", "user@host", "[::1", "a{b}"])
def test_a_host_that_is_none_is_not_written(client: TestClient, host: str) -> None:
    """What would be no address stands in no document."""
    for path in ("/catalog.ttl", "/", "/sitemap.xml", "/.well-known/void", "/dataset/small.html"):
        found = client.get(path, headers={"Host": host, "Accept": "*/*"})
        assert (path, found.status_code in (200, 400), host in found.text) == (path, True, False)


def test_void_is_negotiated(client: TestClient) -> None:
    """The description of the data set comes in every RDF format."""
    found = client.get("/.well-known/void", headers={"Accept": "application/ld+json"})
    assert "http://rdfs.org/ns/void#classPartition" in found.text
    assert client.get("/.well-known/void", headers={"Accept": "image/png"}).status_code == 406


# ---- citations ----


@pytest.mark.parametrize(
    ("ending", "media_type", "start"),
    [
        (".bib", "application/x-bibtex", "@misc{one,"),
        (".ris", "application/x-research-info-systems", "TY  - ELEC"),
        (".csl.json", "application/vnd.citationstyles.csl+json", "[\n"),
    ],
)
def test_records_are_cited(client: TestClient, ending: str, media_type: str, start: str) -> None:
    """A record has its citation by ending, by header and by the name of the format."""
    by_ending = client.get(RECORD + ending)
    by_header = client.get(RECORD, headers={"Accept": media_type})
    assert by_ending.content == by_header.content
    assert by_ending.text.startswith(start)
    assert by_ending.headers["content-type"].partition(";")[0] == media_type
    assert by_header.headers["content-location"] == RECORD + ending


def test_what_has_no_record_is_not_cited(client: TestClient) -> None:
    """An agent or a concept is not cited by itself; the data set is."""
    assert client.get("/doc/agent/office.bib").status_code == 404
    assert client.get("/voc/stage/pilot", headers={"Accept": "application/x-bibtex"}).status_code == 406
    assert client.get("/dataset/small.bib").text.startswith("@misc{small,")
    assert client.get("/CITATION.cff").text.startswith('cff-version: "1.2.0"\n')


def test_the_page_of_a_record_has_tags_and_links(client: TestClient) -> None:
    """Reference managers find tags, robots find typed links, in the page and in the header."""
    found = client.get(f"{RECORD}.html")
    assert '<meta name="DC.creator" content="The Office {of} 100% &amp; more_,">' in found.text
    assert '<meta property="og:site_name" content="A small collection">' in found.text
    assert '<meta name="citation_title" content="One &lt;/script&gt;&lt;b&gt;">' in found.text
    for link in (
        f'<{BASE}id/intervention/one>; rel="cite-as"',
        f'<{RECORD}.ttl>; rel="describedby"; type="text/turtle"',
        '<https://creativecommons.org/licenses/by/4.0/>; rel="license"',
        '<https://schema.org/AboutPage>; rel="type"',
    ):
        assert link in found.headers["link"]
    assert f'<link rel="describedby" type="text/turtle" href="{RECORD}.ttl">' in found.text


def test_pages_of_the_data_set_have_a_block_for_search_engines(client: TestClient, release: Release) -> None:
    """The start page, the catalogue and the page of the data set hold schema.org's Dataset, and no other script."""
    for path in ("/", "/catalog.html", "/dataset/small.html"):
        page = client.get(path, headers={"Accept": BROWSER}).text
        (block,) = (part.partition("</script>")[0] for part in page.split("<script")[1:])
        kind, _, content = block.partition(">")
        assert kind == ' type="application/ld+json"'
        found = json.loads(content)
        assert (found["@type"], found["identifier"][1]) == ("Dataset", release.name)
    assert "<script" not in client.get(f"{RECORD}.html").text


# ---- robots and browsers ----


@pytest.mark.slow
def test_robots_find_every_page(client: TestClient) -> None:
    """robots.txt names the sitemap; each address in it is a page here, for browsers."""
    lines = client.get("/robots.txt").text.splitlines()
    address = next(line.removeprefix("Sitemap: ") for line in lines if line.startswith("Sitemap: "))
    assert address == f"{HOME}sitemap.xml"
    root = ElementTree.fromstring(client.get(urlsplit(address).path).content)
    pages = [loc.text or "" for loc in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert len(pages) > 300
    for page in pages:
        found = client.head(page.removeprefix(HOME[:-1]), headers={"Accept": BROWSER})
        assert (page, found.status_code, found.headers["content-type"][:9]) == (page, 200, "text/html")
    assert client.get("/sitemap-1.xml").status_code == 200
    assert client.get("/sitemap-2.xml").status_code == 404


def test_browsers_can_search(client: TestClient) -> None:
    """The description of the search leads to an address that finds things, as a page and as data."""
    root = ElementTree.fromstring(client.get("/opensearch.xml").content)
    urls = {
        url.get("type"): url.get("template") or "" for url in root.iter("{http://a9.com/-/spec/opensearch/1.1/}Url")
    }
    page = client.get(urls["text/html"].replace("{searchTerms}", "two"), headers={"Accept": BROWSER})
    assert 'href="/doc/intervention/two"' in page.text
    rows = client.get(urls["application/json"].replace("{searchTerms}", "two")).json()["results"]["bindings"]
    assert rows[0]["key"]["value"] == "two"
    assert client.get("/search", headers={"Accept": BROWSER}).status_code == 200
    for bad in ("/search?format=json", "/search?q=two&limit=0", "/search?q=two&limit=x"):
        assert client.get(bad).status_code == 400
    assert "<b>" not in client.get("/search?q=%3Cb%3E&format=html").text.partition("<main")[2]


def test_the_page_for_programs_explains_every_operation(client: TestClient) -> None:
    """The page has each operation of the description, its parameters and the values from the graph, and no script."""
    page = client.get("/api", headers={"Accept": BROWSER}).text
    described = client.get("/openapi.json").json()
    for path, methods in described["paths"].items():
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in page
            assert path in page
            for parameter in operation.get("parameters", ()):
                assert parameter["name"] in page
    assert "second-chance-measures" in page
    assert "<script" not in page
    assert "http" not in "".join(part.partition(">")[0] for part in page.split("<link ")[1:])
