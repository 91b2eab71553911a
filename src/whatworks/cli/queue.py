"""`link --review`: asks a person about what waits, links between interventions and mappings to authorities alike."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from whatworks.kg import KnowledgeGraph
    from whatworks.linking.link import Link
    from whatworks.linking.outside import Proposal


def ask(kg: "KnowledgeGraph", waiting: "Iterable[Link | Proposal]", count: int, by: str) -> "list[Link | Proposal]":
    """Ask about each of so many that wait until somebody has enough; return what was decided about."""
    from whatworks.linking.link import Link  # noqa: PLC0415 - lazy on purpose

    decided: list[Link | Proposal] = []
    for number, each in enumerate(waiting, 1):
        click.echo(f"\n{number} of {count}  {_said_of_link(kg, each) if isinstance(each, Link) else mapping(kg, each)}")
        answer = click.prompt(
            "accept, reject, skip, quit", type=click.Choice(["a", "r", "s", "q"]), default="s", show_choices=True
        )
        if answer == "q":
            break
        if answer == "s":
            continue
        note, status = click.prompt("Why", default="", show_default=False), "accepted" if answer == "a" else "rejected"
        if isinstance(each, Link):
            kg.linking.decide(each, status, by=by, note=note)
        else:
            kg.mappings.decide(each, status, by=by, note=note)
        decided.append(each)
    return decided


def refuse_both(wanted: "Iterable[tuple[tuple[str, str], str]]") -> None:
    """Refuse to accept and to reject the same two in one command, whichever is named first."""
    said: dict[frozenset[str], str] = {}
    for pair, status in wanted:
        if said.setdefault(frozenset(pair), status) != status:
            names = " and ".join(pair)
            raise click.UsageError(f"{names} are both accepted and rejected: say one of the two. Nothing was noted.")


def _said_of_link(kg: "KnowledgeGraph", link: "Link") -> str:
    from whatworks.results import safe  # noqa: PLC0415 - lazy on purpose

    ends = [
        f"  {safe(kg.describer.label(end, kg.settings.languages)[0])}  ({end.code})"
        for end in (link.source, link.target)
    ]
    parts = [(part.name, part.value) for part in link.parts]
    return "\n".join([f"{link.type}, {link.score:.3f}", *ends, f"  {safe(link.explanation)}", *_shares(parts)])


def mapping(kg: "KnowledgeGraph", proposal: "Proposal") -> str:
    """Return what is said of a mapping that waits."""
    from whatworks.results import safe  # noqa: PLC0415 - lazy on purpose

    thing, target = (kg.collection.prefixes.shorten(end) or end for end in (proposal.thing, proposal.target))
    ends = [
        f"  {safe(proposal.name)}  ({safe(thing)})",
        f"  {safe(proposal.label)}  ({safe(target)}), {safe(proposal.scheme)}",
    ]
    about = f"{proposal.relation}, {proposal.score:.3f}"
    return "\n".join([about, *ends, f"  {safe(proposal.reason)}", *_shares(proposal.words)])


def _shares(parts: Iterable[tuple[str, float]]) -> list[str]:
    from whatworks.results import safe  # noqa: PLC0415 - lazy on purpose

    return [f"      {share:.3f}  {safe(name)}" for name, share in parts]
