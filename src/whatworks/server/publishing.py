"""What is published beside the statements: files of releases, lists for robots, the search, and how to cite."""

from functools import partial

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.types import Message, Receive, Scope, Send

from whatworks.errors import InvalidValue, UnknownThing
from whatworks.publish import citations, sitemap, void
from whatworks.publish.dumps import SUMS, File, all_files_of, sums
from whatworks.publish.offers import offers
from whatworks.publish.signposts import Link, header
from whatworks.release import Release
from whatworks.server.negotiation import choose
from whatworks.server.replies import answer, has_it, home_of, problem, served_of, view_of

_HITS, _MOST_HITS = 20, 100
_FILES = offers("html")
_SEARCH = offers("json", "html", "csv")
_GRAPHS = offers("turtle", "ntriples", "jsonld", "rdfxml", "trig")


def described(request: Request) -> Response:
    """Send the description of the data set as VoID."""
    served, home = served_of(request), home_of(request)
    offer = choose(request, _GRAPHS)

    def make() -> bytes:
        return void.written(served.edition, void.void(served.edition, home), offer.name)

    return answer(request, served, offer.media_type, ("void", home, served.edition.mark), make)


def dumps(request: Request) -> Response:
    """Send the list of the releases and their files."""
    if not request.url.path.endswith("/"):
        return RedirectResponse("/dumps/", 308)
    served = served_of(request)
    offer, view = choose(request, _FILES), view_of(request)
    make = partial(request.app.state.pages.dumps, view)
    headers = {"Link": header([Link("/catalog", "describedby")])}
    return answer(request, served, offer.media_type, ("dumps", served.edition.mark, *view.key), make, headers)


def release(request: Request) -> Response:
    """Send the list of the files of a release."""
    served, found = served_of(request), _release(request)
    if not request.url.path.endswith("/"):
        return RedirectResponse(f"/dumps/{found.name}/", 308)
    offer, view = choose(request, _FILES), view_of(request)
    path = f"/doc/release/{found.name}"
    make = partial(request.app.state.pages.release, view, found, path)
    headers = {"Link": header([Link(path, "describedby")])}
    return answer(
        request, served, offer.media_type, ("dumps", found.name, served.edition.mark, *view.key), make, headers
    )


def file(request: Request) -> Response:
    """Send a file of a release, in pieces as it lies on the disk."""
    served, found, name = served_of(request), _release(request), request.path_params["name"]
    if name == SUMS:
        make = partial(sums, served.edition, found)
        return answer(request, served, "text/plain", (SUMS, found.name, served.edition.mark), make)
    listed = {each.name: each for each in all_files_of(found)}
    if name not in listed:
        raise UnknownThing(
            f"Release {found.name} has no file {name[:80]!r}.", hint=f"They are listed at /dumps/{found.name}/."
        )
    one: File = listed[name]
    tag = f'"{one.sha256}"'
    dataset = "/" + served.edition.dataset.removeprefix(served.edition.base)
    licence = served.edition.facts.licence
    headers = {
        "ETag": tag,
        "Cache-Control": "max-age=86400",
        "Link": header([Link(dataset, "collection"), *([Link(licence, "license")] if licence else [])]),
    }
    if has_it(request, tag):
        return Response(status_code=304, headers=headers)
    return _Part(one.path(found), headers=headers, media_type=one.media_type)


class _Part(FileResponse):
    """A file, or the part of it that is asked for; a part that it does not have is told as every fault."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        # A part that is counted in anything else than bytes is not asked for, as HTTP has it.
        parts = [value for name, value in scope["headers"] if name == b"range"]
        if any(not value.strip().lower().startswith(b"bytes") for value in parts):
            scope = {**scope, "headers": [each for each in scope["headers"] if each[0] != b"range"]}
        refused: dict[str, str] | None = None

        async def sent(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] >= 400:
                whole = Headers(raw=message["headers"]).get("content-range", "")
                refused = {"Content-Range": whole} if whole else {}
            elif refused is None:
                await send(message)

        await super().__call__(scope, receive, sent)
        if refused is not None:
            status, said = (416, "beyond its end") if refused else (400, "none that can be read")
            hint = "Ask for Range: bytes=FIRST-LAST, or for the whole file."
            await problem(status, f"The part that is asked for is {said}.", headers=refused, hint=hint)(
                scope, receive, send
            )


def robots(request: Request) -> Response:
    """Say what robots may read."""
    home = home_of(request)
    return answer(request, served_of(request), "text/plain", ("robots", home), partial(sitemap.robots, home))


def pages(request: Request) -> Response:
    """Send the list of the pages, or one of the lists where they are many."""
    served, home = served_of(request), home_of(request)
    number = request.path_params.get("number")
    written = sitemap.sitemap(served.pages, home, number)
    if written is None:
        raise HTTPException(404)
    return answer(request, served, "application/xml", ("sitemap", home, str(number)), lambda: written)


def opensearch(request: Request) -> Response:
    """Send the description by which browsers search here."""
    served, home = served_of(request), home_of(request)
    make = partial(sitemap.opensearch, served.edition, home)
    return answer(request, served, "application/opensearchdescription+xml", ("opensearch", home), make)


def cff(request: Request) -> Response:
    """Send how the data set is cited."""
    served = served_of(request)
    written = citations.cff(served.edition)
    if written is None:
        raise UnknownThing("The data set does not say who made it.", hint="State its dcterms:creator.")
    return answer(request, served, "application/yaml", ("cff",), lambda: written)


def search(request: Request) -> Response:
    """Find things by plain words."""
    served = served_of(request)
    text, given = request.query_params.get("q", "").strip(), request.query_params.get("limit", str(_HITS))
    offer, view = choose(request, _SEARCH), view_of(request, asked=True)
    if not (given.isascii() and given.isdigit() and len(given) < 4 and 1 <= int(given) <= _MOST_HITS):
        raise InvalidValue(f"limit: {given[:40]!r} is no whole number from 1 to {_MOST_HITS}.")
    if not text and offer.name != "html":
        raise InvalidValue("q: there are no words to search for.", hint="Write them as ?q=WORDS.")

    def make() -> bytes:
        language = view.language if offer.name == "html" else None
        found = served.kg.search(text, limit=int(given), language=language) if text else None
        if offer.name == "html" or found is None:
            written: bytes = request.app.state.pages.search(view, text, found)
            return written
        return found.table().write(offer.name)

    return answer(
        request, served, offer.media_type, ("search", text, given, *(view.key if offer.name == "html" else ())), make
    )


def _release(request: Request) -> Release:
    """Return the release of the path.

    Raises:
        UnknownThing: There is none of this name.
    """
    name = request.path_params["release"]
    for each in served_of(request).edition.releases():
        if each.name == name:
            return each
    raise UnknownThing(f"There is no release {name[:80]!r} here.", hint="They are listed at /dumps/.")
