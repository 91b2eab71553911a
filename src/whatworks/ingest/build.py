"""One record into statements, as its mapping says, with an account of every value."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from whatworks.errors import AmbiguousValue, Place, UnknownValue
from whatworks.ingest.mapping import FieldMapping, PartMapping, RecordMapping
from whatworks.ingest.values import check_text, term_of, text_of
from whatworks.lookup import Lookup
from whatworks.namespaces import POSITION, Space, key_of
from whatworks.tally import Problem, Tally
from whatworks.terms import RDF_TYPE, Iri, Literal, Quad, Term, is_language

PATTERN = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Mention:
    """A thing that a record names, to be found or made when all records are read."""

    kind: str
    name: str
    subject: Iri
    properties: tuple[Iri, ...]
    graph: Iri
    country: Iri | None
    explanation: str
    problem: Problem


@dataclass(slots=True)
class Built:
    """What one record became; `parts` are the names of its parts, without their numbers."""

    thing: Iri
    graph: Iri
    where: Place
    adds: bool
    parts: set[str] = field(default_factory=set)
    quads: list[Quad] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)


class Builder:
    """Turns one record into statements; every leaf value is counted."""

    def __init__(self, mapping: RecordMapping, lookup: Lookup, space: Space, tally: Tally, where: Place) -> None:
        self.mapping = mapping
        self.lookup = lookup
        self.space = space
        self.tally = tally
        self.where = where
        self.numbers: Counter[str] = Counter()
        self.record: dict[str, Any] = {}
        self.label = ""

    def build(
        self, record: dict[str, Any], thing: Iri, graph: Iri, *, only: tuple[str, ...] = (), why: str = ""
    ) -> Built:
        """Return the statements of a record about `thing`; with `only`, other fields are left out because of `why`."""
        self.record, self.label = record, thing.code
        self.built = Built(thing, graph, self.where, self.mapping.adds)
        for name, value in record.items():
            mapping = self.mapping.fields.get(name)
            if mapping is None and name in (self.mapping.class_field, self.mapping.key_field, self.mapping.row_field):
                self._used(name, value)
            elif mapping is None:
                self._leave_out(name, value, "the mapping does not know the field")
            elif only and name not in only:
                self._leave_out(name, value, why)
            else:
                self._field(self._subject_of(mapping), mapping, value, name, record)
        return self.built

    def _used(self, path: str, value: Any) -> None:
        """Count a field that says only the key or the class of the record."""
        count = sum(1 for _ in _leaves(value))
        self.tally.read[self.where.file, path] += count
        self.tally.mapped[self.where.file, path] += count

    def _leave_out(self, path: str, value: Any, reason: str) -> None:
        if count := sum(1 for _ in _leaves(value)):
            self.tally.read[self.where.file, path] += count
            self.tally.leave_out(self.where.file, path, reason, count)

    def _subject_of(self, mapping: FieldMapping) -> Iri:
        """Return the node that a field of the record itself speaks of: the thing, its record, or a single part."""
        if mapping.inside == "record":
            return self.space.thing("record", self.built.thing.code)
        if mapping.inside:
            return self._part_node(self.mapping.parts[mapping.inside], self.built.thing, mapping.inside)
        return self.built.thing

    def _graph_for(self, mapping: FieldMapping) -> Iri:
        if mapping.inside == "record":
            return self.space.graph("provenance")
        return self.space.graph(mapping.graph) if mapping.graph else self.built.graph

    def _field(self, subject: Iri, mapping: FieldMapping, value: Any, path: str, siblings: dict[str, Any]) -> None:
        for leaf in _listed(value):
            if mapping.fields:
                self._object(subject, mapping, leaf, path)
                continue
            self.tally.read[self.where.file, path] += 1
            if isinstance(leaf, dict | list):
                self._problem(path, leaf, "is a table or list where a plain value is expected.")
            elif mapping.used_by:
                self.tally.mapped[self.where.file, path] += 1
            else:
                self._leaf(subject, mapping, leaf, path, siblings)

    def _object(self, subject: Iri, mapping: FieldMapping, item: Any, path: str) -> None:
        if not isinstance(item, dict) or mapping.part is None:
            self.tally.read[self.where.file, path] += 1
            self._problem(path, item, "is no table of fields.")
            return
        owner = subject
        within = mapping.within
        outer = within.fields if within is not None else {}
        outer_name = self._name_of(within, item, path) if within is not None else ""
        name = self._name_of(mapping.part, item, path, once=True)
        if name is None or outer_name is None:
            return
        if within is not None:
            owner = self._part_node(within, subject, outer_name)
            for inner, field_mapping in outer.items():
                if inner in item:
                    self._field(owner, field_mapping, item[inner], f"{path}.{inner}", item)
        node = self._part_node(mapping.part, owner, name)
        for prop, agent in mapping.agents.items():
            self.mention("agent", agent, node, (prop,), self.built.graph, self._unknown(path, agent, "is no agent."))
        for inner, value in item.items():
            if inner in mapping.fields and inner not in outer:
                self._field(node, mapping.fields[inner], value, f"{path}.{inner}", item)
            elif inner not in outer:
                self._leave_out(f"{path}.{inner}", value, "the mapping does not know the field")

    def _name_of(self, part: PartMapping, item: dict[str, Any], path: str, *, once: bool = False) -> str | None:
        """Return the name of a new part, numbered or made of fields of `item`, or None after a problem was noted."""
        if "{" not in part.name:
            self.numbers[part.name] += 1
            self.built.parts.add(part.name)
            return f"{part.name}-{self.numbers[part.name]}"
        name, given = part.name, ""
        for given in PATTERN.findall(part.name):
            value = item.get(given)
            key = "" if _is_empty(value) else key_of(text_of(value))
            if not key:
                self.tally.read[self.where.file, f"{path}.{given}"] += 1
                self._problem(
                    f"{path}.{given}", value, "is missing or holds no letter and no digit; a part is named so."
                )
                return None
            name = name.replace(f"{{{given}}}", key)
        self.numbers[name] += 1
        if once and self.numbers[name] > 1:
            self.tally.read[self.where.file, f"{path}.{given}"] += 1
            self._problem(f"{path}.{given}", item[given], "stands twice in one record; a part is named so.")
            return None
        self.built.parts.add(name)
        return name

    def _part_node(self, part: PartMapping, owner: Iri, name: str) -> Iri:
        """Return the node of a part, made with its type and the statement that leads to it."""
        node = Iri(f"{self.built.thing}#{name}")
        self.add(owner, part.property, node)
        self.add(node, RDF_TYPE, part.of_class)
        if part.name != name and "{" not in part.name:
            self.add(node, POSITION, Literal.integer(self.numbers[part.name]))
        for prop, (scheme, code) in part.concepts.items():
            self.add(node, prop, self.lookup.concept(scheme, code))
        return node

    def add(self, subject: Iri, predicate: Iri, value: Term, graph: Iri | None = None) -> None:
        """Note one statement."""
        self.built.quads.append(Quad(subject, predicate, value, graph or self.built.graph))

    def _leaf(self, subject: Iri, mapping: FieldMapping, leaf: Any, path: str, siblings: dict[str, Any]) -> None:
        text = text_of(leaf)
        if reason := mapping.leave_out.get(text):
            self.tally.leave_out(self.where.file, path, reason)
            return
        if mapping.unless_in and leaf in _listed(siblings.get(mapping.unless_in)):
            self.tally.leave_out(self.where.file, path, f"stated already in {mapping.unless_in}")
            return
        if mapping.part is not None:
            subject = self._part_node(mapping.part, subject, self._name_of(mapping.part, {}, path) or "")
        graph = self._graph_for(mapping)
        if mapping.kind in ("agent", "collection", "thing", "link"):
            self._names(subject, mapping, text, path, siblings)
            return
        properties = mapping.properties
        term = self._term(mapping, mapping.values.get(text, text), leaf, path)
        if term is None:
            return
        if mapping.language_from:
            term, properties = self._in_language(mapping, term, siblings)
        for prop in properties:
            self.add(subject, prop, term, graph)
        if also := mapping.also.get(text):
            self.add(subject, also[0], self.lookup.concept(also[1], also[2]), graph)
        self.tally.mapped[self.where.file, path] += 1

    def _names(self, subject: Iri, mapping: FieldMapping, text: str, path: str, siblings: dict[str, Any]) -> None:
        """Note the things that a value names."""
        given = re.split(mapping.split, text) if mapping.split else [text]
        names = [name.strip() for name in given if name.strip()]
        try:
            check_text(text)
            if not names:
                raise ValueError("holds no name.")
        except ValueError as error:
            self._problem(path, text, str(error))
            return
        self.tally.mapped[self.where.file, path] += 1
        country = self._country(mapping, siblings, path)
        problem = self._unknown(path, text, "names nothing that is there.")
        graph = self._graph_for(mapping)
        for name in names:
            self.mention(
                mapping.kind, name, subject, mapping.properties, graph, problem, country, mapping.explanation
            )  # fmt: skip

    def _term(self, mapping: FieldMapping, text: str, leaf: Any, path: str) -> Term | None:
        """Return the term of a value, or None after a problem was noted."""
        try:
            return term_of(mapping, text, self.built.thing, self.lookup)
        except (UnknownValue, AmbiguousValue) as error:
            self._problem(path, leaf, error.message, error.hint)
        except ValueError as error:
            self._problem(path, leaf, str(error))
        return None

    def _in_language(self, mapping: FieldMapping, term: Term, siblings: dict[str, Any]) -> tuple[Term, tuple[Iri, ...]]:
        """Return the text in the record's one language; where that is not known, as the mapping says otherwise."""
        languages = _listed(siblings.get(mapping.language_from))
        known = str(languages[0]) if len(languages) == 1 and languages[0] != mapping.language else ""
        if not (is_language(known) and re.match(r"[a-z]{2,3}(-|$)", known)):  # "english" could be a tag, and is none
            known = ""
        text = term.value if isinstance(term, Literal) else str(term)
        if known:
            return Literal.text(text, known), mapping.properties
        language = mapping.language if languages == [mapping.language] else "und"
        return Literal.text(text, language), (mapping.otherwise,) if mapping.otherwise else mapping.properties

    def _country(self, mapping: FieldMapping, siblings: dict[str, Any], path: str) -> Iri | None:
        value = siblings.get(mapping.country_from) if mapping.country_from else None
        if _is_empty(value):
            return None
        name = mapping.country_values.get(text_of(value), text_of(value))
        try:
            return self.lookup.concept("place", name)
        except (UnknownValue, AmbiguousValue) as error:
            place = ".".join([*path.split(".")[:-1], mapping.country_from])
            self.tally.take_back(self._unknown(place, value, error.message, error.hint))
            return None

    def mention(
        self, kind: str, name: str, subject: Iri, properties: tuple[Iri, ...], graph: Iri, problem: Problem,
        country: Iri | None = None, explanation: str = "",
    ) -> None:  # fmt: skip
        """Note that a thing is named, to be found when all records are read."""
        self.built.mentions.append(Mention(kind, name, subject, properties, graph, country, explanation, problem))

    def _problem(self, path: str, found: Any, message: str, hint: str = "") -> None:
        """Note a value that cannot be taken over."""
        self.tally.problems.append(self._unknown(path, found, message, hint))

    def _unknown(self, path: str, found: Any, message: str, hint: str = "") -> Problem:
        return Problem(self.where, self.label, path, text_of(found)[:120], message, hint)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _listed(value: Any) -> list[Any]:
    """Return the values of a field, of which one may stand without a list, and empty ones do not count."""
    return [leaf for leaf in (value if isinstance(value, list) else [value]) if not _is_empty(leaf)]


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif not _is_empty(value):
        yield value
