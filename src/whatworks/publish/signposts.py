"""Where a document leads, in typed links (Signposting): as a header of the server, and as elements of pages."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import quote

from whatworks.publish.dumps import files_of
from whatworks.publish.edition import Edition
from whatworks.publish.offers import Offer
from whatworks.terms import Iri

_SIGNS = "%/:=&?~#+!$,;'@()*[]"
_PAGE = "https://schema.org/AboutPage"
_DATASET = "https://schema.org/Dataset"


class Link(NamedTuple):
    """A typed link: where to, how it is related (RFC 8288), and the media type of what is there."""

    address: str
    relation: str
    media_type: str = ""


def links(edition: Edition, iri: Iri, path: str, form: Offer, offered: Sequence[Offer]) -> list[Link]:
    """Return the links of a document.

    Args:
        edition: What is published.
        iri: What the document is about.
        path: Where it is, without ending.
        form: The form that is sent.
        offered: All forms that it has.
    """
    others = [offer for offer in offered if offer.name != form.name]
    licence = [Link(edition.facts.licence, "license")] if edition.facts.licence else []
    if form.name != "html":
        return [
            Link(iri, "describes"),
            *(Link(path + other.ending, "alternate", other.media_type) for other in others),
            *licence,
        ]
    found = [Link(iri, "cite-as"), Link(_PAGE, "type")]
    if iri == edition.dataset:
        found += [Link(_DATASET, "type"), *(Link(agent.iri, "author") for agent in edition.facts.creators)]
        release = edition.release
        # Those that hold all of it; a header with every table would be longer than some proxies take.
        whole = [file for file in files_of(edition, release) if not file.of_class] if release is not None else []
        found += [Link(f"/dumps/{edition.name}/{file.name}", "item", file.media_type) for file in whole]
        found.append(Link("/catalog", "describedby"))
    found += [Link(path + other.ending, "describedby", other.media_type) for other in others]
    return [*found, *licence]


def uri(iri: str) -> str:
    """Return an IRI as it may stand in a header, which has letters of ASCII only."""
    return quote(iri, safe=_SIGNS)


def header(found: Iterable[Link]) -> str:
    """Return links as the header `Link` has them."""
    return ", ".join(
        f'<{uri(each.address)}>; rel="{each.relation}"' + (f'; type="{each.media_type}"' if each.media_type else "")
        for each in found
    )
