"""One record into statements, as its mapping says, with an account of every value."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from whatworks.errors import AmbiguousValue, Place, UnknownValue
from whatworks.ingest.mapping import FieldMapping, PartMapping, RecordMapping
from whatworks.ingest.tally import Problem, Tally
from whatworks.ingest.values import term_of, text_of
from whatworks.lookup import Lookup
from whatworks.namespaces import WW, Space, key_of
from whatworks.terms import RDF_TYPE, Iri, Literal, Quad, Term

POSITION = Iri(WW + "position")


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
    """What one record became."""

    thing: Iri
    graph: Iri
    where: Place
    adds: bool
    title: str = ""
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
            path = name
            mapping = self.mapping.fields.get(name)
            if mapping is None or (only and name not in only):
                reason = why if mapping is not None else "the mapping does not know the field"
                count = sum(1 for _ in _leaves(value))
                self.tally.read[self.where.file, path] += count
                if count:
                    self.tally.leave_out(self.where.file, path, reason, count)
            else:
                self._field(self._subject_of(mapping), mapping, value, path, record)
        return self.built

    def _subject_of(self, mapping: FieldMapping) -> Iri:
        """Return the node that a field of the record itself speaks of: the thing, its record, or a single part."""
        if mapping.inside == "record":
            return self.space.thing("record", self.built.thing.code)
        if mapping.inside:
            return self._part_node(self.mapping.parts[mapping.inside], self.built.thing, {})
        return self.built.thing

    def _graph_for(self, mapping: FieldMapping) -> Iri:
        if mapping.inside == "record":
            return self.space.graph("provenance")
        return self.space.graph(mapping.graph) if mapping.graph else self.built.graph

    def _field(self, subject: Iri, mapping: FieldMapping, value: Any, path: str, siblings: dict[str, Any]) -> None:
        if mapping.fields:
            for item in value if isinstance(value, list) else [value]:
                self._object(subject, mapping, item, path)
            return
        for leaf in value if isinstance(value, list) else [value]:
            if leaf is None or leaf == "":
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
        known = dict(mapping.fields)
        if mapping.within is not None:
            owner = self._part_node(mapping.within, subject, item)
            for name in mapping.within.fields.keys() & item.keys():
                self._field(owner, mapping.within.fields[name], item[name], f"{path}.{name}", item)
                known.pop(name, None)
        node = self._part_node(mapping.part, owner, item)
        for prop, agent in mapping.agents.items():
            self.mention("agent", agent, node, (prop,), self.built.graph, self._unknown(path, agent, "is no agent."))
        for name, value in item.items():
            if name in known:
                self._field(node, known[name], value, f"{path}.{name}", item)
            elif mapping.within is None or name not in mapping.within.fields:
                self.tally.read[self.where.file, f"{path}.{name}"] += 1
                self.tally.leave_out(self.where.file, f"{path}.{name}", "the mapping does not know the field")

    def _part_node(self, part: PartMapping, owner: Iri, item: dict[str, Any]) -> Iri:
        """Return the node of a part, made with its type and the statement that leads to it."""
        single = part.name in self.mapping.parts
        if single or "{" in part.name:
            name = re.sub(r"\{(\w+)\}", lambda match: key_of(str(item.get(match[1], ""))), part.name)
        else:
            self.numbers[part.name] += 1
            name = f"{part.name}-{self.numbers[part.name]}"
        node = Iri(f"{self.built.thing}#{name}")
        self.add(owner, part.property, node)
        self.add(node, RDF_TYPE, part.of_class)
        if not single and "{" not in part.name:
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
        if mapping.unless_in and leaf in siblings.get(mapping.unless_in, []):
            self.tally.leave_out(self.where.file, path, f"stated already in {mapping.unless_in}")
            return
        if mapping.part is not None:
            subject = self._part_node(mapping.part, subject, {})
        graph = self._graph_for(mapping)
        if mapping.kind in ("agent", "collection", "thing", "link"):
            country = self._country(mapping, siblings, path)
            names = re.split(mapping.split, text) if mapping.split else [text]
            problem = self._unknown(path, text, "names nothing that is there.")
            for name in names:
                self.mention(
                    mapping.kind,
                    name.strip(),
                    subject,
                    mapping.properties,
                    graph,
                    problem,
                    country,
                    mapping.explanation,
                )
            self.tally.mapped[self.where.file, path] += 1
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
        if Iri("http://purl.org/dc/terms/title") in properties and subject == self.built.thing and not self.built.title:
            self.built.title = text
        self.tally.mapped[self.where.file, path] += 1

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
        languages = siblings.get(mapping.language_from, [])
        known = languages[0] if len(languages) == 1 and languages[0] != mapping.language else ""
        text = term.value if isinstance(term, Literal) else str(term)
        if known:
            return Literal.text(text, known), mapping.properties
        language = mapping.language if languages == [mapping.language] else "und"
        return Literal.text(text, language), (mapping.otherwise,) if mapping.otherwise else mapping.properties

    def _country(self, mapping: FieldMapping, siblings: dict[str, Any], path: str) -> Iri | None:
        value = siblings.get(mapping.country_from) if mapping.country_from else None
        if value is None:
            return None
        name = mapping.country_values.get(str(value), str(value))
        place = FieldMapping(kind="concept", scheme="place")
        found = self._term(place, name, value, f"{path.rpartition('.')[0]}.{mapping.country_from}")
        return found if isinstance(found, Iri) else None

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


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value
