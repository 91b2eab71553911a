"""JSON-LD documents: one tree for each thing, with short names, numbers as numbers and texts by language.

The context and the frames are files of the model. Statements are framed by PyLD, offline: the only context that can
be named is the bundled one. Framing must not lose or choose facts; the tests read every document back.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from whatworks.assets import Assets
from whatworks.circles import without_circles
from whatworks.context import Form, NotDirect, list_key
from whatworks.errors import MissingFile, RemoteContext
from whatworks.namespaces import LINK_FROM, LINK_TO, TOPIC
from whatworks.store import serialize
from whatworks.terms import RDF_TYPE, XSD, BlankNode, Iri, Quad, Term
from whatworks.trees import Trees

CONTEXT = "https://w3id.org/whatworks/context/v1.jsonld"
# The properties that the context turns round, so that a thing leads to its record and its links.
_REVERSED = (TOPIC, LINK_FROM, LINK_TO)

# What a node without an IRI is called while statements are framed.
_STAND_IN = "urn:x-blank:"


class Documents:
    """Frames statements with the model's context."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets
        self._forms: dict[tuple[Iri, ...], Form] = {}

    @cached_property
    def contexts(self) -> dict[str, Any]:
        """The bundled contexts by their IRIs; no other context is ever read."""
        return {CONTEXT: self._file("context.jsonld")["@context"]}

    @cached_property
    def _rank(self) -> dict[str, int]:
        return {term: index for index, term in enumerate(self.contexts[CONTEXT])}

    def _file(self, name: str) -> Any:
        for asset in self._assets.ontology():
            if asset.name == f"ontology/{name}":
                return json.loads(asset.read())
        raise MissingFile(f"The model has no file ontology/{name}.", hint="Install the package again.")

    def tree(self, quads: Iterable[Quad], thing: Iri) -> dict[str, Any]:
        """Return the statements as one tree rooted at `thing`, without its context."""
        from pyld import jsonld  # noqa: PLC0415 - costs 0.2 s to import and is needed here only

        expanded = json.loads(serialize(dict.fromkeys(quad._replace(graph=None) for quad in quads), "jsonld"))
        frame = {**self._file("frames/thing.jsonld"), "id": str(thing)}
        options = {"documentLoader": self._load_context, "pruneBlankNodeIdentifiers": True, "omitGraph": True}
        framed = jsonld.frame([_native(node) for node in expanded], frame, options)
        framed.pop("@context", None)
        return dict(self._ordered(framed))

    def trees(self, quads: Iterable[Quad]) -> list[bytes]:
        """Return any statements as trees that together hold all of them, each written on one line.

        Roots are first the things that records are about, then what nothing points to, then what is left.
        """
        by_subject: dict[Term, list[Quad]] = defaultdict(list)
        for quad in map(_with_names, quads):
            by_subject[quad.subject].append(quad)
        every = [quad for of_subject in by_subject.values() for quad in of_subject]
        pointed = {quad.object for quad in every}
        topics = [quad.object for quad in every if quad.predicate == _REVERSED[0]]
        behind: dict[Term, list[Term]] = defaultdict(list)
        for quad in every:
            if quad.predicate in _REVERSED:
                behind[quad.object].append(quad.subject)
        candidates = [*topics, *(subject for subject in by_subject if subject not in pointed), *by_subject]
        trees: list[dict[str, Any]] = []
        covered: set[Term] = set()
        for root in dict.fromkeys(candidates):
            if isinstance(root, Iri) and root in by_subject and root not in covered:
                nodes = _reached(root, by_subject, behind.get(root, ()))
                covered |= nodes
                trees.append(self.tree([quad for node in nodes for quad in by_subject.get(node, ())], root))
        return [on_a_line(tree) for tree in _without_names(trees)]

    def read(self, nquads: Iterable[bytes], labels: Iterable[Iri], keep: Callable[[str], str]) -> Trees:
        """Return statements from which trees are made straight.

        Args:
            nquads: Statements of named graphs, one a line, as the engine writes them.
            labels: The properties by which things are named.
            keep: What counts of a graph; see `Trees.read`.
        """
        names = tuple(labels)
        if names not in self._forms:
            self._forms[names] = Form(self.contexts[CONTEXT], names)
        trees = Trees(self._forms[names])
        trees.read(nquads, keep)
        return trees

    def written(
        self, trees: Trees, things: Iterable[Iri], reference: Callable[[Iri], dict[str, Any]]
    ) -> Iterator[bytes]:
        """Yield the tree of each thing as JSON on one line; where it cannot be made straight, it is `reference`."""
        for thing in things:
            try:
                yield trees.text(thing)
            except NotDirect:
                yield on_a_line(reference(thing))

    def document(self, trees: Iterable[bytes], *, single: bool) -> bytes:
        """Return trees, written as JSON, as one document: one tree, indented; or many under `@graph`, a line each."""
        with without_circles():
            found = list(trees)
        if single and len(found) == 1:
            return (
                json.dumps({"@context": CONTEXT} | json.loads(found[0]), ensure_ascii=False, indent=2) + "\n"
            ).encode()
        return b"".join(self.pieces(found))

    @staticmethod
    def pieces(trees: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces of a document of many trees, which need not be in memory at the same time."""
        before = b'{"@context": ' + on_a_line(CONTEXT) + b', "@graph": [\n'
        for tree in trees:
            yield before + tree
            before = b",\n"
        yield b"\n]}\n" if before == b",\n" else before + b"\n]}\n"

    def _load_context(self, url: str, _options: Any) -> dict[str, Any]:
        if url not in self.contexts:
            raise RemoteContext(f"The context {url!r} is not bundled and is not fetched.")
        return {
            "contentType": "application/ld+json",
            "contextUrl": None,
            "documentUrl": url,
            "document": {"@context": self.contexts[url]},
        }

    def _ordered(self, value: Any) -> Any:
        """Order keys as the context lists them and lists by position, then by id."""
        if isinstance(value, list):
            return sorted((self._ordered(item) for item in value), key=list_key)
        if isinstance(value, dict):
            keys = sorted(value, key=lambda key: (self._rank.get(key, len(self._rank)), key))
            return {key: self._ordered(value[key]) for key in keys}
        return value


def on_a_line(value: Any) -> bytes:
    """Return a value as JSON on one line."""
    return json.dumps(value, ensure_ascii=False).encode()


def _reached(root: Iri, by_subject: Mapping[Term, list[Quad]], behind: Iterable[Term]) -> set[Term]:
    """Return the nodes that a tree from `root` holds: what it leads to, and the records and links about it."""
    nodes: set[Term] = {root}
    waiting: list[Term] = [root, *behind]
    while waiting:
        node = waiting.pop()
        nodes.add(node)
        waiting += [
            quad.object for quad in by_subject.get(node, ()) if quad.object not in nodes and quad.object in by_subject
        ]
    return nodes


def _with_names(quad: Quad) -> Quad:
    """Give nodes without IRIs stand-ins, so that each stays one node though several trees hold it."""
    subject, value = (
        Iri(_STAND_IN + node.name) if isinstance(node, BlankNode) else node for node in (quad.subject, quad.object)
    )
    return Quad(subject if isinstance(subject, Iri) else quad.subject, quad.predicate, value)


def _without_names(trees: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Take the stand-ins out again; only a node that is spoken of more than once keeps a name, within the document."""
    uses: Counter[str] = Counter()

    def count(value: Any) -> None:
        if isinstance(value, list | dict):
            for item in value.values() if isinstance(value, dict) else value:
                count(item)
        elif isinstance(value, str) and value.startswith(_STAND_IN):
            uses[value] += 1

    names: dict[str, str] = {}

    def written(value: Any) -> Any:
        if isinstance(value, list):
            return [written(item) for item in value]
        if isinstance(value, dict):
            kept = (item for item in value.items() if item[0] != "id" or uses[item[1]] != 1)
            return {key: written(item) for key, item in kept}
        if isinstance(value, str) and value in uses:
            return names.setdefault(value, f"_:b{len(names)}")
        return value

    count(trees)
    return [written(tree) for tree in trees] if uses else trees


def _native(value: Any) -> Any:
    """Write whole numbers and truth values as JSON has them; decimals stay text, which keeps their digits."""
    if isinstance(value, list):
        return [_native(item) for item in value]
    if not isinstance(value, dict):
        return value
    if (classes := value.pop(RDF_TYPE, None)) is not None:
        # The engine writes the type of a node as an ordinary property; as such a text remains.
        named = [each["@id"] for each in classes if "@id" in each]
        texts = [each for each in classes if "@id" not in each]
        value = {**value, **({"@type": named} if named else {}), **({RDF_TYPE: texts} if texts else {})}
    text, datatype = value.get("@value"), value.get("@type")
    if datatype == XSD + "integer" and isinstance(text, str) and str(_integer(text)) == text:
        return {**value, "@value": int(text)}
    if datatype == XSD + "boolean" and text in ("true", "false"):
        return {**value, "@value": text == "true"}
    return {key: _native(item) for key, item in value.items()}


def _integer(text: str) -> int | None:
    return int(text) if len(text) <= 15 and text.lstrip("-").isdigit() else None
