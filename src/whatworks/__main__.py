"""`python -m whatworks` is the command line, as is the command `whatworks`."""

import signal

# The engine cannot be interrupted from Python: with the default action, Ctrl-C ends the process at once, also while the
# modules below are imported. Where it is ignored, as of what a script starts in the background, it stays so.
if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import atexit
import os
import sys
import threading
from typing import NoReturn

from whatworks.cli import main


def run() -> NoReturn:
    """Run the command line and end the process.

    To take all modules and the store apart, as Python does at its end, takes a sixth of the time of a look-up, and the
    system takes back the whole of it anyway. So the process ends as soon as all is written and what was registered for
    the end is done; where a thread still works, or writing fails, it ends as Python ends it.
    """
    try:
        main()
    except SystemExit as error:
        if not (error.code is None or isinstance(error.code, int)) or threading.active_count() > 1:
            raise
        atexit._run_exitfuncs()  # Python has no other way to have them run
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                try:
                    stream.flush()
                except (OSError, ValueError):  # closed, or a full disk, of which Python makes an exit status
                    raise error from None
        os._exit(error.code or 0)
    sys.exit()


if __name__ == "__main__":
    run()
