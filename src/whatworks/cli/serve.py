"""`serve`: publish the graph over HTTP."""

from functools import partial
from typing import Any

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0 for all.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="The port to listen on.")
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    help="Stop an own query after so many seconds.",
)
@click.option(
    "--memory",
    metavar="MEGABYTES",
    type=click.IntRange(min=64),
    default=1024,
    show_default=True,
    help="Stop an own query when it takes more memory than that (not on Windows).",
)
@click.option(
    "--rows",
    type=click.IntRange(min=1),
    default=100_000,
    show_default=True,
    help="Give at most so many rows or statements to an own query; it is said when there are more.",
)
@click.option(
    "--queries",
    type=click.IntRange(min=1, max=64),
    default=2,
    show_default=True,
    help="Answer so many own queries at once, each in a process of its own.",
)
@click.option(
    "--waiting", type=click.IntRange(min=0), default=16, show_default=True, help="Let so many more wait for their turn."
)
@click.option(
    "--workers",
    type=click.IntRange(min=1, max=64),
    default=1,
    show_default=True,
    help="Serve with so many processes at the same address, each with its own queries (not on Windows).",
)
@click.option(
    "--log",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Tell faults in words, or each request and fault as a line of JSON.",
)
@click.pass_obj
def serve(opener: Any, /, host: str, port: int, workers: int, log: str, **how: Any) -> None:
    """Answer over HTTP: linked data, pages, SPARQL and the stored queries (extra `serve`).

    Serves the release in use, or the files as they are; a release that is put to use later is taken up at once. Ends
    with Ctrl-C or SIGTERM, when open requests have their answers.

    \b
    Example:
      whatworks serve --port 8080
    """
    from whatworks.errors import MissingExtra  # noqa: PLC0415 - lazy on purpose

    try:
        from whatworks.server.logs import Log  # noqa: PLC0415 - lazy on purpose
        from whatworks.server.run import listen, run  # noqa: PLC0415 - lazy on purpose
        from whatworks.server.served import Site  # noqa: PLC0415 - lazy on purpose
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"The server needs {error.name}, which is not installed.",
            hint="Install it with: python -m pip install 'whatworks[serve]'",
        ) from error
    from whatworks.store import Limits  # noqa: PLC0415 - lazy on purpose

    limits = Limits(how["timeout"], how["rows"], how["memory"], 64 << 20)
    listening = listen(host, port)
    shown = f"[{host}]" if ":" in host else host

    reopened = partial(opener.reopened, Log().warning if log == "json" else None)

    def opened() -> Site:
        return Site(reopened, limits, workers=how["queries"], waiting=how["waiting"], follows=not opener.is_fixed)

    run(opened, listening, f"http://{shown}:{listening.getsockname()[1]}/", workers, log)
