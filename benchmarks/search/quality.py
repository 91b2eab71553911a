"""Counts right answers among the first three, for two sets of questions and four ways to search the shipped collection.

    python benchmarks/search/quality.py

`held-out.yaml` was written, with its answers, before there was a search, and nothing was tuned on it; `tuning.yaml` is
what the search was tuned on. The others are what one has without it: SQLite's FTS5 over the same texts with English
stems, the same joined with pairs and triples of letters by reciprocal rank, and CONTAINS in SPARQL.
"""

import re
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox

ROOT = Path(__file__).parent.parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from whatworks import KnowledgeGraph  # noqa: E402
from whatworks.search import Index  # noqa: E402
from whatworks.search.bits import members  # noqa: E402
from whatworks.search.builder import WHOLE  # noqa: E402
from whatworks.yamltext import read_yaml  # noqa: E402

SETS = ("held-out", "tuning")
_FIRST = 10
Engine = Callable[[str], list[str]]


def questions(name: str) -> list[dict[str, Any]]:
    """Return the questions of a set."""
    found: list[dict[str, Any]] = read_yaml((Path(__file__).parent / f"{name}.yaml").read_text(encoding="utf-8"))
    return found


def score(kg: KnowledgeGraph, engine: Engine, name: str) -> tuple[int, float]:
    """Return for how many questions a right answer is among the first three, and the mean reciprocal rank."""
    hits, ranks = 0, 0.0
    asked = questions(name)
    for question in asked:
        right = {str(kg.lookup.thing(thing)) for thing in question["right"]}
        rank = next((place for place, thing in enumerate(engine(question["text"]), 1) if thing in right), 0)
        hits += 1 <= rank <= 3
        ranks += 1 / rank if rank else 0
    return hits, ranks / len(asked)


def engines(kg: KnowledgeGraph) -> dict[str, Engine]:
    """Return the ways to search, by name."""
    porter, trigram = _fts(kg.search.index, "porter unicode61"), _fts(kg.search.index, "trigram")

    def joined(text: str) -> list[str]:
        ranks: dict[str, float] = defaultdict(float)
        for found in (porter(text), trigram(text)):
            for place, thing in enumerate(found, 1):
                ranks[thing] += 1 / (60 + place)
        return sorted(ranks, key=lambda thing: (-ranks[thing], thing))[:_FIRST]

    return {
        "whatworks search": lambda text: [str(hit.thing) for hit in kg.search(text, limit=_FIRST).hits],
        "FTS5, English stems": porter,
        "FTS5, stems and trigrams": joined,
        "SPARQL CONTAINS": lambda text: list(_contains(kg, text)),
    }


def _fts(index: Index, tokenizer: str) -> Engine:
    database = sqlite3.connect(":memory:")
    database.execute(f"CREATE VIRTUAL TABLE texts USING fts5 (name, text, tokenize = '{tokenizer}')")
    for thing in members(index.members(WHOLE)):
        texts = index.texts(thing)
        name = "\n".join(text.text for text in texts if text.naming in ("pref", "alt"))
        other = "\n".join(text.text for text in texts if text.naming == "text")
        database.execute("INSERT INTO texts (rowid, name, text) VALUES (?, ?, ?)", (thing, name, other))

    def ask(text: str) -> list[str]:
        query = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", text))
        rows = database.execute(
            "SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY bm25(texts, 3.0, 1.0), rowid LIMIT ?", (query, _FIRST)
        )
        return [str(index.iri(thing)) for (thing,) in rows]

    return ask


_CONTAINS = """
SELECT ?thing (COUNT(DISTINCT ?word) AS ?words) WHERE {{
  VALUES ?word {{ {words} }}
  ?thing ?property ?text .
  FILTER (ISIRI(?thing) && ISLITERAL(?text) && CONTAINS(LCASE(STR(?text)), ?word))
}} GROUP BY ?thing ORDER BY DESC(?words) ?thing LIMIT {limit}
"""


def _contains(kg: KnowledgeGraph, text: str) -> Iterator[str]:
    words = " ".join(str(ox.Literal(word)) for word in re.findall(r"\w+", text.lower()))
    found = kg.collection.local.engine.query(
        _CONTAINS.format(words=words, limit=_FIRST), use_default_graph_as_union=True
    )
    assert isinstance(found, ox.QuerySolutions)
    yield from (row["thing"].value for row in found)


def main() -> None:
    """Print a table."""
    kg = KnowledgeGraph.open()
    print(f"| search | {' | '.join(f'{name}: first three | {name}: mean reciprocal rank' for name in SETS)} |")
    print(f"|---|{'--:|' * 2 * len(SETS)}")
    for engine, ask in engines(kg).items():
        cells = [
            f"{hits} of {len(questions(name))} | {rank:.2f}" for name in SETS for hits, rank in [score(kg, ask, name)]
        ]
        print(f"| {engine} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
