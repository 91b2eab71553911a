"""Says in words what a validation result found and what the shapes expect there."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches

from rdflib import BNode, Graph, URIRef
from rdflib import Literal as RdflibLiteral
from rdflib.collection import Collection as RdfList
from rdflib.namespace import DCTERMS, FOAF, RDF, RDFS, SH, SKOS, XSD
from rdflib.term import Node as RdflibNode

from whatworks.checks.found import Result
from whatworks.checks.graphs import pattern_of, short
from whatworks.checks.phrases import Phrases
from whatworks.checks.strays import Declared
from whatworks.namespaces import Prefixes

_TITLES = (DCTERMS.title, SKOS.prefLabel, FOAF.name, RDFS.label)
_COUNTS = ("MinCount", "MaxCount", "QualifiedMinCount", "QualifiedMaxCount", "HasValue", "NoClass")
_NUMBERS = (XSD.integer, XSD.decimal, XSD.double, XSD.float, XSD.boolean)
# What is wanted, and what a value of the datatype is called.
_TYPES: dict[RdflibNode, tuple[str, str]] = {
    XSD.integer: ("a whole number", "a whole number"),
    XSD.decimal: ("a decimal number, such as 0.5", "a decimal number"),
    XSD.boolean: ("true or false", "a truth value"),
    XSD.string: ("a text without a language tag", "a text without a language tag"),
    XSD.dateTime: ("a date and time, such as 2026-01-31T12:00:00Z", "a date and time"),
    XSD.date: ("a date, such as 2026-01-31", "a date"),
    RDF.langString: ("a text with a language tag, such as @en", "a text with a language tag"),
}
_NODE_KINDS: dict[RdflibNode | None, str] = {SH.IRI: "an IRI", SH.Literal: "a text or number"}
_LONGEST = 120
_AROUND = 40
_MANY = 8


class Words:
    """Words for the terms of checked data and for the shapes.

    Args:
        data: The checked data.
        shapes: The shapes.
        prefixes: The prefixes to write IRIs with.
        declared: The terms of the model.
        say: The words of the language.
    """

    def __init__(
        self,
        data: Graph,
        shapes: Graph,
        prefixes: Prefixes,
        declared: Declared | None = None,
        say: Phrases | None = None,
    ) -> None:
        self.say = say or Phrases()
        self.data = data
        self.shapes = shapes
        self.prefixes = prefixes
        self._declared = declared
        self._near_terms: dict[RdflibNode | None, str] = {}
        self._names: dict[tuple[URIRef, tuple[RdflibNode | None, ...]], dict[str, RdflibNode]] = {}

    # ---- names ----

    def label(self, term: RdflibNode | None) -> str:
        """Return a label in the language of the words, an English one, another one, or the short IRI."""
        unnamed = self.say("a thing") if isinstance(term, BNode) else short(term, self.prefixes)
        return self._title(self.data, term) or unnamed

    def _title(self, graph: Graph, term: RdflibNode | None) -> str:
        return next((text for predicate in _TITLES if (text := self.say.text(graph, term, predicate))), "")

    def field(self, shape: RdflibNode | None, path: RdflibNode | None) -> str:
        """Return what people call the field that a shape speaks of."""
        name = self.say.text(self.shapes, shape, SH.name)
        if not name and (path is None or (shape, SH.path, None) in self.shapes):
            name = self.say.text(self.shapes, shape, RDFS.label)
        if not name and path == RDF.type:
            return self.say("Class")
        return name or (self.label(path) if path is not None else self.say("the thing itself"))

    def _sibling(self, shape: RdflibNode | None, path: RdflibNode | None) -> str:
        """Return the name that the shapes give another field of the same thing."""
        for parent in self.shapes.subjects(SH.property, shape):
            for other in self.shapes.objects(parent, SH.property):
                if self.shapes.value(other, SH.path) == path and (name := self.say.text(self.shapes, other, SH.name)):
                    return _lower(name)
        return self.label(path)

    def _thing(self, term: RdflibNode) -> str:
        label, curie = self.label(term), short(term, self.prefixes)
        return f"{label} ({curie})" if label != curie else label

    def _stray(self, term: RdflibNode | None, of_model: str, of_vocabulary: str) -> str:
        """Say of a term that the model lacks it, or the vocabulary that has all its terms listed."""
        is_listed = self._declared is not None and isinstance(term, URIRef) and self._declared.is_listed(term)
        return self.say(of_vocabulary if is_listed else of_model, term=short(term, self.prefixes))

    # ---- what is there ----

    def found(self, result: Result) -> str:
        """Say what is there."""
        if result.kind == "UniqueLang":
            return self._repeated(result)
        if result.kind == "UnknownProperty":
            return self._stray(
                result.path,
                "{term}, which is no property of the model",
                "{term}, which is no property of its vocabulary",
            )
        if result.kind == "UnknownClass":
            return self._stray(
                result.value, "{term}, which is no class of the model", "{term}, which is no class of its vocabulary"
            )
        if result.kind in _COUNTS or result.value is None:
            return self._several(result)
        if isinstance(result.value, RdflibLiteral):
            is_forbidden = result.kind == "ContactData"
            forbidden = result.shape if is_forbidden else self.shapes.value(result.shape, SH["not"])
            return self._what_it_is(result, self._excerpt(result.value, forbidden))
        return self._node(result.value, result)

    def _what_it_is(self, result: Result, value: str) -> str:
        """Say of which sort a literal is, where that is what is wrong with it."""
        literal, say = result.value, self.say
        if result.kind not in ("Datatype", "NodeKind") or not isinstance(literal, RdflibLiteral):
            return value
        datatype = literal.datatype or (RDF.langString if literal.language else XSD.string)
        known = _TYPES.get(datatype)
        sort = say(known[1]) if known else say("a value of the type {type}", type=short(datatype, self.prefixes))
        if literal.ill_typed:
            return say("{value}, which is marked as {sort} and is none", value=value, sort=sort)
        texts = (XSD.string, RDF.langString)
        is_tag_wrong = datatype in texts and self.shapes.value(result.shape, SH.datatype) in texts
        return say(
            "{value}, {sort}", value=value, sort=sort if datatype not in texts or is_tag_wrong else say("a text")
        )

    def _node(self, value: RdflibNode, result: Result) -> str:
        if isinstance(value, BNode):
            return self.say("a thing without an IRI")
        if value == result.focus:
            return self.say("values of {thing} that do not fit together", thing=self._own(value))
        is_missing = result.kind in ("Node", "Class", "Or") and (value, None, None) not in self.data
        thing = self._thing(value)
        return self.say("{thing}, which is not described", thing=thing) if is_missing else thing

    def _values(self, result: Result) -> list[RdflibNode]:
        return list(self.data.objects(result.focus, result.path)) if isinstance(result.path, URIRef) else []

    def _several(self, result: Result) -> str:
        values = self._values(result)
        if not values:
            return self.say("nothing" if result.kind in _COUNTS else "values that do not fit together")
        shown = sorted(self.label(item) if isinstance(item, URIRef) else self._quoted(item) for item in values)
        count = self.say("one value") if len(shown) == 1 else self.say("{n} values", n=len(shown))
        return f"{count} ({', '.join(shown[:5])}{', …' if len(shown) > 5 else ''})"

    def _own(self, focus: RdflibNode) -> str:
        return str(focus).partition("#")[2] or self.label(focus)

    def _repeated(self, result: Result) -> str:
        texts = [text for text in self._values(result) if isinstance(text, RdflibLiteral) and text.language]
        languages = Counter(str(text.language).lower() for text in texts)
        return "; ".join(
            self.say(
                "{count} texts in {language} ({texts})",
                count=count,
                language=language,
                texts=", ".join(sorted(self._quoted(text) for text in texts if str(text.language).lower() == language)),
            )
            for language, count in sorted(languages.items())
            if count > 1
        )

    def _excerpt(self, value: RdflibLiteral, forbidden: RdflibNode | None) -> str:
        """Show the place of a long text that matches the pattern of a forbidden shape."""
        pattern = pattern_of(self.shapes, forbidden) if forbidden is not None else None
        match = pattern.search(str(value)) if pattern else None
        if match is None or len(str(value)) <= _LONGEST:
            return self._quoted(value)
        before, after = str(value)[: match.start()], str(value)[match.end() :]
        if len(before) > _AROUND:
            before = f"… {before[-_AROUND:].partition(' ')[2]}"
        if len(after) > _AROUND:
            after = f"{after[:_AROUND].rpartition(' ')[0]} …"
        return f"'{before}{match.group()}{after}'"

    def _quoted(self, term: RdflibNode) -> str:
        if not isinstance(term, RdflibLiteral):
            return self.say("a thing without an IRI") if isinstance(term, BNode) else str(term)
        if term.datatype in _NUMBERS and not term.ill_typed:
            return str(term)
        text = str(term) if len(str(term)) <= _LONGEST else str(term)[: _LONGEST - 1] + "…"
        return f"'{text}'{f'@{term.language}' if term.language else ''}"

    # ---- what should be there ----

    def expected(self, result: Result) -> str:
        """Say what the constraint asks for."""
        value, shape = result.value, result.shape

        def given(name: str) -> RdflibNode | None:
            return self.shapes.value(shape, SH[name])

        say = self.say
        words: dict[str, Callable[[], str]] = {
            "MinCount": lambda: self._count(given("minCount"), "at least one value", "at least {n} values"),
            "MaxCount": lambda: self._count(given("maxCount"), "at most one value", "at most {n} values"),
            "QualifiedMinCount": lambda: say(
                "{count} that is {sort}",
                count=self._count(given("qualifiedMinCount"), "at least one value", "at least {n} values"),
                sort=self._sort(given("qualifiedValueShape")),
            ),
            "Datatype": lambda: self._type(given("datatype")),
            "NodeKind": lambda: say(_NODE_KINDS.get(given("nodeKind"), "another kind of value")),
            "Class": lambda: (
                say("a thing of the class {name}", name=self._class(given("class"))) + self._near_member(value, shape)
            ),
            "Pattern": lambda: say("a text of another form (pattern {pattern})", pattern=given("pattern")),
            "MinLength": lambda: self._count(given("minLength"), "at least one character", "at least {n} characters"),
            "MaxLength": lambda: self._count(given("maxLength"), "at most one character", "at most {n} characters"),
            "MinInclusive": lambda: say("{number} or more", number=given("minInclusive")),
            "MaxInclusive": lambda: say("{number} or less", number=given("maxInclusive")),
            "MinExclusive": lambda: say("more than {number}", number=given("minExclusive")),
            "MaxExclusive": lambda: say("less than {number}", number=given("maxExclusive")),
            "UniqueLang": lambda: say("one text for each language"),
            "LanguageIn": lambda: say("a text in another language"),
            "HasValue": lambda: (
                say("{thing} among them", thing=self._thing(node))
                if (node := given("hasValue"))
                else say("another value")
            ),
            "In": lambda: self._listed(given("in")),
            "LessThanOrEquals": lambda: say(
                "no more than the {other}", other=self._other(result, given("lessThanOrEquals"))
            ),
            "LessThan": lambda: say("less than the {other}", other=self._other(result, given("lessThan"))),
            "Disjoint": lambda: say(
                "a value that is not also given as '{other}'", other=self._sibling(shape, given("disjoint"))
            ),
            "Node": lambda: f"{self._sort(given('node'))}{self._near_concept(value, [given('node')])}",
            "Not": lambda: say("nothing that {sort}", sort=self._sort(given("not"))),
            "Or": lambda: self._either(value, given("or")),
            "UnknownProperty": lambda: (
                self._stray(result.path, "a property of the model", "a property of its vocabulary")
                + self._near_term(result.path, "properties")
            ),
            "UnknownClass": lambda: (
                self._stray(value, "a class of the model", "a class of its vocabulary")
                + self._near_term(value, "classes")
            ),
            "NoClass": lambda: say("a class of the model, such as ww:Practice"),
            "ContactData": lambda: say("nothing that {sort}", sort=self._sort(shape)),
        }
        return words.get(result.kind, lambda: say("what the rule {rule} asks for", rule=result.kind))()

    def _count(self, number: RdflibNode | None, one: str, more: str) -> str:
        if str(number) == "0":
            return self.say("nothing")
        return self.say(one) if str(number) == "1" else self.say(more, n=number)

    def _type(self, datatype: RdflibNode | None) -> str:
        known = _TYPES.get(datatype) if datatype is not None else None
        if known:
            return self.say(known[0])
        return self.say("a value of the type {type}", type=short(datatype, self.prefixes))

    def _class(self, name: RdflibNode | None) -> str:
        curie = short(name, self.prefixes)
        label = self.label(name)
        return curie if label == curie else f"{_lower(label)} ({curie})"

    def _sort(self, node_shape: RdflibNode | None) -> str:
        """Return what a named shape holds for: concepts of a scheme, texts in a language, or what its label says."""
        if scheme := self._scheme(node_shape):
            return self.say("a concept of the scheme {scheme}", scheme=str(scheme).rsplit("/", 1)[-1])
        if (languages := self.shapes.value(node_shape, SH.languageIn)) is not None:
            tags = self.say(" or ").join(str(tag) for tag in RdfList(self.shapes, languages))
            return self.say("a text in {languages}", languages=tags)
        return _lower(self._title(self.shapes, node_shape) or short(node_shape, self.prefixes)).removeprefix("is ")

    def _scheme(self, node_shape: RdflibNode | None) -> RdflibNode | None:
        for rule in self.shapes.objects(node_shape, SH.property):
            if self.shapes.value(rule, SH.path) == SKOS.inScheme:
                return self.shapes.value(rule, SH.hasValue)
        return None

    def _either(self, value: RdflibNode | None, alternatives: RdflibNode | None) -> str:
        shapes = list(RdfList(self.shapes, alternatives)) if alternatives is not None else []
        return f"{self.say(', or ').join(self._sort(each) for each in shapes)}{self._near_concept(value, shapes)}"

    def _listed(self, values: RdflibNode | None) -> str:
        listed = list(RdfList(self.shapes, values)) if values is not None else []
        return self.say(" or ").join(self._thing(item) if isinstance(item, URIRef) else str(item) for item in listed)

    def _other(self, result: Result, path: RdflibNode | None) -> str:
        values = ", ".join(sorted(self._quoted(item) for item in self.data.objects(result.focus, path)))
        return f"{self._sibling(result.shape, path)}{f' ({values})' if values else ''}"

    # ---- what may be meant ----

    def _near_concept(self, value: RdflibNode | None, shapes: Sequence[RdflibNode | None]) -> str:
        """Name the concept of the schemes whose code or label is most like what is given, or all where they are few."""
        schemes = [scheme for shape in shapes if (scheme := self._scheme(shape)) is not None]
        if near := self._nearest(value, self._names_in(SKOS.inScheme, tuple(schemes))):
            return self.say("; nearest is {near}", near=near)
        concepts = sorted({item for scheme in schemes for item in self.data.subjects(SKOS.inScheme, scheme)}, key=str)
        if concepts and len(concepts) <= _MANY:
            return f": {', '.join(short(concept, self.prefixes) for concept in concepts)}"
        return ""

    def _near_member(self, value: RdflibNode | None, shape: RdflibNode | None) -> str:
        if isinstance(value, URIRef) and (value, None, None) in self.data:
            return ""
        near = self._nearest(value, self._names_in(RDF.type, (self.shapes.value(shape, SH["class"]),)))
        return self.say("; nearest is {near}", near=near) if near else ""

    def _near_term(self, value: RdflibNode | None, kind: str) -> str:
        if value not in self._near_terms:
            like = self._declared.like(value, kind) if self._declared and isinstance(value, URIRef) else []
            near = self._nearest(value, self._names_of(like))
            self._near_terms[value] = self.say("; nearest is {near}", near=near) if near else ""
        return self._near_terms[value]

    def _names_in(self, predicate: URIRef, groups: tuple[RdflibNode | None, ...]) -> dict[str, RdflibNode]:
        """Return the names of what belongs to a class or to schemes, gathered once: there may be very many."""
        if (predicate, groups) not in self._names:
            things = {item for group in groups for item in self.data.subjects(predicate, group)}
            self._names[predicate, groups] = self._names_of(sorted(things, key=str))
        return self._names[predicate, groups]

    def _names_of(self, things: Sequence[RdflibNode]) -> dict[str, RdflibNode]:
        names: dict[str, RdflibNode] = {}
        for thing in things:
            names.setdefault(_code(thing), thing)
        for thing in things:
            for predicate in (*_TITLES, SKOS.altLabel):
                for text in self.data.objects(thing, predicate):
                    names.setdefault(str(text).casefold(), thing)
        return names

    def _nearest(self, value: RdflibNode | None, names: Mapping[str, RdflibNode]) -> str:
        written = _code(value) if isinstance(value, URIRef) else str(value).casefold()
        close = get_close_matches(written[:200], names, n=1, cutoff=0.7)
        return self._thing(names[close[0]]) if close else ""


def _code(term: RdflibNode) -> str:
    return re.split(r"[/#]", str(term).rstrip("/#"))[-1].casefold()


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
