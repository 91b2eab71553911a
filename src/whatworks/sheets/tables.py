"""Filled-in sheets as tables: which sheet of the layout each is, its headings, and its rows with their numbers."""

import string
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import TypeAlias

from whatworks.errors import Place
from whatworks.namespaces import key_of
from whatworks.native import Native
from whatworks.sheets.cells import clean
from whatworks.sheets.csvtext import decode, delimiter_of, read_rows
from whatworks.sheets.headings import KEY, OWNER, Heading, Matched, match
from whatworks.sheets.layout import Column, Layout, Sheet
from whatworks.tally import Problem, Tally
from whatworks.terms import Iri
from whatworks.workbook import LISTS, ORIGIN, Odd, Opened, cell_name, open_book

_HEAD = 20  # the headings stand in one of so many first rows
_GUIDE = "Instructions"
_MOST_COLUMNS = 2000

# The property and the language of a column.
Slot: TypeAlias = tuple[Iri, str]


@dataclass
class Table:
    """A sheet that was filled in.

    Attributes:
        file: The name of the file.
        title: The name of the sheet in it; empty for a file that is one table.
        sheet: The sheet of the layout.
        matched: Its headings.
        rows: The rows below them, with their numbers.
    """

    file: str
    title: str
    sheet: Sheet
    matched: Matched
    rows: list[tuple[int, list[Native | Odd]]]

    def place(self, row: int, column: int) -> Place:
        """Return the place of a cell."""
        return Place(self.file, row, column + 1, cell_name(row, column), self.title)

    @cached_property
    def columns(self) -> dict[Iri, Column]:
        """The columns that the table has, by their properties."""
        columns = (heading.column for heading in self.matched.headings.values())
        return {column.path: column for column in columns if column is not None}

    def column_of(self, name: str) -> int | None:
        """Return where what identifies a row stands."""
        return next(
            (at for at, head in self.matched.headings.items() if head.name == name and head.column is None), None
        )

    @cached_property
    def fields(self) -> list[tuple[int, Heading, str]]:
        """The places and headings, and how each field is called in the account."""
        headings = self.matched.headings.items()
        return [(at, head, f"{self.sheet.name}: {head.text.removesuffix(' *')}") for at, head in headings]

    @cached_property
    def slots(self) -> set[Slot]:
        """What the columns hold: properties and languages."""
        headings = self.matched.headings.values()
        return {(head.column.path, head.language) for head in headings if head.column is not None}

    @cached_property
    def naming_parts(self) -> list[tuple[int, Heading, str]]:
        """Those fields whose values are names of parts."""
        return [field for field in self.fields if field[1].column is not None and field[1].column.kind == "part"]

    @cached_property
    def width(self) -> int:
        """How many columns have headings, gaps between them included."""
        return max([*self.matched.headings, *self.matched.own, *self.matched.twice], default=-1) + 1


@dataclass(slots=True)
class Tables:
    """The tables of a file.

    Attributes:
        tables: Those that are sheets of the layout.
        digests: The digests of the things that the workbook was filled with, by kind and key.
        parts: The parts that it was filled with.
        released: The release that it was made from.
        notes: What a person should know.
    """

    tables: list[Table] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    released: str = ""
    notes: list[str] = field(default_factory=list)


def read_workbook(data: bytes, name: str, layout: Layout, tally: Tally) -> Tables:
    """Read a workbook.

    Raises:
        WorkbookFault: It cannot be read at all.
    """
    found = Tables()
    names = {sheet.name.casefold(): sheet for sheet in layout.sheets}
    for opened in open_book(data, name):
        sheet = names.get(clean(opened.name).casefold())
        if opened.name == ORIGIN:
            _read_origin(opened, found)
        elif sheet is not None:
            check_sheet(opened, name, tally)
            table = _table(name, opened.name, [sheet], opened.rows(), layout, tally)
            found.tables += [table] if table is not None else []
        elif opened.name not in (LISTS, _GUIDE):
            found.notes.append(f"The sheet {opened.name!r} of {name} is your own; it was left out.")
    if not found.tables:
        listed = ", ".join(sheet.name for sheet in layout.sheets)
        message = "has no sheet that is known."
        tally.problems.append(Problem(Place(name), "the file", "sheet", name, message, f"Sheets are called: {listed}."))
    return found


def read_csv(data: bytes, name: str, layout: Layout, tally: Tally, encoding: str) -> Tables:
    """Read a table as text; its name or its headings say which sheet it is.

    Raises:
        EncodingFault, WorkbookFault: It cannot be read at all.
    """
    text, note = decode(data, name, encoding)
    stem = key_of(name.rpartition(".")[0])
    named = [sheet for sheet in layout.sheets if key_of(sheet.name) in (stem, stem.removesuffix("s"))]
    sheets = named or layout.sheets
    delimiter = delimiter_of(text, lambda row: max(_fit(row, sheet, layout) for sheet in sheets))
    rows = ((number, list[Native | Odd](row)) for number, row in read_rows(text, name, delimiter))
    table = _table(name, "", sheets, rows, layout, tally)
    return Tables([table] if table is not None else [], notes=[note] if note else [])


def _fit(row: Sequence[object], sheet: Sheet, layout: Layout) -> int:
    """Say how many headings of a sheet a row has; none where that which identifies rows is missing."""
    found = _match(sheet, row, layout)
    has_key = any(head.column is None and head.name in (KEY, OWNER) for head in found.headings.values())
    return len(found.headings) if has_key else 0


def _match(sheet: Sheet, row: Sequence[object], layout: Layout) -> Matched:
    texts = [cell if isinstance(cell, str) else "" for cell in row[:_MOST_COLUMNS]]
    return match(sheet, texts, layout.languages, layout.collection.prefixes.expand)


def _table(
    file: str,
    title: str,
    sheets: Sequence[Sheet],
    rows: Iterable[tuple[int, list[Native | Odd]]],
    layout: Layout,
    tally: Tally,
) -> Table | None:
    """Find the row of headings; None, with a problem noted, where there is none or the sheet is not clear."""
    left = iter(rows)
    head = list(islice(left, _HEAD))
    fits = [(_fit(row, sheet, layout), -at, sheet) for sheet in sheets for at, (_, row) in enumerate(head)]
    best = max((fit[:2] for fit in fits), default=(0, 0))
    where = Place(file, sheet=title)
    chosen = [sheet for *fit, sheet in fits if tuple(fit) == best]
    if best[0] == 0:
        hint = f"One of the first {_HEAD} rows must hold headings such as {KEY} or {OWNER}."
        tally.problems.append(Problem(where, "the sheet", "headings", title or file, "has no headings.", hint))
        return None
    if len(chosen) > 1:
        hint = f"Name the file after its sheet, such as {key_of(chosen[0].name)}.csv."
        message = f"fits several sheets: {', '.join(sheet.name for sheet in chosen)}."
        tally.problems.append(Problem(where, "the sheet", "headings", file, message, hint))
        return None
    number, cells = head[-best[1]]
    matched = _match(chosen[0], cells, layout)
    table = Table(file, title, chosen[0], matched, [*head[1 - best[1] :], *left])
    for at, text in matched.twice.items():
        hint = "Keep one of the two columns."
        problem = Problem(table.place(number, at), "the headings", text, text, "stands twice.", hint, "heading")
        tally.problems.append(problem)
    return table


def check_sheet(opened: Opened, file: str, tally: Tally, head: int = 1) -> None:
    """Note what of a sheet would be misread: that nobody sees it, or that cells were made one.

    Args:
        opened: The sheet.
        file: The file's name.
        tally: Takes the problems.
        head: The row of the headings; what stands above it is not read.
    """
    if opened.hidden:
        hint = "Show it, so that everybody sees what is imported, or delete it."
        where = Place(file, sheet=opened.name)
        tally.problems.append(Problem(where, "the sheet", "sheet", opened.name, "is hidden.", hint, "hidden sheet"))
    for cells in opened.merged:
        if int(cells.rpartition(":")[2].lstrip(string.ascii_uppercase)) < head:
            continue
        where = Place(file, cell=cells.partition(":")[0], sheet=opened.name)
        message, hint = "are one merged cell.", "Split it, and write the value into each row that it is meant for."
        tally.problems.append(Problem(where, "the sheet", "cells", cells, message, hint, "merged cells"))


def _read_origin(opened: Opened, found: Tables) -> None:
    rows = [[cell for cell in row if isinstance(cell, str)] for _, row in opened.rows()]
    found.released = rows[0][1] if rows and len(rows[0]) > 1 else ""
    for row in rows[1:]:
        if len(row) > 1:
            found.digests[row[0]] = row[1]
        elif row:
            found.parts.append(row[0])


def own_columns(table: Table, tally: Tally) -> Iterator[str]:
    """Count what stands below headings that are the curator's own, and yield a note for each that is nearly known."""
    for at, text in table.matched.own.items():
        count = sum(at < len(row) and row[at] not in (None, "") for _, row in table.rows)
        name = f"{table.sheet.name}: {text}"
        tally.read[table.file, name] += count
        tally.leave_out(table.file, name, "a column of your own", count)
        if near := table.matched.near.get(at):
            yield f"The column {text!r} of the sheet {table.sheet.name} was left out; did you mean {near}?"
