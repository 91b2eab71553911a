"""A batch of files to bring in: read as a whole, written as a whole or not at all."""

import stat
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from whatworks.errors import ImportRefused, MissingFile, SourcesChanged
from whatworks.sheets import Tracer
from whatworks.tally import Tally

_IN_CELLS = "Mend them in the workbook; --marked FILE.xlsx writes a copy in which these cells are marked."
_IN_TABLE = "Mend them in the table, or where it has a mapping, say there what becomes of them."
_IN_SOURCE = "Mend them in the source, or say in the mapping what becomes of them."


@dataclass(frozen=True, slots=True)
class Change:
    """What would become of one data file.

    Attributes:
        kind: added, changed or unchanged.
        name: The file's name below the data folder.
        gained, lost: How many lines are new, and how many go.
    """

    kind: str
    name: str
    gained: int = 0
    lost: int = 0


@dataclass(slots=True)
class Batch:
    """What an import would write, and the account of what it read.

    Attributes:
        tally: Every value read, mapped, left out, or a problem.
        records: How many records were read.
        laid_out: What could be read as data files, by their name below the data folder.
        notes: What a person should know.
        tracer: Leads what a check finds back to the cells; None where nothing was read.
    """

    tally: Tally = field(default_factory=Tally)
    records: int = 0
    laid_out: dict[str, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    tracer: Tracer | None = None

    @property
    def contents(self) -> dict[str, bytes]:
        """The data files that it would write; none where there are problems."""
        return {} if self.tally.problems else self.laid_out

    def changes(self, folder: Path) -> list[Change]:
        """Compare with what a data folder holds."""
        found = []
        for name, content in sorted(self.contents.items()):
            path = folder / name
            before = path.read_bytes() if path.is_file() else None
            kind = "added" if before is None else "unchanged" if before == content else "changed"
            old, new = Counter((before or b"").splitlines()), Counter(content.splitlines())
            found.append(Change(kind, name, (new - old).total(), (old - new).total()))
        return found

    def differing(self, folder: Path) -> dict[str, bytes]:
        """Return what could be read as data files, as far as a data folder holds it otherwise."""
        paths = ((folder / name, name, content) for name, content in self.laid_out.items())
        return {name: content for path, name, content in paths if not path.is_file() or path.read_bytes() != content}

    def check(self) -> None:
        """Raise what stands against writing.

        Raises:
            ImportRefused: There are problems; all of them are in the message.
        """
        if self.tally.problems:
            listed = "\n".join(f"  {problem}" for problem in self.tally.problems)
            raise ImportRefused(
                f"What cannot be taken over ({len(self.tally.problems)}); nothing was written:\n{listed}",
                hint=_IN_CELLS
                if any(problem.where.sheet for problem in self.tally.problems)
                else _IN_TABLE
                if any(problem.where.cell for problem in self.tally.problems)
                else _IN_SOURCE,
            )


def content_of(path: Path) -> bytes:
    """Return what a file holds, if it is the same before and after.

    Raises:
        MissingFile: It cannot be read.
        SourcesChanged: It changed while it was read.
    """
    try:
        before = path.stat()
        data = path.read_bytes()
        after = path.stat()
    except OSError as error:
        raise MissingFile(f"{path} cannot be read: {error.strerror}.", hint="Check the name of the file.") from error
    is_file = stat.S_ISREG(before.st_mode)
    if is_file and (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, len(data)):
        raise SourcesChanged(f"{path.name} changed while it was read.", hint="Close it elsewhere, and import it again.")
    return data
