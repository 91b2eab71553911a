"""The address of a remote store, and who asks: checked before anything is sent, and hidden where it is a secret."""

import os
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from whatworks.errors import StoreAddress

USER, PASSWORD, TOKEN = "WHATWORKS_STORE_USER", "WHATWORKS_STORE_PASSWORD", "WHATWORKS_STORE_TOKEN"
_BEFORE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PORTS = {"http": 80, "https": 443}


def is_address(text: str) -> bool:
    """Say whether a text is meant as the address of a remote store, and not as a folder."""
    return _BEFORE.match(text) is not None


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service is. Its text is what may be shown: without parameters, which may hold a key.

    Attributes:
        scheme, host, port: Where to connect to; a name of other letters is in its ASCII form.
        path: The path, escaped as it is sent.
        parameters: What stands behind the question mark.
    """

    scheme: str
    host: str
    port: int
    path: str
    parameters: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        return f"{self.origin}{self.path}"

    @property
    def origin(self) -> str:
        """Scheme, host and port, without the port that goes without saying."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def netloc(self) -> str:
        """Host and port, without the port that goes without saying."""
        return _netloc(self.scheme, self.host, self.port)

    @staticmethod
    @lru_cache(maxsize=64)
    def parse(url: str) -> "Address":
        """Read an address; the same ones are read for each request.

        Raises:
            StoreAddress: It is not http or https, has no host, or holds a user or a password.
        """
        try:
            found = urlsplit(url)
            host, port = found.hostname or "", found.port
            if not host.isascii():
                host = host.encode("idna").decode()
        except (ValueError, UnicodeError):
            raise StoreAddress("The address of the store is not well formed.", hint=_EXAMPLE) from None
        if "@" in found.netloc:
            raise StoreAddress(
                "The address of the store holds a user or a password.",
                hint=f"Leave them out, since addresses are shown and kept. Set {USER} and {PASSWORD} instead.",
            )
        if (
            found.scheme not in _PORTS
            or not re.fullmatch(r"[A-Za-z0-9._:-]+", host)
            or re.search(r"[\s\x00-\x1f]", url)
        ):
            raise StoreAddress("The address of the store is no http or https address.", hint=_EXAMPLE)
        path = quote(found.path or "/", safe="/%:@!$&'()*+,;=~-._")
        parameters = tuple(parse_qsl(found.query, keep_blank_values=True))
        return Address(found.scheme, host, port or _PORTS[found.scheme], path, parameters)


@lru_cache(maxsize=64)
def _netloc(scheme: str, host: str, port: int) -> str:
    written = f"[{host}]" if ":" in host else host
    return written if port == _PORTS[scheme] else f"{written}:{port}"


def spellings(secret: str) -> set[str]:
    """Return in which ways a secret may stand in what a service says: as it is, and escaped as in an address."""
    return {secret, *(escape(secret, safe=safe) for escape in (quote, quote_plus) for safe in ("", "/"))}


_EXAMPLE = "Write it like https://example.org/sparql."


@dataclass(frozen=True, slots=True)
class Login:
    """Who asks: a token, or a user with a password. Never shown."""

    token: str = field(default="", repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return bool(self.token or self.user)

    @property
    def header(self) -> str:
        """What stands in the header Authorization."""
        if self.token:
            return f"Bearer {self.token}"
        return "Basic " + b64encode(f"{self.user}:{self.password}".encode()).decode()

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may hold: the token or the password, and what is sent of them."""
        return tuple(filter(None, (self.token, self.password, self.header.partition(" ")[2] if self else "")))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Login":
        """Read who asks from the environment, the only place where it is looked for.

        Raises:
            StoreAddress: Both a token and a user are set, or one cannot be sent; what they are is not said.
        """
        token, user, password = (environment.get(name, "").strip() for name in (TOKEN, USER, PASSWORD))
        if token and user:
            raise StoreAddress(f"Both {TOKEN} and {USER} are set.", hint="Unset the one that is not meant.")
        if not re.fullmatch(r"[\x21-\x7e]*", token):
            raise StoreAddress(f"{TOKEN} holds a space or a letter that no token has.", hint="Set it anew.")
        if ":" in user or not (user + password).isprintable():
            raise StoreAddress(f"{USER} or {PASSWORD} cannot be sent.", hint="A user has no colon; no line breaks.")
        return cls(token, user, password)
