"""The page of an intervention: from the summary down to the sources, each statement with who says so."""

from collections.abc import Iterator, Sequence
from typing import Any

from whatworks.describe import Description
from whatworks.errors import UsageError
from whatworks.namespaces import DCTERMS, IDENTIFIER, LINK_FROM, LINK_TO, PROV, SKOS, TITLE, WW
from whatworks.pages.facts import Facts, decimal, english, lasted, shown
from whatworks.pages.shelf import Shelf
from whatworks.pages.view import Shown, View, sentence
from whatworks.pages.wording import N_
from whatworks.results import safe
from whatworks.terms import Iri, Literal, Term

_CV = "http://data.europa.eu/m8g/"
_NAMED = 5  # so many things that two have in common are named in a line
_FIRST_FACTORS = 60  # factors that are seen before the rest is unfolded
# What the key facts are, with their titles; the page says them first.
_KEY = (
    (N_("Where"), (WW + "country", DCTERMS + "spatial")),
    (N_("For whom"), (WW + "targetGroup",)),
    (N_("Approach"), (WW + "appliesApproach", WW + "assignedApproach")),
    (N_("Stage"), (WW + "stage",)),
    (N_("Scope"), (WW + "scope",)),
    ("", (WW + "educationLevel",)),  # called as the property is
    (N_("Where learning takes place"), (WW + "learningSetting",)),
    (N_("Aim"), (WW + "aimType",)),
)
# Which fields stand under which heading; what is named nowhere stands at the end, so that nothing is lost.
_UNDER = {
    "what": ("programme", "activityType", "assignedActivityType", "initiativeType", "intendedOutcome", "rationale",
             "addresses", "strengthens", "approachBasis", "contentNote", "usesTool", "delivery"),
    "whom": ("levelNote",),
    "where": ("placeNote", "scopeLevel", "scopeNote", "urbanicity", "stageNote", "createdNote"),
    "who": ("providerType", "budget", "fundingNote", "resourceNote", "indicator"),
    "kin": ("precededBy", "followedBy", "adaptedFrom", "relatedTo"),
}  # fmt: skip
_FOREIGN = {
    "where": (DCTERMS + "language",),
    "who": (_CV + "hasLegalResource",),
    "what": (SKOS + "altLabel",),
}
# What a description may lack, as the query `missing` says it: here for the list of what is translated.
_LACKS = (
    N_("approach"), N_("target population"), N_("success factor"), N_("evaluation"), N_("actor"), N_("place"),
    N_("stage"), N_("start year"), N_("summary"),
)  # fmt: skip


def values(view: View, shelf: Shelf, described: Description) -> dict[str, Any]:
    """Return what the page of an intervention shows."""
    facts = Facts(view, described)
    key = described.iri.code
    titles = facts.shown(str(TITLE))
    summary = facts.best(DCTERMS + "description")
    facts.used.update({str(IDENTIFIER), WW + "kind"})
    name = view.name(described.iri)
    made = {
        "iri": described.iri,
        "key": key,
        "name": name if titles else Shown(key),
        "titled": bool(titles),
        "keyed": bool(facts.values(str(IDENTIFIER))),
        "others": [title for title in titles if title.text != name.text],
        "kinds": described.classes,
        "kind": facts.first(WW + "kind"),
        "summary": summary,
        "aims": facts.shown(WW + "aim"),
        "key_facts": list(key_facts(view, facts)),
        "populations": [_population(view, part) for part in facts.parts(WW + "targetPopulation")],
        "timeline": _timeline(view, facts),
        "components": [(part.first(str(TITLE)), part.rest()) for part in facts.parts(WW + "hasComponent")],
        "participations": [
            {"who": part.shown(_CV + "hasParticipant"), "role": part.shown(_CV + "role"), "rest": part.rest()}
            for part in facts.parts(_CV + "hasParticipation")
        ],
        "factors": [factor_of(part) for part in facts.parts(WW + "hasSuccessFactor")],
        "barriers": [factor_of(part) for part in facts.parts(WW + "hasBarrier")],
        "first_factors": _FIRST_FACTORS,
        "evaluations": [_evaluation(view, part) for part in facts.parts(WW + "hasEvaluation")],
        "ratings": _ratings(facts),
        "related": _by_other(related(view, shelf, described.iri)),
        "lacks": [view.words(each) for each in shelf.missing(key)],
    }
    for heading, names in _UNDER.items():
        made[heading] = facts.rows(*(WW + each for each in names), *_FOREIGN.get(heading, ()))
    made["more"] = facts.rest()
    made["record"] = _record(view, described)
    made["ours"] = sorted(
        {view.field(row.name, marked=True) for rows in facts.fields.values() for row in rows if row.assigned}
    )
    made["mentions"] = [
        {"name": view.field(each.name), "values": [shown(view, value) for value in each.values]}
        for each in described.mentions
        if each.property not in (LINK_FROM, LINK_TO)
    ]
    return made


def key_facts(view: View, facts: Facts) -> Iterator[dict[str, Any]]:
    """Yield what one wants to know first of an intervention."""
    groups = [pair for part in facts.parts(WW + "targetPopulation") for pair in part.marked(WW + "group")]
    for title, properties in _KEY:
        found = groups if WW + "targetGroup" in properties else facts.marked(*properties)
        if found:
            yield _fact(view.words(title) or view.field(sentence(view.name(Iri(properties[0])).text)).text, found)
    start, end = facts.first(WW + "startYear"), facts.first(WW + "endYear")
    if start or end:
        text = lasted(view, start.text if start else "", end.text if end else "")
        yield _fact(view.words("When"), [(Shown(text), facts.mark(WW + "startYear", WW + "endYear"))])
    evaluations = facts.parts(WW + "hasEvaluation")
    statuses = [pair for part in evaluations for pair in part.marked(WW + "evaluationStatus")]
    none = view.words("not stated") if evaluations else view.words("None is known here")
    yield _fact(view.words("Evaluation"), statuses or [(Shown(none), "")])
    claims = facts.parts(WW + "hasSuccessFactor", WW + "hasBarrier")
    findings = [finding for part in evaluations for finding in part.parts(WW + "hasFinding")]
    kinds = [pair for part in (*claims, *findings) for pair in part.marked(WW + "evidenceType")]
    if kinds:
        yield _fact(view.words("Kind of evidence"), kinds)


def _fact(title: str, pairs: Sequence[tuple[Shown, str]]) -> dict[str, Any]:
    """Return a fact with its values, each once; what is not said alike of all is marked value by value."""
    marks = {mark for _, mark in pairs}
    one = marks.pop() if len(marks) == 1 else ""
    said = {value: "" if one else mark for value, mark in reversed(pairs)}
    return {"title": title, "values": list(dict.fromkeys(value for value, _ in pairs)), "mark": one, "marks": said}


def _population(view: View, part: Facts) -> dict[str, Any]:
    youngest, oldest = (each.text if each else "" for each in (part.first(WW + "ageFrom"), part.first(WW + "ageTo")))
    ages = f"{youngest}–{oldest}" if youngest != oldest else youngest
    if not (youngest and oldest):
        ages = view.words("{n} and older", n=youngest) if youngest else oldest and view.words("up to {n}", n=oldest)
    return {
        "groups": part.shown(WW + "group"),
        "text": part.best(DCTERMS + "description"),
        "ages": ages,
        "grades": part.shown(WW + "grade"),
        "rest": part.rest(),
    }


def factor_of(part: Facts) -> dict[str, Any]:
    """Return a statement of what helped or hindered."""
    return {
        "name": part.first(str(TITLE)),
        "text": part.best(WW + "statement"),
        "themes": part.shown(WW + "factorTheme"),
        "mark": part.mark(WW + "evidenceType"),
        "evidence": part.shown(WW + "evidenceType"),
        "rest": part.rest(),
        "id": part.described.iri.partition("#")[2],
    }


def _timeline(view: View, facts: Facts) -> dict[str, Any] | None:
    """Return the phases with where their bars begin and end, in hundredths of the time from the first to the last."""
    phases: list[dict[str, Any]] = []
    for part in facts.parts(WW + "hasPhase"):
        start, end = (_year(part, WW + name) for name in ("startYear", "endYear"))
        reach = part.first(WW + "reachCount")
        unit = part.first(WW + "reachUnit")
        phases.append(
            {
                "name": part.first(str(TITLE)),
                "stage": part.first(WW + "stage"),
                "start": start,
                "end": end,
                "years": lasted(view, str(start or ""), str(end or "")),
                "laws": [law.first(str(TITLE)) for law in part.parts(_CV + "hasLegalResource")],
                "reach": _counted(view, reach, unit),
                "rest": part.rest(),
            }
        )
    known = [year for phase in phases for year in (phase["start"], phase["end"]) if isinstance(year, int)]
    if not phases:
        return None
    first, last = (min(known), max(known)) if known else (0, 0)
    span = max(1, last - first + 1)
    for phase in phases:
        start, end = phase["start"], phase["end"]
        phase["x"] = round(100 * (start - first) / span, 1) if isinstance(start, int) else 0
        # Where no end is known, the bar reaches to the next phase.
        later = [other["start"] for other in phases if start and other["start"] and other["start"] > start]
        to = end + 1 if isinstance(end, int) else min(later, default=last + 1)
        phase["width"] = max(1.5, round(100 * (to - first) / span - float(phase["x"]), 1)) if start or end else 0
    return {"phases": phases, "first": first, "last": last}


def _counted(view: View, number: Shown | None, unit: Shown | None) -> str:
    if number is None:
        return ""
    written = view.words.number(int(number.text)) if number.text.isascii() and number.text.isdigit() else number.text
    return f"{written} {unit.text if unit else ''}".strip()


def _year(part: Facts, name: str) -> int | None:
    found = part.first(name)
    return int(found.text) if found and found.text.isascii() and found.text.isdigit() else None


def _evaluation(view: View, part: Facts) -> dict[str, Any]:
    return {
        "status": part.first(WW + "evaluationStatus"),
        "year": part.first(WW + "year"),
        "by": part.shown(PROV + "wasAssociatedWith"),
        "for": part.shown(WW + "commissionedBy"),
        "result": part.best(DCTERMS + "description"),
        "design": part.best(WW + "designNote"),
        "sources": part.shown(DCTERMS + "source"),
        "findings": [_finding(view, each) for each in part.parts(WW + "hasFinding")],
        "rest": part.rest(),
        "id": part.described.iri.partition("#")[2],
    }


def _finding(view: View, part: Facts) -> dict[str, Any]:
    def number(name: str) -> str:
        return decimal(view, part.first(WW + name))

    return {
        "outcome": part.shown(WW + "outcome"),
        "measure": part.best(WW + "measure"),
        "notes": [each.text for each in (part.best(WW + "sampleNote"), part.best(WW + "followUp")) if each],
        "direction": part.first(WW + "direction"),
        "direction_mark": part.mark(WW + "direction"),
        "effect": number("effectSize"),
        "index": number("improvementIndex"),
        "group": number("groupValue"),
        "comparator": number("comparatorValue"),
        "comparison": part.best(WW + "comparison"),
        "sample": number("sampleSize"),
        "sample_mark": part.mark(WW + "sampleSize"),
        "p": number("pValue"),
        "significant": (part.first(WW + "significant") or Shown("")).text,
        "evidence": part.shown(WW + "evidenceType"),
        "evidence_mark": part.mark(WW + "evidenceType"),
        "tier": part.shown(WW + "evidenceTier"),
        "id": part.described.iri.partition("#")[2],
        "rest": part.rest(),
    }


def _ratings(facts: Facts) -> list[dict[str, Any]]:
    """Return the ratings by who made them and by which protocol: scales of two bodies are never mixed."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for part in facts.parts(WW + "hasRating"):
        by = part.shown(PROV + "wasAttributedTo")
        version = part.first(WW + "protocolVersion")
        body = (", ".join(each.text for each in by), version.text if version else "")
        group = found.setdefault(body, {"by": by, "version": version, "rows": []})
        group["rows"].append(
            {
                "outcome": part.shown(WW + "outcome"),
                "level": part.shown(WW + "ratingLevel"),
                "studies": part.first(WW + "studyCount"),
                "eligible": part.first(WW + "eligibleStudyCount"),
                "sample": part.first(WW + "sampleSize"),
                "rest": part.rest(),
            }
        )
    return list(found.values())


def _record(view: View, described: Description) -> dict[str, Any] | None:
    if described.record is None:
        return None
    facts = Facts(view, described.record)
    main, read = facts.shown(DCTERMS + "source"), facts.shown(PROV + "wasDerivedFrom")
    facts.used.add("http://xmlns.com/foaf/0.1/primaryTopic")
    when = facts.first(PROV + "generatedAtTime")
    return {
        "pages": list(dict.fromkeys([*main, *read])),
        "note": facts.best(WW + "sourceNote"),
        "completeness": facts.first(WW + "completeness"),
        "status": facts.first(WW + "reviewStatus"),
        "by": facts.shown(PROV + "wasAttributedTo"),
        "when": when.text[:10] if when else "",
        "rest": facts.rest(),
    }


def related(view: View, shelf: Shelf, iri: Iri) -> list[dict[str, Any]]:
    """Return the related interventions, the strongest first, with the reasons in words.

    The sentence of a link is English; a page in another language names in its own what both have in common.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    try:
        rows = shelf.asked("related-reasons", {"intervention": [str(iri)]})
    except UsageError:  # what has no key cannot be asked for
        rows = []
    for row in rows:
        other, _, score, explanation, kind, status, feature, reason, share, method, version, _, _ = row
        if not isinstance(other, Iri):
            continue
        said = safe(explanation.value) if isinstance(explanation, Literal) else ""
        entry = found.get((other, said))
        if entry is None:
            by = [each.value for each in (method, version) if isinstance(each, Literal)]
            entry = found[other, said] = {
                "iri": other,
                "other": view.name(other),
                "key": other.code,
                "why": Shown(said, english(view)),
                "type": _type(view, shelf, kind),
                "status": view.name(status) if status is not None else None,
                "score": decimal(view, Shown(score.value)) if isinstance(score, Literal) else "",
                "method": " ".join(by) if len(by) == 2 else "",
                "reasons": [],
                "common": [],
            }
        if isinstance(share, Literal) and reason is not None:
            text = view.name(feature) if isinstance(feature, Iri) else view.name(reason)
            entry["reasons"].append((text, decimal(view, Shown(share.value))))
            if isinstance(feature, Iri) and entry["method"]:
                entry["common"].append(text)
    for entry in found.values():
        if view.language != "en" and (names := [name for name in entry["common"] if not name.language]):
            said = "; ".join(name.text for name in names[:_NAMED])
            entry["why"] = Shown(view.words("Both have in common: {names}.", names=said))
    return list(found.values())


def _by_other(links: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return the links of each related intervention, in the order of the first: two may name each other."""
    found: dict[Iri, list[dict[str, Any]]] = {}
    for link in links:
        found.setdefault(link["iri"], []).append(link)
    return list(found.values())


def _type(view: View, shelf: Shelf, name: Term | None) -> Shown:
    """Return the type of a link, which the answer gives by its English name."""
    if not isinstance(name, Literal):
        return Shown("")

    def found() -> Shown:
        try:
            return view.name(view.edition.kg.lookup.concept("link-type", name.value))._replace(href="")
        except UsageError:  # a type of a list that is not ours
            return Shown(safe(name.value), english(view))

    return shelf.once(("link type", name, view.languages), found)
