"""A real browser, driven by Playwright, for the tests of pages: Chromium of the system, or that in build/servers."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.endpoints import BUILD

CHROMIUM = BUILD / "chromium"
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def environment() -> dict[str, str]:
    """Return the environment of the browser: libraries that were unpacked are found."""
    folders = [*CHROMIUM.glob("usr/lib/*-linux-gnu*"), *CHROMIUM.glob("usr/lib/*-linux-gnu*/pulseaudio")]
    folders += CHROMIUM.glob("lib/*-linux-gnu*")
    path = os.pathsep.join(filter(None, (*sorted(map(str, folders)), os.environ.get("LD_LIBRARY_PATH"))))
    return {**os.environ, "LD_LIBRARY_PATH": path} if path else dict(os.environ)


def chromium_program() -> str | None:
    """Return the browser's program, if it can be run."""
    own = CHROMIUM / "usr" / "lib" / "chromium" / "chromium-headless-shell"
    for program in (str(own), *(shutil.which(name) for name in _NAMES)):
        if program and Path(program).is_file():
            tried = subprocess.run(
                [program, "--version"], capture_output=True, text=True, check=False, env=environment(), timeout=60
            )
            if tried.returncode == 0 and "Chrom" in tried.stdout:
                return program
    return None
