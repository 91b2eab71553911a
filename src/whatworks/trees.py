"""JSON-LD trees built straight from N-Quads by the context, without a JSON-LD processor.

A tree is made as text at once: a token of N-Quads is nearly JSON already, so that most texts and IRIs are only cut out
and joined. The reference is framing (`jsonld.Documents.tree`): where a value does not fit the one term that the context
has for its property, `NotDirect` is raised and the reference is asked. Tests compare the bytes of both for every record
and for made ones.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

from whatworks.context import (
    BARE,
    NAMED,
    Key,
    Made,
    NotDirect,
    Path,
    Place,
    Property,
    Token,
    Tokens,
    compiled,
    is_prefix,
    key_of,
    place_of,
)

Stated: TypeAlias = dict[Token, Tokens]  # by property

_KEPT = {"all": True, "labels": False, "": None}
_ANY = b"<"  # all IRIs begin so, and none goes on with `#`: no thing is a part


class Trees:
    """Statements by subject, as tokens of N-Quads, and the trees made of them.

    Args:
        context: The JSON-LD context; what it turns round (`@reverse`) leads from a thing to its record and its links.
        labels: The properties by which things are named where another thing points to them.
    """

    def __init__(self, context: Mapping[str, Any], labels: Iterable[str]) -> None:
        self._said: dict[Token, Stated] = {}
        self._names: dict[Token, Stated] = {}
        self._behind: dict[Token, Stated] = {}
        self._only_inferred: set[Token] = set()  # what is a record or link of a thing in graphs that do not count
        self._named = Made(self._name)
        self._places = Made(self._place)
        self._orders: dict[tuple[Token, ...], list[tuple[Token, Property]]] = {}
        self._namespaces = tuple(f"<{value['@id']}".encode() for value in context.values() if is_prefix(value))
        self._properties = compiled(context, self)
        for label in labels:
            self._properties[f"<{label}>".encode()].is_name = True
        self._position = next((token for token, known in self._properties.items() if known.name == "position"), b"")

    def read(self, lines: Iterable[bytes], keep: Callable[[str], str]) -> None:
        """Take statements in; quickest where those of one subject stand together.

        Args:
            lines: Statements of named graphs as canonical N-Quads, which the engine writes, one a line.
            keep: Says of the token of a graph what counts of it: "all", "labels" or nothing ("").
        """
        with without_circles():
            self._read(lines, keep)

    def _read(self, lines: Iterable[bytes], keep: Callable[[str], str]) -> None:
        kept = Made[bool | None](lambda graph: _KEPT[keep(graph.decode())])
        properties, said = self._properties, self._said
        before, stated = b"", Stated()
        for line in lines:
            subject, predicate, rest = line.split(b" ", 2)
            value, graph, _ = rest.rsplit(b" ", 2)
            whole = kept[graph]
            known = properties[predicate]
            if whole is None:
                if known.turned:
                    self._only_inferred.add(subject)
                continue
            predicate = known.token
            if known.is_name:
                _add(self._names.setdefault(subject, {}), predicate, value)
            if not whole:
                continue
            if known.turned:
                _add(self._behind.setdefault(value, {}), known.turned, subject)
            if subject != before:
                before, stated = subject, said.setdefault(subject, {})
            if predicate in stated:
                _add(stated, predicate, value)
            else:
                stated[predicate] = value

    def subjects(self) -> Iterator[str]:
        """Yield the IRIs of which something is said."""
        return (token[1:-1].decode() for token in self._said if token[:1] == b"<")

    def text(self, thing: str) -> bytes:
        """Return the tree of a thing as JSON on one line.

        Raises:
            NotDirect: A statement of it is not covered.
        """
        root = f"<{thing}>".encode()
        stated = {**self._said.get(root, {}), **self._behind.get(root, {})}
        return self._node(root, stated, (root,), root[:-1])

    def _node(self, token: Token, stated: Stated, path: Path, near: bytes) -> bytes:
        """Return a node with what is stated of it."""
        shape = tuple(stated)
        order = self._orders.get(shape)
        if order is None:
            pairs = ((token, self._properties[token]) for token in shape)
            order = self._orders[shape] = sorted(pairs, key=lambda pair: pair[1].rank)
        written = [b'{"id": "', token[1:-1], b'"']
        for predicate, known in order:
            written.append(known.key)
            written.append(known.written(stated[predicate], path, near))
        written.append(b"}")
        return b"".join(written)

    def pointed(self, token: Token, path: Path, near: bytes) -> bytes:
        """Return a thing that a node points to: its IRI if the node is inside it, its tree if it is a part, its name.

        Args:
            token: The thing.
            path: The nodes that lead to it.
            near: How the root begins, with which its parts begin as well.

        Raises:
            NotDirect: It has no IRI, or one that the context shortens; or framing has a form of its own for it: what
                points at itself, what points at a record or link, and a record or link that points at a part.
        """
        if token.startswith(near):
            if token == path[-1] or (near is _ANY and token.startswith(path[0][:-1] + b"#")):
                raise NotDirect(token.decode())
            if token in path:
                return b'"' + token[1:-1] + b'"'
            if token.startswith(b"#", len(near)) and (stated := self._said.get(token)):
                return self._node(token, stated, (*path, token), near)
        return self._named[token]

    def _name(self, token: Token) -> bytes:
        """Return a thing of which only the names are told, or its IRI where it has none."""
        is_behind = any(self._properties[predicate].turned for predicate in self._said.get(token, ()))
        is_behind |= token in self._only_inferred
        if token[:1] != b"<" or token.startswith(self._namespaces) or is_behind:
            raise NotDirect(token.decode())
        names = self._names.get(token)
        return self._node(token, names, (token,), _ANY) if names else b'"' + token[1:-1] + b'"'

    def pointing(self, tokens: list[Token], path: Path) -> list[bytes]:
        """Return records and links that point to the root, in order: all their statements, but no parts."""
        tokens.sort(key=lambda token: (self._position_of(token), key_of(token[1:-1])))
        return [self._node(token, self._said.get(token, {}), (*path, token), _ANY) for token in tokens]

    def in_order(self, tokens: list[Token], path: Path, near: bytes) -> list[Token]:
        """Return things in the order of a list: by position parts that have one, then what has a tree, then IRIs."""
        for token in tokens:
            if token.startswith(near):
                break
        else:
            return sorted(tokens, key=self._places.__getitem__)
        own = near + b"#"
        # Where the IRIs of all begin alike, the rest is compared: it comes back in other things, so its key is known.
        start = len(own) if min(tokens).startswith(own) and max(tokens).startswith(own) else 1

        def place(token: Token) -> tuple[Place, Key]:
            key = key_of(token[start:-1])
            if token in path:
                return BARE, key
            if token.startswith(own) and token in self._said:
                return self._position_of(token), key
            return self._places[token][0], key

        return sorted(tokens, key=place)

    def _place(self, token: Token) -> tuple[Place, Key]:
        """Return the place in a list of a thing that is only named."""
        return NAMED if token in self._names else BARE, key_of(token[1:-1])

    def _position_of(self, token: Token) -> Place:
        """Return the place in a list of a thing with all its statements."""
        stated = self._said.get(token)
        position = stated.get(self._position) if stated is not None else None
        return place_of(position) if isinstance(position, bytes) else NAMED


def _add(stated: Stated, predicate: Token, value: Token) -> None:
    """Note one more value of a property; what is there already counts once."""
    values = stated.setdefault(predicate, value)
    if isinstance(values, list):
        if value not in values:
            values.append(value)
    elif values != value:
        stated[predicate] = [values, value]


@contextmanager
def without_circles() -> Iterator[None]:
    """Do not look for values that hold each other while many are made that do not; it took a seventh of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
