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
    if (known := _of_data(column, terms)) is not None:
        return known
    found, places = distinct(column)
    numbers = [number for number in found.tolist() if number != UNBOUND]
    ordered = _ordered(numbers, terms)
    keys = np.zeros(len(found), np.int64)
    keys[len(found) - len(numbers) :] = ordered
    return keys[places]


def _of_data(column: Ids, terms: Terms) -> Whole | None:
    """Return the numbers of IRIs and texts of the data, whose order is kept; None where there is something else."""
    data = terms.data
    if not len(column) or column.max() >= data.size:
        return None
    low = int(column.min())
    if low < data.blanks and bool(((column >= 0) & (column < data.blanks)).any()):
        return None
    if low >= 0 and column.max() < data.iris:
        return data.ranks[column].astype(np.int64)
    literal, tags = column >= data.iris, data.tags[column]
    if not bool((data.by_text[tags] | ~literal).all()):
        return None
    ranks = data.ranks[column].astype(np.int64)
    # Texts that are equal are in the order of their datatypes and languages.
    keys = np.where(literal, data.texts + ranks * len(data.kinds) + tags, ranks)
    return np.where(column == UNBOUND, -1, keys)


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
