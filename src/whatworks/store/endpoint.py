"""One HTTP service, asked with patience: again when it is busy, where it leads, and never where it must not.

Connections are kept for the next request. Only http and https are followed, never from https to http and never from a
service to another of this machine or network. No proxy is asked. Who asks is told to the service itself only.
"""

import random
import re
import socket
import ssl
import time
import weakref
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from whatworks.errors import EndpointAnswer, EndpointRedirect, EndpointRefused, EndpointUnreachable, Error, StoreAddress
from whatworks.results import safe
from whatworks.store.address import PASSWORD, TOKEN, USER, Address, Login, spellings
from whatworks.store.connection import Connection, Patience, Reply, too_slow
from whatworks.store.digest import Digest

LARGEST = 1 << 30  # so many bytes may an answer have
_BUSY = (429, 502, 503, 504)
_PAUSES = (0.5, 1.0, 2.0)  # seconds before each further try, and up to half as much more
_SPREAD = random.Random()  # noqa: S311 - spreads the load, and is no secret
_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 5
_MOST_ASKED = 2  # so many times may a service ask who asks
_KEY = 5  # a longer value of a parameter of the address may be a key
_SAID = 2000  # so many bytes of what a service says of its failing are read
_IN_AN_ADDRESS = "%/:?#[]@!$&'()*+,;=~-._"
_TAG = re.compile(r"<[^>]*>")


class Request(NamedTuple):
    """What is sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None


class Endpoint:
    """One HTTP service."""

    def __init__(self, address: Address, *, login: Login, timeout: float) -> None:
        self.address, self._name = address, str(address)
        self.timeout = timeout
        self._login = login
        keys = (value for _, value in address.parameters if len(value) > _KEY)
        secrets = set[str]().union(*map(spellings, (*login.secrets, *keys)))
        self._secrets = sorted(secrets, key=len, reverse=True)
        self._digest: Digest | None = None
        self._is_silent = False  # for one try, to hear how a service wants to be told who asks
        self._idle: dict[str, list[Connection]] = defaultdict(list)
        weakref.finalize(self, _close, self._idle)

    def ask(self, request: Request, accepted: tuple[str, ...], *, again: bool = True) -> Reply:
        """Send a request and return the answer, if it is one.

        Args:
            request: What is sent; without the header that says who asks.
            accepted: The media types of an answer that can be read.
            again: Whether it does no harm to send it several times.

        Raises:
            EndpointUnreachable, EndpointTimeout, EndpointRedirect, EndpointRefused, EndpointAnswer: As they say.
        """
        reply = self.send(request, again=again)
        try:
            self._check(reply, accepted)
        except Error:
            reply.close()
            raise
        return reply

    def send(self, request: Request, *, again: bool) -> Reply:
        """Send a request and return what comes, whatever its status.

        Args:
            request: What is sent.
            again: Whether a busy service is asked again. Else a POST has a connection of its own, as one that rested
                may turn out to be closed when it is not known any more whether the request came through.
        """
        patience = Patience(self.timeout)
        for pause in (*_PAUSES, None):
            last = pause is None or not again
            wait = pause * _SPREAD.uniform(1, 1.5) if pause else 0.0
            try:
                reply = self._followed(request, patience, keep=again or request.method != "POST")
            except (ConnectionError, HTTPException) as error:
                if last or wait >= patience.left:
                    raise self._unreachable(error) from None
            else:
                if reply.status not in _BUSY or last:
                    return reply
                wait = _asked_pause(reply.header("Retry-After"), wait)
                if wait >= patience.left:
                    return reply
                reply.close()
            with patience.waiting() as left:
                time.sleep(min(wait, left))
        raise AssertionError  # the last try returns or raises

    # ---- one try ----

    def _followed(self, request: Request, patience: Patience, *, keep: bool) -> Reply:
        first, asked = "", 0
        for _ in range(_MOST_REDIRECTS + 1):
            try:
                reply, peer = self._exchange(request, patience, first, keep=keep)
            except TimeoutError:
                raise too_slow(str(self.address), patience, "to answer") from None
            except socket.gaierror as error:
                raise self._unreachable(error) from None
            except ssl.SSLError as error:
                raise self._unreachable(error) from None
            except ConnectionError:
                raise
            except OSError as error:
                raise self._unreachable(error) from None
            if reply.status == 401 and self._is_asked(reply, asked):
                asked += 1
                reply.close()
                continue
            if reply.status not in _REDIRECTS:
                return reply
            first = first or peer
            target = reply.header("Location")
            reply.close()
            request = self._redirected(request, reply.status, target)
        raise EndpointRedirect(
            f"{self.address} leads on more than {_MOST_REDIRECTS} times.", hint="Give the address that it ends at."
        )

    def _exchange(self, request: Request, patience: Patience, first: str, *, keep: bool) -> tuple[Reply, str]:
        """Send a request once and read the head of the answer; return also the network address that it came from.

        `first` is that of what led here, if something did.
        """
        where, _, query = request.url.partition("#")[0].partition("?")
        address = Address.parse(where)
        idle = self._idle[address.origin]
        used = (self._rested(idle) if keep else None) or Connection(address)
        reused = bool(used.peer)
        used.patience = patience
        target = f"{address.path}?{query}" if query else address.path
        try:
            if not reused:
                used.connect()
            if first and used.is_inward and used.peer != first:
                raise EndpointRedirect(
                    f"{self.address} leads to {address.origin}, which is inside of this network.",
                    hint="Give that address yourself if you trust it; a public service has no business there.",
                )
            headers = request.headers
            if self._login:
                headers = {**headers, **self._authorization(address, used, request.method, target)}
            response = used.exchange(request.method, target, headers, request.body)
        except (ConnectionError, HTTPException):
            used.close()
            if reused:  # it was closed in the meantime
                return self._exchange(request, patience, first, keep=keep)
            raise
        except (OSError, Error):
            used.close()
            raise

        def done(reusable: bool) -> None:
            if reusable and keep:
                used.rests_since = time.monotonic()
                idle.append(used)
            else:
                used.close()

        return Reply(response, patience, self._name, LARGEST, done), used.peer

    @staticmethod
    def _rested(idle: list[Connection]) -> Connection | None:
        """Return a connection that can be used again, if there is one."""
        while idle:
            found = idle.pop()
            if found.can_go_on():
                return found
            found.close()
        return None

    def _is_asked(self, reply: Reply, before: int) -> bool:
        """Say whether a service that lets nobody in may do so another way; `before` counts the times that it was asked.

        Virtuoso does not say how it wants to know who asks to someone who says it otherwise.
        """
        header = reply.header("WWW-Authenticate")
        digest = Digest.from_header(header, self._login) if before < _MOST_ASKED else None
        self._is_silent = not header and not before and bool(self._login.user)
        self._digest = digest or self._digest
        return digest is not None or self._is_silent

    def _authorization(self, address: Address, used: Connection, method: str, target: str) -> dict[str, str]:
        own = self.address
        upgraded = (own.scheme, address.scheme, own.host) == ("http", "https", address.host)
        if self._is_silent or not (address.origin == own.origin or upgraded):
            return {}
        if address.scheme == "http" and not used.is_inward:
            raise EndpointRefused(
                f"{own} would be sent a password without encryption.",
                hint=f"Write the address with https, or unset {TOKEN} and {USER}.",
            )
        return {"Authorization": self._digest.header(method, target) if self._digest else self._login.header}

    def _redirected(self, request: Request, status: int, target: str) -> Request:
        """Return the request for where a service leads to."""
        try:
            url = urljoin(request.url, quote(target.encode("iso-8859-1"), safe=_IN_AN_ADDRESS))
            address = Address.parse(urlsplit(url)._replace(query="").geturl())
        except (StoreAddress, ValueError):
            raise EndpointRedirect(
                f"{self.address} leads to something that is no web address.", hint="Ask its owner."
            ) from None
        if not target:
            raise EndpointRedirect(f"{self.address} leads on and does not say where.", hint="Ask its owner.")
        if address.scheme == "http" and request.url.startswith("https:"):
            raise EndpointRedirect(
                f"{self.address} leads from https to {address.origin}, which is not encrypted.", hint="Ask its owner."
            )
        if status != 303:
            return request._replace(url=url)
        headers = {name: value for name, value in request.headers.items() if name.lower() != "content-type"}
        return Request("GET", url, headers)

    # ---- what came ----

    def _check(self, reply: Reply, accepted: tuple[str, ...]) -> None:
        """Refuse what is no answer to a query."""
        name, kind = self.address, reply.media_type
        if reply.status != 200:
            raise self.refused(reply)
        if (coding := reply.header("Content-Encoding").lower()) not in ("", "identity"):
            raise EndpointAnswer(f"{name} answers in the coding {self.said(coding)!r}, which was not asked for.")
        if reply.header("Content-Length") == "0":
            raise nothing(name)
        if kind in ("text/html", "application/xhtml+xml"):
            raise EndpointAnswer(
                f"{name} answers with a web page, not with an answer to a query.",
                hint="Look for the address of its SPARQL endpoint; it often ends in /sparql or /query.",
            )
        if kind not in accepted:
            shown = self.said(kind)[:80] or "something without a type"
            raise EndpointAnswer(f"{name} answers with {shown}, not with {accepted[0]}.", hint=NO_ENDPOINT)

    def refused(self, reply: Reply) -> Error:
        """Say that a service answers with another status than 200, and what it says of it."""
        name, status = self.address, reply.status
        if status == 206:
            return EndpointAnswer(f"{name} sends a part of its answer only.", hint="Ask for less, in several queries.")
        if status == 204:
            return nothing(name)
        if status in (401, 403, 407):
            known = f"the token of {TOKEN}" if self._login.token else f"{USER} with {PASSWORD}" if self._login else ""
            if known:
                return EndpointRefused(f"{name} does not let in {known} (status {status}).", hint="Check what is set.")
            return EndpointRefused(
                f"{name} lets in only whom it knows (status {status}).", hint=f"Set {TOKEN}, or {USER} and {PASSWORD}."
            )
        said = self._reason(reply)
        if status in _BUSY:
            wait = reply.header("Retry-After")
            hint = f"It asks to wait {safe(wait[:40])} seconds." if wait.isdecimal() else "Try again later."
            return EndpointRefused(f"{name} is busy or out of order (status {status}){said}", hint=hint)
        hint = NO_ENDPOINT if status in (404, 405, 410) else "The service itself cannot answer this query."
        return EndpointRefused(f"{name} answers with status {status}{said}", hint=hint)

    def said(self, text: str) -> str:
        """Return what a service says so that it can be shown, and without what it was told of who asks."""
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return safe(text)

    def _reason(self, reply: Reply) -> str:
        """Return what a service says of its failing, on one line."""
        try:
            text = reply.read(_SAID).decode(errors="replace")
        except Error:
            return "."
        if reply.media_type in ("text/html", "application/xhtml+xml") or text.lstrip().startswith("<"):
            text = _TAG.sub(" ", text)
        line = " ".join(self.said(text).split())
        return f": {line[:299]}{'…' if len(line) > 299 else ''}" if line else "."

    def _unreachable(self, error: Exception) -> EndpointUnreachable:  # noqa: PLR0911 - one for each kind
        """Say that no connection can be made, and why."""
        name = self.address
        match error:
            case ssl.SSLCertVerificationError():
                said = f"{name} cannot prove who it is: {safe(error.verify_message.rstrip('.'))}."
                return EndpointUnreachable(
                    said, hint="Check the address; a certificate of your own: set SSL_CERT_FILE."
                )
            case ssl.SSLError():
                said = f"{name} cannot be talked to in TLS: {safe(error.reason or 'no common ground')}."
                return EndpointUnreachable(said, hint="Is it https that it speaks there?")
            case socket.gaierror():
                return EndpointUnreachable(f"{name}: there is no machine of this name.", hint="Check the spelling.")
            case ConnectionRefusedError():
                return EndpointUnreachable(f"{name} refuses connections.", hint="Is it running, and on this port?")
            case ConnectionError():
                return EndpointUnreachable(f"{name} breaks off before it answers.", hint="Try again later.")
            case HTTPException():
                return EndpointUnreachable(f"{name} does not speak HTTP as it should.", hint="Is it a web server?")
        reason = safe(getattr(error, "strerror", None) or "no reason is given")
        return EndpointUnreachable(f"{name} cannot be reached: {reason}.", hint="Check the address and the network.")


def _close(idle: Mapping[str, list[Connection]]) -> None:
    for connections in idle.values():
        for each in connections:
            each.close()


NO_ENDPOINT = "Is this the address of a SPARQL endpoint?"


def nothing(name: object) -> EndpointAnswer:
    """Say that a service answers nothing."""
    return EndpointAnswer(f"{name} answers nothing.", hint=NO_ENDPOINT)


def _asked_pause(header: str, otherwise: float) -> float:
    """Return the seconds that a service asks to wait for: a number, or a date."""
    if header.strip().isdecimal():
        return float(header)
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return otherwise
