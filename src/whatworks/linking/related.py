"""What is related to an intervention, read from the links that the graph holds."""

from dataclasses import dataclass, field

from whatworks.results import Answer, Table, plain
from whatworks.terms import Iri


@dataclass(frozen=True, slots=True)
class Reason:
    """Something that two interventions have in common.

    Attributes:
        name: What it is called; of words, the words.
        share: How much of the score it gives.
        feature: The concept or agent, unless it is words.
    """

    name: str
    share: float
    feature: Iri | None = None


@dataclass(slots=True)
class Relation:
    """An intervention that is related to another, and why.

    Attributes:
        other: The intervention.
        title: Its title.
        score: How strongly; 1 where the link is stated.
        types: What sort of link it is; several where several links lead to it.
        explanation: Why the link was made.
        status: Where the link stands in review, such as `proposed`.
        reasons: What they have in common, the greatest share first; nothing where the link is stated.
        method: By which method and version the link was computed.
        review: Who accepted the link, and when.
    """

    other: Iri
    title: str
    score: float
    types: list[str] = field(default_factory=list)
    explanation: list[str] = field(default_factory=list)
    status: list[str] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    method: str = ""
    review: str = ""


def relations(answer: Answer) -> list[Relation]:
    """Return what the stored query `related-reasons` found, the strongest first, each other intervention once."""
    found: dict[Iri, Relation] = {}
    assert isinstance(answer, Table)  # noqa: S101 - a query of the tool, tested as such
    for row in answer:
        cells = dict(zip(answer.columns, row, strict=True))
        other = cells["other"]
        if not isinstance(other, Iri):
            continue
        said = {name: plain(term, lambda iri: iri.code) for name, term in cells.items()}
        relation = found.setdefault(other, Relation(other, said["title"] or other.code, _number(said["score"])))
        for known, name in (
            (relation.types, "type"),
            (relation.explanation, "explanation"),
            (relation.status, "status"),
        ):
            if said[name] and said[name] not in known:
                known.append(said[name])
        feature = cells["feature"]
        reason = Reason(said["reason"], _number(said["share"]), feature if isinstance(feature, Iri) else None)
        if said["reason"] and reason not in relation.reasons:
            relation.reasons.append(reason)
        relation.method = relation.method or ", version ".join(filter(None, (said["method"], said["version"])))
        relation.review = relation.review or " on ".join(filter(None, (said["reviewedBy"], said["reviewedOn"])))
    return list(found.values())


def _number(text: str) -> float:
    return float(text) if text else 0.0
