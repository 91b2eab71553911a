"""One page in the making: what is published, in which language it is read, and where its links lead."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit
from weakref import WeakKeyDictionary

from whatworks.errors import UsageError
from whatworks.namespaces import IN_SCHEME, LETTERS, MODEL, SKOS, VOC
from whatworks.pages.wording import LANGUAGES, N_, Wording
from whatworks.publish.edition import Edition
from whatworks.publish.offers import offers
from whatworks.results import safe
from whatworks.terms import Iri, Literal, Term

# How a concept may stand to one of another list.
RELATIONS: dict[Term, str] = {
    Iri(SKOS + "exactMatch"): N_("the same"),
    Iri(SKOS + "closeMatch"): N_("nearly the same"),
    Iri(SKOS + "broadMatch"): N_("wider"),
    Iri(SKOS + "narrowMatch"): N_("narrower"),
    Iri(SKOS + "relatedMatch"): N_("related"),
}
# Lists of other publishers, by where the IRIs of their concepts begin: nothing here says what these are called.
_LISTS = {
    "http://data.europa.eu/esco/occupation/": "ESCO",
    "http://data.europa.eu/nuts/code/": "NUTS",
    "http://eurovoc.europa.eu/": "EuroVoc",
    "http://vocabularies.unesco.org/thesaurus/": N_("UNESCO Thesaurus"),
    "https://w3id.org/kim/isced-2011/": N_("ISCED 2011"),
}
_LONGEST = 300  # letters of a name in a list; what is longer is cut
_KNOWN = 20_000  # so many names are kept
_KEYS = 200_000  # and so many texts by which lists are sorted
# Names by the edition, and by what they depend on of a view.
_NAMES: WeakKeyDictionary[Edition, dict[tuple[object, ...], dict[Term, "Shown"]]] = WeakKeyDictionary()

Fields = Sequence[tuple[str, str]]

# Letters of scripts that run from right to left, and signs that turn what follows.
_TURNED = re.compile(
    "[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


class Shown(NamedTuple):
    """A text as a page shows it.

    Attributes:
        text: The text.
        language: Its language, if it is not that of the page.
        href: Where it leads; empty for nowhere.
    """

    text: str
    language: str = ""
    href: str = ""

    @property
    def is_turned(self) -> bool:
        """Whether letters of it run from right to left, which would turn what stands around it."""
        return not self.text.isascii() and bool(_TURNED.search(self.text))


class Links:
    """Where the IRIs of pages lead: those of the release to this site, others to where they say."""

    def __init__(self, edition: Edition) -> None:
        self._bases = (edition.kg.settings.base, MODEL)

    def of(self, iri: Iri) -> str | None:
        """Return the address of an IRI; None for one that a browser must not follow."""
        for base in self._bases:
            if iri.startswith(base):
                path = iri[len(base) :]
                # The document about a thing is where its IRI leads; to link it spares a step.
                return f"/doc/{path[3:]}" if path.startswith("id/") else f"/{path}"
        return str(iri) if iri.startswith(("https://", "http://")) else None


class View:
    """What all parts of a page need.

    Attributes:
        edition: What is published.
        home: The address of the site, with a slash at its end.
        language: The language of the page, of those that the pages speak.
        languages: The languages of labels, in order of preference.
        fields: What the address of the page asks, without the language.
        words: The texts of the pages in its language.
        field_names: What the shapes call fields in its language, by the English names.
        answers: Whether a server answers what the address of a page asks; a static site does not.
    """

    def __init__(
        self, edition: Edition, home: str = "/", language: str = "", fields: Fields = (), *, answers: bool = True
    ) -> None:
        self.edition, self.home, self.fields, self.answers = edition, home, tuple(fields), answers
        preferred = edition.kg.settings.languages
        self.usual = next((each for each in preferred if each in LANGUAGES), "en")
        self.language = language if language in LANGUAGES else self.usual
        self.languages = tuple(dict.fromkeys((self.language, *preferred)))
        self.words = Wording(self.language)
        self.field_names: Mapping[str, str] = {}
        self.links = Links(edition)
        self._names: dict[Term, Shown] = {}
        if edition.kg.remote is None:  # what an edition calls things does not change
            kept = _NAMES.setdefault(edition, {})
            self._names = kept.setdefault((self.languages, self.usual, answers), self._names)

    @property
    def key(self) -> tuple[str, ...]:
        """What a page depends on beside the release and what it is about."""
        return (self.language, urlencode(self.fields))

    def to(self, address: str, fields: Iterable[tuple[str, str]] = ()) -> str:
        """Return an address on the site in the language of the page."""
        asked = list(fields)
        if asked and not self.answers:
            return self._filed(address, asked)
        asked += [("lang", self.language)] if self.language != self.usual else []
        path, hash_, fragment = address.partition("#")
        return f"{path}{'?' + urlencode(asked) if asked else ''}{hash_}{fragment}"

    def _filed(self, address: str, asked: Fields) -> str:
        """Return the file of a static site that answers what an address asks; empty where none does."""
        name, value = asked[0]
        if [each for each, _ in asked] == ["page"]:
            return f"{address}/page-{value}"
        if address != "/interventions":
            return address
        if len(asked) > 1:  # a script reads what is asked; without one, the list has all
            return f"{address}?{urlencode(asked)}"
        kg = self.edition.kg
        try:
            parameter = kg.catalogue.get("interventions").parameter(name)
            return self.href(kg.lookup.concept(parameter.scheme or parameter.type, value))
        except UsageError:
            return ""

    @property
    def root(self) -> str:
        """The path of the site on its host, without a slash at its end: nothing where it has the host for itself."""
        return urlsplit(self.home).path.rstrip("/")

    def file(self, query: str, format: str, fields: Iterable[tuple[str, str]] = ()) -> str:
        """Return the address of the answer to a stored query in a format; a static site has it as a file."""
        address = f"/api/queries/{query}"
        if not self.answers:
            return address + offers(format)[0].ending
        return f"{address}?{urlencode([*fields, ('format', format)])}"

    def turned(self, language: str) -> str:
        """Return the address of this page in another language."""
        return "?" + urlencode([*self.fields, ("lang", language)])

    def href(self, iri: Iri) -> str:
        """Return where an IRI leads; empty where a browser must not follow it, or nothing is said of it here."""
        found = self.links.of(iri)
        if found is not None and not found.startswith("/"):
            found = self._own(iri) or found
        if found is None or (found.startswith("/doc/") and not self._is_here(iri)):
            return ""
        return self.to(found) if found.startswith("/") else found

    def _is_here(self, iri: Iri) -> bool:
        """Say whether something is said of a thing; of a remote store it is believed, as each look is a request."""
        kg = self.edition.kg
        return kg.remote is not None or next(kg.collection.store.match(iri), None) is not None

    def _own(self, iri: Iri) -> str:
        """Return the page here of a concept of another publisher that is in one of our schemes, such as a country."""
        for quad in self.edition.kg.collection.store.match(iri, IN_SCHEME):
            if str(quad.object).startswith(VOC):
                return f"/voc/{str(quad.object)[len(VOC) :]}/{iri.code}"
        return ""

    def name(self, term: Term) -> Shown:
        """Return a term by its best label, with its language where that is another one, and where it leads."""
        found = self._names.get(term)
        if found is None:
            text, language = self.edition.kg.describer.label(term, self.languages)
            if term in RELATIONS:  # nothing here says what another vocabulary calls them
                text, language = self.words(RELATIONS[term]), self.language
            text = self.in_list(term, text)
            href = self.href(term) if isinstance(term, Iri) else ""
            if len(self._names) >= _KNOWN:
                self._names.clear()
            found = self._names[term] = Shown(cut(safe(text)), "" if language == self.language else language, href)
        elif isinstance(term, Iri) and (saw := getattr(self.edition.kg.collection.store, "saw", None)) is not None:
            saw(term)  # a store that notes what is read is told of what need not be read again
        return found

    def in_list(self, term: Term, text: str) -> str:
        """Return what a term is called: one that has a code alone by the name of its list and that code."""
        known = next((each for each in _LISTS if term.startswith(each)), "") if isinstance(term, Iri) else ""
        if not known or text not in (term, self.edition.kg.prefixes.shorten(Iri(term))):
            return text
        return f"{self.words(_LISTS[known])} {str(term)[len(known) :]}"

    def field(self, name: str, *, marked: bool = False) -> Shown:
        """Return what a field, or a heading over fields, is called.

        Args:
            name: The English name.
            marked: Whether a mark beside it says who chose its values, so that the name need not.
        """
        found = self.field_names.get(name)
        text = name if found is None else found
        if marked:
            text = text.removesuffix(" assigned here").removeprefix("assigned ").partition(" (")[0]
        text = text if ":" in text else sentence(text)
        return Shown(text, "" if found is not None or self.language == "en" else "en")

    def of_query(self, text: str) -> Shown:
        """Return a text from the header of a stored query in the language of the page, else as it is: in English."""
        if self.language == "en":
            return Shown(text)
        found = self.words.of_query(text)
        return Shown(found or text, "" if found or not text else "en")

    def stated(self, name: str) -> Shown | None:
        """Return what the data set says of itself by a property, named as `dcterms:title`."""
        return self.best(self.edition.values(self.edition.dataset, name))

    def best(self, terms: Iterable[Term]) -> Shown | None:
        """Return the text that fits the language of the page best; None where there is none."""
        found = [term for term in terms if isinstance(term, Literal)]
        if not found:
            return None
        order = (*self.languages, "en", "")
        best = min(found, key=lambda each: (order.index(each.language) if each.language in order else 99, each.value))
        return Shown(safe(best.value), "" if best.language == self.language else best.language)


@lru_cache(_KEYS)
def by_letters(text: str) -> str:
    """Return what a text is sorted by: capitals and accents make no difference."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(LETTERS))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def sentence(text: str) -> str:
    """Return a name as it stands at the beginning of a line."""
    return text[:1].upper() + text[1:]


def heading(text: str) -> str:
    """Return a sentence as a title, without the stop at its end."""
    return text.removesuffix(".")


def cut(text: str, most: int = _LONGEST) -> str:
    """Return a text of at most so many letters; dots stand where it was cut."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
