"""What a query says, as plain values: patterns, groups and expressions, as far as the columns can answer them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from whatworks.terms import Iri, Term


class NotCovered(Exception):
    """The columns cannot answer this query in exactly the way of the engine; the engine answers it."""


@dataclass(frozen=True, slots=True)
class Var:
    """A variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Path:
    """A property path: `alternative` or `sequence` of steps, or one step `inverse`, `any` times (*) or `many` (+)."""

    kind: str
    steps: "tuple[Step, ...]"


Step: TypeAlias = Iri | Path


@dataclass(frozen=True, slots=True)
class Pattern:
    """A triple pattern."""

    subject: Var | Term
    predicate: Var | Step
    object: Var | Term


@dataclass(frozen=True, slots=True)
class Values:
    """Given rows; each value is a term."""

    variables: tuple[Var, ...]
    rows: tuple[tuple[Term, ...], ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition of a group."""

    expression: "Expression"


@dataclass(frozen=True, slots=True)
class Bind:
    """A variable that an expression gives."""

    expression: "Expression"
    variable: Var


@dataclass(frozen=True, slots=True)
class Optional:
    """What is added where it is there."""

    group: "Group"


@dataclass(frozen=True, slots=True)
class Union:
    """What one of several groups gives."""

    branches: "tuple[Group, ...]"


@dataclass(frozen=True, slots=True)
class Minus:
    """What takes rows away."""

    group: "Group"


@dataclass(frozen=True, slots=True)
class Group:
    """The parts of a group, in the order of the text; a SELECT within is a part, too."""

    parts: "tuple[Part, ...]"


@dataclass(frozen=True, slots=True)
class Call:
    """A function or operator, by its name in SPARQL in capitals, or its sign."""

    name: str
    arguments: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Exists:
    """Whether a group has an answer for the row."""

    group: Group


@dataclass(frozen=True, slots=True)
class Aggregate:
    """COUNT, SUM, MIN, MAX or GROUP_CONCAT; without an argument, COUNT(*)."""

    name: str
    argument: "Expression | None"
    distinct: bool = False
    separator: str = " "


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a SELECT, with the expression that gives it, if one does."""

    variable: Var
    expression: "Expression | None" = None


@dataclass(frozen=True, slots=True)
class Order:
    """One condition of ORDER BY."""

    expression: "Expression"
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Select:
    """A SELECT query."""

    columns: tuple[Column, ...]
    where: Group
    distinct: bool = False
    group_by: tuple[Var, ...] = ()
    having: "tuple[Expression, ...]" = ()
    order_by: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0

    @property
    def grouped(self) -> bool:
        """Whether rows are put together."""
        return bool(self.group_by or self.having) or any(
            aggregates(each.expression) for each in self.columns if each.expression is not None
        )


Expression: TypeAlias = Var | Term | Call | Exists | Aggregate
Part: TypeAlias = Pattern | Values | Filter | Bind | Optional | Union | Minus | Group | Select


def aggregates(expression: Expression) -> list[Aggregate]:
    """Return the aggregates within an expression."""
    if isinstance(expression, Aggregate):
        return [expression]
    if isinstance(expression, Call):
        return [found for argument in expression.arguments for found in aggregates(argument)]
    return []


def variables_of(expression: Expression) -> set[str]:
    """Return the names of the variables of an expression, without those of EXISTS."""
    match expression:
        case Var():
            return {expression.name}
        case Call():
            return {name for argument in expression.arguments for name in variables_of(argument)}
        case Aggregate():
            return variables_of(expression.argument) if expression.argument is not None else set()
    return set()


def exists_of(expression: Expression) -> list[Exists]:
    """Return the EXISTS within an expression."""
    if isinstance(expression, Exists):
        return [expression]
    if isinstance(expression, Call):
        return [found for argument in expression.arguments for found in exists_of(argument)]
    return []


def pattern_variables(pattern: Pattern) -> set[str]:
    """Return the names of the variables of a pattern."""
    return {end.name for end in (pattern.subject, pattern.predicate, pattern.object) if isinstance(end, Var)}


def selects(part: Part) -> Iterator[Select]:
    """Yield the SELECTs in a part of a query, itself included."""
    match part:
        case Select():
            yield part
            yield from selects(part.where)
        case Group():
            for each in part.parts:
                yield from selects(each)
        case Union():
            for each in part.branches:
                yield from selects(each)
        case Optional() | Minus():
            yield from selects(part.group)
