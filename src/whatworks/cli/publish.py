"""`publish`, `dumps`, `redirects`: a site of files, the files of a release, and rules that lead to where it is."""

import os
from functools import partial
from pathlib import Path
from typing import Any

import click

from whatworks.cli.output import Named, Steps, emit, interruptible, nearby, output_option
from whatworks.cli.release import folder_option

_MOST_PROCESSES = 8
# Forms that a site of files has of each document when they are wished for; two it has anyway.
_FORMS = ("jsonld", "ntriples", "rdfxml", "trig", "nquads")

_forms_option = click.option(
    "--forms",
    "forms",
    multiple=True,
    type=click.Choice(_FORMS),
    help="A further format of each document, beside HTML, Turtle and JSON-LD (of graphs: HTML and Turtle); repeatable.",
)


@click.command()
@click.argument("folder", metavar="DIR", type=Named(file_okay=False))
@click.option(
    "--address",
    metavar="URL",
    help="Where the site will be, with a slash at its end; without it the base of the IRIs.",
)
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    help="Write with so many processes; without it as many as there are cores, at most eight.",
)
@click.option("--no-search", is_flag=True, help="Leave out the index of the search in the browser.")
@_forms_option
@click.pass_obj
def publish(
    opener: Any, folder: Path, address: str | None, processes: int | None, no_search: bool, forms: tuple[str, ...]
) -> None:
    """Write the collection into DIR as a site of files that any web host can serve (extra `site`).

    Publishes the release in use, or the files as they are: every page with its data beside it, the answers to questions
    in which nothing must be chosen, lists, dumps and the catalogue, with the bytes that the server sends. DIR is new,
    empty, or holds such a site: that stays as it is until the new one is whole, and what did not change is kept.

    \b
    Example:
      whatworks publish site --address https://pages.example/measures/
    """
    from functools import partial  # noqa: PLC0415 - lazy on purpose

    from whatworks.errors import MissingExtra  # noqa: PLC0415 - lazy on purpose
    from whatworks.kg import KnowledgeGraph  # noqa: PLC0415 - lazy on purpose

    try:
        from whatworks.static.writing import Wish, write  # noqa: PLC0415 - lazy on purpose
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"Pages need {error.name}, which is not installed.",
            hint="Install it with: python -m pip install 'whatworks[site]'",
        ) from error
    given, release = opener.ways, opener.kg.release
    if release is not None:  # the one in use may be another one by then
        given["store"] = release.folder
    wish = Wish(
        partial(KnowledgeGraph.open, **given),
        address or "",
        processes or min(os.cpu_count() or 1, _MOST_PROCESSES),
        search=not no_search,
        forms=forms,
        cache=given["cache"],
    )
    opener.keep()  # what this process has read, the others need not read again
    with Steps() as tell:
        done = interruptible(lambda: write(opener.kg, folder, wish, tell))
    if wish.search and not done.search:
        click.echo("The site has no search: install it with python -m pip install 'whatworks[site]'.", err=True)
    click.echo(
        f"{done.release}: {done.files:,} files, {done.bytes:,} bytes for {done.home} in {nearby(folder)}; "
        f"{done.kept:,} as before, {done.removed:,} removed"
    )


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
    release = None
    if found is not None:
        release = found.get(name) if name else found.read(opener.kg.assets, partial(click.echo, err=True))
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
@_forms_option
@output_option
@click.pass_obj
def redirects(opener: Any, kind: str, target: str, static: bool, forms: tuple[str, ...], output: Path | None) -> None:
    """Write the rules by which the IRIs of the collection lead to TARGET, the address where it is published.

    KIND is the server that answers at the base of the IRIs: apache and nginx for one of your own, w3id for the file
    .htaccess of a folder at w3id.org. With --static, who accepts none of the forms that are there gets 406.

    \b
    Examples:
      whatworks redirects w3id https://data.example/
      whatworks redirects nginx https://pages.example/measures/ --static
    """
    from whatworks.publish.redirects import rules  # noqa: PLC0415 - lazy on purpose

    emit(rules(kind, opener.kg.settings.base, target, negotiated=static, forms=forms).encode(), output)
