"""Codebooks: as rows for a sheet, and as CSV on the Web beside a file."""

import json
from pathlib import Path

from click.testing import CliRunner

from whatworks.cli import main
from whatworks.codebook import Codebook, Column

BOOK = Codebook(
    "What there is.",
    "whatworks query things",
    {"country": ["BE", "FR"]},
    "release 0123456789abcdef",
    ["https://creativecommons.org/licenses/by/4.0/"],
    [
        Column("key", "The key.", "text"),
        Column("stage", "How far.", "iri", {"https://example.org/pilot": "Pilot"}),
        Column("year", "", "integer"),
    ],
    "Only the first 2 rows are shown; there are more.",
)


def test_rows_say_everything() -> None:
    """Every part of the codebook stands in its rows."""
    rows = list(BOOK.rows())
    assert ("Parameter", "country", "BE, FR", "") in rows
    assert ("Data", "release 0123456789abcdef", "", "") in rows
    assert ("Note", BOOK.note, "", "") in rows
    assert ("year", "", "whole number", "") in rows
    assert rows[-1] == ("", "Pilot", "https://example.org/pilot", "")


def test_csvw_follows_the_vocabulary() -> None:
    """The metadata has the context, the address of the file, and a datatype for each column."""
    found = json.loads(BOOK.csvw("things.csv"))
    assert found["@context"][0] == "http://www.w3.org/ns/csvw"
    assert (found["url"], found["dc:provenance"]) == (
        "things.csv",
        "whatworks query things --country BE --country FR",
    )
    columns = found["tableSchema"]["columns"]
    assert [column["datatype"] for column in columns] == ["string", "anyURI", "integer"]
    assert columns[1]["skos:member"] == [{"@id": "https://example.org/pilot", "skos:prefLabel": "Pilot"}]
    assert found["rdfs:comment"] == BOOK.note


def test_a_csv_file_has_its_codebook_beside_it(tmp_path: Path) -> None:
    """The file's ending chooses the format; the codebook knows the query and that rows were cut."""
    file = tmp_path / "found.csv"
    words = ["query", "interventions", "--country", "Belgium", "--limit", "2", "--output", str(file)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    assert file.read_text(encoding="utf-8").startswith("intervention,key,title")
    beside = json.loads((tmp_path / "found.csv-metadata.json").read_bytes())
    assert "--country Belgium" in beside["dc:provenance"]
    assert "first 2 rows" in beside["rdfs:comment"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["found.csv", "found.csv-metadata.json"]
