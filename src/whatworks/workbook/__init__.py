"""Workbooks (xlsx): answers taken home, forms to fill in, and reading what people filled in.

`write` and `pour` make a workbook of an answer with its codebook, `write_forms` one to fill in; the same values give
the same bytes. `open_book` reads the sheets of a workbook, after looking for what could harm; `mark` writes what is
wrong with cells into a copy.
"""

from whatworks.workbook.answers import pour, write
from whatworks.workbook.forms import LISTS, ORIGIN, Form, FormColumn, Forms, write_forms
from whatworks.workbook.marked import Mark, mark
from whatworks.workbook.opened import Odd, Opened, cell_name, has_sheet, open_book
from whatworks.workbook.texts import MOST_ROWS

__all__ = [
    "LISTS",
    "MOST_ROWS",
    "ORIGIN",
    "Form",
    "FormColumn",
    "Forms",
    "Mark",
    "Odd",
    "Opened",
    "cell_name",
    "has_sheet",
    "mark",
    "open_book",
    "pour",
    "write",
    "write_forms",
]
