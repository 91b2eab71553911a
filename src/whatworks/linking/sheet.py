"""What waits for review as a workbook: people accept or reject links, mappings and assigned approaches in it.

A decision is a word in the first column, and an import reads it. Only what still waits is decided about; the rest is
told.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from whatworks.errors import Place
from whatworks.linking.decisions import Pair
from whatworks.native import Native
from whatworks.tally import Problem
from whatworks.terms import Iri
from whatworks.workbook import (
    ORIGIN,
    Form,
    FormColumn,
    Forms,
    Odd,
    Opened,
    cell_name,
    has_sheet,
    open_book,
    write_forms,
)

FORMAT = "whatworks review 1"
_LINKS, _ASSIGNED = "Links", "Assigned approaches"
_STATUSES = {"accept": "accepted", "reject": "rejected"}
_DECISION, _NOTE, _ONE, _OTHER = "Decision", "Note", "One", "Other"
# The sheets, each with the headings of the two that a row is about.
_SHEETS = {_LINKS: (_ONE, _OTHER), _ASSIGNED: ("Intervention", "Approach")}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A link between interventions, or a mapping to what stands outside, that waits for review.

    Attributes:
        one, other: The two.
        names: How the sheet names them: keys of interventions, else CURIEs or IRIs.
        titles: Their titles.
        score: Its strength.
        why: The sentence that explains it.
        shared: What both carry.
    """

    one: Iri
    other: Iri
    names: tuple[str, str]
    titles: tuple[str, str]
    score: float
    why: str
    shared: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person says of a link, a mapping or an assignment.

    Attributes:
        pair: The two, in the order of IRIs.
        names: How the sheet names them.
        status: `accepted` or `rejected`.
        note: Why.
        where: The cell of the decision.
    """

    pair: Pair
    names: tuple[str, str]
    status: str
    note: str
    where: Place


@dataclass(frozen=True, slots=True)
class Assigned:
    """An approach that was assigned to an intervention and waits for review.

    Attributes:
        thing, concept: The two.
        names: How the sheet names them: the key, and the CURIE.
        titles: What they are called.
        meaning: What the approach is.
        said: What the record says that speaks for it or against it: summary, aims and activities.
    """

    thing: Iri
    concept: Iri
    names: tuple[str, str]
    titles: tuple[str, str]
    meaning: str
    said: str


def write_review(links: Iterable[Waiting], assigned: Iterable[Assigned] = ()) -> bytes:
    """Return the workbook; the same links and approaches give the same bytes."""
    guide = [
        [
            "How to review",
            "Each row is something that the tool proposes: a link or a mapping, or on the second sheet an approach "
            "that was assigned here and that no source states. Choose accept or reject, and say why if you like.",
        ],
        ["Then", 'whatworks import FILE.xlsx --by "Your name" notes what you decided; with --dry-run it says it only.'],
        ["Empty decisions", "Rows without a decision go on waiting. Rows may be sorted, and deleted."],
        [
            "Approaches",
            "One that you accept stays assigned, with your name. One that you reject is taken out of the record, and "
            "no import assigns it again.",
        ],
        ["Format", FORMAT],
    ]
    forms = [_links(links), _approaches(assigned)]
    return write_forms(Forms(guide, forms, {"decisions": list(_STATUSES)}, [[FORMAT]]))


def _yours(what: str) -> list[FormColumn]:
    return [
        FormColumn(
            _DECISION, "Yours", f"accept or reject. Leave it empty, and the {what} goes on waiting.", "decisions"
        ),
        FormColumn(_NOTE, "Yours", "Why, in a sentence. It is published with your name.", width=40),
    ]


def _approaches(assigned: Iterable[Assigned]) -> Form:
    one, other = _SHEETS[_ASSIGNED]
    columns = [
        *_yours("approach"),
        FormColumn(one, "The assignment", "The key of the intervention.", width=28),
        FormColumn("Title", "The assignment", "Its title.", width=36),
        FormColumn(other, "The assignment", "The approach that was assigned to it.", width=36),
        FormColumn("Name", "The assignment", "What it is called.", width=36),
        FormColumn("Meaning", "What to judge by", "What the approach is.", width=60),
        FormColumn("Record", "What to judge by", "Summary, aims and activities, as the record has them.", width=80),
    ]
    example: list[Native] = [
        "# accept",
        "It offers a way back to a certificate.",
        "one-key",
        "",
        "approach:one",
        "",
        "",
        "",
    ]
    rows: list[list[Native]] = [
        ["", "", each.names[0], each.titles[0], each.names[1], each.titles[1], each.meaning, each.said]
        for each in assigned
    ]
    return Form(_ASSIGNED, columns, example, rows)


def _links(links: Iterable[Waiting]) -> Form:
    columns = [
        *_yours("link"),
        FormColumn(_ONE, "The link", "The key of the first intervention, or a concept, place or agent.", width=28),
        FormColumn("Title", "The link", "Its title.", width=36),
        FormColumn(_OTHER, "The link", "The key of the second intervention, or what the first is outside.", width=28),
        FormColumn("Other title", "The link", "Its title.", width=36),
        FormColumn("Score", "Why it is proposed", "How strong it is, from 0 to 1.", format="general", width=10),
        FormColumn("Explanation", "Why it is proposed", "Why the link was made.", width=60),
        FormColumn("In common", "Why it is proposed", "What both carry.", width=60),
    ]
    example: list[Native] = [
        "# accept",
        "Both offer a second chance at work.",
        "one-key",
        "",
        "other-key",
        "",
        0.5,
        "",
        "",
    ]
    rows: list[list[Native]] = [
        ["", "", each.names[0], each.titles[0], each.names[1], each.titles[1], each.score, each.why, each.shared]
        for each in links
    ]
    return Form(_LINKS, columns, example, rows)


def is_review(data: bytes, name: str) -> bool:
    """Say whether a workbook is one to review in.

    Raises:
        WorkbookFault: It cannot be read at all.
    """
    if not any(has_sheet(data, sheet) for sheet in _SHEETS):
        return False
    origin = next((sheet for sheet in open_book(data, name) if sheet.name == ORIGIN), None)
    first = next(origin.rows(), None) if origin is not None else None
    return first is not None and first[1][:1] == [FORMAT]


def read_review(
    data: bytes, name: str, find: Callable[[str], Iri | None], waiting: Collection[Pair]
) -> tuple[list[Verdict], list[Problem]]:
    """Return what a person decided, and what cannot be followed.

    Args:
        data: The workbook.
        name: Its name.
        find: Returns what a key, a CURIE or an IRI names, if it names something.
        waiting: The pairs that wait for review.

    Raises:
        WorkbookFault: It cannot be read at all.
    """
    verdicts: dict[Pair, Verdict] = {}
    problems: list[Problem] = []
    sheets = [sheet for sheet in open_book(data, name) if sheet.name in _SHEETS]
    for sheet in sheets:
        for row in _rows(name, sheet, problems):
            found = row.verdict(find, waiting, verdicts)
            if isinstance(found, Problem):
                problems.append(found)
            elif found is not None:
                verdicts[found.pair] = found
    return list(verdicts.values()), problems


def _rows(name: str, sheet: Opened, problems: list[Problem]) -> Iterator["_Row"]:
    """Yield the rows of a sheet below its headings; note where it has none."""
    ends, headings = _SHEETS[sheet.name], dict[str, int]()
    for number, cells in sheet.rows():
        texts = [_text(cell) for cell in cells]
        if headings and not texts[0].startswith("#"):
            yield _Row(name, sheet.name, number, headings, texts)
        elif not headings and {_DECISION, *ends} <= set(texts):
            headings = {text: at for at, text in enumerate(texts)}
    if not headings:
        hint = "Make it anew with: whatworks template FILE.xlsx --review"
        needed = ", ".join((_DECISION, *ends))
        said = Problem(
            Place(name, sheet=sheet.name), "the sheet", "headings", "", f"has not the headings {needed}.", hint
        )
        problems.append(said)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the sheet."""

    name: str
    sheet: str
    number: int
    headings: Mapping[str, int]
    texts: list[str]

    @property
    def ends(self) -> tuple[str, str]:
        """The headings of the two that it is about."""
        return _SHEETS[self.sheet]

    def cell(self, heading: str) -> str:
        """Return what stands in a column."""
        at = self.headings.get(heading, len(self.texts))
        return self.texts[at] if at < len(self.texts) else ""

    def place(self, heading: str) -> Place:
        """Return the cell of a column."""
        at = self.headings[heading]
        return Place(self.name, self.number, at + 1, cell_name(self.number, at), self.sheet)

    def wrong(self, heading: str, message: str, hint: str = "", expected: str = "") -> Problem:
        """Return what is wrong with a cell."""
        about = " and ".join(map(self.cell, self.ends))
        return Problem(self.place(heading), about, heading, self.cell(heading), message, hint, "review", expected)

    def verdict(
        self, find: Callable[[str], Iri | None], waiting: Collection[Pair], before: Mapping[Pair, Verdict]
    ) -> "Verdict | Problem | None":
        """Return what the row says, what is wrong with it, or nothing where it decides nothing."""
        said = self.cell(_DECISION).casefold()
        if not said:
            return None
        status = _STATUSES.get(said) or (said if said in _STATUSES.values() else "")
        if not status:
            return self.wrong(_DECISION, "is no decision.", "Write accept or reject, or leave it empty.")
        ends = []
        for heading in self.ends:
            if (end := find(self.cell(heading))) is None:
                hint = "Do not change what a row is about."
                return self.wrong(heading, "names nothing that can be decided about.", hint)
            ends.append(end)
        pair = (min(ends), max(ends))
        if pair not in waiting:
            hint = "Somebody has decided meanwhile, or it is no longer proposed: empty the decision."
            return self.wrong(_DECISION, "is about what does not wait for review.", hint)
        if pair in before and before[pair].status != status:
            first = before[pair].where.cell
            return self.wrong(_DECISION, f"is not what {first} says of the same two.", "Keep one of the two rows.")
        one, other = map(self.cell, self.ends)
        return Verdict(pair, (one, other), status, self.cell(_NOTE), self.place(_DECISION))


def _text(value: object) -> str:
    text = "" if value is None else str(value.text if isinstance(value, Odd) else value)
    return " ".join(text.replace("\u00a0", " ").split())
