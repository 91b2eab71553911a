"""Workbooks to review in, as `import` takes them, and copies of workbooks in which problems are marked."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from whatworks.cli.output import emit

if TYPE_CHECKING:
    from whatworks.kg import KnowledgeGraph
    from whatworks.tally import Problem


def review(kg: "KnowledgeGraph", files: Sequence[Path], by: str, marked: Path | None, *, dry_run: bool) -> bool:
    """Note what was decided in a workbook to review in; say whether that is what was given.

    Args:
        kg: The collection.
        files: The files that are imported.
        by: Who decided.
        marked: Where a copy goes in which problems are marked; None for nowhere.
        dry_run: Whether it is only said.

    Raises:
        ImportRefused: Something cannot be followed; nothing was noted.
    """
    from whatworks.ingest import Batch  # noqa: PLC0415 - lazy on purpose
    from whatworks.ingest.batch import content_of  # noqa: PLC0415 - lazy on purpose
    from whatworks.linking.sheet import is_review  # noqa: PLC0415 - lazy on purpose

    contents = {file: content_of(file) for file in files if file.suffix.lower() == ".xlsx"}
    found = [file for file, data in contents.items() if is_review(data, file.name)]
    if not found:
        return False
    if len(files) > 1:
        raise click.UsageError(f"{found[0].name} holds decisions: import it alone.")
    (file,) = found
    data = contents[file]
    if not dry_run and not by.strip():
        raise click.UsageError("A decision needs a name: add --by NAME, or set WHATWORKS_REVIEWER.")
    verdicts, problems = kg.review(data, file.name, by=by, write=not dry_run)
    if problems and marked is not None:
        write_marked(problems, file, marked)
    batch = Batch()
    batch.tally.problems += problems
    batch.check()
    for each in verdicts:
        click.echo(f"{each.status:<9} {each.names[0]} and {each.names[1]}")
    after = "Nothing was written." if dry_run else "Take them up with: whatworks link"
    click.echo(f"{len(verdicts)} {'decision' if len(verdicts) == 1 else 'decisions'}. {after}")
    return True


def write_marked(problems: "Sequence[Problem]", file: Path, marked: Path) -> None:
    """Write a copy of a workbook in which the cells of problems are marked."""
    from whatworks.workbook import Mark, mark  # noqa: PLC0415 - lazy on purpose

    marks = [Mark(each.where.sheet, each.where.cell, each.sentence) for each in problems]
    emit(mark(file.read_bytes(), marks), marked)
