"""Filled-in workbooks and tables, read together: what they say, merged with what is there."""

from collections.abc import Iterable, Mapping
from functools import cached_property

from whatworks.collection import Collection
from whatworks.errors import Place
from whatworks.lookup import Lookup
from whatworks.namespaces import key_of
from whatworks.sheets.cells import Cells
from whatworks.sheets.draft import Draft
from whatworks.sheets.drafts import Drafter
from whatworks.sheets.filled import Filler
from whatworks.sheets.known import Known
from whatworks.sheets.layout import Layout
from whatworks.sheets.making import writable
from whatworks.sheets.merging import Merger
from whatworks.sheets.tables import Tables, own_columns, read_csv, read_workbook
from whatworks.sheets.tracing import Tracer
from whatworks.tally import Tally
from whatworks.terms import Iri, Quad


class Reading:
    """Reads workbooks and tables.

    Args:
        collection: What the files say.
        lookup: Finds concepts.
        tally: Takes the account.
    """

    def __init__(self, collection: Collection, lookup: Lookup, tally: Tally) -> None:
        self._collection = collection
        self._lookup = lookup
        self._tally = tally
        self._given: list[Tables] = []
        self._drafts: Mapping[Iri, Draft] = {}
        self.notes: list[str] = []

    @cached_property
    def layout(self) -> Layout:
        """The sheets."""
        return Layout(self._collection)

    def workbook(self, data: bytes, name: str) -> None:
        """Take a workbook in.

        Raises:
            WorkbookFault: It cannot be read at all.
        """
        self._given.append(read_workbook(data, name, self.layout, self._tally))

    def csv(self, data: bytes, name: str, encoding: str = "") -> None:
        """Take a table in that is written as text.

        Raises:
            EncodingFault, WorkbookFault: It cannot be read at all.
        """
        self._given.append(read_csv(data, name, self.layout, self._tally, encoding))

    @property
    def is_empty(self) -> bool:
        """Whether nothing was taken in."""
        return not self._given

    def merged(self, asserted: Iterable[Quad]) -> dict[Iri, tuple[Place, set[Quad]]]:
        """Return all statements of each thing that a row is about, with the place of the row.

        Args:
            asserted: What the data files say of things.
        """
        quads = list(writable(self._collection, asserted))
        known = Known(self.layout, self._lookup, quads)
        cells = Cells(known)
        filler = Filler(self.layout, cells, quads)
        tables = [table for each in self._given for table in each.tables]
        for each in self._given:
            self.notes += each.notes
        for table in tables:
            self.notes += own_columns(table, self._tally)
        self._drafts = Drafter(self.layout, cells, filler, self._tally).read(tables)
        source = key_of(tables[0].file.rpartition(".")[0]) if tables else ""
        merger = Merger(self.layout, filler, quads, self._lookup, self._tally, source or "import")
        merged = merger.merge(self._drafts, self._given)
        return {home: (draft.table.place(draft.row, 0), after) for home, (draft, after) in merged.items()}

    def tracer(self) -> Tracer:
        """Return what leads findings back to the cells; what is told by now is told already."""
        tables = [table for each in self._given for table in each.tables]
        return Tracer(self.layout, tables, self._drafts, tuple(self._tally.problems))
