"""Finds the thing of a name by asking the store for that name alone; to read all names takes long where there are many.

A probe finds what the index of all names would find (`lookup.py`), or nothing, and then the index has to be asked:
where no thing is found, and where several are. A name is tried in the usual spellings, without a language, in the
preferred ones and in all of the scheme of languages; another thing that has it in odd capitals is not noticed.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property

from whatworks.collection import Collection
from whatworks.namespaces import IDENTIFIER, IN_SCHEME, NAME, NOTATION, PREF_LABEL, SKOS, TITLE, VOC, folded
from whatworks.terms import Iri, Literal, Node, is_iri

_IN_A_LANGUAGE = (TITLE, PREF_LABEL, Iri(SKOS + "altLabel"))
_IN_NONE = (IDENTIFIER, NOTATION, NAME)
_LONGEST = 1000  # so many characters have names that are asked for in all their spellings
_HALF = re.compile(r"[\ud800-\udfff]")


class Probes:
    """Asks one collection for single names."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    def concept(self, scheme: Iri, value: str) -> Iri | None:
        """Return the one concept of a scheme with this code, else the one with this notation."""
        match, wanted = self._collection.store.match, folded(value)
        concepts = [quad.subject for quad in match(None, IN_SCHEME, scheme) if isinstance(quad.subject, Iri)]
        found = {concept for concept in concepts if concept.code.casefold() == wanted}
        if not found:
            notations = (quad for concept in concepts for quad in match(concept, NOTATION))
            found = {Iri(quad.subject) for quad in notations if _is_text(quad.object, wanted)}
        return found.pop() if len(found) == 1 else None

    def thing(self, kinds: Sequence[str], value: str) -> Iri | None:
        """Return the one thing with this key or name, if it is of these kinds and nothing else has the name."""
        space, found = self._collection.space, set()
        unnamed = tuple(space.thing(kind, "") for kind in ("record", "collection", "link"))
        for text in _spellings(value):
            for node in (*self._with_code(text), *self._with_name(text)):
                is_part = isinstance(node, Iri) and node.startswith(space.base) and "#" in node
                if not is_part and not (isinstance(node, Iri) and node.startswith(unnamed)):
                    found.add(node)
        iri = found.pop() if len(found) == 1 else None
        return iri if isinstance(iri, Iri) and iri.startswith(tuple(space.thing(kind, "") for kind in kinds)) else None

    def _with_code(self, text: str) -> Iterator[Iri]:
        """Yield the things with this key, and the concepts with this code."""
        space = self._collection.space
        keyed = (space.thing(kind, text) for kind in ("intervention", "resource", "agent"))
        coded = (Iri(f"{namespace}{text}") for namespace in self._schemes)
        for iri in (*keyed, *coded):
            if is_iri(iri) and next(self._collection.store.match(iri), None) is not None:
                yield iri

    def _with_name(self, text: str) -> Iterator[Node]:
        match = self._collection.store.match
        for naming in _IN_NONE:
            yield from (quad.subject for quad in match(None, naming, Literal(text)))
        for naming in _IN_A_LANGUAGE:
            yield from (quad.subject for quad in match(None, naming, Literal(text)))
            for language in self._languages:
                yield from (quad.subject for quad in match(None, naming, Literal.text(text, language)))

    @cached_property
    def _schemes(self) -> list[str]:
        return [namespace for namespace in self._collection.prefixes.table.values() if namespace.startswith(VOC)]

    @cached_property
    def _languages(self) -> list[str]:
        """The languages in which a name may be: the preferred ones, and those of the scheme by their short codes."""
        match = self._collection.store.match
        concepts = [quad.subject for quad in match(None, IN_SCHEME, Iri(VOC + "language"))]
        codes = (quad.object for concept in concepts for quad in match(concept, NOTATION))
        short = (code.value for code in codes if isinstance(code, Literal) and code.value.islower())
        return list(dict.fromkeys((*self._collection.settings.languages, "en", "und", *short)))


def _is_text(term: object, wanted: str) -> bool:
    return isinstance(term, Literal) and folded(term.value) == wanted


def _spellings(value: str) -> list[str]:
    """Return a name as it is typed, and as it is usually written: in small and large letters, with capitals."""
    text = " ".join(value.split())
    if not text or len(text) > _LONGEST or _HALF.search(text):
        return []
    usual = (text.lower(), text.upper(), text.title(), text.capitalize(), text[0].upper() + text[1:])
    return list(dict.fromkeys((text, *usual)))
