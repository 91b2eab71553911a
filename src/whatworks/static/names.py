"""Which file of a site stands for which address, and which names no disk or host takes."""

import unicodedata
from collections.abc import Iterable
from itertools import pairwise

from whatworks.errors import UnusableName

_LONGEST = 255  # bytes of a name on the usual disks
# What Windows or hosts of files refuse; what Windows takes for a device.
_REFUSED = frozenset('<>:"|?*\\')
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))})


def check(path: str) -> None:
    """Refuse the path of a file that not every disk and host takes.

    Raises:
        UnusableName: It is one.
    """
    for part in path.split("/"):
        fault = _fault(part)
        if fault:
            raise UnusableName(
                f"/{path[:300]} would be the file {part[:80]!r}, {fault}.",
                hint="Give the thing another key, and say owl:deprecated of the old one.",
            )


def check_address(path: str) -> None:
    """Refuse the path of a document to which no link leads, as browsers take its dots for the way to another one.

    Raises:
        UnusableName: It is one.
    """
    if not {".", ".."}.isdisjoint(path.split("/")):
        raise UnusableName(
            f"/{path[:300]} cannot be asked for: browsers make another address of the dots.",
            hint="Give the thing another key, and say owl:deprecated of the old one.",
        )


def _fault(part: str) -> str:
    """Return what is wrong with a name; nothing where all disks and hosts take it."""
    if not part or part in (".", ".."):
        return "which is no name of a file"
    if len(part.encode(errors="surrogatepass")) > _LONGEST:
        return f"whose name has more than {_LONGEST} bytes"
    wrong = next((sign for sign in part if sign in _REFUSED or unicodedata.category(sign) in ("Cc", "Cs")), None)
    if wrong is not None:
        return f"and {wrong!r} cannot stand in a name everywhere"
    if "%" in part:
        return "and hosts take '%' in an address for the beginning of another sign"
    if part.endswith((".", " ")):
        return "and Windows cuts off the sign at its end"
    return "which is a device of Windows" if part.partition(".")[0].casefold() in _DEVICES else ""


def check_all(paths: Iterable[str]) -> None:
    """Refuse paths of which two are one on disks that do not tell case, or write letters with marks in one way only.

    Raises:
        UnusableName: There are two, or there is one twice.
    """
    seen: dict[str, str] = {}
    given = sorted(paths)
    for path, again in pairwise(given):
        if path == again:
            raise UnusableName(
                f"/{path} would be two files: of two things, or of a thing with the key index and of what is above it.",
                hint="Give one of the two another key.",
            )
    for path in given:
        known = seen.setdefault(unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold()), path)
        if known != path:
            raise UnusableName(
                f"/{known} and /{path} are one file on disks that do not tell capital letters.",
                hint="Give one of the two another key.",
            )
    for folded, path in seen.items():
        above = folded.rpartition("/")[0]
        while above:
            if above in seen:
                raise UnusableName(
                    f"/{seen[above]} would be a file, and the folder of /{path}.", hint="Give one another key."
                )
            above = above.rpartition("/")[0]
