"""Makes projects of any size that look like the shipped collection; the same seed gives the same bytes.

Each made record follows a shipped one drawn at random: it has the same fields, the same number of values and of parts,
and lacks the same. Its concepts are drawn as often as the shipped records use them, its texts are as long as the
shipped ones and made of the words of the same field and language, its years move by a few, and its agents come from one
pool for all records.
"""

import argparse
import random
import re
import sys
from bisect import bisect
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

import pyoxigraph as ox

from whatworks.namespaces import Prefixes
from whatworks.store import parse
from whatworks.trig import write_trig

DATA = Path(__file__).parent.parent / "data"
BASE = "https://w3id.org/whatworks/"
WW = BASE + "ont#"
SEED = 1
# Up to this many, each record has a file of its own; beyond, a file holds this many.
RECORDS_A_FILE = 1000
LINKED = 6  # one link for so many interventions, as shipped

_KEY = "\0"
_AGENTS = ("hasParticipant", "wasAssociatedWith", "commissionedBy")
_PAGES = ("source", "wasDerivedFrom")
_YEARS = ("startYear", "endYear", "year")
# What says which class a thing has, or in which state its record is, stays as it is in the record followed.
_KEPT = ("type", "kind", "reviewStatus", "completeness", "listing", "evaluationStatus")
# What is assigned to a thing that the source states already is a violation.
_PAIRED = {"assignedApproach": "appliesApproach", "assignedActivityType": "activityType"}
_PAIRED |= {stated: assigned for assigned, stated in _PAIRED.items()}
_CONCEPT = re.compile(rf"{BASE}voc/|http://publications\.europa\.eu/resource/authority/|http://data\.europa\.eu/nuts/")


@dataclass(slots=True)
class Slot:
    """The values of one property of one node of a shipped record, as N-Quads; a NUL stands where its key stood."""

    subject: str
    predicate: str
    graph: str
    name: str
    place: str
    values: list[ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple] = field(default_factory=list)
    written: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Pool:
    """Values with the frequencies in which they were seen."""

    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _sums: list[int] = field(default_factory=list)
    _values: list[str] = field(default_factory=list)

    def draw(self, rng: random.Random) -> str:
        """Return one value."""
        if not self._sums:
            self._values, self._sums = list(self.counts), list(accumulate(self.counts.values()))
        return self._values[bisect(self._sums, rng.randrange(self._sums[-1]))]

    def several(self, rng: random.Random, count: int, without: Collection[str] = ()) -> list[str]:
        """Return so many different values without some, or fewer where there are not as many."""
        found: dict[str, None] = {}
        while len(found) < min(count, len(self.counts) - sum(each in self.counts for each in without)):
            if (drawn := self.draw(rng)) not in without:
                found.setdefault(drawn)
        return list(found)


class Shipped:
    """What the shipped records look like."""

    def __init__(self, folder: Path = DATA) -> None:
        self.words: dict[tuple[str, str, str], Pool] = defaultdict(Pool)
        self.concepts: dict[tuple[str, str], Pool] = defaultdict(Pool)
        files = sorted((folder / "interventions").glob("*.trig"))
        self.records = [self._record(file) for file in files]
        agents = ox.parse(path=str(folder / "agents.ttl"), format=ox.RdfFormat.TURTLE)
        self.places = Pool()
        self.agents: list[str] = []
        for quad in agents:
            if isinstance(quad.object, ox.NamedNode) and quad.object.value.endswith("/Agent"):
                self.agents.append(str(quad.subject).rsplit("/", 1)[-1].removesuffix(">"))
            if isinstance(quad.object, ox.Literal):
                for word in quad.object.value.split():
                    self.words["name", "agent", ""].counts[word] += 1
            elif "/country/" in str(quad.object):
                self.places.counts[str(quad.object)] += 1

    def _record(self, file: Path) -> list[Slot]:
        key, pages = file.stem, dict[str, str]()
        own = re.compile(rf"(/id/(?:intervention|record)/|/graph/record/[a-z-]+/){re.escape(key)}(?=[#>])")
        quads = list(ox.parse(path=str(file), format=ox.RdfFormat.TRIG))
        source = next(m[1] for quad in quads if (m := re.search(r"/graph/record/([a-z-]+)/", str(quad.graph_name))))

        def written(term: object) -> str:
            return own.sub(rf"\1{_KEY}", str(term))

        slots: dict[tuple[str, str, str], Slot] = {}
        for quad in quads:
            name = re.split("[/#]", quad.predicate.value)[-1]
            fragment = quad.subject.value.partition("#")[2] if isinstance(quad.subject, ox.NamedNode) else ""
            parts = (written(quad.subject), str(quad.predicate), written(quad.graph_name))
            place = f"{source} {fragment.partition('-')[0]}"
            slot = slots.setdefault(parts, Slot(*parts, name, place))
            text = written(quad.object)
            if isinstance(quad.object, ox.Literal):
                for word in quad.object.value.split():
                    self.words[slot.name, slot.place, quad.object.language or ""].counts[word] += 1
            elif _is_concept(quad.object):
                self.concepts[slot.name, slot.place].counts[text] += 1
            elif name in _PAGES:
                text = pages.setdefault(text, f"<https://example.org/{_KEY}/{len(pages) + 1}>")
            if isinstance(quad.object, ox.Literal) and name == "identifier" and not fragment:
                text = f'"{_KEY}"'
            slot.values.append(quad.object)
            slot.written.append(text)
        return list(slots.values())


def _is_concept(term: object) -> bool:
    return isinstance(term, ox.NamedNode) and _CONCEPT.match(term.value) is not None


class Maker:
    """Makes records, one after the other."""

    def __init__(self, size: int, seed: int, folder: Path = DATA) -> None:
        self.size = size
        self.rng = random.Random(seed)
        self.shipped = Shipped(folder)
        keys = self.shipped.agents
        # The more interventions, the more often an agent comes back: their number grows more slowly.
        grown = round(len(keys) * (size / len(self.shipped.records)) ** 0.8)
        self.agents = keys + [f"agent-{number}" for number in range(len(keys) + 1, grown + 1)]

    def key(self, number: int) -> str:
        """Return the key of a made intervention, counted from one."""
        return f"intervention-{number:07}"

    def record(self, number: int) -> Iterator[str]:
        """Yield the statements of an intervention and its record as N-Quads lines."""
        key, rng = self.key(number), self.rng
        slots = rng.choice(self.shipped.records)
        moved = rng.randint(-4, 2)
        drawn: dict[tuple[str, str], list[str]] = {}
        for slot in slots:
            without = drawn.get((slot.subject, _PAIRED.get(slot.name, "")), ())
            values = drawn[slot.subject, slot.name] = self._values(slot, moved, without)
            for value in values:
                yield f"{slot.subject} {slot.predicate} {value} {slot.graph} .\n".replace(_KEY, key)

    def _values(self, slot: Slot, moved: int, without: Collection[str]) -> list[str]:
        first, rng = slot.values[0], self.rng
        if slot.name in _AGENTS:
            drawn = (self.agents[int(len(self.agents) * rng.random() ** 2)] for _ in slot.values)
            return [f"<{BASE}id/agent/{key}>" for key in dict.fromkeys(drawn)]
        if slot.name in _KEPT or slot.name in _PAGES:
            return slot.written
        if _is_concept(first):
            return self.shipped.concepts[slot.name, slot.place].several(rng, len(slot.values), without)
        if slot.name in _YEARS:
            years = [int(value.value) + moved for value in slot.values if isinstance(value, ox.Literal)]
            return [str(ox.Literal(year)) for year in years]
        if isinstance(first, ox.Literal) and first.language:
            texts = [self._text(slot, value) for value in slot.values if isinstance(value, ox.Literal)]
            return list(dict.fromkeys(texts))
        return slot.written

    def _text(self, slot: Slot, like: ox.Literal) -> str:
        pool = self.shipped.words[slot.name, slot.place, like.language or ""]
        text = " ".join(pool.draw(self.rng) for _ in like.value.split())
        return str(ox.Literal(text if len(text) > 1 else like.value, language=like.language))

    def agents_graph(self) -> Iterator[str]:
        """Yield the statements about all agents as N-Triples lines."""
        rng, words = self.rng, self.shipped.words["name", "agent", ""]
        for key in self.agents:
            agent = f"<{BASE}id/agent/{key}>"
            name = " ".join(words.draw(rng) for _ in range(rng.randint(2, 6)))
            yield f"{agent} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://xmlns.com/foaf/0.1/Agent> .\n"
            yield f"{agent} <http://xmlns.com/foaf/0.1/name> {ox.Literal(name)} .\n"
            if rng.random() < 0.85:
                yield f"{agent} <http://purl.org/dc/terms/spatial> {self.shipped.places.draw(rng)} .\n"

    def links_graph(self) -> Iterator[str]:
        """Yield the statements about links as N-Triples lines."""
        for _ in range(self.size // LINKED):
            one, other = (self.key(number) for number in self.rng.sample(range(1, self.size + 1), 2))
            link = f"<{BASE}id/link/{one}--{other}>"
            yield f"{link} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{WW}Link> .\n"
            yield f"{link} <{WW}linkFrom> <{BASE}id/intervention/{one}> .\n"
            yield f"{link} <{WW}linkTo> <{BASE}id/intervention/{other}> .\n"
            yield f"{link} <{WW}linkType> <{BASE}voc/link-type/stated> .\n"
            yield f"{link} <{WW}reviewStatus> <{BASE}voc/review-status/accepted> .\n"
            yield f'{link} <{WW}explanation> "The record of {one} names {other} as related."@en .\n'


def write_project(folder: Path, size: int, seed: int = SEED) -> int:
    """Write a project of so many interventions; return how many statements its data has."""
    maker = Maker(size, seed)
    data = folder / "data"
    (data / "interventions").mkdir(parents=True, exist_ok=True)
    (data / "links").mkdir(exist_ok=True)
    (folder / "whatworks.toml").write_text("", encoding="utf-8")
    prefixes = Prefixes.from_turtle((DATA.parent / "ontology" / "prefixes.ttl").read_text(encoding="utf-8"))
    count = 0
    for start in range(1, size + 1, RECORDS_A_FILE):
        numbers = range(start, min(start + RECORDS_A_FILE, size + 1))
        if size > RECORDS_A_FILE:
            lines = [line for number in numbers for line in maker.record(number)]
            count += len(lines)
            name = data / "interventions" / f"part-{start // RECORDS_A_FILE + 1:04}.nq"
            name.write_text("".join(lines), encoding="utf-8")
            continue
        for number in numbers:
            lines = list(maker.record(number))
            count += len(lines)
            quads = parse("".join(lines).encode(), "nquads", name="made", base=BASE)
            own = prefixes.with_prefixes({"": f"{BASE}id/intervention/{maker.key(number)}#"})
            name = data / "interventions" / f"{maker.key(number)}.trig"
            name.write_text(write_trig(quads, own), encoding="utf-8")
    for file, made in (("agents.nt", maker.agents_graph()), ("links/curated.nt", maker.links_graph())):
        lines = list(made)
        count += len(lines)
        (data / file).write_text("".join(lines), encoding="utf-8")
    for file in ("collections.ttl", "provenance.ttl"):
        content = (DATA / file).read_bytes()
        count += len(list(ox.parse(content, format=ox.RdfFormat.TURTLE)))
        (data / file).write_bytes(content)
    return count


def main() -> None:
    """Write a project into a folder."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=1000, help="how many interventions")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    count = write_project(given.folder, given.size, given.seed)
    print(f"{given.size} interventions, {count} statements: {count / given.size:.1f} an intervention", file=sys.stderr)


if __name__ == "__main__":
    main()
