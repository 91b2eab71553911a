"""Files that are checked as if they were part of the data."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from whatworks.collection import owner_of
from whatworks.errors import MissingFile
from whatworks.formats import by_file
from whatworks.namespaces import LABELS, NOTATION, TOPIC
from whatworks.store import Given as Statements
from whatworks.store import Ground, decoded, parse
from whatworks.terms import BlankNode, Iri, Literal, Node, Triple

_NAMES = {*LABELS, NOTATION}


class Given:
    """What files say, and of which things that stands instead of what the data says.

    Args:
        with_texts: Whether the texts will be asked for.

    Attributes:
        statements: The statements.
        owners: The IRIs of things, and the names of blank nodes, that the files describe.
        files: The files that describe a thing, by its IRI.
        texts: The files' texts, by their names.
    """

    def __init__(self, *, with_texts: bool = True) -> None:
        self._with_texts = with_texts
        self.statements = Statements()
        self.owners: set[str] = set()
        self.files: dict[str, list[str]] = {}
        self.texts: dict[str, str] = {}

    def read(self, path: Path, ground: Ground, base: str, contexts: Mapping[str, Any]) -> None:
        """Take a file in; a thing that it only names, and that the ground describes, stays as the ground has it.

        Raises:
            InputError: The file cannot be read.
        """
        try:
            data = path.read_bytes()
        except OSError as error:
            raise MissingFile(
                f"{path} cannot be read: {error.strerror}.", hint="Check the name of the file."
            ) from error
        name = str(path)
        quads = parse(data, by_file(name).name, name=name, base=base, contexts=contexts)
        if self._with_texts:
            self.texts[name] = decoded(data, name)
        said: dict[Node, set[str]] = {}
        for quad in quads:
            said.setdefault(owner_of(quad.subject) or quad.subject, set()).add(quad.predicate)
        for thing, predicates in said.items():
            is_described = owner(thing) in self.files or ground.has(thing)
            self.files.setdefault(owner(thing), []).append(name)
            if not (predicates <= _NAMES and is_described):
                self.owners.add(owner(thing))
        self.statements.add(quads)

    def nodes(self, ground: Ground) -> list[Node]:
        """Return what the files describe, with all parts and with the records about it.

        Args:
            ground: The ground with the given statements in their places.
        """
        found = dict.fromkeys(_nodes_of(self.owners, self.statements))
        return with_parts(found, ground)

    def changed(self, ground: Ground) -> list[Triple]:
        """Return the given statements, and those that they stand instead of: a thing may break without the latter.

        Args:
            ground: The ground without the given statements.
        """
        found = dict.fromkeys(self.statements)
        named = dict.fromkeys(_nodes_of(self.owners, found))
        for node in with_parts(named, ground):
            if owner(node) in self.owners:
                found |= dict.fromkeys(ground.match(node))
        return list(found)


def owner(node: Node) -> str:
    """Return the thing that a node belongs to: its IRI, or its name where it has none."""
    return node.name if isinstance(node, BlankNode) else str(owner_of(node))


def _nodes_of(owners: set[str], triples: Iterable[Triple]) -> Iterator[Node]:
    for triple in triples:
        for term in (triple.subject, triple.object):
            if not isinstance(term, Literal) and owner(term) in owners:
                yield term


def with_parts(nodes: Iterable[Node], ground: Ground) -> list[Node]:
    """Return nodes with the things that they belong to, those things' parts, and the records about them."""
    found = dict.fromkeys(nodes)
    things = dict.fromkeys(thing for node in found if isinstance(node, Iri) and (thing := owner_of(node)))
    records = [triple.subject for thing in things for triple in ground.match(None, TOPIC, thing)]
    found |= dict.fromkeys([*things, *records])
    waiting = list(found)
    while waiting:
        node = waiting.pop()
        for triple in ground.match(node):
            value = triple.object
            if value not in found and not isinstance(value, Literal) and _belongs(value, node):
                found[value] = None
                waiting.append(value)
    return list(found)


def _belongs(value: Node, node: Node) -> bool:
    return isinstance(value, BlankNode) or owner(value) == owner(node)
