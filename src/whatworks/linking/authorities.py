"""Tables of what authorities outside know: entries with names, to be compared with concepts, places and agents."""

import csv
import io
from dataclasses import dataclass

from whatworks.errors import ImportRefused, Place
from whatworks.store import decoded
from whatworks.terms import Iri, is_iri

KINDS = ("concept", "place", "agent")
_NEEDED = ("scheme", "kind", "iri")
_NAME = "label"
_TOLD = 5  # so many bad lines are told one by one


@dataclass(frozen=True, slots=True)
class Entry:
    """What an authority knows.

    Attributes:
        iri: Its IRI.
        scheme: The list that it stands in, such as `eurovoc`.
        kind: `concept`, `place` or `agent`; only what is of the same kind is compared.
        names: Its names, in any language.
    """

    iri: Iri
    scheme: str
    kind: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Authorities:
    """The entries of a table, and what a person should know of it."""

    entries: list[Entry]
    notes: list[str]


def read_authorities(content: bytes, name: str) -> Authorities:
    """Return the entries of a CSV table; lines that cannot be used are told and passed over.

    Args:
        content: The table, in UTF-8: columns `scheme`, `kind`, `iri`, and one or several that begin with `label`, such
            as `label_en`; any other columns do not matter.
        name: The name of the file, for messages.

    Raises:
        ImportRefused: A column is missing.
        EncodingFault: The table is not in UTF-8.
    """
    reader = csv.DictReader(io.StringIO(decoded(content, name).removeprefix("\ufeff"), newline=""))
    columns = [column for column in reader.fieldnames or () if column]
    labels = [column for column in columns if column.startswith(_NAME)]
    missing = [column for column in _NEEDED if column not in columns] + ([] if labels else ["label_en"])
    if missing:
        raise ImportRefused(
            f"The table of authorities has no column {', '.join(missing)}.",
            hint="It needs the columns scheme, kind, iri and at least one label, such as label_en.",
            where=Place(name),
        )
    entries, bad = [], []
    for row in reader:
        names = tuple(dict.fromkeys(filter(None, ((row[column] or "").strip() for column in labels))))
        iri, kind = (row["iri"] or "").strip(), (row["kind"] or "").strip()
        if names and is_iri(iri) and kind in KINDS:
            entries.append(Entry(Iri(iri), (row["scheme"] or "").strip(), kind, names))
            continue
        wrong = "no name" if not names else f"the kind {kind!r}" if is_iri(iri) else f"{iri!r}, which is no IRI"
        bad.append(f"line {reader.line_num} has {wrong}")
    notes = []
    if bad:
        told = "; ".join(bad[:_TOLD]) + ("; …" if len(bad) > _TOLD else "")
        notes.append(f"{len(bad)} lines of {name} were passed over: {told}. A kind is one of: {', '.join(KINDS)}.")
    return Authorities(entries, notes)
