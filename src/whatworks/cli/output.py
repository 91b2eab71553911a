"""Where answers go: the terminal, a pipe, or a file that is whole or not there."""

import errno
import os
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from threading import Timer
    from typing import IO, Any, TextIO, TypeVar

    from whatworks.codebook import Codebook
    from whatworks.errors import Error
    from whatworks.kg import KnowledgeGraph
    from whatworks.results import Answer, Table
    from whatworks.terms import Iri

    T = TypeVar("T")


class Named(click.Path):
    """A path; an empty one, which would be the current folder, and one of a folder where a file is wanted are none."""

    def __init__(self, **allowed: bool) -> None:
        super().__init__(path_type=Path, **allowed)

    def convert(self, value: "Any", param: click.Parameter | None, ctx: click.Context | None) -> "Any":
        """Return the path."""
        if not str(value):
            self.fail("The name is empty.", param, ctx)
        if not self.dir_okay and str(value).endswith(_SEPARATORS):
            self.fail(f"{str(value)!r} is the name of a folder; write the name of a file.", param, ctx)
        if not self.file_okay and Path(value).exists() and not Path(value).is_dir():
            self.fail(f"{str(value)!r} is no folder.", param, ctx)
        return super().convert(value, param, ctx)


_SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))
output_option = click.option(
    "--output",
    "-o",
    type=Named(dir_okay=False),
    help="Write to this file instead of the terminal; folders that are missing are made.",
)
_LONG = 60.0  # seconds after which a step is said where nobody may be watching
_WRITING = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EBADF)


def emit(content: bytes, output: Path | None, beside: "dict[Path, bytes] | None" = None) -> None:
    """Write bytes to a file, whole, or to standard output; where that is closed, to nowhere.

    Args:
        content: The bytes.
        output: The file, or None for standard output.
        beside: Files that are written with that file, or not at all.
    """
    if output is None:
        if sys.stdout is not None:
            sys.stdout.buffer.write(content)
            sys.stdout.flush()
        return
    from whatworks.assets import write_files  # noqa: PLC0415 - lazy on purpose

    written = {output: content, **(beside or {})}
    write_files(written)
    for file, bytes_ in written.items():
        click.echo(f"Wrote {file} ({len(bytes_)} bytes).", err=True)


def nearby(path: Path) -> Path:
    """Return a path as it is written from the current folder, if it lies below that; else as it is."""
    with suppress(OSError, ValueError):  # the current folder is gone, or the path is elsewhere
        return path.resolve().relative_to(Path.cwd().resolve())
    return path


class Steps:
    """Says on standard error what a command is doing: on a terminal each step, elsewhere one that takes long."""

    def __init__(self) -> None:
        self._waiting: Timer | None = None

    def __enter__(self) -> "Steps":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def __call__(self, step: str) -> None:
        """Begin a step."""
        from threading import Timer  # noqa: PLC0415 - lazy on purpose

        self._end()
        if sys.stderr is not None and sys.stderr.isatty():
            click.echo(f"{step} …", err=True)
            return
        self._waiting = Timer(_LONG, click.echo, [f"{step} …"], {"err": True})
        self._waiting.daemon = True
        self._waiting.start()

    def _end(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()


class Progress:
    """Says on standard error every ten seconds how far something is, which counts nodes or something else."""

    def __init__(self, what: str = "nodes") -> None:
        self._what = what
        self._last = time.monotonic()

    def __call__(self, done: int, every: int) -> None:
        """Take in how much is done."""
        now = time.monotonic()
        if now - self._last >= 10 and done < every:
            self._last = now
            click.echo(f"  {done:,} of {every:,} {self._what}", err=True)


@contextmanager
def heard() -> "Iterator[None]":
    """Let Ctrl-C raise KeyboardInterrupt, unless it is ignored; otherwise it ends the process at once."""
    import signal  # noqa: PLC0415 - lazy on purpose

    before = signal.getsignal(signal.SIGINT)
    if before != signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def interruptible(call: "Callable[[], T]", undo: "Callable[[], None]" = lambda: None) -> "T":
    """Return what a call returns; Ctrl-C undoes what it began and ends the process.

    The engine cannot be interrupted, so the call has a thread of its own, which ends with the process.
    """
    from concurrent.futures import ThreadPoolExecutor, wait  # noqa: PLC0415 - lazy on purpose

    with heard():
        try:
            future = ThreadPoolExecutor(1).submit(call)
            while not future.done():
                wait([future], 0.2)  # without an end, Windows would not hear Ctrl-C
            return future.result()
        except KeyboardInterrupt:
            from whatworks.scratch import abandon  # noqa: PLC0415 - lazy on purpose

            undo()
            abandon()
            click.echo("Stopped; nothing half-written is left.", err=True)
            os._exit(130)


def emit_answer(
    kg: "KnowledgeGraph",
    answer: "Answer",
    format: str | None,
    output: Path | None,
    limit: int | None,
    nothing: str = "nothing fits",
) -> None:
    """Write an answer in a format; without one, that of the file's ending, else a table, CSV in a pipe, or Turtle.

    A CSV or TSV file gets its codebook in a file beside it. That there are no rows is said on standard error, with
    the reason `nothing`.
    """
    from whatworks.formats import by_ending, by_name  # noqa: PLC0415 - lazy on purpose
    from whatworks.results import Boolean, Table, Triples  # noqa: PLC0415 - lazy on purpose

    on_terminal = output is None and sys.stdout is not None and sys.stdout.isatty()
    if format is None and output is not None:
        format = by_ending(output.name, rows=not isinstance(answer, Triples))
    if isinstance(answer, Table):
        chosen = by_name(format or ("table" if on_terminal else "csv"), rows=True)
        if chosen.binary and on_terminal:
            raise click.UsageError(f"{chosen.name} is no text. Say where to: --output FILE{chosen.endings[0]}.")
        cut = answer.cut(limit)
        has_codebook = (
            chosen.name in ("csv", "tsv") and output is not None and (output.is_file() or not output.exists())
        )
        if has_codebook or cut.streams(chosen.name):
            empty = not _pour_rows(cut, chosen.name, output, has_codebook=has_codebook)
        else:
            content = write_rows(kg, cut, chosen.name, on_terminal)
            emit(content, output)
            empty = cut.is_empty(chosen.name, content)
        if cut.note or empty:
            click.echo(cut.note or f"No rows: {nothing}.", err=True)
    elif isinstance(answer, Boolean):
        emit(answer.write(by_name(format or "table", rows=True).name), output)
        if not answer.value:
            raise click.exceptions.Exit(1)
    else:
        name = by_name(format or "turtle", rows=False).name
        first, counts = answer.cut(limit), list[int]()
        pour(lambda file: counts.append(kg.exporter.pour_triples(first, name, file)), output)
        if first.note or not counts[0]:
            click.echo(first.note or f"No statements: {nothing}.", err=True)


def pour(write: "Callable[[IO[bytes]], object]", output: Path | None) -> None:
    """Let something write to a file, which is whole or not there, or to standard output."""
    if output is not None:
        _pour_files({output: write})
    elif sys.stdout is None:
        with Path(os.devnull).open("wb") as nowhere:
            write(nowhere)
    else:
        write(sys.stdout.buffer)
        sys.stdout.flush()


def _pour_files(contents: "Mapping[Path, Callable[[IO[bytes]], object]]") -> None:
    from whatworks.assets import write_files  # noqa: PLC0415 - lazy on purpose

    write_files(contents)
    for file in contents:
        click.echo(f"Wrote {file} ({file.stat().st_size} bytes).", err=True)


def _pour_rows(table: "Table", name: str, output: Path | None, *, has_codebook: bool) -> int:
    """Write rows as they come, to a file with its codebook beside it, and return how many came."""
    poured: list[tuple[int, Codebook | None]] = []

    def write(file: "IO[bytes]") -> None:
        poured.append(table.pour(name, file.write, codebook=has_codebook))

    def explain(file: "IO[bytes]") -> None:
        if output is not None and (codebook := poured[0][1]) is not None:
            file.write(codebook.csvw(output.name))

    if output is not None and has_codebook:
        _pour_files({output: write, output.with_name(f"{output.name}-metadata.json"): explain})
    else:
        pour(write, output)
    return poured[0][0]


def write_rows(kg: "KnowledgeGraph", table: "Table", name: str, on_terminal: bool) -> bytes:
    """Return a table in a row format; for people, IRIs are short and a row fits the terminal."""

    def short(iri: "Iri") -> str:
        return kg.prefixes.shorten(iri) or iri

    width = _terminal_width() if on_terminal else None
    return table.write(name, short=short, width=width)


def system_fault(error: OSError) -> "Error":
    """Return what the system refused as an error for people."""
    from whatworks.errors import MissingFile, Unwritable  # noqa: PLC0415 - lazy on purpose

    if error.errno in _WRITING:
        name = error.filename or "Standard output"
        return Unwritable(
            f"{name} cannot be written: {error.strerror}.", hint="Check where it leads, and the space on the disk."
        )
    name = error.filename or ("The current folder" if isinstance(error, FileNotFoundError) else "A file or folder")
    return MissingFile(f"{name} cannot be read: {error.strerror}.", hint="Check the name and the rights.")


def silence(*streams: "TextIO | None") -> None:
    """Let what is still to be written go nowhere, or the interpreter would fail once more when it ends."""
    for stream in streams:
        if stream is not None:
            with suppress(OSError, ValueError):  # a stream of a test has no number
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _terminal_width() -> int:
    from shutil import get_terminal_size  # noqa: PLC0415 - lazy on purpose

    return get_terminal_size().columns
