"""Makes interventions whose relatives are known: families planted on purpose, as noisy as the shipped records are.

    python benchmarks/linking/families.py FOLDER --noise 1.0

A family begins with a shipped record, which lends its concepts and texts; gaps of it are filled by what shipped
records have, so that each member can have gaps of its own. A member keeps each concept and each word of the family
with a certain probability; else the concept is one that shipped records have, and the word is another word for it (a
paraphrase) or one that shipped texts have in the same field. It lacks whole fields as often as shipped records do.
Texts are in another language as often as shipped ones, and with `foreign` some members are written in one altogether:
their words are other words throughout, the same ones within that language, but for names and words that many
languages have. Beside the families stand loners, which are relatives of nobody.

How noisy: a family stands for measures of one kind, so the shipped pairs that a source or a curator states as related
and that share an approach are looked at. They agree in so much of each sort of feature, and of the words that few,
some and many records have, and in so much more than pairs drawn at random. Members keep a feature with the square
root of that at first (`Shipped.measured`); then families are planted and measured in the same way, and the
probabilities corrected, until members agree as much as the shipped pairs do (`calibrated`). `noise` multiplies what
is not kept: 0 makes copies, 1 is the shipped level. The command prints how much related pairs and members agree.
"""

import argparse
import itertools
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

ROOT = Path(__file__).parent.parent.parent
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from benchmarks.linking.methods import opened  # noqa: E402
from whatworks import KnowledgeGraph  # noqa: E402
from whatworks.catalogue import Bound, iri_rows  # noqa: E402
from whatworks.linking.decisions import read_decisions  # noqa: E402
from whatworks.linking.records import read_records  # noqa: E402
from whatworks.results import Table  # noqa: E402
from whatworks.terms import Iri, Literal  # noqa: E402

BASE = "https://w3id.org/whatworks/"
WW = BASE + "ont#"
SIZES = FAMILIES, MEMBERS, LONERS = 48, 6, 72
SEED = 5
_WORD = re.compile(r"\w+")
_SYNONYMS = 8  # so many other words for each word
_PARAPHRASED = 0.5  # of the words that are not kept so many are said otherwise; the rest are other words altogether
_LANGUAGES = ("xa", "xb")
_BY_CHANCE = 2000  # pairs drawn at random
_RARITIES = (2, 5, 15, 50, 1000)  # so many records at most have a word
_TURNS = 6  # until members agree as much as related pairs
_SAYS = 4  # a record that says something has more properties
_ENOUGH = 4  # a sort that fewer related pairs have on both sides is as the mean of the others
_INTERNATIONAL = 0.15  # so many words are the same in all languages
Values = dict[str, list[str]]  # of each property


class Shipped:
    """What shipped records look like.

    Attributes:
        features, texts: The properties that are read for links.
        records: What each intervention has: of each property its values.
        full: The interventions whose records say something.
        having: How many of them have each word.
        related: Stated pairs of one approach.
        kept: How likely a member keeps a value of each property of features, and a word.
        lacking: How often a property is missing.
        abroad: How many of the texts are in another language than English, as a share.
    """

    def __init__(self, kg: KnowledgeGraph) -> None:
        store, catalogue = kg.collection.local, kg.catalogue

        def rows(query: str, **values: Bound) -> Table:
            answer = store.query(catalogue.get(query).bind(values), standalone=True)
            assert isinstance(answer, Table)
            return answer

        things = [str(row[0]) for row in rows("system/link-things")]
        self.features = {str(row[0]): str(getattr(row[1], "value", "")) for row in rows("system/link-features")}
        self.texts = [str(row[0]) for row in rows("system/link-texts")]
        self.records: dict[str, Values] = {thing: defaultdict(list) for thing in things}
        languages: Counter[str] = Counter()
        for property in (*self.features, *self.texts):
            for node, value in rows("system/link-values", property=Bound(iri_rows([Iri(property)]))):
                of = self.records.get(str(node).partition("#")[0])
                said = value.value if isinstance(value, Literal) else str(value)
                if of is not None and said not in of[property]:
                    of[property].append(said)
                    languages[value.language if isinstance(value, Literal) else ""] += 1
        self.abroad = 1 - languages["en"] / (languages.total() - languages[""])
        full = [thing for thing, record in self.records.items() if len(record) > _SAYS]
        self.full = sorted(full)
        self.lacking = {
            name: sum(not self.records[thing].get(name) for thing in full) / len(full) for name in self.features
        }
        self.having = Counter(word for thing in full for word in self.words(self.records[thing]))
        stated = read_decisions(store, catalogue, read_records(store, catalogue).things).stated
        approach = next(name for name, family in self.features.items() if family == "approach")
        self.related = [
            (str(one), str(other))
            for one, other in sorted(stated)
            if set(self.records[str(one)][approach]) & set(self.records[str(other)][approach])
        ]
        self.kept = self.measured()

    def words(self, record: Values) -> set[str]:
        """Return the words of the texts of a record."""
        return {word for property in self.texts for text in record.get(property, ()) for word in content(text)}

    def rarity(self, word: str) -> str:
        """Return a name for about how many records have a word."""
        return f"words of {next(most for most in _RARITIES if self.having[word] <= most)} records"

    def measured(self) -> dict[str, float]:
        """Return how likely a member keeps a value of each sort of feature, and a word, by what related pairs share."""
        rng = random.Random(SEED)
        related = self.agreement(self.related, self.records)
        chance = self.agreement([(one, other) for one, other in (rng.sample(self.full, 2) for _ in range(_BY_CHANCE))],
                                self.records)  # fmt: skip
        beyond = {
            name: max(mean(of) - mean(chance[name]), 0) / (1 - mean(chance[name]))
            for name, of in related.items()
            if len(of) >= _ENOUGH
        }
        others = mean([beyond[name] for name in beyond if name in self.features.values()])
        names = [*self.features.values(), *(f"words of {most} records" for most in _RARITIES)]
        return {name: beyond.get(name, others) ** 0.5 for name in names}

    def agreement(self, pairs: Sequence[tuple[str, str]], records: dict[str, Values]) -> dict[str, list[float]]:
        """Return how much pairs share of each sort of feature that both have, and of words, by rarity."""
        found: dict[str, list[float]] = defaultdict(list)
        for one, other in ((records[one], records[other]) for one, other in pairs):
            for property, family in self.features.items():
                if one.get(property) and other.get(property):
                    found[family].append(shared(set(one[property]), set(other[property])))
            words: dict[str, list[set[str]]] = defaultdict(lambda: [set(), set()])
            for place, record in enumerate((one, other)):
                for word in self.words(record):
                    words[self.rarity(word)][place].add(word)
            for name, (of_one, of_other) in words.items():
                found[name].append(shared(of_one, of_other))
        return found


def mean(values: Sequence[float]) -> float:
    """Return the mean."""
    return sum(values) / len(values)


def content(text: str) -> list[str]:
    """Return the words of a text."""
    return _WORD.findall(text.lower())


def shared(one: set[str], other: set[str]) -> float:
    """Return how much of two sets is in both, from 0 to 1."""
    return 2 * len(one & other) / (len(one) + len(other))


@dataclass(frozen=True, slots=True)
class Planted:
    """Made interventions and which of them are relatives.

    Attributes:
        records: Of each key what it has, by property.
        families: Keys of relatives.
        languages: The language of each key.
    """

    records: dict[str, Values]
    families: list[list[str]]
    languages: dict[str, str]


def calibrated(shipped: Shipped) -> None:
    """Set how likely a member keeps a value or word so that members agree as much as related shipped pairs do."""
    related = shipped.agreement(shipped.related, shipped.records)
    for turn in range(_TURNS):
        planted = Maker(shipped, 1.0, SEED + turn).plant(FAMILIES, MEMBERS, 0)
        pairs = [pair for family in planted.families for pair in itertools.combinations(family, 2)]
        members = shipped.agreement(pairs, planted.records)
        for name, of in related.items():
            if len(of) >= _ENOUGH:
                shipped.kept[name] = min(shipped.kept[name] * (mean(of) / max(mean(members[name]), 0.01)) ** 0.5, 1.0)


class Maker:
    """Plants families.

    Args:
        shipped: What shipped records look like.
        noise: How far members differ; 1 is the shipped level.
        foreign: So many members are written in another language altogether, as a share.
        seed: The same seed gives the same families.
    """

    def __init__(self, shipped: Shipped, noise: float, seed: int, foreign: float = 0.0) -> None:
        self.shipped, self.noise, self.foreign, self.rng = shipped, noise, foreign, random.Random(seed)
        self.values: dict[str, list[str]] = defaultdict(list)
        self.words: dict[str, list[str]] = defaultdict(list)
        for record in shipped.records.values():
            for property, values in record.items():
                if property in shipped.features:
                    self.values[property] += values
                else:
                    self.words[property] += [word for value in values for word in _WORD.findall(value)]
        self.international = set()
        for word in sorted({word.lower() for words in self.words.values() for word in words}):
            if self.rng.random() < _INTERNATIONAL:
                self.international.add(word)
        self.sizes = {
            property: [len(record[property]) for record in shipped.records.values() if record.get(property)]
            for property in (*shipped.features, *shipped.texts)
        }

    def plant(self, families: int, members: int, loners: int) -> Planted:
        """Return families and loners."""
        rng, planted = self.rng, Planted({}, [], {})
        founders = [self.founder(self.shipped.records[thing]) for thing in rng.sample(self.shipped.full, families)]
        kinds = [each for each in founders for _ in range(members)] + [None] * loners
        keys = [f"made-{number:04}" for number in range(1, len(kinds) + 1)]
        rng.shuffle(keys)
        for key, founder in zip(keys, kinds, strict=True):
            language = rng.choice(_LANGUAGES) if rng.random() < self.foreign else "en"
            planted.languages[key] = language
            planted.records[key] = self.member(founder or self.stranger(), language)
        planted.families.extend(
            sorted(keys[start : start + members]) for start in range(0, families * members, members)
        )
        return planted

    def founder(self, record: Values) -> Values:
        """Return a shipped record with its gaps filled."""
        made = {property: list(values) for property, values in record.items()}
        for property in self.shipped.features:
            if not made.get(property) and self.sizes[property]:
                made[property] = self.some(property)
        return made

    def some(self, property: str) -> list[str]:
        """Return values that shipped records have, as many as one of them has."""
        drawn = (self.rng.choice(self.values[property]) for _ in range(self.rng.choice(self.sizes[property])))
        return list(dict.fromkeys(drawn))

    def stranger(self) -> Values:
        """Return what a relative of nobody has: concepts and words drawn one by one."""
        made: Values = {property: self.some(property) for property in self.shipped.features if self.sizes[property]}
        for property in self.shipped.texts:
            like = self.rng.choice([each for each in self.shipped.records.values() if each.get(property)])[property]
            made[property] = [
                " ".join(self.rng.choice(self.words[property]) for _ in _WORD.findall(text)) for text in like
            ]
        return made

    def keeps(self, family: str) -> bool:
        """Say whether a value or word is kept."""
        return self.rng.random() < 1 - self.noise * (1 - self.shipped.kept[family])

    def member(self, founder: Values, language: str) -> Values:
        """Return a member of a family."""
        made: Values = {}
        for property, values in founder.items():
            family = self.shipped.features.get(property)
            if family is None:
                made[property] = [self.text(property, value, self.language(language)) for value in values]
            elif self.rng.random() >= min(self.noise, 1) * self.shipped.lacking[property]:
                kept = (value if self.keeps(family) else self.rng.choice(self.values[property]) for value in values)
                made[property] = list(dict.fromkeys(kept))
        return made

    def language(self, usual: str) -> str:
        """Return the language of one text: now and then it is another one, as in shipped records."""
        return self.rng.choice(_LANGUAGES) if self.rng.random() < self.noise * self.shipped.abroad else usual

    def text(self, property: str, like: str, language: str) -> str:
        """Return a text of a member, word by word."""
        words = []
        for word in _WORD.findall(like):
            said = word.lower()
            if not self.keeps(self.shipped.rarity(said)):
                if self.rng.random() < _PARAPHRASED:
                    said += f"{'bdfghkpq'[self.rng.randrange(_SYNONYMS)]}x"
                else:
                    said = self.rng.choice(self.words[property]).lower()
            is_foreign = language != "en" and said not in self.international
            words.append(f"{said}{language}" if is_foreign else said)
        return " ".join(words)


def write_project(folder: Path, planted: Planted, features: Sequence[str]) -> None:
    """Write what was planted as a project."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "whatworks.toml").write_text("", encoding="utf-8")
    (folder / "data" / "interventions.nt").write_text("".join(_lines(planted, set(features))), encoding="utf-8")


def _lines(planted: Planted, features: set[str]) -> Iterator[str]:
    for key in sorted(planted.records):
        thing = f"<{BASE}id/intervention/{key}>"
        yield f"{thing} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{WW}Practice> .\n"
        for property, values in sorted(planted.records[key].items()):
            for value in values:
                said = f"<{value}>" if property in features else str(ox.Literal(value, language=planted.languages[key]))
                yield f"{thing} <{property}> {said} .\n"


def main() -> None:
    """Write a project of planted families into a folder, and say how noisy it is."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--noise", type=float, default=1.0, help="1 is as noisy as the shipped records")
    parser.add_argument("--foreign", type=float, default=0.0, help="share of members written in another language")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    shipped = Shipped(opened())
    calibrated(shipped)
    planted = Maker(shipped, given.noise, given.seed, given.foreign).plant(*SIZES)
    write_project(given.folder, planted, list(shipped.features))
    print(f"{len(planted.records)} interventions, {len(planted.families)} families of {MEMBERS}", file=sys.stderr)
    pairs = [pair for family in planted.families for pair in itertools.combinations(family, 2)]
    related, members = shipped.agreement(shipped.related, shipped.records), shipped.agreement(pairs, planted.records)
    for name, kept in shipped.kept.items():
        shares = [mean(of[name]) if of.get(name) else 0 for of in (related, members)]
        print(f"{name}: {kept:.2f} kept; related pairs share {shares[0]:.2f}, members {shares[1]:.2f}", file=sys.stderr)
    print(Counter(planted.languages.values()), file=sys.stderr)


if __name__ == "__main__":
    main()
