"""The report of a check as one page for people, which asks no other machine for anything."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from whatworks.checks.findings import SEVERITIES, Finding, Findings, plural
from whatworks.results import safe

_STYLE = """
:root { color-scheme: light dark; --line: #8886; --violation: #b3261e; --warning: #8a5a00; --info: #2a5d8f; }
@media (prefers-color-scheme: dark) { :root { --violation: #ff8a80; --warning: #ffc766; --info: #8fc1f0; } }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1rem; }
table { border-collapse: collapse; margin: .5rem 0 1.5rem; }
.wide { overflow-x: auto; } .wide table { width: 100%; }
caption { text-align: left; font-weight: 600; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
td { overflow-wrap: anywhere; }
.violation { color: var(--violation); } .warning { color: var(--warning); } .info { color: var(--info); }
small, code { font-size: .85em; }
""".strip()


def page(report: Findings) -> bytes:
    """Return the report as a page: what was found by severity, by rule and by record."""
    say = report.say
    title = say("Report of a check")
    counts = ", ".join(report.counted(severity) for severity in reversed(SEVERITIES))
    said = say(
        "Profile {profile}: {counts} in {n} statements.", profile=report.profile, counts=counts, n=report.triples
    )
    parts = [f"<h1>{escape(title)}</h1>", f"<p>{escape(said)}</p>"]
    parts += [f"<p>{escape(note)}</p>" for note in report.notes]
    numbers = {id(finding): number for number, finding in enumerate(report.findings, 1)}
    if report.findings or report.earlier is not None:
        parts += _by_severity(report)
    if report.findings:
        parts += [*_by_rule(report, numbers), *_by_record(report, numbers)]
    else:
        parts.append(f"<p>{escape(say('Nothing was found.'))}</p>")
    head = (
        f'<!doctype html>\n<html lang="{say.language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n<main>\n"
    )
    return (head + "\n".join(parts) + "\n</main>\n</body>\n</html>\n").encode()


def _by_severity(report: Findings) -> list[str]:
    say, earlier, trend = report.say, report.earlier, report.trend()
    rows = []
    for severity in reversed(SEVERITIES):
        row = [_severity(report, severity), _number(report.count(severity))]
        if earlier is not None:
            row += [_number(earlier.severities.get(severity, 0)), _number(trend[severity], signed=True)]
        rows.append(row)
    compared = [] if earlier is None else [say("release {name}", name=earlier.name), say("change")]
    head = [_head(say("severity")), *(_head(each, number=True) for each in (say("findings"), *compared))]
    return [f"<h2>{escape(say('By severity'))}</h2>", _table(head, rows)]


def _by_rule(report: Findings, numbers: Mapping[int, int]) -> list[str]:
    say, earlier = report.say, report.earlier
    by_rule: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        by_rule[finding.rule].append(finding)
    rows = []
    for rule, findings in by_rule.items():
        known, first = report.rules.get(rule), findings[0]
        name = f"<code>{escape(rule)}</code>"
        if known is not None and known.iri:
            name = f'<a href="{escape(known.iri)}">{name}</a>'
        about = f"<br><small>{escape(known.description)}</small>" if known is not None else ""
        row = [
            _cell(_mark(report, first.severity)),
            _cell(f"{name}{about}"),
            _cell(escape(first.field)),
            f'<td class="n"><a href="#f{numbers[id(first)]}">{len(findings)}</a></td>',
            _number(len({finding.record for finding in findings})),
        ]
        if earlier is not None:
            row.append(_number(len(findings) - earlier.rules.get(rule, 0), signed=True))
        rows.append([*row, _cell(escape(first.advice))])
    heads = [_head(say("severity")), _head(say("rule")), _head(say("field"))]
    counted = [say("findings"), say("records"), *([say("change")] if earlier is not None else [])]
    heads += [_head(each, number=True) for each in counted]
    note = say("The name of a rule leads to its documentation, the number of its findings to the first of them.")
    heading = f"<h2>{escape(say('By rule'))}</h2>"
    return [heading, f"<p>{escape(note)}</p>", _wide(_table([*heads, _head(say("how to mend it"))], rows))]


def _by_record(report: Findings, numbers: Mapping[int, int]) -> list[str]:
    say = report.say
    by_record: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in report.findings:
        by_record[finding.record, finding.title].append(finding)
    parts = [f"<h2>{escape(say('By record'))}</h2>"]
    names = ("severity", "field", "found", "expected", "what to do", "rule", "place")
    heads = [_head(say(name)) for name in names]
    for (record, title), findings in by_record.items():
        counts = ", ".join(
            f"{count} {say(plural(severity, count))}"
            for severity in reversed(SEVERITIES)
            if (count := sum(finding.severity == severity for finding in findings))
        )
        key = escape(record.rsplit("/", 1)[-1]) if record else escape(say("without an IRI"))
        if record.startswith(("http://", "https://")):
            key = f'<a href="{escape(record)}">{key}</a>'
        rows = [_row(report, finding, numbers[id(finding)]) for finding in findings]
        parts.append(f"<h3><bdi>{escape(safe(title))}</bdi> <small>({key})</small></h3>\n<p>{escape(counts)}</p>")
        parts.append(_wide(_table(heads, rows)))
    return parts


def _row(report: Findings, finding: Finding, number: int) -> list[str]:
    what = f"{finding.part} › {finding.field}" if finding.part else finding.field
    place = f"{finding.file}:{finding.line}" if finding.line else finding.file
    return [
        f'<td id="f{number}">{_mark(report, finding.severity)}</td>',
        *(
            _cell(f"<bdi>{escape(safe(text))}</bdi>")
            for text in (what, finding.found, finding.expected, finding.advice)
        ),
        *(_cell(f"<code>{escape(text)}</code>" if text else "") for text in (finding.rule, place)),
    ]


def _mark(report: Findings, severity: str) -> str:
    return f'<span class="{severity}">{escape(report.say(severity))}</span>'


def _severity(report: Findings, severity: str) -> str:
    return f'<th scope="row">{_mark(report, severity)}</th>'


def _head(text: str, *, number: bool = False) -> str:
    kind = ' class="n"' if number else ""
    return f'<th scope="col"{kind}>{escape(text)}</th>'


def _number(number: int, *, signed: bool = False) -> str:
    return f'<td class="n">{number:+d}</td>' if signed and number else f'<td class="n">{number}</td>'


def _cell(html: str) -> str:
    return f"<td>{html}</td>"


def _wide(table: str) -> str:
    return f'<div class="wide">{table}</div>'


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = "\n".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f"<table>\n<thead><tr>{''.join(head)}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
