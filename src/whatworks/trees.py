"""JSON-LD trees built straight from N-Quads by the context, without a JSON-LD processor.

A tree is made as text at once: a token of N-Quads is nearly JSON already, so that most texts and IRIs are only cut out
and joined. The reference is framing (`jsonld.Documents.tree`): where a value does not fit the one term that the context
has for its property, `NotDirect` is raised and the reference is asked. Tests compare the bytes of both for every record
and for made ones.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from whatworks.circles import without_circles
from whatworks.context import (
    BARE,
    NAMED,
    Form,
    Key,
    Made,
    NotDirect,
    Path,
    Place,
    Plan,
    Token,
    Tokens,
    key_of,
    place_of,
)

# How a node is written, and its values in the order of the plan's properties; what leads back to it is a list.
Stated: TypeAlias = tuple[Plan, list[Tokens]]

_KEPT = {"all": True, "labels": False, "": None}
_ANY = b"<"  # all IRIs begin so, and none goes on with `#`: no thing is a part


class Trees:
    """Statements by subject, as tokens of N-Quads, and the trees made of them.

    Args:
        form: The JSON-LD context, compiled.
    """

    def __init__(self, form: Form) -> None:
        self._form = form
        self._said: dict[Token, Stated] = {}
        self._names: dict[Token, dict[tuple[Token, Token], None]] = {}  # of graphs of which labels count only
        self._behind: dict[Token, dict[Token, dict[Token, None]]] = {}  # what leads back to a thing, by property
        self._apart: dict[Token, tuple[list[Token], list[Tokens]]] = {}  # what stood elsewhere, while lines are read
        self._only_inferred: set[Token] = set()  # what is a record or link of a thing in graphs that do not count
        self.named = Made(self._name)
        self._places = Made(self._place)

    def read(self, lines: Iterable[bytes], keep: Callable[[str], str]) -> None:
        """Take statements in; quickest where those of one subject stand together.

        Args:
            lines: Statements of named graphs as canonical N-Quads, which the engine writes, one a line.
            keep: Says of the token of a graph what counts of it: "all", "labels" or nothing ("").
        """
        with without_circles():
            self._read(lines, keep)

    def _read(self, lines: Iterable[bytes], keep: Callable[[str], str]) -> None:
        kept: Made[Token, bool | None] = Made(lambda graph: _KEPT[keep(graph.decode())])
        known = self._form.properties
        before = b""
        predicates: list[Token] = []
        values: list[Tokens] = []
        for line in lines:
            subject, predicate, rest = line.split(b" ", 2)
            value, graph, _ = rest.rsplit(b" ", 2)
            if subject != before:
                if values:
                    self._take(before, predicates, values)
                    predicates, values = [], []
                before = subject
            whole = kept[graph]
            if whole:
                predicates.append(predicate)
                values.append(value)
            elif whole is not None:
                if known[predicate].is_name:
                    self._names.setdefault(subject, {})[predicate, value] = None
            elif known[predicate].turned:
                self._only_inferred.add(subject)
        if values:
            self._take(before, predicates, values)
        for subject, (more, others) in list(self._apart.items()):
            plan, said = self._said.pop(subject)
            self._take(subject, [*plan.properties, *more], [*said, *others])
        self._apart.clear()

    def _take(self, subject: Token, predicates: list[Token], values: list[Tokens]) -> None:
        """Note what stands together of a subject; values of one property are brought together."""
        if subject in self._said:
            known = self._apart.setdefault(subject, ([], []))
            known[0].extend(predicates)
            known[1].extend(values)
            return
        plan = self._form.plans[tuple(predicates)]
        if plan.is_mixed:
            order = sorted(range(len(predicates)), key=predicates.__getitem__)
            plan = self._form.plans[tuple(predicates[place] for place in order)]
            values = [values[place] for place in order]
        self._said[subject] = plan, values
        for place, turned in plan.turned:
            value = values[place]
            assert isinstance(value, bytes)  # noqa: S101 - only what leads back is a list
            self._behind.setdefault(value, {}).setdefault(turned, {})[subject] = None

    def subjects(self) -> Iterator[str]:
        """Yield the IRIs of which something is said."""
        return (token[1:-1].decode() for token in self._said if token[:1] == b"<")

    def text(self, thing: str) -> bytes:
        """Return the tree of a thing as JSON on one line.

        Raises:
            NotDirect: A statement of it is not covered.
        """
        root = f"<{thing}>".encode()
        behind = self._behind.get(root)
        stated = self._said.get(root)
        if behind is not None or stated is None:
            plan, values = stated or (self._form.plans[()], [])
            behind = behind or {}
            plan = self._form.plans[(*plan.properties, *behind)]
            stated = plan, [*values, *map(list, behind.values())]
        return self._node(root, stated, (root,), root[:-1])

    def _node(self, token: Token, stated: Stated, path: Path, near: bytes) -> bytes:
        """Return a node with what is stated of it."""
        plan, values = stated
        written = [written(values[place], path, near, self) for written, place in plan.steps]
        return plan.shape % (token[1:-1], *written)

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
        return self.named[token]

    def _name(self, token: Token) -> bytes:
        """Return a thing of which only the names are told, or its IRI where it has none."""
        stated = self._said.get(token)
        is_behind = stated is not None and bool(stated[0].turned)
        is_behind |= token in self._only_inferred
        if token[:1] != b"<" or token.startswith(self._form.namespaces) or is_behind:
            raise NotDirect(token.decode())
        if stated is not None and token not in self._names:
            plan, values = stated
            naming, found = plan.naming, [values[place] for place in plan.names]
        else:
            names = self._names_of(token)
            naming, found = tuple(predicate for predicate, _ in names), [value for _, value in names]
        if not found:
            return b'"' + token[1:-1] + b'"'
        return self._node(token, (self._form.plans[naming], found), (token,), _ANY)

    def _names_of(self, token: Token) -> list[tuple[Token, Token]]:
        """Return the names of a thing in all graphs, with their properties, those of one property together."""
        found = dict(self._names.get(token, {}))
        if token in self._said:
            plan, values = self._said[token]
            found.update({(plan.properties[place], values[place]): None for place in plan.names})  # type: ignore[misc]
        return sorted(found, key=lambda each: each[0])

    def pointing(self, tokens: list[Token], path: Path) -> list[bytes]:
        """Return records and links that point to the root, in order: all their statements, but no parts."""
        in_order = sorted(tokens, key=lambda token: (self._position_of(token), key_of(token[1:-1])))
        return [self._node(token, self._said[token], (*path, token), _ANY) for token in in_order]

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
        return NAMED if self._names_of(token) else BARE, key_of(token[1:-1])

    def _position_of(self, token: Token) -> Place:
        """Return the place in a list of a thing with all its statements."""
        plan, values = self._said[token]
        if plan.position is None:
            return NAMED
        position, *more = values[plan.position]
        return place_of(position) if isinstance(position, bytes) and all(one == position for one in more) else NAMED
