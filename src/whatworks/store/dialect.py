"""What engines do in their own way, handled here once. docs/how-to/remote.md lists it for people."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from typing import TypeAlias

from whatworks import gate
from whatworks.namespaces import WW
from whatworks.results import Row
from whatworks.store.connection import Reply
from whatworks.terms import XSD_BOOLEAN, XSD_DECIMAL, Iri, Literal, Term

Parameters: TypeAlias = tuple[tuple[str, str], ...]

# Ways to see the union of all named graphs as default graph, tried in turn: as the service is set up (Virtuoso,
# GraphDB, and others that are told to), and as Oxigraph is told by each request.
UNIONS: tuple[Parameters, ...] = ((), (("union-default-graph", ""),))

# The one column by which Virtuoso may answer a question of yes or no; it holds 1, or there is no row.
YES_OR_NO = ("__ASK_RETVAL",)
# The graphs in which Virtuoso describes itself; some have the address at which it was set up in their names.
_OF_VIRTUOSO = re.compile(
    r"http://www\.openlinksw\.com/schemas/virtrdf#|http://www\.w3\.org/2002/07/owl#|http://www\.w3\.org/ns/ldp#"
    r"|https?://[^/]+/(?:sparql|DAV/)|urn:(?:activitystreams-owl:map|core:services:sparql|virtuoso:.*)"
)
# Virtuoso changes the order of joins and then answers too little; so it is told to keep it.
_AS_WRITTEN = 'define sql:select-option "order"\n'
# A class and all below it, in a query, and the same down to the second level below: Virtuoso asks where a path without
# end begins, and Comunica begins it everywhere.
_WITHOUT_END = re.compile(r"\ba/rdfs:subClassOf\*")
_DOWN_TO_TWO = "a|a/rdfs:subClassOf|a/rdfs:subClassOf/rdfs:subClassOf"
# Its MD5 is that of another coding than UTF-8 where a text is not ASCII.
_MD5 = re.compile(r"\bMD5\((\?\w+)\)")
_MD5_OF_UTF8 = r'bif:md5(bif:charset_recode(\1, "UTF-8", "UTF-8"))'
_WITHOUT = "define input:default-graph-exclude <{0}>\ndefine input:named-graph-exclude <{0}>\n"


@dataclass(frozen=True, slots=True)
class Dialect:
    """What is known of the engine at an endpoint.

    Attributes:
        union: The parameters by which the default graph is the union of all named graphs.
        is_virtuoso: Whether it is Virtuoso.
        sorts: Whether it sorts as SPARQL says; Comunica can do one column only, and orders texts as people do.
        own: The graphs in which it describes itself.
    """

    union: Parameters = ()
    is_virtuoso: bool = False
    sorts: bool = True
    own: tuple[Iri, ...] = ()

    @classmethod
    def from_signs(cls, rows: Iterable[Row], union: Parameters) -> tuple["Dialect", bool]:
        """Read the answer of system/engine; say also whether the default graph was the union."""
        signs: dict[str, list[str]] = {}
        for row in rows:
            sign, number = (term.value if isinstance(term, Literal) else "" for term in row)
            signs.setdefault(sign, []).append(number)
        order = signs.get("order", [])
        return cls(union, "virtuoso" in signs, order == sorted(order)), "union" in signs

    @property
    def is_exact(self) -> bool:
        """Whether its rows can be taken over as they are."""
        return self.sorts and not self.is_virtuoso

    def written(self, query: str) -> str:
        """Return a query as the engine needs it.

        Virtuoso's own graphs are left out where they could be seen: a query that names a term of the model finds
        nothing in them, and leaving them out makes a long query more than Virtuoso can plan.
        """
        if self.is_exact:
            return query
        query = _WITHOUT_END.sub(_DOWN_TO_TWO, query)
        if not self.is_virtuoso:
            return query
        query = _MD5.sub(_MD5_OF_UTF8, query)
        return _AS_WRITTEN + "".join(_WITHOUT.format(graph) for graph in self.own if WW not in query) + query

    def with_own(self, graphs: Iterable[Iri]) -> "Dialect":
        """Return the dialect that knows which of all graphs are the engine's own."""
        return replace(self, own=tuple(graph for graph in graphs if _OF_VIRTUOSO.fullmatch(graph)))

    def term(self, term: Term | None) -> Term | None:
        """Return a term as the embedded store writes it: true and not 1, and no zeros that say nothing."""
        if isinstance(term, Literal):
            if term.datatype == XSD_BOOLEAN and term.value in ("0", "1"):
                return Literal("true" if term.value == "1" else "false", "", XSD_BOOLEAN)
            if term.datatype == XSD_DECIMAL and "." in term.value:
                return Literal(term.value.rstrip("0").removesuffix("."), "", XSD_DECIMAL)
        return term


_MOST_KEYS = 16
_VARIABLE = re.compile(r"[?$](\w+)")


@lru_cache(maxsize=500)
def columns_of(query: str) -> tuple[str, ...] | None:
    """Return the columns that a SELECT query names; None where it takes what there is, or is another one."""
    form, start = gate.head(query)
    if form != "SELECT":
        return None
    clause = query[start:].partition("{")[0]
    if "(" not in clause:
        names = _VARIABLE.findall(clause.partition("#")[0])
        return tuple(dict.fromkeys(names)) or None
    depth, columns, before = 0, [], ""
    for token in gate.tokens(clause):
        depth += (token.text == "(") - (token.text == ")")
        if token.kind == "variable" and (depth == 0 or (depth == 1 and before == "AS")):
            columns.append(token.text[1:])
        before = token.word
    return tuple(dict.fromkeys(columns)) or None


def in_parts(query: str, columns: Sequence[str]) -> str | None:
    """Return a query whose rows can be asked for in parts, by LIMIT and OFFSET behind it; None where that cannot be.

    The rows are sorted by their columns, within: where it is to leave some out, Virtuoso sorts no more than 10,000, and
    never by more than 20 columns.
    """
    found = gate.tokens(query)
    start = next((token.start for token in found if token.word == "SELECT"), None)
    if start is None or not columns or any(token.word == "FROM" for token in found):
        return None
    names = " ".join(f"?{column}" for column in columns)
    keys = " ".join(f"?{column}" for column in columns[:_MOST_KEYS])
    within = f"SELECT {names} WHERE {{ {{\n{query[start:]}\n}} }} ORDER BY {keys}"
    return f"{query[:start]}SELECT {names} WHERE {{ {{ {within} }} }}"


# Comunica writes no names of columns where there are no rows, and adds a member after the rows that SPARQL 1.1 Query
# Results JSON does not have. Virtuoso's names of blank nodes hold signs that are not allowed in them. Within a text of
# JSON a quote has a backslash before it, so none of these patterns is part of one.
_NO_COLUMNS = re.compile(rb'(\s*\{\s*"head"\s*:\s*\{)\s*\}\s*,\s*"results"')
_AFTER_ROWS = re.compile(rb'\}\s*,\s*"metadata"\s*:\s*\{[^{}]*\}\s*\}\s*\Z')
_BLANK_NODE = re.compile(rb'("type"\s*:\s*"bnode"\s*,\s*"value"\s*:\s*)"nodeID://')
_TAIL = 1024
_SHORT = 1 << 19  # bytes, of about 1,500 rows


class Document:
    """The JSON of an answer as it arrives, made into that of the standard."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._held = b""
        self._ready: BytesIO | None = None  # what was read at first of a long one
        self._begun, self._is_open = False, True

    def whole(self) -> bytes | None:
        """Return all of a short document, which is parsed more quickly at once; None if it is longer."""
        blocks, size = [], 0
        while size < _SHORT:
            block = self._reply.read(_SHORT)
            blocks.append(block)
            size += len(block)
            if not block:
                self._held = b"".join(blocks)
                return self._ended()
        held = self._mended(b"".join(blocks))
        self._ready, self._held = BytesIO(held[:-_TAIL]), held[-_TAIL:]
        return None

    def read(self, size: int) -> bytes:
        """Return the next bytes, at most `size`; none at the end."""
        if self._ready is not None:
            if block := self._ready.read(size):
                return block
            self._ready = None
        while self._is_open:
            block = self._reply.read(size)
            if not block:
                self._is_open, self._held = False, self._ended()
                break
            self._held += block
            if len(self._held) > _TAIL:
                # What is held back may hold the beginning of a pattern, and the end of the document.
                self._held = self._mended(self._held)
                if len(self._held) > _TAIL:  # mending may have made it shorter; nothing would say that this is the end
                    return self._taken(min(size, len(self._held) - _TAIL))
        return self._taken(size)

    def _taken(self, size: int) -> bytes:
        ready, self._held = self._held[:size], self._held[size:]
        return ready

    def _ended(self) -> bytes:
        rest, self._held = self._mended(self._held), b""
        return _AFTER_ROWS.sub(b"}}", rest) if b'"metadata"' in rest else rest

    def _mended(self, text: bytes) -> bytes:
        if not self._begun:
            self._begun = True
            if (found := _NO_COLUMNS.match(text)) is not None:
                text = found[1] + b'"vars":[]},"results"' + text[found.end() :]
        return _BLANK_NODE.sub(rb'\1"', text) if b"nodeID://" in text else text
