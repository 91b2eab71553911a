"""`diff`: what changed between two releases, or two files, in words."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from whatworks.cli.completion import completes_state
from whatworks.cli.output import Steps, emit, output_option

if TYPE_CHECKING:
    from whatworks.differences import Differences


@click.command()
@click.argument("before", default="previous", shell_complete=completes_state)
@click.argument("after", default="latest", shell_complete=completes_state)
@click.option(
    "--format",
    "-f",
    "format_",
    type=click.Choice(("text", "json", "html")),
    default="text",
    help="html is a page of its own (extra `serve`). Default: text.",
)
@click.option("--fail", is_flag=True, help="Exit with status 1 if anything changed.")
@output_option
@click.pass_obj
def diff(opener: Any, before: str, after: str, format_: str, fail: bool, output: Path | None) -> None:
    """Say what changed from BEFORE to AFTER: thing by thing and field by field, in words.

    Each is the name of a release or its beginning, `latest` (the one in use), `previous` (the one that was built before
    that), `files` (the files of the project), the folder of a release, or a file of RDF. Without them, it is from
    previous to latest.

    \b
    Examples:
      whatworks diff
      whatworks diff latest files
      whatworks diff old.nq new.nq --format html --output changes.html
    """
    with Steps() as tell:
        tell(f"Comparing {before} with {after}")
        found = opener.kg.diff(before, after)
    emit(_page(found) if format_ == "html" else found.write(format_), output)
    if fail and found:
        raise click.exceptions.Exit(1)


def _page(found: "Differences") -> bytes:
    from whatworks.errors import MissingExtra  # noqa: PLC0415 - lazy on purpose

    try:
        from whatworks.pages import differences  # noqa: PLC0415 - jinja2 need not be installed
    except ModuleNotFoundError as error:
        raise MissingExtra(
            "Pages need libraries that are not installed.", hint="Install them: pip install 'whatworks[serve]'"
        ) from error
    return differences.page(found)
