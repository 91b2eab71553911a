"""The feed of changes: an entry for each release, which says what it changed (Atom, RFC 4287)."""

import re
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from whatworks.publish.dcat import iri_of
from whatworks.publish.history import History, Step
from whatworks.results import safe
from whatworks.version import __version__

PATH = "changes.atom"
MEDIA_TYPE = "application/atom+xml"
_ATOM = "http://www.w3.org/2005/Atom"
_LISTED = 50  # things that an entry names
_NEVER = "1970-01-01T00:00:00Z"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NO_XML = re.compile("[\ud800-\udfff\ufffe\uffff]")  # what no document of XML may hold, beside what `safe` takes out


def feed(history: History, home: str) -> bytes:
    """Return the feed.

    Args:
        history: What each release changed.
        home: The address of the site, with a slash at its end.
    """
    edition, steps = history.edition, history.steps()
    facts = edition.facts
    # Elements carry the name of the format's namespace as it is, so that no prefix is needed.
    root = Element("feed", {"xmlns": _ATOM, "xml:lang": "en"})
    _text(root, "id", f"{edition.base}{PATH}")
    _text(root, "title", f"Changes: {facts.title}")
    issued = f"{facts.issued}T00:00:00Z" if _DAY.fullmatch(facts.issued) else _NEVER
    _text(root, "updated", max((step.release.made for step in steps), default=issued))
    for name in [agent.name or agent.iri for agent in (*facts.publishers, *facts.creators)][:1] or [facts.title]:
        _text(SubElement(root, "author"), "name", name)
    SubElement(root, "link", {"rel": "self", "type": MEDIA_TYPE, "href": f"{home}{PATH}"})
    SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": f"{home}changes/"})
    if facts.licence:
        SubElement(root, "link", {"rel": "license", "href": facts.licence})
    _text(root, "generator", "whatworks").set("version", __version__)
    for step in steps:
        _entry(root, step, history, home)
    indent(root, "")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'.encode()


def _entry(root: Element, step: Step, history: History, home: str) -> None:
    entry, name = SubElement(root, "entry"), step.release.name
    _text(entry, "id", iri_of(history.edition, name))
    _text(entry, "title", f"Release {name}: {headline(step)}")
    _text(entry, "updated", step.release.made)
    address = f"{home}changes/{name}/"
    SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": address})
    SubElement(entry, "link", {"rel": "related", "type": "text/html", "href": f"{home}dumps/{name}/"})
    _text(entry, "summary", "\n".join([headline(step), *_listed(step)]))


def headline(step: Step) -> str:
    """Return what a release changed in a sentence."""
    if step.changes is not None:
        return step.changes.summary
    return f"What changed cannot be told: {step.fault}" if step.fault else "The first release that is kept here."


def _listed(step: Step) -> list[str]:
    things = step.changes.things if step.changes is not None else ()
    said = [
        f"{each.kind}: {each.name}" + "".join(f" → {named.label}" for named in each.successors)
        for each in things[:_LISTED]
    ]
    left = len(things) - _LISTED
    return [*said, *([f"and {left:,} more"] if left > 0 else [])]


def _text(parent: Element, name: str, text: str) -> Element:
    found = SubElement(parent, name)
    found.text = "\n".join(_NO_XML.sub("\ufffd", safe(line)) for line in text.split("\n"))
    return found
