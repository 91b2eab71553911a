"""Finds the ontology, the queries and the data: in a project, in the installed package, or in a checkout.

Readers take bytes and a logical name (`ontology/shapes/link.ttl`), never paths, because an installed package may be
a zip file. The model and its queries come with the package and a project adds to them; the data is the project's own
where there is a project, else the shipped collection.
"""

import errno
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from whatworks.errors import MissingFile, Place, Unwritable

SETTINGS_FILE = "whatworks.toml"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its logical name with forward slashes, and its content on request."""

    name: str
    source: Traversable

    def read(self) -> bytes:
        """Return the content.

        Raises:
            MissingFile: The file cannot be read.
        """
        try:
            return self.source.read_bytes()
        except OSError as error:
            raise MissingFile(f"The file cannot be read: {error.strerror}.", where=Place(self.name)) from error


class Assets:
    """The files of the shipped package and, where there is one, of a project."""

    def __init__(self, shipped: Traversable, project: Path | None = None) -> None:
        self.shipped = shipped
        self.project = project

    @classmethod
    def find(cls, project: Path | None = None) -> "Assets":
        """Return the assets, with the package's own found in the installation or the checkout.

        Raises:
            MissingFile: The package was installed without its files, or the project folder does not exist.
        """
        if project is not None and not project.is_dir():
            raise MissingFile(
                f"There is no project folder {project}.",
                hint=f"Give a folder that holds {SETTINGS_FILE} or data/.",
            )
        package = files("whatworks")
        installed = package / "_assets"
        if installed.is_dir():
            return cls(installed, project)
        checkout = Path(str(package)).parent.parent
        if (checkout / "pyproject.toml").is_file() and (checkout / "ontology").is_dir():
            return cls(checkout, project)
        raise MissingFile(
            "The ontology, queries and data of whatworks are not where they were installed.",
            hint="Install the package again.",
        )

    def ontology(self) -> list[Asset]:
        """Return the files of the model: the package's, then the project's additions."""
        return [*self._below("ontology", self.shipped), *self._below("ontology", self.project)]

    def queries(self) -> list[Asset]:
        """Return the stored queries and rules: the package's, then the project's."""
        return [*self._below("queries", self.shipped), *self._below("queries", self.project)]

    def data(self) -> list[Asset]:
        """Return the data files: the project's, or the shipped collection's where there is no project."""
        return list(self._below("data", self.project or self.shipped))

    def data_folder(self) -> Path | None:
        """Return the folder that an import may write to, or None for an installed package."""
        if self.project is not None:
            return self.project / "data"
        if isinstance(self.shipped, Path) and (self.shipped / "pyproject.toml").is_file():
            return self.shipped / "data"
        return None

    @staticmethod
    def _below(folder: str, root: Traversable | None) -> Iterator[Asset]:
        if root is not None and (start := root / folder).is_dir():
            yield from _walk(folder, start)


def _walk(name: str, folder: Traversable) -> Iterator[Asset]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith((".", "~")):
            continue
        if entry.is_dir():
            yield from _walk(f"{name}/{entry.name}", entry)
        else:
            yield Asset(f"{name}/{entry.name}", entry)


def find_project(start: Path) -> Path | None:
    """Return the nearest folder, from `start` upwards, that holds the settings file."""
    for folder in (start, *start.parents):
        if (folder / SETTINGS_FILE).is_file():
            return folder
    return None


def write_files(contents: Mapping[Path, bytes]) -> None:
    """Write files so that each is whole or as before: all are written beside, synced, then renamed.

    Raises:
        Unwritable: A folder or file cannot be written; no file was changed unless the last step, renaming, failed.
    """
    from tempfile import NamedTemporaryFile  # noqa: PLC0415 - costs 10 ms and is needed for writing only

    staged: list[tuple[Path, Path]] = []
    path = Path()
    try:
        for path, content in contents.items():
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            path.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
                staged.append((Path(file.name), path))
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).chmod(path.stat().st_mode if path.exists() else 0o644)
        for beside, path in staged:
            beside.replace(path)
    except OSError as error:
        raise Unwritable(
            f"{path} cannot be written: {error.strerror}.",
            hint="Check the rights of the folder and the space on the disk, or choose another place.",
        ) from error
    finally:
        for beside, _ in staged:
            beside.unlink(missing_ok=True)
