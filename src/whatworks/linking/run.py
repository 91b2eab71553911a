"""A run: reads the graph, links what it holds, and follows what people decided."""

from collections.abc import Collection as Several
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from whatworks.catalogue import Catalogue, iri_rows
from whatworks.collection import Collection
from whatworks.linking.decisions import Decisions, Pair, read_decisions
from whatworks.linking.link import COMPARING, Link, Options, Tell, untold
from whatworks.linking.linker import Linker, Links
from whatworks.linking.records import read_records
from whatworks.linking.unfinished import Unfinished
from whatworks.settings import preference
from whatworks.store import EmbeddedStore
from whatworks.terms import Iri, Literal


@dataclass(slots=True)
class Run:
    """The links of a collection.

    Attributes:
        links: The computed links, in the order of their ends.
        stated: Links that records state with a property of their own: both ends, type, and sentence.
        decisions: What people decided.
        interventions: How many interventions there are.
        notes: What a person should know.
        begun: Keeps what was compared, until it is closed.
    """

    links: Links
    stated: list[tuple[Iri, Iri, str, str]]
    decisions: Decisions
    interventions: int
    notes: list[str]
    begun: Unfinished = field(default_factory=lambda: Unfinished(None))

    @property
    def linked(self) -> int:
        """How many interventions have a computed link."""
        reasons = self.links.reasons
        return len(np.union1d(reasons.one, reasons.other))


def make(
    collection: Collection,
    catalogue: Catalogue,
    options: Options | None = None,
    tell: Tell = untold,
    folder: Path | None = None,
) -> Run:
    """Link all interventions of a collection.

    Args:
        collection: The graph, with what the rules infer.
        catalogue: The stored queries.
        options: What is asked for.
        tell: Is told now and then how far it is.
        folder: Where to keep what is done, so that a run that was stopped can be continued; it stays until `begun` of
            what is returned is closed.

    Raises:
        QueryHeader: A query of the project gives weights that are none.
    """
    options = options or Options()
    store = collection.local
    linker = Linker.of(read_records(store, catalogue, options.weights, tell))
    things = linker.records.things
    decisions = read_decisions(store, catalogue, things)
    known = list(_stated(store, catalogue, set(things)))
    told = titles(collection, catalogue, {end for each in known for end in each[:2]})
    stated = [
        (start, end, kind, says.replace("{from}", told.get(start, start.code)).replace("{to}", told.get(end, end.code)))
        for start, end, kind, says in known
        if (min(start, end), max(start, end)) not in decisions.stated | set(decisions.rejected)
    ]
    without = decisions.stated | set(decisions.rejected) | {(min(pair[:2]), max(pair[:2])) for pair in stated}
    begun = Unfinished.of(folder, linker.vectors, options)
    best = linker.best(options.top, options.minimum, lambda done: tell(COMPARING, done, len(things)), begun)
    wanted = np.setdiff1d(np.union1d(best, linker.numbers(decisions.accepted)), linker.numbers(without))
    links = linker.links(wanted, lambda features: titles(collection, catalogue, features), tell)
    continued = ["What an earlier run with the same input had compared was taken up."] if begun.is_continued else []
    return Run(links, stated, decisions, len(things), [*continued, *linker.notes(), *decisions.notes], begun)


def between(collection: Collection, catalogue: Catalogue, pairs: Sequence[Pair]) -> list[Link]:
    """Return the links between some pairs of interventions, however strong."""
    linker = Linker.of(read_records(collection.local, catalogue))
    found = linker.links(linker.numbers(pairs), lambda each: titles(collection, catalogue, each))
    by_pair = {(min(link.source, link.target), max(link.source, link.target)): link for link in found}
    return [by_pair[min(pair), max(pair)] for pair in pairs]


def titles(collection: Collection, catalogue: Catalogue, things: Several[Iri]) -> dict[Iri, str]:
    """Return what things are called, in the preferred language."""
    if not things:
        return {}
    named = catalogue.rows(collection.store, "system/labels", {"iri": iri_rows(sorted(things))})
    best: dict[Iri, Literal] = {}
    order = ("en", *collection.settings.languages)
    for thing, name, _ in named:
        if isinstance(thing, Iri) and isinstance(name, Literal):
            best[thing] = min((best.get(thing, name), name), key=lambda each: preference(each, order))
    return {thing: name.value for thing, name in best.items()}


def _stated(store: EmbeddedStore, catalogue: Catalogue, known: set[Iri]) -> Iterator[tuple[Iri, Iri, str, str]]:
    seen: set[Pair] = set()
    for start, end, kind, says in catalogue.rows(store, "system/link-stated"):
        assert isinstance(start, Iri) and isinstance(end, Iri)  # noqa: S101, PT018 - the query gives IRIs and texts
        assert isinstance(kind, Literal) and isinstance(says, Literal)  # noqa: S101, PT018 - as above
        pair = (min(start, end), max(start, end))
        if known >= set(pair) and pair not in seen:
            seen.add(pair)
            yield start, end, kind.value, says.value
