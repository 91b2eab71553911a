"""The page of the concept schemes, and that of the prefixes."""

import re

from generators.model import SH, SKOS, Model, anchor, escaped, page, table
from whatworks.collection import PREFIX_FILE
from whatworks.terms import Iri

_MAPPINGS = {"exactMatch": "same as", "closeMatch": "close to", "broadMatch": "within", "narrowMatch": "wider than",
             "relatedMatch": "related to"}  # fmt: skip
_DECLARED = re.compile(r"@prefix\s+(\S*):\s*<([^>]*)>")


def schemes(model: Model) -> str:
    """Return the page of the concept schemes."""
    found = model.of_type(SKOS + "ConceptScheme")
    parts = [
        f"{len(found)} controlled vocabularies. Their concepts are the values by which one filters.",
        "A concept is written as its CURIE in SPARQL (`stage:pilot`); "
        "commands take its code or any of its names as well. "
        "Definitions in other languages stand on the pages of the concepts.",
    ]
    for scheme in found:
        parts += _described(model, scheme)
    return page("Concept schemes", parts)


def _described(model: Model, scheme: Iri) -> list[str]:
    concepts = model.subjects(SKOS + "inScheme", scheme)
    used_by = sorted(
        {
            f"[{model.short(path)}](ontology.md#{anchor(model.short(path))})"
            for _, each, path in model.fields
            for node in model.iris(each, SH + "node")
            if _restricts(model, node, scheme) and path in model.properties
        }
    )
    return [
        f"## {scheme.code}",
        f"**{model.texts(scheme, SKOS + 'prefLabel')}.** {model.english(scheme, SKOS + 'definition')}",
        f"Values of: {', '.join(used_by)}." if used_by else "",
        table(("concept", "name", "meaning"), (_row(model, concept) for concept in concepts)),
        *(_collected(model, each) for each in _collections(model, scheme)),
    ]


def _restricts(model: Model, node: Iri, scheme: Iri) -> bool:
    return any(scheme in model.objects(each, SH + "hasValue") for each in model.iris(node, SH + "property"))


def _collections(model: Model, scheme: Iri) -> list[Iri]:
    every = [each for kind in ("Collection", "OrderedCollection") for each in model.of_type(SKOS + kind)]
    return [
        each for each in every if any(scheme in model.objects(one, SKOS + "inScheme") for one in _members(model, each))
    ]


def _collected(model: Model, collection: Iri) -> str:
    members = ", ".join(f"`{model.short(one)}`" for one in _members(model, collection))
    return f"**{model.texts(collection, SKOS + 'prefLabel')}**: {members}."


def _members(model: Model, collection: Iri) -> list[Iri]:
    listed = [term for term in model.items(model.one(collection, SKOS + "memberList")) if isinstance(term, Iri)]
    return listed or model.iris(collection, SKOS + "member")


def _row(model: Model, concept: Iri) -> tuple[str, str, str]:
    names = [f"**{model.texts(concept, SKOS + 'prefLabel')}**"]
    if other := model.texts(concept, SKOS + "altLabel"):
        names.append(f"also: {other}")
    notes = [model.english(concept, SKOS + name) for name in ("definition", "scopeNote", "example")]
    if broader := model.iris(concept, SKOS + "broader"):
        notes.append(f"Narrower than {', '.join(f'`{model.short(each)}`' for each in broader)}.")
    for name, words in _MAPPINGS.items():
        if matches := model.iris(concept, SKOS + name):
            notes.append(f"{words.capitalize()} {', '.join(f'`{model.short(each)}`' for each in matches)}.")
    return f"`{model.short(concept)}`", ", ".join(names), " ".join(filter(None, notes))


def prefixes(model: Model) -> str:
    """Return the page of the prefixes, under the comments of their file."""
    asset = next(asset for asset in model.kg.assets.ontology() if asset.name == PREFIX_FILE)
    text = asset.read().decode()
    parts = [
        "Every query knows these prefixes; they need not be declared.",
        "They stand in `ontology/prefixes.ttl`; a project may declare more in a file of the same name.",
    ]
    rows: list[tuple[str, str]] = []
    for line in [*text.splitlines(), "# "]:
        if line.startswith("#"):
            if rows:
                parts.append(table(("prefix", "namespace"), rows))
            rows = []
            parts.append(f"## {escaped(line.lstrip('# ').rstrip('.'))}" if line.strip("# ") else "")
        elif match := _DECLARED.match(line):
            rows.append((f"`{match[1]}:`", f"`{match[2]}`"))
    return page("Prefixes", parts)
