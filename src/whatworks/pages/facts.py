"""What is said of one thing, field by field: the values, what the fields are called, and who chose the values."""

from typing import Any

from whatworks.describe import Description, Field, Value
from whatworks.namespaces import DCAT, DCTERMS, POSITION, PROV, TITLE
from whatworks.pages.view import RELATIONS, Shown, View, cut
from whatworks.pages.wording import N_
from whatworks.results import safe
from whatworks.terms import Iri

_LONGEST = 20_000  # letters of a text on its own page
MIDNIGHT = "T00:00:00Z"  # of a time of which only the day is known
_OTHER = "More"  # under which a description has what no shape names


class Facts:
    """A description by its properties.

    Args:
        view: What the page needs.
        described: The description of a thing, or of a part of it.
    """

    def __init__(self, view: View, described: Description) -> None:
        self._view = view
        self.described = described
        self.fields: dict[str, list[Field]] = {}
        for section in described.sections:
            for field in section.fields:
                self.fields.setdefault(str(field.property), []).append(field)
        self.used: set[str] = {str(POSITION)}
        # Of what no shape of the class names, a shape of another class may give the name.
        self._bare = {field.property for each in described.sections if each.name == _OTHER for field in each.fields}

    def values(self, *properties: str) -> list[Value]:
        """Return the values of properties, which count as said."""
        self.used.update(properties)
        return [value for each in properties for field in self.fields.get(each, ()) for value in field.values]

    def parts(self, *properties: str) -> "list[Facts]":
        """Return the parts to which properties lead."""
        found = (value.part for value in self.values(*properties))
        return [Facts(self._view, part) for part in found if part is not None]

    def shown(self, *properties: str) -> list[Shown]:
        """Return the values of properties as a page shows them."""
        return [shown(self._view, value) for value in self.values(*properties)]

    def first(self, *properties: str) -> Shown | None:
        """Return the first value of properties."""
        return next(iter(self.shown(*properties)), None)

    def best(self, name: str) -> Shown | None:
        """Return the text of a property that fits the language of the page best."""
        return self._view.best(value.term for value in self.values(name))

    def mark(self, *properties: str) -> str:
        """Return who says what properties say: `assigned` or `computed`, or nothing where a source does."""
        fields = [field for each in properties for field in self.fields.get(each, ())]
        if fields and all(field.assigned for field in fields):
            return "assigned"
        return "computed" if fields and all(field.inferred for field in fields) else ""

    def marked(self, *properties: str) -> list[tuple[Shown, str]]:
        """Return the values of properties, each with who says it, as `mark` says it."""
        self.used.update(properties)
        fields = [field for each in properties for field in self.fields.get(each, ())]
        return [(shown(self._view, value), _who(field)) for field in fields for value in field.values]

    def rows(self, *properties: str) -> list[dict[str, Any]]:
        """Return fields as rows of a list of facts."""
        self.used.update(properties)
        fields = [field for each in properties for field in self.fields.get(each, ())]
        return [_row(self._view, field, is_bare=field.property in self._bare) for field in fields]

    def rest(self) -> list[dict[str, Any]]:
        """Return the fields of which nothing was said."""
        return self.rows(*(name for name in self.fields if name not in self.used))


# Properties that no shape names, as they stand on the pages of a data set and of what a run made.
_UNNAMED = {
    Iri(DCTERMS + "creator"): N_("Made by"),
    Iri(DCTERMS + "issued"): N_("Issued"),
    Iri(DCTERMS + "rights"): N_("Rights"),
    Iri(DCAT + "version"): N_("Version"),
    Iri(PROV + "wasGeneratedBy"): N_("Made by the run"),
}
# The same, where the only names are those that shapes of other classes give.
_MISNAMED = {Iri(PROV + "wasAttributedTo"): N_("Attribution")}


def shown(view: View, value: Value) -> Shown:
    """Return a value as a page shows it."""
    if value.term in RELATIONS:
        return view.name(value.term)
    href = view.href(value.term) if isinstance(value.term, Iri) and value.part is None else ""
    text = view.in_list(value.term, value.text.removesuffix(MIDNIGHT))
    return Shown(cut(safe(text), _LONGEST), value.language, href)


def _who(field: Field) -> str:
    return "assigned" if field.assigned else "computed" if field.inferred else ""


def _row(view: View, field: Field, *, is_bare: bool) -> dict[str, Any]:
    values = []
    for value in field.values:
        part = Facts(view, value.part) if value.part is not None else None
        if part is not None and value.part is not None and value.part.title:
            part.used.add(str(TITLE))
        title = Shown(safe(value.part.title)) if value.part is not None else shown(view, value)
        values.append({"shown": title, "rows": part.rest() if part is not None else []})
    mark = _who(field)
    own = _UNNAMED.get(field.property) if view.field_names.get(field.name) is None else None
    own = _MISNAMED.get(field.property, own) if is_bare else own
    name = Shown(view.words(own)) if own is not None else view.field(field.name, marked=mark == "assigned")
    return {"name": name, "mark": mark, "values": values}


def lasted(view: View, start: str, end: str) -> str:
    """Return from when to when something ran; where no end is known, nothing says that it still does."""
    if not end:
        return view.words("started in {year}", year=start) if start else ""
    if not start:
        return view.words("until {year}", year=end)
    return start if start == end else f"{start}–{end}"


def english(view: View) -> str:
    """Return the language of what the shapes call fields, where it is not that of the page."""
    return "" if view.language == "en" else "en"


def decimal(view: View, value: Shown | None) -> str:
    """Return a number with two digits after the point; the data has all of them."""
    if value is None:
        return ""
    try:
        number = float(value.text)
    except ValueError:
        return value.text
    if number == int(number):
        return view.words.number(int(number)).replace("-", "−")
    if 0 < abs(number) < 0.005:
        return ("<" if number > 0 else ">−") + view.words.number(0.01)
    return view.words.number(round(number, 2)).replace("-", "−")
