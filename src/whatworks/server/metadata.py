"""What the server says of the data set and of itself: VoID, and the description of the SPARQL service."""

from whatworks.catalogue import Bound, iri_rows
from whatworks.namespaces import DCAT, VOID
from whatworks.results import Triples
from whatworks.server.served import Served
from whatworks.store import parse, write_ordered
from whatworks.terms import RDF_TYPE, BlankNode, Iri, Literal, Node, Quad, Term

SD = "http://www.w3.org/ns/sparql-service-description#"
_FORMATS = "http://www.w3.org/ns/formats/"
# The names by which the description of a service knows formats.
_RESULTS = (
    *("SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV"),
    *("Turtle", "N-Triples", "RDF_XML", "JSON-LD", "TriG"),
)


def void(served: Served, endpoint: str) -> list[Quad]:
    """Return the description of the data set, its classes and properties counted, and where it can be asked."""
    release = served.kg.release
    if release is not None:
        content = (release.folder / "void.ttl").read_bytes()
        found = parse(content, "turtle", name="void.ttl", base=served.kg.settings.base)
    else:
        query = served.kg.catalogue.get("publish/void")
        counted = served.store.query(query.bind({"dataset": Bound(iri_rows([dataset(served)]))}))
        assert isinstance(counted, Triples)  # noqa: S101 - the tool's own query is a CONSTRUCT query, tested as such
        found = [Quad(*triple) for triple in counted]
    said = [quad._replace(graph=None) for quad in served.store.match(dataset(served))]
    return [*found, *said, Quad(dataset(served), Iri(VOID + "sparqlEndpoint"), Iri(endpoint))]


def dataset(served: Served) -> Iri:
    """Return the data set that the collection says it is."""
    found = served.store.match(predicate=RDF_TYPE, value=Iri(DCAT + "Dataset"))
    named = (quad.subject for quad in found if isinstance(quad.subject, Iri))
    return min(named, default=Iri(served.kg.settings.base + "dataset"))


def service(served: Served, endpoint: str) -> list[Quad]:
    """Return the description of the SPARQL service at an address."""
    here, data, graph = BlankNode("service"), dataset(served), BlankNode("graph")
    found: list[Quad] = []

    def say(subject: Node, prop: str, value: Term) -> None:
        found.append(Quad(subject, Iri(prop), value))

    say(here, RDF_TYPE, Iri(SD + "Service"))
    say(here, SD + "endpoint", Iri(endpoint))
    say(here, SD + "supportedLanguage", Iri(SD + "SPARQL11Query"))
    say(here, SD + "feature", Iri(SD + "UnionDefaultGraph"))
    for name in _RESULTS:
        say(here, SD + "resultFormat", Iri(_FORMATS + name))
    say(here, SD + "defaultDataset", data)
    say(data, RDF_TYPE, Iri(SD + "Dataset"))
    say(data, SD + "defaultGraph", graph)
    say(graph, RDF_TYPE, Iri(SD + "Graph"))
    say(graph, VOID + "triples", Literal.integer(len(served.store)))
    for number, name in enumerate(served.store.graphs()):
        named = BlankNode(f"named{number}")
        say(data, SD + "namedGraph", named)
        say(named, RDF_TYPE, Iri(SD + "NamedGraph"))
        say(named, SD + "name", name)
    return [*found, *void(served, endpoint)]


def written(served: Served, quads: list[Quad], format: str) -> bytes:
    """Return a description in an RDF format."""
    return write_ordered(quads, format, {**served.kg.prefixes.table, "sd": SD})
