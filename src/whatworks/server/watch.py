"""Looks now and then whether the endpoint that is served answers; nobody who asks how the server is waits for it."""

import threading
import time

from whatworks.errors import Error
from whatworks.namespaces import SKOS
from whatworks.store.protocol import Store
from whatworks.terms import Iri

_LOOKS = 2.0  # seconds between two looks
_PATIENCE = 5.0  # an endpoint that has not answered for so many seconds is told of


class Watch:
    """Looks from a thread that ends with the process, as what it waits for may never come.

    Args:
        store: The store at the endpoint.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._said, self._since = "", 0.0  # since when an answer is waited for; 0 where none is
        self._ended = threading.Event()

    @property
    def fault(self) -> str:
        """What is wrong with the endpoint, as far as it is known; empty if nothing is."""
        since = self._since
        if since and time.monotonic() - since > _PATIENCE:
            return f"The endpoint has not answered for {_PATIENCE:g} seconds."
        return self._said

    def begin(self) -> None:
        """Begin to look."""
        threading.Thread(target=self._look, daemon=True, name="endpoint-watch").start()

    def _look(self) -> None:
        while True:
            self._since = time.monotonic()
            try:
                next(iter(self._store.match(Iri(f"{SKOS}Concept"))), None)
                self._said = ""
            except Error as error:
                self._said = str(error)
            self._since = 0.0
            if self._ended.wait(_LOOKS):
                return

    def end(self) -> None:
        """Look no more."""
        self._ended.set()
