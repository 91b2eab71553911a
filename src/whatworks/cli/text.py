"""A description as plain text for the terminal; what no source states is marked."""

import json
from collections.abc import Callable, Iterator

from whatworks.describe import Description, Field, Value
from whatworks.namespaces import POSITION
from whatworks.results import safe
from whatworks.terms import Iri, Term, write_term
from whatworks.why import Origin


def write_text(description: Description) -> str:
    """Return a description as plain text; what no source states is marked."""
    lines = [f"{safe(description.title)}  ({', '.join(description.classes)})", str(description.iri)]
    lines += _section_lines(description, "")
    if description.record is not None:
        lines += ["", "What this rests on"]
        lines += [
            line
            for section in description.record.sections
            for each in section.fields
            for line in _field_lines(each, "  ")
        ]
    if description.mentions:
        lines += ["", "Who points here"]
        for each in description.mentions:
            lines.append(f"  {safe(each.name)}{'*' if each.assigned else ''}:")
            lines += [f"    - {safe(value.text)} ({_key(value)})" for value in each.values]
    shown = [*description.mentions, *_fields(description)]
    notes = ["* assigned here; no source states it"] if any(each.assigned for each in shown) else []
    if any(each.inferred for each in shown):
        notes.append("(computed) by a rule, from other statements; no source states it")
    return "\n".join([*lines, *([""] if notes else []), *notes]) + "\n"


def _fields(description: Description) -> Iterator[Field]:
    """Yield all fields, those of parts and of the record included."""
    for section in description.sections:
        for each in section.fields:
            yield each
            for value in each.values:
                yield from _fields(value.part) if value.part is not None else ()
    yield from _fields(description.record) if description.record is not None else ()


def _key(value: Value) -> str:
    return value.term.code if isinstance(value.term, Iri) else ""


def _section_lines(description: Description, pad: str) -> list[str]:
    lines: list[str] = []
    for section in description.sections:
        lines += ["", f"{pad}{safe(section.name)}"]
        lines += [line for each in section.fields for line in _field_lines(each, pad + "  ")]
    return lines


def _field_lines(shown: Field, pad: str) -> list[str]:
    mark = "*" if shown.assigned else " (computed)" if shown.inferred else ""
    name = f"{pad}{safe(shown.name)}{mark}:"
    texts = [
        f"{safe(value.text)}{f' [{value.language}]' if value.language not in ('', 'und') else ''}"
        for value in shown.values
    ]
    if all(value.part is None for value in shown.values):
        return [f"{name} {texts[0]}"] if len(texts) == 1 else [name, *(f"{pad}  - {text}" for text in texts)]
    lines = [name]
    for value, text in zip(shown.values, texts, strict=True):
        lines += _part_lines(value.part, text, pad + "  ")
    return lines


def _part_lines(part: Description | None, text: str, pad: str) -> list[str]:
    """Return a part under its title; a part without one starts with its first field."""
    fields = [each for section in part.sections for each in section.fields if each.property != POSITION] if part else []
    if part is None or part.title:
        inside = [each for each in fields if not (len(each.values) == 1 and safe(each.values[0].text) == text)]
        return [f"{pad}- {text}", *(line for each in inside for line in _field_lines(each, pad + "    "))]
    lines = [line for each in fields for line in _field_lines(each, pad + "  ")]
    return [f"{pad}- {lines[0].strip()}", *lines[1:]] if lines else [f"{pad}- {text}"]


def write_origins(origins: list[Origin], label: Callable[[Term], str]) -> str:
    """Return where statements come from, one block for each statement."""
    lines: list[str] = []
    for origin in origins:
        quad = origin.quad
        lines.append(f"{safe(label(quad.subject))}  {safe(label(quad.predicate))}  {safe(label(quad.object))}")
        lines.append(f"    {origin.kind}: {safe(origin.how)}")
        if origin.run:
            lines.append(f"    in the run {safe(origin.run.code)}, {safe(origin.when)}".rstrip(", "))
        elif origin.by or origin.when:
            lines.append(
                f"    by {', '.join(safe(name) for name in origin.by) or 'nobody named'}, {safe(origin.when)}".rstrip(
                    ", "
                )
            )
        lines += [f"    from {safe(page)}" for page in origin.pages]
    return "\n".join(lines) + "\n"


def origins_json(origins: list[Origin]) -> bytes:
    """Return where statements come from, for programs; terms are written as in N-Triples."""
    body = [
        {
            "subject": write_term(origin.quad.subject),
            "predicate": write_term(origin.quad.predicate),
            "object": write_term(origin.quad.object),
            "graph": origin.quad.graph,
            "kind": origin.kind,
            "how": origin.how,
            "record": origin.record,
            "pages": list(origin.pages),
            "by": list(origin.by),
            "when": origin.when,
            "run": origin.run,
        }
        for origin in origins
    ]
    return (json.dumps(body, ensure_ascii=False, indent=2) + "\n").encode()
