"""What a check finds, and the report of it as text, JSON, CSV, a workbook or the standard graph."""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

from whatworks.codebook import Codebook, Column
from whatworks.native import Values
from whatworks.results import safe

SEVERITIES = ("info", "warning", "violation")
FORMATS = ("text", "json", "csv", "xlsx", "turtle")


_MEANINGS = {
    "severity": "How bad it is: violation, warning or info.",
    "title": "The title of the thing that it is about.",
    "part": "The part of it, such as factor-3; empty for the thing itself.",
    "field": "What people call the field.",
    "found": "What is there.",
    "expected": "What should be there.",
    "advice": "What to do.",
    "rule": "The shape and the constraint.",
    "record": "The IRI of the thing.",
    "file": "The file that speaks of it.",
    "line": "The line of the field, or of the thing where the field is missing.",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the shapes find.

    Attributes:
        severity: violation, warning or info.
        record: The thing that the finding is about, by its IRI; empty where it has none.
        title: The thing's title.
        part: The part of it, such as factor-3; empty for the thing itself.
        field: What people call the field.
        found: What is there.
        expected: What should be there.
        advice: What to do.
        rule: The shape and the constraint, as CURIEs.
        file: The file that speaks of the thing.
        line: The line of the field, or of the thing where the field is missing.
    """

    severity: str
    record: str
    title: str
    part: str
    field: str
    found: str
    expected: str
    advice: str
    rule: str
    file: str
    line: int | None


@dataclass(slots=True)
class Report:
    """All findings of a check.

    Attributes:
        profile: The profile that was checked.
        findings: Worst first, then by record.
        triples: How many statements were checked.
        graph: Writes the validation report as SHACL defines it, in Turtle.
        notes: What to know of the check itself.
    """

    profile: str
    findings: list[Finding]
    triples: int
    graph: Callable[[], bytes] = field(repr=False, default=bytes)
    notes: list[str] = field(default_factory=list)

    def count(self, severity: str) -> int:
        """Return how many findings there are of a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def fails(self, severity: str) -> bool:
        """Say whether a finding is of this severity or worse."""
        return any(self.count(each) for each in SEVERITIES[SEVERITIES.index(severity) :])

    def write(self, format: str) -> bytes:
        """Return the report as text, json, csv, xlsx or turtle."""
        match format:
            case "json":
                body = {
                    "profile": self.profile,
                    "triples": self.triples,
                    "findings": [asdict(finding) for finding in self.findings],
                }
                return (json.dumps(body, ensure_ascii=False, indent=2) + "\n").encode()
            case "csv":
                return _csv(self.findings)
            case "xlsx":
                return self._workbook()
            case "turtle":
                return self.graph()
        return self._text().encode()

    def _workbook(self) -> bytes:
        """Return the findings as rows of a workbook, with what each column means on a sheet of its own."""
        from whatworks.workbook import write  # noqa: PLC0415 - takes half a second to import

        kinds = ["integer" if name == "line" else "text" for name in _MEANINGS]
        columns = [Column(*said, kind) for said, kind in zip(_MEANINGS.items(), kinds, strict=True)]
        rows = [[getattr(finding, name) for name in _MEANINGS] for finding in self.findings]
        counts = ", ".join(f"{self.count(severity)} {severity}" for severity in reversed(SEVERITIES))
        title = f"What the profile {self.profile} finds in {self.triples} statements: {counts}"
        codebook = Codebook(title, "whatworks check", {"profile": [self.profile]}, "the files", (), columns)
        return write(Values(list(_MEANINGS), kinds, rows), codebook)

    def _text(self) -> str:
        by_record: dict[tuple[str, str], list[Finding]] = defaultdict(list)
        for finding in self.findings:
            by_record[finding.record, finding.title].append(finding)
        lines: list[str] = []
        for (record, title), findings in by_record.items():
            key = f" ({record.rsplit('/', 1)[-1]})" if record else " (without an IRI)"
            place = f"  {findings[0].file}" if findings[0].file else ""
            lines += [f"{safe(title)}{key}{place}"]
            for finding in findings:
                what = f"{finding.part} › {finding.field}" if finding.part else finding.field
                at = f" (line {finding.line})" if finding.line else ""
                lines.append(
                    f"  {finding.severity:<9}  {safe(what)}{at}: "
                    f"found {safe(finding.found)}; expected {safe(finding.expected)}."
                )
                lines.append(f"             {safe(finding.advice)}  [{finding.rule}]")
            lines.append("")
        counts = ", ".join(
            f"{self.count(severity)} {_plural(severity, self.count(severity))}" for severity in reversed(SEVERITIES)
        )
        lines.append(f"Profile {self.profile}: {counts} in {self.triples} statements.")
        return "\n".join(lines) + "\n"


def _csv(findings: Sequence[Finding]) -> bytes:
    text = io.StringIO(newline="")
    columns = list(Finding.__dataclass_fields__)
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(asdict(finding) for finding in findings)
    return text.getvalue().encode()


def _plural(severity: str, count: int) -> str:
    if severity == "info":
        return "notes" if count != 1 else "note"
    return severity if count == 1 else f"{severity}s"
