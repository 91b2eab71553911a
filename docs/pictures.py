"""Takes the pictures of the README anew, of the shipped collection as a server sends it: `python docs/pictures.py`.

It needs the browser of `make servers`. Pictures differ a little from machine to machine, as fonts do, so no test
compares them; take them anew when pages look different.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import sync_playwright  # noqa: E402 - after the path is set, like those below
from tests.endpoints.browser import chromium_program, environment  # noqa: E402
from tests.servers import started  # noqa: E402

FOLDER = Path(__file__).parent / "pictures"
PAGES = {
    "interventions.png": "/interventions?target-group=early-leavers",
    "intervention.png": "/doc/intervention/expairs-project",
}
SIZE = {"width": 1024, "height": 640}


def main() -> int:
    """Take them."""
    program = chromium_program()
    if program is None:
        sys.stderr.write("There is no browser; run: make servers\n")
        return 1
    FOLDER.mkdir(exist_ok=True)
    with started() as (address, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"], env=environment())
        for name, path in PAGES.items():
            page = browser.new_page(viewport=SIZE, color_scheme="light")  # type: ignore[arg-type]  # a size it is
            page.goto(address + path)
            page.screenshot(path=FOLDER / name)
            page.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
