"""What was made and may be needed again: the latest used, as much as fits."""

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
_ENTRY = 1000  # bytes that an entry takes beside what it holds, about


class Cache(Generic[K, V]):
    """Keeps things by their keys.

    Args:
        most: How many bytes they may have together.
        share: What is larger than this part of it all is not kept.
    """

    def __init__(self, most: int, share: int = 16) -> None:
        self._most, self._share, self._bytes = most, share, 0
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: K) -> V | None:
        """Return what is kept under a key."""
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[0]

    def keep(self, key: K, made: V, size: int) -> None:
        """Keep something of a size in bytes, if it is not large."""
        size += _ENTRY
        with self._lock:
            if size <= self._most // self._share:
                self._bytes -= self._kept.pop(key, (None, 0))[1]
                self._kept[key] = made, size
                self._bytes += size
                while self._bytes > self._most:
                    self._bytes -= self._kept.popitem(last=False)[1][1]
