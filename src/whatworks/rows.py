"""The SPARQL 1.1 result formats, written from rows as they come.

Sources: SPARQL 1.1 Query Results JSON, XML, CSV and TSV Formats (W3C).
"""

import csv
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

from whatworks.terms import XSD_BOOLEAN, XSD_DECIMAL, XSD_INTEGER, XSD_STRING, BlankNode, Iri, Literal, Term

Rows: TypeAlias = Iterable[tuple[Term | None, ...]]
T = TypeVar("T")

_BLOCK = 1 << 16  # characters
RESULTS = 'xmlns="http://www.w3.org/2005/sparql-results#"'


def _json(columns: Sequence[str], rows: Rows) -> Iterator[str]:
    import json  # noqa: PLC0415 - needed for one format

    write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    yield f'{{"head":{{"vars":{write(list(columns))}}},"results":{{"bindings":['
    comma = ""
    for row in rows:
        bound = zip(columns, row, strict=True)
        yield comma + write({column: _json_term(term) for column, term in bound if term is not None})
        comma = ","
    yield "]}}"


def _json_term(term: Term) -> dict[str, Any]:
    match term:
        case Iri():
            return {"type": "uri", "value": str(term)}
        case BlankNode():
            return {"type": "bnode", "value": term.name}
        case Literal():
            found = {"type": "literal", "value": term.value}
            if term.language:
                return {**found, "xml:lang": term.language}
            return found if term.datatype == XSD_STRING else {**found, "datatype": str(term.datatype)}


class _Line:
    """A file for `csv` that gives each line back to who writes it."""

    @staticmethod
    def write(text: str) -> str:
        """Return the line; a writer returns what this returns."""
        return text


def _csv(columns: Sequence[str], rows: Rows) -> Iterator[str]:
    line: Callable[[Sequence[str]], str] = csv.writer(_Line, lineterminator="\r\n").writerow
    yield line(columns)
    for row in rows:
        cells = [term.value if isinstance(term, Literal) else "" if term is None else _csv_node(term) for term in row]
        # One empty cell must still be a line that a reader takes for a row.
        yield "\r\n" if cells == [""] else line(cells)


def _csv_node(term: Iri | BlankNode) -> str:
    return f"_:{term.name}" if isinstance(term, BlankNode) else str(term)


def _tsv(columns: Sequence[str], rows: Rows) -> Iterator[str]:
    yield "\t".join(f"?{column}" for column in columns) + "\n"
    for row in rows:
        yield "\t".join("" if term is None else _tsv_term(term) for term in row) + "\n"


# Inside the quotes of TSV everything stands as it is but what would end the cell, the line or the quotes.
_IN_TSV = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_BARE_IN_TSV = {
    XSD_INTEGER: re.compile(r"[+-]?[0-9]+"),
    XSD_DECIMAL: re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    XSD_BOOLEAN: re.compile(r"true|false"),
}


def _tsv_term(term: Term) -> str:
    if not isinstance(term, Literal):
        return f"_:{term.name}" if isinstance(term, BlankNode) else f"<{term}>"
    text = f'"{term.value.translate(_IN_TSV)}"'
    if term.language:
        return f"{text}@{term.language}"
    if (form := _BARE_IN_TSV.get(term.datatype)) and form.fullmatch(term.value):
        return term.value
    return text if term.datatype == XSD_STRING else f"{text}^^<{term.datatype}>"


def _xml(columns: Sequence[str], rows: Rows) -> Iterator[str]:
    head = "".join(f'<variable name="{_xml_text(column)}"/>' for column in columns)
    yield f'<?xml version="1.0"?><sparql {RESULTS}><head>{head}</head><results>'
    for row in rows:
        bound = zip(columns, row, strict=True)
        cells = (
            f'<binding name="{_xml_text(column)}">{_xml_term(term)}</binding>'
            for column, term in bound
            if term is not None
        )
        yield f"<result>{''.join(cells)}</result>"
    yield "</results></sparql>"


_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})


def _xml_term(term: Term) -> str:
    match term:
        case Iri():
            return f"<uri>{_xml_text(term)}</uri>"
        case BlankNode():
            return f"<bnode>{_xml_text(term.name)}</bnode>"
        case Literal():
            if term.language:
                attribute = f' xml:lang="{_xml_text(term.language)}"'
            elif term.datatype == XSD_STRING:
                attribute = ""
            else:
                attribute = f' datatype="{_xml_text(term.datatype)}"'
            return f"<literal{attribute}>{_xml_text(term.value)}</literal>"


def _xml_text(text: str) -> str:
    """Escape a text; white space at its ends is written so that no reader strips it."""
    inner = text.strip(" \t\n\r")
    if not inner:
        return _numbered(text)
    start = text.index(inner[0])
    return _numbered(text[:start]) + inner.translate(_XML) + _numbered(text[start + len(inner) :])


def _numbered(text: str) -> str:
    return "".join(f"&#{ord(char)};" for char in text)


_FORMATS: dict[str, Callable[[Sequence[str], Rows], Iterator[str]]] = {
    "json": _json,
    "csv": _csv,
    "tsv": _tsv,
    "xml": _xml,
}
ROW_FORMATS = tuple(_FORMATS)


def row_blocks(name: str, columns: Sequence[str], rows: Rows) -> Iterator[bytes]:
    """Yield an answer in a row format, in blocks that are written when they are full."""
    parts: list[str] = []
    size = 0
    for part in _FORMATS[name](columns, rows):
        parts.append(part)
        size += len(part)
        if size >= _BLOCK:
            yield "".join(parts).encode()
            parts, size = [], 0
    yield "".join(parts).encode()


def write_rows(name: str, columns: Sequence[str], rows: Rows) -> bytes:
    """Return an answer in a row format."""
    return "".join(_FORMATS[name](columns, rows)).encode()


class First(Generic[T]):
    """The first of some rows or statements, as they come; `is_cut` says afterwards whether there were more."""

    def __init__(self, items: Iterable[T], limit: int) -> None:
        self.items, self.limit, self.is_cut = items, limit, False

    def __iter__(self) -> Iterator[T]:
        items = iter(self.items)
        for number, item in enumerate(items):
            if number == self.limit:
                self.is_cut = True
                break
            yield item
        if isinstance(items, Generator):
            items.close()  # what sends them need not go on
