"""Which sheets there are, and which columns: derived from the shapes, so that a project's own shapes count as well.

Things with an IRI of their own (interventions, resources, records, agents, collections, links) have a sheet by their
class; what they consist of (factors, evaluations, findings and so on) has a sheet for each class that a property of
theirs points to.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from whatworks.collection import Collection
from whatworks.namespaces import FOAF, IDENTIFIER, IN_SCHEME, RDFS, SH, SKOS, SUBCLASS, TOPIC, VOC, WW
from whatworks.settings import preference
from whatworks.terms import LANG_STRING, XSD, XSD_STRING, Iri, Literal, Node, Term

# The classes whose things have an IRI of their own, and the folder of that IRI; the first can have parts.
THINGS = {
    Iri(WW + "Intervention"): "intervention",
    Iri(WW + "Resource"): "resource",
    Iri(WW + "Record"): "record",
    Iri(FOAF + "Agent"): "agent",
    Iri(WW + "Collection"): "collection",
    Iri(WW + "Link"): "link",
}
WITH_PARTS = ("intervention", "resource")
# What nobody fills in: rules work it out, or it must not be published.
_NOT_FILLED_IN = ("group-derived", "group-release")
_KINDS = {
    LANG_STRING: "words",
    XSD_STRING: "text",
    **{Iri(XSD + name): name for name in ("integer", "decimal", "boolean", "date", "dateTime")},
    Iri(XSD + "anyURI"): "address",
}
_VIOLATION = Iri(SH + "Violation")
_LABEL, _CONCEPT = Iri(RDFS + "label"), Iri(SKOS + "Concept")


@dataclass(slots=True)
class Column:
    """A property as a column.

    Attributes:
        path: The property.
        name: What people call it, unique on its sheet.
        names: All names that a heading may have, folded.
        kind: words, text, integer, decimal, boolean, date, dateTime, address (a typed text), concept, thing, part,
            iri or any.
        note: What it says, for people.
        group: The heading above it.
        schemes: The schemes that concepts come from.
        choices: The values, where the shapes list them.
        classes: The classes of things or parts.
        required: Whether a value must be there.
        wanted: Whether one should be there.
        single: Whether there is at most one value (of words: in each language).
    """

    path: Iri
    name: str
    names: set[str]
    kind: str = "any"
    note: str = ""
    group: str = ""
    schemes: tuple[str, ...] = ()
    choices: tuple[Term, ...] = ()
    classes: tuple[Iri, ...] = ()
    required: bool = False
    wanted: bool = False
    single: bool = False


@dataclass(slots=True)
class Sheet:
    """The things of a class, or parts of things, as rows.

    Attributes:
        name: Its name.
        kind: The folder of its things' IRIs; empty for parts.
        target: The class.
        classes: The classes that its things may have, with their labels; the most special ones are those to choose.
        columns: The columns, in the order of the shapes.
        note: What its things are.
        keyed: Whether a thing's key is one of its statements as well.
        ways: For parts: the properties that lead to them, with the sheet where each begins and the class it leads to.
    """

    name: str
    kind: str
    target: Iri
    classes: dict[Iri, str]
    columns: list[Column]
    note: str = ""
    keyed: bool = False
    ways: list[tuple["Sheet", Iri, Iri]] = field(default_factory=list)

    @property
    def inner(self) -> list[tuple["Sheet", Iri, Iri]]:
        """The ways that begin at other parts."""
        return [way for way in self.ways if not way[0].kind]


class Layout:
    """The sheets of a collection.

    Args:
        collection: The collection with its shapes.
    """

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self.languages = collection.settings.languages
        self._store = collection.store
        self.sheets = self._sheets()

    def by_kind(self, kind: str) -> Sheet | None:
        """Return the sheet of the things of a kind."""
        return next((sheet for sheet in self.sheets if sheet.kind == kind), None)

    @cached_property
    def paths(self) -> dict[str, Iri]:
        """The property of each property shape that has one, by the shape's CURIE or IRI."""
        shorten = self.collection.prefixes.shorten
        found = {}
        for quad in self._store.match(predicate=_sh("path")):
            if isinstance(quad.object, Iri) and isinstance(quad.subject, Iri):
                found[shorten(quad.subject) or str(quad.subject)] = quad.object
        return found

    @property
    def names(self) -> dict[Iri, str]:
        """What the sheets call each property; of what is no column, the shortest name that a shape has for it."""
        found: dict[Iri, list[str]] = defaultdict(list)
        for quad in self._store.match(predicate=_sh("path")):
            if isinstance(quad.object, Iri) and (name := self.label(quad.subject, _sh("name"))):
                found[quad.object].append(name)
        of_shapes = {path: min(names, key=lambda name: (len(name), name)) for path, names in found.items()}
        return of_shapes | {column.path: column.name for sheet in self.sheets for column in sheet.columns}

    def label(self, node: Node, predicate: Iri = _LABEL) -> str:
        """Return the text of a node in the first of the languages that it has."""
        texts = [value for value in self._values(node, predicate) if isinstance(value, Literal)]
        return min(texts, key=lambda text: preference(text, self.languages)).value if texts else ""

    def kind_of(self, cls: Iri) -> str:
        """Return the folder of the IRIs of a class's things; empty for parts."""
        return next((kind for top, kind in THINGS.items() if cls == top or top in self._above(cls)), "")

    def is_below(self, cls: Iri, above: Iri) -> bool:
        """Say whether a class is another one or below it."""
        return cls == above or above in self._above(cls)

    # ---- how it is derived ----

    def _sheets(self) -> list[Sheet]:
        shapes: dict[Iri, list[Node]] = defaultdict(list)
        for quad in sorted(self._store.match(predicate=_sh("targetClass")), key=str):
            if isinstance(quad.object, Iri):
                shapes[quad.object].append(quad.subject)
        found: list[Sheet] = []
        waiting = [cls for cls in THINGS if cls in shapes]
        while waiting:
            cls = waiting.pop(0)
            if any(cls in sheet.classes for sheet in found):
                continue
            sheet = self._sheet(self._top(cls, shapes), shapes)
            found.append(sheet)
            if sheet.kind and sheet.kind not in WITH_PARTS:
                continue
            waiting += [
                part
                for column in sheet.columns
                for part in column.classes
                if not self.kind_of(part) and part in shapes and part != _CONCEPT
            ]
        self._lead(found)
        return sorted(found, key=lambda sheet: [*_order(found)].index(sheet.name))

    def _top(self, cls: Iri, shapes: dict[Iri, list[Node]]) -> Iri:
        """Return the highest of the classes that the shape of a class is for as well."""
        beside = {each for each in shapes if set(shapes[each]) & set(shapes[cls]) and self.is_below(cls, each)}
        return min(beside, key=lambda each: (len(self._above(each) & beside), each))

    def _sheet(self, cls: Iri, shapes: dict[Iri, list[Node]]) -> Sheet:
        """Return the sheet of a class: its own shapes, and those of the classes below it."""
        below = self._below(cls)
        own = dict.fromkeys(shape for each in (cls, *below) for shape in shapes.get(each, ()))
        first = max(own, key=lambda shape: len(list(self._values(shape, _sh("property")))))
        classes = {each: self.label(each) or each.code for each in (cls, *below)}
        sheet = Sheet(self.label(first) or cls.code, self.kind_of(cls), cls, classes, [])
        sheet.note = self.label(first, Iri(RDFS + "comment"))
        sheet.name = "".join(char for char in sheet.name if char not in "[]:*?/\\'")[:31]
        sheet.columns = list(self._columns(sheet, list(own), first))
        return sheet

    def _columns(self, sheet: Sheet, shapes: list[Node], first: Node) -> Iterator[Column]:
        """Yield the columns; what several shapes say of one property is put together."""
        of_path: dict[Iri, list[tuple[tuple[bool, float, float, str], Node]]] = defaultdict(list)
        for shape in shapes:
            for prop in self._nodes_at(shape, "property"):
                path = next(self._values(prop, _sh("path")), None)
                group = next(self._values(prop, _sh("group")), None)
                if not isinstance(path, Iri) or not isinstance(group, Iri):
                    continue
                if group.code not in _NOT_FILLED_IN:
                    order = (shape != first, self._number(group, "order"), self._number(prop, "order"), str(prop))
                    of_path[path].append((order, prop))
        taken: set[str] = set()
        for path, ranked in sorted(of_path.items(), key=lambda item: min(item[1])[0][1:]):
            sheet.keyed |= path == IDENTIFIER and bool(sheet.kind)
            if sheet.kind and (path == IDENTIFIER or (path == TOPIC and sheet.kind == "record")):
                continue  # the key says it
            column = self._column(path, [prop for _, prop in sorted(ranked)])
            curie = self.collection.prefixes.shorten(path) or str(path)
            if column.name in taken:
                column.name = f"{column.name} ({curie})"
            taken.add(column.name)
            column.names |= {column.name.casefold(), curie.casefold(), str(path).casefold()}
            yield column

    def _column(self, path: Iri, props: list[Node]) -> Column:
        first = props[0]
        every = (*self._values(first, _sh("name")), *self._values(path, _LABEL))
        names = {text.value.casefold() for text in every if isinstance(text, Literal)}
        column = Column(path, self.label(first, _sh("name")) or path.code, names)
        column.note = self.label(first, _sh("description"))
        group = next(self._values(first, _sh("group")))
        column.group = self.label(group) if isinstance(group, Iri) else ""
        for prop in props:
            self._constrain(column, prop)
        return column

    def _constrain(self, column: Column, prop: Node) -> None:
        """Take over from a property shape what values a column has."""
        severity = next(self._values(prop, _sh("severity")), _VIOLATION)
        if (self._number(prop, "minCount") or 0) >= 1:
            column.required |= severity == _VIOLATION
            column.wanted |= severity != _VIOLATION
        if severity != _VIOLATION:
            return
        column.single |= self._text(prop, "uniqueLang") in ("true", "1") or self._text(prop, "maxCount") == "1"
        if column.kind != "any":
            return
        datatype = next(self._values(prop, _sh("datatype")), None)
        schemes = tuple(code for shape in self._nodes(prop) if (code := self._scheme(shape)))
        classes = tuple(sorted(each for each in self._classes(prop) if each != _CONCEPT))
        listed = tuple(self._listed(next(self._values(prop, _sh("in")), None)))
        kind = next(self._values(prop, _sh("nodeKind")), None)
        if isinstance(datatype, Iri):
            column.kind = _KINDS.get(datatype, "any")
        elif schemes:
            column.kind, column.schemes = "concept", schemes
        elif classes:
            column.kind, column.classes = ("thing" if self.kind_of(classes[0]) else "part"), classes
        elif listed:
            column.kind, column.choices = "any", listed
        elif kind in (_sh("IRI"), _sh("BlankNodeOrIRI")) or next(self._values(prop, _sh("class")), None):
            column.kind = "iri"
        elif kind == _sh("Literal"):
            column.kind = "text"

    def _classes(self, prop: Node) -> Iterator[Iri]:
        """Yield the classes that values have: given straight, or as a choice of shapes that give one each."""
        for node in (prop, *self._nodes(prop)):
            yield from (value for value in self._values(node, _sh("class")) if isinstance(value, Iri))

    def _nodes(self, prop: Node) -> Iterator[Node]:
        """Yield the shapes that values have, or one of which they have."""
        listed = (shape for start in self._values(prop, _sh("or")) for shape in self._listed(start))
        for shape in (*self._values(prop, _sh("node")), *listed):
            if not isinstance(shape, Literal):
                yield shape

    def _scheme(self, shape: Node) -> str:
        """Return the code of the scheme that a shape asks concepts to be in."""
        for prop in self._nodes_at(shape, "property"):
            if next(self._values(prop, _sh("path")), None) == IN_SCHEME:
                value = next(self._values(prop, _sh("hasValue")), None)
                if isinstance(value, Iri) and value.startswith(VOC):
                    return value.removeprefix(VOC)
        return ""

    def _lead(self, sheets: list[Sheet]) -> None:
        """Note which properties lead to parts; where several do, those of other parts stay columns."""
        ways: dict[str, list[tuple[Sheet, Column, Iri]]] = defaultdict(list)
        for start in sheets:
            if start.kind and start.kind not in WITH_PARTS:
                continue
            for column in start.columns:
                for cls in column.classes if column.kind == "part" else ():
                    ways[next((sheet.name for sheet in sheets if cls in sheet.classes), "")].append(
                        (start, column, cls)
                    )
        for sheet in sheets:
            leading = ways.get(sheet.name, [])
            outer = [way for way in leading if way[0].kind]
            for start, column, cls in outer or leading:
                sheet.ways.append((start, column.path, cls))
                if column in start.columns:
                    start.columns.remove(column)

    def _above(self, cls: Iri) -> set[Iri]:
        return self._closed(cls, lambda each: (quad.object for quad in self._store.match(each, SUBCLASS)))

    def _below(self, cls: Iri) -> list[Iri]:
        below = self._closed(cls, lambda each: (quad.subject for quad in self._store.match(None, SUBCLASS, each)))
        return sorted(below - {cls})

    @staticmethod
    def _closed(start: Iri, step: Callable[[Iri], Iterator[Term]]) -> set[Iri]:
        found: set[Iri] = set()
        waiting = [start]
        while waiting:
            for other in step(waiting.pop()):
                if isinstance(other, Iri) and other not in found:
                    found.add(other)
                    waiting.append(other)
        return found

    def _listed(self, start: Term | None) -> Iterator[Term]:
        """Yield the members of an RDF list."""
        seen: set[Term] = set()
        while start is not None and not isinstance(start, Literal) and start not in seen:
            seen.add(start)
            yield from self._values(start, Iri("http://www.w3.org/1999/02/22-rdf-syntax-ns#first"))
            start = next(self._values(start, Iri("http://www.w3.org/1999/02/22-rdf-syntax-ns#rest")), None)

    def _number(self, node: Node, name: str) -> float:
        text = self._text(node, name)
        return float(text) if text.replace(".", "").isdigit() else 0.0

    def _text(self, node: Node, name: str) -> str:
        return next((value.value for value in self._values(node, _sh(name)) if isinstance(value, Literal)), "")

    def _nodes_at(self, node: Node, name: str) -> Iterator[Node]:
        return (value for value in self._values(node, _sh(name)) if not isinstance(value, Literal))

    def _values(self, node: Node, predicate: Iri) -> Iterator[Term]:
        return (quad.object for quad in self._store.match(node, predicate))


def _sh(name: str) -> Iri:
    return Iri(SH + name)


def _order(sheets: list[Sheet]) -> Iterator[str]:
    """Yield the names of sheets: a thing, then its parts and their parts, then the next thing."""
    for sheet in sheets:
        if sheet.kind:
            yield sheet.name
            yield from _parts(sheet, sheets)


def _parts(owner: Sheet, sheets: list[Sheet]) -> Iterator[str]:
    for sheet in sheets:
        if sheet.ways and sheet.ways[0][0] is owner:
            yield sheet.name
            yield from _parts(sheet, sheets)
