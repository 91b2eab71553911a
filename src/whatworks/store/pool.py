"""Several workers, so that own queries are answered beside each other and one that is stopped costs nobody else."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from whatworks.errors import Busy
from whatworks.store.embedded import EmbeddedStore
from whatworks.store.forks import processes
from whatworks.store.protocol import Dataset, Limits, Written
from whatworks.store.worker import Worker


class Pool:
    """Workers that stand ready, one more than answer at once, so that a killed one is replaced at once.

    Any number of threads may ask.

    Args:
        store: The store that is asked.
        limits: What a query may cost.
        size: How many queries are answered at once.
        waiting: How many more may wait.
    """

    def __init__(self, store: EmbeddedStore, limits: Limits, *, size: int, waiting: int) -> None:
        self._store, self._limits = store, limits
        self._processes = processes(store, limits.megabytes)
        self._patience = limits.seconds
        self._most = waiting
        self._state = threading.Condition()
        self._size, self._free, self._waiting = size, size, 0
        self._closed = False
        self.stopped = 0
        self._ready: list[Worker] = []
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="worker-starter")
        for _ in range(size + 1):
            self._starter.submit(self._add)

    @property
    def load(self) -> tuple[int, int]:
        """How many places are free, and how many queries wait."""
        return self._free, self._waiting

    def write(self, text: str, format: str, dataset: Dataset | None = None) -> Written:
        """Answer a query in a format, as `Worker.write` does.

        Raises:
            Busy: Too many wait already, or this one has waited too long.
            QueryStopped, QuerySyntax, QueryRefused: As the worker says.
        """
        self._enter()
        worker = self._take()
        try:
            return worker.write(text, format, dataset)
        finally:
            self._leave(worker)

    def close(self) -> None:
        """End the workers that are idle now, and each of the others when its query has its answer."""
        with self._state:
            self._closed = True
            idle, self._ready = self._ready, []
        self._starter.shutdown(wait=False, cancel_futures=True)
        for worker in idle:
            worker.close()
        self._processes.close()

    def _enter(self) -> None:
        """Wait for a place."""
        deadline = None if self._patience is None else time.monotonic() + self._patience
        with self._state:
            if self._free == 0 and self._waiting >= self._most:
                raise _busy(f"{self._waiting} queries wait already.")
            self._waiting += 1
            try:
                while self._free == 0:
                    left = None if deadline is None else deadline - time.monotonic()
                    if (left is not None and left <= 0) or not self._state.wait(left):
                        raise _busy("The query waited for its turn as long as it might have run.")
                self._free -= 1
            finally:
                self._waiting -= 1

    def _take(self) -> Worker:
        with self._state:
            while self._ready:
                worker = self._ready.pop()
                if worker.is_running:
                    return worker
                worker.close()
                self._again()
        return self._new()  # none has started yet, or what was killed is not replaced yet

    def _new(self) -> Worker:
        return Worker(self._store, self._limits, self._processes)

    def _leave(self, worker: Worker) -> None:
        with self._state:
            self._free += 1
            kept = worker.is_running and self._has_room
            if kept:
                self._ready.append(worker)
            elif not worker.is_running:
                self.stopped += 1
                self._again()
            self._state.notify()
            last = self._closed and self._free == self._size
        if not kept:
            worker.close()
        if last:
            self._processes.close()

    @property
    def _has_room(self) -> bool:
        """Whether one more worker may stand ready: those that answer come back."""
        return not self._closed and len(self._ready) + self._size - self._free <= self._size

    def _again(self) -> None:
        if not self._closed:
            self._starter.submit(self._add)

    def _add(self) -> None:
        worker = self._new()
        worker.start()
        with self._state:
            kept = self._has_room
            if kept:
                self._ready.append(worker)
        if not kept:
            worker.close()


def _busy(message: str) -> Busy:
    return Busy(message, hint="Ask again in a while, or ask a stored query, which need not wait.")
