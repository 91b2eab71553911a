"""What the shapes find in rows, led back to their cells, and told apart from what only follows from a cell."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from whatworks.errors import Place
from whatworks.sheets.draft import Draft
from whatworks.sheets.headings import KEY, OWNER, PART, TYPE, Heading
from whatworks.sheets.layout import Layout
from whatworks.sheets.tables import Table
from whatworks.tally import Problem
from whatworks.terms import Iri

_RECORD = "record"
# What a rule may say of a value that is there, whatever could not be read beside it. Every other rule may be broken by
# what is missing.
_OF_VALUES = {
    *("Datatype", "NodeKind", "In", "Pattern", "MinLength", "MaxLength", "LanguageIn", "UniqueLang", "MaxCount"),
    *("MinInclusive", "MaxInclusive", "MinExclusive", "MaxExclusive", "LessThan", "LessThanOrEquals", "Disjoint"),
    *("unknown-property", "unknown-class"),
}
_NAMING = (KEY, OWNER, PART, TYPE)
_RDF_FIELD = "other"  # what an RDF file says and no record takes; the property is what was found


@dataclass(frozen=True, slots=True)
class Traced:
    """A finding at its cell.

    Attributes:
        where: The cell.
        field: Its heading.
    """

    where: Place
    field: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a finding matters here.

    Attributes:
        thing: The IRI of the thing.
        part: The part of it, `record` for its record, or nothing.
        rule: The shape and the constraint.
        found: What is there, in words.
    """

    thing: str
    part: str
    rule: str
    found: str

    @property
    def is_of_value(self) -> bool:
        """Whether the rule speaks of a value that is there."""
        return self.rule.rpartition(" ")[2] in _OF_VALUES


@dataclass
class Tracer:
    """Leads findings back to rows.

    Attributes:
        layout: The sheets.
        tables: The sheets that were given.
        drafts: Their rows, by what they are about.
        told: What is told already.
    """

    layout: Layout
    tables: Sequence[Table] = ()
    drafts: Mapping[Iri, Draft] = field(default_factory=dict)
    told: Sequence[Problem] = ()

    def trace(self, asked: Asked) -> Traced | None:
        """Return the cell that a finding of a check is about; None where no row says it."""
        draft = self._draft(asked)
        if draft is None:
            return None
        headings = sorted(draft.table.matched.headings.items())
        at, heading = next(iter([*self._said(draft, asked), *self._columns(draft, asked), *headings]))
        return Traced(draft.table.place(draft.row, at), heading.text.removesuffix(" *"))

    def follows(self, asked: Asked) -> bool:
        """Say whether a finding may only follow from what is told already, as something could not be read.

        What a rule says of a value that was read holds, whatever stands beside it. That something is missing does
        not where a cell for it, the class of a row, or the row of a part could not be read.
        """
        if not self.told:
            return False
        draft, path = self._draft(asked), self._path(asked)
        if draft is None:
            return not asked.is_of_value and self._is_elsewhere_unread(asked, path)
        bad = self._bad.get((draft.table.file, draft.table.title, draft.row), set())
        at_cell = bool(bad.intersection(at for at, _ in self._columns(draft, asked)))
        if asked.is_of_value:
            return at_cell and not self._said(draft, asked)
        is_of_row = path is None or asked.rule.endswith(" SPARQL")
        if at_cell or (is_of_row and bool(bad)) or self._is_row_unread(draft) or self._is_part_unread(path):
            return True
        return any(f":{code}" in asked.found for code in self._unclassed)

    # ---- where it stands ----

    def _draft(self, asked: Asked) -> Draft | None:
        name = asked.part.partition(" › ")[0]
        thing = Iri(asked.thing)
        node = Iri(f"{thing}#{name}") if name and name != _RECORD else thing
        if name == _RECORD:
            node = self.layout.collection.space.thing(_RECORD, thing.code)
        return self.drafts.get(node) or self.drafts.get(thing)

    def _path(self, asked: Asked) -> Iri | None:
        return self.layout.paths.get(asked.rule.partition(" ")[0])

    def _columns(self, draft: Draft, asked: Asked) -> list[tuple[int, Heading]]:
        path = self._path(asked)
        headings = sorted(draft.table.matched.headings.items())
        return [(at, head) for at, head in headings if head.column is not None and head.column.path == path]

    def _said(self, draft: Draft, asked: Asked) -> list[tuple[int, Heading]]:
        """Return those of the columns whose cells hold what was found."""
        columns = self._columns(draft, asked)
        return [
            (at, head) for at, head in columns if at < len(draft.cells) and str(draft.cells[at] or "") in asked.found
        ]

    # ---- what could not be read ----

    @cached_property
    def _bad(self) -> dict[tuple[str, str, int], set[int]]:
        """The columns whose cells could not be read, by file, sheet and row."""
        found: dict[tuple[str, str, int], set[int]] = defaultdict(set)
        for place in (problem.where for problem in self.told):
            if place.line is not None and place.column is not None:
                found[place.file, place.sheet, place.line].add(place.column - 1)
        return found

    @cached_property
    def _unsure(self) -> tuple[set[str], set[str]]:
        """The sheets of which any cell may be missing, and those of which a row may be; "" stands for all."""
        tables = {(table.file, table.title): table for table in self.tables}
        rows = {(draft.table.file, draft.table.title, draft.row) for draft in self.drafts.values()}
        cells, parts = set(), set()
        for problem in self.told:
            where = problem.where
            table = tables.get((where.file, where.sheet))
            name = table.sheet.name if table is not None else ""
            is_row = (where.file, where.sheet, where.line) in rows
            if where.line is None or (problem.rule == "heading" and not is_row):
                cells.add(name)
                parts.add(name)
            elif not is_row or (table is not None and (where.column or 0) - 1 in _naming(table)):
                parts.add(name)
        return cells, parts

    @cached_property
    def _unclassed(self) -> set[str]:
        """The keys of things whose class could not be read, so that they may not be what refers to them asks for."""
        found = set()
        for draft in self.drafts.values():
            bad = self._bad.get((draft.table.file, draft.table.title, draft.row), set())
            if draft.table.column_of(TYPE) in bad:
                found.add(draft.thing.code)
        return found

    def _is_row_unread(self, draft: Draft) -> bool:
        bad = self._bad.get((draft.table.file, draft.table.title, draft.row), set())
        return bool(bad & _naming(draft.table)) or bool(self._unsure[0] & {"", draft.sheet.name})

    def _is_part_unread(self, path: Iri | None) -> bool:
        """Say whether a row that would stand at the end of a property may be missing."""
        leading = {table.sheet.name for table in self.tables for _, way, _ in table.sheet.ways if path in (None, way)}
        return bool(self._unsure[1] & {"", *leading})

    def _is_elsewhere_unread(self, asked: Asked, path: Iri | None) -> bool:
        """Say whether what no row is about may lack what could not be read."""
        code = Iri(asked.thing).code
        for problem in self.told:
            if self.tables or problem.record.partition(" ")[0] in (code, "the"):
                is_other = problem.field == _RDF_FIELD and path is not None and str(path) != problem.found
                if not is_other:
                    return True
        return False


def _naming(table: Table) -> set[int]:
    """Return where what a row is about stands, and its class."""
    return {at for name in _NAMING if (at := table.column_of(name)) is not None}
