"""What a project brings to its pages: settings, styles, pictures, and templates in place of ours.

Templates are run in a sandbox and all text is escaped, as in ours. Files of a project are served under names of their
own, and of few kinds; links that lead out of the project are refused as among its data.
"""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple

from whatworks.assets import Assets
from whatworks.errors import Place, SettingsFault
from whatworks.settings import Look, Settings

# The kinds of files that are served.
_KINDS = {
    "css": "text/css",
    "gif": "image/gif",
    "ico": "image/vnd.microsoft.icon",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webp": "image/webp",
    "woff2": "font/woff2",
}
_TEMPLATES, _OWN = "templates/", "own-"
COLOURS, STYLE = "colours.css", "style.css"


class Brand(NamedTuple):
    """What a project brings.

    Attributes:
        look: Its settings.
        templates: Its templates by name.
        files: Its files by name, with their media types.
        mark: What differs when one of these does; empty where there is nothing.
    """

    look: Look
    templates: Mapping[str, str]
    files: Mapping[str, tuple[bytes, str]]
    mark: str

    @property
    def name(self) -> str:
        """What stands at the top of each page."""
        return self.look.name or "whatworks"

    def address(self, name: str) -> str:
        """Return where a file is served; its address changes with its content, so that it can be kept."""
        return f"/static/own/{name}?v={sha256(self.files[name][0]).hexdigest()[:12]}"

    @property
    def logo(self) -> str:
        """The address of the logo; empty where there is none."""
        return self.address(self.look.logo) if self.look.logo else ""

    @property
    def styles(self) -> list[str]:
        """The addresses of the styles, after ours."""
        return [self.address(name) for name in (COLOURS, STYLE) if name in self.files]


@cache
def shipped_templates() -> Mapping[str, str]:
    """Return our own templates by name."""
    folder = files("whatworks.pages") / "templates"
    return {each.name: each.read_text(encoding="utf-8") for each in folder.iterdir() if each.name.endswith(".html")}


def brand_of(assets: Assets, settings: Settings) -> Brand:
    """Read what a project brings.

    Raises:
        SettingsFault: A file is of no kind that is served, a template replaces none, or the logo is not there.
        LinkRefused, MissingFile: A file cannot be read, or leads out of the project.
    """
    templates, served = dict[str, str](), dict[str, tuple[bytes, str]]()
    for asset in assets.pages():
        name, where = asset.name.removeprefix("pages/"), Place(asset.name)
        if name.startswith(_TEMPLATES):
            templates[_template(name.removeprefix(_TEMPLATES), where)] = asset.read().decode(errors="replace")
        elif (kind := name.rpartition(".")[2].lower()) in _KINDS and name != COLOURS:
            served[name] = (asset.read(), _KINDS[kind])
        else:
            raise SettingsFault(
                f"{name} is no file for pages.",
                hint=f"Files end with {', '.join(f'.{each}' for each in _KINDS)}; templates lie in pages/templates/.",
                where=where,
            )
    look = settings.pages
    if look.logo and (look.logo not in served or not served[look.logo][1].startswith("image/")):
        raise SettingsFault(
            f"The logo {look.logo!r} is no picture in the folder pages/.",
            hint='Put a file such as pages/logo.svg there, and name it in [pages]: logo = "logo.svg".',
            where=Place("whatworks.toml"),
        )
    if colours := _colours(look):
        served[COLOURS] = (colours, "text/css")
    is_own = templates or served or look != Look()
    mark = sha256(repr((look, sorted(templates.items()), sorted(served.items()))).encode()).hexdigest()
    return Brand(look, templates, served, mark[:16] if is_own else "")


def _template(name: str, where: Place) -> str:
    if name in shipped_templates() or (name.startswith(_OWN) and name.endswith(".html")):
        return name
    raise SettingsFault(
        f"{name} replaces no template.",
        hint=f"There are: {', '.join(sorted(shipped_templates()))}. Parts of your own begin with {_OWN}.",
        where=where,
    )


def _colours(look: Look) -> bytes:
    """Return the colours of the settings as a style."""
    written = ""
    for colour, start, end in (
        (look.accent, ':root:not([data-theme="dark"]) {', "}"),
        (look.accent_dark, '@media screen and (prefers-color-scheme: dark) { :root:not([data-theme="light"]) {', "} }"),
    ):
        if colour:
            names = ["--strong", "--pico-primary", "--pico-primary-hover", "--pico-primary-underline"]
            if colour == look.accent or not look.accent:
                names += ["--pico-primary-background", "--pico-primary-border", "--pico-primary-hover-background"]
            written += f"{start} {' '.join(f'{name}: {colour};' for name in names)} {end}\n"
    return written.encode()
