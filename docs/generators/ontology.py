"""The page of the ontology: every class and every property."""

from generators.diagram import described
from generators.model import OWL, RDFS, SH, SKOS, Model, anchor, block, page, table
from whatworks.namespaces import WW
from whatworks.terms import RDF_TYPE, Iri

_NATURE = {
    "ObjectProperty": "points to a thing",
    "DatatypeProperty": "has a text, number or date",
    "AnnotationProperty": "is a remark",
    "SymmetricProperty": "holds both ways",
    "AsymmetricProperty": "never holds both ways",
    "IrreflexiveProperty": "never leads to the thing itself",
    "FunctionalProperty": "has one value",
    "TransitiveProperty": "holds along a chain",
}
_ALIGNED = {"closeMatch": "close to", "broadMatch": "within", "narrowMatch": "wider than", "relatedMatch": "related to"}


def ontology(model: Model) -> str:
    """Return the page of the ontology."""
    about = Iri(WW.rstrip("#"))
    others = sorted({term for row in model.relations for term in (row[0], row[2]) if not term.startswith(WW)})
    parts = [
        model.texts(about, "http://purl.org/dc/terms/description"),
        f"Namespace `{WW}`, prefix `ww:`, version {model.text(about, OWL + 'versionInfo')}; "
        "the file is `ontology/whatworks.ttl`.",
        f"![{described(model)}](model.svg)",
        "The picture shows the main classes and how they point to each other; the table has all. "
        "What holds for a wider class is not repeated.",
        table(
            ("from", "property", "to"),
            ((_link(model, start), _link(model, prop), _link(model, end)) for start, prop, end in _told(model)),
        ),
        f"Reused from other vocabularies: {', '.join(f'`{model.short(term)}`' for term in others)}.",
        "## Classes",
    ]
    for term in model.classes:
        parts += _class_parts(model, term)
    parts.append("## Properties")
    for term in model.properties:
        parts += _property_parts(model, term)
    return page("Ontology", parts)


def _told(model: Model) -> list[tuple[Iri, Iri, Iri]]:
    """Return what points to what, without what holds for a wider class already; the own classes first."""
    rows = set(model.relations)
    told = [
        row for row in rows if not any((wide, *row[1:]) in rows for wide in model.iris(row[0], RDFS + "subClassOf"))
    ]
    return sorted(told, key=lambda row: (not row[0].startswith(WW), *map(model.short, row)))


def _link(model: Model, term: Iri) -> str:
    name = model.short(term)
    return f"[{name}](#{anchor(name)})" if term in model.classes or term in model.properties else f"`{name}`"


def _links(model: Model, terms: list[Iri]) -> str:
    return ", ".join(_link(model, term) for term in terms)


def _head(model: Model, term: Iri) -> list[str]:
    aligned = [
        f"{words} {', '.join(f'`{model.short(other)}`' for other in model.iris(term, SKOS + name))}"
        for name, words in _ALIGNED.items()
        if model.iris(term, SKOS + name)
    ]
    notes = [model.texts(term, SKOS + name) for name in ("definition", "scopeNote")]
    return [
        f"### {model.short(term)}",
        f"**{model.texts(term, RDFS + 'label')}.** {' '.join(filter(None, notes))}",
        f"In other vocabularies: {'; '.join(aligned)}." if aligned else "",
    ]


def _class_parts(model: Model, term: Iri) -> list[str]:
    shapes = [shape for shape in model.of_type(SH + "NodeShape") if term in model.targets(shape)]
    fields = sorted({path for shape, _, path in model.fields if shape in shapes}, key=model.short)
    facts = [
        ("kind of", _links(model, model.iris(term, RDFS + "subClassOf"))),
        ("kinds of it", _links(model, model.subjects(RDFS + "subClassOf", term))),
        ("never also", _links(model, model.iris(term, OWL + "disjointWith"))),
        ("fields", _links(model, fields)),
        ("points here", _links(model, sorted({prop for _, prop, end in model.relations if end == term}))),
        ("shapes", ", ".join(_shape(model, shape) for shape in shapes)),
    ]
    return [*_head(model, term), _facts(facts), _example(model, value=term)]


def _property_parts(model: Model, term: Iri) -> list[str]:
    natures = [_NATURE[kind.code] for kind in model.iris(term, RDF_TYPE) if kind.code in _NATURE]
    chains = [
        " then ".join(_link(model, step) for step in model.items(head) if isinstance(step, Iri))
        for head in model.objects(term, OWL + "propertyChainAxiom")
    ]
    inverse = [*model.iris(term, OWL + "inverseOf"), *model.subjects(OWL + "inverseOf", term)]
    fields = [
        f"{_shape(model, shape)}: {model.text(each, SH + 'name')}" for shape, each, path in model.fields if path == term
    ]
    facts = [
        ("nature", ", ".join(sorted(natures))),
        ("of", _links(model, model.iris(term, RDFS + "domain"))),
        ("to", _links(model, model.iris(term, RDFS + "range"))),
        ("narrower than", _links(model, model.iris(term, RDFS + "subPropertyOf"))),
        ("wider than", _links(model, model.subjects(RDFS + "subPropertyOf", term))),
        ("the other way", _links(model, inverse)),
        ("follows from", " or ".join(chains)),
        ("fields", "; ".join(fields)),
    ]
    return [*_head(model, term), _facts(facts), _example(model, predicate=term)]


def _shape(model: Model, shape: Iri) -> str:
    name = model.short(shape)
    return f"[{name}](shapes.md#{anchor(name)})"


def _facts(facts: list[tuple[str, str]]) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in facts if value)


def _example(model: Model, *, predicate: Iri | None = None, value: Iri | None = None) -> str:
    quad = model.example(predicate or RDF_TYPE, value)
    if quad is None:
        return "The shipped collection does not use it."
    comment = "  # inferred" if model.kg.collection.is_inferred(quad.graph) else ""
    return block("turtle", model.turtle(quad) + comment)
