"""The formats in which things are published: how they are asked for, and how their documents end.

One table: the server negotiates with it, and the rules for other servers are made of it.
"""

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
