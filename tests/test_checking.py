"""How findings are told to people: in three languages, as a page, and against the release in use."""

import ast
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

import pytest
from click.testing import CliRunner
from rdflib import RDF, RDFS, SH, Graph, Literal

from tests.conftest import ROOT
from whatworks import KnowledgeGraph
from whatworks.checks import Earlier, Report
from whatworks.checks.findings import Finding, Rule
from whatworks.checks.phrases import LANGUAGES, TEXTS, Phrases
from whatworks.cli import main
from whatworks.errors import Error

_CHECKS = ROOT / "src/whatworks/checks"
_RECORD = "data/interventions/expairs-project.trig"
_SLIPS = (
    ("ww:stage stage:mainstreamed", "ww:stage stage:mainstreamd"),
    ("ww:startYear 2012 ;", 'ww:startYear "twelve" ;'),
    ('dcterms:title "EXPAIRS project"@en', 'dcterms:tilte "<b>EXPAIRS</b> project"@en'),
)


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory, kg: KnowledgeGraph) -> Report:
    """The report on a record with a few slips."""
    text = (ROOT / _RECORD).read_text(encoding="utf-8")
    for right, slip in _SLIPS:
        assert right in text
        text = text.replace(right, slip, 1)
    file = tmp_path_factory.mktemp("wrong") / "expairs-project.trig"
    file.write_text(text, encoding="utf-8")
    return kg.check([file])


def test_every_message_of_the_shapes_is_in_three_languages() -> None:
    """Each shape that says what to do says it once in English, in French and in German, and ends its sentence."""
    shapes = Graph()
    for path in sorted((ROOT / "ontology/shapes").glob("*.ttl")):
        shapes.parse(path)
    subjects = set(shapes.subjects(SH.message))
    assert len(subjects) > 390
    for shape in subjects:
        texts = list(shapes.objects(shape, SH.message))
        assert (shape, sorted(LANGUAGES)) == (shape, sorted(str(getattr(text, "language", "")) for text in texts))
        assert all(text.endswith(".") for text in texts if isinstance(text, Literal)), shape
        names = {frozenset(re.findall(r"\b(?:ww|cv|eli|foaf|skos|dcterms):\w+", str(text))) for text in texts}
        assert len(names) == 1, shape


def test_every_shape_has_a_name_in_three_languages() -> None:
    """A finding that names what a value must be like names it in its own language."""
    shapes = Graph()
    for path in sorted((ROOT / "ontology/shapes").glob("*.ttl")):
        shapes.parse(path)
    named = set(shapes.subjects(RDF.type, SH.NodeShape))
    assert len(named) >= 70
    for shape in named:
        names = [str(getattr(name, "language", "")) for name in shapes.objects(shape, RDFS.label)]
        assert (shape, sorted(LANGUAGES)) == (shape, sorted(names))


def _texts_of(path: Path) -> list[str]:
    """Return the texts that a module has translated: those given to `say`, under whatever name it is known there."""
    calls = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    said = [
        call.args[0]
        for call in calls
        if call.args
        and (call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")) == "say"
    ]
    texts = [part for each in said for part in ([each.body, each.orelse] if isinstance(each, ast.IfExp) else [each])]
    return [each.value for each in texts if isinstance(each, ast.Constant) and isinstance(each.value, str)]


def test_every_text_of_the_checks_is_translated() -> None:
    """What the code says has a French and a German text with the same values in it."""
    said = {text for path in _CHECKS.glob("*.py") for text in _texts_of(path)}
    assert len(said) > 50
    assert said - set(TEXTS) == set()
    for text, translations in TEXTS.items():
        for translated in translations:
            assert _values(text) == _values(translated), text
            assert translated


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_findings_are_told_in_a_language(wrong: Report) -> None:
    """The same findings come in French and in German; what stands in the data stays as it is."""
    english = {(each.rule, each.found) for each in wrong.findings}
    for language, start, sort, advice in (
        (
            "fr",
            "'twelve', un texte",
            "un nombre entier",
            "Donnez l’année de début une seule fois, sous forme de nombre",
        ),
        ("de", "'twelve', ein Text", "eine ganze Zahl", "Geben Sie das Anfangsjahr einmal an, als ganze Zahl"),
    ):
        report = wrong.in_language(language)
        assert sorted(rule for rule, _ in english) == sorted(each.rule for each in report.findings)
        one = next(each for each in report.findings if each.rule == "shape:Intervention-start-year Datatype")
        assert (one.found, one.expected) == (start, sort)
        assert one.advice.startswith(advice)
    told = {each.rule: each for each in wrong.in_language("de").findings}
    assert "am nächsten liegt Regelangebot (stage:mainstreamed)" in told["shape:Intervention-stage Node"].expected
    assert told["model unknown-property"].advice.startswith("Berichtigen Sie die Schreibung")
    assert told["model unknown-property"].found == "dcterms:tilte, keine Eigenschaft seines Vokabulars"


def test_the_text_is_whole_in_each_language(wrong: Report) -> None:
    """No English words of the report are left in the other languages."""
    for language, last in (("fr", "Profil curation : "), ("de", "Profil curation: ")):
        text = wrong.in_language(language).write("text").decode()
        assert text.splitlines()[-1].startswith(last)
        assert not re.search(r"\b(found|expected|line|violation|warning)\b", text), text


def test_another_language_stays_what_it_was(wrong: Report) -> None:
    """A report in its own language is itself; notes and comparison go along into another."""
    assert wrong.in_language("en") is wrong
    earlier = Earlier("0123456789abcdef", {}, {})
    other = replace(wrong, notes=["All was read."], earlier=earlier).in_language("fr")
    assert (["All was read."], earlier, "fr") == (other.notes, other.earlier, other.say.language)


def test_picking_a_text() -> None:
    """The language that was asked for comes first, then English, then any; no text is empty."""
    say, texts = Phrases("de"), [Literal("a", lang="en"), Literal("b", lang="pl"), Literal("c", lang="de")]
    assert ["c", "a", "b", ""] == [say.pick(texts), say.pick(texts[:2]), say.pick(texts[1:2]), say.pick([])]


# ---- the page ----


class _Page(HTMLParser):
    """Reads a page: tags that are open, what it names by `href` and `src`, its ids, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.assets: list[str] = []
        self.ids: list[str] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in a tag."""
        if tag not in ("meta", "br"):
            self.open.append(tag)
        for name, value in attrs:
            {"href": self.links, "src": self.assets, "id": self.ids}.get(name, []).append(value or "")

    def handle_endtag(self, tag: str) -> None:
        """Take in the end of one."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Take in a text."""
        self.words += data


def test_page(wrong: Report) -> None:
    """The page is whole, needs nothing else, and has every finding with its rule, by rule and by record."""
    html = wrong.write("html").decode()
    page = _Page(html)
    assert page.open == []
    assert (page.assets, "<script" in html, "@import" in html, "url(" in html) == ([], False, False, False)
    assert html.startswith('<!doctype html>\n<html lang="en">')
    for finding in wrong.findings:
        assert finding.rule in page.words
        assert finding.advice in page.words
    assert page.ids == [f"f{number}" for number in range(1, len(wrong.findings) + 1)]
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert "https://w3id.org/whatworks/shapes#Intervention-start-year" in page.links
    assert "<b>EXPAIRS" not in html


def test_page_of_untrusted_texts() -> None:
    """Nothing of the data becomes a tag, an attribute or a link that does something."""
    evil = '"><script>alert(1)</script>'
    finding = Finding("info", f"javascript:{evil}", evil, evil, evil, evil, evil, evil, evil, evil, 1)
    report = Report("core", [finding], 1, rules={evil: Rule("", evil)}, notes=[evil])
    html = report.write("html").decode()
    assert "<script" not in html
    turned = Finding("info", "x", "a\u202eb", "", "f", "\u202ec", "", "", "r", "", 1)
    assert "\u202e" not in Report("core", [turned], 1).write("html").decode()
    assert _Page(html).links == ["#f1"]


def test_page_without_findings() -> None:
    """A page of nothing says so, in the language of the report."""
    assert "Nothing was found." in Report("core", [], 7).write("html").decode()
    assert "Es wurde nichts gefunden." in Report("core", [], 7, say=Phrases("de")).write("html").decode()


# ---- against a release ----


def test_trend() -> None:
    """Findings are compared with those of a release, by severity and by rule, in every report for people."""
    finding = Finding("warning", "https://e.org/id/x", "X", "", "F", "a", "b", "Do c.", "shape:S MinCount", "x", 1)
    earlier = Earlier("0123456789abcdef", {"violation": 2, "warning": 1}, {"shape:S MinCount": 3})
    report = Report("core", [finding, finding], 9, earlier=earlier)
    assert {"violation": -2, "warning": 1, "info": 0} == report.trend()
    last = "Since release 0123456789abcdef: -2 violations, +1 warning, +0 notes.\n"
    assert report.write("text").decode().endswith(last)
    assert b'"change": {\n      "violation": -2' in report.write("json")
    html = report.write("html").decode()
    assert '<td class="n">-2</td>' in html
    assert '<td class="n">-1</td>' in html  # the rule has one finding less than before
    assert {} == Report("core", [], 1).trend()


@pytest.mark.slow  # builds a release and checks it and the files
def test_since_release(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """What is new since the release in use is counted; without one there is nothing to compare with."""
    name = "data/interventions/expairs-project.trig"
    text = (ROOT / name).read_text(encoding="utf-8")
    kg = project({name: text})
    with pytest.raises(Error, match="no release to compare with"):
        kg.since_release(kg.check())
    before = kg.check()
    release = kg.build(checked=False)
    (kg.assets.data_folder() or Path()).joinpath("interventions/expairs-project.trig").write_text(
        text.replace("language:FRA", "language:FRAA", 1), encoding="utf-8"
    )
    report = kg.since_release(kg.check())
    assert report.earlier is not None
    assert (release.name, before.count("warning")) == (report.earlier.name, report.earlier.severities["warning"])
    assert 1 == report.trend()["violation"]


@pytest.mark.parametrize("words", [["data/interventions/youthreach.trig"], ["--changed"]])
def test_only_everything_has_a_trend(words: list[str]) -> None:
    """A part of the collection cannot be compared with a release."""
    result = CliRunner().invoke(main, ["check", "--trend", *words])
    assert (2, True) == (result.exit_code, "--trend compares everything" in result.output)


def test_check_in_a_language() -> None:
    """The command tells findings in the language that was asked for."""
    result = CliRunner().invoke(main, ["check", _RECORD, "--language", "fr"])
    assert result.stdout.splitlines()[-1].startswith("Profil curation : 0 infractions")


def test_shapes_say_which_rule_it_is(wrong: Report) -> None:
    """The report knows of each rule where it is documented and what it is about."""
    rule = wrong.rules["shape:Intervention-start-year Datatype"]
    assert rule.iri.endswith("shapes#Intervention-start-year")
    assert rule.description.endswith(".")
