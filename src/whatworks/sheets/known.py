"""What cells name: concepts by label and code, things by name and key, those of the workbook itself among them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from whatworks.collection import Collection
from whatworks.errors import AmbiguousValue, UnknownValue
from whatworks.lookup import Index, Lookup
from whatworks.namespaces import LABELS, folded
from whatworks.settings import preference
from whatworks.sheets.layout import THINGS, WITH_PARTS, Layout
from whatworks.terms import Iri, Literal, Quad

_CODED = re.compile(r"(.*\S)\s*\(([^()\s]+)\)", re.DOTALL)


class Misfit(Exception):
    """A value that cannot be taken over.

    Attributes:
        message: What is wrong, as the end of a sentence that begins with the value.
        hint: What to write instead.
        expected: What should be there.
        rule: A word for the rule that it breaks.
    """

    def __init__(self, message: str, *, hint: str = "", expected: str = "", rule: str = "value") -> None:
        super().__init__(message)
        self.message, self.hint, self.expected, self.rule = message, hint, expected, rule


class Known:
    """Finds what cells name, and says how it is named in cells.

    Args:
        layout: The sheets.
        lookup: Finds concepts.
        quads: What is said of things; more can be added with `take`.
    """

    def __init__(self, layout: Layout, lookup: Lookup, quads: Iterable[Quad]) -> None:
        self.collection: Collection = layout.collection
        self._space = layout.collection.space
        self._layout = layout
        self._lookup = lookup
        self._concepts: dict[tuple[tuple[str, ...], str], Iri | Misfit] = {}
        self._shown: dict[tuple[tuple[str, ...], Iri], str] = {}
        self._labels: dict[Iri, list[Literal]] = defaultdict(list)
        self._by_name: dict[str, set[Iri]] = defaultdict(set)
        self._there: set[Iri] = set()
        self.take(quads)

    def take(self, quads: Iterable[Quad]) -> None:
        """Take names of things over."""
        for quad in quads:
            if not isinstance(quad.subject, Iri) or "#" in quad.subject:
                continue
            self._there.add(quad.subject)
            if quad.predicate in LABELS and isinstance(quad.object, Literal):
                self._labels[quad.subject].append(quad.object)
                self._by_name[folded(quad.object.value)].add(quad.subject)

    def add(self, thing: Iri) -> None:
        """Note that a thing is there, or will be."""
        self._there.add(thing)

    def has(self, thing: Iri) -> bool:
        """Say whether a thing is there."""
        return thing in self._there

    # ---- concepts ----

    def shown_concept(self, schemes: tuple[str, ...], concept: Iri) -> str:
        """Return how a concept is written in cells: `Pilot (pilot)`."""
        key = (schemes, concept)
        if key not in self._shown:
            shown = next((index.shown(concept) for index in self._indexes(schemes) if concept in index.known), "")
            self._shown[key] = shown or str(concept)
        return self._shown[key]

    def choices(self, schemes: tuple[str, ...]) -> list[str]:
        """Return the concepts of schemes as they are written in cells, by label."""
        known = dict.fromkeys(iri for index in self._indexes(schemes) for iri in sorted(index.known))
        return sorted((self.shown_concept(schemes, iri) for iri in known), key=folded)

    def concept(self, schemes: tuple[str, ...], text: str) -> Iri:
        """Return the concept that a text names.

        Raises:
            Misfit: It names none, or several.
        """
        key = (schemes, text)
        if key not in self._concepts:
            self._concepts[key] = self._concept(schemes, text)
        found = self._concepts[key]
        if isinstance(found, Misfit):
            raise found
        return found

    def _concept(self, schemes: tuple[str, ...], text: str) -> Iri | Misfit:
        misfit = Misfit("names no concept.")
        matched = _CODED.fullmatch(text)
        for scheme in schemes:
            expected = f"a concept of the scheme {scheme}"
            names = [matched[2], text] if matched else [text]
            for name in names:
                try:
                    found = self._lookup.concept(scheme, name)
                except UnknownValue as error:
                    # The hint for what was typed as a whole is better than that for a code within it.
                    hint = error.hint if name == text or misfit.hint == "" else misfit.hint
                    misfit = Misfit(f"is no {scheme.replace('-', ' ')}.", hint=hint, expected=expected, rule="scheme")
                except AmbiguousValue as error:
                    misfit = Misfit("names several concepts.", hint=error.hint, expected=expected, rule="scheme")
                    break
                else:
                    other = matched is not None and name == matched[2] and self._other(scheme, matched[1], found)
                    return other or found
        return misfit

    def _other(self, scheme: str, label: str, found: Iri) -> Misfit | None:
        """Return what is wrong where label and code name two concepts."""
        index = self._lookup.concepts(scheme)
        named = index.find(label)
        if not named or found in named:
            return None
        both = "; ".join(index.shown(iri) for iri in sorted({*named, found}))
        message = "has the label of one concept and the code of another."
        expected = f"a concept of the scheme {scheme}"
        return Misfit(message, hint=f"Say which: {both}.", expected=expected, rule="scheme")

    def _indexes(self, schemes: tuple[str, ...]) -> list[Index]:
        return [self._lookup.concepts(scheme) for scheme in schemes]

    # ---- things ----

    def shown_thing(self, classes: Sequence[Iri], thing: Iri) -> str:
        """Return how a thing is written in cells: `Morning club (morning-club)`."""
        kinds = self._kinds(classes)
        key = self.key_of(thing, kinds)
        names = self._labels.get(thing)
        if not key or not names:
            return key or str(thing)
        return f"{min(names, key=lambda name: preference(name, self._layout.languages)).value} ({key})"

    def key_of(self, thing: Iri, kinds: Sequence[str]) -> str:
        """Return the key of a thing, with its kind before it where the first kind is another; empty if it has none."""
        kind, _, key = thing.removeprefix(f"{self._space.base}id/").partition("/")
        if kind not in kinds or not key or thing != self._space.thing(kind, key):
            return ""
        return key if kind == kinds[0] else f"{kind}/{key}"

    def owner(self, text: str) -> Iri | None:
        """Return the thing with parts that a key stands for, if it is there."""
        return self._keyed(text, WITH_PARTS)

    def thing(self, classes: Sequence[Iri], text: str) -> Iri:
        """Return the thing that a text names by key, name, or both.

        Raises:
            Misfit: It names none, or several.
        """
        kinds = self._kinds(classes)
        matched = _CODED.fullmatch(text)
        for key in [matched[2], text] if matched else [text]:
            if (found := self._keyed(key, kinds)) is not None:
                return found
        starts = tuple(self._space.thing(kind, "") for kind in kinds)
        named = sorted(iri for iri in self._by_name.get(folded(text), ()) if iri.startswith(starts))
        if len(named) == 1:
            return named[0]
        what = " or ".join(self._sheet_name(kind) for kind in kinds)
        if named:
            hint = f"Say which: {'; '.join(self.shown_thing(classes, iri) for iri in named)}."
            raise Misfit("names several things.", hint=hint, expected=f"one {what}", rule="reference")
        near = self._nearest(text, starts, classes)
        told = f"Did you mean: {'; '.join(near)}? Or add it" if near else "Add it"
        raise Misfit(
            f"is no {what.lower()} that is there.",
            hint=f"{told} to the sheet {what}.",
            expected=f"the key or name of a thing of the sheet {what}",
            rule="reference",
        )

    def _keyed(self, text: str, kinds: Sequence[str]) -> Iri | None:
        kind, _, key = text.rpartition("/")
        tried = [self._space.thing(kind, key)] if kind in kinds else [self._space.thing(each, text) for each in kinds]
        return next((iri for iri in (*tried, Iri(text)) if iri in self._there and self.key_of(iri, kinds)), None)

    def _nearest(self, text: str, starts: tuple[str, ...], classes: Sequence[Iri]) -> list[str]:
        from difflib import get_close_matches  # noqa: PLC0415 - needed after a slip only

        names = {name for name, things in self._by_name.items() if any(iri.startswith(starts) for iri in things)}
        close = get_close_matches(folded(text)[:200], sorted(names), n=3, cutoff=0.7)
        things = dict.fromkeys(iri for name in close for iri in sorted(self._by_name[name]) if iri.startswith(starts))
        return [self.shown_thing(classes, iri) for iri in things][:3]

    def _kinds(self, classes: Sequence[Iri]) -> list[str]:
        return sorted({self._layout.kind_of(cls) for cls in classes}, key=list(THINGS.values()).index)

    def _sheet_name(self, kind: str) -> str:
        sheet = self._layout.by_kind(kind)
        return sheet.name if sheet is not None else kind
