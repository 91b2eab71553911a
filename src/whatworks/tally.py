"""The account of an import: every value that was read is mapped, left out with a reason, or a problem."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from whatworks.errors import Place


@dataclass(frozen=True, slots=True)
class Problem:
    """A value that cannot be taken over, with all that is needed to find and mend it.

    Attributes:
        where: The place: file and line, or sheet and cell.
        record: The thing that is meant, by its key, with its part.
        field: The field, by its name in the file.
        found: What is there.
        message: What is wrong with it, as the end of a sentence.
        hint: What to do.
        rule: The rule that it breaks, in a word or two.
        expected: What should be there.
    """

    where: Place
    record: str
    field: str
    found: str
    message: str
    hint: str = ""
    rule: str = "value"
    expected: str = ""

    @property
    def sentence(self) -> str:
        """What is wrong with which field, and what to do, for where the place is known."""
        hint = f" {self.hint}" if self.hint else f" Expected is {self.expected}." if self.expected else ""
        is_told = self.message.endswith(f": found {self.found}.")  # as the checks tell field and value
        is_whole = not self.found and self.message[:1].isupper()
        value = "" if is_told else f"{self.field}: " if is_whole else f"{self.field} = {self.found!r}: "
        return f"{value}{self.message}{hint}"

    def __str__(self) -> str:
        return f"{self.where}: {self.record}, {self.sentence}"


_COLUMNS = ("file", "sheet", "cell", "line", "record", "field", "rule", "found", "expected", "message", "suggestion")


def problem_rows(problems: Sequence[Problem]) -> list[dict[str, str | int | None]]:
    """Return problems as rows with names, for programs."""
    return [
        {
            "file": each.where.file,
            "sheet": each.where.sheet,
            "cell": each.where.cell,
            "line": each.where.line,
            "record": each.record,
            "field": each.field,
            "rule": each.rule,
            "found": each.found,
            "expected": each.expected,
            "message": each.message,
            "suggestion": each.hint,
        }
        for each in problems
    ]


def problems_csv(problems: Sequence[Problem]) -> bytes:
    """Return problems as a table."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _COLUMNS)
    writer.writeheader()
    writer.writerows(problem_rows(problems))
    return text.getvalue().encode()


@dataclass(slots=True)
class Tally:
    """Counts of values by file and field."""

    read: Counter[tuple[str, str]] = field(default_factory=Counter)
    mapped: Counter[tuple[str, str]] = field(default_factory=Counter)
    left_out: dict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    problems: list[Problem] = field(default_factory=list)

    def leave_out(self, file: str, name: str, reason: str, count: int = 1) -> None:
        """Note values that are left out on purpose."""
        self.left_out[file, name][reason] += count

    def sort(self) -> None:
        """Put the problems into the order of their places."""
        self.problems.sort(
            key=lambda each: (each.where.file, each.where.sheet, each.where.line or 0, each.where.column or 0)
        )

    def take_back(self, problem: Problem) -> None:
        """Note the problem of a value that counted as mapped until more was known of it; once for each value."""
        if not any(known is problem for known in self.problems):
            self.mapped[problem.where.file, problem.field] -= 1
            self.problems.append(problem)

    def rows(self) -> list[tuple[str, str, int, int, int, str]]:
        """Return file, field, values read, mapped, left out, and why; read = mapped + left out + problems."""
        found = []
        for key in sorted(self.read):
            reasons = self.left_out.get(key, Counter())
            why = "; ".join(f"{reason} ({count})" for reason, count in sorted(reasons.items()))
            found.append((*key, self.read[key], self.mapped[key], sum(reasons.values()), why))
        return found
