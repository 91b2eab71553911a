"""The workbook for curators: a sheet for each class, with what may stand where, and with records if asked for."""

from collections.abc import Iterator, Mapping, Sequence

from whatworks.namespaces import POSITION
from whatworks.native import Native
from whatworks.sheets.cells import KEEP, SEPARATOR
from whatworks.sheets.filled import Filled, Filler, shown_class
from whatworks.sheets.headings import INNER, KEY, OWNER, PART, TYPE, Heading
from whatworks.sheets.known import Known
from whatworks.sheets.layout import THINGS, Layout, Sheet
from whatworks.terms import Iri
from whatworks.trig import natural
from whatworks.workbook import Form, FormColumn, Forms, write_forms

FORMAT = "whatworks workbook 1"
# What only lists of things that are there can offer is offered up to so many; more are typed.
_OFFERED = 5000
_WIDTHS = {"words": 40, "text": 24, "integer": 10, "decimal": 10, "boolean": 10, "date": 12, "concept": 28, "thing": 28}
_SAID = {
    "words": "A text.",
    "text": "A text.",
    "integer": "A whole number, such as 2014.",
    "decimal": "A number, such as 0.5.",
    "boolean": "TRUE or FALSE.",
    "date": "A date, such as 2026-01-15.",
    "dateTime": "A moment, such as 2026-01-15T00:00:00Z.",
    "address": "An address.",
    "iri": "A full address, such as https://example.org/page.",
    "part": "The name of a part, such as law-1.",
    "any": "A value as N-Triples writes it.",
}


def write_template(
    layout: Layout, known: Known, filler: Filler, things: Sequence[Iri], source: str, released: str
) -> bytes:
    """Return the workbook.

    Args:
        layout: The sheets.
        known: Knows concepts and things.
        filler: Lays the things out in rows.
        things: The things that it is filled with.
        source: What it is made from, in words.
        released: The name of the release, or the digest of the files.
    """
    filled = filler.fill(things)
    lists = dict(_lists(layout, known, filler))
    forms: list[Form] = []
    for each in filled:
        columns = [_column(layout, each.sheet, heading, lists) for heading in each.headings]
        example = [_example(layout, each.sheet, heading, lists) for heading in each.headings]
        frozen = sum(heading.name in (KEY, OWNER, PART) and heading.column is None for heading in each.headings)
        forms.append(Form(each.sheet.name, columns, example, each.rows, frozen))
    return write_forms(Forms(_guide(layout, source), forms, lists, _origin(layout, filler, filled, things, released)))


def _origin(
    layout: Layout, filler: Filler, filled: Sequence[Filled], things: Sequence[Iri], released: str
) -> Iterator[list[str]]:
    """Yield what an import needs to know: what the workbook was made from, and what stood in it."""
    base = f"{layout.collection.space.base}id/"
    yield [FORMAT, released]
    for thing in things:
        yield [thing.removeprefix(base), filler.digest(thing)]
    for each in filled:
        for node in each.nodes:
            if "#" in node:
                yield [node.removeprefix(base)]


# ---- columns ----


def _lists(layout: Layout, known: Known, filler: Filler) -> Iterator[tuple[str, list[str]]]:
    """Yield the names of lists, and what can be chosen from them."""
    yield "yes or no", ["TRUE", "FALSE"]
    for sheet in layout.sheets:
        leaves = filler.leaves(sheet)
        if len(leaves) > 1:
            yield f"type {sheet.name}", [shown_class(layout, sheet, cls) for cls in leaves]
        for column in sheet.columns:
            if column.kind == "concept":
                yield " ".join(column.schemes), known.choices(column.schemes)
    kinds = {layout.kind_of(cls) for sheet in layout.sheets for column in sheet.columns for cls in column.classes}
    for cls, kind in THINGS.items():
        start = layout.collection.space.thing(kind, "")
        things = [node for node in filler.said if node.startswith(start) and "#" not in node]
        if kind in kinds and len(things) <= _OFFERED:
            yield kind, [known.shown_thing([cls], thing) for thing in sorted(things, key=natural)]


def _list_of(layout: Layout, sheet: Sheet, heading: Heading, lists: Mapping[str, Sequence[str]]) -> str:
    column = heading.column
    name = ""
    if column is None:
        name = f"type {sheet.name}" if heading.name == TYPE else ""
    elif column.kind == "concept":
        name = " ".join(column.schemes)
    elif column.kind == "boolean":
        name = "yes or no"
    elif column.kind == "thing" and len(kinds := {layout.kind_of(cls) for cls in column.classes}) == 1:
        name = kinds.pop()
    return name if lists.get(name) else ""


def _column(layout: Layout, sheet: Sheet, heading: Heading, lists: Mapping[str, Sequence[str]]) -> FormColumn:
    column = heading.column
    choices = _list_of(layout, sheet, heading, lists)
    if column is None:
        return FormColumn(
            heading.text, "Which one", heading.note, choices, many=True, width=24, required=heading.required
        )
    many = not column.single
    said = [column.note, _SAID.get(column.kind, "Choose one of the list." if choices else "")]
    if heading.language:
        said.append(f"In the language {heading.language}.")
    if column.required:
        said.append("Must be there.")
    elif column.wanted:
        said.append("Should be there.")
    if many:
        said.append(f"Several values are separated by {SEPARATOR}.")
    formats = {"integer": "integer", "decimal": "general", "boolean": "general", "date": "date"}
    return FormColumn(
        heading.text,
        column.group,
        "\n".join(filter(None, said)),
        choices,
        many,
        formats.get(column.kind, "text"),
        _WIDTHS.get(column.kind, 24),
        heading.required,
    )


def _example(layout: Layout, sheet: Sheet, heading: Heading, lists: Mapping[str, Sequence[str]]) -> Native:
    """Return what the example row says; its first cell begins with #, so that an import leaves it out."""
    column = heading.column
    choices = lists.get(_list_of(layout, sheet, heading, lists), [""])
    if column is None:
        named = {KEY: "# example", OWNER: "# example", PART: f"{sheet.target.code.lower()}-1", INNER: "study-1"}
        return named.get(heading.name) or choices[0]
    if column.kind in ("concept", "thing"):
        several = not column.single and column.kind == "concept" and len(choices) > 1
        return f" {SEPARATOR} ".join(choices[:2]) if several else choices[0]
    if column.kind in ("words", "text"):
        return column.note or column.name
    examples: dict[str, Native] = {
        "integer": 1 if column.path == POSITION else 2014,
        "decimal": 0.5,
        "boolean": True,
        "date": "2026-01-15",
        "dateTime": "2026-01-15T00:00:00Z",
        "iri": "https://example.org/page",
        "part": "law-1",
    }
    return examples.get(column.kind, "")


def _guide(layout: Layout, source: str) -> list[list[str]]:
    first = layout.languages[0]
    lines = [
        ["How to fill this in", "One sheet for each sort of thing; the sheets are listed below."],
        ["Made from", source],
        ["Format", FORMAT],
        [],
        ["Rows", "Each row is one thing, or one part of a thing. The grey row is an example; an import leaves it out."],
        ["Remarks", "A row whose first cell begins with # is left out as well, so you can keep remarks there."],
        ["Key", "Names a thing for good. Leave it empty for a new one, and it is made of the name."],
        [OWNER, "On sheets of parts: the key of the thing that the part belongs to."],
        [PART, "The name of a part, such as factor-1. Leave it empty for a new part, and it is numbered."],
        ["Must be there", "Headings in red, with *. Hold the mouse on a heading to read what belongs below it."],
        ["Choices", "Choose from the list, or write the code in brackets, or the name in any language."],
        ["Several values", f"Separate them with {SEPARATOR}. Headings whose note does not say so take one value."],
        ["Languages", f"Title [{first}] is the title in the language {first}. For another language add a column."],
        ["Further columns", "Columns of your own are left out by an import, which says so. Order columns as you like."],
        ["Empty cells", "An empty cell takes the value away. A column that you delete leaves all its values alone."],
        ["Deleted rows", "A part whose row you delete is taken away. A thing whose row you delete stays as it is."],
        ["Unchanged", f"{KEEP} stands for a value that is too long for a cell."],
        ["Then", "whatworks import FILE.xlsx --dry-run says what would change; without --dry-run it is written."],
        [],
        ["Sheet", "What stands on it", "Belongs to"],
    ]
    for sheet in layout.sheets:
        owners = ", ".join(dict.fromkeys(start.name for start, _, _ in sheet.ways))
        lines.append([sheet.name, sheet.note, owners])
    return lines
