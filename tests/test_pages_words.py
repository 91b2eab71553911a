"""The texts of the pages in each language: all translated, with the same places for values, and in step."""

import importlib.util
import re
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
from starlette.testclient import TestClient

from tests.conftest import ROOT
from tests.servers import asked
from tests.test_pages import page
from whatworks import KnowledgeGraph
from whatworks.pages.wording import LANGUAGES, Wording
from whatworks.results import Table
from whatworks.terms import Term


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
    assert "<span><bdi>Anmerkung zur Reichweite</bdi></span>" in text
    assert "<bdi>Art der Aktivität</bdi>" in text
    assert "Activity type" not in text
