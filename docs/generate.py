"""Writes the reference pages of the handbook from what they describe: `python docs/generate.py`.

With `--check` nothing is written; pages that are not as they should be are named, and the exit status is 1.
"""

import sys
from pathlib import Path

from generators.commands import commands
from generators.diagram import diagram
from generators.model import Model, open_model
from generators.ontology import ontology
from generators.queries import overview, topic_page, topics
from generators.schemes import prefixes, schemes
from generators.shapes import shapes

REFERENCE = Path(__file__).parent / "reference"
PICTURE = Path(__file__).parent.parent / "src" / "whatworks" / "pages" / "static" / "model.svg"
_PAGES = {
    "commands.md": commands,
    "model.svg": diagram,
    "ontology.md": ontology,
    "prefixes.md": prefixes,
    "queries.md": overview,
    "schemes.md": schemes,
    "shapes.md": shapes,
}


def pages(model: Model) -> dict[Path, str]:
    """Return every generated file with its content."""
    found = {REFERENCE / name: write(model) for name, write in _PAGES.items()}
    found[PICTURE] = diagram(model)  # the page of the ontology shows it as well
    for topic in topics(model):
        found[REFERENCE / "queries" / f"{topic}.md"] = topic_page(model, topic)
    return found


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them."""
    found = pages(open_model())
    left = set((REFERENCE / "queries").glob("*.md")) - set(found)
    old = [file for file, text in found.items() if not file.is_file() or file.read_text(encoding="utf-8") != text]
    if "--check" not in arguments:
        for file in left:
            file.unlink()
        for file in old:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(found[file], encoding="utf-8", newline="\n")
    for file in sorted([*old, *left]):
        print(file.relative_to(REFERENCE.parent.parent).as_posix())  # noqa: T201 - this is a command
    return int("--check" in arguments and bool(old or left))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
