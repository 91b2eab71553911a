"""Writes the links of a run as a data file of their own, `data/links/computed.ttl`.

There may be a million, so the text is made straight from the links and piece by piece, in the form that `trig` gives.
Links stand in the order of their ends: those of one intervention stand together.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from whatworks.collection import Collection
from whatworks.linking.decisions import Pair, link_iri, link_key
from whatworks.linking.link import TYPES, WRITING, Options, Tell, untold
from whatworks.linking.linker import Told
from whatworks.linking.reasons import ALL_WORDS, Reasons
from whatworks.linking.records import Whole
from whatworks.linking.run import Run
from whatworks.linking.terms import (
    ACTIVITY,
    BASICS,
    COMPUTED,
    DESCRIPTION,
    ENDED,
    FILE_ORDER,
    METHOD,
    PLAN,
    USED,
    VERSION,
    VERSION_INFO,
    status_iri,
    type_iri,
)
from whatworks.namespaces import IN_SCHEME, TITLE, Prefixes
from whatworks.terms import RDF_TYPE, XSD_DATETIME, Iri, Literal, Quad, Term, write_literal_text, write_term
from whatworks.trig import natural, write_trig

Objects: TypeAlias = npt.NDArray[np.object_]

_METHOD_SAYS = (
    "Features of interventions, weighted by how rare they are, and words of their texts: the score of two "
    "interventions is the sum of what each shared feature gives. Which features count is said by "
    "queries/system/link-features.rq and link-texts.rq."
)
_PREFIX = re.compile(r"([\w.-]+):", re.ASCII)
_HERE = "\0"  # where the name of a link stands; no IRI has it


def contents(
    run: Run, collection: Collection, options: Options, now: datetime | None = None, tell: Tell = untold
) -> Iterator[bytes]:
    """Yield the file of a run's links in pieces; the same links give the same file as long as the one before is there.

    Args:
        run: The links.
        collection: The collection that they join, with the links of the run before.
        options: What was asked for.
        now: When the run ended, unless its links are those of the run before.
        tell: Is told how many links are written.
    """
    features, labels = run.links.features, run.links.labels
    said = [(str(features[col]), labels[col]) for col in sorted(features)]
    words = sorted(run.links.records.surfaces.items())
    digest = hashlib.sha256(repr((METHOD, VERSION, options, said, words, run.stated)).encode())
    digest.update(" ".join(run.links.records.things).encode() + run.links.reasons.digest())
    activity = collection.space.thing("run", f"{METHOD}-{digest.hexdigest()[:12]}")
    writer = _Writer(run, collection, activity)
    head = write_trig(
        _head(activity, collection, options, now or datetime.now(UTC)), collection.prefixes, order=FILE_ORDER
    )
    declared, _, head_text = head.partition("\n\n")
    prefixes = {*declared.splitlines(), *writer.declared()}
    yield (f"# {COMPUTED}\n" + "\n".join(sorted(prefixes)) + "\n\n" + head_text).encode()
    yield "".join([writer.stated(*each) for each in run.stated]).encode()
    yield from writer.computed(tell)


class _Writer:
    """Writes the links of a run as text, what they have in common made once."""

    def __init__(self, run: Run, collection: Collection, activity: Iri) -> None:
        self._run = run
        self._collection = collection
        self._short = short = _Short(collection.prefixes)
        self._names = {name: short[iri] for name, iri in BASICS.items()}
        self._types = [self._typed(code) for code in TYPES]
        self._end = f" ;\n    {self._names['made by']} {short[activity]} .\n"
        self._decimal = f'"^^{self._names["decimal"]}'

    def declared(self) -> set[str]:
        """Return the lines that declare the prefixes of all that the links name."""
        short, links = self._short, self._run.links
        iris = [*links.features.values(), *links.records.things, *self._run.decisions.accepted.values()]
        for iri in (*iris, link_iri(self._collection, Iri(""), Iri("")), *map(status_iri, ("accepted", "proposed"))):
            _ = short[iri]
        found = {match[1] for written in short.values() if (match := _PREFIX.match(written))}
        return {f"@prefix {prefix}: <{short.prefixes.table[prefix]}> ." for prefix in found}

    def stated(self, start: Iri, end: Iri, kind: str, says: str) -> str:
        """Return a link that records state with a property of their own."""
        name = link_iri(self._collection, start, end)
        begun = self._begun(self._short.written(name), start, end)
        return begun + self._typed(kind) + self._said(says) + self._status("accepted") + " .\n"

    def computed(self, tell: Tell) -> Iterator[bytes]:
        """Yield the computed links with what each shared feature gives, many at a time."""
        lists, done = _Lists(self._names["has contribution"]), 0
        writes, shared = self._contributions(), self._shared()
        for told in self._run.links.told():
            parts = writes.of(told)
            each = zip(
                self._heads(told), self._scores(told.reasons), shared.of(told.reasons),
                pairwise(told.reasons.starts.tolist()), strict=True,
            )  # fmt: skip
            texts = [
                f"{head}{score}{concepts}{lists[end - start]}{self._end}{''.join(parts[3 * start : 3 * end])}".replace(
                    _HERE, name
                )
                for (name, head), score, concepts, (start, end) in each
            ]
            yield "".join(texts).encode()
            done += len(texts)
            tell(WRITING, done, len(self._run.links))

    def _heads(self, told: Told) -> Iterator[tuple[str, str]]:
        """Yield the names of links, and how each begins: its ends, type, sentence and status."""
        things, accepted, ends_of = (
            self._run.links.records.things,
            self._run.decisions.accepted,
            self._run.decisions.ends,
        )
        names, short, proposed = self._names, self._short, self._status("proposed")
        space = self._collection.space.thing("link", "")
        written = short[Iri(f"{space}0")]
        before, after = (written[:-1], "") if written.endswith(":0") else (f"<{space}", ">")
        is_a, to = f"{after} a {names['link']} ;\n    {names['from']} ", f" ;\n    {names['to']} "
        kinds = [self._types[kind] for kind in told.reasons.type.tolist()]
        for source, target, kind, sentence in zip(told.source, told.target, kinds, told.sentences, strict=True):
            ends = (things[source], things[target])
            key, says = link_key(*ends), f"{kind}{self._said(sentence)}"
            name = f"{space}{key}"
            decided = accepted.get((min(ends), max(ends))) if accepted else None
            if decided is not None or name in ends_of:
                yield self._decided(decided or Iri(name), ends, says, "" if decided else proposed)
            else:
                yield name, f"\n{before}{key}{is_a}{short[ends[0]]}{to}{short[ends[1]]}{says}{proposed}"

    def _decided(self, name: Iri, ends: Pair, says: str, status: str) -> tuple[str, str]:
        """Return the name of a link of a decision, and how it begins: it may give its ends and what it says itself."""
        decisions = self._run.decisions
        text = self._begun(self._short.written(name), *decisions.ends.get(name, ends))
        return name, f"{text}{'' if name in decisions.told else says}{status}"

    def _scores(self, reasons: Reasons) -> list[str]:
        return [f' ;\n    {self._names["score"]} "{score}{self._decimal}' for score in _decimals(reasons.score)]

    def _contributions(self) -> "_Contributions":
        names, features = self._names, self._run.links.features
        value = f' ;\n    {names["value"]} "'
        middles = {col: f"{names['feature']} {self._short[feature]}{value}" for col, feature in features.items()}
        return _Contributions(
            f" a {names['contribution']} ;\n    ",
            _by_column(middles, len(self._run.links.records.columns)),
            lambda spoken: f"{names['words']} {write_literal_text(spoken)}{value}",
            f"{self._decimal} .\n",
        )

    def _shared(self) -> "_Shared":
        links, store = self._run.links, self._collection.store
        concepts = {
            col: self._short[feature]
            for col, feature in sorted(links.features.items(), key=lambda each: (natural(each[1]), each[1]))
            if next(store.match(feature, IN_SCHEME), None) is not None
        }
        return _Shared(self._names["shared"], concepts, len(links.records.columns))

    def _begun(self, written: str, start: Iri, end: Iri) -> str:
        names, short = self._names, self._short
        ends = f"{names['from']} {short[start]} ;\n    {names['to']} {short[end]}"
        return f"\n{written} a {names['link']} ;\n    {ends}"

    def _typed(self, code: str) -> str:
        return f" ;\n    {self._names['type']} {self._short[type_iri(code)]}"

    def _said(self, explanation: str) -> str:
        return f" ;\n    {self._names['explanation']} {write_literal_text(explanation)}@en"

    def _status(self, code: str) -> str:
        return f" ;\n    {self._names['status']} {self._short[status_iri(code)]}"


class _Short(dict[Iri, str]):
    """IRIs and how they are written in Turtle."""

    def __init__(self, prefixes: Prefixes) -> None:
        super().__init__()
        self.prefixes = prefixes

    def __missing__(self, iri: Iri) -> str:
        self[iri] = self.written(iri)
        return self[iri]

    def written(self, iri: Iri) -> str:
        """Return an IRI that is written once, and need not be remembered."""
        return self.prefixes.shorten(iri) or write_term(iri)


class _Lists(dict[int, str]):
    """The lists of so many contributions, with a mark where the link's name stands."""

    def __init__(self, verb: str) -> None:
        super().__init__()
        self._verb = verb

    def __missing__(self, count: int) -> str:
        self[count] = _several(self._verb, [f"<{_HERE}#contribution-{number}>" for number in range(1, count + 1)])
        return self[count]


class _Contributions:
    """Writes what each shared feature gives, with a mark where the link's name stands.

    Args:
        head: What follows the name of a contribution.
        middles: Of each column how its feature is named, and what stands before the share.
        words: Does the same for words.
        last: What follows the share.
    """

    def __init__(self, head: str, middles: "Objects", words: Callable[[str], str], last: str) -> None:
        self._head, self._middles, self._words, self._last = head, middles, words, last

    def of(self, told: Told) -> list[str]:
        """Return three pieces for each reason: beginning, middle, and end."""
        some = told.reasons
        lengths = np.diff(some.starts)
        pair = np.repeat(np.arange(len(some)), lengths)
        number = np.arange(len(pair)) - some.starts[pair]
        longest = int(lengths.max(initial=0))
        heads = [f"\n<{_HERE}#contribution-{each}>{self._head}" for each in range(1, longest + 1)]
        middles = self._middles[some.cols]
        for at in np.flatnonzero(some.cols == ALL_WORDS).tolist():
            middles[at] = self._words(told.spoken[pair[at]])
        pieces = [""] * (3 * len(pair))
        pieces[0::3] = np.array([*heads, ""], dtype=object)[number].tolist()
        pieces[1::3] = middles.tolist()
        pieces[2::3] = [f"{share}{self._last}" for share in _decimals(some.shares)]
        return pieces


class _Shared:
    """Writes which concepts both have.

    Args:
        verb: The property.
        concepts: How each column that stands for a concept is written, in the order of IRIs.
        width: How many columns there are.
    """

    def __init__(self, verb: str, concepts: dict[int, str], width: int) -> None:
        self._verb = verb
        self._places = np.full(width + 1, -1, dtype=np.int64)  # the last is that of words
        self._places[list(concepts)] = np.arange(len(concepts))
        self._written = np.array([*concepts.values(), ""], dtype=object)

    def of(self, reasons: Reasons) -> list[str]:
        """Return of each pair what is written of its concepts."""
        pair = np.repeat(np.arange(len(reasons)), np.diff(reasons.starts))
        places = self._places[reasons.cols]
        ordered = np.lexsort((places, pair))
        ordered = ordered[places[ordered] >= 0]
        written = self._written[places[ordered]].tolist()
        starts = np.searchsorted(pair[ordered], np.arange(len(reasons) + 1)).tolist()
        return [_several(self._verb, written[start:end]) for start, end in pairwise(starts)]


def _by_column(texts: dict[int, str], width: int) -> "Objects":
    """Return texts by column; those of other columns, and the last, are empty."""
    found = np.full(width + 1, "", dtype=object)
    for col, text in texts.items():
        found[col] = text
    return found


def _several(verb: str, values: list[str]) -> str:
    """Return a property and its values, as what follows in a list of properties."""
    if len(values) < 2:
        return f" ;\n    {verb} {values[0]}" if values else ""
    listed = " ,\n        ".join(values)
    return f" ;\n    {verb}\n        {listed}"


def _head(activity: Iri, collection: Collection, options: Options, now: datetime) -> Iterator[Quad]:
    """Yield what is said of the method and of the run; a run whose links are there already ended when it did."""
    method = collection.space.thing("method", f"{METHOD}-{VERSION}")
    before = [quad.object for quad in collection.store.match(activity, ENDED)]
    ended: Term = Literal(f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "", XSD_DATETIME)
    asked = f"At most {options.top} links for each intervention, with scores of at least {options.minimum}."
    if options.weights:
        asked += " Weights: " + ", ".join(f"{name} {weight}" for name, weight in sorted(options.weights.items())) + "."
    yield Quad(method, RDF_TYPE, PLAN)
    yield Quad(method, TITLE, Literal.text("Links by shared features", "en"))
    yield Quad(method, DESCRIPTION, Literal.text(_METHOD_SAYS, "en"))
    yield Quad(method, VERSION_INFO, Literal(VERSION))
    yield Quad(activity, RDF_TYPE, ACTIVITY)
    yield Quad(activity, DESCRIPTION, Literal.text(asked, "en"))
    yield Quad(activity, USED, method)
    yield Quad(activity, ENDED, min(before, default=ended, key=str))


_HEADS = [f"0.{number:03}" for number in range(1000)]
_SHORT_HEADS = [head.rstrip("0").ljust(3, "0") for head in _HEADS]
_TAILS = [f"{number:03}".rstrip("0") for number in range(1000)]


def _decimals(millionths: Whole) -> list[str]:
    """Return numbers from 0 to below 1.

    >>> _decimals(np.array([20100, 500000, 1]))
    ['0.0201', '0.5', '0.000001']
    """
    heads, tails = np.divmod(millionths.astype(np.int64), 1000)
    return [
        _HEADS[head] + _TAILS[tail] if tail else _SHORT_HEADS[head]
        for head, tail in zip(heads.tolist(), tails.tolist(), strict=True)
    ]
