"""Makes a project: a folder with settings, an extension of the model, records, questions and a test of its own."""

import errno
import os
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from whatworks.assets import Assets, write_files
from whatworks.errors import InvalidValue, Unwritable
from whatworks.kg import KnowledgeGraph
from whatworks.terms import is_iri

PLACEHOLDER = "https://project.example/"
_SOURCE = Path("data", "sources", "interventions.jsonl")


def new_project(folder: Path, base: str = PLACEHOLDER) -> list[str]:
    """Write a project that checks, answers and builds at once; return the names of its files.

    Args:
        folder: Where to; it does not exist yet, or is empty.
        base: The IRI below which the things of the collection get theirs; ends with a slash.

    Raises:
        InvalidValue: The base is no such IRI.
        Unwritable: The folder holds something, or cannot be written.
    """
    if not (is_iri(base) and base.startswith(("https://", "http://")) and base.endswith("/")):
        raise InvalidValue(
            f"{base!r} is no base for IRIs.",
            hint="Give an address of yours that ends with a slash, such as https://measures.example/.",
        )
    target = folder.absolute()
    if os.path.lexists(target) and not (target.is_dir() and not any(target.iterdir())):
        raise Unwritable(f"{folder} is there already and is not empty.", hint="Choose a new name.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            _fill(beside, base)
            beside.chmod(0o755)
            if target.exists():
                target.rmdir()
            beside.rename(target)
        finally:
            rmtree(beside, ignore_errors=True)
    except OSError as error:
        reason = "it was filled meanwhile" if error.errno == errno.ENOTEMPTY else error.strerror
        raise Unwritable(
            f"{folder} cannot be written: {reason}.", hint="Check the rights and the space on the disk."
        ) from error
    return sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())


def _fill(folder: Path, base: str) -> None:
    """Write the files of the starter and import its records, as its curator would."""
    contents = {
        folder / asset.name: asset.read().replace(PLACEHOLDER.encode(), base.encode()) for asset in Assets.starter()
    }
    write_files({**contents, folder / ".gitignore": b"releases/\n"})
    kg = KnowledgeGraph.open(folder)
    batch = kg.read([folder / _SOURCE])
    batch.check()
    write_files({folder / "data" / name: content for name, content in batch.contents.items()})
