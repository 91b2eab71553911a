"""`explain`: what an error means and what to do, from the page on errors that comes with the tool."""

import re

import click


@click.command()
@click.argument("code", required=False)
@click.pass_context
def explain(ctx: click.Context, code: str | None) -> None:
    """Say what an error means and what to do; without CODE, list the codes.

    The code of an error stands in brackets in its message.

    \b
    Example:
      whatworks explain unknown-value
    """
    from whatworks.assets import Assets  # noqa: PLC0415 - lazy on purpose

    page = Assets.find().errors().read().decode("utf-8")
    sections = dict(re.findall(r"^## (\S+)\n\n(.*?)\n*(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    if code is None:
        width = max(map(len, sections))
        for name, text in sections.items():
            click.echo(f"{name:{width}}  {_plain(text.splitlines()[0])}")
        return
    code = code.strip().strip("[]").casefold()
    if code in sections:
        click.echo(f"{code}\n\n{_plain(sections[code])}")
    else:
        from difflib import get_close_matches  # noqa: PLC0415 - needed after a slip only

        near = get_close_matches(code[:80], sections, n=3, cutoff=0.6)
        hint = f"Did you mean: {', '.join(near)}?" if near else "List them with: whatworks explain"
        raise click.BadParameter(f"There is no error {code[:80]!r}. {hint}", ctx, param_hint="CODE")


def _plain(markdown: str) -> str:
    """Return a text without marks of emphasis and with the targets of links left out."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", markdown.replace("**", ""))
