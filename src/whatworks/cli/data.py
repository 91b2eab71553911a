"""`show`, `export`, `check`, `stats`, `why`: look at the data, take it home, check it."""

import sys
from pathlib import Path
from typing import Any

import click

from whatworks.cli.completion import completes, completes_format, completes_property
from whatworks.cli.output import Named, Progress, emit, interruptible, output_option, pour

_GRAPHS = ("turtle", "trig", "ntriples", "nquads", "rdfxml", "jsonld")
_completes_key = completes(lambda known: known.things(), by_label=True)


@click.command()
@click.argument("key", shell_complete=_completes_key)
@click.option("--lang", help="The language of labels, such as fr; without a label in it, another one is shown.")
@click.option("--format", "-f", "format_", type=click.Choice(("text", *_GRAPHS)), default="text", help="Default: text.")
@output_option
@click.pass_obj
def show(opener: Any, key: str, lang: str | None, format_: str, output: Path | None) -> None:
    """Show one thing: everything worth saying about it.

    KEY is a key, an IRI, a CURIE such as approach:second-chance-measures, or a title.

    \b
    Example:
      whatworks show expairs-project
    """
    kg = opener.kg
    if format_ == "text":
        from whatworks.cli.text import write_text  # noqa: PLC0415 - lazy on purpose

        emit(write_text(kg.show(key, lang)).encode(), output)
    else:
        emit(kg.export(format_, [key]), output)


@click.command()
@click.argument("keys", nargs=-1, shell_complete=_completes_key)
@click.option(
    "--class",
    "of_class",
    metavar="CLASS",
    shell_complete=completes(lambda known: known.classes()),
    help="All things of this class, such as Practice, Tool or Agent.",
)
@click.option("--all", "everything", is_flag=True, help="Everything that the data files hold.")
@click.option(
    "--format",
    "-f",
    "format_",
    type=click.Choice((*_GRAPHS, "csv", "xlsx", "parquet")),
    default="jsonld",
    help="Default: jsonld.",
)
@output_option
@click.pass_obj
def export(
    opener: Any,
    keys: tuple[str, ...],
    of_class: str | None,
    everything: bool,
    format_: str,
    output: Path | None,
) -> None:
    """Write things as RDF, JSON-LD, CSV or a workbook.

    \b
    Examples:
      whatworks export expairs-project --format jsonld
      whatworks export --class Tool --format xlsx --output tools.xlsx
      whatworks export --all --format nquads --output collection.nq
    """
    if sum((bool(keys), of_class is not None, everything)) != 1:
        raise click.UsageError("Say what to export: keys, --class CLASS, or --all.")
    kg = opener.kg
    rows = format_ in ("csv", "xlsx", "parquet")
    if rows and everything:
        raise click.UsageError("A table holds things of one class: say which with --class CLASS.")
    if rows:
        from whatworks.cli.output import emit_answer  # noqa: PLC0415 - lazy on purpose

        emit_answer(kg, kg.table(keys, of_class), format_, output, None)
    else:
        exporter, things = kg.part(keys, of_class)
        pour(lambda file: exporter.pour(format_, things, file, single=len(keys) == 1), output)


@click.command()
@click.argument("files", nargs=-1, type=Named())
@click.option(
    "--profile",
    type=click.Choice(("core", "curation", "publication")),
    default="curation",
    help="Default: curation.",
)
@click.option(
    "--changed",
    "since",
    is_flag=False,
    flag_value="HEAD",
    metavar="[REVISION]",
    help="Only what git says has changed since a revision (default: HEAD), and what that concerns.",
)
@click.option(
    "--fail-on",
    type=click.Choice(("violation", "warning", "info")),
    default="violation",
    help="Exit with 1 from this severity on.",
)
@click.option(
    "--format",
    "-f",
    "format_",
    type=click.Choice(("text", "json", "csv", "xlsx", "html", "turtle")),
    default="text",
    help="Default: text; html is a page for people.",
)
@click.option(
    "--language", type=click.Choice(("en", "fr", "de")), default="en", help="The language of findings. Default: en."
)
@click.option("--trend", is_flag=True, help="Also count what there is to find in the release in use, to compare.")
@output_option
@click.pass_obj
def check(
    opener: Any,
    files: tuple[Path, ...],
    profile: str,
    since: str | None,
    fail_on: str,
    format_: str,
    language: str,
    trend: bool,
    output: Path | None,
) -> None:
    """Check the collection, or FILES as if they were part of it, and say how to mend what is found.

    core reports what is wrong, curation also what is missing, publication also what must not be published.
    Of FILES, or of what has changed, the things in them are checked, and what they break elsewhere.

    \b
    Examples:
      whatworks check --profile publication --fail-on warning
      whatworks check data/interventions/expairs-project.trig
      whatworks check --changed
      whatworks check --trend --format html --output findings.html
    """
    if trend and (files or since is not None):
        raise click.UsageError("--trend compares everything with a release: name no files, and leave --changed out.")
    if files and since is not None:
        raise click.UsageError("Name files, or ask for what has changed with --changed.")
    click.echo("Checking with the shapes …", err=True)
    kg, progress = opener.kg, Progress()
    report = interruptible(lambda: kg.check(files, profile, since=since, progress=progress))
    for note in report.notes:
        click.echo(f"Note: {note}", err=True)
    if trend:
        click.echo("Checking the release in use …", err=True)
        report = interruptible(lambda: kg.since_release(report, progress))
    emit(report.in_language(language).write(format_), output)
    if report.fails(fail_on):
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("measure", required=False, shell_complete=completes(lambda known: known.measures()))
@click.option(
    "--format",
    "-f",
    "format_",
    metavar="FORMAT",
    shell_complete=completes_format("SELECT"),
    help="One of: table, csv, tsv, json, xml, md; as a chart: vega-lite, svg, png.",
)
@click.option("--graphs", is_flag=True, help="Count the statements of each named graph instead.")
@click.option("--quality", is_flag=True, help="List the measures of quality, with how many rows each has.")
@click.option(
    "--links", is_flag=True, help="Ask the addresses outside that the data names, and list those that do not answer."
)
@output_option
@click.pass_obj
def stats(
    opener: Any,
    measure: str | None,
    format_: str | None,
    graphs: bool,
    quality: bool,
    links: bool,
    output: Path | None,
) -> None:
    """Count what the collection holds, or measure its quality.

    Without a MEASURE things are counted by class. A measure is a stored query with the tag quality: --quality lists
    them. Of one that has numbers, a chart shows them; of another, how many rows it has.

    \b
    Examples:
      whatworks stats --format csv
      whatworks stats completeness --format svg --output completeness.svg
    """
    from whatworks.cli.output import emit_answer  # noqa: PLC0415 - lazy on purpose

    if sum((measure is not None, graphs, quality, links)) > 1:
        raise click.UsageError("Name one measure, or ask for --graphs, --quality or --links.")
    kg = opener.kg
    if measure is not None:
        table, title = kg.measure(measure), kg.catalogue.get(measure).summary
    elif links:
        click.echo("Asking the addresses outside …", err=True)
        table, title = interruptible(lambda: kg.dead_links(Progress("addresses"))), "Addresses that do not answer"
    elif quality:
        table, title = kg.quality(), "Rows of each measure of quality"
    else:
        table, title = kg.statistics(graphs=graphs), "Statements" if graphs else "Things of each class"
    if format_ in ("vega-lite", "svg", "png"):
        from whatworks.charts import chart  # noqa: PLC0415 - needed by one command only

        if format_ == "png" and output is None and sys.stdout is not None and sys.stdout.isatty():
            raise click.UsageError("png is no text. Say where to: --output FILE.png.")
        drawn = chart(table, title.rstrip("."), lambda iri: kg.prefixes.shorten(iri) or iri)
        emit(drawn.write(format_), output)
    else:
        emit_answer(kg, table, format_, output, None)


@click.command()
@click.argument("subject", shell_complete=_completes_key)
@click.argument("predicate", required=False, shell_complete=completes_property)
@click.option("--format", "-f", "format_", type=click.Choice(("text", "json")), default="text", help="Default: text.")
@output_option
@click.pass_obj
def why(opener: Any, subject: str, predicate: str | None, format_: str, output: Path | None) -> None:
    """Say where statements come from: which record and page, or which rule or method made them.

    SUBJECT is a key, IRI, CURIE or title; PREDICATE is a property such as ww:stage or stage, by its
    IRI, CURIE, name or label.

    \b
    Example:
      whatworks why expairs-project ww:appliesApproach
    """
    from whatworks.cli.text import origins_json, write_origins  # noqa: PLC0415 - lazy on purpose

    kg = opener.kg
    found = kg.why(subject, predicate)
    if format_ == "json":
        emit(origins_json(found), output)
    else:
        languages = kg.settings.languages
        emit(write_origins(found, lambda term: kg.describer.label(term, languages)[0]).encode(), output)
