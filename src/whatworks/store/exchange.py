"""A query, its answer, and the line to the process that answers it, in an event loop."""

import asyncio
import json
import os
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any, Protocol

from whatworks.errors import Error
from whatworks.results import Boolean
from whatworks.store.forks import Forked, Process
from whatworks.store.protocol import Dataset
from whatworks.store.worker import died, told

_IN_MEMORY = 1 << 20  # an answer of more bytes than this is put by on disk until it is sent
_READ = 1 << 18
_PATIENT = 19  # the lowest priority
_EARLY = 0.1  # seconds; in so short a time a query hardly reached its process


class Written:
    """An answer in a format: in memory, or on disk in a file without a name where it is large.

    Attributes:
        note: What a reader must know of it, such as that rows were cut.
        size: How many bytes it has.
    """

    def __init__(self, note: str = "") -> None:
        self.note, self.size = note, 0
        self._parts: list[bytes] = []
        self._file: IO[bytes] | None = None

    def add(self, part: bytes) -> None:
        """Take the next part."""
        self.size += len(part)
        if self._file is None and self.size > _IN_MEMORY:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when nobody holds the answer any more
            weakref.finalize(self, self._file.close)
            self._file.writelines(self._parts)
            self._parts = []
        if self._file is None:
            self._parts.append(part)
        else:
            self._file.write(part)

    @property
    def content(self) -> bytes | None:
        """The whole answer where it is in memory."""
        return b"".join(self._parts) if self._file is None else None

    def parts(self) -> Iterator[bytes]:
        """Yield the answer in parts."""
        if self._file is None:
            yield from self._parts
            return
        self._file.seek(0)
        while part := self._file.read(_READ):
            yield part


class Query:
    """A query that is asked.

    Attributes:
        answer: What it is answered with.
        until: When it is to be answered at the latest, by the clock of the event loop; None for whenever.
    """

    def __init__(self, request: bytes, format: str, client: str, until: float | None = None) -> None:
        self.request, self.format, self.client = request, format, client
        self.answer: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        self.until = until
        self.is_long = False  # whether it took long
        self.is_second = False  # whether it was handed out before, to a worker that was dead or about to be
        self.timer: asyncio.TimerHandle | None = None
        self.line: Line | None = None

    def fail(self, error: Error) -> None:
        """Answer with an error."""
        self.stop_timer()
        if not self.answer.done():
            self.answer.set_exception(error)
            self.answer.exception()  # whoever asked may have gone

    def stop_timer(self) -> None:
        """Wait no longer."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class Answering(Protocol):
    """What answers own queries: a pool of workers, or an endpoint."""

    stopped: int

    @property
    def load(self) -> tuple[int, int]:
        """How many places are free, and how many queries wait."""

    def attend(self) -> None:
        """Begin to answer in the event loop that runs."""

    def ask(self, text: str, format: str, dataset: Dataset | None = None, *, client: str = "") -> Query:
        """Ask a query; its `answer` is there when it has one."""

    def leave(self, asked: Query) -> None:
        """Take a query back, because nobody wants its answer any more."""

    def close(self) -> None:
        """Begin no more."""


class Owner(Protocol):
    """Is told what becomes of a line."""

    def arrived(self, line: "Line") -> None:
        """The process can be asked."""

    def done(self, line: "Line", asked: Query | None) -> None:
        """The process has answered, or has ended."""

    def hand_out(self, asked: Query) -> None:
        """Give a query another process."""


class Line:
    """The line to a process.

    Attributes:
        process: The process.
        has_arrived: Whether it was ready to answer.
        is_patient: Whether it runs only when the system has time.
    """

    def __init__(self, process: Process, owner: Owner) -> None:
        self.process, self._owner = process, owner
        self._loop = asyncio.get_running_loop()
        self._socket = process.socket if isinstance(process, Forked) else None
        self._got, self._unsent = bytearray(), b""
        self._asked: Query | None = None
        self._since = 0.0
        self._head: dict[str, Any] | None = None
        self._written = Written()
        self._is_open, self.has_arrived, self.is_patient = True, False, False
        if self._socket is not None:
            self._socket.setblocking(False)
            self._loop.add_reader(self._socket, self._read)
        else:
            threading.Thread(target=self._wait, daemon=True).start()

    @property
    def is_running(self) -> bool:
        """Whether the process can be asked."""
        return self._is_open and self.process.is_running

    @property
    def is_busy(self) -> bool:
        """Whether the process has a query."""
        return self._asked is not None

    def ask(self, asked: Query) -> None:
        """Send a query."""
        self._asked, self._head, self._since = asked, None, self._loop.time()
        asked.line = self
        if self._socket is None:
            self.process.send(asked.request)
        else:
            self._unsent = len(asked.request).to_bytes(4, "big") + asked.request
            self._send()

    def _send(self) -> None:
        assert self._socket is not None  # noqa: S101 - called for sockets only
        try:
            with suppress(BlockingIOError):  # it takes no more now
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except OSError:  # it has ended, as the end of what it sends will say
            self._unsent = b""
        if self._unsent:
            self._loop.add_writer(self._socket, self._send)
        else:
            self._loop.remove_writer(self._socket)

    def _read(self) -> None:
        """Take what has come of frames."""
        assert self._socket is not None  # noqa: S101 - called for sockets only
        try:
            got = self._socket.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            got = b""
        if not got:
            self._ended()
            return
        self._got += got
        while len(self._got) >= 4 and len(self._got) >= (end := 4 + int.from_bytes(self._got[:4], "big")):
            frame = bytes(self._got[4:end])
            del self._got[:end]
            self._take(frame)

    def _wait(self) -> None:
        """Wait for frames in a thread, where the system has no way to wait for pipes in an event loop."""
        with suppress(RuntimeError):  # the loop is closed
            while (frame := self.process.frame(None)) is not None:
                self._loop.call_soon_threadsafe(self._take, frame)
            self._loop.call_soon_threadsafe(self._ended)

    def _take(self, frame: bytes) -> None:
        """Take a frame: first of all one that says that the process is there; then JSON, the answer, an empty one."""
        if not self.has_arrived:
            self.process.pid, self.has_arrived = json.loads(frame)["pid"], True
            self._owner.arrived(self)
        elif self._head is None:
            self._head = json.loads(frame)
            self._written = Written(self._head.get("note", ""))
        elif frame:
            self._written.add(frame)
        elif (asked := self._asked) is not None:
            head, self._asked = self._head, None
            if "error" in head:
                asked.fail(told(head))
            elif not asked.answer.done():
                if head["form"] == "ASK":
                    self._written.add(Boolean(head["value"]).write(asked.format))
                asked.answer.set_result(self._written)
            self._written = Written()
            self._owner.done(self, asked)

    def be_patient(self) -> None:
        """Let the process run when the system has time; an ordinary user cannot take this back."""
        self.is_patient = True
        if hasattr(os, "setpriority"):
            with suppress(OSError):  # it has ended
                os.setpriority(os.PRIO_PROCESS, self.process.pid, _PATIENT)

    def give_up(self) -> None:
        """End the process, and leave the query that it has to somebody else."""
        asked, self._asked = self._asked, None
        if asked is not None:
            asked.line = None
        self.close()
        self._owner.done(self, None)

    def stop(self, error: Error) -> None:
        """End the process; the query that it has is answered with an error."""
        if self._is_open:
            asked, self._asked = self._asked, None
            self.close()
            if asked is not None:
                asked.fail(error)
            self._owner.done(self, asked)

    def _ended(self) -> None:
        """Note that the process has ended. A query that it can hardly have seen is given another one, once."""
        asked = self._asked
        if asked is not None and not asked.is_second and self._loop.time() - self._since < _EARLY:
            asked.is_second, self._asked, asked.line = True, None, None
            self.stop(died())
            self._owner.hand_out(asked)
        else:
            self.stop(died())

    def close(self) -> None:
        """End the process."""
        if self._is_open:
            self._is_open = False
            if self._socket is not None:
                self._loop.remove_reader(self._socket)
                self._loop.remove_writer(self._socket)
            self.process.end()
