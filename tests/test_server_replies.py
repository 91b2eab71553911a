"""How the server answers: pages are made in turn, but none waits long for another."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from tests.servers import asked
from whatworks import KnowledgeGraph
from whatworks.pages import Pages, View
from whatworks.server import replies


@pytest.fixture
def client(kg: KnowledgeGraph) -> Iterator[TestClient]:
    """A server of the shipped collection that was not asked before."""
    with asked(kg) as client:
        yield client


def test_pages_are_made_in_turn(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that are asked for pages at the same time make them one after the other."""
    entered, most, lock, made = 0, 0, threading.Lock(), Pages.start

    def start(pages: Pages, view: View) -> bytes:
        nonlocal entered, most
        with lock:
            entered += 1
            most = max(most, entered)
        try:
            return made(pages, view)
        finally:
            with lock:
                entered -= 1

    monkeypatch.setattr(Pages, "start", start)
    monkeypatch.setattr(replies, "_LONGEST_TURN", 60)
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda lang: client.get(f"/?lang={lang}"), ["en", "fr", "de"] * 2))
    assert {each.status_code for each in found} == {200}
    assert most == 1


def test_no_page_waits_long_for_another(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that takes long does not keep the others from being made."""
    waits, goes_on, made = threading.Event(), threading.Event(), Pages.start

    def start(pages: Pages, view: View) -> bytes:
        if view.language == "fr":
            waits.set()
            assert goes_on.wait(30)
        return made(pages, view)

    monkeypatch.setattr(Pages, "start", start)
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(client.get, "/?lang=fr")
        assert waits.wait(30)
        assert client.get("/?lang=de").status_code == 200
        assert not slow.done()
        goes_on.set()
        assert slow.result(30).status_code == 200
