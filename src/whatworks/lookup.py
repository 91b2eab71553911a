"""From what a person types to the thing that is meant.

A concept is found by its code, notation, label or alternative label in any language, by its IRI or CURIE; an
intervention by its key or title; an agent by its key or name; where any thing may be meant, by all of these. A miss
lists the nearest; a hit on two asks which.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from whatworks.catalogue import Bound, Catalogue, Parameter, Query, Values, iri_rows, ranked
from whatworks.collection import Collection
from whatworks.errors import AmbiguousValue, InvalidTerm, InvalidValue, UnknownThing, UnknownValue, UsageError
from whatworks.namespaces import IDENTIFIER, IN_SCHEME, NAME, RDFS, VOC, folded
from whatworks.probes import Probes
from whatworks.results import Table
from whatworks.settings import preference
from whatworks.terms import RDF_TYPE, XSD_DATE, XSD_DECIMAL, Iri, Literal, Term, is_iri, write_literal_text

if TYPE_CHECKING:
    from whatworks.search import Search

_IS_DEFINED_BY = Iri(RDFS + "isDefinedBy")
_TIERS = ("code", "notation", "pref", "alt")
_KEYED = ("intervention", "resource", "agent", "record", "collection", "link", "review")
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_MOST = 1000  # a search counts so many things where its parameter does not say
_KNOWN, _SEARCHED = 1000, 16  # so many answers to which concepts a value stands for are kept, and to what fits a text
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")


@dataclass(slots=True)
class Index:
    """Names of things, in tiers: a code or notation beats a label, a label an alternative label."""

    languages: tuple[str, ...] = ()
    tiers: dict[str, dict[str, set[Iri]]] = field(default_factory=lambda: {tier: defaultdict(set) for tier in _TIERS})
    known: set[Iri] = field(default_factory=set)
    labels: dict[Iri, Literal] = field(default_factory=dict)
    sorts: dict[Iri, str] = field(default_factory=dict)

    def add(self, iri: Iri, name: Literal, tier: str) -> None:
        """Note a name of a thing."""
        self.known.add(iri)
        self.tiers["code"][iri.code.casefold()].add(iri)
        self.tiers[tier][folded(name.value)].add(iri)
        if tier == "pref":
            names = (self.labels.get(iri, name), name)
            self.labels[iri] = min(names, key=lambda each: preference(each, self.languages))

    def shown(self, iri: Iri) -> str:
        """Return the label in the first of the languages that it has, and the code."""
        return f"{self.labels[iri].value} ({iri.code})" if iri in self.labels else iri.code

    def find(self, value: str) -> set[Iri]:
        """Return the things of the best tier that has this name."""
        wanted = folded(value)
        return next((found for tier in _TIERS if (found := self.tiers[tier].get(wanted))), set())

    def nearest(self, value: str) -> list[str]:
        """Return up to five names like this one, best first; among things of any sort, interventions first.

        There are so many names of things that some are a little like any word; there they must be more alike.
        """
        from difflib import get_close_matches  # noqa: PLC0415 - needed after a slip only

        names = {name for tier in _TIERS for name in self.tiers[tier]}
        wanted = folded(value)
        close = get_close_matches(wanted, sorted(names), n=5, cutoff=0.75 if self.sorts else 0.6)
        close += [name for name in sorted(names) if wanted and wanted in name and name not in close]
        suggested: dict[Iri, None] = {}
        for name in close[:8]:
            for iri in sorted(self.find(name)):
                suggested.setdefault(iri)
        ranked = sorted(suggested, key=lambda iri: self.sorts.get(iri, "") != "intervention")
        return list(dict.fromkeys(map(self.shown, ranked)))[:5]


class Lookup:
    """Finds the things of one collection by name."""

    def __init__(
        self, collection: Collection, catalogue: Catalogue, searcher: "Callable[[], Search] | None" = None
    ) -> None:
        self._collection = collection
        self._catalogue = catalogue
        self._probes = Probes(collection)
        self._searcher = searcher
        self._indexes: dict[str, Index] = {}
        self._known: dict[tuple[object, ...], Bound] = {}
        self._searched: dict[tuple[str, str, str, int], Bound] = {}

    def scheme(self, code: str) -> Iri:
        """Return the IRI of the scheme with this code."""
        return Iri(VOC + code)

    def concepts(self, scheme: str) -> Index:
        """Return the names of a scheme's concepts."""
        rows = {"scheme": iri_rows([self.scheme(scheme)])}
        return self._index(f"scheme {scheme}", "system/concepts", rows)

    def concept(self, scheme: str, value: str) -> Iri:
        """Return the concept of a scheme that a value names.

        Raises:
            UnknownValue, AmbiguousValue: It names none, or several.
        """
        for iri in (Iri(f"{VOC}{scheme}/{value}"), *self._direct(value)):
            if self._is_there(iri, IN_SCHEME, self.scheme(scheme)):
                return iri
        if found := self._probes.concept(self.scheme(scheme), value):
            return found
        return self._one(self.concepts(scheme), value, f"is no {scheme.replace('-', ' ')}")

    def intervention(self, value: str) -> Iri:
        """Return the intervention with this key, title, IRI or CURIE."""
        if found := self._kept("intervention", value, IDENTIFIER):
            return found
        return self._one(self._index("intervention", "system/interventions-by-name"), value, "is no intervention")

    def agent(self, value: str) -> Iri:
        """Return the agent with this key, name, IRI or CURIE."""
        if found := self._kept("agent", value, NAME):
            return found
        return self._one(self._index("agent", "system/agents-by-name"), value, "is no agent")

    def _kept(self, kind: str, value: str, naming: Iri) -> Iri | None:
        """Return the thing of a kind that a value leads to without an index of all names."""
        space = self._collection.space
        for iri in (space.thing(kind, value.strip()), *self._direct(value)):
            if iri.startswith(space.thing(kind, "")) and self._is_there(iri, naming):
                return iri
        return self._probes.thing((kind,), value)

    def _is_there(self, iri: Iri, predicate: Iri, value: Term | None = None) -> bool:
        """Say whether a key or code leads straight to a thing, so that no index of names has to be made."""
        return is_iri(iri) and next(self._collection.store.match(iri, predicate, value), None) is not None

    def thing(self, value: str) -> Iri:
        """Return anything with this IRI, CURIE or key, else the intervention, resource, agent or concept of this name.

        Raises:
            UnknownThing, AmbiguousValue: There is nothing, or several things have the name.
        """
        if found := self._straight(value) or self._probes.thing(("intervention", "resource", "agent"), value):
            return found
        unknown = UnknownThing(
            f"Nothing has the key, IRI or name {_cut(value)!r}.",
            hint="List keys with: whatworks query interventions, or find it by words: whatworks search",
        )
        return self._named(self._index("thing", "system/things-by-name"), value, unknown)

    def _straight(self, value: str) -> Iri | None:
        """Return what has this IRI, CURIE or key; of several things with one key, that of the first kind."""
        store, space = self._collection.store, self._collection.space
        keyed = (space.thing(kind, value.strip()) for kind in _KEYED)
        there = (
            iri for iri in (*self._direct(value), *keyed) if is_iri(iri) and next(store.match(iri), None) is not None
        )
        return next(there, None)

    def field_order(self) -> list[str]:
        """Return the properties in the order in which the shapes list them: by group, then by place in it."""
        rows = self._run("system/fields", {})
        return list(dict.fromkeys(str(row[1]) for row in rows))

    def is_term(self, iri: Iri) -> bool:
        """Say whether the model declares a term."""
        return next(self._collection.store.match(iri, RDF_TYPE), None) is not None

    def terms(self) -> list[str]:
        """Return the terms of the model's own namespace as CURIEs."""
        shorten = self._collection.prefixes.shorten
        found = {quad.subject for quad in self._collection.store.match(predicate=_IS_DEFINED_BY)}
        return sorted(filter(None, (shorten(each) for each in found if isinstance(each, Iri))))

    def bind(self, query: Query, values: Mapping[str, Sequence[str]]) -> dict[str, Bound]:
        """Return the bound parameters of a query from values as people type them; defaults are filled in.

        Raises:
            UsageError: A name or value does not fit; the message names the parameter.
        """
        bound: dict[str, Bound] = {}
        for name, given in values.items():
            parameter = query.parameter(name)
            if len(given) > 1 and not parameter.many:
                raise InvalidValue(f"--{name} may be given only once.", hint=f"Given: {_cut(', '.join(given))}.")
            bound[name] = self._bound(parameter, given)
        for parameter in query.parameters:
            if parameter.name not in bound and parameter.default is not None:
                bound[parameter.name] = self._bound(parameter, [parameter.default])
        return bound

    def _bound(self, parameter: Parameter, values: Sequence[str]) -> Bound:
        try:
            return _BINDERS[parameter.type](self, parameter, values)
        except (UnknownValue, AmbiguousValue, InvalidValue) as error:
            error.message = f"--{parameter.name}: {error.message}"
            raise

    def _concepts(self, parameter: Parameter, values: Sequence[str]) -> Bound:
        scheme = parameter.scheme or parameter.type
        key = (scheme, parameter.narrower, *values)
        if key not in self._known:
            found = {self.concept(scheme, value) for value in values}
            if len(self._known) >= _KNOWN:
                self._known.clear()
            self._known[key] = Bound(iri_rows(self._with_narrower(found) if parameter.narrower else found))
        return self._known[key]

    def _with_narrower(self, concepts: Iterable[Iri]) -> set[Iri]:
        found = set(concepts)
        answer = self._run("system/narrower", {"concept": iri_rows(found)})
        return found | {row[0] for row in answer if isinstance(row[0], Iri)}

    def _things(self, parameter: Parameter, values: Sequence[str]) -> Bound:
        find = self.intervention if parameter.type == "intervention" else self.agent
        return Bound(iri_rows({find(value) for value in values}))

    def _text(self, _: Parameter, values: Sequence[str]) -> Bound:
        for value in values:
            try:
                write_literal_text(value)
            except InvalidTerm as error:
                raise InvalidValue(error.message, hint=error.hint) from error
        return Bound([(Literal(value),) for value in values])

    def _search(self, parameter: Parameter, values: Sequence[str]) -> Bound:
        """Return the things that fit a text and their ranks, counted from one."""
        from whatworks.search import Index, Search, build  # noqa: PLC0415 - needed for a search only

        if self._searcher is None:
            made = Search(Index(build(self._collection.store, self._catalogue)), self._collection.settings.languages)
            self._searcher = lambda: made
        key = (parameter.name, values[0], parameter.of_class, most := parameter.maximum or _MOST)
        if key not in self._searched:
            found, total = self._searcher().best(*key[1:])
            note = f"Only the best {most} of {total} that fit --{parameter.name} count." if total > most else ""
            self._searched = {**dict([*self._searched.items()][1 - _SEARCHED :]), key: ranked(found, note)}
        return self._searched[key]

    def _number(self, parameter: Parameter, values: Sequence[str]) -> Bound:
        lowest, highest = (1000, 2999) if parameter.type == "year" else (parameter.minimum, parameter.maximum)
        rows = []
        for value in values:
            text = value.strip()
            if not text.isascii() or not text.removeprefix("-").isdigit() or len(text) > 18:
                kind = "a year such as 2014" if parameter.type == "year" else "a whole number"
                raise InvalidValue(f"{_cut(value)!r} is not {kind}.")
            number = int(text)
            _check_bounds(str(number), lowest, highest)
            rows.append((Literal.integer(number),))
        return Bound(rows)

    def _decimal(self, parameter: Parameter, values: Sequence[str]) -> Bound:
        rows = []
        for value in values:
            match = re.fullmatch(r"(-?)0*([0-9]{1,18})(?:\.([0-9]{1,18}?)0*)?", value.strip(), re.ASCII)
            if match is None:
                raise InvalidValue(f"{_cut(value)!r} is no decimal number such as 0.5.")
            number = match[2] + (f".{match[3]}" if (match[3] or "0") != "0" else "")
            number = match[1] + number if number != "0" else "0"
            _check_bounds(number, parameter.minimum, parameter.maximum)
            rows.append((Literal(number, "", XSD_DECIMAL),))
        return Bound(rows)

    def _date(self, _: Parameter, values: Sequence[str]) -> Bound:
        return Bound([(Literal(_day(value).isoformat(), "", XSD_DATE),) for value in values])

    def _boolean(self, _: Parameter, values: Sequence[str]) -> Bound:
        word = values[0].strip().casefold()
        if word not in (*_TRUE, *_FALSE):
            raise InvalidValue(f"{_cut(values[0])!r} is neither true nor false.", hint="Write true or false.")
        return Bound(word="true" if word in _TRUE else "false")

    def _choice(self, parameter: Parameter, values: Sequence[str]) -> Bound:
        for value in values:
            if value not in parameter.choices:
                from difflib import get_close_matches  # noqa: PLC0415 - needed after a slip only

                near = get_close_matches(value[:200], parameter.choices, n=1)
                hint = f"Did you mean {near[0]}? " if near else ""
                raise UnknownValue(
                    f"{_cut(value)!r} is no choice.",
                    hint=f"{hint}Choose one of: {', '.join(parameter.choices)}.",
                )
        return Bound([parameter.choices[value] for value in values], values[0])

    def _iri(self, _: Parameter, values: Sequence[str]) -> Bound:
        for value in values:
            if not is_iri(value):
                raise InvalidValue(f"{_cut(value)!r} is no absolute IRI.", hint="Write it without <, > and spaces.")
        return Bound(iri_rows(Iri(value) for value in values))

    def _one(self, index: Index, value: str, is_none: str) -> Iri:
        for iri in self._direct(value):
            if iri in index.known:
                return iri
        return self._named(
            index, value, UnknownValue(f"{_cut(value)!r} {is_none}.", hint="Nothing is spelled like it.")
        )

    def _direct(self, value: str) -> list[Iri]:
        """Return the IRIs that a value may be itself: as it stands, and as a CURIE."""
        text = value.strip().removeprefix("<").removesuffix(">")
        expanded = self._collection.prefixes.expand(text)
        return [Iri(text), *([expanded] if expanded is not None else [])]

    def _named(self, index: Index, value: str, unknown: UsageError) -> Iri:
        found = index.find(value)
        if len(found) == 1:
            return next(iter(found))
        if found:
            choices = "; ".join(self._choice_of(index, iri) for iri in sorted(found))
            raise AmbiguousValue(f"{_cut(value)!r} names more than one thing.", hint=f"Say which: {choices}.")
        if near := index.nearest(value.strip()[:200]):
            unknown.hint = f"Did you mean: {'; '.join(near)}?"
        raise unknown

    def _choice_of(self, index: Index, iri: Iri) -> str:
        """Return what says which thing is meant: among things of any sort a CURIE, else the key, else the IRI."""
        if iri not in index.sorts:
            return index.shown(iri)
        label = f"{index.labels[iri].value}, " if iri in index.labels else ""
        key = iri.code if self._straight(iri.code) == iri else iri
        return f"{self._collection.prefixes.shorten(iri) or key} ({label}{index.sorts[iri]})"

    def _index(self, name: str, query: str, values: Values | None = None) -> Index:
        if name not in self._indexes:
            index = Index(self._collection.settings.languages)
            for row in self._run(query, values or {}):
                iri, label, tier = row[0], row[1], row[2]
                if isinstance(iri, Iri) and isinstance(label, Literal) and isinstance(tier, Literal):
                    index.add(iri, label, tier.value)
                    if len(row) > 3 and isinstance(row[3], Literal):
                        index.sorts[iri] = row[3].value
            self._indexes[name] = index
        return self._indexes[name]

    def _run(self, query: str, values: Values) -> Table:
        return self._catalogue.rows(self._collection.store, query, values)


def typed(value: Any) -> Sequence[str]:
    """Return a value, or several, that a program gives as a person would type them."""
    values = value if isinstance(value, list | tuple | set) else [value]
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in values]


def _check_bounds(number: str, lowest: int | None, highest: int | None) -> None:
    whole, _, part = number.partition(".")
    exact, one = int(whole + part.ljust(18, "0")), 10**18
    low, high = lowest is not None and exact < lowest * one, highest is not None and exact > highest * one
    if (low or high) and lowest is not None and highest is not None:
        raise InvalidValue(f"{number} is not between {lowest} and {highest}.")
    if low or high:
        raise InvalidValue(f"{number} is {f'below {lowest}' if low else f'above {highest}'}.")


def _day(value: str) -> date:
    """Return the day that a date stands for: a month or a year is its first day, today is the day in UTC."""
    text = value.strip()
    if text.casefold() == "today":
        return datetime.now(UTC).date()
    hint = "Write a day (2026-01-15), a month (2026-01), a year (2026), or today."
    match = _DATE.fullmatch(text)
    if match is None:
        raise InvalidValue(f"{_cut(value)!r} is no date such as 2026-01-15.", hint=hint)
    try:
        return date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError:
        raise InvalidValue(f"{text!r} is not in the calendar.", hint=hint) from None


def _cut(value: str) -> str:
    return value if len(value) <= 80 else value[:79] + "…"


_BINDERS: dict[str, Callable[[Lookup, Parameter, Sequence[str]], Bound]] = {
    "concept": Lookup._concepts,
    "place": Lookup._concepts,
    "language": Lookup._concepts,
    "intervention": Lookup._things,
    "agent": Lookup._things,
    "text": Lookup._text,
    "integer": Lookup._number,
    "decimal": Lookup._decimal,
    "year": Lookup._number,
    "date": Lookup._date,
    "boolean": Lookup._boolean,
    "choice": Lookup._choice,
    "iri": Lookup._iri,
    "search": Lookup._search,
}
