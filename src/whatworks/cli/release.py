"""`build`, `releases`, `verify`, `prune`, `load`: make, list, check, remove and pass on releases."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from whatworks.cli.completion import completes_release
from whatworks.cli.output import Named, Progress, Steps, interruptible, nearby

if TYPE_CHECKING:
    from whatworks.release import Releases

folder_option = click.option(
    "--output",
    "-o",
    "folder",
    type=Named(file_okay=False),
    help="The folder of releases; without it the project's releases/.",
)


@click.command()
@folder_option
@click.option("--no-check", is_flag=True, help="Do not check first; for data that was checked a moment ago.")
@click.pass_obj
def build(opener: Any, folder: Path | None, no_check: bool) -> None:
    """Make an immutable release of the files and put it to use.

    The release is named by its content: the same files give the same name. It is written beside and renamed, so the
    release before stays in use until the new one is whole.

    \b
    Example:
      whatworks build
    """
    kg, found, progress = opener.kg, _releases(opener, folder), Progress()
    if not no_check:
        click.echo("Checking with the shapes …", err=True)
    with Steps() as tell:
        release = interruptible(
            lambda: kg.build(found.folder, checked=not no_check, tell=tell, progress=progress), undo=found.abandon
        )
    click.echo(f"Release {release.name}: {release.manifest['statements']} statements in {nearby(release.folder)}")


@click.command()
@folder_option
@click.pass_obj
def releases(opener: Any, folder: Path | None) -> None:
    """List the releases, oldest first; the one in use is marked.

    \b
    Example:
      whatworks releases
    """
    found = _releases(opener, _there(folder))
    used = found.used()
    said = {name: error.message for name, error in found.unreadable().items()}
    said |= {release.name: f"{release.manifest['statements']:>10} statements" for release in found.all()}
    if used and used not in said:
        said[used] = "The release is not there."
    for name, text in said.items():
        click.echo(f"{name}  {text}{'  in use' if name == used else ''}")


@click.command()
@click.argument("name", required=False, shell_complete=completes_release)
@folder_option
@click.pass_obj
def verify(opener: Any, name: str | None, folder: Path | None) -> None:
    """Read every byte of a release and name what is damaged.

    NAME is a release; without it the one in use is read.

    \b
    Example:
      whatworks verify
    """
    from whatworks.errors import DamagedRelease, UnknownThing  # noqa: PLC0415 - lazy on purpose

    found = _releases(opener, _there(folder))
    asked = name or found.used()
    if not asked:
        raise UnknownThing("There is no release in use.", hint="Make one with: whatworks build")
    try:
        release = found.get(name) if name else found.current()
    except DamagedRelease as error:
        wrong = [f"manifest.json: {error.message}"]
    else:
        assert release is not None  # noqa: S101 - one is in use, see above
        with Steps() as tell:
            tell(f"Reading release {asked}")
            wrong = release.verify()
    for line in wrong:
        click.echo(line)
    click.echo(f"Release {asked}: {_counted(len(wrong), 'fault') if wrong else 'whole'}.")
    if wrong:
        raise click.exceptions.Exit(1)


@click.command()
@click.option("--keep", type=click.IntRange(min=0), default=2, show_default=True, help="So many old ones stay.")
@folder_option
@click.pass_obj
def prune(opener: Any, keep: int, folder: Path | None) -> None:
    """Remove old releases and damaged ones; the one in use always stays.

    \b
    Example:
      whatworks prune --keep 1
    """
    removed = _releases(opener, _there(folder)).prune(keep)
    for name in removed:
        click.echo(f"Removed {name}")
    click.echo(f"{len(removed)} removed.")


def _there(folder: Path | None) -> Path | None:
    """Return a folder that was named; one that is not there holds no releases, and is not made."""
    from whatworks.errors import MissingFile  # noqa: PLC0415 - lazy on purpose

    if folder is not None and not folder.is_dir():
        raise MissingFile(
            f"There is no folder {folder}.", hint="Name a folder of releases, or make one: whatworks build"
        )
    return folder


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


@click.command()
@click.argument("endpoint")
@click.option(
    "--graphs",
    metavar="URL",
    help="Where the engine takes graphs (SPARQL Graph Store Protocol); of Oxigraph and Virtuoso it is known.",
)
@click.option("--remove", is_flag=True, help="Remove graphs of the collection there that the release does not have.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=600,
    show_default=True,
    help="So many seconds may each answer take.",
)
@click.pass_obj
def load(opener: Any, endpoint: str, graphs: str | None, remove: bool, timeout: float) -> None:
    """Put a release into the SPARQL engine that answers at ENDPOINT, graph by graph.

    It is the release in use, or that of --store FOLDER. What is there already is not sent, so that the same command
    goes on where it was stopped. In the end the numbers of statements and checksums are compared; if they differ, or
    there are graphs of the collection that the release does not have, the exit status is 1. Who asks is said as for
    --store.

    \b
    Example:
      whatworks load http://127.0.0.1:7878/query
    """
    from whatworks.collection import Collection  # noqa: PLC0415 - lazy on purpose
    from whatworks.errors import UnknownThing  # noqa: PLC0415 - lazy on purpose
    from whatworks.loading import Loader, Target  # noqa: PLC0415 - lazy on purpose

    kg = opener.kg
    if kg.release is None:
        raise UnknownThing("There is no release to load.", hint="Make one with: whatworks build")
    described = Collection.described(kg.assets, kg.settings)
    with Steps() as tell:
        target = Target(endpoint, graphs, timeout)
        done = Loader(kg.release, described, kg.catalogue, target, tell).load(remove=remove)
    for said, names in (("is not there as it should be", done.different), ("is not in the release", done.beyond)):
        for name in names:
            click.echo(f"{name} {said}")
    if done.beyond:
        click.echo("Remove what is not in the release with: --remove", err=True)
    removed = f", {done.removed:,} removed" if done.removed else ""
    click.echo(
        f"Release {kg.release.name}: {done.graphs:,} graphs, {done.statements:,} statements; "
        f"{done.sent:,} sent{removed}. The endpoint {'has' if done.is_whole else 'does not have'} the same."
    )
    if done.shortened:
        said = f"The engine keeps {done.places} digits after the point of a decimal"
        click.echo(f"{said}; {done.shortened:,} statements have more.", err=True)
    if not done.is_whole:
        raise click.exceptions.Exit(1)


def _releases(opener: Any, folder: Path | None) -> "Releases":
    from whatworks.errors import Unwritable  # noqa: PLC0415 - lazy on purpose
    from whatworks.release import Releases  # noqa: PLC0415 - lazy on purpose

    found: Releases | None = Releases(folder) if folder is not None else opener.kg.releases
    if found is None:
        raise Unwritable("An installed package has no place for releases.", hint="Say where: --output DIR.")
    return found
