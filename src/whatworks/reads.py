"""What each page and document read of a release, so that after a change only those are made again whose reads changed.

A look for statements is noted by what was looked for, a query by its text and a checksum of its answer; of an answer in
which only the rows about one thing counted, by these. What changed is told by the lines that two dumps do not share. A
false alarm costs the making of a page that comes out as it was; whatever was read is noted, so that none is missed.
"""

import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import NamedTuple, TypeAlias

from whatworks.namespaces import Prefixes
from whatworks.results import Answer, Boolean, Row, Table, Triples
from whatworks.store import EmbeddedStore
from whatworks.terms import RDF_TYPE, Iri, Node, Quad, Term


class Question(NamedTuple):
    """A query that was asked, and the column and value of the rows that counted; no column where all did."""

    text: str
    column: int = -1
    value: str = ""


Gathered: TypeAlias = tuple[set[int], set[Question]]


class Reads:
    """What is read while something is made.

    Attributes:
        keys: What was looked for, as short numbers.
        asked: What was asked.
        answers: The checksums of all answers so far, by question.
    """

    def __init__(self) -> None:
        self.keys: set[int] = set()
        self.asked: set[Question] = set()
        self.answers: dict[Question, str] = {}
        self._known: dict[tuple[str, ...], int] = {}

    def begin(self) -> Gathered:
        """Begin to gather anew; return what was gathered before."""
        before = self.keys, self.asked
        self.keys, self.asked = set(), set()
        return before

    def end(self, before: Gathered) -> Gathered:
        """Return what was gathered since, which counts for what was begun before as well."""
        found = self.keys, self.asked
        self.keys, self.asked = before
        self.again(found)
        return found

    def again(self, found: Gathered) -> None:
        """Note once more what was read for something that is kept."""
        self.keys |= found[0]
        self.asked |= found[1]

    def note(self, *words: str) -> None:
        """Note that something was looked for."""
        number = self._known.get(words)
        if number is None:
            number = self._known[words] = number_of(*words)
        self.keys.add(number)

    def answered(self, question: Question, answer: Iterable[object]) -> None:
        """Note a question and its answer."""
        self.asked.add(question)
        if question not in self.answers:
            self.answers[question] = checksum(answer)


def number_of(*words: str) -> int:
    """Return the number of what is looked for."""
    return int.from_bytes(blake2b("\0".join(words).encode(errors="surrogatepass"), digest_size=8).digest(), "big")


def checksum(answer: Iterable[object]) -> str:
    """Return a checksum of an answer."""
    return blake2b("\n".join(map(repr, answer)).encode(errors="surrogatepass"), digest_size=12).hexdigest()


class Watched(EmbeddedStore):
    """A store that notes what is read of it."""

    def __init__(self, store: EmbeddedStore) -> None:
        super().__init__(store.prefixes, engine=store.engine, folder=store.folder)
        self.reads = Reads()

    def saw(self, thing: Iri) -> None:
        """Note that what is said of a thing was read, by who has kept it."""
        self.reads.note("s", thing)

    def match(
        self,
        subject: Node | None = None,
        predicate: Iri | None = None,
        value: Term | None = None,
        graph: Iri | None = None,
    ) -> Iterator[Quad]:
        """Yield the statements that have these parts, as every store does."""
        if subject is not None:
            self.reads.note("s", str(subject))
        elif value is not None:
            self.reads.note(*(("o", str(value)) if predicate is None else ("po", predicate, str(value))))
        else:
            self.reads.note(*(("g", graph) if graph is not None else ("p", predicate or "")))
        return super().match(subject, predicate, value, graph)

    def query(self, text: str, *, standalone: bool = False) -> Answer:
        """Answer a query, as every store does."""
        answer = super().query(text, standalone=standalone)
        if isinstance(answer, Table):
            return self.noted(text, answer)
        if isinstance(answer, Triples):
            triples = list(answer)
            self.reads.answered(Question(text), triples)
            return Triples(triples)
        self.reads.answered(Question(text), [answer.value])
        return answer

    def noted(self, text: str, answer: Table) -> Table:
        """Note a question and the rows that answer it."""
        self.reads.answered(Question(text), answer.kept())
        return answer


def changed(quads: Iterable[Quad]) -> set[int]:
    """Return the numbers of all looks that find one of some statements."""
    found = {number_of("p", "")}
    for subject, predicate, value, graph in quads:
        said = str(value)
        found |= {number_of(*words) for words in (("s", str(subject)), ("o", said), ("po", predicate, said))}
        found |= {number_of("p", predicate), number_of("g", graph or "")}
    return found


class Doubt:
    """Tells which questions may be answered otherwise after a change, and asks these again.

    Args:
        store: The store as it is now.
        predicates: The properties of the statements that came or went.
        prefixes: As queries write them.
    """

    _HEAD = re.compile(
        r"(?is)\bselect\b.*?(?=\bwhere\b|\{)|\border\s+by\b[^}]*|\bgroup\s+by\b[^}]*|#[^\n]*\n|\"[^\"\n]*\""
    )
    # A variable between two terms, or after a semicolon, stands for any property.
    _ANY = re.compile(
        r"(?:[;\]>]|[?$]\w+|[\w-]*:[\w.-]*)\s+[?$]\w+\s+(?:[?$<\[(_]|[\w-]*:)|!\s*\(?\s*(?:\^?[\w-]+:|<|\^|a\b)"
    )

    def __init__(self, store: EmbeddedStore, predicates: set[Iri], prefixes: Prefixes) -> None:
        self._store = store
        self._names = [(f"<{each}>", prefixes.shorten(each) or f"<{each}>") for each in sorted(predicates)]
        self._types = RDF_TYPE in predicates
        self._rows: dict[str, list[object]] = {}
        self._groups: dict[tuple[str, int], dict[str, list[Row]]] = {}

    def concerns(self, text: str) -> bool:
        """Say whether a query reads a property of which statements came or went."""
        if any(long in text or short in text for long, short in self._names):
            return True
        body = self._HEAD.sub(" ", text)
        return bool((self._types and re.search(r"\sa\s", body)) or self._ANY.search(body))

    def answers(self, question: Question, before: str) -> bool:
        """Say whether a question is answered as before."""
        if not self.concerns(question.text):
            return True
        rows = self._answer(question.text)
        if question.column < 0:
            return checksum(rows) == before
        groups = self._groups.get((question.text, question.column))
        if groups is None:
            groups = self._groups[question.text, question.column] = grouped(rows, question.column)  # type: ignore[arg-type] # only rows have columns
        return checksum(groups.get(question.value, ())) == before

    def _answer(self, text: str) -> list[object]:
        if text not in self._rows:
            answer = self._store.query(text)
            self._rows[text] = [answer.value] if isinstance(answer, Boolean) else list(answer)
        return self._rows[text]


def grouped(rows: Iterable[Row], column: int) -> dict[str, list[Row]]:
    """Return rows by the text of a column."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        term = row[column]
        found.setdefault(str(getattr(term, "value", term)), []).append(row)
    return found
