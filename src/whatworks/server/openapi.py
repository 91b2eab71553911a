"""The description of the server for programs, OpenAPI 3.1: made from the heads of the queries and from the graph."""

import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from whatworks.catalogue import Parameter, Query
from whatworks.kg import KnowledgeGraph
from whatworks.publish.offers import Offer
from whatworks.server import operations
from whatworks.version import __version__

_FROM_SCHEMES = ("concept", "place", "language")
_TYPES: dict[str, dict[str, Any]] = {
    "integer": {"type": "integer"},
    "decimal": {"type": "number"},
    "year": {"type": "integer", "minimum": 1000, "maximum": 2999},
    "boolean": {"type": "boolean"},
}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "hint": {"type": "string"},
        "where": {"type": "object"},
    },
}


_ROWS = {
    "type": "object",
    "description": "Rows in the form of SPARQL 1.1 Query Results JSON.",
    "required": ["head", "results"],
    "properties": {
        "head": {"type": "object", "properties": {"vars": {"type": "array", "items": {"type": "string"}}}},
        "results": {
            "type": "object",
            "properties": {
                "bindings": {
                    "type": "array",
                    "items": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/term"}},
                }
            },
        },
    },
}
_TERM = {
    "type": "object",
    "required": ["type", "value"],
    "properties": {
        "type": {"type": "string", "enum": ["uri", "literal", "bnode"]},
        "value": {"type": "string"},
        "xml:lang": {"type": "string"},
        "datatype": {"type": "string"},
    },
}
_EXPLAINED = (
    "Every address answers GET and HEAD; values are given as people say them: by label, code, CURIE or IRI. "
    "Answers have a strong ETag that holds as long as the release does. Errors are objects of RFC 9457."
)


def description(kg: KnowledgeGraph, formats: Callable[[Query], Sequence[Offer]]) -> bytes:
    """Return the description.

    Args:
        kg: The collection.
        formats: Says in which formats a query is answered.
    """
    queries = kg.catalogue.all()
    paths = {f"/api/queries/{query.name}": {"get": _operation(query, formats(query))} for query in queries}
    schemes = {each.scheme or each.type for query in queries for each in query.parameters if each.type in _FROM_SCHEMES}
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "whatworks",
            "version": __version__,
            "summary": "A knowledge graph of interventions and of what makes them succeed.",
            "description": _EXPLAINED,
        },
        "servers": [{"url": "/"}],
        "paths": {"/api/queries": {"get": _catalogue()}, **paths, **operations.questions(), **operations.documents()},
        "components": {
            "schemas": {
                "problem": _PROBLEM,
                "rows": _ROWS,
                "term": _TERM,
                **{scheme: _concepts(kg, scheme) for scheme in sorted(schemes)},
            },
            "responses": {
                "problem": {
                    "description": "An error, in the shape of RFC 9457.",
                    "content": {
                        "application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}},
                        "text/html": {},  # for who asks for pages
                    },
                }
            },
        },
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _concepts(kg: KnowledgeGraph, scheme: str) -> dict[str, Any]:
    """Return the concepts of a scheme by their codes; their names in any language do as well."""
    index = kg.lookup.concepts(scheme)
    codes = [
        {"const": iri.code, **({"title": index.labels[iri].value} if iri in index.labels else {})}
        for iri in sorted(index.known, key=lambda each: each.code)
    ]
    named = {"type": "string", "title": "its label or alternative label in any language, CURIE or IRI"}
    return {"type": "string", "anyOf": [*codes, named]}


def _operation(query: Query, formats: Sequence[Offer]) -> dict[str, Any]:
    columns = "\n".join(f"- `{name}`: {meaning}" for name, meaning in query.returns.items())
    return {
        "operationId": query.name,
        "summary": query.summary,
        "description": "\n\n".join(filter(None, (query.description.strip(), columns))),
        "tags": list(query.tags),
        "parameters": [*map(_parameter, query.parameters), *_common(query, formats)],
        "responses": {
            "200": {
                "description": "The answer.",
                "headers": {
                    "ETag": {"schema": {"type": "string"}},
                    "Link": {"description": "The next page, if there is one.", "schema": {"type": "string"}},
                    "X-Note": {"description": "What is to be known of the answer.", "schema": {"type": "string"}},
                },
                "content": {offer.media_type: _answer(query, offer) for offer in formats},
            },
            "304": {"description": "The answer is the one whose tag was sent."},
            "default": operations.PROBLEMS,
        },
        "x-example": _example(query),
    }


def _answer(query: Query, offer: Offer) -> dict[str, Any]:
    """Return what is said of an answer in a format: as JSON it has these columns."""
    if offer.name != "json" or query.form != "SELECT":
        return {}
    head = {"properties": {"vars": {"const": list(query.returns)}}}
    return {"schema": {"allOf": [{"$ref": "#/components/schemas/rows"}, {"properties": {"head": head}}]}}


def _example(query: Query) -> str:
    """Return an address that asks the query: with what must be given, else with the first that may be."""
    given = [each for each in query.parameters if each.required] or list(query.parameters[:1])
    fields = urlencode([(each.name, each.example) for each in given])
    return f"/api/queries/{query.name}{'?' if fields else ''}{fields}"


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema = _schema(parameter)
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.summary,
        "required": parameter.required,
        "schema": {"type": "array", "items": schema} if parameter.many else schema,
        "example": [_value(parameter, parameter.example)] if parameter.many else _value(parameter, parameter.example),
        **({"style": "form", "explode": True} if parameter.many else {}),
    }


def _schema(parameter: Parameter) -> dict[str, Any]:
    if parameter.type in _FROM_SCHEMES:
        return {"$ref": f"#/components/schemas/{parameter.scheme or parameter.type}"}
    schema: dict[str, Any] = {**_TYPES.get(parameter.type, {"type": "string"})}
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    if parameter.type in ("integer", "decimal"):
        bounds = {"minimum": parameter.minimum, "maximum": parameter.maximum}
        schema |= {name: bound for name, bound in bounds.items() if bound is not None}
    if parameter.default is not None:
        schema["default"] = _value(parameter, parameter.default)
    return schema


def _value(parameter: Parameter, text: str) -> Any:
    """Return a value as JSON has it."""
    return json.loads(text) if parameter.type in _TYPES else text


def _common(query: Query, formats: Sequence[Offer]) -> list[dict[str, Any]]:
    found: list[tuple[str, str, dict[str, Any]]] = [
        (
            "format",
            "The format; without it the header Accept says.",
            {"type": "string", "enum": [offer.name for offer in formats]},
        )
    ]
    if query.form == "SELECT":
        found += [
            (
                "limit",
                "How many rows at most.",
                {"type": "integer", "minimum": 1, "maximum": 100_000, "default": 10_000},
            ),
            ("page", "The token of a page, from the header Link.", {"type": "string"}),
        ]
    return [{"name": name, "in": "query", "description": said, "schema": schema} for name, said, schema in found]


def _catalogue() -> dict[str, Any]:
    listed = {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}}
    return {
        "operationId": "queries",
        "summary": "The stored queries and their parameters.",
        "responses": {"200": {"description": "The catalogue.", "content": listed}, "default": operations.PROBLEMS},
    }
