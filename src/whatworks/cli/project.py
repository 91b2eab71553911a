"""`new`: begin a collection of one's own."""

from pathlib import Path

import click

from whatworks.cli.output import Named


@click.command()
@click.argument("folder", metavar="DIR", type=Named())
@click.option(
    "--base",
    metavar="IRI",
    default="https://project.example/",
    show_default=True,
    help="Where the IRIs of the collection begin: an address of yours that ends with a slash.",
)
def new(folder: Path, base: str) -> None:
    """Begin a collection of your own in the new folder DIR.

    It gets settings, an extension of the model with two classes, three records with sources, two questions and a test,
    and can be checked, asked and built at once.

    \b
    Example:
      whatworks new jobs --base https://jobs.example/
    """
    from whatworks.project import new_project  # noqa: PLC0415 - lazy on purpose

    found = new_project(folder, base)
    click.echo(f"Wrote {len(found)} files in {folder}. Next:")
    for line in (f"cd {folder}", "whatworks check", "whatworks query job-guarantees", "whatworks build"):
        click.echo(f"  {line}")
