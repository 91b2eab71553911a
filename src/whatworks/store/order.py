"""Sorts rows as a query's ORDER BY says, for engines that sort in a way of their own."""

import re
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from whatworks import gate
from whatworks.results import Row
from whatworks.terms import XSD, XSD_DECIMAL, XSD_INTEGER, BlankNode, Literal, Term

_ENDS = ("LIMIT", "OFFSET", "VALUES", "HAVING")
_NUMBERS = (XSD_INTEGER, XSD_DECIMAL, XSD + "double", XSD + "float")


class Key(NamedTuple):
    """One item of ORDER BY: a column, or its text (STR) or language tag (LANG), upwards or downwards.

    With `empty`, what is not bound counts as the text without letters: COALESCE(STR(?column), ""). With the function
    CONTAINS it is whether the column's text has `part` in it.
    """

    column: str
    function: str = ""
    downwards: bool = False
    empty: bool = False
    part: str = ""


def keys_of(query: str) -> list[Key] | None:
    """Return the items of a query's own ORDER BY; None where one is something else, or only a part is asked for."""
    depth, start = 0, None
    found = gate.tokens(query)
    for index, token in enumerate(found):
        if token.kind == "operator":
            depth += (token.text in "({[") - (token.text in ")}]")
        elif depth == 0 and token.word == "ORDER":
            start = index + 2
    if start is None:
        return []
    rest = found[start:]
    if any(token.word in _ENDS for token in rest):
        return None
    keys: list[Key] = []
    while rest:
        taken = _key(rest)
        if taken is None:
            return None
        key, rest = taken
        keys.append(key)
    return keys


def _key(rest: list[gate.Token]) -> tuple[Key, list[gate.Token]] | None:
    """Return the first item and what follows it."""
    if len(rest) > 1 and rest[0].word == "COALESCE" and rest[1].text == "(":
        taken = _key(rest[2:])
        if taken is None or [token.text for token in taken[1][:3]] != [",", '""', ")"]:
            return None
        return taken[0]._replace(empty=True), taken[1][3:]
    if rest[0].word == "CONTAINS":
        return _contains(rest)
    words: list[str] = []
    while len(rest) > 1 and rest[0].word in ("ASC", "DESC", "STR", "LANG") and rest[1].text == "(":
        words.append(rest[0].word)
        rest = rest[2:]
    functions = [word for word in words if word in ("STR", "LANG")]
    closed = all(token.text == ")" for token in rest[1 : 1 + len(words)])
    if not rest or rest[0].kind != "variable" or not closed or len(functions) > 1 or len(rest) < 1 + len(words):
        return None
    return Key(rest[0].text[1:], "".join(functions), "DESC" in words), rest[1 + len(words) :]


def _contains(rest: list[gate.Token]) -> tuple[Key, list[gate.Token]] | None:
    """Return what CONTAINS(?column, "part") asks, and what follows it."""
    texts = [token.text for token in rest[1:6]]
    if len(texts) < 5 or rest[2].kind != "variable" or (texts[0], texts[2], texts[4]) != ("(", ",", ")"):
        return None
    if not re.fullmatch(r'"[^"\\]*"', texts[3]):
        return None
    return Key(texts[1][1:], "CONTAINS", part=texts[3][1:-1]), rest[6:]


def sort_rows(rows: Sequence[Row], columns: Sequence[str], keys: Sequence[Key]) -> list[Row]:
    """Return the rows in the order of the keys: unbound, blank nodes, IRIs, literals; numbers by size."""
    found = list(rows)
    for key in reversed(keys):
        place = columns.index(key.column)
        found.sort(key=lambda row: _rank(row[place], key), reverse=key.downwards)
    return found


def _rank(term: Term | None, key: Key) -> tuple[Any, ...]:
    function = key.function
    if function == "CONTAINS":  # of what is no text it is an error, which comes first as what is not bound does
        return (3, 1, str(key.part in term.value)) if isinstance(term, Literal) else (0,)
    if isinstance(term, Literal):
        return _rank_of_literal(term, function)
    if term is None or (function and (function == "LANG" or isinstance(term, BlankNode))):
        return (3, 1, "", "") if key.empty else (0,)
    if isinstance(term, BlankNode):
        return (1, term.name)
    return (3, 1, str(term), "") if function else (2, str(term))


def _rank_of_literal(term: Literal, function: str) -> tuple[Any, ...]:
    if not function and term.datatype in _NUMBERS:
        with suppress(InvalidOperation):
            return (3, 0, Decimal(term.value))
    return (3, 1, term.language if function == "LANG" else term.value, "" if function else term.language)
