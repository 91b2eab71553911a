"""Fast answers to stored queries from columns of numbers, made with a release.

A query is read, checked and answered here if the columns can do it exactly as the engine does; otherwise the answer is
None, and the engine is asked. numpy is known here only.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path

from whatworks.columns import build
from whatworks.columns.algebra import NotCovered, Select, selects
from whatworks.columns.dataset import Dataset, Texts
from whatworks.columns.facets import FacetIndex, faceted
from whatworks.columns.mentions import Mentions
from whatworks.columns.rows import Rows, Terms
from whatworks.columns.run import Run
from whatworks.columns.scope import check
from whatworks.columns.small import ROWS, is_small
from whatworks.columns.syntax import read
from whatworks.errors import DamagedRelease, Place
from whatworks.results import Row, Table

__all__ = ["Columns", "write_columns"]

_PLANS = 500
# So many rows are turned into terms at first, then ever more, so that a page costs no more than itself.
_FIRST, _GROWTH, _PORTION = 64, 8, 1 << 12


class Columns:
    """The columns of a graph, and answers from them."""

    def __init__(self, data: Dataset, is_whole: Callable[[], bool] = lambda: True) -> None:
        self.data = data
        self._is_whole = is_whole
        self._terms = Terms(data)
        self._plans: dict[str, tuple[Select, Mentions] | None] = {}

    @classmethod
    def open(cls, path: Path, is_whole: Callable[[], bool] = lambda: True) -> "Columns":
        """Open the columns of a release.

        Args:
            path: The file.
            is_whole: Reads every byte of it and says whether it is as it was written; is asked where an answer fails.

        Raises:
            DamagedRelease: The file cannot be read.
        """
        data, facets = build.read(path)
        data.facets = {name: FacetIndex(arrays) for name, arrays in facets.items()}
        return cls(data, is_whole)

    @classmethod
    def made(cls, nquads: Iterable[bytes]) -> "Columns":
        """Make columns in memory from lines of N-Quads as the engine writes them."""
        content = build.made(nquads)
        return cls(Dataset(content.header, content.arrays, Texts(content.text)))

    def query(self, text: str) -> Table | None:
        """Answer a SELECT query over the union of all graphs, or return None where the engine must be asked.

        Raises:
            DamagedRelease: The file is damaged, and what it says does not fit together. The rows may raise it as well.
        """
        plan = self._plan(text)
        if plan is None:
            return None
        try:
            return self._answered(*plan)
        except NotCovered:
            return None

    def count(self, text: str, prefixes: Mapping[str, str] | None = None) -> Table | None:
        """Answer a query that counts, if that is little work and gives few rows; None for any other.

        Args:
            text: The query. It comes from anybody, so what is read of it is not kept.
            prefixes: Prefixes that it need not declare.
        """
        try:
            found = read(text, prefixes)
            check(found)
            with self.telling():
                if not is_small(found, self._terms):
                    return None
            answer = self._answered(found, Mentions())
        except NotCovered:
            return None
        return answer if len(answer.rows) <= ROWS else None  # type: ignore[arg-type] # their number is known

    def _answered(self, select: Select, mentions: Mentions) -> Table:
        if self._terms.is_full:
            self._terms = Terms(self.data)
        terms = self._terms
        with self.telling():
            rows = Run(terms, mentions).select(select)
            return Table(tuple(rows.columns), _Decoded(rows, terms, self))

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Where an answer fails because the file is damaged, say that; to look before each means to read all of it."""
        try:
            yield
        except (IndexError, ValueError) as error:
            if self._is_whole():
                raise
            raise DamagedRelease(
                "The columns are damaged.", hint="Build anew with: whatworks build", where=Place("columns")
            ) from error

    def _plan(self, text: str) -> tuple[Select, Mentions] | None:
        if text not in self._plans:
            if len(self._plans) >= _PLANS:
                self._plans.clear()
            try:
                found = read(text)
                check(found)
                self._plans[text] = (found, Mentions())
            except NotCovered:
                self._plans[text] = None
        return self._plans[text]


def write_columns(nquads: Iterable[bytes], path: Path, queries: Iterable[str] = ()) -> None:
    """Write the columns of a graph into a file.

    Args:
        nquads: The lines of N-Quads as the engine writes them.
        path: The file.
        queries: The file also gets an index for each of them that counts picked things by group.
    """
    content = build.made(nquads)
    data = Dataset(content.header, content.arrays, Texts(content.text))
    for text in queries:
        with suppress(NotCovered):
            query = read(text)
            check(query)
            for each in selects(query):
                if (counting := faceted(each)) is not None:
                    Run(Terms(data), Mentions()).facets(counting)
    build.write(content, {name: index.arrays() for name, index in data.facets.items()}, path)


class _Decoded:
    """Rows as terms, made as they are gone through; how many there are is known."""

    def __init__(self, rows: Rows, terms: Terms, whole: Columns) -> None:
        for column in rows.columns.values():
            if ((column >= 0) & (column < terms.data.blanks)).any():
                raise NotCovered("a blank node in the answer, whose name is the engine's affair")
        self._rows, self._terms, self._whole = rows, terms, whole

    def __len__(self) -> int:
        return self._rows.number

    def __iter__(self) -> Iterator[Row]:
        return chain.from_iterable(self._portions())

    def _portions(self) -> Iterator[Iterable[Row]]:
        start, size, columns = 0, _FIRST, self._rows.columns.values()
        while start < self._rows.number:
            with self._whole.telling():
                found = [self._terms.decoded(column[start : start + size]) for column in columns]
            yield zip(*found, strict=True)
            start, size = start + size, min(_GROWTH * size, _PORTION)
