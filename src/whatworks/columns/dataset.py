"""All statements as columns of numbers: a number for each term, and the pairs of each predicate in both orders.

A statement that stands in two graphs is there twice, as the union of graphs of the engine has it. Terms are numbered so
that things of one class, and the texts of one property, lie together; the order of texts is in `ranks`.
"""

from bisect import bisect_left
from collections.abc import Mapping
from functools import cached_property, partial
from mmap import mmap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whatworks.columns.arrays import Ids, Index, Mask, Truth, Whole, distinct
from whatworks.columns.values import is_ordered_by_text
from whatworks.terms import XSD_STRING, BlankNode, Iri, Literal, Term

# So many bytes of decoded terms are kept, about; a term takes so many beside its text.
_MOST, _TERM = 256 << 20, 200
# A literal of its parts, without a call of Python code for each.
_LITERAL = partial(tuple.__new__, Literal)
# So many numbers of terms that queries name are kept.
_KEPT = 100_000
# So many terms are looked for one by one.
_FEW = 16


class Pairs:
    """The statements of one predicate."""

    def __init__(self, subjects: Ids, objects: Ids, objects_sorted: Ids, subjects_of: Ids) -> None:
        self.subjects, self.objects = subjects, objects
        self.objects_sorted, self.subjects_of = objects_sorted, subjects_of

    def __len__(self) -> int:
        return len(self.subjects)

    def has(self, number: int) -> bool:
        """Say whether a term is the subject or object of a statement."""
        for column in (self.subjects, self.objects_sorted):
            place = int(np.searchsorted(column, number))
            if place < len(column) and column[place] == number:
                return True
        return False

    @cached_property
    def by_subject(self) -> Index:
        """Finds the objects of subjects."""
        return Index(self.subjects)

    @cached_property
    def by_object(self) -> Index:
        """Finds the subjects of objects."""
        return Index(self.objects_sorted)

    @cached_property
    def distinct_objects(self) -> Ids:
        """Every object once."""
        if not len(self):
            return self.objects_sorted
        return self.objects_sorted[np.flatnonzero(np.diff(self.objects_sorted, prepend=-1))]


class _Decoded:
    """Terms that were decoded, by their numbers; the last place is that of -1, for no term."""

    def __init__(self, size: int) -> None:
        self.terms: NDArray[np.object_] = np.empty(size + 1, object)
        self.known = np.zeros(size + 1, np.bool_)
        self.known[-1] = True
        self.bytes = 0


class Texts:
    """All texts one behind the other, in memory or in a mapped file, from some place on."""

    def __init__(self, content: bytes | mmap, start: int = 0) -> None:
        self._content, self._start = content, start

    def __getitem__(self, part: slice) -> bytes:
        return self._content[self._start + part.start : self._start + part.stop]

    def several(self, begins: Whole, ends: Whole) -> list[str]:
        """Return the texts that begin and end at some places."""
        content = self._content
        places = zip((begins + self._start).tolist(), (ends + self._start).tolist(), strict=True)
        return [content[begin:end].decode() for begin, end in places]


class Dataset:
    """The columns of a graph.

    Attributes:
        size: Number of terms; their numbers are below it.
        blanks, iris: The numbers of blank nodes are below `blanks`, those of IRIs from there on below `iris`.
        ranks: For each term the place of its text among all texts, in the order of code points.
        tags: For each literal its datatype and language, as a place in `kinds`.
        kinds: Datatypes with languages, in order.
    """

    def __init__(self, header: Mapping[str, Any], arrays: Mapping[str, Any], text: Texts) -> None:
        self.size = int(header["terms"])
        self.blanks, self.iris = int(header["blanks"]), int(header["iris"])
        self.statements = int(header["statements"])
        self.kinds = [(Iri(datatype), language) for datatype, language in header["kinds"]]
        self.ranks: Ids = arrays["ranks"]
        self.tags: Ids = arrays["tags"]
        # Single numbers come quicker out of a memory view than out of an array.
        self._by_rank, self._rank_of = memoryview(arrays["by_rank"]), memoryview(self.ranks)
        self._places = arrays["starts"]
        self._starts, self._tag_of = memoryview(arrays["starts"]), memoryview(self.tags)
        self._text = text
        self.texts = len(self._starts) - 1
        self.predicates: dict[int, Pairs] = {}
        parts = [arrays[name] for name in ("subjects", "objects", "objects_sorted", "subjects_of")]
        for predicate, start, end in header["predicates"]:
            self.predicates[predicate] = Pairs(*(part[start:end] for part in parts))
        self._decoded = _Decoded(self.size)
        self._numbers: dict[Term, int | None] = {}
        # What conditions and texts of one variable gave, for each term; see `expressions`.
        self.truths: dict[Any, Truth] = {}
        self.rankings: dict[Any, Any] = {}
        self.facets: dict[str, Any] = {}  # indexes of facets, by what they count

    def text_at(self, rank: int) -> bytes:
        """Return the text of this rank as UTF-8."""
        return self._text[self._starts[rank] : self._starts[rank + 1]]

    def rank_of(self, text: bytes) -> tuple[int, bool]:
        """Return the place of a text among all texts, and whether it is there."""
        low = bisect_left(range(self.texts), text, key=self.text_at)
        return low, low < self.texts and self.text_at(low) == text

    def find(self, term: Term) -> int | None:
        """Return the number of a term, None where no statement has it."""
        if term not in self._numbers:
            if len(self._numbers) >= _KEPT:
                self._numbers.clear()
            self._numbers[term] = self._find(term)
        return self._numbers[term]

    def _find(self, term: Term) -> int | None:
        value = term.name if isinstance(term, BlankNode) else term.value if isinstance(term, Literal) else str(term)
        rank, known = self.rank_of(value.encode())
        if not known:
            return None
        place = bisect_left(self._by_rank, rank, key=self._rank_of.__getitem__)
        while place < self.size and self._rank_of[self._by_rank[place]] == rank:
            number = self._by_rank[place]
            if self.term(number) == term:
                return number
            place += 1
        return None

    def term(self, number: int) -> Term:
        """Return the term of a number."""
        decoded = self._decoded
        found: Term | None = decoded.terms[number]
        return self._decode(number, decoded) if found is None else found

    def terms(self, numbers: Ids) -> NDArray[np.object_]:
        """Return the terms of numbers, None for -1; each term is made once and shared by all answers."""
        decoded = self._decoded
        known = decoded.known[numbers]
        if not known.all():
            missing = distinct(numbers[~known])[0].astype(np.int32)
            self._keep(decoded, missing, *self._made(missing))
        return decoded.terms[numbers]

    def texts_of(self, numbers: Ids) -> list[str]:
        """Return the texts of terms."""
        ranks = self.ranks[numbers]
        return self._text.several(self._places[ranks], self._places[ranks + 1])

    def _made(self, numbers: Ids) -> tuple[NDArray[np.object_], int]:
        """Make the terms of ascending numbers; return them, and how many letters they have."""
        values = self.texts_of(numbers)
        nodes, literals = np.searchsorted(numbers, (self.blanks, self.iris)).tolist()
        kinds = map(self.kinds.__getitem__, self.tags[numbers[literals:]].tolist())
        datatypes, languages = zip(*kinds, strict=True) if literals < len(numbers) else ((), ())
        found: list[Term] = [*map(BlankNode, values[:nodes]), *map(Iri, values[nodes:literals])]
        found += map(_LITERAL, zip(values[literals:], languages, datatypes, strict=True))
        return np.fromiter(found, object, len(found)), sum(map(len, values))

    def _decode(self, number: int, decoded: "_Decoded") -> Term:
        text = self.text_at(self._rank_of[number])
        value = text.decode()
        found: Term
        if number < self.blanks:
            found = BlankNode(value)
        elif number < self.iris:
            found = Iri(value)
        else:
            datatype, language = self.kinds[self._tag_of[number]]
            found = Literal(value, language, datatype)
        self._keep(decoded, number, found, len(text))
        return found

    def _keep(self, decoded: "_Decoded", numbers: Ids | int, terms: Any, size: int) -> None:
        decoded.terms[numbers] = terms
        decoded.known[numbers] = True
        decoded.bytes += size + _TERM * np.size(numbers)
        if decoded.bytes > _MOST and decoded is self._decoded:
            self._decoded = _Decoded(self.size)  # who still holds the other goes on with it

    @cached_property
    def _nodes(self) -> Mask:
        found = np.zeros(self.size, np.bool_)
        for pairs in self.predicates.values():
            found[pairs.subjects] = True
            found[pairs.objects] = True
        return found

    def are_nodes(self, numbers: Ids) -> bool:
        """Say whether each of some terms is the subject or object of a statement."""
        if not bool((numbers < self.size).all()):
            return False
        if len(numbers) <= _FEW and "_nodes" not in self.__dict__:  # to mark all nodes reads all statements
            return all(any(pairs.has(number) for pairs in self.predicates.values()) for number in numbers.tolist())
        return bool(self._nodes[numbers].all())

    def are_iris(self, numbers: Ids) -> Mask:
        """Say of each number whether it is that of an IRI."""
        return (numbers >= self.blanks) & (numbers < self.iris)

    @cached_property
    def plain(self) -> int:
        """The place of plain texts in `kinds`, -1 where there are none."""
        return self.kinds.index((XSD_STRING, "")) if (XSD_STRING, "") in self.kinds else -1

    @cached_property
    def by_text(self) -> Mask:
        """For each kind of literal whether its literals are ordered by their texts, whatever these are."""
        return np.array([is_ordered_by_text(datatype) for datatype, _ in self.kinds], np.bool_)
