"""Answers: a table of rows, a yes or no, or triples, and how each is written.

The writers for the SPARQL 1.1 result formats work from the rows, so that an answer is the same text whichever store
gave it; where the engine can write the bytes itself (`Table.engine_bytes`), nothing is converted in Python.
Sources: SPARQL 1.1 Query Results JSON, XML, CSV and TSV Formats (W3C).
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from whatworks.terms import (
    XSD_BOOLEAN,
    XSD_DECIMAL,
    XSD_INTEGER,
    XSD_STRING,
    BlankNode,
    Iri,
    Literal,
    Term,
    Triple,
)

Row: TypeAlias = tuple[Term | None, ...]
Short: TypeAlias = Callable[[Iri], str]

_RESULTS = 'xmlns="http://www.w3.org/2005/sparql-results#"'
# Characters that would move the cursor, hide text, turn its direction round or cannot be written.
_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e0fff]"
)
# Characters that take no place of their own: marks that stand on the letter before, and formats.
_NO_WIDTH = ("Mn", "Me", "Cf")


@dataclass(slots=True)
class Table:
    """Rows of terms under named columns; can be read once.

    Attributes:
        columns: The variables, in the order of the query.
        rows: The rows; None where a variable is not bound.
        engine_bytes: Writes the whole answer in a SPARQL format without passing through Python, if the store can.
        note: What a reader must know of the answer, such as that rows were cut.
    """

    columns: tuple[str, ...]
    rows: Iterable[Row]
    engine_bytes: Callable[[str], bytes] | None = None
    note: str = ""

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def cut(self, limit: int | None) -> "Table":
        """Return at most `limit` rows, with a note if there were more."""
        if limit is None:
            return self
        rows: list[Row] = []
        for row in self.rows:
            if len(rows) == limit:
                return Table(self.columns, rows, note=f"Only the first {limit} rows are shown; there are more.")
            rows.append(row)
        return Table(self.columns, rows, note=self.note)

    def write(self, name: str, *, short: Short = str, width: int | None = None) -> bytes:
        """Return the table in a row format; `short` shortens IRIs for people, `width` is the terminal's."""
        # The engine leaves an IRI with a comma unquoted in CSV, which would move the columns after it.
        if self.engine_bytes is not None and name in ("json", "xml", "tsv"):
            return self.engine_bytes(name)
        if name == "table":
            return write_table(self.columns, self.rows, short, width).encode()
        if name == "md":
            return _write_markdown(self.columns, self.rows, short).encode()
        return _ROW_WRITERS[name](self.columns, self.rows)


@dataclass(frozen=True, slots=True)
class Boolean:
    """The answer to an ASK query."""

    value: bool

    def write(self, name: str) -> bytes:
        """Return the answer in a row format; as text it is yes or no."""
        word = "true" if self.value else "false"
        if name == "json":
            import json  # noqa: PLC0415 - needed for one format

            return json.dumps({"head": {}, "boolean": self.value}, separators=(",", ":")).encode()
        if name == "xml":
            return f'<?xml version="1.0"?><sparql {_RESULTS}><head></head><boolean>{word}</boolean></sparql>'.encode()
        if name in ("csv", "tsv"):
            return word.encode()
        return (("yes" if self.value else "no") + "\n").encode()


@dataclass(slots=True)
class Triples:
    """The statements of a CONSTRUCT or DESCRIBE query; can be read once."""

    triples: Iterable[Triple] = field(default_factory=tuple)

    def __iter__(self) -> Iterator[Triple]:
        return iter(self.triples)


Answer: TypeAlias = Table | Boolean | Triples


def plain(term: Term | None, short: Short = str) -> str:
    """Return a term as a person reads it, on one line and free of control characters."""
    match term:
        case None:
            return ""
        case Iri():
            return safe(short(term))
        case Literal():
            return safe(term.value)
        case BlankNode():
            return safe(f"_:{term.name}")


def safe(text: str) -> str:
    """Return untrusted text so that it can neither steer a terminal nor hide anything in it."""
    return _UNSAFE.sub(lambda match: " " if match.group() in "\n\t\r" else f"\\u{ord(match.group()):04x}", text)


def write_table(columns: Sequence[str], rows: Iterable[Row], short: Short = str, width: int | None = None) -> str:
    """Return aligned columns; with a width, wide columns are cut with an ellipsis until a row fits.

    The column `key` is cut last, as keys are what people type next, and IRIs beside it are cut first.
    """
    numeric = (XSD_INTEGER, XSD_DECIMAL)
    cells, right, iris = [], [True] * len(columns), [True] * len(columns)
    for row in rows:
        cells.append([plain(term, short) for term in row])
        for index, term in enumerate(row):
            right[index] &= term is None or (isinstance(term, Literal) and term.datatype in numeric)
            iris[index] &= term is None or isinstance(term, Iri)
    widths = [
        max([_display_width(column), *(_display_width(row[index]) for row in cells)])
        for index, column in enumerate(columns)
    ]
    if width is not None:
        if "key" in columns:
            others = [index for index, column in enumerate(columns) if column != "key"]
            names = [index for index in others if iris[index]]
            for at, least in ((names, 12), (others, 12), (others, 4)):
                widths = _fitted(widths, max(width, 20), at, least)
        widths = _fitted(widths, max(width, 20), range(len(columns)), 4)
    right = [flag and bool(cells) for flag in right]
    lines = [_line(list(columns), widths, right), "  ".join("─" * size for size in widths)]
    lines += [_line(row, widths, right) for row in cells]
    return "\n".join(lines) + "\n"


def _display_width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(char) in _NO_WIDTH else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def _fitted(widths: list[int], total: int, at: Sequence[int], least: int) -> list[int]:
    """Make some columns narrower, the widest first, until a row fits or none of them is wider than `least`."""
    excess = sum(widths) - total + 2 * (len(widths) - 1)
    fitted = list(widths)
    while excess > 0 and (widest := max((fitted[index] for index in at), default=0)) > least:
        at_widest = [index for index in at if fitted[index] == widest]
        following = max((fitted[index] for index in at if fitted[index] < widest), default=least)
        step = max(1, min(widest - max(following, least), -(-excess // len(at_widest))))
        for index in at_widest:
            cut = min(step, excess)
            fitted[index] -= cut
            excess -= cut
    return fitted


def _cut(text: str, size: int) -> str:
    if _display_width(text) <= size:
        return text
    kept, used = "", 0
    for char in text:
        used += _display_width(char)
        if used > size - 1:
            break
        kept += char
    return kept + "…"


def _line(cells: list[str], widths: list[int], right: list[bool]) -> str:
    padded = []
    for cell, size, flush in zip(cells, widths, right, strict=True):
        text = _cut(cell, size)
        space = " " * (size - _display_width(text))
        padded.append(space + text if flush else text + space)
    return "  ".join(padded).rstrip()


def _write_markdown(columns: Sequence[str], rows: Iterable[Row], short: Short) -> str:
    def cell(term: Term | None) -> str:
        return re.sub(r"([\\|<>`*_~&\[\]])", r"\\\1", plain(term, short))

    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    lines += [f"| {' | '.join(cell(term) for term in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _write_json(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
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


def _write_csv(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
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


def _write_tsv(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
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


def _write_xml(columns: Sequence[str], rows: Iterable[Row]) -> bytes:
    head = "".join(f'<variable name="{_xml_text(column)}"/>' for column in columns)
    parts = [f'<?xml version="1.0"?><sparql {_RESULTS}><head>{head}</head><results>']
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


_ROW_WRITERS: dict[str, Callable[[Sequence[str], Iterable[Row]], bytes]] = {
    "json": _write_json,
    "csv": _write_csv,
    "tsv": _write_tsv,
    "xml": _write_xml,
}
