"""The texts of the pages in each language that they speak, from the catalogues of gettext."""

import gettext
from functools import cache
from importlib.resources import files
from io import BytesIO

# The languages of the pages, by what each calls itself.
LANGUAGES = {"en": "English", "fr": "Français", "de": "Deutsch"}


def N_(text: str) -> str:  # noqa: N802 - the name that the tools of gettext look for
    """Mark a text that is translated where it is shown."""
    return text


# Texts of stored queries stand apart from those of the pages: a column called Other is no word of a page.
QUERY = "query"


class _Untold(gettext.NullTranslations):
    """What is asked behind a catalogue: a text of a stored query that it lacks has no translation."""

    def pgettext(self, context: str, message: str) -> str:
        """Return nothing."""
        return ""


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """Return the texts in a language; English is what they are written in."""
    file = files("whatworks.pages") / "locale" / f"{language}.mo"
    if not file.is_file():
        return _Untold()
    made = gettext.GNUTranslations(BytesIO(file.read_bytes()))
    made.add_fallback(_Untold())
    return made


class Wording:
    """The texts in one language.

    Args:
        language: The language.
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts = catalogue(language)

    def __call__(self, text: str, **values: object) -> str:
        """Return a text, with values where it has their names in braces."""
        found = self._texts.gettext(text) if text else ""
        return found.format(**values) if values else found

    def of_query(self, text: str) -> str:
        """Return a text from the header of a stored query, however its lines break; empty where it is not told."""
        return self._texts.pgettext(QUERY, " ".join(text.split())) if text else ""

    def many(self, one: str, more: str, number: int) -> str:
        """Return the text that fits a number, which stands in it as {n}."""
        return self._texts.ngettext(one, more, number).format(n=self.number(number))

    def number(self, number: float) -> str:
        """Return a number as people of the language write it."""
        written = f"{number:,}"
        if self.language == "en":
            return written
        signs = {",": "\u202f", ".": ","} if self.language == "fr" else {",": ".", ".": ","}
        return "".join(signs.get(sign, sign) for sign in written)

    def size(self, size: int) -> str:
        """Return the size of a file as people write it, in units of a thousand bytes."""
        for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
            if size >= unit:
                return f"{self.number(round(size / unit, 1))}\u00a0{name}"
        return f"{self.number(size)}\u00a0B"
