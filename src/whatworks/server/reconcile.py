"""Reconciliation over HTTP, as spreadsheet tools such as OpenRefine ask for it.

`/reconcile` speaks version 0.2 of the W3C community group's protocol, in which one address takes all requests as
fields; `/reconcile/1.0` speaks the draft of version 1.0, in which requests are JSON. `matching` finds the things.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from anyio.to_thread import run_sync
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from whatworks.errors import InvalidValue, UnknownThing
from whatworks.pages.view import Links
from whatworks.server import guard
from whatworks.server.given import as_list, as_object, as_text, read
from whatworks.server.matching import Candidate, Condition, Kind
from whatworks.server.protocol import fields
from whatworks.server.replies import answer, view_of
from whatworks.server.served import Served
from whatworks.terms import Iri, Literal, Term, is_iri
from whatworks.version import __version__

ROOT, DRAFT = "/reconcile", "/reconcile/1.0"
_JSON, _HTML, _FORM = "application/json", "text/html", "application/x-www-form-urlencoded"
_LONGEST_NAME = 2000
_MOST_QUERIES, _MOST_CANDIDATES, _USUAL = 100, 50, 10
_IN_FRAMES = {"Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors *"}
_PREVIEW = {"width": 430, "height": 300}
_NUMBERS = {"integer": int, "decimal": float, "double": float, "float": float}


# ---- what the service is ----


async def service(request: Request) -> Response:
    """Answer version 0.2: the manifest, queries, or values of things, as the fields say."""
    served: Served = request.app.state.site.current
    is_sent = request.method == "POST"
    given = dict(fields(await guard.body(request, _FORM) if is_sent else request.scope["query_string"]))
    if "queries" in given:
        return await _later(_batch, served, read(given["queries"], "queries"))
    if "query" in given:  # version 0.1 asked one at a time
        return await _later(_single, served, given["query"])
    if "extend" in given:
        return await _later(_extended, served, read(given["extend"], "extend"))
    if is_sent:
        raise InvalidValue("There is no field queries or extend.", hint="Send it in a form.")
    return await run_sync(_manifest, request, served)


def _manifest(request: Request, served: Served) -> Response:
    here = str(request.base_url).rstrip("/")

    def make() -> bytes:
        root = here + ROOT
        suggested = {
            kind: {"service_url": root, "service_path": f"/suggest/{kind}"} for kind in ("entity", "type", "property")
        }
        return _written(
            {
                "versions": ["0.1", "0.2"],
                **_about(served, here),
                "preview": {"url": f"{root}/preview?id={{{{id}}}}", **_PREVIEW},
                "suggest": suggested,
                "extend": {
                    "propose_properties": {"service_url": root, "service_path": "/extend/propose"},
                    "property_settings": [],
                },
            }
        )

    return answer(request, served, _JSON, ("reconcile", here), make)


def draft(request: Request) -> Response:
    """Send the manifest of version 1.0."""
    served: Served = request.app.state.site.current
    here = str(request.base_url).rstrip("/")

    def make() -> bytes:
        return _written(
            {
                "versions": ["1.0-draft"],
                **_about(served, here),
                "serviceVersion": __version__,
                "standardizedScore": True,
                "preview": _PREVIEW,
                "suggest": {"entity": True, "property": True, "type": True},
                "extend": {"proposeProperties": True, "propertySettings": []},
            }
        )

    return answer(request, served, _JSON, ("reconcile 1.0", here), make)


def _about(served: Served, here: str) -> dict[str, Any]:
    return {
        "name": "whatworks",
        "identifierSpace": served.kg.settings.base,
        "schemaSpace": served.kg.settings.base,
        "documentation": f"{here}/openapi.json",
        "view": {"url": f"{here}{ROOT}/view?id={{{{id}}}}"},
        "defaultTypes": [_type(kind) for kind in served.matcher.kinds.values()],
    }


# ---- queries ----


async def match(request: Request) -> Response:
    """Answer queries of version 1.0."""
    served: Served = request.app.state.site.current
    asked = read((await guard.body(request, _JSON)).decode(errors="replace"), "the body")
    queries = asked.get("queries") if isinstance(asked, dict) else None
    if not isinstance(queries, list) or len(queries) > _MOST_QUERIES:
        raise InvalidValue(f"queries: a list of at most {_MOST_QUERIES} is expected.")
    return await _later(_matched, served, queries)


def _matched(served: Served, queries: list[Any]) -> dict[str, Any]:
    results = []
    for query in queries:
        given = as_object(query)
        named, conditions = "", []
        for each in map(as_object, as_list(given.get("conditions"))):
            values = tuple(map(as_text, as_list(each.get("v"))))
            if each.get("matchType") == "name":
                named = values[0] if values else ""
            elif each.get("matchType") == "property":
                conditions.append(
                    Condition(_property(served, each.get("pid")), values, required=each.get("required") is True)
                )
            else:
                raise InvalidValue("matchType: name or property is expected.")
        found = _found(served, named, given.get("type"), conditions, given.get("limit"))
        results.append({"candidates": [_candidate(each, draft=True) for each in found]})
    return {"results": results}


def _batch(served: Served, queries: Any) -> dict[str, Any]:
    asked = as_object(queries)
    if len(asked) > _MOST_QUERIES:
        raise InvalidValue(f"queries: at most {_MOST_QUERIES} may come at once.")
    return {name: _answered(served, as_object(query)) for name, query in asked.items()}


def _single(served: Served, query: str) -> dict[str, Any]:
    """Answer one query, as JSON or as nothing but a name."""
    try:
        asked = json.loads(query)
    except (ValueError, RecursionError):
        asked = query
    return _answered(served, asked if isinstance(asked, dict) else {"query": query})


def _answered(served: Served, query: dict[str, Any]) -> dict[str, Any]:
    conditions = [
        Condition(_property(served, each.get("pid")), tuple(map(as_text, as_list(each.get("v")))))
        for each in map(as_object, as_list(query.get("properties")))
    ]
    types = as_list(query.get("type"))
    found = _found(served, as_text(query.get("query", "")), types[0] if types else None, conditions, query.get("limit"))
    return {"result": [_candidate(each, draft=False) for each in found]}


def _found(served: Served, name: str, kind: Any, conditions: Sequence[Condition], limit: Any) -> list[Candidate]:
    most = limit if isinstance(limit, int) and 0 < limit <= _MOST_CANDIDATES else _USUAL
    wanted = None if kind in (None, "") else served.matcher.kind(as_text(kind))
    if wanted is None and kind not in (None, ""):
        raise InvalidValue(f"type: {as_text(kind)[:80]!r} is no type here.", hint="They are in the manifest.")
    if len(name) > _LONGEST_NAME:
        raise InvalidValue(f"query: a name may have {_LONGEST_NAME} letters at most.")
    return served.matcher.candidates(name, wanted, conditions, most) if name.strip() else []


def _candidate(found: Candidate, *, draft: bool) -> dict[str, Any]:
    features = [
        {"id": name, **({"name": Iri(name).code} if draft else {}), "value": value}
        for name, value in found.features.items()
    ]
    return {
        "id": found.iri,
        "name": found.name,
        "description": found.reason,
        "type": [_type(kind) for kind in found.kinds],
        "score": found.score,
        "features": features,
        "match": found.match,
    }


# ---- suggestions while one types ----


async def suggest(request: Request) -> Response:
    """Suggest things, types or properties that begin with what was typed, or hold it."""
    served: Served = request.app.state.site.current
    prefix = request.query_params.get("prefix", "")[:200].strip()
    ways: dict[str, Callable[[Served, str], list[dict[str, Any]]]] = {
        "entity": _entities,
        "type": _types,
        "property": _suggested_properties,
    }
    way = ways.get(request.path_params["what"])
    if way is None:
        raise HTTPException(404)
    return await _later(lambda served, prefix: {"result": way(served, prefix)[:_USUAL]}, served, prefix)


def _entities(served: Served, prefix: str) -> list[dict[str, Any]]:
    if not prefix:
        return []
    found = served.kg.search(prefix, limit=_USUAL * 2).hits
    shown = ((hit.thing, served.matcher.kinds_of(hit.thing)) for hit in found)
    return [
        {"id": thing, "name": served.matcher.label(thing), "notable": [_type(kind) for kind in kinds]}
        for thing, kinds in shown
        if kinds
    ]


def _types(served: Served, prefix: str) -> list[dict[str, Any]]:
    wanted = prefix.casefold()
    return [_type(kind) for kind in served.matcher.kinds.values() if wanted in kind.name.casefold()]


def _suggested_properties(served: Served, prefix: str) -> list[dict[str, Any]]:
    wanted = prefix.casefold()
    return [
        each
        for each in _meta(served, served.properties)
        if wanted in each["name"].casefold() or wanted in Iri(each["id"]).code.casefold()
    ]


# ---- values of things ----


async def extend(request: Request) -> Response:
    """Answer version 1.0: the values of properties of things."""
    served: Served = request.app.state.site.current
    asked = as_object(read((await guard.body(request, _JSON)).decode(errors="replace"), "the body"))
    return await _later(_extended_in_rows, served, asked)


def _extended(served: Served, asked: Any) -> dict[str, Any]:
    things, properties = _things_and_properties(served, as_object(asked))
    rows = {thing: {prop: _values(served, thing, prop) for prop in properties} for thing in things}
    return {"meta": _meta(served, properties), "rows": rows}


def _extended_in_rows(served: Served, asked: dict[str, Any]) -> dict[str, Any]:
    things, properties = _things_and_properties(served, asked)
    rows = [
        {"id": thing, "properties": [{"id": prop, "values": _values(served, thing, prop)} for prop in properties]}
        for thing in things
    ]
    return {"meta": _meta(served, properties), "rows": rows}


def _things_and_properties(served: Served, asked: dict[str, Any]) -> tuple[list[Iri], list[Iri]]:
    things = [Iri(as_text(each)) for each in as_list(asked.get("ids"))]
    properties = [_property(served, as_object(each).get("id")) for each in as_list(asked.get("properties"))]
    if len(things) > _MOST_QUERIES or len(properties) > _MOST_QUERIES:
        raise InvalidValue(f"ids, properties: at most {_MOST_QUERIES} may come at once.")
    return things, properties


def _meta(served: Served, properties: list[Iri]) -> list[dict[str, Any]]:
    return [{"id": prop, "name": served.matcher.label(prop)} for prop in properties]


def _values(served: Served, thing: Iri, prop: Iri) -> list[dict[str, Any]]:
    if not is_iri(thing):
        return []
    found = dict.fromkeys(quad.object for quad in served.store.match(thing, prop))
    return [_value(served, term) for term in sorted(found, key=str)]


def _value(served: Served, term: Term) -> dict[str, Any]:
    if isinstance(term, Literal):
        number = _NUMBERS.get(term.datatype.rpartition("#")[2])
        if number is None:
            return {"str": term.value}
        return {"int" if number is int else "float": number(term.value)}
    if isinstance(term, Iri):
        return {"id": term, "name": served.matcher.label(term)}
    return {}


async def propose(request: Request) -> Response:
    """Propose properties that things of a type have."""
    served: Served = request.app.state.site.current

    def proposed(served: Served, kind: str) -> dict[str, Any]:
        return {"type": kind, "properties": _meta(served, served.properties)}

    return await _later(proposed, served, request.query_params.get("type", ""))


# ---- one thing ----


def preview(request: Request) -> Response:
    """Send a small page about a thing, to be shown in a frame."""
    served: Served = request.app.state.site.current
    thing, kinds = _thing(request, served)
    description = next(iter(_definitions(served, thing)), "")
    values = {
        "title": served.matcher.label(thing),
        "iri": thing,
        "kinds": ", ".join(kind.name for kind in kinds),
        "text": description[:600],
    }
    view = view_of(request)
    page = partial(request.app.state.pages.preview, view, values)
    return answer(request, served, _HTML, ("preview", thing, *view.key), page, _IN_FRAMES)


def _definitions(served: Served, thing: Iri) -> Iterator[str]:
    for name in ("http://purl.org/dc/terms/description", "http://www.w3.org/2004/02/skos/core#definition"):
        for quad in sorted(served.store.match(thing, Iri(name)), key=str):
            if isinstance(quad.object, Literal) and quad.object.language in (*served.kg.settings.languages, ""):
                yield quad.object.value


def view(request: Request) -> Response:
    """Lead to the document about a thing."""
    served: Served = request.app.state.site.current
    thing, _ = _thing(request, served)
    return RedirectResponse(Links(served.edition).of(thing) or "/", 303)


def _thing(request: Request, served: Served) -> tuple[Iri, tuple[Kind, ...]]:
    thing = Iri(request.query_params.get("id", ""))
    kinds = served.matcher.kinds_of(thing) if is_iri(thing) else ()
    if not kinds:
        raise UnknownThing(f"Nothing here has the IRI {thing[:200]!r}.", hint="Send the id of a candidate.")
    return thing, kinds


# ---- reading and writing ----


async def _later(make: Callable[[Served, Any], Any], served: Served, asked: Any) -> Response:
    """Answer from a thread: names are compared letter by letter."""
    return Response(await run_sync(lambda: _written(make(served, asked))), media_type=_JSON)


def _written(answer: Any) -> bytes:
    return json.dumps(answer, ensure_ascii=False).encode(errors="replace")


def _property(served: Served, given: Any) -> Iri:
    name = as_text(given)
    found = next((iri for iri in served.properties if name in (iri, iri.code)), None)
    if found is None:
        raise InvalidValue(
            f"{name[:80]!r} is no property that things here have.", hint=f"They are listed at {ROOT}/suggest/property."
        )
    return found


def _type(kind: Kind) -> dict[str, str]:
    return {"id": kind.iri, "name": kind.name}


def routes() -> list[Route]:
    """Return the routes of both versions."""
    both = [("/suggest/{what}", suggest), ("/extend/propose", propose), ("/preview", preview), ("/view", view)]
    return [
        Route(ROOT, service, methods=["GET", "POST"]),
        Route(DRAFT, draft),
        Route(f"{DRAFT}/match", match, methods=["POST"]),
        Route(f"{DRAFT}/extend", extend, methods=["POST"]),
        *(Route(root + path, endpoint) for root in (ROOT, DRAFT) for path, endpoint in both),
    ]
