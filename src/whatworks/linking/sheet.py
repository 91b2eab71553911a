"""What waits for review as a workbook: people accept or reject links and mappings in it, and an import reads that.

A decision is a word in the first column. Only what still waits is decided about; the rest is told.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from whatworks.errors import Place
from whatworks.linking.decisions import Pair
from whatworks.native import Native
from whatworks.tally import Problem
from whatworks.terms import Iri
from whatworks.workbook import ORIGIN, Form, FormColumn, Forms, Odd, cell_name, has_sheet, open_book, write_forms

FORMAT = "whatworks review 1"
_SHEET = "Links"
_STATUSES = {"accept": "accepted", "reject": "rejected"}
_DECISION, _NOTE, _ONE, _OTHER = "Decision", "Note", "One", "Other"


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
    """What a person says of a link.

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


def write_review(links: Iterable[Waiting]) -> bytes:
    """Return the workbook; the same links give the same bytes."""
    columns = [
        FormColumn(_DECISION, "Yours", "accept or reject. Leave it empty, and the link goes on waiting.", "decisions"),
        FormColumn(_NOTE, "Yours", "Why, in a sentence. It is published with your name.", width=40),
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
    guide = [
        [
            "How to review",
            "Each row is a link or a mapping that the tool proposes. Choose accept or reject, and say why if you like.",
        ],
        ["Then", 'whatworks import FILE.xlsx --by "Your name" notes what you decided; with --dry-run it says it only.'],
        ["Empty decisions", "Rows without a decision go on waiting. Rows may be sorted, and deleted."],
        ["Format", FORMAT],
    ]
    form = Form(_SHEET, columns, example, rows)
    return write_forms(Forms(guide, [form], {"decisions": list(_STATUSES)}, [[FORMAT]]))


def is_review(data: bytes, name: str) -> bool:
    """Say whether a workbook is one of links to review.

    Raises:
        WorkbookFault: It cannot be read at all.
    """
    if not has_sheet(data, _SHEET):
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
    sheet = next((sheet for sheet in open_book(data, name) if sheet.name == _SHEET), None)
    rows = sheet.rows() if sheet is not None else iter(())
    headings: dict[str, int] = {}
    verdicts: dict[Pair, Verdict] = {}
    problems: list[Problem] = []
    for number, cells in rows:
        texts = [_text(cell) for cell in cells]
        if not headings:
            if {_DECISION, _ONE, _OTHER} <= set(texts):
                headings = {text: at for at, text in enumerate(texts)}
            continue
        if texts[0].startswith("#"):
            continue
        row = _Row(name, number, headings, texts)
        found = row.verdict(find, waiting, verdicts)
        if isinstance(found, Problem):
            problems.append(found)
        elif found is not None:
            verdicts[found.pair] = found
    if not headings:
        hint = "Make it anew with: whatworks template FILE.xlsx --review"
        needed = f"{_DECISION}, {_ONE}, {_OTHER}"
        said = Problem(Place(name, sheet=_SHEET), "the sheet", "headings", "", f"has not the headings {needed}.", hint)
        problems.append(said)
    return list(verdicts.values()), problems


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the sheet."""

    name: str
    number: int
    headings: Mapping[str, int]
    texts: list[str]

    def cell(self, heading: str) -> str:
        """Return what stands in a column."""
        at = self.headings.get(heading, len(self.texts))
        return self.texts[at] if at < len(self.texts) else ""

    def place(self, heading: str) -> Place:
        """Return the cell of a column."""
        at = self.headings[heading]
        return Place(self.name, self.number, at + 1, cell_name(self.number, at), _SHEET)

    def wrong(self, heading: str, message: str, hint: str = "", expected: str = "") -> Problem:
        """Return what is wrong with a cell."""
        about = f"{self.cell(_ONE)} and {self.cell(_OTHER)}"
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
        for heading in (_ONE, _OTHER):
            if (end := find(self.cell(heading))) is None:
                return self.wrong(heading, "names nothing that can be linked.", "Do not change what a link joins.")
            ends.append(end)
        pair = (min(ends), max(ends))
        if pair not in waiting:
            hint = "Somebody has decided meanwhile, or it is no longer proposed: empty the decision."
            return self.wrong(_DECISION, "is about a link that does not wait for review.", hint)
        if pair in before and before[pair].status != status:
            first = before[pair].where.cell
            return self.wrong(_DECISION, f"is not what {first} says of the same two.", "Keep one of the two rows.")
        return Verdict(pair, (self.cell(_ONE), self.cell(_OTHER)), status, self.cell(_NOTE), self.place(_DECISION))


def _text(value: object) -> str:
    text = "" if value is None else str(value.text if isinstance(value, Odd) else value)
    return " ".join(text.replace("\u00a0", " ").split())
