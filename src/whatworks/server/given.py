"""JSON that clients send: read, and taken for what it should be."""

import json
from typing import Any

from whatworks.errors import InvalidValue


def read(text: str, where: str) -> Any:
    """Read a text.

    Raises:
        InvalidValue: It is no JSON, or too deep.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidValue(f"{where}: this is no JSON that can be read.") from error


def as_object(given: Any) -> dict[str, Any]:
    """Return an object; nothing else will do."""
    if not isinstance(given, dict):
        raise InvalidValue("A JSON object is expected.", hint="See the reconciliation API of the W3C community group.")
    return given


def as_list(given: Any) -> list[Any]:
    """Return a list; one value is a list of one, and none an empty one."""
    return given if isinstance(given, list) else [] if given is None else [given]


def as_text(given: Any) -> str:
    """Return a value as it would be typed; another entity stands by its id, and nothing is no text."""
    if given is None:
        return ""
    if isinstance(given, dict):
        return str(given.get("id", ""))
    return ("true" if given else "false") if isinstance(given, bool) else str(given)
