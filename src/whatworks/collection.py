"""The graph of a project: its files read into a store, and what follows from them by rule.

`Collection.open` reads the model and the data; `apply_rules` adds what the rules in `ontology/rules/` infer, each rule
into a graph of its own, so that for every statement it stays known whether a file or a rule made it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from whatworks.assets import Assets
from whatworks.errors import NotRemote, Place, UnknownFileType
from whatworks.formats import by_file
from whatworks.namespaces import MODEL, Prefixes, Space
from whatworks.settings import Settings
from whatworks.store import EmbeddedStore, Source, Store, WorkingStore, decoded
from whatworks.terms import Iri, Node, Quad

if TYPE_CHECKING:
    from whatworks.rules import Rule

PREFIX_FILE = "ontology/prefixes.ttl"
# Files of more bytes are worked on in a store on disk, where there is a place for one: in memory, their statements and
# what follows from them take up to four times as much.
IN_MEMORY = 256 << 20


@dataclass(slots=True)
class Collection:
    """A project's graph in a store, and where its parts come from.

    Attributes:
        assets: The files.
        settings: The project's settings.
        space: The IRIs that the project mints.
        prefixes: The prefixes of the model and the project.
        store: The statements, asserted and inferred.
        computed: The graph of the computed links.
        proposed: The graph of the mappings to authorities that wait for a decision.
    """

    assets: Assets
    settings: Settings
    space: Space
    prefixes: Prefixes
    store: Store
    _model: set[Iri] = field(init=False)
    _inferred: str = field(init=False)
    computed: Iri = field(init=False)
    proposed: Iri = field(init=False)

    def __post_init__(self) -> None:
        graphs = (self.graph_of(asset.name) for asset in self.assets.ontology())
        self._model = {graph for graph in graphs if graph is not None}
        self._inferred = self.space.graph("inferred/")
        self.computed, self.proposed = self.space.graph("links/computed"), self.space.graph("links/outside-proposed")

    @classmethod
    def open(
        cls,
        assets: Assets,
        settings: Settings,
        scratch: Path | None = None,
        *,
        infer: bool = True,
        in_memory: int = IN_MEMORY,
    ) -> "Collection":
        """Read all files and, unless told otherwise, infer what the rules say.

        Args:
            assets: The files.
            settings: The project's settings.
            scratch: A folder for a store, should the files be large; its owner removes it.
            infer: Whether to apply the rules.
            in_memory: Files of more bytes than this are large.

        Raises:
            InputError: A file cannot be read; nothing is left half-read.
        """
        opened = cls.described(assets, settings)
        sources = list(opened.sources())
        if scratch is not None and sum(source.asset.size for source in sources) > in_memory:
            opened.store = WorkingStore(scratch / "working", opened.prefixes.table)
        opened.local.read(sources, settings.base)
        if not isinstance(opened.store, WorkingStore):  # what is so large is written as a release, which names them
            opened.local.name_blank_nodes()
        if infer:
            opened.apply_rules()
        return opened

    @classmethod
    def described(cls, assets: Assets, settings: Settings) -> "Collection":
        """Return the collection with nothing read into its store."""
        prefixes = read_prefixes(assets)
        return cls(assets, settings, Space(settings.base), prefixes, EmbeddedStore(dict(prefixes.table)))

    @property
    def local(self) -> EmbeddedStore:
        """The store, where it is one of this process.

        Raises:
            NotRemote: It is at an endpoint.
        """
        if isinstance(self.store, EmbeddedStore):
            return self.store
        raise NotRemote("A remote store is only read.", hint="Work with files or a release: leave --store out.")

    def sources(self) -> Iterator[Source]:
        """Yield the files whose statements make the collection.

        Raises:
            UnknownFileType: A file among the data is of a kind that is imported, not collected.
        """
        for asset in [*self.assets.ontology(), *self.assets.data()]:
            if (graph := self.graph_of(asset.name)) is not None:
                yield Source(asset, by_file(asset.name).name, graph)
            elif asset.name.endswith((".jsonld", ".rdf", ".owl")) and _is_collected(asset.name):
                raise UnknownFileType(
                    "A collection is made of .ttl, .trig, .nt and .nq files.",
                    hint="Bring the file in with: whatworks import, and move it out of data/ (or to data/sources/).",
                    where=Place(asset.name),
                )

    def graph_of(self, name: str) -> Iri | None:
        """Return the graph of a file's statements, or None where the file holds none for the store.

        The model's graphs are the same in every project; a data file names its graphs itself (TriG), or stands for
        the graph that is named as its place below `data/`.
        """
        parts = name.split("/")
        stem = parts[-1].rsplit(".", 1)[0]
        if parts[0] == "ontology":
            model = Space(MODEL)
            if not name.endswith(".ttl") or name == PREFIX_FILE:
                return None
            if parts[1] == "vocabularies":
                return model.graph(f"voc/{stem}")
            return model.graph({"whatworks": "ontology"}.get(stem, stem) if parts[1] != "shapes" else "shapes")
        if name.endswith((".ttl", ".trig", ".nt", ".nq")) and parts[1] != "sources":
            return self.space.graph("/".join([*parts[1:-1], stem]))
        return None

    def rules(self) -> "list[Rule]":
        """Return the inference rules, by name."""
        from whatworks.rules import Rule  # noqa: PLC0415 - what is prepared or released needs no rules

        found = []
        for asset in self.assets.ontology():
            parts = asset.name.split("/")
            if parts[1] == "rules" and asset.name.endswith(".rq"):
                name = parts[-1].removesuffix(".rq")
                text = decoded(asset.read(), asset.name)
                found.append(Rule(name, text, self.space.graph(f"inferred/{name}"), asset.name))
        return sorted(found, key=lambda rule: rule.name)

    def apply_rules(self) -> int:
        """Add what the rules infer until nothing new appears; return how many statements were added.

        Raises:
            QuerySyntax: A rule is not SPARQL.
            QueryRefused: A rule is no CONSTRUCT query or reaches outside, or the rules do not come to an end.
        """
        from whatworks.rules import apply_rules  # noqa: PLC0415 - the same

        return apply_rules(self.rules(), self.local, self.prefixes)

    def is_by_rule(self, graph: Iri | None) -> bool:
        """Say whether a graph holds what a rule inferred."""
        return graph is not None and graph.startswith(self._inferred)

    def is_computed(self, graph: Iri | None) -> bool:
        """Say whether a graph holds what a method worked out: links, or mappings that wait for a decision."""
        return graph in (self.computed, self.proposed)

    def is_inferred(self, graph: Iri | None) -> bool:
        """Say whether a graph holds what no person wrote: what rules inferred, and what was computed."""
        return self.is_by_rule(graph) or self.is_computed(graph)

    def is_model(self, graph: Iri | None) -> bool:
        """Say whether a graph holds what the model's files say, those that the project adds included."""
        return graph in self._model

    def counts_for_documents(self, token: str) -> str:
        """Say what of a graph, given as a token of N-Quads, counts in documents: "all", "labels" or nothing."""
        graph = Iri(token[1:-1])
        if self.is_inferred(graph):
            return ""
        return "labels" if self.is_model(graph) else "all"

    def asserted(self) -> Iterator[Quad]:
        """Yield the statements of the data files, without the model and what was inferred or computed."""
        for quad in self.store.match():
            if not self.is_inferred(quad.graph) and not self.is_model(quad.graph):
                yield quad


def read_prefixes(assets: Assets) -> Prefixes:
    """Return the prefixes of the model and of the project's own ontology files."""
    prefixes = Prefixes({})
    for asset in assets.ontology():
        if asset.name == PREFIX_FILE:
            prefixes = prefixes.with_prefixes(Prefixes.from_turtle(decoded(asset.read(), asset.name)).table)
    return prefixes


def _is_collected(name: str) -> bool:
    parts = name.split("/")
    return parts[0] == "data" and parts[1] != "sources"


def owner_of(node: Node) -> Iri | None:
    """Return the thing that a node belongs to: a part `…/x#factor-1` belongs to `…/x`."""
    return Iri(node.partition("#")[0]) if isinstance(node, Iri) else None
