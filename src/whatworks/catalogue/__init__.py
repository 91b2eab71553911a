"""The catalogue of stored queries: `.rq` files with a typed header, found by name and bound to values."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from whatworks.assets import Asset
from whatworks.catalogue.header import name_of, read_query
from whatworks.catalogue.kept import Kept
from whatworks.catalogue.query import CHARTS, TYPES, Bound, Chart, Parameter, Query, iri_rows, quoted, ranked
from whatworks.errors import EndpointAnswer, Place, QueryHeader, UnknownQuery
from whatworks.namespaces import Prefixes
from whatworks.terms import Term

if TYPE_CHECKING:
    from whatworks.results import Table
    from whatworks.store import Store

__all__ = [
    "CHARTS",
    "TYPES",
    "Bound",
    "Catalogue",
    "Chart",
    "Parameter",
    "Query",
    "Values",
    "iri_rows",
    "quoted",
    "ranked",
]

Values: TypeAlias = Mapping[str, Sequence[tuple[Term, ...]]]
_NONE: Values = MappingProxyType({})


class Catalogue:
    """All stored queries, each read when it is asked for; a project's stands for a shipped one of the same name.

    With a cache folder, what was read of a file is taken from there until the file changes.
    """

    def __init__(self, assets: Iterable[Asset], prefixes: Prefixes, cache: Path | None = None) -> None:
        self._prefixes = prefixes
        self._kept = Kept(cache) if cache is not None else None
        self._assets: dict[str, Asset] = {}
        self._twice: dict[str, Asset] = {}
        for asset in assets:
            if asset.name.endswith(".rq"):
                name = name_of(asset)
                before = self._assets.get(name)
                if before is not None and before.own == asset.own:
                    self._twice[name] = before
                else:
                    self._twice.pop(name, None)
                self._assets[name] = asset
        self._read: dict[str, Query] = {}

    def names(self) -> list[str]:
        """Return the names of the queries for people, sorted."""
        return sorted(name for name in self._assets if "/" not in name)

    def get(self, name: str) -> Query:
        """Return the query of this name; the tool's own start with their folder, as in `system/labels`.

        Raises:
            UnknownQuery: There is none; the message suggests the nearest.
            QueryHeader: Its file is broken, or there are two of this name.
        """
        if name not in self._assets:
            from difflib import get_close_matches  # noqa: PLC0415 - needed after a slip only

            near = get_close_matches(name[:80], self.names(), n=3, cutoff=0.6)
            raise UnknownQuery(
                f"There is no stored query {name[:80]!r}.",
                hint=f"Did you mean: {', '.join(near)}?" if near else "List them with: whatworks queries",
            )
        if name in self._twice:
            raise QueryHeader(
                f"There are two queries {name!r}: the other is {self._twice[name].name}.",
                hint="Rename one of the files, or remove it.",
                where=Place(self._assets[name].name, 1),
            )
        if name not in self._read:
            self._read[name] = read_query(self._assets[name], self._prefixes, self._kept)
        return self._read[name]

    def text(self, name: str, values: Values = _NONE) -> str:
        """Return the text of one of the tool's own queries, bound to rows of terms."""
        return self.get(name).bind({key: Bound(rows) for key, rows in values.items()})

    def rows(self, store: "Store", name: str, values: Values = _NONE) -> "Table":
        """Return the rows that a store answers one of the tool's own queries with, bound to rows of terms.

        Raises:
            EndpointAnswer: A remote store answers something else.
        """
        from whatworks.results import Table  # noqa: PLC0415 - who lists queries asks none

        answer = store.query(self.text(name, values), standalone=True)
        if not isinstance(answer, Table):
            raise EndpointAnswer(f"The store answers {name} with no rows, which were asked for.")
        return answer

    def all(self) -> list[Query]:
        """Return all queries for people, by name."""
        return [self.get(name) for name in self.names()]

    def write(self) -> None:
        """Keep in the cache folder what was read of query files, so that the next command need not read it.

        Raises:
            Unwritable: The folder cannot be written, or the disk is full.
        """
        if self._kept is not None:
            self._kept.write()
