"""`doctor`: look at what whatworks runs on, and say what is wrong and how to mend it."""

from pathlib import Path
from typing import Any

import click

from whatworks.cli.output import Steps, emit, output_option


@click.command()
@click.option("--thorough", is_flag=True, help="Read every byte of the release in use.")
@click.option("--format", "-f", "format_", type=click.Choice(("text", "json")), default="text", help="Default: text.")
@output_option
@click.pass_obj
def doctor(opener: Any, thorough: bool, format_: str, output: Path | None) -> None:
    """Look at program, extras, project, release and machine, and say what is wrong and how to mend it.

    Each line is ok, a warning or a problem; with a problem the exit status is 1. Nothing is changed, and nothing is
    said of who you are, so that the answer can be sent to somebody who helps.

    \b
    Example:
      whatworks doctor
    """
    from whatworks.doctor import PROBLEM, examine  # noqa: PLC0415 - lazy on purpose

    with Steps() as tell:
        report = examine(*opener.given, thorough=thorough, tell=tell)
    emit(report.write(format_), output)
    if report.count(PROBLEM):
        raise click.exceptions.Exit(1)
