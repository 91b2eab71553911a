"""The cases of the stored queries, and the small collections that they are asked of."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.conftest import CASES
from whatworks import KnowledgeGraph
from whatworks.yamltext import read_yaml

FOLDER = CASES / "queries"
MAIN = "collection.trig"  # the collection of cases that name none


def _cases() -> list[tuple[str, int, dict[str, Any]]]:
    found = []
    for file in sorted(FOLDER.rglob("case.yaml")):
        name = str(file.parent.relative_to(FOLDER))
        found += [(name, number, case) for number, case in enumerate(read_yaml(file.read_text(encoding="utf-8")), 1)]
    return found


ALL = _cases()
_KEEP = TemporaryDirectory()


@cache
def folder_of(collection: str) -> Path:
    """Return a project that holds a collection of the cases and nothing else."""
    folder = Path(_KEEP.name) / collection
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "whatworks.toml").touch()
    (folder / "data" / "collection.trig").write_bytes((FOLDER / collection).read_bytes())
    return folder


@cache
def opened(collection: str) -> KnowledgeGraph:
    """Return a collection of the cases, opened."""
    return KnowledgeGraph.open(folder_of(collection))


def words(value: Any) -> list[str]:
    """Return the value of a parameter in a case as a person types it."""
    values = value if isinstance(value, list) else [value]
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in values]
