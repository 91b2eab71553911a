"""Reading and writing RDF files, safely: nothing is fetched, nothing explodes, every fault has a place.

JSON-LD contexts come from the table that the caller gives (the bundled context) and from nowhere else. RDF/XML with
external entities, or with internal ones that grow large, is refused before the parser sees it.
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pyoxigraph as ox

from whatworks.errors import EncodingFault, Place, RemoteContext, SyntaxFault, XmlEntities
from whatworks.store.convert import quad_from_engine, quad_to_engine
from whatworks.terms import Iri, Quad

_FORMATS = {
    "turtle": ox.RdfFormat.TURTLE,
    "trig": ox.RdfFormat.TRIG,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "nquads": ox.RdfFormat.N_QUADS,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}
_ENTITY = re.compile(r"<!ENTITY\s+(%\s+)?([\w:.-]+)\s+(SYSTEM|PUBLIC|\"[^\"]*\"|'[^']*')", re.DOTALL)
_MAXIMUM_EXPANSION = 1_000_000
_MAXIMUM_DEPTH = 100


def engine_format(name: str) -> ox.RdfFormat:
    """Return the engine's format of our name."""
    return _FORMATS[name]


def parse(
    data: bytes,
    format: str,
    *,
    name: str,
    base: str,
    graph: Iri | None = None,
    contexts: Mapping[str, Any] | None = None,
) -> list[Quad]:
    """Read all statements of a file, or none.

    Args:
        data: The content, in UTF-8; a byte order mark is dropped.
        format: The name of a readable format.
        name: The file's name, for messages.
        base: The IRI that relative IRIs are resolved against.
        graph: The graph of statements for which the file names none.
        contexts: The JSON-LD contexts that may be named, by IRI.

    Raises:
        SyntaxFault: The file is not well formed, or uses terms of RDF 1.2.
        EncodingFault: The file is not UTF-8.
        RemoteContext: A JSON-LD document names a context that is not in `contexts`.
        XmlEntities: An RDF/XML document declares external or exploding entities.
    """
    text = decoded(data, name)
    if format == "jsonld":
        text = _with_contexts(text, name, contexts or {})
    elif format == "rdfxml":
        _refuse_entities(text, name)
    try:
        parser = ox.parse(text, format=_FORMATS[format], base_iri=base, rename_blank_nodes=True)
        return [quad_from_engine(quad, graph) for quad in parser]
    except SyntaxError as error:
        reason = re.sub(r"^Parser error at line \d+ (?:between columns \d+ and \d+|column \d+): ", "", str(error.msg))
        raise SyntaxFault(
            f"The file is not well formed: {reason}.",
            hint=f"Look at this place and just before it; the file is read as {format}.",
            where=Place(name, error.lineno, error.offset),
        ) from error
    except TypeError as error:
        raise SyntaxFault(f"The file uses what cannot be stored: {error}.", where=Place(name)) from error


def serialize(
    quads: Iterable[Quad], format: str, *, prefixes: Mapping[str, str] | None = None, base: str | None = None
) -> bytes:
    """Write statements in an RDF format; formats for one graph lose the names of graphs."""
    engine = _FORMATS[format]
    items: Iterable[ox.Quad] = (quad_to_engine(quad) for quad in quads)
    if engine.supports_datasets:
        written = ox.serialize(items, format=engine, prefixes=dict(prefixes or {}), base_iri=base)
    else:
        triples = (item.triple for item in items)
        written = ox.serialize(triples, format=engine, prefixes=dict(prefixes or {}), base_iri=base)
    return written or b""


def decoded(data: bytes, name: str) -> str:
    """Return UTF-8 as text without a byte order mark.

    Raises:
        EncodingFault: It is not UTF-8; with line and column.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise EncodingFault(
            f"The file is not UTF-8: byte 0x{data[error.start]:02x} cannot stand here.",
            hint="Save the file as UTF-8; it looks like a Windows or Latin code page, or like a binary file.",
            where=Place(name, line, column),
        ) from error


def _with_contexts(text: str, name: str, contexts: Mapping[str, Any]) -> str:
    """Replace the names of bundled contexts by their content; refuse every other name."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise SyntaxFault(
            f"The file is not JSON: {error.msg}.", where=Place(name, error.lineno, error.colno)
        ) from error
    except RecursionError as error:
        raise SyntaxFault("The file is nested too deep to be read.", where=Place(name)) from error

    def resolve(context: Any) -> Any:
        if isinstance(context, list):
            return [resolve(item) for item in context]
        if isinstance(context, str):
            if context in contexts:
                return contexts[context]
            raise RemoteContext(
                f"The document names the context {context!r}, which would have to be fetched.",
                hint=f"Write the context into the document, or name a bundled one: {', '.join(contexts) or 'none'}.",
                where=Place(name),
            )
        return walk(context, 0)

    def walk(value: Any, depth: int) -> Any:
        if depth > _MAXIMUM_DEPTH:
            raise SyntaxFault(f"The file is nested more than {_MAXIMUM_DEPTH} deep.", where=Place(name))
        if isinstance(value, list):
            return [walk(item, depth + 1) for item in value]
        if isinstance(value, dict):
            if "@import" in value:
                raise RemoteContext("The context uses @import, which would fetch another one.", where=Place(name))
            return {key: resolve(item) if key == "@context" else walk(item, depth + 1) for key, item in value.items()}
        return value

    return json.dumps(walk(document, 0), ensure_ascii=False)


def _refuse_entities(text: str, name: str) -> None:
    """Refuse external entities, parameter entities and internal ones that grow beyond a megabyte."""
    sizes: dict[str, int] = {}
    for match in _ENTITY.finditer(text):
        where = Place(name, text.count("\n", 0, match.start()) + 1)
        if match[1] or match[3] in ("SYSTEM", "PUBLIC"):
            raise XmlEntities(
                f"The entity {match[2]!r} is external.", hint="Write its text into the file.", where=where
            )
        sizes[match[2]] = _expanded(match[3][1:-1], sizes)
        if sizes[match[2]] > _MAXIMUM_EXPANSION:
            raise XmlEntities(
                f"The entity {match[2]!r} grows beyond a megabyte.", hint="Write plain text.", where=where
            )
    if re.search(r"<!DOCTYPE[^>\[]*\s(SYSTEM|PUBLIC)\s", text):
        raise XmlEntities("The document type is external.", hint="Remove the DOCTYPE line.", where=Place(name, 1))
    if sizes and _expanded(text, sizes) > len(text) + _MAXIMUM_EXPANSION:
        raise XmlEntities(
            "The entities of the file together grow beyond a megabyte.",
            hint="Write plain text.",
            where=Place(name),
        )


def _expanded(text: str, sizes: Mapping[str, int]) -> int:
    return len(text) + sum(sizes.get(used, 0) for used in re.findall(r"&([\w:.-]+);", text))
