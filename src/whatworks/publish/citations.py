"""How a record, or the data set, is cited: BibTeX, RIS, CSL-JSON, the tags that reference managers read, CITATION.cff.

What is cited is the description here, not the intervention: its author is who wrote the record, its date that of the
record, and the pages it was written from are named.

Sources: CSL-JSON 1.0.2, RIS of Reference Manager, Citation File Format 1.2.0; the tags are those of Highwire Press and
Dublin Core.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from whatworks.namespaces import TOPIC
from whatworks.publish.edition import Agent, Edition
from whatworks.settings import preference
from whatworks.terms import Iri, Literal

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {f"{number:02}": name for number, name in enumerate(_NAMES, 1)}
# What TeX takes for something else than a letter.
_TEX = str.maketrans(
    {
        "\\": "\\textbackslash{}",
        **{sign: f"\\{sign}" for sign in "{}%$&#_"},
        "~": "\\textasciitilde{}",
        "^": "\\textasciicircum{}",
    }
)


@dataclass(frozen=True, slots=True)
class Citation:
    """What is said of something that is cited; what is not known is empty.

    Attributes:
        key: By which lists of references name it.
        title, language, abstract: Of what is cited.
        authors: Who wrote it.
        date: When, as far as is known: year, month, day.
        publisher: Who publishes it.
        inside: The title of the data set that it is part of; empty for the data set itself.
        version: Of the data set.
        address: Its IRI.
        licence: Under which it may be used.
        sources: What it was written from.
        keywords: As stated.
    """

    key: str
    title: str
    language: str
    abstract: str
    authors: tuple[Agent, ...]
    date: tuple[str, ...]
    publisher: str
    inside: str
    version: str
    address: str
    licence: str
    sources: tuple[str, ...]
    keywords: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Whether it is a data set, or a page of one."""
        return "webpage" if self.inside else "dataset"


def cited(edition: Edition, iri: Iri) -> Citation | None:
    """Return how something is cited: what has a record, and the data set; None for what is not cited by itself."""
    if iri == edition.dataset:
        return of_dataset(edition)
    store, facts = edition.kg.collection.store, edition.facts
    records = sorted(quad.subject for quad in store.match(predicate=TOPIC, value=iri) if isinstance(quad.subject, Iri))
    if not records:
        return None
    record, languages = records[0], edition.kg.settings.languages
    title, language = edition.kg.describer.label(iri, languages)
    texts = [value for value in edition.values(iri, "dcterms:description") if isinstance(value, Literal)]
    times = edition.values(record, "prov:generatedAtTime")
    dates = sorted(value.value for value in times if isinstance(value, Literal))
    sources = (edition.values(each, name) for each in records for name in ("dcterms:source", "prov:wasDerivedFrom"))
    return Citation(
        key=iri.code,
        title=title,
        language=language,
        abstract=min(texts, key=lambda text: preference(text, languages)).value if texts else "",
        authors=tuple(edition.agents(record, "prov:wasAttributedTo")) or facts.creators,
        date=_date(dates[-1] if dates else facts.issued),
        publisher=", ".join(agent.name for agent in facts.publishers if agent.name),
        inside=facts.title,
        version=facts.version,
        address=str(iri),
        licence=facts.licence,
        sources=tuple(dict.fromkeys(str(value) for found in sources for value in found if isinstance(value, Iri))),
    )


def is_cited(edition: Edition, iri: Iri) -> bool:
    """Say whether something is cited by itself."""
    found = edition.kg.collection.store.match(predicate=TOPIC, value=iri)
    return iri == edition.dataset or any(isinstance(quad.subject, Iri) for quad in found)


def of_dataset(edition: Edition) -> Citation:
    """Return how the data set is cited."""
    facts = edition.facts
    return Citation(
        key=facts.identifier or facts.iri.code,
        title=facts.title,
        language=facts.language,
        abstract=facts.description,
        authors=facts.creators or facts.publishers,
        date=_date(facts.issued),
        publisher=", ".join(agent.name for agent in facts.publishers if agent.name),
        inside="",
        version=facts.version,
        address=str(facts.iri),
        licence=facts.licence,
        sources=tuple(map(str, facts.sources)),
        keywords=facts.keywords,
    )


def _date(text: str) -> tuple[str, ...]:
    found = _DATE.match(text)
    return tuple(part for part in found.groups() if part) if found else ()


def sentence(citation: Citation) -> str:
    """Return the citation as people read it."""
    authors = "; ".join(agent.name for agent in citation.authors if agent.name)
    year = f" ({citation.date[0]})" if citation.date else ""
    version = f", version {citation.version}" if citation.version else ""
    parts = [f"{authors}{year}".strip(), citation.title + ("" if citation.inside else version)]
    parts += [f"In: {citation.inside}{version}"] if citation.inside else []
    return " ".join(f"{part.rstrip('.')}." for part in parts if part) + f" {citation.address}"


def written(citation: Citation, format: str) -> bytes:
    """Return a citation as `bibtex`, `ris` or `csl`."""
    return {"bibtex": bibtex, "ris": ris, "csl": csl}[format](citation)


def listed(edition: Edition, things: Iterable[Iri], format: str) -> bytes:
    """Return the citations of several things as one list, in `bibtex` or `ris`; what is not cited is left out."""
    found = (cited(edition, iri) for iri in things)
    return b"\n".join(written(each, format) for each in found if each is not None)


def bibtex(citation: Citation) -> bytes:
    """Return an entry of BibTeX."""
    names = " and ".join(f"{{{agent.name.translate(_TEX)}}}" for agent in citation.authors if agent.name)
    fields = [
        ("author", names),
        ("title", f"{{{citation.title.translate(_TEX)}}}"),
        ("year", citation.date[0] if citation.date else ""),
        ("month", _MONTHS.get(citation.date[1], "") if len(citation.date) > 1 else ""),
        ("publisher", citation.publisher.translate(_TEX)),
        ("howpublished", citation.inside and f"In: {citation.inside.translate(_TEX)}"),
        ("version", citation.version.translate(_TEX)),
        ("url", citation.address.replace("%", "\\%")),
        ("language", citation.language),
        ("keywords", ", ".join(citation.keywords).translate(_TEX)),
        ("abstract", citation.abstract.translate(_TEX)),
        ("note", _from(citation).translate(_TEX)),
    ]
    lines = [f"  {name} = {value if name == 'month' else f'{{{_line(value)}}}'}" for name, value in fields if value]
    key = re.sub(r"[^A-Za-z0-9:_-]+", "-", citation.key)
    return (f"@misc{{{key},\n" + ",\n".join(lines) + "\n}\n").encode()


def ris(citation: Citation) -> bytes:
    """Return a record of RIS."""
    fields = [("TY", "ELEC" if citation.inside else "DATA"), ("ID", citation.key), ("TI", citation.title)]
    fields += [("AU", agent.name) for agent in citation.authors]
    fields += [
        ("PY", citation.date[0] if citation.date else ""),
        ("DA", "/".join([*citation.date, "", "", ""][:4]) if citation.date else ""),
        ("T2", citation.inside),
        ("PB", citation.publisher),
        ("ET", citation.version),
        ("LA", citation.language),
        ("UR", citation.address),
        ("AB", citation.abstract),
    ]
    fields += [("KW", keyword) for keyword in citation.keywords]
    fields += [("N1", _from(citation))]
    lines = [f"{name}  - {_line(value)}" for name, value in fields if value]
    return "\r\n".join([*lines, "ER  - ", ""]).encode()


def csl(citation: Citation) -> bytes:
    """Return an item of CSL-JSON, in a list as files of it hold."""
    item: dict[str, Any] = {
        "id": citation.key,
        "type": citation.kind,
        "title": citation.title,
        "author": [{"literal": agent.name} for agent in citation.authors if agent.name],
        "issued": {"date-parts": [[int(part) for part in citation.date]]} if citation.date else None,
        "container-title": citation.inside,
        "publisher": citation.publisher,
        "version": citation.version,
        "language": citation.language,
        "URL": citation.address,
        "abstract": citation.abstract,
        "keyword": ", ".join(citation.keywords),
        "license": citation.licence,
        "note": _from(citation),
    }
    kept = {name: value for name, value in item.items() if value}
    return (json.dumps([kept], ensure_ascii=False, indent=2) + "\n").encode()


def tags(citation: Citation) -> list[tuple[str, str]]:
    """Return the `<meta>` tags of a page, by name: those that the translators of Zotero read, as they read them.

    Without DC.type everything is an article to them; a name with a comma at its end is not cut into first and last
    name; the name of the site is the only tag that says what a page is part of, and DC.source would be taken for that.
    """
    date = "-".join(citation.date)
    authors = [agent.name + ("" if agent.kind == "Person" else ",") for agent in citation.authors if agent.name]
    found = [("citation_title", citation.title)]
    found += [("citation_author", name) for name in authors]
    found += [
        ("og:site_name", citation.inside),
        ("citation_publication_date", date.replace("-", "/")),
        ("citation_publisher", citation.publisher),
        ("citation_language", citation.language),
        ("citation_public_url", citation.address),
        ("DC.title", citation.title),
    ]
    found += [("DC.creator", name) for name in authors]
    found += [
        ("DC.date", date),
        ("DC.publisher", citation.publisher),
        ("DC.language", citation.language),
        ("DC.identifier", citation.address),
        ("DC.type", citation.kind),
        ("DC.description", citation.abstract),
        ("DC.rights", citation.licence),
    ]
    found += [("DC.subject", keyword) for keyword in citation.keywords]
    return [(name, _line(content)) for name, content in found if content]


def _from(citation: Citation) -> str:
    return f"Compiled from: {', '.join(citation.sources)}" if citation.sources else ""


def _line(text: str) -> str:
    return " ".join(text.split())


def cff(edition: Edition) -> bytes | None:
    """Return the file CITATION.cff of the data set; None where nobody is said to have made it, whom the file needs.

    It is written as JSON, which YAML reads.
    """
    citation = of_dataset(edition)
    authors = [{"name": agent.name} for agent in citation.authors if agent.name]
    if not authors:
        return None
    said: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "If you use this data set, please cite it as below, and name the sources of the records you use.",
        "type": "dataset",
        "title": citation.title,
        "authors": authors,
        "abstract": citation.abstract,
        "version": citation.version,
        "date-released": "-".join(citation.date) if len(citation.date) == 3 else "",
        "url": citation.address,
        "license-url": citation.licence,
        "keywords": list(citation.keywords),
        "identifiers": [{"type": "other", "value": edition.name, "description": "The name of the release"}]
        if edition.release is not None
        else [],
    }
    lines = (f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in said.items() if value)
    return "".join(lines).encode()
