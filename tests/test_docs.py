"""The documentation says what is true: its examples run, and every error, command and word has its place.

With WHATWORKS_UPDATE_DOCS=1 the outputs of the examples are written anew instead of compared.
"""

import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from tests.conftest import ROOT, commands
from whatworks import KnowledgeGraph, errors
from whatworks.catalogue import TYPES
from whatworks.cli import COMMANDS
from whatworks.ingest import mapping

_CONSOLE = re.compile(r"```console\n(?P<body>.*?)```", re.DOTALL)
_PYTHON = re.compile(r"```python\n(?P<body>.*?)```", re.DOTALL)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _run(command: str) -> str:
    words = shlex.split(command)
    assert words[0] == "whatworks"
    done = subprocess.run(
        [sys.executable, "-m", "whatworks", *words[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
        check=False,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    return done.stdout.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    "page", [page for page in PAGES if "```console" in page.read_text(encoding="utf-8")], ids=lambda page: page.name
)
def test_console_examples_print_what_the_page_says(page: Path) -> None:
    """Each command of a console block prints the lines that follow it."""
    text = page.read_text(encoding="utf-8")

    def renewed(match: re.Match[str]) -> str:
        commands = [line[2:] for line in match["body"].splitlines() if line.startswith("$ ")]
        return "```console\n" + "".join(f"$ {command}\n{_run(command)}" for command in commands) + "```"

    now = _CONSOLE.sub(renewed, text)
    if os.environ.get("WHATWORKS_UPDATE_DOCS"):
        page.write_text(now, encoding="utf-8")
    assert now == text


def test_readme_python_example_runs() -> None:
    """The Python example of the README prints the approaches."""
    match = _PYTHON.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert match is not None
    done = subprocess.run([sys.executable, "-c", match["body"]], capture_output=True, text=True, check=True, cwd=ROOT)
    assert len(done.stdout.splitlines()) == 21
    assert all(re.match(r"\d+ [A-Z]", line) and "Literal" not in line for line in done.stdout.splitlines())


def test_readme_is_short() -> None:
    """The README has at most 150 lines, the outputs of its examples included."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_pictures_are_small_and_shown() -> None:
    """Each picture is one of the README, is of a page that the program for pictures knows, and takes little."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    program = (ROOT / "docs" / "pictures.py").read_text(encoding="utf-8")
    pictures = sorted((ROOT / "docs" / "pictures").iterdir())
    assert pictures
    for picture in pictures:
        assert f"](docs/pictures/{picture.name})" in readme
        assert f'"{picture.name}"' in program
        assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        assert picture.stat().st_size < 150_000


def test_every_error_has_a_section() -> None:
    """The codes of the error classes and the sections of the errors page are the same set."""
    classes = [value for _, value in inspect.getmembers(errors, inspect.isclass) if issubclass(value, errors.Error)]
    codes = {cls.code for cls in classes} | {"internal"}
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert codes == set(re.findall(r"^## (\S+)$", page, re.MULTILINE))


def test_error_codes_are_unique() -> None:
    """No two error classes share a code."""
    classes = [value for _, value in inspect.getmembers(errors, inspect.isclass) if issubclass(value, errors.Error)]
    assert len(classes) == len({cls.code for cls in classes})


def test_readme_lists_every_command() -> None:
    """Every command stands in the table of the README."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"`{name}" in readme


def test_every_command_and_option_has_help(kg: KnowledgeGraph) -> None:
    """Every command has help with an example, every option a text; the stored queries too."""
    assert kg.catalogue.names()
    for name, command in commands().items():
        assert command.help, name
        assert "Example" in command.help, name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.name}"


def test_query_reference_is_complete() -> None:
    """The page on query files names every type and every word of the header."""
    page = (ROOT / "docs" / "reference" / "query-files.md").read_text(encoding="utf-8")
    header = "summary description tags params returns scheme required default many narrower minimum maximum choices"
    for word in (*TYPES, *header.split(), "variables", "example"):
        assert f"`{word}`" in page, word


def test_import_page_is_complete() -> None:
    """The page on importing names every word of a mapping."""
    page = (ROOT / "docs" / "how-to" / "import.md").read_text(encoding="utf-8")
    for word in (*mapping.KINDS, *mapping._FIELD_KEYS - {"as", "property"}):
        assert f"`{word}`" in page, word


def test_import_example_is_read(tmp_path: Path) -> None:
    """The mapping on the page on importing reads the line that stands below it, every field of it."""
    page = (ROOT / "docs" / "how-to" / "import.md").read_text(encoding="utf-8")
    for language, name in (("yaml", "measures.mapping.yaml"), ("json", "measures.jsonl")):
        (tmp_path / name).write_text(page.split(f"```{language}\n")[1].split("```")[0], encoding="utf-8")
    (tmp_path / "whatworks.toml").touch()
    batch = KnowledgeGraph.open(tmp_path).read([tmp_path / "measures.jsonl"])
    batch.check()
    assert 1 == batch.records
    assert 8 == len([read for _, _, read, mapped, *_ in batch.tally.rows() if read == mapped == 1])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """Every relative link names a file that is there."""
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)\)", prose):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_versions_agree() -> None:
    """The package, the changelog and the citation file name one version, and the last two one day."""
    from whatworks import __version__  # noqa: PLC0415 - read where it is compared

    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    version, day = re.findall(r"^## (\S+) - (\S+)$", changelog, re.MULTILINE)[0]
    assert version == __version__
    assert f'\nversion: {version}\ndate-released: "{day}"\n' in citation


def test_decisions_are_listed() -> None:
    """Every decision stands in the list of decisions."""
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    for file in folder.glob("0*.md"):
        assert f"({file.name})" in listed


def test_every_dependency_has_a_reason() -> None:
    """Every run-time dependency stands in the decision on dependencies."""
    import tomllib  # noqa: PLC0415 - used here only

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    reasons = (ROOT / "docs" / "decisions" / "0004-dependencies.md").read_text(encoding="utf-8").lower()
    needed = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    for requirement in needed:
        name = re.split(r"[<>=!~\[ ]", requirement)[0].lower()
        assert name in reasons, name


def test_releases_page_lists_what_a_release_holds(tmp_path: Path) -> None:
    """The page on releases has a row for each file and folder of a release."""
    (tmp_path / "whatworks.toml").touch()
    release = KnowledgeGraph.open(tmp_path).build(checked=False)
    page = (ROOT / "docs" / "how-to" / "releases.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([^`]+)` \|", page.split("| in its folder |")[1].split("\n\n")[0], re.MULTILINE)
    assert {path.name for path in release.folder.iterdir()} == {row.rstrip("/") for row in rows}


# ---- what others can and cannot do, and backups ----

_ROW = re.compile(r"^\| (?!they |it \||---)(?P<said>[^|]+) \| (?P<tests>[^|]*) \|$", re.MULTILINE)


def test_every_line_of_the_threat_model_has_its_tests() -> None:
    """Each says what somebody can or cannot do, and the tests that it names are there."""
    rows = list(_ROW.finditer((ROOT / "THREAT_MODEL.md").read_text(encoding="utf-8")))
    assert len(rows) > 30
    for row in rows:
        assert re.match(r"can(?:not)? |get no|are ", row["said"]), row["said"]
        named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", row["tests"])
        assert named, row["said"]
        assert re.sub(r"`[\w.:]+`|[, ]", "", row["tests"]) == ""
        for file, name in named:
            assert f"def {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8"), f"{file}::{name}"


def test_security_names_no_address() -> None:
    """Weaknesses are told in private through the repository; nobody's address stands there."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "Report a vulnerability" in text
    assert "@" not in text
    assert "://" not in text


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("tar") is None or shutil.which("sha256sum") is None, reason="needs tar and sha256sum")
def test_a_backup_can_be_restored(tmp_path: Path) -> None:
    """The commands of the page on backups run in order, and what they restore is whole."""
    (tmp_path / "measures/data").mkdir(parents=True)
    (tmp_path / "measures/whatworks.toml").touch()
    KnowledgeGraph.open(tmp_path / "measures").build(checked=False)
    page = (ROOT / "docs/how-to/backup.md").read_text(encoding="utf-8")
    program = f"{shlex.quote(sys.executable)} -m whatworks"
    for block in re.findall(r"```bash\n(.*?)```", page, re.DOTALL):
        for line in block.splitlines():
            command = line.replace("whatworks", program, 1)
            done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    assert "every byte is as it was written" in (tmp_path / "doctor.txt").read_text(encoding="utf-8")
