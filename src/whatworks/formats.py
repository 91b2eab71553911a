"""The one table of formats: name, media type, file endings, and what each can carry."""

from itertools import chain
from pathlib import PurePath
from typing import Literal as Choice
from typing import NamedTuple

from whatworks.errors import UnknownFileType, UnknownFormat

Carries = Choice["rows", "triples", "quads"]


class Format(NamedTuple):
    """A way of writing an answer.

    Attributes:
        name: What people type after `--format`.
        media_type: As registered, or as SPARQL 1.1 and RDF 1.1 define it.
        endings: File name endings, the usual one first.
        carries: rows of a table, triples of one graph, or quads of several.
        readable: Whether data files of this format can be read.
        binary: Whether it is no text, and so nothing for a terminal.
    """

    name: str
    media_type: str
    endings: tuple[str, ...]
    carries: Carries
    readable: bool = False
    binary: bool = False


_OFFICE = "application/vnd.openxmlformats-officedocument"
FORMATS = (
    Format("table", "text/plain", (".txt",), "rows"),
    Format("csv", "text/csv", (".csv",), "rows"),
    Format("tsv", "text/tab-separated-values", (".tsv",), "rows"),
    Format("json", "application/sparql-results+json", (".srj", ".json"), "rows"),
    Format("xml", "application/sparql-results+xml", (".srx", ".xml"), "rows"),
    Format("md", "text/markdown", (".md",), "rows"),
    Format("xlsx", f"{_OFFICE}.spreadsheetml.sheet", (".xlsx",), "rows", binary=True),
    Format("parquet", "application/vnd.apache.parquet", (".parquet",), "rows", binary=True),
    Format("turtle", "text/turtle", (".ttl",), "triples", readable=True),
    Format("ntriples", "application/n-triples", (".nt",), "triples", readable=True),
    Format("rdfxml", "application/rdf+xml", (".rdf", ".owl"), "triples", readable=True),
    Format("trig", "application/trig", (".trig",), "quads", readable=True),
    Format("nquads", "application/n-quads", (".nq",), "quads", readable=True),
    Format("jsonld", "application/ld+json", (".jsonld",), "quads", readable=True),
)
ROW_FORMATS = tuple(format.name for format in FORMATS if format.carries == "rows")
GRAPH_FORMATS = tuple(format.name for format in FORMATS if format.carries != "rows")
READABLE_ENDINGS = tuple(ending for format in FORMATS if format.readable for ending in format.endings)


def by_name(name: str, *, rows: bool) -> Format:
    """Return the format of this name that can carry rows, or triples.

    Raises:
        UnknownFormat: There is none; the message lists those that fit.
    """
    allowed = ROW_FORMATS if rows else GRAPH_FORMATS
    for format in FORMATS:
        if format.name == name and name in allowed:
            return format
    carried = "rows of a table" if rows else "a graph"
    raise UnknownFormat(f"Format {name!r} cannot carry {carried}.", hint=f"Choose one of: {', '.join(allowed)}.")


def by_ending(name: str, *, rows: bool) -> str | None:
    """Return the name of the format that a file's ending says; None where the name has no ending.

    Raises:
        UnknownFormat: No format with this ending can carry rows, or triples.
    """
    ending = PurePath(name).suffix.lower()
    fitting = [format for format in FORMATS if (format.carries == "rows") == rows]
    found = next((format.name for format in fitting if ending in format.endings), None)
    if found is None and ending:
        carried, known = "rows of a table" if rows else "a graph", chain(*(each.endings for each in fitting))
        raise UnknownFormat(
            f"{name}: the ending {ending!r} says no format that can carry {carried}.",
            hint=f"Let it end in one of: {', '.join(known)}; or say which with --format.",
        )
    return found


def by_file(name: str) -> Format:
    """Return the readable format that a file's ending says.

    Raises:
        UnknownFileType: The ending says no format that can be read.
    """
    ending = PurePath(name).suffix.lower()
    for format in FORMATS:
        if format.readable and ending in format.endings:
            return format
    raise UnknownFileType(
        f"{name}: the ending {ending!r} says no format that can be read.",
        hint=f"Rename the file so that it ends in one of: {', '.join(READABLE_ENDINGS)}.",
    )
