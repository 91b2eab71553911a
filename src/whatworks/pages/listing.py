"""The list of interventions: what the address asks, what fits, how many there are of each facet, and where to go."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from whatworks.catalogue import Parameter
from whatworks.errors import Error, UsageError
from whatworks.namespaces import DCTERMS, LABELS, WW
from whatworks.pages.facts import lasted
from whatworks.pages.known import known
from whatworks.pages.shelf import Shelf
from whatworks.pages.view import Shown, View, by_letters, cut, sentence
from whatworks.pages.wording import N_
from whatworks.results import Row, safe
from whatworks.search.hits import Found, Hit
from whatworks.terms import Iri, Literal

SIZE = 20
_FIRST = 7  # values of a facet that are seen before the rest is unfolded
_SUMMARY = 280  # letters of a summary
_ORDERS = (("title", N_("Title A to Z")), ("newest", N_("Newest first")), ("oldest", N_("Oldest first")))
SORTS = ("best", *(name for name, _ in _ORDERS))
FORMATS = ("csv", "xlsx", "jsonld", "bibtex", "ris")
_DESCRIPTION, _SPATIAL, _END = Iri(DCTERMS + "description"), Iri(DCTERMS + "spatial"), Iri(WW + "endYear")


class Facet(NamedTuple):
    """A way to choose: the parameter of the stored query, and the property that is counted."""

    name: str
    property: Iri
    title: str


# What facets are called that any collection has, in the order of the list; others are called as their property is.
_TITLES = {
    "approach": N_("Approach"),
    "target-group": N_("For whom"),
    "country": N_("Country"),
    "theme": N_("What helped"),
    "kind": N_("Kind"),
    "": "",  # here others stand
    "learning-setting": N_("Where learning takes place"),
    "aim-type": N_("Aim"),
    "stage": N_("Stage"),
    "scope": N_("Scope"),
    "evaluation-status": N_("Evaluation"),
    "evidence-type": N_("Kind of evidence"),
}
# Where a facet is not named as its property.
_PROPERTIES = {"approach": "appliesApproach", "theme": "hasTheme"}
_YEARS = {"started-from": N_("Started in or after"), "started-to": N_("Started in or before")}


def choices(view: View) -> list[Facet]:
    """Return the facets: the concepts and places by which `interventions` and `facets` can both be asked."""
    catalogue = view.edition.kg.catalogue
    counted = {parameter.name for parameter in catalogue.get("facets").parameters}
    asked = [each for each in catalogue.get("interventions").parameters if each.type in ("concept", "place")]
    found = []
    for parameter in asked:
        if parameter.name in counted:
            of = Iri(WW + _PROPERTIES.get(parameter.name, parameter.variables[0]))
            found.append(Facet(parameter.name, of, titled(view, parameter.name, of)))
    order = list(_TITLES)
    return sorted(found, key=lambda facet: order.index(facet.name if facet.name in order else ""))


def titled(view: View, name: str, of: Iri) -> str:
    """Return what a facet is called: in words of the pages, else as its property."""
    if name in _TITLES:
        return view.words(_TITLES[name])
    return view.field(sentence(view.name(of).text)).text


@dataclass(frozen=True, slots=True)
class State:
    """What is asked of the list.

    Attributes:
        text: The words to search for.
        chosen: The values of each facet, as IRIs.
        years: The bounds of the year of start, as they were written.
        stated: Whether only approaches count that a source states.
        sort: In which order.
        page: Which page, from 1.
        notices: What was asked and left out, and why.
    """

    text: str = ""
    chosen: dict[str, tuple[Iri, ...]] = field(default_factory=dict)
    years: dict[str, str] = field(default_factory=dict)
    stated: bool = False
    sort: str = ""
    page: int = 1
    notices: tuple[str, ...] = ()

    def fields(self, **changes: Any) -> list[tuple[str, str]]:
        """Return the fields of the address of this state, or of one that differs from it; the first page has none."""
        state = replace(self, **{"page": 1, **changes})
        found = [("q", state.text)] if state.text else []
        found += [(name, iri.code) for name, chosen in state.chosen.items() for iri in chosen]
        found += list(state.years.items())
        found += [("assigned", "false")] if state.stated else []
        found += [("sort", state.sort)] if state.sort else []
        return [*found, *([("page", str(state.page))] if state.page > 1 else [])]

    def without(self, name: str, iri: Iri | None = None) -> dict[str, tuple[Iri, ...]]:
        """Return what is chosen but for one value, or all values of a facet."""
        kept = {key: tuple(each for each in values if iri and each != iri) if key == name else values
                for key, values in self.chosen.items()}  # fmt: skip
        return {key: values for key, values in kept.items() if values}

    def values(self, chosen: dict[str, tuple[Iri, ...]] | None = None) -> dict[str, list[str]]:
        """Return the values of the stored query."""
        found = {name: list(map(str, values)) for name, values in (self.chosen if chosen is None else chosen).items()}
        found |= {name: [year] for name, year in self.years.items()}
        found |= {"search": [self.text]} if self.text else {}
        return found | ({"assigned": ["false"]} if self.stated else {})


def read(view: View, fields: Sequence[tuple[str, str]]) -> State:
    """Return what the fields of an address ask; what cannot be understood is left out, and a notice says so."""
    kg, said = view.edition.kg, dict(fields)
    known = [facet.name for facet in choices(view)]
    query = kg.catalogue.get("interventions")
    chosen: dict[str, tuple[Iri, ...]] = {}
    years: dict[str, str] = {}
    notices: list[str] = []
    for name, value in fields:
        if not value.strip():
            continue
        try:
            if name in _YEARS:
                kg.lookup.bind(query, {name: [value]})
                years[name] = value.strip()
            elif name in known:
                found = _concept(view, query.parameter(name), value)
                if found not in chosen.get(name, ()):
                    chosen[name] = (*chosen.get(name, ()), found)
            elif name == "q":
                kg.lookup.bind(query, {"search": [value]})
        except UsageError as error:
            reason = f"{error.message} {error.hint or ''}".replace("--", "").strip()
            notices.append(view.words("This was left out: {reason}", reason=safe(cut(reason, 400))))
            if name == "q":
                said.pop("q")
    text = " ".join(said.get("q", "").split())
    sort = said.get("sort", "") if said.get("sort", "") in SORTS else ""
    page = said.get("page", "1")
    ordered = {name: chosen[name] for name in known if name in chosen}
    return State(
        text,
        ordered,
        years,
        said.get("assigned", "").casefold() == "false",
        "" if sort == ("best" if text else "title") else sort,
        int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 6 else 1,
        tuple(notices),
    )


def _concept(view: View, parameter: Parameter, value: str) -> Iri:
    try:
        return view.edition.kg.lookup.concept(parameter.scheme or parameter.type, value)
    except Error as error:
        error.message = f"{parameter.name}: {error.message}"
        raise


def found(view: View, shelf: Shelf, state: State) -> list[Row]:
    """Return the interventions that fit, each once, in the order that is asked for."""
    sort = state.sort or ("best" if state.text else "title")
    given = {name: tuple(values) for name, values in state.values().items()}
    return shelf.once(
        ("interventions", sort, *given.items()), lambda: _sorted(shelf.asked("interventions", given), sort)
    )


def _sorted(found: Sequence[Row], sort: str) -> list[Row]:
    rows = list({row[0]: row for row in reversed(found)}.values())[::-1]
    if sort == "best":
        return rows
    if sort == "title":
        return sorted(rows, key=lambda row: by_letters(_text(row[2] or row[1])))
    years = {"newest": -1, "oldest": 1}[sort]
    return sorted(rows, key=lambda row: years * int(_text(row[5])) if row[5] else 9999)


def _text(term: object) -> str:
    return term.value if isinstance(term, Literal) else str(term or "")


@dataclass(frozen=True, slots=True)
class Option:
    """A value of a facet that can be chosen."""

    code: str
    name: Shown
    count: int
    chosen: bool
    depth: int


def facets(view: View, shelf: Shelf, state: State) -> Iterator[dict[str, Any]]:
    """Yield the facets with their values and how many interventions have each.

    The counts of a facet are those without what is chosen of it, so that one sees what another value would add.
    """
    whole = shelf.counts(state.values())
    for facet in choices(view):
        chosen = state.chosen.get(facet.name, ())
        counts = whole if not chosen else shelf.counts(state.values(state.without(facet.name)), facet.property)
        options = list(_options(view, shelf, counts.get(facet.property, {}), chosen))
        if options:
            first = max(_FIRST, *(at + 1 for at, option in enumerate(options) if option.chosen), 0)
            yield {
                "name": facet.name,
                "title": facet.title,
                "open": bool(chosen),
                "first": options[: first if len(options) > first + 1 else len(options)],
                "rest": options[first:] if len(options) > first + 1 else [],
            }


def _options(view: View, shelf: Shelf, counts: dict[Iri, int], chosen: Sequence[Iri]) -> Iterator[Option]:
    """Yield the values of a facet as a tree, the most frequent first."""
    numbers = {**dict.fromkeys(chosen, 0), **counts}
    below: dict[Iri | None, list[Iri]] = {}
    for value in numbers:
        parent = shelf.broader(value)
        below.setdefault(parent if parent in numbers and parent != value else None, []).append(value)
    names = {value: view.name(value) for value in numbers}

    def walk(parent: Iri | None, depth: int) -> Iterator[Option]:
        for value in sorted(below.pop(parent, []), key=lambda each: (-numbers[each], by_letters(names[each].text))):
            yield Option(value.code, names[value], numbers[value], value in chosen, min(depth, 3))
            yield from walk(value, depth + 1)

    yield from walk(None, 0)


def chips(view: View, state: State) -> Iterator[dict[str, Any]]:
    """Yield what is chosen, each with the address of the list without it."""
    words = view.words
    if state.text:
        yield {"facet": words("Search"), "name": Shown(state.text), "fields": state.fields(text="")}
    for facet in choices(view):
        for iri in state.chosen.get(facet.name, ()):
            fields = state.fields(chosen=state.without(facet.name, iri))
            yield {"facet": facet.title, "name": view.name(iri), "fields": fields}
    for name, year in state.years.items():
        others = {key: value for key, value in state.years.items() if key != name}
        yield {"facet": words(_YEARS[name]), "name": Shown(year), "fields": state.fields(years=others)}
    if state.stated:
        title = words("Only approaches that a source states")
        yield {"facet": words("Approach"), "name": Shown(title), "fields": state.fields(stated=False)}


def entries(view: View, shelf: Shelf, rows: Sequence[Row], hits: Found | None) -> Iterator[dict[str, Any]]:
    """Yield what the list says of interventions."""
    by_thing: dict[Iri, Hit] = {hit.thing: hit for hit in hits.hits} if hits is not None else {}
    store = view.edition.kg.collection.store
    for row in rows:
        iri = row[0]
        if not isinstance(iri, Iri):
            continue
        hit = by_thing.get(iri)
        text = view.best(quad.object for quad in store.match(iri, _DESCRIPTION))
        places = {quad.object for quad in store.match(iri, Iri(WW + "country"))}
        places = places or {quad.object for quad in store.match(iri, _SPATIAL)}
        approaches = {quad.object for quad in store.match(iri, Iri(WW + "appliesApproach"))}
        stated = {quad.object for quad in store.match(iri, Iri(WW + "assignedApproach"))}
        end = next((quad.object for quad in store.match(iri, _END)), None)
        title = view.name(iri)
        if row[2] is None:
            title = title._replace(text=iri.code)
        said = Shown(cut(text.text, _SUMMARY), text.language) if text is not None else None
        piece = fragment(view, hit) if hit is not None and hit.property is not None else []
        told = _within(said.text, piece) if said is not None else []
        yield {
            "key": _text(row[1]),
            "title": title,
            "pieces": [(safe(piece), marked) for piece, marked in hit.title.pieces()]
            if hit is not None and safe(hit.title.text) == title.text
            else [(title.text, False)],
            "text": said,
            "told": told,
            "known": known(view, shelf, iri.code) if text is None else None,
            "fragment": [] if told else piece,
            "via": [view.name(each) for each in hit.via] if hit is not None else [],
            "kind": view.name(row[3]) if isinstance(row[3], Iri) else None,
            "stage": view.name(row[4]) if isinstance(row[4], Iri) else None,
            "years": lasted(view, _text(row[5]), _text(end) if end is not None else ""),
            "places": _named(view, places)[:4],
            "more": max(0, len(places) - 4),
            "approaches": [(name, iri in stated) for iri, name in _pairs(view, approaches)[:4]],
        }  # fmt: skip


def fragment(view: View, hit: Hit) -> list[tuple[str, bool]]:
    """Return the text that fits what is searched for, in pieces that are marked or not.

    Nothing where the page says it anyway: in the title, also that in another language, or as the name of what it has.
    """
    text = hit.fragment.text
    if text in (hit.title.text, *(view.name(each).text for each in hit.via)):
        return []
    if hit.property in LABELS and not hit.part and any(marked for _, marked in hit.title.pieces()):
        return []
    return [(safe(piece), marked) for piece, marked in hit.fragment.pieces()]


def _within(text: str, pieces: Sequence[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """Return a text with the marks of a part of it; nothing where the pieces are no part of it."""
    part = "".join(piece for piece, _ in pieces)
    before, found, after = text.partition(part) if part else (text, "", "")
    return [(before, False), *pieces, (after, False)] if found else []


def _pairs(view: View, terms: set[Any]) -> list[tuple[Iri, Shown]]:
    found = [(term, view.name(term)) for term in terms if isinstance(term, Iri)]
    return sorted(found, key=lambda pair: by_letters(pair[1].text))


def _named(view: View, terms: set[Any]) -> list[Shown]:
    return [name for _, name in _pairs(view, terms)]


def values(view: View, shelf: Shelf, state: State) -> dict[str, Any]:
    """Return what the page of the list shows."""
    rows = found(view, shelf, state)
    last = max(1, -(-len(rows) // SIZE))
    page = min(state.page, last)
    part = rows[(page - 1) * SIZE : page * SIZE]
    search: Callable[..., Found] | None = view.edition.kg.search.among if state.text else None
    hits = search(state.text, [row[0] for row in part]) if search is not None else None
    return {
        "state": state,
        "total": len(rows),
        "first": (page - 1) * SIZE + 1,
        "last": min(page * SIZE, len(rows)),
        "page": page,
        "pages": _pages(page, last),
        "facets": list(facets(view, shelf, state)),
        "chips": list(chips(view, state)),
        "entries": list(entries(view, shelf, part, hits)),
        "slips": hits.slips if hits is not None else {},
        "sorts": [("best", view.words("Best match first"))] * bool(state.text)
        + [(name, view.words(text)) for name, text in _ORDERS],
        "sort": state.sort or ("best" if state.text else "title"),
        "formats": FORMATS,
        "years": {name: (view.words(title), state.years.get(name, "")) for name, title in _YEARS.items()},
    }  # fmt: skip


def _pages(page: int, last: int) -> list[int]:
    """Return the numbers of pages that are linked; 0 stands for a gap."""
    near = sorted({1, last, *(each for each in range(page - 2, page + 3) if 1 <= each <= last)})
    found: list[int] = []
    for each in near:
        if found and each > found[-1] + 1:
            found.append(0)
        found.append(each)
    return found if last > 1 else []
