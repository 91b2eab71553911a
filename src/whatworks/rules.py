"""Applies inference rules: CONSTRUCT queries that are asked until nothing new appears.

A rule is asked again only when statements came that it could read. Which those are is seen from its text: the
properties in its patterns, or all where a property is a variable or the text has what is not understood here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from whatworks import gate
from whatworks.errors import Place, QueryRefused, QuerySyntax
from whatworks.gate import Token
from whatworks.namespaces import Prefixes
from whatworks.store import EmbeddedStore
from whatworks.terms import RDF_TYPE, Iri

_MAXIMUM_ROUNDS = 20
# With these an answer may differ although nothing was added, or depends on more than statements with a property.
_UNSTEADY = {"BASE", "BNODE", "FROM", "GRAPH", "LIMIT", "NOW", "OFFSET", "RAND", "SAMPLE", "STRUUID", "UUID"}
_OF_A_PATTERN = ("A", "TRUE", "FALSE")


@dataclass(frozen=True, slots=True)
class Rule:
    """An inference rule: a CONSTRUCT query, the graph its triples go to, and the file it stands in."""

    name: str
    text: str
    graph: Iri
    file: str


def apply_rules(rules: Sequence[Rule], store: EmbeddedStore, prefixes: Prefixes) -> int:
    """Add what the rules infer until nothing new appears; return how many statements were added.

    Raises:
        QuerySyntax: A rule is not SPARQL.
        QueryRefused: A rule is no CONSTRUCT query or reaches outside, or the rules do not come to an end.
    """
    total = 0
    # The properties of the statements that came since each rule was last asked.
    news: dict[str, set[Iri]] = {}
    for _ in range(_MAXIMUM_ROUNDS):
        before = total
        for rule in rules:
            if rule.name in news and not _concerns(rule, news[rule.name], prefixes):
                continue
            is_first = rule.name not in news
            news[rule.name] = set()
            added = _apply(rule, store, is_first=is_first)
            total += sum(added.values())
            for known in news.values():
                known.update(added)
        if total == before:
            return total
    raise QueryRefused(
        f"The rules do not come to an end after {_MAXIMUM_ROUNDS} rounds.",
        hint="Look for a rule that feeds itself.",
    )


def _concerns(rule: Rule, news: set[Iri], prefixes: Prefixes) -> bool:
    if not news:
        return False
    read = reads(rule.text, prefixes)
    return read is None or not read.isdisjoint(news)


def _apply(rule: Rule, store: EmbeddedStore, *, is_first: bool) -> Mapping[Iri, int]:
    try:
        if is_first:
            gate.check(rule.text)
        added = store.infer(rule.text, rule.graph)
    except (QueryRefused, QuerySyntax) as error:
        error.where = error.where._replace(file=rule.file) if error.where else Place(rule.file)
        raise
    if added is None:
        raise QueryRefused("The rule is no CONSTRUCT query.", where=Place(rule.file))
    return added


def reads(text: str, prefixes: Prefixes) -> frozenset[Iri] | None:
    """Return the properties whose statements can change what a rule infers; None for all.

    All IRIs of the WHERE part count, which are a few too many at worst, but for those of what must not exist: more of
    that only takes away from what a rule infers, and nothing is taken back.
    """
    found = gate.tokens(text)
    if any(token.word in _UNSTEADY or token.kind == "bad" for token in found):
        return None
    where = _where(found)
    names = None if where is None else _Patterns(_without_absent(where)).names()
    if names is None or any("\\" in name for name in names):
        return None
    declared = zip(found, found[1:], found[2:], strict=False)
    table = {name.text[:-1]: iri.text[1:-1] for word, name, iri in declared if word.word == "PREFIX"}
    return frozenset(_expanded(name, {**prefixes.table, **table}) for name in names)


def _expanded(name: str, table: Mapping[str, str]) -> Iri:
    if name.startswith("<"):
        return Iri(name[1:-1])
    prefix, _, local = name.partition(":")
    return RDF_TYPE if name == "a" else Iri(table.get(prefix, "") + local)


def _where(found: list[Token]) -> list[Token] | None:
    """Return what follows the template; None where the template makes new nodes."""
    start = next((index for index, token in enumerate(found) if token.word == "CONSTRUCT"), len(found)) + 1
    if start >= len(found) or found[start].text != "{":
        return found[start:]
    end = next(index for index, token in enumerate(found) if index > start and token.text == "}")
    if any(token.text == "[" or token.text.startswith("_:") for token in found[start:end]):
        return None
    return found[end + 1 :]


def _without_absent(where: list[Token]) -> list[Token]:
    """Return patterns where plain ones that FILTER NOT EXISTS forbids are put as an empty filter."""
    kept: list[Token] = []
    rest = iter(where)
    for token in rest:
        kept.append(token)
        before = [each.word or each.text for each in kept[-4:]]
        if before != ["FILTER", "NOT", "EXISTS", "{"]:
            continue
        absent = list(takewhile(lambda each: each.text != "}", rest))
        if any(each.text == "{" for each in absent):
            return where  # what stands in a group of its own may be there to take away in turn
        kept[-3:] = [token._replace(kind="operator", text=sign) for sign in "()"]
    return kept


@dataclass(slots=True)
class _Group:
    """A group in braces: the variables that its patterns bind, and the ends of paths that may have no step."""

    bound: set[str] = field(default_factory=set)
    empty: list[set[str]] = field(default_factory=list)


class _Patterns:
    """Walks over the patterns of a WHERE part, as far as needed to see that no property is a variable."""

    def __init__(self, where: list[Token]) -> None:
        self._tokens = where
        self._piece: list[Token] = []
        self._verb: int | None = 1  # where the property of the piece stands
        self._subject = ""
        self._is_empty = False  # whether the path may have no step
        self._groups = [_Group()]

    def names(self) -> set[str] | None:
        """Return all IRIs as they are written, or None where the patterns may match any statement."""
        names: set[str] = set()
        depth = 0
        for token in self._tokens:
            if token.kind in ("iri", "name") or token.text == "a":
                names.add(token.text)
            if depth or token.text == "(":
                depth += {"(": 1, ")": -1}.get(token.text, 0)
                if token.text in ("{", "[") or (token.text == "!" and not self._is_clause()):
                    return None
                self._is_empty |= token.text in ("*", "?") and not self._is_clause()
                if not depth and self._is_clause():
                    self._end(1)
                elif not depth:
                    self._piece.append(token)
            elif not self._step(token):
                return None
        return names

    def _is_clause(self) -> bool:
        first = self._piece[0].word if self._piece else ""
        return bool(first) and first not in _OF_A_PATTERN

    def _step(self, token: Token) -> bool:
        """Take in a token; say whether the patterns are still understood."""
        text = token.text
        if text in (".", ";", ",", "{", "}"):
            self._end({";": 0, ",": None}.get(text, 1))
            if text == "{":
                self._groups.append(_Group())
            return text != "}" or self._leave()
        if text in ("[", "!", "<"):
            return False
        if token.word and token.word not in _OF_A_PATTERN and not self._is_clause():
            self._end(1)
        self._is_empty |= text in ("*", "?")
        self._piece.append(token)
        is_verb = len(self._piece) - 1 == self._verb
        return not (is_verb and token.kind == "variable" and not self._is_clause())

    def _end(self, verb: int | None) -> None:
        if self._piece and not self._is_clause():
            if self._verb == 1:
                self._subject = self._piece[0].text
            ends = {end for end in (self._subject, self._piece[-1].text) if end[0] in "?$"}
            if not self._is_empty:
                self._groups[-1].bound |= ends
            elif self._subject in ends and self._piece[-1].text in ends:
                self._groups[-1].empty.append(ends)
        self._piece, self._verb = [], verb
        self._is_empty &= verb is None

    def _leave(self) -> bool:
        """Leave a group; a path without a step matches every node unless a pattern binds one of its ends."""
        group = self._groups.pop()
        return bool(self._groups) and all(ends & group.bound for ends in group.empty)
