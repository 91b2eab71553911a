"""Keeps what people decided about approaches that were assigned here, and takes out of the records what was rejected.

A decision is a `ww:Review` with its status, who decided and when, in `data/reviews.ttl`, which may be edited. An
approach that was accepted stays assigned, as no source states it all the same; one that was rejected leaves the record,
and the decision keeps imports from assigning it again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from whatworks.about import Names, Reader
from whatworks.assets import Assets
from whatworks.catalogue import Catalogue
from whatworks.collection import Collection
from whatworks.errors import InvalidValue, Place, Unwritable
from whatworks.linking.sheet import Assigned
from whatworks.linking.terms import BY, DESCRIPTION, NOTE, ON, STATUS, status_iri
from whatworks.lookup import Lookup
from whatworks.namespaces import NAME, REVIEW_OF, REVIEWED_CONCEPT, SKOS, TITLE, WW
from whatworks.results import plain
from whatworks.settings import Settings, preference
from whatworks.store import parse
from whatworks.terms import RDF_TYPE, XSD_DATE, Iri, Literal, Node, Quad, Term
from whatworks.trig import Order, natural, write_trig

REVIEWS_FILE = "reviews.ttl"
_REVIEW, _ASSIGNED_APPROACH = Iri(WW + "Review"), Iri(WW + "assignedApproach")
_DEFINITION, _AIM, _HAS_COMPONENT = Iri(SKOS + "definition"), Iri(WW + "aim"), Iri(WW + "hasComponent")
_HEAD = "What people decided about approaches that were assigned here. Written by whatworks import, and to be edited."
_ORDER = Order([REVIEW_OF, REVIEWED_CONCEPT, STATUS, BY, ON, NOTE])


@dataclass(frozen=True, slots=True)
class Judged:
    """What a person decided about an approach that was assigned.

    Attributes:
        assigned: The assignment.
        status: `accepted` or `rejected`.
        note: Why, if they say it.
    """

    assigned: Assigned
    status: str
    note: str = ""


class Assignments:
    """What was assigned in a collection, and what people decide about it.

    Args:
        assets: The files.
        settings: The project's settings.
        catalogue: The stored queries.
    """

    def __init__(self, assets: Assets, settings: Settings, catalogue: Catalogue) -> None:
        self._assets = assets
        self._settings = settings
        self._catalogue = catalogue

    def waiting(self) -> list[Assigned]:
        """Return the approaches that were assigned and that nobody decided about, as the files are now.

        Raises:
            InputError: A file cannot be read.
        """
        collection = Collection.open(self._assets, self._settings, infer=False)
        texts = _Texts(collection)
        return [
            Assigned(
                thing,
                concept,
                (plain(key), collection.prefixes.shorten(concept) or str(concept)),
                (texts.name(thing), texts.name(concept)),
                "\n".join(texts.of(concept, _DEFINITION)),
                texts.record(thing),
            )
            for thing, concept, key in self._catalogue.rows(collection.store, "system/assigned-waiting")
            if isinstance(thing, Iri) and isinstance(concept, Iri)
        ]

    def decide(self, judged: Iterable[Judged], *, by: str, on: date | None = None) -> dict[Path, bytes]:
        """Return the files as they are after decisions; nothing is written.

        Args:
            judged: The decisions.
            by: Who decided, in the form in which they want to be named.
            on: The day; today where none is given.

        Raises:
            InvalidValue: There is no such status, or nobody is named.
            Unwritable: The collection came with the package, or another file says what was rejected.
        """
        folder = self._assets.data_folder_to_change()
        if not by.strip():
            raise InvalidValue("A decision needs the name of who decides.", hint="Give a name or initials.")
        collection = Collection.open(self._assets, self._settings, infer=False)
        contents: dict[Path, bytes] = {}
        rejected: dict[Iri, set[Iri]] = {}
        reviews = self._held(folder / REVIEWS_FILE)
        for each in judged:
            if each.status not in ("accepted", "rejected"):
                raise InvalidValue(f"{each.status!r} is no decision.", hint="An approach is accepted or rejected.")
            reviews = _noted(collection, reviews, each, by.strip(), on or date.today())
            if each.status == "rejected":
                rejected.setdefault(each.assigned.thing, set()).add(each.assigned.concept)
        for thing, concepts in rejected.items():
            path = folder / "interventions" / f"{thing.code}.trig"
            contents[path] = self._without(collection, path, thing, concepts)
        contents[folder / REVIEWS_FILE] = write_trig(reviews, collection.prefixes, order=_ORDER, comment=_HEAD).encode()
        return contents

    def _held(self, file: Path) -> set[Quad]:
        if not file.is_file():
            return set()
        name = Place(f"data/{file.name}").file
        return {
            quad._replace(graph=None)
            for quad in parse(file.read_bytes(), "turtle", name=name, base=self._settings.base)
        }

    def _without(self, collection: Collection, path: Path, thing: Iri, concepts: set[Iri]) -> bytes:
        """Return the file of an intervention without approaches that were assigned to it."""
        data = path.read_bytes() if path.is_file() else b""
        quads = set(parse(data, "trig", name=path.name, base=self._settings.base))
        gone = {quad for quad in quads if quad.triple in {(thing, _ASSIGNED_APPROACH, concept) for concept in concepts}}
        if {quad.object for quad in gone} != concepts:
            raise Unwritable(
                f"What was assigned to {thing.code} stands in another file than data/interventions/{path.name}.",
                hint=f"Take it out there yourself, or move it: whatworks export {thing.code} --format trig.",
            )
        prefixes = collection.prefixes.with_prefixes({"": f"{thing}#"})
        order = Order([str(NAME), *Lookup(collection, self._catalogue).field_order()])
        return write_trig(quads - gone, prefixes, order=order).encode()


def _noted(collection: Collection, reviews: set[Quad], judged: Judged, by: str, on: date) -> set[Quad]:
    """Return decisions with a further one, which replaces an earlier one about the same."""
    thing, concept = judged.assigned.thing, judged.assigned.concept
    about = {REVIEW_OF: thing, REVIEWED_CONCEPT: concept}
    same = {quad.subject for quad in reviews if about.get(quad.predicate) == quad.object}
    old = {node for node in same if {(node, *each) for each in about.items()} <= {quad.triple for quad in reviews}}
    iri = collection.space.thing("review", f"{thing.code}--{concept.code}")
    facts: list[tuple[Iri, Term]] = [
        (RDF_TYPE, _REVIEW),
        *about.items(),
        (STATUS, status_iri(judged.status)),
        (BY, Literal(by)),
        (ON, Literal(on.isoformat(), "", XSD_DATE)),
    ]
    if judged.note:
        facts.append((NOTE, Literal.text(judged.note, "en")))
    return {quad for quad in reviews if quad.subject not in old} | {Quad(iri, *fact) for fact in facts}


class _Texts:
    """What people read of things, in the first of the collection's languages that there is."""

    def __init__(self, collection: Collection) -> None:
        self._store, self._languages = collection.store, collection.settings.languages
        self._reader = Reader(Names(collection.store), self._languages)

    def name(self, thing: Iri) -> str:
        """Return what a thing is called."""
        named = self._reader.named(thing)
        return named[0] if named is not None else thing.code

    def of(self, node: Node, prop: Iri) -> list[str]:
        """Return the texts with a property."""
        found = [quad.object for quad in self._store.match(node, prop)]
        literals = [text for text in found if isinstance(text, Literal)]
        first = min((preference(text, self._languages)[0] for text in literals), default=0)
        return sorted((text.value for text in literals if preference(text, self._languages)[0] == first), key=natural)

    def record(self, thing: Iri) -> str:
        """Return summary, aims and activities of an intervention, a line each."""
        parts = [quad.object for quad in self._store.match(thing, _HAS_COMPONENT) if isinstance(quad.object, Iri)]
        activities = [text for part in sorted(parts, key=natural) for text in self.of(part, TITLE)]
        return "\n".join(
            [
                *self.of(thing, DESCRIPTION),
                *(f"Aim: {aim}" for aim in self.of(thing, _AIM)),
                *(f"Activity: {each}" for each in activities),
            ]
        )
