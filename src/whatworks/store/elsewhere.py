"""Own queries that a SPARQL endpoint answers: asked in threads, so many at a time, as a pool of workers is."""

import asyncio
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import islice

from whatworks.errors import Busy, EndpointTimeout, Error, QueryRefused, TooMany
from whatworks.results import Boolean, Table
from whatworks.store.exchange import Query, Written
from whatworks.store.protocol import Dataset, Limits, Store
from whatworks.store.syntax import serialize
from whatworks.terms import Quad


class Elsewhere:
    """Asks an endpoint.

    Args:
        store: The store at the endpoint.
        limits: What a query may cost; the time counts from when it is asked here, and the memory is the endpoint's.
        size: How many queries are asked at once.
        waiting: How many more may wait; half of them, at least one, for one who asks.
        prefixes: Those that statements are written with.

    Attributes:
        stopped: How many answers were not waited for to the end.
    """

    def __init__(self, store: Store, limits: Limits, *, size: int, waiting: int, prefixes: dict[str, str]) -> None:
        self._store, self._limits, self._prefixes = store, limits, prefixes
        self._size, self._most, self._share = size, waiting, -(-waiting // 2)
        self._clients: Counter[str] = Counter()
        self._begun: dict[Query, Future[Written]] = {}
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="endpoint")
        self.stopped = 0

    @property
    def load(self) -> tuple[int, int]:
        """How many places are free, and how many queries wait."""
        count = len(self._begun)
        return max(0, self._size - count), max(0, count - self._size)

    def attend(self) -> None:
        """Do nothing: threads start when they are needed."""

    def ask(self, text: str, format: str, dataset: Dataset | None = None, *, client: str = "") -> Query:
        """Ask a query; its `answer` is there when it has one.

        Raises:
            TooMany, Busy: Too many wait already, of this one or of all.
            QueryRefused: It is to see a part of the graphs.
        """
        if dataset is not None:
            raise QueryRefused(
                "The endpoint behind this server is asked for all graphs together.", hint="Name them: GRAPH <…> { }."
            )
        if self.load[1] >= self._most:
            raise Busy(f"{self.load[1]} queries wait already.", hint="Ask again in a while.")
        if self._clients[client] >= self._size + self._share:
            raise TooMany(f"{self._clients[client]} queries from the same address are asked already.")
        asked, loop = Query(b"", format, client), asyncio.get_running_loop()
        self._clients[client] += 1
        begun = self._begun[asked] = self._threads.submit(self._written, text, format)
        if self._limits.seconds is not None:
            error = EndpointTimeout(f"The endpoint takes more than {self._limits.seconds:g} seconds.")
            asked.timer = loop.call_later(self._limits.seconds, self._give_up, asked, error)
        begun.add_done_callback(lambda _: self._ended(loop, asked))
        return asked

    def _ended(self, loop: asyncio.AbstractEventLoop, asked: Query) -> None:
        """Go on in the event loop, unless the server has ended meanwhile."""
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._done, asked)

    def _written(self, text: str, format: str) -> Written:
        """Ask the endpoint and write its answer."""
        found, most = self._store.query(text), self._limits.rows
        if isinstance(found, Boolean):
            content, note = found.write(format), ""
        elif isinstance(found, Table):
            cut = found.cut(most)
            content, note = cut.write(format), cut.note
        else:
            triples = list(islice(found, None if most is None else most + 1))
            is_cut = most is not None and len(triples) > most
            note = f"Only the first {most} statements are given; there are more." if is_cut else ""
            content = serialize((Quad(*each) for each in triples[:most]), format, prefixes=self._prefixes)
        written = Written(note)
        written.add(content)
        return written

    def leave(self, asked: Query) -> None:
        """Take a query back: one that waits is not asked, one that is asked is not waited for."""
        self._give_up(asked, Busy("Nobody waits for the answer any more."))

    def _give_up(self, asked: Query, error: Error) -> None:
        if (begun := self._begun.get(asked)) is not None:
            self.stopped += not begun.cancel()
            asked.fail(error)

    def _done(self, asked: Query) -> None:
        begun = self._begun.pop(asked)
        asked.stop_timer()
        self._clients[asked.client] -= 1
        if begun.cancelled() or asked.answer.done():
            return
        if (error := begun.exception()) is None:
            asked.answer.set_result(begun.result())
        else:
            asked.answer.set_exception(error)

    def close(self) -> None:
        """Begin no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)
