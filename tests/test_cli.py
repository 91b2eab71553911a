"""The command line: what is typed, what is printed where, and with which exit status."""

import csv
import fcntl
import importlib.util
import io
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from tests.conftest import ROOT, commands
from whatworks import KnowledgeGraph, __version__
from whatworks.cli import COMMANDS, main
from whatworks.results import Table
from whatworks.store import parse
from whatworks.terms import Iri

ID = "https://w3id.org/whatworks/id/"
WW = "https://w3id.org/whatworks/ont#"
PRACTICE = f'<{ID}intervention/a> a <{WW}Practice> ; <http://purl.org/dc/terms/title> "Alpha"@en .\n'


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run in an empty folder, with the shipped collection."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WHATWORKS_PROJECT", raising=False)


def run(*words: str | Path, status: int = 0, given: str | bytes | None = None, project: Path | None = None) -> Result:
    """Run a command in this process and check its exit status."""
    first = [] if project is None else ["--project", str(project)]
    result = CliRunner().invoke(main, [*first, *map(str, words)], input=given)
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


def start(*words: str | Path, **options: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a process of its own."""
    command = [sys.executable, "-m", "whatworks", *map(str, words)]
    return subprocess.run(command, capture_output=True, timeout=60, check=False, env={**os.environ, **options})


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A project with one intervention."""
    folder = tmp_path / "small"
    (folder / "data/interventions").mkdir(parents=True)
    (folder / "whatworks.toml").touch()
    (folder / "data/interventions/a.ttl").write_text(PRACTICE, encoding="utf-8")
    return folder


# ---- the whole ----


def test_version() -> None:
    """The version is printed."""
    assert run("--version").stdout == f"whatworks, version {__version__}\n"


def test_help_lists_every_command() -> None:
    """The help lists every command with a short description."""
    text = run("--help").stdout
    for name, command in commands().items():
        assert re.search(rf"^  {name} +{re.escape(command.get_short_help_str(64))}$", text, re.MULTILINE)


def test_commands_do_what_the_help_of_the_whole_says() -> None:
    """What the help says before a command is imported is the command's name and the first sentence of its help."""
    assert list(COMMANDS) == sorted(commands())
    for name, command in commands().items():
        assert (name, COMMANDS[name][1]) == (command.name, command.get_short_help_str(1000))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_has_an_example(name: str) -> None:
    """The help of every command has an example that begins with the command."""
    assert f"  whatworks {name}" in run(name, "--help").stdout


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["query", "interventoins"], 2, ["[unknown-query]", "Did you mean: interventions", "explain unknown-query)"]),
        (["query", "interventions", "--stage", "x y"], 2, ["[unknown-value]: --stage: 'x y' is no stage."]),
        (["query", "interventions", "--country", "Belgum"], 2, ["Did you mean: Belgium (BEL)?", "explain unknown-v"]),
        (["query", "interventions", "--bogus", "1"], 2, ["[unknown-parameter]", "It has: approach, country, kind"]),
        (["query", "interventions", "-x"], 2, ["[unknown-parameter]", "no parameter 'x'"]),
        (["query", "testimony-only", "--bogus"], 2, ["[unknown-parameter]", "It has none."]),
        (["query", "interventions", "--started-from", "x"], 2, ["[invalid-value]: --started-from: 'x'"]),
        (["query", "intervention"], 2, ["[missing-parameter]", "For example: --intervention expairs-project"]),
        (["query", "actor-partners", "--agent", "educational institutions"], 2, ["[ambiguous-value]", "Say which: "]),
        (["query", "interventions", "--format", "turtle"], 2, ["[unknown-format]", "Choose one of: table, csv"]),
        (["query", "intervention", "--intervention", "youthreach", "-f", "csv"], 2, ["Choose one of: turtle, "]),
        (["query", "interventions", "--country"], 2, ["requires an argument", "explain usage)"]),
        (["query", "interventions", "extra"], 2, ["unexpected extra argument", "explain usage)"]),
        (["query", "interventions", "--limit", "-1"], 2, ["-1 is not in the range", "explain usage)"]),
        (["bogus"], 2, ["No such command 'bogus'", "explain usage)"]),
        (["show"], 2, ["Missing argument 'KEY'", "explain usage)"]),
        (["show", "nothing"], 2, ["[unknown-thing]", "explain unknown-thing)"]),
        (["export"], 2, ["Say what to export", "explain usage)"]),
        (["export", "youthreach", "--all"], 2, ["Say what to export"]),
        (["export", "--class", "Practise"], 2, ["[unknown-thing]: There is no class 'Practise'."]),
        (["check", "none.ttl"], 3, ["[missing-file]: none.ttl cannot be read", "explain missing-file)"]),
        (["check", "--profile", "strict"], 2, ["'strict' is not one of 'core', 'curation', 'publication'"]),
        (["sparql", "none.rq"], 3, ["[missing-file]: none.rq: The query cannot be read"]),
        (["sparql", "SELECT * {\n ?s ?p"], 3, ["[query-syntax]: query:2:", "^", "just before the caret"]),
        (["--project", "none", "stats"], 3, ["[missing-file]: There is no project folder none."]),
        (["import", "none.ttl"], 3, ["Error [", "(whatworks explain "]),
    ],
)
def test_errors(words: list[str], status: int, said: list[str]) -> None:
    """An error is said on standard error with its code, place, hint and page; nothing is on standard output."""
    result = run(*words, status=status)
    assert result.stdout == ""
    for text in said:
        assert text in result.stderr


def test_every_error_is_explained() -> None:
    """`explain` lists every code, explains each without marks of a markup, and suggests the nearest."""
    listed = run("explain").stdout.splitlines()
    codes = [line.split()[0] for line in listed]
    assert {"unknown-value", "usage", "internal", "query-refused"} <= set(codes)
    for code in codes:
        said = run("explain", code).stdout
        assert said.startswith(f"{code}\n\n")
        assert "What to do." in said
        assert not re.search(r"\*\*|\]\(|^#", said, re.MULTILINE)
    assert "Did you mean: unknown-value" in run("explain", "unknown-valu", status=2).stderr
    assert "List them with: whatworks explain" in run("explain", "1" * 1000, status=2).stderr


def test_no_words_print_help() -> None:
    """Without a command the help is printed."""
    result = CliRunner().invoke(main, [])
    assert "Usage: " in result.output
    assert "whatworks explain " not in result.output
    result = CliRunner().invoke(main, ["query"])
    assert "success-factor-themes" in result.output
    assert "whatworks explain " not in result.output


def test_debug_shows_where() -> None:
    """With --debug an error also shows where in the program it came from."""
    result = CliRunner().invoke(main, ["--debug", "show", "nothing"])
    assert (result.exit_code, "Traceback" in result.output) == (2, True)


@click.command()
def mistaken() -> None:
    """Divide by nothing."""
    _ = 1 / 0


@pytest.mark.parametrize("debug", [False, True])
def test_mistake_of_the_program(debug: bool) -> None:
    """A mistake of the program is said as such, without a traceback unless that is asked for."""
    main.add_command(mistaken)
    try:
        result = CliRunner().invoke(main, ["--debug"] * debug + ["mistaken"])
    finally:
        del main.commands["mistaken"]
    assert result.exit_code == 3
    assert "Error [internal]: whatworks made a mistake (ZeroDivisionError: " in result.stderr
    assert "(whatworks explain internal)" in result.stderr
    assert ("Traceback" in result.stderr) == debug


# ---- queries ----


def test_queries_lists_all(kg: KnowledgeGraph) -> None:
    """The list has every stored query with its summary and parameters."""
    text = run("queries").stdout
    for query in kg.catalogue.all():
        assert f"{query.name}\n    {query.summary}\n" in text
    assert "    --intervention INTERVENTION" in text
    assert "[--minimum-score DECIMAL]" in text


def test_queries_by_tag() -> None:
    """A tag narrows the list; an unknown one is answered with those there are."""
    text = run("queries", "--tag", "evidence").stdout
    assert "findings\n" in text
    assert "\ncountries\n" not in text
    result = run("queries", "--tag", "nonsense", status=1)
    assert "No query has the tag 'nonsense'. There are: " in result.stderr


def test_queries_as_json(kg: KnowledgeGraph) -> None:
    """As JSON the catalogue is complete: every query, parameter and column."""
    catalogue = json.loads(run("queries", "--json").stdout)
    assert [query.name for query in kg.catalogue.all()] == [entry["name"] for entry in catalogue]
    for query, entry in zip(kg.catalogue.all(), catalogue, strict=True):
        assert (query.summary, query.form, list(query.tags)) == (entry["summary"], entry["form"], entry["tags"])
        assert dict(query.returns) == entry["returns"]
        for parameter, told in zip(query.parameters, entry["parameters"], strict=True):
            assert (parameter.name, parameter.type, parameter.example) == (told["name"], told["type"], told["example"])
            assert list(parameter.choices) == (told["choices"] or [])


def test_help_of_a_query(kg: KnowledgeGraph) -> None:
    """The help of every query has its columns, and type and example of every parameter."""
    for query in kg.catalogue.all():
        # Long lines are wrapped, also at hyphens, so white space does not count.
        text = _joined(run("query", query.name, "--help").stdout)
        assert _joined(f"whatworks query {query.name}") in text
        for column, meaning in query.returns.items():
            assert _joined(f"{column}: {meaning}") in text
        for parameter in query.parameters:
            metavar = (parameter.scheme or parameter.type).upper()
            assert f"--{parameter.name}{metavar}" in text
            assert _joined(f"Example: {parameter.example}.") in text
            assert all(choice in text for choice in parameter.choices)


def _joined(text: str) -> str:
    return "".join(text.split())


def test_query_in_a_pipe_is_csv() -> None:
    """Where the output is no terminal, rows are CSV, with whole IRIs."""
    rows = _rows(run("query", "interventions", "--country", "Belgium", "--stage", "mainstreamed").stdout)
    assert {"intervention", "key", "title", "kind", "stage", "startYear"} == set(rows[0])
    assert ID + "intervention/expairs-project" in {row["intervention"] for row in rows}


@pytest.mark.parametrize(
    ("format", "start"),
    [
        ("table", "key"),
        ("csv", "key,"),
        ("tsv", "?key\t"),
        ("json", '{"head"'),
        ("xml", "<?xml"),
        ("md", "| key |"),
    ],
)
def test_row_formats(format: str, start: str) -> None:
    """Rows are written in each format of rows."""
    assert run("query", "testimony-only", "--limit", "3", "-f", format).stdout.startswith(start)


@pytest.mark.parametrize("format", ["turtle", "trig", "ntriples", "nquads", "rdfxml", "jsonld"])
def test_graph_formats(format: str, kg: KnowledgeGraph) -> None:
    """A graph is written in each format of graphs, Turtle first, and reads back."""
    words = ["query", "intervention", "--intervention", "expairs-project"]
    text = run(*words, "-f", format).stdout.encode()
    contexts = kg.documents.contexts
    turtle = parse(run(*words).stdout.encode(), "turtle", name="x", base=ID)
    assert {quad.triple for quad in turtle} == {
        quad.triple for quad in parse(text, format, name="x", base=ID, contexts=contexts)
    }


def test_limit_is_noted() -> None:
    """Cut rows and statements are noted on standard error, and only then."""
    result = run("query", "interventions", "--limit", "2")
    assert (2, "Only the first 2 rows are shown; there are more.\n") == (len(_rows(result.stdout)), result.stderr)
    assert run("query", "interventions", "--limit", "9999").stderr == ""
    result = run("query", "intervention", "--intervention", "youthreach", "--limit", "3", "-f", "ntriples")
    assert (3, "Only the first 3 statements are shown; there are more.\n") == (
        len(result.stdout.splitlines()),
        result.stderr,
    )
    assert run("query", "interventions", "--limit", "0").stdout.count("\n") == 1


def test_show_prints_sparql_that_runs(kg: KnowledgeGraph, tmp_path: Path) -> None:
    """--show prints the bound text of a query, and the text has the same answer."""
    words = ["query", "interventions", "--country", "Belgium", "--target-group", "apprentices"]
    text = run(*words, "--show").stdout
    assert "country/BEL>" in text
    assert "#if" not in text
    (tmp_path / "shown.rq").write_text(text, encoding="utf-8")
    assert run(*words).stdout == run("sparql", "shown.rq").stdout
    assert isinstance(kg.sparql(text), Table)


@pytest.mark.slow
def test_every_example_runs(kg: KnowledgeGraph) -> None:
    """Every query can be shown with the example value of each of its parameters."""
    for query in kg.catalogue.all():
        words = [word for parameter in query.parameters for word in (f"--{parameter.name}", parameter.example)]
        assert query.form in run("query", query.name, *words, "--show").stdout


def test_a_parameter_that_takes_many() -> None:
    """An option may be given several times where the parameter takes many."""
    words = ["query", "interventions", "--country", "Belgium"]
    one, both = _rows(run(*words).stdout), _rows(run(*words, "--country", "FR").stdout)
    assert {row["key"] for row in one} < {row["key"] for row in both}


# ---- own queries ----


def test_sparql_from_text_file_and_standard_input(tmp_path: Path) -> None:
    """An own query is read from the command line, a file or standard input, with or without a byte order mark."""
    text = "SELECT ?title { intervention:expairs-project dcterms:title ?title }"
    (tmp_path / "a.rq").write_text(text, encoding="utf-8")
    (tmp_path / "b.sparql").write_text("\ufeff" + text, encoding="utf-8")
    answers = [run("sparql", word).stdout for word in (text, "a.rq", "b.sparql")]
    answers.append(run("sparql", "-", given=text).stdout)
    assert answers == ["title\nEXPAIRS project\n"] * 4


def test_ask_answers_by_exit_status() -> None:
    """Yes is exit status 0, no is 1, and both are written."""
    assert run("sparql", "ASK { stage:pilot a skos:Concept }").stdout == "yes\n"
    assert run("sparql", "ASK { stage:pilot a ww:Practice }", status=1).stdout == "no\n"
    assert json.loads(run("sparql", "ASK {}", "-f", "json").stdout)["boolean"] is True


def test_sparql_describe() -> None:
    """A graph is Turtle unless another format is asked for."""
    assert run("sparql", "DESCRIBE stage:pilot").stdout.startswith("@prefix")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { SERVICE <https://example.org/> { ?s ?p ?o } }",
        "LOAD <https://example.org/>",
        "SELECT * FROM <https://example.org/> { ?s ?p ?o }",
        "INSERT DATA { <a:a> <a:b> <a:c> }",
        "DELETE WHERE { ?s ?p ?o }",
        "SELECT * { " + "{" * 150 + "?s ?p ?o" + "}" * 150 + " }",
        "",
    ],
)
def test_refused_queries(text: str) -> None:
    """What changes data, reaches outside or stops the engine is refused, with a hint."""
    result = run("sparql", text, status=3)
    code = "update-refused" if text.startswith(("LOAD", "INSERT", "DELETE")) else "query-refused"
    assert f"Error [{code}]: " in result.stderr
    assert result.stderr.endswith(f"(whatworks explain {code})\n")


def test_slips_in_a_query_are_told_and_do_not_stop_it() -> None:
    """A term that is not there is told on standard error; answer and exit status are as without it."""
    result = run("sparql", "SELECT ?i { ?i ww:stge ?s }")
    assert (
        "i\n",
        "Warning: query:1:16: the model has no ww:stge; did you mean ww:stage?\nNo rows: nothing fits.\n",
    ) == (
        result.stdout,
        result.stderr,
    )
    assert run("sparql", "ASK { GRAPH <urn:x> { ?s ?p ?o } }", status=1).stdout == "no\n"


def test_query_that_is_not_utf8(tmp_path: Path) -> None:
    """A query that is not UTF-8 is refused, from a file and from standard input."""
    (tmp_path / "a.rq").write_bytes(b"ASK { \xff }")
    assert "Error [encoding]: a.rq:1:7: " in run("sparql", "a.rq", status=3).stderr
    assert "Error [encoding]: standard input:1:7: " in run("sparql", "-", given=b"ASK { \xff }", status=3).stderr


# ---- looking, exporting, counting ----


def test_show() -> None:
    """A thing is shown as text, in a language, and in the formats of graphs."""
    assert run("show", "expairs-project").stdout.startswith("EXPAIRS project  (practice)\n")
    assert "Belgique" in run("show", "expairs-project", "--lang", "fr").stdout
    assert json.loads(run("show", "EXPAIRS project", "-f", "jsonld").stdout)["key"] == "expairs-project"


def test_export(kg: KnowledgeGraph, tmp_path: Path) -> None:
    """Things, classes and everything are exported; JSON-LD is the default."""
    assert json.loads(run("export", "expairs-project").stdout)["key"] == "expairs-project"
    assert len(_rows(run("export", "--class", "Tool", "-f", "csv").stdout)) == len(kg.things(of_class="Tool"))
    result = run("export", "--all", "--format", "nquads", "--output", "all.nq")
    content = (tmp_path / "all.nq").read_bytes()
    assert result.stderr == f"Wrote all.nq ({len(content)} bytes).\n"
    assert len(content.splitlines()) == len(list(kg.collection.asserted()))


def test_a_table_is_of_one_class() -> None:
    """Everything has too many classes for one table, and that is wrong usage."""
    assert "holds things of one class: say which with --class CLASS." in (
        run("export", "--all", "--format", "csv", status=2).stderr
    )
    assert "Say what to export" in run("export", status=2).stderr
    assert "Say what to export" in run("export", "expairs-project", "--all", status=2).stderr


def test_why_of_what_was_computed(kg: KnowledgeGraph) -> None:
    """What was computed is shown with the method, the run that made it and the time at which that ended."""
    typed = kg.collection.store.match(predicate=Iri(f"{WW}linkType"))
    link = next(each for each in typed if each.graph == kg.collection.computed).subject
    said = run("why", str(link), "ww:linkType").stdout.splitlines()
    assert "    computed: whatworks link: Links by shared features, version 2" == said[1]
    assert re.fullmatch(r"    in the run shared-features-[0-9a-f]{12}, 20\d\d-[-0-9]{5}T[:0-9]{8}Z", said[2])


def test_why_for_programs(kg: KnowledgeGraph) -> None:
    """Origins as JSON have the terms of each statement, its graph and sort, and the pages of what is stated."""
    found = json.loads(run("why", "expairs-project", "ww:scope", "--format", "json").stdout)
    assert [
        {
            "subject": f"<{ID}intervention/expairs-project>",
            "predicate": f"<{WW}scope>",
            "object": "<https://w3id.org/whatworks/voc/scope/regional>",
            "graph": "https://w3id.org/whatworks/graph/record/vet-toolkit/expairs-project",
            "kind": "stated",
            "how": "the record expairs-project",
            "record": f"{ID}record/expairs-project",
            "pages": [
                "https://www.cedefop.europa.eu/en/tools/vet-toolkit-tackling-early-leaving/resources/expairs-project"
            ],
            "by": ["whatworks contributors"],
            "when": "2026-11-21T00:00:00Z",
            "run": None,
        }
    ] == found


def test_stats() -> None:
    """The collection is counted."""
    rows = _rows(run("stats").stdout)
    counts = {row["class"]: row["count"] for row in rows}
    assert counts[WW + "Tool"] == "22"


def test_one_letter_is_no_parameter(small: Path) -> None:
    """A parameter is written with two hyphens, also where its name is one letter."""
    (small / "queries/own").mkdir(parents=True)
    (small / "queries/own/echo.rq").write_text(
        "#+ summary: Says what it was given.\n"
        "#+ params: [{name: x, type: text, summary: A word., example: a}]\n"
        "#+ returns: {x: What was given.}\n"
        'SELECT ?x WHERE {\n#if x\n  VALUES ?x { "a" }\n#end\n}\n',
        encoding="utf-8",
    )
    assert "x\nb\n" == run("query", "echo", "--x", "b", project=small).stdout
    assert "No such option" in run("query", "echo", "-x", "b", status=2, project=small).stderr
    assert "The query 'echo' has no parameter 'y'.\nIt has: x." in (
        run("query", "echo", "--y", "b", status=2, project=small).stderr
    )


# ---- where output goes ----


def test_output_to_a_file(tmp_path: Path) -> None:
    """With --output the file holds what would else be printed, folders are made, and nothing else is printed."""
    result = run("query", "testimony-only", "--output", "deep/er/a.md")
    assert result.stdout == ""
    assert (tmp_path / "deep/er/a.md").read_bytes() == run("query", "testimony-only", "--format", "md").stdout_bytes
    assert [path.name for path in (tmp_path / "deep/er").iterdir()] == ["a.md"]


def test_output_replaces_the_whole_file(tmp_path: Path) -> None:
    """A longer file of before is replaced, with its rights kept."""
    (tmp_path / "a.csv").write_text("x" * 1_000_000)
    (tmp_path / "a.csv").chmod(0o600)
    run("query", "testimony-only", "-o", "a.csv")
    assert (tmp_path / "a.csv").stat().st_mode & 0o777 == 0o600
    assert "x" * 100 not in (tmp_path / "a.csv").read_text()


def test_output_that_cannot_be_written(tmp_path: Path) -> None:
    """Where nothing can be written, that is said and nothing is left behind."""
    (tmp_path / "file").touch()
    result = run("query", "testimony-only", "-o", "file/a.csv", status=3)
    assert "Error [unwritable]: file/a.csv cannot be written: " in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["stats", "--output", ""], "'--output' / '-o': The name is empty."),
        (["stats", "--output", "new/"], "'--output' / '-o': 'new/' is the name of a folder; write the name of a file."),
        (["stats", "--output", "old/"], "'--output' / '-o': 'old/' is the name of a folder; write the name of a file."),
        (["stats", "--output", "old"], "'--output' / '-o': File 'old' is a directory."),
        (["build", "--output", ""], "'--output' / '-o': The name is empty."),
        (["check", ""], "'[FILES]...': The name is empty."),
        (["new", ""], "'DIR': The name is empty."),
        (["import", "a.jsonl", "--mapping", ""], "'--mapping': The name is empty."),
        (["--project", "", "stats"], "'--project': The name is empty."),
        (["--store", "", "stats"], "'--store': The name is empty."),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
def test_names_that_name_no_file(tmp_path: Path, words: list[str], said: str) -> None:
    """An empty name, and the name of a folder where a file is wanted, are wrong usage; nothing is written."""
    (tmp_path / "old").mkdir()
    assert said in run(*words, status=2).stderr
    assert [tmp_path / "old"] == list(tmp_path.rglob("*"))


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_output_to_a_read_only_folder(tmp_path: Path) -> None:
    """A read-only folder stays as it is."""
    (tmp_path / "folder").mkdir(mode=0o555)
    result = run("query", "testimony-only", "-o", "folder/a.csv", status=3)
    assert "Error [unwritable]: folder/a.csv cannot be written: Permission denied." in result.stderr
    assert list((tmp_path / "folder").iterdir()) == []


def test_error_leaves_the_file_of_before(tmp_path: Path) -> None:
    """When the answer is an error, the file of before stays."""
    (tmp_path / "a.csv").write_text("before", encoding="utf-8")
    run("query", "interventions", "--stage", "nonsense", "-o", "a.csv", status=2)
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "before"


def _on_terminal(width: int, *words: str) -> list[str]:
    """Run a command on a terminal of a width and return the lines that it prints there."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
    with subprocess.Popen(
        [sys.executable, "-m", "whatworks", *words], stdout=theirs, stderr=theirs, stdin=theirs, env=environment
    ) as process:
        os.close(theirs)
        printed = b""
        try:
            while chunk := os.read(ours, 65536):
                printed += chunk
        except OSError:  # Linux says the end of a terminal with an error.
            pass
        finally:
            os.close(ours)
        assert process.wait(timeout=60) == 0
    return printed.decode().splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_table_fits_the_terminal(width: int) -> None:
    """On a terminal rows are a table with short IRIs, no line wider than the terminal, and keys are whole."""
    lines = _on_terminal(width, "query", "interventions", "--country", "Belgium")
    assert lines[0].split()[1] == "key"
    assert any("  certification-per-unit-cpu  " in line for line in lines) == (width > 40)
    assert set(lines[1]) == {"─", " "}
    assert len(lines) > 5
    assert max(len(line) for line in lines) <= width
    assert not any("https://" in line for line in lines)


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [["query", "interventions"], ["export", "--all", "-f", "nquads"], ["queries"], ["show", "youthreach"]],
)
def test_broken_pipe(words: list[str]) -> None:
    """When the reader stops reading, the command stops without a word."""
    with subprocess.Popen(
        [sys.executable, "-m", "whatworks", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        process.wait(timeout=60)
    assert said == b""
    assert process.returncode in (0, 141)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize("words", ["queries", "query testimony-only", "--help", "show youthreach"])
def test_standard_output_that_takes_nothing(words: str) -> None:
    """A full disk is an error of the system; a closed output is none."""
    command = [sys.executable, "-m", "whatworks", *words.split()]
    with Path("/dev/full").open("wb") as full:
        found = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    said = b"Error [unwritable]: Standard output cannot be written: No space left on device.\n"
    assert (found.returncode, found.stderr.startswith(said)) == (3, True)
    assert b"Exception" not in found.stderr
    closing = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
    found = subprocess.run(closing, stderr=subprocess.PIPE, timeout=60, check=False)
    assert (found.returncode, found.stderr) == (0, b"")


def test_the_process_ends_as_python_ends_it() -> None:
    """What is to be done at the end of the process is done, and a thread that works is awaited."""
    begin = "import atexit, sys, threading; atexit.register(print, 'last'); sys.argv = ['whatworks', '--version']; "
    end = "from whatworks.__main__ import run; run()"
    found = start_python(begin + end)
    assert found.stdout == f"whatworks, version {__version__}\nlast\n".encode()
    work = "lambda: (threading.main_thread().join(), print('worked'))"
    thread = f"threading.Thread(target={work}).start(); "
    found = start_python(begin + thread + end)
    assert found.stdout == f"whatworks, version {__version__}\nworked\nlast\n".encode()


@pytest.mark.slow
def test_folder_and_input_that_are_gone(tmp_path: Path) -> None:
    """A current folder that was removed, and a closed standard input, are told."""
    (tmp_path / "gone").mkdir()
    command = [sys.executable, "-m", "whatworks"]
    script = ["sh", "-c", 'cd gone && rmdir ../gone && exec "$@"', "sh", *command, "queries"]
    found = subprocess.run(script, capture_output=True, timeout=60, check=False)
    assert found.returncode == 3
    assert found.stderr.startswith(b"Error [missing-file]: The current folder cannot be read: No such file")
    script = ["sh", "-c", 'exec "$@" <&-', "sh", *command, "sparql", "-"]
    found = subprocess.run(script, capture_output=True, timeout=60, check=False)
    assert (found.returncode, found.stderr[:46]) == (3, b"Error [missing-file]: Standard input is closed")


def test_standard_output_is_left_alone_by_the_import() -> None:
    """The encoding of standard output changes when a command runs, not when a program imports the commands."""
    code = "import sys, whatworks.cli; print(sys.stdout.encoding)"
    found = start_python(code, PYTHONIOENCODING="latin-1")
    assert found.stdout.strip() in (b"latin-1", b"iso8859-1")


def start_python(code: str, **options: str) -> subprocess.CompletedProcess[bytes]:
    """Run some code in a process of its own."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, timeout=60, check=True, env={**os.environ, **options})


@pytest.mark.slow
def test_real_process() -> None:
    """A real process has the same exit statuses and streams, in any locale."""
    found = start("query", "interventions", "--country", "Belgium", LC_ALL="C", PYTHONUTF8="0")
    assert (found.returncode, found.stderr) == (0, b"")
    assert b"expairs-project" in found.stdout
    assert "Pôle Innovant".encode() in start("query", "interventions", LC_ALL="C", PYTHONUTF8="0").stdout
    unknown = start("query", "interventions", "--stage", "nonsense")
    assert (unknown.returncode, unknown.stdout) == (2, b"")
    assert unknown.stderr.startswith(b"Error [unknown-value]: --stage: 'nonsense' is no stage.\n")
    refused = start("sparql", "LOAD <https://example.org/>")
    assert (refused.returncode, refused.stdout) == (3, b"")


# ---- checking ----


def test_check_says_what_is_wrong(small: Path) -> None:
    """A violation is exit status 1, and the report is on standard output; progress is not."""
    result = run("check", "--profile", "core", status=1, project=small)
    assert result.stderr == "Checking with the shapes …\n"
    assert "violation  Key (line 1): found nothing; expected at least one value." in result.stdout


def test_check_formats_and_levels(small: Path, tmp_path: Path) -> None:
    """--fail-on says from which severity on the exit status is 1; the report can be a file in each format."""
    (small / "data/interventions/a.ttl").write_text(
        PRACTICE.replace(" .", ' ; <http://purl.org/dc/terms/identifier> "a" .'), encoding="utf-8"
    )
    run("check", project=small)
    run("check", "--fail-on", "warning", "-f", "json", "-o", "report.json", status=1, project=small)
    assert {finding["severity"] for finding in json.loads((tmp_path / "report.json").read_text())["findings"]} <= {
        "warning",
        "info",
    }
    assert run("check", "--profile", "core", "--fail-on", "info", "-f", "csv", project=small).stdout.count("\n") == 1


# ---- bringing in ----


def _practice(key: str) -> str:
    """Return the practice under a key, whole enough for the core profile."""
    identifier = f' ; <http://purl.org/dc/terms/identifier> "{key}" .'
    return PRACTICE.replace("/a>", f"/{key}>").rstrip().removesuffix(".").rstrip() + identifier + "\n"


def test_import_dry_run_writes_nothing(small: Path, tmp_path: Path) -> None:
    """A dry run says what would change and changes nothing."""
    (tmp_path / "b.ttl").write_text(_practice("b"), encoding="utf-8")
    before = {path: path.read_bytes() for path in small.rglob("*") if path.is_file()}
    result = run("import", "b.ttl", "--dry-run", project=small)
    assert "Nothing was written." in result.stdout
    assert before == {path: path.read_bytes() for path in small.rglob("*") if path.is_file()}


def test_import_writes(small: Path, tmp_path: Path) -> None:
    """An import writes a file for each record, which can be asked at once; a second one changes nothing."""
    (tmp_path / "b.ttl").write_text(_practice("b"), encoding="utf-8")
    result = run("import", "b.ttl", project=small)
    assert "added" in result.stdout
    assert run("show", "b", project=small).stdout.startswith("Alpha  (practice)\n")
    after = {path: path.read_bytes() for path in small.rglob("*") if path.is_file()}
    run("import", "b.ttl", project=small)
    assert after == {path: path.read_bytes() for path in small.rglob("*") if path.is_file()}


def test_import_refuses_broken_files(small: Path, tmp_path: Path) -> None:
    """A broken file is refused with its place, and nothing is written."""
    (tmp_path / "b.ttl").write_text("<a> <b>\n", encoding="utf-8")
    before = sorted(small.rglob("*"))
    assert "Error [syntax]: b.ttl:" in run("import", "b.ttl", status=3, project=small).stderr
    assert before == sorted(small.rglob("*"))


@pytest.mark.slow
def test_installed_data_is_not_written(tmp_path: Path) -> None:
    """The collection that came with an installed package cannot be changed; a project can."""
    site = tmp_path / "site"
    spec = importlib.util.find_spec("whatworks")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    shutil.copytree(spec.submodule_search_locations[0], site / "whatworks")
    for name in ("ontology", "queries", "data"):
        shutil.copytree(ROOT / name, site / "whatworks/_assets" / name)
    (tmp_path / "b.ttl").write_text(_practice("a"), encoding="utf-8")
    before = sorted(site.rglob("*"))
    result = start("import", "b.ttl", PYTHONPATH=str(site), PYTHONDONTWRITEBYTECODE="1")
    assert result.returncode == 3
    assert result.stderr.startswith(b"Error [unwritable]: The collection that came with the package cannot be changed.")
    assert before == sorted(site.rglob("*"))
    assert b"Checking" not in start("build", PYTHONPATH=str(site)).stderr
    for command in ("build", "prune"):
        result = start(command, *(["--no-check"] if command == "build" else []), PYTHONPATH=str(site))
        assert (3, b"Error [unwritable]: An installed package has no place for releases.") == (
            result.returncode,
            result.stderr.splitlines()[0],
        )
    (tmp_path / "whatworks.toml").touch()
    result = start("import", "b.ttl", PYTHONPATH=str(site), PYTHONDONTWRITEBYTECODE="1")
    assert (result.returncode, result.stderr) == (0, "Checking with the shapes …\n".encode())
    assert list((tmp_path / "data").rglob("a.*"))


# ---- releases ----


@pytest.mark.slow
def test_releases_are_listed_verified_and_pruned(small: Path) -> None:
    """Without a release there is nothing to verify; with several, old ones go and the one in use stays."""
    assert "" == run("releases", project=small).stdout
    assert "Error [unknown-thing]: There is no release in use.\nMake one with: whatworks build\n" in (
        run("verify", status=2, project=small).stderr
    )
    names = []
    for title in ("First", "Second", "Third"):
        (small / "data/interventions/a.ttl").write_text(PRACTICE.replace("Alpha", title), encoding="utf-8")
        names.append(run("build", "--no-check", project=small).stdout.split()[1].rstrip(":"))
    assert names == [line.split()[0] for line in run("releases", project=small).stdout.splitlines()]
    assert f"Removed {names[0]}\n1 removed.\n" == run("prune", "--keep", "1", project=small).stdout
    assert f"Release {names[2]}: whole.\n" == run("verify", project=small).stdout
    assert f"Release {names[1]}: whole.\n" == run("verify", names[1], project=small).stdout
    assert "Error [unknown-thing]" in run("verify", names[0], status=2, project=small).stderr


# ---- projects ----


def test_project_by_option_variable_and_folder(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project is named by --project, else by WHATWORKS_PROJECT, else it is the nearest folder above."""
    words = ["query", "interventions", "--format", "csv"]
    shipped = run("show", "youthreach").stdout
    assert run("show", "a", project=small).stdout.startswith("Alpha  (practice)\n")
    monkeypatch.setenv("WHATWORKS_PROJECT", str(small))
    assert run("show", "a").stdout.startswith("Alpha  (practice)\n")
    assert run("show", "youthreach", project=ROOT).stdout == shipped
    monkeypatch.delenv("WHATWORKS_PROJECT")
    monkeypatch.chdir(small / "data/interventions")
    assert run("show", "a").stdout.startswith("Alpha  (practice)\n")
    assert "youthreach" not in run(*words).stdout


def test_queries_of_a_project(small: Path) -> None:
    """A project's own query is a command beside the shipped ones, and its broken ones are told with their line."""
    (small / "queries/own").mkdir(parents=True)
    file = small / "queries/own/titles.rq"
    file.write_text(
        "#+ summary: All titles.\n#+ returns: {title: A title.}\n"
        f"SELECT ?title {{ ?s a <{WW}Practice> ; <http://purl.org/dc/terms/title> ?title }}\n",
        encoding="utf-8",
    )
    assert run("query", "titles", project=small).stdout == "title\nAlpha\n"
    file.write_text("#+ sumary: All titles.\nASK {}\n", encoding="utf-8")
    assert "Error [query-header]: queries/own/titles.rq:1: " in run("queries", status=3, project=small).stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGINT to ignore")
@pytest.mark.parametrize(("given", "kept"), [("default_int_handler", "SIG_DFL"), ("SIG_IGN", "SIG_IGN")])
def test_ctrl_c_ends_the_command_unless_it_is_ignored(given: str, kept: str) -> None:
    """From the first import on there is no trace; what a script starts in the background lives on."""
    code = (
        f"import signal; signal.signal(signal.SIGINT, signal.{given}); import whatworks.__main__; "
        f"assert signal.getsignal(signal.SIGINT) is signal.{kept}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such exit status")
@pytest.mark.parametrize("words", [["--help"], ["query", "--help"], ["queries"]])
def test_a_reader_that_has_enough_is_no_failure(words: list[str]) -> None:
    """Help and answers end alike where nobody reads them."""
    end, start = os.pipe()
    os.close(end)
    done = subprocess.run(
        [sys.executable, "-m", "whatworks", *words], stdout=start, stderr=subprocess.PIPE, check=False
    )
    os.close(start)
    assert (141, b"") == (done.returncode, done.stderr)
