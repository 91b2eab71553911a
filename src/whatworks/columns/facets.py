"""Counts picked things by what they have, from an index that is made once.

A query that counts for a page of check boxes has a part that picks things, and a part that says what each thing counts
for. The second part is the same whatever is picked: it is answered once, and each group is kept as a row of bits.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatworks.columns.algebra import Aggregate, Column, Group, NotCovered, Part, Pattern, Select, Union, Values, Var
from whatworks.columns.arrays import Ids, Whole, distinct, grouped, is_among
from whatworks.columns.rows import Rows
from whatworks.columns.scope import check, scope_of

# A group of fewer than one in so many things is kept as a list of them.
_RARE = 32
_ARRAYS = ("things", "keys", "bits", "starts", "members")


@dataclass(frozen=True, slots=True)
class Faceted:
    """A SELECT that counts picked things by group.

    Attributes:
        thing: The variable of what is counted.
        picked: What picks the things.
        view: Gives things and groups, whatever is picked.
        name: Stands for the view in a file.
    """

    thing: str
    picked: Select
    view: Select
    name: str

    @property
    def keys(self) -> list[str]:
        """The variables of the groups."""
        return [column.variable.name for column in self.view.columns[1:]]


def faceted(select: Select) -> Faceted | None:
    """Return how a SELECT counts picked things by group, None if it does something else."""
    thing = _counted(select)
    if thing is None or not select.where.parts:
        return None
    parts = _unfolded(select, thing)
    if len(parts) < 2:
        return None
    picked, rest = _single(parts[0]), parts[1:]
    if not isinstance(picked, Select) or picked.columns != (Column(thing),) or not picked.distinct:
        return None
    if not all(isinstance(part, Pattern | Select | Group | Union | Values) for part in rest):
        return None
    view = Select((Column(thing), *map(Column, select.group_by)), Group(rest), distinct=True)
    with suppress(NotCovered):
        if _are_terms(picked) and _are_terms(view):
            return Faceted(thing.name, picked, view, sha256(repr(view).encode()).hexdigest())
    return None


def _single(part: Part) -> Part:
    """Return the only part of a group, or the part itself."""
    return part.parts[0] if isinstance(part, Group) and len(part.parts) == 1 else part


def _unfolded(select: Select, thing: Var) -> tuple[Part, ...]:
    """Return the parts of a SELECT; a first one that is a SELECT of several variables gives way to its own parts.

    Such a SELECT only tells an engine what to join first. As distinct things are counted, rows that come twice do no
    harm, and what it does not pass on must not be spoken of outside.
    """
    first, rest = _single(select.where.parts[0]), select.where.parts[1:]
    if not isinstance(first, Select) or len(first.columns) < 2 or first.grouped or first.limit is not None:
        return select.where.parts
    if first.offset or any(column.expression is not None for column in first.columns):
        return select.where.parts
    passed = {column.variable.name for column in first.columns}
    with suppress(NotCovered):
        hidden = scope_of(first.where).possible - passed
        spoken_of = scope_of(Group(rest)).possible | {thing.name, *(variable.name for variable in select.group_by)}
        if not hidden & spoken_of:
            return (*first.where.parts, *rest)
    return select.where.parts


def _counted(select: Select) -> Var | None:
    """Return the variable whose distinct values a SELECT counts by group, None if it does more than that."""
    counts = [column.expression for column in select.columns if column.expression is not None]
    if len(counts) != 1 or not isinstance(counts[0], Aggregate) or select.limit is not None:
        return None
    if not select.group_by or select.having or select.distinct or select.order_by or select.offset:
        return None
    name, thing = counts[0].name, counts[0].argument
    if name != "COUNT" or not counts[0].distinct or not isinstance(thing, Var) or thing in select.group_by:
        return None
    return thing


def _are_terms(select: Select) -> bool:
    """Say whether every column of a SELECT has a term of the data in every row."""
    scope = check(select)
    names = {column.variable.name for column in select.columns}
    return names <= scope.certain and not names & scope.made


class FacetIndex:
    """The things of each group.

    Attributes:
        things: All things, as numbers in order; a thing has its place here.
        keys: The terms that groups stand for: of the first variable for all groups, and so on. Big groups come first.
        bits: A row for each big group: a bit for each place.
        starts, members: Where the things of each other group begin, and their places.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self.things: Ids = arrays["things"]
        self.bits: NDArray[np.uint64] = arrays["bits"].reshape(-1, _words(len(self.things)))
        self.starts, self.members = arrays["starts"], arrays["members"]
        self.keys: Ids = arrays["keys"]

    @classmethod
    def made(cls, rows: Rows, query: Faceted) -> "FacetIndex":
        """Make the index from the rows of a view."""
        things, places = distinct(rows.columns[query.thing])
        groups, first = grouped([rows.columns[name] for name in query.keys], rows.number)
        counts = np.bincount(groups, minlength=len(first))
        by_size = np.argsort(-counts, kind="stable")
        rank = np.empty(len(first), np.int64)
        rank[by_size] = np.arange(len(first))
        many = int(np.count_nonzero(counts * _RARE >= len(things)))
        members = places[np.lexsort((places, rank[groups]))].astype(np.int32)
        ends = np.cumsum(counts[by_size])
        bits = np.zeros((many, _words(len(things))), np.uint64)
        for group in range(many):
            flags = np.zeros(len(things), np.bool_)
            flags[members[ends[group] - counts[by_size[group]] : ends[group]]] = True
            bits[group] = _packed(flags)
        begin = int(ends[many - 1]) if many else 0
        keys = [rows.columns[name][first[by_size]] for name in query.keys]
        return cls(
            {
                "things": things.astype(np.int32),
                "keys": np.concatenate(keys),
                "bits": bits.reshape(-1),
                "starts": (ends - counts[by_size])[many:] - begin,
                "members": members[begin:],
            }
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what the index consists of, flat."""
        return {name: np.ascontiguousarray(getattr(self, name)).reshape(-1) for name in _ARRAYS}

    def key(self, place: int) -> Ids:
        """Return the terms that the groups stand for in one of the variables."""
        number = len(self.bits) + len(self.starts)
        return self.keys[place * number : (place + 1) * number]

    def counts(self, picked: Ids) -> Whole:
        """Return how many of the picked things each group has."""
        flags = is_among(self.things, picked)
        words = _packed(flags)
        some = np.flatnonzero(words)
        # Things of one class lie together, and few words of a small selection have a bit.
        part = slice(some[0], some[-1] + 1) if len(some) and 2 * len(some) > np.ptp(some) else some
        many: Whole = np.bitwise_count(self.bits[:, part] & words[part]).sum(axis=1, dtype=np.int64)
        if not len(self.starts):
            return many
        return np.concatenate((many, np.add.reduceat(flags[self.members], self.starts, dtype=np.int64)))


def _words(number: int) -> int:
    return max(1, -(-number // 64))


def _packed(flags: NDArray[np.bool_]) -> NDArray[np.uint64]:
    found = np.zeros(_words(len(flags)) * 8, np.uint8)
    packed = np.packbits(flags)
    found[: len(packed)] = packed
    return found.view(np.uint64)
