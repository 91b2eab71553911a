"""Stored queries with values, bound once: the same questions come back, and a graph that was opened does not change.

To find the things that values name, and to write them into the text, takes a tenth of a look-up.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from whatworks.catalogue import Query
from whatworks.lookup import Lookup

_KEPT = 1000  # so many bound queries are kept
_LONG = 20_000  # letters of one that is not


class Asked(NamedTuple):
    """A stored query with its values.

    Attributes:
        text: The SPARQL text with the values bound.
        note: What a reader of the answer must know, such as that not all that fits could be bound.
    """

    text: str
    note: str


class Asking(Lookup):
    """Finds the things of one collection by name, and keeps the stored queries that it has bound to them."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._asked: dict[tuple[object, ...], Asked] = {}

    def asked(self, query: Query, values: Mapping[str, Sequence[str]]) -> Asked:
        """Return a stored query bound to values as people type them.

        Raises:
            UsageError: A name or value does not fit; the message names the parameter.
        """
        key = (query.name, *[(name, *given) for name, given in values.items()])
        found = self._asked.get(key)
        if found is None:
            bound = self.bind(query, values)
            found = Asked(query.bind(bound), " ".join(filter(None, (each.note for each in bound.values()))))
            # A day may be given as today, which ends; texts with what a search found are long.
            if len(found.text) < _LONG and all(parameter.type != "date" for parameter in query.parameters):
                if len(self._asked) >= _KEPT:
                    self._asked.clear()
                self._asked[key] = found
        return found
