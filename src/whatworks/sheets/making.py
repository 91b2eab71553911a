"""Makes the workbook to fill in: empty, or with the things that are asked for."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from whatworks.catalogue import Catalogue
from whatworks.collection import Collection, owner_of
from whatworks.errors import UnknownThing
from whatworks.lookup import Lookup
from whatworks.sheets.cells import Cells
from whatworks.sheets.filled import Filler
from whatworks.sheets.known import Known, Misfit
from whatworks.sheets.layout import THINGS, WITH_PARTS, Layout
from whatworks.sheets.template import write_template
from whatworks.terms import Iri, Quad
from whatworks.trig import natural


@dataclass(frozen=True, slots=True)
class Template:
    """A workbook to fill in.

    Attributes:
        content: The workbook.
        things: How many things it is filled with.
        left: What could not be written into it, with how often.
    """

    content: bytes
    things: int
    left: Counter[str]


def make_template(collection: Collection, catalogue: Catalogue, names: Sequence[str] | None, released: str) -> Template:
    """Make the workbook.

    Args:
        collection: What the files say.
        catalogue: The stored queries, by which concepts are found.
        names: The things that it is filled with, by key or name; all where there are none; None for an empty one.
        released: The name of the release in use; empty if there is none.

    Raises:
        UnknownThing: Nothing has such a name.
    """
    quads = list(writable(collection))
    layout = Layout(collection)
    known = Known(layout, Lookup(collection, catalogue), quads)
    filler = Filler(layout, Cells(known), quads)
    things = _chosen(filler, known, names) if names is not None else []
    source = f"release {released} and the files as they were then" if released else "the files, without a release"
    content = write_template(layout, known, filler, things, source, released)
    return Template(content, len(things), filler.left)


def writable(collection: Collection, asserted: Iterable[Quad] | None = None) -> Iterator[Quad]:
    """Return the statements that sheets can hold: those of the data files, of links only the curated ones.

    Args:
        collection: The collection.
        asserted: What its data files say, where that has been read.
    """
    links = collection.space.thing("link", "")
    curated = collection.space.graph("links/curated")
    return (
        quad
        for quad in (collection.asserted() if asserted is None else asserted)
        if quad.graph == curated or not (isinstance(quad.subject, Iri) and quad.subject.startswith(links))
    )


def _chosen(filler: Filler, known: Known, names: Sequence[str]) -> list[Iri]:
    """Return the things named, their records, what they name, and the links between them; or all."""
    every = [node for node in filler.said if "#" not in node and filler.sheet_of(node) is not None]
    if not names:
        return sorted(every, key=natural)
    chosen: dict[Iri, None] = {}
    for name in names:
        try:
            chosen[known.thing(list(THINGS), name)] = None
        except Misfit as misfit:
            near = misfit.hint.partition(" Or add")[0]
            hint = near if near.startswith("Did") else "List keys with: whatworks query interventions"
            raise UnknownThing(f"Nothing has the key or name {name!r}.", hint=hint) from None
    with_parts = tuple(known.collection.space.thing(kind, "") for kind in WITH_PARTS)
    records = [known.collection.space.thing("record", thing.code) for thing in chosen if thing.startswith(with_parts)]
    wanted = {*chosen, *records}
    links = known.collection.space.thing("link", "")
    beside = {
        term
        for node in filler.said
        if owner_of(node) in wanted
        for terms in filler.said[node].values()
        for term in terms
        if isinstance(term, Iri)
    }
    for node in every:
        named = {term for terms in filler.said[node].values() for term in terms}
        is_beside = node in beside and not node.startswith((*with_parts, links))
        if is_beside or (node.startswith(links) and len(named & wanted) == min(2, len(chosen))):
            wanted.add(node)
    return sorted((node for node in every if node in wanted), key=natural)
