"""Joins rows with triple patterns."""

from dataclasses import dataclass
from math import inf

import numpy as np

from whatworks.columns.algebra import (
    Group,
    NotCovered,
    Part,
    Path,
    Pattern,
    Select,
    Step,
    Union,
    Values,
    Var,
    pattern_variables,
)
from whatworks.columns.arrays import Ids, Whole, distinct, expanded
from whatworks.columns.dataset import Pairs
from whatworks.columns.rows import Rows, Terms, check_size, joined, stacked
from whatworks.terms import Iri, Term

Names = frozenset[str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of a pattern.

    Attributes:
        names: The variables that are still needed.
        loose: Whether it does not matter how often a row is there.
        predicates: Those that a variable predicate may be, where it is free.
    """

    names: Names
    loose: bool = False
    predicates: list[int] | None = None


class Patterns:
    """The statements, found by pattern."""

    def __init__(self, terms: Terms) -> None:
        self._terms, self._data = terms, terms.data
        nothing = np.zeros(0, np.int32)
        self._none = Pairs(nothing, nothing, nothing, nothing)

    # ---- how much a part gives ----

    def estimate(self, part: Part, bound: Names) -> float:
        """Return about how many rows a part gives for each row that has these variables."""
        match part:
            case Values():
                known = sum(variable.name in bound for variable in part.variables)
                return 0.1 * len(part.rows) if known else float(len(part.rows))
            case Select():
                return 0.5 if {column.variable.name for column in part.columns} & bound else 2.0
            case Pattern():
                return self._estimate(part, bound)
            case Group():
                return min((self.estimate(each, bound) for each in part.parts), default=1.0)
            case Union():
                return sum(self.estimate(branch, bound) for branch in part.branches)
        return 1.0

    def most(self, part: Part, name: str) -> float:
        """Return how many values of a variable a part gives at most, as far as its patterns tell."""
        match part:
            case Select():
                return self.most(part.where, name)
            case Group():
                return min((self.most(each, name) for each in part.parts), default=inf)
            case Pattern(subject=Var(found)) if found == name:
                return sum(pairs.by_subject.number for pairs in self._tables(part.predicate))
            case Pattern(object=Var(found)) if found == name:
                return sum(pairs.by_object.number for pairs in self._tables(part.predicate))
        return inf

    def _estimate(self, pattern: Pattern, bound: Names) -> float:
        subject, value = self._known(pattern.subject, bound), self._known(pattern.object, bound)
        if isinstance(pattern.predicate, Path) and pattern.predicate.kind in ("any", "many"):
            if not subject and not value:
                return inf  # it needs an end to begin with
            found = 10.0 if not isinstance(pattern.subject, Var) or not isinstance(pattern.object, Var) else 1e3
            return found * 1e3 if bound and not pattern_variables(pattern) & bound else found
        total = sources = targets = 0
        for pairs in self._tables(pattern.predicate):
            total += len(pairs)
            sources, targets = sources + pairs.by_subject.number, targets + pairs.by_object.number
        if isinstance(pattern.predicate, Var) and pattern.predicate.name not in bound:
            sources, targets = max(1, sources // 8), max(1, targets // 2)
        found = float(total)
        if subject:
            found /= max(1, sources)
        if value:
            found /= max(1, targets)
        if not subject and not value and bound:
            found *= 1e3  # a product of all with all
        return found

    def _known(self, end: Var | Term, bound: Names) -> bool:
        return not isinstance(end, Var) or end.name in bound

    def _tables(self, predicate: Var | Step) -> list[Pairs]:
        if isinstance(predicate, Var):
            return list(self._data.predicates.values())
        if isinstance(predicate, Path):
            return [pairs for step in predicate.steps for pairs in self._tables(step)]
        return [self._pairs(predicate)]

    def _pairs(self, predicate: Iri) -> Pairs:
        return self._data.predicates.get(self._terms.given(predicate), self._none)

    # ---- joining ----

    def predicates(self) -> Ids:
        """Return all predicates."""
        return np.fromiter(self._data.predicates, np.int32, len(self._data.predicates))

    def joined(self, pattern: Pattern, rows: Rows, wanted: Wanted) -> Rows:
        """Join the rows with all statements that fit a pattern."""
        predicate = pattern.predicate
        names = [end.name for end in (pattern.subject, predicate, pattern.object) if isinstance(end, Var)]
        if len(set(names)) != len(names):
            raise NotCovered("a variable twice in one pattern")
        if isinstance(predicate, Var):
            return self._by_each_predicate(pattern, predicate.name, rows, wanted)
        if isinstance(predicate, Path) and predicate.kind in ("any", "many"):
            return joined(rows, self._reached(pattern, predicate, rows))
        if isinstance(predicate, Path) and not wanted.loose:
            raise NotCovered("how often an alternative gives a row")
        return stacked([self._with(pattern, pairs, rows, wanted) for pairs in self._tables(predicate)])

    def _by_each_predicate(self, pattern: Pattern, name: str, rows: Rows, wanted: Wanted) -> Rows:
        found = []
        if name in rows.columns:
            column = rows.columns[name]
            for number in distinct(column)[0].tolist():
                some = rows.taken(np.flatnonzero(column == number))
                found.append(self._with(pattern, self._data.predicates.get(number, self._none), some, wanted))
        for number in wanted.predicates or ():
            part = self._with(pattern, self._data.predicates[number], rows, wanted)
            if part.number:
                predicate = {name: np.full(part.number, number, np.int32)}
                found.append(Rows(part.number, {**part.columns, **predicate}))
        if found:
            return stacked(found)
        return Rows(0, dict.fromkeys({*rows.columns, *pattern_variables(pattern)}, np.zeros(0, np.int32)))

    def _with(self, pattern: Pattern, pairs: Pairs, rows: Rows, wanted: Wanted) -> Rows:
        """Join the rows with the statements of one predicate."""
        subject, value = self._end(pattern.subject, rows), self._end(pattern.object, rows)
        if subject is None and value is None:
            return self._all(pattern, pairs, rows, wanted)
        forward = subject is not None and (value is None or pairs.by_subject.number >= pairs.by_object.number)
        index = pairs.by_subject if forward else pairs.by_object
        begins, other, free = (subject, value, pattern.object) if forward else (value, subject, pattern.subject)
        assert begins is not None  # noqa: S101 - one of the two is known
        starts, counts = index.ranges(begins)
        if len(begins) != rows.number:  # one term for all rows
            starts, counts = np.full(rows.number, starts[0]), np.full(rows.number, counts[0])
        if other is None and wanted.loose and isinstance(free, Var) and free.name not in wanted.names:
            return rows.kept(counts > 0)
        total = int(counts.sum())
        check_size(total)
        if not total:
            return Rows(0, dict.fromkeys({*rows.columns, *pattern_variables(pattern)}, np.zeros(0, np.int32)))
        places, at = expanded(starts, counts)
        reached = (pairs.objects if forward else pairs.subjects_of)[at]
        if other is not None:
            places = places[reached == (other if len(other) != rows.number else other[places])]
            return rows.taken(places)
        found = rows.taken(places)
        if isinstance(free, Var):
            found.columns[free.name] = reached
        return found

    def _all(self, pattern: Pattern, pairs: Pairs, rows: Rows, wanted: Wanted) -> Rows:
        """Join every row with every statement of one predicate; both ends are free."""
        subject, value = pattern.subject, pattern.object
        assert isinstance(subject, Var)  # noqa: S101 - what is free is a variable
        assert isinstance(value, Var)  # noqa: S101 - as above
        columns = {subject.name: pairs.subjects, value.name: pairs.objects}
        if wanted.loose and subject.name not in wanted.names:
            columns = {value.name: pairs.distinct_objects}
        size = len(columns[value.name])
        if rows.number == 1:
            return Rows(size, {name: np.repeat(column, size) for name, column in rows.columns.items()} | columns)
        check_size(rows.number * size)
        found = rows.taken(np.repeat(np.arange(rows.number), size))
        found.columns.update({name: np.tile(column, rows.number) for name, column in columns.items()})
        return found

    def _end(self, end: Var | Term, rows: Rows) -> Ids | None:
        """Return the terms that stand at an end: a column, one term for all rows, or None where any may stand."""
        if isinstance(end, Var):
            return rows.columns.get(end.name)
        return np.array([self._terms.given(end)], np.int32)

    # ---- paths without end ----

    def _reached(self, pattern: Pattern, path: Path, rows: Rows) -> Rows:
        """Return what a path leads to, from the end that is known."""
        subject, value = self._end(pattern.subject, rows), self._end(pattern.object, rows)
        if subject is None and value is None:
            raise NotCovered("a path from anything to anything")
        forward = subject is not None and (
            value is None or isinstance(pattern.subject, Term) or len(subject) <= len(value)
        )
        known = subject if forward else value
        assert known is not None  # noqa: S101 - one of the two is known
        begins = distinct(known)[0].astype(np.int32)
        if path.kind == "any" and not self._data.are_nodes(begins):
            raise NotCovered("a path of no steps from what is nowhere")
        first, last = self._closure(path, begins, forward)
        ends = {}
        for end, column in (
            (pattern.subject, first if forward else last),
            (pattern.object, last if forward else first),
        ):
            if isinstance(end, Var):
                ends[end.name] = column
            else:
                keep = column == self._terms.given(end)
                first, last = first[keep], last[keep]
                ends = {name: each[keep] for name, each in ends.items()}
        return Rows(len(first), ends)

    def _closure(self, path: Path, begins: Ids, forward: bool) -> tuple[Ids, Ids]:
        """Return each beginning with all that the path leads to from it, each once."""
        size = self._data.size + len(begins)
        first, last = np.arange(len(begins)), begins
        seen: list[Whole] = []
        if path.kind == "any":
            seen.append(first.astype(np.int64) * (2 * size) + last)
        while len(first):
            steps = [self._stepped(pairs, last, forward) for pairs in self._tables(path.steps[0])]
            places = np.concatenate([each[0] for each in steps])
            reached = np.concatenate([each[1] for each in steps])
            fresh = np.unique(first[places].astype(np.int64) * (2 * size) + reached)
            if seen:
                fresh = fresh[~np.isin(fresh, np.concatenate(seen))]
            seen.append(fresh)
            first, last = fresh // (2 * size), (fresh % (2 * size)).astype(np.int32)
        found = np.concatenate(seen) if seen else np.zeros(0, np.int64)
        return begins[found // (2 * size)], (found % (2 * size)).astype(np.int32)

    def _stepped(self, pairs: Pairs, begins: Ids, forward: bool) -> tuple[Whole, Ids]:
        index = pairs.by_subject if forward else pairs.by_object
        ends = pairs.objects if forward else pairs.subjects_of
        places, at = expanded(*index.ranges(begins))
        return places, ends[at]
