"""`explain`: what an error means and what to do, from the page on errors that comes with the tool."""

import re
from typing import TYPE_CHECKING

import click

from whatworks.cli.completion import fitting

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def _completes(_: click.Context, __: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    """Complete the code of an error, with what it means in a line."""
    return fitting(((code, _plain(text.splitlines()[0])) for code, text in _sections().items()), incomplete)


@click.command()
@click.argument("code", required=False, shell_complete=_completes)
@click.pass_context
def explain(ctx: click.Context, code: str | None) -> None:
    """Say what an error means and what to do; without CODE, list the codes.

    The code of an error stands in brackets in its message.

    \b
    Example:
      whatworks explain unknown-value
    """
    found = _sections()
    if code is None:
        width = max(map(len, found))
        for name, text in found.items():
            click.echo(f"{name:{width}}  {_plain(text.splitlines()[0])}")
        return
    code = code.strip().strip("[]").casefold()
    if code in found:
        click.echo(f"{code}\n\n{_plain(found[code])}")
    else:
        from difflib import get_close_matches  # noqa: PLC0415 - needed after a slip only

        near = get_close_matches(code[:80], found, n=3, cutoff=0.6)
        hint = f"Did you mean: {', '.join(near)}?" if near else "List them with: whatworks explain"
        raise click.BadParameter(f"There is no error {code[:80]!r}. {hint}", ctx, param_hint="CODE")


def _sections() -> dict[str, str]:
    """Return what the page on errors says of each code."""
    from whatworks.assets import Assets  # noqa: PLC0415 - lazy on purpose

    page = Assets.find().errors().read().decode("utf-8")
    return dict(re.findall(r"^## (\S+)\n\n(.*?)\n*(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))


def _plain(markdown: str) -> str:
    """Return a text without marks of emphasis and with the targets of links left out."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown.replace("**", ""))
