"""What is served: one release, or the files as they were when the server started, opened once and only read."""

import gc
import hashlib
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple

from whatworks.catalogue import Query
from whatworks.errors import Error, QueryStopped
from whatworks.kg import KnowledgeGraph
from whatworks.namespaces import SKOS
from whatworks.pages.brand import brand_of
from whatworks.pages.writer import Writer
from whatworks.publish.edition import Edition
from whatworks.publish.history import History
from whatworks.publish.sitemap import Page, pages
from whatworks.server.cache import Cache
from whatworks.server.matching import Matcher
from whatworks.server.ready import Ready
from whatworks.server.watch import Watch
from whatworks.store import EmbeddedStore, Limits
from whatworks.store.bounded import Counts
from whatworks.store.exchange import Answering
from whatworks.store.pool import Pool
from whatworks.terms import Iri
from whatworks.version import __version__

# What gives another answer each time, or other names of nodes; what uses it is neither kept nor marked.
_CHANGING = re.compile(r"\b(?:NOW|RAND|UUID|STRUUID|BNODE)\b", re.IGNORECASE)
_NAMING = re.compile(r"CONSTRUCT.*(?:_:|\[|\()", re.IGNORECASE | re.DOTALL)
_KEPT_BYTES = 64 << 20
_STOPPED_BYTES = 4 << 20
_QUICK = 0.003  # seconds; what takes longer is answered in a thread


class Served:
    """A collection that is served.

    Attributes:
        kg: The collection.
        name: The name of the release, a mark of the files, or the address of the endpoint.
        is_elsewhere: Whether an endpoint is served.
        edition: What is published of it.
        brand: What the project brings to its pages.
        answers: Answers that were given, by their entity tag.
        ready: Answers as they were sent, by the request as it came.
        counts: Numbers of statements that look-ups have asked for.
        stopped: What was said of queries that were stopped, by the tags of their answers, and when.
        store: The store of the collection.
        limits: What an own query may cost.
        limits_said: The same as a part of tags.
    """

    def __init__(self, kg: KnowledgeGraph, limits: Limits, *, workers: int = 2, waiting: int = 16) -> None:
        self.kg = kg
        self.is_elsewhere = kg.remote is not None
        self.edition = Edition.of(kg)
        self.name = self.edition.name
        self.brand = brand_of(kg.assets, kg.settings)
        Writer(self.brand)  # what is wrong with its templates is told now, and not to the first reader
        self.answers, self.ready, self._mark = Answers(), Ready(), self.edition.mark
        self.stopped: Cache[str, tuple[QueryStopped, float]] = Cache(_STOPPED_BYTES)
        self.counts: Counts = {}
        self._lately: dict[str, float] = {}
        self._constant: dict[str, bool] = {}
        self.store = kg.collection.store
        self.limits, self.limits_said = limits, repr(limits)
        self._workers, self._waiting = workers, waiting
        for opened in (kg.lookup, kg.describer, kg.exporter, kg.catalogue.all()):
            assert opened is not None  # noqa: S101 - made now, so that no two threads make it later

    @cached_property
    def pool(self) -> Answering:
        """What answers own queries: processes, or the endpoint that is served."""
        if self.is_elsewhere:
            from whatworks.store.elsewhere import Elsewhere  # noqa: PLC0415 - for remote stores only

            size, prefixes = self._workers, dict(self.kg.prefixes.table)
            return Elsewhere(self.store, self.limits, size=size, waiting=self._waiting, prefixes=prefixes)
        return Pool(self.kg.collection.local, self.limits, size=self._workers, waiting=self._waiting)

    @cached_property
    def local(self) -> EmbeddedStore:
        """The store where it is in this process."""
        return self.kg.collection.local

    @cached_property
    def pages(self) -> list[Page]:
        """The pages that search engines are told of."""
        return pages(self.edition)

    def look(self) -> None:
        """Forget what was sent, if other releases or other files of releases are there since."""
        if (mark := self.edition.mark) != self._mark:
            self._mark, self.ready = mark, Ready()

    def warm(self) -> None:
        """Start the processes now, so that the first query need not wait for them."""
        assert self.pool is not None  # noqa: S101 - made by this

    @cached_property
    def history(self) -> History:
        """What each release changed."""
        return History(self.edition)

    @cached_property
    def matcher(self) -> Matcher:
        """Finds what names mean."""
        return Matcher(self.kg)

    @cached_property
    def properties(self) -> list[Iri]:
        """The properties that things and concepts have, in the order of the shapes."""
        of_concepts = (SKOS + name for name in ("inScheme", "broader", "notation", "altLabel", "definition"))
        return list(dict.fromkeys(map(Iri, (*self.kg.lookup.field_order(), *of_concepts))))

    def tag(self, *key: str) -> str:
        """Return the strong entity tag of what this release answers to a request.

        What is at an endpoint may change at any time, so that its answers have none: the tag is empty.
        """
        if self.is_elsewhere:
            return ""
        look = [self.brand.mark] if self.brand.mark else []
        marked = "\0".join((self.name, *look, __version__, *key))
        return f'"{hashlib.sha256(marked.encode(errors="surrogatepass")).hexdigest()[:32]}"'

    def is_constant(self, query: Query) -> bool:
        """Say whether a stored query gives the same answer whenever it is asked with the same values."""
        if query.name not in self._constant:
            self._constant[query.name] = all(map(is_constant, query.lines()))
        return self._constant[query.name]

    def is_quick(self, kind: str) -> bool:
        """Say whether questions of a kind look something up and took no time lately: such may hold up the others."""
        return self._lately.get(kind, _QUICK) < _QUICK

    def took(self, kind: str, seconds: float, *, is_look_up: bool) -> None:
        """Note how long a question of a kind took, of CPU."""
        self._lately[kind] = 0.7 * self._lately.get(kind, 0.0) + 0.3 * seconds if is_look_up else _QUICK

    def close(self) -> None:
        """End the processes."""
        if "pool" in self.__dict__:
            self.pool.close()


def is_constant(query: str) -> bool:
    """Say whether a query gives the same answer whenever it is asked of the same graph."""
    return _CHANGING.search(query) is None and _NAMING.search(query) is None


class Kept(NamedTuple):
    """An answer that is kept, with the headers that belong to it."""

    content: bytes
    headers: Mapping[str, str] = MappingProxyType({})


class Answers(Cache[str, Kept]):
    """Answers by their entity tags."""

    def __init__(self, most: int = _KEPT_BYTES) -> None:
        super().__init__(most)

    def get(self, tag: str, make: Callable[[], bytes | Kept]) -> Kept:
        """Return an answer: the one that is kept, else a new one, which is kept if it is not large."""
        found = self.find(tag)
        if found is None:
            made = make()
            found = made if isinstance(made, Kept) else Kept(made)
            if tag:
                self.keep(tag, found, len(found.content))
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
        self._fault = ""
        self.watch = Watch(self.current.store) if self.current.is_elsewhere else None

    @property
    def fault(self) -> str:
        """What is wrong, such as a new release that cannot be read, or an endpoint that does not answer."""
        return self._fault or (self.watch.fault if self.watch is not None else "")

    @property
    def is_ready(self) -> bool:
        """Whether what is asked can be answered: the release before does too, an endpoint has to be there."""
        return self.watch is None or not self.watch.fault

    @property
    def figures(self) -> tuple[str, int, int]:
        """The release that is served, how many queries wait, and how many processes were stopped or died."""
        return self.current.name, self.current.pool.load[1], self.current.pool.stopped

    def refresh(self) -> Served | None:
        """Take up the release in use, if it is another one; return what was served before, which is to be closed.

        What cannot be read is not taken up: the release before goes on being served, and `fault` says why.
        """
        self.current.look()
        kg = self.current.kg
        if kg.releases is None or not self._follows:
            return None
        try:
            found = kg.releases.current()
            if found is None or found.name == self.current.name:
                self._fault = ""
                return None
            new = self._served()
            new.warm()
        except Error as error:
            self._fault = str(error)
            return None
        before, self.current, self._fault = self.current, new, ""
        return before

    def _served(self) -> Served:
        return Served(self._open(), self._limits, workers=self._workers, waiting=self._waiting)

    def close(self) -> None:
        """End what was started."""
        if self.watch is not None:
            self.watch.end()
        self.current.close()


def settle() -> None:
    """Let the collector of circles leave alone what is there now: to look through a release takes longer than answers.

    What was left alone before is looked through once more, as a release that is no longer served is to be given back.
    """
    if gc.get_freeze_count():
        gc.unfreeze()
        gc.collect()
    gc.freeze()
