"""The statements to check, and which file and line says what."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rdflib import Graph

from whatworks.assets import Assets
from whatworks.checks.graphs import graph_of
from whatworks.checks.lines import Lines
from whatworks.collection import Collection, owner_of
from whatworks.errors import MissingFile
from whatworks.formats import by_file
from whatworks.namespaces import LABELS, NOTATION
from whatworks.settings import Settings
from whatworks.store import decoded, parse
from whatworks.terms import RDF_TYPE, BlankNode, Node, Quad

_NAMES = {*LABELS, NOTATION}
PUBLICATION = "ontology/shapes/publication.ttl"


class Sources:
    """The statements to check, and which file says what."""

    def __init__(self, assets: Assets, settings: Settings, contexts: Mapping[str, Any]) -> None:
        self.assets = assets
        self.settings = settings
        self.contexts = contexts
        self.owners: set[str] = set()
        self._collection = Collection.described(assets, settings)
        self._model: dict[str, list[Quad]] = {}
        self._data: dict[str, list[Quad]] = {}
        self._given: dict[str, list[Quad]] = {}
        self._texts: dict[str, str] = {}
        self._files: dict[str, list[str]] = {}
        self._read_lines: dict[str, Lines] = {}
        for asset in assets.ontology():
            if self._collection.graph_of(asset.name) is not None and "/shapes/" not in asset.name:
                self._keep(self._model, asset.name, asset.read())
        for asset in assets.data():
            if self._collection.graph_of(asset.name) is not None:
                self._keep(self._data, asset.name, asset.read())

    def _read(self, name: str, data: bytes) -> list[Quad]:
        return parse(data, by_file(name).name, name=name, base=self.settings.base, contexts=self.contexts)

    def _keep(self, place: dict[str, list[Quad]], name: str, data: bytes) -> None:
        place[name] = self._read(name, data)
        self._texts[name] = decoded(data, name)
        for owner in dict.fromkeys(_owner(quad.subject) for quad in place[name]):
            self._files.setdefault(owner, []).append(name)

    def add_file(self, path: Path) -> None:
        """Take a file in; what it describes stands instead of the project's, what it only names is taken from there."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise MissingFile(
                f"{path} cannot be read: {error.strerror}.", hint="Check the name of the file."
            ) from error
        self._keep(self._given, str(path), data)
        predicates: dict[str, set[str]] = {}
        for quad in self._given[str(path)]:
            predicates.setdefault(_owner(quad.subject), set()).add(quad.predicate)
        for owner, said in predicates.items():
            if said <= _NAMES and self._files[owner] != [str(path)]:
                continue
            self.owners.add(owner)
            self._files[owner] = [name for name in self._files[owner] if name in self._given]

    def statements(self) -> Iterable[Quad]:
        """Yield all statements of model, data and given files."""
        yield from self.model()
        yield from self.data()

    def model(self) -> Iterable[Quad]:
        """Yield the statements of the model, without the shapes."""
        for quads in self._model.values():
            yield from quads

    def data(self) -> Iterable[Quad]:
        """Yield the statements of data and given files."""
        for quads in self._data.values():
            yield from (quad for quad in quads if _owner(quad.subject) not in self.owners)
        for quads in self._given.values():
            yield from quads

    def shapes(self, profile: str) -> Graph:
        """Return the shapes of a profile."""
        shapes: dict[str, list[Quad]] = {}
        for asset in self.assets.ontology():
            if (
                "/shapes/" in asset.name
                and asset.name.endswith(".ttl")
                and (profile == "publication" or asset.name != PUBLICATION)
            ):
                self._keep(shapes, asset.name, asset.read())
        return graph_of(quad for quads in shapes.values() for quad in quads)

    def place(self, node: object, *said: str) -> tuple[str, int | None]:
        """Return the file that speaks of a node, and the line of its predicate and value, or else of itself."""
        node = str(node)
        names = self._files.get(node.partition("#")[0], [])
        for statement in ((node, *said), (node, *said[:1]), (node, RDF_TYPE), (node,)):
            for name in names:
                if (line := self._lines(name).find(*statement)) is not None:
                    return name, line
        return names[0] if names else "", None

    def _lines(self, name: str) -> Lines:
        if name not in self._read_lines:
            self._read_lines[name] = Lines(self._texts[name], by_file(name).name, self.settings.base)
        return self._read_lines[name]


def _owner(node: Node) -> str:
    return node.name if isinstance(node, BlankNode) else str(owner_of(node))
