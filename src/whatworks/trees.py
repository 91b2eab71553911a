"""JSON-LD trees built straight from N-Quads by the context, without a JSON-LD processor.

The reference is framing (`jsonld.Documents.tree`): where a value does not fit the one term that the context has for
its property, `NotDirect` is raised and the reference is asked. A test compares the bytes of both for every record.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from whatworks.terms import LANG_STRING, RDF_TYPE, XSD, XSD_STRING
from whatworks.trig import natural

_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"(?:@([A-Za-z0-9-]+)|\^\^<([^<>]*)>)?', re.DOTALL)
_LONG_ESCAPE = re.compile(r"\\U([0-9A-Fa-f]{8})")
_TYPE = f"<{RDF_TYPE}>"
_INTEGER, _BOOLEAN = XSD + "integer", XSD + "boolean"

Statement = tuple[str, str]


class NotDirect(Exception):
    """A statement that the direct way does not cover."""


@dataclass(frozen=True, slots=True)
class _Term:
    """What the context says of a property: its name, place, type coercion, and whether it is always a list."""

    name: str
    rank: int
    coercion: str
    many: bool


class Trees:
    """Statements by subject, as tokens of N-Quads, and the trees made of them.

    Args:
        context: The JSON-LD context; what it turns round (`@reverse`) leads from a thing to its record and its links.
        labels: The properties by which things are named where another thing points to them.
    """

    def __init__(self, context: Mapping[str, Any], labels: tuple[str, ...]) -> None:
        self._statements: dict[str, list[Statement]] = defaultdict(list)
        self._names: dict[str, list[Statement]] = defaultdict(list)
        self._behind: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._labels = frozenset(f"<{label}>" for label in labels)
        self._named: dict[str, Any] = {}
        self._terms: dict[str, _Term] = {}
        self._classes: dict[str, str] = {}
        self._reversed: dict[str, _Term] = {}
        self._prefixes = {
            value["@id"]: name for name, value in context.items() if isinstance(value, dict) and value.get("@prefix")
        }
        namespaces = {name: iri for iri, name in self._prefixes.items()}
        for rank, (name, value) in enumerate(context.items()):
            self._compile(name, value, rank, namespaces)

    def _compile(self, name: str, value: Any, rank: int, namespaces: Mapping[str, str]) -> None:
        def expand(curie: str) -> str:
            prefix, _, local = curie.partition(":")
            return f"<{namespaces[prefix]}{local}>" if prefix in namespaces else f"<{curie}>"

        if name.startswith("@") or value in ("@id", "@type") or (isinstance(value, dict) and value.get("@prefix")):
            return
        if isinstance(value, str):
            if name[0].isupper():
                self._classes[expand(value)] = name
            else:
                self._terms[expand(value)] = _Term(name, rank, "", many=False)
            return
        container = value.get("@container", "")
        if "@reverse" in value:
            self._reversed[expand(value["@reverse"])] = _Term(name, rank, "@id", many=True)
            return
        kind = value.get("@type", "")
        coercion = "@language" if container == "@language" else kind if kind in ("", "@id") else expand(kind)[1:-1]
        self._terms[expand(value["@id"])] = _Term(name, rank, coercion, container == "@set")

    def read(self, nquads: str, keep: Callable[[str], str]) -> None:
        """Take statements in; `keep` says of a graph's token whether all of it, only labels, or nothing counts.

        Args:
            nquads: Statements of named graphs, one a line, as the engine writes them.
            keep: Returns "all", "labels" or "" for the token of a graph.
        """
        decided: dict[str, str] = {}
        for line in nquads.splitlines():
            subject, predicate, rest = line.split(" ", 2)
            value, _, graph = rest[:-2].rpartition(" ")
            kept = decided.get(graph)
            if kept is None:
                kept = decided[graph] = keep(graph)
            if not kept:
                continue
            if predicate in self._labels:
                self._names[subject].append((predicate, value))
            if kept == "all":
                self._statements[subject].append((predicate, value))
                if predicate in self._reversed:
                    self._behind[value].append((predicate, subject))

    def tree(self, thing: str) -> dict[str, Any]:
        """Return the tree of a thing.

        Raises:
            NotDirect: A statement of it is not covered.
        """
        root = f"<{thing}>"
        found = self._node(root, (root,), thing + "#")
        for predicate, subject in self._behind.get(root, ()):
            term = self._reversed[predicate]
            found.setdefault(term.name, []).append(self._node(subject, (root, subject), "\0"))
        ranks = {term.name: term.rank for term in self._reversed.values()}
        for name in ranks.keys() & found.keys():
            found[name].sort(key=list_key)
        return _in_order(found, ranks, self._terms)

    def _node(self, token: str, path: tuple[str, ...], own: str) -> dict[str, Any]:
        """Return a node with all its statements; what belongs to it (`own`) is embedded, others are only named."""
        node: dict[str, Any] = {"id": token[1:-1]}
        by_property: dict[str, list[str]] = defaultdict(list)
        for predicate, value in self._statements.get(token, ()):
            values = by_property[predicate]
            if value not in values:
                values.append(value)
        types = by_property.pop(_TYPE, None)
        if types:
            named = sorted(self._class(each) for each in types)
            node["type"] = named[0] if len(named) == 1 else named
        terms = self._terms
        try:
            ordered = sorted((terms[predicate].rank, predicate) for predicate in by_property)
        except KeyError as error:
            raise NotDirect(str(error)) from error
        for _, predicate in ordered:
            term = terms[predicate]
            node[term.name] = self._values(term, by_property[predicate], path, own)
        return node

    def _class(self, token: str) -> str:
        if token not in self._classes:
            raise NotDirect(token)
        return self._classes[token]

    def _values(self, term: _Term, values: list[str], path: tuple[str, ...], own: str) -> Any:
        if term.coercion == "@language":
            return _by_language(values)
        if term.coercion == "@id":
            found = [self._pointed(value, path, own) for value in values]
        else:
            found = [_literal(value, term.coercion) for value in values]
        if len(found) == 1:
            return found if term.many else found[0]
        return sorted(found, key=list_key)

    def _pointed(self, token: str, path: tuple[str, ...], own: str) -> Any:
        if token[0] != "<":
            raise NotDirect(token)
        if token in path:
            return token[1:-1]
        if token.startswith(own, 1):
            return self._node(token, (*path, token), own)
        if token not in self._named:
            self._named[token] = self._name(token)
        return self._named[token]

    def _name(self, token: str) -> Any:
        """Return a thing of which only the names are told: its labels, or its IRI where it has none."""
        iri = token[1:-1]
        if any(iri.startswith(namespace) for namespace in self._prefixes):
            raise NotDirect(token)
        names = self._names.get(token)
        if not names:
            return iri
        by_property: dict[str, list[str]] = defaultdict(list)
        for predicate, value in dict.fromkeys(names):
            by_property[predicate].append(value)
        if not by_property.keys() <= self._terms.keys():
            raise NotDirect(token)
        node: dict[str, Any] = {"id": iri}
        for term, values in sorted(((self._terms[each].rank, each), found) for each, found in by_property.items()):
            node[self._terms[term[1]].name] = self._values(self._terms[term[1]], values, (token,), "\0")
        return node


def _in_order(node: dict[str, Any], ranks: Mapping[str, int], terms: Mapping[str, _Term]) -> dict[str, Any]:
    known = {term.name: term.rank for term in terms.values()} | dict(ranks)
    head = [key for key in ("id", "type") if key in node]
    return {key: node[key] for key in [*head, *sorted((key for key in node if key not in head), key=known.__getitem__)]}


@lru_cache(maxsize=65536)
def _parsed(token: str) -> tuple[str, str, str]:
    """Return text, language and datatype of a literal's token."""
    match = _LITERAL.fullmatch(token)
    if match is None:
        raise NotDirect(token)
    text = match[1]
    if "\\" in text:
        text = json.loads(
            f'"{_LONG_ESCAPE.sub(lambda found: json.dumps(chr(int(found[1], 16)))[1:-1], text)}"', strict=False
        )
    return text, match[2] or "", match[3] or (LANG_STRING if match[2] else XSD_STRING)


def _by_language(values: list[str]) -> dict[str, Any]:
    found: dict[str, list[str]] = defaultdict(list)
    for value in values:
        text, language, _ = _parsed(value)
        if not language:
            raise NotDirect(value)
        found[language].append(text)
    return {tag: texts[0] if len(texts) == 1 else sorted(texts, key=list_key) for tag, texts in sorted(found.items())}


def _literal(value: str, coercion: str) -> Any:
    text, _, datatype = _parsed(value)
    if datatype != (coercion or XSD_STRING):
        raise NotDirect(value)
    if coercion == _INTEGER:
        if len(text) > 15 or str(int(text)) != text:
            raise NotDirect(value)
        return int(text)
    if coercion == _BOOLEAN:
        if text not in ("true", "false"):
            raise NotDirect(value)
        return text == "true"
    return text


@lru_cache(maxsize=65536)
def _natural(text: str) -> Any:
    return natural(text)


def list_key(item: Any) -> tuple[Any, ...]:
    """Return the sort key of an item of a list: by position, then by id or text."""
    if isinstance(item, dict):
        position = item.get("position")
        placed = isinstance(position, int)
        return (0 if placed else 1, position if placed else 0, _natural(str(item.get("id", ""))))
    return (2, 0, _natural(str(item)))
