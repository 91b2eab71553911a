"""`link`, `related`: work out links and decide about them; see what is related to an intervention."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from whatworks.cli.completion import completes, completes_format
from whatworks.cli.output import Named, emit, emit_answer, heard, interruptible, output_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whatworks.kg import KnowledgeGraph
    from whatworks.linking.keeper import Computed
    from whatworks.linking.link import Options
    from whatworks.linking.related import Relation
    from whatworks.results import Answer, Table

_completes_key = completes(lambda known: known.things())
_PAUSE = 1.0  # seconds between two words on how far it is


@click.command()
@click.option(
    "--top", metavar="K", type=click.IntRange(1, 1000), help="So many links for each intervention. Default: 5."
)
@click.option(
    "--minimum", metavar="SCORE", type=click.FloatRange(0, 1), help="Only links at least so strong. Default: 0.07."
)
@click.option(
    "--outside",
    is_flag=True,
    help="Instead of interventions: what concepts, places and agents correspond to in lists of authorities.",
)
@click.option(
    "--authorities",
    metavar="FILE",
    type=Named(dir_okay=False, exists=True),
    help="For --outside: a table of authorities (CSV) instead of that of the project, else of the package.",
)
@click.option("--dry-run", is_flag=True, help="Say what would change, and write nothing.")
@click.option("--review", is_flag=True, help="Ask about what waits: links, the strongest first, then mappings.")
@click.option(
    "--accept",
    nargs=2,
    multiple=True,
    metavar="KEY KEY",
    help="Accept the link between two interventions; may be given several times.",
)
@click.option(
    "--reject",
    nargs=2,
    multiple=True,
    metavar="KEY KEY",
    help="Reject the link between two interventions: it is never proposed again.",
)
@click.option(
    "--by",
    metavar="NAME",
    envvar="WHATWORKS_REVIEWER",
    help="Who decides, in the form in which they want to be named; it is published.",
)
@click.option("--note", metavar="TEXT", default="", help="Why; for --accept and --reject.")
@click.pass_obj
def link(
    opener: Any,
    top: int | None,
    minimum: float | None,
    outside: bool,
    authorities: Path | None,
    dry_run: bool,
    review: bool,
    accept: tuple[tuple[str, str], ...],
    reject: tuple[tuple[str, str], ...],
    by: str | None,
    note: str,
) -> None:
    """Work out the links between interventions anew, or decide about them.

    The links are written to data/links/computed.ttl, with the reasons of each. Decisions are kept in
    data/links/reviewed.ttl, which may be edited: what was rejected is never proposed again, what was accepted stays.
    Nothing is written until all is worked out, so it may be interrupted; a long run goes on where it was stopped.

    With --outside, only mappings of concepts, places and agents to authorities such as EuroVoc are proposed and decided
    about in the same way; --accept and --reject then take a thing and the IRI outside. Proposals wait in
    data/links/outside-proposed.ttl. Only what was accepted is stated, as SKOS says it, in data/links/outside.ttl;
    decisions are kept in data/links/outside.sssom.tsv.

    \b
    Examples:
      whatworks link
      whatworks link --outside --dry-run
      whatworks link --review --by "Ada L."
      whatworks link --reject youthreach belief-academy --by "Ada L." --note "Only the words are alike."
    """
    from whatworks.cli.queue import refuse_both  # noqa: PLC0415 - lazy on purpose
    from whatworks.linking.link import MINIMUM, TOP, Options  # noqa: PLC0415 - lazy on purpose

    # Products of matrices are a small part: a second thread of numpy would mostly wait for the next, and busily.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if (review or accept or reject) and not (by and by.strip()):
        raise click.UsageError("A decision needs a name: add --by NAME, or set WHATWORKS_REVIEWER.")
    if dry_run and (review or accept or reject):
        raise click.UsageError("--dry-run decides nothing; leave out --review, --accept and --reject.")
    kg: KnowledgeGraph = opener.kg
    if outside:
        from whatworks.cli.outside import Asked, map_outside  # noqa: PLC0415 - lazy on purpose

        decided = [*((pair, "accepted") for pair in accept), *((pair, "rejected") for pair in reject)]
        map_outside(kg, Asked(authorities, minimum, dry_run, review, by or "", note), decided)
        return
    if authorities:
        raise click.UsageError("--authorities is for --outside.")
    wanted = [
        ((kg.lookup.intervention(one), kg.lookup.intervention(other)), status)
        for status, pairs in (("accepted", accept), ("rejected", reject))
        for one, other in pairs
    ]
    refuse_both(wanted)
    found = kg.linking.between([pair for pair, _ in wanted]) if wanted else ()
    for each, (_, status) in zip(found, wanted, strict=True):
        kg.linking.decide(each, status, by=by or "", note=note)
    options = Options(TOP if top is None else top, MINIMUM if minimum is None else minimum)
    computed = _computed(kg, options)
    if review and _review(kg, computed, by or ""):
        computed = _computed(kg, options)
    if dry_run:
        _account(computed)
        click.echo("Nothing was written.")
        computed.close()
        return
    _write_down(kg, computed)
    _account(computed)


def _computed(kg: "KnowledgeGraph", options: "Options") -> "Computed":
    with _Progress() as tell:

        def undo() -> None:
            tell.close()
            _say_kept(kg)

        return interruptible(lambda: kg.linking.compute(options, tell), undo)


def _write_down(kg: "KnowledgeGraph", computed: "Computed") -> None:
    try:
        with heard(), _Progress() as tell:
            kg.linking.write(computed, tell)
    except KeyboardInterrupt:
        _say_kept(kg)
        click.echo("Stopped; nothing half-written is left.", err=True)
        sys.exit(130)


def _say_kept(kg: "KnowledgeGraph") -> None:
    if kg.linking.is_begun():
        click.echo("What was compared is kept: the next whatworks link goes on from there.", err=True)


class _Progress:
    """Says on standard error how far it is, now and then; on a terminal in one line."""

    def __init__(self) -> None:
        self._text = ""
        self._said = ""
        self._on_terminal = sys.stderr is not None and sys.stderr.isatty()

    def __enter__(self) -> "_Progress":
        from threading import Event, Thread  # noqa: PLC0415 - lazy on purpose

        self._end = Event()
        self._thread = Thread(target=self._say, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Say no more, and end the line."""
        self._end.set()
        self._thread.join()
        if self._said and self._on_terminal:
            click.echo(err=True)
        self._said = ""

    def __call__(self, step: str, done: int, of: int) -> None:
        """Take in how far it is."""
        self._text = f"{step.format(f'{done:,}', f'{of:,}')} …"

    def _say(self) -> None:
        while not self._end.wait(_PAUSE if self._on_terminal else 30 * _PAUSE):
            if self._text != self._said:
                line = f"\r{self._text.ljust(len(self._said))}" if self._on_terminal else self._text
                self._said = self._text
                click.echo(line, err=True, nl=not self._on_terminal)


def _account(computed: "Computed") -> None:
    """Say what was found, and what a person should know."""
    from whatworks.results import safe  # noqa: PLC0415 - lazy on purpose

    run, decisions = computed.run, computed.run.decisions
    for note in run.notes:
        click.echo(f"Note: {safe(note)}", err=True)
    click.echo(
        f"{len(run.links)} links ({computed.added} new, {computed.gone} gone) between {run.linked} of "
        f"{run.interventions} interventions: data/links/computed.ttl"
    )
    stated = len(decisions.stated) + len(run.stated)
    click.echo(
        f"{len(computed.waiting())} wait for review, {len(decisions.accepted)} are accepted, "
        f"{len(decisions.rejected)} rejected; {stated} pairs are stated and were not computed."
    )


def _review(kg: "KnowledgeGraph", computed: "Computed", by: str) -> bool:
    """Ask about the links that wait, then about the mappings; say whether something was decided about links."""
    from itertools import chain  # noqa: PLC0415 - lazy on purpose

    from whatworks.cli.queue import ask  # noqa: PLC0415 - lazy on purpose
    from whatworks.linking.link import Link  # noqa: PLC0415 - lazy on purpose

    links, mappings = computed.waiting(), interruptible(kg.mappings.compute).waiting
    if not (links or mappings):
        click.echo("Nothing waits for review.")
    decided = ask(kg, chain(links, mappings), len(links) + len(mappings), by)
    about_links = sum(isinstance(each, Link) for each in decided)
    click.echo(f"{len(mappings) - len(decided) + about_links} mappings to authorities wait for review.")
    return about_links > 0


@click.command()
@click.argument("key", shell_complete=_completes_key)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    help="At most so many; it is said when there are more.",
)
@click.option("--minimum-score", type=click.FloatRange(0, 1), help="Only links at least so strong.")
@click.option(
    "--why", is_flag=True, help="Show every reason with its share of the score, and where the link comes from."
)
@click.option(
    "--format",
    "-f",
    "format_",
    metavar="FORMAT",
    shell_complete=completes_format("SELECT"),
    help="One of: text, table, csv, tsv, json, xml, md, xlsx, parquet. Default: text on a terminal or with --why.",
)
@output_option
@click.pass_obj
def related(
    opener: Any,
    key: str,
    limit: int,
    minimum_score: float | None,
    why: bool,
    format_: str | None,
    output: Path | None,
) -> None:
    """Show what is related to an intervention, and why.

    KEY is a key, an IRI, or a title. Links that sources state come first, then computed ones that nobody rejected, the
    strongest first. The same answers are the stored queries related and, with --why, related-reasons.

    \b
    Examples:
      whatworks related youthreach
      whatworks related youthreach --why --limit 3
    """
    kg: KnowledgeGraph = opener.kg
    on_terminal = output is None and sys.stdout is not None and sys.stdout.isatty()
    if format_ == "text" or (format_ is None and output is None and (why or on_terminal)):
        found = kg.related(key, minimum_score=minimum_score)
        emit(_write(found, limit, why).encode(), output)
    else:
        answer = kg.query("related-reasons" if why else "related", intervention=key, minimum_score=minimum_score)
        emit_answer(kg, _first(answer, limit) if why else answer, format_, output, None if why else limit)
        return
    if not found:
        click.echo("Nothing is related to it. Links are worked out with: whatworks link", err=True)
        raise click.exceptions.Exit(1)


def _first(answer: "Answer", limit: int) -> "Table":
    """Return the rows of reasons for the first interventions, all reasons of each."""
    from whatworks.results import Table  # noqa: PLC0415 - lazy on purpose

    assert isinstance(answer, Table)  # noqa: S101 - a query of the tool, tested as such
    others = list(dict.fromkeys(row[0] for row in answer))
    note = f"Only the reasons for the first {limit} of {len(others)} are shown." if len(others) > limit else ""
    kept = [row for row in answer if row[0] in others[:limit]]
    return Table(answer.columns, kept, note=note, about=answer.about)


def _write(found: "Sequence[Relation]", limit: int, why: bool) -> str:
    from whatworks.results import safe  # noqa: PLC0415 - lazy on purpose

    lines = []
    for place, each in enumerate(found[:limit], 1):
        kinds = ", ".join(each.types).lower() or "link"
        lines.append(f"{place:>2}. {safe(each.title)}  ({each.other.code})")
        lines.append(f"    {each.score:.2f}  {safe(kinds)}{_standing(each)}")
        lines += [f"    {safe(sentence)}" for sentence in each.explanation]
        if why:
            lines += filter(None, [_reasons(each.reasons)])
            origin = [
                f"computed by: {each.method}" if each.method else "",
                f"accepted by {each.review}" if each.review else "",
            ]
            lines += [f"    {safe(said)}" for said in origin if said]
    if len(found) > limit:
        lines.append(f"\n{limit} of {len(found)}; see more with --limit.")
    return "".join(f"{line}\n" for line in lines)


def _standing(relation: "Relation") -> str:
    return f", {', '.join(relation.status)}" if relation.method and relation.status else ""


def _reasons(reasons: "Sequence[Any]") -> str:
    """Return what two have in common with its share of the score, the greatest first."""
    from whatworks.results import safe  # noqa: PLC0415 - lazy on purpose

    return "\n".join(f"      {each.share:.3f}  {safe(each.name)}" for each in reasons)
