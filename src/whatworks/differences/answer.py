"""What is told of two states of a graph: one object, from which the text, the page and what programs read are made."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from whatworks.differences.fields import Difference
from whatworks.results import safe

KINDS = ("changed", "added", "retired", "removed")


class Named(NamedTuple):
    """A thing and what it is called."""

    iri: str
    label: str


class Count(NamedTuple):
    """How many statements came, and how many went."""

    more: int
    fewer: int


@dataclass(frozen=True, slots=True)
class Changed:
    """A thing that is not as it was.

    Attributes:
        kind: changed, added, retired or removed.
        iri: The thing.
        key: The last part of its IRI.
        label: What it is called; as it was, if it is no longer there.
        of_class: What people call its class; empty where it has none.
        of_model: Whether it belongs to the model: a concept, a term or a shape.
        successors: What stands in place of what was retired.
        differences: Its fields that changed.
    """

    kind: str
    iri: str
    key: str
    label: str
    of_class: str
    of_model: bool
    successors: tuple[Named, ...]
    differences: tuple[Difference, ...]

    @property
    def name(self) -> str:
        """The label, with the key where that says more, and the class."""
        key = f" ({self.key})" if self.key != self.label else ""
        return f"{self.label}{key}{f', {self.of_class}' if self.of_class else ''}"


@dataclass(frozen=True, slots=True)
class Differences:
    """What differs between two states.

    Attributes:
        before, after: What the states are called.
        things: The things that are not as they were: those of the data, then those of the model.
        inferred: Statements that rules make.
        computed: Statements about computed links.
        unnamed: Statements about nodes without an IRI.
        moved: How many statements are the same and stand in another graph.
    """

    before: str
    after: str
    things: tuple[Changed, ...]
    inferred: Count
    computed: Count
    unnamed: Count
    moved: int

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.things or self.moved or any((*self.inferred, *self.computed, *self.unnamed)))

    @property
    def counts(self) -> dict[str, int]:
        """How many things are changed, added, retired and removed; those that there are none of are left out."""
        found = Counter(each.kind for each in self.things)
        return {kind: found[kind] for kind in KINDS if found[kind]}

    @property
    def summary(self) -> str:
        """How many things changed, in a sentence."""
        said = ", ".join(f"{count:,} {kind}" for kind, count in self.counts.items())
        if said:
            return f"{said[:1].upper()}{said[1:]}."
        return "Nothing changed but what is worked out from the data." if self else "Nothing changed."

    @property
    def beside(self) -> list[str]:
        """What else differs, a sentence each."""
        said = (
            ("Concluded by rules", self.inferred),
            ("About computed links", self.computed),
            ("About nodes without an IRI", self.unnamed),
        )
        found = [
            f"{what}: {count.more:,} statements more, {count.fewer:,} fewer." for what, count in said if any(count)
        ]
        return [*found, *([f"In another graph than before: {self.moved:,} statements."] if self.moved else [])]

    def groups(self) -> Iterator[tuple[str, bool, list[Changed]]]:
        """Yield the things of each kind, those of the data first; the bool says whether they are of the model."""
        for of_model in (False, True):
            for kind in KINDS:
                if found := [each for each in self.things if each.kind == kind and each.of_model == of_model]:
                    yield kind, of_model, found

    def json(self) -> dict[str, Any]:
        """Return all of it for programs."""
        return {
            "before": self.before,
            "after": self.after,
            "counts": self.counts,
            "things": [
                {**asdict(each), "successors": [named._asdict() for named in each.successors]} for each in self.things
            ],
            "inferred": self.inferred._asdict(),
            "computed": self.computed._asdict(),
            "unnamed": self.unnamed._asdict(),
            "moved": self.moved,
        }

    def write(self, format: str) -> bytes:
        """Return all of it as text or json."""
        if format == "json":
            return (json.dumps(self.json(), ensure_ascii=False, indent=2) + "\n").encode()
        return self._text().encode()

    def _text(self) -> str:
        lines = [f"From {self.before} to {self.after}:", self.summary]
        for kind, of_model, things in self.groups():
            lines += ["", f"{kind.capitalize()}{' in the model' if of_model else ''}"]
            for each in things:
                to = ", ".join(f"{named.label} ({_code(named.iri)})" for named in each.successors)
                lines.append(f"  {safe(each.name)}{f' → {safe(to)}' if to else ''}")
                if kind == "changed":
                    lines += [f"    {safe(str(difference))}" for difference in each.differences]
        beside = self.beside
        return "\n".join([*lines, *([""] if beside else []), *beside]) + "\n"


def _code(iri: str) -> str:
    return iri.rstrip("/#").replace("#", "/").rpartition("/")[2]
