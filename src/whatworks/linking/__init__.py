"""Links between interventions worth looking at together, with the reasons of each.

`links(kg)` works them out: it takes a `KnowledgeGraph` (or anything with its `collection` and `catalogue`) and gives
`Link`s with `source`, `target`, `score` and `parts`, whose values add up to the score; `weights` sets how much a family
of features counts (`weights={"words": 0}` leaves the words out; the families are those of `Part.family`). Nothing is
written, and nothing is left out because of what people decided.

`keeper.Linking` keeps the links of a collection in its files and follows decisions; `related` reads links from the
graph. How it works: `records` reads what interventions have, `vectors` turns that into rows of numbers, `nearest` finds
the greatest products, `relink` keeps them up to date, `linker` turns pairs into links, `link` says why, `run` follows
decisions, `writing` writes.
`authorities`, `outside`, `mappings` and `claims` do the same for concepts and agents and what authorities outside know.
numpy is needed to link interventions (extra `link`); it is loaded when they are linked, and not to read or to decide.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from whatworks.catalogue import Catalogue
from whatworks.collection import Collection
from whatworks.errors import MissingExtra

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from whatworks.linking.link import Link

__all__ = ["Linked", "links", "loaded"]


class Linked(Protocol):
    """What can be linked: a knowledge graph."""

    @property
    def collection(self) -> Collection:
        """The graph."""

    @property
    def catalogue(self) -> Catalogue:
        """The stored queries."""


def links(
    kg: Linked,
    *,
    top: int = 10,
    minimum: float = 0.0,
    weights: Mapping[str, float] | None = None,
    spark: "SparkSession | None" = None,
) -> "list[Link]":
    """Return the links between the interventions of a graph, each pair once, in the order of IRIs.

    Args:
        kg: The graph.
        top: So many for each intervention; a pair may be among the best of either.
        minimum: Only scores of at least this.
        weights: Weights of families of features by name, instead of the usual ones.
        spark: A session of Apache Spark that compares all with all, over many machines; the links are the same.

    Raises:
        MissingExtra: numpy is not installed, or pyspark where a session is given.
    """
    linker, records, run = (loaded(name) for name in ("linker", "records", "run"))
    made = linker.Linker.of(records.read_records(kg.collection.store, kg.catalogue, weights))
    if spark is None:
        best = made.best(top, minimum)
    else:
        best = made.numbers_of(loaded("spark").nearest(made.vectors, top, minimum, spark))
    return list(made.links(best, lambda features: run.titles(kg.collection, kg.catalogue, features)))


def loaded(name: str) -> Any:
    """Return a module of this package that needs numpy.

    Raises:
        MissingExtra: numpy is not installed, or pyspark for `spark`.
    """
    from importlib import import_module  # noqa: PLC0415 - needed when something is linked

    try:
        return import_module(f"whatworks.linking.{name}")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        extra = {"numpy": "link", "pyspark": "spark"}.get(package)
        if extra is None:
            raise
        raise MissingExtra(
            f"Linking needs the package {package}, which is not installed.",
            hint=f"Install it with: python -m pip install 'whatworks[{extra}]'",
        ) from error
