"""The formats in which things are published: how they are asked for, and how their documents end.

One table: the server negotiates with it, and the rules for other servers are made of it.
"""

from collections.abc import Iterable
from typing import NamedTuple

from whatworks.formats import FORMATS


class Offer(NamedTuple):
    """A format that can be sent, and how it is called on the way."""

    name: str
    media_type: str
    ending: str = ""


_MORE = (
    Offer("html", "text/html", ".html"),
    Offer("bibtex", "application/x-bibtex", ".bib"),
    Offer("ris", "application/x-research-info-systems", ".ris"),
    Offer("csl", "application/vnd.citationstyles.csl+json", ".csl.json"),
)
# What many clients say instead of the registered name.
OTHER_NAMES = {
    "json": ("application/json",),
    "xml": ("application/xml", "text/xml"),
    "jsonld": ("application/json",),
    "turtle": ("application/x-turtle",),
    "ntriples": ("text/plain",),
    "rdfxml": ("application/xml",),
}


def offers(*names: str) -> tuple[Offer, ...]:
    """Return formats by their names, the one first that is sent to who asks for none."""
    known = {format.name: Offer(format.name, format.media_type, format.endings[0]) for format in FORMATS}
    known |= {offer.name: offer for offer in _MORE}
    return tuple(known[name] for name in names)


# The forms of every document, and those of what can be cited.
DOCUMENT = offers("turtle", "html", "jsonld", "ntriples", "rdfxml", "trig", "nquads")
CITATION = offers("bibtex", "ris", "csl")
# What a site of files has of each document; of a whole graph, which the dumps have as well, the first two.
_FILED = ("turtle", "html", "jsonld")
_WHOLE = "graph/"


def filed(path: str, more: Iterable[str] = ()) -> tuple[Offer, ...]:
    """Return the forms in which a site of files has a document, the usual one first.

    Args:
        path: Where the document is.
        more: The names of further formats that were wished for.
    """
    names = {*(_FILED[:2] if path.lstrip("/").startswith(_WHOLE) else _FILED), *more}
    return tuple(offer for offer in DOCUMENT if offer.name in names)
