"""Reads from the graph what interventions have that can be shared: features of several families, and words.

Which properties count, how much, and how a shared value is said, stands in `queries/system/link-features.rq` and
`link-texts.rq`; nothing of it is known here.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from whatworks.catalogue import Catalogue, iri_rows
from whatworks.errors import Place, QueryHeader
from whatworks.linking.link import READING, Tell, untold
from whatworks.search.words import Folding, composed, stem
from whatworks.store import EmbeddedStore
from whatworks.terms import Iri

WORDS = "words"
# What a concept above a shared one counts for each step up, and how far up one goes.
_STEP_UP = 0.5
_HIGHEST = 4
_SHORTEST = 3  # a word of fewer letters tells nothing
_ESCAPED = re.compile(r"\\.")
# What is joined by hyphens is read as one, and compared word by word.
_COMPOUND = re.compile(r"[^\W_]+(?:[-\u2010][^\W_]+)*")
_HYPHEN = re.compile("[-\u2010]")

Floats: TypeAlias = npt.NDArray[np.float64]
Whole: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Family:
    """A sort of feature.

    Attributes:
        name: What people call it, such as `approach`; that of the words of texts is `words`.
        weight: How much it counts beside the others.
        role: `approach`, `group` or `place` where the type of a link depends on it, else nothing.
        says: How a shared feature is said after "Both".
    """

    name: str
    weight: float
    role: str
    says: str


@dataclass(slots=True)
class Records:
    """What all interventions have, as rows and columns.

    Attributes:
        things: The interventions, sorted; the first is row 0.
        tools: The rows of those that are tools.
        families: The sorts of features; the words come last.
        columns: Family and feature of each column, sorted: an IRI, or the stem of a word.
        rows, cols, raw: One entry for each feature of each intervention, sorted, with how strongly it has it: 1, less
            for a concept above one that it has, more for a word that stands there often.
        surfaces: For each stem the word that people read, or what it is joined to by hyphens.
        notes: What a person should know, such as that concepts lie above themselves.
    """

    things: list[Iri]
    tools: set[int]
    families: tuple[Family, ...]
    columns: list[tuple[int, str]] = field(default_factory=list)
    rows: Whole = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    cols: Whole = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    raw: Floats = field(default_factory=lambda: np.zeros(0))
    surfaces: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class _Entries(NamedTuple):
    """Entries of one family, each row and name once: row, place of the name, and how strongly."""

    names: list[str]
    rows: Whole
    places: Whole
    raw: Floats


def read_records(
    store: EmbeddedStore, catalogue: Catalogue, weights: Mapping[str, float] | None = None, tell: Tell = untold
) -> Records:
    """Return what all interventions of a store have.

    Args:
        store: The graph, with what the rules infer.
        catalogue: The stored queries, the tool's own among them.
        weights: Weights of families by name, instead of those of the queries; 0 leaves a family out.
        tell: Is told how many properties are read.

    Raises:
        QueryHeader: A query of the project gives weights that are none.
    """
    return _Reader(store, catalogue, weights or {}, tell).read()


class _Reader:
    def __init__(self, store: EmbeddedStore, catalogue: Catalogue, weights: Mapping[str, float], tell: Tell) -> None:
        self._store = store
        self._tell = tell
        self._read = 0  # properties
        self._catalogue = catalogue
        self._weights = weights
        self._properties: dict[str, list[str]] = defaultdict(list)  # of each family
        self._families: dict[str, Family] = {}
        self._texts: dict[str, float] = {}  # the weight of each property of texts

    def read(self) -> Records:
        things = dict(self._rows("system/link-things"))
        self._settle()
        ordered = sorted(things)
        self._numbers = {thing: number for number, thing in enumerate(ordered)}
        tools = {number for number, thing in enumerate(ordered) if things[thing]}
        names = [Iri(thing[1:-1]) for thing in ordered]
        records = Records(names, tools, tuple(self._families.values()))
        above, cyclic = self._above()
        if cyclic:
            shown = ", ".join(sorted(name[1:-1] for name in cyclic)[:5])
            records.notes.append(f"skos:broader leads in a circle at {shown}; each concept counts once.")
        entries = [self._features(family, above) for family in list(self._families)[:-1]]
        _fill(records, [*entries, self._words(records)])
        return records

    def _rows(self, query: str, property: str = "") -> Iterator[tuple[str, str]]:
        """Yield the first cell of each row of a system query, and the rest of the row, as TSV."""
        values = {"property": iri_rows([Iri(property)])} if property else {}
        for line in self._catalogue.rows(self._store, query, values).write("tsv").decode().split("\n")[1:]:
            first, tab, rest = line.partition("\t")
            if tab:
                yield first, rest

    def _values(self, property: str) -> Iterator[tuple[str, str]]:
        """Yield what has a property, and its value."""
        yield from self._rows("system/link-values", property)
        self._read += 1
        self._tell(READING, self._read, sum(map(len, self._properties.values())) + len(self._texts))

    def _settle(self) -> None:
        """Read which properties count, and how much."""
        for property, rest in self._rows("system/link-features"):
            name, weight, role, says = rest.split("\t")
            name = name.strip('"')
            self._properties[name].append(property[1:-1])
            self._families[name] = Family(name, self._weight(name, weight), role.strip('"'), says[1:-1])
        says = "speak of {}"
        total = 0.0
        for property, rest in self._rows("system/link-texts"):
            weight, of_all, says = rest.split("\t")
            self._texts[property[1:-1]] = self._number(weight, "system/link-texts")
            total = self._number(of_all, "system/link-texts")
        self._families[WORDS] = Family(WORDS, self._weights.get(WORDS, total), "", says.strip('"'))

    def _weight(self, family: str, text: str) -> float:
        return self._weights.get(family, self._number(text, "system/link-features"))

    @staticmethod
    def _number(text: str, query: str) -> float:
        try:
            number = float(text.partition("^^")[0].strip('"'))
        except ValueError:
            number = -1.0
        if not 0 <= number < 1e6:
            raise QueryHeader(
                f"The weight {text} is no number from 0 up.",
                hint="Write it like 1.5.",
                where=Place(f"queries/{query}.rq"),
            )
        return number

    def _above(self) -> tuple[dict[str, dict[str, float]], set[str]]:
        """Return what each concept's broader ones count, and the concepts that lie above themselves."""
        direct: dict[str, list[str]] = defaultdict(list)
        for concept, broader in self._rows("system/link-broader"):
            direct[concept].append(broader)
        found: dict[str, dict[str, float]] = {}
        cyclic = set()
        for concept, first in direct.items():
            seen: dict[str, float] = {}
            front, counts = first, _STEP_UP
            for _ in range(_HIGHEST):
                new = [each for each in front if each != concept and each not in seen]
                if concept in front:
                    cyclic.add(concept)
                seen.update(dict.fromkeys(new, counts))
                front, counts = [up for each in new for up in direct.get(each, ())], counts * _STEP_UP
            found[concept] = seen
        return found, cyclic

    def _features(self, family: str, above: Mapping[str, Mapping[str, float]]) -> _Entries:
        """Return the features of a family that each intervention has, and what lies above them."""
        places = _Numbered()
        rows, direct = [], []
        for property in self._properties[family] if self._families[family].weight else ():
            for node, value in self._values(property):
                row = self._numbers.get(node)
                if row is not None and value.startswith("<"):
                    rows.append(row)
                    direct.append(places[value])
        lists = [[(places[name], counts) for name, counts in above.get(value, {}).items()] for value in list(places)]
        lengths, ups = _flat(lists)
        of_row, found = np.array(rows, dtype=np.int64), np.array(direct, dtype=np.int64)
        entries = ranges((np.cumsum(lengths) - lengths)[found], lengths[found])
        return _once(
            list(places),
            np.concatenate([of_row, np.repeat(of_row, lengths[found])]),
            np.concatenate([found, ups[0][entries].astype(np.int64)]),
            np.concatenate([np.ones(len(found)), ups[1][entries]]),
        )

    def _words(self, records: Records) -> _Entries:
        """Return the words of the texts of each intervention and of its parts; how often, weighted."""
        tokens = _Numbered()
        rows, weights, counts = [], [], []
        found: list[int] = []
        for property, weight in self._texts.items() if self._families[WORDS].weight else ():
            for node, literal in self._values(property):
                row = self._numbers.get(f"{node.partition('#')[0]}>" if "#" in node else node)
                text, quote, _ = literal[1:].rpartition('"')
                if row is None or not quote:
                    continue
                listed = _COMPOUND.findall(composed(_ESCAPED.sub(" ", text) if "\\" in text else text))
                rows.append(row)
                weights.append(weight)
                counts.append(len(listed))
                found += map(tokens.__getitem__, listed)
        read = np.array(found, dtype=np.int64)
        roots = _Numbered()
        lists = _roots(list(tokens), roots, np.bincount(read, minlength=len(tokens)).tolist(), records.surfaces)
        lengths, (numbers,) = _flat([[(root,) for root in each] for each in lists], 1)
        entries = ranges((np.cumsum(lengths) - lengths)[read], lengths[read])
        of_text = np.repeat(np.repeat(np.arange(len(rows)), counts), lengths[read])
        keys = np.array(rows, dtype=np.int64)[of_text] * len(roots) + numbers[entries].astype(np.int64)
        unique, inverse = np.unique(keys, return_inverse=True)
        raw = np.bincount(inverse, np.array(weights, dtype=np.float64)[of_text], minlength=len(unique))
        of_row, places = np.divmod(unique, max(len(roots), 1))
        return _Entries(list(roots), of_row, places, raw.astype(np.float64, copy=False))


class _Numbered(dict[str, int]):
    """Names numbered as they come."""

    def __missing__(self, name: str) -> int:
        self[name] = len(self)
        return self[name]


def _roots(tokens: list[str], roots: _Numbered, counts: list[int], surfaces: dict[str, str]) -> list[list[int]]:
    """Number the stems of the telling words of tokens, and note of each stem its most frequent form.

    Args:
        tokens: Words, some joined by hyphens.
        roots: Gets the stems.
        counts: How often each token occurs.
        surfaces: Gets for each stem the form that people read.
    """
    folding, lists = Folding(), []
    spoken: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    joined: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for token, often in zip(tokens, counts, strict=True):
        words = _HYPHEN.split(token)
        form = "-".join(folding[word] for word in words)
        kept = [
            word for word in map(folding.telling.__getitem__, words) if len(word) >= _SHORTEST and not word.isdigit()
        ]
        stems = [stem(word) for word in kept]
        for root in stems:
            spoken[root][form] += often
        lists.append([roots[root] for root in stems])
    for root, forms in spoken.items():
        own = joined[root]
        # What mostly stands in one compound is read as that: "outs" is "drop-outs".
        best = min(own, key=lambda form: (-own[form], len(form), form), default="")
        if not best or own[best] * 2 <= sum(forms.values()):
            best = min(forms, key=lambda form: (-forms[form], len(form), form))
        surfaces[root] = best
    return lists


def _flat(lists: "list[list[tuple[int, float]]] | list[list[tuple[int]]]", width: int = 2) -> tuple[Whole, Floats]:
    """Return the lengths of lists, and the columns of what they hold, one list after the other."""
    lengths = np.array([len(each) for each in lists], dtype=np.int64)
    held = np.array([entry for each in lists for entry in each], dtype=np.float64).reshape(-1, width)
    return lengths, held.T


def _once(names: list[str], rows: Whole, places: Whole, raw: Floats) -> _Entries:
    """Return entries each once, with the greatest strength."""
    keys = rows * max(len(names), 1) + places
    ordered = np.lexsort((-raw, keys))
    _, first = np.unique(keys[ordered], return_index=True)
    at = ordered[first]
    return _Entries(names, rows[at], places[at], raw[at])


def _fill(records: Records, families: list[_Entries]) -> None:
    """Number the columns by family and name, and write down the entries in the order of rows and columns."""
    cols, words = [], len(families) - 1
    for number, family in enumerate(families):
        ordered = sorted(range(len(family.names)), key=family.names.__getitem__)
        column = np.empty(len(ordered), dtype=np.int64)
        column[ordered] = np.arange(len(ordered)) + len(records.columns)
        cols.append(column[family.places])
        names = [family.names[place] for place in ordered]
        records.columns += [(number, name if number == words else name[1:-1]) for name in names]
    rows, col = np.concatenate([family.rows for family in families]), np.concatenate(cols)
    at = np.lexsort((col, rows))
    records.rows, records.cols = rows[at], col[at]
    records.raw = np.concatenate([family.raw for family in families])[at]


def ranges(starts: Whole, lengths: Whole) -> Whole:
    """Return the numbers of ranges one after the other."""
    before = np.cumsum(lengths) - lengths
    return np.arange(int(lengths.sum())) - np.repeat(before - starts, lengths)
