"""Shows where in a query something is wrong: its line, and a caret below the place."""

from whatworks.results import safe

_AROUND = 60


def pointed(text: str, line: int, column: int) -> str:
    """Return what stands around a place, both numbers from 1, as two indented lines; a long line is cut."""
    shown = [*text.split("\n"), ""][line - 1].rstrip("\r")
    before, after = safe(shown[: column - 1]), safe(shown[column - 1 :])
    if len(before) > _AROUND:
        before = "…" + before[-_AROUND:]
    if len(after) > _AROUND:
        after = after[:_AROUND] + "…"
    return f"\n  {before}{after}\n  {' ' * len(before)}^"
