"""Finds the shapes of queries that were measured to be slow; each has its reason, its ratio and a way out.

What is looked at is rdflib's reading of the text, in the order of the text, because engines that have no statistics go
by that order. The figures are what the way out saved on 10,000 interventions with pyoxigraph.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from rdflib import URIRef, Variable
from rdflib.paths import AlternativePath, MulPath, Path, SequencePath
from rdflib.plugins.sparql.algebra import translatePath, translatePName, translatePrologue, traverse
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue

Triple = tuple[Any, Any, Any]
_WRAPPERS = (
    "ConditionalOrExpression",
    "ConditionalAndExpression",
    "RelationalExpression",
    "AdditiveExpression",
    "MultiplicativeExpression",
)


@dataclass(frozen=True, slots=True)
class Optional:
    """What stands in OPTIONAL."""

    group: "Group"


@dataclass(slots=True)
class Group:
    """One group of a query, its parts in the order of the text; `outer` is bound where it begins."""

    outer: frozenset[Variable] = frozenset()
    parts: list[Any] = field(default_factory=list)

    def triples(self) -> list[Triple]:
        """Return the triples of the group itself."""
        return [part for part in self.parts if isinstance(part, tuple)]


@dataclass(frozen=True, slots=True)
class Values:
    """The variables of a VALUES block."""

    variables: frozenset[Variable]


@dataclass(frozen=True, slots=True)
class Negated:
    """What stands in FILTER NOT EXISTS."""

    group: Group


@dataclass(frozen=True, slots=True)
class Chosen:
    """A variable that FILTER holds to one or several IRIs."""

    variable: Variable


@dataclass(frozen=True, slots=True)
class Select:
    """A SELECT: what it groups by, its columns, its pattern, and the VALUES below it."""

    keys: tuple[Variable, ...]
    group: Group
    trailing: frozenset[Variable]


def read(text: str) -> list[Select]:
    """Return all SELECTs of a query, the outer one first."""
    prologue, body = parseQuery(text)
    known = translatePrologue(prologue, None, None)
    body = traverse(body, visitPost=partial(translatePName, prologue=known))
    body = traverse(body, visitPost=translatePath)
    found: list[Select] = []
    _select(body, found)
    return found


def groups(select: Select) -> Iterator[Group]:
    """Yield the groups of a SELECT and those within them; of SELECTs within it no more."""
    waiting = [select.group]
    while waiting:
        group = waiting.pop()
        yield group
        for part in group.parts:
            if isinstance(part, Optional | Negated):
                waiting.append(part.group)
            elif isinstance(part, Group):
                waiting.append(part)


def _select(body: Any, found: list[Select]) -> Group:
    place = len(found)
    found.append(Select((), Group(), frozenset()))
    group = _group(body.where, frozenset(), found)
    keys = body.groupby.condition if body.groupby else ()
    trailing = frozenset(_variables(body.valuesClause)) if body.valuesClause else frozenset()
    found[place] = Select(tuple(key for key in keys if isinstance(key, Variable)), group, trailing)
    return group


def _group(graph: Any, outer: frozenset[Variable], found: list[Select]) -> Group:
    group = Group(outer)
    if graph.name == "SubSelect":
        _select(graph, found)
        return group
    for part in graph.part or ():
        here = outer | frozenset(mentioned(group))
        if part.name == "TriplesBlock":
            for flat in part.triples:
                group.parts += [tuple(flat[start : start + 3]) for start in range(0, len(flat), 3)]
        elif part.name == "OptionalGraphPattern":
            group.parts.append(Optional(_group(part.graph, here, found)))
        elif part.name in ("GroupOrUnionGraphPattern", "MinusGraphPattern"):
            graphs = part.graph if isinstance(part.graph, list) else [part.graph]
            group.parts += [_group(each, here, found) for each in graphs]
        elif part.name == "InlineData":
            group.parts.append(Values(frozenset(_variables(part))))
        elif part.name == "Filter":
            group.parts += _filter(part.expr, here, found)
    return group


def _filter(expr: Any, here: frozenset[Variable], found: list[Select]) -> Iterator[Any]:
    for each in _conditions(expr):
        if each.name == "Builtin_NOTEXISTS":
            yield Negated(_group(each.graph, here, found))
        elif each.name == "RelationalExpression" and each.op in ("=", "IN"):
            others = each.other if isinstance(each.other, list) else [each.other]
            sides = [_plain(each.expr), *map(_plain, others)]
            chosen = [side for side in sides if isinstance(side, Variable)]
            if len(chosen) == 1 and all(isinstance(side, URIRef | Variable) for side in sides):
                yield Chosen(chosen[0])
        elif each.name == "Builtin_sameTerm":
            sides = [_plain(each.arg1), _plain(each.arg2)]
            if sum(isinstance(side, URIRef) for side in sides) == 1:
                yield from (Chosen(side) for side in sides if isinstance(side, Variable))


def _conditions(expr: Any) -> Iterator[CompValue]:
    """Yield the conditions that must all hold."""
    plain = _plain(expr)
    if isinstance(plain, CompValue) and plain.name == "ConditionalAndExpression":
        for each in (plain.expr, *plain.other):
            yield from _conditions(each)
    elif isinstance(plain, CompValue):
        yield plain


def _plain(value: Any) -> Any:
    """Return what an expression is when nothing is done to it."""
    while isinstance(value, CompValue) and value.name in _WRAPPERS and value.other is None:
        value = value.expr
    return value


def _variables(part: Any) -> Sequence[Variable]:
    return part.var if isinstance(part.var, list) else [part.var]


def mentioned(group: Group) -> Iterator[Variable]:
    """Yield the variables that the triples and VALUES of a group bind, those of its unions included."""
    for part in group.parts:
        if isinstance(part, tuple):
            yield from (term for term in part if isinstance(term, Variable))
        elif isinstance(part, Values):
            yield from part.variables
        elif isinstance(part, Group):
            yield from mentioned(part)


# ---- the shapes ----

Shape = Callable[[list[Select], dict[str, str]], bool]
SHAPES: dict[str, Shape] = {}


def shape(name: str) -> Callable[[Shape], Shape]:
    """Enter a shape in the list."""

    def enter(function: Shape) -> Shape:
        SHAPES[name] = function
        return function

    return enter


def _all_groups(selects: list[Select]) -> Iterator[Group]:
    for select in selects:
        yield from groups(select)


def _values_before(group: Group, end: int) -> set[Variable]:
    return {name for part in group.parts[:end] if isinstance(part, Values) for name in part.variables}


@shape("parameter-by-filter")
def _parameter_by_filter(selects: list[Select], _: dict[str, str]) -> bool:
    """A subject or object is held to an IRI by FILTER: all are read first (1,600 times). Bind it by VALUES before."""
    for group in _all_groups(selects):
        ends = {term for triple in group.triples() for term in (triple[0], triple[2])} - set(group.outer)
        for part in group.parts:
            if isinstance(part, Chosen) and part.variable in ends - _values_before(group, len(group.parts)):
                return True
    return False


@shape("values-last")
def _values_last(selects: list[Select], _: dict[str, str]) -> bool:
    """VALUES stands behind the pattern it restricts (15 times). Put it first."""
    for select in selects:
        if select.trailing:
            return True
        for group in groups(select):
            seen: set[Any] = set()
            for part in group.parts:
                if isinstance(part, tuple):
                    seen.update(part)
                elif isinstance(part, Values) and part.variables & seen:
                    return True
    return False


@shape("path-for-each-row")
def _path_for_each_row(selects: list[Select], _: dict[str, str]) -> bool:
    """A path without end starts from what each row holds (3 to 8 times). Put it first, or ask the closure inferred."""
    for group in _all_groups(selects):
        seen: set[Any] = set()
        for triple in group.triples():
            if _endless(triple[1]) and {triple[0], triple[2]} & seen - _values_before(group, len(group.parts)):
                return True
            seen.update(term for term in triple if isinstance(term, Variable))
    return False


def _endless(path: Any) -> bool:
    if isinstance(path, MulPath):
        return bool(path.more)
    return isinstance(path, AlternativePath | SequencePath) and any(map(_endless, path.args))


@shape("predicate-by-values")
def _predicate_by_values(selects: list[Select], _: dict[str, str]) -> bool:
    """VALUES names the predicates of a pattern (20 times; 990 in OPTIONAL). Write a UNION of patterns."""
    for group in _all_groups(selects):
        predicates = {triple[1] for triple in group.triples()}
        for part in group.parts:
            predicates |= {t[1] for t in part.group.triples()} if isinstance(part, Optional | Negated) else set()
        if predicates & _values_before(group, len(group.parts)):
            return True
    return False


@shape("chain-that-must-not-exist")
def _chain_that_must_not_exist(selects: list[Select], _: dict[str, str]) -> bool:
    """FILTER NOT EXISTS reaches the row from a thing of its own (500 times at 10,000). Write MINUS."""
    for group in _all_groups(selects):
        for part in group.parts:
            if isinstance(part, Negated):
                inner = part.group
                triples = inner.triples()
                known = inner.outer | _values_before(inner, len(inner.parts))
                anchored = any(triple[0] in known or isinstance(triple[0], URIRef) for triple in triples)
                values = any(isinstance(each, Values) for each in inner.parts)
                if len(triples) > 1 and not anchored and not values:
                    return True
    return False


@shape("constant-in-optional-chain")
def _constant_in_optional_chain(selects: list[Select], _: dict[str, str]) -> bool:
    """OPTIONAL holds a chain with a constant, which is read as a whole (40 times). Nest two OPTIONALs or filter."""
    for group in _all_groups(selects):
        for part in group.parts:
            if isinstance(part, Optional):
                triples = part.group.triples()
                subjects = {triple[0] for triple in triples}
                if len(subjects) > 1 and any(isinstance(triple[2], URIRef) for triple in triples):
                    return True
    return False


@shape("label-before-grouping")
def _label_before_grouping(selects: list[Select], _: dict[str, str]) -> bool:
    """A label of a key is joined to every row before they are grouped (1.3 to 5 times). Group in a SELECT within."""
    for select in selects:
        certain = set(mentioned(select.group))
        for part in select.group.parts:
            if isinstance(part, Optional) and len(part.group.triples()) == 1:
                thing, _predicate, label = part.group.triples()[0]
                if {thing, label} <= set(select.keys) and thing in certain and label not in certain:
                    return True
    return False


@shape("redundant-type")
def _redundant_type(selects: list[Select], domains: dict[str, str]) -> bool:
    """A type is asked for that another property of the same thing implies (4 times). Drop it."""
    rdf_type = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    for group in _all_groups(selects):
        typed = {(triple[0], str(triple[2])) for triple in group.triples() if str(triple[1]) == rdf_type}
        for subject, predicate, _object in group.triples():
            if not isinstance(predicate, Path) and (subject, domains.get(str(predicate), "-")) in typed:
                return True
    return False


@shape("two-chains-meet")
def _two_chains_meet(selects: list[Select], _: dict[str, str]) -> bool:
    """Two chains of two steps meet (440 times). Read the values of the one first, in a SELECT DISTINCT."""
    for group in _all_groups(selects):
        triples = [t for t in group.triples() if isinstance(t[0], Variable) and isinstance(t[2], Variable)]
        reached = {triple[2]: triple[0] for triple in triples}
        for one in triples:
            for other in triples:
                apart = one[0] != other[0] and one[1:] == other[1:]
                if apart and reached.get(one[0]) != reached.get(other[0]) and {one[0], other[0]} <= set(reached):
                    return True
    return False


@shape("chosen-after-union")
def _chosen_after_union(selects: list[Select], _: dict[str, str]) -> bool:
    """What a UNION binds is held to chosen values behind it: a product of both (200 times). Ask in each branch."""
    for group in _all_groups(selects):
        bound, united, chosen = set[Any](group.outer), set[Any](), set[Any]()
        for part in group.parts:
            if isinstance(part, Values):
                chosen |= part.variables
            elif isinstance(part, Group):
                united |= set(mentioned(part))
            elif isinstance(part, tuple):
                if part[0] in united - bound and part[2] in chosen:
                    return True
                bound |= set(part)
    return False
