"""What an expression gives for one set of values of its variables."""

from typing import TypeAlias

from whatworks.columns import values
from whatworks.columns.algebra import Call, Expression, NotCovered, Var
from whatworks.terms import BlankNode, Iri, Literal, Term

Bound: TypeAlias = dict[str, Term | None]


def value_of(expression: Expression, bound: Bound) -> Term:
    """Return the value of an expression.

    Raises:
        Fault: It has none.
        NotCovered: The engine may have another.
    """
    match expression:
        case Var(name):
            found = bound.get(name)
            if found is None:
                raise values.Fault
            return found
        case Call():
            return _called(expression, bound)
        case Iri() | Literal() | BlankNode():
            return expression
    raise NotCovered("EXISTS or an aggregate within an expression")


def _called(call: Call, bound: Bound) -> Term:
    name, arguments = call.name, call.arguments
    if name in values.STRICT:
        return values.applied(name, [value_of(argument, bound) for argument in arguments])
    match name:
        case "BOUND":
            return values.boolean(isinstance(arguments[0], Var) and bound.get(arguments[0].name) is not None)
        case "IF":
            return value_of(arguments[1 if values.truth(value_of(arguments[0], bound)) else 2], bound)
        case "COALESCE":
            return _first(arguments, bound)
        case "&&" | "||":
            return _combination(name, arguments, bound)
    raise NotCovered(f"the function {name}")


def _first(arguments: tuple[Expression, ...], bound: Bound) -> Term:
    for argument in arguments:
        try:
            return value_of(argument, bound)
        except values.Fault:
            continue
    raise values.Fault


def _combination(name: str, arguments: tuple[Expression, ...], bound: Bound) -> Term:
    decisive, fault = name == "||", False
    for argument in arguments:
        try:
            if values.truth(value_of(argument, bound)) == decisive:
                return values.boolean(decisive)
        except values.Fault:
            fault = True
    if fault:
        raise values.Fault
    return values.boolean(not decisive)
