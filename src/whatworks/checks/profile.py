"""The shapes of a profile, read once: as people wrote them, as the validator has them, and what they read."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cached_property

from rdflib import Graph, URIRef
from rdflib.namespace import SH
from rdflib.term import Node as RdflibNode

from whatworks.assets import Assets
from whatworks.checks.graphs import short
from whatworks.checks.judge import Judge, Refused, Setup
from whatworks.checks.patterns import Unreadable
from whatworks.checks.places import Places
from whatworks.checks.reads import Reads
from whatworks.checks.strays import Watch
from whatworks.checks.validation import FAULTS, Shapes, fault_of
from whatworks.errors import Place, ShapeFault
from whatworks.formats import by_file
from whatworks.namespaces import Prefixes
from whatworks.nodes import graph_of
from whatworks.settings import Settings
from whatworks.store import parse

PROFILES = ("core", "curation", "publication")
_FOLDER = "ontology/shapes/"
_PUBLICATION = _FOLDER + "publication.ttl"


class Profile:
    """The shapes of a profile.

    Args:
        name: One of `PROFILES`.
        assets: Where the shapes are.
        settings: The project's settings.
        prefixes: The prefixes to write IRIs with.
    """

    def __init__(self, name: str, assets: Assets, settings: Settings, prefixes: Prefixes) -> None:
        self.name = name
        self.prefixes = prefixes
        self._base = settings.base
        self._assets = [
            asset
            for asset in assets.ontology()
            if asset.name.startswith(_FOLDER)
            and asset.name.endswith(".ttl")
            and (name == "publication" or asset.name != _PUBLICATION)
        ]

    @cached_property
    def graph(self) -> Graph:
        """The shapes as they are written."""
        files = ((asset.name, asset.read()) for asset in self._assets)
        return graph_of(
            quad for name, data in files for quad in parse(data, by_file(name).name, name=name, base=self._base)
        )

    @cached_property
    def shapes(self) -> Shapes:
        """The shapes as the validator has them."""
        with self.faults():
            return Shapes(self.graph, self.prefixes)

    @cached_property
    def reads(self) -> Reads:
        """What the shapes read; those whose severity the profile does not report begin nowhere."""
        with self.faults():
            return Reads(self.shapes, self._left_out())

    def judge(self, watch: Watch) -> Judge:
        """Return a judge by these shapes."""
        setup = Setup(tuple(self.shapes.graph), tuple(self.reads.roots), watch, dict(self.prefixes.table))
        with self.faults():
            return Judge(setup, self.shapes)

    def reports(self, severity: str) -> bool:
        """Say whether results of a severity, such as "warning", are told."""
        return self.name != "core" or severity not in ("warning", "info")

    def _left_out(self) -> Collection[RdflibNode]:
        return () if self.name != "core" else (SH.Warning, SH.Info)

    @contextmanager
    def faults(self) -> Iterator[None]:
        """Turn what the validator says of broken shapes into an error that names the shape and its place.

        Raises:
            ShapeFault: A shape cannot be used.
        """
        try:
            yield
        except (Unreadable, *FAULTS) as error:
            raise self._fault(*fault_of(error, self.graph)) from error

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Turn what a judge refuses into the same error.

        Raises:
            ShapeFault: A shape cannot be used.
        """
        try:
            yield
        except Refused as error:
            raise self._fault(error.shape, error.said) from error

    def _fault(self, shape: URIRef | None, said: str) -> ShapeFault:
        named = f"The shape {short(shape, self.prefixes)}" if shape is not None else "A shape"
        asked = (str(shape),)
        file, line = Places(lambda: self._assets, self._base).find([asked])[asked] if shape is not None else ("", None)
        return ShapeFault(
            f"{named} cannot be used: {said}.",
            hint="Look for a value of the wrong kind in the shape.",
            where=Place(file, line) if file else None,
        )
