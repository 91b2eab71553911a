"""`dumps`, `redirects`: the files of a release, and rules by which other web servers lead to where it is published."""

from pathlib import Path
from typing import Any

import click

from whatworks.cli.output import Steps, emit, interruptible, nearby, output_option
from whatworks.cli.release import folder_option


@click.command()
@click.argument("name", required=False)
@folder_option
@click.pass_obj
def dumps(opener: Any, name: str | None, folder: Path | None) -> None:
    """Write the files of a release for taking home: Turtle, JSON-LD, and a table with codebook for each class.

    NAME is a release; without it, it is the one in use. The files are put into the release, with their checksums, and
    the server lists them at /dumps/.

    \b
    Example:
      whatworks dumps
    """
    from whatworks.errors import UnknownThing  # noqa: PLC0415 - lazy on purpose
    from whatworks.kg import KnowledgeGraph  # noqa: PLC0415 - lazy on purpose
    from whatworks.publish.dumps import all_files_of, write_dumps  # noqa: PLC0415 - lazy on purpose
    from whatworks.release import Releases  # noqa: PLC0415 - lazy on purpose

    found: Releases | None = Releases(folder) if folder is not None else opener.kg.releases
    release = (found.get(name) if name else found.current()) if found is not None else None
    if found is None or release is None:
        raise UnknownThing("There is no release in use.", hint="Make one with: whatworks build")
    kg = KnowledgeGraph(opener.kg.assets, opener.kg.settings, store=release.folder)
    with Steps() as tell:
        interruptible(lambda: found.complete(release, lambda into: write_dumps(kg, into, tell)), undo=found.abandon)
    files = all_files_of(release)
    size = sum(file.bytes for file in files)
    click.echo(f"Release {release.name}: {len(files)} files, {size:,} bytes, in {nearby(release.folder)}")


@click.command()
@click.argument("kind", type=click.Choice(("apache", "nginx", "w3id")))
@click.argument("target")
@click.option("--static", is_flag=True, help="TARGET is a host of files that negotiates nothing: the rules do.")
@output_option
@click.pass_obj
def redirects(opener: Any, kind: str, target: str, static: bool, output: Path | None) -> None:
    """Write the rules by which the IRIs of the collection lead to TARGET, the address where it is published.

    KIND is the server that answers at the base of the IRIs: apache and nginx for one of your own, w3id for the file
    .htaccess of a folder at w3id.org.

    \b
    Examples:
      whatworks redirects w3id https://data.example/
      whatworks redirects nginx https://pages.example/measures/ --static
    """
    from whatworks.publish.redirects import rules  # noqa: PLC0415 - lazy on purpose

    emit(rules(kind, opener.kg.settings.base, target, negotiated=static).encode(), output)
