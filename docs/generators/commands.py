"""The page of the commands, from the command line itself."""

import inspect
import re

import click

from generators.model import Model, block, escaped, page, table
from whatworks.cli import main

_STATUSES = (
    ("0", "Fine."),
    ("1", "The answer is no, or a check found something."),
    ("2", "Wrong usage."),
    ("3", "A fault of a file, the store or the system."),
)


def commands(_: Model) -> str:
    """Return the page of the commands."""
    context = click.Context(main, info_name="whatworks", **main.context_settings)
    parts = [
        "`whatworks COMMAND --help` says the same in the terminal.",
        "The stored queries are commands of their own under `whatworks query`: [Stored queries](queries.md).",
        "## whatworks",
        *_described(main, context),
        "## Exit status",
        table(("status", "meaning"), _STATUSES),
        "Every error ends with a code that [Errors](../errors.md) explains.",
    ]
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        if command is not None and not command.hidden:
            parts += [f"## whatworks {name}", *_described(command, click.Context(command, context, info_name=name))]
    return page("Commands", parts)


def _described(command: click.Command, context: click.Context) -> list[str]:
    usage = " ".join(command.collect_usage_pieces(context))
    options = [_row(param) for param in command.get_params(context) if isinstance(param, click.Option)]
    return [
        block("text", f"{context.command_path} {usage}"),
        *_help(command.help or ""),
        table(("option", "what it does"), options),
    ]


def _help(text: str) -> list[str]:
    """Return the paragraphs of a help text; those that are not to be wrapped become blocks."""
    parts = []
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        if not paragraph.startswith("\b"):
            parts.append(escaped(paragraph))
            continue
        lines = paragraph.removeprefix("\b").strip("\n").splitlines()
        if lines and lines[0].rstrip().endswith(":"):
            parts.append(escaped(lines.pop(0)))
        parts.append(block("shell-session", "\n".join(map(_example, lines))))
    return parts


def _example(line: str) -> str:
    """Return a line of an example as one would type it; what is said beside it becomes a remark."""
    return "$ " + re.sub(r" {2,}", "  # ", line.strip())


def _row(option: click.Option) -> tuple[str, str]:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    choices = option.type.choices if isinstance(option.type, click.Choice) else ()
    value = "" if option.is_flag else f" `{option.metavar or '|'.join(map(str, choices)) or option.type.name.upper()}`"
    notes = [escaped(option.help or "")]
    if option.envvar:
        notes.append(f"Also from the variable `{option.envvar}` of the environment.")
    if option.show_default is True:
        notes.append(f"Default: {option.default}.")
    return names + value.replace("|", "\\|"), " ".join(notes)
