"""What people decided about links: accepted, rejected, or stated to begin with.

A decision is a link with a review status in a file under `data/links/`; the command writes it to `reviewed.ttl`,
which a person can edit. What cannot be followed is told and passed over, and never keeps the rest from being linked.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from whatworks.catalogue import Catalogue
from whatworks.collection import Collection
from whatworks.linking.link import Link
from whatworks.linking.terms import (
    BY,
    EXPLANATION,
    FILE_ORDER,
    LINK,
    METHOD,
    NOTE,
    ON,
    REVIEWED,
    STATUS,
    TYPE,
    status_iri,
    type_iri,
)
from whatworks.namespaces import LINK_FROM, LINK_TO
from whatworks.store import EmbeddedStore
from whatworks.terms import RDF_TYPE, XSD_DATE, Iri, Literal, Quad, Term
from whatworks.trig import write_trig

Pair = tuple[Iri, Iri]
_NOTHING = "They have nothing in common that counts for links."


@dataclass(slots=True)
class Decisions:
    """Pairs that people decided about, each in the order of IRIs.

    Attributes:
        accepted: The accepted pairs and the links that say so.
        rejected: The rejected pairs.
        stated: The pairs that a source or a curator states.
        ends: First and second end of each link of a decision, as written.
        told: The links of decisions that give a type and an explanation themselves.
        notes: What cannot be followed, and why.
    """

    accepted: dict[Pair, Iri] = field(default_factory=dict)
    rejected: dict[Pair, Iri] = field(default_factory=dict)
    stated: set[Pair] = field(default_factory=set)
    ends: dict[Iri, Pair] = field(default_factory=dict)
    told: set[Iri] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def read_decisions(store: EmbeddedStore, catalogue: Catalogue, things: Iterable[Iri]) -> Decisions:
    """Return what people decided, as far as it can be followed.

    Args:
        store: The graph.
        catalogue: The stored queries.
        things: The interventions.
    """
    known = set(things)
    found = Decisions()
    said: dict[Pair, dict[str, list[Iri]]] = defaultdict(lambda: defaultdict(list))
    rows = list(catalogue.rows(store, "system/link-reviewed"))
    ends_of = Counter(link for link, *_ in {row[:3] for row in rows} if isinstance(link, Iri))
    several = sorted(link for link, count in ends_of.items() if count > 1)
    found.notes += [f"The decision {link.code} names more than two ends; passed over." for link in several]
    for link, start, end, status, stated, told in rows:
        assert isinstance(status, Literal) and isinstance(stated, Literal)  # noqa: S101, PT018 - the query gives texts
        pair = None if link in several else _pair(link, start, end, known, found)
        if pair is None or not isinstance(link, Iri):
            continue
        if stated.value == "true" and status.value == "accepted":
            found.stated.add(pair)
            continue
        said[pair][status.value].append(link)
        found.ends[link] = (Iri(str(start)), Iri(str(end)))
        if isinstance(told, Literal) and told.value == "true":
            found.told.add(link)
    for pair, decided in sorted(said.items()):
        if len(decided) > 1:
            names = ", ".join(link.code for links in decided.values() for link in links)
            found.notes.append(
                f"{pair[0].code} and {pair[1].code} are both accepted and rejected (link {names}); "
                "they are not linked until one of the two is taken out."
            )
            found.rejected[pair] = decided["rejected"][0]
        else:
            (status_of, links), *_ = decided.items()
            (found.accepted if status_of == "accepted" else found.rejected)[pair] = links[0]
    found.stated -= set(found.rejected)
    return found


def _pair(link: Term | None, start: Term | None, end: Term | None, known: set[Iri], found: Decisions) -> Pair | None:
    """Return the two that a decision is about, or None and note why it cannot be followed."""
    ends = [each for each in (start, end) if isinstance(each, Iri)]
    unknown = [each.code for each in ends if each not in known]
    if not isinstance(link, Iri):
        names = " and ".join(each.code for each in ends) or "nothing"
        found.notes.append(f"A decision about {names} has no IRI; give it one, such as link:our-decision. Passed over.")
    elif len(ends) < 2:
        found.notes.append(f"The decision {link.code} does not name two ends (ww:linkFrom, ww:linkTo); passed over.")
    elif unknown:
        found.notes.append(f"The decision {link.code} names {', '.join(unknown)}, no intervention here; passed over.")
    elif ends[0] == ends[1]:
        found.notes.append(f"The decision {link.code} joins {ends[0].code} with itself; passed over.")
    else:
        return (min(ends), max(ends))
    return None


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's decision about a link.

    Attributes:
        link: The link as it was computed.
        status: `accepted` or `rejected`.
        by: Who decided.
        on: The day.
        note: Why, if they say it.
    """

    link: Link
    status: str
    by: str
    on: date
    note: str = ""


def reviewed(collection: Collection, held: Iterable[Quad], decision: Decision) -> bytes:
    """Return the file of decisions with a further one, which replaces an earlier one about the two.

    A link that nothing computed speaks for is one that the person states.

    Args:
        collection: The collection, for the names of links.
        held: The statements of the file as it is.
        decision: The new decision.
    """
    by_link: dict[Term, list[Quad]] = defaultdict(list)
    for quad in held:
        by_link[quad.subject].append(quad._replace(graph=None))
    start, end = decision.link.source, decision.link.target
    old = [link for link, quads in by_link.items() if _ends(quads) == {start, end}]
    for link in old:
        del by_link[link]
    named = next((link for link in old if isinstance(link, Iri)), None)
    link = named if named is not None else link_iri(collection, start, end)
    facts: list[tuple[Iri, Term]] = [
        (RDF_TYPE, LINK),
        (LINK_FROM, start),
        (LINK_TO, end),
        (TYPE, type_iri(decision.link.type if decision.link.parts else "stated")),
        (EXPLANATION, Literal.text(decision.link.explanation or _NOTHING, "en")),
        (STATUS, status_iri(decision.status)),
        (BY, Literal(decision.by)),
        (ON, Literal(decision.on.isoformat(), "", XSD_DATE)),
    ]
    if decision.note:
        facts.append((NOTE, Literal.text(decision.note, "en")))
    by_link[link] = [Quad(link, predicate, value) for predicate, value in facts]
    quads = [quad for each in by_link.values() for quad in each]
    return write_trig(quads, collection.prefixes, order=FILE_ORDER, comment=REVIEWED).encode()


def _ends(quads: Iterable[Quad]) -> set[Term]:
    return {quad.object for quad in quads if quad.predicate in (LINK_FROM, LINK_TO)}


def link_iri(collection: Collection, one: Iri, other: Iri) -> Iri:
    """Return the IRI of the computed link between two interventions, whichever comes first; it is always the same."""
    return collection.space.thing("link", link_key(one, other))


def link_key(one: Iri, other: Iri) -> str:
    """Return the key of the computed link between two interventions."""
    first, second = (one, other) if one < other else (other, one)
    return sha256(f"{METHOD} {first} {second}".encode()).hexdigest()[:16]
