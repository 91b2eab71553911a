"""Asks the addresses outside that the data name whether they still answer; only when somebody wants to know.

A host is asked one thing at a time, with a pause, and several hosts side by side. No page is read, and nothing in the
own network is asked, wherever an address leads. What keeps programs out says nothing of whether the page is there, so
it is told apart from what is gone.
"""

import socket
import ssl
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection, responses
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from whatworks.collection import Collection, owner_of
from whatworks.results import Table
from whatworks.store.connection import is_inward
from whatworks.terms import RDF_TYPE, XSD, Iri, Literal, Term
from whatworks.version import __version__

HERE, GONE, SILENT, FAULTY, CLOSED, UNASKED = "there", "gone", "no answer", "faulty", "closed to programs", "not asked"
_STATES = (GONE, SILENT, FAULTY, CLOSED, UNASKED)
_ANY_URI = Iri(XSD + "anyURI")
_HOSTS = 8  # so many are asked side by side
_MOST_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_KEPT = "/?#[]@!$&'()*+,;=:%~-._"  # what stands for itself in an address
_HEADERS = {
    "User-Agent": f"whatworks/{__version__} (asks whether links are alive)",
    "Accept": "*/*",
    "Connection": "close",
}


class Manners(NamedTuple):
    """How hosts are asked.

    Attributes:
        patience: Seconds for which one answer, or the next piece of its head, is waited for.
        pause: Seconds between two questions to one host.
        inward: Whether what is inside of the own network is asked as well.
    """

    patience: float = 20.0
    pause: float = 1.0
    inward: bool = False


USUAL = Manners()


class Reply(NamedTuple):
    """What became of a question: a state, and what was said."""

    state: str
    said: str


def outside(collection: Collection) -> dict[str, list[Iri]]:
    """Return the addresses that the data name and say nothing about, each with the things that name it."""
    found: dict[str, dict[Iri, None]] = defaultdict(dict)
    match, base = collection.store.match, collection.space.base
    for quad in collection.asserted():
        address = _address(quad.object)
        if not address or quad.predicate == RDF_TYPE or address.startswith(base):
            continue
        if address in found or next(match(Iri(address)), None) is None:
            found[address][owner_of(quad.subject) or Iri("")] = None
    return {address: sorted(things) for address, things in sorted(found.items())}


def _address(term: Term) -> str:
    if isinstance(term, Literal):
        return term.value if term.datatype == _ANY_URI and term.value.startswith(("http://", "https://")) else ""
    return str(term) if isinstance(term, Iri) and term.startswith(("http://", "https://")) else ""


def dead(
    named: Mapping[str, Sequence[Iri]],
    manners: Manners | None = None,
    progress: Callable[[int, int], None] = lambda _, __: None,
) -> Table:
    """Ask addresses, and return those that do not answer, what is gone first.

    Args:
        named: The addresses, each with the things that name it.
        manners: How they are asked.
        progress: Is told how many of how many were asked.
    """
    of_host: dict[str, list[str]] = defaultdict(list)
    manners = manners or USUAL
    for address in named:
        of_host[address.split("/", 3)[2].casefold()].append(address)
    replies: dict[str, Reply] = {}
    with ThreadPoolExecutor(_HOSTS) as pool:
        asked = [pool.submit(_ask_host, addresses, manners) for addresses in of_host.values()]
        for done in as_completed(asked):
            replies |= done.result()
            progress(len(replies), len(named))
    bad = {address: reply for address, reply in replies.items() if reply.state != HERE}
    rows: list[tuple[Term | None, ...]] = [
        (
            Iri(address),
            Literal(reply.state),
            Literal(reply.said),
            Literal.integer(len(named[address])),
            named[address][0],
        )
        for address, reply in sorted(bad.items(), key=lambda item: (_STATES.index(item[1].state), item[0]))
    ]
    live = len(named) - len(bad)
    note = (
        f"{len(named)} {'address' if len(named) == 1 else 'addresses'} at {len(of_host)} "
        f"{'host' if len(of_host) == 1 else 'hosts'} were asked; {live} {'answers' if live == 1 else 'answer'}."
    )
    return Table(("address", "state", "answer", "things", "thing"), rows, note=note)


def _ask_host(addresses: Sequence[str], manners: Manners) -> dict[str, Reply]:
    replies = {}
    for number, address in enumerate(addresses):
        if number:
            time.sleep(manners.pause)
        reply = ask(address, "HEAD", manners)
        if reply.state in (GONE, FAULTY, CLOSED):  # some answer rightly only who wants the page
            reply = ask(address, "GET", manners)
        replies[address] = reply
    return replies


def ask(address: str, method: str, manners: Manners) -> Reply:
    """Ask an address, and what it leads to."""
    url = address
    for _ in range(_MOST_REDIRECTS + 1):
        try:
            status, target = _exchange(url, method, manners)
        except (OSError, HTTPException, ValueError, _Inward) as error:
            return _silent(error, manners)
        if status not in _REDIRECTS or not target:
            return Reply(_state(status), f"{status} {responses.get(status, '')}".rstrip())
        url = urljoin(url, target)
    return Reply(FAULTY, f"It leads on more than {_MOST_REDIRECTS} times.")


def _silent(error: Exception, manners: Manners) -> Reply:
    """Say why there is no answer."""
    match error:
        case _Inward():
            return Reply(UNASKED, "It is inside of this network.")
        case TimeoutError():
            return Reply(SILENT, f"It did not answer within {manners.patience:g} seconds.")
        case socket.gaierror():
            return Reply(SILENT, "No machine has this name.")
        case ssl.SSLCertVerificationError():
            return Reply(SILENT, f"Its certificate is not accepted: {error.verify_message}.")
    return Reply(SILENT, f"It cannot be asked: {str(error) or type(error).__name__}.")


class _Inward(Exception):
    """The machine is one of the own network."""


def _exchange(url: str, method: str, manners: Manners) -> tuple[int, str]:
    """Return the status of what answers, and where it leads."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"it leads to {url[:80]}")
    host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode()
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if parts.scheme == "https":
        used: HTTPConnection = HTTPSConnection(
            host, port, timeout=manners.patience, context=ssl.create_default_context()
        )
    else:
        used = HTTPConnection(host, port, timeout=manners.patience)
    with closing(used):
        used.connect()  # no proxy is asked
        if not manners.inward and is_inward(used.sock.getpeername()[0]):
            raise _Inward
        target = quote(parts.path or "/", _KEPT) + (f"?{quote(parts.query, _KEPT)}" if parts.query else "")
        used.request(method, target, headers=_HEADERS)
        response = used.getresponse()
        return response.status, response.getheader("Location") or ""


def _state(status: int) -> str:
    if status < 400:
        return HERE
    if status in (404, 410):
        return GONE
    return FAULTY if status >= 500 else CLOSED
