"""What a knowledge graph can be asked about bringing records in."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whatworks.assets import Assets
from whatworks.catalogue import Catalogue
from whatworks.circles import without_circles
from whatworks.collection import Collection
from whatworks.errors import Place
from whatworks.formats import READABLE_ENDINGS
from whatworks.settings import Settings
from whatworks.terms import Iri

if TYPE_CHECKING:
    from whatworks.checks import Report
    from whatworks.differences import Difference
    from whatworks.ingest import Batch, Change
    from whatworks.jsonld import Documents
    from whatworks.release import Release
    from whatworks.sheets import Template


# Of so many changed files it is looked at what they break in other things; of more, `whatworks check` tells it.
_LOOKED_BESIDE = 200
_RDF = READABLE_ENDINGS


class Importing(ABC):
    """The part of a knowledge graph that takes records in, and makes the workbooks that they come in."""

    assets: Assets
    settings: Settings

    @property
    @abstractmethod
    def catalogue(self) -> Catalogue:
        """The stored queries."""

    @property
    @abstractmethod
    def release(self) -> "Release | None":
        """The release that is read, if one is."""

    @property
    @abstractmethod
    def documents(self) -> "Documents":
        """Writes JSON-LD."""

    @abstractmethod
    def check(self, files: Sequence[Path] = (), profile: str = "curation", **how: Any) -> "Report":
        """Check the collection with the shapes, or files."""

    @cached_property
    def written(self) -> Collection:
        """What the files say, without what follows from it."""
        return Collection.open(self.assets, self.settings, infer=False)

    def template(self, names: Sequence[str] | None = None) -> "Template":
        """Return the workbook for curators.

        Args:
            names: The things that it is filled with, by key or name; all where there are none; None for an empty one.

        Raises:
            UnknownThing: Nothing has such a name.
        """
        from whatworks.sheets import make_template  # noqa: PLC0415 - needed by one command only

        release = self.release
        with without_circles():
            return make_template(self.written, self.catalogue, names, release.name if release is not None else "")

    def read(self, files: Sequence[Path], mapping: Path | None = None, encoding: str = "") -> "Batch":
        """Read records to bring in; nothing is written.

        Args:
            files: Workbooks, tables, lines of JSON, or RDF.
            mapping: How records become statements; without it, that beside each file of lines of JSON.
            encoding: How tables as text are encoded, where it is not seen rightly.

        Raises:
            InputError: A file cannot be read at all. What is wrong with single values is in the batch's tally.
        """
        from whatworks.ingest import read_batch  # noqa: PLC0415 - needed by one command only
        from whatworks.lookup import Lookup  # noqa: PLC0415 - the same

        lookup = Lookup(self.written, self.catalogue)
        contexts = self.documents.contexts
        with without_circles():
            return read_batch(files, self.written, lookup, mapping=mapping, contexts=contexts, encoding=encoding)

    def suggest(self, file: Path, encoding: str = "") -> str:
        """Return a mapping, as YAML, that is proposed for a table from its headings and values.

        Raises:
            InputError: The table cannot be read.
        """
        from whatworks.ingest.batch import content_of  # noqa: PLC0415 - needed by one command only
        from whatworks.ingest.suggest import suggest_mapping  # noqa: PLC0415 - the same
        from whatworks.lookup import Lookup  # noqa: PLC0415 - the same

        lookup = Lookup(self.written, self.catalogue)
        return suggest_mapping(content_of(file), file.name, self.written, lookup, encoding)

    def check_batch(
        self,
        batch: "Batch",
        folder: Path,
        files: Sequence[Path] = (),
        progress: Callable[[int, int], None] = lambda _, __: None,
    ) -> None:
        """Check what sheets or RDF would change with the core profile; what is found counts as a problem of its place.

        Where there are problems already, what could be read is checked, and what only follows from them is not told.

        Args:
            batch: What was read.
            folder: The data folder.
            files: The files that it was read from; in those of RDF the lines of things are looked for.
            progress: Is told how many nodes of how many are checked.
        """
        from whatworks.checks import lines_of  # noqa: PLC0415 - pyshacl costs half a second to import
        from whatworks.scratch import Scratch  # noqa: PLC0415 - needed by one command only
        from whatworks.sheets import Asked  # noqa: PLC0415 - the same
        from whatworks.tally import Problem  # noqa: PLC0415 - the same

        scratch = Scratch()
        try:
            written = []
            for name, content in batch.differing(folder).items():
                file = scratch.folder / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
                written.append(file)
            beside = len(written) <= _LOOKED_BESIDE
            how = {"beside": beside, "read": self.written, "progress": progress}
            findings = self.check(written, "core", **how).findings if written else []
            findings = [finding for finding in findings if finding.severity == "violation"]
            lines = lines_of(findings, [file for file in files if file.suffix in _RDF], self.settings.base)
            for finding in findings:
                asked = Asked(finding.record, finding.part, finding.rule, finding.found)
                if batch.tracer is not None and batch.tracer.follows(asked):
                    continue
                name = finding.file.removeprefix("data/")
                if Path(name).is_relative_to(scratch.folder):
                    name = Path(name).relative_to(scratch.folder).as_posix()
                traced = batch.tracer.trace(asked) if batch.tracer is not None else None
                where = traced.where if traced else lines.get(finding) or Place(f"data/{name}", finding.line)
                field = traced.field if traced else finding.field
                record = f"{Iri(finding.record).code} {finding.part}".rstrip()
                message = f"{finding.field}: found {finding.found}."
                problem = Problem(
                    where, record, field, finding.found, message, finding.advice, finding.rule, finding.expected
                )
                batch.tally.problems.append(problem)
            batch.tally.sort()
        finally:
            scratch.close()

    def differences(self, batch: "Batch", changes: "Sequence[Change]", folder: Path) -> "dict[str, list[Difference]]":
        """Return what an import would change, field by field, by the data file."""
        from whatworks.ingest.differences import Differences  # noqa: PLC0415 - needed by one command only

        return Differences(self.written, batch, folder).of(changes)
