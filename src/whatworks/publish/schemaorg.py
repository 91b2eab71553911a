"""The data set in terms of schema.org, for search engines: a block of JSON-LD in pages, which is data and no script."""

import json
from typing import Any

from whatworks.publish.dumps import files_of
from whatworks.publish.edition import Agent, Edition


def dataset(edition: Edition, home: str) -> dict[str, Any]:
    """Return the data set, with the files of the release that is published.

    Args:
        edition: What is published.
        home: The address of the site, with a slash at its end.
    """
    facts, release = edition.facts, edition.release
    files = files_of(edition, release) if release is not None else []
    found = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": str(facts.iri),
        "name": facts.title,
        "description": facts.description,
        "inLanguage": facts.language,
        "url": home,
        "identifier": [str(facts.iri), *([edition.name] if release is not None else [])],
        "version": facts.version,
        "datePublished": facts.issued,
        "license": facts.licence,
        "keywords": list(facts.keywords),
        "creator": [_agent(agent) for agent in facts.creators],
        "publisher": [_agent(agent) for agent in facts.publishers],
        "isBasedOn": list(map(str, facts.sources)),
        "includedInDataCatalog": {"@type": "DataCatalog", "@id": f"{edition.base}catalog", "url": f"{home}catalog"},
        "distribution": [
            {
                "@type": "DataDownload",
                "name": file.title,
                "encodingFormat": file.media_type,
                "contentUrl": f"{home}dumps/{edition.name}/{file.name}",
                "contentSize": f"{file.bytes} B",
                "sha256": file.sha256,
            }
            for file in files
        ],
    }
    return {name: value for name, value in found.items() if value}


def _agent(agent: Agent) -> dict[str, str]:
    said = {"@type": agent.kind, "@id": str(agent.iri), "name": agent.name}
    return {name: value for name, value in said.items() if value}


def block(found: dict[str, Any]) -> str:
    """Return a block as it may stand within a page: nothing in it ends the element that holds it."""
    written = json.dumps(found, ensure_ascii=False, indent=1)
    for sign in "<>&\u2028\u2029":
        written = written.replace(sign, f"\\u{ord(sign):04x}")
    return written
