"""Finds the ontology, the queries and the data: in a project, in the installed package, or in a checkout.

Readers take bytes and a logical name (`ontology/shapes/link.ttl`), never paths, because an installed package may be
a zip file. The model and its queries come with the package and a project adds to them; the data is the project's own
where there is a project, else the shipped collection.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, TypeAlias, cast

from whatworks.errors import LinkRefused, MissingFile, Place, Unwritable

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

Writing: TypeAlias = Callable[[IO[bytes]], object]

SETTINGS_FILE = "whatworks.toml"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its logical name with forward slashes, its content on request, and whether the project holds it."""

    name: str
    source: "Traversable"
    own: bool = False

    def read(self) -> bytes:
        """Return the content.

        Raises:
            MissingFile: The file cannot be read.
        """
        try:
            return self.source.read_bytes()
        except OSError as error:
            raise MissingFile(f"The file cannot be read: {error.strerror}.", where=Place(self.name)) from error

    def open(self) -> BinaryIO:
        """Open the file to read it in parts.

        Raises:
            MissingFile: The file cannot be read.
        """
        try:
            return cast("BinaryIO", self.source.open("rb"))
        except OSError as error:
            raise MissingFile(f"The file cannot be read: {error.strerror}.", where=Place(self.name)) from error

    @property
    def size(self) -> int:
        """The number of bytes; 0 where the file is in an archive, which is never large."""
        return self.source.stat().st_size if isinstance(self.source, Path) else 0


class Assets:
    """The files of the shipped package and, where there is one, of a project."""

    def __init__(self, shipped: "Traversable", project: Path | None = None) -> None:
        self.shipped = shipped
        self.project = project
        # A checkout that is opened as a project adds nothing to itself.
        is_same = isinstance(shipped, Path) and project is not None and shipped.is_dir() and shipped.samefile(project)
        self._added = None if is_same else project

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
        package = _package()
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
        return [*self._below("ontology", self.shipped), *self._below("ontology", self._added)]

    def queries(self) -> list[Asset]:
        """Return the stored queries and rules: the package's, then the project's."""
        return [*self._below("queries", self.shipped), *self._below("queries", self._added)]

    def data(self) -> list[Asset]:
        """Return the data files: the project's, or the shipped collection's where there is no project."""
        return list(self._below("data", self.project or self.shipped))

    def sources(self) -> list[Asset]:
        """Return the files that the graph is made from."""
        return [*self.ontology(), *(asset for asset in self.data() if not asset.name.startswith("data/sources/"))]

    def pages(self) -> list[Asset]:
        """Return the project's own files for pages: templates, styles and pictures."""
        return list(self._below("pages", self.project))

    def errors(self) -> Asset:
        """Return the page on errors, with a section for each code."""
        return Asset("docs/errors.md", self.shipped / "docs" / "errors.md")

    @staticmethod
    def program() -> list[Asset]:
        """Return the files of the program itself."""
        return [asset for asset in _walk("program", _package()) if asset.name.endswith(".py")]

    def stamp(self) -> tuple[tuple[str, int, int], ...]:
        """Return a quick mark of the files of model and data: it differs when one came, went or was touched."""
        marks = []
        for asset in self.sources():
            stat = asset.source.stat() if isinstance(asset.source, Path) else None
            marks.append((asset.name, stat.st_size if stat else 0, stat.st_mtime_ns if stat else 0))
        return tuple(marks)

    def data_folder(self) -> Path | None:
        """Return the folder that an import may write to, or None for an installed package."""
        if self.project is not None:
            return self.project / "data"
        if isinstance(self.shipped, Path) and (self.shipped / "pyproject.toml").is_file():
            return self.shipped / "data"
        return None

    def data_folder_to_change(self) -> Path:
        """Return the same folder, to write into.

        Raises:
            Unwritable: There is none.
        """
        folder = self.data_folder()
        if folder is None:
            raise Unwritable(
                "The collection that came with the package cannot be changed.",
                hint="Begin a collection of your own with: whatworks new DIR",
            )
        return folder

    def releases_folder(self) -> Path | None:
        """Return the folder of the releases, whether it is there or not, or None for an installed package."""
        data = self.data_folder()
        return data.with_name("releases") if data is not None else None

    @staticmethod
    def starter() -> list[Asset]:
        """Return the files that a new project begins with; their names have no folder before them."""
        return list(_walk("", _package() / "starter"))

    def _below(self, folder: str, root: "Traversable | None") -> Iterator[Asset]:
        if root is None:
            return
        start, project = root / folder, self.project if root is self.project else None
        if project is not None and (project / folder).is_symlink():
            _check_link(folder, project / folder, project)
        try:
            is_there = start.is_dir()
        except OSError as error:
            raise _unreadable(folder, error) from error
        if is_there:
            yield from _walk(folder, start, project)


def _package() -> "Traversable":
    """Return the folder of the package, which may lie in a zip file."""
    folder = Path(__file__).parent
    if folder.is_dir():
        return folder
    from importlib.resources import files  # noqa: PLC0415 - takes longer than to read the files

    return files("whatworks")


def _walk(name: str, folder: "Traversable", project: Path | None = None) -> Iterator[Asset]:
    """Yield the files below a folder, in the order of their names.

    Below a project, a link must lead to a file of the project: what lies elsewhere is not the project's to publish, and
    folders that contain each other have no end.
    """
    entries: Sequence[os.DirEntry[str] | Traversable]
    try:
        # The system says along with the names what is a folder, a file or a link; a path made from an entry takes
        # five times as long as one that its folder gives.
        entries = list(os.scandir(folder)) if isinstance(folder, Path) else list(folder.iterdir())
        paths = {path.name: path for path in folder.iterdir()} if isinstance(folder, Path) else {}
    except OSError as error:
        raise _unreadable(name, error) from error
    for entry in sorted(entries, key=lambda entry: entry.name):
        if entry.name.startswith((".", "~")) or entry.name == "__pycache__":
            continue
        inner = f"{name}/{entry.name}" if name else entry.name
        source = (paths.get(entry.name) or Path(entry)) if isinstance(entry, os.DirEntry) else entry
        if _is_folder(inner, entry, project):
            yield from _walk(inner, source, project)
        else:
            yield Asset(inner, source, own=project is not None)


def _is_folder(name: str, entry: "os.DirEntry[str] | Traversable", project: Path | None) -> bool:
    try:
        if project is not None and isinstance(entry, os.DirEntry) and entry.is_symlink():
            _check_link(name, Path(entry), project)
        if entry.is_dir():
            return True
        if entry.is_file():
            return False
    except OSError as error:
        raise _unreadable(name, error) from error
    raise MissingFile(
        "Here is neither a file nor a folder.", hint="Remove the pipe, device or broken link.", where=Place(name)
    )


def _check_link(name: str, path: Path, project: Path) -> None:
    try:
        target = Path(os.path.realpath(path, strict=True))
    except OSError as error:
        raise LinkRefused(
            f"The link leads nowhere: {error.strerror}.", hint="Remove it, or mend what it leads to.", where=Place(name)
        ) from error
    if not target.is_relative_to(project.resolve()):
        raise LinkRefused("The link leads out of the project.", hint="Put what it leads to there.", where=Place(name))
    if target.is_dir():
        raise LinkRefused("The link leads to a folder, which is not followed.", hint="Link files.", where=Place(name))


def _unreadable(name: str, error: OSError) -> MissingFile:
    return MissingFile(f"The file or folder cannot be read: {error.strerror}.", where=Place(name))


def current_folder() -> Path:
    """Return the current folder.

    Raises:
        MissingFile: It was removed, or may not be read.
    """
    try:
        return Path.cwd()
    except OSError as error:
        raise MissingFile(
            f"The current folder cannot be read: {error.strerror}.",
            hint="Go to a folder that exists, or say which project is meant: --project DIR, KnowledgeGraph.open(DIR).",
        ) from error


def find_project(start: Path) -> Path | None:
    """Return the nearest folder, from `start` upwards, that holds the settings file."""
    for folder in (start, *start.parents):
        if (folder / SETTINGS_FILE).is_file():
            return folder
    return None


def write_files(contents: Mapping[Path, bytes | Writing]) -> None:
    """Write files so that each is whole or as before: all are written beside, synced, then renamed.

    A link stays, and the file that it leads to is written. What is there and no file, such as a pipe or a device, is
    written as it is, before the others are renamed.

    Args:
        contents: What each file holds: bytes, or what writes them; what writes is called in this order.

    Raises:
        Unwritable: A folder or file cannot be written; no file was changed unless the last step, renaming, failed.
    """
    from tempfile import NamedTemporaryFile  # noqa: PLC0415 - costs 10 ms and is needed for writing only

    staged: list[tuple[Path, Path, Path]] = []
    direct: list[tuple[Path, bytes | Writing]] = []
    made: list[Path] = []
    path = Path()
    try:
        for path, content in contents.items():
            mode = _mode_of(path)
            if mode is not None and not stat.S_ISREG(mode):
                direct.append((path, content))
                continue
            target = path.resolve()
            _make_folder(target.parent, made)
            with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
                staged.append((Path(file.name), path, target))
                _write(file, content)
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).chmod(0o644 if mode is None else mode)
        for path, content in direct:
            with path.open("wb") as device:
                _write(device, content)
        for beside, path, target in staged:  # noqa: B007 - the error names it
            beside.replace(target)
        made.clear()
    except OSError as error:
        raise Unwritable(
            f"{path} cannot be written: {error.strerror}.",
            hint="Check the rights of the folder and the space on the disk, or choose another place.",
        ) from error
    finally:
        for beside, _, _ in staged:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
        for folder in reversed(made):
            with suppress(OSError):
                folder.rmdir()


def _write(file: IO[bytes], content: bytes | Writing) -> None:
    if isinstance(content, bytes):
        file.write(content)
    else:
        content(file)


def _mode_of(path: Path) -> int | None:
    """Return the kind and rights of what is there, a link followed; None where nothing is."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return mode


def _make_folder(folder: Path, made: list[Path]) -> None:
    if not folder.exists():
        _make_folder(folder.parent, made)
        folder.mkdir(exist_ok=True)
        made.append(folder)
