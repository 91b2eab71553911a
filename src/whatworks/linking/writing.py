"""Writes the links of a run as a data file of their own, `data/links/computed.ttl`."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

from whatworks.collection import Collection
from whatworks.linking.decisions import link_iri
from whatworks.linking.link import Link, Options
from whatworks.linking.run import Run
from whatworks.linking.terms import (
    ACTIVITY,
    COMPUTED,
    CONTRIBUTION,
    DESCRIPTION,
    ENDED,
    EXPLANATION,
    FEATURE,
    FILE_ORDER,
    HAS_CONTRIBUTION,
    IN_SCHEME,
    LINK,
    MADE_BY,
    METHOD,
    PLAN,
    SHARED,
    SHARED_WORDS,
    STATUS,
    TYPE,
    USED,
    VALUE,
    VERSION,
    VERSION_INFO,
    status_iri,
    type_iri,
)
from whatworks.namespaces import LINK_FROM, LINK_TO, SCORE, TITLE
from whatworks.terms import RDF_TYPE, XSD_DATETIME, XSD_DECIMAL, Iri, Literal, Quad, Term
from whatworks.trig import natural, write_trig

_METHOD_SAYS = (
    "Features of interventions, weighted by how rare they are, and words of their texts: the score of two "
    "interventions is the sum of what each shared feature gives. Which features count is said by "
    "queries/system/link-features.rq and link-texts.rq."
)


def contents(run: Run, collection: Collection, options: Options, now: datetime | None = None) -> bytes:
    """Return the file of a run's links; the same links give the same file as long as the one before is there.

    Args:
        run: The links.
        collection: The collection that they join, with the links of the run before.
        options: What was asked for.
        now: When the run ended, unless its links are those of the run before.
    """
    digest = hashlib.sha256(repr((METHOD, VERSION, options, run.links, run.stated)).encode())
    activity = collection.space.thing("run", f"{METHOD}-{digest.hexdigest()[:12]}")
    concepts = _Concepts(collection)
    blocks = {}
    for link in run.links:
        pair = (min(link.source, link.target), max(link.source, link.target))
        name = run.decisions.accepted.get(pair) or link_iri(collection, *pair)
        ends = run.decisions.ends.get(name, (link.source, link.target))
        blocks[name] = [*_facts(link, name, ends, concepts), Quad(name, MADE_BY, activity)]
        if name not in run.decisions.told:
            blocks[name] += _told(name, link.type, link.explanation)
        if pair not in run.decisions.accepted:
            blocks[name].append(Quad(name, STATUS, status_iri("proposed")))
    for start, end, kind, says in run.stated:
        name = link_iri(collection, start, end)
        blocks[name] = [
            Quad(name, RDF_TYPE, LINK),
            Quad(name, LINK_FROM, start),
            Quad(name, LINK_TO, end),
            *_told(name, kind, says),
            Quad(name, STATUS, status_iri("accepted")),
        ]
    head = list(_head(activity, collection, options, now or datetime.now(UTC)))
    ordered = [head, *(blocks[name] for name in sorted(blocks, key=natural))]
    return _joined([write_trig(quads, collection.prefixes, order=FILE_ORDER) for quads in ordered])


def _told(name: Iri, kind: str, explanation: str) -> list[Quad]:
    return [Quad(name, TYPE, type_iri(kind)), Quad(name, EXPLANATION, Literal.text(explanation, "en"))]


def _facts(link: Link, name: Iri, ends: tuple[Iri, Iri], concepts: "_Concepts") -> Iterator[Quad]:
    yield Quad(name, RDF_TYPE, LINK)
    yield Quad(name, LINK_FROM, ends[0])
    yield Quad(name, LINK_TO, ends[1])
    yield Quad(name, SCORE, _decimal(link.score))
    for number, part in enumerate(link.parts, 1):
        own = Iri(f"{name}#contribution-{number}")
        yield Quad(name, HAS_CONTRIBUTION, own)
        yield Quad(own, RDF_TYPE, CONTRIBUTION)
        yield Quad(own, VALUE, _decimal(part.value))
        if part.feature is None:
            yield Quad(own, SHARED_WORDS, Literal(part.name))
            continue
        yield Quad(own, FEATURE, part.feature)
        if concepts[part.feature]:
            yield Quad(name, SHARED, part.feature)


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


def _decimal(value: float) -> Literal:
    return Literal(f"{value:.6f}".rstrip("0").ljust(3, "0") if value < 1 else "1.0", "", XSD_DECIMAL)


def _joined(written: list[str]) -> bytes:
    """Return texts in Turtle as one, with all prefixes at its head."""
    heads: set[str] = set()
    bodies = []
    for text in written:
        head, _, body = text.partition("\n\n")
        heads.update(head.splitlines())
        bodies.append(body)
    return (f"# {COMPUTED}\n" + "\n".join(sorted(heads)) + "\n\n" + "\n".join(bodies)).encode()


class _Concepts(dict[Iri, bool]):
    """Says of a feature whether it is a concept, and not an agent."""

    def __init__(self, collection: Collection) -> None:
        super().__init__()
        self._store = collection.store

    def __missing__(self, feature: Iri) -> bool:
        self[feature] = next(self._store.match(feature, IN_SCHEME), None) is not None
        return self[feature]
