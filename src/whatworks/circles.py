"""Python's search for values that hold each other, left out where many values are made that do not."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_circles() -> Iterator[None]:
    """Do not look for values that hold each other while many are made that do not: up to a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
