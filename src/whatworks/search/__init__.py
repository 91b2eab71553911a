"""Search in plain words: over names, descriptions and labels of concepts, in all languages, offline.

`build` writes an index, `Index` reads one, `Search` answers questions with it.
"""

from whatworks.search.builder import build
from whatworks.search.find import Search
from whatworks.search.hits import Found, Hit, Marked
from whatworks.search.index import Index

__all__ = ["Found", "Hit", "Index", "Marked", "Search", "build"]
