"""Tables as data frames (Arrow, pandas, Polars) and Parquet; each library is an extra, imported when asked for."""

from collections.abc import Callable
from importlib import import_module
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from whatworks.codebook import Codebook
from whatworks.errors import MissingExtra
from whatworks.native import Values

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

_GROUP = 1 << 14  # rows of a group in a Parquet file


def to_arrow(values: Values, codebook: Codebook) -> "pyarrow.Table":
    """Return an Arrow table; the codebook stands in its metadata, the meaning of a column in that of its field.

    Raises:
        MissingExtra: pyarrow is not installed.
    """
    arrow, schema = _library("pyarrow", "arrow"), _schema(values, codebook)
    arrays = [arrow.array(values.column(index), type=field.type) for index, field in enumerate(schema)]
    return arrow.Table.from_arrays(arrays, schema=schema)


def _schema(values: Values, codebook: Codebook) -> "pyarrow.Schema":
    arrow = _library("pyarrow", "arrow")
    types = {
        "integer": arrow.int64(),
        "number": arrow.float64(),
        "boolean": arrow.bool_(),
        "date": arrow.date32(),
        "datetime": arrow.timestamp("us", tz="UTC"),
    }
    meanings = {column.name: column.meaning for column in codebook.columns}
    fields = [
        arrow.field(name, types.get(kind, arrow.string()), metadata={"description": meanings.get(name, "")})
        for name, kind in zip(values.columns, values.kinds, strict=True)
    ]
    return arrow.schema(fields, metadata={"csvw": codebook.csvw("")})


def to_pandas(values: Values) -> "pandas.DataFrame":
    """Return a pandas data frame; what is not there is missing, and whole numbers stay whole.

    Raises:
        MissingExtra: pandas is not installed.
    """
    library = _library("pandas", "pandas")
    types = {"integer": "Int64", "number": "Float64", "boolean": "boolean"}
    found = {}
    for index, (name, kind) in enumerate(zip(values.columns, values.kinds, strict=True)):
        column = values.column(index)
        if kind in ("date", "datetime"):
            found[name] = library.to_datetime(library.Series(column, dtype="object"), utc=kind == "datetime")
        else:
            found[name] = library.Series(column, dtype=types.get(kind, "string"))
    frame: pandas.DataFrame = library.DataFrame(found, columns=list(values.columns))
    return frame


def to_polars(values: Values) -> "polars.DataFrame":
    """Return a Polars data frame.

    Raises:
        MissingExtra: polars is not installed.
    """
    library = _library("polars", "polars")
    types = {
        "integer": library.Int64,
        "number": library.Float64,
        "boolean": library.Boolean,
        "date": library.Date,
        "datetime": library.Datetime("us", "UTC"),
    }
    schema = {name: types.get(kind, library.String) for name, kind in zip(values.columns, values.kinds, strict=True)}
    frame: polars.DataFrame = library.DataFrame(list(values.rows), schema=schema, orient="row")
    return frame


def parquet_writer() -> Callable[[Values, Codebook, IO[bytes]], None]:
    """Return what writes a table as Parquet, compressed with zstd, into a file: a group of rows at a time.

    Raises:
        MissingExtra: pyarrow is not installed.
    """
    arrow, parquet = _library("pyarrow", "arrow"), _library("pyarrow.parquet", "arrow")

    def write(values: Values, codebook: Codebook, file: IO[bytes]) -> None:
        schema, rows = _schema(values, codebook), iter(values.rows)
        with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
            while some := list(islice(rows, _GROUP)):
                columns = zip(schema, zip(*some, strict=True), strict=True)
                arrays = [arrow.array(column, type=field.type) for field, column in columns]
                writer.write_table(arrow.Table.from_arrays(arrays, schema=schema))

    return write


def _library(name: str, extra: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingExtra(
            f"{name.partition('.')[0]} is not installed.",
            hint=f"Install it: python -m pip install 'whatworks[{extra}]'",
        ) from error
