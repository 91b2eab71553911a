"""The command line: thin commands over `KnowledgeGraph`.

A command's module is imported when the command is asked for, and only click is imported at its top; everything else is
imported by the command that needs it. So `whatworks --help` starts about as fast as click does.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from whatworks.errors import Error, Unwritable
from whatworks.version import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from whatworks.kg import KnowledgeGraph

# The exit status of a process that a broken pipe ends.
ENOUGH = 141

# Where each command stands, and what it does: the first sentence of its help, as a test makes sure.
COMMANDS = {
    "build": ("release:build", "Make an immutable release of the files and put it to use."),
    "check": (
        "data:check",
        "Check the collection, or FILES as if they were part of it, and say how to mend what is found.",
    ),
    "completion": (
        "completion:completion",
        "Print the script by which a shell completes commands, queries, parameters and their values.",
    ),
    "diff": ("diff:diff", "Say what changed from BEFORE to AFTER: thing by thing and field by field, in words."),
    "doctor": (
        "doctor:doctor",
        "Look at program, extras, project, release and machine, and say what is wrong and how to mend it.",
    ),
    "dumps": (
        "publish:dumps",
        "Write the files of a release for taking home: Turtle, JSON-LD, and a table with codebook for each class.",
    ),
    "explain": ("explain:explain", "Say what an error means and what to do; without CODE, list the codes."),
    "export": ("data:export", "Write things as RDF, JSON-LD, CSV or a workbook."),
    "import": ("importing:import_", "Bring records into the collection, one data file for each."),
    "link": ("link:link", "Work out the links between interventions anew, or decide about them."),
    "load": ("release:load", "Put a release into the SPARQL engine that answers at ENDPOINT, graph by graph."),
    "new": ("project:new", "Begin a collection of your own in the new folder DIR."),
    "prune": ("release:prune", "Remove old releases and damaged ones; the one in use always stays."),
    "publish": (
        "publish:publish",
        "Write the collection into DIR as a site of files that any web host can serve (extra `site`).",
    ),
    "queries": ("query:queries", "List the stored queries and their parameters."),
    "query": ("query:query", "Answer a stored query."),
    "redirects": (
        "publish:redirects",
        "Write the rules by which the IRIs of the collection lead to TARGET, the address where it is published.",
    ),
    "related": ("link:related", "Show what is related to an intervention, and why."),
    "releases": ("release:releases", "List the releases, oldest first; the one in use is marked."),
    "search": ("search:search", "Find things by plain words in any language, the best first."),
    "serve": (
        "serve:serve",
        "Answer over HTTP: linked data, pages, SPARQL and the stored queries (extra `serve`).",
    ),
    "show": ("data:show", "Show one thing: everything worth saying about it."),
    "sparql": ("query:sparql", "Answer an own SPARQL query (read-only)."),
    "stats": ("data:stats", "Count what the collection holds, or measure its quality."),
    "template": (
        "template:template",
        "Write a workbook to fill in: a sheet for each class, with what may stand where.",
    ),
    "verify": ("release:verify", "Read every byte of a release and name what is damaged."),
    "why": ("data:why", "Say where statements come from: which record and page, or which rule or method made them."),
}


class Commands(click.Group):
    """The commands, each imported when it is asked for; errors become messages and exit statuses here."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return sorted({*COMMANDS, *self.commands})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command."""
        if cmd_name in COMMANDS and cmd_name not in self.commands:
            module, _, name = COMMANDS[cmd_name][0].partition(":")
            self.add_command(getattr(import_module(f"whatworks.cli.{module}"), name), cmd_name)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what each command does, for the help of the whole; none of them is imported."""
        limit = formatter.width - 6 - max(map(len, COMMANDS))
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, click.Command(name, help=does).get_short_help_str(limit))
                    for name, (_, does) in COMMANDS.items()
                ]
            )

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command line; what fails while a shell completes is not said, or it would stand in the prompt."""
        if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8")
        output = sys.stdout
        try:
            return super().main(*args, **extra)
        except SystemExit as error:
            # Where the reader of the help has enough, click puts another in the place of the output, and fails.
            if error.code == 1 and sys.stdout is not output:
                sys.exit(ENOUGH)
            raise
        except Exception as error:
            from whatworks.cli.completion import VARIABLE  # noqa: PLC0415 - lazy on purpose
            from whatworks.cli.output import silence, system_fault  # noqa: PLC0415 - lazy on purpose

            if VARIABLE in os.environ:
                sys.exit(1)
            if isinstance(error, OSError):  # the help of the whole, on a full disk
                silence(sys.stdout)
                sys.exit(_told(system_fault(error)))
            raise

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options; the commands, and a shell that completes, open the knowledge graph with them."""
        rest = super().parse_args(ctx, args)
        ctx.obj = Opener(
            quiet=ctx.resilient_parsing, **{name: ctx.params.get(name) for name in ("project", "store", "cache")}
        )
        ctx.call_on_close(ctx.obj.keep)  # for the next command, now that this one has its answer
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; report an error with its code, place and hint."""
        from whatworks.cli.output import silence, system_fault  # noqa: PLC0415 - lazy on purpose

        try:
            return super().invoke(ctx)
        except Error as error:
            status = _told(error)
            if ctx.params.get("debug"):
                _print_trace()
            ctx.exit(status)
        except click.UsageError as error:
            try:
                error.show()
                if not isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):
                    click.echo("(whatworks explain usage)", err=True)
            except OSError:
                silence(sys.stderr)
            ctx.exit(error.exit_code)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:  # the reader has enough: end as a process does that the signal ends
            silence(sys.stdout, sys.stderr)
            ctx.exit(ENOUGH)
        except OSError as error:
            status = _told(system_fault(error))
            if ctx.params.get("debug"):
                _print_trace()
            silence(sys.stdout)
            ctx.exit(status)
        except Exception as error:
            if ctx.params.get("debug"):
                _print_trace()
            name = type(error).__name__
            click.echo(
                f"Error [internal]: whatworks made a mistake ({name}: {error}).\n"
                "Run the command again with `whatworks --debug …` and report what it prints.\n"
                "(whatworks explain internal)",
                err=True,
            )
            ctx.exit(3)


def _told(error: Error) -> int:
    """Say an error on standard error, if that takes it, and return its exit status."""
    try:
        click.echo(f"Error [{error.code}]: {error}\n(whatworks explain {error.code})", err=True)
    except OSError:
        from whatworks.cli.output import silence  # noqa: PLC0415 - lazy on purpose

        silence(sys.stderr)
    return error.exit_status


def _print_trace() -> None:
    import traceback  # noqa: PLC0415 - needed only when something is wrong

    traceback.print_exc()


class Opener:
    """Opens the knowledge graph when a command first needs it."""

    def __init__(self, project: str | None, store: str | None, cache: str | None, *, quiet: bool = False) -> None:
        self._project = project
        self._store = store
        self._cache = cache
        self._quiet = quiet
        self._opened: KnowledgeGraph | None = None

    @property
    def kg(self) -> "KnowledgeGraph":
        """The opened knowledge graph."""
        if self._opened is None:
            self._opened = self.reopened()
        return self._opened

    @property
    def is_fixed(self) -> bool:
        """Whether one release was named, whichever is in use."""
        return self._store is not None

    @property
    def given(self) -> tuple[str | None, str | None, str | None]:
        """What the options name: the project, the store and the cache."""
        return self._project, self._store, self._cache

    def reopened(self, tell: Callable[[str], None] | None = None) -> "KnowledgeGraph":
        """Return the knowledge graph as it is now; `tell` is told what a person should know, else standard error is."""
        from whatworks.kg import KnowledgeGraph  # noqa: PLC0415 - lazy on purpose

        def notify(text: str) -> None:
            if self._quiet:
                return
            if tell is None:
                click.echo(text, err=True)
            else:
                tell(text)

        return KnowledgeGraph.open(**self.ways, notify=notify)

    @property
    def ways(self) -> dict[str, Any]:
        """How the knowledge graph is opened, for processes that open it as well."""
        from whatworks.prepared import cache_folder  # noqa: PLC0415 - lazy on purpose

        return {"project": self._project, "store": self._store, "cache": cache_folder(self._cache)}

    def keep(self) -> None:
        """Keep what was read so far for other commands and processes."""
        if self._opened is not None and not self._quiet:
            with suppress(Unwritable, OSError):  # then the next command reads the files as well
                self._opened.keep()


def _named(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Refuse the empty name of a folder, which would be the current one."""
    if value == "":
        raise click.BadParameter("The name is empty.", ctx, param)
    return value


def _completes_store(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem[str]]":
    from whatworks.cli.completion import completes_store  # noqa: PLC0415 - lazy on purpose

    return completes_store(ctx, param, incomplete)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--project",
    type=click.Path(file_okay=False),
    callback=_named,
    envvar="WHATWORKS_PROJECT",
    help="A project folder; without it the nearest folder above with whatworks.toml, else the shipped collection.",
)
@click.option(
    "--store",
    metavar="FOLDER|URL",
    type=click.Path(file_okay=False),
    shell_complete=_completes_store,
    callback=_named,
    envvar="WHATWORKS_STORE",
    help="A release's folder or a SPARQL endpoint's address to read; without it the release in use, else the files.",
)
@click.option(
    "--cache",
    metavar="DIRECTORY",
    envvar="WHATWORKS_CACHE",
    help="The folder for prepared stores, which spare reading the files again; without it the user's cache folder, "
    "and none if it is empty.",
)
@click.option("--debug", is_flag=True, help="Show where in the program an error came from.")
@click.version_option(__version__, prog_name="whatworks")
def main(**_: Any) -> None:
    """Ask, check and publish a knowledge graph of interventions and of what makes them succeed.

    \b
    Start here:
      whatworks queries                                  what can be asked
      whatworks query interventions --country Belgium    ask it
      whatworks show expairs-project                     read one intervention
    """
