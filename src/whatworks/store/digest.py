"""Digest authentication (RFC 7616), which Virtuoso asks for where it is written to."""

import secrets
from collections.abc import Callable
from hashlib import md5, sha256
from typing import Any
from urllib.request import parse_http_list, parse_keqv_list

from whatworks.store.address import Login

_ALGORITHMS: dict[str, Callable[[bytes], Any]] = {"MD5": md5, "SHA-256": sha256}


class Digest:
    """What a service wants to be told with each request, so that it knows who asks without the password being sent."""

    def __init__(self, login: Login, challenge: dict[str, str]) -> None:
        self._login, self._challenge = login, challenge
        self._hash = _ALGORITHMS[challenge.get("algorithm", "MD5").upper()]
        self._count = 0

    @classmethod
    def from_header(cls, header: str, login: Login) -> "Digest | None":
        """Read what a service asks for; None if it asks for something else, or nobody is known who could be told."""
        scheme, _, rest = header.partition(" ")
        if scheme.lower() != "digest" or not login.user:
            return None
        challenge = parse_keqv_list([part for part in parse_http_list(rest) if "=" in part])
        ways = [way.strip() for way in challenge.get("qop", "auth").split(",")]
        is_known = challenge.get("algorithm", "MD5").upper() in _ALGORITHMS and "auth" in ways
        return cls(login, challenge) if is_known and {"realm", "nonce"} <= challenge.keys() else None

    def header(self, method: str, target: str) -> str:
        """Return what stands in the header Authorization of a request."""
        self._count += 1
        realm, nonce = self._challenge["realm"], self._challenge["nonce"]
        count, own = f"{self._count:08x}", secrets.token_hex(8)
        who = self._hashed(f"{self._login.user}:{realm}:{self._login.password}")
        what = self._hashed(f"{method}:{target}")
        said = {
            "username": self._login.user,
            "realm": realm,
            "nonce": nonce,
            "uri": target,
            "response": self._hashed(f"{who}:{nonce}:{count}:{own}:auth:{what}"),
            "cnonce": own,
        }
        if "opaque" in self._challenge:
            said["opaque"] = self._challenge["opaque"]
        quoted = ", ".join(f'{name}="{_escaped(value)}"' for name, value in said.items())
        algorithm = f", algorithm={self._challenge['algorithm']}" if "algorithm" in self._challenge else ""
        return f"Digest {quoted}, qop=auth, nc={count}{algorithm}"

    def _hashed(self, text: str) -> str:
        return str(self._hash(text.encode()).hexdigest())


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
