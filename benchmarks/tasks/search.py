"""The index of the search, and questions to it."""

import re
import sqlite3
from collections.abc import Callable, Iterator

from benchmarks.measure import Bench, Figure, Measure, cpu, cpu_once, task
from benchmarks.search.quality import SETS, questions
from whatworks.columns import Columns
from whatworks.search import Index, Search, build


@task("search")
def _search(bench: Bench) -> Iterator[Figure]:
    kg, file = bench.released, bench.folder / "search.db"
    assert kg.release is not None
    columns = kg.release.columns
    assert columns is not None
    texts = [question["text"] for name in SETS for question in questions(name)]

    def built() -> float:
        file.unlink(missing_ok=True)
        return cpu_once(lambda: build(kg.collection.store, kg.catalogue, file, Columns.open(columns)).close())

    built()
    index = Index.open(file)
    things = range(index.count)
    plain = sqlite3.connect(bench.folder / "plain.db")

    def fts() -> float:
        rows = ((thing, "\n".join(text.text for text in index.texts(thing))) for thing in things)
        listed = list(rows)
        plain.executescript("DROP TABLE IF EXISTS texts; CREATE VIRTUAL TABLE texts USING fts5 (text)")
        return cpu_once(lambda: plain.executemany("INSERT INTO texts (rowid, text) VALUES (?, ?)", listed))

    fts()
    yield Figure(
        "index built", "SQLite FTS5 filled with the same texts", "s", bench.compare(built, fts), "15 s at 100,000"
    )
    search = Search(index)

    def best(text: str) -> object:
        words = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", text))
        found = plain.execute("SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT 10", (words,))
        return found.fetchall()

    def each(call: Callable[[str], object]) -> Measure:
        return cpu(lambda: [call(text) for text in texts], len(texts))

    name = "FTS5, any of the words, best ten by bm25"
    yield Figure(
        "ten hits with reasons, mean of 40 questions", name, "ms", bench.compare(each(search), each(best)), "≤ 10 ms"
    )
    slowest = max(texts, key=lambda text: cpu_once(lambda: search(text)))
    runs = bench.compare(cpu(lambda: search(slowest)), cpu(lambda: best(slowest)))
    yield Figure("the slowest of them", name, "ms", runs, "≤ 10 ms")
