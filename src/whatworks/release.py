"""Immutable releases: a folder named by its content that holds the store, its canonical dump and what describes them.

A release is written beside, synced, and renamed into place; `current` names the one in use. So a build that is killed
at any moment leaves the release before it in use, and a reader is not disturbed by a new one.

    releases/
      current            the name of the release in use
      .lock              held by the one who writes
      <name>/
        manifest.json    counts, versions, licences, checksums; the same for the same sources
        dump.nq          all statements, asserted and inferred, canonical (RDFC-1.0)
        void.ttl         the description of the data set
        store/           the store that is read
        local.json       checksums of the store's files and the state of the sources; differs from build to build
"""

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from whatworks.assets import Asset, Assets, write_files
from whatworks.catalogue import Bound, Catalogue, iri_rows
from whatworks.collection import Collection
from whatworks.errors import (
    DamagedRelease,
    Locked,
    MissingFile,
    NewerRelease,
    Place,
    SourcesChanged,
    UnknownThing,
    Unwritable,
)
from whatworks.namespaces import DCAT
from whatworks.results import Table, Triples
from whatworks.store import canonical_nquads, open_store, write_store
from whatworks.terms import RDF_TYPE, Iri, Literal, Quad, Term
from whatworks.trig import write_trig
from whatworks.version import __version__

FORMAT = 1
_DATASET = Iri(DCAT + "Dataset")
_NAME = re.compile(r"[0-9a-f]{16}")
_FILES = ("dump.nq", "void.ttl")
_BLOCK = 1 << 20


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

    @classmethod
    def open(cls, folder: Path) -> "Release":
        """Read the manifest of a release.

        Raises:
            DamagedRelease: There is no manifest, or it is not whole.
            NewerRelease: It was made by a version that this one does not understand.
        """
        where = Place(f"{folder.name}/manifest.json")
        try:
            manifest = json.loads((folder / "manifest.json").read_bytes())
            made = manifest["format"]
            files = manifest["files"]
            complete = set(files) == set(_FILES) and manifest["name"] == folder.name
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedRelease(
                "The release has no manifest that can be read.", hint="Build anew with: whatworks build", where=where
            ) from error
        if not isinstance(made, int) or made > FORMAT:
            raise NewerRelease(
                f"The release has format {made}; this version reads up to {FORMAT}.",
                hint="Use the version of whatworks that made it, or build anew with: whatworks build",
                where=where,
            )
        if not complete:
            raise DamagedRelease("The manifest does not fit its folder.", where=where)
        return cls(folder, manifest)

    def collection(self, described: Collection) -> Collection:
        """Return the collection with the release's store in place of one made from files."""
        store = open_store(self.folder / "store", described.prefixes.table)
        return Collection(described.assets, described.settings, described.space, described.prefixes, store)

    def verify(self) -> list[str]:
        """Read every byte and every statement; return what is wrong, nothing if all is well."""
        wrong = []
        for name, said in self.manifest["files"].items():
            wrong += _differences(self.folder / name, name, said)
        try:
            local = json.loads((self.folder / "local.json").read_bytes())
            for name, said in sorted(local["store"].items()):
                wrong += _differences(self.folder / "store" / name, f"store/{name}", said)
        except (OSError, ValueError, KeyError, TypeError):
            wrong.append("local.json: cannot be read")
        if not wrong:
            try:
                dump = canonical_nquads(open_store(self.folder / "store", {}))
                if _digest(dump)[:16] != self.name:
                    wrong.append("store: its statements are not those of the dump")
            except DamagedRelease as error:
                wrong.append(f"store: {error.message}")
        return wrong


class Releases:
    """The releases of a project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def current(self) -> Release | None:
        """Return the release in use, or None where there is none.

        Raises:
            DamagedRelease: `current` names something that is no release.
        """
        try:
            name = (self.folder / "current").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise MissingFile(f"The file current cannot be read: {error}.", where=Place("releases/current")) from error
        if not _NAME.fullmatch(name):
            raise DamagedRelease(
                f"{name[:80]!r} is no name of a release.",
                hint="Build anew with: whatworks build",
                where=Place("releases/current"),
            )
        return Release.open(self.folder / name)

    def get(self, name: str) -> Release:
        """Return the release of this name.

        Raises:
            UnknownThing: There is none.
        """
        if not _NAME.fullmatch(name) or not (self.folder / name).is_dir():
            raise UnknownThing(f"There is no release {name[:80]!r}.", hint="List them with: whatworks releases")
        return Release.open(self.folder / name)

    def all(self) -> list[Release]:
        """Return the releases that can be read, oldest first by the time of their folders."""
        found = [
            path for path in self.folder.glob("*") if _NAME.fullmatch(path.name) and (path / "manifest.json").is_file()
        ]
        return [Release.open(path) for path in sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))]

    def build(self, collection: Collection, catalogue: Catalogue, sources: dict[str, str]) -> Release:
        """Write a release of a collection and put it to use; the same content is not written twice.

        Args:
            collection: The graph, made from the files.
            catalogue: The tool's own queries.
            sources: `source_state` from before the files were read.

        Raises:
            Locked: Somebody else is building.
            SourcesChanged: A source changed while it was read.
            Unwritable: The folder cannot be written, or the disk is full.
        """
        with self._locked():
            self._sweep()
            release = self._written(collection, catalogue, sources)
            if source_state(collection.assets) != sources:
                raise SourcesChanged("The sources changed during the build.", hint="Run whatworks build again.")
            write_files({self.folder / "current": f"{release.name}\n".encode()})
            return release

    def prune(self, keep: int) -> list[str]:
        """Remove old releases but the `keep` newest and the one in use; return the names removed."""
        with self._locked():
            self._sweep()
            current = self.current()
            old = [release for release in self.all() if current is None or release.name != current.name]
            doomed = old[: max(0, len(old) - keep)]
            for release in doomed:
                # Renamed first, so that a half-removed folder is never taken for a release.
                gone = release.folder.with_name(f".gone-{release.name}")
                release.folder.rename(gone)
                shutil.rmtree(gone)
            return [release.name for release in doomed]

    def stale(self, assets: Assets) -> bool:
        """Say whether the sources are no longer those that the release in use was made from."""
        release = self.current()
        if release is None:
            return False
        try:
            local = json.loads((release.folder / "local.json").read_bytes())
            known = local["sources"]
        except (OSError, ValueError, KeyError):
            return True
        if source_stamp(assets) == local.get("stamp"):
            return False
        return bool(source_state(assets) != known)

    def _written(self, collection: Collection, catalogue: Catalogue, sources: dict[str, str]) -> Release:
        dump = canonical_nquads(collection.store)
        name = _digest(dump)[:16]
        target = self.folder / name
        if target.exists() and not Release.open(target).verify():
            write_files({target / "local.json": _local(target / "store", collection.assets, sources)})
            return Release.open(target)
        building = Path(mkdtemp(prefix=".building-", dir=self.folder))
        try:
            write_store(building / "store", dump)
            void = _void(collection, catalogue)
            contents = {"dump.nq": dump, "void.ttl": void}
            manifest = _manifest(collection, catalogue, name, contents)
            contents["manifest.json"] = (json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode()
            contents["local.json"] = _local(building / "store", collection.assets, sources)
            write_files({building / file: content for file, content in contents.items()})
            _sync(building)
            building.chmod(0o755)
            if target.exists():
                target.rename(target.with_name(f".gone-{name}"))
            building.rename(target)
            _sync(self.folder)
        except OSError as error:
            raise Unwritable(
                f"The release cannot be written: {error.strerror}.", hint="Check rights and space."
            ) from error
        finally:
            shutil.rmtree(building, ignore_errors=True)
        return Release.open(target)

    def _sweep(self) -> None:
        """Remove what killed builds left behind; only the holder of the lock does."""
        for path in (*self.folder.glob(".building-*"), *self.folder.glob(".gone-*")):
            shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock; it ends with the process that holds it, however that ends."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise Unwritable(
                f"{self.folder} cannot be written: {error.strerror}.", hint="Choose another folder with --output."
            ) from error
        try:
            _lock(handle)
            yield
        finally:
            os.close(handle)


def _lock(handle: int) -> None:
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - is there on Windows only

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - is not there on Windows

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise Locked("Another process is writing a release.", hint="Wait until it ends, then try again.") from error


def source_state(assets: Assets) -> dict[str, str]:
    """Return the checksum of every source file by its logical name."""
    return {asset.name: _digest(asset.read()) for asset in _sources(assets)}


def source_stamp(assets: Assets) -> str:
    """Return a quick mark of the sources: names, sizes and times; it differs when a file was touched."""
    marks = []
    for asset in _sources(assets):
        stat = asset.source.stat() if isinstance(asset.source, Path) else None
        marks.append((asset.name, stat.st_size if stat else 0, stat.st_mtime_ns if stat else 0))
    return _digest(repr(marks).encode())


def _sources(assets: Assets) -> list[Asset]:
    """Return the files that a release is made from."""
    data = [asset for asset in assets.data() if not asset.name.startswith("data/sources/")]
    return [*assets.ontology(), *data]


def _local(store: Path, assets: Assets, sources: dict[str, str]) -> bytes:
    files = {path.name: _described(path) for path in sorted(store.iterdir()) if path.name != "LOCK"}
    body = {"store": files, "sources": sources, "stamp": source_stamp(assets)}
    return (json.dumps(body, indent=2, sort_keys=True) + "\n").encode()


def _manifest(collection: Collection, catalogue: Catalogue, name: str, contents: dict[str, bytes]) -> dict[str, Any]:
    versions, licences = _facts(collection, catalogue)
    return {
        "format": FORMAT,
        "name": name,
        "made-by": f"whatworks {__version__}",
        "base": collection.settings.base,
        "statements": len(collection.store),
        "classes": {str(row[0]): _number(row[1]) for row in _rows(collection, catalogue, "system/statistics")},
        "versions": versions,
        "licences": licences,
        "files": {
            file: {"sha256": _digest(content), "bytes": len(content)} for file, content in sorted(contents.items())
        },
    }


def _rows(collection: Collection, catalogue: Catalogue, name: str) -> Table:
    answer = collection.store.query(catalogue.get(name).bind({}))
    assert isinstance(answer, Table)  # noqa: S101 - the tool's own queries are SELECT queries, tested as such
    return answer


def _number(term: Term | None) -> int:
    return int(term.value) if isinstance(term, Literal) else 0


def _facts(collection: Collection, catalogue: Catalogue) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the versions and the licences that things state of themselves."""
    versions: dict[str, list[str]] = {}
    licences: dict[str, list[str]] = {}
    for thing, prop, value in _rows(collection, catalogue, "system/facts"):
        found = licences if isinstance(prop, Iri) and prop.code == "license" else versions
        found.setdefault(str(thing), []).append(value.value if isinstance(value, Literal) else str(value))
    return versions, licences


def _void(collection: Collection, catalogue: Catalogue) -> bytes:
    """Return the description of the data sets as VoID, the same bytes for the same graph."""
    datasets = [quad.subject for quad in collection.store.match(predicate=RDF_TYPE, value=_DATASET)]
    dataset = min(
        (each for each in datasets if isinstance(each, Iri)), default=Iri(collection.settings.base + "dataset")
    )
    answer = collection.store.query(catalogue.get("publish/void").bind({"dataset": Bound(iri_rows([dataset]))}))
    triples = answer if isinstance(answer, Triples) else ()
    return write_trig((Quad(*triple) for triple in triples), collection.prefixes).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _described(path: Path) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return {"sha256": digest.hexdigest(), "bytes": size}


def _differences(path: Path, name: str, said: Any) -> list[str]:
    try:
        found = _described(path)
    except OSError as error:
        return [f"{name}: {error.strerror}"]
    if found["bytes"] != said["bytes"]:
        return [f"{name}: has {found['bytes']} bytes instead of {said['bytes']}"]
    return [] if found == said else [f"{name}: its content was changed"]


def _sync(folder: Path) -> None:
    """Ask the system to write a folder's files and names to the disk."""
    for path in (*(path for path in folder.rglob("*") if path.is_file()), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
