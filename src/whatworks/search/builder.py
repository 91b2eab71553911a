"""Builds the index: the things, their texts, the words in them, and what concepts and agents lead to.

One SQLite file, or memory, holds all of it; sets of things and of words are kept as `bits` packs them. Which things,
which properties with which weight, and which uses of concepts are said by the queries `queries/system/search-*.rq`.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whatworks.catalogue import Catalogue, iri_rows
from whatworks.circles import without_circles
from whatworks.errors import Unwritable
from whatworks.search.bits import packed
from whatworks.search.words import Folding, composed, grams, key_of, telling, words_of
from whatworks.store import Store
from whatworks.terms import BlankNode, Iri, Literal

if TYPE_CHECKING:
    from whatworks.columns import Columns

FORMAT = 1
_SCHEMA = """
PRAGMA page_size = 8192;
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE fact (name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;
CREATE TABLE thing (number INTEGER PRIMARY KEY, iri TEXT);
CREATE TABLE members (name TEXT PRIMARY KEY, things BLOB, stated BLOB) WITHOUT ROWID;
CREATE TABLE field (number INTEGER PRIMARY KEY, property TEXT, weight INTEGER, naming TEXT);
CREATE TABLE text (thing INTEGER, part TEXT, field INTEGER, language TEXT, text TEXT);
CREATE TABLE word (number INTEGER PRIMARY KEY, word TEXT);
CREATE TABLE level (word INTEGER, level INTEGER, things BLOB, PRIMARY KEY (word, level)) WITHOUT ROWID;
CREATE TABLE gram (gram TEXT PRIMARY KEY, words BLOB) WITHOUT ROWID;
CREATE TABLE label (key TEXT, thing INTEGER, PRIMARY KEY (key, thing)) WITHOUT ROWID;
CREATE TABLE use (thing INTEGER PRIMARY KEY, things BLOB);
"""
_INDEXES = """
CREATE UNIQUE INDEX thing_iri ON thing (iri);
CREATE INDEX text_thing ON text (thing);
CREATE UNIQUE INDEX word_word ON word (word);
"""
# Sets beside those of the classes: the things that are no part of another, and those of the first rank.
WHOLE, FIRST = "whole", "first"
# A word in a short and weighty text stands on a high level, one in a long note on a low one.
_STEPS = (0.5, 1.0, 1.7, 2.8, 4.5, 5.6, 6.5)
LEVELS = len(_STEPS) + 1


def build(
    store: Store, catalogue: Catalogue, file: Path | None = None, columns: "Columns | None" = None
) -> sqlite3.Connection:
    """Write the index of a collection into a new file, or into memory; return the open database.

    Args:
        store: The statements.
        catalogue: The tool's own queries.
        file: The file.
        columns: The columns of the same statements, which give millions of rows in a third of the time.

    Raises:
        Unwritable: The file cannot be written, or the disk is full.
    """
    try:
        database = sqlite3.connect(":memory:" if file is None else file.resolve(), check_same_thread=False)
        with ExitStack() as opened:
            opened.callback(database.close)
            database.executescript(_SCHEMA)
            with without_circles():
                _Builder(store, catalogue, database, columns).build()
            database.executescript(_INDEXES)
            database.commit()
            opened.pop_all()
    except sqlite3.OperationalError as error:
        raise Unwritable(
            f"The index of the search cannot be written: {error}.", hint="Check rights and space."
        ) from error
    return database


@cache
def level_of(weight: float, words: int) -> int:
    """Return the level of the words of a text: the higher the more a word says of the thing."""
    impact = weight / (1 + words / 10) ** 0.5
    return sum(impact >= step for step in _STEPS)


class _Builder:
    def __init__(
        self, store: Store, catalogue: Catalogue, database: sqlite3.Connection, columns: "Columns | None"
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._database = database
        self._columns = columns
        self._numbers: dict[str, int] = {}
        self._users: dict[int, list[int]] = defaultdict(list)
        self._labels: set[tuple[str, int]] = set()
        self._folding = Folding()
        self._levels: list[dict[str, list[int]]] = [defaultdict(list) for _ in range(LEVELS)]

    def build(self) -> None:
        self._things()
        self._uses()
        self._texts()
        self._words()
        facts = [("format", FORMAT), ("things", len(self._numbers))]
        self._database.executemany("INSERT INTO fact VALUES (?, ?)", facts)

    def _rows(self, query: str, property: str = "") -> Iterable[tuple[Any, ...]]:
        """Return the rows of a system query; those with blank nodes lead nowhere."""
        values = {"property": iri_rows([Iri(property)])} if property else {}
        found = self._columns.query(self._catalogue.text(query, values)) if self._columns is not None else None
        return (self._catalogue.rows(self._store, query, values) if found is None else found).rows

    def _things(self) -> None:
        """Number the things: those of a class with a lower rank first, then by IRI."""
        ranks: dict[str, int] = {}
        above: dict[str, list[str]] = defaultdict(list)
        for of_class, higher, rank in self._rows("system/search-classes"):
            above[of_class].append(higher)
            ranks[of_class] = min(int(rank.value), ranks.get(of_class, int(rank.value)))
        ranked: dict[str, int] = {}
        stated: dict[str, list[str]] = defaultdict(list)
        for thing, of_class in self._rows("system/search-things"):
            if isinstance(thing, Iri):
                ranked[thing] = min(ranks[of_class], ranked.get(thing, ranks[of_class]))
                stated[of_class].append(thing)
        ordered = sorted(ranked, key=lambda thing: (ranked[thing], thing))
        self._numbers = numbers = {thing: number for number, thing in enumerate(ordered)}
        self._database.executemany("INSERT INTO thing VALUES (?, ?)", enumerate(ordered))
        own = {of_class: [numbers[thing] for thing in things] for of_class, things in stated.items()}
        whole = [number for thing, number in numbers.items() if "#" not in thing]
        first = [number for thing, number in numbers.items() if ranked[thing] == 1]
        rows = [(WHOLE, packed(whole), b""), (FIRST, packed(first), b"")]
        for name in sorted({higher for of_class in own for higher in above[of_class]}):
            every = [number for of_class, numbers in own.items() if name in above[of_class] for number in numbers]
            rows.append((name, packed(every), packed(own.get(name, ()))))
        self._database.executemany("INSERT INTO members VALUES (?, ?, ?)", rows)

    def _uses(self) -> None:
        numbers, users, owners = self._numbers, self._users, _Owners(self._numbers)
        for value, node in self._rows("system/search-uses"):
            if (used := numbers.get(value)) is not None and (user := owners[node]) is not None:
                users[used].append(user)
        wider: dict[int, list[int]] = {}
        for value, narrower in self._rows("system/search-narrower"):
            if (used := numbers.get(value)) is not None and (below := numbers.get(narrower)) is not None:
                wider.setdefault(used, users.get(used, [])[:]).extend([below, *users.get(below, ())])
        users.update(wider)
        self._database.executemany("INSERT INTO use VALUES (?, ?)", ((used, packed(users[used])) for used in users))

    def _texts(self) -> None:
        for number, (name, weight, naming) in enumerate(self._rows("system/search-fields")):
            field = (number, name, int(weight.value), naming.value)
            self._database.execute("INSERT INTO field VALUES (?, ?, ?, ?)", field)
            self._database.executemany("INSERT INTO text VALUES (?, ?, ?, ?, ?)", self._field(*field))
        self._database.executemany("INSERT INTO label VALUES (?, ?)", sorted(self._labels))

    def _field(self, field: int, name: str, weight: int, naming: str) -> Iterator[tuple[int, str, int, str, str]]:
        """Yield the texts of a property, and note their words; those that tell nothing count in names only."""
        numbers, owners, names = self._numbers, _Owners(self._numbers), naming in ("pref", "alt")
        words_in, users, folding = words_of if names else telling, self._users, self._folding
        for node, literal in self._rows("system/search-texts", name):
            if type(literal) is not Literal:
                continue
            text, language = composed(literal.value), literal.language
            words = words_in(text, folding)
            if (own := numbers.get(node)) is not None:
                self._note(own, words, weight)
                yield own, "", field, language, text
                if names and own in users:
                    self._labels.add((key_of(words), own))
            if (whole := owners[node]) is not None and whole != own:
                self._note(whole, words, weight / 2)
                yield whole, node.partition("#")[2], field, language, text

    def _note(self, number: int, words: list[str], weight: float) -> None:
        lists = self._levels[level_of(weight, len(words))]
        for word in words:
            lists[word].append(number)

    def _words(self) -> None:
        words = sorted(set().union(*self._levels))
        self._database.executemany("INSERT INTO word VALUES (?, ?)", enumerate(words))
        pairs: dict[str, list[int]] = defaultdict(list)
        for number, word in enumerate(words):
            for gram in grams(word):
                pairs[gram].append(number)
        found = ((gram, packed(numbers)) for gram, numbers in sorted(pairs.items()))
        self._database.executemany("INSERT INTO gram VALUES (?, ?)", found)
        levels = (
            (number, level, packed(lists[word]))
            for number, word in enumerate(words)
            for level, lists in enumerate(self._levels)
            if word in lists
        )
        self._database.executemany("INSERT INTO level VALUES (?, ?, ?)", levels)


class _Owners(dict[str | BlankNode, int | None]):
    """The number of each thing, for a part that of the thing that it belongs to; None for what is none."""

    def __init__(self, numbers: dict[str, int]) -> None:
        super().__init__()
        self._numbers = numbers

    def __missing__(self, node: str | BlankNode) -> int | None:
        found = None if isinstance(node, BlankNode) else self._numbers.get(node.partition("#")[0])
        self[node] = found
        return found
