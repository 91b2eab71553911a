"""Which variables a query binds where, and whether it may be answered by joining from left to right.

SPARQL says what a group means from the inside out. The columns give a group the rows it will be joined with, which
comes to the same only under conditions; where one of them fails, `NotCovered` is raised before anything is computed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from whatworks.columns.algebra import (
    Aggregate,
    Bind,
    Call,
    Exists,
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
    Var,
    aggregates,
    exists_of,
    pattern_variables,
    variables_of,
)

Names = frozenset[str]
_NONE: Names = frozenset()


@dataclass(slots=True)
class Scope:
    """The variables of a group: those of every row, those that a row may have, and those with values made here."""

    certain: set[str] = field(default_factory=set)
    possible: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)

    def join(self, other: "Scope") -> None:
        """Join with another scope, which must share only what both have in every row, as terms of the data."""
        _check_shared(self.possible & other.possible, self, other)
        self.certain |= other.certain
        self.possible |= other.possible
        self.made |= other.made


def check(select: Select) -> Scope:
    """Return the scope of a SELECT.

    Raises:
        NotCovered: It cannot be answered from left to right, or is no valid query.
    """
    where = scope_of(select.where)
    names = [column.variable.name for column in select.columns]
    if len(set(names)) != len(names):
        raise NotCovered("two columns of one name")
    if select.grouped:
        _check_grouped(select, where)
    found = Scope()
    for column in select.columns:
        name, expression = column.variable.name, column.expression
        if expression is None:
            found.possible.add(name)
            found.certain |= {name} & where.certain
            found.made |= {name} & where.made
            continue
        if name in where.possible or variables_of(expression) & set(names):
            _check_renaming(name, expression, where, names)
        _check_expression(expression, where, _NONE, _NONE)
        found.possible.add(name)
        if isinstance(expression, Var):
            found.certain |= {name} if expression.name in where.certain else set()
            found.made |= {name} if expression.name in where.made else set()
        else:
            found.made.add(name)
    for each in select.order_by:
        _check_expression(each.expression, where, frozenset(names), _NONE)
        if exists_of(each.expression) or aggregates(each.expression):
            raise NotCovered("ORDER BY what must be looked for")
    return found


def _check_renaming(name: str, expression: Expression, where: Scope, names: list[str]) -> None:
    if name in where.possible:
        raise NotCovered("a column that is bound already")
    made = {each for each in names if each not in where.possible}
    if variables_of(expression) & made:
        raise NotCovered("a column made of another column")


def _check_grouped(select: Select, where: Scope) -> None:
    keys = {variable.name for variable in select.group_by}
    made = {column.variable.name for column in select.columns if column.expression is not None}
    for column in select.columns:
        if column.expression is None and column.variable.name not in keys:
            raise NotCovered("a column that is not grouped by")
    expressions = [column.expression for column in select.columns if column.expression is not None]
    for expression in (*expressions, *select.having):
        found = aggregates(expression)
        if _outside_aggregates(expression) - keys or exists_of(expression):
            raise NotCovered("a value that is not grouped by")
        for aggregate in found:
            _check_aggregate(aggregate, select, where)
    for each in select.order_by:
        if variables_of(each.expression) - keys - made:
            raise NotCovered("ORDER BY a value that is not grouped by")


def _outside_aggregates(expression: Expression) -> set[str]:
    if isinstance(expression, Aggregate):
        return set()
    if isinstance(expression, Call):
        return {name for argument in expression.arguments for name in _outside_aggregates(argument)}
    return variables_of(expression)


def _check_aggregate(aggregate: Aggregate, select: Select, where: Scope) -> None:
    argument = aggregate.argument
    if argument is not None and not isinstance(argument, Var) and aggregate.name != "SUM":
        raise NotCovered("an aggregate of an expression")
    if argument is not None and (not variables_of(argument) <= where.possible or exists_of(argument)):
        raise NotCovered("an aggregate of a variable that is nowhere")
    if aggregate.name == "GROUP_CONCAT":
        # The texts come in the order of rows, which nothing but a sorted SELECT within decides.
        inner = select.where.parts[0] if len(select.where.parts) == 1 else None
        sorted_by = [each.expression for each in inner.order_by] if isinstance(inner, Select) else []
        if aggregate.distinct or argument is None or not {argument, Call("STR", (argument,))} & set(sorted_by):
            raise NotCovered("GROUP_CONCAT without an order")


def scope_of(group: Group, outside: Names = _NONE, visible: Names = _NONE) -> Scope:
    """Return the scope of a group.

    Args:
        group: The group.
        outside: The variables of the rows that are given to it.
        visible: Those of them that its own conditions may use, as in OPTIONAL and EXISTS.

    Raises:
        NotCovered: It cannot be answered from left to right.
    """
    own = Scope()
    for part in group.parts:
        match part:
            case Optional():
                _check_optional(part, own, outside)
            case Minus():
                found = scope_of(part.group)
                _check_shared(own.possible & found.possible, own, found)
            case Bind():
                _check_bind(part, own, outside)
            case Filter():
                pass
            case _:
                own.join(_scope_of_part(part, outside | own.possible))
    for part in group.parts:
        if isinstance(part, Filter):
            _check_expression(part.expression, own, visible, outside)
    return own


def _scope_of_part(part: Part, outside: Names) -> Scope:
    match part:
        case Pattern():
            names = pattern_variables(part)
            return Scope(set(names), set(names))
        case Values():
            names = {variable.name for variable in part.variables}
            return Scope(set(names), set(names))
        case Group():
            return scope_of(part, outside)
        case Union():
            branches = [scope_of(branch, outside) for branch in part.branches]
            return Scope(
                set.intersection(*(branch.certain for branch in branches)),
                set.union(*(branch.possible for branch in branches)),
                set.union(*(branch.made for branch in branches)),
            )
        case Select():
            return check(part)
    raise NotCovered("a part of another kind")


def _check_optional(part: Optional, own: Scope, outside: Names) -> None:
    found = scope_of(part.group, outside | own.possible, frozenset(own.possible))
    if found.possible & outside - own.possible:
        raise NotCovered("OPTIONAL with a variable from further out")
    _check_shared(own.possible & found.possible, own, found)
    own.possible |= found.possible
    own.made |= found.made


def _check_bind(part: Bind, own: Scope, outside: Names) -> None:
    name = part.variable.name
    if name in own.possible or name in outside:
        raise NotCovered("BIND to a variable that is bound already")
    _check_expression(part.expression, own, _NONE, outside)
    own.possible.add(name)
    if isinstance(part.expression, Var):
        own.certain |= {name} if part.expression.name in own.certain else set()
        own.made |= {name} if part.expression.name in own.made else set()
    else:
        own.made.add(name)


def _check_expression(expression: Expression, own: Scope, visible: Names, outside: Names) -> None:
    seen = own.possible | visible
    if variables_of(expression) & (outside - seen):
        raise NotCovered("a condition on a variable from further out")
    for each in exists_of(expression):
        _check_exists(each, own, visible, outside)


def _check_exists(exists: Exists, own: Scope, visible: Names, outside: Names) -> None:
    seen = own.possible | visible
    for part in _parts(exists.group):
        if not isinstance(part, Pattern | Values | Filter | Union | Group):
            raise NotCovered("EXISTS of more than patterns")
        if isinstance(part, Filter) and exists_of(part.expression):
            raise NotCovered("EXISTS within EXISTS")
    found = scope_of(exists.group, frozenset(seen), frozenset(seen))
    if found.possible & (outside - seen):
        raise NotCovered("EXISTS with a variable from further out")
    shared = found.possible & seen
    if not shared <= own.certain or not shared <= found.certain or shared & own.made:
        raise NotCovered("EXISTS with a variable that may be unbound")


def _parts(group: Group) -> Iterable[Part]:
    for part in group.parts:
        yield part
        for inner in part.branches if isinstance(part, Union) else (part,) if isinstance(part, Group) else ():
            yield from _parts(inner)


def _check_shared(shared: set[str], one: Scope, other: Scope) -> None:
    if not shared <= one.certain or not shared <= other.certain:
        raise NotCovered("a join on a variable that may be unbound")
    if shared & (one.made | other.made):
        raise NotCovered("a join on a value that was made")
