"""What is said of the data set and of its SPARQL service: VoID, and the SPARQL 1.1 service description."""

from whatworks.publish.dumps import PARTITIONS, all_files_of, files_of
from whatworks.publish.edition import Edition
from whatworks.publish.examples import examples
from whatworks.publish.partitions import partitions
from whatworks.publish.statements import PREFIXES, Statements, term
from whatworks.release.counted import as_void
from whatworks.store import parse, write_ordered
from whatworks.terms import BlankNode, Iri, Literal, Quad

_FORMATS = "http://www.w3.org/ns/formats/"
# The names by which the description of a service knows formats.
_RESULTS = (
    *("SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV"),
    *("Turtle", "N-Triples", "RDF_XML", "JSON-LD", "TriG"),
)


def void(edition: Edition, home: str, *, answers: bool = True) -> list[Quad]:
    """Return the description of the data set, its classes and properties counted, and where it can be asked.

    Args:
        edition: What is published.
        home: The address of the site, with a slash at its end.
        answers: Whether queries are answered there.
    """
    dataset = edition.dataset
    found = Statements()
    found.quads += [*_counted(edition), *edition.stated]
    found.say(dataset, "a", term("void:Dataset"))
    if answers:
        found.say(dataset, "void:sparqlEndpoint", Iri(f"{home}sparql"))
    found.say(dataset, "void:uriSpace", Literal(f"{edition.base}id/"))
    if edition.release is not None:
        dumps = (file.name for file in files_of(edition, edition.release) if file.plain == "data.nq")
        found.say(dataset, "void:dataDump", *(Iri(f"{home}dumps/{edition.name}/{name}") for name in dumps))
    return found.quads


def _counted(edition: Edition) -> list[Quad]:
    """Return what is counted: of a release what is in its files, else what is counted now."""
    kg, release = edition.kg, edition.release
    if release is None:
        counted = kg.catalogue.rows(kg.collection.store, "publish/void")
        return [*as_void(edition.dataset, counted), *partitions(kg, edition.dataset)]
    files = [release.folder / "void.ttl"]
    files += [file.path(release) for file in all_files_of(release) if file.name == PARTITIONS]
    return [quad for file in files for quad in parse(file.read_bytes(), "turtle", name=file.name, base=edition.base)]


def service(edition: Edition, home: str) -> list[Quad]:
    """Return the description of the SPARQL service of a site, with the stored queries, where editors look for them."""
    store, here, graph = edition.kg.collection.store, BlankNode("service"), BlankNode("graph")
    found = Statements()
    found.say(here, "a", term("sd:Service"))
    found.say(here, "sd:endpoint", Iri(f"{home}sparql"))
    found.say(here, "sd:supportedLanguage", term("sd:SPARQL11Query"))
    found.say(here, "sd:feature", term("sd:UnionDefaultGraph"))
    found.say(here, "sd:resultFormat", *(Iri(_FORMATS + name) for name in _RESULTS))
    found.say(here, "sd:defaultDataset", edition.dataset)
    found.say(edition.dataset, "a", term("sd:Dataset"))
    found.say(edition.dataset, "sd:defaultGraph", graph)
    found.say(graph, "a", term("sd:Graph"))
    found.say(graph, "void:triples", Literal.integer(len(store)))
    for number, name in enumerate(store.graphs()):
        named = BlankNode(f"named{number}")
        found.say(edition.dataset, "sd:namedGraph", named)
        found.say(named, "a", term("sd:NamedGraph"))
        found.say(named, "sd:name", name)
    return [*found.quads, *void(edition, home), *examples(edition, home)]


def written(edition: Edition, quads: list[Quad], format: str) -> bytes:
    """Return a description in an RDF format."""
    said = {str(term) for quad in quads for term in quad[:3] if isinstance(term, Iri)}
    table = {**edition.kg.prefixes.table, **PREFIXES}
    used = {prefix: start for prefix, start in table.items() if any(iri.startswith(start) for iri in said)}
    return write_ordered(quads, format, used)
