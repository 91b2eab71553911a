"""The report of a check as text, JSON, CSV, a workbook, a page or the standard graph."""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from whatworks.checks.findings import SEVERITIES, Finding, Findings, plural
from whatworks.checks.page import page
from whatworks.codebook import Codebook, Column
from whatworks.native import Values
from whatworks.results import safe

FORMATS = ("text", "json", "csv", "xlsx", "html", "turtle")


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


@dataclass(slots=True)
class Report(Findings):
    """All findings of a check, to be written.

    Attributes:
        told: Returns the same report in another language.
    """

    told: "Callable[[str], Report] | None" = field(repr=False, default=None)

    def in_language(self, language: str) -> "Report":
        """Return the same report in another language, one of `LANGUAGES`; texts that have none in it stay English."""
        if self.told is None or language == self.say.language:
            return self
        return replace(self.told(language), notes=self.notes, earlier=self.earlier)

    def write(self, format: str) -> bytes:
        """Return the report as text, json, csv, xlsx, html or turtle."""
        match format:
            case "json":
                body: dict[str, Any] = {
                    "profile": self.profile,
                    "triples": self.triples,
                    "findings": [asdict(finding) for finding in self.findings],
                }
                if self.earlier is not None:
                    body["since"] = {"release": self.earlier.name, "change": self.trend()}
                return (json.dumps(body, ensure_ascii=False, indent=2) + "\n").encode()
            case "csv":
                return _csv(self.findings)
            case "xlsx":
                return self._workbook()
            case "turtle":
                return self.graph()
            case "html":
                return page(self)
        return self._text().encode()

    def _workbook(self) -> bytes:
        """Return the findings as rows of a workbook, with what each column means on a sheet of its own."""
        from whatworks.workbook import write  # noqa: PLC0415 - takes half a second to import

        kinds = ["integer" if name == "line" else "text" for name in _MEANINGS]
        columns = [Column(*said, kind) for said, kind in zip(_MEANINGS.items(), kinds, strict=True)]
        rows = [[getattr(finding, name) for name in _MEANINGS] for finding in self.findings]
        counts = ", ".join(f"{self.count(severity)} {severity}" for severity in reversed(SEVERITIES))
        if self.earlier is not None:
            since = ", ".join(f"{change:+} {severity}" for severity, change in self.trend().items())
            counts += f"; since release {self.earlier.name}: {since}"
        title = f"What the profile {self.profile} finds in {self.triples} statements: {counts}"
        codebook = Codebook(title, "whatworks check", {"profile": [self.profile]}, "the files", (), columns)
        return write(Values(list(_MEANINGS), kinds, rows), codebook)

    def _text(self) -> str:
        by_record: dict[tuple[str, str], list[Finding]] = defaultdict(list)
        for finding in self.findings:
            by_record[finding.record, finding.title].append(finding)
        lines: list[str] = []
        say = self.say
        for (record, title), findings in by_record.items():
            key = f" ({record.rsplit('/', 1)[-1]})" if record else say(" (without an IRI)")
            place = f"  {findings[0].file}" if findings[0].file else ""
            lines += [f"{safe(title)}{key}{place}"]
            for finding in findings:
                what = f"{finding.part} › {finding.field}" if finding.part else finding.field
                at = say(" (line {n})", n=finding.line) if finding.line else ""
                told = say(
                    "found {found}; expected {expected}.", found=safe(finding.found), expected=safe(finding.expected)
                )
                lines.append(f"  {say(finding.severity):<9}  {safe(what)}{at}: {told}")
                lines.append(f"             {safe(finding.advice)}  [{finding.rule}]")
            lines.append("")
        counts = ", ".join(self.counted(severity) for severity in reversed(SEVERITIES))
        lines.append(
            say("Profile {profile}: {counts} in {n} statements.", profile=self.profile, counts=counts, n=self.triples)
        )
        if self.earlier is not None:
            trend = ", ".join(f"{change:+} {say(plural(name, change))}" for name, change in self.trend().items())
            lines.append(say("Since release {name}: {trend}.", name=self.earlier.name, trend=trend))
        return "\n".join(lines) + "\n"


def _csv(findings: Sequence[Finding]) -> bytes:
    text = io.StringIO(newline="")
    columns = list(Finding.__dataclass_fields__)
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(asdict(finding) for finding in findings)
    return text.getvalue().encode()
