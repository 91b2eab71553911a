"""Which format is sent: that of `?format=`, else of the ending of the path, else the best of the header Accept."""

from collections.abc import Sequence
from functools import lru_cache

import mimeparse
from starlette.requests import Request

from whatworks.errors import UnknownFormat
from whatworks.publish.offers import OTHER_NAMES, Offer

_KNOWN = 1000  # so many headers are known again; most clients send one of a few


def choose(request: Request, available: Sequence[Offer], ending: str = "", named: str | None = None) -> Offer:
    """Return the format that the request asks for.

    Args:
        request: The request.
        available: What can be sent, the usual one first.
        ending: The ending that was cut off the path, if there was one.
        named: The format that is named elsewhere than in the address, as in a form that was sent.

    Raises:
        UnknownFormat: None of them is asked for; the message lists them.
    """
    given = b"format" in request.scope["query_string"]  # to read the fields of an address takes longer than a look
    wanted = request.query_params.get("format") if given else named
    if wanted is not None:
        found = next((offer for offer in available if wanted in (offer.name, offer.media_type)), None)
        if found is None:
            raise refusal(f"{wanted[:80]!r} is no format of this.", available)
        return found
    if ending:
        return next(offer for offer in available if offer.ending == ending)
    return accepted(request.headers.get("accept"), tuple(available))


@lru_cache(_KNOWN)
def accepted(header: str | None, available: tuple[Offer, ...]) -> Offer:
    """Return the best format by the quality values of a header; one that cannot be read is as none.

    Raises:
        UnknownFormat: None of them is accepted.
    """
    if not header or not header.strip():
        return available[0]
    named = [*available]
    named += [Offer(each.name, other, each.ending) for each in available for other in OTHER_NAMES.get(each.name, ())]
    try:
        # Of two that are wanted alike, mimeparse takes the last.
        best = mimeparse.best_match([offer.media_type for offer in reversed(named)], header.lower())
    except mimeparse.MimeTypeParseException:
        return available[0]
    found = next((offer for offer in named if offer.media_type == best), None)
    if found is None:
        raise refusal("None of the formats in the header Accept can be sent.", available)
    return found


def refusal(message: str, available: Sequence[Offer]) -> UnknownFormat:
    """Return the error that lists what can be sent."""
    listed = ", ".join(f"{offer.name} ({offer.media_type})" for offer in available)
    return UnknownFormat(message, hint=f"Choose one of: {listed}. Ask with the header Accept or with ?format=NAME.")
