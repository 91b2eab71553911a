"""What is published of a collection besides its statements, made without a server."""

import hashlib
import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyoxigraph as ox
import pyshacl
import pytest
import rdflib
from click.testing import CliRunner
from rdflib.query import ResultRow

from tests.conftest import BASE, CASES
from tests.endpoints import Unavailable
from tests.endpoints.web import SHAPES, WebServer, apache, nginx
from whatworks import KnowledgeGraph
from whatworks.cli import main
from whatworks.errors import DamagedRelease, InvalidValue, UnknownFormat, UnknownThing
from whatworks.nodes import graph_of
from whatworks.publish import citations, dcat, examples, schemaorg, signposts, sitemap, void
from whatworks.publish.dumps import all_files_of, files_of, sums, write_dumps
from whatworks.publish.edition import Agent, Edition
from whatworks.publish.offers import CITATION, DOCUMENT, filed, offers
from whatworks.publish.redirects import PATHS, rules
from whatworks.release import Release, Releases
from whatworks.server.negotiation import accepted
from whatworks.store import parse
from whatworks.terms import Iri, Literal, Quad, Triple
from whatworks.yamltext import read_yaml

HOME = "https://data.example/"
DATA = """
@prefix agent: <https://w3id.org/whatworks/id/agent/> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix org: <http://www.w3.org/ns/org#> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix ww: <https://w3id.org/whatworks/ont#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

<https://w3id.org/whatworks/dataset/small> a dcat:Dataset ;
    dcterms:title "A small collection"@en , "Une petite collection"@fr ;
    dcterms:description "Two interventions."@en ;
    dcterms:identifier "small" ;
    dcat:version "VERSION" ;
    dcat:keyword "school"@en ;
    dcat:contactPoint <mailto:someone@example.org> ;
    dcterms:issued "2026-03-01"^^xsd:date ;
    dcterms:creator agent:person ;
    dcterms:publisher agent:office ;
    dcterms:license <https://creativecommons.org/licenses/by/4.0/> ;
    dcterms:source <https://pages.example/list> .

agent:person a foaf:Person ; foaf:name "Ada, Countess" ; foaf:mbox <mailto:ada@example.org> .
agent:office a foaf:Agent , org:Organization ; foaf:name "The Office {of} 100% & more_" ;
    vcard:hasTelephone <tel:+1234> .

<https://w3id.org/whatworks/id/intervention/one> a ww:Practice ;
    dcterms:title "One </script><b>"@en ;
    dcterms:description "What \\"one\\" does,\\nin two lines."@en ;
    dcterms:identifier "one" ;
    ww:hasSuccessFactor <https://w3id.org/whatworks/id/intervention/one#factor-1> .
<https://w3id.org/whatworks/id/intervention/one#factor-1> a ww:SuccessFactor ; ww:position 1 ;
    dcterms:description "Trust"@en .
<https://w3id.org/whatworks/id/intervention/two> a ww:Approach ; dcterms:title "Two"@en ; dcterms:identifier "two" .
<https://w3id.org/whatworks/id/record/one> a ww:Record ;
    foaf:primaryTopic <https://w3id.org/whatworks/id/intervention/one> ;
    dcterms:source <https://pages.example/one> ;
    prov:wasAttributedTo agent:office ;
    prov:generatedAtTime "2025-12-31T10:00:00Z"^^xsd:dateTime .
<https://w3id.org/whatworks/id/record/two> a ww:Record ;
    foaf:primaryTopic <https://w3id.org/whatworks/id/intervention/two> .
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two releases, of which the second, in use, has its files."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "whatworks.toml").touch()
    (folder / "data").mkdir()
    for version in ("1.0", "1.1"):
        (folder / "data" / "all.ttl").write_text(DATA.replace("VERSION", version), encoding="utf-8")
        KnowledgeGraph.open(folder).build(checked=False)
    _complete(folder)
    return folder


def _complete(folder: Path) -> Release:
    kg = KnowledgeGraph.open(folder)
    assert kg.releases is not None
    assert kg.release is not None
    kg.releases.complete(kg.release, lambda into: write_dumps(kg, into, lambda _: None))
    return kg.release


@pytest.fixture(scope="module")
def edition(project: Path) -> Edition:
    """What is published of it."""
    kg = KnowledgeGraph.open(project)
    assert kg.release is not None
    return Edition(kg, kg.release.name)


def _graph(quads: list[Quad]) -> rdflib.Graph:
    return graph_of(quad.triple for quad in quads)


def _rows(quads: list[Quad], question: str) -> list[tuple[str, ...]]:
    """Return the rows that rdflib finds."""
    return [tuple(str(term) for term in row) for row in _graph(quads).query(question) if isinstance(row, ResultRow)]


def _found(quads: list[Quad], subject: str, prop: str) -> list[str]:
    return sorted(str(quad.object) for quad in quads if quad.subject == subject and quad.predicate.endswith(prop))


# ---- the catalogue ----


def _validated(quads: list[Quad], shapes: rdflib.Graph) -> tuple[bool, str]:
    valid, _, text = pyshacl.validate(_graph(quads), shacl_graph=shapes)
    return bool(valid), str(text)


def test_the_catalogue_has_what_dcat_ap_asks_for(edition: Edition, kg: KnowledgeGraph) -> None:
    """Mandatory and recommended properties are there, for releases and for files that are no release."""
    shapes = rdflib.Graph().parse(CASES / "dcat" / "shapes.ttl")
    for each in (edition, Edition(kg, "files")):
        valid, text = _validated(dcat.catalogue(each, HOME), shapes)
        assert valid, text


@pytest.mark.parametrize(
    "without",
    ["title", "description", "publisher", "accessURL", "checksumValue", "byteSize", "endpointURL", "mediaType"],
)
def test_the_shapes_find_what_is_missing(edition: Edition, without: str) -> None:
    """The test above can fail: without a property the catalogue is not valid."""
    shapes = rdflib.Graph().parse(CASES / "dcat" / "shapes.ttl")
    quads = [quad for quad in dcat.catalogue(edition, HOME) if re.split("[/#]", quad.predicate)[-1] != without]
    assert not _validated(quads, shapes)[0]


def test_the_catalogue_is_valid_by_the_published_shapes(edition: Edition) -> None:
    """The shapes of DCAT-AP 3.0.0 find nothing, and do find what was taken out."""
    if not SHAPES.is_file():
        pytest.skip("the shapes of DCAT-AP are not in build/servers; run: make servers")
    shapes = _graph(parse(SHAPES.read_bytes(), "jsonld", name=SHAPES.name, base=HOME))
    quads = dcat.catalogue(edition, HOME)
    valid, text = _validated(quads, shapes)
    assert valid, text
    assert not _validated([quad for quad in quads if not quad.predicate.endswith("/description")], shapes)[0]
    packed = Edition(edition.kg, edition.name)
    packed.packed = {f"{edition.name}/data.nq": ("0" * 64, 1)}
    valid, text = _validated(dcat.catalogue(packed, HOME, answers=False), shapes)
    assert valid, text


def test_releases_follow_each_other(edition: Edition) -> None:
    """Each release is a data set that names its version, the one before, and what it is a version of."""
    before, now = edition.releases()
    quads = dcat.catalogue(edition, HOME)
    new, old = (str(dcat.iri_of(edition, each.name)) for each in (now, before))
    assert now.name == edition.name
    assert _found(quads, new, "previousVersion") == [old]
    assert _found(quads, old, "previousVersion") == []
    assert Quad(Iri(new), Iri("http://www.w3.org/ns/dcat#version"), Literal(f"1.1+{now.name}")) in quads
    assert _found(quads, edition.dataset, "hasVersion") == sorted([new, old])
    assert _found(quads, edition.dataset, "hasCurrentVersion") == [new]
    assert _found(quads, old, "distribution") == [f"{old}#data.nq"]


def test_what_is_said_of_one_release_is_part_of_the_catalogue(edition: Edition) -> None:
    """The document of a release holds its files and no other release."""
    before, now = edition.releases()
    quads = dcat.release(edition, HOME, before.name)
    assert set(quads) < set(dcat.catalogue(edition, HOME))
    assert any("checksumValue" in quad.predicate for quad in quads)
    assert not any(now.name in str(quad.subject) for quad in quads)
    with pytest.raises(UnknownThing):
        dcat.release(edition, HOME, "0" * 16)


def test_nothing_published_says_how_to_reach_somebody(edition: Edition) -> None:
    """Addresses that the data holds stay out of everything that is made here."""
    citation = citations.cited(edition, Iri(f"{BASE}id/intervention/one"))
    assert citation is not None
    texts = [str(quad) for quad in (*dcat.catalogue(edition, HOME), *void.service(edition, HOME))]
    texts += [citations.written(citation, offer.name).decode() for offer in CITATION]
    texts += [str(citations.tags(citation)), str(citations.cff(edition)), str(schemaorg.dataset(edition, HOME))]
    assert not any("example.org" in text or "tel:" in text for text in texts)


# ---- VoID, and the service ----


def test_void_counts_and_says_where_to_ask(edition: Edition) -> None:
    """Classes and properties are counted, and endpoint and dump are named."""
    rows = _rows(
        void.void(edition, HOME),
        """PREFIX void: <http://rdfs.org/ns/void#> SELECT ?n ?endpoint ?dump {
        ?set void:classPartition [ void:class <https://w3id.org/whatworks/ont#Practice> ; void:entities ?n ] ;
            void:sparqlEndpoint ?endpoint ; void:dataDump ?dump . }""",
    )
    assert rows == [("1", f"{HOME}sparql", f"{HOME}dumps/{edition.name}/data.nq")]


def test_editors_find_the_classes_and_their_properties(edition: Edition, kg: KnowledgeGraph) -> None:
    """The question by which the SIB's editor completes queries is answered, of a release and of files."""
    question = """PREFIX void: <http://rdfs.org/ns/void#> PREFIX void-ext: <http://ldf.fi/void-ext#>
    SELECT DISTINCT ?subjectClass ?prop ?objectClass ?objectDatatype {
        ?cp void:class ?subjectClass ; void:propertyPartition ?pp . ?pp void:property ?prop .
        OPTIONAL { { ?pp void:classPartition [ void:class ?objectClass ] } UNION
                   { ?pp void-ext:datatypePartition [ void-ext:datatype ?objectDatatype ] } } }"""
    ww, dcterms = f"{BASE}ont#", "http://purl.org/dc/terms/"
    text = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
    for each in (edition, Edition(kg, "files")):
        rows = _rows(void.service(each, HOME), question)
        assert (f"{ww}Practice", f"{dcterms}title", "None", text) in rows
        assert not [row for row in rows if row[0].startswith("http://www.w3.org/2002/07/owl#")]
    factors = _rows(void.void(edition, HOME), question)
    assert (f"{ww}Practice", f"{ww}hasSuccessFactor", f"{ww}SuccessFactor", "None") in factors


def test_editors_find_the_stored_queries(edition: Edition) -> None:
    """The question that the SIB's editor asks finds every stored query in the description, and each is valid."""
    question = """PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
    SELECT DISTINCT ?sq ?comment ?query { ?sq a sh:SPARQLExecutable ; rdfs:comment ?comment ;
        sh:select|sh:ask|sh:construct|sh:describe ?query . } ORDER BY ?sq"""
    rows = _rows(void.service(edition, HOME), question)
    catalogue = edition.kg.catalogue
    assert {iri.rpartition("/")[2] for iri, _, _ in rows} == set(catalogue.names())
    assert all(comment == catalogue.get(iri.rpartition("/")[2]).summary for iri, comment, _ in rows)
    for _, _, query in rows:
        ox.Store().query(query)


def test_editors_find_the_prefixes(edition: Edition) -> None:
    """The prefixes that queries may use are declared as SHACL does it."""
    question = """PREFIX sh: <http://www.w3.org/ns/shacl#>
    SELECT DISTINCT ?prefix ?namespace { [] sh:namespace ?namespace ; sh:prefix ?prefix }"""
    rows = _rows(examples.examples(edition, HOME), question)
    assert {row[0]: row[1] for row in rows} == dict(edition.kg.prefixes.table)


def test_an_example_that_is_not_of_the_collection_leaves_the_file(edition: Edition, kg: KnowledgeGraph) -> None:
    """What must be given has the example of the header; where that is not here, the query is the file."""
    query = kg.catalogue.get("related")
    (there,) = (q for q in examples.example(Edition(kg, "x"), HOME, query) if q.predicate.endswith("#select"))
    (not_here,) = (q for q in examples.example(edition, HOME, query) if q.predicate.endswith("#select"))
    assert query.parameter("intervention").example in str(there.object)
    assert getattr(not_here.object, "value", "") == query.text


# ---- dumps ----


def test_the_files_of_a_release_are_what_their_names_say(project: Path) -> None:
    """Turtle holds the dump's triples, JSON-LD the things, and tables what export writes; checksums are right."""
    kg = KnowledgeGraph.open(project)
    assert kg.release is not None
    files = {file.name: file for file in all_files_of(kg.release)}
    for file in files.values():
        content = file.path(kg.release).read_bytes()
        assert (file.sha256, file.bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    triples = {Triple(*quad[:3]) for quad in kg.collection.store.match()}
    found = ox.parse(path=str(files["data.ttl"].path(kg.release)), format=ox.RdfFormat.TURTLE)
    read = [str(quad.triple) for quad in found]
    assert len(read) == len(set(read)) == len(triples)
    assert files["data.jsonld"].path(kg.release).read_bytes() == kg.export("jsonld")
    assert files["data.nq"].path(kg.release).read_bytes().count(b"\n") == kg.release.manifest["statements"]
    table = kg.table(of_class="Intervention")
    table.kept()
    assert files["intervention.csv"].path(kg.release).read_bytes() == table.write("csv")
    codebook = json.loads(files["intervention.csv-metadata.json"].path(kg.release).read_bytes())
    assert codebook["url"] == "intervention.csv"
    assert [each["name"] for each in codebook["tableSchema"]["columns"]] == list(table.columns)
    assert {"success-factor.csv", "agent.csv", "record.csv"} <= set(files) or "implementation-factor.csv" in files


def test_the_checksums_are_read_by_sha256sum(project: Path, tmp_path: Path) -> None:
    """Each line is a checksum and a name, two spaces between."""
    kg = KnowledgeGraph.open(project)
    assert kg.release is not None
    edition = Edition.of(kg)
    lines = sums(edition, kg.release).decode().splitlines()
    assert len(lines) == len(all_files_of(kg.release)) > len(files_of(edition, kg.release))
    assert all(re.fullmatch(r"[0-9a-f]{64}  [a-z0-9.-]+", line) for line in lines)


def test_dumps_are_verified_and_renewed(project: Path) -> None:
    """A changed file is found; writing them again puts the same bytes in place of what was there."""
    release = KnowledgeGraph.open(project).release
    assert release is not None
    assert release.verify() == []
    file = release.folder / "dumps" / "data.ttl"
    content = file.read_bytes()
    file.write_bytes(content.replace(b"Trust", b"Truth"))
    assert release.verify() == ["dumps/data.ttl: its content was changed"]
    manifest = release.folder / "dumps" / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"bytes"', b'"byte5"', 1))
    assert release.verify()[0].startswith("dumps: The list of dumps cannot be read")
    with pytest.raises(DamagedRelease):
        all_files_of(release)
    assert _complete(project).verify() == []
    assert file.read_bytes() == content


def test_dumps_say_when_the_files_are_newer(project: Path) -> None:
    """The files for taking home are of the release, and who writes them is told when that is not the newest state."""
    new = project / "data/new.trig"
    new.write_text("<https://example.org/g> { <urn:a:s> <urn:a:p> 1 }", encoding="utf-8")
    result = CliRunner().invoke(main, ["--project", str(project), "dumps"])
    new.unlink()
    assert 0 == result.exit_code
    assert "The files are newer than release" in result.stderr


def test_dumps_that_fail_leave_what_was_there(project: Path) -> None:
    """Nothing half-written takes the place of the files."""
    releases = Releases(project / "releases")
    release = releases.current()
    assert release is not None

    def fails(folder: Path) -> None:
        (folder / "data.ttl").write_text("half")
        raise UnknownThing("no more")

    with pytest.raises(UnknownThing):
        releases.complete(release, fails)
    assert release.verify() == []
    assert not list(releases.folder.glob(".building-*"))


def test_only_a_release_has_files(kg: KnowledgeGraph, tmp_path: Path) -> None:
    """Files that are no release have no dumps."""
    with pytest.raises(UnknownThing):
        write_dumps(kg, tmp_path, lambda _: None)


# ---- citations ----


def _citation(edition: Edition) -> citations.Citation:
    found = citations.cited(edition, Iri(f"{BASE}id/intervention/one"))
    assert found is not None
    return found


def test_a_record_is_cited_with_its_author_and_day(edition: Edition) -> None:
    """What is cited is the description: who wrote the record, when, and of which data set it is part."""
    found = _citation(edition)
    assert [agent.name for agent in found.authors] == ["The Office {of} 100% & more_"]
    assert (found.date, found.inside, found.version) == (("2025", "12", "31"), "A small collection", "1.1")
    assert found.sources == ("https://pages.example/one",)
    other = citations.cited(edition, Iri(f"{BASE}id/intervention/two"))
    assert other is not None
    assert [agent.name for agent in other.authors] == ["Ada, Countess"]
    assert citations.cited(edition, Iri(f"{BASE}id/agent/office")) is None


def test_bibtex_escapes_what_tex_reads_otherwise(edition: Edition) -> None:
    """Braces match, and what TeX takes for a command is written as a letter."""
    text = citations.bibtex(_citation(edition)).decode()
    assert text.startswith("@misc{one,\n")
    assert "author = {{The Office \\{of\\} 100\\% \\& more\\_}}" in text
    assert "month = dec," in text
    plain = text.replace("\\{", "").replace("\\}", "")
    assert plain.count("{") == plain.count("}")


def test_ris_has_one_field_a_line(edition: Edition) -> None:
    """Each line is a field; a text of several lines is one."""
    lines = citations.ris(_citation(edition)).decode().split("\r\n")
    assert lines[0] == "TY  - ELEC"
    assert lines[-2:] == ["ER  - ", ""]
    assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) for line in lines[:-1])
    assert 'AB  - What "one" does, in two lines.' in lines
    assert citations.ris(citations.of_dataset(edition)).startswith(b"TY  - DATA\r\n")


def test_csl_is_a_list_of_items(edition: Edition) -> None:
    """CSL-JSON has the date in parts and the author as one name."""
    (item,) = json.loads(citations.csl(_citation(edition)))
    assert item["issued"] == {"date-parts": [[2025, 12, 31]]}
    assert (item["type"], item["URL"]) == ("webpage", f"{BASE}id/intervention/one")


def test_the_tags_are_those_that_zotero_reads(edition: Edition) -> None:
    """A type, or it is an article; a comma after the name of a body, or it is cut in two; no DC.source."""
    tags = citations.tags(_citation(edition))
    assert ("DC.type", "webpage") in tags
    assert ("DC.creator", "The Office {of} 100% & more_,") in tags
    assert ("og:site_name", "A small collection") in tags
    assert not [name for name, _ in tags if name == "DC.source"]
    of_dataset = citations.tags(citations.of_dataset(edition))
    assert ("DC.creator", "Ada, Countess") in of_dataset
    assert ("DC.type", "dataset") in of_dataset


def test_a_date_may_be_short_or_wrong(edition: Edition) -> None:
    """A year alone is a year; a month that is none is left out."""
    agents = (Agent(Iri("urn:a"), "A", ""),)
    for date, line in ((("2020",), "year = {2020}"), (("2020", "13", "01"), "year = {2020}"), ((), "title = {{T}}")):
        found = citations.Citation("k", "T", "en", "", agents, date, "", "", "", "urn:k", "", ())
        assert line in citations.bibtex(found).decode()
        assert "month" not in citations.bibtex(found).decode()
        assert citations.sentence(found).startswith("A (2020). T." if date else "A. T.")


def test_citation_file(edition: Edition, kg: KnowledgeGraph) -> None:
    """CITATION.cff is YAML with what its format needs; without an author there is none."""
    written = citations.cff(edition)
    assert written is not None
    said: Any = read_yaml(written.decode())
    assert (said["cff-version"], said["type"], said["version"]) == ("1.2.0", "dataset", "1.1")
    assert said["authors"] == [{"name": "Ada, Countess"}]
    assert said["identifiers"][0]["value"] == edition.name


# ---- search engines and robots ----


def test_the_block_for_search_engines_cannot_end_its_element(edition: Edition) -> None:
    """The block is JSON, and no text in it is markup."""
    found = {**schemaorg.dataset(edition, HOME), "name": "</script><script>alert(1)</script>&\u2028"}
    block = schemaorg.block(found)
    assert not set("<>&\u2028") & set(block)
    assert json.loads(block) == found
    assert found["creator"][0]["@type"] == "Person"
    assert found["publisher"][0]["@type"] == "Organization"
    assert {each["sha256"] for each in found["distribution"]} == {
        file.sha256 for file in files_of(edition, edition.releases()[-1])
    }


def test_the_sitemap_is_split(edition: Edition) -> None:
    """More than 50,000 pages are lists of at most so many, and a list of the lists."""
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    many = [sitemap.Page(f"doc/intervention/a&b-{number}", "2026-01-01") for number in range(100_001)]
    index = sitemap.sitemap(many, HOME)
    assert index is not None
    lists = [loc.text for loc in ElementTree.fromstring(index).iter(f"{space}loc")]
    assert lists == [f"{HOME}sitemap-{number}.xml" for number in (1, 2, 3)]
    counts = []
    for number in (1, 2, 3):
        part = sitemap.sitemap(many, HOME, number)
        assert part is not None
        assert len(part) < 50 << 20
        counts.append(len(ElementTree.fromstring(part).findall(f"{space}url")))
    assert counts == [50_000, 50_000, 1]
    assert sitemap.sitemap(many, HOME, 0) is None
    assert sitemap.sitemap(many, HOME, 4) is None


def test_the_sitemap_has_what_has_a_page(edition: Edition) -> None:
    """What has a record is listed with the day of the record; parts, records and links are not."""
    pages = {page.path: page.day for page in sitemap.pages(edition)}
    assert pages["doc/intervention/one"] == "2025-12-31"
    assert pages["doc/intervention/two"] == ""
    assert {"", "catalog", "voc/theme", "doc/query/interventions", "doc/agent/office"} <= set(pages)
    assert not [path for path in pages if "#" in path or path.startswith("doc/record")]


def test_opensearch_is_xml_with_addresses(edition: Edition) -> None:
    """A browser finds the template of the search."""
    root = ElementTree.fromstring(sitemap.opensearch(edition, HOME))
    space = "{http://a9.com/-/spec/opensearch/1.1/}"
    templates = [url.get("template") for url in root.iter(f"{space}Url")]
    assert f"{HOME}search?q={{searchTerms}}" in templates
    assert len(root.findtext(f"{space}ShortName") or "") <= 16


# ---- typed links ----


def test_signposts(edition: Edition) -> None:
    """A page names its IRI, its data, its licence and its type; data names what it describes."""
    iri, path = Iri(f"{BASE}id/intervention/one"), "/doc/intervention/one"
    (html,), (turtle,) = offers("html"), offers("turtle")
    page = signposts.links(edition, iri, path, html, (*DOCUMENT, *CITATION))
    assert {link.relation for link in page} == {"cite-as", "type", "describedby", "license"}
    assert signposts.Link(f"{path}.bib", "describedby", "application/x-bibtex") in page
    data = signposts.links(edition, iri, path, turtle, DOCUMENT)
    assert signposts.Link(iri, "describes") in data
    assert {link.relation for link in data} == {"describes", "alternate", "license"}
    of_dataset = signposts.links(edition, edition.dataset, "/dataset/small", html, DOCUMENT)
    assert [link.address for link in of_dataset if link.relation == "item"] == [
        f"/dumps/{edition.name}/{name}" for name in ("data.jsonld", "data.nq", "data.ttl")
    ]
    assert len(signposts.header(of_dataset)) < 2500


# ---- rules for other servers ----

HEADERS = (
    "",
    "*/*",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
    "text/turtle",
    "application/ld+json",
    'application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"',
    "application/json",
    "text/turtle;q=0.1, application/ld+json;q=0.9",
    "text/turtle;q=0.2, application/rdf+xml;q=0.95, application/n-triples;q=0.3",
    "application/n-quads,application/trig;q=0.95,application/ld+json;q=0.9,text/html;q=0.2",
    "text/html;q=0, application/trig",
    "application/rdf+xml, text/turtle",
    "TEXT/HTML",
    "application/n-triples; q=0.05",
    "image/png",
    "application/rdf+xml",
    "application/ld+json, application/trig;q=0.5",
)
SERVED = ("id/intervention/one", "ont", "voc/stage/pilot", "graph/record/a/b", "dataset/small", "catalog")


def _asked(server: WebServer, path: str, accept: str) -> tuple[int, str, str]:
    from http.client import HTTPConnection  # noqa: PLC0415 - here only

    connection = HTTPConnection(server.query.removeprefix("http://"), timeout=20)
    connection.request("GET", path, headers={"Accept": accept} if accept else {})
    found = connection.getresponse()
    found.read()
    connection.close()
    return found.status, found.headers.get("Location", ""), found.headers.get("Vary", "")


@pytest.fixture(params=["apache", "nginx", "w3id"])
def kind(request: pytest.FixtureRequest) -> str:
    """A kind of server."""
    return str(request.param)


def _started(kind: str, folder: Path, *, negotiated: bool, forms: tuple[str, ...] = ()) -> WebServer:
    written = rules(kind, BASE, HOME, negotiated=negotiated, forms=forms)
    try:
        if kind == "nginx":
            return nginx(folder, written)
        return apache(folder, "whatworks" if kind == "w3id" else "", written)
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("forms", [(), ("jsonld", "ntriples", "rdfxml", "trig", "nquads")])
def test_real_servers_negotiate_by_the_rules_as_ours_does(kind: str, forms: tuple[str, ...], tmp_path: Path) -> None:
    """With rules for a host of files, Apache and nginx send each header to the document that our server would.

    What is not there counts as if our server had no such form.
    """
    server = _started(kind, tmp_path, negotiated=True, forms=forms)
    try:
        server.wait()
        for accept in HEADERS:
            for path in SERVED:
                expected = (406, "")
                with suppress(UnknownFormat):
                    ending = accepted(accept, filed(path, forms)).ending
                    expected = (303, HOME + path.replace("id/", "doc/", 1) + ending)
                status, location, vary = _asked(server, f"/whatworks/{path}", accept)
                assert (accept, path, status, location) == (accept, path, *expected)
                assert "Accept" in vary or not accept
        for path, target in (
            ("id/intervention/one.ttl", "doc/intervention/one.ttl"),
            ("ont.rdf", "ont.rdf"),
            ("context/v1.jsonld", "context/v1.jsonld"),
            ("openapi.json", "openapi.json"),
            ("", ""),
        ):
            assert _asked(server, f"/whatworks/{path}", "text/html")[:2] == (303, HOME + target)
        assert _asked(server, "/whatworks/id/intervention/one?x=1", "text/turtle")[1].endswith("one.ttl?x=1")
    finally:
        server.stop()


def test_real_servers_lead_to_ours_by_the_rules(kind: str, tmp_path: Path) -> None:
    """With rules for a server of ours, each path leads to the same path there."""
    server = _started(kind, tmp_path, negotiated=False)
    try:
        server.wait()
        for path in (*SERVED, "", "sparql?query=ASK%20%7B%7D", "id/intervention/one.ttl", "dumps/x/data.nq"):
            assert _asked(server, f"/whatworks/{path}", "text/html")[:2] == (303, HOME + path)
    finally:
        server.stop()


def test_every_document_is_known_to_the_rules(kg: KnowledgeGraph) -> None:
    """What the release holds below the base is a thing, or at a path that the rules negotiate about."""
    subjects = {str(quad.subject).partition("#")[0] for quad in kg.collection.store.match()}
    graphs = {str(graph) for graph in kg.collection.store.graphs()}
    paths = {iri.removeprefix(BASE) for iri in subjects | graphs if iri.startswith(BASE)}
    assert len(paths) > 600
    assert not [path for path in paths if not path.startswith(("id/", *PATHS))]


@pytest.mark.parametrize(
    "target", ["data.example", "https://data.example", "ftp://data.example/", "https://data.example/a;b/", "https:///"]
)
def test_rules_are_made_for_addresses_only(target: str) -> None:
    """What is no address with a slash, or could mean something else in a configuration, is refused."""
    with pytest.raises(InvalidValue):
        rules("nginx", BASE, target, negotiated=True)


# ---- the commands ----


def _run(folder: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["--project", str(folder), *words])
    return done.exit_code, done.output


@pytest.mark.slow
def test_the_command_writes_the_files_of_a_release(tmp_path: Path) -> None:
    """`dumps` puts them into the release in use or the one named, and says how many and how large."""
    (tmp_path / "whatworks.toml").touch()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "all.ttl").write_text(DATA.replace("VERSION", "1"), encoding="utf-8")
    status, said = _run(tmp_path, "dumps")
    assert (status, "no release" in said) == (2, True)
    release = KnowledgeGraph.open(tmp_path).build(checked=False)
    for words in (["dumps"], ["dumps", release.name], ["dumps", "--output", str(tmp_path / "releases")]):
        status, said = _run(tmp_path, *words)
        assert (status, f"Release {release.name}: {len(all_files_of(release))} files" in said) == (0, True)
    assert release.verify() == []
    assert _run(tmp_path, "dumps", "0" * 16)[0] == 2


def test_the_command_writes_rules(project: Path, tmp_path: Path) -> None:
    """`redirects` prints the rules or writes them to a file; a wrong address is an error of usage."""
    file = tmp_path / "rules.conf"
    assert _run(project, "redirects", "nginx", HOME, "--static", "--output", str(file))[0] == 0
    assert file.read_text() == rules("nginx", BASE, HOME, negotiated=True)
    assert _run(project, "redirects", "w3id", HOME) == (0, rules("w3id", BASE, HOME, negotiated=False))
    assert _run(project, "redirects", "w3id", "data.example")[0] == 2
