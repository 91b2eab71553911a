"""Tables as text (csv): in which encoding and with which separator they were written, and their rows."""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator

from whatworks.errors import EncodingFault, Place, WorkbookFault

_DELIMITERS = (",", ";", "\t")
_MOST_COLUMNS = 2000
_LONGEST = 1 << 20  # characters of a value
_WORDS = 4
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MULTIBYTE = re.compile(rb"[\xc3-\xf4][\x80-\xbf]+")


def decode(data: bytes, name: str, encoding: str = "") -> tuple[str, str]:
    """Return a text, and what to tell of its encoding; empty where it is UTF-8.

    Without an encoding that is named: a mark at the beginning counts, then UTF-8, then Windows-1252, or Latin-1 where
    a byte is none of Windows-1252.

    Raises:
        EncodingFault: The encoding named is unknown or wrong, or a part of the file is UTF-8 and another is not.
    """
    if encoding:
        try:
            return data.decode(encoding), ""
        except LookupError:
            raise EncodingFault(f"There is no encoding {encoding!r}.", hint="Such as: utf-8, cp1252, cp1250.") from None
        except UnicodeDecodeError as error:
            where = Place(name, data.count(b"\n", 0, error.start) + 1)
            raise EncodingFault(f"The file is not written in {encoding}.", where=where) from None
    for mark, found in _MARKS:
        if data.startswith(mark):
            try:
                return data.decode(found), "" if found == "utf-8-sig" else f"{name} was read as {found.upper()}."
            except UnicodeDecodeError as error:
                where = Place(name, data.count(b"\n", 0, error.start) + 1)
                hint = "Save it anew as CSV UTF-8."
                raise EncodingFault(
                    f"The file begins as {found} and does not go on so.", hint=hint, where=where
                ) from None
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError as error:
        return _one_byte(data, name, error.start)


def _one_byte(data: bytes, name: str, at: int) -> tuple[str, str]:
    where = Place(name, data.count(b"\n", 0, at) + 1)
    for match in _MULTIBYTE.finditer(data):
        if len(match[0]) > 1 and _is_utf8(match[0]):
            line = data.count(b"\n", 0, match.start()) + 1
            raise EncodingFault(
                f"Line {line} is written in UTF-8, and this line is not.",
                hint="Open the file in a spreadsheet, look at the letters with accents, and save it as CSV UTF-8.",
                where=where,
            )
    try:
        text, called = data.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        text, called = data.decode("latin-1"), "Latin-1 (ISO 8859-1)"
    example = f", as in {', '.join(map(repr, _telling(text)))}" if _telling(text) else ""
    return text, f"{name} is not UTF-8; it was read as {called}{example}. Name another with --encoding."


def _telling(text: str) -> list[str]:
    """Return words by which a person sees whether a text was read rightly: each has a letter that none before has."""
    words: list[str] = []
    seen: set[str] = set()
    for word in re.findall(r"\w+", text):
        letters = {letter for letter in word if not letter.isascii()}
        if letters - seen and len(words) < _WORDS:
            words.append(word[:40])
            seen |= letters
    return words


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def delimiter_of(text: str, fits: Callable[[list[str]], int]) -> str:
    """Return the separator with which most headings in the first lines are known."""

    def known(delimiter: str) -> int:
        lines = csv.reader(io.StringIO(text[:_LONGEST], newline=""), delimiter=delimiter)
        try:
            return max((fits(row[:_MOST_COLUMNS]) for row, _ in zip(lines, range(20), strict=False)), default=0)
        except csv.Error:
            return 0

    return max(_DELIMITERS, key=known)


def read_rows(text: str, name: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that hold something, with the lines where they begin.

    Raises:
        WorkbookFault: The quotation marks are broken, a row has too many cells, or a character is none of a text.
    """
    if "\0" in text:
        where = Place(name, text.count("\n", 0, text.index("\0")) + 1)
        raise WorkbookFault("The file holds NUL characters; it is no text.", hint="Save it as CSV UTF-8.", where=where)
    limit = csv.field_size_limit(_LONGEST)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    before = 0
    try:
        for row in lines:
            if len(row) > _MOST_COLUMNS:
                raise WorkbookFault(
                    f"The row has {len(row)} cells; at most {_MOST_COLUMNS} are read.",
                    hint="Look for separators that should stand in quotation marks.",
                    where=Place(name, before + 1),
                )
            if any(row):
                yield before + 1, row
            before = lines.line_num
    except csv.Error as error:
        raise WorkbookFault(
            f"The row that begins here is broken: {error}.",
            hint='A value with a separator, a line break or a " stands between quotation marks, each " in it twice.',
            where=Place(name, before + 1),
        ) from None
    finally:
        csv.field_size_limit(limit)
