"""One release on disk: opened, read, verified."""

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whatworks.collection import Collection
from whatworks.errors import DamagedRelease, NewerRelease, Place
from whatworks.release.files import differences, stated, unsealed
from whatworks.store import has_statements, open_store

if TYPE_CHECKING:
    from whatworks.search import Index

FORMAT = 1
FILES = ("dump.nq", "void.ttl")
INDEX = "search.db"
DUMPS = "dumps"
COLUMNS = "columns-2.bin"  # a version that writes them in another form gives them another number


@dataclass(frozen=True, slots=True)
class Release:
    """One release on disk.

    Attributes:
        folder: Where it lies.
        manifest: What it says of itself.
    """

    folder: Path
    manifest: dict[str, Any]

    @property
    def name(self) -> str:
        """The name: the first sixteen hexadecimal digits of the SHA-256 of the dump."""
        return self.folder.name

    @property
    def number(self) -> int:
        """The place in the order in which the releases of a folder were last built; 0 where that is not known."""
        number = self.local().get("number")
        return number if isinstance(number, int) else 0

    @property
    def made(self) -> str:
        """When it was put in its place in that order, in UTC; for one that was made before this was noted, its file."""
        made = self.local().get("made")
        return made if isinstance(made, str) else stated((self.folder / "manifest.json").stat().st_mtime)

    @classmethod
    def open(cls, folder: Path) -> "Release":
        """Read the manifest of a release.

        Raises:
            DamagedRelease: There is no manifest, or it is not whole.
            NewerRelease: It was made by a version that this one does not understand.
        """
        where = Place(f"{folder.name}/manifest.json")
        anew = "Build anew with: whatworks build"
        try:
            data = (folder / "manifest.json").read_bytes()
            made = json.loads(data)["format"]
        except OSError as error:
            raise DamagedRelease(
                f"The release has no manifest that can be read: {error.strerror}.",
                hint="Check its rights." if isinstance(error, PermissionError) else anew,
                where=where,
            ) from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DamagedRelease("The release has no manifest that can be read.", hint=anew, where=where) from error
        if isinstance(made, int) and made > FORMAT:
            raise NewerRelease(
                f"The release has format {made}; this version reads up to {FORMAT}.",
                hint=f"Use the version of whatworks that made it. {anew}",
                where=where,
            )
        try:
            manifest = unsealed(data)
        except ValueError as error:
            raise DamagedRelease(f"The manifest is damaged: {error}.", hint=anew, where=where) from error
        if set(manifest["files"]) != set(FILES) or manifest["name"] != folder.name:
            raise DamagedRelease("The manifest does not fit its folder.", hint=anew, where=where)
        return cls(folder, manifest)

    def local(self) -> dict[str, Any]:
        """Return what differs from build to build; nothing where it cannot be read."""
        try:
            return unsealed((self.folder / "local.json").read_bytes())
        except (OSError, ValueError):
            return {}

    def collection(self, described: Collection) -> Collection:
        """Return the collection with the release's store in place of one made from files.

        Raises:
            DamagedRelease: The store cannot be read, or its list of files has another size: the engine takes one that
                was cut off, and answers from the files before the cut.
        """
        for name, said in self.local().get("store", {}).items():
            file = self.folder / "store" / name
            if name.startswith("MANIFEST") and file.exists() and file.stat().st_size != said["bytes"]:
                where = Place(f"{self.name}/store/{name}")
                raise DamagedRelease("The file was cut off.", hint="Build anew with: whatworks build", where=where)
        store = open_store(self.folder / "store", described.prefixes.table)
        return Collection(described.assets, described.settings, described.space, described.prefixes, store)

    def index(self) -> "Index | None":
        """Return the index of the search; None for a release that was made before there was one.

        Raises:
            DamagedRelease, NewerRelease: It cannot be read.
        """
        from whatworks.search import Index  # noqa: PLC0415 - needed for a search only

        return Index.open(self.folder / INDEX) if (self.folder / INDEX).exists() else None

    @property
    def columns(self) -> Path | None:
        """The file of the columns, where there is one and what reads it is installed."""
        file = self.folder / COLUMNS
        return file if file.exists() and has_numpy() else None

    def has_whole_columns(self) -> bool:
        """Read the file of the columns and say whether it is as it was written."""
        said = self.local().get("columns")
        return said is not None and not differences(self.folder / COLUMNS, COLUMNS, said)

    def dumps(self) -> dict[str, Any]:
        """Return checksums and sizes of the files in other formats, by name; nothing where none were written.

        Raises:
            DamagedRelease: The list of them cannot be read.
        """
        file = self.folder / DUMPS / "manifest.json"
        try:
            found: dict[str, Any] = unsealed(file.read_bytes())["files"]
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError) as error:
            raise DamagedRelease(
                f"The list of dumps cannot be read: {error}.",
                hint="Write them anew with: whatworks dumps",
                where=Place(f"{self.name}/{DUMPS}/manifest.json"),
            ) from error
        return found

    def glance(self) -> list[str]:
        """Look for each file and its size, without reading it; return what is wrong."""
        local = self.local()
        stated = {name: said["bytes"] for name, said in self.manifest["files"].items()}
        stated |= {f"store/{name}": said["bytes"] for name, said in local.get("store", {}).items()}
        stated |= {
            name: local[kind]["bytes"] for kind, name in (("search", INDEX), ("columns", COLUMNS)) if kind in local
        }
        wrong = [] if local else ["local.json: cannot be read, or was changed"]
        try:
            stated |= {f"{DUMPS}/{name}": said["bytes"] for name, said in self.dumps().items()}
        except DamagedRelease as error:
            wrong.append(f"{DUMPS}: {error.message}")
        for name, size in sorted(stated.items()):
            try:
                found = (self.folder / name).stat().st_size
            except OSError as error:
                wrong.append(f"{name}: {error.strerror}")
            else:
                wrong += [f"{name}: has {found} bytes instead of {size}"] if found != size else []
        return wrong

    def verify(self) -> list[str]:
        """Read every byte and every statement; return what is wrong, nothing if all is well."""
        wrong = []
        for name, said in self.manifest["files"].items():
            wrong += differences(self.folder / name, name, said)
        if not self.manifest["files"]["dump.nq"]["sha256"].startswith(self.name):
            wrong.append("dump.nq: its checksum is not that of the release's name")
        local = self.local()
        if not local:
            wrong.append("local.json: cannot be read, or was changed")
        for name, said in sorted(local.get("store", {}).items()):
            wrong += differences(self.folder / "store" / name, f"store/{name}", said)
        for kind, name in (("search", INDEX), ("columns", COLUMNS)):
            if kind in local:
                wrong += differences(self.folder / name, name, local[kind])
        try:
            for name, said in self.dumps().items():
                stated = {key: said[key] for key in ("sha256", "bytes")}
                wrong += differences(self.folder / DUMPS / name, f"{DUMPS}/{name}", stated)
        except DamagedRelease as error:
            wrong.append(f"{DUMPS}: {error.message}")
        if not wrong:
            try:
                if not has_statements(open_store(self.folder / "store", {}), self.folder / "dump.nq"):
                    wrong.append("store: its statements are not those of the dump")
            except DamagedRelease as error:
                wrong.append(f"store: {error.message}")
        return wrong


def has_numpy() -> bool:
    """Say whether columns can be written and read here: numpy is an extra."""
    return find_spec("numpy") is not None
