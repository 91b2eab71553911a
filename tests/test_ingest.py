"""Records come into a collection as their mapping says, with an account of every value; or not at all."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from shutil import copy, copytree, ignore_patterns
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter

from whatworks import KnowledgeGraph
from whatworks.assets import write_files
from whatworks.errors import (
    EncodingFault,
    ImportRefused,
    InputError,
    MappingFault,
    MissingFile,
    RemoteContext,
    SyntaxFault,
    UnknownFileType,
    Unwritable,
)
from whatworks.ingest import Batch, Change, Tally
from whatworks.ingest.mapping import KINDS
from whatworks.ingest.values import text_of
from whatworks.namespaces import TITLE, WW, is_key
from whatworks.store import parse
from whatworks.terms import RDF_TYPE, Iri, Literal, Quad
from whatworks.yamltext import read_yaml

from .conftest import BASE, CASES, ROOT

Project = Callable[[dict[str, str]], KnowledgeGraph]
FOLDERS = sorted((CASES / "ingest").iterdir())
EVERY_KIND = CASES / "ingest" / "every-kind"
PLAIN = """
source: own
thing: intervention
key: id
class: {default: ww:Practice}
fields:
  id: {property: dcterms:identifier, as: text}
  title: {property: dcterms:title, as: words}
  actors:
    part: {name: participation, property: cv:hasParticipation, class: cv:Participation}
    fields:
      name: {property: cv:hasParticipant, as: agent, country-from: country}
      country: {used-by: name}
  related: {as: link, explanation: "{from} names {to}."}
  steps:
    part: {name: component, property: ww:hasComponent, class: ww:Component}
    property: dcterms:title
    as: words
"""
ADDING = """
source: own
thing: intervention
key: id
adds: true
fields:
  id: {used-by: key}
  budget: {property: ww:budget, as: words}
  phases:
    part: {name: phase, property: ww:hasPhase, class: ww:Phase}
    property: dcterms:title
    as: words
"""


@pytest.fixture
def sources(tmp_path: Path) -> Callable[..., list[Path]]:
    """Write records to files, each with a mapping beside it, and return their paths in the order given."""

    def write(mapping: str = PLAIN, **records: Any) -> list[Path]:
        folder = tmp_path / "sources"
        folder.mkdir(exist_ok=True)
        for name, rows in records.items():
            text = "".join(json.dumps(row) + "\n" for row in rows)
            (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
            (folder / f"{name}.mapping.yaml").write_text(mapping, encoding="utf-8")
        return [folder / f"{name}.jsonl" for name in records]

    return write


def bring(folder: Path, files: list[Path]) -> list[Change]:
    """Import files into a project as the command does, and return what became of its data files."""
    kg = KnowledgeGraph.open(folder)
    batch = kg.read(files)
    batch.check()
    changes = batch.changes(folder / "data")
    write_files({folder / "data" / change.name: batch.contents[change.name] for change in changes})
    return changes


def held(folder: Path, name: str) -> list[Quad]:
    """Return the statements of a data file."""
    path = folder / "data" / name
    return parse(path.read_bytes(), "trig" if path.suffix == ".trig" else "turtle", name=name, base=BASE)


def texts(quads: list[Quad], predicate: str) -> list[str]:
    """Return the texts that stand after a property, sorted."""
    return sorted(
        quad.object.value for quad in quads if quad.predicate.endswith(predicate) and isinstance(quad.object, Literal)
    )


def told(batch: Batch) -> list[str]:
    """Return the problems as they are printed."""
    return [str(problem) for problem in batch.tally.problems]


def unbalanced(tally: Tally) -> list[tuple[str, str]]:
    """Return the fields of which values were lost, or counted twice."""
    problems = Counter((problem.where.file, problem.field) for problem in tally.problems)
    rows = tally.rows()
    return [(file, name) for file, name, read, mapped, out, _ in rows if read != mapped + out + problems[file, name]]


# ---- cases ----


@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])
def test_a_folder_of_records_becomes_what_its_case_says(folder: Path, project: Project) -> None:
    """Records become exactly the expected files, or all their problems are listed and no file is made."""
    batch = project({}).read(sorted(folder.glob("*.jsonl")))
    problems = folder / "problems.txt"
    assert told(batch) == (problems.read_text(encoding="utf-8").splitlines() if problems.exists() else [])
    expected = {
        path.relative_to(folder / "expected").as_posix(): path.read_bytes()
        for path in (folder / "expected").rglob("*.t*")
    }
    assert batch.contents == expected
    assert bool(expected) != problems.exists()
    assert unbalanced(batch.tally) == []


def test_the_case_of_every_kind_is_complete() -> None:
    """The case uses every kind of value that a mapping can name."""
    text = (EVERY_KIND / "records.mapping.yaml").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"as: {kind}" not in text] == []


# ---- mappings ----

NEEDED = {"source": "own", "thing": "intervention", "key": "id", "class": {"default": "ww:Practice"}, "fields": {}}
FIELD = {"property": "ww:budget", "as": "words"}
PART = {"name": "phase", "property": "ww:hasPhase", "class": "ww:Phase"}
INSTEAD = {"thing": "resource", "key": "a", "class": "ww:Resource", "title": "A", "only": [], "reason": "no"}


def of_field(**more: Any) -> dict[str, Any]:
    """Return a mapping of one field, with more words."""
    return {"fields": {"a": {**FIELD, **more}}}


FAULTS: dict[str, tuple[Any, str]] = {
    "a list": ([], "The mapping is no table of `key: value` lines."),
    "an unknown word": ({"sauce": 1}, "The mapping has the unknown word 'sauce'."),
    "no source": ({"source": None}, "The mapping does not say 'source'."),
    "no thing": ({"thing": None}, "The mapping does not say 'thing'."),
    "no key": ({"key": None}, "The mapping does not say 'key'."),
    "no fields": ({"fields": None}, "The mapping does not say 'fields'."),
    "no class": ({"class": None}, "class does not say 'default'."),
    "a class that is no table": ({"class": "ww:Practice"}, "class is no table of `key: value` lines."),
    "a class without a prefix": (
        {"class": {"default": "Practice"}},
        "class: 'Practice' is no term with a known prefix.",
    ),
    "an unknown word of class": ({"class": {"defaults": "ww:Tool"}}, "class has the unknown word 'defaults'."),
    "a source that is no key": ({"source": "My source"}, "source: 'My source' does not fit."),
    "another thing": ({"thing": "agent"}, "thing: 'agent' is none of: intervention, resource."),
    "a key that is a number": ({"key": 1}, "key: 1 does not fit."),
    "a key of another word": ({"key": {"title": "a"}}, "key has the unknown word 'title'."),
    "an empty key": ({"key": {}}, "key does not say 'from-title'."),
    "an unknown word of record": ({"record": {"by": "me"}}, "record has the unknown word 'by'."),
    "a compiler that is a list": ({"record": {"compiled-by": ["a"]}}, "compiled-by: ['a'] does not fit."),
    "a day that is none": ({"record": {"compiled": "May 2020"}}, "compiled: 'May 2020' does not fit."),
    "a page that is no address": ({"record": {"pages": ["a b"]}}, "pages: 'a b' is no absolute IRI."),
    "rows without a row": ({"same-as": {1: 2}}, "same-as and instead need a row: the field that says which row it is."),
    "rows that are a list": ({"row": "id", "same-as": [1]}, "same-as is no table of `key: value` lines."),
    "instead with gaps": ({"row": "id", "instead": {1: {"thing": "resource"}}}, "instead does not say 'key'."),
    "instead another thing": (
        {"row": "id", "instead": {1: {**INSTEAD, "thing": "agent"}}},
        "instead: 'agent' is none of: intervention, resource.",
    ),
    "instead an unknown concept": (
        {"row": "id", "instead": {1: {**INSTEAD, "concepts": {"ww:stage": {"scheme": "stage", "code": "begun"}}}}},
        "concepts: 'begun' is no stage.",
    ),
    "a concept without a code": (
        {"row": "id", "instead": {1: {**INSTEAD, "concepts": {"ww:stage": {"scheme": "stage"}}}}},
        "concepts does not say 'code'.",
    ),
    "adding and a class": (
        {"adds": True},
        "A mapping that adds to records makes none, so it takes no class, record or instead.",
    ),
    "parts that are a list": ({"parts": ["population"]}, "parts is no table of `key: value` lines."),
    "a part that is a text": (
        {"parts": {"population": "x"}},
        "The part 'population' is no table of `key: value` lines.",
    ),
    "a part without a class": ({"parts": {"a": {"property": "ww:hasPhase"}}}, "A part does not say 'class'."),
    "a part with a bad name": (of_field(part={**PART, "name": "My Phase"}), "A part: 'My Phase' does not fit."),
    "fields that are a list": ({"fields": ["a"]}, "fields is no table of fields."),
    "a field that is a text": ({"fields": {"a": "words"}}, "The field 'a' is no table of `key: value` lines."),
    "an unknown word of a field": (of_field(porperty="x"), "The field 'a' has the unknown word 'porperty'."),
    "no kind": ({"fields": {"a": {"property": "ww:budget"}}}, "The field 'a' has no kind of: text, words, integer"),
    "another kind": (of_field(**{"as": "number"}), "The field 'a' has no kind of: text, words, integer"),
    "no property": ({"fields": {"a": {"as": "words"}}}, "The field 'a' has no property."),
    "a property with an unknown prefix": (
        of_field(property="wv:budget"),
        "'wv:budget' is no term with a known prefix.",
    ),
    "a property with a space": (of_field(property="ww:my budget"), "'ww:my budget' is no term with a known prefix."),
    "a concept without a scheme": (
        of_field(**{"as": "concept"}),
        "The field 'a': a concept, and only a concept, names",
    ),
    "a scheme without a concept": (of_field(scheme="stage"), "The field 'a': a concept, and only a concept, names"),
    "an unknown scheme": (of_field(**{"as": "concept", "scheme": "stages"}), "there is no scheme 'stages'."),
    "an unknown part": (of_field(**{"in": "people"}), "The field 'a': there is no part 'people'."),
    "fields without a part": (
        {"fields": {"a": {"fields": {"b": FIELD}}}},
        "The field 'a' has fields of its own, so it needs a part.",
    ),
    "a named part without fields": (
        of_field(part={**PART, "name": "phase-{id}"}),
        "The field 'a' needs fields: a part is named after them.",
    ),
    "within without fields": (of_field(within=PART), "The field 'a' needs fields: a part is named after them."),
    "a fault in an inner field": (
        {"fields": {"a": {"part": PART, "fields": {"b": {"as": "words"}}}}},
        "The field 'b' has no property.",
    ),
    "a graph that is none": (of_field(graph="My graph"), "The field 'a': 'My graph' does not fit."),
    "a language that is none": (of_field(language="English"), "The field 'a': 'English' does not fit."),
    "a pattern that is none": (of_field(split="("), "The field 'a': split is no pattern: "),
    "values that are a list": (of_field(values=["x"]), "The field 'a', values is no table of `key: value` lines."),
    "reasons that are a text": (of_field(**{"leave-out": "x"}), "The field 'a', leave-out is no table of"),
    "agents that are a list": (of_field(agents=["x"]), "The field 'a', agents is no table of `key: value` lines."),
    "an agent that is a number": (of_field(agents={"ww:commissionedBy": 1}), "The field 'a', agents: 1 does not fit."),
    "also without a code": (
        of_field(also={"x": {"property": "ww:stage", "scheme": "stage"}}),
        "The field 'a', also does not say 'code'.",
    ),
    "also an unknown concept": (
        of_field(also={"x": {"property": "ww:stage", "scheme": "stage", "code": "begun"}}),
        "The field 'a': 'begun' is no stage.",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_mapping_is_refused(name: str, kg: KnowledgeGraph, sources: Callable[..., list[Path]]) -> None:
    """A slip in a mapping is said with its file before any record is read."""
    change, message = FAULTS[name]
    table = {key: value for key, value in {**NEEDED, **change}.items() if value is not None} if change != [] else []
    with pytest.raises(MappingFault) as caught:
        kg.read(sources(json.dumps(table), records=[{"id": "one"}]))
    assert message in caught.value.message
    assert str(caught.value.where) == "records.mapping.yaml"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"source: [own\nthing: x", "records.mapping.yaml:2: The mapping is not YAML: "),
        (b"source: caf\xe9", "records.mapping.yaml: The mapping is not UTF-8."),
        (b"", "records.mapping.yaml: The mapping is no table"),
    ],
    ids=["no YAML", "no UTF-8", "empty"],
)
def test_a_mapping_that_cannot_be_read(
    content: bytes, message: str, kg: KnowledgeGraph, sources: Callable[..., list[Path]]
) -> None:
    """A mapping that is no YAML in UTF-8 is refused with the place."""
    paths = sources(records=[])
    paths[0].with_name("records.mapping.yaml").write_bytes(content)
    with pytest.raises(MappingFault) as caught:
        kg.read(paths)
    assert str(caught.value).startswith(message)


def test_a_known_scheme_is_offered(kg: KnowledgeGraph, sources: Callable[..., list[Path]]) -> None:
    """The refusal of a concept of a mapping names the nearest ones."""
    change = of_field(also={"x": {"property": "ww:stage", "scheme": "stage", "code": "mainstream"}})
    with pytest.raises(MappingFault) as caught:
        kg.read(sources(json.dumps({**NEEDED, **change}), records=[]))
    assert "mainstreamed" in caught.value.hint


def test_one_mapping_for_all_files(kg: KnowledgeGraph, sources: Callable[..., list[Path]], tmp_path: Path) -> None:
    """A mapping that is given stands instead of those beside the files."""
    paths = sources("broken", one=[{"id": "one"}], two=[{"id": "two"}])
    mapping = tmp_path / "all.yaml"
    mapping.write_text(PLAIN, encoding="utf-8")
    batch = kg.read(paths, mapping)
    assert (batch.records, told(batch)) == (2, [])


# ---- files ----


def test_a_missing_mapping_is_named(kg: KnowledgeGraph, sources: Callable[..., list[Path]]) -> None:
    """Without a mapping beside the records, the name that was looked for is told."""
    paths = sources(records=[])
    paths[0].with_name("records.mapping.yaml").unlink()
    with pytest.raises(MissingFile, match=r"there is no records\.mapping\.yaml beside it"):
        kg.read(paths)


@pytest.mark.parametrize("name", ["gone.jsonl", "gone.ttl", ""])
def test_a_missing_file_is_named(name: str, kg: KnowledgeGraph, tmp_path: Path) -> None:
    """A file that is not there, or is a folder, is refused by name."""
    with pytest.raises(MissingFile, match="cannot be read"):
        kg.read([tmp_path / name])


@pytest.mark.parametrize("name", ["table.ods", "records.json", "noending"])
def test_a_file_of_another_kind_is_refused(name: str, kg: KnowledgeGraph, tmp_path: Path) -> None:
    """A file that is neither JSON lines nor RDF is refused, with the endings that can be read."""
    (tmp_path / name).touch()
    with pytest.raises(UnknownFileType, match=name) as caught:
        kg.read([tmp_path / name])
    assert ".jsonl" in caught.value.hint
    assert ".ttl" in caught.value.hint


def test_records_in_another_encoding_are_refused(kg: KnowledgeGraph, sources: Callable[..., list[Path]]) -> None:
    """Records that are not UTF-8 are refused with file, line and column."""
    paths = sources(records=[{"id": "one"}])
    paths[0].write_bytes(paths[0].read_bytes() + '{"id": "café"}'.encode("latin-1"))
    with pytest.raises(EncodingFault) as caught:
        kg.read(paths)
    assert str(caught.value.where) == "records.jsonl:2:12"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n  \n"], ids=["unix", "windows", "empty lines"])
def test_a_byte_order_mark_and_line_ends_make_no_difference(
    end: str, project: Project, sources: Callable[..., list[Path]]
) -> None:
    """Records with a byte order mark and with any line ends are the same records."""
    kg = project({})
    rows = [{"id": "one", "title": "One"}, {"id": "two", "title": "Two"}]
    paths = sources(records=rows)
    expected = kg.read(paths).contents
    paths[0].write_bytes(b"\xef\xbb\xbf" + end.join(json.dumps(row) for row in rows).encode())
    batch = kg.read(paths)
    assert batch.contents == expected
    assert told(batch) == []


def test_a_line_that_is_nested_without_end(kg: KnowledgeGraph, sources: Callable[..., list[Path]]) -> None:
    """A line that would exhaust the reader is a problem like others."""
    paths = sources(records=[])
    paths[0].write_text('{"id": "one", "title": ' + "[" * 100_000 + "]" * 100_000 + "}", encoding="utf-8")
    assert [problem.message for problem in kg.read(paths).tally.problems] == [
        "The line cannot be read: it is nested too deep."
    ]


def test_line_separators_in_texts_do_not_end_a_line(project: Project, sources: Callable[..., list[Path]]) -> None:
    """Characters that some programs take for the end of a line may stand in a text."""
    text = "a\u2028b\u0085c\x0bd"
    paths = sources(records=[])
    paths[0].write_text(json.dumps({"id": "one", "title": text}, ensure_ascii=False), encoding="utf-8")
    batch = project({}).read(paths)
    quads = parse(batch.contents["interventions/one.trig"], "trig", name="x", base=BASE)
    assert texts(quads, "title") == [text]


# ---- problems ----


def test_an_unknown_concept_is_told_with_the_nearest(kg: KnowledgeGraph, tmp_path: Path) -> None:
    """A value that names no concept is told with file, line, record, field, value and the nearest names."""
    mapping = json.dumps({**NEEDED, "fields": {"stage": {"property": "ww:stage", "as": "concept", "scheme": "stage"}}})
    (tmp_path / "r.mapping.yaml").write_text(mapping, encoding="utf-8")
    (tmp_path / "r.jsonl").write_text('{"id": "one"}\n{"id": "two", "stage": "mainstreem"}\n', encoding="utf-8")
    assert told(kg.read([tmp_path / "r.jsonl"])) == [
        "r.jsonl:2: two, stage = 'mainstreem': 'mainstreem' is no stage. Did you mean: Mainstreamed (mainstreamed)?"
    ]


def test_all_problems_are_told_at_once_and_nothing_is_written(
    project: Project, sources: Callable[..., list[Path]], tmp_path: Path
) -> None:
    """A batch with problems is refused as a whole, with all of them in the order of the lines."""
    kg = project({})
    paths = sources(
        one=[{"id": "one", "title": "\x00"}, {"id": "two", "related": ["gone"]}, {"id": "three", "title": ["a", []]}],
        two=[{"id": "four"}, {"id": "five", "title": {}}],
    )
    batch = kg.read(paths)
    assert [str(problem.where) for problem in batch.tally.problems] == [
        "one.jsonl:1",
        "one.jsonl:2",
        "one.jsonl:3",
        "two.jsonl:2",
    ]
    assert (batch.records, batch.contents, batch.changes(tmp_path / "data")) == (5, {}, [])
    with pytest.raises(ImportRefused, match=r"What cannot be taken over \(4\); nothing was written") as caught:
        batch.check()
    assert all(problem in str(caught.value) for problem in told(batch))


def test_an_unknown_field_is_left_out_with_a_reason(kg: KnowledgeGraph, sources: Callable[..., list[Path]]) -> None:
    """Values of a field that the mapping does not know are counted and left out, at any depth."""
    paths = sources(
        records=[{"id": "one", "more": {"a": [1, 2], "b": ["", None]}, "actors": [{"name": "A", "x": [1, 2, 3]}]}]
    )
    rows = {name: (read, mapped, out, why) for _, name, read, mapped, out, why in kg.read(paths).tally.rows()}
    assert rows == {
        "id": (1, 1, 0, ""),
        "more": (2, 0, 2, "the mapping does not know the field (2)"),
        "actors.name": (1, 1, 0, ""),
        "actors.x": (3, 0, 3, "the mapping does not know the field (3)"),
    }


def test_a_value_of_several_names_is_one_problem(kg: KnowledgeGraph, sources: Callable[..., list[Path]]) -> None:
    """A value that names several things that are not there is a problem once, and counts once."""
    field = {"property": "ww:usesTool", "as": "thing", "split": ","}
    mapping = json.dumps({**NEEDED, "fields": {"tools": field}})
    batch = kg.read(sources(mapping, records=[{"id": "one", "tools": ["gone, away", "gone, away"]}]))
    assert told(batch) == ["records.jsonl:1: one, tools = 'gone, away': names nothing that is there."] * 2
    assert unbalanced(batch.tally) == []


def test_two_records_with_one_key_name_both_places(kg: KnowledgeGraph, sources: Callable[..., list[Path]]) -> None:
    """The second record of a key is refused; the message says where the first one is."""
    paths = sources(one=[{"id": "a"}, {"id": "b"}], two=[{"id": "c"}, {"id": "b"}])
    batch = kg.read(paths)
    assert told(batch) == [
        "two.jsonl:2: b, id = 'b': has the key of the record at one.jsonl:2. Give each record a key of its own."
    ]
    assert unbalanced(batch.tally) == []


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["one", "neets", "pilot", "de", "BE", "law-1", "https://example.org/", "City, State", "other"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "country", "role", "id", "review", "size", "stage", "x"]), inner, max_size=4
        )
    ),
    max_leaves=6,
)
FIELDS = ["sort", "title", "own_title", "german", "languages", "countries", "region", "start", "ages", "groups"]
FIELDS += ["stated", "assigned", "number", "activities", "laws", "phases", "actors", "funders", "studies", "page"]
FIELDS += ["path", "listed", "set", "uses", "related", "unknown"]


@pytest.mark.slow
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(record=st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, JSON_VALUES)))
@example(record={"own_title": False, "languages": "aa-0"})
def test_whatever_stands_in_a_record_is_accounted_for(
    record: dict[str, Any], kg: KnowledgeGraph, tmp_path: Path
) -> None:
    """Any JSON in any field is mapped, left out or told as a problem; nothing is lost and nothing breaks."""
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps({"id": "one", **record}), encoding="utf-8")
    batch = kg.read([path], EVERY_KIND / "records.mapping.yaml")
    assert unbalanced(batch.tally) == []
    assert bool(batch.contents) != bool(batch.tally.problems)
    for name, content in batch.contents.items():
        assert parse(content, "trig" if name.endswith(".trig") else "turtle", name=name, base=BASE)


# ---- agents, links, records that are there already ----


def test_agents_are_one_by_name_and_country(
    project: Project, sources: Callable[..., list[Path]], tmp_path: Path
) -> None:
    """One name in one country is one agent, whatever the capitals; in another country it is another agent."""
    project({})
    actors = [
        {"name": "City"},
        {"name": "CITY ", "country": "AT"},
        {"name": "City", "country": "BE"},
        {"name": "City & co"},
    ]
    bring(tmp_path, sources(records=[{"id": "one", "actors": actors}, {"id": "two", "actors": actors[1:2]}]))
    quads = held(tmp_path, "agents.ttl")
    names = {str(quad.subject).rpartition("/")[2]: quad.object for quad in quads if quad.predicate.endswith("name")}
    assert {key: name.value for key, name in names.items() if isinstance(name, Literal)} == {
        "city": "CITY",
        "city-bel": "City",
        "city-2": "City",
        "city-and-co": "City & co",
    }


def test_a_name_without_a_country_is_the_one_that_has_it(
    project: Project, sources: Callable[..., list[Path]], tmp_path: Path
) -> None:
    """A name without a country is the only agent of the name, whichever record names it first."""
    project({})
    rows = [{"id": "one", "actors": [{"name": "City"}]}, {"id": "two", "actors": [{"name": "City", "country": "AT"}]}]
    bring(tmp_path, sources(records=rows))
    assert texts(held(tmp_path, "agents.ttl"), "name") == ["City"]


def test_a_new_record_uses_the_agents_that_are_there(
    project: Project, sources: Callable[..., list[Path]], tmp_path: Path
) -> None:
    """An agent keeps its key; a later record that names it adds at most its country."""
    project({})
    bring(tmp_path, sources(one=[{"id": "one", "actors": [{"name": "City"}, {"name": "State", "country": "AT"}]}]))
    later = [{"id": "two", "actors": [{"name": "city", "country": "BE"}, {"name": "State"}]}]
    changes = bring(tmp_path, sources(two=later))
    assert [(change.kind, change.name) for change in changes] == [
        ("changed", "agents.ttl"),
        ("added", "interventions/two.trig"),
    ]
    assert (tmp_path / "data" / "agents.ttl").read_text(encoding="utf-8").partition("\n\n")[2] == (
        'agent:city a foaf:Agent ;\n    foaf:name "City" ;\n    dcterms:spatial country:BEL .\n\n'
        'agent:state a foaf:Agent ;\n    foaf:name "State" ;\n    dcterms:spatial country:AUT .\n'
    )


def test_an_agent_that_nothing_names_any_more_stays_and_is_told(
    project: Project, sources: Callable[..., list[Path]], tmp_path: Path
) -> None:
    """Somebody may have added it by hand, and its IRI may be in use; a check notes that nothing names it."""
    project({})
    bring(tmp_path, sources(records=[{"id": "one", "actors": [{"name": "City"}, {"name": "State"}]}]))
    bring(tmp_path, sources(records=[{"id": "one", "actors": [{"name": "City"}]}]))
    assert texts(held(tmp_path, "agents.ttl"), "name") == ["City", "State"]
    notes = [found for found in KnowledgeGraph.open(tmp_path).check().findings if "names the agent" in found.advice]
    assert [(f"{BASE}id/agent/state", "info")] == [(note.record, note.severity) for note in notes]


def test_names_without_latin_letters_have_keys(
    project: Project, sources: Callable[..., list[Path]], tmp_path: Path
) -> None:
    """An agent whose name gives no key has one made of its name, the same each time; long names are cut."""
    project({})
    rows = [{"id": "one", "actors": [{"name": "Δήμος"}, {"name": "x" * 200}]}]
    for kind in ("added", "unchanged"):
        assert {change.kind for change in bring(tmp_path, sources(records=rows))} == {kind}
    keys = {str(quad.subject).rpartition("/")[2] for quad in held(tmp_path, "agents.ttl")}
    assert all(is_key(key) for key in keys)
    assert sorted(len(key) for key in keys) == [len("agent-") + 8, 100]


def test_links_of_a_record_are_replaced(project: Project, sources: Callable[..., list[Path]], tmp_path: Path) -> None:
    """Links from a record that comes again are those that it names now; links from others stay."""
    project({})
    both = [{"id": "a", "title": "A", "related": ["b", "c"]}, {"id": "b", "title": "B", "related": ["a"]}, {"id": "c"}]
    bring(tmp_path, sources(records=both))
    links = {str(quad.subject).rpartition("/")[2] for quad in held(tmp_path, "links/curated.ttl")}
    assert links == {"a--b", "a--c", "b--a"}
    bring(tmp_path, sources(records=[{"id": "a", "title": "A", "related": ["c"]}]))
    links = {str(quad.subject).rpartition("/")[2] for quad in held(tmp_path, "links/curated.ttl")}
    assert links == {"a--c", "b--a"}


def test_the_last_link_can_go(project: Project, sources: Callable[..., list[Path]], tmp_path: Path) -> None:
    """When no link is left, the file of links says so."""
    project({})
    bring(tmp_path, sources(records=[{"id": "a", "related": ["b"]}, {"id": "b"}]))
    changes = bring(tmp_path, sources(records=[{"id": "a"}]))
    assert ("changed", "links/curated.ttl") in [(change.kind, change.name) for change in changes]
    assert held(tmp_path, "links/curated.ttl") == []


def test_links_name_titles(project: Project, sources: Callable[..., list[Path]], tmp_path: Path) -> None:
    """The explanation of a link names both ends by their titles, or by their keys."""
    project({})
    bring(tmp_path, sources(records=[{"id": "a", "title": "First", "related": ["b"]}, {"id": "b"}]))
    assert texts(held(tmp_path, "links/curated.ttl"), "explanation") == ["First names b."]
    bring(tmp_path, sources(records=[{"id": "c", "related": ["a"]}]))
    assert texts(held(tmp_path, "links/curated.ttl"), "explanation") == ["First names b.", "c names First."]


def test_a_record_that_comes_again_is_replaced(
    project: Project, sources: Callable[..., list[Path]], tmp_path: Path
) -> None:
    """What a record no longer says is gone from its file; other files are left alone."""
    project({})
    bring(tmp_path, sources(records=[{"id": "a", "title": "A", "steps": ["x", "y"]}, {"id": "b", "title": "B"}]))
    changes = bring(tmp_path, sources(records=[{"id": "a", "title": "A2", "steps": ["x"]}]))
    assert [(change.kind, change.name) for change in changes] == [("changed", "interventions/a.trig")]
    assert texts(held(tmp_path, "interventions/a.trig"), "title") == ["A2", "x"]


# ---- records that add to others ----


def test_adding_to_a_record_of_the_same_batch(
    project: Project, sources: Callable[..., list[Path]], tmp_path: Path
) -> None:
    """Additions count whether their file comes before or after the records."""
    kg = project({})
    base = sources(records=[{"id": "a", "title": "A"}])
    more = sources(ADDING, more=[{"id": "a", "phases": ["One", "Two"], "budget": "10"}])
    first, second = kg.read([*base, *more]), kg.read([*more, *base])
    assert first.contents == second.contents
    quads = parse(first.contents["interventions/a.trig"], "trig", name="a", base=BASE)
    assert texts(quads, "title") == ["A", "One", "Two"]
    assert texts(quads, "budget") == ["10"]


def test_adding_again_replaces_what_was_added(
    project: Project, sources: Callable[..., list[Path]], tmp_path: Path
) -> None:
    """Parts that are given anew stand instead of those given before; the rest of the record stays."""
    project({})
    bring(tmp_path, sources(records=[{"id": "a", "title": "A", "steps": ["x"]}]))
    bring(tmp_path, sources(ADDING, more=[{"id": "a", "phases": ["One", "Two", "Three"]}]))
    assert texts(held(tmp_path, "interventions/a.trig"), "title") == ["A", "One", "Three", "Two", "x"]
    bring(tmp_path, sources(ADDING, more=[{"id": "a", "phases": ["1", "Two"]}]))
    assert texts(held(tmp_path, "interventions/a.trig"), "title") == ["1", "A", "Two", "x"]


def test_adding_to_a_record_that_is_not_there(kg: KnowledgeGraph, sources: Callable[..., list[Path]]) -> None:
    """What adds to nothing is a problem."""
    batch = kg.read(sources(ADDING, more=[{"id": "gone", "budget": "10"}]))
    assert told(batch) == ["more.jsonl:1: gone, line = 'gone': adds to a record that is not there."]


def test_two_files_that_give_the_same_parts(kg: KnowledgeGraph, sources: Callable[..., list[Path]]) -> None:
    """Parts of one sort come from one place, or their numbers would collide."""
    paths = sources(records=[{"id": "a"}]) + sources(
        ADDING, one=[{"id": "a", "phases": ["x"]}], two=[{"id": "a", "phases": ["y"]}]
    )
    assert told(kg.read(paths)) == ["two.jsonl:1: a, line = 'phase': gives parts that one.jsonl:1 gives as well."]


# ---- laws ----

NAMES = st.sampled_from(["City", "city", "City & co", "City and co", "State", "Δήμος"])
ACTORS = st.lists(
    st.fixed_dictionaries({"name": NAMES}, optional={"country": st.sampled_from(["AT", "BE"])}), max_size=3
)


@st.composite
def batches(draw: st.DrawFn) -> list[list[dict[str, Any]]]:
    """Records in two files, which name agents and each other."""
    keys = draw(st.lists(st.sampled_from("abcd"), unique=True, min_size=1))
    rows = [
        {
            "id": key,
            "title": draw(st.text(st.characters(codec="utf-8", exclude_characters="\0\ufffe\uffff"), max_size=3)),
            "actors": draw(ACTORS),
            "related": draw(st.lists(st.sampled_from(keys))),
        }
        for key in keys
    ]
    cut = draw(st.integers(0, len(rows)))
    return [rows[:cut], rows[cut:]]


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=batches())
def test_importing_twice_is_importing_once_in_any_order(
    files: list[list[dict[str, Any]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The bytes written do not depend on the order of the files and records, and a second import changes nothing."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "data").mkdir()
    paths = []
    for name, rows in (("one", files[0]), ("two", files[1]), ("back", files[1][::-1] + files[0][::-1])):
        paths.append(folder / f"{name}.jsonl")
        paths[-1].write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        paths[-1].with_name(f"{name}.mapping.yaml").write_text(PLAIN, encoding="utf-8")
    kg = KnowledgeGraph.open(folder)
    written = kg.read(paths[:2]).contents
    assert kg.read(paths[1::-1]).contents == written
    assert kg.read(paths[2:]).contents == written
    bring(folder, paths[:2])
    assert {change.kind for change in bring(folder, paths[1::-1])} == {"unchanged"}
    assert {change.kind for change in bring(folder, paths[:1])} <= {"unchanged"}


# ---- RDF ----

HEAD = """
@prefix i: <https://w3id.org/whatworks/id/intervention/> .
@prefix r: <https://w3id.org/whatworks/id/record/> .
@prefix ww: <https://w3id.org/whatworks/ont#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix approach: <https://w3id.org/whatworks/voc/approach/> .
"""


@pytest.fixture
def rdf(tmp_path: Path) -> Callable[[str, str], list[Path]]:
    """Write an RDF file and return its path."""

    def write(name: str, text: str) -> list[Path]:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return [path]

    return write


SAMPLES = [
    "expairs-project",
    "check-and-connect",
    "wwc-practice-guide-reviews-dropout-prevention",
    "eurydice-cedefop-2014",
    "youthreach",  # its export names another record, which links to it
]


@pytest.mark.parametrize("format", ["turtle", "trig", "ntriples", "nquads", "rdfxml", "jsonld"])
def test_what_was_exported_can_be_imported(format: str, kg: KnowledgeGraph, tmp_path: Path) -> None:
    """An export of things, in every format, says what the collection holds: importing it changes nothing."""
    endings = {"turtle": "ttl", "ntriples": "nt", "nquads": "nq", "rdfxml": "rdf"}
    path = tmp_path / f"export.{endings.get(format, format)}"
    path.write_bytes(kg.export(format, SAMPLES))
    batch = kg.read([path])
    assert told(batch) == []
    assert unbalanced(batch.tally) == []
    assert {change.kind for change in batch.changes(kg.assets.shipped / "data")} == {"unchanged"}  # type: ignore[arg-type]
    assert batch.records == len(SAMPLES)


@pytest.mark.parametrize(
    ("text", "adds"),
    [
        ('i:youthreach dcterms:title "Youthreach"@en .', False),
        ('i:youthreach dcterms:title "Youthreach"@en, "Młodzież"@pl .', True),
    ],
)
def test_a_record_that_is_only_named_stays(
    text: str, adds: bool, kg: KnowledgeGraph, rdf: Callable[[str, str], list[Path]]
) -> None:
    """What a file says of a thing without its class never stands instead of its record: what is new is added."""
    batch = kg.read(rdf("x.ttl", HEAD + text))
    assert (told(batch), batch.records, unbalanced(batch.tally)) == ([], 0, [])
    changes = [change for change in batch.changes(kg.assets.shipped / "data") if change.kind != "unchanged"]  # type: ignore[arg-type]
    assert [change.name for change in changes] == ["interventions/youthreach.trig"] * adds
    held = kg.written.store.match(Iri(BASE + "id/intervention/youthreach"))
    before = {(quad.predicate, quad.object, quad.graph) for quad in held if str(quad.graph).endswith("/youthreach")}
    for change in changes:
        after = parse(batch.contents[change.name], "trig", name="x", base=BASE)
        new = {(quad.predicate, quad.object, quad.graph) for quad in after} - before
        assert before <= {(quad.predicate, quad.object, quad.graph) for quad in after}
        assert (TITLE, Literal.text("Młodzież", "pl"), next(iter(before))[2]) in new


def test_more_of_a_record_that_is_not_there(kg: KnowledgeGraph, rdf: Callable[[str, str], list[Path]]) -> None:
    """A thing that a file says no class of, and that is not there, is a problem."""
    batch = kg.read(rdf("x.ttl", HEAD + 'i:one dcterms:title "One"@en .'))
    assert told(batch) == ["x.ttl: one, line = 'one': adds to a record that is not there."]


def test_statements_go_to_the_graphs_where_they_belong(project: Project, rdf: Callable[[str, str], list[Path]]) -> None:
    """Without graphs, what is assigned, what a record says, and what a source states are kept apart."""
    text = HEAD + (
        'i:one a ww:Practice ; dcterms:title "One"@en ; ww:assignedApproach approach:digital-inclusion ;'
        " ww:hasPhase <https://w3id.org/whatworks/id/intervention/one#phase-1> .\n"
        "<https://w3id.org/whatworks/id/intervention/one#phase-1> a ww:Phase .\n"
        "r:one a ww:Record ; foaf:primaryTopic i:one ."
    )
    batch = project({}).read(rdf("My file.ttl", text))
    quads = parse(batch.contents["interventions/one.trig"], "trig", name="x", base=BASE)
    graphs = {(str(quad.predicate).rpartition("/")[2].rpartition("#")[2], quad.graph) for quad in quads}
    own = BASE + "graph/record/my-file/one"
    assert graphs == {
        ("type", own),
        ("title", own),
        ("hasPhase", own),
        ("assignedApproach", BASE + "graph/assigned/approach"),
        ("type", BASE + "graph/provenance"),
        ("primaryTopic", BASE + "graph/provenance"),
    }


def test_agents_links_and_collections_come_along(
    project: Project, rdf: Callable[[str, str], list[Path]], sources: Callable[..., list[Path]]
) -> None:
    """Agents, collections and links of an RDF file go to their own files, and records find them by name."""
    text = HEAD + (
        'i:a a ww:Practice . <https://w3id.org/whatworks/id/agent/town> a foaf:Agent ; foaf:name "City" .\n'
        "<https://w3id.org/whatworks/id/link/a--b> a ww:Link ; ww:linkFrom i:a ; ww:linkTo i:b .\n"
        '<https://w3id.org/whatworks/id/collection/c> a ww:Collection ; dcterms:title "C"@en .'
    )
    records = sources(records=[{"id": "b", "actors": [{"name": "city"}]}])
    kg = project({})
    batch = kg.read([*rdf("x.ttl", text), *records])
    assert told(batch) == []
    assert set(batch.contents) == {
        "agents.ttl",
        "collections.ttl",
        "interventions/a.trig",
        "interventions/b.trig",
        "links/curated.ttl",
    }
    assert b"agent:town" in batch.contents["interventions/b.trig"]
    assert kg.read([*records, *rdf("x.ttl", text)]).contents == batch.contents


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("i:one ww:hasPhase [ a ww:Phase ] .", "holds a blank node; give the part an IRI such as …/key#part-1."),
        ("[] a ww:Practice .", "holds a blank node; give the part an IRI such as …/key#part-1."),
        ("<http://example.org/x> a ww:Practice .", f"belongs to no record below {BASE}id/."),
        ("approach:new a ww:Approach .", f"belongs to no record below {BASE}id/."),
        ("<https://w3id.org/whatworks/id/intervention/a/b> a ww:Practice .", f"belongs to no record below {BASE}id/."),
        ("<https://w3id.org/whatworks/id/intervention/B> a ww:Practice .", f"belongs to no record below {BASE}id/."),
        ('i:one dcterms:title "\\u0000"@en .', "The character U+0000 cannot stand in a text."),
    ],
    ids=["blank object", "blank subject", "foreign thing", "own concept", "deep key", "no key", "unwritable"],
)
def test_statements_that_cannot_be_taken_over(
    text: str, problem: str, kg: KnowledgeGraph, rdf: Callable[[str, str], list[Path]]
) -> None:
    """A statement that belongs to no record, or is about a node without a name, is a problem with its reason."""
    batch = kg.read(rdf("x.ttl", HEAD + text))
    assert {each.message for each in batch.tally.problems} == {problem}
    assert unbalanced(batch.tally) == []
    assert batch.contents == {}


def test_what_is_inferred_is_left_out(project: Project, rdf: Callable[[str, str], list[Path]]) -> None:
    """Statements of an inferred graph are not taken over as if somebody had stated them."""
    text = "<{0}id/intervention/a> <{0}ont#{1}> <{0}voc/stage/pilot> <{0}graph/{2}> .\n"
    lines = text.format(BASE, "stage", "record/x/a") + text.format(BASE, "targetGroup", "inferred/target-group")
    lines += f"<{BASE}id/intervention/a> <{RDF_TYPE}> <{WW}Practice> <{BASE}graph/record/x/a> .\n"
    batch = project({}).read(rdf("x.nq", lines))
    assert batch.tally.rows() == [("x.nq", "intervention", 3, 2, 1, "was inferred (1)")]
    assert b"targetGroup" not in batch.contents["interventions/a.trig"]


def test_a_name_that_gives_no_graph(project: Project, rdf: Callable[[str, str], list[Path]]) -> None:
    """A file whose name gives no key still gives its statements a graph."""
    batch = project({}).read(rdf("Δ.ttl", HEAD + "i:one a ww:Practice ."))
    assert b"<https://w3id.org/whatworks/graph/record/import/one>" in batch.contents["interventions/one.trig"]


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("x.ttl", "i:one a ww:Practice .", SyntaxFault),
        ("x.jsonld", '{"@context": "https://example.org/context", "@id": "x"}', RemoteContext),
        ("x.jsonld", "{", SyntaxFault),
        ("x.rdf", "<rdf:RDF/>", SyntaxFault),
    ],
    ids=["prefix", "foreign context", "no JSON", "no RDF/XML"],
)
def test_an_rdf_file_that_cannot_be_read(
    name: str, text: str, error: type[InputError], kg: KnowledgeGraph, rdf: Callable[[str, str], list[Path]]
) -> None:
    """A file that is not well formed, or names a context that would be fetched, is refused with its name."""
    with pytest.raises(error) as caught:
        kg.read(rdf(name, text))
    assert caught.value.where is not None
    assert caught.value.where.file == name


def test_a_record_in_two_kinds_of_files(
    project: Project, rdf: Callable[[str, str], list[Path]], sources: Callable[..., list[Path]]
) -> None:
    """A record that comes as a line and as RDF is refused, whichever comes first; RDF files may share one."""
    kg = project({})
    lines, triples = sources(records=[{"id": "one"}]), rdf("x.ttl", HEAD + "i:one a ww:Practice .")
    assert len(kg.read([*lines, *triples]).tally.problems) == 1
    assert len(kg.read([*triples, *lines]).tally.problems) == 1
    more = rdf("y.ttl", HEAD + 'i:one dcterms:title "One"@en .')
    assert told(kg.read([*triples, *more])) == []


# ---- writing ----


def contents(folder: Path) -> Mapping[str, bytes]:
    """Return all files of a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_that_cannot_be_written_is_left_as_it_was(
    project: Project, sources: Callable[..., list[Path]], tmp_path: Path
) -> None:
    """When one file cannot be written, none is changed and nothing is left lying about."""
    project({"data/agents.ttl": ""})
    (tmp_path / "data" / "interventions").write_text("in the way", encoding="utf-8")
    before = contents(tmp_path / "data")
    with pytest.raises(Unwritable, match=r"one\.trig cannot be written"):
        bring(tmp_path, sources(records=[{"id": "one", "actors": [{"name": "City"}]}]))
    assert contents(tmp_path / "data") == before


def test_misspelt_property_of_a_mapping_is_told(project: Project, sources: Callable[..., list[Path]]) -> None:
    """A property that the model does not have is refused, with the nearest one."""
    mapping = PLAIN.replace("fields:", "fields:\n  year: {property: ww:startYeer, as: integer}", 1)
    with pytest.raises(MappingFault, match="no term of the model") as caught:
        project({}).read(sources(mapping, records=[]))
    assert "ww:startYear" in caught.value.hint


def test_changes_are_told_by_file(project: Project, sources: Callable[..., list[Path]], tmp_path: Path) -> None:
    """A batch says of each file whether it would be added, changed or stay as it is, and by how many lines."""
    project({})
    bring(tmp_path, sources(records=[{"id": "a", "title": "A"}, {"id": "b", "title": "B"}]))
    paths = sources(records=[{"id": "a", "title": "A"}, {"id": "b", "title": "B2"}, {"id": "c"}])
    batch = KnowledgeGraph.open(tmp_path).read(paths)
    added = batch.contents["interventions/c.trig"].count(b"\n")
    assert batch.changes(tmp_path / "data") == [
        Change("unchanged", "interventions/a.trig", 0, 0),
        Change("changed", "interventions/b.trig", 1, 1),
        Change("added", "interventions/c.trig", added, 0),
    ]


def test_field_that_says_the_class_counts_as_used(project: Project, sources: Callable[..., list[Path]]) -> None:
    """A field that decides the class of the record is not told as left out."""
    by_sort = "class: {field: sort, values: {tool: ww:Tool}, default: ww:Practice}"
    mapping = PLAIN.replace("class: {default: ww:Practice}", by_sort)
    batch = project({}).read(sources(mapping, records=[{"id": "a", "title": "A", "sort": "tool"}]))
    assert ("records.jsonl", "sort", 1, 1, 0, "") in batch.tally.rows()
    assert b"ww:Tool" in batch.contents["interventions/a.trig"]


def test_things_are_minted_below_the_base_of_the_project(project: Project, sources: Callable[..., list[Path]]) -> None:
    """A project with its own base mints its things there; concepts stay where the model has them."""
    kg = project({"whatworks.toml": 'base = "https://example.org/kg/"'})
    batch = kg.read(sources(records=[{"id": "a", "actors": [{"name": "City", "country": "BE"}]}]))
    quads = parse(batch.contents["interventions/a.trig"], "trig", name="x", base=BASE)
    assert {quad.subject.partition("#")[0] for quad in quads if isinstance(quad.subject, Iri)} == {
        "https://example.org/kg/id/intervention/a",
        "https://example.org/kg/id/record/a",
    }
    assert b"country:BEL" in batch.contents["agents.ttl"]


# ---- tables and lists in YAML ----


def _rows(records: list[dict[str, Any]]) -> tuple[list[str], list[dict[str, str]]]:
    """Flatten records: a row for the fields of the record itself, then one for each item of a part."""
    rows: list[dict[str, str]] = []
    for record in records:
        plain = {name: _flat(value) for name, value in record.items() if not _is_items(value)}
        rows.append(plain)
        for name, value in record.items():
            for item in value if _is_items(value) else ():
                said = {"wwc_intervention_id": plain["wwc_intervention_id"], "title": plain["title"]}
                rows.append(said | {f"{name}.{inner}": _flat(found) for inner, found in item.items()})
    return list(dict.fromkeys(name for row in rows for name in row)), rows


def _is_items(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict) for item in value)


def _flat(value: Any) -> str:
    return "|".join(map(text_of, value)) if isinstance(value, list) else text_of(value)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_table_of_the_clearinghouse_gives_the_same_records(ending: str, kg: KnowledgeGraph, tmp_path: Path) -> None:
    """The shipped mapping reads the fields of the What Works Clearinghouse as a table just as lines of JSON."""
    source = ROOT / "data/sources/wwc_dropout_prevention.jsonl"
    lines = source.read_text(encoding="utf-8").splitlines()
    columns, rows = _rows([json.loads(line, parse_float=Decimal) for line in lines])
    table = [columns, *([row.get(name, "") for name in columns] for row in rows)]
    file = tmp_path / f"wwc.{ending}"
    if ending == "csv":
        with file.open("w", encoding="utf-8", newline="") as written:
            csv.writer(written, delimiter=";").writerows(table)
    else:
        book = openpyxl.Workbook()
        for line in table:
            book.active.append(line)
        book.save(file)
    batch = kg.read([file], ROOT / "data/sources/wwc_dropout_prevention.mapping.yaml")
    assert [str(problem) for problem in batch.tally.problems] == []
    assert batch.contents == kg.read([source]).contents
    assert len([name for name in batch.contents if name.startswith("interventions/")]) > 30


# The columns of Findings.csv as the clearinghouse exports it, and what of a finding each holds.
FINDINGS = {
    "FindingID": "finding_id", "ReviewID": "review_id", "Protocol": "protocol", "InterventionID": "",
    "Intervention_Name": "", "Comparison": "comparison", "OutcomeMeasureID": "",
    "Outcome_Measure": "outcome_measure", "Outcome_Domain": "outcome_domain", "Period": "period",
    "Sample_Description": "sample", "Is_Subgroup": "is_subgroup", "Outcome_Sample_Size": "",
    "Outcome_Measure_Intervention_Sample_Size": "n_intervention",
    "Outcome_Measure_Comparison_Sample_Size": "n_comparison", "Intervention_Clusters_Sample_Size": "",
    "Comparison_Clusters_Sample_Size": "", "Intervention_Mean": "mean_intervention",
    "Comparison_Mean": "mean_comparison", "Intervention_Standard_Deviation": "", "Comparison_Standard_Deviation": "",
    "Effect_Size_Study": "", "Effect_Size_WWC": "", "Improvement_Index": "improvement_index", "p_Value_Study": "",
    "p_Value_WWC": "p_value", "ICC": "", "Clusters_Total": "", "Is_Statistically_Significant": "significant",
    "Finding_Rating": "", "ESSA_Rating": "essa_rating", "L1_Unit_of_Analysis": "unit",
}  # fmt: skip
# Rows of other protocols, as they stand in the export of April 2020.
OTHERS = [
    "9,50932,Character Education,252,Too Good for Drugs and Violence (TGFD & V),Business as usual,596,"
    'Perceptions of social and resistance skills,"Knowledge, attitudes, & values",,Grades 9 - 12,False,302,151,151,,,'
    "4.08,3.77,0.58,0.61,0.52,0.519539725932417,20,,8.97592977211481E-06,,,True,,,Student",
    '151,50354,Early Childhood Education,416,"Ready, Set, Leap!®",High/Scope,917,Initial Sound Fluency subtest,'
    "Phonological processing,,4 year olds,False,254,129,125,8,9,11.03,9.58,8.24,6.48,0.2,0.194670888506323,8,,"
    "0.112287583412601,,,False,,,Student",
]


def _exported(record: dict[str, Any], finding: dict[str, Any]) -> dict[str, str]:
    """Return a finding as the clearinghouse exports it."""

    def text(name: str) -> str:
        value = finding[name]
        if name == "p_value" and isinstance(value, Decimal):
            return f"{value:E}"
        return str(value) if isinstance(value, bool) else text_of(value)

    row = {column: text(name) for column, name in FINDINGS.items() if name in finding}
    source = finding.get("effect_size_source")
    sizes = {"WWC": {"Effect_Size_WWC": text_of(finding.get("effect_size")), "Effect_Size_Study": "0.5"}}
    sizes |= {"study": {"Effect_Size_Study": text_of(finding.get("effect_size"))}}
    names = {"InterventionID": str(record["wwc_intervention_id"]), "Intervention_Name": record["title"]}
    return row | names | sizes.get(source or "", {}) | {"OutcomeMeasureID": "590", "Outcome_Sample_Size": "200"}


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_the_export_of_the_clearinghouse_itself_is_read(ending: str, project: Project, tmp_path: Path) -> None:
    """Findings.csv as the clearinghouse exports it gives the findings of the shipped records, and no others."""
    source = (ROOT / "data/sources/wwc_dropout_prevention.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line, parse_float=Decimal) for line in source]
    rows = [_exported(record, finding) for record in records for finding in record["findings"]]
    table = [
        list(FINDINGS),
        *csv.reader(OTHERS),
        *([row.get(name, "") for name in FINDINGS] for row in rows),
    ]
    file = tmp_path / f"Findings.{ending}"
    if ending == "csv":
        with file.open("w", encoding="utf-8", newline="") as written:
            csv.writer(written).writerows(table)
    else:
        book = openpyxl.Workbook()
        for line in table:
            book.active.append(line)
        book.save(file)
    found = (record for record in records if record["findings"])
    kept = ({name: record[name] for name in ("wwc_intervention_id", "title", "findings")} for record in found)
    lines = tmp_path / "wwc.jsonl"
    lines.write_text("\n".join(json.dumps(record, default=str) for record in kept), encoding="utf-8")
    mapping, kg = ROOT / "data/sources/wwc_dropout_prevention.mapping.yaml", project({})
    batch = kg.read([file], mapping)
    assert [] == [str(problem) for problem in batch.tally.problems]
    assert kg.read([lines], mapping).contents == batch.contents
    assert 145 == sum(content.count(b" a ww:Finding ;") for content in batch.contents.values())
    assert {"the mapping wants rows with other values": 2} == batch.tally.left_out[file.name, "Protocol"]
    assert {"another column says findings.effect_size": 93} == batch.tally.left_out[file.name, "Effect_Size_Study"]
    assert unbalanced(batch.tally) == []


# The columns of InterventionReports.csv as the clearinghouse exports it, without those that no mapping knows: sample,
# program type and state. Grades, delivery, type of school and setting have a column for each value.
YES = {
    "grades": {f"Grade_{grade}": grade for grade in (*map(str, range(1, 13)), "K", "PK", "PS")},
    "delivery": {
        f"Delivery_Method_{name.replace(' ', '_')}": name
        for name in ("Individual", "School", "Small Group", "Whole Class")
    },
    "school_type": {f"School_type_{name}": name for name in ("Charter", "Parochial", "Private", "Public")},
    "urbanicity": {f"Urbanicity_{name}": name for name in ("Rural", "Suburban", "Urban")},
}
REPORTS = [
    *("InterventionID", "Intervention_Name", "Protocol", "Protocol_Version", "Outcome_Domain"),
    *("NumStudiesMeetingStandards", "NumStudiesEligible", "Gender_Female"),
    *(name for columns in YES.values() for name in columns),
    *("Intervention_Page_URL", "Sample_Size_Intervention", "Effectiveness_Rating"),
]  # fmt: skip
RATED = {
    "Outcome_Domain": "outcome_domain", "NumStudiesMeetingStandards": "studies_meeting_standards",
    "NumStudiesEligible": "studies_eligible", "Sample_Size_Intervention": "sample_size",
    "Effectiveness_Rating": "rating",
}  # fmt: skip
REPORTS_MAPPING = ROOT / "data/sources/wwc_intervention_reports.mapping.yaml"


def _reports(records: Iterable[dict[str, Any]], *more: dict[str, str]) -> str:
    """Return ratings as the clearinghouse exports them, with rows of other protocols and of reports without any."""
    rows: list[dict[str, str]] = [
        {
            "InterventionID": "211", "Intervention_Name": "DaisyQuest", "Protocol": "Beginning Reading",
            "Protocol_Version": "1.0", "Outcome_Domain": "Alphabetics", "Effectiveness_Rating": "Positive Effects",
            "NumStudiesMeetingStandards": "4", "NumStudiesEligible": "4", "Delivery_Method_Individual": "1.00",
        },
        {
            "InterventionID": "799", "Intervention_Name": "Reconnecting Youth", "Protocol": "Dropout Prevention",
            "Protocol_Version": "3.0",
        },
    ]  # fmt: skip
    for record in records:
        same = {"InterventionID": str(record["wwc_intervention_id"]), "Intervention_Name": record["title"]}
        same |= {"Protocol": "Dropout Prevention", "Gender_Female": "48.00"}
        same |= {"Intervention_Page_URL": record.get("wwc_page_path", "")}
        for field, columns in YES.items():
            same |= {column: "1.00" for column, value in columns.items() if value in record.get(field, ())}
        for rating in record.get("ratings", ()):
            rated = {column: str(rating[name]) for column, name in RATED.items()}
            rows.append(same | rated | {"Protocol_Version": f"{rating['protocol_version']}.0"})
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, REPORTS)
    writer.writeheader()
    writer.writerows([*rows, *more])
    return text.getvalue()


def _records() -> list[dict[str, Any]]:
    source = (ROOT / "data/sources/wwc_dropout_prevention.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line, parse_float=Decimal) for line in source]


def test_the_reports_of_the_clearinghouse_are_read(project: Project, tmp_path: Path) -> None:
    """With Findings.csv, InterventionReports.csv gives the shipped records, but for the country, which neither has."""
    records = _records()
    findings, reports, lines = (tmp_path / name for name in ("Findings.csv", "InterventionReports.csv", "wwc.jsonl"))
    with findings.open("w", encoding="utf-8", newline="") as written:
        writer = csv.DictWriter(written, FINDINGS)
        writer.writeheader()
        writer.writerows(_exported(record, finding) for record in records for finding in record["findings"])
    reports.write_text(_reports(records), encoding="utf-8")
    for record in records:
        record.pop("country", None)
    lines.write_text("\n".join(json.dumps(record, default=str) for record in records if record["findings"]), "utf-8")
    mapping, kg = ROOT / "data/sources/wwc_dropout_prevention.mapping.yaml", project({})
    copy(mapping, tmp_path / "Findings.mapping.yaml")
    copy(REPORTS_MAPPING, tmp_path / "InterventionReports.mapping.yaml")
    batch = kg.read([reports, findings])
    assert [] == [str(problem) for problem in batch.tally.problems]
    assert kg.read([lines], mapping).contents == batch.contents
    assert 35 == sum(content.count(b" a ww:Rating ;") for content in batch.contents.values())
    unknown = {"the mapping does not know the field": 35, "the mapping wants rows with other values": 1}
    assert unknown == batch.tally.left_out[reports.name, "Protocol"]
    assert {"the mapping needs a value there": 1} == batch.tally.left_out[reports.name, "Outcome_Domain"]
    assert unbalanced(batch.tally) == []


def test_ratings_of_the_shipped_records_are_those_of_the_reports(tmp_path: Path) -> None:
    """Brought in once more, they change nothing; a new rating stands instead of the old, and no finding goes."""
    folder = copytree(ROOT / "data", tmp_path / "data", ignore=ignore_patterns("sources"))
    (tmp_path / "whatworks.toml").touch()
    kg = KnowledgeGraph.open(tmp_path)
    records, file = _records(), tmp_path / "InterventionReports.csv"
    file.write_text(_reports(records), encoding="utf-8")
    assert {"unchanged"} == {change.kind for change in kg.read([file], REPORTS_MAPPING).changes(folder)}
    records[0]["ratings"][0]["rating"] = "Mixed Effects"
    file.write_text(_reports(records), encoding="utf-8")
    changed = [each for each in kg.read([file], REPORTS_MAPPING).changes(folder) if each.kind == "changed"]
    assert [("interventions/check-and-connect.trig", 1, 1)] == [(each.name, each.gained, each.lost) for each in changed]


@pytest.mark.parametrize("rating", ["N/A", "Tier 1 Strong", "4", "Negative"])
def test_a_rating_of_another_scale_is_refused(rating: str, kg: KnowledgeGraph, tmp_path: Path) -> None:
    """What is none of the clearinghouse's own words is told with its cell, and taken for none of them."""
    record = _records()[0]
    record["ratings"][0]["rating"] = rating
    file = tmp_path / "InterventionReports.csv"
    file.write_text(_reports([record]), encoding="utf-8")
    (problem,) = kg.read([file], REPORTS_MAPPING).tally.problems
    cell = f"{get_column_letter(len(REPORTS))}4"
    assert (cell, "ratings.rating", rating) == (problem.where.cell, problem.field, problem.found)


def test_a_column_of_yes_and_no(kg: KnowledgeGraph, tmp_path: Path) -> None:
    """A no gives nothing and is counted; what is neither is told with its cell."""
    record, file = _records()[0], tmp_path / "InterventionReports.csv"
    text = _reports([record])
    lines = list(csv.reader(io.StringIO(text)))
    lines[3][REPORTS.index("Grade_9")], lines[3][REPORTS.index("Grade_K")] = "maybe", "0.00"
    with file.open("w", encoding="utf-8", newline="") as written:
        csv.writer(written).writerows(lines)
    batch = kg.read([file], REPORTS_MAPPING)
    cell = f"{get_column_letter(REPORTS.index('Grade_9') + 1)}4"
    assert [(cell, "is neither yes nor no.")] == [(each.where.cell, each.message) for each in batch.tally.problems]
    assert {"it says no": 1} == batch.tally.left_out[file.name, "Grade_K"]
    assert unbalanced(batch.tally) == []


def test_the_mapping_of_the_clearinghouse_has_the_fields_that_its_records_have() -> None:
    """What the account of the facts names of a record is mapped, but for the program type, which no record has."""
    declared = read_yaml((ROOT / "data/sources/wwc_dropout_prevention.mapping.yaml").read_text(encoding="utf-8"))
    fields = declared["fields"]
    named = "wwc_intervention_id title country wwc_page_path grades program_type delivery school_type urbanicity"
    assert {"program_type"} == {*named.split(), "ratings", "findings"} - set(fields)
    source = (ROOT / "data/sources/wwc_dropout_prevention.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in source]
    assert {name for record in records for name in record} <= set(fields)
    for part in ("ratings", "findings"):
        known = {*fields[part]["fields"], *fields[part].get("within", {}).get("fields", {})}
        assert {name for record in records for each in record.get(part, ()) for name in each} == known


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("only: {Kind: tool}\n", "only: 'tool' is no list of values"),
        ("needs: Kind\n", "needs: 'Kind' is no list of values"),
        ("columns: {Size: {sets: {a: b}}}\n", "columns does not say 'field'"),
        ("columns: {Size: {field: title, also: b}}\n", "columns has the unknown word 'also'"),
    ],
)
def test_faulty_words_for_tables(more: str, said: str, project: Project, tmp_path: Path) -> None:
    """Slips in what a mapping says of tables are told before a row is read."""
    (tmp_path / "t.mapping.yaml").write_text(PLAIN + more, encoding="utf-8")
    (tmp_path / "t.csv").write_text("id,title\na,A\n", encoding="utf-8")
    with pytest.raises(MappingFault, match=said):
        project({}).read([tmp_path / "t.csv"])


def test_a_table_is_read_as_its_mapping_says(project: Project, tmp_path: Path) -> None:
    """Other headings and defaults count; problems stand at their cells, columns that nobody knows are counted."""
    mapping = PLAIN.replace("dcterms:title, as: words}\n  actors", "dcterms:title, as: words, default: None}\n  actors")
    mapping += 'columns: {"Name of it": title, Who: actors.name}\nseparator: ";"\n'
    (tmp_path / "table.mapping.yaml").write_text(mapping, encoding="utf-8")
    table = tmp_path / "table.csv"
    table.write_text("A title\nid,Name of it,Who,Mine\none,,A body,1\nBad,Two,,\n", encoding="utf-8")
    kg = project({})
    batch = kg.read([table])
    assert [str(problem.where) for problem in batch.tally.problems] == ["table.csv, A4"]
    assert batch.tally.left_out["table.csv", "Mine"] == {"the mapping does not know the field": 1}
    table.write_text("id,Name of it,Who\none,,A body\n", encoding="utf-8")
    said = kg.read([table]).contents["interventions/one.trig"].decode()
    assert 'dcterms:title "None"@en' in said
    assert "cv:hasParticipant agent:a-body" in said


TABLE = PLAIN + "columns: {Name: title, Key: id}\n"


def _book(path: Path, edit: Callable[[Any], None], *, title: str = "A survey") -> Path:
    """Write a workbook of other people, with a title above its headings."""
    book = openpyxl.Workbook()
    for row in ([title], ["Key", "Name"], ["one", "One"], ["two", "Two"]):
        book.active.append(row)
    edit(book)
    book.save(path)
    return path


def test_merged_cells_of_a_table_are_told(project: Project, tmp_path: Path) -> None:
    """Cells below the headings that were made one would lose a value; above them stand titles, which are not read."""

    def merge(book: Any) -> None:
        book.active.merge_cells("A1:B1")
        book.active.merge_cells("B3:B4")

    (tmp_path / "a.mapping.yaml").write_text(TABLE, encoding="utf-8")
    batch = project({}).read([_book(tmp_path / "a.xlsx", merge)])
    assert [("a.xlsx, Sheet!B3", "are one merged cell.")] == [
        (str(each.where), each.message) for each in batch.tally.problems if each.rule == "merged cells"
    ]


def test_a_hidden_sheet_of_a_table_is_told(project: Project, tmp_path: Path) -> None:
    """A sheet that nobody sees is not read unseen, and one that people see comes before it."""

    def hide(book: Any) -> None:
        book.active.sheet_state = "hidden"
        book.create_sheet("Remarks").append(["Nothing"])

    def copied(book: Any) -> None:
        book.copy_worksheet(book.active).title = "Seen"
        book.active.sheet_state = "hidden"

    (tmp_path / "a.mapping.yaml").write_text(TABLE, encoding="utf-8")
    kg = project({})
    batch = kg.read([_book(tmp_path / "a.xlsx", hide)])
    assert ["a.xlsx, Sheet: the sheet, sheet = 'Sheet': is hidden."] == [
        str(each).partition(" Show")[0] for each in batch.tally.problems
    ]
    batch = kg.read([_book(tmp_path / "a.xlsx", copied)])
    assert ([], 2) == (batch.tally.problems, batch.records)


def test_how_a_table_was_read_is_told(project: Project, tmp_path: Path) -> None:
    """A table that is not UTF-8 is read as Windows-1252, and that is said."""
    (tmp_path / "a.mapping.yaml").write_text(TABLE, encoding="utf-8")
    (tmp_path / "a.csv").write_bytes("Key;Name\none;École déjà d’été\n".encode("cp1252"))
    batch = project({}).read([tmp_path / "a.csv"])
    assert [
        "a.csv is not UTF-8; it was read as Windows-1252, as in 'École', 'déjà'. Name another with --encoding."
    ] == batch.notes
    assert "École" in batch.contents["interventions/one.trig"].decode()


def test_a_table_without_known_headings_is_told(project: Project, tmp_path: Path) -> None:
    """A table that has no heading of the mapping names some that it could have; a formula has its cell."""
    (tmp_path / "table.mapping.yaml").write_text(PLAIN, encoding="utf-8")
    (tmp_path / "table.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    kg = project({})
    (problem,) = kg.read([tmp_path / "table.csv"]).tally.problems
    assert "id, title, actors.name" in problem.hint
    book = openpyxl.Workbook()
    for row in (["id", "title"], ["one", "=A1"]):
        book.active.append(row)
    book.save(tmp_path / "table.xlsx")
    (problem,) = kg.read([tmp_path / "table.xlsx"]).tally.problems
    assert str(problem.where) == "table.xlsx, Sheet!B2"


def test_a_list_in_yaml_is_read(project: Project, tmp_path: Path) -> None:
    """Records in YAML are mapped like lines of JSON, with the lines where they begin."""
    (tmp_path / "list.mapping.yaml").write_text(PLAIN, encoding="utf-8")
    (tmp_path / "list.yaml").write_text("- id: one\n  title: One\n- id: Two\n- text\n", encoding="utf-8")
    batch = project({}).read([tmp_path / "list.yaml"])
    assert [str(problem.where) for problem in batch.tally.problems] == ["list.yaml:3", "list.yaml:4"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("- &a [x, x]\n- [*a, *a]\n", 2),
        ("- id: one\n  id: two\n", 2),
        ("id: one\n", 1),
        ("- " + "[" * 200 + "\n", 1),
        ("- {a: 'b\n", 2),
    ],
)
def test_broken_yaml_is_refused_with_its_line(text: str, line: int, project: Project, tmp_path: Path) -> None:
    """Aliases that could explode, keys that stand twice, no list, too deep, not YAML: told, and nothing is written."""
    (tmp_path / "list.mapping.yaml").write_text(PLAIN, encoding="utf-8")
    (tmp_path / "list.yaml").write_text(text, encoding="utf-8")
    batch = project({}).read([tmp_path / "list.yaml"])
    (problem,) = batch.tally.problems
    assert "cannot be read" in problem.message
    assert problem.where.line == line
