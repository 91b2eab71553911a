"""`template`: the workbook that curators fill in."""

from pathlib import Path
from typing import Any

import click

from whatworks.cli.completion import completes
from whatworks.cli.output import Named

_completes_key = completes(lambda known: known.things(), by_label=True)


@click.command()
@click.argument("file", type=Named(dir_okay=False))
@click.argument("keys", nargs=-1, shell_complete=_completes_key)
@click.option("--with-data", is_flag=True, help="Fill it with the present records; with KEYS, with those alone.")
@click.option(
    "--review",
    is_flag=True,
    help="Write what waits for review instead, to accept or reject it: links, mappings and assigned approaches.",
)
@click.pass_obj
def template(opener: Any, file: Path, keys: tuple[str, ...], with_data: bool, review: bool) -> None:
    """Write a workbook to fill in: a sheet for each class, with what may stand where.

    FILE is the workbook (.xlsx). KEYS name the records that it is filled with, by key or title.

    \b
    Examples:
      whatworks template new-measures.xlsx
      whatworks template all.xlsx --with-data
      whatworks template two.xlsx --with-data expairs-project youthreach
      whatworks template links.xlsx --review
    """
    from whatworks.assets import write_files  # noqa: PLC0415 - lazy on purpose

    if keys and not with_data:
        raise click.UsageError("Keys say which records the workbook is filled with: add --with-data.")
    if file.suffix.lower() != ".xlsx":
        raise click.UsageError(f"{str(file)!r} must end with .xlsx.")
    if review and (keys or with_data):
        raise click.UsageError("--review writes only what waits: leave --with-data and keys out.")
    if review:
        content, counts = opener.kg.review_sheet()
        write_files({file: content})
        *most, last = (f"{count} {what}" for what, count in counts.items())
        click.echo(f"Wrote {file}, with {', '.join(most)} and {last} that wait for review.", err=True)
        return
    made = opener.kg.template(keys if with_data else None)
    write_files({file: made.content})
    click.echo(f"Wrote {file}, {f'with {made.things} things' if with_data else 'to be filled in'}.", err=True)
    for reason, count in sorted(made.left.items()):
        click.echo(f"Note: {count} {reason}.", err=True)
