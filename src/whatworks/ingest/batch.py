"""A batch of files to bring in: read as a whole, written as a whole or not at all."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from whatworks.collection import Collection, owner_of
from whatworks.errors import ImportRefused, MappingFault, MissingFile, Place, UnknownFileType
from whatworks.formats import READABLE_ENDINGS, by_file
from whatworks.ingest.build import Builder, Built, Mention
from whatworks.ingest.mapping import RecordMapping, read_mapping
from whatworks.ingest.names import NAME, TITLE, Register
from whatworks.ingest.tally import Problem, Tally
from whatworks.lookup import Lookup
from whatworks.namespaces import WW, key_of
from whatworks.store import decoded, parse
from whatworks.terms import RDF_TYPE, XSD_DATETIME, BlankNode, Iri, Literal, Quad
from whatworks.trig import Order, write_trig

_DCTERMS = "http://purl.org/dc/terms/"
_PROV = "http://www.w3.org/ns/prov#"
_IDENTIFIER = Iri(_DCTERMS + "identifier")
_SOURCE = Iri(_DCTERMS + "source")
_DERIVED = Iri(_PROV + "wasDerivedFrom")
_TOPIC = Iri("http://xmlns.com/foaf/0.1/primaryTopic")
_LINK_FROM, _LINK_TO = Iri(WW + "linkFrom"), Iri(WW + "linkTo")
_FOLDERS = {"intervention": "interventions", "resource": "resources"}


@dataclass(frozen=True, slots=True)
class Change:
    """What would become of one data file."""

    kind: str
    name: str


@dataclass(slots=True)
class Batch:
    """What an import would write, and the account of what it read.

    Attributes:
        tally: Every value read, mapped, left out, or a problem.
        records: How many records were read.
        contents: The data files by their name below the data folder.
    """

    tally: Tally = field(default_factory=Tally)
    records: int = 0
    contents: dict[str, bytes] = field(default_factory=dict)

    def changes(self, folder: Path) -> list[Change]:
        """Compare with what a data folder holds."""
        found = []
        for name, content in sorted(self.contents.items()):
            path = folder / name
            before = path.read_bytes() if path.is_file() else None
            kind = "added" if before is None else "unchanged" if before == content else "changed"
            found.append(Change(kind, name))
        return found

    def check(self) -> None:
        """Raise what stands against writing.

        Raises:
            ImportRefused: There are problems; all of them are in the message.
        """
        if self.tally.problems:
            listed = "\n".join(f"  {problem}" for problem in self.tally.problems)
            raise ImportRefused(
                f"{len(self.tally.problems)} values cannot be taken over; nothing was written:\n{listed}",
                hint="Mend them in the source, or say in the mapping what becomes of them.",
            )


def read_batch(paths: Sequence[Path], collection: Collection, lookup: Lookup, *, mapping: Path | None = None) -> Batch:
    """Read files of records (.jsonl with a mapping) or of RDF.

    Args:
        paths: The files; those that add to records (`adds: true`) may come in any order.
        collection: The collection that they are brought into.
        lookup: Finds its concepts, agents and interventions.
        mapping: The mapping for all of them; without it, `x.jsonl` is read with `x.mapping.yaml` beside it.

    Raises:
        InputError: A file cannot be read at all. What is wrong with single values is in the batch's tally.
    """
    batch = Batch()
    reader = _Reader(collection, lookup, batch)
    for path in paths:
        data = _content(path)
        if path.suffix.lower() == ".jsonl":
            beside = mapping or path.with_name(path.name.removesuffix(path.suffix) + ".mapping.yaml")
            reader.records(data, path.name, read_mapping(_content(beside), beside.name, collection.prefixes))
        elif path.suffix.lower() in READABLE_ENDINGS:
            reader.rdf(data, path.name)
        else:
            raise UnknownFileType(
                f"{path.name}: files of this kind cannot be imported.",
                hint=f"Give .jsonl with a mapping, or RDF: {', '.join(READABLE_ENDINGS)}.",
            )
    reader.finish()
    return batch


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MissingFile(f"{path} cannot be read: {error.strerror}.", hint="Check the name of the file.") from error


class _Reader:
    def __init__(self, collection: Collection, lookup: Lookup, batch: Batch) -> None:
        self.collection = collection
        self.space = collection.space
        self.lookup = lookup
        self.batch = batch
        self.built: list[Built] = []
        self.agents = Register.of_agents(collection)
        self.collections = Register.of_collections(collection)
        self.links = self.space.graph("links/curated")

    # ---- records in lines of JSON ----

    def records(self, data: bytes, name: str, mapping: RecordMapping) -> None:
        rows: dict[str, Built] = {}
        for number, line in enumerate(decoded(data, name).split("\n"), 1):
            if line.strip():
                record = self.parsed(line, Place(name, number))
                if record is not None:
                    self.record(record, mapping, Place(name, number), rows)

    def parsed(self, line: str, where: Place) -> dict[str, Any] | None:
        try:
            record = json.loads(line, parse_float=Decimal, object_pairs_hook=_without_twins)
        except (json.JSONDecodeError, ValueError) as error:
            column = error.colno if isinstance(error, json.JSONDecodeError) else None
            reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            self.fault(Place(where.file, where.line, column), line[:60], f"The line is not JSON: {reason}.")
            return None
        except RecursionError:
            self.fault(where, line[:60], "The line is nested too deep.")
            return None
        if isinstance(record, dict):
            return record
        self.fault(where, line[:60], "The line is no JSON object.")
        return None

    def fault(self, where: Place, found: str, message: str, record: str = "the line") -> None:
        self.batch.tally.problems.append(Problem(where, record, "line", found, message))

    def record(self, record: dict[str, Any], mapping: RecordMapping, where: Place, rows: dict[str, Built]) -> None:
        self.batch.records += 1
        row = str(record.get(mapping.row_field, "")) if mapping.row_field else ""
        instead = mapping.instead.get(mapping.same_as.get(row, row))
        value = str(record.get(mapping.key_field, ""))
        key = instead.key if instead else key_of(value) if mapping.key_from_title else value
        if not key or key != key_of(key):
            hint = f"A key is made of lower-case letters, digits and hyphens, such as {key_of(value) or 'my-record'!r}."
            self.batch.tally.problems.append(
                Problem(where, value or "the record", mapping.key_field, value, "is no key.", hint)
            )
            return
        thing = self.space.thing(instead.thing if instead else mapping.thing, key)
        graph = self.space.graph(f"record/{mapping.source}/{key}")
        builder = Builder(mapping, self.lookup, self.space, self.batch.tally, where)
        if (first := rows.get(mapping.same_as.get(row, ""))) is not None and first.thing == thing:
            builder.numbers.update(_numbered(first))
        built = builder.build(
            record, thing, graph, only=instead.only if instead else (), why=instead.reason if instead else ""
        )
        twin = next(
            (other for other in self.built if other.thing == thing and not other.adds and not mapping.adds),
            None,
        )
        if twin is not None and row not in mapping.same_as:
            message = f"has the key of the record at {twin.where}."
            self.batch.tally.problems.append(
                Problem(where, key, mapping.key_field, value, message, "Give each record a key of its own.")
            )
        if row:
            rows[row] = built
        if not mapping.adds:
            of_class = instead.of_class if instead else self.class_of(record, mapping)
            title = Literal.text(instead.title, "en") if instead else None
            concepts = instead.concepts if instead else {}
            builder.add(thing, RDF_TYPE, of_class)
            builder.add(thing, _IDENTIFIER, Literal(key))
            if title is not None:
                builder.add(thing, TITLE, title)
                built.title = title.value
            for prop, (scheme, code) in concepts.items():
                builder.add(thing, prop, self.lookup.concept(scheme, code))
            self.describe_record(builder, built, mapping)
        self.built.append(built)

    def class_of(self, record: dict[str, Any], mapping: RecordMapping) -> Iri:
        found = mapping.class_values.get(str(record.get(mapping.class_field, "")), mapping.class_default)
        if found is None:
            raise MappingFault("The mapping gives the record no class.", hint="Write class: {default: …}.")
        return found

    def describe_record(self, builder: Builder, built: Built, mapping: RecordMapping) -> None:
        """Note who compiled the record and when, apart from what it says."""
        record = self.space.thing("record", built.thing.code)
        provenance = self.space.graph("provenance")
        builder.add(record, RDF_TYPE, Iri(WW + "Record"), provenance)
        builder.add(record, _TOPIC, built.thing, provenance)
        builder.add(record, Iri(WW + "inGraph"), built.graph, provenance)
        builder.add(record, Iri(WW + "reviewStatus"), self.lookup.concept("review-status", "proposed"), provenance)
        for page in mapping.pages:
            builder.add(record, _DERIVED, Iri(page), provenance)
            builder.add(record, _SOURCE, Iri(page), provenance)
        if mapping.compiled:
            when = Literal(f"{mapping.compiled}T00:00:00Z", "", XSD_DATETIME)
            builder.add(record, Iri(_PROV + "generatedAtTime"), when, provenance)
        if mapping.compiled_by:
            problem = Problem(built.where, built.thing.code, "compiled-by", mapping.compiled_by, "is no agent.")
            builder.mention(
                "agent", mapping.compiled_by, record, (Iri(_PROV + "wasAttributedTo"),), provenance, problem
            )

    # ---- RDF ----

    def rdf(self, data: bytes, name: str) -> None:
        quads = parse(data, by_file(name).name, name=name, base=self.collection.settings.base)
        groups: dict[Iri, list[Quad]] = defaultdict(list)
        topics = {quad.subject: quad.object for quad in quads if quad.predicate == _TOPIC}
        where = Place(name)
        for quad in quads:
            if isinstance(quad.subject, BlankNode) or isinstance(quad.object, BlankNode):
                self.fault(
                    where,
                    str(quad.predicate),
                    "holds a blank node; give the part an IRI such as …/key#part-1.",
                )
                continue
            owner = owner_of(quad.subject)
            topic = topics.get(quad.subject)
            groups[topic if isinstance(topic, Iri) else owner or quad.subject].append(quad)
        for thing, of_thing in sorted(groups.items()):
            kind = self.kind_of(thing)
            if kind not in _FOLDERS:
                self.fault(where, str(thing), f"belongs to no record below {self.space.base}id/.", thing.code)
                continue
            graph = self.space.graph(f"record/{key_of(Path(name).stem)}/{thing.code}")
            placed = [quad if quad.graph else quad._replace(graph=graph) for quad in of_thing]
            self.batch.records += 1
            self.batch.tally.read[name, kind] += len(placed)
            self.batch.tally.mapped[name, kind] += len(placed)
            self.built.append(Built(thing, graph, where, adds=False, quads=placed))

    def kind_of(self, thing: Iri) -> str:
        start = f"{self.space.base}id/"
        return thing[len(start) :].split("/")[0] if thing.startswith(start) else ""

    # ---- all together ----

    def finish(self) -> None:
        """Find or make what records name, and lay the statements out in files."""
        contents: dict[Iri, set[Quad]] = {}
        for built in sorted(self.built, key=lambda built: built.adds):
            if built.thing not in contents:
                contents[built.thing] = self.present(built) if built.adds else set()
            contents[built.thing].update(built.quads)
        replaced = {built.thing for built in self.built if not built.adds}
        links = set(self.collection.store.match(graph=self.links))
        stale = {quad.subject for quad in links if quad.predicate == _LINK_FROM and quad.object in replaced}
        links = {quad for quad in links if quad.subject not in stale}
        mentions = [(built, mention) for built in self.built for mention in built.mentions]
        # Who is named with a country comes first, so that the same name without one finds it.
        for built, mention in sorted(mentions, key=lambda pair: pair[1].country is None):
            self.resolve(built, mention, contents, links)
        order = self.order()
        for thing, quads in contents.items():
            folder = _FOLDERS[self.kind_of(thing)]
            self.batch.contents[f"{folder}/{thing.code}.trig"] = self.written(quads, order, thing)
        for name, quads in (
            ("agents.ttl", self.agents.quads),
            ("collections.ttl", self.collections.quads),
            ("links/curated.ttl", links),
        ):
            if quads:
                self.batch.contents[name] = self.written({quad._replace(graph=None) for quad in quads}, order, None)

    def present(self, built: Built) -> set[Quad]:
        """Return what the collection holds of a thing, to add to."""
        store = self.collection.store
        own = {quad for quad in store.match() if self.belongs(quad, built.thing)}
        if not own:
            self.fault(built.where, built.thing.code, "adds to a record that is not there.", built.thing.code)
        return own

    def belongs(self, quad: Quad, thing: Iri) -> bool:
        own = owner_of(quad.subject) == thing or quad.subject == self.space.thing("record", thing.code)
        return own and not self.collection.is_inferred(quad.graph)

    def resolve(self, built: Built, mention: Mention, contents: dict[Iri, set[Quad]], links: set[Quad]) -> None:
        """Turn the name of a thing into a statement about it."""
        if mention.kind in ("agent", "collection"):
            register = self.agents if mention.kind == "agent" else self.collections
            found = register.get(mention.name, mention.country)
        else:
            things = [self.space.thing(kind, mention.name) for kind in _FOLDERS]
            here = [
                thing for thing in things if thing in contents or any(True for _ in self.collection.store.match(thing))
            ]
            if not here:
                self.batch.tally.problems.append(mention.problem)
                return
            found = here[0]
        if mention.kind == "link":
            links.update(self.link(built.thing, found, mention.explanation, contents))
        for prop in mention.properties:
            contents[built.thing].add(Quad(mention.subject, prop, found, mention.graph))

    def link(self, start: Iri, end: Iri, explanation: str, contents: dict[Iri, set[Quad]]) -> Iterable[Quad]:
        iri = self.space.thing("link", f"{start.code}--{end.code}")
        text = explanation.replace("{from}", self.title(start, contents)).replace("{to}", self.title(end, contents))
        yield Quad(iri, RDF_TYPE, Iri(WW + "Link"), self.links)
        yield Quad(iri, _LINK_FROM, start, self.links)
        yield Quad(iri, _LINK_TO, end, self.links)
        yield Quad(iri, Iri(WW + "linkType"), self.lookup.concept("link-type", "stated"), self.links)
        yield Quad(iri, Iri(WW + "reviewStatus"), self.lookup.concept("review-status", "accepted"), self.links)
        yield Quad(iri, Iri(WW + "explanation"), Literal.text(text, "en"), self.links)

    def title(self, thing: Iri, contents: dict[Iri, set[Quad]]) -> str:
        quads = contents.get(thing) or set(self.collection.store.match(thing, TITLE))
        titles = [quad.object for quad in quads if quad.subject == thing and quad.predicate == TITLE]
        literals = sorted(title for title in titles if isinstance(title, Literal))
        english = [title for title in literals if title.language == "en"]
        return (english or literals or [Literal(thing.code)])[0].value

    def order(self) -> Order:
        """Return the order of predicates that the shapes give their fields."""
        return Order([str(NAME), *self.lookup.field_order()])

    def written(self, quads: set[Quad], order: Order, thing: Iri | None) -> bytes:
        prefixes = self.collection.prefixes
        if thing is not None:
            prefixes = prefixes.with_prefixes({"": f"{thing}#"})
        return write_trig(quads, prefixes, order=order).encode()


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the field {key!r} stands twice")
        found[key] = value
    return found


def _numbered(built: Built) -> dict[str, int]:
    """Return how many parts of each name a record has already."""
    names: dict[str, int] = {}
    for quad in built.quads:
        name, _, number = str(quad.subject).partition("#")[2].rpartition("-")
        if name and number.isdigit():
            names[name] = max(names.get(name, 0), int(number))
    return names
