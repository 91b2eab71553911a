"""The settings of a project: the base of its IRIs, the languages it prefers, and how its pages look."""

import re
from math import floor
from pathlib import Path
from typing import Any, NamedTuple

from whatworks.errors import MissingFile, Place, SettingsFault
from whatworks.terms import Literal, is_iri, is_language

DEFAULT_BASE = "https://w3id.org/whatworks/"


class Look(NamedTuple):
    """How pages look, the table `[pages]`.

    Attributes:
        name: What stands at the top of each page.
        footer: A sentence at the end of each page.
        logo: A picture beside the name, a file in the folder `pages/` of the project.
        accent, accent_dark: The colour of links and buttons, in light and in dark.
    """

    name: str = ""
    footer: str = ""
    logo: str = ""
    accent: str = ""
    accent_dark: str = ""


class Settings(NamedTuple):
    """What a project decides.

    Attributes:
        base: The IRI under which things, graphs and records are minted; ends with a slash.
        languages: Language tags in order of preference, for labels where no language is asked for.
        pages: How pages look.
    """

    base: str = DEFAULT_BASE
    languages: tuple[str, ...] = ("en", "fr", "de")
    pages: Look = Look()

    @classmethod
    def load(cls, file: Path | None) -> "Settings":
        """Read a settings file; without one, return the defaults.

        Raises:
            SettingsFault: The file is not TOML, or has an unknown key or a wrong value.
        """
        if file is None:
            return cls()
        where = Place(file.name)
        import tomllib  # noqa: PLC0415 - needed where there are settings only

        try:
            table = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise MissingFile(f"The settings cannot be read: {error.strerror}.", where=where) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise SettingsFault(f"The settings are not valid TOML: {error}.", where=where) from error
        return cls(**{key: _checked(key, value, where) for key, value in table.items()})


def preference(name: Literal, languages: tuple[str, ...]) -> tuple[int, str, str]:
    """Return the place of a name: by the preferred languages, then English, then no language, then any other."""
    order = (*languages, "en", "")
    return (order.index(name.language) if name.language in order else len(order), name.language, name.value)


def _checked(key: str, value: Any, where: Place) -> Any:
    if key == "base":
        if isinstance(value, str) and is_iri(value) and value.endswith("/"):
            return value
        raise SettingsFault(f"base = {value!r} is no IRI that ends with a slash.", where=where)
    if key == "languages":
        if isinstance(value, list) and value and all(isinstance(tag, str) and is_language(tag) for tag in value):
            return tuple(value)
        raise SettingsFault(f"languages = {value!r} is no list of language tags.", where=where)
    if key == "pages":
        if isinstance(value, dict):
            return Look(**{name.replace("-", "_"): _look(name, text, where) for name, text in value.items()})
        raise SettingsFault("pages is no table; write [pages].", where=where)
    raise SettingsFault(f"There is no setting {key!r}.", hint="Known settings: base, languages, [pages].", where=where)


# The backgrounds on which an accent is read, and how much it must stand out (WCAG 2, text of usual size).
_BACKGROUNDS = {"accent": "#ffffff", "accent-dark": "#13171f"}
_CONTRAST = 4.5


def _look(name: str, value: Any, where: Place) -> str:
    known = [each.replace("_", "-") for each in Look._fields]
    if name not in known:
        raise SettingsFault(f"There is no setting {name!r} of pages.", hint=f"Known: {', '.join(known)}.", where=where)
    if not isinstance(value, str) or not value.strip() or len(value) > 1000:
        raise SettingsFault(f"{name} = {value!r} is no text.", where=where)
    if name in _BACKGROUNDS:
        if not re.fullmatch("#[0-9a-fA-F]{6}", value):
            raise SettingsFault(f"{name} = {value!r} is no colour.", hint="Write it as #0b5a73.", where=where)
        if (found := _contrast(value, _BACKGROUNDS[name])) < _CONTRAST:
            ratio = f"{floor(found * 100) / 100:.2f}"  # never rounded up to what is needed
            raise SettingsFault(
                f"{name} = {value!r} stands out from the background by {ratio} to 1; {_CONTRAST} is needed.",
                hint="Take a darker one." if name == "accent" else "Take a lighter one.",
                where=where,
            )
    return value


def _contrast(one: str, other: str) -> float:
    """Return by how much two colours differ, as WCAG 2 defines it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
