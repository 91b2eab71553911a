"""What a knowledge graph can be asked about links."""

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any

from whatworks.assets import Assets
from whatworks.catalogue import Catalogue
from whatworks.results import Answer
from whatworks.settings import Settings

if TYPE_CHECKING:
    from whatworks.linking.keeper import Linking
    from whatworks.linking.mappings import Mappings
    from whatworks.linking.related import Relation


class Door(ABC):
    """The part of a knowledge graph that leads to links."""

    assets: Assets
    settings: Settings

    @property
    @abstractmethod
    def catalogue(self) -> Catalogue:
        """The stored queries."""

    @abstractmethod
    def query(self, name: str, **values: Any) -> Answer:
        """Answer a stored query."""

    def related(self, name: str, *, minimum_score: float | None = None, limit: int | None = None) -> "list[Relation]":
        """Return what is related to an intervention, the strongest first, each with its reasons.

        Args:
            name: The intervention, by key, title, IRI or CURIE.
            minimum_score: Only links at least so strong, from 0 to 1.
            limit: At most so many.

        Raises:
            UnknownValue, AmbiguousValue: The name names none, or several.
        """
        from whatworks.linking.related import relations  # noqa: PLC0415 - not every command needs it

        return relations(self.query("related-reasons", intervention=name, minimum_score=minimum_score))[:limit]

    @cached_property
    def linking(self) -> "Linking":
        """Works out links anew from the files, and notes what people decide about them."""
        from whatworks.linking.keeper import Linking  # noqa: PLC0415 - not every command needs it

        return Linking(self.assets, self.settings, self.catalogue)

    @cached_property
    def mappings(self) -> "Mappings":
        """Proposes what concepts, places and agents correspond to outside, and notes what people decide about it."""
        from whatworks.linking.mappings import Mappings  # noqa: PLC0415 - not every command needs it

        return Mappings(self.assets, self.settings, self.catalogue)
