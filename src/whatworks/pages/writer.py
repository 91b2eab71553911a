"""Templates and values become HTML; all text is escaped, and nothing is fetched elsewhere."""

from functools import cached_property
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined

from whatworks.pages.view import View
from whatworks.pages.wording import LANGUAGES
from whatworks.version import __version__

_STATIC = {
    "style.css": "text/css",
    "model.svg": "image/svg+xml",
    "vendor/pico.min.css": "text/css",
    "vendor/htmx.min.js": "text/javascript",
}


class Writer:
    """Writes pages from the templates."""

    @cached_property
    def _environment(self) -> Environment:
        folder = files("whatworks.pages") / "templates"
        texts = {each.name: each.read_text(encoding="utf-8") for each in folder.iterdir() if each.name[-5:] == ".html"}
        made = Environment(
            loader=DictLoader(texts),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.globals.update(version=__version__, spoken=LANGUAGES, marks=self._marks)
        return made

    @cached_property
    def _marks(self) -> dict[str, str]:
        """The first letters of the checksums of the files, by which browsers know whether they have them."""
        return {name: sha256(self.file(name)[0]).hexdigest()[:12] for name in _STATIC}

    @staticmethod
    def file(name: str) -> tuple[bytes, str]:
        """Return a file that pages need, and its media type.

        Raises:
            KeyError: There is none of this name.
        """
        media_type = _STATIC[name]
        return (files("whatworks.pages") / "static" / name).read_bytes(), media_type

    def alone(self, template: str, values: dict[str, Any]) -> bytes:
        """Return a page that is no part of a site."""
        return self._environment.get_template(template).render(values).encode(errors="replace")

    def write(self, template: str, view: View, values: dict[str, Any]) -> bytes:
        """Return a page."""
        facts = view.edition.facts
        common: dict[str, Any] = {
            "view": view,
            "_": view.words,
            "many": view.words.many,
            "to": view.to,
            "language": view.language,
            "release": view.edition.name,
            "licence": facts.licence,
            "site": facts.title,
            "links": [],
            "twins": [],
            "citable": [],
            "tags": [],
            "block": "",
            "here": "",
            "canonical": "",
        }
        return self._environment.get_template(template).render({**common, **values}).encode(errors="replace")
