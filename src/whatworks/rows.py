"""The SPARQL 1.1 result formats, written from rows.

Sources: SPARQL 1.1 Query Results JSON, XML, CSV and TSV Formats (W3C).
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from whatworks.terms import XSD_BOOLEAN, XSD_DECIMAL, XSD_INTEGER, XSD_STRING, BlankNode, Iri, Literal, Term

Rows: TypeAlias = Iterable[tuple[Term | None, ...]]

RESULTS = 'xmlns="http://www.w3.org/2005/sparql-results#"'


def _write_json(columns: Sequence[str], rows: Rows) -> bytes:
    import json  # noqa: PLC0415 - needed for one format

    bindings = [
        {column: _json_term(term) for column, term in zip(columns, row, strict=True) if term is not None}
        for row in rows
    ]
    document = {"head": {"vars": list(columns)}, "results": {"bindings": bindings}}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


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


def _write_csv(columns: Sequence[str], rows: Rows) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        cells = [term.value if isinstance(term, Literal) else "" if term is None else _csv_node(term) for term in row]
        # One empty cell must still be a line that a reader takes for a row.
        text.write("\r\n") if cells == [""] else writer.writerow(cells)
    return text.getvalue().encode()


def _csv_node(term: Iri | BlankNode) -> str:
    return f"_:{term.name}" if isinstance(term, BlankNode) else str(term)


def _write_tsv(columns: Sequence[str], rows: Rows) -> bytes:
    lines = ["\t".join(f"?{column}" for column in columns)]
    lines += ["\t".join("" if term is None else _tsv_term(term) for term in row) for row in rows]
    return ("\n".join(lines) + "\n").encode()


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


def _write_xml(columns: Sequence[str], rows: Rows) -> bytes:
    head = "".join(f'<variable name="{_xml_text(column)}"/>' for column in columns)
    parts = [f'<?xml version="1.0"?><sparql {RESULTS}><head>{head}</head><results>']
    for row in rows:
        bound = zip(columns, row, strict=True)
        cells = (
            f'<binding name="{_xml_text(column)}">{_xml_term(term)}</binding>'
            for column, term in bound
            if term is not None
        )
        parts.append(f"<result>{''.join(cells)}</result>")
    parts.append("</results></sparql>")
    return "".join(parts).encode()


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


ROW_WRITERS: dict[str, Callable[[Sequence[str], Rows], bytes]] = {
    "json": _write_json,
    "csv": _write_csv,
    "tsv": _write_tsv,
    "xml": _write_xml,
}
