"""Starts the server: uvicorn on one address, until a signal ends it."""

import signal
from typing import Any

import uvicorn

from whatworks.server.app import make_app
from whatworks.server.served import Site

_GRACE = 10  # seconds that open requests have when the server ends


def run(site: Site, host: str, port: int) -> None:
    """Serve a site until SIGINT or SIGTERM; open requests are answered first."""
    site.current.warm()
    config = uvicorn.Config(
        make_app(site),
        host=host,
        port=port,
        access_log=False,
        log_level="info",
        server_header=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=_GRACE,
        limit_concurrency=512,
        lifespan="on",
    )

    def ended(*_: Any) -> None:
        """Do nothing: the server raises the signal again when all is done, and has ended well."""

    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, ended)
    try:
        uvicorn.Server(config).run()
    finally:
        site.close()
