"""Processes that answer queries, all forked from one that holds the graph.

That one reads the statements once. Each process that answers is a copy of it: it shares its memory and is there within
milliseconds, so that a query can be stopped by ending its process and the next one need not wait. A store on disk is
opened by each copy, as its engine has threads of its own, which a copy would not have.

Where the system has no fork, each process is started anew and reads everything itself.
"""

import gc
import json
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any, Protocol

from whatworks.store.answering import answer, opened_store, read_frames, write_frame
from whatworks.store.embedded import EmbeddedStore

_FORK, _END = b"f", b"e"
_COMMAND = 9  # bytes: what to do, and the number of a process
_BUFFER = 1 << 16
_LOWER = 10  # so much lower is the priority of an own query than that of what asks: it is to answer others meanwhile
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000  # CLONE_NEWUSER and CLONE_NEWNET of Linux


class Process(Protocol):
    """A process that answers.

    Attributes:
        pid: Its number, known when it has told it; 0 before.
    """

    pid: int

    @property
    def is_running(self) -> bool:
        """Whether it is there and can be asked."""

    def send(self, content: bytes) -> None:
        """Send a frame; that the process has ended is only seen when no answer comes."""

    def frame(self, deadline: float | None) -> bytes | None:
        """Wait for the next frame; None says that the process ended.

        Raises:
            TimeoutError: It does not come in time.
        """

    def end(self) -> None:
        """End the process at once."""


class Processes(Protocol):
    """Starts processes that answer."""

    def start(self) -> Process:
        """Start one; its first frame tells that it is ready. Any thread may call this."""

    def close(self) -> None:
        """Give up what is kept for starting more; `start` makes it again."""


def processes(store: EmbeddedStore, megabytes: int | None) -> Processes:
    """Return what starts processes that answer from a store.

    Args:
        store: The store: its folder is opened there, or its statements are handed over.
        megabytes: How much memory each may take.
    """
    return Forks(store, megabytes) if hasattr(os, "fork") else Starts(store, megabytes)


def _opening(store: EmbeddedStore, megabytes: int | None) -> list[bytes]:
    """Return the frames that say what to open."""
    folder = None if store.folder is None else str(store.folder.absolute())
    opened = json.dumps({"folder": folder, "prefixes": store.prefixes, "megabytes": megabytes}).encode()
    return [opened] if folder is not None else [opened, store.nquads()]


def _started(function: str, stdin: int, stdout: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-I", "-c", f"from whatworks.store import {function} as module; module.serve()"]
    return subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL)  # noqa: S603 - ourselves


# ---- forked processes, the side that asks ----


class Forks:
    """The process that holds the graph, seen from here; it is started when it is first needed."""

    def __init__(self, store: EmbeddedStore, megabytes: int | None) -> None:
        self._store, self._megabytes = store, megabytes
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def start(self) -> "Forked":
        """Have a process forked."""
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            if self._process is None or self._process.poll() is not None:
                self._close()
                self._open()
            self._tell(_FORK, 0, [theirs.fileno()])
        return Forked(ours, self._end)

    def close(self) -> None:
        """End the process that holds the graph, and with it those whose queries are not waited for."""
        with self._lock:
            self._close()

    def _open(self) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = _started("forks", theirs.fileno(), subprocess.DEVNULL)
        for content in _opening(self._store, self._megabytes):
            with suppress(BrokenPipeError):  # it ended; that nothing is forked says so
                _send(self._control, content)

    def _close(self) -> None:
        process, control, self._process, self._control = self._process, self._control, None, None
        if process is not None and control is not None:
            control.close()
            process.kill()
            process.wait()

    def _end(self, pid: int) -> None:
        with self._lock:
            self._tell(_END, pid, [])

    def _tell(self, what: bytes, pid: int, handed_over: list[int]) -> None:
        if self._control is not None:
            with suppress(BrokenPipeError):  # as above
                socket.send_fds(self._control, [what + pid.to_bytes(_COMMAND - 1, "big")], handed_over)


class Forked:
    """A forked process, at the other end of a socket."""

    def __init__(self, sock: socket.socket, end: Callable[[int], None]) -> None:
        self.pid = 0
        self._sock, self._end = sock, end
        self._came = bytearray()
        self._hung_up = select.poll()
        self._hung_up.register(sock, 0)  # tells nothing but the end

    @property
    def is_running(self) -> bool:
        """Whether it is there and can be asked."""
        return self._sock.fileno() >= 0 and not self._hung_up.poll(0)

    @property
    def socket(self) -> socket.socket:
        """The socket, for who waits for several processes at once; `send` and `frame` are not to be used then."""
        return self._sock

    def send(self, content: bytes) -> None:
        """Send a frame."""
        with suppress(OSError):  # it ended; the frame that does not come says so
            self._sock.settimeout(None)
            _send(self._sock, content)

    def frame(self, deadline: float | None) -> bytes | None:
        """Wait for the next frame; None says that the process ended.

        Raises:
            TimeoutError: It does not come in time.
        """
        size = self._taken(4, deadline)
        return None if size is None else self._taken(int.from_bytes(size, "big"), deadline)

    def _taken(self, number: int, deadline: float | None) -> bytes | None:
        while len(self._came) < number:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError
            self._sock.settimeout(left)
            try:
                arrived = self._sock.recv(max(_BUFFER, number - len(self._came)))
            except ConnectionError:
                return None
            if not arrived:
                return None
            self._came += arrived
        found = bytes(self._came[:number])
        del self._came[:number]
        return found

    def end(self) -> None:
        """End the process at once."""
        if self._sock.fileno() >= 0:
            self._sock.close()  # which it notices, too, unless something keeps it from that
            if self.pid:
                self._end(self.pid)


# ---- the process that holds the graph ----


def serve() -> None:
    """Read what to open from the socket on standard input, then fork and end processes as told, until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    leave_the_network()
    control = socket.socket(fileno=0)
    opened = json.loads(_received(control))
    store = _read_apart(opened, control) if opened["folder"] is None else None
    gc.collect()
    gc.freeze()  # so that no copy touches what it need not
    running: set[int] = set()
    while True:
        command, handed_over, _, _ = socket.recv_fds(control, _COMMAND, 1)
        while len(command) < _COMMAND:
            if not (rest := control.recv(_COMMAND - len(command))):
                os._exit(0)
            command += rest
        running = {pid for pid in running if os.waitpid(pid, os.WNOHANG) == (0, 0)}
        pid = int.from_bytes(command[1:], "big")
        if command[:1] == _END and pid in running:
            os.kill(pid, signal.SIGKILL)
        for number in handed_over:
            if not (pid := os.fork()):
                control.close()
                _answer(opened, store, socket.socket(fileno=number))
            running.add(pid)
            os.close(number)


def leave_the_network() -> bool:
    """Leave this process, and its copies, without any network, where an ordinary user may; return whether it is so.

    Linux lets one in most places, but not in every container: in a network of its own there is nothing, not even
    loopback. Elsewhere the gate alone keeps queries from reaching out.
    """
    if not sys.platform.startswith("linux"):
        return False
    import ctypes  # noqa: PLC0415 - Python has os.unshare from 3.12 on

    unshare = ctypes.CDLL(None, use_errno=True).unshare
    return any(unshare(flags) == 0 for flags in (_NEW_NETWORK, _NEW_USER | _NEW_NETWORK))


def _read_apart(opened: dict[str, Any], control: socket.socket) -> EmbeddedStore:
    """Read the statements in a thread of its own: what another thread has set up is quicker for a copy to use."""
    found: list[EmbeddedStore] = []
    reading = threading.Thread(target=lambda: found.append(opened_store(opened, lambda: _received(control))))
    reading.start()
    reading.join()
    return found[0]


def _answer(opened: dict[str, Any], store: EmbeddedStore | None, sock: socket.socket) -> None:
    """Answer in this copy until nobody asks any more; then end at once, even in the middle of a query."""
    try:
        os.nice(_LOWER)
        threading.Thread(target=_watch, args=(sock,), daemon=True).start()
        answer(opened, store, lambda: _received(sock), os.fdopen(os.dup(sock.fileno()), "wb"))
    finally:
        os._exit(1)


def _watch(sock: socket.socket) -> None:
    hung_up = select.poll()
    hung_up.register(sock, 0)
    hung_up.poll()
    os._exit(0)


def _received(sock: socket.socket) -> bytes:
    """Return the next frame; the end of the socket ends the process."""
    return _exactly(sock, int.from_bytes(_exactly(sock, 4), "big"))


def _exactly(sock: socket.socket, number: int) -> bytes:
    found = bytearray(number)
    view = memoryview(found)
    while view:
        count = sock.recv_into(view)
        if not count:
            os._exit(0)
        view = view[count:]
    return bytes(found)


def _send(sock: socket.socket, content: bytes) -> None:
    size = len(content).to_bytes(4, "big")
    if len(content) < _BUFFER:
        sock.sendall(size + content)
    else:
        sock.sendall(size)
        sock.sendall(content)


# ---- processes that are started anew ----


class Starts:
    """Starts each process anew."""

    def __init__(self, store: EmbeddedStore, megabytes: int | None) -> None:
        self._store, self._megabytes = store, megabytes

    def start(self) -> "Started":
        """Start a process and say what to open."""
        process = Started(_started("answering", subprocess.PIPE, subprocess.PIPE))
        for content in _opening(self._store, self._megabytes):
            process.send(content)
        return process

    def close(self) -> None:
        """Do nothing: nothing is kept."""


class Started:
    """A process of its own, at the other end of two pipes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.pid = process.pid
        self._process = process
        self._frames: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=_receive, args=(process.stdout, self._frames), daemon=True).start()

    @property
    def is_running(self) -> bool:
        """Whether it is there and can be asked."""
        return self._process.poll() is None

    def send(self, content: bytes) -> None:
        """Send a frame."""
        with suppress(OSError):  # it ended; the frame that does not come says so
            assert self._process.stdin is not None  # noqa: S101 - a pipe, as asked for
            write_frame(self._process.stdin, content)
            self._process.stdin.flush()

    def frame(self, deadline: float | None) -> bytes | None:
        """Wait for the next frame; None says that the process ended.

        Raises:
            TimeoutError: It does not come in time.
        """
        try:
            return self._frames.get(timeout=None if deadline is None else max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise TimeoutError from None

    def end(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what could not be written any more
                    pipe.close()


def _receive(pipe: IO[bytes], frames: "queue.SimpleQueue[bytes | None]") -> None:
    """Put the frames of a pipe into a queue, and None when it ends."""
    with suppress(OSError, ValueError):  # closed while it was read
        for frame in read_frames(pipe):
            frames.put(frame)
    frames.put(None)
