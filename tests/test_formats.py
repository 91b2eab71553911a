"""The table of formats."""

import pytest

from whatworks.errors import UnknownFileType, UnknownFormat
from whatworks.formats import FORMATS, GRAPH_FORMATS, READABLE_ENDINGS, ROW_FORMATS, Format, by_ending, by_file, by_name


def test_names_media_types_and_first_endings_are_unique() -> None:
    """No two formats share a name, a media type or an ending."""
    for values in (
        [format.name for format in FORMATS],
        [format.media_type for format in FORMATS],
        [ending for format in FORMATS for ending in format.endings],
    ):
        assert sorted(set(values)) == sorted(values)


def test_every_format_carries_rows_or_a_graph() -> None:
    """The two lists of names together are the table."""
    assert (*ROW_FORMATS, *GRAPH_FORMATS) == tuple(format.name for format in FORMATS)


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
def test_by_name_finds_each_format_for_what_it_carries(format: Format) -> None:
    """A format is found by its name for its own kind of answer, and refused with a list for the other."""
    rows = format.carries == "rows"
    assert by_name(format.name, rows=rows) == format
    with pytest.raises(UnknownFormat) as caught:
        by_name(format.name, rows=not rows)
    assert ", ".join(GRAPH_FORMATS if rows else ROW_FORMATS) in caught.value.hint


@pytest.mark.parametrize("ending", READABLE_ENDINGS)
def test_by_file_reads_every_readable_ending(ending: str) -> None:
    """The ending of a file says its format, in lower and upper case."""
    assert by_file(f"folder.csv/file{ending}") == by_file(f"FILE{ending.upper()}")
    assert by_file(f"file{ending}").readable


@pytest.mark.parametrize("name", ["a.csv", "a", "a.ttl.gz", "a.json", ".ttl"])
def test_by_file_refuses_others(name: str) -> None:
    """A file that cannot be read as RDF is refused with the endings that can."""
    with pytest.raises(UnknownFileType) as caught:
        by_file(name)
    assert ".ttl" in caught.value.hint


def test_by_ending_takes_no_other_format() -> None:
    """An ending that says another kind of answer, or nothing known, is refused; no ending says nothing."""
    assert ["csv", "json", None] == [by_ending(name, rows=True) for name in ("a.b.CSV", "x/a.json", "x.y/a")]
    assert "turtle" == by_ending("a.ttl", rows=False)
    for name, rows in (("a.docx", True), ("a.ttl", True), ("a.csv", False), ("a.csv.gz", True)):
        with pytest.raises(UnknownFormat, match=f"^{name}: the ending") as caught:
            by_ending(name, rows=rows)
        assert (".xlsx" if rows else ".nt") in caught.value.hint
