"""Lets other processes judge cuts of a graph.

A process is spoken to over its standard input and output. It ends when its input ends, so that nothing is left behind
however the one who started it comes to its end.
"""

import os
import pickle
import signal
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from queue import SimpleQueue
from typing import IO

from whatworks.checks.found import Found
from whatworks.checks.judge import Judge, Refused
from whatworks.store import Cut

_LENGTH = struct.Struct(">Q")
_CHILD = "from whatworks.checks.clerks import main; main()"


class _Clerk:
    """A process that judges."""

    def __init__(self, setup: bytes) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - this Python, with a text of our own
            [sys.executable, "-c", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert self._process.stdin is not None  # noqa: S101 - pipes were asked for
        assert self._process.stdout is not None  # noqa: S101 - pipes were asked for
        self._to, self._from = self._process.stdin, self._process.stdout
        self._setup = setup

    def findings(self, cut: bytes) -> list[Found]:
        """Return what is found in a cut.

        Raises:
            Refused: A shape cannot be used.
            ChildProcessError: The process came to its end.
        """
        try:
            if self._setup:
                _send(self._to, self._setup)
                self._setup = b""
            _send(self._to, cut)
            answer = _received(self._from)
        except OSError:
            answer = None
        if answer is None:
            status = self._process.wait()
            raise ChildProcessError(
                f"a process of the check came to its end (status {status}); was there too little memory?"
            )
        found = pickle.loads(answer)  # noqa: S301 - from the process that was started here
        if isinstance(found, Exception):
            raise found
        return list(found)

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        with suppress(OSError):  # what it was not sent any more
            self._to.close()
        self._from.close()
        self._process.wait()


def judged(judge: Judge, cuts: Iterable[Cut], processes: int) -> Iterator[list[Found]]:
    """Yield what is found in each cut, in their order.

    Args:
        judge: Judges them, or is the model of those who do.
        cuts: The cuts; few are taken ahead.
        processes: How many other processes are to judge; with one, this one does.

    Raises:
        Refused: A shape cannot be used.
        ChildProcessError: Another process came to its end.
    """
    if processes < 2:
        yield from (judge.findings(cut) for cut in cuts)
        return
    with ExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(processes))
        written = pickle.dumps(judge.setup)
        idle: SimpleQueue[_Clerk] = SimpleQueue()
        for _ in range(processes):
            clerk = _Clerk(written)
            stack.callback(clerk.end)
            idle.put(clerk)

        def ask(cut: bytes) -> list[Found]:
            clerk = idle.get()
            try:
                return clerk.findings(cut)
            finally:
                idle.put(clerk)

        yield from _in_order(threads, ask, (pickle.dumps(cut) for cut in cuts), processes + 2)


def _in_order(
    threads: ThreadPoolExecutor, ask: Callable[[bytes], list[Found]], cuts: Iterable[bytes], ahead: int
) -> Iterator[list[Found]]:
    waiting: deque[Future[list[Found]]] = deque()
    try:
        for cut in cuts:
            waiting.append(threads.submit(ask, cut))
            while len(waiting) > ahead or (waiting and waiting[0].done()):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _send(stream: IO[bytes], message: bytes) -> None:
    stream.write(_LENGTH.pack(len(message)))
    stream.write(message)
    stream.flush()


def _received(stream: IO[bytes]) -> bytes | None:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (size,) = _LENGTH.unpack(head)
    message = stream.read(size)
    return message if len(message) == size else None


def main() -> None:
    """Judge what comes in until nothing more comes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started this ends it
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    sys.stdout = sys.stderr
    setup = _received(requests)
    if setup is None:
        return
    judge = Judge(pickle.loads(setup))  # noqa: S301 - from the process that started this one
    while (request := _received(requests)) is not None:
        try:
            answer: list[Found] | Refused = judge.findings(pickle.loads(request))  # noqa: S301 - from the process that started this one
        except Refused as refused:
            answer = refused
        try:
            _send(answers, pickle.dumps(answer))
        except BrokenPipeError:  # nobody waits for it any more
            os._exit(0)
