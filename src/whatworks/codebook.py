"""The codebook of a table: what was asked of what, what each column means, and which concepts stand in it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_DATATYPES = {"integer": "integer", "number": "number", "boolean": "boolean", "date": "date", "datetime": "dateTime"}
_SAID = {
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "date": "date",
    "datetime": "date and time",
    "iri": "IRI",
    "text": "text",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: Its heading.
        meaning: What it says; empty where nobody said.
        kind: integer, number, boolean, date, datetime, iri or text.
        values: The concepts that stand in it, by IRI, with what they are called.
    """

    name: str
    meaning: str
    kind: str = "text"
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Codebook:
    """What a reader of a table must know.

    Attributes:
        title: What the table holds, in a sentence.
        query: The name of the stored query, or how the table came about.
        parameters: What was asked for, by parameter.
        source: The release that answered, or the files.
        licences: Under which terms the data may be used.
        columns: The columns, in their order.
        note: What else must be said, such as that rows were cut.
    """

    title: str
    query: str
    parameters: Mapping[str, Sequence[str]]
    source: str
    licences: Sequence[str]
    columns: Sequence[Column]
    note: str = ""

    def rows(self) -> Iterable[tuple[str, str, str, str]]:
        """Yield the codebook as rows of four texts, for a sheet of its own."""
        yield ("Table", self.title, "", "")
        yield ("Query", self.query, "", "")
        for name, values in self.parameters.items():
            yield ("Parameter", name, ", ".join(values), "")
        yield ("Data", self.source, "", "")
        for licence in self.licences:
            yield ("Licence", licence, "", "")
        if self.note:
            yield ("Note", self.note, "", "")
        yield ("", "", "", "")
        yield ("Column", "Meaning", "Values", "")
        for column in self.columns:
            yield (column.name, column.meaning, _SAID[column.kind], "")
        for column in self.columns:
            if column.values:
                yield ("", "", "", "")
                yield (f"Concepts in {column.name}", "Called", "IRI", "")
                for iri, label in column.values.items():
                    yield ("", label, iri, "")

    def csvw(self, file: str) -> bytes:
        """Return the codebook as metadata of a CSV file, as CSV on the Web (W3C) defines it."""
        asked = [f"--{name} {value}" for name, values in self.parameters.items() for value in values]
        table: dict[str, Any] = {
            "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
            "url": file,
            "dc:title": self.title,
            "dc:source": self.source,
            "dc:license": list(self.licences),
            "dc:provenance": " ".join([self.query, *asked]),
            "dialect": {"header": True, "encoding": "utf-8"},
            "tableSchema": {"columns": [_csvw_column(column) for column in self.columns]},
        }
        if self.note:
            table["rdfs:comment"] = self.note
        return (json.dumps(table, ensure_ascii=False, indent=2) + "\n").encode()


def plain_codebook(columns: Sequence[str], kinds: Sequence[str], note: str) -> Codebook:
    """Return the codebook of a table of which nothing is known but its columns."""
    found = [Column(name, "", kind) for name, kind in zip(columns, kinds, strict=True)]
    return Codebook("An answer", "a query of one's own", {}, "", (), found, note)


def _csvw_column(column: Column) -> dict[str, Any]:
    found: dict[str, Any] = {"name": column.name, "titles": column.name}
    if column.meaning:
        found["dc:description"] = column.meaning
    found["datatype"] = "anyURI" if column.kind == "iri" else _DATATYPES.get(column.kind, "string")
    if column.values:
        found["skos:member"] = [{"@id": iri, "skos:prefLabel": label} for iri, label in column.values.items()]
    return found
