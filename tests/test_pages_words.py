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
