"""What changed from release to release: pages, the same for programs, and the feed."""

import json
from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from whatworks.errors import UnknownThing
from whatworks.publish import feed as feeds
from whatworks.publish.history import Step
from whatworks.publish.offers import Offer, offers
from whatworks.publish.signposts import Link, header
from whatworks.server.negotiation import choose
from whatworks.server.replies import answer, home_of, served_of, view_of

_FORMS = (*offers("html"), Offer("json", "application/json"))
_FEED = header([Link(f"/{feeds.PATH}", "alternate", feeds.MEDIA_TYPE)])


def history(request: Request) -> Response:
    """Send the list of what each release changed."""
    if not request.url.path.endswith("/"):
        return RedirectResponse("/changes/", 308)
    served, view = served_of(request), view_of(request)
    offer = choose(request, offers("html"))
    make = partial(request.app.state.pages.history, view, served.history)
    key = ("changes", served.edition.mark, *view.key)
    return answer(request, served, offer.media_type, key, make, {"Link": _FEED})


def release(request: Request) -> Response:
    """Send what a release changed.

    Raises:
        UnknownThing: There is none of this name.
    """
    served, name = served_of(request), request.path_params["release"]
    if not any(each.name == name for each in served.edition.releases()):
        raise UnknownThing(f"There is no release {name[:80]!r} here.", hint="They are listed at /changes/.")
    if not request.url.path.endswith("/"):
        return RedirectResponse(f"/changes/{name}/", 308)
    offer, view = choose(request, _FORMS), view_of(request)

    def make() -> bytes:
        step = served.history.step(name)
        assert step is not None  # noqa: S101 - it was there a moment ago
        written: bytes = request.app.state.pages.changes(view, step) if offer.name == "html" else _json(step)
        return written

    key = ("changes", name, served.edition.mark, *view.key)
    return answer(request, served, offer.media_type, key, make, {"Link": _FEED})


def feed(request: Request) -> Response:
    """Send the feed of the changes."""
    served, home = served_of(request), home_of(request)
    key = ("feed", home, served.edition.mark)
    return answer(request, served, feeds.MEDIA_TYPE, key, partial(feeds.feed, served.history, home))


def _json(step: Step) -> bytes:
    if step.changes is not None:
        return step.changes.write("json")
    return (json.dumps({"after": f"release {step.release.name}", "before": None, "fault": step.fault}) + "\n").encode()
