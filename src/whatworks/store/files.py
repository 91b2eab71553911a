"""Reads the files of a collection into an engine: whole ones natively, large ones statement by statement."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

import pyoxigraph as ox

from whatworks.assets import Asset
from whatworks.errors import Place, SyntaxFault
from whatworks.store.convert import from_engine, quad_to_engine
from whatworks.store.syntax import engine_format, parse
from whatworks.terms import Iri

# Signs that a file may use RDF 1.2, which the engine would read and nothing else here knows; formats of one statement a
# line have only the first. Looking for each takes less time than a pattern for all, and that than `in` for two letters.
_SIGNS = tuple(map(re.compile, (rb"<<\(", rb"<<", rb"\{\|", rb"~")))
_LINES = ("ntriples", "nquads")
# What begins a blank node; but for the first only Turtle and TriG have them.
_BLANK = tuple(map(re.compile, (rb"_:", rb"\[", rb"\(")))
_DIRECTION = re.compile(rb"--(?:ltr|rtl)")


class Source(NamedTuple):
    """A file, how it is written, and the graph of the statements for which it names none."""

    asset: Asset
    format: str
    graph: Iri


def load(engine: ox.Store, source: Source, base: str) -> bool:
    """Read a file into a store in memory, without passing through Python where that is possible.

    Returns:
        Whether blank nodes may have come with it.

    Raises:
        MissingFile, SyntaxFault, EncodingFault: The file cannot be read; nothing of it is in the store.
    """
    data = source.asset.read()
    is_lines = source.format in _LINES
    may_be_blank = any(sign.search(data) for sign in (_BLANK[:1] if is_lines else _BLANK))
    signs = _SIGNS[:1] if is_lines else _SIGNS[1:]
    if not any(sign.search(data) for sign in signs) and not _DIRECTION.search(data):
        with suppress(SyntaxError, ValueError):  # the careful reader below says what is wrong, and where
            engine.load(data, format=engine_format(source.format), base_iri=base, to_graph=ox.NamedNode(source.graph))
            return may_be_blank
    quads = parse(data, source.format, name=source.asset.name, base=base, graph=source.graph)
    engine.extend(quad_to_engine(quad) for quad in quads)
    return may_be_blank


def statements(source: Source, base: str) -> Iterator[ox.Quad]:
    """Yield the statements of a file, of which only a part is in memory.

    Raises:
        MissingFile, SyntaxFault, EncodingFault: The file cannot be read.
    """
    graph, default = ox.NamedNode(source.graph), ox.DefaultGraph()
    with source.asset.open() as stream:
        if stream.read(len(BOM_UTF8)) != BOM_UTF8:
            stream.seek(0)
        found = ox.parse(stream, format=engine_format(source.format), base_iri=base, rename_blank_nodes=True)
        try:
            for quad in found:
                value = quad.object
                if isinstance(value, ox.Triple) or (isinstance(value, ox.Literal) and value.direction is not None):
                    from_engine(value)
                yield quad if quad.graph_name != default else ox.Quad(quad.subject, quad.predicate, value, graph)
        except (SyntaxError, ValueError, TypeError, MemoryError) as error:
            # The careful reader says what is wrong and where.
            parse(source.asset.read(), source.format, name=source.asset.name, base=base)
            raise SyntaxFault(f"The file cannot be read: {error}.", where=Place(source.asset.name)) from error
