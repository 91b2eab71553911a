"""`search`: find things by plain words."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from whatworks.cli.completion import completes, completes_format
from whatworks.cli.output import emit, emit_answer, output_option
from whatworks.cli.query import given_values, option_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from whatworks.catalogue import Parameter
    from whatworks.kg import KnowledgeGraph
    from whatworks.search import Found, Marked
    from whatworks.terms import Iri

_LIMIT = 10


class Search(click.Command):
    """A command that has the parameters of the stored query `interventions` as options."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the options; the facets are known when there is a collection."""
        found = super().get_params(ctx)
        opener = ctx.find_root().obj
        return found if opener is None else [*(option_of(each) for each in _facets(opener.kg)), *found]


def _facets(kg: "KnowledgeGraph") -> "list[Parameter]":
    return [each for each in kg.catalogue.get("interventions").parameters if each.type != "search"]


@click.command(cls=Search)
@click.argument("text", nargs=-1, required=True, metavar="TEXT...")
@click.option(
    "--class",
    "of_class",
    metavar="CLASS",
    shell_complete=completes(lambda known: known.classes()),
    help="Only things of this class, such as Intervention, SuccessFactor, Agent, Concept or Resource.",
)
@click.option("--lang", help="The language of titles, such as fr, where they have one in it.")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=_LIMIT,
    show_default=True,
    help="At most so many; it is said when there are more.",
)
@click.option(
    "--format",
    "-f",
    "format_",
    metavar="FORMAT",
    shell_complete=completes_format("SELECT"),
    help="One of: text, table, csv, tsv, json, xml, md. Default: text on a terminal, else csv.",
)
@output_option
@click.pass_context
def search(
    ctx: click.Context,
    /,
    text: tuple[str, ...],
    of_class: str | None,
    lang: str | None,
    limit: int,
    format_: str | None,
    output: Path | None,
    **given: Any,
) -> None:
    """Find things by plain words in any language, the best first.

    Forgives accents, capitals, other forms of a word and slips; the last word may be only begun. Words between
    quotation marks must stand side by side. A concept, place or agent that is named leads to the interventions that
    have it. The parameters of the stored query interventions, such as --country, leave only the interventions that it
    finds.

    \b
    Examples:
      whatworks search early warning system
      whatworks search aprentice coching --country Austria
      whatworks search "trust" --class SuccessFactor
    """
    from whatworks.results import safe  # noqa: PLC0415 - lazy on purpose

    kg: KnowledgeGraph = ctx.obj.kg
    facets = {name.replace("-", "_"): list(values) for name, values in given_values(_facets(kg), given).items()}
    found = kg.search(" ".join(text), of_class=of_class, limit=limit, language=lang, **facets)
    on_terminal = output is None and sys.stdout is not None and sys.stdout.isatty()
    for typed, word in found.slips.items():
        click.echo(f"Nothing has {safe(typed)!r}; {safe(word)!r} was searched instead.", err=True)
    if format_ == "text" or (format_ is None and on_terminal):
        bold = on_terminal and "NO_COLOR" not in os.environ
        emit(_write(found, lambda iri: kg.prefixes.shorten(iri) or iri, bold).encode(), output)
        if not found.total:
            click.echo("Nothing fits.", err=True)
    else:
        emit_answer(kg, found.table(), format_, output, None)
    if not found.total:
        raise click.exceptions.Exit(1)


def _write(found: "Found", short: "Callable[[Iri], str]", bold: bool) -> str:
    """Return the hits for people: what each is, how to show it, and the words that fit."""
    lines = []
    for place, hit in enumerate(found.hits, 1):
        lines.append(f"{place:>2}. {_shown(hit.title, bold)}")
        lines.append(f"    {hit.of_class.code}  {short(hit.thing)}")
        if hit.property is not None and hit.fragment.text != hit.title.text:
            part = f"{hit.part} " if hit.part else ""
            lines.append(f"    {part}{hit.property.code}: {_shown(hit.fragment, bold)}")
        if hit.via:
            said = f" ({_shown(hit.fragment, bold)})" if hit.property is None else ""
            lines.append(f"    has {', '.join(map(short, hit.via))}{said}")
    if found.total > len(found.hits):
        most = "" if found.exact else "at most "
        lines.append(f"\n{len(found.hits)} of {most}{found.total} that fit; see more with --limit.")
    return "".join(f"{line}\n" for line in lines)


def _shown(text: "Marked", bold: bool) -> str:
    """Return a text that can neither steer the terminal nor hide anything in it, with what fits in bold."""
    from whatworks.results import safe  # noqa: PLC0415 - lazy on purpose

    return "".join(
        click.style(safe(piece), bold=True) if marked and bold else safe(piece) for piece, marked in text.pieces()
    )
