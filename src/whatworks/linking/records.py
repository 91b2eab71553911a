"""Reads from the graph what interventions have that can be shared: features of several families, and words.

Which properties count, how much, and how a shared value is said, stands in `queries/system/link-features.rq` and
`link-texts.rq`; nothing of it is known here.
"""

import re
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from whatworks.catalogue import Bound, Catalogue, iri_rows
from whatworks.errors import Place, QueryHeader
from whatworks.results import Table
from whatworks.search.words import Folding, composed, stem, telling
from whatworks.store import EmbeddedStore
from whatworks.terms import Iri

WORDS = "words"
# What a concept above a shared one counts for each step up, and how far up one goes.
_STEP_UP = 0.5
_HIGHEST = 4
_SHORTEST = 3  # a word of fewer letters tells nothing
_ESCAPED = re.compile(r"\\.")


@dataclass(frozen=True, slots=True)
class Family:
    """A sort of feature.

    Attributes:
        name: What people call it, such as `approach`; that of the words of texts is `words`.
        weight: How much it counts beside the others.
        role: `approach`, `group` or `place` where the type of a link depends on it, else nothing.
        says: How a shared feature is said after "Both".
    """

    name: str
    weight: float
    role: str
    says: str


@dataclass(slots=True)
class Records:
    """What all interventions have, as rows and columns.

    Attributes:
        things: The interventions, sorted; the first is row 0.
        tools: The rows of those that are tools.
        families: The sorts of features; the words come last.
        columns: Family and feature of each column, sorted: an IRI, or the stem of a word.
        rows, cols, raw: One entry for each feature of each intervention, sorted, with how strongly it has it: 1, less
            for a concept above one that it has, more for a word that stands there often.
        surfaces: For each stem the word that people read.
        notes: What a person should know, such as that concepts lie above themselves.
    """

    things: list[Iri]
    tools: set[int]
    families: tuple[Family, ...]
    columns: list[tuple[int, str]] = field(default_factory=list)
    rows: "array[int]" = field(default_factory=lambda: array("l"))
    cols: "array[int]" = field(default_factory=lambda: array("l"))
    raw: "array[float]" = field(default_factory=lambda: array("d"))
    surfaces: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_records(store: EmbeddedStore, catalogue: Catalogue, weights: Mapping[str, float] | None = None) -> Records:
    """Return what all interventions of a store have.

    Args:
        store: The graph, with what the rules infer.
        catalogue: The stored queries, the tool's own among them.
        weights: Weights of families by name, instead of those of the queries; 0 leaves a family out.

    Raises:
        QueryHeader: A query of the project gives weights that are none.
    """
    return _Reader(store, catalogue, weights or {}).read()


class _Reader:
    def __init__(self, store: EmbeddedStore, catalogue: Catalogue, weights: Mapping[str, float]) -> None:
        self._store = store
        self._catalogue = catalogue
        self._weights = weights
        self._properties: dict[str, list[str]] = defaultdict(list)  # of each family
        self._families: dict[str, Family] = {}
        self._texts: dict[str, float] = {}  # the weight of each property of texts

    def read(self) -> Records:
        things = dict(self._rows("system/link-things"))
        self._settle()
        ordered = sorted(things)
        self._numbers = {thing: number for number, thing in enumerate(ordered)}
        tools = {number for number, thing in enumerate(ordered) if things[thing]}
        names = [Iri(thing[1:-1]) for thing in ordered]
        records = Records(names, tools, tuple(self._families.values()))
        above, cyclic = self._above()
        if cyclic:
            shown = ", ".join(sorted(name[1:-1] for name in cyclic)[:5])
            records.notes.append(f"skos:broader leads in a circle at {shown}; each concept counts once.")
        entries = [self._entries(family, above) for family in list(self._families)[:-1]]
        self._fill(records, [*entries, self._words(records)])
        return records

    def _rows(self, query: str, property: str = "") -> Iterator[tuple[str, str]]:
        """Yield the first cell of each row of a system query, and the rest of the row, as TSV."""
        values = {"property": Bound(iri_rows([Iri(property)]))} if property else {}
        answer = self._store.query(self._catalogue.get(query).bind(values), standalone=True)
        assert isinstance(answer, Table)  # noqa: S101 - the tool's own queries are SELECT queries, tested as such
        for line in answer.write("tsv").decode().split("\n")[1:]:
            first, tab, rest = line.partition("\t")
            if tab:
                yield first, rest

    def _settle(self) -> None:
        """Read which properties count, and how much."""
        for property, rest in self._rows("system/link-features"):
            name, weight, role, says = rest.split("\t")
            name = name.strip('"')
            self._properties[name].append(property[1:-1])
            self._families[name] = Family(name, self._weight(name, weight), role.strip('"'), says[1:-1])
        says = "speak of {}"
        total = 0.0
        for property, rest in self._rows("system/link-texts"):
            weight, of_all, says = rest.split("\t")
            self._texts[property[1:-1]] = self._number(weight, "system/link-texts")
            total = self._number(of_all, "system/link-texts")
        self._families[WORDS] = Family(WORDS, self._weights.get(WORDS, total), "", says.strip('"'))

    def _weight(self, family: str, text: str) -> float:
        return self._weights.get(family, self._number(text, "system/link-features"))

    @staticmethod
    def _number(text: str, query: str) -> float:
        try:
            number = float(text.partition("^^")[0].strip('"'))
        except ValueError:
            number = -1.0
        if not 0 <= number < 1e6:
            raise QueryHeader(
                f"The weight {text} is no number from 0 up.",
                hint="Write it like 1.5.",
                where=Place(f"queries/{query}.rq"),
            )
        return number

    def _above(self) -> tuple[dict[str, dict[str, float]], set[str]]:
        """Return what each concept's broader ones count, and the concepts that lie above themselves."""
        direct: dict[str, list[str]] = defaultdict(list)
        for concept, broader in self._rows("system/link-broader"):
            direct[concept].append(broader)
        found: dict[str, dict[str, float]] = {}
        cyclic = set()
        for concept, first in direct.items():
            seen: dict[str, float] = {}
            front, counts = first, _STEP_UP
            for _ in range(_HIGHEST):
                new = [each for each in front if each != concept and each not in seen]
                if concept in front:
                    cyclic.add(concept)
                seen.update(dict.fromkeys(new, counts))
                front, counts = [up for each in new for up in direct.get(each, ())], counts * _STEP_UP
            found[concept] = seen
        return found, cyclic

    def _entries(self, family: str, above: Mapping[str, Mapping[str, float]]) -> dict[int, dict[str, float]]:
        """Return the features of a family that each intervention has, by row."""
        found: dict[int, dict[str, float]] = defaultdict(dict)
        if not self._families[family].weight:
            return found
        for property in self._properties[family]:
            for node, value in self._rows("system/link-values", property):
                row = self._numbers.get(node)
                if row is None or not value.startswith("<"):
                    continue
                has = found[row]
                has[value] = 1.0
                for broader, counts in above.get(value, {}).items():
                    has[broader] = max(counts, has.get(broader, 0.0))
        return found

    def _words(self, records: Records) -> dict[int, dict[str, float]]:
        """Return the words of the texts of each intervention and of its parts, by row; how often, weighted."""
        found: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        if not self._families[WORDS].weight:
            return found
        folding, stems = Folding(), _Stems()
        spoken: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for property, weight in self._texts.items():
            for node, literal in self._rows("system/link-values", property):
                row = self._numbers.get(f"{node.partition('#')[0]}>" if "#" in node else node)
                text, quote, _ = literal[1:].rpartition('"')
                if row is None or not quote:
                    continue
                of_row = found[row]
                for word in telling(composed(_ESCAPED.sub(" ", text) if "\\" in text else text), folding):
                    if len(word) >= _SHORTEST and not word.isdigit():
                        root = stems[word]
                        of_row[root] += weight
                        spoken[root][word] += 1
        for root, forms in spoken.items():
            records.surfaces[root] = min(forms, key=lambda form: (-forms[form], len(form), form))
        return found

    @staticmethod
    def _fill(records: Records, entries: list[dict[int, dict[str, float]]]) -> None:
        """Number the columns by family and name, and write down the entries in the order of rows and columns."""
        used = [sorted(set().union(*family.values())) for family in entries]
        columns = [(number, name) for number, names in enumerate(used) for name in names]
        places = [dict.fromkeys(names, 0) for names in used]
        for place, (number, name) in enumerate(columns):
            places[number][name] = place
        words = len(entries) - 1
        records.columns = [(number, name if number == words else name[1:-1]) for number, name in columns]
        for row in range(len(records.things)):
            for number, family in enumerate(entries):
                numbered = sorted((places[number][name], raw) for name, raw in family.get(row, {}).items())
                records.rows.extend(row for _ in numbered)
                records.cols.extend(place for place, _ in numbered)
                records.raw.extend(raw for _, raw in numbered)


class _Stems(dict[str, str]):
    def __missing__(self, word: str) -> str:
        self[word] = stem(word)
        return self[word]
