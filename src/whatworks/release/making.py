"""Makes one release: the dump, what describes it, and the store, written beside and renamed when all is there."""

import os
import shutil
import time
from collections.abc import Callable, Mapping
from errno import ENOENT
from pathlib import Path
from tempfile import mkdtemp

from whatworks.assets import write_files
from whatworks.catalogue import Catalogue
from whatworks.collection import Collection
from whatworks.errors import DamagedRelease, NewerRelease, SettingsFault, SourcesChanged, Unwritable
from whatworks.release.counted import as_void, dataset_of
from whatworks.release.files import described, digest, sealed, stated, sync, sync_names
from whatworks.release.one import COLUMNS, FORMAT, INDEX, Release, has_numpy
from whatworks.release.sources import Sources
from whatworks.results import Row
from whatworks.search import build
from whatworks.store import Written, open_store, write_dump, write_store
from whatworks.terms import Iri, Literal
from whatworks.trig import write_trig
from whatworks.version import __version__

# Making columns takes some 200 bytes of memory a statement; beyond so many the engine answers alone.
_MOST = 12_000_000


Read = Callable[[Path], Collection]
Tell = Callable[[str], None]


def make(folder: Path, number: int, read: Read, catalogue: Catalogue, sources: Sources, tell: Tell) -> Release:
    """Write a release into the folder of releases, or take the one that is there if it has the same content.

    Args:
        folder: The folder of releases; only the holder of its lock may do this.
        number: The place of the release in the order of builds.
        read: Makes the graph of the files; is given a folder for what it cannot hold in memory.
        catalogue: The tool's own queries.
        sources: The files, from before they were read.
        tell: Is told each step.

    Raises:
        SettingsFault: SOURCE_DATE_EPOCH states no time.
        SourcesChanged: A file changed while it was read.
        Unwritable: The folder cannot be written, or the disk is full.
    """
    made = _stated()
    building = Path(mkdtemp(prefix=f".building-{os.getpid()}-", dir=folder))
    try:
        name, is_there = _fill(building, read, catalogue, tell)
        target = folder / name
        tell("Looking whether the files are still the same")
        if changed := sources.changed():
            more = f", and {len(changed) - 1} more" if changed[1:] else ""
            raise SourcesChanged(f"{changed[0]}{more} changed during the build.", hint="Run whatworks build again.")
        if is_there:
            write_files(
                {target / "local.json": _local(target, number, sources, _made(Release.open(target), number, made))}
            )
            return Release.open(target)
        write_files({building / "local.json": _local(building, number, sources, made or _now())})
        if not (building / "manifest.json").exists():
            # It was abandoned meanwhile, and what was just written made the folder anew.
            raise FileNotFoundError(ENOENT, "the build was stopped")
        sync(building)
        building.chmod(0o755)
        if target.exists():
            target.rename(target.with_name(f".gone-{name}"))
        building.rename(target)
        sync_names(folder)
        return Release.open(target)
    except OSError as error:
        raise Unwritable(
            f"The release cannot be written: {error.strerror or error}.", hint="Check rights and space."
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _fill(building: Path, read: Read, catalogue: Catalogue, tell: Tell) -> tuple[str, bool]:
    """Write what a release holds, unless a whole release with the same content is there.

    Returns:
        The name, and whether the release was there.
    """
    tell("Reading the files and applying the rules")
    collection = read(building)
    tell("Writing the dump")
    dump = write_dump(collection.local, building / "dump.nq")
    name = dump.sha256[:16]
    if _is_whole(building.with_name(name), tell):
        return name, True
    _write_columns(building, catalogue, dump, tell)
    tell("Counting")
    _describe(building, collection, catalogue, dump)
    prefixes = collection.prefixes.table
    # Its memory, or its place on the disk, is needed for the store.
    del collection
    shutil.rmtree(building / "working", ignore_errors=True)
    tell("Writing the store")
    write_store(building / "store", building / "dump.nq", dump.blank)
    tell("Building the index of the search")
    _write_index(building, catalogue, prefixes)
    return name, False


def _write_columns(building: Path, catalogue: Catalogue, dump: Written, tell: Tell) -> None:
    if dump.statements > _MOST:
        tell(f"Leaving out the columns, which need much memory for more than {_MOST:,} statements")
    elif not has_numpy():
        tell("Leaving out the columns: numpy is not installed")
    else:
        from whatworks.columns import write_columns  # noqa: PLC0415 - numpy need not be installed

        tell("Writing the columns")
        with (building / "dump.nq").open("rb") as lines:
            write_columns(lines, building / COLUMNS, [query.text for query in catalogue.all()])


def _write_index(building: Path, catalogue: Catalogue, prefixes: Mapping[str, str]) -> None:
    columns = None
    if (building / COLUMNS).exists():
        from whatworks.columns import Columns  # noqa: PLC0415 - numpy need not be installed

        columns = Columns.open(building / COLUMNS)
    build(open_store(building / "store", prefixes), catalogue, building / INDEX, columns).close()


def _is_whole(target: Path, tell: Tell) -> bool:
    if not (target / INDEX).exists():
        return False
    tell(f"Verifying release {target.name}, which has the same content")
    try:
        return not Release.open(target).verify()
    except (DamagedRelease, NewerRelease):
        return False


def _stated() -> str:
    """Return the time that SOURCE_DATE_EPOCH states; empty where it states none."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not given:
        return ""
    try:
        if not (given.isascii() and given.isdigit()):
            raise ValueError
        return stated(int(given))
    except (ValueError, OverflowError, OSError) as error:
        raise SettingsFault(
            f"SOURCE_DATE_EPOCH is {given[:80]!r}, which is no time.",
            hint="Give it as whole seconds since 1970, such as 1700000000, or leave it out.",
        ) from error


def _now() -> str:
    return stated(time.time())


def _made(release: Release, number: int, made: str) -> str:
    """Return when a release that is there was made: built again, it keeps its time if it is still the newest."""
    return release.made if release.number == number - 1 else made or _now()


def _local(release: Path, number: int, sources: Sources, made: str) -> bytes:
    files = {path.name: described(path) for path in sorted((release / "store").iterdir()) if path.name != "LOCK"}
    local = {"number": number, "made": made, "store": files, "search": described(release / INDEX)}
    if (release / COLUMNS).exists():
        local["columns"] = described(release / COLUMNS)
    return sealed({**local, "sources": sources.state, "stamp": sources.stamp})


def _describe(building: Path, collection: Collection, catalogue: Catalogue, dump: Written) -> None:
    """Write the manifest and the description as VoID, the same bytes for the same graph."""
    counted = _counted(collection, catalogue, building / COLUMNS)
    void = write_trig(as_void(dataset_of(collection), counted), collection.prefixes).encode()
    versions, licences = _facts(collection, catalogue)
    manifest = {
        "format": FORMAT,
        "name": dump.sha256[:16],
        "made-by": f"whatworks {__version__}",
        "base": collection.settings.base,
        "statements": dump.statements,
        "classes": {str(row[0]): int(row[2].value) for row in counted if row[0] and isinstance(row[2], Literal)},
        "versions": versions,
        "licences": licences,
        "files": {
            "dump.nq": {"sha256": dump.sha256, "bytes": dump.size},
            "void.ttl": {"sha256": digest(void), "bytes": len(void)},
        },
    }
    write_files({building / "void.ttl": void, building / "manifest.json": sealed(manifest)})


def _facts(collection: Collection, catalogue: Catalogue) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the versions and the licences that things state of themselves."""
    versions: dict[str, list[str]] = {}
    licences: dict[str, list[str]] = {}
    for thing, prop, value in catalogue.rows(collection.store, "system/facts"):
        found = licences if isinstance(prop, Iri) and prop.code == "license" else versions
        found.setdefault(str(thing), []).append(value.value if isinstance(value, Literal) else str(value))
    return versions, licences


def _counted(collection: Collection, catalogue: Catalogue, columns: Path) -> list[Row]:
    """Return how many things there are of each class, and statements with each property."""
    if columns.exists():
        from whatworks.columns import Columns  # noqa: PLC0415 - numpy need not be installed

        found = Columns.open(columns).query(catalogue.text("publish/void"))
        if found is not None:
            return list(found)
    return list(catalogue.rows(collection.store, "publish/void"))
