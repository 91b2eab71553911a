"""The statements to check, and which file and line says what."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rdflib import Graph
from rdflib.term import Node as RdflibNode

from whatworks.assets import Assets
from whatworks.checks.graphs import graph_of
from whatworks.collection import Collection, owner_of
from whatworks.errors import MissingFile
from whatworks.formats import by_file
from whatworks.namespaces import Prefixes
from whatworks.settings import Settings
from whatworks.store import decoded, parse
from whatworks.terms import Quad

PUBLICATION = "ontology/shapes/publication.ttl"


class Sources:
    """The statements to check, and which file says what."""

    def __init__(self, assets: Assets, settings: Settings, contexts: Mapping[str, Any]) -> None:
        self.assets = assets
        self.settings = settings
        self.contexts = contexts
        self.owners: set[str] = set()
        self._collection = Collection.described(assets, settings)
        self._model: list[Quad] = []
        self._data: dict[str, list[Quad]] = {}
        self._given: dict[str, list[Quad]] = {}
        self._texts: dict[str, str] = {}
        self._files: dict[str, str] = {}
        for asset in assets.ontology():
            if self._collection.graph_of(asset.name) is not None and "/shapes/" not in asset.name:
                self._model += self._read(asset.name, asset.read())
        for asset in assets.data():
            if self._collection.graph_of(asset.name) is not None:
                self._keep(self._data, asset.name, asset.read())

    def _read(self, name: str, data: bytes) -> list[Quad]:
        return parse(data, by_file(name).name, name=name, base=self.settings.base, contexts=self.contexts)

    def _keep(self, place: dict[str, list[Quad]], name: str, data: bytes) -> None:
        place[name] = self._read(name, data)
        self._texts[name] = decoded(data, name)
        for quad in place[name]:
            if (owner := owner_of(quad.subject)) is not None:
                self._files.setdefault(owner, name)

    def add_file(self, path: Path) -> None:
        """Take a file in; its things stand instead of the project's."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise MissingFile(
                f"{path} cannot be read: {error.strerror}.", hint="Check the name of the file."
            ) from error
        self._keep(self._given, str(path), data)
        for quad in self._given[str(path)]:
            owner = owner_of(quad.subject)
            name = owner if owner is not None else str(quad.subject)
            self.owners.add(name)
            self._files[name] = str(path)

    def statements(self) -> Iterable[Quad]:
        """Yield all statements of model, data and given files."""
        yield from self._model
        for quads in self._data.values():
            yield from (quad for quad in quads if owner_of(quad.subject) not in self.owners)
        for quads in self._given.values():
            yield from quads

    def shapes(self, profile: str) -> Graph:
        """Return the shapes of a profile."""
        quads: list[Quad] = []
        for asset in self.assets.ontology():
            if (
                "/shapes/" in asset.name
                and asset.name.endswith(".ttl")
                and (profile == "publication" or asset.name != PUBLICATION)
            ):
                quads += self._read(asset.name, asset.read())
        return graph_of(quads)

    def place(self, focus: RdflibNode, path: str | None) -> tuple[str, int | None]:
        """Return the file that speaks of a node, and the line of its field, or of itself."""
        owner = str(focus).partition("#")[0]
        name = self._files.get(owner, "")
        if not name:
            return "", None
        return name, _line_of(self._texts[name], str(focus), path)


def _line_of(text: str, node: str, path: str | None) -> int | None:
    prefixes = Prefixes.from_turtle(text)
    names = [re.escape(name) for name in (f"<{node}>", prefixes.shorten(node)) if name]
    start = re.search(rf"^[ \t]*(?:{'|'.join(names)})(?=[\s;])", text, re.MULTILINE)
    if start is None:
        return None
    block_end = re.compile(r"\.[ \t]*$", re.MULTILINE).search(text, start.end())
    block = text[start.start() : block_end.end() if block_end else len(text)]
    verbs = [re.escape(name) for name in (f"<{path}>", prefixes.shorten(path)) if name] if path else []
    inside = re.search(rf"(?:^|\s)(?:{'|'.join(verbs)})(?=\s)", block) if verbs else None
    position = start.start() + (inside.start() + 1 if inside else len(start.group()) - len(start.group().lstrip()))
    return text.count("\n", 0, position) + 1
