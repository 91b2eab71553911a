"""The server: linked data that resolves, in the format that is asked for."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
import rdflib
from rdflib.compare import isomorphic
from starlette.testclient import TestClient

from tests.conftest import BASE
from tests.servers import asked, started
from whatworks import KnowledgeGraph
from whatworks.errors import UnknownFormat
from whatworks.nodes import graph_of
from whatworks.publish.offers import offers
from whatworks.server.negotiation import accepted
from whatworks.store import parse
from whatworks.terms import Iri, Triple

THING = "/doc/intervention/expairs-project"
MEDIA = {
    "turtle": "text/turtle",
    "jsonld": "application/ld+json",
    "ntriples": "application/n-triples",
    "rdfxml": "application/rdf+xml",
    "trig": "application/trig",
    "nquads": "application/n-quads",
}
ENDINGS = {
    "turtle": ".ttl",
    "jsonld": ".jsonld",
    "ntriples": ".nt",
    "rdfxml": ".rdf",
    "trig": ".trig",
    "nquads": ".nq",
    "html": ".html",
}
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.fixture(scope="module")
def client(kg: KnowledgeGraph) -> Iterator[TestClient]:
    """A server of the shipped collection."""
    with asked(kg) as client:
        yield client


def _graph(kg: KnowledgeGraph, content: bytes, format: str) -> rdflib.Graph:
    """Return a document's statements, whatever their graphs; the context is ours and is not fetched."""
    quads = parse(content, format, name="document", base=BASE, contexts=kg.documents.contexts)
    return graph_of(Triple(*quad[:3]) for quad in quads)


# ---- every IRI resolves ----


@pytest.mark.slow
def test_every_thing_of_the_release_resolves(client: TestClient, kg: KnowledgeGraph) -> None:
    """Whatever is a subject below the base has a document; what is no document leads to one."""
    subjects = {str(quad.subject).partition("#")[0] for quad in kg.collection.store.match()}
    paths = sorted("/" + iri.removeprefix(BASE) for iri in subjects if iri.startswith(BASE))
    assert {path.split("/")[1] for path in paths} >= {"id", "voc", "ont", "shapes", "dataset"}
    assert len(paths) > 600
    for path in paths:
        found = client.head(path)
        if path.startswith("/id/"):
            assert (found.status_code, found.headers["location"]) == (303, path.replace("/id/", "/doc/", 1))
            found = client.head(found.headers["location"])
        assert (path, found.status_code) == (path, 200)


@pytest.mark.slow
def test_every_graph_resolves(client: TestClient, kg: KnowledgeGraph) -> None:
    """A named graph is a document with its statements and what is said of it."""
    for graph in kg.collection.store.graphs():
        found = client.get("/" + graph.removeprefix(BASE), headers={"Accept": "application/n-quads"})
        held = {(str(quad.subject), str(quad.predicate)) for quad in kg.collection.store.match(graph=graph)}
        assert found.status_code == 200
        assert len(held) <= found.text.count("\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        *(THING, "/ont", "/shapes", "/voc/theme", "/voc/stage/mainstreamed", "/graph/agents", "/dataset/interventions"),
        *("/catalog", "/doc/query/related", "/.well-known/sparql-examples"),
    ],
)
def test_the_forms_of_one_thing_are_isomorphic(client: TestClient, kg: KnowledgeGraph, path: str) -> None:
    """Every format of a document holds the same statements."""
    graphs = {}
    for name, media_type in MEDIA.items():
        found = client.get(path, headers={"Accept": media_type})
        assert found.headers["content-type"].partition(";")[0] == media_type
        graphs[name] = _graph(kg, found.content, name)
    assert len(graphs["turtle"]) > 3
    for name in ("jsonld", "ntriples", "rdfxml", "trig", "nquads"):
        assert isomorphic(graphs["turtle"], graphs[name]), name


@pytest.mark.slow
def test_the_forms_of_all_things_are_isomorphic(client: TestClient, kg: KnowledgeGraph) -> None:
    """Every thing and concept of the release has the same statements in Turtle, JSON-LD, N-Triples and RDF/XML."""
    subjects = {str(quad.subject).partition("#")[0] for quad in kg.collection.store.match()}
    inside = sorted(iri.removeprefix(BASE) for iri in subjects if iri.startswith((f"{BASE}id/", f"{BASE}voc/")))
    assert len(inside) > 600
    for path in (path.replace("id/", "doc/", 1) for path in inside):
        forms = {}
        for name in ("turtle", "jsonld", "ntriples", "rdfxml"):
            content = client.get(f"/{path}{ENDINGS[name]}").content
            quads = parse(content, name, name=path, base=BASE, contexts=kg.documents.contexts)
            forms[name] = {Triple(*quad[:3]) for quad in quads}
        turtle = forms.pop("turtle")
        assert turtle
        for name, found in forms.items():
            # Nodes without IRIs have other names in each form.
            named = found == turtle or isomorphic(graph_of(found), graph_of(turtle))
            assert (path, name, named) == (path, name, True)


def test_what_is_sent_is_what_export_writes(client: TestClient, kg: KnowledgeGraph) -> None:
    """The server and the command line give the same bytes."""
    for name, media_type in MEDIA.items():
        assert client.get(THING, headers={"Accept": media_type}).content == kg.export(name, ["expairs-project"])


def test_the_context_is_sent(client: TestClient, kg: KnowledgeGraph) -> None:
    """The context is the one that documents name."""
    found = client.get("/context/v1.jsonld")
    assert found.headers["content-type"] == "application/ld+json"
    assert kg.documents.contexts == {BASE + "context/v1.jsonld": found.json()["@context"]}


# ---- which format ----


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        (None, "turtle"),
        ("*/*", "turtle"),
        ("not a header", "turtle"),
        (BROWSER, "html"),
        ("application/ld+json", "jsonld"),
        ('application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"', "jsonld"),
        ("application/json", "jsonld"),
        ("text/turtle;q=0.2, application/rdf+xml;q=0.9", "rdfxml"),
        ("text/*;q=0.5, application/trig", "trig"),
        ("text/html;q=0, text/*", "turtle"),
        ("application/rdf+xml, text/turtle", "turtle"),
        ("image/png, */*;q=0.1", "turtle"),
    ],
)
def test_the_header_chooses(client: TestClient, accept: str | None, name: str) -> None:
    """Quality values count; of formats wanted alike Turtle comes first; what cannot be read counts as none."""
    found = client.get(THING, headers={} if accept is None else {"Accept": accept})
    assert found.headers["content-location"] == THING + ENDINGS[name]
    assert "Accept" in found.headers["vary"]


@pytest.mark.parametrize("name", [*MEDIA, "html"])
def test_format_and_ending_choose(client: TestClient, name: str) -> None:
    """`?format=` and the ending of the path say the format, whatever the header says."""
    by_name = client.get(f"{THING}?format={name}", headers={"Accept": "image/png"})
    by_ending = client.get(THING + ENDINGS[name], headers={"Accept": "image/png"})
    assert by_name.status_code == by_ending.status_code == 200
    assert by_name.content == by_ending.content


def test_what_cannot_be_sent_is_refused_with_the_list(client: TestClient) -> None:
    """406 lists what there is, for a header and for a name."""
    for found in (client.get(THING, headers={"Accept": "image/png"}), client.get(THING + "?format=pdf")):
        assert found.status_code == 406
        assert "turtle (text/turtle)" in found.json()["hint"]


def test_nothing_accepted_is_refused() -> None:
    """A header that refuses everything is not answered with something."""
    with pytest.raises(UnknownFormat):
        accepted("*/*;q=0", offers("turtle", "html"))


# ---- HTTP ----


def test_not_modified(client: TestClient) -> None:
    """The tag belongs to the document and its format; who has it gets no body."""
    first = client.get(THING + ".ttl")
    tag = first.headers["etag"]
    assert not tag.startswith("W/")
    again = client.get(THING + ".ttl", headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(THING + ".nt", headers={"If-None-Match": tag}).status_code == 200
    assert client.get("/doc/intervention/afya-austria.ttl", headers={"If-None-Match": tag}).status_code == 200


def test_head_and_options(client: TestClient) -> None:
    """HEAD has the headers of GET, OPTIONS says what is possible, to other sites as well."""
    head, got = client.head(THING), client.get(THING)
    assert head.content == b""
    for name in ("content-type", "content-length", "etag", "link"):
        assert head.headers[name] == got.headers[name]
    asked_first = {"Origin": "https://other.example", "Access-Control-Request-Method": "GET"}
    for headers in ({}, asked_first):
        found = client.options(THING, headers=headers)
        assert (found.status_code, found.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
        assert found.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/id/intervention/nope", 404),
        ("GET", "/nope", 404),
        ("GET", "/id/../../../etc/passwd", 404),
        ("GET", "/doc/%2e%2e%2f%2e%2e%2fetc%2fpasswd", 404),
        ("GET", "/doc/intervention/a%00b", 404),
        ("GET", "/doc/intervention/%ff", 404),
        ("GET", "/doc/intervention/<script>", 404),
        ("GET", "/errors/nope", 404),
        ("POST", THING, 405),
        ("DELETE", "/ont", 405),
        ("GET", "/doc/" + "a" * 40_000, 414),
    ],
)
def test_errors_have_one_shape(client: TestClient, method: str, path: str, status: int) -> None:
    """Every error is an object of RFC 9457 with the same headers as every answer."""
    found = client.request(method, path)
    assert found.headers["content-type"] == "application/problem+json"
    problem = found.json()
    assert (found.status_code, problem["status"]) == (status, status)
    assert {"type", "title", "detail"} <= set(problem)
    assert found.headers["access-control-allow-origin"] == "*"
    assert "x-request-id" in found.headers
    assert found.headers["cache-control"] == "no-cache"
    assert status != 405 or found.headers["allow"] == "GET, HEAD, OPTIONS"


def test_the_type_of_an_error_leads_to_its_meaning(client: TestClient) -> None:
    """The type of a problem is the address of the section of the manual."""
    kind = client.get("/id/intervention/nope").json()["type"]
    found = client.get(kind)
    assert (kind, found.status_code) == ("/errors/unknown-thing", 200)
    assert found.text.startswith("# unknown-thing\n")
    for accept, media_type in ((BROWSER, "text/plain"), ("text/markdown", "text/markdown")):
        found = client.get(kind, headers={"Accept": accept})
        assert found.headers["content-type"] == f"{media_type}; charset=utf-8"


def test_a_mistake_of_the_server_is_told_without_its_insides(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody foresaw is 500 in the same shape."""

    def fails(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("whatworks.server.resources.find", fails)
    found = client.get("/ont")
    assert (found.status_code, found.json()["code"]) == (500, "internal")
    assert "secret" not in found.text


def test_request_ids(client: TestClient) -> None:
    """A request has an id: the one that was sent, if it is harmless, else a new one."""
    assert client.get("/ont", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"
    assert client.get("/ont", headers={"X-Request-ID": "a b"}).headers["x-request-id"] != "a b"


# ---- retired ----


def test_what_was_retired_is_gone(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """A retired IRI answers 410 and says what stands instead."""
    old, new = f"{BASE}id/intervention/old", f"{BASE}id/intervention/new"
    text = f"""<{old}> <http://www.w3.org/2002/07/owl#deprecated> true ;
      <http://purl.org/dc/terms/isReplacedBy> <{new}> .
    <{BASE}voc/theme/old> <http://www.w3.org/2002/07/owl#deprecated> true .
    <{new}> <http://purl.org/dc/terms/title> "New" ."""
    with asked(project({"data/retired.ttl": text})) as client:
        for path in ("/id/intervention/old", "/doc/intervention/old", "/doc/intervention/old.ttl"):
            found = client.get(path)
            assert (found.status_code, found.json()["instead"]) == (410, [new])
            assert found.headers["link"] == f'<{new}>; rel="successor-version"'
        concept = client.get("/voc/theme/old.html")
        assert (concept.status_code, concept.json()["instead"]) == (410, [])
        assert client.get("/doc/intervention/new").status_code == 200


# ---- pages ----


def test_pages_are_whole_and_lead_on(client: TestClient, kg: KnowledgeGraph) -> None:
    """A page has a title, a language, one main heading, and links that lead to pages of this server."""
    for path in ("/", THING, "/ont", "/voc/theme", "/graph/agents"):
        page = client.get(path, headers={"Accept": BROWSER}).text
        assert '<html lang="en">' in page
        assert page.count("<h1>") == 1
        assert page.count("<script") == page.count('<script type="application/ld+json">') <= (path == "/")
        assert " style=" not in page
    page = client.get(THING, headers={"Accept": BROWSER}).text
    assert str(kg.describer.label(Iri(f"{BASE}id/intervention/expairs-project"), ("en",))[0]) in page
    assert 'href="/voc/stage/' in page
    assert client.get("/style.css").headers["content-type"].startswith("text/css")


def test_labels_are_text(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """What stands in the data is shown and not run, and only addresses of the web become links."""
    text = f"""<{BASE}id/intervention/x> <http://purl.org/dc/terms/title> "<script>alert(1)</script>\\u202e"@en ;
      <http://purl.org/dc/terms/source> <javascript:alert(1)> , <https://other.example/?a=%22%3E> ;
      <http://purl.org/dc/terms/description> "\\"><img src=x onerror=alert(1)>" ."""
    with asked(project({"data/x.ttl": text})) as client:
        found = client.get("/doc/intervention/x.html")
        assert "default-src 'none'" in found.headers["content-security-policy"]
        page = found.text
    assert "<script" not in page
    assert "<img" not in page
    assert "\u202e" not in page
    assert 'href="javascript' not in page
    assert 'href="https://other.example/?a=%22%3E"' in page
    assert "&lt;script&gt;" in page


def test_a_release_has_its_own_tags(project: Callable[[dict[str, str]], KnowledgeGraph], tmp_path: Path) -> None:
    """The tag of a document is that of the release: another release, another tag."""
    first = project({"data/x.ttl": f'<{BASE}id/intervention/x> <http://purl.org/dc/terms/title> "One" .'})
    with asked(first) as client:
        one = client.get("/doc/intervention/x.ttl").headers["etag"]
    (tmp_path / "data/x.ttl").write_text(f'<{BASE}id/intervention/x> <http://purl.org/dc/terms/title> "Two" .')
    with asked(KnowledgeGraph.open(tmp_path)) as client:
        two = client.get("/doc/intervention/x.ttl", headers={"If-None-Match": one})
    assert two.status_code == 200
    assert "Two" in two.text
    assert two.headers["etag"] != one


# ---- started ----


def test_the_command_serves_and_ends_cleanly() -> None:
    """A started server answers, and SIGTERM ends it with status 0."""
    with started() as (address, _), urlopen(f"{address}{THING}.ttl", timeout=10) as found:  # noqa: S310 - ours
        assert found.status == 200
        assert found.headers["ETag"]


def test_without_the_extra_it_is_said_how_to_install_it() -> None:
    """The command needs libraries that the others do not."""
    code = "import sys; sys.modules['uvicorn'] = None\nfrom whatworks.cli import main\nmain(['serve'])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert found.returncode == 3
    assert "Error [missing-extra]: The server needs uvicorn, which is not installed." in found.stderr
    assert "whatworks[serve]" in found.stderr
