"""Writes mappings to authorities as statements: what a run proposes, and what people decided.

A mapping is a thing of its own that speaks of two and states nothing of them. Beside those that a person accepted
stands what follows: the plain statement of SKOS.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256

from whatworks.collection import Collection
from whatworks.linking.outside import Pair, Proposal
from whatworks.linking.terms import (
    ACTIVITY,
    BY,
    CONTRIBUTION,
    DESCRIPTION,
    ENDED,
    EXPLANATION,
    FILE_ORDER,
    HAS_CONTRIBUTION,
    MADE_BY,
    MAPPING,
    MAPPING_RELATION,
    NOTE,
    ON,
    PLAN,
    SHARED_WORDS,
    STATUS,
    USED,
    VALUE,
    VERSION_INFO,
    status_iri,
)
from whatworks.namespaces import MAPPING_FROM, MAPPING_TO, SCORE, SKOS, TITLE
from whatworks.terms import RDF_TYPE, XSD_DATE, XSD_DATETIME, XSD_DECIMAL, Iri, Literal, Quad, Term
from whatworks.trig import write_trig

# By what mappings are found; a new version gives other scores.
_METHOD, _VERSION = "shared-names", "1"
_METHOD_SAYS = (
    "Names of concepts, places and agents and of the entries of lists of authorities, as sets of words in their basic "
    "forms, weighted by how rare they are: the score is what two names share, as a part of what both have."
)
_PROPOSED = (
    "Made by whatworks link --outside; what is edited here is lost with the next run. Nothing of it is stated: these "
    "mappings wait for a decision."
)
_DECIDED = (
    "What people decided about mappings to authorities. Written by whatworks link --outside; outside.sssom.tsv, "
    "beside this file, may be edited."
)


def proposed(collection: Collection, waiting: Iterable[Proposal], before: Iterable[Quad], now: datetime) -> bytes:
    """Return the file of what waits for a decision; the same mappings give the same file.

    Args:
        collection: The collection, for the names of things.
        waiting: What is proposed.
        before: The statements of the file as it is: a run whose mappings are there already ended when it did.
        now: When the run ended.
    """
    listed = list(waiting)
    digest = sha256(repr((_METHOD, _VERSION, listed)).encode()).hexdigest()[:12]
    run = collection.space.thing("run", f"{_METHOD}-{digest}")
    method = collection.space.thing("method", f"{_METHOD}-{_VERSION}")
    ended: Term = Literal(f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "", XSD_DATETIME)
    ended = next((quad.object for quad in before if quad.subject == run and quad.predicate == ENDED), ended)
    quads = [
        Quad(method, RDF_TYPE, PLAN),
        Quad(method, TITLE, Literal.text("Mappings by shared names", "en")),
        Quad(method, DESCRIPTION, Literal.text(_METHOD_SAYS, "en")),
        Quad(method, VERSION_INFO, Literal(_VERSION)),
        Quad(run, RDF_TYPE, ACTIVITY),
        Quad(run, USED, method),
        Quad(run, ENDED, ended),
    ]
    for each in listed:
        quads += _claim(collection, each, run)
    return _text(collection, quads, _PROPOSED)


def _claim(collection: Collection, proposal: Proposal, run: Iri) -> Iterator[Quad]:
    iri = mapping_iri(collection, (proposal.thing, proposal.target))
    yield from _of_two(iri, proposal.thing, proposal.target, Iri(SKOS + proposal.relation), "proposed")
    yield Quad(iri, EXPLANATION, Literal.text(proposal.reason, "en"))
    yield Quad(iri, SCORE, _decimal(proposal.score))
    yield Quad(iri, MADE_BY, run)
    for number, (word, share) in enumerate(proposal.words, 1):
        part = Iri(f"{iri}#contribution-{number}")
        yield Quad(iri, HAS_CONTRIBUTION, part)
        yield Quad(part, RDF_TYPE, CONTRIBUTION)
        yield Quad(part, SHARED_WORDS, Literal(word))
        yield Quad(part, VALUE, _decimal(share))


def without(collection: Collection, held: Iterable[Quad], pairs: Iterable[Pair]) -> bytes:
    """Return the file of what waits for a decision without some mappings, of which somebody has decided."""
    gone = {mapping_iri(collection, pair) for pair in pairs}
    kept = [quad._replace(graph=None) for quad in held if str(quad.subject).partition("#")[0] not in gone]
    return _text(collection, kept, _PROPOSED)


def decided(collection: Collection, rows: Iterable[Mapping[str, str]]) -> bytes:
    """Return the file of what people decided, and what follows from it.

    Args:
        collection: The collection, for the names of things.
        rows: The table of decisions, in the columns of SSSOM.
    """
    quads: list[Quad] = []
    for row in rows:
        thing, target, relation = (Iri(row[name]) for name in ("subject_id", "object_id", "predicate_id"))
        is_accepted = not row["predicate_modifier"]
        if is_accepted:
            quads.append(Quad(thing, relation, target))
        iri = mapping_iri(collection, (thing, target))
        names = (row["subject_label"] or thing.code, row["object_label"] or target.code)
        says = f"“{names[0]}” here and “{names[1]}” outside were compared by a person."
        quads += _of_two(iri, thing, target, relation, "accepted" if is_accepted else "rejected")
        quads += [Quad(iri, EXPLANATION, Literal.text(says, "en")), Quad(iri, BY, Literal(row["reviewer_label"]))]
        if row["mapping_date"]:
            quads.append(Quad(iri, ON, Literal(row["mapping_date"], "", XSD_DATE)))
        if row["comment"]:
            quads.append(Quad(iri, NOTE, Literal.text(row["comment"], "en")))
    return _text(collection, quads, _DECIDED)


def mapping_iri(collection: Collection, pair: Pair) -> Iri:
    """Return the IRI of the mapping of a thing to an entry; it is always the same."""
    return collection.space.thing("mapping", sha256(" ".join(pair).encode()).hexdigest()[:16])


def _of_two(iri: Iri, thing: Iri, target: Iri, relation: Iri, status: str) -> Iterator[Quad]:
    yield Quad(iri, RDF_TYPE, MAPPING)
    yield Quad(iri, MAPPING_FROM, thing)
    yield Quad(iri, MAPPING_TO, target)
    yield Quad(iri, MAPPING_RELATION, relation)
    yield Quad(iri, STATUS, status_iri(status))


def _decimal(value: float) -> Literal:
    text = f"{value:.6f}".rstrip("0")
    return Literal(f"{text}0" if text.endswith(".") else text, "", XSD_DECIMAL)


def _text(collection: Collection, quads: Iterable[Quad], comment: str) -> bytes:
    return write_trig(quads, collection.prefixes, order=FILE_ORDER, comment=comment).encode()
