"""`link --outside`: mappings of concepts, places and agents to authorities, proposed and decided about."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from whatworks.cli.output import interruptible

if TYPE_CHECKING:
    from whatworks.kg import KnowledgeGraph
    from whatworks.linking.mappings import Outside
    from whatworks.linking.outside import Proposal

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
    found = [mappings.between(thing, target, asked.authorities) for thing, target in pairs]
    for proposal, (_, status) in zip(found, wanted, strict=True):
        mappings.decide(proposal, status, by=asked.by, note=asked.note)

    def computed() -> "Outside":
        minimum = MINIMUM if asked.minimum is None else asked.minimum
        return interruptible(lambda: mappings.compute(asked.authorities, minimum), undo=lambda: None)

    outside = computed()
    if asked.review:
        _ask(kg, outside, asked.by)
        outside = computed()
    elif not wanted:
        for number, proposal in enumerate(outside.waiting[:_SHOWN], 1):
            click.echo(_said(kg, proposal, number))
        if len(outside.waiting) > _SHOWN:
            click.echo(f"\n{_SHOWN} of {len(outside.waiting)}, the strongest; decide with --review --by NAME.")
    if not asked.dry_run and not asked.review and not wanted:
        mappings.write()
    for note in outside.notes:
        click.echo(f"Note: {safe(note)}", err=True)
    click.echo(
        f"{len(outside.waiting)} mappings wait for review; accepted: {outside.accepted}, rejected: {outside.rejected} "
        "(data/links/outside.sssom.tsv)"
    )


def _said(kg: "KnowledgeGraph", proposal: "Proposal", number: int) -> str:
    from whatworks.results import safe  # noqa: PLC0415 - lazy on purpose

    thing = kg.collection.prefixes.shorten(proposal.thing) or proposal.thing
    target = kg.collection.prefixes.shorten(proposal.target) or proposal.target
    return (
        f"{number:>2}. {safe(proposal.name)}  ({safe(thing)})\n"
        f"    {proposal.score:.2f}  {proposal.relation}  {safe(proposal.label)}  ({safe(target)}), "
        f"{safe(proposal.scheme)}\n"
        f"    {safe(proposal.reason)}"
    )


def _ask(kg: "KnowledgeGraph", outside: "Outside", by: str) -> None:
    """Ask about what waits until somebody has enough."""
    from whatworks.results import safe  # noqa: PLC0415 - lazy on purpose

    if not outside.waiting:
        click.echo("No mapping waits for review.")
    for number, proposal in enumerate(outside.waiting, 1):
        click.echo(f"\n{_said(kg, proposal, number)}")
        click.echo("\n".join(f"      {share:.3f}  {safe(word)}" for word, share in proposal.words))
        answer = click.prompt(
            f"{number} of {len(outside.waiting)}: accept, reject, skip, quit",
            type=click.Choice(["a", "r", "s", "q"]),
            default="s",
            show_choices=True,
        )
        if answer == "q":
            break
        if answer != "s":
            note = click.prompt("Why", default="", show_default=False)
            kg.mappings.decide(proposal, "accepted" if answer == "a" else "rejected", by=by, note=note)
