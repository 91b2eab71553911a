"""The handbook: the reference is up to date and complete, tutorials run, the site builds and asks nobody for anything.

With WHATWORKS_UPDATE_DOCS=1 the outputs of the tutorials are written anew instead of compared.
"""

import importlib.util
import inspect
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import click
import pytest

from tests.conftest import ROOT, commands
from whatworks import KnowledgeGraph, errors
from whatworks.cli import main
from whatworks.collection import Collection
from whatworks.namespaces import WW
from whatworks.terms import RDF_TYPE, Iri

DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
_SKOS = "http://www.w3.org/2004/02/skos/core#"
_SH = "http://www.w3.org/ns/shacl#"
# A block of commands, or a file that the reader is told to make: its name in a line of its own, then its text.
_STEP = re.compile(
    r"```console-project\n(?P<commands>.*?)```|^`(?P<name>[\w./-]+)`:\n\n```\w+\n(?P<text>.*?)```$",
    re.DOTALL | re.MULTILINE,
)
# As the installed command does it, with its own name in usage lines.
_WHATWORKS = "from whatworks.cli import main; main(prog_name='whatworks')"
TUTORIALS = [page for page in sorted(DOCS.rglob("*.md")) if "```console-project" in page.read_text(encoding="utf-8")]


def _run(command: str, folder: Path) -> str:
    words = shlex.split(command)
    program = {"whatworks": ["-c", _WHATWORKS], "python": []}[words[0]]
    done = subprocess.run(
        [sys.executable, *program, *words[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        check=False,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "80"},
    )
    return done.stdout.decode().replace("\r\n", "\n")


def _steady(text: str) -> str:
    """Blank out what changes with every change of the model: names of releases, and large counts."""
    return re.sub(r"\b[0-9a-f]{16}\b| *\d{4,}(?= (?:statements|bytes))", "…", text)


@pytest.mark.slow
@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_tutorials_print_what_they_say(page: Path, tmp_path: Path) -> None:
    """The steps of a tutorial, done in order in an empty folder, print the lines that follow them."""
    text = page.read_text(encoding="utf-8")

    def done(step: re.Match[str]) -> str:
        if step["name"]:
            file = tmp_path / step["name"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(step["text"], encoding="utf-8")
            return step.group()
        commands = [line[2:] for line in step["commands"].splitlines() if line.startswith("$ ")]
        return "```console-project\n" + "".join(f"$ {each}\n{_run(each, tmp_path)}" for each in commands) + "```"

    now = _STEP.sub(done, text)
    if os.environ.get("WHATWORKS_UPDATE_DOCS"):
        page.write_text(now, encoding="utf-8")
    assert _steady(now) == _steady(text)


def test_reference_is_up_to_date() -> None:
    """The generated pages are what `python docs/generate.py` writes."""
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"Renew these with: python docs/generate.py\n{done.stdout}{done.stderr}"


def _sections(name: str) -> dict[str, str]:
    """Return the text below each heading of a page."""
    found = re.split(r"^#{2,3} (.+)$", (REFERENCE / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def test_every_command_and_option_is_in_the_reference() -> None:
    """Each command has a section with its usage, and each of its options a row with a text."""
    sections = _sections("commands.md")
    for name, command in (("whatworks", main), *((f"whatworks {name}", each) for name, each in commands().items())):
        assert f"```text\n{name}" in sections[name]
        for option in (param for param in command.params if isinstance(param, click.Option)):
            assert re.search(rf"^\| [^|]*`{re.escape(option.opts[0])}`[^|]*(\\\|[^|]*)*\| \S+", sections[name], re.M), (
                name,
                option.opts,
            )


def test_every_stored_query_is_in_the_reference(kg: KnowledgeGraph) -> None:
    """Each stored query has a section with its parameters, its columns, an example and its text."""
    for query in kg.catalogue.all():
        section = _sections(f"queries/{query.topic}.md")[query.name]
        assert f"$ whatworks query {query.name}" in section
        assert "```sparql" in section
        for name in (*(f"--{parameter.name}" for parameter in query.parameters), *query.returns):
            assert re.search(rf"^\| `{re.escape(name)}` \|.*\S", section, re.MULTILINE), (query.name, name)


def _of_type(collection: Collection, iri: str) -> Iterator[Iri]:
    for quad in collection.store.match(predicate=RDF_TYPE, value=Iri(iri)):
        if isinstance(quad.subject, Iri):
            yield quad.subject


def test_every_term_is_in_the_reference(collection: Collection) -> None:
    """Each class and property of the ontology has a section with its label, definition and an example, or why not."""
    owl = "http://www.w3.org/2002/07/owl#"
    sections = _sections("ontology.md")
    kinds = ("Class", "ObjectProperty", "DatatypeProperty", "AnnotationProperty")
    terms = {iri for kind in kinds for iri in _of_type(collection, owl + kind) if iri.startswith(WW)}
    assert terms
    for term in terms:
        section = sections[f"ww:{term.code}"]
        assert re.match(r"\n\n\*\*.+\.\*\* \S+", section), term
        assert "```turtle" in section or "does not use it" in section, term


def test_every_concept_is_in_the_reference(collection: Collection) -> None:
    """Each scheme has a section, and each of its concepts a row with a name and a meaning."""
    sections = _sections("schemes.md")
    for scheme in _of_type(collection, _SKOS + "ConceptScheme"):
        for quad in collection.store.match(predicate=Iri(_SKOS + "inScheme"), value=scheme):
            assert isinstance(quad.subject, Iri)
            name = collection.prefixes.shorten(quad.subject)
            assert re.search(rf"^\| `{re.escape(str(name))}` \| \*\*\S", sections[scheme.code], re.MULTILINE), name


def test_every_shape_is_in_the_reference(collection: Collection) -> None:
    """Each shape of a class stands in the page with each of its fields, what holds, and how to mend it."""
    page = (REFERENCE / "shapes.md").read_text(encoding="utf-8")
    for shape in _of_type(collection, _SH + "NodeShape"):
        assert (
            f"## {collection.prefixes.shorten(shape)}\n" in page
            or f"| `{collection.prefixes.shorten(shape)}` |" in page
        )
    fields = [line for line in page.splitlines() if re.match(r"\| \*\*.+\*\*<br>", line)]
    assert fields
    for line in fields:
        assert "| anything<br>" not in line, line
        assert not line.endswith("|  |"), line


def test_every_error_and_prefix_is_in_the_reference(kg: KnowledgeGraph) -> None:
    """Each code has a section with text, each prefix a row."""
    found = re.split(r"^## (\S+)$", (DOCS / "errors.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    said = dict(zip(found[1::2], found[2::2], strict=True))
    for _, value in inspect.getmembers(errors, inspect.isclass):
        if issubclass(value, errors.Error):
            assert "**What to do.** " in said[value.code], value.code
    page = (REFERENCE / "prefixes.md").read_text(encoding="utf-8")
    for prefix, namespace in kg.prefixes.table.items():
        assert f"| `{prefix}:` | `{namespace}` |" in page


class _Assets(HTMLParser):
    """Collects what a browser would fetch of itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the address of a script, a picture, a frame or a linked file."""
        values = dict(attrs)
        if tag == "link" and values.get("rel") in ("canonical", "next", "prev", "index", "search", "author"):
            return
        names = {"link": ("href",), "a": (), "area": ()}.get(tag, ("src", "srcset", "data", "poster"))
        self.found += [value for name in names if (value := values.get(name))]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    for needed in ("sphinx", "myst_parser", "furo"):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"{needed} is missing: run make setup")
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "sphinx",
            "-q",
            "-W",
            "-n",
            "--keep-going",
            "-d",
            str(folder / ".trees"),
            "docs",
            str(folder),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return folder


@pytest.mark.slow
def test_site_has_every_page(site: Path) -> None:
    """The site builds without a warning, and every page of docs/ is a page of it."""
    inside = {"README.html", "editor/README.html"}  # of the repository: the index there, and how a part is made
    for page in DOCS.rglob("*.md"):
        name = page.relative_to(DOCS).with_suffix(".html")
        assert (site / name).is_file() or name.as_posix() in inside
    assert (site / "index.html").is_file()


@pytest.mark.slow
def test_site_fetches_nothing_from_outside(site: Path) -> None:
    """No page, style or script of the site names an asset of another machine."""
    pages = list(site.rglob("*.html"))
    assert pages
    for page in pages:
        reader = _Assets()
        reader.feed(page.read_text(encoding="utf-8"))
        assert reader.found
        assert not [address for address in reader.found if re.match(r"(?:\w+:)?//", address)], page
    for style in site.rglob("*.css"):
        text = style.read_text(encoding="utf-8")
        assert not re.search(r"""(?:url\(|@import)\s*["']?(?:https?:)?//""", text), style
