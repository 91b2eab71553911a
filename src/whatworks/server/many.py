"""Several processes that serve at one address: started, watched, started again when they die, and ended together."""

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

_AGAIN = 1.0  # seconds between two starts of one process at least


def serve_many(start: Callable[[int], None], number: int, died: Callable[[int], None]) -> None:
    """Run several processes until SIGINT or SIGTERM, which each of them gets as well.

    Args:
        start: Serves until a signal ends it; is given 0 in the first process, 1 in the next, and so on.
        number: How many processes there are.
        died: Is told the number of a process that has ended.
    """
    reading, writing = os.pipe()  # a process sees by it when this one has gone
    running: dict[int, tuple[int, float]] = {}
    ending = False

    def end(*_: Any) -> None:
        nonlocal ending
        ending = True
        for pid in running:
            os.kill(pid, signal.SIGTERM)

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, end)
    for place in range(number):
        running[_forked(start, place, reading, writing)] = place, time.monotonic()
    while running:
        pid, _ = os.wait()
        if pid not in running:
            continue
        place, since = running.pop(pid)
        died(pid)
        if not ending:
            time.sleep(max(0.0, since + _AGAIN - time.monotonic()))
        if not ending:
            running[_forked(start, place, reading, writing)] = place, time.monotonic()
            if ending:  # the signal came between the two lines before
                end()


def _forked(start: Callable[[int], None], place: int, reading: int, writing: int) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_DFL)
        os.close(writing)
        threading.Thread(target=_end_with, args=(reading,), daemon=True).start()
        start(place)
        status = 0
    except Exception:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _end_with(reading: int) -> None:
    """End this process, in good order, when the one that started it has gone."""
    os.read(reading, 1)
    os.kill(os.getpid(), signal.SIGTERM)
