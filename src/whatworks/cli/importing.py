"""`import`: bring records into the collection, or say what would change."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from whatworks.cli.output import Named, Progress, emit, interruptible

if TYPE_CHECKING:
    from whatworks.differences import Difference
    from whatworks.ingest import Batch, Change

_KINDS = ("added", "changed", "unchanged")
_MAPPED = (".jsonl", ".yaml", ".yml")  # a mapping says what becomes of each value; whatworks check tells the rest
_TABLES = (".xlsx", ".xlsm", ".csv", ".tsv", ".txt")


@click.command(name="import")
@click.argument("files", nargs=-1, required=True, type=Named())
@click.option(
    "--mapping",
    type=Named(dir_okay=False),
    help="The mapping; without it NAME.mapping.yaml beside NAME.jsonl.",
)
@click.option("--dry-run", is_flag=True, help="Say what would change, record by record, and write nothing.")
@click.option("--encoding", metavar="NAME", default="", help="How a CSV file is encoded, such as cp1250.")
@click.option(
    "--format",
    "-f",
    "format_",
    type=click.Choice(("text", "json", "csv")),
    default="text",
    help="How the account is written; csv has the problems alone. Default: text.",
)
@click.option("--suggest", is_flag=True, help="Propose a mapping for a table of other people, and write nothing.")
@click.option(
    "--by",
    metavar="NAME",
    envvar="WHATWORKS_REVIEWER",
    default="",
    help="Who decided, for a workbook to review in; it is published.",
)
@click.option("--marked", type=Named(dir_okay=False), help="Where there are problems: a copy with its cells marked.")
@click.pass_obj
def import_(
    opener: Any,
    files: tuple[Path, ...],
    mapping: Path | None,
    dry_run: bool,
    encoding: str,
    format_: str,
    suggest: bool,
    by: str,
    marked: Path | None,
) -> None:
    """Bring records into the collection, one data file for each.

    Records come in a workbook that `whatworks template` made, in tables of its sheets (CSV), as lines of JSON
    with a declared mapping, or as RDF. Nothing is written unless everything can be.

    \b
    Examples:
      whatworks import measures.xlsx --dry-run
      whatworks import measures.xlsx --marked mend-these.xlsx
      whatworks import data/sources/interventions.jsonl --dry-run
      whatworks import survey.csv --suggest > survey.mapping.yaml
      whatworks import links.xlsx --by "Ada L."
    """
    from whatworks.assets import write_files  # noqa: PLC0415 - lazy on purpose

    if marked is not None and (len(files) != 1 or files[0].suffix.lower() != ".xlsx"):
        raise click.UsageError("--marked copies one workbook: name one .xlsx file.")
    if marked is not None and marked.resolve() == files[0].resolve():
        raise click.UsageError("--marked writes a copy: give it another name than the workbook has.")
    kg = opener.kg
    if suggest:
        if len(files) != 1 or files[0].suffix.lower() not in _TABLES:
            raise click.UsageError("--suggest proposes a mapping for one table: name one .csv or .xlsx file.")
        emit(kg.suggest(files[0], encoding).encode(), None)
        return
    folder = kg.assets.data_folder_to_change()
    from whatworks.cli.review import review, write_marked  # noqa: PLC0415 - lazy on purpose

    if review(kg, files, by, marked, dry_run=dry_run):
        return

    batch = interruptible(lambda: kg.read(files, mapping, encoding))
    if any(file.suffix.lower() not in _MAPPED for file in files) and batch.laid_out:
        click.echo("Checking with the shapes …", err=True)
        interruptible(lambda: kg.check_batch(batch, folder, files, Progress()))
    changes = batch.changes(folder)
    differences = kg.differences(batch, changes, folder) if dry_run and not batch.tally.problems else {}
    _tell(batch, changes, differences, format_)
    if batch.tally.problems and marked is not None:
        write_marked(batch.tally.problems, files[0], marked)
    if format_ == "text" or batch.tally.problems:
        batch.check()
    if not dry_run:
        changed = [change.name for change in changes if change.kind != "unchanged"]
        write_files({folder / name: batch.contents[name] for name in changed})
    if format_ == "text":
        _say(batch, changes, differences, dry_run=dry_run)


def _tell(batch: "Batch", changes: "list[Change]", differences: "dict[str, list[Difference]]", format_: str) -> None:
    """Print the account: as a table for people, or for programs."""
    from dataclasses import asdict  # noqa: PLC0415 - lazy on purpose

    from whatworks.tally import problem_rows, problems_csv  # noqa: PLC0415 - lazy on purpose

    if format_ == "csv":
        emit(problems_csv(batch.tally.problems), None)
    elif format_ == "json":
        body = {
            "records": batch.records,
            "files": [asdict(change) for change in changes],
            "changes": [asdict(each) | {"file": name} for name, every in differences.items() for each in every],
            "problems": problem_rows(batch.tally.problems),
            "notes": batch.notes,
        }
        emit((json.dumps(body, ensure_ascii=False, indent=2) + "\n").encode(), None)
    else:
        _account(batch)
        for note in batch.notes:
            click.echo(f"Note: {note}")


def _say(batch: "Batch", changes: "list[Change]", differences: "dict[str, list[Difference]]", *, dry_run: bool) -> None:
    """Print what became of the files, or would."""
    from whatworks.results import safe  # noqa: PLC0415 - lazy on purpose

    for change in changes:
        if change.kind != "unchanged":
            click.echo(f"{change.kind:<9} data/{change.name}  (+{change.gained} -{change.lost} lines)")
            record = change.name.rpartition("/")[2].partition(".")[0]
            for each in differences.get(change.name, []):
                key = "" if each.record == record else f"{each.record}: "
                click.echo(f"    {safe(f'{key}{each}')}")
    counts = {kind: sum(change.kind == kind for change in changes) for kind in _KINDS}
    said = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    after = "Nothing was written." if dry_run else "Check them with: whatworks check"
    click.echo(f"{batch.records} {'record' if batch.records == 1 else 'records'} read; files: {said}. {after}")


def _account(batch: "Batch") -> None:
    """Print what was read, mapped and left out, field by field; of sheets only what was not all taken over."""
    from whatworks.results import write_table  # noqa: PLC0415 - lazy on purpose
    from whatworks.terms import Literal  # noqa: PLC0415 - lazy on purpose

    rows = [
        (Literal(file), Literal(name), *(Literal.integer(count) for count in counts), Literal(why))
        for file, name, *counts, why in batch.tally.rows()
        if Path(file).suffix.lower() not in _TABLES or counts[0] != counts[1]
    ]
    if rows:
        click.echo(write_table(("file", "field", "read", "mapped", "left out", "why"), rows))
