"""The JSON-LD context, compiled: how a property is called in a tree, and how its values are written.

Values are tokens of N-Quads, and written as JSON text at once. What does not fit what the context says is `NotDirect`.
Nodes that have the same properties are written by one `Plan`, so that what only the properties say is worked out once.
"""

import json
import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import lru_cache
from itertools import groupby
from typing import Any, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from whatworks.terms import RDF_TYPE, XSD
from whatworks.trig import natural

Token: TypeAlias = bytes
Tokens: TypeAlias = Token | list[Token]  # nearly all properties have one value
Path: TypeAlias = tuple[Token, ...]
Place: TypeAlias = tuple[int, int]
Key: TypeAlias = tuple[list[tuple[int, str]], str]
T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

NAMED, BARE = (1, 0), (2, 0)  # where in a list what has a tree stands, and what is an IRI or a text only


class NotDirect(Exception):
    """A statement that the direct way does not cover."""


class Made(dict[K, T], Generic[K, T]):
    """A table whose entries are made when they are asked for."""

    def __init__(self, make: Callable[[K], T]) -> None:
        self._make = make

    def __missing__(self, key: K) -> T:
        made = self[key] = self._make(key)
        return made


class Nodes(Protocol):
    """Writes things that others point to.

    Attributes:
        named: Things that are no parts of the node: by their names.
    """

    named: "Made[Token, bytes]"

    def pointed(self, token: Token, path: Path, near: bytes) -> bytes:
        """Return a thing that a node points to."""

    def pointing(self, tokens: list[Token], path: Path) -> list[bytes]:
        """Return records and links that point to the root, in order."""

    def in_order(self, tokens: list[Token], path: Path, near: bytes) -> list[Token]:
        """Return things in the order of a list."""


class Property:
    """A property; one that the context does not have cannot be written.

    Attributes:
        token: Its IRI.
        name: Its name in the context.
        rank: The place of the name in the context.
        many: Whether even one value is written as a list.
        key: The name as it stands before values.
        is_name: Whether things are named by it.
        turned: Where it leads to a thing from its record or link, the token of the property that leads back.
    """

    __slots__ = ("is_name", "key", "many", "name", "rank", "token", "turned")

    def __init__(self, token: Token, name: str, rank: int = 0, *, many: bool = False) -> None:
        self.token, self.name, self.rank, self.many = token, name, rank, many
        self.key = b", " + _quoted(name) + b": "
        self.is_name = False
        self.turned = b""

    def written(self, values: Tokens, path: Path, near: bytes, nodes: Nodes) -> bytes:
        """Return values as JSON.

        Args:
            values: The values, each once.
            path: The nodes that lead here.
            near: How the root begins, with which its parts begin as well.
            nodes: Writes things that are pointed to.

        Raises:
            NotDirect: One does not fit what the context says.
        """
        raise NotDirect(self.name)

    def _list(self, items: list[bytes]) -> bytes:
        return b"[" + b", ".join(items) + b"]" if self.many or len(items) > 1 else items[0]


class _Type(Property):
    """The class of a node."""

    __slots__ = ("_classes",)

    def __init__(self, token: Token, name: str, classes: Mapping[Token, bytes]) -> None:
        super().__init__(token, name, -1)
        self._classes = classes

    def written(self, values: Tokens, path: Path, near: bytes, nodes: Nodes) -> bytes:
        try:
            if not isinstance(values, list):
                return self._classes[values]
            return self._list(sorted(self._classes[value] for value in values))
        except KeyError as error:
            raise NotDirect(str(error)) from error


class _Pointer(Property):
    """A property whose values are things."""

    __slots__ = ()

    def written(self, values: Tokens, path: Path, near: bytes, nodes: Nodes) -> bytes:
        if not isinstance(values, list):
            found = nodes.pointed(values, path, near) if values.startswith(near) else nodes.named[values]
            return b"[" + found + b"]" if self.many else found
        return self._list([nodes.pointed(value, path, near) for value in nodes.in_order(values, path, near)])


class _Turned(_Pointer):
    """What the context turns round: the records and links that point to a thing."""

    __slots__ = ()

    def written(self, values: Tokens, path: Path, near: bytes, nodes: Nodes) -> bytes:
        return self._list(nodes.pointing(values if isinstance(values, list) else [values], path))


class _Literal(Property):
    """A property whose values are literals of one datatype."""

    __slots__ = ("_after", "_bare", "_written")

    def __init__(self, token: Token, name: str, rank: int, datatype: str, *, many: bool = False) -> None:
        super().__init__(token, name, rank, many=many)
        self._after = f"^^<{datatype}>".encode() if datatype else b""
        self._bare = _WITHOUT_QUOTES.get(datatype)
        # Numbers, years and answers come back.
        self._written = Made(self._item).__getitem__ if datatype else self._item

    def written(self, values: Tokens, path: Path, near: bytes, nodes: Nodes) -> bytes:
        if isinstance(values, list):
            in_order = sorted(values, key=lambda value: _key_of_text(value.rpartition(b'"')[0]))
            return self._list([self._written(value) for value in in_order])
        return b"[" + self._written(values) + b"]" if self.many else self._written(values)

    def _item(self, value: Token) -> bytes:
        text, _, after = value.rpartition(b'"')
        if after != self._after or (self._bare is not None and not self._bare.fullmatch(text)):
            raise NotDirect(value.decode())
        if self._bare is not None:
            return text[1:]
        return (_as_json(text) if _BACKSLASH in text else text) + b'"'


class _Texts(Property):
    """A property whose values are texts, written by language."""

    __slots__ = ()

    def written(self, values: Tokens, path: Path, near: bytes, nodes: Nodes) -> bytes:
        if not isinstance(values, list):
            return b'{"%b": %b"}' % _cut(values)
        by_tag: dict[bytes, list[bytes]] = {}
        for tag, text in map(_cut, values):
            by_tag.setdefault(tag, []).append(text)
        items = (
            b'"' + tag + b'": ' + self._list([text + b'"' for text in sorted(by_tag[tag], key=_key_of_text)])
            for tag in sorted(by_tag)
        )
        return b"{" + b", ".join(items) + b"}"


def _compiled(context: Mapping[str, Any]) -> Made[Token, Property]:
    """Return the properties that the context names by their tokens; what it turns round stands under `^` and them."""
    namespaces = {name: value["@id"] for name, value in context.items() if is_prefix(value)}

    def expand(curie: str) -> str:
        prefix, _, local = curie.partition(":")
        return namespaces[prefix] + local if prefix in namespaces else curie

    found: Made[Token, Property] = Made(lambda token: Property(token, token.decode()))
    classes: dict[Token, bytes] = {}
    turned: list[Token] = []
    for rank, (name, value) in enumerate(context.items()):
        if name.startswith("@") or value in ("@id", "@type") or is_prefix(value):
            continue
        said = value if isinstance(value, dict) else {"@id": value}
        token = f"<{expand(said.get('@id') or said['@reverse'])}>".encode()
        kind, many = said.get("@type", ""), said.get("@container") == "@set"
        if "@reverse" in said:
            turned.append(token)
            found[b"^" + token] = _Turned(b"^" + token, name, rank, many=True)
        elif said is not value and name[0].isupper():
            classes[token] = _quoted(name)
        elif said.get("@container") == "@language":
            found[token] = _Texts(token, name, rank)
        elif kind == "@id":
            found[token] = _Pointer(token, name, rank, many=many)
        else:
            found[token] = _Literal(token, name, rank, expand(kind), many=many)
    for token in turned:
        found[token].turned = b"^" + token
    of_type = f"<{RDF_TYPE}>".encode()
    found[of_type] = _Type(of_type, "type", classes)
    return found


def is_prefix(value: Any) -> bool:
    """Say whether an entry of a context declares a prefix."""
    return isinstance(value, dict) and bool(value.get("@prefix"))


class Plan(NamedTuple):
    """How nodes with the same properties are written.

    Attributes:
        properties: The token of each property, once for each of its values.
        shape: What is written of such a node, but for its values.
        steps: For each property, in the order of the context, what writes its values, and which those are.
        names: Places of the values by which the node is named.
        naming: The properties of these values.
        turned: Places of values that lead back to the node, with the property by which they do.
        position: Places of what says where in a list the node stands.
        is_mixed: Whether values of one property stand apart; then it is no plan.
    """

    properties: tuple[Token, ...]
    shape: bytes
    steps: tuple[tuple[Callable[[Any, Path, bytes, Nodes], bytes], Any], ...]
    names: tuple[int, ...]
    naming: tuple[Token, ...]
    turned: tuple[tuple[int, Token], ...]
    position: slice | None
    is_mixed: bool


class Form:
    """The context, and the plans made by it so far; one serves all trees.

    Args:
        context: The JSON-LD context; what it turns round (`@reverse`) leads from a thing to its record and its links.
        labels: The properties by which things are named where another thing points to them.

    Attributes:
        properties: The properties by their tokens.
        plans: The plans by the properties of a node; values of one property stand together.
        namespaces: How the IRIs begin that the context shortens.
    """

    def __init__(self, context: Mapping[str, Any], labels: Iterable[str]) -> None:
        self.namespaces = tuple(f"<{value['@id']}".encode() for value in context.values() if is_prefix(value))
        self.properties = _compiled(context)
        self.plans = Made(self._plan)
        for label in labels:
            self.properties[f"<{label}>".encode()].is_name = True

    def _plan(self, properties: tuple[Token, ...]) -> Plan:
        known = [self.properties[token] for token in properties]
        groups = [list(group) for _, group in groupby(range(len(known)), key=known.__getitem__)]
        is_mixed = len(groups) > len(set(known))
        groups.sort(key=lambda group: known[group[0]].rank)
        steps: list[tuple[Any, int | slice]] = []
        position = None
        for first, *more in groups:
            places = slice(first, first + 1 + len(more))
            written = known[first].written
            steps.append((_several(written), places) if more else (written, first))
            if known[first].name == "position":
                position = places
        names = tuple(place for place, each in enumerate(known) if each.is_name)
        keys = (known[group[0]].key.replace(b"%", b"%%") + b"%b" for group in groups)
        return Plan(
            properties,
            b'{"id": "%b"' + b"".join(keys) + b"}",
            tuple(steps),
            names,
            tuple(properties[place] for place in names),
            tuple((place, each.turned) for place, each in enumerate(known) if each.turned),
            position,
            is_mixed,
        )


def _several(written: Callable[[Tokens, Path, bytes, Nodes], bytes]) -> Callable[[Any, Path, bytes, Nodes], bytes]:
    """Return what writes values of which some may be there twice, in two graphs."""

    def once(values: list[Token], path: Path, near: bytes, nodes: Nodes) -> bytes:
        found = list(dict.fromkeys(values))
        return written(found if len(found) > 1 else found[0], path, near, nodes)

    return once


# ---- texts ----

_INTEGER = re.compile(rb'"(0|-?[1-9][0-9]{0,14})')
_WITHOUT_QUOTES = {XSD + "integer": _INTEGER, XSD + "boolean": re.compile(rb'"(true|false)')}
_BACKSLASH, _QUOTE = b'\\"'  # a number is looked for in bytes much quicker than bytes are
_ESCAPE = re.compile(rb"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")


def _quoted(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False).encode()


def _as_json(text: bytes) -> bytes:
    """Return a text of N-Quads as JSON has it; but for some escapes both write it alike."""
    return _ESCAPE.sub(_escaped, text)


def _escaped(match: re.Match[bytes]) -> bytes:
    found = match.group()
    return found if len(found) == 2 else _quoted(chr(int(found[2:], 16)))[1:-1]


def _cut(value: Token) -> tuple[bytes, bytes]:
    """Return the language tag of a text, and the text as JSON without its last quote."""
    text, at, tag = value.rpartition(b'"@')
    if not at or _QUOTE in tag:
        raise NotDirect(value.decode())
    return tag, _as_json(text) if _BACKSLASH in text else text


# ---- the order of lists ----


def _key_of_text(text: bytes) -> Key:
    """Return the key of a text without its last quote; each text is seen once, so that no key is kept."""
    decoded: str = json.loads(_as_json(text) + b'"') if _BACKSLASH in text else text[1:].decode()
    return natural(decoded), decoded


@lru_cache(maxsize=65536)
def key_of(text: bytes) -> Key:
    """Return the sort key of an IRI, or of its end; IRIs come back, so that their keys are kept."""
    decoded = text.decode()
    return natural(decoded), decoded


@lru_cache(maxsize=1024)
def place_of(value: Token) -> Place:
    """Return the place in a list that a position says."""
    match = _INTEGER.fullmatch(value.rpartition(b'"')[0])
    return (0, int(match[1])) if match else NAMED


def list_key(item: Any) -> tuple[Place, Key]:
    """Return the sort key of an item of a list: by position, then by id or text."""
    if isinstance(item, dict):
        position = item.get("position")
        return (0, position) if isinstance(position, int) else NAMED, key_of(str(item.get("id", "")).encode())
    return BARE, key_of(str(item).encode())
