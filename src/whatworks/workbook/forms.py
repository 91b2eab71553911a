"""Workbooks to fill in: sheets with headings, notes, drop-downs and formats, and what they were made from."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any

from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from whatworks.errors import UnknownFormat
from whatworks.native import Native
from whatworks.workbook.texts import MOST_ROWS, in_memory, new_book, reproducible, row_text, text_cell

LISTS, ORIGIN = "_lists", "_origin"  # hidden sheets
# Shades for the groups of columns in turn; dark text stands out on each of them.
_SHADES = ("DDEBF7", "E2EFDA", "FFF2CC", "FCE4D6", "EDEDED", "D9E1F2")
_FONT = "Calibri"  # that of cells without a font of their own
_NUMBER_FORMATS = {"text": "@", "date": "yyyy-mm-dd", "integer": "0", "general": "General"}


@dataclass(frozen=True, slots=True)
class FormColumn:
    """A column of a form.

    Attributes:
        heading: Its heading.
        group: The heading above; said once for columns side by side.
        note: What a person should know.
        choices: The name of the list to choose from; empty where anything may stand.
        many: Whether several values may stand in a cell, so that the list is an offer only.
        format: text, date, integer or general.
        width: Its width in characters.
        required: Whether it must be filled in.
    """

    heading: str
    group: str = ""
    note: str = ""
    choices: str = ""
    many: bool = False
    format: str = "text"
    width: int = 18
    required: bool = False


@dataclass(slots=True)
class Form:
    """A sheet to fill in; its first rows are the groups, the headings and an example."""

    name: str
    columns: Sequence[FormColumn]
    example: Sequence[Native]
    rows: Iterable[Sequence[Native]]
    frozen: int = 1


@dataclass(slots=True)
class Forms:
    """A workbook of forms.

    Attributes:
        guide: The lines of the sheet with instructions, each of cells.
        forms: The sheets.
        lists: What can be chosen, by name.
        origin: What the workbook was made from, as rows of a hidden sheet.
    """

    guide: Sequence[Sequence[str]]
    forms: Sequence[Form]
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    origin: Iterable[Sequence[str]] = ()


def write_forms(forms: Forms) -> bytes:
    """Return the workbook; the same forms give the same bytes.

    Raises:
        UnknownFormat: A sheet would have more rows than a sheet can have.
    """
    book = new_book()
    guide = book.create_sheet("Instructions")
    _for_print(guide)
    for letter, width in zip("ABC", (28, 90, 30), strict=True):
        guide.column_dimensions[letter].width = width
    for line in forms.guide:
        guide.append([_guide_cell(guide, text, first=index == 0) for index, text in enumerate(line)])
    names = {}
    for number, name in enumerate(forms.lists, 1):
        letter = get_column_letter(number)
        names[name] = _list_name(name)
        last = max(2, len(forms.lists[name]) + 1)
        reference = f"'{LISTS}'!${letter}$2:${letter}${last}"
        book.defined_names[names[name]] = DefinedName(names[name], attr_text=reference)
    rows = {}
    for number, form in enumerate(forms.forms, 2):
        rows[f"xl/worksheets/sheet{number}.xml"] = _write_form(book, form, names)
    longest = max(map(len, forms.lists.values()), default=0)
    listed = ([values[at] if at < len(values) else None for values in forms.lists.values()] for at in range(longest))
    hidden: dict[str, Iterable[Sequence[str | None]]] = {
        LISTS: chain([list(forms.lists)], listed),
        ORIGIN: forms.origin,
    }
    for number, (name, lines) in enumerate(hidden.items(), len(forms.forms) + 2):
        book.create_sheet(name).sheet_state = "hidden"
        rows[f"xl/worksheets/sheet{number}.xml"] = _hidden_rows(lines)
    return in_memory(partial(reproducible, book.save, rows=rows))


def _for_print(sheet: Any) -> None:
    """All columns go on one page across."""
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _list_name(name: str) -> str:
    return "list_" + "".join(char if char.isalnum() else "_" for char in name)


def _guide_cell(sheet: Any, text: str, *, first: bool) -> Any:
    cell = text_cell(sheet, text)
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if first:
        cell.font = Font(name=_FONT, size=11, bold=True)
    return cell


def _write_form(book: Any, form: Form, names: Mapping[str, str]) -> bytes:
    sheet = book.create_sheet(form.name)
    _for_print(sheet)
    sheet.freeze_panes = f"{get_column_letter(form.frozen + 1)}3"
    shades = _shades(form.columns)
    for number, column in enumerate(form.columns, 1):
        dimension = sheet.column_dimensions[get_column_letter(number)]
        dimension.width = column.width
        dimension.number_format = _NUMBER_FORMATS[column.format]
        if column.choices:
            sheet.data_validations.append(_validation(column, names[column.choices], get_column_letter(number)))
        elif column.format == "integer":
            sheet.data_validations.append(_whole(get_column_letter(number)))
    groups, before = [], ""
    for column, shade in zip(form.columns, shades, strict=True):
        cell = text_cell(sheet, column.group if column.group != before else None)
        cell.font, cell.fill = Font(name=_FONT, size=11, bold=True), PatternFill("solid", fgColor=shade)
        groups.append(cell)
        before = column.group
    sheet.append(groups)
    sheet.append([_heading(sheet, column, shade) for column, shade in zip(form.columns, shades, strict=True)])
    sheet.append([_example(sheet, value) for value in form.example])
    return _rows(sheet, form)


def _rows(sheet: Any, form: Form) -> bytes:
    """Return the rows below the example."""
    letters = [get_column_letter(number) for number in range(1, len(form.columns) + 1)]
    styles = [_style(sheet, _NUMBER_FORMATS[column.format]) for column in form.columns]
    rows = [row_text(number, letters, row, styles) for number, row in enumerate(form.rows, 4)]
    if len(rows) > MOST_ROWS - 3:
        raise UnknownFormat(
            f"A sheet holds at most {MOST_ROWS} rows; {form.name} has more.", hint="Name the records that you want."
        )
    return "".join(rows).encode()


def _hidden_rows(lines: Iterable[Sequence[str | None]]) -> bytes:
    found = []
    for number, line in enumerate(lines, 1):
        letters = [get_column_letter(at) for at in range(1, len(line) + 1)]
        found.append(row_text(number, letters, line, [0] * len(line)))
    return "".join(found).encode()


def _style(sheet: Any, number_format: str) -> int:
    """Return the number under which the workbook knows a style."""
    cell = text_cell(sheet, None)
    cell.number_format = number_format
    cell.alignment = Alignment(vertical="top")
    return int(cell.style_id)


def _shades(columns: Sequence[FormColumn]) -> list[str]:
    order = list(dict.fromkeys(column.group for column in columns))
    return [_SHADES[order.index(column.group) % len(_SHADES)] for column in columns]


def _heading(sheet: Any, column: FormColumn, shade: str) -> Any:
    cell = text_cell(sheet, column.heading)
    cell.font = Font(name=_FONT, size=11, bold=True, color="C00000" if column.required else "000000")
    cell.fill = PatternFill("solid", fgColor=shade)
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if column.note:
        cell.comment = Comment(column.note, "whatworks", height=140, width=320)
    return cell


def _example(sheet: Any, value: Native) -> Any:
    cell = text_cell(sheet, value)
    cell.font = Font(name=_FONT, size=11, italic=True, color="7F7F7F")
    return cell


def _validation(column: FormColumn, name: str, letter: str) -> DataValidation:
    """Return the drop-down of a column; where several values may stand, what is not in the list may as well."""
    rule = DataValidation(type="list", formula1=name, allow_blank=True)
    rule.showErrorMessage = not column.many
    rule.errorTitle, rule.error = "Not in the list", "Choose one of the list, or write its code."
    rule.errorStyle = "warning"
    rule.add(f"{letter}4:{letter}{MOST_ROWS}")
    return rule


def _whole(letter: str) -> DataValidation:
    low, high = "-999999999999999", "999999999999999"
    rule = DataValidation(type="whole", operator="between", formula1=low, formula2=high, allow_blank=True)
    rule.showErrorMessage, rule.errorStyle = True, "warning"
    rule.errorTitle, rule.error = "Not a whole number", "Write a whole number, such as 2014."
    rule.add(f"{letter}4:{letter}{MOST_ROWS}")
    return rule
