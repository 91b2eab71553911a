"""Templates and values become HTML; all text is escaped, and nothing is fetched elsewhere."""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from hashlib import sha256
from html import escape
from importlib.resources import files
from pathlib import PurePath
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

from whatworks.errors import Place, SettingsFault
from whatworks.pages.brand import Brand, shipped_templates
from whatworks.pages.view import Shown, View, heading
from whatworks.pages.wording import LANGUAGES
from whatworks.settings import Look
from whatworks.version import __version__

_STATIC = {
    "style.css": "text/css",
    "editor.js": "text/javascript",
    "finder.js": "text/javascript",
    "chooser.js": "text/javascript",
    "comparer.js": "text/javascript",
    "model.svg": "image/svg+xml",
    "vendor/codemirror.js": "text/javascript",
    "vendor/pico.min.css": "text/css",
    "vendor/htmx.min.js": "text/javascript",
}
# Addresses of the site as templates and links write them: from its root.
_ADDRESS = re.compile(r'( (?:href|src|action|hx-get|data-list|data-from)=")/(?!/)')


_Part = nodes.Extends | nodes.Include | nodes.Import | nodes.FromImport


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
        if self._brand.templates:
            self._check()

    def _check(self) -> None:
        """Compile what a project brings; what it is made of must be there, and may not be itself."""
        texts = self._texts
        for name in self._brand.templates:
            for tag, at, line in self._parts(name, texts):
                where = Place(f"pages/templates/{name}", line)
                if at not in texts:
                    raise SettingsFault(f"There is no template {at!r}.", hint="Mend its name.", where=where)
                if tag is nodes.Extends and name in self._chain(at, texts):
                    ours = name if name in shipped_templates() else "NAME.html"
                    hint = f'To make it of ours, write {{% extends "whatworks/{ours}" %}}.'
                    raise SettingsFault("The template extends itself.", hint=hint, where=where)

    def _chain(self, name: str, texts: Mapping[str, str]) -> set[str]:
        """Return a template and all that it extends."""
        found = set[str]()
        while name in texts and name not in found:
            found.add(name)
            name = next((at for tag, at, _ in self._parts(name, texts) if tag is nodes.Extends), "")
        return found

    def _parts(self, name: str, texts: Mapping[str, str]) -> list[tuple[type, str, int]]:
        """Return what a template names that must be there: by which tag, its name, and the line."""
        try:
            tree = self._environment.parse(texts[name])
            parts = list[_Part](tree.find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)))
            if name in self._brand.templates:
                self._environment.compile(tree)  # tells unknown filters and tests
        except TemplateSyntaxError as error:
            where = Place(f"pages/templates/{name}", error.lineno)
            raise SettingsFault(f"The template is not well formed: {error.message}", where=where) from error
        return [
            (type(each), each.template.value, each.lineno)
            for each in parts
            if isinstance(each.template, nodes.Const) and not getattr(each, "ignore_missing", False)
        ]

    @cached_property
    def _texts(self) -> Mapping[str, str]:
        """The templates by name; what replaces one of ours can be made of it: {% extends "whatworks/layout.html" %}."""
        ours = shipped_templates()
        return {**ours, **{f"whatworks/{name}": text for name, text in ours.items()}, **self._brand.templates}

    def _read(self, name: str) -> tuple[str, str, None] | None:
        """Return a template, and what it is called in the log."""
        own = "pages/templates/" if name in self._brand.templates else ""
        return (self._texts[name], f"{own}{name}", None) if name in self._texts else None

    @cached_property
    def _environment(self) -> Environment:
        made = (_Sandbox if self._brand.templates else Environment)(
            loader=FunctionLoader(self._read),
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
            "site": (view.stated("dcterms:title") or Shown(facts.title)).text,
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
