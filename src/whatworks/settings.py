"""The settings of a project: the base of its IRIs and the languages it prefers."""

from pathlib import Path
from typing import Any, NamedTuple

from whatworks.errors import MissingFile, Place, SettingsFault
from whatworks.terms import Literal, is_iri, is_language

DEFAULT_BASE = "https://w3id.org/whatworks/"


class Settings(NamedTuple):
    """What a project decides.

    Attributes:
        base: The IRI under which things, graphs and records are minted; ends with a slash.
        languages: Language tags in order of preference, for labels where no language is asked for.
    """

    base: str = DEFAULT_BASE
    languages: tuple[str, ...] = ("en", "fr", "de")

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
    raise SettingsFault(f"There is no setting {key!r}.", hint="Known settings: base, languages.", where=where)
