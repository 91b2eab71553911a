"""Query files are read strictly, and values are bound where the file says, and nowhere else."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import pyoxigraph
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import CASES
from whatworks import KnowledgeGraph
from whatworks.assets import Asset
from whatworks.catalogue import CHARTS, Bound, Catalogue, Query, iri_rows
from whatworks.catalogue import kept as kept_module
from whatworks.catalogue.header import name_of, projected, read_query
from whatworks.catalogue.kept import Kept
from whatworks.errors import EndpointAnswer, MissingParameter, Place, QueryHeader, UnknownParameter, UnknownQuery
from whatworks.namespaces import Prefixes
from whatworks.results import Answer, Boolean
from whatworks.store import EmbeddedStore
from whatworks.terms import Iri, Literal
from whatworks.yamltext import read_yaml

PREFIXES = Prefixes(
    {
        "ww": "https://w3id.org/whatworks/ont#",
        "voc": "https://w3id.org/whatworks/voc/",
        "kind": "https://w3id.org/whatworks/voc/kind/",
    }
)

HEAD = """\
#+ summary: Things of a kind.
#+ tags: [test]
#+ params:
#+   - name: kind
#+     type: concept
#+     scheme: kind
#+     summary: Only this kind.
#+     example: tool
#+ returns:
#+   thing: The thing.
"""
BODY = """\
SELECT ?thing WHERE {
#if kind
  VALUES ?kind { <https://w3id.org/whatworks/voc/kind/tool> }
  ?thing <https://w3id.org/whatworks/ont#kind> ?kind .
#end
#if not kind
  ?thing a ?any .
#end
}
"""


@dataclass
class _Source:
    data: bytes

    def read_bytes(self) -> bytes:
        return self.data


def _read(text: str) -> Query:
    return read_query(Asset("queries/test/things.rq", _Source(text.encode("utf-8", "surrogatepass"))), PREFIXES)  # type: ignore[arg-type]  # a source needs only to be read


def test_query_is_named_after_its_file() -> None:
    """Name, topic and form come from the file's place and body."""
    query = _read(HEAD + BODY)
    assert ("things", "test", "SELECT") == (query.name, query.topic, query.form)
    assert ("kind", "concept", ("kind",)) == (
        query.parameters[0].name,
        query.parameters[0].type,
        query.parameters[0].variables,
    )


def test_block_counts_when_the_parameter_is_given() -> None:
    """With a value the block is there with the value; without one, the other block is."""
    query = _read(HEAD + BODY)
    bound = query.bind({"kind": Bound(iri_rows([Iri("urn:b"), Iri("urn:a")]))})
    assert "VALUES ?kind { <urn:a> <urn:b> }" in bound
    assert "?any" not in bound
    assert "?any" in query.bind({})
    assert "VALUES" not in query.bind({})


def test_tuples_are_bound_in_parentheses() -> None:
    """A choice with two variables binds rows of two terms, and #if compares its word."""
    head = """\
#+ summary: A choice.
#+ params:
#+   - name: rows
#+     type: choice
#+     default: kind
#+     variables: [property, scheme]
#+     choices: {kind: [ww:kind, voc:kind], stage: [ww:stage, voc:stage]}
#+     summary: Which.
#+     example: kind
#+ returns: {x: A thing.}
SELECT ?x WHERE {
  VALUES (?property ?scheme) { (<urn:p> <urn:s>) }
#if rows = stage
  ?x a <urn:staged> .
#end
  ?x ?property ?y .
}
"""
    query = _read(head)
    chosen = query.parameter("rows").choices["stage"]
    bound = query.bind({"rows": Bound([chosen], "stage")})
    assert f"VALUES (?property ?scheme) {{ (<{chosen[0]}> <{chosen[1]}>) }}" in bound
    assert "urn:staged" in bound
    assert "urn:staged" not in query.bind({"rows": Bound([query.parameter("rows").choices["kind"]], "kind")})


def test_unknown_parameter_lists_the_known() -> None:
    """Binding a parameter that is not there names those that are."""
    with pytest.raises(UnknownParameter, match="no parameter 'stage'") as caught:
        _read(HEAD + BODY).bind({"stage": Bound()})
    assert "kind" in caught.value.hint


def test_missing_parameter_shows_an_example() -> None:
    """A required parameter that is not given is asked for with its example."""
    required = (HEAD + BODY).replace("#+     example: tool", "#+     required: true\n#+     example: good practice")
    required = required.replace("#if not kind\n  ?thing a ?any .\n#end\n", "")
    with pytest.raises(MissingParameter) as caught:
        _read(required).bind({})
    assert '--kind "good practice"' in caught.value.hint


# ---- what is kept of query files ----


def _file(folder: Path, text: str) -> Asset:
    path = folder / "things.rq"
    path.write_text(text, encoding="utf-8")
    return Asset("queries/test/things.rq", path)


def _keep(cache: Path, asset: Asset) -> Path:
    """Read a query file and keep its head; return the file that keeps it."""
    kept = Kept(cache)
    read_query(asset, PREFIXES, kept)
    kept.write()
    (file,) = (cache / "queries").iterdir()
    return file


def test_queries_are_the_same_from_what_was_kept(kg: KnowledgeGraph, tmp_path: Path) -> None:
    """Every shipped query is read from the cache as from its file, and nothing else is read of its header."""
    first = Catalogue(kg.assets.queries(), kg.prefixes, tmp_path)
    read = first.all()
    first.write()
    again = Catalogue(kg.assets.queries(), kg.prefixes, tmp_path)
    assert again.all() == read == kg.catalogue.all()
    kept = Kept(tmp_path)
    for asset in kg.assets.queries():
        if "/" not in name_of(asset) and asset.name.endswith(".rq"):
            head = kept.get(asset, asset.read().decode())
            assert head is not None, asset.name
            assert head.form == kg.catalogue.get(name_of(asset)).form


def test_what_was_kept_counts_for_the_same_text_only(tmp_path: Path) -> None:
    """After a slip in the file, the slip is found, whatever was kept."""
    _keep(tmp_path / "cache", _file(tmp_path, HEAD + BODY))
    broken = _file(tmp_path, HEAD.replace("example:", "exampel:") + BODY)
    with pytest.raises(QueryHeader, match="unknown key 'exampel'"):
        read_query(broken, PREFIXES, Kept(tmp_path / "cache"))


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", "00000000 ", "[" * 100_000, '{"text": 1}', '{"text": "x", "made-by": "another"}', "\udcff"],
)
def test_damaged_file_of_the_cache_is_not_read(tmp_path: Path, content: str) -> None:
    """What cannot be read of the cache is read from the query file, and kept anew."""
    asset = _file(tmp_path, HEAD + BODY)
    file = _keep(tmp_path / "cache", asset)
    sound = file.read_bytes()
    file.write_bytes(content.encode(errors="surrogateescape"))
    assert Kept(tmp_path / "cache").get(asset, HEAD + BODY) is None
    assert _keep(tmp_path / "cache", asset).read_bytes() == sound


def test_pipe_in_the_cache_is_not_waited_for(tmp_path: Path) -> None:
    """Where a pipe stands in the place of a kept head, the query file is read."""
    asset = _file(tmp_path, HEAD + BODY)
    file = _keep(tmp_path / "cache", asset)
    file.unlink()
    os.mkfifo(file)
    assert Kept(tmp_path / "cache").get(asset, HEAD + BODY) is None


def test_kept_by_another_version_is_not_read(tmp_path: Path) -> None:
    """A head that another program read, which may have checked less, does not count."""
    asset = _file(tmp_path, HEAD + BODY)
    file = _keep(tmp_path / "cache", asset)
    written = file.read_bytes().partition(b" ")[2].replace(b", whatworks ", b", whatworks 9.")
    file.write_bytes(b"%08x %s" % (crc32(written), written))
    assert Kept(tmp_path / "cache").get(asset, HEAD + BODY) is None


def test_head_with_another_letter_is_not_read(tmp_path: Path) -> None:
    """A damaged head that is still JSON, and would make another parameter, is read from the query file."""
    asset = _file(tmp_path, HEAD + BODY)
    file = _keep(tmp_path / "cache", asset)
    sound = file.read_bytes()
    head = sound.index(b'"header"')
    file.write_bytes(sound[:head] + sound[head:].replace(b"tool", b"fool"))
    assert file.read_bytes() != sound
    assert Kept(tmp_path / "cache").get(asset, HEAD + BODY) is None


def test_header_that_json_cannot_hold_is_not_kept(tmp_path: Path) -> None:
    """YAML knows days, and keys that are numbers; such a header is read from its file each time."""
    for example in ("example: 2020-01-01", "example: x\n#+     choices: {1: [a], 2: [b]}"):
        kind = "type: choice" if "choices" in example else "type: text"
        text = (HEAD.replace("example: tool", example).replace("type: concept\n#+     scheme: kind", kind)) + BODY
        kept = Kept(tmp_path / "cache")
        read = read_query(_file(tmp_path, text), PREFIXES, kept)
        kept.write()
        assert read.parameters[0].name == "kind"
        assert not (tmp_path / "cache").exists()


def test_cache_of_queries_does_not_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of very many files those written last stay, and what a killed process left behind goes."""
    monkeypatch.setattr(kept_module, "_MOST", 3)
    folder = tmp_path / "queries"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.json").write_text("{}", encoding="utf-8")
        os.utime(folder / f"{number}.json", (number, number))
    (folder / ".left.json").write_text("{", encoding="utf-8")
    os.utime(folder / ".left.json", (1, 1))
    kept = Kept(tmp_path)
    read_query(_file(tmp_path, HEAD + BODY), PREFIXES, kept)
    kept.write()
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == 3
    assert {"3.json", "4.json"} < set(names)


def test_unknown_query_suggests_the_nearest(kg: KnowledgeGraph) -> None:
    """A slip in a query's name is answered with names like it."""
    with pytest.raises(UnknownQuery) as caught:
        kg.catalogue.get("intervention-s")
    assert "interventions" in caught.value.hint


def test_unlike_name_points_to_the_list() -> None:
    """A name like none is answered with where the names are."""
    with pytest.raises(UnknownQuery, match="no stored query 'zzz'") as caught:
        Catalogue([], PREFIXES).get("zzz")
    assert "whatworks queries" in caught.value.hint


def _broken() -> list[tuple[str, str, str]]:
    cases = read_yaml((CASES / "catalogue" / "broken.yaml").read_text(encoding="utf-8"))
    return [(case["about"], case["file"], case["says"]) for case in cases]


@pytest.mark.parametrize(("about", "file", "says"), _broken(), ids=[about for about, _, _ in _broken()])
def test_broken_query_file_is_refused(about: str, file: str, says: str) -> None:
    """A slip in a query file is an error that says what is wrong, with the file's name."""
    with pytest.raises(QueryHeader) as caught:
        _read(file)
    assert says in str(caught.value), about
    assert str(caught.value).startswith("queries/test/things.rq"), about


def test_fault_names_the_line() -> None:
    """The place of a fault is the line of the parameter that has it."""
    text = HEAD.replace("#+     example: tool\n", "#+     exampel: tool\n") + BODY
    with pytest.raises(QueryHeader) as caught:
        _read(text)
    assert caught.value.where is not None
    assert text.splitlines().index("#+   - name: kind") + 1 == caught.value.where.line


DRAWN = (
    HEAD
    + """\
#+ chart:
#+   kind: bar
#+   label: thing
#+   value: thing
"""
)
CHOICE = """\
#+ summary: A choice.
#+ params:
#+   - name: rows
#+     type: choice
#+     variables: [property]
#+     choices: {kind: ww:kind}
#+     summary: Which.
#+     example: kind
#+ returns: {x: A thing.}
SELECT ?x WHERE {
#if rows
  VALUES ?property { <urn:p> }
#end
  ?x ?property ?y .
}
"""


def test_a_query_says_how_it_is_drawn(kg: KnowledgeGraph) -> None:
    """A header declares a drawing by the columns that play each part; most queries declare none."""
    chart = kg.catalogue.get("countries").chart
    assert chart is not None
    assert (chart.kind, dict(chart.columns)) == ("map", {"label": "country", "value": "interventions"})
    assert _read(DRAWN + BODY).chart is not None
    assert kg.catalogue.get("interventions").chart is None
    assert {query.chart.kind for query in kg.catalogue.all() if query.chart} == set(CHARTS)


@pytest.mark.parametrize(
    ("text", "old", "new", "says", "line"),
    [
        (HEAD + BODY, "summary: Only this kind.", "summary: 3", "'kind': summary is 3.", 4),
        (HEAD + BODY, "scheme: kind", "scheme: 5", "'kind': scheme is 5.", 4),
        (HEAD + BODY, "scheme: kind", "scheme: knid", "'kind' names the scheme 'knid', which is not there", 4),
        (HEAD + BODY, "example: tool", 'example: tool\n#+     required: "no"', "required is 'no'.", 4),
        (HEAD + BODY, "example: tool", "example: tool\n#+     many: 1", "many is 1.", 4),
        (HEAD + BODY, "example: tool", "example: tool\n#+     narrower: 'false'", "narrower is 'false'.", 4),
        (HEAD + BODY, "example: tool", "example: tool\n#+     minimum: lots", "minimum is 'lots'.", 4),
        (HEAD + BODY, "example: tool", "example: tool\n#+     maximum: true", "maximum is True.", 4),
        (HEAD + BODY, "example: tool", "example: tool\n#+     default: [a]", "default is ['a'].", 4),
        (HEAD + BODY, "example: tool", "example: {a: b}", "example is {'a': 'b'}.", 4),
        (HEAD + BODY, "tags: [test]", "tags: [1]", "the tag 1 is no text", 2),
        (HEAD + BODY, "tags: [test]", "description: [a]", "description has the wrong form", 2),
        (HEAD + BODY, "thing: The thing.", "thing: 3", "returns explains 'thing' by 3", 9),
        (HEAD + BODY, "thing: The thing.", "no: The thing.", "returns explains False by 'The thing.'", 9),
        (CHOICE, "choices: {kind: ww:kind}", "choices: [x, y]", "choices is ['x', 'y'].", 3),
        (CHOICE, "{kind: ww:kind}", "{kind: [[ww:kind]]}", "the choice 'kind' is no list of terms", 3),
        (CHOICE, "variables: [property]", "variables: 3", "variables is 3.", 3),
        (CHOICE, "variables: [property]", "variables: [3]", "3 is no name of a variable", 3),
        (CHOICE, "variables: [property]", "variables: ['?a']", "'?a' is no name of a variable", 3),
        (HEAD + BODY, "#+ tags: [test]", "# a remark\n# another\n#+ tags: [test", "not YAML", 5),
        (HEAD + BODY, "thing: The thing.", "this: The thing.", "explains 'this', which is no column", 10),
        (HEAD + BODY, "SELECT ?thing", "SELECT ?thing ?kind", "does not explain the column 'kind'", 9),
        (HEAD + BODY, "SELECT ?thing", "SELECT ?thing (1 + 1 AS ?two)", "the column 'two'", 9),
        (HEAD + BODY, "#if kind\n", "#if kind\n  FILTER(1 = 1\n", "The bracket ( is not closed", 13),
        (HEAD + BODY, "#end\n}\n", "#end\n", "The bracket { is not closed", 11),
        (HEAD + BODY, "#end\n}\n", "#end\n}}\n", "The bracket } closes none", 19),
        (HEAD + BODY, "?thing a ?any", "?thing a any", "is refused: The query is not valid SPARQL. 'any'", 17),
        (HEAD + BODY, "- name: kind", "- name: kinds", "'kinds' is declared and not used", 4),
        (DRAWN + BODY, "kind: bar", "kind: pie", "chart names no kind", 11),
        (DRAWN + BODY, "value: thing", "size: thing", "has these keys: kind, label, value", 11),
        (DRAWN + BODY, "value: thing", "value: number", "chart draws 'number', which is no column", 14),
    ],
)
def test_slip_is_told_with_its_line(text: str, old: str, new: str, says: str, line: int) -> None:
    """What would be misread or fail later is refused when the file is read, with the line in the file."""
    assert text.count(old) in (1, 2)
    text = text.replace(old, new, 1)
    if "kinds" in new:
        text = text.replace("#if kind\n", "").replace("#end\n#if not kind\n", "").replace("#end\n", "")
    with pytest.raises(QueryHeader) as caught:
        _read(text)
    assert says in str(caught.value)
    assert caught.value.where == Place("queries/test/things.rq", line)


@pytest.mark.parametrize(
    ("query", "columns"),
    [
        ("SELECT ?a $b {}", ["a", "b"]),
        ("SELECT DISTINCT ?a WHERE { SELECT ?b {} }", ["a"]),
        ("SELECT (COUNT(?x) AS ?n) (IF(?y = 1, ?z, 2) AS ?m) FROM <a:a> { ?s ?p ?o }", ["n", "m"]),
        ("PREFIX a: <a:> SELECT REDUCED ?a\n#if x\n ?b\n#end\n{}", ["a", "b"]),
        ("SELECT * {}", None),
        ("SELECT (COUNT(*) AS ?n) {}", ["n"]),
    ],
)
def test_columns_are_found_by_tokens(query: str, columns: list[str] | None) -> None:
    """The columns are the variables and names of the SELECT, whatever is computed from; a star names none."""
    assert projected(query) == columns


@pytest.mark.parametrize("filter_", ["1 < (2) && 3 > (1)", "1<(2&&3>1)"])
def test_comparisons_are_no_brackets(filter_: str) -> None:
    """A bracket in what may be an IRI or a comparison is not held against a file."""
    _read((HEAD + BODY).replace("?any .", f"?any . FILTER({filter_})"))


def test_two_files_of_one_name_are_refused(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """Of two files of one name in a project neither is taken in silence; other queries are answered."""
    own = project({"queries/mine/things.rq": HEAD + BODY, "queries/yours/things.rq": HEAD + BODY})
    with pytest.raises(QueryHeader, match="two queries 'things': the other is queries/mine/things") as caught:
        own.catalogue.get("things")
    assert caught.value.where == Place("queries/yours/things.rq", 1)
    assert own.catalogue.get("approaches").name == "approaches"


def test_file_that_is_not_utf8_is_refused() -> None:
    """A query file in another encoding is refused, not misread."""
    with pytest.raises(QueryHeader, match=r"things\.rq:11: .*not UTF-8"):
        read_query(Asset("queries/test/things.rq", _Source(HEAD.encode() + "# é".encode("latin-1"))), PREFIXES)  # type: ignore[arg-type]  # a source needs only to be read


def test_an_answer_of_another_kind_is_told(kg: KnowledgeGraph) -> None:
    """The tool asks for rows; a store that says yes instead is told, and not taken for one that holds nothing."""

    class Yes(EmbeddedStore):
        def query(self, text: str, *, standalone: bool = False) -> Answer:
            """Say yes."""
            return Boolean(True)

    with pytest.raises(EndpointAnswer, match="answers system/facts with no rows"):
        kg.catalogue.rows(Yes(), "system/facts")


def test_project_query_stands_before_the_shipped(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """A project's query of the same name is the one that is answered, and its own queries are in the catalogue."""
    own = project({"queries/mine/approaches.rq": HEAD + BODY, "queries/mine/things.rq": HEAD + BODY})
    assert "Things of a kind." == own.catalogue.get("approaches").summary
    assert "things" in own.catalogue.names()


_VARIABLE = re.compile(r"\?(\w+)")


@settings(deadline=None, max_examples=300)
@given(value=st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
def test_value_never_changes_the_query(value: str) -> None:
    """Whatever a text parameter holds, the engine binds exactly that text and sees the same variables."""
    head = """\
#+ summary: A text.
#+ params:
#+   - name: words
#+     type: text
#+     required: true
#+     summary: Words.
#+     example: words
#+ returns: {words: The words.}
SELECT ?words WHERE {
  VALUES ?words { "words" }
}
"""
    bound = _read(head).bind({"words": Bound([(Literal(value),)])})
    solutions = pyoxigraph.Store().query(bound)
    assert isinstance(solutions, pyoxigraph.QuerySolutions)
    assert ["words"] == [variable.value for variable in solutions.variables]
    assert [value] == [row["words"].value for row in solutions if isinstance(row["words"], pyoxigraph.Literal)]


def test_catalogue_names_are_unique() -> None:
    """No two stored queries share a name, though they lie in folders."""
    files = [
        file.stem for file in (Path(__file__).parent.parent / "queries").rglob("*.rq") if file.parent.name != "system"
    ]
    assert len(files) == len(set(files))
