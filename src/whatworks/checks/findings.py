"""What a check finds: findings with their rules, counted and compared with those of a release."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from whatworks.checks.phrases import Phrases

SEVERITIES = ("info", "warning", "violation")


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


@dataclass(frozen=True, slots=True)
class Rule:
    """What is to be known of a rule that something was found by.

    Attributes:
        iri: Where it is documented; empty for what is checked beside the shapes.
        description: What it is about.
    """

    iri: str
    description: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the shapes of now find in a release.

    Attributes:
        name: The name of the release.
        severities: How many findings there are, by severity.
        rules: How many findings there are, by rule.
    """

    name: str
    severities: Mapping[str, int]
    rules: Mapping[str, int]


@dataclass(slots=True)
class Findings:
    """All findings of a check.

    Attributes:
        profile: The profile that was checked.
        findings: Worst first, then by record.
        triples: How many statements were checked.
        graph: Writes the validation report as SHACL defines it, in Turtle.
        notes: What to know of the check itself.
        say: The words of the language that the findings are told in.
        rules: What is to be known of the rules, by their names.
        earlier: What there was to find in a release, to compare with.
    """

    profile: str
    findings: list[Finding]
    triples: int
    graph: Callable[[], bytes] = field(repr=False, default=bytes)
    notes: list[str] = field(default_factory=list)
    say: Phrases = field(default_factory=Phrases)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    earlier: Earlier | None = None

    def trend(self) -> dict[str, int]:
        """Return by how many the findings of each severity are more than in the release that is compared with."""
        if self.earlier is None:
            return {}
        return {each: self.count(each) - self.earlier.severities.get(each, 0) for each in reversed(SEVERITIES)}

    def count(self, severity: str) -> int:
        """Return how many findings there are of a severity."""
        return sum(finding.severity == severity for finding in self.findings)

    def counted(self, severity: str) -> str:
        """Return how many findings there are of a severity, in words."""
        return f"{self.count(severity)} {self.say(plural(severity, self.count(severity)))}"

    def fails(self, severity: str) -> bool:
        """Say whether a finding is of this severity or worse."""
        return any(self.count(each) for each in SEVERITIES[SEVERITIES.index(severity) :])


def plural(severity: str, count: int) -> str:
    """Return the word for so many findings of a severity."""
    if severity == "info":
        return "notes" if abs(count) != 1 else "note"
    return severity if abs(count) == 1 else f"{severity}s"
