"""The texts of the pages in each language: all translated, with the same places for values, and in step."""

import importlib.util
import re
import sys
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest
from starlette.testclient import TestClient

from tests.conftest import ROOT
from tests.servers import asked
from tests.test_pages import page
from whatworks import KnowledgeGraph
from whatworks.namespaces import SKOS, WW, folded
from whatworks.pages.view import by_letters
from whatworks.pages.wording import LANGUAGES, Wording
from whatworks.results import Table
from whatworks.terms import RDF_TYPE, Iri, Literal, Term


@pytest.fixture(scope="module")
def words() -> Iterator[ModuleType]:
    """The program that renews the texts."""
    spec = importlib.util.spec_from_file_location("words", ROOT / "docs" / "words.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def client(kg: KnowledgeGraph) -> Iterator[TestClient]:
    """A server of the shipped collection."""
    with asked(kg) as client:
        yield client


def test_every_text_is_translated_and_in_step(
    words: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No text lacks a translation, and what programs read is what people edit."""
    monkeypatch.setattr(sys, "argv", ["words.py", "--check"])
    assert (words.main(), capsys.readouterr().err) == (0, "")


def test_translations_keep_the_places_of_values(words: ModuleType) -> None:
    """A translation names the same values in braces as the text; one for a single thing may leave out the number."""
    for language in set(LANGUAGES) - {"en"}:
        for message in words.read(language):
            if not message.id:
                continue
            texts = message.id if isinstance(message.id, tuple) else (message.id,)
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            wanted = set(re.findall(r"{\w+}", texts[-1]))
            assert set(re.findall(r"{\w+}", strings[-1])) == wanted, (language, message.id)
            assert all(set(re.findall(r"{\w+}", string)) <= wanted for string in strings)


def test_a_missing_translation_is_named(words: ModuleType) -> None:
    """A text that is new has no translation, and is found."""
    found = words.read("fr")
    found.add("A text that nobody has translated")
    assert [message.id for message in words.untranslated(found)] == ["A text that nobody has translated"]


@pytest.mark.parametrize(("language", "number"), [("en", "1,234.5"), ("fr", "1\u202f234,5"), ("de", "1.234,5")])
def test_numbers_are_written_as_people_do(language: str, number: str) -> None:
    """Thousands and decimals have the signs of the language."""
    assert Wording(language).number(1234.5) == number


@pytest.mark.parametrize(("language", "word"), [("fr", "Ce qui a aidé"), ("de", "Was geholfen hat")])
def test_pages_speak_the_language_and_say_where_they_do_not(client: TestClient, language: str, word: str) -> None:
    """The page is in the language that is asked for, keeps it in its links, and marks what is only there in another."""
    text = page(client, f"/doc/intervention/expairs-project?lang={language}")
    assert f'<html lang="{language}">' in text
    assert word in text
    assert '<p class="lead" lang="en">' in text
    assert f'href="/interventions?lang={language}"' in text
    assert f'href="/voc/place/BEL?lang={language}"' in text
    place = page(client, f"/voc/place/BEL?lang={language}")
    assert {"fr": "<h1>Belgique</h1>", "de": "<h1>Belgien</h1>"}[language] in place
    listed = page(client, f"/interventions?country=BEL&lang={language}")
    assert f'name="lang" value="{language}"' in listed
    assert f"country=BEL&amp;lang={language}" in listed


def test_an_unknown_language_is_the_usual_one(client: TestClient) -> None:
    """A language that the pages do not speak gives the usual page; the twins do not change with it."""
    assert '<html lang="en">' in page(client, "/interventions?lang=xx")
    one, two = (client.get(f"/doc/intervention/expairs-project.ttl{query}") for query in ("", "?lang=fr"))
    assert (one.content, one.headers["etag"]) == (two.content, two.headers["etag"])


def _rows(kg: KnowledgeGraph, name: str) -> Table:
    answer = kg.query(name)
    assert isinstance(answer, Table)
    return answer


def test_every_field_has_its_name_in_each_language(kg: KnowledgeGraph) -> None:
    """What pages call fields and headings is translated, and the same wherever it stands."""
    named = dict[tuple[Term | None, Term | None], list[str]]()
    headings = set[str]()
    for of_class, path, name, group, *_ in _rows(kg, "system/fields"):
        named.setdefault((of_class, path), []).append(str(getattr(name, "value", "")))
        headings.add(str(getattr(group, "value", "")))
    # Of several names of a field the shortest counts.
    shown = headings | {min(names, key=len) for (of_class, _), names in named.items()}
    for language in set(LANGUAGES) - {"en"}:
        pairs = [
            (getattr(english, "value", ""), getattr(name, "value", ""))
            for english, name in _rows(kg, "system/field-names")
            if getattr(name, "language", "") == language
        ]
        assert len(dict(pairs)) == len(pairs) > 150
        assert sorted(shown - set(dict(pairs))) == []


def test_fields_are_called_as_the_page_speaks(client: TestClient) -> None:
    """Fields and headings have the language of the page; a mark says who chose, so the name does not."""
    text = page(client, "/doc/intervention/expairs-project?lang=de")
    assert "<dt>Anmerkung zur Reichweite</dt>" in text
    assert "<dt>Art der Aktivität" in text
    assert "Activity type" not in text


# ---- concepts of our own lists ----

_LABEL, _DEFINITION = Iri(SKOS + "prefLabel"), Iri(SKOS + "definition")


def _named(kg: KnowledgeGraph) -> set[Iri]:
    """Return the concepts, lists and groups of the model."""
    kinds = [Iri(SKOS + name) for name in ("Concept", "ConceptScheme", "Collection", "OrderedCollection")]
    quads = [quad for kind in kinds for quad in kg.collection.store.match(predicate=RDF_TYPE, value=kind)]
    return {quad.subject for quad in quads if isinstance(quad.subject, Iri) and kg.collection.is_model(quad.graph)}


def _texts(kg: KnowledgeGraph, subject: Iri, predicate: Iri) -> dict[str, str]:
    values = [quad.object for quad in kg.collection.store.match(subject, predicate)]
    return {value.language: value.value for value in values if isinstance(value, Literal)}


def test_every_concept_is_named_and_defined_in_each_language(kg: KnowledgeGraph) -> None:
    """Concepts, lists and groups have a name in each language of the pages, and a definition where they have one."""
    named = _named(kg)
    assert len(named) > 300
    for subject in named:
        assert set(_texts(kg, subject, _LABEL)) == set(LANGUAGES), subject
        assert set(_texts(kg, subject, _DEFINITION)) in (set(LANGUAGES), set()), subject
    assert {row[1] for row in _rows(kg, "untranslated")} <= {Iri(WW + "Intervention")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_is_that_of_one_concept_of_a_list(kg: KnowledgeGraph, language: str) -> None:
    """In each language no two concepts of a list are called alike, so a name leads to one."""
    called = dict[tuple[Term, str], Iri]()
    for quad in kg.collection.store.match(predicate=Iri(SKOS + "inScheme")):
        assert isinstance(quad.subject, Iri)
        name = _texts(kg, quad.subject, _LABEL)[language]
        assert called.setdefault((quad.object, folded(name)), quad.subject) == quad.subject, name


@pytest.mark.parametrize(
    ("scheme", "value", "code"),
    [
        ("approach", "zweite Chance", "second-chance-measures"),
        ("approach", "Développement des compétences d'employabilité", "developing-employability-skills"),
        ("target-group", "Auszubildende", "apprentices"),
        ("stage", "projet pilote", "pilot"),
        ("theme", "praxisbezug", "practical-relevance"),
    ],
)
def test_concepts_are_found_by_their_names_in_each_language(
    kg: KnowledgeGraph, scheme: str, value: str, code: str
) -> None:
    """A person types the name that the page shows; the apostrophe of a keyboard is that of print."""
    assert kg.lookup.concept(scheme, value).code == code


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("décrochage scolaire", "early-leavers"),
        ("Schulabbruch", "early-leavers"),
        ("Frühwarnsystem", "identification-of-learners-at-risk"),
        ("mentorat", "one-to-one-support-coaching-mentoring"),
        ("Lehrlinge", "apprentices"),
    ],
)
def test_a_search_finds_concepts_by_their_names_in_each_language(kg: KnowledgeGraph, words: str, code: str) -> None:
    """Names in French and German lead to the concept and to the interventions that have it."""
    hits = kg.search(words, limit=20).hits
    assert code in [hit.thing.code for hit in hits[:4]]
    assert any(code in [each.code for each in hit.via] for hit in hits)


# ---- stored queries ----


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_every_stored_query_is_told_in_each_language(words: ModuleType, kg: KnowledgeGraph, language: str) -> None:
    """Summary, description, parameters, choices and columns are translated, and keep what stands in backticks."""
    told = Wording(language)
    for query in kg.catalogue.all():
        for text in words.of_query(query):
            found = told.of_query(text)
            assert found, (query.name, text)
            assert sorted(re.findall("`.*?`", found)) == sorted(re.findall("`.*?`", text)), (query.name, found)


def test_a_query_page_speaks_the_language(client: TestClient) -> None:
    """Title, form, columns and drawing are in the language of the page, and nothing there is marked as English."""
    text = page(client, "/queries/success-factor-themes?lang=de").partition("<main")[2]
    assert "<h1>Wie viele Maßnahmen jedes Thema von Erfolgsfaktoren nennen</h1>" in text
    assert "Nur Maßnahmen in diesem Land oder an einem Ort darin." in text
    assert ">Maßnahmen</th>" in text
    assert "Vertrauensvolles und sicheres Umfeld" in text
    assert 'lang="en"' not in text
    assert "Zeile ↓ Spalte →" in page(client, "/queries/gap-map?lang=de")
    listed = page(client, "/queries?lang=fr").partition("<main")[2]
    assert 'lang="en"' not in listed
    assert "Ce qui manque aux descriptions des interventions" in listed


_OWN = """#+ summary: How many there are.
#+ description: |
#+   One row
#+   alone.
#+ returns:
#+   number: How many.
SELECT (COUNT(*) AS ?number) { ?thing a ?class }
"""


def test_a_query_of_a_project_is_as_it_is_written(project: Callable[[dict[str, str]], KnowledgeGraph]) -> None:
    """What nobody translated is shown as it stands, and marked; what has the same words as ours is translated."""
    made = project({"queries/overview/how-many.rq": _OWN})
    with asked(made) as client:
        text = page(client, "/queries/how-many?lang=fr")
    assert '<h1 lang="en">How many there are</h1>' in text
    assert '<p class="lead" lang="en">One row\nalone.</p>' in text
    assert '<th scope="col" lang="en"' in text


def test_a_text_is_told_however_its_lines_break() -> None:
    """A header that is wrapped anew keeps its translation; an empty text has none."""
    told = Wording("fr")
    assert told.of_query("Who takes part in which intervention,\n  and in which role.") == (
        "Qui prend part à quelle intervention, et dans quel rôle."
    )
    assert (told.of_query(""), told.of_query("Nobody wrote this."), Wording("en").of_query("Stage")) == ("", "", "")


# ---- what is ours, and not of a query ----


def test_the_collection_has_its_name_in_the_language(client: TestClient) -> None:
    """The first page, the foot of each page and the page about the data call the collection as the page speaks."""
    name = "Maßnahmen gegen den vorzeitigen Abgang aus Bildung und Ausbildung"
    assert f"<h1>{name}</h1>" in page(client, "/?lang=de")
    assert f"{name}</a></h1>" in page(client, "/catalog?lang=de")
    assert f"{name}. Lizenz:" in page(client, "/gap-map?lang=de")


def test_facets_are_called_as_the_page_speaks(client: TestClient) -> None:
    """A facet that is called as its property has the name of the field."""
    assert "Niveau d’enseignement" in page(client, "/gap-map?lang=fr")
    assert "Education level" not in page(client, "/interventions?lang=fr")


def test_what_two_have_in_common_is_named_in_the_language(client: TestClient) -> None:
    """A link's sentence is English; in another language the page names what both have, and the type of the link."""
    address = "/doc/intervention/expairs-project"
    related = page(client, f"{address}?lang=de").partition('id="related"')[2].partition("</section>")[0]
    assert "Gemeinsam ist beiden: Lernende in schulischer Berufsbildung; " in related
    assert "Ergänzend" in related
    assert "Both " not in related
    assert "Both work with" in page(client, address).partition('id="related"')[2]


def test_lists_are_sorted_as_people_look_for_names() -> None:
    """Accents do not send a name to the end."""
    assert sorted(["Zypern", "Österreich", "Polen", "Ägypten", "écosse"], key=by_letters) == [
        "Ägypten",
        "écosse",
        "Österreich",
        "Polen",
        "Zypern",
    ]
