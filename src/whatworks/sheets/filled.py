"""What is known of things, as the rows of the sheets."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from whatworks.collection import owner_of
from whatworks.namespaces import IDENTIFIER, TOPIC
from whatworks.native import Native
from whatworks.sheets.cells import KEEP, SEPARATOR, Cells
from whatworks.sheets.headings import INNER, KEY, OWNER, PART, Heading, further, headings_of, identifying, slot
from whatworks.sheets.layout import WITH_PARTS, Column, Layout, Sheet
from whatworks.terms import RDF_TYPE, Iri, Literal, Quad, Term, is_part_name
from whatworks.trig import natural

Values = dict[Iri, list[Term]]


@dataclass(slots=True)
class Filled:
    """A sheet with its rows.

    Attributes:
        sheet: The sheet.
        headings: Its headings.
        rows: What stands below them.
        nodes: What each row is about.
    """

    sheet: Sheet
    headings: list[Heading]
    rows: list[list[Native]] = field(default_factory=list)
    nodes: list[Iri] = field(default_factory=list)


class Filler:
    """Lays statements out in rows.

    Args:
        layout: The sheets.
        cells: Writes cells.
        quads: What is said; each statement counts once, whatever its graph.
    """

    def __init__(self, layout: Layout, cells: Cells, quads: Iterable[Quad]) -> None:
        self._layout = layout
        self._cells = cells
        self._space = layout.collection.space
        self.said: dict[Iri, Values] = defaultdict(lambda: defaultdict(list))
        for quad in quads:
            if isinstance(quad.subject, Iri):
                values = self.said[quad.subject][quad.predicate]
                if quad.object not in values:
                    values.append(quad.object)
        self.left: Counter[str] = Counter()
        self._sheets: dict[Iri, Sheet | None] = {}

    def fill(self, things: Sequence[Iri]) -> list[Filled]:
        """Return the sheets with the rows of things, and of what belongs to them.

        What fits in no row is counted in `left`, by the reason.
        """
        chosen = set(things)
        of_sheet: dict[str, list[Iri]] = defaultdict(list)
        for node in self.said:
            thing = owner_of(node)
            if thing in chosen and (sheet := self.sheet_of(node)) is not None:
                of_sheet[sheet.name].append(node)
        return [self._filled(sheet, of_sheet.get(sheet.name, [])) for sheet in self._layout.sheets]

    def sheet_of(self, node: Iri) -> Sheet | None:
        """Return the sheet on which a node has a row, or None where it has none."""
        if node not in self._sheets:
            self._sheets[node] = None  # where parts hang on each other in a circle
            self._sheets[node] = self._found(node)
        return self._sheets[node]

    def _found(self, node: Iri) -> Sheet | None:
        thing = owner_of(node) or node
        kind = thing.removeprefix(f"{self._space.base}id/").partition("/")[0]
        types = [each for each in self.said[node].get(RDF_TYPE, ()) if isinstance(each, Iri)]
        if node == thing:
            sheet = self._layout.by_kind(kind)
            return sheet if sheet is not None and any(each in sheet.classes for each in types) else None
        if kind not in WITH_PARTS or not is_part_name(node.partition("#")[2]):
            return None
        for sheet in self._layout.sheets:
            if not sheet.kind and any(each in sheet.classes for each in types):
                return sheet if self.leading(sheet, node, types) is not None else None
        return None

    def leading(self, sheet: Sheet, node: Iri, types: Sequence[Iri]) -> list[Iri] | None:
        """Return what a part hangs on, beside its thing; None where that cannot be said in a row."""
        thing = owner_of(node) or node
        if not sheet.inner:
            way = self.way(sheet, thing, types)
            return [] if way is not None and node in self.said[thing].get(way, ()) else None
        starts = self._starts(sheet, thing)
        way = self.way(sheet, thing, types)
        found = [start for start in starts if way is not None and node in self.said[start].get(way, ())]
        return found or None

    def way(self, sheet: Sheet, thing: Iri, types: Sequence[Iri]) -> Iri | None:
        """Return the property that leads to a part of these classes."""
        for start, path, cls in sheet.ways:
            is_there = not start.kind or thing.startswith(self._space.thing(start.kind, ""))
            if is_there and any(self._layout.is_below(each, cls) for each in types):
                return path
        return None

    def _starts(self, sheet: Sheet, thing: Iri) -> list[Iri]:
        """Return the parts of a thing that parts of the sheet may hang on."""
        outer = [start for start, _, _ in sheet.inner]
        found = []
        for node in self.parts.get(thing, ()):
            types = self.said[node].get(RDF_TYPE, ())
            if any(each in start.classes for start in outer for each in types) and self.sheet_of(node) in outer:
                found.append(node)
        return found

    @cached_property
    def parts(self) -> Mapping[Iri, list[Iri]]:
        """The parts of each thing."""
        found: dict[Iri, list[Iri]] = defaultdict(list)
        for node in self.said:
            if "#" in node:
                found[owner_of(node) or node].append(node)
        return found

    def _filled(self, sheet: Sheet, nodes: list[Iri]) -> Filled:
        nodes.sort(key=natural)
        by_path = {column.path: column for column in sheet.columns}
        more: dict[Iri, Column] = {}
        seen: dict[str, set[str]] = defaultdict(set)
        leaves = self.leaves(sheet)
        typed = len(leaves) > 1
        rows: list[dict[tuple[str, str], list[Term]]] = []
        for node in nodes:
            row: dict[tuple[str, str], list[Term]] = defaultdict(list)
            for path, terms in self.said[node].items():
                if path == RDF_TYPE:
                    typed |= terms != [sheet.target]
                    continue
                left = self._uncovered(sheet, node, path, terms)
                column = by_path.get(path)
                if column is None and left:
                    curie = self._layout.collection.prefixes.shorten(path) or str(path)
                    column = more.setdefault(path, further(path, curie))
                if column is None:
                    continue
                for term in left:
                    language = slot(column, term, self._layout.languages)
                    row[column.name, language].append(term)
                    seen[column.name].add(language)
            rows.append(row)
        headings = identifying(sheet, typed=typed)
        for column in (*sheet.columns, *more.values()):
            headings += headings_of(column, self._layout.languages, seen[column.name])
        found = Filled(sheet, headings, nodes=nodes)
        found.rows = [self._row(found, node, row) for node, row in zip(nodes, rows, strict=True)]
        return found

    def _uncovered(self, sheet: Sheet, node: Iri, path: Iri, terms: list[Term]) -> list[Term]:
        """Return the values that no key and no row of a part says already."""
        if path == IDENTIFIER and sheet.kind:
            return [term for term in terms if term != Literal(node.code)]
        if path == TOPIC and sheet.kind == "record":
            thing = self._described(node)
            return [term for term in terms if term != thing]
        return [term for term in terms if not self.is_implied(node, path, term)]

    def _described(self, record: Iri) -> Iri | None:
        """Return the thing that a record of its key is about."""
        things = (self._space.thing(kind, record.code) for kind in WITH_PARTS)
        return next((thing for thing in things if thing in self.said), None)

    def is_implied(self, node: Iri, path: Iri, term: Term) -> bool:
        """Say whether the row of a part says that it belongs here."""
        if not isinstance(term, Iri) or "#" not in term or owner_of(term) != owner_of(node):
            return False
        types = [each for each in self.said[term].get(RDF_TYPE, ()) if isinstance(each, Iri)]
        sheet = self.sheet_of(term)
        return (
            sheet is not None
            and path == self.way(sheet, owner_of(term) or term, types)
            and (node in (self.leading(sheet, term, types) or []) if sheet.inner else "#" not in node)
        )

    def leaves(self, sheet: Sheet) -> dict[Iri, str]:
        """Return the classes of a sheet that have none below them."""
        above = {cls for cls in sheet.classes for other in sheet.classes if other != cls and self._below(other, cls)}
        return {cls: label for cls, label in sheet.classes.items() if cls not in above}

    def _below(self, cls: Iri, above: Iri) -> bool:
        return self._layout.is_below(cls, above)

    def _row(self, filled: Filled, node: Iri, values: Mapping[tuple[str, str], list[Term]]) -> list[Native]:
        thing = owner_of(node) or node
        return [
            self._identified(filled.sheet, heading.name, node, thing)
            if heading.column is None
            else self._cell(heading, values.get((heading.name, heading.language), []), thing)
            for heading in filled.headings
        ]

    def _cell(self, heading: Heading, terms: list[Term], thing: Iri) -> Native:
        if not terms or heading.column is None:
            return None
        value = self._cells.write(heading.column, terms, heading.language, thing)
        if value == KEEP:
            self.left["values that are longer than a cell can be; they stay as they are"] += 1
        return value

    def _identified(self, sheet: Sheet, name: str, node: Iri, thing: Iri) -> Native:
        types = [each for each in self.said[node].get(RDF_TYPE, ()) if isinstance(each, Iri)]
        if name == KEY:
            return node.removeprefix(self._space.thing(sheet.kind, ""))
        if name == OWNER:
            return self._cells.known.key_of(thing, WITH_PARTS)
        if name == PART:
            return node.partition("#")[2]
        if name == INNER:
            hangs = self.leading(sheet, node, types) or []
            return f" {SEPARATOR} ".join(sorted((start.partition("#")[2] for start in hangs), key=natural))
        return f" {SEPARATOR} ".join(sorted(shown_class(self._layout, sheet, each) for each in types))

    def digest(self, thing: Iri) -> str:
        """Return a digest of what is said of a thing, its parts and its record."""
        has_record = thing.startswith(tuple(self._space.thing(kind, "") for kind in WITH_PARTS))
        records = [self._space.thing("record", thing.code)] if has_record else []
        lines = sorted(
            f"{node} {path} {term!r}"
            for node in (thing, *records, *self.parts.get(thing, ()))
            if node in self.said
            for path, terms in self.said[node].items()
            for term in terms
        )
        return sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def shown_class(layout: Layout, sheet: Sheet, cls: Iri) -> str:
    """Return how a class is written in cells: `practice (ww:Practice)`."""
    curie = layout.collection.prefixes.shorten(cls) or f"<{cls}>"
    return f"{sheet.classes[cls]} ({curie})" if cls in sheet.classes else curie
