"""Keeps what people decided about entries of authorities outside, and the plain statements that follow from it.

Decisions are a table in the form of SSSOM (Simple Standard for Sharing Ontological Mappings), which a person can
edit: a row is accepted, or with the modifier `Not` rejected. What is accepted stands in a file beside it as SKOS says
it. Proposals stand in a third file, as mappings that wait for a decision; nothing is stated that nobody looked at.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from whatworks.assets import Assets, write_files
from whatworks.catalogue import Catalogue
from whatworks.collection import Collection
from whatworks.errors import ImportRefused, InvalidValue, Place
from whatworks.linking import claims
from whatworks.linking.authorities import Authorities, read_authorities
from whatworks.linking.outside import CLOSE, MINIMUM, Name, Pair, Proposal, propose
from whatworks.namespaces import SKOS
from whatworks.settings import Settings
from whatworks.store import decoded, parse
from whatworks.terms import Iri, Literal, Quad, is_iri

TABLE_FILE, DECIDED_FILE, STATED_FILE = "sources/authorities.csv", "links/outside.sssom.tsv", "links/outside.ttl"
PROPOSED_FILE = "links/outside-proposed.ttl"
RELATIONS = ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch")
COLUMNS = (
    *("subject_id", "subject_label", "predicate_modifier", "predicate_id", "object_id", "object_label"),
    *("object_source", "mapping_justification", "confidence", "reviewer_label", "mapping_date", "comment"),
)
_NEEDED = ("subject_id", "predicate_modifier", "predicate_id", "object_id", "reviewer_label")
_NOT = "Not"
_JUSTIFICATION = "semapv:LexicalMatching"


@dataclass(frozen=True, slots=True)
class Outside:
    """What may correspond to entries outside, and what was decided.

    Attributes:
        waiting: What nobody decided about, the strongest first.
        accepted, rejected: How many mappings were accepted and rejected.
        notes: What a person should know.
    """

    waiting: list[Proposal]
    accepted: int
    rejected: int
    notes: list[str]


@dataclass(frozen=True, slots=True)
class _Table:
    """The table of decisions.

    Attributes:
        rows: What can be followed.
        others: Rows that cannot be followed; they stay as they are.
        columns: The headings, those of other tools among them.
        notes: What a person should know.
    """

    rows: list[dict[str, str]]
    others: list[dict[str, str]]
    columns: tuple[str, ...]
    notes: list[str]

    def with_rows(self, rows: Iterable[dict[str, str]]) -> bytes:
        """Return the file with other rows that can be followed."""
        text = io.StringIO()
        writer = csv.DictWriter(text, self.columns, restval="", delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows([*rows, *self.others])
        return text.getvalue().encode()


class Mappings:
    """Proposes mappings of a collection's concepts, places and agents, and notes what people decide.

    Args:
        assets: The files.
        settings: The project's settings.
        catalogue: The stored queries.
    """

    def __init__(self, assets: Assets, settings: Settings, catalogue: Catalogue) -> None:
        self._assets = assets
        self._settings = settings
        self._catalogue = catalogue

    def compute(self, table: Path | None = None, minimum: float = MINIMUM) -> Outside:
        """Work out what may correspond, as the files are now; nothing is written.

        Args:
            table: A table of authorities instead of that of the project, else of the package.
            minimum: Only scores of at least this.

        Raises:
            InputError: A file cannot be read.
        """
        collection = Collection.open(self._assets, self._settings)
        names, known = self._names(collection), self._known(collection)
        authorities = self._authorities(table)
        table_of = self._decided()
        decided = {(row["subject_id"], row["object_id"]): row["predicate_modifier"] != _NOT for row in table_of.rows}
        there = {name.thing for name in names}
        notes = [*authorities.notes, *table_of.notes]
        notes += [
            f"The decision about {thing} and {target} is of nothing that is here; it is kept."
            for thing, target in decided
            if thing not in there
        ]
        without = known | {(Iri(thing), Iri(target)) for thing, target in decided}
        waiting = propose(names, authorities.entries, without, minimum)
        accepted = sum(decided.values())
        return Outside(waiting, accepted, len(decided) - accepted, notes)

    def between(self, thing: Iri, target: str, table: Path | None = None) -> Proposal:
        """Return the mapping of a thing to an entry, however well the names fit.

        Raises:
            InvalidValue: No table of authorities has such an entry of the kind of the thing.
        """
        names = [name for name in self._names(Collection.open(self._assets, self._settings)) if name.thing == thing]
        entries = [entry for entry in self._authorities(table).entries if entry.iri == target]
        found = propose(names, entries, (), 0.0)
        if found:
            return found[0]
        if not names or not entries:
            what = f"{thing} is no concept, place or agent" if not names else f"{target} is no entry"
            raise InvalidValue(
                f"{what} of this collection and its authorities.",
                hint="See what can be mapped with: whatworks link --outside --dry-run",
            )
        entry = entries[0]
        reason = f"“{names[0].text}” and “{entry.names[0]}” share no word."
        return Proposal(thing, entry.iri, names[0].text, entry.scheme, entry.names[0], CLOSE, 0.0, (), reason)

    def decide(
        self, proposal: Proposal, status: str, *, by: str, note: str = "", on: date | None = None
    ) -> tuple[Path, Path]:
        """Note that a person accepted or rejected a mapping, whatever was decided about the two before.

        Args:
            proposal: The mapping; `between` gives that of any two.
            status: `accepted` or `rejected`.
            by: Who decided, in the form in which they want to be named.
            note: Why, instead of the reason that was worked out.
            on: The day; today where none is given.

        Raises:
            InvalidValue: There is no such status, or nobody is named.
            Unwritable: The collection came with the package, or the files cannot be written.
        """
        return self.decide_all([(proposal, status, note)], by=by, on=on)

    def decide_all(
        self, decided: Iterable[tuple[Proposal, str, str]], *, by: str, on: date | None = None
    ) -> tuple[Path, Path]:
        """Note what a person decided about several mappings, all or none: each with its status and why.

        Raises:
            InvalidValue, Unwritable: As `decide` does.
        """
        table = self._decided()
        rows = {(row["subject_id"], row["object_id"]): row for row in table.rows}
        pairs: list[Pair] = []
        for proposal, status, note in decided:
            if status not in ("accepted", "rejected"):
                raise InvalidValue(f"{status!r} is no decision.", hint="A mapping is accepted or rejected.")
            if not by.strip():
                raise InvalidValue("A decision needs the name of who decides.", hint="Give a name or initials.")
            pairs.append((proposal.thing, proposal.target))
            rows[proposal.thing, proposal.target] = rows.get((proposal.thing, proposal.target), {}) | {
                "subject_id": proposal.thing,
                "subject_label": proposal.name,
                "predicate_modifier": "" if status == "accepted" else _NOT,
                "predicate_id": SKOS + proposal.relation,
                "object_id": proposal.target,
                "object_label": proposal.label,
                "object_source": proposal.scheme,
                "mapping_justification": _JUSTIFICATION,
                "confidence": f"{proposal.score:.6f}",
                "reviewer_label": by.strip(),
                "mapping_date": (on or date.today()).isoformat(),
                "comment": note.strip() or proposal.reason,
            }
        return self._write(table, rows.values(), pairs)

    def keep(self, outside: Outside) -> None:
        """Write down what waits for a decision, and anew what follows from the table of decisions.

        Raises:
            Unwritable: The collection came with the package, or the files cannot be written.
        """
        folder = self._assets.data_folder_to_change()
        proposed, written = folder / PROPOSED_FILE, dict[Path, bytes]()
        if outside.waiting or proposed.is_file():
            written[proposed] = self.text(outside)
        if (folder / DECIDED_FILE).is_file():
            collection = Collection.described(self._assets, self._settings)
            written[folder / STATED_FILE] = claims.decided(collection, self._decided().rows)
        write_files(written)

    def text(self, outside: Outside) -> bytes:
        """Return the file of what waits for a decision; the same mappings give the same as long as it is there."""
        folder, collection = self._assets.data_folder(), Collection.described(self._assets, self._settings)
        held = self._held(folder / PROPOSED_FILE) if folder is not None else []
        return claims.proposed(collection, outside.waiting, held, datetime.now(UTC))

    def _write(self, table: _Table, rows: Iterable[dict[str, str]], decided: Iterable[Pair]) -> tuple[Path, Path]:
        """Write the decisions and what follows from them; what was decided about now waits no more."""
        folder, collection = self._assets.data_folder_to_change(), Collection.described(self._assets, self._settings)
        files, proposed = (folder / DECIDED_FILE, folder / STATED_FILE), folder / PROPOSED_FILE
        ordered = sorted(rows, key=lambda row: (row["subject_id"], row["object_id"]))
        written = {files[0]: table.with_rows(ordered), files[1]: claims.decided(collection, ordered)}
        if held := self._held(proposed):
            written[proposed] = claims.without(collection, held, decided)
        write_files(written)
        return files

    def _held(self, file: Path) -> list[Quad]:
        """Return the statements of the file of what waits, if there is one."""
        if not file.is_file():
            return []
        return parse(file.read_bytes(), "turtle", name=f"data/{PROPOSED_FILE}", base=self._settings.base)

    def _decided(self) -> _Table:
        """Return the table of decisions."""
        folder = self._assets.data_folder()
        file = folder / DECIDED_FILE if folder is not None else None
        if file is None or not file.is_file():
            return _Table([], [], COLUMNS, [])
        name = f"data/{DECIDED_FILE}"
        reader = csv.DictReader(io.StringIO(decoded(file.read_bytes(), name), newline=""), delimiter="\t")
        if missing := [column for column in _NEEDED if column not in (reader.fieldnames or ())]:
            raise ImportRefused(
                f"The table of decisions has no column {', '.join(missing)}.",
                hint="Its columns are those of SSSOM; see docs/how-to/link.md.",
                where=Place(name),
            )
        columns = tuple(dict.fromkeys([*COLUMNS, *filter(None, reader.fieldnames or ())]))
        found: dict[Pair, dict[str, str]] = {}
        others, notes = [], []
        for row in reader:
            clean = {column: (row.get(column) or "").strip() for column in columns}
            if fault := _fault(clean):
                others.append(clean)
            if fault := fault or _again(clean, found):
                notes.append(f"Line {reader.line_num} of {name} {fault}; it is passed over.")
            else:
                found[Iri(clean["subject_id"]), Iri(clean["object_id"])] = clean
        return _Table(list(found.values()), others, columns, notes)

    def _authorities(self, table: Path | None) -> Authorities:
        if table is not None:
            try:
                return read_authorities(table.read_bytes(), table.name)
            except OSError as error:
                raise ImportRefused(f"{table} cannot be read: {error.strerror}.", where=Place(str(table))) from error
        name = f"data/{TABLE_FILE}"
        own = next((asset for asset in self._assets.data() if asset.name == name), None)
        content = own.read() if own is not None else (self._assets.shipped / "data" / TABLE_FILE).read_bytes()
        return read_authorities(content, name)

    def _names(self, collection: Collection) -> list[Name]:
        rows = self._catalogue.rows(collection.store, "system/outside-names")
        return [
            Name(thing, kind.value, name.value, standing.value == "pref")
            for thing, kind, name, standing in rows
            if isinstance(thing, Iri) and isinstance(kind, Literal) and isinstance(name, Literal)
            and isinstance(standing, Literal)
        ]  # fmt: skip

    def _known(self, collection: Collection) -> set[Pair]:
        rows = self._catalogue.rows(collection.store, "system/outside-known")
        return {(thing, target) for thing, target in rows if isinstance(thing, Iri) and isinstance(target, Iri)}


def _fault(row: dict[str, str]) -> str:
    """Say what keeps a row from being followed."""
    relation = row["predicate_id"].removeprefix("skos:").removeprefix(SKOS)
    if not is_iri(row["subject_id"]) or not is_iri(row["object_id"]):
        return "does not name two IRIs"
    if relation not in RELATIONS:
        return f"has {row['predicate_id']!r} between the two, which is none of {', '.join(RELATIONS)}"
    if row["predicate_modifier"] not in ("", _NOT):
        return f"has the modifier {row['predicate_modifier']!r}, which is neither empty nor {_NOT}"
    if not row["reviewer_label"]:
        return "does not say who decided"
    if row["mapping_date"] and not _is_day(row["mapping_date"]):
        return f"has the day {row['mapping_date']!r}, which is not written like 2026-11-30"
    row["predicate_id"] = SKOS + relation
    return ""


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _again(row: dict[str, str], found: dict[Pair, dict[str, str]]) -> str:
    """Say that a row decides again about a pair; of two that differ the one that was rejected holds."""
    before = found.get((Iri(row["subject_id"]), Iri(row["object_id"])))
    if before is None:
        return ""
    if row["predicate_modifier"] == _NOT != before["predicate_modifier"]:
        before.update(row)
        return "rejects what a line before it accepts, so the two are not mapped"
    return "decides again about a pair"
