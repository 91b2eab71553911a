"""The declared mapping of an import: which field becomes which property, and how.

A mapping is a YAML file beside the records (`records.jsonl` and `records.mapping.yaml`); docs/how-to/import.md
explains its words. Everything is checked when it is read, so that a slip in a mapping is found before any record is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from whatworks.errors import MappingFault, Place, UsageError
from whatworks.lookup import Lookup
from whatworks.namespaces import WW, Prefixes
from whatworks.terms import Iri, is_iri
from whatworks.yamltext import YamlFault, read_yaml

KINDS = (
    "text", "words", "integer", "decimal", "boolean", "concept", "iri", "agent", "collection", "thing", "link", "part",
)  # fmt: skip
# The things that records are about, and the folders that hold their files.
FOLDERS = {"intervention": "interventions", "resource": "resources"}
_TOP_KEYS = {
    "source", "thing", "key", "class", "record", "row", "same-as", "instead", "adds", "parts", "fields",
    "columns", "only", "needs", "separator",
}  # fmt: skip
_FIELD_KEYS = {
    "property", "as", "scheme", "graph", "in", "part", "within", "fields", "values", "leave-out", "unless-in",
    "language", "language-from", "otherwise", "country-from", "country-values", "used-by", "split", "prefix",
    "explanation", "agents", "also", "default",
}  # fmt: skip
_TEXT_KEYS = (
    "as", "scheme", "graph", "in", "unless-in", "language", "language-from", "country-from", "used-by", "split",
    "prefix", "explanation",
)  # fmt: skip
_PART_KEYS = {"name", "property", "class", "concepts", "fields"}
_KEY = r"[a-z0-9]+(-[a-z0-9]+)*"
_DATE = r"([0-9]{4}-[0-9]{2}-[0-9]{2})?"
_PART_NAME = r"[a-z]([a-z0-9-]|\{\w+\})*"


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
    default: str = ""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """The field that a column of a table fills, what other fields are where it does, and what a yes stands for."""

    fills: str
    sets: Mapping[str, str] = field(default_factory=dict)
    stands_for: str = ""


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
    """A whole mapping; one that only adds to records gives them no class."""

    source: str
    thing: str
    key_field: str
    key_from_title: bool
    class_field: str
    class_values: Mapping[str, Iri]
    class_default: Iri
    compiled_by: str
    compiled: str
    pages: tuple[str, ...]
    row_field: str
    same_as: Mapping[str, str]
    instead: Mapping[str, Instead]
    adds: bool
    parts: Mapping[str, PartMapping]
    fields: Mapping[str, FieldMapping]
    columns: Mapping[str, ColumnMapping]
    only: Mapping[str, tuple[str, ...]]
    needs: tuple[str, ...]
    separator: str


def read_mapping(data: bytes, name: str, prefixes: Prefixes, lookup: Lookup) -> RecordMapping:
    """Read a mapping.

    Args:
        data: The content.
        name: The file's name, for messages.
        prefixes: What terms are written with.
        lookup: Knows the schemes and their concepts.

    Raises:
        MappingFault: It is not YAML, has an unknown word, or a needed one is missing; with file and place.
    """
    try:
        document = read_yaml(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise MappingFault("The mapping is not UTF-8.", where=Place(name)) from error
    except YamlFault as error:
        raise MappingFault(f"The mapping is not YAML: {error.problem}.", where=Place(name, error.line)) from error
    return _Reader(name, prefixes, lookup).mapping(document)


class _Reader:
    def __init__(self, name: str, prefixes: Prefixes, lookup: Lookup) -> None:
        self.name = name
        self.prefixes = prefixes
        self.lookup = lookup
        self.parts: dict[str, PartMapping] = {}

    # ---- what may stand in a place ----

    def fail(self, message: str, hint: str = "") -> MappingFault:
        return MappingFault(message, hint=hint, where=Place(self.name))

    def table(self, value: Any, what: str) -> dict[Any, Any]:
        if not isinstance(value, dict):
            raise self.fail(f"{what} is no table of `key: value` lines.")
        return value

    def keys(self, value: Any, known: set[str], what: str, needed: Sequence[str] = ()) -> dict[str, Any]:
        table = self.table(value, what)
        for key in table:
            if key not in known:
                raise self.fail(f"{what} has the unknown word {key!r}.", f"Known words: {', '.join(sorted(known))}.")
        for word in needed:
            if word not in table:
                raise self.fail(f"{what} does not say {word!r}.")
        return table

    def text(self, value: Any, what: str, *, pattern: str = ".*", like: str = "a text in quotation marks") -> str:
        if not isinstance(value, str) or not re.fullmatch(pattern, value, re.DOTALL):
            raise self.fail(f"{what}: {value!r} does not fit.", f"Give {like}.")
        return value

    def iri(self, curie: Any, what: str) -> Iri:
        found = self.prefixes.expand(curie) if isinstance(curie, str) else None
        if found is None or not is_iri(found):
            raise self.fail(f"{what}: {curie!r} is no term with a known prefix.", "Write it like ww:stage.")
        if found.startswith(WW) and not self.lookup.is_term(found):
            near = get_close_matches(str(curie), self.lookup.terms(), n=1)
            hint = f"Did you mean {near[0]}?" if near else "The terms are in ontology/whatworks.ttl."
            raise self.fail(f"{what}: {curie!r} is no term of the model.", hint)
        return found

    def scheme(self, code: str, what: str) -> str:
        if not self.lookup.concepts(code).known:
            raise self.fail(f"{what}: there is no scheme {code!r}.", "Name a scheme of ontology/vocabularies/.")
        return code

    def concept(self, value: Any, what: str) -> tuple[str, str]:
        scheme = self.scheme(self.text(value["scheme"], what), what)
        try:
            return scheme, self.lookup.concept(scheme, str(value["code"])).code
        except UsageError as error:
            raise self.fail(f"{what}: {error.message}", error.hint) from error

    # ---- the mapping ----

    def mapping(self, document: Any) -> RecordMapping:
        table = self.keys(document, _TOP_KEYS, "The mapping", ("source", "thing", "key", "fields"))
        adds = table.get("adds", False) is True
        key, of_class, record = table["key"], table.get("class", {}), table.get("record", {})
        self.keys(of_class, {"field", "values", "default"}, "class", () if adds else ("default",))
        self.keys(record, {"compiled-by", "compiled", "pages"}, "record")
        if adds and (of_class or record or "instead" in table):
            raise self.fail("A mapping that adds to records makes none, so it takes no class, record or instead.")
        from_title = isinstance(key, dict)
        if from_title:
            key = self.keys(key, {"from-title"}, "key", ("from-title",))["from-title"]
        if table["thing"] not in FOLDERS:
            raise self.fail(f"thing: {table['thing']!r} is none of: {', '.join(FOLDERS)}.")
        if "row" not in table and ("same-as" in table or "instead" in table):
            raise self.fail("same-as and instead need a row: the field that says which row it is.")
        for name, value in self.table(table.get("parts", {}), "parts").items():
            self.parts[name] = self.part({**self.table(value, f"The part {name!r}"), "name": name})
        words = self.table(of_class.get("values", {}), "class")
        rows = self.table(table.get("same-as", {}), "same-as")
        others = self.table(table.get("instead", {}), "instead")
        columns, only = table.get("columns", {}), table.get("only", {})
        return RecordMapping(
            source=self.text(table["source"], "source", pattern=_KEY, like="a key such as my-survey"),
            thing=table["thing"],
            key_field=self.text(key, "key"),
            key_from_title=from_title,
            class_field=self.text(of_class.get("field", ""), "class"),
            class_values={_word(value): self.iri(curie, "class") for value, curie in words.items()},
            class_default=Iri("") if adds else self.iri(of_class["default"], "class"),
            compiled_by=self.text(record.get("compiled-by", ""), "compiled-by"),
            compiled=self.text(str(record.get("compiled", "")), "compiled", pattern=_DATE, like="a day as 2026-11-21"),
            pages=tuple(self.page(page) for page in record.get("pages", ())),
            row_field=self.text(table.get("row", ""), "row"),
            same_as={str(row): str(other) for row, other in rows.items()},
            instead={str(row): self.instead(value) for row, value in others.items()},
            adds=adds,
            parts=self.parts,
            fields=self.fields(table["fields"], "fields"),
            columns={str(name): self.column(each) for name, each in self.table(columns, "columns").items()},
            only={
                str(name): tuple(map(_word, self.listed(each, "only")))
                for name, each in self.table(only, "only").items()
            },
            needs=tuple(map(_word, self.listed(table.get("needs", []), "needs"))),
            separator=self.text(table.get("separator", ""), "separator"),
        )

    def column(self, value: Any) -> ColumnMapping:
        if not isinstance(value, dict):
            return ColumnMapping(self.text(value, "columns", like="the name of a field"))
        table = self.keys(value, {"field", "sets", "stands-for"}, "columns", ("field",))
        return ColumnMapping(
            self.text(table["field"], "columns"),
            self.words(table, "sets", "columns"),
            _word(table.get("stands-for", "")),
        )

    def listed(self, value: Any, what: str) -> list[Any]:
        if not isinstance(value, list):
            raise self.fail(f"{what}: {value!r} is no list of values.")
        return value

    def page(self, page: Any) -> str:
        if not isinstance(page, str) or not is_iri(page):
            raise self.fail(f"pages: {page!r} is no absolute IRI.")
        return page

    def instead(self, value: Any) -> Instead:
        needed = ("thing", "key", "class", "title", "only", "reason")
        table = self.keys(value, {*needed, "concepts"}, "instead", needed)
        if table["thing"] not in FOLDERS:
            raise self.fail(f"instead: {table['thing']!r} is none of: {', '.join(FOLDERS)}.")
        return Instead(
            table["thing"],
            self.text(table["key"], "instead", pattern=_KEY, like="a key such as my-record"),
            self.iri(table["class"], "instead"),
            self.text(table["title"], "instead"),
            self.concepts(table.get("concepts", {})),
            tuple(str(name) for name in table["only"]),
            self.text(table["reason"], "instead"),
        )

    def concepts(self, table: Any) -> dict[Iri, tuple[str, str]]:
        return {
            self.iri(curie, "concepts"): self.concept(
                self.keys(value, {"scheme", "code"}, "concepts", ("scheme", "code")), "concepts"
            )
            for curie, value in self.table(table, "concepts").items()
        }

    def part(self, value: Any) -> PartMapping:
        table = self.keys(value, _PART_KEYS, "A part", ("name", "property", "class"))
        return PartMapping(
            self.text(table["name"], "A part", pattern=_PART_NAME, like="a name such as factor or finding-{id}"),
            self.iri(table["property"], "A part"),
            self.iri(table["class"], "A part"),
            self.concepts(table.get("concepts", {})),
            self.fields(table.get("fields", {}), "part"),
        )

    def fields(self, table: Any, what: str) -> dict[str, FieldMapping]:
        if not isinstance(table, dict):
            raise self.fail(f"{what} is no table of fields.")
        return {str(name): self.field(str(name), value) for name, value in table.items()}

    def field(self, name: str, value: Any) -> FieldMapping:
        what = f"The field {name!r}"
        table = self.keys(value, _FIELD_KEYS, what)
        text = {word: self.text(table.get(word, ""), f"{what}, {word}") for word in _TEXT_KEYS}
        kind = text["as"]
        if kind not in KINDS and not (table.get("fields") or text["used-by"]):
            raise self.fail(f"{what} has no kind of: {', '.join(KINDS)}.", "Write for example: as: words.")
        if (kind == "concept") != bool(text["scheme"]):
            raise self.fail(f"{what}: a concept, and only a concept, names its scheme.")
        given = table.get("property", [])
        properties = tuple(self.iri(curie, what) for curie in (given if isinstance(given, list) else [given]))
        if not properties and kind not in ("", "link"):
            raise self.fail(f"{what} has no property.")
        self.check_field(what, table, text)
        also = self.table(table.get("also", {}), f"{what}, also")
        return FieldMapping(
            kind=kind,
            properties=properties,
            scheme=self.scheme(text["scheme"], what) if text["scheme"] else "",
            graph=text["graph"],
            inside=text["in"],
            part=self.part(table["part"]) if "part" in table else None,
            within=self.part(table["within"]) if "within" in table else None,
            fields=self.fields(table["fields"], name) if "fields" in table else {},
            values=self.words(table, "values", what),
            leave_out=self.words(table, "leave-out", what),
            unless_in=text["unless-in"],
            language=text["language"] or "en",
            language_from=text["language-from"],
            otherwise=self.iri(table["otherwise"], what) if "otherwise" in table else None,
            country_from=text["country-from"],
            country_values=self.words(table, "country-values", what),
            used_by=text["used-by"],
            split=text["split"],
            prefix=text["prefix"],
            explanation=text["explanation"],
            agents={
                self.iri(curie, what): self.text(agent, f"{what}, agents")
                for curie, agent in self.table(table.get("agents", {}), f"{what}, agents").items()
            },
            also={_word(word): self.also(meant, what) for word, meant in also.items()},
            default=_word(table.get("default", "")),
        )

    def check_field(self, what: str, table: dict[str, Any], text: Mapping[str, str]) -> None:
        """Refuse words that do not go together, and texts that are not of their form."""
        if text["in"] not in ("", "record", *self.parts):
            raise self.fail(f"{what}: there is no part {text['in']!r}.", "Name record, or a part of the table parts.")
        if "fields" in table and "part" not in table:
            raise self.fail(f"{what} has fields of its own, so it needs a part.")
        named = str(self.table(table.get("part", {}), what).get("name", ""))
        if "fields" not in table and ("within" in table or "{" in named):
            raise self.fail(f"{what} needs fields: a part is named after them.")
        self.text(text["graph"], what, pattern=f"|{_KEY}(/{_KEY})*", like="the end of a graph's name")
        self.text(text["language"], what, pattern=r"|[a-z]{2,3}(-[A-Za-z0-9]{1,8})*", like="a language tag such as en")
        try:
            re.compile(text["split"])
        except re.error as error:
            raise self.fail(f"{what}: split is no pattern: {error}.") from error

    def words(self, table: dict[str, Any], word: str, what: str) -> dict[str, str]:
        values = self.table(table.get(word, {}), f"{what}, {word}")
        return {_word(key): str(found) for key, found in values.items()}

    def also(self, value: Any, what: str) -> tuple[Iri, str, str]:
        words = ("property", "scheme", "code")
        table = self.keys(value, set(words), f"{what}, also", words)
        return (self.iri(table["property"], what), *self.concept(table, what))


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
