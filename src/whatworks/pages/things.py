"""What is described, as pages show it: each field with its values, where they lead, and who says so."""

from typing import Any

from whatworks.describe import Description, Value
from whatworks.pages.view import View
from whatworks.results import safe
from whatworks.terms import Iri


def with_hrefs(described: Description, view: View) -> dict[str, Any]:
    """Return a description with the addresses of what it speaks of."""
    return {
        "iri": described.iri,
        "title": safe(described.title or described.iri),
        "classes": described.classes,
        "fragment": described.iri.partition("#")[2],
        "sections": [
            (
                section.name,
                [
                    {
                        "name": each.name,
                        "assigned": each.assigned,
                        "inferred": each.inferred,
                        "values": [_value(value, view) for value in each.values],
                    }
                    for each in section.fields
                ],
            )
            for section in described.sections
        ],
        "record": with_hrefs(described.record, view) if described.record is not None else None,
        "mentions": [
            {"name": each.name, "values": [_value(value, view) for value in each.values]} for each in described.mentions
        ],
    }


def _value(value: Value, view: View) -> dict[str, Any]:
    return {
        "text": safe(value.text),
        "language": value.language,
        "href": view.href(value.term) if isinstance(value.term, Iri) else None,
        "part": with_hrefs(value.part, view) if value.part is not None else None,
    }
