"""A knowledge graph of interventions and of what makes them succeed.

The public surface is `KnowledgeGraph`, `Error` and `__version__`; everything else is reachable but not promised.
"""

from typing import TYPE_CHECKING, Any

from whatworks.version import __version__

if TYPE_CHECKING:
    from whatworks.errors import Error
    from whatworks.kg import KnowledgeGraph

__all__ = ["Error", "KnowledgeGraph", "__version__"]


def __getattr__(name: str) -> Any:
    """Import the public classes on first use, so that `import whatworks` stays cheap."""
    if name == "KnowledgeGraph":
        from whatworks.kg import KnowledgeGraph  # noqa: PLC0415 - lazy on purpose

        return KnowledgeGraph
    if name == "Error":
        from whatworks.errors import Error  # noqa: PLC0415 - lazy on purpose

        return Error
    raise AttributeError(f"module 'whatworks' has no attribute {name!r}")
