"""The form of the code: budgets, layers, start-up, and what every public function owes its reader."""

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

SOURCE = ROOT / "src/whatworks"
FILES = sorted(path for path in SOURCE.rglob("*.py") if "starter" not in path.parts)  # that is a user's own
HEAVY = {"SPARQLWrapper", "pyoxigraph", "rdflib", "pyshacl", "pyld", "yaml"}
Function = ast.FunctionDef | ast.AsyncFunctionDef

# What may exceed a budget, each with its reason: name of file and function, and why.
ALLOWED_PARAMETERS = {
    ("ingest/build.py", "mention"): "makes a Mention, whose fields these are",
}
BROAD_EXCEPT = {
    "cli/__init__.py",  # the outer door: what nobody foresaw becomes a message there
    "server/many.py",  # the outer door of a forked process, which must not go on in its parent's code
    "checks/patterns.py",  # rdflib raises nothing more special where a query is not SPARQL
}


def _name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _functions(path: Path) -> Iterator[Function]:
    yield from (node for node in ast.walk(_tree(path)) if isinstance(node, Function))


def _body_lines(function: Function) -> int:
    """Count the lines of a body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _parameters(function: Function) -> list[str]:
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [argument.arg for argument in every if argument.arg not in ("self", "cls")]


def _is_command(function: Function) -> bool:
    """A command's parameters are its options; click calls it."""
    decorators = [node.func if isinstance(node, ast.Call) else node for node in function.decorator_list]
    return any(isinstance(node, ast.Attribute) and node.attr in ("command", "group") for node in decorators)


# ---- budgets ----


def test_there_is_something_to_count() -> None:
    """The tests below see the whole package."""
    assert {"kg.py", "cli/__init__.py", "checks/words.py"} < {_name(path) for path in FILES}
    assert sum(1 for path in FILES for _ in _functions(path)) > 300


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_files_are_short(path: Path) -> None:
    """A file has at most 400 lines."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_functions_are_short(path: Path) -> None:
    """The body of a function has at most 60 lines, its docstring not counted."""
    long = {function.name: lines for function in _functions(path) if (lines := _body_lines(function)) > 60}
    assert long == {}


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_functions_have_few_parameters(path: Path) -> None:
    """A function has at most six parameters; those of a command are its options and do not count."""
    many = {
        function.name: names
        for function in _functions(path)
        if len(names := _parameters(function)) > 6 and not _is_command(function)
    }
    assert set(many) == {name for file, name in ALLOWED_PARAMETERS if file == _name(path)}


# ---- habits ----


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_no_broad_except(path: Path) -> None:
    """An exception that is caught is named; only few places, each with its reason, catch all."""
    caught = [node for node in ast.walk(_tree(path)) if isinstance(node, ast.ExceptHandler)]
    names = [ast.unparse(node.type) if node.type is not None else "" for node in caught]
    assert "" not in names
    assert "BaseException" not in names
    assert ("Exception" in names) == (_name(path) in BROAD_EXCEPT)


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_nothing_is_printed(path: Path) -> None:
    """Only the command line writes, and it does so through click or the byte stream."""
    calls = [node.func for node in ast.walk(_tree(path)) if isinstance(node, ast.Call)]
    assert "print" not in [func.id for func in calls if isinstance(func, ast.Name)]


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_public_names_have_docstrings(path: Path) -> None:
    """Every module, public class and public function says what it is for, in a sentence."""
    tree = _tree(path)
    assert ast.get_docstring(tree)
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        docstring = ast.get_docstring(node)
        assert docstring, f"{node.name} has no docstring"
        assert docstring.split("\n\n")[0].rstrip()[-1] in ".:?", f"{node.name}: {docstring}"
        if isinstance(node, ast.ClassDef):
            waiting += node.body


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_no_module_level_state(path: Path) -> None:
    """No function changes a name of its module."""
    assert not [node for node in ast.walk(_tree(path)) if isinstance(node, ast.Global)]


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_package_root_is_not_imported_inside(path: Path) -> None:
    """Inside the package the defining module is imported, never the root, but for the version."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module == "whatworks":
            names = {alias.name for alias in node.names}
            modules = {name for name in names if (SOURCE / name).is_dir() or (SOURCE / f"{name}.py").is_file()}
            assert names - modules <= {"__version__"}


# ---- layers ----


@pytest.mark.slow
def test_layers() -> None:
    """The contracts of imports hold."""
    tool = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert tool is not None
    found = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert found.returncode == 0, found.stdout


# ---- start-up ----

_PROBE = """
import json, sys
from whatworks.cli import main
try:
    main(sys.argv[1:])
except SystemExit as done:
    print(json.dumps([done.code, sorted(sys.modules)]), file=sys.stderr)
"""


def _modules(*words: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after a command."""
    found = subprocess.run(
        [sys.executable, "-c", _PROBE, *words], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    status, names = json.loads(found.stderr.splitlines()[-1])
    assert status == 0, found.stderr
    return set(names)


@pytest.mark.slow
@pytest.mark.parametrize("words", [["--help"], ["--version"], ["show", "--help"], ["check", "--help"]])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    """Help needs no engine, no validator and no parser."""
    names = _modules(*words)
    assert "click" in names
    assert names & HEAVY == set()


@pytest.mark.slow
def test_help_of_the_whole_imports_no_command() -> None:
    """The commands are listed from a table."""
    ours = {name for name in _modules("--help") if name.startswith("whatworks")}
    assert ours == {"whatworks", "whatworks.version", "whatworks.errors", "whatworks.cli"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "needed"),
    [
        (["queries"], set()),
        (["query", "interventions", "--limit", "1"], {"pyoxigraph"}),
        (["show", "expairs-project"], {"pyoxigraph"}),
        (["export", "expairs-project", "-f", "turtle"], {"pyoxigraph"}),
    ],
)
def test_a_command_loads_what_it_needs(tmp_path: Path, words: list[str], needed: set[str]) -> None:
    """A question loads neither validator nor framing, and YAML only where nothing was kept of the query files."""
    first, later = (_modules("--cache", str(tmp_path), *words) for _ in range(2))
    assert first & {"SPARQLWrapper", "pyshacl", "pyld", "rdflib"} == set()
    assert needed <= later
    assert "yaml" not in later


@pytest.mark.slow
def test_importing_the_package_is_cheap() -> None:
    """`import whatworks` loads nothing but itself and its version."""
    code = "import sys, whatworks; print(*(name for name in sys.modules if name.startswith('whatworks')))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert set(found.stdout.split()) == {"whatworks", "whatworks.version"}


# ---- tests ----


def test_every_module_has_its_test_file() -> None:
    """Each module and package has one test file of its name."""
    modules = {path.stem for path in SOURCE.glob("*.py") if not path.stem.startswith("__")}
    modules |= {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests").glob("test_*.py")}
    # The version is compared with changelog, citation and package in test_docs.py.
    assert modules - tests == {"version"}


def test_every_test_says_what_it_expects() -> None:
    """Every test has a docstring of one sentence or more."""
    for path in sorted((ROOT / "tests").glob("test_*.py")):
        for function in _functions(path):
            if function.name.startswith("test_"):
                assert ast.get_docstring(function), f"{path.name}: {function.name}"
