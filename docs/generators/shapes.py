"""The page of the shapes: what a description holds, field by field, in words."""

from collections import defaultdict

from generators.model import RDFS, SH, SKOS, Model, anchor, escaped, page, table
from whatworks.terms import Iri, Literal, Node, Term

_TYPES = {
    "integer": "a whole number",
    "decimal": "a decimal number",
    "boolean": "true or false",
    "string": "a text without a language tag",
    "langString": "a text with a language tag",
    "date": "a date",
    "dateTime": "a date and time",
    "gYear": "a year",
}
# A longer pattern helps nobody in a table.
_LONG = 40
_KINDS = {"IRI": "an IRI", "Literal": "a text or number"}
_BOUNDS = (
    ("minInclusive", "{} or more"),
    ("maxInclusive", "{} or less"),
    ("minLength", "at least {} characters"),
    ("pattern", "matches `{}`"),
)
_SEVERITIES = {"Violation": "violation", "Warning": "warning", "Info": "info"}


def shapes(model: Model) -> str:
    """Return the page of the shapes."""
    every = model.of_type(SH + "NodeShape")
    classes = [shape for shape in every if model.targets(shape) or model.iris(shape, SH + "targetNode")]
    classes.sort(key=lambda shape: (shape.code.split("-")[0], shape.code))
    shared = [shape for shape in every if shape not in classes]
    own = [shape for shape in model.of_type(SH + "PropertyShape") if _own_target(model, shape)]
    parts = [
        "The shapes say what a complete and correct description holds; `whatworks check` holds data against them.",
        "A **violation** is wrong, a **warning** is work for a curator, an **info** is nice to have.",
        "The profile `core` asks for violations, `curation` also for what is wanted, "
        "`publication` also for what must not be published.",
        "What a value must be stands under its field; the message says how to mend it.",
    ]
    for shape in classes:
        parts += _class_parts(model, shape)
    parts += [
        "## Wherever a property is used",
        "These hold for everything that has the property, whatever its class.",
        _table(model, own),
        "## Shapes that others use",
        "They are asked for by name in the tables above.",
        table(("shape", "holds when", "what it asks"), (_asked(model, shape) for shape in shared)),
    ]
    return page("Shapes", parts)


def _own_target(model: Model, shape: Iri) -> bool:
    names = ("targetClass", "targetSubjectsOf", "targetObjectsOf", "targetNode")
    return any(model.objects(shape, SH + name) for name in names)


def _class_parts(model: Model, shape: Iri) -> list[str]:
    targets = [*model.targets(shape), *model.iris(shape, SH + "targetNode")]
    groups: dict[Node, list[Iri]] = defaultdict(list)
    for each in model.iris(shape, SH + "property"):
        groups[next(iter(model.iris(each, SH + "group")), shape)].append(each)
    parts = [
        f"## {model.short(shape)}",
        f"**{model.texts(shape, RDFS + 'label')}.** {model.texts(shape, RDFS + 'comment')}",
        f"Asked of: {', '.join(_term(model, target) for target in targets)}.",
    ]
    if words := _words(model, shape):
        severity, message = _severity(model, shape), escaped(model.text(shape, SH + "message"))
        parts.append(f"The thing itself: {words} ({severity}). {message}")
    for group in sorted(groups, key=lambda group: _order(model, group)):
        parts += [f"**{model.text(group, RDFS + 'label')}**" if group != shape else "", _table(model, groups[group])]
    return parts


def _table(model: Model, fields: list[Iri]) -> str:
    fields = sorted(fields, key=lambda each: (_order(model, each), each))
    return table(
        ("field", "property", "what holds", "how to mend it"),
        (
            (
                f"**{escaped(model.text(each, SH + 'name'))}**<br>{escaped(model.text(each, SH + 'description'))}",
                _path(model, model.one(each, SH + "path")),
                f"{_words(model, each) or 'anything'}<br>*{_severity(model, each)}*",
                escaped(model.text(each, SH + "message")),
            )
            for each in fields
        ),
    )


def _asked(model: Model, shape: Iri) -> tuple[str, str, str]:
    words = [_words(model, shape)]
    for each in model.iris(shape, SH + "property"):
        words.append(f"{_path(model, model.one(each, SH + 'path'))}: {_words(model, each)}")
    return (
        f"`{model.short(shape)}`",
        f"**{escaped(model.text(shape, RDFS + 'label'))}**<br>{escaped(model.text(shape, RDFS + 'comment'))}",
        "; ".join(filter(None, words)),
    )


def _order(model: Model, node: Node) -> int:
    found = model.one(node, SH + "order")
    return int(float(found.value)) if isinstance(found, Literal) else 99


def _severity(model: Model, shape: Node) -> str:
    found = model.one(shape, SH + "severity")
    return _SEVERITIES[found.code] if isinstance(found, Iri) else "violation"


def _term(model: Model, term: Term) -> str:
    name = model.short(term)
    if term in model.classes or term in model.properties:
        return f"[{name}](ontology.md#{anchor(name)})"
    return f"`{name}`"


def _path(model: Model, path: Term | None) -> str:
    """Return a path in words: a property, one backwards, one of several, or one after another."""
    if path is None or isinstance(path, Iri):
        return _term(model, path) if path else ""
    if isinstance(path, Literal):
        return f"`{path.value}`"
    if back := model.one(path, SH + "inversePath"):
        return f"{_path(model, back)}, backwards"
    if several := model.one(path, SH + "alternativePath"):
        return " or ".join(_path(model, each) for each in model.items(several))
    if repeated := model.one(path, SH + "zeroOrMorePath"):
        return f"any number of {_path(model, repeated)}"
    return ", then ".join(_path(model, each) for each in model.items(path))


def _number(model: Model, shape: Node, name: str) -> int | None:
    found = model.one(shape, SH + name)
    return int(found.value) if isinstance(found, Literal) else None


def _words(model: Model, shape: Node) -> str:
    """Return the constraints of a shape in words."""
    return ", ".join([*_count(model, shape), *_value(model, shape), *_relation(model, shape), *_logic(model, shape)])


def _count(model: Model, shape: Node) -> list[str]:
    least, most = _number(model, shape, "minCount"), _number(model, shape, "maxCount")
    if most == 0:
        return ["never"]
    if least and least == most:
        return ["exactly one" if least == 1 else f"exactly {least}"]
    words = [f"at least {'one' if least == 1 else least}"] if least else []
    return [*words, *([f"at most {'one' if most == 1 else most}"] if most else [])]


def _value(model: Model, shape: Node) -> list[str]:
    words = [_TYPES.get(each.code, f"`{model.short(each)}`") for each in model.iris(shape, SH + "datatype")]
    words += [_KINDS.get(each.code, each.code) for each in model.iris(shape, SH + "nodeKind")]
    words += [f"one of the class {_term(model, each)}" for each in model.iris(shape, SH + "class")]
    for name, form in _BOUNDS:
        for value in model.objects(shape, SH + name):
            text = value.value if isinstance(value, Literal) else str(value)
            words.append(
                form.format(text) if name != "pattern" or len(text) < _LONG else "matches the pattern in its file"
            )
    if model.one(shape, SH + "uniqueLang"):
        words.append("at most one per language")
    for head in model.objects(shape, SH + "in"):
        words.append(f"one of {', '.join(_path(model, item) for item in model.items(head))}")
    for head in model.objects(shape, SH + "languageIn"):
        words.append(f"in the language {' or '.join(_path(model, item) for item in model.items(head))}")
    words += [f"among them {_term(model, value)}" for value in model.objects(shape, SH + "hasValue")]
    return words


def _relation(model: Model, shape: Node) -> list[str]:
    words = [f"not above {_term(model, each)}" for each in model.iris(shape, SH + "lessThanOrEquals")]
    return words + [f"not also a value of {_term(model, each)}" for each in model.iris(shape, SH + "disjoint")]


def _logic(model: Model, shape: Node) -> list[str]:
    words = [_used(model, each) for each in model.objects(shape, SH + "node")]
    words += [f"not: {_used(model, each)}" for each in model.objects(shape, SH + "not")]
    for head in model.objects(shape, SH + "or"):
        words.append("either " + " or ".join(_used(model, each) for each in model.items(head)))
    if model.one(shape, SH + "path"):
        for each in model.iris(shape, SH + "property"):
            words.append(f"its {_path(model, model.one(each, SH + 'path'))}: {_words(model, each)}")
    for counted in model.objects(shape, SH + "qualifiedValueShape"):
        least = _number(model, shape, "qualifiedMinCount")
        words.append(f"at least {'one' if least == 1 else least}: {_used(model, counted)}")
    return words


def _used(model: Model, shape: Term) -> str:
    """Return what a shape that is used by another one asks: its scheme, its name, or its constraints."""
    if isinstance(shape, Iri):
        for each in model.iris(shape, SH + "property"):
            for scheme in model.iris(each, SH + "hasValue"):
                if model.objects(scheme, SKOS + "prefLabel"):
                    return f"a concept of [{scheme.code}](schemes.md#{scheme.code})"
        return f"“{escaped(model.text(shape, RDFS + 'label'))}”"
    return _words(model, shape) if not isinstance(shape, Literal) else ""
