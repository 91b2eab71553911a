"""Terms as what stands in cells, and back.

A value is written so that reading gives the same term: as people write it where that is enough (a number, a date, a
text, `Pilot (pilot)`), else as N-Triples writes it (`"1.50"^^<…>`, `<https://…>`). Several values are separated by `|`.
"""

import datetime
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from math import isfinite

from whatworks.errors import InputError
from whatworks.namespaces import is_key
from whatworks.native import Native
from whatworks.sheets.known import Known, Misfit
from whatworks.sheets.layout import Column
from whatworks.store import parse
from whatworks.terms import (
    XSD,
    XSD_BOOLEAN,
    XSD_DATE,
    XSD_DATETIME,
    XSD_DECIMAL,
    XSD_INTEGER,
    Iri,
    Literal,
    Term,
    is_iri,
    write_term,
)
from whatworks.trig import natural

SEPARATOR = "|"
KEEP = "(kept as it is)"
# White space and marks that nobody sees, at the ends of a text.
_UNSEEN = " \t\n\r\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
_UNSEEN += "\u2028\u2029\u202f\u205f\u3000\u200b\u2060\ufeff"
_LONGEST = 32_000  # characters of a cell, with some to spare
_EXPLICIT = re.compile(r'\s*(<[^<>|]*>|"(?:[^"\\|]|\\.)*"(?:@[A-Za-z0-9-]+|\^\^<[^<>|]*>)?)\s*(?:\||$)')
_QUOTED = re.compile(r'[<"“”„«]')
_SMART = re.compile(r"[“”„«»]")
_QUOTES = "\"'“”„‘’«»"
_UNWRITABLE = re.compile(r"[\x00\ud800-\udfff\ufffe\uffff]")
_EXACT = 2**53
_TRUE = {"true", "yes", "1", "wahr", "ja", "vrai", "oui"}
_FALSE = {"false", "no", "0", "falsch", "nein", "faux", "non"}
_DAY = re.compile(r"([0-9]{1,2})[./]([0-9]{1,2})[./]([0-9]{4})")
_ISO_DAY = re.compile(r"-?[0-9]{4,}-[0-9]{2}-[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?")
_MOMENT = re.compile(r"-?[0-9]{4,}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?")
_ADDRESS = Iri(XSD + "anyURI")


class Cells:
    """Writes and reads cells.

    Args:
        known: Finds what they name.
    """

    def __init__(self, known: Known) -> None:
        self.known = known
        self._plains: dict[tuple[int, Term], Native] = {}

    # ---- terms into a cell ----

    def write(self, column: Column, terms: Sequence[Term], language: str, owner: Iri) -> Native:
        """Return what stands in a cell for the values of a column.

        Args:
            column: The column.
            terms: The values.
            language: The language of its heading.
            owner: The thing whose parts are meant.
        """
        plain = [self._plain(column, term, language, owner) for term in terms]
        if len(terms) == 1 and plain[0] is not None:
            return plain[0]
        is_explicit = column.single  # what should be one is not cut at separators
        written = sorted(
            (
                _explicit(term) if text is None or is_explicit or not isinstance(text, str) else text
                for term, text in zip(terms, plain, strict=True)
            ),
            key=natural,
        )
        joined = f" {SEPARATOR} ".join(written)
        return joined if len(joined) <= _LONGEST else KEEP

    def _plain(self, column: Column, term: Term, language: str, owner: Iri) -> Native:
        """Return a value as people write it, or None where that would be read as something else."""
        if column.kind in ("words", "text"):
            is_meant = isinstance(term, Literal) and term == _text(column, term.value, language)
            return term.value if is_meant and isinstance(term, Literal) and _is_plain(term.value, column) else None
        if column.kind == "part":
            return self._read_back(column, term, owner)
        key = (id(column), term)
        if key not in self._plains:
            self._plains[key] = self._read_back(column, term, owner)
        return self._plains[key]

    def _read_back(self, column: Column, term: Term, owner: Iri) -> Native:
        value = self._shown(column, term, owner)
        if value is None or (isinstance(value, str) and not _is_plain(value, column)):
            return None
        try:
            return value if self._pieces(column, value, "", owner) == [term] else None
        except Misfit:
            return None

    def _shown(self, column: Column, term: Term, owner: Iri) -> Native:
        if isinstance(term, Iri):
            return self._named(column, term, owner)
        if not isinstance(term, Literal) or column.kind not in _READERS:
            return None
        if term.datatype in (XSD_INTEGER, XSD_DECIMAL):
            return _number(term.value)
        if term.datatype == XSD_BOOLEAN and term.value in ("true", "false"):
            return term.value == "true"
        if term.datatype == XSD_DATE and "1901" <= term.value < "9999":
            return _date(term.value) or term.value
        return term.value

    def _named(self, column: Column, term: Iri, owner: Iri) -> str | None:
        match column.kind:
            case "concept":
                return self.known.shown_concept(column.schemes, term)
            case "thing":
                return self.known.shown_thing(column.classes, term)
            case "part":
                return term.removeprefix(f"{owner}#")
        return str(term) if column.kind == "iri" else None

    # ---- a cell into terms ----

    def read(self, column: Column, value: Native, language: str, owner: Iri) -> tuple[list[Term], list[Misfit]]:
        """Return the values of a cell, and what is wrong with those that cannot be taken over."""
        try:
            return self._pieces(column, value, language, owner), []
        except Misfit as misfit:
            if not isinstance(value, str) or column.single or SEPARATOR not in value:
                return [], [misfit]
        terms: list[Term] = []
        misfits: list[Misfit] = []
        for piece in value.split(SEPARATOR):
            try:
                terms += self._pieces(column, piece, language, owner)
            except Misfit as misfit:
                said = clean(piece)
                misfit_of_piece = Misfit(
                    f"{said!r} {misfit.message}", hint=misfit.hint, expected=misfit.expected, rule=misfit.rule
                )
                misfits.append(misfit_of_piece)
        return terms, misfits

    def _pieces(self, column: Column, value: Native, language: str, owner: Iri) -> list[Term]:
        if not isinstance(value, str):
            return [self._native(column, value, language)]
        text = clean(value)
        if _QUOTED.match(text):
            _refuse_smart(text)
            if (explicit := _read_explicit(text)) is not None:
                return explicit
        if column.single or SEPARATOR not in text:
            return [self._piece(column, text, language, owner)] if text else []
        return [term for piece in text.split(SEPARATOR) for term in self._pieces(column, piece, language, owner)]

    def _native(self, column: Column, value: Native, language: str) -> Term:
        if isinstance(value, bool):
            return self._piece(column, str(value).lower(), language, Iri(""))
        if isinstance(value, int | float):
            return self._piece(column, number_text(value), language, Iri(""))
        if column.kind == "dateTime" and isinstance(value, datetime.datetime):
            return Literal(value.isoformat(), "", XSD_DATETIME)
        if column.kind == "date" and isinstance(value, datetime.date):
            if not isinstance(value, datetime.datetime):
                return Literal(value.isoformat(), "", XSD_DATE)
            if value.time() == datetime.time():
                return Literal(value.date().isoformat(), "", XSD_DATE)
            raise Misfit("is a moment, not a day.", expected="a date such as 2026-01-15", rule="date")
        expected = _EXPECTED.get(column.kind, "a text")
        hint = "Give the cell the format text and write the value again; the program made a date of it."
        raise Misfit("is a date.", hint=hint, expected=expected, rule="kind of value")

    def _piece(self, column: Column, text: str, language: str, owner: Iri) -> Term:
        if _UNWRITABLE.search(text):
            raise Misfit("holds a character that cannot stand in a text.", expected="a text", rule="characters")
        match column.kind:
            case "words" | "text":
                return _text(column, text, language)
            case "concept":
                return self.known.concept(column.schemes, spaced(text))
            case "thing":
                return self.known.thing(column.classes, spaced(text))
            case "part":
                if not is_key(text):
                    raise Misfit("is no name of a part.", expected="a name such as law-1", rule="part")
                return Iri(f"{owner}#{text}")
            case "any":
                return Literal(text)
        return _READERS[column.kind](spaced(text))


def _text(column: Column, text: str, language: str) -> Literal:
    return Literal.text(text, language) if language or column.kind == "words" else Literal(text)


def _is_plain(text: str, column: Column) -> bool:
    """Say whether a text can stand in a cell as it is."""
    return (
        text != KEEP
        and 0 < len(text) <= _LONGEST
        and text == clean(text)
        and not _QUOTED.match(text)
        and (column.single or SEPARATOR not in text)
        and not _UNWRITABLE.search(text)
    )


def clean(text: str) -> str:
    """Return a text without white space, and marks that nobody sees, at its ends."""
    return text.strip(_UNSEEN)


def spaced(text: str) -> str:
    """Return a text with plain spaces for the sorts of space that look the same."""
    return re.sub(r"[\s\xa0\u2007\u202f\u200b\ufeff]+", " ", text).strip()


def number_text(value: float) -> str:
    """Return a number as its shortest text, without an exponent."""
    if not isfinite(value):
        return str(value)
    return str(int(value)) if value == int(value) else format(Decimal(repr(value)), "f")


def _number(text: str) -> Native:
    """Return the number that a spreadsheet can hold without changing a digit, else the text."""
    try:
        value = float(text)
    except ValueError:
        return text
    if abs(value) >= _EXACT or number_text(value) != text or len(text.strip("-0.").replace(".", "")) > 15:
        return text
    return int(value) if value.is_integer() else value


def _date(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


def _explicit(term: Term) -> str:
    return write_term(term).replace("|", "\\u007C")


def _read_explicit(text: str) -> list[Term] | None:
    """Return terms as N-Triples writes them, or None where the text is none."""
    found: list[Term] = []
    at = 0
    while at < len(text):
        if (match := _EXPLICIT.match(text, at)) is None:
            return None
        try:
            quads = parse(f"<a:s> <a:p> {match[1]} .".encode(), "ntriples", name="cell", base="a:b")
        except InputError:
            return None
        found.append(quads[0].object)
        at = match.end()
    return found


def _refuse_smart(text: str) -> None:
    """Refuse what was meant so, but has quotation marks that an office program made round."""
    if _SMART.match(text) and re.search(r"[“”„«»](@[A-Za-z-]+|\^\^<[^<>]*>)$", text):
        raise Misfit("has quotation marks that are not straight.", hint=f"Write {_SMART.sub(chr(34), text)}.")


def _integer(text: str) -> Term:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        plain = re.sub(r"[ ,.’']", "", text)
        bare = text.strip(_QUOTES)
        hint = f"Write {plain}." if re.fullmatch(r"-?[0-9]{1,3}([ ,.’'][0-9]{3})+", text) else ""
        hint = f"Write {bare}." if re.fullmatch(r"-?[0-9]{1,18}", bare) else hint
        raise Misfit("is no whole number.", hint=hint, expected="a whole number such as 2014", rule="whole number")
    return Literal(text, "", XSD_INTEGER)


def _decimal(text: str) -> Term:
    if re.fullmatch(r"[+-]?[0-9]*\.?[0-9]+|[+-]?[0-9]+\.", text):
        return Literal(text, "", XSD_DECIMAL)
    hint = f"Write {text.replace(',', '.')}." if re.fullmatch(r"-?[0-9]+,[0-9]+", text) else ""
    raise Misfit("is no number.", hint=hint, expected="a number such as 0.5", rule="number")


def _boolean(text: str) -> Term:
    word = text.casefold()
    if word not in _TRUE | _FALSE:
        raise Misfit("is neither yes nor no.", expected="true or false", rule="yes or no")
    return Literal("true" if word in _TRUE else "false", "", XSD_BOOLEAN)


def _day(text: str) -> Term:
    if _ISO_DAY.fullmatch(text) and (len(text) != len("2026-01-15") or _date(text) is not None):
        return Literal(text, "", XSD_DATE)
    raise Misfit("is no date.", hint=_days(text), expected="a date such as 2026-01-15", rule="date")


def _days(text: str, end: str = "") -> str:
    """Say how the days are written that a text such as 15.01.2026 may mean."""
    match = _DAY.fullmatch(text)
    if match is None:
        return ""
    days = {f"{match[3]}-{month:0>2}-{day:0>2}" for day, month in ((match[1], match[2]), (match[2], match[1]))}
    known = sorted(f"{day}{end}" for day in days if _date(day) is not None)
    return f"Write {' or '.join(known)}." if known else ""


def _moment(text: str) -> Term:
    if _MOMENT.fullmatch(text):
        return Literal(text, "", XSD_DATETIME)
    if _date(text) is not None:
        return Literal(f"{text}T00:00:00Z", "", XSD_DATETIME)
    hint, expected = _days(text, "T00:00:00Z"), "a moment such as 2026-01-15T00:00:00Z"
    raise Misfit("is no moment.", hint=hint, expected=expected, rule="moment")


def _iri(text: str) -> Term:
    if not is_iri(text):
        near = f"https://{text}" if re.match(r"www\.[^\s]+$", text) else ""
        raise Misfit(
            "is no full address.",
            hint=f"Write {near}." if near else "",
            expected="a full address such as https://example.org/page",
            rule="address",
        )
    return Iri(text)


_READERS: dict[str, Callable[[str], Term]] = {
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "date": _day,
    "dateTime": _moment,
    "iri": _iri,
    "address": lambda text: Literal(text, "", _ADDRESS),
}
_EXPECTED = {
    "integer": "a whole number such as 2014",
    "decimal": "a number such as 0.5",
    "boolean": "true or false",
    "concept": "a concept of the list",
    "dateTime": "a moment such as 2026-01-15T00:00:00Z",
}
