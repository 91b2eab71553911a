"""The shipped data, tested like code: it is what its sources say, and what the stored queries count."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from whatworks import KnowledgeGraph
from whatworks.collection import Collection, owner_of
from whatworks.ingest import Batch
from whatworks.linking.quiet import QUIET
from whatworks.namespaces import SKOS, key_of
from whatworks.results import Table
from whatworks.store import parse
from whatworks.terms import RDF_TYPE, BlankNode, Iri, Literal, Quad, Term
from whatworks.trig import Order, write_trig

from .conftest import BASE, ROOT

DATA = ROOT / "data"
SOURCES = ["interventions.jsonl", "phases.jsonl", "resources.jsonl", "wwc_dropout_prevention.jsonl"]
NO_INTERVENTION = (395, 1006)  # rows that only hold findings of practice guide reviews
GUIDE = "wwc-practice-guide-reviews-dropout-prevention"
WW = BASE + "ont#"
DCTERMS = "http://purl.org/dc/terms/"
PROV = "http://www.w3.org/ns/prov#"
FOAF = "http://xmlns.com/foaf/0.1/"


# ---- the sources, read with nothing of the project's own code ----


def lines(name: str) -> list[dict[str, Any]]:
    """Return the records of a source file."""
    text = (DATA / "sources" / name).read_text(encoding="utf-8")
    return [json.loads(line, parse_float=Decimal) for line in text.splitlines() if line.strip()]


TOOLKIT = lines(SOURCES[0])
RESOURCES = lines(SOURCES[2])
CLEARINGHOUSE = lines(SOURCES[3])
CLEARINGHOUSE_INTERVENTIONS = [row for row in CLEARINGHOUSE if row["wwc_intervention_id"] not in NO_INTERVENTION]
US_KEYS = {key_of(row["title"]) for row in CLEARINGHOUSE_INTERVENTIONS}


def vocabulary(scheme: str) -> tuple[dict[str, str], dict[str, set[str]]]:
    """Return what a scheme's file says, read as plain text: IRIs by notation, and what is directly broader."""
    text = (ROOT / "ontology" / "vocabularies" / f"{scheme}.ttl").read_text(encoding="utf-8")
    table: dict[str, str] = dict(re.findall(r"^@prefix ([\w-]+): <([^>]*)>", text, re.MULTILINE))
    by_notation: dict[str, str] = {}
    broader: dict[str, set[str]] = {}

    def iri(curie: str) -> str:
        prefix, _, local = curie.partition(":")
        return table[prefix] + local

    for block in re.split(r"\n\s*\n", text):
        subject = re.match(r"([\w-]+:\S+) a (?:ww:Approach , )?skos:Concept ;", block.strip())
        if subject is not None:
            notations = re.search(r"skos:notation ([^;]*?) [;.]", block)
            above = re.search(r"skos:broader ([^;]*?) [;.]", block)
            for notation in re.findall(r'"([^"]*)"', notations[1] if notations else ""):
                by_notation[notation] = iri(subject[1])
            broader[iri(subject[1])] = {iri(each) for each in re.findall(r"[\w-]+:[^\s,]+", above[1] if above else "")}
    return by_notation, broader


def above(iri: str, broader: dict[str, set[str]]) -> set[str]:
    """Return a concept and everything above it."""
    found = {iri}
    while more := {upper for each in found for upper in broader[each]} - found:
        found |= more
    return found


def values(record: dict[str, Any], name: str) -> list[Any]:
    """Return the values of a field, of which one may stand without a list."""
    value = record.get(name, [])
    return value if isinstance(value, list) else [value]


def leaves(value: Any) -> Iterator[Any]:
    """Yield the plain values in a value."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        yield value
    else:
        for item in inner:
            yield from leaves(item)


def ask(kg: KnowledgeGraph, name: str, **given: Any) -> list[dict[str, str]]:
    """Return the rows of a stored query as texts by column."""
    answer = kg.query(name, **given)
    assert isinstance(answer, Table)
    return [
        {
            column: term.value if isinstance(term, Literal) else str(term)
            for column, term in zip(answer.columns, row, strict=True)
            if term is not None
        }
        for row in answer
    ]


def counted(rows: Iterable[dict[str, str]], column: str) -> dict[str, int]:
    """Return the counts of an overview, without those of nothing."""
    return {row[column]: int(row["interventions"]) for row in rows if row["interventions"] != "0"}


@pytest.fixture(scope="module")
def batch(kg: KnowledgeGraph) -> Batch:
    """The sources, read for an import into the shipped collection."""
    return kg.read([DATA / "sources" / name for name in SOURCES])


@pytest.fixture(scope="module")
def asserted(collection: Collection) -> list[Quad]:
    """What the data files say."""
    return list(collection.asserted())


@pytest.fixture(scope="module")
def files(collection: Collection) -> dict[str, list[Quad]]:
    """The statements of each data file."""
    return {
        path.relative_to(DATA).as_posix(): parse(
            path.read_bytes(), "trig" if path.suffix == ".trig" else "turtle", name=path.name, base=BASE
        )
        for path in sorted(DATA.rglob("*.t*"))
    }


# ---- the files ----


def test_importing_again_changes_nothing(batch: Batch) -> None:
    """The sources can be taken over without a problem, and every file is what the import writes."""
    batch.check()
    changes = batch.changes(DATA)
    assert [change for change in changes if change.kind != "unchanged"] == []
    made_by_hand, computed = {"catalog.ttl", "provenance.ttl"}, {"links/computed.ttl", "links/outside-proposed.ttl"}
    shipped = {path.relative_to(DATA).as_posix() for path in DATA.rglob("*.t*")}
    assert {change.name for change in changes} == shipped - made_by_hand - computed


@pytest.mark.parametrize("order", [SOURCES, SOURCES[::-1]], ids=["in order", "reversed"])
def test_importing_into_an_empty_project_gives_the_shipped_files(
    order: list[str], project: Callable[[dict[str, str]], KnowledgeGraph], batch: Batch
) -> None:
    """An empty project becomes the shipped collection, byte by byte, in whatever order the sources are given."""
    made = project({}).read([DATA / "sources" / name for name in order])
    assert made.contents == batch.contents


def test_every_file_is_canonical(collection: Collection, kg: KnowledgeGraph, files: dict[str, list[Quad]]) -> None:
    """Each file that the import writes is exactly what the writer makes of its statements."""
    order = Order([FOAF + "name", *kg.lookup.field_order()])
    wrong = []
    for name, quads in files.items():
        if name not in ("catalog.ttl", "provenance.ttl", "links/computed.ttl", "links/outside-proposed.ttl"):
            prefixes = collection.prefixes
            if name.endswith(".trig"):
                folder, _, key = name.removesuffix(".trig").partition("/")
                prefixes = prefixes.with_prefixes({"": f"{BASE}id/{folder.removesuffix('s')}/{key}#"})
            if write_trig(quads, prefixes, order=order).encode() != (DATA / name).read_bytes():
                wrong.append(name)
    assert wrong == []


def test_each_record_has_a_file_of_its_name(files: dict[str, list[Quad]]) -> None:
    """The files of records are named by the keys, and hold nothing but the thing, its parts and its record."""
    wrong = []
    for name, quads in files.items():
        if name.endswith(".trig"):
            folder, _, key = name.removesuffix(".trig").partition("/")
            own = {f"{BASE}id/{folder.removesuffix('s')}/{key}", f"{BASE}id/record/{key}"}
            wrong += [f"{name}: {quad.subject}" for quad in quads if owner_of(quad.subject) not in own]
    assert wrong == []


def test_nothing_is_blank(collection: Collection) -> None:
    """No statement of the data has a blank node."""
    nodes: list[Term] = [node for quad in collection.asserted() for node in (quad.subject, quad.object)]
    assert [node for node in nodes if isinstance(node, BlankNode)] == []


def test_every_reference_leads_somewhere(collection: Collection, asserted: list[Quad]) -> None:
    """What a statement names below the base has statements of its own, or is a graph that holds some."""
    known: set[Term] = {quad.subject for quad in collection.store.match()}
    known.update(collection.store.graphs())
    named = {term for quad in asserted for term in (quad.predicate, quad.object) if isinstance(term, Iri)}
    assert sorted(term for term in named if term.startswith(BASE) and term not in known) == []


def test_every_concept_is_one(collection: Collection, asserted: list[Quad]) -> None:
    """What a statement names below a scheme or an authority list is a concept of a scheme."""
    authorities = ("http://publications.europa.eu/resource/authority/", "http://data.europa.eu/nuts/")
    in_scheme = Iri("http://www.w3.org/2004/02/skos/core#inScheme")
    concepts = {quad.subject for quad in collection.store.match(predicate=in_scheme)}
    named = {quad.object for quad in asserted if isinstance(quad.object, Iri)}
    assert sorted(iri for iri in named if iri.startswith((BASE + "voc/", *authorities)) and iri not in concepts) == []


def test_every_intervention_and_resource_has_a_record_and_a_source(asserted: list[Quad]) -> None:
    """Each thing has one record, which names its sources, who compiled it, and the graph of what they state."""
    said: dict[Term, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for quad in asserted:
        said[quad.subject][quad.predicate].append(quad.object)
    things = {
        subject for subject in said if str(subject).startswith((f"{BASE}id/intervention/", f"{BASE}id/resource/"))
    }
    things = {thing for thing in things if "#" not in str(thing)}
    records = {about[FOAF + "primaryTopic"][0]: about for about in said.values() if FOAF + "primaryTopic" in about}
    assert set(records) == things
    needed = (PROV + "wasDerivedFrom", PROV + "wasAttributedTo", PROV + "generatedAtTime", WW + "inGraph")
    assert [thing for thing, about in records.items() if not all(about[predicate] for predicate in needed)] == []
    assert [
        thing for thing, about in records.items() if not set(about[DCTERMS + "source"]) <= set(about[needed[0]])
    ] == []
    graphs = {quad.graph for quad in asserted}
    assert [thing for thing, about in records.items() if about[WW + "inGraph"][0] not in graphs] == []


def test_keys_are_unique_and_end_the_iri(asserted: list[Quad]) -> None:
    """Each intervention and resource has one key; it is the last part of the IRI and no other thing has it."""
    keys = Counter[str]()
    wrong = []
    for quad in asserted:
        subject = str(quad.subject)
        if quad.predicate == DCTERMS + "identifier" and subject.startswith(BASE + "id/") and "#" not in subject:
            key = quad.object.value if isinstance(quad.object, Literal) else ""
            keys[key] += 1
            wrong += [] if subject.rpartition("/")[2] == key else [subject]
    assert wrong == []
    assert [key for key, count in keys.items() if count > 1] == []
    assert len(keys) == 132 + 23


def test_stated_and_assigned_are_never_in_one_graph(asserted: list[Quad]) -> None:
    """Assigned statements stand in the graphs of assigned statements, and nothing else does."""
    assigned = {quad for quad in asserted if quad.predicate.startswith(WW + "assigned")}
    there = {quad for quad in asserted if str(quad.graph).startswith(BASE + "graph/assigned/")}
    assert assigned == there
    assert {quad.graph for quad in assigned} == {
        f"{BASE}graph/assigned/{name}" for name in ("approach", "activity-type", "subject")
    }


def test_record_graphs_say_what_one_source_says_of_one_thing(asserted: list[Quad]) -> None:
    """A graph of a record holds only statements about the thing that it is named after."""
    start = BASE + "graph/record/"
    wrong = []
    for quad in asserted:
        if quad.graph is not None and quad.graph.startswith(start):
            source, _, key = quad.graph.removeprefix(start).partition("/")
            if source not in ("vet-toolkit", "wwc") or (owner_of(quad.subject) or "").rpartition("/")[2] != key:
                wrong.append(quad)
    assert wrong == []


# One pattern for addresses of mail, as broad as possible, and one for runs of digits that look like a telephone number.
MAIL = re.compile(r"[\w.+-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)+|mailto:", re.IGNORECASE)
PHONE = re.compile(r"(?:tel(?:ephone)?\.?:?\s*|\+)\(?\d[\d\s()/-]{6,}\d", re.IGNORECASE)


def test_the_scan_finds_personal_addresses() -> None:
    """The patterns of the next test recognise what they are for, and leave language tags alone."""
    assert [bool(MAIL.search(text)) for text in ("jane.doe@example.org", "jane (at) example.org", '"x"@en .')] == [
        True,
        True,
        False,
    ]
    assert [
        bool(PHONE.search(text)) for text in ("+49 (0)30 123 456", "tel. 030 1234567", "2012-2014", "+5 points")
    ] == [
        True,
        True,
        False,
        False,
    ]


def test_no_mail_address_and_no_telephone_number() -> None:
    """No file of the data, the sources included, holds an address of mail or a telephone number."""
    found = []
    for path in sorted(DATA.rglob("*")):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            found += [(path.name, match.group()) for each in (MAIL, PHONE) for match in each.finditer(text)]
    assert found == []


# ---- the account of the import ----


def test_the_account_adds_up(batch: Batch) -> None:
    """Of every field, each value that was read was mapped, left out with a reason, or is a problem; none is lost."""
    problems = Counter((problem.where.file, problem.field) for problem in batch.tally.problems)
    wrong = [
        (file, name)
        for file, name, read, mapped, left_out, why in batch.tally.rows()
        if read != mapped + left_out + problems[file, name] or bool(left_out) != bool(why)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", SOURCES)
def test_as_many_values_are_read_as_there_are(name: str, batch: Batch) -> None:
    """The number of values read, field by field, is a plain count of what stands in the file."""
    expected = Counter[str]()
    for record in lines(name):
        for field, value in record.items():
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict):
                    expected.update({f"{field}.{inner}": sum(1 for _ in leaves(each)) for inner, each in item.items()})
                else:
                    expected[field] += 1
    actual = {field: read for file, field, read, *_ in batch.tally.rows() if file == name and read}
    assert actual == dict(expected)


def test_what_is_left_out(batch: Batch) -> None:
    """Three kinds of values are left out, each for a reason."""
    left = {(field, why) for _, field, _, _, left_out, why in batch.tally.rows() if left_out}
    row = "the row holds findings of practice guide reviews and is no intervention (2)"
    assert left == {
        ("collection", "says only that the example is in none of the named collections (1)"),
        ("country", row),
        ("title", row),
    }


def test_the_number_of_records(batch: Batch) -> None:
    """All lines of the four files were read."""
    assert batch.records == 175


# ---- the comparison: what the sources say is what the queries answer ----


def test_interventions_are_those_of_the_sources(kg: KnowledgeGraph) -> None:
    """132 interventions: the 100 of the toolkit and the 32 of the clearinghouse."""
    expected = sorted({record["id"] for record in TOOLKIT} | US_KEYS)
    assert len(expected) == 132
    assert [row["key"] for row in ask(kg, "interventions")] == expected


def test_titles_are_those_of_the_sources(kg: KnowledgeGraph) -> None:
    """Each intervention is listed with its English title."""
    expected = {record["id"]: record["title"] for record in TOOLKIT}
    expected |= {key_of(row["title"]): row["title"].strip() for row in CLEARINGHOUSE_INTERVENTIONS}
    assert {row["key"]: row["title"] for row in ask(kg, "interventions")} == expected


def test_countries(kg: KnowledgeGraph) -> None:
    """The interventions of each country, those placed by a region included, are as many as the source names."""
    by_notation, broader = vocabulary("place")
    expected = Counter[str]({by_notation["US"]: len(US_KEYS)})
    for record in TOOLKIT:
        named = [by_notation[code] for code in [*record["countries"], *values(record, "nuts")]]
        tops = {upper for iri in named for upper in above(iri, broader) if not broader[upper]}
        expected.update(tops)
    assert counted(ask(kg, "countries"), "country") == dict(expected)
    assert len(expected) == 33


def test_countries_of_a_kind(kg: KnowledgeGraph) -> None:
    """The overview of countries counts only the kind asked for."""
    by_notation, _ = vocabulary("place")
    expected = Counter(
        by_notation[code] for record in TOOLKIT if record["kind"] == "tool" for code in record["countries"]
    )
    assert counted(ask(kg, "countries", kind="tool"), "country") == dict(expected)


@pytest.mark.parametrize("assigned", [False, True])
def test_approaches(assigned: bool, kg: KnowledgeGraph) -> None:
    """The interventions of each approach are those that state it, and with assigned ones those that were given it."""
    fields = ("approaches", "approaches_inferred") if assigned else ("approaches",)
    by_notation, _ = vocabulary("approach")
    expected = Counter(
        by_notation[code] for record in TOOLKIT for code in {each for name in fields for each in values(record, name)}
    )
    rows = ask(kg, "approaches", assigned=assigned)
    assert counted(rows, "approach") == dict(expected)
    assert sorted(row["approach"] for row in rows) == sorted(by_notation.values())


FACETS = {
    "kind": ("kind", "kind"),
    "stage": ("stage", "stage"),
    "scope": ("scope", "scope"),
    "target_group": ("target-group", "target_group"),
    "aim_type": ("aim-type", "policy_type"),
    "education_level": ("education-level", "education_levels"),
}


@pytest.mark.parametrize("parameter", FACETS)
def test_facets(parameter: str, kg: KnowledgeGraph) -> None:
    """For every concept of a facet, the interventions found are those whose source names it or something narrower."""
    scheme, field = FACETS[parameter]
    by_notation, broader = vocabulary(scheme)
    expected = defaultdict(set)
    for record in TOOLKIT:
        for code in values(record, field):
            for iri in above(by_notation[code], broader):
                expected[iri].add(record["id"])
    actual = {
        iri: {row["key"] for row in ask(kg, "interventions", **{parameter: iri})} for iri in set(by_notation.values())
    }
    assert {iri: keys for iri, keys in actual.items() if keys} == dict(expected)


@pytest.mark.parametrize("assigned", [False, True])
def test_interventions_by_approach(assigned: bool, kg: KnowledgeGraph) -> None:
    """The interventions found for an approach are those that the source gives, with or without assigned ones."""
    by_notation, _ = vocabulary("approach")
    expected = defaultdict(set)
    for record in TOOLKIT:
        codes = [*values(record, "approaches"), *(values(record, "approaches_inferred") if assigned else [])]
        for code in codes:
            expected[code].add(record["id"])
    actual = {
        code: {row["key"] for row in ask(kg, "interventions", approach=code, assigned=assigned)} for code in by_notation
    }
    assert {code: keys for code, keys in actual.items() if keys} == dict(expected)


def test_the_gap_map(kg: KnowledgeGraph) -> None:
    """Each pair of approach and stage holds as many interventions as the source gives both."""
    approaches, _ = vocabulary("approach")
    stages, _ = vocabulary("stage")
    expected = Counter(
        (approaches[code], stages[record["stage"]])
        for record in TOOLKIT
        if "stage" in record
        for code in {*values(record, "approaches"), *values(record, "approaches_inferred")}
    )
    rows = ask(kg, "gap-map", rows="approach", columns="stage")
    assert {(row["row"], row["column"]): int(row["interventions"]) for row in rows} == {
        (row, column): expected[row, column] for row in approaches.values() for column in stages.values()
    }


def test_success_factor_themes(kg: KnowledgeGraph) -> None:
    """Each theme is reported by as many interventions as the source says, and by as many statements."""
    by_notation, _ = vocabulary("theme")
    expected = Counter(
        by_notation[code]
        for record in TOOLKIT
        for code in {factor["category"] for factor in values(record, "success_factors")}
    )
    assert counted(ask(kg, "success-factor-themes"), "theme") == dict(expected)
    factors = sum(len(values(record, "success_factors")) for record in TOOLKIT)
    assert len(ask(kg, "success-factors")) == factors == 54


def test_actors_by_role(kg: KnowledgeGraph) -> None:
    """For every role, who takes part in which intervention is what the source says."""
    by_notation, _ = vocabulary("role")
    expected = defaultdict(set)
    for record in TOOLKIT:
        for actor in values(record, "actors"):
            expected[actor["role"]].add((record["id"], actor["name"].casefold()))
    actual = {
        code: {(row["key"], row["name"].casefold()) for row in ask(kg, "actors", role=code)} for code in by_notation
    }
    assert {code: pairs for code, pairs in actual.items() if pairs} == dict(expected)
    assert sum(len(values(record, "actors")) for record in TOOLKIT) == 270


def test_actors_keep_their_countries(kg: KnowledgeGraph, asserted: list[Quad]) -> None:
    """Who takes part is placed in the country that the source gives, and each entry is a participation."""
    by_notation, _ = vocabulary("place")
    by_notation["EU"] = by_notation["EUR"]  # a body of the Union is in no single country
    names, places, agents, entries = {}, {}, {}, set()
    for quad in asserted:
        if quad.predicate == FOAF + "name" and isinstance(quad.object, Literal):
            names[quad.subject] = quad.object.value
        if quad.predicate == DCTERMS + "spatial":
            places[quad.subject] = str(quad.object)
        if quad.predicate == "http://data.europa.eu/m8g/hasParticipant":
            agents[quad.subject] = quad.object
    for part, agent in agents.items():
        assert isinstance(agent, Iri)
        entries.add((str(part).rpartition("/")[2], names[agent], places.get(agent, "")))
    expected = set()
    for record in TOOLKIT:
        for number, actor in enumerate(values(record, "actors"), 1):
            place = by_notation[actor["country"]] if "country" in actor else ""
            expected.add((f"{record['id']}#participation-{number}", actor["name"], place))
    placed = {entry for entry in expected if entry[2]}
    assert placed - entries == set()
    # An entry without a country may be an agent whose country another entry gives.
    assert {entry[:2] for entry in expected} == {entry[:2] for entry in entries}
    assert len(entries) == 270


def test_evaluations(kg: KnowledgeGraph) -> None:
    """The evaluations of each status are those of the source, and each reviewed study is one that is completed."""
    expected = Counter(
        f"{BASE}voc/evaluation-status/{evaluation['status']}"
        for record in TOOLKIT
        for evaluation in values(record, "evaluation")
    )
    assert sum(expected.values()) == 66
    studies = {
        (row["title"] if row["wwc_intervention_id"] not in NO_INTERVENTION else GUIDE, finding["review_id"])
        for row in CLEARINGHOUSE
        for finding in values(row, "findings")
    }
    expected[f"{BASE}voc/evaluation-status/completed"] += len(studies)
    part = Iri(WW + "evaluationStatus")
    assert Counter(str(quad.object) for quad in kg.collection.store.match(predicate=part)) == expected


# ---- the figures ----

FIGURES = {
    "n_intervention": "groupSize",
    "n_comparison": "comparatorSize",
    "mean_intervention": "groupValue",
    "mean_comparison": "comparatorValue",
    "effect_size": "effectSize",
    "improvement_index": "improvementIndex",
    "p_value": "pValue",
    "is_subgroup": "subgroup",
    "significant": "significant",
    "outcome_measure": "measure",
    "period": "followUp",
    "sample": "sampleNote",
    "comparison": "comparison",
}
CODES = {"outcome_domain": "outcome", "effect_size_source": "effectSizeBasis", "essa_rating": "evidenceTier"}
CODES |= {"unit": "unitOfAnalysis"}


def stripped(value: Any) -> Any:
    """Return a value, a text without white space around it."""
    return value.strip() if isinstance(value, str) else value


def plain(term: Term) -> Any:
    """Return a term as the value that JSON would have; of a concept, its English label."""
    if not isinstance(term, Literal):
        return term
    kind = term.datatype.rpartition("#")[2]
    if kind in ("integer", "decimal"):
        return Decimal(term.value)
    return term.value == "true" if kind == "boolean" else term.value


def source_findings() -> dict[str, dict[str, Any]]:
    """Return the findings of the source by the last part of their IRI."""
    found: dict[str, dict[str, Any]] = {}
    for row in CLEARINGHOUSE:
        key = GUIDE if row["wwc_intervention_id"] in NO_INTERVENTION else key_of(row["title"])
        found |= {f"{key}#finding-{finding['finding_id']}": finding for finding in values(row, "findings")}
    return found


def test_figures_of_all_findings(collection: Collection) -> None:
    """All 145 findings have the figures and the words of the source, each of them, and no other."""
    wanted = {WW + name: field for field, name in FIGURES.items()}
    actual: dict[str, dict[str, Any]] = defaultdict(dict)
    for quad in collection.store.match(predicate=RDF_TYPE, value=Iri(WW + "Finding")):
        node = str(quad.subject).rpartition("/")[2]
        actual[node] = {
            wanted[each.predicate]: plain(each.object)
            for each in collection.store.match(quad.subject)
            if each.predicate in wanted
        }
    expected = {
        node: {field: stripped(value) for field, value in finding.items() if field in FIGURES}
        for node, finding in source_findings().items()
    }
    assert len(expected) == 145
    assert actual == expected


def test_concepts_of_all_findings(collection: Collection) -> None:
    """All findings have the outcome, basis, tier and unit that the source names, found by a name of the concept."""
    names: dict[Term, set[str]] = defaultdict(set)
    for naming in ("prefLabel", "altLabel", "notation"):
        for quad in collection.store.match(predicate=Iri(f"http://www.w3.org/2004/02/skos/core#{naming}")):
            if isinstance(quad.object, Literal):
                names[quad.subject].add(quad.object.value.casefold())
    wrong = []
    for node, finding in source_findings().items():
        thing = Iri(f"{BASE}id/{'resource' if node.startswith(GUIDE) else 'intervention'}/{node}")
        for field, name in CODES.items():
            found = [quad.object for quad in collection.store.match(thing, Iri(WW + name))]
            given = [str(finding[field]).casefold()] if field in finding else []
            if len(found) != len(given) or any(word not in names[found[0]] for word in given):
                wrong.append((node, field, found, given))
    assert wrong == []


def test_ratings(collection: Collection) -> None:
    """All 35 ratings have the numbers of the source, and its outcome and level."""
    numbers = {"studies_meeting_standards": "studyCount", "studies_eligible": "eligibleStudyCount"}
    numbers |= {"sample_size": "sampleSize"}
    expected, actual = [], []
    for row in CLEARINGHOUSE_INTERVENTIONS:
        for rating in values(row, "ratings"):
            concepts = [rating["outcome_domain"], rating["rating"]]
            said = [key_of(concept) for concept in concepts] + [str(rating["protocol_version"])]
            expected.append((key_of(row["title"]), *said, *(rating.get(field) for field in numbers)))
    for quad in collection.store.match(predicate=Iri(WW + "hasRating")):
        assert isinstance(quad.object, Iri)
        about = {each.predicate.rpartition("#")[2]: plain(each.object) for each in collection.store.match(quad.object)}
        concepts = [about["outcome"].code, about["ratingLevel"].code]
        figures = (about.get(name) for name in numbers.values())
        actual.append((str(quad.subject).rpartition("/")[2], *concepts, about["protocolVersion"], *figures))
    assert len(expected) == 35
    assert sorted(actual, key=str) == sorted(expected, key=str)


def test_findings_by_the_stored_query(kg: KnowledgeGraph) -> None:
    """The stored query lists all findings, each with its effect size, else its improvement index, else its value."""
    expected = Counter[tuple[str, str, Any]]()
    for node, finding in source_findings().items():
        value = next(
            (finding[n] for n in ("effect_size", "improvement_index", "mean_intervention") if n in finding), ""
        )
        expected[node.partition("#")[0], finding["outcome_measure"], value] += 1
    rows = ask(kg, "findings")
    actual = {(row["key"], row["measure"], Decimal(row["value"]) if "value" in row else "") for row in rows}
    assert actual == set(expected)


def test_contradictory_findings_stay_visible(kg: KnowledgeGraph, collection: Collection) -> None:
    """The three findings whose effect size and improvement index have opposite signs are called contradictory."""
    expected = {
        node
        for node, finding in source_findings().items()
        if finding.get("effect_size", 0) * finding.get("improvement_index", 0) < 0
    }
    direction = Iri(WW + "direction")
    contradictory = Iri(BASE + "voc/direction/contradictory")
    found = {str(quad.subject).rpartition("/")[2] for quad in collection.store.match(None, direction, contradictory)}
    assert found == expected
    rows = ask(kg, "findings", direction="contradictory")
    assert sorted(row["measure"] for row in rows) == ["Did not drop out (%)"] + ["Percentage dropped out"] * 2


def test_figures_that_disagree_are_those_that_the_handbook_names() -> None:
    """Of shares of those who dropped out, less is better; in one finding both signs say otherwise."""
    against, significant = [], []
    for node, finding in source_findings().items():
        size, index = finding.get("effect_size", 0), finding.get("improvement_index", 0)
        better = finding.get("mean_comparison", 0) - finding.get("mean_intervention", 0)
        if re.match("Dropped out|Percentage dropped", finding["outcome_measure"]) and size * index > 0 > size * better:
            against.append((node, finding["mean_intervention"], finding["mean_comparison"]))
        if finding.get("significant") and finding.get("p_value", 0) > 0.05:
            significant.append((node, f"{finding['p_value']:.2f}"))
    assert against == [("alternative-schools-demonstration-program-asdp#finding-5970", 80, 83)]
    assert significant == [("check-and-connect#finding-4249", "0.86")]
    text = (ROOT / "docs" / "explanation" / "limits.md").read_text(encoding="utf-8")
    for said in ("Alternative Schools Demonstration Program", "(80 to 83 of a hundred)", "Check & Connect", "0.86"):
        assert said in text


def test_directions_of_all_findings(collection: Collection) -> None:
    """Each finding points where the sign of its figure points; a lone improvement index of zero is none."""
    expected = {}
    for node, finding in source_findings().items():
        size, index = finding.get("effect_size"), finding.get("improvement_index")
        decisive = size if size is not None else index
        if size is not None or index:
            contradictory = size is not None and index is not None and size * index < 0
            assert decisive is not None
            sign = "positive" if decisive > 0 else "negative" if decisive < 0 else "no-difference"
            expected[node] = "contradictory" if contradictory else sign
    actual = {
        str(quad.subject).rpartition("/")[2]: str(quad.object).rpartition("/")[2]
        for quad in collection.store.match(predicate=Iri(WW + "direction"))
    }
    assert actual == expected


# ---- links, phases, resources ----


def test_links(collection: Collection, kg: KnowledgeGraph) -> None:
    """The 22 links are those that the records name, each stated, accepted and explained."""
    expected = {(record["id"], other) for record in TOOLKIT for other in values(record, "related")}
    assert len(expected) == 22
    ends: dict[Term, dict[str, str]] = defaultdict(dict)
    for quad in collection.store.match(graph=Iri(BASE + "graph/links/curated")):
        text = quad.object.value if isinstance(quad.object, Literal) else str(quad.object).rpartition("/")[2]
        ends[quad.subject][quad.predicate.rpartition("#")[2]] = text
    assert {(link["linkFrom"], link["linkTo"]) for link in ends.values()} == expected
    assert {(link["linkType"], link["reviewStatus"], bool(link["explanation"])) for link in ends.values()} == {
        ("stated", "accepted", True)
    }
    start, end = min(expected)
    assert end in {row["other"].rpartition("/")[2] for row in ask(kg, "related", intervention=start)}


def test_what_computed_links_claim_holds(collection: Collection) -> None:
    """Both have each feature that a link names, or something below it; types say what is so; no words are idle."""
    match, parts = collection.store.match, defaultdict[Iri, dict[str, set[Any]]](lambda: defaultdict(set))
    for quad in match(graph=Iri(collection.computed)):
        if isinstance(quad.subject, Iri):
            parts[quad.subject][str(quad.predicate).rpartition("#")[2]].add(quad.object)
    links = [link for link in parts.values() if link["linkFrom"]]
    assert len(links) > 300

    def having(thing: Any, name: str = "") -> set[Any]:
        found = {quad.object for quad in match(thing, Iri(WW + name) if name else None)}
        return found | {quad.object for each in found if isinstance(each, Iri)
                        for quad in match(each, Iri(SKOS + "broaderTransitive"))}  # fmt: skip

    for link in links:
        (one,), (other,), (kind,), (why,) = (link[n] for n in ("linkFrom", "linkTo", "linkType", "explanation"))
        for feature in link["sharedFeature"]:
            assert feature in having(one) & having(other), (one, other, feature)
            assert not str(feature).endswith("/voc/place/EU")
        approaches = having(one, "appliesApproach") & having(other, "appliesApproach")
        kind = str(kind).rpartition("/")[2]
        assert (kind in ("same-approach-elsewhere", "supports")) <= bool(approaches), (one, other)
        groups = having(one, "targetGroup") & having(other, "targetGroup")
        assert (kind == "complementary") <= (not approaches and bool(groups)), (one, other)
        assert (kind == "same-approach-elsewhere") <= (not having(one, "country") & having(other, "country"))
        assert (kind == "supports") <= (Iri(WW + "Tool") in having(one) and Iri(WW + "Tool") not in having(other))
        quoted = set(re.findall("“([^”]+)”", why.value.partition("use forms of the word")[2]))
        assert not quoted & QUIET or quoted <= QUIET, why.value


def test_phases(collection: Collection) -> None:
    """Each phase has the title, stage, years and law of the source, in its order."""
    expected = {
        f"{record['id']}#phase-{number}": {**phase, "stage": f"{BASE}voc/stage/{phase['stage']}"}
        for record in lines("phases.jsonl")
        for number, phase in enumerate(record["phases"], 1)
    }
    names = {
        DCTERMS + "title": "title",
        WW + "stage": "stage",
        WW + "startYear": "start_year",
        WW + "endYear": "end_year",
    }
    names |= {"http://data.europa.eu/m8g/hasLegalResource": "law"}
    actual = {}
    for quad in collection.store.match(predicate=Iri(WW + "hasPhase")):
        assert isinstance(quad.object, Iri)
        about = {names.get(each.predicate, ""): plain(each.object) for each in collection.store.match(quad.object)}
        if "law" in about:
            about["law"] = about["law"].rpartition("#")[2]
        about.pop("", None)
        actual[str(quad.object).rpartition("/")[2]] = about
    assert actual == expected


def test_resources(collection: Collection) -> None:
    """Each publication has the title, year and DOI of the source."""
    names = {DCTERMS + "title": "title", WW + "year": "year", "http://purl.org/ontology/bibo/doi": "doi"}
    expected = {
        record["id"]: {name: record[name] for name in ("title", "year", "doi") if name in record}
        for record in RESOURCES
    }
    expected[GUIDE] = {"title": "What Works Clearinghouse practice guide reviews on dropout prevention"}
    actual = {}
    for quad in collection.store.match(predicate=RDF_TYPE, value=Iri(WW + "Resource")):
        about = collection.store.match(quad.subject)
        found = {names[each.predicate]: plain(each.object) for each in about if each.predicate in names}
        actual[str(quad.subject).rpartition("/")[2]] = found
    assert actual == expected


def test_pages_read_for_records(kg: KnowledgeGraph) -> None:
    """Each record names exactly the pages that the source names, with brackets written as IRIs have them."""
    expected = {
        (record["id"], page.replace("[", "%5B").replace("]", "%5D"))
        for record in [*TOOLKIT, *RESOURCES]
        for page in [*values(record, "source_url"), *values(record, "extra_sources")]
    }
    export = "https://github.com/ypaulsussman/wwc_sql/tree/e93fba5"
    expected |= {(key, export) for key in {*US_KEYS, GUIDE}}
    assert {(row["key"], row["source"]) for row in ask(kg, "sources")} == expected


def test_texts_are_taken_over_unchanged(asserted: list[Quad]) -> None:
    """Summaries, aims, activities, laws, notes and statements stand in the data word for word."""
    held: dict[str, set[str]] = defaultdict(set)
    for quad in asserted:
        if isinstance(quad.object, Literal):
            held[str(owner_of(quad.subject)).rpartition("/")[2]].add(quad.object.value)
    fields = ["title", "title_original", "title_alt", "summary", "aims", "purpose", "activities", "legal", "region"]
    fields += ["target_group_text", "education_note", "scope_note", "stage_note", "programme", "budget", "funding_note"]
    fields += ["indicator_types", "risk_indicators", "guidance_types", "created", "approach_basis", "retrieved_from"]
    fields += ["success_factors", "note", "series"]
    inner = ("label", "description")
    wrong = []
    for record in [*TOOLKIT, *RESOURCES]:
        for name in fields:
            for value in values(record, name):
                texts = [value[each] for each in inner] if isinstance(value, dict) else [value]
                wrong += [(record["id"], name, text) for text in texts if text.strip() not in held[record["id"]]]
        for evaluation in values(record, "evaluation"):
            texts = [evaluation[each] for each in ("design", "sample", "result") if each in evaluation]
            wrong += [(record["id"], "evaluation", text) for text in texts if text not in held[record["id"]]]
    assert wrong == []
