"""Which engine answers a stored query: the store, or the columns where they are quicker.

The store finds one thing at once and needs nothing loaded; columns count and list, but numpy has to be loaded first.
Who stays, such as a server, loads it while nobody waits, and asks them whatever the size.
What the columns do not answer, or where they are not there, the store answers; both give the same rows.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from whatworks.catalogue import Query
from whatworks.results import Table
from whatworks.store import EmbeddedStore

if TYPE_CHECKING:
    from whatworks.columns import Columns

# A question with a value of such a type is about one thing.
_LOOKED_UP = ("intervention", "agent")
# Columns are loaded from so many statements on, once so many questions came; at once where the store would take longer
# than numpy takes to load.
LARGE, _VERY_LARGE, _SEVERAL = 100_000, 500_000, 3


class Released(Protocol):
    """What is known of a release here."""

    @property
    def manifest(self) -> dict[str, Any]:
        """What it says of itself."""

    @property
    def columns(self) -> Path | None:
        """The file of its columns."""

    def has_whole_columns(self) -> bool:
        """Read the file of its columns and say whether it is as it was written."""


class Engines:
    """The columns of a graph beside its store.

    Args:
        store: The store.
        statements: How many statements it has.
        release: The release that the store is of; without one, columns are made here when it pays.
    """

    def __init__(self, store: EmbeddedStore, statements: int, release: "Released | None" = None) -> None:
        self._store, self._statements, self._release = store, statements, release
        self._file = release.columns if release is not None else None
        self._scans = 0

    @classmethod
    def of(cls, store: EmbeddedStore, release: "Released | None") -> "Engines":
        """Return the columns beside a store, which is that of a release if one is given."""
        if release is None:
            return cls(store, len(store))
        return cls(store, int(release.manifest["statements"]), release)

    def answer(self, query: Query, values: Mapping[str, Sequence[str]], text: str) -> Table | None:
        """Answer a stored query from columns, or return None where the store must be asked, or is likely quicker.

        Args:
            query: The query.
            values: Its values as people type them.
            text: The query with the values bound.
        """
        if query.form != "SELECT":
            return None
        for name in values:
            if query.parameter(name).type in _LOOKED_UP:
                return None
        if not self.are_loaded:
            if self._statements < LARGE:
                return None
            self._scans += 1
            at_once = self._file is not None and self._statements >= _VERY_LARGE * (1 + len(values) / 2)
            if self._scans < _SEVERAL and not at_once:
                return None
        return self.rows(text)

    def rows(self, text: str) -> Table | None:
        """Answer a query from columns, or return None where the store must be asked."""
        found = self.columns.query(text) if self.columns is not None else None
        return self._store.noted(text, found) if found is not None else None

    def count(self, text: str) -> Table | None:
        """Answer anybody's query that counts, if the columns are there and it is little work; else return None.

        Args:
            text: A query that has passed the gate.
        """
        if not self.are_loaded or self.columns is None:
            return None
        found = self.columns.count(text, self._store.prefixes)
        return self._store.noted(text, found) if found is not None else None

    @property
    def are_loaded(self) -> bool:
        """Whether the columns are there, so that it costs nothing to ask them."""
        return "columns" in vars(self)

    @cached_property
    def columns(self) -> "Columns | None":
        """The columns; None where numpy is not installed, or the release was made without it."""
        if find_spec("numpy") is None or (self._release is not None and self._file is None):
            return None
        from whatworks.columns import Columns  # noqa: PLC0415 - numpy is an extra, and costs 80 ms to import

        if self._release is None or self._file is None:
            return Columns.made(BytesIO(self._store.nquads()))
        return Columns.open(self._file, self._release.has_whole_columns)
