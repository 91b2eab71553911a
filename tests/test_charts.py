"""Rows as bars: what is drawn follows from the columns, and untrusted texts stay texts."""

import json
import struct
import sys
from collections.abc import Sequence
from xml.etree import ElementTree

import pytest
import vl_convert
from click.testing import CliRunner

from whatworks.charts import Chart, chart
from whatworks.cli import main
from whatworks.errors import MissingExtra
from whatworks.results import Table
from whatworks.terms import XSD, Iri, Literal, Term

_SVG = "{http://www.w3.org/2000/svg}"


def _chart(columns: str, *rows: Sequence[Term | None]) -> Chart:
    return chart(
        Table(tuple(columns.split()), [tuple(row) for row in rows]), "A title", lambda iri: iri.rsplit("/", 1)[-1]
    )


def _decimal(text: str) -> Literal:
    return Literal(text, "", Iri(XSD + "decimal"))


_FILLED = _chart(
    "field kind kindLabel interventions share",
    (Literal("aim"), Iri("https://e.org/tool"), Literal("Tool"), Literal.integer(4), _decimal("0.25")),
    (Literal("aim"), None, None, Literal.integer(2), _decimal("0")),
    (Literal("place"), Iri("https://e.org/tool"), None, Literal.integer(4), _decimal("1")),
)


def test_numbers_of_the_last_column_are_the_bars() -> None:
    """Names stand for what they name, a second text divides into groups, other numbers are left out."""
    assert ("field", "kindLabel", "share") == (_FILLED.label, _FILLED.group, _FILLED.value)
    assert [("aim", "Tool", 0.25), ("aim", "–", 0.0), ("place", "tool", 1.0)] == [
        (bar.label, bar.group, float(bar.value)) for bar in _FILLED.bars
    ]


def test_rows_without_numbers_are_counted() -> None:
    """Where the last column has no numbers, the bars say how many rows there are of the first column."""
    found = _chart("kind key", (Literal("a"), Literal("x")), (Literal("a"), Literal("y")), (None, Literal("z")))
    assert ("kind", "", "rows") == (found.label, found.group, found.value)
    assert [("a", 2), ("–", 1)] == [(bar.label, int(bar.value)) for bar in found.bars]


def test_vega_lite() -> None:
    """The description holds the data, and names its columns."""
    said = json.loads(_FILLED.write("vega-lite"))
    assert {"field": "aim", "kindLabel": "Tool", "share": 0.25} == said["data"]["values"][0]
    assert ("field", "share", "kindLabel") == tuple(said["encoding"][each]["field"] for each in ("y", "x", "color"))


def test_svg() -> None:
    """The picture is XML with a name, has a bar for each, and its length says the number."""
    root = ElementTree.fromstring(_FILLED.write("svg"))
    assert "A title" == root.findtext(f"{_SVG}title") == root.get("aria-label")
    widths = [float(each.get("width", "0")) for each in root.iter(f"{_SVG}rect") if each.get("height") == "12"]
    assert [105.0, 0.0, 420.0] == [width for width in widths if width != 12]
    assert {"aim", "place", "Tool", "–", "0.25", "1"} <= {each.text for each in root.iter(f"{_SVG}text")}


def test_png() -> None:
    """The picture of dots is the drawing twice as large, with bars in their colours; letters are no boxes."""
    picture = _FILLED.write("png")
    assert b"\x89PNG\r\n\x1a\n" == picture[:8]
    root = ElementTree.fromstring(_FILLED.write("svg"))
    assert [2 * int(root.get(side, "0")) for side in ("width", "height")] == list(struct.unpack(">II", picture[16:24]))
    greek, cyrillic = (chart(Table(("a",), [(Literal(text),)]), "", str).write("png") for text in ("ΩΩ", "ЖЖ"))
    assert greek != cyrillic


def test_png_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has no vl-convert is told what to install, or to take SVG."""
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(MissingExtra, match="vl-convert is not installed") as caught:
        _FILLED.write("png")
    assert "whatworks[charts]" in caught.value.hint
    result = CliRunner().invoke(main, ["stats", "assigned-share", "--format", "png"])
    assert MissingExtra.exit_status == result.exit_code


@pytest.mark.parametrize(
    "found",
    [_FILLED, _chart("a b"), _chart("kind", (Literal("x"),), (Literal("x"),), (Literal("y"),))],
    ids=["groups", "no rows", "counted"],
)
def test_vega_lite_is_run(found: Chart) -> None:
    """Vega-Lite itself takes the description: a bar for each, which says its label, its group and its number."""
    drawn = vl_convert.vegalite_to_svg(json.loads(found.write("vega-lite")), allowed_base_urls=[], show_warnings=True)
    paths = ElementTree.fromstring(drawn).iter(f"{_SVG}path")
    bars = [each.get("aria-label", "") for each in paths if each.get("aria-roledescription") == "bar"]
    told = [(f"{found.value}: {float(bar.value):g}", bar.label, bar.group) for bar in found.bars]
    assert len(told) == len(bars)
    assert all(any(all(part in bar for part in parts) for bar in bars) for parts in told), bars


def test_an_empty_chart() -> None:
    """Nothing is drawn of no rows, and it is a picture all the same."""
    for found in (_chart("a b"), _chart("a")):
        assert () == tuple(found.bars)
        ElementTree.fromstring(found.write("svg"))
        assert [] == json.loads(found.write("vega-lite"))["data"]["values"]


@pytest.mark.parametrize("text", ['<script>alert("1")</script>', "a\x00\x1b[2J", "x" * 5000, '" onload="x'])
def test_untrusted_texts(text: str) -> None:
    """Texts of the data become no tags and no attributes, and a long one is cut."""
    found = chart(Table(("a", "b"), [(Literal(text), Literal.integer(1))]), text, str)
    root = ElementTree.fromstring(found.write("svg"))
    assert {f"{_SVG}{name}" for name in ("svg", "title", "rect", "text")} == {each.tag for each in root.iter()}
    assert not [name for each in root.iter() for name in each.attrib if name.startswith("on")]
    assert text == json.loads(found.write("vega-lite"))["data"]["values"][0]["a"]


def test_measures_of_quality() -> None:
    """Measures are listed with their rows; one is a table or a chart; another name is refused with those there are."""

    def run(*words: str, status: int = 0) -> str:
        result = CliRunner().invoke(main, ["stats", *words])
        assert status == result.exit_code, result.output
        return result.output

    listed = run("--quality", "--format", "csv")
    assert "completeness,56,How many" in listed
    assert run("completeness", "--format", "csv").startswith("field,kind,kindLabel,interventions,filled,share\n")
    ElementTree.fromstring(share := run("assigned-share", "--format", "svg"))
    assert ("subject" in share, "dcterms" in share) == (True, False)
    assert "vega-lite" in json.loads(run("--format", "vega-lite"))["$schema"]
    assert "There are: assigned-share, completeness" in run("nonsense", status=2)
    assert "Name one measure" in run("completeness", "--graphs", status=2)
