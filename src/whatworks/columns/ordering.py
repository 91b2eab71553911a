"""The order in which ORDER BY puts terms."""

import numpy as np

from whatworks.columns.algebra import NotCovered
from whatworks.columns.arrays import Ids, Whole, distinct
from whatworks.columns.rows import UNBOUND, Terms
from whatworks.columns.values import Number, number_of, sort_of
from whatworks.terms import BlankNode, Iri, Literal, Term


def order_keys(column: Ids, terms: Terms) -> Whole:
    """Return a number for each term of a column, in the order of terms; what is equal in order has equal numbers.

    Nothing comes first, then IRIs by their text, then literals: numbers by value, others by text, datatype, language.

    Raises:
        NotCovered: The engine's order of these terms depends on more than the terms.
    """
    data = terms.data
    if len(column) and column.max() < data.size and column.min() >= 0 and bool(data.are_iris(column).all()):
        return data.ranks[column].astype(np.int64)
    found, places = distinct(column)
    numbers = [number for number in found.tolist() if number != UNBOUND]
    ordered = _ordered(numbers, terms)
    keys = np.zeros(len(found), np.int64)
    keys[len(found) - len(numbers) :] = ordered
    return keys[places]


def _ordered(numbers: list[int], terms: Terms) -> list[int]:
    known, found = terms.order, []
    for number in numbers:
        key = known.get(number)
        if key is None:
            key = known[number] = _key(terms.term(number))
        found.append(key)
    sorts = {sort for sort, _ in found} - {""}
    if "number" in sorts and len(sorts) > 1:
        raise NotCovered("an order of numbers and other values")
    place = {key: number for number, key in enumerate(sorted({key for _, key in found}), 1)}
    return [place[key] for _, key in found]


def _key(term: Term) -> tuple[str, tuple[int, Number | str, str, str]]:
    """Return of what sort a literal is, and what a term is ordered by."""
    match term:
        case Iri():
            return "", (1, str(term), "", "")
        case Literal():
            number = number_of(term)
            key = (2, term.value, str(term.datatype), term.language) if number is None else (2, number, "", "")
            return sort_of(term), key
        case BlankNode():
            raise NotCovered("an order of blank nodes")
