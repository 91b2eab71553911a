"""The variables that parts of one query mention, and what else is worked out once for a query."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from whatworks.columns.algebra import (
    Bind,
    Expression,
    Filter,
    Group,
    Minus,
    NotCovered,
    Optional,
    Part,
    Pattern,
    Select,
    Union,
    Values,
    exists_of,
    pattern_variables,
    variables_of,
)
from whatworks.columns.facets import Faceted, faceted
from whatworks.columns.scope import Names, scope_of

_NONE: Names = frozenset()


class Mentions:
    """The variables that parts of one query mention, worked out once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int], tuple[object, Names]] = {}
        self._faceted: dict[int, tuple[Select, Faceted | None]] = {}
        self._texts: dict[int, tuple[Part, str]] = {}

    def of(self, *parts: Part) -> Names:
        """Return every variable that some parts mention, wherever it stands in them."""
        return _NONE.union(*map(self._of_part, parts))

    def of_expression(self, expression: Expression) -> Names:
        """Return every variable that an expression mentions, those of EXISTS included."""
        return self._kept("expression", expression, self._expression)

    def bound_by(self, group: Group) -> Names:
        """Return every variable to which a group may give a value."""
        return self._kept("bound", group, lambda _: _NONE.union(*map(self._bound, group.parts)))

    def _bound(self, part: Part) -> Names:
        match part:
            case Filter() | Minus():
                return _NONE
            case Bind():
                return frozenset((part.variable.name,))
            case Optional():
                return self.bound_by(part.group)
            case Union():
                return _NONE.union(*map(self.bound_by, part.branches))
            case Group():
                return self.bound_by(part)
        return self._of_part(part)

    def taken(self, minus: Minus, group: Group) -> Names:
        """Return the variables by which a MINUS of a group takes rows away."""
        return self._kept("minus", minus, lambda _: self._taken(minus, group))

    def can_begin(self, select: Select, name: str) -> bool:
        """Say whether a SELECT may be given the values of one of its variables, to leave out the other rows."""
        return bool(self._kept("select", select, lambda _: self._beginnings(select)) & {name})

    def faceted(self, select: Select) -> Faceted | None:
        """Return how a SELECT counts picked things by group, None if it does something else."""
        if id(select) not in self._faceted:
            self._faceted[id(select)] = (select, faceted(select))
        return self._faceted[id(select)][1]

    def text_of(self, part: Part) -> str:
        """Return a text that is the same for parts that say the same."""
        if id(part) not in self._texts:
            self._texts[id(part)] = (part, repr(part))
        return self._texts[id(part)][1]

    def _of_part(self, part: Part) -> Names:
        return self._kept("part", part, self._part)

    def _kept(self, what: str, about: Any, work: Callable[[Any], Names]) -> Names:
        # Parts are known by their place in memory, as comparing what they say takes long; so they are kept, too.
        found = self._found.get((what, id(about)))
        if found is None:
            found = self._found[what, id(about)] = (about, work(about))
        return found[1]

    def _expression(self, expression: Expression) -> Names:
        inside = [self.of(*each.group.parts) for each in exists_of(expression)]
        return frozenset(variables_of(expression)).union(*inside)

    def _part(self, part: Part) -> Names:  # noqa: PLR0911 - one for each kind
        match part:
            case Pattern():
                return frozenset(pattern_variables(part))
            case Values():
                return frozenset(variable.name for variable in part.variables)
            case Filter():
                return self.of_expression(part.expression)
            case Bind():
                return self.of_expression(part.expression) | {part.variable.name}
            case Optional() | Minus():
                return self.of(*part.group.parts)
            case Union():
                return _NONE.union(*(self.of(*branch.parts) for branch in part.branches))
            case Group():
                return self.of(*part.parts)
            case Select():
                return frozenset(column.variable.name for column in part.columns)

    def _taken(self, minus: Minus, group: Group) -> Names:
        before = group.parts[: next(place for place, part in enumerate(group.parts) if part is minus)]
        own = scope_of(Group(tuple(part for part in before if not isinstance(part, Filter))))
        return frozenset(own.possible & scope_of(minus.group).possible)

    def _beginnings(self, select: Select) -> Names:
        names = {column.variable.name for column in select.columns if column.expression is None}
        keys = {variable.name for variable in select.group_by}
        if select.limit is not None or select.offset or (select.grouped and len(keys) != 1):
            return _NONE
        found = set()
        for name in names & keys if select.grouped else names:
            with suppress(NotCovered):
                scope = scope_of(select.where, frozenset((name,)))
                found |= {name} & scope.certain - scope.made
        return frozenset(found)
