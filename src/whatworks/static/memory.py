"""What a site of before was made of, kept in the cache: which files each job made, and what it read.

It can be thrown away at any time; then all is made anew. It counts only for the very site that it was written with, as
long as program, settings, queries and model are the same, and while the release of then is still there to compare with.
"""

import json
from array import array
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from whatworks.differences.lines import Unshared
from whatworks.errors import SyntaxFault
from whatworks.kg import KnowledgeGraph
from whatworks.namespaces import MODEL, OWL, RDFS, SH, SKOS
from whatworks.pages.brand import brand_of
from whatworks.publish.edition import Edition
from whatworks.reads import Doubt, Question, changed
from whatworks.static.folder import LIST
from whatworks.store import parse
from whatworks.terms import BlankNode, Iri, Quad

# What is said with these is said of terms, which are on every page.
_OF_TERMS = (SKOS, RDFS, SH, OWL + "version")
_MOST = 20_000  # statements that came or went; with more, to look what they touch takes longer than to make all
_NUMBERS = "Q"


class Trace(NamedTuple):
    """What a job made and read.

    Attributes:
        job: Its name.
        files: The paths of its files.
        keys: What it looked for.
        asked: Its questions with the checksums of their answers.
    """

    job: str
    files: list[str]
    keys: list[int]
    asked: list[tuple[Question, str]]


def mark(kg: KnowledgeGraph, *wishes: object) -> str:
    """Return a mark of what pages are made from beside the statements: program, settings, queries, what is wished."""
    found = sha256(f"{kg.settings}\0{wishes}\0{brand_of(kg.assets, kg.settings).mark}".encode())
    package = Path(str(files("whatworks")))
    for path in sorted(package.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            stat = path.stat()
            found.update(f"{path.relative_to(package)}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode())
    for asset in (*kg.assets.ontology(), *kg.assets.queries()):
        found.update(f"{asset.name}\0".encode() + asset.read())
    return found.hexdigest()


class Memory:
    """The memory of one site.

    Args:
        cache: The folder for what can be made again; None for no memory.
        folder: Where the site is.
        mark: What it is made from beside the statements.
    """

    def __init__(self, cache: Path | None, folder: Path, mark: str) -> None:
        name = sha256(str(folder.absolute()).encode()).hexdigest()[:16]
        self._file = cache / "sites" / name if cache is not None else None
        self._folder, self._mark = folder, mark

    def untouched(self, edition: Edition) -> dict[str, list[str]]:
        """Return the jobs whose files are as they were, with the paths of their files; none where that is not known."""
        head, keys = self._read()
        now = edition.release
        if not head or now is None:
            return {}
        # A release is named by its content, and lies beside the others.
        quads = _changes(now.folder.with_name(head["release"]) / "dump.nq", now.folder / "dump.nq")
        if quads is None or _is_of_all(edition, quads, head["about"]):
            return {}
        doubt = Doubt(edition.kg.collection.local, {quad.predicate for quad in quads}, edition.kg.prefixes)
        return dict(_kept(head, keys, changed(quads), doubt))

    def _read(self) -> tuple[dict[str, Any], "array[int]"]:
        """Return what is written down, if it is of the site that is there."""
        keys: array[int] = array(_NUMBERS)
        if self._file is None:
            return {}, keys
        with suppress(OSError, ValueError, KeyError, TypeError):
            line, _, numbers = self._file.read_bytes().partition(b"\n")
            head = json.loads(line)
            listed = sha256((self._folder / LIST).read_bytes()).hexdigest()
            if (head["list"], head["mark"], head["sum"]) == (listed, self._mark, crc32(numbers)):
                keys.frombytes(numbers)
                return head, keys
        return {}, array(_NUMBERS)

    def kept(self, jobs: Iterable[str]) -> dict[str, Trace]:
        """Return what is known of jobs that were not done again."""
        head, keys = self._read()
        wanted = set(jobs)
        questions = [
            (Question(head["texts"][text], *rest), answer) for text, *rest, answer in head.get("questions", ())
        ]
        return {
            job: Trace(job, paths, list(keys[start:end]), [questions[at] for at in asked])
            for job, (paths, start, end, asked) in head.get("jobs", {}).items()
            if job in wanted
        }

    def write(self, edition: Edition, traces: dict[str, Trace]) -> None:
        """Write down what was made; where that cannot be written, all is made anew the next time."""
        if self._file is None:
            return
        keys: array[int] = array(_NUMBERS)
        texts: dict[str, int] = {}
        questions: dict[tuple[int, int, str, str], int] = {}
        jobs = {}
        for job, trace in traces.items():
            start = len(keys)
            keys.extend(sorted(trace.keys))
            asked = []
            for (text, column, value), answer in trace.asked:
                said = (texts.setdefault(text, len(texts)), column, value, answer)
                asked.append(questions.setdefault(said, len(questions)))
            jobs[job] = (trace.files, start, len(keys), sorted(asked))
        numbers = keys.tobytes()
        listed = sha256((self._folder / LIST).read_bytes()).hexdigest()
        head = {"list": listed, "mark": self._mark, "sum": crc32(numbers), "release": edition.name}
        head |= {"about": _about(edition), "texts": list(texts), "questions": list(questions), "jobs": jobs}
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            beside = self._file.with_suffix(".new")
            beside.write_bytes(json.dumps(head).encode() + b"\n" + numbers)
            beside.replace(self._file)


def _changes(before: Path, after: Path) -> list[Quad] | None:
    """Return the statements that one of two dumps has; None where it cannot be read, or where they are too many."""
    quads: list[Quad] = []
    try:
        for lines in Unshared(before, after):
            for several in lines:
                quads += parse(b"".join(several), "nquads", name="dump.nq", base=MODEL)
            # Blank nodes have other names where others came or went.
            if len(quads) > _MOST or any(isinstance(part, BlankNode) for quad in quads for part in quad[:3]):
                return None
    except (OSError, SyntaxFault):
        return None
    return quads


def _is_of_all(edition: Edition, quads: list[Quad], before: Collection[str]) -> bool:
    """Say whether something changed that every page may show: terms, the model, or what the data set says of itself."""
    collection = edition.kg.collection
    about = {*before, *_about(edition)}
    return any(
        collection.is_model(quad.graph) or quad.predicate.startswith(_OF_TERMS) or quad.subject in about
        for quad in quads
    )


def _about(edition: Edition) -> list[str]:
    """Return the data set and what it names, of which all pages may say something."""
    said = {quad.object for quad in edition.kg.collection.store.match(edition.dataset)}
    return sorted({edition.dataset, *(str(value) for value in said if isinstance(value, Iri))})


def _kept(head: dict[str, Any], keys: "array[int]", touched: set[int], doubt: Doubt) -> Iterator[tuple[str, list[str]]]:
    questions = [(Question(head["texts"][text], *rest), answer) for text, *rest, answer in head["questions"]]
    known: dict[int, bool] = {}
    for job, (paths, start, end, asked) in head["jobs"].items():
        if not touched.isdisjoint(keys[start:end]):
            continue
        for at in asked:
            if at not in known:
                known[at] = doubt.answers(*questions[at])
        if all(known[at] for at in asked):
            yield job, paths
