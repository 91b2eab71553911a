"""No stored query, rule or own query of the tool has a shape that was measured to be slow, but for those listed."""

from functools import cache
from pathlib import Path

import pytest

from tests.conftest import CASES, ROOT
from tests.slow import SHAPES, read
from whatworks import KnowledgeGraph
from whatworks.terms import Iri

FOLDER = CASES / "slow"
FILES = sorted(
    file
    for file in [*(ROOT / "queries").rglob("*.rq"), *(ROOT / "ontology" / "rules").glob("*.rq")]
    if file.parent.name != "lint"  # they are asked of the model alone, which is small
)
# What may stay as it is: file and shape, and why.
_EVERYWHERE = "as engines answer it that know no path at an open end: decision 0015; columns answer large collections"
ALLOWED = {
    ("country-profile", "path-for-each-row"): _EVERYWHERE,
    ("outside-term", "path-for-each-row"): _EVERYWHERE,
    ("places", "path-for-each-row"): _EVERYWHERE,
    ("titles-by-language", "path-for-each-row"): _EVERYWHERE,
    ("without-source", "path-for-each-row"): _EVERYWHERE,
    ("not-evaluated", "path-for-each-row"): _EVERYWHERE,
    ("orphans", "path-for-each-row"): "classes are few, and each is followed once",
    ("completeness", "predicate-by-values"): "each of the fields is asked of each intervention",
    ("assigned-share", "predicate-by-values"): "three properties, all of whose values count",
    ("missing", "path-for-each-row"): _EVERYWHERE,
    ("search-things", "path-for-each-row"): "classes are few, and each is followed once",
    ("country", "path-for-each-row"): "from each of the few top places; 1.5 times as quick as from each place",
    ("fields", "path-for-each-row"): "shapes are few, whatever the size of the collection",
    ("nowhere", "predicate-by-values"): "asks whether one thing is used at all",
    ("gap-map", "predicate-by-values"): "the facets are chosen by the reader; a union of all would count each one",
    ("missing", "predicate-by-values"): "a union of ten patterns takes 1.7 times as long (0.55 s for 0.33 s)",
    ("personal-data", "predicate-by-values"): "ends at the first hit; a union of 21 patterns is no quicker to fail",
    ("facts", "predicate-by-values"): "three rare properties",
    ("search-classes", "path-for-each-row"): "classes are few, whatever the size of the collection",
    ("search-texts", "predicate-by-values"): "the caller gives one property, and all its texts are read",
    ("link-values", "predicate-by-values"): "the caller gives one property, and all its values are read",
    ("search-uses", "predicate-by-values"): "the whole index is made of it, once",
    ("outside-names", "predicate-by-values"): "reads all names; the properties are few beside them",
    ("things-by-name", "predicate-by-values"): "reads all names; the properties are few beside them",
}


@cache
def _domains() -> dict[str, str]:
    """Return the class that a property implies, by the ontology's own domains."""
    kg = KnowledgeGraph.open()
    found = kg.collection.store.match(predicate=Iri("http://www.w3.org/2000/01/rdf-schema#domain"))
    return {str(quad.subject): str(quad.object) for quad in found}


def _shapes_of(file: Path, domains: dict[str, str]) -> set[str]:
    selects = read(file.read_text(encoding="utf-8"))
    return {name for name, is_there in SHAPES.items() if is_there(selects, domains)}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_queries_have_no_slow_shape(file: Path) -> None:
    """The query has no slow shape, but for what is allowed with a reason."""
    allowed = {shape for name, shape in ALLOWED if name == file.stem}
    assert allowed == _shapes_of(file, _domains())


@pytest.mark.parametrize("file", sorted(FOLDER.rglob("*.rq")), ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_each_shape_is_found(file: Path) -> None:
    """The lint finds the shape that was planted, and not the query that does the same without it."""
    domains = {"https://example.org/component": "https://example.org/Intervention"}
    assert (file.parent.name in _shapes_of(file, domains)) == file.stem.startswith("fires")


def test_every_shape_has_cases() -> None:
    """Each shape has a query that makes it fire and one that does not."""
    for name in SHAPES:
        assert {file.stem.partition("-")[0] for file in (FOLDER / name).glob("*.rq")} == {"fires", "quiet"}
    assert {path.name for path in FOLDER.iterdir()} == set(SHAPES)
