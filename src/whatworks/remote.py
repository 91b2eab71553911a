"""The collection of a remote store: the model and settings from here, the statements from there."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from whatworks.assets import Assets
from whatworks.catalogue import Catalogue
from whatworks.collection import Collection
from whatworks.namespaces import WW
from whatworks.results import Table
from whatworks.settings import Settings
from whatworks.store import Limits
from whatworks.store.near import NearStore
from whatworks.store.remote import TIMEOUT, RemoteStore
from whatworks.terms import Iri


class Remote:
    """A collection at a SPARQL endpoint; nothing is sent until something is asked.

    Args:
        url: The address of the endpoint.
        assets: The model's files.
        settings: The project's settings; its base IRI must be that of the collection there.
        catalogue: The tool's own queries.
        limits: What a query may cost; of these the time.

    Raises:
        StoreAddress: The address cannot be asked.
    """

    def __init__(self, url: str, assets: Assets, settings: Settings, catalogue: Catalogue, limits: Limits) -> None:
        described = Collection.described(assets, settings)
        self._store = RemoteStore(url, described.prefixes.table, catalogue.text, timeout=limits.seconds or TIMEOUT)
        self.collection = replace(described, store=self._store)

    def near(self, things: Iterable[Iri], *, named: bool = False) -> Collection:
        """Return the collection with what is near to some things read ahead, so that they can be looked at quickly.

        Args:
            things: The things.
            named: Whether they are only to be named.
        """
        return replace(self.collection, store=NearStore(self._store, things, named=named))

    @property
    def name(self) -> str:
        """The address as it may be shown."""
        return str(self._store.address)

    def check_model(self, statistics: Table, tell: Callable[[str], None]) -> None:
        """Tell if the store holds nothing of this model, given how many things it holds of each class."""
        if not any(str(row[0]).startswith(WW) for row in statistics):
            tell(f"{self.name} holds nothing that this model describes: stored queries will find nothing there.")
