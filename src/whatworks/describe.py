"""Everything worth saying about one thing: its fields in the shapes' order, its parts, its record, who points to it."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from whatworks.about import Names, Reader
from whatworks.catalogue import Catalogue
from whatworks.collection import Collection, owner_of
from whatworks.errors import UnknownThing
from whatworks.namespaces import (
    ASSIGNED_FACET,
    LABELS,
    LINK_FROM,
    LINK_TO,
    NOTATION,
    SH,
    SKOS,
    SUBCLASS,
    SUBPROPERTY,
    TOPIC,
)
from whatworks.results import Row, Table
from whatworks.terms import RDF_TYPE, BlankNode, Iri, Literal, Node, Quad, Term
from whatworks.trig import natural

_TARGET_CLASS = Iri(SH + "targetClass")
_OTHER = "More"
_SHORTCUT = re.compile(r"^#\+ tags:.*\bshortcut\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Value:
    """A value as a person reads it.

    Attributes:
        term: The term itself.
        text: Its label, or its text.
        language: The language of the text, if it is not the one asked for.
        part: The description of a part of the thing.
    """

    term: Term
    text: str
    language: str = ""
    part: "Description | None" = None


@dataclass(frozen=True, slots=True)
class Field:
    """A field with its values, in order; `assigned` and `inferred` say that no source states them."""

    name: str
    property: Iri
    values: tuple[Value, ...]
    assigned: bool = False
    inferred: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Fields under one heading."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Description:
    """What is known of one thing."""

    iri: Iri
    title: str
    classes: tuple[str, ...]
    sections: tuple[Section, ...]
    record: "Description | None" = None
    mentions: tuple[Field, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class _FieldShape:
    name: str
    group: str
    rank: tuple[int, int]


class Describer:
    """Describes the things of one collection."""

    def __init__(self, collection: Collection, catalogue: Catalogue) -> None:
        self._collection = collection
        self._store = collection.store
        self._catalogue = catalogue
        self._names = Names(collection.store)
        self._field_names: dict[tuple[Iri, tuple[str, ...]], str] = {}
        self._class_names: dict[tuple[Iri, tuple[str, ...]], str] = {}

    # ---- what there is ----

    def members(self, of_class: str | None) -> list[Iri]:
        """Return the things of a class and its subclasses, or all things that have a record, sorted.

        Raises:
            UnknownThing: The class does not exist.
        """
        if of_class is None:
            topics = {quad.object for quad in self._store.match(predicate=TOPIC)}
            return sorted(topic for topic in topics if isinstance(topic, Iri))
        classes = self.classes(of_class)
        found = {quad.subject for each in classes for quad in self._store.match(predicate=RDF_TYPE, value=each)}
        return sorted(subject for subject in found if isinstance(subject, Iri))

    def classes(self, name: str) -> set[Iri]:
        """Return a class by its name, and its subclasses.

        Raises:
            UnknownThing: The class does not exist.
        """
        if not self._classes.get(name.casefold()):
            near = ", ".join(sorted({iri.code for iris in self._classes.values() for iri in iris}))
            raise UnknownThing(f"There is no class {name[:80]!r}.", hint=f"There are: {near}.")
        found = set(self._classes[name.casefold()])
        while (
            more := {
                quad.subject
                for each in found
                for quad in self._store.match(predicate=SUBCLASS, value=each)
                if isinstance(quad.subject, Iri)
            }
            - found
        ):
            found |= more
        return found

    @cached_property
    def _classes(self) -> dict[str, set[Iri]]:
        found: dict[str, set[Iri]] = defaultdict(set)
        used = {
            quad.object for quad in self._store.match(predicate=RDF_TYPE) if not self._collection.is_model(quad.graph)
        }
        used |= {quad.subject for quad in self._store.match(predicate=SUBCLASS)}
        used |= {quad.object for quad in self._store.match(predicate=SUBCLASS)}
        used.add(Iri(SKOS + "Concept"))
        for iri in used:
            if isinstance(iri, Iri):
                found[iri.code.casefold()].add(iri)
                found[str(iri).casefold()].add(iri)
                found[str(self._collection.prefixes.shorten(iri)).casefold()].add(iri)
        return found

    def statements(self, things: Iterable[Iri]) -> list[Quad]:
        """Return what files assert of things, their parts, records and links, and the names of what they point to."""
        found: dict[Quad, None] = {}
        for thing in things:
            for quad in self._about(thing):
                found.setdefault(quad)
        return list(found)

    def _about(self, thing: Iri) -> Iterator[Quad]:
        own = self._own(thing)
        yield from own
        pointed = (quad.object for quad in own if quad.predicate != RDF_TYPE)
        named = {value for value in pointed if isinstance(value, Iri) and owner_of(value) != thing}
        for iri in sorted(named):
            for predicate in (*LABELS, NOTATION):
                yield from self._names.said(iri, predicate)

    def _own(self, thing: Iri) -> list[Quad]:
        """Return what is asserted of a thing, its parts at any depth, its records, and the links to and from it."""
        nodes, asserted = [thing], dict[Iri, list[Quad]]()
        waiting = [thing]
        while waiting:
            node = waiting.pop()
            asserted[node] = self._asserted(node, own=True)
            for quad in asserted[node]:
                value = quad.object
                if isinstance(value, Iri) and value.startswith(f"{thing}#") and value not in nodes:
                    nodes.append(value)
                    waiting.append(value)
        for predicate in (TOPIC, LINK_FROM, LINK_TO):
            subjects = {quad.subject for quad in self._store.match(predicate=predicate, value=thing)}
            nodes += sorted(subject for subject in subjects if isinstance(subject, Iri))
        return [quad for node in nodes for quad in asserted.get(node) or self._asserted(node)]

    def _asserted(self, node: Iri, *, own: bool = False) -> list[Quad]:
        """Return what is asserted of a node; what a computed link says counts where the link itself is described."""
        counts, is_computed = self._collection.is_inferred, self._collection.is_computed
        found = self._store.match(node)
        return [quad for quad in found if not counts(quad.graph) or (own and is_computed(quad.graph))]

    # ---- for people ----

    def table(self, things: Iterable[Iri]) -> tuple[Table, dict[str, str]]:
        """Return things as rows, and what the columns mean.

        The columns are IRI, key, label, then every field that one of the things has; several values are joined.
        What was assigned or computed stands in columns of its own, and their heads say so.
        """
        columns: dict[tuple[str, Iri], None] = {}
        rows: list[tuple[Iri, str, dict[tuple[str, Iri], str]]] = []
        for thing in things:
            reader = Reader(self._names, self._collection.settings.languages)
            described = self._described(thing, reader, (), parts=False)
            cells: dict[tuple[str, Iri], str] = {}
            for section in described.sections:
                for each in section.fields:
                    mark = " (assigned)" if each.assigned else " (computed)" if each.inferred else ""
                    column = (each.name + mark, each.property)
                    cells[column] = "; ".join(value.text for value in each.values)
                    columns.setdefault(column)
            rows.append((thing, described.title, cells))

        def row(thing: Iri, title: str, cells: dict[tuple[str, Iri], str]) -> Row:
            return (
                thing,
                Literal(thing.code),
                Literal(title),
                *(Literal(cells[column]) if column in cells else None for column in columns),
            )

        # Two properties may have one name; then each says which it is.
        same = Counter(("iri", "key", "label", *(name for name, _ in columns)))
        heads = [name if same[name] == 1 else f"{name} ({self._short(prop)})" for name, prop in columns]
        meanings = {"iri": "The thing.", "key": "Last part of the IRI.", "label": "Its title or name."}
        for head, (_, prop) in zip(heads, columns, strict=True):
            meanings[head] = " ".join(filter(None, [self._definition(prop), f"({self._short(prop)})"]))
        return Table(("iri", "key", "label", *heads), [row(*each) for each in rows]), meanings

    def _definition(self, prop: Iri) -> str:
        """Return what the model says that a property means, in English."""
        found = [quad.object for quad in self._store.match(prop, Iri(SKOS + "definition"))]
        return next((each.value for each in found if isinstance(each, Literal) and each.language == "en"), "")

    def describe(self, thing: Iri, language: str | None = None) -> Description:
        """Describe a thing in a language, or in the project's preferred ones."""
        reader = Reader(self._names, (*([language] if language else []), *self._collection.settings.languages))
        records = [quad.subject for quad in self._store.match(predicate=TOPIC, value=thing)]
        record = next((subject for subject in records if isinstance(subject, Iri)), None)
        described = self._described(thing, reader, ())
        return Description(
            described.iri,
            described.title,
            described.classes,
            described.sections,
            self._described(record, reader, ()) if record is not None else None,
            tuple(self._mentions(thing, reader)),
        )

    def label(self, term: Term, languages: tuple[str, ...]) -> tuple[str, str]:
        """Return the best label of a term and its language; what has no label stands for itself."""
        return self._label(term, Reader(self._names, languages))

    def _label(self, term: Term, reader: Reader) -> tuple[str, str]:
        if isinstance(term, Literal):
            return term.value, term.language
        if isinstance(term, BlankNode):
            return f"_:{term.name}", ""
        return reader.named(term) or (self._short(term), "")

    def _short(self, iri: Iri) -> str:
        return self._collection.prefixes.shorten(iri) or str(iri)

    def _described(self, thing: Iri, reader: Reader, above: tuple[Iri, ...], *, parts: bool = True) -> Description:
        by_property: dict[Iri, list[Quad]] = defaultdict(list)
        for quad in reader.quads(thing):
            by_property[quad.predicate].append(quad)
        types = by_property.pop(RDF_TYPE, [])
        classes = sorted({quad.object for quad in types if isinstance(quad.object, Iri)})
        shapes = {path: shape for each in classes for path, shape in self._shapes.get(each, {}).items()}
        sections: dict[str, list[tuple[tuple[int, int], Field]]] = defaultdict(list)
        for predicate, quads in by_property.items():
            shape = shapes.get(predicate) or _FieldShape(self._field_name(predicate, reader), _OTHER, (99, 99))
            found = self._field(shape.name, quads, thing, reader, above if parts else None)
            if found is not None:
                sections[shape.group].append((shape.rank, found))
        ranked = sorted(sections.items(), key=lambda item: min(rank for rank, _ in item[1]))
        title = reader.named(thing)
        return Description(
            thing,
            title[0] if title else "" if above else thing.code,
            tuple(self._class_name(each, reader) for each in classes),
            tuple(
                Section(
                    name,
                    tuple(found for _, found in sorted(fields, key=lambda pair: (pair[0], pair[1].name))),
                )
                for name, fields in ranked
            ),
        )

    def _field(
        self, name: str, quads: list[Quad], thing: Iri, reader: Reader, above: tuple[Iri, ...] | None
    ) -> Field | None:
        """Return a field; without `above`, parts of the thing are named and not described."""
        asserted = [quad for quad in quads if not self._collection.is_inferred(quad.graph)]
        shown = asserted or [quad for quad in quads if self._is_worth_showing(quad)]
        terms = dict.fromkeys(quad.object for quad in shown)
        inside = None if above is None else (*above, thing)
        values = [self._value(term, thing, reader, inside) for term in terms]
        if not values:
            return None
        if len(values) > 1:
            values.sort(key=lambda value: (reader.position(value.term), natural(value.text), value.language))
        predicate = quads[0].predicate
        return Field(name, predicate, tuple(values), predicate in self._assigned, not asserted)

    @cached_property
    def _assigned(self) -> set[Node]:
        """The properties of what was assigned here."""
        return {quad.subject for quad in self._store.match(predicate=SUBPROPERTY, value=ASSIGNED_FACET)}

    def _field_name(self, predicate: Iri, reader: Reader) -> str:
        """Return what people call a property: its label, else the name that a shape gives it."""
        key = (predicate, reader.languages)
        if key not in self._field_names:
            named = reader.named(predicate)
            shapes = [fields[predicate].name for fields in self._shapes.values() if predicate in fields]
            self._field_names[key] = named[0] if named else min(shapes, key=len, default=self._short(predicate))
        return self._field_names[key]

    def _class_name(self, of_class: Iri, reader: Reader) -> str:
        """Return what people call a class: its label, else that of its shape."""
        key = (of_class, reader.languages)
        if key not in self._class_names:
            shapes = [quad.subject for quad in self._store.match(predicate=_TARGET_CLASS, value=of_class)]
            named = [reader.named(shape) for shape in shapes if isinstance(shape, Iri)]
            name, language = next(filter(None, [reader.named(of_class), *named]), (self._short(of_class), ""))
            # In German a noun keeps its capital.
            self._class_names[key] = name if language in ("", "de") else name.lower()
        return self._class_names[key]

    def _is_worth_showing(self, quad: Quad) -> bool:
        """Leave out what was inferred only as a shortcut: it is shown where it comes from."""
        return quad.graph not in self._shortcuts

    @cached_property
    def _shortcuts(self) -> set[Iri]:
        """The graphs of the rules whose head has the tag shortcut."""
        return {rule.graph for rule in self._collection.rules() if _SHORTCUT.search(rule.text)}

    def _value(self, term: Term, thing: Iri, reader: Reader, above: tuple[Iri, ...] | None) -> Value:
        part = None
        if above is not None and isinstance(term, Iri) and term not in above and term.startswith(f"{owner_of(thing)}#"):
            part = self._described(term, reader, above)
        text, language = self._label(term, reader)
        return Value(term, text, "" if language in reader.languages[:1] else language, part)

    def _mentions(self, thing: Iri, reader: Reader) -> Iterator[Field]:
        """Yield who points to the thing, by property; parts speak for the thing that they belong to."""
        by_property: dict[Iri, set[Iri]] = defaultdict(set)
        for quad in self._store.match(value=thing):
            owner = owner_of(quad.subject)
            hidden = self._collection.is_model(quad.graph) or self._collection.is_inferred(quad.graph)
            if owner is not None and owner != thing and not hidden and quad.predicate != TOPIC:
                by_property[quad.predicate].add(owner)
        for predicate, owners in sorted(by_property.items()):
            values = [Value(owner, self._label(owner, reader)[0]) for owner in sorted(owners)]
            values.sort(key=lambda value: natural(value.text))
            yield Field(self._field_name(predicate, reader), predicate, tuple(values), predicate in self._assigned)

    @cached_property
    def _shapes(self) -> dict[Iri, dict[Iri, _FieldShape]]:
        found: dict[Iri, dict[Iri, _FieldShape]] = defaultdict(dict)
        fields = self._catalogue.rows(self._store, "system/fields")
        for of_class, path, name, group, group_order, order in fields:
            if isinstance(of_class, Iri) and isinstance(path, Iri):
                rank = (_number(group_order), _number(order))
                # Several shapes may speak of one property; the one with the plainest name is the field.
                shape = _FieldShape(_plain(name), _plain(group), rank)
                known = found[of_class].get(path)
                if known is None or (len(shape.name), shape.rank) < (len(known.name), known.rank):
                    found[of_class][path] = shape
        return dict(found)


def _plain(term: Term | None) -> str:
    return term.value if isinstance(term, Literal) else str(term or "")


def _number(term: Term | None) -> int:
    return int(float(term.value)) if isinstance(term, Literal) else 0
