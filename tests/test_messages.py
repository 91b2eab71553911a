"""What commands say: short, true, and with a way on. Each test is a message that once said less or something wrong."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from whatworks.cli import main


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project without records; commands run in it."""
    (tmp_path / "small").mkdir()
    (tmp_path / "small/whatworks.toml").touch()
    monkeypatch.delenv("WHATWORKS_PROJECT", raising=False)
    monkeypatch.chdir(tmp_path / "small")
    return tmp_path / "small"


def run(*words: str | Path, status: int = 0) -> Result:
    """Run a command in this process and check its exit status."""
    result = CliRunner().invoke(main, [*map(str, words)])
    assert result.exit_code == status, result.output
    return result


def test_build_says_where_from_here(small: Path, tmp_path: Path) -> None:
    """The release is named as seen from the current folder; elsewhere by its whole path."""
    said = run("build", "--no-check").stdout
    name = said.split()[1].rstrip(":")
    assert said.endswith(f" statements in {Path('releases', name)}\n")
    assert (small / "releases" / name).is_dir()
    folder = tmp_path / "elsewhere"
    assert run("build", "--no-check", "-o", folder).stdout.endswith(f" in {folder / name}\n")


# ---- answers in which nothing is ----


@pytest.mark.parametrize("format", ["table", "csv", "tsv", "json", "xml", "md"])
@pytest.mark.parametrize("many", [False, True])
def test_an_answer_without_rows_says_so(format: str, many: bool) -> None:
    """That nothing fits is said on standard error, and only then; what programs read is as ever."""
    for words in (
        ["query", "interventions", "--started-from", "2010" if many else "2090"],
        ["sparql", f"SELECT ?a ?b {{ ?a ww:stage ?b {'' if many else 'FILTER(false)'} }}"],
    ):
        result = run(*words, "--format", format)
        assert result.stdout
        assert ("" if many else "No rows: nothing fits.\n") == result.stderr


@pytest.mark.parametrize("format", ["csv", "tsv", "table", "md"])
def test_a_row_without_a_value_is_a_row(format: str) -> None:
    """A row in which nothing is bound is no empty answer."""
    assert "" == run("sparql", "SELECT ?a { OPTIONAL { ?a ww:stage 1 } }", "--format", format).stderr


def test_a_graph_without_statements_says_so() -> None:
    """An empty graph is told as well."""
    result = run("sparql", "CONSTRUCT { ?a ?b ?c } { ?a ww:stage 1 ; ?b ?c }", "--format", "ntriples")
    assert ("", "No statements: nothing fits.\n") == (result.stdout, result.stderr)


def test_empty_files_are_told(tmp_path: Path) -> None:
    """Files of an empty answer are written, with codebook or without, and it is said that they are empty."""
    for name in ("a.csv", "a.json", "a.xlsx"):
        result = run("query", "interventions", "--started-from", "2090", "--output", tmp_path / name)
        assert result.stderr.endswith("No rows: nothing fits.\n")
        assert (tmp_path / name).stat().st_size > 0


def test_a_search_without_hits_says_so_once() -> None:
    """A search says once that nothing fits, in every format."""
    for format in ("text", "csv", "table"):
        assert 1 == run("search", "qqxxzz", "--format", format, status=1).stderr.lower().count("nothing fits")


def test_years_that_cannot_be() -> None:
    """A first year after the last one is named as the reason for an empty answer."""
    result = run("query", "interventions", "--started-from", "2015", "--started-to", "2010")
    assert "No rows: no year fits both --started-from 2015 and --started-to 2010.\n" == result.stderr
    result = run("query", "components", "--age-from", "30", "--age-to", "10")
    assert "year" not in result.stderr


# ---- names ----


@pytest.mark.parametrize("name", ["stage", "Stage", "ww:stage", "https://w3id.org/whatworks/ont#stage"])
def test_why_takes_a_property_by_any_name(name: str) -> None:
    """A property is named by its CURIE, IRI, name or label."""
    assert run("why", "expairs-project", "ww:stage").stdout == run("why", "expairs-project", name).stdout


def test_why_takes_the_names_that_are_shown() -> None:
    """What `show` and `why` call a property names it; several properties of one name are all told."""
    expected = run("why", "expairs-project", "ww:assignedApproach").stdout
    assert expected
    for name in ("assigned approach", "Approach assigned here"):
        assert expected == run("why", "expairs-project", name).stdout
    assert "EXPAIRS project  start year  2012" in run("why", "expairs-project", "start-year").stdout


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ww:stagee", "Did you mean ww:stage?"),
        ("stagee", "Did you mean ww:stage?"),
        ("nonsense", "Without a property, everything is listed."),
    ],
)
def test_why_suggests_a_property(name: str, hint: str) -> None:
    """A slip is answered with the nearest property of the thing."""
    result = run("why", "expairs-project", name, status=2)
    assert f"Nothing is said of 'expairs-project' with '{name}'.\n{hint}\n" in result.stderr


def test_things_that_are_hardly_alike_are_not_suggested() -> None:
    """Among all things only what is much alike is suggested, interventions first."""
    assert "or find it by words: whatworks search\n" in run("why", "nosuch", status=2).stderr
    assert "Did you mean: EXPAIRS project (expairs-project)" in run("show", "expairs", status=2).stderr
    said = run("show", "youthreech", status=2).stderr
    assert "Did you mean: Youthreach (youthreach)" in said
    assert "young-people-general" not in said


@pytest.mark.parametrize("code", ["UNKNOWN-VALUE", "[unknown-value]"])
def test_explain_takes_a_code_as_it_was_copied(code: str) -> None:
    """Capitals and brackets make no difference."""
    assert run("explain", "unknown-value").stdout == run("explain", code).stdout


# ---- files and folders ----


def test_no_codebook_beside_a_device() -> None:
    """What is written to a device gets no file beside it."""
    result = run("query", "countries", "--format", "csv", "--output", os.devnull)
    assert "metadata" not in result.stderr
    assert not Path(f"{os.devnull}-metadata.json").exists()


@pytest.mark.parametrize("words", [["build"], ["releases"], ["prune"]])
def test_a_file_is_no_folder_of_releases(small: Path, words: list[str]) -> None:
    """Where a folder is wanted a file or device is refused as such."""
    assert f"{os.devnull!r} is no folder." in run(*words, "--output", os.devnull, status=2).stderr
    assert "'whatworks.toml' is no folder." in run(*words, "--output", "whatworks.toml", status=2).stderr


@pytest.mark.parametrize("command", ["releases", "verify", "prune"])
def test_a_folder_of_releases_that_is_not_there(small: Path, command: str) -> None:
    """A folder that is not there is told, and not made; without --output there are no releases yet."""
    assert "There is no folder none." in run(command, "--output", "none", status=3).stderr
    run(command, status=2 if command == "verify" else 0)
    assert ["whatworks.toml"] == [path.name for path in small.iterdir()]


def test_store_that_is_no_release(small: Path) -> None:
    """A folder of releases, a project and a folder that is not there are told apart from a damaged release."""
    name = run("build", "--no-check").stdout.split()[1].rstrip(":")
    whole = Path("releases", name)
    assert "stage:pilot" in run("--store", whole, "export", "stage:pilot", "--format", "turtle").stdout
    for folder, what in (("releases", "a folder of releases"), (".", "a project")):
        said = run("--store", folder, "show", "stage:pilot", status=2).stderr
        assert f"Error [usage]: {folder} is {what}, not a release.\nName the one in use: {whole}\n" in said
    (small / "releases/current").unlink()
    assert f"none is in use.\nName one: {whole}\n" in run("--store", "releases", "stats", status=2).stderr
    assert "Error [missing-file]: There is no folder none." in run("--store", "none", "stats", status=3).stderr


def test_build_with_more_steps_up_than_there_are(small: Path, tmp_path: Path) -> None:
    """A folder named from the root by way of too many `..` is written like any other."""
    up = Path(*[".."] * 60, *(tmp_path / "up").parts[1:])
    run("build", "--no-check", "--output", up)
    assert (tmp_path / "up/current").exists()


def test_faults_are_counted(small: Path) -> None:
    """One fault is one fault."""
    name = run("build", "--no-check").stdout.split()[1].rstrip(":")
    (small / "releases" / name / "void.ttl").write_bytes(b"")
    said = run("verify", status=1).stdout
    assert f"Release {name}: {len(said.splitlines()) - 1} fault.\n" == said.splitlines(keepends=True)[-1]
