"""Shows where in a query something is wrong: its line, and a caret below the place."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from whatworks.gate import Token
from whatworks.results import display_width, safe

_AROUND = 60
_CLOSES = {")": "(", "]": "[", "}": "{"}
# After each of the first, in SPARQL, none of the second can stand.
_UNFINISHED = frozenset(("=", "!=", "<", "<=", ">", ">=", "&&", "||", "/", "|", "^", "^^", "!", "-", ","))
_NO_VALUE = frozenset((*_CLOSES, "=", "!=", "<=", ">=", "&&", "||", "/", "|", ",", ";", ".", "AS"))
_NO_STATEMENT = frozenset((".", ";", ","))


def place_of(text: str, start: int) -> tuple[int, int]:
    """Return the line and the column of an offset in a text, both from 1."""
    return text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)


def misplaced(text: str, found: Sequence[Token]) -> tuple[int, str] | None:
    """Return where a sign has nothing on its right or a bracket no other, and that in words; None where all have.

    An engine that tries many readings tells the place at which the last of them fails, which may be lines below.

    Args:
        text: The query.
        found: Its tokens.
    """
    faults = [
        (after.start, f"Something is missing between {before.text} and {after.text}")
        for before, after in pairwise(found)
        if before.kind == "operator" and (after.word or after.text) in _never_after(before.text)
    ]
    return min([*faults, *_unmatched(text, found)], default=None)


def _never_after(sign: str) -> frozenset[str]:
    return _NO_VALUE if sign in _UNFINISHED else _NO_STATEMENT if sign == "." else frozenset()


def _unmatched(text: str, found: Sequence[Token]) -> Iterator[tuple[int, str]]:
    """Yield the first bracket that does not close the one before, or else the end where one is open."""
    opened: list[Token] = []
    for token in found:
        if token.text in _CLOSES.values():
            opened.append(token)
        elif token.text not in _CLOSES:
            continue
        elif not opened:
            yield token.start, f"This {token.text} closes nothing"
            return
        elif (last := opened.pop()).text != _CLOSES[token.text]:
            yield token.start, f"{_named(text, last)} is not closed before this {token.text}"
            return
    if opened:
        yield len(text), f"{_named(text, opened[-1])} is not closed"


def _named(text: str, token: Token) -> str:
    line, column = place_of(text, token.start)
    return f"The {token.text} of line {line}, column {column},"


def pointed(text: str, line: int, column: int) -> str:
    """Return what stands around a place, both numbers from 1, as two indented lines; a long line is cut."""
    shown = [*text.split("\n"), ""][line - 1].rstrip("\r")
    before, after = safe(shown[: column - 1]), safe(shown[column - 1 :])
    if len(before) > _AROUND:
        before = "…" + before[-_AROUND:]
    if len(after) > _AROUND:
        after = after[:_AROUND] + "…"
    return f"\n  {before}{after}\n  {' ' * display_width(before)}^"
