"""Templates and values become HTML; all text is escaped, and nothing is fetched elsewhere."""

import re
from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256
from html import escape
from importlib.resources import files
from pathlib import PurePath
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from whatworks.errors import Place, SettingsFault
from whatworks.pages.brand import Brand, shipped_templates
from whatworks.pages.view import View, heading
from whatworks.pages.wording import LANGUAGES
from whatworks.settings import Look
from whatworks.version import __version__

_STATIC = {
    "style.css": "text/css",
    "editor.js": "text/javascript",
    "finder.js": "text/javascript",
    "model.svg": "image/svg+xml",
    "vendor/codemirror.js": "text/javascript",
    "vendor/pico.min.css": "text/css",
    "vendor/htmx.min.js": "text/javascript",
}
# Addresses of the site as templates and links write them: from its root.
_ADDRESS = re.compile(r'( (?:href|src|action|hx-get)=")/(?!/)')


class _Sandbox(SandboxedEnvironment):
    """Runs templates of a project: they see what is to be shown, and not the collection or the disk behind it."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Say whether a template may read an attribute."""
        is_behind = isinstance(obj, PurePath) or attr in _BEHIND
        return not is_behind and super().is_safe_attribute(obj, attr, value)


# What leads from a view, or a release, to the collection and to the disk.
_BEHIND = {"assets", "edition", "folder", "kg", "store"}


class Writer:
    """Writes pages from the templates.

    Args:
        brand: What a project brings; without it, ours is all.

    Raises:
        SettingsFault: A template of the project cannot be read.
    """

    def __init__(self, brand: Brand | None = None) -> None:
        self._brand = brand or Brand(Look(), {}, {}, "")
        for name, text in self._brand.templates.items():
            try:
                self._environment.parse(text)
            except TemplateSyntaxError as error:
                where = Place(f"pages/templates/{name}", error.lineno)
                raise SettingsFault(f"The template is not well formed: {error.message}", where=where) from error

    @cached_property
    def _environment(self) -> Environment:
        ours = shipped_templates()
        # What replaces one of ours can be made of it: {% extends "whatworks/layout.html" %}.
        texts = {**ours, **{f"whatworks/{name}": text for name, text in ours.items()}, **self._brand.templates}
        made = (_Sandbox if self._brand.templates else Environment)(
            loader=DictLoader(texts),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.filters["heading"] = heading
        made.globals.update(version=__version__, spoken=LANGUAGES, marks=self._marks, brand=self._brand)
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

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield all files that pages need, by their names."""
        return ((name, self.file(name)[0]) for name in _STATIC)

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
        text = self._environment.get_template(template).render({**common, **values})
        # Text has no quotation mark that is not escaped, so only addresses of the site are found.
        written = _ADDRESS.sub(rf"\1{escape(view.root)}/", text) if view.root else text
        return written.encode(errors="replace")
