"""Several workers, so that own queries are answered beside each other and one that is stopped costs nobody else.

All of it happens in one event loop, without a thread for each query: a request is written into the socket of a process,
and what comes back is read when it comes.
"""

import asyncio
import json
import threading
from collections import OrderedDict, deque
from concurrent.futures import Future, ThreadPoolExecutor

from whatworks.errors import Busy, Error, TooMany
from whatworks.store.embedded import EmbeddedStore
from whatworks.store.exchange import Line, Query, Written
from whatworks.store.forks import Process, processes
from whatworks.store.protocol import Dataset, Limits
from whatworks.store.worker import died, overtime

__all__ = ["Pool", "Query", "Written"]

_AGAIN = 1.0  # seconds until another is started after one could not be
_MORE = 1.5  # seconds that a query has beyond its own time, should it have to wait for its turn
_LONG = 0.15  # seconds; a query that runs longer does not keep others from their turn
_GRACE = 0.5  # seconds that a query has whose asker has gone: to end it costs more than to let a short one finish


class Pool:
    """Workers that stand ready, one more than answer at once, so that a killed one is replaced at once.

    Queries that wait are taken in turns from those who ask, so that one who asks many does not keep others waiting.
    One that runs for a while gives its place to the next, and runs on as the system has time; as many do so as there
    are places. One more is stopped, and begun anew when one of those has ended. Waiting and running together end soon
    after the time that a query may run.

    Args:
        store: The store that is asked.
        limits: What a query may cost.
        size: How many queries are answered at once.
        waiting: How many more may wait; half of them, at least one, for one who asks.

    Attributes:
        stopped: How many processes were stopped or died.
    """

    def __init__(self, store: EmbeddedStore, limits: Limits, *, size: int, waiting: int) -> None:
        self._limits = limits
        self._processes = processes(store, limits.megabytes)
        self._most, self._share = waiting, -(-waiting // 2)
        self._size = self._free = self._free_long = size
        self._long: deque[Query] = deque()  # wait to be begun anew
        self._queues: OrderedDict[str, deque[Query]] = OrderedDict()
        self._waiting = 0
        self._closed = False
        self.stopped = 0
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="worker-starter")
        self._ready: list[Line] = []
        self._lines: set[Line] = set()
        self._without: deque[Query] = deque()  # have a place, and wait for a worker
        self._arriving: set[asyncio.Task[None]] = set()
        self._started: list[Future[Process]] | None = [self._launched() for _ in range(size + 1)]

    @property
    def load(self) -> tuple[int, int]:
        """How many places are free, and how many queries wait."""
        return self._free, self._waiting + len(self._long)

    def attend(self) -> None:
        """Look after the workers in the event loop that runs; it does so by itself when a query is asked."""
        started, self._started = self._started, None
        for each in started or ():
            self._expect(each)

    def ask(self, text: str, format: str, dataset: Dataset | None = None, *, client: str = "") -> Query:
        """Ask a query; its `answer` is there when it has one.

        Args:
            text: The query.
            format: For rows json, xml, csv or tsv; for statements turtle, ntriples, rdfxml, trig or jsonld.
            dataset: The graphs that it sees, instead of those that it names.
            client: Who asks; no more than whether it is the same one is made of it.

        Raises:
            TooMany: This one has as many queries waiting as may be.
            Busy: Too many wait already.
        """
        self.attend()
        limits = self._limits
        request = {"text": text, "format": format, "dataset": dataset, "rows": limits.rows, "bytes": limits.bytes}
        until = None if limits.seconds is None else asyncio.get_running_loop().time() + limits.seconds + _MORE
        asked = Query(json.dumps(request).encode(), format, client, until)
        if self._free:
            self._begin(asked)
            return asked
        own = len(self._queues.get(client, ()))
        if self._waiting >= self._most:
            raise _busy(f"{self._waiting} queries wait already.")
        if own >= self._share:
            raise TooMany(
                f"{own} queries from the same address wait already.",
                hint="Ask again when some have their answers, or ask a stored query, which need not wait.",
            )
        self._queues.setdefault(client, deque()).append(asked)
        self._waiting += 1
        if limits.seconds is not None:
            asked.timer = asyncio.get_running_loop().call_later(limits.seconds, self._waited_too_long, asked)
        return asked

    def leave(self, asked: Query) -> None:
        """Take a query back, because nobody wants its answer any more."""
        if asked.line is not None and not asked.answer.done():
            asked.stop_timer()
            asked.timer = asyncio.get_running_loop().call_later(_GRACE, asked.line.stop, overtime(self._limits))
        elif asked in self._long or asked in self._queues.get(asked.client, ()):
            self._drop(asked)
            asked.fail(_busy("Nobody waits for the answer any more."))

    def close(self) -> None:
        """End the workers that are idle now, and each of the others when its query has its answer."""
        self._closed = True
        idle = [line for line in self._lines if not line.is_busy and (line.has_arrived or not self._without)]
        self._ready.clear()
        for line in idle:
            self._lines.discard(line)
            line.close()
        for started in self._started or ():
            started.add_done_callback(self._unneeded)
        self._started = None
        self._starter.shutdown(wait=False, cancel_futures=not self._without)
        self._close_source()

    def _close_source(self) -> None:
        """End what starts workers, when this is closed and none is busy."""
        if self._closed and not self._lines and not self._without:
            threading.Thread(target=self._processes.close, daemon=True).start()  # a large one takes a while to end

    # ---- places ----

    def _begin(self, asked: Query) -> None:
        """Give a query a place and a worker."""
        self._free -= 1
        self.hand_out(asked)

    def hand_out(self, asked: Query) -> None:
        """Give a query that has a place a worker, or let it wait for one."""
        asked.stop_timer()
        while self._ready:
            line = self._ready.pop()
            if line.is_running:
                self._hand(line, asked)
                return
            line.stop(died())
        if self._limits.seconds is not None:
            loop, error = asyncio.get_running_loop(), _busy("No process has started in time.")
            asked.timer = loop.call_later(self._rest(asked), asked.fail, error)
        self._without.append(asked)
        if self._closed:
            self._expect(self._launched())

    def _hand(self, line: Line, asked: Query) -> None:
        asked.stop_timer()
        if asked.is_long:
            self._let_run(line, asked)
        elif (limit := self._limit(asked)) is None or limit[0] > _LONG:
            asked.timer = asyncio.get_running_loop().call_later(_LONG, self._takes_long, line, asked)
        else:
            asked.timer = asyncio.get_running_loop().call_later(limit[0], line.stop, limit[1])
        line.ask(asked)

    def _limit(self, asked: Query, had: float = 0.0) -> tuple[float, Error] | None:
        """Return how many seconds a query may run on, fewer where it has waited, and what it is told after that.

        Args:
            asked: The query.
            had: How many it has run already.
        """
        seconds = self._limits.seconds
        if seconds is None:
            return None
        if (left := self._rest(asked)) >= seconds - had:
            return seconds - had, overtime(self._limits)
        return left, _busy("The query had to wait for its turn, and what was left of its time was too little.")

    @staticmethod
    def _rest(asked: Query) -> float:
        """Return in how many seconds a query is to be answered at the latest; it must have such a time."""
        assert asked.until is not None  # noqa: S101 - where there is a limit of time, each has one
        return max(0.0, asked.until - asyncio.get_running_loop().time())

    # ---- queries that take long ----

    def _takes_long(self, line: Line, asked: Query) -> None:
        """Let a query run on beside the others, or stop it until it can."""
        asked.is_long, asked.timer = True, None
        self._free += 1
        if self._free_long:
            self._free_long -= 1
            self._let_run(line, asked, had=_LONG)
        elif len(self._long) >= self._most:
            line.give_up()
            asked.fail(_busy(f"{self._size + len(self._long)} queries that take long are here already."))
        else:
            line.give_up()
            self._long.append(asked)
            if self._limits.seconds is not None:
                loop = asyncio.get_running_loop()
                asked.timer = loop.call_later(self._rest(asked), self._waited_too_long, asked)
        self._next()

    def _let_run(self, line: Line, asked: Query, had: float = 0.0) -> None:
        line.be_patient()
        if not self._closed:
            self._expect(self._launched())
        if (limit := self._limit(asked, had)) is not None:
            asked.timer = asyncio.get_running_loop().call_later(limit[0], line.stop, limit[1])

    def _end(self, asked: Query) -> None:
        """Take the place of a query back, and give it to the next."""
        asked.stop_timer()
        if not asked.is_long:
            self._free += 1
        else:
            self._free_long += 1
            if self._long:
                following = self._long.popleft()
                self._free_long -= 1
                self.hand_out(following)
        self._next()

    def _next(self) -> None:
        """Begin the query whose turn it is."""
        if self._queues and self._free > 0:
            client, waiting = self._queues.popitem(last=False)
            following = waiting.popleft()
            self._waiting -= 1
            if waiting:
                self._queues[client] = waiting  # at the end: the others come first
            self._begin(following)

    def _drop(self, asked: Query) -> None:
        if asked in self._long:
            self._long.remove(asked)
            return
        waiting = self._queues[asked.client]
        waiting.remove(asked)
        self._waiting -= 1
        if not waiting:
            del self._queues[asked.client]

    def _waited_too_long(self, asked: Query) -> None:
        self._drop(asked)
        asked.fail(_busy("The query waited for its turn as long as it might have run."))

    # ---- workers ----

    def _launched(self) -> Future[Process]:
        """Start a worker in a thread: the first one has to read the graph."""
        if not self._closed:
            return self._starter.submit(self._processes.start)
        starter = ThreadPoolExecutor(1)
        launched = starter.submit(self._processes.start)
        starter.shutdown(wait=False)
        return launched

    def _expect(self, launched: Future[Process]) -> None:
        task = asyncio.get_running_loop().create_task(self._arrive(launched))
        self._arriving.add(task)
        task.add_done_callback(self._arriving.discard)

    async def _arrive(self, launched: Future[Process]) -> None:
        """Give a worker that has started its first query; if none starts, try again, and say so to who waits."""
        try:
            process = await asyncio.wrap_future(launched)
        except asyncio.CancelledError:
            launched.add_done_callback(self._unneeded)
            raise
        except OSError:
            await self._failed()
        else:
            if self._closed and not self._without:  # what is closed has no loop any more in which it could arrive
                self._unneeded(launched)
            else:
                self._lines.add(Line(process, self))

    def _unneeded(self, coming: Future[Process]) -> None:
        """End a worker that starts when nobody needs it any more, and what may have been started anew for it."""
        if not coming.cancelled() and coming.exception() is None:
            coming.result().end()
            self._close_source()

    async def _failed(self) -> None:
        """Say to who waits that no worker starts, and try again."""
        without, self._without = self._without, deque()
        for asked in without:
            asked.fail(died())
            self._end(asked)
        await asyncio.sleep(_AGAIN)
        if not self._closed:
            self._expect(self._launched())

    def arrived(self, line: Line) -> None:
        """Take a worker that has started."""
        self._use(line)

    def _use(self, line: Line) -> None:
        """Give a worker the next query that waits for one, or let it stand ready."""
        if line.is_patient:  # and stays so
            self._lines.discard(line)
            line.close()
            self._close_source()
            return
        while self._without:
            asked = self._without.popleft()
            if not asked.answer.done():
                self._hand(line, asked)
                return
            self._end(asked)
        if self._closed or len(self._ready) > self._size:
            self._lines.discard(line)
            line.close()
            self._close_source()
        else:
            self._ready.append(line)

    def done(self, line: Line, asked: Query | None) -> None:
        """Take a worker back: one that has answered, or has ended."""
        if line.is_running:
            self._use(line)
        else:
            self._lines.discard(line)
            if line in self._ready:
                self._ready.remove(line)
            line.close()
            self.stopped += not self._closed
            self._replace(line)
        if asked is not None:
            self._end(asked)

    def _replace(self, line: Line) -> None:
        """Start a worker instead of one that has ended; soon, if that one was never ready."""
        if line.is_patient and not self._without:  # another one was started when it got so
            self._close_source()
        elif not line.has_arrived:
            task = asyncio.get_running_loop().create_task(self._failed())
            self._arriving.add(task)
            task.add_done_callback(self._arriving.discard)
        elif not self._closed or self._without:
            self._expect(self._launched())
        else:
            self._close_source()


def _busy(message: str) -> Busy:
    return Busy(message, hint="Ask again in a while, or ask a stored query, which need not wait.")
