"""What a row says."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from whatworks.collection import owner_of
from whatworks.native import Native
from whatworks.sheets.layout import Sheet
from whatworks.sheets.tables import Slot, Table
from whatworks.terms import Iri, Term
from whatworks.workbook import Odd


@dataclass(slots=True)
class Draft:
    """What a row says.

    Attributes:
        node: What it is about.
        table, row: Where it stands.
        values: The cells that hold something: by property and language of the heading, what is there now.
        kept: The cells that do not say what is there, so that it stays.
        types: Its classes; None where the row does not say them.
        hangs: The parts that it hangs on; None where that is not said.
        is_new: Whether it is not there yet.
        is_numbered: Whether the row names no part, so that it got the next number.
    """

    node: Iri
    table: Table
    row: int
    cells: Sequence[Native | Odd]
    values: dict[Slot, list[Term]] = field(default_factory=dict)
    kept: tuple[Slot, ...] = ()
    types: list[Iri] | None = None
    hangs: list[Iri] | None = None
    is_new: bool = False
    is_numbered: bool = False

    def says(self, slot: Slot) -> bool:
        """Say whether the row says what is there, be it nothing."""
        return slot in self.values or (slot in self.table.slots and slot not in self.kept)

    @property
    def sheet(self) -> Sheet:
        """The sheet that it stands on."""
        return self.table.sheet

    @property
    def thing(self) -> Iri:
        """The thing that it is, or is a part of."""
        return owner_of(self.node) or self.node

    @property
    def label(self) -> str:
        """What a person calls it: its key, with the part."""
        key, _, part = self.node.rpartition("/")[2].partition("#")
        return f"{key} {part}".rstrip()
