"""Reconciliation: names of a spreadsheet are matched against the collection, in both versions of the protocol."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.conftest import BASE
from tests.servers import asked
from whatworks import KnowledgeGraph
from whatworks.server.matching import Condition, Matcher
from whatworks.terms import Iri

BELGIUM = "http://publications.europa.eu/resource/authority/country/BEL"
EXPAIRS = BASE + "id/intervention/expairs-project"
PLACE = BASE + "voc/place"


@pytest.fixture(scope="module")
def client(kg: KnowledgeGraph) -> Iterator[TestClient]:
    """A server of the shipped collection."""
    with asked(kg) as client:
        yield client


@pytest.fixture(scope="module")
def matcher(kg: KnowledgeGraph) -> Matcher:
    """Finds what names mean in the shipped collection."""
    return Matcher(kg)


def _match(client: TestClient, *queries: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """Ask as version 1.0 does."""
    found = client.post("/reconcile/1.0/match", json={"queries": queries})
    assert found.status_code == 200, found.text
    return [each["candidates"] for each in found.json()["results"]]


def _name(value: str, **more: Any) -> dict[str, Any]:
    return {"conditions": [{"matchType": "name", "v": value}], **more}


# ---- what a name means ----


@pytest.mark.parametrize(
    ("name", "kind", "meant"),
    [
        ("Belgium", "place", BELGIUM),
        ("BE", "place", BELGIUM),
        ("belgique", None, BELGIUM),
        ("EXPAIRS project", "Intervention", EXPAIRS),
        ("expairs-project", None, EXPAIRS),
        (EXPAIRS, None, EXPAIRS),
        ("second chance measures", "approach", BASE + "voc/approach/second-chance-measures"),
    ],
)
def test_a_name_that_is_the_same_matches(matcher: Matcher, name: str, kind: str | None, meant: str) -> None:
    """A label in any language, an alternative label, a code, a key or the IRI itself is beyond doubt."""
    found = matcher.candidates(name, matcher.kind(kind) if kind else None)
    assert (found[0].iri, found[0].score, found[0].match) == (meant, 100, True)
    assert "has this name" in found[0].reason
    assert [each.match for each in found[1:]] == [False] * (len(found) - 1)


def test_a_slip_is_found_and_said(matcher: Matcher) -> None:
    """A name with a slip has its candidate first, with what it is called, and is no match where it is short."""
    found = matcher.candidates("Belgum", matcher.kind("place"))
    assert (found[0].iri, found[0].match) == (BELGIUM, False)
    assert 90 < found[0].score < 95
    assert "is called 'Belgium', which is 92 % alike" in found[0].reason
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)


def test_properties_count(matcher: Matcher) -> None:
    """What else is known of a thing lifts or lowers it; what must be so and is not leaves it out."""
    prop = Iri("http://www.w3.org/2004/02/skos/core#notation")
    kind = matcher.kind("place")
    fits = matcher.candidates("Belgium", kind, [Condition(prop, ("BEL",))])[0]
    fails = matcher.candidates("Belgium", kind, [Condition(prop, ("FRA",))])[0]
    assert (fits.score, fits.match) == (100, True)
    assert (fails.iri, fails.match) == (BELGIUM, False)
    assert fails.score < 70
    assert "0 of 1 properties fit" in fails.reason
    required = [Condition(prop, ("FRA",), required=True)]
    assert BELGIUM not in [each.iri for each in matcher.candidates("Belgium", kind, required)]


def test_every_intervention_and_place_finds_itself(matcher: Matcher, kg: KnowledgeGraph) -> None:
    """Each title leads to its own thing, unless several share it."""
    for kind, things in (
        ("Intervention", kg.things(of_class="Intervention")[::10]),
        ("place", sorted(kg.lookup.concepts("place").known)[::10]),
    ):
        for thing in things:
            found = matcher.candidates(matcher.label(thing), matcher.kind(kind))
            same = [each.iri for each in found if each.score == 100]
            assert thing in same
            assert found[0].match == (len(same) == 1)


def test_nothing_is_made_up(matcher: Matcher) -> None:
    """What is nowhere has no candidate, or none that is alike."""
    assert all(each.score < 60 and not each.match for each in matcher.candidates("xyzzy qwertz", None))


# ---- version 0.2 ----


def test_manifest(client: TestClient) -> None:
    """What the service is, with addresses that answer."""
    found = client.get("/reconcile", headers={"Host": "data.example.org"}).json()
    assert found["versions"] == ["0.1", "0.2"]
    assert {"name", "identifierSpace", "schemaSpace", "view", "defaultTypes"} <= set(found)
    assert "{{id}}" in found["view"]["url"]
    assert "{{id}}" in found["preview"]["url"]
    assert {"Intervention", "Agent", "Concept"} <= {each["name"] for each in found["defaultTypes"]}
    for each in (*found["suggest"].values(), found["extend"]["propose_properties"]):
        address = each["service_url"] + each["service_path"]
        assert client.get(address.removeprefix("http://data.example.org")).status_code == 200
    assert client.get(found["view"]["url"].replace("{{id}}", BELGIUM).partition("example.org")[2]).status_code == 303


def test_a_batch_in_one_field(client: TestClient) -> None:
    """OpenRefine sends queries as a field of a form, or of the address; each gets its result under its name."""
    queries = {
        "q0": {"query": "Belgium", "type": PLACE, "limit": 3},
        "q1": {"query": "nothing is called so at all"},
        "q2": {"query": "Belgium", "properties": [{"pid": "notation", "v": "BEL"}]},
    }
    by_form = client.post("/reconcile", data={"queries": json.dumps(queries)})
    by_address = client.get("/reconcile", params={"queries": json.dumps(queries)})
    assert by_form.json() == by_address.json()
    found = by_form.json()
    assert set(found) == set(queries)
    first = found["q0"]["result"][0]
    assert (first["id"], first["match"], first["score"]) == (BELGIUM, True, 100)
    assert first["type"][0] == {"id": PLACE, "name": "Place"}
    assert {each["id"] for each in found["q2"]["result"][0]["features"]} >= {"name"}
    assert len(found["q0"]["result"]) <= 3
    for result in found.values():
        for candidate in result["result"]:
            assert {"id", "name", "score", "match", "type", "description"} <= set(candidate)


def test_one_query_as_version_0_1_asks(client: TestClient) -> None:
    """As a name, and as JSON."""
    for query in ("Belgium", json.dumps({"query": "Belgium", "limit": 1})):
        found = client.get("/reconcile", params={"query": query}).json()["result"]
        assert found[0]["id"] == BELGIUM


def test_values_are_fetched(client: TestClient) -> None:
    """Columns are added to a spreadsheet: texts, numbers and things."""
    properties = ["http://purl.org/dc/terms/title", "https://w3id.org/whatworks/ont#stage", "startYear"]
    asked = {"ids": [EXPAIRS, BASE + "id/intervention/none"], "properties": [{"id": each} for each in properties]}
    found = client.post("/reconcile", data={"extend": json.dumps(asked)}).json()
    assert [each["id"] for each in found["meta"]][:2] == properties[:2]
    assert all(each["name"] for each in found["meta"])
    row = found["rows"][EXPAIRS]
    assert {"str": "EXPAIRS project"} in row[properties[0]]
    assert set(row[properties[1]][0]) == {"id", "name"}
    assert all(set(each) == {"int"} for each in row[found["meta"][2]["id"]])
    assert all(not each for each in found["rows"][BASE + "id/intervention/none"].values())
    by_rows = client.post("/reconcile/1.0/extend", json=asked).json()
    assert by_rows["meta"] == found["meta"]
    assert {each["id"]: each["values"] for each in by_rows["rows"][0]["properties"]} == row


@pytest.mark.parametrize("root", ["/reconcile", "/reconcile/1.0"])
def test_suggestions(client: TestClient, root: str) -> None:
    """While one types: things, types and properties."""
    things = client.get(f"{root}/suggest/entity", params={"prefix": "belg"}).json()["result"]
    assert BELGIUM in [each["id"] for each in things]
    types = client.get(f"{root}/suggest/type", params={"prefix": "interv"}).json()["result"]
    assert "Intervention" in [each["name"] for each in types]
    properties = client.get(f"{root}/suggest/property", params={"prefix": "sta"}).json()["result"]
    assert "https://w3id.org/whatworks/ont#stage" in [each["id"] for each in properties]
    assert client.get(f"{root}/suggest/else", params={"prefix": "x"}).status_code == 404
    assert client.get(f"{root}/suggest/entity").json() == {"result": []}
    assert client.get(f"{root}/extend/propose", params={"type": PLACE}).json()["properties"]


def test_a_preview_may_stand_in_a_frame(client: TestClient) -> None:
    """It is a page without script, about one thing; every other page may stand in none."""
    found = client.get("/reconcile/preview", params={"id": EXPAIRS})
    assert found.status_code == 200
    assert "EXPAIRS project" in found.text
    assert "frame-ancestors *" in found.headers["content-security-policy"]
    assert "<script" not in found.text
    assert "frame-ancestors 'none'" in client.get("/").headers["content-security-policy"]
    assert client.get("/reconcile/preview", params={"id": "https://example.org/x"}).status_code == 404


# ---- version 1.0 ----


def test_draft(client: TestClient) -> None:
    """The manifest and the queries of the draft."""
    found = client.get("/reconcile/1.0").json()
    assert "1.0-draft" in found["versions"]
    assert found["suggest"] == {"entity": True, "property": True, "type": True}
    assert found["standardizedScore"] is True
    notation = "http://www.w3.org/2004/02/skos/core#notation"
    with_property = _name("Belgium", type=PLACE, limit=2)
    with_property["conditions"].append({"matchType": "property", "pid": notation, "v": ["FRA"], "required": True})
    plain, excluded = _match(client, _name("Belgium", type=PLACE, limit=2), with_property)
    assert (plain[0]["id"], plain[0]["match"]) == (BELGIUM, True)
    assert all({"id", "name", "value"} == set(each) for each in plain[0]["features"])
    assert BELGIUM not in [each["id"] for each in excluded]


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [
        ("POST", "/reconcile/1.0/match", b"[" * 100_000),
        ("POST", "/reconcile/1.0/match", b"{}"),
        ("POST", "/reconcile/1.0/match", b'{"queries": [{"conditions": [{"matchType": "else", "v": "x"}]}]}'),
        ("POST", "/reconcile/1.0/match", json.dumps({"queries": [{}] * 101}).encode()),
        ("POST", "/reconcile/1.0/extend", b'{"ids": ["x"], "properties": [{"id": "none"}]}'),
        ("GET", "/reconcile?queries=[1]", b""),
        ("GET", "/reconcile?queries={", b""),
        ("GET", "/reconcile?queries=%7B%22q%22:%7B%22query%22:%22x%22,%22type%22:%22none%22%7D%7D", b""),
        ("GET", "/reconcile?extend=[]", b""),
    ],
)
def test_what_is_no_query_is_refused(client: TestClient, method: str, path: str, sent: bytes) -> None:
    """With 400 and one sentence, however deep it is."""
    found = client.request(method, path, content=sent)
    assert found.status_code == 400, found.text
    assert found.headers["content-type"] == "application/problem+json"


def test_a_name_that_is_missing_is_no_name(client: TestClient) -> None:
    """What is null is nothing, and not a word that is written so."""
    found = client.post("/reconcile", data={"queries": json.dumps({"q": {"query": None}})})
    assert found.json() == {"q": {"result": []}}


@pytest.mark.parametrize(
    ("path", "kind", "takes"),
    [
        ("/reconcile", "application/json", "application/x-www-form-urlencoded"),
        ("/reconcile", "application/xml", "application/x-www-form-urlencoded"),
        ("/reconcile/1.0/match", "application/x-www-form-urlencoded", "application/json"),
        ("/reconcile/1.0/extend", "text/plain", "application/json"),
    ],
)
def test_what_is_of_another_type_is_refused(client: TestClient, path: str, kind: str, takes: str) -> None:
    """With 415, which says what is taken."""
    found = client.post(path, content=b"{}", headers={"Content-Type": kind})
    assert (found.status_code, found.headers["accept-post"]) == (415, takes)
    assert (found.headers["content-type"], takes in found.json()["detail"]) == ("application/problem+json", True)
