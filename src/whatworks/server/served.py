"""What is served: one release, or the files as they were when the server started, opened once and only read."""

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

from anyio import CapacityLimiter

from whatworks.errors import Error
from whatworks.kg import KnowledgeGraph
from whatworks.store import Limits
from whatworks.store.pool import Pool
from whatworks.version import __version__

# What gives another answer each time, or other names of nodes; what uses it is neither kept nor marked.
_CHANGING = re.compile(r"\b(?:NOW|RAND|UUID|STRUUID|BNODE)\b", re.IGNORECASE)
_NAMING = re.compile(r"CONSTRUCT.*(?:_:|\[|\()", re.IGNORECASE | re.DOTALL)
_KEPT_BYTES = 64 << 20
_KEPT_SHARE = 16  # an answer larger than this part of it all is not kept


class Served:
    """A collection that is served.

    Attributes:
        kg: The collection.
        name: The name of the release, or a mark of the files.
        answers: Answers that were given, by their entity tag.
        store: The store of the collection.
        limits: What an own query may cost.
    """

    def __init__(self, kg: KnowledgeGraph, limits: Limits, *, workers: int = 2, waiting: int = 16) -> None:
        self.kg = kg
        self.name = kg.release.name if kg.release is not None else _mark(kg)
        self.answers = Answers()
        self.store = kg.collection.local
        self.limits = limits
        self._workers, self._waiting = workers, waiting
        for opened in (kg.lookup, kg.describer, kg.exporter, kg.catalogue.all()):
            assert opened is not None  # noqa: S101 - made now, so that no two threads make it later

    @cached_property
    def pool(self) -> Pool:
        """The processes that answer own queries."""
        return Pool(self.store, self.limits, size=self._workers, waiting=self._waiting)

    def warm(self) -> None:
        """Start the processes now, so that the first query need not wait for them."""
        assert self.pool is not None  # noqa: S101 - made by this

    @cached_property
    def places(self) -> CapacityLimiter:
        """The places of queries that are answered or wait."""
        return CapacityLimiter(self._workers + self._waiting)

    def tag(self, *key: str) -> str:
        """Return the strong entity tag of what this release answers to a request."""
        marked = "\0".join((self.name, __version__, *key))
        return f'"{hashlib.sha256(marked.encode(errors="surrogatepass")).hexdigest()[:32]}"'

    def close(self) -> None:
        """End the processes."""
        if "pool" in self.__dict__:
            self.pool.close()


def is_constant(query: str) -> bool:
    """Say whether a query gives the same answer whenever it is asked of the same graph."""
    return _CHANGING.search(query) is None and _NAMING.search(query) is None


def _mark(kg: KnowledgeGraph) -> str:
    """Return a name for files: a checksum of what they hold."""
    found = hashlib.sha256()
    for asset in (*kg.assets.sources(), *kg.assets.queries()):
        found.update(f"{asset.name}\0{asset.size}\0".encode() + asset.read())
    return found.hexdigest()[:16]


class Kept(NamedTuple):
    """An answer that is kept, with the headers that belong to it."""

    content: bytes
    headers: Mapping[str, str] = MappingProxyType({})


class Answers:
    """Answers by their entity tags, the latest used; as many as fit."""

    def __init__(self, most: int = _KEPT_BYTES) -> None:
        self._most, self._bytes = most, 0
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, tag: str) -> Kept | None:
        """Return an answer that is kept."""
        with self._lock:
            found = self._kept.get(tag)
            if found is not None:
                self._kept.move_to_end(tag)
            return found

    def keep(self, tag: str, made: Kept) -> None:
        """Keep an answer, if it is not large."""
        size = len(made.content)
        with self._lock:
            if tag and size <= self._most // _KEPT_SHARE and tag not in self._kept:
                self._kept[tag] = made
                self._bytes += size
                while self._bytes > self._most:
                    self._bytes -= len(self._kept.popitem(last=False)[1].content)

    def get(self, tag: str, make: Callable[[], bytes | Kept]) -> Kept:
        """Return an answer: the one that is kept, else a new one, which is kept if it is not large."""
        found = self.find(tag)
        if found is None:
            made = make()
            found = made if isinstance(made, Kept) else Kept(made)
            self.keep(tag, found)
        return found


class Site:
    """Which release is served now; a new one takes the place of the old one between two requests.

    Args:
        open_: Opens the collection as it is now.
        limits: What an own query may cost.
        workers: How many own queries are answered at once.
        waiting: How many more may wait.
        follows: Whether a release that is put to use later is taken up.
    """

    def __init__(
        self,
        open_: Callable[[], KnowledgeGraph],
        limits: Limits,
        *,
        workers: int = 2,
        waiting: int = 16,
        follows: bool = True,
    ) -> None:
        self._open, self._follows = open_, follows
        self._limits, self._workers, self._waiting = limits, workers, waiting
        self.current = self._served()
        self.fault = ""

    def refresh(self) -> bool:
        """Take up the release in use, if it is another one; return whether it is.

        What cannot be read is not taken up: the release before goes on being served, and `fault` says why.
        """
        kg = self.current.kg
        if kg.releases is None or not self._follows:
            return False
        try:
            found = kg.releases.current()
            if found is None or found.name == self.current.name:
                self.fault = ""
                return False
            new = self._served()
            new.warm()
        except Error as error:
            self.fault = str(error)
            return False
        before, self.current, self.fault = self.current, new, ""
        before.close()
        return True

    def _served(self) -> Served:
        return Served(self._open(), self._limits, workers=self._workers, waiting=self._waiting)

    def close(self) -> None:
        """End what was started."""
        self.current.close()
