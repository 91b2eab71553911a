"""Spreadsheets for curators: sheets and columns derived from the shapes, filled with records, and read again.

`make_template` makes the workbook to fill in; `Reading` reads workbooks and tables that were filled in, and merges what
they say with what is there; its `Tracer` leads back to their cells what a check finds; `Layout` says which sheets and
columns there are. `decode`, `delimiter_of` and `read_rows` read any table as text; `check_sheet` notes what of a sheet
would be misread; `clean` and `number_text` say what a cell holds.
"""

from whatworks.sheets.cells import Cells, clean, number_text
from whatworks.sheets.csvtext import decode, delimiter_of, read_rows
from whatworks.sheets.known import Known
from whatworks.sheets.layout import Column, Layout, Sheet
from whatworks.sheets.making import Template, make_template
from whatworks.sheets.reading import Reading
from whatworks.sheets.tables import check_sheet
from whatworks.sheets.tracing import Asked, Tracer

__all__ = [
    "Asked",
    "Cells",
    "Column",
    "Known",
    "Layout",
    "Reading",
    "Sheet",
    "Template",
    "Tracer",
    "check_sheet",
    "clean",
    "decode",
    "delimiter_of",
    "make_template",
    "number_text",
    "read_rows",
]
