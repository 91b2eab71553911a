"""YAML, read safely."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whatworks.yamltext import YamlFault, read_yaml


def test_read_yaml_reads_one_document() -> None:
    """Tables, lists, texts, numbers and truth values are read."""
    text = 'summary: "a: b"\nparams:\n  - {name: stage, many: true}\nlimit: 5\nnone:\n'
    expected = {"summary": "a: b", "params": [{"name": "stage", "many": True}], "limit": 5, "none": None}
    assert read_yaml(text) == expected


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: b\nc: [1\n", 3, "expected"),
        ("a: b\n\tc: d\n", 2, "tab"),
        ("a: 1\n---\nb: 2\n", 2, "another document"),
        ("a: !!python/object/apply:os.system ['true']\n", 1, "python/object"),
        ("\x07", 1, "control characters"),
        ("a: 2024-13-45", 1, "month"),
        ("? [a]\n: b\n", 1, "unhashable"),
        ("a: &x [1]\nb: *x\n", 2, "alias"),
        ("\n" + "[" * 101, 2, "nested"),
        ("- " * 50_000 + "a", 1, "nested"),
        ("[" * 100_000, 1, "nested"),
        ("{a: " * 20_000, 1, "nested"),
        ("a: 1\nb: 2\na: 3\n", 3, "the key 'a' stands twice in one table, first in line 1"),
        ("x:\n  - {a: {b: 1}, c: [1], a: 2}\n", 2, "the key 'a' stands twice"),
        ("? [a]\n: 1\nb: 1\n'b': 2\n", 4, "the key 'b' stands twice"),
    ],
)
def test_read_yaml_says_the_line(text: str, line: int, said: str) -> None:
    """Broken texts, tags of Python, aliases and nesting that would kill the process are refused with the line."""
    with pytest.raises(YamlFault) as caught:
        read_yaml(text)
    assert caught.value.line == line
    assert said in caught.value.problem


def test_read_yaml_reads_a_hundred_levels() -> None:
    """What is nested a hundred deep is still read."""
    assert str(read_yaml("[" * 100 + "]" * 100)) == "[" * 100 + "]" * 100


def test_one_key_may_stand_in_several_tables() -> None:
    """Keys are counted within their own table, whatever stands between."""
    assert read_yaml("a: {a: 1, b: [{a: 2}, {a: 3}]}\nb: a\nc: b\n")["a"]["b"] == [{"a": 2}, {"a": 3}]


@given(st.text(st.sampled_from("ab:-?[]{},&*!|>'\"#%@`\\ \n\t1.~\x00é<=/"), max_size=20))
@settings(max_examples=500, deadline=None)
def test_read_yaml_fails_in_one_way(text: str) -> None:
    """Whatever the text, there is a value or a fault with a line."""
    try:
        read_yaml(text)
    except YamlFault as fault:
        assert fault.line >= 1  # noqa: PT017 - both ends are right
