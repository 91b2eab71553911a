"""The compiled validator passes nothing at which pyshacl finds something, and the report is the same without it."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from tests.conftest import CASES
from tests.test_check_parts import SETTINGS, Checked, graphs, shape_sets, told
from whatworks import KnowledgeGraph
from whatworks.checks.checker import node_of_name
from whatworks.checks.judge import Judge, Refused
from whatworks.checks.sieve import Sieve
from whatworks.checks.validation import quiet
from whatworks.nodes import node_of
from whatworks.store import Cut, parse

# The core part of the test suite of SHACL (github.com/w3c/data-shapes, under the W3C Software and Document License),
# as it comes with pyshacl 0.40.1; without the tests of reports.
SUITE = Path(__file__).parent / "vendor" / "shacl-core.zip"


def _both(judge: Judge, cut: Cut) -> tuple[set[Any], set[Any], set[Any]]:
    """Return what is found with the sieve and without it, and the nodes that the sieve leaves to judge."""
    assert judge.sieve is not None
    left = {node for nodes in judge.sieve.left(cut).values() for node in nodes}
    without = Judge(judge.setup)
    without.sieve = None
    return _findings(judge, cut), _findings(without, cut), left


def _findings(judge: Judge, cut: Cut) -> set[Any]:
    """Return what is found, or that pyshacl gives up: within other shapes it does not compare nodes without a name."""
    try:
        return set(map(_whole, judge.findings(cut)))
    except Refused:
        return {"refused"}


def _whole(found: Any) -> Any:
    """Return a result with its messages, and without the names of nodes that have none."""
    (one,) = told([found])
    return one, found.messages, len(found.more)


@cache
def _suite() -> dict[str, bytes]:
    with zipfile.ZipFile(SUITE) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _test_of(name: str) -> Checked:
    """Return the graph and the shapes of a test: most have both in one file."""
    texts = _suite()
    parts = {key: value for key, value in texts.items() if key.startswith(name.removesuffix(".ttl") + "-")}
    quads = {
        key: parse(text, "turtle", name=key, base=f"https://example.org/{key}")
        for key, text in ({name: texts[name]} | parts).items()
    }
    every = list(chain.from_iterable(quads.values()))
    return Checked(every, every)


@pytest.mark.parametrize("name", [name for name in sorted(_suite()) if not name.endswith(("-data.ttl", "-shapes.ttl"))])
def test_core_suite(name: str) -> None:
    """In each test of the suite what is found is the same, and what is left has something to find."""
    checked = _test_of(name)
    cut = checked.walker.cut(checked.ground, checked.nodes())
    with quiet():
        with_it, without, left = _both(checked.judge, cut)
    assert with_it == without
    focus = {str(result[0][0]) for result in without if "/shacl#" in result[0][5]}
    assert bool(left) == bool(focus)


def test_the_suite_has_faults() -> None:
    """Most tests of the suite have something to find, so that none passes for want of it."""
    wrong = [name for name, text in _suite().items() if b"sh:result " in text]
    assert len(wrong) > 70


@pytest.mark.slow
@SETTINGS
@given(graphs, shape_sets)
def test_random_graphs_and_shapes(data: str, shapes: str) -> None:
    """Whatever shapes and graph are, the sieve lets nothing pass that pyshacl finds."""
    checked = Checked.of(data, shapes)
    if checked.judge.sieve is None:
        return
    with quiet():
        with_it, without, _ = _both(checked.judge, checked.walker.cut(checked.ground, checked.nodes()))
    assert with_it == without


def test_fixtures(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """In all fixtures of all shapes the same is found, and little is left where nothing is wrong."""
    files = sorted((CASES / "shapes").glob("*/*.ttl"))
    texts = {f"data/fixtures/{path.parent.name}-{path.stem}.ttl": path.read_text(encoding="utf-8") for path in files}
    checks = project(texts)._checks
    with quiet():
        checks._open()
        checker = checks._checker("publication")
        ground, judge = checks._opened.ground, checker._judge
        names, _ = ground.subjects()
        nodes = [node_of_name(name) for name in names]
        every, asked, left = 0, 0, 0
        for start in range(0, len(nodes), 400):
            cut = checker._ways.walker.cut(ground, nodes[start : start + 400])
            with_it, without, kept = _both(judge, cut)
            assert with_it == without
            every += len(without)
            asked += len({node for listed in cut.nodes.values() for node in listed})
            left += len(kept)
    assert every > 500
    assert left < 0.6 * asked


@pytest.mark.parametrize(
    "shapes",
    [
        ":S a sh:NodeShape ; sh:targetClass :A ; sh:property [ sh:path :p ; sh:node :S ] .",
        ':S a sh:NodeShape ; sh:targetClass :A ; sh:sparql [ sh:select "SELECT $this { $this <x:p> ?x }" ] .',
        ":S a sh:NodeShape ; sh:targetClass :A ; sh:property [ sh:path :p ; sh:uniqueLang '1'^^BOOLEAN ] .".replace(
            "BOOLEAN", "<http://www.w3.org/2001/XMLSchema#boolean>"
        ),
        ":S a sh:PropertyShape ; sh:targetClass :A ; sh:path [ sh:inversePath ( :p :q ) ] ; sh:minCount 1 .",
    ],
    ids=["a circle", "a query", "a flag", "a sequence backwards"],
)
def test_what_is_left_to_pyshacl(shapes: str) -> None:
    """Where the two do not say the same, shifty is not asked."""
    checked = Checked.of(":n0 a :A ; :p :n1 .", shapes)
    assert checked.judge.sieve is not None
    cut = checked.walker.cut(checked.ground, checked.nodes())
    assert checked.judge.sieve.left(cut) == cut.nodes


def test_shapes_that_it_does_not_take() -> None:
    """Where pyshacl or shifty refuses a shape, which may lie within another one, there is no sieve."""
    checked = Checked.of(":n0 a :A .", ":S a sh:NodeShape ; sh:targetClass :A ; sh:nodeKind sh:IRI .")
    assert Sieve.of(checked.shapes, checked.reads.roots) is not None
    within = "[ sh:path :p ; sh:node [ sh:property [ sh:path :q ; sh:minCount 'x' ] ] ]"
    broken = Checked.of(":n0 a :A .", f":S a sh:NodeShape ; sh:targetClass :A ; sh:property {within} .")
    assert broken.judge.sieve is None
    odd = Checked.of(
        ":n0 a :A .", ":S a sh:NodeShape ; sh:targetClass :A ; sh:property [ sh:path :p ; sh:nodeKind :x ] ."
    )
    assert Sieve.of(odd.shapes, odd.reads.roots) is None


def test_values_that_it_cannot_read() -> None:
    """Where shifty cannot read a graph, everything is left to judge."""
    checked = Checked.of(":n0 a :A .", ":S a sh:NodeShape ; sh:targetClass :A ; sh:nodeKind sh:IRI .")
    cut = checked.walker.cut(checked.ground, checked.nodes())
    cut.other = b"<no iri> <a> <b> .\n"
    assert checked.judge.sieve is not None
    assert checked.judge.sieve.left(cut) is cut.nodes


def test_without_the_extra() -> None:
    """Without shifty a check finds the same."""
    code = (
        "import sys; sys.modules['shifty'] = None\n"
        "import importlib.util as util; found = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'shifty' else found(name, *rest)\n"
        "from whatworks.__main__ import run; run()"
    )
    file = str(CASES.parent.parent / "data" / "interventions" / "expairs-project.trig")
    said = [
        subprocess.run(
            [sys.executable, "-c", each, "check", file, "--format", "json"], capture_output=True, check=False
        )
        for each in (code, "from whatworks.__main__ import run; run()")
    ]
    assert said[0].stdout == said[1].stdout != b""
    assert said[0].returncode == said[1].returncode


def test_nodes_are_named_alike() -> None:
    """A node is left under the name that the cut gives it: one with an IRI, one without, and a value."""
    shapes = ":S a sh:PropertyShape ; sh:targetObjectsOf :p ; sh:path :q ; sh:minCount 1 ."
    checked = Checked.of(':n0 :p :n1 , [ :r 1 ] , "a\\nb\\u00e9"@en .', shapes)
    cut = checked.walker.cut(checked.ground, checked.nodes())
    assert checked.judge.sieve is not None
    assert sorted(checked.judge.sieve.left(cut)[0]) == sorted(cut.nodes[0])
    assert len(cut.nodes[0]) == 3
    assert len({str(node_of(node)) for node in checked.nodes()}) >= 4
