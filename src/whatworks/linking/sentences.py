"""Says in words what two interventions share: Both rely on X, are for Y, and use forms of the word “z”.

How the features of a family are said stands in the queries `link-features` and `link-texts`. There may be a million
sentences, so what they are made of is chosen for many together, and each clause is made once.
"""

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from whatworks.linking.quiet import QUIET
from whatworks.linking.reasons import ALL_WORDS, Reasons
from whatworks.linking.records import Family, Whole

# A sentence names so many families, and of each so many features.
_CLAUSES, _NAMES = 3, 2
_QUOTED = 3  # words that it quotes
# Where a name, or one of two forms, stands in what is said of a family.
_PLACE = re.compile(r"\{[=“]?\}|\{([^{}|]*)\|([^{}|]*)\}")
# What is a list already is not joined with "and".
_JOINED = re.compile(r"\b(?:and|or)\b|,")


class Teller:
    """Makes sentences.

    Args:
        families: The sorts of features, in the order in which they are said; words come last.
        family: The family of each column.
        names: What people call the columns that are shared.
    """

    def __init__(self, families: Sequence[Family], family: Whole, names: Mapping[int, str]) -> None:
        self._sayings = [_Saying(each.says) for each in families]
        self._family = family
        self._names = names
        self._clauses: dict[int, str] = {}

    def sentences(self, reasons: Reasons, spoken: Sequence[Sequence[str]]) -> list[str]:
        """Return one sentence for each pair, which names what counts most.

        Args:
            reasons: The reasons of the pairs.
            spoken: The words that each pair shares, the greatest first.
        """
        count, families = len(reasons), len(self._sayings)
        pair = np.repeat(np.arange(count), np.diff(reasons.starts))
        words = families - 1
        # With a column for those that have no third family, or none.
        places = pair * (families + 1) + np.where(reasons.cols == ALL_WORDS, words, self._family[reasons.cols])
        total = np.bincount(places, reasons.shares, minlength=count * (families + 1)).reshape(count, families + 1)
        most = np.argsort(-total, axis=1, kind="stable")[:, :_CLAUSES]
        most = np.where(np.take_along_axis(total, most, axis=1) > 0, most, families)
        most.sort(axis=1)
        keys = self._keys(reasons, places, total.size).reshape(count, families + 1)
        chosen = np.take_along_axis(keys, most, axis=1)
        unique, at = np.unique(chosen, return_inverse=True)
        clauses = np.array([self._clause(key) for key in unique.tolist()], dtype=object)[at].reshape(chosen.shape)
        heard = np.nonzero(most == words)
        alone: list[bool] = (clauses == "").all(axis=1).tolist()
        clauses[heard] = np.array([self._heard(spoken[row], alone[row]) for row in heard[0].tolist()], dtype=object)
        return [_joined([clause for clause in row if clause]) for row in clauses.tolist()]

    def _heard(self, shared: Sequence[str], is_alone: bool) -> str:
        """Return what is said of shared words; those that say nothing are quoted only where nothing else is said."""
        quoted = [word for word in shared if word not in QUIET] or (shared if is_alone else ())
        return self._sayings[-1].of(quoted[:_QUOTED]) if quoted else ""

    def _keys(self, reasons: Reasons, places: Whole, count: int) -> Whole:
        """Return which features are named at each place: what both have themselves, else the greatest above it."""
        width = len(self._family) + 1
        found = np.zeros((3, count), dtype=np.int64)
        own = reasons.direct & (reasons.cols != ALL_WORDS)
        for number, entries in ((0, np.flatnonzero(own)), (2, np.flatnonzero(~reasons.direct))):
            ordered = entries[np.argsort(places[entries], kind="stable")]
            rank = np.arange(len(ordered)) - np.searchsorted(places[ordered], places[ordered])
            for nth in range(_NAMES if not number else 1):
                taken = ordered[rank == nth]
                found[number + nth, places[taken]] = reasons.cols[taken] + 1
        keys: Whole = np.where(found[0] > 0, found[0] * width + found[1], found[2] * width)
        return keys

    def _clause(self, key: int) -> str:
        if not key:
            return ""
        if key not in self._clauses:
            cols = [col - 1 for col in divmod(key, len(self._family) + 1) if col]
            self._clauses[key] = self._sayings[self._family[cols[0]]].of([self._names[col] for col in cols])
        return self._clauses[key]


def _joined(clauses: Sequence[str]) -> str:
    if len(clauses) > 2:
        return f"Both {', '.join(clauses[:-1])}, and {clauses[-1]}."
    pause = ", and " if any(_JOINED.search(clause) for clause in clauses) else " and "
    return f"Both {pause.join(clauses)}." if clauses else ""


class _Saying:
    """What is said of shared features, in the form that a query gives.

    >>> _Saying("name {“} as {a success factor|success factors}").of(["Leadership", "Easy to fit in"])
    'name “leadership” and “easy to fit in” as success factors'
    """

    def __init__(self, says: str) -> None:
        self._forms: list[list[str | _Form]] = []
        for is_one in (True, False):
            pieces: list[str | _Form] = []
            end = 0
            for match in _PLACE.finditer(says):
                pieces.append(says[end : match.start()])
                pieces.append(_Form(_FORMS[match[0]]) if match[1] is None else match[1 if is_one else 2])
                end = match.end()
            self._forms.append([*pieces, says[end:]])

    def of(self, names: Sequence[str]) -> str:
        """Return what is said of some names."""
        pieces = self._forms[len(names) > 1]
        return "".join([each if isinstance(each, str) else _listed([each[name] for name in names]) for each in pieces])


class _Form(dict[str, str]):
    """How names stand in what is said; a name comes many times, and its form is made once."""

    def __init__(self, form: Callable[[str], str]) -> None:
        super().__init__()
        self._form = form

    def __missing__(self, name: str) -> str:
        self[name] = self._form(name)
        return self[name]


def _listed(names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    is_list = [name for name in names if name[:1] != "“" and _JOINED.search(name)]
    return f"{', '.join(names[:-1])}{' as well as ' if is_list else ' and '}{names[-1]}"


def _lowered(name: str) -> str:
    """Return a name as it stands within a sentence: `People at risk` begins small, `NATO staff` does not.

    >>> _lowered("Guidance: supporting youth")
    'guidance (supporting youth)'
    """
    small = name[:1].lower() + name[1:] if name[1:2].islower() or name[1:2] in (" ", "-") else name
    head, colon, rest = small.partition(": ")
    return f"{head} ({rest})" if colon else small


_FORMS: Mapping[str, Callable[[str], str]] = {
    "{}": _lowered,
    "{=}": lambda name: name,
    "{“}": lambda name: f"“{_lowered(name)}”",
}
