"""The command line: thin commands over `KnowledgeGraph`.

Only click is imported here and in the command modules; everything else is imported by the command that needs it, so
that `whatworks --help` starts as fast as click does.
"""

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from whatworks.cli.completion import VARIABLE, completion
from whatworks.cli.data import check, export, import_, show, stats, why
from whatworks.cli.output import silence, system_fault
from whatworks.cli.query import queries, query, sparql
from whatworks.cli.release import build, prune, releases, verify
from whatworks.errors import Error
from whatworks.version import __version__

if TYPE_CHECKING:
    from whatworks.kg import KnowledgeGraph

ERRORS_PAGE = "docs/errors.md"


class Commands(click.Group):
    """A group that turns errors into messages and exit statuses, in one place."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command line; what fails while a shell completes is not said, or it would stand in the prompt."""
        if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8")
        try:
            return super().main(*args, **extra)
        except Exception as error:
            if VARIABLE in os.environ:
                sys.exit(1)
            if isinstance(error, OSError):  # the help of the whole, on a full disk
                silence(sys.stdout)
                sys.exit(_told(system_fault(error)))
            raise

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the options; the commands, and a shell that completes, open the knowledge graph with them."""
        rest = super().parse_args(ctx, args)
        ctx.obj = Opener(ctx.params.get("project"), ctx.params.get("store"), quiet=ctx.resilient_parsing)
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; report an error with its code, place and hint."""
        # The engine cannot be interrupted from Python: with the default action, Ctrl-C ends the process at once.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            return super().invoke(ctx)
        except Error as error:
            status = _told(error)
            if ctx.params.get("debug"):
                _print_trace()
            ctx.exit(status)
        except click.UsageError as error:
            error.show()
            if not isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):
                click.echo(f"({ERRORS_PAGE}#usage)", err=True)
            ctx.exit(error.exit_code)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:  # the reader has enough: end as a process does that the signal ends
            silence(sys.stdout, sys.stderr)
            ctx.exit(141)
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
                f"({ERRORS_PAGE}#internal)",
                err=True,
            )
            ctx.exit(3)


def _told(error: Error) -> int:
    """Say an error on standard error and return its exit status."""
    click.echo(f"Error [{error.code}]: {error}\n({ERRORS_PAGE}#{error.code})", err=True)
    return error.exit_status


def _print_trace() -> None:
    import traceback  # noqa: PLC0415 - needed only when something is wrong

    traceback.print_exc()


class Opener:
    """Opens the knowledge graph when a command first needs it."""

    def __init__(self, project: Path | None, store: Path | None, *, quiet: bool = False) -> None:
        self._project = project
        self._store = store
        self._quiet = quiet
        self._opened: KnowledgeGraph | None = None

    @property
    def kg(self) -> "KnowledgeGraph":
        """The opened knowledge graph."""
        if self._opened is None:
            from whatworks.kg import KnowledgeGraph  # noqa: PLC0415 - lazy on purpose

            def notify(text: str) -> None:
                if not self._quiet:
                    click.echo(text, err=True)

            self._opened = KnowledgeGraph.open(self._project, store=self._store, notify=notify)
        return self._opened


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--project",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="WHATWORKS_PROJECT",
    help="A project folder; without it the nearest folder above with whatworks.toml, else the shipped collection.",
)
@click.option(
    "--store",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="WHATWORKS_STORE",
    help="The folder of a release to read; without it the release in use, else the files.",
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


for command in (queries, query, sparql, show, export, import_, check, stats, why):
    main.add_command(command)
for command in (build, releases, verify, prune, completion):
    main.add_command(command)
