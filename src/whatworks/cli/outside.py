"""`link --outside`: mappings of concepts, places and agents to authorities, proposed and decided about."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from whatworks.cli.output import interruptible
from whatworks.cli.queue import ask, mapping, refuse_both

if TYPE_CHECKING:
    from whatworks.kg import KnowledgeGraph
    from whatworks.linking.mappings import Outside

_SHOWN = 20  # so many proposals are listed
Wanted = tuple[tuple[str, str], str]  # a thing and what stands outside, and the decision


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for.

    Attributes:
        authorities: A table of authorities instead of the usual one.
        minimum: Only scores of at least this; None for the usual.
        dry_run: Whether to list only.
        review: Whether to ask about each.
        by: Who decides.
        note: Why.
    """

    authorities: Path | None
    minimum: float | None
    dry_run: bool
    review: bool
    by: str
    note: str


def map_outside(kg: "KnowledgeGraph", asked: Asked, wanted: Sequence[Wanted]) -> None:
    """Decide about what is named, ask about what waits, and say what there is."""
    from whatworks.linking.outside import MINIMUM  # noqa: PLC0415 - lazy on purpose
    from whatworks.results import safe  # noqa: PLC0415 - lazy on purpose

    mappings = kg.mappings
    pairs = [(kg.lookup.thing(thing), kg.collection.prefixes.expand(target) or target) for (thing, target), _ in wanted]
    refuse_both([(pair, status) for pair, (_, status) in zip(pairs, wanted, strict=True)])
    found = [mappings.between(thing, target, asked.authorities) for thing, target in pairs]
    for proposal, (_, status) in zip(found, wanted, strict=True):
        mappings.decide(proposal, status, by=asked.by, note=asked.note)

    def computed() -> "Outside":
        minimum = MINIMUM if asked.minimum is None else asked.minimum
        return interruptible(lambda: mappings.compute(asked.authorities, minimum), undo=lambda: None)

    outside = computed()
    if asked.review:
        if not outside.waiting:
            click.echo("No mapping waits for review.")
        ask(kg, outside.waiting, len(outside.waiting), asked.by)
        outside = computed()
    elif not wanted:
        for number, proposal in enumerate(outside.waiting[:_SHOWN], 1):
            click.echo(f"{number:>2}  {mapping(kg, proposal)}")
        if len(outside.waiting) > _SHOWN:
            click.echo(f"\n{_SHOWN} of {len(outside.waiting)}, the strongest; decide with --review --by NAME.")
    if not asked.dry_run:
        mappings.keep(outside)
    for note in outside.notes:
        click.echo(f"Note: {safe(note)}", err=True)
    click.echo(
        f"{len(outside.waiting)} mappings wait for review; accepted: {outside.accepted}, rejected: {outside.rejected} "
        "(data/links/outside.sssom.tsv)"
    )
    if asked.dry_run:
        click.echo("Nothing was written.")
