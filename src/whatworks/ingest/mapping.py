"""The declared mapping of an import: which field becomes which property, and how.

A mapping is a YAML file beside the records (`records.jsonl` and `records.mapping.yaml`); docs/how-to/import.md
explains its words. Everything is checked when it is read, so that a slip in a mapping is found before any record is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from whatworks.errors import MappingFault, Place
from whatworks.namespaces import Prefixes
from whatworks.terms import Iri
from whatworks.yamltext import YamlFault, read_yaml

KINDS = (
    "text", "words", "integer", "decimal", "boolean", "concept", "iri", "agent", "collection", "thing", "link", "part",
)  # fmt: skip
_TOP_KEYS = {
    "source",
    "thing",
    "key",
    "class",
    "record",
    "row",
    "same-as",
    "instead",
    "adds",
    "parts",
    "fields",
}
_FIELD_KEYS = {
    "property", "as", "scheme", "graph", "in", "part", "within", "fields", "values", "leave-out", "unless-in",
    "language", "language-from", "otherwise", "country-from", "country-values", "used-by", "split", "prefix",
    "explanation", "agents", "also",
}  # fmt: skip
_PART_KEYS = {"name", "property", "class", "concepts", "fields"}


@dataclass(frozen=True, slots=True)
class PartMapping:
    """A part of a thing: its name (a pattern over the fields), the property that leads to it, its class."""

    name: str
    property: Iri
    of_class: Iri
    concepts: Mapping[Iri, tuple[str, str]] = field(default_factory=dict)
    fields: "Mapping[str, FieldMapping]" = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """What becomes of one field."""

    kind: str = ""
    properties: tuple[Iri, ...] = ()
    scheme: str = ""
    graph: str = ""
    inside: str = ""
    part: PartMapping | None = None
    within: PartMapping | None = None
    fields: "Mapping[str, FieldMapping]" = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    leave_out: Mapping[str, str] = field(default_factory=dict)
    unless_in: str = ""
    language: str = "en"
    language_from: str = ""
    otherwise: Iri | None = None
    country_from: str = ""
    country_values: Mapping[str, str] = field(default_factory=dict)
    used_by: str = ""
    split: str = ""
    prefix: str = ""
    explanation: str = ""
    agents: Mapping[Iri, str] = field(default_factory=dict)
    also: Mapping[str, tuple[Iri, str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Instead:
    """What a row stands for that is not one of the usual things."""

    thing: str
    key: str
    of_class: Iri
    title: str
    concepts: Mapping[Iri, tuple[str, str]]
    only: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class RecordMapping:
    """A whole mapping."""

    source: str
    thing: str
    key_field: str
    key_from_title: bool
    class_field: str
    class_values: Mapping[str, Iri]
    class_default: Iri | None
    compiled_by: str
    compiled: str
    pages: tuple[str, ...]
    row_field: str
    same_as: Mapping[str, str]
    instead: Mapping[str, Instead]
    adds: bool
    parts: Mapping[str, PartMapping]
    fields: Mapping[str, FieldMapping]


def read_mapping(data: bytes, name: str, prefixes: Prefixes) -> RecordMapping:
    """Read a mapping.

    Raises:
        MappingFault: It is not YAML, has an unknown word, or a needed one is missing; with file and place.
    """
    try:
        document = read_yaml(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise MappingFault("The mapping is not UTF-8.", where=Place(name)) from error
    except YamlFault as error:
        raise MappingFault(f"The mapping is not YAML: {error.problem}.", where=Place(name, error.line)) from error
    return _Reader(name, prefixes).mapping(document)


class _Reader:
    def __init__(self, name: str, prefixes: Prefixes) -> None:
        self.name = name
        self.prefixes = prefixes

    def fail(self, message: str, hint: str = "") -> MappingFault:
        return MappingFault(message, hint=hint, where=Place(self.name))

    def keys(self, table: Any, known: set[str], what: str) -> dict[str, Any]:
        if not isinstance(table, dict):
            raise self.fail(f"{what} is no table of `key: value` lines.")
        for key in table:
            if key not in known:
                raise self.fail(f"{what} has the unknown word {key!r}.", f"Known words: {', '.join(sorted(known))}.")
        return table

    def iri(self, curie: Any, what: str) -> Iri:
        found = self.prefixes.expand(curie) if isinstance(curie, str) else None
        if found is None:
            raise self.fail(f"{what}: {curie!r} is no term with a known prefix.", "Write it like ww:stage.")
        return found

    def mapping(self, document: Any) -> RecordMapping:
        table = self.keys(document, _TOP_KEYS, "The mapping")
        for needed in ("source", "thing", "key", "fields"):
            if needed not in table:
                raise self.fail(f"The mapping does not say {needed!r}.")
        key = table["key"]
        of_class = self.keys(table.get("class", {}), {"field", "values", "default"}, "class")
        record = self.keys(table.get("record", {}), {"compiled-by", "compiled", "pages"}, "record")
        from_title = isinstance(key, dict)
        if "default" not in of_class and not table.get("adds"):
            raise self.fail("class has no default.", "Write for example: class: {default: ww:Practice}.")
        return RecordMapping(
            source=table["source"],
            thing=table["thing"],
            key_field=key["from-title"] if from_title else key,
            key_from_title=from_title,
            class_field=of_class.get("field", ""),
            class_values={str(value): self.iri(curie, "class") for value, curie in of_class.get("values", {}).items()},
            class_default=self.iri(of_class["default"], "class") if "default" in of_class else None,
            compiled_by=record.get("compiled-by", ""),
            compiled=str(record.get("compiled", "")),
            pages=tuple(record.get("pages", ())),
            row_field=table.get("row", ""),
            same_as={str(row): str(other) for row, other in table.get("same-as", {}).items()},
            instead={str(row): self.instead(value) for row, value in table.get("instead", {}).items()},
            adds=bool(table.get("adds", False)),
            parts={part: self.part({**value, "name": part}) for part, value in table.get("parts", {}).items()},
            fields=self.fields(table["fields"], "fields"),
        )

    def instead(self, value: Any) -> Instead:
        known = {"thing", "key", "class", "title", "concepts", "only", "reason"}
        table = self.keys(value, known, "instead")
        if missing := known - set(table) - {"concepts"}:
            raise self.fail(f"instead does not say {', '.join(sorted(missing))}.")
        return Instead(
            table["thing"],
            table["key"],
            self.iri(table["class"], "instead"),
            table["title"],
            self.concepts(table.get("concepts", {})),
            tuple(table["only"]),
            table["reason"],
        )

    def concepts(self, table: dict[str, Any]) -> dict[Iri, tuple[str, str]]:
        return {self.iri(curie, "concepts"): (value["scheme"], str(value["code"])) for curie, value in table.items()}

    def part(self, value: Any) -> PartMapping:
        table = self.keys(value, _PART_KEYS, "A part")
        for needed in ("name", "property", "class"):
            if needed not in table:
                raise self.fail(f"A part does not say {needed!r}.")
        return PartMapping(
            str(table["name"]),
            self.iri(table["property"], "part"),
            self.iri(table["class"], "part"),
            self.concepts(table.get("concepts", {})),
            self.fields(table.get("fields", {}), "part"),
        )

    def fields(self, table: Any, what: str) -> dict[str, FieldMapping]:
        if not isinstance(table, dict):
            raise self.fail(f"{what} is no table of fields.")
        return {str(name): self.field(str(name), value) for name, value in table.items()}

    def field(self, name: str, value: Any) -> FieldMapping:
        table = self.keys(value, _FIELD_KEYS, f"The field {name!r}")
        kind = table.get("as", "")
        if kind not in KINDS and not (table.get("fields") or table.get("used-by")):
            raise self.fail(f"The field {name!r} has no kind of: {', '.join(KINDS)}.", "Write for example: as: words.")
        if (kind == "concept") != ("scheme" in table):
            raise self.fail(f"The field {name!r}: a concept, and only a concept, names its scheme.")
        given = table.get("property", [])
        properties = tuple(self.iri(curie, name) for curie in (given if isinstance(given, list) else [given]))
        if not properties and kind not in ("", "link"):
            raise self.fail(f"The field {name!r} has no property.")
        return FieldMapping(
            kind=kind,
            properties=properties,
            scheme=table.get("scheme", ""),
            graph=table.get("graph", ""),
            inside=table.get("in", ""),
            part=self.part(table["part"]) if "part" in table else None,
            within=self.part(table["within"]) if "within" in table else None,
            fields=self.fields(table["fields"], name) if "fields" in table else {},
            values={_word(key): str(found) for key, found in table.get("values", {}).items()},
            leave_out={_word(key): str(reason) for key, reason in table.get("leave-out", {}).items()},
            unless_in=table.get("unless-in", ""),
            language=table.get("language", "en"),
            language_from=table.get("language-from", ""),
            otherwise=self.iri(table["otherwise"], name) if "otherwise" in table else None,
            country_from=table.get("country-from", ""),
            country_values={_word(key): str(found) for key, found in table.get("country-values", {}).items()},
            used_by=table.get("used-by", ""),
            split=table.get("split", ""),
            prefix=table.get("prefix", ""),
            explanation=table.get("explanation", ""),
            agents={self.iri(curie, name): agent for curie, agent in table.get("agents", {}).items()},
            also={
                _word(word): (self.iri(meant["property"], name), meant["scheme"], str(meant["code"]))
                for word, meant in table.get("also", {}).items()
            },
        )


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
