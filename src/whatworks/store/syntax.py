"""Reading and writing RDF files, safely: nothing is fetched, nothing explodes, every fault has a place.

JSON-LD contexts come from the table that the caller gives (the bundled context) and from nowhere else. RDF/XML with
external entities, or with internal ones that grow large, is refused before the parser sees it.
"""

import re
from bisect import bisect_left
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NoReturn

import pyoxigraph as ox

from whatworks.errors import EncodingFault, Place, RemoteContext, SyntaxFault, XmlEntities
from whatworks.store.convert import quad_from_engine, quad_to_engine
from whatworks.terms import RDF_TYPE, XSD, Iri, Quad

_FORMATS = {
    "turtle": ox.RdfFormat.TURTLE,
    "trig": ox.RdfFormat.TRIG,
    "ntriples": ox.RdfFormat.N_TRIPLES,
    "nquads": ox.RdfFormat.N_QUADS,
    "rdfxml": ox.RdfFormat.RDF_XML,
    "jsonld": ox.RdfFormat.JSON_LD,
}
# Needed for few files: `re` makes each when it is first used, and keeps it.
_DECLARATION = r"(?i)<!ENTITY"
_ENTITY = r"(?i)<!ENTITY\s*(%\s+)?([^\s<>&%;\"']+)\s+(SYSTEM|PUBLIC|\"[^\"]*\"|'[^']*')"
_EXTERNAL_TYPE = r"(?i)<!DOCTYPE[^<>\[]*\s(SYSTEM|PUBLIC)\s"
_REFERENCE = r"&([^\s<>&;]+);"
_POSITION = r"^Parser error (?:at|between) line \d+ [^:]*: "
_SURROGATE = r"[\ud800-\udfff]"
_MAXIMUM_EXPANSION = 1_000_000
_MAXIMUM_DEPTH = 100
_MAXIMUM_DEPTH_OF_XML = 1000
# An IRI up to its last slash or number sign; in a text, whatever looks like it.
_STARTS = re.compile(r"<([^<>\0]*[/#])")
# What Turtle writes without its IRI, by the beginning of that.
_UNSAID = {RDF_TYPE.removesuffix("type"): ("type",), XSD: ("boolean", "integer")}


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
        _check_xml(text, name)
    try:
        return [quad_from_engine(quad, graph) for quad in _quads(text, format, base)]
    except SyntaxError as error:
        line, column = error.lineno, error.offset
        if format == "jsonld":
            line = column = None  # the parser read our copy, in which contexts are filled in
        elif line is None:
            line = _line_of(text, format, base, error.msg)
        raise SyntaxFault(
            f"The file is not well formed: {re.sub(_POSITION, '', error.msg)}.",
            hint=f"Look at this place and just before it; the file is read as {format}.",
            where=Place(name, line, column),
        ) from error
    except (TypeError, MemoryError) as error:
        raise SyntaxFault(f"The file uses what cannot be stored: {error}.", where=Place(name)) from error


def _quads(text: str, format: str, base: str) -> ox.QuadParser:
    return ox.parse(text, format=_FORMATS[format], base_iri=base, rename_blank_nodes=True)


def _line_of(text: str, format: str, base: str, message: str) -> int:
    """Return the line of a fault that the parser gives no place for: the first lines that have the same fault."""
    ends = [match.end() for match in re.finditer(r"\n|\Z", text)]

    def is_faulty(end: int) -> bool:
        try:
            return any(False for _ in _quads(text[:end], format, base))
        except SyntaxError as error:
            return bool(error.msg == message)

    return bisect_left(ends, True, key=is_faulty) + 1


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


def write_ordered(quads: Iterable[Quad], format: str, prefixes: Mapping[str, str]) -> bytes:
    """Write statements in an RDF format, sorted and each once, as stores in memory and on disk have other orders."""
    items = map(quad_to_engine, quads)
    if _FORMATS[format].supports_datasets:
        return in_order(items, format, prefixes)
    return in_order((item.triple for item in items), format, prefixes)


def write_forms(quads: Iterable[Quad], formats: Iterable[str], prefixes: Mapping[str, str]) -> dict[str, bytes]:
    """Write statements in several RDF formats as `write_ordered` does, sorted once for all formats of a kind."""
    items = list(dict.fromkeys(map(quad_to_engine, quads)))
    sorts: dict[bool, tuple[list[Any], dict[str, str]]] = {}
    written = {}
    for format in formats:
        engine = _FORMATS[format]
        of_sets = engine.supports_datasets
        if of_sets not in sorts:
            sorts[of_sets] = _sorted(items if of_sets else (item.triple for item in items), prefixes)
        found, used = sorts[of_sets]
        written[format] = ox.serialize(found, format=engine, prefixes=used) or b""
    return written


def in_order(items: Iterable[ox.Quad] | Iterable[ox.Triple], format: str, prefixes: Mapping[str, str]) -> bytes:
    """Write an engine's statements in an RDF format, sorted and each once, with the prefixes that they need."""
    found, used = _sorted(items, prefixes)
    return ox.serialize(found, format=_FORMATS[format], prefixes=used) or b""


def _sorted(items: Iterable[Any], prefixes: Mapping[str, str]) -> tuple[list[Any], dict[str, str]]:
    """Return an engine's statements in order, each once, and the prefixes that occur in them."""
    places = {item: _place(item) for item in items}
    text = "\n".join(map(" ".join, places.values()))
    return sorted(places, key=places.__getitem__), needed(text, prefixes)


def needed(text: str, prefixes: Mapping[str, str]) -> dict[str, str]:
    """Return the prefixes that statements need: each IRI takes the longest that fits, and some are never written out.

    Args:
        text: The statements as N-Quads, in which NUL may stand for `>`.
        prefixes: All that may be used.
    """
    # To look for each prefix in so much text takes three times as long as to look in what its IRIs begin with.
    starts = "<" + "<".join(set(_STARTS.findall(text)))
    found = {name: iri for name, iri in prefixes.items() if f"<{iri}" in (starts if iri.endswith(("/", "#")) else text)}
    nearest = _nearest(frozenset(found.values()))

    def is_needed(iri: str) -> bool:
        if iri not in _UNSAID and not nearest[iri]:
            return True
        unsaid = [f"{iri}{name}{end}" for name in _UNSAID.get(iri, ()) for end in ">\0"]
        return text.count(f"<{iri}") > sum(text.count(f"<{each}") for each in (*nearest[iri], *unsaid))

    return {name: iri for name, iri in found.items() if is_needed(iri)}


@lru_cache(maxsize=256)
def _nearest(iris: frozenset[str]) -> dict[str, list[str]]:
    """Return which IRIs each of some begins, without those that another of these begins."""
    longer = {iri: [other for other in iris if other != iri and other.startswith(iri)] for iri in iris}
    return {iri: [each for each in of if not any(each in longer[other] for other in of)] for iri, of in longer.items()}


def _place(item: ox.Quad | ox.Triple) -> tuple[str, str]:
    """Return the place among statements: by graph, subject, property and value, a thing before its parts."""
    if isinstance(item, ox.Triple):
        return "", str(item).replace(">", "\0")
    graph = "" if isinstance(item.graph_name, ox.DefaultGraph) else str(item.graph_name)
    return graph, str(item.triple).replace(">", "\0")


def ordered(quads: Iterable[Quad]) -> list[Quad]:
    """Return statements without their graphs, sorted, each once."""
    found = {quad._replace(graph=None) for quad in quads}
    return sorted(found, key=lambda quad: (str(quad.subject), quad.predicate, str(quad.object)))


def decoded(data: bytes, name: str) -> str:
    """Return UTF-8 as text without a byte order mark.

    Raises:
        EncodingFault: It is not UTF-8; with line and column.
    """
    data = data.removeprefix(BOM_UTF8)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = len(data[data.rfind(b"\n", 0, error.start) + 1 : error.start].decode()) + 1
        raise EncodingFault(
            f"The file is not UTF-8: byte 0x{data[error.start]:02x} cannot stand here.",
            hint="Save the file as UTF-8; it looks like a Windows or Latin code page, or like a binary file.",
            where=Place(name, line, column),
        ) from error


def _with_contexts(text: str, name: str, contexts: Mapping[str, Any]) -> str:
    """Replace the names of bundled contexts by their content; refuse every other name."""
    import json  # noqa: PLC0415 - needed for one format

    def refuse_constant(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is no number of JSON")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for key, number in Counter(key for key, _ in pairs).items():
            if number > 1:
                raise ValueError(f"the key {key!r} stands {number} times in one object")
        return dict(pairs)

    try:
        document = json.loads(text, parse_constant=refuse_constant, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise SyntaxFault(
            f"The file is not JSON: {error.msg}.", where=Place(name, error.lineno, error.colno)
        ) from error
    except RecursionError as error:
        raise SyntaxFault("The file is nested too deep to be read.", where=Place(name)) from error
    except ValueError as error:
        raise SyntaxFault(f"The file is not JSON that can be read: {error}.", where=Place(name)) from error

    def resolve(context: Any, depth: int) -> Any:
        if isinstance(context, list) and depth <= _MAXIMUM_DEPTH:
            return [resolve(item, depth + 1) for item in context]
        if isinstance(context, str):
            if context in contexts:
                return contexts[context]
            raise RemoteContext(
                f"The document names the context {context!r}, which would have to be fetched.",
                hint=f"Write the context into the document, or name a bundled one: {', '.join(contexts) or 'none'}.",
                where=Place(name),
            )
        return walk(context, depth)

    def walk(value: Any, depth: int) -> Any:
        if depth > _MAXIMUM_DEPTH:
            raise SyntaxFault(f"The file is nested more than {_MAXIMUM_DEPTH} deep.", where=Place(name))
        if isinstance(value, list):
            return [walk(item, depth + 1) for item in value]
        if isinstance(value, dict):
            if "@import" in value:
                raise RemoteContext("The context uses @import, which would fetch another one.", where=Place(name))
            return {
                key: resolve(item, depth + 1) if key == "@context" else walk(item, depth + 1)
                for key, item in value.items()
            }
        return value

    written = json.dumps(walk(document, 0), ensure_ascii=False)
    if half := re.search(_SURROGATE, written):
        raise SyntaxFault(f"The file holds half a character, U+{ord(half.group()):04X}.", where=Place(name))
    return written


def _refuse_entities(text: str, name: str) -> None:
    """Refuse external entities, parameter entities and internal ones that grow beyond a megabyte."""

    def refuse(said: str, start: int, hint: str = "Write plain text.") -> NoReturn:
        raise XmlEntities(said, hint=hint, where=Place(name, text.count("\n", 0, start) + 1))

    sizes: dict[str, int] = {}
    for declaration in re.finditer(_DECLARATION, text):
        start = declaration.start()
        match = re.compile(_ENTITY).match(text, start)
        if match is None:
            refuse("The declaration of an entity cannot be read.", start)
        if match[1] or match[3] in ("SYSTEM", "PUBLIC"):
            kind = "a parameter of the document type" if match[1] else "external"
            refuse(f"The entity {match[2]!r} is {kind}.", start, "Write its text into the file.")
        # Of two declarations some readers take the first, others the last.
        sizes[match[2]] = max(sizes.get(match[2], 0), _expanded(match[3][1:-1], sizes))
        if sizes[match[2]] > _MAXIMUM_EXPANSION:
            refuse(f"The entity {match[2]!r} grows beyond a megabyte.", start)
    if match := re.search(_EXTERNAL_TYPE, text):
        refuse("The document type is external.", match.start(), "Remove the DOCTYPE line.")
    if sizes and _expanded(text, sizes) > len(text) + _MAXIMUM_EXPANSION:
        raise XmlEntities(
            "The entities of the file together grow beyond a megabyte.", hint="Write plain text.", where=Place(name)
        )


def _expanded(text: str, sizes: Mapping[str, int]) -> int:
    return len(text) + sum(sizes.get(used, 0) for used in re.findall(_REFERENCE, text))


def _check_xml(text: str, name: str) -> None:
    """Refuse what is no XML, which the engine says without a place, and what is so deep that it takes minutes."""
    from xml.parsers import expat  # noqa: PLC0415 - needed for one format

    parser = expat.ParserCreate()
    depth = 0

    def enter(*_: Any) -> None:
        nonlocal depth
        depth += 1
        if depth > _MAXIMUM_DEPTH_OF_XML:
            where = Place(name, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)
            raise SyntaxFault(f"The file is nested more than {_MAXIMUM_DEPTH_OF_XML} deep.", where=where)

    def leave(_: str) -> None:
        nonlocal depth
        depth -= 1

    parser.StartElementHandler, parser.EndElementHandler = enter, leave
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise SyntaxFault(
            f"The file is not well formed: {expat.ErrorString(error.code)}.",
            hint="Look at this place and just before it; the file is read as XML.",
            where=Place(name, error.lineno, error.offset + 1),
        ) from error
