"""What else than the stored queries programs can ask, for the description in OpenAPI."""

from collections.abc import Sequence
from typing import Any

from whatworks.publish.offers import CITATION, DOCUMENT, Offer, offers

PROBLEMS = {"$ref": "#/components/responses/problem"}
_ROWS = offers("json", "xml", "csv", "tsv")
_GRAPHS = offers("turtle", "ntriples", "jsonld", "rdfxml", "trig")
_FORM = "application/x-www-form-urlencoded"
_TEXT = {"type": "string"}


def questions() -> dict[str, Any]:
    """Return the paths at which something is asked."""
    asked = [_parameter("query", "The query.", _TEXT, "ASK { ?s ?p ?o }"), *_dataset()]
    words = {**_parameter("q", "Words in any language.", _TEXT, "early warning"), "required": True}
    most = _parameter("limit", "How many at most.", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20})
    names = {"type": "string", "enum": [offer.name for offer in (*_ROWS, *_GRAPHS)]}
    fields = {"type": "object", "required": ["query"], "properties": {"query": _TEXT, "format": names}}
    body = {_FORM: {"schema": fields}, "application/sparql-query": {"schema": _TEXT}}
    summary = "SPARQL 1.1 Protocol: an own query; without one, the description of the service."
    posted = _get("sparql-post", "The same, for longer queries.", (*_ROWS, *_GRAPHS))
    return {
        "/sparql": {
            "get": {
                **_get("sparql", summary, (*_ROWS, *_GRAPHS), asked),
                "x-example": "/sparql?query=ASK%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D",
            },
            "post": {**posted, "requestBody": {"required": True, "content": body}},
        },
        "/search": {
            "get": {
                **_get("search", "Things that fit plain words best.", offers("json", "csv", "html"), [words, most]),
                "x-example": "/search?q=early+warning&format=json",
            }
        },
    }


def documents() -> dict[str, Any]:
    """Return the paths at which something is read."""
    kind = _inside("type", "The kind of thing.", _TEXT, "intervention")
    key = _inside("key", "The key of the thing.", _TEXT, "expairs-project")
    release = _inside("release", "The name of a release.", {"type": "string", "pattern": "^[0-9a-f]{16}$"})
    file = _inside("file", "The name of a file of it.", _TEXT, "data.ttl")
    said: dict[str, tuple[Any, ...]] = {
        "/doc/{type}/{key}": ("document", "A thing, in any of the formats.", (*DOCUMENT, *CITATION), [kind, key]),
        "/catalog": ("catalog", "The data set, its releases, their files and the services (DCAT-AP 3).", DOCUMENT),
        "/.well-known/void": ("void", "The data set, its classes and properties counted.", _GRAPHS),
        "/.well-known/sparql-examples": (
            "sparql-examples",
            "The stored queries as RDF (sh:SPARQLExecutable).",
            DOCUMENT,
        ),
        "/dumps/{release}/{file}": (
            "dump",
            "A file of a release; they are listed at /dumps/ and in the catalogue.",
            (),
            [release, file],
        ),
        "/health": ("health", "What is served, and whether all is well.", (Offer("json", "application/json"),)),
    }
    found: dict[str, Any] = {path: {"get": _get(*each)} for path, each in said.items()}
    gone = {"description": "It was retired; `instead` names what replaces it."}
    found["/doc/{type}/{key}"]["get"]["responses"]["410"] = gone
    found["/id/{type}/{key}"] = {
        "get": {
            "operationId": "thing",
            "summary": "Leads to the document about a thing.",
            "parameters": [kind, key],
            "responses": {"303": {"description": "The address of the document."}, "410": gone, "default": PROBLEMS},
        }
    }
    return found


def _get(
    name: str, summary: str, formats: Sequence[Offer], parameters: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    content: dict[str, Any] = {offer.media_type: {} for offer in formats}
    answer = {"description": "The answer.", **({"content": content} if content else {})}
    names = {"type": "string", "enum": [offer.name for offer in formats]}
    chosen = [_parameter("format", "The format; without it the header Accept says.", names)] if len(formats) > 1 else []
    return {
        "operationId": name,
        "summary": summary,
        "parameters": [*parameters, *chosen],
        "responses": {"200": answer, "default": PROBLEMS},
    }


def _parameter(name: str, said: str, schema: dict[str, Any], example: str | None = None) -> dict[str, Any]:
    found = {"name": name, "in": "query", "description": said, "schema": schema, "required": False}
    return {**found, "example": example} if example is not None else found


def _inside(name: str, said: str, schema: dict[str, Any], example: str | None = None) -> dict[str, Any]:
    """Return a parameter that is part of the path."""
    return {**_parameter(name, said, schema, example), "in": "path", "required": True}


def _dataset() -> list[dict[str, Any]]:
    graphs = {"type": "array", "items": {"type": "string", "format": "iri"}}
    return [
        _parameter("default-graph-uri", "Graphs that the query sees as one.", graphs),
        _parameter("named-graph-uri", "Graphs that the query sees by name.", graphs),
    ]
