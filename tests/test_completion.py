"""The shell completes commands, queries, parameters and values; and stays silent when something is wrong."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from tests.conftest import ROOT
from whatworks import KnowledgeGraph
from whatworks.catalogue import Parameter, Query
from whatworks.cli import COMMANDS, main
from whatworks.cli.completion import VARIABLE, Known

PROGRAM = Path(sys.executable).parent / "whatworks"
SHELLS = ("bash", "zsh", "fish")


def offered(*words: str) -> dict[str, str | None]:
    """Return what is offered for the last word, each with what is shown beside it."""
    found = ShellComplete(main, {}, "whatworks", VARIABLE).get_completions(list(words[:-1]), words[-1])
    return {item.value: item.help for item in found}


# ---- commands, queries, parameters ----


def test_commands() -> None:
    """The commands are completed."""
    assert {"query", "queries"} == set(offered("quer"))
    assert set(COMMANDS) == set(offered(""))


def test_query_names(kg: KnowledgeGraph) -> None:
    """The names of the stored queries are completed, each with its summary."""
    assert set(kg.catalogue.names()) == set(offered("query", ""))
    assert {"success-factor-themes"} == set(offered("query", "success-factor-t"))
    assert "Interventions, with the facets" in str(offered("query", "interventions")["interventions"])


def test_parameters(kg: KnowledgeGraph) -> None:
    """The parameters of a query are completed as options, with their summaries."""
    for query in kg.catalogue.all():
        found = offered("query", query.name, "--")
        assert {f"--{parameter.name}" for parameter in query.parameters} < set(found)
        assert all(help is None or "\n" not in help for help in found.values())


# ---- values ----


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["query", "interventions", "--country", "LU"], {"LU": "Luxembourg"}),
        (["query", "interventions", "--country", "Belg"], {"Belgium": "BE"}),
        (["query", "interventions", "--country=Belg"], {"Belgium": "BE"}),
        (["query", "interventions", "--country", "FR", "--country", "Germ"], {"Germany": "DE"}),
        (["query", "interventions", "--stage", "mai"], {"mainstreamed": "Mainstreamed"}),
        (["query", "interventions", "--stage", "Mai"], {"mainstreamed": "Mainstreamed"}),
        (["query", "interventions", "--approach", "second"], {"second-chance-measures": "Second chance measures"}),
        (["query", "interventions", "--approach", "Second ch"], {"second-chance-measures": "Second chance measures"}),
        (["query", "interventions", "--approach", "CHANCE"], {"second-chance-measures": "Second chance measures"}),
        (["query", "interventions", "--country", "belg"], {"Belgium": "BE"}),
        (["query", "interventions", "--country", "lu"], {"LU": "Luxembourg"}),
        (["query", "interventions", "--country", "United K"], {"GB": "United Kingdom"}),
        (["query", "tools", "--language", "English"], {"English": "ENG"}),
        (["query", "intervention", "--intervention", "expairs"], {"expairs-project": "EXPAIRS project"}),
        (["query", "actor-partners", "--agent", "university-of-mo"], {"university-of-mons": "University of Mons"}),
        (["query", "approaches", "--assigned", ""], {"true": None, "false": None}),
        (["query", "gap-map", "--rows", "st"], {"stage": None}),
        (["query", "interventions", "--started-from", ""], {}),
        (["query", "outside-term", "--term", ""], {}),
        (["query", "records-since", "--date", ""], {"today": None}),
        (["show", "expairs"], {"expairs-project": "EXPAIRS project"}),
        (["show", "University of Mo"], {"university-of-mons": "University of Mons"}),
        (["why", "expairs"], {"expairs-project": "EXPAIRS project"}),
        (["export", "youthreach", "expairs"], {"expairs-project": "EXPAIRS project"}),
        (["export", "--class", "Pr"], {"Practice": None}),
        (["export", "--class", "Int"], {"Intervention": None}),
        (["export", "--format", "n"], {"ntriples": None, "nquads": None}),
        (["queries", "--tag", "evi"], {"evidence": None}),
        (["query", "interventions", "--format", "t"], {"table": None, "tsv": None}),
        (["query", "intervention", "--format", "t"], {"turtle": None, "trig": None}),
        (["sparql", "--format", "t"], {"table": None, "tsv": None, "turtle": None, "trig": None}),
        (["stats", "-f", "t"], {"table": None, "tsv": None}),
        (["completion", ""], {"bash": None, "zsh": None, "fish": None}),
        (["query", "interventions", "--country", "US"], {"US": "United States"}),
        (["query", "interventions", "--country", "USA"], {"USA": "United States"}),
        (["why", "expairs-project", "start"], {"startYear": "start year"}),
        (["why", "expairs-project", "Start y"], {"startYear": "start year"}),
        (["why", "expairs-project", "ww:start"], {"ww:startYear": "start year"}),
        (["why", "expairs-project", "nothing"], {}),
        (["export", "--class", "Conc"], {"Concept": None}),
        (["export", "--class", "App"], {"Approach": None}),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
def test_values(words: list[str], expected: dict[str, str | None]) -> None:
    """A value is completed by its code, or by its label where that is one word; beside it stands the other."""
    assert expected == offered(*words)


def _parameters(kg: KnowledgeGraph) -> list[tuple[Query, Parameter]]:
    counted = ("concept", "place", "language", "intervention", "agent", "choice", "boolean")
    found = [(query, parameter) for query in kg.catalogue.all() for parameter in query.parameters]
    unique = {(each.type, each.scheme, each.name if each.choices else ""): (query, each) for query, each in found}
    return [pair for pair in unique.values() if pair[1].type in counted]


@pytest.mark.slow
def test_every_offered_value_is_understood(kg: KnowledgeGraph) -> None:
    """What is offered for a parameter of any kind is accepted by it, and is one plain word."""
    for query, parameter in _parameters(kg):
        words = [word for word, _ in Known(kg).values(parameter)]
        assert (parameter.name, len(words)) > (parameter.name, 1)
        for word in words:
            assert word.replace("-", "").replace("_", "").isalnum()
            assert parameter.name in kg.lookup.bind(query, {parameter.name: [word]})


def test_every_offered_place_is_short(kg: KnowledgeGraph) -> None:
    """A country is offered by its code of two letters."""
    parameter = kg.catalogue.get("interventions").parameter("country")
    words = {label: word for word, label in Known(kg).values(parameter)}
    assert ["BE", "FR", "GR"] == [words["Belgium"], words["France"], words["Greece"]]


def test_every_offered_key_and_class_is_understood(kg: KnowledgeGraph) -> None:
    """What is offered as a key is a thing; what is offered as a class has members."""
    known = Known(kg)
    keys = [key for key, _ in known.things()]
    assert len(keys) > 300
    assert all(kg.lookup.thing(key) for key in keys)
    assert all(kg.things(of_class=name) for name, _ in known.classes())


BEGUN = "SELECT ?i { ?i "
OWN = "PREFIX my: <http://purl.org/dc/terms/> ASK { ?i "


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (BEGUN + "ww:start", {BEGUN + "ww:startYear": "start year"}),
        (BEGUN + "WW:start", {}),
        (BEGUN + "ww:START", {BEGUN + "ww:startYear": "start year"}),
        (BEGUN + "ww:stage/skos:prefL", {BEGUN + "ww:stage/skos:prefLabel": "skos:prefLabel"}),
        (BEGUN + "ww:stage stage:pil", {BEGUN + "ww:stage stage:pilot": "Pilot"}),
        (BEGUN + "dct", {BEGUN + "dcterms:title": "dcterms:title"}),  # one prefix only: on with its names
        (BEGUN + "vo", {BEGUN + "voc:": "https://w3id.org/whatworks/voc/", BEGUN + "void:": "http://rdfs.org/ns/void#"}),
        ("DESCRIBE intervention:expairs", {"DESCRIBE intervention:expairs-project": "EXPAIRS project"}),
        ("DESCRIBE agent:university-of-mon", {"DESCRIBE agent:university-of-mons": "University of Mons"}),
        (OWN + "my:titl", {OWN + "my:title": "dcterms:title"}),
        (BEGUN + "nothing:x", {}),
        (BEGUN + "?ww", {}),
        (BEGUN + "ww:stage 'a", {}),
        (BEGUN + 'ww:stage "ww:start', {}),
        (BEGUN + '?p "x"@ww', {}),
        (BEGUN + "<https://w3id.org/ww:start", {}),
        (BEGUN + "\n ww:start", {}),
        (BEGUN, {}),
        ("no-such-folder/x", {}),
    ],
)  # fmt: skip
def test_texts_of_queries(typed: str, expected: dict[str, str | None]) -> None:
    """In a text the name at its end is completed, as a part of the text; variables, IRIs and quoted texts are not."""
    found = offered("sparql", typed)
    assert expected.items() <= found.items()
    assert bool(expected) == bool(found)


def test_every_offered_name_is_known(kg: KnowledgeGraph) -> None:
    """What is offered for the prefixes of the model is a name that can stand in a query, and no slip."""
    for prefix in ("ww", "stage", "country", "dcterms", "intervention"):
        names = [f"{prefix}:{code}" for code, _ in Known(kg).names_in(kg.prefixes.table[prefix])]
        assert names
        told: list[str] = []
        asking = KnowledgeGraph(kg.assets, kg.settings, notify=told.append)
        asking.collection = kg.collection
        asking.sparql(f"ASK {{ VALUES ?name {{ {' '.join(names)} }} }}")
        assert [] == told


def test_files_of_queries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files with queries are completed, and folders are left to the shell."""
    (tmp_path / "mine.rq").touch()
    (tmp_path / "more.sparql").touch()
    (tmp_path / "mail.txt").touch()
    monkeypatch.chdir(tmp_path)
    assert ["m", "mine.rq", "more.sparql"] == list(offered("sparql", "m"))
    assert [f"{tmp_path}/", f"{tmp_path}/mine.rq"] == list(offered("sparql", f"{tmp_path}/"))[:2]
    assert ["./mi", "mine.rq"] == list(offered("sparql", "./mi"))


def test_own_collection(project: Callable[[dict[str, str]], KnowledgeGraph], tmp_path: Path) -> None:
    """The words are those of the project that the command line names."""
    project(
        {
            "data/interventions/a.ttl": """
            @prefix ww: <https://w3id.org/whatworks/ont#> .
            @prefix dcterms: <http://purl.org/dc/terms/> .
            @prefix foaf: <http://xmlns.com/foaf/0.1/> .
            @prefix id: <https://w3id.org/whatworks/id/intervention/> .
            id:alpha a ww:Practice ; dcterms:identifier "alpha" ; dcterms:title "Alpha\\n  first"@en .
            id:beta a ww:Practice ; dcterms:identifier "beta" .
            """
        }
    )
    words = ["--project", str(tmp_path), "query", "intervention", "--intervention", ""]
    assert {"alpha": "Alpha first", "beta": None} == offered(*words)


def test_no_word_is_run_by_the_shell(project: Callable[[dict[str, str]], KnowledgeGraph], tmp_path: Path) -> None:
    """What a shell would take for more than a word is not offered, and labels steer no terminal."""
    things = "".join(
        f'<https://w3id.org/whatworks/id/intervention/{key}> a ww:Practice ; dcterms:title "A\\u001B[2J"@en .\n'
        for key in ("alpha", "a$(id)", "a;id", "a&id", "~a", "a*", "a'b", "!a")
    )
    head = "@prefix ww: <https://w3id.org/whatworks/ont#> .\n@prefix dcterms: <http://purl.org/dc/terms/> .\n"
    project({"data/interventions/a.ttl": head + things})
    found = offered("--project", str(tmp_path), "query", "intervention", "--intervention", "")
    assert found == {"alpha": "A\\u001b[2J"}


@pytest.mark.parametrize("built", [False, True])
def test_release_is_read_without_a_word(
    project: Callable[[dict[str, str]], KnowledgeGraph],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    built: bool,
) -> None:
    """With a release the words are its own; that the files are newer is not said while a shell completes."""
    first = '<https://w3id.org/whatworks/id/agent/a> <http://xmlns.com/foaf/0.1/name> "A" .'
    opened = project({"data/a.ttl": first})
    if built:
        opened.build(checked=False)
    project({"data/a.ttl": first.replace("agent/a", "agent/b")})
    found = offered("--project", str(tmp_path), "query", "actor-partners", "--agent", "")
    assert ({"a": "A"} if built else {"b": "A"}) == found
    assert ("", "") == capfd.readouterr()


def test_every_offered_property_is_understood(kg: KnowledgeGraph) -> None:
    """What is offered as the property of a thing has statements to explain."""
    words = list(offered("why", "expairs-project", ""))
    assert {"stage", "title"} < set(words)
    assert all(kg.why("expairs-project", word) for word in words)


def test_codes_of_errors() -> None:
    """The codes of errors are completed, each with what it means."""
    assert {"unknown-value", "unknown-query"} < set(offered("explain", "unknown-"))
    assert all(offered("explain", "").values())
    for code in offered("explain", ""):
        assert 0 == CliRunner().invoke(main, ["explain", code]).exit_code


def test_names_of_releases(project: Callable[[dict[str, str]], KnowledgeGraph], tmp_path: Path) -> None:
    """The releases of the project, or of a folder, are completed, damaged ones as well: `verify` is for these."""
    first = '<https://w3id.org/whatworks/id/agent/a> <http://xmlns.com/foaf/0.1/name> "A" .'
    names = []
    for name in ("a", "b"):
        files = {"data/a.ttl": first.replace("agent/a", f"agent/{name}")}
        names.append(project(files).build(checked=False).name)
    (tmp_path / "releases" / names[0] / "manifest.json").write_bytes(b"{")
    here = ["--project", str(tmp_path)]
    assert {names[0]: None, names[1]: "in use"} == offered(*here, "verify", "")
    assert {names[1]: "in use"} == offered(*here, "verify", names[1][:8])
    folder = str(tmp_path / "releases")
    assert set(names) == set(offered("verify", "--output", folder, ""))
    found = offered(*here, "--store", f"{folder}/")
    assert {f"{folder}/": None, f"{folder}/{names[0]}": None, f"{folder}/{names[1]}": "in use"} == found


# ---- when something is wrong ----


def test_broken_query_hides_only_itself(
    project: Callable[[dict[str, str]], KnowledgeGraph], tmp_path: Path, kg: KnowledgeGraph
) -> None:
    """A broken query file is left out, also where its own parameters are asked for; the others are completed."""
    project({"queries/own/broken.rq": "SELECT"})
    assert set(kg.catalogue.names()) == set(offered("--project", str(tmp_path), "query", ""))
    assert "broken" not in offered("--project", str(tmp_path), "query", "broken", "--country", "")


def _complete(shell: str, *words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    line = " ".join(["whatworks", *words])
    current = words[-1] if shell == "fish" else str(len(words))
    asked = {"COMP_WORDS": line, "COMP_CWORD": current, VARIABLE: f"{shell}_complete"}
    return subprocess.run(
        [PROGRAM], env={**os.environ, **asked}, cwd=cwd, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_silent_without_a_collection(tmp_path: Path, shell: str) -> None:
    """Where the collection cannot be read nothing is offered and nothing is printed."""
    (tmp_path / "whatworks.toml").write_text("base = 3", encoding="utf-8")
    (tmp_path / "data").mkdir()
    done = _complete(shell, "query", "interventions", "--country", "B", cwd=tmp_path)
    assert ("", "") == (done.stdout, done.stderr)
    assert "show" in _complete(shell, "sh", cwd=tmp_path).stdout


def test_a_mistake_outside_completion_is_raised() -> None:
    """Only while a shell completes are mistakes kept silent."""
    assert VARIABLE not in os.environ
    with pytest.raises(TypeError):
        main.main(["--version"], bogus=1)


# ---- in the shells ----

_ASK = {
    "bash": """
        source {script}
        COMP_WORDS=({line}) COMP_CWORD={last}
        _whatworks_completion whatworks
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """,
    # The two builtins of zsh work in its line editor only; these say what they are given.
    "zsh": """
        compdef() {{ }}
        _describe() {{ print -l -- "${{(@P)3}}" }}
        compadd() {{ print -l -- "${{(@P)5}}" }}
        source {script}
        words=({line}) CURRENT={last}+1
        _whatworks_completion
    """,
    "fish": """
        source {script}
        complete --do-complete '{line}'
    """,
}


def _in_shell(shell: str, script: Path, *words: str) -> list[str]:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    line = " ".join(["whatworks", *(word or "''" for word in words[:-1]), words[-1]])
    text = _ASK[shell].format(script=script, line=line, last=len(words))
    options = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    path = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [shell, *options, "-c", text],
        env={**os.environ, "PATH": path, "HOME": str(script.parent)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "" == done.stderr
    return [line for line in done.stdout.splitlines() if line]


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS)
def test_script_works_in_the_shell(tmp_path: Path, shell: str) -> None:
    """The script that the command prints makes the shell complete commands, queries, options and values."""
    script = tmp_path / "script"
    result = CliRunner().invoke(main, ["completion", shell])
    assert (0, "") == (result.exit_code, result.stderr)
    script.write_text(result.stdout, encoding="utf-8")
    beside = {"bash": "", "zsh": ":", "fish": "\t"}[shell]

    def shown(word: str, label: str) -> str:
        return word + beside + label if beside else word

    assert [shown("Belgium", "BE")] == _in_shell(shell, script, "query", "interventions", "--country", "Belg")
    label = "Second chance measures"
    found = _in_shell(shell, script, "query", "interventions", "--approach", "second")
    assert [shown("second-chance-measures", label)] == found
    summary = "Interventions, with the facets by which people choose."
    assert shown("interventions", summary) in _in_shell(shell, script, "query", "interventions")
    assert ["table", "tsv"] == sorted(_in_shell(shell, script, "query", "interventions", "--format", "t"))
    found = _in_shell(shell, script, "query", "interventions", "--cou")
    assert ["--country"] == [line.split(beside)[0] if beside else line for line in found]
    if shell == "bash":
        text = '"SELECT ?i { ?i ww:start'
        assert [text[1:] + "Year"] == _in_shell(shell, script, "sparql", f"'{text}'")
    bad = ["--project", str(tmp_path / "none"), "query", "interventions", "--approach", "second"]
    assert [] == _in_shell(shell, script, *bad)


def test_script_of_an_unknown_shell_is_refused() -> None:
    """Other shells are refused, with those that are known."""
    result = CliRunner().invoke(main, ["completion", "tcsh"])
    assert 2 == result.exit_code
    assert "'bash', 'zsh', 'fish'" in result.stderr


def test_help_says_how_to_install() -> None:
    """The help has one line for each shell."""
    text = CliRunner().invoke(main, ["completion", "--help"]).stdout
    for shell in SHELLS:
        assert f"\n    whatworks completion {shell} >" in text
